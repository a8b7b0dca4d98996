"""Finding one of the account's status pages by what people know of it."""

import re
from collections.abc import Sequence

from ..errors import InvalidRequestError
from ..resources.pages import Pages, StatusPage
from .finding import absent, bare, folded, matching, needle, only_one

__all__ = ["PageJobs"]


class PageJobs(Pages):
    """The status pages of the account."""

    __slots__ = ()

    async def find(
        self, *, subdomain: str | None = None, name: str | None = None, domain: str | None = None
    ) -> StatusPage:
        """Return the page with a subdomain, a name or a custom domain; give exactly one of them.

        The list is read each time. A name is compared in its very letters first, then in any case; a subdomain and a
        domain in any case, the domain also as an address ("https://status.acme.example/").

        Raises NameNotFoundError with the names that look like it, and AmbiguousNameError when several pages have it.
        """
        given = {"subdomain": subdomain, "name": name, "domain": domain}
        asked = {key: needle(value, key) for key, value in given.items() if value is not None}
        if len(asked) != 1:
            raise InvalidRequestError(
                f"pages.find: expected exactly one of subdomain=, name= and domain=, got {len(asked)}. "
                "Nothing was sent."
            )
        ((key, wanted),) = asked.items()
        if key == "domain" and not _host(wanted):
            raise InvalidRequestError(f"domain: {wanted!r} names no host. Nothing was sent.")
        pages = await self.list().collect()
        found: Sequence[StatusPage]
        if key == "name":
            known, found = [page.name for page in pages], matching(pages, wanted)
        elif key == "subdomain":
            known = [page.subdomain for page in pages]
            found = [page for page in pages if folded(page.subdomain) == folded(wanted)]
        else:
            known = [page.custom_domain for page in pages if page.custom_domain]
            found = [page for page in pages if page.custom_domain and _host(page.custom_domain) == _host(wanted)]
        if not found:
            raise absent(f'No status page of this key has the {key} "{wanted}"', wanted, known, "/v2/pages")
        return only_one(
            found,
            f'The {key} "{wanted}"',
            "Say subdomain=, or use the id: client.page(id).",
            (f'"{bare(page.name)}" at {page.subdomain} ({page.id})' for page in found),
        )


def _host(address: str | None) -> str:
    """Reduce an address to the host: no scheme, port, path or final dot, in lower case."""
    return re.split("[/?#:]", folded(address).rpartition("://")[2])[0].rstrip(".")
