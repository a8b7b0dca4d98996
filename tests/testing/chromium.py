"""Drive a headless Chromium over the DevTools protocol, with nothing but aiohttp."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import signal
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_PATIENCE = 60  # seconds until something that never comes fails the test

_SWITCHES = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-breakpad"),
    *("--hide-scrollbars", "--force-color-profile=srgb", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
    *("--remote-debugging-port=0", "--remote-debugging-address=127.0.0.1"),
)

# Resolves to true as soon as the condition holds, looked at again whenever the document changes.
_UNTIL = """new Promise(resolve => {
  const look = () => { if (%s) { watcher.disconnect(); resolve(true); } };
  const watcher = new MutationObserver(look);
  watcher.observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
  look();
})"""


def find_chromium() -> str | None:
    """Return the path of an installed Chromium."""
    return next((path for path in map(shutil.which, _NAMES) if path), None)


class Tab:
    """Be one page of the browser: its own cookies, console and requests."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._expected: list[tuple[str, asyncio.Future[Any]]] = []
        self._session: str | None = None
        self.complaints: list[str] = []
        self.requested: list[str] = []

    async def listen(self) -> None:
        """Hand out what the browser says until it hangs up."""
        async for message in self._socket:
            self._hear(json.loads(message.data))
        for waiting in (*self._waiting.values(), *(future for _, future in self._expected)):
            if not waiting.done():
                waiting.set_exception(ConnectionError("the browser has gone"))
                waiting.exception()

    async def call(self, method: str, **params: Any) -> Any:
        """Send a command and return its result."""
        number = next(self._numbers)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        message = {"id": number, "method": method, "params": params}
        await self._socket.send_json(message if self._session is None else {**message, "sessionId": self._session})
        async with asyncio.timeout(_PATIENCE):
            return await answer

    async def attach(self) -> None:
        """Open a blank page and listen to it."""
        target = (await self.call("Target.createTarget", url="about:blank"))["targetId"]
        self._session = (await self.call("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log", "Accessibility"):
            await self.call(f"{domain}.enable")

    async def open(self, url: str, *, width: int = 1280, height: int = 900, dark: bool = False) -> None:
        """Load a page and wait until it is there."""
        await self.size(width, height)
        await self.scheme(dark=dark)
        loaded = self._event("Page.loadEventFired")
        await self.call("Page.navigate", url=url)
        async with asyncio.timeout(_PATIENCE):
            await loaded

    async def loaded_again(self) -> None:
        """Wait until the page has loaded once more by itself."""
        async with asyncio.timeout(_PATIENCE):
            await self._event("Page.loadEventFired")

    async def size(self, width: int, height: int = 900) -> None:
        """Change the size of the window; a narrow one is a phone."""
        phone = width < 500
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2, mobile=phone
        )

    async def scheme(self, *, dark: bool) -> None:
        """Prefer the dark or the light."""
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        await self.call("Emulation.setEmulatedMedia", features=features)

    async def evaluate(self, expression: str) -> Any:
        """Return the JSON of what an expression comes to."""
        result = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    async def until(self, condition: str) -> None:
        """Wait until the page has changed so that a condition holds."""
        assert await self.evaluate(_UNTIL % condition)

    async def until_says(self, text: str) -> None:
        """Wait until the main part of the page contains a text."""
        await self.until(f"document.querySelector('main').innerText.includes({json.dumps(text)})")

    async def accessible(self) -> list[tuple[str, str]]:
        """List what assistive technology is given: roles and names."""
        nodes = (await self.call("Accessibility.getFullAXTree"))["nodes"]
        return [
            (node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes if not node.get("ignored")
        ]

    async def screenshot(self) -> bytes:
        """Take a picture of the window, as PNG."""
        return base64.b64decode((await self.call("Page.captureScreenshot"))["data"])

    def _event(self, method: str) -> asyncio.Future[Any]:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._expected.append((method, future))
        return future

    def _hear(self, message: dict[str, Any]) -> None:
        if "id" in message:
            waiting = self._waiting.pop(message["id"])
            if waiting.done():
                return
            if "error" in message:
                waiting.set_exception(RuntimeError(message["error"]["message"]))
            else:
                waiting.set_result(message["result"])
            return
        method, params = message["method"], message["params"]
        note = _NOTES.get(method)
        if note is not None:
            note(self, params)
        for expected in [entry for entry in self._expected if entry[0] == method]:
            self._expected.remove(expected)
            expected[1].set_result(params)

    def _note_request(self, params: dict[str, Any]) -> None:
        self.requested.append(params["request"]["url"])

    def _note_console(self, params: dict[str, Any]) -> None:
        self.complaints.append(f"{params['type']}: {params['args']}")

    def _note_log(self, params: dict[str, Any]) -> None:
        self.complaints.append(f"{params['entry']['level']}: {params['entry']['text']}")

    def _note_exception(self, params: dict[str, Any]) -> None:
        self.complaints.append(str(params["exceptionDetails"]))

    def _note_dialog(self, params: dict[str, Any]) -> None:
        self.complaints.append(f"dialog: {params['message']}")


_NOTES: dict[str, Callable[[Tab, dict[str, Any]], None]] = {
    "Network.requestWillBeSent": Tab._note_request,
    "Runtime.consoleAPICalled": Tab._note_console,
    "Runtime.exceptionThrown": Tab._note_exception,
    "Log.entryAdded": Tab._note_log,
    "Page.javascriptDialogOpening": Tab._note_dialog,
}


@asynccontextmanager
async def chromium(program: str, profile: Path) -> AsyncGenerator[Tab]:
    """Run a browser of its own, with an empty profile, and give one page of it."""
    process = await asyncio.create_subprocess_exec(
        program,
        *_SWITCHES,
        f"--user-data-dir={profile}",
        "about:blank",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stderr is not None
    reading: list[asyncio.Task[Any]] = []
    try:
        address = await _address(process.stderr)
        reading.append(asyncio.create_task(process.stderr.read()))  # a full pipe would stop the browser
        async with aiohttp.ClientSession() as session, session.ws_connect(address, max_msg_size=0) as socket:
            tab = Tab(socket)
            reading.append(asyncio.create_task(tab.listen()))
            try:
                await tab.attach()
                yield tab
            finally:
                tab._session = None
                await tab.call("Browser.close")
    finally:
        await _end(process)
        await asyncio.gather(*reading)


async def _address(stderr: asyncio.StreamReader) -> str:
    said: list[str] = []
    async with asyncio.timeout(_PATIENCE):
        async for line in stderr:
            said.append(line.decode(errors="replace"))
            _, found, address = said[-1].partition("DevTools listening on ")
            if found:
                return address.strip()
    raise RuntimeError("Chromium did not start:\n" + "".join(said))


async def _end(process: asyncio.subprocess.Process) -> None:
    """Wait for a browser that was told to close, and kill one that was not; its children are in its own session."""
    try:
        async with asyncio.timeout(10):
            await process.wait()
    except TimeoutError:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
