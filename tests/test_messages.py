"""What errors say: whole sentences, what was given and asked for, and what to do next."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import instatus_async
from instatus_async import (
    ComponentStatus,
    ConfigError,
    Incident,
    IncidentStatus,
    InstatusClient,
    InstatusError,
    InvalidIdError,
    InvalidRequestError,
    NotFoundError,
    Page,
    PublicStatusPage,
    RateLimitError,
    RetryPolicy,
    ServerError,
    StatusPage,
)
from instatus_async._body import send_member
from instatus_async._wording import clauses, sentences
from instatus_async.testing import InstatusServer

from .hostile import HostileServer, answer

SOURCES = sorted(Path(instatus_async.__file__).parent.rglob("*.py"))
BROKEN = re.compile(r"[.?!][.;,]|;;|[a-z] Nothing was|  | a [AEIO]")
ONCE = RetryPolicy(attempts=1)


def test_parts_become_sentences() -> None:
    assert sentences("did you mean 'x'?", "", "Nothing was sent") == "did you mean 'x'? Nothing was sent."
    assert sentences("it is gone.", "Look again!") == "it is gone. Look again!"
    assert clauses("401: No such user.", "", "check the key") == "401: No such user; check the key"


# --- ids -------------------------------------------------------------------------------------------------------------

COMPONENT = instatus_async.Component(id="secret-name", name="API", status=ComponentStatus.OPERATIONAL)
CALLS: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "path": (lambda page, given: page.components.get(given), "component_id: expected the id of a component as text"),
    "update": (
        lambda page, given: page.incidents.updates.get("incident", given),
        "incident_update_id: expected the id of an incident update as text",
    ),
    "list": (
        lambda page, given: page.incidents.create(name="n", status="INVESTIGATING", message="m", components=[given]),
        "components[0]: expected text",
    ),
    "statuses": (
        lambda page, given: page.incidents.create(
            name="n", status="INVESTIGATING", message="m", statuses={given: "OPERATIONAL"}
        ),
        "statuses key: expected text",
    ),
    "ensure": (
        lambda page, given: page.incidents.ensure(component=given, name="n"),
        "component: expected the id of a component as text",
    ),
    "buffer": (lambda page, given: page.metrics.buffer(given), "metric_id: expected the id of a metric as text"),
    "monitors": (
        lambda page, given: page.monitor_groups.add_monitors("g", [given]),
        "monitors[0]: expected an id as text",
    ),
    "page": (lambda page, given: Page(page._session, given), "page_id: expected the id of a page as text"),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("given", "said"),
    [
        (5, "got int"),
        (COMPONENT, "got a Component; pass its .id"),
        (Incident(id="i", name="n", status=IncidentStatus.RESOLVED), "got an Incident; pass its .id"),
        (StatusPage(id="p"), "got a StatusPage; pass its .id"),
    ],
)
async def test_an_id_that_is_something_else(call: str, given: Any, said: str) -> None:
    function, expected = CALLS[call]
    async with InstatusServer() as server, server.client() as client:
        with pytest.raises(InvalidRequestError) as caught:
            await function(client.page(server.page_id), given)
        assert f"{expected}, {said}. Nothing was sent." in str(caught.value)
        assert "secret-name" not in str(caught.value)
        assert not server.requests


def test_a_text_field_is_not_told_of_ids() -> None:
    client = InstatusClient("key")
    with pytest.raises(InvalidRequestError, match=r"name: expected text, got a Component\. Nothing was sent\.$"):
        client.page("p").incidents.open(name=COMPONENT)  # type: ignore[arg-type]  # wrong on purpose


async def test_a_change_that_changes_nothing_is_refused() -> None:
    """The service would take it for a change to nothing (quirk 108), or tell subscribers nothing new."""
    with pytest.raises(InvalidRequestError, match="give at least one field to change"):
        await InstatusClient("key").page("p").incidents.update("i")


def test_an_id_of_wrong_letters_is_shown() -> None:
    with pytest.raises(
        InvalidIdError, match=r"page_id: 'a/b' is not an id; ids are .*pages\.find.*Nothing was sent\.$"
    ):
        InstatusClient("key").page("a/b")


# --- answers ---------------------------------------------------------------------------------------------------------


async def test_a_page_that_is_missing_says_which_and_how_to_find_it() -> None:
    async with InstatusServer() as server, server.client() as client:
        with pytest.raises(NotFoundError) as caught:
            await client.page("quayside").components.list().collect()
    assert str(caught.value) == (
        "GET /v1/{page_id}/components: 404 Not Found: There is no status page with this ID; asked for "
        "/v1/quayside/components; client.page() takes the page's id, and `await client.pages.find(subdomain=...)` "
        "finds it by a subdomain"
    )


async def test_a_record_that_is_missing_says_which() -> None:
    async with InstatusServer() as server, server.client() as client:
        with pytest.raises(NotFoundError, match=r"; asked for /v1/\w+/incidents/gone; check the ids") as caught:
            await client.page(server.page_id).incidents.get("gone")
    assert "subdomain" not in str(caught.value)


FAILURES: list[tuple[Callable[[Page], Any], str | None, bool]] = [
    (lambda page: page.components.get("c"), None, True),
    (lambda page: page.incidents.list().first(), None, False),
    (lambda page: page.incidents.list().first(), "No status page for that component", True),
    (lambda page: page.components.list().first(), "Internal error.", False),
]


@pytest.mark.parametrize(("call", "said", "hint"), FAILURES)
async def test_only_what_names_a_component_is_told_that_it_may_be_unknown(
    call: Callable[[Page], Any], said: str | None, hint: bool
) -> None:
    body = None if said is None else {"error": {"message": said}}
    async with (
        HostileServer(answer(body, status=500)) as server,
        InstatusClient("key", base_url=server.url, retry=ONCE) as client,
    ):
        with pytest.raises(ServerError, match="the service failed") as caught:
            await call(client.page("p"))
    assert ("unknown component id" in str(caught.value)) is hint
    assert not BROKEN.search(str(caught.value))


async def test_a_public_page_that_fails_is_told_of_no_component() -> None:
    async with HostileServer(answer(status=503)) as server, PublicStatusPage(server.url, retry=ONCE) as public:
        with pytest.raises(InstatusError) as caught:
            await public.summary()
    assert "unknown component" not in str(caught.value)


@pytest.mark.parametrize(
    ("headers", "said"),
    [(["Retry-After: 90"], "it asks for a pause of 90 s"), ([], "slow down"), (["Retry-After: x"], "slow down")],
)
async def test_a_429_says_how_long(headers: list[str], said: str) -> None:
    refusal = answer({"error": {"message": "Too many requests."}}, status=429, headers=headers)
    async with HostileServer(refusal) as server, InstatusClient("key", base_url=server.url, retry=ONCE) as client:
        with pytest.raises(RateLimitError) as caught:
            await client.page("p").incidents.list().first()
    assert str(caught.value) == f"GET /v1/{{page_id}}/incidents: 429 Too Many Requests: Too many requests; {said}"


# --- words and numbers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("operational", "did you mean 'OPERATIONAL'? Nothing was sent."),
        ("MAJOR_OUTAGE", "did you mean 'MAJOROUTAGE'? Nothing was sent."),
        ("partial outage", "did you mean 'PARTIALOUTAGE'? Nothing was sent."),
        ("critical", "severity.component_status('critical') makes 'MAJOROUTAGE' of it. Nothing was sent."),
        ("degraded", "severity.component_status('degraded') makes 'DEGRADEDPERFORMANCE' of it. Nothing was sent."),
        ("OPERATIONL", "did you mean 'OPERATIONAL'? Nothing was sent."),
        ("zzz", "newer than this version goes as ComponentStatus('zzz'). Nothing was sent."),
    ],
)
def test_a_word_that_is_no_status(word: str, said: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        send_member(ComponentStatus, word, "status")
    assert str(caught.value).startswith(f"status: {word!r} is no ComponentStatus; ")
    assert str(caught.value).endswith(said)
    assert ("goes as" in str(caught.value)) is (word == "zzz")


def test_units_that_can_never_be_meant() -> None:
    with pytest.raises(ConfigError, match="a day at most"):
        InstatusClient("key", timeout=300_000)
    InstatusClient("key", timeout=86_400)
    with pytest.raises(InvalidRequestError, match=r"spacing: .* a day at most"):
        InstatusClient("key").page("p").metrics.buffer("m", spacing=90_000)


# --- all of them -----------------------------------------------------------------------------------------------------


WRONG: list[Callable[[Any], object]] = [
    lambda page: page.incidents.open(name="n", mesage="x"),
    lambda page: page.incidents.open(name="n", status="up"),
    lambda page: page.incidents.open(name="n", status=5),
    lambda page: page.incidents.open(name="n", statuses={"a": "critical"}),
    lambda page: page.maintenances.window([], name="n", minutes=5),
    lambda page: page.maintenances.window({"a": 1}, name="n", minutes=5),
    lambda page: page.metrics.buffer("m", every=0),
    lambda _: instatus_async.severity.component_status("hot"),
    lambda _: instatus_async.severity.component_status("minor"),
    lambda _: instatus_async.severity.incident_status("hot"),
    lambda page: instatus_async.watch(page.components),
    lambda page: page.monitors.list(per_page=1000),
]


@pytest.mark.parametrize("wrong", WRONG)
def test_refusals_are_whole_sentences(wrong: Callable[[Any], object]) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        wrong(InstatusClient("key").page("p"))
    assert str(caught.value).endswith("sent.")
    assert not BROKEN.search(str(caught.value)), str(caught.value)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_no_message_cites_a_number_that_users_do_not_have(source: Path) -> None:
    """Docstrings may: the documentation has the list."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    raised = [node for node in ast.walk(tree) if isinstance(node, (ast.Raise, ast.Call))]
    texts = [
        text.value
        for node in raised
        for text in ast.walk(node)
        if isinstance(text, ast.Constant) and isinstance(text.value, str)
    ]
    assert [text for text in texts if re.search(r"\b(quirk|claim) \d", text)] == []
