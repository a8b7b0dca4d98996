"""Deadlines of all the calls of a pool, kept by one timer; and so, who is in flight.

`asyncio.timeout` sets a timer for every call and nearly always cancels it, which is 6 % of a small GET; aiohttp's own
read timeout sets two, for 10 %. Here a call enters its deadline in a set, and is in it for as long as it is in flight.
The one timer rings when the earliest of them may be over, cancels whoever is late, and sets itself for the next;
without calls it is not set again.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

__all__ = ["Clock", "Deadline"]


class Clock:
    """The timer of many deadlines, on the event loop that `start` names."""

    __slots__ = ("_idle", "_timer", "loop", "pending", "rings", "time")

    def __init__(self) -> None:
        self.pending: set[Deadline] = set()  # whoever is inside `with`, late or not
        self._idle: asyncio.Event | None = None  # set when the last one leaves, while somebody waits for that
        self.rings: float = math.inf  # on the loop's clock
        self._timer: asyncio.TimerHandle | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Belong to a loop. It is kept, since Python 3.11 asks the system each time which one is running."""
        self.loop: asyncio.AbstractEventLoop = loop
        self.time: Callable[[], float] = loop.time

    def ring_by(self, at: float) -> None:
        """Ring at that time, which is before all others."""
        self.stop()
        self.rings = at
        self._timer = self.loop.call_at(at, self._ring)

    def stop(self) -> None:
        """Forget the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.rings = math.inf

    def left(self, deadline: Deadline) -> None:
        """Hear that somebody is no longer inside."""
        self.pending.discard(deadline)
        if self._idle is not None and not self.pending:
            self._idle.set()

    async def idle(self, seconds: float) -> None:
        """Wait until nobody is inside, so many seconds at most."""
        if self.pending:
            self._idle = self._idle or asyncio.Event()
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._idle.wait()

    def _ring(self) -> None:
        self.stop()
        now = self.time()
        for deadline in self.pending:
            if deadline.at <= now and not deadline.expired:
                deadline.expire()
        following = min((deadline.at for deadline in self.pending if not deadline.expired), default=math.inf)
        if following < math.inf:
            self.ring_by(following)


class Deadline:
    """Cancel what a task does inside `with` when its time is up, and then go on behind it.

    It is `asyncio.timeout_at`, but for its timer: `at` is on the loop's clock, infinity is never, and `until` moves it
    meanwhile. `expired` tells that it ran out. Cancellation from outside stays what it is.
    """

    __slots__ = ("_cancelling", "_clock", "_task", "at", "expired")

    def __init__(self, clock: Clock, at: float) -> None:
        self._clock = clock
        self.at: float = at
        self.expired: bool = False

    def __enter__(self) -> Self:
        clock = self._clock
        task: asyncio.Task[Any] | None = asyncio.current_task(clock.loop)
        if task is None:
            raise RuntimeError("a call must be awaited in a task")
        self._task: asyncio.Task[Any] = task
        self._cancelling: int = task.cancelling()
        clock.pending.add(self)
        if self.at < clock.rings:
            clock.ring_by(self.at)
        return self

    def until(self, at: float) -> None:
        """Run out at another time."""
        self.at = at
        if at < self._clock.rings:
            self._clock.ring_by(at)

    def forgive(self, at: float) -> bool:
        """Run out at another time, and tell whether the cancellation that just came was this one's own and is over."""
        if not self.expired or at <= self._clock.time():
            return False
        self.expired = False
        self.until(at)
        return self._task.uncancel() <= self._cancelling

    @property
    def interrupted(self) -> bool:
        """Whether somebody cancelled the task, this one included."""
        return self._task.cancelling() > self._cancelling

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        self._clock.left(self)
        # The same two conditions as in asyncio.timeout: whoever else cancelled the task meanwhile is not overruled.
        late = self.expired and self._task.uncancel() <= self._cancelling and exc_type is asyncio.CancelledError
        if exc_type is asyncio.CancelledError and not late:
            self.cancelled()
        return late

    def cancelled(self) -> None:
        """Hear that somebody else cancelled what is inside."""

    def expire(self) -> None:
        """Cancel the task, once."""
        self.expired = True
        self._task.cancel()
