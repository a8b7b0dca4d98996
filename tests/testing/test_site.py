"""The page for people: what it shows, and that nothing anybody writes gets out of its place."""

import re
from datetime import timedelta
from importlib.resources import files
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from instatus_async.testing import InstatusServer
from instatus_async.testing.site import page as site
from instatus_async.testing.site.brand import Brand, brand_of, luminance
from instatus_async.testing.site.chart import chart, figures, number, points_of
from instatus_async.testing.site.markup import clean, join, lines, node, paragraphs, tag
from tests.testing.conftest import Caller
from tests.testing.pages import Outline, a_state, everywhere

_HOSTILE = '</script></style></title><script>alert(1)</script><img src=x onerror="alert(1)">\'">&amp;{}--><!--'
_POLICY = re.compile(
    r"default-src 'none'; style-src 'sha256-[\w+/]+='; script-src 'sha256-[\w+/]+='; img-src data:; "
    r"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PLAN = {
    "name": "Upgrade",
    "message": "First line\nsecond line\n\nNew paragraph",
    "start": "2026-01-01T13:00:00Z",
    "end": "2026-01-01T14:30:00Z",
    "status": "NOTSTARTEDYET",
    **dict.fromkeys(("notify", "notifyStart", "notifyEnd", "notifyEarly"), False),
    "autoStart": True,
    "autoEnd": True,
}


async def _page(api: Caller, url: str) -> Outline:
    async with api.session.get(url) as answer:
        assert (answer.status, answer.content_type, answer.charset) == (200, "text/html", "utf-8")
        return Outline(await answer.text())


async def _open(api: Caller, name: str, **more: Any) -> str:
    body = {"name": name, "message": "We look.", "status": "INVESTIGATING", **more}
    incident: dict[str, str] = await api("POST", "/v1/{page}/incidents", body)
    return incident["id"]


def _check(page: Outline) -> None:
    """Check what holds for every page, whatever is on it."""
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert not any(" " in name for name in ids)
    for key in ("aria-labelledby", "aria-describedby"):
        assert set(page.values(key)) <= set(ids)
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(page.headings, page.headings[1:], strict=False))
    assert page.all("html")[0]["lang"] == "en"
    assert [len(page.all(name)) for name in ("header", "main", "footer", "script", "style")] == [1] * 5
    assert all(link.startswith(("/", "#", "data:image/svg+xml,")) for link in page.values("href"))
    assert not page.values("src")
    assert not page.values("style")
    assert not [key for _, attributes in page.elements for key in attributes if key.startswith("on")]
    assert not {name for name, _ in page.elements} & {"img", "iframe", "object", "embed", "base", "form"}
    for drawing in page.all("svg"):
        named = drawing.get("aria-label") or drawing.get("aria-labelledby")
        assert (drawing.get("role") == "img" and named) or drawing.get("aria-hidden") == "true"
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", moment) for moment in page.values("datetime"))


async def test_a_quiet_page(api: Caller, server: InstatusServer) -> None:
    page = await _page(api, server.page_url() + "/")
    _check(page)
    assert page.words.startswith("All systems operational · Acme status")
    assert "API Operational" in page.words
    assert "No incidents and no maintenance." in page.words
    assert "Metrics" not in page.words
    assert page.values("aria-label") == [*["No uptime yet. No trouble."] * 3, "More"]
    server.advance(timedelta(hours=1))
    label = (await _page(api, server.page_url())).values("aria-label")[0]
    assert label == "100% uptime over the last 90 days, 1 of them with data. No trouble."


async def test_an_incident_from_opening_to_history(api: Caller, server: InstatusServer) -> None:
    component = server.component_id("API")
    statuses = [{"id": component, "status": "MAJOROUTAGE"}]
    incident = await _open(api, "API errors", components=[component], statuses=statuses)
    server.advance(timedelta(minutes=111))
    path = f"/v1/{{page}}/incidents/{incident}/incident-updates"
    said = {"message": "Found it.", "status": "IDENTIFIED", "components": [component], "statuses": []}
    await api("POST", path, said)
    page = await _page(api, server.page_url())
    _check(page)
    assert "Some systems have issues Major outage: API Incidents API errors" in page.words
    assert page.words.index("Found it.") < page.words.index("We look.")  # the newest update first
    assert "Since 1 January 2026, 12:00 UTC Impact: major outage Affected: API" in page.words
    assert page.all("main")[0]["data-says"] == (
        "Some systems have issues. Major outage: API. API errors: Identified, Found it."
    )
    assert any("Trouble on 1 day: 1 January 2026: major outage for 1 hour and 51 minutes." in label
               for label in page.values("aria-label"))  # fmt: skip

    fixed = [{"id": component, "status": "OPERATIONAL"}]
    await api("POST", path, {**said, "message": "Fixed.", "status": "RESOLVED", "statuses": fixed})
    page = await _page(api, server.page_url())
    _check(page)
    assert "All systems operational" in page.words
    past = page.words.partition("The last 14 days")[2]
    assert "API errors Resolved 1 January 2026, 12:00 \N{EN DASH} 13:51 UTC (1 hour and 51 minutes)" in past
    assert "Fixed." in past
    assert "Found it." not in past

    server.advance(timedelta(days=15))
    assert "API errors" not in (await _page(api, server.page_url())).words
    history = await _page(api, server.page_url() + "/history")
    _check(history)
    assert "January 2026 API errors Resolved" in history.words


async def test_a_notice_has_a_page_of_its_own(api: Caller, server: InstatusServer) -> None:
    await _open(api, "API errors")
    made = await api("POST", "/v1/{page}/maintenances", {**_PLAN, "components": [server.component_id("App")]})
    summary = await api.summary()
    for notice in (*summary["activeIncidents"], *summary["activeMaintenances"]):
        page = await _page(api, notice["url"])
        _check(page)
        assert notice["name"] in page.words
        assert notice["name"] in (await _page(api, f"{server.page_url()}/default/{notice['id']}")).words
    page = await _page(api, f"{server.page_url()}/maintenance/{made['id']}")
    assert "1 January 2026, 13:00 \N{EN DASH} 14:30 UTC (1 hour and 30 minutes) Affected: App" in page.words
    for path in (f"/incident/{made['id']}", "/maintenance/nope", "/default/nope", "/incident/", "/incident"):
        status, body = await api.send("GET", server.page_url() + path)
        assert (status, str(body)[:9]) == (404, "<!DOCTYPE"), path


async def test_maintenances_are_planned_run_and_end(api: Caller, server: InstatusServer) -> None:
    await api("POST", "/v1/{page}/maintenances", {**_PLAN, "components": [server.component_id("App")]})
    page = await _page(api, server.page_url())
    assert "All systems operational" in page.words
    assert "Planned maintenance Upgrade Planned" in page.words
    server.advance(timedelta(hours=1))
    page = await _page(api, server.page_url())
    _check(page)
    assert "Under maintenance Under maintenance: App Maintenance in progress Upgrade In progress" in page.words
    server.advance(timedelta(hours=2))
    page = await _page(api, server.page_url())
    assert "All systems operational" in page.words
    assert "The last 14 days Upgrade Completed" in page.words


async def test_groups_show_the_worst_of_their_parts(api: Caller, server: InstatusServer) -> None:
    (parent,) = server.seed(components=[{"name": "Platform", "description": "All of it"}])["components"]
    server.seed(
        components=[
            {"name": "Queue", "group": parent, "status": "PARTIALOUTAGE"},
            {"name": "Mail", "group": parent, "showUptime": False},
        ]
    )
    page = await _page(api, server.page_url())
    _check(page)
    assert "Platform Partial outage All of it Queue Partial outage" in page.words
    assert len(page.values("aria-label")) == 5  # four bars and the navigation; none for Mail
    await api("PUT", f"/v1/{{page}}/components/{parent}", {"archived": True})
    page = await _page(api, server.page_url())
    assert "Platform" not in page.words
    assert "Queue" in page.words  # it then stands alone
    for row in await api("GET", "/v1/{page}/components"):
        await api("PUT", f"/v1/{{page}}/components/{row['id']}", {"archived": True})
    assert "Nothing is shown here yet." in (await _page(api, server.page_url())).words


async def test_what_is_not_public_is_not_shown(api: Caller, server: InstatusServer) -> None:
    secret = await _open(api, "Secret", shouldPublish=False)
    for path in ("/", "/history", "/history.rss", "/history.atom"):
        async with api.session.get(server.page_url() + path) as answer:
            assert "Secret" not in await answer.text()
    assert (await api.send("GET", f"{server.page_url()}/incident/{secret}"))[0] == 404


async def test_the_history_of_statuses_is_kept_but_not_told(api: Caller, server: InstatusServer) -> None:
    path = "/v1/{page}/components/" + server.component_id("API")
    server.advance(timedelta(days=2))
    for status in ("MAJOROUTAGE", "MAJOROUTAGE", "OPERATIONAL"):
        shown = await api("PUT", path, {"status": status})
        assert "history" not in shown
        server.advance(timedelta(hours=6))
    assert "history" not in await api("GET", path)
    label = (await _page(api, server.page_url())).values("aria-label")[2]
    assert label == (
        "81.81% uptime over the last 90 days, 4 of them with data. Trouble on 1 day: "
        "3 January 2026: major outage for 12 hours."
    )


async def test_a_seeded_history_gives_a_component_a_past(api: Caller, server: InstatusServer) -> None:
    past = [["2025-06-01T00:00:00Z", "OPERATIONAL"]]
    for day in (1, 3, 5, 7, 9):
        past += [[f"2025-12-0{day}T10:00:00Z", "MAJOROUTAGE"], [f"2025-12-0{day}T11:51:00Z", "OPERATIONAL"]]
    server.seed(components=[{"name": "Old", "history": past}])
    page = await _page(api, server.page_url())
    assert "99.56% uptime" in page.words
    assert page.values("aria-label")[3].endswith("7 December 2025: major outage for 1 hour and 51 minutes; "
                                                 "5 December 2025: major outage for 1 hour and 51 minutes; "
                                                 "and 2 more days.")  # fmt: skip


async def test_metrics_are_drawn_and_described(api: Caller, server: InstatusServer) -> None:
    points = [{"timestamp": 1_767_268_800_000 + 60_000 * place, "value": 100 + place} for place in range(3)]
    server.seed(metrics=[{"name": "Latency", "suffix": "ms", "data": points}, {"name": "Empty", "suffix": ""}])
    page = await _page(api, server.page_url())
    _check(page)
    assert "Latency Min 100 ms Max 102 ms Last 102 ms" in page.words
    assert "3 measurements, 1 January 2026, 12:00 UTC to 1 January 2026, 12:02 UTC: between 100 ms" in page.words
    assert "Empty No data yet." in page.words


async def test_nothing_from_elsewhere_is_allowed(api: Caller, server: InstatusServer) -> None:
    await api("PUT", "/v2/{page}", {"htmlAboveHeader": "<script>x</script>", "cssGlobal": "x{}", "logoUrl": "//x/y"})
    async with api.session.get(server.page_url()) as answer:
        policy, text = answer.headers["Content-Security-Policy"], await answer.text()
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
    assert _POLICY.fullmatch(policy)
    addresses = set(re.findall(r"\w+://[\w./]+", unquote(text)))
    assert addresses == {"http://www.w3.org/2000/svg"}  # which names a vocabulary and is not fetched
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in text
    assert "//x/y" not in text


async def test_another_page_is_linked_under_its_own_name(api: Caller, server: InstatusServer) -> None:
    new = {"email": "o@b.example", "name": "Beta", "subdomain": "beta", "components": ["Web"]}
    (other,) = server.seed(pages=[new])["pages"]
    server.seed(other, incidents=[{"name": "Oops", "status": "INVESTIGATING"}])
    page = await _page(api, server.page_url(other))
    _check(page)
    links = [link for link in page.values("href") if link[0] == "/"]
    assert {link.split("/")[1] for link in links} == {"beta"}
    for link in links:
        assert (await api.send("GET", server.page_url() + link))[0] == 200, link
    async with api.session.head(server.page_url()) as answer:
        assert (answer.status, await answer.read()) == (200, b"")


async def test_translations_are_shown_in_the_language_of_the_page(api: Caller, server: InstatusServer) -> None:
    await api("PUT", "/v2/{page}", {"language": "fr", "translations": {"name": {"fr": "Acmé"}}})
    await _open(api, "Fog", translations={"name": {"fr": "Brouillard"}, "message": {"de": "Nebel"}})
    page = await _page(api, server.page_url())
    _check(page)
    assert "Brouillard" in page.words
    assert "Fog" not in page.words
    assert "We look." in page.words
    assert page.values("lang") == ["en", "fr", "fr"]


@given(st.text(st.characters(), min_size=1).filter(str.strip))
@example(_HOSTILE)
@example("\x00\ud800")
@example("fr")
@example("\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe")
def test_any_text_stays_text(hostile: str) -> None:
    state, page = a_state()
    everywhere(state, page, hostile)
    notice = next(iter(state.incidents))
    for document in (
        site.home(state, page),
        site.history(state, page),
        site.notice(state, page, kind="incident", notice_id=notice),
    ):
        assert document is not None
        document.text.encode()
        outline = Outline(document.text)
        _check(outline)
        assert clean(hostile) in outline.text
        assert _POLICY.fullmatch(document.headers["Content-Security-Policy"])


def test_messages_keep_their_lines() -> None:
    assert (
        paragraphs("a\nb\r\n\r\n<c>\n \nd\n")
        == '<p dir="auto">a<br>b</p><p dir="auto">&lt;c&gt;</p><p dir="auto">d</p>'
    )
    assert paragraphs(" \n ") == ""


def test_markup_escapes_what_it_did_not_make() -> None:
    assert tag("p", "<&>", None, ["a", tag("b", "'")], class_='"', hidden=True, x=None, y=False) == (
        '<p class="&quot;" hidden>&lt;&amp;&gt;a<b>&#x27;</b></p>'
    )
    assert tag("br") == "<br>"
    assert node("link", "x") == "<link>x</link>"
    assert join(f"{tag('b')}") == "&lt;b&gt;&lt;/b&gt;"  # formatted, it is a plain text again
    assert lines("a\n<b>") == "a<br>&lt;b&gt;"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#0b7285", (0x0B, 0x72, 0x85)),
        ("#ABC", (0xAA, 0xBB, 0xCC)),
        (" #12345678 ", (0x12, 0x34, 0x56)),
        ("#1234", (0x11, 0x22, 0x33)),
        ("rgba(51, 177, 126, 1)", (51, 177, 126)),
        ("rgb(999,0,0)", (255, 0, 0)),
        ("#111;}body{display:none", (0x11, 0x11, 0x11)),
        ("red", (0x11, 0x11, 0x11)),
        ("#12345", (0x11, 0x11, 0x11)),
        ("", (0x11, 0x11, 0x11)),
        (None, (0x11, 0x11, 0x11)),
    ],
)
def test_a_brand_color_is_read_or_left(text: str | None, expected: tuple[int, int, int]) -> None:
    brand = brand_of(text)
    assert (brand.red, brand.green, brand.blue) == expected


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
def test_letters_on_the_brand_color_can_be_read(red: int, green: int, blue: int) -> None:
    brand = Brand(red, green, blue)
    ink = "#000" if "#000" in brand.rule.partition("--on-brand:")[2] else "#fff"
    assert _contrast(brand_of(ink), brand) >= 4.5


def _contrast(one: Brand, other: Brand) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrasts_reach_aa(scheme: str) -> None:
    style = files("instatus_async.testing.site").joinpath("style.css").read_text("utf-8")
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    colors = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", blocks[scheme == "dark"]))
    tones = ("ok", "maintenance", "degraded", "partial", "major")
    grounds = ["card", "ground", *(f"{tone}-tint" for tone in tones)]
    for ink in ("ink", "link", *(f"{tone}-text" for tone in tones)):
        for ground in grounds:
            assert _contrast(brand_of(colors[ink]), brand_of(colors[ground])) >= 4.5, (ink, ground)
    for ground in ("card", "ground"):
        assert _contrast(brand_of(colors["soft"]), brand_of(colors[ground])) >= 4.5
    for tone in tones:
        assert _contrast(brand_of(colors[tone]), brand_of(colors["card"])) >= 3, tone
        assert _contrast(brand_of(colors[tone]), brand_of(colors["sign"])) >= 3, tone


_VALUES = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.just(10**400))


@given(st.lists(_VALUES, max_size=30), st.integers(1, 10**9))
@example([0, 5e-324], 1)
@example([-1.7e308, 1.7e308], 1)
@example([1.0, 1.0000000000000002], 1)
@example([10**400, -(10**400)], 1)
def test_any_values_make_a_drawing(values: list[float], apart: int) -> None:
    data = [{"timestamp": 10**12 + place * apart, "value": value} for place, value in enumerate(values)]
    points = points_of({"data": data})
    drawing = chart("m", "<name>", "<ms>", points) + figures(points, "<ms>")
    outline = Outline(drawing)
    for path in outline.values("d"):
        assert re.fullmatch(r"([MLH]-?\d+(\.\d+)?( -?\d+(\.\d+)?)?|h0|Z)+", path), path
        assert all(0 <= float(place) <= 1000 for place in re.findall(r"-?\d+\.\d+", path))
    assert len(outline.all("span")) <= 10


def test_points_of_the_same_value_lie_on_a_line() -> None:
    for value in (0, 7, -7):
        (line,) = re.findall(r'd="(M[^"]*)" class="line"', chart("m", "x", "", points_of(_two(value))))
        first, second = (part.split()[1] for part in line[1:].split("L"))
        assert first == second


def _two(value: float) -> dict[str, Any]:
    return {"data": [{"timestamp": 10**12 + place, "value": value} for place in (0, 60_000)]}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0"),
        (-0.0, "0"),
        (100, "100"),
        (12345.678, "12,345.7"),
        (0.1 + 0.2, "0.3"),
        (1e12, "1e+12"),
        (0.00001, "1e-05"),
        (-2.5, "-2.5"),
    ],
)
def test_numbers_are_short(value: float, expected: str) -> None:
    assert number(value) == expected
