"""Keep the components of a status page in a file: show what differs, and with --apply bring the page to it.

    INSTATUS_API_KEY=... python examples/components_from_file.py SUBDOMAIN components.toml [--apply] [--archive]

The file, TOML or JSON, is a list `components` of what `ComponentSpec` has. The exit code 2 means: not done yet.
"""

import argparse
import asyncio
import json
import sys
import tomllib
from pathlib import Path
from typing import Any

from instatus_async import InstatusClient


def read(file: str) -> Any:
    text = Path(file).read_text(encoding="utf-8")
    return (json.loads(text) if file.endswith(".json") else tomllib.loads(text))["components"]


async def main(client: InstatusClient, subdomain: str, components: Any, *, apply: bool, archive: bool) -> int:
    async with client:
        site = await client.pages.find(subdomain=subdomain)
        plan = await client.page(site.id).components.plan(components, archive=archive)
        print(plan)
        if apply:
            print(f"{len(await plan.apply())} changes made.")
        return 2 if plan and not apply else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("subdomain")
    parser.add_argument("components", type=read, metavar="file")
    parser.add_argument("--apply", action="store_true")
    parser.add_argument("--archive", action="store_true")
    sys.exit(asyncio.run(main(InstatusClient(), **vars(parser.parse_args()))))
