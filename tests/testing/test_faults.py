"""Each kind of fault, as the socket and the log show it."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from instatus_async import ConnectError, DecodeError, OutcomeUnknownError, RateLimitError, RetryPolicy
from instatus_async.testing import InstatusServer, ManualClock, Schedule, faults
from tests.testing.conftest import Caller
from tests.testing.raw import INCIDENT, connect, post

PATH = "/v1/{page}/incidents"


@pytest.fixture(autouse=True)
async def quiet(caplog: pytest.LogCaptureFixture) -> AsyncIterator[None]:
    """Nothing that goes wrong on purpose may be complained about."""
    caplog.set_level(logging.WARNING)
    before = asyncio.all_tasks()
    yield
    for _ in range(5):
        await asyncio.sleep(0)
    assert not caplog.records
    assert len(asyncio.all_tasks()) <= len(before)


def kept(server: InstatusServer) -> int:
    """Count the incidents that there are."""
    return len(server._wire.state.incidents)


BOTH = [pytest.param(False, id="before"), pytest.param(True, id="after")]


@pytest.mark.parametrize("after", BOTH)
async def test_reset(server: InstatusServer, after: bool) -> None:
    server.faults.next(faults.Reset(after_commit=after), "POST")
    heard = await post(server)
    assert (heard.raw, heard.end) == (b"", "reset")
    assert (server.requests[0].committed, server.requests[0].status, kept(server)) == (after, None, after)


@pytest.mark.parametrize("after", BOTH)
async def test_close(server: InstatusServer, after: bool) -> None:
    server.faults.next(faults.Close(after_commit=after))
    heard = await post(server)
    assert (heard.raw, heard.end) == (b"", "closed")
    assert (server.requests[0].committed, kept(server)) == (after, after)


@pytest.mark.parametrize("after", BOTH)
async def test_stall_goes_on_when_released(server: InstatusServer, after: bool) -> None:
    server.faults.next(faults.Stall(after_commit=after))
    async with connect(server) as line:
        line.send()
        await server.faults.wait()
        assert (server.requests[0].committed, server.requests[0].status) == (after, None)
        server.faults.release()
        assert (await line.answer()).status == 200
    assert (server.requests[0].committed, server.requests[0].status, kept(server)) == (True, 200, 1)


@pytest.mark.parametrize("after", BOTH)
async def test_stall_that_the_client_does_not_survive(server: InstatusServer, after: bool) -> None:
    server.faults.next(faults.Stall(after_commit=after))
    async with connect(server) as line:
        line.send()
        await server.faults.wait()
    await asyncio.sleep(0)
    server.faults.release()
    await server.faults.idle()
    assert (server.requests[0].committed, kept(server)) == (after, after)


async def test_closing_ends_a_stall_without_carrying_it_out() -> None:
    async with InstatusServer() as server, connect(server) as line:
        server.faults.next(faults.Stall())
        server.faults.next(faults.LateCommit(silent=True))
        server.faults.next(faults.Slow(pace=asyncio.Semaphore(0).acquire))
        for number in (1, 2, 3):
            async with connect(server) as other:
                (line if number == 1 else other).send()
                await server.faults.wait(number)
        await server.close()
        assert (await line.until_the_end()).raw == b""
        assert [entry.committed for entry in server.requests] == [False, False, True]


@pytest.mark.parametrize("silent", [False, True])
async def test_late_commit_when_released(server: InstatusServer, silent: bool) -> None:
    server.faults.next(faults.LateCommit(silent=silent))
    async with connect(server) as line:
        line.send()
        await server.faults.wait()
        if not silent:
            assert (await line.until_the_end()).end == "reset"
        assert kept(server) == 0
        server.faults.release()
        assert kept(server) == 1
        if silent:
            assert (await line.until_the_end()).end == "closed"
    assert (server.requests[0].committed, server.requests[0].status) == (True, None)
    server.faults.release()
    assert kept(server) == 1


async def test_late_commit_after_further_requests(api: Caller, server: InstatusServer) -> None:
    server.faults.next(faults.LateCommit(after_requests=2), "POST")
    assert (await post(server)).end == "reset"
    assert await api("GET", PATH) == []
    assert await api("GET", PATH) == []
    assert len(await api("GET", PATH)) == 1
    assert server.requests[0].committed


async def test_a_connection_that_is_closed_after_the_answer(server: InstatusServer) -> None:
    server.faults.next(faults.StaleKeepAlive())
    heard = await post(server)
    assert (heard.status, heard.end) == (200, "closed")
    assert "Connection: keep-alive" in heard.head
    assert json.loads(heard.body)["name"] == "Down"
    assert (server.requests[0].committed, server.requests[0].status) == (True, 200)


async def test_a_connection_that_is_closed_as_the_next_request_comes(server: InstatusServer) -> None:
    server.faults.next(faults.StaleKeepAlive(on_next_request=True))
    async with connect(server) as line:
        line.send()
        assert (await line.answer()).status == 200
        line.send()
        heard = await line.until_the_end()
        assert (heard.raw, heard.end) == (b"", "closed")
    assert (len(server.requests), kept(server)) == (1, 1)


@pytest.mark.parametrize("after", BOTH)
async def test_garbage_and_half_a_status_line(server: InstatusServer, after: bool) -> None:
    server.faults.next(faults.Garbage(b"?!\n\n", after_commit=after))
    server.faults.next(faults.HalfStatusLine(after_commit=after))
    assert ((await post(server)).raw, (await post(server)).raw) == (b"?!\n\n", b"HTTP/1.1 20")
    assert [entry.committed for entry in server.requests] == [after, after]
    assert kept(server) == 2 * after


@pytest.mark.parametrize("after", BOTH)
@pytest.mark.parametrize("kind", [faults.EndlessHeaders, faults.Endless])
async def test_what_never_ends(server: InstatusServer, kind: type[faults.Endless], after: bool) -> None:
    server.faults.next(kind(after_commit=after))
    async with connect(server) as line:
        line.send()
        seen = b""
        while len(seen) < 1_000_000:
            seen += await line.reader.readexactly(100_000)
        assert (b"\r\n\r\n" in seen) == (kind is faults.Endless)
    await server.faults.idle()
    assert server.requests[0].committed is after


@pytest.mark.parametrize("after", BOTH)
async def test_status(api: Caller, server: InstatusServer, after: bool) -> None:
    server.faults.next(faults.Status(503, headers={"Retry-After": "7"}, after_commit=after))
    server.faults.next(faults.Status(200, b'{"id": NaN}', after_commit=after))
    server.faults.next(faults.Status(418, "short and stout", after_commit=after))
    server.faults.next(faults.Status(204, after_commit=after))
    server.faults.next(faults.Status(200, ["x"], headers={"content-type": "text/odd"}, after_commit=after))
    url, key = server.url + PATH.replace("{page}", server.page_id), {"Authorization": f"Bearer {server.api_key}"}
    found: list[tuple[int, str | None, str]] = []
    for _ in range(5):
        async with api.session.post(url, json=INCIDENT, headers=key) as answer:
            found.append((answer.status, answer.headers.get("Retry-After"), await answer.text()))
    assert found == [
        (503, "7", '{"error": {"code": "fault", "message": "This failure was asked for."}}'),
        (200, None, '{"id": NaN}'),
        (418, None, "short and stout"),
        (204, None, ""),
        (200, None, '["x"]'),
    ]
    assert [entry.status for entry in server.requests] == [503, 200, 418, 204, 200]
    assert [entry.committed for entry in server.requests] == [after] * 5


@pytest.mark.parametrize("after", BOTH)
async def test_html(api: Caller, server: InstatusServer, after: bool) -> None:
    server.faults.next(faults.Html(after_commit=after))
    server.faults.next(faults.Html("<p>hello", 200, after_commit=after))
    status, text = await api.send("POST", PATH, INCIDENT)
    assert (status, text[:15]) == (502, "<!DOCTYPE html>")
    assert await api.send("POST", PATH, INCIDENT) == (200, "<p>hello")
    assert kept(server) == 2 * after


@pytest.mark.parametrize(("keep", "sent"), [(None, None), (0, 0), (5, 5), (10**6, -1)])
async def test_truncated(server: InstatusServer, keep: int | None, sent: int | None) -> None:
    server.faults.next(faults.Truncated(keep))
    heard = await post(server)
    promised = int(heard.head.rpartition("Content-Length: ")[2])
    expected = promised // 2 if sent is None else promised + sent if sent < 0 else sent
    assert (heard.status, len(heard.body), heard.end) == (200, expected, "closed")
    assert (server.requests[0].committed, server.requests[0].status) == (True, 200)


async def test_slow_goes_step_by_step(server: InstatusServer) -> None:
    steps = asyncio.Semaphore(0)
    server.faults.next(faults.Slow(chunk=2, pace=steps.acquire))
    server.faults.next(faults.Slow())
    async with connect(server) as line:
        line.send()
        await line.reader.readuntil(b"\r\n\r\n")
        first = asyncio.ensure_future(line.reader.readexactly(2))
        for _ in range(20):
            await asyncio.sleep(0)
        assert not first.done()
        for _ in range(3):
            steps.release()
        assert await first + await line.reader.readexactly(4) == b'{"id":'
    steps.release()
    assert json.loads((await post(server)).body)["name"] == "Down"


async def test_gzip_bomb(api: Caller, server: InstatusServer) -> None:
    size = (1 << 22) + 12345
    server.faults.next(faults.GzipBomb(size))
    async with connect(server) as line:
        line.send()
        heard = await line.answer()
    assert len(heard.body) < size // 200
    unpacked = gzip.decompress(heard.body)
    assert unpacked[:size].strip() == b""
    assert json.loads(unpacked[size:])["name"] == "Down"
    server.faults.next(faults.GzipBomb(1000))
    assert len(await api("GET", PATH)) == 1


async def test_changed_fields(api: Caller, server: InstatusServer) -> None:
    server.faults.next(faults.UnknownEnums())
    server.faults.next(faults.UnknownEnums("NEW", keys=("name",)))
    server.faults.next(faults.ExtraFields())
    server.faults.next(faults.MissingFields("id", "name"))
    server.faults.next(faults.NullFields("name"))
    server.faults.next(faults.ReplacedFields({"name": 5}))
    plain = {"name": "Website", "status": "OPERATIONAL"}
    found: list[Any] = [(await api("GET", "/v1/{page}/components"))[0] for _ in range(7)]
    shown = [{key: row.get(key, "-") for key in plain} for row in found]
    assert shown == [
        plain | {"status": "UNHEARDOF"},
        plain | {"name": "NEW"},
        plain,
        plain | {"name": "-"},
        plain | {"name": None},
        plain | {"name": 5},
        plain,
    ]
    assert found[2]["addedByTheService"] == {"since": 2026}
    assert "id" not in found[3]
    server.faults.next(faults.NullFields("name"), host="page")
    assert "<html" in (await api.send("GET", server.page_url() + "/nowhere"))[1]  # no JSON: as it is
    assert all(entry.committed for entry in server.requests[:7])


async def limited(api: Caller, server: InstatusServer) -> dict[str, str | None]:
    """Ask until refused, and return the headers that say when to come again."""
    url, key = server.url + "/v1/user", {"Authorization": f"Bearer {server.api_key}"}
    while True:
        async with api.session.get(url, headers=key) as answer:
            if answer.status == 429:
                return {name: answer.headers.get(name) for name in ("Retry-After", "Date")}


async def test_rate_limit_by_the_servers_clock(api: Caller, server: InstatusServer) -> None:
    server.faults.every(faults.RateLimit(rate=0.5, burst=3))
    assert (await limited(api, server))["Retry-After"] == "2"
    assert [entry.status for entry in server.requests] == [200, 200, 200, 429]
    assert [entry.committed for entry in server.requests] == [True, True, True, False]
    assert len(server.faults.fired) == 1
    server.advance(timedelta(seconds=1))
    assert (await limited(api, server))["Retry-After"] == "1"
    server.advance(timedelta(seconds=1))
    await limited(api, server)
    assert [entry.status for entry in server.requests[4:]] == [429, 200, 429]
    server.advance(timedelta(hours=1))
    await limited(api, server)
    assert [entry.status for entry in server.requests[7:]] == [200, 200, 200, 429]


async def test_forms_of_retry_after(api: Caller, server: InstatusServer, clock: ManualClock) -> None:
    clock.advance(timedelta(milliseconds=300))
    for text in (None, "-1", "1" * 5000):
        server.faults.every(faults.RateLimit(0, 0, retry_after=text))
        assert (await limited(api, server))["Retry-After"] == text
        server.faults.clear()
    server.faults.every(faults.RateLimit(0.1, 0, retry_after="date"))
    found = await limited(api, server)
    then, now = (parsedate_to_datetime(found[name] or "") for name in ("Retry-After", "Date"))
    assert now == clock().replace(microsecond=0)
    assert (then - now).total_seconds() == 11
    with pytest.raises(ValueError, match="negative"):
        faults.RateLimit(-1)


# Which requests


async def test_next_nth_and_every(api: Caller, server: InstatusServer) -> None:
    third = server.faults.nth(3, faults.Status(503), "get", "/v1/{page_id}/components")
    server.faults.next(faults.Status(500), "GET", times=2)
    every = server.faults.every(faults.Status(502), path="*/incidents")
    assert "nth(3) Status(status=503" in repr(third)
    assert "GET /v1" in repr(third).replace("get", "GET")
    statuses = [(await api.send("GET", "/v1/{page}/components"))[0] for _ in range(4)]
    assert statuses == [500, 500, 503, 200]
    assert [(await api.send("GET", PATH))[0] for _ in range(2)] == [502, 502]
    server.faults.cancel(every)
    assert (await api.send("GET", PATH))[0] == 200
    assert [entry.number for entry in server.faults.fired] == [1, 2, 3, 5, 6]
    assert server.faults.fired[2].fault == faults.Status(503)
    assert len(list(server.faults.rules)) == 2
    server.faults.clear()
    assert not server.faults.rules
    with pytest.raises(ValueError, match="number 1"):
        server.faults.nth(0, faults.Reset())


async def test_faults_of_the_page_host(api: Caller, server: InstatusServer) -> None:
    server.faults.next(faults.Status(503), host="page")
    assert (await api.send("GET", "/v1/user"))[0] == 200
    assert (await api.send("GET", server.page_url() + "/summary.json"))[0] == 503
    assert (await api.send("GET", server.page_url() + "/summary.json"))[0] == 200


async def test_a_fault_of_ones_own(api: Caller, server: InstatusServer) -> None:
    class Twice(faults.Fault):
        async def act(self, exchange: faults.Exchange) -> web.StreamResponse:
            assert exchange.commit() is exchange.commit()
            return exchange.answer(exchange.commit())

    server.faults.next(Twice())
    assert (await api.send("POST", PATH, INCIDENT))[0] == 200
    assert kept(server) == 1


async def test_connections_that_are_reset_when_made(api: Caller, server: InstatusServer) -> None:
    server.faults.hang_up(2)
    for _ in range(2):
        async with connect(server) as line:
            assert (await line.until_the_end()).end == "reset"
    assert (await api.send("GET", "/v1/user"))[0] == 200
    assert len(server.requests) == 1


async def test_refusing_connections_for_a_while(api: Caller, server: InstatusServer) -> None:
    url = server.url
    server.faults.next(faults.Stall(), "POST")
    async with connect(server) as idle, connect(server) as busy:
        busy.send()
        idle.send("GET", "/v1/user")
        assert (await idle.answer()).status == 200
        await server.faults.wait()
        async with server.refuse():
            assert (await idle.until_the_end()).end == "closed"
            for port in (server.url, server.page_url()):
                with pytest.raises(ConnectionRefusedError):
                    await asyncio.open_connection("127.0.0.1", int(port.rpartition(":")[2]))
            async with server.client(retry=RetryPolicy(attempts=1)) as client:
                with pytest.raises(ConnectError):
                    await client.user.get()
            server.faults.release()
            assert (await busy.answer()).status == 200
    assert server.url == url
    assert (await api.send("GET", "/v1/user"))[0] == 200
    async with server.refuse():
        await server.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))


# Rules that would never strike


@pytest.mark.parametrize(("given", "shown"), [(faults.Reset, "the class Reset"), ("reset", "'reset'"), (None, "None")])
def test_what_is_no_fault_is_refused_at_once(given: Any, shown: str) -> None:
    rules = InstatusServer().faults
    message = re.escape(f"expected a fault, like faults.Reset(); got {shown}")
    with pytest.raises(TypeError, match=message):
        rules.next(given, "POST", "*/incidents")
    with pytest.raises(TypeError, match=message):
        rules.nth(1, given)
    with pytest.raises(TypeError, match=message):
        rules.every(given)
    with pytest.raises(TypeError, match=message):
        rules.random(1, menu=((1, given),))
    assert rules.rules == ()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"method": "POTS"}, "'POTS' is no method of HTTP"),
        ({"path": "incidents"}, "no request has the path 'incidents'; paths are like '*/incidents'"),
        ({"path": "/v1/user?x=1"}, "no request has the path"),
        ({"path": ""}, "no request has the path"),
        ({"host": "pages"}, "expected 'api' or 'page', and got 'pages'"),
    ],
)
def test_a_rule_that_would_never_strike_is_refused(asked: dict[str, Any], said: str) -> None:
    rules = InstatusServer().faults
    for make in (rules.next, rules.every, partial(rules.nth, 1)):
        with pytest.raises(ValueError, match=re.escape(said)):
            make(faults.Reset(), **asked)
    with pytest.raises(ValueError, match=re.escape(said)):
        rules.random(1, 0.5, **asked)
    assert rules.rules == ()


async def test_a_fault_may_play_an_operation_that_is_not_there(server: InstatusServer) -> None:
    server.faults.next(faults.Status(200, {"new": True}), "GET", "/v1/{page_id}/new-things")
    async with server.client() as client:
        assert await client.request("GET", f"/v1/{server.page_id}/new-things") == {"new": True}


async def test_what_is_waiting_is_shown() -> None:
    async with InstatusServer() as server:
        assert repr(server) == f"<InstatusServer {server.url}, pages at {server.page_url()}, <Faults: none waiting>>"
        server.faults.next(faults.Reset(), "GET", "/v1/user")
        server.faults.every(faults.Close(), "POST")
        assert repr(server.faults) == (
            "<Faults: <next Reset(after_commit=False) of any host: GET /v1/user, 0 seen, 1 left>, "
            "<every Close(after_commit=False) of any host: POST any path, 0 seen>>"
        )
        assert repr(server.faults) in repr(server)
        async with server.client() as client:
            await client.user.get()
        assert "Reset" not in repr(server)
        assert server.api_key not in repr(server)
    assert repr(server).startswith("<InstatusServer not running, ")


# Seeds


def test_a_schedule_is_a_function_of_its_seed() -> None:
    one, same, other = Schedule(7, 0.5), Schedule(7, 0.5), Schedule(8, 0.5)
    chosen = [one.fault(place) for place in range(1, 200)]
    assert chosen == [same.fault(place) for place in range(1, 200)]
    assert chosen != [other.fault(place) for place in range(1, 200)]
    assert 60 < sum(fault is not None for fault in chosen) < 140
    assert repr(one) == repr(same)
    assert "seed=7" in repr(one)
    assert repr(Schedule(7, 0)).endswith("none>")
    with pytest.raises(ValueError, match="share"):
        Schedule(7, 1.5)


async def weather(seed: int) -> tuple[str, list[str]]:
    """Make some calls in bad weather, and return the schedule and what happened."""
    async with InstatusServer(clock=ManualClock()) as server:
        schedule = server.faults.random(seed, rate=0.6)
        for _ in range(40):
            async with aiohttp.ClientSession() as session:
                key = {"Authorization": f"Bearer {server.api_key}"}
                url = server.url + PATH.replace("{page}", server.page_id)
                try:
                    async with session.post(url, json=INCIDENT, headers=key) as answer:
                        await answer.read()
                except aiohttp.ClientError:
                    pass
        return repr(schedule), [str(entry) for entry in server.requests]


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_the_same_seed_brings_the_same_weather(seed: int) -> None:
    assert await weather(seed) == await weather(seed)


# As the SDK sees it


async def test_the_sdk_never_sends_twice_what_was_carried_out(server: InstatusServer) -> None:
    lost = [
        faults.Reset(after_commit=True),
        faults.Close(after_commit=True),
        faults.Truncated(),
        faults.HalfStatusLine(after_commit=True),
        faults.Garbage(after_commit=True),
        faults.Status(500, after_commit=True),
    ]
    async with server.client() as client:
        page = client.page(server.page_id)
        for number, fault in enumerate(lost, 1):
            server.faults.next(fault, "POST", "*/incidents")
            with suppress(OutcomeUnknownError):  # it may also find the record
                await page.incidents.create(name=f"Down {number}", status="INVESTIGATING", message="m", notify=True)
            assert kept(server) == number, server.requests.explain()
            assert len(server.requests.matching("POST")) == number
        server.faults.next(faults.NullFields("id"), "GET")
        with pytest.raises(DecodeError):
            await page.incidents.list().collect()
        server.faults.every(faults.Status(429))
        with pytest.raises(RateLimitError):
            await page.with_options(retry=RetryPolicy(attempts=1)).incidents.list().collect()


async def test_the_log_explains(server: InstatusServer, api: Caller) -> None:
    server.faults.next(faults.Reset(after_commit=True))
    await post(server)
    await api.send("POST", PATH, {"name": " "})
    header, first, second = server.requests.explain().splitlines()
    assert header.split() == ["#", "host", "request", "answer", "outcome", "fault"]
    assert first.split()[2:6] == ["POST", f"/v1/{server.page_id}/incidents", "none", "carried"]
    assert first.endswith("Reset(after_commit=True)")
    assert second.endswith("400     not carried out")
    assert "(Reset(after_commit=True); carried out)" in str(server.requests[0])
    server.faults.every(faults.Reset())
    server.reset()
    assert (server.faults.rules, server.faults.fired) == ((), ())
