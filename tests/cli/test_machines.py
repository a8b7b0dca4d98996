"""What machines send by the command line: values of metrics, triggers and heartbeats."""

from __future__ import annotations

import io

import pytest

from .shell import Shell


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
