"""The fixtures, in a project of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from instatus_async.testing import plugin

CONFTEST = 'pytest_plugins = ["instatus_async.testing.plugin"]\n'

TESTS = """
import pytest
from instatus_async.jobs import _lifecycle
from instatus_async.testing import settling

@MARK
async def test_page(instatus_page, instatus_server):
    made = await instatus_page.incidents.create(name="Down", status="INVESTIGATING", message="m", notify=True)
    assert instatus_server.announcements(made.id) == 1

@MARK
async def test_another_server(instatus_client, instatus_server):
    assert [page.id async for page in instatus_client.pages.list()] == [instatus_server.page_id]
    assert not instatus_server.requests.matching("POST")

@MARK
async def test_that_fails(instatus_client, instatus_server):
    await instatus_client.user.get()
    assert instatus_server.requests[0].status == 418

@MARK
async def test_that_settles_soon(instatus_page):
    assert _lifecycle.SETTLE < 0.1
    with settling(5.0):
        assert _lifecycle.SETTLE == 5.0
    assert _lifecycle.SETTLE < 0.1

def test_without_a_server():
    assert _lifecycle.SETTLE == 1.0
    assert 1 == 2
"""


def run(folder: Path, mark: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_bot.py").write_text(TESTS.replace("@MARK", mark))
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "pytest", "-W", "error", "-q", "-p", "no:cacheprovider", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("mode", "mark"), [("auto", ""), ("strict", "@pytest.mark.asyncio")], ids=["auto", "strict"])
def test_the_fixtures_work_in_both_modes(tmp_path: Path, mode: str, mark: str) -> None:
    (tmp_path / "pytest.ini").write_text(
        f"[pytest]\nasyncio_mode = {mode}\nasyncio_default_fixture_loop_scope = function\n"
    )
    done = run(tmp_path, mark)
    assert "2 failed, 3 passed" in done.stdout, done.stdout + done.stderr
    assert done.stdout.count("requests to the Instatus server") == 1
    assert "1  api   GET /v1/user  200     carried out" in done.stdout


def test_it_is_opt_in(tmp_path: Path) -> None:
    (tmp_path / "test_bot.py").write_text("def test(instatus_server): ...\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "fixture 'instatus_server' not found" in done.stdout


def test_the_fixtures_are_listed(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    shown = run(tmp_path, "@pytest.mark.asyncio", "--fixtures").stdout
    for name in ("instatus_server", "instatus_client", "instatus_page"):
        assert f"\n{name}" in shown
        assert name in (plugin.__doc__ or "")


def test_importing_it_starts_nothing() -> None:
    script = (
        "import sys, threading; import instatus_async.testing.plugin as plugin; "
        "assert threading.active_count() == 1; "
        "assert not [name for name in sys.modules if name.startswith(('coverage', 'instatus_async.testing.demo'))]"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True)
