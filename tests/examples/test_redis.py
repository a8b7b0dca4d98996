"""The example that shares a Redis, with three replicas on the embedded Instatus."""

from __future__ import annotations

import asyncio

import pytest

from instatus_async.testing import InstatusServer
from tests.redis_server import RedisServer
from tests.replicas import until

from .conftest import Load, read, run


def test_it_is_short() -> None:
    assert len(read("replicas_with_redis").splitlines()) <= 40


async def test_three_replicas_tell_once_that_it_is_down_and_once_that_it_is_up(
    server: InstatusServer, load: Load, redis_server: RedisServer, unused_tcp_port: int
) -> None:
    main = load("replicas_with_redis", REDIS_URL=redis_server.url).main
    async with server.client() as client:
        page, address = client.page(server.page_id), f"127.0.0.1:{unused_tcp_port}"
        replicas = [asyncio.ensure_future(main(server.page_id, "Database", address, 0.01)) for _ in range(3)]
        writes = server.requests.matching
        await until(lambda: len(writes("POST", "/v1/{page_id}/incidents")) > 0)
        await until(lambda: len(writes("GET", "/v1/{page_id}/incidents")) >= 4)  # all have looked, the first one twice
        incident = await page.incidents.unresolved().first()
        assert incident is not None
        assert incident.name == "Database is not reachable"
        assert (server.announcements(incident.id), len(writes("POST"))) == (1, 1)
        up = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", unused_tcp_port)
        await until(lambda: server.announcements(incident.id) == 2)
        assert await page.incidents.unresolved().collect() == []
        for replica in replicas:
            replica.cancel()
        await asyncio.gather(*replicas, return_exceptions=True)
        up.close()
        assert server.announcements(incident.id) == 2


async def test_it_needs_a_key(server: InstatusServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1")
    code, _, errors = await run(server, "replicas_with_redis.py", "page", "Database", "127.0.0.1:1")
    assert code == 1
    assert "set INSTATUS_API_KEY" in errors
