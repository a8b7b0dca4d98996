"""Without sending, without telling: what `--dry-run` and `--quiet` print, and that nobody is told unasked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ..jobs.test_announcing import age
from .shell import SCHEDULE, Shell, alike


async def _nothing(_: Shell) -> str:
    return ""


async def _incident(shell: Shell) -> str:
    return await shell.open("--component", "API=down")


async def _ensured(shell: Shell) -> str:
    await shell.ok("incident", "ensure", "ci", "--component", "API=down")
    return "ci"


async def _maintenance(shell: Shell) -> str:
    return (await shell.ok(*SCHEDULE, "--start", "2040-01-31T22:00Z", "--by-hand", "-q")).out.strip()


async def _begun(shell: Shell) -> str:
    maintenance = await _maintenance(shell)
    await shell.ok("maintenance", "start", maintenance)
    return maintenance


WRITES: dict[str, tuple[Callable[[Shell], Any], tuple[str, ...]]] = {
    "open": (_nothing, ("incident", "open", "Down", "--component", "API=down", "-m", "Hm.")),
    "ensure": (_nothing, ("incident", "ensure", "ci", "--component", "API=down", "-m", "Hm.")),
    "update": (_incident, ("incident", "update", "{}", "-m", "Hm.", "--component", "App=degraded")),
    "resolve": (_incident, ("incident", "resolve", "{}", "-m", "Fine.")),
    "resolve --key": (_ensured, ("incident", "resolve", "--key", "{}", "-m", "Fine.")),
    "schedule": (_nothing, (*SCHEDULE, "--start", "2040-01-31T22:00Z", "-m", "Soon.")),
    "start": (_maintenance, ("maintenance", "start", "{}", "-m", "Now.")),
    "complete": (_begun, ("maintenance", "complete", "{}", "-m", "Done.")),
    "push": (_nothing, ("metric", "push", "Latency", "1.5", "--at", "2030-01-31T22:00Z")),
}


@pytest.mark.parametrize("notify", [False, True])
@pytest.mark.parametrize("command", WRITES)
async def test_a_dry_run_shows_what_the_real_one_sends(shell: Shell, command: str, notify: bool) -> None:
    prepare, words = WRITES[command]
    notify = notify and command != "push"
    thing = await prepare(shell)
    words = (*(word.replace("{}", thing) for word in words), *(["--notify"] if notify else []))
    before = len(shell.writes())
    dry = await shell.ok(*words, "--dry-run", "--json")
    text = (await shell.ok(*words, "--dry-run")).out
    assert len(shell.writes()) == before
    assert not shell.server.ledger
    real = (await shell.ok(*words, "--json")).json
    sent = shell.writes()[before:]
    new = real["incident"]["id"] if command == "ensure" else ""
    shown = dry.json["requests"]
    assert dry.json.keys() == {"dry_run", "requests", "subscribers", "told", "result"}
    assert [(row["method"], row["path"], alike(row["body"], new)) for row in shown] == [
        (row.method, alike(row.path, new), alike(row.body, new)) for row in sent
    ]
    assert len(sent) == (2 if notify and command in ("ensure", "resolve --key") else 1)
    assert bool(shell.server.ledger) == notify
    assert dry.json["subscribers"] == real.get("subscribers", "nobody") == ("all" if notify else "nobody")
    assert text.endswith("subscribers: nobody\n") == (not notify)
    assert ("subscribers: all subscribers, now" in text) == notify
    assert f"{shown[0]['method']} {shown[0]['path']}\n{{\n" in text


async def test_a_dry_run_of_an_announcement_that_somebody_failed_to_make(shell: Shell) -> None:
    key = await _ensured(shell)
    (incident_id,) = shell.server._wire.state.incidents
    age(shell.server, incident_id)
    before = len(shell.writes())
    dry = await shell.ok("incident", "ensure", key, "--notify", "--dry-run", "--json")
    assert len(shell.writes()) == before
    real = await shell.ok("incident", "ensure", key, "--notify", "--json")
    assert [(row["method"], row["body"] and row["body"]["notify"]) for row in dry.json["requests"]] == [
        ("POST", False),
        ("POST", True),
        ("DELETE", None),
    ]
    assert [row.method for row in shell.writes()[before:]] == ["POST", "POST", "DELETE"]
    assert (dry.json["subscribers"], real.json["subscribers"]) == ("all", "all")
    assert (real.json["incident"]["id"], shell.server.announcements(incident_id)) == (incident_id, 1)


async def test_nobody_was_told(shell: Shell) -> None:
    await _ensured(shell)
    done = await shell.ok("incident", "ensure", "ci", "--notify")
    assert done.out.endswith("nobody has been told of it yet: ensure it again in two minutes\nsubscribers: nobody\n")


@pytest.mark.parametrize("command", [*WRITES])
async def test_every_command_that_writes_can_be_quiet(shell: Shell, command: str) -> None:
    prepare, words = WRITES[command]
    thing = await prepare(shell)
    done = await shell.ok(*(word.replace("{}", thing) for word in words), "-q")
    state = shell.server._wire.state
    (written,) = state.metrics if command == "push" else [*state.incidents, *state.maintenances]
    assert done.out == f"{written}\n"


async def test_quiet_where_nothing_with_an_id_is_written(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (slug,) = shell.server.seed(heartbeats=[{"name": "Nightly"}])["heartbeats"]
    monkeypatch.setenv("INSTATUS_HEARTBEAT_URL", f"{shell.server.url}/{slug}")
    file = tmp_path / "c.json"
    file.write_text('{"components": []}', encoding="utf-8")
    for words in (("incident", "resolve", "--key", "nothing"), ("plan", str(file)), ("heartbeat",)):
        assert (await shell.ok(*words, "-q")).out == ""
    assert (await shell.ok("heartbeat", "-q", "--dry-run")).out


async def test_a_dry_run_of_what_is_done_already(shell: Shell) -> None:
    await _ensured(shell)
    done = await shell.ok("incident", "ensure", "ci", "--notify", "--dry-run")
    assert done.out.startswith("nothing would be sent:\nopen already: ")
    assert done.out.endswith("subscribers: nobody\n")
    done = await shell.ok("incident", "ensure", "ci", "--notify", "--dry-run", "--json")
    assert (done.json["requests"], done.json["result"]["created"]) == ([], False)


async def test_a_dry_run_says_when_they_would_be_told(shell: Shell) -> None:
    words = (*SCHEDULE, "--start", "2040-01-31T22:00Z", "--notify", "--remind", "60", "--dry-run")
    done = await shell.ok(*words, "--json")
    assert done.json["told"] == ["now", "before it starts", "when it starts", "when it ends"]
