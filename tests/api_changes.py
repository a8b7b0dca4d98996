"""Find what a change takes away from users of the last release: `python -m tests.api_changes`.

It compares this tree with the newest tag `vX.Y.Z` that leads to it, and fails when something public is gone or asks for
more, unless the version says so already: a new X, or a new Y while X is 0. Without a release it passes.
"""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import griffe

ROOT = Path(__file__).parent.parent
PACKAGE = "instatus_async"

# Modules that users import from. All others may move: their names are public where one of these exports them.
PUBLIC_MODULES = (
    "instatus_async",
    "instatus_async.testing",
    "instatus_async.testing.faults",
    "instatus_async.testing.plugin",
    "instatus_async.redis",
    "instatus_async.severity",
    "instatus_async.webhooks",
)


def git(root: Path, *arguments: str) -> bytes:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(f"git {' '.join(arguments)} failed: {done.stderr.decode().strip()}")
    return done.stdout


def last_release(root: Path) -> str | None:
    """Name the newest release that this tree comes from, by its tag."""
    if not (root / ".git").exists():
        return None  # an sdist
    tags = git(root, "tag", "--merged", "HEAD").decode().split()
    releases = [tag for tag in tags if re.fullmatch(r"v\d+\.\d+\.\d+", tag)]
    if not releases and git(root, "rev-parse", "--is-shallow-repository").strip() == b"true":
        sys.exit("This clone is shallow, and a release may be missing: git fetch --unshallow --tags")
    return max(releases, key=numbers, default=None)


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def may_break(old: str, new: str) -> bool:
    """Whether semantic versioning lets `new` break what `old` promised."""

    def promise(version: str) -> tuple[int, ...]:
        major, minor, _ = numbers(version)
        return (major,) if major else (0, minor)

    return promise(new) > promise(old)


def load(folder: Path) -> griffe.Module:
    """Read a tree's package without importing it; what is public is what `PUBLIC_MODULES` export."""
    package = griffe.load(PACKAGE, search_paths=[folder], try_relative_path=False, allow_inspection=False)
    assert isinstance(package, griffe.Module)
    for part in parts(package):
        if isinstance(part, griffe.Module):
            part.public = part.path in PUBLIC_MODULES
        elif isinstance(part, griffe.Function):
            for number, parameter in enumerate(part.parameters):
                if parameter.kind is griffe.ParameterKind.positional_only and parameter.name != "self":
                    parameter.name = f"#{number}"  # nobody can call it by its name
    return package


def parts(scope: griffe.Object) -> Iterator[griffe.Object]:
    """Walk over all that is defined in a module or class."""
    yield scope
    for member in scope.members.values():
        if not isinstance(member, griffe.Alias):
            yield from parts(member)


def modules(package: griffe.Module) -> list[griffe.Module]:
    return [part for part in parts(package) if isinstance(part, griffe.Module)]


def exported(package: griffe.Module) -> dict[str, griffe.Object]:
    """Give what the public modules' `__all__` name, wherever it is defined."""
    return {
        f"{module.path}.{name}": target(module[str(name)])
        for module in modules(package)
        if module.public
        for name in module.exports or ()
    }


def released(root: Path, tag: str) -> griffe.Module:
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(git(root, "archive", "--format=tar", tag, PACKAGE))) as archive:
            archive.extractall(folder, filter="data")
        return load(Path(folder))


def breaks(old: griffe.Module, new: griffe.Module) -> list[str]:
    """List what users of `old` lose in `new`."""
    found = [in_full(breakage) for breakage in griffe.find_breaking_changes(old, new)]
    before, after = exported(old), exported(new)
    for name, known in before.items():
        if name in after:
            found.extend(unseen_by_griffe(known, after[name]))
        elif any(name in (member.path for member in module.members.values()) for module in modules(new)):
            found.append(f"`{name}`: *no longer in `__all__`*")
    return list(dict.fromkeys(found))


def in_full(breakage: griffe.Breakage) -> str:
    """Explain what griffe found, with the module that loses it."""
    loser = breakage.obj
    while not isinstance(loser, griffe.Module):
        assert loser.parent is not None
        loser = loser.parent
    return breakage.explain(griffe.ExplanationStyle.MARKDOWN).replace("- `", f"`{loser.path}.", 1)


def unseen_by_griffe(old: griffe.Object, new: griffe.Object) -> Iterator[str]:
    """Find functions that are awaited no more, or now; and fields of a `**fields` that must be given now."""
    if isinstance(old, griffe.Function) and isinstance(new, griffe.Function):
        if ("async" in old.labels) is not ("async" in new.labels):
            yield f"`{new.path}`: *{'must' if 'async' in new.labels else 'can not'} be awaited now*"
    elif isinstance(old, griffe.Class) and isinstance(new, griffe.Class):
        before, after = public_members(old), public_members(new)
        fields = is_typed_dict(new)
        for name, member in after.items():
            if fields:
                if must_be_given(member) and not (name in before and must_be_given(before[name])):
                    yield f"`{new.path}.{name}`: *must be given now*"
            elif name in before:
                yield from unseen_by_griffe(before[name], member)


def public_members(a_class: griffe.Class) -> dict[str, griffe.Object]:
    """Give a class's members, with those that it inherits from classes of ours."""
    return {name: target(member) for name, member in a_class.all_members.items() if member.is_public}


def target(member: griffe.Object | griffe.Alias) -> griffe.Object:
    """Follow an import or an inheritance to the definition."""
    return member.final_target if isinstance(member, griffe.Alias) else member


def is_typed_dict(a_class: griffe.Class) -> bool:
    return any(str(base) == "TypedDict" for each in (a_class, *a_class.mro()) for base in each.bases)


def must_be_given(field: griffe.Object) -> bool:
    """Whether a field of a TypedDict is required."""
    annotation = str(getattr(field, "annotation", ""))
    total = isinstance(field.parent, griffe.Class) and str(field.parent.keywords.get("total")) != "False"
    return annotation.startswith("Required[") or (total and not annotation.startswith("NotRequired["))


def version_of(package: griffe.Module) -> str:
    return str(ast.literal_eval(str(package["_version.__version__"].value)))


def main(root: Path = ROOT) -> int:
    tag = last_release(root)
    if tag is None:
        print("There is no release yet, so there is nothing to compare with.")
        return 0
    new = load(root)
    found = breaks(released(root, tag), new)
    version = version_of(new)
    if not found:
        print(f"{version} takes nothing away that {tag} has.")
        return 0
    print(f"{version} breaks what {tag} promised:", *found, sep="\n  ")
    if may_break(tag, version):
        print("Its number says so. Name them in CHANGELOG.md.")
        return 0
    print(f"Keep them until a version that may break {tag}, and deprecate them; or set that version in _version.py.")
    return 1


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
