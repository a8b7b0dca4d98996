"""One request at a time, many at a time, and lists: against a server in a process of its own."""

from __future__ import annotations

import asyncio
import statistics
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import aiohttp
import httpx
import orjson
import pydantic

from instatus_async import Component, InstatusClient, Subscriber
from instatus_async.pagination import CONCURRENCY, Pager

from .bodies import PER_PAGE
from .measure import Goal, Line, Result, lines, ratio
from .rivals import pydantic_model
from .server import serving

__all__ = ["limited", "listing", "request", "stream"]

OURS = "instatus_async"
BARE = "aiohttp + orjson.loads, no models"
OURS_MORE = "instatus_async: an incident, 12 records"
BARE_MORE = "aiohttp + orjson.loads: the same"
KEY = "benchmark-0123456789abcdef"
PAGE = "cm4quay0p1a6g7e2x9k3t5w8z"
INCIDENT = "cm4quayinc000000000000000"
COMPONENT = "cm4quaycom000000000000001"
COMPONENT_PATH = f"/v1/{PAGE}/components/{COMPONENT}"
INCIDENT_PATH = f"/v1/{PAGE}/incidents/{INCIDENT}"
DELAY = 0.1  # seconds

Call = Callable[[], Awaitable[object]]


async def _burst(call: Call, count: int, at_once: int) -> float:
    """Make so many calls, and return the CPU time of one."""
    left = iter(range(count))

    async def work() -> None:
        for _ in left:
            await call()

    start = time.process_time()
    await asyncio.gather(*(work() for _ in range(at_once)))
    return (time.process_time() - start) / count


async def _requests(url: str, at_once: int, count: int, rounds: int) -> dict[str, list[float]]:
    headers = {"Authorization": f"Bearer {KEY}"}
    async with (
        InstatusClient(KEY, base_url=url) as client,
        aiohttp.ClientSession(headers=headers) as bare,
        httpx.AsyncClient(base_url=url, headers=headers) as other,
    ):
        page = client.page(PAGE)
        model: type[pydantic.BaseModel] = pydantic_model(Component)

        async def ours() -> object:
            return await page.components.get(COMPONENT)

        async def ours_more() -> object:
            return await page.incidents.get(INCIDENT)

        async def with_aiohttp(path: str = COMPONENT_PATH) -> object:
            async with bare.get(url + path) as response:
                return orjson.loads(await response.read())

        async def with_aiohttp_more() -> object:
            return await with_aiohttp(INCIDENT_PATH)

        async def with_httpx() -> object:
            response = await other.get(COMPONENT_PATH)
            response.raise_for_status()
            return model.model_validate(response.json())

        calls: dict[str, Call] = {
            OURS: ours,
            BARE: with_aiohttp,
            "httpx + pydantic": with_httpx,
            OURS_MORE: ours_more,
            BARE_MORE: with_aiohttp_more,
        }
        times: dict[str, list[float]] = {name: [] for name in calls}
        for call in calls.values():  # connect
            await _burst(call, at_once * 2, at_once)
        for _ in range(rounds):
            for name, call in calls.items():
                times[name].append(await _burst(call, count, at_once))
        return times


def request(at_once: int, *, quick: bool) -> Result:
    """Get one component, and an incident with its updates: the client's CPU time of a request."""
    count, rounds = (max(20, at_once), 2) if quick else (max(300, at_once * 4), 15)
    with serving() as remote:
        times = asyncio.run(_requests(remote.url, at_once, count, rounds))
    goals: list[Goal] = []
    pairs = (("at most 5 % more CPU than bare aiohttp", OURS, BARE), ("an incident", OURS_MORE, BARE_MORE))
    for text, own, other in pairs:
        more = ratio(times, own, other) - 1
        goals.append(Goal(text, f"{more:+.1%}", met=more <= 0.05))
    title = f"one request, typed answer, {at_once} at once, CPU time of the client"
    return Result(f"request-{at_once}", title, "us", lines(times), goals)


# --- lists -----------------------------------------------------------------------------------------------------------


def _listed(client: InstatusClient, concurrency: int) -> Pager[Subscriber]:
    return client.page(PAGE).subscribers.list(per_page=PER_PAGE, concurrency=concurrency)


async def _collect(url: str, concurrency: int) -> tuple[float, bool]:
    """Read all; return the seconds, and whether the ids came in order and once."""
    async with InstatusClient(KEY, base_url=url, timeout=120.0) as client:
        start = time.perf_counter()
        rows = await _listed(client, concurrency).collect()
        seconds = time.perf_counter() - start
    ids = [row.id for row in rows]
    return seconds, bool(ids) and ids == [f"cm4quaysub{n:015}" for n in range(len(ids))]


async def _peak(url: str, concurrency: int) -> int:
    """Read page by page and keep nothing; return the most memory that Python had in use, in bytes."""
    async with InstatusClient(KEY, base_url=url) as client:
        await _listed(client, 1).first()  # connect, and learn the shape
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            async for _ in _listed(client, concurrency):
                pass
            return tracemalloc.get_traced_memory()[1] - before
        finally:
            tracemalloc.stop()


def listing(*, quick: bool) -> Result:
    """Read 10,000 subscribers from 100 ms away."""
    pages = 20 if quick else 100
    limit = -(-(pages + 1) // CONCURRENCY) * DELAY  # no window of 8 fetches the pages, and the empty one, in less
    times: dict[str, list[float]] = {OURS: [], "one page after the other": []}
    too_many, right = 0, True
    with serving(pages=pages, delay=DELAY) as remote:
        for _ in range(1 if quick else 5):
            remote.counts()
            for name, concurrency in zip(times, (CONCURRENCY, 1), strict=True):
                seconds, in_order = asyncio.run(_collect(remote.url, concurrency))
                times[name].append(seconds)
                right &= in_order
                too_many = max(too_many, remote.counts()["requests"] - pages - 1)
        peak, least = (asyncio.run(_peak(remote.url, concurrency)) for concurrency in (CONCURRENCY, 1))
    factor = statistics.median(times[OURS]) / limit
    goals = [
        Goal(f"at most 1.25x the {limit:.1f} s that a window of 8 needs", f"{factor:.2f}x", met=factor <= 1.25),
        Goal("at most 8 requests too many", str(too_many), met=too_many <= 8),
        Goal("less than 1 MiB more memory, pages ahead included", _kib(peak - least), met=peak - least < 2**20),
        Goal("in order, nothing twice", "yes" if right else "no", met=right),
    ]
    found = [
        *lines(times),
        Line("the limit of the window", limit, limit, limit, limit / statistics.median(times[OURS])),
    ]
    return Result("list", f"{pages * PER_PAGE:,} subscribers, 100 ms away, 100 a page", "s", found, goals)


def limited(*, quick: bool) -> Result:
    """Read them from behind 50 requests a second."""
    pages = 20 if quick else 100
    times: dict[str, list[float]] = {OURS: [], "one page after the other": []}
    share, right = 0.0, True
    for _ in range(1 if quick else 3):
        for name, concurrency in zip(times, (CONCURRENCY, 1), strict=True):
            with serving(pages=pages, delay=DELAY, rate=50.0, burst=5.0) as remote:
                seconds, in_order = asyncio.run(_collect(remote.url, concurrency))
                counts = remote.counts()
            times[name].append(seconds)
            right &= in_order
            if concurrency > 1:
                share = max(share, counts["refused"] / counts["requests"])
    slowest = max(a / b for a, b in zip(*times.values(), strict=True))
    goals = [
        Goal("never slower than one after the other", f"{slowest:.2f}x at worst", met=slowest <= 1.0),
        Goal("at most 15 % of the answers 429", f"{share:.0%} at worst", met=share <= 0.15),
        Goal("in order, nothing twice", "yes" if right else "no", met=right),
    ]
    title = f"{pages * PER_PAGE:,} subscribers, 100 ms away, behind 50 requests a second, bursts of 5, Retry-After: 1"
    return Result("list-limited", title, "s", lines(times), goals)


def _kib(size: float) -> str:
    return f"{size / 1024:,.0f} KiB"


def _resident() -> int:
    """Return the memory that this process has, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


async def _stream(url: str, pages: int) -> tuple[Sequence[int], int]:
    marks, seen = {pages // 10, pages // 2, pages}, 0
    sizes: list[int] = []
    async with InstatusClient(KEY, base_url=url) as client:
        number = 0
        async for rows in _listed(client, CONCURRENCY).pages():
            number += 1
            seen += len(rows)
            if number in marks:
                sizes.append(_resident())
    return sizes, seen


def stream(*, quick: bool) -> Result:
    """Read a million, and keep none."""
    pages = 100 if quick else 10_000
    with serving(pages=pages) as remote:
        start = time.perf_counter()
        sizes, seen = asyncio.run(_stream(remote.url, pages))
        seconds = time.perf_counter() - start
    grown = sizes[-1] - sizes[0]
    text = ", ".join(f"{size / 2**20:.1f}" for size in sizes) + " MiB"
    goals = [
        Goal("memory at 10, 50 and 100 % flat, within 1 MiB", text, met=grown < 2**20),
        Goal("all of them", f"{seen:,}", met=seen == pages * PER_PAGE),
    ]
    line = Line(OURS, seconds, seconds, seconds, 1.0)
    return Result("stream", f"a stream of {pages * PER_PAGE:,} subscribers", "s", [line], goals)
