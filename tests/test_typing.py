"""mypy and pyright see the same mistakes that the SDK refuses: the programs in `typing/` under both checkers."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROGRAMS = ROOT / "tests" / "typing"
EXPECTED = re.compile(r"  # type: ignore\[[\w, -]+\]")

CHECKERS = {
    "mypy": ["--config-file", str(ROOT / "pyproject.toml"), "--no-error-summary", "--cache-dir"],
    "pyright": ["--pythonpath", sys.executable],
}


def check(checker: str, cache: Path, *files: Path) -> tuple[int, str]:
    """Run a type checker on some files: (its exit status, what it said)."""
    if importlib.util.find_spec(checker) is None:
        pytest.skip(f"{checker} is not installed: pip install --group lint")
    options = [*CHECKERS[checker], *([str(cache)] if checker == "mypy" else [])]
    command: Sequence[str] = [sys.executable, "-m", checker, *options, *map(str, files)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mypy")


@pytest.mark.parametrize("checker", CHECKERS)
def test_the_programs_are_what_the_checkers_expect(checker: str, cache: Path) -> None:
    """Right ones pass; each expected error is there, because a comment without its error is one."""
    status, said = check(checker, cache, PROGRAMS / "right.py", PROGRAMS / "jobs.py", PROGRAMS / "wrong.py")
    assert status == 0, said


@pytest.mark.parametrize("checker", CHECKERS)
def test_every_mistake_is_seen(checker: str, cache: Path, tmp_path: Path) -> None:
    """Without the comments, each line that had one has an error, and no other line has."""
    source = (PROGRAMS / "wrong.py").read_text(encoding="utf-8")
    wrong = {number for number, line in enumerate(source.splitlines(), 1) if EXPECTED.search(line)}
    assert len(wrong) > 40
    bare = tmp_path / "bare.py"
    bare.write_text(EXPECTED.sub("", source), encoding="utf-8")
    status, said = check(checker, cache, bare)
    assert status == 1, said
    assert {int(number) for number in re.findall(r"bare\.py:(\d+)(?::\d+)?(?: -|:) error", said)} == wrong, said
