"""The example that shares a Redis, with three replicas on the embedded Instatus."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from instatus_async import InstatusClient
from instatus_async.testing import InstatusServer

from .redis_server import RedisServer
from .replicas import until

EXAMPLE = Path(__file__).parent.parent / "examples" / "replicas_with_redis.py"


def loaded() -> Any:
    spec = importlib.util.spec_from_file_location("replicas_with_redis", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_is_short() -> None:
    assert len(EXAMPLE.read_text(encoding="utf-8").splitlines()) <= 40


async def test_three_replicas_tell_once_that_it_is_down_and_once_that_it_is_up(
    redis_server: RedisServer, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("instatus_async.jobs._lifecycle.SETTLE", 0.005)
    monkeypatch.setenv("REDIS_URL", redis_server.url)
    example = loaded()
    async with InstatusServer() as server, server.client() as client:

        def embedded(**options: Any) -> InstatusClient:
            return server.client(**options)

        example.InstatusClient = embedded
        page, address = client.page(server.page_id), f"127.0.0.1:{unused_tcp_port}"
        replicas = [asyncio.ensure_future(example.main(server.page_id, "Database", address, 0.01)) for _ in range(3)]
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


def test_it_needs_a_key() -> None:
    command = [sys.executable, str(EXAMPLE), "page", "Database", "127.0.0.1:1"]
    environment = {**os.environ, "PYTHONPATH": str(EXAMPLE.parent.parent), "REDIS_URL": "redis://127.0.0.1:1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "set INSTATUS_API_KEY" in done.stderr
