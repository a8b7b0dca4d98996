"""Pager: where lists end, what shifts, and what must not run for ever."""

from __future__ import annotations

import asyncio
import copy
import pprint
import reprlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest
from _pytest._io.saferepr import saferepr
from hypothesis import given
from hypothesis import strategies as st

from instatus_async.errors import InvalidRequestError, PaginationError
from instatus_async.pagination import Pager
from instatus_async.rate_limit import RateGate

from . import virtual_time


class Source:
    """A list behind pages, which counts what is asked of it."""

    def __init__(self, pages: Callable[[int], Sequence[str]]) -> None:
        self.pages = pages
        self.asked: list[int] = []

    async def fetch(self, number: int) -> Sequence[str]:
        self.asked.append(number)
        return self.pages(number)

    def pager(self, per_page: int | None = 2, concurrency: int = 1) -> Pager[str]:
        return Pager(self.fetch, per_page=per_page, identify=lambda row: row, name="GET /rows", concurrency=concurrency)


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


@pytest.mark.parametrize("limit", [-1, True, 1.5, "3"])
async def test_a_senseless_limit_is_refused(limit: Any) -> None:
    with pytest.raises(InvalidRequestError, match="limit"):
        await of().pager().collect(limit=limit)


MISUSES: list[Callable[[Any], object]] = [
    list,
    iter,
    len,
    bool,
    tuple,
    set,
    sorted,
    lambda pager: pager[0],
    lambda pager: "a" in pager,
]


@pytest.mark.parametrize("misuse", MISUSES)
async def test_what_a_plain_list_could_do_is_refused_with_the_way_to_do_it(misuse: Callable[[Any], object]) -> None:
    source = of("ab")
    pager: Any = source.pager()
    hint = r"GET /rows: .*`async for`.*`await pager\.collect\(\)`.*`await pager\.first\(\)`"
    with pytest.raises(TypeError, match=hint):
        misuse(pager)
    with pytest.raises(TypeError, match=hint):
        await pager
    assert source.asked == []


async def test_a_pager_is_shown_by_whatever_shows_values() -> None:
    pager = of("ab").pager()
    shown = "<Pager GET /rows>"
    assert repr(pager) == reprlib.repr(pager) == pprint.pformat(pager) == saferepr(pager) == shown
    assert pager != copy.copy(pager)


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


async def test_the_last_page_again_is_the_end() -> None:
    """A server that gives its last page for any page behind it."""
    source = Source(lambda number: ("ab", "cd", "e")[min(number, 3) - 1])
    assert await source.pager().collect() == list("abcde")
    assert source.asked == [1, 2, 3, 4]


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


# --- reading ahead ---------------------------------------------------------------------------------------------------


class Held(Source):
    """A list whose pages come when they are let go."""

    def __init__(self, pages: Callable[[int], Sequence[str]]) -> None:
        super().__init__(pages)
        self.gates: dict[int, asyncio.Event] = {}
        self.under_way = 0
        self.most = 0

    async def fetch(self, number: int) -> Sequence[str]:
        self.asked.append(number)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await self.gates.setdefault(number, asyncio.Event()).wait()
        finally:
            self.under_way -= 1
        return self.pages(number)

    def let_go(self, *numbers: int) -> None:
        for number in numbers:
            self.gates.setdefault(number, asyncio.Event()).set()


async def turns(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def letters(number: int) -> Sequence[str]:
    return (f"{number}a", f"{number}b") if number <= 30 else ()


async def test_it_starts_slowly_and_never_has_more_under_way() -> None:
    source = Held(letters)
    reading = asyncio.ensure_future(source.pager(concurrency=8).collect())
    for number, ahead in [(1, 1), (2, 3), (3, 5), (4, 7), (5, 9), (6, 11), (7, 13), (8, 15), (9, 16), (10, 17)]:
        await turns()
        assert source.asked == list(range(1, ahead + 1))
        source.let_go(number)
    source.let_go(*range(40))
    assert await reading == [row for number in range(1, 31) for row in letters(number)]
    assert source.most == 8
    assert max(source.asked) <= 31 + 8


@pytest.mark.parametrize("concurrency", [1, 2, 3, 8])
async def test_the_order_is_that_of_the_list(concurrency: int) -> None:
    source = Held(letters)
    source.let_go(*range(39, 0, -1))
    assert await source.pager(concurrency=concurrency).collect() == [r for n in range(1, 31) for r in letters(n)]


async def test_a_page_that_is_late_holds_up_no_other() -> None:
    source = Held(letters)
    reading = asyncio.ensure_future(source.pager(concurrency=4).collect())
    source.let_go(1, 3, 4, 5)
    await turns(30)
    assert not reading.done()
    assert set(source.asked) >= {1, 2, 3}
    source.let_go(*range(40))
    assert len(await reading) == 60


async def test_a_limit_asks_for_nothing_beyond_it() -> None:
    source = Held(letters)
    source.let_go(*range(40))
    assert len(await source.pager(concurrency=8).collect(limit=5)) == 5
    assert source.asked == [1, 2, 3]
    source.asked.clear()
    assert await source.pager(concurrency=8).first() == "1a"
    assert source.asked == [1]


async def test_break_cancels_what_is_under_way_at_once() -> None:
    """No request after it, no task, no warning (fault 55)."""
    source = Held(letters)
    source.let_go(1, 2)
    before = asyncio.all_tasks()
    async for row in source.pager(concurrency=8):
        if row == "2a":
            break
    asked = list(source.asked)
    await turns()
    assert source.asked == asked
    assert source.under_way == 0
    assert asyncio.all_tasks() == before


async def test_an_iterator_that_is_kept_cancels_what_is_under_way_when_it_is_dropped() -> None:
    """Behind a break it could be read on, so nothing can know before."""
    source = Held(letters)
    source.let_go(1, 2)
    before = asyncio.all_tasks()
    pages = source.pager(concurrency=8).pages()
    async for page in pages:
        if "2a" in page:
            break
    await turns()
    assert source.under_way
    asked = list(source.asked)
    del pages
    await turns()
    assert source.asked == asked
    assert source.under_way == 0
    assert asyncio.all_tasks() == before


async def test_an_error_in_the_middle_comes_after_the_items_before_it() -> None:
    def pages(number: int) -> Sequence[str]:
        if number >= 4:
            raise ZeroDivisionError(number)
        return letters(number)

    source = Held(pages)
    source.let_go(*range(40))
    before = asyncio.all_tasks()
    seen: list[str] = []

    async def read() -> None:
        async for row in source.pager(concurrency=8):
            seen.append(row)  # noqa: PERF401 - what came before the error counts

    with pytest.raises(ZeroDivisionError, match="4"):
        await read()
    assert seen == ["1a", "1b", "2a", "2b", "3a", "3b"]
    await turns()
    assert asyncio.all_tasks() == before


async def test_a_cancelled_reading_leaves_nothing_under_way() -> None:
    source = Held(letters)
    before = asyncio.all_tasks()
    reading = asyncio.ensure_future(source.pager(concurrency=8).collect())
    for number in range(1, 5):
        source.let_go(number)
        await turns()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await turns()
    assert source.under_way == 0
    assert asyncio.all_tasks() == before


async def test_an_iterator_that_ended_stays_ended() -> None:
    pages = of("ab").pager(concurrency=8).pages()
    assert [list(page) async for page in pages] == [["a", "b"]]
    assert [page async for page in pages] == []


# --- at the speed of the network -------------------------------------------------------------------------------------


class Remote:
    """A list of 100 pages, 100 ms away, behind a token bucket if there is a rate, on the loop's own clock."""

    def __init__(self, rate: float | None = None, burst: float = 5.0) -> None:
        self.gate = RateGate()
        self.rate = rate
        self.burst = self.tokens = burst
        self.filled = 0.0
        self.answers = self.refusals = self.highest = 0

    def takes(self) -> bool:
        now = asyncio.get_running_loop().time()
        if self.rate is None:
            return True
        self.tokens = min(self.burst, self.tokens + (now - self.filled) * self.rate)
        self.filled = now
        if self.tokens < 1.0:
            return False
        self.tokens -= 1.0
        return True

    async def fetch(self, number: int) -> Sequence[str]:
        self.highest = max(self.highest, number)
        while True:
            ticket = await self.gate.acquire(float("inf"))
            try:
                await asyncio.sleep(0.05)
                taken = self.takes()
                await asyncio.sleep(0.05)
            except asyncio.CancelledError:
                self.gate.abandoned(ticket)
                raise
            self.answers += 1
            if taken:
                self.gate.passed(ticket)
                return (f"{number}a", f"{number}b") if number <= 100 else ()
            self.refusals += 1
            await self.gate.limited(ticket, 1.0)

    async def read(self, concurrency: int) -> float:
        """Read all of it, and return the seconds it took."""
        pager = Pager(self.fetch, per_page=2, identify=lambda row: row, name="GET /rows", concurrency=concurrency)
        loop = asyncio.get_running_loop()
        start = loop.time()
        assert await pager.collect() == [f"{number}{side}" for number in range(1, 101) for side in "ab"]
        return loop.time() - start


def test_it_takes_two_round_trips_more_than_the_window_allows() -> None:
    """8 at once cannot fetch 101 pages in less than 13 round trips, and it begins with 1, 2 and 4."""
    remote = Remote()
    assert virtual_time.run(remote.read(8)) == pytest.approx(1.5)
    assert remote.highest <= 101 + 8
    assert virtual_time.run(Remote().read(1)) == pytest.approx(10.1)


@pytest.mark.parametrize("rate", [20.0, 30.0, 50.0, 70.0])
def test_behind_a_limit_it_is_faster_than_one_after_the_other(rate: float) -> None:
    remote, one = Remote(rate), Remote(rate)
    assert virtual_time.run(remote.read(8)) < virtual_time.run(one.read(1))
    assert remote.refusals
    assert remote.refusals <= 0.15 * remote.answers


async def test_break_at_the_gate_gives_the_turns_back() -> None:
    """Pages that wait for their turn are cancelled with the others, and the next caller has it."""
    gate = RateGate()

    async def fetch(number: int) -> Sequence[str]:
        ticket = await gate.acquire(float("inf"))
        if number == 3:
            await gate.limited(ticket, 100.0)
            await asyncio.Event().wait()
        gate.passed(ticket)
        return letters(number)

    async for row in Pager(fetch, per_page=2, identify=lambda row: row, name="GET /rows", concurrency=8):
        if row == "2b":
            break
    await turns()
    gate._until = gate._next = 0.0
    assert await asyncio.wait_for(gate.acquire(float("inf")), 10) == gate._epoch
    assert not gate._waiters


# --- progress --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("concurrency", [1, 8])
async def test_progress_hears_of_the_items_so_far(concurrency: int) -> None:
    seen: list[int] = []
    rows = await numbered(9, 2).pager(concurrency=concurrency).collect(progress=seen.append)
    assert len(rows) == 9
    assert seen == [2, 4, 6, 8, 9]


async def test_progress_counts_no_row_twice_and_none_beyond_the_limit() -> None:
    seen: list[int] = []
    assert await of("ab", "bc", "de").pager().collect(limit=4, progress=seen.append) == list("abcd")
    assert seen == [2, 3, 4]


async def test_progress_hears_nothing_of_an_empty_list() -> None:
    seen: list[int] = []
    assert await of().pager().collect(progress=seen.append) == []
    assert await of().pager(per_page=None).collect(progress=seen.append) == []
    assert await of("ab").pager().collect(limit=0, progress=seen.append) == []
    assert seen == []


@pytest.mark.parametrize("error", [ValueError("no terminal"), StopAsyncIteration()])
async def test_what_progress_raises_ends_the_reading_loudly(error: Exception) -> None:
    source = numbered(100, 2)

    def broken(count: int) -> None:
        if count == 4:
            raise error

    with pytest.raises(type(error)) as caught:
        await source.pager(concurrency=8).collect(progress=broken)
    assert caught.value is error
    asked = len(source.asked)
    await asyncio.sleep(0)  # the tasks that were cancelled end
    assert len(source.asked) == asked
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_progress_must_be_a_plain_function() -> None:
    async def later(_: int) -> None: ...

    source = of("ab")
    for wrong in (5, later, partial(later)):
        with pytest.raises(InvalidRequestError, match="progress"):
            await source.pager().collect(progress=wrong)  # type: ignore[arg-type]  # on purpose
    assert source.asked == []
