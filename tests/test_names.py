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
    return {alias.name: node.module or "" for node in imports for alias in node.names}


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
