"""Receive webhooks of an Instatus page, and post what they say into a chat (Slack, Mattermost, Discord's /slack).

INSTATUS_WEBHOOK_SECRET=... CHAT_WEBHOOK_URL=https://... python examples/webhook_to_chat.py [port, 8080]
Then subscribe https://your.host/instatus to the page: Instatus shows the secret once.
"""

import os
import sys

import aiohttp
from aiohttp import web

from instatus_async import webhooks


def text_of(event: webhooks.Event) -> str:
    match event:
        case webhooks.ComponentEvent():
            return f"{event.name}: {event.status}"
        case webhooks.IncidentEvent(incident=notice) | webhooks.MaintenanceEvent(maintenance=notice):
            said = event.update.markdown or event.update.body if event.update else None
            return "\n".join(filter(None, [f"{notice.name}: {notice.status}", said, notice.url]))


def application(secret: str, chat_url: str) -> web.Application:
    async def post(event: webhooks.Event) -> None:
        said = {"text": text_of(event)}
        timeout = aiohttp.ClientTimeout(total=10)
        async with aiohttp.ClientSession(timeout=timeout) as chat, chat.post(chat_url, json=said) as answer:
            if not answer.ok:  # becomes a 500, which Instatus counts as a failure
                raise RuntimeError(f"the chat answered {answer.status}")

    app = web.Application()
    app.router.add_post("/instatus", webhooks.aiohttp_handler(secret, post))
    return app


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8080
    web.run_app(application(os.environ["INSTATUS_WEBHOOK_SECRET"], os.environ["CHAT_WEBHOOK_URL"]), port=port)
