"""Play a day of incidents on a server's page, in seconds, with the SDK as its own user."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

from .times import real_clock

if TYPE_CHECKING:
    from instatus_async import Page
    from instatus_async.resources.components import AnyComponentStatus
    from instatus_async.resources.incidents import AnyIncidentStatus

    from .server import InstatusServer

Say: TypeAlias = Callable[[str], object]

_PAST: Final = timedelta(days=80)
_DAY: Final = timedelta(days=1)
_APART: Final = timedelta(minutes=10)  # datapoints of the metric

# What went wrong before that day: days ago, minutes, component, status.
_BEFORE: Final[tuple[tuple[int, int, str, AnyComponentStatus, str], ...]] = (
    (71, 34, "API", "DEGRADEDPERFORMANCE", "Slow answers"),
    (52, 210, "Website", "MAJOROUTAGE", "The website is down"),
    (38, 25, "App", "PARTIALOUTAGE", "Sign-in fails for some"),
    (17, 95, "API", "PARTIALOUTAGE", "Errors in one region"),
    (6, 12, "Website", "DEGRADEDPERFORMANCE", "Slow pages"),
)


class StoryClock:
    """Tell the time of a story: it stands where it is put, and runs with the machine's once it is let go.

    It begins in the past, so that there is something to tell.
    """

    def __init__(self) -> None:
        """Stand some weeks ago."""
        self.now: datetime = real_clock().replace(microsecond=0)
        self._at: datetime | None = self.now - _PAST

    def __call__(self) -> datetime:
        """Return the time it stands at, or that of the machine."""
        return self._at or real_clock()

    def put(self, at: datetime) -> None:
        """Stand at a later time."""
        self._at = max(at, self())

    def let_go(self) -> None:
        """Run with the machine's clock from now on."""
        self._at = None


class Story:
    """Play the day that ends now: an outage of the API, a planned maintenance, a slow app; then something open."""

    def __init__(
        self, server: InstatusServer, clock: StoryClock, pace: float, stop: asyncio.Event | None = None
    ) -> None:
        """Play on a running server, whose clock this is, with `pace` seconds between the events of the day.

        `stop` ends it before the next event; no call is broken off.
        """
        self._server = server
        self._clock = clock
        self._pace = pace
        self._stop = stop or asyncio.Event()
        self._incident = ""

    async def play(self, say: Say) -> None:
        """Play it all, saying each event in a line; the clock runs freely afterwards."""
        self._server.seed(
            subscribers=[
                {"email": "ana@customer.example", "confirmed": True},
                {"email": "bo@customer.example", "confirmed": True},
                {"phone": "5550100199", "autoConfirm": True, "components": [self._server.component_id("API")]},
            ]
        )
        async with self._server.client() as client:
            page = client.page(self._server.page_id)
            await self._past(page)
            metric = await page.metrics.create(name="Response time", suffix="ms")
            drawn = self._clock.now - _DAY
            for ago, text, event in self._events(page):
                told = len(self._server.ledger)
                self._clock.put(self._clock.now - ago)
                self._server.tick()
                await event()
                drawn = await self._draw(page, metric.id, drawn)
                say(f"{self._clock():%H:%M}  {text}{_count(len(self._server.ledger) - told)}")
                if await self._stopped():
                    break
        self._clock.let_go()

    def _events(self, page: Page) -> tuple[tuple[timedelta, str, Callable[[], Awaitable[None]]], ...]:
        """Return the events of the day: how long ago, a line to say, what to do."""
        update = self._update
        return (
            (_ago(23, 30), "A maintenance of the website is planned.", lambda: self._plan(page)),
            (
                _ago(20, 12),
                "The API fails. An incident is opened.",
                lambda: self._open(page, "API errors", "About one request in five fails.", {"API": "PARTIALOUTAGE"}),
            ),
            (
                _ago(20, 1),
                "It gets worse.",
                lambda: update(page, "IDENTIFIED", "A disk is full.", "API", "MAJOROUTAGE"),
            ),
            (
                _ago(19, 20),
                "A remedy is found.",
                lambda: update(page, "MONITORING", "There is room again.", "API", "DEGRADEDPERFORMANCE"),
            ),
            (_ago(18, 45), "The API is well again.", lambda: update(page, "RESOLVED", "All is well.", "API")),
            (_ago(14, 0), "The maintenance begins by itself.", _nothing),
            (_ago(13, 0), "The maintenance ends by itself.", _nothing),
            (
                _ago(7, 50),
                "The app is slow.",
                lambda: self._open(page, "Slow app", "Pages take seconds.", {"App": "DEGRADEDPERFORMANCE"}),
            ),
            (_ago(7, 5), "The app is fast again.", lambda: update(page, "RESOLVED", "A cache was cold.", "App")),
            (_ago(2, 0), "A maintenance of the API is planned for tomorrow.", lambda: self._plan_for_tomorrow(page)),
            (
                _ago(0, 25),
                "The website fails, and that remains so.",
                lambda: self._open(page, "Website errors", "We are looking into it.", {"Website": "PARTIALOUTAGE"}),
            ),
            (
                _ago(0, 5),
                "The cause is known.",
                lambda: update(page, "IDENTIFIED", "A certificate has expired.", "Website", "PARTIALOUTAGE"),
            ),
        )

    async def _past(self, page: Page) -> None:
        """Give the page a history, quickly."""
        for days, minutes, component, status, name in _BEFORE:
            if self._stop.is_set():
                return
            self._clock.put(self._clock.now - timedelta(days=days))
            await self._open(page, name, "We are looking into it.", {component: status}, notify=False)
            self._clock.put(self._clock() + timedelta(minutes=minutes))
            await self._update(page, "RESOLVED", "It is over.", component, notify=False)

    async def _stopped(self) -> bool:
        """Wait for the next event or for the end, whichever is first."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), self._pace)
        return self._stop.is_set()

    async def _open(
        self, page: Page, name: str, message: str, statuses: Mapping[str, AnyComponentStatus], *, notify: bool = True
    ) -> None:
        incident = await page.incidents.create(
            name=name,
            message=message,
            status="INVESTIGATING",
            statuses=self._by_id(statuses),
            started=self._clock(),
            notify=notify,
        )
        self._incident = incident.id

    async def _update(
        self,
        page: Page,
        status: AnyIncidentStatus,
        message: str,
        component: str,
        becomes: AnyComponentStatus = "OPERATIONAL",
        *,
        notify: bool = True,
    ) -> None:
        await page.incidents.updates.create(
            self._incident,
            status=status,
            message=message,
            statuses=self._by_id({component: becomes}),
            started=self._clock(),
            notify=notify,
        )

    async def _plan(self, page: Page) -> None:
        start = self._clock.now - _ago(14, 0)
        await self._maintenance(page, "New website", "The website will be slow for an hour.", "Website", start)

    async def _plan_for_tomorrow(self, page: Page) -> None:
        start = self._clock.now + timedelta(hours=21)
        await self._maintenance(page, "Database upgrade", "The API will be down for an hour.", "API", start)

    async def _maintenance(self, page: Page, name: str, message: str, component: str, start: datetime) -> None:
        await page.maintenances.create(
            name=name,
            message=message,
            status="NOTSTARTEDYET",
            start=start,
            end=start + timedelta(hours=1),
            statuses=self._by_id({component: "UNDERMAINTENANCE"}),
            notify=True,
            notify_start=True,
            notify_end=True,
            notify_early=False,
            auto_start=True,
            auto_end=True,
        )

    async def _draw(self, page: Page, metric_id: str, since: datetime) -> datetime:
        """Add the points since the last time, with a hill where the API was in trouble; return when to go on."""
        trouble = self._clock.now - _ago(19, 40)
        points: list[tuple[datetime, float]] = []
        while since <= self._clock():
            hours = (since - trouble) / timedelta(hours=1)
            value = 120 + 15 * math.sin(since.timestamp() / 5000) + 400 * math.exp(-4 * hours**2)
            points.append((since, round(value, 1)))
            since += _APART
        if points:
            await page.metrics.add_datapoints(metric_id, points)
        return since

    def _by_id(self, statuses: Mapping[str, AnyComponentStatus]) -> dict[str, AnyComponentStatus]:
        return {self._server.component_id(name): status for name, status in statuses.items()}


def _ago(hours: int, minutes: int) -> timedelta:
    return timedelta(hours=hours, minutes=minutes)


async def _nothing() -> None:
    """Leave it to the clock."""


def _count(told: int) -> str:
    return f" ({told} told)" if told else ""
