"""Run an Instatus to look at: `python -m instatus_async.testing --demo`."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType

from .demo import Story, StoryClock
from .server import InstatusServer

_KEY = "instatus-test-key"


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C or SIGTERM; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        asyncio.run(_serve(options))
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m instatus_async.testing",
        description="Run an Instatus on this machine: its API and its status page. Nobody is told anything.",
    )
    parser.add_argument("--port", type=int, default=0, help="the port of the API (default: a free one)")
    parser.add_argument("--page-port", type=int, default=0, help="the port of the status page (default: a free one)")
    parser.add_argument("--api-key", default=_KEY, metavar="K", help=f"the clients' key (default: {_KEY})")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: 127.0.0.1)")
    parser.add_argument("--allow-remote", action="store_true", help="let --host be other than a loopback address")
    parser.add_argument("--demo", action="store_true", help="play a day of incidents in seconds, then go on serving")
    parser.add_argument(
        "--pace", type=float, default=0.5, metavar="S", help="seconds between the events of the demo (default: 0.5)"
    )
    parser.add_argument("--exit", action="store_true", help="stop when the demo is over, or at once without one")
    return parser


async def _serve(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    _call_on_signals(stop.set)
    clock = StoryClock()
    server = InstatusServer(
        api_key=options.api_key,
        host=options.host,
        port=options.port,
        page_port=options.page_port,
        allow_remote=options.allow_remote,
        clock=clock,
    )
    async with server:
        print(f"API          {server.url}")
        print(f"key          {server.api_key}")
        print(f"status page  {server.page_url()}")
        print(f'try          curl -H "Authorization: Bearer {server.api_key}" {server.url}/v2/pages')
        print("Stop with Ctrl-C.", flush=True)
        if options.demo:
            await Story(server, clock, options.pace, stop).play(lambda line: print(line, flush=True))
        if not options.exit:
            await stop.wait()
    print("Stopped.", flush=True)


def _call_on_signals(stop: Callable[[], None]) -> None:
    """Have Ctrl-C and SIGTERM call this in the event loop, so that they break nothing off."""
    loop = asyncio.get_running_loop()

    def heard(number: int, frame: FrameType | None) -> None:
        del number, frame
        loop.call_soon_threadsafe(stop)

    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # on Windows
            signal.signal(number, heard)


if __name__ == "__main__":
    sys.exit(main())
