"""The handler for aiohttp.web over real sockets: what it answers, and that no event is lost or taken twice."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import aiohttp
import pytest
from aiohttp import web

from instatus_async import ConfigError, webhooks
from instatus_async.testing import InstatusServer
from tests.test_webhooks import HEADER, SECRET, component, incident, maintenance, raw, sign

OnEvent = Callable[[webhooks.Event], Awaitable[object] | None]


@asynccontextmanager
async def serving(handler: Callable[[web.Request], Awaitable[web.Response]], port: int = 0) -> AsyncGenerator[str]:
    application = web.Application()
    application.router.add_route("*", "/instatus", handler)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/instatus"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def posting(on_event: OnEvent, **options: Any) -> AsyncGenerator[Callable[..., Awaitable[int]]]:
    """Serve a handler; what comes out posts a body to it and returns the status."""
    handler = webhooks.aiohttp_handler(SECRET, on_event, **options)
    async with serving(handler) as url, aiohttp.ClientSession() as session:

        async def post(value: Any = None, *, body: Any = None, signature: str | None = None, **headers: str) -> int:
            data = raw(value) if body is None else body
            if signature is None:
                signature = sign(data)
            async with session.post(url, data=data, headers={HEADER: signature, **headers}) as answer:
                text = await answer.text()
                assert len(text) < 100
                assert SECRET not in text
                return answer.status

        yield post


class Taker:
    """Take events, once it is told to go on; fail as often as told."""

    def __init__(self, failures: int = 0) -> None:
        self.taken: list[webhooks.Event] = []
        self.calls = 0
        self.failures = failures
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.arrived = asyncio.Event()

    async def __call__(self, event: webhooks.Event) -> None:
        self.calls += 1
        self.arrived.set()
        await self.go_on.wait()
        if self.failures:
            self.failures -= 1
            raise LookupError("the chat is down")
        self.taken.append(event)


async def test_events_are_taken() -> None:
    taker = Taker()
    async with posting(taker) as post:
        assert await post(incident()) == 200
        assert await post(component()) == 200
    assert [type(event) for event in taker.taken] == [webhooks.IncidentEvent, webhooks.ComponentEvent]


async def test_a_plain_function_will_do() -> None:
    taken: list[webhooks.Event] = []
    async with posting(taken.append) as post:
        assert await post(incident()) == 200
    assert len(taken) == 1


async def test_what_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    taker = Taker()
    body = raw(incident())
    async with posting(taker, max_bytes=len(body)) as post:
        assert await post(body=body, signature="") == 401
        assert await post(body=body, signature="0" * 64) == 401
        assert await post(body=body, signature="no hex") == 401
        assert await post(body=b"") == 400
        assert await post(body=b"not json") == 400
        assert await post({"text": "down"}) == 400
        assert await post(body=body + b" ", signature=sign(body)) == 413
        assert await post(incident()) == 200
    assert len(taker.taken) == 1
    assert len(caplog.records) == 7
    assert SECRET not in caplog.text
    assert sign(body) not in caplog.text
    assert "token" not in caplog.text


async def test_the_limit_holds_for_bodies_of_unknown_length() -> None:
    taker = Taker()

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b" " * 1000
        await asyncio.Event().wait()

    async with posting(taker, max_bytes=5000) as post:
        async with asyncio.timeout(60):  # else it waits for the end of what has none
            assert await post(body=endless(), signature=sign(b"")) == 413
        bomb = gzip.compress(b" " * 1_000_000)
        assert len(bomb) < 5000
        assert await post(body=bomb, **{"Content-Encoding": "gzip"}) == 413
    assert not taker.calls


async def test_a_limit_above_the_applications_own() -> None:
    taker = Taker()
    large = incident(padding="x" * 1_500_000)
    async with posting(taker) as post:
        assert await post(body=io.BytesIO(raw(large)), signature=sign(raw(large))) == 413
    async with posting(taker, max_bytes=2_000_000) as post:
        assert await post(body=io.BytesIO(raw(large)), signature=sign(raw(large))) == 200


async def test_what_comes_again_is_dropped() -> None:
    taker = Taker()
    async with posting(taker) as post:
        assert [await post(incident()) for _ in range(3)] == [200] * 3
        assert await post(body=json.dumps(incident(), indent=1).encode()) == 200
        assert await post(incident(status="RESOLVED")) == 200
    assert taker.calls == 2


async def test_a_maintenance_that_lasts_longer_is_news() -> None:
    taker = Taker()
    async with posting(taker) as post:
        for minutes in (60, 600, 600):
            assert await post(maintenance(duration=minutes)) == 200
    assert [cast("webhooks.MaintenanceEvent", event).maintenance.duration for event in taker.taken] == [60, 600]


async def test_the_memory_is_bounded_and_can_be_none() -> None:
    taker = Taker()
    async with posting(taker, remember=2) as post:
        for number in (1, 2, 3, 3, 2, 1):
            assert await post(incident(id=f"i{number}")) == 200
    assert taker.calls == 4  # the first was forgotten
    taker = Taker()
    async with posting(taker, remember=0) as post:
        assert [await post(incident()) for _ in range(2)] == [200, 200]
    assert taker.calls == 2


async def test_an_event_that_was_not_taken_may_come_again(caplog: pytest.LogCaptureFixture) -> None:
    taker = Taker(failures=1)
    async with posting(taker) as post:
        with caplog.at_level(logging.ERROR):
            assert await post(incident()) == 500
        assert await post(incident()) == 200
        assert await post(incident()) == 200
    assert (taker.calls, len(taker.taken)) == (2, 1)
    (record,) = caplog.records
    assert record.getMessage() == f"on_event failed for {taker.taken[0].key}"
    assert record.exc_info is not None


@pytest.mark.parametrize("failures", [0, 1])
async def test_two_deliveries_at_once(failures: int) -> None:
    """The second waits for the first: 200 must mean that the event was taken."""
    taker = Taker(failures)
    taker.go_on.clear()
    async with posting(taker) as post:
        first = asyncio.ensure_future(post(incident()))
        await taker.arrived.wait()
        others = [asyncio.ensure_future(post(incident())) for _ in range(3)]
        assert await post(body=b"", signature="") == 401  # it goes on with others
        taker.go_on.set()
        answers = sorted([await first, *[await other for other in others]])
    assert answers == [200, 200, 200, 500 if failures else 200]
    assert (taker.calls, len(taker.taken)) == (1 + failures, 1)


async def test_closing_waits_for_an_event_under_way() -> None:
    taker = Taker()
    taker.go_on.clear()
    handler = webhooks.aiohttp_handler(SECRET, taker)
    application = web.Application()
    application.router.add_post("/instatus", handler)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    body = raw(incident())
    async with aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/instatus"
        sent = asyncio.ensure_future(session.post(url, data=body, headers={HEADER: sign(body)}))
        await taker.arrived.wait()
        closing = asyncio.ensure_future(runner.cleanup())
        taker.go_on.set()
        await closing
        answer = await sent
        assert answer.status == 200
        answer.close()
    assert len(taker.taken) == 1


async def test_an_event_whose_handling_is_cancelled_may_come_again() -> None:
    taker = Taker()
    taker.go_on.clear()
    receiver: Any = cast("Any", webhooks.aiohttp_handler(SECRET, taker)).__self__
    event = webhooks.parse(raw(incident()))
    first = asyncio.ensure_future(receiver._once(event))
    await taker.arrived.wait()
    second = asyncio.ensure_future(receiver._once(event))
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    taker.go_on.set()
    await second
    assert (taker.calls, len(taker.taken)) == (2, 1)


def test_settings_that_cannot_work() -> None:
    taker: Any = print
    for options in ({"max_bytes": 0}, {"max_bytes": "1"}, {"remember": -1}, {"remember": 1.5}):
        with pytest.raises(ConfigError):
            webhooks.aiohttp_handler(SECRET, taker, **cast("Any", options))
    with pytest.raises(ConfigError, match="on_event"):
        webhooks.aiohttp_handler(SECRET, cast("Any", None))
    assert SECRET not in repr(webhooks.aiohttp_handler(SECRET, taker))


# --- From Instatus ---------------------------------------------------------------------------------------------------


async def test_from_an_incident_to_an_event(unused_tcp_port: int) -> None:
    """A subscriber with a webhook, its secret, and what happens on the page."""
    taker = Taker()
    async with InstatusServer() as server, server.client() as client:
        hook = {"webhook": f"http://127.0.0.1:{unused_tcp_port}/instatus", "autoConfirm": True}
        (who,) = server.seed(subscribers=[hook])["subscribers"]
        handler = webhooks.aiohttp_handler(["0" * 64, server.webhook_secret(who)], taker)
        async with serving(handler, unused_tcp_port):
            page = client.page(server.page_id)
            api = server.component_id("API")
            opened = await page.incidents.create(
                name="Dôwn 😀",
                status="INVESTIGATING",
                message="We look.\u2028",
                statuses={api: "MAJOROUTAGE"},
                notify=True,
            )
            await page.incidents.updates.create(
                opened.id, status="RESOLVED", message="Fixed.", statuses={api: "OPERATIONAL"}, notify=True
            )
            await page.components.update(api, status="DEGRADEDPERFORMANCE")
            start = datetime.now(UTC) + timedelta(days=1)
            planned = await page.maintenances.create(
                name="Upgrade",
                message="Soon.",
                status="NOTSTARTEDYET",
                components=[api],
                start=start,
                end=start + timedelta(hours=1),
                notify=True,
                notify_start=False,
                notify_end=False,
                notify_early=False,
                auto_start=False,
                auto_end=False,
            )
            assert [delivery.status for delivery in await server.deliveries()] == [200] * 4
    first, second, third, fourth = taker.taken
    assert isinstance(first, webhooks.IncidentEvent)
    assert isinstance(second, webhooks.IncidentEvent)
    assert isinstance(third, webhooks.ComponentEvent)
    assert isinstance(fourth, webhooks.MaintenanceEvent)
    assert (first.incident.id, first.incident.name, first.incident.status) == (opened.id, "Dôwn 😀", "INVESTIGATING")
    assert first.incident.affected_components[0].status == "MAJOROUTAGE"
    assert first.update is not None
    assert first.update.body == "We look.\u2028"
    assert (second.incident.status, second.incident.resolved_at is not None) == ("RESOLVED", True)
    assert second.update is not None
    assert second.update.body == "Fixed."
    assert (third.component_id, third.name, third.status) == (api, "API", "DEGRADEDPERFORMANCE")
    assert (fourth.maintenance.id, fourth.maintenance.status) == (planned.id, "NOTSTARTEDYET")
    assert fourth.update is not None
    assert fourth.update.body == "Soon."
    assert len({event.key for event in taker.taken}) == 4


async def test_a_webhook_of_another_subscription_is_refused(unused_tcp_port: int) -> None:
    taker = Taker()
    async with InstatusServer() as server, server.client() as client:
        hook = {"webhook": f"http://127.0.0.1:{unused_tcp_port}/instatus", "autoConfirm": True}
        server.seed(subscribers=[hook])
        async with serving(webhooks.aiohttp_handler(SECRET, taker), unused_tcp_port):
            await client.page(server.page_id).components.update(server.component_id("API"), status="MAJOROUTAGE")
            (delivery,) = await server.deliveries()
    assert delivery.status == 401
    assert not taker.calls
