"""A page's changes as an async iterator.

    async for change in watch(client.page(page_id)):  # or watch(PublicStatusPage(url)), without a key
        match change:
            case IncidentOpened(incident=incident):
                ...

What is seen depends on where one looks:

- Through the API, everything that is said of incidents and maintenances, in order, also what began and ended between
  two looks, for the service keeps it. A look costs 4 requests while nothing happens: the newest incidents, the open
  ones, the maintenances and the components (100 a request); news cost one or two more, and each component that changed
  one. The first look reads the lists of incidents and maintenances whole. Updates are followed as long as an incident
  is open or among the newest of its list. The page's own status is made from its components' (quirk 31).
- From public data, what is open when one looks: at most 2 requests, and a 304 each where the host knows conditional
  ones and nothing is new. An incident that is shown no more is resolved, whoever removed it. One that began and ended
  between two looks was never to be seen; when the looks were more than twice `every` apart, a `Gap` says so. Several
  updates between two looks are one `IncidentUpdated`, and their words are not public.

Of components and of the page only the status that they have when one looks is known, so what flips and returns between
two looks is not. Edits of names, texts and plans are no changes, and an update that is deleted is not taken back.

The order is that of the service's own times, as far as it gives them, and always right for one incident. A list that
repeats or reorders its rows changes nothing; what contradicts what was told is asked for by its id (API), and an answer
out of a cache, older than one that was read, is passed over (public data). An incident that the state has forgotten is
not told again: what was opened no later than the last one forgotten counts as known.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Generic, Self, TypeVar, cast
from weakref import WeakSet

import attrs

from .._wording import an
from ..errors import (
    AuthenticationError,
    ClientStateError,
    ConfigError,
    DecodeError,
    InstatusError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    RedirectError,
    SlowConsumerError,
)
from ..page import Page
from ..public import PublicStatusPage
from .changes import Change, WatchState
from .diff import begin, news
from .sight import ApiSource, PublicSource, Source

__all__ = ["Broadcast", "Trouble", "Watch", "watch"]

_JITTER = 0.1
_DAY = 86_400.0
_LONGEST = 900.0  # seconds that trouble makes a watch wait, unless `every` is longer, or the service asks for more

# These do not get better by waiting.
_FINAL = (
    AuthenticationError,
    ClientStateError,
    ConfigError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
)
_FINAL_AT_FIRST = (DecodeError, RedirectError)  # no status page was ever seen there

_log = logging.getLogger("instatus_async")


@attrs.frozen(kw_only=True)
class Trouble:
    """A look that failed: what `on_trouble` hears. The watch goes on."""

    error: InstatusError
    failures: int
    """In a row."""
    pause: float
    """Seconds until the next look."""


def watch(
    page: Page | PublicStatusPage,
    /,
    *,
    every: float = 60.0,
    since: WatchState | None = None,
    initial: bool = False,
    on_trouble: Callable[[Trouble], None] | None = None,
) -> Watch:
    """Watch a page for changes, from now on or from where an earlier watch stopped. Nothing is sent before the loop.

    `page` is `client.page(page_id)` or a `PublicStatusPage`. Through the API comes everything that is said of incidents
    and maintenances, also what began and ended between two looks, for 4 requests a look and more when there is news.
    Public data shows what is open when one looks, for 2 requests at most; a `Gap` says when it was too long ago. Of
    components only the status at each look is known. `every` is the pause between two looks in seconds, a day at most,
    give or take a tenth.

    The first look tells nothing that was there before; with `initial=True` it tells what is open. With `since`, the
    `state` of a change or of another watch, it goes on right behind it: nothing comes twice, and what the service still
    knows comes.

    Trouble on the way (no connection, 429, 5xx, an answer that cannot be read) does not end a watch: it is logged,
    told to `on_trouble`, and followed by a pause that is drawn between nothing and a bound, which doubles from `every`
    up to 15 minutes, and is never shorter than Retry-After. What does not get better by waiting is raised:
    AuthenticationError, PermissionDeniedError, NotFoundError of the page, ClientStateError of a closed client, and
    DecodeError or RedirectError when nothing else was ever seen there.

    Raises InvalidRequestError for a `since` of another page, and for arguments that cannot work.
    """
    given = cast("object", page)
    if isinstance(given, PublicStatusPage):
        source: Source = PublicSource(given)
    elif isinstance(given, Page):
        source = ApiSource(given)
    else:
        got = an(type(given).__name__)
        raise InvalidRequestError(
            f"page: expected client.page(page_id) or a PublicStatusPage, got {got}. Nothing was sent."
        )
    seconds: Any = every
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 < seconds <= _DAY:
        raise InvalidRequestError("every is a positive number of seconds, a day at most. Nothing was sent.")
    state: Any = since
    if state is None:
        state = WatchState(source=source.name)
    elif not isinstance(state, WatchState):
        raise InvalidRequestError("since: expected a WatchState; read text with WatchState.loads. Nothing was sent.")
    elif state.source != source.name:
        raise InvalidRequestError(
            f"since: this state belongs to {state.source!r}, not to {source.name!r}. Nothing was sent."
        )
    return Watch(source, state, float(seconds), initial=initial, on_trouble=on_trouble)


class Watch:
    """The changes of one page, in a loop of one task; `watch` makes it, and `Broadcast` shares it.

    Everything happens inside the loop: who leaves it leaves no task and no request behind, and may come back to it.
    """

    __slots__ = (
        "_busy",
        "_due",
        "_every",
        "_failures",
        "_initial",
        "_now",
        "_on_trouble",
        "_ready",
        "_seen",
        "_sleep",
        "_source",
        "_state",
    )

    def __init__(
        self,
        source: Source,
        state: WatchState,
        every: float,
        *,
        initial: bool = False,
        on_trouble: Callable[[Trouble], None] | None = None,
    ) -> None:
        self._source = source
        self._state = state
        self._seen = state  # after the last look; ahead of `_state` while changes are ready
        self._every = every
        self._initial = initial
        self._on_trouble = on_trouble
        self._ready: deque[Change] = deque()
        self._failures = 0
        self._due: float | None = None  # when to look next, on the loop's clock; None is now
        self._busy = False
        self._sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
        self._now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def __repr__(self) -> str:
        return f"<Watch {self._source.name}>"

    @property
    def state(self) -> WatchState:
        """How far this watch has come: everything up to the last change that it yielded.

        Between changes it is newer than that change's own: it has what the looks since have found to be no news. Save
        it when the program ends, and the state of each change when the change is dealt with.
        """
        return self._state

    def __aiter__(self) -> Self:
        return self

    async def begin(self) -> WatchState:
        """Look for the first time, unless that was done, and return the state to go on from.

        A program that keeps its state keeps this one before the loop: else what it does not get to deal with before it
        ends is old news to the next one.
        """
        await self._look_until(lambda: self._seen.seen is not None)
        return self._state

    async def __anext__(self) -> Change:
        await self._look_until(lambda: bool(self._ready))
        change = self._ready.popleft()
        self._state = change.state
        return change

    async def _look_until(self, done: Callable[[], bool]) -> None:
        if self._busy:
            raise ClientStateError("two tasks read one watch: share it with Broadcast, or make two. Nothing was sent.")
        self._busy = True
        try:
            while not done():
                if self._due is not None:
                    await self._sleep(max(0.0, self._due - asyncio.get_running_loop().time()))
                    self._due = None
                await self._look()
        finally:
            self._busy = False

    async def _look(self) -> None:
        """Look once, and say when to look again."""
        try:
            sight = await self._source.look(self._seen)
        except InstatusError as exc:
            if isinstance(exc, _FINAL) or (self._seen.seen is None and isinstance(exc, _FINAL_AT_FIRST)):
                raise
            self._wait(self._trouble(exc))
            return
        if self._failures:
            _log.info("watching %s again, after %d failures", self._source.name, self._failures)
            self._failures = 0
        self._wait(self._every * random.uniform(1 - _JITTER, 1 + _JITTER))  # noqa: S311 - jitter, no secret
        now, state = self._now(), self._seen
        if state.seen is None:
            state = begin(state, sight, now, initial=self._initial)
            self._state = state
        changes, self._seen = news(state, sight, now, timedelta(seconds=2 * self._every))
        self._ready.extend(changes)
        if not changes:
            self._state = self._seen

    def _wait(self, seconds: float) -> None:
        self._due = asyncio.get_running_loop().time() + seconds

    def _trouble(self, error: InstatusError) -> float:
        """Tell of a failed look; return the seconds until the next."""
        self._failures += 1
        bound = min(max(_LONGEST, self._every), self._every * 2.0 ** min(self._failures - 1, 32))
        pause = random.uniform(0.0, bound)  # noqa: S311 - jitter, no secret
        if isinstance(error, RateLimitError) and error.retry_after is not None:
            pause = max(pause, error.retry_after)
        _log.warning("watching %s: %s; next look in %.0f s", self._source.name, error, pause)
        if self._on_trouble is not None:
            try:
                self._on_trouble(Trouble(error=error, failures=self._failures, pause=pause))
            except Exception:  # noqa: BLE001 - of the program's own
                _log.exception("on_trouble failed")
        return pause


# --- One watch, many readers -----------------------------------------------------------------------------------------


class Broadcast:
    """Share one watch among many tasks, so that the page is looked at once for all of them.

        async with Broadcast(watch(page)) as hub:
            async with asyncio.TaskGroup() as group:
                for reader in (to_chat, to_pager):
                    group.create_task(reader(hub.subscribe()))

    Looking begins in the next turn of the event loop: who subscribes before the first `await` misses nothing. A
    subscriber has a queue of its own. Nobody waits for one that is slow: when its queue is full it is cut off, reads
    what it has, and then gets SlowConsumerError; the state of its last change is where `watch(since=)` goes on. An
    error that ends the watch comes to every subscriber, behind the changes before it. All end with the block.
    """

    __slots__ = ("_ended", "_readers", "_task", "_watch")

    def __init__(self, watch: Watch, /) -> None:
        self._watch = watch
        self._readers: WeakSet[_Reader[Change]] = WeakSet()
        self._task: asyncio.Task[None] | None = None
        self._ended: BaseException | None = None

    @property
    def state(self) -> WatchState:
        """The state of the watch: everything that was handed to the subscribers, dealt with or not."""
        return self._watch.state

    def subscribe(self, *, size: int = 1000) -> AsyncIterator[Change]:
        """Return the changes from now on; `size` is how many may wait. Dropping the iterator ends it.

        Raises ClientStateError outside of the block.
        """
        if isinstance(size, bool) or size < 1:
            raise InvalidRequestError("size is a number of changes, 1 or more. Nothing was sent.")
        if self._task is None:
            raise ClientStateError("this broadcast does not run: use `async with`. Nothing was sent.")
        reader = _Reader[Change](size)
        if self._ended is not None:
            reader.end(self._ended)
        else:
            self._readers.add(reader)
        return reader

    async def _pump(self) -> None:
        end: BaseException = StopAsyncIteration()
        try:
            async for change in self._watch:
                for reader in list(self._readers):
                    if not reader.put(change):
                        self._readers.discard(reader)
        except Exception as exc:  # noqa: BLE001 - it belongs to the subscribers
            end = exc
        finally:
            self._ended = end
            for reader in list(self._readers):
                reader.end(end)

    async def __aenter__(self) -> Self:
        if self._task is not None:
            raise ClientStateError("this broadcast has run already: make another one. Nothing was sent.")
        self._task = asyncio.create_task(self._pump())
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        task = self._task
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        for reader in list(self._readers):  # of a task that was cancelled before it began
            reader.end(StopAsyncIteration())


T = TypeVar("T")


class _Reader(Generic[T]):
    """One subscriber's queue."""

    __slots__ = ("__weakref__", "_end", "_items", "_news", "_size")

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: deque[T] = deque()
        self._end: BaseException | None = None
        self._news = asyncio.Event()

    def put(self, item: T) -> bool:
        """Add one, or cut it off when there is no room."""
        if len(self._items) < self._size:
            self._items.append(item)
            self._news.set()
            return True
        self.end(
            SlowConsumerError(
                f"this subscriber fell {self._size} changes behind and was cut off; go on from the state of its last "
                "change with watch(since=), or subscribe with a larger size="
            )
        )
        return False

    def end(self, reason: BaseException) -> None:
        """End behind what is there."""
        if self._end is None:
            self._end = reason
            self._news.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        while not self._items:
            if self._end is not None:
                if isinstance(self._end, StopAsyncIteration):
                    raise StopAsyncIteration
                raise self._end
            self._news.clear()
            await self._news.wait()
        return self._items.popleft()
