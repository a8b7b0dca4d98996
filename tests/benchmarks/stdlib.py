"""The part of `decode` that runs where msgspec cannot be imported."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

from instatus_async import Component, Incident, Subscriber
from instatus_async._model import Model
from instatus_async._wire import loads, read_list

from .bodies import components, incidents, subscribers, wire
from .measure import interleaved

__all__ = ["main"]


def main() -> None:
    """Print the times as JSON."""
    bodies: list[tuple[type[Model], bytes]] = [
        (Component, wire(components())),
        (Incident, wire(incidents())),
        (Subscriber, wire(subscribers())),
    ]
    contestants: dict[str, Callable[[], object]] = {
        "instatus_async": lambda: [read_list(model, loads(body)) for model, body in bodies],
        "json.loads, no models": lambda: [json.loads(body) for _, body in bodies],
    }
    print(json.dumps(interleaved(contestants, int(sys.argv[1]))))
