"""The days and the uptime that come out of a component's history."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instatus_async.testing import ManualClock
from instatus_async.testing.site import bars

NOW = datetime(2026, 1, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def ago(**amount: float) -> datetime:
    return NOW - timedelta(**amount)


def test_without_a_history_there_is_no_data() -> None:
    days = bars.days([], NOW)
    assert len(days) == 90
    assert {day.worst for day in days} == {None}
    assert bars.uptime(days) is None


def test_days_before_a_component_existed_have_no_data() -> None:
    days = bars.days([(ago(days=2), "OPERATIONAL")], NOW)
    assert [day.worst for day in days[-4:]] == [None, "OPERATIONAL", "OPERATIONAL", "OPERATIONAL"]
    assert [day.date.day for day in days[-3:]] == [18, 19, 20]
    assert [day.lasted["OPERATIONAL"] for day in days[-3:]] == [12 * HOUR, DAY, 12 * HOUR]
    assert bars.uptime(days) == 1


def test_a_day_shows_its_worst_status_and_how_long_it_lasted() -> None:
    history = [
        (ago(days=100), "OPERATIONAL"),
        (ago(days=3), "DEGRADEDPERFORMANCE"),
        (ago(days=3) + HOUR, "MAJOROUTAGE"),
        (ago(days=3) + 3 * HOUR, "OPERATIONAL"),
    ]
    days = bars.days(history, NOW)
    assert [day.worst for day in days].count("OPERATIONAL") == 89
    assert (days[-4].worst, days[-4].trouble) == ("MAJOROUTAGE", 2 * HOUR)
    assert days[-4].lasted["DEGRADEDPERFORMANCE"] == HOUR
    assert sum(days[-4].lasted.values(), timedelta()) == DAY


def test_an_outage_over_midnight_belongs_to_both_days() -> None:
    history = [(ago(days=5), "OPERATIONAL"), (ago(hours=13), "PARTIALOUTAGE"), (ago(hours=11), "OPERATIONAL")]
    days = bars.days(history, NOW)
    assert [(day.worst, day.trouble) for day in days[-2:]] == [("PARTIALOUTAGE", HOUR), ("PARTIALOUTAGE", HOUR)]


def test_an_outage_that_ends_at_midnight_leaves_the_next_day_alone() -> None:
    history = [(ago(days=5), "OPERATIONAL"), (ago(hours=14), "MAJOROUTAGE"), (ago(hours=12), "OPERATIONAL")]
    assert [day.worst for day in bars.days(history, NOW)[-2:]] == ["MAJOROUTAGE", "OPERATIONAL"]


def test_what_lasts_no_time_still_marks_its_day() -> None:
    clock = ManualClock(NOW)
    history = [(ago(days=1), "OPERATIONAL"), (clock(), "MAJOROUTAGE")]
    assert bars.days(history, clock())[-1].worst == "MAJOROUTAGE"
    history.append((clock(), "OPERATIONAL"))
    assert bars.days(history, clock())[-1].worst == "MAJOROUTAGE"
    clock.advance(DAY)
    days = bars.days(history, clock())
    assert [day.worst for day in days[-2:]] == ["MAJOROUTAGE", "OPERATIONAL"]
    assert bars.uptime(days) == 1


def test_the_clock_moves_the_window() -> None:
    clock = ManualClock(NOW)
    history = [(ago(days=1), "MAJOROUTAGE"), (ago(days=0, hours=23), "OPERATIONAL")]
    places: list[int] = []
    for _ in range(3):
        places.append([day.worst for day in bars.days(history, clock())].index("MAJOROUTAGE"))
        clock.advance(44 * DAY)
    assert places == [88, 44, 0]  # and then the clock stands 132 days later
    assert {day.worst for day in bars.days(history, clock())} == {"OPERATIONAL"}


def test_a_start_date_stretches_or_hides_the_beginning() -> None:
    history = [(ago(days=2), "OPERATIONAL"), (ago(days=1), "MAJOROUTAGE")]
    early = bars.days(history, NOW, since=ago(days=10))
    assert [day.worst for day in early].count(None) == 79
    late = bars.days(history, NOW, since=ago(hours=2))
    assert [day.worst for day in late].count(None) == 89
    assert bars.uptime(late) == 0
    assert bars.uptime(bars.days(history, NOW, since=NOW + DAY)) is None
    assert {day.worst for day in bars.days(history, NOW, since=datetime(1970, 1, 1, tzinfo=UTC))} == {
        "OPERATIONAL",
        "MAJOROUTAGE",
    }


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("OPERATIONAL", 1),
        ("UNDERMAINTENANCE", 1),
        ("DEGRADEDPERFORMANCE", 1),
        ("PARTIALOUTAGE", 0.85),
        ("MAJOROUTAGE", 0.5),
        ("SOMETHINGNEW", 1),
    ],
)
def test_what_counts_as_down(status: str, expected: float) -> None:
    history = [(ago(hours=4), "OPERATIONAL"), (ago(hours=2), status)]
    assert bars.uptime(bars.days(history, NOW)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (1, "100%"),
        (0.999999, "99.99%"),
        (0.9998, "99.98%"),
        (0.99985, "99.98%"),
        (0.5, "50.00%"),
        (0, "0.00%"),
    ],
)
def test_a_percentage_is_never_rounded_up(share: float, expected: str) -> None:
    assert bars.percent(share) == expected


@given(
    st.lists(st.tuples(st.integers(0, 200 * 24 * 3600), st.sampled_from([*bars.SEVERITY, "NEW"])), max_size=40),
    st.integers(0, 86_399),
)
def test_no_time_is_lost_or_counted_twice(changes: list[tuple[int, str]], second: int) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=second)
    history = [(now - timedelta(seconds=back), status) for back, status in sorted(changes, reverse=True)]
    days = bars.days(history, now)
    known = sum((length for day in days for length in day.lasted.values()), timedelta())
    window = now - datetime(2026, 3, 1, tzinfo=UTC) + 89 * DAY
    assert known == (min(window, now - history[0][0]) if history else timedelta())
    assert all(timedelta() <= sum(day.lasted.values(), timedelta()) <= DAY for day in days)
    share = bars.uptime(days)
    assert share is None or 0 <= share <= 1
    if history:
        assert days[-1].worst in [*bars.SEVERITY, "NEW"]
