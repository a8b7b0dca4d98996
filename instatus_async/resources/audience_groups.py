"""Audience groups: which teammates of a page share which of its components."""

from collections.abc import Sequence
from typing import TypedDict, Unpack

import attrs

from .._model import Model
from ..pagination import CONCURRENCY, Pager
from ._base import IDEMPOTENT, NOTIFY, Body, FoundBy, PageResource
from .components import Component, Site
from .user import Member

__all__ = [
    "AudienceGroup",
    "AudienceGroupChange",
    "AudienceGroupComponent",
    "AudienceGroupCreate",
    "AudienceGroupTeammate",
    "AudienceGroups",
]


@attrs.frozen(kw_only=True)
class AudienceGroupTeammate(Model):
    """A teammate's place in an audience group; `id` is the place's, `teammate_id` the teammate's."""

    id: str
    audience_group_id: str | None = None
    teammate_id: str | None = None
    teammate: Member | None = None


@attrs.frozen(kw_only=True)
class AudienceGroupComponent(Model):
    """A component's place in an audience group; `id` is the place's, `component_id` the component's."""

    id: str
    audience_group_id: str | None = None
    component_id: str | None = None
    component: Component | None = None


@attrs.frozen(kw_only=True)
class AudienceGroup(Model):
    """An audience group. Answers of create and update have `site` in place of teammates and components."""

    id: str
    name: str
    site_id: str | None = None
    site: Site | None = None
    teammates: tuple[AudienceGroupTeammate, ...] = ()
    components: tuple[AudienceGroupComponent, ...] = ()


class AudienceGroupCreate(TypedDict, total=False):
    """Fields of a new audience group."""

    name: str
    components: Sequence[str]
    """Ids of the group's components."""
    teammates: Sequence[str]
    """Ids of the teammates in the group."""


class AudienceGroupChange(TypedDict, total=False):
    """Fields of a change: the API changes the components, and nothing else."""

    components: Sequence[str]
    """Ids of the group's components."""


class AudienceGroups(PageResource):
    """The audience groups of one page."""

    __slots__ = ()

    def list(self, *, per_page: int = 100, concurrency: int = CONCURRENCY) -> Pager[AudienceGroup]:
        """List the audience groups.

        Source: https://instatus.com/help/api/audience-groups
        """
        return self._list(AudienceGroup, "/v1/{page_id}/audience-groups", per_page=per_page, concurrency=concurrency)

    async def get(self, audience_group_id: str, /) -> AudienceGroup:
        """Return one audience group with its teammates and components."""
        return await self._get(AudienceGroup, "/v1/{page_id}/audience-groups/{audience_group_id}", audience_group_id)

    async def create(self, **fields: Unpack[AudienceGroupCreate]) -> AudienceGroup:
        """Add an audience group.

        A lost answer is looked for by the name; OutcomeUnknownError says that it was not found.
        """
        return await self._post(
            AudienceGroup,
            "/v1/{page_id}/audience-groups",
            effect=NOTIFY,
            body=Body(AudienceGroupCreate, fields, found_by=FoundBy("/v1/{page_id}/audience-groups", ("name",))),
        )

    async def update(self, audience_group_id: str, /, **fields: Unpack[AudienceGroupChange]) -> AudienceGroup:
        """Change the components of an audience group."""
        return await self._put(
            AudienceGroup,
            "/v1/{page_id}/audience-groups/{audience_group_id}",
            audience_group_id,
            effect=IDEMPOTENT,
            body=Body(AudienceGroupChange, fields),
        )

    async def delete(self, audience_group_id: str, /) -> None:
        """Delete an audience group."""
        await self._delete("/v1/{page_id}/audience-groups/{audience_group_id}", audience_group_id)
