"""The one hierarchy of errors, split by what is known about the request.

Every message says what happened, to which operation, and what to do next. No error carries the API key: not in its
arguments, not in its attributes, not in the exceptions behind it. All of them pickle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from ._fingerprint import Fingerprint

__all__ = [
    "APIError",
    "AmbiguousNameError",
    "AuthenticationError",
    "BadRequestError",
    "BodyTooLargeError",
    "BufferFullError",
    "ClientStateError",
    "ConfigError",
    "ConflictError",
    "ConnectError",
    "DeadlineExceededError",
    "DecodeError",
    "DuplicateDetectedError",
    "InstatusError",
    "InvalidIdError",
    "InvalidRequestError",
    "LateDatapointError",
    "NameNotFoundError",
    "Named",
    "NotFoundError",
    "OutcomeUnknownError",
    "PaginationError",
    "PermissionDeniedError",
    "ProtocolError",
    "RateLimitError",
    "RedirectError",
    "ResponseTooLargeError",
    "ServerError",
    "SignatureError",
    "SlowConsumerError",
    "TlsError",
    "TransportError",
    "UnprocessableError",
    "UnsentDatapointsError",
]


class InstatusError(Exception):
    """Base of every error that this package raises on purpose.

    `may_have_applied` tells whether the write that failed may have been carried out, and announced: look before you
    send it again. It is False for reads, and where the service refused or nothing was sent. `record_ids` are the ids of
    the incidents or maintenances that a job had made or changed before it failed; the notes say how they stand.
    """

    may_have_applied: bool = False
    record_ids: Sequence[str] = ()


class ConfigError(InstatusError, ValueError):
    """Refuse a setting of the client; nothing was sent."""


class ClientStateError(InstatusError, RuntimeError):
    """Refuse to work: the client is closed, or belongs to another event loop or process; nothing was sent."""


class InvalidRequestError(InstatusError, TypeError, ValueError):
    """Refuse the arguments of a call: an unknown, missing or wrongly typed field, or a value the API cannot take.

    Nothing was sent. It is a TypeError and a ValueError too, as Python's own complaints about arguments are.
    """


class InvalidIdError(InvalidRequestError):
    """Refuse an id that must not reach a URL; nothing was sent."""


class TransportError(InstatusError):
    """Report a failure below HTTP's meaning."""

    def __init__(self, message: str, *, may_have_applied: bool = False) -> None:
        super().__init__(message)
        self.may_have_applied = may_have_applied


class ConnectError(TransportError):
    """Report that no connection could be made: DNS, refused, or a timeout while connecting. Nothing was sent."""


class TlsError(TransportError):
    """Report a certificate or handshake that cannot be trusted. Nothing was sent."""


class ProtocolError(TransportError):
    """Report a connection that broke, or an answer that is not HTTP."""


class ResponseTooLargeError(TransportError):
    """Report an answer larger than `max_response_bytes`, measured after decompression."""


class RedirectError(TransportError):
    """Report a redirect that was not followed, so that the key goes nowhere else."""


class DeadlineExceededError(TransportError, TimeoutError):
    """Report that the call's total `timeout` ran out. It is a TimeoutError too.

    When the request had been sent and tells subscribers, `fingerprint` is what `client.reconcile` looks for.
    """

    def __init__(self, message: str, *, may_have_applied: bool = False, fingerprint: Fingerprint | None = None) -> None:
        super().__init__(message, may_have_applied=may_have_applied)
        self.fingerprint = fingerprint


class APIError(InstatusError):
    """Report an error answer of the service.

    `status` is the HTTP status (200 when an `error` object came with success, quirk 20); `code` the service's own code,
    often missing and coarse (quirk 16); `method` and `path` the request; `body` the beginning of the answer as text;
    `headers` the answer's headers, without cookies. `may_have_applied` tells whether this attempt or one before it,
    whose answer was lost, may have been carried out.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        code: str | None = None,
        method: str = "",
        path: str = "",
        body: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.method = method
        self.path = path
        self.body = body
        self.headers: Mapping[str, str] = dict(headers or {})


class BadRequestError(APIError):
    """400: the service did not understand a field."""


class AuthenticationError(APIError):
    """401: the key is missing, wrong, or in the wrong case (quirk 8)."""


class PermissionDeniedError(APIError):
    """403: not allowed; the service also answers so to an empty body (quirk 18)."""


class NotFoundError(APIError):
    """404: no such record, or no such path."""


class NameNotFoundError(NotFoundError, LookupError):
    """Report that nothing in a list has the name asked for. `near` are the names that look like it, nearest first.

    The service did not say so: it lists, and the SDK looked through the list. `status` is 404 all the same.
    """

    def __init__(self, message: str, *, near: tuple[str, ...] = (), path: str = "") -> None:
        super().__init__(message, status=404, method="GET", path=path)
        self.near = near


class ConflictError(APIError):
    """409: the record is in the way of what was asked."""


class UnprocessableError(APIError):
    """422: a field has a value that the service refuses."""


class RateLimitError(APIError):
    """429: too many requests. `retry_after` is the pause asked for, in seconds, or None when none was given."""

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        status: int = 429,
        code: str | None = None,
        method: str = "",
        path: str = "",
        body: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, status=status, code=code, method=method, path=path, body=body, headers=headers)
        self.retry_after = retry_after


class ServerError(APIError):
    """5xx: the service failed; an unknown component id also gives 500 (quirk 17)."""


class OutcomeUnknownError(InstatusError):
    """Report a write that was sent and whose answer was lost: it may have been carried out and announced.

    Look before you send it again. `fingerprint` says what to look for; it pickles, holds no secret, and
    `await client.reconcile(fingerprint)` looks again, later or in another process.
    """

    may_have_applied = True

    def __init__(self, message: str, *, fingerprint: Fingerprint | None = None) -> None:
        super().__init__(message)
        self.fingerprint = fingerprint


class DuplicateDetectedError(InstatusError):
    """Report that one call is on record more than once. `ids` are the records found."""

    may_have_applied = True

    def __init__(self, message: str, *, ids: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.ids = ids


class Named(Protocol):
    """What has a name and mostly an id: a component, a status page, an entry of a file."""

    @property
    def id(self) -> str | None:
        """The id, if it is known."""

    @property
    def name(self) -> str | None:
        """The name."""


class AmbiguousNameError(InstatusError, LookupError):
    """Report that a name means more than one thing. `candidates` are those things; nothing was changed."""

    def __init__(self, message: str, *, candidates: tuple[Named, ...] = ()) -> None:
        super().__init__(message)
        self.candidates = candidates


class DecodeError(InstatusError, ValueError):
    """Report an answer that cannot be read. `path` is where, like `$[0].updates[2].status`; `body` the answer.

    `may_have_applied` is True when the answer belongs to a write, which then has probably been carried out.
    """

    def __init__(self, message: str, *, path: str = "$", body: object = None, may_have_applied: bool = False) -> None:
        super().__init__(message)
        self.path = path
        self.body = body
        self.may_have_applied = may_have_applied


class PaginationError(InstatusError):
    """Report a list that repeats itself or never ends; what came before the error was delivered."""


class BufferFullError(InstatusError):
    """Refuse a value because its buffer holds all that it may; the value was not accepted, and nothing was lost."""


class LateDatapointError(InvalidRequestError):
    """Refuse a value whose point was made already, and cannot change any more; the value was not accepted."""


class UnsentDatapointsError(InstatusError):
    """Report values that a buffer had accepted, and that are not known to be on record.

    `points` are pairs of a time and a value, oldest first, as `metrics.add_datapoints` takes them. `doubtful` are those
    among them that were sent once, with an outcome that nobody knows: read the metric before you send them again. The
    cause is the error that kept them back, if there was one.
    """

    def __init__(
        self,
        message: str,
        *,
        points: Sequence[tuple[datetime, float]] = (),
        doubtful: Sequence[tuple[datetime, float]] = (),
    ) -> None:
        super().__init__(message)
        self.points: Sequence[tuple[datetime, float]] = tuple(points)
        self.doubtful: Sequence[tuple[datetime, float]] = tuple(doubtful)
        self.may_have_applied: bool = bool(self.doubtful)


class SignatureError(InstatusError):
    """Refuse a webhook whose signature is missing, malformed or wrong: nothing in it can be trusted."""


class BodyTooLargeError(InstatusError, ValueError):
    """Refuse a webhook whose body is larger than `max_bytes`, before anything of it is looked at."""


class SlowConsumerError(InstatusError):
    """Report a subscriber of a `Broadcast` that did not keep up: it got everything up to here, and nothing after it."""


ERROR_OF_STATUS: Mapping[int, type[APIError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    422: UnprocessableError,
    429: RateLimitError,
}


def api_error_class(status: int) -> type[APIError]:
    """Choose the class for an HTTP status."""
    return ERROR_OF_STATUS.get(status) or (ServerError if status >= 500 else APIError)
