"""One incident of many replicas, opened and told by one create: against a real Redis, which is also killed."""

from __future__ import annotations

import asyncio
import json
import math
import os
import random
import secrets
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from typing import Any

import attrs
import pytest

from instatus_async import (
    Claim,
    ConfigError,
    EnsuredIncident,
    InstatusError,
    InvalidRequestError,
    OutcomeUnknownError,
    Page,
    PermissionDeniedError,
    Registry,
)
from instatus_async.redis import RedisRegistry
from instatus_async.testing import InstatusServer, faults, settling
from tests import virtual_time
from tests.redis_server import RedisServer
from tests.replicas import ended, started, until
from tests.test_cancellation import CancelledAt

from .test_ensure import CREATE, LIST, _as_processes, page, raced, replicas, server

__all__ = ["_as_processes", "page", "server"]  # fixtures

SEEDS = int(os.environ.get("CHAOS_SEEDS", "30"))
FIRST = int(os.environ.get("CHAOS_FIRST", "1"))


@pytest.fixture
async def registry(redis_server: RedisServer) -> AsyncGenerator[RedisRegistry]:
    async with RedisRegistry(redis_server.url, timeout=5.0) as opened:
        yield opened


def told(server: InstatusServer) -> int:
    """How often subscribers were told, about whatever, deleted incidents too."""
    return sum(entry.request is not None for entry in server._wire.state.ledger.announcements)


def posts(server: InstatusServer) -> int:
    return sum(entry.method == "POST" for entry in server.requests)


@attrs.frozen
class Entry:
    """What Redis holds of the key "db"."""

    redis: RedisServer
    name: str

    @classmethod
    def of(cls, redis: RedisServer, server: InstatusServer) -> Entry:
        return cls(redis, f"instatus:incident:{server.page_id}:key:db")

    async def fields(self) -> dict[str, str]:
        return dict(await self.redis.do("HGETALL", self.name))

    async def runs_out(self) -> None:
        """Let the claim be over."""
        await self.redis.do("HSET", self.name, "lasts", 0)


@pytest.fixture
def entry(redis_server: RedisServer, server: InstatusServer) -> Entry:
    return Entry.of(redis_server, server)


@attrs.define
class _Row:
    holder: str
    since: float
    lasts: float
    sent: bool = False
    incident_id: str | None = None


@attrs.define
class InMemory:
    """A registry of one process, on the event loop's clock, which a test may let jump."""

    rows: dict[str, _Row] = attrs.Factory(dict[str, _Row])

    async def claim(self, key: str, /, *, lasts: float, over: str | None = None) -> Claim:
        row, now = self.rows.get(key), asyncio.get_running_loop().time()
        if row is not None and row.incident_id not in (None, over):
            return Claim(key=key, incident_id=row.incident_id)
        settled = row is not None and row.incident_id is not None
        if row is not None and not settled and now - row.since < row.lasts:
            return Claim(key=key)
        doubtful = row is not None and not settled and row.sent
        token = secrets.token_hex(8)
        self.rows[key] = _Row(token, now, lasts, doubtful)
        return Claim(key=key, token=token, doubtful=doubtful)

    def _held(self, claim: Claim) -> _Row | None:
        row = self.rows.get(claim.key)
        return row if row is not None and row.holder == claim.token and row.incident_id is None else None

    async def sending(self, claim: Claim, /, *, lasts: float) -> bool:
        row = self._held(claim)
        if row is not None:
            row.since, row.lasts, row.sent = asyncio.get_running_loop().time(), lasts, True
        return row is not None

    async def settle(self, claim: Claim, incident_id: str, /) -> None:
        if (row := self._held(claim)) is not None:
            row.incident_id = incident_id

    async def release(self, claim: Claim, /) -> None:
        if (row := self._held(claim)) is None:
            return
        if claim.doubtful:
            row.lasts = 0.0
        else:
            del self.rows[claim.key]


def arguments(server: InstatusServer, redis: RedisServer, **more: Any) -> dict[str, Any]:
    return {"url": server.url, "key": server.api_key, "redis": redis.url, "page": server.page_id, **more}


# Processes


async def test_ten_processes_open_one_incident_and_tell_once(redis_server: RedisServer, server: InstatusServer) -> None:
    said, log = await ended(await started("ensure", [arguments(server, redis_server, tasks=2)] * 10))
    assert (len(said), log) == (10, "")
    assert sum(one["created"] for one in said) == 1
    assert len({one["ids"][0] for one in said}) == 1
    assert all(one["announced"] and len(one["ids"]) == 1 for one in said)
    assert (posts(server), told(server)) == (1, 1)


@pytest.mark.parametrize("arrived", [True, False])
async def test_a_holder_that_was_killed_while_it_sent(
    redis_server: RedisServer, server: InstatusServer, page: Page, registry: Registry, entry: Entry, arrived: bool
) -> None:
    """Nothing is sent blindly: what arrived is found, and what did not is opened in the careful way."""
    server.faults.next(faults.Stall(after_commit=arrived), *CREATE)
    replica = await started("ensure", [arguments(server, redis_server)])
    await server.faults.wait(1)
    replica.kill()
    await replica.communicate()
    assert (await entry.fields())["sent"] == "1"
    if not arrived:
        await entry.runs_out()
    ensured = await page.incidents.ensure(key="db", notify=True, registry=registry)
    assert (ensured.created, ensured.announced, told(server)) == (not arrived, True, 1)
    assert posts(server) == (1 if arrived else 3)  # the lost one, the silent one, and its announcement
    if not arrived:
        assert await entry.fields() == {"id": ensured.incident.id}


async def test_a_holder_that_was_killed_while_others_waited(
    redis_server: RedisServer, server: InstatusServer, entry: Entry
) -> None:
    server.faults.next(faults.Stall(), *CREATE)
    holder = await started("ensure", [arguments(server, redis_server)])
    await server.faults.wait(1)
    waiting = await started("ensure", [arguments(server, redis_server)] * 3)
    await until(lambda: len(server.requests.matching(*LIST)) == 5)  # the holder has looked twice
    holder.kill()
    await holder.communicate()
    await entry.runs_out()
    said, log = await ended(waiting)
    assert (len(said), log) == (3, "")
    assert len({one["ids"][0] for one in said}) == sum(one["created"] for one in said) == 1
    assert all(one["announced"] for one in said)
    assert (posts(server), told(server)) == (3, 1)  # the lost one, the silent one, and its announcement


async def test_a_holder_that_was_killed_before_it_sent(
    redis_server: RedisServer, server: InstatusServer, page: Page, registry: Registry, entry: Entry
) -> None:
    server.faults.nth(2, faults.Stall(), *LIST)
    replica = await started("ensure", [arguments(server, redis_server)])
    await server.faults.wait(1)
    replica.kill()
    await replica.communicate()
    assert (await entry.fields())["sent"] == "0"
    await entry.runs_out()
    ensured = await page.incidents.ensure(key="db", notify=True, registry=registry)
    assert (ensured.created, ensured.announced, posts(server), told(server)) == (True, True, 1, 1)


# One after another


async def test_the_first_opens_and_tells_by_one_create(
    server: InstatusServer, page: Page, registry: Registry, entry: Entry
) -> None:
    api = server.component_id("API")
    fields: dict[str, Any] = {"name": "Slow", "message": "Down", "statuses": {api: "MAJOROUTAGE"}}
    runs = [await page.incidents.ensure(key="db", notify=True, registry=registry, **fields) for _ in range(3)]
    assert [run.created for run in runs] == [True, False, False]
    assert all(run.announced for run in runs)
    assert {run.incident.id for run in runs} == {(await entry.fields())["id"]}
    assert runs[0].incident.name == "Slow [db]"
    assert (await page.components.get(api)).status == "MAJOROUTAGE"
    assert (posts(server), told(server)) == (1, 1)
    assert 3500 < await entry.redis.do("TTL", entry.name) <= 3600


async def test_without_notify_nobody_is_told(server: InstatusServer, page: Page, registry: Registry) -> None:
    api = server.component_id("API")
    ensured = await page.incidents.ensure(component=api, name="Slow", registry=registry)
    again = await page.incidents.ensure(component=api, name="Slow", notify=True, registry=registry)
    assert (ensured.created, ensured.announced) == (True, False)
    assert (again.created, again.announced, again.incident.id) == (False, False, ensured.incident.id)
    assert (posts(server), told(server)) == (1, 0)


@pytest.mark.parametrize("how", ["resolved", "deleted"])
async def test_what_is_over_is_not_revived(server: InstatusServer, page: Page, registry: Registry, how: str) -> None:
    first = await page.incidents.ensure(key="db", registry=registry)
    if how == "resolved":
        await page.incidents.resolve_open(key="db")
    else:
        await page.incidents.delete(first.incident.id)
    second = await page.incidents.ensure(key="db", notify=True, registry=registry)
    assert second.created
    assert second.incident.id != first.incident.id
    assert told(server) == 1


async def test_a_list_that_is_behind(server: InstatusServer, page: Page, registry: Registry) -> None:
    first = await page.incidents.ensure(key="db", notify=True, registry=registry)
    for number in (1, 2):
        server.faults.nth(number, faults.Status(200, body=[]), *LIST)
    second = await page.incidents.ensure(key="db", notify=True, registry=registry)
    assert (second.incident.id, second.created, second.announced) == (first.incident.id, False, True)
    assert (posts(server), told(server)) == (1, 1)


# At the same time


@pytest.mark.usefixtures("_as_processes")
async def test_the_others_wait_for_the_holder(server: InstatusServer, page: Page, registry: Registry) -> None:
    server.faults.next(faults.Stall(), *CREATE)
    calls = [asyncio.ensure_future(page.incidents.ensure(key="db", notify=True, registry=registry)) for _ in range(5)]
    await server.faults.wait(1)
    await until(lambda: len(server.requests.matching(*LIST)) == 6)  # everybody has looked, and the holder twice
    server.faults.release()
    runs = await asyncio.gather(*calls)
    assert len({run.incident.id for run in runs}) == sum(run.created for run in runs) == 1
    assert (posts(server), told(server)) == (1, 1)


@pytest.mark.usefixtures("_as_processes")
async def test_a_holder_that_was_held_up_sends_nothing(
    server: InstatusServer, page: Page, registry: Registry, entry: Entry
) -> None:
    """It had looked in vain, and another one took its claim before it could say that it sends."""
    reached, go_on = asyncio.Event(), asyncio.Event()

    class HeldUp(RedisRegistry):
        async def sending(self, claim: Claim, /, *, lasts: float) -> bool:
            reached.set()
            await go_on.wait()
            return await super().sending(claim, lasts=lasts)

    async with HeldUp(entry.redis.url, timeout=5.0) as slow:
        late = asyncio.ensure_future(page.incidents.ensure(key="db", notify=True, registry=slow))
        await reached.wait()
        await entry.runs_out()
        ensured = await page.incidents.ensure(key="db", notify=True, registry=registry)
        go_on.set()
        assert (await late).incident.id == ensured.incident.id
    assert [ensured.created, (await late).created] == [True, False]
    assert (posts(server), told(server)) == (1, 1)


@pytest.mark.usefixtures("_as_processes")
def test_those_who_wait_outlast_a_holder_that_died_and_the_next_one() -> None:
    """One of them takes the claim when it runs out, and opens in the careful way; the others return what it made."""

    async def work() -> None:
        async with InstatusServer() as server, AsyncExitStack() as stack:
            pages, registry = await replicas(server, stack, 4), InMemory()
            server.faults.next(faults.Stall(), *CREATE)
            first, *calls = (
                asyncio.ensure_future(page.incidents.ensure(key="db", notify=True, registry=registry)) for page in pages
            )
            await server.faults.wait(1)
            first.cancel()  # the registry hears nothing of it, as when a process is killed
            runs = await asyncio.gather(*calls)
            assert len({run.incident.id for run in runs}) == sum(run.created for run in runs) == 1
            assert all(run.announced for run in runs)
            assert told(server) == 1

    with settling(1.0):
        virtual_time.run(work())


def test_one_that_hears_nothing_gives_up() -> None:
    """After the time that a holder and the next one may take."""

    async def work() -> float:
        registry, time = InMemory(), asyncio.get_running_loop().time
        async with InstatusServer() as server, server.client(timeout=30.0) as client:
            await registry.claim(f"{server.page_id}:key:db", lasts=math.inf)
            since = time()
            with pytest.raises(OutcomeUnknownError, match="another run opens the incident of 'db'") as caught:
                async with asyncio.timeout(600):  # on the clock that jumps
                    await client.page(server.page_id).incidents.ensure(key="db", notify=True, registry=registry)
            assert not caught.value.may_have_applied
            assert posts(server) == 0
            return time() - since

    assert 61 < virtual_time.run(work()) <= 63


async def test_what_is_claimed_is_forgotten_after_a_day(registry: RedisRegistry, entry: Entry) -> None:
    """Also when its holder dies before it says that it sends."""
    claim = await registry.claim(entry.name.removeprefix("instatus:incident:"), lasts=600)
    assert claim is not None
    assert claim.token
    assert 86000 < await entry.redis.do("TTL", entry.name) <= 86400


@pytest.mark.parametrize(("longest", "claimed", "sending"), [(30.0, 10.0, 31.0), (2.0, 3.0, 3.0)])
async def test_how_long_a_claim_lasts(server: InstatusServer, longest: float, claimed: float, sending: float) -> None:
    """No longer than somebody looks, and then than a request can be under way."""
    lasting: list[float] = []

    class Listening(Registry):
        async def claim(self, key: str, /, *, lasts: float, over: str | None = None) -> Claim:
            lasting.append(lasts)
            return Claim(key=key, token="own")

        async def sending(self, claim: Claim, /, *, lasts: float) -> bool:
            lasting.append(lasts)
            return True

        async def settle(self, claim: Claim, incident_id: str, /) -> None: ...

        async def release(self, claim: Claim, /) -> None: ...

    async with server.client(timeout=longest) as client:
        await client.page(server.page_id).incidents.ensure(key="db", registry=Listening())
    assert lasting == [claimed, sending]


# What goes wrong


async def test_what_surely_was_not_sent_leaves_the_claim_to_others(
    server: InstatusServer, page: Page, registry: Registry, entry: Entry
) -> None:
    server.faults.next(faults.Status(403), *CREATE)
    with pytest.raises(PermissionDeniedError):
        await page.incidents.ensure(key="db", notify=True, registry=registry)
    assert await entry.fields() == {}
    assert (await page.incidents.ensure(key="db", notify=True, registry=registry)).created
    assert told(server) == 1


async def test_a_doubt_outlives_those_who_could_not_settle_it(
    server: InstatusServer, page: Page, registry: Registry, entry: Entry
) -> None:
    claim = await registry.claim(f"{server.page_id}:key:db", lasts=600)
    assert claim is not None
    assert await registry.sending(claim, lasts=600)
    assert 86000 < await entry.redis.do("TTL", entry.name) <= 86400
    for _ in range(2):
        await entry.runs_out()
        server.faults.next(faults.Status(403), *CREATE)
        with pytest.raises(PermissionDeniedError):
            await page.incidents.ensure(key="db", notify=True, registry=registry)
        assert (await entry.fields())["sent"] == "1"
    ensured = await page.incidents.ensure(key="db", notify=True, registry=registry)
    assert (ensured.created, ensured.announced, told(server)) == (True, True, 1)
    assert [update.notify for update in (await page.incidents.get(ensured.incident.id)).updates] == [False, True]


async def test_a_lost_create_that_comes_late_is_found_and_told_once(
    server: InstatusServer, page: Page, registry: Registry, entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("instatus_async.session._LOOKS", (0.0, 0.0))
    server.faults.next(faults.LateCommit(), *CREATE)
    with pytest.raises(OutcomeUnknownError):
        await page.incidents.ensure(key="db", notify=True, registry=registry)
    assert (await entry.fields())["sent"] == "1"
    server.faults.release()
    ensured = await page.incidents.ensure(key="db", notify=True, registry=registry)
    assert (ensured.created, ensured.announced, posts(server), told(server)) == (False, True, 1, 1)


@pytest.mark.parametrize("how", ["killed", "silent", "wrong type"])
async def test_without_redis_it_works_as_without_a_registry(
    redis_server: RedisServer,
    server: InstatusServer,
    page: Page,
    entry: Entry,
    caplog: pytest.LogCaptureFixture,
    how: str,
) -> None:
    async with RedisRegistry(redis_server.url) as registry:
        if how == "killed":
            await redis_server.kill()
        elif how == "silent":
            redis_server.silence()
        else:
            await redis_server.do("SET", entry.name, "something else")
        runs = [await page.incidents.ensure(key="db", notify=True, registry=registry) for _ in range(2)]
    assert [(run.created, run.announced) for run in runs] == [(True, True), (False, True)]
    assert (posts(server), told(server)) == (2, 1)
    assert [record.getMessage().split(" (")[0] for record in caplog.records if record.name == "instatus_async"] == [
        "Redis is away"
    ]


@pytest.mark.parametrize("moment", ["before sending", "before settling"])
async def test_redis_dies_meanwhile(
    redis_server: RedisServer, server: InstatusServer, page: Page, registry: Registry, moment: str
) -> None:
    if moment == "before sending":
        server.faults.nth(2, faults.Stall(), *LIST)
    else:
        server.faults.next(faults.Stall(), *CREATE)
    call = asyncio.ensure_future(page.incidents.ensure(key="db", notify=True, registry=registry))
    await server.faults.wait(1)
    await redis_server.kill()
    server.faults.release()
    ensured = await call
    assert (ensured.created, ensured.announced, told(server)) == (True, True, 1)
    assert posts(server) == (2 if moment == "before sending" else 1)


async def test_cancelled_anywhere_it_is_told_once_at_most(redis_server: RedisServer) -> None:
    for step in range(1, 200):
        await redis_server.do("FLUSHALL")
        async with InstatusServer() as server, server.client() as client:
            page, entry = client.page(server.page_id), Entry.of(redis_server, server)
            async with RedisRegistry(redis_server.url, timeout=5.0) as registry:
                stepper = CancelledAt(page.incidents.ensure(key="db", notify=True, registry=registry), step)
                task = asyncio.ensure_future(awaited(stepper))
                await asyncio.wait([task])
                if await entry.fields():
                    await entry.runs_out()
                again = await page.incidents.ensure(key="db", notify=True, registry=registry)
                assert (again.announced, told(server)) == (True, 1), step
                if not stepper.reached:
                    assert isinstance(task.result(), EnsuredIncident)
                    return
                assert task.cancelled()
    raise AssertionError


async def awaited(stepper: CancelledAt[Any]) -> Any:
    return await stepper


@pytest.mark.usefixtures("_as_processes")
async def test_races_under_random_faults(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of every race one incident is left at the most, and told once at the most; when nobody failed, exactly once."""
    monkeypatch.setattr("instatus_async.session._LOOKS", (0.0, 0.0, 0.001, 0.002))
    monkeypatch.setattr("instatus_async.rate_limit._SLOWEST", 100.0)
    waiting, wrong = iter(range(FIRST, FIRST + SEEDS)), list[str]()

    async def worker() -> None:
        for seed in waiting:
            wrong.extend(await race(seed, redis_server))

    async with asyncio.TaskGroup() as group:
        for _ in range(10):
            group.create_task(worker())
    assert not wrong, "\n\n".join(wrong[:3])


async def race(seed: int, redis: RedisServer) -> list[str]:
    chance, wrong = random.Random(seed), list[str]()
    async with InstatusServer(id_seed=seed) as server, AsyncExitStack() as stack:
        server.faults.random(seed, rate=chance.choice((0.0, 0.1, 0.3)))
        pages = await replicas(server, stack, chance.randint(2, 5), timeout=1.0)
        shared = [await stack.enter_async_context(RedisRegistry(redis.url, name=f"{seed}", timeout=5.0)) for _ in pages]
        calls = [
            page.incidents.ensure(key="db", message="Down", notify=True, registry=registry)
            for page, registry in zip(pages, shared, strict=True)
        ]
        outcomes = await raced(calls, chance)
        server.faults.clear()
        server.faults.release()
        runs = [outcome for outcome in outcomes if isinstance(outcome, EnsuredIncident)]
        left = await pages[0].incidents.unresolved().collect()
        right = {
            "no other errors": all(
                isinstance(outcome, (EnsuredIncident, InstatusError, asyncio.CancelledError)) for outcome in outcomes
            ),
            "told once at the most": told(server) <= 1,
            "one left at the most": len(left) <= 1,
            "all returned it": {run.incident.id for run in runs} <= {incident.id for incident in left},
            "told when nobody failed": len(runs) < len(outcomes) or told(server) == 1,
            "made by one": sum(run.created for run in runs) <= 1,
        }
        again = await pages[0].incidents.ensure(key="db", notify=True, registry=shared[0])
        right["not opened again"] = not (left and again.created)
        right["told once at the most later"] = told(server) <= 1
        wrong += [
            f"seed {seed}: not {what}\n{outcomes!r}\n{server.requests.explain()}" for what in right if not right[what]
        ]
    return wrong


# The registry itself


async def test_the_registry_keeps_to_the_protocol(registry: RedisRegistry, entry: Entry) -> None:
    assert isinstance(registry, Registry)
    first = await registry.claim("key", lasts=600)
    assert first == Claim(key="key", token=first.token if first else "")
    assert await registry.claim("key", lasts=600) == Claim(key="key")
    assert await registry.claim("key", lasts=600, over="x") == Claim(key="key")
    assert first is not None
    stranger = attrs.evolve(first, token="another")
    await registry.settle(stranger, "x")
    await registry.release(stranger)
    assert not await registry.sending(stranger, lasts=600)
    assert await registry.sending(first, lasts=0)
    second = await registry.claim("key", lasts=600)
    assert second is not None
    assert second.doubtful
    assert not await registry.sending(first, lasts=600)
    await registry.release(second)
    third = await registry.claim("key", lasts=600)
    assert third is not None
    assert third.doubtful
    await registry.settle(third, "x")
    assert await registry.claim("key", lasts=600) == Claim(key="key", incident_id="x")
    fourth = await registry.claim("key", lasts=600, over="x")
    assert fourth is not None
    assert (bool(fourth.token), fourth.doubtful) == (True, False)
    await registry.release(fourth)
    assert await entry.redis.do("KEYS", "*") == []


async def test_a_claim_ends_when_the_clock_is_set_back(registry: RedisRegistry, redis_server: RedisServer) -> None:
    await registry.claim("key", lasts=600)
    since = int((await redis_server.do("TIME"))[0]) * 1000
    await redis_server.do("HSET", "instatus:incident:key", "since", since + 3_600_000)
    claim = await registry.claim("key", lasts=600)
    assert claim is not None
    assert claim.token


async def test_names_keep_registries_apart(redis_server: RedisServer) -> None:
    for name in ("one", "two"):
        async with RedisRegistry(redis_server.url, name=name, timeout=5.0) as registry:
            claim = await registry.claim("key", lasts=600)
            assert claim is not None
            assert claim.token
            assert repr(registry) == f"<RedisRegistry {name!r}>"


def test_what_cannot_be_is_refused() -> None:
    wrong: list[dict[str, Any]] = [{"name": ""}, {"timeout": -1}, {"reconnect_after": "5"}]
    for options in wrong:
        with pytest.raises(ConfigError):
            RedisRegistry("redis://127.0.0.1", **options)


async def test_what_is_no_registry_is_refused(server: InstatusServer, page: Page) -> None:
    wrong: Any = object()
    with pytest.raises(InvalidRequestError, match="registry: expected a Registry"):
        await page.incidents.ensure(key="db", registry=wrong)
    assert not server.requests


async def test_wrong_fields_are_refused_before_anything_is_claimed(
    redis_server: RedisServer, server: InstatusServer, page: Page, registry: Registry
) -> None:
    with pytest.raises(InstatusError):
        await page.incidents.ensure(component=server.component_id("API"), registry=registry)
    assert not server.requests
    assert await redis_server.do("KEYS", "*") == []


def test_claims_are_values() -> None:
    assert json.dumps(attrs.asdict(Claim(key="k", incident_id="x"))) == (
        '{"key": "k", "token": "", "doubtful": false, "incident_id": "x"}'
    )
