"""A maintenance that lasts as long as a program runs."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from instatus_async.testing import InstatusServer, faults

from .processes import Processes, posix
from .shell import Shell, alike

WINDOW = ("maintenance", "window", "--name", "Deploy", "--component", "API", "--minutes", "15")
OK, NOT_OK = (sys.executable, "-c", "print('--json')"), (sys.executable, "-c", "raise SystemExit(3)")


def _maintenances(server: InstatusServer) -> list[tuple[str, str]]:
    state = server._wire.state
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
    assert _maintenances(shell.server) == [("INPROGRESS", "") if failed is None else ("COMPLETED", failed)]
    assert shell.status("API") == "UNDERMAINTENANCE"
    assert not shell.server.ledger


async def test_a_program_that_cannot_be_run(shell: Shell, tmp_path: Path) -> None:
    done = await shell(*WINDOW, "--", "no-such-program-here")
    assert (done.code, "no program no-such-program-here" in done.err, shell.writes()) == (2, True, [])
    program = tmp_path / "odd"
    program.write_bytes(b"\x7fELF")
    program.chmod(0o700)
    assert (await shell(*WINDOW, "--failed", "Broken off.", "--", str(program))).code == 126
    assert _maintenances(shell.server) == [("COMPLETED", "Broken off.")]


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
    sent = [_without_moments(alike(request.body, new)) for request in shell.writes()[before:]]
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
    assert _maintenances(shell.server)[0][0] == "INPROGRESS"


# --- As a process ----------------------------------------------------------------------------------------------------


@posix
async def test_stdout_belongs_to_the_program_in_a_maintenance(server: InstatusServer, processes: Processes) -> None:
    """What follows -- is its own too."""
    server.seed(components=[{"name": "Web", "status": "DEGRADEDPERFORMANCE"}])
    said = ("--component", "Web", "--notify", "-m", "We deploy.", "--completed", "Deployed.")
    program = ("--", sys.executable, "-c", "import sys; print(sys.argv[1:])", "--json", "--", "-q")
    code, out, err = await processes.run(*WINDOW, *said, *program)
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


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("gentle", [False, True])
async def test_signals_go_to_the_program_in_a_maintenance(
    server: InstatusServer, processes: Processes, number: signal.Signals, gentle: bool
) -> None:
    """There is no terminal here that would send them to both."""
    program = (
        f"import signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, [{number:d}]); print('ready', flush=True); "
        f"signal.sigwait([{number:d}]); sys.exit(5)"
        if gentle
        else f"import signal; signal.signal({number:d}, signal.SIG_DFL); print('ready', flush=True); signal.pause()"
    )
    words = (*WINDOW, "--failed", "Broken.", "--json", "--", sys.executable, "-c", program)
    running = await processes.start(*words)
    assert await running.line() == "ready"
    code, out, err = await running.end(number)
    assert (code, out) == (5 if gentle else 128 + number, "")
    assert [*json.loads(err.splitlines()[-1])] == ["warning"]
    (row,) = server._wire.state.maintenances.values()
    assert row["status"] == "COMPLETED"


@pytest.fixture
def terminal() -> Generator[tuple[int, int]]:
    """A terminal's keyboard, and what a program has of it."""
    both = os.openpty()
    yield both
    for end in both:
        os.close(end)


@posix
async def test_ctrl_c_at_a_terminal_reaches_the_program_once(
    server: InstatusServer, processes: Processes, terminal: tuple[int, int]
) -> None:
    """The terminal sends it to both. SIGTERM is passed on, and the second one after all that came before it."""
    program = (
        "import signal, sys\n"
        "numbers = {signal.SIGINT, signal.SIGTERM}\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, numbers)\n"
        "print('ready', flush=True)\n"
        "heard = []\n"
        "while heard.count('SIGTERM') < 2:\n"
        "    heard.append(signal.sigwait(numbers).name)\n"
        "    print(heard[-1], flush=True)\n"
        "sys.exit(5)"
    )
    words = (*WINDOW, "--failed", "Broken off.", "--", sys.executable, "-c", program)
    keyboard, screen = terminal
    async with asyncio.timeout(60):
        running = await processes.start(*words, terminal=screen)
        assert await running.line() == "ready"
        running.process.send_signal(signal.SIGSTOP)  # two that reach the program at the same time would count as one
        os.waitpid(running.process.pid, os.WUNTRACED)  # noqa: ASYNC222 - it stops at once
        os.write(keyboard, b"\x03")
        assert await running.line() == "SIGINT"
        running.process.send_signal(signal.SIGCONT)
        running.process.send_signal(signal.SIGTERM)
        assert await running.line() == "SIGTERM"
        code, out, err = await running.end(signal.SIGTERM)
    assert (code, out) == (5, "SIGTERM\n"), err
    assert _maintenances(server) == [("COMPLETED", "Broken off.")]


@posix
async def test_ctrl_c_at_a_terminal_ends_a_program(
    server: InstatusServer, processes: Processes, terminal: tuple[int, int]
) -> None:
    program = "import signal; signal.signal(signal.SIGINT, signal.SIG_DFL); print('ready', flush=True); signal.pause()"
    keyboard, screen = terminal
    async with asyncio.timeout(60):
        running = await processes.start(*WINDOW, "--", sys.executable, "-c", program, terminal=screen)
        assert await running.line() == "ready"
        os.write(keyboard, b"\x03")
        code, out, err = await running.end()
    assert (code, out) == (130, "")
    assert f"warning: {sys.executable} ended with 130." in err
    assert _maintenances(server) == [("INPROGRESS", "")]


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_signals_after_the_program_end_this_one(
    server: InstatusServer, processes: Processes, number: signal.Signals
) -> None:
    server.faults.next(faults.Stall(), "POST", "*/maintenance-updates")
    running = await processes.start(*WINDOW, "--", sys.executable, "-c", "")
    await server.faults.wait()
    code, _, err = await running.end(number)
    assert code == 7
    assert "error: interrupted after a write was sent" in err
