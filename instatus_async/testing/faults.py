"""Say what can go wrong with an answer. Each fault acts on the socket of one request.

    from instatus_async.testing import InstatusServer, faults

    async with InstatusServer() as server, server.client() as client:
        server.faults.next(faults.Reset(after_commit=True), "POST", "*/incidents")

`after_commit` says whether the request is carried out first, so that a write can be lost or only its answer. The log
tells: `server.requests[0].committed`. Faults that spoil the real answer always come after it was carried out.

A fault of one's own is a subclass of Fault that implements `act`.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import math
import zlib
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final, cast

from aiohttp import web
from multidict import CIMultiDict

from .exchange import Exchange, body_of
from .validate import Json

__all__ = [
    "Close",
    "Endless",
    "EndlessHeaders",
    "Exchange",
    "ExtraFields",
    "Fault",
    "Garbage",
    "GzipBomb",
    "HalfStatusLine",
    "Html",
    "LateCommit",
    "MissingFields",
    "NullFields",
    "RateLimit",
    "ReplacedFields",
    "Reset",
    "Slow",
    "StaleKeepAlive",
    "Stall",
    "Status",
    "Truncated",
    "UnknownEnums",
]

_JSON: Final = "application/json"
_BLOCK: Final = 1 << 16
_ERROR_PAGE: Final = "<!DOCTYPE html><html><head><title>502</title></head><body><h1>Bad gateway</h1></body></html>"
_ENUM_KEYS: Final = ("status", "mainStatus", "impact", "type", "permission", "method", "trigger")


class Fault(ABC):
    """Be one way in which an answer goes wrong."""

    def strikes(self, now: datetime) -> bool:
        """Tell whether to act on a request that comes now, by the server's clock."""
        del now
        return True

    @abstractmethod
    async def act(self, exchange: Exchange) -> web.StreamResponse:
        """Carry the request out or not, and answer it or not."""


# Instead of an answer


@dataclass(frozen=True)
class Reset(Fault):
    """Reset the connection (RST)."""

    after_commit: bool = False

    async def act(self, exchange: Exchange) -> web.StreamResponse:
        """Drop the connection."""
        exchange.commit_if(self.after_commit)
        return exchange.reset()


@dataclass(frozen=True)
class Close(Fault):
    """Close the connection in good order (FIN), without an answer."""

    after_commit: bool = False

    async def act(self, exchange: Exchange) -> web.StreamResponse:
        """Say nothing and close."""
        exchange.commit_if(self.after_commit)
        return exchange.close()


@dataclass(frozen=True)
class Stall(Fault):
    """Say nothing until `server.faults.release()`; then go on as if nothing had been.

    When the client has hung up by then, or the server closes, what was not carried out before the stall never is.
    """

    after_commit: bool = False

    async def act(self, exchange: Exchange) -> web.StreamResponse:
        """Wait for the word."""
        exchange.commit_if(self.after_commit)
        await exchange.backlog.released()
        return exchange.answer(exchange.commit()) if exchange.connected else exchange.close()


@dataclass(frozen=True)
class LateCommit(Fault):
    """Carry the request out after the client has given up on it.

    That is when `after_requests` further requests are through, or at `server.faults.release()`. Meanwhile the
    connection is reset, or stays silent (`silent=True`) until it is released.
    """

    after_requests: int | None = None
    silent: bool = False

    async def act(self, exchange: Exchange) -> web.StreamResponse:
        """Put the request off."""
        exchange.commit_late(self.after_requests)
        if not self.silent:
            return exchange.reset()
        await exchange.backlog.released()
        return exchange.close()


@dataclass(frozen=True)
class StaleKeepAlive(Fault):
    """Answer as usual, promise to keep the connection, and do not keep it.

    It is closed right after the answer. With `on_next_request` it is closed only when the next request has come in on
    it, as when both cross on the wire: that one is neither carried out nor logged.
    """

    on_next_request: bool = False

    async def act(self, exchange: Exchange) -> web.StreamResponse:
        """Answer, and part."""
        response = exchange.commit()
        if self.on_next_request:
            exchange.backlog.stale.add(exchange.request.transport)
            return exchange.answer(response)
        body = body_of(response)
        exchange.send_head(response, f"Content-Length: {len(body)}", "Connection: keep-alive")
        exchange.send(body)
        return exchange.close()


# An answer that is no HTTP


@dataclass(frozen=True)
class Garbage(Fault):
    """Answer with bytes that are no HTTP, and close."""

    raw: bytes = b"\x16\x03\x01 not a status line\r\n\r\n"
    after_commit: bool = False

    async def act(self, exchange: Exchange) -> web.StreamResponse:
        """Send the bytes."""
        exchange.commit_if(self.after_commit)
        exchange.send(self.raw)
        return exchange.close()


@dataclass(frozen=True)
class HalfStatusLine(Fault):
    """Stop within the status line, and close."""

    after_commit: bool = False

    async def act(self, exchange: Exchange) -> web.StreamResponse:
        """Break off after `HTTP/1.1 20`."""
        return await Garbage(b"HTTP/1.1 20", self.after_commit).act(exchange)


@dataclass(frozen=True)
class EndlessHeaders(Fault):
    """Send headers until the client hangs up."""

    after_commit: bool = False

    async def act(self, exchange: Exchange) -> web.StreamResponse:
        """Begin an answer and never get to its body."""
        exchange.commit_if(self.after_commit)
        exchange.send(b"HTTP/1.1 200 OK\r\n")
        number = 0
        while exchange.connected:
            number += 1
            exchange.send(b"X-Header-%d: %s\r\n" % (number, b"x" * 1000))
            await exchange.drain()
        return exchange.close()


# Another answer than the real one


@dataclass(frozen=True)
class Status(Fault):
    """Answer with a status, and any headers and body.

    A body of bytes or text goes out as it is, None is an empty one, anything else is sent as JSON. Unless given, the
    body of an error is the documented one (quirk 15), and that of other statuses is empty.
    """

    status: int
    body: Json = ...
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    after_commit: bool = False

    async def act(self, exchange: Exchange) -> web.StreamResponse:
        """Answer with the status."""
        exchange.commit_if(self.after_commit)
        body = self.body
        if body is ...:
            failed = self.status >= 400
            body = {"error": {"code": "fault", "message": "This failure was asked for."}} if failed else None
        return exchange.answer(_respond(self.status, body, self.headers))


@dataclass(frozen=True)
class Html(Fault):
    """Answer with a page of HTML, as a proxy in front of the service would."""

    body: str = _ERROR_PAGE
    status: int = 502
    after_commit: bool = False

    async def act(self, exchange: Exchange) -> web.StreamResponse:
        """Send the page."""
        exchange.commit_if(self.after_commit)
        return exchange.answer(_respond(self.status, self.body, {"Content-Type": "text/html; charset=utf-8"}))


@dataclass(frozen=True)
class Endless(Fault):
    """Answer 200 with JSON that never ends, until the client hangs up."""

    after_commit: bool = False

    async def act(self, exchange: Exchange) -> web.StreamResponse:
        """Send blanks after an opening bracket."""
        exchange.commit_if(self.after_commit)
        exchange.send_head(_respond(200, b"", {}), "Transfer-Encoding: chunked")
        exchange.send(b"1\r\n[\r\n")
        block = b"%x\r\n%s\r\n" % (_BLOCK, b" " * _BLOCK)
        while exchange.connected:
            exchange.send(block)
            await exchange.drain()
        return exchange.close()


@dataclass(frozen=True)
class GzipBomb(Fault):
    """Put `size` bytes of blanks before the real answer's JSON, compressed to about a thousandth of that."""

    size: int = 1 << 26

    async def act(self, exchange: Exchange) -> web.StreamResponse:
        """Send the bomb; whoever unpacks all of it finds valid JSON."""
        response = exchange.commit()
        headers = {"Content-Type": response.headers.get("Content-Type", _JSON), "Content-Encoding": "gzip"}
        return exchange.answer(_respond(response.status, _bomb(self.size, body_of(response)), headers))


class RateLimit(Fault):
    """Answer 429 to whatever exceeds `rate` requests a second after a `burst`; to be used with `faults.every`.

    The bucket fills by the server's clock, so that with a ManualClock the limit is exact. `retry_after` says how
    Retry-After tells when to come again: in "seconds", as a "date" (then Date is the server's time too), not at all
    (None), or in any other text as it is.
    """

    def __init__(
        self, rate: float = 1.0, burst: int = 1, *, retry_after: str | None = "seconds", body: Json = ...
    ) -> None:
        """Start with a full bucket; `body` is that of Status."""
        if rate < 0 or burst < 0:
            message = "rate and burst must not be negative"
            raise ValueError(message)
        self.rate = rate
        self.burst = burst
        self.retry_after = retry_after
        self.body = body
        self._tokens = float(burst)
        self._filled: datetime | None = None
        self._now: datetime | None = None

    def __repr__(self) -> str:
        return f"RateLimit(rate={self.rate:g}, burst={self.burst}, retry_after={self.retry_after!r})"

    def strikes(self, now: datetime) -> bool:
        """Take a token, or strike when there is none."""
        passed = max(0.0, (now - self._filled).total_seconds()) if self._filled else 0.0
        self._filled = self._now = now
        self._tokens = min(float(self.burst), self._tokens + passed * self.rate)
        if self._tokens < 1:
            return True
        self._tokens -= 1
        return False

    async def act(self, exchange: Exchange) -> web.StreamResponse:
        """Refuse with 429."""
        return await Status(429, self.body, self._headers()).act(exchange)

    def _headers(self) -> dict[str, str]:
        if self.retry_after is None or self._now is None:
            return {}
        wait = math.ceil((1 - self._tokens) / self.rate) if self.rate else 3600
        if self.retry_after == "seconds":
            return {"Retry-After": str(wait)}
        if self.retry_after == "date":
            # Dates have whole seconds: rounded down here and up there, the wait is never too short.
            now = self._now.replace(microsecond=0)
            then = now + timedelta(seconds=wait + (now < self._now))
            return {"Date": format_datetime(now, usegmt=True), "Retry-After": format_datetime(then, usegmt=True)}
        return {"Retry-After": self.retry_after}


# The real answer, spoiled on its way


@dataclass(frozen=True)
class Truncated(Fault):
    """Send the head of the answer and only the first `keep` bytes of its body, half of them unless told, and close."""

    keep: int | None = None

    async def act(self, exchange: Exchange) -> web.StreamResponse:
        """Promise more than is sent."""
        response = exchange.commit()
        body = body_of(response)
        exchange.send_head(response, f"Content-Length: {max(1, len(body))}")
        exchange.send(body[: min(len(body) // 2 if self.keep is None else self.keep, max(0, len(body) - 1))])
        return exchange.close()


async def _turn() -> None:
    await asyncio.sleep(0)


@dataclass(frozen=True)
class Slow(Fault):
    """Send the body of the answer in pieces of `chunk` bytes, and await `pace()` before each of them.

    Unless told otherwise a piece goes out in each turn of the event loop. With a semaphore a test lets them go one by
    one: `steps = asyncio.Semaphore(0); Slow(pace=steps.acquire)`, then `steps.release()`.
    """

    chunk: int = 1
    pace: Callable[[], Awaitable[object]] = field(default=_turn, repr=False)

    async def act(self, exchange: Exchange) -> web.StreamResponse:
        """Drip."""
        response = exchange.commit()
        body = body_of(response)
        exchange.send_head(response, f"Content-Length: {len(body)}", "Connection: close")
        for start in range(0, len(body), self.chunk):
            await self.pace()
            if not exchange.connected:
                break
            exchange.send(body[start : start + self.chunk])
        return exchange.close()


class _Changed(Fault):
    """Change every object of an answer in JSON."""

    async def act(self, exchange: Exchange) -> web.StreamResponse:
        """Send the changed answer."""
        response = exchange.commit()
        if response.content_type != _JSON:
            return exchange.answer(response)
        changed = self._walk(json.loads(body_of(response)))
        return exchange.answer(_respond(response.status, changed, {}))

    def _walk(self, value: Json) -> Json:
        if isinstance(value, list):
            return [self._walk(item) for item in cast("Sequence[Json]", value)]
        if isinstance(value, dict):
            found = cast("dict[str, Json]", value)
            return self.change({key: self._walk(item) for key, item in found.items()})
        return value

    @abstractmethod
    def change(self, found: dict[str, Json]) -> dict[str, Json]:
        """Return what is to be sent for one object."""


@dataclass(frozen=True)
class UnknownEnums(_Changed):
    """Replace the texts of these keys by one that nobody has heard of (quirk 43)."""

    text: str = "UNHEARDOF"
    keys: tuple[str, ...] = _ENUM_KEYS

    def change(self, found: dict[str, Json]) -> dict[str, Json]:
        """Replace texts, and nothing else."""
        return {k: self.text if k in self.keys and isinstance(v, str) else v for k, v in found.items()}


@dataclass(frozen=True)
class ExtraFields(_Changed):
    """Add keys to every object (quirk 47)."""

    fields: Mapping[str, Any] = field(default_factory=lambda: {"addedByTheService": {"since": 2026}})

    def change(self, found: dict[str, Json]) -> dict[str, Json]:
        """Add the keys."""
        return {**found, **self.fields}


@dataclass(frozen=True)
class ReplacedFields(_Changed):
    """Give these keys other values, of a wrong type for instance, wherever they are found."""

    fields: Mapping[str, Any]

    def change(self, found: dict[str, Json]) -> dict[str, Json]:
        """Replace the values."""
        return {key: self.fields.get(key, value) for key, value in found.items()}


class MissingFields(_Changed):
    """Leave these keys out of every object (quirk 48)."""

    def __init__(self, *names: str) -> None:
        """Take the names on the wire."""
        self.names = names

    def __repr__(self) -> str:
        return f"MissingFields{self.names!r}"

    def change(self, found: dict[str, Json]) -> dict[str, Json]:
        """Leave them out."""
        return {key: value for key, value in found.items() if key not in self.names}


class NullFields(_Changed):
    """Make the values of these keys null."""

    def __init__(self, *names: str) -> None:
        """Take the names on the wire."""
        self.names = names

    def __repr__(self) -> str:
        return f"NullFields{self.names!r}"

    def change(self, found: dict[str, Json]) -> dict[str, Json]:
        """Null them."""
        return {key: None if key in self.names else value for key, value in found.items()}


def _respond(status: int, body: Json, headers: Mapping[str, str]) -> web.Response:
    kind = "text/plain; charset=utf-8" if isinstance(body, str) else _JSON
    if isinstance(body, str):
        raw = body.encode()
    else:
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    sent = CIMultiDict({"Content-Type": kind})
    sent.update(headers)
    return web.Response(status=status, body=raw, headers=sent)


def _bomb(size: int, end: bytes) -> bytes:
    """Compress blanks and an end. After a full flush, equal blocks become equal bytes, so one block is enough."""
    blank, rest = b" " * _BLOCK, b" " * (size % _BLOCK)
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packer.compress(blank)
    packer.flush(zlib.Z_FULL_FLUSH)
    packed = packer.compress(blank) + packer.flush(zlib.Z_FULL_FLUSH)
    count, crc = size // _BLOCK, 0
    for _ in range(count):
        crc = zlib.crc32(blank, crc)
    crc = zlib.crc32(rest + end, crc)
    last = packer.compress(rest + end) + packer.flush()
    head = gzip.compress(b"", mtime=0)[:10]
    length = (size + len(end)) & 0xFFFFFFFF
    return head + packed * count + last + crc.to_bytes(4, "little") + length.to_bytes(4, "little")
