"""Subscribers, and the ledger of what they would have been told."""

from typing import Any

import pytest

from instatus_async.testing import InstatusServer
from tests.testing.conftest import Caller

_PATH = "/v1/{page}/subscribers"


async def test_a_subscriber_from_creation_to_removal(api: Caller, server: InstatusServer) -> None:
    component = server.component_id("API")
    made = await api("POST", _PATH, {"email": "bo@acme.example", "all": False, "components": [component]})
    assert (made["confirmed"], made["site"], made["language"]) == (False, {"id": server.page_id}, "en")
    assert "importedFrom" in made
    assert "components" not in made
    assert [(entry.kind, entry.address, entry.subscriber) for entry in server.told(made["id"])] == [
        ("email", "bo@acme.example", made["id"])
    ]
    await api("POST", _PATH, {"phone": "5550100199", "all": True, "components": None, "autoConfirm": True})
    short, phone = await api("GET", _PATH)
    assert short == {
        "id": made["id"],
        "email": "bo@acme.example",
        "phone": None,
        "webhook": None,
        "webhookEmail": None,
        "confirmed": False,
        "all": False,
        "components": [component],
    }
    assert (phone["email"], phone["confirmed"], phone["components"]) == (None, True, [])
    assert await api("GET", "/v2/{page}/subscribers") == [short, phone]
    assert await api("GET", "/v2/{page}/subscribers?search=0100") == [phone]
    assert await api("GET", _PATH + "?search=BO@") == [short]
    assert await api("GET", _PATH + "?search=nobody") == []
    gone = await api("DELETE", f"{_PATH}/{made['id']}")
    assert (gone["email"], gone["site"]) == ("bo@acme.example", {"id": server.page_id})
    assert await api("GET", _PATH) == [phone]


async def test_subscribers_that_are_refused(api: Caller) -> None:
    await api("POST", _PATH, {"email": "bo@acme.example"})
    assert await api.refused("POST", _PATH, {"email": "bo@acme.example"}) == (409, "email: is subscribed already")
    assert (await api.refused("POST", _PATH, {"all": True}))[0] == 400
    assert (await api.refused("POST", _PATH, {"email": "nobody"}))[1] == "email: must be an e-mail address"
    assert (await api.refused("POST", _PATH, {"email": "a@b.c", "components": ["nope"]}))[1].startswith(
        "components[0]:"
    )
    assert (await api.refused("DELETE", _PATH + "/nope"))[0] == 404


def _everybody(server: InstatusServer) -> tuple[str, ...]:
    website, web_api = server.component_id("Website"), server.component_id("API")
    return server.seed(
        subscribers=[
            {"email": "all@acme.example", "confirmed": True},
            {"email": "api@acme.example", "components": [web_api], "confirmed": True},
            {"email": "website@acme.example", "components": [website], "confirmed": True},
            {"email": "unconfirmed@acme.example"},
            {"phone": "5550100199", "autoConfirm": True},
            {"webhook": "http://127.0.0.1:9/hook", "autoConfirm": True, "components": [web_api]},
            {"email": "chat@acme.example", "slack": "#status", "confirmed": True},
        ]
    )["subscribers"]


def _write(component: str, **more: Any) -> dict[str, Any]:
    return {
        "message": "Hello",
        "status": "INVESTIGATING",
        "components": [component],
        "statuses": [],
        "notify": True,
        **more,
    }


async def test_a_write_tells_the_confirmed_ones_whom_it_concerns_once(api: Caller, server: InstatusServer) -> None:
    people = _everybody(server)
    component = server.component_id("API")
    incident = await api("POST", "/v1/{page}/incidents", _write(component, name="Down"))
    told = server.told(incident["id"])
    assert [(entry.kind, entry.address) for entry in told] == [
        ("email", "all@acme.example"),
        ("email", "api@acme.example"),
        ("sms", "5550100199"),
        ("webhook", "http://127.0.0.1:9/hook"),
        ("chat", "#status"),
    ]
    assert [people.index(entry.subscriber or "") for entry in told] == [0, 1, 4, 5, 6]
    (first,) = (await api("GET", f"/v1/{{page}}/incidents/{incident['id']}"))["updates"]
    assert {(entry.about, entry.update, entry.text, entry.request) for entry in told} == {
        (incident["id"], first["id"], "Hello", 1)
    }
    assert server.ledger == told
    assert server.announcements(incident["id"]) == 1


async def test_each_notifying_write_is_one_announcement(api: Caller, server: InstatusServer) -> None:
    component = server.component_id("API")
    path = "/v1/{page}/incidents"
    incident = await api("POST", path, _write(component, name="Down"))
    path += "/" + incident["id"]
    update = await api("POST", path + "/incident-updates", _write(component))
    assert server.announcements(incident["id"]) == 2
    for quiet in (
        ("POST", path + "/incident-updates", _write(component, notify=False)),
        ("PUT", f"{path}/incident-updates/{update['id']}", {"message": "Typo"}),
        ("PUT", path, {"name": "Up"}),
        ("GET", path, None),
    ):
        await api(*quiet)
    assert server.announcements(incident["id"]) == 2
    await api("PUT", f"{path}/incident-updates/{update['id']}", {"message": "Typo", "notify": True})
    await api("PUT", path, {"notify": True})
    assert server.announcements(incident["id"]) == 4
    assert server.told(incident["id"]) == ()  # nobody subscribed
    assert (await api.refused("POST", path + "/incident-updates", _write("nope")))[0] == 400
    assert server.announcements(incident["id"]) == 4
    server.reset()
    assert server.ledger == ()
    with pytest.raises(LookupError):
        server.announcements(incident["id"])
