"""The same models, as others write them: made from ours, field by field, so that all read the same.

Left out is what would only slow the others down: our open enums, secrets, unknown fields.
"""

from __future__ import annotations

import enum
import importlib
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import UnionType
from typing import Annotated, Any, cast, get_args, get_origin

import attrs
import cattrs
import cattrs.preconf.orjson
import msgspec
import orjson
import pydantic
import pydantic.alias_generators
from cattrs.gen import make_dict_structure_fn, override

from instatus_async import Component, Incident, Subscriber
from instatus_async._model import Model, OpenEnum

__all__ = [
    "HAS_DATEUTIL",
    "NOUNS",
    "Reader",
    "cattrs_reader",
    "generated_reader",
    "msgspec_reader",
    "pydantic_model",
    "pydantic_reader",
]

NOUNS: tuple[type[Model], ...] = (Component, Incident, Subscriber)
Reader = Callable[[type[Model]], Callable[[bytes], object]]

try:  # what generated code calls
    isoparse: Callable[[str], datetime] = importlib.import_module("dateutil.parser").isoparse
except ImportError:
    isoparse = datetime.fromisoformat
HAS_DATEUTIL = isoparse != datetime.fromisoformat  # each access makes a new method, so no `is`


@attrs.frozen
class Field:
    """One field of a model."""

    name: str
    key: str
    hint: Any  # a leaf, or a Model
    many: bool
    required: bool


def _unwrapped(hint: Any) -> Any:
    while True:
        if get_origin(hint) is Annotated:
            hint = get_args(hint)[0]
        elif get_origin(hint) in (UnionType, typing.Union):
            hint = next(arg for arg in get_args(hint) if arg is not type(None))
        else:
            return hint


def _is_model(hint: object) -> bool:
    return isinstance(hint, type) and issubclass(hint, Model)


def _fields(model: type[Model]) -> list[Field]:
    hints = typing.get_type_hints(model, include_extras=True)
    fields: list[Field] = []
    for attribute in attrs.fields(model):
        if attribute.name in {"_extra", "incident"}:  # an incident's updates don't hold the incident
            continue
        hint = _unwrapped(hints[attribute.name])
        many = get_origin(hint) is tuple
        if many:
            hint = _unwrapped(get_args(hint)[0])
        if get_origin(hint) is not None:
            hint = dict[str, Any]
        head, *rest = attribute.name.split("_")
        key = head + "".join(map(str.capitalize, rest))
        fields.append(Field(attribute.name, key, hint, many, attribute.default is attrs.NOTHING))
    return fields


def _enum(ours: type[OpenEnum]) -> type[enum.Enum]:
    """Make a closed enum of an open one."""
    functional: Any = enum.Enum
    return cast("type[enum.Enum]", functional(ours.__name__, {member.name: member.value for member in ours}))


class Family:
    """The classes of one library, made on demand: one a model, one an enum."""

    def __init__(self, make: Callable[[str, Sequence[tuple[str, Any, Any]]], type]) -> None:
        self._make = make
        self._made: dict[type, type] = {}

    def of(self, model: type) -> type:
        """Return the counterpart of a model or enum."""
        if model not in self._made:
            if issubclass(model, OpenEnum):
                self._made[model] = _enum(model)
            elif issubclass(model, Model):
                self._made[model] = self._make(model.__name__, [self._field(field) for field in _fields(model)])
        return self._made[model]

    def _counterpart(self, hint: Any) -> Any:
        return self.of(hint) if isinstance(hint, type) and issubclass(hint, (Model, OpenEnum)) else hint

    def _field(self, field: Field) -> tuple[str, Any, Any]:
        hint = self._counterpart(field.hint)
        optional: Any = hint if field.required or field.many else hint | None
        many: Any = tuple[optional, ...] if field.many else optional
        return field.name, many, () if field.many else ... if field.required else None


def _list_of(made: Any) -> Any:
    return list[made]


def msgspec_reader(model: type[Model]) -> Callable[[bytes], object]:
    """Read with msgspec Structs."""

    def make(name: str, fields: Sequence[tuple[str, Any, Any]]) -> type:
        given = [(n, hint) if default is ... else (n, hint, default) for n, hint, default in fields]
        return msgspec.defstruct(name, given, rename="camel", kw_only=True, frozen=True)

    return msgspec.json.Decoder(_list_of(Family(make).of(model))).decode


def pydantic_model(model: type[Model]) -> type[pydantic.BaseModel]:
    """Make the model of a noun."""

    def make(name: str, fields: Sequence[tuple[str, Any, Any]]) -> type:
        config = pydantic.ConfigDict(alias_generator=pydantic.alias_generators.to_camel, frozen=True)
        create: Callable[..., type] = cast("Any", pydantic.create_model)
        return create(name, __config__=config, **{n: (h, d) for n, h, d in fields})

    return cast("type[pydantic.BaseModel]", Family(make).of(model))


def pydantic_reader(model: type[Model]) -> Callable[[bytes], object]:
    """Read with pydantic's own JSON."""
    adapter: pydantic.TypeAdapter[object] = pydantic.TypeAdapter(_list_of(pydantic_model(model)))
    return adapter.validate_json


def cattrs_reader(model: type[Model]) -> Callable[[bytes], object]:
    """Read with cattrs as it comes for orjson, plus names in camelCase."""
    converter = cattrs.preconf.orjson.make_converter()
    keys: dict[str, str] = {}

    def make(name: str, fields: Sequence[tuple[str, Any, Any]]) -> type:
        given: dict[str, Any] = {}
        for n, hint, default in fields:
            given[n] = attrs.field(type=hint) if default is ... else attrs.field(type=hint, default=default)
        return attrs.make_class(name, given, kw_only=True, frozen=True, slots=True)

    def hook(cls: type[Any]) -> Callable[[Mapping[str, Any], Any], Any]:
        names = {a.name: override(rename=keys[a.name]) for a in attrs.fields(cls)}
        return make_dict_structure_fn(cls, converter, **names)  # type: ignore[arg-type]  # mypy: any of them could be a flag

    keys.update({f.name: f.key for m in _nested(model) for f in _fields(m)})
    converter.register_structure_hook_factory(attrs.has, hook)
    converter.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))
    many = _list_of(Family(make).of(model))
    return lambda body: converter.loads(body, many)


def _nested(model: type[Model]) -> list[type[Model]]:
    inner = [f.hint for f in _fields(model) if _is_model(f.hint)]
    return [model, *(deeper for m in inner for deeper in _nested(m))]


# --- What a generator makes of an OpenAPI file -----------------------------------------------------------------------


class Unset:
    """What a field is that did not come."""

    def __bool__(self) -> bool:
        return False


UNSET = Unset()

_OPTIONAL = """
        def _parse_{name}(data):
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                {check}
                return {read}
            except:
                pass
            return cast(Any, data)
        {name} = _parse_{name}(d.pop({key!r}, UNSET))
"""
_MANY = """
        {name} = []
        _{name} = d.pop({key!r}, UNSET)
        for item in _{name} or []:
            data = item
            {name}.append({read})
"""
_REQUIRED = """
        data = d.pop({key!r})
        {name} = {read}
"""


def generated_reader(model: type[Model]) -> Callable[[bytes], object]:
    """Read with code as generators write it: from_dict, UNSET, a function and isoparse a field; on bytes by orjson."""
    space: dict[str, Any] = {"isoparse": isoparse, "Unset": Unset, "UNSET": UNSET, "cast": cast, "Any": Any}
    for one in reversed(_nested(model)):
        exec(_generated(one, space), space)
    from_dict = space[model.__name__].from_dict
    return lambda body: [from_dict(row) for row in orjson.loads(body)]


def _generated(model: type[Model], space: dict[str, Any]) -> str:
    fields = _fields(model)
    source = [
        f"class {model.__name__}:",
        "    @classmethod",
        "    def from_dict(cls, src_dict):",
        "        d = dict(src_dict)",
    ]
    for field in fields:
        hint, read, check = field.hint, "data", "pass"
        if hint is datetime:
            read, check = "isoparse(data)", "if not isinstance(data, str): raise TypeError()"
        elif _is_model(hint):
            read, check = f"{hint.__name__}.from_dict(data)", "if not isinstance(data, dict): raise TypeError()"
        elif isinstance(hint, type) and issubclass(hint, OpenEnum):
            space[hint.__name__] = _enum(hint)
            read, check = f"{hint.__name__}(data)", "if not isinstance(data, str): raise TypeError()"
        template = _MANY if field.many else _REQUIRED if field.required else _OPTIONAL
        source.append(template.format(name=field.name, key=field.key, read=read, check=check))
    names = ", ".join(f"{f.name}={f.name}" for f in fields)
    source += [f"        self = cls({names})", "        self.additional_properties = d", "        return self"]
    declared = "".join(f"    {f.name}: Any{'' if f.required else ' = UNSET'}\n" for f in fields)
    extra = "    additional_properties: dict = _attrs.field(init=False, factory=dict)\n"
    head = f"import attrs as _attrs\n@_attrs.define(kw_only=True)\nclass {model.__name__}:\n{declared}{extra}"
    return head + "\n".join(source[1:])
