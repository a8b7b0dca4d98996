"""Relay what happens on a status page, anybody's, to a chat; without WEBHOOK_URL it prints.

    WEBHOOK_URL=https://chat.example/hook python examples/watch_to_chat.py https://acme.instatus.com acme.json
The file keeps how far it has come, so that a restart says nothing twice.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp

from instatus_async import Gap, PublicStatusPage, WatchState, watch

Say = Callable[[str], Awaitable[None]]


async def relay(page: PublicStatusPage, since: str, keep: Callable[[str], object], say: Say, every: float = 60) -> None:
    changes = watch(page, every=every, since=WatchState.loads(since) if since else None)
    keep((await changes.begin()).dumps())
    async for change in changes:
        what = f"not seen since {change.since:%H:%M}" if isinstance(change, Gap) else change.kind.replace("_", " ")
        await say(": ".join(filter(None, (what, getattr(change, "name", ""), getattr(change, "status", "")))))
        keep(change.state.dumps())  # said, and never again


async def main(url: str, since: str, keep: Callable[[str], object]) -> None:
    async def say(text: str) -> None:
        hook = os.environ.get("WEBHOOK_URL")
        print(text) if hook is None else await session.post(hook, json={"text": text})

    async with PublicStatusPage(url) as page, aiohttp.ClientSession(raise_for_status=True) as session:
        await relay(page, since, keep, say)


if __name__ == "__main__":
    file = Path(sys.argv[2])
    asyncio.run(main(sys.argv[1], file.read_text() if file.exists() else "", file.write_text))
