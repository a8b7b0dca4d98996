"""What an answer means: success with its JSON, or the error that it is. Pure functions of status, headers and body."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Protocol

from ._wire import as_object, loads
from ._wording import clauses
from .errors import APIError, DecodeError, InstatusError, RateLimitError, RedirectError, api_error_class
from .rate_limit import http_date, retry_after
from .retry import Failure

__all__ = ["Asked", "Kept", "Lost", "Reply", "Success", "judge"]

_DOUBTS = 3  # answers in a row that look older than the one before; then it is the clock that went back
_SHOWN = 2000  # characters of an answer that an error keeps
_REFUSING = frozenset({501, 505})  # and all below 500 but 408: any other may come from a proxy that lost the answer
_NO_COMPONENT = b"No status page for that component"
_PHRASES = {status.value: status.phrase for status in HTTPStatus}


# Plain classes: attrs takes half a millisecond of the import to make one, and twice the time to fill it when frozen.


class Reply:
    """A complete answer."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status: int = status
        self.headers: Mapping[str, str] = headers
        self.body: bytes = body


class Success:
    """The parsed JSON of a call; None for an empty answer."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value: Any = value


class Lost:
    """An attempt without a usable answer: what is known, and the error it becomes if nothing helps."""

    __slots__ = ("error", "failure")

    def __init__(self, failure: Failure, error: InstatusError) -> None:
        self.failure: Failure = failure
        self.error: InstatusError = error


class Kept:
    """An answer that is kept so as to ask only for a newer one: its value, and the headers that tell its age."""

    __slots__ = ("_doubts", "headers", "value")

    def __init__(self, value: Any = None, headers: Mapping[str, str] | None = None) -> None:
        self.value: Any = value
        self.headers: Mapping[str, str] = {} if headers is None else headers
        self._doubts = 0

    def conditions(self) -> dict[str, str]:
        """Make the headers of a conditional request (RFC 9110, 13.1); none when nothing is kept."""
        known = (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified"))
        return {ask: self.headers[name] for ask, name in known if name in self.headers}

    def stands(self, reply: Reply) -> bool:
        """Tell whether it is still the newest: the answer is 304, or an older one that some cache held on to."""
        if reply.status == 304:
            return bool(self.headers)
        if not 200 <= reply.status < 300:
            return False
        for name in ("Last-Modified", "Date"):
            mine, its = http_date(self.headers.get(name, "")), http_date(reply.headers.get(name, ""))
            if mine is not None and its is not None and mine != its:
                self._doubts = self._doubts + 1 if its < mine else 0
                return 0 < self._doubts < _DOUBTS
        return False


class Asked(Protocol):
    """What was asked, as far as the meaning of its answer depends on it."""

    method: str
    path: str

    @property
    def reads(self) -> bool:
        """Whether it only reads: not every GET does."""
        ...

    @property
    def may_be_gone(self) -> bool:
        """Whether it is a DELETE whose earlier attempt lost its answer: 404 then says that it was carried out."""
        ...

    @property
    def opaque(self) -> bool:
        """Whether any text is a success, but for a web page."""
        ...

    def redact(self, text: str) -> str:
        """Blot the key out of what the service says."""
        ...


def judge(reply: Reply, asked: Asked) -> Success | Lost:
    """Tell success from failure."""
    status = reply.status
    if 200 <= status < 300:
        return _accepted(reply, asked)
    no_component = status == 500 and "/components/" in asked.path and _NO_COMPONENT in reply.body  # quirk 17
    if (status == 404 or no_component) and asked.may_be_gone:
        return Success(None)
    if 300 <= status < 400:
        text = f"the service answered {status}, a redirect, which is not followed with a key; check base_url"
        return Lost(Failure.FINAL, RedirectError(text))
    error = _api_error(reply, asked)
    if status == 429:
        return Lost(Failure.LIMITED, error)
    refused = no_component or (status < 500 and status != 408) or status in _REFUSING
    return Lost(Failure.FINAL if refused else Failure.UNKNOWN, error)


def _accepted(reply: Reply, asked: Asked) -> Success | Lost:
    body = reply.body
    if not body or body.isspace():
        return Success(None)
    try:
        value = loads(body)
    except ValueError as exc:
        reason = str(exc)
    else:
        found = as_object(value)
        if "error" in found and as_object(found["error"]):
            return Lost(Failure.FINAL, _api_error(reply, asked))  # quirk 20
        return Success(value)
    if asked.opaque and body.lstrip()[:1] not in (b"{", b"<"):
        return Success(None)
    start = asked.redact(body[:_SHOWN].decode("utf-8", "replace"))
    html = start.lstrip()[:1] == "<" or "html" in reply.headers.get("Content-Type", "")
    what = "HTML instead of JSON" if html else f"something that is not JSON ({reason})"
    error = DecodeError(f"the answer is {what}; it begins with {start[:120]!r}", body=start)
    # Who asks again for a page of HTML gets the same page; after a write its outcome is unknown all the same.
    return Lost(Failure.FINAL if html and asked.reads else Failure.UNKNOWN, error)


def _api_error(reply: Reply, asked: Asked) -> APIError:
    """Make the error of an answer; its body may be HTML, plain text or JSON (quirks 15 to 19)."""
    redact = asked.redact
    text = redact(reply.body[: 4 * _SHOWN].decode("utf-8", "replace"))[:_SHOWN]
    said, code = _told(reply.body)
    if said is None:
        said = "an HTML page" if text.lstrip()[:1] == "<" else text[:120]
    said = redact(said)[:500]
    pause = retry_after(reply.headers) if reply.status == 429 else None
    answer = f"{reply.status} {_PHRASES.get(reply.status, '')}".rstrip()
    details: dict[str, Any] = {
        "status": reply.status,
        "code": None if code is None else redact(code)[:100],
        "method": asked.method,
        "path": redact(asked.path),
        "body": text,
        "headers": {name: redact(value) for name, value in reply.headers.items() if name.lower() != "set-cookie"},
    }
    message = clauses(f"{answer}: {said}" if said else answer, *_advice(reply.status, said, details["path"], pause))
    if reply.status == 429:
        return RateLimitError(message, retry_after=pause, **details)
    return api_error_class(reply.status)(message, **details)


def _told(body: bytes) -> tuple[str | None, str | None]:
    """Read the message and the code of an error body: (None, None) when it is not JSON (quirks 15, 16)."""
    try:
        document = loads(body)
    except ValueError:
        return None, None
    error = as_object(document).get("error", document)
    if isinstance(error, str):
        return error, None
    found = as_object(error)
    said, code = found.get("message"), found.get("code")
    return said if isinstance(said, str) else "", code if isinstance(code, str) else None


def _advice(status: int, said: str, path: str, pause: float | None) -> tuple[str, ...]:
    match status:
        case 401:
            return ("check the API key, which is case-sensitive",)
        case 403:
            return ("the key's user may not do this, or the body was empty",)
        case 404 if "status page" in said.lower():
            subdomain = "`await client.pages.find(subdomain=...)`"
            return f"asked for {path}", f"client.page() takes the page's id, and {subdomain} finds it by a subdomain"
        case 404:
            return f"asked for {path}", "check the ids: there is no such record"
        case 429:
            return (f"it asks for a pause of {pause:g} s" if pause is not None else "slow down",)
        case 400 | 422:
            return ("check the fields that were sent",)
        case _ if status >= 500:
            # It answers so for an unknown component, in the path or in the body (quirk 17).
            named = "/components/" in path or "component" in said.lower()
            return ("the service failed" + (", as it also does for an unknown component id" if named else ""),)
        case _:
            return ("see `body` for what the service said",)
