"""`incident open`, `ensure`, `update`, `resolve` and `list`."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import InvalidRequestError
from ..jobs.ensure import IncidentEnsure
from ..jobs.open_incident import RESOLVED_TEXT
from ..resources.incidents import IncidentCreate, IncidentStatus
from ..severity import incident_status
from .context import Command, Context, Result
from .output import moment, table
from .parser import UsageError
from .views import incident_json, incident_line, resolved_lines

__all__ = ["COMMANDS"]


def _status(context: Context) -> IncidentStatus:
    word = context.options.status
    try:
        status = incident_status(word)
    except InvalidRequestError:
        raise UsageError(f"--status {word}: say investigating, identified or monitoring. Nothing was sent.") from None
    if status == IncidentStatus.RESOLVED:
        raise UsageError(
            f"--status {word}: `incident resolve` resolves, and sets the components back. Nothing was sent."
        )
    return status


async def _open(context: Context) -> Result:
    options, status, message = context.options, _status(context), context.message()
    statuses = await context.statuses()
    page = await context.page()
    fields: IncidentCreate = {"name": options.name, "status": status, "statuses": statuses, "notify": options.notify}
    if message is not None:
        fields["message"] = message
    incident = await page.incidents.create(**fields)
    return Result(
        document={"incident": incident_json(incident)},
        lines=[incident_line("opened", incident)],
        ids=[incident.id],
        told=options.notify,
    )


async def _ensure(context: Context) -> Result:
    options, status, message = context.options, _status(context), context.message()
    statuses = await context.statuses()
    page = await context.page()
    fields: IncidentEnsure = {"status": status, "statuses": statuses, "notify": options.notify}
    if options.name is not None:
        fields["name"] = options.name
    if message is not None:
        fields["message"] = message
    ensured = await page.incidents.ensure(key=options.key, **fields)
    incident = ensured.incident
    unheard: list[str] = []
    if options.notify and not ensured.announced:
        unheard.append("nobody has been told of it yet: ensure it again in two minutes")
    return Result(
        document={
            "incident": incident_json(incident),
            "created": ensured.created,
            "announced": ensured.announced,
        },
        lines=[incident_line("opened" if ensured.created else "open already:", incident), *unheard],
        ids=[incident.id],
        told=ensured.told,
    )


async def _update(context: Context) -> Result:
    options, message = context.options, context.message()
    status = None if options.status is None else _status(context)
    if message is None:
        raise UsageError("incident update: say --message. Nothing was sent.")
    statuses = await context.statuses()
    page = await context.page()
    handle = await page.incidents.resume(options.id, notify=options.notify)
    await handle.update(message, status=status, statuses=statuses)
    return Result(
        document={"incident": incident_json(handle.incident)},
        lines=[incident_line("updated", handle.incident)],
        ids=[handle.id],
        told=options.notify,
    )


async def _resolve(context: Context) -> Result:
    options, message = context.options, context.message()
    if (options.id is None) == (options.key is None):
        raise UsageError("incident resolve: say either ID or --key. Nothing was sent.")
    if options.key is not None:
        if options.component:
            raise UsageError("incident resolve: --component goes with ID, and not with --key. Nothing was sent.")
        page = await context.page()
        text = RESOLVED_TEXT if message is None else message
        resolved = await page.incidents.resolve_open(key=options.key, message=text, notify=options.notify)
        lines = [line for incident in resolved for line in resolved_lines(incident)]
        return Result(
            document={"incidents": [incident_json(incident) for incident in resolved]},
            lines=lines or [f"nothing is open of {options.key}"],
            ids=[incident.id for incident in resolved],
            told=options.notify and bool(resolved),
        )
    statuses = await context.statuses()
    page = await context.page()
    handle = await page.incidents.resume(options.id, notify=options.notify)
    incident = await handle.resolve(message, statuses=statuses)
    posted = context.trail.writes > 0
    return Result(
        document={"incidents": [incident_json(incident)] if posted else []},
        lines=resolved_lines(incident) if posted else [incident_line("resolved already:", incident)],
        ids=[incident.id],
        told=options.notify and posted,
    )


async def _list(context: Context) -> Result:
    options = context.options
    page = await context.page()
    pager = page.incidents.list() if options.all else page.incidents.unresolved()
    incidents = await pager.collect(options.limit)
    rows = [(row.id, row.status, moment(row.started), row.name) for row in incidents]
    return Result(
        document={"incidents": [incident_json(incident) for incident in incidents]},
        lines=table("ID STATUS STARTED NAME", rows),
    )


COMMANDS: Mapping[str, Command] = {
    "open": _open,
    "ensure": _ensure,
    "update": _update,
    "resolve": _resolve,
    "list": _list,
}
