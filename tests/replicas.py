"""Start several replicas at once, each a process of its own, and hear what became of them."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


async def started(job: str, every: Sequence[dict[str, Any]]) -> asyncio.subprocess.Process:
    """Let replicas begin together; one alone is the process that is returned, several are its children."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.replica", job, *map(json.dumps, every)),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    for _ in every:
        assert await process.stdout.readline() == b"ready\n", (await process.communicate())[1].decode()
    process.stdin.write(b"\n" * len(every))
    return process


async def ended(process: asyncio.subprocess.Process) -> tuple[list[dict[str, Any]], str]:
    """Return what each of them said, and what all of them logged."""
    said, log = await process.communicate()
    return [json.loads(line) for line in said.splitlines()], log.decode()


async def until(condition: Callable[[], bool]) -> None:
    """Look again and again."""
    while True:
        if condition():
            return
        await asyncio.sleep(0.001)
