"""Measure the rows of the table, all of them or those that are named."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

from .charts import draw
from .decode import decode, decode_stdlib
from .imports import imports
from .measure import Result, show
from .network import limited, listing, request, stream

ROWS: dict[str, Callable[..., Result]] = {
    "decode": decode,
    "decode-stdlib": decode_stdlib,
    "request-1": partial(request, 1),
    "request-32": partial(request, 32),
    "request-128": partial(request, 128),
    "list": listing,
    "list-limited": limited,
    "import": imports,
    "stream": stream,
}


def main() -> None:
    """Print row by row."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="row", help=", ".join(ROWS))
    parser.add_argument("--quick", action="store_true", help="only see that it runs; the numbers mean little")
    parser.add_argument("--charts", type=Path, metavar="DIR", help="draw what was measured into DIR")
    options = parser.parse_args()
    if unknown := set(options.rows) - set(ROWS):
        parser.error(f"no such row: {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    met = missed = 0
    for name in options.rows or ROWS:
        result = ROWS[name](quick=options.quick)
        print(show(result), flush=True)
        print()
        met += sum(goal.met for goal in result.goals)
        missed += sum(not goal.met for goal in result.goals)
        if options.charts:
            draw(result, options.charts)
    print(f"{met} goals met, {missed} missed")


if __name__ == "__main__":
    main()
