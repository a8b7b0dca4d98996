"""The example that pushes a latency, on the embedded Instatus."""

from __future__ import annotations

import asyncio
import signal

import pytest

from instatus_async.testing import InstatusServer, faults

from .conftest import Load, read, run


def test_it_is_short() -> None:
    assert len(read("push_metrics").splitlines()) <= 40


async def test_a_latency_becomes_a_point(
    server: InstatusServer, load: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    (metric_id,) = server.seed(metrics=[{"name": "Latency", "suffix": "ms"}])["metrics"]
    server.faults.next(faults.Status(503), host="page")  # the first measurement
    server.faults.nth(3, faults.ExtraFields(), host="page")  # then the second one is a value
    url = server.page_url()
    job = asyncio.ensure_future(load("push_metrics").main(server.client(), server.page_id, metric_id, url))
    await server.faults.wait(2)
    signal.raise_signal(signal.SIGTERM)
    await job
    async with server.client() as client:
        points = (await client.page(server.page_id).metrics.get(metric_id)).data
    assert len(points) in {1, 2}  # of one slot, or of two when it began at the end of one
    assert all(point.value is not None and 0 < point.value < 10_000 for point in points)
    assert "not measured: ClientResponseError 503" in capsys.readouterr().err


async def test_it_needs_a_key(server: InstatusServer) -> None:
    code, _, errors = await run(server, "push_metrics.py", "page", "metric", "http://127.0.0.1:1/")
    assert code == 1
    assert "set INSTATUS_API_KEY" in errors
