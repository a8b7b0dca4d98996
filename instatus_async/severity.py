"""How bad it is: what follows for a page and an incident, and the words of other tools in Instatus's own.

Two functions sum up. `page_status` makes a page's status from its components, and `impact_of` an incident's impact from
theirs. One function a vocabulary translates into it, never back: `component_status("critical")` is MAJOR_OUTAGE.
Upper case, blanks, "-" and "_" do not count in a word, so that "Partial outage" of a webhook, `partial_outage` of
Statuspage and PARTIALOUTAGE are the same (quirk 46). Members of the vocabulary come back as they are, unknown ones too.
An unknown word is an InvalidRequestError.
"""

from collections.abc import Iterable, Mapping
from typing import TypeAlias, TypeVar, cast

from ._model import OpenEnum
from ._vocabularies import did_you_mean, letters, translator, words_for
from ._wording import an, sentences
from .errors import InvalidRequestError
from .public import PublicComponent, PublicIncident, PublicPageStatus
from .resources.components import Component, ComponentStatus
from .resources.incidents import Incident, IncidentImpact, IncidentStatus
from .resources.maintenances import MaintenanceStatus

__all__ = ["component_status", "impact", "impact_of", "incident_status", "maintenance_status", "page_status"]

E = TypeVar("E", bound=OpenEnum)

AnyComponent: TypeAlias = Component | PublicComponent
AnyIncident: TypeAlias = Incident | PublicIncident


def page_status(components: Iterable[AnyComponent], *, incidents: Iterable[AnyIncident] = ()) -> PublicPageStatus:
    """Return the status of a page with these components.

    UNDER_MAINTENANCE when nothing is worse than that; HAS_ISSUES when something is, or has a status that nobody knows.
    Parents do not count, whatever their status is (quirk 84), and neither do archived components.

    An open incident alone leaves the page's own status UP (quirk 81). With `incidents` an open one makes HAS_ISSUES.
    """
    rows = list(_flat(components))
    shown = [row for row in rows if getattr(row, "archived_at", None) is None]
    parents = {_parent(row) for row in shown}
    names = {row.group.name for row in shown if row.group is not None and row.group.id is None}
    counted = [
        row.status
        for row in shown
        if row.id not in parents and (row.name not in names or row.group is not None) and not _children(row)
    ]
    worst = ComponentStatus.worst(counted)
    if any(incident.status != IncidentStatus.RESOLVED for incident in incidents):
        return PublicPageStatus.HAS_ISSUES
    if worst == ComponentStatus.OPERATIONAL:
        return PublicPageStatus.UP
    return (
        PublicPageStatus.UNDER_MAINTENANCE
        if worst == ComponentStatus.UNDER_MAINTENANCE
        else PublicPageStatus.HAS_ISSUES
    )


def impact_of(incident: AnyIncident | Iterable[str] | Mapping[str, str], /) -> IncidentImpact:
    """Return how bad an incident is: its `impact` where the service said so, or else the worst of its components.

    Also takes the statuses alone, as a list or as the `{component_id: status}` of a write. None at all is NONE.
    A PublicIncident names no components, so without an `impact` it is NONE.
    """
    if isinstance(incident, (Incident, PublicIncident)):
        if incident.impact is not None:
            return incident.impact
        statuses = [row.status for row in incident.components] if isinstance(incident, Incident) else []
    else:
        given = cast("Mapping[str, str]", incident).values() if isinstance(incident, Mapping) else incident
        statuses = [component_status(status) for status in given]
    return IncidentImpact(ComponentStatus.worst(statuses).value) if statuses else IncidentImpact.NONE


# --- From other vocabularies -----------------------------------------------------------------------------------------


def component_status(word: str | bool, /) -> ComponentStatus:  # noqa: FBT001 - what is translated
    """Translate into a component's status: whether it is up, a health word, an alert, or a word of Statuspage.

    True, "up", "ok", "healthy", "resolved", "none" and "info" are OPERATIONAL; "degraded" and "warning"
    DEGRADED_PERFORMANCE; False, "down", "unhealthy", "firing", "critical" and "page" MAJOR_OUTAGE, as the service takes
    DOWN (quirk 104). An alert that fires has its badness in its severity: translate that, while it fires.
    """
    if isinstance(word, bool):
        word = "up" if word else "down"
    return _translated(ComponentStatus, word)


def incident_status(word: str | bool, /) -> IncidentStatus:  # noqa: FBT001 - what is translated
    """Translate into how far an incident is: a word of Statuspage or a webhook, or the state of an alert.

    False, "down" and "firing" are INVESTIGATING; True, "up", "resolved" and "postmortem" RESOLVED.
    """
    if isinstance(word, bool):
        word = "up" if word else "down"
    return _translated(IncidentStatus, word)


def maintenance_status(word: str, /) -> MaintenanceStatus:
    """Translate into how far a maintenance is: a word of Statuspage ("scheduled") or of a webhook ("Planned")."""
    return _translated(MaintenanceStatus, word)


def impact(word: str | bool, /) -> IncidentImpact:  # noqa: FBT001 - what is translated
    """Translate into an incident's impact: Statuspage's, a severity, or whatever `component_status` knows.

    Statuspage's "minor" is DEGRADED_PERFORMANCE, "major" PARTIAL_OUTAGE and "critical" MAJOR_OUTAGE, since that is what
    it makes them from; "none" and "info" are NONE.
    """
    if isinstance(word, bool):
        word = "up" if word else "down"
    return _translated(IncidentImpact, word)


def _translated(enum: type[E], word: object) -> E:
    if isinstance(word, enum):
        return word
    what = translator(enum)
    if not isinstance(word, str):
        raise InvalidRequestError(f"{what}: expected a word, got {type(word).__name__}. Nothing was sent.")
    table, wanted = words_for(enum), letters(word)
    found = table.get(wanted)
    if found is None:
        hint = did_you_mean(enum, word) or "known are " + ", ".join(table)
        text = f"{what}: {word[:40]!r} is no word for {an(enum.__name__)}; {hint}"
        raise InvalidRequestError(sentences(text, "Nothing was sent"))
    return found


def _flat(components: Iterable[AnyComponent]) -> Iterable[AnyComponent]:
    """Walk the children of public components too."""
    waiting = list(components)
    seen: set[str] = set()
    while waiting:
        row = waiting.pop()
        if row.id not in seen:
            seen.add(row.id)
            yield row
            waiting.extend(_children(row))


def _children(row: AnyComponent) -> tuple[PublicComponent, ...]:
    return row.children if isinstance(row, PublicComponent) else ()


def _parent(row: AnyComponent) -> str | None:
    own = row.group_id if isinstance(row, Component) else row.parent_id
    return own or (row.group.id if row.group else None)
