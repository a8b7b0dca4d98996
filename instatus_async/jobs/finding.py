"""Finding a record of a list by its name, as people write names."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TypeVar

from .._wording import got, sentences
from ..errors import AmbiguousNameError, InvalidRequestError, Named, NameNotFoundError
from ..resources.components import Component

__all__ = ["Groups", "absent", "bare", "folded", "listed", "matching", "near", "needle", "only_one"]

N = TypeVar("N", bound=Named)


def bare(name: str | None) -> str:
    """Take the blanks off both ends of a name: names on record may have some (quirk 92)."""
    return (name or "").strip()


def folded(name: str | None) -> str:
    """Reduce a name to what is the same in upper and lower case."""
    return bare(name).casefold()


def needle(value: object, what: str) -> str:
    """Let a text through that can be looked for, without its outer blanks, or raise InvalidRequestError."""
    if isinstance(value, str) and (text := value.strip()):
        return text
    given = "got a blank text" if isinstance(value, str) else got(value, wants_id=what == "group")
    raise InvalidRequestError(sentences(f"{what}: expected text, {given}", "Nothing was sent"))


def matching(rows: Iterable[N], name: str) -> Sequence[N]:
    """Return the records of a name: those of its very letters, or, without any, those of its letters in any case."""
    alike = [row for row in rows if folded(row.name) == folded(name)]
    return [row for row in alike if bare(row.name) == bare(name)] or alike


def near(name: str, names: Iterable[str | None]) -> tuple[str, ...]:
    """Return up to three names that look like one, nearest first."""
    known = {folded(known): bare(known) for known in names}
    return tuple(known[found] for found in get_close_matches(folded(name), known, 3))


def listed(names: Iterable[str]) -> str:
    """Write names as "this", "that"."""
    return ", ".join(f'"{name}"' for name in names)


def only_one(rows: Sequence[N], what: str, how: str, described: Iterable[str]) -> N:
    """Return the only record, or raise AmbiguousNameError that names them all and says how to tell them apart."""
    if len(rows) > 1:
        raise AmbiguousNameError(
            f"{what} means {len(rows)} of them: {'; '.join(described)}. {how}", candidates=tuple(rows)
        )
    return rows[0]


class Groups:
    """Tell which component of a page is the parent of which, in every form that answers have (quirk 50)."""

    def __init__(self, rows: Sequence[Component]) -> None:
        self._by_id: Mapping[str, Component] = {row.id: row for row in rows}
        self._by_name: Mapping[str, Component] = {bare(row.name): row for row in reversed(rows)}

    def parent_id(self, row: Component) -> str | None:
        """Return the id of the parent; where the answer has a bare text, of the component that it names."""
        group = row.group
        if (known := row.group_id or (group.id if group else None)) or group is None:
            return known
        named = self._by_id.get(group.name or "") or self._by_name.get(bare(group.name))
        return named.id if named else None

    def parent(self, row: Component) -> Component | None:
        """Return the parent, when the page lists it."""
        return self._by_id.get(self.parent_id(row) or "")

    def name(self, row: Component) -> str | None:
        """Return the name of the parent, when there is one and its name is known."""
        parent = self.parent(row)
        return bare(parent.name if parent else row.group.name if row.group else None) or None

    def inside(self, rows: Iterable[Component], group: str) -> Sequence[Component]:
        """Return the components in a group, by its id or its name: of its very letters or else in any case."""
        named = [(row, self.name(row)) for row in rows]
        exact = [row for row, name in named if name == group or group == self.parent_id(row)]
        return exact or [row for row, name in named if folded(name) == folded(group)]

    def describe(self, row: Component) -> str:
        """Say which component it is: its name, group and id."""
        group = self.name(row)
        where = f'in "{group}"' if group else "in no group"
        gone = ", archived" if row.archived_at else ""
        return f'"{bare(row.name)}" {where} ({row.id}{gone})'


def absent(what: str, name: str, names: Sequence[str | None], path: str, hint: str = "") -> NameNotFoundError:
    """Say that nothing has a name, and which names look like it."""
    alike = near(name, names)
    if alike:
        rest = f"did you mean {listed(alike)}?"
    elif len(names) <= 10:
        rest = f"there are {listed(bare(known) for known in names)}." if names else "the list is empty."
    else:
        rest = f"none of the {len(names)} names there looks like it."
    return NameNotFoundError(f"{what}: {rest}{hint}", near=alike, path=path)
