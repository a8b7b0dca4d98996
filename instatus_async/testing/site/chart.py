"""Draw one metric as a line.

The drawing holds no letters and stretches to any width; the labels of its axes are HTML around it, so they stay
readable on a phone. Coordinates run from 0 to 1000 to the right and from 0 to 100 downwards.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from ..validate import Row
from . import words
from .markup import Markup, escape, join, tag

MOST_POINTS: Final = 500
_WIDTH: Final = 1000
_HEIGHT: Final = 100
_STEPS: Final = 3  # lines across, at the most one more


@dataclass(frozen=True, slots=True)
class Point:
    """Hold one measurement."""

    at: datetime
    value: float


def points_of(metric: Row) -> list[Point]:
    """Read the latest points of a metric, oldest first."""
    return [Point(_time(point["timestamp"]), _finite(point["value"])) for point in metric["data"][-MOST_POINTS:]]


def number(value: float) -> str:
    """Write a value with up to six digits, and thousands apart; what is too large or small for that in powers."""
    if value == 0:
        return "0"
    if not 1e-4 <= abs(value) < 1e9:  # beyond these, zeros are no longer counted at a glance
        return f"{value:.3g}"
    text = f"{value:,.{max(0, 6 - len(str(int(abs(value)))))}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def chart(metric_id: str, name: str, suffix: str, points: Sequence[Point]) -> Markup:
    """Show the axes, the line, and under it the least, the greatest and the last value."""
    if not points:
        return tag("p", "No data yet.", class_="empty")
    ticks = _ticks(min(point.value for point in points), max(point.value for point in points))
    drawing = tag(
        "svg",
        tag("title", f"Chart of {name}", id=f"chart-{metric_id}-title"),
        tag("desc", _summary(points, suffix), id=f"chart-{metric_id}-desc"),
        _lines(points, ticks),
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        preserveAspectRatio="none",
        role="img",
        aria_labelledby=f"chart-{metric_id}-title",
        aria_describedby=f"chart-{metric_id}-desc",
    )
    first, last = points[0].at, points[-1].at
    up = tag("div", (tag("span", number(tick)) for tick in reversed(ticks)), class_="up", aria_hidden="true")
    along = tag("div", _times(first, last), class_="along")
    return tag("div", up, tag("div", drawing, class_="plot"), along, class_="chart")


def figures(points: Sequence[Point], suffix: str) -> Markup:
    """List the least, the greatest and the last value."""
    if not points:
        return Markup()
    values = [point.value for point in points]
    shown = (("Min", min(values)), ("Max", max(values)), ("Last", values[-1]))
    return tag(
        "dl",
        (tag("div", tag("dt", name), tag("dd", measured(value, suffix), dir="auto")) for name, value in shown),
        class_="figures",
    )


def measured(value: float, suffix: str) -> str:
    """Write a value with its unit."""
    return f"{number(value)} {suffix}".rstrip()


def _times(first: datetime, last: datetime) -> Markup:
    if first == last:
        return words.time_tag(first)
    if first.date() == last.date():
        return join(words.time_tag(first, f"{first:%H:%M}"), words.time_tag(last))
    return join(
        words.time_tag(first, f"{words.short_day(first)}, {first:%H:%M}"),
        words.time_tag(last, f"{words.short_day(last)}, {last:%H:%M} UTC"),
    )


def _summary(points: Sequence[Point], suffix: str) -> str:
    values = [point.value for point in points]
    return (
        f"{len(points)} measurement{'s' if len(points) > 1 else ''}, {words.moment(points[0].at)} to "
        f"{words.moment(points[-1].at)}: between {measured(min(values), suffix)} and "
        f"{measured(max(values), suffix)}, last {measured(values[-1], suffix)}."
    )


def _lines(points: Sequence[Point], ticks: Sequence[float]) -> Markup:
    least, most = ticks[0], ticks[-1]
    across = [f"M0 {_y(tick, least, most):.2f}H{_WIDTH}" for tick in ticks]
    seconds = (points[-1].at - points[0].at).total_seconds()
    places: list[tuple[float, float]] = []
    for point in points:
        share = (point.at - points[0].at).total_seconds() / seconds if seconds else 0.5
        places.append((share * _WIDTH, _y(point.value, least, most)))
    line = "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in places)
    (first, _), (last, height) = places[0], places[-1]
    return join(
        tag("path", d=escape("".join(across)), class_="grid"),
        tag("path", d=f"{line}L{last:.2f} {_HEIGHT}L{first:.2f} {_HEIGHT}Z", class_="area"),
        tag("path", d=line, class_="line"),
        tag("path", d=f"M{last:.2f} {height:.2f}h0", class_="dot"),
    )


def _y(value: float, least: float, most: float) -> float:
    """Place a value between the lowest and the highest line; halves keep huge spans finite."""
    span = most / 2 - least / 2
    share = (value / 2 - least / 2) / span if span else 0.5
    return _HEIGHT * (1 - min(max(share, 0.0), 1.0))


def _ticks(least: float, most: float) -> list[float]:
    """Choose round values for the lines across, so that all points lie between the first and the last of them."""
    if least == most:
        reach = abs(least) or 1.0
        return [0.0, reach, reach * 2] if least >= 0 and reach < sys.float_info.max / 2 else [-reach, 0.0, reach]
    if least >= 0 and least < most / 2:
        least = 0.0
    wanted = (most / _STEPS) - (least / _STEPS)
    if not sys.float_info.min * 1e6 < wanted < sys.float_info.max / 1e6:
        return [least, most]
    unit = 10.0 ** math.floor(math.log10(wanted))
    step = next(unit * factor for factor in (1, 2, 2.5, 5, 10, 20) if unit * factor >= wanted)
    low, high = math.floor(least / step), math.ceil(most / step)
    if low * step == high * step or high - low > 2 * _STEPS:  # too close together for floats to tell apart
        return [least, most]
    return [place * step for place in range(low, high + 1)]


def _time(timestamp: float) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=timestamp)


def _finite(value: float) -> float:
    """Make any whole number a float: those beyond its range become its ends."""
    most = sys.float_info.max
    return float(min(max(value, -most), most))
