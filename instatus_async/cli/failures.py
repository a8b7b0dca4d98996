"""What an error means to a shell: the exit code of its family."""

from __future__ import annotations

from ..errors import (
    AmbiguousNameError,
    APIError,
    AuthenticationError,
    ClientStateError,
    ConfigError,
    DeadlineExceededError,
    DecodeError,
    DuplicateDetectedError,
    InstatusError,
    InvalidRequestError,
    NotFoundError,
    OutcomeUnknownError,
    PermissionDeniedError,
    RateLimitError,
    TransportError,
)
from ..session import Event
from .output import JSON, moment

__all__ = ["OTHER", "UNKNOWN", "USAGE", "Trail", "exit_code", "for_shell", "looked_for", "said"]

USAGE, NOT_FOUND, REFUSED, LIMITED, TRANSPORT, UNKNOWN, OTHER = range(2, 9)

_FAMILIES: tuple[tuple[tuple[type[InstatusError], ...], int], ...] = (
    ((ConfigError, InvalidRequestError, ClientStateError, AmbiguousNameError), USAGE),
    ((NotFoundError,), NOT_FOUND),
    ((AuthenticationError, PermissionDeniedError), REFUSED),
    ((RateLimitError,), LIMITED),
    ((TransportError,), TRANSPORT),
)

# What the SDK advises, and the same advice for a shell.
_ADVICE = {
    "say overlap=True": "say --overlap",
    "a longer timeout=": "a longer --timeout",
    "set INSTATUS_API_KEY, or pass api_key=.": "set INSTATUS_API_KEY.",
    "Say group=, or use the id.": "Use the id.",
    "Say subdomain=, or use the id: client.page(id).": "Use the subdomain or the id.",
    "archived=True finds it": "only its id finds it",
    "apply(skip_impossible=True) does": "--apply --skip-impossible does",
    "give either minutes= or end=": "say either --minutes or --end",
    "leave /fail off the URL; use .fail()": "leave /fail off the address; say --fail",
}


class Trail:
    """What a command has sent so far, as far as it decides whether it may be repeated."""

    def __init__(self) -> None:
        self.writes: int = 0
        self._writing = False

    def hear(self, event: Event) -> None:
        """Follow the client's events. Looks for a lost record are GETs too."""
        if event.kind == "attempt":
            self._writing = not event.operation.startswith("GET ")
            self.writes += self._writing and event.attempt == 1

    def leaves_doubt(self, error: InstatusError) -> bool:
        """Tell whether something was carried out before the error, or may have been with it."""
        return self.writes > self._writing or (self._writing and _may_have_applied(error))


def _may_have_applied(error: InstatusError) -> bool:
    return isinstance(error, (APIError, TransportError, DecodeError)) and error.may_have_applied


def exit_code(error: InstatusError, trail: Trail, *, repeatable: bool) -> int:
    """Choose the exit code. What a `repeatable` command sent twice changes nothing."""
    from ..jobs.changes import PartialApplyError

    if isinstance(error, PartialApplyError) and isinstance(error.__cause__, InstatusError):
        error = error.__cause__
    if isinstance(error, (OutcomeUnknownError, DuplicateDetectedError)):
        return UNKNOWN
    if not repeatable and trail.leaves_doubt(error):
        return UNKNOWN
    return next((code for kinds, code in _FAMILIES if isinstance(error, kinds)), OTHER)


def for_shell(message: str) -> str:
    """Say in options what the SDK says in Python."""
    for advice, said in _ADVICE.items():
        message = message.replace(advice, said)
    return message


def said(error: InstatusError) -> str:
    """Return what an error says, with moments as everywhere else."""
    from ..jobs.maintenances import MaintenanceConflictError

    message = str(error)
    for other in error.maintenances if isinstance(error, MaintenanceConflictError) else ():
        if other.start is not None:
            message = message.replace(str(other.start), moment(other.start) or "")
    return for_shell(message)


def looked_for(error: InstatusError) -> JSON | None:
    """Say by what the record of a lost write is recognised."""
    if not isinstance(error, (OutcomeUnknownError, DeadlineExceededError)) or error.fingerprint is None:
        return None
    search = error.fingerprint.search
    return dict(search.match) if search is not None and search.match else None
