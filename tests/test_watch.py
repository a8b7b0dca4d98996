"""`watch` and `Broadcast`: what is told, what trouble does, and what is left when one goes."""

from __future__ import annotations

import asyncio
import pickle
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from instatus_async import (
    APIError,
    AuthenticationError,
    Broadcast,
    Change,
    ClientStateError,
    ComponentRemoved,
    DecodeError,
    Gap,
    IncidentDeleted,
    IncidentOpened,
    IncidentResolved,
    IncidentUpdated,
    InvalidRequestError,
    MaintenanceCompleted,
    MaintenanceDeleted,
    MaintenanceScheduled,
    MaintenanceStarted,
    NotFoundError,
    PermissionDeniedError,
    PublicStatusPage,
    RateLimitError,
    RetryPolicy,
    ServerError,
    SlowConsumerError,
    Trouble,
    Watch,
    WatchState,
    watch,
)
from instatus_async.testing import InstatusServer, ManualClock, faults

from .hostile import HostileServer, answer
from .watching import look

ONCE = RetryPolicy(attempts=1)
SUMMARY = {"page": {"name": "Acme", "url": "https://acme.example", "status": "UP"}}
INCIDENT = {"name": "Down", "status": "INVESTIGATING", "message": "m"}


def kinds(changes: Sequence[Change]) -> list[str]:
    return [change.kind for change in changes]


def due(changes: Watch) -> float | None:
    return changes._due


def ours() -> set[asyncio.Task[Any]]:
    """The tasks of this loop that are not the server's."""
    return {task for task in asyncio.all_tasks() if "RequestHandler" not in repr(task)}


async def test_every_update_between_two_looks_in_order() -> None:
    """Also of an incident that came and went between them; the match statement is what it is for."""
    async with InstatusServer(clock=ManualClock()) as server, server.client() as client:
        page = client.page(server.page_id)
        api = server.component_id("API")
        old = await page.incidents.create(name="Old", status="INVESTIGATING", message="m")
        changes = watch(page)
        assert await look(changes) == []
        new = await page.incidents.create(name="New", status="IDENTIFIED", message="1", statuses={api: "MAJOROUTAGE"})
        server.advance(timedelta(seconds=1))
        await page.incidents.updates.create(new.id, status="MONITORING", message="2", statuses={})
        server.advance(timedelta(seconds=1))
        await page.incidents.updates.create(old.id, status="RESOLVED", message="3", statuses={})
        server.advance(timedelta(seconds=1))
        await page.incidents.updates.create(new.id, status="RESOLVED", message="4", statuses={})
        said: list[str] = []
        for change in await look(changes):
            match change:
                case IncidentOpened(name=name, status=status, update=update):
                    said.append(f"{name} opened {status} {update and update.message}")
                case IncidentUpdated(name=name, old_status=before, status=status, update=update):
                    said.append(f"{name} {before} {status} {update and update.message}")
                case IncidentResolved(incident=incident):
                    said.append(f"{incident.name} resolved")
                case _:
                    said.append(change.kind)
        assert said == [
            "New opened IDENTIFIED 1",
            "component_status_changed",
            "New IDENTIFIED MONITORING 2",
            "Old resolved",
            "New resolved",
            "page_status_changed",
        ]
        assert await look(changes) == []


async def test_an_incident_that_is_over_as_it_begins_and_one_that_is_deleted() -> None:
    async with InstatusServer() as server, server.client() as client:
        page = client.page(server.page_id)
        changes = watch(page)
        await look(changes)
        await page.incidents.create(name="Past", status="RESOLVED", message="It was down.")
        open_one = await page.incidents.create(name="Now", status="INVESTIGATING")
        assert kinds(await look(changes)) == ["incident_opened", "incident_resolved", "incident_opened"]
        await page.incidents.delete(open_one.id)
        (deleted,) = await look(changes)
        assert isinstance(deleted, IncidentDeleted)
        assert (deleted.id, deleted.name) == (open_one.id, "Now")
        assert await look(changes) == []


async def test_a_deleted_update_is_not_taken_back_and_is_asked_for_once() -> None:
    async with InstatusServer() as server, server.client() as client:
        page = client.page(server.page_id)
        incident = await page.incidents.create(name="Down", status="INVESTIGATING", message="1")
        update = await page.incidents.updates.create(incident.id, status="IDENTIFIED", message="2", statuses={})
        changes = watch(page)
        await look(changes)
        await page.incidents.updates.delete(incident.id, update.id)
        (back,) = await look(changes)
        assert isinstance(back, IncidentUpdated)
        assert (back.old_status, back.status, back.update) == ("IDENTIFIED", "INVESTIGATING", None)
        before = len(server.requests)
        assert await look(changes) == []
        assert len(server.requests) - before == 4


async def test_what_a_quiet_look_costs() -> None:
    async with InstatusServer() as server, server.client() as client, server.public() as public:
        page = client.page(server.page_id)
        await page.incidents.create(name="Down", status="INVESTIGATING", message="1")
        through_api, as_seen = watch(page), watch(public)
        await look(through_api)
        await look(as_seen)
        before = len(server.requests)
        await look(through_api)
        assert len(server.requests) - before == 4
        await look(as_seen)
        assert [entry.status for entry in server.requests][-2:] == [304, 304]
        assert len(server.requests) - before == 6


async def test_public_maintenances() -> None:
    """One that is shown no more is over if its time had come, else deleted."""
    clock = ManualClock()
    async with InstatusServer(clock=clock) as server, server.client() as client, server.public() as public:
        page, api = client.page(server.page_id), server.component_id("API")
        changes = watch(public)
        changes._now = clock
        await look(changes)
        start = clock() + timedelta(hours=1)
        row: dict[str, Any] = {"status": "NOTSTARTEDYET", "components": [api], "message": "m", "autoStart": True}
        row |= {"start": start.strftime("%Y-%m-%dT%H:%M:%S.000Z"), "end": "2027-01-01T00:00:00.000Z", "autoEnd": False}
        row |= dict.fromkeys(("notify", "notifyStart", "notifyEnd", "notifyEarly"), False)
        kept, dropped = server.seed(maintenances=[row | {"name": "kept"}, row | {"name": "dropped"}])["maintenances"]
        assert kinds(await look(changes)) == ["maintenance_scheduled"] * 2
        await page.maintenances.delete(dropped)
        (gone,) = await look(changes)
        assert isinstance(gone, MaintenanceDeleted)
        assert gone.name == "dropped"
        server.advance(timedelta(hours=1, seconds=1))
        gap, started, *_ = await look(changes)
        assert isinstance(gap, Gap)
        assert gap.at - gap.since == timedelta(hours=1, seconds=1)
        assert isinstance(started, MaintenanceStarted)
        server.advance(timedelta(seconds=10))
        await page.maintenances.updates.create(kept, status="COMPLETED", message="done", statuses={})
        over, *_ = await look(changes)
        assert isinstance(over, MaintenanceCompleted)
        assert (over.maintenance.name, over.old_status) == ("kept", "INPROGRESS")


async def test_initial_tells_what_is_open() -> None:
    async with InstatusServer() as server, server.client() as client, server.public() as public:
        server.seed(incidents=[INCIDENT, INCIDENT | {"status": "RESOLVED"}])
        assert kinds(await look(watch(client.page(server.page_id), initial=True))) == ["incident_opened"]
        assert kinds(await look(watch(public, initial=True))) == ["incident_opened"]
        assert await look(watch(public)) == []


async def test_a_maintenance_that_began_as_it_was_planned() -> None:
    async with InstatusServer() as server, server.client() as client, server.public() as public:
        both = [watch(client.page(server.page_id)), watch(public)]
        for changes in both:
            await look(changes)
        row: dict[str, Any] = {"name": "Now", "status": "INPROGRESS", "components": [server.component_id("API")]}
        row |= {"start": "2026-01-01T00:00:00.000Z", "end": "2099-01-01T00:00:00.000Z", "message": "m"}
        row |= dict.fromkeys(("notify", "notifyStart", "notifyEnd", "notifyEarly", "autoStart", "autoEnd"), False)
        server.seed(maintenances=[row])
        for changes in both:
            planned, begun = (await look(changes))[:2]
            assert isinstance(planned, MaintenanceScheduled)
            assert isinstance(begun, MaintenanceStarted)


async def test_an_archived_component_and_one_that_is_deleted() -> None:
    """The service answers 500 for one that it does not have (quirk 17); any other 500 is trouble."""
    async with InstatusServer() as server, server.client(retry=ONCE) as client:
        page = client.page(server.page_id)
        changes = watch(page)
        await look(changes)
        await page.components.update(server.component_id("App"), archived=True)
        await page.components.delete(server.component_id("API"))
        server.faults.next(faults.Status(500), "GET", "/v1/{page_id}/components/*")
        assert await look(changes) == []
        assert changes._failures == 1
        removed = await look(changes)
        assert [type(change) for change in removed] == [ComponentRemoved] * 2
        assert await look(changes) == []


async def test_more_news_than_a_page_of_a_list_and_no_end_of_memory() -> None:
    async with InstatusServer(clock=ManualClock()) as server, server.client() as client:
        page = client.page(server.page_id)
        server.seed(incidents=[INCIDENT | {"status": "RESOLVED"} for _ in range(120)])
        changes = watch(page)
        assert await look(changes) == []
        ids: list[str] = []
        for _ in range(250):
            server.advance(timedelta(seconds=1))
            ids += server.seed(incidents=[INCIDENT | {"status": "RESOLVED"}])["incidents"]
        told = await look(changes)
        assert [c.id for c in told if isinstance(c, IncidentOpened)] == ids
        assert len(told) == 500
        assert len(changes.state.incidents) == 200
        assert len(changes.state.dumps()) < 60_000
        for key in ids[-200:]:  # what was forgotten comes back into the newest page, and is not told again
            await page.incidents.delete(key)
        assert await look(changes) == []
        again = watch(page, since=WatchState.loads(changes.state.dumps()))
        assert await look(again) == []
        server.advance(timedelta(seconds=1))
        await page.incidents.updates.create(ids[0], status="MONITORING", message="It is back.", statuses={})
        (back,) = await look(again)
        assert isinstance(back, IncidentUpdated)
        assert (back.id, back.old_status, back.status) == (ids[0], "RESOLVED", "MONITORING")


async def test_each_change_is_a_place_to_go_on_from() -> None:
    async with InstatusServer() as server, server.client() as client:
        page = client.page(server.page_id)
        first = watch(page)
        state = await first.begin()
        assert state is first.state
        ids = server.seed(incidents=[INCIDENT for _ in range(5)])["incidents"]
        told = await look(first)
        assert [getattr(change, "id", "") for change in told] == list(ids)
        for number, change in enumerate(told):
            for text in (WatchState.loads(change.state.dumps()), pickle.loads(pickle.dumps(change.state))):
                rest = await look(watch(page, since=text))
                assert [later.key for later in rest] == [later.key for later in told[number + 1 :]]
        assert [change.key for change in await look(watch(page, since=state))] == [change.key for change in told]


# --- Trouble ---------------------------------------------------------------------------------------------------------


async def test_trouble_is_told_and_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    bounds: list[tuple[float, float]] = []

    def most(low: float, high: float) -> float:
        bounds.append((low, high))
        return high

    monkeypatch.setattr(random, "uniform", most)
    heard: list[Trouble] = []
    async with InstatusServer() as server, server.client(retry=ONCE) as client, server.public() as public:
        changes = watch(client.page(server.page_id), every=60, on_trouble=heard.append)
        server.faults.next(faults.Status(503), times=6)
        for _ in range(6):
            assert await look(changes) == []
        assert [trouble.pause for trouble in heard] == [60, 120, 240, 480, 900, 900]
        assert all(isinstance(trouble.error, ServerError) for trouble in heard)
        assert {low for low, _ in bounds} == {0.0}
        bounds.clear()
        server.faults.next(faults.Status(429, headers={"Retry-After": "3600"}), host="page")
        as_seen = watch(public, on_trouble=heard.append)
        await look(as_seen)
        assert isinstance(heard[-1].error, RateLimitError)
        assert (heard[-1].pause, heard[-1].failures) == (3600, 1)
        bounds.clear()
        assert await look(changes) == []
        assert bounds == [(0.9, 1.1)]  # of `every`
        assert changes._failures == 0


async def test_a_listener_that_fails_ends_nothing() -> None:
    def fail(trouble: Trouble) -> None:
        raise ZeroDivisionError(trouble)

    async with InstatusServer() as server, server.client(retry=ONCE) as client:
        changes = watch(client.page(server.page_id), on_trouble=fail)
        server.faults.next(faults.Garbage())
        assert await look(changes) == []
        await look(changes)
        assert changes.state.seen is not None


@pytest.mark.parametrize(("status", "error"), [(401, AuthenticationError), (403, PermissionDeniedError)])
async def test_what_does_not_get_better_is_raised(status: int, error: type[Exception]) -> None:
    async with InstatusServer() as server, server.client(retry=ONCE) as client:
        changes = watch(client.page(server.page_id))
        await look(changes)
        server.faults.next(faults.Status(status))
        with pytest.raises(error):
            await look(changes)
        server.seed(incidents=[INCIDENT])
        assert kinds(await look(changes)) == ["incident_opened"]  # who goes on all the same has lost nothing


async def test_a_page_that_is_not_there_and_a_client_that_is_closed() -> None:
    async with InstatusServer() as server, server.client(retry=ONCE) as client:
        with pytest.raises(NotFoundError):
            await look(watch(client.page("cnosuchpage")))
        changes = watch(client.page(server.page_id))
        await look(changes)
    with pytest.raises(ClientStateError):
        await look(changes)


async def test_no_status_page_at_first_is_an_error_and_later_trouble() -> None:
    html = faults.Html("<!DOCTYPE html><title>marketing</title>", status=200)
    async with InstatusServer() as server, server.public() as public:
        server.faults.next(html)
        with pytest.raises(DecodeError):
            await look(watch(public))
        changes = watch(public)
        state = await changes.begin()
        server.faults.next(html, times=2)
        assert await look(changes) == []
        assert await look(watch(public, since=state)) == []


async def test_arguments_are_refused_before_anything_is_sent() -> None:
    async with InstatusServer() as server, server.client() as client, server.public() as public:
        page = client.page(server.page_id)
        await (changes := watch(public)).begin()
        sent = len(server.requests)
        wrong: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
            ((client,), {}),
            (("https://acme.instatus.com",), {}),
            ((page,), {"every": 0}),
            ((page,), {"every": True}),
            ((page,), {"every": 90_000}),
            ((page,), {"every": float("nan")}),
            ((page,), {"since": changes.state}),
            ((public,), {"since": changes.state.dumps()}),
        ]
        for args, options in wrong:
            with pytest.raises(InvalidRequestError, match=r"Nothing was sent\."):
                watch(*args, **options)
        good = changes.state.dumps()
        for text in ("", "[]", "{}", good[:-9], good.replace("+00:00", ""), good.replace("UP", '", "status": 3, "')):
            with pytest.raises(InvalidRequestError, match=r"state of a watch: it is .*JSON") as caught:
                WatchState.loads(text)
            assert "Error" not in str(caught.value)
        wrong_type: Any = {}
        with pytest.raises(InvalidRequestError, match="expected text, got dict"):
            WatchState.loads(wrong_type)
        assert len(server.requests) == sent
        assert "instatus-test-key" not in f"{page} {changes!r} {changes.state!r} {good}"


# --- Leaving, and coming back ----------------------------------------------------------------------------------------


async def test_leaving_the_loop_leaves_nothing_and_coming_back_goes_on() -> None:
    async with InstatusServer() as server, server.client() as client:
        changes = watch(client.page(server.page_id), every=3600)
        await changes.begin()
        server.seed(incidents=[INCIDENT, INCIDENT])
        changes._due = None
        tasks = ours()
        async for change in changes:
            assert isinstance(change, IncidentOpened)
            break
        assert ours() == tasks
        assert not client._session.pool.clock.pending
        assert isinstance(await anext(changes), IncidentOpened)

        waiting = asyncio.create_task(changes.__anext__())
        await asyncio.sleep(0)
        with pytest.raises(ClientStateError, match="two tasks"):
            await anext(changes)
        waiting.cancel()
        await asyncio.wait([waiting])
        assert waiting.cancelled()
        assert due(changes) is not None  # it still waits for the same time

        changes._due = None
        server.seed(incidents=[INCIDENT])
        server.faults.next(faults.Stall())
        looking = asyncio.create_task(changes.__anext__())
        await server.faults.wait()
        looking.cancel()
        await asyncio.wait([looking])
        assert looking.cancelled()
        assert kinds(await look(changes)) == ["incident_opened"]
        server.faults.release()


async def test_a_broadcast_tells_all_and_cuts_off_the_slow() -> None:
    async with InstatusServer() as server, server.client() as client:
        changes = watch(client.page(server.page_id), every=0.001)
        state = await changes.begin()
        hub = Broadcast(changes)
        with pytest.raises(ClientStateError):
            hub.subscribe()
        tasks = ours()
        async with hub:
            with pytest.raises(InvalidRequestError):
                hub.subscribe(size=0)
            first, second, slow = hub.subscribe(), hub.subscribe(), hub.subscribe(size=2)
            hub.subscribe()  # dropped at once
            assert len(hub._readers) == 3
            ids = server.seed(incidents=[INCIDENT for _ in range(5)])["incidents"]
            for reader in (first, second):
                assert [getattr(await anext(reader), "id", "") for _ in ids] == list(ids)
            late = [await anext(slow), await anext(slow)]
            with pytest.raises(SlowConsumerError, match="2 changes behind"):
                await anext(slow)
            rest = await look(watch(client.page(server.page_id), since=late[-1].state))
            assert [getattr(change, "id", "") for change in rest] == list(ids[2:])
            assert state.seen is not None
            assert hub.state.incidents.keys() == set(ids)
        assert [change async for change in first] == []
        with pytest.raises(ClientStateError):
            await hub.__aenter__()
        await asyncio.sleep(0)
        assert ours() == tasks


async def test_the_end_of_a_broadcast_comes_to_all() -> None:
    async with InstatusServer() as server, server.client() as client:
        server.seed(incidents=[INCIDENT])
        async with Broadcast(watch(client.page(server.page_id), every=0.001, initial=True)) as hub:
            readers = [hub.subscribe(), hub.subscribe()]
            for reader in readers:
                assert isinstance(await anext(reader), IncidentOpened)
            server.faults.every(faults.Status(401))
            for reader in (*readers, hub.subscribe()):
                with pytest.raises(AuthenticationError):
                    await anext(reader)
        async with Broadcast(watch(client.page(server.page_id))) as hub:  # left before it began
            reader = hub.subscribe()
        assert [change async for change in reader] == []


# --- Conditional requests --------------------------------------------------------------------------------------------


def dated(seconds: int, **more: str) -> list[str]:
    at = datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(seconds=seconds)
    return [f"Date: {at:%a, %d %b %Y %H:%M:%S} GMT", *(f"{name.replace('_', '-')}: {v}" for name, v in more.items())]


@pytest.mark.parametrize("status", [401, 404, 429, 500])
async def test_an_error_is_no_older_answer(status: int) -> None:
    """Whatever the clock of the server that fails."""
    failed = answer(status=status, headers=dated(-1, Retry_After="0"))
    once = RetryPolicy(attempts=1)
    async with (
        HostileServer(answer(SUMMARY, headers=dated(0)), failed) as server,
        PublicStatusPage(server.url, retry=once) as public,
    ):
        await public.summary()
        with pytest.raises(APIError) as caught:
            await public.summary()
        assert caught.value.status == status


async def test_only_what_is_newer_is_asked_for() -> None:
    later = {**SUMMARY, "page": {**SUMMARY["page"], "status": "HASISSUES"}}
    scripts = [
        answer(SUMMARY, headers=dated(0, ETag='W/"1"', Last_Modified="Thu, 01 Jan 2026 11:00:00 GMT")),
        answer(status=304, headers=dated(5)),
        answer({"nonsense": True}, headers=dated(6, ETag='"broken"')),
        answer(later, headers=dated(7, ETag='"2"')),
        answer(SUMMARY, headers=dated(1, ETag='W/"1"')),
        answer(SUMMARY, headers=dated(1, ETag='W/"1"')),
        answer(SUMMARY, headers=dated(1, ETag='W/"1"')),
    ]
    async with HostileServer(*scripts) as server, PublicStatusPage(server.url) as public:
        first = await public.summary()
        assert await public.summary() is first
        with pytest.raises(DecodeError):
            await public.summary()
        assert (await public.summary()).page.status == "HASISSUES"
        sent = [request.headers for request in server.requests]
        assert "if-none-match" not in sent[0]
        for headers in sent[1:4]:  # also after an answer that could not be read
            assert headers["if-none-match"] == 'W/"1"'
            assert headers["if-modified-since"] == "Thu, 01 Jan 2026 11:00:00 GMT"
        # Older ones are passed over, but not for ever: then it is the clock of the host that went back.
        seen = [(await public.summary()).page.status for _ in range(3)]
        assert seen == ["HASISSUES", "HASISSUES", "UP"]
        assert server.requests[-1].headers["if-none-match"] == '"2"'


async def test_public_incidents_without_ids_and_times() -> None:
    """Older pages name an incident by its address alone (quirk 83)."""
    incident = {"name": "Down", "status": "INVESTIGATING", "url": "https://acme.example/incident/cabc"}
    parts: dict[str, Any] = {"components": []}
    scripts = [
        answer(body)
        for one in ([], [incident], [{**incident, "status": "IDENTIFIED"}], [])
        for body in ({**SUMMARY, "activeIncidents": one} if one else SUMMARY, parts)
    ]
    async with HostileServer(*scripts) as server, PublicStatusPage(server.url) as public:
        changes = watch(public)
        told = [change for _ in range(4) for change in await look(changes)]
    assert kinds(told) == ["incident_opened", "incident_updated", "incident_resolved"]
    assert {getattr(change, "id", "") for change in told} == {"cabc"}
    assert len({change.key for change in told}) == 3
