"""Incidents and their updates, through every route that shows them."""

from datetime import timedelta
from typing import Any

from instatus_async.testing import InstatusServer
from tests.testing.conftest import Caller

_PATH = "/v1/{page}/incidents"
_NOON = "2026-01-01T12:00:00.000Z"
_SITE = {"id", "name", "subdomain", "color", "logoUrl", "publicEmail"}


async def test_an_incident_from_start_to_finish(api: Caller, server: InstatusServer) -> None:
    component = server.component_id("API")
    opened = await api(
        "POST",
        _PATH,
        {
            "name": "Slow & wrong",
            "message": "We <look>",
            "status": "INVESTIGATING",
            "components": [component],
            "statuses": [{"id": component, "status": "MAJOROUTAGE"}],
            "notify": True,
        },
    )
    assert opened["updates"] == []  # although there is one
    assert (opened["started"], opened["resolved"], opened["notify"]) == (_NOON, None, True)
    (affected,) = opened["components"]
    assert (affected["id"], affected["status"], set(affected["site"])) == (component, "MAJOROUTAGE", _SITE)

    path = f"{_PATH}/{opened['id']}"
    summary = await api.summary()
    assert summary["page"]["status"] == "HASISSUES"
    assert "activeMaintenances" not in summary
    (public,) = summary["activeIncidents"]
    assert public == {
        "id": opened["id"],
        "name": "Slow & wrong",
        "started": _NOON,
        "status": "INVESTIGATING",
        "impact": "MAJOROUTAGE",
        "updatedAt": _NOON,
        "url": f"{server.page_url()}/incident/{opened['id']}",
    }

    server.advance(timedelta(seconds=228))
    update = await api(
        "POST",
        path + "/incident-updates",
        {
            "message": "Found it",
            "status": "IDENTIFIED",
            "components": [component],
            "statuses": [{"id": component, "status": "DEGRADEDPERFORMANCE"}],
        },
    )
    assert update["incident"]["status"] == "IDENTIFIED"
    (affected,) = update["incident"]["components"]
    assert (affected["status"], affected["subscribers"]) == ("DEGRADEDPERFORMANCE", [])
    assert set(affected["site"]) == {"subdomain", "logoUrl", "name", "slackIntegrations", "subscribers"}
    assert (await api("GET", "/v1/{page}/components/" + component))["status"] == "DEGRADEDPERFORMANCE"
    assert (await api("GET", "/v2/pages"))[0]["mainStatus"] == "ONEDEGRADEDPERFORMANCE"
    assert await api("GET", f"{path}/incident-updates/{update['id']}") == update

    server.advance(timedelta(minutes=10))
    body = {"status": "RESOLVED", "components": [component], "statuses": [{"id": component, "status": "OPERATIONAL"}]}
    await api("POST", path + "/incident-updates", body)
    read = await api("GET", path)
    assert (read["status"], read["resolved"], read["duration"]) == ("RESOLVED", "2026-01-01T12:13:48.000Z", 13)
    assert [row["duration"] for row in read["updates"]] == [228, 600, None]
    assert [row["ended"] for row in read["updates"]] == [None, None, None]
    assert read["updates"][0]["messageHtml"] == "<p>We &lt;look&gt;</p>"
    assert read["impact"] == "MAJOROUTAGE"
    (listed,) = await api("GET", _PATH)
    assert {key: listed[key] for key in ("id", "status", "resolved", "updates", "components")} == {
        key: read[key] for key in ("id", "status", "resolved", "updates", "components")
    }
    assert await api.summary() == {"page": {"name": "Acme", "url": server.page_url(), "status": "UP"}}

    assert await api("DELETE", path) == {"id": opened["id"]}
    assert await api("GET", _PATH) == []
    assert (await api.refused("GET", path))[0] == 404


async def test_an_update_written_last_decides_and_deleting_it_goes_back(api: Caller, server: InstatusServer) -> None:
    (incident,) = server.seed(incidents=[{"name": "x", "status": "INVESTIGATING", "message": "a"}])["incidents"]
    path = f"{_PATH}/{incident}"
    body: dict[str, Any] = {"components": [], "statuses": [], "status": "RESOLVED", "message": "b"}
    update = await api("POST", path + "/incident-updates", body)
    assert (await api("GET", path))["resolved"] == _NOON
    changed = await api("PUT", f"{path}/incident-updates/{update['id']}", {"status": "MONITORING", "message": "c"})
    assert (changed["status"], changed["message"], changed["messageHtml"]) == ("MONITORING", "c", "<p>c</p>")
    assert (await api("GET", path))["status"] == "MONITORING"
    assert (await api("GET", path))["resolved"] is None
    first = (await api("GET", path))["updates"][0]["id"]
    await api("PUT", f"{path}/incident-updates/{first}", {"status": "RESOLVED"})  # not the last one
    assert (await api("GET", path))["status"] == "MONITORING"
    await api("PUT", f"{path}/incident-updates/{first}", {"status": "IDENTIFIED"})
    assert await api("DELETE", f"{path}/incident-updates/{update['id']}") == {"id": update["id"]}
    assert (await api("GET", path))["status"] == "IDENTIFIED"
    assert (await api.refused("GET", f"{path}/incident-updates/{update['id']}"))[0] == 404
    (other,) = server.seed(incidents=[{"name": "y", "status": "INVESTIGATING"}])["incidents"]
    assert (await api.refused("GET", f"{_PATH}/{other}/incident-updates/{first}"))[0] == 404


async def test_put_takes_part_of_an_incident_and_the_message_only_once(api: Caller, server: InstatusServer) -> None:
    (incident,) = server.seed(incidents=[{"name": "x", "status": "INVESTIGATING", "message": "a"}])["incidents"]
    path = f"{_PATH}/{incident}"
    assert (await api("PUT", path, {"name": "y"}))["status"] == "INVESTIGATING"
    said = {"status": "RESOLVED", "message": "back"}
    assert await api("PUT", path, said) == await api("PUT", path, said)
    read = await api("GET", path)
    assert (read["name"], read["status"], read["resolved"]) == ("y", "RESOLVED", _NOON)
    assert [row["message"] for row in read["updates"]] == ["a", "back"]
    assert (await api("PUT", path, {"status": "INVESTIGATING"}))["resolved"] is None
    assert (await api("PUT", path, {"status": "RESOLVED"}))["resolved"] == _NOON


async def test_status_filters(api: Caller, server: InstatusServer) -> None:
    statuses = ("INVESTIGATING", "IDENTIFIED", "MONITORING", "RESOLVED")
    server.seed(incidents=[{"name": status, "status": status} for status in statuses])

    async def names(query: str) -> list[str]:
        return [row["name"] for row in await api("GET", f"{_PATH}?{query}")]

    assert await names("") == list(reversed(statuses))  # the newest first
    assert await names("status=RESOLVED") == ["RESOLVED"]
    assert await names("status=RESOLVED,IDENTIFIED") == ["RESOLVED", "IDENTIFIED"]
    assert await names("!status=RESOLVED,IDENTIFIED") == ["MONITORING", "INVESTIGATING"]
    assert await names("%21status=RESOLVED&per_page=1&page=2") == ["IDENTIFIED"]
    assert await names("status=RESOLVED&!status=RESOLVED") == []
    assert (await api.refused("GET", _PATH + "?status=resolved"))[0] == 400


async def test_unpublished_incidents_stay_off_the_page(api: Caller, server: InstatusServer) -> None:
    body = {"name": "secret", "status": "INVESTIGATING", "notify": True, "shouldPublish": False}
    made = await api("POST", _PATH, body)
    assert "activeIncidents" not in await api.summary()
    assert server.announcements(made["id"]) == 0


async def test_incidents_that_are_refused(api: Caller, server: InstatusServer) -> None:
    component = server.component_id("API")
    (elsewhere,) = server.seed(pages=[{"email": "a@b.c", "name": "B", "subdomain": "b", "components": ["x"]}])["pages"]
    foreign = server.component_id("x", elsewhere)
    good = {"name": "x", "status": "INVESTIGATING"}
    for wrong, message in (
        ({"components": ["nope"]}, "components[0]: there is no component 'nope' on this page"),
        ({"components": [foreign]}, f"components[0]: there is no component {foreign!r} on this page"),
        ({"statuses": [{"id": component, "status": "OPERATIONAL"}]}, f"statuses[0].id: {component!r} is missing from"),
        ({"statuses": [{"id": component}]}, "statuses[0].status: is missing"),
        ({"started": "2026-01-01 12:00:00.000"}, "started: must be an ISO 8601 date in UTC"),
        ({"started": "2026-01-01T12:00:00"}, "started: must be an ISO 8601 date in UTC"),
        ({"started": "2026-02-30T12:00:00Z"}, "started: must be an ISO 8601 date in UTC"),
        ({"status": "OPEN"}, "status: must be one of INVESTIGATING"),
        ({"notify": "yes"}, "notify: must be true or false"),
        ({"mesage": "x"}, "mesage: there is no such field"),
        ({"message": None}, "message: must be a text, not null"),
    ):
        status, said = await api.refused("POST", _PATH, {**good, **wrong})
        assert status == 400
        assert said.startswith(message)
    assert await api("GET", _PATH) == []
    assert (await api("GET", "/v1/{page}/components/" + component))["status"] == "OPERATIONAL"
    made = await api("POST", _PATH, {**good, "components": [component], "started": "2026-01-01T12:00:00.1234567Z"})
    assert made["started"] == "2026-01-01T12:00:00.123Z"
    update = {"status": "RESOLVED", "components": [component]}
    assert (await api.refused("POST", f"{_PATH}/{made['id']}/incident-updates", update))[1] == "statuses: is missing"


async def test_seeded_incidents_may_bring_their_updates(api: Caller, server: InstatusServer) -> None:
    component = server.component_id("App")
    update: dict[str, Any] = {"status": "RESOLVED", "components": [component], "statuses": [], "message": "b"}
    row = {"name": "x", "status": "INVESTIGATING", "message": "a", "started": "2025-12-31T00:00:00Z"}
    (incident,) = server.seed(incidents=[{**row, "updates": [{**update, "started": "2025-12-31T01:00:00Z"}]}])[
        "incidents"
    ]
    read = await api("GET", f"{_PATH}/{incident}")
    assert [entry["message"] for entry in read["updates"]] == ["a", "b"]
    assert (read["duration"], read["components"][0]["name"]) == (60, "App")
    assert len(server.ledger) == 0
