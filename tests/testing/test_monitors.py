"""Monitors, their alerts and their groups."""

from typing import Any

from instatus_async.testing import InstatusServer
from tests.testing.conftest import Caller


async def _monitors(api: Caller, query: str = "") -> Any:
    return (await api("GET", "/{page}/monitors" + query))["monitors"]


async def test_a_monitor_from_creation_to_deletion(api: Caller, server: InstatusServer) -> None:
    body = {
        "pageId": server.page_id,
        "url": "https://acme.example/health",
        "httpMethod": "GET",
        "body": None,
        "headers": {"Accept": "application/json"},
        "basicAuth": {"username": "user", "password": "pass"},
        "assertions": [{"id": "1", "type": "STATUS_CODE", "comparison": "EQUALS", "selector": None, "value": "200"}],
        "name": "Health",
        "locations": "US_EAST_1",
        "createComponent": True,
        "createMetric": True,
    }
    made = await api("POST", "/monitors", body)
    monitor = made["monitor"]
    assert isinstance(made["message"], str)
    assert (monitor["name"], monitor["locations"], monitor["status"]) == ("Health", "US_EAST_1", "UNKNOWN")
    assert monitor["basicAuth"] == {"username": "user", "password": "pass"}
    assert await _monitors(api) == [monitor]
    assert server.component_id("Health") == monitor["componentId"]
    assert [(row["name"], row["suffix"]) for row in await api("GET", "/v1/{page}/metrics")] == [("Health", "ms")]
    changed = await api("PUT", f"/monitors/{monitor['id']}", {"name": "Ready"})
    assert (changed["monitor"]["name"], changed["monitor"]["url"]) == ("Ready", body["url"])
    assert isinstance((await api("DELETE", f"/monitors/{monitor['id']}"))["message"], str)
    assert await _monitors(api) == []


async def test_lists_come_in_an_envelope(api: Caller, server: InstatusServer) -> None:
    server.seed(
        monitors=[
            {"url": f"https://acme.example/{number}", "httpMethod": "GET", "status": "DOWN" if number < 2 else "UP"}
            for number in range(5)
        ]
    )
    second = await api("GET", "/{page}/monitors?limit=2&page=2")
    assert [row["url"][-1] for row in second.pop("monitors")] == ["2", "3"]
    assert second == {"total": 5, "page": 2, "totalPages": 3, "limit": 2}
    assert [row["url"][-1] for row in await _monitors(api, "?status=DOWN")] == ["0", "1"]
    assert [row["url"][-1] for row in await _monitors(api, "?search=EXAMPLE/4")] == ["4"]
    assert await _monitors(api, "?page=9") == []
    assert (await api.refused("GET", "/{page}/monitors?status=BROKEN"))[0] == 400
    empty: dict[str, Any] = {"monitorAlerts": [], "total": 0, "page": 1, "totalPages": 0, "limit": 100}
    assert await api("GET", "/{page}/monitor-alerts") == empty


async def test_alerts_belong_to_monitors(api: Caller, server: InstatusServer) -> None:
    row = {"url": "https://acme.example", "httpMethod": "GET"}
    one, two = server.seed(monitors=[row, row])["monitors"]
    body = {"type": "EMAIL", "pageId": server.page_id, "recipient": "bo@acme.example", "monitors": [one]}
    alert = (await api("POST", "/monitor-alerts", body))["monitor"]
    assert (alert["siteId"], alert["whenFails"]) == (server.page_id, True)
    assert "metadata" not in alert  # the documents do not let it be null; nor the two keys of a group, nor basicAuth
    assert all("basicAuth" not in monitor for monitor in await _monitors(api))
    assert [monitor["alerts"] for monitor in await _monitors(api)] == [[alert["id"]], []]
    changed = (await api("PUT", f"/monitor-alerts/{alert['id']}", {"type": "SMS", "monitors": [two]}))["monitor"]
    assert (await api("GET", "/{page}/monitor-alerts"))["monitorAlerts"] == [changed]
    assert [monitor["alerts"] for monitor in await _monitors(api)] == [[], [alert["id"]]]
    assert (await api.refused("PUT", f"/monitor-alerts/{alert['id']}", {"monitors": ["nope"]}))[0] == 400
    await api("DELETE", f"/monitor-alerts/{alert['id']}")
    assert [monitor["alerts"] for monitor in await _monitors(api)] == [[], []]
    assert (await api("GET", "/{page}/monitor-alerts"))["total"] == 0


async def test_groups_and_their_runs(api: Caller, server: InstatusServer) -> None:
    row = {"url": "https://acme.example", "httpMethod": "GET"}
    one, two = server.seed(monitors=[row, row])["monitors"]
    page = {"pageId": server.page_id}
    inner = (await api("POST", "/monitors-groups", {**page, "name": "Inner", "childId": one}))["monitor"]
    assert inner["monitors"] == [{"id": one}]
    assert not {"groupId", "componentId"} & set(inner)
    outer = (await api("POST", "/monitors-groups", {**page, "name": "Outer", "childId": inner["id"]}))["monitor"]
    assert outer["children"] == [{"id": inner["id"], "name": "Inner"}]
    await api("POST", f"/monitors-groups/{inner['id']}/monitors", {"monitors": [two]})
    renamed = (await api("PUT", f"/monitors-groups/{inner['id']}", {"name": "In"}))["monitor"]
    assert (renamed["name"], renamed["monitors"]) == ("In", [{"id": one}, {"id": two}])
    assert (renamed["groupId"], renamed["parents"]) == (outer["id"], [outer["id"]])

    logs = "/monitors/check_inserted_logs"
    assert await api("GET", logs) == {"message": "0 logs inserted in the last five minutes"}
    run = await api("GET", f"/monitors-groups/{inner['id']}/run?location=US_EAST_1&retry=false")
    assert set(run) == {"result", "monitorLogId"}
    for wrong in ("location=MOON", "retry=1"):
        assert (await api.refused("GET", f"/monitors-groups/{inner['id']}/run?{wrong}"))[0] == 400
    assert await api("GET", logs) == {"message": "2 logs inserted in the last five minutes"}
    assert [monitor["status"] for monitor in await _monitors(api)] == ["UP", "UP"]

    await api("PUT", f"/monitors/{one}/group", {"parentId": None})
    assert [monitor["groupId"] for monitor in await _monitors(api)] == [None, inner["id"]]
    await api("PUT", f"/monitors/{one}/group", {"parentId": outer["id"]})
    await api("DELETE", f"/monitors-groups/{inner['id']}")
    assert [monitor["groupId"] for monitor in await _monitors(api)] == [outer["id"], None]
    assert (await api.refused("GET", f"/monitors-groups/{inner['id']}/run"))[0] == 404


async def test_monitors_that_are_refused(api: Caller, server: InstatusServer) -> None:
    body = {"pageId": server.page_id, "url": "https://acme.example", "httpMethod": "GET"}
    for wrong, field in (
        ({"httpMethod": "BREW"}, "httpMethod"),
        ({"alerts": ["nope"]}, "alerts"),
        ({"headers": {"a": 1}}, "headers.a"),
        ({"locations": ["MOON"]}, "locations[0]"),
        ({"onFail": {"explode": True}}, "onFail.explode"),
        ({"assertions": [{"type": "LUCK"}]}, "assertions[0].type"),
    ):
        status, message = await api.refused("POST", "/monitors", {**body, **wrong})
        assert (status, message.partition(":")[0]) == (400, field)
    assert (await api.refused("POST", "/monitors", {**body, "pageId": "nope"}))[0] == 404
    assert (await api.refused("PUT", "/monitors/nope", {}))[0] == 404
    (monitor,) = server.seed(monitors=[body])["monitors"]
    assert (await api.refused("PUT", f"/monitors/{monitor}/group", {}))[1] == "parentId: is missing"
    assert (await api.refused("PUT", f"/monitors/{monitor}/group", {"parentId": "nope"}))[0] == 404
