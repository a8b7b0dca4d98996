"""The two feeds of a page's history."""

from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from instatus_async.testing import InstatusServer
from instatus_async.testing.site import feeds
from instatus_async.testing.site.markup import clean
from instatus_async.testing.site.words import duration
from tests.testing.conftest import Caller
from tests.testing.pages import a_state, everywhere

_ATOM = {"a": "http://www.w3.org/2005/Atom"}


async def _feed(api: Caller, url: str, kind: str) -> ET.Element:
    async with api.session.get(url) as answer:
        assert (answer.status, answer.content_type, answer.charset) == (200, f"application/{kind}+xml", "utf-8")
        return ET.fromstring(await answer.read())


async def _some_history(api: Caller, server: InstatusServer) -> dict[str, Any]:
    """Open an incident, resolve it 111 minutes later, then plan a maintenance and open a hidden incident."""
    web, app = server.component_id("Website"), server.component_id("API")
    path = "/v1/{page}/incidents"
    incident = await api(
        "POST",
        path,
        {
            "name": "Slow & steady <b>responses</b>",
            "message": "Looking",
            "status": "INVESTIGATING",
            "components": [web, app],
        },
    )
    server.advance(timedelta(minutes=111))
    said = {"message": "Fixed\nfor <good>", "status": "RESOLVED", "components": [web, app], "statuses": []}
    await api("POST", f"{path}/{incident['id']}/incident-updates", said)
    server.advance(timedelta(minutes=1))
    hidden = {"name": "Secret", "message": "x", "status": "INVESTIGATING", "shouldPublish": False}
    await api("POST", path, hidden)
    flags = dict.fromkeys(("notify", "notifyStart", "notifyEnd", "notifyEarly", "autoStart", "autoEnd"), False)
    plan: dict[str, Any] = {
        "name": "Upgrade",
        "message": "We upgrade",
        "components": [],
        "start": "2026-01-02T00:00:00Z",
        "end": "2026-01-02T01:00:00Z",
        "status": "NOTSTARTEDYET",
    }
    return {
        "incident": incident["id"],
        "maintenance": (await api("POST", "/v1/{page}/maintenances", plan | flags))["id"],
    }


async def test_rss_describes_in_plain_lines(api: Caller, server: InstatusServer) -> None:
    ids = await _some_history(api, server)
    home = server.page_url()
    feed = await _feed(api, home + "/history.rss", "rss")
    assert (feed.tag, feed.get("version")) == ("rss", "2.0")
    assert feed.findtext("channel/link") == home
    maintenance, incident = feed.findall("channel/item")  # the newest first, and no secret
    assert incident.findtext("title") == "Slow & steady <b>responses</b>"
    assert incident.findtext("link") == incident.findtext("guid") == f"{home}/incident/{ids['incident']}"
    assert parsedate_to_datetime(incident.findtext("pubDate") or "").isoformat() == "2026-01-01T12:00:00+00:00"
    assert incident.findtext("description") == (
        "Type: Incident\nDuration: 1 hour and 51 minutes\nAffected Components: Website, API"
    )
    assert maintenance.findtext("description") == "Type: Maintenance\nDuration: 1 hour"
    assert maintenance.findtext("link") == f"{home}/maintenance/{ids['maintenance']}"


async def test_atom_has_a_paragraph_an_update_the_newest_last(api: Caller, server: InstatusServer) -> None:
    ids = await _some_history(api, server)
    home = server.page_url()
    feed = await _feed(api, home + "/history.atom", "atom")
    maintenance, incident = feed.findall("a:entry", _ATOM)
    assert incident.findtext("a:id", namespaces=_ATOM) == f"{home}/incident/{ids['incident']}"
    assert incident.findtext("a:updated", namespaces=_ATOM) == "2026-01-01T13:51:00Z"
    content = incident.find("a:content", _ATOM)
    assert content is not None
    assert (content.get("type"), content.text) == (
        "html",
        "<p><strong>Investigating</strong> Looking</p><p><strong>Resolved</strong> Fixed<br>for &lt;good&gt;</p>",
    )
    planned = maintenance.findtext("a:content", namespaces=_ATOM)
    assert planned == "<p><strong>Planned</strong> We upgrade</p>"
    assert feed.findtext("a:author/a:name", namespaces=_ATOM) == "Acme"
    links = {link.get("rel"): link.get("href") for link in feed.findall("a:link", _ATOM)}
    assert links == {"alternate": home, "self": home + "/history.atom"}


async def test_feeds_of_a_page_on_which_nothing_happened(api: Caller, server: InstatusServer) -> None:
    assert (await _feed(api, server.page_url() + "/history.rss", "rss")).findall("channel/item") == []
    feed = await _feed(api, server.page_url() + "/history.atom", "atom")
    assert feed.findall("a:entry", _ATOM) == []
    assert feed.findtext("a:updated", namespaces=_ATOM) == "2026-01-01T12:00:00Z"


async def test_an_open_incident_has_no_duration(api: Caller, server: InstatusServer) -> None:
    await api("POST", "/v1/{page}/incidents", {"name": "Open", "status": "IDENTIFIED"})
    feed = await _feed(api, server.page_url() + "/history.rss", "rss")
    assert feed.findtext("channel/item/description") == "Type: Incident"


async def test_the_sdk_or_anybody_may_ask_for_another_page(api: Caller, server: InstatusServer) -> None:
    (other,) = server.seed(pages=[{"email": "o@b.example", "name": "Beta", "subdomain": "beta", "components": []}])[
        "pages"
    ]
    feed = await _feed(api, server.page_url(other) + "/history.rss", "rss")
    assert feed.findtext("channel/link") == server.page_url() + "/beta"
    assert (await api.send("POST", server.page_url() + "/history.rss"))[0] == 404


@given(st.text(st.characters(), min_size=1).filter(str.strip))
def test_any_text_makes_xml(hostile: str) -> None:
    state, page = a_state()
    everywhere(state, page, hostile)
    rss = ET.fromstring(feeds.rss(state, page).text.encode())
    expected = clean(hostile).replace("\r\n", "\n").replace("\r", "\n")  # as XML has it
    assert [item.findtext("title") for item in rss.findall("channel/item")] == [expected, expected]
    atom = ET.fromstring(feeds.atom(state, page).text.encode())
    assert len(atom.findall("a:entry", _ATOM)) == 2


def test_durations_in_prose() -> None:
    assert duration(timedelta(minutes=111)) == "1 hour and 51 minutes"
    assert duration(timedelta(seconds=59)) == "less than a minute"
    assert duration(timedelta(days=2, hours=1, minutes=1, seconds=1)) == "2 days, 1 hour and 1 minute"
    assert duration(timedelta(days=1)) == "1 day"
