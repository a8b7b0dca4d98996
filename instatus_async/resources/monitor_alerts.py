"""Monitor alerts: whom a monitor calls when it fails."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Required, TypeAlias, TypedDict, Unpack

import attrs

from .._model import Guess, Model, OpenEnum
from ..pagination import CONCURRENCY, Pager
from ._base import IDEMPOTENT, NOTIFY, Body, PageResource

__all__ = [
    "AnyMonitorAlertType",
    "MonitorAlert",
    "MonitorAlertChange",
    "MonitorAlertCreate",
    "MonitorAlertType",
    "MonitorAlerts",
]

# Alone, "monitor" is what the API's description says, very likely by a copy error (quirk 71).
_WRAPPERS = ("monitorAlert", "monitor", "alert")


class MonitorAlertType(OpenEnum):
    """How an alert reaches its recipient."""

    EMAIL = "EMAIL"
    SMS = "SMS"
    SLACK = "SLACK"
    DISCORD = "DISCORD"
    MICROSOFT_TEAMS = "MICROSOFT_TEAMS"
    PHONE_CALL = "PHONE_CALL"
    WEBHOOK = "WEBHOOK"
    INCIDENT = "INCIDENT"  # not in the API's documents, but seen (quirk 43)


AnyMonitorAlertType: TypeAlias = (
    MonitorAlertType
    | Literal["EMAIL", "SMS", "SLACK", "DISCORD", "MICROSOFT_TEAMS", "PHONE_CALL", "WEBHOOK", "INCIDENT"]
)


@attrs.frozen(kw_only=True)
class MonitorAlert(Model):
    """An alert of monitors."""

    id: str
    type: MonitorAlertType | None = None
    recipient: str | None = attrs.field(default=None, repr=False)
    """An e-mail address, a phone number, or a webhook URL, which is a secret (quirk 49)."""
    when_fails: bool | None = None
    when_recovers: bool | None = None
    when_degrades: bool | None = None
    when_ssl_expires: bool | None = None
    ssl_expires_in_days: int | None = None
    """How many days before its end a certificate triggers the alert."""
    metadata: Guess | None = attrs.field(default=None, repr=False)
    site_id: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class MonitorAlertCreate(TypedDict, total=False):
    """Fields of a new alert."""

    type: Required[AnyMonitorAlertType]
    recipient: Required[str]
    """By `type`: an e-mail address (EMAIL, MICROSOFT_TEAMS), a phone number (SMS, PHONE_CALL), or a webhook URL."""
    recipient_workspace: str
    when_fails: bool
    when_recovers: bool
    """Whether it is sent after a failure or a degraded state."""
    when_degrades: bool
    when_ssl_expires: bool
    ssl_expires_in_days: int
    """How many days before its end a certificate triggers the alert."""
    monitors: Sequence[str]
    """Ids of the monitors that trigger it."""
    metadata: str


class MonitorAlertChange(TypedDict, total=False):
    """Fields of a change: the API changes the type and the monitors, and nothing else."""

    type: AnyMonitorAlertType
    monitors: Sequence[str]
    """Ids of the monitors that trigger it."""


class MonitorAlerts(PageResource):
    """The monitor alerts of one page."""

    __slots__ = ()

    def list(self, *, per_page: int = 100, concurrency: int = CONCURRENCY) -> Pager[MonitorAlert]:
        """List the alerts (quirk 29)."""
        return self._list(
            MonitorAlert,
            "/{page_id}/monitor-alerts",
            per_page=per_page,
            concurrency=concurrency,
            envelope="monitorAlerts",
            size="limit",
        )

    async def get(self, alert_id: str, /) -> MonitorAlert:
        """Return one alert, looked for in the list: the API has no request for one (quirk 31).

        Raises NotFoundError when it is not listed.
        """
        return await self._listed(self.list(), "/{page_id}/monitor-alerts", alert_id, "alert_id")

    async def create(self, **fields: Unpack[MonitorAlertCreate]) -> MonitorAlert:
        """Add an alert: from then on its monitors write to or call the recipient.

        Raises OutcomeUnknownError when the answer is lost: look for the recipient before you add it again, or they are
        called twice.
        """
        return await self._post(
            MonitorAlert,
            "/monitor-alerts",
            effect=NOTIFY,
            body=Body(MonitorAlertCreate, fields, fixed={"pageId": self._page_id}),
            unwrap=_WRAPPERS,
        )

    async def update(self, alert_id: str, /, **fields: Unpack[MonitorAlertChange]) -> MonitorAlert:
        """Change an alert's type or monitors."""
        return await self._put(
            MonitorAlert,
            "/monitor-alerts/{id}",
            alert_id,
            effect=IDEMPOTENT,
            body=Body(MonitorAlertChange, fields),
            unwrap=_WRAPPERS,
        )

    async def delete(self, alert_id: str, /) -> None:
        """Delete an alert: its recipient hears no more of the monitors."""
        await self._delete("/monitor-alerts/{id}", alert_id)
