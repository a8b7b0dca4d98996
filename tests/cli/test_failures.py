"""What goes wrong: the exit codes, and advice in the words of a shell."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

import instatus_async
from instatus_async.cli.failures import _ADVICE
from instatus_async.testing import faults

from .shell import SCHEDULE, Shell

SDK = Path(instatus_async.__file__).parent


# --- Exit codes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "code", "kind"),
    [
        (faults.Status(400), 8, "BadRequestError"),
        (faults.Status(401), 4, "AuthenticationError"),
        (faults.Status(403), 4, "PermissionDeniedError"),
        (faults.Status(404), 3, "NotFoundError"),
        (faults.Status(409), 8, "ConflictError"),
        (faults.Status(429, headers={"Retry-After": "3600"}), 5, "RateLimitError"),
        (faults.Status(302, headers={"Location": "https://elsewhere.example"}), 6, "RedirectError"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_what_the_service_refuses(shell: Shell, fault: faults.Fault, code: int, kind: str, method: str) -> None:
    shell.server.faults.every(fault, method, "*/incidents")
    words = ("list",) if method == "GET" else ("open", "Down", "--notify")
    done = await shell("incident", *words, "--json")
    assert (done.code, done.error["type"], done.error["exit_code"], done.out) == (code, kind, code, "")
    assert not shell.server.ledger


async def test_a_wrong_key(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSTATUS_API_KEY", "some-other-key-of-somebody")
    done = await shell("pages")
    assert done.code == 4
    assert "some-other-key" not in done.err
    monkeypatch.delenv("INSTATUS_API_KEY")
    done = await shell("pages")
    assert (done.code, "INSTATUS_API_KEY" in done.err) == (2, True)
    assert (await shell("incident", "open", "x", "--dry-run")).code == 2


async def test_nobody_there(shell: Shell, unused_tcp_port: int) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}"
    done = await shell("incident", "open", "Down", "--page", shell.server.page_id, "--base-url", url, "--timeout", "1")
    assert done.code == 6


async def test_a_read_that_breaks_is_no_doubt(shell: Shell) -> None:
    shell.server.faults.every(faults.Reset(), "GET", "*/incidents")
    assert (await shell("incident", "list", "--timeout", "5")).code == 6
    assert (await shell("incident", "ensure", "ci", "--timeout", "5")).code == 6
    assert not shell.writes()


async def test_an_answer_that_was_lost_and_found(shell: Shell) -> None:
    shell.server.faults.next(faults.Reset(after_commit=True), "POST", "*/incidents")
    incident = await shell.open("--notify")
    assert shell.server.announcements(incident) == 1
    assert len(shell.writes()) == 1


@pytest.mark.parametrize(
    "fault",
    [
        faults.Reset(after_commit=True),
        faults.Status(500, after_commit=True),
        faults.Html(status=200, after_commit=True),
    ],
)
async def test_an_answer_that_was_lost_and_not_found(shell: Shell, fault: faults.Fault) -> None:
    """It was carried out, and nobody can tell: that has an exit code of its own, and nothing is sent twice."""
    shell.server.faults.next(fault, "POST", "*/incidents")
    shell.server.faults.every(faults.Status(503), "GET", "*/incidents")
    done = await shell("incident", "open", "Down", "--notify", "--json", "--timeout", "1.5")
    assert (done.code, done.error["exit_code"]) == (7, 7)
    assert done.error["look_for"]["name"] == "Down"
    (incident,) = shell.server._wire.state.incidents
    assert shell.server.announcements(incident) == 1
    assert len(shell.writes()) == 1
    assert done.error["look_for"]["started"] == shell.writes()[0].body["started"]
    shell.server.faults.next(fault, "POST", "*/incidents")
    done = await shell("incident", "open", "Down", "--timeout", "1.5")
    assert done.code == 7
    assert "\n  look for: name=Down, started=" in done.err


async def test_no_answer_in_time(shell: Shell) -> None:
    incident = await shell.open()
    shell.server.faults.next(faults.Stall(after_commit=True), "POST", "*/incident-updates")
    for number in range(3, 20):  # the looks for what became of it
        shell.server.faults.nth(number, faults.Stall(), "GET", "*/incidents/{id}")
    done = await shell("incident", "update", incident, "-m", "More.", "--notify", "--timeout", "1.5")
    assert done.code == 7
    assert len(shell.server.requests.matching("POST", "*/incident-updates")) == 1


async def test_trouble_after_a_write_is_doubt(shell: Shell) -> None:
    """The incident is there, silently: whoever repeats the command blindly finds it and tells nobody."""
    shell.server.faults.nth(2, faults.Status(403), "GET", "*/incidents")
    done = await shell("incident", "ensure", "ci", "--notify", "--json")
    (incident,) = shell.server._wire.state.incidents
    assert (done.code, done.error["type"]) == (7, "PermissionDeniedError")
    assert any(incident in note for note in done.error["notes"])


async def test_a_lost_value_may_be_sent_again(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSTATUS_TRIGGER_URL", shell.server.url + "/v3/integrations/webhook/secret")
    shell.server.faults.every(faults.Reset(after_commit=True), "POST")
    assert (await shell("trigger", "down", "--timeout", "5")).code == 6
    assert (await shell("metric", "push", "Latency", "1")).code == 0  # read back, and found


async def test_a_defect_is_no_trouble_of_the_page(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("instatus_async.cli.looking.table", broken)
    done = await shell("pages", "--json")
    assert (done.code, done.error["type"]) == (9, "ZeroDivisionError")
    assert any("looking.py" in note for note in done.error["notes"])


# --- In the words of a shell -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("incident", "open", "x", "--component", "Twin=down"), "Use the id."),
        (("incident", "open", "x", "--component", "Old=down"), "only its id finds it."),
        (("incident", "list", "--page", "Same"), "Use the subdomain or the id."),
        ((*SCHEDULE[:-2], "--start", "2040-01-01T00:00Z"), "say either --minutes or --end, and not both."),
        (("heartbeat",), "leave /fail off the address; say --fail."),
    ],
)
async def test_advice_is_in_the_words_of_a_shell(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], says: str
) -> None:
    page: dict[str, Any] = {"name": "Same", "email": "z@acme.example", "components": []}
    shell.server.seed(
        pages=[{**page, "subdomain": "one"}, {**page, "subdomain": "two"}],
        components=[{"name": "Twin"}, {"name": "Twin"}, {"name": "Old", "archivedAt": "2026-01-01T00:00:00.000Z"}],
    )
    monkeypatch.setenv("INSTATUS_HEARTBEAT_URL", f"{shell.server.url}/h/secret/fail")
    done = await shell(*words)
    assert says in done.err
    assert "=" not in done.err.replace("NAME=", "")


async def test_advice_without_a_key(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INSTATUS_API_KEY")
    assert (await shell("pages")).err == "error: No API key: set INSTATUS_API_KEY.\n"


async def test_advice_of_a_plan(shell: Shell, tmp_path: Path) -> None:
    (parent,) = shell.server.seed(components=[{"name": "Backend"}])["components"]
    shell.server.seed(components=[{"name": "Cache", "group": parent, "grouped": True}])
    file = tmp_path / "c.json"
    wanted = [{"name": "Backend"}, {"name": "Front", "children": [{"name": "Cache"}]}]
    file.write_text(json.dumps({"components": wanted}), encoding="utf-8")
    assert "--apply --skip-impossible does the rest." in (await shell("plan", str(file), "--apply")).err


@pytest.mark.parametrize("advice", _ADVICE)
def test_the_sdk_still_gives_that_advice(advice: str) -> None:
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in SDK.rglob("*.py") if path.parent.name != "cli")
    texts = (node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant))
    assert any(isinstance(text, str) and advice in text for text in texts)
