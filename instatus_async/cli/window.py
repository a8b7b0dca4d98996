"""`maintenance window`: a maintenance that lasts as long as a program runs."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from shutil import which
from typing import TypeAlias

from ..jobs.window import COMPLETED_TEXT, MaintenanceWindow
from ..resources.components import ComponentStatus
from .context import Command, Context, Result
from .parser import UsageError
from .views import maintenance_json, maintenance_line

__all__ = ["COMMANDS"]

_NOT_RUN = 126  # what a shell says of a program that is there and cannot be run

_Forward: TypeAlias = Callable[[signal.Signals], None]


class _ProgramError(Exception):
    """Let the window end as one that failed."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


async def _window(context: Context) -> Result:
    options, message = context.options, context.message()
    if which(options.program[0]) is None:
        raise UsageError(f"there is no program {options.program[0]} that can be run. Nothing was sent.")
    statuses = await context.statuses(default=ComponentStatus.UNDER_MAINTENANCE)
    page = await context.page()
    window = page.maintenances.window(
        [*statuses],
        name=options.name,
        minutes=options.minutes,
        message=message,
        notify=options.notify,
        completed=COMPLETED_TEXT if options.completed is None else options.completed,
        failed=options.failed,
        overlap=options.overlap,
        statuses=statuses,
    )
    try:
        async with window:
            if not options.dry_run:
                _say(context, window, "opened", quiet=[window.id])
                await _run(context, options.program)
    except _ProgramError as failed:
        notes = [f"{options.program[0]} ended with {failed.code}.", *getattr(failed, "__notes__", ())]
        if window.failure is not None:
            for note in notes:
                window.failure.add_note(note)
            raise window.failure from None
        context.output.warn(" ".join(notes))
        return Result(document={}, lines=(), code=failed.code)
    if not options.dry_run:
        _say(context, window, "completed")
    return Result(document={}, lines=())


def _say(context: Context, window: MaintenanceWindow, what: str, *, quiet: Sequence[str] = ()) -> None:
    """Say on stderr how far it is: stdout is the program's."""
    told = context.options.notify
    document = {"maintenance": maintenance_json(window.maintenance), "subscribers": "all" if told else "nobody"}
    lines = [maintenance_line(what, window.maintenance), f"subscribers: {'all subscribers' if told else 'nobody'}"]
    context.output.complain(document, quiet if context.options.quiet else lines)


async def _run(context: Context, words: Sequence[str]) -> None:
    """Run a program to its end, or raise its exit code as a shell has it."""
    process: asyncio.subprocess.Process | None = None
    early: list[signal.Signals] = []

    def forward(number: signal.Signals) -> None:
        if process is None:
            early.append(number)
        else:
            with suppress(ProcessLookupError):
                process.send_signal(number)

    with _caught(context, forward):
        try:
            process = await asyncio.create_subprocess_exec(*words)
        except OSError as error:  # like a script of which nobody knows the language
            context.output.warn(f"{words[0]}: {error.strerror or error}")
            raise _ProgramError(_NOT_RUN) from None
        for number in early:
            forward(number)
        code = await process.wait()
    if code:
        raise _ProgramError(128 - code if code < 0 else code)


@contextmanager
def _caught(context: Context, forward: _Forward) -> Generator[None]:
    """Give the program the signals that would have ended this one."""
    loop, interrupt = asyncio.get_running_loop(), signal.getsignal(signal.SIGINT)

    def interrupted() -> None:
        if not _in_foreground():  # else the terminal has sent it to the program too, and twice may mean more than once
            forward(signal.SIGINT)

    try:
        loop.add_signal_handler(signal.SIGINT, interrupted)
        loop.add_signal_handler(signal.SIGTERM, partial(forward, signal.SIGTERM))
    except (NotImplementedError, RuntimeError, ValueError):  # on Windows, or outside of the main thread
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, interrupt)
        loop.add_signal_handler(signal.SIGTERM, context.terminate)


def _in_foreground() -> bool:
    """Tell whether a terminal gives its Ctrl-C to this process and its children."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


COMMANDS: Mapping[str, Command] = {"window": _window}
