"""Components and pages by what people call them, on the embedded Instatus."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import AsyncGenerator, Sequence
from typing import Any, cast

import pytest

from instatus_async import (
    AmbiguousNameError,
    Component,
    InstatusClient,
    InvalidRequestError,
    NameNotFoundError,
    NotFoundError,
    Page,
    ServerError,
)
from instatus_async.testing import InstatusServer, faults
from tests.hostile import HostileServer, answer
from tests.test_cancellation import cancelled_at

LIST = "/v1/{page_id}/components"


@pytest.fixture
async def client(server: InstatusServer) -> AsyncGenerator[InstatusClient]:
    async with server.client() as made:
        yield made


@pytest.fixture
def page(server: InstatusServer, client: InstatusClient) -> Page:
    return client.page(server.page_id)


def listings(server: InstatusServer) -> int:
    """How often the list was read: its first pages."""
    return sum(entry.query.get("page") == "1" for entry in server.requests.matching("GET", LIST))


def group(server: InstatusServer, name: str, *children: str) -> tuple[str, ...]:
    """Add a group with its children; return the ids, the group's first."""
    (parent,) = server.seed(components=[{"name": name}])["components"]
    rows = [{"name": child, "group": parent, "grouped": True} for child in children]
    return (parent, *server.seed(components=rows).get("components", ()))


# --- components ------------------------------------------------------------------------------------------------------


async def test_the_very_name(server: InstatusServer, page: Page) -> None:
    server.seed(components=[{"name": "api"}])
    assert (await page.components.find(name="API")).id == server.component_id("API")
    assert (await page.components.find(name="api")).id == server.component_id("api")


async def test_any_case_and_blanks(server: InstatusServer, page: Page) -> None:
    (padded,) = server.seed(components=[{"name": "  Billing "}])["components"]
    assert (await page.components.find(name="billing")).id == padded
    assert (await page.components.find(name="\tBilling\n")).id == padded
    assert (await page.components.find(name=" WEBSITE ")).id == server.component_id("Website")


async def test_two_of_a_name_and_their_groups(server: InstatusServer, page: Page) -> None:
    back, back_cache = group(server, "Backend", "Cache")
    _, front_cache = group(server, "Frontend", "Cache")
    with pytest.raises(AmbiguousNameError) as caught:
        await page.components.find(name="cache")
    assert [row.id for row in caught.value.candidates] == [back_cache, front_cache]
    for word in (back_cache, front_cache, '"Backend"', '"Frontend"', "group=", "id"):
        assert word in str(caught.value)
    assert isinstance(caught.value, LookupError)
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.candidates == caught.value.candidates
    assert (await page.components.find(name="Cache", group="Frontend")).id == front_cache
    assert (await page.components.find(name="cache", group=" backend")).id == back_cache
    assert (await page.components.find(name="Cache", group=back)).id == back_cache


async def test_two_of_a_name_in_one_group(server: InstatusServer, page: Page) -> None:
    group(server, "Backend", "Cache", "Cache", "cache")
    with pytest.raises(AmbiguousNameError) as caught:
        await page.components.find(name="Cache", group="Backend")
    assert len(caught.value.candidates) == 2  # the very letters come first
    with pytest.raises(AmbiguousNameError) as caught:
        await page.components.find(name="CACHE", group="Backend")
    assert len(caught.value.candidates) == 3


async def test_nobody_of_a_name(server: InstatusServer, page: Page) -> None:
    group(server, "Backend", "Cache")
    with pytest.raises(NameNotFoundError, match='on this page is called "Websit"') as caught:
        await page.components.find(name="Websit")
    assert caught.value.near == ("Website",)
    assert 'did you mean "Website"?' in str(caught.value)
    assert isinstance(caught.value, NotFoundError)
    assert isinstance(caught.value, LookupError)
    assert (caught.value.status, caught.value.path) == (404, f"/v1/{page.id}/components")
    assert pickle.loads(pickle.dumps(caught.value)).near == ("Website",)
    with pytest.raises(NameNotFoundError, match='There is "Website" in no group'):
        await page.components.find(name="Website", group="Backend")
    with pytest.raises(NameNotFoundError, match='group "Nowhere"'):
        await page.components.find(name="Cache", group="Nowhere")
    with pytest.raises(NameNotFoundError, match='there are "Website", "App", "API"'):
        await page.components.find(name="xxxxxxxx")


async def test_archived_ones(server: InstatusServer, page: Page) -> None:
    (old,) = server.seed(components=[{"name": "Legacy", "archived": True}])["components"]
    with pytest.raises(NameNotFoundError, match="archived=True"):
        await page.components.find(name="Legacy")
    assert (await page.components.find(name="Legacy", archived=True)).id == old
    (new,) = server.seed(components=[{"name": "Legacy"}])["components"]
    assert (await page.components.find(name="Legacy")).id == new
    with pytest.raises(AmbiguousNameError):
        await page.components.find(name="Legacy", archived=True)


ROW = {"id": "a", "name": "API", "status": "OPERATIONAL"}


@pytest.mark.parametrize(
    "rows",
    [
        [{**ROW, "group": "Backend"}],  # a name, as until 2023
        [{**ROW, "group": {"name": "Backend"}}],
        [{**ROW, "group": {"id": "g"}}, {**ROW, "id": "g", "name": " Backend"}],
        [{**ROW, "groupId": "g"}, {**ROW, "id": "g", "name": "Backend", "group": None}],
        [{**ROW, "group": {**ROW, "id": "g", "name": "Backend", "isParent": True}}],
        [{**ROW, "name": {"en": "API", "default": "API"}, "group": {"id": "g", "name": "Backend", "description": ""}}],
    ],
)
async def test_groups_in_every_form(rows: Sequence[Any]) -> None:
    async with HostileServer(answer(rows)) as hostile, InstatusClient("key", base_url=hostile.url) as client:
        components = client.page("p").components
        assert (await components.find(name="API", group="backend")).id == "a"
        with pytest.raises(NameNotFoundError):
            await components.find(name="API", group="Frontend")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "  "},
        {"name": 5},
        {"name": None},
        {"name": "API", "group": ""},
        {"name": "API", "group": 1},
        {"name": "API", "max_age": -1},
        {"name": "API", "max_age": float("nan")},
        {"name": "API", "max_age": "1"},
        {"name": "API", "max_age": True},
    ],
)
async def test_what_cannot_be_looked_for(server: InstatusServer, page: Page, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError, match=r"(name|group|max_age): .* Nothing was sent\."):
        await page.components.find(**wrong)
    assert len(server.requests) == 0


# --- reading the list as seldom as asked for -------------------------------------------------------------------------


async def test_each_find_reads_the_list(server: InstatusServer, page: Page) -> None:
    await page.components.find(name="API")
    server.seed(components=[{"name": "New"}])
    assert (await page.components.find(name="New")).name == "New"
    assert listings(server) == 2


async def test_finds_that_begin_together_share_a_reading(server: InstatusServer, page: Page) -> None:
    found = await asyncio.gather(*(page.components.find(name=name) for name in ("API", "App", "Website") * 5))
    assert [row.name for row in found] == ["API", "App", "Website"] * 5
    assert listings(server) == 1


async def test_a_find_does_not_take_a_reading_that_began_before_it(server: InstatusServer, page: Page) -> None:
    """What has been created before a find began must be found."""
    server.faults.next(faults.Stall(after_commit=True), "GET", LIST)
    first = asyncio.ensure_future(page.components.find(name="API"))
    await server.faults.wait(1)
    server.seed(components=[{"name": "New"}])
    assert (await page.components.find(name="New")).name == "New"
    server.faults.release()
    assert (await first).name == "API"
    assert listings(server) == 2


async def test_with_a_max_age_a_reading_under_way_will_do(server: InstatusServer, page: Page) -> None:
    server.faults.next(faults.Stall(), "GET", LIST)
    first = asyncio.ensure_future(page.components.find(name="API"))
    await server.faults.wait(1)
    second = asyncio.ensure_future(page.components.find(name="App", max_age=60))
    await asyncio.sleep(0)
    server.faults.release()
    assert [(await find).name for find in (first, second)] == ["API", "App"]
    assert listings(server) == 1


async def test_max_age(server: InstatusServer, page: Page) -> None:
    await page.components.find(name="API")
    for _ in range(3):
        await page.components.find(name="App", max_age=3600)
    assert listings(server) == 1
    await page.components.find(name="App", max_age=1e-9)  # the reading is older than that
    assert listings(server) == 2
    await page.components.find(name="App")
    assert listings(server) == 3
    server.seed(components=[{"name": "New"}])
    with pytest.raises(NameNotFoundError):
        await page.components.find(name="New", max_age=3600)
    assert (await page.with_options(timeout=5).components.find(name="New", max_age=3600)).name == "New"


@pytest.mark.parametrize("write", ["create", "update", "delete", "a failed create"])
async def test_a_write_makes_every_reading_too_old(server: InstatusServer, page: Page, write: str) -> None:
    api = await page.components.find(name="API", max_age=3600)
    if write == "create":
        await page.components.create(name="Another")
    elif write == "update":
        await page.components.update(api.id, name="Interface")
    elif write == "delete":
        await page.components.delete(api.id)
    else:
        server.faults.next(faults.Status(400), "POST")
        with pytest.raises(Exception, match="400"):
            await page.components.create(name="Another")
    before = listings(server)
    await page.components.find(name="App", max_age=3600)
    assert listings(server) == before + 1
    if write in ("update", "delete"):
        with pytest.raises(NameNotFoundError):
            await page.components.find(name="API", max_age=3600)


async def test_a_reading_during_a_write_is_too_old_afterwards(server: InstatusServer, page: Page) -> None:
    server.faults.next(faults.Stall(), "POST", LIST)
    writing = asyncio.ensure_future(page.components.create(name="New"))
    await server.faults.wait(1)
    with pytest.raises(NameNotFoundError):
        await page.components.find(name="New", max_age=3600)
    server.faults.release()
    await writing
    assert (await page.components.find(name="New", max_age=3600)).name == "New"


async def test_a_reading_that_failed_is_not_kept(server: InstatusServer, page: Page) -> None:
    server.faults.next(faults.Status(501), "GET", LIST)
    results = await asyncio.gather(
        *(page.components.find(name="API", max_age=60) for _ in range(3)), return_exceptions=True
    )
    assert [type(result) for result in results] == [ServerError] * 3
    assert (await page.components.find(name="API", max_age=60)).name == "API"


async def test_one_that_is_cancelled_leaves_the_reading_to_the_others(server: InstatusServer, page: Page) -> None:
    server.faults.next(faults.Stall(), "GET", LIST)
    finds = [asyncio.ensure_future(page.components.find(name="API")) for _ in range(3)]
    await server.faults.wait(1)
    finds[0].cancel()
    await asyncio.wait([finds[0]])
    server.faults.release()
    assert [(await find).name for find in finds[1:]] == ["API", "API"]
    assert finds[0].cancelled()
    assert listings(server) == 1


def readings() -> list[str]:
    """Tasks that still read a list."""
    found = [repr(task.get_coro()) for task in asyncio.all_tasks()]
    return [coroutine for coroutine in found if "_Listing" in coroutine or "_list" in coroutine]


async def test_a_reading_that_nobody_waits_for_is_cancelled(server: InstatusServer, page: Page) -> None:
    server.faults.next(faults.Stall(), "GET", LIST)
    finds = [asyncio.ensure_future(page.components.find(name="API", max_age=60)) for _ in range(3)]
    await server.faults.wait(1)
    assert readings() != []
    for find in finds:
        find.cancel()
    await asyncio.wait(finds)
    assert (await page.components.find(name="API", max_age=60)).name == "API"  # not from the one that is ending
    for _ in range(20):
        await asyncio.sleep(0)
    assert readings() == []


async def test_cancelled_at_every_await(server: InstatusServer, page: Page) -> None:
    """No task is left behind, and the next find works."""
    await page.components.find(name="API")
    for step in range(1, 50):
        cancelled = await asyncio.ensure_future(cancelled_at(page.components.find(name="API", max_age=1e-9), step))
        for _ in range(20):
            await asyncio.sleep(0)
        assert readings() == []
        assert (await page.components.find(name="API", max_age=3600)).name == "API"
        if not cancelled:
            break
    else:
        pytest.fail("it never got through")


def test_a_handle_outlives_its_loop() -> None:
    """A reading of another loop serves nobody: the client says what is wrong instead."""
    server = InstatusServer()

    async def first() -> Page:
        await server.start()
        page = server.client().page(server.page_id)
        await page.components.find(name="API", max_age=3600)
        await page._session.aclose()
        return page

    async def second(page: Page) -> None:
        with pytest.raises(Exception, match=r"closed|loop"):
            await page.components.find(name="API", max_age=3600)

    async def both() -> Page:
        try:
            return await first()
        finally:
            await server.close()

    asyncio.run(second(asyncio.run(both())))


# --- pages -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def pages(server: InstatusServer) -> Sequence[str]:
    rows: list[dict[str, Any]] = [
        {"name": name, "subdomain": subdomain, "email": "a@b.example", "components": [], "customDomain": domain}
        for name, subdomain, domain in (
            ("Shop", "shop-status", "Status.Shop.example"),
            ("shop", "shop-two", None),
            ("Bank", "bank", "https://status.bank.example/"),
        )
    ]
    return server.seed(pages=rows)["pages"]


async def test_a_page_by_its_subdomain(client: InstatusClient, pages: Sequence[str]) -> None:
    assert (await client.pages.find(subdomain=" Shop-Status ")).id == pages[0]
    with pytest.raises(NameNotFoundError, match='did you mean "shop-two"') as caught:
        await client.pages.find(subdomain="shop-too")
    assert caught.value.path == "/v2/pages"


async def test_a_page_by_its_name(client: InstatusClient, pages: Sequence[str]) -> None:
    assert (await client.pages.find(name="Shop")).id == pages[0]
    assert (await client.pages.find(name="shop")).id == pages[1]
    assert (await client.pages.find(name=" BANK")).id == pages[2]
    with pytest.raises(AmbiguousNameError, match=r"shop-status.*shop-two") as caught:
        await client.pages.find(name="SHOP")
    assert [row.id for row in caught.value.candidates] == list(pages[:2])


@pytest.mark.parametrize(
    "domain",
    ["status.shop.example", "STATUS.shop.EXAMPLE.", "https://status.shop.example/", "http://Status.shop.example:80?y"],
)
async def test_a_page_by_its_domain(client: InstatusClient, pages: Sequence[str], domain: str) -> None:
    assert (await client.pages.find(domain=domain)).id == pages[0]
    assert (await client.pages.find(domain="status.bank.example")).id == pages[2]
    with pytest.raises(NameNotFoundError):
        await client.pages.find(domain="shop.example")


@pytest.mark.parametrize(
    "asked", [{}, {"name": "a", "subdomain": "b"}, {"name": ""}, {"domain": 5}, {"domain": "https://"}]
)
async def test_a_page_by_one_thing_only(server: InstatusServer, client: InstatusClient, asked: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError, match=r"Nothing was sent\."):
        await client.pages.find(**asked)
    with pytest.raises(TypeError):
        await client.pages.find(**asked)
    assert len(server.requests) == 0


async def test_what_a_find_gives_is_a_component(page: Page) -> None:
    found = await page.components.find(name="API")
    assert type(found) is Component
    assert found == next(row for row in await page.components.list().collect() if row.name == "API")
    assert cast("Any", page.components).create.__signature__.parameters["name"]
