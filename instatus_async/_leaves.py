"""The leaves of an answer: how a text, a number, a date become Python's, and what is refused.

Each takes the value, and the type as cattrs hands it to hooks.
"""

from __future__ import annotations

import math
import re
import typing
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time
from functools import cache
from typing import Any

from ._model import OpenEnum

__all__ = [
    "enum_hook",
    "instant",
    "or_none",
    "to_flag",
    "to_group",
    "to_guess",
    "to_id",
    "to_integer",
    "to_list",
    "to_mapping",
    "to_number",
    "to_text",
    "to_time_of_day",
    "to_translated",
]


def _kind(value: object) -> str:
    """Name a JSON value's type for a message; never the value, which may be a secret."""
    if value is None:
        return "null"
    names: dict[type, str] = {str: "text", bool: "true/false", int: "a number", float: "a number"}
    names |= {list: "a list", dict: "an object"}
    return names.get(type(value), type(value).__name__)


def _wanted(what: str, value: object) -> TypeError:
    return TypeError(f"expected {what}, got {_kind(value)}")


def to_text(value: object, _: object = None) -> str:
    if type(value) is str:
        return value
    raise _wanted("text", value)


def to_flag(value: object, _: object = None) -> bool:
    if type(value) is bool:
        return value
    raise _wanted("true or false", value)


def to_number(value: object, _: object = None) -> float:
    """Read a number, also as text (quirk 38); a whole number stays an int."""
    if type(value) is int or type(value) is float:
        return value
    if type(value) is str:
        try:
            number = float(value)
        except ValueError:
            raise ValueError("expected a number") from None
        if math.isfinite(number):
            return int(number) if number.is_integer() else number
        raise ValueError("expected a finite number")
    raise _wanted("a number", value)


def to_integer(value: object, _: object = None) -> int:
    number = to_number(value)
    if number == int(number):
        return int(number)
    raise ValueError("expected a whole number")


# `Date.toString()` of JavaScript, as public data had it once (quirk 34).
_JS_DATE = re.compile(
    r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d{1,2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT([+-]\d\d):?(\d\d)(?: \(.*\))?"
)
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"


def instant(value: object, _: object = None) -> datetime:
    """Read ISO 8601 with or without milliseconds, JavaScript's date text, or epoch milliseconds (quirks 33, 34, 39).

    An answer without a zone is taken as UTC.
    """
    if type(value) is str:
        if value.isdigit() and 12 <= len(value) <= 13:  # nor has a date without separators as many digits
            return datetime.fromtimestamp(int(value) / 1000, UTC)
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            js = _JS_DATE.fullmatch(value)
            if js is None or _MONTHS.find(js[1]) % 3:
                raise ValueError("expected a date and time") from None
            month, (day, year, hour, minute, second) = _MONTHS.find(js[1]) // 3 + 1, js.group(2, 3, 4, 5, 6)
            zone = f"{js[7]}:{js[8]}"
            return datetime.fromisoformat(f"{year}-{month:02}-{int(day):02}T{hour}:{minute}:{second}{zone}")
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    if type(value) is int or type(value) is float:
        return datetime.fromtimestamp(value / 1000, UTC)
    raise _wanted("a date and time", value)


def to_time_of_day(value: object, _: object = None) -> time:
    """Read a time of day in UTC, which the service writes as a date-time of 1970-01-01 (quirk 41)."""
    if type(value) is not str:
        raise _wanted("a time of day", value)
    dated = value if value[10:11] in {"T", " "} else f"1970-01-01T{value}"
    try:
        return instant(dated).astimezone(UTC).time()
    except ValueError:
        raise ValueError("expected a time of day") from None


def to_mapping(value: Any, _: object = None) -> dict[str, Any]:
    mapping: dict[str, Any] = value
    if type(value) is dict:
        return mapping
    raise _wanted("an object", value)


def to_translated(value: object, _: object = None) -> str:
    """Read a display name that may be an object of languages: the default one, else English, else the first (56)."""
    if type(value) is dict:
        languages = typing.cast("dict[str, object]", value)
        for text in (languages.get("default"), languages.get("en"), *languages.values()):
            if type(text) is str:
                return text
        raise ValueError("expected a text in some language")
    return to_text(value)


_CUID = re.compile(r"c[a-z0-9]{24}")


def to_group(value: object, _: object = None) -> object:
    """Give a bare id, or a bare name (answers until 2023), the object's shape (quirk 50)."""
    if type(value) is not str:
        return value
    return {"id" if _CUID.fullmatch(value) else "name": value}


def to_id(value: object, _: object = None) -> str:
    """Read an id, or the id of a record that stands in its place."""
    return to_text(typing.cast("dict[str, object]", value).get("id") if type(value) is dict else value)


def to_guess(value: object, _: object = None) -> str | None:
    """Read as text what no answer has shown; None for what has no text, a list or an object."""
    return str(value) if type(value) in (str, int, float) else None


# A number, a date or an object that is missing, as texts and empty lists say so (quirk 95).
_NOTHING: Sequence[object] = ("", "null", "undefined", "NaN", [], {})


@cache
def or_none(leaf: Callable[[object, object], object]) -> Callable[[object, object], object]:
    """Return the reader of a value that may be missing: it takes what says so for None, where `leaf` cannot read it."""

    def optional(value: object, _: object = None) -> object:
        if leaf is instant and not value:  # 0 is never, not 1970
            return None
        try:
            return leaf(value, None)
        except (TypeError, ValueError):
            if value in _NOTHING or (leaf is to_translated and _is_mute(value)):
                return None
            raise

    return optional


def _is_mute(value: object) -> bool:
    """Tell an object of languages that has a text in none."""
    return type(value) is dict and not any(typing.cast("dict[str, object]", value).values())


def to_list(value: Any, _: object = None) -> list[Any]:
    items: list[Any] = value
    if type(value) is list:
        return items
    raise _wanted("a list", value)


@cache
def enum_hook(enum: type[OpenEnum]) -> Callable[[object, object], OpenEnum]:
    """Return the reader of an enum's text."""

    def member(value: object, _: object = None) -> OpenEnum:
        return enum(to_text(value))

    return member
