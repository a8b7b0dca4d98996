"""Templates, and the incidents made of them."""

from typing import Any
from urllib.parse import quote

from instatus_async.testing import InstatusServer
from tests.testing.conftest import Caller

_PATH = "/v1/{page}/templates"


def _body(component: str, **more: Any) -> dict[str, Any]:
    return {
        "subdomain": "acme",
        "type": "INCIDENT",
        "name": "Slow/ly",
        "message": "We're on it",
        "status": "INVESTIGATING",
        "notify": True,
        "components": [{"id": component, "status": "PARTIALOUTAGE"}],
        **more,
    }


async def test_a_template_from_creation_to_deletion(api: Caller, server: InstatusServer) -> None:
    component = server.component_id("API")
    made = await api("POST", _PATH, _body(component))
    assert (made["messageHtml"], made["translations"]) == ("<p>We&#39;re on it</p>", {"name": None, "message": None})
    assert "origin" not in made
    (row,) = made["components"]
    assert (row["componentId"], row["templateId"], row["status"]) == (component, made["id"], "PARTIALOUTAGE")
    assert row["id"] != component
    path = f"{_PATH}/{made['id']}"
    assert await api("GET", path) == made
    assert await api("GET", _PATH) == [made]
    changed = await api("PUT", path, {"name": "Slow", "components": []})
    assert (changed["name"], changed["message"], changed["components"]) == ("Slow", "We're on it", [])
    assert await api("DELETE", path) == {
        "id": made["id"],
        "name": "Slow",
        "message": "We're on it",
        "createdAt": made["createdAt"],
        "site": {"id": server.page_id},
    }
    assert (await api.refused("GET", path))[0] == 404


async def test_incidents_are_made_and_resolved_by_id_or_name(api: Caller, server: InstatusServer) -> None:
    component = server.component_id("API")
    back = [{"id": component, "status": "OPERATIONAL"}]
    resolved = _body(component, name="Fixed", status="RESOLVED", message="Fixed.", components=back)
    _, resolving = server.seed(templates=[_body(component), resolved])["templates"]
    incident = await api("POST", f"/v1/{{page}}/incidents/{quote('Slow/ly', safe='')}")
    assert (incident["name"], incident["impact"], incident["siteId"]) == ("Slow/ly", "PARTIALOUTAGE", server.page_id)
    assert not {"updates", "components"} & incident.keys()
    assert (await api("GET", "/v1/{page}/components/" + component))["status"] == "PARTIALOUTAGE"
    update = await api("POST", f"/v2/{{page}}/incidents/{incident['id']}/incident-updates/{resolving}")
    assert (update["status"], update["incidentId"], update["message"]) == ("RESOLVED", incident["id"], "Fixed.")
    read = await api("GET", f"/v1/{{page}}/incidents/{incident['id']}")
    assert (read["status"], read["components"][0]["status"]) == ("RESOLVED", "OPERATIONAL")
    assert [row["message"] for row in read["updates"]] == ["We're on it", "Fixed."]
    assert server.announcements(incident["id"]) == 2
    assert (await api("POST", "/v2/{page}/incidents/Fixed"))["status"] == "RESOLVED"  # the path of other years


async def test_templates_that_are_refused(api: Caller, server: InstatusServer) -> None:
    component = server.component_id("API")
    for wrong, field in (
        ({"subdomain": "other"}, "subdomain"),
        ({"status": "COMPLETED"}, "status"),
        ({"components": [{"id": "nope", "status": "OPERATIONAL"}]}, "components[0]"),
        ({"type": "POSTMORTEM"}, "type"),
    ):
        status, message = await api.refused("POST", _PATH, _body(component, **wrong))
        assert (status, message.partition(":")[0]) == (400, field)
    server.seed(templates=[_body(component, type="MAINTENANCE", status="INPROGRESS", name="M")])
    assert await api.refused("POST", "/v1/{page}/incidents/M") == (404, "There is no template with this ID.")
    assert (await api.refused("POST", "/v1/{page}/incidents/nope"))[0] == 404
    assert (await api.refused("POST", "/v1/{page}/incidents/M", {"name": "x"}))[1] == "body: must be empty"


async def test_a_deleted_component_is_gone_from_everywhere(api: Caller, server: InstatusServer) -> None:
    component = server.component_id("API")
    ids = server.seed(
        templates=[_body(component)],
        incidents=[{"name": "x", "status": "INVESTIGATING", "components": [component]}],
        subscribers=[{"email": "bo@acme.example", "components": [component]}],
        audience_groups=[{"name": "g", "components": [component]}],
    )
    await api("DELETE", "/v1/{page}/components/" + component)
    assert (await api("GET", f"{_PATH}/{ids['templates'][0]}"))["components"] == []
    assert (await api("GET", f"/v1/{{page}}/incidents/{ids['incidents'][0]}"))["components"] == []
    assert (await api("GET", "/v2/{page}/subscribers"))[0]["components"] == []
    assert (await api("GET", "/v1/{page}/audience-groups"))[0]["components"] == []
