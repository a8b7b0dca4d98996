"""Fixtures for pytest: a server, a client for it, and its page.

Ask for them in a conftest.py:

    pytest_plugins = ["instatus_async.testing.plugin"]

    instatus_server    an InstatusServer of the test's own, with the page Acme
    instatus_client    an InstatusClient for it, closed after the test
    instatus_page      the handle of its page, from that client

They work with pytest-asyncio in both of its modes, and with the plugin of anyio where pytest-asyncio is missing. When a
test that has a server fails, its report shows the requests that reached the server.

While a test has a server, `incidents.ensure` and `resolve_open` wait for 10 ms, not a second, until lists have settled:
the server's never lag. `settling(1.0)` of `instatus_async.testing` gives a test the real time.

The fixtures share one client. A 429 pauses all calls of a client, so after one that your bot met, what the test reads
by `instatus_page` waits too, and so does whatever else the client has in common with the bot: its pool, `unresolved`,
`aclose()`. `async with instatus_server.client() as own:` gives the test another one; what the server knows itself
(`announcements`, `told`, `requests`) takes no client.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from instatus_async import InstatusClient, Page

    from .server import InstatusServer


_SETTLE = 0.01  # seconds


def _marker() -> Callable[..., Any]:
    try:
        import pytest_asyncio  # noqa: PLC0415 - it may be missing
    except ImportError:
        return pytest.fixture
    marker: Callable[..., Any] = pytest_asyncio.fixture
    return marker


_fixture = _marker()


@_fixture
async def instatus_server() -> AsyncGenerator[InstatusServer]:
    """Run an Instatus of the test's own with the page Acme: seed(), faults, requests, told(), announcements().

    Meanwhile `ensure` and `resolve_open` wait for 10 ms, not a second, until lists have settled.
    """
    from .sdk import settling  # noqa: PLC0415 - only for tests that ask for it
    from .server import InstatusServer  # noqa: PLC0415 - only for tests that ask for it

    with settling(_SETTLE):
        async with InstatusServer() as server:
            yield server


@_fixture
async def instatus_client(instatus_server: InstatusServer) -> AsyncGenerator[InstatusClient]:
    """Give the SDK client for the server that instatus_page uses too; it is closed after the test."""
    async with instatus_server.client() as client:
        yield client


@_fixture
async def instatus_page(instatus_server: InstatusServer, instatus_client: InstatusClient) -> Page:
    """Give the handle of the server's page, `client.page(...)`, from instatus_client."""
    return instatus_client.page(instatus_server.page_id)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the server's log to the report of a test that failed."""
    report = yield
    server = getattr(item, "funcargs", {}).get("instatus_server")
    if report.failed and server is not None:
        report.sections.append(("requests to the Instatus server", server.requests.explain()))
    return report
