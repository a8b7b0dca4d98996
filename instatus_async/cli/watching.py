"""`watch`: one line a change, and a file that says how far it has come."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import InvalidRequestError
from ..page import Page
from ..public import PublicStatusPage
from ..watching.changes import Change, PageStatusChanged, WatchState
from ..watching.watch import watch
from .context import Command, Context, Result
from .looking import address
from .output import JSON, clean, moment
from .parser import UsageError

__all__ = ["COMMANDS"]


class _File:
    """Where the state is kept, if anywhere."""

    def __init__(self, name: str | None) -> None:
        self._path = None if name is None else Path(name)

    def read(self) -> WatchState | None:
        if self._path is None or not self._path.exists():
            return None
        try:
            return WatchState.loads(self._path.read_text(encoding="utf-8"))
        except InvalidRequestError as exc:
            raise UsageError(f"--state {self._path}: {exc}") from None
        except (OSError, ValueError) as exc:
            raise self._trouble(exc) from None

    def write(self, state: WatchState) -> None:
        """Replace the file as a whole: a crash leaves the old one or the new one."""
        if self._path is None:
            return
        new = self._path.with_name(self._path.name + ".new")
        try:
            new.write_text(state.dumps(), encoding="utf-8")
            os.replace(new, self._path)  # noqa: PTH105 - as atomic as it gets
        except OSError as exc:
            raise self._trouble(exc) from None

    def _trouble(self, exc: Exception) -> UsageError:
        return UsageError(f"--state {self._path}: {getattr(exc, 'strerror', None) or exc}")


async def _watch(context: Context) -> Result:
    options, kept = context.options, _File(context.options.state)
    if options.url is not None and options.page is not None:
        raise UsageError("watch: say either URL or --page. Nothing was sent.")
    since = kept.read()
    if options.url is None:
        await _follow(context, await context.page(), since, kept)
    else:
        async with PublicStatusPage(address(options.url, "watch"), timeout=options.timeout) as public:
            await _follow(context, public, since, kept)
    return Result(document={}, lines=())


async def _follow(context: Context, page: Page | PublicStatusPage, since: WatchState | None, kept: _File) -> None:
    changes = watch(page, every=context.options.every, since=since, initial=context.options.initial)
    kept.write(await changes.begin())
    said = True
    try:
        async for change in changes:
            said = False
            context.output.say(_json(change), [_line(change)])
            kept.write(change.state)
            said = True
    finally:
        if said:  # else the last change comes again, as it must
            kept.write(changes.state)


def _name(change: Change) -> str | None:
    if isinstance(change, PageStatusChanged):
        return change.page.name
    return getattr(change, "name", None)


def _message(change: Change) -> str | None:
    return getattr(getattr(change, "update", None), "message", None)


def _json(change: Change) -> JSON:
    document: dict[str, Any] = {
        "kind": change.kind,
        "at": moment(change.at),
        "key": change.key,
        "id": getattr(change, "id", None),
        "name": _name(change),
        "status": getattr(change, "status", None),
        "old_status": getattr(change, "old_status", None),
        "message": _message(change),
        "since": moment(getattr(change, "since", None)),
    }
    return document


def _line(change: Change) -> str:
    document = _json(change)
    parts = [change.kind.replace("_", " ")]
    parts += [clean(document[key]) for key in ("name", "status", "message") if document[key]]
    if document["since"]:
        parts.append(f"not seen since {document['since']}")
    return f"{document['at']} " + ": ".join(parts)


COMMANDS: Mapping[str, Command] = {"watch": _watch}
