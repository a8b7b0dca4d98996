"""What all cases share: a server, a client, and one way to look at what became of a call."""

from __future__ import annotations

import asyncio
import gc
import logging
import pickle
import re
import traceback
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import attrs
import pytest

from instatus_async import (
    Fingerprint,
    Incident,
    InstatusClient,
    InstatusError,
    OutcomeUnknownError,
    Page,
    RateGate,
    RetryPolicy,
)
from instatus_async.testing import InstatusServer
from tests.hostile import HostileServer, Script, answer

__all__ = [
    "FAST",
    "INCIDENTS",
    "KEY",
    "Stage",
    "create",
    "embedded",
    "hostile",
    "no_key",
    "patient",
    "tasks",
]

T = TypeVar("T")
E = TypeVar("E", bound=BaseException)

KEY = "conformance-key-5e0b91"
FAST = RetryPolicy(attempts=3, base=0.0)
INCIDENTS = "/v1/{page_id}/incidents"


def create(page: Page, name: str = "Down", **fields: Any) -> Coroutine[Any, Any, Incident]:
    """Call the operation that this package is about."""
    return page.incidents.create(name=name, status="INVESTIGATING", message="Looking", notify=True, **fields)


def patient(monkeypatch: pytest.MonkeyPatch, *pauses: float) -> None:
    """Look for lost outcomes after other pauses than the real ones."""
    monkeypatch.setattr("instatus_async.session._LOOKS", pauses or (0.0, 0.0, 0.001))


def tasks() -> set[asyncio.Task[Any]]:
    """The tasks of this loop that are not the servers'."""
    return {
        task for task in asyncio.all_tasks() if not re.search("aiohttp/web|/testing/|HostileServer|serve_", repr(task))
    }


def no_key(exc: BaseException, *, key: str = KEY) -> None:
    """Look for the key wherever crash reporters and careless programs would show it."""
    seen: set[int] = set()
    pending: list[BaseException | None] = [exc]
    while pending:
        current = pending.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        pending += [current.__cause__, current.__context__]
        pending += getattr(current, "exceptions", ())  # of a group
        report = traceback.TracebackException.from_exception(current, capture_locals=True)
        for text in (*report.format(), repr(current), str(current), repr(current.args), repr(vars(current))):
            assert key not in text
    assert key.encode() not in pickle.dumps(exc)
    fingerprint = getattr(exc, "fingerprint", None)
    if fingerprint is not None:
        assert key not in repr(attrs.asdict(fingerprint))


def _pickles(error: BaseException) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (type(error), str(error))


@attrs.define(eq=False, repr=False)
class Stage:
    """One server and one client, and what may be said about a call between them."""

    client: InstatusClient
    page: Page
    count: Callable[[str, str], int]  # how many requests of a method and a path the server has counted
    told: Callable[[], int]  # how often subscribers were told anything
    heal: Callable[[], Awaitable[None]]  # let nothing go wrong any more
    embedded: InstatusServer | None = None

    @property
    def server(self) -> InstatusServer:
        assert self.embedded is not None
        return self.embedded

    async def fails(
        self,
        call: Awaitable[object],
        kind: type[E],
        says: str,
        *,
        n: int | range,
        told: int = 0,
        method: str = "POST",
        path: str = INCIDENTS,
    ) -> E:
        """Demand this very error, with these words in it, after so many requests; return it."""
        before, before_told, known, held = self.count(method, path), self.told(), tasks(), self.held()
        with pytest.raises(BaseException) as caught:  # noqa: PT011 - judged below
            await call
        error = caught.value
        assert type(error) is kind, repr(error)
        assert re.search(says, str(error)), str(error)
        assert self.count(method, path) - before in (n if isinstance(n, range) else (n,))
        assert self.told() - before_told == told <= 1
        await self._settled(known, held)
        if isinstance(error, InstatusError):
            _pickles(error)
        no_key(error)
        return error

    async def returns(
        self, call: Awaitable[T], *, n: int, told: int = 0, method: str = "POST", path: str = INCIDENTS
    ) -> T:
        """Demand a result after so many requests, and return it."""
        before, before_told, known, held = self.count(method, path), self.told(), tasks(), self.held()
        result = await call
        assert self.count(method, path) - before == n
        assert self.told() - before_told == told <= 1
        await self._settled(known, held)
        return result

    async def found_later(self, error: OutcomeUnknownError | Fingerprint | None) -> Incident:
        """Find an incident by what an error left, after a detour through pickle."""
        fingerprint = error.fingerprint if isinstance(error, OutcomeUnknownError) else error
        assert fingerprint is not None
        kept = pickle.loads(pickle.dumps(fingerprint))
        assert kept == fingerprint
        found = await self.client.reconcile(kept)
        assert isinstance(found, Incident)
        return found

    def with_time(self, seconds: float) -> Stage:
        """The same with another total timeout."""
        client = self.client.with_options(timeout=seconds)
        return attrs.evolve(self, client=client, page=client.page(self.page.id))

    async def works(self) -> None:
        """The next calls work on the same client, a read and one that tells subscribers."""
        await self.heal()
        manager = self.client._session
        if manager.pool._closed:
            return
        manager.gate = RateGate()  # as if a pause had passed
        before = self.told()
        await self.client.request("GET", "/v1/user")
        body = {"name": "Next", "status": "RESOLVED", "notify": True}
        await self.client.request("POST", f"/v1/{self.page.id}/incidents", json=body)
        assert self.embedded is None or self.told() == before + 1

    async def _settled(self, known: set[asyncio.Task[Any]], held: Sequence[object]) -> None:
        """No task and no connection is left of the call."""
        for _ in range(20):
            await asyncio.sleep(0)
        assert tasks() <= known
        assert all(connection in held for connection in self.held())

    def held(self) -> Sequence[object]:
        """The connections that calls are holding."""
        pool = self.client._session.pool
        sessions = [session for session in (pool._kept, pool._fresh) if session is not None]
        return [held for session in sessions if session.connector is not None for held in session.connector._acquired]


@asynccontextmanager
async def _watched(caplog: pytest.LogCaptureFixture) -> AsyncGenerator[None]:
    """Demand that nothing is left when all is over, and that no log line shows the key."""
    caplog.set_level(logging.DEBUG)
    before = asyncio.all_tasks()
    yield
    for _ in range(5):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() <= before
    gc.collect()  # what was forgotten warns now, and warnings are errors
    assert KEY not in caplog.text


@asynccontextmanager
async def embedded(
    caplog: pytest.LogCaptureFixture, *, server: InstatusServer | None = None, at: str = "", **options: Any
) -> AsyncGenerator[Stage]:
    """Play on a whole Instatus; options are the client's, and `at` is a host's name to reach it by."""
    options.setdefault("retry", FAST)
    async with _watched(caplog), server or InstatusServer(api_key=KEY) as running:

        async def heal() -> None:
            running.faults.clear()
            running.faults.release()

        def told() -> int:
            return sum(entry.request is not None for entry in running._wire.state.ledger.announcements)

        url = running.url.replace("127.0.0.1", at or "127.0.0.1")
        settings: dict[str, Any] = {"base_url": url, **options}
        client = InstatusClient(KEY, **settings)
        async with client:
            yield Stage(
                client=client,
                page=client.page(running.page_id),
                count=lambda method, path: len(running.requests.matching(method, path)),
                told=told,
                heal=heal,
                embedded=running,
            )
            await heal()


@asynccontextmanager
async def hostile(
    caplog: pytest.LogCaptureFixture, *scripts: Script, **options: Any
) -> AsyncGenerator[tuple[Stage, HostileServer]]:
    """Play on a server that answers byte for byte as told; it tells nobody anything."""
    options.setdefault("retry", FAST)
    async with _watched(caplog), HostileServer(*scripts) as server:

        async def heal() -> None:
            server.scripts = [answer({})]

        def count(method: str, path: str) -> int:
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))
            return sum(
                request.method == method and re.fullmatch(pattern, request.target.partition("?")[0]) is not None
                for request in server.requests
            )

        settings: dict[str, Any] = {"base_url": server.url, **options}
        client = InstatusClient(KEY, **settings)
        async with client:
            stage = Stage(
                client=client, page=client.page("page"), count=count, told=lambda: 0, heal=heal, embedded=None
            )
            yield stage, server
