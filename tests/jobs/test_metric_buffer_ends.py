"""Every way out of a buffer's block, and cancellation at every await: nothing that was accepted is lost."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Coroutine
from datetime import datetime
from typing import Any

import pytest

from instatus_async import (
    ClientStateError,
    ConnectError,
    InstatusError,
    MetricBuffer,
    OutcomeUnknownError,
    RetryPolicy,
    UnsentDatapointsError,
)
from instatus_async.testing import faults
from tests.test_cancellation import CancelledAt

from .hands import START, Hands, slots
from .metric_bench import bench, pairs, trouble

ENDS = (asyncio.CancelledError, UnsentDatapointsError)

# Ways out


async def test_an_exception_passes_and_everything_is_sent() -> None:
    async with bench() as it:
        metric = it.buffer()

        async def work() -> None:
            async with metric:
                metric.add(1.0)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError) as caught:
            await work()
        assert not hasattr(caught.value, "__notes__")
        assert await it.there() == [*pairs(1.0)]


async def test_an_exception_in_an_outage_gets_a_note(caplog: pytest.LogCaptureFixture) -> None:
    async with bench() as it:
        it.server.faults.every(faults.Status(503))
        metric = it.buffer(drain=3.0)

        async def work() -> None:
            async with metric:
                metric.add(1.0)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError) as caught:
            await work()
        (note,) = caught.value.__notes__
        assert "1 point was accepted, and not sent" in note
        assert note in caplog.messages
        assert metric.unsent == pairs(1.0)


async def test_what_cannot_be_sent_in_time_is_raised() -> None:
    async with bench() as it:
        it.server.faults.every(faults.Status(503), "POST")
        metric = it.buffer(drain=5.0)

        async def work() -> None:
            async with metric:
                metric.add(1.0)
                it.clock.advance(30)
                metric.add(2.0)

        with pytest.raises(UnsentDatapointsError, match=r"2 points were accepted, and not sent") as caught:
            await work()
        error = caught.value
        assert error.points == metric.unsent == pairs(1.0, 2.0)
        assert isinstance(error.__cause__, OutcomeUnknownError | InstatusError)
        assert it.posts == 5  # once a second
        assert it.clock.waiting == 0
        again: Any = pickle.loads(pickle.dumps(error))
        assert (str(again), again.points, again.doubtful) == (str(error), error.points, error.doubtful)
        async with it.buffer() as late:  # as a later process would
            it.server.faults.clear()
            for at, value in error.points:
                late.add(value, at=at)
        assert await it.there() == [*pairs(1.0, 2.0)]


async def test_what_is_in_doubt_at_the_end_says_so() -> None:
    async with bench() as it:
        it.server.faults.next(faults.Reset(after_commit=True), "POST")
        it.server.faults.nth(1, faults.ExtraFields(), "GET")
        lost: list[UnsentDatapointsError] = []
        async with it.buffer(drain=2.0, batch=1, on_lost=lost.append) as metric:
            metric.add(1.0)
            it.clock.advance(30)
            metric.add(2.0)
            await asyncio.sleep(0)
            it.server.faults.every(faults.Status(503), "GET")
        (loss,) = lost
        assert loss.points == metric.unsent == pairs(1.0, 2.0)
        assert loss.doubtful == pairs(1.0)
        assert await it.there() == [*pairs(1.0)]


async def test_a_cancelled_block_sends_nothing_and_keeps_what_it_has(caplog: pytest.LogCaptureFixture) -> None:
    async with bench() as it:
        lost: list[UnsentDatapointsError] = []
        metric = it.buffer(on_lost=lost.append)

        async def work() -> None:
            async with metric:
                metric.add(1.0)
                it.clock.advance(30)
                metric.add(2.0)
                await asyncio.get_running_loop().create_future()

        task = asyncio.ensure_future(work())
        await it.clock.armed()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert metric.unsent == pairs(1.0, 2.0)
        assert [loss.points for loss in lost] == [pairs(1.0, 2.0)]
        assert len(it.server.requests) == 0


async def test_a_listener_that_fails_breaks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def fails(loss: UnsentDatapointsError) -> None:
        raise ZeroDivisionError

    async with bench([(0, 9.0)]) as it:
        async with it.buffer(on_lost=fails) as metric:
            metric.add(1.0)
            it.clock.advance(30)
            metric.add(2.0)
        assert await it.there() == [*pairs(9.0, 2.0)]
        assert any("on_lost failed" in message for message in caplog.messages)


async def test_a_closed_client_ends_the_drain_at_once() -> None:
    async with bench() as it:
        metric = it.buffer(drain=1000.0)

        async def work() -> None:
            async with metric:
                metric.add(1.0)
                await it.client.aclose()

        with pytest.raises(UnsentDatapointsError, match="client is closed") as caught:
            await work()
        assert it.clock.now() == START
        assert caught.value.points == pairs(1.0)


async def test_a_buffer_whose_task_was_cancelled_takes_nothing_more() -> None:
    async with bench() as it:
        metric = it.buffer(max_points=1)

        async def work() -> None:
            async with metric:
                metric.add(1.0)
                it.clock.advance(30)
                it.server.faults.next(faults.Stall())
                waiting = asyncio.ensure_future(metric.put(2.0))
                flushing = asyncio.ensure_future(metric.flush())
                await it.server.faults.wait(1)
                assert metric._task is not None
                metric._task.cancel()
                for call in (waiting, flushing):
                    with pytest.raises(ClientStateError):
                        await call
                with pytest.raises(ClientStateError):
                    metric.add(3.0)

        with pytest.raises(UnsentDatapointsError) as caught:
            await work()
        assert caught.value.points == pairs(1.0)


async def test_what_is_no_error_of_the_sdk_is_not_hidden(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench() as it:
        async with it.buffer() as metric:
            metric.add(1.0)
            it.clock.advance(30)
            with monkeypatch.context() as patched:
                patched.setattr(MetricBuffer, "_look", None)
                with pytest.raises(TypeError):
                    await metric.flush()
            assert isinstance(trouble(metric), TypeError)
            assert any("sending failed" in message for message in caplog.messages)
        assert await it.there() == [*pairs(1.0)]


# Cancellation at every await


class Stepped(MetricBuffer):
    """A buffer whose own task is cancelled at one of its awaits."""

    step: int

    async def _run(self) -> None:
        await CancelledAt(super()._run(), self.step)


async def life(metric: MetricBuffer, clock: Hands, accepted: dict[datetime, float]) -> None:
    try:
        async with metric:
            for number in range(3):
                await metric.put(float(number))
                accepted[slots(1, number)[0]] = float(number)
                clock.advance(30)
                await metric.flush()
            metric.add(7.0)
            accepted[slots(1, 3)[0]] = 7.0
    finally:
        assert metric._task is not None
        assert metric._task.done()


@pytest.mark.parametrize("whom", ["the block", "the task"])
@pytest.mark.parametrize("trouble", [False, True])
async def test_cancelled_at_every_await_nothing_is_lost(whom: str, trouble: bool) -> None:
    step, finished = 0, False
    while not finished:
        step += 1
        async with bench(retry=RetryPolicy(attempts=2, base=0.0)) as it:
            if trouble:
                it.server.faults.next(faults.Reset(after_commit=True), "POST")
                it.server.faults.nth(3, faults.Status(503), "GET")
            accepted: dict[datetime, float] = {}
            if whom == "the task":
                stepped = Stepped(it.buffer()._metrics, it.metric_id, max_points=2, clock=it.clock)
                stepped.step = step
                metric: MetricBuffer = stepped
                call: Coroutine[Any, Any, None] = life(metric, it.clock, accepted)
            else:
                metric = it.buffer(max_points=2)
                call = _stepped(life(metric, it.clock, accepted), step)
            task = asyncio.ensure_future(call)
            await asyncio.wait([task])
            error = asyncio.CancelledError() if task.cancelled() else task.exception()
            assert error is None or isinstance(error, (*ENDS, ClientStateError))
            unsent = dict(metric.unsent)
            there = await it.there()
            assert len(dict(there)) == len(there)
            assert set(there) <= set(accepted.items())
            assert set(there) | set(unsent.items()) == set(accepted.items())
            assert (error is None) == (not unsent)
            finished = error is None and len(accepted) == 4
    assert step > (10 if whom == "the task" else 4)


async def _stepped(coroutine: Coroutine[Any, Any, None], step: int) -> None:
    await CancelledAt(coroutine, step)


async def test_refused_connections_are_an_outage_too() -> None:
    async with bench() as it:
        async with it.buffer() as metric:
            async with it.server.refuse():
                metric.add(1.0)
                it.clock.advance(30)
                with pytest.raises(ConnectError):
                    await metric.flush()
            metric.add(2.0)
        assert await it.there() == [*pairs(1.0, 2.0)]
