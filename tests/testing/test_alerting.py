"""Routing rules and escalation policies."""

from typing import Any

from instatus_async.testing import InstatusServer
from tests.testing.conftest import Caller


async def test_a_routing_rule_from_creation_to_deletion(api: Caller, server: InstatusServer) -> None:
    body = {
        "siteId": server.page_id,
        "assertions": [{"type": "TITLE", "comparison": "CONTAINS", "value": "database"}],
        "actions": [{"type": "NOTIFY_WORKSPACE_MEMBER", "targetId": "ana@acme.example"}],
        "order": 2,
    }
    made = await api("POST", "/routing-rules", {"routingRule": body})
    rule = made["routingRule"]
    assert isinstance(made["message"], str)
    assert (rule["siteId"], rule["order"], rule["createdAt"]) == (server.page_id, 2, "2026-01-01T12:00:00Z")
    (assertion,), (action,) = rule["assertions"], rule["actions"]
    assert (assertion["routingRuleId"], assertion["value"]) == (rule["id"], "database")
    assert action["targetId"] == "ana@acme.example"
    (earlier,) = server.seed(routing_rules=[{"order": 1}])["routing_rules"]
    listed = await api("GET", "/{page}/routing-rules")
    assert [row["id"] for row in listed["routingRules"]] == [earlier, rule["id"]]
    change: dict[str, Any] = {"id": rule["id"], "siteId": server.page_id, "assertions": [], "order": 0}
    changed = (await api("PUT", f"/routing-rules/{rule['id']}", {"routingRule": change}))["routingRule"]
    assert (changed["assertions"], changed["actions"]) == ([], rule["actions"])
    assert (await api("GET", "/{page}/routing-rules"))["routingRules"][0] == changed
    for row_id in (rule["id"], earlier):
        assert isinstance((await api("DELETE", f"/routing-rules/{row_id}"))["message"], str)
    assert await api("GET", "/{page}/routing-rules") == {"routingRules": []}


async def test_routing_rules_that_are_refused(api: Caller, server: InstatusServer) -> None:
    assert (await api.refused("POST", "/routing-rules", {"siteId": server.page_id}))[1].startswith(
        "siteId: there is no"
    )
    assert (await api.refused("POST", "/routing-rules", {"routingRule": {}}))[1] == "routingRule.siteId: is missing"
    assert (await api.refused("POST", "/routing-rules", {"routingRule": {"siteId": "nope"}}))[0] == 404
    (rule,) = server.seed(routing_rules=[{}])["routing_rules"]
    assert (await api.refused("PUT", f"/routing-rules/{rule}", {"routingRule": {"id": "other"}}))[0] == 400
    assert (await api.refused("PUT", f"/routing-rules/{rule}", {"routingRule": {"actions": []}}))[0] == 400


def _policy(server: InstatusServer, **more: Any) -> dict[str, Any]:
    return {
        "pageId": server.page_id,
        "name": "Default",
        "rules": [{"delayInMins": 5, "actions": [{"type": "NOTIFY_TEAM", "targetId": None}]}, {"delayInMins": 10}],
        "repeat": True,
        "repeatCount": 3,
        "repeatDelay": 15,
        "revertAcknowledgement": True,
        "autoResolveIncidentsAfterRepeat": False,
        **more,
    }


async def test_an_escalation_policy_from_creation_to_deletion(api: Caller, server: InstatusServer) -> None:
    policy = (await api("POST", "/escalation-policies", _policy(server)))["escalationPolicy"]
    assert (policy["siteId"], policy["description"]) == (server.page_id, "")
    assert [(rule["order"], rule["condition"]) for rule in policy["rules"]] == [
        (1, "NOT_ACKNOWLEDGED"),
        (2, "NOT_ACKNOWLEDGED"),
    ]
    (action,) = policy["rules"][0]["actions"]
    assert (action["ruleId"], action["targetId"]) == (policy["rules"][0]["id"], None)
    assert await api("GET", "/{page}/escalation-policies") == {"escalationPolicies": [policy]}
    path = f"/escalation-policies/{policy['id']}"
    changed = (await api("PUT", path, _policy(server, name="Night", rules=[])))["escalationPolicy"]
    assert (changed["name"], changed["rules"]) == ("Night", [])
    assert await api("GET", "/{page}/escalation-policies") == {"escalationPolicies": [changed]}
    assert isinstance((await api("DELETE", path))["message"], str)
    assert await api("GET", "/{page}/escalation-policies") == {"escalationPolicies": []}


async def test_escalation_policies_that_are_refused(api: Caller, server: InstatusServer) -> None:
    assert (await api.refused("POST", "/escalation-policies", _policy(server, pageId="nope")))[0] == 404
    wrong = [{"actions": [{"type": "SHOUT"}]}]
    status, message = await api.refused("POST", "/escalation-policies", _policy(server, rules=wrong))
    assert (status, message.partition(":")[0]) == (400, "rules[0].actions[0].type")
    (policy,) = server.seed(escalation_policies=[_policy(server)])["escalation_policies"]
    assert (await api.refused("PUT", f"/escalation-policies/{policy}", {"name": "x"}))[1] == "pageId: is missing"
