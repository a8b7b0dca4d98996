"""Looking from the command line: at the pages, the components, and how a page is."""

from __future__ import annotations

import pytest

from instatus_async import Page
from instatus_async.cli.looking import address
from instatus_async.testing import faults

from .shell import Shell


async def test_the_pages(shell: Shell) -> None:
    shell.server.seed(pages=[{"name": "Zoë\x1b[2J", "subdomain": "zoe", "email": "z@acme.example", "components": []}])
    lines = (await shell.ok("pages")).out.splitlines()
    assert lines[0].split() == ["ID", "STATUS", "ADDRESS", "NAME"]
    assert lines[1].split()[1:] == ["UP", "acme", "Acme"]
    assert lines[2].endswith("zoe      Zoë\\x1b[2J")
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
    assert lines[0] == ["ID", "STATUS", "GROUP", "NAME"]
    assert lines[1][1:] == ["OPERATIONAL", "-", "Website"]
    assert lines[-1][1:] == ["OPERATIONAL", "Backend", "Database"]
    rows = (await shell.ok("components", "Acme", "--json")).json["components"]
    assert [row["name"] for row in rows] == ["Website", "App", "API", "Backend", "Database"]
    assert rows[-1].keys() == {"id", "name", "status", "group", "group_id", "archived"}
    assert (rows[-1]["group"], rows[-1]["group_id"]) == ("Backend", backend)


async def test_the_components_of_a_page_that_is_named(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INSTATUS_PAGE")
    assert "say --page" in (await shell("components")).err
    shown = {(await shell.ok("components", *words)).out for words in (("acme",), ("--page", "acme"))}
    assert len(shown) == 1
    done = await shell("components", "acme", "--page", "acme")
    assert (done.code, done.err) == (2, "error: components: say either PAGE or --page. Nothing was sent.\n")


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
    assert done.out.splitlines() == [
        "Acme: trouble (HASISSUES)",
        "incident: Down: INVESTIGATING",
        "component: API: DEGRADEDPERFORMANCE",
    ]
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


async def test_a_component_without_an_incident_is_trouble_too(shell: Shell, page: Page) -> None:
    await page.components.update(shell.server.component_id("App"), status="UNDERMAINTENANCE")
    assert (await shell("status", shell.server.page_url())).code == 1


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/summary.json", "trouble (HASISSUES, components: UP)"),
        ("/v2/components.json", "trouble (UP, components: HASISSUES)"),
    ],
)
async def test_a_page_that_is_of_two_minds_is_in_trouble(shell: Shell, path: str, says: str) -> None:
    """Caches in front of a page may be of different ages, and its own status says less than its components."""
    wrong = "HASISSUES" if path == "/summary.json" else "MAJOROUTAGE"
    shell.server.faults.next(faults.ReplacedFields({"status": wrong}), "GET", path, host="page")
    done = await shell("status", shell.server.page_url())
    assert (done.code, says in done.out) == (1, True)


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


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("acme", "https://acme.instatus.com"),
        ("Acme/", "https://acme.instatus.com"),
        ("https://acme", "https://acme.instatus.com"),
        ("https://me:s3cr3t@my_host/x", "the address of a page, like https://acme.instatus.com"),
    ],
)
@pytest.mark.parametrize("command", ["status", "watch"])
async def test_the_address_of_a_page_is_no_name(shell: Shell, command: str, url: str, says: str) -> None:
    done = await shell(command, url)
    assert (done.code, done.err) == (2, f"error: {command}: say {says}. Nothing was sent.\n")


@pytest.mark.parametrize("host", ["localhost:{}", "127.0.0.1:{}", "http://localhost:{}"])
async def test_a_page_of_this_machine(shell: Shell, host: str) -> None:
    port = int(shell.server.page_url().rpartition(":")[2].partition("/")[0])
    done = await shell("status", host.format(port), "--timeout", "2")
    assert "instatus.com. Nothing was sent." not in done.err


def test_addresses_that_may_be_pages() -> None:
    for url in ("http://localhost", "localhost", "10.0.0.1", "http://[::1]:80", "[::1]", "pages:8080", "acme.example"):
        assert address(url, "status").endswith(url)
