"""On-call schedules: who is on call, and when."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from instatus_async.testing import InstatusServer, rota
from instatus_async.testing.times import parse
from tests.testing.conftest import Caller


def _shift(people: list[str], **more: Any) -> dict[str, Any]:
    return {
        "name": "Night",
        "members": [{"workspaceMemberId": person, "color": "#111"} for person in people],
        "rotationType": "DAILY",
        "startDate": "2026-01-01T00:00:00Z",
        **more,
    }


async def _names(api: Caller, schedule: str) -> tuple[list[str], ...]:
    members = await api("GET", f"/on-call-schedules/{schedule}/members")
    return tuple([row["email"][0] for row in members[key]] for key in ("currentMembers", "nextMembers", "allMembers"))


async def test_a_schedule_from_creation_to_deletion(api: Caller, server: InstatusServer) -> None:
    people = list(
        server.seed(teammates=[{"email": f"{name}@acme.example", "permission": "FULL"} for name in "bcd"])["teammates"]
    )
    body = {"pageId": server.page_id, "name": "Weekend", "onCallShifts": [_shift(people)]}
    made = await api("POST", "/on-call-schedules", body)
    assert (made["name"], made["description"], made["status"]) == ("Weekend", "", "ACTIVE")
    (shift,) = made["onCallShifts"]
    assert [member["order"] for member in shift["members"]] == [3, 2, 1]  # not sorted
    assert shift["members"][2]["workspaceMember"]["user"]["email"] == "b@acme.example"
    assert (shift["restrictionType"], shift["order"]) == ("NONE", 1)
    assert "endDate" not in shift  # the documents do not let it be null

    schedule = made["id"]
    assert await _names(api, schedule) == (["b"], ["c"], ["b", "c", "d"])
    server.advance(timedelta(days=2))
    assert await _names(api, schedule) == (["d"], ["b"], ["b", "c", "d"])

    path = f"/on-call-schedules/{schedule}"
    again = await api("PUT", path, {"onCallShifts": made["onCallShifts"]})  # as it was read
    assert again == made
    await api("PUT", path, {"status": "PAUSED", "name": "Weekends"})
    assert await _names(api, schedule) == ([], [], ["b", "c", "d"])
    ended = {**shift, "endDate": "2026-01-02T00:00:00Z"}
    await api("PUT", path, {"status": "ACTIVE", "onCallShifts": [ended]})
    assert await _names(api, schedule) == ([], [], ["b", "c", "d"])
    assert await api.send("DELETE", path) == (204, "")
    assert (await api.refused("GET", path + "/members"))[0] == 404


async def test_schedules_that_are_refused(api: Caller, server: InstatusServer) -> None:
    (person,) = (row["id"] for row in await api("GET", "/v1/{page}/team"))
    wrongs: tuple[tuple[dict[str, Any], str], ...] = (
        ({"members": []}, "members"),
        ({"members": [{"workspaceMemberId": "nope", "color": ""}]}, "members[0].workspaceMemberId"),
        ({"rotationType": "CUSTOM"}, "customRotationTypeValue"),
        ({"rotationType": "CUSTOM", "customRotationTypeValue": 1}, "customRotationTypeUnit"),
        (
            {"rotationType": "CUSTOM", "customRotationTypeValue": 0, "customRotationTypeUnit": "DAYS"},
            "customRotationTypeValue",
        ),
        ({"restrictionType": "TIMEOFDAY"}, "timeOfDayRestrictionStartTime"),
        ({"restrictionType": "TIMEINTERVALS"}, "timeIntervals"),
        ({"startDate": "2026-01-01T00:00:00"}, "startDate"),
    )
    for wrong, field in wrongs:
        body = {"pageId": server.page_id, "name": "x", "onCallShifts": [_shift([person], **wrong)]}
        status, message = await api.refused("POST", "/on-call-schedules", body)
        assert (status, message.partition(":")[0]) == (400, "onCallShifts[0]." + field)
    assert (await api.refused("POST", "/on-call-schedules", {"name": "x", "onCallShifts": []}))[
        1
    ] == "pageId: is missing"


def _rota(count: int, **more: Any) -> dict[str, Any]:
    members = [{"order": order, "name": "abc"[order - 1]} for order in range(1, count + 1)]
    return {
        "members": members[::-1],
        "rotationType": "DAILY",
        "customRotationTypeValue": None,
        "customRotationTypeUnit": None,
        "startDate": "2026-01-01T00:00:00.000Z",  # a Thursday
        "endDate": None,
        "restrictionType": "NONE",
        "timeOfDayRestrictionStartTime": None,
        "timeOfDayRestrictionEndTime": None,
        "timeIntervals": [],
        **more,
    }


def _two(shift: dict[str, Any], moment: datetime) -> str:
    both = (rota.current(shift, moment), rota.following(shift, moment))
    return "".join(member["name"] if member else "-" for member in both)


_NIGHT = {
    "restrictionType": "TIMEOFDAY",
    "timeOfDayRestrictionStartTime": "1970-01-01T21:00:00.000Z",
    "timeOfDayRestrictionEndTime": "1970-01-01T03:00:00.000Z",
}
_WEEKEND = {
    "restrictionType": "TIMEINTERVALS",
    "timeIntervals": [
        {
            "startDay": "SATURDAY",
            "startDayTime": "1970-01-01T21:00:00.000Z",
            "endDay": "MONDAY",
            "endDayTime": "1970-01-01T03:00:00.000Z",
        }
    ],
}
_TWELVE_HOURS = {"rotationType": "CUSTOM", "customRotationTypeValue": 12, "customRotationTypeUnit": "HOURS"}
_TWO_WEEKS = {"rotationType": "CUSTOM", "customRotationTypeValue": 2, "customRotationTypeUnit": "WEEKS"}


@pytest.mark.parametrize(
    ("more", "moment", "expected"),
    [
        ({}, "2025-12-31T23:59:59Z", "-a"),
        ({}, "2026-01-01T00:00:00Z", "ab"),
        ({}, "2026-01-01T23:59:59Z", "ab"),
        ({}, "2026-01-03T00:00:00Z", "ca"),
        ({"rotationType": "WEEKLY"}, "2026-01-07T23:59:59Z", "ab"),
        ({"rotationType": "WEEKLY"}, "2026-01-08T00:00:00Z", "bc"),
        (_TWELVE_HOURS, "2026-01-01T12:00:00Z", "bc"),
        (_TWO_WEEKS, "2026-01-15T00:00:00Z", "bc"),
        ({"endDate": "2026-01-02T00:00:00.000Z"}, "2026-01-01T12:00:00Z", "a-"),
        ({"endDate": "2026-01-02T00:00:00.000Z"}, "2026-01-02T00:00:00Z", "--"),
        (_NIGHT, "2026-01-01T02:59:59Z", "ab"),
        (_NIGHT, "2026-01-01T03:00:00Z", "-a"),
        (_NIGHT, "2026-01-01T21:00:00Z", "ab"),
        (_NIGHT, "2026-01-02T01:00:00Z", "bc"),
        ({**_NIGHT, "endDate": "2026-01-01T12:00:00.000Z"}, "2026-01-01T04:00:00Z", "--"),
        (_WEEKEND, "2026-01-01T12:00:00Z", "-c"),
        (_WEEKEND, "2026-01-03T21:00:00Z", "ca"),
        (_WEEKEND, "2026-01-05T02:59:59Z", "ba"),  # the next open turn is the one of Saturday the 10th
        (_WEEKEND, "2026-01-05T03:00:00Z", "-a"),
    ],
)
def test_turns_and_restrictions(more: dict[str, Any], moment: str, expected: str) -> None:
    assert _two(_rota(3, **more), parse(moment)) == expected


def test_somebody_alone_comes_after_themselves() -> None:
    assert _two(_rota(1), datetime(2026, 1, 9, 12, tzinfo=UTC)) == "aa"
