"""The programs that keep components in a file and take alerts, on the embedded Instatus."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web

from instatus_async import NameNotFoundError
from instatus_async.testing import InstatusServer

EXAMPLES = Path(__file__).parent.parent / "examples"

FILE = """
[[components]]
name = "Website"
description = "The shop"

[[components]]
name = "Backend"
[[components.children]]
name = "Database"
"""


def load(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["components_from_file", "alertmanager_bridge"])
def test_an_example_is_short_and_says_how_to_run_it(name: str) -> None:
    text = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 40
    assert f"python examples/{name}.py" in text
    assert "INSTATUS_API_KEY" in text


async def test_components_from_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module = load("components_from_file")
    (tmp_path / "c.toml").write_text(FILE, encoding="utf-8")
    (tmp_path / "c.json").write_text(json.dumps({"components": [{"name": "Website"}]}), encoding="utf-8")
    main, file, other = module.main, module.read(str(tmp_path / "c.toml")), module.read(str(tmp_path / "c.json"))
    async with InstatusServer() as server:
        assert await main(server.client(), "acme", file, apply=False, archive=False) == 2
        shown = capsys.readouterr().out
        assert '+ create "Database" in "Backend"' in shown
        assert '"App": not in the file, left alone' in shown
        assert not server.requests.matching("POST")
        assert await main(server.client(), "acme", file, apply=True, archive=True) == 0
        assert '- archive "App"' in capsys.readouterr().out
        assert await main(server.client(), "acme", file, apply=False, archive=True) == 0
        assert capsys.readouterr().out == "No changes: the page is as the file says.\n"
        assert await main(server.client(), "acme", other, apply=False, archive=False) == 0
        with pytest.raises(NameNotFoundError, match="acme"):
            await main(server.client(), "acne", file, apply=True, archive=False)


def test_its_help() -> None:
    command = [sys.executable, "-W", "error", str(EXAMPLES / "components_from_file.py"), "--help"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=EXAMPLES.parent, env={"INSTATUS_API_KEY": "k"}
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "--archive" in done.stdout


def alert(status: str, **labels: str) -> dict[str, Any]:
    return {"status": status, "labels": labels}


async def test_the_bridge_of_alertmanager() -> None:
    main = load("alertmanager_bridge").main
    async with InstatusServer() as server:
        (backend,) = server.seed(components=[{"name": "Backend"}])["components"]
        server.seed(components=[{"name": "API", "group": backend, "grouped": True}])
        runner = web.AppRunner(await main(server.client(), server.page_id), access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/alerts"

        async def send(*alerts: dict[str, Any]) -> tuple[int, str]:
            async with ClientSession() as session, session.post(url, json={"alerts": alerts}) as answer:
                return answer.status, await answer.text()

        def status(name: str) -> list[str]:
            return [row["status"] for row in server._wire.state.components.values() if row["name"] == name]

        warning, critical = (alert("firing", component="app", severity=word) for word in ("warning", "critical"))
        assert await send(warning, critical, alert("firing", severity="page")) == (200, "")
        assert status("App") == ["MAJOROUTAGE"]
        assert await send(warning, alert("resolved", component="app", severity="critical")) == (200, "")
        assert status("App") == ["DEGRADEDPERFORMANCE"]
        assert await send(alert("resolved", component="app", severity="warning")) == (200, "")
        assert status("App") == ["OPERATIONAL"]
        code, text = await send(alert("firing", component="API"))
        assert code == 503
        assert "group=" in text
        assert await send(alert("firing", component="API", component_group="Backend")) == (200, "")
        assert status("API") == ["OPERATIONAL", "MAJOROUTAGE"]
        assert (await send(alert("firing", component="App", severity="horrible")))[0] == 503
        await runner.cleanup()
