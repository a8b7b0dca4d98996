"""The server as a program."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from instatus_async.testing import InstatusServer, faults
from instatus_async.testing.__main__ import main
from instatus_async.testing.demo import Story, StoryClock

# As it is on Windows.
NO_SIGNAL_HANDLERS = """
import asyncio, sys
from instatus_async.testing.__main__ import main

def refuse(*_):
    raise NotImplementedError

asyncio.SelectorEventLoop.add_signal_handler = refuse
sys.exit(main())
"""
MODULE = ("-m", "instatus_async.testing")


@asynccontextmanager
async def program(*options: str, code: Sequence[str] = MODULE) -> AsyncGenerator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-W",
        "error",
        *code,
        *options,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def told(process: asyncio.subprocess.Process) -> dict[str, str]:
    """Read what it says until it says how to stop it."""
    assert process.stdout is not None
    said: dict[str, str] = {}
    while not (line := (await process.stdout.readline()).decode()).startswith("Stop with"):
        assert line, (process.stderr and await process.stderr.read(), said)
        name, _, text = line.strip().partition("  ")
        said[name] = text.strip()
    return said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("demo", [(), ("--demo", "--pace", "600")])
async def test_it_serves_until_it_is_stopped(number: signal.Signals, demo: tuple[str, ...]) -> None:
    async with program("--api-key", "a-key", *demo) as process:
        said = await told(process)
        assert said["key"] == "a-key"
        assert said["try"] == f'curl -H "Authorization: Bearer a-key" {said["API"]}/v2/pages'
        async with aiohttp.ClientSession() as session:
            async with session.get(said["API"] + "/v1/user", headers={"Authorization": "Bearer a-key"}) as answer:
                assert answer.status == 200
            async with session.get(said["status page"] + "/summary.json") as answer:
                assert (await answer.json())["page"]["name"] == "Acme"
        process.send_signal(number)
        out, err = await process.communicate()
        assert (process.returncode, out.splitlines()[-1], err) == (0, b"Stopped.", b"")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_is_stopped_without_the_loops_signal_handlers(number: signal.Signals) -> None:
    async with program("--demo", "--pace", "600", code=("-c", NO_SIGNAL_HANDLERS)) as process:
        await told(process)
        process.send_signal(number)
        out, err = await process.communicate()
        assert (process.returncode, out.splitlines()[-1], err) == (0, b"Stopped.", b"")


async def test_the_demo_plays_and_ends() -> None:
    async with program("--demo", "--exit", "--pace", "0") as process:
        out, err = await process.communicate()
        assert (process.returncode, err) == (0, b"")
        assert b"The API fails. An incident is opened. (3 told)" in out


async def test_the_ports_are_those_asked_for(unused_tcp_port: int) -> None:
    async with program("--port", str(unused_tcp_port), "--exit") as process:
        assert (await told(process))["API"] == f"http://127.0.0.1:{unused_tcp_port}"


def test_what_cannot_be_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--host", "0.0.0.0"]) == 1  # that is the point
    assert "allow_remote" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--port", "x"])


async def test_what_the_story_leaves_behind() -> None:
    clock = StoryClock()
    lines: list[str] = []
    async with InstatusServer(clock=clock) as server:
        await Story(server, clock, 0).play(lines.append)
        assert clock() >= clock.now
        async with server.client() as client:
            page = client.page(server.page_id)
            incidents = await page.incidents.list().collect()
            assert sum(incident.status == "RESOLVED" for incident in incidents) == len(incidents) - 1 == 7
            maintenances = await page.maintenances.list().collect()
            assert sorted(one.status for one in maintenances) == ["COMPLETED", "NOTSTARTEDYET"]
            (metric,) = await page.metrics.list().collect()
            assert len(metric.data) > 100
            statuses = {one.name: one.status async for one in page.components.list()}
        assert statuses == {"Website": "PARTIALOUTAGE", "App": "OPERATIONAL", "API": "OPERATIONAL"}
        assert all(entry.committed for entry in server.requests)
    assert len(lines) == 12


@pytest.mark.parametrize("write", [1, 2, 7, 11, 12, 13, 20, 30])
async def test_a_story_that_is_stopped_finishes_the_write_under_way(
    write: int, caplog: pytest.LogCaptureFixture
) -> None:
    class StopNow(faults.Fault):
        async def act(self, exchange: faults.Exchange) -> web.StreamResponse:
            stop.set()
            return exchange.answer(exchange.commit())

    caplog.set_level(logging.INFO)
    clock, stop = StoryClock(), asyncio.Event()
    lines: list[str] = []
    async with InstatusServer(clock=clock) as server:
        server.faults.nth(write, StopNow(), "POST")
        await Story(server, clock, 0, stop).play(lines.append)
        assert stop.is_set()
        assert all((entry.status, entry.committed) == (200, True) for entry in server.requests)
    assert 1 <= len(lines) < 12
    assert caplog.records == []
