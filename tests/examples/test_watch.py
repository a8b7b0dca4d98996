"""`examples/watch_to_chat.py` against the embedded Instatus."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from instatus_async import ConnectError, PublicStatusPage
from instatus_async.testing import InstatusServer

from .conftest import Load, run


class Chat:
    """Where it says things, and the file in which it keeps how far it has come."""

    def __init__(self, load: Load) -> None:
        self.module = load("watch_to_chat")
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


async def test_what_is_said_is_said_once_across_restarts(server: InstatusServer, load: Load) -> None:
    chat = Chat(load)
    async with server.client() as client, server.public() as public:
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


async def test_what_could_not_be_said_is_said_later(server: InstatusServer, load: Load) -> None:
    chat = Chat(load)

    async def broken(text: str) -> None:
        raise ConnectError(text)

    async with server.client() as client, server.public() as public:
        task = chat.relay(public, broken)
        await chat.began.wait()
        await client.page(server.page_id).incidents.create(name="Down", status="INVESTIGATING")
        with pytest.raises(ConnectError):
            await task
        async with chat.running(public):
            await chat.says("incident opened: Down: INVESTIGATING")


async def test_as_a_program(server: InstatusServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what is wrong with an address that cannot be one."""
    monkeypatch.delenv("WEBHOOK_URL", raising=False)
    code, _, errors = await run(server, "watch_to_chat.py", "ftp://acme.example", str(tmp_path / "s.json"))
    assert code == 1
    assert "url must be the address of a status page" in errors
