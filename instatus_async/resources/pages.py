"""Status pages: the account's list of them, and what can be done to one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Required, TypeAlias, TypedDict, Unpack

import attrs

from .._model import JSONObject, Model, OpenEnum, Text, Translations
from ..pagination import CONCURRENCY, Pager
from ._base import IDEMPOTENT, NOTIFY, Body, FoundBy, PageResource, Resource
from .components import Component

__all__ = [
    "AnyPageStatus",
    "AnySmsService",
    "PageActions",
    "PageChange",
    "PageCreate",
    "PageFields",
    "PageStatus",
    "Pages",
    "SecureLink",
    "SmsService",
    "StatusPage",
]


class PageStatus(OpenEnum):
    """How a page is: UP, HAS_ISSUES and UNDER_MAINTENANCE are what everybody sees, the rest says more (quirk 45)."""

    UP = "UP"
    HAS_ISSUES = "HASISSUES"
    UNDER_MAINTENANCE = "UNDERMAINTENANCE"  # not in the API's documents, but in public data (quirk 45)
    ALL_UNDER_MAINTENANCE = "ALLUNDERMAINTENANCE"
    ALL_DEGRADED_PERFORMANCE = "ALLDEGRADEDPERFORMANCE"
    ALL_PARTIAL_OUTAGE = "ALLPARTIALOUTAGE"
    ALL_MINOR_OUTAGE = "ALLMINOROUTAGE"
    ALL_MAJOR_OUTAGE = "ALLMAJOROUTAGE"
    SOME_UNDER_MAINTENANCE = "SOMEUNDERMAINTENANCE"
    SOME_DEGRADED_PERFORMANCE = "SOMEDEGRADEDPERFORMANCE"
    SOME_PARTIAL_OUTAGE = "SOMEPARTIALOUTAGE"
    SOME_MINOR_OUTAGE = "SOMEMINOROUTAGE"
    SOME_MAJOR_OUTAGE = "SOMEMAJOROUTAGE"
    ONE_UNDER_MAINTENANCE = "ONEUNDERMAINTENANCE"
    ONE_DEGRADED_PERFORMANCE = "ONEDEGRADEDPERFORMANCE"
    ONE_PARTIAL_OUTAGE = "ONEPARTIALOUTAGE"
    ONE_MINOR_OUTAGE = "ONEMINOROUTAGE"
    ONE_MAJOR_OUTAGE = "ONEMAJOROUTAGE"


AnyPageStatus: TypeAlias = (
    PageStatus
    | Literal[
        "UP",
        "HASISSUES",
        "UNDERMAINTENANCE",
        "ALLUNDERMAINTENANCE",
        "ALLDEGRADEDPERFORMANCE",
        "ALLPARTIALOUTAGE",
        "ALLMINOROUTAGE",
        "ALLMAJOROUTAGE",
        "SOMEUNDERMAINTENANCE",
        "SOMEDEGRADEDPERFORMANCE",
        "SOMEPARTIALOUTAGE",
        "SOMEMINOROUTAGE",
        "SOMEMAJOROUTAGE",
        "ONEUNDERMAINTENANCE",
        "ONEDEGRADEDPERFORMANCE",
        "ONEPARTIALOUTAGE",
        "ONEMINOROUTAGE",
        "ONEMAJOROUTAGE",
    ]
)


class SmsService(OpenEnum):
    """Who sends a page's SMS."""

    TWILIO = "twilio"
    VONAGE = "vonage"
    ESENDEX = "esendex"
    MESSAGEBIRD = "messagebird"
    SNS = "sns"


AnySmsService: TypeAlias = SmsService | Literal["twilio", "vonage", "esendex", "messagebird", "sns"]


@attrs.frozen(kw_only=True)
class StatusPage(Model):
    """A status page. Which fields are there differs by operation; a new one may come with its id only (quirk 57)."""

    id: str
    name: Text | None = None
    """The default language's, where the answer gives all of them; the others are in `extra` (quirk 56)."""
    subdomain: str | None = None
    status: PageStatus | None = None
    """What everybody sees: UP, HAS_ISSUES or UNDER_MAINTENANCE (quirk 45)."""
    main_status: PageStatus | None = None
    """The same in the long vocabulary, where the answer has it (quirk 45)."""
    workspace_id: str | None = None
    workspace_slug: str | None = None
    logo_url: str | None = None
    favicon_url: str | None = None
    website_url: str | None = None
    custom_domain: str | None = None
    public_email: str | None = None
    twitter: str | None = None
    language: str | None = None
    """A language code: "en"."""
    use_large_header: bool | None = None
    disable_dark_mode: bool | None = None
    color: str | None = None
    brand_color: str | None = None
    ok_color: str | None = None
    """A colour is "#33B17E" or "rgba(51, 177, 126, 1)"."""
    disrupted_color: str | None = None
    """For partial outages."""
    degraded_color: str | None = None
    """For degraded performance."""
    down_color: str | None = None
    """For major outages."""
    notice_color: str | None = None
    """For maintenances."""
    unknown_color: str | None = None
    google_analytics: str | None = None
    subscribe_by_sms: bool | None = None
    sms_service: SmsService | None = None
    send_sms_notifications: bool | None = None
    html_in_meta: str | None = None
    html_above_header: str | None = None
    html_below_header: str | None = None
    html_above_footer: str | None = None
    html_below_footer: str | None = None
    html_below_summary: str | None = None
    css_global: str | None = None
    launch_date: str | None = None
    date_format: str | None = None
    date_format_short: str | None = None
    time_format: str | None = None
    uptime_days_display: str | None = None
    uptime_outage_display: str | None = None
    onboarded: bool | None = None
    private: bool | None = None
    use_allow_list: bool | None = None
    allow_list: tuple[str, ...] = ()
    secure_link: str | None = attrs.field(default=None, repr=False)
    """Opens a private page to whoever has it: keep it secret (quirk 49)."""
    components: tuple[Component, ...] = ()
    """In answers of writes, in short; `page.components.list()` has all of it (quirk 57)."""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    translations: JSONObject | None = attrs.field(default=None, hash=False)


@attrs.frozen(kw_only=True)
class SecureLink(Model):
    """The link that opens a private page."""

    id: str
    """The page's id."""
    secure_link: str | None = attrs.field(default=None, repr=False)
    """Opens the page to whoever has it: keep it secret (quirk 49)."""


class PageFields(TypedDict, total=False):
    """Fields that a new page and a change share; what is left out is not sent."""

    logo_url: str
    favicon_url: str
    website_url: str
    language: str
    """A language code: "en", the default."""
    use_large_header: bool
    brand_color: str
    """Colours are "#33B17E" or "rgb(51, 177, 126)"."""
    ok_color: str
    disrupted_color: str
    """For partial outages."""
    degraded_color: str
    """For degraded performance."""
    down_color: str
    """For major outages."""
    notice_color: str
    """For maintenances."""
    unknown_color: str
    google_analytics: str
    subscribe_by_sms: bool
    sms_service: AnySmsService
    """Needs the fields of that service below."""
    twilio_sid: str
    twilio_token: str
    twilio_sender: str
    esendex_username: str | None
    esendex_password: str | None
    esendex_account_ref: str | None
    nexmo_key: str | None
    nexmo_secret: str | None
    nexmo_sender: str | None
    html_in_meta: str | None
    html_above_header: str | None
    html_below_header: str | None
    html_above_footer: str | None
    html_below_footer: str | None
    html_below_summary: str | None
    css_global: str | None
    launch_date: str | None
    date_format: str
    """Formats are those of date-fns: "MMMM d, yyyy"."""
    date_format_short: str
    time_format: str


class PageCreate(PageFields, total=False):
    """Fields of a new page."""

    email: Required[str]
    name: Required[str]
    subdomain: Required[str]
    """Unique in all of Instatus: lower-case letters, digits and hyphens."""
    components: Required[Sequence[str]]
    """The names of its first components."""
    workspace: str
    """The id of the workspace; a new one is made by default."""


class PageChange(PageFields, total=False):
    """Fields of a change; what is left out stays as it is."""

    id: str
    """The page's own id, which the API takes beside the one in the path; no need to give it."""
    name: str
    status: AnyPageStatus
    subdomain: str
    public_email: str
    private: bool
    use_allow_list: bool
    translations: Translations
    """`{"name": {"fr": "..."}}`."""


class Pages(Resource):
    """The status pages of the account.

    `client.pages` is a `PageJobs`, which adds `find`.
    """

    __slots__ = ()

    def list(self, *, per_page: int = 100, concurrency: int = CONCURRENCY) -> Pager[StatusPage]:
        """List the pages that the key reaches, in all of its workspaces (quirk 8).

        Source: https://instatus.com/help/api/status-pages
        """
        return self._list(StatusPage, "/v2/pages", per_page=per_page, concurrency=concurrency)

    async def get(self, page_id: str, /) -> StatusPage:
        """Return one page, looked for in the list: the API has no request for one (quirk 31).

        Raises NotFoundError when it is not listed.
        """
        return await self._listed(self.list(), "/v2/pages", page_id, "page_id")

    async def create(self, **fields: Unpack[PageCreate]) -> StatusPage:
        """Make a page with its first components; nobody is subscribed to it yet, so nobody receives anything.

        The answer may hold little more than the id: list the pages for the rest (quirk 57). A lost answer is
        looked for by the subdomain; OutcomeUnknownError says that it was not found.
        """
        return await self._post(
            StatusPage,
            "/v1/pages",
            effect=NOTIFY,
            body=Body(PageCreate, fields, found_by=FoundBy("/v2/pages", ("subdomain",))),
        )


class PageActions(PageResource):
    """What can be done to one page as a whole."""

    __slots__ = ()

    async def update(self, **fields: Unpack[PageChange]) -> StatusPage:
        """Change the page; fields left out stay as they are. Subscribers receive nothing.

        A new `subdomain` changes the page's address at once.
        """
        return await self._put(StatusPage, "/v2/{page_id}", effect=IDEMPOTENT, body=Body(PageChange, fields))

    async def delete(self) -> None:
        """Delete the whole page with its components, notices and subscribers. It cannot be undone.

        Subscribers receive nothing.
        """
        await self._delete("/v2/{page_id}")

    async def regenerate_secure_link(self) -> SecureLink:
        """Replace the link to a private page; the old one stops to work, and nobody receives the new one.

        Raises OutcomeUnknownError when the answer is lost: `client.pages.list()` shows the link that counts.
        """
        return await self._post(SecureLink, "/v1/{page_id}/regenerate-secure-link", effect=NOTIFY)
