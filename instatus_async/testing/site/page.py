"""Assemble whole pages: home, history, one incident or maintenance.

A page refreshes itself: its script fetches the same address, swaps what changed, and says a change of the state
politely to screen readers. Without scripts the browser reloads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from importlib.resources import files
from itertools import groupby
from typing import Final
from urllib.parse import quote, urlsplit

from ..routes import pages
from ..state import State
from ..validate import Row
from . import parts, words
from .brand import brand_of
from .content import Component, Kind, Notice, components_of, notices_of, text_of
from .document import Document, sealed
from .markup import Child, Markup, join, tag

REFRESH: Final = 3.0  # seconds
RECENT: Final = timedelta(days=14)

_STYLE: Final = files(__package__ or "").joinpath("style.css").read_text("utf-8")
_SCRIPT: Final = files(__package__ or "").joinpath("refresh.js").read_text("utf-8")

_HEADLINES: Final = {
    "UP": "All systems operational",
    "UNDERMAINTENANCE": "Under maintenance",
    "HASISSUES": "Some systems have issues",
}
# The colours of the favicon, which can't read the style.
_FILLS: Final = {
    "ok": "#1a935a",
    "maintenance": "#2f6fce",
    "degraded": "#a37200",
    "partial": "#c85a08",
    "major": "#c8202f",
}


def home(state: State, page: Row) -> Document:
    """Show the state now, what is open and planned, components, metrics, and the last two weeks."""
    shown = notices_of(state, page)
    running = [notice for notice in shown if not notice.is_over and notice.status != "NOTSTARTEDYET"]
    incidents = [notice for notice in running if notice.kind == "incident"]
    at_work = [notice for notice in running if notice.kind == "maintenance"]
    planned = [notice for notice in reversed(shown) if notice.status == "NOTSTARTEDYET"]
    begin = state.clock() - RECENT
    recent = [notice for notice in shown if notice.is_over and max(notice.began, notice.ended or begin) >= begin]
    metrics = [row for row in state.of_page(state.metrics, page["id"]) if row["active"]]
    view = _View(state, page)
    return view.document(
        view.headline,
        parts.banner(view.headline, view.detail, view.tone),
        view.open_notices("incidents", "Incidents", incidents),
        view.open_notices("running", "Maintenance in progress", at_work),
        view.open_notices("planned", "Planned maintenance", planned),
        parts.components(view.components),
        parts.section("metrics", "Metrics", (parts.metric(row) for row in sorted(metrics, key=_order)))
        if metrics
        else None,
        parts.section(
            "past",
            "The last 14 days",
            view.brief(recent) if recent else tag("p", "No incidents and no maintenance.", class_="card empty"),
            tag("p", tag("a", "See all history", href=view.prefix + "/history", id="all-history"), class_="more"),
        ),
        says=_says(view.headline, view.detail, [*incidents, *at_work]),
    )


def history(state: State, page: Row) -> Document:
    """List everything that is over, by month."""
    view = _View(state, page)
    over = [notice for notice in notices_of(state, page) if notice.is_over]
    months = [
        parts.section(f"month-{month[0]}-{month[1]}", words.month(among[0].began), view.brief(among))
        for month, among in (
            (month, list(found)) for month, found in groupby(over, lambda row: (row.began.year, row.began.month))
        )
    ]
    nothing = tag("p", "Nothing has happened so far.", class_="card empty")
    return view.document("History", view.back, tag("h2", "History", class_="lead"), months or nothing, says="History")


def notice(state: State, page: Row, *, kind: Kind | None, notice_id: str) -> Document | None:
    """Show one incident or maintenance, or either if `kind` is None; there is no document for what is not public."""
    view = _View(state, page)
    for shown in notices_of(state, page):
        if shown.id == notice_id and kind in {shown.kind, None}:
            says = _says(shown.name.value, "", [shown])
            return view.document(shown.name.value, view.back, parts.notice_alone(shown), says=says)
    return None


class _View:
    """Hold what all documents of a page share."""

    def __init__(self, state: State, page: Row) -> None:
        self.prefix = urlsplit(state.page_url(page)).path
        self.components = components_of(state, page)
        self._page = page
        self._now = state.clock()
        status = pages.with_status(state, page)
        self.headline = _HEADLINES[status["status"]]
        self.tone = parts.tone_of(_without_count(status["mainStatus"]))
        self.detail = _detail(status["mainStatus"], self.components)

    @property
    def back(self) -> Markup:
        """Lead back to the home page."""
        return tag("p", tag("a", "← Current status", href=self.prefix or "/", id="back"), class_="more")

    def open_notices(self, name: str, title: str, shown: Sequence[Notice]) -> Markup | None:
        """Show notices in full under a heading, or nothing."""
        return parts.section(name, title, (parts.notice(one, self.prefix) for one in shown)) if shown else None

    def brief(self, shown: Sequence[Notice]) -> Markup:
        """List notices by their last words."""
        return tag("ul", (parts.notice_in_brief(one, self.prefix) for one in shown), class_="card rows", role="list")

    def document(self, title: str, *content: Child, says: str) -> Document:
        """Put head, header, content and footer together."""
        brand = brand_of(self._page["brandColor"])
        style = _STYLE + brand.rule
        name = text_of(self._page, self._page, "name")
        head = tag(
            "head",
            tag("meta", charset="utf-8"),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name="color-scheme", content="light dark"),
            tag("meta", name="robots", content="noindex"),
            tag("title", f"{title} · {name.value} status"),
            tag("link", rel="icon", href=_favicon(self.tone), id="icon"),
            self._feed("rss", "rss+xml"),
            self._feed("atom", "atom+xml"),
            tag("style", Markup(style)),
            tag("noscript", tag("meta", http_equiv="refresh", content=f"{REFRESH:g}")),
        )
        body = tag(
            "body",
            tag("a", "Skip to content", href="#main", class_="skip"),
            self._header(name.html, name.value),
            tag("main", content, id="main", tabindex="-1", data_says=says),
            self._footer(),
            tag("div", id="live", role="status", aria_live="polite", class_="unseen"),
            tag("script", Markup(_SCRIPT)),
        )
        text = f"<!DOCTYPE html>\n{tag('html', head, body, lang='en', data_every=f'{REFRESH * 1000:g}')}\n"
        return sealed(text, style=style, script=_SCRIPT)

    def _header(self, name: Markup, plain: str) -> Markup:
        mark = tag("span", plain.strip()[:1].upper() or None, class_="mark", aria_hidden="true")
        home = tag("a", mark, name, tag("span", " status", class_="unseen"), href=self.prefix or "/", id="home")
        return tag("header", tag("h1", home), id="header")

    def _footer(self) -> Markup:
        links = (("History", "/history"), ("RSS", "/history.rss"), ("Atom", "/history.atom"))
        menu = (tag("li", tag("a", text, href=self.prefix + path, id=f"to-{text.lower()}")) for text, path in links)
        as_of = tag("p", "As of ", words.time_tag(self._now, f"{words.day(self._now)}, {self._now:%H:%M:%S} UTC"))
        lost = tag("p", "This page can't be refreshed right now. Trying again.", id="lost", hidden=True)
        note = tag("p", "A test server: nobody outside hears of this.", class_="note")
        return tag(
            "footer",
            tag("nav", tag("ul", menu, role="list"), aria_label="More"),
            tag("div", as_of, id="as-of"),
            lost,
            note,
        )

    def _feed(self, name: str, kind: str) -> Markup:
        href = f"{self.prefix}/history.{name}"
        return tag("link", rel="alternate", type=f"application/{kind}", title=name.upper(), href=href)


def _order(row: Row) -> int:
    order: int = row["order"]
    return order


def _without_count(main: str) -> str:
    """Take ONE, SOME or ALL off a page's long status (quirk 45)."""
    if main == "UP":
        return "OPERATIONAL"
    return next(main.removeprefix(count) for count in ("ONE", "SOME", "ALL") if main.startswith(count))


def _detail(main: str, components: Sequence[Component]) -> str:
    """Name what has the worst status."""
    if main == "UP":
        return ""
    worst = _without_count(main)
    if main.startswith("ALL"):
        return f"{words.label(worst)}: all components"
    single = [part for component in components for part in (component.parts or (component,))]
    names = [part.name.value for part in single if part.status == worst]
    return f"{words.label(worst)}: {words.listed(names)}"


def _says(headline: str, detail: str, shown: Sequence[Notice]) -> str:
    """Put the state into the sentence that is read out when it changes."""
    sentences = [headline, detail]
    for one in shown:
        last = one.updates[-1].message.value.strip() if one.updates else ""
        sentences.append(f"{one.name.value}: {words.label(one.status)}" + (f", {last}" if last else ""))
    return ". ".join(sentence for sentence in sentences if sentence)


def _favicon(tone: str) -> str:
    drawing = join(
        tag("circle", cx="8", cy="8", r="8", fill=_FILLS[tone]),
        tag("path", d=parts.SHAPES[tone], fill="none", stroke="#fff", stroke_width="1.8", stroke_linecap="round"),
    )
    return "data:image/svg+xml," + quote(tag("svg", drawing, xmlns="http://www.w3.org/2000/svg", viewBox="0 0 16 16"))
