"""On-call schedules: who is called when, in shifts that rotate."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Literal, Required, TypeAlias, TypedDict, Unpack

import attrs

from .._model import Model, OpenEnum
from ._base import IDEMPOTENT, NOTIFY, Body, PageResource
from .user import Member, Person

__all__ = [
    "AnyCustomRotationTypeUnit",
    "AnyDayOfWeek",
    "AnyRestrictionType",
    "AnyRotationType",
    "AnyScheduleStatus",
    "CustomRotationTypeUnit",
    "DayOfWeek",
    "OnCallMember",
    "OnCallMembers",
    "OnCallSchedule",
    "OnCallScheduleChange",
    "OnCallScheduleCreate",
    "OnCallSchedules",
    "OnCallShift",
    "OnCallShiftChange",
    "OnCallShiftFields",
    "OnCallShiftMember",
    "OnCallShiftMemberChange",
    "OnCallShiftMemberFields",
    "OnCallShiftTimes",
    "PersonFields",
    "RestrictionType",
    "RotationType",
    "ScheduleStatus",
    "TimeInterval",
    "TimeIntervalFields",
    "WorkspaceMemberFields",
]

# The documents have bare answers; the alike nouns beside it are wrapped.
_WRAPPERS = ("onCallSchedule", "schedule")


class ScheduleStatus(OpenEnum):
    """Whether a schedule calls people."""

    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    INACTIVE = "INACTIVE"  # the old name of PAUSED (quirk 43)


AnyScheduleStatus: TypeAlias = ScheduleStatus | Literal["ACTIVE", "PAUSED", "INACTIVE"]


class RotationType(OpenEnum):
    """How often the next member of a shift takes over."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    CUSTOM = "CUSTOM"
    """Every `custom_rotation_type_value` of `custom_rotation_type_unit`."""


AnyRotationType: TypeAlias = RotationType | Literal["DAILY", "WEEKLY", "CUSTOM"]


class CustomRotationTypeUnit(OpenEnum):
    """What a custom rotation counts."""

    HOURS = "HOURS"
    DAYS = "DAYS"
    WEEKS = "WEEKS"


AnyCustomRotationTypeUnit: TypeAlias = CustomRotationTypeUnit | Literal["HOURS", "DAYS", "WEEKS"]


class RestrictionType(OpenEnum):
    """When within its days a shift is on call."""

    NONE = "NONE"
    TIME_OF_DAY = "TIMEOFDAY"
    """From one time to another, every day."""
    TIME_INTERVALS = "TIMEINTERVALS"
    """From a time of one weekday to a time of another."""


AnyRestrictionType: TypeAlias = RestrictionType | Literal["NONE", "TIMEOFDAY", "TIMEINTERVALS"]


class DayOfWeek(OpenEnum):
    """A day of the week."""

    MONDAY = "MONDAY"
    TUESDAY = "TUESDAY"
    WEDNESDAY = "WEDNESDAY"
    THURSDAY = "THURSDAY"
    FRIDAY = "FRIDAY"
    SATURDAY = "SATURDAY"
    SUNDAY = "SUNDAY"


AnyDayOfWeek: TypeAlias = (
    DayOfWeek | Literal["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]
)


@attrs.frozen(kw_only=True)
class OnCallShiftMember(Model):
    """Somebody's place in a shift; `id` is the place's, `workspace_member.id` the member's."""

    id: str
    order: int | None = None
    color: str | None = None
    """In the dashboard, as `#RRGGBB`."""
    workspace_member: Member | None = None


@attrs.frozen(kw_only=True)
class TimeInterval(Model):
    """A part of the week, in UTC."""

    id: str
    start_day: DayOfWeek | None = None
    start_day_time: time | None = None
    end_day: DayOfWeek | None = None
    end_day_time: time | None = None


@attrs.frozen(kw_only=True)
class OnCallShift(Model):
    """A shift of a schedule."""

    id: str
    name: str | None = None
    order: int | None = None
    members: tuple[OnCallShiftMember, ...] = ()
    """As they come: the service does not sort them by `order` (quirk 76)."""
    rotation_type: RotationType | None = None
    custom_rotation_type_value: int | None = None
    custom_rotation_type_unit: CustomRotationTypeUnit | None = None
    start_date: datetime | None = None
    end_date: datetime | None = None
    """None: it goes on without an end."""
    restriction_type: RestrictionType | None = None
    time_of_day_restriction_start_time: time | None = None
    """In UTC (quirk 41)."""
    time_of_day_restriction_end_time: time | None = None
    time_intervals: tuple[TimeInterval, ...] = ()


@attrs.frozen(kw_only=True)
class OnCallSchedule(Model):
    """An on-call schedule."""

    id: str
    name: str
    description: str | None = None
    status: ScheduleStatus | None = None
    on_call_shifts: tuple[OnCallShift, ...] = ()


@attrs.frozen(kw_only=True)
class OnCallMember(Person):
    """Somebody on call."""

    phone: str | None = None


@attrs.frozen(kw_only=True)
class OnCallMembers(Model):
    """Who is on call, as they come: the service does not sort them (quirk 76)."""

    current_members: tuple[OnCallMember, ...] = ()
    next_members: tuple[OnCallMember, ...] = ()
    all_members: tuple[OnCallMember, ...] = ()


class TimeIntervalFields(TypedDict, total=False):
    """A part of the week, in UTC."""

    id: str
    """Of an interval that exists; a new one has none."""
    start_day: AnyDayOfWeek
    start_day_time: time
    end_day: AnyDayOfWeek
    end_day_time: time


class OnCallShiftTimes(TypedDict, total=False):
    """Fields that a new shift and a changed one share. Times of day are in UTC (quirk 41)."""

    custom_rotation_type_value: int | None
    custom_rotation_type_unit: AnyCustomRotationTypeUnit | None
    end_date: datetime
    """Aware; left out, the shift goes on without an end."""
    restriction_type: AnyRestrictionType
    time_of_day_restriction_start_time: time | None
    """For TIMEOFDAY."""
    time_of_day_restriction_end_time: time | None
    time_intervals: Sequence[TimeIntervalFields]
    """For TIMEINTERVALS."""


class OnCallShiftMemberFields(TypedDict):
    """Somebody's place in a new shift."""

    workspace_member_id: str
    color: str
    """In the dashboard, as `#RRGGBB`."""


class OnCallShiftFields(OnCallShiftTimes, total=False):
    """Fields of a new shift."""

    name: Required[str]
    members: Required[Sequence[OnCallShiftMemberFields]]
    """At least one."""
    rotation_type: Required[AnyRotationType]
    start_date: Required[datetime]
    """Aware."""


class OnCallScheduleCreate(TypedDict, total=False):
    """Fields of a new schedule."""

    name: Required[str]
    on_call_shifts: Required[Sequence[OnCallShiftFields]]
    description: str


class PersonFields(TypedDict, total=False):
    """A person, as answers name them; the service knows them by the member's id."""

    id: str
    name: str | None
    email: str
    avatar: str | None


class WorkspaceMemberFields(TypedDict, total=False):
    """A workspace member, as answers name them."""

    id: Required[str]
    user: PersonFields


class OnCallShiftMemberChange(TypedDict, total=False):
    """Somebody's place in a changed shift, named as answers do or as for a new shift."""

    id: str
    """Of a place that exists; a new one has none."""
    order: int
    color: str
    """In the dashboard, as `#RRGGBB`."""
    workspace_member: WorkspaceMemberFields
    workspace_member_id: str


class OnCallShiftChange(OnCallShiftTimes, total=False):
    """Fields of a changed shift."""

    id: str
    """Of a shift that exists; a new one has none."""
    name: str
    order: int
    members: Sequence[OnCallShiftMemberChange]
    rotation_type: AnyRotationType
    start_date: datetime
    """Aware."""


class OnCallScheduleChange(TypedDict, total=False):
    """Fields of a change."""

    name: str
    description: str
    status: AnyScheduleStatus
    on_call_shifts: Sequence[OnCallShiftChange]


class OnCallSchedules(PageResource):
    """The on-call schedules of one page. The API has no list of them: keep the ids (quirk 31)."""

    __slots__ = ()

    async def create(self, **fields: Unpack[OnCallScheduleCreate]) -> OnCallSchedule:
        """Add an on-call schedule.

        Raises OutcomeUnknownError when the answer is lost: look in the dashboard before you add it again.

        Source: https://instatus.com/help/api/on-call-schedules
        """
        return await self._post(
            OnCallSchedule,
            "/on-call-schedules",
            effect=NOTIFY,
            body=Body(OnCallScheduleCreate, fields, fixed={"pageId": self._page_id}),
            unwrap=_WRAPPERS,
        )

    async def update(self, schedule_id: str, /, **fields: Unpack[OnCallScheduleChange]) -> OnCallSchedule:
        """Change an on-call schedule; `status="PAUSED"` keeps it from calling people."""
        return await self._put(
            OnCallSchedule,
            "/on-call-schedules/{id}",
            schedule_id,
            effect=IDEMPOTENT,
            body=Body(OnCallScheduleChange, fields),
            unwrap=_WRAPPERS,
        )

    async def delete(self, schedule_id: str, /) -> None:
        """Delete an on-call schedule."""
        await self._delete("/on-call-schedules/{id}", schedule_id)

    async def members(self, schedule_id: str, /) -> OnCallMembers:
        """Return who is on call now, who is next, and everybody; not sorted (quirk 76)."""
        return await self._get(OnCallMembers, "/on-call-schedules/{id}/members", schedule_id)
