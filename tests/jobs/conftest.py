"""What the tests of the jobs share."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def settles_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for less than the second that the real service gets; milliseconds are what its clock tells apart."""
    monkeypatch.setattr("instatus_async.jobs._lifecycle.SETTLE", 0.005)
