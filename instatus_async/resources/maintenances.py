"""Maintenances and their updates: what you tell your users about planned work."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Required, TypeAlias, TypedDict, Unpack

import attrs

from .._model import JSONObject, Model, OpenEnum, Text, Translations
from ..errors import InvalidRequestError
from ..pagination import CONCURRENCY, Pager
from ..session import SessionManager
from ._base import NOTIFY, Body, FoundBy, PageResource, put_effect
from .components import Component, StatusMap

__all__ = [
    "AnyMaintenanceStatus",
    "Maintenance",
    "MaintenanceChange",
    "MaintenanceCreate",
    "MaintenanceNotice",
    "MaintenancePlan",
    "MaintenanceStatus",
    "MaintenanceUpdate",
    "MaintenanceUpdateChange",
    "MaintenanceUpdateCreate",
    "MaintenanceUpdateFields",
    "MaintenanceUpdates",
    "Maintenances",
]


class MaintenanceStatus(OpenEnum):
    """How far a maintenance is."""

    NOT_STARTED_YET = "NOTSTARTEDYET"
    IN_PROGRESS = "INPROGRESS"
    COMPLETED = "COMPLETED"


AnyMaintenanceStatus: TypeAlias = MaintenanceStatus | Literal["NOTSTARTEDYET", "INPROGRESS", "COMPLETED"]


@attrs.frozen(kw_only=True)
class MaintenanceUpdate(Model):
    """One message of a maintenance's story."""

    id: str
    status: MaintenanceStatus
    message: Text | None = None
    message_html: Text | None = None
    notify: bool | None = None
    started: datetime | None = None
    ended: datetime | None = None
    duration: float | None = None
    """As the service gives it; the unit is not certain (quirk 36)."""
    created_at: datetime | None = None
    maintenance: "Maintenance | None" = None
    """Its maintenance in short, where an update is read or written alone."""
    translations: JSONObject | None = attrs.field(default=None, hash=False)


@attrs.frozen(kw_only=True)
class Maintenance(Model):
    """A maintenance. Answers of writes lack the `notify_*` and `auto_*` flags (quirk 60)."""

    id: str
    name: Text
    status: MaintenanceStatus
    start: datetime | None = None
    end: datetime | None = None
    """Only in the answer of `create` (quirk 60)."""
    duration: float | None = None
    """Minutes (quirk 36)."""
    notify_start: bool | None = None
    notify_end: bool | None = None
    notify_early: bool | None = None
    notify_minutes: int | None = None
    """Minutes before the start."""
    auto_start: bool | None = None
    auto_end: bool | None = None
    updates: tuple[MaintenanceUpdate, ...] = ()
    components: tuple[Component, ...] = ()
    """The affected components."""
    translations: JSONObject | None = attrs.field(default=None, hash=False)


class MaintenanceNotice(TypedDict, total=False):
    """Fields that maintenances and their updates share; what is left out is not sent."""

    components: Sequence[str]
    """Ids of the affected components."""
    translations: Translations
    """`{"name": {"fr": "..."}, "message": {...}}`; updates have no name."""


class MaintenancePlan(MaintenanceNotice, total=False):
    """Fields that a new maintenance and a change share."""

    start: Required[datetime]
    """Aware."""
    end: Required[datetime]
    """Aware."""
    status: Required[AnyMaintenanceStatus]
    auto_start: Required[bool]
    """Whether it starts by itself at `start`."""
    auto_end: Required[bool]
    """Whether it ends by itself at `end`."""
    notify: Required[bool]
    """Whether subscribers of the page and of the affected components receive it now."""


class MaintenanceCreate(MaintenancePlan, total=False):
    """Fields of a new maintenance: `components` or `statuses` must say what it affects."""

    name: Required[str]
    message: str
    """The first update."""
    statuses: StatusMap
    """`{component_id: status}`; the components named here are added to `components` (quirk 78)."""
    duration: int
    """Minutes from `start`, together with `auto_end` (quirk 36)."""
    notify_start: Required[bool]
    """Whether subscribers receive it when the maintenance starts."""
    notify_end: Required[bool]
    """Whether subscribers receive it when the maintenance ends."""
    notify_early: Required[bool]
    """Whether subscribers receive a reminder, `notify_minutes` before the start."""
    notify_minutes: int
    is_collapsed: bool
    """Whether the page shows it folded."""
    expand_at: datetime
    """When the page unfolds it; aware."""


class MaintenanceChange(MaintenancePlan, total=False):
    """Fields of a change of a maintenance: the service wants nearly all of them (quirk 5)."""

    name: str
    message: Required[str]
    statuses: Required[StatusMap]
    """`{component_id: status}`; the components named here are added to `components` (quirk 78)."""
    duration: Required[int]
    """Minutes from `start`, together with `auto_end` (quirk 36)."""


class MaintenanceUpdateFields(MaintenanceNotice, total=False):
    """Fields that a new maintenance update and a change share."""

    message: str
    status: AnyMaintenanceStatus
    statuses: StatusMap
    """`{component_id: status}`; the components named here are added to `components` (quirk 78)."""
    started: datetime
    """Aware; now by default."""
    end: datetime
    """Aware; the new end of the maintenance."""
    notify: bool
    """Whether subscribers of the page and of the affected components receive it."""


class MaintenanceUpdateCreate(MaintenanceUpdateFields, total=False):
    """Fields of a new maintenance update."""


class MaintenanceUpdateChange(MaintenanceUpdateFields, total=False):
    """Fields of a change of a maintenance update."""


# How the records are recognised of calls whose answers were lost. A PUT does not move the life cycle (claim 109), so
# its `status` says nothing.
_CREATED = FoundBy("/v1/{page_id}/maintenances", ("name", "start"), also=("duration", "components"))
_CHANGED = FoundBy("/v1/{page_id}/maintenances/{maintenance_id}", ("name", "start", "duration"), paged=False)
_UPDATE_CREATED = FoundBy(
    "/v1/{page_id}/maintenances/{maintenance_id}",
    ("message", "status", "started"),
    inside="updates",
    paged=False,
    stamp=True,
    certain=True,
)
_UPDATE_CHANGED = FoundBy(
    "/v1/{page_id}/maintenances/{maintenance_id}/maintenance-updates/{maintenance_update_id}",
    ("message", "status", "started"),
    paged=False,
)


class Maintenances(PageResource):
    """The maintenances of one page; `updates` are their messages.

    `page.maintenances` is a `MaintenanceJobs`, which adds `schedule`, `start`, `complete` and `window`.
    """

    __slots__ = ("updates",)

    def __init__(self, session: SessionManager, page_id: str) -> None:
        super().__init__(session, page_id)
        self.updates: MaintenanceUpdates = MaintenanceUpdates(session, page_id)

    def list(self, *, per_page: int = 100, concurrency: int = CONCURRENCY) -> Pager[Maintenance]:
        """List the maintenances, past ones too.

        Source: https://instatus.com/help/api/maintenances
        """
        return self._list(Maintenance, "/v1/{page_id}/maintenances", per_page=per_page, concurrency=concurrency)

    async def get(self, maintenance_id: str, /) -> Maintenance:
        """Return one maintenance with its updates."""
        return await self._get(Maintenance, "/v1/{page_id}/maintenances/{maintenance_id}", maintenance_id)

    async def create(self, **fields: Unpack[MaintenanceCreate]) -> Maintenance:
        """Plan a maintenance.

        With `notify=True` the subscribers of the page and of the affected components receive it at once: e-mail, SMS,
        chat, webhooks. `notify_early`, `notify_start` and `notify_end` tell them again later. Never sent twice: a
        lost answer is looked for by name and start, and OutcomeUnknownError says that it was not found.

        Raises InvalidRequestError when neither `components` nor `statuses` is given.
        """
        template = "/v1/{page_id}/maintenances"
        if "components" not in fields and "statuses" not in fields:
            raise InvalidRequestError(
                f"POST {template}: missing 'components', the ids of the affected components; 'statuses' names them "
                "too. Nothing was sent."
            )
        return await self._post(
            Maintenance, template, effect=NOTIFY, body=Body(MaintenanceCreate, fields, found_by=_CREATED)
        )

    async def update(self, maintenance_id: str, /, **fields: Unpack[MaintenanceChange]) -> Maintenance:
        """Change the plan of a maintenance; to start it, end it or tell people more, use `updates.create`.

        It does not move the life cycle: `status` is wanted, but said to change nothing here (claim 109). With
        `notify=True` subscribers receive the change.
        """
        return await self._put(
            Maintenance,
            "/v1/{page_id}/maintenances/{maintenance_id}",
            maintenance_id,
            effect=put_effect(fields),
            body=Body(MaintenanceChange, fields, found_by=_CHANGED),
        )

    async def delete(self, maintenance_id: str, /) -> None:
        """Delete a maintenance and its updates; subscribers receive nothing."""
        await self._delete("/v1/{page_id}/maintenances/{maintenance_id}", maintenance_id)


class MaintenanceUpdates(PageResource):
    """The updates of the maintenances of one page."""

    __slots__ = ()

    async def get(self, maintenance_id: str, update_id: str, /) -> MaintenanceUpdate:
        """Return one update, with its maintenance in short."""
        return await self._get(
            MaintenanceUpdate,
            "/v1/{page_id}/maintenances/{maintenance_id}/maintenance-updates/{maintenance_update_id}",
            maintenance_id,
            update_id,
        )

    async def create(self, maintenance_id: str, /, **fields: Unpack[MaintenanceUpdateCreate]) -> MaintenanceUpdate:
        """Tell people more: post a message, and move the maintenance and its components to new statuses.

        `status="INPROGRESS"` starts the maintenance and `status="COMPLETED"` ends it (claim 109). With `notify=True`
        subscribers receive it. Never sent twice: a lost answer is looked for, and
        OutcomeUnknownError says that it was not found.
        """
        return await self._post(
            MaintenanceUpdate,
            "/v1/{page_id}/maintenances/{maintenance_id}/maintenance-updates",
            maintenance_id,
            effect=NOTIFY,
            body=Body(MaintenanceUpdateCreate, fields, found_by=_UPDATE_CREATED),
        )

    async def update(
        self, maintenance_id: str, update_id: str, /, **fields: Unpack[MaintenanceUpdateChange]
    ) -> MaintenanceUpdate:
        """Change an update. With `notify=True` subscribers receive the change."""
        return await self._put(
            MaintenanceUpdate,
            "/v1/{page_id}/maintenances/{maintenance_id}/maintenance-updates/{maintenance_update_id}",
            maintenance_id,
            update_id,
            effect=put_effect(fields),
            body=Body(MaintenanceUpdateChange, fields, found_by=_UPDATE_CHANGED),
        )

    async def delete(self, maintenance_id: str, update_id: str, /) -> None:
        """Delete an update; subscribers receive nothing."""
        await self._delete(
            "/v1/{page_id}/maintenances/{maintenance_id}/maintenance-updates/{maintenance_update_id}",
            maintenance_id,
            update_id,
        )
