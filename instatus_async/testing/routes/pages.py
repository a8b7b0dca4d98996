"""Serve status pages, and work out what a page's status is."""

import re
from collections.abc import Iterable
from typing import Final

from ..operation import Call, Operation, only, paged, with_translations
from ..state import State
from ..validate import Json, Row, Shape, bad, conflict, email, filled, flag, list_of, maybe, need, one_of, text
from ..validate import translations as texts
from . import components, user

_SUBDOMAIN: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")

# From bad to worse. MINOROUTAGE is in no list of accepted values, but in the page's vocabulary (quirks 43, 45).
_TROUBLES: Final = ("UNDERMAINTENANCE", "DEGRADEDPERFORMANCE", "MINOROUTAGE", "PARTIALOUTAGE", "MAJOROUTAGE")
_PAGE_STATUSES: Final = ("UP", "HASISSUES", *(n + kind for n in ("ALL", "SOME", "ONE") for kind in _TROUBLES))

_TEXTS: Final = (
    *("logoUrl", "faviconUrl", "websiteUrl", "language", "googleAnalytics"),
    *("brandColor", "okColor", "disruptedColor", "degradedColor", "downColor", "noticeColor", "unknownColor"),
    *("twilioSid", "twilioToken", "twilioSender", "dateFormat", "dateFormatShort", "timeFormat"),
)
_TEXTS_OR_NULL: Final = (
    *("esendexUsername", "esendexPassword", "esendexAccountRef", "nexmoKey", "nexmoSecret", "nexmoSender"),
    *("htmlInMeta", "htmlAboveHeader", "htmlBelowHeader", "htmlAboveFooter", "htmlBelowFooter", "htmlBelowSummary"),
    *("cssGlobal", "launchDate"),
)
_SETTINGS: Final = {
    **dict.fromkeys(_TEXTS, text),
    **dict.fromkeys(_TEXTS_OR_NULL, maybe(text)),
    "useLargeHeader": flag,
    "subscribeBySms": flag,
    "smsService": one_of("twilio", "vonage", "esendex", "messagebird", "sns"),
}


def _subdomain(value: Json, where: str) -> str:
    if not _SUBDOMAIN.fullmatch(text(value, where)):
        raise bad(where, "must be lower-case letters, digits and inner hyphens")
    return str(value)


CREATE: Final = Shape(
    email=need(email),
    name=need(filled),
    subdomain=need(_subdomain),
    components=need(list_of(filled)),
    workspace=text,
    **_SETTINGS,
)
UPDATE: Final = Shape(
    id=text,
    name=filled,
    status=one_of(*_PAGE_STATUSES),
    subdomain=_subdomain,
    publicEmail=text,
    private=flag,
    useAllowList=flag,
    translations=texts,
    **_SETTINGS,
)

_LISTED: Final = (
    *("id", "subdomain", "name", "logoUrl", "faviconUrl", "websiteUrl", "customDomain", "publicEmail", "twitter"),
    *("status", "subscribeBySms", "language", "useLargeHeader", "brandColor", "okColor", "disruptedColor"),
    *("degradedColor", "downColor", "noticeColor", "unknownColor", "googleAnalytics", "smsService", "htmlInMeta"),
    *("htmlAboveHeader", "htmlBelowHeader", "htmlAboveFooter", "htmlBelowFooter", "htmlBelowSummary", "launchDate"),
    *("cssGlobal", "onboarded", "createdAt", "updatedAt", "workspaceId", "mainStatus"),
)
_WRITTEN: Final = (
    *("id", "createdAt", "subdomain", "name", "status", "logoUrl", "faviconUrl", "websiteUrl", "color", "language"),
    *("googleAnalytics", "publicEmail", "customDomain", "useLargeHeader", "disableDarkMode", "twitter"),
    *("subscribeBySms", "brandColor", "okColor", "disruptedColor", "downColor", "degradedColor", "noticeColor"),
    *("htmlInMeta", "htmlAboveHeader", "htmlBelowHeader", "htmlAboveFooter", "htmlBelowFooter", "htmlBelowSummary"),
    *("cssGlobal", "onboarded", "launchDate", "dateFormat", "dateFormatShort", "timeFormat", "private"),
    *("useAllowList", "allowList", "workspaceId", "mainStatus"),
)


def create(state: State, body: Row) -> Row:
    """Make a page with its first components, in a given workspace or one of its own."""
    _free(state, body["subdomain"])
    if "workspace" in body:
        workspace = state.find(state.workspaces, body["workspace"], "workspace")
    else:
        workspace = user.create_workspace(state, {"name": body["name"]})
    asked = {key: value for key, value in body.items() if key not in {"components", "workspace", "email"}}
    columns = {**dict.fromkeys((*_LISTED, *_WRITTEN)), **dict.fromkeys(_SETTINGS)}
    for key in ("id", "createdAt", "updatedAt", "status", "mainStatus"):
        del columns[key]
    columns |= {
        "language": "en",
        "useLargeHeader": True,
        "brandColor": "#111",
        "okColor": "rgba(51, 177, 126, 1)",
        "dateFormat": "MMMMMM d, yyyy",
        "dateFormatShort": "MMM yyyy",
        "timeFormat": "p",
        "private": False,
        "useAllowList": False,
        "allowList": [],
        "secureLink": None,
        "secureLinks": 0,
        "workspaceId": workspace["id"],
    }
    page = state.add(state.pages, columns | asked)
    workspace["sites"].append(page["id"])
    user.join(state, page, state.user)
    for name in body["components"]:
        components.create(state, page, {"name": name})
    return page


def main_status(rows: Iterable[Row]) -> str:
    """Sum up components in the long vocabulary (quirk 45).

    The worst trouble names the status, and whether one, some or all components have it gives the prefix. A component
    with children is a heading and does not count; neither do archived ones. Incidents alone leave a page UP (quirk 81).
    """
    shown = [row for row in rows if row["archivedAt"] is None]
    parents = {row["groupId"] for row in shown}
    counted: list[str] = [row["status"] for row in shown if row["id"] not in parents]
    troubles = [status for status in counted if status in _TROUBLES]
    if not troubles:
        return "UP"
    worst = max(troubles, key=_TROUBLES.index)
    hit = troubles.count(worst)
    if hit == 1:
        return "ONE" + worst
    return ("ALL" if hit == len(counted) else "SOME") + worst


def public_status(main: str) -> str:
    """Shorten a long status to the three of public data (quirk 45)."""
    if main == "UP":
        return "UP"
    return "UNDERMAINTENANCE" if main.endswith("UNDERMAINTENANCE") else "HASISSUES"


def with_status(state: State, page: Row) -> Row:
    """Return the page's row with both of its statuses worked out."""
    main = main_status(state.components_of(page["id"]))
    return {**page, "mainStatus": main, "status": public_status(main)}


def _free(state: State, subdomain: str, page_id: str | None = None) -> None:
    if any(row["subdomain"] == subdomain and row["id"] != page_id for row in state.pages.values()):
        raise conflict("subdomain", "is taken")


def _listed(state: State, page: Row) -> Row:
    shown = only(with_status(state, page), *_LISTED)
    if page["secureLink"] is not None:
        shown["secureLink"] = page["secureLink"]
    return shown


def _written(state: State, page: Row) -> Row:
    shown = only(with_status(state, page), *_WRITTEN)
    rows = state.components_of(page["id"])
    # Right after creation the order is null, and there is an empty list of incidents (quirks 52, 57).
    shown["components"] = [
        {**only(row, "id", "name", "status", "showUptime"), "order": None, "group": None, "incidents": []}
        for row in rows
    ]
    return with_translations(shown, page)


def _new_link(state: State, page: Row) -> str:
    page["secureLinks"] += 1
    token = state.ids.secret(f"link {page['id']} {page['secureLinks']}", 40)
    return f"{state.page_url(page)}/auth?jwt={token}"


def _list(call: Call) -> Json:
    return paged(call, list(call.state.pages.values()), lambda page: _listed(call.state, page))


def _create(call: Call) -> Json:
    return _written(call.state, create(call.state, call.body))


def _update(call: Call) -> Json:
    state, page, body = call.state, call.page, dict(call.body)
    if body.pop("id", page["id"]) != page["id"]:
        raise bad("id", "is not the page in the path")
    body.pop("status", None)  # worked out from the components
    if "subdomain" in body:
        _free(state, body["subdomain"], page["id"])
    state.change(page, body)
    if page["private"] and page["secureLink"] is None:
        page["secureLink"] = _new_link(state, page)
    shown = _written(state, page)
    # A string in lists, and an object here (quirk 56).
    shown["name"] = {"en": page["name"], **page.get("translations", {}).get("name", {}), "default": page["name"]}
    return shown


def _delete(call: Call) -> Json:
    page_id = call.page["id"]
    call.state.drop_page(page_id)
    return {"id": page_id}


def _regenerate(call: Call) -> Json:
    page = call.page
    call.state.change(page, {"secureLink": _new_link(call.state, page)})
    return only(page, "id", "secureLink")


OPERATIONS: Final = (
    Operation("GET", "/v2/pages", _list),
    Operation("POST", "/v1/pages", _create, CREATE),
    Operation("PUT", "/v2/{page_id}", _update, UPDATE),
    Operation("DELETE", "/v2/{page_id}", _delete),
    Operation("POST", "/v1/{page_id}/regenerate-secure-link", _regenerate),
)
