"""What is published: the wheel and the sdist, as `python -m build` makes them."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path
from typing import Any

import attrs
import pytest

import instatus_async

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


def test_the_metadata(built: Built, project: dict[str, Any]) -> None:
    (name,) = (name for name in built.wheel.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = Parser().parsestr(built.wheel.read(name).decode())
    assert metadata["Name"] == "instatus_async"
    assert metadata["Version"] == instatus_async.__version__
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "MIT"
    runtime = {line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line}
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
