"""Components as code on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from instatus_async import Page
from instatus_async.testing import faults

from .shell import Shell


async def test_components_as_code(shell: Shell, page: Page, tmp_path: Path) -> None:
    file = tmp_path / "components.toml"
    file.write_text('[[components]]\nname = "Website"\n[[components]]\nname = "Store"\n', encoding="utf-8")
    done = await shell("plan", str(file))
    assert (done.code, done.err) == (1, "")
    assert '+ create "Store"' in done.out
    done = await shell("plan", str(file), "--apply", "--dry-run", "--json")
    assert done.code == 1
    assert done.json.keys() == {"changes", "impossible", "left_alone", "applied"}
    assert [change["kind"] for change in done.json["changes"]] == ["create"]
    assert not shell.writes()
    done = await shell.ok("plan", str(file), "--apply", "--archive", "--json")
    assert done.json["applied"] is True
    assert await _shown(page) == ["Website", "Store"]
    assert (await shell.ok("plan", str(file))).out.startswith("No changes")
    assert not shell.server.ledger


async def _shown(page: Page) -> list[str]:
    return [row.name for row in await page.components.list().collect() if not row.archived_at]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("c.toml", "components", "cannot be read"),
        ("c.json", "[" * 100_000, "cannot be read"),
        ("c.json", "[]", "no list `components`"),
        ("c.json", '{"components": [{"nam": 1}]}', "components[0]"),
    ],
)
async def test_a_file_that_is_no_plan(shell: Shell, tmp_path: Path, name: str, text: str, says: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    done = await shell("plan", str(tmp_path / name))
    assert done.code == 2
    assert says in done.err


async def test_a_plan_that_stopped_on_its_way_may_be_applied_again(shell: Shell, page: Page, tmp_path: Path) -> None:
    file = tmp_path / "c.json"
    names = ["Website", "App", "API", "Store", "Shop"]
    file.write_text(json.dumps({"components": [{"name": name} for name in names]}), encoding="utf-8")
    shell.server.faults.nth(2, faults.Status(403), "POST", "*/components")
    done = await shell("plan", str(file), "--apply", "--json")
    assert (done.code, done.error["type"]) == (4, "PartialApplyError")
    await shell.ok("plan", str(file), "--apply")
    assert await _shown(page) == names
