"""Say statuses, times and durations in English."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from .markup import Markup, tag

# Title case, as in feeds and webhooks (quirk 46).
_LABELS: Final = {
    "OPERATIONAL": "Operational",
    "UNDERMAINTENANCE": "Under maintenance",
    "DEGRADEDPERFORMANCE": "Degraded performance",
    "MINOROUTAGE": "Minor outage",
    "PARTIALOUTAGE": "Partial outage",
    "MAJOROUTAGE": "Major outage",
    "INVESTIGATING": "Investigating",
    "IDENTIFIED": "Identified",
    "MONITORING": "Monitoring",
    "RESOLVED": "Resolved",
    "NOTSTARTEDYET": "Planned",
    "INPROGRESS": "In progress",
    "COMPLETED": "Completed",
}
_TO: Final = " \N{EN DASH} "
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


def label(status: str) -> str:
    """Name a status of a component, an incident or a maintenance."""
    return _LABELS.get(status, status.capitalize())


def day(of: date) -> str:
    """Write a day: 5 January 2026."""
    return f"{of.day} {_MONTHS[of.month - 1]} {of.year}"


def short_day(of: date) -> str:
    """Write a day where there is little room: 5 Jan."""
    return f"{of.day} {_MONTHS[of.month - 1][:3]}"


def month(of: date) -> str:
    """Write a month: January 2026."""
    return f"{_MONTHS[of.month - 1]} {of.year}"


def moment(at: datetime) -> str:
    """Write a time, which must be in UTC: 5 January 2026, 14:03 UTC."""
    return f"{day(at)}, {at:%H:%M} UTC"


def time_tag(at: datetime, text: str | None = None) -> Markup:
    """Mark up a time for programs, and show it to people as `moment` or in another text."""
    return tag("time", text or moment(at), datetime=stamp(at))


def stamp(at: datetime) -> str:
    """Write a time for programs, to the second."""
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def period(start: datetime, end: datetime) -> Markup:
    """Write a period, naming the day once if it is the same."""
    if start.date() == end.date():
        return tag("span", time_tag(start, f"{day(start)}, {start:%H:%M}"), _TO, time_tag(end, f"{end:%H:%M} UTC"))
    return tag("span", time_tag(start), _TO, time_tag(end))


def duration(of: timedelta) -> str:
    """Write a duration in whole minutes: 1 hour and 51 minutes (quirk 90)."""
    minutes = int(of.total_seconds()) // 60
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    parts = [_counted(days, "day"), _counted(hours, "hour"), _counted(minutes, "minute")]
    return listed([part for part in parts if part]) or "less than a minute"


def listed(items: list[str]) -> str:
    """Write a list: a, b and c."""
    if len(items) < 2:
        return "".join(items)
    return ", ".join(items[:-1]) + " and " + items[-1]


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}" if count else ""
