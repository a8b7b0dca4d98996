"""From what was told and what is seen to what is news: pure functions.

Each notice and component makes steps of its own: a change, and what is known of that record after it. The steps of all
are put into the order of the service's time, and each change then carries the state up to itself. So whoever resumes
from any of them gets the steps behind it again, and no other.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, cast

import attrs

from .._model import Model, OpenEnum
from .._wire import read
from ..public import PublicIncident, PublicMaintenance, PublicPageStatus
from ..resources.components import ComponentStatus
from ..resources.incidents import IncidentStatus
from ..resources.maintenances import MaintenanceStatus
from .changes import (
    Change,
    ComponentAdded,
    ComponentRemoved,
    ComponentStatusChanged,
    Gap,
    IncidentDeleted,
    IncidentOpened,
    IncidentResolved,
    IncidentUpdated,
    Known,
    MaintenanceCompleted,
    MaintenanceDeleted,
    MaintenanceScheduled,
    MaintenanceStarted,
    MaintenanceUpdated,
    PageStatusChanged,
    WatchState,
    known_in,
)
from .sight import FINAL, Row, Said, Sight, missing, recall, untold

__all__ = ["begin", "news"]

_REMEMBERED = 200  # notices that are over, of each table; the newest page of a list has 100


@attrs.frozen(kw_only=True)
class _Noun:
    """What tells incidents from maintenances."""

    table: str
    word: str
    statuses: type[OpenEnum]
    public: type[Model]
    opened: Callable[..., Change]
    updated: Callable[..., Change]
    deleted: Callable[..., Change]
    steps: Mapping[str, Callable[..., Change]]
    """The changes that reaching a status is."""


_NOUNS = (
    _Noun(
        table="incidents",
        word="incident",
        statuses=IncidentStatus,
        public=PublicIncident,
        opened=IncidentOpened,
        updated=IncidentUpdated,
        deleted=IncidentDeleted,
        steps={"RESOLVED": IncidentResolved},
    ),
    _Noun(
        table="maintenances",
        word="maintenance",
        statuses=MaintenanceStatus,
        public=PublicMaintenance,
        opened=MaintenanceScheduled,
        updated=MaintenanceUpdated,
        deleted=MaintenanceDeleted,
        steps={"INPROGRESS": MaintenanceStarted, "COMPLETED": MaintenanceCompleted},
    ),
)


@attrs.frozen(kw_only=True)
class _Step:
    """One change, still without its state, and what is known of its record then; None forgets it."""

    make: Callable[..., Change]
    at: datetime
    key: str
    fields: Mapping[str, Any]
    table: str = ""
    id: str = ""
    known: Known | None = None
    said: datetime | None = None


def begin(state: WatchState, sight: Sight, now: datetime, *, initial: bool) -> WatchState:
    """Take what the first look saw for told; with `initial` all but the notices that are open."""
    tables = {
        noun.table: {
            row.id: Known(
                name=row.name,
                status=row.status,
                opened=row.opened,
                updated=row.updated,
                updates=tuple(said.id for said in row.said),
                shown=row.shown,
            )
            for row in _rows(sight, noun.table).values()
            if row.status == FINAL[noun.table] or not initial
        }
        for noun in _NOUNS
    }
    told = [
        said.at
        for noun in _NOUNS
        for row in _rows(sight, noun.table).values()
        for said in row.said
        if said.at is not None and row.id in tables[noun.table]
    ]
    begun = attrs.evolve(
        state,
        seen=now,
        status=None if sight.page is None else str(sight.page.status),
        incidents=tables["incidents"],
        maintenances=tables["maintenances"],
        components={row.id: _part(row) for row in sight.components.values()},
        latest=max(told, default=None),
    )
    return _settled(begun, sight)


def news(state: WatchState, sight: Sight, now: datetime, longest: timedelta) -> tuple[list[Change], WatchState]:
    """List the changes in order, each with its state, and the state after this look.

    `longest` is the time between two looks at public data from which on it is told as a gap.
    """
    steps: list[tuple[datetime, _Step]] = []
    for record in _records(state, sight, now):
        latest = datetime.min.replace(tzinfo=now.tzinfo)
        for step in record:
            latest = max(latest, step.at)  # a record's own order comes first, whatever its times say
            steps.append((latest, step))
    steps.sort(key=lambda pair: pair[0])
    ordered = [step for _, step in steps]
    if sight.whole and state.seen is not None and now - state.seen > longest:
        ordered.insert(0, _Step(make=Gap, at=now, key=f"gap/{state.seen.isoformat()}", fields={"since": state.seen}))
    state = attrs.evolve(state, seen=now)
    changes: list[Change] = []
    for step in ordered:
        state = _after(state, step)
        changes.append(step.make(at=step.at, key=step.key, state=state, **step.fields))
    state = _settled(state, sight)
    if changes:
        changes[-1] = attrs.evolve(changes[-1], state=state)
    return changes, state


def _rows(sight: Sight, table: str) -> Mapping[str, Row]:
    return cast("Mapping[str, Row]", getattr(sight, table))


def _after(state: WatchState, step: _Step) -> WatchState:
    if step.make is PageStatusChanged:
        return attrs.evolve(state, status=str(step.fields["status"]), turns=state.turns + 1)
    if not step.table:
        return state
    table = dict(known_in(state, step.table))
    if step.known is None:
        del table[step.id]
    else:
        table[step.id] = step.known
    latest = max((at for at in (state.latest, step.said) if at is not None), default=None)
    changed: dict[str, Any] = {step.table: table, "latest": latest}
    return attrs.evolve(state, **changed)


def _records(state: WatchState, sight: Sight, now: datetime) -> Iterator[Iterator[_Step]]:
    for noun in _NOUNS:
        rows, told = _rows(sight, noun.table), known_in(state, noun.table)
        for row in rows.values():
            yield _notice(noun, recall(state, noun.table, row), row, now)
        for key, known in told.items():
            if key not in rows and known.status != FINAL[noun.table] and (sight.whole or key in sight.deleted):
                yield iter((_over(noun, key, known, now, whole=sight.whole),))
    yield _components(state, sight, now)
    if sight.page is not None and str(sight.page.status) != state.status:
        yield iter((_page(state, sight, now),))


def _notice(noun: _Noun, known: Known | None, row: Row, now: datetime) -> Iterator[_Step]:
    """Tell one notice's news: that it is there, its updates, and a status that none of them explains."""

    def step(
        make: Callable[..., Change], at: datetime | None, key: str, known: Known, old: str, said: Said | None
    ) -> _Step:
        fields = {
            "id": row.id,
            "name": row.name,
            "status": noun.statuses(known.status or (said.status if said else row.status)),
            "old_status": noun.statuses(old) if old else None,
            noun.word: row.record,
            "update": said.record if said else None,
        }
        where = f"{noun.word}/{row.id}"
        return _Step(
            make=make,
            at=at or now,
            key=f"{where}/{key}",
            fields=fields,
            table=noun.table,
            id=row.id,
            known=known,
            said=said.at if said else None,
        )

    queue = list(untold(known, row))
    if known is None:
        first = queue[0] if queue else None
        known = Known(name=row.name, opened=row.opened, updated=row.updated, shown=row.shown)
        status = first.status if first else row.status
        if status not in noun.steps:  # else it is there and has come that far at once: two changes
            known = attrs.evolve(known, status=status, updates=(first.id,) if first else ())
            queue = queue[1:]
        yield step(noun.opened, (first.at if first else None) or row.opened, "new", known, "", first)
    for said in queue:
        old = known.status
        known = attrs.evolve(known, status=said.status, updates=(*known.updates, said.id))
        make = noun.steps.get(said.status, noun.updated) if said.status != old else noun.updated
        yield step(make, said.at, said.id, known, old, said)
    newer = row.updated is not None and (known.updated is None or row.updated > known.updated)
    older = row.updated is not None and known.updated is not None and row.updated < known.updated
    if (row.status != known.status and not older) or (row.shown is not None and newer):
        old, turns = known.status, known.turns + 1
        known = attrs.evolve(known, status=row.status, updated=row.updated, turns=turns, shown=row.shown)
        token = row.updated.isoformat() if newer and row.updated is not None else f"{turns}"
        make = noun.steps.get(row.status, noun.updated) if row.status != old else noun.updated
        yield step(make, row.updated if newer else None, f"{row.status}/{token}", known, old, None)


def _over(noun: _Noun, key: str, known: Known, now: datetime, *, whole: bool) -> _Step:
    """Tell that an open notice is there no more: deleted, or over where the page shows only what is open."""
    final = FINAL[noun.table]
    fields: dict[str, Any] = {"id": key, "name": known.name}
    record = read(noun.public, known.shown or {}) if whole else None
    start = record.start if isinstance(record, PublicMaintenance) else None
    make, token = noun.deleted, "deleted"
    if record is not None and (known.status != "NOTSTARTEDYET" or (start is not None and start <= now)):
        make = noun.steps[final]
        token = f"{final}/{known.updated.isoformat() if known.updated else known.turns + 1}"
        fields |= {noun.word: record, "status": noun.statuses(final), "update": None}
        fields["old_status"] = noun.statuses(known.status) if known.status else None
    after = attrs.evolve(known, status=final, turns=known.turns + 1)
    return _Step(
        make=make, at=now, key=f"{noun.word}/{key}/{token}", fields=fields, table=noun.table, id=key, known=after
    )


def _part(row: Row, turns: int = 0) -> Known:
    return Known(name=row.name, status=row.status, updated=row.updated, turns=turns)


def _components(state: WatchState, sight: Sight, now: datetime) -> Iterator[_Step]:
    told = state.components
    found: list[_Step] = []
    for row in sight.components.values():
        known = told.get(row.id)
        if known is not None and known.status == row.status:
            continue
        turns = 0 if known is None else known.turns + 1
        fields = {"id": row.id, "name": row.name, "status": ComponentStatus(row.status), "component": row.record}
        at, token = row.updated, row.updated.isoformat() if row.updated else f"{turns}"
        make: Callable[..., Change] = ComponentStatusChanged
        if known is None:
            make, at, token = ComponentAdded, row.opened, "new"
        else:
            fields["old_status"] = ComponentStatus(known.status)
        key = f"component/{row.id}/{token if known is None else f'{row.status}/{token}'}"
        found.append(
            _Step(
                make=make,
                at=at or now,
                key=key,
                fields=fields,
                table="components",
                id=row.id,
                known=_part(row, turns),
            )
        )
    for key, known in told.items():
        if key not in sight.components and (sight.whole or key in sight.deleted):
            fields = {"id": key, "name": known.name}
            found.append(
                _Step(
                    make=ComponentRemoved,
                    at=now,
                    key=f"component/{key}/removed/{known.turns}",
                    fields=fields,
                    table="components",
                    id=key,
                )
            )
    return iter(sorted(found, key=lambda step: step.at))


def _page(state: WatchState, sight: Sight, now: datetime) -> _Step:
    page = sight.page
    assert page is not None  # noqa: S101 - asked by the caller
    fields = {
        "status": page.status,
        "old_status": None if state.status is None else PublicPageStatus(state.status),
        "page": page,
    }
    return _Step(make=PageStatusChanged, at=now, key=f"page/{page.status}/{state.turns + 1}", fields=fields)


# --- What is kept ----------------------------------------------------------------------------------------------------


def _settled(state: WatchState, sight: Sight) -> WatchState:
    """Take over what is no news, and forget the oldest of what is over.

    What is forgotten was opened before everything that is kept. Its time becomes the floor: a notice that is not known
    and was opened by then is one of those, however it gets back into a list, and not a new one.
    """
    floors = dict(state.floors)
    tables: dict[str, Any] = {}
    for noun in _NOUNS:
        rows, table = _rows(sight, noun.table), dict(known_in(state, noun.table))
        for key, row in rows.items():
            if key in table:
                table[key] = _renewed(table[key], row)
        over = [key for key, known in table.items() if known.status == FINAL[noun.table]]
        over.sort(key=lambda key: opened.timestamp() if (opened := table[key].opened) is not None else 0.0)
        for key in over[: max(0, len(over) - _REMEMBERED)]:
            opened = table.pop(key).opened
            if opened is not None:
                floors[noun.table] = max(opened, floors.get(noun.table, opened))
        tables[noun.table] = table
    return attrs.evolve(state, floors=floors, **tables)


def _renewed(known: Known, row: Row) -> Known:
    older = row.updated is not None and known.updated is not None and row.updated < known.updated
    gone = missing(known, row)
    if older or (not gone and (known.name, known.updated, known.shown) == (row.name, row.updated, row.shown)):
        return known
    return attrs.evolve(
        known, name=row.name, updated=row.updated or known.updated, shown=row.shown, gone=(*known.gone, *gone)
    )
