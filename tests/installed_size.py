"""Measure what `pip install instatus_async` puts on a disk: `python -m tests.installed_size`.

It installs this tree into a folder of its own, with dependencies from the package index.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import attrs

ROOT = Path(__file__).parent.parent


@attrs.frozen
class Size:
    files: int
    bytes: int

    def __str__(self) -> str:
        return f"{self.bytes / 1e6:.2f} MB in {self.files} files"


def measure(folder: Path, *patterns: str) -> Size:
    """Count the files below the parts of a folder; compiled ones are no part of what is installed."""
    files = {
        file
        for pattern in patterns
        for part in folder.glob(pattern)
        for file in ([part] if part.is_file() else part.rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts
    }
    return Size(len(files), sum(file.stat().st_size for file in files))


def install(what: Path, folder: Path) -> None:
    quiet = ("--quiet", "--quiet", "--no-warn-conflicts", "--no-compile")
    subprocess.run([sys.executable, "-m", "pip", "install", *quiet, "--target", folder, what], check=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        install(ROOT, folder)
        print(f"instatus_async: {measure(folder, 'instatus_async', 'instatus_async-*.dist-info')}")
        print(f"with what it depends on: {measure(folder, '*')}")


if __name__ == "__main__":
    main()
