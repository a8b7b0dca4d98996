"""The command line as a process: interrupted, in pipes and locales, and what it takes to start it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from instatus_async.cli.parser import EXIT_CODES
from instatus_async.testing import InstatusServer, faults

from .processes import PROGRAM, ROOT, Processes, posix

pytestmark = posix


# --- Interrupted -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_write_that_was_interrupted_is_doubt(
    server: InstatusServer, processes: Processes, number: signal.Signals
) -> None:
    server.faults.next(faults.Stall(after_commit=True), "POST", "*/incidents")
    opening = await processes.start("incident", "open", "Down", "--notify", "--json")
    await server.faults.wait()
    code, out, err = await opening.end(number)
    (incident,) = server._wire.state.incidents
    assert server.announcements(incident) == 1
    assert (code, out) == (7, "")
    error = json.loads(err.splitlines()[-1])["error"]
    assert error["exit_code"] == 7
    assert error["look_for"]["name"] == "Down"


async def test_a_read_that_was_interrupted(server: InstatusServer, processes: Processes) -> None:
    server.faults.next(faults.Stall(), "GET")
    listing = await processes.start("incident", "list")
    await server.faults.wait()
    assert await listing.end(signal.SIGINT) == (130, "", "")


# --- Pipes and locales -----------------------------------------------------------------------------------------------


async def test_names_survive_any_locale(server: InstatusServer, processes: Processes) -> None:
    server.seed(components=[{"name": "Zoë 写"}])
    narrow = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for words in (("components",), ("components", "--json")):
        code, out, err = await processes.run(*words, environment=narrow)
        assert (code, err) == (0, "")
        assert "Zoë 写" in out


async def test_a_reader_that_goes_away(server: InstatusServer, processes: Processes) -> None:
    server.seed(components=[{"name": f"Component {number}"} for number in range(80)])
    reading, writing = os.pipe()
    os.close(reading)
    listing = await processes.start("components", stdout=writing)
    os.close(writing)
    assert await listing.end() == (141, "", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full is Linux's")
async def test_a_result_that_cannot_be_written(processes: Processes) -> None:
    """The incident is there: a script that retries because of a full disk must be told."""
    buffered = {"PYTHONUNBUFFERED": ""}  # what is left in the buffer is written once more at the end
    with open("/dev/full", "w") as full:  # noqa: ASYNC230, PTH123 - it is no file to wait for
        opening = await processes.start("incident", "open", "Down", stdout=full.fileno(), environment=buffered)
    code, _, err = await opening.end()
    assert code == 7
    assert err.startswith("error: It was carried out, but the result could not be written")


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
