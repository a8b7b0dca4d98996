"""Subscribers: who is told what happens on a page."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, TypedDict, Unpack

import attrs

from .._model import Guess, Id, Model
from ..errors import InvalidRequestError
from ..pagination import CONCURRENCY, Pager
from ._base import NOTIFY, Body, FoundBy, PageResource
from ._common import HttpMethod, searched
from .components import Site

__all__ = ["Subscriber", "SubscriberCreate", "Subscribers"]


@attrs.frozen(kw_only=True)
class Subscriber(Model):
    """Somebody, or something, that is told. Lists give eight fields, a new one comes with some thirty (quirk 65)."""

    id: str
    name: str | None = None
    email: str | None = None
    """None for SMS and webhook subscribers (quirk 65)."""
    phone: str | None = None
    webhook: str | None = attrs.field(default=None, repr=False)
    """Whoever has this address can speak to it: keep it secret (quirk 49)."""
    webhook_email: str | None = None
    """Told when the webhook does not answer well."""
    confirmed: bool | None = None
    """May be False right after creation with `auto_confirm=True` (quirk 65)."""
    all: bool | None = None
    """Whether it is subscribed to the whole page."""
    components: tuple[Id, ...] = ()
    """Ids of the components it is subscribed to; empty with `all` (quirk 66)."""
    language: str | None = None
    company: str | None = None
    approved: bool | None = None
    failed_attempts: int | None = None
    hide_unsub_link: bool | None = None
    unsubscribe_token: str | None = attrs.field(default=None, repr=False)
    """Ends the subscription for whoever has it: keep it secret (quirk 49)."""
    discord: Guess | None = attrs.field(default=None, repr=False)
    discord_team: str | None = None
    slack: Guess | None = attrs.field(default=None, repr=False)
    slack_team: str | None = None
    microsoft_teams_webhook: str | None = attrs.field(default=None, repr=False)
    google_chat_webhook: str | None = attrs.field(default=None, repr=False)
    google_chat_space: str | None = None
    webhook_http_method: HttpMethod | None = None
    webhook_headers: Mapping[str, object] | None = attrs.field(default=None, repr=False, hash=False)
    webhook_query_params: Mapping[str, object] | None = attrs.field(default=None, repr=False, hash=False)
    webhook_incident_body: Guess | None = attrs.field(default=None, repr=False)
    """The subscriber's own body in place of the usual one (quirk 98)."""
    webhook_maintenance_body: Guess | None = attrs.field(default=None, repr=False)
    webhook_component_body: Guess | None = attrs.field(default=None, repr=False)
    site_id: str | None = None
    site: Site | None = None
    imported_from_statuspage: bool | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class SubscriberCreate(TypedDict, total=False):
    """Fields of a new subscriber: one of `email`, `phone` and `webhook` says whom to tell."""

    email: str
    phone: str
    webhook: str
    """The URL to call."""
    webhook_email: str
    """The address to tell when the webhook does not answer well."""
    all: bool
    """Whether to subscribe to the whole page."""
    components: Sequence[str] | None
    """Ids of the components to subscribe to; None with `all=True`."""
    auto_confirm: bool
    """True subscribes without asking the person, on paid plans; otherwise a mail asks for confirmation (quirk 65)."""
    language: str
    """A language code: "en"."""


class Subscribers(PageResource):
    """The subscribers of one page."""

    __slots__ = ()

    def list(
        self,
        *,
        search: str | None = None,
        per_page: int = 100,
        concurrency: int = CONCURRENCY,
        version: Literal[1, 2] = 2,
    ) -> Pager[Subscriber]:
        """List the subscribers; `search` takes a part of an e-mail address or phone number.

        Both versions of the list are documented alike; 2 is the newer.

        Source: https://instatus.com/help/api/subscribers
        """
        return self._list(
            Subscriber,
            _list_path(version),
            query={"search": searched(search)},
            per_page=per_page,
            concurrency=concurrency,
        )

    async def get(self, subscriber_id: str, /) -> Subscriber:
        """Return one subscriber, looked for in the list: the API has no request for one (quirk 31).

        Raises NotFoundError when it is not listed.
        """
        return await self._listed(self.list(), "/v2/{page_id}/subscribers", subscriber_id, "subscriber_id")

    async def create(self, **fields: Unpack[SubscriberCreate]) -> Subscriber:
        """Add a subscriber, who receives a mail that asks for confirmation unless `auto_confirm=True`.

        A lost answer is looked for by the address; OutcomeUnknownError says that it was not found.
        """
        return await self._post(
            Subscriber,
            "/v1/{page_id}/subscribers",
            effect=NOTIFY,
            body=Body(SubscriberCreate, fields, found_by=FoundBy("/v2/{page_id}/subscribers", ("email", "phone"))),
        )

    async def delete(self, subscriber_id: str, /) -> None:
        """Remove a subscriber, who is told nothing more."""
        await self._delete("/v1/{page_id}/subscribers/{subscriber_id}", subscriber_id)


def _list_path(version: object) -> str:
    if version == 1 and version is not True:
        return "/v1/{page_id}/subscribers"
    if version == 2:
        return "/v2/{page_id}/subscribers"
    raise InvalidRequestError("version: expected 1 or 2. Nothing was sent.")
