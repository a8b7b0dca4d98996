"""The fast way from JSON to models: one straight-line function for each set of keys that a class's objects come with.

For an object with an id, a name, a status, a site and a key that nobody knows, the function is

    def read(d):
        try:
            if len(d) != 5: return other(d)
            o = new()
            o._extra = {'brandNew': d['brandNew']}
            v = d['id']
            o.id = v + ''
            if type(v := d['name']) is str: o.name = v
            else: o.name, o._extra = read1(v), extra(d)
            v = d['status']
            o.status = read2[v]
            o.site = None if (v := d['site']) is None else read3.read(v)
            o.__class__ = cls
            return o
        except KeyError:
            return other(d)

Whatever is wrong with a value makes it raise one of READ_ERRORS, but never a KeyError. Nobody looks at the error:
`_detailed` says what is wrong where. What is unusual about the function was measured, on Python 3.11:

- The rows of a list have the same keys. So a reader tries the function of the row before: as many keys, and each of
  them found, is the same set, for 12 to 16 ns a key. To compare all keys before the values are unpacked takes 15 for
  the 26 of a component, and 24 to 29 where there are less than ten, as in most objects.
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
from typing import Any, Generic, Protocol, TypeVar

import attrs

from ._fields import GROUP, ONE_OR_MANY, Field, fields_of, is_enum, is_model, leaf_of, lenient, reduces
from ._leaves import instant, to_flag, to_group, to_integer, to_list, to_mapping, to_number, to_text
from ._model import AN_ID, GUESSED, TRANSLATED, Model, OpenEnum

__all__ = ["READ_ERRORS", "Reader", "reader_of"]

READ_ERRORS = (TypeError, ValueError, LookupError, AttributeError, OverflowError, OSError, RecursionError)

M = TypeVar("M", bound=Model)

_MOST_FUNCTIONS = 100
_MOST_KEYS = 200


class Reader(Generic[M]):
    """Read one class.

    `read` is the function that read the object before; it turns to `other` for an object that it does not fit.
    """

    __slots__ = ("_cls", "_fields", "_functions", "_new", "read")

    read: Callable[..., M]

    def __init__(self, cls: type[M]) -> None:
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
        self._functions: dict[tuple[str, ...], Callable[..., M]] = {}
        self.read = self.other

    def other(self, value: Any) -> M:
        """Read an object by the function for its keys, which is written if there is none yet."""
        given = to_mapping(value)
        keys = tuple(given)
        function = self._functions.get(keys)
        if function is None:
            missing = [key for key, field in self._fields.items() if field.required and key not in given]
            if missing:
                raise ValueError(f"{missing[0]} is missing")
            too_many = len(self._functions) >= _MOST_FUNCTIONS or len(keys) > _MOST_KEYS
            if too_many and keys != tuple(self._fields):
                # A service that makes up its keys must not fill the memory: all others are read by one set.
                known = {key: given.get(key) for key in self._fields}
                return attrs.evolve(self.other(known), extra=self._extra(given))
            function = self._functions[keys] = self._write(keys)
        self.read = function
        return function(given)

    def _extra(self, given: Mapping[str, Any]) -> Mapping[str, Any] | None:
        extra = {key: value for key, value in given.items() if key not in self._fields}
        extra |= {key: given[key] for key, field in self._fields.items() if reduces(field, given.get(key))}
        return extra or None

    def _write(self, keys: Sequence[str]) -> Callable[..., M]:
        """Write the function for a set of keys."""
        scope: dict[str, Any] = {
            "other": self.other,
            "new": self._new,
            "cls": self._cls,
            "extra": self._extra,
            "listed": to_list,
            "grouped": to_group,
            "fromiso": datetime.fromisoformat,
        }
        unknown = [f"{key!r}: d[{key!r}]" for key in keys if key not in self._fields]
        fits = f"len(d) == {len(keys)}" if keys else "d == {}"  # an empty list has no keys either
        lines = [f"if not {fits}: return other(d)", "o = new()"]
        lines += [f"o._extra = {{{', '.join(unknown)}}}"] if unknown else []
        for n, key in enumerate(keys):
            if key in self._fields:
                lines += _assignment(self._fields[key], n, scope)
        lines += ["o.__class__ = cls", "return o"]
        source = "\n        ".join(["def read(d):\n    try:", *lines])
        source += "\n    except KeyError:\n        return other(d)"
        exec(compile(source, f"<reader of {self._cls.__name__}>", "exec"), scope)  # noqa: S102 - our own source
        return typing.cast("Callable[..., M]", scope["read"])


class _ReaderOf(Protocol):
    def __call__(self, cls: type[M], /) -> Reader[M]: ...


reader_of = typing.cast("_ReaderOf", cache(Reader))


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
    value, to = f"d[{field.key!r}]", f"o.{field.name}"
    if field.marker == AN_ID:
        scope[f"read{n}"] = leaf_of(field)
        return [
            f"if type(v := {value}) is not list: v = [] if v is None else listed(v)",
            f"{to} = tuple([x if type(x) is str else read{n}(x) for x in v]) if v else ()",
            "if v and type(v[0]) is dict: o._extra = extra(d)",
        ]
    if field.marker in (TRANSLATED, GUESSED) and not field.many:
        scope[f"read{n}"] = lenient(field)
        plain = f"type(v := {value}) is str" + ("" if field.required else " or v is None")
        return [f"if {plain}: {to} = v", f"else: {to}, o._extra = read{n}(v), extra(d)"]
    one = _expression(field, n, scope)
    if field.many:
        other = "[v]" if field.marker == ONE_OR_MANY else "listed(v)"
        given = other if field.required else f"[] if v is None else {other}"
        # An empty list needs no comprehension, which costs as much as six texts.
        return [
            f"if type(v := {value}) is not list: v = {given}",
            f"{to} = tuple([{one.format('x', f'read{n}')} for x in v]) if v else ()",
        ]
    read = one.format("(v if type(v) is dict else grouped(v))" if field.marker == GROUP else "v", f"read{n}")
    if field.required:
        return [f"v = {value}", f"{to} = {read}"]
    empty = field.marker == GROUP or leaf_of(field) is instant  # which have no value that is false
    missing = f"not (v := {value})" if empty else f"(v := {value}) is None"
    return [f"{to} = {field.default!r} if {missing} else {read}"]


def _expression(field: Field, n: int, scope: dict[str, Any]) -> str:
    """Write what reads one value: {0} is the value, {1} what is put into the scope for it."""
    hint = field.hint
    if is_model(hint):
        scope[f"read{n}"] = reader_of(hint)
        return "{1}.read({0})"
    if is_enum(hint):
        scope[f"read{n}"] = _Members(hint)
        return "{1}[{0}]"
    leaf = leaf_of(field)
    scope[f"read{n}"] = lenient(field)
    return "{0}" if leaf is None else _INLINE.get(leaf, "{1}({0})")
