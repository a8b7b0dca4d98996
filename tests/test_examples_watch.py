"""`examples/watch_to_chat.py` against the embedded Instatus."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from instatus_async import ConnectError, PublicStatusPage
from instatus_async.testing import InstatusServer

EXAMPLE = Path(__file__).parent.parent / "examples" / "watch_to_chat.py"


class Chat:
    """Where it says things, and the file in which it keeps how far it has come."""

    def __init__(self) -> None:
        spec = importlib.util.spec_from_file_location("watch_to_chat", EXAMPLE)
        assert spec is not None
        assert spec.loader is not None
        self.module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.module)
        self.said: asyncio.Queue[str] = asyncio.Queue()
        self.kept = ""
        self.began = asyncio.Event()

    def keep(self, text: str) -> None:
        self.kept = text
        self.began.set()

    def relay(self, public: PublicStatusPage, say: Any = None) -> asyncio.Task[None]:
        relayed = self.module.relay(public, self.kept, self.keep, say or self.said.put, every=0.01)
        return asyncio.create_task(relayed)

    @asynccontextmanager
    async def running(self, public: PublicStatusPage) -> AsyncGenerator[None]:
        self.began.clear()
        task = self.relay(public)
        await self.began.wait()
        yield
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async def says(self, *lines: str) -> None:
        """Each of them once, and nothing else but that the machine was slow."""
        expected = set(lines)
        while expected:
            line = await self.said.get()
            assert line in expected or line.startswith("not seen since"), line
            expected.discard(line)


async def test_what_is_said_is_said_once_across_restarts() -> None:
    chat = Chat()
    async with InstatusServer() as server, server.client() as client, server.public() as public:
        incidents, api = client.page(server.page_id).incidents, server.component_id("API")
        async with chat.running(public):
            incident = await incidents.create(name="Down", status="INVESTIGATING", statuses={api: "MAJOROUTAGE"})
            await chat.says(
                "incident opened: Down: INVESTIGATING",
                "component status changed: API: MAJOROUTAGE",
                "page status changed: HASISSUES",
            )
        await incidents.updates.create(incident.id, status="RESOLVED", message="Fixed", statuses={})
        async with chat.running(public):
            await chat.says("incident resolved: Down: RESOLVED")


async def test_what_could_not_be_said_is_said_later() -> None:
    chat = Chat()

    async def broken(text: str) -> None:
        raise ConnectError(text)

    async with InstatusServer() as server, server.client() as client, server.public() as public:
        task = chat.relay(public, broken)
        await chat.began.wait()
        await client.page(server.page_id).incidents.create(name="Down", status="INVESTIGATING")
        with pytest.raises(ConnectError):
            await task
        async with chat.running(public):
            await chat.says("incident opened: Down: INVESTIGATING")


def test_as_a_program(tmp_path: Path) -> None:
    """It says what is wrong with an address that cannot be one."""
    env = {key: value for key, value in os.environ.items() if key != "WEBHOOK_URL"}
    env["PYTHONPATH"] = str(EXAMPLE.parent.parent)
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLE), "ftp://acme.example", str(tmp_path / "s.json")],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "url must be the address of a status page" in done.stderr
