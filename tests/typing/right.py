"""What type checkers must accept, and what they must know about it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Any, assert_type

from instatus_async import (
    Component,
    ComponentPlan,
    ComponentSpec,
    ComponentStatus,
    Datapoint,
    Effect,
    Incident,
    IncidentCreate,
    IncidentImpact,
    IncidentStatus,
    IncidentUpdate,
    InstatusClient,
    Maintenance,
    Monitor,
    MonitorLocation,
    OnCallMembers,
    Page,
    Pager,
    PlannedChange,
    PublicComponent,
    PublicPageStatus,
    PublicStatusPage,
    PublicSummary,
    RetryPolicy,
    RoutingRule,
    StatusPage,
    Subscriber,
    UserProfile,
    Workspace,
)
from instatus_async.severity import page_status


async def reading(client: InstatusClient, page: Page) -> None:
    assert_type(client.pages.list(), Pager[StatusPage])
    assert_type(client.workspaces.list(per_page=5), Pager[Workspace])
    assert_type(await client.user.get(), UserProfile)
    assert_type(client.page("p"), Page)
    assert_type(page.id, str)
    assert_type(await page.components.get("c"), Component)
    assert_type(await page.components.find(name="API", group="Backend", max_age=60), Component)
    assert_type(await page.subscribers.get("s"), Subscriber)
    assert_type(await client.pages.find(subdomain="acme"), StatusPage)
    plan = await page.components.plan([{"name": "API"}, ComponentSpec(name="App")], archive=True)
    assert_type(plan, ComponentPlan)
    assert_type(await plan.apply(), Sequence[PlannedChange])
    assert_type(page_status(await page.components.list().collect()), PublicPageStatus)
    assert_type(page.routing_rules.list(), Pager[RoutingRule])
    assert_type(await page.subscribers.list(search="ada", version=1).collect(limit=3), list[Subscriber])
    assert_type(await page.incidents.list(exclude_status="RESOLVED").first(), Incident | None)
    async for incident in page.incidents.list(status=[IncidentStatus.MONITORING, "IDENTIFIED"]):
        assert_type(incident, Incident)
        assert_type(incident.status, IncidentStatus)
        assert_type(incident.status.is_known, bool)
        assert_type(incident.impact, IncidentImpact | None)
        assert_type(incident.updates, tuple[IncidentUpdate, ...])
        assert_type(incident.started, datetime | None)
        assert_type(incident.extra, Mapping[str, Any])
        assert_type(ComponentStatus.worst(component.status for component in incident.components), ComponentStatus)
        assert_type(max(component.status for component in incident.components), ComponentStatus)
    async for monitors in page.monitors.list(status="DOWN").pages():
        assert_type(monitors, Sequence[Monitor])
    assert_type(await page.monitors.check_inserted_logs(), str)
    members = await page.on_call_schedules.members("s")
    assert_type(members, OnCallMembers)
    assert_type(members.current_members[0].phone, str | None)
    shift = (await page.on_call_schedules.update("s", status="PAUSED")).on_call_shifts[0]
    assert_type(shift.time_of_day_restriction_start_time, time | None)


async def writing(page: Page) -> None:
    now = datetime.now(UTC)
    statuses: dict[str, ComponentStatus] = {"c": ComponentStatus.MAJOR_OUTAGE}
    opened = await page.incidents.create(
        name="n",
        status="INVESTIGATING",
        statuses=statuses,
        started=now,
        notify=True,
        translations={"name": {"fr": "f"}},
    )
    assert_type(opened, Incident)
    fields: IncidentCreate = {"name": "n", "status": IncidentStatus.RESOLVED, "components": ("c",)}
    assert_type(await page.incidents.create(**fields), Incident)
    await page.incidents.create(name="n", status=IncidentStatus("NEW"))
    await page.incidents.updates.create("i", status="RESOLVED", statuses={"c": "OPERATIONAL"}, components=[])
    assert_type(
        await page.maintenances.create(
            name="n",
            components=["c"],
            start=now,
            end=now,
            status="NOTSTARTEDYET",
            notify=False,
            notify_start=False,
            notify_end=False,
            notify_early=False,
            auto_start=True,
            auto_end=True,
        ),
        Maintenance,
    )
    await page.components.create(name="n", description=None, group=None)
    await page.subscribers.create(all=True, components=None)
    await page.monitors.create(
        url="https://x.example",
        http_method="GET",
        locations=[MonitorLocation.EU_CENTRAL_1, "US_EAST_1"],
        assertions=[{"type": "STATUSCODE", "comparison": "EQUALS", "value": "200"}],
        on_fail={"create_incident": True},
        headers={"X-Any": "thing"},
    )
    await page.monitors.create(url="https://x.example", http_method="GET", locations="US_EAST_1")
    assert_type(await page.metrics.add_datapoint("m", 1.5), Datapoint)
    assert_type(await page.metrics.add_datapoints("m", [(now, 1), (now, 2.5)]), Sequence[Datapoint])
    await page.on_call_schedules.create(
        name="n",
        on_call_shifts=[
            {
                "name": "s",
                "members": [{"workspace_member_id": "m", "color": "#000000"}],
                "rotation_type": "WEEKLY",
                "start_date": now,
                "time_intervals": [{"start_day": "FRIDAY", "start_day_time": time(19)}],
            }
        ],
    )
    await page.monitors.set_group("m", None)
    await page.delete()


async def around() -> None:
    async with InstatusClient(retry=RetryPolicy(attempts=1), timeout=5) as client:
        assert_type(client, InstatusClient)
        assert_type(client.with_options(timeout=1), InstatusClient)
        assert_type(client.page("p").with_options(retry=RetryPolicy()), Page)
        await client.request("GET", "/v1/user", query={"page": 1}, effect=Effect.READ)
    async with PublicStatusPage("https://x.example") as public:
        assert_type(await public.summary(), PublicSummary)
        assert_type(await public.components(), Sequence[PublicComponent])
