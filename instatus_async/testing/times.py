"""Write the wire's dates, read them back, and hold a clock that only moves when told to."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

Clock = Callable[[], datetime]

_ISO_Z: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?Z", re.ASCII)


class ManualClock:
    """Tell a time that stands still until `advance()` moves it.

    Pass one as `InstatusServer(clock=ManualClock())`; `server.advance()` then moves it.
    """

    def __init__(self, now: datetime = datetime(2026, 1, 1, 12, tzinfo=UTC)) -> None:
        """Start at `now`, which must be aware."""
        if now.tzinfo is None:
            message = "the clock needs an aware datetime, for example datetime(2026, 1, 1, tzinfo=UTC)"
            raise ValueError(message)
        self._now = now.astimezone(UTC)

    def __call__(self) -> datetime:
        """Return the time it stands at."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move on by a positive amount."""
        if by < timedelta(0):
            message = "time only moves forward here"
            raise ValueError(message)
        self._now += by


def real_clock() -> datetime:
    """Return the machine's time in UTC."""
    return datetime.now(UTC)


def iso(when: datetime) -> str:
    """Write a date as most answers do: UTC, milliseconds, `Z` (quirk 33)."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def without_milliseconds(text: str) -> str:
    """Shorten a date as answers about escalation and routing do (quirk 33)."""
    return text[:19] + "Z"


def parse(text: str) -> datetime:
    """Read ISO 8601 that ends in `Z`; ValueError for anything else (quirk 35)."""
    if not _ISO_Z.fullmatch(text):
        raise ValueError(text)
    return datetime.fromisoformat(text)


def millis(when: datetime) -> int:
    """Count the milliseconds since 1970."""
    return round(when.timestamp() * 1000)


def seconds_between(start: str, end: str) -> int:
    """Count the whole seconds from one date of the wire to another, never below 0."""
    return max(0, int((parse(end) - parse(start)).total_seconds()))
