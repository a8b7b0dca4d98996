"""The errors by themselves: one question that can be asked of each."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime

import pytest

import instatus_async
from instatus_async import (
    APIError,
    DecodeError,
    DuplicateDetectedError,
    InstatusError,
    OutcomeUnknownError,
    PartialApplyError,
    TransportError,
    UnsentDatapointsError,
)

ERRORS = [
    value
    for value in (getattr(instatus_async, name) for name in instatus_async.__all__)
    if isinstance(value, type) and issubclass(value, InstatusError)
]
POINT = (datetime(2026, 1, 1, tzinfo=UTC), 1.0)


@pytest.mark.parametrize("kind", ERRORS)
def test_each_says_whether_it_may_have_been_carried_out(kind: type[InstatusError]) -> None:
    error = kind("what happened")
    carried = isinstance(error, (OutcomeUnknownError, DuplicateDetectedError, PartialApplyError))
    assert error.may_have_applied is carried
    assert pickle.loads(pickle.dumps(error)).may_have_applied is carried


@pytest.mark.parametrize(
    "error",
    [
        TransportError("lost", may_have_applied=True),
        DecodeError("garbage", may_have_applied=True),
        UnsentDatapointsError("left", points=[POINT], doubtful=[POINT]),
    ],
)
def test_some_know_it_from_what_they_carry(error: InstatusError) -> None:
    assert error.may_have_applied
    assert pickle.loads(pickle.dumps(error)).may_have_applied


def test_an_answer_learns_it_from_the_attempts_before() -> None:
    error = APIError("refused", status=404)
    assert not error.may_have_applied
    error.may_have_applied = True
    assert pickle.loads(pickle.dumps(error)).may_have_applied
