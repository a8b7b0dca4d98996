"""What becomes of the values of one slot: one number, in memory that does not grow with their count."""

from __future__ import annotations

import random
from array import array
from collections.abc import Callable, Mapping
from typing import Literal, Protocol, TypeAlias

__all__ = ["AGGREGATES", "Aggregate", "Summary"]

Aggregate: TypeAlias = Literal["mean", "last", "max", "p95"]

_KEPT = 2048  # values of a slot whose p95 is exact: 16 KiB


class Summary(Protocol):
    """The values of one slot, as far as they are needed. There is no `value` before the first `add`."""

    def add(self, value: float, /) -> None:
        """Take a finite number in."""
        ...

    @property
    def value(self) -> float:
        """What they come to so far, a finite number."""
        ...


class _Mean:
    __slots__ = ("_count", "value")

    def __init__(self) -> None:
        self._count = 0
        self.value = 0.0

    def add(self, value: float, /) -> None:
        # Neither a sum nor a difference, which are infinite for numbers that are not.
        self._count += 1
        self.value += value / self._count - self.value / self._count


class _Last:
    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0.0

    def add(self, value: float, /) -> None:
        self.value = value


class _Max:
    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = float("-inf")

    def add(self, value: float, /) -> None:
        self.value = max(self.value, value)


class _P95:
    """Nearest rank: the smallest value that at least 95 % of all do not exceed.

    Beyond `_KEPT` values it is that of a uniform sample of so many, and its true rank is one percentile point off or
    less in 19 of 20 slots.
    """

    __slots__ = ("_count", "_values")

    def __init__(self) -> None:
        self._count = 0
        self._values = array("d")

    def add(self, value: float, /) -> None:
        self._count += 1
        if self._count <= _KEPT:
            self._values.append(value)
        elif (place := random.randrange(self._count)) < _KEPT:  # noqa: S311 - a sample, no secret
            self._values[place] = value

    @property
    def value(self) -> float:
        ordered = sorted(self._values)
        return ordered[-(-95 * len(ordered) // 100) - 1]


AGGREGATES: Mapping[str, Callable[[], Summary]] = {"mean": _Mean, "last": _Last, "max": _Max, "p95": _P95}
