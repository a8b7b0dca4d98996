"""The command line as a process: signals, pipes, locales, and what it takes to start it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from instatus_async import InstatusClient
from instatus_async.cli.parser import EXIT_CODES
from instatus_async.testing import InstatusServer, faults

ROOT = Path(__file__).parent.parent
PROGRAM = (sys.executable, "-W", "error", "-m", "instatus_async")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and pipes of POSIX")


class Process:
    """One running command."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    @classmethod
    async def start(cls, server: InstatusServer, *words: str, **extra: str) -> Process:
        environment = {
            **os.environ,
            "INSTATUS_API_KEY": server.api_key,
            "INSTATUS_BASE_URL": server.url,
            "INSTATUS_PAGE": server.page_id,
            "PYTHONPATH": str(ROOT),
            **extra,
        }
        pipe = asyncio.subprocess.PIPE
        return cls(await asyncio.create_subprocess_exec(*PROGRAM, *words, env=environment, stdout=pipe, stderr=pipe))

    async def line(self) -> str:
        assert self.process.stdout is not None
        return (await self.process.stdout.readline()).decode().rstrip("\n")

    async def document(self, kind: str) -> Any:
        """Return the next change of a kind; a slow machine may bring others."""
        while True:
            change = json.loads(await self.line())
            if change["kind"] == kind:
                return change

    async def end(self, number: signal.Signals | None = None) -> tuple[int, str, str]:
        if number is not None:
            self.process.send_signal(number)
        out, err = await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode, out.decode(), err.decode()


async def run(server: InstatusServer, *words: str, **extra: str) -> tuple[int, str, str]:
    return await (await Process.start(server, *words, **extra)).end()


@pytest_asyncio.fixture
async def server() -> AsyncGenerator[InstatusServer]:
    async with InstatusServer() as server:
        yield server


@pytest_asyncio.fixture
async def client(server: InstatusServer) -> AsyncGenerator[InstatusClient]:
    async with server.client() as client:
        yield client


# --- Watching --------------------------------------------------------------------------------------------------------


async def watch(server: InstatusServer, *words: str) -> Process:
    """Start a watch, and wait until it has looked: it tells what was there before."""
    server.seed(incidents=[{"name": "Old", "status": "INVESTIGATING"}])
    watching = await Process.start(server, "watch", *words, "--every", "0.05", "--initial", "--json")
    assert (await watching.document("incident_opened"))["name"] == "Old"
    return watching


@pytest.mark.parametrize("public", [False, True])
async def test_a_watch_goes_on_where_it_was_stopped(
    server: InstatusServer, client: InstatusClient, tmp_path: Path, public: bool
) -> None:
    file = tmp_path / "state.json"
    words = (*([server.page_url()] if public else []), "--state", str(file))
    incidents = client.page(server.page_id).incidents
    watching = await watch(server, *words)
    incident = await incidents.create(name="Jö\n", status="INVESTIGATING", message="Hm.")
    change = await watching.document("incident_opened")
    assert change.keys() == {"kind", "at", "key", "id", "name", "status", "old_status", "message", "since"}
    assert (change["id"], change["name"]) == (incident.id, "Jö\n")
    assert change["message"] == (None if public else "Hm.")
    code, _, err = await watching.end(signal.SIGINT)
    assert (code, err) == (130, "")
    await incidents.updates.create(incident.id, status="RESOLVED", message="Fixed.", statuses={})
    again = await Process.start(server, "watch", *words, "--every", "0.05", "--json")
    seen = json.loads(await again.line())
    while seen["kind"] in ("gap", "page_status_changed"):
        seen = json.loads(await again.line())
    assert (seen["kind"], seen["id"]) == ("incident_resolved", incident.id)
    code, _, err = await again.end(signal.SIGTERM)
    assert (code, err) == (143, "")


async def test_a_line_for_people(server: InstatusServer) -> None:
    server.seed(incidents=[{"name": "Jö\n", "status": "INVESTIGATING", "message": "Hm."}])
    watching = await Process.start(server, "watch", "--initial")
    assert (await watching.line()).endswith("Z incident opened: Jö\\n: INVESTIGATING: Hm.")
    assert (await watching.end(signal.SIGINT))[0] == 130


async def test_trouble_does_not_end_a_watch(server: InstatusServer, client: InstatusClient) -> None:
    watching = await watch(server)
    server.faults.next(faults.Status(501), "GET", times=2)
    await server.faults.wait(2)
    await client.page(server.page_id).incidents.create(name="Down", status="INVESTIGATING")
    await watching.document("incident_opened")
    code, _, err = await watching.end(signal.SIGINT)
    assert code == 130
    assert "501" in json.loads(err.splitlines()[0])["warning"]


@pytest.mark.parametrize(("text", "says"), [("{", "no state of a watch"), ('{"source": "elsewhere"}', "elsewhere")])
async def test_a_state_that_cannot_be_used(server: InstatusServer, tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "state.json"
    file.write_text(text, encoding="utf-8")
    code, out, err = await run(server, "watch", "--state", str(file))
    assert (code, out) == (2, "")
    assert says in err
    assert file.read_text(encoding="utf-8") == text
    code, _, err = await run(server, "watch", "--state", str(tmp_path / "nowhere" / "state.json"))
    assert code == 2
    assert "nowhere" in err


async def test_what_nobody_has_read_comes_again(server: InstatusServer, client: InstatusClient, tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    watching = await watch(server, "--state", str(file))
    process: Any = watching.process  # nothing public closes its stdout
    process._transport.get_pipe_transport(1).close()
    incident = await client.page(server.page_id).incidents.create(name="Down", status="INVESTIGATING")
    assert await watching.process.wait() == 141
    again = await Process.start(server, "watch", "--state", str(file), "--json")
    assert (await again.document("incident_opened"))["id"] == incident.id
    assert (await again.end(signal.SIGINT))[0] == 130


# --- Interrupted -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_write_that_was_interrupted_is_doubt(server: InstatusServer, number: signal.Signals) -> None:
    server.faults.next(faults.Stall(after_commit=True), "POST", "*/incidents")
    opening = await Process.start(server, "incident", "open", "Down", "--notify", "--json")
    await server.faults.wait()
    code, out, err = await opening.end(number)
    (incident,) = server._wire.state.incidents
    assert server.announcements(incident) == 1
    assert (code, out) == (7, "")
    error = json.loads(err.splitlines()[-1])["error"]
    assert error["exit_code"] == 7
    assert error["look_for"]["name"] == "Down"


async def test_a_read_that_was_interrupted(server: InstatusServer) -> None:
    server.faults.next(faults.Stall(), "GET")
    listing = await Process.start(server, "incident", "list")
    await server.faults.wait()
    assert await listing.end(signal.SIGINT) == (130, "", "")


async def test_stdout_belongs_to_the_program_in_a_maintenance(server: InstatusServer) -> None:
    """What follows -- is its own too."""
    server.seed(components=[{"name": "Web", "status": "DEGRADEDPERFORMANCE"}])
    words = ("maintenance", "window", "--name", "Deploy", "--minutes", "5", "--component", "API", "--component", "Web")
    said = ("--notify", "-m", "We deploy.", "--completed", "Deployed.")
    program = ("--", sys.executable, "-c", "import sys; print(sys.argv[1:])", "--json", "--", "-q")
    code, out, err = await run(server, *words, *said, *program)
    assert (code, out) == (0, "['--json', '--', '-q']\n")
    ((maintenance, row),) = server._wire.state.maintenances.items()
    assert err.splitlines() == [
        f'opened {maintenance} "Deploy": INPROGRESS',
        "subscribers: all subscribers",
        f'completed {maintenance} "Deploy": COMPLETED',
        "subscribers: all subscribers",
    ]
    texts = [server._wire.state.maintenance_updates[update]["message"] for update in row["updates"]]
    assert texts == ["We deploy.", "Deployed."]
    statuses = {row["name"]: row["status"] for row in server._wire.state.components.values()}
    assert (statuses["API"], statuses["Web"]) == ("OPERATIONAL", "DEGRADEDPERFORMANCE")
    assert server.announcements(maintenance) == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("gentle", [False, True])
async def test_signals_go_to_the_program_in_a_maintenance(
    server: InstatusServer, number: signal.Signals, gentle: bool
) -> None:
    """There is no terminal here that would send them to both."""
    leaves = (
        f"signal.signal({int(number)}, lambda *_: sys.exit(5)); "
        if gentle
        else f"signal.signal({int(number)}, signal.SIG_DFL); "
    )
    program = f"import signal, sys; {leaves}print('ready', flush=True); signal.pause()"
    words = ("maintenance", "window", "--name", "Deploy", "--component", "API", "--minutes", "5", "--failed", "Broken.")
    running = await Process.start(server, *words, "--json", "--", sys.executable, "-c", program)
    assert await running.line() == "ready"
    code, out, err = await running.end(number)
    assert (code, out) == (5 if gentle else 128 + number, "")
    assert [*json.loads(err.splitlines()[-1])] == ["warning"]
    (row,) = server._wire.state.maintenances.values()
    assert row["status"] == "COMPLETED"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 7), (signal.SIGTERM, 7)])
async def test_signals_after_the_program_end_this_one(
    server: InstatusServer, number: signal.Signals, code: int
) -> None:
    server.faults.next(faults.Stall(), "POST", "*/maintenance-updates")
    words = ("maintenance", "window", "--name", "Deploy", "--component", "API", "--minutes", "5")
    running = await Process.start(server, *words, "--", sys.executable, "-c", "")
    await server.faults.wait()
    found, _, err = await running.end(number)
    assert found == code
    assert "error: interrupted after a write was sent" in err


# --- Pipes and locales -----------------------------------------------------------------------------------------------


async def test_names_survive_any_locale(server: InstatusServer) -> None:
    server.seed(components=[{"name": "Zoë 写"}])
    narrow = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for words in (("components",), ("components", "--json")):
        code, out, err = await run(server, *words, **narrow)
        assert (code, err) == (0, "")
        assert "Zoë 写" in out


async def test_a_reader_that_goes_away(server: InstatusServer) -> None:
    server.seed(components=[{"name": f"Component {number}"} for number in range(80)])
    reading, writing = os.pipe()
    os.close(reading)
    environment = {**os.environ, "INSTATUS_API_KEY": server.api_key, "INSTATUS_BASE_URL": server.url}
    process = await asyncio.create_subprocess_exec(
        *PROGRAM, "components", server.page_id, env=environment, stdout=writing, stderr=asyncio.subprocess.PIPE
    )
    os.close(writing)
    _, err = await process.communicate()
    assert (process.returncode, err) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full is Linux's")
async def test_a_result_that_cannot_be_written(server: InstatusServer) -> None:
    """The incident is there: a script that retries because of a full disk must be told."""
    environment = {
        **os.environ,
        "PYTHONUNBUFFERED": "",  # what is left in the buffer is written once more at the end
        "INSTATUS_API_KEY": server.api_key,
        "INSTATUS_BASE_URL": server.url,
        "INSTATUS_PAGE": "acme",
    }
    with open("/dev/full", "w") as full:  # noqa: ASYNC230, PTH123 - it is no file to wait for
        process = await asyncio.create_subprocess_exec(
            *PROGRAM, "incident", "open", "Down", env=environment, stdout=full, stderr=asyncio.subprocess.PIPE
        )
        _, err = await process.communicate()
    assert process.returncode == 7
    assert err.startswith(b"error: It was carried out, but the result could not be written")


# --- Starting --------------------------------------------------------------------------------------------------------


def python(source: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False, cwd=ROOT)


@pytest.mark.parametrize("words", [["--help"], ["incident", "open", "--help"], ["--version"], ["bogus"]])
def test_help_and_refusals_import_nothing_of_the_sdk(words: list[str]) -> None:
    done = python(
        "import sys\n"
        "from instatus_async.cli import main\n"
        f"code = main({words!r})\n"
        "heavy = [name for name in sys.modules if name in ('aiohttp', 'attrs', 'asyncio', 'instatus_async.client')]\n"
        "sys.exit(f'imported {heavy}' if heavy else code)"
    )
    assert done.returncode == (2 if words == ["bogus"] else 0), done.stderr


def test_the_help_has_the_exit_codes() -> None:
    for words in ((), ("incident", "open"), ("status",)):
        done = subprocess.run([*PROGRAM, *words, "--help"], capture_output=True, text=True, check=True, cwd=ROOT)
        assert "7  OUTCOME UNKNOWN" in done.stdout
        assert done.stdout.startswith("usage: instatus-async")
        assert done.stdout.endswith(EXIT_CODES)


def test_it_is_installed_by_a_name_of_its_own() -> None:
    scripts: Mapping[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "scripts"
    ]
    assert scripts == {"instatus-async": "instatus_async.cli:main"}


def test_a_command_imports_the_nouns_that_it_needs() -> None:
    done = python(
        "import sys\n"
        "from instatus_async.cli import main\n"
        "main(['pages'])\n"
        "print(*(name for name in sys.modules if name.startswith('instatus_async.')))"
    )
    assert "instatus_async.client" in done.stdout
    for name in ("resources.monitors", "jobs.plan", "jobs.metrics", "watching", "webhooks", "triggers"):
        assert f"instatus_async.{name}" not in done.stdout.split()
