"""Write the history of a page as RSS and as Atom, everything public, newest first (quirk 90)."""

from __future__ import annotations

from email.utils import format_datetime
from typing import Final

from ..state import State
from ..validate import Row
from . import words
from .content import Notice, Update, notices_of, text_of
from .document import Document
from .markup import Markup, join, lines, node, tag

_DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'


def rss(state: State, page: Row) -> Document:
    """Write RSS 2.0: an item's description is plain text, in lines that begin with what they are about."""
    name, url = text_of(page, page, "name").value, state.page_url(page)
    channel = node(
        "channel",
        node("title", f"{name} - Incident history"),
        node("link", url),
        node("description", f"Incidents and maintenances of {name}"),
        node("language", "en"),
        (_item(notice, url) for notice in notices_of(state, page)),
    )
    return Document(_DECLARATION + node("rss", channel, version="2.0"), "application/rss+xml")


def atom(state: State, page: Row) -> Document:
    """Write Atom: an entry's content is HTML, one paragraph an update, the newest last."""
    name, url = text_of(page, page, "name").value, state.page_url(page)
    shown = notices_of(state, page)
    feed = node(
        "feed",
        node("id", f"{url}/history.atom"),
        node("title", f"{name} - Incident history"),
        node("updated", words.stamp(max((notice.touched for notice in shown), default=state.clock()))),
        node("link", href=url, rel="alternate", type="text/html"),
        node("link", href=f"{url}/history.atom", rel="self", type="application/atom+xml"),
        node("author", node("name", name)),
        (_entry(notice, url) for notice in shown),
        xmlns="http://www.w3.org/2005/Atom",
    )
    return Document(_DECLARATION + feed, "application/atom+xml")


def description(notice: Notice) -> str:
    """Sum up a notice in one line a fact; an open incident has no duration, and a maintenance the planned one."""
    parts = [f"Type: {notice.kind.capitalize()}"]
    if notice.ended is not None:
        parts.append(f"Duration: {words.duration(notice.ended - notice.began)}")
    if notice.components:
        parts.append("Affected Components: " + ", ".join(component.value for component in notice.components))
    return "\n".join(parts)


def _item(notice: Notice, url: str) -> Markup:
    link = url + notice.path
    return node(
        "item",
        node("title", notice.name.value),
        node("link", link),
        node("guid", link, isPermaLink="true"),
        node("pubDate", format_datetime(notice.began, usegmt=True)),
        node("description", description(notice)),
    )


def _entry(notice: Notice, url: str) -> Markup:
    link = url + notice.path
    return node(
        "entry",
        node("id", link),
        node("title", notice.name.value),
        node("published", words.stamp(notice.began)),
        node("updated", words.stamp(notice.touched)),
        node("link", href=link, rel="alternate", type="text/html"),
        node("content", str(join(_said(update) for update in notice.updates)), type="html"),
    )


def _said(update: Update) -> Markup:
    return tag("p", tag("strong", words.label(update.status)), " ", lines(update.message.value.strip()))
