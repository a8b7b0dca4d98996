"""`maintenance schedule`, `start`, `complete` and `list`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from ..resources.components import ComponentStatus
from ..resources.maintenances import MaintenanceStatus
from .context import Command, Context, Result, instant
from .output import moment, table
from .parser import UsageError
from .views import maintenance_json, maintenance_line

__all__ = ["COMMANDS"]


async def _schedule(context: Context) -> Result:
    options, message = context.options, context.message()
    if options.remind is not None and not options.notify:
        raise UsageError("--remind tells subscribers: say --notify too. Nothing was sent.")
    start = instant(options.start, "--start")
    end = None if options.end is None else instant(options.end, "--end")
    if _over(start, options.minutes, end):
        raise UsageError(f"--start {options.start}: a maintenance from then on is over already. Nothing was sent.")
    statuses = await context.statuses(default=ComponentStatus.UNDER_MAINTENANCE)
    page = await context.page()
    maintenance = await page.maintenances.schedule(
        [*statuses],
        name=options.name,
        start=start,
        minutes=options.minutes,
        end=end,
        message=message,
        notify=options.notify,
        auto=not options.by_hand,
        remind=options.remind,
        overlap=options.overlap,
        statuses=statuses,
    )
    return Result(
        document={"maintenance": maintenance_json(maintenance)},
        lines=[maintenance_line("scheduled", maintenance)],
        ids=[maintenance.id],
        told=options.notify,
    )


def _over(start: datetime, minutes: int | None, end: datetime | None) -> bool:
    """Tell whether all of a maintenance is in the past; what cannot be its end is refused elsewhere."""
    now = datetime.now(UTC)
    if end is not None:
        return minutes is None and start < end <= now
    return minutes is not None and 0 < minutes * 60 <= (now - start).total_seconds()


async def _start(context: Context) -> Result:
    options, message, statuses = context.options, context.message(), await context.statuses()
    page = await context.page()
    maintenance = await page.maintenances.start(options.id, message, statuses=statuses, notify=options.notify)
    posted = context.trail.writes > 0
    return Result(
        document={"maintenance": maintenance_json(maintenance)},
        lines=[maintenance_line("started" if posted else "in progress already:", maintenance)],
        ids=[maintenance.id],
        told=options.notify and posted,
    )


async def _complete(context: Context) -> Result:
    options, message, statuses = context.options, context.message(), await context.statuses()
    page = await context.page()
    maintenance = await page.maintenances.complete(options.id, message, statuses=statuses, notify=options.notify)
    posted = context.trail.writes > 0
    return Result(
        document={"maintenance": maintenance_json(maintenance)},
        lines=[maintenance_line("completed" if posted else "over already:", maintenance)],
        ids=[maintenance.id],
        told=options.notify and posted,
    )


async def _list(context: Context) -> Result:
    options = context.options
    page = await context.page()
    found = [row async for row in page.maintenances.list() if options.all or row.status != MaintenanceStatus.COMPLETED]
    shown = found if options.limit is None else found[: options.limit]
    rows = [(row.id, row.status, moment(row.start), _minutes(row.duration), row.name) for row in shown]
    return Result(
        document={"maintenances": [maintenance_json(row) for row in shown]},
        lines=table("ID STATUS START DURATION NAME", rows),
    )


def _minutes(duration: float | None) -> str | None:
    return None if duration is None else f"{duration:.10g} min"


COMMANDS: Mapping[str, Command] = {"schedule": _schedule, "start": _start, "complete": _complete, "list": _list}
