"""Talk to the server over a bare socket, to see what it really sends and how it hangs up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from instatus_async.testing import InstatusServer

INCIDENT = {"name": "Down", "status": "INVESTIGATING", "message": "m", "notify": True}


@dataclass
class Heard:
    """What came, and how it ended: "closed" or "reset"."""

    raw: bytes
    end: str

    @property
    def head(self) -> str:
        return self.raw.partition(b"\r\n\r\n")[0].decode("latin-1")

    @property
    def body(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[2]

    @property
    def status(self) -> int:
        return int(self.raw.split(b" ", 2)[1])


class Line:
    """One connection."""

    def __init__(self, server: InstatusServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server = server
        self.reader = reader
        self.writer = writer

    def send(self, method: str = "POST", path: str = "/v1/{page}/incidents", body: Any = INCIDENT) -> None:
        raw = b"" if body is None or method == "GET" else json.dumps(body).encode()
        lines = [
            f"{method} {path.replace('{page}', self.server.page_id)} HTTP/1.1",
            "Host: 127.0.0.1",
            f"Authorization: Bearer {self.server.api_key}",
            f"Content-Length: {len(raw)}",
        ]
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + raw)

    async def until_the_end(self) -> Heard:
        heard = bytearray()
        try:
            while more := await self.reader.read(65536):
                heard += more
        except ConnectionError:
            return Heard(bytes(heard), "reset")
        return Heard(bytes(heard), "closed")

    async def answer(self) -> Heard:
        """Read one answer and leave the connection open."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        return Heard(head + await self.reader.readexactly(length), "open")


@asynccontextmanager
async def connect(server: InstatusServer) -> AsyncGenerator[Line]:
    port = int(server.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Line(server, reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def post(server: InstatusServer) -> Heard:
    """Create an incident, and read until the server hangs up."""
    async with connect(server) as line:
        line.send()
        return await line.until_the_end()
