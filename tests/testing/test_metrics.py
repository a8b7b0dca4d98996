"""Metrics and the rules for their datapoints."""

import pytest

from instatus_async.testing import InstatusServer
from tests.testing.conftest import Caller

_PATH = "/v1/{page}/metrics"
_T = 1_767_268_800_000


async def test_a_metric_and_its_points(api: Caller, server: InstatusServer) -> None:
    made = await api("POST", _PATH, {"name": "Response time", "suffix": "ms", "subdomain": "acme"})
    assert (made["data"], made["order"], made["active"]) == ([], 1, True)
    assert isinstance(made["lastDataAt"], int)
    path = f"{_PATH}/{made['id']}"
    point = await api("POST", path, {"timestamp": _T + 60_000, "value": 355})
    assert (point["timestamp"], point["value"]) == (_T + 60_000, 355)
    many = {"data": [{"timestamp": _T + 120_000, "value": 4.5}, {"timestamp": _T, "value": 0}]}
    assert len(await api("POST", path + "/data", many)) == 2
    assert len(await api("POST", path + "/data", [{"timestamp": _T + 150_000, "value": 1}])) == 1  # a bare list
    read = await api("GET", path)
    assert [(row["timestamp"] - _T, row["value"]) for row in read["data"]] == [
        (0, 0),
        (60_000, 355),
        (120_000, 4.5),
        (150_000, 1),
    ]
    assert all(set(row) == {"timestamp", "value"} for row in read["data"])
    assert await api("GET", _PATH) == [read]
    assert (await api("PUT", path, {"suffix": "s"}))["lastDataAt"] == _T + 150_000
    assert await api("DELETE", path + "/data") == {
        "name": "Response time",
        "order": 1,
        "suffix": "s",
        "site": {"id": server.page_id, "subdomain": "acme"},
    }
    assert (await api("GET", path))["data"] == []
    assert await api("DELETE", path) == {"id": made["id"], "name": "Response time"}
    assert (await api.refused("GET", path))[0] == 404


async def test_points_are_30_seconds_apart_or_none_is_added(api: Caller, server: InstatusServer) -> None:
    (metric,) = server.seed(metrics=[{"name": "x", "suffix": "", "data": [{"timestamp": _T, "value": 1}]}])["metrics"]
    path = f"{_PATH}/{metric}"
    for timestamp in (_T, _T + 29_999, _T - 29_999):
        status, message = await api.refused("POST", path, {"timestamp": timestamp, "value": 1})
        assert status == 400
        assert message.startswith("timestamp: ")
        assert "30 s apart" in message
    among_themselves = [{"timestamp": _T + 60_000, "value": 1}, {"timestamp": _T + 60_001, "value": 1}]
    assert (await api.refused("POST", path + "/data", {"data": among_themselves}))[0] == 400
    assert len((await api("GET", path))["data"]) == 1
    await api("POST", path, {"timestamp": _T + 30_000, "value": 1})
    await api("POST", path, {"timestamp": _T - 30_000, "value": 1})


@pytest.mark.parametrize(
    "point",
    [
        {"timestamp": 1_767_268_800, "value": 1},
        {"timestamp": 1_767_268_800.5, "value": 1},
        {"timestamp": "2026-01-01T12:00:00Z", "value": 1},
        {"timestamp": _T},
        {"timestamp": _T, "value": "1"},
        {"timestamp": _T, "value": True},
        {"timestamp": _T, "value": None},
    ],
)
async def test_points_that_are_refused(api: Caller, server: InstatusServer, point: dict[str, object]) -> None:
    (metric,) = server.seed(metrics=[{"name": "x", "suffix": ""}])["metrics"]
    assert (await api.refused("POST", f"{_PATH}/{metric}", point))[0] == 400
    assert (await api.refused("POST", f"{_PATH}/{metric}/data", {"data": [point]}))[1].startswith("data[0].")
