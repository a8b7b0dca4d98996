"""The components of a page beside those of a file: which is which, and what differs.

A component is found by its id; or by its name in its group, in any case if need be; or by its old name (`was`) there;
or, archived, by its name there; or, if no other entry has it, by its very name at the top of the page and in the groups
that the file mentions.
In this order, for all entries: a later way never takes a component that an earlier one would give to another entry.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import SequenceMatcher

import attrs

from .._model import JSONObject, Translations
from .._wire import as_object
from ..errors import InvalidRequestError
from ..resources.components import Component
from .changes import (
    ImpossibleMove,
    PlannedArchive,
    PlannedChange,
    PlannedCreate,
    PlannedOrder,
    PlannedUpdate,
    move_hint,
    rename_hint,
)
from .finding import Groups, bare, folded, listed, matching, near, only_one
from .specs import Entry

__all__ = ["Comparison", "compare"]

_TO_BE_MADE = ""  # the id of a parent that is not on the page yet


@attrs.frozen
class Siblings:
    """Entries of one group as they should follow each other, with their components; `live` is how these do."""

    family: Entry | str
    group: str | None
    wanted: Sequence[Component]
    live: Sequence[Component]
    moved: Sequence[Component]
    highest: int  # order number of the page

    def numbers(self) -> Sequence[int]:
        """Return the order numbers that they have, each once, from low to high: others keep their place then."""
        if any(row.order is None for row in self.wanted):
            return range(1, len(self.wanted) + 1)
        numbers: list[int] = []
        for number in sorted(row.order or 0 for row in self.wanted):
            numbers.append(max(number, numbers[-1] + 1) if numbers else number)
        return numbers

    def later_numbers(self) -> Sequence[int]:
        """Return numbers behind all that the page has: they hold even where each write renumbers the page."""
        return range(self.highest + 1, self.highest + 1 + len(self.wanted))

    def change(self) -> PlannedOrder:
        """Describe what is to be done."""
        before, after, moved = (tuple(bare(row.name) for row in rows) for rows in (self.live, self.wanted, self.moved))
        return PlannedOrder(group=self.group, before=before, after=after, moved=moved)


@attrs.frozen
class Comparison:
    """What differs between a file and a page."""

    found: Mapping[Entry, Component]
    updates: Mapping[Entry, PlannedUpdate]
    creates: Mapping[Entry, PlannedCreate]
    disordered: Sequence[Siblings]
    archives: Sequence[PlannedArchive]
    impossible: Sequence[ImpossibleMove]
    left_alone: Sequence[Component]
    hints: Sequence[str]
    outside: Mapping[Entry, Component]
    groups: Groups

    @property
    def changes(self) -> tuple[PlannedChange, ...]:
        """All changes, in the order in which they are made."""
        orders = [siblings.change() for siblings in self.disordered]
        return (*self.updates.values(), *self.creates.values(), *orders, *self.archives)

    def parent_id(self, entry: Entry) -> str | None:
        """Return the id of the component that an entry belongs under."""
        if entry.parent is not None:
            return self.found[entry.parent].id
        return self.outside[entry].id if entry in self.outside else None


def compare(
    entries: Sequence[Entry], rows: Sequence[Component], details: Mapping[str, Component], *, archive: bool
) -> Comparison:
    """Compare; `details` are whole components, by id, where the rows of the list say too little.

    Raises InvalidRequestError for an id or group that the page does not have, and AmbiguousNameError.
    """
    match = _Match(entries, rows)
    updates: dict[Entry, PlannedUpdate] = {}
    impossible: list[ImpossibleMove] = []
    stuck: set[Entry] = set()
    for entry, row in match.found.items():
        home, present = match.home(entry), match.groups.parent_id(row)
        fields = _differences(entry, row, details.get(row.id, row))
        group = match.groups.name(row)
        if home is None and present is not None:
            fields["group"] = (group, None)
        elif home != present:
            stuck.add(entry)
            impossible.append(ImpossibleMove(id=row.id, name=entry.name, group=group, wanted=entry.group or ""))
        if fields:
            updates[entry] = PlannedUpdate(id=row.id, name=bare(row.name), group=group, fields=fields)
    families = _families(entry for entry in entries if entry not in stuck)
    creates = {entry: _create(entry, families) for entry in entries if entry not in match.found}
    kept = {row.id for row in match.outside.values()} | {match.groups.parent_id(match.found[entry]) for entry in stuck}
    unlisted = [row for row in rows if row.id not in match.taken and not row.archived_at]
    gone = [row for row in unlisted if archive and row.id not in kept]
    return Comparison(
        found=match.found,
        updates=updates,
        creates=creates,
        disordered=[found for family in families if (found := match.disordered(family))],
        archives=[_archive(row, match.groups) for row in sorted(gone, key=lambda row: not match.groups.parent_id(row))],
        impossible=impossible,
        left_alone=[row for row in unlisted if row not in gone],
        hints=_hints(creates, unlisted, match),
        outside=match.outside,
        groups=match.groups,
    )


class _Match:
    """Which entry is which component."""

    def __init__(self, entries: Sequence[Entry], rows: Sequence[Component]) -> None:
        self.groups = Groups(rows)
        self.found: dict[Entry, Component] = {}
        self.taken: set[str] = set()
        self._count = Counter(folded(entry.name) for entry in entries)
        self._rows = rows
        self._place = {row.id: place for place, row in enumerate(rows)}
        self.outside = {entry: self._outside(entry, entry.outside) for entry in entries if entry.outside is not None}
        by_id = {row.id: row for row in rows}
        for entry in entries:
            if entry.id is not None:
                if entry.id not in by_id:
                    raise InvalidRequestError(
                        f"{entry.place}.id: this page has no component {entry.id!r}; correct it, or leave it out to "
                        "create a new component. Nothing was written."
                    )
                self._take(entry, by_id[entry.id])
        ways: Sequence[Callable[[Entry], Sequence[Component]]] = (
            self._by_name,
            self._by_old_name,
            self._archived,
            self._elsewhere,
        )
        while any(self._try(entries, way) for way in ways):  # after each find the first way gets another chance
            pass
        for entry, row in self.outside.items():
            if row.id in self.taken:
                other = next(other for other, found in self.found.items() if found is row)
                raise InvalidRequestError(
                    f'{entry.place}.group: "{entry.outside}" is called "{other.name}" in the file ({other.place}); say '
                    "so here too. Nothing was written."
                )
        order = {entry: number for number, entry in enumerate(entries)}
        self.found = dict(sorted(self.found.items(), key=lambda item: order[item[0]]))

    def home(self, entry: Entry) -> str | None:
        """Return the id of the parent that an entry should have: None at the top."""
        if entry.parent is not None:
            return self.found[entry.parent].id if entry.parent in self.found else _TO_BE_MADE
        return self.outside[entry].id if entry in self.outside else None

    def disordered(self, family: Sequence[Entry]) -> Siblings | None:
        """Return siblings whose components follow each other in another order; those to be created do not count."""
        wanted = [self.found[entry] for entry in family if entry in self.found]
        numbered = all(row.order is not None for row in wanted)
        live = sorted(wanted, key=lambda row: ((row.order or 0) if numbered else 0, self._place[row.id]))
        if live == wanted:
            return None
        places = [live.index(row) for row in wanted]
        staying = _longest_rise(places)
        moved = [row for row, place in zip(wanted, places, strict=True) if place not in staying]
        highest = max((row.order or 0 for row in self._rows), default=0)
        return Siblings(family[0].family, family[0].group, wanted, live, moved, highest)

    def _outside(self, entry: Entry, wanted: str) -> Component:
        shown = [row for row in self._rows if not row.archived_at]
        found = matching(shown, wanted)
        if not found:
            alike = near(wanted, [row.name for row in shown])
            hint = f"did you mean {listed(alike)}?" if alike else "add the group to the file."
            raise InvalidRequestError(
                f'{entry.place}.group: neither the file nor the page has a component "{wanted}"; {hint} '
                "Nothing was written."
            )
        return self._only(found, f'{entry.place}.group: "{wanted}"')

    def _take(self, entry: Entry, row: Component) -> None:
        self.found[entry] = row
        self.taken.add(row.id)

    def _try(self, entries: Sequence[Entry], way: Callable[[Entry], Sequence[Component]]) -> bool:
        """Look for all entries that are not found yet; tell whether one was."""
        before = len(self.found)
        for entry in entries:
            if entry not in self.found and (rows := way(entry)):
                self._take(entry, self._only(rows, f'{entry.place}: "{entry.name}"'))
        return len(self.found) > before

    def _only(self, rows: Sequence[Component], what: str) -> Component:
        how = "Give the id in the file, or rename one of them. Nothing was written."
        return only_one(rows, what, how, (self.groups.describe(row) for row in rows))

    def _free(self, *, archived: bool = False) -> Sequence[Component]:
        return [row for row in self._rows if row.id not in self.taken and bool(row.archived_at) is archived]

    def _at_home(self, entry: Entry, *, archived: bool = False) -> Sequence[Component]:
        home = self.home(entry)
        return [row for row in self._free(archived=archived) if self.groups.parent_id(row) == home]

    def _by_name(self, entry: Entry) -> Sequence[Component]:
        return matching(self._at_home(entry), entry.name)

    def _by_old_name(self, entry: Entry) -> Sequence[Component]:
        return matching(self._at_home(entry), entry.spec.was) if entry.spec.was else ()

    def _archived(self, entry: Entry) -> Sequence[Component]:
        return matching(self._at_home(entry, archived=True), entry.name)

    def _elsewhere(self, entry: Entry) -> Sequence[Component]:
        """Look at the top and in the groups that entries are; what other people's groups hold is theirs.

        Of a name that several entries have, which of them was moved cannot be told: it is a new one.
        """
        if self._count[folded(entry.name)] > 1:
            return ()
        own, known = self.outside.get(entry), {row.id for row in self.found.values()} | {None}
        rows = [row for row in self._free() if row is not own and self.groups.parent_id(row) in known]
        return [row for row in rows if bare(row.name) == entry.name]


def _differences(entry: Entry, row: Component, whole: Component) -> dict[str, tuple[object, object]]:
    """Compare the fields that the file mentions: {field: (old, new)}."""
    spec = entry.spec
    fields: dict[str, tuple[object, object]] = {}
    if bare(row.name) != spec.name:
        fields["name"] = (bare(row.name), spec.name)
    if spec.description is not None and spec.description != (row.description or ""):  # quirk 53
        fields["description"] = (row.description or "", spec.description)
    if spec.show_uptime is not None and spec.show_uptime != whole.show_uptime:
        fields["show_uptime"] = (whole.show_uptime, spec.show_uptime)
    if spec.translations is not None:
        old = _translations(whole.translations)
        asked = spec.translations
        new = {field: {**old.get(field, {}), **asked.get(field, {})} for field in {**old, **asked}}
        if _said(old) != _said(new):
            fields["translations"] = (old, new)
    if row.archived_at:
        fields["archived"] = (True, False)
    return fields


def _translations(value: JSONObject | None) -> dict[str, dict[str, str]]:
    """Read what answers say: languages by field, or nulls, or nothing (quirk 55)."""
    found: dict[str, dict[str, str]] = {}
    for field, texts in (value or {}).items():
        if known := {language: text for language, text in as_object(texts).items() if isinstance(text, str)}:
            found[field] = known
    return found


def _said(translations: Translations) -> Mapping[tuple[str, str], str]:
    """Return the texts that are not empty."""
    return {(field, key): text for field, texts in translations.items() for key, text in texts.items() if text}


def _families(entries: Iterable[Entry]) -> Sequence[Sequence[Entry]]:
    """Put the entries of each group together, as they should follow each other."""
    families: dict[Entry | str, list[Entry]] = {}
    for entry in entries:
        families.setdefault(entry.family, []).append(entry)
    return [sorted(family, key=lambda entry: entry.rank) for family in families.values()]


def _create(entry: Entry, families: Sequence[Sequence[Entry]]) -> PlannedCreate:
    spec = entry.spec
    asked: Mapping[str, object] = {
        "description": spec.description or None,
        "show_uptime": spec.show_uptime,
        "translations": spec.translations or None,
    }
    family = next(family for family in families if entry in family)
    place = family.index(entry)
    return PlannedCreate(
        name=spec.name,
        group=entry.group,
        fields={field: value for field, value in asked.items() if value is not None},
        after=family[place - 1].name if place else None,
    )


def _archive(row: Component, groups: Groups) -> PlannedArchive:
    return PlannedArchive(id=row.id, name=bare(row.name), group=groups.name(row))


def _hints(creates: Iterable[Entry], unlisted: Sequence[Component], match: _Match) -> Sequence[str]:
    """Point at what may be renames or moves: something new beside something that the file does not mention any more."""
    new = [entry for entry in creates if not entry.spec.was]
    homes = Counter(match.groups.parent_id(row) for row in unlisted)
    hints: list[str] = []
    for row in unlisted:
        home = match.groups.parent_id(row)
        beside = [entry for entry in new if match.home(entry) == home]
        alike = [entry for entry in beside if _alike(entry.name, row.name)]
        if len(beside) == homes[home] == 1:
            alike = beside
        if alike:
            hints.append(rename_hint(alike[0].name, bare(row.name)))
        hints += [
            move_hint(entry.name, entry.group, match.groups.name(row), row.id)
            for entry in matching(new, bare(row.name))
            if match.home(entry) != home
        ]
    return hints


def _alike(one: str, other: str) -> bool:
    return SequenceMatcher(None, folded(one), folded(other)).ratio() >= 0.6  # as in difflib


def _longest_rise(numbers: Sequence[int]) -> set[int]:
    """Return the numbers of a longest rising subsequence: what can stay when the rest moves."""
    ends: list[int] = []  # the lowest end of a rise of each length
    before: dict[int, int | None] = {}
    for number in numbers:
        length = bisect_left(ends, number)
        before[number] = ends[length - 1] if length else None
        ends[length : length + 1] = [number]
    found: set[int] = set()
    at = ends[-1] if ends else None
    while at is not None:
        found.add(at)
        at = before[at]
    return found
