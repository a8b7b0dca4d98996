"""Maintenances that are planned in one line, and run by a block."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import AsyncGenerator, Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from instatus_async import (
    ClientStateError,
    InstatusError,
    InvalidRequestError,
    Maintenance,
    MaintenanceConflictError,
    MaintenanceWindow,
    OutcomeUnknownError,
    Page,
    RetryPolicy,
)
from instatus_async.testing import InstatusServer, ManualClock, faults
from tests.test_cancellation import CancelledAt

from .test_incidents import released_later

CREATE = ("POST", "/v1/{page_id}/maintenances")
UPDATE = ("POST", "/v1/{page_id}/maintenances/{maintenance_id}/maintenance-updates")
LIST = ("GET", "/v1/{page_id}/maintenances")

SOON = datetime.now(UTC) + timedelta(days=1)


class Broken(Exception):  # noqa: N818 - the program's own
    pass


@pytest.fixture
async def server() -> AsyncGenerator[InstatusServer]:
    async with InstatusServer(clock=ManualClock(datetime.now(UTC))) as running:
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


async def status(page: Page, component_id: str) -> str:
    return (await page.components.get(component_id)).status


async def block(
    handle: MaintenanceWindow,
    inside: Callable[[], object] = lambda: None,
    error: BaseException | None = None,
) -> None:
    """Open it, do something, and leave by an error or without one."""
    async with handle:
        inside()
        if error is not None:
            raise error


# Planned


async def test_schedule(server: InstatusServer, page: Page, api: str) -> None:
    """The service starts and ends it by itself, and tells nobody."""
    made = await page.maintenances.schedule(api, name="Upgrade", start=SOON, minutes=90, message="The database.")
    assert (made.status, made.duration) == ("NOTSTARTEDYET", 90)
    server.advance(timedelta(days=1, minutes=1))
    assert (await page.maintenances.get(made.id)).status == "INPROGRESS"
    assert await status(page, api) == "UNDERMAINTENANCE"
    server.advance(timedelta(minutes=90))
    assert (await page.maintenances.get(made.id)).status == "COMPLETED"
    assert await status(page, api) == "OPERATIONAL"
    assert server.told(made.id) == ()


async def test_schedule_and_tell(server: InstatusServer, page: Page, api: str) -> None:
    """Now, an hour before, at the start, and at the end."""
    end = SOON + timedelta(minutes=90, seconds=1)
    made = await page.maintenances.schedule(
        [api, server.component_id("App")],
        name="Upgrade",
        start=SOON,
        end=end,
        notify=True,
        remind=60,
        is_collapsed=True,
    )
    assert made.duration == 91
    assert len(made.components) == 2
    counts = [len(server.told(made.id))]
    for pause in (timedelta(hours=23, minutes=1), timedelta(hours=1), timedelta(hours=2)):
        server.advance(pause)
        counts.append(len(server.told(made.id)))
    assert counts == [1, 2, 3, 4]
    assert server.requests[-1].body["isCollapsed"] is True


async def test_a_reminder_is_asked_for_by_itself(server: InstatusServer, page: Page, api: str) -> None:
    made = await page.maintenances.schedule(api, name="Upgrade", start=SOON, minutes=5, remind=30)
    server.advance(timedelta(days=2))
    assert [entry.text for entry in server.told(made.id)] == ["Upgrade starts soon"]


async def test_started_and_completed_by_hand(server: InstatusServer, page: Page, api: str) -> None:
    made = await page.maintenances.schedule(api, name="Upgrade", start=SOON, minutes=5, auto=False)
    started = await page.maintenances.start(made.id, "We begin.", notify=True)
    assert (started.status, started.components[0].status) == ("INPROGRESS", "UNDERMAINTENANCE")
    assert await status(page, api) == "UNDERMAINTENANCE"
    count = posts(server)
    assert (await page.maintenances.start(made.id, "We begin.", notify=True)).status == "INPROGRESS"
    assert posts(server) == count
    done = await page.maintenances.complete(made.id, "Done.", notify=True)
    assert (done.status, done.components[0].status) == ("COMPLETED", "OPERATIONAL")
    assert await status(page, api) == "OPERATIONAL"
    count = posts(server)
    assert (await page.maintenances.complete(made.id, "Done.", notify=True)).status == "COMPLETED"
    with pytest.raises(InvalidRequestError, match=made.id):
        await page.maintenances.start(made.id)
    assert posts(server) == count
    assert [entry.text for entry in server.told(made.id)] == ["We begin.", "Done."]


async def test_other_statuses(page: Page, api: str) -> None:
    made = await page.maintenances.schedule(api, name="Upgrade", start=SOON, minutes=5)
    await page.maintenances.start(made.id, statuses={api: "DEGRADEDPERFORMANCE"})
    assert await status(page, api) == "DEGRADEDPERFORMANCE"
    await page.maintenances.complete(made.id, statuses={api: "PARTIALOUTAGE"})
    assert await status(page, api) == "PARTIALOUTAGE"


async def test_completing_leaves_to_others_what_is_theirs(server: InstatusServer, page: Page, api: str) -> None:
    """An incident's outage, and what another maintenance holds."""
    app = server.component_id("App")
    made = await page.maintenances.schedule([api, app], name="Upgrade", start=SOON, minutes=5)
    await page.maintenances.start(made.id)
    await page.incidents.create(name="Errors", status="INVESTIGATING", statuses={api: "MAJOROUTAGE"})
    other = await page.maintenances.window(app, name="Deploy", minutes=5, overlap=True)
    await page.maintenances.complete(made.id)
    assert (await status(page, api), await status(page, app)) == ("MAJOROUTAGE", "UNDERMAINTENANCE")
    await other.complete()
    assert await status(page, app) == "OPERATIONAL"


@pytest.mark.parametrize(
    ("components", "options", "complaint"),
    [
        ("../x", {}, "not an id"),
        ([], {}, "components:"),
        (5, {}, "components:"),
        ({"a": "b"}, {}, "components:"),
        ("a", {"minutes": 0}, "minutes:"),
        ("a", {"minutes": True}, "minutes:"),
        ("a", {"minutes": 1.5}, "minutes:"),
        ("a", {"minutes": 10**9}, "minutes:"),
        ("a", {"minutes": None}, "either minutes= or end="),
        ("a", {"end": SOON + timedelta(1)}, "either minutes= or end="),
        ("a", {"minutes": None, "end": SOON}, "end:"),
        ("a", {"minutes": None, "end": datetime(2030, 1, 1)}, "end:"),  # noqa: DTZ001 - naive on purpose
        ("a", {"start": datetime(2030, 1, 1)}, "start:"),  # noqa: DTZ001 - naive on purpose
        ("a", {"start": "2030-01-01"}, "start:"),
        ("a", {"remind": 0}, "remind:"),
        ("a", {"remind": True}, "remind:"),
        ("a", {"name": 5}, "name: expected text"),
        ("a", {"notify": 1}, "notify"),
        ("a", {"auto": None}, "auto_start"),
        ("a", {"statuses": 5}, "statuses"),
        ("a", {"statuses": {"b": "BROKEN"}}, "no ComponentStatus"),
        ("a", {"nonsense": 5}, "nonsense"),
    ],
)
async def test_refused(
    server: InstatusServer, page: Page, components: Any, options: dict[str, Any], complaint: str
) -> None:
    arguments: dict[str, Any] = {"name": "Upgrade", "start": SOON, "minutes": 5, **options}
    with pytest.raises(InvalidRequestError, match=complaint) as caught:
        await page.maintenances.schedule(components, **arguments)
    assert "Nothing was sent." in str(caught.value)
    assert not server.requests


async def test_components_and_messages_may_be_keywords(page: Page, api: str) -> None:
    made = await page.maintenances.schedule(components=[api], name="Later", start=SOON, minutes=5)
    await page.maintenances.start(made.id, message="We begin.")
    await page.maintenances.complete(made.id, message="Done.")
    async with page.maintenances.window(components=[api], name="Now", minutes=5) as window:
        await window.update(message="Half of it.")
        await window.complete(message="All of it.")
    messages = {update.message for each in (made, window) for update in (await page.maintenances.get(each.id)).updates}
    assert {"We begin.", "Done.", "Half of it.", "All of it."} <= messages


async def test_a_window_that_is_dropped_unopened_warns(server: InstatusServer, page: Page, api: str) -> None:
    with pytest.warns(RuntimeWarning, match=r"page\.maintenances\.window\(\.\.\.\) was never .*`async with`") as caught:
        page.maintenances.window(api, name="Deploy", minutes=5)
    assert [warning.filename for warning in caught] == [__file__]
    assert not server.requests


async def test_a_component_in_place_of_its_id(server: InstatusServer, page: Page, api: str) -> None:
    component: Any = await page.components.get(api)
    sent = len(server.requests)
    for wrong in (component, [component]):
        with pytest.raises(
            InvalidRequestError, match=r"components.*got a Component; pass its \.id\. Nothing was sent\.$"
        ):
            page.maintenances.window(wrong, name="Deploy", minutes=5)
    assert len(server.requests) == sent


# In the way of others


@pytest.mark.parametrize(
    ("start", "minutes", "clash"),
    [
        (0, 60, True),
        (-30, 60, True),
        (30, 5, True),
        (59, 60, True),
        (60, 60, False),
        (-60, 60, False),
        (-30, 120, True),
    ],
)
async def test_what_overlaps(
    server: InstatusServer, page: Page, api: str, start: int, minutes: int, clash: bool
) -> None:
    """The other one lasts from `SOON` for an hour."""
    other = await page.maintenances.schedule([server.component_id("App"), api], name="Other", start=SOON, minutes=60)
    call = page.maintenances.schedule(api, name="Upgrade", start=SOON + timedelta(minutes=start), minutes=minutes)
    if not clash:
        await call
        return
    with pytest.raises(MaintenanceConflictError, match="Nothing was sent") as caught:
        await call
    assert [found.id for found in caught.value.maintenances] == [other.id]
    assert other.id in str(caught.value)
    assert other.name in str(caught.value)
    assert pickle.loads(pickle.dumps(caught.value)).maintenances == caught.value.maintenances
    assert posts(server) == 1


async def test_overlap_may_be_meant_and_other_components_are_free(server: InstatusServer, page: Page, api: str) -> None:
    await page.maintenances.schedule(api, name="Other", start=SOON, minutes=60)
    await page.maintenances.schedule(server.component_id("App"), name="App", start=SOON, minutes=60)
    await page.maintenances.schedule(api, name="Both", start=SOON, minutes=60, overlap=True)
    assert posts(server) == 3


async def test_what_runs_late_is_in_the_way_and_what_is_over_is_not(
    server: InstatusServer, page: Page, api: str
) -> None:
    (late,) = server.seed(
        maintenances=[
            {
                "name": "Late",
                "status": "INPROGRESS",
                "components": [api],
                "start": (datetime.now(UTC) - timedelta(hours=3)).isoformat(timespec="milliseconds")[:-6] + "Z",
                "end": (datetime.now(UTC) - timedelta(hours=2)).isoformat(timespec="milliseconds")[:-6] + "Z",
                "notify": False,
                **dict.fromkeys(("notifyStart", "notifyEnd", "notifyEarly", "autoStart", "autoEnd"), False),
            }
        ]
    )["maintenances"]
    with pytest.raises(MaintenanceConflictError):
        async with page.maintenances.window(api, name="Deploy", minutes=5):
            pass
    await page.maintenances.schedule(api, name="Tomorrow", start=SOON, minutes=5)
    await page.maintenances.complete(late)
    async with page.maintenances.window(api, name="Deploy", minutes=5):
        pass


# A window


async def test_a_window(server: InstatusServer, page: Page, api: str) -> None:
    async with page.maintenances.window(
        api, name="Deploy", minutes=10, message="We deploy.", notify=True, completed="Deployed."
    ) as window:
        assert window.maintenance.status == "INPROGRESS"
        assert await status(page, api) == "UNDERMAINTENANCE"
        await window.update("Half way.", notify=False)
        assert await status(page, api) == "UNDERMAINTENANCE"
    assert window.maintenance.status == "COMPLETED"
    made = await page.maintenances.get(window.id)
    assert [(update.status, update.message) for update in made.updates] == [
        ("INPROGRESS", "We deploy."),
        ("INPROGRESS", "Half way."),
        ("COMPLETED", "Deployed."),
    ]
    assert (made.status, made.duration, await status(page, api)) == ("COMPLETED", 10, "OPERATIONAL")
    assert [entry.text for entry in server.told(window.id)] == ["We deploy.", "Deployed."]


async def test_a_window_that_the_service_does_not_start_is_started(
    server: InstatusServer, page: Page, api: str
) -> None:
    """Only updates are known to move a maintenance (claim 109)."""
    server.faults.next(faults.ReplacedFields({"status": "NOTSTARTEDYET"}), *CREATE)
    window = await page.maintenances.window(api, name="Deploy", minutes=10, notify=True)
    assert window.maintenance.status == "INPROGRESS"
    assert (posts(server), server.announcements(window.id)) == (2, 1)


async def test_components_become_what_they_were(server: InstatusServer, page: Page, api: str) -> None:
    app = server.component_id("App")
    await page.components.update(api, status="DEGRADEDPERFORMANCE")
    async with page.maintenances.window(
        [api, app], name="Deploy", minutes=10, statuses={app: "PARTIALOUTAGE"}
    ) as window:
        assert (await status(page, api), await status(page, app)) == ("UNDERMAINTENANCE", "PARTIALOUTAGE")
    assert (await status(page, api), await status(page, app)) == ("DEGRADEDPERFORMANCE", "OPERATIONAL")
    assert window.failure is None


@pytest.mark.parametrize(("over", "after"), [(True, "OPERATIONAL"), (False, "MAJOROUTAGE")])
async def test_the_outage_of_an_incident_that_is_over_is_not_brought_back(
    page: Page, api: str, over: bool, after: str
) -> None:
    incident = await page.incidents.open(name="Errors", statuses={api: "MAJOROUTAGE"})
    async with page.maintenances.window(api, name="Deploy", minutes=10):
        if over:
            await page.incidents.updates.create(incident.id, status="RESOLVED", statuses={})
    assert await status(page, api) == after


async def test_an_incident_during_the_window_keeps_its_outage(page: Page, api: str) -> None:
    async with page.maintenances.window(api, name="Deploy", minutes=10):
        await page.incidents.create(name="Errors", status="INVESTIGATING", statuses={api: "MAJOROUTAGE"})
    assert await status(page, api) == "MAJOROUTAGE"


async def test_completed_inside_or_by_the_clock_it_is_not_completed_again(
    server: InstatusServer, page: Page, api: str
) -> None:
    async with page.maintenances.window(api, name="Deploy", minutes=10, notify=True) as window:
        await window.complete("Done.", notify=False)
        await window.complete("Again.")
    assert server.announcements(window.id) == 1
    async with page.maintenances.window(api, name="Deploy", minutes=10, notify=True, auto=True) as window:
        server.advance(timedelta(minutes=11))
    assert window.maintenance.status == "COMPLETED"
    assert len(server.told(window.id)) == 1
    async with page.maintenances.window(api, name="Deploy", minutes=10) as window:
        server.advance(timedelta(minutes=11))  # without `auto` it lasts as long as the block
        assert (await page.maintenances.get(window.id)).status == "INPROGRESS"


# When the block fails


async def fails(page: Page, api: str, **options: Any) -> tuple[str, Broken]:
    window = page.maintenances.window(api, name="Deploy", minutes=10, notify=True, **options)
    with pytest.raises(Broken) as caught:
        await block(window, error=Broken("no disk"))
    return window.id, caught.value


async def test_a_failed_one_stays_in_progress(server: InstatusServer, page: Page, api: str) -> None:
    found, error = await fails(page, api)
    assert (await page.maintenances.get(found)).status == "INPROGRESS"
    assert await status(page, api) == "UNDERMAINTENANCE"
    assert error.__notes__ == [f"The maintenance {found} is left in progress."]
    assert server.announcements(found) == 1


def described(error: Exception) -> str:
    return f"Failed: {error}"


@pytest.mark.parametrize("failed", ["Failed: no disk", described])
async def test_a_failed_one_ends_with_the_words_chosen(
    server: InstatusServer, page: Page, api: str, failed: Any
) -> None:
    found, error = await fails(page, api, failed=failed)
    made = await page.maintenances.get(found)
    assert (made.status, made.updates[-1].message) == ("COMPLETED", "Failed: no disk")
    assert await status(page, api) == "UNDERMAINTENANCE"
    assert error.__notes__ == [f"The maintenance {found} is completed; its components are not set back."]
    assert server.announcements(found) == 2


@pytest.mark.parametrize("text", [ZeroDivisionError(), 5, ""])
async def test_what_cannot_be_posted_does_not_hide_the_error(page: Page, api: str, text: Any) -> None:
    def failed(error: Exception) -> Any:
        if isinstance(text, Exception):
            raise text from error
        return text

    found, error = await fails(page, api, failed=failed)
    (note,) = error.__notes__
    assert f"The maintenance {found} is left in progress. What was to be posted" in note


async def test_completing_fails_and_the_error_names_it(server: InstatusServer, page: Page, api: str) -> None:
    window = page.maintenances.window(api, name="Deploy", minutes=10)
    with pytest.raises(InstatusError) as caught:
        await block(window, lambda: server.faults.next(faults.Status(403), *UPDATE))
    assert caught.value.__notes__ == [f"The maintenance {window.id} was being completed."]


async def test_completing_whose_outcome_is_unknown_is_not_posted_again(
    server: InstatusServer, api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("instatus_async.session._LOOKS", (0.0, 0.0))
    async with server.client() as client:
        window = client.page(server.page_id).maintenances.window(api, name="Deploy", minutes=10, notify=True)

        async def work() -> None:
            async with window:
                server.faults.next(faults.LateCommit(), *UPDATE)
                with pytest.raises(OutcomeUnknownError):
                    await window.complete()

        with pytest.raises(OutcomeUnknownError):
            await work()
        server.faults.release()
        assert (await window.complete()).status == "COMPLETED"
        assert (posts(server), server.announcements(window.id)) == (2, 2)


@pytest.mark.parametrize("sent", [True, False])
async def test_completing_that_was_cut_off_is_posted_again_only_if_it_was_not_sent(
    server: InstatusServer, page: Page, api: str, sent: bool
) -> None:
    async with page.maintenances.window(api, name="Deploy", minutes=10, notify=True) as window:
        fault = (faults.LateCommit(silent=True), *UPDATE) if sent else (faults.Stall(), *LIST)
        server.faults.next(*fault)
        completing = asyncio.create_task(window.complete("Deployed."))
        await server.faults.wait(1)
        completing.cancel()
        await asyncio.wait([completing])
        assert completing.cancelled()
        if sent:
            with pytest.raises(OutcomeUnknownError, match="does not post it again"):
                await window.complete()
            server.faults.release()
    last = (await page.maintenances.get(window.id)).updates[-1]
    assert last.message == ("Deployed." if sent else "The maintenance is complete.")
    assert (posts(server), server.announcements(window.id)) == (2, 2)


async def test_two_tasks_that_complete_it_tell_people_once(server: InstatusServer, page: Page, api: str) -> None:
    async with page.maintenances.window(api, name="Deploy", minutes=10, notify=True) as window:
        both = await asyncio.gather(window.complete("First."), window.complete("Second."))
    assert [seen.status for seen in both] == ["COMPLETED", "COMPLETED"]
    assert [update.message for update in (await page.maintenances.get(window.id)).updates] == ["", "First."]
    assert server.announcements(window.id) == 2


@pytest.mark.parametrize("error", [None, Broken()])
async def test_the_end_of_the_block_waits_for_a_task_that_completes_it(
    server: InstatusServer, page: Page, api: str, error: Exception | None
) -> None:
    window = page.maintenances.window(api, name="Deploy", minutes=10, notify=True, failed="It failed")
    watchdog: asyncio.Task[Maintenance] | None = None
    releasing: list[asyncio.Task[None]] = []

    async def work() -> None:
        nonlocal watchdog
        async with window:
            server.faults.next(faults.Stall(), *UPDATE)
            watchdog = asyncio.create_task(window.complete("The watchdog did it."))
            await server.faults.wait(1)
            releasing.append(asyncio.create_task(released_later(server, page)))
            if error is not None:
                raise error

    with pytest.raises(Broken) if error is not None else nullcontext():
        await work()
    assert watchdog is not None
    assert (await watchdog).status == window.maintenance.status == "COMPLETED"
    assert server.announcements(window.id) == 2


@pytest.mark.parametrize("kind", [asyncio.CancelledError, KeyboardInterrupt])
async def test_cancelled_inside(
    server: InstatusServer, page: Page, api: str, caplog: pytest.LogCaptureFixture, kind: type[BaseException]
) -> None:
    window = page.maintenances.window(api, name="Deploy", minutes=10, failed="Failed")
    counts: list[int] = []
    with pytest.raises(kind):
        await block(window, lambda: counts.append(len(server.requests)), kind())
    assert counts == [len(server.requests)]
    assert f"the maintenance {window.id} is left in progress" in caplog.text


async def test_cancelled_at_every_step(caplog: pytest.LogCaptureFixture) -> None:
    for step in range(1, 200):
        caplog.clear()
        async with InstatusServer() as server, server.client() as client:
            page, api = client.page(server.page_id), server.component_id("API")

            async def work(page: Page = page, api: str = api) -> None:
                async with page.maintenances.window(api, name="Deploy", minutes=10, notify=True) as window:
                    await window.update("Hello")

            stepper = CancelledAt(work(), step)
            task = asyncio.ensure_future(_awaited(stepper))
            await asyncio.wait([task])
            if not stepper.reached:
                assert task.exception() is None
                return
            assert task.cancelled()
            found = await page.maintenances.list().collect()
            assert len(found) <= 1
            for made in found:
                assert f"maintenance {made.id}" in caplog.text or client.unresolved
                assert server.announcements(made.id) == len(made.updates) <= 3
    raise AssertionError


async def _awaited(stepper: CancelledAt[None]) -> None:
    await stepper


async def test_a_window_opens_once(server: InstatusServer, page: Page, api: str) -> None:
    window = page.maintenances.window(api, name="Deploy", minutes=10)
    assert repr(window) == "<MaintenanceWindow not open yet>"
    with pytest.raises(ClientStateError, match="not open yet"):
        await window.update("Hello")
    async with window:
        assert repr(window) == f"<MaintenanceWindow {window.id}>"
        with pytest.raises(ClientStateError, match="opened before"):
            await window
    assert posts(server) == 2


async def test_a_window_whose_opening_failed_is_not_opened_again(server: InstatusServer, page: Page, api: str) -> None:
    """Nobody may know whether it was created."""
    window = page.maintenances.window(api, name="Deploy", minutes=10)
    server.faults.next(faults.Status(403), *CREATE)
    with pytest.raises(InstatusError):
        await window
    with pytest.raises(ClientStateError, match="opened before"):
        await window
    assert posts(server) == 1


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"minutes": 0}, "minutes:"),
        ({"minutes": None}, "either minutes="),
        ({"completed": ""}, "completed:"),
        ({"failed": 5}, "failed:"),
        ({"notify": None}, "notify"),
        ({"name": None}, "name"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
async def test_windows_refused(
    server: InstatusServer, page: Page, api: str, options: dict[str, Any], complaint: str
) -> None:
    arguments: dict[str, Any] = {"name": "Deploy", "minutes": 10, **options}
    with pytest.raises(InvalidRequestError, match=complaint) as caught:
        page.maintenances.window(api, **arguments)
    assert "Nothing was sent." in str(caught.value)
    assert not server.requests
