"""A lean server in a process of its own: prepared bytes, late if asked to, behind a token bucket if asked to.

`/counts` tells how many requests came, how many were answered with 429, and the highest page, and begins anew.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import ClassVar, TypedDict

import attrs

from .bodies import PER_PAGE, components, incidents, subscribers, wire

__all__ = ["Counts", "Remote", "serving"]

_PAGE = re.compile(rb"[?&]page=(\d+)")


class Counts(TypedDict):
    """What came since the last time."""

    requests: int
    refused: int
    highest: int


class Content:
    """Full answers, heads and all. Pages of subscribers are cut from one template, since a million do not fit."""

    def __init__(self, pages: int) -> None:
        self._pages = pages
        self._component = _answer(wire(components(2)[1]))
        self._incident = _answer(wire(incidents(1)[0]))
        self._empty = _answer(b"[]")
        self._parts = [
            (wire(row | {"id": "@", "email": f"@{n}@tides.example" if row["email"] else None})).split(b"@", 2)
            for n, row in enumerate(subscribers())
        ]
        self._ready = {number: self._page(number) for number in range(1, min(pages, 100) + 1)}

    def _page(self, number: int) -> bytes:
        rows: list[bytes] = []
        first = (number - 1) * PER_PAGE
        for n, parts in enumerate(self._parts):
            stamp = b"%015d" % (first + n)
            rows.append((b"cm4quaysub" + stamp).join(parts[:2]) + (stamp + parts[2] if len(parts) == 3 else b""))
        return _answer(b"[" + b",".join(rows) + b"]")

    def at(self, target: bytes) -> bytes:
        """Return the answer to a GET."""
        if b"/components/" in target:
            return self._component
        if b"/incidents/" in target:
            return self._incident
        number = int(found[1]) if (found := _PAGE.search(target)) else 1
        if number > self._pages:
            return self._empty
        return self._ready.get(number) or self._page(number)


def _answer(body: bytes, status: bytes = b"200 OK", more: bytes = b"") -> bytes:
    head = b"HTTP/1.1 %b\r\nContent-Type: application/json; charset=utf-8\r\n%bContent-Length: %d\r\n\r\n"
    return head % (status, more, len(body)) + body


class Limit:
    """A token bucket; without a rate it lets everything through."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._tokens, self._filled = burst, 0.0

    def takes(self, now: float) -> bool:
        """Take a token, if there is one."""
        if not self._rate:
            return True
        self._tokens = min(self._burst, self._tokens + (now - self._filled) * self._rate)
        self._filled = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True


class Protocol(asyncio.Protocol):
    """One connection."""

    counts: ClassVar[Counts] = {"requests": 0, "refused": 0, "highest": 0}
    refusal = _answer(b'{"error":{"code":"rate_limited"}}', b"429 Too Many Requests", b"Retry-After: 1\r\n")

    def __init__(self, content: Content, limit: Limit, delay: float) -> None:
        self._content, self._limit, self._delay = content, limit, delay
        self._buffer = b""
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            target = self._buffer[: self._buffer.index(b"\r\n")].split(b" ")[1]
            self._buffer = self._buffer[end + 4 :]
            self._requested(target)

    def _requested(self, target: bytes) -> None:
        if target == b"/counts":
            self._send(_answer(json.dumps(self.counts).encode()))
            self.counts.update({"requests": 0, "refused": 0, "highest": 0})
            return
        self.counts["requests"] += 1
        if found := _PAGE.search(target):
            self.counts["highest"] = max(self.counts["highest"], int(found[1]))
        if self._delay:  # the limit is met half way
            self._loop.call_later(self._delay / 2, self._arrived, target)
        else:
            self._send(self._judged(target))

    def _judged(self, target: bytes) -> bytes:
        if self._limit.takes(self._loop.time()):
            return self._content.at(target)
        self.counts["refused"] += 1
        return self.refusal

    def _arrived(self, target: bytes) -> None:
        self._loop.call_later(self._delay / 2, self._send, self._judged(target))

    def _send(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)


async def _serve(pages: int, delay: float, rate: float, burst: float) -> None:
    content, limit = Content(pages), Limit(rate, burst)
    server = await asyncio.get_running_loop().create_server(lambda: Protocol(content, limit, delay), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)  # until the parent closes it, or ends
    server.close()


@attrs.frozen
class Remote:
    """A server that runs."""

    url: str

    def counts(self) -> Counts:
        """Return what came since the last time."""
        with urllib.request.urlopen(self.url + "/counts") as response:
            counts: Counts = json.load(response)
            return counts


@contextmanager
def serving(*, pages: int = 100, delay: float = 0.0, rate: float = 0.0, burst: float = 0.0) -> Generator[Remote]:
    """Run a server in a process of its own; `delay` is in seconds, `rate` in requests a second."""
    command = [sys.executable, "-m", "tests.benchmarks.server", *map(str, (pages, delay, rate, burst))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Remote(f"http://127.0.0.1:{int(process.stdout.readline())}")
        finally:
            process.stdin.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("pages", type=int)
    for option in ("delay", "rate", "burst"):
        parser.add_argument(option, type=float)
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(**vars(parser.parse_args())))
