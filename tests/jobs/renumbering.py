"""A service that decides the order numbers itself (quirk 52)."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from instatus_async.testing import InstatusServer, faults
from instatus_async.testing.exchange import Exchange


class Renumber(faults.Fault):
    """Carry each request out, and after a write give all components of the page new numbers in their order."""

    def __init__(self, server: InstatusServer, first: int = 7, step: int = 3) -> None:
        self._server = server
        self._first = first
        self._step = step

    async def act(self, exchange: Exchange) -> web.StreamResponse:
        answer = exchange.commit()
        rows: list[dict[str, Any]] = self._server._wire.state.components_of(self._server.page_id)
        if exchange.request.method in ("POST", "PUT"):
            for number, row in enumerate(rows):
                row["order"] = self._first + number * self._step
        return exchange.answer(answer)
