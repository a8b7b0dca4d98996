"""Replicas, each a process of its own: `python -m tests.replica JOB '{...}' ...`.

Each says "ready", begins at the first byte that it reads, and says what became of its calls as a line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import time
from typing import Any

from instatus_async import InstatusClient, InstatusError
from instatus_async.redis import RedisGate, RedisRegistry


def say(text: str) -> None:
    os.write(1, f"{text}\n".encode())  # in one piece


def begin(clock_off: float = 0.0) -> None:
    """Wait for the word, under a clock that is wrong."""
    if clock_off:
        right, right_ns = time.time, time.time_ns
        time.time = lambda: right() + clock_off
        time.time_ns = lambda: right_ns() + round(clock_off * 1e9)
    say("ready")
    os.read(0, 1)


async def gate(
    name: str, url: str, key: str, redis: str, tasks: int, calls: int, seconds: float, clock_off: float, rate: float
) -> dict[str, Any]:
    """Call until all calls are made or the time is over, so many at once."""
    errors: list[str] = []
    begin(clock_off)
    shared = RedisGate(redis, rate=rate, reconnect_after=60.0)
    async with shared, InstatusClient(key, base_url=url, gate=shared, user_agent=name) as client:
        left, end = calls, asyncio.get_running_loop().time() + seconds

        async def work() -> None:
            nonlocal left
            while left > 0 and asyncio.get_running_loop().time() < end:
                left -= 1
                try:
                    await client.user.get()
                except InstatusError as error:
                    errors.append(repr(error))

        await asyncio.gather(*(work() for _ in range(tasks)))
    return {"made": calls - left, "errors": errors}


async def ensure(url: str, key: str, redis: str, page: str, tasks: int = 1) -> dict[str, Any]:
    """Ensure one incident, by so many tasks."""
    shared = RedisRegistry(redis, timeout=5.0)
    async with shared, InstatusClient(key, base_url=url) as client:
        incidents = client.page(page).incidents
        begin()
        found = await asyncio.gather(
            *(incidents.ensure(key="db", message="Down", notify=True, registry=shared) for _ in range(tasks))
        )
    return {
        "ids": sorted({one.incident.id for one in found}),
        "created": sum(one.created for one in found),
        "announced": all(one.announced for one in found),
    }


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(message)s")
    job, *every = sys.argv[1:]
    children: list[int] = []
    for arguments in every:
        if len(every) > 1 and (child := os.fork()):  # so that what they import is imported once
            children.append(child)
            continue
        say(json.dumps(asyncio.run(globals()[job](**json.loads(arguments)))))
        os._exit(0)
    for child in children:
        os.waitpid(child, 0)
