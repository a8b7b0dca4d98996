"""From JSON to models.

`read(Incident, value)` goes through a function written for its set of keys (`_reader`). When that fails, cattrs reads
the value again, only to name the place (`_detailed`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from ._fields import GROUP, ONE_OR_MANY, camel, unwrapped
from ._json import as_object, loads
from ._leaves import instant, to_list
from ._model import Model
from ._reader import READ_ERRORS, reader_of
from .errors import DecodeError

__all__ = ["GROUP", "ONE_OR_MANY", "as_object", "camel", "instant", "loads", "read", "read_list", "unwrapped"]

M = TypeVar("M", bound=Model)


def read(cls: type[M], value: Any, at: str = "$") -> M:
    """Turn a JSON value into a model, or raise DecodeError with the path of what is wrong."""
    if value is None:
        raise DecodeError(f"{at}: it is empty", path=at)
    try:
        return reader_of(cls).read(value)
    except READ_ERRORS as exc:
        from ._detailed import explain  # noqa: PLC0415 - cattrs is 3 % of the import, and few answers need it

        path, reason = explain(cls, value, exc)
    raise DecodeError(f"{at}{path}: {reason}", path=at + path, body=value)


def read_list(cls: type[M], value: Any, *, at: str = "$") -> list[M]:
    """Turn a JSON list into models, or raise DecodeError with the path of what is wrong."""
    try:
        items = to_list(value)
    except TypeError as exc:
        reason = str(exc)
    else:
        return _read_items(cls, items, at)
    raise DecodeError(f"{at}: {reason}", path=at, body=value)


def _read_items(cls: type[M], items: Sequence[Any], at: str) -> list[M]:
    reader = reader_of(cls)
    try:
        return [reader.read(item) for item in items]
    except READ_ERRORS:
        pass
    return [read(cls, item, f"{at}[{index}]") for index, item in enumerate(items)]
