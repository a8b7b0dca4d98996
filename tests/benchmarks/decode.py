"""Bytes to models."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson

from instatus_async import Component, Incident, Subscriber
from instatus_async._model import Model
from instatus_async._wire import loads, read_list

from .bodies import components, incidents, subscribers, wire
from .measure import Goal, Result, interleaved, lines, ratio
from .rivals import HAS_DATEUTIL, NOUNS, Reader, cattrs_reader, generated_reader, msgspec_reader, pydantic_reader

__all__ = ["BODIES", "decode", "decode_stdlib"]

BODIES: dict[type[Model], bytes] = {
    Component: wire(components()),
    Incident: wire(incidents()),
    Subscriber: wire(subscribers()),
}
OURS = "instatus_async"
ROOT = Path(__file__).parents[2]


def _ours(model: type[Model]) -> Callable[[bytes], object]:
    return lambda body: read_list(model, loads(body))


def _all(reader: Reader) -> Callable[[], object]:
    reads = [(reader(noun), BODIES[noun]) for noun in NOUNS]

    def run() -> None:
        for read, body in reads:
            read(body)

    return run


def decode(*, quick: bool) -> Result:
    """Read 100 components, 100 incidents and 100 subscribers."""
    generated = "code as generated from OpenAPI"
    if not HAS_DATEUTIL:
        generated = "as from OpenAPI, but no dateutil"
    contestants = {
        OURS: _all(_ours),
        "msgspec Structs": _all(msgspec_reader),
        "orjson.loads, no models": _all(lambda _: orjson.loads),
        "pydantic v2 validate_json": _all(pydantic_reader),
        "cattrs preconf.orjson": _all(cattrs_reader),
        generated: _all(generated_reader),
    }
    times = interleaved(contestants, 5 if quick else 150)

    def goal(text: str, other: str, most: float) -> Goal:
        value = ratio(times, OURS, other)
        return Goal(text, f"{value:.2f}x", met=value <= most)

    ahead = ratio(times, generated, OURS)
    goals = [
        goal("at most 3.0x msgspec Structs", "msgspec Structs", 3.0),
        goal("at most 2.3x bare orjson.loads", "orjson.loads, no models", 2.3),
        goal("ahead of pydantic v2", "pydantic v2 validate_json", 1.0),
        Goal("3x ahead of generated code", f"{ahead:.2f}x", met=ahead >= 3.0),
    ]
    size = sum(map(len, BODIES.values())) // 1000
    title = f"100 components, 100 incidents, 100 subscribers ({size} kB), bytes to models"
    return Result("decode", title, "ms", lines(times), goals)


def decode_stdlib(*, quick: bool) -> Result:
    """Do the same in a process that cannot import msgspec."""
    code = "import sys; sys.modules['msgspec'] = None; from tests.benchmarks import stdlib; stdlib.main()"
    run = subprocess.run(
        [sys.executable, "-c", code, str(3 if quick else 80)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    times: dict[str, Sequence[float]] = json.loads(run.stdout)
    beyond = ratio(times, OURS, "json.loads, no models") - 1
    goal = Goal("beyond json.loads, at most as much again", f"{beyond:.2f}x", met=beyond <= 1.0)
    return Result("decode-stdlib", "the same with json of the standard library", "ms", lines(times), [goal])
