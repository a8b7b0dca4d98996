"""A clock whose hands the test moves."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import attrs

START = datetime(2026, 1, 1, 12, tzinfo=UTC)  # the beginning of a slot


@attrs.define(eq=False)
class Timer:
    due: float
    callback: Callable[[], object]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


@attrs.define(eq=False)
class Hands:
    """Time stands still until `advance`; with `impatient`, waits of a second or less are over at once."""

    wall: datetime = START
    ticks: float = 1000.0
    impatient: bool = True
    _timers: list[Timer] = attrs.Factory(list[Timer])
    _armed: asyncio.Event = attrs.Factory(asyncio.Event)

    def now(self) -> datetime:
        return self.wall

    def time(self) -> float:
        return self.ticks

    def call_later(self, delay: float, callback: Callable[[], object], /) -> Timer:
        timer = Timer(self.ticks + delay, callback)
        self._timers.append(timer)
        self._armed.set()
        if self.impatient and delay <= 1:
            asyncio.get_running_loop().call_soon(lambda: timer.cancelled or self.advance(delay))
        return timer

    def advance(self, seconds: float) -> int:
        """Move on, and return how many timers that fired."""
        self.wall += timedelta(seconds=seconds)
        self.ticks += seconds
        self._armed.clear()
        due = [timer for timer in self._timers if not timer.cancelled and timer.due <= self.ticks]
        self._timers = [timer for timer in self._timers if not timer.cancelled and timer.due > self.ticks]
        for timer in sorted(due, key=lambda timer: timer.due):
            timer.callback()
        return len(due)

    def jump(self, seconds: float) -> None:
        """Set the time of day, as NTP or a person would."""
        self.wall += timedelta(seconds=seconds)

    async def armed(self) -> None:
        """Wait until somebody has set a timer since the last `advance`: an attempt is over."""
        await self._armed.wait()

    @property
    def waiting(self) -> int:
        return sum(not timer.cancelled for timer in self._timers)


def slots(count: int, first: int = 0) -> list[datetime]:
    return [START + timedelta(seconds=30 * number) for number in itertools.islice(itertools.count(first), count)]
