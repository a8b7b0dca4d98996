"""Serve templates: notices written beforehand."""

from typing import Final

from ..operation import Call, Operation, only, paged
from ..state import State
from ..validate import (
    INCIDENT_STATUSES,
    MAINTENANCE_STATUSES,
    Json,
    Row,
    Shape,
    bad,
    filled,
    flag,
    need,
    not_found,
    one_of,
    text,
)
from ..validate import statuses as component_statuses
from ..validate import translations as texts
from . import notices

_TYPE: Final = one_of("INCIDENT", "MAINTENANCE")
_STATUS: Final = one_of(*INCIDENT_STATUSES, *MAINTENANCE_STATUSES)

CREATE: Final = Shape(
    type=need(_TYPE),
    subdomain=need(text),
    name=need(filled),
    message=need(text),
    status=need(_STATUS),
    notify=need(flag),
    components=need(component_statuses),
    translations=texts,
)
UPDATE: Final = Shape(
    type=_TYPE,
    name=filled,
    message=text,
    status=_STATUS,
    notify=flag,
    components=component_statuses,
    translations=texts,
)

_SHOWN: Final = (
    *("id", "type", "name", "nameTranslationId", "message", "messageTranslationId", "messageHtml"),
    *("messageHtmlTranslationId", "status", "notify", "createdAt", "siteId", "importedFromStatuspage", "deletedAt"),
    *("components", "translations"),
)


def create(state: State, page: Row, body: Row) -> Row:
    """Keep a template; `subdomain` must be that of the page in the path."""
    if body.get("subdomain", page["subdomain"]) != page["subdomain"]:
        raise bad("subdomain", "is not that of the page in the path")
    _check(state, page, body)
    columns: Row = {
        "siteId": page["id"],
        "nameTranslationId": None,
        "messageTranslationId": None,
        "messageHtmlTranslationId": None,
        "importedFromStatuspage": False,
        "deletedAt": None,
        "translations": {"name": None, "message": None},  # an object of nulls unless sent (quirk 55)
    }
    template = state.add(state.templates, columns)
    _fill(state, template, body)
    return template


def named(state: State, page: Row, name: str, kind: str) -> Row:
    """Find a template of this page by its id or its name (quirk 3)."""
    rows = [row for row in state.of_page(state.templates, page["id"]) if row["type"] == kind]
    for column in ("id", "name"):
        for row in rows:
            if row[column] == name:
                return row
    raise not_found("There is no template with this ID.")


def as_body(template: Row) -> Row:
    """Turn a template into the request body that it stands for."""
    rows = template["components"]
    return {
        "name": template["name"],
        "message": template["message"],
        "status": template["status"],
        "notify": template["notify"],
        "components": [row["componentId"] for row in rows],
        "statuses": [{"id": row["componentId"], "status": row["status"]} for row in rows],
    }


def _check(state: State, page: Row, template: Row) -> None:
    known = INCIDENT_STATUSES if template["type"] == "INCIDENT" else MAINTENANCE_STATUSES
    if template["status"] not in known:
        raise bad("status", f"of such a template must be one of {', '.join(known)}")
    notices.affected(state, page, {"components": [entry["id"] for entry in template.get("components", [])]}, [])


def _fill(state: State, template: Row, body: Row) -> None:
    columns = {key: value for key, value in body.items() if key not in {"subdomain", "components"}}
    if "message" in columns:
        columns["messageHtml"] = notices.as_html(columns["message"], "&#39;")
    if "components" in body:
        columns["components"] = [_join(state, template, entry) for entry in body["components"]]
    state.change(template, columns)


def _join(state: State, template: Row, entry: Row) -> Row:
    """Make the row that joins a component to a template: `id` is the row's own (quirk 61)."""
    return {
        "id": state.ids(),
        "status": entry["status"],
        "componentId": entry["id"],
        "templateId": template["id"],
        "importedFromStatuspage": False,
    }


def _find(call: Call) -> Row:
    return call.state.find(call.state.templates, call.ids["template_id"], "template", call.page["id"])


def _list(call: Call) -> Json:
    rows = call.state.of_page(call.state.templates, call.page["id"])
    return paged(call, rows, lambda row: only(row, *_SHOWN))


def _create(call: Call) -> Json:
    return only(create(call.state, call.page, call.body), *_SHOWN)


def _get(call: Call) -> Json:
    return only(_find(call), *_SHOWN)


def _update(call: Call) -> Json:
    template = _find(call)
    _check(call.state, call.page, {**only(template, "type", "status"), **call.body})
    _fill(call.state, template, call.body)
    return only(template, *_SHOWN)


def _delete(call: Call) -> Json:
    template = _find(call)
    del call.state.templates[template["id"]]
    return {**only(template, "id", "name", "message", "createdAt"), "site": {"id": template["siteId"]}}


OPERATIONS: Final = (
    Operation("GET", "/v1/{page_id}/templates", _list),
    Operation("POST", "/v1/{page_id}/templates", _create, CREATE),
    Operation("GET", "/v1/{page_id}/templates/{template_id}", _get),
    Operation("PUT", "/v1/{page_id}/templates/{template_id}", _update, UPDATE),
    Operation("DELETE", "/v1/{page_id}/templates/{template_id}", _delete),
)
