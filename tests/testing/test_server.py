"""The server as such: starting, closing, keys, errors, paging, the log."""

import asyncio
import gc
import logging
import socket
import threading
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from instatus_async import AuthenticationError, ConnectError, NotFoundError, PermissionDeniedError, RetryPolicy
from instatus_async.testing import InstatusServer, ManualClock, faults
from instatus_async.testing.routes import OPERATIONS
from instatus_async.testing.validate import RefusedError
from tests.testing.conftest import Caller

PAGE: dict[str, Any] = {"name": "Zoe", "subdomain": "zoe", "email": "z@acme.example", "components": []}


def test_there_are_86_operations_beside_the_public_summary() -> None:
    assert len({(operation.method, operation.path) for operation in OPERATIONS}) == 86


async def _trouble(server: InstatusServer, session: aiohttp.ClientSession) -> None:
    """Leave stalled requests, a late write, and a webhook on its way to a receiver that never answers."""
    key = {"Authorization": f"Bearer {server.api_key}"}
    url = f"{server.url}/v1/{server.page_id}/incidents"
    server.seed(subscribers=[{"webhook": server.url + "/hook", "autoConfirm": True}])
    server.faults.every(faults.Stall(), path="/hook")
    server.faults.next(faults.Stall(after_commit=True), path="*/incidents")
    server.faults.next(faults.LateCommit(silent=True), path="*/incidents")
    server.faults.next(faults.Endless(), path="*/incidents")
    server.faults.next(faults.LateCommit(), path="*/incidents")
    body = {"name": "Down", "status": "INVESTIGATING", "notify": True}

    async def create() -> None:
        async with session.post(url, json=body, headers=key) as answer:
            await answer.read()

    calls = [asyncio.ensure_future(create()) for _ in range(4)]
    await server.faults.wait(5)
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)


async def test_servers_in_trouble_leave_nothing_behind_either(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    before, threads, descriptors = asyncio.all_tasks(), threading.active_count(), _descriptors()
    for _ in range(100):
        async with InstatusServer() as server, aiohttp.ClientSession() as session:
            await _trouble(server, session)
    for _ in range(5):
        await asyncio.sleep(0)
    assert (asyncio.all_tasks(), threading.active_count()) == (before, threads)
    gc.collect()  # an exception that nobody looked at is logged when its task goes; so does a socket's descriptor
    assert _descriptors() <= descriptors
    assert not caplog.records


def _descriptors() -> int:
    """Count what this process has open, where the system tells."""
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0


async def test_many_servers_leave_nothing_behind() -> None:
    before = asyncio.all_tasks()
    servers = [InstatusServer() for _ in range(200)]
    for server in servers:
        async with server, aiohttp.ClientSession() as session, session.get(server.url + "/summary.json") as answer:
            assert answer.status == 200
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
    listening = 0
    for server in servers:
        with socket.socket() as probe:
            listening += probe.connect_ex(("127.0.0.1", int(server.url.rpartition(":")[2]))) == 0
    assert listening < 20  # another program may have taken a port that was free again


async def test_connections_that_arrive_while_it_closes_are_dropped() -> None:
    """asyncio would lose one that it has accepted and not begun to serve; pytest sees it as a warning."""
    for turns in range(12):
        server = InstatusServer()
        await server.start()
        with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))):
            for _ in range(turns):
                await asyncio.sleep(0)
            await server.close()
    gc.collect()


async def test_connections_that_arrive_while_it_refuses_are_dropped() -> None:
    async with InstatusServer() as server:
        for turns in range(12):
            with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))):
                for _ in range(turns):
                    await asyncio.sleep(0)
                async with server.refuse():
                    pass
    gc.collect()


async def test_a_server_runs_once_and_can_run_again() -> None:
    server = InstatusServer()
    with pytest.raises(RuntimeError, match="start the server first"):
        _ = server.url
    await server.start()
    with pytest.raises(RuntimeError, match="running already"):
        await server.start()
    await server.close()
    await server.close()
    async with server:
        assert server.url.startswith("http://127.0.0.1:")


async def test_a_port_that_is_taken_leaves_no_listener() -> None:
    async with InstatusServer() as first:
        taken = int(first.url.rpartition(":")[2])
        second = InstatusServer(page_port=taken)
        with pytest.raises(OSError, match="address already in use"):
            await second.start()
    async with second:
        pass


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "::", "example.com"])
def test_only_loopback_unless_told_otherwise(host: str) -> None:
    with pytest.raises(ValueError, match="allow_remote=True"):
        InstatusServer(host=host)
    InstatusServer(host=host, allow_remote=True)
    InstatusServer(host="127.0.0.9")
    InstatusServer(host="::1")
    InstatusServer(host="localhost")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer INSTATUS-TEST-KEY"},
        {"Authorization": "bearer instatus-test-key"},
        {"Authorization": "instatus-test-key"},
    ],
)
async def test_every_operation_wants_the_exact_key(api: Caller, headers: dict[str, str]) -> None:
    for operation in OPERATIONS:
        status, body = await api.send(operation.method, operation.path.replace("{", "").replace("}", ""), None, headers)
        assert (status, body["error"]["code"]) == (401, "forbidden"), operation


async def test_ids_and_the_starting_state_are_the_same_each_time(api: Caller, server: InstatusServer) -> None:
    first = await api("GET", "/v2/pages")
    assert [page["name"] for page in first] == ["Acme"]
    assert all(len(page["id"]) == 25 and page["id"][0] == "c" for page in first)
    await api("POST", "/v1/{page}/components", {"name": "Database"})
    server.reset()
    assert len(server.requests) == 0
    assert await api("GET", "/v2/pages") == first
    assert [row["name"] for row in await api("GET", "/v1/{page}/components")] == ["Website", "App", "API"]
    assert InstatusServer().page_id == server.page_id
    assert InstatusServer(id_seed=1).page_id != server.page_id


async def test_unknown_paths_slashes_and_segments(api: Caller) -> None:
    for path in ("/", "/v3/user", "/v1//user", "//v1/user", "/v1/{page}/components//", "/v1/user/x"):
        assert (await api.send("GET", path))[0] == 404, path
    assert (await api.send("PATCH", "/v1/user"))[0] == 404
    assert (await api("GET", "/v1/user/"))["name"] == "Ana"
    assert (await api("GET", "/v1/{page}/components/"))[0]["name"] == "Website"


async def test_errors_say_what_the_service_says(api: Caller, server: InstatusServer) -> None:
    assert await api.refused("GET", "/v1/nope/components") == (404, "There is no status page with this ID.")
    assert await api.refused("GET", "/v1/{page}/components/nope") == (500, "No status page for that component")
    assert await api.refused("GET", "/v1/{page}/incidents/nope") == (404, "There is no incident with this ID.")
    for path in ("/monitors", "/monitor-alerts", "/monitors-groups", "/escalation-policies", "/on-call-schedules"):
        assert (await api.refused("POST", path))[0] == 403  # an empty body
    assert (await api.refused("PUT", "/v1/{page}/components/" + server.component_id("API")))[0] == 400


async def test_bodies_that_are_no_json(api: Caller, server: InstatusServer) -> None:
    url = f"{server.url}/v1/{server.page_id}/components"
    for raw in (b"{", b"\xff", b'{"name": NaN}', b"[" * 100_000, b'{"order": 1' + b"0" * 5000 + b"}"):
        async with api.session.post(url, data=raw, headers={"Authorization": "Bearer instatus-test-key"}) as answer:
            assert answer.status == 400, raw[:20]
            assert (await answer.json())["error"]["message"] == "body: must be JSON"


async def test_pages_of_a_list(api: Caller, server: InstatusServer) -> None:
    server.seed(components=[{"name": f"C{number}"} for number in range(117)])
    path = "/v1/{page}/components"
    assert len(await api("GET", path)) == 50
    assert len(await api("GET", path + "?per_page=500")) == 100
    assert [row["name"] for row in await api("GET", path + "?page=2&per_page=2")] == ["API", "C0"]
    assert len(await api("GET", path + "?page=3")) == 20
    assert await api("GET", path + "?page=4") == []
    for query in ("page=0", "page=x", "per_page=0", "per_page=-1", "page=" + "9" * 5000):
        assert (await api.refused("GET", f"{path}?{query}"))[0] == 400


async def test_the_log_shows_what_was_sent_but_not_the_key(api: Caller, server: InstatusServer) -> None:
    await api("GET", "/v1/{page}/incidents?status=RESOLVED")
    await api.send("POST", "/v1/{page}/components", {"name": " "})
    await api.summary()
    first, second, third = server.requests
    assert (first.number, first.method, dict(first.query)) == (1, "GET", {"status": "RESOLVED"})
    assert (second.status, second.body, second.host) == (400, {"name": " "}, "api")
    assert (third.host, third.path) == ("page", "/summary.json")
    assert "Authorization" in first.headers
    assert "Authorization" in third.headers
    assert not any(server.api_key in str(dict(entry.headers)) + repr(entry) for entry in server.requests)
    assert list(server.requests.matching("post", "/v1/{page_id}/components")) == [second]
    assert list(server.requests.matching(path="*.json")) == [third]
    assert list(server.requests.matching(host="api")) == [first, second]
    assert list(server.requests[1:]) == [second, third]
    assert "#2 POST" in repr(server.requests)
    assert repr(server.requests.matching("DELETE")) == "<no requests>"


async def test_only_a_manual_clock_is_moved() -> None:
    with pytest.raises(TypeError, match="ManualClock"):
        InstatusServer().advance(timedelta(seconds=1))
    with pytest.raises(ValueError, match="forward"):
        ManualClock().advance(timedelta(seconds=-1))
    with pytest.raises(ValueError, match="aware"):
        ManualClock(datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point
    assert InstatusServer(clock=lambda: datetime(2020, 1, 1, tzinfo=UTC)).page_id


def test_seeding_refuses_what_there_is_not() -> None:
    server = InstatusServer()
    with pytest.raises(TypeError, match="nothing to seed"):
        server.seed(componets=[{"name": "x"}])
    with pytest.raises(TypeError, match="have no column"):
        server.seed(components=[{"name": "x", "colour": "red"}])
    with pytest.raises(LookupError, match="no component"):
        server.component_id("nope")
    with pytest.raises(LookupError, match="no page"):
        server.component_id("API", "nope")


@pytest.mark.parametrize(
    ("noun", "row", "says"),
    [
        ("subscribers", {"email": "a@b.example", "confirmd": True}, "'confirmd'; did you mean 'confirmed'?"),
        ("subscribers", {"email": "a@b.example", "auto_confirm": True}, "did you mean 'autoConfirm'?"),
        ("metrics", {"nam": "Latency", "suffix": "ms"}, "name: is missing"),
        ("audience_groups", {"audience_group_name": "x"}, "no column 'audience_group_name'$|name: is missing"),
        ("components", {"name": "x", "colour": "red"}, "'colour'$"),
        ("incidents", {"name": "x", "status": "INVESTIGATING", "statuses": {"c1": "MAJOROUTAGE"}}, "a list like"),
        ("incidents", {"name": "x", "status": "RESOLVED", "should_publish": True}, "did you mean 'shouldPublish'?"),
        (
            "incidents",
            {"name": "x", "status": "INVESTIGATING", "updates": [{"status": "RESOLVED", "mesage": "x"}]},
            "updates.mesage: there is no such field; did you mean 'message'?",
        ),
    ],
)
def test_a_row_that_is_refused_adds_nothing(noun: str, row: dict[str, Any], says: str) -> None:
    server = InstatusServer()
    state = server._wire.state
    before = deepcopy([state.subscribers, state.components, state.incidents, state.incident_updates, state.workspaces])
    rows: dict[str, Any] = {
        "workspaces": [{"name": "Other"}],
        "pages": [PAGE],
        "subscribers": [{"email": "bo@acme.example"}],
    }
    rows[noun] = [*rows.get(noun, ()), row]
    with pytest.raises((TypeError, RefusedError), match=says.replace("?", r"\?")):
        server.seed(**rows)
    after = [state.subscribers, state.components, state.incidents, state.incident_updates, state.workspaces]
    assert after == before
    assert [page["name"] for page in state.pages.values()] == ["Acme"]
    (who,) = server.seed(subscribers=[{"email": "bo@acme.example"}])["subscribers"]
    assert (who,) == InstatusServer().seed(subscribers=[{"email": "bo@acme.example"}])["subscribers"]


async def test_what_was_told_is_asked_for_by_an_id(server: InstatusServer, api: Caller) -> None:
    async with server.client() as client:
        page = client.page(server.page_id)
        incident = await page.incidents.create(name="Down", status="INVESTIGATING", message="m", notify=True)
        update = (await page.incidents.get(incident.id)).updates[0].id
        for ask in (server.told, server.announcements):
            with pytest.raises(TypeError, match=r"expected the id, a text, and got Incident: say \.id"):
                ask(incident)  # type: ignore[arg-type]  # that is the point
            with pytest.raises(TypeError, match=r"got NoneType$"):
                ask(None)  # type: ignore[arg-type]  # that is the point
            with pytest.raises(LookupError, match="'Down' was never the id of one of the incidents, "):
                ask("Down")
            with pytest.raises(LookupError, match="it is one of the incident updates"):
                ask(update)
            with pytest.raises(LookupError, match="it is one of the pages"):
                ask(page.id)
        with pytest.raises(TypeError, match=r"got Page: say \.id"):
            server.page_url(page)  # type: ignore[arg-type]  # that is the point
        (who,) = server.seed(subscribers=[{"email": "bo@acme.example", "confirmed": True}])["subscribers"]
        with pytest.raises(LookupError, match="one of the subscribers; it is one of the incidents"):
            server.webhook_secret(incident.id)
        secret = server.webhook_secret(who)
        await page.incidents.delete(incident.id)
        await page.subscribers.delete(who)
    assert server.announcements(incident.id) == 1
    assert server.told(incident.id) == server.told(who) == ()
    assert server.webhook_secret(who) == secret


async def test_a_client_with_another_key(server: InstatusServer, unused_tcp_port: int) -> None:
    async with server.client(api_key="wrong") as wrong:
        with pytest.raises(AuthenticationError):
            await wrong.user.get()
    async with server.client(base_url=f"http://127.0.0.1:{unused_tcp_port}", retry=RetryPolicy(attempts=1)) as nobody:
        with pytest.raises(ConnectError):
            await nobody.user.get()


async def test_a_page_of_another_account(server: InstatusServer) -> None:
    async with server.client() as client:
        other = client.page(InstatusServer(id_seed=1).page_id)
        with pytest.raises(NotFoundError):
            await other.components.list().collect()
        server.faults.next(faults.Status(403))
        with pytest.raises(PermissionDeniedError):
            await other.components.list().collect()


async def test_the_sdk_talks_to_it(server: InstatusServer) -> None:
    component = server.component_id("API")
    async with server.client() as client:
        page = client.page(server.page_id)
        incident = await page.incidents.create(
            name="Down", status="INVESTIGATING", message="m", statuses={component: "MAJOROUTAGE"}, notify=True
        )
    assert server.announcements(incident.id) == 1
    async with server.public() as public:
        assert [row.id for row in (await public.summary()).active_incidents] == [incident.id]
    assert "Authorization" not in server.requests.matching(host="page")[0].headers
