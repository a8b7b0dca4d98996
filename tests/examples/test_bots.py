"""The bots among the examples, each with a stand-in of its own network on a loopback port."""

from __future__ import annotations

import asyncio
import importlib.util
import re
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any, TypeAlias, TypeVar
from urllib.parse import urlencode

import attrs
import pytest
from aiohttp import ClientSession, web
from yarl import URL

from instatus_async.testing import InstatusServer, faults

from .conftest import Clients, Load, Program, announcements, lose_answers, program, read, running_app, serving
from .discord_stub import GUILD, Discord, discord

# discord.py imports a module that Python 3.13 has no longer, and uses a backport there.
pytestmark = pytest.mark.filterwarnings("ignore:'audioop' is deprecated:DeprecationWarning")

PACKAGES = {
    "bot_discord": ("discord", "discord.py"),
    "bot_hikari": ("hikari", "hikari"),
    "bot_aiogram": ("aiogram", "aiogram"),
    "bot_slack": ("slack_bolt", "slack-bolt"),
    "webhook_to_bot": ("aiogram", "aiogram"),
}


T = TypeVar("T")


@attrs.define
class Talk:
    """A running bot, seen by somebody in its chat."""

    use: Callable[[str, str, str], Awaitable[None]]
    """Use a command, for a component, with a message."""
    hear: Callable[[], Awaitable[str]]
    """Wait for the bot's answer."""
    stop: Callable[[], Awaitable[None]]
    """Stop the bot as its framework does."""
    stub: Any = None

    async def ask(self, component: str, message: str) -> None:
        await self.use("incident", component, message)


async def first(awaited: Coroutine[Any, Any, T], running: asyncio.Future[Any]) -> T:
    """Await something of a bot as long as the bot runs."""
    waiting = asyncio.create_task(awaited)
    both: set[asyncio.Future[Any]] = {waiting, running}
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED, timeout=60)  # rather than for ever
    if not waiting.done():
        waiting.cancel()
        if running.done():
            running.result()
        pytest.fail("the bot gives no answer")
    return waiting.result()


@asynccontextmanager
async def discord_py(load: Load, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Talk]:
    async with discord() as stub:
        monkeypatch.setattr("discord.http.Route.BASE", stub.url)
        monkeypatch.setattr("discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY", URL(stub.gateway_url))
        bot = load("bot_discord", DISCORD_GUILD=GUILD).StatusBot()
        running = asyncio.ensure_future(bot.start("token"))
        await first(stub.connected.wait(), running)

        async def stop() -> None:
            await bot.close()
            await running

        yield talk_on(stub, stop, running)


@asynccontextmanager
async def hikari(load: Load, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Talk]:
    async with discord() as stub:
        monkeypatch.setattr("hikari.urls.REST_API_URL", stub.url)
        bot = load("bot_hikari", DISCORD_GUILD=GUILD, DISCORD_TOKEN="MTA=.of.nobody").bot
        await bot.start(check_for_updates=False)
        yield talk_on(stub, bot.close, asyncio.ensure_future(bot.join()))


def talk_on(stub: Discord, stop: Callable[[], Awaitable[None]], running: asyncio.Future[None]) -> Talk:
    async def use(command: str, component: str, message: str) -> None:
        await stub.command(command, component=component, message=message)

    async def hear() -> str:
        return await first(stub.says(), running)

    return Talk(use, hear, stop, stub)


class Telegram:
    """As much of Telegram's Bot API as a bot needs that asks for updates and answers."""

    def __init__(self) -> None:
        self.updates: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.said: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self.asked = asyncio.Event()
        self._sent = 0

    async def say(self, text: str, chat: int = 7) -> None:
        self._sent += 1
        person = {"id": 8, "is_bot": False, "first_name": "Ana"}
        message = {"message_id": self._sent, "date": 0, "chat": {"id": chat, "type": "group"}, "from": person}
        await self.updates.put({"update_id": self._sent, "message": {**message, "text": text}})

    async def says(self) -> str:
        return (await self.said.get())["text"]

    async def serve(self, request: web.Request) -> web.Response:
        method, form = request.match_info["method"], await request.post()
        result: Any
        if method == "getMe":
            result = {"id": 9, "is_bot": True, "first_name": "Status", "username": "status_bot"}
        elif method == "getUpdates":
            self.asked.set()
            result = [await self.updates.get()]
        else:
            assert method == "sendMessage"
            await self.said.put({key: str(value) for key, value in form.items()})
            result = {"message_id": 1000, "date": 0, "chat": {"id": 7, "type": "group"}, "text": str(form["text"])}
        return web.json_response({"ok": True, "result": result})


@asynccontextmanager
async def aiogram(load: Load, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Talk]:
    from aiogram.client.session.aiohttp import AiohttpSession  # noqa: PLC0415 - where it is installed
    from aiogram.client.telegram import TelegramAPIServer  # noqa: PLC0415 - where it is installed

    stub = Telegram()
    async with serving(web.post("/bot{token}/{method}", stub.serve)) as url:
        module = load("bot_aiogram", TELEGRAM_TOKEN="1:of-nobody", TELEGRAM_CHAT="7")
        session = AiohttpSession(api=TelegramAPIServer.from_base(url))
        monkeypatch.setattr(module, "Bot", partial(module.Bot, session=session))
        running = asyncio.ensure_future(module.main())
        await first(stub.asked.wait(), running)

        async def stop() -> None:
            await module.dispatcher.stop_polling()
            await running

        async def use(command: str, component: str, message: str) -> None:
            await stub.say(f"/{command} {component}: {message}")

        async def hear() -> str:
            return await first(stub.says(), running)

        yield Talk(use, hear, stop, stub)


class Slack:
    """As much of Slack as a command needs: who the bot is, and the address where it answers."""

    def __init__(self) -> None:
        self.url = self.bot_url = ""
        self.said: asyncio.Queue[dict[str, str]] = asyncio.Queue()

    async def auth_test(self, _: web.Request) -> web.Response:
        known = {"url": self.url, "team": "T", "user": "status", "team_id": "T1", "user_id": "U1", "bot_id": "B1"}
        return web.json_response({"ok": True, **known})

    async def respond(self, request: web.Request) -> web.Response:
        await self.said.put(await request.json())
        return web.Response(text="ok")

    async def says(self) -> str:
        said = await self.said.get()
        assert said["response_type"] == "in_channel"
        return said["text"]

    async def command(self, name: str, text: str, channel: str = "C1", secret: str = "hush") -> tuple[int, str]:
        from slack_sdk.signature import SignatureVerifier  # noqa: PLC0415 - where it is installed

        form = {"command": name, "text": text, "channel_id": channel, "response_url": self.url + "/respond"}
        body = urlencode({**form, "team_id": "T1", "user_id": "U2", "api_app_id": "A1", "trigger_id": "1"})
        now = str(int(time.time()))
        headers = {"X-Slack-Request-Timestamp": now, "Content-Type": "application/x-www-form-urlencoded"}
        headers["X-Slack-Signature"] = str(SignatureVerifier(secret).generate_signature(timestamp=now, body=body))
        async with ClientSession() as http, http.post(self.bot_url + "/slack", data=body, headers=headers) as answer:
            return answer.status, await answer.text()


@asynccontextmanager
async def slack(load: Load, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Talk]:
    stub = Slack()
    async with serving(web.post("/auth.test", stub.auth_test), web.post("/respond", stub.respond)) as stub.url:
        module = load("bot_slack", SLACK_BOT_TOKEN="xoxb-1", SLACK_SIGNING_SECRET="hush", SLACK_CHANNEL="C1")
        module.slack.client.base_url = stub.url + "/"
        over = asyncio.Event()
        async with running_app(module.app) as (stub.bot_url, stop_app):

            async def stop() -> None:
                await stop_app()
                over.set()

            async def use(command: str, component: str, message: str) -> None:
                assert await stub.command(f"/{command}", f"{component}: {message}") == (200, "")

            running = asyncio.ensure_future(wait_for(over))

            async def hear() -> str:
                return await first(stub.says(), running)

            yield Talk(use, hear, stop, stub)
            await running


async def wait_for(event: asyncio.Event) -> None:
    await event.wait()


Start: TypeAlias = Callable[[Load, pytest.MonkeyPatch], AbstractAsyncContextManager[Talk]]
BOTS: dict[str, Start] = {"bot_discord": discord_py, "bot_hikari": hikari, "bot_aiogram": aiogram, "bot_slack": slack}


def needs(name: str) -> None:
    module, package = PACKAGES[name]
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{package} is not installed: pip install {package}")


@pytest.fixture(params=BOTS)
async def talk(request: pytest.FixtureRequest, load: Load, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Talk]:
    """A bot that is running, and still to be stopped if the test has not done so."""
    needs(request.param)
    async with BOTS[request.param](load, monkeypatch) as talk:
        stopped = False
        stop = talk.stop

        async def stop_once() -> None:
            nonlocal stopped
            if not stopped:
                stopped = True
                await stop()

        talk.stop = stop_once
        yield talk
        await talk.stop()


@pytest.mark.parametrize("name", PACKAGES)
def test_they_are_short_and_say_how_to_run_them(name: str) -> None:
    source = read(name)
    assert len(source.splitlines()) <= 75
    assert "INSTATUS_API_KEY=... INSTATUS_PAGE=<page id>" in source or name == "webhook_to_bot"
    assert f"pip install {PACKAGES[name][1]}" in source


async def test_an_incident_is_opened_once(talk: Talk, server: InstatusServer) -> None:
    server.seed(subscribers=[{"email": "ana@customer.example", "confirmed": True}])
    await talk.ask("api", "We look. @everyone")
    assert await talk.hear() == '"API fails" is open; subscribers know.'
    async with server.client() as client:
        page = client.page(server.page_id)
        (incident,) = await page.incidents.unresolved().collect()
        assert "We look. @everyone" in {update.message for update in incident.updates}
        assert (await page.components.find(name="API")).status == "MAJOROUTAGE"
    assert (announcements(server), len(server.told(incident.id))) == (1, 1)
    await talk.ask("API", "Really.")
    assert await talk.hear() == '"API fails" is open already; subscribers know.'
    assert announcements(server) == 1


async def test_what_is_open_is_resolved_once(talk: Talk, server: InstatusServer) -> None:
    await talk.ask("API", "We look.")
    assert await talk.hear() == '"API fails" is open; subscribers know.'
    await talk.use("resolve", "api", "The disk was full.")
    assert await talk.hear() == "Resolved: API fails."
    async with server.client() as client:
        page = client.page(server.page_id)
        (incident,) = await page.incidents.list().collect()
        assert {update.message for update in incident.updates} == {"We look.", "The disk was full."}
        assert (await page.components.find(name="API")).status == "OPERATIONAL"
    assert (incident.status, announcements(server)) == ("RESOLVED", 2)
    await talk.use("resolve", "API", "Really.")
    assert await talk.hear() == "Resolved: nothing was open."
    assert announcements(server) == 2


async def test_nobody_knows_whether_it_is_resolved(talk: Talk, server: InstatusServer) -> None:
    await talk.ask("API", "We look.")
    await talk.hear()
    lose_answers(server, "*/incident-updates")
    await talk.use("resolve", "API", "Fixed.")
    assert (await talk.hear()).startswith("It may be out: look at the page, and do not repeat this.\n")


async def test_an_incident_that_nobody_was_told_of(talk: Talk, server: InstatusServer) -> None:
    async with server.client() as client:
        page = client.page(server.page_id)
        await page.incidents.open(name="Silent", statuses={server.component_id("API"): "MAJOROUTAGE"})
    await talk.ask("API", "We look.")
    assert await talk.hear() == '"Silent" is open already; but subscribers may not know.'


async def test_a_name_that_nothing_has(talk: Talk, server: InstatusServer) -> None:
    await talk.ask("APIs", "We look.")
    assert 'did you mean "API"' in await talk.hear()
    assert announcements(server) == 0


async def test_instatus_is_down(talk: Talk, server: InstatusServer) -> None:
    async with server.refuse():
        await talk.ask("API", "We look.")
        heard = await talk.hear()
        assert "nothing was sent" in heard
        assert "do not repeat" not in heard
    await talk.ask("API", "We look.")
    assert await talk.hear() == '"API fails" is open; subscribers know.'


@pytest.mark.parametrize("path", ["*/incidents", "*/incident-updates"])
async def test_nobody_knows_what_became_of_it(talk: Talk, server: InstatusServer, path: str) -> None:
    lose_answers(server, path)
    await talk.ask("API", "We look.")
    heard = await talk.hear()
    assert heard.startswith("It may be out: look at the page, and do not repeat this.\n")
    assert "its outcome is unknown" in heard
    assert re.search("The incident .* is open. It may have been announced.", heard) or path == "*/incidents"
    assert announcements(server) == 0


async def test_stopped_while_it_announces(talk: Talk, server: InstatusServer, clients: Clients) -> None:
    """It announces to the end, answers, and only then closes its client."""
    server.faults.next(faults.Stall(), "POST", "*/incidents")
    await talk.ask("API", "We look.")
    await server.faults.wait()
    hearing = asyncio.ensure_future(talk.hear())
    stopping = asyncio.ensure_future(talk.stop())
    await asyncio.sleep(0)
    server.faults.release()
    await stopping
    assert await hearing == '"API fails" is open; subscribers know.'
    assert await clients.are_closed()
    assert announcements(server) == 1


@pytest.mark.parametrize("talk", ["bot_discord", "bot_hikari"], indirect=True)
async def test_the_commands_are_for_those_who_manage_one_server(talk: Talk) -> None:
    assert [command["name"] for command in talk.stub.commands] == ["incident", "resolve"]
    assert talk.stub.commands_of == GUILD
    for command in talk.stub.commands:
        assert str(command["default_member_permissions"]) == "32"  # to manage the server
        options = [(option["name"], option["required"]) for option in command["options"]]
        assert options == [("component", True), ("message", True)]


@pytest.mark.parametrize("talk", ["bot_aiogram"], indirect=True)
async def test_only_one_telegram_chat_is_heard(talk: Talk, server: InstatusServer) -> None:
    await talk.stub.say("/incident API: We look.", chat=666)
    await talk.stub.say("/resolve API")
    assert await talk.hear() == "Resolved: nothing was open."
    assert announcements(server) == 0


@pytest.mark.parametrize("talk", ["bot_aiogram", "bot_slack"], indirect=True)
async def test_what_is_said_when_nobody_says_anything(talk: Talk, server: InstatusServer) -> None:
    await talk.use("incident", "API", "")
    await talk.hear()
    await talk.use("resolve", "API", "")
    await talk.hear()
    async with server.client() as client:
        (incident,) = await client.page(server.page_id).incidents.list().collect()
    assert {update.message for update in incident.updates} == {"We are investigating.", "All is well again."}


@pytest.mark.parametrize("talk", ["bot_slack"], indirect=True)
async def test_only_one_slack_channel_is_heard(talk: Talk, server: InstatusServer) -> None:
    assert await talk.stub.command("/incident", "API: We look.", channel="C666") == (200, "Not in this channel.")
    status, _ = await talk.stub.command("/incident", "API: We look.", secret="guessed")
    assert status == 401
    assert not server.requests
    assert (await talk.stub.command("/resolve", ""))[0] == 200
    assert await talk.hear() == "name: expected text, got a blank text. Nothing was sent."


# What a bot in a process of its own does first, so that it finds its network under another URL.
BEFORE = {
    "bot_discord": (
        "import warnings; warnings.filterwarnings('ignore', \"'audioop' is deprecated\", DeprecationWarning)\n"
        "import discord, yarl\n"
        "discord.http.Route.BASE = URL\n"
        "discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(URL.replace('http', 'ws', 1) + '/gateway')\n"
        "discord.utils.is_docker = lambda: False"  # it leaves a file open
    ),
    "bot_hikari": (
        "import hikari\n"
        "hikari.urls.REST_API_URL = URL\n"
        "run = hikari.GatewayBot.run\n"
        "hikari.GatewayBot.run = lambda bot: run(bot, check_for_updates=False)"
    ),
    "bot_aiogram": (
        "import aiogram\n"
        "from aiogram.client.session.aiohttp import AiohttpSession\n"
        "from aiogram.client.telegram import TelegramAPIServer\n"
        "session = AiohttpSession(api=TelegramAPIServer.from_base(URL))\n"
        "aiogram.Bot = functools.partial(aiogram.Bot, session=session)"
    ),
    "bot_slack": (
        "import slack_bolt.async_app as bolt\n"
        "from slack_sdk.web.async_client import AsyncWebClient\n"
        "client = AsyncWebClient('xoxb-1', base_url=URL + '/')\n"
        "bolt.AsyncApp = functools.partial(bolt.AsyncApp, client=client)"
    ),
}


@attrs.define
class Outside:
    """What is around a bot that is a process of its own."""

    stub: Any
    url: str
    ready: Callable[[Program], Awaitable[Any]]
    ask: Callable[[], Awaitable[Any]]


@asynccontextmanager
async def discord_outside(said: str, _: int) -> AsyncGenerator[Outside]:
    async with discord() as stub:
        ask = partial(stub.command, "incident", component="API", message="We look.")
        yield Outside(stub, stub.url, lambda process: process.says(said), ask)


@asynccontextmanager
async def telegram_outside(_: int) -> AsyncGenerator[Outside]:
    stub = Telegram()
    async with serving(web.post("/bot{token}/{method}", stub.serve)) as url:
        yield Outside(stub, url, lambda _: stub.asked.wait(), partial(stub.say, "/incident API: We look."))


@asynccontextmanager
async def slack_outside(port: int) -> AsyncGenerator[Outside]:
    stub = Slack()
    async with serving(web.post("/auth.test", stub.auth_test), web.post("/respond", stub.respond)) as stub.url:
        stub.bot_url = f"http://127.0.0.1:{port}"
        ask = partial(stub.command, "/incident", "API: We look.")
        yield Outside(stub, stub.url, lambda process: process.says("Running on"), ask)


OUTSIDE: dict[str, Callable[[int], AbstractAsyncContextManager[Outside]]] = {
    "bot_discord": partial(discord_outside, "connected to Gateway"),
    "bot_hikari": partial(discord_outside, "started successfully"),
    "bot_aiogram": telegram_outside,
    "bot_slack": slack_outside,
}
SECRETS = {
    "DISCORD_GUILD": GUILD,
    "DISCORD_TOKEN": "MTA=.of.nobody",
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_CHANNEL": "C1",
    "SLACK_SIGNING_SECRET": "hush",
    "TELEGRAM_CHAT": "7",
    "TELEGRAM_TOKEN": "1:of-nobody",
}


Launch: TypeAlias = Callable[[str, str], AbstractAsyncContextManager[Program]]


@pytest.fixture
def launch(server: InstatusServer, clients: Clients, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int) -> Launch:
    """Start a bot as a process whose network has a URL here."""
    for key, value in SECRETS.items():
        monkeypatch.setenv(key, value)

    def launch(name: str, url: str) -> AbstractAsyncContextManager[Program]:
        arguments = [str(unused_tcp_port)] if name == "bot_slack" else []
        return program(server, f"{name}.py", *arguments, before=f"URL = {url!r}\n{BEFORE[name]}")

    return launch


@pytest.mark.parametrize("name", OUTSIDE)
async def test_sigterm_lets_the_bot_announce(
    name: str, server: InstatusServer, launch: Launch, unused_tcp_port: int
) -> None:
    needs(name)
    server.faults.next(faults.Stall(), "POST", "*/incidents")
    async with OUTSIDE[name](unused_tcp_port) as outside, launch(name, outside.url) as process:
        await outside.ready(process)
        await outside.ask()
        await server.faults.wait()
        process.terminate()
        server.faults.release()
        ending = asyncio.create_task(process.ends())
        assert await first(outside.stub.says(), ending) == '"API fails" is open; subscribers know.'
        code, output = await ending
    assert code == 0, output
    for wrong in ("Traceback", "Unclosed", "ResourceWarning"):
        assert wrong not in output, output
    assert announcements(server) == 1


@pytest.mark.parametrize("name", ["bot_discord", "bot_hikari", "bot_aiogram"])  # Slack's asks when a command comes
async def test_a_bot_that_may_not_log_in(name: str, server: InstatusServer, launch: Launch) -> None:
    """It says so, and leaves nothing open."""
    needs(name)

    async def refuse(_: web.Request) -> web.Response:
        refusal = {"message": "401: Unauthorized", "code": 0, "ok": False, "error_code": 401, "description": "Wrong"}
        return web.json_response(refusal, status=401)

    async with serving(web.route("*", "/{path:.*}", refuse)) as url, launch(name, url) as process:
        code, output = await process.ends()
    assert code == 1, output
    assert re.search("LoginFailure|UnauthorizedError", output), output
    for wrong in ("Unclosed", "ResourceWarning", "During handling", "of-nobody", "of.nobody"):
        assert wrong not in output, output
    assert not server.requests


@asynccontextmanager
async def webhooks_said(
    server: InstatusServer, load: Load, monkeypatch: pytest.MonkeyPatch, serve: Callable[..., Any], port: int
) -> AsyncGenerator[tuple[Any, Callable[[], Awaitable[None]]]]:
    """The receiver, subscribed to the page, whose bot talks to what `serve` answers."""
    needs("webhook_to_bot")
    from aiogram.client.session.aiohttp import AiohttpSession  # noqa: PLC0415 - where it is installed
    from aiogram.client.telegram import TelegramAPIServer  # noqa: PLC0415 - where it is installed

    hook = {"webhook": f"http://127.0.0.1:{port}/instatus", "autoConfirm": True}
    (who,) = server.seed(subscribers=[hook])["subscribers"]
    secret = server.webhook_secret(who)
    module = load("webhook_to_bot", INSTATUS_WEBHOOK_SECRET=secret, TELEGRAM_TOKEN="1:of-nobody", TELEGRAM_CHAT="7")
    async with serving(web.post("/bot{token}/{method}", serve)) as url:
        session = AiohttpSession(api=TelegramAPIServer.from_base(url))
        monkeypatch.setattr(module, "Bot", partial(module.Bot, session=session))
        async with running_app(module.app, port) as (_, stop):
            yield module, stop


async def happen(server: InstatusServer) -> list[int | None]:
    """Let two things happen; what the receiver answered."""
    async with server.client() as client:
        page = client.page(server.page_id)
        await page.incidents.create(name="Down", status="INVESTIGATING", message="We look.", notify=True)
        await page.components.update(server.component_id("App"), status="PARTIALOUTAGE")
    return [delivery.status for delivery in await server.deliveries()]


async def test_what_webhooks_say_is_said_in_order_and_to_the_end(
    server: InstatusServer, load: Load, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    """Telegram is down at first, and the program is stopped before it is back."""
    telegram, down, failed = Telegram(), True, asyncio.Event()

    async def serve(request: web.Request) -> web.StreamResponse:
        if down:
            failed.set()
            return web.json_response({"ok": False, "error_code": 502, "description": "Bad Gateway"}, status=502)
        return await telegram.serve(request)

    async with webhooks_said(server, load, monkeypatch, serve, unused_tcp_port) as (module, stop):
        monkeypatch.setattr(module, "PAUSE", 0)
        assert await happen(server) == [200, 200]
        await failed.wait()
        stopping = asyncio.ensure_future(stop())
        await asyncio.sleep(0)
        down = False
        await stopping
        assert [telegram.said.get_nowait()["text"] for _ in range(2)] == [
            "Down: INVESTIGATING\nWe look.",
            "App: PARTIALOUTAGE",
        ]
        assert telegram.said.empty()


async def test_what_webhooks_say_to_nobody(
    server: InstatusServer,
    load: Load,
    monkeypatch: pytest.MonkeyPatch,
    unused_tcp_port: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The end is not put off for ever, and is not silent; a full queue acknowledges nothing."""

    async def serve(_: web.Request) -> web.Response:
        answer = {"ok": False, "error_code": 429, "description": "Slow", "parameters": {"retry_after": 3600}}
        return web.json_response(answer, status=429)

    async with webhooks_said(server, load, monkeypatch, serve, unused_tcp_port) as (module, stop):
        monkeypatch.setattr(module, "PATIENCE", 0.01)
        monkeypatch.setattr(module.events, "_maxsize", 1)
        assert (await happen(server))[0] == 200
        while (await happen(server))[-1] != 500:
            pass
        await stop()
    assert "ended with events that are not said, and 1 behind them" in caplog.text
    assert "is not said yet" in caplog.text
    assert "of-nobody" not in caplog.text
