"""Describe one operation of the API, and what its handler is given.

A handler is a plain function from a Call to the JSON of the answer. It runs without awaiting, so each request is
carried out whole or, where it raises RefusedError, not at all; handlers check everything before they change anything.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from .ledger import Announcement
from .state import State
from .validate import Json, Row, Shape, bad

PER_PAGE: Final = 50
MOST_PER_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Call:
    """Carry one request to its handler: ids from the path, the query, the checked body, the request's number."""

    state: State
    ids: Mapping[str, str] = field(default_factory=dict[str, str])
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    body: Row = field(default_factory=dict[str, Json])
    number: int | None = None

    @property
    def page(self) -> Row:
        """Return the page that the path names."""
        return self.state.page(self.ids["page_id"])

    def write_to(self, address: str, about: str, text: str, subscriber: str | None = None) -> None:
        """Put on record that this request sends one e-mail."""
        self.state.ledger.write_to(address, Announcement(about, None, text, self.number), subscriber)


Handler: TypeAlias = Callable[[Call], Json]


@dataclass(frozen=True, slots=True)
class Operation:
    """Bind a method and a path to a handler and to the shape of the request body.

    `keyless` is for paths that are a credential themselves.
    """

    method: str
    path: str
    handle: Handler
    body: Shape | None = None
    status: int = 200
    keyless: bool = False


def paged(call: Call, rows: Sequence[Row], show: Callable[[Row], Row]) -> list[Row]:
    """Cut out and show the page that `page` and `per_page` ask for (quirks 26, 27)."""
    page = _count(call, "page", 1)
    size = min(_count(call, "per_page", PER_PAGE), MOST_PER_PAGE)
    return [show(row) for row in rows[(page - 1) * size : page * size]]


def enveloped(call: Call, key: str, rows: Sequence[Row], show: Callable[[Row], Row]) -> Row:
    """Cut out and show the page that `page` and `limit` ask for, and say how many there are (quirk 29)."""
    page = _count(call, "page", 1)
    limit = min(_count(call, "limit", MOST_PER_PAGE), MOST_PER_PAGE)
    return {
        key: [show(row) for row in rows[(page - 1) * limit : page * limit]],
        "total": len(rows),
        "page": page,
        "totalPages": math.ceil(len(rows) / limit),
        "limit": limit,
    }


def listed(call: Call, key: str, known: Iterable[str]) -> tuple[str, ...] | None:
    """Read a query key that holds a comma list, such as `status` or `!status` (quirk 32)."""
    if not call.query.get(key):
        return None
    wanted = tuple(part.strip() for part in call.query[key].split(","))
    for part in wanted:
        if part not in known:
            raise bad(key, f"{part!r} is not one of " + ", ".join(known))
    return wanted


def searched(call: Call, rows: Iterable[Row], *columns: str) -> list[Row]:
    """Keep the rows in which one of the columns holds the text of `search`, in any case."""
    text = call.query.get("search", "").casefold()
    return [row for row in rows if any(text in (row[column] or "").casefold() for column in columns)]


def only(row: Row, *columns: str) -> Row:
    """Show these columns of a row, in this order."""
    return {column: row[column] for column in columns}


def without_nulls(shown: Row, *columns: str) -> Row:
    """Leave out those of these columns that are null: the documents do not let them be (quirk 48)."""
    return {column: value for column, value in shown.items() if value is not None or column not in columns}


def with_translations(shown: Row, row: Row) -> Row:
    """Add `translations` where some were sent; otherwise the key is absent (quirk 55)."""
    if row.get("translations"):
        shown["translations"] = row["translations"]
    return shown


def _count(call: Call, key: str, default: int) -> int:
    given = call.query.get(key)
    if given is None:
        return default
    try:
        value = int(given)
    except ValueError:
        value = 0
    if value < 1:
        raise bad(key, "must be a whole number from 1")
    return value
