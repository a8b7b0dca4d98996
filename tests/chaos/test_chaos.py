"""Play one day of a bot under random faults, for many seeds, with the server's own log as the oracle.

    python -m pytest tests/chaos                       # the seeds of the normal run
    CHAOS_SEEDS=10000 python -m pytest tests/chaos -s  # many more, with the counts

A seed that fails is printed with its schedule; CHAOS_FIRST is the first seed to play.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from instatus_async import (
    APIError,
    ConnectError,
    DeadlineExceededError,
    DecodeError,
    DuplicateDetectedError,
    InstatusClient,
    InstatusError,
    OutcomeUnknownError,
    RetryPolicy,
    ServerError,
    TransportError,
)
from instatus_async.testing import InstatusServer

SEEDS = int(os.environ.get("CHAOS_SEEDS", "150"))
FIRST = int(os.environ.get("CHAOS_FIRST", "1"))


@attrs.define
class Call:
    """One write of the day: what it asked for, and what its caller was told."""

    kind: str
    method: str
    word: str  # a text in its body that no other call has
    result: Any = None
    error: InstatusError | None = None

    def said(self) -> str:
        """Put into one word what the caller knows afterwards."""
        error = self.error
        if error is None:
            return "returned"
        if isinstance(error, OutcomeUnknownError):
            return "unknown"
        if isinstance(error, DuplicateDetectedError):
            return "duplicate"
        if isinstance(error, ServerError) or (
            isinstance(error, (TransportError, DecodeError)) and error.may_have_applied
        ):
            return "perhaps"
        return "not sent"


@attrs.define
class Day:
    """What one seed brought."""

    seed: int
    calls: list[Call] = attrs.Factory(list)

    async def write(self, kind: str, method: str, word: str, call: Callable[[], Awaitable[Any]]) -> Any:
        entry = Call(kind, method, word)
        self.calls.append(entry)
        try:
            entry.result = await call()
        except InstatusError as exc:
            entry.error = exc
        return entry.result


async def play(seed: int) -> tuple[Day, InstatusServer]:
    """Let a bot work through its day while things go wrong."""
    day = Day(seed)
    async with InstatusServer() as server:
        schedule = server.faults.random(seed, rate=0.35)
        before = set(asyncio.all_tasks())
        client = server.client(timeout=2.0, retry=RetryPolicy(attempts=3, base=0.0))
        async with client:
            try:
                await _work(day, server, client, seed)
            finally:
                server.faults.clear()
                server.faults.release()
            assert client.unresolved == ()
        # What the server still does for connections that were dropped is its own.
        ours = [task for task in asyncio.all_tasks() - before if "instatus_async/testing" not in repr(task)]
        leaked = [task for task in ours if "aiohttp/web" not in repr(task) and not task.done()]
        assert leaked == []
        _judge(day, server, f"{schedule!r}\n{server.requests!r}")
        return day, server


async def _work(day: Day, server: InstatusServer, client: InstatusClient, seed: int) -> None:
    page = client.page(server.page_id)
    api = server.component_id("API")
    name = f"Incident {seed}"
    incident = await day.write(
        "incident",
        "POST",
        name,
        lambda: page.incidents.create(
            name=name, status="INVESTIGATING", message="Looking", statuses={api: "MAJOROUTAGE"}, notify=True
        ),
    )
    if incident is not None:
        for status in ("IDENTIFIED", "RESOLVED"):
            text = f"Now {status} {seed}"
            await day.write(
                "update",
                "POST",
                text,
                lambda status=status, text=text: page.incidents.updates.create(
                    incident.id, status=status, message=text, statuses={api: "OPERATIONAL"}, notify=True
                ),
            )
        changed = f"Renamed {seed}"
        await day.write(
            "change", "PUT", changed, lambda: page.incidents.update(incident.id, name=changed, notify=True)
        )
        quiet = f"Quietly {seed}"
        await day.write("quiet", "PUT", quiet, lambda: page.incidents.update(incident.id, name=quiet, notify=False))
    part = f"Component {seed}"
    await day.write("component", "POST", part, lambda: page.components.create(name=part))
    start = datetime(2030, 1, 1, tzinfo=UTC) + timedelta(seconds=seed)
    work = f"Maintenance {seed}"
    await day.write(
        "maintenance",
        "POST",
        work,
        lambda: page.maintenances.create(
            name=work,
            message="Work",
            status="NOTSTARTEDYET",
            components=[api],
            start=start,
            end=start + timedelta(hours=1),
            notify=True,
            notify_start=False,
            notify_end=False,
            notify_early=False,
            auto_start=False,
            auto_end=False,
        ),
    )
    mail = f"seed{seed}@example.org"
    await day.write("subscriber", "POST", mail, lambda: page.subscribers.create(email=mail, all=True))
    metric = await day.write(
        "metric", "POST", f"Metric {seed}", lambda: page.metrics.create(name=f"Metric {seed}", suffix="ms")
    )
    if metric is not None:
        points = [(datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=n), float(n + 1)) for n in range(5)]
        await day.write(
            "points", "POST", '"timestamp"', lambda: page.metrics.add_datapoints(metric.id, points)
        )
        await day.write("delete", "DELETE", metric.id, lambda: page.metrics.delete(metric.id))


def _committed(server: InstatusServer, call: Call) -> int:
    """Count how often the server carried a call out."""
    return sum(
        entry.committed and entry.method == call.method and (call.word in repr(entry.body) or call.word in entry.path)
        for entry in server.requests
    )


def _judge(day: Day, server: InstatusServer, story: str) -> None:
    for call in day.calls:
        committed, said = _committed(server, call), call.said()
        told = f"{call.kind} was carried out {committed} times, and its caller knows: {said} ({call.error!r})\n{story}"
        if call.kind in ("incident", "update", "change", "component", "maintenance", "subscriber", "metric"):
            assert committed <= 1, told  # announced twice
        if said == "returned" and call.kind != "points":
            assert committed >= 1, told  # a wrong claim
        if said == "not sent":
            assert committed == 0, told  # a wrong claim
        if said == "unknown":
            assert isinstance(call.error, OutcomeUnknownError), told
            assert call.error.fingerprint is not None, told  # a lost outcome
        assert said != "duplicate", told


def report(days: Sequence[Day], servers: Sequence[int]) -> str:
    counts: Counter[str] = Counter(f"{call.kind}: {call.said()}" for day in days for call in day.calls)
    lines = [f"{len(days)} seeds from {FIRST}, {sum(servers)} requests, {sum(counts.values())} writes"]
    return "\n".join([*lines, *(f"  {count:7} {what}" for what, count in sorted(counts.items()))])


async def test_random_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("instatus_async.session._LOOKS", (0.0, 0.0, 0.001, 0.002))
    days: list[Day] = []
    requests: list[int] = []
    for seed in range(FIRST, FIRST + SEEDS):
        day, server = await play(seed)
        days.append(day)
        requests.append(len(list(server.requests)))
    text = report(days, requests)
    print(text)
    assert any(call.said() == "unknown" for day in days for call in day.calls), text
    assert any(call.said() == "returned" for day in days for call in day.calls), text


_ = (APIError, ConnectError, DeadlineExceededError)
