"""Cases 17 to 29: answers that refuse, and answers that come instead of the real one."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from instatus_async import (
    APIError,
    AuthenticationError,
    ConflictError,
    InstatusError,
    NotFoundError,
    OutcomeUnknownError,
    RateGate,
    RateLimitError,
    RetryPolicy,
    ServerError,
)
from instatus_async.testing import faults

from .kit import INCIDENTS, Stage, create, embedded, no_key, patient

INCIDENT = f"{INCIDENTS}/{{incident_id}}"


class Clockwork(RateGate):
    """The real gate, whose pauses end when the test says so."""

    __slots__ = ("met", "pauses")

    def __init__(self) -> None:
        super().__init__()
        self.met = asyncio.Event()
        self.pauses: list[float | None] = []

    async def limited(self, ticket: int, pause: float | None) -> float:
        self.pauses.append(pause)
        self.met.set()
        return await super().limited(ticket, pause)

    def over(self) -> None:
        """Let the pause be over, and the pace be quick."""
        self._until = self._next = 0.0
        self._rate = 1e9
        self._serve()


async def turns(count: int = 50) -> None:
    """Let everything run that can."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_17_one_429_and_100_tasks(caplog: pytest.LogCaptureFixture) -> None:
    """None is sent in the pause, one goes first, and then all finish, told once each."""
    gate = Clockwork()
    async with embedded(caplog, gate=gate) as stage:
        limit = faults.Status(429, headers={"Retry-After": "2"})
        stage.server.faults.next(limit, "POST", INCIDENTS)
        probe = stage.server.faults.nth(2, faults.Stall(), "POST", INCIDENTS)
        calls = [asyncio.ensure_future(create(stage.page, "Number 0"))]
        await gate.met.wait()
        calls += [asyncio.ensure_future(create(stage.page, f"Number {n}")) for n in range(1, 100)]
        await turns()
        assert (gate.pauses, stage.count("POST", INCIDENTS)) == ([2.0], 1)
        gate.over()
        await stage.server.faults.wait(2)
        await turns()
        assert stage.count("POST", INCIDENTS) == 2  # the others wait for what becomes of the probe
        assert probe.seen == 2
        stage.server.faults.release()
        incidents = await asyncio.gather(*calls)
        assert {incident.name for incident in incidents} == {f"Number {n}" for n in range(100)}
        assert {stage.server.announcements(incident.id) for incident in incidents} == {1}
        assert (stage.count("POST", INCIDENTS), stage.told()) == (101, 100)
        assert stage.held() == []
        await stage.works()


@pytest.mark.parametrize("skew", [timedelta(days=-400), timedelta(), timedelta(hours=5)])
async def test_18_a_date_by_a_clock_that_is_wrong(caplog: pytest.LogCaptureFixture, skew: timedelta) -> None:
    """It is the server's own Date that counts."""
    gate = Clockwork()
    now = datetime.now(UTC) + skew
    headers = {
        "Date": format_datetime(now, usegmt=True),
        "Retry-After": format_datetime(now + timedelta(seconds=7), usegmt=True),
    }
    async with embedded(caplog, gate=gate) as stage:
        stage.server.faults.next(faults.Status(429, headers=headers), "POST", INCIDENTS)
        call = asyncio.ensure_future(create(stage.page))
        await gate.met.wait()
        await turns()
        assert (gate.pauses, stage.count("POST", INCIDENTS)) == ([7.0], 1)
        gate.over()
        await stage.returns(call, n=1, told=1)
        await stage.works()


PAST, NEVER = "Wed, 21 Oct 2015 07:28:00 GMT", "Fri, 31 Dec 100000 23:59:59 GMT"
NONSENSE = ["-1", "nan", "inf", "9" * 5000, PAST, NEVER, "", "soon", "1e400"]


@pytest.mark.parametrize("value", NONSENSE, ids=[value[:12] or "empty" for value in NONSENSE])
async def test_19_retry_after_that_is_nonsense(caplog: pytest.LogCaptureFixture, value: str) -> None:
    """The pause is the default one, and the service's own error is what the caller gets in the end."""
    gate = Clockwork()
    body = {"error": {"code": "too_many", "message": "Slow down, please."}}
    async with embedded(caplog, gate=gate, retry=RetryPolicy(attempts=2)) as stage:
        stage.server.faults.every(faults.Status(429, body, {"Retry-After": value}), "POST", INCIDENTS)
        call = asyncio.ensure_future(create(stage.page))
        await gate.met.wait()
        wait = gate._until - asyncio.get_running_loop().time()
        assert gate.pauses == [None]
        assert 0 < wait <= 1.0  # the default for the first one
        gate.over()
        error = await stage.fails(call, RateLimitError, "429 .*Slow down, please", n=1)
        assert (error.code, error.retry_after, error.status) == ("too_many", None, 429)
        assert stage.count("POST", INCIDENTS) == 2
        await stage.works()


async def test_20_429_for_an_hour(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody waits for what cannot come before the deadline, neither this call nor the ones behind it."""
    async with embedded(caplog) as stage:
        stage.server.faults.every(faults.RateLimit(rate=0, burst=0), host="api")
        error = await stage.fails(create(stage.page), RateLimitError, "POST .*429", n=1)
        assert error.retry_after == 3600
        behind = await stage.fails(create(stage.page), RateLimitError, "pause", n=0)
        assert behind.retry_after == pytest.approx(3600, abs=60)
        await stage.works()


async def test_21_429_with_html(caplog: pytest.LogCaptureFixture) -> None:
    async with embedded(caplog) as stage:
        html = "<!DOCTYPE html><h1>Too many requests</h1>"
        stage.server.faults.every(faults.Status(429, html, {"Retry-After": "600", "Content-Type": "text/html"}), "POST")
        error = await stage.fails(create(stage.page), RateLimitError, "429 Too Many Requests: an HTML page", n=1)
        assert (error.retry_after, error.body) == (600.0, html)
        await stage.works()


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
async def test_22_500_after_committing_an_incident(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    patient(monkeypatch)
    async with embedded(caplog) as stage:
        stage.server.faults.next(faults.Status(status, after_commit=True), "POST", INCIDENTS)
        incident = await stage.returns(create(stage.page), n=1, told=1)
        assert stage.server.announcements(incident.id) == 1
        await stage.works()


async def test_22_500_and_nobody_answers_the_looking(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient(monkeypatch)
    async with embedded(caplog) as stage:
        stage.server.faults.every(faults.Status(500, after_commit=True), "POST", INCIDENTS)
        blind = stage.server.faults.every(faults.Status(500), "GET")
        error = await stage.fails(create(stage.page), OutcomeUnknownError, "500 .*Look for the record", n=1, told=1)
        stage.server.faults.cancel(blind)
        found = await stage.found_later(error)
        assert stage.server.announcements(found.id) == 1
        await stage.works()


async def test_22_an_update_and_a_maintenance_too(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient(monkeypatch)
    start = datetime(2030, 1, 1, tzinfo=UTC)
    async with embedded(caplog) as stage:
        incident = await create(stage.page)
        stage.server.faults.every(faults.Status(500, after_commit=True), "POST")
        updates = f"{INCIDENT}/incident-updates"
        call = stage.page.incidents.updates.create(
            incident.id, status="RESOLVED", message="Mended", statuses={}, notify=True
        )
        update = await stage.returns(call, n=1, told=1, path=updates)
        assert (update.message, update.status) == ("Mended", "RESOLVED")
        plan = stage.page.maintenances.create(
            name="Work",
            message="We work",
            status="NOTSTARTEDYET",
            components=[stage.server.component_id("API")],
            start=start,
            end=start + timedelta(hours=1),
            notify=True,
            notify_start=False,
            notify_end=False,
            notify_early=False,
            auto_start=False,
            auto_end=False,
        )
        maintenance = await stage.returns(plan, n=1, told=1, path="/v1/{page_id}/maintenances")
        assert maintenance.start == start
        await stage.works()


async def test_23_503_then_200_on_a_get(caplog: pytest.LogCaptureFixture) -> None:
    async with embedded(caplog) as stage:
        first = await stage.client.user.get()
        stage.server.faults.next(faults.Status(503), "GET", "/v1/user")
        assert await stage.returns(stage.client.user.get(), n=2, method="GET", path="/v1/user") == first
        await stage.works()


async def test_24_503_on_a_post(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    patient(monkeypatch)
    async with embedded(caplog) as stage:
        stage.server.faults.next(faults.Status(503), "POST", INCIDENTS)
        error = await stage.fails(create(stage.page), OutcomeUnknownError, "503 .*outcome|outcome.* 503", n=1)
        with pytest.raises(OutcomeUnknownError):
            await stage.found_later(error)
        await stage.works()


async def test_25_delete_reset_after_the_commit_then_404(caplog: pytest.LogCaptureFixture) -> None:
    async with embedded(caplog) as stage:
        incident = await create(stage.page)
        stage.server.faults.next(faults.Reset(after_commit=True), "DELETE")
        await stage.returns(stage.page.incidents.delete(incident.id), n=2, method="DELETE", path=INCIDENT)
        statuses = [entry.status for entry in stage.server.requests.matching("DELETE")]
        assert statuses == [None, 404]
        # Gone from the start is an error, and so is gone after an attempt that was surely refused.
        says = "DELETE .*404.*no such record"
        gone = stage.page.incidents.delete(incident.id)
        await stage.fails(gone, NotFoundError, says, n=1, method="DELETE", path=INCIDENT)
        stage.server.faults.next(faults.Status(429, headers={"Retry-After": "0"}), "DELETE")
        gone = stage.page.incidents.delete(incident.id)
        await stage.fails(gone, NotFoundError, says, n=2, method="DELETE", path=INCIDENT)
        await stage.works()


async def test_26_409(caplog: pytest.LogCaptureFixture) -> None:
    async with embedded(caplog) as stage:
        stage.server.faults.every(faults.Status(409), "POST", INCIDENTS)
        error = await stage.fails(create(stage.page), ConflictError, "409 Conflict: This failure was asked for", n=1)
        assert (error.status, error.code) == (409, "fault")
        await stage.works()


async def test_27_a_total_outage_and_1000_calls(caplog: pytest.LogCaptureFixture) -> None:
    async with embedded(caplog) as stage:
        stage.server.faults.every(faults.Status(503), "GET")
        results = await asyncio.gather(*(stage.client.user.get() for _ in range(1000)), return_exceptions=True)
        assert {type(result) for result in results} == {ServerError}
        assert 1000 <= stage.count("GET", "/v1/user") <= 1100
        assert stage.held() == []
        for result in results[:3]:
            assert isinstance(result, InstatusError)
            no_key(result)
        await stage.works()


async def test_28_401(caplog: pytest.LogCaptureFixture) -> None:
    async with embedded(caplog) as stage:
        stage.server.faults.every(faults.Status(401), host="api")
        error = await stage.fails(create(stage.page), AuthenticationError, "401 Unauthorized.*check the API key", n=1)
        assert error.status == 401
        await stage.works()


@pytest.mark.parametrize("after_commit", [False, True])
async def test_29_a_200_with_an_error_object(caplog: pytest.LogCaptureFixture, after_commit: bool) -> None:
    async with embedded(caplog) as stage:
        body: Any = json.loads('{"error": {"code": "nope", "message": "That did not work."}}')
        stage.server.faults.every(faults.Status(200, body, after_commit=after_commit), "POST", INCIDENTS)
        error = await stage.fails(
            create(stage.page), APIError, "200 OK: That did not work", n=1, told=int(after_commit)
        )
        assert (error.status, error.code) == (200, "nope")
        await stage.works()


async def test_the_watch_itself(caplog: pytest.LogCaptureFixture) -> None:
    """The watch itself: what is left behind is seen."""
    async with embedded(caplog) as stage:
        assert isinstance(stage, Stage)
        stage.server.faults.next(faults.Stall(), "GET", "/v1/user")
        hanging = asyncio.ensure_future(stage.client.user.get())
        await stage.server.faults.wait()
        assert len(stage.held()) == 1
        stage.server.faults.release()
        await hanging
        assert stage.held() == []
