"""The gate in front of the service: one a key, shared by all tasks.

Instatus documents no limit (quirk 23), so the gate knows none until the first 429. From then on every task of that key
waits together, as long as Retry-After says, or a growing pause towards 30 seconds when nothing is said (quirk 25).
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol

__all__ = ["Gate", "RateGate", "retry_after"]

_LONGEST = 24 * 3600.0  # a longer Retry-After is nonsense
_PAUSE, _LONGEST_PAUSE = 1.0, 30.0


class Gate(Protocol):
    """What the session asks of a gate; one shared by many processes speaks it too."""

    async def acquire(self) -> None:
        """Return when the next request may go out."""
        ...

    def limited(self, pause: float | None) -> float:
        """Hear of a 429 and of the pause asked for, if any; return the seconds until requests may go on."""
        ...

    def passed(self) -> None:
        """Hear that a request was not refused."""
        ...


class RateGate:
    """Hold back every task of one key after a 429."""

    __slots__ = ("_epoch", "_refusals", "_until")

    def __init__(self) -> None:
        self._until = 0.0  # on the loop's clock
        self._refusals = 0  # 429 epochs in a row
        self._epoch = 0.0  # refusals of requests sent before the pause began count once

    async def acquire(self) -> None:
        """Return at once, or when the pause is over. Cancelling a waiter holds up nobody."""
        loop = asyncio.get_running_loop()
        while (wait := self._until - loop.time()) > 0:  # noqa: ASYNC110 - the pause may grow meanwhile
            await asyncio.sleep(wait)

    def limited(self, pause: float | None) -> float:
        """Begin or lengthen the pause: `pause` seconds, or a jittered one that doubles from 1 to 30 seconds."""
        now = asyncio.get_running_loop().time()
        if now >= self._epoch:
            self._refusals += 1
        if pause is None:
            bound = min(_LONGEST_PAUSE, _PAUSE * 2.0 ** min(self._refusals - 1, 10))
            pause = random.uniform(bound / 2, bound)  # noqa: S311 - jitter, no secret
        self._until = max(self._until, now + pause)
        self._epoch = self._until
        return self._until - now

    def passed(self) -> None:
        """Forget earlier refusals once requests pass again."""
        if self._refusals and asyncio.get_running_loop().time() >= self._until:
            self._refusals = 0


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read Retry-After in seconds, or as a date against the answer's own Date; None when absent or nonsense.

    Nonsense is what is negative, not finite, longer than a day, or no number and no date.
    """
    value = headers.get("Retry-After", "").strip()
    if not value or len(value) > 64:
        return None
    try:
        seconds = float(value)
    except ValueError:
        until = _http_date(value)
        now = _http_date(headers.get("Date", "")) or datetime.now(UTC)
        if until is None:
            return None
        seconds = max(0.0, (until - now).total_seconds())
    return seconds if math.isfinite(seconds) and 0 <= seconds <= _LONGEST else None


def _http_date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
