"""The gate in front of the service: one a key, shared by all tasks.

Instatus documents no limit (quirk 23), so the gate knows none until the first 429:

    open      every request passes at once
    paused    after a 429 nobody passes, as long as Retry-After says, or a growing pause when nothing is said (quirk 25)
    probing   the pause is over: one request goes first, and the others wait for what becomes of it
    paced     it passed: the others follow in order, at half the pace that was too fast, growing with every success

The pace before the first 429 is hardly known: who has just begun has sent little in a second. So it doubles every
second at first. Once it has met a 429 itself, it is halved, and grows slowly from there.

A pace that has held for a minute is no limit any more, and the gate is open again. Waiters are served in order; one
that is cancelled hands its turn on, also in the tick in which it was granted.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol

from .errors import RateLimitError

__all__ = ["Gate", "RateGate", "http_date", "retry_after"]

_LONGEST = 24 * 3600.0  # a longer Retry-After is nonsense
_PAUSE, _LONGEST_PAUSE = 1.0, 30.0  # of a 429 without Retry-After
_SLOWEST = 0.5  # requests a second
_LEAST_KNOWN = 4.0  # requests in the last second that say something about the limit; fewer met somebody else's
_SAMPLE = 256  # grants that are remembered to know the pace of the last second
_HELD = 60.0  # seconds without a 429 after which the pace is forgotten


class Gate(Protocol):
    """What the session asks of a gate; one shared by many processes speaks it too.

    Every turn that `acquire` gave is returned once, by `passed`, `limited` or `abandoned`.
    """

    async def acquire(self, deadline: float) -> int:
        """Wait for a turn, and return its ticket.

        `deadline` is on the loop's clock. Raises RateLimitError when the turn cannot come before it.
        """
        ...

    async def limited(self, ticket: int, pause: float | None) -> float:
        """Hear of a 429 and of the pause asked for, if any; return the seconds until requests may go on."""
        ...

    def passed(self, ticket: int) -> None:
        """Hear that a request was answered, and not with 429."""
        ...

    def abandoned(self, ticket: int) -> None:
        """Hear that a turn ended without an answer."""
        ...


class RateGate:
    """The gate of one process. It belongs to the event loop that uses it."""

    __slots__ = (
        "_epoch",
        "_granted",
        "_last",
        "_met",
        "_next",
        "_probe",
        "_rate",
        "_refusals",
        "_timer",
        "_until",
        "_waiters",
    )

    def __init__(self) -> None:
        self._epoch = 0  # pauses so far; a ticket is the epoch it was granted in
        self._until = 0.0  # the end of the pause, on the loop's clock
        self._last = -math.inf  # the latest 429
        self._refusals = 0  # pauses in a row
        self._probe: int | None = None  # the ticket that goes first: 0 while nobody has it, None when none is needed
        self._rate: float | None = None  # grants a second; None is no limit
        self._met = False  # whether that pace has met a 429 itself
        self._next = 0.0  # when the pace allows the next one
        self._granted: deque[float] = deque(maxlen=_SAMPLE)
        self._waiters: deque[asyncio.Future[int]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    async def acquire(self, deadline: float) -> int:
        """Return at once while the gate is open, else in turn."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        if not self._waiters and self._allowed(now):
            return self._grant(now)
        if self._expected(now) > deadline:
            wait = self._expected(now) - now
            raise RateLimitError(f"the service asked for a pause of {wait:.1f} s more", retry_after=wait)
        waiter: asyncio.Future[int] = loop.create_future()
        self._waiters.append(waiter)
        self._serve()
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():  # granted in this very tick
                self.abandoned(waiter.result())
            else:
                waiter.cancel()
                self._serve()
            raise

    async def limited(self, ticket: int, pause: float | None) -> float:
        """Begin a pause, or lengthen the one that has begun since the request was sent."""
        now = asyncio.get_running_loop().time()
        self._last = now
        if ticket == self._epoch:  # the first 429 of this epoch; those of requests sent with it count once
            self._epoch += 1
            self._refusals += 1
            self._met = self._rate is not None
            pace = sum(1 for at in self._granted if at > now - 1.0)
            self._rate = max(_SLOWEST, min(max(pace, _LEAST_KNOWN), self._rate or math.inf) / 2)
            self._probe = 0
        if pause is None:
            bound = min(_LONGEST_PAUSE, _PAUSE * 2.0 ** min(self._refusals - 1, 10))
            pause = random.uniform(bound / 2, bound)  # noqa: S311 - jitter, no secret
        self._until = max(self._until, now + pause)
        self._serve()
        return self._until - now

    def passed(self, ticket: int) -> None:
        """Grow the pace, and let the others follow a probe that passed."""
        if self._rate is None or ticket != self._epoch:
            return
        now = asyncio.get_running_loop().time()
        self._probe = None
        self._refusals = 0
        # A second at this pace has as many successes, which together double it, or add a tenth, at least one.
        doubling = 0.0 if self._met else math.log(2)
        self._rate += max(doubling, 0.1, 1.0 / self._rate)
        if now - self._last > _HELD:
            self._rate = None
        self._serve()

    def abandoned(self, ticket: int) -> None:
        """Let another one go first when it was the probe."""
        if ticket == self._epoch and self._probe:
            self._probe = 0
        self._serve()

    def _allowed(self, now: float) -> bool:
        if self._rate is None:
            return True
        return now >= self._until and not self._probe and now >= self._next

    def _grant(self, now: float) -> int:
        self._granted.append(now)
        if self._rate is not None:
            self._next = max(self._next, now) + 1.0 / self._rate
        if self._probe == 0:
            self._probe = self._epoch
        return self._epoch

    def _expected(self, now: float) -> float:
        """Say when the next turn can come at the earliest."""
        return max(now, self._until, self._next)

    def _serve(self) -> None:
        """Give turns to those who may have one now, and come back when the next may."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiters = self._waiters
        while waiters:
            if waiters[0].done():  # cancelled
                waiters.popleft()
                continue
            loop = waiters[0].get_loop()  # a call that is collected as garbage has no running one
            now = loop.time()
            if not self._allowed(now):
                if not self._probe:  # else its answer will come back here
                    self._timer = loop.call_at(self._expected(now), self._serve)
                return
            waiters.popleft().set_result(self._grant(now))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read Retry-After in seconds, or as a date against the answer's own Date; None when absent or nonsense.

    Nonsense is what is negative, a date that is over too, not finite, longer than a day, or no number and no date.
    """
    value = headers.get("Retry-After", "").strip()
    if not value or len(value) > 64:
        return None
    try:
        seconds = float(value)
    except ValueError:
        until = http_date(value)
        now = http_date(headers.get("Date", "")) or datetime.now(UTC)
        if until is None:
            return None
        seconds = (until - now).total_seconds()
    return seconds if math.isfinite(seconds) and 0 <= seconds <= _LONGEST else None


def http_date(value: str) -> datetime | None:
    """Read a date of a header; None for anything else."""
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
