"""Let health checks speak: those that report a component as bad open its incident, "ok" resolves it. Starlette.

pip install starlette uvicorn
INSTATUS_API_KEY=... INSTATUS_PAGE=<page id> HEALTH_TOKEN=... uvicorn --app-dir examples web_starlette:app
curl -H "Authorization: Bearer ..." -d critical localhost:8000/health/API
"""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from hmac import compare_digest

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from instatus_async import ComponentStatus, InstatusClient, InstatusError, InvalidRequestError, Page, severity


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncGenerator[dict[str, Page]]:
    async with InstatusClient() as client:
        yield {"page": client.page(os.environ["INSTATUS_PAGE"])}


async def health(request: Request) -> Response:
    given = request.headers.get("Authorization", "").encode()
    if not compare_digest(given, f"Bearer {os.environ['HEALTH_TOKEN']}".encode()):
        raise HTTPException(401)
    page: Page = request.state.page
    status = severity.component_status((await request.body()).decode(errors="replace").strip())
    api = await page.components.find(name=request.path_params["component"], max_age=60)
    if status == ComponentStatus.OPERATIONAL:
        resolved = await page.incidents.resolve_open(component=api.id, message="All checks pass.", notify=True)
        return PlainTextResponse(f"resolved: {len(resolved)}")
    name, statuses = f"{api.name} fails", {api.id: status}
    ensured = await page.incidents.ensure(
        component=api.id, name=name, message="Our checks fail.", statuses=statuses, notify=True
    )
    return PlainTextResponse(f"opened: {int(ensured.created)}")


async def errors(_: Request, error: Exception) -> Response:
    # A LookupError: the component's name means none, or more than one. Whoever gets a 5xx sends it again.
    status = 404 if isinstance(error, LookupError) else 422 if isinstance(error, InvalidRequestError) else 503
    told = "\n".join([str(error), *getattr(error, "__notes__", ())])
    return PlainTextResponse(told, 409 if getattr(error, "may_have_applied", False) else status)


routes = [Route("/health/{component}", health, methods=["POST"])]
app = Starlette(routes=routes, lifespan=lifespan, exception_handlers={InstatusError: errors})
