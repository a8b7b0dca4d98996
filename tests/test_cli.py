"""The command line against the embedded Instatus, over real sockets; `test_cli_process.py` runs it as a process."""

from __future__ import annotations

import ast
import asyncio
import io
import json
import sys
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any, cast

import attrs
import pytest
import pytest_asyncio

import instatus_async
from instatus_async.cli import main
from instatus_async.cli.failures import _ADVICE
from instatus_async.testing import InstatusServer, LoggedRequest, faults, settling

from .jobs.test_announcing import age

SUBSCRIBER = "bo@customer.example"
SDK = Path(instatus_async.__file__).parent


@attrs.frozen
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        (line,) = self.out.splitlines()
        return json.loads(line)

    @property
    def error(self) -> Any:
        """The one document on stderr."""
        (line,) = self.err.splitlines()
        return json.loads(line)["error"]


class Shell:
    """Runs commands in a thread, where they have an event loop of their own."""

    def __init__(self, server: InstatusServer, capsys: pytest.CaptureFixture[str]) -> None:
        self.server = server
        self._capsys = capsys

    async def __call__(self, *words: str) -> Done:
        code = await asyncio.to_thread(main, words)
        shown = self._capsys.readouterr()
        assert SUBSCRIBER not in shown.out + shown.err
        assert self.server.api_key not in shown.out + shown.err
        return Done(code, shown.out, shown.err)

    async def ok(self, *words: str) -> Done:
        done = await self(*words)
        assert (done.code, done.err) == (0, "")
        return done

    async def open(self, *words: str) -> str:
        return (await self.ok("incident", "open", "Down", "-q", *words)).out.strip()

    def writes(self) -> list[LoggedRequest]:
        return [request for request in self.server.requests if request.method != "GET"]

    def status(self, name: str) -> str:
        rows = self.server._wire.state.components.values()
        (status,) = (row["status"] for row in rows if row["name"] == name)
        return str(status)


@pytest_asyncio.fixture
async def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> AsyncGenerator[Shell]:
    for name in ("INSTATUS_TRIGGER_URL", "INSTATUS_HEARTBEAT_URL"):
        monkeypatch.delenv(name, raising=False)
    async with InstatusServer() as server:
        server.seed(
            subscribers=[{"email": SUBSCRIBER, "confirmed": True}], metrics=[{"name": "Latency", "suffix": "ms"}]
        )
        monkeypatch.setenv("INSTATUS_API_KEY", server.api_key)
        monkeypatch.setenv("INSTATUS_BASE_URL", server.url)
        monkeypatch.setenv("INSTATUS_PAGE", "acme")
        with settling(0.005):
            yield Shell(server, capsys)


# --- Looking ---------------------------------------------------------------------------------------------------------


async def test_the_pages(shell: Shell) -> None:
    shell.server.seed(pages=[{"name": "Zoë\x1b[2J", "subdomain": "zoe", "email": "z@acme.example", "components": []}])
    lines = (await shell.ok("pages")).out.splitlines()
    assert lines[0].split()[1:] == ["UP", "acme", "Acme"]
    assert lines[1].endswith("zoe   Zoë\\x1b[2J")
    rows = (await shell.ok("pages", "--json")).json["pages"]
    assert rows[0] == {
        "id": shell.server.page_id,
        "name": "Acme",
        "subdomain": "acme",
        "custom_domain": None,
        "status": "UP",
    }
    assert rows[1]["name"] == "Zoë\x1b[2J"


async def test_the_components(shell: Shell) -> None:
    (backend,) = shell.server.seed(components=[{"name": "Backend"}])["components"]
    shell.server.seed(components=[{"name": "Database", "group": backend, "grouped": True}])
    lines = [line.split() for line in (await shell.ok("components")).out.splitlines()]
    assert lines[0][1:] == ["OPERATIONAL", "-", "Website"]
    assert lines[-1][1:] == ["OPERATIONAL", "Backend", "Database"]
    rows = (await shell.ok("components", "Acme", "--json")).json["components"]
    assert [row["name"] for row in rows] == ["Website", "App", "API", "Backend", "Database"]
    assert rows[-1].keys() == {"id", "name", "status", "group", "group_id", "archived"}
    assert (rows[-1]["group"], rows[-1]["group_id"]) == ("Backend", backend)


@pytest.mark.parametrize("how", ["id", "subdomain", "name", "domain", "odd id"])
async def test_a_page_is_named_in_many_ways(shell: Shell, how: str) -> None:
    page = shell.server._wire.state.pages[shell.server.page_id]
    page["customDomain"] = "status.acme.example"
    names = {"id": page["id"], "subdomain": "ACME", "name": "acme", "domain": "https://status.acme.example/"}
    if how == "odd id":
        page["id"] = names[how] = "0b9d-77"
        shell.server._wire.state.pages["0b9d-77"] = shell.server._wire.state.pages.pop(names["id"])
        for row in shell.server._wire.state.components.values():
            row["siteId"] = "0b9d-77"
    if how == "name":
        page["subdomain"] = "other"
    assert (await shell("incident", "list", "--page", names[how])).code == 0


async def test_status_is_an_exit_code(shell: Shell) -> None:
    url = shell.server.page_url()
    assert (await shell.ok("status", url)).out == "Acme: all is well\n"
    incident = await shell.open("--component", "API=degraded")
    done = await shell("status", url)
    assert (done.code, done.err) == (1, "")
    assert "incident: Down: INVESTIGATING\ncomponent: API: DEGRADEDPERFORMANCE\n" in done.out
    done = await shell("status", url, "--json")
    assert (done.code, done.json["up"], done.json["status"]) == (1, False, "HASISSUES")
    assert done.json["incidents"][0]["id"] == incident
    assert done.json.keys() == {"url", "name", "status", "up", "incidents", "maintenances", "components"}
    assert done.json["components"][2]["status"] == "DEGRADEDPERFORMANCE"
    await shell.ok("incident", "resolve", incident)
    assert (await shell("status", url)).code == 0


async def test_an_incident_without_components_is_trouble_too(shell: Shell) -> None:
    await shell.open()
    assert (await shell("status", shell.server.page_url())).code == 1


async def test_a_component_without_an_incident_is_trouble_too(shell: Shell) -> None:
    async with shell.server.client() as client:
        page = client.page(shell.server.page_id)
        await page.components.update(shell.server.component_id("App"), status="UNDERMAINTENANCE")
    assert (await shell("status", shell.server.page_url())).code == 1


@pytest.mark.parametrize("path", ["/summary.json", "/v2/components.json"])
async def test_a_page_that_is_of_two_minds_is_in_trouble(shell: Shell, path: str) -> None:
    """Caches in front of a page may be of different ages, and its own status says less than its components."""
    wrong = "HASISSUES" if path == "/summary.json" else "MAJOROUTAGE"
    shell.server.faults.next(faults.ReplacedFields({"status": wrong}), "GET", path, host="page")
    assert (await shell("status", shell.server.page_url())).code == 1


async def test_status_that_cannot_be_told(shell: Shell, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int) -> None:
    monkeypatch.delenv("INSTATUS_API_KEY")
    url = shell.server.page_url()
    assert (await shell("status", f"{url}/nobody")).code == 3
    assert (await shell("status", f"http://127.0.0.1:{unused_tcp_port}", "--timeout", "1")).code == 6
    shell.server.faults.next(faults.Html(status=200), host="page")
    assert (await shell("status", url)).code == 8
    assert (await shell("status", "ftp://acme.example")).code == 2
    done = await shell("status", "http://acme.example", "--json")
    assert (done.code, done.error["type"]) == (2, "ConfigError")


# --- Incidents -------------------------------------------------------------------------------------------------------


async def test_an_incident_from_start_to_finish(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    server = shell.server
    monkeypatch.setattr("sys.stdin", io.StringIO("We are on it.\n"))
    words = ("incident", "open", "Jö's API", "--component", "api=down", "--message", "-", "--notify", "-q")
    incident = (await shell.ok(*words)).out.strip()
    assert shell.status("API") == "MAJOROUTAGE"
    assert server.announcements(incident) == 1
    line = (await shell.ok("incident", "list")).out
    assert line.split()[:2] == [incident, "INVESTIGATING"]
    assert line.endswith("Z  Jö's API\n")
    done = await shell.ok("incident", "update", incident, "-m", "It is the database.", "--status", "Identified")
    assert done.out == f'updated {incident} "Jö\'s API": IDENTIFIED\nsubscribers: nobody\n'
    assert shell.status("API") == "MAJOROUTAGE"
    done = await shell.ok("incident", "resolve", incident, "--notify")
    assert done.out == f'resolved {incident} "Jö\'s API": RESOLVED\nsubscribers: all subscribers\n'
    assert shell.status("API") == "OPERATIONAL"
    assert server.announcements(incident) == 2
    before = len(shell.writes())
    done = await shell.ok("incident", "resolve", incident, "--notify")
    assert "resolved already" in done.out
    assert "subscribers: nobody" in done.out
    assert len(shell.writes()) == before
    assert (await shell.ok("incident", "list")).out == ""
    assert len((await shell.ok("incident", "list", "--all")).out.splitlines()) == 1
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
    assert f"resolved {incident}" in done.out
    assert shell.server.announcements(incident) == 2
    assert shell.status("App") == "OPERATIONAL"
    done = await shell.ok("incident", "resolve", "--key", "ci-main", "--notify")
    assert done.out == "nothing is open of ci-main\nsubscribers: nobody\n"


async def test_a_headline_that_looks_like_an_option(shell: Shell) -> None:
    assert (await shell.ok("incident", "open", "--", "--json")).out.startswith("opened ")
    assert (await shell.ok("incident", "list")).out.endswith("  --json\n")


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


async def test_a_name_that_means_two_components(shell: Shell) -> None:
    shell.server.seed(components=[{"name": "API"}])
    done = await shell("incident", "open", "Down", "--component", "API=down", "--json")
    assert (done.code, done.error["type"]) == (2, "AmbiguousNameError")
    assert shell.server.component_id("API") in done.error["message"]


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


# --- Maintenances ----------------------------------------------------------------------------------------------------


SCHEDULE = ("maintenance", "schedule", "Database", "--component", "API", "--minutes", "30")


async def test_a_maintenance_from_start_to_finish(shell: Shell) -> None:
    server = shell.server
    words = (*SCHEDULE, "--start", "2040-01-31T22:00+01:00", "--by-hand", "--notify")
    done = await shell.ok(*words, "--json")
    assert done.json["subscribers"] == "all"
    maintenance = done.json["maintenance"]["id"]
    assert done.json["maintenance"]["start"] == "2040-01-31T21:00:00.000Z"
    assert server.announcements(maintenance) == 1
    line = (await shell.ok("maintenance", "list")).out
    assert line.split() == [maintenance, "NOTSTARTEDYET", "2040-01-31T21:00:00.000Z", "30", "Database"]
    done = await shell.ok("maintenance", "start", maintenance, "-m", "It begins.")
    assert done.out == f'started {maintenance} "Database": INPROGRESS\nsubscribers: nobody\n'
    assert shell.status("API") == "UNDERMAINTENANCE"
    assert "in progress already" in (await shell.ok("maintenance", "start", maintenance)).out
    done = await shell.ok("maintenance", "complete", maintenance, "--component", "API=degraded", "--notify")
    assert done.out == f'completed {maintenance} "Database": COMPLETED\nsubscribers: all subscribers\n'
    assert shell.status("API") == "DEGRADEDPERFORMANCE"
    done = await shell.ok("maintenance", "complete", maintenance, "--notify")
    assert done.out == f'over already: {maintenance} "Database": COMPLETED\nsubscribers: nobody\n'
    assert server.announcements(maintenance) == 2
    assert (await shell.ok("maintenance", "list")).out == ""
    assert len((await shell.ok("maintenance", "list", "--all", "--limit", "5")).out.splitlines()) == 1
    assert (await shell("maintenance", "start", maintenance)).code == 2


@pytest.mark.parametrize("when", ["2040-01-31T22:00", "2040-01-31", "tomorrow"])
async def test_a_time_needs_its_zone(shell: Shell, when: str) -> None:
    done = await shell(*SCHEDULE, "--start", when)
    assert (done.code, f"--start {when}: expected a time with its zone" in done.err) == (2, True)


async def test_a_maintenance_in_the_way(shell: Shell) -> None:
    words = (*SCHEDULE, "--start", "2040-01-31T22:00Z", "-q")
    first = (await shell.ok(*words)).out.strip()
    done = await shell(*words, "--json")
    assert (done.code, done.error["type"]) == (8, "MaintenanceConflictError")
    assert first in done.error["message"]
    assert "or say --overlap." in done.error["message"]
    await shell.ok(*words, "--overlap")


# --- A program in a maintenance --------------------------------------------------------------------------------------


WINDOW = ("maintenance", "window", "--name", "Deploy", "--component", "API", "--minutes", "15")
OK, NOT_OK = (sys.executable, "-c", "print('--json')"), (sys.executable, "-c", "raise SystemExit(3)")


def _maintenances(shell: Shell) -> list[tuple[str, str]]:
    state = shell.server._wire.state
    return [
        (row["status"], state.maintenance_updates[row["updates"][-1]]["message"]) for row in state.maintenances.values()
    ]


async def test_the_maintenance_runs_while_the_program_does(shell: Shell) -> None:
    url = shell.server.page_url() + "/summary.json"
    program = f"from urllib.request import urlopen; assert b'INPROGRESS' in urlopen({url!r}).read()"
    assert (await shell(*WINDOW, "--", sys.executable, "-c", program)).code == 0


@pytest.mark.parametrize("failed", [None, "Broken off."])
async def test_a_program_that_fails(shell: Shell, failed: str | None) -> None:
    done = await shell(*WINDOW, *([] if failed is None else ["--failed", failed]), "-q", "--", *NOT_OK)
    (maintenance,) = shell.server._wire.state.maintenances
    assert (done.code, done.out) == (3, "")
    first, second = done.err.splitlines()
    assert first == maintenance
    assert second.startswith(f"warning: {sys.executable} ended with 3. The maintenance {maintenance} is ")
    assert ("left in progress" in second) == (failed is None)
    assert _maintenances(shell) == [("INPROGRESS", "") if failed is None else ("COMPLETED", failed)]
    assert shell.status("API") == "UNDERMAINTENANCE"
    assert not shell.server.ledger


async def test_a_program_that_cannot_be_run(shell: Shell, tmp_path: Path) -> None:
    done = await shell(*WINDOW, "--", "no-such-program-here")
    assert (done.code, "no program no-such-program-here" in done.err, shell.writes()) == (2, True, [])
    program = tmp_path / "odd"
    program.write_bytes(b"\x7fELF")
    program.chmod(0o700)
    assert (await shell(*WINDOW, "--failed", "Broken off.", "--", str(program))).code == 126
    assert _maintenances(shell) == [("COMPLETED", "Broken off.")]


async def test_a_program_is_not_run_without_its_maintenance(shell: Shell, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    program = ("--", sys.executable, "-c", f"open({str(trace)!r}, 'w')")
    shell.server.faults.next(faults.Status(403), "POST")
    assert (await shell(*WINDOW, *program)).code == 4
    assert (await shell(*WINDOW, "--component", "nope", *program)).code == 3
    assert (await shell(*WINDOW)).code == 2
    shown = (await shell.ok(*WINDOW, "--dry-run", "--json", *program)).json["requests"]
    assert not trace.exists()
    assert not shell.server._wire.state.maintenances
    before = len(shell.writes())
    assert (await shell(*WINDOW, *program)).code == 0
    assert trace.exists()
    (new,) = shell.server._wire.state.maintenances
    sent = [_without_moments(_alike(request.body, new)) for request in shell.writes()[before:]]
    assert [_without_moments(row["body"]) for row in shown] == sent
    assert sent[1]["statuses"] == [{"id": shell.server.component_id("API"), "status": "OPERATIONAL"}]


def _without_moments(body: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key not in {"start", "end", "started"}}


@pytest.mark.parametrize("program", [OK, NOT_OK])
async def test_a_maintenance_that_cannot_be_completed(shell: Shell, program: tuple[str, ...]) -> None:
    shell.server.faults.next(faults.Status(403), "POST", "*/maintenance-updates")
    done = await shell(*WINDOW, "--failed", "Broken off.", "--json", "--", *program)
    assert done.code == 7
    error = json.loads(done.err.splitlines()[-1])["error"]
    assert error["type"] == "PermissionDeniedError"
    assert any("ended with 3" in note for note in error["notes"]) == (program is NOT_OK)
    assert _maintenances(shell)[0][0] == "INPROGRESS"


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


# --- Options ---------------------------------------------------------------------------------------------------------


async def test_json_is_said_anywhere(shell: Shell) -> None:
    for words in (("--json", "incident", "list"), ("incident", "--json", "list"), ("incident", "list", "--json")):
        assert (await shell.ok(*words)).json == {"incidents": []}
    done = await shell("--json", "incident", "list", "--page", "nope")
    assert (done.code, done.out, done.error["exit_code"]) == (3, "", 3)
    assert (await shell("maintenance", "window", "--", "program", "--json")).err.startswith("error: ")


# --- Machines --------------------------------------------------------------------------------------------------------


async def test_a_value_of_a_metric(shell: Shell) -> None:
    (metric,) = shell.server._wire.state.metrics.values()
    done = await shell.ok("metric", "push", "latency", "12.5", "--at", "2030-01-31T22:00Z")
    assert done.out == "Latency: 12.5 at 2030-01-31T22:00:00.000Z\n"
    done = await shell.ok("metric", "push", metric["id"], "-3", "--json")
    assert done.json.keys() == {"metric", "value", "timestamp"}
    assert [point["value"] for point in metric["data"]] == [-3, 12.5]
    done = await shell("metric", "push", "latncy", "1")
    assert (done.code, 'did you mean "Latency"' in done.err) == (3, True)


async def test_secret_addresses(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    server, api = shell.server, shell.server.component_id("API")
    (secret,) = server.seed(integrations=[{"componentId": api}])["integrations"]
    url = f"{server.url}/v3/integrations/webhook/{secret}"
    monkeypatch.setenv("INSTATUS_TRIGGER_URL", url)
    shown = [await shell.ok("trigger", "down", "--dry-run"), await shell.ok("trigger", "down", "--dry-run", "--json")]
    assert not shell.writes()
    assert shown[1].json["requests"] == [
        {"method": "POST", "path": "(the secret address)", "body": {"trigger": "down"}}
    ]
    shown.append(await shell.ok("trigger", "down"))
    assert shell.status("API") == "MAJOROUTAGE"
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{url}\n"))
    shown.append(await shell.ok("trigger", "up", "--stdin", "--json"))
    assert shown[-1].json == {"trigger": "up"}
    assert shell.status("API") == "OPERATIONAL"
    monkeypatch.setenv("OTHER", url + "x")
    shown.append(await shell("trigger", "up", "--env", "OTHER"))
    assert shown[-1].code == 3
    shown.append(await shell("trigger", url))
    assert shown[-1].code == 2
    shown.append(await shell("trigger", "up", url))
    assert shown[-1].code == 2
    for done in shown:
        assert secret not in done.out + done.err


async def test_heartbeats(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    server = shell.server
    (slug,) = server.seed(heartbeats=[{"name": "Nightly"}])["heartbeats"]
    monkeypatch.setenv("INSTATUS_HEARTBEAT_URL", f"{server.url}/{slug}")
    done = await shell.ok("heartbeat", "--fail", "--dry-run", "--json")
    assert done.json["requests"][0]["path"] == "(the secret address)/fail"
    assert not shell.writes()
    assert (await shell.ok("heartbeat")).out == "said alive\n"
    assert (await shell.ok("heartbeat", "--fail", "--json")).json == {"heartbeat": "fail"}
    assert [request.path for request in shell.writes()] == [f"/{slug}", f"/{slug}/fail"]


async def test_components_as_code(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "components.toml"
    file.write_text('[[components]]\nname = "Website"\n[[components]]\nname = "Store"\n', encoding="utf-8")
    done = await shell("plan", str(file))
    assert (done.code, done.err) == (1, "")
    assert '+ create "Store"' in done.out
    done = await shell("plan", str(file), "--apply", "--dry-run", "--json")
    assert done.code == 1
    assert done.json.keys() == {"changes", "impossible", "left_alone", "applied"}
    assert [change["kind"] for change in done.json["changes"]] == ["create"]
    assert not shell.writes()
    done = await shell.ok("plan", str(file), "--apply", "--archive", "--json")
    assert done.json["applied"] is True
    assert [row.name for row in await _shown(shell)] == ["Website", "Store"]
    assert (await shell.ok("plan", str(file))).out.startswith("No changes")
    assert not shell.server.ledger


async def _shown(shell: Shell) -> list[Any]:
    async with shell.server.client() as client:
        rows = await client.page(shell.server.page_id).components.list().collect()
    return [row for row in rows if not row.archived_at]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("c.toml", "components", "cannot be read"),
        ("c.json", "[" * 100_000, "cannot be read"),
        ("c.json", "[]", "no list `components`"),
        ("c.json", '{"components": [{"nam": 1}]}', "components[0]"),
    ],
)
async def test_a_file_that_is_no_plan(shell: Shell, tmp_path: Path, name: str, text: str, says: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    done = await shell("plan", str(tmp_path / name))
    assert done.code == 2
    assert says in done.err


async def test_a_plan_that_stopped_on_its_way_may_be_applied_again(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "c.json"
    names = ["Website", "App", "API", "Store", "Shop"]
    file.write_text(json.dumps({"components": [{"name": name} for name in names]}), encoding="utf-8")
    shell.server.faults.nth(2, faults.Status(403), "POST", "*/components")
    done = await shell("plan", str(file), "--apply", "--json")
    assert (done.code, done.error["type"]) == (4, "PartialApplyError")
    await shell.ok("plan", str(file), "--apply")
    assert [row.name for row in await _shown(shell)] == names


# --- Without sending, without telling --------------------------------------------------------------------------------


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


def _alike(value: Any, new: str) -> Any:
    """Leave out what is another one in each run: the moment."""
    if isinstance(value, dict):
        body = cast("dict[str, Any]", value)
        return {key: _alike(item, new) for key, item in body.items() if key != "started"}
    return value.replace(new, "NEW-ID") if isinstance(value, str) and new else value


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
    assert [(row["method"], row["path"], _alike(row["body"], new)) for row in shown] == [
        (row.method, _alike(row.path, new), _alike(row.body, new)) for row in sent
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
