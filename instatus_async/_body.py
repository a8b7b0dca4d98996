"""From keyword fields to request bodies.

`encode(IncidentCreate, fields, operation)` turns snake_case fields into the wire's camelCase by the annotations of a
TypedDict, and refuses what the API could not take before anything is sent.
"""

from __future__ import annotations

import math
import re
import typing
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, time
from enum import Enum
from functools import cache, partial
from types import UnionType
from typing import Annotated, Any, NoReturn, get_args, get_origin

from ._fields import is_enum
from ._model import OpenEnum
from ._vocabularies import letters, translator, words_for
from ._wire import camel, unwrapped
from ._wording import an, got, sentences
from .errors import InvalidIdError, InvalidRequestError

__all__ = ["STATUS_ROWS", "encode", "identifier", "milliseconds", "send_instant", "send_member"]

# Marks, in `Annotated`, a mapping that is a list of rows on the wire.
STATUS_ROWS = "{id: status} here, [{id, status}] on the wire"

Encoder = Callable[[Any, str], Any]

_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_WHERE_IDS_ARE = ("_id", "]", "statuses key")  # the ends of the names of such fields


def identifier(value: object, what: str = "id") -> str:
    """Let an id through that is safe in a path and a body, or raise InvalidIdError (quirk 14)."""
    if isinstance(value, str) and _ID.fullmatch(value):
        return value
    if isinstance(value, str):
        shown = value if len(value) <= 40 else value[:40] + "..."
        text = f"{shown!r} is not an id; ids are 1 to 128 letters, digits, '-' and '_'"
        if what == "page_id":
            text += "; `await client.pages.find(subdomain=...)` finds a page by its subdomain"
    else:
        noun = what.removesuffix("_id")
        wanted = f"the id of {an(noun.replace('_', ' '))}" if noun.isidentifier() and noun != "id" else "an id"
        text = f"expected {wanted} as text, {got(value)}"
    raise InvalidIdError(sentences(f"{what}: {text}", "Nothing was sent"))


def milliseconds(value: object, at: str) -> int:
    """Turn an aware datetime into epoch milliseconds."""
    return round(_aware(value, at).timestamp() * 1000)


def _refuse(at: str, what: str) -> NoReturn:
    raise InvalidRequestError(sentences(f"{at.removesuffix(':')}: {what}", "Nothing was sent"))


def _hint(given: str, known: Collection[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only mistakes need it, and aiohttp has not imported it

    near = get_close_matches(given, known, 1)
    return f"did you mean {near[0]!r}?" if near else "known are " + ", ".join(known)


def _aware(value: object, at: str) -> datetime:
    if not isinstance(value, datetime):
        _refuse(at, f"expected a datetime, got {type(value).__name__}")
    if value.utcoffset() is None:
        _refuse(at, "a datetime without a zone would be read in a zone you do not control; use datetime.now(UTC)")
    return value


def send_instant(value: object, at: str) -> str:
    try:
        instant = _aware(value, at).astimezone(UTC)
    except OverflowError:
        _refuse(at, "in UTC, this is outside the years 1 to 9999")
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _send_time(value: object, at: str) -> str:
    if not isinstance(value, time):
        _refuse(at, f"expected a datetime.time, got {type(value).__name__}")
    if value.utcoffset():
        _refuse(at, "times of day are UTC")
    return f"1970-01-01T{value.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def _send_text(value: object, at: str) -> str:
    if not isinstance(value, str):
        _refuse(at, f"expected text, {got(value, wants_id=at.endswith(_WHERE_IDS_ARE))}")
    try:
        value.encode()
    except UnicodeEncodeError:
        _refuse(at, "the text holds half a surrogate pair")
    return str(value)


def _send_name(encoder: Encoder, value: object, at: str) -> object:
    """Send the name of a record; a blank one is most likely a variable that was never filled in."""
    sent = encoder(value, at)
    if isinstance(sent, str) and not sent.strip():
        _refuse(at, "expected a name that says something")
    return sent


def _send_flag(value: object, at: str) -> bool:
    if not isinstance(value, bool):
        _refuse(at, f"expected True or False, got {type(value).__name__}")
    return value


def _send_number(value: object, at: str, *, whole: bool = False) -> float:
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        _refuse(at, f"expected {'a whole' if whole else 'a'} number, got {type(value).__name__}")
    try:
        finite = math.isfinite(value)
    except OverflowError:  # an int of more than 308 digits
        _refuse(at, "the number is too large")
    if not finite:
        _refuse(at, "expected a finite number")
    return value


def send_member(enum: type[OpenEnum], value: object, at: str) -> str:
    """Let an enum or its exact text through; an unknown text only when it comes wrapped in the enum on purpose."""
    if isinstance(value, enum):
        return value.value
    if isinstance(value, str) and not isinstance(value, Enum):
        if value in enum._value2member_map_:
            return value
        _refuse(at, f"{value[:40]!r} is no {enum.__name__}; {_meant(enum, value)}")
    _refuse(at, f"expected {an(enum.__name__)}, got {type(value).__name__}")


def _meant(enum: type[OpenEnum], word: str) -> str:
    """Say what a word that is no member may stand for, or how one that this version does not know is sent."""
    from difflib import get_close_matches  # noqa: PLC0415 - only mistakes need it

    known = {letters(text): member.value for member in enum for text in (member.name, member.value)}
    wanted = letters(word)
    member = known.get(wanted)
    if member is None and (found := words_for(enum).get(wanted)):
        return f"severity.{translator(enum)}({word[:40]!r}) makes {found.value!r} of it"
    if member is None and (near := get_close_matches(wanted, known, 1)):
        member = known[near[0]]
    if member is not None:
        return f"did you mean {member!r}?"
    values = ", ".join(member.value for member in enum)
    return f"known are {values}, and one that is newer than this version goes as {enum.__name__}({word[:40]!r})"


def _send_nullable(encoder: Encoder, value: Any, at: str) -> Any:
    return None if value is None else encoder(value, at)


def _send_list(encoder: Encoder, value: Any, at: str) -> list[Any]:
    items: Iterable[Any] = value
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        _refuse(at, f"expected a list, got {type(items).__name__}")
    return [encoder(item, f"{at}[{index}]") for index, item in enumerate(items)]


def _send_data(encoder: Encoder, value: Any, at: str, kind: str = "names to values") -> dict[str, Any]:
    """Send a mapping whose keys are data: header names, languages. They are never renamed."""
    given: Mapping[object, Any] = value
    if not isinstance(value, Mapping):
        _refuse(at, f"expected a mapping of {kind}, got {type(given).__name__}")
    return {_send_text(key, f"{at} key"): encoder(item, f"{at}[{key!r}]") for key, item in given.items()}


def _send_rows(encoder: Encoder, value: Any, at: str) -> list[dict[str, Any]]:
    """Send {component id: status} as the wire's list of rows."""
    statuses = _send_data(encoder, value, at, "component ids to statuses")
    return [{"id": identifier(key, f"{at} key"), "status": status} for key, status in statuses.items()]


def _send_one_or_many(encoder: Encoder, value: Any, at: str) -> list[Any]:
    return _send_list(encoder, [value] if isinstance(value, str) else value, at)


_SIMPLE: Mapping[Any, Encoder] = {
    str: _send_text,
    bool: _send_flag,
    int: partial(_send_number, whole=True),
    float: _send_number,
    datetime: send_instant,
    time: _send_time,
}


@cache
def _encoder(hint: Any) -> Encoder:
    bare, marker, nullable = unwrapped(hint)
    if nullable:
        return partial(_send_nullable, _encoder(Annotated[bare, marker] if marker else bare))
    origin, args = get_origin(bare), get_args(bare)
    if origin in (typing.Required, typing.NotRequired):
        return _encoder(args[0])
    if marker == STATUS_ROWS:
        return partial(_send_rows, _encoder(args[1]))
    if origin is Sequence:
        return partial(_send_list, _encoder(args[0]))
    if origin is Mapping:
        return partial(_send_data, _encoder(args[1]))
    if origin in (typing.Union, UnionType):
        return _union_encoder(args)
    if typing.is_typeddict(bare):
        return partial(_send_object, bare)
    return _SIMPLE[bare]


def _union_encoder(args: Sequence[Any]) -> Encoder:
    """Choose for one or many of something, or for an enum beside the Literal of its texts."""
    for arg in args:
        if get_origin(arg) is Sequence:
            return partial(_send_one_or_many, _encoder(get_args(arg)[0]))
    return partial(send_member, next(filter(is_enum, args)))


@cache
def _shape(shape: type) -> Mapping[str, tuple[str, Encoder]]:
    """Compile a TypedDict: field -> (wire key, encoder)."""
    hints = typing.get_type_hints(shape, include_extras=True)
    encoders = {name: _encoder(hint) for name, hint in hints.items()}
    if "name" in encoders:
        encoders["name"] = partial(_send_name, encoders["name"])
    return {name: (camel(name), encoder) for name, encoder in encoders.items()}


def _send_object(shape: Any, value: Any, at: str) -> dict[str, Any]:
    given: Mapping[Any, Any] = value
    if not isinstance(value, Mapping):
        _refuse(at, f"expected a dict, got {type(given).__name__}")
    known = _shape(shape)
    body: dict[str, Any] = {}
    for name, item in given.items():
        if name not in known:
            _refuse(at, f"unexpected field {name!r}; {_hint(str(name), known)}")
        key, encoder = known[name]
        body[key] = encoder(item, f"{at} {name}" if at.endswith(":") else f"{at}.{name}")
    missing = sorted(shape.__required_keys__ - given.keys())
    if missing:
        _refuse(at, "missing " + ", ".join(repr(name) for name in missing))
    return body


def encode(shape: type, fields: Mapping[str, Any], operation: str) -> dict[str, Any]:
    """Turn keyword fields into a request body by a TypedDict, or raise InvalidRequestError naming the field."""
    return _send_object(shape, fields, f"{operation}:")
