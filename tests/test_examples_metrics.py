"""The example that pushes a latency, on the embedded Instatus."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from instatus_async.testing import InstatusServer, faults

EXAMPLE = Path(__file__).parent.parent / "examples" / "push_metrics.py"


def loaded() -> Any:
    spec = importlib.util.spec_from_file_location("push_metrics", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_is_short() -> None:
    assert len(EXAMPLE.read_text(encoding="utf-8").splitlines()) <= 40


async def test_a_latency_becomes_a_point(capsys: pytest.CaptureFixture[str]) -> None:
    async with InstatusServer() as server:
        (metric_id,) = server.seed(metrics=[{"name": "Latency", "suffix": "ms"}])["metrics"]
        server.faults.next(faults.Status(503), host="page")  # the first measurement
        server.faults.nth(3, faults.ExtraFields(), host="page")  # then the second one is a value
        url = server.page_url()
        job = asyncio.ensure_future(loaded().main(server.client(), server.page_id, metric_id, url))
        await server.faults.wait(2)
        signal.raise_signal(signal.SIGTERM)
        await job
        async with server.client() as client:
            points = (await client.page(server.page_id).metrics.get(metric_id)).data
        assert len(points) in {1, 2}  # of one slot, or of two when it began at the end of one
        assert all(point.value is not None and 0 < point.value < 10_000 for point in points)
    assert "not measured: ClientResponseError 503" in capsys.readouterr().err


def test_it_needs_a_key() -> None:
    command = [sys.executable, str(EXAMPLE), "page", "metric", "http://127.0.0.1:1/"]
    environment = {**os.environ, "PYTHONPATH": str(EXAMPLE.parent.parent)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "set INSTATUS_API_KEY" in done.stderr
