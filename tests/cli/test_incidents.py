"""Incidents from the command line: opening, ensuring, updating and resolving, and what is refused."""

from __future__ import annotations

import io

import pytest

from .shell import Shell


async def test_an_incident_from_start_to_finish(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    server = shell.server
    monkeypatch.setattr("sys.stdin", io.StringIO("We are on it.\n"))
    words = ("incident", "open", "Jö's API", "--component", "api=down", "--message", "-", "--notify", "-q")
    incident = (await shell.ok(*words)).out.strip()
    assert shell.status("API") == "MAJOROUTAGE"
    assert server.announcements(incident) == 1
    header, line = (await shell.ok("incident", "list")).out.splitlines()
    assert header.split() == ["ID", "STATUS", "STARTED", "NAME"]
    assert line.split()[:2] == [incident, "INVESTIGATING"]
    assert len(line.split()) == 5
    assert line.endswith("Z  Jö's API")
    assert "impact" in (await shell.ok("incident", "list", "--json")).json["incidents"][0]
    done = await shell.ok("incident", "update", incident, "-m", "It is the database.", "--status", "Identified")
    assert done.out == f'updated {incident} "Jö\'s API": IDENTIFIED\nsubscribers: nobody\n'
    assert shell.status("API") == "MAJOROUTAGE"
    done = await shell.ok("incident", "resolve", incident, "--notify")
    assert done.out == f'resolved {incident} "Jö\'s API": RESOLVED\nAPI: OPERATIONAL\nsubscribers: all subscribers\n'
    assert shell.status("API") == "OPERATIONAL"
    assert server.announcements(incident) == 2
    before = len(shell.writes())
    done = await shell.ok("incident", "resolve", incident, "--notify")
    assert "resolved already" in done.out
    assert "API" not in done.out.replace("Jö's API", "")
    assert "subscribers: nobody" in done.out
    assert len(shell.writes()) == before
    assert (await shell.ok("incident", "list")).out == ""
    assert len((await shell.ok("incident", "list", "--all")).out.splitlines()) == 2
    messages = [request.body["message"] for request in shell.writes()]
    assert messages == ["We are on it.", "It is the database.", "This incident has been resolved."]


async def test_many_jobs_make_one_incident(shell: Shell) -> None:
    done = await shell.ok(
        "incident", "ensure", "ci-main", "--name", "Tests fail", "--component", "App=down", "--notify"
    )
    assert done.out.startswith("opened ")
    assert done.out.endswith('"Tests fail [ci-main]": INVESTIGATING\nsubscribers: all subscribers\n')
    again = await shell.ok("incident", "ensure", "ci-main", "--notify", "--json")
    assert (again.json["created"], again.json["announced"], again.json["subscribers"]) == (False, True, "nobody")
    incident = again.json["incident"]["id"]
    assert (await shell.ok("incident", "ensure", "ci-main", "-q")).out == f"{incident}\n"
    assert shell.server.announcements(incident) == 1
    done = await shell.ok("incident", "resolve", "--key", "ci-main", "--notify")
    assert done.out.splitlines()[0].startswith(f"resolved {incident}")
    assert done.out.splitlines()[1:] == ["App: OPERATIONAL", "subscribers: all subscribers"]
    assert shell.server.announcements(incident) == 2
    assert shell.status("App") == "OPERATIONAL"
    done = await shell.ok("incident", "resolve", "--key", "ci-main", "--notify")
    assert done.out == "nothing is open of ci-main\nsubscribers: nobody\n"


async def test_a_component_is_named_by_its_id_too(shell: Shell) -> None:
    shell.server.seed(components=[{"name": "a=b"}])
    api = shell.server.component_id("API")
    await shell.open("--component", f"{api}=PARTIALOUTAGE", "--component", "a=b=degraded")
    assert (shell.status("API"), shell.status("a=b")) == ("PARTIALOUTAGE", "DEGRADEDPERFORMANCE")


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("--component", "API"), 2, "NAME=STATUS"),
        (("--component", "API=horrible"), 2, "horrible"),
        (("--component", "AIP=down"), 3, 'did you mean "App", "API"'),
        (("--component", "API=down", "--component", "api=up"), 2, "twice"),
        (("--status", "resolved"), 2, "incident resolve"),
        (("--status", "nearly"), 2, "nearly"),
        (("--message", "-"), 2, "stdin"),
        (("--page", "acne"), 3, "acne"),
        (("--page", " "), 2, "INSTATUS_PAGE"),
        (("--timeout", "0"), 2, "timeout"),
        (("--timeout", "soon"), 2, "soon"),
        (("--base-url", "http://api.example"), 2, "https://"),
        (("--api-key", "s3cr3t"), 2, "--api-key"),
        (("--json", "--quiet"), 0, ""),
    ],
)
async def test_what_is_refused(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], code: int, text: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(" \n"))
    done = await shell("incident", "open", "Down", *words)
    assert done.code == code
    assert text in done.err
    assert "s3cr3t" not in done.err
    assert len(done.err.splitlines()) == (code != 0)
    assert len(shell.writes()) == (code == 0)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--component", "API=donw"), "--component API=donw: no such status; did you mean 'down'?"),
        (
            ("--component", "API=hot"),
            "--component API=hot: no such status; say operational, under_maintenance, degraded_performance, minor_",
        ),
        (("--component", "API="), "--component API=: no such status; say operational, "),
        (("--status", "foo"), "--status foo: say investigating, identified or monitoring."),
        (("--status", "reslved"), "--status reslved: say investigating, identified or monitoring."),
        (("--status", "postmortem"), "--status postmortem: `incident resolve` resolves, and sets the components back."),
    ],
)
@pytest.mark.parametrize("command", [("open", "Down"), ("ensure", "ci"), ("update", "x", "-m", "More.")])
async def test_words_for_no_status(shell: Shell, command: tuple[str, ...], words: tuple[str, ...], says: str) -> None:
    done = await shell("incident", *command, *words)
    assert done.code == 2
    assert done.err.startswith(f"error: {says}")
    assert done.err.endswith(" Nothing was sent.\n")
    assert not shell.server.requests


async def test_a_name_that_means_two_components(shell: Shell) -> None:
    shell.server.seed(components=[{"name": "API"}])
    done = await shell("incident", "open", "Down", "--component", "API=down", "--json")
    assert (done.code, done.error["type"]) == (2, "AmbiguousNameError")
    assert shell.server.component_id("API") in done.error["message"]
