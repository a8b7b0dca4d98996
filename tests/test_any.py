"""Where the public surface says Any: only for JSON, and for what Python's own protocols leave open."""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import instatus_async

MODULES = (
    "instatus_async",
    "instatus_async.redis",
    "instatus_async.severity",
    "instatus_async.testing",
    "instatus_async.testing.faults",
    "instatus_async.triggers",
    "instatus_async.webhooks",
)

# All exceptions, each with its reason.
JSON = {
    "InstatusClient.request()": "whatever the service answers",
    "InstatusClient.request(json)": "what is sent as it is",
    "Model.extra()": "the keys that no attribute is for",
    **dict.fromkeys(
        (
            "Component.translations",
            "Incident.translations",
            "IncidentUpdate.translations",
            "Maintenance.translations",
            "MaintenanceUpdate.translations",
            "StatusPage.translations",
            "Template.translations",
        ),
        "an object whose shape differs by operation",
    ),
    "Monitor.headers": "an object whose keys are data",
    "Monitor.query_params": "an object whose keys are data",
}
JSON_OF_THE_TEST_SERVER = {
    "Delivery.json()": "the body of a webhook",
    "LoggedRequest.body": "the body of a request",
    "InstatusServer.seed(rows)": "rows as a create operation takes them",
    "RateLimit.__init__(body)": "the body of an answer",
    "Status.body": "the body of an answer",
    "ExtraFields.fields": "what an answer gets",
    "ReplacedFields.fields": "what an answer gets",
    **{
        f"{name}.change({part})": "a record of an answer"
        for name in ("ExtraFields", "MissingFields", "NullFields", "ReplacedFields", "UnknownEnums", "_Changed")
        for part in ("", "found")
    },
}
NO_JSON = {
    **{
        f"{name}.__await__()": "what a coroutine yields to its event loop"
        for name in ("Heartbeat", "MaintenanceWindow", "OpenIncident")
    },
    "Pager.__init__(fetch)": "what a coroutine yields to its event loop",
    "InstatusServer.client(options)": "passed on to InstatusClient, which knows them",
}

PROTOCOLS = {
    "__aenter__",
    "__aexit__",
    "__aiter__",
    "__anext__",
    "__await__",
    "__call__",
    "__getitem__",
    "__init__",
    "__iter__",
}

Definition = ast.FunctionDef | ast.AsyncFunctionDef
Annotations = Iterator[tuple[str, ast.expr]]


@cache
def tree(module: str) -> ast.Module:
    file = inspect.getsourcefile(importlib.import_module(module))
    assert file is not None
    return ast.parse(Path(file).read_text(encoding="utf-8"))


@cache
def aliases() -> re.Pattern[str]:
    """The words that mean Any: itself, and the aliases of the package that have it inside."""
    folder = Path(instatus_async.__file__).parent
    assignments = [
        node
        for file in folder.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) == "TypeAlias" and node.value is not None
    ]
    words = {"Any"}
    while True:
        known = re.compile(rf"\b({'|'.join(sorted(words))})\b")
        found: dict[str, bool] = {}  # some names are aliases in two modules: all of them must have it
        for node in assignments:
            name = ast.unparse(node.target)
            has = node.value is not None and known.search(ast.unparse(node.value)) is not None
            found[name] = has and found.get(name, True)
        if {name for name, has in found.items() if has} <= words:
            return known
        words |= {name for name, has in found.items() if has}


def of_function(node: Definition, name: str) -> Annotations:
    arguments = node.args
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg):
        if argument is not None and argument.annotation is not None:
            yield f"{name}({argument.arg})", argument.annotation
    if node.returns is not None:
        yield f"{name}()", node.returns


def of_class(node: ast.ClassDef) -> Annotations:
    for inner in node.body:
        if isinstance(inner, Definition) and (not inner.name.startswith("_") or inner.name in PROTOCOLS):
            yield from of_function(inner, f"{node.name}.{inner.name}")
        elif isinstance(inner, ast.AnnAssign) and not (field := ast.unparse(inner.target)).startswith("_"):
            yield f"{node.name}.{field}", inner.annotation


@cache
def places() -> frozenset[tuple[str, str]]:
    """The module and the name of everything that is exported, and of its bases."""
    found: set[tuple[str, str]] = set()
    for module in map(importlib.import_module, MODULES):
        for name in module.__all__:
            value = getattr(module, name)
            for one in value.__mro__ if inspect.isclass(value) else (value,):
                place = (getattr(one, "__module__", ""), getattr(one, "__name__", ""))
                if place[0].startswith("instatus_async"):
                    found.add(place)
    return frozenset(found)


def annotations() -> Annotations:
    """All annotations that somebody outside can meet, with the name of what they belong to."""
    for module, name in places():
        for node in tree(module).body:
            if isinstance(node, ast.ClassDef) and node.name == name:
                yield from of_class(node)
            elif isinstance(node, Definition) and node.name == name:
                yield from of_function(node, name)


def test_any_is_json() -> None:
    assert len(list(annotations())) > 1000
    said = {name: ast.unparse(hint) for name, hint in annotations() if aliases().search(ast.unparse(hint))}
    allowed = JSON | JSON_OF_THE_TEST_SERVER | NO_JSON
    assert {name: hint for name, hint in said.items() if name not in allowed} == {}
    assert allowed.keys() - said.keys() == set(), "these exceptions are none any more"


def test_every_annotation_is_there() -> None:
    """A name without one would be Any as well; `pyright --verifytypes` says the same of what is exported."""
    for module in {module for module, _ in places()}:
        for node in ast.walk(tree(module)):
            if isinstance(node, Definition):
                arguments = node.args
                many = [
                    *arguments.posonlyargs,
                    *arguments.args,
                    *arguments.kwonlyargs,
                    arguments.vararg,
                    arguments.kwarg,
                ]
                bare = [argument.arg for argument in many if argument is not None and argument.annotation is None]
                assert set(bare) <= {"self", "cls"}, (module, node.name, bare)
                assert node.returns is not None, (module, node.name)
