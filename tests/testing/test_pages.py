"""Pages, their status, and what their host shows."""

import pytest

from instatus_async.testing import InstatusServer
from instatus_async.testing.routes.pages import main_status, public_status
from tests.testing.conftest import Caller

_NEW = {"email": "ops@beta.example", "name": "Beta", "subdomain": "beta", "components": ["Web", "Mail"]}


async def test_a_page_from_creation_to_deletion(api: Caller, server: InstatusServer) -> None:
    made = await api("POST", "/v1/pages", {**_NEW, "brandColor": "#222"})
    assert [(row["name"], row["order"], row["group"]) for row in made["components"]] == [
        ("Web", None, None),
        ("Mail", None, None),
    ]
    assert made["workspaceId"] in {row["id"] for row in await api("GET", "/v1/workspaces")}
    changed = await api("PUT", "/v2/" + made["id"], {"name": "Gamma", "private": True, "status": "UP"})
    assert (changed["name"]["default"], changed["private"], changed["brandColor"]) == ("Gamma", True, "#222")
    acme, gamma = await api("GET", "/v2/pages")
    assert "secureLink" not in acme
    assert gamma["secureLink"].startswith(server.page_url(made["id"]) + "/auth?jwt=")
    link = await api("POST", f"/v1/{made['id']}/regenerate-secure-link")
    assert link["secureLink"] != gamma["secureLink"]
    assert (await api("GET", "/v2/pages"))[1]["secureLink"] == link["secureLink"]
    assert await api("GET", "/v1/pages") == await api("GET", "/v2/pages")
    assert await api("DELETE", "/v2/" + made["id"]) == {"id": made["id"]}
    assert len(await api("GET", "/v2/pages")) == 1
    assert (await api.refused("GET", f"/v1/{made['id']}/components"))[0] == 404
    assert all(made["id"] not in row["sites"] for row in await api("GET", "/v1/workspaces"))


async def test_a_changed_name_comes_back_as_an_object(api: Caller) -> None:
    assert (await api("PUT", "/v2/{page}", {"name": "Acme"}))["name"] == {"en": "Acme", "default": "Acme"}
    changed = await api("PUT", "/v2/{page}", {"translations": {"name": {"fr": "Acmé"}}})
    assert changed["name"] == {"en": "Acme", "fr": "Acmé", "default": "Acme"}
    assert (await api("GET", "/v2/pages"))[0]["name"] == "Acme"


async def test_pages_that_are_refused(api: Caller) -> None:
    assert await api.refused("POST", "/v1/pages", {**_NEW, "subdomain": "acme"}) == (409, "subdomain: is taken")
    assert (await api.refused("POST", "/v1/pages", {**_NEW, "subdomain": "Not a slug"}))[0] == 400
    assert (await api.refused("POST", "/v1/pages", {**_NEW, "workspace": "nope"}))[0] == 404
    assert await api.refused("POST", "/v1/pages", {"name": "x"}) == (400, "email: is missing")
    assert await api.refused("PUT", "/v2/{page}", {"colour": "x"}) == (400, "colour: there is no such field")
    assert (await api.refused("PUT", "/v2/{page}", {"id": "other"}))[0] == 400
    assert (await api.refused("PUT", "/v2/{page}", {"useLargeHeader": 1}))[1] == (
        "useLargeHeader: must be true or false, not a number"
    )


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ("OPERATIONAL OPERATIONAL OPERATIONAL", "UP"),
        ("OPERATIONAL OPERATIONAL MAJOROUTAGE", "ONEMAJOROUTAGE"),
        ("MAJOROUTAGE OPERATIONAL MAJOROUTAGE", "SOMEMAJOROUTAGE"),
        ("MAJOROUTAGE MAJOROUTAGE MAJOROUTAGE", "ALLMAJOROUTAGE"),
        ("DEGRADEDPERFORMANCE PARTIALOUTAGE DEGRADEDPERFORMANCE", "ONEPARTIALOUTAGE"),
        ("UNDERMAINTENANCE UNDERMAINTENANCE OPERATIONAL", "SOMEUNDERMAINTENANCE"),
        ("MINOROUTAGE MINOROUTAGE DEGRADEDPERFORMANCE", "SOMEMINOROUTAGE"),
        ("", "UP"),
    ],
)
def test_the_status_of_a_page_sums_up_its_components(statuses: str, expected: str) -> None:
    rows = [
        {"id": str(number), "status": status, "groupId": None, "archivedAt": None}
        for number, status in enumerate(statuses.split())
    ]
    assert main_status(rows) == expected
    ignored = [
        {"id": "parent", "status": "MAJOROUTAGE", "groupId": None, "archivedAt": None},
        {"id": "child", "status": "OPERATIONAL", "groupId": "parent", "archivedAt": None},
        {"id": "old", "status": "MAJOROUTAGE", "groupId": None, "archivedAt": "2026-01-01T00:00:00.000Z"},
    ]
    if not expected.startswith("ALL"):
        assert main_status([*rows, *ignored]) == expected


def test_the_public_status_has_three_values() -> None:
    assert public_status("UP") == "UP"
    assert public_status("SOMEUNDERMAINTENANCE") == "UNDERMAINTENANCE"
    assert public_status("ONEDEGRADEDPERFORMANCE") == "HASISSUES"


async def test_both_statuses_of_a_page_are_seen(api: Caller, server: InstatusServer) -> None:
    await api("PUT", "/v1/{page}/components/" + server.component_id("API"), {"status": "PARTIALOUTAGE"})
    (page,) = await api("GET", "/v2/pages")
    assert (page["status"], page["mainStatus"]) == ("HASISSUES", "ONEPARTIALOUTAGE")
    assert (await api.summary())["page"]["status"] == "HASISSUES"


async def test_the_page_host_has_several_names_for_the_same_documents(api: Caller, server: InstatusServer) -> None:
    other = (await api("POST", "/v1/pages", _NEW))["id"]
    home = server.page_url()
    expected = {"page": {"name": "Acme", "url": home, "status": "UP"}}
    for path in ("/summary.json", "/v2/summary.json", "/v3/summary.json", "/api/v2/summary.json"):
        assert await api.send("GET", home + path, headers={}) == (200, expected)
    assert await api.send("GET", server.url + "/summary.json", headers={}) == (200, expected)
    assert (await api("GET", server.page_url(other) + "/summary.json"))["page"] == {
        "name": "Beta",
        "url": server.page_url(other),
        "status": "UP",
    }
    by_host = await api.send("GET", home + "/summary.json", headers={"Host": "beta.localhost:1"})
    assert by_host[1]["page"]["name"] == "Beta"
    assert (await api.send("GET", home + "/summary.json", headers={"Host": "nope.localhost"}))[0] == 404
    assert (await api.send("GET", home + "/acme/summary.json"))[1] == expected


async def test_what_a_page_host_does_not_have_is_html(api: Caller, server: InstatusServer) -> None:
    for path in ("/index.json", "/status.json", "/v1/user", "/nope/summary.json"):
        status, body = await api.send("GET", server.page_url() + path)
        assert (status, str(body)[:9]) == (404, "<!DOCTYPE")
    await api("DELETE", "/v2/{page}")
    assert (await api.send("GET", server.url + "/summary.json"))[0] == 404
    with pytest.raises(LookupError, match="no page left"):
        server.page_url()
