"""The fast way from JSON to models: one straight-line function for each set of keys that a class's objects come with.

For an object with an id, a name, a status, a site and a key that nobody knows, the function is

    def read(d, sure=False):
        if not sure and [*d] != keys: return other(d)
        v0, v1, v2, v3, v4, = d.values()
        o = new()
        o._extra = {'brandNew': v4}
        o.id = v0 + ''
        if type(v1) is str: o.name = v1
        else: o.name, o._extra = read1(v1), extra(d)
        o.status = read2[v2]
        o.site = None if v3 is None else read3.read(v3)
        o.__class__ = cls
        return o

Whatever is wrong with a value makes it raise one of READ_ERRORS. Nobody looks at the error: `_detailed` says what is
wrong where. What is unusual about the function was measured, on Python 3.11:

- The rows of a list have the same keys in the same order. So a reader tries the function of the row before; it compares
  the keys, which takes half the time of looking them up, and unpacks the values. For the 26 keys of a component that is
  290 ns, and 430 to look at each key; for 8 keys it makes no difference. Rows whose keys alternate cost 0.4 us more.
- `v + ''` is the text itself, and a TypeError for anything else that JSON has: 6 ns, and a type check 10.
- `new()` makes an object of a subclass that can still be written to, and the last step makes it one of the class
  itself: 90 ns, and 4 a field. `__init__` takes three times as long, since `attrs.frozen` sets every attribute through
  `object.__setattr__`. A subclass without slots of its own: those of any other class Python would compare, in 70 ns.
- What an object does not have stays unset, and is found in `Model.__getattr__`.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import attrs

from ._fields import GROUP, ONE_OR_MANY, Field, fields_of, is_model, leaf_of
from ._leaves import instant, to_flag, to_group, to_integer, to_list, to_mapping, to_number, to_text, to_translated
from ._model import TRANSLATED, Model, OpenEnum

__all__ = ["READ_ERRORS", "Reader", "reader_of"]

READ_ERRORS = (TypeError, ValueError, LookupError, AttributeError, OverflowError, OSError, RecursionError)

_MOST_FUNCTIONS = 100
_MOST_KEYS = 200


class Reader:
    """Read one class.

    `read` is the function that read the object before; it turns to `other` for an object that it does not fit.
    """

    __slots__ = ("_cls", "_fields", "_functions", "_new", "read")

    read: Callable[..., Model]

    def __init__(self, cls: type[Model]) -> None:
        self._cls = cls
        self._fields = {field.key: field for field in fields_of(cls)}
        space = {
            "__slots__": (),
            "__init__": object.__init__,
            "__setattr__": object.__setattr__,
            "__delattr__": object.__delattr__,
            "__repr__": object.__repr__,  # a traceback may show one that is half filled
        }
        self._new = type(cls.__name__, (cls,), space)
        self._functions: dict[tuple[str, ...], Callable[..., Model]] = {}
        self.read = self.other

    def other(self, value: Any) -> Model:
        """Read an object by the function for its keys, which is written if there is none yet."""
        given = to_mapping(value)
        keys = tuple(given)
        function = self._functions.get(keys)
        if function is None:
            too_many = len(self._functions) >= _MOST_FUNCTIONS or len(keys) > _MOST_KEYS
            if too_many and keys != tuple(self._fields):
                # A service that makes up its keys must not fill the memory: all others are read by one set.
                known = {key: given.get(key) for key in self._fields}
                return attrs.evolve(self.other(known), extra=self._extra(given))
            function = self._functions[keys] = self._write(keys)
        self.read = function
        return function(given, True)  # noqa: FBT003 - the function is ours

    def _extra(self, given: Mapping[str, Any]) -> Mapping[str, Any] | None:
        extra = {key: value for key, value in given.items() if key not in self._fields}
        for key, field in self._fields.items():
            if field.marker == TRANSLATED and type(given.get(key)) is dict:
                extra[key] = given[key]
        return extra or None

    def _write(self, keys: Sequence[str]) -> Callable[..., Model]:
        """Write the function for a set of keys."""
        scope: dict[str, Any] = {
            "keys": list(keys),
            "other": self.other,
            "new": self._new,
            "cls": self._cls,
            "extra": self._extra,
            "listed": to_list,
            "grouped": to_group,
            "fromiso": datetime.fromisoformat,
        }
        lines = [
            "if not sure and [*d] != keys: return other(d)",
            f"{''.join(f'v{n}, ' for n in range(len(keys))) or '()'} = d.values()",
        ]
        missing = [key for key, field in self._fields.items() if field.required and key not in keys]
        lines += [f"raise ValueError({f'{missing[0]} is missing'!r})"] if missing else []
        lines += ["o = new()"]
        unknown = [f"{key!r}: v{n}" for n, key in enumerate(keys) if key not in self._fields]
        lines += [f"o._extra = {{{', '.join(unknown)}}}"] if unknown else []
        for n, key in enumerate(keys):
            if key in self._fields:
                lines += _assignment(self._fields[key], n, scope)
        lines += ["o.__class__ = cls", "return o"]
        source = "\n    ".join(["def read(d, sure=False):", *lines])
        exec(compile(source, f"<reader of {self._cls.__name__}>", "exec"), scope)  # noqa: S102 - our own source
        return typing.cast("Callable[..., Model]", scope["read"])


reader_of = typing.cast("Callable[[type[Model]], Reader]", cache(Reader))


class _Members(dict[str, OpenEnum]):
    """The members of an enum by their texts, and a new one for a text that it does not know: a look-up, and no call."""

    def __init__(self, enum: type[OpenEnum]) -> None:
        super().__init__({member.value: member for member in enum})
        self._enum = enum

    def __missing__(self, value: object) -> OpenEnum:
        return self._enum(to_text(value))


# The usual types of a leaf are told apart without a call: {0} is the value, {1} the function that reads another.
_INLINE: Mapping[object, str] = {
    to_text: "{0} + ''",
    to_flag: "{0} if {0} is True or {0} is False else {1}({0})",
    to_integer: "{0} if type({0}) is int else {1}({0})",
    to_number: "{0} if type({0}) is int or type({0}) is float else {1}({0})",
    to_mapping: "{0} if type({0}) is dict else {1}({0})",
    instant: "fromiso({0}) if type({0}) is str and {0}[-1] == 'Z' else {1}({0})",
}


def _assignment(field: Field, n: int, scope: dict[str, Any]) -> Sequence[str]:
    """Write the lines that read the value number n into its attribute, and put what they need into the scope."""
    value, to = f"v{n}", f"o.{field.name}"
    if field.marker == TRANSLATED and not field.many:
        scope[f"read{n}"] = to_translated
        plain = f"type({value}) is str" if field.required else f"type({value}) is str or {value} is None"
        return [f"if {plain}: {to} = {value}", f"else: {to}, o._extra = read{n}({value}), extra(d)"]
    one = _expression(field, n, scope)
    if field.many:
        other = f"[{value}]" if field.marker == ONE_OR_MANY else f"listed({value})"
        # An empty list needs no comprehension, which costs as much as six texts.
        items = f"({value} if type({value}) is list else {other})"
        read = f"() if {value} == [] else tuple([{one.format('x', f'read{n}')} for x in {items}])"
    else:
        read = one.format(f"grouped({value})" if field.marker == GROUP else value, f"read{n}")
    return [f"{to} = {read}" if field.required else f"{to} = {field.default!r} if {value} is None else {read}"]


def _expression(field: Field, n: int, scope: dict[str, Any]) -> str:
    """Write what reads one value: {0} is the value, {1} what is put into the scope for it."""
    hint = field.hint
    if is_model(hint):
        scope[f"read{n}"] = reader_of(hint)
        return "{1}.read({0})"
    if isinstance(hint, type) and issubclass(hint, OpenEnum):
        scope[f"read{n}"] = _Members(hint)
        return "{1}[{0}]"
    leaf = leaf_of(field)
    scope[f"read{n}"] = leaf
    return "{0}" if leaf is None else _INLINE.get(leaf, "{1}({0})")
