"""Answer what a status page tells everybody, without a key."""

import hashlib
import json
import re
from collections.abc import Callable
from functools import partial
from typing import Final, TypeAlias, cast

from ..operation import only
from ..site import feeds
from ..site import page as site
from ..site.content import Kind
from ..site.document import Document
from ..state import State
from ..validate import Json, Row
from . import components, pages


def summary(state: State, page: Row) -> Json:
    """Sum up a page; what is not there has no key (quirk 80), and a maintenance's duration is a text (quirk 38)."""
    url = state.page_url(page)
    status = pages.with_status(state, page)["status"]
    shown: Row = {"page": {"name": page["name"], "url": url, "status": status}}
    incidents = [
        {
            **only(row, "id", "name", "started", "status", "impact", "updatedAt"),
            "url": f"{url}/incident/{row['id']}",
        }
        for row in state.of_page(state.incidents, page["id"])
        if row["published"] and row["status"] != "RESOLVED"
    ]
    maintenances = [
        {
            **only(row, "id", "name", "start", "status", "updatedAt"),
            "duration": str(row["duration"]),
            "url": f"{url}/maintenance/{row['id']}",
        }
        for row in state.of_page(state.maintenances, page["id"])
        if row["status"] != "COMPLETED"
    ]
    if incidents:
        shown["activeIncidents"] = incidents
    if maintenances:
        shown["activeMaintenances"] = maintenances
    return shown


def component_list(state: State, page: Row) -> Json:
    """List components flat, children before their parents; a parent's status is its own (quirk 84)."""
    rows = [row for row in state.components_of(page["id"]) if row["archivedAt"] is None]
    rows.sort(key=lambda row: row["groupId"] is None)
    return {
        "components": [
            {
                **only(row, "id", "name", "description", "status"),
                "group": components.shown_group(state, row),
            }
            for row in rows
        ]
    }


def etag_of(shown: Json) -> str:
    """Name a version of a document, so that the same one need not be sent again."""
    return f'"{hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:32]}"'


Show: TypeAlias = Callable[[State, Row], Document | Json | None]

# By path on the page's host (quirks 84 to 87, 90).
_DOCUMENTS: Final[dict[str, Show]] = {
    "/": site.home,
    "/history": site.history,
    "/history.rss": feeds.rss,
    "/history.atom": feeds.atom,
    "/summary.json": summary,
    "/v2/summary.json": summary,
    "/v3/summary.json": summary,
    "/api/v2/summary.json": summary,
    "/v2/components.json": component_list,
    "/v3/components.json": component_list,
}
_NOTICE: Final = re.compile(r"/(incident|maintenance|default)/([^/]+)")


def document_at(path: str) -> Show | None:
    """Find what shows the document of a path; it returns None if the notice that the path names is not public."""
    found = _NOTICE.fullmatch(path)  # quirk 83
    if found is None:
        return _DOCUMENTS.get(path)
    kind, notice_id = found.groups()
    return partial(site.notice, kind=None if kind == "default" else cast("Kind", kind), notice_id=notice_id)
