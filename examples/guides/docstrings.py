"""The reference: every public name from its docstring, which is plain text with `names`, and from its source.

The directive `names` documents the public names that some modules define. Signatures and types are shown as the source
writes them, `**fields: Unpack[...]` becomes a list of the fields, and code like `page.incidents.create` in a docstring
or a guide is a link: what it names must exist.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, cast, get_type_hints, is_typeddict

import attrs
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.domains.python import PythonDomain
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective
from sphinx.util.logging import getLogger

import instatus_async
from instatus_async import InstatusClient, Page
from instatus_async.testing import Faults, InstatusServer, faults

PUBLIC = frozenset(instatus_async.__all__)
MODULES = ("webhooks", "severity", "testing", "testing.faults", "testing.plugin", "redis")

# The classes that programs make themselves; the constructors of all others are of no interest.
MADE = {"InstatusClient", "PublicStatusPage", "RetryPolicy", "RateGate", "ComponentSpec", "Broadcast"} | {
    "InstatusServer",
    "ManualClock",
    "RedisGate",
    "RedisRegistry",
}
# Private aliases, and what they stand for.
ALIASES = {"Text": "str", "JSONObject": "Mapping[str, Any]", "ssl_module": "ssl"}
INTERNAL = {"resumed"}  # how `page.incidents.resume` makes its handle

log = getLogger(__name__)


# --- Where names live ------------------------------------------------------------------------------------------------


@cache
def homes() -> dict[str, str]:
    """Tell which module defines each public name."""
    table, home = {"__version__": "_version"}, ""
    for word in cast("str", vars(instatus_async)["_HOMES"]).split():
        if word.endswith(":"):
            home = word[:-1]
        else:
            table[word] = home
    return table


def mentioned(folder: Path) -> set[str]:
    """List the modules that have a place in the reference."""
    return {
        word
        for page in folder.glob("*.rst")
        for found in re.findall(r"^\.\. names:: (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
        for word in found.split()
    }


def public_names(module: str, home: ModuleType) -> list[str]:
    """List the public names of a module as they stand in it."""
    if module in MODULES:
        names = [name for name in home.__all__ if not inspect.ismodule(getattr(home, name))]
    else:
        names = [name for name, where in homes().items() if where == module]
    order = {name: node.lineno for node in tree(home).body for name in bound(node)}
    return sorted(names, key=lambda name: order.get(name, 0))


@cache
def tree(module: ModuleType) -> ast.Module:
    return ast.parse(inspect.getsource(module))


def bound(node: ast.stmt) -> list[str]:
    """List the names that a statement binds, other than by importing."""
    if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


# --- Types and fields ------------------------------------------------------------------------------------------------


def written(node: ast.expr) -> str:
    """Write a type as the source does, without `Required[...]`, markers, and quotes around names."""
    text = ast.unparse(node)
    if found := re.fullmatch(r"'(.*)'|(?:Required|NotRequired)\[(.*)\]|Annotated\[(.*), \w+\]", text):
        text = next(filter(None, found.groups()))
    text = re.sub(r"\btype\[", "Type[", text)  # Sphinx would look for an attribute called "type"
    text = re.sub(r"'(\w+)'", lambda found: found[1] if found[1] in PUBLIC else found[0], text)
    return re.sub(r"\b\w+\b", lambda word: ALIASES.get(word[0], word[0]), text)


def documented(body: Sequence[ast.stmt]) -> Iterator[tuple[ast.stmt, str]]:
    """Yield each statement with the string that stands behind it."""
    for node, after in zip(body, [*body[1:], None], strict=True):
        value = after.value if isinstance(after, ast.Expr) else None
        text = value.value if isinstance(value, ast.Constant) else None
        yield node, inspect.cleandoc(text) if isinstance(text, str) else ""


def has_fields(cls: object) -> bool:
    return is_typeddict(cls) or (isinstance(cls, type) and attrs.has(cls) and not issubclass(cls, Exception))


def class_node(cls: type) -> ast.ClassDef:
    nodes_of_module = tree(import_module(cls.__module__)).body
    (node,) = (node for node in nodes_of_module if isinstance(node, ast.ClassDef) and node.name == cls.__name__)
    return node


def fields(cls: Any) -> dict[str, tuple[str, str]]:
    """Return the type and the docstring of each field of a model or a TypedDict: required ones first."""
    module, node = import_module(cls.__module__), class_node(cls)
    found: dict[str, tuple[str, str]] = {}
    for base in node.bases:
        inherited = getattr(module, ast.unparse(base), None)
        if has_fields(inherited) and inherited is not instatus_async.Model:
            found |= fields(inherited)
    for statement, text in documented(node.body):
        if isinstance(statement, ast.AnnAssign):
            found |= {name: (written(statement.annotation), text) for name in bound(statement) if name[0] != "_"}
    required = getattr(cls, "__required_keys__", found)
    return dict(sorted(found.items(), key=lambda item: item[0] not in required))


def shape(function: object) -> Any:
    """Return the TypedDict of a function's `**fields`, if it has them."""
    hint = getattr(function, "__annotations__", {}).get("fields") if inspect.isfunction(function) else None
    return None if hint is None else hint.__args__[0]


# --- Docstrings ------------------------------------------------------------------------------------------------------

NUMBERS = re.compile(r"\b(quirks?|claims?)\s(\d+(?:(?:,| to| and|, quirk|, claim) \d+)*)")


def inline(text: str) -> str:
    """Make code of what is in backticks, and link errors and quirks in what is not."""
    parts = re.split(r"`+([^`]+)`+", text)
    for index, part in enumerate(parts):
        parts[index] = f"``{part}``" if index % 2 else prose(part)
    return "".join(parts)


def prose(text: str) -> str:
    text = re.sub(r"([*|\\])", r"\\\1", text)
    text = re.sub(r"https?://(?!instatus\.com/)[^\s\")]+", r"``\g<0>``", text)  # examples are no links
    text = re.sub(r"\b[A-Z]\w+Error\b", lambda found: f"``{found[0]}``" if found[0] in PUBLIC else found[0], text)
    return NUMBERS.sub(lambda f: f"{f[1]} " + re.sub(r"\d+", r":ref:`\g<0> <quirk-\g<0>>`", f[2]), text)


def to_rst(text: str | Iterable[str]) -> list[str]:
    """Turn a docstring into reStructuredText: a paragraph that is indented is code."""
    out: list[str] = []
    joined = text if isinstance(text, str) else "\n".join(text)
    for block in re.split(r"\n{2,}(?!    )", joined.strip("\n")):
        prose, _, code = block.partition("\n\n    ")
        if prose.startswith("    "):
            prose, code = "", prose[4:] + (f"\n\n    {code}" if code else "")
        out += [*inline(prose).split("\n"), ""]
        if code:
            out += [".. code-block:: python", "", *f"    {code}".split("\n"), ""]
    return out


def process_docstring(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    del app, name, options
    lines[:] = to_rst(lines)
    if what == "class" and has_fields(obj):
        lines += field_entries(obj)
    elif (unpacked := shape(obj)) is not None:
        for field, (kind, text) in fields(unpacked).items():
            optional = "" if field in unpacked.__required_keys__ else ", optional"
            lines += [f":param {field}: {' '.join(to_rst(text))}", f":type {field}: {kind}{optional}"]


def field_entries(cls: Any) -> Iterator[str]:
    required = getattr(cls, "__required_keys__", ())
    for field, (kind, text) in fields(cls).items():
        yield from ("", f".. py:attribute:: {field}", f"   :type: {kind}")
        yield from ("   :no-index:", "") if is_typeddict(cls) else ("",)
        yield from (f"   {line}" for line in to_rst(f"Required. {text}" if field in required else text))


def process_signature(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, signature: str | None, returns: str | None
) -> tuple[str, str | None] | None:
    del app, options, returns
    if what not in {"class", "exception"}:
        return arguments(obj)
    if signature is None:
        return None
    if name.rpartition(".")[2] not in MADE and not issubclass(obj, faults.Fault):
        return "", None
    members = cast("dict[str, Any]", vars(obj))
    if "__dataclass_fields__" in members:
        return f"({', '.join(made_of(obj))})", None
    return None if "__attrs_attrs__" in members else arguments(members.get("__init__"))


def made_of(cls: type) -> Iterator[str]:
    """Write the arguments of a dataclass; defaults that say nothing to a reader are dots."""
    for node in class_node(cls).body:
        if isinstance(node, ast.AnnAssign):
            default = node.value
            shown = ast.unparse(default) if isinstance(default, (ast.Constant, ast.UnaryOp, ast.BinOp)) else "..."
            yield f"{ast.unparse(node.target)}: {written(node.annotation)}{f' = {shown}' if default else ''}"


def arguments(function: Any) -> tuple[str, str | None] | None:
    """Write a signature as the source does; of fields only those that are required, since a list of all follows."""
    function = inspect.unwrap(getattr(function, "__func__", function))
    if not inspect.isfunction(function):
        return None
    try:
        node = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except OSError:  # generated
        return None
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return None
    given = node.args
    plain = [*given.posonlyargs, *given.args]
    if plain and plain[0].arg in {"self", "cls"}:
        (given.posonlyargs or given.args).pop(0)
    simplify(given, function.__globals__)
    if (unpacked := shape(function)) is not None:
        given.kwonlyargs += [ast.arg(field) for field in fields(unpacked) if field in unpacked.__required_keys__]
        given.kw_defaults += [None] * (len(given.kwonlyargs) - len(given.kw_defaults))
    returns = written(node.returns) if node.returns is not None and node.name != "__init__" else None
    return f"({ast.unparse(given)})", returns


def simplify(given: ast.arguments, scope: dict[str, Any]) -> None:
    """Write types as readers know them, and the values of constants in place of their names."""
    if given.kwarg is not None:
        given.kwarg.annotation = None
    for argument in [*given.posonlyargs, *given.args, *given.kwonlyargs]:
        if argument.annotation is not None:
            argument.annotation = ast.parse(written(argument.annotation), mode="eval").body
    for default in filter(None, [*given.defaults, *given.kw_defaults]):
        if isinstance(default, ast.Name) and isinstance(value := scope[default.id], (int, float, str)):
            default.id = repr(value)


def skip_member(app: Sphinx, what: str, name: str, obj: object, skip: bool, options: Any) -> bool | None:  # noqa: FBT001 - Sphinx passes it so
    del app, what, obj, options
    return True if skip or name.startswith("_") or name in INTERNAL else None


# --- The directive ---------------------------------------------------------------------------------------------------

KINDS = ("Calls", "Records", "Fields of requests", "Words", "Errors", "Protocols")


def kind_of(value: object) -> str:
    if not isinstance(value, type):
        return "Calls" if inspect.isfunction(value) else "Words"
    cls = cast("type[object]", value)
    if issubclass(cls, (Exception, Enum)):
        return "Errors" if issubclass(cls, Exception) else "Words"
    if getattr(cls, "_is_protocol", False):
        return "Protocols"
    return "Fields of requests" if is_typeddict(cls) else "Records" if attrs.has(cls) else "Calls"


class Names(SphinxDirective):
    """Document the public names of some modules, by their kinds; `*` means those that have no other place."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        modules = self.arguments[0].split()
        if modules == ["*"]:
            here = mentioned(Path(self.env.doc2path(self.env.docname)).parent)
            modules = sorted({home for home in homes().values() if home not in here})
        lines: list[str] = []
        sections: dict[str, list[str]] = {kind: [] for kind in KINDS}
        for module in modules:
            home = import_module(f"instatus_async.{module}")
            scope = home.__name__ if module in MODULES else "instatus_async"
            if module in MODULES:
                lines += [f".. py:module:: {scope}", "", *to_rst(home.__doc__ or "")]
            else:
                lines += [f".. py:currentmodule:: {scope}", ""]
            if module == "testing.plugin":
                sections["Calls"] += fixtures(home)
                continue
            for name in public_names(module, home):
                value = getattr(home, name)
                sections[kind_of(value)] += entry(name, f"{scope}.{name}", value, home)
        shown = {kind: text for kind, text in sections.items() if text}
        for kind, text in shown.items():
            lines += [kind, "-" * len(kind), ""] if len(shown) > 1 else []
            lines += text
        return self.parse_text_to_nodes("\n".join(lines), allow_section_headings=True)


class Explained(SphinxDirective):
    """Show what the docstring of a module explains."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        home = import_module(f"instatus_async.{self.arguments[0]}")
        return self.parse_text_to_nodes("\n".join(to_rst(home.__doc__ or "")))


def entry(name: str, full: str, value: Any, home: ModuleType) -> list[str]:
    """Write the directive for one name."""
    if inspect.isfunction(value):
        return [f".. autofunction:: {full}", ""]
    if isinstance(value, type):
        cls = cast("type[object]", value)
        lines = [f".. autoclass:: {full}"]
        if not issubclass(cls, faults.Fault) or cls is faults.Fault:  # what faults do is in their own words
            lines.append("   :members:")
        if has_fields(cls):
            lines.append(f"   :exclude-members: {', '.join(fields(cls))}")
        if issubclass(cls, Enum):
            lines.append("   :undoc-members:")
        if any(base.__name__ in PUBLIC - {"Model"} for base in cls.__bases__):
            lines.append("   :show-inheritance:")
        return [*lines, ""]
    return alias(name, value, home)


def alias(name: str, value: object, home: ModuleType) -> list[str]:
    """Write the entry of a constant, or of a name for a type."""
    for node, text in documented(tree(home).body):
        if name in bound(node) and isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            meant = name.removeprefix("Any")
            if meant != name and meant in PUBLIC:
                texts = ", ".join(f"``{member.value}``" for member in getattr(home, meant))
                return [f".. py:type:: {name}", "", f"   A ``{meant}``, or its text: {texts}.", ""]
            if isinstance(node, ast.Assign) or isinstance(value, (str, int)):
                lines = [f".. py:data:: {name}", f"   :value: {value!r}", ""]
            else:
                lines = [f".. py:type:: {name}", f"   :canonical: {written(node.value)}", ""]
            return [*lines, *(f"   {line}" for line in to_rst(text)), ""]
    raise LookupError(name)


def fixtures(home: ModuleType) -> list[str]:
    """Write entries for the fixtures of pytest."""
    lines: list[str] = []
    for node in tree(home).body:
        if isinstance(node, ast.AsyncFunctionDef) and any(
            ast.unparse(one) == "_fixture" for one in node.decorator_list
        ):
            kind = "None" if node.returns is None else re.sub(r"AsyncGenerator\[(.*)\]", r"\1", written(node.returns))
            lines += [f".. py:data:: {node.name}", f"   :type: {kind}", ""]
            lines += [f"   {line}" for line in to_rst(ast.get_docstring(node) or "")]
    return lines


# --- Links -----------------------------------------------------------------------------------------------------------

ROOTS: dict[str, type] = {"page": Page, "client": InstatusClient, "server": InstatusServer}
PATH = re.compile(
    r"(?:await |async with |async for \w+ in )?([A-Za-z_]\w*(?:\.[a-z_]\w*|\.[A-Z]\w*)*)(?:\(.*\))?", re.DOTALL
)


def target_of(code: str) -> str | None:
    """Return the full name of what some code in a text names; LookupError when it names what does not exist."""
    found = PATH.fullmatch(code)
    if found is None:
        return None
    first, *rest = found[1].split(".")
    if first == "instatus_async" and rest:
        if ".".join(rest) in MODULES:
            return found[1]
        first, *rest = rest
    if first in PUBLIC and (not rest or not isinstance(getattr(instatus_async, first), type)):
        return f"instatus_async.{first}"
    for module in MODULES:
        if first == module.rpartition(".")[2] and rest and module != "testing.plugin":
            home = import_module(f"instatus_async.{module}")
            if rest[0] not in home.__all__:
                if module == "testing.faults":  # of a server
                    return member(Faults, rest, code)
                raise LookupError(code)
            return f"{home.__name__}.{rest[0]}"
    cls = ROOTS.get(first) or (getattr(instatus_async, first) if first in PUBLIC else None)
    if cls is None or not rest:
        return None
    return member(cls, rest, code)


def member(cls: type, path: Sequence[str], code: str) -> str:
    """Follow attributes from a class to the class that defines the last of them."""
    name, *rest = path
    for base in cls.__mro__:
        if name in vars(base) or name in getattr(base, "__annotations__", ()):
            if not rest and name == "updates":
                return f"instatus_async.{base.__name__.removesuffix('s')}Updates"
            if not rest:
                scope = "instatus_async.testing" if ".testing" in base.__module__ else "instatus_async"
                return f"{scope}.{base.__name__}.{name}"
            value = vars(base).get(name)
            getter = getattr(value, "func", getattr(value, "fget", None))
            known = {word: getattr(instatus_async, word) for word in PUBLIC}
            hint = get_type_hints(getter, localns=known)["return"] if getter else None
            if hint is None and name == "updates":  # an attribute of the instance
                hint = known[f"{base.__name__.removesuffix('s')}Updates"]
            if isinstance(hint, type):
                return member(hint, rest, code)
        own = vars(base).get("__init__")
        if not rest and inspect.isfunction(own) and f"self.{name} = " in textwrap.dedent(inspect.getsource(own)):
            return f"instatus_async.{base.__name__}"  # its docstring says what the attribute is
    raise LookupError(code)


class LinkCode(SphinxTransform):
    """Make links of the code in texts."""

    default_priority = 400

    def apply(self, **kwargs: Any) -> None:
        del kwargs
        for literal in list(self.document.findall(nodes.literal)):
            if isinstance(literal.parent, (addnodes.pending_xref, nodes.reference, nodes.title)):
                continue
            try:
                target = target_of(literal.astext())
            except LookupError as exc:
                log.warning("no such name: %s", exc, location=literal)
                continue
            if target is not None:
                link = addnodes.pending_xref("", refdomain="py", reftype="obj", reftarget=target, refexplicit=True)
                link["refwarn"] = True
                link["refdoc"] = self.env.docname
                literal.replace_self(link)
                link += literal
        for text in list(self.document.findall(nodes.Text)):
            if not isinstance(text.parent, (nodes.reference, nodes.title, nodes.literal, nodes.literal_block)):
                self._link_numbers(text)

    def _link_numbers(self, text: nodes.Text) -> None:
        """Link the quirks that a guide names; those of docstrings are linked by now."""
        found = NUMBERS.search(text)
        if found is None or self.env.docname == "quirks":
            return
        parts: list[nodes.Node] = []
        for part in re.split(r"(\d+)", found[2]):
            link = addnodes.pending_xref("", nodes.inline(part, part), refdomain="std", reftype="ref")
            link.attributes |= {"reftarget": f"quirk-{part}", "refexplicit": True, "refwarn": True}
            link["refdoc"] = self.env.docname
            parts.append(link if part.isdigit() else nodes.Text(part))
        rest = nodes.Text(text[found.end(2) :])
        parent = cast("nodes.Element", text.parent)
        parent.replace(text, [nodes.Text(text[: found.start(2)]), *parts, rest])
        self._link_numbers(rest)


class LabelCells(SphinxTransform):
    """Repeat the head of a column in its cells, where the style sheet shows it on a phone."""

    default_priority = 401

    def apply(self, **kwargs: Any) -> None:
        del kwargs
        for table in self.document.findall(nodes.table):
            heads = [entry.astext() for head in table.findall(nodes.thead) for entry in head.findall(nodes.entry)]
            for row in (row for body in table.findall(nodes.tbody) for row in body.findall(nodes.row)):
                for head, cell in zip(heads, row.children, strict=True):
                    text = next(iter(cell.findall(nodes.paragraph)), None)
                    if text is not None:
                        text.insert(0, nodes.inline("", f"{head}: ", classes=["column-head"]))


def resolve(app: Sphinx, env: Any, node: Any, contnode: nodes.Element) -> nodes.Node | None:
    """Find the public name behind a path into the package, and an alias behind what looks like a class."""
    if node.get("refdomain") != "py":
        return None
    target = str(node.get("reftarget", ""))
    name = target.rpartition(".")[2] if target.startswith("instatus_async.") else target
    domain = cast("PythonDomain", env.domains.python_domain)
    for full in (target, f"{node.get('py:module')}.{name}", f"instatus_async.{name}"):
        if full in domain.objects:
            return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", full, node, contnode)
    return None if node["reftype"] == "obj" else contnode  # types are what the type checkers have seen


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("names", Names)
    app.add_directive("explained", Explained)
    app.add_transform(LinkCode)
    app.add_transform(LabelCells)
    app.connect("autodoc-process-docstring", process_docstring)
    app.connect("autodoc-process-signature", process_signature)
    app.connect("autodoc-skip-member", skip_member)
    app.connect("missing-reference", resolve)
    return {"parallel_read_safe": True}
