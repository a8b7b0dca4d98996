"""Templates: incidents and maintenances written beforehand."""

from datetime import datetime
from typing import Literal, Required, TypeAlias, TypedDict, Unpack

import attrs

from .._model import JSONObject, Model, OpenEnum, Text, Translations
from ..pagination import CONCURRENCY, Pager
from ._base import IDEMPOTENT, NOTIFY, Body, FoundBy, PageResource
from .components import ComponentStatus, StatusMap

__all__ = [
    "AnyTemplateStatus",
    "AnyTemplateType",
    "Template",
    "TemplateChange",
    "TemplateComponent",
    "TemplateCreate",
    "TemplateOrigin",
    "TemplateStatus",
    "TemplateType",
    "Templates",
]


class TemplateType(OpenEnum):
    """What a template makes."""

    INCIDENT = "INCIDENT"
    MAINTENANCE = "MAINTENANCE"


AnyTemplateType: TypeAlias = TemplateType | Literal["INCIDENT", "MAINTENANCE"]


class TemplateStatus(OpenEnum):
    """The status of what a template makes: the first four are for incidents, the rest for maintenances."""

    INVESTIGATING = "INVESTIGATING"
    IDENTIFIED = "IDENTIFIED"
    MONITORING = "MONITORING"
    RESOLVED = "RESOLVED"
    NOT_STARTED_YET = "NOTSTARTEDYET"
    IN_PROGRESS = "INPROGRESS"
    COMPLETED = "COMPLETED"


AnyTemplateStatus: TypeAlias = (
    TemplateStatus
    | Literal["INVESTIGATING", "IDENTIFIED", "MONITORING", "RESOLVED", "NOTSTARTEDYET", "INPROGRESS", "COMPLETED"]
)


class TemplateOrigin(OpenEnum):
    """Who made a template: a person, an integration, or a monitor."""

    MANUAL = "MANUAL"
    INTEGRATION = "INTEGRATION"
    MONITOR = "MONITOR"


@attrs.frozen(kw_only=True)
class TemplateComponent(Model):
    """The status that a template gives to one component."""

    id: str | None = None
    """The id of this row; the component's is `component_id` (quirk 61)."""
    status: ComponentStatus
    component_id: str | None = None
    template_id: str | None = None
    imported_from_statuspage: bool | None = None


@attrs.frozen(kw_only=True)
class Template(Model):
    """An incident or maintenance written beforehand."""

    id: str
    name: Text
    """The name of the notice it makes, and of itself."""
    status: TemplateStatus
    type: TemplateType | None = None
    message: Text | None = None
    """The first update of the notice it makes."""
    message_html: Text | None = None
    """Apostrophes may be written `&#39;` (quirk 61)."""
    notify: bool | None = None
    """Whether subscribers receive the notices it makes."""
    origin: TemplateOrigin | None = None
    """In the API's documents, and in no answer seen (quirk 61)."""
    components: tuple[TemplateComponent, ...] = ()
    site_id: str | None = None
    created_at: datetime | None = None
    deleted_at: datetime | None = None
    name_translation_id: str | None = None
    message_translation_id: str | None = None
    message_html_translation_id: str | None = None
    imported_from_statuspage: bool | None = None
    translations: JSONObject | None = attrs.field(default=None, hash=False)


class TemplateCreate(TypedDict, total=False):
    """Fields of a new template."""

    type: Required[AnyTemplateType]
    subdomain: Required[str]
    """The subdomain of this page."""
    name: Required[str]
    """The name of the notice it makes."""
    message: Required[str]
    """The first update of the notice it makes."""
    status: Required[AnyTemplateStatus]
    notify: Required[bool]
    """Whether subscribers of the page and of the affected components receive the notices it makes."""
    components: Required[StatusMap]
    """`{component_id: status}` of the affected components."""
    translations: Translations
    """`{"name": {"fr": "..."}, "message": {...}}`."""


class TemplateChange(TypedDict, total=False):
    """Fields of a change; what is left out is not sent."""

    type: AnyTemplateType
    name: str
    message: str
    status: AnyTemplateStatus
    notify: bool
    """Whether subscribers of the page and of the affected components receive the notices it makes."""
    components: StatusMap
    """`{component_id: status}` of the affected components."""
    translations: Translations
    """`{"name": {"fr": "..."}, "message": {...}}`."""


class Templates(PageResource):
    """The templates of one page; `incidents.create_from_template` uses them."""

    __slots__ = ()

    def list(self, *, per_page: int = 100, concurrency: int = CONCURRENCY) -> Pager[Template]:
        """List the templates.

        Source: https://instatus.com/help/api/templates
        """
        return self._list(Template, "/v1/{page_id}/templates", per_page=per_page, concurrency=concurrency)

    async def get(self, template_id: str, /) -> Template:
        """Return one template."""
        return await self._get(Template, "/v1/{page_id}/templates/{template_id}", template_id)

    async def create(self, **fields: Unpack[TemplateCreate]) -> Template:
        """Add a template; subscribers receive nothing until it is used.

        A lost answer is looked for by the name; OutcomeUnknownError says that it was not found.
        """
        return await self._post(
            Template,
            "/v1/{page_id}/templates",
            effect=NOTIFY,
            body=Body(TemplateCreate, fields, found_by=FoundBy("/v1/{page_id}/templates", ("name", "type"))),
        )

    async def update(self, template_id: str, /, **fields: Unpack[TemplateChange]) -> Template:
        """Change a template; what it made already stays, and subscribers receive nothing."""
        return await self._put(
            Template,
            "/v1/{page_id}/templates/{template_id}",
            template_id,
            effect=IDEMPOTENT,
            body=Body(TemplateChange, fields),
        )

    async def delete(self, template_id: str, /) -> None:
        """Delete a template; what it made stays, and subscribers receive nothing."""
        await self._delete("/v1/{page_id}/templates/{template_id}", template_id)
