"""Examples are run as they stand, but for the address of Instatus."""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

import pytest
from aiohttp import web

import instatus_async
from instatus_async import ClientStateError, InstatusClient, RetryPolicy
from instatus_async.testing import InstatusServer, faults, settling

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
Load: TypeAlias = Callable[..., Any]


def read(name: str) -> str:
    return (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[InstatusServer]:
    """Run a server; what it has at once is not waited for."""
    monkeypatch.setattr("instatus_async.session._LOOKS", (0.0, 0.0))
    with settling(0.005):
        async with InstatusServer() as running:
            yield running


class Clients:
    """The clients that a program made."""

    def __init__(self, base_url: str) -> None:
        self.made: list[InstatusClient] = []
        self._base_url = base_url

    def make(self, **options: Any) -> InstatusClient:
        quick = RetryPolicy(attempts=2, base=0.0)
        client = InstatusClient(base_url=self._base_url, retry=quick, **options)
        self.made.append(client)
        return client

    async def are_closed(self) -> bool:
        """Ask each for something, so that nothing but being closed can be in the way."""
        for client in self.made:
            with pytest.raises(ClientStateError, match="closed"):
                await client.user.get()
        return bool(self.made)


@pytest.fixture
def clients(server: InstatusServer, monkeypatch: pytest.MonkeyPatch) -> Clients:
    """Let examples find the embedded server's key and page; what those make that are loaded."""
    monkeypatch.setenv("INSTATUS_API_KEY", server.api_key)
    monkeypatch.setenv("INSTATUS_PAGE", server.page_id)
    return Clients(server.url)


@pytest.fixture
def load(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Import an example anew; `env` is what it finds in its environment."""

    def load(name: str, **env: str) -> ModuleType:
        for key, value in env.items():
            monkeypatch.setenv(key, value)
        spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, spec.name, module)  # frameworks look up what annotations mean
        with monkeypatch.context() as patched:
            patched.setattr(instatus_async, "InstatusClient", clients.make)
            spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture(autouse=True)
async def _nothing_is_left() -> AsyncGenerator[None]:
    """Make sessions that nobody closed complain now, where the test that left them is to blame."""
    gc.freeze()  # what was there before, whole frameworks, is not looked through
    yield
    gc.collect()
    gc.unfreeze()


def announcements(server: InstatusServer) -> int:
    """Count the requests that told subscribers something."""
    return sum(entry.request is not None for entry in server._wire.state.ledger.announcements)


def lose_answers(server: InstatusServer, path: str) -> None:
    """Let the next write reset its connection, so that nobody knows what became of it; it is not carried out."""
    server.faults.next(faults.Reset(), "POST", path)


class Program:
    """An example in a process of its own, with every warning an error."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._said = b""

    async def says(self, text: str) -> None:
        """Wait until it says something."""
        assert self._process.stdout is not None
        while text.encode() not in self._said:
            line = await self._process.stdout.readline()
            assert line, self._said.decode()
            self._said += line

    def terminate(self) -> None:
        self._process.terminate()

    async def ends(self) -> tuple[int | None, str]:
        assert self._process.stdout is not None
        self._said += await self._process.stdout.read()
        return await self._process.wait(), self._said.decode()


async def start(
    server: InstatusServer, name: str, *arguments: str, before: str, stderr: int
) -> asyncio.subprocess.Process:
    """Start a module or a file with the environment of the test; `before` is what is done first."""
    call = f"run_path({str(EXAMPLES / name)!r}" if name.endswith(".py") else f"run_module({name!r}"
    script = (
        "import functools, runpy, sys, instatus_async\n"
        f"instatus_async.InstatusClient = functools.partial(instatus_async.InstatusClient, base_url={server.url!r})\n"
        f"sys.argv = {[name, *arguments]!r}\n{before}\n"
        f"runpy.{call}, run_name='__main__')\n"
    )
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-W", "error", "-u", "-c", script),
        cwd=EXAMPLES.parent,
        env={**os.environ, "PYTHONPATH": str(EXAMPLES.parent)},
        stdout=asyncio.subprocess.PIPE,
        stderr=stderr,
    )


async def run(server: InstatusServer, name: str, *arguments: str, before: str = "") -> tuple[int | None, str, str]:
    """Run a program to its end: its exit code, and what it wrote to stdout and to stderr."""
    process = await start(server, name, *arguments, before=before, stderr=asyncio.subprocess.PIPE)
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


@asynccontextmanager
async def program(server: InstatusServer, name: str, *arguments: str, before: str = "") -> AsyncGenerator[Program]:
    """Run a program that the test talks to."""
    process = await start(server, name, *arguments, before=before, stderr=asyncio.subprocess.STDOUT)
    try:
        yield Program(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


@asynccontextmanager
async def running_app(
    app: web.Application, port: int = 0, **options: Any
) -> AsyncGenerator[tuple[str, Callable[[], Awaitable[None]]]]:
    """Serve an application: its URL, and what stops it before the end."""
    runner = web.AppRunner(app, access_log=None, **options)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", runner.cleanup
    finally:
        await runner.cleanup()


@asynccontextmanager
async def serving(*routes: web.RouteDef) -> AsyncGenerator[str]:
    """Serve a stand-in of somebody else's API: its URL."""
    application = web.Application()
    application.add_routes(routes)
    async with running_app(application, shutdown_timeout=0.1) as (url, _):
        yield url
