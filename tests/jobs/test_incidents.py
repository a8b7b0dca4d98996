"""An incident that a block keeps open: what is told, what the components become, and what is left when it fails."""

from __future__ import annotations

import asyncio
import gc
import itertools
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from instatus_async import (
    ClientStateError,
    Event,
    Incident,
    InstatusError,
    InvalidRequestError,
    NotFoundError,
    OpenIncident,
    OutcomeUnknownError,
    Page,
    RetryPolicy,
)
from instatus_async.testing import InstatusServer, faults
from instatus_async.testing.times import Clock
from tests.test_cancellation import CancelledAt

CREATE = ("POST", "/v1/{page_id}/incidents")
UPDATE = ("POST", "/v1/{page_id}/incidents/{incident_id}/incident-updates")
GET = ("GET", "/v1/{page_id}/incidents/{incident_id}")
LIST = ("GET", "/v1/{page_id}/incidents")


class Broken(Exception):  # noqa: N818 - the program's own
    pass


def ticking() -> Clock:
    """A clock that never tells the same millisecond twice: what is older must not depend on ids."""
    start, ticks = datetime.now(UTC), itertools.count()
    return lambda: start + timedelta(milliseconds=next(ticks))


@pytest.fixture
async def server() -> AsyncGenerator[InstatusServer]:
    async with InstatusServer(clock=ticking()) as running:
        running.seed(subscribers=[{"email": "bo@acme.example", "confirmed": True}])
        yield running


@pytest.fixture
async def page(server: InstatusServer) -> AsyncGenerator[Page]:
    async with server.client(retry=RetryPolicy(base=0.001)) as client:
        yield client.page(server.page_id)


@pytest.fixture
def api(server: InstatusServer) -> str:
    return server.component_id("API")


def posts(server: InstatusServer) -> int:
    return sum(entry.method == "POST" for entry in server.requests)


async def story(page: Page, incident_id: str) -> list[tuple[str, str | None]]:
    return [(update.status, update.message) for update in (await page.incidents.get(incident_id)).updates]


async def status(page: Page, component_id: str) -> str:
    return (await page.components.get(component_id)).status


async def block(
    handle: OpenIncident,
    inside: Callable[[], object] = lambda: None,
    error: BaseException | None = None,
) -> None:
    """Open it, do something, and leave by an error or without one."""
    async with handle:
        inside()
        if error is not None:
            raise error


async def released_later(server: InstatusServer, page: Page) -> None:
    """Release what is stalled after ten round trips: time enough for another task that does not wait."""
    for _ in range(10):
        await page.components.get(server.component_id("API"))
    server.faults.release()


# Told


async def test_from_the_first_word_to_the_last(server: InstatusServer, page: Page, api: str) -> None:
    async with page.incidents.open(
        name="Checkout fails", message="We look.", statuses={api: "MAJOROUTAGE"}, notify=True, resolved="Mended."
    ) as incident:
        assert incident.incident.status == "INVESTIGATING"
        assert await status(page, api) == "MAJOROUTAGE"
        await incident.update("It is the database.", status="IDENTIFIED")
        await incident.update("Half of it works.", statuses={api: "DEGRADEDPERFORMANCE"}, notify=False)
        assert incident.incident.status == "IDENTIFIED"
        assert await status(page, api) == "DEGRADEDPERFORMANCE"
    assert incident.incident.status == "RESOLVED"
    assert await status(page, api) == "OPERATIONAL"
    assert await story(page, incident.id) == [
        ("INVESTIGATING", "We look."),
        ("IDENTIFIED", "It is the database."),
        ("IDENTIFIED", "Half of it works."),
        ("RESOLVED", "Mended."),
    ]
    assert [entry.text for entry in server.told(incident.id)] == ["We look.", "It is the database.", "Mended."]


async def test_nobody_is_told_unless_asked(server: InstatusServer, page: Page, api: str) -> None:
    async with page.incidents.open(name="Checkout fails", components=[api]) as incident:
        await incident.update("Once.", notify=True)
    assert [entry.text for entry in server.told(incident.id)] == ["Once."]


async def test_an_update_leaves_what_others_have_said(server: InstatusServer, page: Page, api: str) -> None:
    """Its status and its components may have been moved by hand; both are sent again as they are (claim 107)."""
    app = server.component_id("App")
    async with page.incidents.open(name="Errors", statuses={api: "MAJOROUTAGE"}) as incident:
        await page.incidents.updates.create(
            incident.id, status="MONITORING", statuses={api: "DEGRADEDPERFORMANCE"}, components=[api, app]
        )
        await incident.update("Still looking.")
        assert (await page.incidents.get(incident.id)).status == "MONITORING"
        assert await status(page, api) == "DEGRADEDPERFORMANCE"
        body = server.requests[-3].body
        assert body["components"] == [api, app]
        assert {row["id"]: row["status"] for row in body["statuses"]} == {
            api: "DEGRADEDPERFORMANCE",
            app: "OPERATIONAL",
        }


async def test_resolved_inside_it_is_not_resolved_again(server: InstatusServer, page: Page) -> None:
    async with page.incidents.open(name="Errors", notify=True) as incident:
        assert (await incident.resolve("Done.", notify=False)).status == "RESOLVED"
        assert (await incident.resolve("Again.")).status == "RESOLVED"
    assert [text for _, text in await story(page, incident.id)] == ["", "Done."]
    assert server.announcements(incident.id) == 1


async def test_resolved_by_somebody_else_it_is_not_told_again(server: InstatusServer, page: Page, api: str) -> None:
    async with page.incidents.open(name="Errors", statuses={api: "MAJOROUTAGE"}, notify=True) as incident:
        await page.incidents.updates.create(
            incident.id, status="RESOLVED", message="I did it.", statuses={api: "DEGRADEDPERFORMANCE"}, notify=True
        )
    assert server.announcements(incident.id) == 2
    assert incident.incident.status == "RESOLVED"
    assert await status(page, api) == "DEGRADEDPERFORMANCE"


async def test_deleted_by_somebody_else(page: Page) -> None:
    incident = page.incidents.open(name="Errors")

    async def work() -> None:
        async with incident:
            await page.incidents.delete(incident.id)

    with pytest.raises(NotFoundError) as caught:
        await work()
    assert any(incident.id in note for note in caught.value.__notes__)


# What the components become


async def test_they_become_what_they_were(server: InstatusServer, page: Page, api: str) -> None:
    app = server.component_id("App")
    await page.components.update(api, status="DEGRADEDPERFORMANCE")
    await page.components.update(app, status="PARTIALOUTAGE")
    async with page.incidents.open(name="Errors", statuses={api: "MAJOROUTAGE"}) as incident:
        assert incident.before == {api: "DEGRADEDPERFORMANCE"}
        await incident.update("App too.", statuses={app: "MAJOROUTAGE"})
        assert incident.before == {api: "DEGRADEDPERFORMANCE", app: "PARTIALOUTAGE"}
    assert (await status(page, api), await status(page, app)) == ("DEGRADEDPERFORMANCE", "PARTIALOUTAGE")


async def test_what_is_only_named_is_left_alone(page: Page, api: str) -> None:
    async with page.incidents.open(name="Errors", components=[api]):
        await page.components.update(api, status="PARTIALOUTAGE")
    assert await status(page, api) == "PARTIALOUTAGE"


@pytest.mark.parametrize("first", ["inner", "outer"])
async def test_two_that_overlap_end_operational_in_any_order(page: Page, api: str, first: str) -> None:
    """The inner one saw the component broken by the outer one: when both are over, it was not how it was before."""
    outer = await page.incidents.open(name="Outer", statuses={api: "MAJOROUTAGE"})
    inner = await page.incidents.open(name="Inner", statuses={api: "PARTIALOUTAGE"})
    assert inner.before == {api: "MAJOROUTAGE"}
    if first == "inner":
        await inner.resolve()
        assert await status(page, api) == "MAJOROUTAGE"
        await outer.resolve()
    else:
        await outer.resolve()
        assert await status(page, api) == "PARTIALOUTAGE"
        await inner.resolve()
    assert await status(page, api) == "OPERATIONAL"


async def test_an_older_one_that_spoke_meanwhile_has_the_last_word(page: Page, api: str) -> None:
    outer = await page.incidents.open(name="Outer", statuses={api: "DEGRADEDPERFORMANCE"})
    inner = await page.incidents.open(name="Inner", statuses={api: "MAJOROUTAGE"})
    await outer.update("Worse.", statuses={api: "PARTIALOUTAGE"})
    await inner.resolve()
    assert await status(page, api) == "PARTIALOUTAGE"


async def test_a_younger_one_that_says_nothing_bad_does_not_hold_it(page: Page, api: str) -> None:
    """Nobody else would set the component back."""
    outer = await page.incidents.open(name="Outer", statuses={api: "MAJOROUTAGE"})
    await page.incidents.create(name="Inner", status="INVESTIGATING", components=[api])
    await outer.resolve()
    assert await status(page, api) == "OPERATIONAL"


async def test_a_younger_one_of_unknown_impact_holds_it(server: InstatusServer, page: Page, api: str) -> None:
    server.faults.every(faults.MissingFields("impact"))
    outer = await page.incidents.open(name="Outer", statuses={api: "MAJOROUTAGE"})
    await page.incidents.create(name="Inner", status="INVESTIGATING", components=[api])
    await outer.resolve()
    assert await status(page, api) == "MAJOROUTAGE"


@pytest.mark.parametrize(("over", "after"), [(True, "OPERATIONAL"), (False, "UNDERMAINTENANCE")])
async def test_a_maintenance_that_is_over_is_not_brought_back(page: Page, api: str, over: bool, after: str) -> None:
    window = await page.maintenances.window(api, name="Deploy", minutes=5)
    incident = await page.incidents.open(name="Errors", statuses={api: "MAJOROUTAGE"})
    assert incident.before == {api: "UNDERMAINTENANCE"}
    if over:
        await window.complete()
    await incident.resolve()
    assert await status(page, api) == after


async def test_what_resolve_names_wins(page: Page, api: str) -> None:
    async with page.incidents.open(name="Errors", statuses={api: "MAJOROUTAGE"}) as incident:
        await incident.resolve("Almost.", statuses={api: "DEGRADEDPERFORMANCE"})
    assert await status(page, api) == "DEGRADEDPERFORMANCE"


# When the block fails


async def fails(page: Page, **fields: Any) -> tuple[Broken, Incident]:
    incident = page.incidents.open(name="Errors", **fields)
    with pytest.raises(Broken) as caught:
        await block(incident, error=Broken("disk full"))
    return caught.value, await page.incidents.get(incident.id)


async def test_it_stays_open_and_nothing_is_posted(server: InstatusServer, page: Page, api: str) -> None:
    error, incident = await fails(page, statuses={api: "MAJOROUTAGE"}, notify=True)
    assert (incident.status, len(incident.updates), server.announcements(incident.id)) == ("INVESTIGATING", 1, 1)
    assert error.__notes__ == [f"The incident {incident.id} is left open."]
    assert await status(page, api) == "MAJOROUTAGE"


def described(error: Exception) -> str:
    return f"It failed: {error}"


@pytest.mark.parametrize("failed", ["It failed: disk full", described])
async def test_what_the_caller_chose_is_posted(server: InstatusServer, page: Page, failed: Any) -> None:
    _, incident = await fails(page, failed=failed, notify=True)
    assert (incident.status, incident.updates[-1].message) == ("INVESTIGATING", "It failed: disk full")
    assert server.announcements(incident.id) == 2


async def test_a_function_may_have_nothing_to_say(page: Page) -> None:
    def silent(error: Exception) -> None:
        assert isinstance(error, Broken)

    _, incident = await fails(page, failed=silent)
    assert len(incident.updates) == 1


@pytest.mark.parametrize("text", [ZeroDivisionError(), 5, "x\udc00"])
async def test_what_cannot_be_posted_does_not_hide_the_error(page: Page, text: Any) -> None:
    def failed(error: Exception) -> Any:
        if isinstance(text, Exception):
            raise text from error
        return text

    error, incident = await fails(page, failed=failed)
    (note,) = error.__notes__
    assert incident.id in note
    assert "What was to be posted about this failed" in note
    assert len(incident.updates) == 1


async def test_posting_fails(server: InstatusServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller's exception goes on, and the handle has the fingerprint of the post."""
    monkeypatch.setattr("instatus_async.session._LOOKS", (0.0, 0.0))
    async with server.client() as client:
        incident = client.page(server.page_id).incidents.open(name="Errors", failed="It failed")
        with pytest.raises(Broken) as caught:
            await block(incident, lambda: server.faults.next(faults.LateCommit(), *UPDATE), Broken())
        assert isinstance(incident.failure, OutcomeUnknownError)
        assert incident.failure.fingerprint is not None
        assert "OutcomeUnknownError" in caught.value.__notes__[0]
        server.faults.release()
        assert await client.reconcile(incident.failure.fingerprint)


async def test_resolved_before_it_failed(page: Page) -> None:
    incident = page.incidents.open(name="Errors", failed="It failed")

    async def work() -> None:
        async with incident:
            await incident.resolve()
            raise Broken

    with pytest.raises(Broken) as caught:
        await work()
    assert not hasattr(caught.value, "__notes__")
    assert (await page.incidents.get(incident.id)).updates[-1].status == "RESOLVED"


async def test_resolving_fails_and_the_error_names_it(server: InstatusServer, page: Page) -> None:
    incident = page.incidents.open(name="Errors")
    with pytest.raises(InstatusError) as caught:
        await block(incident, lambda: server.faults.next(faults.Status(403), *UPDATE))
    assert caught.value.__notes__ == [f"The incident {incident.id} was being resolved."]


async def test_resolving_whose_outcome_is_unknown_is_not_posted_again(
    server: InstatusServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("instatus_async.session._LOOKS", (0.0, 0.0))
    async with server.client() as client:
        incident = client.page(server.page_id).incidents.open(name="Errors", notify=True)

        async def work() -> None:
            async with incident:
                server.faults.next(faults.LateCommit(), *UPDATE)
                with pytest.raises(OutcomeUnknownError):
                    await incident.resolve()

        with pytest.raises(OutcomeUnknownError):
            await work()
        server.faults.release()
        assert (await incident.resolve()).status == "RESOLVED"
        assert (posts(server), server.announcements(incident.id)) == (2, 2)


@pytest.mark.parametrize("sent", [True, False])
async def test_resolving_that_was_cut_off_is_posted_again_only_if_it_was_not_sent(
    server: InstatusServer, page: Page, api: str, sent: bool
) -> None:
    incident = page.incidents.open(name="Errors", statuses={api: "MAJOROUTAGE"}, notify=True)
    async with incident:
        fault = (faults.LateCommit(silent=True), *UPDATE) if sent else (faults.Stall(), *LIST)
        server.faults.next(*fault)
        resolving = asyncio.create_task(incident.resolve("Mended."))
        await server.faults.wait(1)
        resolving.cancel()
        await asyncio.wait([resolving])
        assert resolving.cancelled()
        if sent:
            with pytest.raises(OutcomeUnknownError, match="does not post it again") as caught:
                await incident.resolve()
            assert caught.value.fingerprint is not None
            assert incident.id in caught.value.fingerprint.path
            server.faults.release()
    assert [text for _, text in await story(page, incident.id)][1:] == [
        "Mended." if sent else "This incident has been resolved."
    ]
    assert (posts(server), server.announcements(incident.id)) == (2, 2)


async def test_cut_off_while_it_waited_for_the_rate_limit_it_is_posted(server: InstatusServer) -> None:
    """Nothing is in doubt: the service has refused it."""
    paused = asyncio.Event()

    def hear(event: Event) -> None:
        if event.kind == "pause":
            paused.set()

    async with server.client(on_event=hear) as client:
        incident = await client.page(server.page_id).incidents.open(name="Errors", notify=True)
        server.faults.next(faults.Status(429, headers={"Retry-After": "1"}), *UPDATE)
        resolving = asyncio.create_task(incident.resolve())
        await paused.wait()
        resolving.cancel()
        await asyncio.wait([resolving])
        assert (await incident.resolve()).status == "RESOLVED"
    assert server.announcements(incident.id) == 2


async def test_a_read_that_fails_while_it_resolves_is_no_lost_post(
    server: InstatusServer, page: Page, api: str
) -> None:
    app = server.component_id("App")
    incident = await page.incidents.open(name="Errors", statuses={api: "MAJOROUTAGE"}, notify=True)
    server.faults.every(faults.Reset(), "GET", "*/components")
    with pytest.raises(InstatusError):
        await incident.resolve(statuses={app: "OPERATIONAL"})
    server.faults.clear()
    assert posts(server) == 1
    assert (await incident.resolve(statuses={app: "OPERATIONAL"})).status == "RESOLVED"
    assert server.announcements(incident.id) == 2


async def test_two_tasks_that_resolve_it_tell_people_once(server: InstatusServer, page: Page, api: str) -> None:
    async with page.incidents.open(name="Errors", statuses={api: "MAJOROUTAGE"}, notify=True) as incident:
        both = await asyncio.gather(incident.resolve("First."), incident.resolve("Second."))
    assert [seen.status for seen in both] == ["RESOLVED", "RESOLVED"]
    assert [text for _, text in await story(page, incident.id)] == ["", "First."]
    assert server.announcements(incident.id) == 2


@pytest.mark.parametrize("error", [None, Broken()])
async def test_the_end_of_the_block_waits_for_a_task_that_resolves_it(
    server: InstatusServer, page: Page, error: Exception | None
) -> None:
    """What it finds then is resolved already, and neither that nor a failure is told."""
    incident = page.incidents.open(name="Errors", notify=True, failed="It failed")
    watchdog: asyncio.Task[Incident] | None = None
    releasing: list[asyncio.Task[None]] = []

    async def work() -> None:
        nonlocal watchdog
        async with incident:
            server.faults.next(faults.Stall(), *UPDATE)
            watchdog = asyncio.create_task(incident.resolve("The watchdog did it."))
            await server.faults.wait(1)
            releasing.append(asyncio.create_task(released_later(server, page)))
            if error is not None:
                raise error

    with pytest.raises(Broken) if error is not None else nullcontext():
        await work()
    assert watchdog is not None
    assert (await watchdog).status == incident.incident.status == "RESOLVED"
    assert [text for _, text in await story(page, incident.id)] == ["", "The watchdog did it."]
    assert server.announcements(incident.id) == 2


async def test_an_update_under_way_does_not_open_it_again(server: InstatusServer, page: Page) -> None:
    """It names the status that it has read."""
    incident = await page.incidents.open(name="Errors")
    server.faults.next(faults.Stall(), *UPDATE)
    updating = asyncio.create_task(incident.update("Half of it."))
    await server.faults.wait(1)
    await asyncio.gather(updating, incident.resolve("All of it."), released_later(server, page))
    assert [text for _, text in await story(page, incident.id)] == ["", "Half of it.", "All of it."]
    assert (await page.incidents.get(incident.id)).status == "RESOLVED"


async def test_an_update_whose_outcome_is_unknown(server: InstatusServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("instatus_async.session._LOOKS", (0.0, 0.0))
    async with server.client() as client:
        async with client.page(server.page_id).incidents.open(name="Errors") as incident:
            server.faults.next(faults.LateCommit(), *UPDATE)
            with pytest.raises(OutcomeUnknownError) as caught:
                await incident.update("Hello")
            assert caught.value.fingerprint is not None
        assert incident.incident.status == "RESOLVED"


async def test_opening_whose_outcome_is_unknown(server: InstatusServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("instatus_async.session._LOOKS", (0.0, 0.0))
    ran = False
    async with server.client() as client:
        server.faults.next(faults.LateCommit(), *CREATE)
        with pytest.raises(OutcomeUnknownError) as caught:
            async with client.page(server.page_id).incidents.open(name="Errors"):
                ran = True
    assert caught.value.fingerprint is not None
    assert not ran


# Cancelled


@pytest.mark.parametrize("kind", [asyncio.CancelledError, KeyboardInterrupt, SystemExit, GeneratorExit])
async def test_cancelled_inside(
    server: InstatusServer, page: Page, caplog: pytest.LogCaptureFixture, kind: type[BaseException]
) -> None:
    incident = page.incidents.open(name="Errors", failed="It failed", notify=True)
    counts: list[int] = []
    with pytest.raises(kind):
        await block(incident, lambda: counts.append(len(server.requests)), kind())
    assert counts == [len(server.requests)]
    assert f"the incident {incident.id} is left open" in caplog.text
    assert (await page.incidents.get(incident.id)).status == "INVESTIGATING"


async def test_cancelled_at_every_step(caplog: pytest.LogCaptureFixture) -> None:
    """Each write goes out once, and what may be there is named: in the log, or by a fingerprint."""
    for step in range(1, 200):
        caplog.clear()
        async with InstatusServer() as server, server.client() as client:
            page, api = client.page(server.page_id), server.component_id("API")

            async def work(page: Page = page, api: str = api) -> None:
                async with page.incidents.open(name="Errors", statuses={api: "MAJOROUTAGE"}, notify=True) as incident:
                    await incident.update("Hello")

            stepper = CancelledAt(work(), step)
            task = asyncio.ensure_future(_awaited(stepper))
            await asyncio.wait([task])
            if not stepper.reached:
                assert task.exception() is None
                return
            assert task.cancelled()
            found = await page.incidents.list().collect()
            assert len(found) <= 1
            for incident in found:
                assert f"incident {incident.id}" in caplog.text or client.unresolved
                assert server.announcements(incident.id) == len(incident.updates) <= 3
    raise AssertionError


async def _awaited(stepper: CancelledAt[None]) -> None:
    await stepper


# The handle


async def test_without_a_block(page: Page, api: str) -> None:
    incident = await page.incidents.open(name="Errors", statuses={api: "MAJOROUTAGE"})
    assert repr(incident) == f"<OpenIncident {incident.id}>"
    await incident.update("Hello")
    assert (await incident.resolve("Bye.")).id == incident.id
    assert await status(page, api) == "OPERATIONAL"


@pytest.mark.parametrize("kept", [True, False])
async def test_after_a_restart(server: InstatusServer, page: Page, api: str, kept: bool) -> None:
    """With what the components were before they become that, and otherwise operational; a maintenance goes on."""
    app = server.component_id("App")
    await page.components.update(api, status="DEGRADEDPERFORMANCE")
    await page.components.update(app, status="UNDERMAINTENANCE")
    earlier = await page.incidents.open(name="Errors", statuses={api: "MAJOROUTAGE"}, components=[app])
    before = {key: value for key, value in earlier.before.items() if key == api}
    incident = await page.incidents.resume(earlier.id, before=before if kept else None, notify=True)
    await incident.update("Back again.", status="MONITORING", statuses={api: "PARTIALOUTAGE"})
    await incident.resolve()
    assert await status(page, api) == ("DEGRADEDPERFORMANCE" if kept else "OPERATIONAL")
    assert await status(page, app) == "UNDERMAINTENANCE"
    assert server.announcements(earlier.id) == 2


async def test_what_another_incident_makes_of_a_component_stays(page: Page, api: str) -> None:
    """Of an incident that is resumed nobody knows what was before it: it may have been the older one's doing."""
    older = await page.incidents.open(name="Older", statuses={api: "MAJOROUTAGE"})
    younger = await page.incidents.open(name="Younger", statuses={api: "MAJOROUTAGE"})
    await (await page.incidents.resume(younger.id)).resolve()
    assert await status(page, api) == "MAJOROUTAGE"
    younger = await page.incidents.open(name="Another", statuses={api: "DEGRADEDPERFORMANCE"})
    await (await page.incidents.resume(younger.id)).resolve()
    assert await status(page, api) == "DEGRADEDPERFORMANCE"  # never worse than it is now
    await (await page.incidents.resume(older.id)).resolve()
    assert await status(page, api) == "OPERATIONAL"


async def test_resuming_what_is_not_there(page: Page) -> None:
    with pytest.raises(NotFoundError):
        await page.incidents.resume("nothing")
    incident = await page.incidents.resume((await page.incidents.open(name="Errors")).id)
    with pytest.raises(ClientStateError):
        async with incident:
            pass


async def test_a_handle_opens_once(server: InstatusServer, page: Page) -> None:
    incident = page.incidents.open(name="Errors")
    assert repr(incident) == "<OpenIncident not open yet>"
    with pytest.raises(ClientStateError, match="not open yet"):
        await incident.update("Hello")
    async with incident:
        with pytest.raises(ClientStateError, match="opened before"):
            await incident
    assert posts(server) == 2


async def test_an_incident_that_is_dropped_unopened_warns(server: InstatusServer, page: Page) -> None:
    with pytest.warns(RuntimeWarning, match=r"page\.incidents\.open\(\.\.\.\) was never .*`async with`") as caught:
        page.incidents.open(name="Checkout fails", notify=True)
    assert [warning.filename for warning in caught] == [__file__]
    assert not server.requests


async def test_an_incident_that_was_begun_does_not_warn(server: InstatusServer, page: Page) -> None:
    """Warnings are errors here."""
    async with page.incidents.open(name="Checkout fails"):
        pass
    incident = await page.incidents.open(name="Again")
    await incident.resolve(message="Over.")
    resumed = await page.incidents.resume(incident.id)
    server.faults.next(faults.Status(401), times=9)
    with pytest.raises(InstatusError):
        await page.incidents.open(name="Refused")
    del resumed
    with pytest.raises(InvalidRequestError):
        page.incidents.open(name=5)  # type: ignore[arg-type]  # wrong on purpose
    gc.collect()


def test_the_warning_keeps_quiet_when_the_interpreter_shuts_down() -> None:
    source = (
        "from instatus_async import InstatusClient\n"
        "page = InstatusClient('key').page('p')\n"
        "kept = page.incidents.open(name='Kept to the end')\n"
        "dropped = page.maintenances.window('c', name='Deploy', minutes=5)\n"
        "del dropped\n"
        "cycle = page.incidents.open(name='In a cycle')\n"
        "page.cycle = cycle, page\n"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stderr.count("RuntimeWarning") >= 1
    assert "page.maintenances.window(...) was never entered" in done.stderr
    assert "open(...)" not in done.stderr
    assert "ignored" not in done.stderr


async def test_the_message_may_be_a_keyword(page: Page) -> None:
    async with page.incidents.open(name="Checkout fails") as incident:
        await incident.update(message="It is the database.")
    assert ("INVESTIGATING", "It is the database.") in await story(page, incident.id)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({}, "missing 'name'"),
        ({"name": 5}, "name: expected text"),
        ({"name": "a", "statuses": {"../x": "MAJOROUTAGE"}}, "not an id"),
        ({"name": "a", "statuses": {"x": "BROKEN"}}, "no ComponentStatus"),
        ({"name": "a", "status": "RESOLVED"}, "not RESOLVED"),
        ({"name": "a", "notify": "yes"}, "notify"),
        ({"name": "a", "nonsense": 1}, "nonsense"),
        ({"name": "a", "resolved": ""}, "resolved:"),
        ({"name": "a", "failed": 5}, "failed:"),
    ],
)
async def test_refused(server: InstatusServer, page: Page, arguments: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InvalidRequestError, match=complaint) as caught:
        page.incidents.open(**arguments)
    assert "Nothing was sent." in str(caught.value)
    assert not server.requests


async def test_updates_refused(server: InstatusServer, page: Page) -> None:
    incident = await page.incidents.open(name="Errors")
    count = len(server.requests)
    wrong: list[tuple[Any, dict[str, Any]]] = [
        (5, {}),
        ("a", {"status": "BROKEN"}),
        ("a", {"statuses": {"": "MAJOROUTAGE"}}),
        ("a", {"statuses": 5}),
        ("a", {"notify": 1}),
    ]
    for message, options in wrong:
        with pytest.raises(InvalidRequestError):
            await incident.update(message, **options)
    nothing: list[Any] = [5, "", " "]
    for message in nothing:
        with pytest.raises(InvalidRequestError):
            await incident.resolve(message)
    assert len(server.requests) == count


async def test_unresolved(server: InstatusServer, page: Page) -> None:
    rows = [{"name": name, "status": name} for name in ("INVESTIGATING", "IDENTIFIED", "MONITORING", "RESOLVED")]
    server.seed(incidents=rows)
    assert {incident.name async for incident in page.incidents.unresolved(per_page=2)} == {
        "INVESTIGATING",
        "IDENTIFIED",
        "MONITORING",
    }
