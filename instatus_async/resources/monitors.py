"""Monitors: checks that Instatus makes of your URLs, and what happens when they fail."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Required, TypeAlias, TypedDict, Unpack

import attrs

from .._body import identifier, send_member
from .._model import Guess, Id, Model, OpenEnum
from .._wire import ONE_OR_MANY
from ..pagination import CONCURRENCY, Pager
from ._base import IDEMPOTENT, NOTIFY, READ, Body, FoundBy, PageResource
from ._common import AnyHttpMethod, HttpMethod, searched

__all__ = [
    "AnyComparisonType",
    "AnyMonitorAssertionType",
    "AnyMonitorLocation",
    "AnyMonitorStatus",
    "AnyMonitorType",
    "ComparisonType",
    "Monitor",
    "MonitorAssertion",
    "MonitorAssertionFields",
    "MonitorAssertionType",
    "MonitorBasicAuth",
    "MonitorBasicAuthFields",
    "MonitorChange",
    "MonitorCreate",
    "MonitorLocation",
    "MonitorOnFail",
    "MonitorOnFailFields",
    "MonitorOnRecover",
    "MonitorOnRecoverFields",
    "MonitorStatus",
    "MonitorType",
    "Monitors",
]


class MonitorType(OpenEnum):
    """What a monitor checks."""

    HTTP = "HTTP"
    PING = "PING"
    TCP = "TCP"
    DNS = "DNS"
    HTTP_API = "HTTP_API"


AnyMonitorType: TypeAlias = MonitorType | Literal["HTTP", "PING", "TCP", "DNS", "HTTP_API"]


class MonitorLocation(OpenEnum):
    """Where a check is made from."""

    US_EAST_1 = "US_EAST_1"
    EU_CENTRAL_1 = "EU_CENTRAL_1"
    AP_NORTHEAST_1 = "AP_NORTHEAST_1"
    AP_SOUTHEAST_2 = "AP_SOUTHEAST_2"  # not in the API's documents, but seen (quirk 43)


AnyMonitorLocation: TypeAlias = (
    MonitorLocation | Literal["US_EAST_1", "EU_CENTRAL_1", "AP_NORTHEAST_1", "AP_SOUTHEAST_2"]
)


class MonitorStatus(OpenEnum):
    """How a monitor is."""

    UP = "UP"
    DOWN = "DOWN"
    DEGRADED = "DEGRADED"
    UNKNOWN = "UNKNOWN"
    """Its state can't be determined."""


AnyMonitorStatus: TypeAlias = MonitorStatus | Literal["UP", "DOWN", "DEGRADED", "UNKNOWN"]


class ComparisonType(OpenEnum):
    """How an assertion of a monitor or a routing rule compares."""

    EQUALS = "EQUALS"
    NOT_EQUALS = "NOT_EQUALS"
    IS_EMPTY = "IS_EMPTY"
    NOT_EMPTY = "NOT_EMPTY"
    GREATER_THAN = "GREATER_THAN"
    GREATER_THAN_OR_EQUALS = "GREATER_THAN_OR_EQUALS"
    LESS_THAN = "LESS_THAN"
    LESS_THAN_OR_EQUALS = "LESS_THAN_OR_EQUALS"
    CONTAINS = "CONTAINS"
    NOT_CONTAINS = "NOT_CONTAINS"
    HAS_KEY = "HAS_KEY"
    NOT_HAS_KEY = "NOT_HAS_KEY"
    HAS_VALUE = "HAS_VALUE"
    NOT_HAS_VALUE = "NOT_HAS_VALUE"
    IS_NULL = "IS_NULL"
    NOT_NULL = "NOT_NULL"
    STARTS_WITH = "STARTS_WITH"
    ENDS_WITH = "ENDS_WITH"


AnyComparisonType: TypeAlias = (
    ComparisonType
    | Literal[
        "EQUALS",
        "NOT_EQUALS",
        "IS_EMPTY",
        "NOT_EMPTY",
        "GREATER_THAN",
        "GREATER_THAN_OR_EQUALS",
        "LESS_THAN",
        "LESS_THAN_OR_EQUALS",
        "CONTAINS",
        "NOT_CONTAINS",
        "HAS_KEY",
        "NOT_HAS_KEY",
        "HAS_VALUE",
        "NOT_HAS_VALUE",
        "IS_NULL",
        "NOT_NULL",
        "STARTS_WITH",
        "ENDS_WITH",
    ]
)


class MonitorAssertionType(OpenEnum):
    """What part of a check's result an assertion looks at."""

    AVAILABLE = "AVAILABLE"
    BODY = "BODY"
    PING = "PING"
    TCP = "TCP"
    DNS = "DNS"
    STATUS_CODE = "STATUSCODE"  # older documents write STATUS_CODE, which stays an unknown value (quirk 43)
    JSON_BODY = "JSONBODY"
    HEADERS = "HEADERS"
    RESPONSE_TIME = "RESPONSETIME"


AnyMonitorAssertionType: TypeAlias = (
    MonitorAssertionType
    | Literal["AVAILABLE", "BODY", "PING", "TCP", "DNS", "STATUSCODE", "JSONBODY", "HEADERS", "RESPONSETIME"]
)


@attrs.frozen(kw_only=True)
class MonitorBasicAuth(Model):
    """What a monitor logs in with."""

    username: str | None = None
    password: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class MonitorAssertion(Model):
    """What has to be true of a check for the monitor to be up."""

    id: Guess | None = None
    type: MonitorAssertionType | None = None
    comparison: ComparisonType | None = None
    selector: str | None = None
    value: Guess | None = None


@attrs.frozen(kw_only=True)
class MonitorOnFail(Model):
    """What a failing monitor does on the status page."""

    create_incident: bool | None = None
    create_outage_duration: bool | None = None
    publish_incident: bool | None = None
    notify_subscribers: bool | None = None


@attrs.frozen(kw_only=True)
class MonitorOnRecover(Model):
    """What a recovering monitor does on the status page."""

    resolve_incident: bool | None = None
    resolve_outage_duration: bool | None = None
    publish_incident: bool | None = None
    notify_subscribers: bool | None = None


@attrs.frozen(kw_only=True)
class Monitor(Model):
    """A monitor. What it logs in with and sends is in no repr (quirk 49)."""

    id: str | None = None
    """The API's documents leave it out."""
    name: str | None = None
    type: MonitorType | None = None
    page_id: str | None = None
    url: str | None = None
    http_method: HttpMethod | None = None
    body: Guess | None = attrs.field(default=None, repr=False, hash=False)
    headers: Mapping[str, Any] | None = attrs.field(default=None, repr=False, hash=False)
    query_params: Mapping[str, Any] | None = attrs.field(default=None, repr=False, hash=False)
    basic_auth: MonitorBasicAuth | None = attrs.field(default=None, repr=False, hash=False)
    assertions: tuple[MonitorAssertion, ...] = ()
    alerts: tuple[Id, ...] = ()
    """Ids of the alerts that it triggers."""
    locations: Annotated[tuple[MonitorLocation, ...], ONE_OR_MANY] = ()
    checks_interval: int | None = None
    """Seconds between two checks."""
    on_fail: MonitorOnFail | None = None
    on_recover: MonitorOnRecover | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class MonitorBasicAuthFields(TypedDict, total=False):
    """What a monitor shall log in with."""

    username: str
    password: str


class MonitorAssertionFields(TypedDict, total=False):
    """What has to be true of a check for the monitor to be up."""

    id: str
    type: AnyMonitorAssertionType
    comparison: AnyComparisonType
    selector: str | None
    value: str
    """A text, for numbers too: `"200"`."""


class MonitorOnFailFields(TypedDict, total=False):
    """What a failing monitor shall do on the status page."""

    create_incident: bool
    create_outage_duration: bool
    publish_incident: bool
    notify_subscribers: bool
    """Whether the page's subscribers receive the incident."""


class MonitorOnRecoverFields(TypedDict, total=False):
    """What a recovering monitor shall do on the status page."""

    resolve_incident: bool
    resolve_outage_duration: bool
    publish_incident: bool
    notify_subscribers: bool
    """Whether the page's subscribers receive the resolution."""


class MonitorCreate(TypedDict, total=False):
    """Fields of a new monitor."""

    url: Required[str]
    http_method: Required[AnyHttpMethod]
    name: str
    type: AnyMonitorType
    body: str | None
    headers: Mapping[str, str]
    query_params: Mapping[str, str]
    basic_auth: MonitorBasicAuthFields
    assertions: Sequence[MonitorAssertionFields]
    alerts: Sequence[str]
    """Ids of the alerts that it triggers."""
    locations: AnyMonitorLocation | Sequence[AnyMonitorLocation]
    """Sent as a list, as the API's description has it; its help page has one text (quirk 70)."""
    checks_interval: int
    """Seconds between two checks."""
    create_component: bool
    """Whether the page gets a component that follows the monitor."""
    create_metric: bool
    """Whether the page gets a metric with the response times."""
    on_fail: MonitorOnFailFields
    on_recover: MonitorOnRecoverFields


class MonitorChange(TypedDict, total=False):
    """Fields of a change: the API changes the URL and the name, and nothing else."""

    url: str
    name: str


@attrs.frozen(kw_only=True)
class _Note(Model):
    message: str | None = None


class Monitors(PageResource):
    """The monitors of one page."""

    __slots__ = ()

    async def check_inserted_logs(self) -> str:
        """Return the service's sentence about recent checks, "" if it has none; its path names no page.

        For example "10 logs inserted in the last five minutes".
        """
        template = "/monitors/check_inserted_logs"
        value = await self._send("GET", template, (), READ)
        return self._read(_Note, {} if value is None else value, "GET", template, READ).message or ""

    def list(
        self,
        *,
        search: str | None = None,
        status: AnyMonitorStatus | None = None,
        per_page: int = 100,
        concurrency: int = CONCURRENCY,
    ) -> Pager[Monitor]:
        """List the monitors, filtered by a search text and a status.

        Source: https://instatus.com/help/api/monitors and quirk 29
        """
        query = {
            "search": searched(search),
            "status": None if status is None else send_member(MonitorStatus, status, "status"),
        }
        return self._list(
            Monitor,
            "/{page_id}/monitors",
            query=query,
            per_page=per_page,
            concurrency=concurrency,
            envelope="monitors",
            size="limit",
        )

    async def get(self, monitor_id: str, /) -> Monitor:
        """Return one monitor, looked for in the list: the API has no request for one (quirk 31).

        Raises NotFoundError when it is not listed.
        """
        return await self._listed(self.list(), "/{page_id}/monitors", monitor_id, "monitor_id")

    async def create(self, **fields: Unpack[MonitorCreate]) -> Monitor:
        """Add a monitor.

        It starts to check, and from then on `alerts`, `on_fail` and `on_recover` reach people without a call of yours.
        A lost answer is looked for by name and URL; OutcomeUnknownError says that it was not found.
        """
        return await self._post(
            Monitor,
            "/monitors",
            effect=NOTIFY,
            body=Body(
                MonitorCreate,
                fields,
                fixed={"pageId": self._page_id},
                found_by=FoundBy("/{page_id}/monitors", ("name", "url"), inside="monitors", size="limit"),
            ),
            unwrap=("monitor",),
        )

    async def update(self, monitor_id: str, /, **fields: Unpack[MonitorChange]) -> Monitor:
        """Change a monitor's URL or name."""
        return await self._put(
            Monitor,
            "/monitors/{id}",
            monitor_id,
            effect=IDEMPOTENT,
            body=Body(MonitorChange, fields),
            unwrap=("monitor",),
        )

    async def delete(self, monitor_id: str, /) -> None:
        """Delete a monitor."""
        await self._delete("/monitors/{id}", monitor_id)

    async def set_group(self, monitor_id: str, /, parent_id: str | None) -> None:
        """Put a monitor into a group; None takes it out of its group."""
        body = {"parentId": None if parent_id is None else identifier(parent_id, "parent_id")}
        await self._send("PUT", "/monitors/{id}/group", (monitor_id,), IDEMPOTENT, body=body)
