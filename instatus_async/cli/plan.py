"""`plan`: the components of a page as a file says them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from .._wire import as_object
from ..jobs.changes import PlannedArchive, PlannedChange, PlannedCreate, PlannedOrder
from .context import Command, Context, Result
from .output import JSON
from .parser import UsageError

__all__ = ["COMMANDS"]


async def _plan(context: Context) -> Result:
    options = context.options
    specs = _read(options.file)
    page = await context.page()
    plan = await page.components.plan(specs, archive=options.archive)
    lines = str(plan).splitlines()
    applies = options.apply and not options.show_only
    if applies:
        done = await plan.apply(skip_impossible=options.skip_impossible)
        lines.append(f"applied: {len(done)} changes. subscribers: nobody")
    return Result(
        document={
            "changes": [_change(change) for change in plan.changes],
            "impossible": [attrs.asdict(move) for move in plan.impossible],
            "left_alone": [{"id": row.id, "name": row.name} for row in plan.left_alone],
            "applied": applies,
        },
        lines=lines,
        code=int(bool(plan) and not applies),
    )


def _read(file: str) -> Any:
    """Read the list of components that a file has."""
    try:
        text = Path(file).read_text(encoding="utf-8")
        content: Any = json.loads(text) if file.endswith(".json") else tomllib.loads(text)
    except OSError as exc:
        raise UsageError(f"{file}: {exc.strerror or exc}. Nothing was sent.") from None
    except (ValueError, RecursionError) as exc:
        raise UsageError(f"{file}: it cannot be read: {exc}. Nothing was sent.") from None
    if "components" in (known := as_object(content)):
        return known["components"]
    raise UsageError(f"{file}: it has no list `components`. Nothing was sent.")


def _change(change: PlannedChange) -> JSON:
    if isinstance(change, PlannedCreate):
        kind = "create"
    elif isinstance(change, PlannedOrder):
        kind = "order"
    else:
        kind = "archive" if isinstance(change, PlannedArchive) else "update"
    return {"kind": kind, **attrs.asdict(change)}


COMMANDS: Mapping[str, Command] = {"plan": _plan}
