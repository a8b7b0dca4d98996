"""Lists that arrive page by page, as one async iterator.

The service's lists are offset pages without a total or a link (quirks 26 to 29): rows that are added or removed between
two requests shift the rest, and not every list is known to honour `page`. So a list ends at an empty page, a row seen a
few pages ago is not yielded again, and a list that keeps repeating itself is an error, not an endless loop.

A row inserted in front while a list is read makes a row appear twice, which is filtered here; a row removed in front
moves another one past the reader, which nobody can see. Read twice where that matters.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Hashable, Iterator, Sequence
from contextlib import suppress
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

from .errors import InvalidRequestError, PaginationError

__all__ = ["CONCURRENCY", "Pager"]

T = TypeVar("T")

MAX_PER_PAGE = 100
CONCURRENCY = 8  # pages under way at once
_WINDOW = 10  # pages whose ids are remembered, so that memory stays flat
_REPEATS = 3  # full pages of known rows in a row; fewer may be rows that shifted
_MAX_PAGES = 20_000
_HOW_TO_READ = (
    "this list is fetched while it is read: use `async for`, `await pager.collect()` for all of it, or "
    "`await pager.first()`"
)


def check_per_page(per_page: object) -> int:
    """Refuse a page size that the service would not honour (quirk 26)."""
    if isinstance(per_page, int) and not isinstance(per_page, bool) and 1 <= per_page <= MAX_PER_PAGE:
        return per_page
    raise InvalidRequestError(f"per_page is a whole number from 1 to {MAX_PER_PAGE}. Nothing was sent.")


def check_concurrency(concurrency: object) -> int:
    """Refuse a number of pages ahead that is none; 1 reads nothing ahead."""
    if isinstance(concurrency, int) and not isinstance(concurrency, bool) and 1 <= concurrency <= 100:
        return concurrency
    raise InvalidRequestError("concurrency is a whole number from 1 to 100. Nothing was sent.")


def check_limit(limit: object) -> None:
    """Refuse a number of items that is none."""
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 0):
        raise InvalidRequestError("limit is a number of items, 0 or more. Nothing was sent.")


def check_progress(progress: object) -> None:
    """Refuse what cannot be called between two pages; a coroutine would never run."""
    if progress is not None and (not callable(progress) or iscoroutinefunction(progress)):
        raise InvalidRequestError("progress is a plain function of the number of items so far. Nothing was sent.")


class Pager(Generic[T]):
    """A list of the service, fetched while it is read. Nothing is sent before the first item is asked for.

    `async for item in pager` reads all of it; every new loop reads it again from the start. The first page comes alone;
    with every full page one more is under way, so 2, 4 and so on up to `concurrency`, and what is still under way is
    cancelled when the loop ends, by `break` too. Behind a `break`, an iterator that was kept in a name could be read
    on, so it cancels that when it is dropped. An error comes after the items before it.
    """

    __slots__ = ("_concurrency", "_fetch", "_identify", "_name", "_per_page")

    def __init__(
        self,
        fetch: Callable[[int], Coroutine[Any, Any, Sequence[T]]],
        *,
        per_page: int | None,
        identify: Callable[[T], Hashable],
        name: str,
        concurrency: int = CONCURRENCY,
    ) -> None:
        """Read pages with `fetch(number)`, counted from 1. Without `per_page` there is one page only."""
        self._fetch = fetch
        self._per_page = per_page
        self._identify = identify
        self._name = name
        self._concurrency = concurrency

    def __repr__(self) -> str:
        return f"<Pager {self._name}>"

    if not TYPE_CHECKING:  # checkers must go on missing these

        def _refuse(self, *_: object) -> NoReturn:
            """Say how a list is read: it is not here yet, so it has no length, no items and no truth."""
            raise TypeError(f"{self._name}: {_HOW_TO_READ}")

        __iter__ = __await__ = __len__ = __bool__ = __getitem__ = __contains__ = _refuse

    def __aiter__(self) -> AsyncIterator[T]:
        return _Items(self._pages())

    def pages(self) -> AsyncIterator[Sequence[T]]:
        """Iterate over the list page by page, without the rows that an earlier page had.

        Loop over it at once, or `del` the iterator that you left: what is under way is cancelled when it is dropped.

        Raises PaginationError when the list repeats itself or does not end.
        """
        return self._pages()

    def _pages(self, most: int | None = None) -> _Pages[T]:
        """Make the iterator; `most` is how many pages are likely to be enough."""
        ahead = self._concurrency if most is None else min(self._concurrency, most)
        return _Pages(self._fetch, self._per_page, self._identify, self._name, ahead)

    async def collect(self, limit: int | None = None, *, progress: Callable[[int], object] | None = None) -> list[T]:
        """Return the items as a list, at most `limit` of them; no page beyond the limit is asked for.

        `progress` is called with the number of items so far, each time more have come; nobody knows how many there will
        be (quirk 26). What it raises ends the reading, and is raised here.
        """
        check_limit(limit)
        check_progress(progress)
        items: list[T] = []
        if limit == 0:
            return items
        most = None if limit is None or self._per_page is None else -(-limit // self._per_page)
        pages = self._pages(most)
        try:
            async for page in pages:
                items.extend(page)
                if limit is not None:
                    del items[limit:]
                if progress is not None and page:
                    progress(len(items))
                if limit is not None and len(items) == limit:
                    return items
                if most is not None and self._per_page is not None:
                    pages.narrow(-(-(limit - len(items)) // self._per_page) if limit is not None else 1)
        finally:
            pages.stop()
        return items

    async def first(self) -> T | None:
        """Return the first item, or None when the list is empty."""
        items = await self.collect(limit=1)
        return items[0] if items else None


class _Pages(Generic[T]):
    """The pages of one reading, some of them ahead.

    It is no generator: one that is left by `break` is closed a turn of the loop later, and until then its tasks would
    go on sending. This one cancels them at once when it is dropped.
    """

    __slots__ = (
        "_ahead",
        "_fetch",
        "_identify",
        "_limit",
        "_name",
        "_next",
        "_number",
        "_per_page",
        "_repeats",
        "_tasks",
        "_window",
    )

    def __init__(
        self,
        fetch: Callable[[int], Coroutine[Any, Any, Sequence[T]]],
        per_page: int | None,
        identify: Callable[[T], Hashable],
        name: str,
        ahead: int,
    ) -> None:
        self._fetch = fetch
        self._per_page = per_page
        self._identify = identify
        self._name = name
        self._limit = ahead  # of pages under way
        self._ahead = 1  # pages under way now: slow start, since most lists are short
        self._next = 1  # the page to ask for
        self._number = 0  # the page that was read last
        self._repeats = 0
        self._window: deque[set[Hashable]] = deque(maxlen=_WINDOW)
        self._tasks: deque[asyncio.Task[Sequence[T]]] = deque()

    def __aiter__(self) -> AsyncIterator[Sequence[T]]:
        return self

    async def __anext__(self) -> Sequence[T]:
        while self._next:
            try:
                rows = await self._read()
            except BaseException:
                self.stop()
                raise
            if self._per_page is None:
                self.stop()
                return rows
            if not rows or self._ends(rows, fresh := self._fresh(rows)):
                self.stop()
            elif fresh:
                return fresh
        raise StopAsyncIteration

    async def _read(self) -> Sequence[T]:
        """Return the next page, after asking for those to come."""
        if self._next > _MAX_PAGES and not self._tasks:
            raise PaginationError(
                f"{self._name}: no end after {_MAX_PAGES} pages; ask with a larger per_page or a filter."
            )
        self._number += 1
        if not self._tasks and (self._limit == 1 or self._per_page is None):  # nothing ahead, no task
            self._next += 1
            return await self._fetch(self._number)
        while len(self._tasks) < self._ahead and self._next <= _MAX_PAGES:
            task = asyncio.create_task(self._fetch(self._next))
            task.add_done_callback(_retrieved)
            self._tasks.append(task)
            self._next += 1
        rows = await self._tasks.popleft()
        if len(rows) == self._per_page:  # behind a page that is not full there is hardly another
            self._ahead = min(self._ahead + 1, self._limit)
        return rows

    def _fresh(self, rows: Sequence[T]) -> Sequence[T]:
        """Leave out the rows that the last pages had."""
        fresh: list[T] = []
        added: set[Hashable] = set()
        for row in rows:
            key = self._identify(row)
            if key not in added and not any(key in seen for seen in self._window):
                added.add(key)
                fresh.append(row)
        self._window.append({self._identify(row) for row in rows})
        return fresh

    def _ends(self, rows: Sequence[T], fresh: Sequence[T]) -> bool:
        """Tell whether a page of known rows is the end, or raise when the list only repeats itself."""
        if fresh:
            self._repeats = 0
            return False
        if self._per_page is not None and len(rows) < self._per_page and self._window[-1] <= self._window[-2]:
            return True  # less than a page, and again: the list knows no pages, or gives its last one for any behind it
        self._repeats += 1
        if self._repeats == _REPEATS:
            self.stop()
            raise PaginationError(
                f"{self._name}: page {self._number} repeats rows that were delivered already, and so did the "
                f"{_REPEATS - 1} before it. The list may be incomplete: read it again later, or ask with a narrower "
                "filter."
            )
        return False

    def narrow(self, pages: int) -> None:
        """Ask for no more pages ahead than so many."""
        self._limit = max(1, min(self._limit, pages))
        self._ahead = min(self._ahead, self._limit)

    def stop(self) -> None:
        """End here, and cancel what is under way."""
        self._next = 0
        while self._tasks:
            self._tasks.pop().cancel()

    def __del__(self) -> None:
        """Cancel what is under way when the loop was left."""
        with suppress(RuntimeError):  # the event loop is gone, and the tasks with it
            self.stop()


class _Items(Generic[T]):
    """The items of one reading."""

    __slots__ = ("_page", "_pages")

    def __init__(self, pages: _Pages[T]) -> None:
        self._pages = pages
        self._page: Iterator[T] = iter(())

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        while True:
            for item in self._page:
                return item
            self._page = iter(await self._pages.__anext__())


def _retrieved(task: asyncio.Task[Any]) -> None:
    """Take note of an error behind the end of the list, which nobody will await."""
    if not task.cancelled():
        task.exception()
