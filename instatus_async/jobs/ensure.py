"""One incident for one trouble, however many notice it.

Ten failing runs of a CI job, or ten replicas of a bot, must make one incident and tell subscribers once. The service
knows neither an idempotency key (quirk 11) nor a field of one's own, so the name carries the key, and whoever makes an
incident asks the service afterwards whether it was the first:

1. Look. List the incidents that are not resolved. If one is of this key, that is the answer, and nothing is written.
   One that is young and silent may be about to lose an election, or to be announced: wait for `SETTLE`, and look again.
2. Make it silently, whatever `notify` says. A lost answer is looked for, and never sent twice.
3. Wait for `SETTLE` seconds.
4. Elect. List again. The first by (announced before silent, made earlier, smaller id) wins. "Made" is `createdAt` of
   the incident or of its first update, which the service decides, not a replica's clock; where answers have neither,
   `started` has to do.
5. The others delete their own, of which nobody was told, and return the winner's. The winner alone announces, with one
   update, if it was asked to.

Why two never announce: call A the one that made its incident earlier. What B made is later than it, and B lists when
`SETTLE` more has passed, so it sees A's, and yields. What would have to go wrong is A's incident showing up in lists
more than `SETTLE` after it was made. Two of one millisecond see each other, since both wait for longer than that, and
the ids decide.

Why it is not undone by a bad clock: B makes its incident after A has listed, say, and still counts as the earlier one,
by `started` or because two machines of the service disagree. A saw nobody and announces at once; B sees that `SETTLE`
later, and an announced incident wins. For two announcements the clock must be wrong and A's one update must take longer
than `SETTLE`. When nobody announces, two silent incidents can then stay; later calls agree on one of them, and
`resolve_open` resolves both.

What it costs: one more update, whose text stands on the page twice; for about `SETTLE` the page can show two incidents.

What remains: a winner that dies, is cancelled or fails between the making and the announcing leaves an incident that
nobody was told of. Its error, or the log, names the incident. Calls in the next two minutes find and return it, with
`announced` False: they cannot tell a dead winner from one that is just about to. A later one with `notify=True`
announces it (see `jobs.announcing`); when nobody calls again, nobody is told. A create whose outcome is unknown can
turn up silently later, beside the one that was elected: its caller has the OutcomeUnknownError, and `resolve_open`
resolves it with the other.

A list of more than a hundred open incidents comes in pages, and one that is resolved meanwhile can push another past
the reader (quirk 28): then an incident that is there can be overlooked.

Within one event loop a lock for each key lets one call at a time do all this; that is not needed, only cheaper.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypedDict
from weakref import WeakKeyDictionary, WeakValueDictionary

import attrs

from .._body import identifier
from .._model import Translations
from ..errors import InvalidRequestError
from ..resources.components import StatusMap
from ..resources.incidents import (
    AnyIncidentStatus,
    Incident,
    IncidentCreate,
    Incidents,
    IncidentStatus,
    IncidentUpdateCreate,
)
from ._lifecycle import affects, birth, naming, own_moment, settle
from .announcing import GRACE, Stopwatch, announce_late, is_announced

__all__ = ["EnsuredIncident", "IncidentEnsure"]

_LONGEST_KEY = 100

_Locks = WeakValueDictionary[tuple[str, str], asyncio.Lock]
_locks: WeakKeyDictionary[asyncio.AbstractEventLoop, _Locks] = WeakKeyDictionary()


@attrs.frozen(kw_only=True)
class EnsuredIncident:
    """The one incident of a key. `created` tells whether this call opened it."""

    incident: Incident
    created: bool
    announced: bool
    """Whether subscribers have been told of it. False for one that is being announced by another call at this moment,
    that was opened silently on purpose, or whose maker failed before it could: to be sure, ensure it again two minutes
    later, with `notify=True`."""
    told: bool = False
    """Whether it was this call that told them."""

    @classmethod
    def found(cls, incident: Incident) -> "EnsuredIncident":
        """Say of an incident that another call opened it."""
        return cls(incident=incident, created=False, announced=is_announced(incident))


class IncidentEnsure(TypedDict, total=False):
    """Fields of an incident that is opened unless it is there."""

    name: str
    """The key by default; otherwise " [key]" is put behind it."""
    status: AnyIncidentStatus
    """INVESTIGATING by default."""
    message: str
    statuses: StatusMap
    """`{component_id: status}`; the components named here are added to `components` (quirk 78)."""
    components: Sequence[str]
    """Ids of the affected components."""
    notify: bool
    """Whether subscribers of the page and of the affected components receive it, once."""
    translations: Translations
    """`{"name": {"fr": "..."}, "message": {...}}`."""
    should_publish: bool
    """Whether it appears on the page; True by default."""


@attrs.frozen
class Trouble:
    """What an incident is about: a key that its name carries, or a component that it affects."""

    text: str
    is_key: bool

    @classmethod
    def of(cls, key: object, component: object) -> "Trouble":
        """Check that there is exactly one of them, or raise InvalidRequestError."""
        if (key is None) == (component is None):
            raise InvalidRequestError("give either key= or component=, and not both. Nothing was sent.")
        if component is not None:
            return cls(identifier(component, "component"), is_key=False)
        usable = isinstance(key, str) and 0 < len(key) <= _LONGEST_KEY and key.isprintable() and key == key.strip()
        if not isinstance(key, str) or not usable or "[" in key or "]" in key:
            raise InvalidRequestError(
                f"key: expected 1 to {_LONGEST_KEY} printable characters without brackets and outer blanks. "
                "Nothing was sent."
            )
        return cls(key, is_key=True)

    def concerns(self, incident: Incident) -> bool:
        """Tell whether an incident is about this."""
        if self.is_key:
            return incident.name == self.text or incident.name.endswith(f"[{self.text}]")
        return affects(incident, self.text)

    def create(self, fields: IncidentEnsure) -> IncidentCreate:
        """Make the fields of a new, silent incident about this; what it is recognised by is put into them."""
        name, components = fields.get("name"), fields.get("components", ())
        if self.is_key:
            known = name is None or name == self.text or name.endswith(f"[{self.text}]")
            name = name or self.text if known else f"{name} [{self.text}]"
        elif name is None:
            raise InvalidRequestError("missing 'name': an incident of a component needs one. Nothing was sent.")
        else:
            components = [*dict.fromkeys([*components, self.text])]
        return {
            "status": IncidentStatus.INVESTIGATING,
            **fields,
            "name": name,
            "components": components,
            "notify": False,
            "started": own_moment(),
        }


def lock(page_id: str, trouble: Trouble) -> asyncio.Lock:
    """Return the lock that all calls about one trouble share in this event loop."""
    locks = _locks.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
    return locks.setdefault((page_id, f"{trouble.is_key} {trouble.text}"), asyncio.Lock())


async def ensure(incidents: Incidents, brief: Incidents, trouble: Trouble, fields: IncidentEnsure) -> EnsuredIncident:
    """Find the open incident about something, or make it; `brief` is what announces within LASTS seconds."""
    wanted = trouble.create(fields)
    there = await look(incidents, trouble)
    if there is not None:
        return EnsuredIncident.found(there)
    since = Stopwatch()
    own = await incidents.create(**wanted)
    called = f"The incident {own.id} ({own.name})"
    async with naming(f"{called} was opened silently, and nobody has been told.", own.id):
        await settle()
        winner = await _elect(incidents, trouble, own)
        if winner.id != own.id:
            await incidents.delete(own.id)
            return EnsuredIncident.found(winner)
        if not fields.get("notify", False) or winner.status == IncidentStatus.RESOLVED:
            return EnsuredIncident(incident=winner, created=True, announced=is_announced(winner))
        since.check(f"{called} was opened silently")
    async with naming(f"{called} is open.", own.id, announces=True):
        await brief.updates.create(own.id, **announcement(wanted))
        return EnsuredIncident(incident=winner, created=True, announced=True, told=True)


async def ensure_announced(
    brief: Incidents, trouble: Trouble, fields: IncidentEnsure, found: EnsuredIncident
) -> EnsuredIncident:
    """Announce what was found if it is this one's incident and nobody else's task any more."""
    wanted = trouble.create(fields)
    own = trouble.is_key or found.incident.name == wanted["name"]
    if found.announced or found.created or not own or not fields.get("notify", False):
        return found
    incident = await announce_late(brief, found.incident, announcement(wanted))
    return found if incident is None else attrs.evolve(found, incident=incident, announced=True, told=True)


async def look(incidents: Incidents, trouble: Trouble) -> Incident | None:
    """Find the open incident about something; one that may still be up for election is looked for again."""
    found = _first(await open_ones(incidents, trouble.concerns))
    if found is None or is_announced(found) or datetime.now(UTC) - birth(found)[0] > GRACE:
        return found
    await settle()
    return _first(await open_ones(incidents, trouble.concerns))


async def open_ones(incidents: Incidents, concerned: Callable[[Incident], bool]) -> list[Incident]:
    """List those of the open incidents that are concerned, the one made first at the front."""
    pager = incidents.list(exclude_status=IncidentStatus.RESOLVED)
    found = [incident async for incident in pager if concerned(incident)]
    return sorted((incident for incident in found if incident.status != IncidentStatus.RESOLVED), key=birth)


async def _elect(incidents: Incidents, trouble: Trouble, own: Incident) -> Incident:
    """Ask the service who was first."""
    found = await open_ones(incidents, trouble.concerns)
    if all(incident.id != own.id for incident in found):  # resolved meanwhile, or the list is behind
        present = await incidents.get(own.id)
        if present.status == IncidentStatus.RESOLVED:
            return _first(found) or present
        found.append(present)
    return _first(found) or own


def _first(found: list[Incident]) -> Incident | None:
    return min(found, key=lambda incident: (not is_announced(incident), birth(incident)), default=None)


def announcement(wanted: IncidentCreate) -> IncidentUpdateCreate:
    """Make the update that tells of an incident what its making would have told."""
    update: IncidentUpdateCreate = {
        "status": wanted["status"],
        "statuses": wanted.get("statuses", {}),
        "components": wanted.get("components", ()),
        "notify": True,
    }
    if "message" in wanted:
        update["message"] = wanted["message"]
    texts = wanted.get("translations", {}).get("message")  # an update has no name
    if texts:
        update["translations"] = {"message": texts}
    return update
