"""Running one command: its event loop, the signals that end it, and what is printed in the end."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import signal
import traceback
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from typing import Any

from ..errors import InstatusError
from .context import Command, Context, Result
from .dry_run import DryRunClient, told
from .failures import OTHER, UNKNOWN, USAGE, Trail, exit_code, for_shell, looked_for, said
from .output import Output, drop_stdout
from .parser import UsageError

__all__ = ["run"]

_DEFECT, _INTERRUPTED, _TERMINATED = 9, 130, 143

_log = logging.getLogger("instatus_async")


class _Warnings(logging.Handler):
    """Print the SDK's warnings like everything else."""

    def __init__(self, output: Output) -> None:
        super().__init__(logging.WARNING)
        self._output = output

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError):  # nobody reads stderr
            self._output.warn(record.getMessage())


def run(options: argparse.Namespace, output: Output) -> int:
    """Run the command that the options name; return its exit code."""
    warnings = _Warnings(output)
    _log.addHandler(warnings)
    try:
        return _Run(options, output).to_its_end()
    finally:
        _log.removeHandler(warnings)


class _Run:
    def __init__(self, options: argparse.Namespace, output: Output) -> None:
        self._options: Any = options
        self._output = output
        self._trail = Trail()
        self._context = Context(options, output, self._trail)
        self._terminated = False

    def to_its_end(self) -> int:
        """Run, print, and make an exit code of whatever happens."""
        fail = self._output.fail
        try:
            result = asyncio.run(self._command())
            self._print(result)
        except (KeyboardInterrupt, asyncio.CancelledError):
            return self._interrupted()
        except UsageError as refusal:
            return fail(USAGE, "UsageError", str(refusal))
        except InstatusError as error:
            code = exit_code(error, self._trail, repeatable=self._options.repeatable)
            notes = [for_shell(note) for note in getattr(error, "__notes__", ())]
            return fail(code, type(error).__name__, said(error), notes, looked_for(error))
        except BrokenPipeError:
            raise
        except OSError as error:
            drop_stdout()
            code = UNKNOWN if self._in_doubt else OTHER
            done = "It was carried out, but the" if self._in_doubt else "The"
            return fail(code, type(error).__name__, f"{done} result could not be written: {error}")
        except Exception as defect:  # noqa: BLE001 - the exit code of a traceback is 1, which means something here
            lines = "".join(traceback.format_exception(defect)).splitlines()
            return fail(_DEFECT, type(defect).__name__, f"a defect of this program: {defect}", lines)
        return result.code

    async def _command(self) -> Result:
        task = asyncio.current_task()

        def terminate() -> None:
            self._terminated = True
            if task is not None:
                task.cancel()

        # Not on Windows, nor outside of the main thread.
        with suppress(NotImplementedError, RuntimeError, ValueError):
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminate)
        self._context.terminate = terminate
        commands: Mapping[str, Command] = import_module(f".{self._options.module}", __package__).COMMANDS
        try:
            return await commands[self._options.command](self._context)
        finally:
            await self._context.aclose()

    @property
    def _in_doubt(self) -> bool:
        """Whether something may have been carried out that must not be repeated."""
        return self._trail.writes > 0 and not self._options.repeatable

    def _interrupted(self) -> int:
        if not self._in_doubt:
            return _TERMINATED if self._terminated else _INTERRUPTED
        search = next((lost.search for lost in self._context.client.unresolved if lost.search is not None), None)
        return self._output.fail(
            UNKNOWN,
            "Interrupted",
            "interrupted after a write was sent: it may have been carried out. Look before you repeat it.",
            look_for=None if search is None else dict(search.match),
        )

    def _print(self, result: Result) -> None:
        document, lines = dict(result.document), list(result.lines)
        dry_run = self._context.dry_run
        if dry_run is not None:
            document, lines = _dry(dry_run, result)
        elif result.told is not None:
            document["subscribers"] = "all" if result.told else "nobody"
            lines.append(f"subscribers: {'all subscribers' if result.told else 'nobody'}")
        if self._options.quiet and not self._options.dry_run:
            lines = list(result.ids)
        if document:
            self._output.say(document, lines)


def _dry(client: DryRunClient, result: Result) -> tuple[dict[str, Any], list[str]]:
    """Show what was not sent, and who would have been told."""
    requests = [{"method": kept.method, "path": kept.path, "body": kept.body} for kept in client.kept]
    times = told(client.kept)
    lines: list[str] = []
    for kept in client.kept:
        lines += [f"{kept.method} {kept.path}", json.dumps(kept.body, indent=2, ensure_ascii=False)]
    if not requests:
        lines = ["nothing would be sent:", *result.lines]
    lines.append(f"subscribers: all subscribers, {', '.join(times)}" if times else "subscribers: nobody")
    document = {
        "dry_run": True,
        "requests": requests,
        "subscribers": "all" if times else "nobody",
        "told": times,
        "result": None if requests else result.document,
    }
    return document, lines
