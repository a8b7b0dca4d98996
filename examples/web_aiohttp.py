"""Open and resolve incidents by HTTP, for your alerting or an admin page: aiohttp.web, with one session for all.

INSTATUS_API_KEY=... INSTATUS_PAGE=<page id> INCIDENT_TOKEN=... python examples/web_aiohttp.py [port, 8080]
curl -H "Authorization: Bearer ..." -d '{"component": "API", "message": "We look."}' localhost:8080/incidents
curl -H "Authorization: Bearer ..." -d '{"component": "API", "message": "Fixed."}' localhost:8080/incidents/resolve
"""

import os
import sys
from collections.abc import AsyncGenerator
from hmac import compare_digest

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler

from instatus_async import Component, InstatusClient, InstatusError, InvalidRequestError, Page

HTTP = web.AppKey("HTTP", aiohttp.ClientSession)  # for the rest of your application too
PAGE = web.AppKey("PAGE", Page)


async def connections(app: web.Application) -> AsyncGenerator[None]:
    async with aiohttp.ClientSession() as http, InstatusClient(session=http) as client:
        app[HTTP], app[PAGE] = http, client.page(os.environ["INSTATUS_PAGE"])
        yield  # and closed when the requests in flight are answered


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except InstatusError as error:  # a LookupError: the component's name means none, or more than one
        status = 404 if isinstance(error, LookupError) else 422 if isinstance(error, InvalidRequestError) else 503
        told = {"may_have_applied": error.may_have_applied, "errors": [str(error), *getattr(error, "__notes__", ())]}
        return web.json_response(told, status=409 if error.may_have_applied else status)  # a 5xx would be sent again


async def asked(request: web.Request) -> tuple[Page, Component, str]:
    expected = f"Bearer {os.environ['INCIDENT_TOKEN']}".encode()
    if not compare_digest(request.headers.get("Authorization", "").encode(errors="surrogateescape"), expected):
        raise web.HTTPUnauthorized
    try:
        name, message = map((await request.json()).get, ("component", "message"))
    except (ValueError, AttributeError) as error:
        raise web.HTTPBadRequest(text="Expected an object in JSON.") from error
    page = request.app[PAGE]
    return page, await page.components.find(name=name, max_age=60), message


async def open_incident(request: web.Request) -> web.Response:
    page, api, message = await asked(request)
    ensured = await page.incidents.ensure(
        component=api.id, name=f"{api.name} fails", message=message, statuses={api.id: "MAJOROUTAGE"}, notify=True
    )
    found = {"id": ensured.incident.id, "created": ensured.created, "announced": ensured.announced}
    return web.json_response(found, status=201 if ensured.created else 200)


async def resolve(request: web.Request) -> web.Response:
    page, api, message = await asked(request)
    resolved = await page.incidents.resolve_open(component=api.id, message=message, notify=True)
    return web.json_response([incident.id for incident in resolved])


app = web.Application(middlewares=[errors])
app.cleanup_ctx.append(connections)
app.router.add_post("/incidents", open_incident)
app.router.add_post("/incidents/resolve", resolve)

if __name__ == "__main__":
    web.run_app(app, port=int(sys.argv[1]) if len(sys.argv) > 1 else 8080)
