"""Cancellation at every await of a call, found by stepping the coroutine (faults 43 to 46, 54)."""

from __future__ import annotations

import asyncio
import functools
import itertools
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, TypeVar

import pytest

from instatus_async import Incident, InstatusClient, OutcomeUnknownError, RetryPolicy

from .hostile import Exchange, HostileServer, Script, answer, reset

T = TypeVar("T")


class CancelledAt(Awaitable[T]):
    """Run a coroutine, and cancel its task when it suspends for the given time, counted from 1."""

    def __init__(self, coroutine: Coroutine[Any, Any, T], step: int) -> None:
        self.coroutine = coroutine
        self.step = step
        self.reached = False

    def __await__(self) -> Generator[Any, Any, T]:
        resume: Callable[[], Any] = functools.partial(self.coroutine.send, None)
        for step in itertools.count(1):
            try:
                waited_for = resume()
            except StopIteration as exc:
                result: T = exc.value
                return result
            if step == self.step:
                self.reached = True
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
            try:
                yield waited_for
            except BaseException as exc:  # noqa: BLE001 - handed in
                resume = functools.partial(self.coroutine.throw, exc)
            else:
                resume = functools.partial(self.coroutine.send, None)
        raise AssertionError


def ours() -> set[asyncio.Task[Any]]:
    """The tasks of this loop that are not the server's."""
    return {task for task in asyncio.all_tasks() if "HostileServer" not in repr(task)}


async def cancelled_at(coroutine: Coroutine[Any, Any, Any], step: int) -> bool:
    """Cancel at a step; return False when the coroutine ended before it."""
    stepper = CancelledAt(coroutine, step)
    try:
        await stepper
    except asyncio.CancelledError:
        assert stepper.reached
        return True
    assert not stepper.reached
    return False


async def every_step(
    script: Callable[[], Script],
    call: Callable[[InstatusClient], Coroutine[Any, Any, Any]],
    check: Callable[[InstatusClient, HostileServer, bool], Awaitable[None]],
) -> int:
    """Cancel one call after another, each a step later, until one gets through; return how many there were."""
    for step in itertools.count(1):
        before = ours()
        retry = RetryPolicy(base=0.001)
        async with HostileServer(script()) as server, InstatusClient("key", base_url=server.url, retry=retry) as client:
            cancelled = await asyncio.ensure_future(cancelled_at(call(client), step))
            await check(client, server, cancelled)
            server.scripts = [answer([])]
            assert await client.pages.list().collect() == []  # the next call works
        await asyncio.sleep(0)
        assert ours() == before
        if not cancelled:
            return step - 1
    raise AssertionError


class Lossy:
    """Keep what is posted, and lose the answer."""

    def __init__(self, *, lose: bool) -> None:
        self.rows: list[dict[str, Any]] = []
        self.lose = lose

    async def __call__(self, exchange: Exchange) -> None:
        if exchange.request.method == "POST":
            self.rows.append({"id": f"i{len(self.rows)}", **exchange.request.json})
            if self.lose:
                await reset(exchange)
            else:
                exchange.reply(self.rows[-1])
        else:
            exchange.reply(self.rows if "page=1&" in exchange.request.target else [])


def create(client: InstatusClient) -> Coroutine[Any, Any, Incident]:
    return client.page("p").incidents.create(name="Down", status="INVESTIGATING", notify=True)


@pytest.mark.parametrize("lose", [False, True])
async def test_create(lose: bool) -> None:
    """Sent at most once; what may have been carried out has left its fingerprint, and is found by it."""

    async def check(client: InstatusClient, server: HostileServer, cancelled: bool) -> None:
        posts = [line for line in server.lines if line.startswith("POST")]
        assert len(posts) <= 1
        if cancelled and posts:
            (left,) = client.unresolved
            found = await client.reconcile(left)
            assert isinstance(found, Incident)
            assert found.id == "i0"
        if not cancelled:
            assert client.unresolved == ()
            assert len(posts) == 1

    steps = await every_step(lambda: Lossy(lose=lose), create, check)
    assert steps >= (4 if lose else 2)


async def test_list() -> None:
    async def read(client: InstatusClient) -> None:
        assert len(await client.page("p").incidents.list(per_page=1).collect()) == 1

    async def check(client: InstatusClient, server: HostileServer, cancelled: bool) -> None:
        assert client.unresolved == ()
        assert len(server.requests) <= 2

    row = {"id": "i", "name": "n", "status": "RESOLVED"}

    def pages() -> Script:
        async def page(exchange: Exchange) -> None:
            exchange.reply([row] if "page=1&" in exchange.request.target else [])

        return page

    assert await every_step(pages, read, check) >= 2


async def test_retries() -> None:
    """Cancelled in a pause between two attempts: nothing more is sent (fault 45)."""

    def flaky() -> Script:
        async def script(exchange: Exchange) -> None:
            exchange.reply(status=503) if exchange.number < 3 else exchange.reply([])

        return script

    async def read(client: InstatusClient) -> None:
        await client.request("GET", "/v1/x")

    counts: list[int] = []

    async def check(client: InstatusClient, server: HostileServer, cancelled: bool) -> None:
        counts.append(len(server.requests))
        assert counts[-1] <= 3

    assert await every_step(flaky, read, check) >= 4
    assert counts == sorted(counts)
    assert counts[-1] == 3


async def test_reconcile() -> None:
    """Cancelled while looking: the fingerprint stays where it was (fault 46)."""
    async with HostileServer(reset) as server, InstatusClient("key", base_url=server.url, timeout=0.2) as client:
        with pytest.raises(OutcomeUnknownError) as caught:
            await create(client)
    left = caught.value.fingerprint
    assert left is not None
    search = left.search
    assert search is not None
    row = {"id": "i", "status": "INVESTIGATING", **search.match}

    def there() -> Script:
        async def script(exchange: Exchange) -> None:
            exchange.reply([row] if "page=1&" in exchange.request.target else [])

        return script

    async def again(client: InstatusClient) -> Any:
        client._session.unresolved.append(left)
        return await client.reconcile(left)

    async def check(client: InstatusClient, server: HostileServer, cancelled: bool) -> None:
        assert client.unresolved == ((left,) if cancelled else ())

    assert await every_step(there, again, check) >= 2


async def test_a_sibling_that_fails_leaves_no_task_behind() -> None:
    async with HostileServer(Lossy(lose=False)) as server, InstatusClient("key", base_url=server.url) as client:
        before = ours()

        async def fail() -> None:
            await server.reached(1)
            raise ZeroDivisionError

        async def both() -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(create(client))
                group.create_task(fail())

        with pytest.raises(ExceptionGroup):
            await both()
        assert ours() == before
