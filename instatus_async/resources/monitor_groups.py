"""Monitor groups: monitors that stand together, and can be checked together."""

from collections.abc import Iterable
from datetime import datetime
from typing import Required, TypedDict, Unpack
from urllib.parse import urlencode

import attrs

from .._body import identifier
from .._model import Guess, Id, Model
from .._wording import got, sentences
from ..errors import InvalidRequestError
from ._base import IDEMPOTENT, NOTIFY, Body, PageResource, joined
from .monitors import AnyMonitorLocation, MonitorLocation

__all__ = [
    "MonitorGroup",
    "MonitorGroupChange",
    "MonitorGroupCreate",
    "MonitorGroupMember",
    "MonitorGroups",
    "MonitorRun",
]

# "monitor" is what the API's description says, very likely by a copy error (quirk 71).
_WRAPPERS = ("monitorGroup", "monitorsGroup", "monitor", "group")


@attrs.frozen(kw_only=True)
class MonitorGroupMember(Model):
    """A monitor or a group inside a group; monitors come without a name."""

    id: str
    name: str | None = None


@attrs.frozen(kw_only=True)
class MonitorGroup(Model):
    """A group of monitors."""

    id: str
    name: str
    site_id: str | None = None
    collapsed: bool | None = None
    monitors: tuple[MonitorGroupMember, ...] = ()
    group_id: str | None = None
    children: tuple[MonitorGroupMember, ...] = ()
    parents: tuple[Id, ...] = ()
    order: int | None = None
    component_id: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


@attrs.frozen(kw_only=True)
class MonitorRun(Model):
    """What a check of a group gave."""

    result: Guess | None = None
    monitor_log_id: str | None = None


class MonitorGroupCreate(TypedDict, total=False):
    """Fields of a new group."""

    name: Required[str]
    child_id: str
    """The id of what shall be in the group from the start."""


class MonitorGroupChange(TypedDict, total=False):
    """Fields of a change."""

    name: str


class MonitorGroups(PageResource):
    """The monitor groups of one page. The API has no list of them."""

    __slots__ = ()

    async def create(self, **fields: Unpack[MonitorGroupCreate]) -> MonitorGroup:
        """Add a group.

        Raises OutcomeUnknownError when the answer is lost.
        """
        return await self._post(
            MonitorGroup,
            "/monitors-groups",
            effect=NOTIFY,
            body=Body(MonitorGroupCreate, fields, fixed={"pageId": self._page_id}),
            unwrap=_WRAPPERS,
        )

    async def update(self, group_id: str, /, **fields: Unpack[MonitorGroupChange]) -> MonitorGroup:
        """Rename a group."""
        return await self._put(
            MonitorGroup,
            "/monitors-groups/{id}",
            group_id,
            effect=IDEMPOTENT,
            body=Body(MonitorGroupChange, fields),
            unwrap=_WRAPPERS,
        )

    async def delete(self, group_id: str, /) -> None:
        """Delete a group. What becomes of its monitors is not documented: take them out with `monitors.set_group`."""
        await self._delete("/monitors-groups/{id}", group_id)

    async def add_monitors(self, group_id: str, /, monitors: Iterable[str]) -> None:
        """Put monitors, given by their ids, into a group.

        Raises InvalidIdError or InvalidRequestError before anything is sent, when even one of them is no id.
        """
        if isinstance(monitors, (str, bytes)) or not hasattr(monitors, "__iter__"):
            text = f"monitors: expected a list of ids, {got(monitors)}"
            raise InvalidRequestError(sentences(text, "Nothing was sent"))
        ids = [identifier(monitor, f"monitors[{index}]") for index, monitor in enumerate(monitors)]
        await self._send("POST", "/monitors-groups/{id}/monitors", (group_id,), IDEMPOTENT, body={"monitors": ids})

    async def run(
        self,
        group_id: str,
        /,
        *,
        location: AnyMonitorLocation | Iterable[AnyMonitorLocation] | None = None,
        retry: bool | None = None,
        monitor_log_id: str | None = None,
    ) -> MonitorRun:
        """Check a group now, from one or more locations.

        A check that fails may open incidents and alert people, so it is never started twice: when the answer is lost,
        OutcomeUnknownError is raised (quirk 10).
        """
        locations = joined(MonitorLocation, location, "location")
        query = [("location", one) for one in locations.split(",")] if locations else []
        if retry is not None:
            if type(retry) is not bool:
                raise InvalidRequestError("retry: expected True or False. Nothing was sent.")
            query.append(("retry", "true" if retry else "false"))
        if monitor_log_id is not None:
            query.append(("monitorLogId", identifier(monitor_log_id, "monitor_log_id")))
        return await self._get(MonitorRun, "/monitors-groups/{id}/run", group_id, query=urlencode(query), effect=NOTIFY)
