"""One incident for one trouble, told once, whoever races whom, and what is resolved when it is over.

The races are between clients that share nothing, as processes would, under faults chosen by a seed:

    CHAOS_SEEDS=5000 python -m pytest tests/jobs/test_ensure.py
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncGenerator, Coroutine, Generator, Sequence
from contextlib import AsyncExitStack
from typing import Any

import attrs
import pytest

from instatus_async import (
    DecodeError,
    EnsuredIncident,
    Incident,
    InstatusClient,
    InstatusError,
    InvalidRequestError,
    OutcomeUnknownError,
    Page,
    RetryPolicy,
    ServerError,
)
from instatus_async.testing import InstatusServer, ManualClock, Schedule, as_processes, faults
from tests.test_cancellation import CancelledAt

SEEDS = int(os.environ.get("CHAOS_SEEDS", "300"))
FIRST = int(os.environ.get("CHAOS_FIRST", "1"))
AT_ONCE = 20
CANCELLED = 0.1  # the share of calls that are cancelled on their way

CREATE = ("POST", "/v1/{page_id}/incidents")
UPDATE = ("POST", "/v1/{page_id}/incidents/{incident_id}/incident-updates")
LIST = ("GET", "/v1/{page_id}/incidents")


@pytest.fixture
async def server() -> AsyncGenerator[InstatusServer]:
    async with InstatusServer() as running:
        running.seed(subscribers=[{"email": "bo@acme.example", "confirmed": True}])
        yield running


@pytest.fixture
async def page(server: InstatusServer) -> AsyncGenerator[Page]:
    async with server.client(retry=RetryPolicy(base=0.001)) as client:
        yield client.page(server.page_id)


@pytest.fixture
def _as_processes() -> Generator[None]:
    with as_processes():
        yield


def announced(server: InstatusServer) -> int:
    """How often subscribers were told, about whatever, deleted incidents too."""
    return sum(entry.request is not None for entry in server._wire.state.ledger.announcements)


def back_date(server: InstatusServer, incident_id: str, place: int, *, seconds: float) -> None:
    """Let an update of an incident be made earlier."""
    state = server._wire.state
    state.incident_updates[state.incidents[incident_id]["updates"][place]]["createdAt"] = state.before(seconds=seconds)


async def opened(page: Page) -> list[Incident]:
    return await page.incidents.unresolved().collect()


def posts(server: InstatusServer) -> int:
    return sum(entry.method == "POST" for entry in server.requests)


# One after another


async def test_the_first_opens_and_announces_and_the_others_find(server: InstatusServer, page: Page) -> None:
    api = server.component_id("API")
    runs = [
        await page.incidents.ensure(
            key="ci-main", name="Tests fail", message="Red since now.", statuses={api: "MAJOROUTAGE"}, notify=True
        )
        for _ in range(10)
    ]
    (incident,) = await opened(page)
    assert {run.incident.id for run in runs} == {incident.id}
    assert [run.created for run in runs] == [True] + [False] * 9
    assert all(run.announced for run in runs)
    assert (incident.name, incident.status) == ("Tests fail [ci-main]", "INVESTIGATING")
    assert [update.notify for update in incident.updates] == [False, True]
    assert {update.message for update in incident.updates} == {"Red since now."}
    assert len(server.told(incident.id)) == announced(server) == 1
    assert (await page.components.get(api)).status == "MAJOROUTAGE"
    assert posts(server) == 2


async def test_what_people_receive_is_translated(server: InstatusServer, page: Page) -> None:
    """The update that announces has a message of its own; the name stays that of the incident."""
    translations = {"name": {"fr": "Panne"}, "message": {"fr": "C'est en panne."}}
    for key, fields in (("db", translations), ("disk", {"name": translations["name"]})):
        await page.incidents.ensure(key=key, message="Down", translations=fields, notify=True)
    bodies = [entry.body for entry in server.requests if entry.method == "POST"]
    assert [body.get("translations") for body in bodies] == [
        translations,
        {"message": translations["message"]},
        {"name": translations["name"]},
        None,
    ]
    assert [body["notify"] for body in bodies] == [False, True, False, True]


async def test_without_notify_nobody_is_told_and_nothing_is_written_twice(server: InstatusServer, page: Page) -> None:
    first = await page.incidents.ensure(key="disk")
    again = await page.incidents.ensure(key="disk", notify=True)
    assert (first.incident.name, first.created, first.announced) == ("disk", True, False)
    assert (again.incident.id, again.created, again.announced) == (first.incident.id, False, False)
    assert (posts(server), announced(server)) == (1, 0)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("db", True),
        ("Database [db]", True),
        ("db is down", False),
        ("[db] is down", False),
        ("Slow db", False),
        ("Database [DB]", False),
        ("Database [my-db]", False),
    ],
)
async def test_what_carries_a_key(server: InstatusServer, page: Page, name: str, found: bool) -> None:
    (known,) = server.seed(incidents=[{"name": name, "status": "MONITORING"}])["incidents"]
    ensured = await page.incidents.ensure(key="db")
    assert (ensured.incident.id == known, ensured.created) == (found, not found)


@pytest.mark.parametrize(
    ("given", "name"),
    [(None, "db"), ("db", "db"), ("Slow [db]", "Slow [db]"), ("Slow db", "Slow db [db]"), ("[db] x", "[db] x [db]")],
)
async def test_the_name(page: Page, given: str | None, name: str) -> None:
    ensured = await (page.incidents.ensure(key="db") if given is None else page.incidents.ensure(key="db", name=given))
    assert ensured.incident.name == name
    assert not (await page.incidents.ensure(key="db")).created


async def test_a_resolved_incident_is_over(server: InstatusServer, page: Page) -> None:
    server.seed(incidents=[{"name": "db", "status": "RESOLVED"}])
    assert (await page.incidents.ensure(key="db")).created


async def test_by_component(server: InstatusServer, page: Page) -> None:
    api, app = server.component_id("API"), server.component_id("App")
    server.seed(incidents=[{"name": "App", "status": "MONITORING", "components": [app]}])
    first = await page.incidents.ensure(component=api, name="Errors", notify=True)
    assert first.created
    assert [component.id for component in first.incident.components] == [api]
    assert [component.id for component in (await page.incidents.get(first.incident.id)).components] == [api]
    again = await page.incidents.ensure(component=api, name="Whatever", notify=True)
    assert (again.incident.id, again.created, again.announced) == (first.incident.id, False, True)
    assert announced(server) == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({}, "either key= or component="),
        ({"key": "a", "component": "b"}, "either key= or component="),
        ({"key": ""}, "key:"),
        ({"key": "a]"}, "key:"),
        ({"key": " a"}, "key:"),
        ({"key": "a\n"}, "key:"),
        ({"key": 5}, "key:"),
        ({"key": "x" * 101}, "key:"),
        ({"component": "../x"}, "component:"),
        ({"component": "c1"}, "missing 'name'"),
        ({"key": "a", "name": 5}, "name: expected text"),
        ({"key": "a", "status": "RESOLVED"}, "not RESOLVED"),
        ({"key": "a", "status": "BROKEN"}, "no IncidentStatus"),
        ({"key": "a", "notify": 1}, "notify"),
        ({"key": "a", "started": None}, "unexpected field 'started'"),
    ],
)
async def test_refused(server: InstatusServer, page: Page, arguments: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InvalidRequestError, match=complaint) as caught:
        await page.incidents.ensure(**arguments)
    assert "Nothing was sent." in str(caught.value)
    assert not server.requests


# At once


async def test_ten_calls_of_one_process(server: InstatusServer, page: Page) -> None:
    """They wait for one another, and nine have nothing to write. Handles of the page may be different ones."""
    async with server.client() as other:
        pages = [page, other.page(server.page_id)] * 5
        runs = await asyncio.gather(*(one.incidents.ensure(key="db", notify=True) for one in pages))
    assert sum(run.created for run in runs) == 1
    assert len({run.incident.id for run in runs}) == 1
    assert (posts(server), announced(server)) == (2, 1)


async def replicas(server: InstatusServer, stack: AsyncExitStack, count: int, **options: Any) -> list[Page]:
    clients: list[InstatusClient] = [
        await stack.enter_async_context(server.client(retry=RetryPolicy(base=0.001), **options)) for _ in range(count)
    ]
    return [client.page(server.page_id) for client in clients]


@pytest.mark.usefixtures("_as_processes")
@pytest.mark.parametrize(
    "fault",
    [
        None,
        faults.Reset(after_commit=True),
        faults.Status(502, after_commit=True),
        faults.Status(429, headers={"Retry-After": "0"}),
        faults.LateCommit(after_requests=1),
        faults.Truncated(),
    ],
)
async def test_ten_replicas(server: InstatusServer, fault: faults.Fault | None) -> None:
    """All of them create, nine take theirs back, and one announces."""
    async with AsyncExitStack() as stack:
        pages = await replicas(server, stack, 10)
        if fault is not None:
            for number in (1, 4, 7):
                server.faults.nth(number, fault, *CREATE)
            server.faults.nth(1, fault, *UPDATE)
        runs = await asyncio.gather(*(one.incidents.ensure(key="db", message="Down", notify=True) for one in pages))
        (incident,) = await opened(pages[0])
    assert {run.incident.id for run in runs} == {incident.id}
    assert sum(run.created for run in runs) == 1
    assert sum(entry.method == "DELETE" and entry.committed for entry in server.requests) >= 1
    assert len(server.told(incident.id)) == announced(server) == 1


@pytest.mark.usefixtures("_as_processes")
async def test_a_clock_that_stands_still() -> None:
    """All are made in one millisecond: the ids decide, and all agree."""
    async with InstatusServer(clock=ManualClock()) as server, AsyncExitStack() as stack:
        pages = await replicas(server, stack, 5)
        runs = await asyncio.gather(*(one.incidents.ensure(key="db", notify=True) for one in pages))
        assert [incident.id for incident in await opened(pages[0])] == [min(run.incident.id for run in runs)]
        assert (len({run.incident.id for run in runs}), announced(server)) == (1, 1)


@pytest.mark.usefixtures("_as_processes")
async def test_an_announced_one_wins_over_an_earlier_one(server: InstatusServer, page: Page) -> None:
    """Where the service's clock goes wrong: what is told already counts, and is not told again."""
    (told,) = server.seed(
        incidents=[
            {"name": "db", "status": "MONITORING", "message": "Down", "started": "2030-01-01T00:00:00.000Z"},
        ]
    )["incidents"]
    server._wire.state.incident_updates[server._wire.state.incidents[told]["updates"][0]]["notify"] = True
    server.faults.nth(1, faults.Status(200, []), *LIST)  # the look sees nobody
    server.faults.every(faults.MissingFields("createdAt"))  # `started` is all there is
    ensured = await page.incidents.ensure(key="db", notify=True)
    assert (ensured.incident.id, ensured.created, ensured.announced) == (told, False, True)
    assert [incident.id for incident in await opened(page)] == [told]
    assert announced(server) == 0


async def test_who_shows_up_within_the_pause_counts(
    server: InstatusServer, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made earlier, and seen later: the pause is there for that."""

    async def pause() -> None:
        (earlier,) = server.seed(incidents=[{"name": "db", "status": "MONITORING"}])["incidents"]
        back_date(server, earlier, 0, seconds=5)

    monkeypatch.setattr("instatus_async.jobs.ensure.settle", pause)
    ensured = await page.incidents.ensure(key="db", notify=True)
    assert not ensured.created
    assert [incident.id for incident in await opened(page)] == [ensured.incident.id]
    assert announced(server) == 0


async def test_one_that_loses_its_election_is_not_returned(
    server: InstatusServer, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen while it was alone; whoever made it takes it back for an earlier one."""
    loser = await page.incidents.create(name="db", status="INVESTIGATING", notify=False)

    async def pause() -> None:
        server.seed(incidents=[{"name": "db", "status": "MONITORING"}])
        await page.incidents.delete(loser.id)

    monkeypatch.setattr("instatus_async.jobs.ensure.settle", pause)
    ensured = await page.incidents.ensure(key="db")
    assert [incident.id for incident in await opened(page)] == [ensured.incident.id] != [loser.id]
    assert not ensured.created


async def test_one_that_is_just_being_announced_is_waited_for(
    server: InstatusServer, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await page.incidents.create(name="db", status="INVESTIGATING", notify=False)

    async def pause() -> None:
        await page.incidents.updates.create(other.id, status="INVESTIGATING", statuses={}, notify=True)

    monkeypatch.setattr("instatus_async.jobs.ensure.settle", pause)
    ensured = await page.incidents.ensure(key="db", notify=True)
    assert (ensured.incident.id, ensured.created, ensured.announced, ensured.told) == (other.id, False, True, False)
    assert announced(server) == 1


# What goes wrong in between


async def test_a_blank_name_is_refused(server: InstatusServer, page: Page) -> None:
    with pytest.raises(InvalidRequestError, match="name: expected a name that says something"):
        await page.incidents.ensure(key="db", name=" ")
    assert not server.requests


async def test_a_create_whose_outcome_is_unknown(server: InstatusServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error has the fingerprint; what comes late is silent, and the next call finds it."""
    monkeypatch.setattr("instatus_async.session._LOOKS", (0.0, 0.0))
    async with server.client() as client:
        page = client.page(server.page_id)
        server.faults.next(faults.LateCommit(), *CREATE)
        with pytest.raises(OutcomeUnknownError) as caught:
            await page.incidents.ensure(key="db", notify=True)
        assert caught.value.fingerprint is not None
        server.faults.release()
        found = await client.reconcile(caught.value.fingerprint)
        again = await page.incidents.ensure(key="db", notify=True)
        assert isinstance(found, Incident)
        assert (again.incident.id, again.created, again.announced) == (found.id, False, False)
        assert (posts(server), announced(server)) == (1, 0)


async def test_a_winner_that_cannot_announce_is_named(server: InstatusServer, page: Page) -> None:
    server.faults.next(faults.Status(403), *UPDATE)
    with pytest.raises(InstatusError) as caught:
        await page.incidents.ensure(key="db", notify=True)
    (incident,) = await opened(page)
    assert any(incident.id in note for note in caught.value.__notes__)
    again = await page.incidents.ensure(key="db", notify=True)
    assert (again.created, again.announced, announced(server)) == (False, False, 0)


async def test_an_election_that_fails_names_the_incident(server: InstatusServer, page: Page) -> None:
    for number in (2, 3, 4):  # the first is the look before
        server.faults.nth(number, faults.Status(500), *LIST)
    with pytest.raises(ServerError) as caught:
        await page.incidents.ensure(key="db", notify=True)
    (incident,) = await opened(page)
    assert any(incident.id in note and "nobody has been told" in note for note in caught.value.__notes__)


async def test_what_is_resolved_before_the_election_is_not_announced(server: InstatusServer, page: Page) -> None:
    async def resolve() -> None:
        await server.faults.wait(1)
        (incident,) = await opened(page)
        await page.incidents.updates.create(incident.id, status="RESOLVED", statuses={}, notify=False)
        server.faults.release()

    server.faults.nth(2, faults.Stall(), *LIST)
    ensured, _ = await asyncio.gather(page.incidents.ensure(key="db", notify=True), resolve())
    assert (ensured.incident.status, ensured.created, announced(server)) == ("RESOLVED", True, 0)


async def test_cancelled_anywhere_it_is_told_once_at_most_and_named(caplog: pytest.LogCaptureFixture) -> None:
    for step in range(1, 200):
        caplog.clear()
        async with InstatusServer() as server, server.client() as client:
            page = client.page(server.page_id)
            stepper = CancelledAt(page.incidents.ensure(key="db", notify=True), step)
            task = asyncio.ensure_future(awaited(stepper))
            await asyncio.wait([task])
            found = await opened(page)
            assert announced(server) <= 1
            assert len(found) <= 1
            if not stepper.reached:
                assert isinstance(task.result(), EnsuredIncident)
                return
            assert task.cancelled()
            if found:  # the log names it, or the client has the fingerprint of its creation
                named = f"The incident {found[0].id}" in caplog.text
                assert named or client.unresolved, step
            assert not (await page.incidents.ensure(key="db", notify=True)).created or not found
            assert announced(server) <= 1
    raise AssertionError


async def awaited(stepper: CancelledAt[Any]) -> Any:
    return await stepper


# Under random faults


@attrs.define
class Race:
    """What one seed brought."""

    seed: int
    schedule: Schedule
    story: str = ""
    wrong: list[str] = attrs.Factory(list[str])
    failed: int = 0
    returned: int = 0

    def check(self, what: str, *, right: bool) -> None:
        if not right:
            self.wrong.append(f"seed {self.seed}: {what}\n{self.schedule!r}\n{self.story}")


async def raced(calls: Sequence[Coroutine[Any, Any, Any]], chance: random.Random) -> list[Any]:
    """Let calls race that start a few turns of the loop apart; some are cancelled on their way."""

    async def run(call: Coroutine[Any, Any, Any], turns: int, step: int) -> Any:
        for _ in range(turns):
            await asyncio.sleep(0)
        return await CancelledAt(call, step)

    plans = [(chance.randint(0, 60), chance.randint(1, 40) if chance.random() < CANCELLED else -1) for _ in calls]
    tasks = [asyncio.ensure_future(run(call, *plan)) for call, plan in zip(calls, plans, strict=True)]
    await asyncio.wait(tasks)
    return [asyncio.CancelledError() if task.cancelled() else task.exception() or task.result() for task in tasks]


async def race(seed: int) -> Race:
    chance = random.Random(seed)
    notify = chance.random() < 0.8
    async with InstatusServer(id_seed=seed) as server, AsyncExitStack() as stack:
        race = Race(seed, server.faults.random(seed, rate=chance.choice((0.0, 0.1, 0.3))))
        pages = await replicas(server, stack, chance.randint(2, 5), timeout=2.0)
        calls = [page.incidents.ensure(key="db", name="Slow", message="Down", notify=notify) for page in pages]
        outcomes = await raced(calls, chance)
        server.faults.clear()
        server.faults.release()
        race.story = f"{outcomes!r}\n{server.requests.explain()}"
        for outcome in outcomes:
            ours = isinstance(outcome, (EnsuredIncident, InstatusError, asyncio.CancelledError))
            race.check("an error of another kind", right=ours)
        runs = [outcome for outcome in outcomes if isinstance(outcome, EnsuredIncident)]
        race.failed, race.returned = len(outcomes) - len(runs), len(runs)
        found = {incident.id for incident in await opened(pages[0])}
        told = announced(server)
        race.check("told twice", right=told <= 1)
        race.check("several winners", right=len({run.incident.id for run in runs}) <= 1)
        race.check("a winner that is gone", right={run.incident.id for run in runs} <= found)
        if not race.failed:
            race.check("not one incident", right=len(found) == 1)
            race.check("not told", right=told == notify)
            race.check("not one maker", right=sum(run.created for run in runs) == 1)
        again = await pages[0].incidents.ensure(key="db", name="Slow", notify=notify)
        race.check("opened again", right=not (found and again.created))
        race.check("told twice later", right=announced(server) <= 1)
        await _over(race, server, pages, chance)
    return race


async def _over(race: Race, server: InstatusServer, pages: Sequence[Page], chance: random.Random) -> None:
    """Resolve it by several at once, under other faults."""
    found, told = len(await opened(pages[0])), announced(server)
    race.schedule = server.faults.random(-race.seed, rate=chance.choice((0.0, 0.1, 0.3)))
    outcomes = await raced([page.incidents.resolve_open(key="db", notify=True) for page in pages], chance)
    server.faults.clear()
    server.faults.release()
    race.story = f"{outcomes!r}\n{server.requests.explain()}"
    told = announced(server) - told
    race.check("resolution told twice", right=told <= found)
    if all(isinstance(outcome, tuple) for outcome in outcomes):
        race.check("not resolved", right=not await opened(pages[0]))
        race.check("resolution not told", right=told == found)
        race.check("resolved by several", right=sum(len(outcome) for outcome in outcomes) == found)


@pytest.mark.usefixtures("_as_processes")
async def test_races_under_random_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("instatus_async.session._LOOKS", (0.0, 0.0, 0.001, 0.002))
    monkeypatch.setattr("instatus_async.rate_limit._SLOWEST", 100.0)
    waiting, races = iter(range(FIRST, FIRST + SEEDS)), list[Race]()

    async def worker() -> None:
        for seed in waiting:
            races.append(await race(seed))

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(worker())
    wrong = [text for one in races for text in one.wrong]
    assert not wrong, f"{len(wrong)} of {len(races)}\n" + "\n\n".join(wrong[:3])
    if SEEDS >= 100:  # both the happy and the unhappy end are seen
        assert sum(one.failed for one in races) > SEEDS / 10
        assert sum(one.returned for one in races) > SEEDS


# Resolving what is open


async def test_a_resolution_that_cannot_be_recognised_is_not_announced(server: InstatusServer, page: Page) -> None:
    incident = (await page.incidents.ensure(key="db")).incident
    server.faults.nth(2, faults.UnknownEnums(), "GET", "/v1/{page_id}/incidents/{incident_id}")
    with pytest.raises(DecodeError, match="Nothing was announced") as caught:
        await page.incidents.resolve_open(key="db", notify=True)
    assert caught.value.may_have_applied
    assert incident.id in str(caught.value)
    assert announced(server) == 0


async def test_a_resolution_that_somebody_takes_back_is_nobodys(
    server: InstatusServer, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = (await page.incidents.ensure(key="db")).incident

    async def pause() -> None:
        await page.incidents.updates.delete(incident.id, (await page.incidents.get(incident.id)).updates[-1].id)

    monkeypatch.setattr("instatus_async.jobs.resolve.settle", pause)
    assert await page.incidents.resolve_open(key="db", notify=True) == ()
    assert announced(server) == 0


async def test_resolve_open_resolves_all_of_a_component(server: InstatusServer, page: Page) -> None:
    api, app, site = (server.component_id(name) for name in ("API", "App", "Website"))
    for name, ids in (("One", [api, app]), ("Two", [api]), ("Other", [app, site])):
        await page.incidents.create(name=name, status="INVESTIGATING", statuses=dict.fromkeys(ids, "PARTIALOUTAGE"))
    resolved = await page.incidents.resolve_open(component=api, message="Mended.", notify=True)
    resolved = tuple(sorted(resolved, key=lambda incident: incident.name))  # they may be made in one millisecond
    assert [(incident.name, incident.status) for incident in resolved] == [("One", "RESOLVED"), ("Two", "RESOLVED")]
    assert [incident.name for incident in await opened(page)] == ["Other"]
    statuses = {component.name: component.status async for component in page.components.list()}
    assert statuses == {"API": "OPERATIONAL", "App": "PARTIALOUTAGE", "Website": "PARTIALOUTAGE"}
    assert [server.announcements(incident.id) for incident in resolved] == [1, 1]
    one = await page.incidents.get(resolved[0].id)
    assert [(update.message, update.notify) for update in one.updates[1:]] == [("Mended.", False), ("Mended.", True)]
    assert {component.id: component.status for component in resolved[0].components} == {
        api: "OPERATIONAL",
        app: "PARTIALOUTAGE",
    }
    assert await page.incidents.resolve_open(component=api, notify=True) == ()


async def test_resolve_open_is_silent_by_default_and_leaves_a_maintenance_alone(
    server: InstatusServer, page: Page
) -> None:
    api = server.component_id("API")
    incident = (await page.incidents.ensure(key="db", statuses={api: "MAJOROUTAGE"})).incident
    await page.components.update(api, status="UNDERMAINTENANCE")
    (resolved,) = await page.incidents.resolve_open(key="db")
    assert (resolved.id, announced(server)) == (incident.id, 0)
    assert len((await page.incidents.get(incident.id)).updates) == 2
    assert (await page.components.get(api)).status == "UNDERMAINTENANCE"


async def test_resolve_open_refuses(server: InstatusServer, page: Page) -> None:
    wrong: list[dict[str, Any]] = [
        {},
        {"key": "a", "component": "b"},
        {"key": "a", "message": " "},
        {"key": "a", "notify": 0},
    ]
    for arguments in wrong:
        with pytest.raises(InvalidRequestError):
            await page.incidents.resolve_open(**arguments)
    assert not server.requests


async def test_resolve_open_names_what_failed(server: InstatusServer, page: Page) -> None:
    incident = (await page.incidents.ensure(key="db")).incident
    server.faults.next(faults.Status(403), *UPDATE)
    with pytest.raises(InstatusError) as caught:
        await page.incidents.resolve_open(key="db", notify=True)
    assert any(incident.id in note for note in caught.value.__notes__)
    assert await page.incidents.resolve_open(key="db", notify=True)
    assert announced(server) == 1


async def test_what_is_opened_again_meanwhile_is_not_announced_as_resolved(server: InstatusServer, page: Page) -> None:
    incident = (await page.incidents.ensure(key="db")).incident

    async def reopen() -> None:
        await server.faults.wait(1)
        await page.incidents.updates.create(incident.id, status="MONITORING", statuses={}, notify=False)
        server.faults.release()

    server.faults.nth(2, faults.Stall(), "GET", "/v1/{page_id}/incidents/{incident_id}")
    await asyncio.gather(page.incidents.resolve_open(key="db", notify=True), reopen())
    assert announced(server) == 0
    assert [found.id for found in await opened(page)] == [incident.id]


@pytest.mark.parametrize("told", [True, False])
async def test_a_resolution_yields_to_an_earlier_and_to_an_announced_one(
    server: InstatusServer, page: Page, monkeypatch: pytest.MonkeyPatch, told: bool
) -> None:
    """Whoever it was, it is told by one alone."""
    incident = (await page.incidents.ensure(key="db")).incident

    async def pause() -> None:
        await page.incidents.updates.create(incident.id, status="RESOLVED", message="Rival", statuses={}, notify=told)
        if not told:
            back_date(server, incident.id, 0, seconds=7200)
            back_date(server, incident.id, -1, seconds=3600)

    monkeypatch.setattr("instatus_async.jobs.resolve.settle", pause)
    assert await page.incidents.resolve_open(key="db", message="Own", notify=True) == ()
    assert [update.message for update in (await page.incidents.get(incident.id)).updates] == ["", "Rival"]
    assert announced(server) == told


@pytest.mark.parametrize("notify", [True, False])
async def test_what_is_resolved_since_the_look_is_left_alone(server: InstatusServer, page: Page, notify: bool) -> None:
    incident = (await page.incidents.ensure(key="db")).incident

    async def resolve() -> None:
        await server.faults.wait(1)
        await page.incidents.updates.create(incident.id, status="RESOLVED", statuses={}, notify=True)
        server.faults.release()

    server.faults.nth(1, faults.Stall(), "GET", "/v1/{page_id}/incidents/{incident_id}")
    resolved, _ = await asyncio.gather(page.incidents.resolve_open(key="db", notify=notify), resolve())
    assert (resolved, announced(server), posts(server)) == ((), 1, 2)
    assert len((await page.incidents.get(incident.id)).updates) == 2
