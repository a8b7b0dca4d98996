"""Every operation, every fault, before and after it was carried out: how often it is sent, and what the caller gets.

Nothing here asks the SDK what it would do. The decision table is written down once more, in `follows`, and the server
counts what reaches it.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Any

import attrs
import pytest

from instatus_async import (
    APIError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    ConnectError,
    DecodeError,
    Effect,
    Event,
    InstatusClient,
    InstatusError,
    NotFoundError,
    OutcomeUnknownError,
    PermissionDeniedError,
    ProtocolError,
    PublicStatusPage,
    RateLimitError,
    RedirectError,
    RetryPolicy,
    ServerError,
    UnprocessableError,
)
from instatus_async._wire import as_object
from tests.bodies import PAGE
from tests.hostile import Exchange, HostileServer, Script, answer, close, reset
from tests.operations import ROWS, Handles, Row

ATTEMPTS = 3


class Known(Enum):
    """What can be known about an attempt that failed."""

    NOT_SENT = auto()
    REFUSED_FOR_NOW = auto()
    LOST = auto()  # sent, and nobody knows what became of it
    REFUSED = auto()
    NO_JSON = auto()  # a page of HTML: lost for a write, and the same page again for a read


@attrs.frozen
class Fault:
    """What happens to a request in place of its answer, and the error of who has to tell of it."""

    name: str
    script: Script
    known: Known
    error: type[InstatusError]


async def truncated(exchange: Exchange) -> None:
    exchange.send(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"id": 1')
    exchange.writer.close()


async def garbage(exchange: Exchange) -> None:
    exchange.send(b"\x16\x03\x01 not a status line\r\n\r\n")
    exchange.writer.close()


HTML = b"<!DOCTYPE html><html><title>Just a moment...</title></html>"

FAULTS: Sequence[Fault] = [
    Fault("reset", reset, Known.LOST, ProtocolError),
    Fault("clean close", close, Known.LOST, ProtocolError),
    Fault("truncated", truncated, Known.LOST, ProtocolError),
    Fault("garbage", garbage, Known.LOST, ProtocolError),
    Fault("half a JSON", answer(raw=b'{"id": "'), Known.LOST, DecodeError),
    Fault("408", answer(status=408), Known.LOST, APIError),
    Fault("500", answer(status=500), Known.LOST, ServerError),
    Fault("502 with HTML", answer(raw=HTML, status=502), Known.LOST, ServerError),
    Fault("503", answer(status=503), Known.LOST, ServerError),
    Fault("504", answer(status=504), Known.LOST, ServerError),
    Fault("524 of a proxy", answer(raw=b"error code: 524", status=524), Known.LOST, ServerError),
    Fault("429", answer(status=429, headers=["Retry-After: 0"]), Known.REFUSED_FOR_NOW, RateLimitError),
    Fault("200 with HTML", answer(raw=HTML), Known.NO_JSON, DecodeError),
    Fault("400", answer(status=400), Known.REFUSED, BadRequestError),
    Fault("401", answer(status=401), Known.REFUSED, AuthenticationError),
    Fault("403", answer(status=403), Known.REFUSED, PermissionDeniedError),
    Fault("404", answer(status=404), Known.REFUSED, NotFoundError),
    Fault("409", answer(status=409), Known.REFUSED, ConflictError),
    Fault("422", answer(status=422), Known.REFUSED, UnprocessableError),
    Fault("501", answer(status=501), Known.REFUSED, ServerError),
    Fault(
        "200 with an error object", answer({"error": {"message": "no"}}), Known.REFUSED, APIError
    ),
    Fault("302", answer(status=302, headers=["Location: /v1/user"]), Known.REFUSED, RedirectError),
]  # fmt: skip


class Found(Enum):
    """Whether looking for a write can tell that it was carried out."""

    YES = auto()
    NO = auto()  # it was not, or nothing can be recognised


RETURNS = None  # in place of an error


def follows(
    effect: Effect, known: Known, error: type[InstatusError], *, ever: bool, found: Found
) -> tuple[int, type[InstatusError] | None]:
    """Say how often a request reaches the server, and what its caller gets. This is the table.

    The fault strikes the first request, or `ever`y one.
    """
    if known is Known.NO_JSON:
        known = Known.REFUSED if effect is Effect.READ else Known.LOST
    match known, effect:
        case Known.REFUSED, _:
            return 1, error
        case Known.REFUSED_FOR_NOW, _:
            return (ATTEMPTS, error) if ever else (2, RETURNS)
        case Known.LOST, Effect.READ | Effect.IDEMPOTENT:
            return (ATTEMPTS, error) if ever else (2, RETURNS)
        case Known.LOST, _ if found is Found.YES:
            return 1, RETURNS
        case Known.LOST, Effect.NOTIFY:
            return 1, OutcomeUnknownError
        case Known.LOST, Effect.DATAPOINT:  # what is missing is sent again
            return (ATTEMPTS, OutcomeUnknownError) if ever else (2, RETURNS)
        case _:
            raise AssertionError((known, effect))


# --- looking ---------------------------------------------------------------------------------------------------------


@attrs.frozen
class Place:
    """Where the record of a lost write is found, and by which keys of its body; `inside` is the list's key."""

    path: str
    keys: str
    inside: str = ""
    listed: bool = True


INCIDENT, MAINTENANCE = f"/v1/{PAGE}/incidents", f"/v1/{PAGE}/maintenances"

# What can be recognised. Whatever else tells somebody is unknown as soon as its answer is lost.
PLACES: Mapping[str, Place] = {
    "POST /v1/pages": Place("/v2/pages", "subdomain"),
    "POST /v1/workspaces": Place("/v1/workspaces", "name slug"),
    "POST /v1/{page_id}/components": Place(f"/v1/{PAGE}/components", "name"),
    "POST /v1/{page_id}/incidents": Place(INCIDENT, "name started"),
    "PUT /v1/{page_id}/incidents/{incident_id}": Place("", "name status started", listed=False),
    "POST /v1/{page_id}/incidents/{incident_id}/incident-updates": Place(
        "..", "message status started", inside="updates", listed=False
    ),
    "PUT /v1/{page_id}/incidents/{incident_id}/incident-updates/{incident_update_id}": Place(
        "", "message status started", listed=False
    ),
    "POST /v1/{page_id}/maintenances": Place(MAINTENANCE, "name start"),
    "PUT /v1/{page_id}/maintenances/{maintenance_id}": Place("", "name start duration", listed=False),
    "POST /v1/{page_id}/maintenances/{maintenance_id}/maintenance-updates": Place(
        "..", "message status started", inside="updates", listed=False
    ),
    "PUT /v1/{page_id}/maintenances/{maintenance_id}/maintenance-updates/{maintenance_update_id}": Place(
        "", "message status started", listed=False
    ),
    "POST /v1/{page_id}/templates": Place(f"/v1/{PAGE}/templates", "name type"),
    "POST /v1/{page_id}/team": Place(f"/v1/{PAGE}/team", "user.email"),
    "POST /v1/{page_id}/subscribers": Place(f"/v2/{PAGE}/subscribers", "email phone"),
    "POST /v1/{page_id}/audience-groups": Place(f"/v1/{PAGE}/audience-groups", "name"),
    "POST /v1/{page_id}/metrics": Place(f"/v1/{PAGE}/metrics", "name"),
    "POST /monitors": Place(f"/{PAGE}/monitors", "name url", inside="monitors"),
    "POST /escalation-policies": Place(
        f"/{PAGE}/escalation-policies", "name", inside="escalationPolicies", listed=False
    ),
    "POST /v1/{page_id}/metrics/{metric_id}": Place("", "", listed=False),
    "POST /v1/{page_id}/metrics/{metric_id}/data": Place("..", "", listed=False),
}


def recorded(row: Row, place: Place, body: Any) -> Any:
    """The document in which a write is found that was carried out."""
    if row.effect is Effect.DATAPOINT:
        return {"id": "m", "name": "n", "data": body.get("data") or [body]}
    reply: dict[str, Any] = row.reply
    inner = next((as_object(value) for value in reply.values() if as_object(value)), reply)
    inner = reply if "id" in reply else inner
    record: dict[str, Any] = {"id": "new", **inner, "createdAt": datetime.now(UTC).isoformat()}
    for key in place.keys.split():
        head, _, last = key.rpartition(".")
        if body.get(last) is None:
            continue
        if head:
            record[head] = {**(record.get(head) or {}), last: body[last]}
        else:
            record[key] = body[key]
    if row.operation == "POST /v1/{page_id}/maintenances":
        record["components"] = [{**row.reply["components"][0], "id": component} for component in body["components"]]
    if record.get("updates") and body.get("message"):
        record["updates"] = [{**record["updates"][0], "message": body["message"]}]
    if not place.listed and not place.inside:
        return record
    return {place.inside: [record]} if place.inside else [record]


class Service:
    """Strike the requests of one operation with a fault, and answer everything else as the service would."""

    def __init__(self, row: Row, fault: Fault, *, ever: bool, committed: bool) -> None:
        self.row = row
        self.fault = fault
        self.ever = ever
        self.committed = committed
        self.struck = 0
        self.place = PLACES.get(row.operation)
        self.body: Any = None

    async def __call__(self, exchange: Exchange) -> None:
        request, row = exchange.request, self.row
        for target, reply in row.pages:
            if (request.method, request.target) == (row.method, target):
                if target == row.target:
                    self.struck += 1
                    if self.ever or self.struck == 1:
                        self.body = request.json if request.body else None
                        await self.fault.script(exchange)
                        return
                exchange.reply(reply, status=204 if reply is None else 200)
                return
        assert request.method == "GET", request  # nothing but looking may follow
        exchange.reply(self.looked_at(request.target))

    def looked_at(self, target: str) -> Any:
        path, _, query = target.partition("?")
        place = self.place
        if place is None:
            raise AssertionError(target)
        own = {"": self.row.target, "..": self.row.target.rpartition("/")[0]}
        assert path == own.get(place.path, place.path), target
        if self.committed and (not place.listed or "page=1&" in query):
            return recorded(self.row, place, self.body)
        if place.listed:
            return {place.inside: []} if place.inside else []
        return {place.inside: []} if place.inside else {"id": "other", "name": "other", "data": []}


# --- playing ---------------------------------------------------------------------------------------------------------


@attrs.frozen
class Cell:
    """One cell of the table."""

    row: Row
    fault: Fault
    ever: bool
    committed: bool

    @property
    def expected(self) -> tuple[int, type[InstatusError] | None]:
        found = Found.YES if self.committed and self.row.operation in PLACES else Found.NO
        return follows(self.row.effect, self.fault.known, self.fault.error, ever=self.ever, found=found)

    async def play(self) -> str | None:
        """Call, and compare; return what is not as the table says."""
        service = Service(self.row, self.fault, ever=self.ever, committed=self.committed)
        async with HostileServer(service) as server:
            error = await call(self.row, server.url)
            lines = Counter(server.lines)
        seen = lines[f"{self.row.method} {self.row.target}"], None if error is None else type(error)
        wrong = "" if seen == self.expected else f"expected {self.expected}, saw {seen}: {error!r}"
        if isinstance(error, OutcomeUnknownError) and error.fingerprint is None:
            wrong += " no fingerprint"
        if isinstance(error, (APIError, ProtocolError, DecodeError)):
            lost = self.row.effect is not Effect.READ and self.fault.known in (Known.LOST, Known.NO_JSON)
            wrong += "" if error.may_have_applied is lost else f" may_have_applied={error.may_have_applied}: {error!r}"
        return f"{self.fault.name}, {self.ever=}, {self.committed=}: {wrong}" if wrong else None


async def call(row: Row, url: str, on_event: Callable[[Event], None] | None = None) -> InstatusError | None:
    """Make the row's call, and read all of a list; return its error, if any."""
    retry = RetryPolicy(attempts=ATTEMPTS, base=0.0)
    async with (
        InstatusClient("key", base_url=url, retry=retry, on_event=on_event) as client,
        PublicStatusPage(url, retry=retry) as public,
    ):
        result = row.call(Handles(client, client.page(PAGE), public))
        try:
            await (result.collect() if hasattr(result, "collect") else result)
        except InstatusError as exc:
            return exc
        return None


def cells(row: Row) -> Iterator[Cell]:
    for fault in FAULTS:
        if row.path == "/summary.json" and fault.name == "302":
            continue  # page hosts redirect, and are followed: there is no key
        for ever in (False, True):
            for committed in (False, True) if row.method != "GET" or row.effect is not Effect.READ else (False,):
                yield Cell(row, fault, ever, committed)


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("instatus_async.session._LOOKS", (0.0, 0.0))
    monkeypatch.setattr("instatus_async.rate_limit._SLOWEST", 1e6)


@pytest.mark.parametrize("row", ROWS, ids=[row.operation for row in ROWS])
async def test_an_operation_under_every_fault(row: Row) -> None:
    wrong = [found for found in await asyncio.gather(*(cell.play() for cell in cells(row))) if found]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("row", ROWS, ids=[row.operation for row in ROWS])
async def test_an_operation_that_cannot_be_sent(row: Row) -> None:
    """Nobody listens: whatever the effect, it is tried again, and the error says that nothing was sent."""
    with closing(socket.socket()) as port:
        port.bind(("127.0.0.1", 0))  # bound, and not listening
        attempts: list[Event] = []
        error = await call(row, f"http://127.0.0.1:{port.getsockname()[1]}", attempts.append)
    assert type(error) is ConnectError
    assert not error.may_have_applied
    assert "nothing was sent" in str(error)
    if row.path != "/summary.json":
        assert [event.kind for event in attempts] == ["attempt", "retry"] * (ATTEMPTS - 1) + ["attempt"]


def test_the_table_is_whole() -> None:
    assert len(ROWS) == 87
    assert {row.operation for row in ROWS} >= PLACES.keys()
    assert sum(1 for row in ROWS for _ in cells(row)) > 5000
    for row in ROWS:
        if row.operation in PLACES:
            assert row.effect in (Effect.NOTIFY, Effect.DATAPOINT)
