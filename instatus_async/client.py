"""The account behind an API key. Building its handle does no I/O."""

# Nouns are imported when they are first asked for: their models would be most of what importing the SDK costs.

import os
import re
import ssl as ssl_module
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self, cast
from urllib.parse import quote, urlencode

import aiohttp

from ._model import Model
from ._settings import hidden
from ._wire import read
from .errors import ConfigError, InvalidRequestError
from .rate_limit import Gate
from .reconcile import Fingerprint
from .retry import Effect, RetryPolicy
from .session import DEFAULT_BASE_URL, DEFAULT_MAX_RESPONSE_BYTES, DEFAULT_TIMEOUT, Event, SessionManager

if TYPE_CHECKING:
    from .jobs.pages import PageJobs
    from .page import Page
    from .resources.user import User
    from .resources.workspaces import Workspaces

__all__ = ["InstatusClient"]

_EFFECT_OF_METHOD = {
    "GET": Effect.READ,
    "HEAD": Effect.READ,
    "PUT": Effect.NOTIFY,
    "DELETE": Effect.IDEMPOTENT,
    "POST": Effect.NOTIFY,
    "PATCH": Effect.NOTIFY,
}


class InstatusClient:
    """The account behind an API key: its pages, workspaces and user.

    A key reaches every page and workspace of its user; there are no scopes (quirk 8). Connections open with the first
    call and belong to its event loop: use `async with`, or `aclose()` when done.

    `timeout` is the total of one call in seconds, a day at most, with all its attempts and pauses. `session` lends an
    aiohttp session of the same event loop: its connections, proxy, trace configs and middlewares are used, and it is
    neither changed nor closed. A middleware that tries again does so in vain for what tells subscribers: it gets the
    first outcome again, which then is for the client to deal with.
    `gate` may be shared by several clients of one key, and `instatus_async.redis.RedisGate` by several processes.
    `proxy` is the URL of an HTTP proxy; `trust_env` takes it from the environment. `ssl` is a verifying SSLContext.
    Answers larger than `max_response_bytes` are refused. `on_event` hears of attempts, retries, pauses and
    reconciliations.

    Raises ConfigError for a setting that cannot work, or that would show the key to others.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
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
    ) -> None:
        if api_key is None:
            api_key = os.environ.get("INSTATUS_API_KEY")
            if api_key is None:
                raise ConfigError("No API key: set INSTATUS_API_KEY, or pass api_key=.")
        api_key = hidden(api_key)
        self._session = SessionManager(
            api_key=api_key,
            base_url=base_url,
            timeout=timeout,
            session=session,
            retry=retry,
            gate=gate,
            proxy=proxy,
            ssl=ssl,
            trust_env=trust_env,
            user_agent=user_agent,
            max_response_bytes=max_response_bytes,
            on_event=on_event,
        )

    @cached_property
    def pages(self) -> "PageJobs":
        """The status pages of the account."""
        from .jobs.pages import PageJobs

        return PageJobs(self._session)

    @cached_property
    def workspaces(self) -> "Workspaces":
        """The workspaces of the account."""
        from .resources.workspaces import Workspaces

        return Workspaces(self._session)

    @cached_property
    def user(self) -> "User":
        """The user whose key this is."""
        from .resources.user import User

        return User(self._session)

    def page(self, page_id: str, /) -> "Page":
        """Return the handle of one status page. Nothing is sent.

        Raises InvalidIdError for what cannot be an id.
        """
        from .page import Page

        return Page(self._session, page_id)

    def with_options(self, *, timeout: float | None = None, retry: RetryPolicy | None = None) -> "InstatusClient":
        """Return a view on the same connections with another total timeout, in seconds, or retry policy."""
        view = object.__new__(InstatusClient)
        view._session = self._session.with_options(timeout=timeout, retry=retry)
        return view

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        json: Any = None,
        effect: Effect | Literal["read", "idempotent", "datapoint", "notify"] | None = None,
    ) -> Any:
        """Send what the SDK has no method for, and return the parsed JSON, or None for an empty answer.

        `path` begins with "/"; its segments are quoted, dot segments refused. `json` is sent as it is, in the wire's
        own names. `effect` says what sending it twice would do. Unless given, GET is a read, DELETE is idempotent, and
        everything else counts as telling subscribers: it is never sent twice.

        Raises InvalidRequestError before anything is sent, and the errors of every other call.
        """
        verb = str(method).upper()
        if verb not in _EFFECT_OF_METHOD:
            raise InvalidRequestError(
                f"method: {method!r} is none of {', '.join(_EFFECT_OF_METHOD)}. Nothing was sent."
            )
        return await self._session.request(
            verb,
            _quoted(path),
            operation=f"{verb} {path}",
            effect=_EFFECT_OF_METHOD[verb] if effect is None else _effect(effect),
            query="" if query is None else _query(query),
            body=json,
        )

    @property
    def unresolved(self) -> Sequence[Fingerprint]:
        """What cancelled calls sent whose outcome nobody knows, oldest first; the last thousand of them.

        `reconcile` looks for one, and takes it off the list when it is found.
        """
        return tuple(self._session.unresolved)

    async def reconcile(self, fingerprint: Fingerprint, /) -> Model | None:
        """Look again for what an earlier call sent, also one of another process, and return its record.

        The fingerprint comes from OutcomeUnknownError, DeadlineExceededError or `unresolved`. For datapoints the result
        is None when all have arrived. Nothing is written, and nobody is told anything.

        Raises OutcomeUnknownError when it is not there (yet), or cannot be looked for, and DuplicateDetectedError when
        it is there more than once.
        """
        given: Any = fingerprint
        if not isinstance(given, Fingerprint):
            raise InvalidRequestError(
                "fingerprint: expected the .fingerprint of an error, or one of client.unresolved. Nothing was sent."
            )
        value = await self._session.reconcile(fingerprint)
        return None if fingerprint.answer is None or value is None else read(fingerprint.answer, value)

    async def aclose(self) -> None:
        """Close the connections, those of the views too, after waiting up to 5 seconds for calls in flight.

        A lent session stays open.
        """
        await self._session.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"<InstatusClient {getattr(self, '_session', None)!r}>"  # tracebacks show it half built

    def __reduce__(self) -> NoReturn:
        raise TypeError("an InstatusClient holds a key and connections, and does not pickle")


def _query(query: object) -> str:
    """Encode what has one meaning in a query; a flag, a list or nothing would be a guess."""
    if not isinstance(query, Mapping):
        raise InvalidRequestError("query: expected a mapping of names to text or whole numbers. Nothing was sent.")
    pairs = cast("Mapping[object, object]", query)
    for name, value in pairs.items():
        if not isinstance(name, str) or isinstance(value, bool) or not isinstance(value, (str, int)):
            raise InvalidRequestError(
                f"query: {name!r}: expected text or a whole number, got {type(value).__name__}. Write it as the API's "
                "text, or leave it out. Nothing was sent."
            )
    try:
        return urlencode(cast("Mapping[str, str | int]", pairs))
    except UnicodeEncodeError:
        raise InvalidRequestError("query: it holds half a surrogate pair. Nothing was sent.") from None


def _effect(effect: object) -> Effect:
    """Read an effect or its text; decisions compare by identity, and would take anything else for a read."""
    try:
        return Effect(effect)
    except ValueError:
        known = ", ".join(member.value for member in Effect)
        raise InvalidRequestError(f"effect: {effect!r} is none of {known}. Nothing was sent.") from None


_SEGMENTS = re.compile(r"(/[^/?#\\\x00-\x20\x7f]+)+/?")


def _quoted(path: object) -> str:
    """Quote a path by its segments; `%` is a letter like any other here, so that nothing gets unquoted."""
    if not isinstance(path, str) or len(path) > 2048 or not _SEGMENTS.fullmatch(path):
        raise InvalidRequestError("path: expected /one/or/more segments without query or fragment. Nothing was sent.")
    segments = path.split("/")
    if any(segment and not segment.strip(".") for segment in segments):
        raise InvalidRequestError("path: dot segments lead elsewhere. Nothing was sent.")
    try:
        return "/".join(quote(segment, safe="!$&'()*+,;=:@") for segment in segments)
    except UnicodeEncodeError:
        raise InvalidRequestError("path: it holds half a surrogate pair. Nothing was sent.") from None
