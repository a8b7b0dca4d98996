"""Serve escalation policies: who is called next when nobody answers."""

from typing import Final

from ..operation import Call, Operation, only
from ..state import State
from ..times import without_milliseconds
from ..validate import Json, Row, Shape, filled, flag, list_of, maybe, need, one_of, text, whole
from .routing import ACTIONS

_action: Final = Shape(targetId=maybe(text), type=need(one_of(*ACTIONS)))
_rule: Final = Shape(delayInMins=whole, condition=one_of("NOT_ACKNOWLEDGED"), actions=list_of(_action))

CREATE: Final = Shape(
    pageId=need(text),
    name=need(filled),
    description=text,
    rules=need(list_of(_rule)),
    repeat=need(flag),
    repeatCount=need(whole),
    repeatDelay=need(whole),
    revertAcknowledgement=need(flag),
    autoResolveIncidentsAfterRepeat=need(flag),
)

_SETTINGS: Final = (
    *("repeat", "repeatCount", "repeatDelay", "revertAcknowledgement", "autoResolveIncidentsAfterRepeat"),
)


def create(state: State, page: Row, body: Row) -> Row:
    """Keep a policy with its rules, numbered from 1."""
    policy = state.add(state.escalation_policies, {"siteId": page["id"]})
    return _fill(state, policy, body)


def _fill(state: State, policy: Row, body: Row) -> Row:
    now = without_milliseconds(state.now())
    rules: list[Row] = []
    for order, asked in enumerate(body["rules"], 1):
        rule_id = state.ids()
        actions = [
            {
                "id": state.ids(),
                "ruleId": rule_id,
                "type": action["type"],
                "targetId": action.get("targetId"),
                "createdAt": now,
                "updatedAt": now,
            }
            for action in asked.get("actions", [])
        ]
        rules.append(
            {
                "id": rule_id,
                "escalationPolicyId": policy["id"],
                "order": order,
                "condition": asked.get("condition", "NOT_ACKNOWLEDGED"),
                "delayInMins": asked.get("delayInMins", 0),
                "actions": actions,
            }
        )
    columns = {**only(body, "name", *_SETTINGS), "description": body.get("description", ""), "rules": rules}
    return state.change(policy, columns)


def _shown(policy: Row) -> Row:
    return {
        **only(policy, "id", "siteId", "name", "description", "rules", *_SETTINGS),
        "createdAt": without_milliseconds(policy["createdAt"]),
        "updatedAt": without_milliseconds(policy["updatedAt"]),
    }


def _list(call: Call) -> Json:
    policies = call.state.of_page(call.state.escalation_policies, call.page["id"])
    return {"escalationPolicies": [_shown(policy) for policy in policies]}


def _create(call: Call) -> Json:
    policy = create(call.state, call.state.page(call.body["pageId"]), call.body)
    return {"escalationPolicy": _shown(policy), "message": "Escalation policy created"}


def _update(call: Call) -> Json:
    page = call.state.page(call.body["pageId"])
    policy = call.state.find(call.state.escalation_policies, call.ids["id"], "escalation policy", page["id"])
    return {"escalationPolicy": _shown(_fill(call.state, policy, call.body)), "message": "Escalation policy updated"}


def _delete(call: Call) -> Json:
    policy = call.state.find(call.state.escalation_policies, call.ids["id"], "escalation policy")
    del call.state.escalation_policies[policy["id"]]
    return {"message": "Escalation policy deleted"}


OPERATIONS: Final = (
    Operation("GET", "/{page_id}/escalation-policies", _list),
    Operation("POST", "/escalation-policies", _create, CREATE),
    Operation("PUT", "/escalation-policies/{id}", _update, CREATE),
    Operation("DELETE", "/escalation-policies/{id}", _delete),
)
