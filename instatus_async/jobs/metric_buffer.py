"""A buffer between values at any pace and a metric that takes one point every 30 seconds (quirk 39).

    open       slots that values go into; `add` is a look-up and an addition
    held       slots that are over, sealed into one number each, in order, until they are on record
    (gone)     on record, or reported as lost

One task does all the sending. It marks points as doubtful before it sends them, and takes the mark away when it knows
better. While there is a doubt, nothing is sent before the metric has been read back: a point that is there is not sent
again. The same look comes before the first request, since an earlier process may have sent the slot that was not over
when it ended. A point can be refused for its own sake, so what is refused is sent again in halves until the one that is
to blame is alone.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from types import TracebackType
from typing import NoReturn, Protocol, Self, TypeAlias

from .._body import identifier, milliseconds
from .._wording import clauses
from ..errors import (
    APIError,
    BufferFullError,
    ClientStateError,
    InstatusError,
    InvalidRequestError,
    LateDatapointError,
    NotFoundError,
    UnsentDatapointsError,
)
from ..resources.metrics import Metrics
from ._aggregates import AGGREGATES, Aggregate, Summary

__all__ = ["BufferClock", "BufferTimer", "MetricBuffer"]

Point: TypeAlias = tuple[datetime, float]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_APART = 30.0  # seconds between two points of a metric (quirk 39)
_DAY = 86_400.0
_AGAIN = 1.0  # seconds between two attempts when the block has ended
_KEY_OR_MOMENT = frozenset({401, 403, 408, 429})  # what is said of the key or the moment, and not of the points

_TAKEN = (
    "another process, or the run before this one, has sent a point of that slot already, and a point cannot be added "
    "to: let one process send to a metric"
)

_log = logging.getLogger("instatus_async")


class BufferTimer(Protocol):
    """What `BufferClock.call_later` returns."""

    def cancel(self) -> object:
        """Let it not happen."""
        ...


class BufferClock(Protocol):
    """What a buffer asks for the time, and to be woken by."""

    def now(self) -> datetime:
        """Return the time of day, aware. It may jump."""
        ...

    def time(self) -> float:
        """Return seconds that never go back, like `loop.time()`."""
        ...

    def call_later(self, delay: float, callback: Callable[[], object], /) -> BufferTimer:
        """Call back after so many of those seconds, like `loop.call_later()`."""
        ...


class _MachineClock:
    """The machine's time of day, and the running loop's seconds."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def time(self) -> float:
        return asyncio.get_running_loop().time()

    def call_later(self, delay: float, callback: Callable[[], object], /) -> BufferTimer:
        return asyncio.get_running_loop().call_later(delay, callback)


class MetricBuffer:
    """Values on their way to one metric; made by `page.metrics.buffer()`, and used once, with `async with`.

    It belongs to the event loop that entered it. `last_error` is what keeps the sending from succeeding, None since it
    has; the first error of each outage is logged.
    """

    def __init__(
        self,
        metrics: Metrics,
        metric_id: str,
        *,
        aggregate: Aggregate = "mean",
        spacing: float = 30.0,
        every: float = 30.0,
        batch: int = 100,
        max_points: int = 2880,
        drain: float = 30.0,
        on_lost: Callable[[UnsentDatapointsError], object] | None = None,
        clock: BufferClock | None = None,
    ) -> None:
        self._metrics = metrics
        self._id = identifier(metric_id, "metric_id")
        self._summary = _summary(aggregate)
        self._spacing = round(_seconds(spacing, "spacing", least=_APART) * 1000)
        self._every = _seconds(every, "every", least=0.001)
        self._drain = _seconds(drain, "drain", least=0.0)
        self._batch = _count(batch, "batch")
        self._most = _count(max_points, "max_points")
        self._on_lost = None if on_lost is None else _listener(on_lost)
        self._clock: BufferClock = _MachineClock() if clock is None else clock

        self._open: dict[int, Summary] = {}  # slots are known by the milliseconds of their beginning
        self._held: dict[int, float] = {}
        self._sealed = -math.inf  # the latest slot that has become a number
        self._doubtful: set[int] = set()  # of those held: sent once, and perhaps carried out
        self._look_first = True
        self._size = self._batch
        self._looked = False  # in this attempt
        self._arrivals = self._losses = 0
        self._lost: deque[Point] = deque(maxlen=self._most)  # refused, and still to be reported
        self._lost_doubtful: deque[Point] = deque(maxlen=self._most)
        self._lost_count = 0

        self._present = -math.inf  # milliseconds since 1970, as last told
        self._ticks = 0.0
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self._wake = asyncio.Event()
        self._flushes: list[asyncio.Future[None]] = []
        self._queue = asyncio.Lock()  # puts that wait for room, in order
        self._room = asyncio.Event()
        self.last_error: Exception | None = None

    def __repr__(self) -> str:
        return f"<MetricBuffer {self._id}: {len(self._open) + len(self._held)} points held>"

    # Values

    def add(self, value: float, at: datetime | None = None) -> None:
        """Accept a finite number, of now or of an aware time in the past. Nothing is sent here.

        A value of 0 is sent like any other, though the service is said not to take it (claim 40).

        Raises BufferFullError while there is no room for another point, LateDatapointError when the point of that time
        was made already, InvalidRequestError for what is no finite number, a naive datetime or one ahead of this slot,
        and ClientStateError outside of the block. None of these was accepted.
        """
        slot, number = self._placed(value, at)
        if not self._at_once(slot):
            raise BufferFullError(
                f"metric {self._id}: the buffer is full, with max_points={self._most} still to be sent"
                f"{self._because()}. The value was not accepted: drop it, or wait for room with put()."
            )
        self._accept(slot, number)

    async def put(self, value: float, at: datetime | None = None) -> None:
        """Do as `add` does, and wait for room instead of raising BufferFullError.

        Who waits first goes first, and until then `add` opens no slot either. The value keeps the time of the call.
        Cancelled while it waits, it was not accepted.
        """
        slot, number = self._placed(value, at)
        if self._at_once(slot):
            self._accept(slot, number)
            return
        async with self._queue:
            while not self._admits(slot):
                self._room.clear()
                self._wake.set()
                await self._room.wait()
            self._accept(slot, number)

    async def flush(self) -> None:
        """Send every slot that is over, without waiting for the interval.

        Raises what kept points back, which stay held, or the UnsentDatapointsError of those that are lost.
        """
        self._check_open()
        done = asyncio.get_running_loop().create_future()
        self._flushes.append(done)
        self._wake.set()
        await done

    @property
    def unsent(self) -> Sequence[Point]:
        """What was accepted and is not known to be on record, oldest first: the time of the slot, and its value so far.

        Without `on_lost`, what the service refused is among it, up to `max_points` of those.
        """
        present = ((_moment(slot), self._open[slot].value) for slot in sorted(self._open))
        return (*self._lost, *self._points(self._held), *present)

    # The block

    async def __aenter__(self) -> Self:
        if self._task is not None:
            raise ClientStateError(f"metric {self._id}: a buffer is entered once. Make another one with buffer().")
        self._ticks = self._clock.time()
        self._task = asyncio.create_task(self._run(), name=f"instatus_async buffer of metric {self._id}")
        self._task.add_done_callback(self._ended)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        task = self._task
        if task is None:
            return
        self._closing = True
        left: UnsentDatapointsError | None = None
        try:
            if kind is None or issubclass(kind, Exception):
                await self._finish(task)
        finally:
            try:
                await _cancelled(task)
            finally:
                self._seal(everything=True)
                left = self._left(error)
        if left is not None and error is None:
            raise left from self.last_error

    async def _finish(self, task: asyncio.Task[None]) -> None:
        """Let the task send what there is, as long as `drain` allows."""
        self._wake.set()
        limit = self._clock.call_later(self._drain, task.cancel)
        try:
            await asyncio.wait([task])
        finally:
            limit.cancel()

    def _left(self, error: BaseException | None) -> UnsentDatapointsError | None:
        """Report what is not on record in the end; return it when it is still to be raised."""
        points, count = self.unsent, len(self._held) + self._lost_count
        if not count:
            return None
        dropped = f"; the first {count - len(points)} of them are not kept" if count > len(points) else ""
        again = "; send with add_datapoints() what is not on record" if self._held else ""
        left = UnsentDatapointsError(
            f"metric {self._id}: {_accepted(count)}, and not sent{self._because()}. See `points`, or `unsent` of the "
            f"buffer{dropped}{again}.",
            points=points,
            doubtful=(*self._lost_doubtful, *self._points(slot for slot in self._held if slot in self._doubtful)),
        )
        left.__cause__ = self.last_error
        if self._told(left):
            return None
        if error is not None:
            error.add_note(str(left))
        _log.warning("%s", left)
        return left

    def _told(self, loss: UnsentDatapointsError) -> bool:
        """Tell the program's listener, if there is one; it cannot break the buffer."""
        if self._on_lost is None:
            return False
        try:
            self._on_lost(loss)
        except Exception:  # noqa: BLE001 - of the program's own
            _log.exception("on_lost failed: %s", loss)
        return True

    # Time

    def _now(self) -> float:
        """Return the milliseconds since 1970, never less than before.

        While the time of day is behind what was told, after a jump back, time goes on at half its speed until it has
        caught up. So no slot comes twice, and none out of order.
        """
        ticks = self._clock.time()
        waited = self._present + (ticks - self._ticks) * 500
        self._ticks = ticks
        self._present = max(milliseconds(self._clock.now(), "clock"), waited)
        return self._present

    def _slot(self, moment: float) -> int:
        """Return the slot of a time in milliseconds, by its beginning."""
        return int(moment // self._spacing) * self._spacing

    def _placed(self, value: object, at: object) -> tuple[int, float]:
        """Check what comes in, and find its slot."""
        self._check_open()
        number = _finite(value)
        present = self._slot(self._now())
        if at is None:
            return present, number
        slot = self._slot(milliseconds(at, "at"))
        if slot < 0:
            _refuse("at", f"{at} is before 1970")
        if slot > present:
            _refuse("at", f"{at} is ahead of this slot, which began at {_moment(present)}")
        return slot, number

    # Room

    def _check_open(self) -> None:
        if self._closing or self._task is None or self._task.done():
            raise ClientStateError(
                f"metric {self._id}: the buffer takes values inside of its `async with` only. Nothing was accepted."
            )

    def _admits(self, slot: int) -> bool:
        """Tell whether a value may come in now; raise when it never may."""
        self._check_open()
        if slot <= self._sealed:
            raise LateDatapointError(
                f"metric {self._id}: the point of {_moment(slot)} was made already, and points are sent in order. The "
                "value was not accepted: add values before their slot is over, or without `at`."
            )
        return slot in self._open or len(self._open) + len(self._held) < self._most

    def _at_once(self, slot: int) -> bool:
        """Tell whether a value may come in without pushing in front of those who wait."""
        return self._admits(slot) and (slot in self._open or not self._queue.locked())

    def _accept(self, slot: int, number: float) -> None:
        summary = self._open.get(slot)
        if summary is None:
            summary = self._open[slot] = self._summary()
        summary.add(number)

    def _seal(self, *, everything: bool) -> None:
        """Make points of the slots that are over, or of all of them."""
        present = self._slot(self._now())
        for slot in sorted(self._open):
            if everything or slot < present:
                self._held[slot] = self._open.pop(slot).value
                self._sealed = slot

    def _drop(self, slots: Iterable[int]) -> None:
        """Hold these no longer."""
        for slot in slots:
            del self._held[slot]
            self._doubtful.discard(slot)
        self._room.set()

    # Sending

    async def _run(self) -> None:
        """Send at every interval, and whenever asked; end when the block has ended and there is nothing left to do."""
        while True:
            timer = self._clock.call_later(_AGAIN if self._closing else self._every, self._wake.set)
            try:
                await self._wake.wait()
            finally:
                timer.cancel()
            self._wake.clear()
            last, asked = self._closing, len(self._flushes)
            error = await self._attempt(everything=last)
            for done in self._flushes[:asked]:
                _resolve(done, error)
            del self._flushes[:asked]
            if last and (not self._held or isinstance(error, ClientStateError)):
                return

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Let nobody wait for a task that is no more."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self.last_error = error if isinstance(error, Exception) else None
        self._room.set()
        for done in self._flushes:
            _resolve(
                done, ClientStateError(f"metric {self._id}: the buffer ended before all was sent; see its `unsent`.")
            )
        self._flushes.clear()

    async def _attempt(self, *, everything: bool) -> Exception | None:
        """Send what is over, and return what went wrong; it is logged once until something goes right."""
        arrivals, losses = self._arrivals, self._losses
        try:
            self._seal(everything=everything)
            await self._send()
        except Exception as exc:  # noqa: BLE001 - kept in last_error, and the points with it
            self._failed(exc, f"sending failed, and it holds {len(self._held)} of them")
            return exc
        if self._losses > losses:
            return self.last_error
        if self._arrivals > arrivals and self.last_error is not None:
            _log.info("points of metric %s: sending works again", self._id)
            self.last_error = None
        return None

    def _failed(self, error: Exception, what: str) -> None:
        level = logging.WARNING if self.last_error is None else logging.DEBUG
        _log.log(level, "points of metric %s: %s: %s", self._id, what, error)
        self.last_error = error

    async def _send(self) -> None:
        """Send what is held, oldest first, and nothing while it may be there already."""
        self._size, self._looked = self._batch, False
        while self._held:
            if self._look_first:
                await self._look()
                continue
            slots = list(islice(self._held, self._size))
            refusal = await self._sent(slots)
            if refusal is None:
                self._drop(slots)
                self._arrivals += 1
                self._size = min(self._batch, self._size * 2)
            else:
                await self._refused(slots, refusal)

    async def _sent(self, slots: Sequence[int]) -> InstatusError | None:
        """Send; return the error when the service does not want them. Cancelled on the way, they stay in doubt."""
        fresh = [slot for slot in slots if slot not in self._doubtful]
        self._doubtful.update(fresh)
        self._look_first = True
        try:
            await self._metrics.add_datapoints(self._id, self._points(slots))
        except InstatusError as error:
            if not error.may_have_applied:
                self._doubtful.difference_update(fresh)
                self._look_first = False
            if not _refuses_points(error):
                raise
            return error
        self._look_first = False
        return None

    async def _look(self) -> None:
        """Read the metric back, and hold no longer what is there, or anything when there is no such metric."""
        try:
            metric = await self._metrics.get(self._id)
        except NotFoundError as error:
            if not error.body.lstrip().startswith("{"):  # a page of something in front of the service (quirk 19)
                raise
            self._lose(list(self._held), error)
            return
        there = {milliseconds(point.timestamp, "timestamp") for point in metric.data if point.timestamp is not None}
        found = [slot for slot in self._held if slot in there]
        if ours := [slot for slot in found if slot in self._doubtful]:
            self._drop(ours)
            self._arrivals += 1
        if taken := [slot for slot in found if slot in self._held]:
            self._lose(taken, InstatusError(_TAKEN))
        self._look_first, self._looked = False, True

    async def _refused(self, slots: Sequence[int], refusal: InstatusError) -> None:
        """Find out which points are to blame: those that are there already, or else one in either half."""
        unknown_metric = isinstance(refusal, NotFoundError)
        if unknown_metric or not self._looked or not self._doubtful.isdisjoint(slots):
            self._look_first = True
            await self._look()
            if any(slot not in self._held for slot in slots):
                return
        if unknown_metric:
            raise refusal  # but it is there
        if len(slots) == 1:
            self._lose(slots, refusal)
        else:
            self._size = len(slots) // 2

    def _lose(self, slots: Sequence[int], reason: InstatusError) -> None:
        """Hold these no longer, and report them."""
        points, doubtful = self._points(slots), self._points(slot for slot in slots if slot in self._doubtful)
        loss = UnsentDatapointsError(
            f"metric {self._id}: {_accepted(len(points))}, and lost: {clauses(str(reason))}. See `points`.",
            points=points,
            doubtful=doubtful,
        )
        loss.__cause__ = reason
        self._drop(slots)
        self._losses += 1
        self._failed(loss, "some were lost")
        if not self._told(loss):
            self._lost.extend(points)
            self._lost_doubtful.extend(doubtful)
            self._lost_count += len(points)

    def _points(self, slots: Iterable[int]) -> tuple[Point, ...]:
        return tuple((_moment(slot), self._held[slot]) for slot in slots)

    def _because(self) -> str:
        error = self.last_error
        if isinstance(error, UnsentDatapointsError) and isinstance(error.__cause__, Exception):
            error = error.__cause__  # without what it says of its own points
        return "" if error is None else f"; the last error: {clauses(str(error))}"


async def _cancelled(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait for its end, also when the waiting is cancelled."""
    task.cancel()
    interrupted: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as exc:
            interrupted = exc
    if interrupted is not None:
        raise interrupted


def _resolve(done: asyncio.Future[None], error: Exception | None) -> None:
    if done.done():  # whoever asked was cancelled
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
        done.exception()  # it is in last_error too, so nobody has to fetch it from here


def _accepted(count: int) -> str:
    return "1 point was accepted" if count == 1 else f"{count} points were accepted"


def _refuses_points(error: InstatusError) -> bool:
    """Tell what is said of the points, and will be said again, from what is said of the moment or the key."""
    if isinstance(error, APIError):
        return error.status < 500 and error.status not in _KEY_OR_MOMENT
    return isinstance(error, InvalidRequestError)


def _moment(slot: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=slot)


def _finite(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        _refuse("value", f"expected a number, got {type(value).__name__}")
    try:
        number = float(value)
    except OverflowError:  # an int beyond every float
        number = math.inf
    if not math.isfinite(number):
        _refuse("value", "expected a finite number")
    return number


def _seconds(value: object, name: str, *, least: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= _DAY:
        _refuse(name, f"expected a number of seconds, {least:g} or more, a day at most")
    return float(value)


def _summary(name: object) -> Callable[[], Summary]:
    if not isinstance(name, str) or name not in AGGREGATES:
        _refuse("aggregate", f"expected one of {', '.join(AGGREGATES)}")
    return AGGREGATES[name]


def _listener(function: object) -> Callable[[UnsentDatapointsError], object]:
    if not callable(function) or inspect.iscoroutinefunction(function):
        _refuse("on_lost", "expected a function that is not async")
    return function


def _count(value: object, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        _refuse(name, "expected a whole number, 1 or more")
    return value


def _refuse(at: str, what: str) -> NoReturn:
    raise InvalidRequestError(f"{at}: {what}. Nothing was accepted, and nothing was sent.")
