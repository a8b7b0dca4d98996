"""What may be said on the command line, and where."""

from __future__ import annotations

import pytest

from .shell import Shell


async def test_a_headline_that_looks_like_an_option(shell: Shell) -> None:
    assert (await shell.ok("incident", "open", "--", "--json")).out.startswith("opened ")
    assert (await shell.ok("incident", "list")).out.endswith("  --json\n")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("metric", "push", "Latency", "1", "--notify"), "--notify. See instatus-async metric push --help"),
        (("incident", "list", "--pag=s3cr3t"), "--pag. See instatus-async incident list --help"),
        (("pages", "s3cr3t"), "there are too many. See instatus-async pages --help"),
        (("status", "acme.example", "--base-url", "x"), "--base-url. See instatus-async status --help"),
        (("trigger", "down", "--base-url=x"), "--base-url. See instatus-async trigger --help"),
        (("heartbeat", "--base-url=x"), "--base-url. See instatus-async heartbeat --help"),
        (("incident", "--limt", "list"), "--limt. See instatus-async incident list --help"),
    ],
)
async def test_what_no_command_knows(shell: Shell, words: tuple[str, ...], says: str) -> None:
    done = await shell(*words)
    assert (done.code, done.err) == (2, f"error: unrecognized arguments: {says}\n")


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("bogus",),
        ("incident",),
        ("incident", "resolve"),
        ("incident", "resolve", "x", "--key", "x"),
        ("incident", "resolve", "--key", "x", "--component", "API=up"),
        ("incident", "update", "x"),
        ("incident", "update", "a/b", "-m", "x"),
        ("incident", "update", "x", "-m", "x", "--status", "resolved"),
        ("incident", "list", "--limit", "-1"),
        ("maintenance", "schedule", "x", "--component", "API", "--start", "2030-01-01T00:00", "--minutes", "5"),
        ("maintenance", "schedule", "x", "--component", "API", "--start", "soon", "--minutes", "5"),
        ("maintenance", "schedule", "x", "--component", "API", "--start", "now"),
        ("maintenance", "schedule", "x", "--component", "API", "--start", "now", "--minutes", "5", "--remind", "5"),
        ("maintenance", "schedule", "x", "--start", "now", "--minutes", "5"),
        ("metric", "push", "Latency", "nan"),
        ("metric", "push", "Latency", "much"),
        ("metric", "push", "Latency", "1", "--at", "2030-01-01"),
        ("trigger", "down"),
        ("heartbeat",),
        ("plan", "/nowhere/components.toml"),
        ("watch", "https://acme.example", "--page", "acme"),
        ("watch", "--every", "0"),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
async def test_wrong_usage_writes_nothing(shell: Shell, words: tuple[str, ...], as_json: bool) -> None:
    done = await shell(*words, *(["--json"] if as_json else []))
    assert (done.code, done.out) == (2, "")
    if as_json:
        assert done.error.keys() == {"type", "message", "exit_code", "notes", "look_for"}
        assert done.error["exit_code"] == 2
    else:
        assert done.err.startswith("error: ")
        assert len(done.err.splitlines()) == 1
    assert not shell.writes()


async def test_json_is_said_anywhere(shell: Shell) -> None:
    for words in (("--json", "incident", "list"), ("incident", "--json", "list"), ("incident", "list", "--json")):
        assert (await shell.ok(*words)).json == {"incidents": []}
    done = await shell("--json", "incident", "list", "--page", "nope")
    assert (done.code, done.out, done.error["exit_code"]) == (3, "", 3)
    assert (await shell("maintenance", "window", "--", "program", "--json")).err.startswith("error: ")
