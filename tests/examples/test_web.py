"""The web services among the examples, called over real sockets, stopped by a real signal."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import aiohttp
import attrs
import pytest
from aiohttp import web
from yarl import URL

from instatus_async.testing import InstatusServer, faults

from .conftest import Clients, Load, Program, announcements, lose_answers, program, read

TOKEN = "open sesame"
KINDS = {"web_aiohttp": "aiohttp", "web_fastapi": "fastapi", "web_starlette": "starlette"}
BEARER = {"Authorization": f"Bearer {TOKEN}"}

Answer: TypeAlias = tuple[int, Any]


@attrs.define
class Service:
    """One of the services under its URL: how a caller opens and resolves, whatever its routes are."""

    name: str
    url: str
    http: aiohttp.ClientSession

    async def call(self, method: str, path: str, **options: Any) -> Answer:
        options = {"headers": BEARER, **options}
        async with self.http.request(method, self.url + path, **options) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if answer.content_type == "application/json" else text

    async def open(self, component: str = "API", **options: Any) -> Answer:
        if self.name == "web_aiohttp":
            return await self.call(
                "POST", "/incidents", json={"component": component, "message": "We look."}, **options
            )
        if self.name == "web_fastapi":
            return await self.call("PUT", f"/components/{component}/incident?message=We+look.", **options)
        return await self.call("POST", f"/health/{component}", data="critical", **options)

    async def resolve(self, **options: Any) -> Answer:
        if self.name == "web_aiohttp":
            fixed = {"component": "API", "message": "Fixed."}
            return await self.call("POST", "/incidents/resolve", json=fixed, **options)
        if self.name == "web_fastapi":
            return await self.call("DELETE", "/components/API/incident?message=Fixed.", **options)
        return await self.call("POST", "/health/API", data="ok", **options)


@asynccontextmanager
async def running(app: Any) -> AsyncGenerator[str]:
    """Run an application by the server it is written for: its URL."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        url = f"http://127.0.0.1:{sock.getsockname()[1]}"
        if isinstance(app, web.Application):
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            await web.SockSite(runner, sock).start()
            yield url
            await runner.cleanup()
        else:
            import uvicorn  # noqa: PLC0415 - where it is installed

            uvicorn_server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on", ws="none"))
            serving = asyncio.ensure_future(uvicorn_server.serve(sockets=[sock]))
            yield url
            uvicorn_server.should_exit = True
            await serving


def needs(name: str) -> None:
    for package in (KINDS[name], *(["uvicorn"] if name != "web_aiohttp" else [])):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed: pip install {package}")


@pytest.fixture(params=KINDS)
async def service(request: pytest.FixtureRequest, load: Load) -> AsyncGenerator[Service]:
    needs(request.param)
    module = load(request.param, INCIDENT_TOKEN=TOKEN, HEALTH_TOKEN=TOKEN)
    async with running(module.app) as url, aiohttp.ClientSession() as http:
        yield Service(request.param, url, http)


@pytest.mark.parametrize("name", KINDS)
def test_they_are_short_and_say_how_to_run_them(name: str) -> None:
    source = read(name)
    assert len(source.splitlines()) <= 75
    assert "INSTATUS_API_KEY=... INSTATUS_PAGE=<page id>" in source


async def test_an_incident_is_opened_once_and_told_once(service: Service, server: InstatusServer) -> None:
    answers = await asyncio.gather(*(service.open() for _ in range(4)))
    statuses = sorted(status for status, _ in answers)
    assert statuses == ([200, 200, 200, 201] if service.name == "web_aiohttp" else [200] * 4)
    async with server.client() as client:
        page = client.page(server.page_id)
        (incident,) = await page.incidents.unresolved().collect()
        assert (incident.name, announcements(server)) == ("API fails", 1)
        assert (await page.components.find(name="API")).status == "MAJOROUTAGE"
        status, resolved = await service.resolve()
        assert (status, resolved) == (200, "resolved: 1" if service.name == "web_starlette" else [incident.id])
        assert (await page.incidents.get(incident.id)).status == "RESOLVED"
        assert (await page.components.find(name="API")).status == "OPERATIONAL"
        assert announcements(server) == 2


async def test_strangers_are_kept_out(service: Service, server: InstatusServer) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer \xfc\xdf"}):
        for status, _ in (await service.open(headers=headers), await service.resolve(headers=headers)):
            assert status == 401
    method, path = {"web_aiohttp": ("POST", "/incidents"), "web_starlette": ("POST", "/health/API")}.get(
        service.name, ("PUT", "/components/API/incident?message=Hm")
    )
    url = URL(service.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n"
    writer.write(head.encode() + b"Authorization: Bearer \xff\xfe\r\n\r\n")  # not UTF-8
    assert (await reader.readline()).split()[1] == b"401"
    writer.close()
    await writer.wait_closed()
    assert not server.requests


async def test_a_name_that_nothing_has(service: Service, server: InstatusServer) -> None:
    status, answer = await service.open("APIs")
    assert status == 404
    assert "did you mean" in str(answer)
    server.seed(components=[{"name": "Twin", "status": "OPERATIONAL"}] * 2)
    status, answer = await service.open("Twin")
    assert (status, announcements(server)) == (404, 0)


async def test_instatus_is_down(service: Service, server: InstatusServer) -> None:
    async with server.refuse():
        status, answer = await service.open()
        assert status == 503
        assert "nothing was sent" in str(answer)
    status, _ = await service.open()
    assert status in {200, 201}
    assert announcements(server) == 1


@pytest.mark.parametrize("path", ["*/incidents", "*/incident-updates"])
async def test_nobody_knows_what_became_of_it(service: Service, server: InstatusServer, path: str) -> None:
    lose_answers(server, path)
    status, answer = await service.open()
    assert status == 409
    assert "its outcome is unknown" in str(answer)
    assert "It may have been announced." in str(answer) or path == "*/incidents"
    assert announcements(server) == 0


async def test_a_request_that_makes_no_sense(service: Service, server: InstatusServer) -> None:
    if service.name == "web_aiohttp":
        for body, expected in (("{", 400), ("[]", 400), ("{}", 422), ('{"component": "API", "message": 5}', 422)):
            assert (await service.call("POST", "/incidents", data=body))[0] == expected
    elif service.name == "web_fastapi":
        assert (await service.call("PUT", "/components/API/incident"))[0] == 422
    else:
        for word in ("terrible", b"\xff", ""):
            assert (await service.call("POST", "/health/API", data=word))[0] == 422
    assert announcements(server) == 0


async def test_the_client_is_closed_and_the_borrowed_session_with_it(load: Load, clients: Clients) -> None:
    module = load("web_aiohttp", INCIDENT_TOKEN=TOKEN)
    async with running(module.app) as url, aiohttp.ClientSession() as http:
        assert (await Service("web_aiohttp", url, http).open())[0] == 201
        assert not module.app[module.HTTP].closed
    assert module.app[module.HTTP].closed
    assert await clients.are_closed()


@pytest.mark.parametrize("name", ["web_fastapi", "web_starlette"])
async def test_the_client_is_closed(name: str, load: Load, clients: Clients) -> None:
    needs(name)
    async with (
        running(load(name, INCIDENT_TOKEN=TOKEN, HEALTH_TOKEN=TOKEN).app) as url,
        aiohttp.ClientSession() as http,
    ):
        assert (await Service(name, url, http).open())[0] == 200
    assert await clients.are_closed()


Started: TypeAlias = Callable[[Program], Awaitable[None]]


@pytest.mark.parametrize("name", KINDS)
async def test_sigterm_lets_the_incident_be_announced(
    name: str, server: InstatusServer, clients: Clients, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deployment replaces the service while an incident has been made, and not yet been announced."""
    needs(name)
    monkeypatch.setenv("INCIDENT_TOKEN", TOKEN)
    monkeypatch.setenv("HEALTH_TOKEN", TOKEN)
    port = str(unused_tcp_port)
    if name == "web_aiohttp":
        run, said = program(server, f"{name}.py", port), "Running on"
    else:
        arguments = ("--app-dir", "examples", "--port", port, "--ws", "none", f"{name}:app")
        run, said = program(server, "uvicorn", *arguments), "running on"
    server.faults.next(faults.Stall(), "POST", "*/incident-updates")
    async with run as process, aiohttp.ClientSession() as http:
        await process.says(said)
        asked = asyncio.ensure_future(Service(name, f"http://127.0.0.1:{port}", http).open())
        await server.faults.wait()
        process.terminate()
        if name != "web_aiohttp":
            await process.says("Shutting down")
        server.faults.release()
        status, _ = await asked
        assert status in {200, 201}
        code, output = await process.ends()
        assert code in {0, -15}, output  # uvicorn sends the signal on to itself when it is done
        for wrong in ("Warning", "Traceback", "Unclosed"):
            assert wrong not in output, output
    assert announcements(server) == 1
