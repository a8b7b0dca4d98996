"""Answers of the service in bulk: the shapes of tests/bodies.py, every row another."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from ..bodies import AFFECTED, COMPONENT, INCIDENT_FULL, JSON, SUBSCRIBER_ROW

__all__ = ["PER_PAGE", "components", "incidents", "subscribers", "wire"]

PER_PAGE = 100
_STATUSES = ("OPERATIONAL", "DEGRADEDPERFORMANCE", "PARTIALOUTAGE", "MAJOROUTAGE", "UNDERMAINTENANCE")
_STEPS = ("INVESTIGATING", "IDENTIFIED", "MONITORING", "MONITORING", "RESOLVED")


def _moment(minutes: int) -> str:
    moment = datetime(2025, 2, 3, 7, 15, 42, 118_000, UTC) + timedelta(minutes=minutes, milliseconds=7 * minutes % 1000)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _id(kind: str, number: int) -> str:
    return f"cm4quay{kind}{number:015}"


def components(count: int = PER_PAGE) -> list[JSON]:
    """Full component rows, some of them in a group."""
    return [
        COMPONENT
        | {
            "id": _id("com", n),
            "name": f"Ticket machine {n}",
            "uniqueEmail": f"ticket-machine-{n}@automation.example",
            "description": f"The red box on pier {n}" if n % 3 else "",
            "status": _STATUSES[n % 5],
            "order": n,
            "group": COMPONENT["group"] if n % 4 else None,
            "createdAt": _moment(n),
            "updatedAt": _moment(3 * n + 1),
        }
        for n in range(count)
    ]


def incidents(count: int = PER_PAGE) -> list[JSON]:
    """Incidents with five updates and three components each."""
    update = INCIDENT_FULL["updates"][0]
    return [
        INCIDENT_FULL
        | {
            "id": _id("inc", n),
            "name": f"Ticket machine {n} refuses cards",
            "started": _moment(60 * n),
            "resolved": _moment(60 * n + 40),
            "updates": [
                update
                | {
                    "id": _id("upd", 5 * n + step),
                    "message": f"Boat {step} brings an engineer to pier {n}",
                    "messageHtml": f"<p>Boat {step} brings an engineer to pier {n}</p>",
                    "status": status,
                    "started": _moment(60 * n + 10 * step),
                    "ended": None if step == 4 else _moment(60 * n + 10 * step + 10),
                    "duration": None if step == 4 else 600,
                    "createdAt": _moment(60 * n + 10 * step + 1),
                }
                for step, status in enumerate(_STEPS)
            ],
            "components": [
                AFFECTED
                | {"id": _id("com", n + k), "name": f"Ticket machine {n + k}", "status": _STATUSES[(n + k) % 5]}
                for k in range(3)
            ],
        }
        for n in range(count)
    ]


def subscribers(page: int = 1, count: int = PER_PAGE) -> list[JSON]:
    """One page of subscriber rows; one in four gets texts, one in four chose components."""
    first = (page - 1) * PER_PAGE
    return [
        SUBSCRIBER_ROW
        | {
            "id": _id("sub", n),
            "email": f"passenger{n}@tides.example" if n % 4 else None,
            "phone": None if n % 4 else f"555{n:07}",
            "confirmed": n % 7 > 0,
            "all": n % 4 != 1,
            "components": [_id("com", n % 100)] if n % 4 == 1 else [],
        }
        for n in range(first, first + count)
    ]


def wire(rows: object) -> bytes:
    """Encode as the service does: no blanks."""
    return json.dumps(rows, separators=(",", ":"), ensure_ascii=False).encode()
