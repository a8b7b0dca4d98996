"""Lists that arrive page by page, as one async iterator.

The service's lists are offset pages without a total or a link (quirks 26 to 29): rows that are added or removed between
two requests shift the rest, and not every list is known to honour `page`. So a list ends at an empty page, a row seen a
few pages ago is not yielded again, and a list that keeps repeating itself is an error, not an endless loop.

A row inserted in front while a list is read makes a row appear twice, which is filtered here; a row removed in front
moves another one past the reader, which nobody can see. Read twice where that matters.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

from .errors import InvalidRequestError, PaginationError

__all__ = ["Pager"]

T = TypeVar("T")

MAX_PER_PAGE = 100
_WINDOW = 10  # pages whose ids are remembered, so that memory stays flat
_REPEATS = 3  # full pages of known rows in a row; fewer may be rows that shifted
_MAX_PAGES = 20_000


def check_per_page(per_page: object) -> int:
    """Refuse a page size that the service would not honour (quirk 26)."""
    if isinstance(per_page, int) and not isinstance(per_page, bool) and 1 <= per_page <= MAX_PER_PAGE:
        return per_page
    raise InvalidRequestError(f"per_page is a whole number from 1 to {MAX_PER_PAGE}. Nothing was sent.")


class Pager(Generic[T]):
    """A list of the service, fetched while it is read. Nothing is sent before the first item is asked for.

    `async for item in pager` reads all of it; every new loop reads it again from the start.
    """

    __slots__ = ("_fetch", "_identify", "_name", "_per_page")

    def __init__(
        self,
        fetch: Callable[[int], Awaitable[Sequence[T]]],
        *,
        per_page: int | None,
        identify: Callable[[T], Hashable],
        name: str,
    ) -> None:
        """Read pages with `fetch(number)`, counted from 1. Without `per_page` there is one page only."""
        self._fetch = fetch
        self._per_page = per_page
        self._identify = identify
        self._name = name

    def __repr__(self) -> str:
        return f"<Pager {self._name}>"

    def __aiter__(self) -> AsyncIterator[T]:
        return self._items()

    async def _items(self) -> AsyncGenerator[T, None]:
        async for page in self.pages():
            for item in page:
                yield item

    async def pages(self) -> AsyncGenerator[Sequence[T], None]:
        """Yield the list page by page, without the rows that an earlier page had.

        Raises PaginationError when the list repeats itself or does not end.
        """
        if self._per_page is None:
            yield await self._fetch(1)
            return
        window: deque[set[Hashable]] = deque(maxlen=_WINDOW)
        repeats = 0
        for number in range(1, _MAX_PAGES + 1):
            rows = await self._fetch(number)
            if not rows:
                return
            keys = [self._identify(row) for row in rows]
            fresh: list[T] = []
            added: set[Hashable] = set()
            for key, row in zip(keys, rows, strict=True):
                if key not in added and not any(key in seen for seen in window):
                    added.add(key)
                    fresh.append(row)
            if fresh:
                repeats = 0
                yield fresh
            elif len(rows) < self._per_page and number == 2:
                return  # less than a page, and again: the list knows no pages and was complete at once
            else:
                repeats += 1
                if repeats == _REPEATS:
                    raise PaginationError(
                        f"{self._name}: page {number} repeats rows that were delivered already, and so did the "
                        f"{_REPEATS - 1} before it. The list may be incomplete: read it again later, or ask with a "
                        "narrower filter."
                    )
            window.append(set(keys))
        raise PaginationError(f"{self._name}: no end after {_MAX_PAGES} pages; ask with a larger per_page or a filter.")

    async def collect(self, limit: int | None = None) -> list[T]:
        """Return the items as a list, at most `limit` of them; no page beyond the limit is asked for."""
        if limit is not None and (isinstance(limit, bool) or limit < 0):
            raise InvalidRequestError("limit is a number of items, 0 or more. Nothing was sent.")
        items: list[T] = []
        if limit == 0:
            return items
        pages = self.pages()
        try:
            async for page in pages:
                items.extend(page)
                if limit is not None and len(items) >= limit:
                    return items[:limit]
        finally:
            await pages.aclose()
        return items

    async def first(self) -> T | None:
        """Return the first item, or None when the list is empty."""
        items = await self.collect(limit=1)
        return items[0] if items else None
