"""What the tests of the jobs share."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from instatus_async.testing import settling


@pytest.fixture(autouse=True)
def settles_soon() -> Generator[None]:
    """Wait for less than the second that the real service gets; milliseconds are what its clock tells apart."""
    with settling(0.005):
        yield
