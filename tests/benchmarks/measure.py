"""Rounds in turn, medians and quartiles."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

import attrs

__all__ = ["Goal", "Line", "Result", "interleaved", "lines", "ratio", "show"]


@attrs.frozen
class Line:
    """One contestant: seconds, and how many times as much as the first it took."""

    name: str
    median: float
    low: float
    high: float
    ratio: float


@attrs.frozen
class Goal:
    """What was to be reached, and what was."""

    text: str
    reached: str
    met: bool


@attrs.frozen
class Result:
    """One row of the table."""

    row: str
    title: str
    unit: str  # ms, s or us, of one turn
    lines: Sequence[Line]
    goals: Sequence[Goal]


UNITS = {"s": 1.0, "ms": 1e3, "us": 1e6}


def interleaved(contestants: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Time each in turn, so that what else the machine does hits all alike. The collector rests, as in timeit."""
    for run in contestants.values():
        run()
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, run in contestants.items():
            gc.collect()
            gc.disable()
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
            gc.enable()
    return times


def ratio(times: Mapping[str, Sequence[float]], name: str, to: str) -> float:
    """Return the median of the ratios of each round."""
    return statistics.median(a / b for a, b in zip(times[name], times[to], strict=True))


def lines(times: Mapping[str, Sequence[float]]) -> list[Line]:
    """Sum up; the first contestant is ours."""
    ours = next(iter(times))
    found: list[Line] = []
    for name, seconds in times.items():
        low, median, high = statistics.quantiles(seconds if len(seconds) > 1 else [*seconds, *seconds], n=4)
        found.append(Line(name, median, low, high, ratio(times, name, ours)))
    return found


def show(result: Result) -> str:
    """Write one row as text: ratios first."""
    text = [f"{result.row}: {result.title}"]
    scale = UNITS[result.unit]
    for line in result.lines:
        spread = f"{line.low * scale:.2f} to {line.high * scale:.2f}"
        text.append(f"  {line.ratio:6.2f}x  {line.name:44} {line.median * scale:9.2f} {result.unit:2}  ({spread})")
    text += [f"  {'met ' if g.met else 'MISS'}  {g.text}: {g.reached}" for g in result.goals]
    return "\n".join(text)
