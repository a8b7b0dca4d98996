"""The check of the public names against the last release, on repositories of its own."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

if shutil.which("git") is None:
    pytest.skip("git is not installed", allow_module_level=True)
if importlib.util.find_spec("griffe") is None:
    pytest.skip("griffe is not installed: pip install griffe", allow_module_level=True)

from tests import api_changes  # noqa: E402 - it needs griffe


@pytest.fixture(autouse=True)
def _git_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a developer's settings out, and the repository of a hook that runs the tests."""
    for name in os.environ:
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


def commit(root: Path, tag: str | None = None) -> None:
    api_changes.git(root, "add", "--all")
    who = ("-c", "user.name=a", "-c", "user.email=a@a.example")
    api_changes.git(root, *who, "commit", "--quiet", "--allow-empty", "--message", "x")
    if tag is not None:
        api_changes.git(root, "tag", tag)


def edit(file: Path, *changes: tuple[str, str]) -> None:
    """Replace what stands there once."""
    text = file.read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, (file.name, old, text.count(old))
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")


@pytest.fixture
def real(tmp_path: Path) -> Path:
    """This package as version 0.1.0, released."""
    shutil.copytree(ROOT / "instatus_async", tmp_path / "instatus_async", ignore=shutil.ignore_patterns("__pycache__"))
    set_version(tmp_path, "0.1.0")
    api_changes.git(tmp_path, "init", "--quiet")
    commit(tmp_path, "v0.1.0")
    return tmp_path


def set_version(root: Path, version: str) -> None:
    (root / "instatus_async" / "_version.py").write_text(f'__version__ = "{version}"\n', encoding="utf-8")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A package with one function, which was never released."""
    package = tmp_path / "instatus_async"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .home import call\n__all__ = ['call']\n"
    )
    (package / "home.py").write_text("def call(a, *, b=1): ...\ndef internal(c): ...\n")
    set_version(tmp_path, "0.1.0")
    api_changes.git(tmp_path, "init", "--quiet")
    commit(tmp_path)
    return tmp_path


def lose_a_parameter(root: Path) -> None:
    edit(root / "instatus_async" / "home.py", ("def call(a, *, b=1)", "def call(a)"))


def test_every_lazy_name_is_found(real: Path) -> None:
    """griffe reads them where type checkers do; a name that it could not follow would raise."""
    package = api_changes.load(real)
    assert package.filepath == real / "instatus_async" / "__init__.py"
    found = api_changes.exported(package)
    text = (real / "instatus_async" / "__init__.py").read_text(encoding="utf-8")
    (source,) = re.findall(r"^__all__ = (\[.*?\])", text, re.MULTILINE | re.DOTALL)
    names = set(ast.literal_eval(source))
    assert len(names) > 200
    assert {name.rpartition(".")[2] for name in found if name.count(".") == 1} == names
    assert all(not definition.is_alias for definition in found.values())
    assert {"instatus_async.webhooks.aiohttp_handler", "instatus_async.testing.faults.Reset"} <= found.keys()


def test_the_same_tree_breaks_nothing(real: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert api_changes.main(real) == 0
    assert capsys.readouterr().out == "0.1.0 takes nothing away that v0.1.0 has.\n"


def test_what_is_added_or_moved_or_internal_breaks_nothing(real: Path) -> None:
    package = real / "instatus_async"
    edit(
        package / "client.py",
        ("api_key: str | None = None,\n        *,", "api_key: str | None = None,\n        *, new=1,"),
    )
    edit(
        package / "resources" / "incidents.py",
        ('    RESOLVED = "RESOLVED"', '    RESOLVED = "RESOLVED"\n    NEW = "NEW"'),
        ("    should_publish: bool", "    new: str\n    should_publish: bool"),
        (
            "    async def get(self, incident_id: str, /) -> Incident:",
            "    async def get(self, new: str, /) -> Incident:",
        ),
    )
    edit(package / "retry.py", ("class RetryQuota:", "class Quota:"))
    (package / "retry.py").rename(package / "new_home.py")
    for file in package.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        file.write_text(re.sub(r"^( *from \.+)retry ", r"\1new_home ", text, flags=re.MULTILINE), encoding="utf-8")
    assert api_changes.breaks(api_changes.released(real, "v0.1.0"), api_changes.load(real)) == []


def test_what_is_taken_away_is_found(real: Path, capsys: pytest.CaptureFixture[str]) -> None:
    package = real / "instatus_async"
    edit(package / "client.py", ("        user_agent: str | None = None,\n", ""))
    edit(
        package / "resources" / "incidents.py",
        ('    RESOLVED = "RESOLVED"\n', ""),
        ("    components: tuple[Component, ...] = ()\n", ""),
        ("    notify: bool\n", ""),
        ('    message: str\n    """The first update."""', "    message: Required[str]\n    why: Required[str]"),
        ("    async def get(self, incident_id: str, /) -> Incident:", "    def get(self) -> Incident:"),
    )
    edit(
        package / "__init__.py",
        ('    "Pages",\n', ""),
        ("TeammatePermission, Teammates\n", "TeammatePermission\n"),
        ('    "Teammates",\n', ""),
    )
    edit(package / "testing" / "faults.py", ("class Reset(", "class Broken("), ('    "Reset",\n', ""))
    (package / "webhooks.py").write_text("def gone() -> None: ...\n", encoding="utf-8")

    assert api_changes.main(real) == 1
    first, *found, last = capsys.readouterr().out.splitlines()
    assert first == "0.1.0 breaks what v0.1.0 promised:"
    assert last.startswith("Keep them until")
    for line in (
        "`instatus_async.client.InstatusClient.__init__(user_agent)`: *Parameter was removed*",
        "`instatus_async.resources.incidents.IncidentStatus.RESOLVED`: *Public object was removed*",
        "`instatus_async.resources.incidents.Incident.components`: *Public object was removed*",
        "`instatus_async.resources.incidents.IncidentCreate.message`: *must be given now*",
        "`instatus_async.resources.incidents.IncidentCreate.why`: *must be given now*",
        "`instatus_async.resources.incidents.Incidents.get`: *can not be awaited now*",
        "`instatus_async.resources.incidents.Incidents.get(#1)`: *Parameter was removed*",
        "`instatus_async.Pages`: *no longer in `__all__`*",
        "`instatus_async.Teammates`: *Public object was removed*",
        "`instatus_async.testing.faults.Reset`: *Public object was removed*",
        "`instatus_async.webhooks.aiohttp_handler`: *Public object was removed*",
    ):
        assert f"  {line}" in found, "\n".join(found)
    assert any("notify" in line for line in found), "\n".join(found)


def test_without_a_release_there_is_nothing_to_compare_with(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for tag in ("v0.1", "0.1.0", "v0.1.0rc1", "other"):  # no releases
        api_changes.git(small, "tag", tag)
    assert api_changes.main(small) == 0
    assert capsys.readouterr().out.startswith("There is no release yet")
    shutil.rmtree(small / ".git")
    assert api_changes.main(small) == 0


def test_the_first_tag_starts_it(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lose_a_parameter(small)
    assert api_changes.main(small) == 0
    api_changes.git(small, "tag", "v0.1.0")
    assert api_changes.main(small) == 1
    assert "`instatus_async.home.call(b)`: *Parameter was removed*" in capsys.readouterr().out


def test_the_newest_release_that_leads_here_counts(small: Path) -> None:
    """By its number, not by its text or age; one on another branch does not."""
    commit(small, "v0.10.0")
    commit(small, "v0.9.1")
    api_changes.git(small, "checkout", "--quiet", "-b", "other")
    commit(small, "v2.0.0")
    api_changes.git(small, "checkout", "--quiet", "-")
    assert api_changes.last_release(small) == "v0.10.0"


@pytest.mark.parametrize(
    ("old", "new", "allowed"),
    [
        ("0.1.0", "0.1.1", False),
        ("0.1.0", "0.2.0", True),
        ("0.9.0", "1.0.0", True),
        ("1.0.0", "0.9.0", False),
        ("1.9.0", "1.10.0", False),
        ("1.9.0", "2.0.0", True),
    ],
)
def test_a_version_may_say_that_it_breaks(
    small: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, allowed: bool
) -> None:
    commit(small, f"v{old}")
    lose_a_parameter(small)
    set_version(small, new)
    assert api_changes.main(small) == (not allowed)
    said = capsys.readouterr().out
    assert "`instatus_async.home.call(b)`" in said
    assert ("Its number says so" in said) is allowed


def test_a_changed_default_is_a_break(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`notify` is one."""
    commit(small, "v0.1.0")
    edit(small / "instatus_async" / "home.py", ("b=1", "b=2"))
    assert api_changes.main(small) == 1
    assert "`instatus_async.home.call(b)`: *Parameter default was changed*" in capsys.readouterr().out


def test_a_shallow_clone_is_not_taken_for_one_without_releases(
    small: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    commit(small, "v0.1.0")
    commit(small)
    shallow = tmp_path_factory.mktemp("shallow")
    api_changes.git(shallow, "clone", "--quiet", "--depth=1", "--no-tags", small.as_uri(), ".")
    with pytest.raises(SystemExit, match="git fetch --unshallow --tags"):
        api_changes.main(shallow)


def test_git_that_fails_is_said(small: Path) -> None:
    (small / ".git" / "HEAD").write_text("nonsense")
    with pytest.raises(SystemExit, match=r"git tag --merged HEAD failed: .+"):
        api_changes.main(small)


def test_the_documents_import_from_public_modules_only() -> None:
    """A module that the README, an example or a public docstring shows is one that users import from."""
    files = [ROOT / "README.md", *(ROOT / "examples").glob("*.py")]
    files += [ROOT / "instatus_async" / f"{name}.py" for name in ("__init__", "webhooks", "testing/__init__")]
    shown: set[str] = set()
    for file in files:
        text = file.read_text(encoding="utf-8")
        shown |= set(re.findall(r"^ *(?:from|import) (instatus_async(?:\.\w+)*)", text, re.MULTILINE))
    assert "instatus_async.testing" in shown
    assert shown <= set(api_changes.PUBLIC_MODULES)
