"""Serve on-call schedules, and say who is on call."""

from itertools import chain
from typing import Final

from .. import rota
from ..operation import Call, Operation, only, without_nulls
from ..state import State
from ..times import parse
from ..validate import Json, Kind, Row, Shape, bad, filled, list_of, maybe, need, one_of, text, when, whole
from . import user

_day: Final = one_of(*rota.DAYS)
_interval: Final = Shape(
    id=text, startDay=need(_day), startDayTime=need(when), endDay=need(_day), endDayTime=need(when)
)
_new_member: Final = Shape(workspaceMemberId=need(text), color=need(text))
# An update may send members back as they were read, or as they are created.
_member: Final = Shape(
    id=text,
    order=whole,
    color=text,
    workspaceMemberId=text,
    workspaceMember=Shape(id=need(text), user=Shape(id=text, name=maybe(text), email=text, avatar=maybe(text))),
)


def _shift(member: Kind) -> Shape:
    return Shape(
        id=text,
        order=whole,
        name=need(filled),
        members=need(list_of(member)),
        rotationType=need(one_of("DAILY", "WEEKLY", "CUSTOM")),
        customRotationTypeValue=maybe(whole),
        customRotationTypeUnit=maybe(one_of("HOURS", "DAYS", "WEEKS")),
        startDate=need(when),
        endDate=maybe(when),
        restrictionType=one_of("NONE", "TIMEOFDAY", "TIMEINTERVALS"),
        timeOfDayRestrictionStartTime=maybe(when),
        timeOfDayRestrictionEndTime=maybe(when),
        timeIntervals=list_of(_interval),
    )


CREATE: Final = Shape(
    name=need(filled), description=text, pageId=need(text), onCallShifts=need(list_of(_shift(_new_member)))
)
UPDATE: Final = Shape(
    name=filled, description=text, status=one_of("ACTIVE", "PAUSED"), onCallShifts=list_of(_shift(_member))
)

_LONGEST: Final = 10_000  # of a rotation's own periods


def create(state: State, page: Row, body: Row) -> Row:
    """Keep a schedule of shifts; their members must be teammates of the page."""
    shifts = [_made(state, page["id"], order, asked) for order, asked in enumerate(body["onCallShifts"], 1)]
    columns = {"name": body["name"], "description": body.get("description", ""), "status": "ACTIVE"}
    return state.add(state.on_call_schedules, {"siteId": page["id"], **columns, "onCallShifts": shifts})


def _made(state: State, page_id: str, order: int, asked: Row) -> Row:
    where = f"onCallShifts[{order - 1}]"
    _check(where, asked)
    people = [
        _made_member(state, page_id, f"{where}.members[{place}]", place + 1, member)
        for place, member in enumerate(asked["members"])
    ]
    return {
        "id": asked.get("id") or state.ids(),
        "name": asked["name"],
        "order": asked.get("order", order),
        "members": people,
        "rotationType": asked["rotationType"],
        "customRotationTypeValue": asked.get("customRotationTypeValue"),
        "customRotationTypeUnit": asked.get("customRotationTypeUnit"),
        "startDate": asked["startDate"],
        "endDate": asked.get("endDate"),
        "restrictionType": asked.get("restrictionType", "NONE"),
        "timeOfDayRestrictionStartTime": asked.get("timeOfDayRestrictionStartTime"),
        "timeOfDayRestrictionEndTime": asked.get("timeOfDayRestrictionEndTime"),
        "timeIntervals": [{"id": state.ids(), **interval} for interval in asked.get("timeIntervals", [])],
    }


def _made_member(state: State, page_id: str, where: str, order: int, asked: Row) -> Row:
    member_id = asked.get("workspaceMemberId") or asked.get("workspaceMember", {}).get("id")
    teammate = state.teammates.get(member_id or "")
    if teammate is None or teammate["siteId"] != page_id:
        raise bad(f"{where}.workspaceMemberId", f"there is no teammate {member_id!r} on this page")
    row_id = asked.get("id") or state.ids()
    columns = {"order": asked.get("order", order), "color": asked.get("color", "#33B17E")}
    return {"id": row_id, **columns, "workspaceMemberId": teammate["id"], "user": teammate["user"]}


def _check(where: str, shift: Row) -> None:
    """Refuse a shift without anybody, without a period, or without the times of its restriction."""
    if not shift["members"]:
        raise bad(f"{where}.members", "must have at least one member")
    if shift["rotationType"] == "CUSTOM":
        for key in ("customRotationTypeValue", "customRotationTypeUnit"):
            if shift.get(key) is None:
                raise bad(f"{where}.{key}", "is missing, and the rotation is CUSTOM")
        if not 1 <= shift["customRotationTypeValue"] <= _LONGEST:
            raise bad(f"{where}.customRotationTypeValue", f"must be from 1 to {_LONGEST}")
    if shift.get("restrictionType") == "TIMEOFDAY":
        for key in ("timeOfDayRestrictionStartTime", "timeOfDayRestrictionEndTime"):
            if shift.get(key) is None:
                raise bad(f"{where}.{key}", "is missing, and the restriction is TIMEOFDAY")
    if shift.get("restrictionType") == "TIMEINTERVALS" and not shift.get("timeIntervals"):
        raise bad(f"{where}.timeIntervals", "is missing, and the restriction is TIMEINTERVALS")


def _shown(schedule: Row) -> Row:
    shown = only(schedule, "id", "name", "description", "status")
    shown["onCallShifts"] = [
        without_nulls({**shift, "members": _shown_members(shift)}, "endDate") for shift in schedule["onCallShifts"]
    ]
    return shown


def _shown_members(shift: Row) -> list[Row]:
    """Show the members last turn first: they are not sorted by `order` (quirk 76)."""
    return [
        {
            **only(member, "id", "order", "color"),
            "workspaceMember": {"id": member["workspaceMemberId"], "user": user.brief(member["user"])},
        }
        for member in reversed(rota.members(shift))
    ]


def _people(found: list[Row | None]) -> list[Row]:
    """Show members as people, each once."""
    by_id = {member["workspaceMemberId"]: member["user"] for member in found if member}
    return [
        {"id": member_id, **only(person, "name", "email", "phone", "avatar")} for member_id, person in by_id.items()
    ]


def _find(call: Call) -> Row:
    return call.state.find(call.state.on_call_schedules, call.ids["id"], "on-call schedule")


def _create(call: Call) -> Json:
    return _shown(create(call.state, call.state.page(call.body["pageId"]), call.body))


def _update(call: Call) -> Json:
    state, body, schedule = call.state, dict(call.body), _find(call)
    if "onCallShifts" in body:
        asked = enumerate(body["onCallShifts"], 1)
        body["onCallShifts"] = [_made(state, schedule["siteId"], order, shift) for order, shift in asked]
    return _shown(state.change(schedule, body))


def _delete(call: Call) -> Json:
    del call.state.on_call_schedules[_find(call)["id"]]


def _members(call: Call) -> Json:
    """Say who is on call now and who is next; while a schedule is paused, nobody is."""
    schedule, now = _find(call), parse(call.state.now())
    active: list[Row] = schedule["onCallShifts"] if schedule["status"] == "ACTIVE" else []
    everybody = chain.from_iterable(rota.members(shift) for shift in schedule["onCallShifts"])
    return {
        "currentMembers": _people([rota.current(shift, now) for shift in active]),
        "nextMembers": _people([rota.following(shift, now) for shift in active]),
        "allMembers": _people(list(everybody)),
    }


OPERATIONS: Final = (
    Operation("POST", "/on-call-schedules", _create, CREATE),
    Operation("PUT", "/on-call-schedules/{id}", _update, UPDATE),
    Operation("DELETE", "/on-call-schedules/{id}", _delete, status=204),
    Operation("GET", "/on-call-schedules/{id}/members", _members),
)
