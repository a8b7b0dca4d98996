"""Hold one listening port: open it, refuse on it for a while, come back on it, close it."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, TypeAlias

from aiohttp import web

Handler: TypeAlias = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

_GRACE: Final = 0.05  # seconds that a request in flight gets when the server closes
_LINGER_NOT: Final = struct.pack("ii", 1, 0)
_TURNS: Final = 5  # of the event loop, in which a connection begins, and a client in the same loop hears of its end


def reset(transport: asyncio.BaseTransport) -> None:
    """Drop a connection with RST, so that the other side sees an error and not an end."""
    sock = transport.get_extra_info("socket")
    if sock is not None and not transport.is_closing():
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()


class Listener:
    """Serve a handler on one port."""

    def __init__(self, handler: Handler, admits: Callable[[], bool]) -> None:
        """Serve `handler`; a connection that `admits()` refuses is reset before anything is read."""
        self._server = _Server(handler, admits)
        self._runner = web.ServerRunner(self._server, shutdown_timeout=_GRACE)
        self._address: tuple[str, int] | None = None

    async def open(self, host: str, port: int) -> str:
        """Listen, and return the base URL."""
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        address, bound = self._runner.addresses[0][:2]
        self._address = host, bound
        return f"http://[{address}]:{bound}" if ":" in address else f"http://{address}:{bound}"

    async def refuse(self) -> None:
        """Stop listening and end the connections that are idle; requests in flight go on."""
        await self._accept_no_more()
        for site in list(self._runner.sites):
            await site.stop()
        self._server.end_idle()
        for _ in range(_TURNS):
            await asyncio.sleep(0)

    async def come_back(self) -> None:
        """Listen on the same port again, unless closed meanwhile."""
        if self._address is not None and not self._runner.sites:
            await web.TCPSite(self._runner, *self._address).start()

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        self._address = None
        await self._accept_no_more()
        await self._runner.cleanup()

    async def _accept_no_more(self) -> None:
        """Let connections that asyncio has accepted begin: one that has not when its server closes stays open, lost."""
        loop = asyncio.get_running_loop()
        for site in self._runner.sites:
            server = getattr(site, "_server", None)
            for listening in server.sockets if isinstance(server, asyncio.Server) else ():
                with suppress(NotImplementedError):  # the proactor of Windows
                    loop.remove_reader(listening)
        for _ in range(_TURNS):
            await asyncio.sleep(0)


class _Server(web.Server):
    """Know which connections are idle, and turn some away."""

    def __init__(self, handler: Handler, admits: Callable[[], bool]) -> None:
        super().__init__(self._answer, access_log=None)
        self._handler = handler
        self._admits = admits
        self._busy: set[object] = set()

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        """Take a connection, or reset it as soon as its handler has started."""
        super().connection_made(handler, transport)
        if not self._admits():
            asyncio.get_running_loop().call_soon(reset, transport)

    def end_idle(self) -> None:
        """Close the connections that no request is using."""
        for connection in self.connections:
            if connection not in self._busy and connection.transport is not None:
                connection.transport.close()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        connection = request.protocol
        self._busy.add(connection)
        try:
            return await self._handler(request)
        finally:
            self._busy.discard(connection)
