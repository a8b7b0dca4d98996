"""Serve the user that the key belongs to, the workspaces, and the teammates of a page."""

import re
from typing import Final

from ..operation import Call, Operation, only, paged
from ..state import State
from ..validate import Json, Row, Shape, conflict, email, filled, flag, list_of, maybe, need, number, one_of, text

_SWITCHES: Final = (
    "sendNewWorkspaceMembersStatusPageUpdates",
    "sendNewWorkspaceMembersAutomationIntegrationNotifications",
    "sendNewWorkspaceMembersInvalidCustomDomainNotifications",
    "sendNewWorkspaceMembersPhoneCallNotifications",
    "sendNewWorkspaceMembersWeeklyReportsNotifications",
)

CREATE_WORKSPACE: Final = Shape(
    name=filled,
    slug=filled,
    longRunningIncidentNotificationSettings=list_of(number),
    **dict.fromkeys(_SWITCHES, flag),
)
ADD_TEAMMATE: Final = Shape(
    email=need(email),
    permission=need(one_of("FULL", "READ", "WRITE", "MEMBER", "EDITOR")),
    audienceGroups=maybe(list_of(text)),
    team=maybe(text),
)


def create_workspace(state: State, body: Row) -> Row:
    """Make a workspace without pages; the slug follows from the name unless given."""
    name = body.get("name", "Workspace")
    slug = body.get("slug") or _slug(state, name)
    if any(row["slug"] == slug for row in state.workspaces.values()):
        raise conflict("slug", "is taken")
    columns: Row = {
        "name": name,
        "slug": slug,
        "avatar": None,
        "sites": [],
        "sso": False,
        "organizationDomains": None,
        "allowDomainEmails": False,
        "allowedDomainsDefaultPermission": "READ",
        "ssoActive": False,
        "directorySyncActive": False,
        "enableMultipleOrgs": False,
        "allowedDomains": None,
        "allowedEmailDomains": [],
        "referralId": None,
        "referralCoupon": None,
        "referralCode": None,
        **dict.fromkeys(_SWITCHES, True),
        "longRunningIncidentNotificationSettings": [0.5, 1, 2, 3, 6, 12],
        "useSSOLogin": True,
        "useGoogleLogin": True,
        "useMagiclinkLogin": True,
        "usePasswordLogin": True,
        "useGithubLogin": True,
    }
    return state.add(state.workspaces, {**columns, **body, "name": name, "slug": slug})


def new_user(state: State, address: str, name: str | None = None) -> Row:
    """Make a user; one who has not logged in yet has no name (quirk 69)."""
    slug = (name or address.partition("@")[0]).lower()
    return {"id": state.ids(), "email": address, "name": name, "slug": slug, "avatar": None, "phone": None}


def join(state: State, page: Row, person: Row, permission: str = "FULL") -> Row:
    """Make a user a teammate of a page; the row's id is the member id."""
    return state.add(state.teammates, {"siteId": page["id"], "user": person, "permission": permission})


def create_teammate(state: State, page: Row, body: Row) -> Row:
    """Invite somebody by e-mail; audience groups must exist."""
    group_ids: list[str] = body.get("audienceGroups") or []
    groups = [state.find(state.audience_groups, group_id, "audience group", page["id"]) for group_id in group_ids]
    members = state.of_page(state.teammates, page["id"])
    if any(row["user"]["email"] == body["email"] for row in members):
        raise conflict("email", "is a teammate already")
    member = join(state, page, new_user(state, body["email"]), body["permission"])
    for group in groups:
        group["teammates"].append(member["id"])
    return member


def brief(person: Row) -> Row:
    """Show a user as teammates and audience groups do."""
    return only(person, "id", "name", "email", "avatar")


def shown_teammate(row: Row) -> Row:
    """Show a teammate: the member id and the user."""
    return {"id": row["id"], "user": brief(row["user"])}


def _slug(state: State, name: str) -> str:
    stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "workspace"
    taken = {row["slug"] for row in state.workspaces.values()}
    slug, tries = stem, 1
    while slug in taken:
        tries += 1
        slug = f"{stem}-{tries}"
    return slug


def _get_user(call: Call) -> Json:
    return only(call.state.user, "id", "email", "name", "slug", "avatar")


def _list_workspaces(call: Call) -> Json:
    return paged(call, list(call.state.workspaces.values()), dict)


def _create_workspace(call: Call) -> Json:
    return create_workspace(call.state, call.body)


def _delete_workspace(call: Call) -> Json:
    state = call.state
    workspace = state.find(state.workspaces, call.ids["workspace_id"], "workspace")
    for page_id in workspace["sites"]:
        state.pages[page_id]["workspaceId"] = None
    del state.workspaces[workspace["id"]]
    return {"id": workspace["id"]}


def _list_teammates(call: Call) -> Json:
    rows = call.state.of_page(call.state.teammates, call.page["id"])
    return paged(call, rows, shown_teammate)


def _add_teammate(call: Call) -> Json:
    member = create_teammate(call.state, call.page, call.body)
    call.write_to(member["user"]["email"], member["id"], "invitation to the team")
    return {"email": member["user"]["email"]}


def _delete_teammate(call: Call) -> Json:
    state = call.state
    member = state.find(state.teammates, call.ids["member_id"], "team member", call.page["id"])
    del state.teammates[member["id"]]
    for group in state.of_page(state.audience_groups, call.page["id"]):
        group["teammates"] = [kept for kept in group["teammates"] if kept != member["id"]]
    return {"memberId": member["id"]}


OPERATIONS: Final = (
    Operation("GET", "/v1/user", _get_user),
    Operation("GET", "/v1/workspaces", _list_workspaces),
    Operation("POST", "/v1/workspaces", _create_workspace, CREATE_WORKSPACE),
    Operation("DELETE", "/v1/workspaces/{workspace_id}", _delete_workspace),
    Operation("GET", "/v1/{page_id}/team", _list_teammates),
    Operation("POST", "/v1/{page_id}/team", _add_teammate, ADD_TEAMMATE),
    Operation("DELETE", "/v1/{page_id}/team/{member_id}", _delete_teammate),
)
