"""What is wrong with an answer, and where: through a cattrs converter with detailed validation."""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Any, get_args

import attrs
import cattrs
from cattrs.errors import AttributeValidationNote, BaseValidationError, IterableValidationError, IterableValidationNote
from cattrs.gen import make_dict_structure_fn, override

from ._fields import GROUP, ONE_OR_MANY, Field, fields_of, is_model, lenient, reduces, unwrapped
from ._leaves import to_group, to_list, to_mapping
from ._model import Model
from ._reader import READ_ERRORS

__all__ = ["explain"]


def _is_tuple(hint: Any) -> bool:
    return typing.get_origin(hint) is tuple


def _make_detailed(cls: type[Model]) -> Callable[[Any, object], Model]:
    """Read one class the slow way: cattrs' own code, whose errors know where they happened."""
    fields = fields_of(cls)
    overrides = {"_extra": override(omit=True)}
    for field in fields:
        hook = None if field.many else _detailed_hook(field)
        overrides[field.name] = override(rename=field.key, struct_hook=hook)
    known = {field.key for field in fields}
    structure = make_dict_structure_fn(cls, _detailed, _cattrs_detailed_validation=True, **overrides)  # type: ignore[arg-type]  # mypy: any of them could be a flag

    def detailed(value: Any, _: object = None) -> Model:
        given = to_mapping(value)
        present = {field.key: given[field.key] for field in fields if field.required and field.key in given}
        for field in fields:
            if (found := given.get(field.key)) is not None:
                if field.marker == GROUP:
                    found = to_group(found)
                elif field.marker == ONE_OR_MANY and type(found) is not list:
                    found = [found]
                if found or field.marker != GROUP:
                    present[field.key] = found
        model = structure(present, cls)
        extra = {key: value for key, value in given.items() if key not in known}
        extra |= {field.key: given[field.key] for field in fields if reduces(field, given.get(field.key))}
        return attrs.evolve(model, extra=extra or None)

    return detailed


def _as_it_is(value: Any, _: Any) -> Any:
    return value


def _detailed_hook(field: Field) -> Callable[[Any, Any], Any]:
    if is_model(field.hint):
        return lambda value, _: _detailed.structure(value, field.hint)
    return lenient(field) or _as_it_is


def _make_detailed_tuple(hint: Any) -> Callable[[Any, object], object]:
    inner, marker, _ = unwrapped(get_args(hint)[0])
    hook = _detailed_hook(Field(name="", key="", hint=inner, required=True, default=None, many=False, marker=marker))

    def detailed(value: Any, _: object) -> object:
        result: list[object] = []
        errors: list[Exception] = []
        for index, item in enumerate(to_list(value)):
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
_detailed.register_structure_hook_factory(is_model, _make_detailed)


def _place(exc: BaseException) -> tuple[str, str]:
    """Follow cattrs' notes down to the first thing that failed: (path, reason)."""
    if isinstance(exc, BaseValidationError):
        cls = exc.cl
        names = {f.name: f.key for f in fields_of(cls)} if is_model(cls) else {}
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


def explain(cls: type[Model], value: Any, exc: BaseException) -> tuple[str, str]:
    """Return the path and the reason of what kept a value from being read; `exc` is what the fast reader raised."""
    try:
        _detailed.structure(value, cls)
    except READ_ERRORS as again:
        return _place(again)
    except BaseValidationError as again:
        return _place(again)
    return _place(exc)
