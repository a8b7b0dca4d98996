"""The site of guides and reference: it builds without a warning, it is complete, and its links lead somewhere."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import re
import subprocess
import sys
import zlib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import attrs
import pytest
from aiohttp import web

import instatus_async
from tests.test_readme import commands
from tests.testing.chromium import chromium, find_chromium, tab_of

ROOT = Path(__file__).parent.parent
NEEDED = ("sphinx", "furo", "myst_parser")
MODULES = ("webhooks", "severity", "testing", "testing.faults", "redis")
FIXTURES = ("instatus_server", "instatus_client", "instatus_page")


class Page(HTMLParser):
    """The links of a page, and what links can lead to."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.ids: set[str] = set()
        self.text = file.read_text(encoding="utf-8")
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.ids.add(value)
            elif name in {"href", "src"} and value is not None:
                self.links.add(value)


@attrs.frozen
class Site:
    folder: Path
    pages: dict[Path, Page]
    names: dict[str, str]
    """Every documented name, and the address of its entry."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Build it by the README's command, but into another folder."""
    if not all(map(importlib.util.find_spec, NEEDED)):
        pytest.skip("Sphinx, furo and myst-parser are not installed: pip install --group docs")
    folder = tmp_path_factory.mktemp("site")
    _, build = commands("Documentation")
    python, *arguments, target = build.split()
    assert (python, target) == (".venv/bin/python", "build/docs")
    options = ["--keep-going", "-q", "-d", str(folder / "doctrees")]
    command = [sys.executable, *arguments, str(folder / "html"), *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    html = folder / "html"
    pages = {file: Page(file) for file in html.rglob("*.html")}
    return Site(html, pages, dict(inventory(html / "objects.inv")))


def inventory(file: Path) -> Iterator[tuple[str, str]]:
    """Read Sphinx's list of the names of Python."""
    _, _, _, _, packed = file.read_bytes().split(b"\n", 4)
    for line in zlib.decompress(packed).decode().splitlines():
        name, role, _, address, _ = line.split(" ", 4)
        if role.startswith("py:"):
            yield name, address.replace("$", name)


def test_every_public_name_has_an_entry(site: Site) -> None:
    wanted = {f"instatus_async.{name}" for name in instatus_async.__all__}
    for module in MODULES:
        home = importlib.import_module(f"instatus_async.{module}")
        wanted |= {home.__name__}
        wanted |= {f"{home.__name__}.{name}" for name in home.__all__}
    wanted |= {f"instatus_async.testing.plugin.{name}" for name in FIXTURES}
    assert wanted <= site.names.keys()
    assert {name for name in site.names if not name.startswith("instatus_async")} == set()


def methods() -> Iterator[tuple[str, Any]]:
    for name in instatus_async.__all__:
        value = getattr(instatus_async, name)
        if inspect.isclass(value):
            for attribute, function in vars(value).items():
                if inspect.isfunction(function) and attribute[0] != "_":
                    yield f"instatus_async.{name}.{attribute}", function


def test_every_method_has_an_entry_with_all_its_fields(site: Site) -> None:
    internal = {"instatus_async.OpenIncident.resumed"}
    texts = "".join(page.text for page in site.pages.values())
    entries = dict(re.findall(r'<dt class="sig[^>]* id="([^"]+)">(.*?)(?=<dt class="sig|\Z)', texts, re.DOTALL))
    checked = 0
    for name, function in methods():
        if name in internal or issubclass_of_fault(name):
            continue
        assert name in entries, name
        hints = function.__annotations__
        for field in hints["fields"].__args__[0].__annotations__ if "fields" in hints else ():
            assert f"<strong>{field}</strong>" in entries[name], f"{name}({field}=)"
            checked += 1
    assert checked > 200


def issubclass_of_fault(name: str) -> bool:
    return name.startswith("instatus_async.testing.")


def test_no_link_inside_is_broken(site: Site) -> None:
    for file, page in site.pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = file if not parts.path else (file.parent / unquote(parts.path)).resolve()
            assert target.is_file(), f"{file.name}: {link}"
            if parts.fragment and target in site.pages:
                assert unquote(parts.fragment) in site.pages[target].ids, f"{file.name}: {link}"
    for name, address in site.names.items():
        path, _, fragment = address.partition("#")
        assert fragment in site.pages[site.folder / path].ids, name


def test_few_links_lead_outside(site: Site) -> None:
    hosts = {urlsplit(link).netloc for page in site.pages.values() for link in page.links} - {""}
    assert hosts <= {"instatus.com", "github.com"}


def test_nothing_tells_where_it_was_built(site: Site) -> None:
    here = {str(ROOT), str(Path.home()), sys.prefix, str(site.folder.parent)} - {"/"}
    for file in site.folder.rglob("*"):
        if file.is_file() and file.suffix in {".html", ".js", ".css", ".inv", ".txt"}:
            text = file.read_text(encoding="utf-8", errors="replace")
            assert not [place for place in here if place in text], file.name
    for page in site.pages.values():
        assert " object at 0x" not in page.text


# Texts whose contrast with what is behind them is less than WCAG's AA wants: 4.5 to 1.
FAINT = """(() => {
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const linear = x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => [r, g, b].map(x => linear(x / 255))
    .reduce((sum, x, i) => sum + x * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = node => {
    for (; node; node = node.parentElement) {
      const color = parse(getComputedStyle(node).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const found = new Set();
  for (const node of document.querySelectorAll('article *')) {
    const own = [...node.childNodes].some(child => child.nodeType === 3 && child.textContent.trim());
    if (!own || !node.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
    if (node.matches('.headerlink, .linenos')) continue;
    const [a, b] = [light(parse(getComputedStyle(node).color)), light(behind(node))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) found.add(node.textContent.trim().slice(0, 40));
  }
  return [...found];
})()"""


async def test_it_can_be_read_on_a_phone_and_in_the_dark(site: Site, tmp_path: Path) -> None:
    """No page is wider than a phone, no text is faint, and nothing is fetched from elsewhere."""
    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium: apt-get install chromium")
    app = web.Application()
    app.router.add_static("/", site.folder)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        with chromium(program, tmp_path) as address:
            async with tab_of(address) as tab:
                for file in sorted(site.pages):
                    name = file.relative_to(site.folder).as_posix()
                    await tab.open(f"{origin}/{name}", width=390)
                    assert await tab.evaluate("document.documentElement.scrollWidth") <= 390, name
                    for dark in (False, True):
                        await tab.scheme(dark=dark)
                        assert await tab.evaluate(FAINT) == [], (name, dark)
                assert [url for url in tab.requested if not url.startswith((origin, "data:"))] == []
                assert tab.complaints == []
    finally:
        await runner.cleanup()
