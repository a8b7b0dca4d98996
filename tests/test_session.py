"""The session over real sockets: what is sent, what is sent again, and what every failure becomes."""

from __future__ import annotations

import asyncio
import gzip
import inspect
import logging
import pickle
import ssl
import traceback
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from instatus_async.errors import (
    APIError,
    AuthenticationError,
    BadRequestError,
    ClientStateError,
    ConfigError,
    ConflictError,
    ConnectError,
    DeadlineExceededError,
    DecodeError,
    InstatusError,
    InvalidRequestError,
    NotFoundError,
    OutcomeUnknownError,
    PermissionDeniedError,
    ProtocolError,
    RateLimitError,
    RedirectError,
    ResponseTooLargeError,
    ServerError,
    TransportError,
    UnprocessableError,
)
from instatus_async.rate_limit import RateGate
from instatus_async.retry import Effect, RetryPolicy
from instatus_async.session import SessionManager

from .hostile import Exchange, HostileServer, Script, answer, close, reset, stall

KEY = "the-key-3f9a"
READ, IDEMPOTENT, DATAPOINT, NOTIFY = Effect.READ, Effect.IDEMPOTENT, Effect.DATAPOINT, Effect.NOTIFY
FAST = RetryPolicy(attempts=3, base=0.001)


@asynccontextmanager
async def manager(server: HostileServer, **options: Any) -> AsyncGenerator[SessionManager]:
    session = SessionManager(api_key=KEY, base_url=server.url, retry=options.pop("retry", FAST), **options)
    try:
        yield session
    finally:
        await session.aclose()


async def failure(*scripts: Script, method: str = "GET", effect: Effect = READ, **options: Any) -> tuple[Any, int]:
    """Return the error of one call, and how many requests it took."""
    async with HostileServer(*scripts) as server, manager(server, **options) as session:
        body = {"a": 1} if method in ("POST", "PUT") else None
        with pytest.raises(InstatusError) as caught:
            await session.request(method, "/v1/x", operation=f"{method} /v1/x", effect=effect, body=body)
        # The next call works, whatever happened to this one.
        server.scripts = [answer({"fine": True})]
        session.gate = RateGate()
        assert await session.request("GET", "/v1/next", effect=READ) == {"fine": True}
        return caught.value, len(server.requests) - 1


# --- what is sent ----------------------------------------------------------------------------------------------------


async def test_a_request_as_it_goes_out() -> None:
    async with HostileServer(answer({"ok": 1})) as server, manager(server) as session:
        value = await session.request("POST", "/v1/a%2Fb", effect=NOTIFY, query="page=1&%21status=X", body={"ä": None})
    request = server.requests[0]
    assert value == {"ok": 1}
    assert (request.method, request.target) == ("POST", "/v1/a%2Fb?page=1&%21status=X")
    assert request.json == {"ä": None}
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["accept"] == "application/json"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"].startswith("instatus-async/")


async def test_a_get_has_no_body() -> None:
    async with HostileServer(answer({})) as server, manager(server) as session:
        await session.request("GET", "/v1/x", effect=READ)
    assert server.requests[0].body == b""
    assert "content-type" not in server.requests[0].headers


async def test_a_base_url_may_have_a_path() -> None:
    async with HostileServer(answer({})) as server:
        session = SessionManager(api_key=KEY, base_url=server.url + "/proxy/")
        await session.request("GET", "/v1/x", effect=READ)
        await session.aclose()
    assert server.lines == ["GET /proxy/v1/x"]


async def test_connections_are_kept_and_cookies_are_not() -> None:
    async with HostileServer(answer({}, headers=["Set-Cookie: a=b"])) as server, manager(server) as session:
        for _ in range(3):
            await session.request("GET", "/v1/x", effect=READ)
    assert server.connections == 1
    assert all("cookie" not in request.headers for request in server.requests)


async def test_the_environment_is_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    async with HostileServer(answer({})) as server, manager(server) as session:
        await session.request("GET", "/v1/x", effect=READ)
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


async def test_the_proxy_of_the_environment_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    async with HostileServer(answer({"via": "proxy"})) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        session = SessionManager(api_key=KEY, base_url="http://127.0.0.1:9", trust_env=True, retry=FAST)
        assert await session.request("GET", "/v1/x", effect=READ) == {"via": "proxy"}
        await session.aclose()
    assert proxy.lines == ["GET http://127.0.0.1:9/v1/x"]


@pytest.mark.parametrize("status", [200, 201, 202, 204])
@pytest.mark.parametrize("raw", [b"", b" \n"])
async def test_an_empty_answer_is_none(status: int, raw: bytes) -> None:
    raw = b"" if status == 204 else raw
    async with HostileServer(answer(status=status, raw=raw)) as server, manager(server) as session:
        assert await session.request("POST", "/v1/x", effect=NOTIFY) is None


async def test_gzip_is_read() -> None:
    body = gzip.compress(b'{"a": [1]}')
    async with (
        HostileServer(answer(raw=body, headers=["Content-Encoding: gzip"])) as server,
        manager(server) as session,
    ):
        assert await session.request("GET", "/v1/x", effect=READ) == {"a": [1]}


# --- what is sent again ----------------------------------------------------------------------------------------------

UNKNOWN: list[Script] = [
    reset,
    close,
    answer(status=500),
    answer(status=502, raw=b"<html>bad gateway</html>"),
    answer(status=503),
    answer(status=504),
    answer(status=408),
    answer(raw=b'{"half": '),
]


@pytest.mark.parametrize("script", UNKNOWN)
@pytest.mark.parametrize(("method", "effect"), [("GET", READ), ("PUT", IDEMPOTENT), ("DELETE", IDEMPOTENT)])
async def test_what_may_be_repeated_is_repeated(script: Script, method: str, effect: Effect) -> None:
    async with HostileServer(script, script, answer({"ok": 1})) as server, manager(server) as session:
        assert await session.request(method, "/v1/x", effect=effect, body={} if method == "PUT" else None) == {"ok": 1}
    assert len(server.requests) == 3


@pytest.mark.parametrize("script", UNKNOWN)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "GET"])
async def test_what_tells_subscribers_is_sent_once(script: Script, method: str) -> None:
    """PUT and DELETE too: aiohttp would send them twice on its own when the connection drops."""
    error, sent = await failure(script, answer({}), method=method, effect=NOTIFY)
    assert type(error) is OutcomeUnknownError
    assert sent == 1
    assert error.fingerprint is not None
    assert error.fingerprint.operation == f"{method} /v1/x"
    assert "before you send it again" in str(error)


async def test_a_datapoint_is_not_sent_blindly_again() -> None:
    error, sent = await failure(reset, answer({}), method="POST", effect=DATAPOINT)
    assert type(error) is OutcomeUnknownError
    assert sent == 1


async def test_attempts_are_counted() -> None:
    error, sent = await failure(answer({"error": {"message": "down"}}, status=503), retry=RetryPolicy(4, base=0.001))
    assert type(error) is ServerError
    assert sent == 4
    error, sent = await failure(reset, retry=RetryPolicy(attempts=1))
    assert type(error) is ProtocolError
    assert sent == 1


async def test_a_delete_that_is_gone_at_the_second_look_has_succeeded() -> None:
    async with HostileServer(reset, answer(status=404)) as server, manager(server) as session:
        assert await session.request("DELETE", "/v1/x", effect=IDEMPOTENT) is None
    assert len(server.requests) == 2


async def test_a_delete_that_was_gone_from_the_start_is_an_error() -> None:
    error, sent = await failure(answer(status=404), method="DELETE", effect=IDEMPOTENT)
    assert type(error) is NotFoundError
    assert sent == 1


async def test_a_delete_after_a_failure_before_sending_is_an_error_too() -> None:
    """429 says that it was not carried out, so a 404 afterwards is the truth about the record."""
    limited = answer(status=429, headers=["Retry-After: 0"])
    error, sent = await failure(limited, answer(status=404), method="DELETE", effect=IDEMPOTENT)
    assert type(error) is NotFoundError
    assert sent == 2


async def test_a_component_that_is_gone_says_so_in_its_own_way() -> None:
    """500 with a sentence, for any operation on an unknown one (quirk 17): it refuses, and nothing is in doubt."""
    unknown = answer({"error": {"message": "No status page for that component"}}, status=500)
    async with HostileServer(reset, unknown) as server, manager(server) as session:
        assert await session.request("DELETE", "/v1/p/components/c", effect=IDEMPOTENT) is None
        server.scripts = [unknown]
        for method in ("DELETE", "PUT", "GET"):
            sent = len(server.requests)
            with pytest.raises(ServerError, match="unknown component") as caught:
                await session.request(method, "/v1/p/components/c", effect=READ if method == "GET" else IDEMPOTENT)
            assert (len(server.requests) - sent, caught.value.may_have_applied) == (1, False)


@pytest.mark.parametrize("status", [500, 507, 520, 524, 530])
async def test_whatever_a_server_or_a_proxy_fails_with_may_have_been_carried_out(status: int) -> None:
    failed = answer(raw=b"error", status=status)
    error, sent = await failure(failed, method="POST", effect=NOTIFY)
    assert (type(error), sent) == (OutcomeUnknownError, 1)
    error, sent = await failure(failed)
    assert (type(error), sent, error.may_have_applied) == (ServerError, 3, False)


@pytest.mark.parametrize(
    ("script", "said", "sent"),
    [
        (close, "the connection broke", 3),
        (answer(status=407), "the proxy answered 407", 1),
        (answer(status=502), "the proxy answered 502", 3),
    ],
)
async def test_a_proxy_that_gives_no_tunnel(script: Script, said: str, sent: int) -> None:
    """The request never left, so that nothing is in doubt."""
    async with HostileServer(script) as proxy:
        session = SessionManager(api_key=KEY, base_url="https://127.0.0.1:1", proxy=proxy.url, retry=FAST)
        with pytest.raises(ConnectError, match=f"{said}.*nothing was sent") as caught:
            await session.request("POST", "/v1/x", effect=NOTIFY, body={})
        assert caught.value.may_have_applied is False
        assert proxy.lines == ["CONNECT 127.0.0.1:1"] * sent
        assert not session.unresolved
        await session.aclose()


@pytest.mark.parametrize("effect", Effect)
async def test_a_refused_connection_is_tried_again_whatever_the_effect(effect: Effect, unused_tcp_port: int) -> None:
    session = SessionManager(api_key=KEY, base_url=f"http://127.0.0.1:{unused_tcp_port}", retry=FAST)
    with pytest.raises(ConnectError, match="nothing was sent") as caught:
        await session.request("POST", "/v1/x", operation="POST /v1/x", effect=effect)
    assert caught.value.may_have_applied is False
    assert str(caught.value).startswith("POST /v1/x: ")
    await session.aclose()


@pytest.mark.parametrize("effect", Effect)
async def test_429_is_waited_for_whatever_the_effect(effect: Effect) -> None:
    limited = answer(status=429, headers=["Retry-After: 0"])
    async with HostileServer(limited, answer({"ok": 1})) as server, manager(server) as session:
        assert await session.request("POST", "/v1/x", effect=effect, body={}) == {"ok": 1}
    assert len(server.requests) == 2


async def test_a_pause_beyond_the_deadline_is_told_at_once() -> None:
    error, sent = await failure(
        answer(raw=b"<html>", status=429, headers=["Retry-After: 0.5"]), timeout=0.4, retry=FAST
    )
    assert type(error) is RateLimitError
    assert error.retry_after == 0.5
    assert sent == 1


# --- what failures become --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequestError),
        (401, AuthenticationError),
        (403, PermissionDeniedError),
        (404, NotFoundError),
        (409, ConflictError),
        (410, APIError),
        (418, APIError),
        (422, UnprocessableError),
    ],
)
@pytest.mark.parametrize("effect", Effect)
async def test_an_answer_that_refuses_is_raised_at_once(status: int, kind: type[APIError], effect: Effect) -> None:
    body = {"error": {"code": "forbidden", "message": "Not authorized"}}
    error, sent = await failure(answer(body, status=status, headers=["X-Id: 7", "Set-Cookie: a=b"]), effect=effect)
    assert type(error) is kind
    assert sent == 1
    assert (error.status, error.code, error.method, error.path) == (status, "forbidden", "GET", "/v1/x")
    assert str(error) == error.message
    assert str(error).startswith(f"GET /v1/x: {status} ")
    assert "Not authorized" in str(error)
    assert error.headers["X-Id"] == "7"
    assert "Set-Cookie" not in error.headers
    assert "Not authorized" in error.body


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b'{"error": {"message": "There is no status page with this ID."}}', "There is no status page with this ID; "),
        (b'{"error": "plain"}', "plain"),
        (b'{"message": "bare"}', "bare"),
        (b"<!DOCTYPE html><html>404</html>", "an HTML page"),
        (b"Not Found", "Not Found"),
        (b"", "404 Not Found"),
        (b'{"error": {"message": 5, "code": 7}}', "404 Not Found"),
        (b"[1]", "404 Not Found"),
        (b"\xff\xfe\x00", "404 Not Found"),
        (b'{"error": null}', "404 Not Found"),
    ],
)
async def test_error_bodies_of_every_kind(raw: bytes, said: str) -> None:
    error, _ = await failure(answer(raw=raw, status=404))
    assert type(error) is NotFoundError
    assert said in str(error)


async def test_success_with_an_error_object_is_an_error() -> None:
    error, sent = await failure(answer({"error": {"message": "no", "code": "x"}}), method="POST", effect=NOTIFY)
    assert type(error) is APIError
    assert (error.status, error.code, sent) == (200, "x", 1)


async def test_a_redirect_is_not_followed() -> None:
    async with HostileServer(answer({})) as other:
        error, sent = await failure(answer(status=302, headers=[f"Location: {other.url}/steal"]))
        assert type(error) is RedirectError
        assert sent == 1
        assert other.requests == []


def to(location: str, status: int = 302) -> Script:
    return answer(status=status, headers=[f"Location: {location}", "Set-Cookie: a=b"])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_without_a_key_redirects_are_followed_with_nothing_in_hand(status: int) -> None:
    async with HostileServer(answer({"there": 1})) as other, HostileServer(to("x", status)) as server:
        server.scripts = [to("/b/c?d=e", status), to(f"{other.url}/summary.json", status)]
        session = SessionManager(api_key=None, base_url=server.url)
        assert await session.request("GET", "/a", effect=READ) == {"there": 1}
        await session.aclose()
    assert server.lines == ["GET /a", "GET /b/c?d=e"]
    assert other.lines == ["GET /summary.json"]
    assert not {"cookie", "authorization", "referer"} & set(other.requests[0].headers)


@pytest.mark.parametrize(
    "location", ["", "ftp://127.0.0.1/", "http://[", "http:///x", "javascript:alert(1)", "mailto:x"]
)
async def test_redirects_that_lead_nowhere(location: str) -> None:
    async with HostileServer(to(location)) as server:
        session = SessionManager(api_key=None, base_url=server.url, timeout=2)
        with pytest.raises(RedirectError):
            await session.request("GET", "/a", effect=READ)
        await session.aclose()
    assert len(server.requests) <= 6


async def test_redirects_without_end() -> None:
    async with HostileServer(to("/a")) as server:
        session = SessionManager(api_key=None, base_url=server.url)
        with pytest.raises(RedirectError, match="without end"):
            await session.request("GET", "/a", effect=READ)
        await session.aclose()
    assert len(server.requests) == 6


@pytest.mark.parametrize("raw", [b"<html>", b"  <!DOCTYPE html>"])
async def test_html_instead_of_json(raw: bytes) -> None:
    error, sent = await failure(answer(raw=raw))
    assert type(error) is DecodeError
    assert sent == 1
    assert "HTML" in str(error)
    assert raw.decode().strip() in str(error)


@pytest.mark.parametrize(
    "raw",
    [
        b"nope",
        b'{"a": NaN}',
        b"[Infinity]",
        b"[1e999]",
        b"[" * 100_000,
        b"\xff",
        b'["\\ud800"]',
        b"1" * 5000,
    ],
)
async def test_what_is_not_json(raw: bytes) -> None:
    error, _ = await failure(answer(raw=raw), retry=RetryPolicy(attempts=1))
    assert type(error) is DecodeError
    assert error.path == "$"
    assert not error.may_have_applied


async def dripping(exchange: Exchange) -> None:
    exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    await exchange.stall()


@pytest.mark.parametrize("script", [stall, dripping])
async def test_the_deadline_ends_a_call(script: Script) -> None:
    error, _ = await failure(script, timeout=0.2, retry=RetryPolicy(attempts=9, base=0))
    assert type(error) is DeadlineExceededError
    assert isinstance(error, TimeoutError)
    assert "0.2 s" in str(error)
    assert not error.may_have_applied


async def test_a_read_timeout_leaves_a_notifying_call_unknown() -> None:
    error, sent = await failure(stall, method="POST", effect=NOTIFY, timeout=0.2)
    assert type(error) is OutcomeUnknownError
    assert sent == 1


async def garbage(exchange: Exchange) -> None:
    exchange.send(b"\x00\x01 what is this\r\n\r\n")


async def half_a_status_line(exchange: Exchange) -> None:
    exchange.send(b"HTTP/1.1 2")
    exchange.writer.close()


async def truncated(exchange: Exchange) -> None:
    exchange.send(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"id": 1')
    exchange.writer.close()


async def endless_headers(exchange: Exchange) -> None:
    exchange.send(b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(20_000)))


NO_HTTP = [garbage, half_a_status_line, truncated]
if "max_headers" in inspect.signature(aiohttp.ClientSession).parameters:  # older ones read on until the deadline
    NO_HTTP.append(endless_headers)


@pytest.mark.parametrize("script", NO_HTTP)
async def test_what_is_not_http(script: Script) -> None:
    error, sent = await failure(script, retry=RetryPolicy(attempts=2, base=0))
    assert type(error) is ProtocolError
    assert sent == 2
    error, sent = await failure(script, method="POST", effect=NOTIFY)
    assert type(error) is OutcomeUnknownError
    assert sent == 1


@pytest.mark.parametrize("packed", [False, True])
async def test_a_large_answer_is_refused(packed: bool) -> None:
    raw = b"0" * 1_000_001
    raw, headers = (gzip.compress(raw), ["Content-Encoding: gzip"]) if packed else (raw, [])
    error, sent = await failure(answer(raw=raw, headers=headers), max_response_bytes=1_000_000)
    assert type(error) is ResponseTooLargeError
    assert sent == 1
    assert "max_response_bytes" in str(error)


async def test_an_answer_of_just_the_size_is_read() -> None:
    raw = b'"' + b"0" * 998 + b'"'
    async with HostileServer(answer(raw=raw)) as server, manager(server, max_response_bytes=1000) as session:
        assert await session.request("GET", "/v1/x", effect=READ) == "0" * 998


async def test_an_untrusted_certificate(tls_server: Callable[[], Any]) -> None:
    async with tls_server() as url:
        session = SessionManager(api_key=KEY, base_url=url, retry=FAST)
        with pytest.raises(TransportError, match="certificate is not trusted; nothing was sent"):
            await session.request("GET", "/v1/x", effect=READ)
        await session.aclose()


# --- secrets ---------------------------------------------------------------------------------------------------------


def everything_about(exc: BaseException) -> str:
    """Print an error as crash reporters do: the chain, all attributes, and the locals of every frame."""
    text: list[str] = []
    seen: set[int] = set()
    pending: list[BaseException | None] = [exc]
    while pending:
        current = pending.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        pending += [current.__cause__, current.__context__]
        report = traceback.TracebackException.from_exception(current, capture_locals=True)
        text += [*report.format(), repr(current), str(current), repr(current.args), repr(vars(current))]
    return "\n".join(text)


ECHO = {"error": {"code": KEY, "message": f"the key Bearer {KEY} is wrong"}}


@pytest.mark.parametrize(
    "script",
    [
        reset,
        stall,
        garbage,
        answer(ECHO, status=401, headers=[f"X-Echo: {KEY}"]),
        answer(ECHO, status=500),
        answer(ECHO),
        answer(raw=f"<html>{KEY}".encode()),
        answer(raw=KEY.encode()),
        answer(status=302, headers=[f"Location: http://x/{KEY}"]),
        answer(status=429, headers=["Retry-After: 100"]),
    ],
)
@pytest.mark.parametrize("effect", [READ, NOTIFY])
async def test_the_key_is_nowhere(script: Script, effect: Effect, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    error, _ = await failure(script, effect=effect, timeout=0.3)
    # The frames of this test know the key; the ones below it must not show it.
    report = everything_about(error.with_traceback(error.__traceback__.tb_next.tb_next))
    assert KEY not in report
    assert KEY not in caplog.text
    assert KEY.encode() not in pickle.dumps(error)


async def test_cancellation_does_not_show_the_key_either() -> None:
    async with HostileServer(stall) as server, manager(server) as session:
        task = asyncio.ensure_future(session.request("GET", "/v1/x", effect=READ))
        await server.reached(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        frames = caught.value.__traceback__
        assert frames is not None
        while frames is not None and "instatus_async" not in frames.tb_frame.f_code.co_filename:
            frames = frames.tb_next
        assert KEY not in everything_about(caught.value.with_traceback(frames))


async def test_the_manager_shows_no_key_and_does_not_pickle() -> None:
    session = SessionManager(api_key=KEY)
    assert KEY not in repr(session)
    with pytest.raises(TypeError, match="does not pickle"):
        pickle.dumps(session)


# --- life cycle ------------------------------------------------------------------------------------------------------


async def test_use_after_close() -> None:
    async with HostileServer(answer({})) as server, manager(server) as session:
        await session.request("GET", "/v1/x", effect=READ)
        await session.aclose()
        await session.aclose()
        with pytest.raises(ClientStateError, match="closed"):
            await session.request("GET", "/v1/x", effect=READ)
    assert len(server.requests) == 1


def test_a_second_loop() -> None:
    session = SessionManager(api_key=KEY, base_url="http://127.0.0.1:9", retry=RetryPolicy(attempts=1))

    async def use() -> None:
        await session.request("GET", "/v1/x", effect=READ)

    async def again() -> None:
        with pytest.raises(ClientStateError, match="another event loop"):
            await use()
        session.pool._kept = None  # nothing is left to warn about

    async def first() -> None:
        with pytest.raises(ConnectError):
            await use()
        assert session.pool._kept is not None  # it was opened here
        await session.pool._kept.close()  # as when the loop goes away

    asyncio.run(first())
    asyncio.run(again())


@pytest.fixture
async def lent() -> AsyncIterator[aiohttp.ClientSession]:
    session = aiohttp.ClientSession(
        "http://example.invalid/",
        headers={"Authorization": "Bearer of-the-host", "X-Mine": "1"},
        cookies={"mine": "1"},
        auth=None,
        raise_for_status=True,
    )
    yield session
    await session.close()


async def test_a_lent_session_lends_connections_and_nothing_else(lent: aiohttp.ClientSession) -> None:
    scripts = answer({}, headers=["Set-Cookie: a=b"]), answer({"error": {"message": "x"}}, status=404)
    async with HostileServer(*scripts) as server, manager(server, session=lent) as session:
        await session.request("GET", "/v1/x", effect=READ)
        with pytest.raises(NotFoundError):
            await session.request("GET", "/v1/x", effect=READ)
        await session.aclose()
        assert not lent.closed
        assert len(lent.cookie_jar) == 1
        own = aiohttp.ClientSession(connector=lent.connector, connector_owner=False, headers=lent.headers)
        async with own, own.get(server.url + "/own"):
            pass
    assert server.connections == 1
    ours, _, theirs = server.requests
    assert ours.headers["authorization"] == f"Bearer {KEY}"
    assert "x-mine" not in ours.headers
    assert "cookie" not in ours.headers
    assert theirs.headers["authorization"] == "Bearer of-the-host"


async def test_a_lent_session_keeps_its_tracing(lent: aiohttp.ClientSession) -> None:
    seen: list[str] = []

    async def started(_: Any, __: Any, params: aiohttp.TraceRequestStartParams) -> None:
        seen.append(f"{params.method} {params.url.path}")

    config = aiohttp.TraceConfig()
    config.on_request_start.append(started)
    config.freeze()
    lent.trace_configs.append(config)
    async with HostileServer(reset, answer({})) as server, manager(server, session=lent) as session:
        await session.request("GET", "/v1/x", effect=READ)
    assert seen == ["GET /v1/x", "GET /v1/x"]


async def test_a_lent_session_that_is_closed() -> None:
    own = aiohttp.ClientSession()
    session = SessionManager(api_key=KEY, session=own)
    await own.close()
    with pytest.raises(ClientStateError, match="lent"):
        await session.request("GET", "/v1/x", effect=READ)


@pytest.mark.parametrize("effect", [IDEMPOTENT, NOTIFY])
async def test_a_lent_session_that_closes_while_a_call_waits_for_its_connection(effect: Effect) -> None:
    """aiohttp cancels those who wait: nobody else did, and a task group would not say a word."""

    waits = asyncio.Event()

    class Own(aiohttp.TCPConnector):
        """Used as it is for what notifies, too."""

        async def connect(self, *args: Any, **kwargs: Any) -> Any:
            if server.requests:
                waits.set()
            return await super().connect(*args, **kwargs)

    connector = Own(limit=1)
    lent = aiohttp.ClientSession(connector=connector)
    async with HostileServer(stall) as server, manager(server, session=lent) as session:
        first = asyncio.ensure_future(session.request("GET", "/v1/x", effect=READ))
        await server.reached(1)
        second = asyncio.ensure_future(session.request("PUT", "/v1/x", effect=effect, body={}))
        await waits.wait()
        await lent.close()
        with pytest.raises(ClientStateError, match="lent to the client is closed"):
            await second
        assert not session.unresolved
        assert server.lines == ["GET /v1/x"]
        await asyncio.gather(first, return_exceptions=True)


async def test_a_write_in_doubt_is_told_when_the_client_is_closed_before_it_is_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("instatus_async._pool._DRAIN", 0.01)
    async with HostileServer(stall) as server, manager(server) as session:
        call = asyncio.ensure_future(session.request("PUT", "/v1/x", effect=IDEMPOTENT, body={}))
        await server.reached(1)
        await session.aclose()
        with pytest.raises(ProtocolError, match="connection broke") as caught:
            await call
        assert caught.value.may_have_applied
        assert len(server.requests) == 1


async def test_a_lent_session_that_closes_later() -> None:
    own = aiohttp.ClientSession()
    async with HostileServer(answer({})) as server, manager(server, session=own) as session:
        await session.request("GET", "/v1/x", effect=READ)
        await own.close()
        with pytest.raises(ClientStateError, match="lent"):
            await session.request("GET", "/v1/x", effect=READ)


async def test_views_share_the_pool() -> None:
    async with HostileServer(answer({})) as server, manager(server) as session:
        view = session.with_options(timeout=3, retry=RetryPolicy(attempts=1))
        assert (view.timeout, view.retry.attempts, session.timeout, view.gate) == (3.0, 1, 30.0, session.gate)
        await view.request("GET", "/v1/x", effect=READ)
        await session.request("GET", "/v1/x", effect=READ)
        assert server.connections == 1
        await session.aclose()
        with pytest.raises(ClientStateError):
            await view.request("GET", "/v1/x", effect=READ)


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["", " ", "a b", "a\n", "a\x00", "ключ", "k" * 10 + "\u200b", "\u00e4"])
def test_keys_that_no_header_carries(key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        SessionManager(api_key=key)
    assert not key.strip() or key not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.instatus.com",
        "http://10.0.0.1",
        "http://localhost.evil.example",
        "https://user:pass@api.instatus.com",
        "https://api.instatus.com/?a=b",
        "https://api.instatus.com/#x",
        "ftp://localhost",
        "api.instatus.com",
        "https://",
        "",
        "//x",
        "http://localhost:port",
        "https://api.instatus.com/v1",
        "https://api.instatus.com/v2/",
        None,
        5,
    ],
)
def test_base_urls_that_show_the_key(url: Any) -> None:
    with pytest.raises(ConfigError, match="base_url"):
        SessionManager(api_key=KEY, base_url=url)


@pytest.mark.parametrize(
    "url", ["http://localhost:1", "http://127.1.2.3", "http://[::1]:8", "http://a.localhost", "https://x.example/v"]
)
def test_base_urls_that_do_not(url: str) -> None:
    SessionManager(api_key=KEY, base_url=url)


def lax_context(*, hosts: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    if not hosts:
        context.verify_mode = ssl.CERT_NONE
    return context


@pytest.mark.parametrize("context", [False, True, lax_context(hosts=True), lax_context(hosts=False)])
async def test_tls_cannot_be_switched_off(context: Any) -> None:
    with pytest.raises(ConfigError, match=r"ssl|verif"):
        SessionManager(api_key=KEY, ssl=context)
    if context is not True:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as lax:
            with pytest.raises(ConfigError, match=r"ssl|verif"):
                SessionManager(api_key=KEY, session=lax)


@pytest.mark.parametrize(
    "settings",
    [
        {"timeout": 0},
        {"timeout": -1},
        {"timeout": True},
        {"timeout": "30"},
        {"timeout": float("nan")},
        {"timeout": float("inf")},
        {"max_response_bytes": 0},
        {"user_agent": "a\r\nb"},
        {"session": object()},
    ],
)
def test_settings_that_cannot_work(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        SessionManager(api_key=KEY, **settings)


async def test_a_body_that_is_not_json_is_refused() -> None:
    async with HostileServer(answer({})) as server, manager(server) as session:
        for body in ({"a": float("nan")}, {"a": object()}, {"a": "\ud800"}):
            with pytest.raises(InvalidRequestError, match="not JSON"):
                await session.request("POST", "/v1/x", body=body)
    assert server.requests == []


# --- the log ---------------------------------------------------------------------------------------------------------


async def test_one_line_a_retry(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "instatus_async")
    async with HostileServer(reset, answer({})) as server, manager(server) as session:
        await session.request("GET", "/v1/x", operation="GET /v1/x", effect=READ)
    assert len(caplog.records) == 1
    assert caplog.records[0].getMessage().startswith("GET /v1/x: attempt 1: retry (outcome unknown), 0.0")
