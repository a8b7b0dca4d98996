"""The user, workspaces, teammates and audience groups."""

from typing import Any

from instatus_async.testing import InstatusServer
from tests.testing.conftest import Caller


async def test_the_user(api: Caller) -> None:
    user = await api("GET", "/v1/user")
    assert {key: user[key] for key in ("email", "name", "slug", "avatar")} == {
        "email": "ana@acme.example",
        "name": "Ana",
        "slug": "ana",
        "avatar": None,
    }


async def test_workspaces(api: Caller, server: InstatusServer) -> None:
    (first,) = await api("GET", "/v1/workspaces")
    assert first["sites"] == [server.page_id]
    made = await api("POST", "/v1/workspaces", {"name": "Acme", "longRunningIncidentNotificationSettings": [0.5, 1]})
    assert (made["slug"], made["sites"], made["longRunningIncidentNotificationSettings"]) == ("acme-2", [], [0.5, 1])
    assert await api("GET", "/v1/workspaces") == [first, made]
    assert await api.refused("POST", "/v1/workspaces", {"slug": "acme"}) == (409, "slug: is taken")
    page: dict[str, Any] = {"email": "a@b.c", "name": "B", "subdomain": "b", "components": [], "workspace": made["id"]}
    assert (await api("POST", "/v1/pages", page))["workspaceId"] == made["id"]
    assert await api("DELETE", f"/v1/workspaces/{made['id']}") == {"id": made["id"]}
    assert await api("GET", "/v1/workspaces") == [first]
    assert (await api("GET", "/v2/pages"))[1]["workspaceId"] is None
    assert (await api.refused("DELETE", "/v1/workspaces/nope"))[0] == 404


async def test_teammates_and_audience_groups(api: Caller, server: InstatusServer) -> None:
    (owner,) = await api("GET", "/v1/{page}/team")
    assert owner["user"] == {"id": owner["user"]["id"], "name": "Ana", "email": "ana@acme.example", "avatar": None}
    component = server.component_id("Website")
    group = await api(
        "POST", "/v1/{page}/audience-groups", {"name": "Beta", "components": [component], "teammates": [owner["id"]]}
    )
    assert group == {"id": group["id"], "siteId": server.page_id, "name": "Beta", "site": {"id": server.page_id}}
    path = f"/v1/{{page}}/audience-groups/{group['id']}"

    invited = {"email": "bo@acme.example", "permission": "WRITE", "audienceGroups": [group["id"]], "team": None}
    assert await api("POST", "/v1/{page}/team", invited) == {"email": "bo@acme.example"}
    assert await api.refused("POST", "/v1/{page}/team", invited) == (409, "email: is a teammate already")
    bo = (await api("GET", "/v1/{page}/team"))[1]
    assert (bo["user"]["name"], bo["user"]["email"]) == (None, "bo@acme.example")
    assert [(entry.address, entry.subscriber) for entry in server.told(bo["id"])] == [("bo@acme.example", None)]

    read = await api("GET", path)
    assert await api("GET", "/v1/{page}/audience-groups") == [read]
    assert [row["teammate"] for row in read["teammates"]] == [owner, bo]
    (joined,) = read["components"]
    assert (joined["componentId"], joined["audienceGroupId"]) == (component, group["id"])
    assert (joined["component"]["name"], joined["component"]["nameTranslation"]) == ("Website", None)
    assert joined["id"] != component

    await api("PUT", path, {"components": [server.component_id("API"), server.component_id("App")]})
    assert [row["component"]["name"] for row in (await api("GET", path))["components"]] == ["API", "App"]
    assert await api("DELETE", f"/v1/{{page}}/team/{bo['id']}") == {"memberId": bo["id"]}
    assert [row["teammateId"] for row in (await api("GET", path))["teammates"]] == [owner["id"]]
    assert await api("DELETE", path) == group
    assert await api("GET", "/v1/{page}/audience-groups") == []


async def test_teammates_and_audience_groups_that_are_refused(api: Caller) -> None:
    assert (await api.refused("POST", "/v1/{page}/team", {"email": "a@b.c"}))[1] == "permission: is missing"
    wrong = {"email": "a@b.c", "permission": "FULL", "audienceGroups": ["nope"]}
    assert (await api.refused("POST", "/v1/{page}/team", wrong))[0] == 404
    for body in ({"components": ["nope"]}, {"teammates": ["nope"]}, {"teammates": "nope"}):
        assert (await api.refused("POST", "/v1/{page}/audience-groups", body))[0] == 400
    assert (await api.refused("DELETE", "/v1/{page}/team/nope"))[0] == 404
