"""Serve routing rules: which alert goes to whom."""

from typing import Final

from ..operation import Call, Operation, only
from ..state import State
from ..times import without_milliseconds
from ..validate import Json, Row, Shape, bad, list_of, need, one_of, text, whole
from .monitors import COMPARISONS

_assertion: Final = Shape(
    id=text,
    routingRuleId=text,
    type=one_of("IMPACT", "TITLE", "DESCRIPTION", "AFFECTED_COMPONENTS", "INCIDENT"),
    comparison=one_of(*COMPARISONS),
    value=text,
)
ACTIONS: Final = (
    *("NOTIFY_TEAM", "NOTIFY_WORKSPACE_MEMBER", "NOTIFY_CURRENT_ON_CALL_USER", "NOTIFY_NEXT_ON_CALL_USER"),
    "NOTIFY_ALL_ON_CALL_MEMBERS",
)
_action: Final = Shape(id=text, routingRuleId=text, type=one_of(*ACTIONS), targetId=text)

CREATE: Final = Shape(assertions=list_of(_assertion), actions=list_of(_action), order=whole, siteId=text)
UPDATE: Final = Shape(id=text, assertions=list_of(_assertion), order=whole, siteId=text)


def create(state: State, page: Row, body: Row) -> Row:
    """Add a rule at the end, or at the place asked for."""
    order = body.get("order", len(state.of_page(state.routing_rules, page["id"])) + 1)
    rule = state.add(state.routing_rules, {"siteId": page["id"], "order": order})
    rule["assertions"] = [_joined(state, rule, entry) for entry in body.get("assertions", [])]
    rule["actions"] = [_joined(state, rule, entry) for entry in body.get("actions", [])]
    return rule


def _joined(state: State, rule: Row, entry: Row) -> Row:
    said = {key: value for key, value in entry.items() if key not in {"id", "routingRuleId"}}
    return {"id": state.ids(), "routingRuleId": rule["id"], **said}


def _shown(rule: Row) -> Row:
    return {
        **only(rule, "id", "siteId", "assertions", "actions"),
        "createdAt": without_milliseconds(rule["createdAt"]),
        "updatedAt": without_milliseconds(rule["updatedAt"]),
        "order": rule["order"],
    }


def _list(call: Call) -> Json:
    rules = call.state.of_page(call.state.routing_rules, call.page["id"])
    return {"routingRules": [_shown(rule) for rule in sorted(rules, key=lambda row: row["order"])]}


def _create(call: Call) -> Json:
    body: Row = call.body["routingRule"]
    if "siteId" not in body:
        raise bad("routingRule.siteId", "is missing")
    rule = create(call.state, call.state.page(body["siteId"]), body)
    return {"routingRule": _shown(rule), "message": "Routing rule created"}


def _update(call: Call) -> Json:
    state, body = call.state, dict[str, Json](call.body["routingRule"])
    rule = state.find(state.routing_rules, call.ids["id"], "routing rule")
    for key, own in (("id", rule["id"]), ("siteId", rule["siteId"])):
        if body.pop(key, own) != own:
            raise bad(f"routingRule.{key}", "is not that of the rule in the path")
    if "assertions" in body:
        body["assertions"] = [_joined(state, rule, entry) for entry in body["assertions"]]
    return {"routingRule": _shown(state.change(rule, body)), "message": "Routing rule updated"}


def _delete(call: Call) -> Json:
    rule = call.state.find(call.state.routing_rules, call.ids["id"], "routing rule")
    del call.state.routing_rules[rule["id"]]
    return {"message": "Routing rule deleted"}


# The body of a write is wrapped (quirk 75).
OPERATIONS: Final = (
    Operation("GET", "/{page_id}/routing-rules", _list),
    Operation("POST", "/routing-rules", _create, Shape(routingRule=need(CREATE))),
    Operation("PUT", "/routing-rules/{id}", _update, Shape(routingRule=need(UPDATE))),
    Operation("DELETE", "/routing-rules/{id}", _delete),
)
