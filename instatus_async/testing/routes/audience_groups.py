"""Serve audience groups: teammates and the components they look after."""

from typing import Final

from ..operation import Call, Operation, only, paged
from ..state import State
from ..validate import Json, Row, Shape, bad, ids, text
from . import components, notices, user

CREATE: Final = Shape(name=text, components=ids, teammates=ids)
UPDATE: Final = Shape(components=ids)


def create(state: State, page: Row, body: Row) -> Row:
    """Make a group of components and teammates of this page."""
    component_ids = notices.affected(state, page, body, [])
    members: list[str] = body.get("teammates", [])
    for place, member_id in enumerate(members):
        member = state.teammates.get(member_id)
        if member is None or member["siteId"] != page["id"]:
            raise bad(f"teammates[{place}]", f"there is no teammate {member_id!r} on this page")
    columns = {"name": body.get("name", ""), "components": component_ids, "teammates": list(dict.fromkeys(members))}
    return state.add(state.audience_groups, {"siteId": page["id"], **columns})


def _whole(state: State, group: Row) -> Row:
    return {
        **only(group, "id", "siteId", "name"),
        "teammates": [
            {
                **_join(state, group, "teammateId", member_id),
                "teammate": user.shown_teammate(state.teammates[member_id]),
            }
            for member_id in group["teammates"]
        ],
        "components": [
            {
                **_join(state, group, "componentId", component_id),
                "component": components.whole_row(state, state.components[component_id]),
            }
            for component_id in group["components"]
        ],
    }


def _join(state: State, group: Row, column: str, other_id: str) -> Row:
    row_id = "c" + state.ids.secret(f"{group['id']} {other_id}", 24)
    return {"id": row_id, "audienceGroupId": group["id"], column: other_id}


def _brief(group: Row) -> Row:
    """Show what writes answer."""
    return {**only(group, "id", "siteId", "name"), "site": {"id": group["siteId"]}}


def _find(call: Call) -> Row:
    return call.state.find(call.state.audience_groups, call.ids["audience_group_id"], "audience group", call.page["id"])


def _list(call: Call) -> Json:
    rows = call.state.of_page(call.state.audience_groups, call.page["id"])
    return paged(call, rows, lambda row: _whole(call.state, row))


def _create(call: Call) -> Json:
    return _brief(create(call.state, call.page, call.body))


def _get(call: Call) -> Json:
    return _whole(call.state, _find(call))


def _update(call: Call) -> Json:
    group = _find(call)
    component_ids = notices.affected(call.state, call.page, call.body, group["components"])
    return _brief(call.state.change(group, {"components": component_ids}))


def _delete(call: Call) -> Json:
    group = _find(call)
    del call.state.audience_groups[group["id"]]
    return _brief(group)


_GROUP: Final = "/v1/{page_id}/audience-groups/{audience_group_id}"

OPERATIONS: Final = (
    Operation("GET", "/v1/{page_id}/audience-groups", _list),
    Operation("POST", "/v1/{page_id}/audience-groups", _create, CREATE),
    Operation("GET", _GROUP, _get),
    Operation("PUT", _GROUP, _update, UPDATE),
    Operation("DELETE", _GROUP, _delete),
)
