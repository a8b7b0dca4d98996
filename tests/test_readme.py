"""What the README says is run: its Python, and its commands as far as they are short."""

from __future__ import annotations

import asyncio
import hmac
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from instatus_async.testing import InstatusServer, faults

from .redis_server import RedisServer

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str, text: str = README) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [source for named, source in found if named == language]


def section(heading: str) -> str:
    """What stands under a heading, up to the next one."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)
    assert found is not None, heading
    return found[1]


def defined(name: str) -> Any:
    """Run the block that defines a function, and return the function."""
    (source,) = (block for block in blocks("python") if f"def {name}(" in block)
    scope: dict[str, Any] = {"__name__": "readme"}
    exec(compile(source, f"README.md: {name}", "exec"), scope)
    return scope[name]


# Each Python block defines one function, and each function has a test below.
FUNCTIONS = {
    "announce",
    "database_down",
    "follow",
    "is_it_down",
    "open_incident",
    "open_incidents",
    "push",
    "say_it_fails",
    "test_my_bot",
    "tests_failed",
    "tidy",
    "webhook_app",
}


def test_every_python_block_has_a_test() -> None:
    sources = blocks("python")
    names = [name for source in sources for name in re.findall(r"^(?:async )?def (\w+)", source, re.MULTILINE)]
    assert len(names) == len(sources)
    assert set(names) == FUNCTIONS
    for source in sources:
        compile(source, "README.md", "exec")


async def test_announce(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its client takes the key from the environment, and goes to the embedded Instatus instead of the real one."""
    async with InstatusServer() as server, server.client() as client:
        announce = defined("announce")
        monkeypatch.setenv("INSTATUS_API_KEY", server.api_key)
        real = announce.__globals__["InstatusClient"]
        announce.__globals__["InstatusClient"] = lambda: real(base_url=server.url)
        await announce(server.page_id)
        (incident,) = await client.page(server.page_id).incidents.list().collect()
        assert (incident.name, incident.status) == ("API errors", "RESOLVED")
        assert {update.message for update in incident.updates} == {"We are on it.", "A disk is full.", "Fixed."}
        assert server.announcements(incident.id) == 3
        assert {component.status for component in incident.components} == {"OPERATIONAL"}


async def test_open_incident() -> None:
    """Its answer is lost and found at once; then it is lost and found later."""
    async with InstatusServer() as server, server.client(timeout=1.0) as client:
        server.faults.next(faults.Reset(after_commit=True), "POST")
        assert (await defined("open_incident")(client, server.page_id)).name == "API errors"
        server.faults.next(faults.LateCommit(after_requests=5), "POST")
        late = await defined("open_incident")(client, server.page_id)
        assert late is not None
        assert server.announcements(late.id) == 1


async def test_open_incidents() -> None:
    async with InstatusServer() as server, server.client() as client:
        incidents = client.page(server.page_id).incidents
        for name, status in (("Old", "RESOLVED"), ("New", "IDENTIFIED")):
            await incidents.create(name=name, status="RESOLVED" if status == "RESOLVED" else "IDENTIFIED")
        assert await defined("open_incidents")(client, server.page_id) == ["New"]


async def test_is_it_down() -> None:
    async with InstatusServer() as server, server.client() as client:
        is_it_down = defined("is_it_down")
        assert await is_it_down(server.page_url()) is False
        await client.page(server.page_id).incidents.create(
            name="Down", status="INVESTIGATING", statuses={server.component_id("API"): "MAJOROUTAGE"}
        )
        assert await is_it_down(server.page_url()) is True


async def test_tests_failed() -> None:
    async with InstatusServer() as server, server.client() as client:
        page = client.page(server.page_id)
        tests_failed = defined("tests_failed")
        await asyncio.gather(*(tests_failed(page, failed=True) for _ in range(3)))
        (incident,) = await page.incidents.unresolved().collect()
        assert (incident.name, server.announcements(incident.id)) == ("Deploys are halted [ci-main]", 1)
        await tests_failed(page, failed=False)
        assert (await page.incidents.get(incident.id)).status == "RESOLVED"


async def test_say_it_fails() -> None:
    async with InstatusServer() as server, server.client(timeout=0.5) as client:
        say_it_fails, page = defined("say_it_fails"), client.page(server.page_id)
        assert await say_it_fails(page, "API", "We are on it.") == "API fails is open, and everybody has been told."
        server.faults.next(faults.Status(400), "POST", "*/incident-updates")
        assert (await say_it_fails(page, "Website", "We are on it.")).endswith("is open. Nobody has been told.")
        assert "nobody has been told yet" in await say_it_fails(page, "Website", "We are on it.")
        assert not (await say_it_fails(page, "Fax", "It jams.")).startswith("It may be out")
        server.faults.every(faults.LateCommit(after_requests=1000), "POST")
        assert (await say_it_fails(page, "App", "We are on it.")).startswith("It may be out")


async def test_database_down(redis_server: RedisServer) -> None:
    async with InstatusServer() as server:
        call = defined("database_down")
        real = call.__globals__["InstatusClient"]
        call.__globals__["InstatusClient"] = partial(real, server.api_key, base_url=server.url)
        first, second = [await call(redis_server.url, server.page_id) for _ in range(2)]
        assert first == second
        assert server.announcements(first) == 1


async def test_tidy(capsys: pytest.CaptureFixture[str]) -> None:
    async with InstatusServer() as server, server.client() as client:
        page = client.page(server.page_id)
        assert (await page.components.get(await defined("tidy")(client))).name == "Database"
        assert "Database" in capsys.readouterr().out


class Kept:
    """A file that tells when it was written."""

    def __init__(self) -> None:
        self.text = ""
        self.written = asyncio.Event()

    def exists(self) -> bool:
        return bool(self.text)

    def read_text(self) -> str:
        return self.text

    def write_text(self, text: str) -> None:
        self.text = text
        self.written.set()


async def test_follow(capsys: pytest.CaptureFixture[str]) -> None:
    """What happens while it is down is told by the next one, which looks at once."""
    async with InstatusServer() as server, server.client() as client:
        incidents, kept = client.page(server.page_id).incidents, Kept()

        async def until(said: str) -> None:
            following = asyncio.ensure_future(defined("follow")(server.page_url(), kept))
            out = ""
            while said not in out or not kept.text:
                await kept.written.wait()
                kept.written.clear()
                out += capsys.readouterr().out
            following.cancel()
            await asyncio.wait([following])

        await until("")
        down = await incidents.create(name="Down", status="INVESTIGATING", message="m")
        await until("down: Down")
        await incidents.updates.create(down.id, status="RESOLVED", statuses={}, message="m")
        await until("up again: Down")


async def test_webhook_app() -> None:
    said: list[str] = []
    secret = "5a" * 32
    body = b'{"incident":{"id":"i1","name":"Down","status":"Investigating"}}'
    async with TestClient(TestServer(defined("webhook_app")(secret, said))) as browser:
        signature = hmac.new(secret.encode(), body, "sha256").hexdigest()
        for given, status in ((signature, 200), ("0" * 64, 401)):
            answer = await browser.post("/instatus", data=body, headers={"x-instatus-webhook-signature": given})
            assert answer.status == status
    assert said == ["Down: INVESTIGATING"]


async def test_push() -> None:
    async with InstatusServer() as server, server.client() as client:
        page = client.page(server.page_id)
        metric = await page.metrics.create(name="Latency", suffix="ms")

        async def measure() -> float:
            return 12.5

        await defined("push")(page, metric.id, measure, 3)
        assert {point.value for point in (await page.metrics.get(metric.id)).data} == {12.5}


def test_my_bot(tmp_path: Path) -> None:
    """A file that pytest runs as it stands, with the settings beside it, and without a warning."""
    (source,) = (block for block in blocks("python") if "def test_my_bot(" in block)
    (settings,) = blocks("toml", section("Testing your bot"))
    (tmp_path / "test_bot.py").write_text(source, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(settings, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "pytest", "-W", "error", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr


async def test_the_shell(tmp_path: Path) -> None:
    """The commands as they stand, but for the key and the address, on the embedded Instatus."""
    (source,) = blocks("sh", section("The jobs people do"))
    command = tmp_path / "instatus-async"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m instatus_async "$@"\n', encoding="utf-8")
    deploy = tmp_path / "deploy.sh"
    deploy.write_text("#!/bin/sh\necho deployed > done.txt\n", encoding="utf-8")
    for script in (command, deploy):
        script.chmod(0o755)
    async with InstatusServer() as server, server.client() as client:
        source = source.replace("=...", f"={server.api_key}").replace("https://acme.instatus.com", server.page_url())
        environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "PYTHONPATH": str(ROOT), "INSTATUS_BASE_URL": server.url}
        shell = await asyncio.create_subprocess_exec("sh", "-eu", "-c", source, env=environment, cwd=tmp_path)
        assert await shell.wait() == 0
        (incident,) = await client.page(server.page_id).incidents.list().collect()
        assert (incident.status, server.announcements(incident.id)) == ("RESOLVED", 2)
        (maintenance,) = await client.page(server.page_id).maintenances.list().collect()
        assert maintenance.status == "COMPLETED"
        assert (tmp_path / "done.txt").read_text(encoding="utf-8") == "deployed\n"


def commands(heading: str) -> list[str]:
    """The lines that are typed into a shell under a heading, without their comments."""
    text = "".join(blocks("sh", section(heading)))
    return [re.sub(r"\s+#.*", "", line) for line in text.splitlines()]


# Of each section so many are run, or looked at, by tests: below, in test_documentation.py and in test_benchmarks.py.
COMMANDS = {
    "Run it": 3,
    "Test it": 4,
    "Documentation": 2,
    "The jobs people do": 5,
    "When things go wrong": 1,
    "Speed": 1,
    "Working on it": 4,
}


def test_every_command_has_a_test() -> None:
    found = {heading: len(commands(heading)) for heading in re.findall(r"^## (.*)$", README, re.MULTILINE)}
    assert {heading: count for heading, count in found.items() if count} == COMMANDS
    assert set(re.findall(r"^```(\w*)\n.*?^```$", README, re.MULTILINE | re.DOTALL)) == {"python", "sh", "text", "toml"}


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_what_is_to_be_installed_is_there(project: dict[str, Any]) -> None:
    groups = set(re.findall(r"--group (\w+)", README))
    assert groups == {"dev", "docs"}
    assert groups <= set(project["dependency-groups"])
    extras = set(re.findall(r"instatus_async\[(\w+)\]", README))
    assert extras == set(project["project"]["optional-dependencies"])


def test_the_modules_to_be_run_are_there() -> None:
    modules = {name for name in re.findall(r"python -m ([\w.]+)", README) if name.startswith(("tests", "instatus"))}
    assert len(modules) >= 5
    for name in modules:
        found = importlib.util.find_spec(name)
        assert found is not None, name
        if found.submodule_search_locations is not None:
            assert importlib.util.find_spec(f"{name}.__main__") is not None, name


def test_chaos() -> None:
    """With two of its days."""
    (command,) = commands("When things go wrong")
    short = command.replace("=10000 ", "=2 ").replace(".venv/bin/python", sys.executable)
    assert short != command
    done = subprocess.run(["sh", "-c", short], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 seeds from " in done.stdout
    assert "0 double announcements" in done.stdout


def test_the_commands_of_who_works_on_it(project: dict[str, Any]) -> None:
    """All of them take too long: the tools only say that they know the options."""
    style, types, everything, oldest = commands("Working on it")
    for command in f"{style} && {types}".split(" && "):
        program, *arguments = command.split()
        name = program.removeprefix(".venv/bin/")
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed: pip install --group test")
        asked = [sys.executable, "-m", name, *arguments, "--help"]
        done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    assert oldest.removeprefix("tox run -e ") in project["tool"]["tox"]["env_list"]
    if (ROOT / ".ci").is_dir():  # not in an sdist
        assert os.access(ROOT / everything, os.X_OK)


@pytest.mark.parametrize("heading", ["Run it", "Test it"])
def test_the_two_commands(heading: str) -> None:
    """One sh block each, which begins with nothing but Python."""
    (command,) = blocks("sh", section(heading))
    assert command.startswith("python3 -m venv ")
    last = command.strip().splitlines()[-1]
    if heading == "Run it":
        assert last.endswith(" examples/quickstart.py")
        assert (ROOT / "examples" / "quickstart.py").is_file()
    else:
        assert " -m pytest" in last


def test_the_main_job() -> None:
    """The program of the first command, on the embedded Instatus; it leaves nothing on stderr."""
    done = subprocess.run(
        [sys.executable, "-W", "error", str(ROOT / "examples" / "quickstart.py")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert any(re.match(r"incident +API errors: RESOLVED, after .*RESOLVED", line) for line in lines), done.stdout
    assert any(line.startswith("maintenance ") for line in lines)
    assert any(re.match(r"metric +.*: 5 datapoints", line) for line in lines)
    pages = [line for line in lines if line.startswith("public page ")]
    assert pages[-1].endswith("0 open incidents")


def test_what_the_readme_points_to_exists() -> None:
    """Files of the layout and relative links."""
    tree = section("Working on it")
    for name in re.findall(r"^  (\w+\.py)  ", tree, re.MULTILINE):
        assert (ROOT / "instatus_async" / name).is_file(), name
    for link in re.findall(r"\]\((?!https?://|#)([^)#]+)", README):
        assert (ROOT / link).exists(), link
