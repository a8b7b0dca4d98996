"""Read the brand color of a page; only numbers of it reach the style."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_HEX: Final = re.compile(r"#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})", re.IGNORECASE)
_RGB: Final = re.compile(r"rgba?\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*(?:,\s*[\d.]{1,8}\s*)?\)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Brand:
    """Hold a color as red, green and blue, from 0 to 255."""

    red: int
    green: int
    blue: int

    @property
    def rule(self) -> str:
        """Write the style rule that sets the color, and black or white for letters on it, whichever is clearer."""
        ink = "#000" if luminance(self) > 0.179 else "#fff"  # where both contrast equally
        return f":root{{--brand:#{self.red:02x}{self.green:02x}{self.blue:02x};--on-brand:{ink}}}"


_USUAL: Final = Brand(0x11, 0x11, 0x11)


def brand_of(text: str | None) -> Brand:
    """Read `#rgb`, `#rrggbb` or `rgb()`, without their opacity; anything else is the usual near black."""
    written = (text or "").strip()
    if _HEX.fullmatch(written):
        digits = written[1:]
        if len(digits) < 6:  # one digit a color
            digits = "".join(digit * 2 for digit in digits)
        return Brand(int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16))
    found = _RGB.fullmatch(written)
    if found:
        red, green, blue = (min(int(part), 255) for part in found.groups())
        return Brand(red, green, blue)
    return _USUAL


def luminance(color: Brand) -> float:
    """Return the relative luminance of WCAG 2, from 0 to 1."""
    red, green, blue = (_linear(part / 255) for part in (color.red, color.green, color.blue))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4  # as WCAG has it
