"""Bars as SVG, readable on light and dark ground."""

from __future__ import annotations

from html import escape
from pathlib import Path

from .measure import UNITS, Result

__all__ = ["draw"]

CHARTED = ("decode", "request-1", "request-32", "request-128", "list", "list-limited")
_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600; font-size: 14px }
  .number { font-variant-numeric: tabular-nums; fill: #57606a }
  .ours { fill: #1a7f64 } .other { fill: #8c959f }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .number { fill: #9da7b1 } .ours { fill: #3fb68b } .other { fill: #6e7681 }
  }
"""
_WIDTH, _LABELS, _NUMBERS, _BAR, _STEP, _TOP = 860, 270, 170, 18, 28, 44
_NAMES = {"us": "\N{MICRO SIGN}s"}


def draw(result: Result, folder: Path) -> None:
    """Write the chart of a row, if it has one: shorter is better."""
    if result.row not in CHARTED:
        return
    scale, unit = UNITS[result.unit], _NAMES.get(result.unit, result.unit)
    longest = max(line.median for line in result.lines)
    parts = [f'<text class="title" x="0" y="18">{escape(result.title)}; shorter is better</text>']
    for number, line in enumerate(result.lines):
        y = _TOP + number * _STEP
        width = max(1.0, line.median / longest * (_WIDTH - _LABELS - _NUMBERS))
        value = f"{line.median * scale:.{2 if line.median * scale < 100 else 0}f}"
        kind = "ours" if line.name.startswith("instatus_async") else "other"
        parts += [
            f'<text x="{_LABELS - 10}" y="{y}" text-anchor="end">{escape(line.name)}</text>',
            f'<rect class="{kind}" x="{_LABELS}" y="{y - 14}" width="{width:.1f}" height="{_BAR}" rx="3"/>',
            f'<text class="number" x="{_LABELS + width + 8:.1f}" y="{y}">{value} {unit}, {line.ratio:.2f}x</text>',
        ]
    height = _TOP + len(result.lines) * _STEP
    folder.mkdir(parents=True, exist_ok=True)
    body = "\n".join(parts)
    (folder / f"{result.row}.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        f'role="img" aria-label="{escape(result.title)}">\n<style>{_STYLE}</style>\n{body}\n</svg>\n',
        encoding="utf-8",
    )
