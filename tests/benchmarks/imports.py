"""What an import costs, and the first answer."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path

from .bodies import components, wire
from .measure import Goal, Result, lines, ratio

__all__ = ["imports"]

ROOT = Path(__file__).parents[2]
_IMPORT = "import sys, time; sys.path.insert(0, {root!r}); t = time.perf_counter(); import {name}\n{use}"
_TIME = "print(time.perf_counter() - t)"
_FIRST = """
from instatus_async import Component
from instatus_async._wire import loads, read_list
body = sys.stdin.buffer.read()
def read():
    start = time.perf_counter()
    read_list(Component, loads(body))
    return time.perf_counter() - start
first = read()
print(first - min(read() for _ in range(5)))
"""


def _run(name: str, use: str, given: bytes = b"") -> float:
    code = _IMPORT.format(root=str(ROOT), name=name, use=use)
    run = subprocess.run([sys.executable, "-I", "-c", code], input=given, capture_output=True, check=True)
    return float(json.loads(run.stdout))


def imports(*, quick: bool) -> Result:
    """Import in fresh processes."""
    rounds = 3 if quick else 25
    contestants = {"instatus_async": "from instatus_async import InstatusClient;", "aiohttp": ""}
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(rounds + 1):  # the first one writes the .pyc files
        for name, use in contestants.items():
            seconds = _run(name, use + _TIME)
            if number:
                times[name].append(seconds)
    more = ratio(times, "instatus_async", "aiohttp")
    body = wire(components())
    first = statistics.median(_run("instatus_async", _FIRST, body) for _ in range(rounds))
    goals = [
        Goal("at most 1.15x import aiohttp", f"{more:.2f}x", met=more <= 1.15),
        Goal("the first answer's decoding adds at most 5 ms", f"{first * 1e3:.1f} ms", met=first <= 0.005),
    ]
    return Result("import", "import of InstatusClient in a fresh process", "ms", lines(times), goals)
