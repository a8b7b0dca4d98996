"""Deadlines: one timer for many, and cancellation that is told apart from the one that comes from outside."""

from __future__ import annotations

import asyncio
import gc
import math
from collections.abc import Callable

import pytest

from instatus_async._deadline import Clock, Deadline
from instatus_async.retry import Effect, RetryPolicy
from instatus_async.session import SessionManager

from .hostile import Exchange, HostileServer, answer, stall


def now() -> float:
    return asyncio.get_running_loop().time()


def started() -> Clock:
    clock = Clock()
    clock.start(asyncio.get_running_loop())
    return clock


async def forever() -> None:
    await asyncio.get_running_loop().create_future()


async def test_it_ends_what_is_inside_and_goes_on_behind() -> None:
    with Deadline(started(), now()) as deadline:
        await forever()
    assert deadline.expired
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    await asyncio.sleep(0)  # nothing is left of the cancellation


async def test_what_is_done_in_time_is_left_alone() -> None:
    clock = started()
    with Deadline(clock, now() + 60) as deadline:
        await asyncio.sleep(0)
    assert not deadline.expired
    assert clock.pending == set()


async def test_errors_pass() -> None:
    clock = started()
    with pytest.raises(ZeroDivisionError), Deadline(clock, now() + 60):
        raise ZeroDivisionError
    assert clock.pending == set()


async def test_one_timer_serves_all_in_the_order_of_their_time() -> None:
    clock, ended, base = started(), list[int](), now()

    async def wait(number: int, delay: float) -> None:
        with Deadline(clock, base + delay):
            await forever()
        ended.append(number)

    async with asyncio.timeout(10):
        await asyncio.gather(*(wait(number, delay) for number, delay in enumerate([0.03, 0.01, 0.04, 0.02, 0.0])))
    assert ended == [4, 1, 3, 0, 2]
    assert (clock.pending, clock.rings) == (set(), math.inf)  # and it is not set again


async def test_a_later_one_needs_no_timer_of_its_own() -> None:
    clock, base = started(), now()
    with Deadline(clock, base + 60):
        assert clock.rings == base + 60
        with Deadline(clock, base + 70), Deadline(clock, math.inf):
            assert clock.rings == base + 60
        with Deadline(clock, base + 50):
            assert clock.rings == base + 50
    clock.stop()


async def test_it_may_be_put_off() -> None:
    clock, base = started(), now()
    with Deadline(clock, base) as outer:
        with Deadline(clock, base + 0.01) as inner:
            inner.at = outer.at = base + 0.03
            await asyncio.sleep(0.02)
        assert not inner.expired
        outer.at = now()
        clock.ring_by(outer.at)
        await forever()
    assert outer.expired


@pytest.mark.parametrize("inner_first", [False, True])
async def test_two_that_run_out_together(inner_first: bool) -> None:
    clock, base = started(), now()
    reached = False
    inner = Deadline(clock, base + 60)
    with Deadline(clock, base + 60) as outer:
        with inner:
            for deadline in (inner, outer) if inner_first else (outer, inner):
                deadline.expire()
            await forever()
        reached = True
    assert outer.expired
    assert inner.expired
    assert not reached
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


@pytest.mark.parametrize("outside_first", [False, True])
async def test_cancellation_from_outside_is_not_swallowed(outside_first: bool) -> None:
    clock, deadlines = started(), list[Deadline]()

    async def call() -> None:
        with Deadline(clock, now() + 60) as deadline:
            deadlines.append(deadline)
            await forever()
        pytest.fail("it went on")

    task = asyncio.ensure_future(call())
    await asyncio.sleep(0)
    if outside_first:
        task.cancel()
        deadlines[0].expire()
    else:
        deadlines[0].expire()
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    clock.stop()


async def test_one_that_is_forgiven_goes_on_until_the_other_time() -> None:
    clock = started()
    with Deadline(clock, now()) as deadline:
        try:
            await forever()
        except asyncio.CancelledError:
            assert deadline.forgive(now() + 0.01)
        assert not deadline.expired
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0
        await forever()
        pytest.fail("it went on")
    assert deadline.expired
    assert not deadline.forgive(now())


@pytest.mark.parametrize("outside_first", [False, True])
async def test_cancellation_from_outside_is_not_forgiven(outside_first: bool) -> None:
    clock, deadlines, forgiven = started(), list[Deadline](), list[bool]()

    async def call() -> None:
        with Deadline(clock, now() + 60) as deadline:
            deadlines.append(deadline)
            try:
                await forever()
            except asyncio.CancelledError:
                forgiven.append(deadline.forgive(now() + 60))
                raise

    task = asyncio.ensure_future(call())
    await asyncio.sleep(0)
    ends: list[Callable[[], object]] = (
        [task.cancel, deadlines[0].expire] if outside_first else [deadlines[0].expire, task.cancel]
    )
    for end in ends:
        end()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert forgiven == [False]
    assert clock.pending == set()
    clock.stop()


async def test_a_call_that_is_collected_as_garbage_leaves_the_clock() -> None:
    clock = started()

    async def call() -> None:
        with Deadline(clock, math.inf):
            await asyncio.sleep(60)

    coroutine = call()
    coroutine.send(None)
    assert len(clock.pending) == 1
    coroutine.close()
    del coroutine
    gc.collect()
    assert clock.pending == set()


# --- as the session uses them ----------------------------------------------------------------------------------------


async def test_a_read_without_an_answer_is_tried_again() -> None:
    """Its silence ends before the call does, so there is time for another attempt."""
    async with HostileServer(stall, answer({"a": 1})) as server:
        session = SessionManager(api_key="key", base_url=server.url, timeout=0.4, retry=RetryPolicy(base=0))
        assert await session.request("GET", "/v1/x", effect=Effect.READ) == {"a": 1}
        assert len(server.requests) == 2
        await session.aclose()


async def test_an_answer_that_comes_in_pieces_is_not_silent() -> None:
    """Every piece puts the end of the silence off."""

    def ends() -> list[float]:
        return sorted(deadline.at for deadline in session.pool.clock.pending)

    async def pieces(exchange: Exchange) -> None:
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n")
        for letter in b"[1,2,34":
            before = ends()
            exchange.send(bytes([letter]))
            while ends() == before:  # noqa: ASYNC110 - the client tells nobody
                await asyncio.sleep(0)
        exchange.send(b"]")

    async with HostileServer(pieces) as server:
        session = SessionManager(api_key="key", base_url=server.url)
        async with asyncio.timeout(10):
            assert await session.request("GET", "/v1/x", effect=Effect.READ) == [1, 2, 34]
        await session.aclose()


async def test_a_pause_between_two_attempts_is_not_silent() -> None:
    limited = answer({}, status=429, headers={"Retry-After": "0.4"})
    async with HostileServer(limited, answer({"a": 1})) as server:
        session = SessionManager(api_key="key", base_url=server.url, timeout=20)
        session._silence = 0.1
        assert await session.request("GET", "/v1/x", effect=Effect.READ) == {"a": 1}
        await session.aclose()


async def test_waiting_for_a_connection_is_not_silent() -> None:
    """With every connection taken, a read waits for its turn, however long a connection may be silent."""
    go = asyncio.Event()

    async def slow(exchange: Exchange) -> None:
        await go.wait()
        exchange.reply({"n": exchange.number})

    async with HostileServer(*[slow] * 100, answer({"n": 0})) as server:
        session = SessionManager(api_key="key", base_url=server.url, timeout=60)
        calls = [asyncio.ensure_future(session.request("GET", "/v1/x", effect=Effect.READ)) for _ in range(100)]
        await server.reached(100)
        session._silence = 0.01
        waits = asyncio.ensure_future(session.request("GET", "/v1/x", effect=Effect.READ))
        await asyncio.sleep(0.05)
        assert (server.connections, len(server.requests), waits.done()) == (100, 100, False)
        session._silence = 60.0
        go.set()
        await asyncio.gather(*calls)
        assert await waits == {"n": 0}
        assert (server.connections, len(server.requests)) == (100, 101)
        await session.aclose()


async def test_closing_leaves_no_timer_behind() -> None:
    async with HostileServer(answer({})) as server:
        session = SessionManager(api_key="key", base_url=server.url)
        await session.request("GET", "/v1/x", effect=Effect.READ)
        assert session.pool.clock.rings < math.inf
        await session.aclose()
        assert session.pool.clock.rings == math.inf
