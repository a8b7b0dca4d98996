"""Workspaces: what holds status pages, their members and their ways to log in."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict, Unpack

import attrs

from .._model import Guess, Id, Model
from ..pagination import CONCURRENCY, Pager
from ._base import NOTIFY, Body, FoundBy, Resource

__all__ = ["Workspace", "WorkspaceCreate", "Workspaces"]


@attrs.frozen(kw_only=True)
class Workspace(Model):
    """A workspace."""

    id: str
    name: str
    slug: str | None = None
    avatar: str | None = None
    sites: tuple[Id, ...] = ()
    """Ids of its status pages (quirk 13)."""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    sso: bool | None = None
    sso_active: bool | None = None
    directory_sync_active: bool | None = None
    enable_multiple_orgs: bool | None = None
    organization_domains: Guess | None = None
    allow_domain_emails: bool | None = None
    allowed_domains: Guess | None = None
    allowed_domains_default_permission: str | None = None
    allowed_email_domains: tuple[str, ...] = ()
    referral_id: str | None = None
    referral_coupon: str | None = None
    referral_code: str | None = None
    send_new_workspace_members_status_page_updates: bool | None = None
    send_new_workspace_members_automation_integration_notifications: bool | None = None
    send_new_workspace_members_invalid_custom_domain_notifications: bool | None = None
    send_new_workspace_members_phone_call_notifications: bool | None = None
    send_new_workspace_members_weekly_reports_notifications: bool | None = None
    long_running_incident_notification_settings: tuple[float, ...] = ()
    """Hours after which an open incident is brought to mind, halves included (quirk 42)."""
    use_sso_login: bool | None = attrs.field(default=None, metadata={"wire": "useSSOLogin"})
    use_google_login: bool | None = None
    use_magiclink_login: bool | None = None
    use_password_login: bool | None = None
    use_github_login: bool | None = None


class WorkspaceCreate(TypedDict, total=False):
    """Fields of a new workspace."""

    name: str
    slug: str
    send_new_workspace_members_status_page_updates: bool
    send_new_workspace_members_automation_integration_notifications: bool
    send_new_workspace_members_invalid_custom_domain_notifications: bool
    send_new_workspace_members_phone_call_notifications: bool
    send_new_workspace_members_weekly_reports_notifications: bool
    long_running_incident_notification_settings: Sequence[float]
    """Hours, halves included; 0.5, 1, 2, 3, 6 and 12 by default (quirk 42)."""


class Workspaces(Resource):
    """The workspaces of the user behind the API key."""

    __slots__ = ()

    def list(self, *, per_page: int = 100, concurrency: int = CONCURRENCY) -> Pager[Workspace]:
        """List the workspaces.

        Source: https://instatus.com/help/api/workspaces
        """
        return self._list(Workspace, "/v1/workspaces", per_page=per_page, concurrency=concurrency)

    async def get(self, workspace_id: str, /) -> Workspace:
        """Return one workspace, looked for in the list: the API has no request for one (quirk 31).

        Raises NotFoundError when it is not listed.
        """
        return await self._listed(self.list(), "/v1/workspaces", workspace_id, "workspace_id")

    async def create(self, **fields: Unpack[WorkspaceCreate]) -> Workspace:
        """Add a workspace.

        A lost answer is looked for by the name; OutcomeUnknownError says that it was not found.
        """
        return await self._post(
            Workspace,
            "/v1/workspaces",
            effect=NOTIFY,
            body=Body(WorkspaceCreate, fields, found_by=FoundBy("/v1/workspaces", ("name", "slug"))),
        )

    async def delete(self, workspace_id: str, /) -> None:
        """Delete a workspace. What becomes of its status pages is not documented."""
        await self._delete("/v1/workspaces/{workspace_id}", workspace_id)
