"""Read what a page shows out of the state: components with their days, incidents and maintenances.

Archived components and incidents with `shouldPublish` false are left out here, so that no piece of a page can show
them. A page in another language shows the translations that there are in it; the page's own words stay English.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

from ..routes import notices
from ..state import State
from ..times import parse
from ..validate import Row
from . import bars
from .markup import Markup, escape, tag

Kind: TypeAlias = Literal["incident", "maintenance"]

_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True)
class Text:
    """Hold a text that somebody wrote, and its language if it is not the page's."""

    value: str
    language: str | None = None

    @property
    def html(self) -> Markup:
        """Escape the text, isolate its direction from what stands around it, and name its language."""
        return tag("span", escape(self.value), dir="auto", lang=self.language)


@dataclass(frozen=True, slots=True)
class Update:
    """Describe one update of a notice."""

    status: str
    at: datetime
    message: Text


@dataclass(frozen=True, slots=True)
class Notice:
    """Describe an incident or a maintenance. `ended` is the planned end of a maintenance; updates are oldest first."""

    kind: Kind
    id: str
    name: Text
    status: str
    impact: str
    began: datetime
    ended: datetime | None
    touched: datetime
    components: tuple[Text, ...]
    updates: tuple[Update, ...]

    @property
    def is_over(self) -> bool:
        """Tell whether it is resolved or completed."""
        return self.status in {"RESOLVED", "COMPLETED"}

    @property
    def path(self) -> str:
        """Return the path that public data name it by (quirk 83)."""
        return f"/{self.kind}/{self.id}"


@dataclass(frozen=True, slots=True)
class Component:
    """Describe a component and all that is grouped under it. `days` is None where `showUptime` is false."""

    id: str
    name: Text
    description: Text
    status: str
    days: tuple[bars.Day, ...] | None
    parts: tuple[Component, ...]

    @property
    def worst(self) -> str:
        """Return the worst status of the parts; a component without any has its own."""
        return bars.worst_of([part.status for part in self.parts]) if self.parts else self.status


def text_of(page: Row, row: Row, column: str) -> Text:
    """Return a column in the language of the page if it was translated, and as it is otherwise."""
    language: str = page["language"] or "en"
    translations: Row = row.get("translations") or {}
    by_language: Row = translations.get(column) or {}
    translated: str | None = by_language.get(language)
    if translated and _LANGUAGE.fullmatch(language):
        return Text(translated, language)
    return Text(row[column] or "")


def components_of(state: State, page: Row) -> tuple[Component, ...]:
    """List the components that stand on the page itself, in its order; the others are parts of them."""
    rows = [row for row in state.components_of(page["id"]) if row["archivedAt"] is None]
    shown = {row["id"] for row in rows}
    return tuple(
        _component(state, page, row, _under(row, rows)) for row in rows if row["groupId"] not in shown - {row["id"]}
    )


def notices_of(state: State, page: Row) -> list[Notice]:
    """List everything that is public, the newest first."""
    found = [
        *(_incident(state, page, row) for row in state.of_page(state.incidents, page["id"]) if row["published"]),
        *(_maintenance(state, page, row) for row in state.of_page(state.maintenances, page["id"])),
    ]
    found.reverse()  # of those that began at once, the one written last comes first
    return sorted(found, key=lambda notice: notice.began, reverse=True)


def _under(row: Row, rows: list[Row]) -> list[Row]:
    """List what is grouped under a component, however deep, each parent before its children."""
    found: list[Row] = []
    for child in rows:
        if child["groupId"] == row["id"] != child["id"]:
            found += [child, *_under(child, rows)]
    return found


def _component(state: State, page: Row, row: Row, below: list[Row]) -> Component:
    since = row["startDate"] and parse(row["startDate"])
    history = [(parse(at), status) for at, status in row["history"]]
    return Component(
        id=row["id"],
        name=text_of(page, row, "name"),
        description=text_of(page, row, "description"),
        status=row["status"],
        days=bars.days(history, state.clock(), since=since) if row["showUptime"] else None,
        parts=tuple(_component(state, page, child, []) for child in below),
    )


def _incident(state: State, page: Row, row: Row) -> Notice:
    return Notice(
        kind="incident",
        id=row["id"],
        name=text_of(page, row, "name"),
        status=row["status"],
        impact=row["impact"],
        began=parse(row["started"]),
        ended=row["resolved"] and parse(row["resolved"]),
        touched=parse(row["updatedAt"]),
        components=_affected(state, page, row),
        updates=_updates(page, notices.updates_of(state.incident_updates, row)),
    )


def _maintenance(state: State, page: Row, row: Row) -> Notice:
    return Notice(
        kind="maintenance",
        id=row["id"],
        name=text_of(page, row, "name"),
        status=row["status"],
        impact="UNDERMAINTENANCE",
        began=parse(row["start"]),
        ended=parse(row["end"]),
        touched=parse(row["updatedAt"]),
        components=_affected(state, page, row),
        updates=_updates(page, notices.updates_of(state.maintenance_updates, row)),
    )


def _affected(state: State, page: Row, row: Row) -> tuple[Text, ...]:
    rows = [state.components[component_id] for component_id in row["components"]]
    return tuple(text_of(page, component, "name") for component in rows if component["archivedAt"] is None)


def _updates(page: Row, rows: list[Row]) -> tuple[Update, ...]:
    """Show updates by the time they are about; one about the future, as a plan is, by the time it was written."""
    shown = [
        Update(row["status"], min(parse(row["started"]), parse(row["createdAt"])), text_of(page, row, "message"))
        for row in rows
    ]
    return tuple(sorted(shown, key=lambda update: update.at))
