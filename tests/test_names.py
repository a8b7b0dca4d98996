"""The public names: what the package exports, and that it imports a noun when it is first asked for."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import instatus_async

SOURCE = ast.parse(Path(instatus_async.__file__).read_text(encoding="utf-8"))


def imported_for_checkers() -> dict[str, str]:
    """The names that type checkers see, and the modules that they come from."""
    (block,) = (node for node in SOURCE.body if isinstance(node, ast.If) and isinstance(node.test, ast.Name))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    return {alias.name: node.module for node in imports for alias in node.names if node.module is not None}


def modules_for_checkers() -> set[str]:
    (block,) = (node for node in SOURCE.body if isinstance(node, ast.If) and isinstance(node.test, ast.Name))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom) and node.module is None]
    return {alias.name for node in imports for alias in node.names}


def imported_at_run_time() -> dict[str, str]:
    homes: dict[str, str] = {}
    home = ""
    for word in instatus_async._HOMES.split():
        if word.endswith(":"):
            home = word[:-1]
        else:
            assert word not in homes
            homes[word] = home
    return homes


def test_checkers_and_the_program_import_the_same_names() -> None:
    assert imported_at_run_time() == imported_for_checkers()
    assert sorted(instatus_async.__all__) == sorted([*imported_at_run_time(), "__version__"])
    assert set(instatus_async.__all__) <= set(dir(instatus_async))


@pytest.mark.parametrize("name", instatus_async.__all__)
def test_every_name_is_there(name: str) -> None:
    value = getattr(instatus_async, name)
    home = imported_at_run_time().get(name, "_version")
    assert value is getattr(importlib.import_module(f"instatus_async.{home}"), name)


def run(source: str) -> str:
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", sorted(instatus_async._MODULES))
def test_a_module_is_there_without_an_import_of_its_own(name: str) -> None:
    source = f"import instatus_async\nprint(instatus_async.{name}.__name__)"
    assert run(source).strip() == f"instatus_async.{name}"


def test_checkers_see_the_same_modules() -> None:
    assert modules_for_checkers() == instatus_async._MODULES


def test_importing_the_package_imports_none_of_its_modules() -> None:
    source = "import sys, instatus_async\nprint([name for name in sys.modules if name.startswith('instatus_async.')])"
    assert run(source).strip() == "['instatus_async._version']"


def test_without_redis_the_module_is_no_attribute_and_its_import_says_what_is_missing() -> None:
    source = (
        "import sys\n"
        "sys.modules['redis'] = sys.modules['redis.asyncio'] = None\n"
        "import instatus_async\n"
        "assert not hasattr(instatus_async, 'redis')\n"
        "from instatus_async import *\n"
        "try:\n"
        "    instatus_async.redis\n"
        "except AttributeError as exc:\n"
        "    print(exc)\n"
        "try:\n"
        "    from instatus_async import redis\n"
        "except ImportError as exc:\n"
        "    print(exc)\n"
    )
    hint = 'instatus_async.redis needs redis-py: pip install "instatus_async[redis]"'
    assert run(source).splitlines() == [hint, hint]


def test_dir_shows_what_is_public() -> None:
    shown = {name for name in dir(instatus_async) if not name.startswith("__")}
    assert shown == {*instatus_async.__all__, *instatus_async._MODULES} - {"__version__"}


def test_a_misspelled_name_is_an_attribute_error_with_a_hint() -> None:
    source = "import instatus_async\ninstatus_async.InstatusCleint"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)
    hint = r"has no attribute 'InstatusCleint'\. Did you mean:? '\.?InstatusClient'"  # 3.15 writes it in another way
    assert re.search(hint, done.stderr), done.stderr


def test_nouns_that_are_not_used_are_not_imported() -> None:
    source = (
        "import sys\n"
        "from instatus_async import InstatusClient\n"
        "page = InstatusClient('key').page('p')\n"
        "page.metrics\n"
        "print(*sorted(name for name in sys.modules if name.startswith('instatus_async.resources.')))"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    nouns = [name.rpartition(".")[2] for name in done.stdout.split()]
    assert nouns == ["_base", "components", "metrics", "pages"]
