"""Maintenances: planned, moved by updates and by the clock."""

from datetime import timedelta
from typing import Any

from instatus_async.testing import InstatusServer
from tests.testing.conftest import Caller

_PATH = "/v1/{page}/maintenances"
_FLAGS = {"notifyStart", "notifyEnd", "notifyEarly", "notifyMinutes", "autoStart", "autoEnd"}


def _planned(component: str, **more: Any) -> dict[str, Any]:
    return {
        "name": "Upgrade",
        "message": "We upgrade",
        "components": [component],
        "start": "2026-01-01T13:00:00.000Z",
        "end": "2026-01-01T14:00:00.000Z",
        "status": "NOTSTARTEDYET",
        "notify": False,
        "notifyStart": False,
        "notifyEnd": False,
        "notifyEarly": False,
        "autoStart": False,
        "autoEnd": False,
        **more,
    }


async def test_a_maintenance_from_plan_to_end(api: Caller, server: InstatusServer) -> None:
    component = server.component_id("App")
    made = await api("POST", _PATH, _planned(component))
    assert (made["end"], made["duration"]) == ("2026-01-01T14:00:00.000Z", 60)
    assert not _FLAGS & made.keys()
    path = f"{_PATH}/{made['id']}"
    read = await api("GET", path)
    assert read.keys() >= _FLAGS
    assert "end" not in read
    assert read == (await api("GET", _PATH))[0]
    assert [(row["message"], row["started"]) for row in read["updates"]] == [("We upgrade", "2026-01-01T13:00:00.000Z")]
    (public,) = (await api.summary())["activeMaintenances"]
    assert public == {
        "id": made["id"],
        "name": "Upgrade",
        "start": "2026-01-01T13:00:00.000Z",
        "status": "NOTSTARTEDYET",
        "updatedAt": "2026-01-01T12:00:00.000Z",
        "duration": "60",
        "url": f"{server.page_url()}/maintenance/{made['id']}",
    }
    assert (await api.summary())["page"]["status"] == "UP"

    update = await api("POST", path + "/maintenance-updates", {"status": "INPROGRESS", "message": "Go"})
    assert update["maintenance"]["status"] == "INPROGRESS"
    (affected,) = update["maintenance"]["components"]
    assert (affected["status"], affected["subscribers"], affected["site"]["subscribers"]) == (
        "UNDERMAINTENANCE",
        [],
        [],
    )
    shown = await api("GET", f"{path}/maintenance-updates/{update['id']}")
    assert "subscribers" not in shown["maintenance"]["components"][0]
    assert (await api.summary())["page"]["status"] == "UNDERMAINTENANCE"

    body = {"status": "COMPLETED", "statuses": [{"id": component, "status": "DEGRADEDPERFORMANCE"}]}
    changed = await api("PUT", f"{path}/maintenance-updates/{update['id']}", body)
    assert changed["maintenance"]["components"][0]["status"] == "DEGRADEDPERFORMANCE"
    assert "activeMaintenances" not in await api.summary()
    assert await api("DELETE", f"{path}/maintenance-updates/{update['id']}") == {"id": update["id"]}
    assert (await api("GET", path))["status"] == "NOTSTARTEDYET"
    assert await api("DELETE", path) == {"id": made["id"]}
    assert (await api.refused("GET", path))[0] == 404


async def test_put_changes_the_plan_but_not_the_life_cycle(api: Caller, server: InstatusServer) -> None:
    component = server.component_id("App")
    made = await api("POST", _PATH, _planned(component))
    body = {
        "name": "Bigger upgrade",
        "message": "It takes longer",
        "components": [component],
        "start": "2026-01-01T13:00:00Z",
        "end": "2026-01-01T15:00:00Z",
        "status": "INPROGRESS",
        "notify": False,
        "autoStart": True,
        "autoEnd": True,
        "duration": 120,
        "statuses": [{"id": component, "status": "PARTIALOUTAGE"}],
    }
    changed = await api("PUT", f"{_PATH}/{made['id']}", body)
    assert (changed["status"], changed["duration"]) == ("NOTSTARTEDYET", 120)
    assert not (_FLAGS | {"end"}) & changed.keys()
    assert (await api("GET", f"{_PATH}/{made['id']}"))["updates"][0]["message"] == "It takes longer"
    assert (await api("GET", "/v1/{page}/components/" + component))["status"] == "OPERATIONAL"
    server.advance(timedelta(hours=1))
    assert (await api("GET", f"{_PATH}/{made['id']}"))["status"] == "INPROGRESS"
    assert (await api("GET", "/v1/{page}/components/" + component))["status"] == "PARTIALOUTAGE"
    assert (await api.refused("PUT", f"{_PATH}/{made['id']}", {"name": "x"}))[1] == "message: is missing"


async def test_the_clock_starts_and_ends_what_does_so_by_itself(api: Caller, server: InstatusServer) -> None:
    component = server.component_id("App")
    server.seed(subscribers=[{"email": "bo@acme.example", "confirmed": True}])
    wanted = {"notifyStart": True, "notifyEnd": True, "notifyEarly": True, "notifyMinutes": 30}
    made = await api("POST", _PATH, _planned(component, **wanted, autoStart=True, autoEnd=True, notify=True))
    assert [entry.request for entry in server.told(made["id"])] == [1]
    server.advance(timedelta(minutes=29))
    assert len(server.told(made["id"])) == 1
    server.advance(timedelta(minutes=1))
    assert server.told(made["id"])[-1].text == "Upgrade starts soon"
    server.advance(timedelta(minutes=30))
    assert (await api("GET", f"{_PATH}/{made['id']}"))["status"] == "INPROGRESS"
    assert (await api("GET", "/v1/{page}/components/" + component))["status"] == "UNDERMAINTENANCE"
    server.advance(timedelta(days=1))
    read = await api("GET", f"{_PATH}/{made['id']}")
    assert read["status"] == "COMPLETED"
    assert [(row["status"], row["started"], row["notify"]) for row in read["updates"]] == [
        ("NOTSTARTEDYET", "2026-01-01T13:00:00.000Z", True),
        ("INPROGRESS", "2026-01-01T13:00:00.000Z", True),
        ("COMPLETED", "2026-01-01T14:00:00.000Z", True),
    ]
    assert (await api("GET", "/v1/{page}/components/" + component))["status"] == "OPERATIONAL"
    assert [entry.request for entry in server.told(made["id"])] == [1, None, None, None]
    assert server.announcements(made["id"]) == 1  # the clock's own do not count


async def test_one_that_waits_for_a_person_stays_where_it_is(api: Caller, server: InstatusServer) -> None:
    made = await api("POST", _PATH, _planned(server.component_id("App")))
    server.advance(timedelta(days=1))
    assert (await api("GET", f"{_PATH}/{made['id']}"))["status"] == "NOTSTARTEDYET"
    moved = {"status": "INPROGRESS", "end": "2026-01-03T00:00:00Z"}
    await api("POST", f"{_PATH}/{made['id']}/maintenance-updates", moved)
    server.advance(timedelta(days=9))
    assert (await api("GET", f"{_PATH}/{made['id']}"))["status"] == "INPROGRESS"


async def test_maintenances_that_are_refused(api: Caller, server: InstatusServer) -> None:
    component = server.component_id("App")
    late = _planned(component, end="2026-01-01T12:59:59Z")
    assert await api.refused("POST", _PATH, late) == (400, "end: must not be before the start")
    assert (await api.refused("POST", _PATH, _planned("nope")))[0] == 400
    assert (await api.refused("POST", _PATH, _planned(component, notifyMinutes=10**9)))[0] == 400
    assert (await api.refused("POST", _PATH, _planned(component, duration="60")))[0] == 400
    incomplete = _planned(component)
    del incomplete["autoEnd"]
    assert await api.refused("POST", _PATH, incomplete) == (400, "autoEnd: is missing")
