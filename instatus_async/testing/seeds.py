"""Make the state that a server starts with, and add to it without a request.

Rows are what the API's create operations take, in the wire's camelCase, and are checked by the same rules. Any other
column of the row may be given too and is then simply set (`"confirmed": True` of a subscriber, `"data"` of a metric),
and incidents and maintenances may bring `updates`. Seeding tells nobody, and what is refused adds nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from .routes import (
    audience_groups,
    components,
    escalation,
    incidents,
    integrations,
    maintenances,
    metrics,
    monitors,
    on_call,
    pages,
    routing,
    subscribers,
    templates,
    user,
)
from .state import State
from .validate import Json, Row, Shape, meant, wire_name

_Create: TypeAlias = Callable[[State, Row, Row], Row]


def _page(state: State, page: Row, body: Row) -> Row:
    """Make one more page; it belongs to no other page."""
    del page
    return pages.create(state, {"workspace": next(iter(state.workspaces)), **body})


def _workspace(state: State, page: Row, body: Row) -> Row:
    del page
    return user.create_workspace(state, body)


# In the order in which one may need another.
NOUNS: Final[Mapping[str, tuple[Shape, _Create]]] = {
    "workspaces": (user.CREATE_WORKSPACE, _workspace),
    "pages": (pages.CREATE, _page),
    "components": (components.CREATE, components.create),
    "teammates": (user.ADD_TEAMMATE, user.create_teammate),
    "audience_groups": (audience_groups.CREATE, audience_groups.create),
    "subscribers": (subscribers.CREATE, subscribers.create),
    "templates": (templates.CREATE, templates.create),
    "incidents": (incidents.CREATE, incidents.create),
    "maintenances": (maintenances.CREATE, maintenances.create),
    "metrics": (metrics.CREATE, metrics.create),
    "monitor_alerts": (monitors.CREATE_ALERT, monitors.create_alert),
    "monitors": (monitors.CREATE, monitors.create),
    "monitor_groups": (monitors.CREATE_GROUP, monitors.create_group),
    "routing_rules": (routing.CREATE, routing.create),
    "escalation_policies": (escalation.CREATE, escalation.create),
    "on_call_schedules": (on_call.CREATE, on_call.create),
    "integrations": (integrations.CREATE, integrations.create),
    "heartbeats": (integrations.CREATE_HEARTBEAT, integrations.create_heartbeat),
}

# What a row of these may bring as a further column, `updates`.
_UPDATES: Final[Mapping[str, tuple[Shape, _Create]]] = {
    "incidents": (incidents.CREATE_UPDATE, incidents.add_update),
    "maintenances": (maintenances.WRITE_UPDATE, maintenances.add_update),
}


def begin(state: State) -> None:
    """Fill an empty state: one user, one workspace, one page named Acme with three components."""
    state.user = user.new_user(state, "ana@acme.example", "Ana")
    workspace = user.create_workspace(state, {"name": "Acme"})
    acme = {"name": "Acme", "subdomain": "acme", "components": ["Website", "App", "API"], "workspace": workspace["id"]}
    pages.create(state, acme)


def seed(state: State, page: Row, wanted: Mapping[str, Sequence[Row]]) -> dict[str, tuple[str, ...]]:
    """Add rows, by noun, to a page; return their ids, by noun."""
    for noun in wanted:
        if noun not in NOUNS:
            message = f"there is nothing to seed by the name of {noun!r}; there is " + ", ".join(NOUNS)
            raise TypeError(message)
    with state.all_or_nothing():
        return {noun: tuple(_one(state, page, noun, row) for row in wanted[noun]) for noun in NOUNS if noun in wanted}


def _one(state: State, page: Row, noun: str, given: Mapping[str, Json]) -> str:
    shape, create = NOUNS[noun]
    for key in given:
        if key not in shape.fields and wire_name(key) in shape.fields:  # else "is missing" may come first
            raise _no_column(noun, key, shape.fields)
    asked = {key: value for key, value in given.items() if key in shape.fields}
    extra = {key: value for key, value in given.items() if key not in shape.fields}
    if "pageId" in shape.fields:
        asked.setdefault("pageId", page["id"])
    if noun == "templates":
        asked.setdefault("subdomain", page["subdomain"])
    row = create(state, page, shape(asked))
    if noun in _UPDATES:
        update_shape, add = _UPDATES[noun]
        for update in extra.pop("updates", []):
            add(state, row, update_shape(update, "updates"))
    for column, value in extra.items():
        if column not in row:
            raise _no_column(noun, column, {**shape.fields, **row})
        row[column] = value
    return str(row["id"])


def _no_column(noun: str, column: str, known: Iterable[str]) -> TypeError:
    return TypeError(f"{noun} have no column {column!r}{meant(column, known)}")
