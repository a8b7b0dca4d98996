"""The user behind the API key, and people as other records mention them."""

from typing import Any

import attrs

from .._model import Model
from ._base import READ, Resource

__all__ = ["Member", "Person", "User", "UserProfile"]


@attrs.frozen(kw_only=True)
class UserProfile(Model):
    """The user whose key is used. `name` and `avatar` are null until they are set (quirk 69)."""

    id: str
    name: str | None = None
    email: str | None = None
    slug: str | None = None
    avatar: str | None = None
    """A URL; default avatars are not given."""


@attrs.frozen(kw_only=True)
class Person(Model):
    """A user as other records mention them. `name` and `avatar` are null until they are set."""

    id: str | None = None
    name: str | None = None
    email: str | None = None
    avatar: str | None = None
    """A URL; default avatars are not given."""


@attrs.frozen(kw_only=True)
class Member(Model):
    """Somebody in a workspace or in a page's team: the id is the membership's, not the user's."""

    id: str
    user: Person | None = None


class User(Resource):
    """The user behind the API key. The key reaches every page and workspace of that user (quirk 8)."""

    __slots__ = ()

    async def get(self) -> UserProfile:
        """Return the profile.

        The documents once made it a list: a list of one is read too (quirk 69).
        """
        value = await self._send("GET", "/v1/user", (), READ)
        rows: list[Any] = value
        if type(value) is list and len(rows) == 1:
            value = rows[0]
        return self._read(UserProfile, value, "GET", "/v1/user", READ)
