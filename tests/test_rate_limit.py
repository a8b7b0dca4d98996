"""The gate, and what it makes of Retry-After."""

from __future__ import annotations

import asyncio

import pytest

from instatus_async.rate_limit import RateGate, retry_after
from instatus_async.retry import Effect, RetryPolicy
from instatus_async.session import SessionManager

from .hostile import HostileServer, answer


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        ("2", None, 2.0),
        ("0", None, 0.0),
        ("1.5", None, 1.5),
        ("Wed, 21 Oct 2015 07:28:10 GMT", "Wed, 21 Oct 2015 07:28:00 GMT", 10.0),  # a clock that is years off
        ("Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:10 GMT", 0.0),  # over already
        ("-1", None, None),
        ("nan", None, None),
        ("inf", None, None),
        ("9" * 5000, None, None),
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


async def test_the_gate_is_open_until_the_first_429() -> None:
    gate = RateGate()
    acquiring = gate.acquire()
    with pytest.raises(StopIteration):  # it never waits for anything
        acquiring.send(None)


async def test_default_pauses_grow_towards_30_seconds() -> None:
    gate = RateGate()
    pauses: list[float] = []
    for _ in range(8):
        gate._until = gate._epoch = float("-inf")  # as if the pause had passed
        pauses.append(gate.limited(None))
    for pause, bound in zip(pauses, (1, 2, 4, 8, 16, 30, 30, 30), strict=True):
        assert bound / 2 - 0.01 <= pause <= bound + 0.01


async def test_refusals_of_one_burst_count_once() -> None:
    gate = RateGate()
    first = gate.limited(None)
    for _ in range(10):
        gate.limited(None)
    assert first <= 1.0
    assert gate.limited(None) <= 1.01


async def test_all_tasks_wait_for_the_pause_of_one() -> None:
    """One 429 with Retry-After holds back every other task, not only the one that met it."""
    gate = Waited()
    async with HostileServer(answer(status=429, headers=["Retry-After: 0.1"]), answer({})) as server:
        session = SessionManager(api_key="key", base_url=server.url, retry=RetryPolicy(attempts=3), gate=gate)
        async with asyncio.TaskGroup() as group:
            group.create_task(session.request("GET", "/first", effect=Effect.READ))
            await gate.met.wait()
            for number in range(20):
                group.create_task(session.request("GET", f"/{number}", effect=Effect.READ))
            while gate.waiting < 21:  # noqa: ASYNC110 - a few turns of the loop
                await asyncio.sleep(0)
            assert len(server.requests) == 1
        assert len(server.requests) == 22
        await session.aclose()


class Waited(RateGate):
    """A gate that tells who waits."""

    __slots__ = ("met", "waiting")

    def __init__(self) -> None:
        super().__init__()
        self.met = asyncio.Event()
        self.waiting = 0

    async def acquire(self) -> None:
        self.waiting += self.met.is_set()
        await super().acquire()

    def limited(self, pause: float | None) -> float:
        self.met.set()
        return super().limited(pause)
