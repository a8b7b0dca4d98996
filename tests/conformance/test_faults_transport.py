"""Cases 1 to 16: what goes wrong below HTTP."""

from __future__ import annotations

import asyncio
import inspect
import socket
import ssl
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import aiohttp.abc
import pytest
import trustme

from instatus_async import (
    ConnectError,
    DeadlineExceededError,
    Event,
    Incident,
    OutcomeUnknownError,
    ProtocolError,
    TlsError,
)
from instatus_async.testing import faults

from .kit import FAST, INCIDENTS, Stage, create, embedded, patient


class Attempts:
    """Count the attempts that a client tells of: a server that is not reached cannot."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    @property
    def count(self) -> int:
        return sum(event.kind == "attempt" for event in self.events)


async def test_01_refused(caplog: pytest.LogCaptureFixture) -> None:
    attempts = Attempts()
    async with embedded(caplog, on_event=attempts) as stage:
        async with stage.server.refuse():
            error = await stage.fails(
                create(stage.page), ConnectError, "POST /v1.* no connection: .*nothing was sent", n=0
            )
        assert (attempts.count, error.may_have_applied) == (3, False)
        await stage.works()


class NoSuchHost(aiohttp.abc.AbstractResolver):
    """Know no host, as a resolver without a network; let others through when it is back."""

    def __init__(self) -> None:
        self.asked = 0
        self.back = False

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[aiohttp.abc.ResolveResult]:
        self.asked += 1
        if not self.back:
            raise OSError(socket.EAI_NONAME, "Name or service not known")
        return [aiohttp.abc.ResolveResult(hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        pass


async def test_02_dns(caplog: pytest.LogCaptureFixture) -> None:
    attempts, resolver = Attempts(), NoSuchHost()

    connector = Connector(resolver=resolver, force_close=True)
    async with (
        aiohttp.ClientSession(connector=connector) as own,
        embedded(caplog, at="instatus.localhost", session=own, on_event=attempts) as stage,
    ):
        error = await stage.fails(create(stage.page), ConnectError, "no connection: .*nothing was sent", n=0)
        assert (attempts.count, resolver.asked, error.may_have_applied) == (3, 3, False)
        resolver.back = True
        await stage.works()


class Connector(aiohttp.TCPConnector):
    """A connector of the program's own making, which the client uses for all its calls."""


@asynccontextmanager
async def silent_port() -> AsyncGenerator[str]:
    """A port whose queue of connections is full, so that connecting takes for ever."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        listening.setblocking(False)
        fillers: list[socket.socket] = []
        try:
            for _ in range(4):  # more than fit
                filler = socket.socket()
                filler.setblocking(False)
                fillers.append(filler)
                with suppress(BlockingIOError):
                    filler.connect(listening.getsockname())
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            for filler in fillers:
                filler.close()


async def test_03_connect_timeout(caplog: pytest.LogCaptureFixture) -> None:
    attempts = Attempts()
    async with (
        silent_port() as url,
        embedded(caplog, base_url=url, timeout=2.0, on_event=attempts, retry=FAST) as stage,
    ):
        stage.client._session._timeouts = aiohttp.ClientTimeout(total=None, sock_connect=0.05, sock_read=1.0)
        error = await stage.fails(create(stage.page), ConnectError, "no connection in time; nothing was sent", n=0)
        assert (attempts.count, error.may_have_applied) == (3, False)
        stage.client._session._base = stage.server.url
        await stage.works()


async def test_04_tls_handshake_that_stalls(caplog: pytest.LogCaptureFixture) -> None:
    """A server that accepts and says nothing."""
    attempts = Attempts()
    gone: list[asyncio.Event] = []

    async def serve_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gone.append(asyncio.Event())
        with suppress(ConnectionError):
            await reader.read()
        writer.close()
        gone[-1].set()

    server = await asyncio.start_server(serve_nothing, "127.0.0.1", 0)
    async with server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with embedded(caplog, base_url=url, timeout=5.0, on_event=attempts) as stage:
            stage.client._session._timeouts = aiohttp.ClientTimeout(total=None, sock_connect=0.05, sock_read=1.0)
            error = await stage.fails(create(stage.page), ConnectError, "no connection in time; nothing was sent", n=0)
            assert (attempts.count, len(gone), error.may_have_applied) == (3, 3, False)
            stage.client._session._base = stage.server.url
            await stage.works()
        for event in gone:
            await event.wait()


EXPIRED = datetime.now(UTC) - timedelta(days=1)


@pytest.mark.parametrize("what", ["expired", "another host", "self-signed"])
async def test_05_certificate(caplog: pytest.LogCaptureFixture, what: str) -> None:
    attempts, ca = Attempts(), trustme.CA()
    certificate = {
        "expired": lambda: ca.issue_cert("localhost", not_after=EXPIRED),
        "another host": lambda: ca.issue_cert("status.example"),
        "self-signed": lambda: trustme.CA().issue_cert("localhost"),
    }[what]()
    theirs, ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    certificate.configure_cert(theirs)  # pyright: ignore[reportUnknownMemberType]  # of pyOpenSSL
    ca.configure_trust(ours)  # pyright: ignore[reportUnknownMemberType]  # of pyOpenSSL
    heard: list[bytes] = []

    async def serve_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, ssl.SSLError):
            heard.append(await reader.read())
        writer.close()

    server = await asyncio.start_server(serve_tls, "127.0.0.1", 0, ssl=theirs)
    async with server:
        url = f"https://localhost:{server.sockets[0].getsockname()[1]}"
        async with embedded(caplog, base_url=url, ssl=ours, on_event=attempts) as stage:
            error = await stage.fails(create(stage.page), TlsError, "certificate is not trusted; nothing was sent", n=0)
            assert (attempts.count, error.may_have_applied) == (1, False)
            stage.client._session._base = stage.server.url
            await stage.works()
    assert b"".join(heard) == b""


async def recon(stage: Stage, fault: faults.Fault) -> Incident:
    """The answer to a POST is lost after it was carried out: the record is returned as if nothing had happened."""
    stage.server.faults.next(fault, "POST", INCIDENTS)
    incident = await stage.returns(create(stage.page), n=1, told=1)
    assert incident.name == "Down"
    assert stage.server.announcements(incident.id) == 1
    assert [entry.committed for entry in stage.server.requests.matching("POST", INCIDENTS)] == [True]
    await stage.works()
    return incident


async def unknown(stage: Stage, fault: faults.Fault, *, n: int = 1) -> None:
    """As long as nobody answers the looking either, the outcome is unknown; later it is found."""
    stage.server.faults.every(fault, "POST", INCIDENTS)
    blind = stage.server.faults.every(faults.Status(503), "GET")
    told = int(getattr(fault, "after_commit", True))
    error = await stage.fails(create(stage.page), OutcomeUnknownError, "its outcome is unknown", n=n, told=told)
    assert "before you send it again" in str(error)
    stage.server.faults.cancel(blind)
    if told:
        found = await stage.found_later(error)
        assert stage.server.announcements(found.id) == 1
    else:
        with pytest.raises(OutcomeUnknownError):
            await stage.client.reconcile(error.fingerprint) if error.fingerprint else None
    await stage.works()


async def test_06_reset_after_the_post_was_committed(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient(monkeypatch)
    async with embedded(caplog) as stage:
        await recon(stage, faults.Reset(after_commit=True))
    async with embedded(caplog) as stage:
        await unknown(stage, faults.Reset(after_commit=True))


@pytest.mark.parametrize("after_commit", [False, True])
async def test_06_another_incident_of_the_same_name(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, after_commit: bool
) -> None:
    """It is neither taken for this one nor for its double."""
    patient(monkeypatch)
    async with embedded(caplog) as stage:
        other = await create(stage.page)
        stage.server.faults.next(faults.Reset(after_commit=after_commit), "POST", INCIDENTS)
        if after_commit:
            incident = await stage.returns(create(stage.page), n=1, told=1)
            assert incident.id != other.id
        else:
            await stage.fails(create(stage.page), OutcomeUnknownError, "its outcome is unknown", n=1)
        await stage.works()


async def test_06_reset_before_the_post_was_committed(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can tell, so it is not sent again either."""
    patient(monkeypatch)
    async with embedded(caplog) as stage:
        await unknown(stage, faults.Reset())


@pytest.mark.parametrize("after_commit", [False, True])
async def test_07_clean_close_after_a_put_that_notifies(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, after_commit: bool
) -> None:
    """The connection that aiohttp would resend on: one that was kept, with an idempotent method."""
    patient(monkeypatch)
    async with embedded(caplog) as stage:
        incident = await create(stage.page)
        path = f"{INCIDENTS}/{{incident_id}}"
        stage.server.faults.next(faults.Close(after_commit=after_commit), "PUT", path)
        change = stage.page.incidents.update(incident.id, name="Renamed", notify=True)
        if after_commit:
            changed = await stage.returns(change, n=1, told=1, method="PUT", path=path)
            assert changed.name == "Renamed"
        else:
            await stage.fails(change, OutcomeUnknownError, "PUT .*outcome is unknown", n=1, method="PUT", path=path)
        assert stage.server.announcements(incident.id) == 1 + after_commit
        await stage.works()


async def test_08_stale_keep_alive_before_a_post(caplog: pytest.LogCaptureFixture) -> None:
    async with embedded(caplog) as stage:
        for on_next_request in (False, True):
            stage.server.faults.next(faults.StaleKeepAlive(on_next_request=on_next_request), "GET", "/v1/user")
            await stage.client.user.get()
            incident = await stage.returns(create(stage.page), n=1, told=1)
            assert stage.server.announcements(incident.id) == 1
        # Two that tell subscribers, one after the other, do not share a connection either.
        stage.server.faults.next(faults.StaleKeepAlive(on_next_request=True), "POST", INCIDENTS)
        await stage.returns(create(stage.page, "First"), n=1, told=1)
        await stage.returns(create(stage.page, "Second"), n=1, told=1)
        await stage.works()


@pytest.mark.parametrize("on_next_request", [False, True])
async def test_09_stale_keep_alive_before_a_get(caplog: pytest.LogCaptureFixture, on_next_request: bool) -> None:
    async with embedded(caplog) as stage:
        stage.server.faults.next(faults.StaleKeepAlive(on_next_request=on_next_request), "GET", "/v1/user")
        first = await stage.client.user.get()
        again = await stage.returns(stage.client.user.get(), n=1, method="GET", path="/v1/user")
        assert again == first
        await stage.works()


async def test_10_read_timeout_while_the_server_commits_later(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is carried out after the first look for it, and found by a later one."""
    patient(monkeypatch, 0.0, 0.0, 0.0)
    async with embedded(caplog, timeout=5.0) as stage:
        stage.client._session._timeouts = aiohttp.ClientTimeout(total=None, sock_connect=1.0, sock_read=0.1)
        stage.server.faults.next(faults.LateCommit(after_requests=1, silent=True), "POST", INCIDENTS)
        incident = await stage.returns(create(stage.page), n=1, told=1)
        assert stage.server.announcements(incident.id) == 1
        assert [entry.committed for entry in stage.server.requests][:2] == [True, True]
        assert len(stage.server.requests.matching("GET", INCIDENTS)) > 1
        await stage.works()


async def test_10_read_timeout_and_a_commit_that_comes_too_late(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient(monkeypatch)
    async with embedded(caplog, timeout=5.0) as stage:
        stage.client._session._timeouts = aiohttp.ClientTimeout(total=None, sock_connect=1.0, sock_read=0.1)
        stage.server.faults.next(faults.LateCommit(silent=True), "POST", INCIDENTS)
        error = await stage.fails(create(stage.page), OutcomeUnknownError, "no answer in time", n=1)
        stage.server.faults.release()
        found = await stage.found_later(error)
        assert stage.server.announcements(found.id) == 1
        await stage.works()


@pytest.mark.parametrize("keep", [None, 0])
async def test_11_truncated_answer_to_a_post(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, keep: int | None
) -> None:
    patient(monkeypatch)
    async with embedded(caplog) as stage:
        await recon(stage, faults.Truncated(keep=keep))
    async with embedded(caplog) as stage:
        await unknown(stage, faults.Truncated(keep=keep))


async def test_12_half_a_status_line(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    patient(monkeypatch)
    async with embedded(caplog) as stage:
        await recon(stage, faults.HalfStatusLine(after_commit=True))
    for after_commit in (False, True):
        async with embedded(caplog) as stage:
            await unknown(stage, faults.HalfStatusLine(after_commit=after_commit))


async def test_13_garbage_instead_of_a_status_line(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """aiohttp makes a 400 of it, which is none of the service's."""
    patient(monkeypatch)
    async with embedded(caplog) as stage:
        await recon(stage, faults.Garbage(after_commit=True))
    for after_commit in (False, True):
        async with embedded(caplog) as stage:
            await unknown(stage, faults.Garbage(after_commit=after_commit))


class Drops:
    """Let a drop fall every hundredth of a second, as a slow server does."""

    def __init__(self) -> None:
        self.fallen = 0

    async def __call__(self) -> None:
        self.fallen += 1
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("notifies", [False, True])
async def test_14_a_body_that_drips(caplog: pytest.LogCaptureFixture, notifies: bool) -> None:
    """Each drop comes in time, so that no timeout but the total one ends it."""
    drops = Drops()
    async with embedded(caplog, timeout=0.3) as stage:
        stage.server.faults.next(faults.Slow(pace=drops), "POST" if notifies else "GET")
        says = r"no result within 0\.3 s"
        if notifies:
            error = await stage.fails(create(stage.page), DeadlineExceededError, says, n=1, told=1)
            found = await stage.with_time(5.0).found_later(error.fingerprint)
            assert stage.server.announcements(found.id) == 1
        else:
            error = await stage.fails(
                stage.client.user.get(), DeadlineExceededError, says, n=1, method="GET", path="/v1/user"
            )
        assert isinstance(error, TimeoutError)
        assert error.may_have_applied is notifies
        assert 0 < drops.fallen < 100  # the body has more
        await stage.with_time(5.0).works()


@pytest.mark.skipif(
    "max_headers" not in inspect.signature(aiohttp.ClientSession).parameters,
    reason="this aiohttp counts no headers, and reads on until the deadline: take a newer one",
)
@pytest.mark.parametrize("notifies", [False, True])
async def test_15_headers_without_end(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, notifies: bool
) -> None:
    patient(monkeypatch)
    async with embedded(caplog) as stage:
        if notifies:
            await recon(stage, faults.EndlessHeaders(after_commit=True))
        else:
            stage.server.faults.every(faults.EndlessHeaders(), "GET")
            read: Awaitable[Any] = stage.client.user.get()
            await stage.fails(
                read, ProtocolError, "GET /v1/user: the connection broke", n=3, method="GET", path="/v1/user"
            )
            await stage.works()
        await stage.server.faults.idle()


@pytest.mark.parametrize("notifies", [False, True])
async def test_16_all_connections_are_taken(caplog: pytest.LogCaptureFixture, notifies: bool) -> None:
    """What the program itself does over its connector takes the only one there is."""
    async with (
        aiohttp.ClientSession(connector=Connector(limit=1, force_close=True)) as own,
        embedded(caplog, session=own, timeout=0.2) as stage,
    ):
        await stage.works()  # it has opened what it needs
        stage.server.faults.next(faults.Stall(), "GET", "/summary.json")
        hog = asyncio.ensure_future(own.get(stage.server.page_url() + "/summary.json"))
        await stage.server.faults.wait()
        says = "no result within .*; nothing was carried out"
        if notifies:
            error = await stage.fails(create(stage.page), DeadlineExceededError, says, n=0)
        else:
            read = stage.client.user.get()
            error = await stage.fails(read, DeadlineExceededError, says, n=0, method="GET", path="/v1/user")
        assert (error.may_have_applied, error.fingerprint) == (False, None)
        stage.server.faults.release()
        (await hog).close()
        await stage.with_time(5.0).works()
