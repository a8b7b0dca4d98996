"""What one look at a page saw, through the API or as everybody sees it, in one shape.

The API's lists shift, repeat rows and may come out of some cache (quirks 26 to 28). So what a list says that
contradicts what was told already is asked for by its id before it is believed.
"""

from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

import attrs

from .._model import JSONObject, Model
from ..errors import NotFoundError, ServerError
from ..page import Page
from ..pagination import Pager
from ..public import PublicIncident, PublicMaintenance, PublicPage, PublicStatusPage
from ..resources.components import Component
from ..resources.incidents import Incident
from ..resources.maintenances import Maintenance
from ..severity import page_status
from .changes import Known, WatchState, known_in

__all__ = [
    "FINAL",
    "ApiSource",
    "PublicSource",
    "Row",
    "Said",
    "Sight",
    "Source",
    "missing",
    "recall",
    "untold",
]

M = TypeVar("M", Incident, Maintenance, Component)

FINAL: Mapping[str, str] = {"incidents": "RESOLVED", "maintenances": "COMPLETED"}
_PER_PAGE = 100


@attrs.frozen(kw_only=True)
class Said:
    """One update."""

    id: str
    status: str
    at: datetime | None
    started: datetime | None = None
    record: Model


@attrs.frozen(kw_only=True)
class Row:
    """One incident, maintenance or component."""

    id: str
    name: str
    status: str
    record: Model
    opened: datetime | None = None
    updated: datetime | None = None
    said: tuple[Said, ...] = ()
    shown: JSONObject | None = None
    """A public notice in the wire's shape."""


@attrs.frozen(kw_only=True)
class Sight:
    """All of them, and what is known to be gone. `whole`: what is not among them is over."""

    incidents: Mapping[str, Row]
    maintenances: Mapping[str, Row]
    components: Mapping[str, Row]
    page: PublicPage | None = None
    deleted: Collection[str] = ()
    whole: bool = False


class Source(Protocol):
    """Where a watch looks."""

    name: str
    """Names the page in states."""

    async def look(self, state: WatchState) -> Sight:
        """Look once."""
        ...


def recall(state: WatchState, table: str, row: Row) -> Known | None:
    """Return what was told of a notice; one that is older than what was forgotten had been over.

    Not so in public data: what was opened long ago may be new there, with a start in the past.
    """
    known = known_in(state, table).get(row.id)
    floor = state.floors.get(table)
    if known is None and floor is not None and row.opened is not None and row.opened <= floor and row.shown is None:
        latest = state.latest or floor
        told = tuple(said.id for said in row.said if said.at is None or said.at <= latest)
        known = Known(name=row.name, status=FINAL[table], opened=row.opened, updates=told)
    return known


def untold(known: Known | None, row: Row) -> Sequence[Said]:
    """List the updates that are news, the oldest first."""
    told = frozenset(known.updates) if known is not None else frozenset[str]()
    news = {said.id: said for said in row.said if said.id not in told}
    return sorted(news.values(), key=lambda said: (_seconds(said.at), _seconds(said.started)))


def _seconds(at: datetime | None) -> float:
    return at.timestamp() if at is not None else 0.0


def missing(known: Known, row: Row) -> Sequence[str]:
    """List the updates that were told and are not there; a row without any does not show them (quirk 58)."""
    there = {*known.gone, *(said.id for said in row.said)}
    return [told for told in known.updates if told not in there] if row.said else ()


def _contradicts(state: WatchState, table: str, row: Row) -> bool:
    """Tell whether a row says what its updates do not explain, or lacks some: it is old, or it was changed."""
    known = recall(state, table, row)
    news = untold(known, row)
    explained = news[-1].status if news else known.status if known is not None else row.status
    return row.status != explained or (known is not None and bool(missing(known, row)))


# --- The API ---------------------------------------------------------------------------------------------------------


class ApiSource:
    """See a page through the API: all that was said, also of what is over."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.name: str = f"page {page.id}"

    async def look(self, state: WatchState) -> Sight:
        """Read the newest incidents, the open ones, the maintenances and the components."""
        page, deleted = self._page, set[str]()
        first = state.seen is None
        incidents, maintenances = page.incidents, page.maintenances

        seen = await self._notices(incidents.list(concurrency=1), _incident, state, "incidents", rest=False)
        if not first:
            unresolved = incidents.list(exclude_status="RESOLVED", concurrency=1)
            for row in (await self._notices(unresolved, _incident, state, "incidents", rest=True)).values():
                if row.id not in seen or len(seen[row.id].said) <= len(row.said):  # the later one of the two
                    seen[row.id] = row
            await self._confirm(seen, incidents.get, _incident, state, "incidents", deleted)

        planned = await self._notices(maintenances.list(concurrency=1), _maintenance, state, "maintenances", rest=True)
        if not first:
            await self._confirm(planned, maintenances.get, _maintenance, state, "maintenances", deleted)
        parts = await self._components(state, deleted)
        # The lists begin with the newest; of what happened in one millisecond the older is told first.
        return Sight(
            incidents=dict(reversed(seen.items())),
            maintenances=dict(reversed(planned.items())),
            components=parts,
            page=PublicPage(
                status=page_status(row.record for row in parts.values() if isinstance(row.record, Component))
            ),
            deleted=deleted,
        )

    async def _notices(
        self, pager: Pager[M], row_of: Callable[[M], Row], state: WatchState, table: str, *, rest: bool
    ) -> dict[str, Row]:
        """Read a list down to known ground; the first time all of it.

        Known ground is a page without a notice that is new. With the `rest` it is also below every open one.
        """
        told = known_in(state, table)
        unseen = {key for key, known in told.items() if known.status != FINAL[table]} if rest else set[str]()
        rows: dict[str, Row] = {}
        async for page in pager.pages():
            found = [row_of(record) for record in page]
            rows.update((row.id, row) for row in found)
            unseen.difference_update(rows)
            fresh = any(recall(state, table, row) is None for row in found)
            if state.seen is not None and not fresh and not unseen:
                break
        return rows

    async def _confirm(
        self,
        rows: dict[str, Row],
        get: Callable[[str], Coroutine[Any, Any, M]],
        row_of: Callable[[M], Row],
        state: WatchState,
        table: str,
        deleted: set[str],
    ) -> None:
        """Ask by its id for what contradicts, and for what was open and is not listed."""
        asked = [row.id for row in rows.values() if _contradicts(state, table, row)]
        told = known_in(state, table)
        asked += [key for key, known in told.items() if known.status != FINAL[table] and key not in rows]
        for key in asked:
            try:
                rows[key] = row_of(await get(key))
            except NotFoundError:
                rows.pop(key, None)
                deleted.add(key)

    async def _components(self, state: WatchState, deleted: set[str]) -> dict[str, Row]:
        """Read the components; a new one and another status are asked for by the id, which also tells since when."""
        rows: dict[str, Row] = {}
        async for page in self._page.components.list(concurrency=1).pages():
            rows.update((record.id, _component(record)) for record in page if record.archived_at is None)
            if state.seen is not None and len(page) < _PER_PAGE and rows.keys() >= state.components.keys():
                break
        if state.seen is None:
            return rows
        told = state.components
        asked = [key for key, row in rows.items() if key not in told or told[key].status != row.status]
        for key in (*asked, *(key for key in told if key not in rows)):
            record = await self._component(key)
            if record is not None and record.archived_at is None:
                rows[key] = _component(record)
            else:
                rows.pop(key, None)
                deleted.add(key)
        return rows

    async def _component(self, key: str) -> Component | None:
        """Ask for one component; 500 is how the service says that it has no such one (quirk 17)."""
        try:
            return await self._page.components.get(key)
        except NotFoundError:
            return None
        except ServerError as exc:
            if exc.status == 500 and "component" in exc.body:
                return None
            raise


def _incident(record: Incident) -> Row:
    said = tuple(
        Said(
            id=update.id,
            status=str(update.status),
            at=update.created_at or update.started,
            started=update.started,
            record=update,
        )
        for update in record.updates
    )
    times = [update.at for update in said if update.at is not None]
    return Row(
        id=record.id,
        name=record.name,
        status=str(record.status),
        record=record,
        opened=record.created_at or min(times, default=record.started),
        updated=record.updated_at,
        said=said,
    )


def _maintenance(record: Maintenance) -> Row:
    # The first update of a maintenance starts when the maintenance does, however long before it was written.
    said = tuple(
        Said(
            id=update.id,
            status=str(update.status),
            at=update.created_at or (update.started if update.started != record.start else None),
            started=update.started,
            record=update,
        )
        for update in record.updates
    )
    return Row(
        id=record.id,
        name=record.name,
        status=str(record.status),
        record=record,
        opened=min((update.at for update in said if update.at is not None), default=None),
        said=said,
    )


def _component(record: Component) -> Row:
    return Row(
        id=record.id,
        name=record.name,
        status=str(record.status),
        record=record,
        opened=record.created_at,
        updated=record.updated_at,
    )


# --- Public data -----------------------------------------------------------------------------------------------------


class PublicSource:
    """See a page as everybody does: what is open now."""

    def __init__(self, public: PublicStatusPage) -> None:
        self._public = public
        self.name: str = f"public {public.url}"

    async def look(self, state: WatchState) -> Sight:
        """Read the summary and the components."""
        del state
        summary = await self._public.summary()
        components = await self._public.components()
        return Sight(
            incidents={row.id: row for row in map(_public_incident, summary.active_incidents)},
            maintenances={row.id: row for row in map(_public_maintenance, summary.active_maintenances)},
            components={
                part.id: Row(id=part.id, name=part.name, status=str(part.status), record=part) for part in components
            },
            page=summary.page,
            whole=True,
        )


def _public_incident(record: PublicIncident) -> Row:
    shown = _shown(record, started=record.started, impact=record.impact)
    return Row(
        id=str(shown["id"]),
        name=record.name,
        status=str(record.status),
        record=record,
        opened=record.started,
        updated=record.updated_at,
        shown=shown,
    )


def _public_maintenance(record: PublicMaintenance) -> Row:
    shown = _shown(record, start=record.start, duration=record.duration)
    return Row(
        id=str(shown["id"]),
        name=record.name,
        status=str(record.status),
        record=record,
        updated=record.updated_at,
        shown=shown,
    )


def _shown(record: PublicIncident | PublicMaintenance, **more: object) -> JSONObject:
    """Write a public notice as the page does; older pages give no id but in its address (quirk 83)."""
    key = record.id or (record.url or "").rstrip("/").rpartition("/")[2] or record.name
    wire = {"id": key, "name": record.name, "status": str(record.status), "url": record.url}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in {**wire, "updatedAt": record.updated_at, **more}.items()
        if value is not None
    }
