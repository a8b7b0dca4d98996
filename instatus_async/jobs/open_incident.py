"""An incident that lasts as long as a block of your program.

What its components are set back to when it ends: to what they were before it was opened, and never healthier than
another incident that is still open makes them. In full, for each component whose status this incident named:

- No other open incident affects it: what it was before; but if that was worse than operational while another incident
  was open on it, and that one is over now, it was that one's doing: OPERATIONAL.
- Others affect it that are older than this one: what it was before, which they had made it. If it has another status
  now than this incident last gave it, somebody has said something since, and it stays as it is.
- Others affect it that are younger, or of the same millisecond, or nobody said what it was before an incident that is
  resumed: the worse of what it was before (or operational) and the worst that they ever named (`impact`), but never
  worse than it is now. Where the service does not tell their impact it stays as it is.
- It was under maintenance before, and no maintenance in progress affects it any more: OPERATIONAL.
"""

import asyncio
from collections.abc import Collection, Generator, Mapping
from types import MappingProxyType, TracebackType
from typing import Any, Required, Self

import attrs

from .._fingerprint import Fingerprint
from .._pending import Pending
from ..errors import ClientStateError
from ..resources.components import Components, ComponentStatus, StatusMap
from ..resources.incidents import (
    AnyIncidentStatus,
    Incident,
    IncidentCreate,
    IncidentNotice,
    Incidents,
    IncidentStatus,
    IncidentUpdate,
    IncidentUpdateCreate,
)
from ..resources.maintenances import Maintenances, MaintenanceStatus
from ._lifecycle import (
    FailureText,
    LastPost,
    affects,
    after_update,
    birth,
    check_fields,
    check_text,
    explained,
    failure_text,
    log,
    naming,
    read_statuses,
    status_of,
    worst_said,
)

__all__ = ["IncidentOpening", "OpenIncident"]

RESOLVED_TEXT = "This incident has been resolved."

_FINE = ComponentStatus.OPERATIONAL


class IncidentOpening(IncidentNotice, total=False):
    """Fields of an incident that is opened for a while; `notify` holds for its updates too."""

    name: Required[str]
    status: AnyIncidentStatus
    """INVESTIGATING by default."""
    message: str
    """The first update."""
    statuses: StatusMap
    """`{component_id: status}`; the components named here are added to `components` (quirk 78)."""
    should_publish: bool
    """Whether it appears on the page; True by default."""


@attrs.frozen
class Nouns:
    """What an incident has to do with: resources of its page, and what the client knows of calls cut off."""

    incidents: Incidents
    components: Components
    maintenances: Maintenances
    unresolved: Collection[Fingerprint]


class OpenIncident(Pending):
    """An incident of yours, from `page.incidents.open` or `page.incidents.resume`.

        async with page.incidents.open(name="Checkout fails", statuses={api: "MAJOROUTAGE"}, notify=True) as incident:
            await incident.update("It is the database.", status="IDENTIFIED")

    Or `incident = await page.incidents.open(...)`, and `await incident.resolve("...")` whenever it is over.
    """

    __slots__ = (
        "_assumed",
        "_before",
        "_explained",
        "_failed",
        "_failure",
        "_fields",
        "_incident",
        "_last",
        "_lock",
        "_notify",
        "_nouns",
        "_over",
        "_resolved",
        "_said",
    )

    def __init__(self, nouns: Nouns, fields: IncidentOpening, *, resolved: str, failed: FailureText) -> None:
        self._nouns = nouns
        self._fields: IncidentOpening | None = fields
        self._notify = fields.get("notify", False)
        self._resolved = resolved
        self._failed: FailureText = failed
        self._incident: Incident | None = None
        self._before: dict[str, ComponentStatus] = {}
        self._assumed: set[str] = set()  # components of which nobody said what they were before
        self._explained: set[str] = set()  # components that another open incident had made what they were before
        self._said: dict[str, ComponentStatus] = {}  # what this incident last named of each component
        self._last = LastPost(nouns.unresolved)
        # What one task has read must hold until it has posted: two that end it at once would both tell people.
        self._lock = asyncio.Lock()
        self._failure: Exception | None = None
        self._over = False
        self._pending = "page.incidents.open(...)"

    @classmethod
    def resumed(
        cls, nouns: Nouns, incident: Incident, before: Mapping[str, ComponentStatus], *, notify: bool
    ) -> "OpenIncident":
        """Take up an incident that is there already."""
        handle = cls(nouns, {"name": incident.name, "notify": notify}, resolved=RESOLVED_TEXT, failed=None)
        handle._fields, handle._pending = None, ""
        handle._incident = incident
        # All of its trouble is taken for this incident's doing; a maintenance is somebody else's.
        now = status_of(incident.components)
        handle._said = {key: status for key, status in now.items() if status != ComponentStatus.UNDER_MAINTENANCE}
        handle._before = {**dict.fromkeys(handle._said, _FINE), **before}
        handle._assumed = {*handle._said} - before.keys()
        return handle

    @property
    def id(self) -> str:
        """The incident's id.

        Raises ClientStateError before the incident is opened.
        """
        return self.incident.id

    @property
    def incident(self) -> Incident:
        """The incident as it was last seen.

        Raises ClientStateError before the incident is opened.
        """
        if self._incident is None:
            raise ClientStateError("the incident is not open yet: use `async with`, or await it. Nothing was sent.")
        return self._incident

    @property
    def before(self) -> Mapping[str, ComponentStatus]:
        """What the components were before; keep it with the id, and `resume` sets them back after a restart too."""
        return MappingProxyType(self._before)

    @property
    def failure(self) -> Exception | None:
        """What kept the text of `failed` from being posted, with a fingerprint if it may have been posted after all."""
        return self._failure

    def __repr__(self) -> str:
        return f"<OpenIncident {self._incident.id if self._incident else 'not open yet'}>"

    async def update(
        self,
        message: str,
        *,
        status: AnyIncidentStatus | None = None,
        statuses: StatusMap | None = None,
        notify: bool | None = None,
    ) -> IncidentUpdate:
        """Tell people more.

        `status` and the components stay as they are unless named, which takes one read before (claim 107). `notify` is
        what `open` was told unless given.

        Raises OutcomeUnknownError with its fingerprint when nobody knows whether it was posted.
        """
        asked = self._update(message, status or IncidentStatus.INVESTIGATING, statuses or {}, notify=notify)
        check_fields(IncidentUpdateCreate, asked, "incident.update")
        async with self._lock:
            return await self._say(message, status, statuses or {}, notify=notify)

    async def resolve(
        self, message: str | None = None, *, statuses: StatusMap | None = None, notify: bool | None = None
    ) -> Incident:
        """Resolve it, set the components back, and return the incident.

        `message` is the one that `open` was given unless there is one here. What `statuses` names is set so instead. If
        it is resolved already, by whomever, nothing is posted and nobody is told again.

        Raises OutcomeUnknownError when nobody knows whether it was posted; this handle does not post it again.
        """
        text = check_text(message, "message") if message is not None else self._resolved
        asked = self._update(text, IncidentStatus.RESOLVED, statuses or {}, notify=notify)
        check_fields(IncidentUpdateCreate, asked, "incident.resolve")
        async with self._lock:
            return await self._end(text, statuses or {}, notify=notify)

    # Beginning and end

    async def open(self) -> Self:
        """Read what the components are, and create the incident."""
        fields, self._fields, self._pending = self._fields, None, ""
        if fields is None:
            raise ClientStateError("this incident has been opened before; call open() for another. Nothing was sent.")
        statuses = fields.get("statuses", {})
        await self._remember({*statuses, *fields.get("components", ())})
        wanted: IncidentCreate = {"status": IncidentStatus.INVESTIGATING, **fields}
        self._incident = await self._nouns.incidents.create(**wanted)
        self._said = {key: ComponentStatus(status) for key, status in statuses.items()}
        return self

    def __await__(self) -> Generator[Any, Any, Self]:
        return self.open().__await__()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if exc is None:
            async with naming(f"The incident {self.id} was being resolved.", self.id), self._lock:
                if not self._over:
                    await self._end(self._resolved, {}, notify=None)
        elif not isinstance(exc, Exception):
            log.warning("cancelled: the incident %s is left open, and nothing more is posted", self.id)
        else:
            await self._fail(exc)

    async def _fail(self, error: Exception) -> None:
        """Post what the caller chose about an exception; what goes wrong with that must not hide it."""
        what = f"The incident {self.id} is left open."
        try:
            async with naming(what, self.id), self._lock:
                if self._over:
                    return
                text = failure_text(self._failed, error)
                if text is not None:
                    asked = self._update(text, IncidentStatus.INVESTIGATING, {}, notify=None)
                    check_fields(IncidentUpdateCreate, asked, "incident.update")
                    await self._say(text, None, {}, notify=None)
        except Exception as failure:  # noqa: BLE001 - whatever it is, the caller's own exception comes first
            what = f"{what} What was to be posted about this failed: {type(failure).__name__}: {failure}"
            log.warning("%s", what)
            self._failure = failure
        error.add_note(what)

    # Inside

    async def _look(self) -> Incident:
        self._incident = await self._nouns.incidents.get(self.id)
        return self._incident

    async def _say(
        self, message: str, status: AnyIncidentStatus | None, statuses: StatusMap, *, notify: bool | None
    ) -> IncidentUpdate:
        """Post an update; the caller has the lock."""
        present = await self._look()
        await self._remember(statuses.keys())
        return await self._post(present, message, status or present.status, statuses, notify=notify)

    async def _end(self, message: str, statuses: StatusMap, *, notify: bool | None) -> Incident:
        """Resolve it unless it is resolved; the caller has the lock."""
        present = await self._look()
        if present.status != IncidentStatus.RESOLVED:
            named: StatusMap = {**await self._restored(present), **statuses}
            await self._remember(named.keys())
            with self._last.posting(present.id):
                await self._post(present, message, IncidentStatus.RESOLVED, named, notify=notify)
        self._over = True
        return self.incident

    async def _remember(self, wanted: Collection[str]) -> None:
        """Read what components are, before anything here changes them."""
        read = await read_statuses(self._nouns.components, {*wanted} - self._before.keys())
        mine = None if self._incident is None else self._incident.id
        self._explained |= await explained(self._nouns.incidents, read, mine)
        self._before |= read

    def _update(
        self, message: str, status: AnyIncidentStatus, statuses: StatusMap, *, notify: bool | None
    ) -> IncidentUpdateCreate:
        return {
            "message": message,
            "status": status,
            "statuses": statuses,
            "notify": self._notify if notify is None else notify,
        }

    async def _post(
        self, present: Incident, message: str, status: AnyIncidentStatus, statuses: StatusMap, *, notify: bool | None
    ) -> IncidentUpdate:
        """Post an update that names every component, those too whose status stays (quirk 78, claim 107)."""
        known: dict[str, Any] = {**status_of(present.components), **statuses}
        asked = self._update(message, status, known, notify=notify)
        asked["components"] = [*dict.fromkeys([*known, *self._before])]
        update = await self._nouns.incidents.updates.create(present.id, **asked)
        self._said |= {key: ComponentStatus(value) for key, value in statuses.items()}
        self._incident = after_update(present, update, known)
        return update

    async def _restored(self, present: Incident) -> dict[str, ComponentStatus]:
        """Decide what the components are set back to; the beginning of this file says why."""
        nouns, now = self._nouns, status_of(present.components)
        pager = nouns.incidents.list(exclude_status=IncidentStatus.RESOLVED)
        others = [other async for other in pager if other.id != self.id]
        restored: dict[str, ComponentStatus] = {}
        for key, said in self._said.items():
            is_now = now.get(key, said)
            before = await self._still(key, self._before.get(key, _FINE))
            here = [other for other in others if affects(other, key)]
            younger = [other for other in here if key in self._assumed or birth(other)[0] >= birth(present)[0]]
            if not here:
                restored[key] = _FINE if key in self._explained else before
            elif not younger:
                restored[key] = before if is_now == said else is_now
            else:
                worst = [before, *[await self._worst(other, is_now) for other in younger]]
                restored[key] = min(ComponentStatus.worst(worst), is_now)
        return restored

    async def _worst(self, other: Incident, otherwise: ComponentStatus) -> ComponentStatus:
        """Ask what the worst is that another incident ever named; lists need not show it."""
        return worst_said(other) or worst_said(await self._nouns.incidents.get(other.id)) or otherwise

    async def _still(self, key: str, before: ComponentStatus) -> ComponentStatus:
        """Take back "under maintenance" when no maintenance of the component is in progress any more."""
        if before != ComponentStatus.UNDER_MAINTENANCE:
            return before
        async for maintenance in self._nouns.maintenances.list():
            if maintenance.status == MaintenanceStatus.IN_PROGRESS and key in status_of(maintenance.components):
                return before
        return _FINE
