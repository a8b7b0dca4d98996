"""The fields of a model as the wire has them: made once a class from its annotations."""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time
from functools import cache
from types import UnionType
from typing import Annotated, Any, TypeGuard, get_args, get_origin

import attrs

from ._leaves import (
    enum_hook,
    instant,
    or_none,
    to_flag,
    to_guess,
    to_id,
    to_integer,
    to_mapping,
    to_number,
    to_text,
    to_time_of_day,
    to_translated,
)
from ._model import AN_ID, GUESSED, TRANSLATED, Model, OpenEnum

__all__ = [
    "GROUP",
    "ONE_OR_MANY",
    "Field",
    "camel",
    "fields_of",
    "is_enum",
    "is_model",
    "leaf_of",
    "lenient",
    "reduces",
    "unwrapped",
]

# Markers for `Annotated`, where the Python shape and the wire's shape differ.
ONE_OR_MANY = "one text, or a list of them"
GROUP = "an object, its bare id, or the bare name of older answers"


def camel(name: str) -> str:
    """Turn snake_case into the wire's camelCase."""
    head, *rest = name.split("_")
    return head + "".join(map(str.capitalize, rest))


@attrs.frozen
class Field:
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


def _make_fields(cls: type[Model]) -> Sequence[Field]:
    hints = typing.get_type_hints(cls, include_extras=True)
    fields: list[Field] = []
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
        fields.append(Field(attribute.name, key, hint, required, default, many, marker))
    return fields


# Cast: `cache` wants Hashable arguments, and mypy takes no attrs class for one.
fields_of = typing.cast("Callable[[type[Model]], Sequence[Field]]", cache(_make_fields))


def is_enum(hint: object) -> TypeGuard[type[OpenEnum]]:
    """Tell the vocabularies among the types."""
    return isinstance(hint, type) and issubclass(hint, OpenEnum)


def is_model(hint: object) -> TypeGuard[type[Model]]:
    """Tell the models among the types."""
    return isinstance(hint, type) and issubclass(hint, Model)


_LEAVES: Mapping[object, Callable[[object, object], object]] = {
    str: to_text,
    bool: to_flag,
    int: to_integer,
    float: to_number,
    datetime: instant,
    time: to_time_of_day,
}
_MARKED: Mapping[str | None, Callable[[object, object], object]] = {
    TRANSLATED: to_translated,
    GUESSED: to_guess,
    AN_ID: to_id,
}


def reduces(field: Field, value: Any) -> bool:
    """Tell whether the attribute has less to say than the value, which `extra` keeps then."""
    if field.marker == TRANSLATED:
        return type(value) is dict
    if field.marker == GUESSED:
        return value is not None and type(value) is not str
    return field.marker == AN_ID and bool(value) and type(value[0]) is dict  # a list has one kind of items


def leaf_of(field: Field) -> Callable[[object, object], object] | None:
    """Choose the function that reads one value of a field; None means that any JSON will do."""
    hint = field.hint
    if field.marker in _MARKED:
        return _MARKED[field.marker]
    if is_enum(hint):
        return enum_hook(hint)
    if hint in _LEAVES:
        return _LEAVES[hint]
    if get_origin(hint) is Mapping:
        return to_mapping
    return None


def lenient(field: Field) -> Callable[[object, object], object] | None:
    """Choose likewise, for a value that may be missing; an empty text is one."""
    leaf = leaf_of(field)
    if leaf is None or leaf is to_text or field.required or field.many or is_enum(field.hint):
        return leaf
    return or_none(leaf)
