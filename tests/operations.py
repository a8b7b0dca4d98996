"""The table: one row for each of the 87 operations, grouped by noun.

A row says what is called, what then goes out (target, body), what comes back (reply) and what the caller gets (gives,
expect). Every field that an operation takes is in its row. `test_operations.py` runs them all and proves that none is
missing.

To add an operation: add its row here. A method that looks for one record in a list has none of its own (the API has no
such operation, quirk 31); it is in SEARCHES, with the operation that it reads.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta, timezone
from types import NoneType
from typing import Any, Final

import attrs

from instatus_async import (
    ActionType,
    AssertionType,
    AudienceGroup,
    ComparisonType,
    Component,
    ComponentStatus,
    CustomRotationTypeUnit,
    Datapoint,
    DayOfWeek,
    Effect,
    EscalationPolicy,
    EscalationRuleCondition,
    HttpMethod,
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
    MonitorAlert,
    MonitorAlertType,
    MonitorAssertionType,
    MonitorGroup,
    MonitorLocation,
    MonitorRun,
    MonitorStatus,
    MonitorType,
    OnCallMembers,
    OnCallSchedule,
    Page,
    PageFields,
    PageStatus,
    PublicPageStatus,
    PublicStatusPage,
    PublicSummary,
    RestrictionType,
    RotationType,
    RoutingRule,
    ScheduleStatus,
    SecureLink,
    SmsService,
    StatusPage,
    Subscriber,
    Teammate,
    TeammatePermission,
    Template,
    TemplateStatus,
    TemplateType,
    UserProfile,
    Workspace,
)

from . import bodies as b

READ, IDEMPOTENT, DATAPOINT, NOTIFY = Effect.READ, Effect.IDEMPOTENT, Effect.DATAPOINT, Effect.NOTIFY

UNREADABLE: Final = object()
"""An answer without a body raises DecodeError."""


@attrs.frozen
class Handles:
    """What the calls start from."""

    client: InstatusClient
    page: Page
    public: PublicStatusPage


@attrs.frozen
class Row:
    """One operation."""

    operation: str  # "PUT /v2/{page_id}", as the API's documents write it
    call: Callable[[Handles], Any]
    target: str = attrs.field(kw_only=True)  # the path and query that go out; of a list, its first page
    effect: Effect = attrs.field(kw_only=True)
    body: Any = attrs.field(default=None, kw_only=True)  # the JSON that goes out
    needs: str = attrs.field(default="", kw_only=True)  # the fields that it cannot do without
    reply: Any = attrs.field(kw_only=True)  # the JSON that comes back; None is an answer without a body
    gives: type = attrs.field(default=NoneType, kw_only=True)  # what the caller gets; of a list, its items
    expect: Mapping[str, object] = attrs.field(factory=dict[str, object], kw_only=True)  # attribute path -> value
    # The keys of the reply that are its frame, not its data: reduced answers keep them.
    frame: Collection[str] = attrs.field(default=(), kw_only=True)
    # What a 204 in place of the reply gives.
    empty: object = attrs.field(default=UNREADABLE, kw_only=True)
    # The same call, telling nobody: it may then be sent twice.
    quiet: Callable[[Handles], Any] | None = attrs.field(default=None, kw_only=True)

    @property
    def method(self) -> str:
        return self.operation.split(" ")[0]

    @property
    def path(self) -> str:
        return self.operation.split(" ")[1]

    @property
    def pages(self) -> Sequence[tuple[str, Any]]:
        """The requests of the call: (target, reply). A list is read up to its first empty page."""
        second = re.sub(r"(?<=[?&])page=1(?=&)", "page=2", self.target)
        if second == self.target:
            return [(self.target, self.reply)]
        envelope: dict[str, list[Any]] = {key: [] for key in self.frame}
        return [(self.target, self.reply), (second, envelope or [])]


def get(
    operation: str,
    call: Callable[[Handles], Any],
    target: str,
    reply: Any,
    gives: type,
    effect: Effect = READ,
    **more: Any,
) -> Row:
    return Row(operation, call, target=target, reply=reply, gives=gives, effect=effect, **more)


def delete(operation: str, call: Callable[[Handles], Any], target: str, reply: Any) -> Row:
    """Every delete gives None, whatever the answer repeats of the record."""
    return Row(operation, call, target=target, reply=reply, effect=IDEMPOTENT, empty=None)


def wrapped(key: str, value: b.JSON) -> b.JSON:
    return {key: value, "message": "Done"}


def paged(key: str, value: b.JSON) -> b.JSON:
    """An envelope with the numbers that contradict the query, as the service gives them."""
    return {key: [value], "total": 10, "page": 3, "totalPages": 5, "limit": 2}


# --- values that go out ----------------------------------------------------------------------------------------------

CEST = timezone(timedelta(hours=2))
STARTED = datetime(2025, 6, 19, 22, 31, 7, 250_000, tzinfo=CEST)
STARTED_SENT = "2025-06-19T20:31:07.250Z"
START = datetime(2026, 1, 12, 1, 0, 0, 500_900, tzinfo=UTC)
START_SENT = "2026-01-12T01:00:00.500Z"
END = datetime(2026, 1, 12, 2, 30, tzinfo=UTC)
END_SENT = "2026-01-12T02:30:00.000Z"

NAMES = {"name": {"fr": "Cartes refusées", "pt-BR": "Cartões"}, "message": {"fr": "Nous cherchons"}}
MESSAGES = {"message": {"fr": "Nous cherchons"}}
ONE_TOLD_BY_STATUS = [{"id": b.TICKETS, "status": "PARTIALOUTAGE"}, {"id": b.BOOKING, "status": "OPERATIONAL"}]

# What a new page and a changed one share.
LOOKS: PageFields = {
    "logo_url": "https://quayside.example/logo.svg",
    "favicon_url": "https://quayside.example/icon.png",
    "website_url": "https://quayside.example",
    "language": "en",
    "use_large_header": True,
    "brand_color": "#045",
    "ok_color": "#14A05A",
    "disrupted_color": "#E08010",
    "degraded_color": "#D8B020",
    "down_color": "#B01030",
    "notice_color": "#607080",
    "unknown_color": "rgb(200, 200, 200)",
    "google_analytics": "UA-1",
    "subscribe_by_sms": True,
    "sms_service": SmsService.ESENDEX,
    "twilio_sid": "t1",
    "twilio_token": "t2",
    "twilio_sender": "t3",
    "esendex_username": "e1",
    "esendex_password": "e2",
    "esendex_account_ref": "e3",
    "nexmo_key": None,
    "nexmo_secret": "n2",
    "nexmo_sender": None,
    "html_in_meta": None,
    "html_above_header": "<b>",
    "html_below_header": None,
    "html_above_footer": None,
    "html_below_footer": "</b>",
    "html_below_summary": None,
    "css_global": "p {}",
    "launch_date": None,
    "date_format": "d MMMM yyyy",
    "date_format_short": "MMM yyyy",
    "time_format": "HH:mm",
}
LOOKS_SENT = {
    "logoUrl": "https://quayside.example/logo.svg",
    "faviconUrl": "https://quayside.example/icon.png",
    "websiteUrl": "https://quayside.example",
    "language": "en",
    "useLargeHeader": True,
    "brandColor": "#045",
    "okColor": "#14A05A",
    "disruptedColor": "#E08010",
    "degradedColor": "#D8B020",
    "downColor": "#B01030",
    "noticeColor": "#607080",
    "unknownColor": "rgb(200, 200, 200)",
    "googleAnalytics": "UA-1",
    "subscribeBySms": True,
    "smsService": "esendex",
    "twilioSid": "t1",
    "twilioToken": "t2",
    "twilioSender": "t3",
    "esendexUsername": "e1",
    "esendexPassword": "e2",
    "esendexAccountRef": "e3",
    "nexmoKey": None,
    "nexmoSecret": "n2",
    "nexmoSender": None,
    "htmlInMeta": None,
    "htmlAboveHeader": "<b>",
    "htmlBelowHeader": None,
    "htmlAboveFooter": None,
    "htmlBelowFooter": "</b>",
    "htmlBelowSummary": None,
    "cssGlobal": "p {}",
    "launchDate": None,
    "dateFormat": "d MMMM yyyy",
    "dateFormatShort": "MMM yyyy",
    "timeFormat": "HH:mm",
}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


# --- the account -----------------------------------------------------------------------------------------------------

ACCOUNT = [
    get(
        "GET /v2/pages",
        lambda h: h.client.pages.list(per_page=2),
        "/v2/pages?page=1&per_page=2",
        [b.PAGE_ROW],
        StatusPage,
        empty=[],
        expect={
            "0.id": b.PAGE,
            "0.name": "Quayside Ferries",
            "0.status": PageStatus.HAS_ISSUES,
            "0.ok_color": "rgba(20, 160, 90, 1)",
            "0.sms_service": SmsService.VONAGE,
            "0.created_at": at("2025-02-03T07:15:42.118Z"),
            "0.secure_link": "https://quayside.instatus.com/auth?jwt=header.payload.signature",
        },
    ),
    Row(
        "POST /v1/pages",
        lambda h: h.client.pages.create(
            email="harbour@quayside.example",
            name="Quayside Ferries",
            subdomain="quayside",
            components=("Ticket machines", "Booking"),
            workspace=b.WORKSPACE,
            **LOOKS,
        ),
        target="/v1/pages",
        effect=NOTIFY,
        needs="email name subdomain components",
        body={
            "email": "harbour@quayside.example",
            "name": "Quayside Ferries",
            "subdomain": "quayside",
            "components": ["Ticket machines", "Booking"],
            "workspace": b.WORKSPACE,
            **LOOKS_SENT,
        },
        reply=b.PAGE_WRITTEN,
        gives=StatusPage,
        expect={
            "id": b.PAGE,
            "status": PageStatus.UP,
            "components.0.id": b.TICKETS,
            "components.0.order": None,
            "allow_list": ("crew@quayside.example",),
            "translations": {"name": {"fr": "Ferries du Quai"}},
        },
    ),
    get(
        "GET /v1/user",
        lambda h: h.client.user.get(),
        "/v1/user",
        b.PROFILE,
        UserProfile,
        expect={"id": b.USER, "name": "Mina", "slug": "mina-q", "avatar": None},
    ),
    get(
        "GET /v1/workspaces",
        lambda h: h.client.workspaces.list(per_page=100),
        "/v1/workspaces?page=1&per_page=100",
        [b.WORKSPACE_FULL],
        Workspace,
        empty=[],
        expect={
            "0.id": b.WORKSPACE,
            "0.sites": (b.PAGE,),
            "0.use_sso_login": True,
            "0.use_google_login": False,
            "0.long_running_incident_notification_settings": (0.5, 2, 12),
        },
    ),
    Row(
        "POST /v1/workspaces",
        lambda h: h.client.workspaces.create(
            name="Quayside",
            slug="quayside",
            send_new_workspace_members_status_page_updates=True,
            send_new_workspace_members_automation_integration_notifications=False,
            send_new_workspace_members_invalid_custom_domain_notifications=True,
            send_new_workspace_members_phone_call_notifications=False,
            send_new_workspace_members_weekly_reports_notifications=True,
            long_running_incident_notification_settings=[0.5, 2],
        ),
        target="/v1/workspaces",
        effect=NOTIFY,
        body={
            "name": "Quayside",
            "slug": "quayside",
            "sendNewWorkspaceMembersStatusPageUpdates": True,
            "sendNewWorkspaceMembersAutomationIntegrationNotifications": False,
            "sendNewWorkspaceMembersInvalidCustomDomainNotifications": True,
            "sendNewWorkspaceMembersPhoneCallNotifications": False,
            "sendNewWorkspaceMembersWeeklyReportsNotifications": True,
            "longRunningIncidentNotificationSettings": [0.5, 2],
        },
        reply=b.WORKSPACE_FULL,
        gives=Workspace,
        expect={"id": b.WORKSPACE, "slug": "quayside", "allowed_email_domains": ("quayside.example",)},
    ),
    delete(
        "DELETE /v1/workspaces/{workspace_id}",
        lambda h: h.client.workspaces.delete(b.WORKSPACE),
        f"/v1/workspaces/{b.WORKSPACE}",
        {"id": b.WORKSPACE},
    ),
]

# --- one page --------------------------------------------------------------------------------------------------------

ONE_PAGE = [
    Row(
        "PUT /v2/{page_id}",
        lambda h: h.page.update(
            id=b.PAGE,
            name="Quayside Ferries",
            status="ONEPARTIALOUTAGE",
            subdomain="quayside",
            public_email="harbour@quayside.example",
            private=False,
            use_allow_list=True,
            translations={"name": {"fr": "Ferries du Quai"}},
            **LOOKS,
        ),
        target=f"/v2/{b.PAGE}",
        effect=IDEMPOTENT,
        body={
            "id": b.PAGE,
            "name": "Quayside Ferries",
            "status": "ONEPARTIALOUTAGE",
            "subdomain": "quayside",
            "publicEmail": "harbour@quayside.example",
            "private": False,
            "useAllowList": True,
            "translations": {"name": {"fr": "Ferries du Quai"}},
            **LOOKS_SENT,
        },
        reply=b.PAGE_WRITTEN,
        gives=StatusPage,
        expect={"id": b.PAGE, "time_format": "HH:mm", "public_email": "harbour@quayside.example"},
    ),
    delete("DELETE /v2/{page_id}", lambda h: h.page.delete(), f"/v2/{b.PAGE}", {"id": b.PAGE}),
    Row(
        "POST /v1/{page_id}/regenerate-secure-link",
        lambda h: h.page.regenerate_secure_link(),
        target=f"/v1/{b.PAGE}/regenerate-secure-link",
        effect=NOTIFY,
        reply={"id": b.PAGE, "secureLink": "https://quayside.instatus.com/auth?jwt=new.new.new"},
        gives=SecureLink,
        expect={"id": b.PAGE, "secure_link": "https://quayside.instatus.com/auth?jwt=new.new.new"},
    ),
    get(
        "GET /summary.json",
        lambda h: h.public.summary(),
        "/summary.json",
        b.SUMMARY,
        PublicSummary,
        frame=["page"],  # an answer without it is no status page's
        expect={
            "page.status": PublicPageStatus.HAS_ISSUES,
            "page.url": "https://status.quayside.example",
            "active_incidents.0.id": b.INCIDENT,
            "active_incidents.0.impact": IncidentImpact.PARTIAL_OUTAGE,
            "active_incidents.0.started": at("2025-06-19T20:31:07Z"),
            "active_maintenances.0.duration": 90,
            "active_maintenances.0.status": MaintenanceStatus.NOT_STARTED_YET,
        },
    ),
]

# --- components ------------------------------------------------------------------------------------------------------

COMPONENTS = [
    get(
        "GET /v1/{page_id}/components",
        lambda h: h.page.components.list(per_page=25),
        f"/v1/{b.PAGE}/components?page=1&per_page=25",
        [b.COMPONENT],
        Component,
        empty=[],
        expect={
            "0.id": b.TICKETS,
            "0.status": ComponentStatus.PARTIAL_OUTAGE,
            "0.group.name": "Terminals",
            "0.group_id": b.TERMINALS,
            "0.start_date": at("2025-02-03T00:00:00Z"),
        },
    ),
    Row(
        "POST /v1/{page_id}/components",
        lambda h: h.page.components.create(
            name="Ticket machines",
            description=None,
            status=ComponentStatus.PARTIAL_OUTAGE,
            order=6,
            show_uptime=True,
            grouped=True,
            group=b.TERMINALS,
            archived=False,
            start_date=STARTED,
            translations={"name": {"fr": "Billetterie"}, "description": {"fr": "Au quai"}},
        ),
        target=f"/v1/{b.PAGE}/components",
        effect=NOTIFY,
        needs="name",
        body={
            "name": "Ticket machines",
            "description": None,
            "status": "PARTIALOUTAGE",
            "order": 6,
            "showUptime": True,
            "grouped": True,
            "group": b.TERMINALS,
            "archived": False,
            "startDate": STARTED_SENT,
            "translations": {"name": {"fr": "Billetterie"}, "description": {"fr": "Au quai"}},
        },
        reply=b.COMPONENT,
        gives=Component,
        expect={"id": b.TICKETS, "order": 8, "unique_email": "ticket-machines-q1w2@automation.example"},
    ),
    get(
        "GET /v1/{page_id}/components/{component_id}",
        lambda h: h.page.components.get(b.TICKETS),
        f"/v1/{b.PAGE}/components/{b.TICKETS}",
        b.COMPONENT,
        Component,
        expect={"id": b.TICKETS, "description": "The red boxes on the pier", "group.id": b.TERMINALS},
    ),
    Row(
        "PUT /v1/{page_id}/components/{component_id}",
        lambda h: h.page.components.update(
            b.TICKETS,
            name="Ticket machines",
            description="The red boxes",
            status="UNDERMAINTENANCE",
            order=1,
            show_uptime=False,
            grouped=False,
            archived=True,
            translations={"name": {"fr": "Billetterie"}},
        ),
        target=f"/v1/{b.PAGE}/components/{b.TICKETS}",
        effect=IDEMPOTENT,
        body={
            "name": "Ticket machines",
            "description": "The red boxes",
            "status": "UNDERMAINTENANCE",
            "order": 1,
            "showUptime": False,
            "grouped": False,
            "archived": True,
            "translations": {"name": {"fr": "Billetterie"}},
        },
        reply=b.COMPONENT,
        gives=Component,
        expect={
            "id": b.TICKETS,
            "archived_at": None,
            "translations": {"name": {"fr": "Billetterie"}, "description": None},
        },
    ),
    delete(
        "DELETE /v1/{page_id}/components/{component_id}",
        lambda h: h.page.components.delete(b.TICKETS),
        f"/v1/{b.PAGE}/components/{b.TICKETS}",
        {"id": b.TICKETS},
    ),
]

# --- incidents -------------------------------------------------------------------------------------------------------

_INCIDENTS = f"/v1/{b.PAGE}/incidents"
_UPDATES = f"{_INCIDENTS}/{b.INCIDENT}/incident-updates"

INCIDENTS = [
    get(
        "GET /v1/{page_id}/incidents",
        lambda h: h.page.incidents.list(
            status=[IncidentStatus.INVESTIGATING, "IDENTIFIED"], exclude_status="RESOLVED", per_page=50
        ),
        f"{_INCIDENTS}?status=INVESTIGATING%2CIDENTIFIED&%21status=RESOLVED&page=1&per_page=50",
        [b.INCIDENT_FULL],
        Incident,
        empty=[],
        expect={
            "0.id": b.INCIDENT,
            "0.resolved": at("2025-06-19T20:55:12Z"),
            "0.updates.0.duration": 1445,
            "0.updates.1.ended": None,
            "0.components.0.status": ComponentStatus.PARTIAL_OUTAGE,
            "0.components.0.site.subdomain": "quayside",
        },
    ),
    Row(
        "POST /v1/{page_id}/incidents",
        lambda h: h.page.incidents.create(
            name="Ticket machines refuse cards",
            message="Cards don't work at the pier",
            status=IncidentStatus.INVESTIGATING,
            started=STARTED,
            components=[b.TERMINALS],
            statuses={b.TICKETS: ComponentStatus.PARTIAL_OUTAGE, b.BOOKING: "OPERATIONAL"},
            notify=True,
            should_publish=True,
            translations=NAMES,
        ),
        target=_INCIDENTS,
        effect=NOTIFY,
        needs="name status",
        body={
            "name": "Ticket machines refuse cards",
            "message": "Cards don't work at the pier",
            "status": "INVESTIGATING",
            "started": STARTED_SENT,
            "components": [b.TERMINALS, b.TICKETS, b.BOOKING],
            "statuses": ONE_TOLD_BY_STATUS,
            "notify": True,
            "shouldPublish": True,
            "translations": NAMES,
        },
        reply=b.INCIDENT_FULL,
        gives=Incident,
        expect={"id": b.INCIDENT, "status": IncidentStatus.RESOLVED, "updates.0.id": b.INCIDENT_UPDATE},
    ),
    get(
        "GET /v1/{page_id}/incidents/{incident_id}",
        lambda h: h.page.incidents.get(b.INCIDENT),
        f"{_INCIDENTS}/{b.INCIDENT}",
        b.INCIDENT_FULL,
        Incident,
        expect={"id": b.INCIDENT, "started": at("2025-06-19T20:31:07Z"), "updates.1.message": "Cards work again"},
    ),
    Row(
        "PUT /v1/{page_id}/incidents/{incident_id}",
        lambda h: h.page.incidents.update(
            b.INCIDENT,
            name="Ticket machines refuse cards",
            message="They take them again",
            status="MONITORING",
            started=STARTED,
            components=(b.TICKETS,),
            statuses={b.TICKETS: "PARTIALOUTAGE", b.BOOKING: ComponentStatus.OPERATIONAL},
            notify=True,
            translations=NAMES,
        ),
        target=f"{_INCIDENTS}/{b.INCIDENT}",
        effect=NOTIFY,
        quiet=lambda h: h.page.incidents.update(b.INCIDENT, name="Cards", notify=False),
        body={
            "name": "Ticket machines refuse cards",
            "message": "They take them again",
            "status": "MONITORING",
            "started": STARTED_SENT,
            "components": [b.TICKETS, b.BOOKING],
            "statuses": ONE_TOLD_BY_STATUS,
            "notify": True,
            "translations": NAMES,
        },
        reply=b.INCIDENT_FULL,
        gives=Incident,
        expect={"id": b.INCIDENT, "duration": 24},
    ),
    delete(
        "DELETE /v1/{page_id}/incidents/{incident_id}",
        lambda h: h.page.incidents.delete(b.INCIDENT),
        f"{_INCIDENTS}/{b.INCIDENT}",
        {"id": b.INCIDENT},
    ),
    Row(
        "POST /v1/{page_id}/incidents/{template}",
        lambda h: h.page.incidents.create_from_template("fog/strait & more?"),
        target=f"{_INCIDENTS}/fog%2Fstrait%20%26%20more%3F",
        effect=NOTIFY,
        reply=b.INCIDENT_FROM_TEMPLATE,
        gives=Incident,
        expect={
            "id": b.INCIDENT,
            "impact": IncidentImpact.DEGRADED_PERFORMANCE,
            "updates": (),
            "site_id": b.PAGE,
            "updated_at": at("2025-11-05T06:02:44.021Z"),
        },
    ),
    get(
        "GET /v1/{page_id}/incidents/{incident_id}/incident-updates/{incident_update_id}",
        lambda h: h.page.incidents.updates.get(b.INCIDENT, b.INCIDENT_UPDATE),
        f"{_UPDATES}/{b.INCIDENT_UPDATE}",
        b.INCIDENT_UPDATE_FULL,
        IncidentUpdate,
        expect={
            "id": b.INCIDENT_UPDATE,
            "incident.id": b.INCIDENT,
            "incident.components.0.site.id": None,
            "incident.components.0.site.name": "quayside",
        },
    ),
    Row(
        "PUT /v1/{page_id}/incidents/{incident_id}/incident-updates/{incident_update_id}",
        lambda h: h.page.incidents.updates.update(
            b.INCIDENT,
            b.INCIDENT_UPDATE,
            message="An engineer is on the 21:10 boat",
            status=IncidentStatus.IDENTIFIED,
            started=STARTED,
            components=[b.TICKETS],
            statuses={b.TICKETS: "PARTIALOUTAGE", b.BOOKING: "OPERATIONAL"},
            notify=True,
            translations=MESSAGES,
        ),
        target=f"{_UPDATES}/{b.INCIDENT_UPDATE}",
        effect=NOTIFY,
        quiet=lambda h: h.page.incidents.updates.update(b.INCIDENT, b.INCIDENT_UPDATE, message="m", notify=False),
        body={
            "message": "An engineer is on the 21:10 boat",
            "status": "IDENTIFIED",
            "started": STARTED_SENT,
            "components": [b.TICKETS, b.BOOKING],
            "statuses": ONE_TOLD_BY_STATUS,
            "notify": True,
            "translations": MESSAGES,
        },
        reply=b.INCIDENT_UPDATE_FULL,
        gives=IncidentUpdate,
        expect={"id": b.INCIDENT_UPDATE, "status": IncidentStatus.IDENTIFIED, "notify": True},
    ),
    delete(
        "DELETE /v1/{page_id}/incidents/{incident_id}/incident-updates/{incident_update_id}",
        lambda h: h.page.incidents.updates.delete(b.INCIDENT, b.INCIDENT_UPDATE),
        f"{_UPDATES}/{b.INCIDENT_UPDATE}",
        {"id": b.INCIDENT_UPDATE},
    ),
    Row(
        "POST /v1/{page_id}/incidents/{incident_id}/incident-updates",
        lambda h: h.page.incidents.updates.create(
            b.INCIDENT,
            message="An engineer is on the 21:10 boat",
            status="IDENTIFIED",
            started=STARTED,
            components=[b.TICKETS, b.BOOKING],
            statuses={b.TICKETS: ComponentStatus.PARTIAL_OUTAGE, b.BOOKING: ComponentStatus.OPERATIONAL},
            notify=True,
            translations=MESSAGES,
        ),
        target=_UPDATES,
        effect=NOTIFY,
        needs="status statuses",
        body={
            "message": "An engineer is on the 21:10 boat",
            "status": "IDENTIFIED",
            "started": STARTED_SENT,
            "components": [b.TICKETS, b.BOOKING],
            "statuses": ONE_TOLD_BY_STATUS,
            "notify": True,
            "translations": MESSAGES,
        },
        reply=b.INCIDENT_UPDATE_FULL,
        gives=IncidentUpdate,
        expect={"id": b.INCIDENT_UPDATE, "started": at("2025-06-19T20:40:00.250Z")},
    ),
    Row(
        "POST /v2/{page_id}/incidents/{incident_id}/incident-updates/{template}",
        lambda h: h.page.incidents.updates.create_from_template(b.INCIDENT, "brouillard levé"),
        target=f"/v2/{b.PAGE}/incidents/{b.INCIDENT}/incident-updates/brouillard%20lev%C3%A9",
        effect=NOTIFY,
        reply=b.UPDATE_FROM_TEMPLATE,
        gives=IncidentUpdate,
        expect={"id": b.LATER_UPDATE, "incident_id": b.INCIDENT, "message": "The fog has lifted"},
    ),
]

# --- maintenances ----------------------------------------------------------------------------------------------------

_MAINTENANCES = f"/v1/{b.PAGE}/maintenances"
_MAINTENANCE_UPDATES = f"{_MAINTENANCES}/{b.MAINTENANCE}/maintenance-updates"

MAINTENANCES = [
    get(
        "GET /v1/{page_id}/maintenances",
        lambda h: h.page.maintenances.list(per_page=10),
        f"{_MAINTENANCES}?page=1&per_page=10",
        [b.MAINTENANCE_FULL],
        Maintenance,
        empty=[],
        expect={
            "0.id": b.MAINTENANCE,
            "0.notify_minutes": 120,
            "0.auto_end": True,
            "0.end": None,
            "0.notify_end": False,
        },
    ),
    Row(
        "POST /v1/{page_id}/maintenances",
        lambda h: h.page.maintenances.create(
            name="New gangway software",
            message="Gangways stay down",
            components=[b.TICKETS],
            statuses={b.TICKETS: "PARTIALOUTAGE", b.BOOKING: ComponentStatus.OPERATIONAL},
            start=START,
            end=END,
            status=MaintenanceStatus.NOT_STARTED_YET,
            notify=True,
            duration=90,
            notify_start=True,
            notify_end=False,
            notify_early=True,
            notify_minutes=120,
            auto_start=True,
            auto_end=True,
            is_collapsed=True,
            expand_at=END,
            translations=NAMES,
        ),
        target=_MAINTENANCES,
        effect=NOTIFY,
        needs="name start end status notify notify_start notify_end notify_early auto_start auto_end",
        body={
            "name": "New gangway software",
            "message": "Gangways stay down",
            "components": [b.TICKETS, b.BOOKING],
            "statuses": ONE_TOLD_BY_STATUS,
            "start": START_SENT,
            "end": END_SENT,
            "status": "NOTSTARTEDYET",
            "notify": True,
            "duration": 90,
            "notifyStart": True,
            "notifyEnd": False,
            "notifyEarly": True,
            "notifyMinutes": 120,
            "autoStart": True,
            "autoEnd": True,
            "isCollapsed": True,
            "expandAt": END_SENT,
            "translations": NAMES,
        },
        reply=b.MAINTENANCE_CREATED,
        gives=Maintenance,
        expect={"id": b.MAINTENANCE, "end": at("2026-01-12T02:30:00.500Z"), "auto_start": None},
    ),
    get(
        "GET /v1/{page_id}/maintenances/{maintenance_id}",
        lambda h: h.page.maintenances.get(b.MAINTENANCE),
        f"{_MAINTENANCES}/{b.MAINTENANCE}",
        b.MAINTENANCE_FULL,
        Maintenance,
        expect={"id": b.MAINTENANCE, "start": at("2026-01-12T01:00:00.500Z"), "updates.0.id": b.MAINTENANCE_UPDATE},
    ),
    Row(
        "PUT /v1/{page_id}/maintenances/{maintenance_id}",
        lambda h: h.page.maintenances.update(
            b.MAINTENANCE,
            name="New gangway software",
            message="Gangways stay down",
            components=[b.TICKETS, b.BOOKING],
            statuses={b.TICKETS: "PARTIALOUTAGE", b.BOOKING: "OPERATIONAL"},
            start=START,
            end=END,
            status="NOTSTARTEDYET",
            notify=True,
            auto_start=False,
            auto_end=True,
            duration=90,
            translations=NAMES,
        ),
        target=f"{_MAINTENANCES}/{b.MAINTENANCE}",
        effect=NOTIFY,
        needs="message statuses start end status notify auto_start auto_end duration",
        quiet=lambda h: h.page.maintenances.update(
            b.MAINTENANCE,
            message="m",
            statuses={b.TICKETS: "OPERATIONAL"},
            start=START,
            end=END,
            status="NOTSTARTEDYET",
            notify=False,
            auto_start=False,
            auto_end=True,
            duration=90,
        ),
        body={
            "name": "New gangway software",
            "message": "Gangways stay down",
            "components": [b.TICKETS, b.BOOKING],
            "statuses": ONE_TOLD_BY_STATUS,
            "start": START_SENT,
            "end": END_SENT,
            "status": "NOTSTARTEDYET",
            "notify": True,
            "autoStart": False,
            "autoEnd": True,
            "duration": 90,
            "translations": NAMES,
        },
        reply=b.MAINTENANCE_WRITTEN,
        gives=Maintenance,
        expect={"id": b.MAINTENANCE, "duration": 90},
    ),
    delete(
        "DELETE /v1/{page_id}/maintenances/{maintenance_id}",
        lambda h: h.page.maintenances.delete(b.MAINTENANCE),
        f"{_MAINTENANCES}/{b.MAINTENANCE}",
        {"id": b.MAINTENANCE},
    ),
    get(
        "GET /v1/{page_id}/maintenances/{maintenance_id}/maintenance-updates/{maintenance_update_id}",
        lambda h: h.page.maintenances.updates.get(b.MAINTENANCE, b.MAINTENANCE_UPDATE),
        f"{_MAINTENANCE_UPDATES}/{b.MAINTENANCE_UPDATE}",
        b.MAINTENANCE_UPDATE_FULL,
        MaintenanceUpdate,
        expect={"id": b.MAINTENANCE_UPDATE, "maintenance.id": b.MAINTENANCE, "status": MaintenanceStatus.IN_PROGRESS},
    ),
    Row(
        "PUT /v1/{page_id}/maintenances/{maintenance_id}/maintenance-updates/{maintenance_update_id}",
        lambda h: h.page.maintenances.updates.update(
            b.MAINTENANCE,
            b.MAINTENANCE_UPDATE,
            message="The first gangway is done",
            components=[b.TICKETS],
            statuses={b.TICKETS: "PARTIALOUTAGE", b.BOOKING: "OPERATIONAL"},
            started=START,
            end=END,
            status=MaintenanceStatus.COMPLETED,
            notify=True,
            translations=MESSAGES,
        ),
        target=f"{_MAINTENANCE_UPDATES}/{b.MAINTENANCE_UPDATE}",
        effect=NOTIFY,
        quiet=lambda h: h.page.maintenances.updates.update(b.MAINTENANCE, b.MAINTENANCE_UPDATE, notify=False),
        body={
            "message": "The first gangway is done",
            "components": [b.TICKETS, b.BOOKING],
            "statuses": ONE_TOLD_BY_STATUS,
            "started": START_SENT,
            "end": END_SENT,
            "status": "COMPLETED",
            "notify": True,
            "translations": MESSAGES,
        },
        reply=b.MAINTENANCE_UPDATE_FULL,
        gives=MaintenanceUpdate,
        expect={"id": b.MAINTENANCE_UPDATE, "message": "The first gangway is done"},
    ),
    delete(
        "DELETE /v1/{page_id}/maintenances/{maintenance_id}/maintenance-updates/{maintenance_update_id}",
        lambda h: h.page.maintenances.updates.delete(b.MAINTENANCE, b.MAINTENANCE_UPDATE),
        f"{_MAINTENANCE_UPDATES}/{b.MAINTENANCE_UPDATE}",
        {"id": b.MAINTENANCE_UPDATE},
    ),
    Row(
        "POST /v1/{page_id}/maintenances/{maintenance_id}/maintenance-updates",
        lambda h: h.page.maintenances.updates.create(
            b.MAINTENANCE,
            message="The first gangway is done",
            components=[b.TICKETS],
            statuses={b.TICKETS: "PARTIALOUTAGE", b.BOOKING: "OPERATIONAL"},
            started=START,
            end=END,
            status="INPROGRESS",
            notify=True,
            translations=MESSAGES,
        ),
        target=_MAINTENANCE_UPDATES,
        effect=NOTIFY,
        body={
            "message": "The first gangway is done",
            "components": [b.TICKETS, b.BOOKING],
            "statuses": ONE_TOLD_BY_STATUS,
            "started": START_SENT,
            "end": END_SENT,
            "status": "INPROGRESS",
            "notify": True,
            "translations": MESSAGES,
        },
        reply=b.MAINTENANCE_UPDATE_FULL,
        gives=MaintenanceUpdate,
        expect={
            "id": b.MAINTENANCE_UPDATE,
            "maintenance.components.0.status": ComponentStatus.UNDER_MAINTENANCE,
            "maintenance.components.0.site.id": b.PAGE,
        },
    ),
]

# --- templates -------------------------------------------------------------------------------------------------------

TEMPLATES = [
    get(
        "GET /v1/{page_id}/templates",
        lambda h: h.page.templates.list(per_page=10),
        f"/v1/{b.PAGE}/templates?page=1&per_page=10",
        [b.TEMPLATE_FULL],
        Template,
        empty=[],
        expect={"0.id": b.TEMPLATE, "0.components.0.id": b.TEMPLATE_ROW, "0.components.0.component_id": b.TICKETS},
    ),
    Row(
        "POST /v1/{page_id}/templates",
        lambda h: h.page.templates.create(
            type=TemplateType.INCIDENT,
            subdomain="quayside",
            name="Fog on the strait",
            message="We don't sail until it lifts",
            status=TemplateStatus.IDENTIFIED,
            notify=True,
            components={b.TICKETS: ComponentStatus.PARTIAL_OUTAGE, b.BOOKING: "OPERATIONAL"},
            translations=NAMES,
        ),
        target=f"/v1/{b.PAGE}/templates",
        effect=NOTIFY,
        needs="type subdomain name message status notify components",
        body={
            "type": "INCIDENT",
            "subdomain": "quayside",
            "name": "Fog on the strait",
            "message": "We don't sail until it lifts",
            "status": "IDENTIFIED",
            "notify": True,
            "components": ONE_TOLD_BY_STATUS,
            "translations": NAMES,
        },
        reply=b.TEMPLATE_FULL,
        gives=Template,
        expect={"id": b.TEMPLATE, "translations": {"name": None, "message": None}},
    ),
    get(
        "GET /v1/{page_id}/templates/{template_id}",
        lambda h: h.page.templates.get(b.TEMPLATE),
        f"/v1/{b.PAGE}/templates/{b.TEMPLATE}",
        b.TEMPLATE_FULL,
        Template,
        expect={
            "id": b.TEMPLATE,
            "message_html": "<p>We don&#39;t sail until it lifts</p>",
            "type": TemplateType.INCIDENT,
        },
    ),
    Row(
        "PUT /v1/{page_id}/templates/{template_id}",
        lambda h: h.page.templates.update(
            b.TEMPLATE,
            type="MAINTENANCE",
            name="Dredging",
            message="The basin is closed",
            status="NOTSTARTEDYET",
            notify=False,
            components={b.TICKETS: "PARTIALOUTAGE", b.BOOKING: "OPERATIONAL"},
            translations=NAMES,
        ),
        target=f"/v1/{b.PAGE}/templates/{b.TEMPLATE}",
        effect=IDEMPOTENT,
        body={
            "type": "MAINTENANCE",
            "name": "Dredging",
            "message": "The basin is closed",
            "status": "NOTSTARTEDYET",
            "notify": False,
            "components": ONE_TOLD_BY_STATUS,
            "translations": NAMES,
        },
        reply=b.TEMPLATE_FULL,
        gives=Template,
        expect={"id": b.TEMPLATE, "status": TemplateStatus.IDENTIFIED},
    ),
    delete(
        "DELETE /v1/{page_id}/templates/{template_id}",
        lambda h: h.page.templates.delete(b.TEMPLATE),
        f"/v1/{b.PAGE}/templates/{b.TEMPLATE}",
        b.TEMPLATE_DELETED,
    ),
]

# --- teammates, subscribers, audience groups -------------------------------------------------------------------------

PEOPLE = [
    get(
        "GET /v1/{page_id}/team",
        lambda h: h.page.teammates.list(per_page=10),
        f"/v1/{b.PAGE}/team?page=1&per_page=10",
        [b.TEAMMATE_FULL],
        Teammate,
        empty=[],
        expect={"0.id": b.MEMBER, "0.user.id": b.USER, "0.user.name": None},
    ),
    Row(
        "POST /v1/{page_id}/team",
        lambda h: h.page.teammates.create(
            email="olu@quayside.example", permission=TeammatePermission.EDITOR, audience_groups=[b.GROUP], team=None
        ),
        target=f"/v1/{b.PAGE}/team",
        effect=NOTIFY,
        needs="email permission",
        body={"email": "olu@quayside.example", "permission": "EDITOR", "audienceGroups": [b.GROUP], "team": None},
        reply={"email": "olu@quayside.example"},
        gives=Teammate,
        expect={"id": None, "email": "olu@quayside.example"},
        empty=Teammate(email="olu@quayside.example"),  # the address is known without an answer
    ),
    delete(
        "DELETE /v1/{page_id}/team/{member_id}",
        lambda h: h.page.teammates.delete(b.MEMBER),
        f"/v1/{b.PAGE}/team/{b.MEMBER}",
        {"memberId": b.MEMBER},
    ),
    get(
        "GET /v2/{page_id}/subscribers",
        lambda h: h.page.subscribers.list(search="ada@tides", per_page=20),
        f"/v2/{b.PAGE}/subscribers?search=ada%40tides&page=1&per_page=20",
        [b.SUBSCRIBER_ROW],
        Subscriber,
        empty=[],
        expect={"0.id": b.SUBSCRIBER, "0.email": None, "0.phone": "5550142", "0.components": (b.TICKETS,)},
    ),
    get(
        "GET /v1/{page_id}/subscribers",
        lambda h: h.page.subscribers.list(search="a&b=c", per_page=20, version=1),
        f"/v1/{b.PAGE}/subscribers?search=a%26b%3Dc&page=1&per_page=20",
        [b.SUBSCRIBER_ROW],
        Subscriber,
        empty=[],
        expect={"0.id": b.SUBSCRIBER, "0.confirmed": True, "0.all": False},
    ),
    Row(
        "POST /v1/{page_id}/subscribers",
        lambda h: h.page.subscribers.create(
            email="ada@tides.example",
            phone="5550142",
            webhook="https://tides.example/hooks/quayside",
            webhook_email="ops@tides.example",
            all=True,
            components=None,
            auto_confirm=True,
            language="en",
        ),
        target=f"/v1/{b.PAGE}/subscribers",
        effect=NOTIFY,
        body={
            "email": "ada@tides.example",
            "phone": "5550142",
            "webhook": "https://tides.example/hooks/quayside",
            "webhookEmail": "ops@tides.example",
            "all": True,
            "components": None,
            "autoConfirm": True,
            "language": "en",
        },
        reply=b.SUBSCRIBER_CREATED,
        gives=Subscriber,
        expect={
            "id": b.SUBSCRIBER,
            "confirmed": False,
            "webhook_http_method": HttpMethod.POST,
            "webhook_headers": {"X-Tide": "high"},
            "site.id": b.PAGE,
        },
    ),
    delete(
        "DELETE /v1/{page_id}/subscribers/{subscriber_id}",
        lambda h: h.page.subscribers.delete(b.SUBSCRIBER),
        f"/v1/{b.PAGE}/subscribers/{b.SUBSCRIBER}",
        b.SUBSCRIBER_REMOVED,
    ),
    get(
        "GET /v1/{page_id}/audience-groups",
        lambda h: h.page.audience_groups.list(per_page=10),
        f"/v1/{b.PAGE}/audience-groups?page=1&per_page=10",
        [b.AUDIENCE_GROUP_FULL],
        AudienceGroup,
        empty=[],
        expect={
            "0.id": b.GROUP,
            "0.teammates.0.teammate.user.email": "mina@quayside.example",
            "0.components.0.component.status": ComponentStatus.PARTIAL_OUTAGE,
        },
    ),
    Row(
        "POST /v1/{page_id}/audience-groups",
        lambda h: h.page.audience_groups.create(name="Harbour masters", components=[b.TICKETS], teammates=(b.MEMBER,)),
        target=f"/v1/{b.PAGE}/audience-groups",
        effect=NOTIFY,
        body={"name": "Harbour masters", "components": [b.TICKETS], "teammates": [b.MEMBER]},
        reply=b.AUDIENCE_GROUP_WRITTEN,
        gives=AudienceGroup,
        expect={"id": b.GROUP, "site_id": b.PAGE, "site.id": b.PAGE, "teammates": ()},
    ),
    get(
        "GET /v1/{page_id}/audience-groups/{audience_group_id}",
        lambda h: h.page.audience_groups.get(b.GROUP),
        f"/v1/{b.PAGE}/audience-groups/{b.GROUP}",
        b.AUDIENCE_GROUP_FULL,
        AudienceGroup,
        expect={"id": b.GROUP, "components.0.component_id": b.TICKETS, "teammates.0.teammate_id": b.MEMBER},
    ),
    Row(
        "PUT /v1/{page_id}/audience-groups/{audience_group_id}",
        lambda h: h.page.audience_groups.update(b.GROUP, components=[b.TICKETS, b.BOOKING]),
        target=f"/v1/{b.PAGE}/audience-groups/{b.GROUP}",
        effect=IDEMPOTENT,
        body={"components": [b.TICKETS, b.BOOKING]},
        reply=b.AUDIENCE_GROUP_WRITTEN,
        gives=AudienceGroup,
        expect={"id": b.GROUP, "name": "Harbour masters"},
    ),
    delete(
        "DELETE /v1/{page_id}/audience-groups/{audience_group_id}",
        lambda h: h.page.audience_groups.delete(b.GROUP),
        f"/v1/{b.PAGE}/audience-groups/{b.GROUP}",
        b.AUDIENCE_GROUP_WRITTEN,
    ),
]

# --- metrics ---------------------------------------------------------------------------------------------------------

_METRIC = f"/v1/{b.PAGE}/metrics/{b.METRIC}"
_NOON = datetime(2025, 6, 19, 12, 0, 0, 1000, tzinfo=UTC)
_NOON_SENT = 1_750_334_400_001
_LATER = _NOON + timedelta(seconds=30)
_LATER_SENT = _NOON_SENT + 30_000

METRICS = [
    get(
        "GET /v1/{page_id}/metrics",
        lambda h: h.page.metrics.list(per_page=10),
        f"/v1/{b.PAGE}/metrics?page=1&per_page=10",
        [b.METRIC_FULL],
        Metric,
        empty=[],
        expect={
            "0.id": b.METRIC,
            "0.data.0.id": None,
            "0.data.0.timestamp": datetime(2025, 6, 19, 20, 30, tzinfo=UTC),
            "0.data.1.value": 790.5,
        },
    ),
    Row(
        "POST /v1/{page_id}/metrics",
        lambda h: h.page.metrics.create(name="Time to print a ticket", suffix="ms"),
        target=f"/v1/{b.PAGE}/metrics",
        effect=NOTIFY,
        needs="name suffix",
        body={"name": "Time to print a ticket", "suffix": "ms"},
        reply=b.METRIC_CREATED,
        gives=Metric,
        expect={"id": b.METRIC, "data": (), "last_data_at": datetime(2025, 6, 19, 20, 31, tzinfo=UTC)},
    ),
    get(
        "GET /v1/{page_id}/metrics/{metric_id}",
        lambda h: h.page.metrics.get(b.METRIC),
        _METRIC,
        b.METRIC_FULL,
        Metric,
        expect={"id": b.METRIC, "suffix": "ms", "active": True, "order": 2},
    ),
    Row(
        "PUT /v1/{page_id}/metrics/{metric_id}",
        lambda h: h.page.metrics.update(b.METRIC, name="Time to print", suffix="s"),
        target=_METRIC,
        effect=IDEMPOTENT,
        body={"name": "Time to print", "suffix": "s"},
        reply=b.METRIC_FULL,
        gives=Metric,
        expect={"id": b.METRIC},
    ),
    delete(
        "DELETE /v1/{page_id}/metrics/{metric_id}",
        lambda h: h.page.metrics.delete(b.METRIC),
        _METRIC,
        {"id": b.METRIC, "name": "Time to print a ticket"},
    ),
    Row(
        "POST /v1/{page_id}/metrics/{metric_id}",
        lambda h: h.page.metrics.add_datapoint(b.METRIC, 812, _NOON),
        target=_METRIC,
        effect=DATAPOINT,
        body={"timestamp": _NOON_SENT, "value": 812},
        reply={"id": b.DATAPOINT, "timestamp": _NOON_SENT, "value": 812},
        gives=Datapoint,
        expect={"id": b.DATAPOINT, "timestamp": _NOON, "value": 812},
        empty=Datapoint(timestamp=_NOON, value=812),  # nobody recorded an answer: what was sent stands
    ),
    Row(
        "POST /v1/{page_id}/metrics/{metric_id}/data",
        lambda h: h.page.metrics.add_datapoints(b.METRIC, iter([(_NOON, 812), (_LATER, 790.5)])),
        target=f"{_METRIC}/data",
        effect=DATAPOINT,
        body={"data": [{"timestamp": _NOON_SENT, "value": 812}, {"timestamp": _LATER_SENT, "value": 790.5}]},
        reply=[
            {"id": b.DATAPOINT, "timestamp": _NOON_SENT, "value": 812},
            {"id": b.DATAPOINT + "-2", "timestamp": _LATER_SENT, "value": 790.5},
        ],
        gives=Datapoint,
        expect={"0.id": b.DATAPOINT, "1.timestamp": _LATER, "1.value": 790.5},
        empty=(Datapoint(timestamp=_NOON, value=812), Datapoint(timestamp=_LATER, value=790.5)),
    ),
    delete(
        "DELETE /v1/{page_id}/metrics/{metric_id}/data",
        lambda h: h.page.metrics.delete_datapoints(b.METRIC),
        f"{_METRIC}/data",
        b.METRIC_EMPTIED,
    ),
]

# --- monitors, their alerts and groups -------------------------------------------------------------------------------

MONITORS = [
    get(
        "GET /monitors/check_inserted_logs",
        lambda h: h.page.monitors.check_inserted_logs(),
        "/monitors/check_inserted_logs",
        {"message": "7 logs inserted in the last five minutes"},
        str,
        expect={"": "7 logs inserted in the last five minutes"},
        empty="",
    ),
    get(
        "GET /{page_id}/monitors",
        lambda h: h.page.monitors.list(search="sail", status=MonitorStatus.DOWN, per_page=30),
        f"/{b.PAGE}/monitors?search=sail&status=DOWN&page=1&limit=30",
        paged("monitors", b.MONITOR_FULL),
        Monitor,
        empty=[],
        frame=["monitors"],
        expect={
            "0.name": "Sailings",
            "0.locations": (MonitorLocation.EU_CENTRAL_1, MonitorLocation.US_EAST_1),
            "0.headers": {"Accept": "application/json", "X-Pier_No": "3"},
            "0.basic_auth.username": "lighthouse",
            "0.assertions.0.type": MonitorAssertionType.STATUS_CODE,
            "0.on_fail.publish_incident": False,
        },
    ),
    Row(
        "POST /monitors",
        lambda h: h.page.monitors.create(
            url="https://quayside.example/sailings",
            http_method=HttpMethod.GET,
            name="Sailings",
            type=MonitorType.HTTP,
            body=None,
            headers={"X-Pier_No": "3"},
            query_params={"some_day": "today"},
            basic_auth={"username": "lighthouse", "password": "keep-dark"},
            assertions=[
                {
                    "id": "a1",
                    "type": "STATUSCODE",
                    "comparison": ComparisonType.EQUALS,
                    "selector": None,
                    "value": "200",
                },
                {"type": MonitorAssertionType.JSON_BODY, "comparison": "NOT_NULL", "selector": "$.next"},
            ],
            alerts=[b.ALERT],
            locations="EU_CENTRAL_1",
            checks_interval=120,
            create_component=True,
            create_metric=False,
            on_fail={
                "create_incident": True,
                "create_outage_duration": True,
                "publish_incident": False,
                "notify_subscribers": False,
            },
            on_recover={
                "resolve_incident": True,
                "resolve_outage_duration": True,
                "publish_incident": False,
                "notify_subscribers": False,
            },
        ),
        target="/monitors",
        effect=NOTIFY,
        needs="url http_method",
        body={
            "pageId": b.PAGE,
            "url": "https://quayside.example/sailings",
            "httpMethod": "GET",
            "name": "Sailings",
            "type": "HTTP",
            "body": None,
            "headers": {"X-Pier_No": "3"},
            "queryParams": {"some_day": "today"},
            "basicAuth": {"username": "lighthouse", "password": "keep-dark"},
            "assertions": [
                {"id": "a1", "type": "STATUSCODE", "comparison": "EQUALS", "selector": None, "value": "200"},
                {"type": "JSONBODY", "comparison": "NOT_NULL", "selector": "$.next"},
            ],
            "alerts": [b.ALERT],
            "locations": ["EU_CENTRAL_1"],
            "checksInterval": 120,
            "createComponent": True,
            "createMetric": False,
            "onFail": {
                "createIncident": True,
                "createOutageDuration": True,
                "publishIncident": False,
                "notifySubscribers": False,
            },
            "onRecover": {
                "resolveIncident": True,
                "resolveOutageDuration": True,
                "publishIncident": False,
                "notifySubscribers": False,
            },
        },
        reply=wrapped("monitor", b.MONITOR_FULL),
        gives=Monitor,
        frame=["monitor"],
        expect={"id": None, "name": "Sailings", "http_method": HttpMethod.GET, "on_recover.resolve_incident": True},
    ),
    Row(
        "PUT /monitors/{id}/group",
        lambda h: h.page.monitors.set_group(b.MONITOR, None),
        target=f"/monitors/{b.MONITOR}/group",
        effect=IDEMPOTENT,
        body={"parentId": None},
        reply={"message": "Moved"},
        empty=None,
    ),
    Row(
        "PUT /monitors/{id}",
        lambda h: h.page.monitors.update(b.MONITOR, url="https://quayside.example/all", name="All sailings"),
        target=f"/monitors/{b.MONITOR}",
        effect=IDEMPOTENT,
        body={"url": "https://quayside.example/all", "name": "All sailings"},
        reply=wrapped("monitor", b.MONITOR_FULL),
        gives=Monitor,
        frame=["monitor"],
        expect={"url": "https://quayside.example/sailings", "page_id": b.PAGE},
    ),
    delete(
        "DELETE /monitors/{id}",
        lambda h: h.page.monitors.delete(b.MONITOR),
        f"/monitors/{b.MONITOR}",
        {"message": "Gone"},
    ),
    Row(
        "POST /monitor-alerts",
        lambda h: h.page.monitor_alerts.create(
            type=MonitorAlertType.PHONE_CALL,
            recipient="5550142",
            recipient_workspace=b.WORKSPACE,
            when_fails=True,
            when_recovers=False,
            when_degrades=True,
            when_ssl_expires=True,
            ssl_expires_in_days=21,
            monitors=[b.MONITOR],
            metadata="pier 3",
        ),
        target="/monitor-alerts",
        effect=NOTIFY,
        needs="type recipient",
        body={
            "pageId": b.PAGE,
            "type": "PHONE_CALL",
            "recipient": "5550142",
            "recipientWorkspace": b.WORKSPACE,
            "whenFails": True,
            "whenRecovers": False,
            "whenDegrades": True,
            "whenSslExpires": True,
            "sslExpiresInDays": 21,
            "monitors": [b.MONITOR],
            "metadata": "pier 3",
        },
        reply=wrapped("monitor", b.ALERT_FULL),
        gives=MonitorAlert,
        frame=["monitor"],
        expect={"id": b.ALERT, "type": MonitorAlertType.PHONE_CALL, "ssl_expires_in_days": 21},
    ),
    Row(
        "PUT /monitor-alerts/{id}",
        lambda h: h.page.monitor_alerts.update(b.ALERT, type="SMS", monitors=[]),
        target=f"/monitor-alerts/{b.ALERT}",
        effect=IDEMPOTENT,
        body={"type": "SMS", "monitors": []},
        reply=wrapped("monitor", b.ALERT_FULL),
        gives=MonitorAlert,
        frame=["monitor"],
        expect={"id": b.ALERT, "recipient": "5550142", "site_id": b.PAGE},
    ),
    delete(
        "DELETE /monitor-alerts/{id}",
        lambda h: h.page.monitor_alerts.delete(b.ALERT),
        f"/monitor-alerts/{b.ALERT}",
        {"message": "Gone"},
    ),
    get(
        "GET /{page_id}/monitor-alerts",
        lambda h: h.page.monitor_alerts.list(per_page=30),
        f"/{b.PAGE}/monitor-alerts?page=1&limit=30",
        paged("monitorAlerts", b.ALERT_FULL),
        MonitorAlert,
        empty=[],
        frame=["monitorAlerts"],
        expect={"0.id": b.ALERT, "0.metadata": "pier 3", "0.when_recovers": False},
    ),
    Row(
        "POST /monitors-groups",
        lambda h: h.page.monitor_groups.create(name="Timetables", child_id=b.MONITOR),
        target="/monitors-groups",
        effect=NOTIFY,
        needs="name",
        body={"pageId": b.PAGE, "name": "Timetables", "childId": b.MONITOR},
        reply=wrapped("monitor", b.MONITOR_GROUP_FULL),
        gives=MonitorGroup,
        frame=["monitor"],
        expect={"id": b.MONITOR_GROUP, "monitors.0.id": b.MONITOR, "children.0.name": "Winter timetable"},
    ),
    Row(
        "PUT /monitors-groups/{id}",
        lambda h: h.page.monitor_groups.update(b.MONITOR_GROUP, name="All timetables"),
        target=f"/monitors-groups/{b.MONITOR_GROUP}",
        effect=IDEMPOTENT,
        body={"name": "All timetables"},
        reply=wrapped("monitor", b.MONITOR_GROUP_FULL),
        gives=MonitorGroup,
        frame=["monitor"],
        expect={"id": b.MONITOR_GROUP, "name": "Timetables", "group_id": None},
    ),
    delete(
        "DELETE /monitors-groups/{id}",
        lambda h: h.page.monitor_groups.delete(b.MONITOR_GROUP),
        f"/monitors-groups/{b.MONITOR_GROUP}",
        {"message": "Gone"},
    ),
    Row(
        "POST /monitors-groups/{id}/monitors",
        lambda h: h.page.monitor_groups.add_monitors(b.MONITOR_GROUP, iter([b.MONITOR, "m-2"])),
        target=f"/monitors-groups/{b.MONITOR_GROUP}/monitors",
        effect=IDEMPOTENT,
        body={"monitors": [b.MONITOR, "m-2"]},
        reply={"message": "Added"},
        empty=None,
    ),
    get(
        "GET /monitors-groups/{id}/run",
        lambda h: h.page.monitor_groups.run(
            b.MONITOR_GROUP, location=("EU_CENTRAL_1", MonitorLocation.US_EAST_1), retry=True, monitor_log_id="log-1"
        ),
        f"/monitors-groups/{b.MONITOR_GROUP}/run"
        "?location=EU_CENTRAL_1&location=US_EAST_1&retry=true&monitorLogId=log-1",
        {"result": "three of three answered", "monitorLogId": "log-2"},
        MonitorRun,
        effect=NOTIFY,  # a GET that starts something
        expect={"result": "three of three answered", "monitor_log_id": "log-2"},
    ),
]

# --- whom to call ----------------------------------------------------------------------------------------------------

CALLS = [
    get(
        "GET /{page_id}/routing-rules",
        lambda h: h.page.routing_rules.list(),
        f"/{b.PAGE}/routing-rules",
        {"routingRules": [b.RULE_FULL]},
        RoutingRule,
        empty=[],
        frame=["routingRules"],
        expect={
            "0.id": b.RULE,
            "0.assertions.0.type": AssertionType.TITLE,
            "0.assertions.0.comparison": ComparisonType.CONTAINS,
            "0.actions.0.target_id": "mina@quayside.example",
            "0.created_at": at("2025-04-04T04:04:04Z"),
        },
    ),
    Row(
        "POST /routing-rules",
        lambda h: h.page.routing_rules.create(
            assertions=[
                {
                    "id": b.ASSERTION,
                    "routing_rule_id": b.RULE,
                    "type": AssertionType.TITLE,
                    "comparison": "CONTAINS",
                    "value": "gangway",
                }
            ],
            actions=[
                {
                    "id": b.ACTION,
                    "routing_rule_id": b.RULE,
                    "type": "NOTIFY_WORKSPACE_MEMBER",
                    "target_id": "mina@quayside.example",
                },
                {"type": ActionType.NOTIFY_TEAM, "target_id": b.TEAM},
            ],
            order=1,
        ),
        target="/routing-rules",
        effect=NOTIFY,
        body={
            "routingRule": {
                "siteId": b.PAGE,
                "assertions": [
                    {
                        "id": b.ASSERTION,
                        "routingRuleId": b.RULE,
                        "type": "TITLE",
                        "comparison": "CONTAINS",
                        "value": "gangway",
                    }
                ],
                "actions": [
                    {
                        "id": b.ACTION,
                        "routingRuleId": b.RULE,
                        "type": "NOTIFY_WORKSPACE_MEMBER",
                        "targetId": "mina@quayside.example",
                    },
                    {"type": "NOTIFY_TEAM", "targetId": b.TEAM},
                ],
                "order": 1,
            }
        },
        reply=wrapped("routingRule", b.RULE_FULL),
        gives=RoutingRule,
        frame=["routingRule"],
        expect={"id": b.RULE, "actions.0.type": ActionType.NOTIFY_WORKSPACE_MEMBER},
    ),
    Row(
        "PUT /routing-rules/{id}",
        lambda h: h.page.routing_rules.update(
            b.RULE,
            assertions=[{"type": "IMPACT", "comparison": ComparisonType.EQUALS, "value": "MAJOROUTAGE"}],
            order=2,
        ),
        target=f"/routing-rules/{b.RULE}",
        effect=IDEMPOTENT,
        body={
            "routingRule": {
                "id": b.RULE,
                "siteId": b.PAGE,
                "assertions": [{"type": "IMPACT", "comparison": "EQUALS", "value": "MAJOROUTAGE"}],
                "order": 2,
            }
        },
        reply=wrapped("routingRule", b.RULE_FULL),
        gives=RoutingRule,
        frame=["routingRule"],
        expect={"id": b.RULE, "order": 1, "site_id": b.PAGE},
    ),
    delete(
        "DELETE /routing-rules/{id}",
        lambda h: h.page.routing_rules.delete(b.RULE),
        f"/routing-rules/{b.RULE}",
        {"message": "Gone"},
    ),
    get(
        "GET /{page_id}/escalation-policies",
        lambda h: h.page.escalation_policies.list(),
        f"/{b.PAGE}/escalation-policies",
        {"escalationPolicies": [b.POLICY_FULL]},
        EscalationPolicy,
        empty=[],
        frame=["escalationPolicies"],
        expect={
            "0.id": b.POLICY,
            "0.rules.0.order": 1,
            "0.rules.0.delay_in_mins": 7,
            "0.rules.0.actions.0.target_id": None,
            "0.updated_at": at("2025-05-05T05:05:05Z"),
        },
    ),
    Row(
        "POST /escalation-policies",
        lambda h: h.page.escalation_policies.create(
            name="Nobody answers",
            description="Ring on",
            rules=[
                {
                    "condition": EscalationRuleCondition.NOT_ACKNOWLEDGED,
                    "delay_in_mins": 7,
                    "actions": [{"type": ActionType.NOTIFY_WORKSPACE_MEMBER, "target_id": b.MEMBER}],
                }
            ],
            repeat=True,
            repeat_count=4,
            repeat_delay=9,
            revert_acknowledgement=False,
            auto_resolve_incidents_after_repeat=True,
        ),
        target="/escalation-policies",
        effect=NOTIFY,
        needs="name rules repeat repeat_count repeat_delay revert_acknowledgement auto_resolve_incidents_after_repeat",
        body={
            "pageId": b.PAGE,
            "name": "Nobody answers",
            "description": "Ring on",
            "rules": [
                {
                    "condition": "NOT_ACKNOWLEDGED",
                    "delayInMins": 7,
                    "actions": [{"type": "NOTIFY_WORKSPACE_MEMBER", "targetId": b.MEMBER}],
                }
            ],
            "repeat": True,
            "repeatCount": 4,
            "repeatDelay": 9,
            "revertAcknowledgement": False,
            "autoResolveIncidentsAfterRepeat": True,
        },
        reply=wrapped("escalationPolicy", b.POLICY_FULL),
        gives=EscalationPolicy,
        frame=["escalationPolicy"],
        expect={"id": b.POLICY, "repeat_count": 4, "rules.0.condition": EscalationRuleCondition.NOT_ACKNOWLEDGED},
    ),
    Row(
        "PUT /escalation-policies/{id}",
        lambda h: h.page.escalation_policies.update(
            b.POLICY,
            name="Nobody answers",
            description="Ring once",
            rules=[{"condition": "NOT_ACKNOWLEDGED", "delay_in_mins": 1, "actions": [{"type": "NOTIFY_TEAM"}]}],
            repeat=False,
            repeat_count=0,
            repeat_delay=0,
            revert_acknowledgement=True,
            auto_resolve_incidents_after_repeat=False,
        ),
        target=f"/escalation-policies/{b.POLICY}",
        effect=IDEMPOTENT,
        needs="name rules repeat repeat_count repeat_delay revert_acknowledgement auto_resolve_incidents_after_repeat",
        body={
            "pageId": b.PAGE,
            "name": "Nobody answers",
            "description": "Ring once",
            "rules": [{"condition": "NOT_ACKNOWLEDGED", "delayInMins": 1, "actions": [{"type": "NOTIFY_TEAM"}]}],
            "repeat": False,
            "repeatCount": 0,
            "repeatDelay": 0,
            "revertAcknowledgement": True,
            "autoResolveIncidentsAfterRepeat": False,
        },
        reply=wrapped("escalationPolicy", b.POLICY_FULL),
        gives=EscalationPolicy,
        frame=["escalationPolicy"],
        expect={"id": b.POLICY, "auto_resolve_incidents_after_repeat": True},
    ),
    delete(
        "DELETE /escalation-policies/{id}",
        lambda h: h.page.escalation_policies.delete(b.POLICY),
        f"/escalation-policies/{b.POLICY}",
        {"message": "Gone"},
    ),
    Row(
        "POST /on-call-schedules",
        lambda h: h.page.on_call_schedules.create(
            name="Night boats",
            description="From dusk to dawn",
            on_call_shifts=[
                {
                    "name": "North pier",
                    "members": [{"workspace_member_id": b.MEMBER, "color": "#14A05A"}],
                    "rotation_type": RotationType.CUSTOM,
                    "custom_rotation_type_value": 3,
                    "custom_rotation_type_unit": CustomRotationTypeUnit.DAYS,
                    "start_date": START,
                    "end_date": END,
                    "restriction_type": RestrictionType.TIME_INTERVALS,
                    "time_of_day_restriction_start_time": time(19),
                    "time_of_day_restriction_end_time": None,
                    "time_intervals": [
                        {
                            "start_day": DayOfWeek.FRIDAY,
                            "start_day_time": time(19),
                            "end_day": "MONDAY",
                            "end_day_time": time(5, 30, tzinfo=UTC),
                        }
                    ],
                }
            ],
        ),
        target="/on-call-schedules",
        effect=NOTIFY,
        needs="name on_call_shifts",
        body={
            "pageId": b.PAGE,
            "name": "Night boats",
            "description": "From dusk to dawn",
            "onCallShifts": [
                {
                    "name": "North pier",
                    "members": [{"workspaceMemberId": b.MEMBER, "color": "#14A05A"}],
                    "rotationType": "CUSTOM",
                    "customRotationTypeValue": 3,
                    "customRotationTypeUnit": "DAYS",
                    "startDate": START_SENT,
                    "endDate": END_SENT,
                    "restrictionType": "TIMEINTERVALS",
                    "timeOfDayRestrictionStartTime": "1970-01-01T19:00:00.000Z",
                    "timeOfDayRestrictionEndTime": None,
                    "timeIntervals": [
                        {
                            "startDay": "FRIDAY",
                            "startDayTime": "1970-01-01T19:00:00.000Z",
                            "endDay": "MONDAY",
                            "endDayTime": "1970-01-01T05:30:00.000Z",
                        }
                    ],
                }
            ],
        },
        reply=b.SCHEDULE_FULL,
        gives=OnCallSchedule,
        expect={
            "id": b.SCHEDULE,
            "status": ScheduleStatus.ACTIVE,
            "on_call_shifts.0.members.0.order": 2,
            "on_call_shifts.0.members.1.workspace_member.user.name": "Olu",
            "on_call_shifts.0.time_intervals.0.end_day_time": time(5, 30),
            "on_call_shifts.0.time_of_day_restriction_start_time": time(19),
            "on_call_shifts.0.start_date": at("2025-10-01T16:00:00Z"),
        },
    ),
    Row(
        "PUT /on-call-schedules/{id}",
        lambda h: h.page.on_call_schedules.update(
            b.SCHEDULE,
            name="Night boats",
            description="From dusk to dawn",
            status="PAUSED",
            on_call_shifts=[
                {
                    "id": b.SHIFT,
                    "name": "North pier",
                    "order": 1,
                    "members": [
                        {
                            "id": b.PLACE,
                            "order": 2,
                            "color": "#14A05A",
                            "workspace_member": {
                                "id": b.MEMBER,
                                "user": {
                                    "id": b.USER,
                                    "name": None,
                                    "email": "mina@quayside.example",
                                    "avatar": None,
                                },
                            },
                        },
                        {"workspace_member_id": "cm8crew3m4e7m1b3e6r9x2n5j", "color": "#B01030"},
                    ],
                    "rotation_type": "WEEKLY",
                    "custom_rotation_type_value": None,
                    "custom_rotation_type_unit": None,
                    "start_date": START,
                    "end_date": END,
                    "restriction_type": "TIMEOFDAY",
                    "time_of_day_restriction_start_time": time(19),
                    "time_of_day_restriction_end_time": time(5, 30),
                    "time_intervals": [
                        {
                            "id": b.INTERVAL,
                            "start_day": "FRIDAY",
                            "start_day_time": time(19),
                            "end_day": "MONDAY",
                            "end_day_time": time(5, 30),
                        }
                    ],
                }
            ],
        ),
        target=f"/on-call-schedules/{b.SCHEDULE}",
        effect=IDEMPOTENT,
        body={
            "name": "Night boats",
            "description": "From dusk to dawn",
            "status": "PAUSED",
            "onCallShifts": [
                {
                    "id": b.SHIFT,
                    "name": "North pier",
                    "order": 1,
                    "members": [
                        {
                            "id": b.PLACE,
                            "order": 2,
                            "color": "#14A05A",
                            "workspaceMember": {
                                "id": b.MEMBER,
                                "user": {
                                    "id": b.USER,
                                    "name": None,
                                    "email": "mina@quayside.example",
                                    "avatar": None,
                                },
                            },
                        },
                        {"workspaceMemberId": "cm8crew3m4e7m1b3e6r9x2n5j", "color": "#B01030"},
                    ],
                    "rotationType": "WEEKLY",
                    "customRotationTypeValue": None,
                    "customRotationTypeUnit": None,
                    "startDate": START_SENT,
                    "endDate": END_SENT,
                    "restrictionType": "TIMEOFDAY",
                    "timeOfDayRestrictionStartTime": "1970-01-01T19:00:00.000Z",
                    "timeOfDayRestrictionEndTime": "1970-01-01T05:30:00.000Z",
                    "timeIntervals": [
                        {
                            "id": b.INTERVAL,
                            "startDay": "FRIDAY",
                            "startDayTime": "1970-01-01T19:00:00.000Z",
                            "endDay": "MONDAY",
                            "endDayTime": "1970-01-01T05:30:00.000Z",
                        }
                    ],
                }
            ],
        },
        reply=b.SCHEDULE_FULL,
        gives=OnCallSchedule,
        expect={"id": b.SCHEDULE, "on_call_shifts.0.restriction_type": RestrictionType.TIME_INTERVALS},
    ),
    delete(
        "DELETE /on-call-schedules/{id}",
        lambda h: h.page.on_call_schedules.delete(b.SCHEDULE),
        f"/on-call-schedules/{b.SCHEDULE}",
        None,
    ),
    get(
        "GET /on-call-schedules/{id}/members",
        lambda h: h.page.on_call_schedules.members(b.SCHEDULE),
        f"/on-call-schedules/{b.SCHEDULE}/members",
        b.ON_CALL,
        OnCallMembers,
        expect={
            "current_members.0.phone": "5550177",
            "next_members.0.id": b.MEMBER,
            "all_members.0.name": None,
            "all_members.1.name": "Olu",
        },
    ),
]

ROWS: Sequence[Row] = [
    *ACCOUNT,
    *ONE_PAGE,
    *COMPONENTS,
    *INCIDENTS,
    *MAINTENANCES,
    *TEMPLATES,
    *PEOPLE,
    *METRICS,
    *MONITORS,
    *CALLS,
]


SEARCHES: Final[Mapping[str, str]] = {
    "client.pages.get": "GET /v2/pages",
    "client.workspaces.get": "GET /v1/workspaces",
    "page.subscribers.get": "GET /v2/{page_id}/subscribers",
    "page.teammates.get": "GET /v1/{page_id}/team",
    "page.monitors.get": "GET /{page_id}/monitors",
    "page.monitor_alerts.get": "GET /{page_id}/monitor-alerts",
    "page.routing_rules.get": "GET /{page_id}/routing-rules",
    "page.escalation_policies.get": "GET /{page_id}/escalation-policies",
}
"""Methods that look for one record in a list, and the list. On-call schedules have no list, so nothing to look in."""
