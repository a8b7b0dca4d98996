"""Traces of OpenTelemetry's own aiohttp instrumentation: over real sockets, with nothing of ours between."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor, create_trace_config
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import INVALID_SPAN_CONTEXT, SpanKind, StatusCode

from instatus_async import (
    Incident,
    InstatusClient,
    NotFoundError,
    ProtocolError,
    PublicStatusPage,
    RetryPolicy,
    heartbeat,
    trigger,
)
from instatus_async.testing import InstatusServer, faults

from .hostile import HostileServer, Script, answer, reset, stall

KEY = "sk-an-instatus-key-of-the-tests"
FAST = RetryPolicy(base=0.001)
MIDDLEWARES = "middlewares" in inspect.signature(aiohttp.ClientSession).parameters


class Traces:
    """A tracer provider of one test, and the spans that ended."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer = self.provider.get_tracer("the bot")

    @property
    def requests(self) -> list[ReadableSpan]:
        """The spans of requests, in the order in which they began."""
        spans = [span for span in self._exporter.get_finished_spans() if span.kind is SpanKind.CLIENT]
        return sorted(spans, key=lambda span: span.start_time or 0)

    @property
    def methods(self) -> list[str]:
        return [span.name for span in self.requests]

    @property
    def statuses(self) -> list[object]:
        return [(span.attributes or {}).get("http.status_code") for span in self.requests]

    def text(self) -> str:
        """All that an exporter sends out."""
        spans = self._exporter.get_finished_spans()
        return "".join(span.to_json() + repr(span.attributes) + repr(span.events) for span in spans)


@pytest.fixture
def traces() -> Iterator[Traces]:
    """Spans of a program that instruments nothing yet."""
    traces = Traces()
    yield traces
    traces.provider.shutdown()


@pytest.fixture
def instrumented(traces: Traces) -> Iterator[Traces]:
    """Spans of a program that calls `instrument()`, as its start-up does."""
    AioHttpClientInstrumentor().instrument(tracer_provider=traces.provider)
    yield traces
    AioHttpClientInstrumentor().uninstrument()


@pytest.fixture
async def server() -> AsyncIterator[InstatusServer]:
    async with InstatusServer(api_key=KEY) as running:
        yield running


def parents(traces: Traces) -> list[object]:
    return [span.parent.span_id if span.parent else None for span in traces.requests]


async def create(client: InstatusClient, server: InstatusServer) -> Incident:
    return await client.page(server.page_id).incidents.create(name="Down", status="INVESTIGATING", notify=True)


async def test_a_call_is_one_span_below_the_callers(instrumented: Traces, server: InstatusServer) -> None:
    async with server.client() as client:
        with instrumented.tracer.start_as_current_span("handle the alert") as caller:
            await client.user.get()
            await create(client, server)
    assert instrumented.methods == ["GET", "POST"]
    assert instrumented.statuses == [200, 200]
    assert parents(instrumented) == [caller.get_span_context().span_id] * 2
    urls = [(span.attributes or {})["http.url"] for span in instrumented.requests]
    assert urls == [f"{server.url}/v1/user", f"{server.url}/v1/{server.page_id}/incidents"]


async def test_the_service_hears_of_the_trace(instrumented: Traces, server: InstatusServer) -> None:
    async with server.client() as client:
        await client.user.get()
        await create(client, server)
    contexts = [span.get_span_context() or INVALID_SPAN_CONTEXT for span in instrumented.requests]
    heard = [request.headers["traceparent"].split("-")[1:3] for request in server.requests]
    assert heard == [[f"{context.trace_id:032x}", f"{context.span_id:016x}"] for context in contexts]


async def test_instrumenting_before_the_first_call_is_enough(traces: Traces, server: InstatusServer) -> None:
    async with server.client() as client:
        page = client.page(server.page_id)
        AioHttpClientInstrumentor().instrument(tracer_provider=traces.provider)
        try:
            await client.user.get()
            await page.incidents.create(name="Down", status="INVESTIGATING", notify=True)
        finally:
            AioHttpClientInstrumentor().uninstrument()
        assert traces.methods == ["GET", "POST"]
    async with server.client() as client:
        await client.user.get()
    assert len(traces.requests) == 2


async def test_each_attempt_is_a_span_of_its_own(instrumented: Traces, server: InstatusServer) -> None:
    server.faults.next(faults.Status(503), "GET", "/v1/user")
    server.faults.next(faults.Reset(), "GET", "/v1/user")
    async with server.client(retry=FAST) as client:
        with instrumented.tracer.start_as_current_span("caller") as caller:
            await client.user.get()
    assert instrumented.statuses == [503, None, 200]
    assert [span.status.status_code for span in instrumented.requests] == [
        StatusCode.ERROR,
        StatusCode.ERROR,
        StatusCode.UNSET,
    ]
    assert [[event.name for event in span.events] for span in instrumented.requests] == [[], ["exception"], []]
    assert parents(instrumented) == [caller.get_span_context().span_id] * 3


async def test_a_pause_at_the_gate_is_between_two_spans(instrumented: Traces, server: InstatusServer) -> None:
    server.faults.next(faults.Status(429, headers={"Retry-After": "0"}), "GET", "/v1/user")
    async with server.client(retry=FAST) as client:
        await client.user.get()
    assert instrumented.statuses == [429, 200]


async def test_looking_for_a_lost_answer_is_seen_too(instrumented: Traces, server: InstatusServer) -> None:
    server.faults.next(faults.Reset(after_commit=True), "POST", "*/incidents")
    async with server.client() as client:
        with instrumented.tracer.start_as_current_span("caller") as caller:
            incident = await create(client, server)
    assert server.announcements(incident.id) == 1
    assert instrumented.methods[:2] == ["POST", "GET"]
    assert instrumented.methods.count("POST") == 1
    assert set(parents(instrumented)) == {caller.get_span_context().span_id}


async def test_pages_that_are_read_ahead_belong_to_the_caller(instrumented: Traces, server: InstatusServer) -> None:
    server.seed(subscribers=[{"email": f"n{number}@acme.example", "confirmed": True} for number in range(40)])
    async with server.client() as client:
        with instrumented.tracer.start_as_current_span("export") as caller:
            rows = await client.page(server.page_id).subscribers.list(per_page=5).collect()
    assert len(rows) == 40
    assert len(instrumented.requests) >= 8
    assert set(parents(instrumented)) == {caller.get_span_context().span_id}


async def test_a_caller_keeps_its_own_span(instrumented: Traces, server: InstatusServer) -> None:
    """A request's span does not stay current behind it, whether it fails or not."""
    server.faults.next(faults.Reset(), "GET", "/v1/user")
    async with server.client(retry=RetryPolicy(attempts=1)) as client:
        with instrumented.tracer.start_as_current_span("caller") as caller:
            with pytest.raises(ProtocolError):
                await client.user.get()
            await client.user.get()
            with instrumented.tracer.start_as_current_span("next") as following:
                assert isinstance(following, ReadableSpan)
                assert following.parent is not None
                assert following.parent.span_id == caller.get_span_context().span_id


async def test_a_cancelled_call_ends_its_span(instrumented: Traces) -> None:
    async with HostileServer(stall) as hostile, InstatusClient(KEY, base_url=hostile.url) as client:
        call = asyncio.ensure_future(client.user.get())
        await hostile.reached(1)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    assert instrumented.methods == ["GET"]
    assert [event.name for event in instrumented.requests[0].events] == ["exception"]


async def test_public_pages_are_seen_too(instrumented: Traces, server: InstatusServer) -> None:
    async with server.public() as public:
        await public.summary()
    assert instrumented.statuses == [200]


@pytest.mark.parametrize(
    "script",
    [
        answer({"id": "u"}),
        answer({"error": {"code": "x", "message": f"the key {KEY} is wrong"}}, status=401),
        answer(status=302, headers=["Location: https://elsewhere.example/"]),
        answer(raw=b"{", headers=["Content-Encoding: gzip"]),
        reset,
    ],
)
async def test_no_span_knows_the_key(instrumented: Traces, script: Script) -> None:
    async with HostileServer(script) as hostile:
        async with InstatusClient(KEY, base_url=hostile.url, retry=RetryPolicy(attempts=2, base=0.001)) as client:
            calls = (client.user.get(), client.request("POST", "/v1/p/incidents", json={"name": "x"}))
            await asyncio.gather(*calls, return_exceptions=True)
        assert {request.headers["authorization"] for request in hostile.requests} == {f"Bearer {KEY}"}
    assert len(instrumented.requests) >= 2
    assert KEY not in instrumented.text()


async def test_no_span_knows_an_address_that_is_a_credential(instrumented: Traces) -> None:
    """A span is named by its URL, so a trigger has none: not below a session that was lent either."""
    async with HostileServer(answer({"success": True})) as hostile:
        for lent in (
            None,
            aiohttp.ClientSession(trace_configs=[create_trace_config(tracer_provider=instrumented.provider)]),
        ):
            await heartbeat(f"{hostile.url}/secretcode0123456789", session=lent)
            await trigger(f"{hostile.url}/v3/integrations/webhook/secretcode0123456789", "down", session=lent)
            if lent is not None:
                await lent.close()
        assert len(hostile.requests) == 4
    assert "secretcode" not in instrumented.text()


# --- A session that is lent -------------------------------------------------------------------------------------------


async def test_a_lent_session_brings_its_trace_config(traces: Traces, server: InstatusServer) -> None:
    config = create_trace_config(tracer_provider=traces.provider)
    async with aiohttp.ClientSession(trace_configs=[config]) as own, server.client(session=own, retry=FAST) as client:
        server.faults.next(faults.Status(503), "GET", "/v1/user")
        with traces.tracer.start_as_current_span("caller") as caller:
            await client.user.get()
            await create(client, server)
        assert traces.methods == ["GET", "GET", "POST"]
        assert traces.statuses == [503, 200, 200]
        assert set(parents(traces)) == {caller.get_span_context().span_id}
        assert own.trace_configs == [config]
        async with own.get(server.page_url()) as response:
            assert response.status == 200
    assert len(traces.requests) == 4
    assert KEY not in traces.text()


async def test_a_lent_session_that_is_instrumented_gives_one_span_a_request(
    instrumented: Traces, server: InstatusServer
) -> None:
    async with aiohttp.ClientSession() as own, server.client(session=own) as client:
        await client.user.get()
        await create(client, server)
    assert instrumented.methods == ["GET", "POST"]
    assert KEY not in instrumented.text()


@pytest.mark.skipif(not MIDDLEWARES, reason="this aiohttp knows no middlewares: pip install 'aiohttp>=3.12'")
async def test_middlewares_and_traces_of_a_lent_session_go_together(traces: Traces, server: InstatusServer) -> None:
    seen: list[str] = []

    async def middleware(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        seen.append(request.method)
        return await handler(request)

    config = create_trace_config(tracer_provider=traces.provider)
    lent = aiohttp.ClientSession(trace_configs=[config], middlewares=[middleware])
    async with lent, server.client(session=lent) as client:
        await client.user.get()
        await create(client, server)
        with pytest.raises(NotFoundError):
            await client.page(server.page_id).incidents.get("nobody")
    assert seen == traces.methods == ["GET", "POST", "GET"]
    assert traces.statuses == [200, 200, 404]


async def test_a_lent_session_for_a_public_page(traces: Traces, server: InstatusServer) -> None:
    config = create_trace_config(tracer_provider=traces.provider)
    async with (
        aiohttp.ClientSession(trace_configs=[config]) as own,
        PublicStatusPage(server.page_url(), session=own) as public,
    ):
        await public.summary()
        await public.components()
    assert traces.statuses == [200, 200]
