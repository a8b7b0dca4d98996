"""Make the pieces of a page: banner, components with their bars, notices, metrics.

A status is always said in words and drawn as a shape besides being coloured.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..validate import Row
from . import bars, words
from .chart import chart, figures, points_of
from .content import Component, Notice, Update
from .markup import Child, Markup, join, paragraphs, tag

_MOST_NAMED: Final = 3  # days of trouble that a summary spells out

# The class that colours a status, and the shape that goes with it.
_TONES: Final = {
    "OPERATIONAL": "ok",
    "UNDERMAINTENANCE": "maintenance",
    "DEGRADEDPERFORMANCE": "degraded",
    "MINOROUTAGE": "degraded",
    "PARTIALOUTAGE": "partial",
    "MAJOROUTAGE": "major",
    "INVESTIGATING": "major",
    "IDENTIFIED": "partial",
    "MONITORING": "maintenance",
    "RESOLVED": "ok",
    "NOTSTARTEDYET": "maintenance",
    "INPROGRESS": "maintenance",
    "COMPLETED": "ok",
}
SHAPES: Final = {
    "ok": "M4.5 8.3l2.4 2.4 4.6-5",
    "maintenance": "M8 4.4V8.2l2.4 1.6",
    "degraded": "M4.8 8h6.4",
    "partial": "M8 4.3v4.4M8 11.3v.2",
    "major": "M5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8",
}
# How much of a day's bar is solid, from the bottom; the rest is pale. Days with trouble stand taller than good ones.
_SOLID: Final = {"ok": 1.0, "maintenance": 0.25, "degraded": 0.4, "partial": 0.7, "major": 1.0}
_TALL: Final = 34.0
_GOOD: Final = 28.0
_PITCH: Final = 4.0


def tone_of(status: str) -> str:
    """Return the class that colours a status; an unknown one is shown as degraded."""
    return _TONES.get(status, "degraded")


def icon(tone: str) -> Markup:
    """Draw the shape of a tone in a disc; the words beside it say the same."""
    return tag(
        "svg",
        tag("circle", cx="8", cy="8", r="8", class_="disc"),
        tag("path", d=SHAPES[tone], class_="sign"),
        viewBox="0 0 16 16",
        class_=f"icon {tone}",
        aria_hidden="true",
    )


def chip(status: str) -> Markup:
    """Show a status as an icon and words."""
    tone = tone_of(status)
    return tag("span", icon(tone), words.label(status), class_=f"chip {tone}")


def section(name: str, title: str, *children: Child) -> Markup:
    """Make a landmark with its heading."""
    heading = tag("h2", title, id=f"{name}-title")
    return tag("section", heading, *children, class_=name, aria_labelledby=f"{name}-title")


def banner(headline: str, detail: str, tone: str) -> Markup:
    """Say how everything is."""
    texts = tag("div", tag("h2", headline, id="overall"), tag("p", detail) if detail else None)
    return tag("section", icon(tone), texts, class_=f"banner {tone}", aria_labelledby="overall")


def components(shown: Sequence[Component]) -> Markup:
    """Show groups as cards of their own, and the components between them in shared ones."""
    cards: list[Markup] = []
    loose: list[Markup] = []
    for component in shown:
        if not component.parts:
            loose.append(tag("li", _component(component, "h3")))
            continue
        if loose:
            cards.append(tag("ul", loose, class_="card rows", role="list"))
            loose = []
        cards.append(_group(component))
    if loose:
        cards.append(tag("ul", loose, class_="card rows", role="list"))
    return section("components", "Components", cards or tag("p", "Nothing is shown here yet.", class_="card empty"))


def notice(shown: Notice, prefix: str) -> Markup:
    """Show an open notice in full: its updates, newest first."""
    title = tag("h3", tag("a", shown.name.html, href=prefix + shown.path, id=f"open-{shown.id}"))
    return tag("article", _heading(shown, title), timeline(shown.updates), class_=f"card notice {_tone(shown)}")


def notice_alone(shown: Notice) -> Markup:
    """Show a notice on a page of its own."""
    title = tag("h2", shown.name.html, id="overall")
    return tag("article", _heading(shown, title), timeline(shown.updates), class_=f"card notice {_tone(shown)}")


def notice_in_brief(shown: Notice, prefix: str) -> Markup:
    """Show a notice by its last words."""
    title = tag("h3", tag("a", shown.name.html, href=prefix + shown.path, id=f"past-{shown.id}"))
    said = next((update.message for update in reversed(shown.updates) if update.message.value.strip()), None)
    last = tag("div", paragraphs(said.value), class_="message", lang=said.language) if said else None
    return tag("li", tag("article", _heading(shown, title), last))


def timeline(updates: Sequence[Update]) -> Markup:
    """List updates, newest first."""
    return tag("ol", (_update(update) for update in reversed(updates)), class_="timeline", role="list")


def metric(row: Row) -> Markup:
    """Show one metric as a card."""
    points = points_of(row)
    title = tag("h3", row["name"], dir="auto")
    head = tag("div", title, figures(points, row["suffix"]), class_="head")
    return tag("article", head, chart(row["id"], row["name"], row["suffix"], points), class_="card metric")


def when(shown: Notice) -> Markup:
    """Say when a notice began and ended, or is to, and how long that is."""
    if shown.ended is None:
        return join("Since ", words.time_tag(shown.began))
    length = words.duration(shown.ended - shown.began)
    return join(words.period(shown.began, shown.ended), " ", tag("span", f"({length})", class_="length"))


def _tone(shown: Notice) -> str:
    """Color a notice by its impact; an open incident that names none is not shown as well."""
    if shown.is_over:
        return tone_of(shown.status)
    return "degraded" if shown.impact == "OPERATIONAL" else tone_of(shown.impact)


def _heading(shown: Notice, title: Markup) -> Markup:
    """Say what happened, when, and to what."""
    facts = [tag("span", when(shown))]
    if shown.kind == "incident" and shown.impact != "OPERATIONAL":
        facts.append(tag("span", "Impact: ", words.label(shown.impact).lower()))
    if shown.components:
        names = _separated([component.html for component in shown.components], ", ")
        facts.append(tag("span", "Affected: ", names, class_="affected"))
    head = tag("div", title, chip(shown.status), class_="head")
    return tag("div", head, tag("p", _separated(facts, " "), class_="facts"), class_="heading")


def _separated(items: Sequence[Markup], separator: str) -> Markup:
    return join([part for item in items for part in (separator, item)][1:])


def _update(update: Update) -> Markup:
    title = tag("p", tag("strong", words.label(update.status)), " ", words.time_tag(update.at), class_="said")
    message = paragraphs(update.message.value)
    return tag(
        "li",
        title,
        tag("div", message, class_="message", lang=update.message.language) if message else None,
        class_=tone_of(update.status),
    )


def _group(group: Component) -> Markup:
    """Show a parent as a heading with the worst status of its parts; its own is not that (quirk 84)."""
    head = tag("div", tag("h3", group.name.html, id=f"group-{group.id}"), chip(group.worst), class_="head")
    about = tag("p", group.description.html, class_="about") if group.description.value else None
    rows = tag(
        "ul",
        (tag("li", _component(part, "h4")) for part in group.parts),
        class_="rows",
        role="list",
        aria_labelledby=f"group-{group.id}",
    )
    return tag("div", tag("div", head, about, class_="group-head"), rows, class_="card group")


def _component(component: Component, heading: str) -> Markup:
    head = tag("div", tag(heading, component.name.html), chip(component.status), class_="head")
    about = tag("p", component.description.html, class_="about") if component.description.value else None
    return join(head, about, uptime(component.days) if component.days is not None else None)


def uptime(days: Sequence[bars.Day]) -> Markup:
    """Draw a bar a day, with one text for screen readers, and under it the uptime."""
    share = bars.uptime(days)
    said = "no uptime yet" if share is None else f"{bars.percent(share)} uptime"
    drawing = tag(
        "svg",
        tag("g", (_bar(place, day) for place, day in enumerate(days)), aria_hidden="true"),
        viewBox=f"0 0 {len(days) * _PITCH - 1:.0f} {_TALL:.0f}",
        preserveAspectRatio="none",
        role="img",
        aria_label=summary(days),
        class_="bars",
    )
    legend = tag(
        "p",
        tag("span", f"{len(days)} days ago"),
        tag("span", said, class_="share"),
        tag("span", "Today"),
        class_="legend",
        aria_hidden="true",
    )
    return join(drawing, legend)


def summary(days: Sequence[bars.Day]) -> str:
    """Say in words what the bars show."""
    share = bars.uptime(days)
    known = sum(day.worst is not None for day in days)
    if not known:
        return f"No data for the last {len(days)} days."
    over = "No uptime yet"
    if share is not None:
        over = f"{bars.percent(share)} uptime over the last {len(days)} days"
        over += "" if known == len(days) else f", {known} of them with data"
    troubles = [day for day in reversed(days) if day.worst not in {None, "OPERATIONAL"}]
    if not troubles:
        return f"{over}. No trouble."
    named = "; ".join(_said(day) for day in troubles[:_MOST_NAMED])
    more = len(troubles) - _MOST_NAMED
    rest = f"; and {more} more day{'s' if more > 1 else ''}" if more > 0 else ""
    return f"{over}. Trouble on {len(troubles)} day{'s' if len(troubles) > 1 else ''}: {named}{rest}."


def _said(day: bars.Day) -> str:
    if day.worst is None:
        return f"{words.day(day.date)}: no data"
    length = f" for {words.duration(day.trouble)}" if day.worst != "OPERATIONAL" and day.trouble else ""
    return f"{words.day(day.date)}: {words.label(day.worst).lower()}{length}"


def _bar(place: int, day: bars.Day) -> Markup:
    x = place * _PITCH
    if day.worst is None:
        return tag("g", tag("title", _said(day)), _block(x, _TALL - 10, 10), class_="none")
    tone = tone_of(day.worst)
    height = _GOOD if tone == "ok" else _TALL
    solid = height * _SOLID[tone]
    pale = _block(x, _TALL - height, height, "pale") if solid < height else None
    return tag("g", tag("title", _said(day)), pale, _block(x, _TALL - solid, solid), class_=tone)


def _block(x: float, y: float, height: float, kind: str | None = None) -> Markup:
    return tag("rect", x=f"{x:g}", y=f"{y:g}", width="3", height=f"{height:g}", rx="0.8", ry="1.6", class_=kind)
