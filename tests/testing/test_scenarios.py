"""Each noun through the SDK, over real sockets: what is written is seen in lists, by get, in public data, on the page.

A scenario names the operations that are its noun's, and must have reached all of them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain

import aiohttp
import pytest

from instatus_async import InstatusClient, NotFoundError, Page, PublicStatusPage, ServerError
from instatus_async.testing import InstatusServer, routes
from instatus_async.testing.operation import Operation
from instatus_async.testing.wire import find
from tests.operations import ROWS
from tests.testing.pages import Outline

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass
class World:
    """A server and the three ways to look at it."""

    server: InstatusServer
    client: InstatusClient
    page: Page
    public: PublicStatusPage
    browser: aiohttp.ClientSession

    async def words(self, path: str = "/", url: str = "") -> str:
        """Return what the page for people says."""
        async with self.browser.get((url or self.server.page_url()) + path) as answer:
            assert answer.status == 200, path
            return Outline(await answer.text()).words

    async def statuses(self) -> dict[str, str]:
        """Return the statuses of the components in public data."""
        return {str(one.name): one.status for one in await self.public.components()}

    async def active(self) -> list[tuple[str, str]]:
        """Return the open incidents and the maintenances in public data."""
        summary = await self.public.summary()
        incidents = [(str(row.name), str(row.status)) for row in summary.active_incidents]
        return incidents + [(str(row.name), str(row.status)) for row in summary.active_maintenances]


@pytest.fixture
async def world(server: InstatusServer) -> AsyncIterator[World]:
    async with server.client() as client, server.public() as public, aiohttp.ClientSession() as browser:
        yield World(server, client, client.page(server.page_id), public, browser)


async def pages(w: World) -> None:
    made = await w.client.pages.create(email="a@b.example", name="Bolt", subdomain="bolt", components=["Shop"])
    page = w.client.page(made.id)
    await page.update(name="Bolt & Co", website_url="https://bolt.example")
    link = await page.regenerate_secure_link()
    listed = {row.id: row async for row in w.client.pages.list()}
    assert list(listed) == [w.page.id, made.id]
    assert (listed[made.id].name, listed[made.id].secure_link) == ("Bolt & Co", link.secure_link)
    async with w.server.public(made.id) as public:
        summary = await public.summary()
        assert (summary.page.name, summary.page.status) == ("Bolt & Co", "UP")
        assert [one.name for one in await public.components()] == ["Shop"]
    assert "Bolt & Co" in await w.words(url=w.server.page_url(made.id))
    await page.delete()
    assert [row.id async for row in w.client.pages.list()] == [w.page.id]


async def account(w: World) -> None:
    user = await w.client.user.get()
    workspace = await w.client.workspaces.create(name="Spare")
    assert [row.name async for row in w.client.workspaces.list()] == ["Acme", "Spare"]
    await w.client.workspaces.delete(workspace.id)
    assert [row.name async for row in w.client.workspaces.list()] == ["Acme"]

    await w.page.teammates.create(email="bo@acme.example", permission="WRITE")
    owner, bo = await w.page.teammates.list().collect()
    assert owner.user is not None
    assert bo.user is not None
    assert (owner.user.id, bo.user.email) == (user.id, "bo@acme.example")
    assert bo.id is not None
    assert [entry.address for entry in w.server.told(bo.id)] == ["bo@acme.example"]
    await w.page.teammates.delete(bo.id)
    assert await w.page.teammates.list().collect() == [owner]


async def components(w: World) -> None:
    made = await w.page.components.create(name="Search", description="Finds things", status="DEGRADEDPERFORMANCE")
    assert (await w.page.components.list().collect())[-1].id == made.id
    await w.page.components.update(made.id, status="MAJOROUTAGE")
    read = await w.page.components.get(made.id)
    assert (read.name, read.description, read.status) == ("Search", "Finds things", "MAJOROUTAGE")
    assert (await w.statuses())["Search"] == "MAJOROUTAGE"
    assert (await w.public.summary()).page.status == "HASISSUES"
    said = await w.words()
    assert "Major outage: Search" in said
    assert "Finds things" in said
    assert [row.main_status async for row in w.client.pages.list()] == ["ONEMAJOROUTAGE"]
    await w.page.components.delete(made.id)
    with pytest.raises(ServerError, match="No status page for that component"):
        await w.page.components.get(made.id)
    assert set(await w.statuses()) == {"Website", "App", "API"}
    assert "Search" not in await w.words()


async def incidents(w: World) -> None:
    w.server.seed(subscribers=[{"email": "ana@customer.example", "confirmed": True}])
    api = w.server.component_id("API")
    created = await w.page.incidents.create(
        name="API errors", status="INVESTIGATING", message="We look.", statuses={api: "MAJOROUTAGE"}, notify=True
    )
    update = await w.page.incidents.updates.create(
        created.id, status="IDENTIFIED", message="A disk is full.", statuses={api: "PARTIALOUTAGE"}, notify=True
    )
    await w.page.incidents.updates.update(created.id, update.id, message="Two disks are full.")
    assert (await w.page.incidents.updates.get(created.id, update.id)).message == "Two disks are full."
    await w.page.incidents.update(created.id, name="Errors of the API", notify=False)
    read = await w.page.incidents.get(created.id)
    assert (read.name, read.status, read.impact) == ("Errors of the API", "IDENTIFIED", "MAJOROUTAGE")
    assert [row.message for row in read.updates] == ["We look.", "Two disks are full."]
    assert [(row.id, row.name) async for row in w.page.incidents.list(status="IDENTIFIED")] == [(read.id, read.name)]
    assert await w.active() == [("Errors of the API", "IDENTIFIED")]
    assert (await w.statuses())["API"] == "PARTIALOUTAGE"
    for path in ("/", f"/incident/{read.id}"):
        said = await w.words(path)
        assert "Errors of the API" in said
        assert "Two disks are full." in said
    assert [entry.text for entry in w.server.told(read.id)] == ["We look.", "A disk is full."]

    await w.page.incidents.updates.delete(read.id, update.id)
    (first,) = (await w.page.incidents.get(read.id)).updates
    assert first.status == "INVESTIGATING"
    await w.page.incidents.updates.delete(read.id, first.id)  # the last one too
    assert (await w.page.incidents.get(read.id)).updates == ()
    assert await w.active() == [("Errors of the API", "INVESTIGATING")]
    assert "Errors of the API" in await w.words()
    await w.page.incidents.delete(read.id)
    with pytest.raises(NotFoundError):
        await w.page.incidents.get(read.id)
    assert await w.page.incidents.list().collect() == []
    assert await w.active() == []


async def templates(w: World) -> None:
    api = w.server.component_id("API")
    down = await w.page.templates.create(
        type="INCIDENT",
        subdomain="acme",
        name="API down",
        message="We look.",
        status="INVESTIGATING",
        notify=True,
        components={api: "MAJOROUTAGE"},
    )
    up = await w.page.templates.create(
        type="INCIDENT",
        subdomain="acme",
        name="API up",
        message="All is well.",
        status="RESOLVED",
        notify=True,
        components={api: "OPERATIONAL"},
    )
    await w.page.templates.update(down.id, message="We are looking.")
    assert (await w.page.templates.get(down.id)).message == "We are looking."
    assert [row.name async for row in w.page.templates.list()] == ["API down", "API up"]

    made = await w.page.incidents.create_from_template("API down")
    assert await w.active() == [("API down", "INVESTIGATING")]
    assert (await w.statuses())["API"] == "MAJOROUTAGE"
    assert "We are looking." in await w.words()
    await w.page.incidents.updates.create_from_template(made.id, up.id)
    assert (await w.page.incidents.get(made.id)).status == "RESOLVED"
    assert await w.active() == []
    assert (await w.statuses())["API"] == "OPERATIONAL"
    assert "All is well." in await w.words("/history")
    assert w.server.announcements(made.id) == 2
    for template in (down, up):
        await w.page.templates.delete(template.id)
    assert await w.page.templates.list().collect() == []


async def maintenances(w: World) -> None:
    website = w.server.component_id("Website")
    start, end = NOON + HOUR, NOON + 2 * HOUR
    made = await w.page.maintenances.create(
        name="New website",
        message="It will be slow.",
        status="NOTSTARTEDYET",
        start=start,
        end=end,
        components=[website],
        notify=True,
        notify_start=False,
        notify_end=False,
        notify_early=False,
        auto_start=True,
        auto_end=True,
    )
    await w.page.maintenances.update(
        made.id,
        name="A new website",
        message="It will be gone.",
        components=[website],
        statuses={},
        start=start,
        end=end,
        duration=60,
        status="NOTSTARTEDYET",
        auto_start=True,
        auto_end=True,
        notify=False,
    )
    assert await w.active() == [("A new website", "NOTSTARTEDYET")]
    assert "It will be gone." in await w.words()
    w.server.advance(HOUR)
    assert await w.active() == [("A new website", "INPROGRESS")]
    assert (await w.public.summary()).page.status == "UNDERMAINTENANCE"
    assert (await w.statuses())["Website"] == "UNDERMAINTENANCE"
    update = await w.page.maintenances.updates.create(made.id, status="COMPLETED", message="Don.", notify=True)
    await w.page.maintenances.updates.update(made.id, update.id, message="Done.")
    assert (await w.page.maintenances.updates.get(made.id, update.id)).message == "Done."
    read = await w.page.maintenances.get(made.id)
    assert (read.name, read.status, read.updates[-1].message) == ("A new website", "COMPLETED", "Done.")
    assert [row.id async for row in w.page.maintenances.list()] == [made.id]
    assert await w.active() == []
    assert (await w.statuses())["Website"] == "OPERATIONAL"
    for path in ("/history", f"/maintenance/{made.id}"):
        assert "Done." in await w.words(path)
    assert w.server.announcements(made.id) == 2
    for row in read.updates:  # all of them
        await w.page.maintenances.updates.delete(made.id, row.id)
    assert (await w.page.maintenances.get(made.id)).updates == ()
    assert "A new website" in await w.words()
    await w.page.maintenances.delete(made.id)
    with pytest.raises(NotFoundError):
        await w.page.maintenances.get(made.id)
    assert await w.page.maintenances.list().collect() == []


async def subscribers(w: World) -> None:
    app, api = w.server.component_id("App"), w.server.component_id("API")
    everything = await w.page.subscribers.create(email="ana@customer.example", all=True, auto_confirm=True)
    part = await w.page.subscribers.create(phone="5550100199", components=[app], auto_confirm=True)
    for version in (1, 2):
        found = await w.page.subscribers.list(version=version).collect()
        assert [(row.id, row.confirmed) for row in found] == [(everything.id, True), (part.id, True)]
    assert [row.id async for row in w.page.subscribers.list(search="ANA@")] == [everything.id]
    made = await w.page.incidents.create(
        name="Down", status="INVESTIGATING", message="m", statuses={api: "MAJOROUTAGE"}, notify=True
    )
    assert [entry.subscriber for entry in w.server.told(made.id)] == [everything.id]
    await w.page.subscribers.delete(everything.id)
    await w.page.incidents.updates.create(
        made.id, status="RESOLVED", message="m", statuses={api: "OPERATIONAL"}, notify=True
    )
    assert len(w.server.told(made.id)) == 1
    assert [row.id async for row in w.page.subscribers.list()] == [part.id]


async def metrics(w: World) -> None:
    made = await w.page.metrics.create(name="Response", suffix="ms")
    await w.page.metrics.update(made.id, name="Response time")
    await w.page.metrics.add_datapoint(made.id, 120.5, NOON - HOUR)
    await w.page.metrics.add_datapoints(made.id, [(NOON - HOUR / 2, 130), (NOON, 140)])
    read = await w.page.metrics.get(made.id)
    assert (read.name, [point.value for point in read.data]) == ("Response time", [120.5, 130, 140])
    assert await w.page.metrics.list().collect() == [read]
    said = await w.words()
    assert "Response time" in said
    assert "140" in said
    await w.page.metrics.delete_datapoints(made.id)
    assert (await w.page.metrics.get(made.id)).data == ()
    await w.page.metrics.delete(made.id)
    assert await w.page.metrics.list().collect() == []
    assert "Response time" not in await w.words()


async def audience_groups(w: World) -> None:
    (owner,) = await w.page.teammates.list().collect()
    assert owner.id is not None
    app, api = w.server.component_id("App"), w.server.component_id("API")
    made = await w.page.audience_groups.create(name="Beta", components=[app], teammates=[owner.id])
    await w.page.audience_groups.update(made.id, components=[api])
    read = await w.page.audience_groups.get(made.id)
    assert [row.teammate_id for row in read.teammates] == [owner.id]
    assert [row.component_id for row in read.components] == [api]
    assert await w.page.audience_groups.list().collect() == [read]
    await w.page.audience_groups.delete(made.id)
    assert await w.page.audience_groups.list().collect() == []


async def monitors(w: World) -> None:
    made = await w.page.monitors.create(
        url="https://acme.example/health", http_method="GET", name="Health", create_component=True, create_metric=True
    )
    assert made.id is not None
    await w.page.monitors.update(made.id, name="Healthy")
    assert (await w.statuses())["Health"] == "OPERATIONAL"
    assert "Health" in await w.words()
    assert [row.name async for row in w.page.metrics.list()] == ["Health"]

    alert = await w.page.monitor_alerts.create(type="EMAIL", recipient="bo@acme.example")
    await w.page.monitor_alerts.update(alert.id, type="SMS", monitors=[made.id])
    assert [(row.id, row.type) async for row in w.page.monitor_alerts.list()] == [(alert.id, "SMS")]

    group = await w.page.monitor_groups.create(name="Grp")
    assert (await w.page.monitor_groups.update(group.id, name="Group")).name == "Group"
    await w.page.monitor_groups.add_monitors(group.id, [made.id])
    run = await w.page.monitor_groups.run(group.id, location="US_EAST_1", retry=False)
    assert run.result == "UP"
    assert (await w.page.monitors.check_inserted_logs()).startswith("1 logs")
    (read,) = await w.page.monitors.list(search="health", status="UP").collect()
    assert (read.id, read.name, read.alerts, read.extra["groupId"]) == (made.id, "Healthy", (alert.id,), group.id)
    await w.page.monitors.set_group(made.id, None)
    (read,) = await w.page.monitors.list().collect()
    assert read.extra["groupId"] is None
    await w.page.monitor_groups.delete(group.id)
    await w.page.monitor_alerts.delete(alert.id)
    await w.page.monitors.delete(made.id)
    assert await w.page.monitor_alerts.list().collect() == []
    assert await w.page.monitors.list().collect() == []


async def routing_rules(w: World) -> None:
    made = await w.page.routing_rules.create(
        assertions=[{"type": "TITLE", "comparison": "CONTAINS", "value": "disk"}],
        actions=[{"type": "NOTIFY_WORKSPACE_MEMBER", "target_id": "bo@acme.example"}],
    )
    await w.page.routing_rules.update(
        made.id, assertions=[{"type": "TITLE", "comparison": "CONTAINS", "value": "full"}], order=7
    )
    (read,) = await w.page.routing_rules.list().collect()
    assert (read.id, read.order, read.assertions[0].value) == (made.id, 7, "full")
    assert read.actions == made.actions
    await w.page.routing_rules.delete(made.id)
    assert await w.page.routing_rules.list().collect() == []


async def escalation_policies(w: World) -> None:
    made = await w.page.escalation_policies.create(
        name="Night",
        rules=[{"delay_in_mins": 5, "actions": [{"type": "NOTIFY_CURRENT_ON_CALL_USER"}]}],
        repeat=True,
        repeat_count=2,
        repeat_delay=10,
        revert_acknowledgement=False,
        auto_resolve_incidents_after_repeat=False,
    )
    changed = await w.page.escalation_policies.update(
        made.id,
        name="Nights",
        rules=[{"delay_in_mins": 9, "actions": [{"type": "NOTIFY_ALL_ON_CALL_MEMBERS"}]}],
        repeat=False,
        repeat_count=0,
        repeat_delay=0,
        revert_acknowledgement=False,
        auto_resolve_incidents_after_repeat=False,
    )
    assert [rule.delay_in_mins for rule in changed.rules] == [9]
    assert await w.page.escalation_policies.list().collect() == [changed]
    await w.page.escalation_policies.delete(made.id)
    assert await w.page.escalation_policies.list().collect() == []


async def on_call_schedules(w: World) -> None:
    await w.page.teammates.create(email="bo@acme.example", permission="WRITE")
    people = [one.id for one in await w.page.teammates.list().collect() if one.id is not None]
    made = await w.page.on_call_schedules.create(
        name="Week",
        on_call_shifts=[
            {
                "name": "Day",
                "members": [{"workspace_member_id": one, "color": "#33B17E"} for one in people],
                "rotation_type": "DAILY",
                "start_date": NOON,
            }
        ],
    )
    names: list[tuple[str | None, ...]] = []
    for _ in range(3):
        names.append(tuple(one.email for one in (await w.page.on_call_schedules.members(made.id)).current_members))
        w.server.advance(24 * HOUR)
    assert names == [("ana@acme.example",), ("bo@acme.example",), ("ana@acme.example",)]
    assert (await w.page.on_call_schedules.update(made.id, status="PAUSED")).status == "PAUSED"
    paused = await w.page.on_call_schedules.members(made.id)
    assert (paused.current_members, len(paused.all_members)) == ((), 2)
    await w.page.on_call_schedules.delete(made.id)
    with pytest.raises(NotFoundError):
        await w.page.on_call_schedules.members(made.id)


FROM_TEMPLATE = tuple(operation for operation in routes.incidents.OPERATIONS if operation.path.endswith("/{template}"))

SCENARIOS = (
    (pages, routes.pages.OPERATIONS),
    (account, routes.user.OPERATIONS),
    (components, routes.components.OPERATIONS),
    (incidents, tuple(one for one in routes.incidents.OPERATIONS if one not in FROM_TEMPLATE)),
    (templates, (*routes.templates.OPERATIONS, *FROM_TEMPLATE)),
    (maintenances, routes.maintenances.OPERATIONS),
    (subscribers, routes.subscribers.OPERATIONS),
    (metrics, routes.metrics.OPERATIONS),
    (audience_groups, routes.audience_groups.OPERATIONS),
    (monitors, routes.monitors.OPERATIONS),
    (routing_rules, routes.routing.OPERATIONS),
    (escalation_policies, routes.escalation.OPERATIONS),
    (on_call_schedules, routes.on_call.OPERATIONS),
)
SUMMARY = "GET /summary.json"  # of the page's host


@pytest.mark.parametrize(("scenario", "operations"), SCENARIOS, ids=[row[0].__name__ for row in SCENARIOS])
async def test_scenario(
    scenario: Callable[[World], Awaitable[None]], operations: Sequence[Operation], world: World
) -> None:
    await scenario(world)
    done = [entry for entry in world.server.requests if entry.committed]
    reached = {name(find(entry.method, entry.path)[0]) for entry in done if entry.host == "api"}
    assert {name(operation) for operation in operations} <= reached
    if scenario is pages:
        assert world.server.requests.matching("GET", "/bolt/summary.json", host="page")
    if scenario is components:
        assert SUMMARY in {f"{entry.method} {entry.path}" for entry in done if entry.host == "page"}


def test_the_scenarios_reach_every_operation() -> None:
    """All 87: those of the server's table, which the SDK's is held against."""
    reached = [name(operation) for operation in chain.from_iterable(operations for _, operations in SCENARIOS)]
    assert len(reached) == len(set(reached)) == 86
    assert {*reached, SUMMARY} == {row.operation for row in ROWS}
    assert {*reached} == {name(operation) for operation in routes.OPERATIONS}


def name(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"
