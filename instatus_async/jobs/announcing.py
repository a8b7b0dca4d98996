"""Announce an incident that was opened silently and whose maker did not come to announce it, once.

`ensure` opens silently, elects and announces (see `jobs.ensure`). Its maker may die in between, or the announcement be
refused or lost on the way; then an incident stands that nobody was told of. Its maker is done `BEGINS` + `LASTS`
seconds after it was made, or never. So one that has been silent for `GRACE` is nobody's task any more, and whoever
ensures it with `notify=True` takes it up:

1. It is open, all its updates say that nobody was notified, and nothing was written to it for `GRACE`.
2. Post the text silently, wait for `SETTLE`, and look again.
3. Elect. Who wrote anything within `GRACE` before one's own post is at it, or is a person: take the own post back, and
   announce nothing. Those who posted later do the same.
4. Announce with one more update, and take the own post back.

The times of 3 are the service's own. One's own clock only tells when it is worth asking.
"""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from ..errors import DeadlineExceededError, InstatusError, NotFoundError
from ..resources.incidents import Incident, Incidents, IncidentStatus, IncidentUpdate, IncidentUpdateCreate
from ._lifecycle import NEVER, birth, log, naming, own_moment, settle, status_of

__all__ = ["GRACE", "LASTS", "Stopwatch", "announce_late", "is_announced"]

BEGINS, LASTS = 45.0, 45.0  # seconds after making it in which its maker begins to announce it, and that this may take
GRACE = timedelta(seconds=120)


class Stopwatch:
    """Tell how long ago something was written, also when the machine was asleep meanwhile."""

    def __init__(self) -> None:
        self._begun = time.monotonic(), time.time()

    def check(self, what: str) -> None:
        """Raise DeadlineExceededError when it is too late for whoever wrote it to announce it."""
        if max(time.monotonic() - self._begun[0], time.time() - self._begun[1]) > BEGINS:
            raise DeadlineExceededError(
                f"incidents.ensure: {what}, and more than {BEGINS:g} s later that is not done: somebody else may take "
                f"it up now. Nobody has been told. Ensure it again {GRACE.seconds} s from now: that announces it."
            )


def is_announced(incident: Incident) -> bool:
    """Tell whether subscribers were told of an incident."""
    return bool(incident.notify) or any(update.notify for update in incident.updates)


async def announce_late(
    incidents: Incidents, incident: Incident, announcement: IncidentUpdateCreate
) -> Incident | None:
    """Announce an incident that is nobody's task any more; return it if this call did."""
    if datetime.now(UTC) - _written(incident) < GRACE:
        return None
    present = await incidents.get(incident.id)
    if present.status == IncidentStatus.RESOLVED or not _is_silent(present):
        return None
    text: IncidentUpdateCreate = {
        **announcement,
        "status": present.status,
        "statuses": status_of(present.components),
        "notify": False,
        "started": own_moment(after=_written(present)),
    }
    called = f"The incident {incident.id} ({incident.name})"
    since = Stopwatch()
    async with naming(f"{called} is open, and nobody has been told.", incident.id):
        own = await incidents.updates.create(incident.id, **text)
        await settle()
        present = await incidents.get(incident.id)
        if not _may_announce(present, own):
            await _take_back(incidents, present, own)
            return None
        since.check(f"an announcement of the incident {incident.id} was prepared")
    announced: IncidentUpdateCreate = {**text, "notify": True}
    del announced["started"]  # it is another one, with a moment of its own
    try:
        async with naming(f"{called} is open.", incident.id, announces=True):
            await incidents.updates.create(incident.id, **announced)
    except InstatusError:
        await _tidy_up(incidents, present, own)
        raise
    await _tidy_up(incidents, present, own)
    return present


async def _tidy_up(incidents: Incidents, incident: Incident, own: IncidentUpdate) -> None:
    """Take the own post back where a failure must not hide what became of the announcement."""
    try:
        await _take_back(incidents, incident, own)
    except InstatusError as error:
        log.warning("The incident %s has a silent update too many, %s: %s", incident.id, own.id, error)


def _is_silent(incident: Incident) -> bool:
    """Tell whether it says for certain that nobody was told."""
    said = [update.notify for update in incident.updates]
    return not is_announced(incident) and bool(said) and None not in said


def _written(incident: Incident) -> datetime:
    """Say when it was last written to; NEVER where the service does not tell."""
    return max([birth(incident)[0], *(update.created_at or NEVER for update in incident.updates)])


def _may_announce(incident: Incident, own: IncidentUpdate) -> bool:
    if incident.status == IncidentStatus.RESOLVED or not _is_silent(incident):
        return False
    made = {update.id: update.created_at or NEVER for update in incident.updates}
    mine = made.pop(own.id, NEVER)
    if NEVER in (mine, *made.values()):  # taken back by somebody, or nobody knows the order
        return False
    return all((at, key) > (mine, own.id) or mine - at >= GRACE for key, at in made.items())


async def _take_back(incidents: Incidents, incident: Incident, own: IncidentUpdate) -> None:
    with suppress(NotFoundError):  # deleted with the incident, or by a person
        await incidents.updates.delete(incident.id, own.id)
