"""A Redis of one test, which can be killed, silenced and started again."""

from __future__ import annotations

import asyncio
import signal
import socket
from pathlib import Path
from typing import Any

import attrs
from redis.asyncio import Redis


@attrs.define
class RedisServer:
    folder: Path
    port: int = 0
    password: str = ""
    _process: asyncio.subprocess.Process | None = None
    _client: Redis | None = None

    @property
    def url(self) -> str:
        return (
            f"redis://:{self.password}@127.0.0.1:{self.port}/0" if self.password else f"redis://127.0.0.1:{self.port}/0"
        )

    async def start(self) -> None:
        """Listen, on the same port as before."""
        if not self.port:
            with socket.socket() as sock:
                sock.bind(("127.0.0.1", 0))
                self.port = sock.getsockname()[1]
        options = {"port": self.port, "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": self.folder}
        if self.password:
            options["requirepass"] = self.password
        arguments = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        self._process = await asyncio.create_subprocess_exec(
            "redis-server", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        assert self._process.stdout is not None
        said = b""
        async for line in self._process.stdout:
            said += line
            if b"Ready to accept connections" in line:
                return
        raise AssertionError(said.decode())

    async def kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            await process.communicate()

    def silence(self) -> None:
        """Keep the connections, and say nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def speak(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    async def do(self, *command: Any) -> Any:
        """Run one command, past whatever is tested."""
        opened: Any = Redis
        async with opened.from_url(self.url, decode_responses=True) as client:
            return await client.execute_command(*command)
