"""Receive webhooks of an Instatus page in FastAPI; what FastAPI does here, Starlette does as well.

pip install fastapi uvicorn
INSTATUS_WEBHOOK_SECRET=... uvicorn --app-dir examples webhooks_fastapi:app
"""

import logging
import os

from fastapi import FastAPI, HTTPException, Request

from instatus_async import BodyTooLargeError, DecodeError, SignatureError, webhooks

app = FastAPI()
log = logging.getLogger("uvicorn.error")
seen: set[str] = set()  # keep the keys where all your workers see them: a table with a unique column, Redis


@app.post("/instatus", status_code=204)
async def receive(request: Request) -> None:
    try:
        event = webhooks.receive(await request.body(), request.headers, os.environ["INSTATUS_WEBHOOK_SECRET"])
    except SignatureError as exc:
        raise HTTPException(401) from exc
    except BodyTooLargeError as exc:
        raise HTTPException(413) from exc
    except DecodeError as exc:
        raise HTTPException(400) from exc
    if event.key not in seen:
        await handle(event)  # before the answer: an event that was acknowledged must not get lost
        seen.add(event.key)


async def handle(event: webhooks.Event) -> None:
    if isinstance(event, webhooks.ComponentEvent):
        log.warning("%s is %s now", event.name, event.status)
    elif isinstance(event, webhooks.IncidentEvent):
        log.warning("%s: %s", event.incident.name, event.incident.status)
