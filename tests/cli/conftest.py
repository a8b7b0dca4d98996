"""What the tests of the command line share."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator

import pytest

from instatus_async.testing import InstatusServer, settling

from .processes import Processes
from .shell import SUBSCRIBER, Shell


@pytest.fixture
def shell(
    server: InstatusServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Generator[Shell]:
    """Commands in a thread of this process; the page has a subscriber and a metric."""
    server.seed(subscribers=[{"email": SUBSCRIBER, "confirmed": True}], metrics=[{"name": "Latency", "suffix": "ms"}])
    monkeypatch.setenv("INSTATUS_API_KEY", server.api_key)
    monkeypatch.setenv("INSTATUS_BASE_URL", server.url)
    monkeypatch.setenv("INSTATUS_PAGE", "acme")
    for name in ("INSTATUS_TRIGGER_URL", "INSTATUS_HEARTBEAT_URL"):
        monkeypatch.delenv(name, raising=False)
    with settling(0.005):
        yield Shell(server, capsys)


@pytest.fixture
async def processes(server: InstatusServer) -> AsyncGenerator[Processes]:
    """Commands as processes; what still runs after the test is killed, and so are the programs that it started."""
    processes = Processes(server)
    yield processes
    await processes.kill()
