"""What the tests of `watch` share: a look at a time, a world that changes at random, and what must be told of it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import attrs
from aiohttp import web

from instatus_async import (
    Change,
    ComponentAdded,
    ComponentRemoved,
    ComponentStatusChanged,
    Gap,
    IncidentDeleted,
    IncidentOpened,
    IncidentResolved,
    IncidentUpdated,
    MaintenanceCompleted,
    MaintenanceDeleted,
    MaintenanceScheduled,
    MaintenanceStarted,
    MaintenanceUpdated,
    PageStatusChanged,
    Watch,
)
from instatus_async.testing import InstatusServer, ManualClock, faults
from instatus_async.testing.exchange import Exchange, body_of
from instatus_async.testing.routes import components, incidents, maintenances, pages
from instatus_async.testing.times import iso, parse

FINAL = {"incident": "RESOLVED", "maintenance": "COMPLETED"}
STATUSES = {
    "incident": ("INVESTIGATING", "IDENTIFIED", "MONITORING", "RESOLVED"),
    "maintenance": ("NOTSTARTEDYET", "INPROGRESS", "COMPLETED"),
}
OF_COMPONENTS = ("OPERATIONAL", "DEGRADEDPERFORMANCE", "PARTIALOUTAGE", "MAJOROUTAGE")


class Paused(Exception):  # noqa: N818 - no error
    """The watch wants to wait."""


async def look(watch: Watch, most: int | None = None) -> list[Change]:
    """Let a watch look once, without any waiting; return its changes, or the first few of them."""
    ready = watch._due is None

    async def no_sleep(_: float) -> None:
        nonlocal ready
        if ready:
            raise Paused
        ready = True

    watch._sleep = no_sleep
    changes: list[Change] = []
    while most is None or len(changes) < most:
        try:
            changes.append(await anext(watch))
        except Paused:
            break
    return changes


class Cache(faults.Fault):
    """Between the service and its readers: it may answer with something older, repeat rows and reorder them."""

    def __init__(self, chance: random.Random, *, stale: float = 0.0, disorder: float = 0.0) -> None:
        self.chance, self.stale, self.disorder = chance, stale, disorder
        self.answers: dict[str, list[web.Response]] = {}
        self.in_a_row: dict[str, int] = {}
        self.stale_answers = self.disordered_answers = 0

    async def act(self, exchange: Exchange) -> web.StreamResponse:
        real = exchange.commit()
        key = exchange.request.path_qs
        kept = self.answers.setdefault(key, [])
        if real.status == 200:
            kept.append(real)
        answer = real
        # The clock of a host that answers with older and older times went back: a reader believes it in the end.
        if len(kept) > 1 and self.in_a_row.get(key, 0) < 2 and self.chance.random() < self.stale:
            answer = self.chance.choice(kept[:-1])
            self.stale_answers += 1
            self.in_a_row[key] = self.in_a_row.get(key, 0) + 1
        else:
            self.in_a_row[key] = 0
        body = body_of(answer)
        if answer.status == 200 and "/v1/" in key and self.chance.random() < self.disorder:
            body = self._disordered(body)
            self.disordered_answers += 1
        headers = {name: value for name, value in answer.headers.items() if name != "Content-Length"}
        return exchange.answer(web.Response(status=answer.status, body=body, headers=headers))

    def _disordered(self, body: bytes) -> bytes:
        rows = json.loads(body)
        rows += [row for row in rows if self.chance.random() < 0.3]
        self.chance.shuffle(rows)
        for row in rows:
            self.chance.shuffle(row.get("updates", []))
        return json.dumps(rows).encode()


@attrs.define(eq=False)
class Told:
    """A notice's story: its updates in the order in which they were written, and the statuses set without a word."""

    word: str
    row: dict[str, Any]
    updates: list[tuple[str, str, datetime]] = attrs.Factory(list[tuple[str, str, datetime]])
    silent: list[str] = attrs.Factory(list[str])
    deleted: bool = False


@attrs.define(eq=False)
class World:
    """A page on which things happen, with the record of what has happened."""

    server: InstatusServer
    clock: ManualClock
    chance: random.Random
    silent: bool = True  # statuses may be set without an update
    stories: dict[str, Told] = attrs.Factory(dict[str, Told])
    past: dict[str, list[str]] = attrs.Factory(dict[str, list[str]])
    """Every status that a component or a notice has had; "" is a component that is gone."""

    @property
    def state(self) -> Any:
        return self.server._wire.state

    @property
    def page(self) -> Any:
        return self.state.pages[self.server.page_id]

    def happen(self, times: int) -> None:
        acts: list[tuple[int, Callable[[], None]]] = [
            (6, lambda: self._open("incident")),
            (10, lambda: self._say("incident")),
            (3, lambda: self._open("maintenance")),
            (6, lambda: self._say("maintenance")),
            (4, self._move_component),
            (1, self._add_component),
            (1, self._drop_component),
            (1, self._delete),
            (2, self._set_silently),
        ]
        for _ in range(times):
            self.server.advance(timedelta(seconds=self.chance.uniform(2, 40)))
            self.chance.choices([act for _, act in acts], [weight for weight, _ in acts])[0]()
            self.note()

    def note(self) -> None:
        """Keep what every component is, and what the clock did to the maintenances."""
        alive = {row["id"]: row["status"] for row in self.state.components.values() if row["archivedAt"] is None}
        alive |= {key: self.status_of(story) for key, story in self.stories.items()}
        for key in {*alive, *self.past}:
            past = self.past.setdefault(key, [])
            if not past or past[-1] != alive.get(key, ""):
                past.append(alive.get(key, ""))
        for word, table in (("incident", "incident_updates"), ("maintenance", "maintenance_updates")):
            for story in self.stories.values():
                if story.word == word and not story.deleted:
                    known = {update for update, _, _ in story.updates}
                    for key in story.row["updates"]:
                        if key not in known:
                            row = getattr(self.state, table)[key]
                            story.updates.append((key, row["status"], parse(row["createdAt"])))

    def status_of(self, story: Told) -> str:
        return FINAL[story.word] if story.deleted else str(story.row["status"])

    def _open(self, word: str) -> None:
        status = self.chance.choice(STATUSES[word][:3] if word == "incident" else STATUSES[word])
        if word == "incident" and self.chance.random() < 0.1:
            status = "RESOLVED"
        part = self.chance.choice(list(self.state.components))
        row: dict[str, Any] = {"name": f"{word} {len(self.stories)}", "status": status, "message": "m"}
        row |= {"components": [part], "notify": False}
        if word == "incident":
            row["statuses"] = [{"id": part, "status": self.chance.choice(OF_COMPONENTS)}]
            if self.chance.random() < 0.2:
                row["started"] = iso(self.clock() - timedelta(hours=1))
        else:
            start = self.clock() + timedelta(minutes=self.chance.uniform(0.5, 5))
            row |= {"start": iso(start), "end": iso(start + timedelta(minutes=2))}
            row |= {"autoStart": self.chance.random() < 0.5, "autoEnd": self.chance.random() < 0.5}
            row |= dict.fromkeys(("notifyStart", "notifyEnd", "notifyEarly"), False)
        noun = f"{word}s"
        (key,) = self.server.seed(None, **{noun: [row]})[noun]
        self.stories[key] = Told(word, getattr(self.state, noun)[key])
        self.server.tick()

    def _some(self, word: str) -> Told | None:
        alive = [story for story in self.stories.values() if story.word == word and not story.deleted]
        return self.chance.choice(alive[-6:]) if alive else None

    def _say(self, word: str) -> None:
        story = self._some(word)
        if story is None:
            return
        status = self.chance.choice(STATUSES[word])
        body: dict[str, Any] = {"status": status, "message": "m", "components": story.row["components"]}
        (incidents if word == "incident" else maintenances).add_update(self.state, story.row, body)
        if word == "maintenance":  # else the clock could add another one in the same millisecond
            story.row.update(autoStart=False, autoEnd=False)

    def _set_silently(self) -> None:
        story = self._some("incident")
        if self.silent and story is not None:
            status = self.chance.choice(STATUSES["incident"])
            self.state.change(story.row, {"status": status})
            story.silent.append(status)

    def _delete(self) -> None:
        story = self._some(self.chance.choice(("incident", "maintenance")))
        if story is not None and self.silent:
            story.deleted = True
            del getattr(self.state, f"{story.word}s")[story.row["id"]]

    def _move_component(self) -> None:
        row = self.chance.choice(list(self.state.components.values()))
        components.set_status(self.state, row, self.chance.choice(OF_COMPONENTS))

    def _add_component(self) -> None:
        self.server.seed(components=[{"name": f"part {len(self.state.components)}"}])

    def _drop_component(self) -> None:
        alive = [row for row in self.state.components.values() if row["archivedAt"] is None]
        if len(alive) > 1:
            self.state.change(self.chance.choice(alive), {"archivedAt": self.state.now()})

    def public(self) -> tuple[dict[str, tuple[str, str]], dict[str, str], str]:
        """What everybody sees now: open notices with their statuses and times, components, the page."""
        notices = {
            row["id"]: (row["status"], row["updatedAt"])
            for word in ("incident", "maintenance")
            for row in getattr(self.state, f"{word}s").values()
            if row["status"] != FINAL[word]
        }
        parts = {row["id"]: row["status"] for row in self.state.components.values() if row["archivedAt"] is None}
        return notices, parts, str(pages.with_status(self.state, self.page)["status"])


@attrs.define(eq=False)
class View:
    """What somebody knows who has heard nothing but the changes. Each of them must fit what was heard before."""

    notices: dict[str, str]  # of all that were told
    words: dict[str, str]
    parts: dict[str, str]
    page: str
    updated: dict[str, str] = attrs.Factory(dict[str, str])
    updates: dict[str, list[str]] = attrs.Factory(dict[str, list[str]])
    keys: set[str] = attrs.Factory(set[str])
    heard: dict[str, list[str]] = attrs.Factory(dict[str, list[str]])
    """Every status, in order, since the beginning."""

    def hear(self, changes: list[Change]) -> None:
        times = [change.at for change in changes if not isinstance(change, Gap)]
        assert times == sorted(times), "out of order"
        for change in changes:
            assert change.key not in self.keys, f"twice: {change.key}"
            self.keys.add(change.key)
            self._hear(change)

    def _hear(self, change: Change) -> None:
        match change:
            case Gap():
                pass
            case PageStatusChanged():
                assert change.old_status == self.page != change.status
                self.page = change.status
            case ComponentAdded():
                assert change.id not in self.parts
                self._is(change.id, change.status)
            case ComponentStatusChanged():
                assert self.parts[change.id] == change.old_status != change.status
                self._is(change.id, change.status)
            case ComponentRemoved():
                del self.parts[change.id]
                self.heard[change.id].append("")
            case IncidentOpened() | MaintenanceScheduled():
                assert change.id not in self.notices
                assert change.old_status is None
                self.words[change.id] = "incident" if isinstance(change, IncidentOpened) else "maintenance"
                far = change.status in {"RESOLVED", "INPROGRESS", "COMPLETED"}  # which is a change of its own
                self._said(change.id, "" if far else change.status, change, said=not far)
            case IncidentDeleted() | MaintenanceDeleted():
                assert self.notices[change.id] != FINAL[self.words[change.id]]
                self.notices[change.id] = FINAL[self.words[change.id]]
                self.heard.setdefault(change.id, []).append(self.notices[change.id])
            case (
                IncidentUpdated()
                | IncidentResolved()
                | MaintenanceUpdated()
                | MaintenanceStarted()
                | MaintenanceCompleted()
            ):
                assert (change.old_status or "") == self.notices[change.id]
                moved = change.status != change.old_status
                reached = {
                    "RESOLVED": IncidentResolved,
                    "INPROGRESS": MaintenanceStarted,
                    "COMPLETED": MaintenanceCompleted,
                }.get(change.status, Change)
                if moved and reached is not Change:
                    assert isinstance(change, reached)
                else:
                    assert isinstance(change, (IncidentUpdated, MaintenanceUpdated))
                self._said(change.id, change.status, change, said=True)
            case _:
                raise AssertionError(change)

    def _is(self, key: str, status: str) -> None:
        self.parts[key] = status
        self.heard.setdefault(key, []).append(status)

    def _said(self, key: str, status: str, change: Any, *, said: bool) -> None:
        self.notices[key] = status
        if status:
            self.heard.setdefault(key, []).append(status)
        record = getattr(change, self.words[key])
        if getattr(record, "updated_at", None) is not None:
            self.updated[key] = iso(record.updated_at)
        if said and change.update is not None:
            self.updates.setdefault(key, []).append(change.update.id)

    def open(self) -> Mapping[str, str]:
        return {key: status for key, status in self.notices.items() if status != FINAL[self.words[key]]}
