"""Finding a component by its name, and bringing a page's components to what a file says."""

# No `from __future__ import annotations`: the methods' fields are read from their annotations.

import asyncio
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Unpack

from ..errors import InvalidRequestError
from ..resources.components import Component, ComponentChange, ComponentCreate, Components
from ..session import SessionManager
from .finding import Groups, absent, matching, needle, only_one

if TYPE_CHECKING:
    from .plan import ComponentPlan
    from .specs import ComponentSpec

__all__ = ["ComponentJobs"]


class _Listing:
    """One reading of the list, which several finds may wait for."""

    def __init__(self, components: Components) -> None:
        self._components = components
        self._begun: float | None = None  # when its first request could go out
        self._waiting = 0
        self._task: asyncio.Task[Sequence[Component]] = asyncio.create_task(self._read())

    async def _read(self) -> Sequence[Component]:
        self._begun = time.monotonic()
        return await self._components.list().collect()

    @property
    def failed(self) -> bool:
        """Whether it gave nothing, and never will."""
        return self._task.cancelled() or (self._task.done() and self._task.exception() is not None)

    def may_serve(self, max_age: float) -> bool:
        """Tell whether it is no older than asked for; one that has not begun yet is as new as can be."""
        if self.failed or self._task.get_loop() is not asyncio.get_running_loop():
            return False
        return self._begun is None or time.monotonic() - self._begun < max_age

    async def rows(self) -> Sequence[Component]:
        """Wait for it; it is cancelled when nobody waits any more."""
        self._waiting += 1
        try:
            return await asyncio.shield(self._task)
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._task.cancel()  # one that is through does not mind


class ComponentJobs(Components):
    """The components of one page."""

    __slots__ = ("_listing",)

    def __init__(self, session: SessionManager, page_id: str) -> None:
        super().__init__(session, page_id)
        self._listing: _Listing | None = None

    async def find(
        self, *, name: str, group: str | None = None, max_age: float = 0.0, archived: bool = False
    ) -> Component:
        """Return the component of a name, in any group or in the `group` that has a name or an id.

        Outer blanks do not count (quirk 92). The very letters are looked for first, then the same in any case.
        Archived components are passed over unless `archived=True`.

        The list is read each time; finds that begin together share one reading. With `max_age`, in seconds, one that
        this handle began less than so long ago will do, and the record is as old as that, its status too. A write
        through this handle makes all of them too old; those of other handles and people are not seen.

        Raises NameNotFoundError with the names that look like it, and AmbiguousNameError when several have it.
        """
        wanted = needle(name, "name")
        where = None if group is None else needle(group, "group")
        rows = await self._known(_age(max_age))
        groups = Groups(rows)
        shown = [row for row in rows if archived or not row.archived_at]
        inside = shown if where is None else groups.inside(shown, where)
        found = matching(inside, wanted)
        place = "on this page" if where is None else f'in the group "{where}"'
        if not found:
            hint = ""
            if matching(shown, wanted):
                hint = f" There is {groups.describe(matching(shown, wanted)[0])}."
            elif old := matching(rows, wanted):
                hint = f" There is {groups.describe(old[0])}: archived=True finds it."
            path = f"/v1/{self._page_id}/components"
            raise absent(f'No component {place} is called "{wanted}"', wanted, [r.name for r in inside], path, hint)
        return only_one(
            found, f'"{wanted}" {place}', "Say group=, or use the id.", (groups.describe(row) for row in found)
        )

    async def plan(
        self, components: "Iterable[ComponentSpec | Mapping[str, object]]", *, archive: bool = False
    ) -> "ComponentPlan":
        """Compare the page with the components that it should have, and return what is to be done. Nothing is written.

        Entries are ComponentSpecs, or mappings of the same keys as a TOML, YAML or JSON file has them. Those that are
        not on the page will be created, and the others changed where they differ. Components that the entries do not
        mention are left alone, or archived with `archive=True`; nothing is ever deleted, and no status changed.

        A component is known by its `id`, or by its group and name; a new name without `id` or `was` is another
        component. Print the plan, and `await plan.apply()` to carry it out.

        Raises InvalidRequestError naming the place of what is wrong ("components[2].name"), and AmbiguousNameError
        when a name stands for several entries or components.
        """
        from .plan import make_plan  # noqa: PLC0415 - most programs plan nothing, and its classes take 10 ms

        return await make_plan(self, self._page_id, components, archive=archive)

    async def create(self, **fields: Unpack[ComponentCreate]) -> Component:
        """Add a component; subscribers receive nothing.

        A lost answer is looked for by the name; OutcomeUnknownError says that it was not found.
        """
        self._listing = None
        try:
            return await super().create(**fields)
        finally:
            self._listing = None

    async def update(self, component_id: str, /, **fields: Unpack[ComponentChange]) -> Component:
        """Change a component; fields left out stay as they are.

        A status set here shows on the page at once. Subscribers who asked for component changes may receive it.
        """
        self._listing = None
        try:
            return await super().update(component_id, **fields)
        finally:
            self._listing = None

    async def delete(self, component_id: str, /) -> None:
        """Delete a component and its history. The children of a parent stay (quirk 77)."""
        self._listing = None
        try:
            await super().delete(component_id)
        finally:
            self._listing = None

    async def _known(self, max_age: float) -> Sequence[Component]:
        """Return the components, from a reading that others wait for or one that is young enough."""
        listing = self._listing
        if listing is None or not listing.may_serve(max_age):
            listing = self._listing = _Listing(self)
        try:
            return await listing.rows()
        except BaseException:
            if self._listing is listing:  # whoever comes next reads again
                self._listing = None
            raise


def _age(value: object) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0 and not math.isnan(value):
        return value
    raise InvalidRequestError("max_age: expected a number of seconds, 0 or more. Nothing was sent.")
