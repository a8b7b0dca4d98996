"""Cases 43 to 55: cancellation, closing, loops and processes."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import sys
import warnings
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from instatus_async import (
    ClientStateError,
    Event,
    Incident,
    InstatusClient,
    OutcomeUnknownError,
    ProtocolError,
    RetryPolicy,
)
from instatus_async.testing import InstatusServer, faults
from tests.hostile import HostileServer, answer
from tests.test_cancellation import cancelled_at

from .kit import FAST, INCIDENTS, KEY, Stage, create, embedded, no_key, patient, tasks
from .test_faults_status import Clockwork, turns

USER: dict[str, Any] = {"method": "GET", "path": "/v1/user"}


# --- cancelled -------------------------------------------------------------------------------------------------------


async def at_every_await(
    caplog: pytest.LogCaptureFixture,
    prepare: Callable[[Stage], None],
    call: Callable[[Stage], Coroutine[Any, Any, object]],
) -> int:
    """Cancel one call after another, each an await later, until one gets through; return how many there were."""
    for step in range(1, 200):
        async with embedded(caplog) as stage:
            prepare(stage)
            known = tasks()
            cancelled = await asyncio.ensure_future(cancelled_at(call(stage), step))
            await turns(20)
            assert tasks() <= known
            assert stage.held() == []
            posts = stage.server.requests.matching("POST", INCIDENTS)
            assert len(posts) <= 1
            committed = sum(entry.committed for entry in posts)
            assert stage.told() == committed <= 1
            if cancelled and committed:
                (left,) = stage.client.unresolved
                found = await stage.found_later(left)
                assert stage.server.announcements(found.id) == 1
            if not cancelled:
                assert stage.client.unresolved == ()
            await stage.works()
        if not cancelled:
            return step - 1
    raise AssertionError


LOSSES: list[Callable[[], faults.Fault]] = [
    lambda: faults.Reset(after_commit=True),
    lambda: faults.Status(503, after_commit=True),
    faults.Truncated,
]


@pytest.mark.parametrize("number", range(4), ids=["kept", "reset", "503", "truncated"])
async def test_43_cancelled_at_every_await_of_a_create(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    patient(monkeypatch)

    def lose(stage: Stage) -> None:
        if number:
            stage.server.faults.next(LOSSES[number - 1](), "POST", INCIDENTS)

    steps = await at_every_await(caplog, lose, lambda stage: create(stage.page))
    assert steps >= (2, 4, 4, 4)[number]


@pytest.mark.parametrize(("concurrency", "least"), [(1, 4), (8, 2)])
async def test_43_cancelled_at_every_await_of_a_list(
    caplog: pytest.LogCaptureFixture, concurrency: int, least: int
) -> None:
    """What is read ahead is awaited as a task, and goes with the reader."""

    def flaky(stage: Stage) -> None:
        stage.server.seed(incidents=[{"name": "Old", "status": "RESOLVED"}])
        stage.server.faults.next(faults.Status(503), "GET")

    def read(stage: Stage) -> Coroutine[Any, Any, object]:
        return stage.page.incidents.list(per_page=1, concurrency=concurrency).collect()

    assert await at_every_await(caplog, flaky, read) >= least


async def test_44_cancelled_while_waiting_at_the_gate(caplog: pytest.LogCaptureFixture) -> None:
    gate = Clockwork()
    async with embedded(caplog, gate=gate) as stage:
        stage.server.faults.next(faults.Status(429, headers={"Retry-After": "9"}), "GET", "/v1/user")
        calls = [asyncio.ensure_future(stage.client.user.get())]
        await gate.met.wait()
        calls += [asyncio.ensure_future(stage.client.user.get()) for _ in range(4)]
        await turns()
        for number in (0, 2, 4):  # the first in the queue and the last one too
            calls[number].cancel()
        await turns()
        gate.over()
        results = await asyncio.gather(*calls, return_exceptions=True)
        gone = [isinstance(result, asyncio.CancelledError) for result in results]
        assert gone == [True, False, True, False, True]
        assert stage.count("GET", "/v1/user") == 1 + 2
        assert list(gate._waiters) == []
        await stage.works()


async def test_45_cancelled_in_a_retry_pause(caplog: pytest.LogCaptureFixture) -> None:
    retrying = asyncio.Event()

    def listen(event: Event) -> None:
        if event.kind == "retry":
            retrying.set()

    retry = RetryPolicy(base=1000.0, cap=1000.0)
    async with embedded(caplog, timeout=86_400, retry=retry, on_event=listen) as stage:
        stage.server.faults.every(faults.Status(503), "GET", "/v1/user")
        call = asyncio.ensure_future(stage.client.user.get())
        await retrying.wait()
        await turns(5)
        call.cancel()
        error = await stage.fails(call, asyncio.CancelledError, "", n=0, **USER)
        assert isinstance(error, asyncio.CancelledError)
        await turns()
        assert stage.count("GET", "/v1/user") == 1
        assert stage.client.unresolved == ()
        await stage.works()


async def test_46_cancelled_while_reconciling(caplog: pytest.LogCaptureFixture) -> None:
    async with embedded(caplog) as stage:
        stage.server.faults.next(faults.Reset(after_commit=True), "POST", INCIDENTS)
        stage.server.faults.every(faults.Stall(), "GET", INCIDENTS)
        call = asyncio.ensure_future(create(stage.page))
        await stage.server.faults.wait(2)  # it is looking
        call.cancel()
        await stage.fails(call, asyncio.CancelledError, "", n=0)
        (left,) = stage.client.unresolved
        await stage.heal()
        found: Incident = await stage.found_later(left)
        assert (found.name, stage.server.announcements(found.id)) == ("Down", 1)
        assert not stage.client.unresolved
        # The same for who looks later, and is cancelled then.
        stage.server.faults.every(faults.Stall(), "GET", INCIDENTS)
        again = asyncio.ensure_future(stage.client.reconcile(left))
        await stage.server.faults.wait(3)
        again.cancel()
        await stage.fails(again, asyncio.CancelledError, "", n=0)
        assert stage.client.unresolved == (left,)
        await stage.works()


async def test_47_cancelled_in_the_tick_in_which_the_gate_granted_a_turn(caplog: pytest.LogCaptureFixture) -> None:
    gate = Clockwork()
    async with embedded(caplog, gate=gate) as stage:
        stage.server.faults.next(faults.Status(429, headers={"Retry-After": "9"}), "GET", "/v1/user")
        first = asyncio.ensure_future(stage.client.user.get())
        await gate.met.wait()
        await turns()
        second = asyncio.ensure_future(stage.client.user.get())
        await turns()
        gate.over()  # grants the probe's turn to the first one,
        first.cancel()  # which is cancelled before it can take it
        await stage.returns(second, n=1, **USER)
        await stage.fails(first, asyncio.CancelledError, "", n=0, **USER)
        assert stage.count("GET", "/v1/user") == 2
        await stage.works()


# --- closed ----------------------------------------------------------------------------------------------------------


async def test_48_close_waits_for_calls_in_flight(caplog: pytest.LogCaptureFixture) -> None:
    async with embedded(caplog) as stage:
        stage.server.faults.next(faults.Stall(), "POST", INCIDENTS)
        call = asyncio.ensure_future(create(stage.page))
        await stage.server.faults.wait()
        closing = asyncio.ensure_future(stage.client.aclose())
        await turns(5)
        assert not closing.done()
        stage.server.faults.release()
        incident = await call
        assert stage.server.announcements(incident.id) == 1
        await closing


async def test_48_close_does_not_wait_for_ever(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("instatus_async._pool._DRAIN", 0.05)
    async with embedded(caplog, retry=RetryPolicy(attempts=1)) as stage:
        stage.server.faults.every(faults.Stall(after_commit=True))
        call, read = asyncio.ensure_future(create(stage.page)), asyncio.ensure_future(stage.client.user.get())
        await stage.server.faults.wait(2)
        await stage.client.aclose()
        error = await stage.fails(call, OutcomeUnknownError, "outcome is unknown", n=0)
        assert error.fingerprint is not None
        assert caplog.text.count("for a lost outcome") == 1  # a closed client cannot look again
        await stage.fails(read, ProtocolError, "GET /v1/user", n=0, **USER)
        async with stage.server.client() as later:
            stage.server.faults.clear()
            found = await later.reconcile(error.fingerprint)
            assert isinstance(found, Incident)
            assert stage.server.announcements(found.id) == 1


async def test_49_use_after_close(caplog: pytest.LogCaptureFixture) -> None:
    async with embedded(caplog) as stage:
        await stage.client.user.get()
        await stage.client.aclose()
        await stage.client.aclose()
        await stage.fails(create(stage.page), ClientStateError, "closed. Make a new one", n=0)
        await stage.fails(stage.client.user.get(), ClientStateError, "closed. Make a new one", n=0, **USER)


def in_loops(*programs: Callable[[InstatusClient], Coroutine[Any, Any, None]]) -> HostileServer:
    """Run programs in a loop each, with one client that the first one uses."""
    server = HostileServer(answer({}))

    async def first(client: InstatusClient) -> None:
        async with server:
            client._session._base = server.url
            await client.request("GET", "/v1/user")
            await programs[0](client)

    client = InstatusClient(KEY, base_url="http://127.0.0.1:9", retry=FAST)
    asyncio.run(first(client))
    for program in programs[1:]:
        asyncio.run(program(client))
    return server


async def leave(client: InstatusClient) -> None:
    """End the loop without closing; what was open is dropped with it, as when a program is done."""
    for session in (client._session.pool._kept, client._session.pool._fresh):
        if session is not None:
            await session.close()


def test_50_the_loop_is_closed() -> None:
    """It was the client's; who comes back in another one is told."""

    async def use(client: InstatusClient) -> None:
        with pytest.raises(ClientStateError, match=r"another event loop.*Make one in each loop") as caught:
            await client.user.get()
        no_key(caught.value)
        await client.aclose()

    assert in_loops(leave, use).lines == ["GET /v1/user"]


def test_51_a_second_loop() -> None:
    """Writes too, and the client still works in its own loop afterwards."""

    async def use(client: InstatusClient) -> None:
        with pytest.raises(ClientStateError, match="another event loop") as caught:
            await create(client.page("p"))
        no_key(caught.value)

    async def both(client: InstatusClient) -> None:
        await asyncio.to_thread(asyncio.run, use(client))
        await client.request("GET", "/v1/user")
        await client.aclose()

    assert in_loops(both).lines == ["GET /v1/user"] * 2


def _child(client: InstatusClient, answers: Any) -> None:
    async def use() -> None:
        try:
            await client.request("GET", "/v1/user")
        except ClientStateError as exc:
            answers.send(str(exc))
        else:
            answers.send("it worked")

    asyncio.run(use())
    answers.close()
    os._exit(0)


@pytest.mark.skipif(sys.platform == "win32" or not hasattr(os, "fork"), reason="needs fork")
def test_52_after_a_fork() -> None:
    """A child that inherits the client is told; the parent goes on."""
    context = multiprocessing.get_context("fork")

    async def both(client: InstatusClient) -> None:
        ours, theirs = context.Pipe(duplex=False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads
            child = context.Process(target=_in_a_thread, args=(client, theirs))
            child.start()
        theirs.close()
        assert await asyncio.to_thread(ours.recv) == "The client was made before a fork. Make one in each process."
        await asyncio.to_thread(child.join)
        assert child.exitcode == 0
        ours.close()
        await client.request("GET", "/v1/user")
        await client.aclose()

    assert in_loops(both).lines == ["GET /v1/user"] * 2


def _in_a_thread(client: InstatusClient, answers: Any) -> None:
    """The child comes into being inside the parent's running loop, and must forget it."""
    asyncio._set_running_loop(None)
    _child(client, answers)


# --- forgotten -------------------------------------------------------------------------------------------------------


async def test_53_a_forgotten_close(caplog: pytest.LogCaptureFixture) -> None:
    async with InstatusServer(api_key=KEY) as server:
        client = InstatusClient(KEY, base_url=server.url)
        page = client.page(server.page_id)
        await client.user.get()
        await create(page)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            del client, page
            gc.collect()
            await turns()
        assert [warning.category for warning in caught] == [ResourceWarning]
        assert "was not closed: use `async with`" in str(caught[0].message)
        assert KEY not in str(caught[0].message) + repr(caught[0].source) + caplog.text


async def test_54_a_sibling_in_a_task_group_fails(caplog: pytest.LogCaptureFixture) -> None:
    async with embedded(caplog) as stage:
        stage.server.faults.next(faults.Stall(after_commit=True), "POST", INCIDENTS)

        async def fail() -> None:
            await stage.server.faults.wait()
            raise ZeroDivisionError

        async def both() -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(create(stage.page))
                group.create_task(fail())

        await stage.fails(both(), ExceptionGroup, "TaskGroup", n=1, told=1)
        (left,) = stage.client.unresolved
        await stage.found_later(left)
        await stage.works()


async def test_55_break_out_of_a_pager(caplog: pytest.LogCaptureFixture) -> None:
    async with embedded(caplog) as stage:
        for n in range(6):
            await create(stage.page, f"Number {n}")
        pager = stage.page.incidents.list(per_page=2)
        known = tasks()
        async for incident in pager:
            assert incident.name
            break
        await turns()
        asked = stage.count("GET", INCIDENTS)
        assert asked <= 2  # what it has read ahead by then
        gc.collect()
        await turns()
        assert (tasks() - known, stage.held()) == (set(), [])
        async for page in pager.pages():
            assert len(page) == 2
            break
        assert await pager.first() is not None
        await turns()
        assert stage.count("GET", INCIDENTS) <= 3 * asked
        await stage.works()
