"""Keep a log of what clients sent and what they were answered."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, TypeAlias, overload

from .validate import Json

Host: TypeAlias = Literal["api", "page"]

HIDDEN: Final = "[hidden]"


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """Describe one request.

    `number` counts from 1 over both hosts. `path` is as it was sent, still percent-encoded. The value of an
    Authorization header is replaced, so that a log may be shown. `status` is None as long as nothing was answered.
    `committed` says whether the request was carried out: it was neither refused nor spoiled before. `fault` is the
    fault that struck it, as text.
    """

    number: int
    host: Host
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Json
    at: datetime
    status: int | None = None
    committed: bool = False
    fault: str | None = None

    def __str__(self) -> str:
        """Show the request as one line of a failure message."""
        body = "" if self.body is None else f" {self.body}"
        outcome = f" ({self.fault}; {_carried_out(self)})" if self.fault else ""
        return f"#{self.number} {self.method} {_target(self)} -> {self.status or 'no answer'}{outcome}{body}"


class RequestLog(Sequence[LoggedRequest]):
    """Hold the requests in the order in which they arrived; `repr` shows one a line."""

    def __init__(self, entries: Sequence[LoggedRequest] = ()) -> None:
        """Start with some entries, or none."""
        self._entries = list(entries)

    @overload
    def __getitem__(self, index: int) -> LoggedRequest: ...
    @overload
    def __getitem__(self, index: slice) -> "RequestLog": ...
    def __getitem__(self, index: int | slice) -> "LoggedRequest | RequestLog":
        """Return one entry, or a log of some."""
        return RequestLog(self._entries[index]) if isinstance(index, slice) else self._entries[index]

    def __len__(self) -> int:
        """Count the requests."""
        return len(self._entries)

    def __iter__(self) -> Iterator[LoggedRequest]:
        """Go through the requests."""
        return iter(tuple(self._entries))

    def __repr__(self) -> str:
        """List the requests, one a line."""
        if not self._entries:
            return "<no requests>"
        return f"<{len(self)} requests:\n" + "\n".join(f"  {entry}" for entry in self._entries) + ">"

    def matching(self, method: str | None = None, path: str | None = None, *, host: Host | None = None) -> "RequestLog":
        """Return the requests of a method, a path and a host.

        In `path`, a part in braces stands for any one segment and `*` for anything:
        `matching("POST", "/v1/{page_id}/incidents")`.
        """
        return RequestLog([entry for entry in self._entries if matches(entry, method, path, host)])

    def append(self, entry: LoggedRequest) -> None:
        """Add a request that has just arrived."""
        self._entries.append(entry)

    def note(
        self, number: int, *, status: int | None = None, committed: bool | None = None, fault: str | None = None
    ) -> None:
        """Note what became of a request; the whole log counts from 1 without gaps."""
        entry = self._entries[number - 1]
        self._entries[number - 1] = replace(
            entry,
            status=entry.status if status is None else status,
            committed=entry.committed if committed is None else committed,
            fault=entry.fault if fault is None else fault,
        )

    def explain(self) -> str:
        """Return a table of the requests for a failure message: what was sent, answered, carried out and spoiled."""
        rows = [("#", "host", "request", "answer", "outcome", "fault")]
        rows += [
            (
                str(entry.number),
                entry.host,
                f"{entry.method} {_target(entry)}",
                str(entry.status or "none"),
                _carried_out(entry),
                entry.fault or "",
            )
            for entry in self._entries
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
        )


def matches(entry: LoggedRequest, method: str | None, path: str | None, host: Host | None) -> bool:
    """Tell whether a request has this method, a path of this pattern and this host, as far as they are given."""
    return (
        (method is None or entry.method == method.upper())
        and (path is None or re.fullmatch(_pattern(path), entry.path) is not None)
        and (host is None or entry.host == host)
    )


def _target(entry: LoggedRequest) -> str:
    query = "&".join(f"{key}={value}" for key, value in entry.query.items())
    return f"{entry.path}?{query}" if query else entry.path


def _carried_out(entry: LoggedRequest) -> str:
    return "carried out" if entry.committed else "not carried out"


def _pattern(path: str) -> str:
    parts = re.split(r"(\{[^}]*\}|\*)", path)
    return "".join(".*" if part == "*" else "[^/]+" if part[:1] == "{" else re.escape(part) for part in parts)
