"""The buffer in front of a metric: slots, room, and sending."""

from __future__ import annotations

import asyncio
import logging
import math
import random
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from instatus_async import (
    AuthenticationError,
    BadRequestError,
    BufferFullError,
    ClientStateError,
    InstatusError,
    InvalidRequestError,
    LateDatapointError,
    NotFoundError,
    OutcomeUnknownError,
    RateLimitError,
    UnsentDatapointsError,
)
from instatus_async.jobs._aggregates import AGGREGATES
from instatus_async.testing import faults

from .hands import START
from .metric_bench import POSTED, bench, pairs, trouble

# Slots


@pytest.mark.parametrize(
    ("aggregate", "first"), [("mean", 25.0), ("last", 10.0), ("max", 50.0), ("p95", 50.0)], ids=str
)
async def test_the_values_of_a_slot_become_one_point(aggregate: str, first: float) -> None:
    async with bench() as it:
        async with it.buffer(aggregate=aggregate) as metric:
            for value in (15, 50, 25.0, 10):
                metric.add(value)
                it.clock.advance(7)
            it.clock.advance(7)
            metric.add(3.0)
            await metric.flush()
            assert await it.there() == [*pairs(first)]  # the present slot is not over
            assert metric.unsent == pairs(3.0, first=1)
            assert trouble(metric) is None
        assert await it.there() == [*pairs(first, 3.0)]
        assert metric.unsent == ()
        assert it.posts == 2


async def test_points_are_sent_at_every_interval_in_batches() -> None:
    async with bench() as it:
        began = START - timedelta(minutes=60)
        async with it.buffer(batch=50, every=10.0) as metric:
            for number in range(120):
                metric.add(number, at=began + timedelta(seconds=30 * number))
            assert it.posts == 0
            await it.clock.armed()
            assert it.clock.advance(9.0) == 0
            assert it.clock.advance(1.0) == 1
            await it.clock.armed()
            bodies = [entry.body["data"] for entry in it.server.requests.matching("POST", POSTED)]
            assert [len(body) for body in bodies] == [50, 50, 20]
            assert metric.unsent == ()
        assert [value for _, value in await it.there()] == list(range(120))
        assert it.posts == 3  # nothing was left for the end


async def test_with_the_machines_clock() -> None:
    async with bench() as it:
        async with it.buffer(clock=None) as metric:
            metric.add(0.0)
        ((stamp, value),) = await it.there()
        assert stamp is not None
        assert stamp.timestamp() % 30 == 0
        assert value == 0.0
        assert abs(datetime.now(UTC) - stamp) < timedelta(minutes=5)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=300))
@example([1.7e308, -1.7e308, 1.7e308])
def test_aggregates(values: list[float]) -> None:
    found: dict[str, float] = {}
    for name, summary in AGGREGATES.items():
        one = summary()
        for value in values:
            one.add(value)
        found[name] = one.value
    largest = max(map(abs, values))
    mean = sum(map(Fraction, values), Fraction()) / len(values)
    off = abs(Fraction(found["mean"]) - mean)
    assert off <= Fraction(largest) / 10**12 + Fraction(1, 2**1060)
    assert found["last"] == values[-1]
    assert found["max"] == max(values)
    assert found["p95"] in values
    assert sum(value <= found["p95"] for value in values) >= 0.95 * len(values)
    assert sum(value < found["p95"] for value in values) < 0.95 * len(values)
    assert all(math.isfinite(value) for value in found.values())


def test_p95_of_more_values_than_are_kept() -> None:
    summary = AGGREGATES["p95"]()
    values = list(range(50_000))
    random.Random(1).shuffle(values)
    for value in values:
        summary.add(float(value))
    assert len(summary._values) == 2048  # type: ignore[attr-defined]  # of this one
    assert 0.92 < summary.value / 50_000 < 0.98  # six times the error that is promised in 19 of 20 slots


STEPS = st.one_of(
    st.tuples(st.just("advance"), st.floats(0, 100)),
    st.tuples(st.just("jump"), st.floats(-4000, 4000)),
    st.tuples(st.just("flush"), st.just(0.0)),
    st.tuples(st.just("add"), st.floats(-1e6, 1e6)),
)


@settings(max_examples=60)
@given(st.lists(STEPS, max_size=40), st.sampled_from((30.0, 31.5, 60.0)))
def test_no_slot_comes_twice_or_out_of_order_however_the_time_of_day_jumps(
    steps: list[tuple[str, float]], spacing: float
) -> None:
    async def play() -> None:
        async with bench() as it:
            accepted = 0
            async with it.buffer(spacing=spacing, aggregate="max") as metric:
                told = 0.0
                for step, number in steps:
                    if step == "advance":
                        it.clock.advance(number)
                    elif step == "jump":
                        it.clock.jump(number)
                    elif step == "flush":
                        await metric.flush()
                    else:
                        metric.add(number)
                        accepted += 1
                    assert metric._now() >= told
                    told = metric._now()
            stamps = [
                point["timestamp"] for entry in it.server.requests.matching("POST") for point in entry.body["data"]
            ]
            assert stamps == sorted(set(stamps))
            assert all(stamp % round(spacing * 1000) == 0 for stamp in stamps)
            assert bool(stamps) == bool(accepted)
            assert len(await it.there()) == len(stamps)

    asyncio.run(play())


async def test_time_goes_on_at_half_its_speed_until_the_time_of_day_has_caught_up() -> None:
    async with bench() as it, it.buffer() as metric:
        metric.add(1.0)
        it.clock.jump(-60)
        metric.add(2.0)
        it.clock.advance(59)
        metric.add(3.0)
        assert metric.unsent == pairs(2.0)
        it.clock.advance(61)  # 60 s of the buffer's time after START, and so is the time of day
        metric.add(4.0)
        assert metric.unsent == (*pairs(2.0), *pairs(4.0, first=2))
        it.clock.advance(30)
        metric.add(5.0)
        assert metric.unsent[-1:] == pairs(5.0, first=3)


# What is refused


@pytest.mark.parametrize(
    ("value", "at"),
    [
        (math.nan, None),
        (-math.inf, None),
        (10**400, None),
        (True, None),
        ("1", None),
        (None, None),
        (1.0, datetime(2026, 1, 1, 12)),  # noqa: DTZ001 - a naive one
        (1.0, 1_767_268_800),
        (1.0, START + timedelta(seconds=30)),
        (1.0, datetime.max.replace(tzinfo=timezone(-timedelta(hours=14)))),
        (1.0, datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))),
        (1.0, datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
async def test_bad_values(value: Any, at: Any) -> None:
    async with bench() as it, it.buffer() as metric:
        with pytest.raises(InvalidRequestError, match="Nothing was"):
            metric.add(value, at)
        with pytest.raises(InvalidRequestError, match="Nothing was"):
            await metric.put(value, at)
        assert metric.unsent == ()
    assert it.posts == 0


@pytest.mark.parametrize(
    "options",
    [
        {"aggregate": "median"},
        {"aggregate": None},
        {"aggregate": []},
        {"spacing": 29.9},
        {"spacing": math.nan},
        {"spacing": "30"},
        {"every": 0},
        {"every": math.inf},
        {"every": True},
        {"batch": 0},
        {"batch": 1.5},
        {"max_points": 0},
        {"max_points": True},
        {"drain": -1},
        {"on_lost": 1},
        {"on_lost": asyncio.sleep},
    ],
)
async def test_bad_options(options: dict[str, Any]) -> None:
    async with bench() as it:
        with pytest.raises(InvalidRequestError, match=next(iter(options))):
            it.buffer(**options)


async def test_a_bad_id_is_refused_at_once() -> None:
    async with bench() as it:
        it.metric_id = "../x"
        with pytest.raises(InvalidRequestError, match="metric_id"):
            it.buffer()


async def test_a_value_that_is_late_is_refused() -> None:
    async with bench() as it:
        async with it.buffer() as metric:
            metric.add(1.0)
            it.clock.advance(35)
            metric.add(3.0, at=START)  # over, and not sealed yet
            await metric.flush()
            for late in (START, START - timedelta(hours=1)):
                with pytest.raises(LateDatapointError, match="not accepted"):
                    metric.add(9.0, at=late)
                with pytest.raises(LateDatapointError):
                    await metric.put(9.0, at=late)
        assert await it.there() == [*pairs(2.0)]


async def test_outside_of_the_block() -> None:
    async with bench() as it:
        metric = it.buffer()
        with pytest.raises(ClientStateError):
            metric.add(1.0)
        async with metric:
            with pytest.raises(ClientStateError, match="once"):
                await metric.__aenter__()
        for call in (metric.put(1.0), metric.flush()):
            with pytest.raises(ClientStateError, match="inside of its"):
                await call
        with pytest.raises(ClientStateError):
            async with metric:
                pass
        assert metric.unsent == ()
        assert it.posts == 0


# Room


async def test_a_full_buffer_refuses_and_put_waits_in_turn() -> None:
    async with bench() as it:
        order: list[float] = []
        async with it.buffer(max_points=1) as metric, asyncio.TaskGroup() as group:
            it.server.faults.every(faults.Status(503))
            metric.add(0.0)
            it.clock.advance(30)
            with pytest.raises(BufferFullError, match=r"max_points=1.*not accepted"):
                metric.add(2.0)
            metric.add(1.0, at=START)  # its slot has its room

            async def put(value: float) -> None:
                await metric.put(value)
                order.append(value)

            first, cancelled = group.create_task(put(2.0)), group.create_task(put(99.0))
            await it.server.faults.wait(1)
            it.clock.advance(30)
            second = group.create_task(put(4.0))
            with pytest.raises(InstatusError):
                await metric.flush()
            cancelled.cancel()
            assert metric.unsent == pairs(0.5)
            with pytest.raises(BufferFullError, match="503"):
                metric.add(9.0)
            it.server.faults.clear()
            await metric.flush()
            await first
            assert not second.done()
            with pytest.raises(BufferFullError):
                metric.add(9.0)
            await second
            metric.add(6.0)
        assert order == [2.0, 4.0]
        assert await it.there() == [*pairs(0.5, 2.0, 5.0)]


async def test_nobody_pushes_in_front_of_those_who_wait() -> None:
    async with bench() as it:
        async with it.buffer(max_points=1) as metric:
            metric.add(1.0)
            it.clock.advance(30)
            it.server.faults.next(faults.Stall(), "POST")
            waiting = asyncio.ensure_future(metric.put(2.0))
            await it.server.faults.wait(1)
            it.server.faults.release()
            while metric.unsent:  # noqa: ASYNC110 - there is no event for the turn in between
                await asyncio.sleep(0)
            assert not waiting.done()  # there is room, and it is for this one
            with pytest.raises(BufferFullError):
                metric.add(9.0)
            await waiting
        assert await it.there() == [*pairs(1.0, 2.0)]


async def test_room_is_made_at_once_for_what_waits() -> None:
    """A buffer of one point does not wait for the interval when the point it holds is over."""
    async with bench() as it:
        async with it.buffer(max_points=1, every=1000.0) as metric:
            for number in range(4):
                await metric.put(number)
                it.clock.advance(30)
        assert await it.there() == [*pairs(0.0, 1.0, 2.0, 3.0)]


async def test_a_put_that_waits_when_the_block_ends() -> None:
    async with bench() as it:
        it.server.faults.every(faults.Status(503))
        metric = it.buffer(max_points=1, drain=2.0)
        waiting: list[asyncio.Future[None]] = []

        async def work() -> None:
            async with metric:
                metric.add(1.0)
                it.clock.advance(30)
                waiting.append(asyncio.ensure_future(metric.put(2.0)))
                await it.server.faults.wait(1)

        with pytest.raises(UnsentDatapointsError) as caught:
            await work()
        with pytest.raises(ClientStateError, match="Nothing was accepted"):
            await waiting[0]
        assert caught.value.points == metric.unsent == pairs(1.0)


async def test_memory_is_bounded_in_a_long_outage(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "instatus_async")
    async with bench() as it:
        it.server.faults.hang_up(10**6)
        full = 0
        async with it.buffer(max_points=20, batch=7) as metric:
            await it.clock.armed()
            for number in range(300):
                for _ in range(3):
                    try:
                        metric.add(number)
                    except BufferFullError:
                        full += 1
                assert len(metric.unsent) <= 20
                if it.clock.advance(30):
                    await it.clock.armed()
            assert full == 280 * 3
            assert metric.unsent == pairs(*range(20))
            assert isinstance(trouble(metric), InstatusError)
            it.server.faults.clear()
            await metric.flush()
            assert trouble(metric) is None
        assert await it.there() == [*pairs(*range(20))]
        stamps = [row["timestamp"] for entry in it.server.requests.matching("POST") for row in entry.body["data"]]
        assert stamps == sorted(stamps)
        ours = [record for record in caplog.records if record.message.startswith("points of metric ")]
        assert [record.levelname for record in ours] == ["WARNING", "INFO"]
        assert "sending failed, and it holds 1 of them" in ours[0].message


# Sending


async def test_a_lost_outcome_is_looked_for_and_never_sent_again() -> None:
    async with bench(timeout=5.0) as it:
        async with it.buffer() as metric:
            metric.add(1.0)
            it.clock.advance(30)
            it.server.faults.next(faults.Reset(after_commit=True), "POST")
            it.server.faults.nth(2, faults.Status(503), "GET")  # the look of the client itself
            with pytest.raises(OutcomeUnknownError):
                await metric.flush()
            assert isinstance(trouble(metric), OutcomeUnknownError)
            assert metric.unsent == pairs(1.0)
            await metric.flush()
            assert metric.unsent == ()
            assert trouble(metric) is None
        assert await it.there() == [*pairs(1.0)]
        assert it.posts == 1


async def test_a_lost_request_is_sent_again() -> None:
    async with bench() as it:
        async with it.buffer() as metric:
            metric.add(1.0)
            it.clock.advance(30)
            it.server.faults.next(faults.Reset(), "POST")
            it.server.faults.nth(2, faults.Status(503), "GET")
            with pytest.raises(OutcomeUnknownError):
                await metric.flush()
            metric.add(2.0)
        assert await it.there() == [*pairs(1.0, 2.0)]


async def test_what_arrives_after_it_was_looked_for_is_not_lost() -> None:
    """The service carries the first request out when the second one is on its way, and refuses that one."""
    async with bench() as it:
        lost: list[UnsentDatapointsError] = []
        async with it.buffer(on_lost=lost.append) as metric:
            metric.add(1.0)
            it.clock.advance(30)
            it.server.faults.next(faults.LateCommit(after_requests=2), "POST")
            with pytest.raises(OutcomeUnknownError):
                await metric.flush()
            await metric.flush()
            assert metric.unsent == ()
        assert [entry.status for entry in it.server.requests.matching("POST")] == [None, 400]
        assert lost == []
        assert await it.there() == [*pairs(1.0)]


async def test_a_restart_within_a_slot_is_reported_and_sends_nothing_twice() -> None:
    """The earlier process has sent the slot that was not over; there is no way to add to a point."""
    async with bench() as it:
        async with it.buffer() as metric:
            metric.add(1.0)
        it.clock.advance(10)
        lost: list[UnsentDatapointsError] = []
        async with it.buffer(on_lost=lost.append) as metric:
            metric.add(5.0)
            it.clock.advance(20)
            metric.add(6.0)
        assert await it.there() == [*pairs(1.0, 6.0)]
        (loss,) = lost
        assert loss.points == pairs(5.0)
        assert loss.doubtful == ()
        assert "another process, or the run before this one, has sent a point of that slot already" in str(loss)
        assert metric.unsent == ()


async def test_the_end_reports_a_slot_that_was_taken_without_bad_advice() -> None:
    """To send it again cannot work; what was only kept back can be."""
    async with bench() as it:
        async with it.buffer() as metric:
            metric.add(1.0)
        with pytest.raises(UnsentDatapointsError) as caught:
            async with it.buffer() as metric:
                metric.add(5.0)
        assert str(caught.value) == (
            f"metric {it.metric_id}: 1 point was accepted, and not sent; the last error: another process, or the run "
            "before this one, has sent a point of that slot already, and a point cannot be added to: let one process "
            "send to a metric. See `points`, or `unsent` of the buffer."
        )
        assert caught.value.points == metric.unsent == pairs(5.0)
        with pytest.raises(UnsentDatapointsError, match=r"; send with add_datapoints\(\) what is not on record\.$"):
            async with it.buffer(drain=0.0) as metric:
                metric.add(7.0)


@pytest.mark.parametrize("listens", [True, False])
async def test_points_that_the_service_refuses_are_isolated(listens: bool) -> None:
    """Another tool's point is nearer than 30 s to two of ours."""
    lost: list[UnsentDatapointsError] = []
    error: UnsentDatapointsError | None = None
    async with bench([(-1790.0, 0.5)]) as it:
        began = START - timedelta(minutes=30)
        ours = [(began + timedelta(seconds=30 * number), float(number)) for number in range(40)]
        try:
            async with it.buffer(on_lost=lost.append if listens else None) as metric:
                for at, value in ours:
                    metric.add(value, at=at)
                with pytest.raises(UnsentDatapointsError, match="30 s apart"):
                    await metric.flush()
                assert isinstance(trouble(metric), UnsentDatapointsError)
                assert len(metric.unsent) == (0 if listens else 2)
        except UnsentDatapointsError as exc:
            error = exc
            assert error.doubtful == ()
        assert (error is None) == listens
        assert len(it.server.requests.matching("GET")) == 1  # refusals leave no doubt
        assert [row for row in await it.there() if row[1] != 0.5] == ours[2:]
        reported = [point for loss in lost for point in loss.points] if error is None else error.points
        assert [*reported] == ours[:2]
        assert all(isinstance(loss.__cause__, BadRequestError) and not loss.doubtful for loss in lost)
        assert it.posts < 25


async def test_an_unknown_metric_is_not_tried_for_ever() -> None:
    async with bench() as it:
        await it.client.page(it.server.page_id).metrics.delete(it.metric_id)
        metric = it.buffer()

        async def work() -> None:
            async with metric:
                metric.add(1.0)
                it.clock.advance(30)
                with pytest.raises(UnsentDatapointsError):
                    await metric.flush()
                asked = len(it.server.requests)
                await metric.flush()
                assert len(it.server.requests) == asked
                assert trouble(metric) is not None
                metric.add(2.0)

        with pytest.raises(UnsentDatapointsError) as caught:
            await work()
        assert caught.value.points == metric.unsent == pairs(1.0, 2.0)
        assert isinstance(caught.value.__cause__, UnsentDatapointsError)
        assert isinstance(caught.value.__cause__.__cause__, NotFoundError)


async def test_a_metric_that_is_deleted_while_its_points_are_sent() -> None:
    async with bench() as it:
        lost: list[UnsentDatapointsError] = []
        async with it.buffer(on_lost=lost.append) as metric:
            metric.add(1.0)
            it.clock.advance(30)
            await metric.flush()
            await it.client.page(it.server.page_id).metrics.delete(it.metric_id)
            metric.add(2.0)
        assert [loss.points for loss in lost] == [pairs(2.0, first=1)]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (faults.Html(status=404), NotFoundError),
        (faults.Status(401), AuthenticationError),
        (faults.Status(429, headers={"Retry-After": "300"}), RateLimitError),
        (faults.Garbage(), InstatusError),
    ],
    ids=["a proxy's 404", "401", "429", "garbage"],
)
async def test_what_says_nothing_of_the_points_keeps_them(fault: faults.Fault, error: type[InstatusError]) -> None:
    for method in ("GET", "POST"):
        async with bench(timeout=5.0) as it:
            async with it.buffer() as metric:
                metric.add(1.0)
                it.clock.advance(30)
                it.server.faults.every(fault, method)
                with pytest.raises((error, OutcomeUnknownError)):
                    await metric.flush()
                assert metric.unsent == pairs(1.0)
                assert trouble(metric) is not None
                it.server.faults.clear()
                if error is RateLimitError:  # and the gate waits for as long as it was told
                    metric._metrics = it.server.client().page(it.server.page_id).metrics
            assert await it.there() == [*pairs(1.0)]
            await metric._metrics._session.aclose()
