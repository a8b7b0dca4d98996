"""The sessions behind a client: fresh connections, closing, and what is forgotten."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import sys
import warnings
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given, settings
from hypothesis import strategies as st

from instatus_async._pool import Slots
from instatus_async.errors import (
    BadRequestError,
    ClientStateError,
    ConfigError,
    ConnectError,
    DeadlineExceededError,
    OutcomeUnknownError,
    ProtocolError,
    ResponseTooLargeError,
)
from instatus_async.retry import Effect, RetryPolicy
from instatus_async.session import SessionManager

from .hostile import Exchange, HostileServer, Script, answer, reset, stall

Handler = Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]]
ONCE = RetryPolicy(attempts=1)


async def then_closes(exchange: Exchange) -> None:
    """Answer, promise to keep the connection, and close it when the next request comes."""
    exchange.reply({})
    exchange.writer.close()


@pytest.mark.parametrize("lent", [False, True])
async def test_a_stale_connection_never_eats_what_tells_subscribers(lent: bool) -> None:
    own = aiohttp.ClientSession() if lent else None
    async with HostileServer(then_closes) as server:
        session = SessionManager(api_key="key", base_url=server.url, session=own)
        for _ in range(10):
            assert await session.request("GET", "/v1/x", effect=Effect.READ) == {}
            assert await session.request("POST", "/v1/x", effect=Effect.NOTIFY, body={}) == {}
        assert server.lines.count("POST /v1/x") == 10
        await session.aclose()
    if own is not None:
        await own.close()


async def test_notifying_calls_use_a_connection_each() -> None:
    async with HostileServer(answer({})) as server:
        session = SessionManager(api_key="key", base_url=server.url)
        for _ in range(3):
            await session.request("POST", "/v1/x", effect=Effect.NOTIFY, body={})
        assert server.connections == 3
        for _ in range(3):
            await session.request("GET", "/v1/x", effect=Effect.READ)
        assert server.connections == 4
        await session.aclose()


async def test_closing_waits_for_calls_in_flight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("instatus_async._pool._DRAIN", 3600)
    go = asyncio.Event()

    async def slow(exchange: Exchange) -> None:
        await go.wait()
        exchange.reply({"done": True})

    async with HostileServer(slow) as server:
        session = SessionManager(api_key="key", base_url=server.url)
        call = asyncio.ensure_future(session.request("POST", "/v1/x", effect=Effect.NOTIFY, body={}))
        await server.reached(1)
        closing = [asyncio.ensure_future(session.aclose()) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(ClientStateError, match="closed"):
            await session.request("GET", "/v1/x", effect=Effect.READ)
        assert not any(close.done() for close in closing)
        go.set()
        assert await call == {"done": True}
        await asyncio.gather(*closing)


async def test_closing_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("instatus_async._pool._DRAIN", 0.05)
    async with HostileServer(stall) as server:
        session = SessionManager(api_key="key", base_url=server.url, retry=ONCE)
        told = asyncio.ensure_future(session.request("POST", "/v1/x", effect=Effect.NOTIFY, body={}))
        read = asyncio.ensure_future(session.request("GET", "/v1/x", effect=Effect.READ))
        await server.reached(2)
        await session.aclose()
        with pytest.raises(OutcomeUnknownError):
            await told
        with pytest.raises(ProtocolError):
            await read


async def test_a_close_that_is_cancelled_while_it_waits_closes_all_the_same() -> None:
    async with HostileServer(answer({}), answer({}), stall) as server:
        session = SessionManager(api_key="key", base_url=server.url, retry=ONCE)
        await session.request("GET", "/v1/x", effect=Effect.READ)
        await session.request("POST", "/v1/x", effect=Effect.NOTIFY, body={})
        call = asyncio.ensure_future(session.request("GET", "/v1/x", effect=Effect.READ))
        await server.reached(3)
        closing = asyncio.ensure_future(session.aclose())
        await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        with pytest.raises(ProtocolError):
            await call
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            del session, call
            gc.collect()
        assert caught == []


async def test_a_forgotten_close_is_one_warning_without_the_key() -> None:
    async with HostileServer(answer({})) as server:
        session = SessionManager(api_key="sekret", base_url=server.url)
        await session.request("GET", "/v1/x", effect=Effect.READ)
        await session.request("POST", "/v1/x", effect=Effect.NOTIFY, body={})
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            del session
            gc.collect()
        await asyncio.sleep(0)
    assert [warning.category for warning in caught] == [ResourceWarning]
    assert "not closed" in str(caught[0].message)
    assert "sekret" not in str(caught[0].message)


async def test_a_client_that_was_not_used_needs_no_close() -> None:
    session = SessionManager(api_key="key")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del session
        gc.collect()
    assert caught == []


async def test_a_lent_session_needs_no_close_of_ours() -> None:
    own = aiohttp.ClientSession()
    async with HostileServer(answer({})) as server:
        session = SessionManager(api_key="key", base_url=server.url, session=own)
        await session.request("GET", "/v1/x", effect=Effect.READ)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            del session
            gc.collect()
        assert caught == []
        assert not own.closed
    await own.close()


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
async def test_after_a_fork() -> None:
    async with HostileServer(answer({})) as server:
        session = SessionManager(api_key="key", base_url=server.url)
        await session.request("GET", "/v1/x", effect=Effect.READ)
        session.pool._pid = os.getpid() + 1  # as the child sees it
        with pytest.raises(ClientStateError, match="fork"):
            await session.request("GET", "/v1/x", effect=Effect.READ)
        await session.aclose()


async def test_an_outage_is_not_multiplied() -> None:
    async with HostileServer(answer(status=503)) as server:
        session = SessionManager(api_key="key", base_url=server.url, retry=RetryPolicy(attempts=3, base=0.0))
        calls = [session.request("GET", f"/{n}", effect=Effect.READ) for n in range(1000)]
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(result, Exception) for result in results)
        assert 1000 <= len(server.requests) <= 1060
        await session.aclose()


# --- A session that is lent ------------------------------------------------------------------------------------------


HERE = "127.0.0.7" if sys.platform == "linux" else "127.0.0.1"


class OwnResolver(AbstractResolver):
    """The only one that knows the name of the service."""

    def __init__(self) -> None:
        self.asked = 0
        self.fails = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked += 1
        if self.asked <= self.fails:
            raise OSError("no such name")
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self) -> None:
        pass


class OwnConnector(aiohttp.TCPConnector):
    """One of the program's own, whose connections are made in its own way."""


@pytest.mark.parametrize("kind", [aiohttp.TCPConnector, OwnConnector])
async def test_notifying_calls_take_the_way_of_the_lent_connector(kind: type[aiohttp.TCPConnector]) -> None:
    """Its resolver and its own address; but none of its connections that were kept, also where it keeps them all."""
    resolver = OwnResolver()
    async with (
        HostileServer(then_closes) as server,
        aiohttp.ClientSession(
            connector=kind(resolver=resolver, local_addr=(HERE, 0), use_dns_cache=False, force_close=False)
        ) as lent,
    ):
        url = server.url.replace("127.0.0.1", "only-here.localhost")
        session = SessionManager(api_key="key", base_url=url, session=lent)
        for _ in range(5):
            assert await session.request("GET", "/v1/x", effect=Effect.READ) == {}
            assert await session.request("POST", "/v1/x", effect=Effect.NOTIFY, body={}) == {}
        assert server.lines.count("POST /v1/x") == 5
        assert set(server.peers) == {HERE}
        assert resolver.asked == server.connections == 10
        await session.aclose()


async def test_a_lent_connector_keeps_no_connection_of_a_notifying_call() -> None:
    async with HostileServer(answer({})) as server, aiohttp.ClientSession() as lent:
        session = SessionManager(api_key="key", base_url=server.url, session=lent)
        for _ in range(3):
            await session.request("POST", "/v1/x", effect=Effect.NOTIFY, body={})
            async with lent.get(server.url) as response:
                await response.read()
        assert server.connections == 4  # and one, kept, for all the others
        asked = [(request.method, request.headers.get("connection")) for request in server.requests]
        assert asked == [("POST", "close"), ("GET", None)] * 3
        await session.aclose()


async def again(request: aiohttp.ClientRequest, handler: Handler) -> aiohttp.ClientResponse:
    """Try three times, as in aiohttp's own documentation."""
    for _ in range(2):
        response = await handler(request)
        if response.ok:
            return response
    return await handler(request)


async def again_after_errors(request: aiohttp.ClientRequest, handler: Handler) -> aiohttp.ClientResponse:
    for _ in range(2):
        with suppress(aiohttp.ClientError):
            return await handler(request)
    return await handler(request)


async def for_ever(request: aiohttp.ClientRequest, handler: Handler) -> aiohttp.ClientResponse:
    while not (response := await handler(request)).ok:
        pass
    return response


async def impatient(request: aiohttp.ClientRequest, handler: Handler) -> aiohttp.ClientResponse:
    with suppress(TimeoutError):
        async with asyncio.timeout(0.05):
            return await handler(request)
    return await handler(request)


def lending(*middlewares: Any) -> aiohttp.ClientSession:
    if not hasattr(aiohttp, "ClientHandlerType"):
        pytest.skip("this aiohttp has no middlewares")
    return aiohttp.ClientSession(middlewares=middlewares)


@pytest.mark.parametrize(
    ("middlewares", "script", "error"),
    [
        ((again,), answer(status=502), OutcomeUnknownError),
        ((again, again_after_errors), answer(status=502), OutcomeUnknownError),
        ((again,), answer({"error": {"message": "no"}}, status=400), BadRequestError),
        ((again_after_errors,), reset, OutcomeUnknownError),
        ((again, again_after_errors), reset, OutcomeUnknownError),
        ((for_ever,), answer(status=502), DeadlineExceededError),
        ((impatient,), stall, OutcomeUnknownError),
    ],
)
async def test_a_lent_middleware_sends_no_notifying_call_twice(
    middlewares: Sequence[Any], script: Script, error: type[Exception]
) -> None:
    """Whatever it does about the first outcome, that one counts."""
    async with HostileServer(script) as server, lending(*middlewares) as lent:
        session = SessionManager(api_key="key", base_url=server.url, session=lent, timeout=0.5)
        with pytest.raises(error):
            await session.request("POST", "/v1/x", effect=Effect.NOTIFY, body={})
        assert server.lines == ["POST /v1/x"]
        await session.aclose()


async def test_a_lent_middleware_does_not_hide_a_pause() -> None:
    """A 429 that it would like to try again is ours to wait for."""
    scripts = (answer(status=429, headers=["Retry-After: 0"]), answer({"ok": 1}))
    async with HostileServer(*scripts) as server, lending(again) as lent:
        session = SessionManager(api_key="key", base_url=server.url, session=lent)
        assert await session.request("POST", "/v1/x", effect=Effect.NOTIFY, body={}) == {"ok": 1}
        assert server.lines == ["POST /v1/x"] * 2
        await session.aclose()


async def reading(request: aiohttp.ClientRequest, handler: Handler) -> aiohttp.ClientResponse:
    response = await handler(request)
    await response.read()
    return response


@pytest.mark.parametrize("effect", [Effect.READ, Effect.NOTIFY])
async def test_a_lent_middleware_may_read_the_answer(effect: Effect) -> None:
    """It could be a log; what it has read is still read under the cap."""
    async with HostileServer(answer({"ok": "x" * 100})) as server, lending(reading) as lent:
        session = SessionManager(api_key="key", base_url=server.url, session=lent, max_response_bytes=150)
        assert await session.request("POST", "/v1/x", effect=effect, body={}) == {"ok": "x" * 100}
        server.scripts = [answer({"ok": "x" * 150})]
        with pytest.raises(ResponseTooLargeError):
            await session.request("POST", "/v1/x", effect=effect, body={})
        await session.aclose()


async def replacing(request: aiohttp.ClientRequest, handler: Handler) -> aiohttp.ClientResponse:
    return await handler(aiohttp.ClientRequest(request.method, request.url, loop=asyncio.get_running_loop()))


async def test_a_lent_middleware_cannot_replace_a_notifying_request() -> None:
    async with HostileServer(answer({})) as server, lending(replacing) as lent:
        session = SessionManager(api_key="key", base_url=server.url, session=lent)
        with pytest.raises(ConfigError, match="replaces requests"):
            await session.request("POST", "/v1/x", effect=Effect.NOTIFY, body={})
        assert server.requests == []
        await session.aclose()


async def test_a_lent_middleware_may_try_again_what_was_not_sent() -> None:
    resolver = OwnResolver()
    resolver.fails = 1
    if not hasattr(aiohttp, "ClientHandlerType"):
        pytest.skip("this aiohttp has no middlewares")
    connector = aiohttp.TCPConnector(resolver=resolver)
    async with (
        HostileServer(answer({"ok": 1})) as server,
        aiohttp.ClientSession(connector=connector, middlewares=(again_after_errors,)) as lent,
    ):
        url = server.url.replace("127.0.0.1", "only-here.localhost")
        session = SessionManager(api_key="key", base_url=url, session=lent, retry=ONCE)
        assert await session.request("POST", "/v1/x", effect=Effect.NOTIFY, body={}) == {"ok": 1}
        assert server.lines == ["POST /v1/x"]
        await session.aclose()


@pytest.mark.parametrize("effect", [Effect.READ, Effect.NOTIFY])
async def test_a_lent_trace_config_sees_nothing_of_ours(effect: Effect) -> None:
    """What its program passes to its own requests is a mapping here, and we pass none."""
    passed: list[object] = []

    def context(trace_request_ctx: Mapping[str, str] | None = None) -> SimpleNamespace:
        passed.append(trace_request_ctx)
        return SimpleNamespace(**(trace_request_ctx or {}))

    config = aiohttp.TraceConfig(trace_config_ctx_factory=context)  # type: ignore[arg-type]  # a class, to aiohttp
    async with HostileServer(answer({})) as server, aiohttp.ClientSession(trace_configs=[config]) as lent:
        session = SessionManager(api_key="key", base_url=server.url, session=lent)
        assert await session.request("POST", "/v1/x", effect=effect, body={}) == {}
        async with lent.get(server.url, trace_request_ctx={"a": "b"}) as response:
            await response.read()
        assert passed == [None, {"a": "b"}]
        server.scripts[:] = [reset]
        if effect is Effect.NOTIFY:  # whose witness goes by what is passed
            with pytest.raises(OutcomeUnknownError):
                await session.request("POST", "/v1/x", effect=effect, body={})
        await session.aclose()


@pytest.mark.parametrize("effect", [Effect.READ, Effect.NOTIFY])
async def test_the_proxy_of_a_lent_session_is_gone_through(effect: Effect) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the newest has no other way to lend one
        auth = aiohttp.BasicAuth("me", "secret")
        lent = aiohttp.ClientSession(proxy="http://127.0.0.1:0", proxy_auth=auth)
    async with lent, HostileServer(answer({"via": "theirs"})) as theirs, HostileServer(answer({"via": "ours"})) as ours:
        lent._default_proxy = theirs.url
        service = "http://127.0.0.1:9"
        for own, via in ((None, theirs), (ours.url, ours)):
            session = SessionManager(api_key="key", base_url=service, session=lent, proxy=own)
            value = await session.request("POST", "/v1/x", effect=effect, body={})
            assert value == {"via": "theirs" if own is None else "ours"}
            assert via.lines == [f"POST {service}/v1/x"]
            await session.aclose()
        assert theirs.requests[0].headers["proxy-authorization"] == "Basic bWU6c2VjcmV0"
        assert "proxy-authorization" not in ours.requests[0].headers  # it is for the other one


@pytest.mark.parametrize("effect", [Effect.READ, Effect.NOTIFY])
@pytest.mark.parametrize("whose", ["ours", "theirs"])
async def test_a_proxy_never_sees_the_key(effect: Effect, whose: str) -> None:
    """It is asked for a tunnel in clear text, and aiohttp would give it all headers of the session."""
    async with HostileServer(answer(status=407)) as proxy, aiohttp.ClientSession(proxy=proxy.url) as lent:
        way: dict[str, Any] = {"proxy": proxy.url} if whose == "ours" else {"session": lent}
        session = SessionManager(api_key="sekret", retry=ONCE, **way)
        with pytest.raises(ConnectError):
            await session.request("POST", "/v1/x", effect=effect, body={})
        (request,) = proxy.requests
        assert (request.method, request.target) == ("CONNECT", "api.instatus.com:443")
        assert "sekret" not in str(request)
        await session.aclose()


@pytest.mark.parametrize("effect", [Effect.READ, Effect.NOTIFY])
def test_a_session_of_another_loop_is_refused(effect: Effect) -> None:
    async def lend() -> aiohttp.ClientSession:
        return aiohttp.ClientSession()

    async def story() -> None:
        async with HostileServer(answer({})) as server:
            session = SessionManager(api_key="key", base_url=server.url, session=lent)
            with pytest.raises(ClientStateError, match="another event loop"):
                await session.request("POST", "/v1/x", effect=effect, body={})
            assert server.requests == []
            await session.aclose()

    loop = asyncio.new_event_loop()
    lent = loop.run_until_complete(lend())
    asyncio.run(story())
    loop.run_until_complete(lent.close())
    loop.close()


# --- Slots -----------------------------------------------------------------------------------------------------------


async def _taken(slots: Slots) -> bool:
    """Take a slot if one can be had at once."""
    if slots.take():
        return True
    waiting = asyncio.ensure_future(slots.wait())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    return waiting.done()


async def test_slots_are_given_to_whoever_waits_longest() -> None:
    slots, got = Slots(1), list[int]()
    assert slots.take()

    async def wait(number: int) -> None:
        await slots.wait()
        got.append(number)

    tasks = [asyncio.create_task(wait(number)) for number in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    for expected in ([0], [0, 2]):
        slots.give()
        assert not slots.take()  # nobody overtakes
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert got == expected
    slots.give()
    assert slots.take()


@given(st.lists(st.sampled_from(["take", "give", "cancel", "give and cancel", "tick"]), max_size=40))
@settings(max_examples=300)
def test_no_slot_is_lost_to_cancellation(steps: list[str]) -> None:
    async def story() -> None:
        slots, held, waiting = Slots(3), 0, list[asyncio.Task[None]]()
        for step in steps:
            match step:
                case "take":
                    if slots.take():
                        held += 1
                    else:
                        waiting.append(asyncio.create_task(slots.wait()))
                case "give" if held:
                    slots.give()
                    held -= 1
                case "cancel" if waiting:
                    waiting[0].cancel()
                case "give and cancel" if held and waiting:
                    slots.give()
                    held -= 1
                    waiting[0].cancel()
                case _:
                    await asyncio.sleep(0)
            held += sum(task.done() and not task.cancelled() for task in waiting)
            waiting = [task for task in waiting if not task.done()]
            assert held <= 3
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        held += sum(not task.cancelled() for task in waiting)
        for _ in range(held):
            slots.give()
        assert [await _taken(slots) for _ in range(4)] == [True, True, True, False]

    asyncio.run(story())
