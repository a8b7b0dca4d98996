"""Turn HTTP requests into operations on the state, and their results into answers.

Every request goes the same way, in `Wire._serve`:

    receive   read the body, put the request in the log
    commit    find the operation and run it: the only step that changes the state, and it never awaits
    answer    put the status in the log and write the answer

A fault that was asked for takes over after the first step, and has the other two in its hands (see exchange.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from functools import partial
from typing import Final, NoReturn, TypeAlias
from urllib.parse import unquote

from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

from .exchange import Exchange, Silence
from .log import HIDDEN, Host, LoggedRequest, RequestLog
from .operation import Call, Operation
from .routes import ALIASES, KEYLESS, OPERATIONS, maintenances
from .routes.public import document_at, etag_of
from .schedule import Faults
from .site.document import Document
from .state import State
from .validate import Json, RefusedError, Row, bad, not_found

_JSON: Final = "application/json"

_LOST: Final = (
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>404: This page could not be found</title>'
    "</head><body><div><h1>404</h1><h2>This page could not be found.</h2></div></body></html>"
)


@dataclass(frozen=True, slots=True)
class Reply:
    """Hold an answer before it is written: a status and JSON, HTML, another document, or nothing."""

    status: int
    body: Json = None
    html: str | None = None
    document: Document | None = None
    headers: Mapping[str, str] | None = None

    def write(self) -> web.Response:
        """Make the response."""
        if self.document is not None:
            kind, headers = self.document.content_type, self.document.headers
            return web.Response(status=self.status, text=self.document.text, content_type=kind, headers=headers)
        if self.html is not None:
            return web.Response(status=self.status, text=self.html, content_type="text/html")
        if self.status in {204, 304}:
            return web.Response(status=self.status, headers=self.headers)
        return web.Response(status=self.status, text=json.dumps(self.body), content_type=_JSON, headers=self.headers)


Commit: TypeAlias = Callable[[web.BaseRequest, bytes, int], Reply]


class Wire:
    """Serve both hosts of one server: the API and the status pages."""

    def __init__(self, state: State, api_key: str) -> None:
        """Serve a state to whoever has the key."""
        self.state: State = state
        self.log: RequestLog = RequestLog()
        self.faults: Faults = Faults()
        self._expected = f"Bearer {api_key}"
        self._count = 0

    def restart(self, state: State) -> None:
        """Serve another state, with an empty log and requests numbered from 1; nothing goes wrong any more."""
        self.faults.reset()
        self.state = state
        self.log = RequestLog()
        self._count = 0

    async def serve_api(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request to the API."""
        return await self._serve(request, "api", self._commit_api)

    async def serve_page(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request to the host of the status pages."""
        return await self._serve(request, "page", self._commit_page)

    async def _serve(self, request: web.BaseRequest, host: Host, commit: Commit) -> web.StreamResponse:
        raw = await request.read()
        if request.transport in self.faults.backlog.stale:
            self.faults.backlog.stale.discard(request.transport)
            return Silence()
        log, faults = self.log, self.faults
        entry = self._receive(request, host, raw)
        run = partial(self._run, commit, request, raw, entry.number)
        exchange = Exchange(request, entry, log, run, faults.backlog)
        fault = faults.choose(entry)
        if fault is None:
            answer = exchange.answer(exchange.commit())
        else:
            log.note(entry.number, fault=repr(fault))
            answer = await faults.act(fault, exchange)
        faults.backlog.count(entry.number)
        return answer

    def _run(self, commit: Commit, request: web.BaseRequest, raw: bytes, number: int) -> tuple[web.Response, bool]:
        """Carry a request out; return the answer, and whether it was carried out or refused."""
        try:
            maintenances.tick(self.state)
            reply = commit(request, raw, number)
        except RefusedError as refused:
            reply = Reply(refused.status, refused.body)
        return reply.write(), reply.status < 400

    def _receive(self, request: web.BaseRequest, host: Host, raw: bytes) -> LoggedRequest:
        self._count += 1
        headers = CIMultiDict(request.headers)
        if "Authorization" in headers:
            headers["Authorization"] = HIDDEN
        entry = LoggedRequest(
            number=self._count,
            host=host,
            method=request.method,
            path=request.rel_url.raw_path,
            query=request.query,
            headers=CIMultiDictProxy(headers),
            body=_as_logged(raw),
            at=self.state.clock(),
        )
        self.log.append(entry)
        return entry

    def _commit_api(self, request: web.BaseRequest, raw: bytes, number: int) -> Reply:
        if request.method == "GET" and request.path == "/summary.json":
            return self._commit_page(request, raw, number)
        operation, ids = find(request.method, request.rel_url.raw_path)
        if not operation.keyless:
            self._check_key(request)
        if "page_id" in ids:
            self.state.page(ids["page_id"])
        call = Call(self.state, ids, request.query, _body(operation, raw), number)
        return Reply(operation.status, operation.handle(call))

    def _commit_page(self, request: web.BaseRequest, raw: bytes, number: int) -> Reply:
        del raw, number
        page, path = self._page_for(request.host, request.path)
        show = document_at(path)
        shown = show(self.state, page) if page and show and request.method in {"GET", "HEAD"} else None
        if shown is None:
            return Reply(404, html=_LOST)  # never JSON on a page host (quirks 19, 88)
        if isinstance(shown, Document):
            return Reply(200, document=shown)
        headers = {"ETag": etag_of(shown), "Date": format_datetime(self.state.clock(), usegmt=True)}
        known = headers["ETag"] in request.headers.get("If-None-Match", "")
        return Reply(304 if known else 200, shown, headers=headers)

    def _page_for(self, host: str, path: str) -> tuple[Row | None, str]:
        """Pick the page by `/{subdomain}/...`, by `{subdomain}.localhost`, or else the oldest one."""
        pages = self.state.pages.values()
        by_name = {page["subdomain"]: page for page in pages}
        first, _, rest = path.removeprefix("/").partition("/")
        if first in by_name and document_at(path) is None:
            return by_name[first], "/" + rest
        name = host.rpartition(":")[0] or host
        if name.endswith(".localhost"):
            return by_name.get(name.removesuffix(".localhost")), path
        return next(iter(pages), None), path

    def _check_key(self, request: web.BaseRequest) -> None:
        """Refuse a missing, wrong or upper-cased key (quirks 8, 16)."""
        if request.headers.get("Authorization") != self._expected:
            raise RefusedError(401, "forbidden", "API key does not belong to a user.")


def find(method: str, raw_path: str) -> tuple[Operation, Mapping[str, str]]:
    """Find the operation of a method and a path that is still percent-encoded, and the ids in it.

    A trailing slash is tolerated, a doubled one is not (quirk 12). Fixed segments win over ids.
    """
    segments = raw_path.removeprefix("/").split("/")
    if len(segments) > 1 and not segments[-1]:
        segments.pop()
    if all(segments):
        for pattern, operation in _ROUTES.get((method, len(segments)), ()):
            ids = _match(pattern, segments)
            if ids is not None:
                return operation, ids
    raise not_found("There is no such operation.")


def _match(pattern: list[str], segments: list[str]) -> dict[str, str] | None:
    ids: dict[str, str] = {}
    for expected, found in zip(pattern, segments, strict=True):
        if expected.startswith("{"):
            ids[expected[1:-1]] = unquote(found)
        elif expected != found:
            return None
    return ids


def _routes() -> dict[tuple[str, int], list[tuple[list[str], Operation]]]:
    table: dict[tuple[str, int], list[tuple[list[str], Operation]]] = {}
    for operation in (*OPERATIONS, *ALIASES, *KEYLESS):
        pattern = operation.path.removeprefix("/").split("/")
        table.setdefault((operation.method, len(pattern)), []).append((pattern, operation))
    for found in table.values():
        found.sort(key=lambda entry: [part.startswith("{") for part in entry[0]])
    return table


_ROUTES: Final = _routes()


def _body(operation: Operation, raw: bytes) -> Row:
    """Read and check the body that an operation asks for."""
    if operation.method in {"GET", "DELETE"}:
        return {}
    if operation.body is None:
        if raw and _parse(raw) != {}:
            raise bad("", "must be empty")
        return {}
    if not raw:
        if operation.method == "POST":
            raise RefusedError(403, "forbidden", "The body is missing.")  # a 403 on record (quirk 18)
        raise bad("", "is missing")
    return operation.body(_parse(raw))


def _parse(raw: bytes) -> Json:
    try:
        return json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise bad("", "must be JSON") from None


def _as_logged(raw: bytes) -> Json:
    if not raw:
        return None
    try:
        return _parse(raw)
    except RefusedError:
        return raw.decode(errors="replace")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
