"""An incident from start to finish, a maintenance and a metric, and what the public page then says.

    python examples/quickstart.py            # on the embedded Instatus: no key, no network, no real subscriber
    python examples/quickstart.py --live     # on the real one, with INSTATUS_API_KEY, and without notifying anybody

With --live it works on the first page of the account, or on the one that --page names, and cleans up after itself.
"""

import argparse
import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

from instatus_async import ComponentStatus, IncidentStatus, InstatusClient, Page, PublicStatusPage
from instatus_async.testing import InstatusServer


async def main_job(page: Page, public: PublicStatusPage, cleanup: AsyncExitStack, *, notify: bool) -> None:
    api = await page.components.create(name="Quickstart API")
    cleanup.push_async_callback(page.components.delete, api.id)
    print(f"component   {api.name}: {api.status}")

    incident = await page.incidents.create(
        name="API errors",
        status=IncidentStatus.INVESTIGATING,
        message="We are on it.",
        statuses={api.id: ComponentStatus.MAJOR_OUTAGE},
        notify=notify,
        should_publish=notify,
    )
    cleanup.push_async_callback(page.incidents.delete, incident.id)
    print(f"incident    {incident.name}: {incident.status}, API is {(await page.components.get(api.id)).status}")
    print(f"public page {(await public.summary()).page.status}")

    await page.incidents.updates.create(
        incident.id,
        status=IncidentStatus.MONITORING,
        message="A fix is rolling out.",
        statuses={api.id: ComponentStatus.DEGRADED_PERFORMANCE},
        notify=notify,
    )
    await page.incidents.updates.create(
        incident.id,
        status=IncidentStatus.RESOLVED,
        message="Fixed.",
        statuses={api.id: ComponentStatus.OPERATIONAL},
        notify=notify,
    )
    told = await page.incidents.get(incident.id)
    print(f"incident    {told.name}: {told.status}, after {' > '.join(update.status for update in told.updates)}")

    start = datetime.now(UTC) + timedelta(days=1)
    maintenance = await page.maintenances.create(
        name="Database upgrade",
        message="The API is read-only for an hour.",
        status="NOTSTARTEDYET",
        statuses={api.id: ComponentStatus.UNDER_MAINTENANCE},
        start=start,
        end=start + timedelta(hours=1),
        notify=notify,
        notify_start=notify,
        notify_end=notify,
        notify_early=False,
        auto_start=False,
        auto_end=False,
    )
    cleanup.push_async_callback(page.maintenances.delete, maintenance.id)
    print(f"maintenance {maintenance.name}: {maintenance.status}, {start:%d %B %H:%M} UTC")

    metric = await page.metrics.create(name="Response time", suffix="ms")
    cleanup.push_async_callback(page.metrics.delete, metric.id)
    now = datetime.now(UTC)
    await page.metrics.add_datapoints(metric.id, [(now - timedelta(seconds=30 * n), 120.0 + n) for n in range(5)])
    print(f"metric      {metric.name}: {len((await page.metrics.get(metric.id)).data)} datapoints")

    summary = await public.summary()
    print(f"public page {summary.page.status}, {len(summary.active_incidents)} open incidents")
    for component in await public.components():
        print(f"            {component.name}: {component.status}")


async def embedded() -> None:
    async with InstatusServer() as server, server.client() as client, server.public() as public:
        site = await client.pages.list().first()
        if site is None:
            raise SystemExit("The embedded Instatus has lost its page.")
        async with AsyncExitStack() as cleanup:
            await main_job(client.page(site.id), public, cleanup, notify=True)


async def live(page_id: str | None) -> None:
    async with InstatusClient() as client:
        async for site in client.pages.list():
            if page_id in (None, site.id):
                break
        else:
            raise SystemExit("This account has no such page.")
        url = f"https://{site.custom_domain}" if site.custom_domain else f"https://{site.subdomain}.instatus.com"
        async with PublicStatusPage(url) as public, AsyncExitStack() as cleanup:
            await main_job(client.page(site.id), public, cleanup, notify=False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--live", action="store_true", help="use the real service, and notify nobody")
    parser.add_argument("--page", help="the page's id, with --live")
    options = parser.parse_args()
    asyncio.run(live(options.page) if options.live else embedded())
