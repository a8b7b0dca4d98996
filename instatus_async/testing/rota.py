"""Work out who of an on-call shift is on call at a moment, and who is next.

Members take turns in their order, each for one period (a day, a week, or a length of its own), from the shift's start
on. A restriction closes the shift for part of the day or of the week; turns pass all the same. All times are UTC.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from .times import parse
from .validate import Row

DAYS: Final = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")

_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(weeks=1)
_UNITS: Final = {"HOURS": timedelta(hours=1), "DAYS": _DAY, "WEEKS": _WEEK}


def current(shift: Row, now: datetime) -> Row | None:
    """Return the member who is on call now, or None while nobody is."""
    if not _runs(shift, now) or _opening(shift, now) != now:
        return None
    return _member(shift, _turn(shift, now))


def following(shift: Row, now: datetime) -> Row | None:
    """Return the member who is on call next, after the present one if there is one."""
    start = parse(shift["startDate"])
    if current(shift, now) is not None:
        start += (_turn(shift, now) + 1) * _period(shift)
    moment = _opening(shift, max(start, now))
    return _member(shift, _turn(shift, moment)) if moment and _runs(shift, moment) else None


def members(shift: Row) -> list[Row]:
    """List the members in the order of their turns."""
    return sorted(shift["members"], key=lambda member: member["order"])


def _member(shift: Row, turn: int) -> Row | None:
    people = members(shift)
    return people[turn % len(people)] if people else None


def _runs(shift: Row, moment: datetime) -> bool:
    ended = shift["endDate"] is not None and moment >= parse(shift["endDate"])
    return parse(shift["startDate"]) <= moment and not ended


def _turn(shift: Row, moment: datetime) -> int:
    return (moment - parse(shift["startDate"])) // _period(shift)


def _period(shift: Row) -> timedelta:
    if shift["rotationType"] == "DAILY":
        return _DAY
    if shift["rotationType"] == "WEEKLY":
        return _WEEK
    return int(shift["customRotationTypeValue"]) * _UNITS[shift["customRotationTypeUnit"]]


def _opening(shift: Row, moment: datetime) -> datetime | None:
    """Return the first moment from this one on at which the restriction lets anybody be on call."""
    if shift["restrictionType"] == "NONE":
        return moment
    starts: list[datetime] = []
    for start, end in _windows(shift, moment):
        if start <= moment < end:
            return moment
        if start > moment:
            starts.append(start)
    return min(starts, default=None)


def _windows(shift: Row, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Give the open windows around a moment: one of the past and enough of the future."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if shift["restrictionType"] == "TIMEOFDAY":
        start = _time(shift["timeOfDayRestrictionStartTime"])
        end = _time(shift["timeOfDayRestrictionEndTime"])
        for day in (midnight - _DAY, midnight, midnight + _DAY):
            yield _window(day + start, day + end, _DAY)
        return
    monday = midnight - moment.weekday() * _DAY
    for week in (monday - _WEEK, monday, monday + _WEEK):
        for interval in shift["timeIntervals"]:
            start = DAYS.index(interval["startDay"]) * _DAY + _time(interval["startDayTime"])
            end = DAYS.index(interval["endDay"]) * _DAY + _time(interval["endDayTime"])
            yield _window(week + start, week + end, _WEEK)


def _window(start: datetime, end: datetime, cycle: timedelta) -> tuple[datetime, datetime]:
    """Let a window that ends before it starts run into the next day or week."""
    return (start, end) if end > start else (start, end + cycle)


def _time(text: str) -> timedelta:
    """Read a time of day from its 1970-01-01 date-time (quirk 41)."""
    moment = parse(text)
    return moment - moment.replace(hour=0, minute=0, second=0, microsecond=0)
