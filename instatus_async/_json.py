"""JSON, strictly: with orjson where it is installed (the `speedups` extra), else with the standard library alone."""

from __future__ import annotations

import json
import math
import re
import typing
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

__all__ = ["as_object", "loads"]

_fast: Callable[[bytes], Any] | None
try:
    from orjson import loads as _fast
except ImportError:
    _fast = None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"the number {text[:20]} is too large")
    return number


_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_decoder = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)

# What a wide integer is made of, as "0"; anything else as a blank.
_DIGITS = bytes(0x30 if byte in b"-0123456789" else 0x20 for byte in range(256))
_WIDE = re.compile(rb"[-0-9]{20}")


def _has_wide_integer(body: bytes) -> bool:
    """Tell whether some integer may need more than 64 bits: it has twenty digits, or nineteen and a minus.

    Of twenty bytes in a row five stand at a multiple of four, and it is enough to look closer where five of those are
    digits, which no date and no millisecond is. This adds an eighth to the time of orjson; looking at every byte would
    add a third, and a regular expression alone five times that time.
    """
    sample = body[::4].translate(_DIGITS)
    at = sample.find(b"00000")
    while at >= 0 and not _WIDE.search(body, 4 * at - 3, 4 * at + 20):
        at = sample.find(b"00000", at + 1)
    return at >= 0


def loads(body: bytes) -> Any:
    """Parse JSON strictly: NaN, numbers out of range, lone surrogates and bottomless nesting raise ValueError.

    Of duplicate keys the last one counts, and integers are exact at any size. Some hundred levels of nesting are
    read for certain; whether a thousand are depends on the parser and on Python's own limit.
    """
    # orjson makes a float of an integer beyond 64 bits. What it refuses, the standard library has the last word on: it
    # accepts a byte order mark, and both ways end in the same words.
    if _fast is not None and not _has_wide_integer(body):
        try:
            return _fast(body)
        except ValueError:
            pass
    return _loads_slowly(body)


def _loads_slowly(body: bytes) -> Any:
    try:
        value = _decoder.decode(body.decode("utf-8-sig"))
        if b"\\" in body and _SURROGATE.search(body):
            json.dumps(value, ensure_ascii=False).encode()  # raises UnicodeEncodeError for half a pair
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return value


def as_object(value: object) -> Mapping[str, Any]:
    """Return a JSON object as it is, and an empty one in place of anything else."""
    return typing.cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}
