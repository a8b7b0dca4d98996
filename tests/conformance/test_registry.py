"""All 66 cases are here, each under its number."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Mapping

import tests.conformance

HEADINGS: Mapping[str, range] = {
    "transport": range(1, 17),
    "status": range(17, 30),
    "body": range(30, 43),
    "life_cycle": range(43, 56),
    "input": range(56, 60),
    "secrets": range(60, 67),
}


def numbers(heading: str) -> set[int]:
    module = importlib.import_module(f"tests.conformance.test_faults_{heading}")
    names = [name for name, value in vars(module).items() if inspect.isfunction(value) and name.startswith("test_")]
    return {int(found[1]) for name in names if (found := re.match(r"test_(\d\d)_", name))}


def test_every_case_has_a_test_under_its_heading() -> None:
    assert {heading: numbers(heading) for heading in HEADINGS} == {
        heading: set(cases) for heading, cases in HEADINGS.items()
    }
    assert sum(map(len, HEADINGS.values())) == 66


def test_every_module_of_cases_has_a_heading() -> None:
    modules = {module.name for module in pkgutil.iter_modules(tests.conformance.__path__)}
    assert {f"test_faults_{heading}" for heading in HEADINGS} == {
        name for name in modules if name.startswith("test_faults_")
    }
