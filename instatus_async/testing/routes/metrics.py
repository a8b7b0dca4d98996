"""Serve metrics and their datapoints."""

from bisect import insort
from itertools import pairwise
from typing import Final

from ..operation import Call, Operation, only, paged
from ..state import State
from ..times import millis as to_millis
from ..times import parse
from ..validate import Json, Kind, Row, Shape, bad, filled, list_of, millis, need, number, text

CREATE: Final = Shape(name=need(filled), suffix=need(text), subdomain=text)
UPDATE: Final = Shape(name=filled, suffix=text)
POINT: Final = Shape(timestamp=need(millis), value=need(number))

_APART: Final = 30_000
_points: Final[Kind] = list_of(POINT)


class _Points(Shape):
    """Accept `{"data": [...]}`, and the bare list that one client is happy to send (quirk 68)."""

    def __call__(self, value: Json, where: str = "") -> Row:
        return super().__call__({"data": value} if isinstance(value, list) else value, where)


POINTS: Final = _Points(data=need(_points))


def create(state: State, page: Row, body: Row) -> Row:
    """Make a metric without points; the old documents' `subdomain` is taken and ignored (quirk 67)."""
    order = len(state.of_page(state.metrics, page["id"])) + 1
    asked = only(body, "name", "suffix")
    return state.add(state.metrics, {"siteId": page["id"], "active": True, "order": order, "data": [], **asked})


def add_points(state: State, metric: Row, points: list[Row]) -> list[Row]:
    """Add points, all or none; any two of a metric must be 30 s apart (quirk 39)."""
    times = sorted([point["timestamp"] for point in (*metric["data"], *points)])
    for earlier, later in pairwise(times):
        if later - earlier < _APART:
            raise bad("timestamp", f"{later} is less than 30 s after {earlier}, and points must be 30 s apart")
    added: list[Row] = [{"id": state.ids(), **point} for point in points]
    for point in added:
        insort(metric["data"], point, key=lambda row: row["timestamp"])
    state.change(metric, {})
    return added


def _shown(metric: Row) -> Row:
    """Show a metric as it is read: its points have no id (quirk 67)."""
    shown = only(metric, "id", "name", "active", "order", "suffix")
    return {**shown, "data": [only(point, "timestamp", "value") for point in metric["data"]]}


def _written(metric: Row) -> Row:
    last = metric["data"][-1]["timestamp"] if metric["data"] else to_millis(parse(metric["createdAt"]))
    return {**_shown(metric), "lastDataAt": last}


def _find(call: Call) -> Row:
    return call.state.find(call.state.metrics, call.ids["metric_id"], "metric", call.page["id"])


def _list(call: Call) -> Json:
    return paged(call, call.state.of_page(call.state.metrics, call.page["id"]), _shown)


def _create(call: Call) -> Json:
    return _written(create(call.state, call.page, call.body))


def _get(call: Call) -> Json:
    return _shown(_find(call))


def _update(call: Call) -> Json:
    return _written(call.state.change(_find(call), call.body))


def _delete(call: Call) -> Json:
    metric = _find(call)
    del call.state.metrics[metric["id"]]
    return only(metric, "id", "name")


def _add_point(call: Call) -> Json:
    return add_points(call.state, _find(call), [call.body])[0]


def _add_points(call: Call) -> Json:
    return add_points(call.state, _find(call), call.body["data"])


def _delete_points(call: Call) -> Json:
    metric, page = _find(call), call.page
    metric["data"] = []
    return {**only(metric, "name", "order", "suffix"), "site": only(page, "id", "subdomain")}


_METRIC: Final = "/v1/{page_id}/metrics/{metric_id}"

OPERATIONS: Final = (
    Operation("GET", "/v1/{page_id}/metrics", _list),
    Operation("POST", "/v1/{page_id}/metrics", _create, CREATE),
    Operation("GET", _METRIC, _get),
    Operation("PUT", _METRIC, _update, UPDATE),
    Operation("DELETE", _METRIC, _delete),
    Operation("POST", _METRIC, _add_point, POINT),
    Operation("POST", _METRIC + "/data", _add_points, POINTS),
    Operation("DELETE", _METRIC + "/data", _delete_points),
)
