"""Make HTML and XML from nested calls, so that tags are balanced and every text is escaped.

    tag("p", "Fish & ", tag("strong", "chips"), class_="menu")   # <p class="menu">Fish &amp; <strong>chips</strong></p>

A plain str is text and gets escaped; only Markup, which the functions here return, is taken as it is. Formatting
Markup into an f-string makes a plain str again, so a slip shows as visible tags and never as a hole.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

_VOID: Final = frozenset({"br", "link", "meta"})
_NO_CHARACTER: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Markup(str):
    """Mark a text as finished HTML or XML."""

    __slots__ = ()


Child: TypeAlias = "str | Iterable[Child] | None"
Attribute: TypeAlias = str | float | bool | None


def clean(text: str) -> str:
    """Replace what neither XML nor UTF-8 can carry, such as NUL and halves of surrogate pairs."""
    return _NO_CHARACTER.sub("\ufffd", text)


def escape(text: str) -> Markup:
    """Escape a text for any place inside or between tags; Markup stays as it is."""
    return text if isinstance(text, Markup) else Markup(html.escape(clean(text)))


def join(*children: Child) -> Markup:
    """Put texts and markup next to each other."""
    return Markup("".join(_flat(children)))


def tag(name: str, /, *children: Child, **attributes: Attribute) -> Markup:
    """Make an HTML element, or one of SVG inside HTML.

    In the name of an attribute, `_` stands for `-`, and one at the end is dropped (`class_`). None and False leave an
    attribute out, True writes it without a value.
    """
    opening = f"<{name}{_attributes(attributes)}>"
    return Markup(opening if name in _VOID else f"{opening}{join(*children)}</{name}>")


def node(name: str, /, *children: Child, **attributes: Attribute) -> Markup:
    """Make an XML element, with attributes as in `tag`."""
    return Markup(f"<{name}{_attributes(attributes)}>{join(*children)}</{name}>")


def paragraphs(message: str) -> Markup:
    """Show a message as people typed it: a blank line ends a paragraph, a line break stays one."""
    blocks = re.split(r"\n\s*\n", message.replace("\r\n", "\n").replace("\r", "\n").strip())
    return join(tag("p", lines(block), dir="auto") for block in blocks if block)


def lines(text: str) -> Markup:
    """Escape a text and keep its line breaks."""
    return Markup("<br>".join(escape(line) for line in text.splitlines()))


def _flat(children: Iterable[Child]) -> Iterator[str]:
    for child in children:
        if isinstance(child, str):
            yield escape(child)
        elif child is not None:
            yield from _flat(child)


def _attributes(attributes: dict[str, Attribute]) -> str:
    return "".join(_attribute(key, value) for key, value in attributes.items())


def _attribute(key: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    name = key.removesuffix("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
