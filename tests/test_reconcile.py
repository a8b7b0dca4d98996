"""Finding out what became of a write: what is recognised, what is not, and what is never claimed."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from instatus_async import (
    DeadlineExceededError,
    DuplicateDetectedError,
    Event,
    Incident,
    InstatusClient,
    OutcomeUnknownError,
    RetryPolicy,
)
from instatus_async.reconcile import Fingerprint, Found, Missing, Search, look, unique_now

from .hostile import Exchange, HostileServer, Script, answer, reset, stall

NOW = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
ROW = {"id": "i", "name": "n", "status": "INVESTIGATING", "started": "2026-01-02T03:04:05.678Z"}
MATCH = {"name": "n", "started": "2026-01-02T03:04:05.678Z"}


def fingerprint(**search: Any) -> Fingerprint:
    options: dict[str, Any] = {"path": "/rows", "match": MATCH, "paged": True, "certain": True} | search
    return Fingerprint(operation="POST /x", path="/x", sent_at=NOW, search=Search(**options))


async def seen(print_: Fingerprint, *pages: Any) -> tuple[Found | Missing, list[str]]:
    asked: list[str] = []

    async def ask(path: str, query: str) -> Any:
        asked.append(f"{path}?{query}")
        return pages[len(asked) - 1] if len(asked) <= len(pages) else []

    return await look(print_, ask), asked


@pytest.mark.parametrize(
    ("row", "there"),
    [
        ({}, True),
        ({"started": "2026-01-02T03:04:05.678000+00:00"}, True),
        ({"started": "2026-01-02T05:04:05.678+02:00"}, True),
        ({"started": "2026-01-02T03:04:05.679Z"}, False),
        ({"started": None}, False),
        ({"name": "other"}, False),
        ({"name": {"en": "n", "default": "n"}}, True),  # quirk 56
        ({"createdAt": "2026-01-02T03:00:00.000Z"}, True),  # clocks differ
        ({"createdAt": "2026-01-01T03:04:05.678Z"}, False),  # it was there before the call
        ({"createdAt": "whenever"}, True),
        ({"updates": []}, True),  # quirk 58
        ({"updates": [{"message": "hello"}]}, True),
        ({"updates": [{"message": "other"}]}, False),
    ],
)
async def test_what_is_recognised(row: dict[str, Any], there: bool) -> None:
    verdict, _ = await seen(fingerprint(message="hello"), [ROW | row])
    assert isinstance(verdict, Found if there else Missing)


@pytest.mark.parametrize(
    ("row", "there"),
    [
        ({}, True),
        ({"duration": None}, False),
        ({"duration": 60}, True),
        ({"duration": 30}, False),
        ({"components": []}, True),
        ({"components": [{"id": "b"}, {"id": "a"}]}, True),
        ({"components": [{"id": "a"}]}, False),
        ({"components": [{"id": "a"}, {"id": "b"}, {"id": "c"}]}, False),
        ({"group": {"id": "g", "name": "G"}}, True),
        ({"group": {"id": "h", "name": "G"}}, False),
    ],
)
async def test_what_a_record_shows_must_not_differ(row: dict[str, Any], there: bool) -> None:
    sent = {"duration": 60, "components": ["a", "b"], "group": "g"}
    verdict, _ = await seen(fingerprint(agrees=sent), [ROW | row])
    assert isinstance(verdict, Found if there else Missing)


@pytest.mark.parametrize(
    ("row", "there"),
    [
        ({}, True),
        ({"components": []}, True),
        ({"components": [{"id": "a", "status": "MAJOROUTAGE"}, {"id": "b", "status": "OPERATIONAL"}]}, True),
        ({"components": [{"id": "a", "status": "OPERATIONAL"}]}, False),
        ({"updatedAt": "2026-01-02T03:04:06.000Z"}, True),
        ({"updatedAt": "2026-01-02T03:04:00.000Z"}, False),
    ],
)
async def test_a_change_shows_in_the_record(row: dict[str, Any], there: bool) -> None:
    """It may have had the values that were sent before; its components and its age tell."""
    search = fingerprint(paged=False, statuses=[{"id": "a", "status": "MAJOROUTAGE"}])
    verdict, _ = await seen(search, ROW | row)
    assert isinstance(verdict, Found if there else Missing)


async def test_null_comes_back_as_nothing() -> None:
    for found in ("", None):
        verdict, _ = await seen(fingerprint(match={"description": ""}), [{"id": "i", "description": found}])
        assert isinstance(verdict, Found)


async def test_a_path_of_keys() -> None:
    rows = [{"id": "a", "user": {"email": "x"}}, {"id": "b", "user": {"email": "y"}}, {"id": "c", "user": None}]
    verdict, _ = await seen(fingerprint(match={"user.email": "y"}), rows)
    assert verdict == Found(rows[1])


async def test_all_pages_are_read_until_nothing_new_comes() -> None:
    pages: Sequence[Any] = [[{"id": "a"}], [{"id": "b"}], [ROW], []]
    verdict, asked = await seen(fingerprint(), *pages)
    assert verdict == Found(ROW)
    assert asked == [f"/rows?page={number}&per_page=100" for number in (1, 2, 3, 4)]
    verdict, asked = await seen(fingerprint(), [{"id": "a"}], [{"id": "a"}], [ROW])
    assert verdict == Missing()
    assert len(asked) == 2


async def test_inside_envelopes_documents_and_the_record_itself() -> None:
    assert (await seen(fingerprint(inside="rows", size="limit"), {"rows": [ROW]}, {"rows": []}))[0] == Found(ROW)
    document = {"id": "p", "updates": [ROW, {"id": "o"}]}
    assert (await seen(fingerprint(inside="updates", paged=False), document))[0] == Found(ROW)
    assert (await seen(fingerprint(paged=False), ROW))[0] == Found(ROW)
    odd: list[Any] = [None, [], "x", {"updates": 5}, {"updates": [5]}]
    for nonsense in odd:
        assert (await seen(fingerprint(inside="updates", paged=False), nonsense))[0] == Missing()


async def test_two_of_them() -> None:
    with pytest.raises(DuplicateDetectedError, match="a, b") as caught:
        await seen(fingerprint(), [ROW | {"id": "a"}, ROW | {"id": "b"}])
    assert caught.value.ids == ("a", "b")
    # Where names may be taken twice, two alike say nothing.
    assert (await seen(fingerprint(certain=False), [ROW | {"id": "a"}, ROW | {"id": "b"}]))[0] == Missing()


async def test_datapoints_one_by_one() -> None:
    wanted = Fingerprint(
        operation="POST /m", path="/m", sent_at=NOW, search=Search(path="/m", match={}), points=[1000, 2000, 3000]
    )
    data = [{"timestamp": 2000, "value": 1}, {"timestamp": 9000, "value": 1}]
    assert (await seen(wanted, {"data": data}))[0] == Missing(frozenset({1000, 3000}))
    assert (await seen(wanted, {"data": [{"timestamp": n} for n in (3000, 1000, 2000)]}))[0] == Found(None)
    assert (await seen(wanted, {"data": None}))[0] == Missing(frozenset({1000, 2000, 3000}))


@pytest.mark.parametrize("data", [5, "x", {}, [5, None, {"timestamp": [1000]}, {"timestamp": {}}, {"timestamp": None}]])
async def test_a_metric_that_makes_no_sense_has_no_points(data: Any) -> None:
    wanted = Fingerprint(operation="POST /m", path="/m", sent_at=NOW, search=Search(path="/m", match={}), points=[1000])
    assert (await seen(wanted, {"data": data}))[0] == Missing(frozenset({1000}))


async def test_ids_that_are_none() -> None:
    rows: Any = [{"id": ["x"], **MATCH}, {"id": {}, "name": "o"}, 5]
    assert (await seen(fingerprint(), rows))[0] == Found(rows[0])


async def test_what_cannot_be_looked_for() -> None:
    verdict, asked = await seen(Fingerprint(operation="POST /x", path="/x", sent_at=NOW))
    assert (verdict, asked) == (Missing(), [])


def test_times_of_their_own() -> None:
    times = [unique_now() for _ in range(2000)]
    assert times == sorted(set(times))
    assert all(time.microsecond % 1000 == 0 for time in times)
    assert abs(times[0] - datetime.now(UTC)) < timedelta(minutes=1)


# --- whole calls -----------------------------------------------------------------------------------------------------


class Service:
    """A service with one kind of record, whose answers to POST get lost."""

    def __init__(self, lose: Script = reset, *, commit: bool = True, copies: int = 1) -> None:
        self.rows: list[dict[str, Any]] = []
        self.posts = 0
        self.lose = lose
        self.commit = commit
        self.copies = copies

    async def __call__(self, exchange: Exchange) -> None:
        request = exchange.request
        if request.method == "POST":
            self.posts += 1
            if self.commit:
                for copy in range(self.copies):
                    self.rows.append({"id": f"i{len(self.rows)}-{copy}", **request.json})
            await self.lose(exchange)
        else:
            exchange.reply(self.rows if "page=1&" in request.target else [])


async def create(service: Service, **options: Any) -> Incident:
    async with HostileServer(service) as server, InstatusClient("key", base_url=server.url, **options) as client:
        return await client.page("p").incidents.create(name="Down", status="INVESTIGATING", message="m", notify=True)


@pytest.mark.parametrize(
    "lose", [reset, answer(status=500), answer(status=502, raw=b"<html>"), answer(raw=b'{"half'), answer(raw=b"<html>")]
)
async def test_a_lost_answer_is_found_as_if_nothing_had_happened(lose: Script) -> None:
    service = Service(lose)
    incident = await create(service)
    assert (incident.id, incident.name) == ("i0-0", "Down")
    assert service.posts == 1
    assert incident.started is not None


async def test_a_read_timeout_too() -> None:
    service = Service(stall)
    assert (await create(service, timeout=1.0)).id == "i0-0"
    assert service.posts == 1


async def test_what_was_not_carried_out_is_unknown_and_can_be_looked_for_later() -> None:
    service = Service(commit=False)
    with pytest.raises(OutcomeUnknownError) as caught:
        await create(service, timeout=0.6)
    assert service.posts == 1
    kept = pickle.loads(pickle.dumps(caught.value.fingerprint))
    assert kept == caught.value.fingerprint
    assert "Down" not in repr(kept)
    # Later, in another process, it has turned up.
    service.rows.append({"id": "late", "name": "Down", "status": "X", "started": kept.search.match["started"]})
    async with HostileServer(service) as server, InstatusClient("key", base_url=server.url) as client:
        found = await client.reconcile(kept)
    assert isinstance(found, Incident)
    assert found.id == "late"


async def test_carried_out_twice_is_told() -> None:
    with pytest.raises(DuplicateDetectedError) as caught:
        await create(Service(copies=2))
    assert caught.value.ids == ("i0-0", "i1-1")


async def test_reconciling_what_is_not_there() -> None:
    async with HostileServer(answer([])) as server, InstatusClient("key", base_url=server.url, timeout=0.3) as client:
        with pytest.raises(OutcomeUnknownError) as caught:
            await client.reconcile(fingerprint())
        assert caught.value.fingerprint == fingerprint()
        with pytest.raises(OutcomeUnknownError):
            await client.reconcile(Fingerprint(operation="POST /x", path="/x", sent_at=NOW))


async def test_a_cancelled_call_leaves_its_fingerprint() -> None:
    service = Service(stall)
    async with HostileServer(service) as server, InstatusClient("key", base_url=server.url) as client:
        task = asyncio.ensure_future(client.page("p").incidents.create(name="Down", status="INVESTIGATING"))
        await server.reached(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        (left,) = client.unresolved
        found = await client.reconcile(left)
        assert isinstance(found, Incident)
        assert found.id == "i0-0"
        assert client.unresolved == ()
    assert service.posts == 1


async def test_a_call_cancelled_before_it_was_sent_leaves_none(unused_tcp_port: int) -> None:
    client = InstatusClient("key", base_url=f"http://127.0.0.1:{unused_tcp_port}", retry=RetryPolicy(base=100, cap=100))
    task = asyncio.ensure_future(client.page("p").incidents.create(name="Down", status="INVESTIGATING"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert client.unresolved == ()
    await client.aclose()


async def test_a_deadline_that_ends_a_sent_call_says_so() -> None:
    async def drip(exchange: Exchange) -> None:
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
        while not exchange.writer.is_closing():
            exchange.send(b" ")
            await asyncio.sleep(0.02)

    with pytest.raises(DeadlineExceededError, match="may have been carried out") as caught:
        await create(Service(drip), timeout=0.4)
    assert caught.value.may_have_applied
    assert caught.value.fingerprint is not None


async def test_a_deadline_before_anything_was_sent_says_so_too() -> None:
    """All connections are taken (fault 16)."""
    async with HostileServer(stall) as server, InstatusClient("key", base_url=server.url, timeout=0.3) as client:
        page = client.page("p")
        await client._session.pool.session(fresh=True).close()
        session = client._session.pool.session(fresh=True)
        assert session.connector is not None
        session.connector._limit = 1
        hog = asyncio.ensure_future(client.with_options(timeout=5).page("p").regenerate_secure_link())
        await server.reached(1)
        with pytest.raises(DeadlineExceededError, match="nothing was carried out") as caught:
            await page.incidents.create(name="Down", status="INVESTIGATING")
        assert not caught.value.may_have_applied
        assert caught.value.fingerprint is None
        hog.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hog
    assert len(server.requests) == 1


async def test_missing_datapoints_are_sent_again_and_no_others() -> None:
    there: list[dict[str, Any]] = []
    bodies: list[Any] = []

    async def metric(exchange: Exchange) -> None:
        if exchange.request.method == "GET":
            exchange.reply({"id": "m", "name": "n", "data": there})
            return
        bodies.append(exchange.request.json)
        points = exchange.request.json["data"]
        there.extend(points[:1])
        if len(there) < 3:
            exchange.reset()
        else:
            exchange.reply(points)

    start = datetime(2026, 1, 1, tzinfo=UTC)
    points = [(start + timedelta(seconds=30 * n), float(n)) for n in range(3)]
    async with HostileServer(metric) as server, InstatusClient("key", base_url=server.url) as client:
        result = await client.page("p").metrics.add_datapoints("m", points)
    assert [len(body["data"]) for body in bodies] == [3, 2, 1]
    assert [point["value"] for point in there] == [0.0, 1.0, 2.0]
    assert len(result) == 1 or len(result) == 3


async def test_a_datapoint_that_arrived_late_is_no_error() -> None:
    """It was not there when it was looked for, then the second one is refused because of the first."""
    gets = 0

    async def metric(exchange: Exchange) -> None:
        nonlocal gets
        if exchange.request.method == "POST":
            if exchange.number == 1:
                exchange.reset()
            else:
                exchange.reply({"error": {"message": "30 s apart"}}, status=400)
            return
        gets += 1
        exchange.reply({"id": "m", "name": "n", "data": [{"timestamp": 1767225600000, "value": 1}] if gets > 1 else []})

    async with HostileServer(metric) as server, InstatusClient("key", base_url=server.url) as client:
        point = await client.page("p").metrics.add_datapoint("m", 1, datetime(2026, 1, 1, tzinfo=UTC))
    assert point.value == 1


async def test_events_and_the_log_tell_the_story(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "instatus_async")
    events: list[Event] = []
    await create(Service(), on_event=events.append)
    assert [event.kind for event in events][:2] == ["attempt", "reconcile"]
    assert all(event.kind == "attempt" and "looking for" in event.operation for event in events[2:])
    assert any("reconcile" in record.getMessage() for record in caplog.records)


async def test_a_listener_that_fails_breaks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def listener(_: Event) -> None:
        raise ZeroDivisionError

    assert (await create(Service(), on_event=listener)).id == "i0-0"
    assert "on_event failed" in caplog.text
