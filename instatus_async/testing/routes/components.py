"""Serve components: what a status page shows the status of."""

import re
from typing import Final

from ..ledger import Announcement
from ..operation import Call, Operation, only, paged, with_translations
from ..state import State
from ..validate import Json, Row, Shape, bad, component_status, filled, flag, maybe, need, text, when, whole
from ..validate import translations as texts
from . import subscribers

CREATE: Final = Shape(
    name=need(filled),
    description=maybe(text),
    status=component_status,
    order=whole,
    showUptime=flag,
    grouped=flag,
    group=maybe(text),
    archived=flag,
    translations=texts,
    startDate=maybe(when),
)
UPDATE: Final = Shape(
    name=filled,
    description=maybe(text),
    status=component_status,
    order=whole,
    showUptime=flag,
    grouped=flag,
    archived=flag,
    translations=texts,
)

_SHORT: Final = ("id", "name", "status", "uniqueEmail", "description", "showUptime", "order")
_LONG: Final = (
    *("id", "name", "nameTranslationId", "description", "descriptionTranslationId", "status", "order", "showUptime"),
    *("createdAt", "updatedAt", "archivedAt", "siteId", "uniqueEmail", "groupId", "nameHtml", "nameHtmlTranslationId"),
    *("descriptionHtml", "descriptionHtmlTranslationId", "isThirdParty", "thirdPartyStatus", "thirdPartyComponentId"),
    *("thirdPartyComponentServiceId", "importedFromStatuspage", "startDate"),
)


def create(state: State, page: Row, body: Row) -> Row:
    """Add a component at the end of the page: the server decides the order (quirk 52)."""
    parent_id = body.get("group")
    if parent_id is not None and not _is_on(state, page, parent_id):
        raise bad("group", "must be the id of a component of this page")
    others = state.of_page(state.components, page["id"])
    columns: Row = {
        **dict.fromkeys(_LONG),
        "name": body["name"],
        "description": body.get("description") or "",  # null comes back as "" (quirk 53)
        "status": body.get("status", "OPERATIONAL"),
        "order": max((row["order"] for row in others), default=-1) + 1,
        "showUptime": body.get("showUptime", True),
        "siteId": page["id"],
        "groupId": parent_id,
        "isThirdParty": False,
        "importedFromStatuspage": False,
        "startDate": body.get("startDate"),
        "translations": body.get("translations"),
    }
    for key in ("id", "createdAt", "updatedAt"):
        del columns[key]
    row = state.add(state.components, columns)
    row["history"] = [(row["createdAt"], row["status"])]
    slug = re.sub(r"[^a-z0-9]+", "-", row["name"].lower()).strip("-")
    row["uniqueEmail"] = f"{page['subdomain']}-{slug}-{row['id'][-6:]}@automation.instatus.com"
    row["archivedAt"] = state.now() if body.get("archived") else None
    return row


def set_status(state: State, row: Row, status: str) -> None:
    """Move a component to a status, and note since when it has it: the only place where that happens.

    `history` is a list of (time, status), oldest first. Seeding may bring one, to give a component a past.
    """
    if row["status"] != status:
        state.change(row, {"status": status})
        row["history"].append((row["updatedAt"], status))


def shown_group(state: State, row: Row) -> Row | None:
    """Show the parent as an object of three keys (quirks 50, 84)."""
    parent = state.components.get(row["groupId"] or "")
    return only(parent, "id", "name", "description") if parent else None


def whole_row(state: State, row: Row) -> Row:
    """Show every column, as one component and as audience groups do."""
    return {
        **only(row, *_LONG),
        "nameTranslation": None,
        "descriptionTranslation": None,
        "group": shown_group(state, row),
    }


def _is_on(state: State, page: Row, component_id: str) -> bool:
    row = state.components.get(component_id)
    return row is not None and row["siteId"] == page["id"]


def _short(state: State, row: Row) -> Row:
    shown = {**only(row, *_SHORT), "group": shown_group(state, row)}
    return with_translations({**shown, **only(row, "groupId", "archivedAt")}, row)


def _list(call: Call) -> Json:
    return paged(call, call.state.components_of(call.page["id"]), lambda row: _short(call.state, row))


def _create(call: Call) -> Json:
    return _short(call.state, create(call.state, call.page, call.body))


def _get(call: Call) -> Json:
    row = call.state.component(call.page["id"], call.ids["component_id"])
    children = [child for child in call.state.components.values() if child["groupId"] == row["id"]]
    return with_translations({**whole_row(call.state, row), "isParent": bool(children)}, row)


def _update(call: Call) -> Json:
    state, body = call.state, dict(call.body)
    row = state.component(call.page["id"], call.ids["component_id"])
    if "description" in body:
        body["description"] = body["description"] or ""
    if "archived" in body:
        body["archivedAt"] = (row["archivedAt"] or state.now()) if body.pop("archived") else None
    if body.pop("grouped", None) is False:
        body["groupId"] = None
    status = body.pop("status", row["status"])
    state.change(row, body)
    if status != row["status"]:
        set_status(state, row, status)
        _call_webhooks(call, row)
    return _short(state, row)


def _call_webhooks(call: Call, row: Row) -> None:
    """Tell those who subscribed by webhook, and nobody else, that a component has another status."""
    people = [one for one in subscribers.concerned(call.state, row["siteId"], [row["id"]]) if one["webhook"]]
    if people:
        text = f"{row['name']}: {row['status']}"
        call.state.ledger.announce(Announcement(row["id"], None, text, call.number), people)


def _delete(call: Call) -> Json:
    state = call.state
    row = state.component(call.page["id"], call.ids["component_id"])
    del state.components[row["id"]]
    for child in state.components.values():  # children stay, without a parent (quirk 77)
        if child["groupId"] == row["id"]:
            child["groupId"] = None
    for table in (state.incidents, state.maintenances, state.subscribers, state.audience_groups):
        for other in state.of_page(table, row["siteId"]):
            other["components"] = [kept for kept in other["components"] if kept != row["id"]]
    for template in state.of_page(state.templates, row["siteId"]):
        template["components"] = [kept for kept in template["components"] if kept["componentId"] != row["id"]]
    return {"id": row["id"]}


OPERATIONS: Final = (
    Operation("GET", "/v1/{page_id}/components", _list),
    Operation("POST", "/v1/{page_id}/components", _create, CREATE),
    Operation("GET", "/v1/{page_id}/components/{component_id}", _get),
    Operation("PUT", "/v1/{page_id}/components/{component_id}", _update, UPDATE),
    Operation("DELETE", "/v1/{page_id}/components/{component_id}", _delete),
)
