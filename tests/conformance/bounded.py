"""Read one large answer within a memory limit: `python -m tests.conformance.bounded URL KEY`.

Prints the error's type and message, whether the next call works, and the memory that it took.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from pathlib import Path

from instatus_async import Effect, InstatusClient, InstatusError, RetryPolicy

ROOM = 300 << 20


def taken(field: str) -> int:
    """Read a size of this process, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(field))


async def main(url: str, key: str) -> None:
    async with InstatusClient(key, base_url=url, retry=RetryPolicy(attempts=3, base=0.0)) as client:
        before = taken("VmData:")
        resource.setrlimit(resource.RLIMIT_DATA, (before + ROOM, before + ROOM))
        peak = taken("VmHWM:")
        said: dict[str, object] = {}
        try:
            await client.request("POST", "/v1/large", effect=Effect.IDEMPOTENT)
        except InstatusError as exc:
            said = {"type": type(exc).__name__, "says": str(exc), "applied": getattr(exc, "may_have_applied", None)}
        said["took"] = taken("VmHWM:") - peak
        said["next"] = await client.request("GET", "/v1/user")
        print(json.dumps(said))  # noqa: T201 - to the test


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
