"""`watch`, as the process that it is."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from instatus_async import Page
from instatus_async.testing import InstatusServer, faults

from .processes import Process, Processes, posix

pytestmark = posix


async def watch(server: InstatusServer, processes: Processes, *words: str) -> Process:
    """Start a watch, and wait until it has looked: it tells what was there before."""
    server.seed(incidents=[{"name": "Old", "status": "INVESTIGATING"}])
    watching = await processes.start("watch", *words, "--every", "0.05", "--initial", "--json")
    assert (await watching.document("incident_opened"))["name"] == "Old"
    return watching


@pytest.mark.parametrize("public", [False, True])
async def test_a_watch_goes_on_where_it_was_stopped(
    server: InstatusServer, page: Page, processes: Processes, tmp_path: Path, public: bool
) -> None:
    file = tmp_path / "state.json"
    words = (*([server.page_url()] if public else []), "--state", str(file))
    watching = await watch(server, processes, *words)
    incident = await page.incidents.create(name="Jö\n", status="INVESTIGATING", message="Hm.")
    change = await watching.document("incident_opened")
    assert change.keys() == {"kind", "at", "key", "id", "name", "status", "old_status", "message", "since"}
    assert (change["id"], change["name"]) == (incident.id, "Jö\n")
    assert change["message"] == (None if public else "Hm.")
    code, _, err = await watching.end(signal.SIGINT)
    assert (code, err) == (130, "")
    await page.incidents.updates.create(incident.id, status="RESOLVED", message="Fixed.", statuses={})
    again = await processes.start("watch", *words, "--every", "0.05", "--json")
    seen = json.loads(await again.line())
    while seen["kind"] in ("gap", "page_status_changed"):
        seen = json.loads(await again.line())
    assert (seen["kind"], seen["id"]) == ("incident_resolved", incident.id)
    code, _, err = await again.end(signal.SIGTERM)
    assert (code, err) == (143, "")


async def test_a_line_for_people(server: InstatusServer, processes: Processes) -> None:
    server.seed(incidents=[{"name": "Jö\n", "status": "INVESTIGATING", "message": "Hm."}])
    watching = await processes.start("watch", "--initial")
    assert (await watching.line()).endswith("Z incident opened: Jö\\n: INVESTIGATING: Hm.")
    assert (await watching.end(signal.SIGINT))[0] == 130


async def test_trouble_does_not_end_a_watch(server: InstatusServer, page: Page, processes: Processes) -> None:
    watching = await watch(server, processes)
    server.faults.next(faults.Status(501), "GET", times=2)
    await server.faults.wait(2)
    await page.incidents.create(name="Down", status="INVESTIGATING")
    await watching.document("incident_opened")
    code, _, err = await watching.end(signal.SIGINT)
    assert code == 130
    assert "501" in json.loads(err.splitlines()[0])["warning"]


@pytest.mark.parametrize(("text", "says"), [("{", "no state of a watch"), ('{"source": "elsewhere"}', "elsewhere")])
async def test_a_state_that_cannot_be_used(processes: Processes, tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "state.json"
    file.write_text(text, encoding="utf-8")
    code, out, err = await processes.run("watch", "--state", str(file))
    assert (code, out) == (2, "")
    assert says in err
    assert file.read_text(encoding="utf-8") == text
    code, _, err = await processes.run("watch", "--state", str(tmp_path / "nowhere" / "state.json"))
    assert code == 2
    assert "nowhere" in err


async def test_what_nobody_has_read_comes_again(
    server: InstatusServer, page: Page, processes: Processes, tmp_path: Path
) -> None:
    file = tmp_path / "state.json"
    watching = await watch(server, processes, "--state", str(file))
    process: Any = watching.process  # nothing public closes its stdout
    process._transport.get_pipe_transport(1).close()
    incident = await page.incidents.create(name="Down", status="INVESTIGATING")
    assert await watching.process.wait() == 141
    again = await processes.start("watch", "--state", str(file), "--json")
    assert (await again.document("incident_opened"))["id"] == incident.id
    assert (await again.end(signal.SIGINT))[0] == 130
