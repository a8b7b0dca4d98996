"""Open and resolve incidents from one Slack channel: "/incident API: we look", "/resolve API: fixed". With Bolt.

pip install slack-bolt; and give both commands the URL https://your.host/slack
export SLACK_BOT_TOKEN=... SLACK_SIGNING_SECRET=... SLACK_CHANNEL=<id> INSTATUS_API_KEY=... INSTATUS_PAGE=<page id>
python examples/bot_slack.py [port, 3000]
"""

import asyncio
import os
import sys
from typing import Any

from aiohttp import web
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from instatus_async import InstatusClient, InstatusError

slack = AsyncApp(token=os.environ["SLACK_BOT_TOKEN"], signing_secret=os.environ["SLACK_SIGNING_SECRET"])
client = InstatusClient()  # its connections open with the first call
page = client.page(os.environ["INSTATUS_PAGE"])
turn = asyncio.Lock()


@slack.command("/incident")  # pyright: ignore[reportUnknownMemberType]  # Bolt leaves its Pattern open
@slack.command("/resolve")  # pyright: ignore[reportUnknownMemberType]  # likewise
async def answer(ack: AsyncAck, respond: AsyncRespond, command: dict[str, Any]) -> None:
    if command["channel_id"] != os.environ["SLACK_CHANNEL"]:
        await ack("Not in this channel.")
        return
    await ack()  # Slack waits for 3 seconds
    component, _, message = command.get("text", "").partition(":")
    do = {"/incident": announce, "/resolve": end}[command["command"]]
    async with turn:
        try:
            text = await do(component, message.strip())
        except InstatusError as error:
            advice = "It may be out: look at the page, and do not repeat this.\n" if error.may_have_applied else ""
            text = advice + "\n".join((str(error), *getattr(error, "__notes__", ())))
        await respond(text, response_type="in_channel")


async def announce(component: str, message: str) -> str:
    api = await page.components.find(name=component, max_age=60)
    message = message or "We are investigating."
    found = await page.incidents.ensure(
        component=api.id, name=f"{api.name} fails", message=message, statuses={api.id: "MAJOROUTAGE"}, notify=True
    )
    told = "subscribers know" if found.announced else "but subscribers may not know"
    return f'"{found.incident.name}" is open{"" if found.created else " already"}; {told}.'


async def end(component: str, message: str) -> str:
    api = await page.components.find(name=component, max_age=60)
    message = message or "All is well again."
    resolved = await page.incidents.resolve_open(component=api.id, message=message, notify=True)
    return f"Resolved: {', '.join(incident.name for incident in resolved) or 'nothing was open'}."


async def finish(_: web.Application) -> None:
    async with turn:  # the command that is at work announces to the end, and answers
        await client.aclose()


app = slack.web_app("/slack")
app.on_cleanup.append(finish)

if __name__ == "__main__":
    web.run_app(app, port=int(sys.argv[1]) if len(sys.argv) > 1 else 3000)
