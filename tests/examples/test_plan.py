"""The programs that keep components in a file and take alerts, on the embedded Instatus."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from instatus_async import NameNotFoundError
from instatus_async.testing import InstatusServer

from .conftest import Clients, Load, read, run, running_app

FILE = """
[[components]]
name = "Website"
description = "The shop"

[[components]]
name = "Backend"
[[components.children]]
name = "Database"
"""


@pytest.mark.parametrize("name", ["components_from_file", "alertmanager_bridge"])
def test_an_example_is_short_and_says_how_to_run_it(name: str) -> None:
    text = read(name)
    assert len(text.splitlines()) <= 40
    assert f"python examples/{name}.py" in text
    assert "INSTATUS_API_KEY" in text


async def test_components_from_a_file(
    server: InstatusServer, load: Load, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    module = load("components_from_file")
    (tmp_path / "c.toml").write_text(FILE, encoding="utf-8")
    (tmp_path / "c.json").write_text(json.dumps({"components": [{"name": "Website"}]}), encoding="utf-8")
    main, file, other = module.main, module.read(str(tmp_path / "c.toml")), module.read(str(tmp_path / "c.json"))
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


async def test_its_help(server: InstatusServer, clients: Clients) -> None:
    code, out, err = await run(server, "components_from_file.py", "--help")
    assert (code, err) == (0, "")
    assert "--archive" in out


def alert(status: str, **labels: str) -> dict[str, Any]:
    return {"status": status, "labels": labels}


async def test_the_bridge_of_alertmanager(server: InstatusServer, load: Load) -> None:
    (backend,) = server.seed(components=[{"name": "Backend"}])["components"]
    server.seed(components=[{"name": "API", "group": backend, "grouped": True}])
    app = await load("alertmanager_bridge").main(server.client(), server.page_id)
    async with running_app(app) as (url, _), ClientSession() as session:

        async def send(*alerts: dict[str, Any]) -> tuple[int, str]:
            async with session.post(url + "/alerts", json={"alerts": alerts}) as answer:
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
