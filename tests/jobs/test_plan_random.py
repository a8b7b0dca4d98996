"""Any page and any file: after `apply` the page is as the file says, and nothing else has changed."""

from __future__ import annotations

import asyncio
import copy
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from instatus_async import (
    AmbiguousNameError,
    ComponentPlan,
    InstatusError,
    InvalidRequestError,
    Page,
    PartialApplyError,
    RetryPolicy,
)
from instatus_async.testing import InstatusServer, faults
from instatus_async.testing.exchange import Exchange

from .renumbering import Renumber

NAMES = ["API", "api", "Web", " Web", "DB", "Cache", "Queue"]
STATUSES = ["OPERATIONAL", "UNDERMAINTENANCE", "DEGRADEDPERFORMANCE", "PARTIALOUTAGE", "MAJOROUTAGE"]

live_rows: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.fixed_dictionaries(
        cast(
            "dict[str, st.SearchStrategy[Any]]",
            {"name": st.sampled_from(NAMES), "status": st.sampled_from(STATUSES), "parent": st.integers(-4, 5)},
        ),
        optional={
            "description": st.sampled_from([None, "", "old", "new"]),
            "showUptime": st.booleans(),
            "archived": st.sampled_from([False, False, False, True]),
            "translations": st.sampled_from([{}, {"name": {"fr": "a", "de": "b"}}, {"description": {"fr": "c"}}]),
        },
    ),
    max_size=7,
)

said: dict[str, st.SearchStrategy[Any]] = {
    "description": st.sampled_from(["", "old", "new"]),
    "order": st.integers(-2, 5),
    "show_uptime": st.booleans(),
    "translations": st.sampled_from([{}, {"name": {"fr": "x"}}, {"name": {"fr": ""}, "description": {"fr": "c"}}]),
    "was": st.sampled_from(NAMES),
}


def called(spec: dict[str, Any]) -> str:
    name: str = spec["name"]
    return name.strip().casefold()


def entries(optional: dict[str, st.SearchStrategy[Any]], most: int) -> st.SearchStrategy[list[dict[str, Any]]]:
    names: dict[str, st.SearchStrategy[Any]] = {"name": st.sampled_from(NAMES)}
    return st.lists(st.fixed_dictionaries(names, optional=optional), max_size=most, unique_by=called)


files = entries({**said, "children": entries(said, 3), "group": st.sampled_from(NAMES)}, 5)


def build(server: InstatusServer, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put components on the page, some of them in groups."""
    server._wire.state.components.clear()
    made: list[str] = []
    for row in rows:
        body = {key: value for key, value in row.items() if key != "parent"}
        if 0 <= row["parent"] < len(made):
            body |= {"group": made[row["parent"]], "grouped": True}
        made += server.seed(components=[body])["components"]


def snapshot(server: InstatusServer) -> dict[str, dict[str, Any]]:
    return copy.deepcopy(server._wire.state.components)


def check(server: InstatusServer, before: Mapping[str, Any], plan: ComponentPlan, *, archive: bool) -> None:
    """Hold what was written against what may be."""
    after = snapshot(server)
    assert before.keys() <= after.keys()
    for key, row in before.items():
        assert (after[key]["status"], after[key]["history"]) == (row["status"], row["history"])
    for key in after.keys() - before.keys():
        assert after[key]["status"] == "OPERATIONAL"
    for row in plan.left_alone:
        assert after[row.id] == before[row.id]
    for entry in server.requests.matching("PUT"):
        assert "status" not in entry.body
        assert archive or entry.body.get("archived") is not True
    assert not server.requests.matching("DELETE")
    assert server.ledger == ()


async def made(page: Page, file: Sequence[Mapping[str, Any]], *, archive: bool) -> ComponentPlan | None:
    """Plan, unless names are ambiguous or lead nowhere."""
    try:
        return await page.components.plan(file, archive=archive)
    except (AmbiguousNameError, InvalidRequestError):
        return None


@settings(max_examples=200)
@given(live_rows, files, st.booleans(), st.booleans())
@example(
    [{"name": "API", "status": "OPERATIONAL", "parent": 0}],
    [{"name": "API", "group": "Web", "children": [{"name": "API"}]}, {"name": "Web"}],
    True,
    False,
)
@example([{"name": "API", "status": "OPERATIONAL", "parent": -1}], [{"name": "Web"}, {"name": "API"}], False, True)
@example([], [{"name": "A", "children": [{"name": "B", "children": [{"name": "C"}]}]}, {"name": "B"}], True, False)
async def test_after_apply_the_next_plan_is_empty(
    rows: list[dict[str, Any]], file: list[dict[str, Any]], archive: bool, renumber: bool
) -> None:
    async with InstatusServer() as server, server.client() as client:
        page = client.page(server.page_id)
        build(server, rows)
        before = snapshot(server)
        if renumber:
            server.faults.every(Renumber(server), None, "/v1/{page_id}/components*")
        plan = await made(page, file, archive=archive)
        if plan is None:
            assert {entry.method for entry in server.requests} <= {"GET"}
            return
        assert snapshot(server).keys() == before.keys()
        text = str(plan)
        assert all(str(change) in text for change in plan.changes)
        done = await plan.apply(skip_impossible=True)
        if not plan.changes:
            assert not done
            assert {entry.method for entry in server.requests} <= {"GET"}
        if not renumber:  # which writes to all of them
            check(server, before, plan, archive=archive)
        again = await page.components.plan(file, archive=archive)
        assert again.changes == (), f"{plan}\n--- then\n{again}"
        assert {move.id for move in again.impossible} == {move.id for move in plan.impossible}
        assert again.is_empty is not bool(again)
        assert await again.apply(skip_impossible=True) == ()
        tops = [spec for spec in file if spec.get("group") is None]
        if not plan.impossible:
            places = {id(spec): place for place, spec in enumerate(file)}
            tops.sort(key=lambda spec: (spec.get("order", places[id(spec)]), places[id(spec)]))
            names = [spec["name"].strip() for spec in tops]
            live = [row["id"] for row in server._wire.state.components_of(server.page_id) if not row["archivedAt"]]
            shown = [server._wire.state.components[key]["name"].strip() for key in live]
            if max(Counter(shown).values(), default=0) == 1:
                assert [name for name in shown if name in names] == names


MENU = (
    (3, faults.Status(500)),
    (3, faults.Status(503, after_commit=True)),
    (2, faults.Status(429, headers={"Retry-After": "0"})),
    (2, faults.Reset()),
    (4, faults.Reset(after_commit=True)),
    (2, faults.Close(after_commit=True)),
    (2, faults.Truncated()),
    (1, faults.Html()),
    (1, faults.ExtraFields()),
)


@pytest.mark.parametrize("seed", range(40))
async def test_with_faults_it_ends_without_duplicates(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Apply, again and again, until it gets through."""
    monkeypatch.setattr("instatus_async.session._LOOKS", (0.0, 0.0))
    monkeypatch.setattr("instatus_async.rate_limit._SLOWEST", 100.0)
    chance = random.Random(seed)
    file = [
        {
            "name": f"Group {n}",
            "children": [{"name": name, "description": f"{name} {n}"} for name in ("Store", "Queue")],
        }
        for n in range(3)
    ]
    chance.shuffle(file)
    async with (
        InstatusServer() as server,
        server.client(timeout=2.0, retry=RetryPolicy(attempts=3, base=0.0)) as client,
    ):
        page = client.page(server.page_id)
        server.seed(components=[{"name": "Group 1", "status": "MAJOROUTAGE"}])
        before = snapshot(server)
        schedule = server.faults.random(seed, 0.2, menu=MENU)
        stopped: list[PartialApplyError] = []
        for _ in range(200):
            try:
                await (await page.components.plan(file)).apply()
                break
            except PartialApplyError as exc:
                stopped.append(exc)
            except InstatusError:
                pass
        else:
            pytest.fail(f"it never got through\n{schedule!r}")
        assert all(isinstance(error.__cause__, InstatusError) for error in stopped)
        server.faults.clear()
        again = await page.components.plan(file)
        story = f"{schedule!r}\n{server.requests.explain()}"
        assert again.is_empty, f"{again}\n{story}"
        names = Counter((row["name"], row["groupId"]) for row in server._wire.state.components.values())
        assert max(names.values()) == 1, f"{names}\n{story}"
        check(server, before, again, archive=False)


@pytest.mark.parametrize("seed", range(30))
async def test_two_replicas_side_by_side(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever they do at the same moment: no twins, or twins that at least one of them tells of."""
    monkeypatch.setattr("instatus_async.jobs.plan._PAUSE", (0.0, 0.0))
    chance = random.Random(seed)
    file: list[dict[str, Any]] = [
        {"name": "Backend", "children": [{"name": f"Part {n}"} for n in range(4)]},
        {"name": "Frontend"},
    ]
    async with InstatusServer() as server, server.client() as one, server.client() as other:
        server.faults.every(Dawdle(chance), None, "/v1/{page_id}/components*")
        plans = [await client.page(server.page_id).components.plan(file) for client in (one, other)]
        results = await asyncio.gather(*(plan.apply() for plan in plans), return_exceptions=True)
        server.faults.clear()
        names = Counter((row["name"], row["groupId"]) for row in server._wire.state.components.values())
        twins = [name for name, count in names.items() if count > 1]
        told = [result for result in results if isinstance(result, PartialApplyError)]
        assert all(isinstance(result, (tuple, PartialApplyError)) for result in results), results
        if twins:
            assert told
            assert all(isinstance(error.__cause__, AmbiguousNameError) for error in told), told
            with pytest.raises(AmbiguousNameError):
                await one.page(server.page_id).components.plan(file)
        else:
            assert told == []
            assert (await one.page(server.page_id).components.plan(file)).is_empty


class Dawdle(faults.Fault):
    """Take some turns of the loop before and after a request is carried out."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    async def act(self, exchange: Exchange) -> Any:
        for _ in range(self._chance.randrange(30)):
            await asyncio.sleep(0)
        answer = exchange.commit()
        for _ in range(self._chance.randrange(30)):
            await asyncio.sleep(0)
        return exchange.answer(answer)
