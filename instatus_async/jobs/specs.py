"""What the components of a page should be, as a file says it: read, and refused with the place of what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NoReturn, TypeAlias, cast

import attrs

from .._model import Translations
from .._wording import sentences
from ..errors import AmbiguousNameError, InvalidRequestError
from .finding import bare, folded

__all__ = ["ComponentSpec", "Entry", "SpecLike", "read_entries"]


@attrs.frozen(kw_only=True)
class ComponentSpec:
    """A component as it should be. What is None is not said, and stays as it is on the page.

    `children` are the components of its group; or else each of them names its parent in `group`. No group means that
    the component stands by itself.
    """

    name: str
    group: str | None = None
    """The name of the parent: of another entry, or of a component of the page."""
    children: Sequence[ComponentSpec | Mapping[str, object]] = ()
    description: str | None = None
    """ "" empties it (quirk 53)."""
    order: int | None = None
    """Its place among its siblings, in place of the place in the list; the numbers on the page are the service's."""
    show_uptime: bool | None = None
    translations: Translations | None = attrs.field(default=None, hash=False)
    """`{"name": {"fr": "..."}, "description": {...}}`; languages not named here stay as they are."""
    id: str | None = None
    """The id on the page: then a new name is a rename."""
    was: str | None = None
    """The old name, in the same group: a component that still has it is renamed."""


_DEEPEST = 10  # an alias of YAML may hold itself

SpecLike: TypeAlias = ComponentSpec | Mapping[str, object]


@attrs.define(eq=False)
class Entry:
    """A spec in its place: checked, with its parent."""

    spec: ComponentSpec
    place: str  # "components[2].children[0]"
    rank: tuple[int, int]  # among its siblings: the order asked for, and the place in the list
    parent: Entry | None = None
    outside: str | None = None  # the parent's name where it is none of the entries

    @property
    def id(self) -> str | None:
        """The id, if the file has it."""
        return self.spec.id

    @property
    def name(self) -> str:
        """The name."""
        return self.spec.name

    @property
    def group(self) -> str | None:
        """The name of its parent, as far as the file says it."""
        return self.parent.name if self.parent else self.outside

    @property
    def family(self) -> Entry | str:
        """What its siblings have in common: the parent, or its name on the page, or "" at the top."""
        return self.parent or folded(self.outside)

    def describe(self) -> str:
        """Say which entry it is."""
        return f"{self.place}" + (f" (id {self.id})" if self.id else "")


def read_entries(components: Iterable[SpecLike]) -> Sequence[Entry]:
    """Check specs and find their parents; every parent comes before its children.

    Raises InvalidRequestError with the place of what is wrong, and AmbiguousNameError for a name that is there twice.
    """
    entries: list[Entry] = []
    _read_all(_items(components, "components"), "components", None, entries)
    by_name: dict[str, list[Entry]] = {}
    for entry in entries:
        by_name.setdefault(folded(entry.name), []).append(entry)
    for entry in entries:
        if entry.spec.group is not None:
            _adopt(entry, by_name)
    _check_cycles(entries)
    ranked = sorted(entries, key=lambda entry: len(_ancestors(entry)))
    _check_twins(ranked)
    return ranked


def _read_all(items: Iterable[object], place: str, parent: Entry | None, entries: list[Entry]) -> None:
    if place.count(".") > _DEEPEST:
        _refuse(place, "the groups are nested too deeply")
    for index, item in enumerate(items):
        at = f"{place}[{index}]"
        spec = _read(item, at)
        if parent is not None and spec.group is not None:
            _refuse(f"{at}.group", f'it stands among the children of "{parent.name}" already; leave one of them out')
        entry = Entry(spec, at, (index if spec.order is None else spec.order, index), parent)
        entries.append(entry)
        _read_all(_items(spec.children, f"{at}.children"), f"{at}.children", entry, entries)


def _read(item: object, at: str) -> ComponentSpec:
    """Check one spec, and take the blanks off its names."""
    if isinstance(item, ComponentSpec):
        given: Mapping[Any, object] = {field.name: getattr(item, field.name) for field in attrs.fields(ComponentSpec)}
    elif isinstance(item, Mapping):
        given = cast("Mapping[Any, object]", item)
    else:
        _refuse(at, f"expected a component, got {type(item).__name__}")
    for key in given:
        if key not in _KINDS:
            near = get_close_matches(str(key), _KINDS, 1)
            hint = f"did you mean {near[0]!r}?" if near else "known are " + ", ".join(_KINDS)
            _refuse(at, f"unexpected field {key!r}; {hint}")
    if given.get("name") is None:
        _refuse(at, "missing 'name'")
    checked: dict[str, Any] = {
        key: _KINDS[key](value, f"{at}.{key}") for key, value in given.items() if value is not None
    }
    return ComponentSpec(**checked)


def _adopt(entry: Entry, by_name: Mapping[str, Sequence[Entry]]) -> None:
    """Find the entry that another one names as its parent; without any it is one of the page."""
    wanted = entry.spec.group or ""
    alike = [other for other in by_name.get(folded(wanted), ()) if other is not entry]
    found = [other for other in alike if other.name == wanted] or alike
    if len(found) > 1:
        raise AmbiguousNameError(
            f'{entry.place}.group: "{wanted}" is the name of {len(found)} entries: '
            f"{', '.join(other.describe() for other in found)}. Put this one among the children of the right one. "
            "Nothing was sent.",
            candidates=tuple(found),
        )
    if found:
        entry.parent = found[0]
    elif folded(wanted) == folded(entry.name):
        _refuse(f"{entry.place}.group", f'"{wanted}" is the component\'s own name; add the group to the file, too')
    else:
        entry.outside = wanted


def _ancestors(entry: Entry) -> Sequence[Entry]:
    """List the parents, from the nearest up."""
    found: list[Entry] = []
    while entry.parent is not None and entry.parent not in found:
        entry = entry.parent
        found.append(entry)
    return found


def _check_cycles(entries: Sequence[Entry]) -> None:
    for entry in entries:
        if entry in _ancestors(entry):
            _refuse(f"{entry.place}.group", f'"{entry.name}" would be in a group that is inside of it')


def _check_twins(entries: Sequence[Entry]) -> None:
    """Refuse two entries that mean one component; those that all have an id do not."""
    ids: dict[str, Entry] = {}
    twins: dict[tuple[Entry | str, str], list[Entry]] = {}
    for entry in entries:
        twins.setdefault((entry.family, folded(entry.name)), []).append(entry)
        if entry.id is not None and (other := ids.setdefault(entry.id, entry)) is not entry:
            raise AmbiguousNameError(
                f"{entry.place}.id: {other.place} has the same one; leave one of them out. Nothing was sent.",
                candidates=(other, entry),
            )
    for same in twins.values():
        if len(same) > 1 and not all(entry.id for entry in same):
            raise AmbiguousNameError(
                f'"{same[0].name}" is there {len(same)} times'
                + (f' in "{same[0].group}"' if same[0].group else "")
                + f": {', '.join(entry.describe() for entry in same)}. Give each a name of its own, or its id. "
                "Nothing was sent.",
                candidates=tuple(same),
            )


# --- Kinds of values -------------------------------------------------------------------------------------------------


def _refuse(at: str, what: str) -> NoReturn:
    raise InvalidRequestError(sentences(f"{at}: {what}", "Nothing was sent"))


def _text(value: object, at: str) -> str:
    if not isinstance(value, str):
        _refuse(at, f"expected text, got {type(value).__name__}")
    try:
        value.encode()
    except UnicodeEncodeError:
        _refuse(at, "the text holds half a surrogate pair")
    return value


def _name(value: object, at: str) -> str:
    return bare(_text(value, at)) or _refuse(at, "expected a name, got a blank text")


def _flag(value: object, at: str) -> bool:
    return value if isinstance(value, bool) else _refuse(at, f"expected true or false, got {type(value).__name__}")


def _whole(value: object, at: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        _refuse(at, f"expected a whole number, got {type(value).__name__}")
    return value


def _translations(value: object, at: str) -> Translations:
    return {
        field: {language: _text(text, f"{at}.{field}.{language}") for language, text in _mapping(of, f"{at}.{field}")}
        for field, of in _mapping(value, at)
    }


def _mapping(value: object, at: str) -> Iterable[tuple[str, object]]:
    if not isinstance(value, Mapping):
        _refuse(at, f"expected a mapping, got {type(value).__name__}")
    given = cast("Mapping[object, object]", value)
    return [(_text(key, f"{at} key"), item) for key, item in given.items()]


def _items(value: object, at: str) -> Sequence[SpecLike]:
    if isinstance(value, (str, bytes, Mapping, ComponentSpec)) or not isinstance(value, Iterable):
        _refuse(at, f"expected a list of components, got {type(value).__name__}")  # pyright: ignore[reportUnknownArgumentType]  # of a mapping
    return tuple(cast("Iterable[SpecLike]", value))


_KINDS: Mapping[str, Callable[[object, str], object]] = {
    "name": _name,
    "group": _name,
    "children": _items,
    "description": _text,
    "order": _whole,
    "show_uptime": _flag,
    "translations": _translations,
    "id": _name,
    "was": _name,
}
