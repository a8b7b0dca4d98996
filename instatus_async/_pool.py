"""The lazily opened aiohttp sessions behind a client, and the witness of what they sent."""

from __future__ import annotations

import asyncio
import os
import ssl as ssl_module
import warnings
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from copy import copy
from itertools import count
from types import SimpleNamespace
from typing import Any

import aiohttp
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.connector import Connection

from ._deadline import Clock
from .errors import ClientStateError, ConfigError
from .reconcile import Fingerprint
from .retry import RetryQuota

__all__ = ["Pool", "Slots"]

_CLOSED = "The client is closed. Make a new one, or keep `async with` open around its calls."
_MOST_CONNECTIONS = 100
_DRAIN = 5.0  # seconds that closing waits for calls in flight
_UNRESOLVED = 1000  # fingerprints of cancelled calls that are kept


class Slots:
    """So many at once, and the others in order.

    A semaphore, but for the usual case that one is free: it takes 1 % of a small GET to find that out.
    """

    __slots__ = ("_free", "_queue", "_waiting")

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting = 0
        self._queue = asyncio.Semaphore(0)  # holds what is given back while somebody waits

    def take(self) -> bool:
        """Take one if one is free; else `wait` for it."""
        if self._free:
            self._free -= 1
            return True
        return False

    async def wait(self) -> None:
        """Take the next one that is given back."""
        self._waiting += 1
        try:
            await self._queue.acquire()
        finally:
            self._waiting -= 1

    def give(self) -> None:
        """Give one back, to whoever waits longest."""
        if self._waiting:
            self._queue.release()
        else:
            self._free += 1


class Pool:
    """The lazily opened aiohttp sessions, bound to the loop and the process that first used them.

    Calls that tell subscribers get a connection of their own each: one that was kept could have been closed by the
    other side in the meantime, and then nobody knows what became of the request.
    """

    __slots__ = (
        "_borrowed",
        "_closed",
        "_fresh",
        "_headers",
        "_kept",
        "_loop",
        "_pid",
        "_proxied",
        "_ssl",
        "_traced",
        "clock",
        "quota",
        "slots",
        "unresolved",
    )

    def __init__(
        self,
        headers: Mapping[str, str],
        borrowed: aiohttp.ClientSession | None,
        ssl: ssl_module.SSLContext | None,
        *,
        traced: bool = True,
        proxied: bool = False,
    ) -> None:
        self._headers = headers
        self._borrowed = borrowed
        self._ssl = ssl
        self._traced = traced  # no, where the address is a credential: traces are named by it, and sent elsewhere
        self._proxied = proxied  # by the client, and so not as the lent session is, whose password is for another one
        self._kept: aiohttp.ClientSession | None = None
        self._fresh: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = os.getpid()
        self._closed = False
        self.clock: Clock = Clock()
        # Waiting for a connection is no silence of the service, so it is done here and not in the connector, which
        # does not say when it is over. A lent connector waits by itself.
        self.slots: Slots | None = Slots(_MOST_CONNECTIONS) if borrowed is None else None
        self.quota: RetryQuota = RetryQuota()
        self.unresolved: deque[Fingerprint] = deque(maxlen=_UNRESOLVED)

    def session(self, *, fresh: bool) -> aiohttp.ClientSession:
        """Return an open session, or refuse with the reason."""
        session = self._fresh if fresh else self._kept
        if session is None or session.closed:
            self._refuse(asyncio.get_running_loop())
            session = self._open(fresh=fresh)
            if fresh:
                self._fresh = session
            else:
                self._kept = session
        return session

    def check(self) -> None:
        """Refuse a call that cannot be carried out here and now, with the reason."""
        loop = asyncio.get_running_loop()
        if self._closed or self._loop is not loop or self._pid != os.getpid():
            self._refuse(loop)

    def _refuse(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._closed:
            raise ClientStateError(_CLOSED)
        if self._pid != os.getpid():
            raise ClientStateError("The client was made before a fork. Make one in each process.")
        if self._loop is not None and self._loop is not loop:
            raise ClientStateError(
                "The client belongs to another event loop. Make one in each loop, inside asyncio.run()."
            )
        if self._borrowed is not None and self._borrowed.closed:
            raise ClientStateError("The aiohttp session lent to the client is closed. Close the client before it.")
        if getattr(self._borrowed, "_loop", loop) is not loop:
            raise ClientStateError(
                "The aiohttp session lent to the client belongs to another event loop. Lend one that was made in this "
                "one."
            )
        self._loop = loop
        self.clock.start(loop)

    def _open(self, *, fresh: bool) -> aiohttp.ClientSession:
        borrowed = self._borrowed
        connector = lent = borrowed.connector if borrowed is not None else None
        if connector is None:
            limit = _MOST_CONNECTIONS if fresh else 0
            connector = aiohttp.TCPConnector(ssl=self._ssl or True, force_close=fresh, limit=limit)
        proxy = None if self._proxied else getattr(borrowed, "_default_proxy", None)
        alone = fresh and lent is not None
        kind = _Alone if alone else _Proxied if self._proxied or proxy is not None else aiohttp.ClientRequest
        # A borrowed session is not used itself: its headers, cookies, base_url and raise_for_status would reach our
        # requests. A session of our own shares its connections.
        session = aiohttp.ClientSession(
            connector=connector,
            connector_owner=lent is None,
            headers={**self._headers, "Connection": "close"} if alone else self._headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
            request_class=kind,
            proxy=proxy,
        )
        # aiohttp sends PUT and DELETE a second time on its own when a connection drops, and has no public switch.
        # What is sent again is for retry.py to decide.
        if not hasattr(session, "_retry_connection"):
            text = f"aiohttp {aiohttp.__version__} may send PUT and DELETE twice on its own; please report this"
            warnings.warn(text, RuntimeWarning, stacklevel=2)
        session._retry_connection = False  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # no public switch
        proxy_auth = None if self._proxied else getattr(borrowed, "_default_proxy_auth", None)
        if proxy_auth is not None:  # given to the constructor, it would warn a second time of its being deprecated
            session._default_proxy_auth = proxy_auth  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        middlewares = getattr(borrowed, "_middlewares", ())
        if middlewares:
            middlewares = (*middlewares, _once) if fresh else middlewares
            session._middlewares = middlewares  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # nor one
        # Replaced, not added to: instrumentation may already have put its own into every new session.
        configs = session.trace_configs if borrowed is None else borrowed.trace_configs
        session.trace_configs[:] = [_unaware(config) for config in configs] if self._traced else ()
        if fresh:
            session.trace_configs.append(_witness())
        return session

    async def close(self) -> None:
        """Wait a little for calls in flight, then close what was opened here, and nothing that was borrowed."""
        self._closed = True
        try:
            if self._loop is asyncio.get_running_loop():
                await self.clock.idle(_DRAIN)
        finally:  # whoever is cancelled while waiting leaves nothing open either
            if not self.clock.pending:  # else it still ends them
                self.clock.stop()
            for session in (self._kept, self._fresh):
                if session is not None:
                    await session.close()
            self._kept = self._fresh = None

    def __del__(self) -> None:
        """Warn of a forgotten close, once and in our words, and drop the connections."""
        sessions = [s for s in (getattr(self, "_kept", None), getattr(self, "_fresh", None)) if s is not None]
        if not any(not session.closed and session.connector_owner for session in sessions):
            for session in sessions:
                session.detach()
            return
        warnings.warn(
            "An Instatus client was not closed: use `async with`, or `await client.aclose()`.",
            ResourceWarning,
            source=self,
            stacklevel=2,
        )
        for session in sessions:
            connector = session.connector
            session.detach()
            if connector is not None and self._loop is not None and not self._loop.is_closed():
                connector._close()  # noqa: SLF001 - close() wants a running loop


_NUMBERS = count()
_Handler = Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]]


class _Proxied(aiohttp.ClientRequest):
    """A request whose proxy sees no key: aiohttp gives it the headers of the session, and it is asked in clear text."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options["proxy_headers"] = None
        super().__init__(*args, **options)


class _Alone(_Proxied):
    """A request that takes a new connection, of a connector that keeps others, and knows whether it was sent.

    They are kept by a key, which the next request to the same place has too, but not this one.
    """

    outcome: aiohttp.ClientResponse | Exception | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._number = next(_NUMBERS)

    @property
    def connection_key(self) -> ConnectionKey:
        return super().connection_key._replace(proxy_headers_hash=self._number)

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        self.outcome = aiohttp.ClientConnectionError("sent, and given up before the answer")
        return await super().send(conn)


async def _once(request: aiohttp.ClientRequest, handler: _Handler) -> aiohttp.ClientResponse:
    """Send once, below lent middlewares: to one that tries again, the first outcome comes again."""
    if not isinstance(request, _Alone):
        raise ConfigError(
            "A middleware of the session that is lent replaces requests by others, which could be sent twice. Lend a "
            "session without it. Nothing was sent."
        )
    if request.outcome is None:
        try:
            request.outcome = response = await handler(request)
        except Exception as exc:
            if request.outcome is not None:
                request.outcome = exc
            raise
        return response
    await asyncio.sleep(0)  # who tries until it succeeds can be cancelled here
    if isinstance(request.outcome, Exception):
        raise request.outcome
    return request.outcome


def _unaware(config: aiohttp.TraceConfig) -> aiohttp.TraceConfig:
    """Keep the call, which goes with its requests for the witness, from a trace config that expects its own program's.

    The copy shares what listens to the original.
    """
    own = copy(config)

    def context(trace_request_ctx: object = None) -> SimpleNamespace:  # noqa: ARG001 - aiohttp gives it by its name
        return config.trace_config_ctx()

    vars(own)["trace_config_ctx"] = context
    return own


def _witness() -> aiohttp.TraceConfig:
    """Make the trace config that tells a call it is `sent`: too dear for every request, and nothing for these few."""
    config = aiohttp.TraceConfig()

    async def sending(_: Any, context: SimpleNamespace, __: Any) -> None:
        context.trace_request_ctx.sent = True

    config.on_request_headers_sent.append(sending)  # comes before they are written
    config.freeze()
    return config
