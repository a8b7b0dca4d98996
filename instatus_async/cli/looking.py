"""`pages`, `components` and `status`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from ..jobs.finding import Groups
from ..public import PublicPageStatus, PublicStatusPage
from ..resources.components import ComponentStatus
from ..severity import page_status
from .context import Command, Context, Result
from .output import clean, moment, table
from .parser import UsageError

__all__ = ["COMMANDS", "address"]

_TROUBLE = 1
_SUBDOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")


def address(url: str, command: str) -> str:
    """Complete the address of a public page: people leave https:// out.

    A host without a dot and a port is a subdomain that INSTATUS_PAGE would take, and nothing that can be found.
    """
    whole = url if "://" in url else f"https://{url}"
    with suppress(ValueError):  # said better by whoever reads the address next
        parts = urlsplit(whole)
        host = parts.hostname or "localhost"
        if host != "localhost" and parts.port is None and not {".", ":"} & {*host}:
            name = host if _SUBDOMAIN.fullmatch(host) else "acme"
            what = "" if name == host else "the address of a page, like "
            raise UsageError(f"{command}: say {what}https://{name}.instatus.com. Nothing was sent.")
    return whole


async def _pages(context: Context) -> Result:
    pages = await context.client.pages.list().collect()
    return Result(
        document={
            "pages": [
                {
                    "id": page.id,
                    "name": page.name,
                    "subdomain": page.subdomain,
                    "custom_domain": page.custom_domain or None,
                    "status": page.status,
                }
                for page in pages
            ]
        },
        lines=table(
            "ID STATUS ADDRESS NAME",
            [(page.id, page.status, page.custom_domain or page.subdomain, page.name) for page in pages],
        ),
    )


async def _components(context: Context) -> Result:
    options = context.options
    if options.named is not None:
        if options.page is not None:
            raise UsageError("components: say either PAGE or --page. Nothing was sent.")
        options.page = options.named
    page = await context.page()
    rows = await page.components.list().collect()
    groups = Groups(rows)
    return Result(
        document={
            "components": [
                {
                    "id": row.id,
                    "name": row.name,
                    "status": row.status,
                    "group": groups.name(row),
                    "group_id": groups.parent_id(row),
                    "archived": row.archived_at is not None,
                }
                for row in rows
            ]
        },
        lines=table(
            "ID STATUS GROUP NAME",
            [(row.id, row.status, groups.name(row), row.name) for row in rows if row.archived_at is None],
        ),
    )


async def _status(context: Context) -> Result:
    async with PublicStatusPage(address(context.options.url, "status"), timeout=context.options.timeout) as public:
        summary = await public.summary()
        components = await public.components()
    incidents, maintenances = summary.active_incidents, summary.active_maintenances
    of_components = page_status(components)
    well = not incidents and of_components == summary.page.status == PublicPageStatus.UP
    names = {row.id: row.name for row in components}
    troubled = [row for row in components if row.status != ComponentStatus.OPERATIONAL]
    said = f"{summary.page.status}"
    if of_components != summary.page.status:
        said += f", components: {of_components}"
    head = "all is well" if well else f"trouble ({clean(said)})"
    lines = [f"{clean(summary.page.name or public.url)}: {head}"]
    lines += [f"incident: {clean(row.name)}: {clean(row.status)}" for row in incidents]
    lines += [
        f"maintenance: {clean(row.name)}: {clean(row.status)}, {moment(row.start) or '-'}" for row in maintenances
    ]
    lines += [f"component: {clean(row.name.strip())}: {clean(row.status)}" for row in troubled]
    return Result(
        document={
            "url": public.url,
            "name": summary.page.name,
            "status": summary.page.status,
            "up": well,
            "incidents": [
                {
                    "id": row.id,
                    "name": row.name,
                    "status": row.status,
                    "impact": row.impact,
                    "started": moment(row.started),
                    "url": row.url,
                }
                for row in incidents
            ],
            "maintenances": [
                {
                    "id": row.id,
                    "name": row.name,
                    "status": row.status,
                    "start": moment(row.start),
                    "duration": row.duration,
                    "url": row.url,
                }
                for row in maintenances
            ],
            "components": [
                {
                    "id": row.id,
                    "name": row.name,
                    "status": row.status,
                    "group": names.get(row.parent_id or ""),
                    "group_id": row.parent_id,
                }
                for row in components
            ],
        },
        lines=lines,
        code=0 if well else _TROUBLE,
    )


COMMANDS: Mapping[str, Command] = {"pages": _pages, "components": _components, "status": _status}
