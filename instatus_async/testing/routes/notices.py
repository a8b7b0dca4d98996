"""Share what incidents and maintenances have in common: affected components, updates, telling subscribers."""

import html
from itertools import zip_longest
from typing import Final

from ..ledger import Announcement
from ..operation import Call, only
from ..state import State, Table
from ..times import parse, seconds_between
from ..validate import Row, bad, not_found
from . import components, subscribers

_SITE: Final = ("id", "name", "subdomain", "color", "logoUrl", "publicEmail")
_UPDATE: Final = ("id", "message", "messageHtml", "status", "notify", "started", "ended", "duration", "createdAt")

# From well to worst, as far as an incident's impact knows them.
_IMPACTS: Final = ("OPERATIONAL", "DEGRADEDPERFORMANCE", "PARTIALOUTAGE", "MAJOROUTAGE")


def affected(state: State, page: Row, body: Row, already: list[str]) -> list[str]:
    """Check `components` and `statuses` of a write, and return the ids of the components it leaves affected.

    A component must be on this page, and `statuses` may only name components that are affected (quirk 78).
    """
    wanted: list[str] = body.get("components", already)
    for place, component_id in enumerate(wanted):
        row = state.components.get(component_id)
        if row is None or row["siteId"] != page["id"]:
            raise bad(f"components[{place}]", f"there is no component {component_id!r} on this page")
    for place, entry in enumerate(body.get("statuses", [])):
        if entry["id"] not in wanted:
            raise bad(f"statuses[{place}].id", f"{entry['id']!r} is missing from components")
    return list(dict.fromkeys(wanted))


def named_statuses(body: Row) -> dict[str, str]:
    """Read `statuses` as a mapping."""
    return {entry["id"]: entry["status"] for entry in body.get("statuses", [])}


def apply_statuses(state: State, wanted: dict[str, str]) -> None:
    """Move components to the statuses that a write names."""
    for component_id, status in wanted.items():
        if component_id in state.components:
            components.set_status(state, state.components[component_id], status)


def worse_impact(impact: str, wanted: dict[str, str]) -> str:
    """Return the worst of an impact and of what a write names; it never gets better again."""
    return max([impact, *(status for status in wanted.values() if status in _IMPACTS)], key=_IMPACTS.index)


def given(body: Row, *keys: str) -> Row:
    """Take those of these keys that a body has."""
    return {key: body[key] for key in keys if key in body}


def as_html(message: str, quoted: str = "'") -> str:
    """Wrap a message in a paragraph, escaped; templates write an apostrophe as a reference too (quirk 61)."""
    return f"<p>{html.escape(message, quote=False).replace(chr(39), quoted)}</p>" if message else ""


def add_update(state: State, table: Table, notice: Row, body: Row) -> Row:
    """Add an update to an incident or a maintenance."""
    message = body.get("message", "")
    columns: Row = {
        "siteId": notice["siteId"],
        "noticeId": notice["id"],
        "message": message,
        "messageTranslationId": None,
        "messageHtml": as_html(message),
        "messageHtmlTranslationId": None,
        "status": body["status"],
        "notify": body.get("notify", False),
        "started": body["started"],
        "ended": None,  # null on every recorded update (quirk 37)
        "duration": None,
        "importedFromStatuspage": False,
        "translations": body.get("translations"),
    }
    row = state.add(table, columns)
    notice["updates"].append(row["id"])
    time_updates(table, notice)
    return row


def change_update(state: State, table: Table, notice: Row, update: Row, body: Row) -> None:
    """Edit an update in place."""
    columns = given(body, "message", "status", "notify", "started", "translations")
    if "message" in columns:
        columns["messageHtml"] = as_html(columns["message"])
    state.change(update, columns)
    time_updates(table, notice)


def drop_update(table: Table, notice: Row, update: Row) -> None:
    """Forget an update."""
    del table[update["id"]]
    notice["updates"].remove(update["id"])
    time_updates(table, notice)


def updates_of(table: Table, notice: Row) -> list[Row]:
    """List the updates of a notice in the order in which they were written."""
    return [table[update_id] for update_id in notice["updates"]]


def latest(table: Table, notice: Row) -> Row | None:
    """Return the update that was written last."""
    return table[notice["updates"][-1]] if notice["updates"] else None


def time_updates(table: Table, notice: Row) -> None:
    """Let each update last until the next one starts, in seconds (quirk 36)."""
    rows = sorted(updates_of(table, notice), key=lambda row: parse(row["started"]))
    for row, after in zip_longest(rows, rows[1:]):
        row["duration"] = seconds_between(row["started"], after["started"]) if after else None


def find_update(call: Call, table: Table, notice: Row, key: str) -> Row:
    """Find the update that the path names, if it belongs to this notice."""
    update = table.get(call.ids[key])
    if update is None or update["noticeId"] != notice["id"]:
        raise not_found(f"There is no {key.removesuffix('_id').replace('_', ' ')} with this ID.")
    return update


def announce(call: Call, notice: Row, update: Row | None) -> None:
    """Tell the subscribers of the page and of the affected components what the update says."""
    tell(call.state, notice, update, update["message"] if update else notice["name"], call.number)


def tell(state: State, notice: Row, update: Row | None, text: str, request: int | None) -> None:
    """Put on record that subscribers are told, because of a request or, without one, of the clock."""
    people = subscribers.concerned(state, notice["siteId"], notice["components"])
    state.ledger.announce(Announcement(notice["id"], update["id"] if update else None, text, request), people)


def shown_updates(table: Table, notice: Row) -> list[Row]:
    """Show updates inside a notice: nine keys, oldest first."""
    rows = sorted(updates_of(table, notice), key=lambda row: parse(row["started"]))
    return [only(row, *_UPDATE) for row in rows]


def shown_components(state: State, notice: Row) -> list[Row]:
    """Show affected components inside a notice, with a site of six keys (quirk 59)."""
    site = only(state.pages[notice["siteId"]], *_SITE)
    return [{**_component(state, component_id), "site": dict(site)} for component_id in notice["components"]]


def shown_components_with_subscribers(state: State, notice: Row) -> list[Row]:
    """Show them as answers to maintenance updates do: the six keys and empty lists of subscribers (quirk 59)."""
    shown = shown_components(state, notice)
    for row in shown:
        row["subscribers"] = []
        row["site"]["subscribers"] = []
    return shown


def shown_components_without_site_id(state: State, notice: Row) -> list[Row]:
    """Show them as incident updates do: a site without id (quirk 59)."""
    page = state.pages[notice["siteId"]]
    site: Row = {**only(page, "subdomain", "logoUrl", "name"), "slackIntegrations": [], "subscribers": []}
    return [
        {**_component(state, component_id), "site": dict(site), "subscribers": []}
        for component_id in notice["components"]
    ]


def _component(state: State, component_id: str) -> Row:
    return only(state.components[component_id], "id", "name", "status", "showUptime")
