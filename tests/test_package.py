"""What is published: the wheel and the sdist of `python -m build`, installed and unpacked; and the changelog."""

from __future__ import annotations

import importlib.util
import itertools
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Sequence
from datetime import date
from email.parser import Parser
from importlib import metadata
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

import attrs
import pytest

import instatus_async
from tests import installed_size

ROOT = Path(__file__).parent.parent
VERSION_FILE = "instatus_async/_version.py"


@attrs.frozen
class Built:
    wheel: zipfile.ZipFile
    sdist: tarfile.TarFile

    @property
    def sources(self) -> set[str]:
        """The files of the sdist, without its own folder."""
        return {name.split("/", 1)[1] for name in self.sdist.getnames() if "/" in name}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Build from a copy, so that nothing is left behind; the wheel is made from the sdist."""
    if importlib.util.find_spec("build") is None:
        pytest.skip("build is not installed: pip install build")
    folder = tmp_path_factory.mktemp("package")
    rubbish = shutil.ignore_patterns(".*", "__pycache__", "dist")
    shutil.copytree(ROOT, folder / "source", ignore=rubbish)
    command = [sys.executable, "-m", "build", "--outdir", str(folder / "dist"), str(folder / "source")]
    if importlib.util.find_spec("hatchling") is not None:
        command.append("--no-isolation")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = (folder / "dist").glob("*.whl")
    (sdist,) = (folder / "dist").glob("*.tar.gz")
    return Built(zipfile.ZipFile(wheel), tarfile.open(sdist))


@attrs.frozen
class Installed:
    python: Path
    packages: Path

    def run(self, *arguments: str) -> str:
        """Run Python far from this tree, and give what it printed; it may not warn."""
        command = [str(self.python), "-I", "-W", "error", *arguments]
        done = subprocess.run(command, cwd=self.packages, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
        return done.stdout


def needed(requirements: Sequence[str]) -> dict[str, Distribution]:
    """Find what the package needs, and what that needs, and nothing else that happens to be here."""
    found: dict[str, Distribution] = {}
    rest = list(requirements)
    while rest:
        requirement = rest.pop()
        name = re.sub(r"[_.]+", "-", re.split(r"[^\w.-]", requirement, maxsplit=1)[0]).lower()
        if name not in found and "extra ==" not in requirement:
            try:
                found[name] = metadata.distribution(name)
            except metadata.PackageNotFoundError:  # another Python needs it
                continue
            rest.extend(found[name].requires or ())
    return found


@pytest.fixture(scope="module")
def installed(built: Built, project: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Install the wheel into an environment of its own, with its dependencies from here: no network is needed."""
    if importlib.util.find_spec("pip") is None:
        pytest.skip("pip is not installed: python -m ensurepip")
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    wheel = str(built.wheel.filename)
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--quiet", "install", "--no-index", "--no-deps", wheel]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    found = subprocess.run([python, "-c", where], capture_output=True, text=True, check=True)
    packages = Path(found.stdout.strip())
    for distribution in needed(project["project"]["dependencies"]).values():
        for top in {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}:
            source = Path(str(distribution.locate_file(top)))
            if source.is_dir():
                shutil.copytree(source, packages / top, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, packages / top)
    return Installed(python, packages)


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def modules() -> set[str]:
    """All that the package consists of here."""
    files = (ROOT / "instatus_async").rglob("*")
    return {str(file.relative_to(ROOT)) for file in files if file.is_file() and "__pycache__" not in file.parts}


def test_the_wheel_is_the_package_and_nothing_else(built: Built) -> None:
    names = set(built.wheel.namelist())
    assert "instatus_async/py.typed" in names
    assert {name for name in names if ".dist-info/" not in name} == modules()
    assert {name.split("/")[0] for name in names} == {
        "instatus_async",
        f"instatus_async-{instatus_async.__version__}.dist-info",
    }


def test_the_sdist_can_be_built_and_tested_again(built: Built) -> None:
    assert modules() <= built.sources
    assert {"instatus_async/py.typed", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE"} <= built.sources
    assert {"tests/operations.py", "tests/test_operations.py", "examples/quickstart.py"} <= built.sources
    assert not [name for name in built.sources if "__pycache__" in name or name.startswith((".git/", ".hypothesis/"))]


def test_the_installed_wheel_has_every_name_and_its_types(installed: Installed) -> None:
    source = (
        "import importlib.metadata, instatus_async, instatus_async.testing, instatus_async.webhooks\n"
        "assert [getattr(instatus_async, name) for name in instatus_async.__all__]\n"
        "print(instatus_async.__file__, instatus_async.__version__, importlib.metadata.version('instatus_async'))"
    )
    file, *versions = installed.run("-c", source).split()
    assert Path(file) == installed.packages / "instatus_async" / "__init__.py"
    assert versions == [instatus_async.__version__] * 2
    assert (installed.packages / "instatus_async" / "py.typed").read_bytes() == b""


def test_the_installed_wheel_runs_an_instatus(installed: Installed) -> None:
    assert installed.run("-m", "instatus_async.testing", "--help").startswith("usage: ")


def test_the_installed_size_is_that_of_the_wheel(installed: Installed, built: Built) -> None:
    size = installed_size.measure(installed.packages, "instatus_async")
    inside = [entry for entry in built.wheel.infolist() if ".dist-info/" not in entry.filename]
    assert size == installed_size.Size(len(inside), sum(entry.file_size for entry in inside))
    assert installed_size.measure(installed.packages, "instatus_async", "instatus_async-*").files > size.files


def test_the_tests_of_the_sdist_run(built: Built, tmp_path: Path) -> None:
    """All are found, and some are run, on the package that lies beside them."""
    built.sdist.extractall(tmp_path, filter="data")
    (root,) = tmp_path.iterdir()

    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert re.search(r"^\d{4,} tests collected", run("--collect-only"), re.MULTILINE)
    (root / "tests" / "test_place.py").write_text(
        "import instatus_async\n"
        "def test_place() -> None:\n"
        f"    assert instatus_async.__file__.startswith({str(root)!r})\n",
        encoding="utf-8",
    )
    assert " passed" in run("tests/test_place.py", "tests/test_names.py", "tests/test_model.py")


def test_the_metadata(built: Built, project: dict[str, Any]) -> None:
    (name,) = (name for name in built.wheel.namelist() if name.endswith(".dist-info/METADATA"))
    fields = Parser().parsestr(built.wheel.read(name).decode())
    assert fields["Name"] == "instatus_async"
    assert fields["Version"] == instatus_async.__version__
    assert fields["Requires-Python"] == ">=3.11"
    assert fields["License-Expression"] == "MIT"
    runtime = {line for line in fields.get_all("Requires-Dist", []) if "extra ==" not in line}
    assert runtime == {line.replace(" ", "") for line in project["project"]["dependencies"]}


def test_the_version_stands_in_one_place(project: dict[str, Any]) -> None:
    assert project["tool"]["hatch"]["version"] == {"path": VERSION_FILE}
    assert "version" not in project["project"]
    holders = [
        file
        for file in (*(ROOT / "instatus_async").rglob("*.py"), ROOT / "pyproject.toml")
        if f'"{instatus_async.__version__}"' in file.read_text(encoding="utf-8")
    ]
    assert holders == [ROOT / VERSION_FILE]


def check_changelog(text: str, version: str) -> None:
    """A changelog begins with what is not released; then come the releases, each with its date, the newest first."""
    headings = re.findall(r"^## .*", text, re.MULTILINE)
    assert headings[:1] == ["## [Unreleased]"]
    releases: list[tuple[tuple[int, ...], date]] = []
    for heading in headings[1:]:
        found = re.fullmatch(r"## \[(\d+)\.(\d+)\.(\d+)\] - (\d{4}-\d\d-\d\d)", heading)
        assert found, heading
        releases.append((tuple(map(int, found.groups()[:3])), date.fromisoformat(found[4])))
    for newer, older in itertools.pairwise(releases):
        assert newer[0] > older[0], "the newest comes first"
        assert newer[1] >= older[1], "a date is wrong"
    assert not releases or releases[0][0] <= tuple(map(int, version.split("."))), "_version.py is behind"
    kinds = set(re.findall(r"^### (.*)", text, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_changelog() -> None:
    check_changelog((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), instatus_async.__version__)


RELEASED = "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-02-01\n\n### Added\n\n## [0.1.0] - 2026-01-01\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("## [Unreleased]\n", ""),
        (" - 2026-01-01", ""),
        ("2026-01-01", "2026-13-01"),
        ("2026-01-01", "2026-03-01"),
        ("## [0.1.0]", "## 0.1.0"),
        ("[0.1.0]", "[0.3.0]"),
        ("[0.2.0]", "[0.4.0]"),
        ("### Added", "### New"),
    ],
)
def test_a_wrong_changelog_is_found(old: str, new: str) -> None:
    check_changelog(RELEASED, "0.3.0")
    with pytest.raises((AssertionError, ValueError)):
        check_changelog(RELEASED.replace(old, new), "0.3.0")


def test_every_supported_python_is_tested(project: dict[str, Any]) -> None:
    classifiers = project["project"]["classifiers"]
    versions = [line.rpartition(" ")[2] for line in classifiers if re.search(r":: 3\.\d+$", line)]
    assert project["project"]["requires-python"] == f">={versions[0]}"
    environments = [name for name in project["tool"]["tox"]["env_list"] if re.fullmatch(r"py3\d+", name)]
    assert environments == [f"py{version.replace('.', '')}" for version in versions]
    run = ROOT / ".ci" / "run"
    if run.exists():  # not in an sdist
        assert f"for version in {' '.join(versions)};" in run.read_text(encoding="utf-8")


def test_the_oldest_dependencies_are_tested(project: dict[str, Any]) -> None:
    """A lower bound is what the environment `lowest` has, and its environments on each Python have the same."""
    environments = project["tool"]["tox"]["env"]
    pinned = dict(pin.split("==") for pin in environments["lowest"]["deps"])
    dependencies = [*project["project"]["dependencies"], *project["project"]["optional-dependencies"]["redis"]]
    bounds = dict(dependency.split(">=") for dependency in dependencies)
    assert pinned == {name: bound + ".0" * (2 - bound.count(".")) for name, bound in bounds.items()}
    same = {"replace": "ref", "of": ["tool", "tox", "env", "lowest", "deps"]}
    lowest = [name for name in project["tool"]["tox"]["env_list"] if name.endswith("-lowest")]
    assert len(lowest) >= 3
    assert all(environments[name]["deps"] == same for name in lowest)
