"""aioresponses, made to work with aiohttp >= 3.14, whose responses want the writer of their request."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from aiohttp import ClientResponse
from aioresponses import aioresponses
from yarl import URL

_WANTS_WRITER = "stream_writer" in inspect.signature(ClientResponse.__init__).parameters


class MockedResponse(ClientResponse):
    """A response that needs no request."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if _WANTS_WRITER:
            kwargs.setdefault("stream_writer", SimpleNamespace(output_size=0))
        super().__init__(*args, **kwargs)


def mock(mocked: aioresponses, method: str, url: str | URL, **options: Any) -> None:
    """Let the next request of that method and URL be answered."""
    add: Callable[..., None] = mocked.add  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # its generics are bare
    add(url, method=method, response_class=MockedResponse, **options)
