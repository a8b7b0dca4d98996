"""No example is without a test."""

from __future__ import annotations

import ast
from pathlib import Path

from .conftest import EXAMPLES

HERE = Path(__file__)
# A test loads or starts an example by its name; quickstart.py is the README's first command.
TESTS = [*(file for file in HERE.parent.glob("test_*.py") if file != HERE), HERE.parent.parent / "test_readme.py"]


def test_every_example_has_a_test() -> None:
    named: set[str] = set()
    for test in TESTS:
        for node in ast.walk(ast.parse(test.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                named.add(node.value.removesuffix(".py"))
    assert {file.stem for file in EXAMPLES.glob("*.py")} - named == set()
