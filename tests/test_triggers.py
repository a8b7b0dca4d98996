"""Triggers and heartbeats, whose addresses are credentials: over real sockets, to servers that do well and badly."""

from __future__ import annotations

import asyncio
import copy
import logging
import os
import pickle
import socket
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from instatus_async import (
    APIError,
    ClientStateError,
    ConfigError,
    ConnectError,
    DecodeError,
    InstatusError,
    InvalidRequestError,
    NotFoundError,
    ProtocolError,
    RateLimitError,
    RedirectError,
    TransportError,
)
from instatus_async.testing import InstatusServer, faults
from instatus_async.triggers import Heartbeat, heartbeat, trigger
from tests import hostile
from tests.hostile import HostileServer, answer

CODE = "cm4f9xk2p0001jq08secretcode"
PATHS = (f"/v3/integrations/webhook/{CODE}", f"/v4/integrations/grafana/{CODE}", f"/{CODE}")

Call = Callable[[str], Awaitable[None]]


async def _trigger(url: str) -> None:
    await trigger(url, state="down")


async def _ping(url: str) -> None:
    await heartbeat(url)


async def _fail(url: str) -> None:
    await heartbeat(url).fail()


CALLS = pytest.mark.parametrize("call", [_trigger, _ping, _fail])


@pytest.fixture
async def server() -> AsyncIterator[InstatusServer]:
    async with InstatusServer() as running:
        yield running


def held(error: BaseException) -> str:
    """All that an error says and holds, and its traceback."""
    shown = ["".join(traceback.format_exception(error))]
    while True:
        shown += [repr(error), str(error), repr(vars(error)), *map(str, vars(error).values())]
        if error.__context__ is None:
            break
        error = error.__context__
    return "\n".join(shown)


# --- What is sent ----------------------------------------------------------------------------------------------------


async def test_a_trigger_moves_the_component(server: InstatusServer) -> None:
    api = server.component_id("API")
    ((code,),) = server.seed(integrations=[{"componentId": api}]).values()
    url = f"{server.url}/v3/integrations/webhook/{code}"
    async with server.client() as client:
        components = client.page(server.page_id).components
        await trigger(url, "down")
        assert (await components.get(api)).status == "MAJOROUTAGE"
        await trigger(url, "down")  # twice is once
        await trigger(url, "up")
        assert (await components.get(api)).status == "OPERATIONAL"
    assert not server.ledger


async def test_a_heartbeat(server: InstatusServer) -> None:
    ((slug,),) = server.seed(heartbeats=[{"name": "Backup"}]).values()
    url = f"{server.url}/{slug}"
    await heartbeat(url)
    async with heartbeat(url):
        pass
    with pytest.raises(LookupError):
        async with heartbeat(url):
            raise LookupError
    await heartbeat(url).fail()
    paths = [f"/{slug}", f"/{slug}", f"/{slug}/fail", f"/{slug}/fail"]
    assert [(one.method, one.path) for one in server.requests] == [("POST", path) for path in paths]


async def test_no_key_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSTATUS_API_KEY", "a-key-that-stays-home")
    async with (
        HostileServer(answer({})) as server,
        aiohttp.ClientSession(headers={"Authorization": "Bearer x"}) as lent,
    ):
        await trigger(server.url + PATHS[0], "up", session=lent)
        await heartbeat(server.url + PATHS[2] + "/", session=lent)
        assert not lent.closed
        first, second = server.requests
    assert (first.target, first.json) == (PATHS[0], {"trigger": "up"})
    assert (second.target, second.body) == (PATHS[2], b"")
    for request in (first, second):
        assert "authorization" not in request.headers
        assert "cookie" not in request.headers
        assert request.headers["user-agent"].startswith("instatus-async/")


@pytest.mark.parametrize("path", PATHS)
async def test_any_path_is_taken(path: str) -> None:
    async with HostileServer(answer({})) as server:
        await trigger(server.url + path, "down")
        assert server.lines == [f"POST {path}"]


@pytest.mark.parametrize("raw", [b"", b"OK", b'"ok"', b"{}", b"null", b'{"integration": {"id": "x"}}', b"\xff"])
@CALLS
async def test_any_text_is_an_answer(call: Call, raw: bytes) -> None:
    async with HostileServer(answer(raw=raw, headers=["Content-Type: text/html"])) as server:
        await call(server.url + PATHS[0])
        assert len(server.requests) == 1


# --- What goes wrong -------------------------------------------------------------------------------------------------


@CALLS
async def test_a_lost_answer_is_tried_again(call: Call) -> None:
    async with HostileServer(hostile.reset, answer(status=502), answer({})) as server:
        await call(server.url + PATHS[0])
        assert len(server.requests) == 3
        assert len({(request.target, request.body) for request in server.requests}) == 1


async def test_a_trigger_whose_answer_is_lost_is_carried_out(server: InstatusServer) -> None:
    api = server.component_id("API")
    ((code,),) = server.seed(integrations=[{"componentId": api}]).values()
    server.faults.next(faults.Reset(after_commit=True), "POST")
    await trigger(f"{server.url}/v3/integrations/webhook/{code}", "down")
    assert [one.path for one in server.requests] == [f"/v3/integrations/webhook/{code}"] * 2


@CALLS
async def test_a_redirect_is_not_followed(call: Call) -> None:
    async with HostileServer(answer({})) as thief:
        away = answer(status=307, headers=[f"Location: {thief.url}{PATHS[0]}"])
        async with HostileServer(away) as server:
            with pytest.raises(RedirectError) as caught:
                await call(server.url + PATHS[0])
            assert len(server.requests) == 1
        assert not thief.requests
    assert CODE not in held(caught.value)


ECHO = f"Cannot POST {PATHS[0]}".encode()

FAILURES: list[tuple[hostile.Script, type[InstatusError]]] = [
    (answer(status=404, raw=b"<!DOCTYPE html><pre>" + ECHO + b"</pre>"), NotFoundError),
    (answer({"error": {"code": CODE, "message": ECHO.decode()}}, status=404), NotFoundError),
    (answer({"error": {"code": CODE, "message": ECHO.decode()}}), APIError),
    (answer(status=400, raw=ECHO, headers=[f"X-Path: {PATHS[0]}"]), APIError),
    (answer(status=429, raw=ECHO, headers=["Retry-After: 3600"]), RateLimitError),
    (answer(status=500, raw=ECHO), APIError),
    (answer(raw=b"<html>" + ECHO), DecodeError),
    (answer(status=302, headers=[f"Location: {PATHS[0]}"]), RedirectError),
    (hostile.reset, ProtocolError),
    (hostile.stall, TransportError),  # no answer in time, or no time for another attempt
]


@pytest.mark.parametrize(("script", "kind"), FAILURES)
async def test_no_error_and_no_log_shows_the_address(
    script: hostile.Script, kind: type[InstatusError], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        async with HostileServer(script) as server:
            timeout = 0.5 if script is hostile.stall else 30.0
            down = trigger(server.url + PATHS[0], "down", timeout=timeout)
            failed = heartbeat(server.url + PATHS[2], timeout=timeout).fail()
            for call in (down, failed):
                with pytest.raises(kind) as caught:
                    await call
                assert CODE not in held(caught.value)
                assert CODE not in repr(pickle.loads(pickle.dumps(caught.value)).__dict__)
                assert str(caught.value).startswith(("trigger down: ", "heartbeat fail: "))
    ours = [record.getMessage() for record in caplog.records if record.name == "instatus_async"]
    assert CODE not in "".join(ours)


async def test_an_unknown_address_says_what_to_do(server: InstatusServer) -> None:
    with pytest.raises(NotFoundError, match=r"trigger up: refused with 404\. Copy the URL again") as caught:
        await trigger(f"{server.url}/v3/integrations/webhook/{CODE}", "up")
    assert caught.value.status == 404


async def test_nobody_listens(unused_tcp_port: int) -> None:
    with pytest.raises(ConnectError, match=r"heartbeat: .*nothing was sent") as caught:
        await heartbeat(f"http://127.0.0.1:{unused_tcp_port}/{CODE}")
    assert CODE not in held(caught.value)


async def test_a_traceback_with_locals_hides_the_address(unused_tcp_port: int) -> None:
    with pytest.raises(ConnectError) as caught:
        await trigger(f"http://127.0.0.1:{unused_tcp_port}/{CODE}", "down")
    with_locals = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    ours = [frame for frame in with_locals.stack if f"{os.sep}instatus_async{os.sep}" in frame.filename]
    assert len(ours) > 3
    for frame in ours:
        assert CODE not in str(frame.locals), frame


# --- Refusals --------------------------------------------------------------------------------------------------------

BAD_URLS: list[Any] = [
    f"http://api.instatus.com/{CODE}",
    f"https://user:pass@api.instatus.com/{CODE}",
    f"https://api.instatus.com/{CODE}?x=1",
    f"https://api.instatus.com/{CODE}#x",
    f"https://api.instatus.com//{CODE}",
    f"ftp://api.instatus.com/{CODE}",
    f"https:///{CODE}",
    f"https://[::1/{CODE}",
    "https://api.instatus.com",
    "https://api.instatus.com/",
    CODE,
    "",
    None,
    5,
    b"https://api.instatus.com/x",
]


@pytest.mark.parametrize("url", BAD_URLS)
async def test_a_bad_url_is_refused_and_not_shown(url: Any) -> None:
    with pytest.raises(InvalidRequestError, match="Nothing was sent") as caught:
        heartbeat(url)
    assert CODE not in held(caught.value)
    with pytest.raises(InvalidRequestError, match="Nothing was sent") as caught:
        await trigger(url, "down")
    assert CODE not in held(caught.value)


async def test_bad_arguments_are_refused_before_the_job() -> None:
    url = f"https://cron.instatus.com/{CODE}"
    for state in ("DOWN", "", None, 1):
        with pytest.raises(InvalidRequestError, match="Nothing was sent"):
            await trigger(url, cast("Any", state))
    with pytest.raises(InvalidRequestError, match="leave /fail off"):
        heartbeat(url + "/fail")
    with pytest.raises(ConfigError, match="timeout"):
        heartbeat(url, timeout=-1)
    with pytest.raises(ConfigError, match="session"):
        heartbeat(url, session=cast("Any", object()))


def test_a_heartbeat_keeps_its_address_to_itself() -> None:
    one = Heartbeat(f"https://cron.instatus.com/{CODE}")
    assert repr(one) == "<Heartbeat>"
    for attempt in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="does not pickle"):
            attempt(one)


# --- Jobs ------------------------------------------------------------------------------------------------------------


async def test_a_success_that_cannot_be_reported_raises(unused_tcp_port: int) -> None:
    done = False
    with pytest.raises(ConnectError):
        async with heartbeat(f"http://127.0.0.1:{unused_tcp_port}/{CODE}"):
            done = True
    assert done


async def test_a_failure_that_cannot_be_reported_stays_the_failure(
    unused_tcp_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(LookupError) as caught:
        async with heartbeat(f"http://127.0.0.1:{unused_tcp_port}/{CODE}"):
            raise LookupError("the job's own")
    (note,) = caught.value.__notes__
    assert note.startswith("The failure could not be reported: heartbeat fail: no connection")
    assert "heartbeat fail: no connection" in caplog.text
    assert CODE not in held(caught.value) + caplog.text


class BrokenResolver(AbstractResolver):
    """One of the program's own that fails in its own way, and says where to."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        raise ZeroDivisionError(f"{host} {CODE}")

    async def close(self) -> None:
        pass


async def test_nothing_takes_the_place_of_the_failure(caplog: pytest.LogCaptureFixture) -> None:
    """Also not what a lent session raises; nobody knows what that says."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=BrokenResolver())) as lent:
        with pytest.raises(LookupError, match="of the job") as caught:
            async with heartbeat(f"https://monitors.example/{CODE}", session=lent):
                raise LookupError("of the job")
    assert caught.value.__notes__ == ["The failure could not be reported: ZeroDivisionError"]
    assert "ZeroDivisionError" in caplog.text
    assert CODE not in caplog.text


async def test_a_session_of_another_loop_does_not_either() -> None:
    async def lend() -> aiohttp.ClientSession:
        return aiohttp.ClientSession()

    loop = asyncio.new_event_loop()
    lent = await asyncio.to_thread(loop.run_until_complete, lend())
    async with HostileServer(answer({})) as server:
        with pytest.raises(LookupError, match="of the job") as caught:
            async with heartbeat(server.url + PATHS[2], session=lent):
                raise LookupError("of the job")
        with pytest.raises(ClientStateError, match="another event loop"):
            await heartbeat(server.url + PATHS[2], session=lent)
        assert server.requests == []
    assert "another event loop" in caught.value.__notes__[0]
    await asyncio.to_thread(loop.run_until_complete, lent.close())
    loop.close()


async def test_a_cancelled_job_reports_nothing() -> None:
    async with HostileServer(answer({})) as server:
        started = asyncio.Event()

        async def job() -> None:
            async with heartbeat(server.url + PATHS[2]):
                started.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(job())
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(SystemExit):
            async with heartbeat(server.url + PATHS[2]):
                raise SystemExit(1)
        assert not server.requests


async def test_a_cancelled_ping_is_cancelled() -> None:
    async with HostileServer(hostile.stall) as server:
        task = asyncio.create_task(_ping(server.url + PATHS[2]))
        await server.reached(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_one_heartbeat_serves_many_jobs() -> None:
    async with HostileServer(answer({})) as server:
        beat = heartbeat(server.url + PATHS[2])
        await beat
        async with beat:
            pass
        await beat
        assert len(server.requests) == 3
