"""The command line: `python -m instatus_async`, also installed as `instatus-async`.

    instatus-async incident open "API errors" --component API=down --message "We are on it." --notify

The key comes from INSTATUS_API_KEY. Subscribers are told only with `--notify`; `--dry-run` prints what would be sent,
and to whom, and sends no write; `--json` prints JSON with stable keys, errors on stderr too.

exit codes:
    0  done; or all is well
    1  status: there is trouble; plan: the page differs from the file
    2  wrong usage, a setting or a value that cannot work, an ambiguous name; nothing was written
    3  not found: the page, the component, the incident, ...
    4  the key is wrong, or not allowed to do this
    5  rate limited, for longer than --timeout
    6  no connection, no answer in time, a certificate that cannot be trusted; it may be repeated
    7  OUTCOME UNKNOWN: it may have been carried out, in part or in full, and people may have been told.
       Do not repeat it: look first
    8  the service refused or failed, or answered what cannot be read, or something on the page is in the way
    9  a defect of this program
  130  interrupted (Ctrl-C); 143 terminated; 141 nobody reads the output any more
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from .output import Output, nobody_reads
from .parser import UsageError, parse

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; `--help` has the table of them."""
    words = sys.argv[1:] if arguments is None else arguments
    output = Output(as_json="--json" in words)
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
        nobody_reads()
        return 141
