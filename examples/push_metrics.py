"""Push the latency of a URL to a metric of your status page: the p95 of every 30 seconds.

    INSTATUS_API_KEY=... python examples/push_metrics.py PAGE_ID METRIC_ID https://example.com/health

It measures once a second until SIGINT or SIGTERM, and then sends what it still holds.
"""

import asyncio
import signal
import sys
import time
from contextlib import suppress

import aiohttp

from instatus_async import BufferFullError, InstatusClient


async def main(client: InstatusClient, page_id: str, metric_id: str, url: str) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    web = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10), raise_for_status=True)
    async with client, web, client.page(page_id).metrics.buffer(metric_id, aggregate="p95") as metric:
        while not stop.is_set():
            began = time.monotonic()
            try:
                async with web.get(url) as response:
                    await response.read()
                metric.add((time.monotonic() - began) * 1000)
            except (aiohttp.ClientError, TimeoutError, BufferFullError) as error:
                print(f"not measured: {type(error).__name__} {error}", file=sys.stderr)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), timeout=1)


if __name__ == "__main__":
    asyncio.run(main(InstatusClient(), *sys.argv[1:4]))
