"""What is printed: one text or one JSON document on stdout, and what went wrong on stderr."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, TextIO

__all__ = ["JSON", "Output", "clean", "drop_stdout", "moment", "table"]

JSON = Mapping[str, Any]


class Output:
    """Write text for people, or JSON for programs."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):  # what the locale cannot write must not end the program
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")

    def say(self, document: JSON, lines: Iterable[str]) -> None:
        """Print one result at once: whoever reads a pipe waits for it."""
        _write(sys.stdout, [_dumped(document)] if self.as_json else lines)

    def complain(self, document: JSON, lines: Iterable[str]) -> None:
        """Print on stderr what went wrong."""
        _write(sys.stderr, [_dumped(document)] if self.as_json else lines)

    def warn(self, message: str) -> None:
        """Print on stderr what goes wrong without ending the command."""
        text = clean(message)
        self.complain({"warning": text}, [f"warning: {text}"])

    def fail(self, code: int, kind: str, message: str, notes: Sequence[str] = (), look_for: JSON | None = None) -> int:
        """Print an error, and return its exit code."""
        text, more = clean(message), [clean(note) for note in notes]
        error = {"type": kind, "message": text, "exit_code": code, "notes": more, "look_for": look_for}
        lines = [f"error: {text}", *(f"  {note}" for note in more)]
        if look_for:
            lines.append("  look for: " + ", ".join(f"{key}={clean(value)}" for key, value in look_for.items()))
        self.complain({"error": error}, lines)
        return code


def _write(stream: TextIO, lines: Iterable[str]) -> None:
    stream.write("".join(f"{line}\n" for line in lines))
    stream.flush()


def _dumped(document: JSON) -> str:
    return json.dumps(document, ensure_ascii=False, default=_plain)


def _plain(value: object) -> str:
    return moment(value) or "" if isinstance(value, datetime) else str(value)


def drop_stdout() -> None:
    """Write no more to a stdout that takes nothing: flushing it at the end would change the exit code to 120."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def clean(text: object) -> str:
    """Make what others wrote harmless to a terminal: control characters show as escapes, so a line stays a line."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in str(text))


def moment(value: datetime | None) -> str | None:
    """Write a time as ISO, None as None."""
    return None if value is None else value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def table(header: str, rows: Sequence[Sequence[object]]) -> list[str]:
    """Align columns below the words of the header; None is "-". Without rows there is nothing."""
    if not rows:
        return []
    cells = [header.split(), *(["-" if cell is None else clean(cell) for cell in row] for row in rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*cells, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
