"""A server with one metric, a client, and a clock whose hands the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import attrs

from instatus_async import (
    InstatusClient,
    MetricBuffer,
    RetryPolicy,
)
from instatus_async.testing import InstatusServer

from .hands import START, Hands, slots

ONCE = RetryPolicy(attempts=1)
POSTED = "/v1/{page_id}/metrics/{metric_id}/data"


@attrs.define(eq=False)
class Bench:
    """A server with one metric, a client, and a clock."""

    server: InstatusServer
    client: InstatusClient
    metric_id: str
    clock: Hands = attrs.Factory(Hands)

    def buffer(self, **options: Any) -> MetricBuffer:
        options.setdefault("clock", self.clock)
        return self.client.page(self.server.page_id).metrics.buffer(self.metric_id, **options)

    async def there(self) -> list[tuple[datetime | None, float | None]]:
        self.server.faults.clear()
        async with self.server.client() as client:
            rows = (await client.page(self.server.page_id).metrics.get(self.metric_id)).data
        return [(row.timestamp, row.value) for row in rows]

    @property
    def posts(self) -> int:
        return len(self.server.requests.matching("POST", POSTED))


@asynccontextmanager
async def bench(data: Sequence[tuple[float, float]] = (), **options: Any) -> AsyncGenerator[Bench]:
    """Begin with points at so many seconds from START."""
    began = round(START.timestamp() * 1000)
    async with InstatusServer() as server, server.client(**{"retry": ONCE, **options}) as client:
        rows = [{"timestamp": began + round(seconds * 1000), "value": value} for seconds, value in data]
        (metric_id,) = server.seed(metrics=[{"name": "Latency", "suffix": "ms", "data": rows}])["metrics"]
        before = asyncio.all_tasks()
        yield Bench(server, client, metric_id)
        assert not [task for task in asyncio.all_tasks() - before if "buffer of metric" in task.get_name()]


def trouble(metric: MetricBuffer) -> Exception | None:
    return metric.last_error


def pairs(*values: float, first: int = 0) -> tuple[tuple[datetime, float], ...]:
    return tuple(zip(slots(len(values), first), values, strict=True))
