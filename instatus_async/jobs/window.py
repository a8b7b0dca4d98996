"""A maintenance that lasts as long as a block of your program.

When it is completed, those of its components that it still holds, because they have the status that it gave them, are
set back to what they were before; what was worse than operational then because of an incident that is over by now
becomes OPERATIONAL. A component that another maintenance in progress affects is left to that one, and one that has
got another status meanwhile keeps it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Generator, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import attrs

from .._fingerprint import Fingerprint
from .._pending import Pending
from ..errors import ClientStateError
from ..resources.components import Components, ComponentStatus, StatusMap
from ..resources.incidents import Incidents
from ..resources.maintenances import (
    AnyMaintenanceStatus,
    Maintenance,
    MaintenanceCreate,
    Maintenances,
    MaintenanceStatus,
    MaintenanceUpdate,
    MaintenanceUpdateCreate,
)
from ._lifecycle import (
    FailureText,
    LastPost,
    check_fields,
    check_text,
    explained,
    failure_text,
    log,
    naming,
    read_statuses,
    status_of,
)

__all__ = ["MaintenanceWindow"]

COMPLETED_TEXT = "The maintenance is complete."

_FINE, _UNDER = ComponentStatus.OPERATIONAL, ComponentStatus.UNDER_MAINTENANCE

Refuse = Callable[[Sequence[str], datetime, datetime], Awaitable[None]]


@attrs.frozen
class Nouns:
    """What a maintenance has to do with: resources of its page, and what the client knows of calls cut off."""

    maintenances: Maintenances
    components: Components
    incidents: Incidents
    unresolved: Collection[Fingerprint]


class MaintenanceWindow(Pending):
    """A maintenance of yours that is in progress, from `page.maintenances.window`."""

    __slots__ = (
        "_before",
        "_completed",
        "_explained",
        "_failed",
        "_failure",
        "_ids",
        "_last",
        "_lasts",
        "_lock",
        "_maintenance",
        "_nouns",
        "_over",
        "_refuse",
        "_said",
        "_wanted",
    )

    def __init__(
        self,
        nouns: Nouns,
        ids: Sequence[str],
        wanted: MaintenanceCreate,
        refuse: Refuse | None,
        *,
        completed: str,
        failed: FailureText,
    ) -> None:
        self._nouns = nouns
        self._ids = ids
        self._wanted: MaintenanceCreate = wanted
        self._refuse = refuse
        self._completed = completed
        self._failed: FailureText = failed
        self._failure: Exception | None = None
        self._maintenance: Maintenance | None = None
        self._before: dict[str, ComponentStatus] = {}
        self._explained: set[str] = set()  # components that an open incident had made what they were before
        self._said = {key: ComponentStatus(status) for key, status in wanted.get("statuses", {}).items()}
        self._last = LastPost(nouns.unresolved)
        # What one task has read must hold until it has posted: two that end it at once would both tell people.
        self._lock = asyncio.Lock()
        self._lasts = wanted["end"] - wanted["start"]
        self._over = False
        self._pending = "page.maintenances.window(...)"

    @property
    def id(self) -> str:
        """The maintenance's id.

        Raises ClientStateError before the window is open.
        """
        return self.maintenance.id

    @property
    def maintenance(self) -> Maintenance:
        """The maintenance as it was last seen.

        Raises ClientStateError before the window is open.
        """
        if self._maintenance is None:
            raise ClientStateError("the window is not open yet: use `async with`, or await it. Nothing was sent.")
        return self._maintenance

    @property
    def failure(self) -> Exception | None:
        """What kept the text of `failed` from being posted, with a fingerprint if it may have been posted after all."""
        return self._failure

    def __repr__(self) -> str:
        return f"<MaintenanceWindow {self._maintenance.id if self._maintenance else 'not open yet'}>"

    async def update(
        self, message: str, *, statuses: StatusMap | None = None, notify: bool | None = None
    ) -> MaintenanceUpdate:
        """Tell people more; the components stay as they are unless named, which takes one read before.

        `notify` is what `window` was told unless given.
        """
        check_text(message, "message")
        self._check("window.update", message, statuses, notify=notify)
        async with self._lock:
            present = await self._look()
            return await self._post(present, present.status, message, statuses or {}, notify=notify)

    async def complete(
        self, message: str | None = None, *, statuses: StatusMap | None = None, notify: bool | None = None
    ) -> Maintenance:
        """Complete it, set the components back, and return the maintenance.

        What `statuses` names is set so instead. If it is over already, by the clock or by whomever, nothing is posted.

        Raises OutcomeUnknownError when nobody knows whether it was posted; this handle does not post it again.
        """
        text = self._completed if message is None else check_text(message, "message")
        self._check("window.complete", text, statuses, notify=notify)
        async with self._lock:
            return await self._end(text, statuses or {}, notify=notify)

    # Beginning and end

    async def open(self) -> Self:
        """Look for maintenances in the way, read what the components are, and create this one."""
        if not self._pending:
            raise ClientStateError("this window has been opened before; call window() for another. Nothing was sent.")
        self._pending = ""
        nouns, now = self._nouns, datetime.now(UTC)
        wanted: MaintenanceCreate = {**self._wanted, "start": now, "end": now + self._lasts}
        if self._refuse is not None:
            await self._refuse(self._ids, wanted["start"], wanted["end"])
        self._before = await read_statuses(nouns.components, {*self._ids, *self._said})
        self._explained = await explained(nouns.incidents, self._before)
        self._maintenance = await nouns.maintenances.create(**wanted)
        if self._maintenance.status == MaintenanceStatus.NOT_STARTED_YET:  # it takes an update to start it (claim 109)
            async with naming(f"The maintenance {self.id} was created, and was being started.", self.id):
                await self._post(self._maintenance, MaintenanceStatus.IN_PROGRESS, None, self._said, notify=False)
        return self

    def __await__(self) -> Generator[Any, Any, Self]:
        return self.open().__await__()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if exc is None:
            async with naming(f"The maintenance {self.id} was being completed.", self.id), self._lock:
                if not self._over:
                    await self._end(self._completed, {}, notify=None)
        elif not isinstance(exc, Exception):
            log.warning("cancelled: the maintenance %s is left in progress, and nothing more is posted", self.id)
        else:
            await self._fail(exc)

    async def _fail(self, error: Exception) -> None:
        """Complete it with what the caller chose to say about an exception, which must not be hidden by that."""
        what = f"The maintenance {self.id} is left in progress."
        try:
            async with naming(what, self.id), self._lock:
                if self._over:
                    return
                text = failure_text(self._failed, error)
                if text is not None:
                    check_text(text, "failed")
                    present = await self._look()
                    if present.status != MaintenanceStatus.COMPLETED:
                        await self._finish(present, text, {}, notify=None)
                    what = f"The maintenance {self.id} is completed; its components are not set back."
        except Exception as failure:  # noqa: BLE001 - whatever it is, the caller's own exception comes first
            what = f"{what} What was to be posted about this failed: {type(failure).__name__}: {failure}"
            log.warning("%s", what)
            self._failure = failure
        error.add_note(what)

    # Inside

    def _trouble(self) -> dict[str, ComponentStatus]:
        return {key: status for key, status in self._before.items() if key in self._explained}

    def _check(self, operation: str, message: str, statuses: StatusMap | None, *, notify: bool | None) -> None:
        asked = update_fields(
            MaintenanceStatus.IN_PROGRESS,
            message,
            statuses or {},
            notify=self._wanted["notify"] if notify is None else notify,
        )
        check_fields(MaintenanceUpdateCreate, asked, operation)

    async def _look(self) -> Maintenance:
        self._maintenance = await self._nouns.maintenances.get(self.id)
        return self._maintenance

    async def _end(self, message: str, statuses: StatusMap, *, notify: bool | None) -> Maintenance:
        """Complete it unless it is over; the caller has the lock."""
        present = await self._look()
        if present.status == MaintenanceStatus.COMPLETED:
            self._over = True
            return present
        over = self._explained - await explained(self._nouns.incidents, self._trouble())
        before = {**self._before, **dict.fromkeys(over, _FINE)}
        back = await restored(self._nouns.maintenances, present, before, self._said)
        return await self._finish(present, message, {**back, **statuses}, notify=notify)

    async def _finish(
        self, present: Maintenance, message: str, statuses: StatusMap, *, notify: bool | None
    ) -> Maintenance:
        """Post the end, but not when an earlier one may be on its way."""
        with self._last.posting(present.id):
            await self._post(present, MaintenanceStatus.COMPLETED, message, statuses, notify=notify)
        self._over = True
        return self.maintenance

    async def _post(
        self,
        present: Maintenance,
        status: AnyMaintenanceStatus,
        message: str | None,
        statuses: StatusMap,
        *,
        notify: bool | None,
    ) -> MaintenanceUpdate:
        """Post an update that names every component, those too whose status stays (quirk 78)."""
        known: dict[str, Any] = {**status_of(present.components), **statuses}
        asked = update_fields(status, message, known, notify=self._wanted["notify"] if notify is None else notify)
        asked["components"] = [*dict.fromkeys([*known, *self._ids])]
        update = await self._nouns.maintenances.updates.create(present.id, **asked)
        self._said |= {key: ComponentStatus(value) for key, value in statuses.items()}
        self._maintenance = after_update(present, update, known)
        return update


def update_fields(
    status: AnyMaintenanceStatus, message: str | None, statuses: StatusMap, *, notify: bool
) -> MaintenanceUpdateCreate:
    """Put together an update."""
    fields: MaintenanceUpdateCreate = {"status": status, "statuses": statuses, "notify": notify}
    if message is not None:
        fields["message"] = message
    return fields


def after_update(maintenance: Maintenance, update: MaintenanceUpdate, statuses: Mapping[str, str]) -> Maintenance:
    """Bring what is known of a maintenance in line with an update that was posted to it."""
    components = [
        attrs.evolve(component, status=ComponentStatus(statuses.get(component.id, component.status)))
        for component in maintenance.components
    ]
    updates = (*maintenance.updates, update)
    return attrs.evolve(maintenance, status=update.status, updates=updates, components=tuple(components))


async def restored(
    maintenances: Maintenances,
    present: Maintenance,
    before: Mapping[str, ComponentStatus],
    said: Mapping[str, ComponentStatus],
) -> dict[str, ComponentStatus]:
    """Decide what the components are set back to when a maintenance ends."""
    now = status_of(present.components)
    held = {key for key, status in now.items() if status == said.get(key, _UNDER)}
    if held:
        async for other in maintenances.list():
            if other.status == MaintenanceStatus.IN_PROGRESS and other.id != present.id:
                held -= status_of(other.components).keys()
    back = {key: before.get(key, _FINE) for key in held}
    return now | {key: _FINE if status == _UNDER else status for key, status in back.items()}
