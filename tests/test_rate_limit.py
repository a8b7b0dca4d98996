"""The gate, and what it makes of Retry-After."""

from __future__ import annotations

import asyncio
from collections import deque

import pytest

from instatus_async.errors import RateLimitError
from instatus_async.rate_limit import RateGate, retry_after
from instatus_async.retry import Effect
from instatus_async.session import SessionManager

from .hostile import HostileServer, answer


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        ("2", None, 2.0),
        ("0", None, 0.0),
        ("1.5", None, 1.5),
        ("Wed, 21 Oct 2015 07:28:10 GMT", "Wed, 21 Oct 2015 07:28:00 GMT", 10.0),  # a clock that is years off
        ("Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:10 GMT", None),  # over already
        ("Wed, 21 Oct 2015 07:28:00 GMT", None, None),
        ("Wed, 21 Oct 2015 07:28:10 -0000", "Wed, 21 Oct 2015 07:28:00 -0000", 10.0),  # no zone is UTC
        ("Wed, 21 Oct 2015 09:28:10 +0200", "Wed, 21 Oct 2015 07:28:00 -0000", 10.0),
        ("-1", None, None),
        ("nan", None, None),
        ("inf", None, None),
        ("9" * 5000, None, None),
        ("86400", None, 86400.0),
        ("86401", None, None),
        ("Fri, 31 Dec 100000 23:59:59 GMT", None, None),
        ("soon", None, None),
        ("", None, None),
    ],
)
def test_retry_after(value: str, date: str | None, seconds: float | None) -> None:
    headers = {"Retry-After": value} | ({"Date": date} if date else {})
    assert retry_after(headers) == seconds


def test_no_header_is_no_pause() -> None:
    assert retry_after({}) is None


FAR = float("inf")


async def turns(count: int = 20) -> None:
    """Let everything run that can."""
    for _ in range(count):
        await asyncio.sleep(0)


def opened(gate: RateGate) -> None:
    """Let the pause be over, without waiting for it."""
    gate._until = gate._next = 0.0
    gate._serve()


async def test_the_gate_is_open_until_the_first_429() -> None:
    gate = RateGate()
    for _ in range(1000):
        acquiring = gate.acquire(FAR)
        with pytest.raises(StopIteration):  # it waits for nothing
            acquiring.send(None)


async def test_default_pauses_grow_towards_30_seconds() -> None:
    gate = RateGate()
    pauses: list[float] = []
    for _ in range(8):
        pauses.append(await gate.limited(gate._epoch, None))
        gate._until = 0.0  # as if the pause had passed
    for pause, bound in zip(pauses, (1, 2, 4, 8, 16, 30, 30, 30), strict=True):
        assert bound / 2 - 0.01 <= pause <= bound + 0.01


async def test_refusals_of_one_burst_count_once() -> None:
    gate = RateGate()
    tickets = [await gate.acquire(FAR) for _ in range(10)]
    for ticket in tickets:
        assert await gate.limited(ticket, None) <= 1.01
    assert gate._rate == 5.0  # ten in the last second were too many, and it is halved once


async def test_a_longer_pause_lengthens_it_and_a_shorter_one_does_not() -> None:
    gate = RateGate()
    assert await gate.limited(0, 10.0) == 10.0
    assert await gate.limited(0, 1.0) == pytest.approx(10.0, abs=0.1)
    assert await gate.limited(0, 20.0) == pytest.approx(20.0, abs=0.1)


async def test_one_goes_first_and_the_others_follow_in_order() -> None:
    gate = RateGate()
    for _ in range(100):
        await gate.acquire(FAR)
    await gate.limited(0, 100.0)
    served: list[int] = []

    async def wait(number: int) -> int:
        ticket = await gate.acquire(FAR)
        served.append(number)
        return ticket

    tasks = [asyncio.ensure_future(wait(number)) for number in range(5)]
    await turns()
    assert served == []
    opened(gate)
    await turns()
    assert served == [0]  # the probe
    gate.passed(tasks[0].result())
    for number in range(1, 5):
        opened(gate)
        await turns()
        assert served == list(range(number + 1))


async def test_a_refused_probe_begins_another_pause_at_half_the_pace() -> None:
    gate = RateGate()
    for _ in range(100):
        await gate.acquire(FAR)
    await gate.limited(0, 100.0)
    assert gate._rate == 50.0
    opened(gate)
    probe = await gate.acquire(FAR)
    other = asyncio.ensure_future(gate.acquire(FAR))
    await turns()
    await gate.limited(probe, 100.0)
    assert gate._rate == 25.0
    await turns()
    assert not other.done()
    opened(gate)
    assert await other == probe + 1


@pytest.mark.parametrize("how", ["abandoned", "cancelled"])
async def test_a_probe_that_vanishes_hands_its_turn_on(how: str) -> None:
    gate = RateGate()
    await gate.limited(0, 100.0)
    opened(gate)
    first, second = (asyncio.ensure_future(gate.acquire(FAR)) for _ in range(2))
    if how == "abandoned":
        await turns()
        assert first.done()
        assert not second.done()
        gate._next = 0.0
        gate.abandoned(first.result())
    else:
        gate._until = asyncio.get_running_loop().time() + 100.0
        await turns()
        opened(gate)  # grants the first one, which is cancelled in the same tick
        gate._next = 0.0
        first.cancel()
    await turns()
    assert second.done()


async def test_a_cancelled_waiter_does_not_hold_up_the_others() -> None:
    gate = RateGate()
    await gate.limited(0, 100.0)
    tasks = [asyncio.ensure_future(gate.acquire(FAR)) for _ in range(3)]
    await turns()
    tasks[0].cancel()
    await turns()
    opened(gate)
    await turns()
    assert [task.done() for task in tasks] == [True, True, False]
    gate.passed(tasks[1].result())
    opened(gate)
    await turns()
    assert tasks[2].done()


async def test_a_turn_that_comes_too_late_is_refused_at_once() -> None:
    gate = RateGate()
    await gate.limited(0, 100.0)
    with pytest.raises(RateLimitError) as caught:
        await gate.acquire(asyncio.get_running_loop().time() + 10.0)
    assert caught.value.retry_after == pytest.approx(100.0, abs=0.5)


async def test_the_pace_grows_with_success_and_is_forgotten_when_it_held() -> None:
    gate = RateGate()
    for _ in range(20):
        await gate.acquire(FAR)
    await gate.limited(0, 0.0)
    assert gate._rate == 10.0
    opened(gate)
    gate._met = True
    ticket = await gate.acquire(FAR)
    for _ in range(10):
        gate.passed(ticket)
    assert gate._rate == pytest.approx(11.0, abs=0.2)  # about one a second more, after a second of ten
    gate._last -= 61.0
    gate.passed(ticket)
    assert gate._rate is None


async def test_a_slow_pace_grows_by_one_a_second() -> None:
    gate = RateGate()
    await gate.limited(0, 0.0)
    assert gate._rate == 2.0  # one request says nothing about the limit, and four a second are no hurry
    opened(gate)
    gate._met = True
    ticket = await gate.acquire(FAR)
    gate.passed(ticket)
    gate.passed(ticket)
    assert gate._rate == pytest.approx(2.9)
    for _ in range(3):  # refused again and again: never slower than one in two seconds
        await gate.limited(gate._epoch, 0.0)
    assert gate._rate == 0.5


async def test_turns_come_at_the_pace() -> None:
    gate = RateGate()
    for _ in range(40):
        await gate.acquire(FAR)
    await gate.limited(0, 0.0)
    opened(gate)
    gate._probe = None
    now = asyncio.get_running_loop().time()
    await gate.acquire(FAR)
    assert gate._next - now == pytest.approx(1 / 20, abs=0.01)


async def test_a_turn_of_an_earlier_epoch_does_not_free_the_probe() -> None:
    gate = RateGate()
    old = await gate.acquire(FAR)
    await gate.limited(old, 100.0)
    opened(gate)
    probe = await gate.acquire(FAR)
    gate.abandoned(old)
    assert gate._probe == probe
    gate.abandoned(probe)
    assert gate._probe == 0


async def test_a_fast_pace_grows_by_a_tenth_a_second() -> None:
    gate = RateGate()
    for _ in range(201):
        await gate.acquire(FAR)
    await gate.limited(0, 0.0)
    assert gate._rate == 100.5  # half of what was too fast
    opened(gate)
    gate._met = True
    gate.passed(await gate.acquire(FAR))
    assert gate._rate == pytest.approx(100.6)


async def test_a_pace_that_met_no_429_itself_doubles_in_a_second() -> None:
    gate = RateGate()
    for _ in range(20):
        await gate.acquire(FAR)
    await gate.limited(0, 0.0)
    opened(gate)
    ticket = await gate.acquire(FAR)
    for _ in range(15):  # a second at a pace of 10 that grows to 20
        gate.passed(ticket)
    assert gate._rate == pytest.approx(20.4, abs=0.1)
    await gate.limited(ticket, 0.0)  # too fast, but nobody knows by how much: from here it grows slowly
    assert gate._rate == pytest.approx(10.2, abs=0.1)
    gate.passed(gate._epoch)
    assert gate._rate == pytest.approx(10.3, abs=0.1)


async def test_a_pace_that_was_forgotten_doubles_again() -> None:
    gate = RateGate()
    await gate.limited(0, 0.0)
    await gate.limited(gate._epoch, 0.0)
    assert gate._met
    gate._last -= 61.0
    gate.passed(gate._epoch)
    assert gate._rate is None
    await gate.limited(gate._epoch, 0.0)
    assert not gate._met


async def test_a_success_lets_the_default_pauses_begin_anew() -> None:
    gate = RateGate()
    for _ in range(6):
        await gate.limited(gate._epoch, None)
        gate._until = 0.0
    opened(gate)
    gate.passed(await gate.acquire(FAR))
    assert 0.49 <= await gate.limited(gate._epoch, None) <= 1.0


async def test_the_one_behind_a_cancelled_waiter_is_served_in_the_same_turn() -> None:
    gate = RateGate()
    await gate.limited(0, 100.0)
    first, second = (asyncio.ensure_future(gate.acquire(FAR)) for _ in range(2))
    await turns()
    gate._waiters[0].cancel()
    opened(gate)
    assert gate._probe
    await turns()
    assert second.done()
    assert first.cancelled()


async def test_only_the_last_second_says_what_was_too_fast() -> None:
    gate = RateGate()
    for _ in range(100):
        await gate.acquire(FAR)
    gate._granted = deque(at - 1.5 for at in gate._granted)
    for _ in range(12):
        await gate.acquire(FAR)
    await gate.limited(0, 100.0)
    assert gate._rate == 6.0


async def test_nobody_overtakes_those_who_wait() -> None:
    gate = RateGate()
    await gate.limited(0, 100.0)
    first = asyncio.ensure_future(gate.acquire(FAR))
    await turns()
    gate._until = gate._next = 0.0  # the pause is over, and nobody has noticed yet
    second = asyncio.ensure_future(gate.acquire(FAR))
    await turns()
    assert first.done()
    assert not second.done()
    second.cancel()
    await turns()


async def test_cancelled_while_waiting_is_not_a_turn() -> None:
    gate = RateGate()
    await gate.limited(0, 100.0)
    waiting = asyncio.ensure_future(gate.acquire(FAR))
    await turns()
    waiting.cancel()
    await turns()
    assert waiting.cancelled()
    assert gate._probe == 0
    assert not gate._waiters


async def test_a_pause_that_nobody_asked_for_is_between_half_and_all_of_its_bound() -> None:
    draws = [await RateGate().limited(0, None) for _ in range(200)]
    assert all(0.5 <= draw <= 1.0 for draw in draws)
    assert min(draws) < 0.55
    assert max(draws) > 0.95


async def test_answers_of_an_earlier_epoch_change_nothing() -> None:
    gate = RateGate()
    old = await gate.acquire(FAR)
    await gate.limited(old, 100.0)
    rate = gate._rate
    gate.passed(old)
    gate.abandoned(old)
    assert (gate._rate, gate._probe) == (rate, 0)


async def test_100_tasks_behind_one_429() -> None:
    """None is sent in the pause, one goes first, then all finish, each sent once more at the most (fault 17)."""
    gate = Watched()
    async with HostileServer(answer(status=429, headers=["Retry-After: 0.1"]), answer({})) as server:
        session = SessionManager(api_key="key", base_url=server.url, gate=gate)
        async with asyncio.TaskGroup() as group:
            group.create_task(session.request("POST", "/first", effect=Effect.NOTIFY, body={}))
            await gate.met.wait()
            for number in range(100):
                group.create_task(session.request("GET", f"/{number}", effect=Effect.READ))
            await turns(200)
            assert len(server.requests) == 1
            gate._rate = 1e6  # the pace that was learnt from one request is slow
        assert len(server.requests) == 102
        assert server.lines[1] == "POST /first"  # the one that met it waits longest
        await session.aclose()


class Watched(RateGate):
    """A gate that tells when it has met a 429."""

    __slots__ = ("met",)

    def __init__(self) -> None:
        super().__init__()
        self.met = asyncio.Event()

    async def limited(self, ticket: int, pause: float | None) -> float:
        self.met.set()
        return await super().limited(ticket, pause)


class Slow(Watched):
    """A gate that takes its time to tell others."""

    __slots__ = ()

    async def limited(self, ticket: int, pause: float | None) -> float:
        await super().limited(ticket, pause)
        await asyncio.get_running_loop().create_future()
        return 0.0


@pytest.mark.parametrize("how", ["cancelled", "late"])
async def test_a_refused_write_is_not_in_doubt_while_others_are_told(how: str) -> None:
    gate = Slow()
    async with HostileServer(answer(status=429)) as server:
        session = SessionManager(
            api_key="key", base_url=server.url, gate=gate, timeout=10.0 if how == "cancelled" else 0.2
        )
        call = asyncio.ensure_future(session.request("POST", "/x", effect=Effect.NOTIFY, body={}))
        await gate.met.wait()
        if how == "cancelled":
            call.cancel()
        await asyncio.wait([call])
        assert call.cancelled() == (how == "cancelled")
        if how == "late":
            assert isinstance(call.exception(), RateLimitError)
        assert not session.unresolved
        await session.aclose()
