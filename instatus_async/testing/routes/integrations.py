"""Serve what is called without a key: the webhooks of custom services, and heartbeats (quirks 100, 103).

A row's id is the code or slug of its address: `{api}/v3/integrations/webhook/{id}` and `{api}/{id}`. On the real
service the heartbeats have a host of their own.
"""

from typing import Final

from ..operation import Call, Operation
from ..state import State
from ..validate import Json, Row, Shape, bad, filled, maybe, need, one_of, text
from . import components

CREATE: Final = Shape(name=filled, componentId=maybe(text))
CREATE_HEARTBEAT: Final = Shape(name=filled)
_TRIGGER: Final = Shape(trigger=need(one_of("down", "up")))


def create(state: State, page: Row, body: Row) -> Row:
    """Make the integration of a custom service; it moves the component that it names."""
    component_id = body.get("componentId")
    if component_id is not None and component_id not in {row["id"] for row in state.components_of(page["id"])}:
        raise bad("componentId", "must be the id of a component of this page")
    columns = {"siteId": page["id"], "monitoringTool": "webhook", "name": body.get("name", "Custom service")}
    return state.add(state.integrations, {**columns, "componentId": component_id, "trigger": None})


def create_heartbeat(state: State, page: Row, body: Row) -> Row:
    """Make a heartbeat monitor; `pings` are the times and results of what it heard."""
    columns: Row = {"siteId": page["id"], "name": body.get("name", "Heartbeat"), "status": "UNKNOWN", "pings": []}
    return state.add(state.heartbeats, columns)


def _trigger(call: Call) -> Json:
    """Note "down" or "up", and move the component."""
    state, said = call.state, call.body["trigger"]
    row = state.find(state.integrations, call.ids["code"], "integration")
    state.change(row, {"trigger": said})
    component = state.components.get(row["componentId"] or "")
    if component is not None:
        components.set_status(state, component, "MAJOROUTAGE" if said == "down" else "OPERATIONAL")
    return {"success": True}


def _ping(call: Call, status: str) -> Json:
    row = call.state.find(call.state.heartbeats, call.ids["slug"], "heartbeat")
    row["pings"].append((call.state.now(), status))
    call.state.change(row, {"status": status})
    return {"success": True}


OPERATIONS: Final = (
    Operation("POST", "/v3/integrations/webhook/{code}", _trigger, _TRIGGER, keyless=True),
    Operation("POST", "/{slug}", lambda call: _ping(call, "UP"), keyless=True),
    Operation("POST", "/{slug}/fail", lambda call: _ping(call, "DOWN"), keyless=True),
)
