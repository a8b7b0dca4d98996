"""Cases 56 to 59: what is refused before anything is sent."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, time
from typing import Any, cast

import pytest

from instatus_async import ConfigError, InstatusClient, InvalidIdError, InvalidRequestError, Page, PublicStatusPage

from .kit import INCIDENTS, KEY, create, embedded, no_key

IDS: Mapping[str, object] = {
    "empty": "",
    "blank": " ",
    "dot": ".",
    "dots": "..",
    "slash": "a/b",
    "query": "a?b",
    "fragment": "a#b",
    "quoted dots": "%2e%2e",
    "quoted slash": "a%2Fb",
    "line feed": "a\n",
    "header": "a\r\nX-Evil: 1",
    "nul": "a\x00",
    "accent": "\u00e9",
    "other digits": "\u0661\u0662",
    "zero width": "a\u200bb",
    "surrogate": "\ud800",
    "backslash": "..\\..",
    "129 letters": "a" * 129,
    "10 kB": "a" * 10_240,
    "none": None,
    "number": 5,
    "bytes": b"abc",
    "list": ["a"],
}

# One call of each verb and shape of path, with the id in each place it can have.
CALLS: Mapping[str, Callable[[Page, Any], Awaitable[object]]] = {
    "get": lambda page, bad: page.incidents.get(bad),
    "update": lambda page, bad: page.incidents.update(bad, name="x", notify=True),
    "delete": lambda page, bad: page.incidents.delete(bad),
    "delete below": lambda page, bad: page.incidents.updates.delete("fine", bad),
    "delete above": lambda page, bad: page.incidents.updates.delete(bad, "fine"),
    "no page in the path": lambda page, bad: page.monitors.delete(bad),
    "component": lambda page, bad: page.components.delete(bad),
    "workspace": lambda page, bad: InstatusClient(KEY).workspaces.delete(bad),
    "datapoint": lambda page, bad: page.metrics.add_datapoint(bad, 1.0),
    "in the body": lambda page, bad: create(page, statuses={bad: "OPERATIONAL"}),
}
HASHABLE = {what: bad for what, bad in IDS.items() if not isinstance(bad, list)}


@pytest.mark.parametrize("what", IDS)
async def test_56_ids(caplog: pytest.LogCaptureFixture, what: str) -> None:
    bad = IDS[what]
    async with embedded(caplog) as stage:
        for name, call in CALLS.items():
            if name == "in the body" and what not in HASHABLE:
                continue
            kind = InvalidRequestError if name == "in the body" and not isinstance(bad, str) else InvalidIdError
            if (name, what) == ("in the body", "surrogate"):
                kind = InvalidRequestError
            error = await stage.fails(call(stage.page, bad), kind, "Nothing was sent", n=0, method="*", path="*")
            assert len(str(error)) < 500
        with pytest.raises(InvalidIdError, match="page_id"):
            stage.client.page(cast("str", bad))
        assert len(stage.server.requests) == 0
        await stage.works()


TEMPLATES = ["", ".", "..", "...", "a\n", "a\x00", "a\u200b\x07", "x" * 513, "\ud800", None, 5]


@pytest.mark.parametrize("name", TEMPLATES)
async def test_56_template_names(caplog: pytest.LogCaptureFixture, name: object) -> None:
    async with embedded(caplog) as stage:
        call = stage.page.incidents.create_from_template(cast("str", name))
        await stage.fails(call, InvalidIdError, "template: .*Nothing was sent", n=0)
        assert len(stage.server.requests) == 0


@pytest.mark.parametrize("name", ["a/b", "a?b=c", "a#b", "%2e%2e", "\u00e9 & \u4e2d", "../incidents", "a b"])
async def test_56_template_names_that_are_one_segment(caplog: pytest.LogCaptureFixture, name: str) -> None:
    """They are names that people give, so they go out, quoted as one segment."""
    async with embedded(caplog) as stage:
        body: dict[str, Any] = {
            "name": name,
            "type": "INCIDENT",
            "status": "INVESTIGATING",
            "message": "m",
            "notify": False,
        }
        body |= {"components": []}
        stage.server.seed(templates=[body])
        incident = await stage.returns(
            stage.page.incidents.create_from_template(name), n=1, path=f"{INCIDENTS}/{{template}}"
        )
        assert incident.id
        assert stage.server.requests[0].path.count("/") == 4


KEYS = {
    "empty": "",
    "blank": " ",
    "leading": " sekret",
    "trailing": "sekret\n",
    "inside": "sek ret",
    "tab": "sek\tret",
    "header": "sekret\r\nX-Evil: 1",
    "nul": "sekret\x00",
    "delete": "sekret\x7f",
    "cyrillic": "\u0441ekret-sekret",
    "no-break": "sekret\u00a0",
    "zero width": "sek\u200bret",
    "surrogate": "sekret\ud800",
}


@pytest.mark.parametrize("what", KEYS)
def test_57_keys_that_no_header_carries(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    def refuse(*args: str) -> None:
        with pytest.raises(ConfigError, match="API key is empty or has blanks") as caught:
            InstatusClient(*args)
        report = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
        inside = [
            frame for frame in report.stack if "instatus_async" in frame.filename and "tests" not in frame.filename
        ]
        assert len(inside) >= 2
        for frame in inside:
            assert "ekret" not in repr(frame.locals)
        said = f"{caught.value!r} {caught.value} {caught.value.args} {vars(caught.value)} {caught.value.__cause__!r}"
        assert "ekret" not in said

    refuse(KEYS[what])
    if "\x00" not in KEYS[what] and what != "surrogate":
        monkeypatch.setenv("INSTATUS_API_KEY", KEYS[what])
        refuse()


@pytest.mark.parametrize("key", [b"sekret", 5, ["sekret"]])
def test_57_keys_that_are_no_text(key: Any) -> None:
    with pytest.raises(ConfigError, match="API key must be text") as caught:
        InstatusClient(key)
    assert "sekret" not in str(caught.value)


def test_57_no_key_at_all() -> None:
    with pytest.raises(ConfigError, match="set INSTATUS_API_KEY, or pass api_key="):
        InstatusClient()


URLS = [
    "http://api.instatus.com",
    "http://10.0.0.1",
    "http://0.0.0.0",
    "http://localhost.evil.example",
    "http://127.0.0.1.evil.example",
    "http://[::ffff:10.0.0.1]",
    "https://user@api.instatus.com",
    "https://user:pass@api.instatus.com",
    "https://:pass@api.instatus.com",
    "https://api.instatus.com?a=b",
    "https://api.instatus.com/?token=x",
    "https://api.instatus.com/#x",
    "ws://localhost",
    "file:///etc/passwd",
    "ftp://localhost",
    "api.instatus.com",
    "//api.instatus.com",
    "https://",
    "",
]


@pytest.mark.parametrize("url", URLS)
def test_58_base_urls(url: str) -> None:
    with pytest.raises(ConfigError, match="base_url") as caught:
        InstatusClient(KEY, base_url=url)
    no_key(caught.value)
    assert "pass" not in str(caught.value).replace("password", "")
    with pytest.raises(ConfigError, match="address of a status page"):
        PublicStatusPage(url)


@pytest.mark.parametrize(
    "url", ["http://localhost:1", "http://127.1.2.3", "http://[::1]:8", "http://a.localhost", "https://x.example/v"]
)
def test_58_base_urls_that_will_do(url: str) -> None:
    InstatusClient(KEY, base_url=url)


NAIVE = datetime(2026, 1, 2, 3, 4)  # noqa: DTZ001 - it is what must be refused
AWARE = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
FINE: Mapping[str, Any] = {"name": "x", "status": "INVESTIGATING"}


def only_a_name(page: Page) -> Awaitable[object]:
    fields: dict[str, Any] = {"name": "x"}
    return page.incidents.create(**fields)


REQUESTS: Mapping[str, tuple[Callable[[Page], Awaitable[object]], str]] = {
    "naive": (lambda page: page.incidents.create(**FINE, started=NAIVE), "started: a datetime without a zone"),
    "naive datapoint": (lambda page: page.metrics.add_datapoint("m", 1.0, NAIVE), "timestamp: a datetime without"),
    "naive points": (
        lambda page: page.metrics.add_datapoints("m", [(AWARE, 1.0), (NAIVE, 1.0)]),
        r"points\[1\]\.timestamp: a datetime without a zone",
    ),
    "a date as text": (
        lambda page: page.incidents.create(**FINE, started=cast("Any", "2026-01-02")),
        "started: expected a datetime, got str",
    ),
    "unknown field": (lambda page: create_with(page, mesage="x"), "'mesage'; did you mean 'message'"),
    "wire name": (lambda page: create_with(page, shouldPublish=True), "did you mean 'should_publish'"),
    "missing field": (only_a_name, "missing 'status'"),
    "wrong enum": (
        lambda page: page.incidents.create(name="x", status=cast("Any", "RESOLVE")),
        "no IncidentStatus; did you mean 'RESOLVED'",
    ),
    "lower case": (
        lambda page: page.incidents.create(name="x", status=cast("Any", "resolved")),
        "did you mean 'RESOLVED'",
    ),
    "wrong enum below": (
        lambda page: create(page, statuses={"c": cast("Any", "DOWN")}),
        r"statuses\['c'\]: 'DOWN' is no ComponentStatus",
    ),
    "wrong filter": (
        lambda page: page.incidents.list(status=cast("Any", "OPEN")).collect(),
        "'OPEN' is no IncidentStatus",
    ),
    "no flag": (lambda page: create_with(page, notify=1), "notify: expected True or False, got int"),
    "no text": (lambda page: create_with(page, name=5), "name: expected text, got int"),
    "half a pair": (lambda page: create_with(page, name="\ud800"), "half a surrogate pair"),
    "no list": (lambda page: create_with(page, components="abc"), "components: expected a list, got str"),
    "null": (lambda page: create_with(page, name=None), "name: expected text, got NoneType"),
    "time": (
        lambda page: page.incidents.create(**FINE, started=cast("Any", time(3))),
        "started: expected a datetime, got time",
    ),
    "page size": (lambda page: list_with(page, 101), "per_page is a whole number from 1 to 100"),
    "no page size": (lambda page: list_with(page, 0), "per_page is a whole number from 1 to 100"),
}


def create_with(page: Page, **fields: Any) -> Awaitable[object]:
    return page.incidents.create(**{**FINE, **fields})


async def list_with(page: Page, per_page: int) -> object:
    return await page.incidents.list(per_page=per_page).collect()


@pytest.mark.parametrize("what", REQUESTS)
async def test_59_requests_that_make_no_sense(caplog: pytest.LogCaptureFixture, what: str) -> None:
    call, says = REQUESTS[what]
    async with embedded(caplog) as stage:

        async def later() -> None:  # some are refused before there is anything to await
            await call(stage.page)

        error = await stage.fails(later(), InvalidRequestError, says, n=0)
        assert isinstance(error, TypeError)
        assert isinstance(error, ValueError)
        assert str(error).endswith("Nothing was sent.")
        assert len(stage.server.requests) == 0
        await stage.works()
