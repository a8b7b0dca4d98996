"""Cases 60 to 66: what must reach nobody but the service."""

from __future__ import annotations

import asyncio
import logging
import pickle
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import aiohttp
import attrs
import pytest
import trustme
from aiohttp import web

from instatus_async import (
    APIError,
    AuthenticationError,
    BadRequestError,
    ConfigError,
    DecodeError,
    InstatusClient,
    InstatusError,
    PublicStatusPage,
    RateLimitError,
    RedirectError,
    ServerError,
)
from instatus_async.testing import InstatusServer, faults
from tests.bodies import PAGE
from tests.hostile import HostileServer, answer, reset
from tests.operations import ROWS, Handles, Row

from .kit import FAST, INCIDENTS, KEY, create, embedded, hostile, no_key, patient

# --- redirects -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_60_a_redirect_to_another_host(caplog: pytest.LogCaptureFixture, status: int) -> None:
    async with InstatusServer(api_key=KEY) as other, embedded(caplog) as stage:
        to = faults.Status(status, None, {"Location": f"{other.url}/v1/{other.page_id}/incidents"})
        stage.server.faults.every(to, host="api")
        says = f"answered {status}, a redirect, which is not followed with a key"
        error = await stage.fails(create(stage.page), RedirectError, f"POST .*{says}", n=1)
        assert not error.may_have_applied
        await stage.fails(stage.client.user.get(), RedirectError, f"GET .*{says}", n=1, method="GET", path="/v1/user")
        assert len(other.requests) == 0
        assert other.url not in str(error)
        await stage.works()


@asynccontextmanager
async def tls(handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> AsyncGenerator[tuple[str, Any]]:
    """Serve with a certificate for localhost: its URL, and a context that trusts it."""
    ca, theirs, ours = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    ca.issue_cert("localhost").configure_cert(theirs)  # pyright: ignore[reportUnknownMemberType]  # of pyOpenSSL
    ca.configure_trust(ours)  # pyright: ignore[reportUnknownMemberType]  # of pyOpenSSL
    runner = web.ServerRunner(web.Server(handler, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=theirs).start()
    try:
        yield f"https://localhost:{runner.addresses[0][1]}", ours
    finally:
        await runner.cleanup()


async def test_60_a_downgrade_to_http(caplog: pytest.LogCaptureFixture) -> None:
    """The certificate is fine, and the way back over http is not taken."""
    keyed: list[bool] = []

    async with HostileServer(answer({"id": "u"})) as plain:

        async def down(request: web.BaseRequest) -> web.StreamResponse:
            keyed.append(request.headers["Authorization"] == f"Bearer {KEY}")
            return web.Response(status=307, headers={"Location": plain.url + request.path})

        async with tls(down) as (url, context):
            client = InstatusClient(KEY, base_url=url, ssl=context, retry=FAST)
            with pytest.raises(RedirectError, match="which is not followed with a key") as caught:
                await client.user.get()
            await client.aclose()
        no_key(caught.value)
        assert keyed == [True]
        assert plain.requests == []
    assert KEY not in caplog.text


# --- the key ---------------------------------------------------------------------------------------------------------

ECHO = {"error": {"code": KEY, "message": f"the key Bearer {KEY} is wrong"}, "key": KEY}
HEADERS = {"X-Echo": KEY, "WWW-Authenticate": f"Bearer {KEY}"}

ECHOES: Mapping[str, tuple[faults.Fault, type[InstatusError]]] = {
    "401": (faults.Status(401, ECHO, HEADERS), AuthenticationError),
    "400 as text": (faults.Status(400, f"What is {KEY}?", HEADERS), BadRequestError),
    "500": (faults.Status(500, ECHO, HEADERS), ServerError),
    "429": (faults.Status(429, ECHO, {**HEADERS, "Retry-After": "900"}), RateLimitError),
    "200 with an error": (faults.Status(200, ECHO, HEADERS), APIError),
    "200 with HTML": (faults.Html(f"<html>{KEY}</html>", status=200), DecodeError),
    "200 with text": (faults.Status(200, KEY, HEADERS), DecodeError),
    "200 of a wrong type": (faults.Status(200, {"id": 5, "name": KEY}), DecodeError),
    "200 of a wrong kind": (faults.Status(200, [KEY]), DecodeError),
    "302": (faults.Status(302, None, {"Location": f"http://x.example/{KEY}"}), RedirectError),
}


@pytest.mark.parametrize("what", ECHOES)
async def test_61_a_key_that_the_server_echoes(caplog: pytest.LogCaptureFixture, what: str) -> None:
    """`fails` looks for the key in the error, all its frames, its pickle, and the log at DEBUG."""
    fault, kind = ECHOES[what]
    async with embedded(caplog) as stage:
        stage.server.faults.every(fault, "GET", "/v1/user")
        n = 3 if what in ("500", "200 with text") else 1
        await stage.fails(stage.client.user.get(), kind, "GET /v1/user: ", n=n, method="GET", path="/v1/user")
        await stage.works()


async def test_61_objects_that_hold_the_key(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    patient(monkeypatch)
    asyncio.get_running_loop().set_debug(True)
    async with embedded(caplog) as stage:
        stage.server.faults.every(faults.Reset(), "POST", INCIDENTS)
        with pytest.raises(InstatusError) as caught:
            await create(stage.page)
        no_key(caught.value)
        fingerprint: Any = getattr(caught.value, "fingerprint", None)
        assert KEY not in repr(attrs.asdict(fingerprint))
        assert KEY.encode() not in pickle.dumps(fingerprint)
        client = stage.client
        for thing in (client, client.pages, stage.page, stage.page.incidents, client.with_options(timeout=3)):
            assert KEY not in f"{thing!r} {thing}"
            with pytest.raises(TypeError, match="does not pickle"):
                pickle.dumps(thing)
        manager = client._session
        held = {name: getattr(manager, name) for name in type(manager).__slots__}
        assert KEY not in repr(held)
        pool = manager.pool
        assert KEY not in repr({name: getattr(pool, name) for name in type(pool).__slots__})
        await stage.works()


async def test_61_events_and_log_lines(caplog: pytest.LogCaptureFixture) -> None:
    events: list[object] = []

    def listen(event: object) -> None:
        events.append(event)
        raise ZeroDivisionError

    async with embedded(caplog, on_event=listen) as stage:
        caplog.set_level(logging.DEBUG)
        stage.server.faults.next(faults.Status(500, ECHO, HEADERS), "GET", "/v1/user")
        await stage.client.user.get()
        assert len(events) == 3
        assert KEY not in repr(events)
        assert "on_event failed" in caplog.text


# --- page hosts, cookies, the environment ----------------------------------------------------------------------------


async def test_62_summary_without_key_and_cookie(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even those of the session that is lent, and not after a redirect between the hosts of a page."""
    monkeypatch.setenv("INSTATUS_API_KEY", KEY)
    headers, cookies = {"Authorization": f"Bearer {KEY}", "X-Own": KEY}, {"own": KEY}
    async with (
        InstatusServer(api_key=KEY) as server,
        InstatusServer(api_key=KEY) as moved,
        aiohttp.ClientSession(headers=headers, cookies=cookies) as own,
        PublicStatusPage(server.page_url(), session=own) as page,
    ):
        to = {"Location": moved.page_url() + "/summary.json", "Set-Cookie": "a=b; Path=/"}
        server.faults.next(faults.Status(308, None, to), host="page")
        assert (await page.summary()).page.name == "Acme"
        assert (await page.summary()).page.name == "Acme"
        assert (len(server.requests), len(moved.requests)) == (2, 1)
        for request in (*server.requests, *moved.requests):
            assert not {"authorization", "cookie", "x-own"} & {name.lower() for name in request.headers}
            assert KEY not in repr(request.headers)


async def test_63_set_cookie(caplog: pytest.LogCaptureFixture) -> None:
    cookie = {"Set-Cookie": "session=abc; Path=/"}
    async with aiohttp.ClientSession() as own:
        for lent in (None, own):
            async with embedded(caplog, at="localhost", session=lent) as stage:  # no jar keeps cookies of addresses
                stage.server.faults.every(faults.Status(200, {"id": "u", "name": "n"}, cookie), "GET", "/v1/user")
                stage.server.faults.next(faults.Status(404, headers=cookie), "POST", INCIDENTS)
                await stage.client.user.get()
                with pytest.raises(APIError) as caught:
                    await create(stage.page)
                assert "set-cookie" not in {name.lower() for name in caught.value.headers}
                await create(stage.page)
                await stage.client.user.get()
                assert len(stage.server.requests) == 4
                for request in stage.server.requests:
                    assert "cookie" not in {name.lower() for name in request.headers}
                await stage.works()
        assert len(own.cookie_jar) == 0


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine with a netrc for the server's host, and with proxies that nobody answers at."""
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login me password of-the-netrc\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)


@pytest.mark.usefixtures("surroundings")
async def test_64_netrc_and_proxies_are_not_used() -> None:
    async with HostileServer(answer({"id": "u", "name": "n"})) as server:
        async with aiohttp.ClientSession(trust_env=True) as own:
            for lent in (None, own):
                async with InstatusClient(KEY, base_url=server.url, session=lent) as client:
                    await client.user.get()
                    await client.request("POST", "/v1/x", json={})
        async with PublicStatusPage(server.url) as page:
            with pytest.raises(DecodeError):
                await page.summary()
        *ours, public = server.requests
        assert [request.headers["authorization"] for request in ours] == [f"Bearer {KEY}"] * 4
        assert "authorization" not in public.headers


@pytest.mark.usefixtures("surroundings")
async def test_64_the_proxy_of_the_environment_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy is used then, and the netrc still is not."""
    async with HostileServer(answer({"id": "u", "name": "n"})) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        async with InstatusClient(KEY, base_url="http://127.0.0.1:9", trust_env=True) as client:
            await client.user.get()
            await client.request("POST", "/v1/x", json={})
        assert proxy.lines == ["GET http://127.0.0.1:9/v1/user", "POST http://127.0.0.1:9/v1/x"]
        assert {request.headers["authorization"] for request in proxy.requests} == {f"Bearer {KEY}"}


def lax(*, verify: ssl.VerifyMode, names: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = verify
    if names:
        context.check_hostname = True
    return context


LAX: Mapping[str, object] = {
    "off": False,
    "on": True,
    "nothing verified": lax(verify=ssl.CERT_NONE, names=False),
    "optional": lax(verify=ssl.CERT_OPTIONAL, names=True),
    "no names": lax(verify=ssl.CERT_REQUIRED, names=False),
    "unverified": ssl._create_unverified_context(),
}


@pytest.mark.parametrize("what", LAX)
async def test_65_tls_that_verifies_nothing(what: str) -> None:
    context: Any = LAX[what]
    with pytest.raises(ConfigError, match="ssl") as caught:
        InstatusClient(KEY, ssl=context)
    no_key(caught.value)
    if context is True:  # aiohttp's default, which verifies
        return
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as own:
        with pytest.raises(ConfigError, match="ssl") as caught:
            InstatusClient(KEY, session=own)
        no_key(caught.value)


async def test_65_tls_that_is_relaxed_later() -> None:
    """A context that was fine when it was given is not trusted blindly: the handshake still checks names."""
    requests: list[str] = []

    async def seen(request: web.BaseRequest) -> web.StreamResponse:
        requests.append(request.path)
        return web.json_response({"id": "u", "name": "n"})

    async with tls(seen) as (url, context):
        async with InstatusClient(KEY, base_url=url, ssl=context, retry=FAST) as client:
            assert (await client.user.get()).name == "n"
        async with InstatusClient(KEY, base_url=url.replace("localhost", "127.0.0.1"), ssl=context) as client:
            with pytest.raises(InstatusError, match="certificate is not trusted; nothing was sent"):
                await client.user.get()
    assert requests == ["/v1/user"]


# --- secrets in answers ----------------------------------------------------------------------------------------------

SECRET = "hush-3f77aa"
SECRETS = [
    "secureLink",
    "secureLinkToken",
    "secretToBypassPrivacy",
    "unsubscribeToken",
    "uniqueEmail",
    "password",
    "twilioToken",
    "nexmoSecret",
    "esendexPassword",
    "slack",
    "discord",
    "webhook",
    "microsoftTeamsWebhook",
    "googleChatWebhook",
    "recipient",
    "jwt",
]


def with_secrets(value: Any) -> Any:
    """Put a secret under every key that may hold one, also where the answer on record has none."""
    if isinstance(value, list):
        return [with_secrets(item) for item in value]  # pyright: ignore[reportUnknownVariableType]  # JSON
    if not isinstance(value, dict):
        return value
    changed: dict[str, Any] = {key: with_secrets(item) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(changed.get("site"), dict):
        changed["site"] |= {"secureLinkToken": SECRET, "secretToBypassPrivacy": SECRET}
    for key, item in changed.items():
        if key in SECRETS and (item is None or isinstance(item, str)):
            changed[key] = SECRET
        elif key in ("webhookHeaders", "webhookQueryParams", "headers", "queryParams", "basicAuth"):
            changed[key] = {"username": "u", "password": SECRET}
    return changed


@pytest.mark.parametrize("row", ROWS, ids=[row.operation for row in ROWS])
async def test_66_secrets_in_ordinary_answers(caplog: pytest.LogCaptureFixture, row: Row) -> None:
    """In no repr and no log line of any operation, and in no message when the answer cannot be read."""
    if row.reply is None or isinstance(row.reply, str):
        return
    scripts = [answer(with_secrets(reply)) for _, reply in row.pages]
    async with hostile(caplog, *scripts) as (stage, server), PublicStatusPage(server.url) as public:
        handles = Handles(stage.client, stage.client.page(PAGE), public)
        result = row.call(handles)
        result = await (result.collect() if hasattr(result, "collect") else result)
        assert SECRET not in f"{result!r} {result}"
        server.scripts = [answer(_spoiled(with_secrets(row.reply)))]
        error = await _unread(row.call(handles))
        assert SECRET not in f"{error} {error!r} {error.args if error else ()!r}"
    assert SECRET not in caplog.text


async def _unread(call: Any) -> DecodeError | None:
    try:
        await (call.collect() if hasattr(call, "collect") else call)
    except DecodeError as exc:
        return exc
    return None


def _spoiled(value: Any) -> Any:
    """Make every text and number something that it cannot be, but for the secrets."""
    if isinstance(value, list):
        return [_spoiled(item) for item in value]  # pyright: ignore[reportUnknownVariableType]  # JSON
    if isinstance(value, dict):
        record = cast("dict[str, Any]", value)
        return {key: item if SECRET in repr(item) else _spoiled(item) for key, item in record.items()}
    return [[5]]


async def test_66_a_lost_answer_with_secrets(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a fingerprint remembers of a subscriber shows in no repr."""
    patient(monkeypatch)
    async with hostile(caplog, reset, answer([])) as (stage, _):
        with pytest.raises(InstatusError) as caught:
            await stage.page.subscribers.create(email=f"{SECRET}@example.org", all=True)
        assert SECRET not in f"{caught.value!r} {caught.value} {vars(caught.value)!r} {caplog.text}"
