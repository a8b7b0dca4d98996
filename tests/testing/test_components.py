"""Components: groups, archive, order, the public list."""

from instatus_async.testing import InstatusServer
from tests.testing.conftest import Caller

_PATH = "/v1/{page}/components"


async def test_a_component_from_creation_to_deletion(api: Caller) -> None:
    made = await api("POST", _PATH, {"name": "Database", "description": None, "order": 9, "status": "PARTIALOUTAGE"})
    assert (made["description"], made["order"], made["group"]) == ("", 3, None)  # the server decides the order
    assert "translations" not in made
    changed = await api("PUT", f"{_PATH}/{made['id']}", {"status": "OPERATIONAL"})
    assert (changed["name"], changed["status"]) == ("Database", "OPERATIONAL")
    assert (await api("PUT", f"{_PATH}/{made['id']}", {"description": None}))["description"] == ""
    translations = {"name": {"fr": "Base"}}
    await api("PUT", f"{_PATH}/{made['id']}", {"name": "DB", "order": 0, "translations": translations})
    read = await api("GET", f"{_PATH}/{made['id']}")
    assert (read["name"], read["order"], read["translations"]) == ("DB", 0, translations)
    assert read["uniqueEmail"] == made["uniqueEmail"]
    assert [row["name"] for row in await api("GET", _PATH)] == ["Website", "DB", "App", "API"]
    assert await api("DELETE", f"{_PATH}/{made['id']}") == {"id": made["id"]}
    assert len(await api("GET", _PATH)) == 3


async def test_children_outlive_their_parent(api: Caller, server: InstatusServer) -> None:
    parent = await api("POST", _PATH, {"name": "Platform"})
    child = await api("POST", _PATH, {"name": "Queue", "grouped": True, "group": parent["id"]})
    assert child["group"] == {"id": parent["id"], "name": "Platform", "description": ""}
    await api("PUT", f"{_PATH}/{child['id']}", {"status": "MAJOROUTAGE"})
    public = (await api("GET", server.page_url() + "/v2/components.json"))["components"]
    assert public == (await api("GET", server.page_url() + "/v3/components.json"))["components"]
    by_name = {row["name"]: row for row in public}
    assert by_name["Queue"] == {
        "id": child["id"],
        "name": "Queue",
        "description": "",
        "status": "MAJOROUTAGE",
        "group": {"id": parent["id"], "name": "Platform", "description": ""},
    }
    assert by_name["Platform"]["status"] == "OPERATIONAL"  # not rolled up
    assert public[0]["name"] == "Queue"  # a child before its parent
    assert (await api("GET", f"{_PATH}/{parent['id']}"))["isParent"] is True
    await api("DELETE", f"{_PATH}/{parent['id']}")
    assert (await api("GET", f"{_PATH}/{child['id']}"))["group"] is None
    other = await api("POST", _PATH, {"name": "Other"})
    again = await api("POST", _PATH, {"name": "Again", "grouped": True, "group": other["id"]})
    assert (await api("PUT", f"{_PATH}/{again['id']}", {"grouped": False}))["group"] is None


async def test_archived_components_are_not_public(api: Caller, server: InstatusServer) -> None:
    path = f"{_PATH}/{server.component_id('App')}"
    assert (await api("PUT", path, {"archived": True, "status": "MAJOROUTAGE"}))["archivedAt"] is not None
    assert (await api.summary())["page"]["status"] == "UP"
    public = (await api("GET", server.page_url() + "/v2/components.json"))["components"]
    assert [row["name"] for row in public] == ["Website", "API"]
    assert (await api("PUT", path, {"archived": False}))["archivedAt"] is None
    assert (await api.summary())["page"]["status"] == "HASISSUES"


async def test_components_that_are_refused(api: Caller, server: InstatusServer) -> None:
    path = f"{_PATH}/{server.component_id('API')}"
    assert await api.refused("POST", _PATH, {}) == (400, "name: is missing")
    assert await api.refused("POST", _PATH, {"name": "x", "group": "nope"}) == (
        400,
        "group: must be the id of a component of this page",
    )
    assert (await api.refused("PUT", path, {"status": "operational"}))[1].startswith(
        "status: must be one of OPERATIONAL"
    )
    assert (await api.refused("PUT", path, {"order": True}))[0] == 400
    assert (await api.refused("PUT", path, {"translations": {"name": {"fr": 1}}}))[1].startswith(
        "translations.name.fr:"
    )
    assert (await api.refused("PUT", path, []))[1] == "body: must be an object, not a list"
    assert (await api.refused("DELETE", _PATH + "/nope"))[0] == 500
