"""How messages are put together from parts that are sentences already, or not yet."""

from __future__ import annotations

__all__ = ["an", "clauses", "got", "sentences"]

_ENDS = (".", "?", "!")


def sentences(*parts: str) -> str:
    """Join texts as sentences; one that ends like a sentence gets no second full stop."""
    texts = [text for part in parts if (text := part.rstrip())]
    return " ".join(text if text.endswith(_ENDS) else f"{text}." for text in texts)


def clauses(*parts: str) -> str:
    """Join texts with semicolons, without their full stops, for a sentence that may go on."""
    return "; ".join(text for part in parts if (text := part.rstrip().rstrip(".")))


def an(noun: str) -> str:
    """Put the article before a noun."""
    return f"{'an' if noun[:1] in 'AEIOUaeiou' else 'a'} {noun}"


def got(value: object, *, wants_id: bool = True) -> str:
    """Name the type of what was given in place of an id or a text; never its value, which may be a secret, or long."""
    name = type(value).__name__
    if hasattr(type(value), "id"):  # asked of the class: of the object it may be a property that raises
        return f"got {an(name)}; pass its .id" if wants_id else f"got {an(name)}"
    return f"got {name}"
