"""Resolve what is open about one trouble, and tell it once.

Runs that turn green together all find the incident open. So each resolution is first posted silently; `SETTLE` later
whoever's was first announces it with one more update, and the others delete theirs. It is the election of `ensure`,
among updates that resolve in place of incidents, with the same theory, the same cost and the same gap: a winner that
dies in between leaves an incident that is resolved and was never announced as such. Without `notify` there is nothing
to elect.
"""

from datetime import datetime

from ..errors import DecodeError
from ..resources.components import ComponentStatus
from ..resources.incidents import Incident, Incidents, IncidentStatus, IncidentUpdate, IncidentUpdateCreate
from ._lifecycle import EVER, NEVER, QUIET, affects, after_update, naming, own_moment, settle, status_of
from .ensure import Trouble, open_ones

__all__ = ["resolve_all"]


async def resolve_all(incidents: Incidents, trouble: Trouble, message: str, *, notify: bool) -> tuple[Incident, ...]:
    """Resolve what is open, and return what this call has resolved."""
    everything = await open_ones(incidents, lambda _: True)
    others = [incident for incident in everything if not trouble.concerns(incident)]
    posted: dict[str, tuple[Incident, IncidentUpdate, IncidentUpdateCreate]] = {}
    for incident in everything:
        if incident in others:
            continue
        async with naming(f"The incident {incident.id} ({incident.name}) was being resolved.", incident.id):
            present = await incidents.get(incident.id)
            if present.status != IncidentStatus.RESOLVED:
                update = _resolution(present, others, message)
                own = await incidents.updates.create(present.id, **update)
                posted[present.id] = present, own, update
    if notify and posted:
        async with naming(f"Resolved silently, and perhaps not announced: {', '.join(posted)}.", *posted):
            await settle()
            for incident_id, (before, own, update) in list(posted.items()):
                if not await _announce(incidents, before, own, update):
                    del posted[incident_id]
    return tuple(after_update(before, own, update["statuses"]) for before, own, update in posted.values())


async def _announce(incidents: Incidents, before: Incident, own: IncidentUpdate, update: IncidentUpdateCreate) -> bool:
    """Announce a resolution if it was the first, else take it back."""
    present = await incidents.get(before.id)
    shown = next((new.status for new in present.updates if new.id == own.id), None)
    if shown is None:
        return False  # somebody has taken it back already
    if shown != IncidentStatus.RESOLVED:
        raise DecodeError(
            f"The incident {before.id}: its update {own.id} was posted as RESOLVED and is {shown} now, so nobody knows "
            "which update resolved it first. Nothing was announced. Look at it, and post an update.",
            path="$.updates",
            may_have_applied=True,
        )
    if present.status != IncidentStatus.RESOLVED:
        return True  # somebody has opened it again, and that stands
    first = min(_resolutions(present), key=_order, default=own)
    if first.id != own.id:
        await incidents.updates.delete(before.id, own.id)
        return False
    announcement: IncidentUpdateCreate = {**update, "notify": True}
    del announcement["started"]  # it is another one, with a moment of its own
    await incidents.updates.create(before.id, **announcement)
    return True


def _resolutions(incident: Incident) -> list[IncidentUpdate]:
    """Return the updates that resolve it, without those of an earlier time when it was opened again after them."""
    found: list[IncidentUpdate] = []
    for update in sorted(incident.updates, key=_made):
        if update.status == IncidentStatus.RESOLVED:
            found.append(update)
        else:
            found.clear()
    return found


def _made(update: IncidentUpdate) -> tuple[datetime, str]:
    return update.created_at or update.started or NEVER, update.id


def _order(update: IncidentUpdate) -> tuple[bool, datetime, str]:
    return not update.notify, *_made(update)


def _resolution(present: Incident, others: list[Incident], message: str) -> IncidentUpdateCreate:
    """Set the components back but for those that another open incident affects, or that are under maintenance."""
    statuses: dict[str, ComponentStatus] = {}
    for component_id, status in status_of(present.components).items():
        kept = status in QUIET or any(affects(other, component_id) for other in others)
        statuses[component_id] = status if kept else ComponentStatus.OPERATIONAL
    return {
        "status": IncidentStatus.RESOLVED,
        "statuses": statuses,
        "message": message,
        "notify": False,
        "started": own_moment(after=max([update.started or EVER for update in present.updates], default=EVER)),
    }
