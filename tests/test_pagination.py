"""Pager: where lists end, what shifts, and what must not run for ever."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instatus_async.errors import InvalidRequestError, PaginationError
from instatus_async.pagination import Pager


class Source:
    """A list behind pages, which counts what is asked of it."""

    def __init__(self, pages: Callable[[int], Sequence[str]]) -> None:
        self.pages = pages
        self.asked: list[int] = []

    async def fetch(self, number: int) -> Sequence[str]:
        self.asked.append(number)
        return self.pages(number)

    def pager(self, per_page: int | None = 2) -> Pager[str]:
        return Pager(self.fetch, per_page=per_page, identify=lambda row: row, name="GET /rows")


def of(*pages: Sequence[str]) -> Source:
    return Source(lambda number: pages[number - 1] if number <= len(pages) else ())


def numbered(count: int, per_page: int) -> Source:
    rows = [str(n) for n in range(count)]
    return Source(lambda number: rows[(number - 1) * per_page : number * per_page])


async def test_nothing_is_asked_before_the_first_item() -> None:
    source = of("a")
    source.pager()
    assert source.asked == []


async def test_it_ends_at_an_empty_page() -> None:
    source = of("ab", "cd", "e")
    assert [row async for row in source.pager()] == list("abcde")
    assert source.asked == [1, 2, 3, 4]


async def test_a_short_page_is_not_trusted_to_be_the_last() -> None:
    """A server that caps the page size below what was asked sends short pages all along (quirk 27)."""
    source = of("ab", "cd", "ef")
    assert await source.pager(per_page=100).collect() == list("abcdef")


async def test_every_loop_reads_from_the_start() -> None:
    source = of("ab")
    pager = source.pager()
    assert await pager.collect() == await pager.collect() == ["a", "b"]
    assert source.asked == [1, 2, 1, 2]


async def test_pages() -> None:
    source = of("ab", "c")
    assert [list(page) async for page in source.pager().pages()] == [["a", "b"], ["c"]]


async def test_collect_asks_for_no_page_beyond_its_limit() -> None:
    source = of("ab", "cd", "ef")
    assert await source.pager().collect(limit=3) == ["a", "b", "c"]
    assert source.asked == [1, 2]
    assert await source.pager().collect(limit=0) == []
    assert source.asked == [1, 2]


@pytest.mark.parametrize("limit", [-1, True])
async def test_a_senseless_limit_is_refused(limit: int) -> None:
    with pytest.raises(InvalidRequestError, match="limit"):
        await of().pager().collect(limit=limit)


async def test_first() -> None:
    source = of("ab", "cd")
    assert await source.pager().first() == "a"
    assert source.asked == [1]
    assert await of().pager().first() is None


async def test_a_list_without_pages_is_asked_once() -> None:
    source = of("abc", "never")
    assert await source.pager(per_page=None).collect() == ["a", "b", "c"]
    assert source.asked == [1]


async def test_a_row_inserted_in_front_is_not_yielded_twice() -> None:
    assert await of("ab", "bc", "d").pager().collect() == list("abcd")


async def test_duplicates_within_a_page_are_dropped() -> None:
    assert await of("aa", "b").pager().collect() == ["a", "b"]


async def test_a_full_page_of_shifted_rows_does_not_end_the_list() -> None:
    """As many rows inserted as fit on a page move the same page into view again."""
    assert await of("ab", "ab", "cd").pager().collect() == list("abcd")


async def test_a_list_that_ignores_paging_and_is_short_is_complete() -> None:
    source = Source(lambda _: "ab")
    assert await source.pager(per_page=100).collect() == ["a", "b"]
    assert source.asked == [1, 2]


async def test_a_list_that_repeats_full_pages_is_an_error_after_what_it_had() -> None:
    source = Source(lambda _: "ab")
    seen: list[str] = []

    async def read() -> None:
        async for row in source.pager():
            seen.append(row)  # noqa: PERF401 - what came before the error counts

    with pytest.raises(PaginationError, match=r"GET /rows: page 4 repeats") as caught:
        await read()
    assert seen == ["a", "b"]
    assert len(source.asked) == 4
    assert "again later" in str(caught.value)


async def test_pages_in_a_circle_are_an_error() -> None:
    source = Source(lambda number: ("ab", "cd", "ef")[number % 3])
    with pytest.raises(PaginationError):
        await source.pager().collect()
    assert len(source.asked) == 6


async def test_a_list_without_end_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("instatus_async.pagination._MAX_PAGES", 50)
    source = Source(lambda number: (f"{number}a", f"{number}b"))
    with pytest.raises(PaginationError, match="no end after 50 pages"):
        await source.pager().collect()
    assert len(source.asked) == 50


async def test_break_asks_for_nothing_more() -> None:
    source = of("ab", "cd")
    async for _ in source.pager():
        break
    assert source.asked == [1]


@given(count=st.integers(0, 60), per_page=st.integers(1, 10), moves=st.lists(st.integers(0, 3), max_size=30))
async def test_insertions_never_yield_twice_nor_lose(count: int, per_page: int, moves: list[int]) -> None:
    """Whatever is inserted in front between two requests, what was there at the start comes exactly once, in order."""
    rows = [str(n) for n in range(count)]
    fresh = iter(range(1000, 2000))
    pending = iter(moves)

    def page(number: int) -> Sequence[str]:
        current = rows[(number - 1) * per_page : number * per_page]
        for _ in range(min(next(pending, 0), per_page - 1)):  # with a page or more each time, nobody gets on
            rows.insert(0, f"new{next(fresh)}")
        return current

    seen = await Source(page).pager(per_page).collect()
    assert len(seen) == len(set(seen))
    assert [row for row in seen if not row.startswith("new")] == [str(n) for n in range(count)]
