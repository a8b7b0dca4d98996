"""Play one day of a bot under random faults, for many seeds, with the server's own log as the oracle.

    python -m pytest tests/chaos                       # the seeds of the normal run
    CHAOS_SEEDS=10000 python -m pytest tests/chaos -s  # many more, with the counts

Several tasks work at once, some calls are cancelled on their way, and afterwards every outcome that is still open is
looked for. What is wrong is printed with the schedule of its seed; CHAOS_FIRST is the first seed to play.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import pickle
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from instatus_async import (
    APIError,
    DeadlineExceededError,
    DecodeError,
    DuplicateDetectedError,
    Fingerprint,
    InstatusClient,
    InstatusError,
    OutcomeUnknownError,
    Page,
    RetryPolicy,
    TransportError,
)
from instatus_async.testing import InstatusServer, Schedule
from tests.test_cancellation import CancelledAt

SEEDS = int(os.environ.get("CHAOS_SEEDS", "400"))
FIRST = int(os.environ.get("CHAOS_FIRST", "1"))
AT_ONCE = 50

KEY = "chaos-key-7d21"
CANCELLED = 0.15  # the share of calls that are cancelled on their way
REPEATABLE = ("quiet", "delete")  # what may be sent twice, and leaves no fingerprint


@attrs.define(eq=False)
class Write:
    """One write of the day: what it asked for, and what its caller was told."""

    kind: str
    method: str
    word: str  # a text in its body or path that no other write of this method has
    result: Any = None
    error: InstatusError | None = None
    cancelled: bool = False

    @property
    def said(self) -> str:
        """What the caller knows afterwards, in a word or two."""
        error = self.error
        if self.cancelled:
            return "cancelled"
        if error is None:
            return "returned"
        if isinstance(error, OutcomeUnknownError):
            return "unknown"
        if isinstance(error, DuplicateDetectedError):
            return "duplicate"
        if isinstance(error, (APIError, TransportError, DecodeError)) and error.may_have_applied:
            return "perhaps"
        return "not carried out"

    def fingerprint(self, unresolved: Sequence[Fingerprint]) -> Fingerprint | None:
        """What is left to find it by: in the error, or with the client when it was cancelled."""
        if isinstance(self.error, (OutcomeUnknownError, DeadlineExceededError)):
            return self.error.fingerprint
        for left in unresolved:
            if left.search is not None and left.operation.startswith(self.method):
                texts = [left.path, left.search.message or "", *map(str, left.search.match.values())]
                if any(self.word in text for text in texts):
                    return left
        return None


@attrs.define(eq=False)
class Day:
    """What one seed brought."""

    seed: int
    server: InstatusServer
    client: InstatusClient
    schedule: Schedule
    chance: random.Random
    writes: list[Write] = attrs.Factory(list[Write])
    wrong: list[str] = attrs.Factory(list[str])
    found: int = 0  # outcomes that were open, and were found later

    @property
    def page(self) -> Page:
        return self.client.page(self.server.page_id)

    async def write(self, kind: str, method: str, word: str, call: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """Call in a task of its own, and perhaps cancel it at one of its awaits; return the result, if any."""
        write = Write(kind, method, word)
        self.writes.append(write)
        step = self.chance.randint(1, 15) if self.chance.random() < CANCELLED else -1

        async def run() -> Any:
            return await CancelledAt(call(), step)

        task = asyncio.ensure_future(run())
        await asyncio.wait([task])
        if task.cancelled():
            write.cancelled = True
        elif isinstance(error := task.exception(), InstatusError):
            write.error = error
        else:
            write.result = task.result()
        return write.result

    def committed(self, write: Write) -> int:
        """How often the server carried a write out."""
        return sum(
            entry.committed
            and entry.method == write.method
            and (write.word in repr(entry.body) or write.word in entry.path)
            for entry in self.server.requests
        )

    def check(self, what: str, write: Write | None, *, right: bool) -> None:
        if not right:
            about = f"{write.kind}: {write.said}, carried out {self.committed(write)} times" if write else "the day"
            story = f"{self.schedule!r}\n{self.server.requests.explain()}"
            error = write.error if write else None
            self.wrong.append(f"{what}, seed {self.seed}: {about} ({error!r})\n{story}")


async def play(seed: int) -> Day:
    """Let a bot work through its day while things go wrong, and then look at what is left."""
    async with InstatusServer(api_key=KEY) as server:
        client = server.client(timeout=2.0, retry=RetryPolicy(attempts=3, base=0.0))
        day = Day(seed, server, client, server.faults.random(seed, rate=0.35), random.Random(seed))
        async with client:
            await _work(day)
            server.faults.clear()
            server.faults.release()
            _judge(day)
            await _settle(day)
            for session in (client._session.pool._kept, client._session.pool._fresh):
                held = session is not None and session.connector is not None and session.connector._acquired
                day.check("leak", None, right=not held)
        return day


async def _work(day: Day) -> None:
    await asyncio.gather(_incident(day), _maintenance(day), _people(day), _metric(day))


async def _incident(day: Day) -> None:
    page, seed = day.page, day.seed
    api = day.server.component_id("API")
    name = f"Incident {seed}"
    incident = await day.write(
        "incident",
        "POST",
        name,
        lambda: page.incidents.create(
            name=name, status="INVESTIGATING", message="Looking", statuses={api: "MAJOROUTAGE"}, notify=True
        ),
    )
    if incident is None:
        return
    identified, resolved = f"Found {seed}", f"Mended {seed}"
    await day.write(
        "update",
        "POST",
        identified,
        lambda: page.incidents.updates.create(
            incident.id, status="IDENTIFIED", message=identified, statuses={api: "PARTIALOUTAGE"}, notify=True
        ),
    )
    await day.write(
        "update",
        "POST",
        resolved,
        lambda: page.incidents.updates.create(
            incident.id, status="RESOLVED", message=resolved, statuses={api: "OPERATIONAL"}, notify=True
        ),
    )
    changed, quiet = f"Renamed {seed}", f"Quietly {seed}"
    change = await day.write(
        "change", "PUT", changed, lambda: page.incidents.update(incident.id, name=changed, notify=True)
    )
    if change is not None:  # else its outcome would be overwritten
        await day.write("quiet", "PUT", quiet, lambda: page.incidents.update(incident.id, name=quiet, notify=False))


async def _maintenance(day: Day) -> None:
    page, name = day.page, f"Maintenance {day.seed}"
    api = day.server.component_id("API")
    start = datetime(2030, 1, 1, tzinfo=UTC) + timedelta(seconds=day.seed)
    await day.write(
        "maintenance",
        "POST",
        name,
        lambda: page.maintenances.create(
            name=name,
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


async def _people(day: Day) -> None:
    page, part, mail = day.page, f"Component {day.seed}", f"seed{day.seed}@example.org"
    await day.write("component", "POST", part, lambda: page.components.create(name=part))
    await day.write("subscriber", "POST", mail, lambda: page.subscribers.create(email=mail, all=True))


async def _metric(day: Day) -> None:
    page, name = day.page, f"Metric {day.seed}"
    metric = await day.write("metric", "POST", name, lambda: page.metrics.create(name=name, suffix="ms"))
    if metric is None:
        return
    points = [(datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=n), float(n + 1)) for n in range(5)]
    told = await day.write("points", "POST", metric.id, lambda: page.metrics.add_datapoints(metric.id, points))
    if told is not None:  # else there would be nothing left to look for
        await day.write("delete", "DELETE", metric.id, lambda: page.metrics.delete(metric.id))


def _judge(day: Day) -> None:
    """Hold what the callers were told against what the server did."""
    for write in day.writes:
        committed, said = day.committed(write), write.said
        if write.kind not in (*REPEATABLE, "points"):
            day.check("double announcement", write, right=committed <= 1)
        if said == "returned":
            day.check("wrong claim", write, right=committed >= 1)
        elif said == "not carried out":
            day.check("wrong claim", write, right=committed == 0)
        elif said == "duplicate":
            day.check("wrong claim", write, right=committed >= 2)
        elif committed and write.kind not in REPEATABLE and not isinstance(write.error, DecodeError):
            left = write.fingerprint(day.client.unresolved)
            day.check("lost outcome", write, right=left is not None)
        if write.error is not None:
            day.check("leak", write, right=not _shows_key(write.error))


async def _settle(day: Day) -> None:
    """Look for every outcome that is open: what was carried out is found, what was not is not."""
    client = day.client.with_options(timeout=10.0)
    for write in day.writes:
        left = write.fingerprint(client.unresolved)
        if left is None:
            continue
        left = pickle.loads(pickle.dumps(left))
        try:
            await client.reconcile(left)
        except OutcomeUnknownError:
            day.check("lost outcome", write, right=not day.committed(write))
        else:
            day.found += 1
            day.check("wrong claim", write, right=day.committed(write) > 0)


def _shows_key(error: BaseException | None) -> bool:
    while error is not None:
        if KEY in f"{error!r} {error} {error.args!r} {vars(error)!r}" or KEY.encode() in pickle.dumps(error):
            return True
        error = error.__cause__ or error.__context__
    return False


class _KeyWatch(logging.Handler):
    """Count the log lines that show the key."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.shown = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.shown += KEY in self.format(record)


@attrs.define
class Tally:
    """The sum of the days, without their servers."""

    days: int = 0
    requests: int = 0
    faults: int = 0
    found: int = 0
    said: Counter[tuple[str, str]] = attrs.Factory(Counter[tuple[str, str]])
    wrong: list[str] = attrs.Factory(list[str])

    def add(self, day: Day) -> None:
        self.days += 1
        self.requests += len(day.server.requests)
        self.faults += len(day.server.faults.fired)
        self.found += day.found
        self.said.update((write.kind, write.said) for write in day.writes)
        self.wrong += day.wrong

    def report(self, leaks: int) -> str:
        wrong = Counter(text.split(",")[0] for text in self.wrong)
        counts = [f"{count:8} {kind}: {said}" for (kind, said), count in sorted(self.said.items())]
        return "\n".join(
            (
                f"{self.days} seeds from {FIRST}: {self.said.total()} writes, {self.requests} requests",
                *counts,
                f"{self.faults:8} faults",
                f"{self.found:8} open outcomes found later",
                f"{wrong['double announcement']:8} double announcements",
                f"{wrong['lost outcome']:8} lost outcomes",
                f"{wrong['wrong claim']:8} wrong claims",
                f"{wrong['leak'] + leaks:8} leaks",
            )
        )


async def _for_all(seeds: Sequence[int], work: Callable[[int], Awaitable[Day]]) -> Tally:
    """Play all seeds, some at once."""
    waiting, tally = iter(seeds), Tally()

    async def worker() -> None:
        for seed in waiting:
            tally.add(await work(seed))

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(worker())
    return tally


async def test_random_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("instatus_async.session._LOOKS", (0.0, 0.0, 0.001, 0.002))
    monkeypatch.setattr("instatus_async.rate_limit._SLOWEST", 100.0)  # a pace that is learnt from few requests
    watch, logger = _KeyWatch(), logging.getLogger("instatus_async")
    logger.addHandler(watch)
    monkeypatch.setattr(logger, "level", logging.DEBUG)
    monkeypatch.setattr(logger, "propagate", False)
    before = asyncio.all_tasks()
    try:
        tally = await _for_all(range(FIRST, FIRST + SEEDS), play)
    finally:
        logger.removeHandler(watch)
    for _ in range(5):
        await asyncio.sleep(0)
    gc.collect()
    tasks = asyncio.all_tasks() - before
    text = tally.report(watch.shown + len(tasks))
    print(text)  # noqa: T201 - the counts are what it is run for
    assert not tally.wrong, "\n\n".join([text, *tally.wrong[:3]])
    assert (watch.shown, tasks) == (0, set())
    if SEEDS >= 100:
        assert {said for _, said in tally.said} >= {"returned", "unknown", "cancelled"}, text
