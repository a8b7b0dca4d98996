"""Serve webhooks with aiohttp.web. A module of its own, so that only servers import aiohttp.web."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Generic, Protocol, TypeVar

from aiohttp import web

from .errors import BodyTooLargeError, ConfigError, DecodeError, InstatusError, SignatureError

__all__ = ["Receiver"]

_log = logging.getLogger("instatus_async")


class Keyed(Protocol):
    """Something that can be told from others of its kind."""

    @property
    def key(self) -> str:
        """The idempotency key."""
        ...


E = TypeVar("E", bound=Keyed)


class Receiver(Generic[E]):
    """Take webhooks, one call of `on_event` for each event."""

    __slots__ = ("_done", "_limit", "_on_event", "_receive", "_remember", "_running")

    def __init__(
        self,
        receive: Callable[..., E],
        on_event: Callable[[E], Awaitable[object] | None],
        max_bytes: int,
        remember: int,
    ) -> None:
        if not callable(on_event):
            raise ConfigError("on_event must be a function that takes an event")
        count: Any = remember
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise ConfigError("remember must be a number of events, 0 for none")
        self._receive = receive
        self._on_event = on_event
        self._limit = max_bytes
        self._remember = remember
        self._done: OrderedDict[str, None] = OrderedDict()  # keys, oldest first
        self._running: dict[str, asyncio.Future[None]] = {}

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request."""
        try:
            body = await self._body(request)
            event = self._receive(body, request.headers)
        except InstatusError as exc:
            status = _REFUSALS.get(type(exc), 400)
            _log.warning("A webhook was refused with %d: %s", status, exc)
            return web.Response(status=status, text=_ANSWERS[status])
        try:
            await self._once(event)
        except Exception:  # noqa: BLE001 - of the program's own
            _log.exception("on_event failed for %s", event.key)
            return web.Response(status=500, text="The event was not taken.")
        return web.Response(text="OK")

    async def _body(self, request: web.Request) -> bytes:
        """Read the body, and stop at the limit; that of the application does not count."""
        body = bytearray()
        if (request.content_length or 0) <= self._limit:
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > self._limit:
                    break
            else:
                return bytes(body)
        raise BodyTooLargeError(f"the body is larger than {self._limit} bytes")

    async def _once(self, event: E) -> None:
        """Run `on_event`, unless it is done already; who comes while it runs waits for what becomes of it."""
        if not self._remember:
            await self._run(event)
            return
        key = event.key
        while (running := self._running.get(key)) is not None:
            await asyncio.wait([running])
        if key in self._done:
            _log.info("A webhook came again: %s", key)
            return
        running = self._running[key] = asyncio.get_running_loop().create_future()
        try:
            await self._run(event)
            self._done[key] = None
            if len(self._done) > self._remember:
                self._done.popitem(last=False)
        finally:
            del self._running[key]
            running.set_result(None)

    async def _run(self, event: E) -> None:
        result = self._on_event(event)
        if inspect.isawaitable(result):
            await result


_REFUSALS: dict[type[InstatusError], int] = {BodyTooLargeError: 413, SignatureError: 401, DecodeError: 400}
_ANSWERS = {
    413: "The body is too large.",
    401: "The signature is missing or wrong.",
    400: "The body cannot be read.",
}
