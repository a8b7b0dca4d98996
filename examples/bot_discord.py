"""Open and resolve incidents by /incident and /resolve in Discord, if you may manage the server. With discord.py.

pip install discord.py
DISCORD_TOKEN=... DISCORD_GUILD=<id> INSTATUS_API_KEY=... INSTATUS_PAGE=<page id> python examples/bot_discord.py
"""

import asyncio
import os
import signal
from contextlib import AsyncExitStack

import discord
from discord import app_commands

from instatus_async import InstatusClient, InstatusError, Page

ABOUT = {
    "incident": "Open an incident of a component, and tell subscribers",
    "resolve": "Resolve what is open of a component, and tell subscribers",
}


class StatusBot(discord.Client):
    page: Page

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True), allowed_mentions=discord.AllowedMentions.none())
        self.turn, self.exits = asyncio.Lock(), AsyncExitStack()

    async def setup_hook(self) -> None:
        self.page = (await self.exits.enter_async_context(InstatusClient())).page(os.environ["INSTATUS_PAGE"])
        tree, guild = app_commands.CommandTree(self), discord.Object(int(os.environ["DISCORD_GUILD"]))
        for name, about in ABOUT.items():
            tree.add_command(app_commands.Command(name=name, description=about, callback=answer), guild=guild)
        await tree.sync(guild=guild)

    async def close(self) -> None:
        async with self.turn:  # the command that is at work announces to the end, and answers
            await super().close()
            await self.exits.aclose()


@app_commands.default_permissions(manage_guild=True)
async def answer(interaction: discord.Interaction[StatusBot], component: str, message: str) -> None:
    await interaction.response.defer()  # Discord waits for 3 seconds
    do = end if interaction.command and interaction.command.name == "resolve" else announce
    async with interaction.client.turn:
        try:
            text = await do(interaction.client.page, component, message)
        except InstatusError as error:
            advice = "It may be out: look at the page, and do not repeat this.\n" if error.may_have_applied else ""
            text = advice + "\n".join((str(error), *getattr(error, "__notes__", ())))
        await interaction.followup.send(text[:2000])


async def announce(page: Page, component: str, message: str) -> str:
    api = await page.components.find(name=component, max_age=60)
    found = await page.incidents.ensure(
        component=api.id, name=f"{api.name} fails", message=message, statuses={api.id: "MAJOROUTAGE"}, notify=True
    )
    told = "subscribers know" if found.announced else "but subscribers may not know"
    return f'"{found.incident.name}" is open{"" if found.created else " already"}; {told}.'


async def end(page: Page, component: str, message: str) -> str:
    api = await page.components.find(name=component, max_age=60)
    resolved = await page.incidents.resolve_open(component=api.id, message=message, notify=True)
    return f"Resolved: {', '.join(incident.name for incident in resolved) or 'nothing was open'}."


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda _signal, _frame: signal.raise_signal(signal.SIGINT))  # as Ctrl-C: by close()
    StatusBot().run(os.environ["DISCORD_TOKEN"])
