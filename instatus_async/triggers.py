"""Tell Instatus that something is down or up, or that a job is alive, by an address that needs no key.

    await trigger(url, "down")          # the webhook URL of a custom service (quirk 100)
    await heartbeat(url)                # the URL of a heartbeat monitor (quirk 103)
    async with heartbeat(url):          # a cron job: says whether it succeeded
        ...

The address is the credential: whoever has it can do the same. It is in no error, log, repr or trace (these calls are
not traced at all, since spans are named by their URLs), no redirect carries it on, and it goes over https only, but for
loopback.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from types import TracebackType
from typing import Any, Literal, NoReturn, TypeAlias, get_args

import aiohttp

from ._settings import Secret, check_base_url
from .errors import APIError, ConfigError, InstatusError, InvalidRequestError, RedirectError
from .retry import Effect
from .session import DEFAULT_TIMEOUT, SessionManager

__all__ = ["Heartbeat", "TriggerState", "heartbeat", "trigger"]

TriggerState: TypeAlias = Literal["down", "up"]
"""What a custom service can be told."""

_log = logging.getLogger("instatus_async")


async def trigger(
    url: str,
    /,
    state: TriggerState,
    *,
    session: aiohttp.ClientSession | None = None,
    timeout: float = DEFAULT_TIMEOUT,  # noqa: ASYNC109 - of the whole call, as everywhere here
) -> None:
    """Say "down" or "up" by the webhook URL of a custom service; what follows is set up in the integration.

    It states how things are, so saying it twice changes nothing, and a lost answer is tried again. `timeout` is the
    total in seconds. `session` lends an aiohttp session's connections to who calls often.

    Raises InvalidRequestError before anything is sent, and the errors of every other call: NotFoundError for an address
    that Instatus does not know, DeadlineExceededError, ConnectError.
    """
    url = _secret(url)
    target = _Target(url, session, timeout)
    if state not in get_args(TriggerState):
        raise InvalidRequestError('trigger: the state must be "down" or "up". Nothing was sent.')
    await target.post(f"trigger {state}", "", {"trigger": state})


def heartbeat(
    url: str, /, *, session: aiohttp.ClientSession | None = None, timeout: float = DEFAULT_TIMEOUT
) -> Heartbeat:
    """Name a heartbeat monitor by its URL, to await it for a ping or to put a job into its `async with`.

    Nothing is sent before that. Instatus raises the alarm when no ping comes in time, so a second ping changes nothing,
    and a lost answer is tried again. `timeout` is the total of one ping in seconds. `session` lends an aiohttp
    session's connections.

    Raises InvalidRequestError for what cannot be the URL of a heartbeat.
    """
    url = _secret(url)
    return Heartbeat(url, session=session, timeout=timeout)


class Heartbeat:
    """A heartbeat monitor. Awaiting it says that all is well.

    As a context manager it says at the end whether the block succeeded. A failure is reported, and then raised as it
    is; that it could not be reported is logged and noted on it. A success that cannot be reported raises. A block that
    is cancelled, or ends by SystemExit or KeyboardInterrupt, reports nothing: the missing ping tells.
    """

    __slots__ = ("_target",)

    def __init__(
        self, url: str, /, *, session: aiohttp.ClientSession | None = None, timeout: float = DEFAULT_TIMEOUT
    ) -> None:
        url = _secret(url)
        self._target = _Target(url, session, timeout)
        if self._target.path.endswith("/fail"):
            raise InvalidRequestError("heartbeat: leave /fail off the URL; use .fail(). Nothing was sent.")

    async def fail(self) -> None:
        """Say that the job failed: Instatus does not wait for the ping that is missing."""
        await self._target.post("heartbeat fail", "/fail", None)

    def __await__(self) -> Generator[Any, Any, None]:
        return self._target.post("heartbeat", "", None).__await__()

    async def __aenter__(self) -> None:
        pass

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if exc is None:
            await self
        elif isinstance(exc, Exception):
            try:
                await self.fail()
            except Exception as problem:  # noqa: BLE001 - it is the job's that is raised
                # What a lent session raises may say the address.
                told = problem if isinstance(problem, InstatusError) else type(problem).__name__
                _log.error("The failure could not be reported: %s", told)
                exc.add_note(f"The failure could not be reported: {told}")

    def __repr__(self) -> str:
        return "<Heartbeat>"  # its URL is a secret

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Heartbeat holds a secret URL, and does not pickle")


def _secret(url: Any) -> Any:
    """Wrap an address at the door, so that no traceback from further inside shows it."""
    return Secret(url) if isinstance(url, str) else url


class _Target:
    """A secret URL, and how it is called."""

    __slots__ = ("_base", "_session", "_timeout", "path")

    def __init__(self, url: object, session: aiohttp.ClientSession | None, timeout: float) -> None:
        self._base, self.path = _parts(url)
        self._session = session
        self._timeout = timeout
        self._manager()  # refuses settings that cannot work now, and not after the job

    def _manager(self) -> SessionManager:
        return SessionManager(
            api_key=None,
            base_url=self._base,
            timeout=self._timeout,
            session=self._session,
            secret_path=Secret(self.path.rpartition("/")[2]),
        )

    async def post(self, operation: str, suffix: str, body: Any) -> None:
        """Send one call; both kinds may be repeated."""
        manager = self._manager()
        try:
            await manager.request(
                "POST", Secret(self.path + suffix), operation=operation, effect=Effect.IDEMPOTENT, body=body
            )
        except RedirectError:
            redirected = RedirectError(f"{operation}: the server redirects elsewhere, which is not followed. {_HINT}")
        except APIError as exc:
            if 400 <= exc.status < 500 and exc.status != 429:
                exc.message = f"{operation}: refused with {exc.status}. {_HINT}"
                exc.args = (exc.message,)
            raise
        else:
            return
        finally:
            await manager.aclose()
        raise redirected


_HINT = "Copy the URL again from where Instatus shows it: it is the credential."


def _parts(url: object) -> tuple[str, Secret]:
    """Split a secret URL into its origin and its path, or refuse it without showing it."""
    parsed = None
    if isinstance(url, Secret):
        try:
            parsed = check_base_url(url)
        except ConfigError:
            parsed = None
    path = "" if parsed is None else parsed.raw_path.rstrip("/")
    if parsed is None or not path or "//" in path:
        raise InvalidRequestError(
            "url: expected the whole address that Instatus shows, https:// with a path and without user, query and "
            "fragment; http:// is for this machine only. Nothing was sent."
        )
    return str(parsed.origin()), Secret(path)
