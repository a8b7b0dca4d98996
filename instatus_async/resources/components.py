"""Components: the parts of your product whose status a page shows."""

# No `from __future__ import annotations` in the resource modules: it would empty `__required_keys__` of the request
# fields on Python 3.11.

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, Required, TypeAlias, TypedDict, Unpack

import attrs

from .._body import STATUS_ROWS
from .._model import JSONObject, Model, SeverityEnum, Text, Translations
from .._wire import GROUP
from ..pagination import CONCURRENCY, Pager
from ._base import IDEMPOTENT, NOTIFY, Body, FoundBy, PageResource

__all__ = [
    "AnyComponentStatus",
    "Component",
    "ComponentChange",
    "ComponentCreate",
    "ComponentFields",
    "ComponentGroup",
    "ComponentStatus",
    "Components",
    "Site",
    "StatusMap",
]


class ComponentStatus(SeverityEnum):
    """How a component is, from harmless to worst: members compare in this order."""

    OPERATIONAL = "OPERATIONAL"
    UNDER_MAINTENANCE = "UNDERMAINTENANCE"
    DEGRADED_PERFORMANCE = "DEGRADEDPERFORMANCE"
    MINOR_OUTAGE = "MINOROUTAGE"  # not in the API's documents, but seen (quirk 43)
    PARTIAL_OUTAGE = "PARTIALOUTAGE"
    MAJOR_OUTAGE = "MAJOROUTAGE"


AnyComponentStatus: TypeAlias = (
    ComponentStatus
    | Literal["OPERATIONAL", "UNDERMAINTENANCE", "DEGRADEDPERFORMANCE", "MINOROUTAGE", "PARTIALOUTAGE", "MAJOROUTAGE"]
)

StatusMap: TypeAlias = Annotated[Mapping[str, AnyComponentStatus], STATUS_ROWS]
"""Statuses by the ids of components: `{component_id: status}`."""
"""`{component_id: status}`, sent as the API's list of rows."""


@attrs.frozen(kw_only=True)
class Site(Model):
    """The status page as other records mention it; which fields are there differs by operation (quirk 59)."""

    id: str | None = None
    name: Text | None = None
    subdomain: str | None = None
    color: str | None = None
    logo_url: str | None = None
    public_email: str | None = None
    language: str | None = None


@attrs.frozen(kw_only=True)
class ComponentGroup(Model):
    """The parent of a component; answers give its id, its name, or all of it (quirk 50)."""

    id: str | None = None
    name: Text | None = None
    description: Text | None = None


@attrs.frozen(kw_only=True)
class Component(Model):
    """A part of the product. Its parent's status is not made from its own (quirk 84)."""

    id: str
    name: Text
    status: ComponentStatus
    unique_email: str | None = attrs.field(default=None, repr=False)
    """Mail to this address changes the status (quirk 104): keep it secret."""
    description: Text | None = None
    order: int | None = None
    """Decided by the service, whatever was asked for (quirk 52)."""
    group: Annotated[ComponentGroup | None, GROUP] = None
    group_id: str | None = None
    show_uptime: bool | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    archived_at: datetime | None = None
    start_date: datetime | None = None
    site_id: str | None = None
    site: Site | None = None
    name_html: Text | None = None
    description_html: Text | None = None
    name_translation_id: str | None = None
    description_translation_id: str | None = None
    name_html_translation_id: str | None = None
    description_html_translation_id: str | None = None
    is_third_party: bool | None = None
    third_party_status: str | None = None
    third_party_component_id: str | None = None
    third_party_component_service_id: str | None = None
    imported_from_statuspage: bool | None = None
    translations: JSONObject | None = attrs.field(default=None, hash=False)


class ComponentFields(TypedDict, total=False):
    """Fields that a new component and a change share."""

    description: str | None
    """None comes back as "" (quirk 53)."""
    status: AnyComponentStatus
    order: int
    show_uptime: bool
    """Whether the page shows the uptime bar and percentage."""
    grouped: bool
    archived: bool
    """Archived components leave the page."""
    translations: Translations
    """`{"name": {"fr": "..."}, "description": {...}}`."""


class ComponentChange(ComponentFields, total=False):
    """Fields of a change; what is left out stays as it is (quirk 5)."""

    name: str


class ComponentCreate(ComponentFields, total=False):
    """Fields of a new component."""

    name: Required[str]
    group: str | None
    """The id of the parent; together with `grouped=True` (quirk 50)."""
    start_date: datetime
    """Since when its uptime counts: accepted, though the API's documents leave it out."""


class Components(PageResource):
    """The components of one page.

    `page.components` is a `ComponentJobs`, which adds `find` and `plan`.
    """

    __slots__ = ()

    def list(self, *, per_page: int = 100, concurrency: int = CONCURRENCY) -> Pager[Component]:
        """List the components.

        Source: https://instatus.com/help/api/components
        """
        return self._list(Component, "/v1/{page_id}/components", per_page=per_page, concurrency=concurrency)

    async def get(self, component_id: str, /) -> Component:
        """Return one component.

        An unknown id gives ServerError: the service answers 500, not 404 (quirk 17).
        """
        return await self._get(Component, "/v1/{page_id}/components/{component_id}", component_id)

    async def create(self, **fields: Unpack[ComponentCreate]) -> Component:
        """Add a component; subscribers receive nothing.

        A lost answer is looked for by the name; OutcomeUnknownError says that it was not found.
        """
        return await self._post(
            Component,
            "/v1/{page_id}/components",
            effect=NOTIFY,
            body=Body(
                ComponentCreate, fields, found_by=FoundBy("/v1/{page_id}/components", ("name",), also=("group",))
            ),
        )

    async def update(self, component_id: str, /, **fields: Unpack[ComponentChange]) -> Component:
        """Change a component; fields left out stay as they are.

        A status set here shows on the page at once. Subscribers who asked for component changes may receive it.
        """
        return await self._put(
            Component,
            "/v1/{page_id}/components/{component_id}",
            component_id,
            effect=IDEMPOTENT,
            body=Body(ComponentChange, fields),
        )

    async def delete(self, component_id: str, /) -> None:
        """Delete a component and its history. The children of a parent stay (quirk 77)."""
        await self._delete("/v1/{page_id}/components/{component_id}", component_id)
