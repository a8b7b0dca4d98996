"""Run a command as a cron job, and tell an Instatus heartbeat whether it succeeded.

INSTATUS_HEARTBEAT_URL=https://cron.instatus.com/... python examples/heartbeat.py pg_dump --file=backup.sql shop

When the command fails, Instatus hears so at once; when the machine is gone, it misses the ping. The exit status is the
command's, or 1 when it succeeded and Instatus could not be told.
"""

import asyncio
import os
import subprocess
import sys

from instatus_async import InstatusError, heartbeat


async def run(url: str, *command: str) -> None:
    async with heartbeat(url):
        process = await asyncio.create_subprocess_exec(*command)
        if status := await process.wait():
            raise subprocess.CalledProcessError(status, command)


def main() -> int:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    try:
        asyncio.run(run(os.environ["INSTATUS_HEARTBEAT_URL"], *sys.argv[1:]))
    except subprocess.CalledProcessError as exc:
        return exc.returncode if exc.returncode > 0 else 1
    except InstatusError as exc:
        print(exc, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
