"""The benchmarks still run, and the others read what we read. Nothing here looks at a time."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from instatus_async import Incident
from instatus_async._wire import loads, read_list

from .test_readme import blocks, section

pytest.importorskip("orjson", reason="install the benchmark group: pip install --group benchmark")
pytest.importorskip("msgspec", reason="install the benchmark group: pip install --group benchmark")
pytest.importorskip("httpx", reason="install the benchmark group: pip install --group benchmark")
pytest.importorskip("pydantic", reason="install the benchmark group: pip install --group benchmark")

ROOT = Path(__file__).parents[1]


def test_every_row_runs(tmp_path: Path) -> None:
    """By the README's command, with the options that its comment names."""
    from .benchmarks.__main__ import ROWS  # noqa: PLC0415 - wants the packages above

    (block,) = blocks("sh", section("Speed"))
    command, comment = block.split("#")
    python, *arguments = command.split()
    assert python == ".venv/bin/python"
    assert re.findall(r"--\w+", comment) == ["--quick", "--charts"]
    run = subprocess.run(
        [sys.executable, *arguments, "--quick", "--charts", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert [line.partition(":")[0] for line in run.stdout.splitlines() if line[:1].isalpha()] == list(ROWS)
    assert "in order, nothing twice: no" not in run.stdout
    assert len(list(tmp_path.glob("*.svg"))) == 6


@pytest.mark.parametrize("rival", ["msgspec_reader", "pydantic_reader", "cattrs_reader", "generated_reader"])
def test_the_others_read_the_same(rival: str) -> None:
    from .benchmarks import decode, rivals  # noqa: PLC0415 - want the packages above

    for noun, body in decode.BODIES.items():
        theirs: Any = getattr(rivals, rival)(noun)(body)
        ours: Any = read_list(noun, loads(body))
        assert len(theirs) == len(ours) == 100
        for a, b in zip(theirs, ours, strict=True):
            assert a.id == b.id
            if noun is Incident:
                assert a.started == b.started
                assert len(a.updates) == 5
                assert len(a.components) == 3
                assert [u.created_at for u in a.updates] == [u.created_at for u in b.updates]
                assert a.status.value == b.status
