"""What a command works with: the arguments, the client, the page and the components that they name."""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

import attrs

from .._vocabularies import did_you_mean
from ..client import InstatusClient
from ..errors import InvalidRequestError, NameNotFoundError
from ..page import Page
from ..resources.components import Component, ComponentStatus
from ..session import DEFAULT_BASE_URL
from ..severity import component_status
from .dry_run import DryRunClient
from .failures import Trail
from .output import JSON, Output
from .parser import UsageError

__all__ = ["Command", "Context", "Result", "instant"]

_LIKE_AN_ID = re.compile(r"c[a-z0-9]{24,26}(-[a-z0-9]+)?")  # quirk 14
_FRESH = 60.0  # seconds for which one reading of the components serves the finds of one command


@attrs.frozen(kw_only=True)
class Result:
    """What a command has to say. `ids` are what --quiet prints; `told` whether subscribers were told just now."""

    document: JSON
    lines: Sequence[str]
    ids: Sequence[str] = ()
    code: int = 0
    told: bool | None = None


class Context:
    """One run of one command."""

    def __init__(self, options: argparse.Namespace, output: Output, trail: Trail) -> None:
        self.options: Any = options
        self.output = output
        self.trail = trail
        self.terminate: Callable[[], None] = lambda: None  # what SIGTERM does
        self._client: InstatusClient | None = None
        self._page: Page | None = None

    @property
    def client(self) -> InstatusClient:
        """The client of the key in the environment; for --dry-run one that sends no write."""
        if self._client is None:
            base_url = self.options.base_url or os.environ.get("INSTATUS_BASE_URL") or DEFAULT_BASE_URL
            if self.options.dry_run:
                self._client = DryRunClient(base_url=base_url, timeout=self.options.timeout)
            else:
                self._client = InstatusClient(base_url=base_url, timeout=self.options.timeout, on_event=self.trail.hear)
        return self._client

    @property
    def dry_run(self) -> DryRunClient | None:
        """The client that sends no write, if the command has used one."""
        return self._client if isinstance(self._client, DryRunClient) else None

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()

    async def page(self) -> Page:
        """Find the page of --page or INSTATUS_PAGE by its id, subdomain, name or custom domain."""
        if self._page is None:
            self._page = await self._find_page(self.options.page or os.environ.get("INSTATUS_PAGE") or "")
        return self._page

    async def _find_page(self, wanted: str) -> Page:
        if not wanted.strip():
            raise UsageError("no page: say --page, or set INSTATUS_PAGE. Nothing was sent.")
        if _LIKE_AN_ID.fullmatch(wanted):
            return self.client.page(wanted)
        pages = self.client.pages
        try:
            return self.client.page((await pages.find(subdomain=wanted)).id)
        except NameNotFoundError:
            pass
        try:
            found = await (pages.find(domain=wanted) if "." in wanted else pages.find(name=wanted))
        except NameNotFoundError:
            if all(page.id != wanted for page in await pages.list().collect()):
                raise
            return self.client.page(wanted)
        return self.client.page(found.id)

    async def statuses(self, *, default: ComponentStatus | None = None) -> Mapping[str, ComponentStatus]:
        """Read --component into `{component_id: status}`. Nothing is sent when a status is wrong."""
        wanted: list[tuple[str, ComponentStatus]] = []
        for text in self.options.component:
            name, given, status = text.rpartition("=")
            if given:
                wanted.append((name.strip(), _status(text, status)))
            elif default is not None:
                wanted.append((text.strip(), default))
            else:
                raise UsageError(f"--component {text}: expected NAME=STATUS, like API=MAJOROUTAGE. Nothing was sent.")
        if not wanted:
            return {}
        page = await self.page()
        found = await asyncio.gather(*(_component(page, name) for name, _ in wanted))
        ids = [row.id for row in found]
        if len(set(ids)) < len(ids):
            raise UsageError("--component: one of them is there twice. Nothing was sent.")
        return {row.id: status for row, (_, status) in zip(found, wanted, strict=True)}

    def message(self) -> str | None:
        """Read --message, from stdin where it is "-"."""
        text: str | None = self.options.message
        if text != "-":
            return text
        text = sys.stdin.read().strip()
        if not text:
            raise UsageError("--message -: there is nothing on stdin. Nothing was sent.")
        return text


def _status(text: str, word: str) -> ComponentStatus:
    """Read the status in a --component."""
    try:
        return component_status(word)
    except InvalidRequestError:
        *names, last = (status.name.lower() for status in ComponentStatus)
        hint = did_you_mean(ComponentStatus, word) or f"say {', '.join(names)} or {last}."
        raise UsageError(f"--component {text}: no such status; {hint} Nothing was sent.") from None


async def _component(page: Page, text: str) -> Component:
    """Find a component by its name, or else by its id."""
    try:
        return await page.components.find(name=text, max_age=_FRESH)
    except NameNotFoundError:
        async for row in page.components.list():
            if row.id == text:
                return row
        raise


def instant(text: str, option: str) -> datetime:
    """Read a time with its zone, or "now"."""
    if text == "now":
        return datetime.now(UTC)
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        value = None
    if value is None or value.tzinfo is None:
        raise UsageError(f"{option} {text}: expected a time with its zone, like 2030-01-31T22:00Z. Nothing was sent.")
    return value


Command: TypeAlias = Callable[[Context], Awaitable[Result]]
