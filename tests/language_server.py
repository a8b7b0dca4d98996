"""What an editor asks pyright: completions, signatures and hovers, by the language server protocol."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

ROOT = Path(__file__).parent.parent

_CAPABILITIES = {
    "workspace": {"configuration": True, "workspaceFolders": True},
    "textDocument": {
        "completion": {"completionItem": {"documentationFormat": ["plaintext"]}},
        "hover": {"contentFormat": ["plaintext"]},
        "signatureHelp": {"signatureInformation": {"documentationFormat": ["plaintext"]}},
    },
}


class Editor:
    """An editor with one file open; positions are given as a piece of its text, with `|` where the cursor is."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._to, self._from = process.stdin, process.stdout
        self._number = 0
        self._uri = (ROOT / "in_the_editor.py").as_uri()  # never written
        self._text = ""

    async def open(self, text: str) -> None:
        """Say what the file holds."""
        folder = {"uri": ROOT.as_uri(), "name": "the project"}
        await self._ask(
            "initialize",
            processId=None,
            rootUri=folder["uri"],
            workspaceFolders=[folder],
            capabilities=_CAPABILITIES,
        )
        await self._send(method="initialized", params={})
        document = {"uri": self._uri, "languageId": "python", "version": 1, "text": text}
        await self._send(method="textDocument/didOpen", params={"textDocument": document})
        self._text = text

    async def completions(self, at: str) -> list[str]:
        """Return what is offered at a place."""
        found = await self._ask_at("completion", at, context={"triggerKind": 1})
        many = cast("list[dict[str, Any]]", found if isinstance(found, list) else found["items"])
        return [item["label"] for item in many]

    async def signature(self, at: str) -> tuple[str, str]:
        """Return the signature that is shown at a place, and its documentation."""
        found = await self._ask_at("signatureHelp", at, context={"triggerKind": 1, "isRetrigger": False})
        (signature,) = found["signatures"]
        return signature["label"], _text(signature.get("documentation"))

    async def hover(self, at: str) -> str:
        """Return what is shown for the word at a place."""
        found = await self._ask_at("hover", at)
        return "" if found is None else _text(found["contents"])

    async def _ask_at(self, what: str, at: str, **more: Any) -> Any:
        before, after = at.split("|")
        assert self._text.count(before + after) == 1, f"{at!r} is not one place"
        offset = self._text.index(before + after) + len(before)
        lines = self._text[:offset].split("\n")
        position = {"line": len(lines) - 1, "character": len(lines[-1])}
        return await self._ask(f"textDocument/{what}", textDocument={"uri": self._uri}, position=position, **more)

    async def _ask(self, method: str, **params: Any) -> Any:
        self._number += 1
        await self._send(id=self._number, method=method, params=params)
        while True:
            message = await self._receive()
            if "method" not in message and message["id"] == self._number:
                assert "error" not in message, message
                return message["result"]
            if "method" in message and "id" in message:  # the server asks the editor
                await self._send(id=message["id"], result=_settings(message))

    async def _send(self, **message: Any) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._to.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        await self._to.drain()

    async def _receive(self) -> dict[str, Any]:
        head = (await self._from.readuntil(b"\r\n\r\n")).decode()
        length = re.search(r"Content-Length: (\d+)", head)
        assert length is not None, head
        return cast("dict[str, Any]", json.loads(await self._from.readexactly(int(length[1]))))


def _settings(message: dict[str, Any]) -> Any:
    if message["method"] != "workspace/configuration":
        return None
    return [{"pythonPath": sys.executable} for _ in message["params"]["items"]]


def _text(content: Any) -> str:
    return content if isinstance(content, str) else str((content or {"value": ""})["value"])


@asynccontextmanager
async def editor(text: str) -> AsyncGenerator[Editor]:
    """Run pyright's language server for an editor that has opened such a file in the project."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "pyright.langserver",
        "--stdio",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=1 << 24,
        start_new_session=True,  # it is a Python process around one of Node: both must end
    )
    try:
        running = Editor(process)
        await running.open(text)
        yield running
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        await process.communicate()
