"""As much of Discord as a bot with some commands needs: its HTTP API, and its gateway over a WebSocket."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from importlib import import_module
from typing import Any

from aiohttp import web

from .conftest import serving

BOT = {
    "id": "10",
    "username": "status",
    "discriminator": "0",
    "global_name": None,
    "avatar": None,
    "bot": True,
    "mfa_enabled": False,
    "verified": True,
    "email": None,
    "locale": "en-GB",
    "flags": 0,
    "public_flags": 0,
}
PERSON = {"id": "20", "username": "ana", "discriminator": "0", "global_name": "Ana", "avatar": None}
GUILD, CHANNEL, APPLICATION = "30", "40", "10"
_NOW = "2026-01-01T00:00:00.000000+00:00"


def _json(value: object) -> web.Response:
    """Answer as Discord does, whose content type says no charset: discord.py compares it."""
    return web.Response(body=json.dumps(value).encode(), content_type="application/json")


def _packer(kind: str) -> Callable[[bytes], bytes]:
    """Begin one of the compressed streams that a bot may ask for: zstd where its Python has that."""
    if kind == "zstd-stream":
        zstd: Any = import_module("compression.zstd")  # of Python 3.14
        squeeze = zstd.ZstdCompressor()
        return partial(squeeze.compress, mode=squeeze.FLUSH_BLOCK)
    assert kind == "zlib-stream"
    stream = zlib.compressobj()
    return lambda raw: stream.compress(raw) + stream.flush(zlib.Z_SYNC_FLUSH)


class Discord:
    """Discord, with one server that has one channel and one person."""

    def __init__(self) -> None:
        self.url = ""
        self.commands: list[dict[str, Any]] = []
        self.commands_of = ""
        self.said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()  # what the bot says, deferrals too
        self.connected = asyncio.Event()
        self._gateway: web.WebSocketResponse | None = None
        self._pack = _packer("zlib-stream")
        self._events = 0

    @property
    def gateway_url(self) -> str:
        return self.url.replace("http", "ws", 1) + "/gateway"

    async def says(self) -> str:
        """Return the bot's next answer, which must come after a deferral, and must not ring at anybody."""
        deferral, message = await self.said.get(), await self.said.get()
        assert deferral["type"] == 5
        assert message["allowed_mentions"]["parse"] == []
        content: str = message["content"]
        return content

    async def command(self, name: str, /, **options: str) -> None:
        """Let the person use a command."""
        data: dict[str, Any] = {
            "id": "50",
            "name": name,
            "type": 1,
            "guild_id": GUILD,
            "options": [{"name": key, "type": 3, "value": value} for key, value in options.items()],
        }
        await self.send(
            "INTERACTION_CREATE",
            {
                "id": "60",
                "application_id": APPLICATION,
                "type": 2,
                "token": "interaction-token",
                "version": 1,
                "guild_id": GUILD,
                "guild": {"id": GUILD, "locale": "en-GB", "features": []},
                "channel_id": CHANNEL,
                "channel": {"id": CHANNEL, "type": 0, "name": "status", "permissions": "32", "position": 0},
                "member": {
                    "user": PERSON,
                    "roles": [],
                    "permissions": "32",
                    "joined_at": _NOW,
                    "deaf": False,
                    "mute": False,
                    "flags": 0,
                },
                "data": data,
                "locale": "en-GB",
                "guild_locale": "en-GB",
                "app_permissions": "0",
                "entitlements": [],
                "authorizing_integration_owners": {"0": GUILD},
                "context": 0,
                "attachment_size_limit": 1000,
            },
        )

    async def send(self, name: str, data: dict[str, Any]) -> None:
        self._events += 1
        await self._send({"op": 0, "t": name, "s": self._events, "d": data})

    async def _send(self, payload: dict[str, Any]) -> None:
        """Send by the one compressed stream that a connection has."""
        assert self._gateway is not None
        await self._gateway.send_bytes(self._pack(json.dumps(payload).encode()))

    async def gateway(self, request: web.Request) -> web.WebSocketResponse:
        self._gateway = socket = web.WebSocketResponse()
        self._pack = _packer(request.query["compress"])
        await socket.prepare(request)
        await self._send({"op": 10, "d": {"heartbeat_interval": 60000}, "s": None, "t": None})
        async for message in socket:
            payload = json.loads(message.data)
            if payload["op"] == 1:
                await self._send({"op": 11, "d": None, "s": None, "t": None})
            elif payload["op"] == 2:
                ready = {
                    "v": 10,
                    "user": BOT,
                    "guilds": [],
                    "session_id": "session",
                    "resume_gateway_url": self.gateway_url,
                    "shard": [0, 1],
                    "application": {"id": APPLICATION, "flags": 0},
                }
                await self.send("READY", ready)
                self.connected.set()
        return socket

    async def bot_gateway(self, _: web.Request) -> web.Response:
        limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
        return _json({"url": self.gateway_url, "shards": 1, "session_start_limit": limit})

    async def me(self, _: web.Request) -> web.Response:
        return _json(BOT)

    async def application(self, _: web.Request) -> web.Response:
        about: dict[str, Any] = {"id": APPLICATION, "name": "status", "description": "", "icon": None, "flags": 0}
        about |= {"bot_public": True, "bot_require_code_grant": False, "verify_key": "0" * 64, "owner": PERSON}
        about |= {"approximate_guild_count": 1, "approximate_user_install_count": 0, "team": None}
        return _json(about)

    async def register(self, request: web.Request) -> web.Response:
        self.commands, self.commands_of = await request.json(), request.match_info["guild"]
        known = {"application_id": APPLICATION, "guild_id": GUILD, "version": "1", "id": "50", "dm_permission": False}
        return _json([{**command, **known} for command in self.commands])

    async def called_back(self, request: web.Request) -> web.Response:
        await self.said.put(await request.json())
        if "with_response" not in request.query:
            return web.Response(status=204)
        return _json({"interaction": {"id": request.match_info["id"], "type": 2, "response_message_loading": True}})

    async def message(self, request: web.Request) -> web.Response:
        said = await request.json()
        await self.said.put(said)
        shape = {"id": "70", "channel_id": CHANNEL, "author": BOT, "timestamp": _NOW, "edited_timestamp": None}
        empty: dict[str, list[str]] = {key: [] for key in ("mentions", "mention_roles", "attachments", "embeds")}
        flags = {"tts": False, "mention_everyone": False, "pinned": False, "type": 20, "flags": 0}
        return _json({**shape, **empty, **flags, "content": said["content"], "webhook_id": APPLICATION})


@asynccontextmanager
async def discord() -> AsyncGenerator[Discord]:
    stub = Discord()
    callback, message = "/interactions/{id}/{token}/callback", f"/webhooks/{APPLICATION}/{{token}}"
    async with serving(
        web.get("/gateway", stub.gateway),
        web.get("/gateway/bot", stub.bot_gateway),
        web.get("/users/@me", stub.me),
        web.get("/oauth2/applications/@me", stub.application),
        web.get("/applications/@me", stub.application),
        web.put(f"/applications/{APPLICATION}/guilds/{{guild}}/commands", stub.register),
        web.post(callback, stub.called_back),
        web.post(message, stub.message),
        web.patch(message + "/messages/@original", stub.message),
    ) as stub.url:
        yield stub
