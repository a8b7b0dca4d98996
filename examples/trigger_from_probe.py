"""Ask a URL again and again, and tell an Instatus custom service when it goes down and comes back.

INSTATUS_TRIGGER_URL=https://api.instatus.com/v3/integrations/webhook/... python examples/trigger_from_probe.py URL
It needs no API key: the address is the credential. Three failures in a row are down, one success is up.
"""

import asyncio
import os
import sys

import aiohttp

from instatus_async import InstatusError, TriggerState, trigger


async def answers(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url, timeout=aiohttp.ClientTimeout(total=10)) as response:
            return response.status < 500
    except (aiohttp.ClientError, TimeoutError):
        return False


async def probe(url: str, trigger_url: str, every: float = 30.0) -> None:
    failures, told = 0, None
    async with aiohttp.ClientSession() as session:
        while True:
            failures = 0 if await answers(session, url) else failures + 1
            state: TriggerState = "down" if failures else "up"
            try:
                if state != told and failures not in (1, 2):
                    await trigger(trigger_url, state, session=session)
                    told = state
            except InstatusError as exc:
                print(f"not told, trying again: {exc}", file=sys.stderr)
            await asyncio.sleep(every)


if __name__ == "__main__":
    asyncio.run(probe(sys.argv[1], os.environ["INSTATUS_TRIGGER_URL"]))
