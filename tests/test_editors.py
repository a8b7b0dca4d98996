"""What an editor and a REPL offer while somebody writes a call: every field, its type and its words."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import rlcompleter
import typing
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

import instatus_async
from instatus_async import InstatusClient, watch
from instatus_async.resources._base import Resource

from .language_server import editor

CLIENT = InstatusClient("key")
PAGE = CLIENT.page("p")
JEDI: Any = importlib.import_module("jedi")  # it has no types
NAMES: dict[str, Any] = {"client": CLIENT, "page": PAGE}

Method = Callable[..., object]


def public(value: object) -> Iterator[tuple[str, Any]]:
    for name in dir(value):
        if not name.startswith("_"):
            yield name, getattr(value, name)


def found() -> Mapping[str, Method]:
    """The methods that take `**fields`, by what one writes to call them."""
    methods: dict[str, Method] = {}

    def visit(written: str, value: object) -> None:
        for name, inner in public(value):
            if isinstance(inner, Resource):
                visit(f"{written}.{name}", inner)
            elif inspect.ismethod(inner) and "fields" in inner.__annotations__:
                methods[f"{written}.{name}"] = inner

    for name, value in NAMES.items():
        visit(name, value)
    return methods


METHODS = found()
each_method = pytest.mark.parametrize("written", METHODS)


def shape_of(method: Method) -> type:
    (shape,) = typing.get_args(method.__annotations__["fields"])
    assert typing.is_typeddict(shape)
    return typing.cast("type", shape)


def fields_of(method: Method) -> list[str]:
    return list(typing.get_type_hints(shape_of(method)))


def code_of(method: Method) -> CodeType:
    return typing.cast("CodeType", typing.cast("Any", method).__code__)


def keywords_of(method: Method) -> set[str]:
    """What is written in the signature itself, beside the fields."""
    code = code_of(method)
    return set(code.co_varnames[code.co_argcount :][: code.co_kwonlyargcount])


def places_of(method: Method) -> int:
    """How many ids come first."""
    return code_of(method).co_argcount - 1


@cache
def classes(module: str) -> Mapping[str, ast.ClassDef]:
    tree = ast.parse(Path(str(importlib.import_module(module).__file__)).read_text(encoding="utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def words_of(shape: Any) -> dict[str, str]:
    """The docstrings of a TypedDict's fields, those of its bases too."""
    words: dict[str, str] = {}
    for base in getattr(shape, "__orig_bases__", ()):
        words |= words_of(base)
    if not typing.is_typeddict(shape):
        return words
    body = classes(shape.__module__)[shape.__name__].body
    for field, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
                words[field.target.id] = inspect.cleandoc(str(after.value.value))
            else:
                words.pop(field.target.id, None)
    return words


def plain(text: str) -> str:
    return " ".join(text.split())


def test_no_method_with_fields_is_missed() -> None:
    """Each one that the package defines can be reached from a client, itself or as what overrides it."""
    defined: set[str] = set()
    for module in pkgutil.walk_packages(instatus_async.__path__, "instatus_async."):
        if module.name.endswith("__main__"):
            continue
        for cls in vars(importlib.import_module(module.name)).values():
            if inspect.isclass(cls) and cls.__module__ == module.name:
                functions = [value for value in vars(cls).values() if inspect.isfunction(value)]
                fields = [value.__annotations__.get("fields") for value in functions]
                defined |= {
                    function.__qualname__
                    for function, hint in zip(functions, fields, strict=True)
                    if typing.get_origin(hint) is typing.Unpack
                }
    reached = {
        vars(cls)[method.__name__].__qualname__
        for method in METHODS.values()
        for cls in type(typing.cast("Any", method).__self__).__mro__
        if method.__name__ in vars(cls)
    }
    assert len(METHODS) > 30
    assert defined == reached


# --- A REPL ----------------------------------------------------------------------------------------------------------


@each_method
def test_inspect_shows_every_field(written: str) -> None:
    method = METHODS[written]
    shape: Any = shape_of(method)
    parameters = inspect.signature(method).parameters
    shown = {name for name, parameter in parameters.items() if parameter.kind is parameter.KEYWORD_ONLY}
    assert shown == {*keywords_of(method), *fields_of(method)}
    assert len(parameters) == len(shown) + places_of(method)
    for name in fields_of(method):
        assert (parameters[name].default is inspect.Parameter.empty) == (name in shape.__required_keys__)
        assert parameters[name].annotation is not inspect.Parameter.empty


@pytest.fixture(scope="module")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Share none: who reads jedi's cache while another process writes it gets half of it."""
    JEDI.settings.cache_directory = str(tmp_path_factory.mktemp("jedi"))


@each_method
@pytest.mark.usefixtures("_own_cache")
def test_jedi_completes_every_field(written: str) -> None:
    """As IPython, Jupyter and ptpython ask it: by what the objects say of themselves."""
    method = METHODS[written]
    ids = "'x', " * places_of(method)
    offered = {name.name for name in JEDI.Interpreter(f"{written}({ids}", [NAMES]).complete()}
    assert {f"{name}=" for name in {*keywords_of(method), *fields_of(method)}} <= offered
    (signature,) = JEDI.Interpreter(f"{written}({ids}", [NAMES]).get_signatures()
    assert {*fields_of(method)} <= {parameter.name for parameter in signature.params}
    assert plain(signature.docstring(raw=True)) == plain(inspect.getdoc(method) or "")


def test_the_plain_repl_completes_nouns_and_verbs() -> None:
    complete = rlcompleter.Completer(NAMES)
    assert {"page.incidents", "page.maintenances"} <= set(complete.attr_matches("page."))
    verbs = {match.partition("(")[0] for match in complete.attr_matches("page.incidents.")}
    assert {"page.incidents.create", "page.incidents.open", "page.incidents.updates"} <= verbs


# --- An editor with pyright ------------------------------------------------------------------------------------------


def calls() -> Iterator[tuple[str, Method, str, str]]:
    """Each method, with a call that has nothing yet and one that has it all."""
    for written, method in METHODS.items():
        ids = '"x", ' * places_of(method)
        fields = ", ".join(f"{name}=..." for name in fields_of(method))
        yield written, method, f"    {written}({ids})\n", f"    {written}({ids}{fields})\n"


async def test_pyright_completes_and_explains_every_field() -> None:
    head = (
        "from instatus_async import InstatusClient, Page\n\n\n"
        "async def program(client: InstatusClient, page: Page) -> None:\n"
    )
    text = head + "".join(empty + full for _, _, empty, full in calls())
    explained = 0
    async with editor(text) as pyright:
        for written, method, empty, full in calls():
            at = empty.replace(")\n", "|)\n")
            fields, words = fields_of(method), words_of(shape_of(method))
            offered = await pyright.completions(at)
            assert {f"{name}=" for name in {*keywords_of(method), *fields}} <= set(offered), written
            signature, about = await pyright.signature(at)
            for name in fields:
                assert f" {name}: " in signature, (written, name)
            assert plain(about) == plain(inspect.getdoc(method) or ""), written
            for name in fields:
                shown = await pyright.hover(full.replace(f" {name}=", f" {name}|=").replace(f"({name}=", f"({name}|="))
                assert f"{name}: " in shown, (written, name)
                assert plain(words.get(name, "")) in plain(shown), (written, name)
                explained += name in words
    assert explained > 80


async def test_pyright_completes_keys_of_a_body_that_is_a_dict() -> None:
    text = (
        "from instatus_async import IncidentCreate, MonitorCreate\n"
        "fields: IncidentCreate = {}\n"
        'monitor: MonitorCreate = {"url": "u", "http_method": "GET", "on_fail": {}}\n'
    )
    async with editor(text) as pyright:
        keys = await pyright.completions("fields: IncidentCreate = {|}")
        assert {f'"{name}"' for name in instatus_async.IncidentCreate.__annotations__} <= set(keys)
        keys = await pyright.completions('"on_fail": {|}')
        assert '"create_incident"' in keys


async def test_pyright_knows_what_comes_back() -> None:
    text = (
        "from instatus_async import IncidentOpened, Page, watch\n\n\n"
        "async def program(page: Page) -> None:\n"
        '    async with page.incidents.open(name="n") as handle:\n'
        "        handle.\n"
        "    async for change in watch(page):\n"
        "        match change:\n"
        "            case IncidentOpened():\n"
        "                change.incident.\n"
    )
    async with editor(text) as pyright:
        assert {"update", "resolve", "incident", "before", "id"} <= set(await pyright.completions("        handle.|\n"))
        assert {"name", "status", "impact", "started"} <= set(await pyright.completions("change.incident.|\n"))
        hover = await pyright.hover("in wa|tch(page)")
    assert "-> Watch" in hover
    assert plain(inspect.getdoc(watch) or "")[:60] in plain(hover)
