"""The examples that receive webhooks and send heartbeats, against the embedded Instatus."""

from __future__ import annotations

import asyncio
import logging
import sys
from functools import partial
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from instatus_async.testing import Delivery, InstatusServer, faults
from tests import hostile
from tests.hostile import HostileServer, answer
from tests.test_webhooks import HEADER, SECRET, incident, raw, sign

from .conftest import Load, read, run, running_app, serving

NAMES = ("heartbeat", "trigger_from_probe", "webhook_to_chat", "webhooks_fastapi")


@pytest.mark.parametrize("name", NAMES)
def test_they_are_short(name: str) -> None:
    assert len(read(name).splitlines()) <= 40


async def open_incident(server: InstatusServer) -> tuple[Delivery, ...]:
    async with server.client() as client:
        await client.page(server.page_id).incidents.create(
            name="API errors",
            status="INVESTIGATING",
            message="We are on it.",
            statuses={server.component_id("API"): "MAJOROUTAGE"},
            notify=True,
        )
        await client.page(server.page_id).components.update(server.component_id("App"), status="PARTIALOUTAGE")
        return await server.deliveries()


async def test_webhook_to_chat(
    server: InstatusServer, load: Load, unused_tcp_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    hook = {"webhook": f"http://127.0.0.1:{unused_tcp_port}/instatus", "autoConfirm": True}
    (who,) = server.seed(subscribers=[hook])["subscribers"]
    async with HostileServer(answer()) as chat:
        application = load("webhook_to_chat").application(server.webhook_secret(who), chat.url + "/hook")
        async with running_app(application, unused_tcp_port):
            assert [delivery.status for delivery in await open_incident(server)] == [200, 200]
            chat.scripts = [answer(status=503)]
            assert [delivery.status for delivery in (await open_incident(server))[2:]] == [500]
    texts = [request.json["text"] for request in chat.requests]
    assert texts[0].startswith("API errors: INVESTIGATING\nWe are on it.\nhttp")
    assert texts[1] == "App: PARTIALOUTAGE"
    assert "the chat answered 503" in caplog.text
    assert chat.requests[0].target not in caplog.text


async def call_asgi(app: Any, request: web.Request) -> web.Response:
    """Bring a request of aiohttp.web to an ASGI application."""
    body = await request.read()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.path,
        "raw_path": request.path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.lower(), value) for name, value in request.raw_headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return web.Response(status=sent[0]["status"])


async def test_webhooks_fastapi(
    server: InstatusServer, load: Load, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("fastapi", reason="install the examples group: pip install --group examples")
    example = load("webhooks_fastapi")

    async def handler(request: web.Request) -> web.Response:
        return await call_asgi(example.app, request)

    async with serving(web.post("/instatus", handler)) as url:
        (who,) = server.seed(subscribers=[{"webhook": f"{url}/instatus", "autoConfirm": True}])["subscribers"]
        monkeypatch.setenv("INSTATUS_WEBHOOK_SECRET", server.webhook_secret(who))
        assert [delivery.status for delivery in await open_incident(server)] == [204, 204]
        assert [record.getMessage() for record in caplog.records if record.name == "uvicorn.error"] == [
            "API errors: INVESTIGATING",
            "App is PARTIALOUTAGE now",
        ]
        monkeypatch.setenv("INSTATUS_WEBHOOK_SECRET", SECRET)
        await open_incident(server)
        assert (await server.deliveries())[-1].status == 401


async def test_webhooks_fastapi_takes_again_what_it_could_not_handle(
    load: Load, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("fastapi", reason="install the examples group: pip install --group examples")
    example = load("webhooks_fastapi")
    failures = iter([LookupError("the disk is full")])

    def failing(_: logging.LogRecord) -> bool:
        for failure in failures:
            raise failure
        return True

    async def handler(request: web.Request) -> web.Response:
        return await call_asgi(example.app, request)

    monkeypatch.setenv("INSTATUS_WEBHOOK_SECRET", SECRET)
    body = raw(incident())
    example.log.addFilter(failing)
    try:
        async with serving(web.post("/instatus", handler)) as url, aiohttp.ClientSession() as session:
            answers = [await session.post(f"{url}/instatus", data=body, headers={HEADER: sign(body)}) for _ in range(3)]
    finally:
        example.log.removeFilter(failing)
    assert [answer.status for answer in answers] == [500, 204, 204]
    assert [record.getMessage() for record in caplog.records if record.name == "uvicorn.error"] == [
        "Dôwn: INVESTIGATING"
    ]


async def test_trigger_from_probe(server: InstatusServer, load: Load) -> None:
    """It is up, fails three times, and comes back; each is told once, also when the telling fails at first."""
    down = answer({}, status=503)
    api = server.component_id("API")
    ((code,),) = server.seed(integrations=[{"componentId": api}]).values()
    server.faults.next(faults.Status(404), "POST", "/v3/*")
    trigger_url = f"{server.url}/v3/integrations/webhook/{code}"
    async with HostileServer(answer({}), answer({}), *[down] * 4, answer({})) as shop:
        probing = asyncio.ensure_future(load("trigger_from_probe").probe(shop.url, trigger_url, every=0.0))
        await shop.reached(9)
        probing.cancel()
        await asyncio.wait([probing])
    states = [entry.body["trigger"] for entry in server.requests if entry.committed]
    assert states == ["up", "down", "up"]


async def test_heartbeat(server: InstatusServer, monkeypatch: pytest.MonkeyPatch) -> None:
    cron = partial(run, server, "heartbeat.py")
    (slug,) = server.seed(heartbeats=[{}])["heartbeats"]
    monkeypatch.setenv("INSTATUS_HEARTBEAT_URL", f"{server.url}/{slug}")
    assert await cron(sys.executable, "-c", "") == (0, "", "")
    assert await cron(sys.executable, "-c", "raise SystemExit(3)") == (3, "", "")
    assert (await cron())[0] == 1
    assert [request.path for request in server.requests] == [f"/{slug}", f"/{slug}/fail"]
    monkeypatch.setenv("INSTATUS_HEARTBEAT_URL", f"{server.url}/unknown-slug")
    code, _, errors = await cron(sys.executable, "-c", "")
    assert code == 1
    assert errors.startswith("heartbeat: refused with 404")
    assert "unknown-slug" not in errors


async def test_heartbeat_that_nobody_hears(server: InstatusServer, monkeypatch: pytest.MonkeyPatch) -> None:
    async with HostileServer(hostile.reset) as nobody:
        monkeypatch.setenv("INSTATUS_HEARTBEAT_URL", f"{nobody.url}/slug")
        code, _, errors = await run(server, "heartbeat.py", sys.executable, "-c", "")
    assert code == 1
    assert errors.startswith("heartbeat: the connection broke")
