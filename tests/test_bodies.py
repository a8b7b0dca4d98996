"""Shapes that the service was seen to answer with, beside the full ones in `bodies.py`: each is read, and read right.

The numbers are those of the quirks that a shape shows.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from instatus_async import (
    AudienceGroup,
    Component,
    ComponentStatus,
    Datapoint,
    DecodeError,
    EscalationPolicy,
    Incident,
    IncidentImpact,
    IncidentStatus,
    IncidentUpdate,
    InstatusClient,
    Maintenance,
    MaintenanceStatus,
    MaintenanceUpdate,
    Metric,
    Monitor,
    MonitorLocation,
    NotFoundError,
    OnCallSchedule,
    PageStatus,
    PublicComponent,
    PublicPageStatus,
    PublicStatusPage,
    PublicSummary,
    RetryPolicy,
    StatusPage,
    Subscriber,
    Teammate,
    Template,
    Workspace,
)
from instatus_async._wire import read

from . import bodies as b
from .hostile import HostileServer, answer

JSON = b.JSON

# --- components and the groups of three ages -------------------------------------------------------------------------

SHORT: JSON = {
    "id": b.TICKETS,
    "name": "Ticket machines",
    "status": "OPERATIONAL",
    "uniqueEmail": "tm@automation.example",
    "description": "",
    "showUptime": True,
    "order": 0,
}


@pytest.mark.parametrize(
    ("group", "group_id", "name"),
    [
        (None, None, None),
        ("Terminals", None, "Terminals"),
        ({"id": b.TERMINALS}, b.TERMINALS, None),
        ({"name": "Terminals"}, None, "Terminals"),
        ({"id": b.TERMINALS, "name": "Terminals", "description": ""}, b.TERMINALS, "Terminals"),
        ({**b.COMPONENT, "id": b.TERMINALS, "name": "Terminals"}, b.TERMINALS, "Terminals"),
    ],
)
def test_groups_of_three_ages(group: Any, group_id: str | None, name: str | None) -> None:
    """50."""
    component = read(Component, {**SHORT, "group": group})
    if group is None:
        assert component.group is None
        return
    assert component.group is not None
    assert (component.group.id, component.group.name) == (group_id, name)


def test_a_component_of_2023_lists_its_incidents() -> None:
    """54: what is not known is kept."""
    component = read(Component, {**SHORT, "incidents": [{"id": b.INCIDENT}], "isParent": False, "internalStatus": None})
    assert component.extra == {"incidents": [{"id": b.INCIDENT}], "isParent": False, "internalStatus": None}
    assert component.description == ""


def test_component_names_keep_their_blanks_and_minor_outages_have_a_name() -> None:
    """43, 92."""
    component = read(
        Component, {**SHORT, "name": "  API", "status": "MINOROUTAGE", "order": None, "translations": None}
    )
    assert component.name == "  API"
    assert component.status is ComponentStatus.MINOR_OUTAGE
    assert component.status.is_known
    assert component.order is None


# --- pages -----------------------------------------------------------------------------------------------------------


def test_a_new_page_may_be_an_id_and_its_workspace() -> None:
    """57."""
    page = read(StatusPage, {"id": b.PAGE, "workspaceId": b.WORKSPACE, "workspaceSlug": "quayside"})
    assert (page.id, page.workspace_id, page.workspace_slug) == (b.PAGE, b.WORKSPACE, "quayside")
    assert page.name is None
    assert page.status is None
    assert page.components == ()


def test_a_changed_page_may_give_its_name_in_all_languages() -> None:
    """56."""
    names = {"en": "Quayside Ferries", "default": "Quayside", "fr": "Ferries du Quai"}
    page = read(StatusPage, {**b.PAGE_WRITTEN, "name": names})
    assert page.name == "Quayside"
    assert page.extra["name"] == names


def test_a_raw_page_row_has_two_statuses() -> None:
    """45, 47."""
    page = read(
        StatusPage,
        {
            **b.PAGE_ROW,
            "status": "UNDERMAINTENANCE",
            "mainStatus": "ONEMAJOROUTAGE",
            "workspaceId": b.WORKSPACE,
            "sendSmsNotifications": False,
            "uptimeDaysDisplay": "90",
            "uptimeOutageDisplay": "ALL",
            "secretToBypassPrivacy": "hush",
        },
    )
    assert page.status is PageStatus.UNDER_MAINTENANCE
    assert page.main_status is PageStatus.ONE_MAJOR_OUTAGE
    assert (page.uptime_days_display, page.send_sms_notifications) == ("90", False)
    assert "hush" not in repr(page)
    assert "jwt" not in repr(page)


# --- incidents -------------------------------------------------------------------------------------------------------

LIVE_ROW: JSON = {
    "id": b.INCIDENT,
    "name": "Fog",
    "impact": "NONE",
    "status": "MONITORING",
    "started": "2025-11-05T06:02:44.019Z",
    "resolved": None,
    "visibilityState": "PUBLIC",
    "siteId": b.PAGE,
    "notify": True,
    "updates": [
        {
            "id": b.INCIDENT_UPDATE,
            "message": "Fog",
            "messageHtml": "<p>Fog</p>",
            "status": "MONITORING",
            "notify": True,
            "started": "2025-11-05T06:02:44.019Z",
            "createdAt": "2025-11-05T06:02:44.021Z",
            "translations": {"message": None},
        }
    ],
    "components": [
        {
            **SHORT,
            "internalStatus": "OPERATIONAL",
            "oldGroup": None,
            "isParent": False,
            "isCollapsed": False,
            "monitorId": None,
            "thirdPartyMonitorId": None,
            "nameTranslation": None,
            "descriptionTranslation": None,
            "site": {
                **b.PAGE_ROW,
                "workspaceId": b.WORKSPACE,
                "mainStatus": "SOMEPARTIALOUTAGE",
                "secureLinkToken": "open-sesame",
                "secretToBypassPrivacy": "hush",
            },
        }
    ],
    "translations": {"name": None, "message": None},
}


def test_a_live_incident_has_the_whole_page_in_each_component() -> None:
    """47, 49, 59: with its secrets, which no repr shows."""
    incident = read(Incident, LIVE_ROW)
    assert incident.impact is IncidentImpact.NONE
    assert incident.extra == {"visibilityState": "PUBLIC"}
    site = incident.components[0].site
    assert site is not None
    assert (site.id, site.subdomain, site.language) == (b.PAGE, "quayside", "en")
    assert site.extra["secureLinkToken"] == "open-sesame"
    assert incident.updates[0].translations == {"message": None}
    assert incident.updates[0].ended is None
    for secret in ("open-sesame", "hush", "jwt"):
        assert secret not in repr(incident)


def test_a_new_incident_may_have_no_updates_yet() -> None:
    """58."""
    incident = read(
        Incident, {**b.INCIDENT_FULL, "status": "INVESTIGATING", "resolved": None, "updates": [], "notify": True}
    )
    assert incident.updates == ()
    assert incident.notify is True
    assert incident.resolved is None


def test_an_update_names_its_page_without_an_id() -> None:
    """59."""
    update = read(IncidentUpdate, b.INCIDENT_UPDATE_FULL)
    assert update.incident is not None
    site = update.incident.components[0].site
    assert site is not None
    assert (site.id, site.name, site.extra) == (None, "quayside", {"slackIntegrations": [], "subscribers": []})


def test_an_incident_component_with_an_incident_status() -> None:
    """44: the API's description says so; it stays what was said."""
    incident = read(Incident, {**b.INCIDENT_FULL, "components": [{**b.AFFECTED, "status": "INVESTIGATING"}]})
    assert incident.components[0].status == "INVESTIGATING"
    assert not incident.components[0].status.is_known


# --- maintenances ----------------------------------------------------------------------------------------------------


def test_a_maintenance_without_flags_and_with_an_end() -> None:
    """60."""
    maintenance = read(Maintenance, b.MAINTENANCE_CREATED)
    assert maintenance.end == datetime(2026, 1, 12, 2, 30, 0, 500_000, tzinfo=UTC)
    assert (maintenance.notify_start, maintenance.auto_end, maintenance.notify_minutes) == (None, None, None)


def test_a_maintenance_update_that_is_read_has_a_six_key_page() -> None:
    """59: the write adds subscribers to it."""
    maintenance = b.MAINTENANCE_UPDATE_FULL["maintenance"]
    component: JSON = {key: value for key, value in maintenance["components"][0].items() if key != "subscribers"}
    component["site"] = b.SITE
    update = read(
        MaintenanceUpdate, {**b.MAINTENANCE_UPDATE_FULL, "maintenance": {**maintenance, "components": [component]}}
    )
    assert update.maintenance is not None
    assert update.maintenance.status is MaintenanceStatus.IN_PROGRESS
    assert update.maintenance.components[0].extra == {}
    assert update.maintenance.components[0].site is not None
    assert update.maintenance.components[0].site.id == b.PAGE


# --- templates -------------------------------------------------------------------------------------------------------


def test_a_template_of_a_maintenance_without_components_and_origin() -> None:
    """61."""
    body = {key: value for key, value in b.TEMPLATE_FULL.items() if key != "origin"}
    template = read(Template, {**body, "type": "MAINTENANCE", "status": "INPROGRESS", "message": "", "components": []})
    assert (template.origin, template.message, template.components) == (None, "", ())


def test_a_template_row_is_not_the_component() -> None:
    """61."""
    row = read(Template, b.TEMPLATE_FULL).components[0]
    assert (row.id, row.component_id, row.template_id) == (b.TEMPLATE_ROW, b.TICKETS, b.TEMPLATE)
    assert row.status is ComponentStatus.DEGRADED_PERFORMANCE


# --- people ----------------------------------------------------------------------------------------------------------


def test_subscribers_of_three_ages() -> None:
    """65, 66."""
    short = read(
        Subscriber,
        {
            "id": b.SUBSCRIBER,
            "email": "ada@tides.example",
            "site": {**b.SITE, "language": "en"},
        },
    )
    assert short.site is not None
    assert (short.email, short.site.id, short.site.language, short.confirmed) == (
        "ada@tides.example",
        b.PAGE,
        "en",
        None,
    )
    row = read(Subscriber, {**b.SUBSCRIBER_ROW, "components": None})
    assert (row.components, row.email, row.phone) == ((), None, "5550142")
    body = {key: value for key, value in b.SUBSCRIBER_CREATED.items() if key != "importedFromStatuspage"}
    full = read(Subscriber, {**body, "importedFrom": "STATUSPAGE"})
    assert (full.confirmed, full.failed_attempts, full.webhook_query_params) == (False, 0, None)
    assert full.extra == {"importedFrom": "STATUSPAGE"}
    assert "let-me-go" not in repr(full)
    assert "hooks" not in repr(full)


async def added(reply: Any) -> Teammate:
    status = 204 if reply is None else 200
    async with (
        HostileServer(answer(reply, status=status)) as server,
        InstatusClient("key", base_url=server.url) as client,
    ):
        return await client.page(b.PAGE).teammates.create(email="olu@quayside.example", permission="READ")


async def test_a_new_teammate_in_three_ages() -> None:
    """64: nothing, the row of a user, or an address."""
    assert await added(None) == Teammate(email="olu@quayside.example")
    assert await added({"email": "olu@quayside.example"}) == Teammate(email="olu@quayside.example")
    row = await added({"id": b.USER, "name": "Olu", "email": "olu@quayside.example", "avatar": None, "twoFactor": "x"})
    assert row.id is None  # the user's id is not the member's
    assert row.user is not None
    assert (row.user.id, row.user.name, row.email) == (b.USER, "Olu", "olu@quayside.example")


async def profile(reply: Any) -> Any:
    async with HostileServer(answer(reply)) as server, InstatusClient("key", base_url=server.url) as client:
        return await client.user.get()


async def test_a_profile_is_an_object_and_was_a_list_of_one() -> None:
    """69."""
    assert await profile([b.PROFILE]) == await profile(b.PROFILE)
    assert (await profile({**b.PROFILE, "name": None})).name is None
    with pytest.raises(DecodeError):
        await profile([b.PROFILE, b.PROFILE])


def test_an_audience_group_has_components_with_translations_spelt_otherwise() -> None:
    group = read(
        AudienceGroup,
        {
            **b.AUDIENCE_GROUP_FULL,
            "components": [
                {
                    **b.AUDIENCE_GROUP_FULL["components"][0],
                    "component": {**SHORT, "group": None, "nameTranslation": None},
                }
            ],
        },
    )
    component = group.components[0].component
    assert component is not None
    assert (component.id, component.extra) == (b.TICKETS, {"nameTranslation": None})


# --- metrics ---------------------------------------------------------------------------------------------------------


def test_points_without_ids_and_the_time_of_the_last() -> None:
    """39, 67."""
    metric = read(Metric, {**b.METRIC_FULL, "lastDataAt": 1750365060000})
    assert [point.id for point in metric.data] == [None, None]
    assert [point.value for point in metric.data] == [812, 790.5]
    assert metric.last_data_at == metric.data[1].timestamp == datetime(2025, 6, 19, 20, 31, tzinfo=UTC)


async def points_added(reply: Any) -> list[Datapoint]:
    async with HostileServer(answer(reply)) as server, InstatusClient("key", base_url=server.url) as client:
        metrics = client.page(b.PAGE).metrics
        return [*await metrics.add_datapoints(b.METRIC, [(NOON, 1), (NOON + timedelta(minutes=1), 2.5)])]


async def point_added(reply: Any) -> Datapoint:
    async with HostileServer(answer(reply)) as server, InstatusClient("key", base_url=server.url) as client:
        return await client.page(b.PAGE).metrics.add_datapoint(b.METRIC, 1, NOON)


NOON = datetime(2025, 6, 19, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "id_"),
    [
        ({}, None),
        ({"timestamp": None, "value": None}, None),
        ([], None),
        ("fine", None),
        (5, None),
        ({"id": "p1"}, "p1"),
    ],
)
async def test_what_was_sent_stands_unless_the_answer_knows_better(said: Any, id_: str | None) -> None:
    """67, and nobody recorded an answer to a new point."""
    point = await point_added(said)
    assert (point.id, point.timestamp, point.value) == (id_, NOON, 1)
    for reply in (said, [said, said]):
        points = await points_added(reply)
        assert [(p.timestamp, p.value) for p in points] == [(NOON, 1), (NOON + timedelta(minutes=1), 2.5)]
    assert [p.id for p in await points_added([said, said])] == [id_, id_]
    assert (await point_added({"timestamp": 1750334400500, "value": "0.5"})).value == 0.5


# --- monitors --------------------------------------------------------------------------------------------------------


def test_a_monitor_of_the_help_page() -> None:
    """43, 70: one location as text, and another spelling of the assertion."""
    assertion = {**b.MONITOR_FULL["assertions"][0], "type": "STATUS_CODE"}
    monitor = read(Monitor, {**b.MONITOR_FULL, "locations": "AP_SOUTHEAST_2", "assertions": [assertion]})
    assert monitor.locations == (MonitorLocation.AP_SOUTHEAST_2,)
    assert monitor.assertions[0].type == "STATUS_CODE"
    assert monitor.assertions[0].type is not None
    assert not monitor.assertions[0].type.is_known
    assert "keep-dark" not in repr(monitor)


@pytest.mark.parametrize("reply", [{"total": 0, "page": 1}, {"total": 0, "monitors": None}, {}, {"monitors": []}])
async def test_an_empty_list_may_be_absent(reply: Any) -> None:
    async with HostileServer(answer(reply)) as server, InstatusClient("key", base_url=server.url) as client:
        assert await client.page(b.PAGE).monitors.list().collect() == []


async def test_an_envelope_of_something_else_is_no_list() -> None:
    script = answer({"cronMonitors": []})
    async with HostileServer(script) as server, InstatusClient("key", base_url=server.url) as client:
        with pytest.raises(DecodeError, match="expected a list"):
            await client.page(b.PAGE).monitors.list().collect()


async def written(noun: str, reply: Any) -> Any:
    """What each of the wrapped writes makes of a reply."""
    async with HostileServer(answer(reply)) as server, InstatusClient("key", base_url=server.url) as client:
        page = client.page(b.PAGE)
        match noun:
            case "monitor":
                return await page.monitors.update(b.MONITOR, name="n")
            case "alert":
                return await page.monitor_alerts.update(b.ALERT, type="SMS")
            case "group":
                return await page.monitor_groups.update(b.MONITOR_GROUP, name="n")
            case "rule":
                return await page.routing_rules.update(b.RULE, order=1)
            case "policy":
                return await page.escalation_policies.update(
                    b.POLICY,
                    name="n",
                    rules=[],
                    repeat=False,
                    repeat_count=0,
                    repeat_delay=0,
                    revert_acknowledgement=False,
                    auto_resolve_incidents_after_repeat=False,
                )
            case _:
                return await page.on_call_schedules.update(b.SCHEDULE, name="n")


@pytest.mark.parametrize(
    ("noun", "record", "keys"),
    [
        ("monitor", b.MONITOR_FULL, ["monitor"]),
        ("alert", b.ALERT_FULL, ["monitor", "monitorAlert"]),
        ("group", b.MONITOR_GROUP_FULL, ["monitor", "monitorGroup"]),
        ("rule", b.RULE_FULL, ["routingRule"]),
        ("policy", b.POLICY_FULL, ["escalationPolicy"]),
        ("schedule", b.SCHEDULE_FULL, ["onCallSchedule"]),
    ],
)
async def test_wrapped_and_bare_answers_of_writes(noun: str, record: JSON, keys: list[str]) -> None:
    """71."""
    bare = await written(noun, record)
    for key in keys:
        assert await written(noun, {key: record, "message": "Done"}) == bare
        assert await written(noun, {"message": "Done", "monitor": None, key: record}) == bare
    if noun != "monitor":
        assert bare.id == record["id"]
        with pytest.raises(DecodeError) as caught:
            await written(noun, {"message": "Done"})
        assert caught.value.path == "$.id"
        assert caught.value.may_have_applied


# --- whom to call ----------------------------------------------------------------------------------------------------


def test_an_escalation_policy_has_dates_without_milliseconds_and_null_targets() -> None:
    """33, 73."""
    policy = read(EscalationPolicy, b.POLICY_FULL)
    assert policy.created_at == datetime(2025, 4, 4, 4, 4, 4, tzinfo=UTC)
    assert policy.rules[0].order == 1
    assert policy.rules[0].actions[0].target_id is None


def test_a_shift_without_units_ends_and_restrictions() -> None:
    """41, 51, 76."""
    shift: JSON = {
        **b.SCHEDULE_FULL["onCallShifts"][0],
        "rotationType": "WEEKLY",
        "customRotationTypeValue": None,
        "customRotationTypeUnit": None,
        "endDate": None,
        "restrictionType": "NONE",
        "timeOfDayRestrictionStartTime": None,
        "timeIntervals": [],
    }
    schedule = read(OnCallSchedule, {**b.SCHEDULE_FULL, "status": "INACTIVE", "onCallShifts": [shift]})
    assert schedule.status == "INACTIVE"
    assert schedule.status is not None
    assert schedule.status.is_known
    (read_shift,) = schedule.on_call_shifts
    assert (read_shift.custom_rotation_type_unit, read_shift.custom_rotation_type_value) == (None, None)
    assert (read_shift.end_date, read_shift.time_intervals) == (None, ())
    assert read_shift.time_of_day_restriction_start_time is None
    assert [member.order for member in read_shift.members] == [2, 1]
    full = read(OnCallSchedule, b.SCHEDULE_FULL).on_call_shifts[0]
    assert full.time_intervals[0].start_day_time == time(19)


def test_a_workspace_and_the_key_that_is_spelt_otherwise() -> None:
    """42."""
    workspace = read(Workspace, {**b.WORKSPACE_FULL, "useSsoLogin": False})
    assert workspace.use_sso_login is True
    assert workspace.extra == {"useSsoLogin": False}
    assert workspace.long_running_incident_notification_settings == (0.5, 2, 12)


# --- what everybody sees ---------------------------------------------------------------------------------------------


async def summary(reply: Any, **options: Any) -> PublicSummary:
    async with (
        HostileServer(answer(reply, **options)) as server,
        PublicStatusPage(server.url, retry=RetryPolicy(attempts=1)) as page,
    ):
        found = await page.summary()
        assert server.lines == ["GET /summary.json"]
        assert "authorization" not in server.requests[0].headers
        return found


async def components(reply: Any) -> list[PublicComponent]:
    async with HostileServer(answer(reply)) as server, PublicStatusPage(server.url) as page:
        return [*await page.components()]


async def test_a_quiet_page_leaves_its_lists_out() -> None:
    """80."""
    found = await summary({"page": {"name": "Quayside", "url": "https://status.quayside.example", "status": "UP"}})
    assert found.page.status is PublicPageStatus.UP
    assert (found.active_incidents, found.active_maintenances) == ((), ())


async def test_each_list_is_left_out_on_its_own() -> None:
    """80, 81: a page may be UP while an incident is open."""
    body: JSON = {"page": {"name": "Quayside", "status": "UP"}, "activeIncidents": b.SUMMARY["activeIncidents"]}
    found = await summary(body)
    assert found.page.status is PublicPageStatus.UP
    assert [incident.id for incident in found.active_incidents] == [b.INCIDENT]
    assert found.active_maintenances == ()
    found = await summary({"page": body["page"], "activeMaintenances": b.SUMMARY["activeMaintenances"]})
    assert (found.active_incidents, found.active_maintenances[0].duration) == ((), 90)


async def test_the_summary_of_2022() -> None:
    """34, 38, 83: dates as JavaScript prints them, a duration as text, no ids."""
    date = "Sun Jul 03 2022 04:15:09 GMT+0000 (Coordinated Universal Time)"
    found = await summary(
        {
            "page": {"name": "Quayside", "url": "https://status.quayside.example", "status": "HASISSUES"},
            "activeIncidents": [
                {
                    "name": "Fog",
                    "started": date,
                    "status": "INVESTIGATING",
                    "impact": "MAJOROUTAGE",
                    "url": "https://x.example/incident/1",
                }
            ],
            "activeMaintenances": [
                {"name": "Dredging", "start": date, "status": "NOTSTARTEDYET", "duration": "45", "url": "_"}
            ],
        }
    )
    moment = datetime(2022, 7, 3, 4, 15, 9, tzinfo=UTC)
    assert (found.active_incidents[0].started, found.active_maintenances[0].start) == (moment, moment)
    assert (found.active_incidents[0].id, found.active_maintenances[0].updated_at) == (None, None)
    assert found.active_maintenances[0].duration == 45


async def test_a_page_that_has_moved_names_its_new_address() -> None:
    """82."""
    assert (await summary({"page": {"status": "UP", "url": "https://new.example"}})).page.url == "https://new.example"
    assert (await summary({"page": {"status": "UP", "name": "Q"}})).page.url is None


SHELL = b"<!DOCTYPE html><html><head><title>404</title></head><body></body></html>"


async def test_web_pages_are_no_status_pages() -> None:
    """88: whatever their HTTP status."""
    with pytest.raises(NotFoundError, match="Is this the address of an Instatus page"):
        await summary(None, raw=SHELL, status=404)
    with pytest.raises(DecodeError, match="HTML instead of JSON"):
        await summary(None, raw=SHELL)


@pytest.mark.parametrize(
    "body",
    [
        {"page": {"name": "Q", "url": "https://q.example", "status": "HAS_ISSUES"}},
        {
            "page": {"name": "Q", "status": "UP"},
            "activeIncidents": [
                {"name": "x", "status": "OPEN", "severity": "MAJOR", "startedAt": "2026-01-01T00:00:00Z"}
            ],
        },
        {"page": {"name": "Atlassian has these", "id": "x"}, "components": [], "incidents": []},
        [],
        {},
        None,
    ],
)
async def test_look_alikes(body: Any) -> None:
    """87, 91."""
    with pytest.raises(DecodeError):
        await summary(body)


GROUP: JSON = {"id": b.TERMINALS, "name": "Terminals", "description": ""}
NORTH: JSON = {"id": "north", "name": "North pier", "description": "", "status": "MAJOROUTAGE", "group": GROUP}
SOUTH: JSON = {"id": "south", "name": "South pier", "status": "PARTIALOUTAGE", "group": GROUP}
PARENT: JSON = {**GROUP, "status": "OPERATIONAL", "group": None}
ALONE: JSON = {"id": "booking", "name": "Booking", "status": "OPERATIONAL", "group": None}


def check_tree(found: list[PublicComponent], *order: str) -> PublicComponent:
    """All components in the page's order; Terminals with two piers under it, and Booking beside it."""
    assert [component.id for component in found] == list(order)
    by_id = {component.id: component for component in found}
    parent, alone = by_id[b.TERMINALS], by_id["booking"]
    assert (parent.name, parent.is_parent, parent.parent_id) == ("Terminals", True, None)
    assert (alone.is_parent, alone.parent_id, alone.group, alone.children) == (False, None, None, ())
    assert parent.children == (by_id["north"], by_id["south"])
    for child in parent.children:
        assert (child.parent_id, child.is_parent, child.children) == (b.TERMINALS, False, ())
        assert child.group is not None
        assert (child.group.id, child.group.name) == (b.TERMINALS, "Terminals")
    assert parent.children[0].status is ComponentStatus.MAJOR_OUTAGE
    return parent


async def test_a_flat_list_with_a_child_before_its_parent() -> None:
    """84: the parent's status is its own."""
    found = await components({"components": [NORTH, PARENT, SOUTH, ALONE]})
    parent = check_tree(found, "north", b.TERMINALS, "south", "booking")
    assert parent.status is ComponentStatus.OPERATIONAL
    assert parent.children[1].description is None


@pytest.mark.parametrize("group", [{"id": b.TERMINALS}, "Terminals", b.TERMINALS, {"name": "Terminals"}])
async def test_children_that_say_little_of_their_parent(group: Any) -> None:
    """50, 84."""
    rows = [ALONE, PARENT, {**NORTH, "group": group}, {**SOUTH, "group": group}]
    check_tree(await components({"components": rows}), "booking", b.TERMINALS, "north", "south")


async def test_a_parent_that_is_not_listed() -> None:
    """What nobody says is the worst of the children."""
    parent = check_tree(
        await components({"components": [NORTH, SOUTH, ALONE]}), b.TERMINALS, "north", "south", "booking"
    )
    assert parent.status is ComponentStatus.MAJOR_OUTAGE


async def test_trees_bare_lists_and_both_at_once() -> None:
    """86."""
    piers: list[JSON] = [{**NORTH, "group": None}, {**SOUTH, "group": None, "isParent": False}]
    tree: JSON = {**PARENT, "isParent": True, "children": piers}
    order = (b.TERMINALS, "north", "south", "booking")
    check_tree(await components({"components": [tree, ALONE]}), *order)
    check_tree(await components([tree, ALONE]), *order)
    check_tree(await components([PARENT, NORTH, SOUTH, ALONE]), *order)
    check_tree(await components({"components": [tree, ALONE, NORTH, SOUTH]}), *order)


async def test_what_else_a_component_may_carry() -> None:
    """84, 85."""
    stale = {
        **ALONE,
        "description": "Our supplier sleeps",
        "activeIncidents": [{"id": b.INCIDENT, "status": "MONITORING"}],
    }
    (component,) = await components({"components": [stale]})
    assert component.description == "Our supplier sleeps"
    assert component.extra["activeIncidents"] == [{"id": b.INCIDENT, "status": "MONITORING"}]
    assert component.is_parent is False
    assert component.parent_id is None
    assert await components({"components": []}) == []


async def test_incidents_say_how_bad_they_are_in_words_nobody_wrote_down() -> None:
    """43."""
    incidents = [
        {**b.SUMMARY["activeIncidents"][0], "impact": impact} for impact in ("UNDERMAINTENANCE", "MINOROUTAGE", "DIRE")
    ]
    found = (await summary({**b.SUMMARY, "activeIncidents": incidents})).active_incidents
    assert [incident.impact for incident in found] == [
        IncidentImpact.UNDER_MAINTENANCE,
        IncidentImpact.MINOR_OUTAGE,
        "DIRE",
    ]
    assert found[0].status is IncidentStatus.INVESTIGATING
