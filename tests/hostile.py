"""A server that answers as told, byte for byte, and counts what reached it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import attrs

Script = Callable[["Exchange"], Awaitable[None]]


@attrs.define
class Request:
    """One request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@attrs.define
class Exchange:
    """A request, and the means to answer it or not."""

    request: Request
    number: int
    writer: asyncio.StreamWriter
    hang: asyncio.Event

    def send(self, raw: bytes) -> None:
        self.writer.write(raw)

    def reply(
        self, value: object = None, *, status: int = 200, headers: Sequence[str] = (), raw: bytes | None = None
    ) -> None:
        body = raw if raw is not None else (b"" if value is None else json.dumps(value).encode())
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Content-Type: application/json", *headers]
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def reset(self) -> None:
        """Close the connection with RST, so that the other side sees an error, not an end."""
        self.writer.transport.abort()

    async def stall(self) -> None:
        """Say nothing until the test is over."""
        await self.hang.wait()


def answer(value: object = None, **options: Any) -> Script:
    async def script(exchange: Exchange) -> None:
        exchange.reply(value, **options)

    return script


async def reset(exchange: Exchange) -> None:
    exchange.reset()


async def close(exchange: Exchange) -> None:
    exchange.writer.close()


async def stall(exchange: Exchange) -> None:
    await exchange.stall()


class HostileServer:
    """Answer the first request with the first script, and so on; the last script answers the rest."""

    def __init__(self, *scripts: Script) -> None:
        self.scripts = list(scripts)
        self.requests: list[Request] = []
        self.connections = 0
        self.peers: list[str] = []  # the address that each came from
        self._news = asyncio.Condition()
        self._hang = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    @property
    def lines(self) -> list[str]:
        return [f"{request.method} {request.target}" for request in self.requests]

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._hang.set()
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def reached(self, count: int) -> None:
        """Wait until so many requests have come."""
        async with self._news:
            await self._news.wait_for(lambda: len(self.requests) >= count)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.peers.append(writer.get_extra_info("peername")[0])
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: writer.close())  # also of a task that is cancelled before it has begun

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while not writer.is_closing():
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                method, target, _ = head[0].split(" ")
                headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in head[1:] if line)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self.requests.append(Request(method, target, headers, body))
                number = len(self.requests)
                async with self._news:
                    self._news.notify_all()
                script = self.scripts[min(number, len(self.scripts)) - 1]
                await script(Exchange(self.requests[-1], number, writer, self._hang))
                await writer.drain()
