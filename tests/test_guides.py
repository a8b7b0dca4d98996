"""The guides: their Python is run as it stands, and so is what they say to type into a shell."""

from __future__ import annotations

import ast
import asyncio
import inspect
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

import instatus_async
from instatus_async import Event, InstatusClient, Page
from instatus_async.cli.parser import EXIT_CODES
from instatus_async.testing import InstatusServer, faults, settling
from tests.redis_server import RedisServer

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "examples" / "guides"
GUIDES = {file.stem: file.read_text(encoding="utf-8") for file in sorted(FOLDER.glob("*.md"))}

# A test that runs all Python blocks of a guide, for each guide that has some, is below.
RUN = {
    "components",
    "errors",
    "getting_started",
    "incidents",
    "maintenances",
    "metrics",
    "raw_requests",
    "replicas",
    "services",
    "testing",
    "watching",
    "webhooks",
}


def blocks(language: str, guide: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDES[guide], re.MULTILINE | re.DOTALL)


class Guide:
    """Runs the Python blocks of a guide in their order, with the names that the guides are written with."""

    def __init__(self, name: str, **names: Any) -> None:
        self._name = name
        self._left = blocks("python", name)
        self.names: dict[str, Any] = {"__name__": f"guide_{name}", **names}

    async def run(self, begin: str = "") -> None:
        """Run the next block; `begin` is how some line of it begins, so that a test says which one it means."""
        source = self._left.pop(0)
        assert re.search(rf"^ *{re.escape(begin)}", source, re.MULTILINE), source
        code = compile(source, f"{self._name}.md: {begin}", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        made = eval(code, self.names)
        if inspect.isawaitable(made):
            await made

    def finished(self) -> None:
        assert not self._left, self._left[0]


OpenGuide = Callable[[str], Guide]
Capsys = pytest.CaptureFixture[str]


@pytest.fixture
async def server() -> AsyncGenerator[InstatusServer]:
    with settling(0.005):
        async with InstatusServer() as running:
            yield running


@pytest.fixture
async def client(server: InstatusServer) -> AsyncGenerator[InstatusClient]:
    async with server.client(timeout=5.0) as made:
        yield made


@pytest.fixture
def page(server: InstatusServer, client: InstatusClient) -> Page:
    return client.page(server.page_id)


@pytest.fixture
def open_guide(
    server: InstatusServer, client: InstatusClient, page: Page, monkeypatch: pytest.MonkeyPatch
) -> OpenGuide:
    """Open a guide whose clients, also those that it makes itself, go to the embedded Instatus."""
    monkeypatch.setenv("INSTATUS_API_KEY", server.api_key)
    monkeypatch.setitem(inspect.unwrap(InstatusClient.__init__).__kwdefaults__, "base_url", server.url)

    def opened(name: str) -> Guide:
        api, url = server.component_id("API"), server.page_url()
        return Guide(name, server=server, client=client, page=page, api=api, url=url)

    return opened


def test_every_guide_with_python_has_a_test() -> None:
    assert {name for name in GUIDES if blocks("python", name)} == RUN
    languages = set(re.findall(r"^```(\w+|\{\w+\})", "".join(GUIDES.values()), re.MULTILINE))
    assert languages <= {"python", "sh", "toml", "text", "{literalinclude}", "{include}", "{toctree}"}


async def test_getting_started(open_guide: OpenGuide, server: InstatusServer, page: Page) -> None:
    guide = open_guide("getting_started")
    await guide.run("async for site in client.pages.list()")
    await guide.run("site = await client.pages.find(")
    await guide.run("incident = await page.incidents.create(")
    await guide.run("await client.page(site.id).incidents.updates.create(")
    guide.finished()
    (incident,) = await page.incidents.list().collect()
    assert (incident.name, incident.status, server.announcements(incident.id)) == ("API errors", "RESOLVED", 2)


async def test_incidents(open_guide: OpenGuide, server: InstatusServer, page: Page) -> None:
    guide = open_guide("incidents")
    server.faults.next(faults.Reset(after_commit=True), "POST", "*/incidents")
    await guide.run("incident = await page.incidents.create(")
    assert server.announcements(guide.names["incident"].id) == 1

    # The answer is lost, and the record is not there before the client stops looking for it.
    async with server.client(timeout=0.3) as impatient:
        guide.names["page"] = impatient.page(server.page_id)
        server.faults.next(faults.LateCommit(after_requests=4), "POST", "*/incidents")
        await guide.run("except OutcomeUnknownError")
    assert guide.names["incident"].name == "Checkout fails"
    assert server.announcements(guide.names["incident"].id) == 1
    guide.names["page"] = page

    await guide.run("ensured = await page.incidents.ensure(")
    ensured = guide.names["ensured"]
    assert (ensured.created, ensured.incident.name) == (True, "Our checks fail [smoke-tests]")
    assert server.announcements(ensured.incident.id) == 1
    await guide.run("for incident in await page.incidents.resolve_open(")
    assert (await page.incidents.get(ensured.incident.id)).status == "RESOLVED"

    await guide.run("async with page.incidents.open(")
    restored = guide.names["incident"]
    assert [update.status for update in (await page.incidents.get(restored.id)).updates][-1] == "RESOLVED"
    assert server.announcements(restored.id) == 3
    await guide.run("async for incident in page.incidents.unresolved()")
    guide.finished()


async def test_maintenances(open_guide: OpenGuide, page: Page) -> None:
    guide = open_guide("maintenances")
    await guide.run("maintenance = await page.maintenances.schedule(")
    await guide.run("except MaintenanceConflictError")
    guide.finished()
    assert [one.name async for one in page.maintenances.list()] == ["Database upgrade"]


async def test_components(open_guide: OpenGuide, page: Page) -> None:
    guide = open_guide("components")
    await guide.run("await plan.apply()")
    guide.finished()
    assert (await page.components.find(name="Queue")).description == "Jobs"


async def test_metrics(open_guide: OpenGuide, server: InstatusServer, page: Page) -> None:
    guide = open_guide("metrics")
    metric_id = guide.names["metric_id"] = (await page.metrics.create(name="Latency", suffix="ms")).id
    await guide.run("async with page.metrics.buffer(")
    assert [point.value for point in (await page.metrics.get(metric_id)).data] == [180.25]
    await guide.run("await page.metrics.add_datapoints(")
    guide.finished()
    assert len((await page.metrics.get(metric_id)).data) == 4


async def test_watching(open_guide: OpenGuide, server: InstatusServer, page: Page) -> None:
    guide = open_guide("watching")
    second_look = asyncio.Event()
    looks = 0

    def count(event: Event) -> None:
        nonlocal looks
        looks += event.operation.endswith("/components")
        if looks == 2:
            second_look.set()

    async def an_incident() -> None:
        await second_look.wait()
        incident = await page.incidents.create(name="Down", status="INVESTIGATING", message="We look.")
        await page.incidents.updates.create(incident.id, status="RESOLVED", statuses={}, message="Fixed.")

    async with server.client(on_event=count) as watching:
        guide.names["page"] = watching.page(server.page_id)
        await asyncio.gather(guide.run("async for change in watch("), an_incident())
        assert guide.names["change"].name == "Down"
        second_look.clear()
        looks = 0
        await asyncio.gather(guide.run("async with Broadcast("), an_incident())
    await guide.run("summary = await public.summary()")
    guide.finished()


async def test_webhooks(open_guide: OpenGuide, unused_tcp_port: int, capsys: pytest.CaptureFixture[str]) -> None:
    guide = open_guide("webhooks")
    async with AsyncExitStack() as cleanup:

        async def serve(app: web.Application) -> None:
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            cleanup.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", unused_tcp_port).start()

        guide.names |= {"serve": serve, "hook_url": f"http://127.0.0.1:{unused_tcp_port}/instatus"}
        await guide.run("await server.deliveries()")
    guide.finished()
    assert capsys.readouterr().out == "Down INVESTIGATING We look.\n"


async def test_services(open_guide: OpenGuide) -> None:
    guide = open_guide("services")
    await guide.run("aiohttp.ClientSession() as session")
    guide.finished()


async def test_replicas(
    open_guide: OpenGuide, server: InstatusServer, page: Page, redis_server: RedisServer, capsys: Capsys
) -> None:
    guide = open_guide("replicas")
    guide.names["redis_url"] = redis_server.url
    await guide.run("async def replica()")
    (incident,) = await page.incidents.list().collect()
    assert server.announcements(incident.id) == 1
    await guide.run("gate = RateGate()")
    capsys.readouterr()
    await guide.run("RedisGate(redis_url, rate=20) as gate")
    assert capsys.readouterr().out == "True True\n"
    guide.finished()


async def test_testing(open_guide: OpenGuide, tmp_path: Path) -> None:
    guide = open_guide("testing")
    await guide.run("async with InstatusServer() as server")
    (settings,) = blocks("toml", "testing")
    (tmp_path / "pyproject.toml").write_text(settings, encoding="utf-8")
    (tmp_path / "test_bot.py").write_text(guide._left.pop(0), encoding="utf-8")
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-W", "error", "-m", "pytest", "-W", "error", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr
    await guide.run("InstatusServer(clock=ManualClock(now)) as server")
    guide.finished()


async def test_errors(open_guide: OpenGuide, server: InstatusServer, capsys: pytest.CaptureFixture[str]) -> None:
    guide = open_guide("errors")
    await guide.run("async def announce()")
    announce = guide.names["announce"]
    assert (await announce()).startswith("announced as c")
    server.faults.next(faults.Status(400), "POST")
    assert (await announce()).startswith("not announced: ")
    server.faults.next(faults.Status(429, headers={"Retry-After": "60"}), "POST")
    assert (await announce()).startswith("not announced, try again in 6")
    guide.names["page"] = server.client(timeout=0.3).page(server.page_id)
    server.faults.next(faults.LateCommit(after_requests=99), "POST")
    assert (await announce()).startswith("perhaps announced")
    await guide.names["page"]._session.aclose()
    await guide.run("def heard(event: Event)")
    guide.finished()
    assert "attempt GET /v1/{page_id}/components 1" in capsys.readouterr().out


async def test_raw_requests(open_guide: OpenGuide, server: InstatusServer, page: Page) -> None:
    guide = open_guide("raw_requests")
    await guide.run("async with page.incidents.open(")
    await guide.run("await page.incidents.resolve_open(")
    await guide.run("await client.request(")
    guide.finished()
    incidents = await page.incidents.list().collect()
    assert {(incident.name, incident.status) for incident in incidents} == {
        ("API errors", "RESOLVED"),
        ("API errors [api]", "RESOLVED"),
    }


# --- What is typed into a shell --------------------------------------------------------------------------------------

# Subprocesses go to the embedded Instatus too: Python imports this before anything else.
SITE = """
import os
from instatus_async import InstatusClient
InstatusClient.__init__.__kwdefaults__["base_url"] = os.environ["INSTATUS_TEST_URL"]
"""


LEFT_RUNNING = "python -m instatus_async.testing --demo\n"
COMMANDS = [(name, text) for name in GUIDES for text in blocks("sh", name)]


async def test_what_is_left_running() -> None:
    assert ("getting_started", LEFT_RUNNING) in COMMANDS
    _, *arguments = LEFT_RUNNING.split()
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=subprocess.PIPE)
    assert process.stdout is not None
    while b"http://" not in (line := await process.stdout.readline()):
        assert line
    process.terminate()
    await process.communicate()


@pytest.mark.parametrize(("guide", "command"), [one for one in COMMANDS if one[1] != LEFT_RUNNING])
async def test_a_command(guide: str, command: str, server: InstatusServer, tmp_path: Path) -> None:
    """Run in a folder with the examples and the file that the guide shows; nothing may be left on stderr."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(SITE, encoding="utf-8")
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    for text in blocks("toml", guide):
        (tmp_path / "components.toml").write_text(text, encoding="utf-8")
    server.seed(metrics=[{"name": "Latency", "suffix": "ms"}])
    (hook,) = server.seed(integrations=[{"componentId": server.component_id("API")}])["integrations"]
    (beat,) = server.seed(heartbeats=[{"name": "Nightly"}])["heartbeats"]
    folder = str(Path(sys.executable).parent)
    environment = {
        **os.environ,
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": f"{tmp_path / 'site'}{os.pathsep}{ROOT}",
        "INSTATUS_API_KEY": server.api_key,
        "INSTATUS_TEST_URL": server.url,
        "INSTATUS_BASE_URL": server.url,
        "INSTATUS_PAGE": "acme",
        "INSTATUS_TRIGGER_URL": f"{server.url}/v3/integrations/webhook/{hook}",
        "INSTATUS_HEARTBEAT_URL": f"{server.url}/{beat}",
    }
    process = await asyncio.create_subprocess_exec(
        "bash", "-euc", command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, errors = await process.communicate()
    assert (process.returncode, errors.decode()) == (0, ""), out.decode()
    assert out


def test_the_exit_codes_are_those_of_the_help() -> None:
    assert blocks("text", "command_line") == [EXIT_CODES]


def test_the_programs_shown_are_there() -> None:
    for name, text in GUIDES.items():
        for file in re.findall(r"^```\{literalinclude\} (.*)$", text, re.MULTILINE):
            assert (FOLDER / file).is_file(), (name, file)


def test_the_quirks_that_are_cited_are_explained() -> None:
    """In docstrings and comments, and in the other guides."""
    explained = set(re.findall(r"^\(quirk-(\d+)\)=$", GUIDES["quirks"], re.MULTILINE))
    texts = [file.read_text(encoding="utf-8") for file in Path(instatus_async.__file__).parent.rglob("*.py")]
    cited = {number for text in [*texts, *GUIDES.values()] for number in re.findall(r"\b(?:quirk|claim)\s+(\d+)", text)}
    assert cited <= explained
