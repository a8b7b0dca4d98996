"""Maintenances from the command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from .shell import SCHEDULE, Shell


async def test_a_maintenance_from_start_to_finish(shell: Shell) -> None:
    server = shell.server
    words = (*SCHEDULE, "--start", "2040-01-31T22:00+01:00", "--by-hand", "--notify")
    done = await shell.ok(*words, "--json")
    assert done.json["subscribers"] == "all"
    maintenance = done.json["maintenance"]["id"]
    assert done.json["maintenance"]["start"] == "2040-01-31T21:00:00.000Z"
    assert server.announcements(maintenance) == 1
    header, line = (await shell.ok("maintenance", "list")).out.splitlines()
    assert header.split() == ["ID", "STATUS", "START", "DURATION", "NAME"]
    assert line.split() == [maintenance, "NOTSTARTEDYET", "2040-01-31T21:00:00.000Z", "30", "min", "Database"]
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
    assert len((await shell.ok("maintenance", "list", "--all", "--limit", "5")).out.splitlines()) == 2
    assert (await shell("maintenance", "start", maintenance)).code == 2


@pytest.mark.parametrize("when", ["2040-01-31T22:00", "2040-01-31", "tomorrow"])
async def test_a_time_needs_its_zone(shell: Shell, when: str) -> None:
    done = await shell(*SCHEDULE, "--start", when)
    assert (done.code, f"--start {when}: expected a time with its zone" in done.err) == (2, True)


@pytest.mark.parametrize(
    "words",
    [
        ("--start", "2020-01-31T22:00Z", "--minutes", "30"),
        ("--start", "2020-01-31T22:00Z", "--end", "2020-01-31T23:30Z"),
    ],
)
async def test_a_maintenance_that_would_be_over(shell: Shell, words: tuple[str, ...]) -> None:
    done = await shell("maintenance", "schedule", "Database", "--component", "API", *words)
    assert (done.code, done.err) == (
        2,
        "error: --start 2020-01-31T22:00Z: a maintenance from then on is over already. Nothing was sent.\n",
    )
    assert not shell.server.requests


async def test_a_maintenance_that_has_begun(shell: Shell) -> None:
    start = (datetime.now(UTC) - timedelta(minutes=10)).isoformat()
    await shell.ok(*SCHEDULE, "--start", start)
    end = (datetime.now(UTC) + timedelta(minutes=10)).isoformat()
    await shell.ok(*SCHEDULE[:-2], "--start", start, "--end", end, "--overlap")
    for wrong in ("-5", "0", "9" * 30):
        done = await shell(*SCHEDULE[:-1], wrong, "--start", start)
        assert (done.code, "minutes: expected a whole number" in done.err) == (2, True)


async def test_a_maintenance_in_the_way(shell: Shell) -> None:
    words = (*SCHEDULE, "--start", "2040-01-31T22:00Z", "-q")
    first = (await shell.ok(*words)).out.strip()
    done = await shell(*words, "--json")
    assert (done.code, done.error["type"]) == (8, "MaintenanceConflictError")
    assert f"{first} (Database, NOTSTARTEDYET, 2040-01-31T22:00:00.000Z)" in done.error["message"]
    assert "or say --overlap." in done.error["message"]
    await shell.ok(*words, "--overlap")
