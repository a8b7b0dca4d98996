"""The command line: `python -m instatus_async`, also installed as `instatus-async`.

    instatus-async incident open "API errors" --component API=down --message "We are on it." --notify

The key comes from INSTATUS_API_KEY. Subscribers are told only with `--notify`; `--dry-run` prints what would be sent,
and to whom, and sends no write; `--json`, before or after the command, prints JSON with stable keys: the result on
stdout, or an error on stderr with nothing on stdout.

The exit codes are in `parser.EXIT_CODES`, which every `--help` ends with.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import takewhile

from .output import Output, drop_stdout
from .parser import UsageError, parse

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; `--help` has the table of them."""
    words = sys.argv[1:] if arguments is None else arguments
    output = Output(as_json="--json" in takewhile(lambda word: word != "--", words))
    try:
        try:
            options = parse(words)
        except UsageError as refusal:
            return output.fail(2, "UsageError", str(refusal))
        except SystemExit as over:  # after --help
            sys.stdout.flush()
            return over.code if isinstance(over.code, int) else 0
        output.as_json = options.json
        from .run import run

        return run(options, output)
    except KeyboardInterrupt:  # before it has begun
        return 130
    except BrokenPipeError:
        drop_stdout()
        return 141
