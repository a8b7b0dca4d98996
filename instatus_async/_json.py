"""JSON, strictly: with msgspec where it is installed (the `speedups` extra), else with the standard library alone."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

__all__ = ["as_object", "loads"]


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"the number {text[:20]} is too large")
    return number


_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_decoder = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)


def loads(body: bytes) -> Any:
    """Parse JSON strictly: NaN, numbers out of range, lone surrogates and bottomless nesting raise ValueError.

    Of duplicate keys the last one counts, and integers are exact at any size. Some hundred levels of nesting are
    read for certain; whether a thousand are depends on the parser and on Python's own limit.
    """
    try:
        return _parse(body)
    except _refusals:
        # The standard library has the last word: it accepts a byte order mark, and both ways end in the same words.
        return _loads_slowly(body)


def _loads_slowly(body: bytes) -> Any:
    try:
        value = _decoder.decode(body.decode("utf-8-sig"))
        if b"\\" in body and _SURROGATE.search(body):
            json.dumps(value, ensure_ascii=False).encode()  # raises UnicodeEncodeError for half a pair
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return value


_parse: Callable[[bytes], Any] = _loads_slowly
_refusals: tuple[type[Exception], ...] = ()
try:
    from msgspec import MsgspecError
    from msgspec.json import Decoder
except ImportError:
    pass
else:
    # Untyped, it is as fast as orjson, which makes floats of integers beyond 64 bits.
    _parse, _refusals = Decoder().decode, (MsgspecError, UnicodeDecodeError, RecursionError)


def as_object(value: Any) -> Mapping[str, Any]:
    """Return a JSON object as it is, and an empty one in place of anything else."""
    found: Mapping[str, Any] = value
    return found if isinstance(value, dict) else {}
