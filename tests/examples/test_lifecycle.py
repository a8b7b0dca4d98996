"""The examples about incidents and maintenances, run as programs and as functions."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator

import aiohttp
import pytest

from instatus_async import MaintenanceConflictError, Page
from instatus_async.testing import InstatusServer, faults
from tests.hostile import Exchange, HostileServer

from .conftest import Clients, Load, announcements, read, run

NAMES = ("incident_while_broken", "ci_check", "deploy_window")

PASSES = [sys.executable, "-c", ""]
FAILS = [sys.executable, "-c", "raise SystemExit(3)"]


@pytest.fixture
async def page(server: InstatusServer) -> AsyncGenerator[Page]:
    async with server.client() as client:
        yield client.page(server.page_id)


@pytest.mark.parametrize("name", NAMES)
def test_they_are_short_and_say_how_to_run_them(name: str) -> None:
    source = read(name)
    assert len(source.splitlines()) <= 40
    assert f"INSTATUS_API_KEY=... python examples/{name}.py PAGE_ID" in source


async def test_real_processes_that_race(server: InstatusServer, clients: Clients, page: Page) -> None:
    """Four CI jobs fail at once, and then four pass at once: one incident, told twice in all."""
    api = server.component_id("API")
    runs = [run(server, "ci_check.py", server.page_id, api, "smoke", *FAILS) for _ in range(4)]
    for code, output, errors in await asyncio.gather(*runs):
        assert (code, errors) == (3, "")
        assert "Our checks fail [smoke]" in output
    (incident,) = await page.incidents.unresolved().collect()
    assert (incident.name, announcements(server)) == ("Our checks fail [smoke]", 1)
    assert (await page.components.get(api)).status == "PARTIALOUTAGE"
    runs = [run(server, "ci_check.py", server.page_id, api, "smoke", *PASSES) for _ in range(4)]
    ended = await asyncio.gather(*runs)
    assert {(code, errors) for code, _, errors in ended} == {(0, "")}
    assert sum(output.count("resolved Our checks fail") for _, output, _ in ended) == 1
    assert (await page.incidents.get(incident.id)).status == "RESOLVED"
    assert (await page.components.get(api)).status == "OPERATIONAL"
    assert announcements(server) == 2


async def test_the_page_does_not_decide_about_the_build(
    server: InstatusServer, load: Load, page: Page, capsys: pytest.CaptureFixture[str]
) -> None:
    check, api = load("ci_check").check, server.component_id("API")
    server.faults.next(faults.Status(403), "GET", times=2)
    assert await check(page, api, "smoke", FAILS) == 3
    assert await check(page, api, "smoke", PASSES) == 0
    assert capsys.readouterr().err.count("not brought up to date") == 2


async def test_incident_while_broken(server: InstatusServer, load: Load, page: Page) -> None:
    """Told when it changes, and not in between; what could not be told is told in the next round."""
    api = server.component_id("API")
    answers, told = [200, 500, 500, 500, 200, 200, 500], list[tuple[int, int]]()
    server.faults.nth(4, faults.Status(403), "GET", "*/incidents")  # the look of the first round that fails

    async def health(exchange: Exchange) -> None:
        told.append((len(await page.incidents.unresolved().collect()), announcements(server)))
        if not answers:
            watching.cancel()
        else:
            exchange.reply(status=answers.pop(0))

    async with HostileServer(health) as shop, aiohttp.ClientSession() as web:
        watch = load("incident_while_broken").watch
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


async def test_deploy_window(server: InstatusServer, load: Load, page: Page) -> None:
    api = server.component_id("API")
    await load("deploy_window").deploy(page, api, 5, PASSES)
    (made,) = await page.maintenances.list().collect()
    assert (made.status, made.updates[-1].message) == ("COMPLETED", "The new version is installed.")
    assert (await page.components.get(api)).status == "OPERATIONAL"
    assert announcements(server) == 2


async def test_a_deployment_that_fails(server: InstatusServer, clients: Clients, page: Page) -> None:
    api = server.component_id("API")
    code, _, errors = await run(server, "deploy_window.py", server.page_id, api, "5", *FAILS)
    (made,) = await page.maintenances.list().collect()
    assert (made.status, (await page.components.get(api)).status) == ("COMPLETED", "UNDERMAINTENANCE")
    assert code == 1
    assert "failed with 3" in errors
    assert f"The maintenance {made.id} is completed" in errors


async def test_a_deployment_in_the_way_of_another(server: InstatusServer, load: Load, page: Page) -> None:
    api = server.component_id("API")
    await page.maintenances.window(api, name="Other", minutes=5)
    with pytest.raises(MaintenanceConflictError):
        await load("deploy_window").deploy(page, api, 5, PASSES)
    code, _, errors = await run(server, "deploy_window.py", server.page_id, api, "5", *PASSES)
    assert (code, "Other maintenances affect" in errors) == (1, True)
