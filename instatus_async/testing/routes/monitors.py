"""Serve monitors, their alerts and their groups.

Nothing is monitored here: a monitor is UNKNOWN until a group of it is run, and UP after that. Writes wrap what they
answer in the key `monitor`, whatever it is (quirk 71).
"""

from typing import Final

from ..operation import Call, Operation, enveloped, listed, only, searched, without_nulls
from ..state import State
from ..validate import Json, Row, Shape, bad, filled, flag, ids, list_of, map_of, maybe, need, one_of, text, whole
from . import components, metrics

_STATUSES: Final = ("UP", "DOWN", "UNKNOWN", "DEGRADED")
COMPARISONS: Final = (
    *("EQUALS", "NOT_EQUALS", "IS_EMPTY", "NOT_EMPTY", "GREATER_THAN", "GREATER_THAN_OR_EQUALS", "LESS_THAN"),
    *("LESS_THAN_OR_EQUALS", "CONTAINS", "NOT_CONTAINS", "HAS_KEY", "NOT_HAS_KEY", "HAS_VALUE", "NOT_HAS_VALUE"),
    *("IS_NULL", "NOT_NULL", "STARTS_WITH", "ENDS_WITH"),
)
# STATUS_CODE, AP_SOUTHEAST_2 and INCIDENT are in no list of accepted values, but in published examples (quirk 43).
_ASSERTIONS: Final = (
    *("AVAILABLE", "BODY", "PING", "TCP", "DNS", "STATUSCODE", "STATUS_CODE", "JSONBODY", "HEADERS", "RESPONSETIME"),
)
_location: Final = one_of("US_EAST_1", "EU_CENTRAL_1", "AP_NORTHEAST_1", "AP_SOUTHEAST_2")
_switch: Final = one_of("true", "false")  # in a query


def _locations(value: Json, where: str) -> Json:
    """Accept a list and, as an example has it, one text (quirk 70)."""
    return _location(value, where) if isinstance(value, str) else list_of(_location)(value, where)


CREATE: Final = Shape(
    pageId=need(text),
    url=need(filled),
    httpMethod=need(one_of("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD")),
    body=maybe(text),
    headers=map_of(text),
    queryParams=map_of(text),
    basicAuth=Shape(username=text, password=text),
    type=one_of("HTTP", "PING", "TCP", "DNS", "HTTP_API"),
    assertions=list_of(
        Shape(id=text, type=one_of(*_ASSERTIONS), comparison=one_of(*COMPARISONS), selector=maybe(text), value=text)
    ),
    alerts=ids,
    name=filled,
    locations=_locations,
    checksInterval=whole,
    createComponent=flag,
    createMetric=flag,
    onFail=Shape(createIncident=flag, createOutageDuration=flag, publishIncident=flag, notifySubscribers=flag),
    onRecover=Shape(resolveIncident=flag, resolveOutageDuration=flag, publishIncident=flag, notifySubscribers=flag),
)
UPDATE: Final = Shape(url=filled, name=filled)
SET_GROUP: Final = Shape(parentId=need(maybe(text)))

_ALERT_TYPE: Final = one_of("EMAIL", "SMS", "SLACK", "DISCORD", "MICROSOFT_TEAMS", "PHONE_CALL", "WEBHOOK", "INCIDENT")
CREATE_ALERT: Final = Shape(
    type=need(_ALERT_TYPE),
    pageId=need(text),
    recipient=need(filled),
    recipientWorkspace=text,
    whenFails=flag,
    whenRecovers=flag,
    whenDegrades=flag,
    whenSslExpires=flag,
    sslExpiresInDays=whole,
    monitors=ids,
    metadata=text,
)
UPDATE_ALERT: Final = Shape(type=_ALERT_TYPE, monitors=ids)

CREATE_GROUP: Final = Shape(pageId=need(text), name=need(filled), childId=text)
UPDATE_GROUP: Final = Shape(name=filled)
ADD_MONITORS: Final = Shape(monitors=need(ids))

_MONITOR: Final = (
    *("id", "pageId", "url", "httpMethod", "body", "headers", "queryParams", "basicAuth", "type", "assertions"),
    *("alerts", "name", "locations", "checksInterval", "onFail", "onRecover", "createdAt", "updatedAt"),
    *("status", "groupId", "componentId"),
)
_ALERT: Final = (
    *("id", "siteId", "type", "recipient", "whenFails", "whenRecovers", "whenDegrades", "whenSslExpires"),
    *("sslExpiresInDays", "createdAt", "updatedAt", "metadata"),
)


def create(state: State, page: Row, body: Row) -> Row:
    """Make a monitor and, where asked, a component and a metric of the same name."""
    for alert_id in body.get("alerts", []):
        _known(state, "alerts", alert_id, page["id"], alert=True)
    name = body.get("name", body["url"])
    columns: Row = {
        "siteId": page["id"],
        "pageId": page["id"],
        "body": None,
        "headers": {},
        "queryParams": {},
        "basicAuth": None,
        "type": "HTTP",
        "assertions": [],
        "alerts": [],
        "locations": ["US_EAST_1"],
        "checksInterval": 300,
        "onFail": _switches("createIncident", "createOutageDuration"),
        "onRecover": _switches("resolveIncident", "resolveOutageDuration"),
        **{key: value for key, value in body.items() if key not in {"createComponent", "createMetric"}},
        "name": name,
        "status": "UNKNOWN",
        "groupId": None,
        "componentId": None,
    }
    monitor = state.add(state.monitors, columns)
    if body.get("createComponent"):
        monitor["componentId"] = components.create(state, page, {"name": name})["id"]
    if body.get("createMetric"):
        metrics.create(state, page, {"name": name, "suffix": "ms"})
    return monitor


def create_alert(state: State, page: Row, body: Row) -> Row:
    """Make an alert; its monitors name it among their `alerts`."""
    watched = [_known(state, "monitors", monitor_id, page["id"]) for monitor_id in body.get("monitors", [])]
    columns: Row = {
        "siteId": page["id"],
        "whenFails": True,
        "whenRecovers": True,
        "whenDegrades": False,
        "whenSslExpires": False,
        "sslExpiresInDays": 30,
        "recipientWorkspace": None,
        "metadata": None,
        **{key: value for key, value in body.items() if key not in {"pageId", "monitors"}},
    }
    alert = state.add(state.monitor_alerts, columns)
    for monitor in watched:
        monitor["alerts"].append(alert["id"])
    return alert


def create_group(state: State, page: Row, body: Row) -> Row:
    """Make a group; `childId` may be a monitor or another group to put into it."""
    child_id = body.get("childId")
    child = state.monitors.get(child_id or "") or state.monitor_groups.get(child_id or "")
    if child_id is not None and (child is None or child["siteId"] != page["id"]):
        raise bad("childId", "must be the id of a monitor or of a group of this page")
    order = len(state.of_page(state.monitor_groups, page["id"])) + 1
    columns = {"name": body["name"], "siteId": page["id"], "collapsed": False, "groupId": None, "order": order}
    group = state.add(state.monitor_groups, {**columns, "componentId": None})
    if child is not None:
        child["groupId"] = group["id"]
    return group


def _switches(*names: str) -> Row:
    return dict.fromkeys((*names, "publishIncident", "notifySubscribers"), False)


def _known(state: State, where: str, row_id: str, page_id: str, *, alert: bool = False) -> Row:
    row = (state.monitor_alerts if alert else state.monitors).get(row_id)
    if row is None or row["siteId"] != page_id:
        raise bad(where, f"there is no {'alert' if alert else 'monitor'} {row_id!r} on this page")
    return row


def _answer(row: Row, message: str) -> Row:
    return {"monitor": row, "message": message}


def _shown(monitor: Row) -> Row:
    return without_nulls(only(monitor, *_MONITOR), "basicAuth")


def _shown_alert(alert: Row) -> Row:
    return without_nulls(only(alert, *_ALERT), "metadata")


def _shown_group(state: State, group: Row) -> Row:
    inside = [row for row in state.monitors.values() if row["groupId"] == group["id"]]
    children = [row for row in state.monitor_groups.values() if row["groupId"] == group["id"]]
    shown = {
        **only(group, "id", "name", "siteId", "collapsed"),
        "monitors": [only(row, "id") for row in inside],
        "groupId": group["groupId"],
        "children": [only(row, "id", "name") for row in children],
        **only(group, "order", "createdAt", "updatedAt"),
        "parents": [group["groupId"]] if group["groupId"] else [],
        "componentId": group["componentId"],
    }
    return without_nulls(shown, "groupId", "componentId")


def _find(call: Call) -> Row:
    return call.state.find(call.state.monitors, call.ids["id"], "monitor")


def _find_alert(call: Call) -> Row:
    return call.state.find(call.state.monitor_alerts, call.ids["id"], "monitor alert")


def _find_group(call: Call) -> Row:
    return call.state.find(call.state.monitor_groups, call.ids["id"], "monitor group")


def _check_inserted_logs(call: Call) -> Json:
    since = call.state.before(minutes=5)
    count = sum(row["createdAt"] >= since for row in call.state.monitor_logs.values())
    return {"message": f"{count} logs inserted in the last five minutes"}


def _list(call: Call) -> Json:
    wanted = listed(call, "status", _STATUSES)
    rows = searched(call, call.state.of_page(call.state.monitors, call.page["id"]), "name", "url")
    found = [row for row in rows if wanted is None or row["status"] in wanted]
    return enveloped(call, "monitors", found, _shown)


def _create(call: Call) -> Json:
    page = call.state.page(call.body["pageId"])
    return _answer(_shown(create(call.state, page, call.body)), "Monitor created")


def _update(call: Call) -> Json:
    return _answer(_shown(call.state.change(_find(call), call.body)), "Monitor updated")


def _set_group(call: Call) -> Json:
    monitor, parent_id = _find(call), call.body["parentId"]
    if parent_id is not None:
        call.state.find(call.state.monitor_groups, parent_id, "monitor group", monitor["siteId"])
    call.state.change(monitor, {"groupId": parent_id})
    return {"message": "Monitor group updated"}


def _delete(call: Call) -> Json:
    del call.state.monitors[_find(call)["id"]]
    return {"message": "Monitor deleted"}


def _list_alerts(call: Call) -> Json:
    rows = call.state.of_page(call.state.monitor_alerts, call.page["id"])
    return enveloped(call, "monitorAlerts", rows, _shown_alert)


def _create_alert(call: Call) -> Json:
    page = call.state.page(call.body["pageId"])
    return _answer(_shown_alert(create_alert(call.state, page, call.body)), "Monitor alert created")


def _update_alert(call: Call) -> Json:
    state, body, alert = call.state, dict(call.body), _find_alert(call)
    wanted = body.pop("monitors", None)
    if wanted is not None:
        watched = [_known(state, "monitors", monitor_id, alert["siteId"])["id"] for monitor_id in wanted]
        for monitor in state.of_page(state.monitors, alert["siteId"]):
            others = [other for other in monitor["alerts"] if other != alert["id"]]
            monitor["alerts"] = [*others, alert["id"]] if monitor["id"] in watched else others
    return _answer(_shown_alert(state.change(alert, body)), "Monitor alert updated")


def _delete_alert(call: Call) -> Json:
    alert = _find_alert(call)
    del call.state.monitor_alerts[alert["id"]]
    for monitor in call.state.of_page(call.state.monitors, alert["siteId"]):
        monitor["alerts"] = [other for other in monitor["alerts"] if other != alert["id"]]
    return {"message": "Monitor alert deleted"}


def _create_group(call: Call) -> Json:
    group = create_group(call.state, call.state.page(call.body["pageId"]), call.body)
    return _answer(_shown_group(call.state, group), "Monitor group created")


def _update_group(call: Call) -> Json:
    group = call.state.change(_find_group(call), call.body)
    return _answer(_shown_group(call.state, group), "Monitor group updated")


def _delete_group(call: Call) -> Json:
    group = _find_group(call)
    del call.state.monitor_groups[group["id"]]
    for table in (call.state.monitors, call.state.monitor_groups):
        for row in table.values():
            if row["groupId"] == group["id"]:
                row["groupId"] = None
    return {"message": "Monitor group deleted"}


def _add_monitors(call: Call) -> Json:
    group = _find_group(call)
    for monitor in [_known(call.state, "monitors", row_id, group["siteId"]) for row_id in call.body["monitors"]]:
        call.state.change(monitor, {"groupId": group["id"]})
    return {"message": "Monitors added to the group"}


def _run_group(call: Call) -> Json:
    """Check every monitor of the group, successfully: one log each (quirk 10)."""
    state, group = call.state, _find_group(call)
    _location(call.query.get("location", "US_EAST_1"), "location")
    _switch(call.query.get("retry", "false"), "retry")
    log_id = call.query.get("monitorLogId") or state.ids()
    for monitor in [row for row in state.monitors.values() if row["groupId"] == group["id"]]:
        monitor["status"] = "UP"
        state.add(state.monitor_logs, {"siteId": group["siteId"], "monitorId": monitor["id"], "runId": log_id})
    return {"result": "UP", "monitorLogId": log_id}


OPERATIONS: Final = (
    Operation("GET", "/monitors/check_inserted_logs", _check_inserted_logs),
    Operation("GET", "/{page_id}/monitors", _list),
    Operation("POST", "/monitors", _create, CREATE),
    Operation("PUT", "/monitors/{id}/group", _set_group, SET_GROUP),
    Operation("PUT", "/monitors/{id}", _update, UPDATE),
    Operation("DELETE", "/monitors/{id}", _delete),
    Operation("POST", "/monitor-alerts", _create_alert, CREATE_ALERT),
    Operation("PUT", "/monitor-alerts/{id}", _update_alert, UPDATE_ALERT),
    Operation("DELETE", "/monitor-alerts/{id}", _delete_alert),
    Operation("GET", "/{page_id}/monitor-alerts", _list_alerts),
    Operation("POST", "/monitors-groups", _create_group, CREATE_GROUP),
    Operation("PUT", "/monitors-groups/{id}", _update_group, UPDATE_GROUP),
    Operation("DELETE", "/monitors-groups/{id}", _delete_group),
    Operation("POST", "/monitors-groups/{id}/monitors", _add_monitors, ADD_MONITORS),
    Operation("GET", "/monitors-groups/{id}/run", _run_group),
)
