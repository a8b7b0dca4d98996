"""Hold an answer of the page's host that is not JSON."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

_EVERYWHERE: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Document:
    """Carry a text, its media type, and headers that go with it."""

    text: str
    content_type: str
    headers: Mapping[str, str] = field(default_factory=lambda: dict(_EVERYWHERE))


def sealed(text: str, *, style: str, script: str) -> Document:
    """Make an HTML document in which only this very style and script work, and which loads nothing from elsewhere."""
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; img-src data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return Document(text, "text/html", {**_EVERYWHERE, "Content-Security-Policy": policy})


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
