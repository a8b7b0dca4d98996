"""The examples about incidents and maintenances, run as programs and as functions."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from instatus_async import MaintenanceConflictError, Page
from instatus_async.testing import InstatusServer, faults
from tests.hostile import Exchange, HostileServer

EXAMPLES = Path(__file__).parent.parent / "examples"
NAMES = ("incident_while_broken", "ci_check", "deploy_window")

PASSES = [sys.executable, "-c", ""]
FAILS = [sys.executable, "-c", "raise SystemExit(3)"]


def example(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def settles_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("instatus_async.jobs._lifecycle.SETTLE", 0.005)


@pytest.fixture
async def server() -> AsyncGenerator[InstatusServer]:
    async with InstatusServer() as running:
        yield running


@pytest.fixture
async def page(server: InstatusServer) -> AsyncGenerator[Page]:
    async with server.client() as client:
        yield client.page(server.page_id)


async def program(server: InstatusServer, name: str, *arguments: str) -> tuple[int | None, str]:
    """Run an example as it stands, but for the address; it has the client of its own process."""
    script = (
        "import runpy, sys, instatus_async as package\n"
        "real = package.InstatusClient\n"
        f"package.InstatusClient = lambda: real(base_url={server.url!r})\n"
        f"sys.argv = {[name, *arguments]!r}\n"
        f"runpy.run_path({str(EXAMPLES / f'{name}.py')!r}, run_name='__main__')\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-W", "error", "-c", script),
        cwd=EXAMPLES.parent,
        env={**os.environ, "INSTATUS_API_KEY": server.api_key},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


def announced(server: InstatusServer) -> int:
    return sum(entry.request is not None for entry in server._wire.state.ledger.announcements)


@pytest.mark.parametrize("name", NAMES)
def test_they_are_short_and_say_how_to_run_them(name: str) -> None:
    source = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 40
    assert f"INSTATUS_API_KEY=... python examples/{name}.py PAGE_ID" in source


async def test_real_processes_that_race(server: InstatusServer, page: Page) -> None:
    """Four CI jobs fail at once, and then four pass at once: one incident, told twice in all."""
    api = server.component_id("API")
    runs = [program(server, "ci_check", server.page_id, api, "smoke", *FAILS) for _ in range(4)]
    for code, output in await asyncio.gather(*runs):
        assert code == 3, output
        assert "Our checks fail [smoke]" in output
    (incident,) = await page.incidents.unresolved().collect()
    assert (incident.name, announced(server)) == ("Our checks fail [smoke]", 1)
    assert (await page.components.get(api)).status == "PARTIALOUTAGE"
    runs = [program(server, "ci_check", server.page_id, api, "smoke", *PASSES) for _ in range(4)]
    outputs = await asyncio.gather(*runs)
    assert {code for code, _ in outputs} == {0}, outputs
    assert sum(output.count("resolved Our checks fail") for _, output in outputs) == 1
    assert (await page.incidents.get(incident.id)).status == "RESOLVED"
    assert (await page.components.get(api)).status == "OPERATIONAL"
    assert announced(server) == 2


async def test_the_page_does_not_decide_about_the_build(
    server: InstatusServer, page: Page, capsys: pytest.CaptureFixture[str]
) -> None:
    check, api = example("ci_check").check, server.component_id("API")
    server.faults.next(faults.Status(403), "GET", times=2)
    assert await check(page, api, "smoke", FAILS) == 3
    assert await check(page, api, "smoke", PASSES) == 0
    assert capsys.readouterr().err.count("not brought up to date") == 2


async def test_incident_while_broken(server: InstatusServer, page: Page) -> None:
    """Told when it changes, and not in between; what could not be told is told in the next round."""
    api = server.component_id("API")
    answers, told = [200, 500, 500, 500, 200, 200, 500], list[tuple[int, int]]()
    server.faults.nth(4, faults.Status(403), "GET", "*/incidents")  # the look of the first round that fails

    async def health(exchange: Exchange) -> None:
        told.append((len(await page.incidents.unresolved().collect()), announced(server)))
        if not answers:
            watching.cancel()
        else:
            exchange.reply(status=answers.pop(0))

    async with HostileServer(health) as shop, aiohttp.ClientSession() as web:
        watch = example("incident_while_broken").watch
        watching = asyncio.ensure_future(watch(page, api, web, shop.url, pause=0))
        await asyncio.wait([watching])
        assert watching.cancelled()
        assert told == [(0, 0), (0, 0), (0, 0), (1, 1), (1, 1), (0, 2), (0, 2), (1, 3)]
        # What this run has left open, the next one resolves.
        answers, told = [200], []
        watching = asyncio.ensure_future(watch(page, api, web, shop.url, pause=0))
        await asyncio.wait([watching])
    assert told == [(1, 3), (0, 4)]
    assert (await page.components.get(api)).status == "OPERATIONAL"


async def test_deploy_window(server: InstatusServer, page: Page) -> None:
    api = server.component_id("API")
    await example("deploy_window").deploy(page, api, 5, PASSES)
    (made,) = await page.maintenances.list().collect()
    assert (made.status, made.updates[-1].message) == ("COMPLETED", "The new version is installed.")
    assert (await page.components.get(api)).status == "OPERATIONAL"
    assert announced(server) == 2


async def test_a_deployment_that_fails(server: InstatusServer, page: Page) -> None:
    api = server.component_id("API")
    code, output = await program(server, "deploy_window", server.page_id, api, "5", *FAILS)
    (made,) = await page.maintenances.list().collect()
    assert (made.status, (await page.components.get(api)).status) == ("COMPLETED", "UNDERMAINTENANCE")
    assert code == 1
    assert "failed with 3" in output
    assert f"The maintenance {made.id} is completed" in output


async def test_a_deployment_in_the_way_of_another(server: InstatusServer, page: Page) -> None:
    api = server.component_id("API")
    await page.maintenances.window(api, name="Other", minutes=5)
    with pytest.raises(MaintenanceConflictError):
        await example("deploy_window").deploy(page, api, 5, PASSES)
    code, output = await program(server, "deploy_window", server.page_id, api, "5", *PASSES)
    assert (code, "Other maintenances affect" in output) == (1, True)
