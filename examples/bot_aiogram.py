"""Open and resolve incidents from one Telegram chat: "/incident API: we look", "/resolve API: fixed". With aiogram.

pip install aiogram
TELEGRAM_TOKEN=... TELEGRAM_CHAT=<id> INSTATUS_API_KEY=... INSTATUS_PAGE=<page id> python examples/bot_aiogram.py
"""

import asyncio
import os

from aiogram import Bot, Dispatcher, F
from aiogram.filters import Command, CommandObject
from aiogram.types import Message

from instatus_async import InstatusClient, InstatusError, Page

dispatcher = Dispatcher()
dispatcher.message.filter(F.chat.id == int(os.environ["TELEGRAM_CHAT"]))


async def incident(page: Page, component: str, message: str) -> str:
    api = await page.components.find(name=component, max_age=60)
    message = message or "We are investigating."
    found = await page.incidents.ensure(
        component=api.id, name=f"{api.name} fails", message=message, statuses={api.id: "MAJOROUTAGE"}, notify=True
    )
    told = "subscribers know" if found.announced else "but subscribers may not know"
    return f'"{found.incident.name}" is open{"" if found.created else " already"}; {told}.'


async def resolve(page: Page, component: str, message: str) -> str:
    api = await page.components.find(name=component, max_age=60)
    message = message or "All is well again."
    resolved = await page.incidents.resolve_open(component=api.id, message=message, notify=True)
    return f"Resolved: {', '.join(incident.name for incident in resolved) or 'nothing was open'}."


@dispatcher.message(Command("incident", "resolve"))
async def answer(asked: Message, command: CommandObject, page: Page, turn: asyncio.Lock) -> None:
    component, _, message = (command.args or "").partition(":")
    do = {"incident": incident, "resolve": resolve}[command.command]
    async with turn:
        try:
            text = await do(page, component, message.strip())
        except InstatusError as error:
            advice = "It may be out: look at the page, and do not repeat this.\n" if error.may_have_applied else ""
            text = advice + "\n".join((str(error), *getattr(error, "__notes__", ())))
        await asked.reply(text[:4096])


async def main() -> None:
    turn = asyncio.Lock()
    async with Bot(os.environ["TELEGRAM_TOKEN"]) as bot, InstatusClient() as client:
        page = client.page(os.environ["INSTATUS_PAGE"])
        run = dispatcher.start_polling  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # UNSET
        await run(bot, page=page, turn=turn, close_bot_session=False)
        await turn.acquire()  # after the command that is at work: it announces to the end, and answers


if __name__ == "__main__":
    asyncio.run(main())
