"""What all tests share."""

from __future__ import annotations

import secrets
import shutil
import signal
import socket
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path

import pytest
import trustme
from aiohttp import web
from hypothesis import HealthCheck, settings

from instatus_async import Page
from instatus_async.testing import InstatusServer

from .redis_server import RedisServer

# No test measures time, and none may depend on how busy the machine is.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")

# A shell's background jobs ignore Ctrl-C, and so would every program that a test starts and interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_key_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a developer's own key, proxies and netrc out of the tests."""
    for name in (
        "INSTATUS_API_KEY",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "http_proxy",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def server() -> AsyncGenerator[InstatusServer]:
    """An Instatus of the test's own."""
    async with InstatusServer() as running:
        yield running


@pytest.fixture
async def page(server: InstatusServer) -> AsyncGenerator[Page]:
    """The server's page, in the hands of the SDK."""
    async with server.client() as client:
        yield client.page(server.page_id)


@pytest.fixture
def unused_tcp_port() -> int:
    """A port on which nobody listens; not one of those that the system gives to servers of other tests meanwhile."""
    while True:
        port = 20_000 + secrets.randbelow(10_000)
        with socket.socket() as sock, suppress(OSError):
            sock.bind(("127.0.0.1", port))
            return port


@pytest.fixture
def tls_server() -> Callable[[], AbstractAsyncContextManager[str]]:
    """A server whose certificate nobody trusts: its URL."""

    @asynccontextmanager
    async def serve() -> AsyncGenerator[str]:
        async def hello(_: web.Request) -> web.Response:
            return web.json_response({})

        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        trustme.CA().issue_cert("localhost").configure_cert(context)  # pyright: ignore[reportUnknownMemberType]  # of pyOpenSSL
        application = web.Application()
        application.router.add_get("/v1/x", hello)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        port: int = runner.addresses[0][1]
        try:
            yield f"https://localhost:{port}"
        finally:
            await runner.cleanup()

    return serve


@pytest.fixture
async def redis_server(tmp_path: Path) -> AsyncGenerator[RedisServer]:
    """A Redis of one's own, that remembers nothing."""
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed: apt-get install redis-server")
    server = RedisServer(tmp_path)
    await server.start()
    try:
        yield server
    finally:
        await server.kill()
