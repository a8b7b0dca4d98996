"""What Instatus sends to your webhook: verify its signature, read it as an event, serve it with aiohttp.

    event = webhooks.receive(await request.read(), request.headers, secret)
    match event:
        case webhooks.IncidentEvent():
            print(event.incident.name, event.incident.status, event.update)
        case webhooks.MaintenanceEvent():
            ...
        case webhooks.ComponentEvent():
            print(event.name, event.status)

A signature proves who wrote a body, and not when: it covers no time, so whoever has seen a webhook can send it again
(quirk 97). `event.key` tells what was there before; keep the keys you have acted upon.

Nobody can ask for a webhook again, so these models are read more leniently than the API's answers: a field that may be
absent and cannot be read is None, and its value is in `extra`.

To test a receiver, let `instatus_async.testing` send to it: its webhooks are signed as the service signs them.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import typing
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast, get_args, get_origin

import attrs

from ._fields import is_enum, is_model
from ._leaves import to_translated
from ._model import Model, OpenEnum
from ._signature import check_secrets, check_signature, signature_of
from ._wire import as_object, instant, loads, unwrapped
from .errors import BodyTooLargeError, ConfigError, DecodeError, InvalidRequestError
from .resources.components import ComponentStatus
from .resources.incidents import IncidentImpact, IncidentStatus
from .resources.maintenances import MaintenanceStatus
from .resources.pages import PageStatus

if TYPE_CHECKING:
    from aiohttp import web

__all__ = [
    "DEFAULT_MAX_BYTES",
    "ComponentEvent",
    "Event",
    "IncidentEvent",
    "MaintenanceEvent",
    "Secrets",
    "WebhookComponent",
    "WebhookComponentUpdate",
    "WebhookIncident",
    "WebhookIncidentUpdate",
    "WebhookMaintenance",
    "WebhookMaintenanceUpdate",
    "WebhookMeta",
    "WebhookPage",
    "aiohttp_handler",
    "parse",
    "receive",
    "verify",
]

DEFAULT_MAX_BYTES = 1024 * 1024

Secrets: TypeAlias = str | Sequence[str]
"""The secret of a subscription, 64 hex characters used as text; or several, while one takes over from another."""


# --- Events ----------------------------------------------------------------------------------------------------------
# Names are the wire's own, which is snake_case here (quirk 93).


@attrs.frozen(kw_only=True)
class WebhookMeta(Model):
    """How to be rid of the webhook."""

    unsubscribe: str | None = attrs.field(default=None, repr=False)
    """An address with a token that ends the subscription: keep it secret."""
    documentation: str | None = None


@attrs.frozen(kw_only=True)
class WebhookPage(Model):
    """The status page."""

    id: str | None = None
    status_indicator: PageStatus | None = None
    status_description: str | None = None
    url: str | None = None


@attrs.frozen(kw_only=True)
class WebhookComponent(Model):
    """A component in short."""

    id: str | None = None
    name: str | None = None
    status: ComponentStatus | None = None
    created_at: datetime | None = None


@attrs.frozen(kw_only=True)
class WebhookComponentUpdate(Model):
    """The change of a component."""

    component_id: str | None = None
    new_status: ComponentStatus | None = None
    old_status: ComponentStatus | None = None
    """Only in webhooks of an older age (quirk 94)."""
    created_at: datetime | None = None


@attrs.frozen(kw_only=True)
class WebhookIncidentUpdate(Model):
    """One message of an incident's story."""

    id: str | None = None
    incident_id: str | None = None
    status: IncidentStatus | None = None
    body: str | None = None
    markdown: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


@attrs.frozen(kw_only=True)
class WebhookMaintenanceUpdate(Model):
    """One message of a maintenance's story."""

    id: str | None = None
    maintenance_id: str | None = None
    status: MaintenanceStatus | None = None
    body: str | None = None
    markdown: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


@attrs.frozen(kw_only=True)
class WebhookIncident(Model):
    """An incident with its story so far."""

    id: str | None = None
    name: str
    status: IncidentStatus
    impact: IncidentImpact | None = None
    url: str | None = None
    backfilled: bool | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    resolved_at: datetime | None = None
    incident_updates: tuple[WebhookIncidentUpdate, ...] = ()
    affected_components: tuple[WebhookComponent, ...] = ()


@attrs.frozen(kw_only=True)
class WebhookMaintenance(Model):
    """A maintenance with its story so far."""

    id: str | None = None
    name: str
    status: MaintenanceStatus
    impact: IncidentImpact | None = None
    url: str | None = None
    backfilled: bool | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    resolved_at: datetime | None = None
    duration: float | str | None = None
    """A number, in minutes as far as anybody knows, or a text that is none, as it came (quirk 95)."""
    maintenance_updates: tuple[WebhookMaintenanceUpdate, ...] = ()
    affected_components: tuple[WebhookComponent, ...] = ()


@attrs.frozen(kw_only=True)
class IncidentEvent(Model):
    """Something was said about an incident."""

    incident: WebhookIncident
    page: WebhookPage | None = None
    meta: WebhookMeta | None = None

    @property
    def update(self) -> WebhookIncidentUpdate | None:
        """The newest message, if there is any."""
        return _newest(self.incident.incident_updates)

    @property
    def key(self) -> str:
        """The same for every delivery of this news, and for no other news: an idempotency key (quirk 97)."""
        return _key_of("incident", self.incident, self.incident.incident_updates)


@attrs.frozen(kw_only=True)
class MaintenanceEvent(Model):
    """Something was said about a maintenance."""

    maintenance: WebhookMaintenance
    page: WebhookPage | None = None
    meta: WebhookMeta | None = None

    @property
    def update(self) -> WebhookMaintenanceUpdate | None:
        """The newest message, if there is any."""
        return _newest(self.maintenance.maintenance_updates)

    @property
    def key(self) -> str:
        """The same for every delivery of this news, and for no other news: an idempotency key (quirk 97)."""
        return _key_of("maintenance", self.maintenance, self.maintenance.maintenance_updates)


@attrs.frozen(kw_only=True)
class ComponentEvent(Model):
    """A component has another status. What one of its two parts does not say, the other one may."""

    component: WebhookComponent = attrs.field(factory=WebhookComponent)
    component_update: WebhookComponentUpdate = attrs.field(factory=WebhookComponentUpdate)
    page: WebhookPage | None = None
    meta: WebhookMeta | None = None

    @property
    def component_id(self) -> str | None:
        """The component's id."""
        return self.component_update.component_id or self.component.id

    @property
    def name(self) -> str | None:
        """The component's name."""
        return self.component.name

    @property
    def status(self) -> ComponentStatus:
        """The status that it has now."""
        return self.component_update.new_status or cast("ComponentStatus", self.component.status)

    @property
    def old_status(self) -> ComponentStatus | None:
        """The status before, which only webhooks of an older age tell (quirk 94)."""
        return self.component_update.old_status

    @property
    def key(self) -> str:
        """The same for every delivery of this news, and for no other news: an idempotency key (quirk 97).

        Where the body does not say when it happened, the same status after a while counts as the same news.
        """
        update = self.component_update
        when, about = _seconds(update.created_at), self.component_id or self.name
        return _key("component", about, self.old_status, self.status, when, dict(update.extra))


Event: TypeAlias = IncidentEvent | MaintenanceEvent | ComponentEvent

U = TypeVar("U", WebhookIncidentUpdate, WebhookMaintenanceUpdate)


def _newest(updates: Sequence[U]) -> U | None:
    """Find the newest by its date; where one has none, the last of the list."""
    dates = [update.created_at for update in updates if update.created_at is not None]
    if not updates or len(dates) < len(updates):
        return updates[-1] if updates else None
    newest = max(dates)
    return [update for update in updates if update.created_at == newest][-1]


def _key_of(
    kind: str,
    notice: WebhookIncident | WebhookMaintenance,
    updates: Sequence[WebhookIncidentUpdate] | Sequence[WebhookMaintenanceUpdate],
) -> str:
    about = (notice.id or notice.url, notice.name, notice.status, notice.impact, notice.backfilled, dict(notice.extra))
    duration = notice.duration if isinstance(notice, WebhookMaintenance) else None
    story = [(one.id, one.status, one.body, one.markdown, dict(one.extra)) for one in updates]
    parts = [(one.id or one.name, one.status) for one in notice.affected_components]
    return _key(kind, *about, _seconds(notice.resolved_at), duration, story, parts)


def _seconds(moment: datetime | None) -> float | None:
    """Write a time so that it is the same in every zone."""
    return None if moment is None else moment.timestamp()


def _key(kind: str, *news: object) -> str:
    """Make a short text of all that makes the news, what is unknown too: nothing new may pass for something old.

    The page, the token in `meta`, and when the record was made and last touched are no news. When it was over is: one
    that is open again and resolved again may have nothing else to tell the two ends apart.
    """
    text = json.dumps(news, sort_keys=True, default=str)
    return f"{kind}-{hashlib.sha256(text.encode()).hexdigest()[:32]}"


# --- Verify, parse ---------------------------------------------------------------------------------------------------


def receive(
    body: bytes | str, headers: Mapping[str, str], secret: Secrets, *, max_bytes: int = DEFAULT_MAX_BYTES
) -> Event:
    """Verify a webhook, then read it.

    `body` is the raw body of the request, `headers` its headers, of aiohttp, Starlette or any mapping.

    Raises SignatureError for what Instatus did not sign with the secret, BodyTooLargeError for more than `max_bytes`,
    DecodeError for a signed body that is none of the three events, and ConfigError for a secret that cannot be one.
    """
    secret = check_secrets(secret)
    raw = _limited(body, max_bytes)
    check_signature(raw, signature_of(headers), secret)
    return parse(raw)


def verify(body: bytes | str, signature: str | None, secret: Secrets, *, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
    """Raise SignatureError unless the signature of a raw body was made with the secret, or with one of several.

    `signature` is the value of the header `x-instatus-webhook-signature`, None when it is missing. There is no
    result to forget to look at. A body that was parsed and written anew is accepted where only its layout differs.

    Raises BodyTooLargeError for more than `max_bytes`, and ConfigError for a secret that cannot be one.
    """
    secret = check_secrets(secret)
    check_signature(_limited(body, max_bytes), signature, secret)


def parse(body: bytes | str) -> Event:
    """Read a webhook's body without verifying it: anybody could have sent it. `receive` does both.

    Raises DecodeError for what is none of the three events: subscribers may have bodies of their own (quirk 98).
    """
    raw = _raw(body)
    try:
        value: object = loads(raw)
    except ValueError as exc:
        reason = str(exc)
    else:
        if raw.count(b"[") + raw.count(b"{") <= _DEEPEST or not _is_deep(value):
            return _event(value)
        reason = "it is nested too deeply"
    raise DecodeError(f"The webhook's body is not JSON ({reason}). {_CUSTOMISED}", body=_shown(raw))


_CUSTOMISED = (
    "If the subscription has a body of its own, read it yourself after webhooks.verify(), or take the custom body away."
)


_DEEPEST = 100  # levels; more would reach the end of the stack of those who print or compare an event


def _is_deep(value: object) -> bool:
    level: list[object] = [value]
    for _ in range(_DEEPEST):
        below: list[object] = []
        for item in level:
            if isinstance(item, dict):
                below += cast("dict[str, object]", item).values()
            elif isinstance(item, list):
                below += cast("list[object]", item)
        level = below
    return bool(level)


def _event(value: object) -> Event:
    """Tell the three kinds by their keys: the body names none (quirk 93)."""
    body = as_object(value)
    try:
        if body.get("incident"):
            return _read(IncidentEvent, body, "$")
        if body.get("maintenance"):
            return _read(MaintenanceEvent, body, "$")
        if body.get("component_update") or body.get("component"):
            return _with_status(_read(ComponentEvent, body, "$"))
    except DecodeError as exc:
        text, path = exc.args[0], exc.path
    else:
        text, path = "$: it has neither incident nor maintenance nor component_update", "$"
    raise DecodeError(f"Cannot read the webhook at {text}. {_CUSTOMISED}", path=path, body=value)


def _with_status(event: ComponentEvent) -> ComponentEvent:
    if event.component_update.new_status or event.component.status:
        return event
    place = "$.component_update.new_status"
    raise DecodeError(f"{place}: it is missing", path=place)


def _check_limit(max_bytes: Any) -> None:
    if isinstance(max_bytes, bool) or not isinstance(max_bytes, int) or max_bytes < 1:
        raise ConfigError("max_bytes must be a positive number of bytes")


def _limited(body: object, max_bytes: int) -> bytes:
    """Take the body as bytes, within the limit."""
    _check_limit(max_bytes)
    if isinstance(body, (bytes, bytearray, str)) and len(body) > max_bytes:
        raise too_large(max_bytes)
    raw = _raw(body)
    if len(raw) > max_bytes:
        raise too_large(max_bytes)
    return raw


def _raw(body: object) -> bytes:
    """Take the body as bytes."""
    if isinstance(body, (bytes, bytearray)):
        return bytes(body)
    if not isinstance(body, str):
        raise InvalidRequestError(
            f"body: expected the raw body of the request, as bytes or text, got {type(body).__name__}. The signature "
            "covers what was sent, so read it before anything parses it."
        )
    try:
        return body.encode()
    except UnicodeEncodeError:
        pass
    raise DecodeError("The webhook's body is a text with half a surrogate pair. Pass the bytes as they came.")


def too_large(max_bytes: int) -> BodyTooLargeError:
    """Make the error of a body beyond the limit."""
    return BodyTooLargeError(f"The webhook's body is larger than {max_bytes} bytes. Refuse it, or raise max_bytes=.")


def _shown(raw: bytes) -> str:
    return raw[:2000].decode("utf-8", "replace")


# --- Reading ---------------------------------------------------------------------------------------------------------

M = TypeVar("M", bound=Model)
_Reader: TypeAlias = Callable[[object, str], object]

_ODD = (TypeError, ValueError, OverflowError, OSError)


def _read(cls: type[M], value: object, at: str) -> M:
    """Read one object; only what is required and cannot be read raises DecodeError."""
    if not isinstance(value, dict):
        raise DecodeError(f"{at}: expected an object", path=at, body=value)
    given = cast("dict[str, object]", value)
    fields = _fields(cls)
    values: dict[str, Any] = {}
    extra = {key: item for key, item in given.items() if key not in fields}
    for name, (read, required) in fields.items():
        item = given.get(name)
        place = f"{at}.{name}"
        try:
            found = None if item is None else read(item, place)
        except DecodeError:
            if required:
                raise
            found = None
        except _ODD:
            found = None
        if found is not None:
            values[name] = found
        elif required:
            raise DecodeError(f"{place}: it is missing, or of another kind", path=place, body=given)
        elif item not in (None, ""):
            extra[name] = item
    values["extra"] = extra or None
    return cls(**values)


def _make_fields(cls: type[Model]) -> Mapping[str, tuple[_Reader, bool]]:
    """Choose how each attribute is read, and whether it must be there."""
    hints = typing.get_type_hints(cls)
    return {
        field.name: (_reader(hints[field.name]), field.default is attrs.NOTHING)
        for field in attrs.fields(cls)
        if field.name != "_extra"
    }


# Cast: `cache` wants Hashable arguments, and mypy takes no attrs class for one.
_fields = cast("Callable[[type[Model]], Mapping[str, tuple[_Reader, bool]]]", cache(_make_fields))


def _reader(hint: Any) -> _Reader:
    hint, _, _ = unwrapped(hint)
    if get_origin(hint) is tuple:
        return partial(_many, get_args(hint)[0])
    if is_model(hint):
        return partial(_read, hint)
    if is_enum(hint):
        return partial(_member, hint)
    return _LEAVES.get(cast("object", hint), _duration)


def _many(cls: type[Model], value: object, at: str) -> Sequence[Model]:
    if not isinstance(value, list):
        raise TypeError("expected a list")
    return tuple(_read(cls, item, f"{at}[{index}]") for index, item in enumerate(cast("list[object]", value)))


def _text(value: object, _: str) -> str:
    if isinstance(value, str):
        return value
    if type(value) is int:  # an id
        return str(value)
    if "default" in as_object(value):  # languages, as the API has them (quirk 56)
        return to_translated(value)
    raise TypeError("expected text")


def _flag(value: object, _: str) -> bool | None:
    if isinstance(value, bool):
        return value
    raise TypeError("expected true or false")


def _instant(value: object, _: str) -> datetime | None:
    return None if isinstance(value, str) and not value.strip() else instant(value)


def _duration(value: object, _: str) -> float | str | None:
    """Read a number, a text that holds one, or any other text (quirk 95)."""
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            return value.strip() or None
        return number if math.isfinite(number) else value
    if type(value) is int or type(value) is float:
        return float(value)
    raise TypeError("expected a number")


_LEAVES: Mapping[object, _Reader] = {str: _text, bool: _flag, datetime: _instant}

_BETWEEN = re.compile(r"[\s_-]+")
_OTHER_WORDS = {"PLANNED": MaintenanceStatus.NOT_STARTED_YET}  # quirk 46


def _member(enum: type[OpenEnum], value: object, _: str) -> OpenEnum | None:
    """Read a status in either vocabulary, like "In progress" for INPROGRESS (quirk 46); an unknown one is kept."""
    if not isinstance(value, str):
        raise TypeError("expected text")
    if not value.strip():
        return None
    word = _BETWEEN.sub("", value).upper()
    for text in (word, _OTHER_WORDS.get(word, word)):
        if (member := enum(text)).is_known:
            return member
    return enum(value)


# --- Serving ---------------------------------------------------------------------------------------------------------


def aiohttp_handler(
    secret: Secrets,
    on_event: Callable[[Event], Awaitable[object] | None],
    *,
    max_bytes: int = DEFAULT_MAX_BYTES,
    remember: int = 10_000,
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Make a handler for aiohttp.web: `app.router.add_post("/instatus", webhooks.aiohttp_handler(secret, on_event))`.

    `on_event` is awaited before the answer, and 200 says that it is done: an event is never acknowledged and then lost.
    When it raises, the exception is logged and the answer is 500, which Instatus counts as a failure (whether it tries
    again is not documented, quirk 99). It should be quick: what takes seconds belongs into a queue of yours.

    The keys of the last `remember` events are kept in memory, and what comes again is answered with 200 and dropped;
    while it is being worked on, the answer waits for that. 0 keeps none.

    The answers: 413 for more than `max_bytes`, 401 for a signature that is not the secret's, 400 for a signed body
    that is no event. Raises ConfigError for a setting that cannot work.
    """
    from ._webhook_handler import Receiver  # noqa: PLC0415 - aiohttp.web takes its time to be imported

    secret = check_secrets(secret)
    _check_limit(max_bytes)
    return Receiver(partial(receive, secret=secret, max_bytes=max_bytes), on_event, max_bytes, remember).handle
