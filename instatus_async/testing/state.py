"""Keep everything that one server knows: a table of rows a noun, the ids, the clock.

A row is a dict in the wire's camelCase and holds every column; each route renders the columns that it shows. Rows of a
page carry its id as `siteId` (quirk 13). Tables keep the order of creation. Nothing here is shared between servers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Any, Final, TypeAlias

from .ledger import Ledger
from .times import Clock, iso, parse
from .validate import RefusedError, Row, not_found

Table: TypeAlias = dict[str, Row]

_BASE36: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


class Ids:
    """Make ids in the shape of the service's, `c` and 24 of base 36, the same ones in every run (quirk 14)."""

    def __init__(self, seed: int) -> None:
        """Begin the series that belongs to `seed`."""
        self._seed = seed
        self._count = 0

    def __call__(self) -> str:
        """Return the next id."""
        self._count += 1
        return "c" + self.secret(f"id {self._count}", 24)

    def secret(self, name: str, length: int) -> str:
        """Derive a text of base 36 (at most 48 characters) from the seed and a name."""
        number = int.from_bytes(hashlib.sha256(f"{self._seed}/{name}".encode()).digest(), "big")
        digits = ""
        while len(digits) < length:
            number, digit = divmod(number, 36)
            digits += _BASE36[digit]
        return digits


@dataclass(slots=True)
class State:
    """Hold the tables of one server.

    `made` knows the table of every id that there ever was.
    """

    clock: Clock
    ids: Ids
    page_url: Callable[[Row], str]
    ledger: Ledger = field(default_factory=Ledger)
    made: dict[str, str] = field(default_factory=dict[str, str])
    user: Row = field(default_factory=dict[str, Any])
    workspaces: Table = field(default_factory=dict[str, Row])
    pages: Table = field(default_factory=dict[str, Row])
    teammates: Table = field(default_factory=dict[str, Row])
    components: Table = field(default_factory=dict[str, Row])
    incidents: Table = field(default_factory=dict[str, Row])
    incident_updates: Table = field(default_factory=dict[str, Row])
    maintenances: Table = field(default_factory=dict[str, Row])
    maintenance_updates: Table = field(default_factory=dict[str, Row])
    templates: Table = field(default_factory=dict[str, Row])
    subscribers: Table = field(default_factory=dict[str, Row])
    audience_groups: Table = field(default_factory=dict[str, Row])
    metrics: Table = field(default_factory=dict[str, Row])
    monitors: Table = field(default_factory=dict[str, Row])
    monitor_alerts: Table = field(default_factory=dict[str, Row])
    monitor_groups: Table = field(default_factory=dict[str, Row])
    monitor_logs: Table = field(default_factory=dict[str, Row])
    routing_rules: Table = field(default_factory=dict[str, Row])
    escalation_policies: Table = field(default_factory=dict[str, Row])
    on_call_schedules: Table = field(default_factory=dict[str, Row])
    integrations: Table = field(default_factory=dict[str, Row])
    heartbeats: Table = field(default_factory=dict[str, Row])

    def now(self) -> str:
        """Return the clock's time as the wire writes it."""
        return iso(self.clock())

    def before(self, **amount: float) -> str:
        """Return the time some `minutes=` or the like ago."""
        return iso(parse(self.now()) - timedelta(**amount))

    def add(self, table: Table, row: Row) -> Row:
        """Give a row its id and dates, and keep it; columns that the row brings win."""
        now = self.now()
        kept: Row = {"id": self.ids(), "createdAt": now, "updatedAt": now, **row}
        table[kept["id"]] = kept
        self.made[kept["id"]] = next(other.name for other in fields(self) if getattr(self, other.name) is table)
        return kept

    def change(self, row: Row, columns: Row) -> Row:
        """Overwrite some columns of a row."""
        row.update(columns)
        row["updatedAt"] = self.now()
        return row

    @contextmanager
    def all_or_nothing(self) -> Generator[None]:
        """Let a block that fails have changed nothing."""
        names = [other.name for other in fields(self) if other.name not in {"clock", "page_url", "ledger"}]
        before = deepcopy({name: getattr(self, name) for name in names})
        try:
            yield
        except BaseException:
            for name, value in before.items():
                setattr(self, name, value)
            raise

    def page(self, page_id: str) -> Row:
        """Find a page, or refuse in the recorded words (quirk 17)."""
        if page_id not in self.pages:
            raise not_found("There is no status page with this ID.")
        return self.pages[page_id]

    def component(self, page_id: str, component_id: str) -> Row:
        """Find a component; an unknown one is a 500 on the real service (quirk 17)."""
        row = self.components.get(component_id)
        if row is None or row["siteId"] != page_id:
            raise RefusedError(500, "internal_server_error", "No status page for that component")
        return row

    def find(self, table: Table, row_id: str, noun: str, page_id: str | None = None) -> Row:
        """Find a row of any other noun, on one page if given, or refuse with 404."""
        row = table.get(row_id)
        if row is None or (page_id is not None and row["siteId"] != page_id):
            raise not_found(f"There is no {noun} with this ID.")
        return row

    def of_page(self, table: Table, page_id: str) -> list[Row]:
        """List the rows of a page in the order of creation."""
        return [row for row in table.values() if row["siteId"] == page_id]

    def components_of(self, page_id: str) -> list[Row]:
        """List a page's components in the order that the server decided (quirk 52)."""
        return sorted(self.of_page(self.components, page_id), key=lambda row: row["order"])

    def drop_page(self, page_id: str) -> None:
        """Forget a page and every row of it."""
        del self.pages[page_id]
        for table in self._tables_of_pages():
            for row_id in [row["id"] for row in self.of_page(table, page_id)]:
                del table[row_id]
        for workspace in self.workspaces.values():
            if page_id in workspace["sites"]:
                workspace["sites"].remove(page_id)

    def _tables_of_pages(self) -> Iterator[Table]:
        yield from (self.teammates, self.components, self.incidents, self.incident_updates)
        yield from (self.maintenances, self.maintenance_updates, self.templates, self.subscribers)
        yield from (self.audience_groups, self.metrics, self.monitors, self.monitor_alerts, self.monitor_groups)
        yield from (self.monitor_logs, self.routing_rules, self.escalation_policies, self.on_call_schedules)
        yield from (self.integrations, self.heartbeats)
