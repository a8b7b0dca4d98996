"""Serve subscribers, and find those whom an announcement concerns."""

from collections.abc import Iterable
from typing import Final

from ..operation import Call, Operation, only, paged, searched
from ..state import State
from ..validate import Json, Row, Shape, bad, conflict, email, filled, flag, ids, maybe, text

CREATE: Final = Shape(
    email=email,
    phone=filled,
    webhook=filled,
    webhookEmail=email,
    all=flag,
    autoConfirm=flag,
    components=maybe(ids),
    language=text,
)

_SHORT: Final = ("id", "email", "phone", "webhook", "webhookEmail", "confirmed", "all", "components")
_REMOVED: Final = (
    *("id", "name", "email", "phone", "webhook", "webhookEmail", "discord", "microsoftTeamsWebhook", "company"),
)


def create(state: State, page: Row, body: Row) -> Row:
    """Subscribe an address to the page or to some components; it is confirmed at once only with `autoConfirm`."""
    wanted: list[str] = body.get("components") or []
    for place, component_id in enumerate(wanted):
        row = state.components.get(component_id)
        if row is None or row["siteId"] != page["id"]:
            raise bad(f"components[{place}]", f"there is no component {component_id!r} on this page")
    reach = {key: body[key] for key in ("email", "phone", "webhook") if key in body}
    if not reach:
        raise bad("email", "is missing, and so are phone and webhook")
    others = state.of_page(state.subscribers, page["id"])
    for key, address in reach.items():
        if any(row[key] == address for row in others):
            raise conflict(key, "is subscribed already")
    everything = body.get("all", not wanted)
    columns: Row = {
        "name": None,
        "email": None,
        "phone": None,
        "confirmed": body.get("autoConfirm", False),
        "all": everything,
        "siteId": page["id"],
        "unsubscribeToken": None,
        "webhook": None,
        "webhookEmail": body.get("webhookEmail"),
        "discord": None,
        "discordTeam": None,
        "slack": None,
        "slackTeam": None,
        "language": body.get("language", page["language"]),
        "company": None,
        "microsoftTeamsWebhook": None,
        "googleChatWebhook": None,
        "googleChatSpace": None,
        "failedAttempts": 0,
        "approved": True,
        "importedFrom": None,
        "hideUnsubLink": False,
        "webhookIncidentBody": None,
        "webhookMaintenanceBody": None,
        "webhookComponentBody": None,
        "webhookHttpMethod": "POST",
        "webhookHeaders": None,
        "webhookQueryParams": None,
        "components": [] if everything else wanted,  # null goes in, [] comes out (quirk 66)
    }
    row = state.add(state.subscribers, columns | reach)
    row["unsubscribeToken"] = state.ids.secret(f"unsubscribe {row['id']}", 32)
    return row


def concerned(state: State, page_id: str, component_ids: Iterable[str]) -> list[Row]:
    """List who subscribed to the whole page or to one of these components."""
    affected = set(component_ids)
    rows = state.of_page(state.subscribers, page_id)
    return [row for row in rows if row["all"] or not affected.isdisjoint(row["components"])]


def _list(call: Call) -> Json:
    rows = call.state.of_page(call.state.subscribers, call.page["id"])
    found = searched(call, rows, "email", "phone", "webhook", "name")
    return paged(call, found, lambda row: only(row, *_SHORT))


def _create(call: Call) -> Json:
    row = create(call.state, call.page, call.body)
    if not row["confirmed"] and row["email"]:
        call.write_to(row["email"], row["id"], "please confirm the subscription", row["id"])
    shown = {key: value for key, value in row.items() if key != "components"}
    # The answer says unconfirmed even where the subscriber is not (quirk 65); the lists tell the truth.
    return {**shown, "confirmed": False, "site": {"id": row["siteId"]}}


def _delete(call: Call) -> Json:
    state = call.state
    row = state.find(state.subscribers, call.ids["subscriber_id"], "subscriber", call.page["id"])
    del state.subscribers[row["id"]]
    return {**only(row, *_REMOVED), "site": {"id": row["siteId"]}}


OPERATIONS: Final = (
    Operation("GET", "/v1/{page_id}/subscribers", _list),
    Operation("GET", "/v2/{page_id}/subscribers", _list),
    Operation("POST", "/v1/{page_id}/subscribers", _create, CREATE),
    Operation("DELETE", "/v1/{page_id}/subscribers/{subscriber_id}", _delete),
)
