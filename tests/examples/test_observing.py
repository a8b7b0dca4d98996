"""The programs that export a page's state and its subscribers, on the embedded Instatus."""

from __future__ import annotations

import csv
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from instatus_async import BadRequestError, PublicStatusPage, RetryPolicy
from instatus_async.testing import InstatusServer, faults

from .conftest import Clients, Load, read, run

for package in ("prometheus_client", "rich"):
    pytest.importorskip(package, reason="install the examples group: pip install --group examples")

from prometheus_client import CollectorRegistry  # noqa: E402 - where it is installed
from prometheus_client.parser import text_string_to_metric_families  # noqa: E402 - the same

ONCE = RetryPolicy(attempts=1)

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.mark.parametrize("name", ["prometheus_exporter", "export_subscribers"])
def test_they_are_short(name: str) -> None:
    assert len(read(name).splitlines()) <= 40


# --- prometheus_exporter ---------------------------------------------------------------------------------------------


class Scraper:
    """A Prometheus that scrapes one exporter."""

    def __init__(self, server: InstatusServer, exporter: Any) -> None:
        self.page = PublicStatusPage(server.page_url(), retry=ONCE)
        app = exporter.application(self.page, CollectorRegistry())
        self.client: TestClient[Any, Any] = TestClient(TestServer(app))

    async def scrape(self) -> Samples:
        async with self.client.get("/metrics") as response:
            assert response.status == 200
            assert response.headers["Content-Type"].startswith("text/plain; version=")
            text = await response.text()
        families = text_string_to_metric_families(text)
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in families
            for sample in family.samples
        }


@pytest.fixture
async def scraper(server: InstatusServer, load: Load) -> AsyncIterator[Scraper]:
    scraper = Scraper(server, load("prometheus_exporter"))
    async with scraper.client:
        yield scraper


def component(samples: Samples, name: str) -> tuple[str, float] | None:
    """The group and the severity of a component."""
    for (metric, labels), value in samples.items():
        if metric == "instatus_component_severity" and dict(labels)["name"] == name:
            return dict(labels)["group"], value
    return None


def value(samples: Samples, name: str) -> float | None:
    found = [number for (metric, _), number in samples.items() if metric == name]
    assert len(found) <= 1
    return found[0] if found else None


def status(samples: Samples) -> str:
    (labels,) = (dict(labels) for metric, labels in samples if metric == "instatus_page_info")
    return labels["status"]


async def test_a_page_that_is_up(server: InstatusServer, scraper: Scraper) -> None:
    (parent,) = server.seed(components=[{"name": "Backend", "status": "OPERATIONAL"}])["components"]
    server.seed(components=[{"name": "Database", "status": "OPERATIONAL", "grouped": True, "group": parent}])
    samples = await scraper.scrape()
    assert value(samples, "instatus_up") == 1
    assert value(samples, "instatus_open_incidents") == 0
    assert (value(samples, "instatus_last_read_timestamp_seconds") or 0) > 1.7e9
    assert status(samples) == "UP"
    assert component(samples, "Database") == ("Backend", 0)
    assert component(samples, "Website") == ("", 0)


async def test_an_incident_from_start_to_end(server: InstatusServer, scraper: Scraper) -> None:
    website = server.component_id("Website")
    async with server.client() as client:
        page = client.page(server.page_id)
        incident = await page.incidents.create(
            name="Down", status="INVESTIGATING", statuses={website: "MAJOROUTAGE"}, notify=False
        )
        samples = await scraper.scrape()
        assert component(samples, "Website") == ("", 5)
        assert value(samples, "instatus_open_incidents") == 1
        assert status(samples) == "HASISSUES"
        await page.incidents.updates.create(incident.id, status="RESOLVED", statuses={website: "OPERATIONAL"})
        await page.components.delete(server.component_id("App"))
        samples = await scraper.scrape()
    assert component(samples, "Website") == ("", 0)
    assert component(samples, "App") is None
    assert value(samples, "instatus_open_incidents") == 0
    assert status(samples) == "UP"


@pytest.mark.parametrize("path", ["/summary.json", "/v2/components.json"])
async def test_a_page_that_cannot_be_read_keeps_its_values(
    server: InstatusServer, scraper: Scraper, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = await scraper.scrape()
    server.faults.next(faults.Html(), path=path, host="page")
    stale = await scraper.scrape()
    assert stale == {**before, ("instatus_up", ()): 0}
    assert path in capsys.readouterr().err
    async with server.refuse():
        assert value(await scraper.scrape(), "instatus_up") == 0
    assert value(await scraper.scrape(), "instatus_up") == 1


async def test_a_page_that_was_never_read_claims_nothing(server: InstatusServer, scraper: Scraper) -> None:
    server.faults.next(faults.Status(503), host="page")
    samples = await scraper.scrape()
    assert value(samples, "instatus_up") == 0
    assert value(samples, "instatus_last_read_timestamp_seconds") == 0
    assert value(samples, "instatus_open_incidents") is None
    assert component(samples, "Website") is None


async def test_an_unknown_status_is_kept(server: InstatusServer, scraper: Scraper) -> None:
    server.faults.every(faults.UnknownEnums("NEWWORD"), host="page")
    samples = await scraper.scrape()
    assert status(samples) == "NEWWORD"
    assert component(samples, "Website") == ("", 0.5)


# --- export_subscribers ----------------------------------------------------------------------------------------------


def seeded(server: InstatusServer, count: int) -> None:
    server.seed(subscribers=[{"email": f"n{number}@acme.example", "confirmed": True} for number in range(count)])


def emails(file: Path) -> set[str]:
    with file.open(encoding="utf-8", newline="") as lines:
        return {row["email"] for row in csv.DictReader(lines)}


def content(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_all_subscribers_are_written(server: InstatusServer, load: Load, tmp_path: Path) -> None:
    seeded(server, 250)
    website = server.component_id("Website")
    server.seed(subscribers=[{"phone": "+15550100", "confirmed": True, "components": [website]}])
    file = tmp_path / "out.csv"
    file.write_text("the old one", encoding="utf-8")
    program = load("export_subscribers")
    program.write(await program.read(server.client(), server.page_id), file)
    assert emails(file) == {f"n{number}@acme.example" for number in range(250)} | {""}
    with file.open(encoding="utf-8", newline="") as lines:
        (sms,) = (row for row in csv.DictReader(lines) if row["phone"])
    assert sms["components"] == website
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert content(tmp_path) == [file]


async def test_a_list_that_breaks_off_leaves_the_old_file(server: InstatusServer, load: Load, tmp_path: Path) -> None:
    seeded(server, 150)
    file = tmp_path / "out.csv"
    file.write_text("the old one", encoding="utf-8")
    server.faults.nth(2, faults.Status(400), "GET", "*/subscribers")
    program = load("export_subscribers")
    with pytest.raises(BadRequestError):
        program.write(await program.read(server.client(), server.page_id), file)
    assert file.read_text(encoding="utf-8") == "the old one"
    assert content(tmp_path) == [file]


def test_a_disk_that_is_full_leaves_the_old_file(load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left on device")

    file = tmp_path / "out.csv"
    file.write_text("the old one", encoding="utf-8")
    program = load("export_subscribers")
    monkeypatch.setattr(program.csv, "writer", full)
    with pytest.raises(OSError, match="no space"):
        program.write([], file)
    assert file.read_text(encoding="utf-8") == "the old one"
    assert content(tmp_path) == [file]


@pytest.mark.parametrize("rich", [True, False])
async def test_the_program_shows_how_far_it_is(
    server: InstatusServer, clients: Clients, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rich: bool
) -> None:
    """With rich, as on a terminal, and with a plain counter where rich is not installed."""
    seeded(server, 250)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    file, before = tmp_path / "out.csv", "" if rich else "sys.modules['rich'] = None"
    code, out, err = await run(server, "export_subscribers.py", server.page_id, str(file), before=before)
    assert (code, out, len(emails(file))) == (0, "", 250), err
    if rich:
        assert "250 so far" in err
        assert "\x1b[" in err
    else:
        assert err.splitlines() == ["100 so far", "200 so far", "250 so far"]


async def test_it_needs_a_key(server: InstatusServer, tmp_path: Path) -> None:
    code, _, errors = await run(server, "export_subscribers.py", "page", str(tmp_path / "out.csv"))
    assert code == 1
    assert "set INSTATUS_API_KEY" in errors
