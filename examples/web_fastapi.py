"""Open and resolve the incident of a component by HTTP: FastAPI. Either may be asked for twice, and is told once.

pip install fastapi uvicorn
INSTATUS_API_KEY=... INSTATUS_PAGE=<page id> INCIDENT_TOKEN=... uvicorn --app-dir examples web_fastapi:app
curl -X PUT -H "Authorization: Bearer ..." "localhost:8000/components/API/incident?message=We+look."
curl -X DELETE -H "Authorization: Bearer ..." "localhost:8000/components/API/incident?message=Fixed."
"""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from hmac import compare_digest
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from instatus_async import InstatusClient, InstatusError, InvalidRequestError, Page


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncGenerator[dict[str, Page]]:
    async with InstatusClient() as client:
        yield {"page": client.page(os.environ["INSTATUS_PAGE"])}


def status_page(request: Request, given: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> Page:
    if not compare_digest(given.credentials.encode(), os.environ["INCIDENT_TOKEN"].encode()):
        raise HTTPException(401)
    page: Page = request.state.page
    return page


StatusPage = Annotated[Page, Depends(status_page)]
app = FastAPI(lifespan=lifespan)


@app.exception_handler(InstatusError)
async def errors(_: Request, error: InstatusError) -> JSONResponse:
    # A LookupError: the component's name means none, or more than one. Whoever gets a 5xx sends it again.
    status = 404 if isinstance(error, LookupError) else 422 if isinstance(error, InvalidRequestError) else 503
    told = {"may_have_applied": error.may_have_applied, "errors": [str(error), *getattr(error, "__notes__", ())]}
    return JSONResponse(told, 409 if error.may_have_applied else status)


@app.put("/components/{name}/incident")
async def put(name: str, message: str, page: StatusPage) -> dict[str, object]:
    api = await page.components.find(name=name, max_age=60)
    ensured = await page.incidents.ensure(
        component=api.id, name=f"{api.name} fails", message=message, statuses={api.id: "MAJOROUTAGE"}, notify=True
    )
    return {"id": ensured.incident.id, "created": ensured.created, "announced": ensured.announced}


@app.delete("/components/{name}/incident")
async def delete(name: str, message: str, page: StatusPage) -> list[str]:
    api = await page.components.find(name=name, max_age=60)
    return [done.id for done in await page.incidents.resolve_open(component=api.id, message=message, notify=True)]
