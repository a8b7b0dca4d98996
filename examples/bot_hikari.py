"""Open and resolve incidents by /incident and /resolve in Discord, if you may manage the server. With hikari.

pip install hikari
DISCORD_TOKEN=... DISCORD_GUILD=<id> INSTATUS_API_KEY=... INSTATUS_PAGE=<page id> python examples/bot_hikari.py
"""

import asyncio
import os

import hikari

from instatus_async import InstatusClient, InstatusError

bot = hikari.GatewayBot(os.environ["DISCORD_TOKEN"], intents=hikari.Intents.NONE, banner=None)
client = InstatusClient()  # its connections open with the first call
page = client.page(os.environ["INSTATUS_PAGE"])
turn = asyncio.Lock()


@bot.listen()
async def prepare(_: hikari.StartingEvent) -> None:
    commands = [
        bot.rest.slash_command_builder("incident", "Open an incident of a component, and tell subscribers"),
        bot.rest.slash_command_builder("resolve", "Resolve what is open of a component, and tell subscribers"),
    ]
    kind = hikari.OptionType.STRING
    for command in commands:
        command.set_default_member_permissions(hikari.Permissions.MANAGE_GUILD)
        for name in ("component", "message"):
            command.add_option(hikari.CommandOption(type=kind, name=name, description=name, is_required=True))
    application = await bot.rest.fetch_application()
    await bot.rest.set_application_commands(application, commands, int(os.environ["DISCORD_GUILD"]))


@bot.listen()
async def finish(_: hikari.StoppingEvent) -> None:
    async with turn:  # the command that is at work announces to the end, and answers
        await client.aclose()


@bot.listen()
async def answer(event: hikari.CommandInteractionCreateEvent) -> None:
    await event.interaction.create_initial_response(hikari.ResponseType.DEFERRED_MESSAGE_CREATE)  # within 3 seconds
    given = {option.name: str(option.value) for option in event.interaction.options or ()}
    do = {"incident": announce, "resolve": end}[event.interaction.command_name]
    async with turn:
        try:
            text = await do(**given)
        except InstatusError as error:
            advice = "It may be out: look at the page, and do not repeat this.\n" if error.may_have_applied else ""
            text = advice + "\n".join((str(error), *getattr(error, "__notes__", ())))
        await event.interaction.edit_initial_response(text[:2000])


async def announce(component: str, message: str) -> str:
    api = await page.components.find(name=component, max_age=60)
    found = await page.incidents.ensure(
        component=api.id, name=f"{api.name} fails", message=message, statuses={api.id: "MAJOROUTAGE"}, notify=True
    )
    told = "subscribers know" if found.announced else "but subscribers may not know"
    return f'"{found.incident.name}" is open{"" if found.created else " already"}; {told}.'


async def end(component: str, message: str) -> str:
    api = await page.components.find(name=component, max_age=60)
    resolved = await page.incidents.resolve_open(component=api.id, message=message, notify=True)
    return f"Resolved: {', '.join(incident.name for incident in resolved) or 'nothing was open'}."


if __name__ == "__main__":
    bot.run()
