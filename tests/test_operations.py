"""Every operation by its row in `operations.py`: what goes out, what comes back, and what may go out twice."""

from __future__ import annotations

import ast
import copy
import inspect
import json
import re
import typing
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import attrs
import pytest
from aioresponses import aioresponses
from yarl import URL

import instatus_async
from instatus_async import (
    DecodeError,
    Effect,
    InstatusClient,
    InvalidIdError,
    InvalidRequestError,
    Model,
    NotFoundError,
    OpenEnum,
    OutcomeUnknownError,
    PublicStatusPage,
    RetryPolicy,
)
from instatus_async._wire import as_object, camel
from instatus_async.resources._base import PageResource, Resource

from .bodies import PAGE
from .hostile import HostileServer, answer
from .mocking import mock
from .operations import ROWS, SEARCHES, UNREADABLE, Handles, Row

API = "https://api.instatus.com"
HOST = "https://status.quayside.example"

each_row = pytest.mark.parametrize("row", ROWS, ids=[row.operation for row in ROWS])


@asynccontextmanager
async def handles(api: str = API, host: str = HOST, **options: Any) -> AsyncGenerator[Handles, None]:
    async with InstatusClient("key", base_url=api, **options) as client, PublicStatusPage(host, **options) as public:
        yield Handles(client, client.page(PAGE), public)


async def run(row: Row, h: Handles) -> Any:
    """Call, and read all of a list."""
    result = row.call(h)
    return await (result.collect() if hasattr(result, "collect") else result)


def base(row: Row) -> str:
    return HOST if row.path == "/summary.json" else API


def answers(row: Row, reply: Any) -> Sequence[tuple[str, Any]]:
    """The row's requests, with another reply to the first."""
    (first, _), *rest = row.pages
    return [(first, reply), *rest]


async def call(row: Row, reply: Any) -> Any:
    """Run a row with aioresponses, and return what the caller gets."""
    with aioresponses() as mocked:
        for target, body in answers(row, reply):
            raw = b"" if body is None else json.dumps(body).encode()
            mock(
                mocked, row.method, URL(base(row) + target, encoded=True), body=raw, status=204 if body is None else 200
            )
        async with handles() as h:
            return await run(row, h)


def look(value: Any, path: str) -> Any:
    """Follow "0.updates.1.message"."""
    for step in path.split(".") if path else ():
        value = value[int(step)] if step.isdigit() else getattr(value, step)
    return value


def many(value: Any) -> list[Any] | None:
    """The items of what is a list or a tuple."""
    return [*value] if isinstance(value, (list, tuple)) else None


def check_type(row: Row, result: Any) -> None:
    items = many(result)
    for item in [result] if items is None else items:
        assert type(item) is row.gives


# --- what goes out, and what the caller gets -------------------------------------------------------------------------


@each_row
async def test_an_operation(row: Row) -> None:
    with aioresponses() as mocked:
        for target, reply in row.pages:
            raw = b"" if reply is None else json.dumps(reply).encode()
            mock(
                mocked,
                row.method,
                URL(base(row) + target, encoded=True),
                body=raw,
                status=204 if reply is None else 200,
            )
        async with handles() as h:
            result = await run(row, h)
        requests = cast("Mapping[Any, Any]", mocked.requests)
        sent: list[Any] = [(*key, one.kwargs["data"]) for key, calls in requests.items() for one in calls]
    # aioresponses keeps the query sorted and decoded; the exact bytes are in test_what_may_be_sent_twice.
    wanted = [(row.method, URL(base(row) + target, encoded=True)) for target, _ in row.pages]
    assert [(m, u.path, sorted(u.query.items())) for m, u, _ in sent] == [
        (m, u.path, sorted(u.query.items())) for m, u in wanted
    ]
    assert [data and json.loads(data) for _, _, data in sent] == [row.body] * len(wanted)
    check_type(row, result)
    for path, expected in row.expect.items():
        assert look(result, path) == expected, path
    if row.gives is type(None):
        assert result is None


# --- other answers ---------------------------------------------------------------------------------------------------


KEPT = ("id", "name", "status")


def reduced(value: Any, frame: Sequence[str], *, deep: bool, null: bool) -> Any:
    """Keep ids, names and statuses; leave out or make null the rest. `deep` keeps the records inside, reduced too."""
    if (items := many(value)) is not None:
        return [reduced(item, frame, deep=deep, null=null) for item in items]
    if not (old := as_object(value)):
        return value
    new: dict[str, Any] = {}
    for key, item in old.items():
        if key in frame or (deep and any(isinstance(inner, dict) for inner in many(item) or [item])):
            new[key] = reduced(item, () if key in frame else frame, deep=deep, null=null)
        elif key in KEPT:
            new[key] = item
        elif null:
            new[key] = None
    return new


def renewed(value: Any) -> Any:
    """Add a key to every object, and give every vocabulary a new word."""
    if (items := many(value)) is not None:
        return [renewed(item) for item in items]
    if old := as_object(value):
        return {**{key: renewed(item) for key, item in old.items()}, "brandNew": {"deep": [1, None, "x"]}}
    if isinstance(value, str) and re.fullmatch("[A-Z][A-Z0-9_]+", value):
        return "BRAND_NEW_VALUE"
    return value


def attributes(model: Model) -> Mapping[str, Any]:
    return {field.name: getattr(model, field.name) for field in attrs.fields(type(model)) if field.name != "_extra"}


def skeleton(value: Any, *, deep: bool = True, status: bool = True) -> Any:
    """What must be left of a result, whatever the answer leaves out: ids, names and statuses, of records inside too."""
    if (items := many(value)) is not None:
        return [skeleton(item, deep=deep, status=status) for item in items]
    if not isinstance(value, Model):
        return None
    left = {name: item for name, item in attributes(value).items() if name in KEPT and (status or name != "status")}
    if deep:
        for name, item in attributes(value).items():
            if any(isinstance(inner, Model) for inner in many(item) or [item]):
                left[name] = skeleton(item, status=status)
    return left


def models(value: Any) -> Iterator[Model]:
    for item in many(value) or [value]:
        if isinstance(item, Model):
            yield item
            for inner in attributes(item).values():
                yield from models(inner)


@pytest.mark.parametrize("null", [False, True], ids=["absent", "null"])
@pytest.mark.parametrize("deep", [False, True], ids=["record", "records inside"])
@each_row
async def test_an_answer_of_ids_names_and_statuses(row: Row, *, deep: bool, null: bool) -> None:
    reply = reduced(row.reply, list(row.frame), deep=deep, null=null)
    result, full = await call(row, reply), await call(row, row.reply)
    check_type(row, result)
    if row.gives is str:
        assert result == ""
        return
    assert skeleton(result, deep=deep) == skeleton(full, deep=deep)


@each_row
async def test_an_answer_with_unknown_keys_and_values(row: Row) -> None:
    result, full = await call(row, renewed(row.reply)), await call(row, row.reply)
    check_type(row, result)
    assert skeleton(result, status=False) == skeleton(full, status=False)
    for model in models(result):
        assert model.extra["brandNew"] == {"deep": [1, None, "x"]}
        for value in attributes(model).values():
            for word in many(value) or [value]:
                if isinstance(word, OpenEnum) and word.isupper():
                    assert word == "BRAND_NEW_VALUE"
                    assert not word.is_known


def test_the_table_has_new_words_to_read() -> None:
    """The check above is worth nothing without vocabularies in the replies."""
    assert json.dumps([renewed(row.reply) for row in ROWS]).count("BRAND_NEW_VALUE") > 100


@each_row
async def test_an_answer_without_a_body(row: Row) -> None:
    if row.empty is not UNREADABLE:
        assert await call(row, None) == row.empty
        return
    with pytest.raises(DecodeError) as caught:
        await call(row, None)
    assert caught.value.may_have_applied is (row.effect is not Effect.READ)
    assert row.path in str(caught.value)


def test_only_these_need_an_answer_with_a_body() -> None:
    """Deletes and lists are content with a 204."""
    for row in ROWS:
        if row.method == "DELETE":
            assert row.empty is None
        elif row.method == "GET" and row.operation.endswith("s") and "/{incident_id}" not in row.operation:
            assert row.empty == [] or row.operation.endswith(("/members", "inserted_logs"))


# --- a record that can only be looked for in a list (quirk 31) -------------------------------------------------------


def whole(row: Row, number: int) -> str:
    """The request for a page of a list without filters, in its usual size."""
    path, _, query = row.target.partition("?")
    size = "limit" if "limit=" in query else "per_page"
    return f"GET {path}?page={number}&{size}=100" if "page=" in query else f"GET {path}"


@pytest.mark.parametrize(("path", "operation"), SEARCHES.items(), ids=list(SEARCHES))
async def test_a_search_reads_its_list_up_to_the_find(path: str, operation: str) -> None:
    """It sends the requests of the list and nothing else, and says what the list says of the record."""
    row = next(row for row in ROWS if row.operation == operation)
    reply = copy.deepcopy(row.reply)
    (wanted, *_) = next((value for value in as_object(reply).values() if many(value)), reply)
    wanted.setdefault("id", "m-1")  # the documented monitors have none
    async with HostileServer(answer(reply)) as server, handles(server.url, server.url) as h:
        found = await look(h, path)(wanted["id"])
        assert server.lines == [whole(row, 1)]
        (listed, *_) = await row.call(h).collect(limit=1)
    assert type(found) is row.gives
    assert found == listed


@pytest.mark.parametrize(("path", "operation"), SEARCHES.items(), ids=list(SEARCHES))
async def test_a_search_that_finds_nothing(path: str, operation: str) -> None:
    row = next(row for row in ROWS if row.operation == operation)
    scripts = [answer(reply) for _, reply in row.pages]
    async with HostileServer(*scripts) as server, handles(server.url, server.url) as h:
        with pytest.raises(NotFoundError, match=re.escape(operation)) as caught:
            await look(h, path)("nobody-1")
        assert (caught.value.status, caught.value.method, caught.value.may_have_applied) == (404, "GET", False)
        assert caught.value.path == row.target.split("?")[0]
        assert "'nobody-1'" in str(caught.value)
        before = list(server.lines)
        with pytest.raises(InvalidIdError):
            await look(h, path)("../x")
        assert server.lines == before
    assert before == [whole(row, number) for number, _ in enumerate(row.pages, 1)]


# --- what may go out twice -------------------------------------------------------------------------------------------


async def sent_after_503(row: Row) -> tuple[HostileServer, Any, OutcomeUnknownError | None]:
    """Answer 503 first and well afterwards, over a real socket."""
    scripts = [answer(status=503), *(answer(reply, status=204 if reply is None else 200) for _, reply in row.pages)]
    async with (
        HostileServer(*scripts) as server,
        handles(server.url, server.url, retry=RetryPolicy(attempts=3, base=0)) as h,
    ):
        try:
            return server, await run(row, h), None
        except OutcomeUnknownError as exc:
            return server, None, exc


@pytest.fixture(autouse=True)
def _look_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("instatus_async.session._LOOKS", (0.0,))


def check_sent_once(row: Row, server: HostileServer, error: OutcomeUnknownError | None) -> None:
    """Sent once, and then only looked for; what is not found is unknown."""
    sent = f"{row.method} {row.target}"
    assert server.lines[0] == sent
    if row.method != "GET":
        assert all(line.startswith("GET ") for line in server.lines[1:])
    else:
        assert server.lines == [sent]
    assert error is None or row.path in str(error)


def check_read_back(row: Row, server: HostileServer) -> None:
    """Never sent again without a look at what has arrived."""
    post, get = f"POST {row.target}", f"GET {row.target.removesuffix('/data')}"
    assert server.lines[:3] == [post, get, post]


def check_sent_twice(row: Row, server: HostileServer, error: OutcomeUnknownError | None) -> None:
    assert error is None
    assert server.lines == [f"{row.method} {target}" for target in (row.target, *(target for target, _ in row.pages))]
    assert server.requests[0].body == server.requests[1].body


@each_row
async def test_what_may_be_sent_twice(row: Row) -> None:
    server, result, error = await sent_after_503(row)
    assert (json.loads(server.requests[0].body) if server.requests[0].body else None) == row.body
    if row.effect in (Effect.READ, Effect.IDEMPOTENT):
        check_sent_twice(row, server, error)
        check_type(row, result)
    elif row.effect is Effect.DATAPOINT:
        check_read_back(row, server)
    else:
        check_sent_once(row, server, error)


QUIET = [row for row in ROWS if row.quiet is not None]


@pytest.mark.parametrize("row", QUIET, ids=[row.operation for row in QUIET])
async def test_a_change_that_tells_nobody_may_be_sent_twice(row: Row) -> None:
    assert row.quiet is not None
    server, _, error = await sent_after_503(attrs.evolve(row, call=row.quiet))
    assert server.requests[0].json["notify"] is False
    check_sent_twice(row, server, error)


TELLING: Sequence[tuple[str, Callable[[Handles], Any]]] = [
    ("PUT /v1/{page_id}/incidents/{incident_id}", lambda h: h.page.incidents.update("i", name="n")),
    (
        "PUT /v1/{page_id}/incidents/{incident_id}/incident-updates/{incident_update_id}",
        lambda h: h.page.incidents.updates.update("i", "u", message="m"),
    ),
    (
        "PUT /v1/{page_id}/maintenances/{maintenance_id}/maintenance-updates/{maintenance_update_id}",
        lambda h: h.page.maintenances.updates.update("m", "u", message="m"),
    ),
    ("POST /v1/{page_id}/incidents", lambda h: h.page.incidents.create(name="n", status="RESOLVED", notify=False)),
]


@pytest.mark.parametrize(("operation", "attempt"), TELLING, ids=[operation for operation, _ in TELLING])
async def test_silence_about_notify_and_new_records_are_not_repeated(
    operation: str, attempt: Callable[[Handles], Any]
) -> None:
    row = next(row for row in ROWS if row.operation == operation)
    server, _, error = await sent_after_503(attrs.evolve(row, call=attempt))
    sent, *looks = server.lines
    assert sent.startswith(row.method)
    assert all(line.startswith("GET ") for line in looks)
    assert error is None or row.path in str(error)


def test_every_put_of_a_notice_has_a_quiet_call() -> None:
    assert {row.operation for row in QUIET} == {
        row.operation for row in ROWS if row.method == "PUT" and row.effect is Effect.NOTIFY
    }


# --- no row is missing -----------------------------------------------------------------------------------------------

# What the handles offer besides the API's operations, and why it has no row.
NO_OPERATION: Mapping[str, str] = {
    "client.pages.find": "reads the list; see jobs/test_find",
    "client.page": "makes a handle, sends nothing",
    "client.with_options": "makes a handle, sends nothing",
    "client.request": "takes any path; see test_client",
    "client.reconcile": "looks for what an operation sent; see test_reconcile",
    "client.unresolved": "a property",
    "client.aclose": "closes connections",
    "page.components.find": "reads the list; see jobs/test_find",
    "page.components.plan": "reads the list; see jobs/test_plan",
    "page.id": "a property",
    "page.with_options": "makes a handle, sends nothing",
    "page.metrics.buffer": "a job; see tests/jobs",
    "page.incidents.open": "a job; see tests/jobs",
    "page.incidents.resume": "a job; see tests/jobs",
    "page.incidents.ensure": "a job; see tests/jobs",
    "page.incidents.resolve_open": "a job; see tests/jobs",
    "page.incidents.unresolved": "`list` with a filter; see tests/jobs",
    "page.maintenances.schedule": "a job; see tests/jobs",
    "page.maintenances.start": "a job; see tests/jobs",
    "page.maintenances.complete": "a job; see tests/jobs",
    "page.maintenances.window": "a job; see tests/jobs",
    "public.url": "a property",
    "public.components": "a document of the page's host that the API's description does not have",
    "public.aclose": "closes connections",
}


@attrs.frozen
class Named:
    """What a row's call names: the method, "page.incidents.create", and its arguments."""

    path: str
    ids: Sequence[Any]
    fields: Mapping[str, Any]

    def again(self, h: Handles, fields: Mapping[str, Any]) -> Any:
        """Call the same method with other fields."""
        return look(h, self.path)(*self.ids, **fields)


class Recorder:
    """Stand where a handle stands, and note what a row's call names."""

    def __init__(self, path: str, notes: list[Named]) -> None:
        self._path = path
        self._notes = notes

    def __getattr__(self, name: str) -> Recorder:
        return Recorder(f"{self._path}.{name}".lstrip("."), self._notes)

    def __call__(self, *ids: Any, **fields: Any) -> None:
        self._notes.append(Named(self._path, ids, fields))


def named(row: Row) -> Named:
    notes: list[Named] = []
    row.call(cast("Handles", Recorder("", notes)))
    (only,) = notes
    return only


def offered(name: str, handle: object) -> Iterator[tuple[str, Any]]:
    """Everything public that a handle and the resources on it offer: ("page.incidents.create", function)."""
    for attribute in dir(handle):
        if attribute.startswith("_"):
            continue
        value = inspect.getattr_static(type(handle), attribute)
        if isinstance(inner := getattr(handle, attribute), Resource):
            yield from offered(f"{name}.{attribute}", inner)
        else:
            yield f"{name}.{attribute}", value


def everything() -> Mapping[str, Any]:
    client, public = InstatusClient("key"), PublicStatusPage(HOST)
    return dict(
        [*offered("client", client), *offered("page", client.page(PAGE)), *offered("public", public)],
    )


def test_there_are_87_operations() -> None:
    assert Counter(row.operation for row in ROWS).most_common(1)[0][1] == 1
    assert len(ROWS) == 87


def test_every_method_has_a_row_and_every_row_a_method() -> None:
    """`subscribers.list` has two rows: the list exists in two versions. A search has the row of its list."""
    names = Counter(named(row).path for row in ROWS)
    methods = everything()
    assert set(names) == methods.keys() - NO_OPERATION.keys() - SEARCHES.keys()
    assert methods.keys() >= NO_OPERATION.keys() | SEARCHES.keys()
    assert not (NO_OPERATION.keys() | set(names)) & SEARCHES.keys()
    assert {f"GET {row.path}" for row in ROWS} >= set(SEARCHES.values())
    assert names - Counter(set(names)) == Counter({"page.subscribers.list": 1})


def below(cls: type) -> set[type]:
    children: list[type] = cls.__subclasses__()
    return {deeper for child in children for deeper in (child, *below(child))}


def test_the_rows_reach_every_resource_class() -> None:
    client = InstatusClient("key")
    reached: set[type] = set()

    def visit(handle: object) -> None:
        reached.update(type(handle).__mro__)  # a job stands on a resource
        for attribute in dir(handle):
            if not attribute.startswith("_") and isinstance(inner := getattr(handle, attribute), Resource):
                visit(inner)

    visit(client)
    visit(client.page(PAGE))
    written = {
        cls for cls in below(Resource) if cls.__module__.startswith("instatus_async.") and cls is not PageResource
    }
    assert written == {cls for cls in reached if issubclass(cls, Resource)} - {Resource, PageResource}


@each_row
def test_a_row_gives_every_field_of_its_method(row: Row) -> None:
    """What the signature offers by keyword is in the row, and under its wire name in the body."""
    given = named(row)
    parameters = inspect.signature(everything()[given.path]).parameters.values()
    keywords = {p.name for p in parameters if p.kind is p.KEYWORD_ONLY}
    optional = {"concurrency"}  # says how to read, not what
    if row.operation == "GET /v2/{page_id}/subscribers":
        optional.add("version")
    assert set(given.fields) == keywords - optional
    if row.body is not None and keywords:
        body: dict[str, Any] = row.body
        inner = body["routingRule"] if set(body) == {"routingRule"} else body
        assert {camel(name) for name in keywords - optional} <= set(inner)
        assert set(inner) - {camel(name) for name in keywords} <= {"pageId", "siteId", "id"}


def shapes_in(hint: Any) -> Iterator[type]:
    """The TypedDicts inside a type: Sequence[RoutingActionFields] has one."""
    if typing.is_typeddict(hint):
        yield hint
    for inner in typing.get_args(hint):
        yield from shapes_in(inner)


def used(shape: type, record: Any, notes: dict[type, set[str]]) -> None:
    """Note which fields of a TypedDict a value has, and of those inside."""
    given = as_object(record)
    notes.setdefault(shape, set()).update(given)
    hints = typing.get_type_hints(shape)
    for name, value in given.items():
        for inner in shapes_in(hints[name]):
            for item in many(value) or [value]:
                used(inner, item, notes)


def test_the_rows_give_every_field_of_every_record_inside() -> None:
    """Not only the fields of the calls themselves, but of shifts in schedules, members in shifts, and so on."""
    methods, notes = everything(), dict[type, set[str]]()
    for row in ROWS:
        given = named(row)
        if (fields := methods[given.path].__annotations__.get("fields")) is not None:
            (shape,) = typing.get_args(fields)
            used(shape, given.fields, notes)
    assert len(notes) > 30
    assert {shape: names for shape, names in notes.items() if names != shape.__annotations__.keys()} == {}
    # Whatever else the package exports is a base of these.
    exported = {shape for shape in vars(instatus_async).values() if typing.is_typeddict(shape)}
    for base in exported - notes.keys():
        assert any(base.__annotations__.keys() <= names for names in notes.values()), base


@each_row
async def test_what_an_operation_needs_and_what_it_does_not_know(row: Row) -> None:
    """Each field that the API wants is wanted, no other is, and one too many is refused; nothing is sent."""
    given = named(row)
    parameters = inspect.signature(everything()[given.path]).parameters.values()
    wanted = {p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty}
    assert wanted == set(row.needs.split())
    with aioresponses():  # which lets nothing out
        async with handles() as h:
            for name in wanted:
                fields = {key: value for key, value in given.fields.items() if key != name}
                with pytest.raises(InvalidRequestError, match=f"missing '{name}'"):
                    await given.again(h, fields)
            with pytest.raises(TypeError, match="nonsense"):
                await given.again(h, {**given.fields, "nonsense": 1})


@each_row
def test_a_target_is_its_path_filled_in(row: Row) -> None:
    pattern = "".join(
        "[^/?]+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{\w+\})", row.path)
    )
    assert re.fullmatch(pattern, row.target.split("?")[0])
    assert row.target.isascii()


def test_the_paths_of_the_source_are_those_of_the_table() -> None:
    """Every literal that begins with "/" in the resources is an operation's path, and the other way round."""
    folder = Path(instatus_async.__file__).parent / "resources"
    literals = {
        node.value
        for file in folder.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"/[\w{}/-]+", node.value)
    }
    assert literals == {row.path for row in ROWS} - {"/summary.json"}  # which is in public.py
