"""Serve incidents and their updates."""

from typing import Final

from ..operation import Call, Operation, listed, only, paged, with_translations
from ..state import State
from ..times import seconds_between
from ..validate import (
    INCIDENT_STATUSES,
    Json,
    Row,
    Shape,
    filled,
    flag,
    ids,
    incident_status,
    need,
    statuses,
    text,
    when,
)
from ..validate import translations as texts
from . import notices, templates

CREATE: Final = Shape(
    name=need(filled),
    message=text,
    components=ids,
    started=when,
    status=need(incident_status),
    notify=flag,
    shouldPublish=flag,
    statuses=statuses,
    translations=texts,
)
UPDATE: Final = Shape(
    name=filled,
    message=text,
    components=ids,
    started=when,
    status=incident_status,
    notify=flag,
    statuses=statuses,
    translations=texts,
)
CREATE_UPDATE: Final = Shape(
    message=text,
    components=need(ids),
    started=when,
    status=need(incident_status),
    notify=flag,
    statuses=need(statuses),
    translations=texts,
)
UPDATE_UPDATE: Final = Shape(
    message=text,
    components=ids,
    started=when,
    status=incident_status,
    notify=flag,
    statuses=statuses,
    translations=texts,
)

_FLAT: Final = (
    *("id", "name", "nameTranslationId", "notify", "status", "started", "resolved", "duration", "createdAt"),
    *("updatedAt", "automated", "impact", "appId", "siteId", "importedFromStatuspage"),
)
_FLAT_UPDATE: Final = (
    *("id", "message", "messageTranslationId", "status", "notify", "started", "ended", "duration", "createdAt"),
    *("updatedAt", "incidentId", "messageHtml", "messageHtmlTranslationId", "importedFromStatuspage"),
)


def create(state: State, page: Row, body: Row) -> Row:
    """Open an incident with its first update, and move the components to the statuses named."""
    component_ids = notices.affected(state, page, body, [])
    wanted = notices.named_statuses(body)
    started = body.get("started", state.now())
    columns: Row = {
        "siteId": page["id"],
        "name": body["name"],
        "nameTranslationId": None,
        "status": body["status"],
        "started": started,
        "resolved": None,
        "duration": None,
        "notify": body.get("notify", False),
        "published": body.get("shouldPublish", True),
        "impact": notices.worse_impact("OPERATIONAL", wanted),
        "automated": False,
        "appId": None,
        "importedFromStatuspage": False,
        "components": component_ids,
        "updates": [],
        "translations": body.get("translations"),
    }
    incident = state.add(state.incidents, columns)
    notices.add_update(state, state.incident_updates, incident, {**body, "started": started})
    notices.apply_statuses(state, wanted)
    _settle(state, incident, started)
    return incident


def add_update(state: State, incident: Row, body: Row) -> Row:
    """Add an update; it moves the incident's status and those of the components named."""
    page = state.pages[incident["siteId"]]
    incident["components"] = notices.affected(state, page, body, incident["components"])
    started = body.get("started", state.now())
    update = notices.add_update(state, state.incident_updates, incident, {**body, "started": started})
    _move(state, incident, body, started)
    return update


def _move(state: State, incident: Row, body: Row, at: str) -> None:
    wanted = notices.named_statuses(body)
    notices.apply_statuses(state, wanted)
    status = body.get("status", incident["status"])
    state.change(incident, {"status": status, "impact": notices.worse_impact(incident["impact"], wanted)})
    _settle(state, incident, at)


def _settle(state: State, incident: Row, at: str) -> None:
    """Bring `resolved` and `duration` (whole minutes) in line with the status."""
    if incident["status"] != "RESOLVED":
        incident["resolved"] = incident["duration"] = None
        return
    update = notices.latest(state.incident_updates, incident)
    said = update is not None and update["status"] == "RESOLVED"
    incident["resolved"] = update["started"] if update and said else incident["resolved"] or at
    incident["duration"] = seconds_between(incident["started"], incident["resolved"]) // 60


def _find(call: Call) -> Row:
    return call.state.find(call.state.incidents, call.ids["incident_id"], "incident", call.page["id"])


def _find_update(call: Call, incident: Row) -> Row:
    return notices.find_update(call, call.state.incident_updates, incident, "incident_update_id")


def _tell(call: Call, incident: Row, update: Row | None, *, notify: bool) -> None:
    if notify and incident["published"]:  # nobody is told of an incident that is kept off the page
        notices.announce(call, incident, update)


def _listed(state: State, incident: Row) -> Row:
    shown = only(incident, "id", "name", "started", "status", "resolved")
    shown["updates"] = notices.shown_updates(state.incident_updates, incident)
    shown["components"] = notices.shown_components(state, incident)
    return shown


def _whole(state: State, incident: Row) -> Row:
    shown = only(incident, "id", "name", "status", "started", "resolved", "duration", "impact")
    shown["updates"] = notices.shown_updates(state.incident_updates, incident)
    shown["components"] = notices.shown_components(state, incident)
    return with_translations(shown, incident)


def _shown_update(state: State, incident: Row, update: Row) -> Row:
    shown = only(update, "id", "message", "messageHtml", "status", "notify", "started")
    brief = only(incident, "id", "name", "started", "status")
    brief["components"] = notices.shown_components_without_site_id(state, incident)
    return with_translations({**shown, "incident": brief}, update)


def _list(call: Call) -> Json:
    wanted = listed(call, "status", INCIDENT_STATUSES)
    unwanted = listed(call, "!status", INCIDENT_STATUSES) or ()
    rows = reversed(call.state.of_page(call.state.incidents, call.page["id"]))
    found = [row for row in rows if (wanted is None or row["status"] in wanted) and row["status"] not in unwanted]
    return paged(call, found, lambda row: _listed(call.state, row))


def _create(call: Call) -> Json:
    incident = create(call.state, call.page, call.body)
    _tell(call, incident, notices.latest(call.state.incident_updates, incident), notify=incident["notify"])
    shown = only(incident, "id", "name", "status", "started", "resolved", "notify")
    shown["updates"] = []  # empty although there is one by now (quirk 58)
    shown["components"] = notices.shown_components(call.state, incident)
    return with_translations(shown, incident)


def _get(call: Call) -> Json:
    return _whole(call.state, _find(call))


def _update(call: Call) -> Json:
    state, body, incident = call.state, call.body, _find(call)
    component_ids = notices.affected(state, call.page, body, incident["components"])
    columns = notices.given(body, "name", "started", "notify", "translations")
    state.change(incident, {**columns, "components": component_ids})
    update = _said(state, incident, body)
    _move(state, incident, body, update["started"] if update else state.now())
    _tell(call, incident, update, notify=body.get("notify", False))
    return _whole(state, incident)


def _said(state: State, incident: Row, body: Row) -> Row | None:
    """Turn the message of a PUT into an update, unless the latest one says the same already."""
    if not body.get("message"):
        return None
    update = notices.latest(state.incident_updates, incident)
    status = body.get("status", incident["status"])
    if update and (update["message"], update["status"]) == (body["message"], status):
        return update
    said = {"message": body["message"], "status": status, "notify": body.get("notify", False), "started": state.now()}
    return notices.add_update(state, state.incident_updates, incident, said)


def _delete(call: Call) -> Json:
    state, incident = call.state, _find(call)
    for update in notices.updates_of(state.incident_updates, incident):
        del state.incident_updates[update["id"]]
    del state.incidents[incident["id"]]
    return {"id": incident["id"]}


def _create_from_template(call: Call) -> Json:
    template = templates.named(call.state, call.page, call.ids["template"], "INCIDENT")
    incident = create(call.state, call.page, templates.as_body(template))
    _tell(call, incident, notices.latest(call.state.incident_updates, incident), notify=incident["notify"])
    return only(incident, *_FLAT)


def _get_update(call: Call) -> Json:
    incident = _find(call)
    return _shown_update(call.state, incident, _find_update(call, incident))


def _create_update(call: Call) -> Json:
    incident = _find(call)
    update = add_update(call.state, incident, call.body)
    _tell(call, incident, update, notify=update["notify"])
    return _shown_update(call.state, incident, update)


def _update_update(call: Call) -> Json:
    state, incident = call.state, _find(call)
    update = _find_update(call, incident)
    incident["components"] = notices.affected(state, call.page, call.body, incident["components"])
    notices.change_update(state, state.incident_updates, incident, update, call.body)
    if update is notices.latest(state.incident_updates, incident):
        _move(state, incident, {**call.body, "status": update["status"]}, update["started"])
    _tell(call, incident, update, notify=call.body.get("notify", False))
    return _shown_update(state, incident, update)


def _delete_update(call: Call) -> Json:
    state, incident = call.state, _find(call)
    update = _find_update(call, incident)
    notices.drop_update(state.incident_updates, incident, update)
    before = notices.latest(state.incident_updates, incident)
    if before:
        _move(state, incident, {"status": before["status"]}, before["started"])
    return {"id": update["id"]}


def _resolve_from_template(call: Call) -> Json:
    incident = _find(call)
    template = templates.named(call.state, call.page, call.ids["template"], "INCIDENT")
    body = templates.as_body(template)
    body["components"] = [*incident["components"], *body["components"]]
    update = add_update(call.state, incident, body)
    _tell(call, incident, update, notify=update["notify"])
    return only({**update, "incidentId": incident["id"]}, *_FLAT_UPDATE)


_INCIDENT: Final = "/v1/{page_id}/incidents/{incident_id}"
_ONE_UPDATE: Final = _INCIDENT + "/incident-updates/{incident_update_id}"

OPERATIONS: Final = (
    Operation("GET", "/v1/{page_id}/incidents", _list),
    Operation("POST", "/v1/{page_id}/incidents", _create, CREATE),
    Operation("GET", _INCIDENT, _get),
    Operation("PUT", _INCIDENT, _update, UPDATE),
    Operation("DELETE", _INCIDENT, _delete),
    Operation("POST", "/v1/{page_id}/incidents/{template}", _create_from_template),
    Operation("GET", _ONE_UPDATE, _get_update),
    Operation("PUT", _ONE_UPDATE, _update_update, UPDATE_UPDATE),
    Operation("DELETE", _ONE_UPDATE, _delete_update),
    Operation("POST", _INCIDENT + "/incident-updates", _create_update, CREATE_UPDATE),
    Operation("POST", "/v2/{page_id}/incidents/{incident_id}/incident-updates/{template}", _resolve_from_template),
)
