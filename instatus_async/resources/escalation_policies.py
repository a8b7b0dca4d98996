"""Escalation policies: who is called next while nobody acknowledges an incident."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Required, TypeAlias, TypedDict, Unpack

import attrs

from .._model import Model, OpenEnum
from ..pagination import Pager
from ._base import IDEMPOTENT, NOTIFY, Body, FoundBy, PageResource
from .routing_rules import ActionType, AnyActionType

__all__ = [
    "AnyEscalationRuleCondition",
    "EscalationAction",
    "EscalationActionFields",
    "EscalationPolicies",
    "EscalationPolicy",
    "EscalationPolicyFields",
    "EscalationRule",
    "EscalationRuleCondition",
    "EscalationRuleFields",
]


class EscalationRuleCondition(OpenEnum):
    """When a rule of an escalation policy acts."""

    NOT_ACKNOWLEDGED = "NOT_ACKNOWLEDGED"


AnyEscalationRuleCondition: TypeAlias = EscalationRuleCondition | Literal["NOT_ACKNOWLEDGED"]


@attrs.frozen(kw_only=True)
class EscalationAction(Model):
    """Whom a rule calls."""

    id: str
    rule_id: str | None = None
    type: ActionType | None = None
    target_id: str | None = None
    """The id of a workspace member, a team or an on-call schedule, by `type`; null for on-call actions (quirk 73)."""
    created_at: datetime | None = None
    updated_at: datetime | None = None


@attrs.frozen(kw_only=True)
class EscalationRule(Model):
    """One step of an escalation policy."""

    id: str
    escalation_policy_id: str | None = None
    order: int | None = None
    """Given, though the API's description dropped it (quirk 73)."""
    condition: EscalationRuleCondition | None = None
    delay_in_mins: int | None = None
    """Minutes before the rule acts."""
    actions: tuple[EscalationAction, ...] = ()


@attrs.frozen(kw_only=True)
class EscalationPolicy(Model):
    """An escalation policy."""

    id: str
    name: str
    description: str | None = None
    rules: tuple[EscalationRule, ...] = ()
    repeat: bool | None = None
    repeat_count: int | None = None
    repeat_delay: int | None = None
    """Minutes between two rounds."""
    revert_acknowledgement: bool | None = None
    auto_resolve_incidents_after_repeat: bool | None = None
    site_id: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class EscalationActionFields(TypedDict, total=False):
    """Whom a rule shall call."""

    type: AnyActionType
    target_id: str
    """The id of a workspace member (an id, unlike in routing rules: quirk 74), a team or an on-call schedule."""


class EscalationRuleFields(TypedDict, total=False):
    """One step of an escalation policy."""

    condition: AnyEscalationRuleCondition
    delay_in_mins: int
    """Minutes before the rule acts."""
    actions: Sequence[EscalationActionFields]


class EscalationPolicyFields(TypedDict, total=False):
    """Fields of an escalation policy: new or changed, the API wants all of them but the description."""

    name: Required[str]
    rules: Required[Sequence[EscalationRuleFields]]
    repeat: Required[bool]
    """Whether it starts again after the last rule."""
    repeat_count: Required[int]
    repeat_delay: Required[int]
    """Minutes between two rounds."""
    revert_acknowledgement: Required[bool]
    """Whether each round takes the acknowledgement back."""
    auto_resolve_incidents_after_repeat: Required[bool]
    """Whether the last round resolves the incident."""
    description: str


class EscalationPolicies(PageResource):
    """The escalation policies of one page."""

    __slots__ = ()

    def list(self) -> Pager[EscalationPolicy]:
        """List the escalation policies, all in one request (quirk 30).

        Source: https://instatus.com/help/api/escalation-policies
        """
        return self._list(
            EscalationPolicy, "/{page_id}/escalation-policies", per_page=None, envelope="escalationPolicies"
        )

    async def get(self, policy_id: str, /) -> EscalationPolicy:
        """Return one escalation policy, looked for in the list: the API has no request for one (quirk 31).

        Raises NotFoundError when it is not listed.
        """
        return await self._listed(self.list(), "/{page_id}/escalation-policies", policy_id, "policy_id")

    async def create(self, **fields: Unpack[EscalationPolicyFields]) -> EscalationPolicy:
        """Add an escalation policy: from then on it calls people about incidents that nobody acknowledges.

        A lost answer is looked for by the name; OutcomeUnknownError says that it was not found. Added again, it calls
        people twice.
        """
        return await self._post(
            EscalationPolicy,
            "/escalation-policies",
            effect=NOTIFY,
            body=Body(
                EscalationPolicyFields,
                fields,
                fixed={"pageId": self._page_id},
                found_by=FoundBy("/{page_id}/escalation-policies", ("name",), inside="escalationPolicies", paged=False),
            ),
            unwrap=("escalationPolicy",),
        )

    async def update(self, policy_id: str, /, **fields: Unpack[EscalationPolicyFields]) -> EscalationPolicy:
        """Replace an escalation policy: the API wants the same fields as for a new one."""
        return await self._put(
            EscalationPolicy,
            "/escalation-policies/{id}",
            policy_id,
            effect=IDEMPOTENT,
            body=Body(EscalationPolicyFields, fields, fixed={"pageId": self._page_id}),
            unwrap=("escalationPolicy",),
        )

    async def delete(self, policy_id: str, /) -> None:
        """Delete an escalation policy."""
        await self._delete("/escalation-policies/{id}", policy_id)
