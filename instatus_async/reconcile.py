"""Finding out what became of a write whose answer was lost.

The service knows no idempotency key (quirk 11), so a write that tells subscribers is never sent twice. What was sent is
kept as a fingerprint instead: where its record must appear, and by what it is recognised. Incidents and updates get a
`started` with a millisecond of their own before they are sent, so that theirs is not mistaken for another.

This is at most once, plus looking. It is not exactly once: what cannot be found may still have been carried out.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import attrs

from ._fingerprint import Fingerprint, Search
from ._wire import as_object, instant
from .errors import DuplicateDetectedError

__all__ = ["Fingerprint", "Found", "Missing", "Search", "unique_now"]

# How to ask the service: (path, query) to parsed JSON. It is a read, with the attempts of a read.
Ask = Callable[[str, str], Awaitable[Any]]

_PER_PAGE = 100
_MOST_PAGES = 50
# A record older than the call cannot be its result; the clocks of the two sides may differ by this much.
_SKEW = timedelta(minutes=5)
# A record may have been changed shortly before, so that a wide margin would say nothing of this change.
_TOUCHED = timedelta(seconds=2)


@attrs.frozen
class Found:
    """The record, in the wire's shape."""

    value: Any


@attrs.frozen
class Missing:
    """What is not there: the datapoints, or the record as a whole."""

    points: frozenset[int] = frozenset()


async def look(fingerprint: Fingerprint, ask: Ask) -> Found | Missing:
    """Look once for what was sent.

    Raises DuplicateDetectedError when it is there more than once, and what `ask` raises.
    """
    search = fingerprint.search
    if search is None:
        return Missing()
    if fingerprint.points:
        metric = as_object(await ask(search.path, ""))
        stamps = [point.get("timestamp") for point in _listed(metric.get("data"))]
        there = {stamp for stamp in stamps if isinstance(stamp, int)}
        missing = frozenset(point for point in fingerprint.points if point not in there)
        return Missing(missing) if missing else Found(None)
    rows = [row for row in await _rows(search, ask) if _is_it(row, search, fingerprint.sent_at)]
    found = {_identity(row): row for row in rows}
    if len(found) > 1 and not search.certain:
        return Missing()  # which of them is ours nobody can say
    if len(found) > 1:
        ids = tuple(found)
        raise DuplicateDetectedError(
            f"{fingerprint.operation}: found {len(ids)} records of one call: {', '.join(ids)}. Subscribers may have "
            "been told more than once. Delete what is too much.",
            ids=ids,
        )
    return Found(next(iter(found.values()))) if found else Missing()


async def _rows(search: Search, ask: Ask) -> Sequence[Mapping[str, Any]]:
    if not search.paged:
        document = as_object(await ask(search.path, ""))
        return _listed(document.get(search.inside)) if search.inside else [document]
    rows: dict[str, Mapping[str, Any]] = {}
    for page in range(1, _MOST_PAGES + 1):
        answer = await ask(search.path, f"page={page}&{search.size}={_PER_PAGE}")
        listed = _listed(as_object(answer).get(search.inside) if search.inside else answer)
        before = len(rows)
        rows |= {_identity(row): row for row in listed}
        if len(rows) == before:
            break
    return list(rows.values())


def _identity(row: Mapping[str, Any]) -> str:
    """Tell one row from another, by all of it where it has no id."""
    found = row.get("id")
    return found if isinstance(found, str) and found else repr(row)


def _listed(value: Any) -> Sequence[Mapping[str, Any]]:
    items: Sequence[Any] = value
    return [row for item in items if (row := as_object(item))] if isinstance(value, list) else ()


def _is_it(row: Mapping[str, Any], search: Search, sent_at: datetime) -> bool:
    if not all(_same(sent, _value(row, key)) for key, sent in search.match.items()):
        return False
    if not all(_same(sent, row[key]) for key, sent in search.agrees.items() if key in row):
        return False
    created = _moment(row.get("createdAt"))
    if created is not None and search.paged and created < sent_at - _SKEW:
        return False
    if not search.paged and search.inside is None and _was_so_before(row, search, sent_at):
        return False
    messages = [update.get("message") for update in _listed(row.get("updates"))]
    return not messages or search.message is None or search.message in messages


def _was_so_before(row: Mapping[str, Any], search: Search, sent_at: datetime) -> bool:
    """Tell a change that was not carried out, though the record has its values: they are those from before."""
    updated = _moment(row.get("updatedAt"))
    statuses = {_identity(component): component.get("status") for component in _listed(row.get("components"))}
    sent = {_identity(one): one.get("status") for one in _listed(search.statuses)}
    return (updated is not None and updated < sent_at - _TOUCHED) or any(
        statuses.get(component, status) != status for component, status in sent.items()
    )


def _value(row: Mapping[str, Any], key: str) -> Any:
    """Read a key, or a path of keys with dots."""
    head, _, rest = key.partition(".")
    return _value(as_object(row.get(head)), rest) if rest else row.get(key)


def _same(sent: Any, found: Any) -> bool:
    """Compare what was sent with what is there: null comes back as "" (53), a name as an object (56), a date in ms.

    Records come back for ids, or an empty list that says nothing.
    """
    if isinstance(sent, list):
        return not found or sorted(_identity(row) for row in _listed(found)) == sorted(cast("list[str]", sent))
    if sent == found or (sent in (None, "") and found in (None, "")) or sent in as_object(found).values():
        return True
    moment = _moment(sent) if isinstance(sent, str) else None
    return moment is not None and moment == _moment(found)


def _moment(value: Any) -> datetime | None:
    try:
        return instant(value)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


_lock = threading.Lock()
_latest = datetime.min.replace(tzinfo=UTC)


def unique_now() -> datetime:
    """Return the time, in whole milliseconds that this process gives to nobody else."""
    global _latest  # noqa: PLW0603 - one for the process, whatever its loops and threads
    with _lock:
        now = datetime.now(UTC)
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        _latest = max(now, _latest + timedelta(milliseconds=1))
        return _latest
