"""The command line in a thread of the tests, against the embedded Instatus."""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

import attrs
import pytest

from instatus_async.cli import main
from instatus_async.testing import InstatusServer, LoggedRequest

SUBSCRIBER = "bo@customer.example"
SCHEDULE = ("maintenance", "schedule", "Database", "--component", "API", "--minutes", "30")


@attrs.frozen
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        (line,) = self.out.splitlines()
        return json.loads(line)

    @property
    def error(self) -> Any:
        """The one document on stderr."""
        (line,) = self.err.splitlines()
        return json.loads(line)["error"]


class Shell:
    """Runs commands in a thread, where they have an event loop of their own."""

    def __init__(self, server: InstatusServer, capsys: pytest.CaptureFixture[str]) -> None:
        self.server = server
        self._capsys = capsys

    async def __call__(self, *words: str) -> Done:
        code = await asyncio.to_thread(main, words)
        shown = self._capsys.readouterr()
        assert SUBSCRIBER not in shown.out + shown.err
        assert self.server.api_key not in shown.out + shown.err
        return Done(code, shown.out, shown.err)

    async def ok(self, *words: str) -> Done:
        done = await self(*words)
        assert (done.code, done.err) == (0, "")
        return done

    async def open(self, *words: str) -> str:
        return (await self.ok("incident", "open", "Down", "-q", *words)).out.strip()

    def writes(self) -> list[LoggedRequest]:
        return [request for request in self.server.requests if request.method != "GET"]

    def status(self, name: str) -> str:
        rows = self.server._wire.state.components.values()
        (status,) = (row["status"] for row in rows if row["name"] == name)
        return str(status)


def alike(value: Any, new: str) -> Any:
    """Leave out what is another one in each run: the moment."""
    if isinstance(value, dict):
        body = cast("dict[str, Any]", value)
        return {key: alike(item, new) for key, item in body.items() if key != "started"}
    return value.replace(new, "NEW-ID") if isinstance(value, str) and new else value
