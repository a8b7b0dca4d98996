"""What incidents and maintenances that begin and end by themselves have in common."""

import asyncio
import logging
import os
import random
from collections.abc import AsyncGenerator, Callable, Collection, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import attrs

from .._body import encode
from .._fingerprint import Fingerprint
from .._wording import got, sentences
from ..errors import InstatusError, InvalidRequestError, OutcomeUnknownError
from ..reconcile import unique_now
from ..resources.components import Component, Components, ComponentStatus
from ..resources.incidents import Incident, IncidentImpact, Incidents, IncidentStatus, IncidentUpdate

__all__ = [
    "EVER",
    "NEVER",
    "QUIET",
    "FailureText",
    "LastPost",
    "affects",
    "after_update",
    "birth",
    "check_failure",
    "check_fields",
    "check_text",
    "explained",
    "failure_text",
    "log",
    "naming",
    "one_or_many",
    "own_moment",
    "read_statuses",
    "settle",
    "status_of",
    "worst_said",
]

FailureText: TypeAlias = str | Callable[[Exception], str | None] | None
"""What to post when a block fails: a text, or what a function makes of the exception; None posts nothing."""

SETTLE = 1.0  # seconds; what was written before shows up in lists within that

_SALT = random.randrange(1000)  # noqa: S311 - tells processes apart, no secret

log = logging.getLogger("instatus_async")

QUIET = (ComponentStatus.OPERATIONAL, ComponentStatus.UNDER_MAINTENANCE)

EVER = datetime.min.replace(tzinfo=UTC)
NEVER = datetime.max.replace(tzinfo=UTC)


def check_fields(shape: type, fields: Mapping[str, Any], operation: str) -> None:
    """Refuse wrong fields before the reads that come first, so that really nothing was sent."""
    encode(shape, fields, f"{operation}()")


def check_text(value: object, name: str) -> str:
    """Let a text through that says something, or raise InvalidRequestError."""
    if isinstance(value, str) and value.strip():
        return value
    raise InvalidRequestError(f"{name}: expected a text that says something. Nothing was sent.")


def check_failure(failed: object) -> None:
    """Refuse what is no FailureText."""
    if failed is not None and not callable(failed):
        check_text(failed, "failed")


def failure_text(failed: FailureText, error: Exception) -> str | None:
    """Say what is to be posted about an exception."""
    return failed(error) if callable(failed) else failed


@asynccontextmanager
async def naming(what: str, *record_ids: str, announces: bool = False) -> AsyncGenerator[None]:
    """Name records in whatever leaves the block: in a note of the error, or in the log when it is cancelled.

    `announces` tells that people are told inside, so that the note says whether they may have been.
    """
    try:
        yield
    except asyncio.CancelledError:
        log.warning("cancelled: %s%s", what, " It may have been announced." if announces else "")
        raise
    except Exception as error:
        told = isinstance(error, InstatusError) and error.may_have_applied
        error.add_note(what + (" It may have been announced." if told else " Nobody has been told.") * announces)
        if isinstance(error, InstatusError):
            error.record_ids = record_ids
        raise


@attrs.define(eq=False)
class LastPost:
    """The post that ends a record, of which one handle sends no second when it does not know what became of the first.

    `unresolved` are the client's fingerprints of cancelled calls that may have been carried out.
    """

    unresolved: Collection[Fingerprint]
    _lost: InstatusError | None = None  # why nobody knows whether it was posted

    @contextmanager
    def posting(self, record_id: str) -> Generator[None]:
        """Post inside, and nothing else: a read that fails there would pass for a lost post."""
        if self._lost is not None:
            raise self._lost
        known = [*self.unresolved]
        try:
            yield
        except InstatusError as error:
            if error.may_have_applied:
                self._lost = error
            raise
        except asyncio.CancelledError:
            new = [left for left in self.unresolved if all(left is not other for other in known)]
            mine = next((left for left in new if record_id in left.path.split("/")), None)
            if mine is not None:  # else it was cut off before it was sent
                self._lost = OutcomeUnknownError(
                    f"{mine.operation}: cancelled while it was under way. It may have been carried out, and have told "
                    "whom it notifies, so this handle does not post it again. Look at the record.",
                    fingerprint=mine,
                )
            raise


def one_or_many(components: object) -> list[str]:
    """Read one id or some as a list; whether they are ids is checked with the other fields."""
    given: Any = components
    if isinstance(components, str):
        return [components]
    try:
        found = list(given)
    except TypeError:
        found = []
    is_mapping = isinstance(components, Mapping)
    if is_mapping or not found:
        wrong = "got none" if hasattr(given, "__iter__") and not is_mapping else got(given)
        text = f"components: expected the id of a component, or a list of them; {wrong}"
        raise InvalidRequestError(sentences(text, "Nothing was sent"))
    return found


async def read_statuses(components: Components, wanted: Collection[str]) -> dict[str, ComponentStatus]:
    """Read how some components are; those that the page does not have are left out."""
    found: dict[str, ComponentStatus] = {}
    if not wanted:
        return found
    async for component in components.list():
        if component.id in wanted:
            found[component.id] = component.status
        if len(found) == len(wanted):
            break
    return found


async def explained(
    incidents: Incidents, statuses: Mapping[str, ComponentStatus], except_for: str | None = None
) -> set[str]:
    """Return those components whose trouble another open incident accounts for."""
    worse = {key for key, status in statuses.items() if status not in QUIET}
    found: set[str] = set()
    if worse:
        async for other in incidents.list(exclude_status=IncidentStatus.RESOLVED):
            if other.id != except_for:
                found |= {key for key in worse if affects(other, key)}
    return found


def status_of(components: Collection[Component]) -> dict[str, ComponentStatus]:
    """Take the statuses that a record shows of its components."""
    return {component.id: component.status for component in components}


def affects(incident: Incident, component_id: str) -> bool:
    """Tell whether a component is among those of an incident."""
    return any(component.id == component_id for component in incident.components)


def after_update(incident: Incident, update: IncidentUpdate, statuses: Mapping[str, str]) -> Incident:
    """Bring what is known of an incident in line with an update that was posted to it."""
    components = [
        attrs.evolve(component, status=ComponentStatus(statuses.get(component.id, component.status)))
        for component in incident.components
    ]
    return attrs.evolve(
        incident, status=update.status, updates=(*incident.updates, update), components=tuple(components)
    )


def birth(incident: Incident) -> tuple[datetime, str]:
    """Order incidents by when the service made them.

    Lists need not show `createdAt` of the incident, but that of its first update, which came with it. Where neither is
    there, `started` has to do, which its author chose.
    """
    of_updates = [update.created_at for update in incident.updates if update.created_at is not None]
    made = incident.created_at or min(of_updates, default=None) or incident.started or NEVER
    return made, incident.id


def worst_said(incident: Incident) -> ComponentStatus | None:
    """Return the worst status that an incident ever named, None where the service does not say."""
    impact = incident.impact
    if impact is None or not impact.is_known:
        return None
    return ComponentStatus.OPERATIONAL if impact == IncidentImpact.NONE else ComponentStatus(impact.value)


async def settle() -> None:
    """Wait until what others wrote shows up in lists."""
    await asyncio.sleep(SETTLE)


def own_moment(after: datetime = EVER) -> datetime:
    """Choose `started`, by which a lost answer is looked for: processes that write in one millisecond must differ.

    It is up to a second ago, but not before what it follows.
    """
    now = unique_now()
    earlier = now - timedelta(milliseconds=(_SALT + os.getpid()) % 1000)
    return earlier if earlier > after else now
