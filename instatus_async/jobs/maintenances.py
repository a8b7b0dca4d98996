"""Maintenances with the jobs around them: planned in one line, begun and ended, and run by a block."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TypedDict, Unpack, cast

from .._model import Translations
from ..errors import InstatusError, InvalidRequestError
from ..resources.components import Components, ComponentStatus, StatusMap
from ..resources.incidents import Incidents
from ..resources.maintenances import (
    Maintenance,
    MaintenanceCreate,
    Maintenances,
    MaintenanceStatus,
    MaintenanceUpdateCreate,
)
from ._lifecycle import FailureText, check_failure, check_fields, check_text, one_or_many, status_of
from .window import COMPLETED_TEXT, MaintenanceWindow, Nouns, after_update, restored, update_fields

__all__ = ["MaintenanceConflictError", "MaintenanceExtras", "MaintenanceJobs"]

_MOST_MINUTES = 366 * 24 * 60
_TICK = timedelta(milliseconds=1)  # the service knows no less
_UNDER = ComponentStatus.UNDER_MAINTENANCE


class MaintenanceExtras(TypedDict, total=False):
    """Fields of a maintenance that seldom matter."""

    statuses: StatusMap
    """`{component_id: status}` while it lasts; UNDERMAINTENANCE by default."""
    translations: Translations
    """`{"name": {"fr": "..."}, "message": {...}}`."""
    is_collapsed: bool
    """Whether the page shows it folded."""
    expand_at: datetime
    """When the page unfolds it; aware."""


class MaintenanceConflictError(InstatusError):
    """Refuse to plan a maintenance while others affect the same components at that time; nothing was sent.

    `maintenances` are the others.
    """

    def __init__(self, message: str, *, maintenances: tuple[Maintenance, ...] = ()) -> None:
        super().__init__(message)
        self.maintenances = maintenances


class MaintenanceJobs(Maintenances):
    """The maintenances of one page; `updates` are their messages."""

    __slots__ = ()

    @property
    def _nouns(self) -> Nouns:
        session, page_id = self._session, self._page_id
        return Nouns(self, Components(session, page_id), Incidents(session, page_id), session.unresolved)

    async def schedule(
        self,
        components: str | Sequence[str],
        *,
        name: str,
        start: datetime,
        minutes: int | None = None,
        end: datetime | None = None,
        message: str | None = None,
        notify: bool = False,
        auto: bool = True,
        remind: int | None = None,
        overlap: bool = False,
        **fields: Unpack[MaintenanceExtras],
    ) -> Maintenance:
        """Plan a maintenance of some components, for so many `minutes` or until `end`.

        With `auto` the service starts and ends it by the clock; otherwise `start` and `complete` do. With `notify=True`
        subscribers receive it now, when it starts and when it ends. `remind=60` tells them an hour before the start,
        whatever `notify` says.

        Raises MaintenanceConflictError when another maintenance that is not over affects one of the components at that
        time, unless `overlap=True`. To know, it reads the list of maintenances, past ones too.
        """
        check_fields(MaintenanceExtras, fields, "maintenances.schedule")
        ids, until = one_or_many(components), _end(start, minutes, end)
        if remind is not None and (isinstance(remind, bool) or not 0 < remind <= _MOST_MINUTES):
            raise InvalidRequestError("remind: expected a number of minutes before the start. Nothing was sent.")
        wanted = _plan(ids, name, start, until, message, fields)
        wanted["notify"] = wanted["notify_start"] = wanted["notify_end"] = notify
        wanted["auto_start"] = wanted["auto_end"] = auto
        if remind is not None:
            wanted["notify_early"], wanted["notify_minutes"] = True, remind
        check_fields(MaintenanceCreate, wanted, "maintenances.schedule")
        if not overlap:
            await self._refuse_overlap(ids, start, until)
        return await self.create(**wanted)

    async def start(
        self,
        maintenance_id: str,
        /,
        message: str | None = None,
        *,
        statuses: StatusMap | None = None,
        notify: bool = False,
    ) -> Maintenance:
        """Start a maintenance: its components go under maintenance, or where `statuses` says.

        One that is in progress is returned as it is, and nothing is posted. With `notify=True` subscribers receive it.

        Raises InvalidRequestError for one that is over.
        """
        asked = update_fields(MaintenanceStatus.IN_PROGRESS, message, statuses or {}, notify=notify)
        check_fields(MaintenanceUpdateCreate, asked, "maintenances.start")
        present = await self.get(maintenance_id)
        if present.status == MaintenanceStatus.IN_PROGRESS:
            return present
        if present.status == MaintenanceStatus.COMPLETED:
            raise InvalidRequestError(
                f"The maintenance {present.id} ({present.name}) is over; schedule another one. Nothing was sent."
            )
        asked["statuses"] = {**dict.fromkeys(status_of(present.components), _UNDER), **(statuses or {})}
        update = await self.updates.create(maintenance_id, **asked)
        return after_update(present, update, asked["statuses"])

    async def complete(
        self,
        maintenance_id: str,
        /,
        message: str | None = None,
        *,
        statuses: StatusMap | None = None,
        notify: bool = False,
    ) -> Maintenance:
        """End a maintenance: components that are under maintenance become OPERATIONAL, or what `statuses` says.

        Those that are something else by now stay so, and so do those that another maintenance in progress affects. One
        that is over is returned as it is, and nothing is posted. With `notify=True` subscribers receive it.
        """
        asked = update_fields(MaintenanceStatus.COMPLETED, message, statuses or {}, notify=notify)
        check_fields(MaintenanceUpdateCreate, asked, "maintenances.complete")
        present = await self.get(maintenance_id)
        if present.status == MaintenanceStatus.COMPLETED:
            return present
        asked["statuses"] = {**await restored(self, present, {}, {}), **(statuses or {})}
        update = await self.updates.create(maintenance_id, **asked)
        return after_update(present, update, asked["statuses"])

    def window(
        self,
        components: str | Sequence[str],
        *,
        name: str,
        minutes: int,
        message: str | None = None,
        notify: bool = False,
        auto: bool = False,
        completed: str = COMPLETED_TEXT,
        failed: FailureText = None,
        overlap: bool = False,
        **fields: Unpack[MaintenanceExtras],
    ) -> MaintenanceWindow:
        """Run a maintenance as long as a block runs: `async with page.maintenances.window(...) as maintenance`.

        It starts now. When the block ends, it is completed with the text `completed`, unless it is over by then, and
        the components are set back to what they were. When the block fails, the exception goes on, its notes name the
        maintenance, and nothing is set back, since nobody knows what works: with a text in `failed`, or what a function
        makes of the exception, the maintenance is completed with it, and otherwise it stays in progress. When it is
        cancelled, nothing more is sent, and a warning in the log names the maintenance.

        `minutes` is what the page shows; only with `auto` does the service end it then by itself. With `notify=True`
        subscribers receive the start and the end, but not an end by itself.

        Raises InvalidRequestError at once, and MaintenanceConflictError before anything is sent when another
        maintenance that is not over affects one of the components in these minutes, unless `overlap=True`. Two windows
        that open at the same moment may not see each other.
        """
        check_fields(MaintenanceExtras, fields, "maintenances.window")
        ids, now = one_or_many(components), datetime.now(UTC)
        wanted = _plan(ids, name, now, _end(now, minutes, None), message, fields)
        wanted["status"] = MaintenanceStatus.IN_PROGRESS
        wanted["notify"] = notify
        wanted["auto_end"] = auto
        check_fields(MaintenanceCreate, wanted, "maintenances.window")
        check_text(completed, "completed")
        check_failure(failed)
        refuse = None if overlap else self._refuse_overlap
        return MaintenanceWindow(self._nouns, ids, wanted, refuse, completed=completed, failed=failed)

    async def _refuse_overlap(self, ids: Sequence[str], start: datetime, end: datetime) -> None:
        """Look for other maintenances of these components between two moments."""
        found = [
            other
            async for other in self.list()
            if other.status != MaintenanceStatus.COMPLETED
            and not status_of(other.components).keys().isdisjoint(ids)
            and _overlaps(other, start, end)
        ]
        if found:
            shown = ", ".join(f"{other.id} ({other.name}, {other.status}, {other.start})" for other in found)
            raise MaintenanceConflictError(
                f"Other maintenances affect these components at that time: {shown}. Nothing was sent. Choose another "
                "time, complete them, or say overlap=True.",
                maintenances=tuple(found),
            )


def _end(start: object, minutes: object, end: object) -> datetime:
    """Choose the end by one of two ways to give it, or raise InvalidRequestError."""
    if not isinstance(start, datetime) or start.utcoffset() is None:
        raise InvalidRequestError("start: expected an aware datetime, like datetime.now(UTC). Nothing was sent.")
    if (minutes is None) == (end is None):
        raise InvalidRequestError("give either minutes= or end=, and not both. Nothing was sent.")
    if minutes is not None:
        if not isinstance(minutes, int) or isinstance(minutes, bool) or not 0 < minutes <= _MOST_MINUTES:
            raise InvalidRequestError("minutes: expected a whole number of minutes, a year at most. Nothing was sent.")
        return start + timedelta(minutes=minutes)
    if not isinstance(end, datetime) or end.utcoffset() is None or end <= start:
        raise InvalidRequestError("end: expected an aware datetime after the start. Nothing was sent.")
    return end


def _plan(
    ids: list[str], name: str, start: datetime, end: datetime, message: str | None, fields: MaintenanceExtras
) -> MaintenanceCreate:
    """Put together what all maintenances have in common, with every flag that tells somebody off."""
    wanted: MaintenanceCreate = {
        "name": name,
        "components": ids,
        "statuses": {**dict.fromkeys(ids, _UNDER), **fields.get("statuses", {})},
        "start": start,
        "end": end,
        "duration": -(-int((end - start).total_seconds()) // 60),
        "status": MaintenanceStatus.NOT_STARTED_YET,
        "auto_start": False,
        "auto_end": False,
        "notify": False,
        "notify_start": False,
        "notify_end": False,
        "notify_early": False,
    }
    if message is not None:
        wanted["message"] = message
    return cast("MaintenanceCreate", {**fields, **wanted})  # no checker sees that the one has only keys of the other


def _overlaps(other: Maintenance, start: datetime, end: datetime) -> bool:
    """Tell whether another one is in the way; answers of lists have no `end` (quirk 60), and what runs may run late."""
    if other.start is None:
        return True
    other_end = other.end or other.start + timedelta(minutes=other.duration or 0)
    runs = other.status == MaintenanceStatus.IN_PROGRESS and start <= datetime.now(UTC)
    return other.start + _TICK <= end and (runs or start + _TICK <= other_end)
