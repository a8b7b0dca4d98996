"""The two handles: settings, views, and the escape hatch."""

from __future__ import annotations

import inspect
import pickle
import pydoc
from typing import Any

import aiohttp
import pytest

from instatus_async import (
    ClientStateError,
    ConfigError,
    ConnectError,
    Effect,
    InstatusClient,
    InvalidIdError,
    InvalidRequestError,
    OutcomeUnknownError,
    PublicStatusPage,
    RateGate,
    RetryPolicy,
    ServerError,
)

from .hostile import HostileServer, answer, reset

FAST = RetryPolicy(base=0)


def test_the_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="INSTATUS_API_KEY"):
        InstatusClient()
    monkeypatch.setenv("INSTATUS_API_KEY", "from-outside")
    client = InstatusClient()
    assert "from-outside" not in repr(client)
    monkeypatch.setenv("INSTATUS_API_KEY", "")
    with pytest.raises(ConfigError, match="empty"):
        InstatusClient()


def test_building_needs_no_loop_and_does_nothing() -> None:
    page = InstatusClient("key").page("p")
    assert page.id == "p"
    assert repr(page) == "<Page p>"


def test_a_client_does_not_pickle() -> None:
    with pytest.raises(TypeError, match="does not pickle"):
        pickle.dumps(InstatusClient("key"))


class NoGate:
    """It has only half of what a gate needs."""

    async def acquire(self, deadline: float) -> int:
        return 0


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"retry": 3}, "retry must be a RetryPolicy"),
        ({"gate": "x"}, "gate must be"),
        ({"gate": RateGate}, "gate must be"),
        ({"gate": NoGate()}, "gate must be"),
        ({"on_event": "x"}, "on_event must be"),
        ({"user_agent": 5}, "user_agent must be"),
        ({"max_response_bytes": "1"}, "max_response_bytes must be"),
        ({"max_response_bytes": 1.5}, "max_response_bytes must be"),
        ({"max_response_bytes": True}, "max_response_bytes must be"),
        ({"proxy": 5}, "proxy must be .*http://"),
        ({"proxy": ""}, "proxy must be .*http://"),
        ({"proxy": "127.0.0.1:3128"}, "proxy must be .*http://"),
        ({"proxy": "proxy.example:3128"}, "proxy must be .*http://"),
        ({"proxy": "not a proxy"}, "proxy must be .*http://"),
        ({"proxy": "http://"}, "proxy must be .*http://"),
        ({"proxy": "http://proxy.example:port"}, "proxy must be .*http://"),
        ({"proxy": "socks5://me:secret@127.0.0.1:1080"}, "proxy must be .*http://"),
    ],
)
def test_settings_that_cannot_work(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        InstatusClient("key", **settings)
    assert "secret" not in str(caught.value)
    if "gate" not in settings and "on_event" not in settings:
        with pytest.raises(ConfigError, match=said):
            PublicStatusPage("https://acme.instatus.com", **settings)


def test_views_with_what_is_no_policy() -> None:
    policy: Any = "x"
    with pytest.raises(ConfigError, match="retry must be a RetryPolicy"):
        InstatusClient("key").with_options(retry=policy)


async def test_a_lent_session_with_a_proxy_that_is_none() -> None:
    async with aiohttp.ClientSession(proxy="127.0.0.1:3128") as lent:
        with pytest.raises(ConfigError, match=r"session you lend must be .*http://"):
            InstatusClient("key", session=lent)


@pytest.mark.parametrize("scheme", ["", "http://"])
async def test_a_proxy_of_the_environment(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One without a scheme speaks HTTP, as to curl."""
    async with HostileServer(answer(status=407)) as proxy:
        monkeypatch.setenv("https_proxy", scheme + proxy.url.removeprefix("http://"))
        async with InstatusClient("key", trust_env=True, retry=RetryPolicy(attempts=1)) as client:
            with pytest.raises(ConnectError):
                await client.page("p").incidents.create(name="n", status="INVESTIGATING", notify=True)
    assert proxy.lines == ["CONNECT api.instatus.com:443"]


def test_a_proxy_of_the_environment_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "socks5://me:secret@127.0.0.1:1080")
    with pytest.raises(ConfigError, match="https_proxy in the environment must be") as caught:
        InstatusClient("key", trust_env=True)
    assert "secret" not in str(caught.value)
    monkeypatch.setenv("https_proxy", "")
    InstatusClient("key", trust_env=True)


@pytest.mark.parametrize(
    "query",
    [
        "a=b",
        5,
        [("a", "b")],
        {"a": None},
        {"a": True},
        {"a": 1.5},
        {"a": ["b"]},
        {"a": "\ud800"},
        {"\ud800": "a"},
        {5: "a"},
        {None: "a"},
    ],
)
async def test_request_refuses_what_is_no_query(query: Any) -> None:
    async with HostileServer(answer({})) as server, InstatusClient("key", base_url=server.url) as client:
        with pytest.raises(InvalidRequestError, match=r"query: .*Nothing was sent"):
            await client.request("GET", "/v1/x", query=query)
    assert server.requests == []


@pytest.mark.parametrize("fingerprint", [None, "x", 5])
async def test_reconcile_refuses_what_is_no_fingerprint(fingerprint: Any) -> None:
    async with HostileServer(answer({})) as server, InstatusClient("key", base_url=server.url) as client:
        with pytest.raises(InvalidRequestError, match=r"fingerprint: .*Nothing was sent"):
            await client.reconcile(fingerprint)
    assert server.requests == []


@pytest.mark.parametrize("page_id", ["", ".", "..", "a/b", None, 5])
def test_a_page_needs_an_id(page_id: Any) -> None:
    with pytest.raises(InvalidIdError, match="page_id"):
        InstatusClient("key").page(page_id)


async def test_every_call_refuses_ids_that_lead_elsewhere() -> None:
    async with HostileServer(answer({})) as server, InstatusClient("key", base_url=server.url) as client:
        page = client.page("p")
        for bad in ("", "..", "a/b", "a?b", "%2e%2e"):
            for call in (page.components.delete, page.incidents.get, page.monitors.delete, client.workspaces.delete):
                with pytest.raises(InvalidIdError):
                    await call(bad)
            with pytest.raises(InvalidIdError):
                await page.incidents.updates.get("i", bad)
    assert server.requests == []


@pytest.mark.parametrize("template", ["", ".", "..", "a\nb", "\ud800", None, 5, "x" * 513])
async def test_templates_that_are_none(template: Any) -> None:
    async with HostileServer(answer({})) as server, InstatusClient("key", base_url=server.url) as client:
        with pytest.raises(InvalidIdError, match="template"):
            await client.page("p").incidents.create_from_template(template)
    assert server.requests == []


async def test_a_template_is_one_segment() -> None:
    incident = {"id": "i", "name": "n", "status": "RESOLVED"}
    async with HostileServer(answer(incident)) as server, InstatusClient("key", base_url=server.url) as client:
        await client.page("p").incidents.create_from_template("API down / 50% ../ä?")
    assert server.lines == ["POST /v1/p/incidents/API%20down%20%2F%2050%25%20..%2F%C3%A4%3F"]


async def test_views() -> None:
    gate = RateGate()
    async with (
        HostileServer(answer(status=503)) as server,
        InstatusClient("key", base_url=server.url, gate=gate) as client,
    ):
        once = client.with_options(retry=RetryPolicy(attempts=1), timeout=5)
        with pytest.raises(ServerError):
            await once.user.get()
        assert len(server.requests) == 1
        with pytest.raises(ServerError):
            await client.page("p").with_options(retry=RetryPolicy(attempts=2, base=0)).components.get("c")
        assert len(server.requests) == 3
        with pytest.raises(ConfigError):
            client.with_options(timeout=0)
    with pytest.raises(ClientStateError):
        await once.user.get()


async def test_request() -> None:
    script = answer({"cronMonitor": {"id": "m"}})
    async with HostileServer(script) as server, InstatusClient("key", base_url=server.url) as client:
        value = await client.request("post", "/monitors/cron", json={"pageId": "p", "period": 60})
        assert value == {"cronMonitor": {"id": "m"}}
        await client.request("GET", "/p/monitors/cron", query={"limit": 100, "a b": "ä&"})
        await client.request("GET", "/v1/ä+b/%2e")
    assert server.lines == [
        "POST /monitors/cron",
        "GET /p/monitors/cron?limit=100&a+b=%C3%A4%26",
        "GET /v1/%C3%A4+b/%252e",
    ]
    assert server.requests[0].json == {"pageId": "p", "period": 60}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_request_never_sends_a_write_twice_unless_told(method: str) -> None:
    async with HostileServer(reset) as server, InstatusClient("key", base_url=server.url, retry=FAST) as client:
        with pytest.raises(OutcomeUnknownError):
            await client.request(method, "/v1/x", json={})
        assert len(server.requests) == 1
        server.scripts = [reset, reset, reset, answer({"ok": 1})]
        assert await client.request(method, "/v1/x", json={}, effect=Effect.IDEMPOTENT) == {"ok": 1}


async def test_request_takes_an_effect_by_its_text() -> None:
    """One that only looks like an effect would be compared with none, and sent twice like a read."""
    async with HostileServer(reset) as server, InstatusClient("key", base_url=server.url, retry=FAST) as client:
        with pytest.raises(OutcomeUnknownError):
            await client.request("POST", "/v1/x", json={}, effect="notify")
        assert server.lines == ["POST /v1/x"]
        server.scripts = [reset, reset, answer({"ok": 1})]
        assert await client.request("POST", "/v1/x", json={}, effect="idempotent") == {"ok": 1}


@pytest.mark.parametrize("effect", ["NOTIFY", "once", "", 1, ["notify"], True])
async def test_request_refuses_what_is_no_effect(effect: Any) -> None:
    async with HostileServer(answer({})) as server, InstatusClient("key", base_url=server.url) as client:
        with pytest.raises(
            InvalidRequestError, match=r"effect: .*read, idempotent, datapoint, notify.*Nothing was sent"
        ):
            await client.request("POST", "/v1/x", json={}, effect=effect)
    assert server.requests == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("TRACE", "/v1/x"),
        ("", "/v1/x"),
        (5, "/v1/x"),
        ("GET", ""),
        ("GET", "/"),
        ("GET", "v1/x"),
        ("GET", "//evil.example/x"),
        ("GET", "/v1//x"),
        ("GET", "/v1/../x"),
        ("GET", "/v1/."),
        ("GET", "/v1/x?a=b"),
        ("GET", "/v1/x#a"),
        ("GET", "/v1/x\r\nHost: y"),
        ("GET", "/v1/x\\y"),
        ("GET", "https://evil.example/x"),
        ("GET", "/\ud800"),
        ("GET", None),
        ("GET", "/" + "x" * 3000),
    ],
)
async def test_request_refuses_what_leads_elsewhere(method: Any, path: Any) -> None:
    async with HostileServer(answer({})) as server, InstatusClient("key", base_url=server.url) as client:
        with pytest.raises(InvalidRequestError, match="Nothing was sent"):
            await client.request(method, path)
    assert server.requests == []


def test_help_shows_every_field() -> None:
    page = InstatusClient("key").page("p")
    parameters = inspect.signature(page.incidents.create).parameters
    assert list(parameters)[:2] == ["name", "status"]
    assert {"message", "statuses", "components", "started", "notify", "should_publish", "translations"} <= set(
        parameters
    )
    assert parameters["name"].default is inspect.Parameter.empty
    assert repr(parameters["notify"].default) == "..."
    assert all(parameter.kind is inspect.Parameter.KEYWORD_ONLY for parameter in parameters.values())
    shown = pydoc.render_doc(page.incidents.create)
    assert "should_publish" in shown
    assert "**fields" not in shown
