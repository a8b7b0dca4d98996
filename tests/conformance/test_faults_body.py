"""Cases 30 to 42: bodies that are too large, broken, or not what was agreed."""

from __future__ import annotations

import asyncio
import json
import math
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from instatus_async import (
    ComponentStatus,
    DecodeError,
    Effect,
    IncidentStatus,
    InvalidRequestError,
    OutcomeUnknownError,
    PaginationError,
    ResponseTooLargeError,
)
from instatus_async.pagination import _MAX_PAGES
from instatus_async.testing import faults
from tests.hostile import Exchange, HostileServer, Script, answer

from .kit import INCIDENTS, KEY, create, embedded, hostile, patient

USER: dict[str, Any] = {"method": "GET", "path": "/v1/user"}
GIB = 1 << 30


# --- too large -------------------------------------------------------------------------------------------------------


async def bomb(exchange: Exchange) -> None:
    """A gibibyte of blanks in a mebibyte of gzip."""
    raw = faults._bomb(GIB, b"{}")
    exchange.reply(raw=raw, headers=["Content-Encoding: gzip"])


async def plain(exchange: Exchange) -> None:
    """A gibibyte of blanks as it is."""
    exchange.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % GIB)
    await flood(exchange, b" " * 65536)


async def endless(exchange: Exchange) -> None:
    exchange.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    await flood(exchange, b"10000\r\n" + b" " * 65536 + b"\r\n")


async def flood(exchange: Exchange, block: bytes) -> None:
    with suppress(ConnectionError):
        for _ in range(GIB >> 16):
            exchange.send(block)
            await exchange.writer.drain()
            if exchange.writer.is_closing():
                break


async def bounded(script: Script) -> dict[str, Any]:
    """Let a process of its own read an answer, with 300 MiB to do it in; return what it says."""
    async with HostileServer(script) as server:

        async def each(exchange: Exchange) -> None:
            await (script if exchange.request.target == "/v1/large" else answer({"fine": True}))(exchange)

        scripts: list[Script] = [each]
        server.scripts = scripts
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-W", "error", "-m", "tests.conformance.bounded", server.url, KEY),
            cwd=Path(__file__).parents[2],
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert (process.returncode, err) == (0, b""), err.decode()
        assert server.lines == ["POST /v1/large", "GET /v1/user"]
        said: dict[str, Any] = json.loads(out)
        return said


def check_too_large(said: dict[str, Any]) -> None:
    assert said["type"] == "ResponseTooLargeError"
    assert said["says"].startswith("POST /v1/large: the answer is larger than 33554432 bytes (max_response_bytes)")
    assert said["applied"] is True
    assert said["next"] == {"fine": True}


needs_limits = pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_DATA and /proc")


@needs_limits
async def test_30_gzip_bomb_under_a_memory_limit() -> None:
    check_too_large(await bounded(bomb))


@needs_limits
@pytest.mark.parametrize("script", [plain, endless])
async def test_31_plain_gibibyte_under_a_memory_limit(script: Script) -> None:
    check_too_large(await bounded(script))


async def test_30_gzip_bomb_in_answer_to_a_post(caplog: pytest.LogCaptureFixture) -> None:
    await too_large_for_a_post(caplog, faults.GzipBomb(8_000_000))


async def test_31_plain_body_without_end_in_answer_to_a_post(caplog: pytest.LogCaptureFixture) -> None:
    await too_large_for_a_post(caplog, faults.Endless(after_commit=True))


async def too_large_for_a_post(caplog: pytest.LogCaptureFixture, fault: faults.Fault) -> None:
    """It has been carried out, and says so."""
    async with embedded(caplog, max_response_bytes=1_000_000) as stage:
        stage.server.faults.next(fault, "POST", INCIDENTS)
        error = await stage.fails(create(stage.page), ResponseTooLargeError, "larger than 1000000 bytes", n=1, told=1)
        assert error.may_have_applied
        await stage.works()


# --- broken ----------------------------------------------------------------------------------------------------------


async def is_unreadable(caplog: pytest.LogCaptureFixture, raw: bytes, says: str) -> None:
    """A read raises DecodeError; a write was carried out all the same."""
    async with embedded(caplog) as stage:
        stage.server.faults.every(faults.Status(200, raw), "GET", "/v1/user")
        error = await stage.fails(stage.client.user.get(), DecodeError, f"GET /v1/user: .*{says}", n=3, **USER)
        assert (error.path, error.may_have_applied) == ("$", False)
        stage.server.faults.every(faults.Status(200, raw, after_commit=True), "POST", INCIDENTS)
        blind = stage.server.faults.every(faults.Status(503), "GET", INCIDENTS)
        lost = await stage.fails(create(stage.page), OutcomeUnknownError, says, n=1, told=1)
        stage.server.faults.cancel(blind)
        await stage.found_later(lost)
        await stage.works()


@pytest.mark.parametrize("raw", [b"[" * 100_000, b'{"a":' * 100_000 + b"1" + b"}" * 100_000])
async def test_32_deep_json(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, raw: bytes) -> None:
    patient(monkeypatch)
    await is_unreadable(caplog, raw, "nested too deeply")


async def test_32_json_as_deep_as_can_be_parsed(caplog: pytest.LogCaptureFixture) -> None:
    """What the parser can just take may be too deep for what comes after it."""
    for depth in (500, 900, 950, 1000, 5000, 50_000):
        inner = b'{"x":' * depth + b"1" + b"}" * depth
        raw = b'{"id": "u", "name": %s, "extra": %s}' % (inner, inner)
        async with hostile(caplog, answer(raw=raw)) as (stage, _):
            with pytest.raises(DecodeError):
                await stage.client.user.get()


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
async def test_33_numbers_that_are_none(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, number: str
) -> None:
    patient(monkeypatch)
    await is_unreadable(caplog, b'{"id": "x", "name": "x", "order": %s}' % number.encode(), "is not JSON|too large")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
async def test_33_a_datapoint_that_is_no_number(caplog: pytest.LogCaptureFixture, value: float) -> None:
    now = datetime.now(UTC)
    async with embedded(caplog) as stage:
        metrics, path = stage.page.metrics, "/v1/{page_id}/metrics/{metric_id}*"
        for call in (metrics.add_datapoint("m", value), metrics.add_datapoints("m", [(now, 1.0), (now, value)])):
            await stage.fails(call, InvalidRequestError, "finite number. Nothing was sent", n=0, path=path)
        await stage.works()


async def test_34_5000_digits(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    patient(monkeypatch)
    await is_unreadable(caplog, b'{"id": "x", "name": "x", "order": %s}' % (b"9" * 5000), "not JSON")


async def test_34_a_lone_surrogate(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    patient(monkeypatch)
    await is_unreadable(caplog, b'{"id": "x", "name": "\\ud800"}', "not JSON")
    async with embedded(caplog) as stage:  # a whole pair is text like any other
        stage.server.faults.every(faults.Status(200, b'{"id": "x", "name": "\\ud83d\\ude00"}'), "GET", "/v1/user")
        assert (await stage.client.user.get()).name == "\N{GRINNING FACE}"


async def test_34_duplicate_keys(caplog: pytest.LogCaptureFixture) -> None:
    """The last one counts, as documented."""
    async with embedded(caplog) as stage:
        stage.server.faults.next(faults.Status(200, b'{"id": "x", "name": "a", "name": "b"}'), "GET", "/v1/user")
        assert (await stage.returns(stage.client.user.get(), n=1, **USER)).name == "b"
        await stage.works()


# --- not what was agreed ---------------------------------------------------------------------------------------------


async def test_35_a_wrong_type(caplog: pytest.LogCaptureFixture) -> None:
    async with embedded(caplog) as stage:
        await create(stage.page)
        stage.server.faults.every(faults.ReplacedFields({"message": 5}), "GET", INCIDENTS)
        error = await stage.fails(
            stage.page.incidents.list().collect(),
            DecodeError,
            r"\$\[0\]\.updates\[0\]\.message: expected text, got a number",
            n=1,
            method="GET",
        )
        assert (error.path, error.may_have_applied) == ("$[0].updates[0].message", False)
        await stage.works()


async def test_36_an_unknown_enum_value(caplog: pytest.LogCaptureFixture) -> None:
    """Kept as it came, compared by its text, and sent back when it is meant."""
    async with embedded(caplog) as stage:
        stage.server.faults.next(faults.UnknownEnums("PARTYTIME"), "POST", INCIDENTS)
        statuses = {stage.server.component_id("API"): ComponentStatus.MAJOR_OUTAGE}
        incident = await stage.returns(create(stage.page, statuses=statuses), n=1, told=1)
        assert (incident.status, incident.status.is_known) == ("PARTYTIME", False)
        assert incident.components[0].status == "PARTYTIME"
        assert isinstance(incident.status, IncidentStatus)
        change = stage.page.incidents.update(incident.id, status=incident.status, notify=False)
        stage.server.faults.next(faults.Status(200, {"id": "i", "name": "n", "status": "PARTYTIME"}), "PUT")
        again = await stage.returns(change, n=1, method="PUT", path=f"{INCIDENTS}/{{incident_id}}")
        sent: Any = stage.server.requests.matching("PUT")[0].body
        assert (sent["status"], again.status) == ("PARTYTIME", incident.status)
        await stage.works()


async def test_37_an_unknown_field(caplog: pytest.LogCaptureFixture) -> None:
    async with embedded(caplog) as stage:
        stage.server.faults.next(faults.ExtraFields(), "POST", INCIDENTS)
        incident = await stage.returns(create(stage.page), n=1, told=1)
        assert incident.extra["addedByTheService"] == {"since": 2026}
        assert "addedByTheService" not in repr(incident)
        await stage.works()


async def test_38_a_missing_identity_field(caplog: pytest.LogCaptureFixture) -> None:
    async with embedded(caplog) as stage:
        stage.server.faults.every(faults.MissingFields("id"), "POST", INCIDENTS)
        says = r"POST /v1/.*\$\.id: it is missing.* it was carried out"
        error = await stage.fails(create(stage.page), DecodeError, says, n=1, told=1)
        assert (error.path, error.may_have_applied) == ("$.id", True)
        stage.server.faults.every(faults.NullFields("id"), "GET", "/v1/user")
        error = await stage.fails(stage.client.user.get(), DecodeError, r"GET /v1/user: .*\$\.id", n=1, **USER)
        assert (error.path, error.may_have_applied) == ("$.id", False)
        await stage.works()


PAGE_OF_A_PROXY = "<!DOCTYPE html><html><title>Just a moment...</title></html>"


async def test_39_200_with_html(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read says so at once; a write is looked for, since a proxy may have carried it on."""
    patient(monkeypatch)
    async with embedded(caplog) as stage:
        html = faults.Html(PAGE_OF_A_PROXY, status=200)
        stage.server.faults.every(html, "GET", "/v1/user")
        says = "GET /v1/user: the answer is HTML instead of JSON; it begins with '<!DOCTYPE html><html><title>Just a mo"
        error = await stage.fails(stage.client.user.get(), DecodeError, says, n=1, **USER)
        assert error.body == PAGE_OF_A_PROXY
        committed = faults.Html(PAGE_OF_A_PROXY, status=200, after_commit=True)
        stage.server.faults.next(committed, "POST", INCIDENTS)
        await stage.returns(create(stage.page), n=1, told=1)
        stage.server.faults.next(html, "POST", INCIDENTS)
        await stage.fails(create(stage.page, "Other"), OutcomeUnknownError, "HTML instead of JSON", n=1)
        await stage.works()


async def test_39_html_of_a_page_host(caplog: pytest.LogCaptureFixture) -> None:
    """An unclaimed name answers with a web page."""
    async with embedded(caplog) as stage, stage.server.public() as public:
        stage.server.faults.every(faults.Html(PAGE_OF_A_PROXY, status=200), host="page")
        await stage.fails(
            public.summary(), DecodeError, "HTML.*address of an Instatus page", n=1, method="GET", path="/summary.json"
        )


@pytest.mark.parametrize("status", [200, 204])
async def test_40_an_empty_answer(caplog: pytest.LogCaptureFixture, status: int) -> None:
    """A delete and a list are content; a record that should have come is missing; `request` gives None.

    What each of the 87 operations makes of it is in the table of operations.
    """
    empty = faults.Status(status, b"", after_commit=True)
    async with embedded(caplog) as stage:
        incident = await create(stage.page)
        stage.server.faults.every(empty, host="api")
        page, one = stage.page, f"{INCIDENTS}/{{incident_id}}"
        assert await stage.returns(page.incidents.list().collect(), n=1, method="GET") == []
        await stage.returns(page.incidents.delete(incident.id), n=1, method="DELETE", path=one)
        error = await stage.fails(create(page), DecodeError, r"POST .*\$: it is empty.* was carried out", n=1, told=1)
        assert error.may_have_applied
        error = await stage.fails(stage.client.user.get(), DecodeError, "GET /v1/user.*it is empty", n=1, **USER)
        assert not error.may_have_applied
        assert await stage.client.request("GET", "/v1/user") is None
        await stage.works()


class Rows:
    """Pages of incidents, made by a function of the page's number."""

    def __init__(self, ids: Callable[[int], list[str]]) -> None:
        self.ids = ids

    async def __call__(self, exchange: Exchange) -> None:
        number = int(exchange.request.target.partition("page=")[2].partition("&")[0])
        exchange.reply([{"id": key, "name": key, "status": "RESOLVED"} for key in self.ids(number)])


async def test_41_pages_that_repeat(caplog: pytest.LogCaptureFixture) -> None:
    async with hostile(caplog, Rows(lambda _: ["a", "b"])) as (stage, _):
        reading = stage.page.incidents.list(per_page=2).collect()
        await stage.fails(reading, PaginationError, "GET .*page 4 repeats rows", n=range(4, 13), method="GET")
        await stage.works()


async def test_41_pages_that_never_end(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _MAX_PAGES == 20_000
    monkeypatch.setattr("instatus_async.pagination._MAX_PAGES", 50)
    async with hostile(caplog, Rows(lambda number: [f"a{number}", f"b{number}"])) as (stage, server):
        reading = stage.page.incidents.list(per_page=2).collect()
        await stage.fails(reading, PaginationError, "no end after 50 pages", n=50, method="GET")
        assert len(server.requests) == 50
        await stage.works()


async def test_42_rows_that_shift_between_pages(caplog: pytest.LogCaptureFixture) -> None:
    """Inserted in front: one row comes twice, and is given once. Removed: a gap, which the module's text admits."""
    async with embedded(caplog) as stage:
        for n in range(6):
            await create(stage.page, f"Number {n}")
        names: list[str] = []
        async for page in stage.page.incidents.list(per_page=2).pages():
            names += [incident.name for incident in page]
            if len(names) == 2:
                await create(stage.page, "New")
        assert sorted(names) == [f"Number {n}" for n in range(6)]
        kept: list[str] = []
        async for page in stage.page.incidents.list(per_page=2).pages():
            kept += [incident.name for incident in page]
            if len(kept) == 2:
                (newest,) = [row async for row in stage.page.incidents.list() if row.name == "New"]
                await stage.page.incidents.delete(newest.id)
        assert len(kept) == len(set(kept)) == 6
    documented = sys.modules["instatus_async.pagination"].__doc__ or ""
    assert "moves another one past the reader" in documented


async def test_the_limit_is_one_of_the_client(caplog: pytest.LogCaptureFixture) -> None:
    """What is just as large as allowed is read."""
    raw = b'"' + b"0" * 998 + b'"'
    async with hostile(caplog, answer(raw=raw), max_response_bytes=1000) as (stage, _):
        assert await stage.client.request("POST", "/v1/x", effect=Effect.NOTIFY) == "0" * 998
