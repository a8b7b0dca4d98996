"""When to send again: the effects of operations, the kinds of failure, and one pure decision over both.

Operations are classed by what a second sending would do, not by their verb: a lost answer to a GET costs a look, a lost
answer to "create incident" may cost thousands of people a second e-mail.
"""

from __future__ import annotations

import random
from enum import Enum
from typing import Any

import attrs

from .errors import ConfigError

__all__ = ["Action", "Effect", "Failure", "RetryPolicy", "RetryQuota", "decide"]


class Effect(Enum):
    """What sending an operation twice would do."""

    READ = "read"  # nothing
    IDEMPOTENT = "idempotent"  # the same record again
    DATAPOINT = "datapoint"  # a second point of a metric
    NOTIFY = "notify"  # a second record, and subscribers told twice


class Failure(Enum):
    """What is known about one attempt that failed."""

    NOT_SENT = "not sent"  # DNS, refused, connect or TLS timeout, waiting for the pool
    LIMITED = "429"  # refused before it was carried out
    UNKNOWN = "outcome unknown"  # reset, read timeout, truncated or garbled answer, 408, 500, 502, 503, 504
    FINAL = "final"  # an untrusted certificate, a redirect, any other answer


class Action(Enum):
    """What to do about a failed attempt."""

    RETRY = "retry"
    WAIT = "wait at the gate, then retry"
    RECONCILE = "find out what became of it"
    RAISE = "raise"


def _attempts(_: object, field: attrs.Attribute[int], value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigError(f"RetryPolicy: {field.name} must be a whole number, 1 or more")


def _seconds(_: object, field: attrs.Attribute[float], value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:  # nan is not either
        raise ConfigError(f"RetryPolicy: {field.name} must be a number of seconds, 0 or more")


@attrs.frozen
class RetryPolicy:
    """Bound the retries of one call.

    `attempts` counts the first one, and those that a 429 refused. Pauses grow from `base` by doubling, up to `cap`
    seconds, with full jitter: each is drawn between nothing and its bound, so that many clients do not come back
    together. The call's total timeout bounds them all. `RetryPolicy(attempts=1)` sends once.

    Raises ConfigError for numbers that cannot work.
    """

    attempts: int = attrs.field(default=3, validator=_attempts)
    base: float = attrs.field(default=0.25, validator=_seconds)
    cap: float = attrs.field(default=8.0, validator=_seconds)

    def pause(self, attempt: int) -> float:
        """Draw the seconds to wait after the given attempt, counted from 1."""
        return random.uniform(0.0, min(self.cap, self.base * 2.0 ** min(attempt - 1, 32)))  # noqa: S311 - jitter, no secret


def decide(effect: Effect, failure: Failure, attempt: int, attempts: int) -> Action:
    """Decide what follows the attempt of that number, counted from 1, out of so many."""
    if failure is Failure.FINAL:
        return Action.RAISE
    if failure is Failure.UNKNOWN and effect in (Effect.DATAPOINT, Effect.NOTIFY):
        return Action.RECONCILE
    if attempt >= attempts:
        return Action.RAISE
    return Action.WAIT if failure is Failure.LIMITED else Action.RETRY


class RetryQuota:
    """Bound the retries of all calls together, so that an outage is not multiplied by them.

    A retry takes a token, ten calls that succeed give one back. A 429 takes none: the gate holds those back.
    """

    __slots__ = ("_full", "_tokens")

    def __init__(self, tokens: int = 50) -> None:
        self._full = float(tokens)
        self._tokens = self._full

    def take(self) -> bool:
        """Take a token, or say that there is none."""
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

    def succeeded(self) -> None:
        """Give back a tenth of a token."""
        if self._tokens < self._full:
            self._tokens = min(self._full, self._tokens + 0.1)
