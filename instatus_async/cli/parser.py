"""What may be said on the command line. Nothing of the SDK is imported for it: help and refusals are instant."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

from .._version import __version__

__all__ = ["EXIT_CODES", "UsageError", "parse"]

EXIT_CODES = """\
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

_ENVIRONMENT = """\
environment:
  INSTATUS_API_KEY        the key; it is never taken from the arguments, which everybody on the machine can read
  INSTATUS_PAGE           what --page is unless given: an id, a subdomain, a name or a custom domain
  INSTATUS_BASE_URL       what --base-url is unless given
  INSTATUS_TRIGGER_URL    the secret address of a custom service, for trigger
  INSTATUS_HEARTBEAT_URL  the secret address of a heartbeat monitor, for heartbeat

"""

_WINDOW = """\
The maintenance starts now. When PROGRAM ends with 0, it is completed and the components are set back; else it is
completed with --failed, or left in progress, and the components stay as they are. SIGTERM and Ctrl-C go to PROGRAM.

stdout is PROGRAM's alone: with --json too, what happens to the maintenance is said on stderr.

The exit code is PROGRAM's (128 and its number for a signal, 126 where it is there but does not start), but for what
goes wrong with the maintenance, which is one of these, said on stderr as an error. PROGRAM was not run when nothing was
opened: where there is no such program, that is a wrong usage, 2.

"""

_COMPONENT = "NAME=STATUS, the name or the id of a component and what it is to be (down, degraded, PARTIALOUTAGE, ...)"

_JSON = (
    "print JSON: the result as one document on stdout (watch: one for each change). An error is one document "
    '{"error": {"type", "message", "exit_code", "notes", "look_for"}} on stderr, and stdout stays empty; a warning is '
    'a line {"warning": "..."} on stderr'
)


class UsageError(Exception):
    """Refuse what was said; nothing was sent."""


class _Parser(argparse.ArgumentParser):
    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False, **options)
        # Before the command or after it: what is left out there must not undo what was said here.
        self.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=_JSON)

    def error(self, message: str) -> NoReturn:
        """Refuse, without repeating what may be a secret in the wrong place."""
        what, colon, words = message.partition(": ")
        if what == "unrecognized arguments":
            names = [word.partition("=")[0] for word in words.split() if word.startswith("-")]
            words = ", ".join(names) or "there are too many"
        elif "://" in words:
            words = "an address does not belong there"
        raise UsageError(f"{what}{colon}{words}. See {self.prog} --help")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the arguments; `module` and `command` of the result name what is to be done.

    Raises UsageError, and SystemExit after --help and --version.
    """
    options, unknown = _parser().parse_known_args(arguments)
    if unknown:
        options.refuse(f"unrecognized arguments: {' '.join(unknown)}")
    return options


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="instatus-async",
        description="Look at Instatus status pages, and tell people what is going on. Subscribers are told only with "
        "--notify.",
        epilog=_ENVIRONMENT + EXIT_CODES,
    )
    parser.set_defaults(json=False)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(metavar="COMMAND", title="commands", required=True)
    _looking(commands)
    incident = commands.add_parser("incident", help="open, ensure, update, resolve or list incidents")
    _incidents(incident.add_subparsers(metavar="ACTION", title="actions", required=True))
    maintenance = commands.add_parser(
        "maintenance", help="schedule, start, complete or list maintenances, or run a program in one"
    )
    _maintenances(maintenance.add_subparsers(metavar="ACTION", title="actions", required=True))
    _machines(commands)
    return parser


def _command(
    commands: Any, name: str, home: str, about: str, *, page: bool = False, api: bool = True, more: str = ""
) -> argparse.ArgumentParser:
    """Add a command with what all of them have; `api` says whether it calls the API, with its key."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=about, description=about[:1].upper() + about[1:] + ".", epilog=more + EXIT_CODES
    )
    parser.set_defaults(module=home, command=name, page=None, base_url=None)
    parser.set_defaults(dry_run=False, quiet=False, repeatable=False)
    parser.set_defaults(refuse=parser.error)  # says whose --help helps
    if api:
        parser.add_argument("--base-url", metavar="URL", help="another address of the API")
    parser.add_argument(
        "--timeout", type=float, default=30.0, metavar="S", help="seconds a call may take (default: 30)"
    )
    if page:
        parser.add_argument("--page", metavar="PAGE", help="id, subdomain, name or domain (default: $INSTATUS_PAGE)")
    return parser


def _writes(parser: argparse.ArgumentParser, *, notify: bool = True) -> None:
    """Add the options of a command that writes."""
    parser.add_argument("--dry-run", action="store_true", help="print what would be sent, and send no write")
    if notify:
        parser.add_argument("--notify", action="store_true", help="tell all subscribers (default: nobody)")
        parser.add_argument("--message", "-m", metavar="TEXT", help='what to say; "-" reads it from stdin')
    _quiet(parser)


def _quiet(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--quiet", "-q", action="store_true", help="print the id alone, or nothing where nothing with an id was written"
    )


def _components(parser: argparse.ArgumentParser, more: str = "", *, required: bool = False) -> None:
    parser.add_argument(
        "--component", action="append", default=[], metavar="NAME=STATUS", required=required, help=_COMPONENT + more
    )


def _looking(commands: Any) -> None:
    parser = _command(commands, "pages", "looking", "list the status pages of the account")
    parser = _command(commands, "components", "looking", "list the components of a page", page=True)
    parser.add_argument("named", nargs="?", metavar="PAGE", help="in place of --page")
    parser = _command(
        commands,
        "status",
        "looking",
        "exit with 0 if all of a public page is operational, 1 if not or if an incident is open",
        api=False,
    )
    parser.add_argument("url", metavar="URL", help="https://acme.instatus.com or a custom domain; needs no key")
    parser = _command(commands, "watch", "watching", "print each change of a page, until Ctrl-C", page=True)
    parser.add_argument(
        "url", nargs="?", metavar="URL", help="watch the public page, without a key, in place of --page"
    )
    parser.add_argument(
        "--every", type=float, default=60.0, metavar="S", help="seconds between two looks (default: 60)"
    )
    parser.add_argument("--state", metavar="FILE", help="keep there how far it has come, and go on from there")
    parser.add_argument("--initial", action="store_true", help="first print what is open already")


def _incidents(actions: Any) -> None:
    parser = _command(actions, "open", "incidents", "open an incident, and print its id", page=True)
    parser.add_argument("name", metavar="NAME", help="the headline")
    parser.add_argument("--status", default="investigating", help="investigating (default), identified, monitoring")
    _components(parser)
    _writes(parser)

    parser = _command(actions, "ensure", "incidents", "open the incident of a key unless it is open", page=True)
    parser.add_argument("key", metavar="KEY", help="which trouble: many may say it, and one incident is opened")
    parser.add_argument("--name", help="the headline; the key is put behind it (default: the key alone)")
    parser.add_argument("--status", default="investigating", help="investigating (default), identified, monitoring")
    _components(parser)
    _writes(parser)

    parser = _command(actions, "update", "incidents", "tell people more about an incident", page=True)
    parser.add_argument("id", metavar="ID", help="the incident's id")
    parser.add_argument("--status", help="investigating, identified or monitoring (default: as it is)")
    _components(parser)
    _writes(parser)

    about = "resolve an incident, and set its components back"
    parser = _command(actions, "resolve", "incidents", about, page=True)
    parser.add_argument("id", nargs="?", metavar="ID", help="the incident's id")
    parser.add_argument("--key", help="resolve all that is open of a key in place of one incident")
    _components(parser, "; the others become operational. Not with --key")
    _writes(parser)

    parser = _command(actions, "list", "incidents", "list the open incidents, the newest first", page=True)
    parser.add_argument("--all", action="store_true", help="the resolved ones too")
    parser.add_argument("--limit", type=int, metavar="N", help="at most so many")


def _maintenances(actions: Any) -> None:
    parser = _command(actions, "schedule", "maintenances", "plan a maintenance, and print its id", page=True)
    parser.add_argument("name", metavar="NAME", help="the headline")
    _components(parser, "; NAME alone is under maintenance", required=True)
    parser.add_argument("--start", required=True, metavar="WHEN", help="2030-01-31T22:00Z or +01:00, or now")
    parser.add_argument("--minutes", type=int, metavar="N", help="how long it takes; or --end")
    parser.add_argument("--end", metavar="WHEN", help="when it is over")
    parser.add_argument("--by-hand", action="store_true", help="start and complete it yourself, not by the clock")
    parser.add_argument("--remind", type=int, metavar="MIN", help="with --notify: tell them again MIN minutes before")
    parser.add_argument("--overlap", action="store_true", help="even if another one affects these components then")
    _writes(parser)

    for name, about in (("start", "start a maintenance"), ("complete", "complete a maintenance")):
        parser = _command(actions, name, "maintenances", about, page=True)
        parser.add_argument("id", metavar="ID", help="the maintenance's id")
        _components(parser)
        _writes(parser)

    about = "run a program inside of a maintenance that is completed when the program succeeds"
    parser = _command(actions, "window", "window", about, page=True, more=_WINDOW)
    parser.add_argument("--name", required=True, help="the headline")
    _components(parser, "; NAME alone is under maintenance", required=True)
    parser.add_argument("--minutes", type=int, required=True, metavar="N", help="how long the page says that it takes")
    parser.add_argument("--completed", metavar="TEXT", help="what to say in the end")
    parser.add_argument(
        "--failed", metavar="TEXT", help="complete it with this when the program fails (default: leave it in progress)"
    )
    parser.add_argument("--overlap", action="store_true", help="even if another one affects these components then")
    _writes(parser)
    parser.add_argument("program", nargs="+", metavar="PROGRAM", help="-- and then the program with its arguments")

    parser = _command(actions, "list", "maintenances", "list the maintenances that are not over", page=True)
    parser.add_argument("--all", action="store_true", help="those that are over too")
    parser.add_argument("--limit", type=int, metavar="N", help="at most so many")


def _machines(commands: Any) -> None:
    metric = commands.add_parser("metric", help="push values of a metric")
    actions = metric.add_subparsers(metavar="ACTION", title="actions", required=True)
    parser = _command(actions, "push", "machines", "add a value to a metric", page=True)
    parser.set_defaults(repeatable=True)
    parser.add_argument("metric", metavar="METRIC", help="id or name")
    parser.add_argument("value", type=float, metavar="VALUE", help="a number")
    parser.add_argument("--at", metavar="WHEN", help="2030-01-31T22:00Z (default: now); points are 30 s apart")
    _writes(parser, notify=False)

    parser = _command(
        commands, "trigger", "machines", "say by a secret address that something is down or up", api=False
    )
    parser.set_defaults(repeatable=True)
    parser.add_argument("state", choices=("down", "up"))
    _secret(parser, "INSTATUS_TRIGGER_URL")

    parser = _command(commands, "heartbeat", "machines", "say by a secret address that a job is alive", api=False)
    parser.set_defaults(repeatable=True)
    parser.add_argument("--fail", action="store_true", help="say that it failed")
    _secret(parser, "INSTATUS_HEARTBEAT_URL")

    about = "compare the components of a page with a file, and with --apply bring the page to it"
    parser = _command(commands, "plan", "plan", about, page=True)
    parser.set_defaults(repeatable=True)
    parser.add_argument("file", metavar="FILE", help="TOML or JSON: a list `components` of what ComponentSpec has")
    parser.add_argument("--apply", action="store_true", help="carry it out; nobody is told")
    parser.add_argument("--dry-run", dest="show_only", action="store_true", help="show it, even with --apply")
    _quiet(parser)
    parser.add_argument("--archive", action="store_true", help="archive the components that the file does not mention")
    parser.add_argument("--skip-impossible", action="store_true", help="apply the rest of what the API cannot do")


def _secret(parser: argparse.ArgumentParser, variable: str) -> None:
    parser.add_argument("--env", default=variable, metavar="VAR", help=f"where the address is (default: {variable})")
    parser.add_argument("--stdin", action="store_true", help="read the address from stdin instead")
    _writes(parser, notify=False)
