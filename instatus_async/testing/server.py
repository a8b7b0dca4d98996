"""Run a whole Instatus on loopback ports: the API on one, the status pages on another."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from . import seeds
from .ledger import Notification
from .listener import Handler, Listener
from .log import RequestLog
from .routes import maintenances
from .schedule import Faults
from .state import Ids, State
from .times import Clock, ManualClock, real_clock
from .validate import Row
from .webhooks import Delivery, Webhooks, secret_of
from .wire import Wire

if TYPE_CHECKING:
    from instatus_async import InstatusClient, PublicStatusPage


_TOLD_ABOUT: Final = ("incidents", "maintenances", "components", "subscribers", "teammates")


class InstatusServer:
    """Be Instatus, for tests and for trying things out.

        async with InstatusServer() as server, server.client() as client:
            ...

    The server starts with one user, one workspace, and one page, "Acme", with the components Website, App and API.
    """

    def __init__(
        self,
        *,
        api_key: str = "instatus-test-key",
        host: str = "127.0.0.1",
        port: int = 0,
        page_port: int = 0,
        clock: Clock = real_clock,
        id_seed: int = 0,
        allow_remote: bool = False,
    ) -> None:
        """Prepare a server; it listens after `start()`.

        Port 0 means a free one. Any `host` but a loopback address is refused unless `allow_remote` is true. The same
        `id_seed` makes the same ids in the same order.
        """
        if not allow_remote and not _is_loopback(host):
            message = f"{host!r} is not a loopback address; say allow_remote=True to let other machines in"
            raise ValueError(message)
        self.api_key = api_key
        self._host = host
        self._ports = (port, page_port)
        self._clock = clock
        self._id_seed = id_seed
        self._listeners: list[Listener] = []
        self._webhooks = Webhooks()
        self._url = self._pages_url = ""
        self._wire = Wire(self._fresh_state(), api_key)

    def __repr__(self) -> str:
        where = f"{self._url}, pages at {self._pages_url}" if self._listeners else "not running"
        return f"<InstatusServer {where}, {self.faults!r}>"

    # Running

    async def start(self) -> None:
        """Listen on both ports."""
        if self._listeners:
            message = "this server is running already"
            raise RuntimeError(message)
        try:
            self._url = await self._listen(self._wire.serve_api, self._ports[0])
            self._pages_url = await self._listen(self._wire.serve_page, self._ports[1])
        except BaseException:
            await self.close()
            raise
        self._webhooks.open()

    async def close(self) -> None:
        """Stop listening and drop every connection. The state, the log and the ledger can still be read."""
        listeners, self._listeners = self._listeners, []
        await self.faults.close()
        for listener in listeners:
            await listener.close()
        await self._webhooks.close()

    @asynccontextmanager
    async def refuse(self) -> AsyncGenerator[None]:
        """Refuse every new connection, and end the idle ones: `async with server.refuse(): ...`.

        When the block ends, the server listens on the same ports again.
        """
        listeners = self._listeners
        for listener in listeners:
            await listener.refuse()
        try:
            yield
        finally:
            for listener in listeners:
                await listener.come_back()

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        await self.close()

    @property
    def url(self) -> str:
        """Return the base URL of the API."""
        return self._running(self._url)

    def page_url(self, page_id: str | None = None) -> str:
        """Return the public URL of a page, the first one unless told otherwise.

        The first page has the host to itself; the others are found under `/{subdomain}`. Each is also found at
        `http://{subdomain}.localhost:{port}`, where that name resolves.
        """
        return self._url_of(self._page(page_id))

    def client(self, **options: Any) -> InstatusClient:
        """Return an SDK client for this server, still to be entered or closed.

        `options` are those of InstatusClient. `api_key="wrong"` makes one that is refused with 401.
        """
        from instatus_async import InstatusClient  # noqa: PLC0415 - the SDK must be importable without this package

        settings: dict[str, Any] = {"api_key": self.api_key, "base_url": self.url, **options}
        return InstatusClient(**settings)

    def public(self, page_id: str | None = None) -> PublicStatusPage:
        """Return an SDK reader of a page's public data."""
        from instatus_async import PublicStatusPage  # noqa: PLC0415 - the SDK must be importable without this package

        return PublicStatusPage(self.page_url(page_id))

    # State

    @property
    def page_id(self) -> str:
        """Return the id of the first page."""
        return str(self._page(None)["id"])

    def component_id(self, name: str, page_id: str | None = None) -> str:
        """Return the id of a component by its name."""
        page = self._page(page_id)
        for row in self._wire.state.components_of(page["id"]):
            if row["name"] == name:
                return str(row["id"])
        message = f"the page {page['name']!r} has no component {name!r}"
        raise LookupError(message)

    def seed(self, page_id: str | None = None, **rows: Sequence[Row]) -> dict[str, tuple[str, ...]]:
        """Add rows without a request, tell nobody, and return their ids by noun.

        Nouns are `pages`, `components`, `incidents`, `subscribers` and so on. A row is what the API's create operation
        takes; other columns may be given as well:

            server.seed(subscribers=[{"email": "bo@acme.example", "confirmed": True}])

        Names are the wire's: `autoConfirm`, and `"statuses": [{"id": api, "status": "MAJOROUTAGE"}]`. When one row is
        refused, nothing is added.
        """
        return seeds.seed(self._wire.state, self._page(page_id), rows)

    def reset(self) -> None:
        """Go back to the starting state, with an empty log and ledger and without faults; ids start again.

        Those of before are unknown to `told`, `announcements` and `webhook_secret`.
        """
        self._webhooks.reset()
        self._wire.restart(self._fresh_state())

    def tick(self) -> None:
        """Let what is due by the clock happen: maintenances start and end. Every request does the same."""
        maintenances.tick(self._wire.state)

    def advance(self, by: timedelta) -> None:
        """Move the server's ManualClock on, and let what is due happen."""
        if not isinstance(self._clock, ManualClock):
            message = "only a ManualClock can be moved: InstatusServer(clock=ManualClock())"
            raise TypeError(message)
        self._clock.advance(by)
        self.tick()

    # Trouble

    @property
    def faults(self) -> Faults:
        """Return what decides which requests go wrong."""
        return self._wire.faults

    # Evidence

    @property
    def requests(self) -> RequestLog:
        """Return the log of the requests to both hosts."""
        return self._wire.log

    @property
    def ledger(self) -> tuple[Notification, ...]:
        """Return every message that subscribers and others would have got, in order."""
        return tuple(self._wire.state.ledger.notifications)

    def told(self, about: str) -> tuple[Notification, ...]:
        """Return the messages about one incident, maintenance, component, subscriber or teammate, by its id.

        Deleted ones count. Raises LookupError for the id of anything else, and TypeError for what is no id.
        """
        self._made("told", about, _TOLD_ABOUT)
        return tuple(entry for entry in self.ledger if entry.about == about)

    def announcements(self, about: str) -> int:
        """Count the requests that told subscribers about something, even where there was nobody to be told.

        `about` is an id, as for `told`.
        """
        self._made("announcements", about, _TOLD_ABOUT)
        made = self._wire.state.ledger.announcements
        return sum(entry.about == about and entry.request is not None for entry in made)

    def webhook_secret(self, subscriber_id: str) -> str:
        """Return the secret with which webhooks to a subscriber are signed: 64 hex characters (quirk 96)."""
        self._made("webhook_secret", subscriber_id, ("subscribers",))
        return secret_of(self._wire.state, subscriber_id)

    async def deliveries(self) -> tuple[Delivery, ...]:
        """Wait until every webhook so far has been answered or has failed, and return them all in order."""
        return await self._webhooks.deliveries()

    # Inside

    def _made(self, asked: str, record_id: str, nouns: Sequence[str]) -> None:
        """Refuse what is not the id of a record of these nouns, be it deleted: nothing would be found in silence."""
        noun = self._wire.state.made.get(_id(record_id, asked))
        if noun not in nouns:
            rest = "" if noun is None else f"; it is one of the {noun.replace('_', ' ')}"
            message = f"{asked}: {record_id!r} was never the id of one of the {', '.join(nouns)}{rest}"
            raise LookupError(message)

    def _fresh_state(self) -> State:
        state = State(clock=self._clock, ids=Ids(self._id_seed), page_url=self._url_of)
        state.ledger.call = partial(self._webhooks.call, state)
        seeds.begin(state)
        return state

    def _page(self, page_id: str | None) -> Row:
        pages = self._wire.state.pages
        if page_id is None:
            page_id = next(iter(pages), "")
        if _id(page_id, "page_id") not in pages:
            message = f"this server has no page {page_id!r}" if page_id else "this server has no page left"
            raise LookupError(message)
        return pages[page_id]

    def _url_of(self, page: Row) -> str:
        base = self._running(self._pages_url)
        return base if page["id"] == self.page_id else f"{base}/{page['subdomain']}"

    def _running(self, url: str) -> str:
        if not url:
            message = "start the server first: async with InstatusServer() as server"
            raise RuntimeError(message)
        return url

    async def _listen(self, handler: Handler, port: int) -> str:
        listener = Listener(handler, self.faults.admits)
        self._listeners.append(listener)
        return await listener.open(self._host, port)


def _id(given: object, asked: str) -> str:
    if not isinstance(given, str):
        message = f"{asked}: expected the id, a text, and got {type(given).__name__}"
        raise TypeError(message + (": say .id" if hasattr(given, "id") else ""))
    return given


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
