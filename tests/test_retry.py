"""The decision table, every cell of it."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import attrs
import pytest

from instatus_async.errors import ConfigError
from instatus_async.retry import Action, Effect, Failure, RetryPolicy, RetryQuota, decide

TABLE = {
    (Effect.READ, Failure.NOT_SENT): Action.RETRY,
    (Effect.READ, Failure.LIMITED): Action.WAIT,
    (Effect.READ, Failure.UNKNOWN): Action.RETRY,
    (Effect.READ, Failure.FINAL): Action.RAISE,
    (Effect.IDEMPOTENT, Failure.NOT_SENT): Action.RETRY,
    (Effect.IDEMPOTENT, Failure.LIMITED): Action.WAIT,
    (Effect.IDEMPOTENT, Failure.UNKNOWN): Action.RETRY,
    (Effect.IDEMPOTENT, Failure.FINAL): Action.RAISE,
    (Effect.DATAPOINT, Failure.NOT_SENT): Action.RETRY,
    (Effect.DATAPOINT, Failure.LIMITED): Action.WAIT,
    (Effect.DATAPOINT, Failure.UNKNOWN): Action.RECONCILE,
    (Effect.DATAPOINT, Failure.FINAL): Action.RAISE,
    (Effect.NOTIFY, Failure.NOT_SENT): Action.RETRY,
    (Effect.NOTIFY, Failure.LIMITED): Action.WAIT,
    (Effect.NOTIFY, Failure.UNKNOWN): Action.RECONCILE,
    (Effect.NOTIFY, Failure.FINAL): Action.RAISE,
}


def test_the_table_has_every_cell() -> None:
    assert set(TABLE) == set(product(Effect, Failure))


@pytest.mark.parametrize(("effect", "failure"), TABLE)
def test_while_attempts_are_left(effect: Effect, failure: Failure) -> None:
    assert decide(effect, failure, 1, 3) is TABLE[effect, failure]
    assert decide(effect, failure, 2, 3) is TABLE[effect, failure]


@pytest.mark.parametrize(("effect", "failure"), TABLE)
@pytest.mark.parametrize("attempt", [3, 4])
def test_after_the_last_attempt(effect: Effect, failure: Failure, attempt: int) -> None:
    expected = TABLE[effect, failure]
    assert decide(effect, failure, attempt, 3) is (expected if expected is Action.RECONCILE else Action.RAISE)


def test_pauses_double_up_to_the_cap_with_full_jitter() -> None:
    policy = RetryPolicy(base=1.0, cap=4.0)
    for attempt, bound in [(1, 1.0), (2, 2.0), (3, 4.0), (4, 4.0), (10_000, 4.0)]:
        draws = [policy.pause(attempt) for _ in range(300)]
        assert all(0.0 <= draw <= bound for draw in draws)
        assert max(draws) > bound * 0.9
        assert min(draws) < bound * 0.1


@pytest.mark.parametrize(
    "settings",
    [
        {"attempts": 0},
        {"attempts": "3"},
        {"attempts": 2.5},
        {"attempts": True},
        {"attempts": None},
        {"base": -1.0},
        {"base": "1"},
        {"base": math.nan},
        {"cap": -0.1},
        {"cap": True},
        {"cap": None},
    ],
)
def test_a_senseless_policy_is_refused(settings: dict[str, Any]) -> None:
    (name,) = settings
    with pytest.raises(ConfigError, match=f"{name} must be"):
        RetryPolicy(**settings)
    with pytest.raises(ConfigError, match=f"{name} must be"):
        attrs.evolve(RetryPolicy(), **settings)


def test_the_defaults_of_a_policy() -> None:
    assert (RetryPolicy().attempts, RetryPolicy().base, RetryPolicy().cap) == (3, 0.25, 8.0)


def test_a_quota_runs_out() -> None:
    quota = RetryQuota(3)
    assert [quota.take() for _ in range(5)] == [True, True, True, False, False]


def test_ten_successes_give_one_retry_back() -> None:
    quota = RetryQuota(1)
    assert quota.take()
    for _ in range(9):
        quota.succeeded()
    assert not quota.take()
    quota.succeeded()
    quota.succeeded()  # the tenths of a float do not add up to one
    assert quota.take()
    assert not quota.take()


def test_successes_give_no_more_than_there_was() -> None:
    quota = RetryQuota(2)
    for _ in range(100):
        quota.succeeded()
    assert [quota.take() for _ in range(3)] == [True, True, False]
    for _ in range(100):
        quota.succeeded()
    assert [quota.take() for _ in range(3)] == [True, True, False]


def test_there_are_fifty_retries_to_begin_with() -> None:
    quota = RetryQuota()
    assert sum(quota.take() for _ in range(100)) == 50


def test_the_smallest_policy_sends_once_and_waits_for_nothing() -> None:
    assert RetryPolicy(attempts=1, base=0, cap=0).pause(1) == 0.0
