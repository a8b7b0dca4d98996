"""The way to the service: one aiohttp pool, attempts under one deadline, and every failure as one of our errors.

`SessionManager.request` is the only caller of aiohttp's client. One call passes the gate, sends, reads under a size
cap, and returns parsed JSON, or asks `retry.decide` what follows. What aiohttp raises never leaves this module, since
its exceptions carry the request's headers, and so the key.
"""

from __future__ import annotations

import asyncio
import logging
import ssl as ssl_module
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from json import dumps
from typing import Any, Literal, NoReturn, Self, cast

import aiohttp
import attrs
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from ._answers import Kept, Lost, Reply, Success, judge
from ._deadline import Deadline
from ._pool import Pool
from ._settings import (
    DEFAULT_BASE_URL,
    Secret,
    SecretBytes,
    check_base_url,
    check_key,
    check_parts,
    check_ssl,
    choose_proxy,
    hidden,
)
from ._version import __version__
from .errors import (
    APIError,
    ClientStateError,
    ConfigError,
    ConnectError,
    DeadlineExceededError,
    DecodeError,
    DuplicateDetectedError,
    InstatusError,
    InvalidRequestError,
    OutcomeUnknownError,
    ProtocolError,
    RateLimitError,
    RedirectError,
    ResponseTooLargeError,
    TlsError,
    TransportError,
)
from .rate_limit import Gate, RateGate
from .reconcile import Fingerprint, Found, look
from .retry import Action, Effect, Failure, RetryPolicy, decide

__all__ = ["DEFAULT_BASE_URL", "DEFAULT_MAX_RESPONSE_BYTES", "DEFAULT_TIMEOUT", "Event", "SessionManager"]

DEFAULT_TIMEOUT = 30.0
DEFAULT_MAX_RESPONSE_BYTES = 32 * 1024 * 1024
_LOOKS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 5.0, 5.0)  # pauses before each look for a record

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_HOPS = 6

_log = logging.getLogger("instatus_async")


@attrs.frozen(kw_only=True)
class Event:
    """Something that happened to a call: what `on_event` of the client hears.

    `attempt`: one is sent. `retry`: one failed for `reason`, and the next follows in `seconds`. `pause`: the service
    said 429, and everything waits for `seconds`. `reconcile`: an answer was lost for `reason`, and is looked for.
    """

    kind: Literal["attempt", "retry", "pause", "reconcile"]
    operation: str
    attempt: int
    seconds: float = 0.0
    reason: str = ""


class SessionManager:
    """Send requests of one key: pool, gate, deadline, size cap, retries, errors.

    It opens its connections on the first request. A lent `session` gives its connector, trace configs and middlewares,
    and is never changed nor closed. `gate` may be shared by several managers of one key. `on_event` hears of attempts,
    retries, pauses and reconciliations; what it raises is logged.

    `secret_path` is the part of a path that is a credential itself, in place of a key: it is blotted out like a key, no
    trace config sees it, redirects are not followed, and any text is an answer.
    """

    __slots__ = (
        "_base",
        "_connecting",
        "_key",
        "_key_bytes",
        "_limit",
        "_proxy",
        "_silence",
        "_timeouts",
        "follows",
        "gate",
        "on_event",
        "opaque",
        "pool",
        "retry",
        "timeout",
    )

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
        on_event: Callable[[Event], None] | None = None,
        secret_path: Secret | None = None,
    ) -> None:
        api_key = key = None if api_key is None else hidden(api_key)
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
        check_parts(max_response_bytes=max_response_bytes, user_agent=user_agent, gate=gate, on_event=on_event)
        agent = user_agent or f"instatus-async/{__version__} aiohttp/{aiohttp.__version__}"
        headers = {"Accept": "application/json", "User-Agent": agent}
        if key is not None:
            headers["Authorization"] = Secret("Bearer " + check_key(key))
        self._key = key or secret_path or Secret()
        # A shorter one is no key of the service, and may be a word of the text.
        self._key_bytes = SecretBytes(self._key.encode()) if len(self._key) >= 16 else None
        self._base = str(url).rstrip("/")
        self.follows: bool = key is None and secret_path is None  # redirects
        self.opaque: bool = secret_path is not None  # a success may say what it likes
        self._limit = max_response_bytes
        self._proxy = choose_proxy(proxy, session, url, trust_env=trust_env)
        self.pool: Pool = Pool(headers, session, ssl, traced=secret_path is None, proxied=self._proxy is not None)
        self.on_event: Callable[[Event], None] | None = on_event
        self.gate: Gate = gate if gate is not None else RateGate()
        self._set_options(timeout, retry if retry is not None else RetryPolicy())

    def _set_options(self, timeout: float, retry: RetryPolicy) -> None:
        number: Any = timeout
        if isinstance(number, bool) or not isinstance(number, (int, float)) or not 0 < number <= 86_400:
            raise ConfigError("timeout must be a positive number of seconds, a day at most")
        policy: Any = retry
        if not isinstance(policy, RetryPolicy):
            raise ConfigError("retry must be a RetryPolicy")
        self.timeout: float = float(timeout)
        self.retry: RetryPolicy = retry
        # Connecting and reading get a part of the whole, so that there is time for what follows a failure.
        self._silence = self.timeout / 2
        self._connecting = aiohttp.ClientTimeout(total=None, sock_connect=min(10.0, self.timeout / 4))
        self._timeouts = attrs.evolve(self._connecting, sock_read=self._silence)

    def __repr__(self) -> str:
        return f"<SessionManager {getattr(self, '_base', None)}>"  # tracebacks show it half built

    def __reduce__(self) -> NoReturn:
        raise TypeError("a SessionManager holds a key and connections, and does not pickle")

    @property
    def unresolved(self) -> deque[Fingerprint]:
        """The fingerprints of cancelled calls whose outcome nobody knows, oldest first."""
        return self.pool.unresolved

    def with_options(self, *, timeout: float | None = None, retry: RetryPolicy | None = None) -> Self:
        """Return a view on the same pool and gate with another total timeout in seconds or retry policy."""
        view = object.__new__(type(self))
        for name in (
            "_base",
            "_key",
            "_key_bytes",
            "_limit",
            "_proxy",
            "follows",
            "gate",
            "on_event",
            "opaque",
            "pool",
        ):
            setattr(view, name, getattr(self, name))
        view._set_options(self.timeout if timeout is None else timeout, self.retry if retry is None else retry)
        return view

    async def aclose(self) -> None:
        """Close the connections, after waiting up to 5 seconds for calls in flight; what was borrowed stays open."""
        await self.pool.close()

    async def request(
        self,
        method: str,
        path: str,
        *,
        operation: str = "",
        effect: Effect = Effect.NOTIFY,
        query: str = "",
        body: Any = None,
        fingerprint: Fingerprint | None = None,
        without: Callable[[frozenset[int]], Any] | None = None,
        kept: Kept | None = None,
    ) -> Any:
        """Send one call and return its parsed JSON, None for an empty answer.

        `path` must be quoted already; `operation` names the call in errors. Attempts, pauses, waiting and looking for a
        lost outcome share the total timeout. `fingerprint` is what is looked for; `without` makes the body of those
        datapoints that are missing. With `kept` a newer answer is asked for: the result is `kept` itself when there is
        none, else another Kept with the parsed JSON. Raises the errors of `instatus_async.errors` and nothing of
        aiohttp's.
        """
        self.pool.check()
        operation = operation or f"{method} {path}"
        if fingerprint is None and effect in (Effect.NOTIFY, Effect.DATAPOINT):
            fingerprint = Fingerprint(operation=operation, path=path, sent_at=datetime.now(UTC))
        call = _Call(self, method, path, operation, effect, query, body, fingerprint, without, kept)
        try:
            with call:
                return await call.run()
        except ClientStateError:
            call.check()
            raise
        raise call.late()

    async def reconcile(self, fingerprint: Fingerprint) -> Any:
        """Look for what an earlier call sent, with growing pauses; return its record in the wire's shape.

        Raises OutcomeUnknownError when it is not found within the timeout, and DuplicateDetectedError when it is there
        twice.
        """
        self.pool.check()
        call = _Call(self, "", fingerprint.path, fingerprint.operation, Effect.NOTIFY, "", None, fingerprint, None)
        with call:
            value = await call.search()
            with suppress(ValueError):
                self.pool.unresolved.remove(fingerprint)
            return value
        raise call.late()

    async def follow(self, call: _Call, url: URL) -> Attempt:
        """Send once and, without a key, follow redirects (quirk 89), each hop a request that carries nothing on."""
        for _ in range(_MOST_HOPS):
            reply = await self.exchange(call, url)
            if isinstance(reply, Lost) or reply.status not in _REDIRECTS:
                return reply
            try:
                target = url.join(URL(reply.headers.get("Location", "")))
            except ValueError:
                target = URL()
            if not target.host or target.scheme not in {"https", url.scheme}:
                return Lost(Failure.FINAL, RedirectError("the server redirects to something that is not followed"))
            url = target
        return Lost(Failure.FINAL, RedirectError("the server redirects without end"))

    async def exchange(self, call: _Call, url: URL) -> Attempt:
        """Send and read. Whatever aiohttp raises becomes a value, so that no exception of its drags headers along.

        A read that hears nothing for too long ends by the call's own deadline, which is drawn nearer meanwhile:
        aiohttp's timeout takes another 10 % of its time. It knows more, though, namely whether anything was sent, which
        is what counts after a write.
        """
        pool, notifies = self.pool, call.effect is Effect.NOTIFY
        session = pool.session(fresh=notifies)
        # What `request` wraps around the other, for `async with`, takes another 4 %.
        send: Send = getattr(session, "_request", session.request)
        response: aiohttp.ClientResponse | None = None
        slots = None if notifies else pool.slots
        if slots is not None and not slots.take():
            await slots.wait()
        call.sent = not notifies and call.effect is not Effect.READ  # what notifies has a witness
        listens = slots is not None and call.effect is Effect.READ
        try:
            if listens:
                call.listen(self._silence)
            response = await send(
                call.method,
                url,
                data=call.data,
                headers=_JSON_BODY if call.data is not None else call.conditions,
                allow_redirects=False,
                proxy=self._proxy,
                timeout=self._connecting if listens else self._timeouts,
                trace_request_ctx=call,
            )
            return await self._read(response, call if listens else None)
        except asyncio.CancelledError:
            lost = call.excuse(session, listens=listens)
            if lost is None:
                raise
            return lost
        except _AIOHTTP_ERRORS as exc:
            return _lost(exc)
        except RuntimeError as exc:
            if session.closed:  # closed while the call was in flight
                return _lost(aiohttp.ClientConnectionError(str(exc)))
            raise
        finally:
            call.at = call.ends
            if response is not None and not response.closed:  # it is, and its connection free, once it is read
                response.close()
            if slots is not None:
                slots.give()

    async def _read(self, response: aiohttp.ClientResponse, listening: _Call | None) -> Attempt:
        """Read a body under the size cap, measured after decompression."""
        content = response.content
        chunks: list[bytes] = []
        size = 0
        while not content.at_eof():
            if chunks and listening is not None:
                listening.listen(self._silence)
            chunk = await content.readany()
            size += len(chunk)
            chunks.append(chunk)
            if size > self._limit:
                break
        # A lent middleware may have read it before, and aiohttp keeps it then.
        body = chunks[0] if len(chunks) == 1 else b"".join(chunks) or await response.read()
        if len(body) > self._limit:
            text = f"the answer is larger than {self._limit} bytes (max_response_bytes)"
            return Lost(Failure.FINAL, ResponseTooLargeError(text, may_have_applied=True))
        return Reply(response.status, response.headers, self._without_key(body))

    def url(self, path: str, query: str) -> URL:
        """Join a quoted path and query to the base URL."""
        return _joined(self._base, path, query)

    def _without_key(self, body: bytes) -> bytes:
        """Blot the key out of any answer: what cannot be read later ends up in errors and tracebacks as it came."""
        return body if self._key_bytes is None else body.replace(self._key_bytes, b"***")

    def redact(self, text: str) -> str:
        """Blot out the key where the service echoes it."""
        return text.replace(self._key, "***") if self._key else text

    def tell(self, event: Event) -> None:
        """Tell the program's listener; it cannot break the call."""
        if self.on_event is not None:
            try:
                self.on_event(event)
            except Exception:  # noqa: BLE001 - of the program's own
                _log.exception("on_event failed")


@lru_cache(maxsize=1024)  # they come again and again; yarl remembers 128, and takes three times as long to find one
def _joined(base: str, path: str, query: str) -> URL:
    return URL(f"{base}{path}?{query}" if query else base + path, encoded=True)


Attempt = Reply | Lost
Send = Callable[..., Awaitable[aiohttp.ClientResponse]]
_JSON_BODY = {"Content-Type": "application/json"}
_AIOHTTP_ERRORS = (aiohttp.ClientError, HttpProcessingError, OSError, TimeoutError)


def _lost(exc: Exception) -> Lost:
    """Turn what aiohttp raised into what is known: not sent, untrusted, or outcome unknown."""
    if isinstance(exc, (aiohttp.ClientConnectorCertificateError, aiohttp.ServerFingerprintMismatch)):
        return Lost(Failure.FINAL, TlsError("the server's certificate is not trusted; nothing was sent"))
    if isinstance(exc, aiohttp.ClientConnectorSSLError):
        return Lost(Failure.FINAL, TlsError("the TLS handshake failed; nothing was sent"))
    if isinstance(exc, aiohttp.ClientConnectorError):
        reason = exc.os_error.strerror or "cannot connect"
        return Lost(Failure.NOT_SENT, ConnectError(f"no connection: {reason}; nothing was sent"))
    if isinstance(exc, aiohttp.ClientHttpProxyError):
        refused = Failure.FINAL if exc.status == 407 else Failure.NOT_SENT
        return Lost(refused, ConnectError(f"the proxy answered {exc.status}; nothing was sent"))
    if isinstance(exc, aiohttp.ConnectionTimeoutError):
        return Lost(Failure.NOT_SENT, ConnectError("no connection in time; nothing was sent"))
    if isinstance(exc, TimeoutError):
        return Lost(Failure.UNKNOWN, ProtocolError("no answer in time", may_have_applied=True))
    return Lost(Failure.UNKNOWN, ProtocolError(f"the connection broke ({type(exc).__name__})", may_have_applied=True))


class _Call(Deadline):
    """One call on its way: its attempts, and what they may have done.

    It is its own deadline; when that ends it, `late` behind the `with` says what to raise.
    """

    __slots__ = (
        "_ambiguous",
        "_attempt",
        "_fingerprint",
        "_kept",
        "_last",
        "_looking",
        "_session",
        "_url",
        "_waits",
        "_without",
        "conditions",
        "data",
        "effect",
        "ends",
        "method",
        "operation",
        "path",
        "sent",
    )

    def __init__(
        self,
        session: SessionManager,
        method: str,
        path: str,
        operation: str,
        effect: Effect,
        query: str,
        body: Any,
        fingerprint: Fingerprint | None,
        without: Callable[[frozenset[int]], Any] | None,
        kept: Kept | None = None,
    ) -> None:
        clock = session.pool.clock
        self.ends: float = clock.time() + session.timeout
        super().__init__(clock, self.ends)
        self.operation: str = operation
        self.method: str = method
        self.path: str = path
        self.effect: Effect = effect
        self.data: bytes | None = None if body is None else _encoded(body, operation)
        self.conditions: Mapping[str, str] | None = None if kept is None else kept.conditions()
        self.sent: bool = False  # whether the attempt that is on its way may have been carried out
        self._session = session
        self._url = session.url(path, query)
        self._fingerprint = fingerprint
        self._without = without
        self._kept = kept  # the answer that a newer one is asked for
        self._attempt = 0
        self._ambiguous = False  # an earlier attempt may have been carried out
        self._looking = False  # for what became of it
        self._waits = False  # for its turn, and no attempt is under way
        self._last: InstatusError | None = None

    def cancelled(self) -> None:
        """Leave the fingerprint of what may have been carried out."""
        fingerprint, unresolved = self._fingerprint, self._session.pool.unresolved
        if self._may_have_applied and fingerprint is not None and fingerprint not in unresolved:
            unresolved.append(fingerprint)
            _log.warning("%s: cancelled while its outcome is unknown; see client.unresolved", self.operation)

    def listen(self, seconds: float) -> None:
        """Hear something within so many seconds, or end the attempt."""
        self.until(min(self._clock.time() + seconds, self.ends))

    def excuse(self, session: aiohttp.ClientSession, *, listens: bool) -> Lost | None:
        """Say what a cancellation means that nobody asked for.

        The call heard nothing for too long, or waited for a connection when aiohttp was closed, which cancels it then.
        """
        if listens and self.forgive(self.ends):
            return _lost(TimeoutError())
        if session.closed and not self.interrupted:
            return Lost(Failure.NOT_SENT, ConnectError("closed while it waited for a connection; nothing was sent"))
        return None

    def check(self) -> None:
        """Raise what is in doubt of an attempt, whatever kept the next one from being made."""
        if self._ambiguous and self._last is not None:
            raise self._named(self._last, Failure.UNKNOWN) from None

    @property
    def reads(self) -> bool:
        """Whether it only reads."""
        return self.effect is Effect.READ

    @property
    def may_be_gone(self) -> bool:
        """Whether what it deletes may be gone by an attempt before."""
        return self.method == "DELETE" and self._ambiguous

    @property
    def opaque(self) -> bool:
        """Whether any text is a success."""
        return self._session.opaque

    def redact(self, text: str) -> str:
        """Blot out the key where the service echoes it."""
        return self._session.redact(text)

    @property
    def _may_have_applied(self) -> bool:
        return self._ambiguous or self.sent

    async def run(self) -> Any:
        """Attempt until there is an answer, or a failure that must be told."""
        session = self._session
        while True:
            outcome, pause = await self._try()
            if isinstance(outcome, Success):
                return outcome.value
            action = decide(self.effect, outcome.failure, self._attempt, session.retry.attempts)
            settles = action is Action.RAISE and self.effect is Effect.DATAPOINT and self._ambiguous
            if action is Action.RECONCILE or settles:
                verdict = await self._reconcile(outcome.error, again=not settles)
                if isinstance(verdict, Found):
                    return verdict.value
                continue
            if action is Action.RETRY:
                pause = session.retry.pause(self._attempt)
            if action is Action.RAISE or self._clock.time() + pause >= self.ends:
                raise self._named(outcome.error, outcome.failure)
            if action is Action.RETRY:
                if not session.pool.quota.take():
                    _log.warning("%s: not tried again, too many calls fail at once", self.operation)
                    raise self._named(outcome.error, outcome.failure)
                self._tell("retry", pause, outcome.failure.value)
                await asyncio.sleep(pause)
            else:
                self._tell("pause", pause, outcome.failure.value)

    async def _try(self) -> tuple[Success | Lost, float]:
        """Wait for a turn and attempt once; a 429 comes with the pause that the gate makes of it."""
        session = self._session
        gate = session.gate
        self._waits = True
        try:
            ticket = await gate.acquire(self.ends)
        except RateLimitError as exc:
            return Lost(Failure.FINAL, self._limited(exc)), 0.0
        self._attempt += 1
        if session.on_event is not None:
            self._tell("attempt")
        self._waits = False
        try:
            send = session.follow if session.follows else session.exchange
            reply = await send(self, self._url)
        except BaseException:
            gate.abandoned(ticket)
            raise
        pause = 0.0
        if isinstance(reply, Lost):
            outcome: Success | Lost = reply
            if reply.failure is Failure.UNKNOWN and self.effect is Effect.NOTIFY and not self.sent:
                text = f"{reply.error.args[0]}; nothing was sent"
                outcome = Lost(Failure.NOT_SENT, ConnectError(text))
            gate.abandoned(ticket)
        elif self._kept is not None and self._kept.stands(reply):
            outcome = Success(self._kept)
            gate.passed(ticket)
        else:
            outcome = judge(reply, self)
            if isinstance(outcome, Lost) and outcome.failure is Failure.LIMITED:
                # Nothing is in doubt, should the call end while a shared gate is told.
                self.sent, self._waits, self._last = False, True, outcome.error
                pause = await gate.limited(ticket, cast("RateLimitError", outcome.error).retry_after)
            else:
                gate.passed(ticket)
            if isinstance(outcome, Success) and self._kept is not None:
                outcome = Success(Kept(outcome.value, reply.headers))
        self.sent = False
        if isinstance(outcome, Success):
            session.pool.quota.succeeded()
        else:
            self._last = outcome.error
            self._ambiguous |= outcome.failure is Failure.UNKNOWN and self.effect is not Effect.READ
        return outcome, pause

    async def _reconcile(self, error: InstatusError, *, again: bool) -> Found | None:
        """Find out what became of an attempt; None asks for another one, with the datapoints that are missing."""
        self._tell("reconcile", reason=str(error.args[0]))
        if self.effect is not Effect.DATAPOINT:
            return Found(await self.search(error))
        fingerprint, without = self._fingerprint, self._without
        if fingerprint is None or without is None:
            raise self._unknown(error)
        verdict = await self._look(fingerprint)
        if isinstance(verdict, Found):
            return verdict
        if isinstance(verdict, InstatusError) or self._attempt >= self._session.retry.attempts:
            raise self._unknown(error)
        if not again:
            raise self._named(error, Failure.FINAL)
        pause = self._session.retry.pause(self._attempt)
        self.data = _encoded(without(verdict.points), self.operation)
        await asyncio.sleep(pause)
        return None

    async def search(self, error: InstatusError | None = None) -> Any:
        """Look for the record with growing pauses, and return it in the wire's shape."""
        error = error or InstatusError("its answer was lost")
        fingerprint = self._fingerprint
        if fingerprint is None or fingerprint.search is None:
            raise self._unknown(error)
        self._looking = self._ambiguous = True
        self._last = error
        for number, pause in enumerate(_LOOKS):
            if self._clock.time() + pause >= self.ends:
                break
            await asyncio.sleep(pause)
            if number > 0 and not self._session.pool.quota.take():  # an outage is not multiplied by looking either
                continue
            verdict = await self._look(fingerprint)
            _log.info("%s: look %d for a lost outcome: %s", self.operation, number + 1, type(verdict).__name__)
            if isinstance(verdict, Found):
                return verdict.value
            if isinstance(verdict, ClientStateError):  # closed meanwhile: no look will tell more
                break
        raise self._unknown(error)

    async def _look(self, fingerprint: Fingerprint) -> Any:
        """Look once; what goes wrong with the looking itself is returned."""
        session = self._session.with_options(timeout=max(0.001, self.ends - self._clock.time()))

        async def ask(path: str, query: str) -> Any:
            operation = f"GET {path} (looking for {self.operation})"
            return await session.request("GET", path, operation=operation, effect=Effect.READ, query=query)

        try:
            return await look(fingerprint, ask)
        except DuplicateDetectedError:
            raise
        except InstatusError as exc:
            return exc

    def _tell(
        self, kind: Literal["attempt", "retry", "pause", "reconcile"], seconds: float = 0.0, reason: str = ""
    ) -> None:
        if kind != "attempt":
            _log.info("%s: attempt %d: %s (%s), %.2f s", self.operation, self._attempt, kind, reason, seconds)
        self._session.tell(
            Event(kind=kind, operation=self.operation, attempt=self._attempt, seconds=seconds, reason=reason)
        )

    def _named(self, error: InstatusError, failure: Failure) -> InstatusError:
        """Put the operation before the message, and behind it what an attempt before may have done."""
        lost_before = self._ambiguous and failure is not Failure.UNKNOWN
        earlier = "; an attempt before it may have been carried out" if lost_before else ""
        error.args = (f"{self.operation}: {error.args[0]}{earlier}",)
        if isinstance(error, APIError):
            error.message = error.args[0]
        if isinstance(error, (APIError, TransportError, DecodeError)):
            error.may_have_applied = not self.reads and (error.may_have_applied or self._ambiguous)
        return error

    def _limited(self, error: RateLimitError) -> RateLimitError:
        """Prefer what the service said to what the gate knows."""
        last = self._last
        return last if isinstance(last, RateLimitError) else error

    def _unknown(self, error: InstatusError) -> OutcomeUnknownError:
        return OutcomeUnknownError(
            f"{self.operation}: sent, but its outcome is unknown: {error.args[0]}. It may have been carried out, and "
            "have told whom it notifies. Look for the record before you send it again.",
            fingerprint=self._fingerprint,
        )

    def late(self) -> InstatusError:
        """Make the error of a call whose time is up."""
        if self._looking and self._last is not None:
            return self._unknown(self._last)
        applied = self._may_have_applied
        if isinstance(self._last, RateLimitError) and self._waits and not applied:
            return self._named(self._last, Failure.LIMITED)
        outcome = "it may have been carried out" if applied else "nothing was carried out"
        before = f"; the attempt before it: {self._last.args[0]}" if self._last is not None else ""
        return DeadlineExceededError(
            f"{self.operation}: no result within {self._session.timeout:g} s; {outcome}{before}. Give it a longer "
            "timeout=.",
            may_have_applied=applied,
            fingerprint=self._fingerprint if applied else None,
        )


def _encoded(body: Any, operation: str) -> bytes:
    try:
        return dumps(body, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as exc:
        reason = str(exc)
    raise InvalidRequestError(f"{operation}: the body is not JSON ({reason}). Nothing was sent.")
