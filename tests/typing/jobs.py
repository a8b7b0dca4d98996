"""What type checkers must know about handles, changes, webhooks and everything else that is no plain call."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, assert_type

from aiohttp import web
from redis.asyncio import Redis

import instatus_async
from instatus_async import (
    Change,
    Claim,
    Component,
    ComponentStatus,
    ComponentStatusChanged,
    EnsuredIncident,
    Event,
    Fingerprint,
    Gap,
    Incident,
    IncidentDeleted,
    IncidentImpact,
    IncidentOpened,
    IncidentResolved,
    IncidentStatus,
    IncidentUpdate,
    IncidentUpdated,
    InstatusClient,
    Maintenance,
    MaintenanceStarted,
    MaintenanceStatus,
    MaintenanceUpdate,
    MaintenanceWindow,
    MetricBuffer,
    Model,
    OpenIncident,
    OutcomeUnknownError,
    Page,
    PageStatusChanged,
    PublicComponent,
    PublicIncident,
    PublicMaintenance,
    PublicPageStatus,
    PublicStatusPage,
    PublicSummary,
    Registry,
    Subscriber,
    Trouble,
    Watch,
    WatchState,
    heartbeat,
    trigger,
    watch,
    webhooks,
)
from instatus_async.redis import RedisGate, RedisRegistry
from instatus_async.severity import (
    component_status,
    impact,
    impact_of,
    incident_status,
    maintenance_status,
    page_status,
)
from instatus_async.testing import Delivery, InstatusServer, LoggedRequest, Notification


def modules() -> None:
    assert_type(instatus_async.severity.component_status("down"), ComponentStatus)
    assert_type(instatus_async.errors.InstatusError("what"), instatus_async.InstatusError)


async def pagers(page: Page) -> None:
    rows = page.subscribers.list()
    seen: list[int] = []
    assert_type(await rows.collect(progress=seen.append), list[Subscriber])
    assert_type(await rows.collect(10, progress=print), list[Subscriber])
    assert_type(await rows.first(), Subscriber | None)
    assert_type(rows.pages(), AsyncIterator[Sequence[Subscriber]])
    assert_type([row async for row in rows], list[Subscriber])
    assert_type(await page.components.find(name="API"), Component)
    assert_type([row async for row in page.incidents.unresolved()], list[Incident])


async def handles(page: Page) -> None:
    async with page.incidents.open(name="Down", statuses={"c": "MAJOROUTAGE"}, notify=True) as incident:
        assert_type(incident, OpenIncident)
        assert_type(incident.id, str)
        assert_type(incident.incident, Incident)
        assert_type(incident.before, Mapping[str, ComponentStatus])
        assert_type(incident.failure, Exception | None)
        await incident.update("We are on it.")
    assert_type(page.incidents.open(name="Down"), OpenIncident)
    assert_type(await page.incidents.open(name="Down"), OpenIncident)
    assert_type(await page.incidents.resume("i", before=incident.before), OpenIncident)
    ensured = await page.incidents.ensure(key="ci", notify=True)
    assert_type(ensured, EnsuredIncident)
    assert_type((ensured.incident, ensured.created), tuple[Incident, bool])
    assert_type(await page.incidents.resolve_open(component="c"), tuple[Incident, ...])
    async with page.maintenances.window(components=["c"], name="Move", minutes=30) as maintenance:
        assert_type(maintenance, MaintenanceWindow)
        assert_type(maintenance.maintenance, Maintenance)
    async with page.metrics.buffer("m", aggregate="p95") as metric:
        assert_type(metric, MetricBuffer)
        assert_type(metric.add(1.5), None)


async def changes(page: Page, public: PublicStatusPage, text: str) -> None:
    troubles: list[Trouble] = []
    assert_type(watch(page), Watch)
    state = WatchState.loads(text)
    assert_type(state, WatchState)
    assert_type(state.dumps(), str)
    async for change in watch(public, every=30, since=state, on_trouble=troubles.append):
        assert_type(change, Change)
        assert_type((change.kind, change.at, change.key, change.state), tuple[str, datetime, str, WatchState])
        match change:
            case IncidentOpened(incident=incident, update=update):
                assert_type(change, IncidentOpened)
                assert_type(incident, Incident | PublicIncident)
                assert_type(update, IncidentUpdate | None)
            case IncidentUpdated() | IncidentResolved():
                assert_type(change, IncidentUpdated | IncidentResolved)
                assert_type(change.status, IncidentStatus)
                assert_type(change.old_status, IncidentStatus | None)
            case IncidentDeleted(id=key):
                assert_type(key, str)
            case MaintenanceStarted(status=status, maintenance=maintenance, update=update):
                assert_type(status, MaintenanceStatus)
                assert_type(maintenance, Maintenance | PublicMaintenance)
                assert_type(update, MaintenanceUpdate | None)
            case ComponentStatusChanged(status=new, old_status=old, component=component):
                assert_type(max(new, old), ComponentStatus)
                assert_type(component, Component | PublicComponent)
            case PageStatusChanged(status=shown):
                assert_type(shown, PublicPageStatus)
            case Gap(since=since):
                assert_type(since, datetime)
            case _:
                assert_type(change, Change)


async def received(request: web.Request, secret: str) -> None:
    event = webhooks.receive(await request.read(), request.headers, secret)
    assert_type(event, webhooks.Event)
    assert_type(event, webhooks.IncidentEvent | webhooks.MaintenanceEvent | webhooks.ComponentEvent)
    assert_type(webhooks.parse(b"{}"), webhooks.Event)
    assert_type(event.key, str)
    match event:
        case webhooks.IncidentEvent(incident=incident):
            assert_type(incident, webhooks.WebhookIncident)
        case webhooks.MaintenanceEvent():
            assert_type(event.maintenance, webhooks.WebhookMaintenance)
        case webhooks.ComponentEvent():
            assert_type(event.status, ComponentStatus)


def served(secret: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def heard(event: webhooks.Event) -> None:
        assert_type(event, webhooks.Event)

    return webhooks.aiohttp_handler([secret, "the new one"], heard)


async def severities(components: list[Component], public: Sequence[PublicComponent], incident: Incident) -> None:
    assert_type(ComponentStatus.worst(row.status for row in components), ComponentStatus)
    assert_type(ComponentStatus.worst([]).severity, float)
    assert_type(IncidentImpact.worst([IncidentImpact.NONE]), IncidentImpact)
    assert_type(max(row.status for row in public), ComponentStatus)
    assert_type(components[0].status >= "PARTIALOUTAGE", bool)
    assert_type(page_status(public, incidents=[incident]), PublicPageStatus)
    assert_type(impact_of({"c": "MAJOROUTAGE"}), IncidentImpact)
    assert_type((component_status("critical"), incident_status("firing")), tuple[ComponentStatus, IncidentStatus])
    assert_type((maintenance_status("Planned"), impact("minor")), tuple[MaintenanceStatus, IncidentImpact])


async def around(client: InstatusClient, url: str) -> None:
    assert_type(await client.request("GET", "/v1/user"), Any)
    assert_type(client.unresolved, Sequence[Fingerprint])
    assert_type(await client.reconcile(client.unresolved[0]), Model | None)
    events: list[Event] = []
    InstatusClient("key", on_event=events.append)
    try:
        await client.pages.create(email="a@b.example", name="Acme", subdomain="acme", components=["API"])
    except OutcomeUnknownError as exc:
        assert_type(exc.fingerprint, Fingerprint | None)
    assert_type(await trigger(url, "down"), None)
    assert_type(await heartbeat(url).fail(), None)
    async with heartbeat(url):
        pass


async def replicas(lent: Redis, url: str) -> None:
    async with RedisGate(url, name="shop", rate=20, burst=5) as gate, InstatusClient("key", gate=gate) as client:
        assert_type(gate, RedisGate)
        async with RedisRegistry(url, timeout=0.5) as registry:
            assert_type(registry, RedisRegistry)
            shared: Registry = registry
            assert_type(await shared.claim("db", lasts=10.0), Claim | None)
            assert_type(
                await client.page("p").incidents.ensure(key="db", notify=True, registry=registry), EnsuredIncident
            )
    assert_type(await RedisGate(lent).aclose(), None)
    assert_type(await RedisRegistry(lent).aclose(), None)


async def testing() -> None:
    async with InstatusServer() as server, server.client() as client, server.public() as public:
        assert_type(server, InstatusServer)
        assert_type(client, InstatusClient)
        assert_type(await public.summary(), PublicSummary)
        assert_type(server.requests[0], LoggedRequest)
        assert_type(server.told("i"), tuple[Notification, ...])
        assert_type(await server.deliveries(), tuple[Delivery, ...])
