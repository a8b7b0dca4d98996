"""Work out 90 days of uptime from a component's history: pure functions of what is given.

A history is a list of (time, status), oldest first: from each time on, the component has that status. Days are those of
UTC. The uptime is the share of the time that is known in which the component was up; a major outage counts as wholly
down, a partial one as 30 % down, anything else as up. These weights are a guess.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Final, TypeAlias

History: TypeAlias = Sequence[tuple[datetime, str]]

DAYS: Final = 90

# From well to worst; a status that is not here ranks lowest of the troubles.
SEVERITY: Final = (
    *("OPERATIONAL", "UNDERMAINTENANCE", "DEGRADEDPERFORMANCE"),
    *("MINOROUTAGE", "PARTIALOUTAGE", "MAJOROUTAGE"),
)
_DOWN: Final = {"MAJOROUTAGE": 1.0, "PARTIALOUTAGE": 0.3}
_NONE: Final = timedelta(0)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Day:
    """Sum up one day: how long each status lasted, and the worst of them, None if there is no data."""

    date: date
    worst: str | None = None
    lasted: dict[str, timedelta] = field(default_factory=dict[str, timedelta])

    @property
    def trouble(self) -> timedelta:
        """Return how long the worst status lasted."""
        return self.lasted.get(self.worst or "", _NONE)


def worst_of(statuses: Sequence[str]) -> str:
    """Return the worst status; OPERATIONAL if there is none."""
    return max(statuses, key=_severity, default="OPERATIONAL")


def days(history: History, now: datetime, *, since: datetime | None = None, count: int = DAYS) -> tuple[Day, ...]:
    """Sum up the last `count` days, today included, oldest first.

    `since` says when the component began, if not with its history: an earlier one stretches the first status back, a
    later one hides what was before. A status counts for the day it began on even if it lasted no time at all, so that
    something opened and closed under a clock that stands still leaves its mark.
    """
    today = now.astimezone(UTC).date()
    dates = [today - timedelta(days=back) for back in reversed(range(count))]
    held: dict[date, dict[str, timedelta]] = {}
    spans = _spans(history, now, since)
    for span in spans:
        _spread(held, _midnight(dates[0]), span)
    for *_, status in spans[-1:]:  # what is now, is today, even at midnight
        held.setdefault(today, {}).setdefault(status, _NONE)
    return tuple(Day(date=day, worst=_worst(held.get(day)), lasted=held.get(day, {})) for day in dates)


def uptime(of: Sequence[Day]) -> float | None:
    """Return the share of the known time that was up, from 0 to 1; None if no time is known."""
    known = sum((length for day in of for length in day.lasted.values()), _NONE)
    if not known:
        return None
    down = sum((length * _DOWN.get(status, 0) for day in of for status, length in day.lasted.items()), _NONE)
    return 1 - down / known


def percent(share: float) -> str:
    """Write a share as a percentage that is never rounded up: 100 % means that nothing was missing."""
    hundredths = math.floor(share * 10_000 + 1e-9)
    if share < 1:
        hundredths = min(hundredths, 9_999)
    return "100%" if hundredths >= 10_000 else f"{hundredths / 100:.2f}%"  # the whole


def _spans(history: History, now: datetime, since: datetime | None) -> list[tuple[datetime, datetime, str]]:
    """Turn a history into (from, to, status) that end now."""
    if not history:
        return []
    begun = list(history)
    if since is not None:
        if since < begun[0][0]:
            begun[0] = (since, begun[0][1])
        else:
            while len(begun) > 1 and begun[1][0] <= since:
                del begun[0]
            begun[0] = (since, begun[0][1])
    closed = [*begun, (now, "")]
    return [(start, end, status) for (start, status), (end, _) in pairwise(closed) if start <= now]


def _spread(held: dict[date, dict[str, timedelta]], first: datetime, span: tuple[datetime, datetime, str]) -> None:
    """Share out one span, as far as it lies after `first`, among the days that it touches."""
    began, end, status = span
    start = max(began, first)
    day = start.astimezone(UTC).date()
    begins_here = began >= first and end >= began
    while begins_here or _midnight(day) < end:
        lasted = held.setdefault(day, {})
        lasted[status] = lasted.get(status, _NONE) + min(end, _midnight(day) + _DAY) - max(start, _midnight(day))
        day += _DAY
        begins_here = False


def _worst(lasted: dict[str, timedelta] | None) -> str | None:
    return worst_of(list(lasted)) if lasted else None


def _severity(status: str) -> int:
    return SEVERITY.index(status) if status in SEVERITY else 1


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
