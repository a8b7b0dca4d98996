"""Say which requests go wrong, and how: the next one, the third, each one, or some by a seed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPMethod
from typing import Final, TypeAlias, get_args

from aiohttp import web

from .exchange import Backlog, Exchange
from .faults import (
    Close,
    ExtraFields,
    Fault,
    Garbage,
    HalfStatusLine,
    Html,
    LateCommit,
    Reset,
    StaleKeepAlive,
    Status,
    Truncated,
    UnknownEnums,
)
from .log import Host, LoggedRequest, matches

Menu: TypeAlias = tuple[tuple[int, Fault], ...]

# Weights and faults. None of them holds a client up, and each leaves the next request a chance.
MENU: Final[Menu] = (
    (3, Status(500)),
    (3, Status(503)),
    (2, Status(502, after_commit=True)),
    (2, Status(504, after_commit=True)),
    (2, Status(429, headers={"Retry-After": "0"})),
    (2, Reset()),
    (3, Reset(after_commit=True)),
    (2, Close()),
    (3, Close(after_commit=True)),
    (1, LateCommit(after_requests=1)),
    (2, Truncated()),
    (1, HalfStatusLine(after_commit=True)),
    (1, Garbage(after_commit=True)),
    (1, Html()),
    (1, StaleKeepAlive()),
    (1, StaleKeepAlive(on_next_request=True)),
    (1, UnknownEnums()),
    (1, ExtraFields()),
)

_SHOWN: Final = 50  # requests of a schedule in its repr


@dataclass(frozen=True, repr=False)
class Schedule:
    """Choose a fault or none for each request: a pure function of the seed and of the request's place.

    The repr lists what befalls the first requests; put it into the failure message.
    """

    seed: int
    rate: float = 0.2
    menu: Menu = MENU

    def __post_init__(self) -> None:
        """Refuse a rate that is no share."""
        if not 0 <= self.rate <= 1:
            message = "rate is the share of the requests that go wrong, from 0 to 1"
            raise ValueError(message)

    def fault(self, place: int) -> Fault | None:
        """Return what befalls the request of this place, counted from 1."""
        chance = random.Random(f"{self.seed}/{place}")  # noqa: S311 - reproducible, not secret
        if chance.random() >= self.rate:
            return None
        return chance.choices([fault for _, fault in self.menu], [weight for weight, _ in self.menu])[0]

    def __repr__(self) -> str:
        found = [(place, self.fault(place)) for place in range(1, _SHOWN + 1)]
        shown = "".join(f"\n  {place}: {fault!r}" for place, fault in found if fault is not None)
        return f"<Schedule seed={self.seed} rate={self.rate:g}, of the first {_SHOWN} requests:{shown or ' none'}>"


@dataclass(frozen=True)
class Fired:
    """Say which request a fault struck; `number` is the request's in `server.requests`."""

    number: int
    method: str
    path: str
    fault: Fault


class Rule:
    """Bind a choice of faults to the requests that it concerns."""

    def __init__(
        self,
        text: str,
        choose: Callable[[int], Fault | None],
        method: str | None,
        path: str | None,
        host: Host | None,
        times: int | None,
    ) -> None:
        """Strike at most `times`, or without end."""
        self._text = f"{text} of {host or 'any host'}: {method or 'any method'} {path or 'any path'}"
        self._choose = choose
        self._filter = (method, path, host)
        self._left = times
        self.seen: int = 0

    @property
    def waiting(self) -> bool:
        """Tell whether it may strike again."""
        return self._left != 0

    def __repr__(self) -> str:
        left = "" if self._left is None else f", {self._left} left"
        return f"<{self._text}, {self.seen} seen{left}>"

    def sees(self, entry: LoggedRequest) -> bool:
        """Count a request if it is concerned."""
        found = matches(entry, *self._filter)
        self.seen += found
        return found

    def strike(self, now: datetime) -> Fault | None:
        """Return the fault for the request that was counted last, if it is its turn."""
        fault = None if self._left == 0 else self._choose(self.seen)
        if fault is None or not fault.strikes(now):
            return None
        if self._left is not None:
            self._left -= 1
        return fault


class Faults:
    """Decide for each request whether it goes wrong. `server.faults` is the only one of a server.

        server.faults.next(faults.Reset(after_commit=True), "POST", "/v1/{page_id}/incidents")
        server.faults.nth(3, faults.Status(503), "GET")
        server.faults.every(faults.RateLimit(rate=2, burst=10, retry_after="date"), host="api")
        server.faults.random(seed=7, rate=0.3)

    `path` is a pattern as in `server.requests.matching`: a part in braces is any one segment, `*` is anything. Rules
    are asked in the order in which they were made, and the first that has a fault for a request wins; all of them
    count it. What is no fault, like `faults.Reset` without parentheses, is a TypeError; a method or a path that no
    request can have, like "incidents" for "*/incidents", is a ValueError.
    """

    def __init__(self) -> None:
        """Start without rules: everything goes well."""
        self.backlog: Backlog = Backlog()
        self._rules: list[Rule] = []
        self._fired: list[Fired] = []
        self._news = asyncio.Event()
        self._acting: set[asyncio.Task[object]] = set()
        self._hang_up = 0

    def __repr__(self) -> str:
        waiting = [repr(rule) for rule in self._rules if rule.waiting]
        return f"<Faults: {', '.join(waiting)}>" if waiting else "<Faults: none waiting>"

    # What goes wrong

    def next(
        self,
        fault: Fault,
        method: str | None = None,
        path: str | None = None,
        *,
        host: Host | None = None,
        times: int = 1,
    ) -> Rule:
        """Let the next request, or the next `times` of them, go wrong."""
        _check(fault, method, path, host)
        return self._add(Rule(f"next {fault!r}", lambda _: fault, method, path, host, times))

    def nth(
        self,
        number: int,
        fault: Fault,
        method: str | None = None,
        path: str | None = None,
        *,
        host: Host | None = None,
    ) -> Rule:
        """Let one request go wrong, counted from 1 among those concerned from now on."""
        if number < 1:
            message = "the first request is number 1"
            raise ValueError(message)
        _check(fault, method, path, host)
        return self._add(
            Rule(
                f"nth({number}) {fault!r}", lambda seen: fault if seen == number else None, method, path, host, times=1
            )
        )

    def every(
        self, fault: Fault, method: str | None = None, path: str | None = None, *, host: Host | None = None
    ) -> Rule:
        """Let each request go wrong until `cancel()` or `clear()`."""
        _check(fault, method, path, host)
        return self._add(Rule(f"every {fault!r}", lambda _: fault, method, path, host, None))

    def random(
        self,
        seed: int,
        rate: float = 0.2,
        method: str | None = None,
        path: str | None = None,
        *,
        host: Host | None = None,
        menu: Menu = MENU,
    ) -> Schedule:
        """Let a share of the requests go wrong in ways chosen by the seed; return the schedule, which prints itself.

        The choice depends on the seed and on the request's place among those concerned, and on nothing else.
        """
        for _, fault in menu:
            _check(fault, method, path, host)
        schedule = Schedule(seed, rate, menu)
        self._add(Rule(f"random({seed})", schedule.fault, method, path, host, None))
        return schedule

    def hang_up(self, connections: int = 1) -> None:
        """Reset the next connections as soon as they are made, before anything is read.

        `server.refuse()` lets none in at all.
        """
        self._hang_up += connections

    def cancel(self, rule: Rule) -> None:
        """Take a rule back."""
        self._rules.remove(rule)

    def clear(self) -> None:
        """Take every rule back. What is stalled or late remains so."""
        self._rules.clear()
        self._hang_up = 0

    # Going on

    def release(self) -> None:
        """Let stalled requests go on, and carry out those that come late, before this returns.

        It is no coroutine, unlike `wait` and `idle`: call it without `await`.
        """
        self.backlog.release()

    async def wait(self, fired: int = 1) -> None:
        """Wait until so many faults have struck since the server was made or reset."""
        while len(self._fired) < fired:
            await self._news.wait()

    async def idle(self) -> None:
        """Wait until no fault is holding a request any more, because it is through or its client has hung up."""
        while self._acting:
            await asyncio.wait(self._acting)

    @property
    def fired(self) -> tuple[Fired, ...]:
        """Return what has struck, in order."""
        return tuple(self._fired)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Return the rules, used up or not."""
        return tuple(self._rules)

    # Inside

    def admits(self) -> bool:
        """Tell whether to let a new connection in."""
        if not self._hang_up:
            return True
        self._hang_up -= 1
        return False

    def choose(self, entry: LoggedRequest) -> Fault | None:
        """Choose the fault for a request, and have every rule count it."""
        chosen: Fault | None = None
        for rule in self._rules:
            if rule.sees(entry) and chosen is None:
                chosen = rule.strike(entry.at)
        if chosen is not None:
            self._fired.append(Fired(entry.number, entry.method, entry.path, chosen))
            news, self._news = self._news, asyncio.Event()
            news.set()
        return chosen

    async def act(self, fault: Fault, exchange: Exchange) -> web.StreamResponse:
        """Let a fault have its way with a request."""
        task = asyncio.current_task()
        if task is not None:
            self._acting.add(task)
        try:
            return await fault.act(exchange)
        finally:
            if task is not None:
                self._acting.discard(task)

    def reset(self) -> None:
        """Forget everything, and drop the requests that are held up."""
        self.clear()
        self.backlog.drop()
        self._fired.clear()
        self._drop()

    async def close(self) -> None:
        """Drop the requests that are held up; what is late is never carried out."""
        self.backlog.drop()
        await asyncio.gather(*self._drop(), return_exceptions=True)

    def _drop(self) -> list[asyncio.Task[object]]:
        held = list(self._acting)
        for task in held:
            task.cancel()
        return held

    def _add(self, rule: Rule) -> Rule:
        self._rules.append(rule)
        return rule


def _check(fault: object, method: str | None, path: str | None, host: Host | None) -> None:
    """Refuse a rule that would break down on the server, or never strike: a test with it would prove nothing."""
    if not isinstance(fault, Fault):
        got = f"the class {fault.__name__}" if isinstance(fault, type) else repr(fault)
        message = f"expected a fault, like faults.Reset(); got {got}"
        raise TypeError(message)
    if method is not None and method.upper() not in HTTPMethod.__members__:
        message = f"{method!r} is no method of HTTP"
        raise ValueError(message)
    if path is not None and (not path.startswith(("/", "*")) or "?" in path):
        message = f"no request has the path {path!r}; paths are like '*/incidents' or '/v1/{{page_id}}/incidents'"
        raise ValueError(message)
    if host is not None and host not in get_args(Host):
        message = f"host: expected 'api' or 'page', and got {host!r}"
        raise ValueError(message)
