"""A page's components as code: what a file says against what is there, shown first and then carried out."""

from __future__ import annotations

import random
from asyncio import sleep
from collections.abc import Awaitable, Iterable, Sequence
from typing import Any

import attrs

from .._wording import sentences
from ..errors import (
    AmbiguousNameError,
    DeadlineExceededError,
    DecodeError,
    DuplicateDetectedError,
    InstatusError,
    InvalidRequestError,
    OutcomeUnknownError,
)
from ..resources.components import Component, Components, ComponentStatus
from .changes import (
    ImpossibleMove,
    PartialApplyError,
    PlanError,
    PlanImpossibleError,
    PlannedArchive,
    PlannedChange,
    PlannedCreate,
    PlannedOrder,
    PlannedUpdate,
    PlanOutdatedError,
    left_alone,
    summary,
)
from .comparing import Comparison, compare
from .finding import bare
from .specs import Entry, SpecLike, read_entries

__all__ = ["ComponentPlan", "make_plan"]

# Seconds to leave to somebody else who is creating the same components, as long as they get on.
_PAUSE = (0.5, 1.5)
_ROUNDS = 3  # of ordering, in case the service renumbers what it is told


class ComponentPlan:
    """What it takes to make a page's components what a file says. `str(plan)` shows it; `bool(plan)`: there is some.

    `changes` are what `apply` does, in its order; `impossible` what the API cannot do; `left_alone` the components that
    the file does not mention.
    """

    def __init__(self, components: Components, page_id: str, wanted: _Wanted, comparison: Comparison) -> None:
        self.changes: Sequence[PlannedChange] = comparison.changes
        self.impossible: Sequence[ImpossibleMove] = tuple(comparison.impossible)
        self.left_alone: Sequence[Component] = tuple(comparison.left_alone)
        self._components = components
        self._page_id = page_id
        self._wanted = wanted
        self._planned = comparison
        self._made: set[Entry] = set()  # by an earlier `apply` of this plan

    @property
    def is_empty(self) -> bool:
        """Whether the page is as the file says."""
        return not self.changes and not self.impossible

    def __bool__(self) -> bool:
        return not self.is_empty

    def __repr__(self) -> str:
        return f"<ComponentPlan of {self._page_id}: {len(self.changes)} changes, {len(self.impossible)} impossible>"

    def __str__(self) -> str:
        groups = self._planned.groups
        lines = [] if self else ["No changes: the page is as the file says."]
        lines += [str(change) for change in (*self.changes, *self.impossible)]
        lines += self._planned.hints
        lines += [left_alone(bare(row.name), groups.name(row)) for row in self.left_alone]
        return "\n".join(lines)

    async def apply(self, *, skip_impossible: bool = False) -> Sequence[PlannedChange]:
        """Carry the plan out, and return what was done. Subscribers receive nothing, and no status is changed.

        Existing components are changed first, then new ones created, parents before children, then all of them put in
        order, and at last those archived that are to be. The page is read again before, and before each create: what
        others have done in the meantime is not done again, so two that apply one plan get one set of components. Only
        two that create within the same moment both do, and at least one of them gets a PartialApplyError with an
        AmbiguousNameError that names the twins.

        Raises PlanImpossibleError for a plan with moves that the API cannot make, unless `skip_impossible=True`, and
        PlanOutdatedError when the page now needs a change that the plan did not show; nothing is written then. Raises
        PartialApplyError with `applied` and `remaining` when it stops on its way; apply it again to finish.
        """
        try:
            now = await self._wanted.compare(details=True)
        except (AmbiguousNameError, InvalidRequestError) as exc:
            raise PlanOutdatedError(f"The page no longer fits the plan: {exc} Plan again.") from exc
        self._check(now)
        if now.impossible and not skip_impossible:
            raise PlanImpossibleError(
                f"{'; '.join(str(move) for move in now.impossible)}. apply(skip_impossible=True) does the rest. "
                "Nothing was written.",
                moves=tuple(now.impossible),
            )
        return await _Applying(self._components, self._wanted, now, self._made).run(set(self._planned.creates))

    def _check(self, now: Comparison) -> None:
        """Refuse changes that the plan did not show; those that are no longer needed do not matter."""
        planned = self._planned
        shown = {entry: update.fields for entry, update in planned.updates.items()}
        archived = {archive.id for archive in planned.archives}
        ordered = {siblings.family for siblings in planned.disordered} | {entry.family for entry in planned.creates}
        unexpected: list[PlannedChange] = [
            update for entry, update in now.updates.items() if not update.fields.items() <= shown.get(entry, {}).items()
        ]
        unexpected += [create for entry, create in now.creates.items() if entry not in planned.creates]
        unexpected += [siblings.change() for siblings in now.disordered if siblings.family not in ordered]
        unexpected += [archive for archive in now.archives if archive.id not in archived]
        moves = [move for move in now.impossible if move not in planned.impossible]
        if unexpected or moves:
            news = "; ".join([*([summary(unexpected)] if unexpected else []), *(str(move) for move in moves)])
            raise PlanOutdatedError(
                f"The page has changed since the plan was made, and now it would also take: {news}. Plan again. "
                "Nothing was written.",
                unexpected=tuple(unexpected),
            )


async def make_plan(components: Components, page_id: str, specs: Iterable[SpecLike], *, archive: bool) -> ComponentPlan:
    """Read the page, and compare it with the specs."""
    wanted = _Wanted(components, read_entries(specs), archive=archive)
    return ComponentPlan(components, page_id, wanted, await wanted.compare(details=True))


class _Wanted:
    """What the file wants, to be compared with the page as often as need be."""

    def __init__(self, components: Components, entries: Sequence[Entry], *, archive: bool) -> None:
        self._components = components
        self._entries = entries
        self._archive = archive

    async def compare(self, *, details: bool = False) -> Comparison:
        """Read the page and compare. With `details`, whole components are read where the list says too little."""
        rows = await self._components.list().collect()
        now = compare(self._entries, rows, {}, archive=self._archive)
        short = [row for entry, row in now.found.items() if _says_too_little(row, entry)] if details else []
        if not short:
            return now
        whole = {row.id: await self._components.get(row.id) for row in short}
        return compare(self._entries, rows, whole, archive=self._archive)


def _says_too_little(row: Component, entry: Entry) -> bool:
    """Tell whether the list left out what the file mentions (quirks 48, 55)."""
    spec = entry.spec
    return (bool(spec.translations) and row.translations is None) or (
        spec.show_uptime is not None and row.show_uptime is None
    )


@attrs.define
class _Applying:
    """One run of a plan."""

    components: Components
    wanted: _Wanted
    now: Comparison
    made: set[Entry]
    applied: list[PlannedChange] = attrs.field(factory=list[PlannedChange])
    remaining: list[PlannedChange] = attrs.field(factory=list[PlannedChange])
    written: bool = False  # whether the page may be another one now

    async def run(self, planned: set[Entry]) -> Sequence[PlannedChange]:
        self.remaining = list(self.now.changes)
        archives = self.now.archives
        try:
            for entry, update in self.now.updates.items():
                await self._update(entry, update)
            await self._create_all(planned)
            await self._put_in_order()
            for archive in archives:
                await self._write(self.components.update(archive.id, archived=True))
                self._done(archive)
        except InstatusError as exc:
            raise PartialApplyError(
                sentences(
                    f"The plan stopped on its way: {exc}",
                    f"Done: {summary(self.applied)}",
                    f"Not done: {summary(self.remaining)}",
                    "Apply it again to finish",
                ),
                applied=tuple(self.applied),
                remaining=tuple(self.remaining),
                may_have_applied=self.written,
            ) from exc
        return tuple(self.applied)

    async def _write(self, call: Awaitable[Component]) -> Component:
        try:
            answer = await call
        except InstatusError as exc:
            self.written |= exc.may_have_applied
            raise
        self.written = True
        return answer

    def _done(self, change: PlannedChange) -> None:
        self.applied.append(change)
        self.remaining = [other for other in self.remaining if other != change]

    async def _update(self, entry: Entry, update: PlannedUpdate) -> None:
        fields: dict[str, Any] = {name: new for name, (_, new) in update.fields.items() if name != "group"}
        if "group" in update.fields:
            fields["grouped"] = False
        answer = await self._write(self.components.update(update.id, **fields))
        if "group" in update.fields and (answer.group_id or answer.group):
            raise PlanError(
                f'The service took the change of "{entry.name}" and left it in its group: move it in the dashboard.'
            )
        self._done(update)

    async def _create_all(self, planned: set[Entry]) -> None:
        """Create what is missing, one by one, each after another look."""
        seen, tried, stuck = planned, set[Entry](), self.now.impossible
        if self.applied:
            self.now = await self.wanted.compare()
        while missing := set(self._missing()):
            others, seen = seen - missing - self.made, missing
            if others:  # somebody else is at it, and would create what we create
                await sleep(random.uniform(*_PAUSE))  # noqa: S311 - no secret
                self.now = await self.wanted.compare()
                continue
            entry, create = next(iter(self.now.creates.items()))
            if entry in tried:
                raise PlanError(
                    f'The service created "{entry.name}" and does not list it. Look at the page before you apply '
                    "again, or it may be there twice."
                )
            tried.add(entry)
            await self._create(entry, create)
            self.made.add(entry)
            self._done(create)
            self.now = await self.wanted.compare()
        self._missing()
        if moves := [move for move in self.now.impossible if move not in stuck]:
            raise PlanError(f"The page has changed in the meantime: {'; '.join(map(str, moves))}.")

    def _missing(self) -> Iterable[Entry]:
        """Return what still has to be created, and forget what somebody else has created in the meantime."""
        left = list(self.now.creates.values())
        self.remaining = [
            change for change in self.remaining if not isinstance(change, PlannedCreate) or change in left
        ]
        return self.now.creates

    async def _create(self, entry: Entry, create: PlannedCreate) -> None:
        fields: dict[str, Any] = dict(create.fields)
        if (parent_id := self.now.parent_id(entry)) is not None:
            fields |= {"group": parent_id, "grouped": True}
        try:
            await self._write(self.components.create(name=create.name, status=ComponentStatus.OPERATIONAL, **fields))
        except (OutcomeUnknownError, DuplicateDetectedError, DeadlineExceededError, DecodeError):
            # The SDK looked for it by its name alone; here its group is known too.
            if entry not in (await self.wanted.compare()).found:
                raise

    async def _put_in_order(self) -> None:
        """Give new numbers to those that stand in another order, and look whether the service agrees (quirk 52)."""
        for number in range(_ROUNDS + 1):
            self._note_orders()
            if not self.now.disordered:
                return
            if number == _ROUNDS:
                break
            for siblings in self.now.disordered:
                numbers = siblings.later_numbers() if number else siblings.numbers()
                for row, wanted in zip(siblings.wanted, numbers, strict=True):
                    if row.order != wanted:
                        await self._write(self.components.update(row.id, order=wanted))
            before, self.now = self.now.disordered, await self.wanted.compare()
            still = {siblings.family for siblings in self.now.disordered}
            self.applied += [siblings.change() for siblings in before if siblings.family not in still]
        raise PlanError("The service keeps the components in an order of its own. Order them in the dashboard.")

    def _note_orders(self) -> None:
        rest = [change for change in self.remaining if not isinstance(change, PlannedOrder)]
        place = next((n for n, change in enumerate(rest) if isinstance(change, PlannedArchive)), len(rest))
        self.remaining = [*rest[:place], *(siblings.change() for siblings in self.now.disordered), *rest[place:]]
