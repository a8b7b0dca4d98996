"""Serve maintenances and their updates, and start and end them by the clock."""

from datetime import timedelta
from typing import Final

from ..operation import Call, Operation, only, paged, with_translations
from ..state import State
from ..times import iso, parse, seconds_between
from ..validate import (
    Json,
    Row,
    Shape,
    bad,
    filled,
    flag,
    ids,
    maintenance_status,
    need,
    statuses,
    text,
    when,
    whole_upto,
)
from ..validate import translations as texts
from . import notices

_YEAR: Final = 366 * 24 * 60  # in minutes; more than that was meant as another unit

CREATE: Final = Shape(
    name=need(filled),
    message=text,
    components=need(ids),
    start=need(when),
    end=need(when),
    status=need(maintenance_status),
    notify=need(flag),
    duration=whole_upto(_YEAR),
    notifyStart=need(flag),
    notifyEnd=need(flag),
    notifyEarly=need(flag),
    notifyMinutes=whole_upto(_YEAR),
    autoStart=need(flag),
    autoEnd=need(flag),
    isCollapsed=flag,
    expandAt=when,
    statuses=statuses,
    translations=texts,
)
UPDATE: Final = Shape(
    name=filled,
    message=need(text),
    components=need(ids),
    start=need(when),
    end=need(when),
    status=need(maintenance_status),
    notify=need(flag),
    autoStart=need(flag),
    autoEnd=need(flag),
    duration=need(whole_upto(_YEAR)),
    statuses=need(statuses),
    translations=texts,
)
WRITE_UPDATE: Final = Shape(
    message=text,
    components=ids,
    started=when,
    end=when,
    status=maintenance_status,
    notify=flag,
    statuses=statuses,
    translations=texts,
)

_FLAGS: Final = ("notifyStart", "notifyEnd", "notifyEarly", "notifyMinutes", "autoStart", "autoEnd")


def create(state: State, page: Row, body: Row) -> Row:
    """Plan a maintenance with its first update, which starts when the maintenance does.

    The statuses that it names are what its components get when it starts; UNDERMAINTENANCE where it names none.
    """
    _in_order(body["start"], body["end"])
    component_ids = notices.affected(state, page, body, [])
    minutes = seconds_between(body["start"], body["end"]) // 60
    columns: Row = {
        "siteId": page["id"],
        **only(body, "name", "start", "end", "status", "notify"),
        **{key: body.get(key, 0) for key in _FLAGS},
        "duration": body.get("duration", minutes),
        "isCollapsed": body.get("isCollapsed", False),
        "expandAt": body.get("expandAt"),
        "warned": False,
        "components": component_ids,
        "updates": [],
        "planned": notices.named_statuses(body),
        "translations": body.get("translations"),
    }
    maintenance = state.add(state.maintenances, columns)
    notices.add_update(state, state.maintenance_updates, maintenance, {**body, "started": body["start"]})
    if maintenance["status"] == "INPROGRESS":
        _put_under_maintenance(state, maintenance)
    return maintenance


def add_update(state: State, maintenance: Row, body: Row) -> Row:
    """Add an update; this, not a PUT on the maintenance, moves its life cycle (quirk 109)."""
    page = state.pages[maintenance["siteId"]]
    component_ids = notices.affected(state, page, body, maintenance["components"])
    _in_order(maintenance["start"], body["end"] if "end" in body else maintenance["end"])
    maintenance["components"] = component_ids
    said: Row = {"started": state.now(), "status": maintenance["status"], **body}
    update = notices.add_update(state, state.maintenance_updates, maintenance, said)
    _move(state, maintenance, said)
    return update


def tick(state: State) -> None:
    """Bring maintenances up to the clock: warn early, start and end those that do so by themselves."""
    now = state.clock()
    for maintenance in state.maintenances.values():
        start, end = parse(maintenance["start"]), parse(maintenance["end"])
        waiting = maintenance["status"] == "NOTSTARTEDYET"
        near = now + timedelta(minutes=maintenance["notifyMinutes"]) >= start
        if waiting and near and maintenance["notifyEarly"] and not maintenance["warned"]:
            maintenance["warned"] = True
            notices.tell(state, maintenance, None, f"{maintenance['name']} starts soon", None)
        if waiting and maintenance["autoStart"] and now >= start:
            _by_clock(state, maintenance, "INPROGRESS", iso(start), notify=maintenance["notifyStart"])
        if maintenance["status"] == "INPROGRESS" and maintenance["autoEnd"] and now >= end:
            _by_clock(state, maintenance, "COMPLETED", iso(end), notify=maintenance["notifyEnd"])


def _by_clock(state: State, maintenance: Row, status: str, at: str, *, notify: bool) -> None:
    body = {"message": "", "status": status, "started": at, "notify": notify}
    update = notices.add_update(state, state.maintenance_updates, maintenance, body)
    _move(state, maintenance, body)
    if notify:
        notices.tell(state, maintenance, update, f"{maintenance['name']}: {status}", None)


def _move(state: State, maintenance: Row, body: Row) -> None:
    """Take over the status and the end of an update, and let the components follow."""
    wanted = notices.named_statuses(body)
    maintenance["planned"] |= wanted
    state.change(maintenance, {"status": body["status"], "end": body.get("end", maintenance["end"])})
    if body["status"] == "INPROGRESS":
        _put_under_maintenance(state, maintenance)
    elif body["status"] == "COMPLETED":
        under = [state.components[component_id] for component_id in maintenance["components"]]
        back = {row["id"]: "OPERATIONAL" for row in under if row["status"] == "UNDERMAINTENANCE"}
        notices.apply_statuses(state, back | wanted)


def _put_under_maintenance(state: State, maintenance: Row) -> None:
    usual = dict.fromkeys(maintenance["components"], "UNDERMAINTENANCE")
    planned = {key: value for key, value in maintenance["planned"].items() if key in usual}
    notices.apply_statuses(state, usual | planned)


def _in_order(start: str, end: str) -> None:
    if parse(end) < parse(start):
        raise bad("end", "must not be before the start")


def _find(call: Call) -> Row:
    return call.state.find(call.state.maintenances, call.ids["maintenance_id"], "maintenance", call.page["id"])


def _find_update(call: Call, maintenance: Row) -> Row:
    return notices.find_update(call, call.state.maintenance_updates, maintenance, "maintenance_update_id")


def _whole(state: State, maintenance: Row) -> Row:
    shown = only(maintenance, "id", "name", "status", "start", "duration", *_FLAGS)
    shown["updates"] = notices.shown_updates(state.maintenance_updates, maintenance)
    shown["components"] = notices.shown_components(state, maintenance)
    return with_translations(shown, maintenance)


def _written(state: State, maintenance: Row, *more: str) -> Row:
    """Show what writes answer: without the flags, and after a create with `end` (quirk 60)."""
    shown = only(maintenance, "id", "name", "status", "start", *more, "duration")
    shown["updates"] = notices.shown_updates(state.maintenance_updates, maintenance)
    shown["components"] = notices.shown_components(state, maintenance)
    return with_translations(shown, maintenance)


def _shown_update(maintenance: Row, update: Row, component_rows: list[Row]) -> Row:
    shown = only(update, "id", "message", "messageHtml", "notify", "started", "status")
    brief = {**only(maintenance, "id", "name", "start", "status"), "components": component_rows}
    return with_translations({**shown, "maintenance": brief}, update)


def _list(call: Call) -> Json:
    rows = call.state.of_page(call.state.maintenances, call.page["id"])[::-1]
    return paged(call, rows, lambda row: _whole(call.state, row))


def _create(call: Call) -> Json:
    maintenance = create(call.state, call.page, call.body)
    if maintenance["notify"]:
        notices.announce(call, maintenance, notices.latest(call.state.maintenance_updates, maintenance))
    return _written(call.state, maintenance, "end")


def _get(call: Call) -> Json:
    return _whole(call.state, _find(call))


def _update(call: Call) -> Json:
    """Change the plan, and the message of the first update; `status` is taken, but moves nothing (quirk 109)."""
    state, body, maintenance = call.state, call.body, _find(call)
    _in_order(body["start"], body["end"])
    component_ids = notices.affected(state, call.page, body, maintenance["components"])
    wanted = notices.named_statuses(body)
    columns = {key: value for key, value in body.items() if key not in {"status", "message", "statuses", "components"}}
    state.change(maintenance, {**columns, "components": component_ids, "planned": maintenance["planned"] | wanted})
    first = next(iter(notices.updates_of(state.maintenance_updates, maintenance)), None)
    if first:
        said = {"message": body["message"], "started": body["start"]}
        notices.change_update(state, state.maintenance_updates, maintenance, first, said)
    if maintenance["status"] == "INPROGRESS":
        notices.apply_statuses(state, wanted)
    if body["notify"]:
        notices.announce(call, maintenance, first)
    return _written(state, maintenance)


def _delete(call: Call) -> Json:
    state, maintenance = call.state, _find(call)
    for update in notices.updates_of(state.maintenance_updates, maintenance):
        del state.maintenance_updates[update["id"]]
    del state.maintenances[maintenance["id"]]
    return {"id": maintenance["id"]}


def _get_update(call: Call) -> Json:
    maintenance = _find(call)
    update = _find_update(call, maintenance)
    return _shown_update(maintenance, update, notices.shown_components(call.state, maintenance))


def _create_update(call: Call) -> Json:
    maintenance = _find(call)
    update = add_update(call.state, maintenance, call.body)
    return _told_update(call, maintenance, update)


def _update_update(call: Call) -> Json:
    state, body, maintenance = call.state, call.body, _find(call)
    update = _find_update(call, maintenance)
    component_ids = notices.affected(state, call.page, body, maintenance["components"])
    _in_order(maintenance["start"], body["end"] if "end" in body else maintenance["end"])
    maintenance["components"] = component_ids
    notices.change_update(state, state.maintenance_updates, maintenance, update, body)
    if update is notices.latest(state.maintenance_updates, maintenance):
        _move(state, maintenance, {**body, "status": update["status"]})
    return _told_update(call, maintenance, update)


def _told_update(call: Call, maintenance: Row, update: Row) -> Json:
    if call.body.get("notify"):
        notices.announce(call, maintenance, update)
    return _shown_update(maintenance, update, notices.shown_components_with_subscribers(call.state, maintenance))


def _delete_update(call: Call) -> Json:
    state, maintenance = call.state, _find(call)
    update = _find_update(call, maintenance)
    notices.drop_update(state.maintenance_updates, maintenance, update)
    before = notices.latest(state.maintenance_updates, maintenance)
    if before and before["status"] != maintenance["status"]:
        _move(state, maintenance, {"status": before["status"]})
    return {"id": update["id"]}


_MAINTENANCE: Final = "/v1/{page_id}/maintenances/{maintenance_id}"
_ONE_UPDATE: Final = _MAINTENANCE + "/maintenance-updates/{maintenance_update_id}"

OPERATIONS: Final = (
    Operation("GET", "/v1/{page_id}/maintenances", _list),
    Operation("POST", "/v1/{page_id}/maintenances", _create, CREATE),
    Operation("GET", _MAINTENANCE, _get),
    Operation("PUT", _MAINTENANCE, _update, UPDATE),
    Operation("DELETE", _MAINTENANCE, _delete),
    Operation("GET", _ONE_UPDATE, _get_update),
    Operation("PUT", _ONE_UPDATE, _update_update, WRITE_UPDATE),
    Operation("DELETE", _ONE_UPDATE, _delete_update),
    Operation("POST", _MAINTENANCE + "/maintenance-updates", _create_update, WRITE_UPDATE),
)
