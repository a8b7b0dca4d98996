"""The command line as a process, with signals, pipes and a terminal of its own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from instatus_async.testing import InstatusServer

ROOT = Path(__file__).parent.parent.parent
PROGRAM = (sys.executable, "-W", "error", "-m", "instatus_async")

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and pipes of POSIX")

_PIPE = asyncio.subprocess.PIPE
_AT_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)


class Process:
    """One running command."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def line(self) -> str:
        """Return the next line of stdout; where there is none, fail with how it ended."""
        assert self.process.stdout is not None
        line = await self.process.stdout.readline()
        assert line, await self.end()
        return line.decode().rstrip("\n")

    async def document(self, kind: str) -> Any:
        """Return the next change of a kind; a slow machine may bring others."""
        while True:
            change = json.loads(await self.line())
            if change["kind"] == kind:
                return change

    async def end(self, number: signal.Signals | None = None) -> tuple[int, str, str]:
        """Return the exit code, and what is left of stdout and stderr."""
        if number is not None:
            self.process.send_signal(number)
        out, err = await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode, (out or b"").decode(), err.decode()  # None is of no pipe


class Processes:
    """Starts commands, each in a session of its own: whoever runs the tests may have a terminal, and they do not."""

    def __init__(self, server: InstatusServer) -> None:
        self._server = server
        self._started: list[Process] = []

    async def start(
        self,
        *words: str,
        stdout: int = _PIPE,
        terminal: int | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Process:
        """Start a command, at a terminal or without one."""
        settings = {
            "INSTATUS_API_KEY": self._server.api_key,
            "INSTATUS_BASE_URL": self._server.url,
            "INSTATUS_PAGE": self._server.page_id,
            "PYTHONPATH": str(ROOT),
        }
        process = await asyncio.create_subprocess_exec(
            *(() if terminal is None else (sys.executable, "-c", _AT_TERMINAL)),
            *PROGRAM,
            *words,
            env={**os.environ, **settings, **(environment or {})},
            stdin=terminal,
            stdout=stdout,
            stderr=_PIPE,
            start_new_session=True,
        )
        self._started.append(Process(process))
        return self._started[-1]

    async def run(self, *words: str, environment: Mapping[str, str] | None = None) -> tuple[int, str, str]:
        """Run a command to its end."""
        return await (await self.start(*words, environment=environment)).end()

    async def kill(self) -> None:
        """End what still runs."""
        for running in self._started:
            with suppress(ProcessLookupError):
                os.killpg(running.process.pid, signal.SIGKILL)
                print(await running.end())  # noqa: T201 - pytest shows it when the test has failed
