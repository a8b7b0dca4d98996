"""Webhooks as a receiver on a loopback port gets them."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from instatus_async.testing import InstatusServer
from tests.testing.conftest import Caller


@dataclass
class Received:
    """One webhook."""

    method: str
    query: str
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)


@dataclass
class Receiver:
    """Take webhooks, and answer them with a status, once it is told to go on."""

    url: str = ""
    received: list[Received] = field(default_factory=list[Received])
    status: int = 200
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.BaseRequest) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.received.append(Received(request.method, request.query_string, headers, await request.read()))
        self.arrived.set()
        await self.go_on.wait()
        return web.Response(status=self.status, headers={"Location": self.url} if self.status == 302 else None)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    made.go_on.set()
    runner = web.ServerRunner(web.Server(made.take, access_log=None), shutdown_timeout=0.05)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield made
    await runner.cleanup()


def subscribe(server: InstatusServer, url: str, **columns: Any) -> str:
    rows = {"webhook": url, "autoConfirm": True, **columns}
    return server.seed(subscribers=[rows])["subscribers"][0]


def incident(server: InstatusServer, **more: Any) -> dict[str, Any]:
    component = server.component_id("API")
    statuses = [{"id": component, "status": "MAJOROUTAGE"}]
    found = {"name": "Dôwn", "message": "Hello", "status": "INVESTIGATING", "components": [component]}
    return {**found, "statuses": statuses, "notify": True, **more}


async def test_an_incident_is_posted_and_signed(api: Caller, server: InstatusServer, receiver: Receiver) -> None:
    who = subscribe(server, receiver.url)
    made = await api("POST", "/v1/{page}/incidents", incident(server))
    (delivery,) = await server.deliveries()
    assert (delivery.kind, delivery.delivered, delivery.status, delivery.request) == ("incident", True, 200, 1)
    (told,) = server.told(made["id"])
    assert (told.kind, told.address, delivery.about, delivery.update) == (
        "webhook",
        receiver.url,
        made["id"],
        told.update,
    )
    (got,) = receiver.received
    secret = server.webhook_secret(who)
    assert len(secret) == 64
    assert set(secret) <= set("0123456789abcdef")
    assert got.headers["x-instatus-webhook-signature"] == hmac.new(secret.encode(), got.raw, hashlib.sha256).hexdigest()
    assert got.headers["content-type"] == "application/json"
    assert json.dumps(got.json, separators=(",", ":"), ensure_ascii=False).encode() == got.raw
    assert (got.raw.decode(), got.json) == (delivery.body, delivery.json)
    assert list(got.json) == ["meta", "page", "incident"]
    assert got.json["page"] == {
        "id": server.page_id,
        "status_indicator": "HASISSUES",
        "status_description": "Some systems have issues",
        "url": server.page_url(),
    }
    assert who in got.json["meta"]["unsubscribe"]
    found = got.json["incident"]
    assert (found["id"], found["name"], found["status"], found["impact"], found["resolved_at"]) == (
        made["id"],
        "Dôwn",
        "INVESTIGATING",
        "MAJOROUTAGE",
        None,
    )
    assert found["url"] == f"{server.page_url()}/incident/{made['id']}"
    assert found["affected_components"][0]["status"] == "MAJOROUTAGE"
    (update,) = found["incident_updates"]
    assert (update["id"], update["incident_id"], update["body"]) == (told.update, made["id"], "Hello")


async def test_each_webhook_shows_its_own_moment_and_comes_in_order(
    api: Caller, server: InstatusServer, receiver: Receiver
) -> None:
    subscribe(server, receiver.url)
    receiver.go_on.clear()
    made = await api("POST", "/v1/{page}/incidents", incident(server))
    path = f"/v1/{{page}}/incidents/{made['id']}/incident-updates"
    body = incident(server, status="RESOLVED")
    del body["name"]
    await api("POST", path, body)
    await api("POST", path, {**body, "notify": False})
    await receiver.arrived.wait()
    assert len(receiver.received) == 1
    receiver.go_on.set()
    assert len(await server.deliveries()) == 2
    first, second = (got.json["incident"] for got in receiver.received)
    assert (first["status"], first["resolved_at"]) == ("INVESTIGATING", None)
    assert (second["status"], second["resolved_at"]) == ("RESOLVED", "2026-01-01T12:00:00.000Z")
    assert [len(found["incident_updates"]) for found in (first, second)] == [1, 2]


async def test_a_maintenance_by_the_clock(server: InstatusServer, receiver: Receiver) -> None:
    subscribe(server, receiver.url)
    server.seed(
        maintenances=[
            {
                "name": "Upgrade",
                "components": [server.component_id("API")],
                "start": "2026-01-01T13:00:00Z",
                "end": "2026-01-01T14:30:00Z",
                "status": "NOTSTARTEDYET",
                **dict.fromkeys(("notify", "notifyEarly"), False),
                **dict.fromkeys(("notifyStart", "notifyEnd", "autoStart", "autoEnd"), True),
            }
        ]
    )
    assert await server.deliveries() == ()
    server.advance(timedelta(hours=1))
    server.advance(timedelta(hours=2))
    assert [delivery.kind for delivery in await server.deliveries()] == ["maintenance", "maintenance"]
    begun, done = (got.json for got in receiver.received)
    assert begun["page"]["status_indicator"] == "UNDERMAINTENANCE"
    found = begun["maintenance"]
    assert (found["status"], found["impact"], found["duration"], found["resolved_at"]) == (
        "INPROGRESS",
        "UNDERMAINTENANCE",
        "",
        "",
    )
    assert found["maintenance_updates"][0]["maintenance_id"] == found["id"]
    assert (done["maintenance"]["status"], done["maintenance"]["duration"]) == ("COMPLETED", 90.0)
    assert done["maintenance"]["resolved_at"]


async def test_a_component(api: Caller, server: InstatusServer, receiver: Receiver) -> None:
    component = server.component_id("API")
    subscribe(server, receiver.url, components=[component])
    server.seed(subscribers=[{"email": "bo@acme.example", "confirmed": True}])
    path = f"/v1/{{page}}/components/{component}"
    for body in ({"status": "MAJOROUTAGE"}, {"status": "MAJOROUTAGE"}, {"description": "x"}):
        await api("PUT", path, body)
    await api("PUT", f"/v1/{{page}}/components/{server.component_id('App')}", {"status": "MAJOROUTAGE"})
    await server.deliveries()
    (got,) = receiver.received
    assert list(got.json) == ["meta", "page", "component_update", "component"]
    assert got.json["component_update"]["new_status"] == "MAJOROUTAGE"
    assert got.json["component_update"]["component_id"] == got.json["component"]["id"] == component
    assert (got.json["component"]["name"], got.json["component"]["status"]) == ("API", "MAJOROUTAGE")
    assert [entry.kind for entry in server.told(component)] == ["webhook"]


@pytest.mark.parametrize("url", ["http://192.0.2.7/hook", "https://example.com/", "ftp://127.0.0.1/", "http://[", ""])
async def test_nobody_beyond_loopback_is_called(api: Caller, server: InstatusServer, url: str) -> None:
    who = subscribe(server, url or "nonsense")
    await api("POST", "/v1/{page}/incidents", incident(server))
    (delivery,) = await server.deliveries()
    assert (delivery.subscriber, delivery.status, delivery.delivered) == (who, None, False)
    assert delivery.error == "not sent: the address is not a loopback address"
    assert [entry.kind for entry in server.ledger] == ["webhook"]


async def test_failures_are_counted_and_mailed_and_nothing_is_sent_twice(
    api: Caller, server: InstatusServer, receiver: Receiver, unused_tcp_port: int
) -> None:
    who = subscribe(server, receiver.url, webhookEmail="ops@acme.example")
    lost = subscribe(server, f"http://localhost:{unused_tcp_port}/")
    for status in (500, 302):
        receiver.status = status
        await api("POST", "/v1/{page}/incidents", incident(server))
        await server.deliveries()
    assert [delivery.status for delivery in await server.deliveries()] == [500, None, 302, None]
    assert "ClientConnectorError" in ((await server.deliveries())[1].error or "")
    assert len(receiver.received) == 2
    rows = server._wire.state.subscribers
    assert [rows[row]["failedAttempts"] for row in (who, lost)] == [2, 2]
    assert [(entry.kind, entry.address, entry.text) for entry in server.told(who)] == [
        ("email", "ops@acme.example", "the webhook failed: 500"),
        ("email", "ops@acme.example", "the webhook failed: 302"),
    ]
    assert server.announcements(who) == 0


async def test_what_subscribers_customised(api: Caller, server: InstatusServer, receiver: Receiver) -> None:
    subscribe(
        server,
        receiver.url + "?a=1",
        webhookHttpMethod="PUT",
        webhookHeaders={"X-Team": "ops", "Content-Type": "text/plain"},
        webhookQueryParams={"b": 2},
        webhookIncidentBody="as it is",
    )
    other = subscribe(server, receiver.url, webhookHttpMethod="GET")
    await api("POST", "/v1/{page}/incidents", incident(server))
    for delivery in await server.deliveries():
        assert delivery.delivered, delivery
        assert (
            delivery.signature
            == hmac.new(
                server.webhook_secret(delivery.subscriber).encode(), delivery.body.encode(), hashlib.sha256
            ).hexdigest()
        )
    got, fetched = sorted(receiver.received, key=lambda one: one.method, reverse=True)
    assert (got.method, got.query, got.raw) == ("PUT", "a=1&b=2", b"as it is")
    assert (got.headers["x-team"], got.headers["content-type"]) == ("ops", "text/plain")
    assert (fetched.method, fetched.raw) == ("GET", b"")
    assert other in (await server.deliveries())[1].body


async def test_closing_and_resetting_give_up_what_is_under_way(
    api: Caller, server: InstatusServer, receiver: Receiver
) -> None:
    before = asyncio.all_tasks()
    who = subscribe(server, receiver.url)
    receiver.go_on.clear()
    await api("POST", "/v1/{page}/incidents", incident(server))
    await receiver.arrived.wait()
    server.reset()
    assert await server.deliveries() == ()
    with pytest.raises(LookupError):
        server.webhook_secret(who)
    who = subscribe(server, receiver.url)
    for _ in range(2):
        await api("POST", "/v1/{page}/incidents", incident(server))
    await server.close()
    assert {delivery.error for delivery in await server.deliveries()} == {"given up: the server was closed or reset"}
    subscribe(server, receiver.url + "/2")
    server.advance(timedelta(hours=1))
    receiver.go_on.set()
    await asyncio.sleep(0)
    assert not {task for task in asyncio.all_tasks() - before if "_deliver" in repr(task)}
