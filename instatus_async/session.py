"""The way to the service: one aiohttp pool, attempts under one deadline, and every failure as one of our errors.

`SessionManager.request` is the only caller of aiohttp's client. One call passes the gate, sends, reads under a size
cap, and returns parsed JSON, or asks `retry.decide` what follows. What aiohttp raises never leaves this module, since
its exceptions carry the request's headers, and so the key.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
import ssl as ssl_module
import urllib.request
from collections.abc import Mapping
from http import HTTPStatus
from json import dumps
from typing import Any, NoReturn, Self, cast

import aiohttp
import attrs
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from ._version import __version__
from ._wire import as_object, loads
from .errors import (
    APIError,
    ClientStateError,
    ConfigError,
    ConnectError,
    DeadlineExceededError,
    DecodeError,
    InstatusError,
    InvalidRequestError,
    OutcomeUnknownError,
    ProtocolError,
    RateLimitError,
    RedirectError,
    ResponseTooLargeError,
    TlsError,
    TransportError,
    api_error_class,
)
from .rate_limit import Gate, RateGate, retry_after
from .retry import Action, Effect, Failure, RetryPolicy, decide

__all__ = ["DEFAULT_BASE_URL", "DEFAULT_MAX_RESPONSE_BYTES", "DEFAULT_TIMEOUT", "SessionManager"]

DEFAULT_BASE_URL = "https://api.instatus.com"
DEFAULT_TIMEOUT = 30.0
DEFAULT_MAX_RESPONSE_BYTES = 32 * 1024 * 1024
_SHOWN = 2000  # characters of an answer that an error keeps

_log = logging.getLogger("instatus_async")


class _Secret(str):
    """A text that shows itself to nobody who prints it, in a traceback's locals least of all."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


@attrs.frozen
class _Reply:
    """A complete answer."""

    status: int
    headers: Mapping[str, str] = attrs.field(repr=False)  # the service may echo the key
    body: bytes = attrs.field(repr=False)


@attrs.frozen
class _Success:
    """The parsed JSON of a call."""

    value: Any


@attrs.frozen
class _Lost:
    """An attempt without a usable answer: what is known, and the error it becomes if nothing helps."""

    failure: Failure
    error: InstatusError


def check_key(api_key: str) -> str:
    """Refuse a key that no header may carry, without echoing it (quirk 8)."""
    if not api_key or not api_key.isascii() or any(not 0x21 <= ord(character) <= 0x7E for character in api_key):
        raise ConfigError(
            "The API key is empty or has blanks, control characters or letters outside ASCII. Copy it again from the "
            "developer settings of your Instatus account into INSTATUS_API_KEY or api_key=."
        )
    return api_key


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def check_base_url(base_url: str) -> URL:
    """Refuse a base URL that would show requests to others, or that is not one."""
    try:
        url = URL(base_url)
        host, user = url.host, url.user or url.password
    except (ValueError, TypeError):
        raise ConfigError("base_url is not a URL; the service's is " + DEFAULT_BASE_URL) from None
    if url.scheme not in ("http", "https") or not host:
        raise ConfigError("base_url must begin with https:// and name a host; the service's is " + DEFAULT_BASE_URL)
    if user or url.query_string or url.fragment:
        raise ConfigError("base_url must not carry a user, a password, a query or a fragment")
    if url.scheme == "http" and not _is_loopback(host):
        raise ConfigError(
            "base_url must be https:// unless its host is this machine: http would show everybody the key"
        )
    return url


def check_ssl(context: object) -> None:
    """Refuse to talk without verifying the other side."""
    if context is None:
        return
    if not isinstance(context, ssl_module.SSLContext):
        raise ConfigError(
            "ssl must be an ssl.SSLContext, or None for the system's; verification cannot be switched off"
        )
    if context.verify_mode is not ssl_module.CERT_REQUIRED or not context.check_hostname:
        raise ConfigError(
            "This ssl context does not verify certificates or host names; use ssl.create_default_context()"
        )


def _environment_proxy(base_url: URL) -> str | None:
    """Choose the proxy that the environment names. aiohttp's own trust_env would read ~/.netrc too."""
    if urllib.request.proxy_bypass(base_url.host or ""):
        return None
    return urllib.request.getproxies().get(base_url.scheme)


class _Pool:
    """The lazily opened aiohttp session, bound to the loop and the process that first used it."""

    __slots__ = ("_borrowed", "_closed", "_headers", "_loop", "_pid", "_session", "_ssl")

    def __init__(
        self,
        headers: Mapping[str, str],
        borrowed: aiohttp.ClientSession | None,
        ssl: ssl_module.SSLContext | None,
    ) -> None:
        self._headers = headers
        self._borrowed = borrowed
        self._ssl = ssl
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = os.getpid()
        self._closed = False

    def session(self) -> aiohttp.ClientSession:
        """Return the open session, or refuse with the reason."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop or self._pid != os.getpid() or self._session is None or self._session.closed:
            return self._open(loop)
        return self._session

    def _open(self, loop: asyncio.AbstractEventLoop) -> aiohttp.ClientSession:
        if self._closed:
            raise ClientStateError("The client is closed. Make a new one, or keep `async with` open around its calls.")
        if self._pid != os.getpid():
            raise ClientStateError("The client was made before a fork. Make one in each process.")
        if self._loop is not None and self._loop is not loop:
            raise ClientStateError(
                "The client belongs to another event loop. Make one in each loop, inside asyncio.run()."
            )
        borrowed = self._borrowed
        if borrowed is not None and borrowed.closed:
            raise ClientStateError("The aiohttp session lent to the client is closed. Close the client before it.")
        if self._session is not None and borrowed is None:
            raise ClientStateError("The client's connections were closed from outside. Make a new client.")
        connector = borrowed.connector if borrowed is not None else aiohttp.TCPConnector(ssl=self._ssl or True)
        # A borrowed session is not used itself: its headers, cookies, base_url and raise_for_status would reach our
        # requests. A session of our own shares its connections.
        session = aiohttp.ClientSession(
            connector=connector,
            connector_owner=borrowed is None,
            headers=self._headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
        )
        # aiohttp sends PUT and DELETE a second time on its own when a connection drops, and has no public switch.
        # What is sent again is for retry.py to decide.
        session._retry_connection = False  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # no public switch
        if borrowed is not None:
            # Replaced, not added to: instrumentation may already have put its own into every new session.
            session.trace_configs[:] = borrowed.trace_configs
            middlewares = getattr(borrowed, "_middlewares", ())
            if middlewares:
                session._middlewares = middlewares  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # nor one
        self._session, self._loop = session, loop
        return session

    async def close(self) -> None:
        """Close what was opened here, and nothing that was borrowed."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()


class SessionManager:
    """Send requests of one key: pool, gate, deadline, size cap, retries, errors.

    It opens its connections on the first request. A lent `session` gives its connector, trace configs and middlewares,
    and is never changed nor closed. `gate` may be shared by several managers of one key.
    """

    __slots__ = ("_base", "_follow", "_key", "_limit", "_pool", "_proxy", "_timeouts", "gate", "retry", "timeout")

    def __init__(
        self,
        *,
        api_key: str | None,
        base_url: str = DEFAULT_BASE_URL,
        timeout: float = DEFAULT_TIMEOUT,
        session: aiohttp.ClientSession | None = None,
        retry: RetryPolicy | None = None,
        gate: Gate | None = None,
        proxy: str | None = None,
        ssl: ssl_module.SSLContext | None = None,
        trust_env: bool = False,
        user_agent: str | None = None,
        max_response_bytes: int = DEFAULT_MAX_RESPONSE_BYTES,
    ) -> None:
        url = check_base_url(base_url)
        check_ssl(ssl)
        if session is not None:
            lent: Any = session
            if not isinstance(lent, aiohttp.ClientSession):
                raise ConfigError("session must be an aiohttp.ClientSession")
            if ssl is not None:
                raise ConfigError("Give the ssl context to the connector of the session you lend, not to the client")
            if getattr(session.connector, "_ssl", True) is not True:
                check_ssl(cast("Any", session.connector)._ssl)  # noqa: SLF001 - aiohttp has no public getter
        if isinstance(max_response_bytes, bool) or max_response_bytes < 1:
            raise ConfigError("max_response_bytes must be a positive number of bytes")
        agent = user_agent or f"instatus-async/{__version__} aiohttp/{aiohttp.__version__}"
        if not agent.isascii() or not agent.isprintable():
            raise ConfigError("user_agent must be printable ASCII")
        headers = {"Accept": "application/json", "User-Agent": agent}
        if api_key is not None:
            headers["Authorization"] = _Secret("Bearer " + check_key(api_key))
        self._key = _Secret(api_key or "")
        self._base = str(url).rstrip("/")
        self._follow = api_key is None
        self._limit = max_response_bytes
        self._proxy = proxy if proxy is not None or not trust_env else _environment_proxy(url)
        self._pool = _Pool(headers, session, ssl)
        self.gate: Gate = gate if gate is not None else RateGate()
        self._set_options(timeout, retry if retry is not None else RetryPolicy())

    def _set_options(self, timeout: float, retry: RetryPolicy) -> None:
        number: Any = timeout
        if isinstance(number, bool) or not isinstance(number, (int, float)) or not 0 < number < 1e9:
            raise ConfigError("timeout must be a positive number of seconds")
        self.timeout: float = float(timeout)
        self.retry: RetryPolicy = retry
        # Connecting and reading get a part of the whole, so that there is time for another attempt.
        self._timeouts = aiohttp.ClientTimeout(
            total=None, sock_connect=min(10.0, self.timeout / 4), sock_read=self.timeout / 2
        )

    def __repr__(self) -> str:
        return f"<SessionManager {self._base}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a SessionManager holds a key and connections, and does not pickle")

    def with_options(self, *, timeout: float | None = None, retry: RetryPolicy | None = None) -> Self:
        """Return a view on the same pool and gate with another total timeout in seconds or retry policy."""
        view = object.__new__(type(self))
        for name in ("_base", "_follow", "_key", "_limit", "_pool", "_proxy", "gate"):
            setattr(view, name, getattr(self, name))
        view._set_options(self.timeout if timeout is None else timeout, self.retry if retry is None else retry)
        return view

    async def aclose(self) -> None:
        """Close the connections; what was borrowed stays open."""
        await self._pool.close()

    async def request(
        self,
        method: str,
        path: str,
        *,
        operation: str = "",
        effect: Effect = Effect.NOTIFY,
        query: str = "",
        body: Any = None,
    ) -> Any:
        """Send one call and return its parsed JSON, None for an empty answer.

        `path` must be quoted already; `operation` names the call in errors. Attempts, pauses and waiting share the
        total timeout. Raises the errors of `instatus_async.errors` and nothing of aiohttp's.
        """
        call = _Call(self, method, path, operation or f"{method} {path}", effect, query, body)
        try:
            async with asyncio.timeout(self.timeout):
                value = await call.run()
        except TimeoutError:
            pass
        else:
            return value
        raise call.late()

    async def attempt(self, method: str, url: URL, data: bytes | None) -> _Reply | _Lost:
        """Send once. Whatever aiohttp raises becomes a value, so that no exception of its drags headers along."""
        session = self._pool.session()
        response: aiohttp.ClientResponse | None = None
        complete = False
        try:
            response = await session.request(
                method,
                url,
                data=data,
                headers=_JSON_BODY if data is not None else None,
                allow_redirects=self._follow,
                max_redirects=5,
                proxy=self._proxy,
                timeout=self._timeouts,
            )
            body = await self._read(response)
            if body is None:
                error = ResponseTooLargeError(
                    f"the answer is larger than {self._limit} bytes (max_response_bytes)", may_have_applied=True
                )
                return _Lost(Failure.FINAL, error)
            complete = True
            return _Reply(response.status, response.headers, body)
        except _AIOHTTP_ERRORS as exc:
            return _lost(exc)
        finally:
            if response is not None:
                if complete:
                    response.release()
                else:
                    response.close()

    async def _read(self, response: aiohttp.ClientResponse) -> bytes | None:
        """Read a body under the size cap, measured after decompression; None when it is larger."""
        chunks: list[bytes] = []
        size = 0
        while chunk := await response.content.readany():
            size += len(chunk)
            if size > self._limit:
                return None
            chunks.append(chunk)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def url(self, path: str, query: str) -> URL:
        """Join a quoted path and query to the base URL."""
        return URL(f"{self._base}{path}?{query}" if query else self._base + path, encoded=True)

    def redact(self, text: str) -> str:
        """Blot out the key where the service echoes it."""
        return text.replace(self._key, "***") if self._key else text


_JSON_BODY = {"Content-Type": "application/json"}
_AIOHTTP_ERRORS = (aiohttp.ClientError, HttpProcessingError, OSError, TimeoutError)
_UNKNOWN_STATUSES = frozenset({408, 500, 502, 503, 504})


def _lost(exc: Exception) -> _Lost:
    """Turn what aiohttp raised into what is known: not sent, untrusted, or outcome unknown."""
    if isinstance(exc, (aiohttp.ClientConnectorCertificateError, aiohttp.ServerFingerprintMismatch)):
        return _Lost(Failure.FINAL, TlsError("the server's certificate is not trusted; nothing was sent"))
    if isinstance(exc, aiohttp.ClientConnectorSSLError):
        return _Lost(Failure.FINAL, TlsError("the TLS handshake failed; nothing was sent"))
    if isinstance(exc, aiohttp.ClientConnectorError):
        reason = exc.os_error.strerror or "cannot connect"
        return _Lost(Failure.NOT_SENT, ConnectError(f"no connection: {reason}; nothing was sent"))
    if isinstance(exc, (aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError)):
        return _Lost(Failure.NOT_SENT, ConnectError("no connection in time; nothing was sent"))
    if isinstance(exc, aiohttp.InvalidURL):
        return _Lost(Failure.FINAL, RedirectError("the server redirects to something that is no URL"))
    if isinstance(exc, aiohttp.TooManyRedirects):
        return _Lost(Failure.FINAL, RedirectError("the server redirects without end"))
    if isinstance(exc, TimeoutError):
        return _Lost(Failure.UNKNOWN, ProtocolError("no answer in time", may_have_applied=True))
    return _Lost(Failure.UNKNOWN, ProtocolError(f"the connection broke ({type(exc).__name__})", may_have_applied=True))


class _Call:
    """One call on its way: its attempts, and what they may have done."""

    __slots__ = (
        "_ambiguous",
        "_attempt",
        "_data",
        "_effect",
        "_last",
        "_method",
        "_operation",
        "_path",
        "_session",
        "_url",
    )

    def __init__(
        self, session: SessionManager, method: str, path: str, operation: str, effect: Effect, query: str, body: Any
    ) -> None:
        self._session = session
        self._method = method
        self._path = path
        self._operation = operation
        self._effect = effect
        self._url = session.url(path, query)
        try:
            self._data = None if body is None else dumps(body, ensure_ascii=False, allow_nan=False).encode()
        except (TypeError, ValueError, RecursionError) as exc:
            raise InvalidRequestError(f"{operation}: the body is not JSON ({exc}). Nothing was sent.") from None
        self._attempt = 0
        self._ambiguous = False  # an attempt may have been carried out
        self._last: InstatusError | None = None

    async def run(self) -> Any:
        """Attempt until there is an answer, or a failure that must be told."""
        session, policy = self._session, self._session.retry
        deadline = asyncio.get_running_loop().time() + session.timeout
        while True:
            await session.gate.acquire()
            self._attempt += 1
            # While the request is out, a timeout leaves its outcome unknown.
            before, self._ambiguous = self._ambiguous, self._effect is not Effect.READ
            reply = await session.attempt(self._method, self._url, self._data)
            outcome = self._judge(reply, ambiguous=before) if isinstance(reply, _Reply) else reply
            if isinstance(outcome, _Success):
                session.gate.passed()
                return outcome.value
            self._ambiguous = before or (outcome.failure is Failure.UNKNOWN and self._effect is not Effect.READ)
            self._last = outcome.error
            pause = 0.0
            if outcome.failure is Failure.LIMITED:
                pause = session.gate.limited(cast("RateLimitError", outcome.error).retry_after)
            action = decide(self._effect, outcome.failure, self._attempt, policy.attempts)
            if action is Action.RECONCILE:
                raise self._unknown(outcome.error)
            if action is Action.RETRY:
                pause = policy.pause(self._attempt)
            elif action is Action.RAISE:
                raise self._named(outcome.error)
            if asyncio.get_running_loop().time() + pause >= deadline:
                raise self._named(outcome.error)
            _log.info(
                "%s: attempt %d failed (%s); next in %.2f s",
                self._operation,
                self._attempt,
                outcome.failure.value,
                pause,
            )
            if action is Action.RETRY:
                await asyncio.sleep(pause)

    def _judge(self, reply: _Reply, *, ambiguous: bool) -> _Success | _Lost:
        """Tell success from failure, and parse it."""
        status = reply.status
        if 200 <= status < 300:
            if not reply.body.strip():
                return _Success(None)
            try:
                value = loads(reply.body)
            except ValueError as exc:
                return self._garbled(reply, exc)
            if as_object(as_object(value).get("error")):
                return _Lost(Failure.FINAL, self._api_error(reply))  # quirk 20
            return _Success(value)
        if status == 404 and self._method == "DELETE" and ambiguous:
            return _Success(None)  # an earlier attempt, whose answer was lost, has deleted it
        if 300 <= status < 400:
            return _Lost(
                Failure.FINAL,
                RedirectError(
                    f"the service answered {status}, a redirect, which is not followed with a key; check base_url"
                ),
            )
        error = self._api_error(reply)
        if status == 429:
            return _Lost(Failure.LIMITED, error)
        return _Lost(Failure.UNKNOWN if status in _UNKNOWN_STATUSES else Failure.FINAL, error)

    def _garbled(self, reply: _Reply, exc: ValueError) -> _Lost:
        start = self._session.redact(reply.body[:_SHOWN].decode("utf-8", "replace"))
        html = start.lstrip()[:1] == "<" or "html" in reply.headers.get("Content-Type", "")
        what = "HTML instead of JSON" if html else f"something that is not JSON ({exc})"
        error = DecodeError(
            f"the answer is {what}; it begins with {start[:120]!r}",
            body=start,
            may_have_applied=self._effect is not Effect.READ,
        )
        # Nobody who asks again gets JSON from a page of HTML, but a write's outcome is unknown all the same.
        final = html and self._effect is Effect.READ
        return _Lost(Failure.FINAL if final else Failure.UNKNOWN, error)

    def _api_error(self, reply: _Reply) -> APIError:
        """Make the error of an answer; its body may be HTML, plain text or JSON (quirks 15 to 19)."""
        text = self._session.redact(reply.body[: 4 * _SHOWN].decode("utf-8", "replace"))[:_SHOWN]
        said, code = _told(reply.body)
        if said is None:
            said = "an HTML page" if text.lstrip()[:1] == "<" else text[:120]
        said = self._session.redact(said)[:500]
        code = None if code is None else self._session.redact(code)[:100]
        phrase = HTTPStatus(reply.status).phrase if reply.status in _PHRASES else ""
        message = f"{reply.status} {phrase}".rstrip() + (f": {said}" if said else "") + f"; {_advice(reply.status)}"
        headers = {
            name: self._session.redact(value) for name, value in reply.headers.items() if name.lower() != "set-cookie"
        }
        details: dict[str, Any] = {
            "status": reply.status,
            "code": code,
            "method": self._method,
            "path": self._path,
            "body": text,
            "headers": headers,
        }
        if reply.status == 429:
            return RateLimitError(message, retry_after=retry_after(reply.headers), **details)
        return api_error_class(reply.status)(message, **details)

    def _named(self, error: InstatusError) -> InstatusError:
        """Put the operation before the message."""
        error.args = (f"{self._operation}: {error.args[0]}",)
        if isinstance(error, APIError):
            error.message = error.args[0]
        elif isinstance(error, (TransportError, DecodeError)) and self._ambiguous:
            error.may_have_applied = True
        return error

    def _unknown(self, error: InstatusError) -> OutcomeUnknownError:
        return OutcomeUnknownError(
            f"{self._operation}: sent, but its outcome is unknown: {error.args[0]}. It may have been carried out, and "
            "have told whom it notifies. Look for the record before you send it again.",
            fingerprint={"operation": self._operation, "method": self._method, "path": self._path},
        )

    def late(self) -> InstatusError:
        """Make the error of a call whose time is up."""
        if isinstance(self._last, RateLimitError) and not self._ambiguous:
            return self._named(self._last)
        outcome = "it may have been carried out" if self._ambiguous else "nothing was carried out"
        before = f"; the attempt before it: {self._last.args[0]}" if self._last is not None else ""
        return DeadlineExceededError(
            f"{self._operation}: no result within {self._session.timeout:g} s; {outcome}{before}. Give it a longer "
            "timeout=.",
            may_have_applied=self._ambiguous,
        )


def _told(body: bytes) -> tuple[str | None, str | None]:
    """Read the message and the code of an error body: (None, None) when it is not JSON (quirks 15, 16)."""
    try:
        document = loads(body)
    except ValueError:
        return None, None
    error = as_object(document).get("error", document)
    if isinstance(error, str):
        return error, None
    found = as_object(error)
    said, code = found.get("message"), found.get("code")
    return said if isinstance(said, str) else "", code if isinstance(code, str) else None


_PHRASES = frozenset(status.value for status in HTTPStatus)


def _advice(status: int) -> str:
    match status:
        case 401:
            return "check the API key, which is case-sensitive"
        case 403:
            return "the key's user may not do this, or the body was empty"
        case 404:
            return "check the ids: there is no such record"
        case 429:
            return "slow down"
        case 400 | 422:
            return "check the fields that were sent"
        case _ if status >= 500:
            return "the service failed, as it also does for an unknown component id"
        case _:
            return "see `body` for what the service said"
