"""Components as code: what a plan shows, what it does, and what it refuses."""

from __future__ import annotations

import asyncio
import pickle
from typing import Any

import pytest

from instatus_async import (
    AmbiguousNameError,
    AuthenticationError,
    ComponentSpec,
    InstatusClient,
    InvalidRequestError,
    OutcomeUnknownError,
    Page,
    PartialApplyError,
    PlanImpossibleError,
    PlannedArchive,
    PlannedCreate,
    PlannedOrder,
    PlannedUpdate,
    PlanOutdatedError,
)
from instatus_async.testing import InstatusServer, faults

from .renumbering import Renumber

LIST, ONE = "/v1/{page_id}/components", "/v1/{page_id}/components/{component_id}"
ACME = [{"name": "Website"}, {"name": "App"}, {"name": "API"}]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("instatus_async.jobs.plan._PAUSE", (0.0, 0.0))
    monkeypatch.setattr("instatus_async.session._LOOKS", (0.0, 0.0))


def group(server: InstatusServer, name: str, *children: str) -> tuple[str, ...]:
    """Add a group with its children; return the ids, the group's first."""
    (parent,) = server.seed(components=[{"name": name}])["components"]
    rows = [{"name": child, "group": parent, "grouped": True} for child in children]
    return (parent, *server.seed(components=rows).get("components", ()))


def writes(server: InstatusServer) -> list[tuple[str, Any]]:
    return [(entry.method, entry.body) for entry in server.requests if entry.method != "GET"]


async def shown(page: Page) -> list[tuple[str, str | None]]:
    """The components that are not archived, in order, with their groups."""
    rows = await page.components.list().collect()
    return [(row.name, row.group.name if row.group else None) for row in rows if not row.archived_at]


# --- showing and doing -----------------------------------------------------------------------------------------------


async def test_nothing_to_do(server: InstatusServer, page: Page) -> None:
    plan = await page.components.plan(ACME)
    assert plan.is_empty
    assert not plan
    assert plan.changes == ()
    assert str(plan) == "No changes: the page is as the file says."
    assert await plan.apply() == ()
    assert writes(server) == []


async def test_a_plan_as_people_read_it(server: InstatusServer, page: Page) -> None:
    _, cache, _ = group(server, "Backend", "Cache", "Legacy")
    server.seed(components=[{"name": "Status", "description": "old\nlines"}])
    queue = {"name": "Queue", "translations": {"name": {"fr": "File"}}}
    plan = await page.components.plan(
        [
            {"name": "API", "description": 'For "you"', "show_uptime": False},
            {"name": "Website"},
            {"name": "Backend", "children": [queue, {"name": "Cache"}]},
            {"name": "State", "was": "Status", "description": ""},
            ComponentSpec(name="Android", group="Apps"),
            ComponentSpec(name="Apps"),
        ]
    )
    assert str(plan).splitlines() == [
        '~ change "API"',
        '    description: "" -> "For \\"you\\""',
        "    show_uptime: true -> false",
        '~ change "Status"',
        '    name: "Status" -> "State"',
        '    description: "old\\nlines" -> ""',
        '+ create "Apps", after "State"',
        '+ create "Queue" in "Backend"',
        '    translations: {"name": {"fr": "File"}}',
        '+ create "Android" in "Apps"',
        '> move "API": to the front',
        '? "Apps" is new and "App" is not in the file: if that is a rename, say was = "App"',
        '? "Queue" is new and "Legacy" is not in the file: if that is a rename, say was = "Legacy"',
        '  "App": not in the file, left alone',
        '  "Legacy" in "Backend": not in the file, left alone',
    ]
    assert bool(plan)
    assert repr(plan) == f"<ComponentPlan of {page.id}: 6 changes, 0 impossible>"
    kinds = [type(change) for change in plan.changes]
    assert kinds == [PlannedUpdate, PlannedUpdate, PlannedCreate, PlannedCreate, PlannedCreate, PlannedOrder]
    assert writes(server) == []
    done = await plan.apply()
    assert set(map(type, done)) == {PlannedUpdate, PlannedCreate, PlannedOrder}
    assert {change for change in done if isinstance(change, PlannedCreate)} == set(plan.changes[2:5])
    assert (await page.components.get(cache)).group is not None
    assert [row for row in await shown(page) if row[1] is None] == [
        (name, None) for name in ("API", "App", "Website", "Backend", "State", "Apps")
    ]
    assert (await shown(page)).index(("Queue", "Backend")) < (await shown(page)).index(("Cache", "Backend"))


async def test_new_components_are_operational_and_old_statuses_stay(server: InstatusServer, page: Page) -> None:
    api = server.component_id("API")
    await page.components.update(api, status="MAJOROUTAGE")
    await (await page.components.plan([{"name": "New"}, {"name": "API", "description": "x", "order": -1}])).apply()
    bodies = writes(server)[1:]
    assert ("POST", {"name": "New", "status": "OPERATIONAL"}) in bodies
    assert all("status" not in body for method, body in bodies if method == "PUT")
    assert (await page.components.get(api)).status == "MAJOROUTAGE"
    assert server.ledger == ()


async def test_groups_are_created_before_their_children(server: InstatusServer, page: Page) -> None:
    database = {"name": "DB", "children": [{"name": "Replica"}]}
    file: list[dict[str, Any]] = [{"name": "Cache", "group": "Backend"}, {"name": "Backend", "children": [database]}]
    await (await page.components.plan(file)).apply()
    posts = [body for method, body in writes(server) if method == "POST"]
    backend, above = server.component_id("Backend"), server.component_id("DB")
    assert [(body["name"], body.get("group"), body.get("grouped")) for body in posts] == [
        ("Backend", None, None),
        ("Cache", backend, True),
        ("DB", backend, True),
        ("Replica", above, True),
    ]
    assert (await page.components.plan(file)).is_empty


async def test_a_group_of_the_page_that_the_file_does_not_mention(server: InstatusServer, page: Page) -> None:
    group(server, " Backend", "Cache")
    file: list[dict[str, Any]] = [{"name": "DB", "group": "backend"}]
    plan = await page.components.plan(file, archive=True)
    assert {change.name for change in plan.changes if isinstance(change, PlannedArchive)} == {
        *("Website", "App", "API", "Cache")
    }
    await plan.apply()
    assert await shown(page) == [(" Backend", None), ("DB", " Backend")]
    assert (await page.components.plan(file, archive=True)).is_empty


# --- what is the same ------------------------------------------------------------------------------------------------


async def test_null_and_empty_descriptions_are_the_same(server: InstatusServer, page: Page) -> None:
    server.faults.every(faults.NullFields("description"), "GET", LIST)
    assert (await page.components.plan([{"name": "API", "description": ""}])).is_empty
    server.faults.clear()
    server.seed(components=[{"name": "Described", "description": "yes"}])
    assert (await page.components.plan([{"name": "Described"}, {"name": "API", "description": None}])).changes == (
        (await page.components.plan([{"name": "Described"}, {"name": "API"}])).changes
    )
    (change,) = (await page.components.plan([{"name": "Described", "description": ""}])).changes
    assert isinstance(change, PlannedUpdate)
    assert change.fields == {"description": ("yes", "")}


@pytest.mark.parametrize(
    "spoilt", [faults.MissingFields("translations"), faults.NullFields("translations"), faults.ExtraFields()]
)
async def test_translations_that_the_list_leaves_out(server: InstatusServer, page: Page, spoilt: faults.Fault) -> None:
    (made,) = server.seed(
        components=[{"name": "T", "translations": {"name": {"fr": "a", "de": "b"}, "description": {"fr": "d"}}}]
    )["components"]
    server.faults.every(spoilt, "GET", LIST)
    same = {"name": "T", "translations": {"name": {"fr": "a"}}}
    assert (await page.components.plan([same])).is_empty
    plan = await page.components.plan([{"name": "T", "translations": {"name": {"fr": "new"}}}])
    await plan.apply()
    (put,) = [body for method, body in writes(server) if method == "PUT"]
    assert put == {"translations": {"name": {"fr": "new", "de": "b"}, "description": {"fr": "d"}}}
    assert (await page.components.get(made)).translations == put["translations"]


async def test_translations_of_nulls(server: InstatusServer, page: Page) -> None:
    nulls = faults.ReplacedFields({"translations": {"name": None, "description": None}})
    server.faults.every(nulls, "GET")
    assert (await page.components.plan([{"name": "API", "translations": {}}])).is_empty
    assert (await page.components.plan([{"name": "API", "translations": {"name": {"fr": ""}}}])).is_empty
    assert not (await page.components.plan([{"name": "API", "translations": {"name": {"fr": "x"}}}])).is_empty


async def test_only_the_relative_order_counts(server: InstatusServer, page: Page) -> None:
    server.faults.every(Renumber(server), None, LIST + "*")
    file: list[dict[str, Any]] = [{"name": "API"}, {"name": "New"}, {"name": "Website"}]
    await (await page.components.plan(file)).apply()
    assert [name for name, _ in await shown(page) if name != "App"] == ["API", "New", "Website"]
    assert (await page.components.plan(file)).is_empty
    assert (await page.components.plan([{"name": n, "order": o} for n, o in (("New", 50), ("API", 3))])).is_empty


async def test_an_order_that_is_null(server: InstatusServer, page: Page) -> None:
    """As right after a page was made (quirk 52): then the list's own order counts."""
    server.faults.every(faults.NullFields("order"), "GET", LIST)
    assert (await page.components.plan(ACME)).is_empty
    plan = await page.components.plan(ACME[::-1])
    assert [str(change) for change in plan.changes] == ['> move "API": to the front\n> move "App": after "API"']
    await plan.apply()
    server.faults.clear()
    assert (await page.components.plan(ACME[::-1])).is_empty


async def test_a_service_that_orders_by_itself(server: InstatusServer, page: Page) -> None:
    class Stubborn(Renumber):
        async def act(self, exchange: Any) -> Any:
            answer = exchange.commit()
            for number, row in enumerate(server._wire.state.components.values()):
                row["order"] = number
            return exchange.answer(answer)

    server.faults.every(Stubborn(server), "PUT")
    with pytest.raises(PartialApplyError, match="order of its own") as caught:
        await (await page.components.plan(ACME[::-1])).apply()
    assert [type(change) for change in caught.value.remaining] == [PlannedOrder]
    assert caught.value.applied == ()


# --- which is which --------------------------------------------------------------------------------------------------


async def test_blanks_and_case_of_names(server: InstatusServer, page: Page) -> None:
    server.seed(components=[{"name": "  Padded"}])
    assert (await page.components.plan([{"name": "Padded"}])).is_empty
    (change,) = (await page.components.plan([{"name": "Api"}])).changes
    assert isinstance(change, PlannedUpdate)
    assert change.fields == {"name": ("API", "Api")}


async def test_a_new_name_without_more_is_another_component(server: InstatusServer, page: Page) -> None:
    file: list[dict[str, Any]] = [{"name": "Website"}, {"name": "App"}, {"name": "Interface"}]
    plan = await page.components.plan(file, archive=True)
    assert str(plan).splitlines() == [
        '+ create "Interface", after "App"',
        '- archive "API"',
        '? "Interface" is new and "API" is not in the file: if that is a rename, say was = "API"',
    ]
    for more in ({"was": "API"}, {"id": server.component_id("API")}):
        renaming = await page.components.plan([*file[:2], {**file[2], **more}], archive=True)
        assert str(renaming).splitlines() == ['~ change "API"', '    name: "API" -> "Interface"']
    await renaming.apply()
    for more in ({"was": "API"}, {"id": server.component_id("Interface")}, {}):  # it is done, and may stay in the file
        assert (await page.components.plan([*file[:2], {**file[2], **more}], archive=True)).is_empty


async def test_archiving_and_coming_back(server: InstatusServer, page: Page) -> None:
    _, cache = group(server, "Backend", "Cache")
    assert "left alone" in str(await page.components.plan(ACME))
    plan = await page.components.plan(ACME, archive=True)
    assert [str(change) for change in plan.changes] == ['- archive "Cache" in "Backend"', '- archive "Backend"']
    await plan.apply()
    assert await shown(page) == [("Website", None), ("App", None), ("API", None)]
    assert (await page.components.plan(ACME, archive=True)).is_empty
    back = await page.components.plan([*ACME, {"name": "Backend", "children": [{"name": "Cache"}]}])
    assert "archived: true -> false" in str(back)
    await back.apply()
    assert (await page.components.get(cache)).archived_at is None
    assert len(server._wire.state.components) == 5


async def test_what_the_api_cannot_move(server: InstatusServer, page: Page) -> None:
    _, cache = group(server, "Backend", "Cache")
    file: list[dict[str, Any]] = [
        {"name": "Backend"},
        {"name": "Front", "children": [{"name": "Cache", "description": "x"}]},
    ]
    plan = await page.components.plan(file)
    assert '! move "Cache" from "Backend" to "Front": cannot be done by the API' in str(plan)
    assert not plan.is_empty
    with pytest.raises(PlanImpossibleError, match="skip_impossible") as caught:
        await plan.apply()
    assert [move.id for move in caught.value.moves] == [cache]
    assert writes(server) == []
    await plan.apply(skip_impossible=True)
    left = await page.components.plan(file)
    assert (left.changes, len(left.impossible), left.is_empty) == ((), 1, False)
    assert (await page.components.get(cache)).description == "x"


async def test_a_component_leaves_its_group(server: InstatusServer, page: Page) -> None:
    _, cache = group(server, "Backend", "Cache")
    file: list[dict[str, Any]] = [{"name": "Cache"}, {"name": "Backend"}]
    plan = await page.components.plan(file)
    assert 'group: "Backend" -> nothing' in str(plan)
    await plan.apply()
    assert (await page.components.get(cache)).group is None
    assert {"grouped": False} in [body for _, body in writes(server)]
    assert all("status" not in body for _, body in writes(server))
    assert (await page.components.plan(file)).is_empty


async def test_which_of_several_was_moved_cannot_be_told(server: InstatusServer, page: Page) -> None:
    file: list[dict[str, Any]] = [{"name": name, "children": [{"name": "API"}]} for name in ("One", "Two")]
    plan = await page.components.plan(file)
    assert plan.impossible == ()
    assert [change.name for change in plan.changes if isinstance(change, PlannedCreate)].count("API") == 2
    (single,) = (await page.components.plan(file[:1])).impossible
    assert (single.name, single.wanted) == ("API", "One")


async def test_a_page_that_moves_under_a_run(server: InstatusServer, page: Page) -> None:
    """What was to be created appears at the top of the page while the plan is carried out."""
    plan = await page.components.plan([{"name": "One", "children": [{"name": "DB"}]}])
    server.faults.next(faults.Stall(after_commit=True), "POST", LIST)
    applying = asyncio.ensure_future(plan.apply())
    await server.faults.wait(1)
    server.seed(components=[{"name": "DB"}])
    server.faults.release()
    with pytest.raises(PartialApplyError, match='! move "DB" into "One"'):
        await applying


async def test_a_service_that_leaves_it_in_its_group(server: InstatusServer, page: Page) -> None:
    group(server, "Backend", "Cache")
    plan = await page.components.plan([{"name": "Backend"}, {"name": "Cache"}])
    server.faults.next(faults.ReplacedFields({"group": {"id": "g"}}), "PUT")
    with pytest.raises(PartialApplyError, match="left it in its group"):
        await plan.apply()


async def test_namesakes_of_other_groups_are_theirs(server: InstatusServer, page: Page) -> None:
    _, other = group(server, "Theirs", "DB")
    plan = await page.components.plan([{"name": "Ours", "children": [{"name": "DB"}]}])
    assert [str(change).split("\n", 1)[0] for change in plan.changes] == ['+ create "Ours"', '+ create "DB" in "Ours"']
    assert f'? "DB" in "Ours" is new, and "DB" in "Theirs" another one: if not, say id = "{other}"' in str(plan)


# --- refusals --------------------------------------------------------------------------------------------------------

DEEP: list[Any] = [{"name": "a"}]
DEEP[0]["children"] = DEEP


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("API", "components: expected a list of components, got str"),
        ({"components": []}, "components: expected a list of components, got dict"),
        (None, "components: expected a list"),
        (["API"], r"components\[0\]: expected a component, got str"),
        ([{}], r"components\[0\]: missing 'name'"),
        ([{"name": "a"}, {"name": " "}], r"components\[1\]\.name: expected a name, got a blank text"),
        ([{"name": 5}], r"components\[0\]\.name: expected text, got int"),
        ([{"name": "\ud800"}], r"components\[0\]\.name: the text holds half"),
        ([{"name": "a", "desciption": "x"}], r"components\[0\]: unexpected field 'desciption'; did you mean 'descr"),
        ([{"name": "a", "status": "UP"}], r"components\[0\]: unexpected field 'status'; known are name"),
        ([{"name": "a", 5: 1}], r"components\[0\]: unexpected field 5"),
        ([{"name": "a", "order": "1"}], r"components\[0\]\.order: expected a whole number, got str"),
        ([{"name": "a", "order": True}], r"components\[0\]\.order"),
        ([{"name": "a", "show_uptime": "yes"}], r"components\[0\]\.show_uptime: expected true or false"),
        ([{"name": "a", "translations": []}], r"components\[0\]\.translations: expected a mapping"),
        ([{"name": "a", "translations": {"name": "x"}}], r"components\[0\]\.translations\.name: expected a mapping"),
        ([{"name": "a", "translations": {"name": {"fr": 1}}}], r"\.translations\.name\.fr: expected text"),
        ([{"name": "a", "children": {"name": "b"}}], r"components\[0\]\.children: expected a list"),
        ([{"name": "a", "children": [{"name": ""}]}], r"components\[0\]\.children\[0\]\.name"),
        ([{"name": "a", "children": [{"name": "b", "group": "c"}]}], r"children\[0\]\.group: it stands among"),
        ([{"name": "a", "group": "b"}, {"name": "b", "group": "a"}], r"components\[0\]\.group: .* inside of it"),
        ([{"name": "a", "group": "a"}], r"components\[0\]\.group: .* own name"),
        (DEEP, "nested too deeply"),
        ([ComponentSpec(name="a", order=1.5)], r"components\[0\]\.order"),  # type: ignore[arg-type]  # what is refused
    ],
)
async def test_files_that_make_no_sense(server: InstatusServer, page: Page, file: Any, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message) as caught:
        await page.components.plan(file)
    assert str(caught.value).endswith("Nothing was sent.")
    assert len(server.requests) == 0


@pytest.mark.parametrize(
    "file",
    [
        [{"name": "a"}, {"name": "A "}],
        [{"name": "g", "children": [{"name": "a"}]}, {"name": "a", "group": "G"}],
        [{"name": "a", "group": "x"}, {"name": "a", "group": "X"}],
        [{"name": "a", "id": "1"}, {"name": "b", "id": "1"}],
        [{"name": "A", "id": "1"}, {"name": "A", "id": "2"}, {"name": "b", "group": "a "}],
    ],
)
async def test_names_that_are_there_twice(server: InstatusServer, page: Page, file: Any) -> None:
    with pytest.raises(AmbiguousNameError, match=r"components\[\d\].*Nothing was sent\.") as caught:
        await page.components.plan(file)
    assert len(caught.value.candidates) == 2
    assert len(server.requests) == 0


async def test_names_that_the_page_has_twice(server: InstatusServer, page: Page) -> None:
    twins = server.seed(components=[{"name": "Twin"}, {"name": "Twin"}])["components"]
    with pytest.raises(AmbiguousNameError, match=r"components\[0\].*Give the id") as caught:
        await page.components.plan([{"name": "Twin"}])
    assert [row.id for row in caught.value.candidates] == list(twins)
    assert all(twin in str(caught.value) for twin in twins)
    assert (await page.components.plan([{"name": "Twin", "id": twin} for twin in twins])).is_empty
    with pytest.raises(AmbiguousNameError):
        await page.components.plan([{"name": "New", "group": "twin"}])


async def test_what_the_page_does_not_have(page: Page) -> None:
    with pytest.raises(InvalidRequestError, match=r"components\[0\]\.id: this page has no component 'nope'"):
        await page.components.plan([{"name": "a", "id": "nope"}])
    with pytest.raises(InvalidRequestError, match=r'components\[1\]\.group: .*"Websit"; did you mean "Website"\?'):
        await page.components.plan([{"name": "a"}, {"name": "b", "group": "Websit"}])
    with pytest.raises(InvalidRequestError, match=r'"API" is called "Interface" in the file \(components\[0\]\)'):
        await page.components.plan([{"name": "Interface", "was": "API"}, {"name": "b", "group": "API"}])


# --- a world that moves ----------------------------------------------------------------------------------------------


async def test_what_others_have_done_is_not_done_again(server: InstatusServer, page: Page) -> None:
    file: list[dict[str, Any]] = [{"name": "New"}, {"name": "API", "description": "x"}]
    first, second = [await page.components.plan(file) for _ in range(2)]
    assert len(await first.apply()) == 3
    sent = len(writes(server))
    assert await second.apply() == ()
    assert await first.apply() == ()
    assert len(writes(server)) == sent


async def test_a_replica_that_comes_in_between_leaves_the_rest(
    server: InstatusServer, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second sees that some have been created since it was planned, and that more are while it waits."""
    file: list[dict[str, Any]] = [{"name": f"Part {n}"} for n in range(4)]
    async with server.client() as client:
        first, second = await page.components.plan(file), await client.page(page.id).components.plan(file)
        server.faults.nth(3, faults.Stall(), "POST", LIST)
        applying = asyncio.ensure_future(first.apply())
        await server.faults.wait(1)

        async def pause(_: float) -> None:
            server.faults.release()
            await applying

        monkeypatch.setattr("instatus_async.jobs.plan.sleep", pause)
        assert await second.apply() == ()
    assert await applying == first.changes
    assert len(server._wire.state.components) == 3 + 4


async def test_two_creates_at_the_same_moment(server: InstatusServer, page: Page) -> None:
    """What nobody can prevent from outside is not hidden: the twins are named."""
    file: list[dict[str, Any]] = [{"name": "Part"}]
    async with server.client() as client:
        first, second = await page.components.plan(file), await client.page(page.id).components.plan(file)
        server.faults.next(faults.Stall(), "POST", LIST)
        applying = asyncio.ensure_future(first.apply())
        await server.faults.wait(1)
        assert len(await second.apply()) == 1
        server.faults.release()
        with pytest.raises(PartialApplyError, match='"Part" means 2 of them') as caught:
            await applying
    assert isinstance(caught.value.__cause__, AmbiguousNameError)
    assert len(caught.value.__cause__.candidates) == 2
    assert caught.value.applied == first.changes


async def test_a_page_that_has_changed(server: InstatusServer, page: Page) -> None:
    api = server.component_id("API")
    plan = await page.components.plan([{"name": "API", "description": "new"}, {"name": "Extra"}])
    await page.components.update(api, description="by hand")
    sent = len(writes(server))
    with pytest.raises(PlanOutdatedError, match=r'would also take: ~ change "API"\. Plan again') as caught:
        await plan.apply()
    (change,) = caught.value.unexpected
    assert isinstance(change, PlannedUpdate)
    assert change.fields == {"description": ("by hand", "new")}
    assert len(writes(server)) == sent
    await page.components.update(api, description="new")  # somebody has done it
    assert [type(change) for change in await plan.apply()] == [PlannedCreate]


async def test_changes_that_nobody_saw(server: InstatusServer, page: Page) -> None:
    file: list[dict[str, Any]] = [{"name": "API"}, {"name": "Extra"}]
    plan = await page.components.plan(file, archive=True)
    server.seed(components=[{"name": "Precious"}])
    with pytest.raises(PlanOutdatedError, match='- archive "Precious"'):
        await plan.apply()
    plan = await page.components.plan(file)
    await page.components.delete(server.component_id("API"))
    with pytest.raises(PlanOutdatedError, match=r'\+ create "API"'):
        await plan.apply()
    plan = await page.components.plan([{"name": "Website"}, {"name": "App"}, {"name": "Precious", "description": "x"}])
    await page.components.update(server.component_id("Website"), order=99)
    with pytest.raises(PlanOutdatedError, match="> move"):
        await plan.apply()
    plan = await page.components.plan([{"name": "Precious", "description": "y"}])
    server.seed(components=[{"name": "Precious"}])
    with pytest.raises(PlanOutdatedError, match="no longer fits"):
        await plan.apply()


async def test_stopped_on_its_way(server: InstatusServer, page: Page) -> None:
    file: list[dict[str, Any]] = [
        {"name": "API", "description": "x"},
        {"name": "One"},
        {"name": "Two"},
        {"name": "Website"},
    ]
    plan = await page.components.plan(file, archive=True)
    server.faults.nth(2, faults.Status(401), "POST")
    with pytest.raises(PartialApplyError, match=r'Done: ~ change "API"; \+ create "One".*Not done: .*"Two"') as caught:
        await plan.apply()
    error = caught.value
    assert isinstance(error.__cause__, AuthenticationError)
    assert [str(change).split()[2] for change in error.applied] == ['"API"', '"One",']
    assert [type(change) for change in error.remaining] == [PlannedCreate, PlannedOrder, PlannedArchive]
    assert {*error.applied[1:], *error.remaining[:1]} <= {*plan.changes[1:3]}
    assert pickle.loads(pickle.dumps(error)).remaining == error.remaining
    done = await plan.apply()
    assert [type(change) for change in done][:1] == [PlannedCreate]
    assert (await page.components.plan(file, archive=True)).is_empty
    assert [name for name, _ in await shown(page)] == ["API", "One", "Two", "Website"]


async def test_the_answer_to_a_create_is_lost(server: InstatusServer, page: Page) -> None:
    """The page has the name in another group, so the SDK alone cannot tell which one is new."""
    group(server, "Theirs", "DB")
    file: list[dict[str, Any]] = [{"name": "Ours", "children": [{"name": "DB"}]}]
    plan = await page.components.plan(file)
    server.faults.nth(2, faults.Reset(after_commit=True), "POST")
    await plan.apply()
    assert (await page.components.plan(file)).is_empty
    assert sorted(row["name"] for row in server._wire.state.components.values()).count("DB") == 2


async def test_a_create_that_never_arrived(server: InstatusServer, page: Page) -> None:
    """The only component of that name is somebody else's: it must not be taken for ours."""
    group(server, "Theirs", "DB")
    plan = await page.components.plan([{"name": "Ours", "children": [{"name": "DB"}]}])
    server.faults.nth(2, faults.Reset(), "POST")
    with pytest.raises(PartialApplyError) as caught:
        await plan.apply()
    assert "DB" in str(caught.value)
    await plan.apply()
    assert ("DB", "Ours") in await shown(page)


async def test_a_create_that_is_lost_for_good(server: InstatusServer, page: Page) -> None:
    plan = await page.components.plan([{"name": "New"}])
    server.faults.next(faults.Reset(), "POST")
    with pytest.raises(PartialApplyError) as caught:
        await plan.apply()
    assert isinstance(caught.value.__cause__, OutcomeUnknownError)
    assert caught.value.remaining == plan.changes
    assert await plan.apply() == plan.changes


@pytest.mark.parametrize(
    ("number", "fault", "may"),
    [
        (1, faults.Status(403), False),
        (1, faults.Reset(), True),  # nobody knows
        (2, faults.Status(403), True),
    ],
)
async def test_whether_a_part_may_have_been_applied(
    server: InstatusServer, page: Page, number: int, fault: faults.Fault, may: bool
) -> None:
    plan = await page.components.plan([{"name": "One"}, {"name": "Two"}])
    server.faults.nth(number, fault, "POST")
    with pytest.raises(PartialApplyError) as caught:
        await plan.apply()
    assert caught.value.may_have_applied is may
    assert pickle.loads(pickle.dumps(caught.value)).may_have_applied is may


async def test_a_change_in_part_has_been_applied(server: InstatusServer, page: Page) -> None:
    """Nothing is done when the second of the numbers of an order is refused, and yet the page is another one."""
    names = [name for name, _ in await shown(page)]
    plan = await page.components.plan([{"name": name} for name in [*names[2:], *names[:2]]])
    server.faults.nth(2, faults.Status(403), "PUT")
    with pytest.raises(PartialApplyError) as caught:
        await plan.apply()
    assert caught.value.applied == ()
    assert caught.value.may_have_applied


async def test_a_failure_before_anything(server: InstatusServer, page: Page) -> None:
    plan = await page.components.plan([{"name": "New"}])
    server.faults.next(faults.Status(401), "GET")
    with pytest.raises(AuthenticationError):
        await plan.apply()
    async with InstatusClient("wrong", base_url=server.url) as client:
        with pytest.raises(AuthenticationError):
            await client.page(page.id).components.plan([])


async def test_a_write_of_a_plan_empties_the_names(page: Page) -> None:
    await page.components.find(name="API", max_age=3600)
    await (await page.components.plan([{"name": "New"}])).apply()
    assert (await page.components.find(name="New", max_age=3600)).name == "New"
