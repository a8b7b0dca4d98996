"""Outages by the seed: what a buffer accepted is on the server once and right, or was reported.

    BUFFER_SEEDS=1000 python -m pytest tests/jobs/test_metric_buffer_outages.py -s    # more of them, with the counts

BUFFER_FIRST is the first seed to play.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import math
import os
import random
import sys
from collections import Counter
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import attrs
import pytest

from instatus_async import (
    BufferFullError,
    InstatusClient,
    InstatusError,
    MetricBuffer,
    RetryPolicy,
    UnsentDatapointsError,
)
from instatus_async.testing import InstatusServer, Schedule, faults
from instatus_async.testing.schedule import MENU
from tests.test_cancellation import CancelledAt

from .hands import START, Hands

SEEDS = int(os.environ.get("BUFFER_SEEDS", "200"))
FIRST = int(os.environ.get("BUFFER_FIRST", "1"))
AT_ONCE = 25
ADDRESSES = sys.platform == "linux"  # all of 127.0.0.0/8 is this machine's

OUTAGES = (*MENU, (2, faults.Stall()), (1, faults.Stall(after_commit=True)), (1, faults.LateCommit()))
HEARD_BEFORE = START - timedelta(seconds=30)  # the slot in which an earlier process ended


class CrashedError(Exception):
    """What the program in the block died of."""


@attrs.define(eq=False)
class Story:
    """One buffer and its service: what went in, what was said, and how it ended."""

    seed: int
    server: InstatusServer
    client: InstatusClient
    schedule: Schedule
    metric_id: str
    chance: random.Random
    clock: Hands
    aggregate: str
    end: str
    most: int
    accepted: dict[datetime, list[float]] = attrs.Factory(dict[datetime, list[float]])
    reports: list[UnsentDatapointsError] = attrs.Factory(list[UnsentDatapointsError])
    said: Counter[str] = attrs.Factory(Counter[str])
    wrong: list[str] = attrs.Factory(list[str])

    async def work(self, metric: MetricBuffer, stack: AsyncExitStack) -> None:
        chance, outage = self.chance, 0
        for _ in range(chance.randint(4, 14)):
            for _ in range(chance.randint(0, 4)):
                self.add(metric)
            self.check("unbounded", right=len(metric._held) + len(metric._open) <= self.most)
            # refuse() cannot be cancelled.
            if ADDRESSES and not outage and self.end != "cancelled" and chance.random() < 0.1:
                await stack.enter_async_context(self.server.refuse())
                outage = chance.randint(1, 4)
            elif outage:
                outage -= 1
                if not outage:
                    await stack.aclose()
            if chance.random() < 0.3:
                try:
                    await metric.flush()
                except InstatusError as error:
                    self.said[type(error).__name__] += 1
            if self.clock.advance(chance.choice((1, 10, 25, 30, 45))) and chance.random() < 0.8:
                await self.clock.armed()

    def add(self, metric: MetricBuffer) -> None:
        value = round(self.chance.uniform(-100, 1000), 2)
        at = self.clock.wall
        slot = datetime.fromtimestamp(at.timestamp() // 30 * 30, UTC)
        try:
            metric.add(value, at=self.chance.choice((None, at)))
        except BufferFullError:
            self.said["full"] += 1
        else:
            self.accepted.setdefault(slot, []).append(value)

    def check(self, what: str, *, right: bool) -> None:
        if not right:
            reports = "".join(f"\n{report!r} {report.points} {report.doubtful}" for report in self.reports)
            story = f"{self.schedule!r}\n{self.server.requests.explain()}"
            self.wrong.append(f"{what}, seed {self.seed}\n{self.accepted}{reports}\n{story}")

    async def judge(self) -> None:
        """Hold the reports against what the server has."""
        async with self.server.client() as client:
            rows = (await client.page(self.server.page_id).metrics.get(self.metric_id)).data
        there = {row.timestamp: row.value for row in rows if row.timestamp is not None}
        expected = {slot: aggregated(self.aggregate, values) for slot, values in self.accepted.items()}
        reported = {slot: value for report in self.reports for slot, value in report.points}
        doubtful = {slot for report in self.reports for slot, _ in report.doubtful}
        self.check("twice", right=len(rows) == len(there))
        self.check("reported twice", right=len(reported) == sum(len(report.points) for report in self.reports))
        for slot, value in there.items():
            if slot == HEARD_BEFORE and value == -1.0:
                continue
            self.check("wrong value", right=slot in expected and near(expected[slot], value))
            self.check("wrong claim", right=slot not in reported or slot in doubtful)
        for slot, value in expected.items():
            self.check("lost", right=slot in there or slot in reported)
            self.check("wrong report", right=slot not in reported or near(value, reported[slot]))
        self.check("invented", right=reported.keys() <= expected.keys())
        self.said["points"] += len(expected)
        self.said["points on record"] += len(there.keys() & expected.keys())
        self.said["points reported"] += len(reported)


def aggregated(name: str, values: list[float]) -> float:
    if name == "mean":
        return math.fsum(values) / len(values)
    if name == "p95":
        return sorted(values)[math.ceil(0.95 * len(values)) - 1]
    return max(values) if name == "max" else values[-1]


def near(one: float, other: float | None) -> bool:
    return other is not None and math.isclose(one, other, abs_tol=1e-9)


def _host(seed: int) -> str:
    """Give each story an address of its own: a port that is refused for a while is free for others."""
    return f"127.1.{seed // 250 % 250}.{seed % 250 + 1}" if ADDRESSES else "127.0.0.1"


async def play(seed: int) -> Story:
    chance = random.Random(seed)
    before = chance.random() < 0.2  # an earlier process has sent the slot in which this one begins
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(InstatusServer(host=_host(seed)))
        client = await stack.enter_async_context(server.client(timeout=0.5, retry=RetryPolicy(attempts=2, base=0.0)))
        past = [{"timestamp": int(HEARD_BEFORE.timestamp() * 1000), "value": -1.0}] if before else []
        (metric_id,) = server.seed(metrics=[{"name": "Latency", "suffix": "ms", "data": past}])["metrics"]
        clock = Hands(HEARD_BEFORE + timedelta(seconds=chance.randint(0, 29)))
        schedule = server.faults.random(seed, rate=chance.choice((0.2, 0.5, 0.8)), menu=OUTAGES)
        aggregate = chance.choice(("mean", "last", "max", "p95"))
        end = chance.choice(("returns", "returns", "fails", "cancelled"))
        most = chance.choice((2, 5, 50))
        story = Story(seed, server, client, schedule, metric_id, chance, clock, aggregate, end, most)
        await _one_life(story)
        server.faults.clear()
        server.faults.release()
        await server.faults.idle()
        await story.judge()
    return story


async def _one_life(story: Story) -> None:
    """Let a program push until it ends: by itself, by an exception, or cancelled at one of its awaits."""
    chance = story.chance
    step = chance.randint(1, 20) if story.end == "cancelled" else -1
    listens = chance.random() < 0.5
    metric = story.client.page(story.server.page_id).metrics.buffer(
        story.metric_id,
        aggregate=story.aggregate,  # type: ignore[arg-type]  # one of the four
        batch=chance.randint(1, 4),
        max_points=story.most,
        drain=chance.choice((2.0, 30.0)),
        on_lost=story.reports.append if listens else None,
        clock=story.clock,
    )

    async def live() -> None:
        async with AsyncExitStack() as outage, metric:
            await story.work(metric, outage)
            await outage.aclose()
            if chance.random() < 0.5:
                story.server.faults.clear()
            if story.end == "fails":
                raise CrashedError

    async def run() -> None:
        await CancelledAt(live(), step)

    task = asyncio.ensure_future(run())
    await asyncio.wait([task])
    error = asyncio.CancelledError() if task.cancelled() else task.exception()
    story.said[f"end: {type(error).__name__}"] += 1
    story.check(f"end: {error!r}", right=error is None or isinstance(error, ENDS))
    if isinstance(error, UnsentDatapointsError):
        story.check("raised in spite of a listener", right=not listens)
        story.reports.append(error)
    elif not listens and metric.unsent:
        story.check("not raised", right=error is not None)
        story.reports.append(UnsentDatapointsError("", points=metric.unsent, doubtful=metric.unsent))


ENDS = (CrashedError, asyncio.CancelledError, UnsentDatapointsError)


async def test_random_outages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("instatus_async.rate_limit._SLOWEST", 100.0)  # a pace that is learnt from few requests
    waiting = iter(range(FIRST, FIRST + SEEDS))
    said: Counter[str] = Counter()
    wrong: list[str] = []
    before = asyncio.all_tasks()

    async def worker() -> None:
        for seed in waiting:
            story = await play(seed)
            said.update(story.said)
            wrong.extend(story.wrong)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(worker())
    for _ in itertools.repeat(None, 5):
        await asyncio.sleep(0)
    gc.collect()
    text = "\n".join(f"{count:8} {what}" for what, count in sorted(said.items()))
    print(f"\n{SEEDS} seeds from {FIRST}\n{text}\n{len(wrong):8} wrong")  # noqa: T201 - the counts are what it is run for
    assert not wrong, "\n\n".join([text, *wrong[:3]])
    assert asyncio.all_tasks() == before
    if SEEDS >= 200:
        ends = {what for what in said if what.startswith("end: ")}
        assert ends == {f"end: {name}" for name in ("NoneType", *(end.__name__ for end in ENDS))}
        assert said["points on record"] > said["points reported"] > 0
