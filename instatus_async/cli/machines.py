"""`metric push`, `trigger` and `heartbeat`: what jobs and monitors say."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from .._settings import Secret
from ..jobs.finding import absent, bare, matching, only_one
from ..page import Page
from ..resources.metrics import Metric
from ..triggers import heartbeat, trigger
from .context import Command, Context, Result, instant
from .output import JSON, clean, moment
from .parser import UsageError

__all__ = ["COMMANDS"]


async def _push(context: Context) -> Result:
    options = context.options
    at = datetime.now(UTC) if options.at is None else instant(options.at, "--at")
    page = await context.page()
    metric = await _metric(page, options.metric)
    await page.metrics.add_datapoint(metric.id, options.value, at)
    return Result(
        document={
            "metric": {"id": metric.id, "name": metric.name},
            "value": options.value,
            "timestamp": moment(at),
        },
        lines=[f"{clean(metric.name)}: {options.value:g} at {moment(at)}"],
        ids=[metric.id],
    )


async def _metric(page: Page, text: str) -> Metric:
    """Find a metric by its id or its name."""
    rows = await page.metrics.list().collect()
    found: Sequence[Metric] = [row for row in rows if row.id == text] or matching(rows, text)
    if not found:
        raise absent(f'No metric on this page is called "{text}"', text, [row.name for row in rows], "metrics")
    return only_one(found, f'"{text}"', "Use the id.", (f'"{bare(row.name)}" ({row.id})' for row in found))


def _address(context: Context) -> Secret:
    """Read the address from the environment or from stdin, and show it to nobody."""
    options = context.options
    where = "stdin" if options.stdin else options.env
    url = Secret(sys.stdin.readline().strip() if options.stdin else os.environ.get(options.env, "").strip())
    if not url:
        raise UsageError(f"no address in {where}: it is taken from there, and not from the arguments, as it is secret")
    return url


def _not_sent(body: JSON | None, suffix: str = "") -> Result:
    path = f"(the secret address){suffix}"
    request = {"method": "POST", "path": path, "body": body}
    document = {"dry_run": True, "requests": [request], "subscribers": "unknown", "told": [], "result": None}
    shown = [] if body is None else [json.dumps(body)]
    return Result(
        document=document,
        lines=[f"POST {path}", *shown, "subscribers: whomever the page is set up to tell then"],
    )


async def _trigger(context: Context) -> Result:
    options, url = context.options, _address(context)
    if options.dry_run:
        heartbeat(url)  # refuses what cannot be a secret address; sends nothing
        return _not_sent({"trigger": options.state})
    await trigger(url, options.state, timeout=options.timeout)
    return Result(document={"trigger": options.state}, lines=[f"said {options.state}"])


async def _heartbeat(context: Context) -> Result:
    options = context.options
    beat = heartbeat(_address(context), timeout=options.timeout)
    if options.dry_run:
        return _not_sent(None, "/fail" if options.fail else "")
    if options.fail:
        await beat.fail()
    else:
        await beat
    said = "fail" if options.fail else "alive"
    return Result(document={"heartbeat": said}, lines=[f"said {said}"])


COMMANDS: Mapping[str, Command] = {"push": _push, "trigger": _trigger, "heartbeat": _heartbeat}
