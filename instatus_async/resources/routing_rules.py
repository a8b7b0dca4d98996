"""Routing rules: which incidents call whom."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypeAlias, TypedDict, Unpack

import attrs

from .._model import Model, OpenEnum
from ..pagination import Pager
from ._base import IDEMPOTENT, NOTIFY, Body, PageResource
from .monitors import AnyComparisonType, ComparisonType

__all__ = [
    "ActionType",
    "AnyActionType",
    "AnyAssertionType",
    "AssertionType",
    "RoutingAction",
    "RoutingActionFields",
    "RoutingAssertion",
    "RoutingAssertionFields",
    "RoutingRule",
    "RoutingRuleChange",
    "RoutingRuleCreate",
    "RoutingRules",
]


class AssertionType(OpenEnum):
    """What of an incident a routing rule looks at."""

    IMPACT = "IMPACT"
    TITLE = "TITLE"
    DESCRIPTION = "DESCRIPTION"
    AFFECTED_COMPONENTS = "AFFECTED_COMPONENTS"
    INCIDENT = "INCIDENT"
    """Who or what opened it: a workspace member, or an integration."""


AnyAssertionType: TypeAlias = (
    AssertionType | Literal["IMPACT", "TITLE", "DESCRIPTION", "AFFECTED_COMPONENTS", "INCIDENT"]
)


class ActionType(OpenEnum):
    """Whom a routing rule or an escalation policy calls."""

    NOTIFY_TEAM = "NOTIFY_TEAM"
    NOTIFY_WORKSPACE_MEMBER = "NOTIFY_WORKSPACE_MEMBER"
    NOTIFY_CURRENT_ON_CALL_USER = "NOTIFY_CURRENT_ON_CALL_USER"
    NOTIFY_NEXT_ON_CALL_USER = "NOTIFY_NEXT_ON_CALL_USER"
    NOTIFY_ALL_ON_CALL_MEMBERS = "NOTIFY_ALL_ON_CALL_MEMBERS"


AnyActionType: TypeAlias = (
    ActionType
    | Literal[
        "NOTIFY_TEAM",
        "NOTIFY_WORKSPACE_MEMBER",
        "NOTIFY_CURRENT_ON_CALL_USER",
        "NOTIFY_NEXT_ON_CALL_USER",
        "NOTIFY_ALL_ON_CALL_MEMBERS",
    ]
)


@attrs.frozen(kw_only=True)
class RoutingAssertion(Model):
    """What has to be true of an incident for a routing rule to act."""

    id: str
    routing_rule_id: str | None = None
    type: AssertionType | None = None
    comparison: ComparisonType | None = None
    value: str | None = None


@attrs.frozen(kw_only=True)
class RoutingAction(Model):
    """Whom a routing rule calls."""

    id: str
    routing_rule_id: str | None = None
    type: ActionType | None = None
    target_id: str | None = None
    """The EMAIL of a workspace member, or the id of a team (quirk 74)."""


@attrs.frozen(kw_only=True)
class RoutingRule(Model):
    """A routing rule."""

    id: str
    assertions: tuple[RoutingAssertion, ...] = ()
    actions: tuple[RoutingAction, ...] = ()
    order: int | None = None
    """Rules with higher numbers are triggered later."""
    site_id: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class RoutingAssertionFields(TypedDict, total=False):
    """What shall have to be true of an incident for a routing rule to act."""

    id: str
    """Of an assertion that exists; a new one has none."""
    routing_rule_id: str
    type: AnyAssertionType
    comparison: AnyComparisonType
    value: str
    """By `type`: an IncidentImpact, a text, or for INCIDENT one or more sources with commas between them.

    The sources are WORKSPACEMEMBER, WEBHOOK, BETTERUPTIME, CHECKLY, DATADOG, DYNATRACE, FRESHPING, GRAFANA,
    HETRIXTOOLS, NEWRELIC, PAGERDUTY, PINGDOM, RUNSCOPE, SITE24X7, STATUSCAKE, UPTIMEROBOT, EMAIL, PROMETHEUS, UPDOWN
    and GOOGLECLOUDMONITORING.
    """


class RoutingActionFields(TypedDict, total=False):
    """Whom a routing rule shall call."""

    id: str
    """Of an action that exists; a new one has none."""
    routing_rule_id: str
    type: AnyActionType
    target_id: str
    """The EMAIL of a workspace member, or the id of a team (quirk 74)."""


class RoutingRuleChange(TypedDict, total=False):
    """Fields of a change: the API does not change the actions."""

    assertions: Sequence[RoutingAssertionFields]
    """What has to be true for the rule to act."""
    order: int
    """Rules with higher numbers are triggered later."""


class RoutingRuleCreate(RoutingRuleChange, total=False):
    """Fields of a new routing rule."""

    actions: Sequence[RoutingActionFields]


class RoutingRules(PageResource):
    """The routing rules of one page."""

    __slots__ = ()

    def list(self) -> Pager[RoutingRule]:
        """List the routing rules, all in one request (quirk 30).

        Source: https://instatus.com/help/api/routing-rules
        """
        return self._list(RoutingRule, "/{page_id}/routing-rules", per_page=None, envelope="routingRules")

    async def get(self, rule_id: str, /) -> RoutingRule:
        """Return one routing rule, looked for in the list: the API has no request for one (quirk 31).

        Raises NotFoundError when it is not listed.
        """
        return await self._listed(self.list(), "/{page_id}/routing-rules", rule_id, "rule_id")

    async def create(self, **fields: Unpack[RoutingRuleCreate]) -> RoutingRule:
        """Add a routing rule: from then on it calls people about the incidents that fit.

        Raises OutcomeUnknownError when the answer is lost: look at the list before you add it again, or people are
        called twice.
        """
        return await self._post(
            RoutingRule,
            "/routing-rules",
            effect=NOTIFY,
            body=Body(RoutingRuleCreate, fields, fixed={"siteId": self._page_id}, wrap="routingRule"),
            unwrap=("routingRule",),
        )

    async def update(self, rule_id: str, /, **fields: Unpack[RoutingRuleChange]) -> RoutingRule:
        """Change a routing rule's assertions or order (quirk 75)."""
        return await self._put(
            RoutingRule,
            "/routing-rules/{id}",
            rule_id,
            effect=IDEMPOTENT,
            body=Body(RoutingRuleChange, fields, fixed={"id": rule_id, "siteId": self._page_id}, wrap="routingRule"),
            unwrap=("routingRule",),
        )

    async def delete(self, rule_id: str, /) -> None:
        """Delete a routing rule."""
        await self._delete("/routing-rules/{id}", rule_id)
