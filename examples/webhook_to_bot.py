"""Receive webhooks of an Instatus page, and let a bot (Telegram, by aiogram) say them one after the other.

INSTATUS_WEBHOOK_SECRET=... TELEGRAM_TOKEN=... TELEGRAM_CHAT=<id> python examples/webhook_to_bot.py
Then subscribe https://your.host/instatus to the page: Instatus shows the secret once. It needs: pip install aiogram
"""

import asyncio
import logging
import os
from collections.abc import AsyncGenerator
from itertools import count

from aiogram import Bot
from aiohttp import web

from instatus_async import webhooks

PAUSE, PATIENCE = 60, 20  # seconds: at most between attempts; for what is queued when it ends
log = logging.getLogger("webhook_to_bot")
events: asyncio.Queue[webhooks.Event] = asyncio.Queue(1000)


def text_of(event: webhooks.Event) -> str:
    if isinstance(event, webhooks.ComponentEvent):
        return f"{event.name}: {event.status}"
    notice = event.incident if isinstance(event, webhooks.IncidentEvent) else event.maintenance
    return f"{notice.name}: {notice.status}\n{(event.update and event.update.body) or ''}"


async def speak(bot: Bot) -> None:
    while True:
        event = await events.get()
        for attempt in count():
            try:
                await bot.send_message(os.environ["TELEGRAM_CHAT"], text_of(event)[:4096])
                break
            except Exception as error:  # noqa: BLE001 - whatever it is, what was said must not get lost
                log.warning("%s is not said yet: %s", event.key, error)
                await asyncio.sleep(max(min(PAUSE, 2**attempt), getattr(error, "retry_after", 0)))
        events.task_done()


async def speaker(_: web.Application) -> AsyncGenerator[None]:
    async with Bot(os.environ["TELEGRAM_TOKEN"]) as bot:
        speaking = asyncio.create_task(speak(bot))
        yield  # until no webhook is taken any more
        try:
            await asyncio.wait_for(events.join(), PATIENCE)
        except TimeoutError:
            log.error("ended with events that are not said, and %d behind them", events.qsize())  # noqa: TRY400 - no bug
        speaking.cancel()
        await asyncio.wait([speaking])


app = web.Application()
app.cleanup_ctx.append(speaker)
app.router.add_post("/instatus", webhooks.aiohttp_handler(os.environ["INSTATUS_WEBHOOK_SECRET"], events.put_nowait))

if __name__ == "__main__":
    web.run_app(app)
