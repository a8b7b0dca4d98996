"""The gate that processes share through Redis: against a real one, which is also killed and silenced."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import traceback
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from instatus_async import ConfigError, InstatusClient, RateLimitError
from instatus_async.redis import RedisGate
from instatus_async.testing import InstatusServer, faults

from .redis_server import RedisServer
from .replicas import ROOT, ended, started, until
from .test_cancellation import cancelled_at

FAR = float("inf")


@pytest.fixture
async def gates(redis_server: RedisServer) -> AsyncGenerator[list[RedisGate]]:
    """Two gates that share a name, as two processes would."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(RedisGate(redis_server.url, rate=10, burst=2, timeout=5.0))
            for _ in range(2)
        ]


def soon(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


async def state(redis: RedisServer, name: str = "instatus") -> dict[str, str]:
    return dict(await redis.do("HGETALL", f"{name}:gate"))


async def calls(redis: RedisServer) -> int:
    """Count the questions that Redis was asked on behalf of gates."""
    found = await redis.do("INFO", "commandstats")
    return sum(found.get(f"cmdstat_{name}", {"calls": 0})["calls"] for name in ("evalsha", "hget"))


# Processes


async def test_four_processes_keep_one_pace_and_share_it(redis_server: RedisServer) -> None:
    """Not one 429 after the first second, and nobody starves, though one has ten times the tasks and a wrong clock."""
    async with InstatusServer() as server:
        server.faults.every(faults.RateLimit(rate=20, burst=20))
        base = {"url": server.url, "key": server.api_key, "redis": redis_server.url, "rate": 20.0, "calls": 10**6}
        every = [
            {**base, "name": f"replica-{number}", "seconds": 4.0, "tasks": 2 * 10**wrong, "clock_off": 1.5 * wrong}
            for number, wrong in enumerate((0, 0, 0, 1))
        ]
        said, log = await ended(await started("gate", every))
        assert ([error for one in said for error in one["errors"]], log) == ([], "")
        begin = server.requests[0].at + timedelta(seconds=1)
        refused = [entry for entry in server.requests if entry.status == 429 and entry.at > begin]
        assert not refused
        # Who has more tasks has more of them in the queue when the time is over; the end says nothing.
        log_of_passed = [entry for entry in server.requests if entry.status == 200][:80]
        passed = Counter(entry.headers["User-Agent"] for entry in log_of_passed)
        fair = passed.total() / 4
        assert len(passed) == 4
        assert all(0.75 * fair <= count <= 1.25 * fair for count in passed.values()), passed


async def test_a_429_slows_all_processes_down(redis_server: RedisServer) -> None:
    """They set out at three times the pace that the service bears, and none of them fails."""
    async with InstatusServer() as server:
        server.faults.every(faults.RateLimit(rate=20, burst=10))
        base = {"url": server.url, "key": server.api_key, "redis": redis_server.url, "rate": 60.0, "clock_off": 0.0}
        every = [{**base, "name": f"{number}", "calls": 10, "seconds": 30.0, "tasks": 5} for number in range(4)]
        assert await ended(await started("gate", every)) == ([{"made": 10, "errors": []}] * 4, "")
        statuses = Counter(entry.status for entry in server.requests)
        assert statuses[200] == 40
        assert 0 < statuses[429] < 20  # each process alone would go on at full pace until it meets one itself
        assert 1 <= int((await state(redis_server))["epoch"]) <= 4


async def test_redis_dies_in_mid_run_and_nobody_fails(redis_server: RedisServer) -> None:
    async with InstatusServer() as server:
        server.faults.every(faults.RateLimit(rate=20, burst=20))
        base = {"url": server.url, "key": server.api_key, "redis": redis_server.url, "rate": 20.0, "clock_off": 0.0}
        every = [{**base, "name": f"{number}", "calls": 12, "seconds": 30.0, "tasks": 4} for number in range(4)]
        replicas = await started("gate", every)
        await until(lambda: len(server.requests) >= 8)
        await redis_server.kill()
        said, log = await ended(replicas)
        assert said == [{"made": 12, "errors": []}] * 4
        assert log.count("Redis is away (ConnectionError)") == log.count("\n") == 4


# Turns


async def test_one_question_a_request_and_one_more_for_who_waited(
    redis_server: RedisServer, gates: list[RedisGate]
) -> None:
    first, second = gates
    assert [await first.acquire(FAR), await second.acquire(FAR)] == [0, 0]
    assert await calls(redis_server) == 2
    await second.acquire(FAR)
    assert await calls(redis_server) == 4


async def test_turns_of_a_burst_are_granted_together(redis_server: RedisServer, gates: list[RedisGate]) -> None:
    async with RedisGate(redis_server.url, rate=10, burst=50, timeout=5.0) as gate:
        await asyncio.gather(*(gate.acquire(FAR) for _ in range(50)))
    assert await calls(redis_server) == 2  # the first of them does not know of the others yet
    found = await state(redis_server)
    assert float(found["next"]) == pytest.approx(float(found["seen"]) + 1e5, abs=1e5)


@pytest.fixture
async def set_forward(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Stop the clock of the loop, and set it forward by hand."""
    loop = asyncio.get_running_loop()
    now = loop.time()

    def forward(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr(loop, "time", lambda: now)
    return forward


async def leave_spare_turns(gate: RedisGate) -> None:
    """Let calls go away that turns were already granted for, together with another's."""
    calls = [asyncio.ensure_future(gate.acquire(FAR)) for _ in range(20)]

    def go_away(_: asyncio.Future[int]) -> None:
        for call in calls[5:]:
            call.cancel()

    calls[1].add_done_callback(go_away)  # the second of them asked for all that waited
    await asyncio.wait(calls)
    assert gate._spare > 3


async def test_turns_that_were_granted_together_are_good_for_a_moment(
    redis_server: RedisServer, set_forward: Callable[[float], None]
) -> None:
    """A pause that another process has begun since then would not hold them up."""
    async with RedisGate(redis_server.url, rate=10, burst=50, timeout=5.0) as gate:
        await leave_spare_turns(gate)
        asked = await calls(redis_server)
        set_forward(0.05)
        await gate.acquire(FAR)
        assert await calls(redis_server) == asked
        set_forward(0.1)
        await gate.acquire(FAR)
        assert await calls(redis_server) == asked + 1


@pytest.mark.usefixtures("set_forward")
async def test_turns_that_were_granted_before_a_429_are_lost(redis_server: RedisServer) -> None:
    async with RedisGate(redis_server.url, rate=10, burst=50, timeout=5.0) as gate:
        await leave_spare_turns(gate)
        await gate.limited(0, 100.0)
        with pytest.raises(RateLimitError):
            await gate.acquire(soon(10.0))


async def test_no_more_than_a_burst_goes_at_once(redis_server: RedisServer) -> None:
    async with RedisGate(redis_server.url, rate=0.01, burst=3, timeout=5.0) as gate:
        turns = await asyncio.gather(*(gate.acquire(soon(1.0)) for _ in range(6)), return_exceptions=True)
    assert turns[:3] == [0, 0, 0]
    assert [type(turn) for turn in turns[3:]] == [RateLimitError] * 3


async def test_tasks_of_a_process_go_in_order(gates: list[RedisGate]) -> None:
    served: list[int] = []

    async def wait(number: int) -> None:
        await gates[0].acquire(FAR)
        served.append(number)

    await asyncio.gather(*(wait(number) for number in range(6)))
    assert served == [0, 1, 2, 3, 4, 5]


async def test_a_turn_that_comes_too_late_is_refused_and_not_taken(
    redis_server: RedisServer, gates: list[RedisGate]
) -> None:
    first, second = gates
    await first.limited(await first.acquire(FAR), 100.0)
    before = await state(redis_server)
    with pytest.raises(RateLimitError, match="among all that use the key") as caught:
        await second.acquire(soon(10.0))
    assert caught.value.retry_after == pytest.approx(100.0, abs=5.0)
    assert await state(redis_server) == before
    waiting = asyncio.ensure_future(second.acquire(FAR))
    await until(lambda: second._slot > 0)
    asked = await calls(redis_server)
    with pytest.raises(RateLimitError):  # known here, so nobody is asked
        await second.acquire(soon(10.0))
    assert await calls(redis_server) == asked
    waiting.cancel()
    with pytest.raises(RateLimitError):  # the turn that was handed on
        await second.acquire(soon(10.0))
    await asyncio.wait([waiting])


async def test_a_cancelled_waiter_hands_its_turn_on(redis_server: RedisServer, gates: list[RedisGate]) -> None:
    gate = gates[0]
    await gate.limited(0, 1.0)
    tasks = [asyncio.ensure_future(gate.acquire(FAR)) for _ in range(3)]
    await until(lambda: gate._slot > 0)
    taken, slot = await state(redis_server), gate._slot
    tasks[0].cancel()
    tasks[1].cancel()
    assert await tasks[2] == 1
    assert asyncio.get_running_loop().time() >= slot
    assert await state(redis_server) == taken
    assert not gate._queue
    assert await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_pause_reaches_those_who_wait_already(redis_server: RedisServer, gates: list[RedisGate]) -> None:
    first, second = gates
    for _ in range(2):
        await first.acquire(FAR)
    waiting = asyncio.ensure_future(second.acquire(FAR))
    await until(lambda: second._slot > 0)
    assert await first.limited(0, 0.5) == pytest.approx(0.5, abs=0.01)
    assert await waiting == 1  # a turn of the new epoch
    now = int((await redis_server.do("TIME"))[0]) * 1e6
    assert now + 1e6 >= float((await state(redis_server))["till"])


async def test_a_burst_of_429s_halves_the_pace_once(redis_server: RedisServer, gates: list[RedisGate]) -> None:
    first, second = gates
    for gate in (first, second, first):
        await gate.limited(0, 0.0)
    found = await state(redis_server)
    assert (found["epoch"], found["row"], float(found["pace"])) == ("1", "1", 5.0)
    await second.limited(1, 0.0)
    found = await state(redis_server)
    assert (found["epoch"], found["row"]) == ("2", "2")
    assert float(found["pace"]) == pytest.approx(2.5, abs=0.5)
    for epoch in range(2, 9):
        await first.limited(epoch, 0.0)
    assert float((await state(redis_server))["pace"]) >= 0.5


@pytest.mark.parametrize(("ago", "pace"), [(0, 5.0), (12, 7.0), (30, 10.0), (3600, 10.0)])
async def test_the_pace_grows_back(redis_server: RedisServer, ago: int, pace: float) -> None:
    async with RedisGate(redis_server.url, rate=10, burst=1, timeout=5.0) as gate:
        await gate.limited(0, 0.0)
        since = float((await state(redis_server))["since"]) - ago * 1e6
        await redis_server.do("HSET", "instatus:gate", "since", since)
        await gate.acquire(FAR)
        found = await state(redis_server)
        assert 1e6 / (float(found["next"]) - float(found["seen"])) == pytest.approx(pace, rel=0.05)


@pytest.mark.parametrize(("epochs", "bound"), [(1, 1.0), (2, 2.0), (3, 4.0), (8, 30.0)])
async def test_pauses_that_nobody_asked_for_grow(gates: list[RedisGate], epochs: int, bound: float) -> None:
    for epoch in range(epochs - 1):
        await gates[epoch % 2].limited(epoch, 0.0)
    assert bound / 2 <= await gates[0].limited(epochs - 1, None) <= bound


async def test_a_clock_that_is_set_back_holds_nobody_up(redis_server: RedisServer, gates: list[RedisGate]) -> None:
    """As when another server with another clock takes over."""
    await gates[0].limited(0, 0.0)
    found = {name: float(value) for name, value in (await state(redis_server)).items()}
    ahead = {name: found[name] + 3600e6 for name in ("seen", "next", "till", "since")}
    await redis_server.do("HSET", "instatus:gate", *(word for pair in ahead.items() for word in pair))
    assert await gates[0].acquire(soon(2.0)) == 1
    assert float((await state(redis_server))["till"]) < ahead["till"] - 3000e6


async def test_it_forgets_after_a_day(redis_server: RedisServer, gates: list[RedisGate]) -> None:
    await gates[0].acquire(FAR)
    assert 86400 < await redis_server.do("TTL", "instatus:gate") <= 90000


# Without Redis


@asynccontextmanager
async def alone(redis: str, **options: Any) -> AsyncGenerator[RedisGate]:
    async with RedisGate(redis, reconnect_after=600.0, **options) as gate:
        yield gate


async def spoil(redis: RedisServer, how: str) -> None:
    if how == "killed":
        await redis.kill()
    elif how == "silent":
        redis.silence()
    elif how == "wrong type":
        await redis.do("SET", "instatus:gate", "something else")
    elif how == "read only":
        await redis.do("REPLICAOF", "127.0.0.1", "1")
    elif how == "full":
        await redis.do("CONFIG", "SET", "maxmemory", "1")
    elif how == "garbage":
        await redis.do("HSET", "instatus:gate", "next", "garbage")
    else:
        await redis.do("CONFIG", "SET", "requirepass", "hunter2")
        redis.password = "hunter2"
        await redis.do("CLIENT", "KILL", "TYPE", "normal")


@pytest.mark.parametrize("how", ["killed", "silent", "wrong type", "read only", "full", "garbage", "password"])
@pytest.mark.parametrize("connected", [True, False])
async def test_nothing_waits_for_a_redis_that_is_away(
    redis_server: RedisServer, caplog: pytest.LogCaptureFixture, how: str, connected: bool
) -> None:
    async with alone(redis_server.url) as gate, InstatusServer() as server, server.client(gate=gate) as client:
        if connected:
            await client.user.get()
        await spoil(redis_server, how)
        await asyncio.gather(*(client.user.get() for _ in range(50)))
        tickets = [await gate.acquire(soon(0.0)) for _ in range(50)]
        assert tickets == [~0] * 50
        assert len(server.requests) == 50 + connected
    (record,) = [record for record in caplog.records if record.name == "instatus_async"]
    assert record.levelno == logging.WARNING
    assert "requests are paced within this process alone" in record.getMessage()
    assert "hunter2" not in caplog.text
    assert str(redis_server.port) not in record.getMessage()


async def test_a_script_that_redis_forgot_is_sent_again(redis_server: RedisServer, gates: list[RedisGate]) -> None:
    await gates[0].acquire(FAR)
    await redis_server.do("SCRIPT", "FLUSH")
    assert await gates[0].acquire(FAR) == 0
    assert (await state(redis_server))["epoch"] == "0"


async def test_a_redis_that_was_restarted_is_not_away(
    redis_server: RedisServer, gates: list[RedisGate], caplog: pytest.LogCaptureFixture
) -> None:
    """Though the connection that was kept is gone."""
    assert await gates[0].acquire(FAR) == 0
    await redis_server.kill()
    await redis_server.start()
    assert await gates[0].acquire(FAR) == 0
    assert not [record for record in caplog.records if record.name == "instatus_async"]


async def test_a_question_whose_connection_is_cut_is_asked_again(
    redis_server: RedisServer, gates: list[RedisGate], caplog: pytest.LogCaptureFixture
) -> None:
    await gates[0].acquire(FAR)
    await redis_server.do("CLIENT", "PAUSE", 60_000, "WRITE")
    asking = asyncio.ensure_future(gates[0].acquire(FAR))
    while (await redis_server.do("INFO", "clients"))["blocked_clients"] == 0:
        pass
    await redis_server.do("CLIENT", "KILL", "TYPE", "normal")
    await redis_server.do("CLIENT", "UNPAUSE")
    assert await asking == 0
    assert not [record for record in caplog.records if record.name == "instatus_async"]


async def test_redis_is_tried_again_by_one_call(
    redis_server: RedisServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO, "instatus_async")
    async with alone(redis_server.url, timeout=5.0) as gate:
        await redis_server.kill()
        assert await gate.acquire(FAR) == ~0
        gate._link._again = 0.0  # as if the time were over
        assert await gate.acquire(FAR) == ~0
        await redis_server.start()
        gate._link._again = 0.0
        redis_server.silence()
        first = asyncio.ensure_future(gate.acquire(FAR))
        await asyncio.sleep(0)
        assert await gate.acquire(FAR) == ~0  # does not wait for what becomes of the first one
        redis_server.speak()
        assert await first == 0
        assert await gate.acquire(FAR) == 0
    said = [record.getMessage() for record in caplog.records if record.name == "instatus_async"]
    assert [text.partition(" (")[0] for text in said] == ["Redis is away", "Redis is back"]


async def test_a_pause_outlives_redis(redis_server: RedisServer) -> None:
    async with alone(redis_server.url) as gate:
        await gate.limited(await gate.acquire(FAR), 100.0)
        await redis_server.kill()
        with pytest.raises(RateLimitError) as caught:
            await gate.acquire(soon(10.0))
        assert caught.value.retry_after == pytest.approx(100.0, abs=5.0)
        with pytest.raises(RateLimitError):
            await gate.acquire(soon(10.0))


async def test_a_429_without_redis_pauses_this_process(redis_server: RedisServer) -> None:
    async with alone(redis_server.url) as gate:
        shared = await gate.acquire(FAR)
        await redis_server.kill()
        assert await gate.limited(shared, 100.0) == pytest.approx(100.0)
        with pytest.raises(RateLimitError):
            await gate.acquire(soon(10.0))
        gate._local._until = gate._local._next = 0.0
        probe = await gate.acquire(FAR)
        assert probe == ~1
        waiting = asyncio.ensure_future(gate.acquire(FAR))
        await asyncio.sleep(0)
        gate.abandoned(probe)
        gate._local._next = 0.0
        gate._local._serve()
        assert await waiting == ~1
        gate.passed(~1)
        assert gate._local._probe is None


async def test_a_429_of_a_lonely_time_pauses_all_when_redis_is_back(redis_server: RedisServer) -> None:
    async with alone(redis_server.url, timeout=5.0) as gate:
        await redis_server.kill()
        ticket = await gate.acquire(FAR)
        await redis_server.start()
        gate._link._again = 0.0
        assert await gate.limited(ticket, None) <= 1.01
        found = await state(redis_server)
        assert float(found["till"]) > float(found["seen"])
        assert found["epoch"] == "0"  # nobody's pace was too fast but that of this process


async def test_a_waiter_goes_on_when_redis_dies_meanwhile(redis_server: RedisServer) -> None:
    async with alone(redis_server.url, rate=5, burst=1, timeout=5.0) as gate:
        await gate.acquire(FAR)
        waiting = [asyncio.ensure_future(gate.acquire(FAR)) for _ in range(10)]
        await until(lambda: gate._slot > 0)
        await redis_server.kill()
        assert await asyncio.gather(*waiting) == [~0] * 10


# Settings and secrets


def test_redis_is_imported_by_who_uses_it() -> None:
    program = """
import sys
sys.modules["redis"] = None
from instatus_async import InstatusClient, Registry
InstatusClient("key").page("page").incidents
try:
    import instatus_async.redis
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == 'instatus_async.redis needs redis-py: pip install "instatus_async[redis]"\n'


@pytest.mark.parametrize(
    "options",
    [
        {"rate": 0},
        {"rate": -1},
        {"rate": float("nan")},
        {"rate": float("inf")},
        {"rate": True},
        {"rate": "20"},
        {"burst": 0.5},
        {"timeout": 0},
        {"reconnect_after": 0},
        {"name": ""},
        {"name": "a\n"},
        {"name": "a" * 101},
        {"name": None},
    ],
)
async def test_what_cannot_be_is_refused(options: dict[str, Any]) -> None:
    (name,) = options
    with pytest.raises(ConfigError, match=name):
        RedisGate("redis://127.0.0.1", **options)


@pytest.mark.parametrize("url", ["http://:hunter2@x", "redis://:hunter2@x:hunter2", "", None, 5, "redis://[hunter2"])
async def test_a_wrong_url_is_not_shown(url: Any) -> None:
    with pytest.raises(ConfigError, match="expected a URL") as caught:
        RedisGate(url)
    trace = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "hunter2" not in trace.replace(repr(url), "")


async def test_the_password_stays_hidden(tmp_path: Path, redis_server: RedisServer) -> None:
    locked = RedisServer(tmp_path, password="hunter2")
    await locked.start()
    try:
        async with RedisGate(locked.url, name="mine", timeout=5.0) as gate:
            assert await gate.acquire(FAR) == 0
            assert repr(gate) == "<RedisGate 'mine', 20 requests a second>"
            with pytest.raises(TypeError, match="does not pickle"):
                gate.__reduce__()
    finally:
        await locked.kill()


async def test_a_lent_client_stays_open(redis_server: RedisServer) -> None:
    """A client that was closed would open another connection, of another number."""
    opened: Any = Redis
    async with opened.from_url(redis_server.url) as lent:
        connection = await lent.client_id()
        async with RedisGate(lent, rate=100, burst=1, timeout=5.0) as gate:
            assert [await gate.acquire(FAR) for _ in range(2)] == [0, 0]
        assert await lent.client_id() == connection


@pytest.mark.parametrize("own_timeout", [None, 5.0])
async def test_a_cancellation_is_never_swallowed(redis_server: RedisServer, own_timeout: float | None) -> None:
    """Also where a lent client has a timeout of its own, which swallows some on Python 3.11."""
    opened: Any = Redis
    for step in range(1, 100):
        async with (
            opened.from_url(redis_server.url, socket_timeout=own_timeout) as lent,
            RedisGate(lent, rate=1000, timeout=5.0) as gate,
        ):
            if not await asyncio.ensure_future(cancelled_at(gate.acquire(FAR), step)):
                return
            assert not gate._queue
    raise AssertionError


async def test_a_client_waits_at_the_shared_gate(gates: list[RedisGate]) -> None:
    """What one client met, another one's call hears of before it is sent."""
    async with InstatusServer() as server:
        server.faults.next(faults.Status(429, headers={"Retry-After": "100"}))
        one = InstatusClient(server.api_key, base_url=server.url, gate=gates[0], timeout=10.0)
        other = InstatusClient(server.api_key, base_url=server.url, gate=gates[1], timeout=10.0)
        async with one, other:
            for client in (one, other):
                with pytest.raises(RateLimitError) as caught:
                    await client.user.get()
                assert caught.value.retry_after == pytest.approx(100.0, abs=5.0)
            assert len(server.requests) == 1
