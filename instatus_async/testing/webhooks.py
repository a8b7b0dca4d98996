"""POST webhooks to the subscribers who want them, signed, and to loopback addresses only.

The bodies are those of quirks 93 to 95, one kind for incidents, one for maintenances, one for components. Guessed:

- A body holds all updates so far, the oldest first, each also as `markdown`; statuses are in upper case.
- A component's body goes out when a write to the component itself changes its status.
- A maintenance's `duration` is "" until it is over, then its minutes.
- A subscriber's own body is sent as it stands: nobody recorded which placeholders the service knows (quirk 98).
- Nothing is sent twice, and redirects are not followed (quirk 99). A subscriber gets one webhook after the other.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

import aiohttp
from yarl import URL

from .ledger import Announcement, Notification
from .operation import only
from .routes import pages
from .state import State, Table
from .validate import Row

Kind: TypeAlias = Literal["incident", "maintenance", "component"]

SIGNATURE: Final = "x-instatus-webhook-signature"

_PATIENCE: Final = 10.0  # seconds for one delivery
_DESCRIPTIONS: Final = {"UP": "All systems operational", "UNDERMAINTENANCE": "Under maintenance"}
_BODIES: Final[Mapping[Kind, str]] = {
    "incident": "webhookIncidentBody",
    "maintenance": "webhookMaintenanceBody",
    "component": "webhookComponentBody",
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """Describe one webhook.

    `about`, `update` and `request` are those of the notification in the ledger. `status` is what the receiver
    answered. Where it did not, `error` says why; both are None while the webhook is under way.
    """

    kind: Kind
    subscriber: str
    method: str
    url: str
    about: str
    update: str | None
    request: int | None
    body: str
    signature: str
    status: int | None = None
    error: str | None = None

    @property
    def delivered(self) -> bool:
        """Return whether the receiver took it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def json(self) -> Row:
        """Return the body, parsed."""
        found: Row = json.loads(self.body)
        return found


class Webhooks:
    """Deliver the webhooks of one server in tasks of its own."""

    def __init__(self) -> None:
        """Start without an outlet: nothing is delivered before `open()`."""
        self._deliveries: list[Delivery] = []
        self._tasks: dict[str, asyncio.Task[None]] = {}  # by subscriber: the latest, which waits for those before it
        self._all: set[asyncio.Task[None]] = set()
        self._open = False

    def open(self) -> None:
        """Begin to deliver."""
        self._open = True

    def call(self, state: State, notification: Notification, subscriber: Row) -> None:
        """Deliver a notification in the background, in the words of the present state."""
        if not self._open:
            return
        kind, body = _body(state, notification, subscriber)
        signature = sign(secret_of(state, subscriber["id"]), body)
        delivery = Delivery(
            kind=kind,
            subscriber=subscriber["id"],
            method=subscriber["webhookHttpMethod"] or "POST",
            url=_with_query(subscriber["webhook"], _texts(subscriber["webhookQueryParams"])),
            about=notification.about,
            update=notification.update,
            request=notification.request,
            body=body,
            signature=signature,
        )
        place = len(self._deliveries)
        if not _is_loopback(delivery.url):
            self._deliveries.append(replace(delivery, error="not sent: the address is not a loopback address"))
            return
        self._deliveries.append(delivery)
        headers = _texts(subscriber["webhookHeaders"])
        before = self._tasks.get(delivery.subscriber)
        job = self._deliver(self._deliveries, place, headers, before, state, subscriber)
        task = asyncio.get_running_loop().create_task(job)
        self._tasks[delivery.subscriber] = task
        self._all.add(task)
        task.add_done_callback(self._all.discard)

    async def deliveries(self) -> tuple[Delivery, ...]:
        """Wait until nothing is under way, and return what was delivered or failed, in order."""
        while self._all:
            await asyncio.wait(self._all)
        return tuple(self._deliveries)

    def reset(self) -> None:
        """Give up what is under way, and forget everything."""
        for task in self._all:
            task.cancel()
        self._tasks.clear()
        self._deliveries = []

    async def close(self) -> None:
        """Give up what is under way; the record can still be read."""
        self._open = False
        tasks = list(self._all)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()

    async def _deliver(
        self,
        record: list[Delivery],
        place: int,
        headers: Mapping[str, str],
        before: asyncio.Task[None] | None,
        state: State,
        subscriber: Row,
    ) -> None:
        delivery = record[place]
        try:
            if before is not None:
                await asyncio.wait([before])
            delivery = await _send(delivery, headers)
        except asyncio.CancelledError:
            record[place] = replace(delivery, error="given up: the server was closed or reset")
            raise
        record[place] = delivery
        if not delivery.delivered:
            _failed(state, subscriber, delivery)


async def _send(delivery: Delivery, headers: Mapping[str, str]) -> Delivery:
    sent = {"Content-Type": "application/json", **headers, SIGNATURE: delivery.signature}
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(force_close=True),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=_PATIENCE),
    )
    # A GET with a body is not understood everywhere.
    data = None if delivery.method == "GET" else delivery.body.encode()
    async with session:
        try:
            async with session.request(
                delivery.method, URL(delivery.url), data=data, headers=sent, allow_redirects=False
            ) as answer:
                return replace(delivery, status=answer.status)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return replace(delivery, error=f"{type(error).__name__}: {error}".rstrip(": "))


def _failed(state: State, subscriber: Row, delivery: Delivery) -> None:
    """Count a failure, and write to who is to know (quirk 99)."""
    subscriber["failedAttempts"] += 1
    if subscriber["webhookEmail"]:
        text = f"the webhook failed: {delivery.error or delivery.status}"
        state.ledger.write_to(
            subscriber["webhookEmail"], Announcement(subscriber["id"], None, text, None), subscriber["id"]
        )


def secret_of(state: State, subscriber_id: str) -> str:
    """Derive a subscriber's secret, 64 hex characters, from its id and the server's seed (quirk 96)."""
    return hashlib.sha256(state.ids.secret(f"webhook {subscriber_id}", 48).encode()).hexdigest()


def sign(secret: str, body: str) -> str:
    """Sign the text of a body (quirk 96)."""
    return hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()


def _is_loopback(url: str) -> bool:
    try:
        parsed = URL(url)
        host = parsed.host or ""
    except ValueError:
        return False
    if parsed.scheme not in {"http", "https"}:
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _texts(found: Row | None) -> dict[str, str]:
    return {key: str(value) for key, value in (found or {}).items()}


def _with_query(url: str, query: Mapping[str, str]) -> str:
    if not query:
        return url
    try:
        return str(URL(url).update_query(query))
    except ValueError:
        return url


# Bodies


def _body(state: State, notification: Notification, subscriber: Row) -> tuple[Kind, str]:
    kind: Kind
    about = notification.about
    if about in state.incidents:
        kind, said = "incident", {"incident": _incident(state, state.incidents[about])}
    elif about in state.maintenances:
        kind, said = "maintenance", {"maintenance": _maintenance(state, state.maintenances[about])}
    else:
        kind, said = "component", _component(state.components[about])
    own = subscriber[_BODIES[kind]]
    if own is not None:
        return kind, str(own)
    page = pages.with_status(state, state.pages[subscriber["siteId"]])
    token = f"id={subscriber['id']}&token={subscriber['unsubscribeToken']}"
    body: Row = {
        "meta": {
            "unsubscribe": f"https://dashboard.instatus.com/unsubscribe?{token}",
            "documentation": "" if kind == "component" else "https://instatus.com/help/webhooks",
        },
        "page": {
            "id": page["id"],
            "status_indicator": page["status"],
            "status_description": _DESCRIPTIONS.get(page["status"], "Some systems have issues"),
            "url": state.page_url(page),
        },
        **said,
    }
    return kind, json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def _incident(state: State, row: Row) -> Row:
    return {
        "backfilled": False,
        "created_at": row["createdAt"],
        "impact": row["impact"],
        "name": row["name"],
        "resolved_at": row["resolved"],
        "status": row["status"],
        "updated_at": row["updatedAt"],
        "id": row["id"],
        "url": f"{state.page_url(state.pages[row['siteId']])}/incident/{row['id']}",
        "incident_updates": _updates(state.incident_updates, row, "incident_id"),
        "affected_components": _affected(state, row),
    }


def _maintenance(state: State, row: Row) -> Row:
    over = row["status"] == "COMPLETED"
    return {
        "backfilled": False,
        "created_at": row["createdAt"],
        "impact": "UNDERMAINTENANCE",
        "name": row["name"],
        "resolved_at": row["updatedAt"] if over else "",
        "status": row["status"],
        "updated_at": row["updatedAt"],
        "id": row["id"],
        "url": f"{state.page_url(state.pages[row['siteId']])}/maintenance/{row['id']}",
        "duration": float(row["duration"]) if over else "",
        "maintenance_updates": _updates(state.maintenance_updates, row, "maintenance_id"),
        "affected_components": _affected(state, row),
    }


def _component(row: Row) -> Row:
    return {
        "component_update": {
            "created_at": row["updatedAt"],
            "new_status": row["status"],
            "component_id": row["id"],
        },
        "component": {"created_at": row["createdAt"], **only(row, "id", "name", "status")},
    }


def _updates(table: Table, notice: Row, key: str) -> list[Row]:
    return [
        {
            "id": update["id"],
            key: notice["id"],
            "body": update["message"],
            "markdown": update["message"],
            "status": update["status"],
            "created_at": update["createdAt"],
            "updated_at": update["updatedAt"],
        }
        for update in (table[update_id] for update_id in notice["updates"])
    ]


def _affected(state: State, notice: Row) -> list[Row]:
    return [only(state.components[component_id], "id", "name", "status") for component_id in notice["components"]]
