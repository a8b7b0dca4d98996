"""What a plan holds: the changes it would make, what the API cannot do, and the errors of carrying it out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import attrs

from ..errors import InstatusError

__all__ = [
    "ImpossibleMove",
    "PartialApplyError",
    "PlanError",
    "PlanImpossibleError",
    "PlanOutdatedError",
    "PlannedArchive",
    "PlannedChange",
    "PlannedCreate",
    "PlannedOrder",
    "PlannedUpdate",
]


def _shown(value: object) -> str:
    """Write a value as people read it; line breaks and control characters stay visible."""
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False, default=str)


def _called(name: str, group: str | None) -> str:
    return _shown(name) + (f" in {_shown(group)}" if group else "")


@attrs.frozen(kw_only=True)
class PlannedCreate:
    """A component that is to be added, OPERATIONAL at first, behind the sibling `after`."""

    name: str
    group: str | None
    fields: Mapping[str, object] = attrs.field(hash=False)
    """What `components.create` is given besides the name, the group and the status."""
    after: str | None = None

    def __str__(self) -> str:
        lines = [f"+ create {_called(self.name, self.group)}" + (f", after {_shown(self.after)}" if self.after else "")]
        lines += [f"    {field}: {_shown(value)}" for field, value in self.fields.items()]
        return "\n".join(lines)


@attrs.frozen(kw_only=True)
class PlannedUpdate:
    """Fields of a component that are to be changed: {field: (old, new)}. The status is never among them."""

    id: str
    name: str
    group: str | None
    fields: Mapping[str, tuple[object, object]] = attrs.field(hash=False)

    def __str__(self) -> str:
        lines = [f"~ change {_called(self.name, self.group)}"]
        lines += [f"    {field}: {_shown(old)} -> {_shown(new)}" for field, (old, new) in self.fields.items()]
        return "\n".join(lines)


@attrs.frozen(kw_only=True)
class PlannedOrder:
    """The components of a group, or the top-level ones, that are to stand in another order."""

    group: str | None
    before: Sequence[str]
    after: Sequence[str]
    moved: Sequence[str]
    """The fewest that have to move."""

    def __str__(self) -> str:
        lines: list[str] = []
        for name in self.moved:
            place = self.after.index(name)
            where = f"after {_shown(self.after[place - 1])}" if place else "to the front"
            lines.append(f"> move {_called(name, self.group)}: {where}")
        return "\n".join(lines)


@attrs.frozen(kw_only=True)
class PlannedArchive:
    """A component that is to leave the page, because the file does not mention it."""

    id: str
    name: str
    group: str | None

    def __str__(self) -> str:
        return f"- archive {_called(self.name, self.group)}"


PlannedChange: TypeAlias = PlannedUpdate | PlannedCreate | PlannedOrder | PlannedArchive
"""One step of a plan."""


@attrs.frozen(kw_only=True)
class ImpossibleMove:
    """A component that is to be in another group: the API's documents have no field for it (quirk 50)."""

    id: str
    name: str
    group: str | None
    wanted: str

    def __str__(self) -> str:
        where = f"from {_shown(self.group)} to" if self.group else "into"
        return (
            f"! move {_shown(self.name)} {where} {_shown(self.wanted)}: cannot be done by the API: a change has no "
            "group; move it in the dashboard, and plan again"
        )


class PlanError(InstatusError):
    """Base of the errors of carrying out a plan."""


class PlanImpossibleError(PlanError):
    """Refuse a plan with moves that the API cannot make, before anything is written. `moves` are those."""

    def __init__(self, message: str, *, moves: Sequence[ImpossibleMove] = ()) -> None:
        super().__init__(message)
        self.moves = moves


class PlanOutdatedError(PlanError):
    """Refuse a plan that the page has left behind, before anything is written. `unexpected` is what it did not show."""

    def __init__(self, message: str, *, unexpected: Sequence[PlannedChange] = ()) -> None:
        super().__init__(message)
        self.unexpected = unexpected


class PartialApplyError(PlanError):
    """Report that a plan stopped on its way; the error behind it is its `__cause__`.

    `applied` has been carried out and `remaining` has not; the first of `remaining` may have been, in part. To apply
    the plan again, or a new one, does the rest. `may_have_applied` is False when no write was carried out, not even in
    part: the page is as it was.
    """

    def __init__(
        self,
        message: str,
        *,
        applied: Sequence[PlannedChange] = (),
        remaining: Sequence[PlannedChange] = (),
        may_have_applied: bool = True,
    ) -> None:
        super().__init__(message)
        self.applied = applied
        self.remaining = remaining
        self.may_have_applied: bool = may_have_applied


def summary(changes: Sequence[PlannedChange]) -> str:
    """Name changes in one line, each by the first line of its text."""
    return "; ".join(str(change).split("\n", 1)[0] for change in changes) or "nothing"


def rename_hint(new: str, old: str) -> str:
    """Say that two lines of a plan look like a rename."""
    return f"? {_shown(new)} is new and {_shown(old)} is not in the file: if that is a rename, say was = {_shown(old)}"


def move_hint(name: str, group: str | None, present: str | None, component_id: str) -> str:
    """Say that a new component has a namesake in another group."""
    other = _called(name, present) if present else f"{_shown(name)} in no group"
    return f"? {_called(name, group)} is new, and {other} another one: if not, say id = {_shown(component_id)}"


def left_alone(name: str, group: str | None) -> str:
    """Say that a component is not the plan's business."""
    return f"  {_called(name, group)}: not in the file, left alone"
