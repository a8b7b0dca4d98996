"""One incident for one trouble, opened by the one replica that a registry chooses.

`ensure` alone opens silently, waits, asks the service who was first, and announces (see `jobs.ensure`). With a registry
one of many is chosen before anything is written. It opens the incident and tells subscribers by the same create, and
the others wait for its id.

1. Look. List the incidents that are not resolved. If one is of this key, that is the answer; the registry is not asked.
2. Claim. One holds the claim, for up to `_LOOKING` seconds; the others ask again and again.
3. The holder looks again: somebody may have opened it between 1 and 2.
4. The holder says that it is sending. Only who still holds the claim may, so one that was held up for long is stopped
   here. From now on the incident may have been sent, and this is never forgotten by mere time.
5. It creates, with the `notify` of its caller, and leaves the id. When surely nothing was sent it gives the claim back.

A holder that dies before 4 has sent nothing: its claim runs out, and another takes it. One that dies after 4, or whose
outcome is unknown, leaves "may have been sent". When it cannot be under way any more, after the client's timeout, the
next one holds a doubtful claim. That looks, and opens only in the careful way, as without a registry. Whoever waits
does so for both of them, one after the other, and not for ever.

An id that is left behind revives nothing: when its incident is resolved or gone, the id is claimed over.

A registry that cannot be asked is as none. What remains: a registry that forgets a claim during the one request of 5,
or that some replicas see and others do not, and a create that the service carries out later than the client's timeout
after it was sent. In these cases two can announce.
"""

import asyncio

from ..errors import InstatusError, NotFoundError, OutcomeUnknownError
from ..resources.incidents import Incident, IncidentCreate, Incidents, IncidentStatus
from .ensure import EnsuredIncident, IncidentEnsure, Trouble, ensure, look
from .registry import Claim, Registry

__all__ = ["ensure_once"]

_LOOKING = 10.0  # seconds for which a claim lasts unless its holder goes on
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0  # between two questions whether it is settled


async def ensure_once(
    incidents: Incidents,
    brief: Incidents,
    trouble: Trouble,
    fields: IncidentEnsure,
    registry: Registry,
    *,
    page_id: str,
    patience: float,
) -> EnsuredIncident:
    """Find the open incident about something, or have one of all replicas make it."""
    key = f"{page_id}:{'key' if trouble.is_key else 'component'}:{trouble.text}"
    sending = patience + 1.0  # nothing is under way after the client's timeout
    end = asyncio.get_running_loop().time() + 2 * sending + 1.0  # outlasts a holder that died, and the next one
    pause, over = _FIRST_PAUSE, None
    trouble.create(fields)  # refuses now what it would refuse later
    there = await look(incidents, trouble)
    while there is None:
        claim = await registry.claim(key, lasts=min(_LOOKING, sending), over=over)
        if claim is None:
            return await ensure(incidents, brief, trouble, fields)
        if claim.token:
            opened = await _open(incidents, brief, trouble, fields, registry, claim, sending)
            if opened is not None:
                return opened
            continue
        if claim.incident_id is not None:
            there = await _open_one(incidents, claim.incident_id)
            over = claim.incident_id
            continue
        if asyncio.get_running_loop().time() + pause > end:
            there = await look(incidents, trouble)
            if there is None:
                unheard = OutcomeUnknownError(
                    f"incidents.ensure: another run opens the incident of {trouble.text!r}, and has not said what "
                    "became of it. This run has sent nothing. Ensure it again."
                )
                unheard.may_have_applied = False
                raise unheard
            continue
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
    return EnsuredIncident.found(there)


async def _open(
    incidents: Incidents,
    brief: Incidents,
    trouble: Trouble,
    fields: IncidentEnsure,
    registry: Registry,
    claim: Claim,
    lasts: float,
) -> EnsuredIncident | None:
    """Do what the holder of a claim does; None when it is not held any more."""
    sends = False
    try:
        there = await look(incidents, trouble)
        sends = there is None and await registry.sending(claim, lasts=lasts)
        if there is not None:
            opened = EnsuredIncident.found(there)
        elif not sends:
            return None
        elif claim.doubtful:
            opened = await ensure(incidents, brief, trouble, fields)
        else:
            notify = fields.get("notify", False)
            wanted: IncidentCreate = {**trouble.create(fields), "notify": notify}
            own = await incidents.create(**wanted)
            opened = EnsuredIncident(incident=own, created=True, announced=notify, told=notify)
    except BaseException as error:
        if not sends or (isinstance(error, InstatusError) and not error.may_have_applied):
            await registry.release(claim)
        raise
    await registry.settle(claim, opened.incident.id)
    return opened


async def _open_one(incidents: Incidents, incident_id: str) -> Incident | None:
    """Read an incident, None when it is resolved or gone."""
    try:
        incident = await incidents.get(incident_id)
    except NotFoundError:
        return None
    return None if incident.status == IncidentStatus.RESOLVED else incident
