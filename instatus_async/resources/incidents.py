"""Incidents and their updates: what you tell your users while something is broken."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, Required, TypeAlias, TypedDict, Unpack

import attrs

from .._model import JSONObject, Model, OpenEnum, SeverityEnum, Text, Translations
from ..pagination import CONCURRENCY, Pager
from ..session import SessionManager
from ._base import NOTIFY, Body, FoundBy, PageResource, joined, put_effect
from .components import Component, StatusMap

__all__ = [
    "AnyIncidentStatus",
    "Incident",
    "IncidentChange",
    "IncidentCreate",
    "IncidentImpact",
    "IncidentNotice",
    "IncidentStatus",
    "IncidentUpdate",
    "IncidentUpdateChange",
    "IncidentUpdateCreate",
    "IncidentUpdates",
    "Incidents",
]


class IncidentStatus(OpenEnum):
    """How far an incident is."""

    INVESTIGATING = "INVESTIGATING"
    IDENTIFIED = "IDENTIFIED"
    MONITORING = "MONITORING"
    RESOLVED = "RESOLVED"


AnyIncidentStatus: TypeAlias = IncidentStatus | Literal["INVESTIGATING", "IDENTIFIED", "MONITORING", "RESOLVED"]


class IncidentImpact(SeverityEnum):
    """How bad an incident is, from harmless to worst: members compare in this order."""

    NONE = "NONE"  # this one, maintenance and minor outage are not in the API's documents, but seen (quirk 43)
    OPERATIONAL = "OPERATIONAL"
    UNDER_MAINTENANCE = "UNDERMAINTENANCE"
    DEGRADED_PERFORMANCE = "DEGRADEDPERFORMANCE"
    MINOR_OUTAGE = "MINOROUTAGE"
    PARTIAL_OUTAGE = "PARTIALOUTAGE"
    MAJOR_OUTAGE = "MAJOROUTAGE"


@attrs.frozen(kw_only=True)
class IncidentUpdate(Model):
    """One message of an incident's story."""

    id: str
    status: IncidentStatus
    message: Text | None = None
    message_html: Text | None = None
    notify: bool | None = None
    started: datetime | None = None
    ended: datetime | None = None
    """Null even on the update that resolves (quirk 37)."""
    duration: float | None = None
    """Seconds until the next update, as recorded; the API's documents say minutes (quirk 36)."""
    incident_id: str | None = None
    incident: "Incident | None" = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    message_translation_id: str | None = None
    message_html_translation_id: str | None = None
    imported_from_statuspage: bool | None = None
    translations: JSONObject | None = attrs.field(default=None, hash=False)


@attrs.frozen(kw_only=True)
class Incident(Model):
    """An incident. Right after creation `updates` may be empty although a message was sent (quirk 58)."""

    id: str
    name: Text
    status: IncidentStatus
    started: datetime | None = None
    resolved: datetime | None = None
    duration: float | None = None
    """As the service gives it; the unit is not certain (quirk 36)."""
    impact: IncidentImpact | None = None
    notify: bool | None = None
    automated: bool | None = None
    updates: tuple[IncidentUpdate, ...] = ()
    components: tuple[Component, ...] = ()
    """The affected components; their `status` is a component's (quirk 44)."""
    site_id: str | None = None
    app_id: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    name_translation_id: str | None = None
    imported_from_statuspage: bool | None = None
    translations: JSONObject | None = attrs.field(default=None, hash=False)


class IncidentNotice(TypedDict, total=False):
    """Fields that incidents and their updates share; what is left out is not sent."""

    components: Sequence[str]
    """Ids of the affected components. Leaving it out of an update is said to mean "none" (claim 107)."""
    started: datetime
    """Aware; now by default."""
    notify: bool
    """Whether subscribers of the page and of the affected components receive it."""
    translations: Translations
    """`{"name": {"fr": "..."}, "message": {...}}`."""


class IncidentCreate(IncidentNotice, total=False):
    """Fields of a new incident."""

    name: Required[str]
    status: Required[AnyIncidentStatus]
    message: str
    """The first update."""
    statuses: StatusMap
    """`{component_id: status}`; the components named here are added to `components` (quirk 78)."""
    should_publish: bool
    """Whether it appears on the page; True by default."""


class IncidentChange(IncidentNotice, total=False):
    """Fields of a change of an incident."""

    name: str
    message: str
    """Accepted, though the API's documents leave it out; `updates.create` is the sure way to say something."""
    status: AnyIncidentStatus
    statuses: StatusMap
    """`{component_id: status}`; the components named here are added to `components` (quirk 78)."""


class IncidentUpdateCreate(IncidentNotice, total=False):
    """Fields of a new incident update."""

    status: Required[AnyIncidentStatus]
    statuses: Required[StatusMap]
    """`{component_id: status}`; the components named here are added to `components` (quirk 78)."""
    message: str


class IncidentUpdateChange(IncidentNotice, total=False):
    """Fields of a change of an incident update."""

    status: AnyIncidentStatus
    statuses: StatusMap
    """`{component_id: status}`; the components named here are added to `components` (quirk 78)."""
    message: str


# How the records are recognised of calls whose answers were lost.
_CREATED = FoundBy("/v1/{page_id}/incidents", ("name", "started"), stamp=True, certain=True)
_CHANGED = FoundBy("/v1/{page_id}/incidents/{incident_id}", ("name", "status", "started"), paged=False)
_UPDATE_CREATED = FoundBy(
    "/v1/{page_id}/incidents/{incident_id}",
    ("message", "status", "started"),
    inside="updates",
    paged=False,
    stamp=True,
    certain=True,
)
_UPDATE_CHANGED = FoundBy(
    "/v1/{page_id}/incidents/{incident_id}/incident-updates/{incident_update_id}",
    ("message", "status", "started"),
    paged=False,
)


class Incidents(PageResource):
    """The incidents of one page; `updates` are their messages.

    `page.incidents` is an `IncidentJobs`, which adds `open`, `resume`, `ensure`, `resolve_open` and `unresolved`.
    """

    __slots__ = ("updates",)

    def __init__(self, session: SessionManager, page_id: str) -> None:
        super().__init__(session, page_id)
        self.updates: IncidentUpdates = IncidentUpdates(session, page_id)

    def list(
        self,
        *,
        status: AnyIncidentStatus | Iterable[AnyIncidentStatus] | None = None,
        exclude_status: AnyIncidentStatus | Iterable[AnyIncidentStatus] | None = None,
        per_page: int = 100,
        concurrency: int = CONCURRENCY,
    ) -> Pager[Incident]:
        """List the incidents, filtered by one or more statuses to have or not to have (quirk 32).

        `exclude_status="RESOLVED"` gives the open ones.
        """
        query = {
            "status": joined(IncidentStatus, status, "status"),
            "!status": joined(IncidentStatus, exclude_status, "exclude_status"),
        }
        return self._list(Incident, "/v1/{page_id}/incidents", query=query, per_page=per_page, concurrency=concurrency)

    async def get(self, incident_id: str, /) -> Incident:
        """Return one incident with its updates."""
        return await self._get(Incident, "/v1/{page_id}/incidents/{incident_id}", incident_id)

    async def create(self, **fields: Unpack[IncidentCreate]) -> Incident:
        """Open an incident.

        With `notify=True` the subscribers of the page and of the affected components receive it at once: e-mail, SMS,
        chat, webhooks. Never sent twice: a lost answer is looked for by the name and `started`, which is now, in a
        millisecond of its own, unless given; and OutcomeUnknownError says that it was not found.
        """
        return await self._post(
            Incident, "/v1/{page_id}/incidents", effect=NOTIFY, body=Body(IncidentCreate, fields, found_by=_CREATED)
        )

    async def update(self, incident_id: str, /, **fields: Unpack[IncidentChange]) -> Incident:
        """Change an incident itself; to tell people more, use `updates.create`.

        The service is said to want the whole object, `started` included (claim 108). With `notify=True` subscribers
        receive the change.
        """
        return await self._put(
            Incident,
            "/v1/{page_id}/incidents/{incident_id}",
            incident_id,
            effect=put_effect(fields),
            body=Body(IncidentChange, fields, found_by=_CHANGED),
        )

    async def delete(self, incident_id: str, /) -> None:
        """Delete an incident and its updates; subscribers receive nothing."""
        await self._delete("/v1/{page_id}/incidents/{incident_id}", incident_id)

    async def create_from_template(self, template: str, /) -> Incident:
        """Open an incident from a template, named by its id or name; the template decides who is notified.

        The answer is a flat row without updates and components (quirk 63).
        """
        return await self._post(Incident, "/v1/{page_id}/incidents/{template}", template, effect=NOTIFY)


class IncidentUpdates(PageResource):
    """The updates of the incidents of one page."""

    __slots__ = ()

    async def get(self, incident_id: str, update_id: str, /) -> IncidentUpdate:
        """Return one update, with its incident in short."""
        return await self._get(
            IncidentUpdate,
            "/v1/{page_id}/incidents/{incident_id}/incident-updates/{incident_update_id}",
            incident_id,
            update_id,
        )

    async def create(self, incident_id: str, /, **fields: Unpack[IncidentUpdateCreate]) -> IncidentUpdate:
        """Tell people more: post a message, and move the incident and its components to new statuses.

        `status="RESOLVED"` ends the incident; the components stay as `statuses` says, so set them back there. With
        `notify=True` subscribers receive it. Never sent twice: a lost answer is looked for, and
        OutcomeUnknownError says that it was not found.
        """
        return await self._post(
            IncidentUpdate,
            "/v1/{page_id}/incidents/{incident_id}/incident-updates",
            incident_id,
            effect=NOTIFY,
            body=Body(IncidentUpdateCreate, fields, found_by=_UPDATE_CREATED),
        )

    async def update(
        self, incident_id: str, update_id: str, /, **fields: Unpack[IncidentUpdateChange]
    ) -> IncidentUpdate:
        """Change an update. With `notify=True` subscribers receive the change."""
        return await self._put(
            IncidentUpdate,
            "/v1/{page_id}/incidents/{incident_id}/incident-updates/{incident_update_id}",
            incident_id,
            update_id,
            effect=put_effect(fields),
            body=Body(IncidentUpdateChange, fields, found_by=_UPDATE_CHANGED),
        )

    async def delete(self, incident_id: str, update_id: str, /) -> None:
        """Delete an update; subscribers receive nothing."""
        await self._delete(
            "/v1/{page_id}/incidents/{incident_id}/incident-updates/{incident_update_id}", incident_id, update_id
        )

    async def create_from_template(self, incident_id: str, template: str, /) -> IncidentUpdate:
        """Post an update from a template, named by its id or name; the template decides who is notified."""
        return await self._post(
            IncidentUpdate,
            "/v2/{page_id}/incidents/{incident_id}/incident-updates/{template}",
            incident_id,
            template,
            effect=NOTIFY,
        )
