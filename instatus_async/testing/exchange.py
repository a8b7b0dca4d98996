"""Give a fault the means to spoil one answer: the socket, the commit, and a word to wait for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from .listener import reset
from .log import LoggedRequest, RequestLog

# Carries the request out, and returns the answer and whether it was carried out or refused.
Run: TypeAlias = Callable[[], tuple[web.Response, bool]]

_HOP: Final = frozenset({"content-length", "transfer-encoding", "connection"})


class Silence(web.StreamResponse):
    """Write nothing, and have the connection closed: all there is to say has been said on the socket."""

    def __init__(self) -> None:
        """Ask for the connection to be closed."""
        super().__init__()
        self.force_close()

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send no head."""
        del request
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Send no end."""
        del data


@dataclass(slots=True)
class _Late:
    """Remember a write that is carried out later."""

    exchange: Exchange
    requests: int | None  # so many more requests first; None: until it is released


@dataclass(slots=True)
class Backlog:
    """Hold what waits for a word: requests that are stalled, writes that come late, connections that are stale."""

    stale: set[object] = field(default_factory=set[object])
    _late: list[_Late] = field(default_factory=list[_Late])
    _word: asyncio.Event = field(default_factory=asyncio.Event)

    async def released(self) -> None:
        """Wait for the next `release()`."""
        await self._word.wait()

    def add(self, exchange: Exchange, requests: int | None) -> None:
        """Carry this out later."""
        self._late.append(_Late(exchange, requests))

    def count(self, number: int) -> None:
        """Note that the request of this number is through; carry out what was waiting for that."""
        for late in self._late:
            if late.requests is not None and late.exchange.entry.number < number:
                late.requests -= 1
        self._carry_out([late for late in self._late if late.requests is not None and late.requests <= 0])

    def release(self) -> None:
        """Carry out everything that is late, in order, and let stalled requests go on."""
        self._carry_out(list(self._late))
        self._word.set()
        self._word = asyncio.Event()

    def drop(self) -> None:
        """Forget everything."""
        self._late.clear()
        self.stale.clear()

    def _carry_out(self, due: list[_Late]) -> None:
        for late in due:
            self._late.remove(late)
            late.exchange.commit()


class Exchange:
    """Be one request that may be carried out, and answered or not.

    A fault of one's own calls `commit()` at most once, before or after it has spoiled the answer, and returns the
    outcome of `answer()`, `close()` or `reset()`.
    """

    def __init__(
        self, request: web.BaseRequest, entry: LoggedRequest, log: RequestLog, run: Run, backlog: Backlog
    ) -> None:
        """Hold a request that is in the log already."""
        self.request = request
        self.entry = entry
        self.backlog = backlog
        self._log = log
        self._run = run
        self._response: web.Response | None = None

    @property
    def connected(self) -> bool:
        """Return whether the client is still there."""
        return self.request.transport is not None and not self.request.transport.is_closing()

    def commit(self) -> web.Response:
        """Carry the request out, unless that has been done, and return the answer that is its due."""
        if self._response is None:
            self._response, carried_out = self._run()
            self._log.note(self.entry.number, committed=carried_out)
        return self._response

    def commit_if(self, wanted: bool) -> None:  # noqa: FBT001 - the one thing it is about
        """Carry the request out if that is wanted."""
        if wanted:
            self.commit()

    def commit_late(self, after_requests: int | None) -> None:
        """Carry the request out after so many further requests are through, or when it is released."""
        self.backlog.add(self, after_requests)

    def answer(self, response: web.Response) -> web.StreamResponse:
        """Let an answer be written as usual."""
        self._log.note(self.entry.number, status=response.status)
        return response

    def send(self, raw: bytes) -> None:
        """Write bytes to the socket, whatever they are."""
        if self.connected and isinstance(self.request.transport, asyncio.WriteTransport):
            self.request.transport.write(raw)

    def send_head(self, response: web.Response, *framing: str) -> None:
        """Write the status line and the headers of an answer, with `framing` in place of its Content-Length."""
        self._log.note(self.entry.number, status=response.status)
        headers = [f"{name}: {value}" for name, value in response.headers.items() if name.lower() not in _HOP]
        lines = [f"HTTP/1.1 {response.status} {response.reason}", *headers, *framing]
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n")

    async def drain(self) -> None:
        """Wait until the client has read, and let other tasks run."""
        await self.request.writer.drain()
        await asyncio.sleep(0)

    def close(self) -> web.StreamResponse:
        """End the connection in good order, after what has been sent."""
        return Silence()

    def reset(self) -> web.StreamResponse:
        """End the connection with RST."""
        if self.request.transport is not None:
            reset(self.request.transport)
        return Silence()


def body_of(response: web.Response) -> bytes:
    """Return the bytes of an answer's body."""
    return response.body if isinstance(response.body, bytes) else b""
