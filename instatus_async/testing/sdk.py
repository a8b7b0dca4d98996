"""Change what the SDK does for the sake of the real service, where a test has no use for it."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from unittest.mock import patch


@contextmanager
def settling(seconds: float) -> Generator[None]:
    """Shorten the second for which the SDK waits until what others wrote shows up in lists.

        with settling(0.01):
            await page.incidents.ensure(key="db", notify=True)

    `incidents.ensure` and `resolve_open` wait, since lists of the real service may be behind; those of the embedded
    server never are. It holds for the whole process until the block ends. Leave it a few milliseconds: two
    incidents that are made in the same one must see each other, or both are announced.
    """
    from instatus_async.jobs import _lifecycle  # noqa: PLC0415 - the server itself needs nothing of the SDK

    with patch.object(_lifecycle, "SETTLE", seconds):
        yield


@contextmanager
def as_processes() -> Generator[None]:
    """Let callers in one event loop meet as processes do.

        with as_processes():
            await asyncio.gather(one_bot(), other_bot())

    Otherwise `incidents.ensure` and `resolve_open` have a lock for each key and loop, so that of two bots in one test
    the second only starts when the first is done, and the election that decides between processes never happens. Give
    each bot a client of its own, as processes have. It holds for the whole process until the block ends.
    """
    from instatus_async.jobs import incidents  # noqa: PLC0415 - the server itself needs nothing of the SDK

    def own_lock(*_: object) -> asyncio.Lock:
        return asyncio.Lock()

    with patch.object(incidents, "lock", own_lock):
        yield
