"""Check a URL every half minute; while it fails an incident is open. Restarts and replicas find the one that is there.

INSTATUS_API_KEY=... python examples/incident_while_broken.py PAGE_ID COMPONENT_ID https://shop.example/health
"""

import asyncio
import sys

import aiohttp

from instatus_async import ComponentStatus, InstatusClient, InstatusError, Page


async def watch(page: Page, component: str, web: aiohttp.ClientSession, url: str, pause: float = 30.0) -> None:
    key, known = "Not reachable", None  # nothing is known of what an earlier run has left open
    while True:
        try:
            async with web.get(url, timeout=aiohttp.ClientTimeout(10)) as answer:
                healthy = answer.ok
        except (aiohttp.ClientError, TimeoutError):
            healthy = False
        try:
            if healthy and known is not True:
                await page.incidents.resolve_open(key=key, message="All checks pass again.", notify=True)
            elif not healthy and known is not False:
                broken = {component: ComponentStatus.MAJOR_OUTAGE}
                await page.incidents.ensure(key=key, message="Our checks fail.", statuses=broken, notify=True)
            known = healthy
        except InstatusError as error:  # the next round tries again
            print(error, *getattr(error, "__notes__", ()), sep="\n", file=sys.stderr)
        await asyncio.sleep(pause)


async def main(page_id: str, component: str, url: str) -> None:
    async with InstatusClient() as client, aiohttp.ClientSession() as web:
        await watch(client.page(page_id), component, web, url)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
