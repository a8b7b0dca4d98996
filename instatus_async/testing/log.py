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

    def __str__(self) -> str:
        """Show the request as one line of a failure message."""
        query = "?" + "&".join(f"{key}={value}" for key, value in self.query.items()) if self.query else ""
        body = "" if self.body is None else f" {self.body}"
        return f"#{self.number} {self.method} {self.path}{query} -> {self.status or 'no answer'}{body}"


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
        pattern = None if path is None else re.compile(_pattern(path))
        return RequestLog(
            [
                entry
                for entry in self._entries
                if (method is None or entry.method == method.upper())
                and (pattern is None or pattern.fullmatch(entry.path))
                and (host is None or entry.host == host)
            ]
        )

    def append(self, entry: LoggedRequest) -> None:
        """Add a request that has just arrived."""
        self._entries.append(entry)

    def answered(self, number: int, status: int) -> None:
        """Note what a request was answered; the whole log counts from 1 without gaps."""
        self._entries[number - 1] = replace(self._entries[number - 1], status=status)


def _pattern(path: str) -> str:
    parts = re.split(r"(\{[^}]*\}|\*)", path)
    return "".join(".*" if part == "*" else "[^/]+" if part[:1] == "{" else re.escape(part) for part in parts)
