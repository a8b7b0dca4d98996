"""What `watch` yields: one class a kind of change, and the state that says how far a watch has come."""

from collections.abc import Mapping
from datetime import datetime
from json import JSONDecodeError
from typing import Any, ClassVar, Self, TypeAlias

import attrs
from cattrs.preconf.json import make_converter

from .._model import JSONObject
from .._wording import got
from ..errors import InvalidRequestError
from ..public import PublicComponent, PublicIncident, PublicMaintenance, PublicPage, PublicPageStatus
from ..resources.components import Component, ComponentStatus
from ..resources.incidents import Incident, IncidentStatus, IncidentUpdate
from ..resources.maintenances import Maintenance, MaintenanceStatus, MaintenanceUpdate

__all__ = [
    "Change",
    "ComponentAdded",
    "ComponentRemoved",
    "ComponentStatusChanged",
    "Gap",
    "IncidentDeleted",
    "IncidentOpened",
    "IncidentResolved",
    "IncidentUpdated",
    "Known",
    "MaintenanceCompleted",
    "MaintenanceDeleted",
    "MaintenanceScheduled",
    "MaintenanceStarted",
    "MaintenanceUpdated",
    "PageStatusChanged",
    "WatchState",
    "known_in",
]

AnyIncident: TypeAlias = Incident | PublicIncident
AnyMaintenance: TypeAlias = Maintenance | PublicMaintenance
AnyComponent: TypeAlias = Component | PublicComponent


def _aware(_: object, attribute: "attrs.Attribute[datetime | None]", value: datetime | None) -> None:
    if value is not None and value.tzinfo is None:
        raise ValueError(f"{attribute.name}: the time has no zone")


@attrs.frozen(kw_only=True)
class Known:
    """What has been told of one incident, maintenance or component."""

    name: str
    status: str = ""
    opened: datetime | None = attrs.field(default=None, validator=_aware)
    updated: datetime | None = attrs.field(default=None, validator=_aware)
    updates: tuple[str, ...] = ()
    """The ids of the updates that were told."""
    gone: tuple[str, ...] = ()
    """Those of them that were deleted since."""
    turns: int = 0
    """The changes that no update explains."""
    shown: JSONObject | None = None
    """A public notice as it was last seen: once it is over, the page shows it no more."""


@attrs.frozen(kw_only=True)
class WatchState:
    """How far a watch has come: everything up to the change that carries it, and nothing after it.

    Keep it where the next process finds it, as text (`dumps`, `loads`) or as a pickle, and hand it to `watch(since=)`.
    It holds what is open, the last 200 notices that are over, and the components: some tens of kilobytes at most.
    """

    source: str
    """Which page it belongs to, and whether it was seen through the API or as everybody sees it."""
    seen: datetime | None = attrs.field(default=None, validator=_aware)
    """When the page was last seen; None before the first look."""
    status: str | None = None
    turns: int = 0
    """The changes of the page's status."""
    incidents: Mapping[str, Known] = attrs.field(factory=dict[str, Known], repr=False, hash=False)
    maintenances: Mapping[str, Known] = attrs.field(factory=dict[str, Known], repr=False, hash=False)
    components: Mapping[str, Known] = attrs.field(factory=dict[str, Known], repr=False, hash=False)
    floors: Mapping[str, datetime] = attrs.field(factory=dict[str, datetime], repr=False, hash=False)
    """What was opened up to then, and is not known, was told and forgotten."""
    latest: datetime | None = attrs.field(default=None, validator=_aware)
    """The newest update that was told."""

    def dumps(self) -> str:
        """Write it as JSON."""
        return str(_converter.dumps(self))

    @classmethod
    def loads(cls, text: str, /) -> Self:
        """Read what `dumps` wrote. Raises InvalidRequestError for anything else."""
        given: Any = text
        try:
            return _converter.loads(text, cls)
        except JSONDecodeError:
            reason = "it is not JSON"
        except Exception:  # noqa: BLE001 - whatever is wrong with a file
            reason = (
                "it is JSON of something else"
                if isinstance(given, str)
                else f"expected text, {got(given, wants_id=False)}"
            )
        raise InvalidRequestError(
            f"this is no state of a watch: {reason}. Give what state.dumps() wrote, unchanged. Nothing was sent."
        )


_converter = make_converter(omit_if_default=True)


def known_in(state: WatchState, table: str) -> Mapping[str, Known]:
    """Return what was told of a kind of records, by the name of its table."""
    return {"incidents": state.incidents, "maintenances": state.maintenances, "components": state.components}[table]


@attrs.frozen(kw_only=True)
class Change:
    """Something that happened to a page."""

    kind: ClassVar[str]
    at: datetime
    """The service's own time where it gives one, else when it was seen."""
    key: str
    """Names the change: a watch that is resumed gives it the same one, and no other change of this watch has it.

    Built on the service's ids and times it is the same in every process; where there are none it counts the changes
    since the first look, and is the same for those that share a state.
    """
    state: WatchState = attrs.field(repr=False, eq=False)
    """Everything up to this change: save it once the change is dealt with."""


@attrs.frozen(kw_only=True)
class Gap(Change):
    """The page was not seen for longer than twice `every`: what began and ended meanwhile is not known.

    Public data only: the API still has what is over.
    """

    kind: ClassVar[str] = "gap"
    since: datetime
    """When the page had last been seen; `at` is when it was seen again."""


@attrs.frozen(kw_only=True)
class PageStatusChanged(Change):
    """The page says something else of itself.

    The API cannot read one page (quirk 31): there its status is made from its components', and `page` has nothing else.
    """

    kind: ClassVar[str] = "page_status_changed"
    status: PublicPageStatus
    old_status: PublicPageStatus | None
    page: PublicPage


@attrs.frozen(kw_only=True)
class _OfIncident(Change):
    id: str
    name: str


@attrs.frozen(kw_only=True)
class _IncidentNews(_OfIncident):
    status: IncidentStatus
    old_status: IncidentStatus | None
    """None when it is new."""
    incident: AnyIncident
    """As it is now, or was last seen: with several updates at once each of them carries the latest."""
    update: IncidentUpdate | None
    """What was said. None in public data, and where the status moved without a word."""


@attrs.frozen(kw_only=True)
class IncidentOpened(_IncidentNews):
    """An incident began."""

    kind: ClassVar[str] = "incident_opened"


@attrs.frozen(kw_only=True)
class IncidentUpdated(_IncidentNews):
    """An incident has another update or status; also a resolved one, which may be open again."""

    kind: ClassVar[str] = "incident_updated"


@attrs.frozen(kw_only=True)
class IncidentResolved(_IncidentNews):
    """An incident is over. In public data: it is shown no more."""

    kind: ClassVar[str] = "incident_resolved"


@attrs.frozen(kw_only=True)
class IncidentDeleted(_OfIncident):
    """An open incident was deleted. In public data it cannot be told from a resolved one."""

    kind: ClassVar[str] = "incident_deleted"


@attrs.frozen(kw_only=True)
class _OfMaintenance(Change):
    id: str
    name: str


@attrs.frozen(kw_only=True)
class _MaintenanceNews(_OfMaintenance):
    status: MaintenanceStatus
    old_status: MaintenanceStatus | None
    """None when it is new."""
    maintenance: AnyMaintenance
    """As it is now, or was last seen."""
    update: MaintenanceUpdate | None
    """What was said. None in public data, and where the status moved without a word."""


@attrs.frozen(kw_only=True)
class MaintenanceScheduled(_MaintenanceNews):
    """A maintenance was planned."""

    kind: ClassVar[str] = "maintenance_scheduled"


@attrs.frozen(kw_only=True)
class MaintenanceStarted(_MaintenanceNews):
    """A maintenance began."""

    kind: ClassVar[str] = "maintenance_started"


@attrs.frozen(kw_only=True)
class MaintenanceUpdated(_MaintenanceNews):
    """A maintenance has another update, or went back to an earlier status."""

    kind: ClassVar[str] = "maintenance_updated"


@attrs.frozen(kw_only=True)
class MaintenanceCompleted(_MaintenanceNews):
    """A maintenance is over. In public data: it is shown no more, and its time had come."""

    kind: ClassVar[str] = "maintenance_completed"


@attrs.frozen(kw_only=True)
class MaintenanceDeleted(_OfMaintenance):
    """A maintenance that was not over was deleted. In public data: it is shown no more, before its time had come."""

    kind: ClassVar[str] = "maintenance_deleted"


@attrs.frozen(kw_only=True)
class _OfComponent(Change):
    id: str
    name: str


@attrs.frozen(kw_only=True)
class ComponentAdded(_OfComponent):
    """A component is new on the page, or back from the archive."""

    kind: ClassVar[str] = "component_added"
    status: ComponentStatus
    component: AnyComponent


@attrs.frozen(kw_only=True)
class ComponentStatusChanged(_OfComponent):
    """A component has another status than when it was last seen; what was in between is not known."""

    kind: ClassVar[str] = "component_status_changed"
    status: ComponentStatus
    old_status: ComponentStatus
    component: AnyComponent


@attrs.frozen(kw_only=True)
class ComponentRemoved(_OfComponent):
    """A component was deleted or archived."""

    kind: ClassVar[str] = "component_removed"
