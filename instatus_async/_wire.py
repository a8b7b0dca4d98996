"""From JSON to models.

`read(Incident, value)` goes through a cattrs converter whose hook factory writes one straight-line function a class.
When it fails, a second converter with cattrs' detailed validation reads the value again, only to name the place.
"""

from __future__ import annotations

import json
import math
import re
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time
from functools import cache
from types import UnionType
from typing import Annotated, Any, NoReturn, TypeVar, get_args, get_origin

import attrs
import cattrs
from cattrs.errors import AttributeValidationNote, BaseValidationError, IterableValidationError, IterableValidationNote
from cattrs.gen import make_dict_structure_fn, override

from ._model import TRANSLATED, Model, OpenEnum
from .errors import DecodeError

__all__ = ["GROUP", "ONE_OR_MANY", "as_object", "camel", "instant", "loads", "read", "read_list", "unwrapped"]

M = TypeVar("M", bound=Model)

# Markers for `Annotated`, where the Python shape and the wire's shape differ.
ONE_OR_MANY = "one text, or a list of them"
GROUP = "an object, or the bare name of older answers"


# --- JSON ------------------------------------------------------------------------------------------------------------


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

    Of duplicate keys the last one counts.
    """
    try:
        value = _decoder.decode(body.decode("utf-8-sig"))
        if _SURROGATE.search(body):
            json.dumps(value, ensure_ascii=False).encode()  # raises UnicodeEncodeError for half a pair
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return value


# --- Reading: the leaves ---------------------------------------------------------------------------------------------


def camel(name: str) -> str:
    """Turn snake_case into the wire's camelCase."""
    head, *rest = name.split("_")
    return head + "".join(map(str.capitalize, rest))


def as_object(value: object) -> Mapping[str, Any]:
    """Return a JSON object as it is, and an empty one in place of anything else."""
    return typing.cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def _kind(value: object) -> str:
    """Name a JSON value's type for a message; never the value, which may be a secret."""
    if value is None:
        return "null"
    names: dict[type, str] = {str: "text", bool: "true/false", int: "a number", float: "a number"}
    names |= {list: "a list", dict: "an object"}
    return names.get(type(value), type(value).__name__)


def _wanted(what: str, value: object) -> TypeError:
    return TypeError(f"expected {what}, got {_kind(value)}")


def _text(value: object, _: object = None) -> str:
    if type(value) is str:
        return value
    raise _wanted("text", value)


def _flag(value: object, _: object = None) -> bool:
    if type(value) is bool:
        return value
    raise _wanted("true or false", value)


def _number(value: object, _: object = None) -> float:
    """Read a number, also as text (quirk 38); a whole number stays an int."""
    if type(value) is int or type(value) is float:
        return value
    if type(value) is str:
        number = float(value)
        if math.isfinite(number):
            return int(number) if number.is_integer() else number
        raise ValueError("expected a finite number")
    raise _wanted("a number", value)


def _integer(value: object, _: object = None) -> int:
    number = _number(value)
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


def _time_of_day(value: object, _: object = None) -> time:
    """Read a time of day in UTC, which the service writes as a date-time of 1970-01-01 (quirk 41)."""
    if type(value) is not str:
        raise _wanted("a time of day", value)
    if "T" in value:
        return instant(value).astimezone(UTC).time()
    moment = time.fromisoformat(value)
    return moment.replace(tzinfo=None)


def _mapping(value: Any, _: object = None) -> dict[str, Any]:
    mapping: dict[str, Any] = value
    if type(value) is dict:
        return mapping
    raise _wanted("an object", value)


def _translated(value: object, _: object = None) -> str:
    """Read a display name that may be an object of languages: the default one, else English, else the first (56)."""
    if type(value) is dict:
        languages = typing.cast("dict[str, object]", value)
        for text in (languages.get("default"), languages.get("en"), *languages.values()):
            if type(text) is str:
                return text
        raise ValueError("expected a text in some language")
    return _text(value)


def _grouped(value: object, _: object = None) -> object:
    """Give a bare group name (answers until 2023) the object's shape (quirk 50)."""
    return {"name": value} if type(value) is str else value


def _listed(value: Any, _: object = None) -> list[Any]:
    items: list[Any] = value
    if type(value) is list:
        return items
    raise _wanted("a list", value)


_LEAVES: Mapping[object, Callable[[object, object], object]] = {
    str: _text,
    bool: _flag,
    int: _integer,
    float: _number,
    datetime: instant,
    time: _time_of_day,
}


@cache
def _enum_hook(enum: type[OpenEnum]) -> Callable[[object, object], OpenEnum]:
    def member(value: object, _: object = None) -> OpenEnum:
        return enum(_text(value))

    return member


# --- Reading: the classes --------------------------------------------------------------------------------------------


@attrs.frozen
class _Field:
    """One attribute of a model, as the converters see it."""

    name: str  # the attribute
    key: str  # the wire's
    hint: Any  # the type without `| None`
    required: bool
    default: object  # what absent and null become
    many: bool  # tuple[hint, ...]
    marker: str | None  # of Annotated


def unwrapped(hint: Any) -> tuple[Any, str | None, bool]:
    """Take `Annotated` and `| None` off a type: (type, marker, nullable)."""
    marker, nullable = None, False
    while True:
        if get_origin(hint) is Annotated:
            hint, found = get_args(hint)[:2]
            marker = found if isinstance(found, str) else marker
        elif get_origin(hint) in (UnionType, typing.Union):
            rest = [arg for arg in get_args(hint) if arg is not type(None)]
            nullable = nullable or len(rest) < len(get_args(hint))
            if len(rest) != 1:
                return typing.Union[tuple(rest)], marker, nullable  # noqa: UP007 - of a tuple
            hint = rest[0]
        else:
            return hint, marker, nullable


def _make_fields(cls: type[Model]) -> Sequence[_Field]:
    hints = typing.get_type_hints(cls, include_extras=True)
    fields: list[_Field] = []
    for attribute in attrs.fields(cls):
        if attribute.name == "_extra":
            continue
        hint, marker, _ = unwrapped(hints[attribute.name])
        many = get_origin(hint) is tuple
        if many:
            hint, inner, _ = unwrapped(get_args(hint)[0])
            marker = marker or inner
        required = attribute.default is attrs.NOTHING
        key = attribute.metadata.get("wire") or camel(attribute.name)
        default = () if many else None
        fields.append(_Field(attribute.name, key, hint, required, default, many, marker))
    return fields


# Cast, here and below: `cache` wants Hashable arguments, and mypy takes no attrs class for one.
_fields = typing.cast("Callable[[type[Model]], Sequence[_Field]]", cache(_make_fields))


def _is_tuple(hint: Any) -> bool:
    return typing.get_origin(hint) is tuple


def _is_model(hint: object) -> bool:
    return isinstance(hint, type) and issubclass(hint, Model)


def _leaf(field: _Field) -> Callable[[object, object], object] | None:
    """Choose the function that reads one value of a field; None means that any JSON will do."""
    hint = field.hint
    if field.marker == TRANSLATED:
        return _translated
    if isinstance(hint, type) and issubclass(hint, OpenEnum):
        return _enum_hook(hint)
    if hint in _LEAVES:
        return _LEAVES[hint]
    if get_origin(hint) is Mapping:
        return _mapping
    return None


class _Reader:
    """Read one class, by a function for each set of keys that its objects come with.

    The rows of a list have the same keys in the same order, so `d.values()` unpacks into what the function needs, and
    there is no look-up of keys at all: a quarter faster than indexing where all keys are there, three times where few
    are. The function fills a twin of the class that can still be written to, and then makes it the frozen class itself,
    three times as fast as `__init__`, since `attrs.frozen` sets every attribute through `object.__setattr__`. What an
    object does not have stays unset, and is found in `Model.__getattr__`.
    """

    __slots__ = ("_cls", "_fields", "_new", "get", "shapes")

    def __init__(self, cls: type[Model]) -> None:
        self._cls = cls
        self._fields = {field.key: field for field in _fields(cls)}
        space = {
            "__slots__": cls.__dict__["__slots__"],
            "__init__": object.__init__,
            "__setattr__": object.__setattr__,
            "__delattr__": object.__delattr__,
        }
        self._new = type(cls.__name__, cls.__bases__, space)
        self.shapes: dict[tuple[str, ...], Callable[[Any], Model]] = {}
        self.get = self.shapes.get

    def read(self, value: Any, _: object = None) -> Model:
        """Read one value."""
        return self.get(tuple(value), self.learn)(value)

    def learn(self, value: Any) -> Model:
        """Read an object with a new set of keys, and remember how."""
        given = _mapping(value)
        keys = tuple(given)
        if len(self.shapes) >= _MOST_SHAPES and keys != tuple(self._fields):
            # A service that makes up its keys must not fill the memory: all others are read by one set.
            known = {key: given.get(key) for key in self._fields}
            return attrs.evolve(self.read(known), extra=self._extra(given))
        read = self._write(keys)
        if keys:  # an empty list has the keys of an empty object
            self.shapes[keys] = read
        return read(given)

    def _extra(self, given: Mapping[str, Any]) -> Mapping[str, Any] | None:
        extra = {key: value for key, value in given.items() if key not in self._fields}
        for key, field in self._fields.items():
            if field.marker == TRANSLATED and type(given.get(key)) is dict:
                extra[key] = given[key]
        return extra or None

    def _write(self, keys: Sequence[str]) -> Callable[[Any], Model]:
        """Write the function for a set of keys."""
        scope: dict[str, Any] = {
            "new": self._new,
            "cls": self._cls,
            "extra": self._extra,
            "fromiso": datetime.fromisoformat,
        }
        missing = [key for key, field in self._fields.items() if field.required and key not in keys]
        lines = [f"    {''.join(f'v{number}, ' for number in range(len(keys)))}= d.values()"] if keys else []
        lines += [f"    raise ValueError({f'{missing[0]} is missing'!r})"] if missing else []
        lines += ["    o = new()"]
        unknown = False
        for number, key in enumerate(keys):
            field = self._fields.get(key)
            if field is None:
                unknown = True
                continue
            value = self._expression(field, number, scope)
            if not field.required:
                value = f"{field.default!r} if v{number} is None else {value}"
            lines.append(f"    o.{field.name} = {value}")
            if field.marker == TRANSLATED:
                lines.append(f"    if type(v{number}) is dict: o._extra = extra(d)")
        lines += ["    o._extra = extra(d)"] if unknown else []
        source = "\n".join(["def read(d):", *lines, "    o.__class__ = cls", "    return o"])
        exec(compile(source, f"<reader of {self._cls.__name__}>", "exec"), scope)  # noqa: S102 - our own source
        return typing.cast("Callable[[Any], Model]", scope["read"])

    def _expression(self, field: _Field, number: int, scope: dict[str, Any]) -> str:
        """Write the source that reads one value; the usual types are told apart without a call."""
        hint, leaf = field.hint, _leaf(field)
        read = f"read{number}"
        if _is_model(hint):
            reader = _reader(hint)
            scope[f"get{number}"], scope[read] = reader.get, reader.learn
            one = f"get{number}(tuple({{0}}), {read})({{0}})"
        elif leaf is None:
            one = "{0}"
        else:
            scope[read] = leaf
            one = _INLINE.get(leaf, "{1}({0})")
            if isinstance(hint, type) and issubclass(hint, OpenEnum):
                scope[f"member{number}"] = {member.value: member for member in hint}.get
                one = f"member{number}({{0}}) or {{1}}({{0}})"
        value = f"v{number}"
        if field.many:
            scope["listed"] = _listed
            other = f"[{value}]" if field.marker == ONE_OR_MANY else f"listed({value})"
            items = f"({value} if type({value}) is list else {other})"
            return f"tuple([{one.format('x', read)} for x in {items}])"
        if field.marker == GROUP:
            scope["grouped"] = _grouped
            value = f"grouped({value})"
        return one.format(value, read)


# {0} is the value, {1} the function that reads it when it is not of the usual type.
_INLINE: Mapping[object, str] = {
    _text: "{0} if type({0}) is str else {1}({0})",
    _flag: "{0} if {0} is True or {0} is False else {1}({0})",
    _integer: "{0} if type({0}) is int else {1}({0})",
    _number: "{0} if type({0}) is float or type({0}) is int else {1}({0})",
    _mapping: "{0} if type({0}) is dict else {1}({0})",
    _translated: "{0} if type({0}) is str else {1}({0})",
    instant: "fromiso({0}) if type({0}) is str and {0}[-1:] == 'Z' else {1}({0})",
}

_MOST_SHAPES = 100

_reader = typing.cast("Callable[[type[Model]], _Reader]", cache(_Reader))


def _read_with(cls: type[Model]) -> Callable[[Any, object], Model]:
    return _reader(cls).read


_fast = cattrs.Converter(detailed_validation=False)
_fast.register_structure_hook_factory(_is_model, _read_with)


def _make_detailed(cls: type[Model]) -> Callable[[Any, object], Model]:
    """Read one class the slow way: cattrs' own code, whose errors know where they happened."""
    fields = _fields(cls)
    overrides = {"_extra": override(omit=True)}
    for field in fields:
        hook = None if field.many else _detailed_hook(field)
        overrides[field.name] = override(rename=field.key, struct_hook=hook)
    known = {field.key for field in fields}
    structure = make_dict_structure_fn(cls, _detailed, _cattrs_detailed_validation=True, **overrides)  # type: ignore[arg-type]  # mypy: any of them could be a flag

    def detailed(value: Any, _: object = None) -> Model:
        given = _mapping(value)
        present = {field.key: given[field.key] for field in fields if field.required and field.key in given}
        for field in fields:
            if (found := given.get(field.key)) is not None:
                if field.marker == GROUP:
                    found = _grouped(found)
                elif field.marker == ONE_OR_MANY and type(found) is not list:
                    found = [found]
                present[field.key] = found
        model = structure(present, cls)
        extra = {key: value for key, value in given.items() if key not in known}
        extra |= {f.key: given[f.key] for f in fields if f.marker == TRANSLATED and type(given.get(f.key)) is dict}
        return attrs.evolve(model, extra=extra or None)

    return detailed


def _as_it_is(value: Any, _: Any) -> Any:
    return value


def _detailed_hook(field: _Field) -> Callable[[Any, Any], Any]:
    if _is_model(field.hint):
        return lambda value, _: _detailed.structure(value, field.hint)
    return _leaf(field) or _as_it_is


def _make_detailed_tuple(hint: Any) -> Callable[[Any, object], object]:
    inner, marker, _ = unwrapped(get_args(hint)[0])
    hook = _detailed_hook(_Field(name="", key="", hint=inner, required=True, default=None, many=False, marker=marker))

    def detailed(value: Any, _: object) -> object:
        result: list[object] = []
        errors: list[Exception] = []
        for index, item in enumerate(_listed(value)):
            try:
                result.append(hook(item, inner))
            except Exception as exc:  # noqa: BLE001 - as cattrs does
                exc.add_note(IterableValidationNote(f"at index {index}", index, inner))
                errors.append(exc)
        if errors:
            raise IterableValidationError("a list", errors, hint)  # pyright: ignore[reportCallIssue]  # takes the type
        return tuple(result)

    return detailed


_detailed = cattrs.Converter(detailed_validation=True)
_detailed.register_structure_hook_factory(_is_tuple, _make_detailed_tuple)
_detailed.register_structure_hook_factory(_is_model, _make_detailed)


def _place(exc: BaseException) -> tuple[str, str]:
    """Follow cattrs' notes down to the first thing that failed: (path, reason)."""
    if isinstance(exc, BaseValidationError):
        cls = exc.cl
        names = {f.name: f.key for f in _fields(cls)} if _is_model(cls) else {}
        inner = exc.exceptions[0]
        path, reason = ("", "it is missing") if isinstance(inner, KeyError) else _place(inner)
        for note in getattr(inner, "__notes__", ()):
            if isinstance(note, AttributeValidationNote):
                return f".{names.get(note.name, note.name)}{path}", reason
            if isinstance(note, IterableValidationNote):
                return f"[{note.index}]{path}", reason
        return path, reason
    if isinstance(exc, RecursionError):
        return "", "it is nested too deeply"
    return "", str(exc)


_READ_ERRORS = (TypeError, ValueError, KeyError, AttributeError, OverflowError, OSError, RecursionError)


def read(cls: type[M], value: Any, *, at: str = "$") -> M:
    """Turn a JSON value into a model, or raise DecodeError with the path of what is wrong."""
    if value is None:
        raise DecodeError(f"{at}: it is empty", path=at)
    try:
        return _fast.structure(value, cls)
    except _READ_ERRORS as exc:
        path, reason = _explain(cls, value, exc)
    raise DecodeError(f"{at}{path}: {reason}", path=at + path, body=value)


def read_list(cls: type[M], value: Any, *, at: str = "$") -> list[M]:
    """Turn a JSON list into models, or raise DecodeError with the path of what is wrong."""
    try:
        items = _listed(value)
    except TypeError as exc:
        reason = str(exc)
    else:
        return _read_items(cls, items, at)
    raise DecodeError(f"{at}: {reason}", path=at, body=value)


def _read_items(cls: type[M], items: Sequence[Any], at: str) -> list[M]:
    reader = _reader(cls)
    get, learn = reader.get, reader.learn
    try:
        return [typing.cast("M", get(tuple(item), learn)(item)) for item in items]
    except _READ_ERRORS:
        return [read(cls, item, at=f"{at}[{index}]") for index, item in enumerate(items)]


def _explain(cls: type[Model], value: Any, exc: BaseException) -> tuple[str, str]:
    try:
        _detailed.structure(value, cls)
    except _READ_ERRORS as again:
        return _place(again)
    except BaseValidationError as again:
        return _place(again)
    return _place(exc)
