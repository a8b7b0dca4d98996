"""Random histories of a page, with outages, stale answers, disorder, restarts: every change is told once, in order.

    python -m pytest tests/test_watch_histories.py                      # the seeds of the normal run
    WATCH_SEEDS=1000 python -m pytest tests/test_watch_histories.py -s  # more of them, with the counts

WATCH_FIRST is the first seed.
"""

from __future__ import annotations

import os
import pickle
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import groupby

import pytest

from instatus_async import PublicStatusPage, RetryPolicy, Watch, WatchState, watch
from instatus_async.testing import InstatusServer, ManualClock, faults
from instatus_async.watching import diff

from .watching import Cache, View, World, look

SEEDS = int(os.environ.get("WATCH_SEEDS", "200"))
FIRST = int(os.environ.get("WATCH_FIRST", "1"))
LOOKS = 7

OUTAGE = (
    (3, faults.Reset()),
    (2, faults.Close()),
    (3, faults.Status(503)),
    (2, faults.Status(429, headers={"Retry-After": "0"})),
    (2, faults.Garbage()),
    (1, faults.HalfStatusLine()),
    (1, faults.Truncated()),
    (1, faults.Html()),
)
ONCE = RetryPolicy(attempts=1)


def through(state: WatchState, seed: int) -> WatchState:
    """Take a state through a file, one way or the other."""
    if seed % 2:
        taken: WatchState = pickle.loads(pickle.dumps(state))
        return taken
    return WatchState.loads(state.dumps())


def subsequence(heard: Sequence[str], past: Sequence[str]) -> bool:
    """Tell whether what was heard happened, in this order; several updates may have said the same status."""
    rest: Iterator[str] = iter(past)
    return all(status in rest for status, _ in groupby(heard))


class Player:
    """One watcher through its restarts, and what it has heard."""

    def __init__(self, world: World, first: Watch, *, public: bool) -> None:
        self.world = world
        self.watch = self._timed(first)
        self.public = public
        notices: dict[str, str] = {}
        _, parts, page = world.public()
        self.view = View(notices, {}, parts, page)
        self.view.heard = {key: [status] for key, status in parts.items()}
        self.complete = False
        self.remembered = 200
        self.count: Counter[str] = Counter()

    def _timed(self, watch: Watch) -> Watch:
        watch._now = self.world.clock
        return watch

    async def look(self, most: int | None = None) -> None:
        diff._REMEMBERED = self.remembered
        changes = await look(self.watch, most)
        self.view.hear(changes)
        if not self.public:  # what was said is told with its words; without any only what was set without any
            for change in changes:
                if getattr(change, "update", ...) is None:
                    story = self.world.stories[getattr(change, "id", "")]
                    assert getattr(change, "status", "") in story.silent, change
        self.count.update(change.kind for change in changes)
        self.complete = not self.watch._failures and not self.watch._ready
        if changes:
            assert changes[-1].state is self.watch.state or self.complete

    def restart(self, again: Watch) -> None:
        self.watch = self._timed(again)


async def play(seed: int) -> Counter[str]:  # noqa: C901, PLR0912 - a story, told from top to bottom
    """Play one history, and watch it through the API and as everybody sees it."""
    chance = random.Random(seed)
    clock = ManualClock()
    stale = chance.choice((0.0, 0.0, 0.3))
    outage = chance.choice((0.0, 0.15, 0.3))
    async with (
        InstatusServer(clock=clock) as server,
        server.client(retry=ONCE) as client,
        PublicStatusPage(server.page_url(), retry=ONCE) as public,
    ):
        world = World(server, clock, chance, silent=not stale)
        world.note()
        page = client.page(server.page_id)
        api = Player(world, watch(page), public=False)
        seen = Player(world, watch(public), public=True)
        twin = Player(world, watch(page), public=False) if not stale and seed % 3 == 0 else None
        for player in (api, seen, twin):
            if player is not None:
                await player.look()
        if not stale:  # an old answer of a list is understood only as long as its rows are remembered
            api.remembered = chance.choice((1, 5, 200))
        cache = Cache(chance, stale=stale, disorder=chance.choice((0.0, 0.5)))
        bad = server.faults.random(seed, outage, "GET", menu=OUTAGE)
        for path in ("/v1/{page_id}/incidents", "/v1/{page_id}/maintenances", "/v1/{page_id}/components", "*.json"):
            server.faults.every(cache, "GET", path)
        try:
            for _ in range(LOOKS):
                world.happen(chance.randint(0, 6))
                for player, again in ((api, page), (seen, public)):
                    crash = chance.random() < 0.3
                    await player.look(chance.randint(1, 4) if crash else None)
                    if not stale:
                        check(world, player, public=player is seen)
                    if crash:
                        player.restart(watch(again, since=through(player.watch.state, seed)))
                if twin is not None and chance.random() < 0.5:
                    await twin.look()
                    check(world, twin, public=False)
            server.faults.clear()
            server.advance(timedelta(seconds=5))
            world.note()
            for player in (api, seen):
                await player.look()
                assert player.complete
                check(world, player, public=player is seen)
                for key, heard in player.view.heard.items():
                    if player is seen or key not in world.stories:
                        assert subsequence(heard, world.past[key]), (key, heard, world.past[key])
                assert await look(player.watch) == []
                player.restart(watch(public if player is seen else page, since=through(player.watch.state, seed)))
                assert await look(player.watch) == [], "told again after a restart"
            if twin is not None:  # a second replica hears the same, however often either of them looks
                await twin.look()
                check(world, twin, public=False)
                assert twin.complete
                alive = {key for key, story in world.stories.items() if not story.deleted}
                assert {key: twin.view.updates[key] for key in alive} == {key: api.view.updates[key] for key in alive}
        except (AssertionError, KeyError) as exc:
            exc.add_note(f"seed {seed}, stale {stale}: {bad!r}\n{server.requests.explain()[-3000:]}")
            raise
        return (
            api.count
            + seen.count
            + Counter(
                faults=sum(not isinstance(fired.fault, Cache) for fired in server.faults.fired),
                stale=cache.stale_answers,
                disordered=cache.disordered_answers,
            )
        )


def check(world: World, player: Player, *, public: bool) -> None:
    """Hold what was heard against what is, after a look that came through and was read to its end."""
    if not player.complete:
        return
    view = player.view
    notices, parts, page = world.public()
    assert view.parts == parts
    assert view.page == page
    if public:
        assert view.open() == {key: status for key, (status, _) in notices.items()}
        assert {key: view.updated[key] for key in notices} == {key: at for key, (_, at) in notices.items()}
        return
    for key, story in world.stories.items():
        updates = [update for update, _, _ in story.updates]
        if story.deleted:
            assert view.updates.get(key, []) == updates[: len(view.updates.get(key, []))]
            assert view.notices.get(key, world.status_of(story)) == world.status_of(story)
        else:
            assert view.updates[key] == updates
            assert view.notices[key] == story.row["status"]


async def test_histories(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("instatus_async.rate_limit._SLOWEST", 1e6)  # a pace that is learnt from few requests
    monkeypatch.setattr(diff, "_REMEMBERED", 200)
    total: Counter[str] = Counter()
    for seed in range(FIRST, FIRST + SEEDS):
        total += await play(seed)
    print(f"{SEEDS} histories from {FIRST}: {dict(total)}")  # noqa: T201 - the counts are what it is run for
    if SEEDS >= 100:
        assert len(total) == 14 + 3, total
