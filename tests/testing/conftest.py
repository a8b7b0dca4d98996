"""Give each test a server of its own and a plain HTTP caller for it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from instatus_async.testing import InstatusServer, ManualClock


@dataclass
class Caller:
    """Call the server without the SDK."""

    session: aiohttp.ClientSession
    server: InstatusServer

    async def send(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """Return the status and the JSON of an answer; `{page}` in the path is the first page's id."""
        url = path if path.startswith("http") else self.server.url + path.replace("{page}", self.server.page_id)
        key = {"Authorization": f"Bearer {self.server.api_key}"}
        async with self.session.request(method, url, json=body, headers=key if headers is None else headers) as answer:
            found = await answer.json() if answer.content_type == "application/json" else await answer.text()
            return answer.status, found

    async def __call__(self, method: str, path: str, body: Any = None) -> Any:
        """Return the JSON of an answer that must be 200."""
        status, found = await self.send(method, path, body)
        assert status == 200, (status, found)
        return found

    async def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """Return the status and the message of an answer that must be an error."""
        status, found = await self.send(method, path, body)
        assert status >= 400, (status, found)
        return status, found["error"]["message"]

    async def summary(self) -> Any:
        """Return the public summary of the first page."""
        return await self("GET", self.server.page_url() + "/summary.json")


@pytest.fixture
def clock() -> ManualClock:
    """Return the server's clock: noon of a Thursday, the first of January 2026."""
    return ManualClock()


@pytest.fixture
async def server(clock: ManualClock) -> AsyncIterator[InstatusServer]:
    """Run a server that starts with the page Acme."""
    async with InstatusServer(clock=clock) as running:
        yield running


@pytest.fixture
async def api(server: InstatusServer) -> AsyncIterator[Caller]:
    """Return the caller."""
    async with aiohttp.ClientSession() as session:
        yield Caller(session, server)
