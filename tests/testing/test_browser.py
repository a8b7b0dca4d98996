"""The page for people in a real browser."""

from collections.abc import AsyncIterator, Iterator

import pytest

from instatus_async.testing import InstatusServer
from instatus_async.testing.site import page as site
from tests.testing.chromium import Tab, chromium, find_chromium, tab_of
from tests.testing.conftest import Caller
from tests.testing.pages import everywhere

_INCIDENTS = "/v1/{page}/incidents"
_LONG = "A component with a name that no designer would ever have put into a mock-up " + "w" * 120
_OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a browser for these tests."""
    program = find_chromium()
    if program is None:
        pytest.skip("there is no Chromium here: apt-get install chromium")
    with chromium(program, tmp_path_factory.mktemp("profile")) as address:
        yield address


@pytest.fixture
async def tab(browser: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Tab]:
    """Give a page of the test's own; status pages refresh themselves twenty times a second."""
    monkeypatch.setattr(site, "REFRESH", 0.05)
    async with tab_of(browser) as tab:
        yield tab


def _fill(server: InstatusServer, text: str) -> None:
    state = server._wire.state
    everywhere(state, state.pages[server.page_id], text)


@pytest.mark.parametrize("text", ["Fog", _LONG])
async def test_it_fits_phones_and_desks_in_the_light_and_in_the_dark(
    tab: Tab, server: InstatusServer, text: str
) -> None:
    _fill(server, text)
    incident = next(iter(server._wire.state.incidents))
    for path in ("/", "/history", f"/incident/{incident}"):
        for width in (320, 390, 1280):
            await tab.open(server.page_url() + path, width=width)
            assert await tab.evaluate(_OVERFLOW) == 0, (path, width)
    grounds: list[str] = []
    for dark in (False, True):
        await tab.scheme(dark=dark)
        color = await tab.evaluate("getComputedStyle(document.body).backgroundColor")
        grounds.append(color)
    assert grounds == ["rgb(245, 246, 248)", "rgb(13, 16, 20)"]
    assert tab.complaints == []
    assert all(url.startswith((server.page_url(), "data:", "about:")) for url in tab.requested)


async def test_it_follows_an_incident_by_itself(tab: Tab, server: InstatusServer, api: Caller) -> None:
    component = server.component_id("API")
    await tab.open(server.page_url(), width=390, height=400)
    await tab.until_says("All systems operational")
    before = await tab.evaluate("document.getElementById('icon').href")
    await tab.evaluate("window.untouched = true; document.getElementById('all-history').focus(); scrollTo(0, 200)")
    body = {
        "name": "API errors",
        "message": "We look.",
        "status": "INVESTIGATING",
        "components": [component],
        "statuses": [{"id": component, "status": "MAJOROUTAGE"}],
    }
    incident = (await api("POST", _INCIDENTS, body))["id"]
    await tab.until_says("API errors")
    assert await tab.evaluate("document.getElementById('live').textContent") == (
        "Some systems have issues. Major outage: API. API errors: Investigating, We look."
    )
    assert await tab.evaluate("document.activeElement.id") == "all-history"
    assert await tab.evaluate("scrollY") == 200
    assert await tab.evaluate("document.title") == "Some systems have issues · Acme status"
    assert await tab.evaluate("document.getElementById('icon').href") != before
    said = {"message": "Fixed.", "status": "RESOLVED", "components": [component]}
    fixed = [{"id": component, "status": "OPERATIONAL"}]
    await api("POST", f"{_INCIDENTS}/{incident}/incident-updates", {**said, "statuses": fixed})
    await tab.until_says("All systems operational")
    await tab.until("document.getElementById('live').textContent === 'All systems operational'")
    assert await tab.evaluate("document.getElementById('icon').href") == before
    assert await tab.evaluate("window.untouched")  # never loaded again
    assert tab.complaints == []


async def test_it_stays_as_it_is_while_nothing_happens(tab: Tab, server: InstatusServer, api: Caller) -> None:
    await tab.open(server.page_url())
    await tab.evaluate("window.first = document.querySelector('main').firstElementChild")
    (metric,) = server.seed(metrics=[{"name": "Latency", "suffix": "ms"}])["metrics"]
    await tab.until_says("Latency")
    await tab.evaluate("window.first = document.querySelector('main').firstElementChild")
    await api("PUT", f"/v1/{{page}}/metrics/{metric}", {})  # a write that shows nowhere
    asked = len(server.requests.matching("GET", "/"))
    await tab.evaluate(
        "new Promise(done => { const original = fetch; let left = 3;"
        " window.fetch = (...rest) => { if (!--left) done(); return original(...rest); }; })"
    )
    assert len(server.requests.matching("GET", "/")) > asked
    assert await tab.evaluate("window.first.isConnected")
    assert await tab.evaluate("document.getElementById('live').textContent") == ""


async def test_it_rests_while_nobody_can_see_it(tab: Tab, server: InstatusServer, api: Caller) -> None:
    await tab.open(server.page_url())
    hide = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true});"
    turn = "document.dispatchEvent(new Event('visibilitychange'));"
    await tab.evaluate(
        hide % "true" + "window.original = fetch; window.asked = 0; window.fetch = () => { asked += 1; };" + turn
    )
    assert await tab.evaluate("window.asked") == 0
    await api("POST", _INCIDENTS, {"name": "Meanwhile", "status": "INVESTIGATING"})
    await tab.evaluate("window.fetch = window.original;" + hide % "false" + turn)
    await tab.until_says("Meanwhile")


async def test_it_says_when_it_is_out_of_touch(tab: Tab, server: InstatusServer) -> None:
    await tab.open(server.page_url())
    assert await tab.evaluate("document.getElementById('lost').hidden")
    await server.close()
    await tab.until("!document.getElementById('lost').hidden")


async def test_without_scripts_the_browser_reloads_it(tab: Tab, server: InstatusServer) -> None:
    await tab.call("Emulation.setScriptExecutionDisabled", value=True)
    await tab.open(server.page_url())
    await tab.loaded_again()


async def test_hostile_texts_do_not_run(tab: Tab, server: InstatusServer) -> None:
    hostile = (
        "</script><script>window.hacked=1;alert(1)</script><img src=x onerror=window.hacked=1>\"'><svg onload=alert(1)>"
    )
    _fill(server, hostile)
    incident = next(iter(server._wire.state.incidents))
    for path in ("/", "/history", f"/incident/{incident}"):
        await tab.open(server.page_url() + path)
        await tab.until_says("window.hacked=1") if path != "/history" else None
        assert await tab.evaluate("[window.hacked ?? 0, document.scripts.length, document.images.length]") == [0, 1, 0]
    await tab.open(server.page_url())
    await tab.until_says(hostile)
    server.seed(incidents=[{"name": hostile + "again", "status": "INVESTIGATING"}])
    await tab.until_says(hostile + "again")  # by way of the refresh, too
    assert await tab.evaluate("[window.hacked ?? 0, document.scripts.length, document.images.length]") == [0, 1, 0]
    assert tab.complaints == []


async def test_what_assistive_technology_is_given(tab: Tab, server: InstatusServer, api: Caller) -> None:
    (group,) = server.seed(components=[{"name": "Platform"}])["components"]
    server.seed(
        components=[{"name": "Queue", "group": group, "status": "PARTIALOUTAGE"}],
        metrics=[{"name": "Latency", "suffix": "ms", "data": [{"timestamp": 1_767_268_800_000, "value": 7}]}],
    )
    await api("POST", _INCIDENTS, {"name": "Slow", "message": "We look.", "status": "INVESTIGATING"})
    await tab.open(server.page_url())
    tree = await tab.accessible()
    for expected in (
        ("heading", "Acme status"),
        ("heading", "Some systems have issues"),
        ("heading", "Incidents"),
        ("link", "Slow"),
        ("heading", "Components"),
        ("heading", "Platform"),
        ("heading", "Queue"),
        ("region", "Metrics"),
        ("region", "The last 14 days"),
        ("navigation", "More"),
        ("link", "See all history"),
    ):
        assert expected in tree, expected
    assert {"banner", "main", "contentinfo", "status"} <= {role for role, _ in tree}
    pictures = [name for role, name in tree if role in {"image", "img"}]
    assert "Chart of Latency" in pictures
    assert [name for name in pictures if "no data" in name.lower()] == []
    assert pictures.count("No uptime yet. No trouble.") == 3
    assert not [name for role, name in tree if role == "group"]  # one text a drawing, not one a day
    assert "".join(name for _, name in tree).count("Partial outage") >= 2
