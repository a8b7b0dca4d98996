"""Drive a headless Chromium over the DevTools protocol, with nothing but aiohttp."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from pathlib import Path
from typing import IO, Any

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

    async def attach(self, context: str) -> None:
        """Open a blank page and listen to it."""
        target = (await self.call("Target.createTarget", url="about:blank", browserContextId=context))["targetId"]
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


@contextmanager
def chromium(program: str, profile: Path) -> Generator[str]:
    """Run a browser with an empty profile, and give the address of its protocol."""
    process = subprocess.Popen(
        [program, *_SWITCHES, f"--user-data-dir={profile}", "about:blank"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stderr is not None
    patience = threading.Timer(_PATIENCE, process.kill)
    patience.start()
    try:
        address = _address(process.stderr)
    finally:
        patience.cancel()
        patience.join()
    reading = threading.Thread(target=process.stderr.read)  # a full pipe would stop the browser
    reading.start()
    try:
        yield address
    finally:
        process.terminate()
        _end(process)
        reading.join()
        process.stderr.close()


@asynccontextmanager
async def tab_of(address: str) -> AsyncGenerator[Tab]:
    """Give a page in a running browser, which shares nothing with other pages."""
    async with aiohttp.ClientSession() as session, session.ws_connect(address, max_msg_size=0) as socket:
        tab = Tab(socket)
        listening = asyncio.create_task(tab.listen())
        context = (await tab.call("Target.createBrowserContext"))["browserContextId"]
        try:
            await tab.attach(context)
            yield tab
        finally:
            tab._session = None
            await tab.call("Target.disposeBrowserContext", browserContextId=context)
            await socket.close()
            await listening


def _address(stderr: IO[bytes]) -> str:
    said: list[str] = []
    for line in stderr:
        said.append(line.decode(errors="replace"))
        _, found, address = said[-1].partition("DevTools listening on ")
        if found:
            return address.strip()
    raise RuntimeError("Chromium did not start:\n" + "".join(said))


def _end(process: subprocess.Popen[bytes]) -> None:
    """Wait for a browser that was told to close, and kill one that was not; its children are in its own session."""
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
