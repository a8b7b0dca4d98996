# pyright: strict, reportUnnecessaryTypeIgnoreComment=true
"""What type checkers must refuse: each line that is to be wrong says so, with mypy's name of the error.

For mypy (warn_unused_ignores) and for pyright (the setting above) a comment without its error is an error in itself, so
that a mistake which passes is noticed.
"""

from datetime import UTC, datetime

from instatus_async import (
    ComponentStatus,
    IncidentStatus,
    InstatusClient,
    MonitorStatus,
    Page,
    PublicStatusPage,
    watch,
    webhooks,
)
from instatus_async.redis import RedisGate, RedisRegistry

NOW = datetime.now(UTC)


async def fields(page: Page) -> None:
    await page.incidents.create(name="n", status="RESOLVED", mesage="m")  # type: ignore[call-arg]
    await page.incidents.create(name="n")  # type: ignore[call-arg]
    await page.incidents.create(status="RESOLVED")  # type: ignore[call-arg]
    await page.incidents.create(name=5, status="RESOLVED")  # type: ignore[arg-type]
    await page.incidents.create(name="n", status="RESOLVED", notify="false")  # type: ignore[arg-type]
    await page.incidents.create(name="n", status="RESOLVED", started="2025-01-01T00:00:00Z")  # type: ignore[arg-type]
    await page.incidents.create(name="n", status="RESOLVED", message=None)  # type: ignore[arg-type]
    await page.incidents.update("i", should_publish=True)  # type: ignore[call-arg]
    await page.incidents.updates.create("i", message="m")  # type: ignore[call-arg]
    await page.components.create(description="d")  # type: ignore[call-arg]
    await page.metrics.create(name="n", suffix=None)  # type: ignore[arg-type]
    await page.templates.create(name="n", type="INCIDENT", message="m", status="RESOLVED", notify=True)  # type: ignore[call-arg]
    await page.monitor_alerts.update("a", recipient="r")  # type: ignore[call-arg]


async def vocabularies(page: Page) -> None:
    await page.incidents.create(name="n", status="RESOLVD")  # type: ignore[arg-type]
    await page.incidents.create(name="n", status=ComponentStatus.OPERATIONAL)  # type: ignore[arg-type]
    await page.incidents.create(name="n", status="RESOLVED", statuses={"c": "DOWN"})  # type: ignore[dict-item]
    await page.incidents.create(name="n", status="RESOLVED", statuses={"c": IncidentStatus.RESOLVED})  # type: ignore[dict-item]
    await page.components.update("c", status="DOWN")  # type: ignore[arg-type]
    await page.teammates.create(email="e", permission="ADMIN")  # type: ignore[arg-type]
    page.incidents.list(status="OPEN")  # type: ignore[arg-type]
    page.monitors.list(status="ON")  # type: ignore[arg-type]
    page.monitors.list(status=["UP"])  # type: ignore[arg-type]
    page.subscribers.list(version=3)  # type: ignore[arg-type]
    _ = MonitorStatus.OFF  # type: ignore[attr-defined]


async def bodies_inside(page: Page) -> None:
    await page.incidents.create(name="n", status="RESOLVED", statuses=[{"id": "c", "status": "OPERATIONAL"}])  # type: ignore[arg-type]
    await page.incidents.create(name="n", status="RESOLVED", translations={"name": "f"})  # type: ignore[dict-item]
    await page.monitors.create(url="u", http_method="GET", on_fail={"createIncident": True})  # type: ignore[typeddict-unknown-key]
    await page.monitors.create(url="u", http_method="GET", assertions=[{"type": "STATUS_CODE"}])  # type: ignore[typeddict-item]
    await page.monitors.create(url="u", http_method="GET", basic_auth={"username": 1})  # type: ignore[typeddict-item]
    await page.on_call_schedules.create(name="n", on_call_shifts=[{"name": "s", "members": []}])  # type: ignore[typeddict-item]
    await page.routing_rules.create(actions=[{"type": "NOTIFY_TEAM", "target": "t"}])  # type: ignore[typeddict-unknown-key]


async def arguments(client: InstatusClient, page: Page) -> None:
    await page.incidents.get(incident_id="i")  # type: ignore[call-arg]
    await page.incidents.get()  # type: ignore[call-arg]
    await page.incidents.update(name="n")  # type: ignore[call-arg]
    await page.monitors.set_group("m")  # type: ignore[call-arg]
    await page.metrics.add_datapoint("m", "1")  # type: ignore[arg-type]
    await page.metrics.add_datapoints("m", [(1, NOW)])  # type: ignore[list-item]
    client.page(7)  # type: ignore[arg-type]
    client.pages.list(10)  # type: ignore[call-arg]
    InstatusClient(token="k")  # type: ignore[call-arg]
    PublicStatusPage()  # type: ignore[call-arg]


async def naive_use(client: InstatusClient, page: Page) -> None:
    _ = page.incidents.get("i").name  # type: ignore[attr-defined]
    await page.incidents.list()  # type: ignore[misc]
    for _ in page.incidents.list():  # type: ignore[attr-defined]
        pass
    len(page.incidents.list())  # type: ignore[arg-type]
    _ = page.incidents.list()[0]  # type: ignore[index]
    _ = list(page.incidents.list())  # type: ignore[call-overload]
    async for _ in page.incidents.get("i"):  # type: ignore[attr-defined]
        pass
    with client:  # type: ignore[attr-defined]
        pass
    _ = (await page.incidents.list().first()).name  # type: ignore[union-attr]
    (await page.incidents.get("i")).name = "x"  # type: ignore[misc]
    _ = (await page.incidents.get("i")).mesage  # type: ignore[attr-defined]
    _ = client.components  # type: ignore[attr-defined]


async def jobs(page: Page, event: webhooks.Event) -> None:
    page.incidents.open(status="INVESTIGATING")  # type: ignore[call-arg]
    page.incidents.open(name="n", mesage="m")  # type: ignore[call-arg]
    page.incidents.open(name="n", status="OPEN")  # type: ignore[arg-type]
    await page.incidents.ensure(key="k", statuses={"c": "DOWN"})  # type: ignore[dict-item]
    page.maintenances.window("c", name="n")  # type: ignore[call-arg]
    page.maintenances.window("c", name="n", minutes=5, expandAt=NOW)  # type: ignore[call-arg]
    with page.incidents.open(name="n"):  # type: ignore[attr-defined]
        pass
    await page.incidents.list().collect(progress=5)  # type: ignore[arg-type]
    await page.incidents.list().collect(progress=lambda: None)  # type: ignore[arg-type,misc]
    watch("https://x.example")  # type: ignore[arg-type]
    async for change in watch(page):
        _ = change.incident  # type: ignore[attr-defined]
    _ = event.incident  # type: ignore[union-attr]


async def replicas(page: Page) -> None:
    RedisGate()  # type: ignore[call-arg]
    RedisGate(6379)  # type: ignore[arg-type]
    RedisGate("redis://cache", rate="20")  # type: ignore[arg-type]
    RedisRegistry("redis://cache", rate=20)  # type: ignore[call-arg]
    InstatusClient("k", gate=RedisRegistry("redis://cache"))  # type: ignore[arg-type]
    await page.incidents.ensure(key="k", registry=RedisGate("redis://cache"))  # type: ignore[arg-type]
