"""Announcing what a maker that failed did not: late, and once.

CHAOS_SEEDS=5000 python -m pytest tests/jobs/test_announcing.py
"""

from __future__ import annotations

import asyncio
import os
import random
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from instatus_async import (
    BadRequestError,
    DeadlineExceededError,
    EnsuredIncident,
    InstatusError,
    OutcomeUnknownError,
    Page,
)
from instatus_async.jobs.announcing import GRACE
from instatus_async.testing import InstatusServer, ManualClock, faults
from tests.test_cancellation import CancelledAt

from .test_ensure import UPDATE, _as_processes, announced, awaited, back_date, opened, page, raced, replicas, server

__all__ = ["_as_processes", "page", "server"]  # fixtures

SEEDS = int(os.environ.get("CHAOS_SEEDS", "200"))


def age(server: InstatusServer, incident_id: str, seconds: float = 180) -> None:
    """Let an incident, and what was said of it, be so old."""
    state = server._wire.state
    incident = state.incidents[incident_id]
    for row in (incident, *(state.incident_updates[key] for key in incident["updates"])):
        row["createdAt"] = state.before(seconds=seconds)


async def silent(server: InstatusServer, page: Page) -> str:
    """Open an incident whose announcement is refused, some minutes ago."""
    server.faults.next(faults.Status(400), *UPDATE)
    with pytest.raises(BadRequestError):
        await page.incidents.ensure(key="db", message="Down", notify=True)
    (incident,) = await opened(page)
    age(server, incident.id)
    return incident.id


async def said(page: Page) -> list[tuple[str | None, bool | None]]:
    (incident,) = await opened(page)
    return [(update.message, update.notify) for update in incident.updates]


async def test_a_refused_announcement_is_made_good_later(server: InstatusServer, page: Page) -> None:
    server.faults.next(faults.Status(400), *UPDATE)
    with pytest.raises(BadRequestError) as caught:
        await page.incidents.ensure(key="db", message="Down", notify=True)
    (incident,) = await opened(page)
    assert caught.value.record_ids == (incident.id,)
    assert caught.value.__notes__ == [f"The incident {incident.id} (db) is open. Nobody has been told."]
    at_once = await page.incidents.ensure(key="db", message="Down", notify=True)
    assert not at_once.created
    assert not at_once.announced  # it may be its maker's task yet
    assert announced(server) == 0
    assert not any(entry.method == "DELETE" for entry in server.requests)  # nothing was posted to be taken back

    age(server, incident.id)
    quiet = await page.incidents.ensure(key="db", message="Down")
    assert (quiet.announced, announced(server)) == (False, 0)
    later = await page.incidents.ensure(key="db", message="Down", notify=True)
    assert (later.incident.id, later.created, later.announced, later.told) == (incident.id, False, True, True)
    assert [message.address for message in server.told(incident.id)] == ["bo@acme.example"]
    assert await said(page) == [("Down", False), ("Down", True)]
    again = await page.incidents.ensure(key="db", message="Down", notify=True)
    assert (again.announced, again.told, announced(server)) == (True, False, 1)


async def test_a_late_announcement_is_translated(server: InstatusServer, page: Page) -> None:
    await silent(server, page)
    message = {"fr": "C'est en panne."}
    await page.incidents.ensure(key="db", message="Down", translations={"message": message}, notify=True)
    told = [entry.body for entry in server.requests.matching(*UPDATE) if entry.body["notify"]]
    assert told[-1]["translations"] == {"message": message}


async def test_what_was_said_since_stays(server: InstatusServer, page: Page) -> None:
    api = server.component_id("API")
    incident_id = await silent(server, page)
    await page.incidents.updates.create(
        incident_id, status="IDENTIFIED", statuses={api: "DEGRADEDPERFORMANCE"}, notify=False
    )
    assert not (await page.incidents.ensure(key="db", notify=True)).announced  # somebody is at it
    age(server, incident_id)
    assert (await page.incidents.ensure(key="db", notify=True)).announced
    present = await page.incidents.get(incident_id)
    assert present.status == "IDENTIFIED"
    assert [(part.id, part.status) for part in present.components] == [(api, "DEGRADEDPERFORMANCE")]


async def test_another_incident_of_the_component_is_not_ones_own(server: InstatusServer, page: Page) -> None:
    api = server.component_id("API")
    theirs = await page.incidents.create(
        name="Slow logins", status="MONITORING", statuses={api: "DEGRADEDPERFORMANCE"}, notify=False
    )
    age(server, theirs.id)
    found = await page.incidents.ensure(component=api, name="API fails", notify=True)
    assert (found.incident.id, found.announced, announced(server)) == (theirs.id, False, 0)
    found = await page.incidents.ensure(component=api, name="Slow logins", notify=True)
    assert (found.incident.id, found.announced, announced(server)) == (theirs.id, True, 1)


@pytest.mark.usefixtures("_as_processes")
async def test_ten_replicas_make_it_good_once(server: InstatusServer, page: Page) -> None:
    incident_id = await silent(server, page)
    async with AsyncExitStack() as stack:
        pages = await replicas(server, stack, 10)
        runs = await asyncio.gather(*(one.incidents.ensure(key="db", message="Down", notify=True) for one in pages))
    assert {run.incident.id for run in runs} == {incident_id}
    assert (sum(run.told for run in runs), announced(server)) == (1, 1)
    assert await said(page) == [("Down", False), ("Down", True)]


async def test_one_who_died_over_it_is_not_waited_for_forever(server: InstatusServer, page: Page) -> None:
    """What it had prepared stands there silently, and is too old to mean anything."""
    incident_id = await silent(server, page)
    await page.incidents.updates.create(incident_id, status="INVESTIGATING", statuses={}, message="Down", notify=False)
    assert not (await page.incidents.ensure(key="db", message="Down", notify=True)).announced
    age(server, incident_id)
    assert (await page.incidents.ensure(key="db", message="Down", notify=True)).announced
    assert announced(server) == 1


async def test_a_clock_that_is_ahead_announces_nothing() -> None:
    """It is young by the service's clock, whatever one's own says."""
    clock = ManualClock()  # far behind ours
    async with InstatusServer(clock=clock) as server, server.client() as client:
        page = client.page(server.page_id)
        server.faults.next(faults.Status(400), *UPDATE)
        with pytest.raises(BadRequestError):
            await page.incidents.ensure(key="db", message="Down", notify=True)
        clock.advance(GRACE - timedelta(seconds=1))
        found = await page.incidents.ensure(key="db", message="Down", notify=True)
        assert (found.announced, announced(server), await said(page)) == (False, 0, [("Down", False)])
        clock.advance(timedelta(seconds=1))
        found = await page.incidents.ensure(key="db", message="Down", notify=True)
        assert (found.announced, announced(server)) == (True, 1)


async def test_one_without_dates_is_left_alone(server: InstatusServer, page: Page) -> None:
    await silent(server, page)
    server.faults.nth(2, faults.MissingFields("createdAt"), "GET", "/v1/{page_id}/incidents/{incident_id}")
    found = await page.incidents.ensure(key="db", message="Down", notify=True)
    assert (found.announced, announced(server), await said(page)) == (False, 0, [("Down", False)])


async def test_what_does_not_say_whom_it_told_is_left_alone(server: InstatusServer, page: Page) -> None:
    await silent(server, page)
    server.faults.every(faults.MissingFields("notify"))
    found = await page.incidents.ensure(key="db", message="Down", notify=True)
    server.faults.clear()
    assert (found.announced, announced(server), await said(page)) == (False, 0, [("Down", False)])
    assert not any(entry.method == "DELETE" for entry in server.requests)  # nothing was posted to be taken back


async def test_who_shows_up_within_the_pause_counts(
    server: InstatusServer, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident_id = await silent(server, page)

    async def pause() -> None:
        await page.incidents.updates.create(incident_id, status="INVESTIGATING", statuses={}, notify=False)
        back_date(server, incident_id, -1, seconds=5)

    monkeypatch.setattr("instatus_async.jobs.announcing.settle", pause)
    found = await page.incidents.ensure(key="db", message="Down", notify=True)
    assert (found.announced, announced(server)) == (False, 0)


async def test_refused_again_it_leaves_nothing_behind(server: InstatusServer, page: Page) -> None:
    incident_id = await silent(server, page)
    for _ in range(2):
        server.faults.nth(2, faults.Status(403), *UPDATE)  # the first one prepares
        with pytest.raises(InstatusError, match="403") as caught:
            await page.incidents.ensure(key="db", message="Down", notify=True)
        assert caught.value.record_ids == (incident_id,)
        assert caught.value.__notes__ == [f"The incident {incident_id} (db) is open. Nobody has been told."]
        assert await said(page) == [("Down", False)]
        server.faults.clear()
    assert (await page.incidents.ensure(key="db", message="Down", notify=True)).announced
    assert announced(server) == 1


async def test_a_lost_answer_is_found_and_an_unknown_one_not_repeated(
    server: InstatusServer, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("instatus_async.session._LOOKS", (0.0, 0.0))
    await silent(server, page)
    server.faults.nth(2, faults.LateCommit(), *UPDATE)
    with pytest.raises(OutcomeUnknownError) as caught:
        await page.incidents.ensure(key="db", message="Down", notify=True)
    assert "It may have been announced." in caught.value.__notes__[0]
    server.faults.release()
    found = await page.incidents.ensure(key="db", message="Down", notify=True)
    assert (found.announced, announced(server)) == (True, 1)


async def test_an_extra_post_that_stays_is_logged(
    server: InstatusServer, page: Page, caplog: pytest.LogCaptureFixture
) -> None:
    incident_id = await silent(server, page)
    server.faults.every(faults.Status(403), "DELETE")
    found = await page.incidents.ensure(key="db", message="Down", notify=True)
    assert (found.announced, announced(server)) == (True, 1)
    assert f"The incident {incident_id} has a silent update too many" in caplog.text


@pytest.mark.parametrize("late", [False, True])
async def test_who_is_too_slow_leaves_it_to_others(
    server: InstatusServer, page: Page, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    if late:
        await silent(server, page)
    monkeypatch.setattr("instatus_async.jobs.announcing.BEGINS", -1.0)
    with pytest.raises(DeadlineExceededError, match="Nobody has been told") as caught:
        await page.incidents.ensure(key="db", message="Down", notify=True)
    assert not caught.value.may_have_applied
    assert announced(server) == 0


async def test_cancelled_anywhere_it_is_told_once_at_most() -> None:
    for step in range(1, 200):
        async with InstatusServer() as server, server.client() as client:
            page = client.page(server.page_id)
            incident_id = await silent(server, page)
            stepper = CancelledAt(page.incidents.ensure(key="db", message="Down", notify=True), step)
            task = asyncio.ensure_future(awaited(stepper))
            await asyncio.wait([task])
            assert announced(server) <= 1
            if not stepper.reached:
                assert task.result().announced
                return
            for _ in range(2):  # what was on its way when it was cancelled may be written after that
                age(server, incident_id)
                await page.incidents.ensure(key="db", message="Down", notify=True)
            assert announced(server) == 1
    raise AssertionError


async def _race(seed: int) -> list[str]:
    """Let some replicas make it good at once, under faults; return what is wrong."""
    chance = random.Random(seed)
    async with InstatusServer(id_seed=seed) as server, AsyncExitStack() as stack:
        pages = await replicas(server, stack, chance.randint(2, 5), timeout=2.0)
        incident_id = await silent(server, pages[0])
        schedule = server.faults.random(seed, rate=chance.choice((0.0, 0.1, 0.3)))
        calls = [one.incidents.ensure(key="db", message="Down", notify=True) for one in pages]
        outcomes = await raced(calls, chance)
        server.faults.clear()
        server.faults.release()
        told = announced(server)
        runs = [outcome for outcome in outcomes if isinstance(outcome, EnsuredIncident)]
        age(server, incident_id)
        await pages[0].incidents.ensure(key="db", message="Down", notify=True)  # may meet what came late
        age(server, incident_id)
        again = await pages[0].incidents.ensure(key="db", message="Down", notify=True)
        right = {
            "told twice": told <= 1 and announced(server) <= 1,
            "an error of another kind": all(
                isinstance(outcome, (EnsuredIncident, InstatusError, asyncio.CancelledError)) for outcome in outcomes
            ),
            "not told": told == 1 or len(runs) < len(outcomes),
            "said to be told": told == 1 or not any(run.announced for run in runs),
            "not told in the end": again.announced and announced(server) == 1,
        }
        story = f"{schedule!r}\n{outcomes!r}\n{server.requests.explain()}"
    return [f"seed {seed}: {what}\n{story}" for what, fine in right.items() if not fine]


@pytest.mark.usefixtures("_as_processes")
async def test_races_under_random_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("instatus_async.session._LOOKS", (0.0, 0.0, 0.001, 0.002))
    monkeypatch.setattr("instatus_async.rate_limit._SLOWEST", 100.0)
    waiting, wrong = iter(range(1, 1 + SEEDS)), list[str]()

    async def worker() -> None:
        for seed in waiting:
            wrong.extend(await _race(seed))

    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(worker())
    assert not wrong, f"{len(wrong)} of {SEEDS}\n" + "\n\n".join(wrong[:3])
