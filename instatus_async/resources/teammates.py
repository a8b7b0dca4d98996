"""Teammates: the people who may work on a page."""

from collections.abc import Sequence
from typing import Any, Literal, Required, TypeAlias, TypedDict, Unpack

import attrs

from .._model import Model, OpenEnum
from .._wire import as_object
from ..pagination import CONCURRENCY, Pager
from ._base import NOTIFY, Body, FoundBy, PageResource
from .user import Person

__all__ = [
    "AnyTeammatePermission",
    "Teammate",
    "TeammateCreate",
    "TeammatePermission",
    "Teammates",
]


class TeammatePermission(OpenEnum):
    """What a teammate may do."""

    FULL = "FULL"
    READ = "READ"
    WRITE = "WRITE"
    MEMBER = "MEMBER"
    EDITOR = "EDITOR"


AnyTeammatePermission: TypeAlias = TeammatePermission | Literal["FULL", "READ", "WRITE", "MEMBER", "EDITOR"]


@attrs.frozen(kw_only=True)
class Teammate(Model):
    """A person on the team of a page. Lists give `id` and `user`, a new one may have no more than its `email`."""

    id: str | None = None
    """The member id, which `delete` wants: not the user's."""
    user: Person | None = None
    email: str | None = None
    """In the answer of `create` (quirk 64); lists have it in `user`."""
    name: str | None = None
    """In the answer of `create`, maybe (quirk 64); lists have it in `user`."""


class TeammateCreate(TypedDict, total=False):
    """Fields of a new teammate."""

    email: Required[str]
    permission: Required[AnyTeammatePermission]
    audience_groups: Sequence[str] | None
    """Ids of the audience groups to put the person in."""
    team: str | None
    """The id of the team to put the person in."""


class Teammates(PageResource):
    """The teammates of one page."""

    __slots__ = ()

    def list(self, *, per_page: int = 100, concurrency: int = CONCURRENCY) -> Pager[Teammate]:
        """List the teammates."""
        return self._list(Teammate, "/v1/{page_id}/team", per_page=per_page, concurrency=concurrency)

    async def get(self, member_id: str, /) -> Teammate:
        """Return one teammate, looked for in the list: the API has no request for one (quirk 31).

        `member_id` is `Teammate.id`, not the user's. Raises NotFoundError when it is not listed.
        """
        return await self._listed(self.list(), "/v1/{page_id}/team", member_id, "member_id")

    async def create(self, **fields: Unpack[TeammateCreate]) -> Teammate:
        """Add a teammate, who receives an invitation by e-mail; subscribers receive nothing.

        The answer has no member id: list the teammates for it (quirk 64). A lost answer is looked for by
        the e-mail address; OutcomeUnknownError says that it was not found.
        """
        template = "/v1/{page_id}/team"
        value = await self._send(
            "POST",
            template,
            (),
            NOTIFY,
            body=Body(TeammateCreate, fields, found_by=FoundBy("/v1/{page_id}/team", ("user.email",))),
        )
        # The answer is empty, {email}, or the row of the user, whose id is not the member's (quirk 64).
        told = as_object(value)
        added: dict[str, Any] = {"email": fields["email"], **told}
        if "id" in told and "user" not in told:
            added = {"email": fields["email"], "user": told}
            added |= {key: told[key] for key in ("email", "name") if told.get(key) is not None}
        return self._read(Teammate, added, "POST", template, NOTIFY)

    async def delete(self, member_id: str, /) -> None:
        """Take a teammate off the page; `member_id` is `Teammate.id`, not the user's. Subscribers receive nothing."""
        await self._delete("/v1/{page_id}/team/{member_id}", member_id)
