"""Export a page's subscribers: INSTATUS_API_KEY=... python examples/export_subscribers.py PAGE_ID FILE.csv.

The file appears whole or not at all, and only its owner may read it: it holds addresses.
"""

import asyncio
import csv
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from instatus_async import InstatusClient, Subscriber


async def read(client: InstatusClient, page_id: str) -> list[Subscriber]:
    async with client:
        subscribers = client.page(page_id).subscribers.list()
        if not find_spec("rich"):
            return await subscribers.collect(progress=lambda count: print(count, "so far", file=sys.stderr))
        from rich.console import Console  # noqa: PLC0415 - where it is installed

        with Console(stderr=True).status("0 so far") as shown:
            return await subscribers.collect(progress=lambda count: shown.update(f"{count} so far"))


def write(subscribers: list[Subscriber], path: Path) -> None:
    with TemporaryDirectory(dir=path.parent) as folder:
        part = Path(folder, path.name)
        with part.open("w", encoding="utf-8", newline="") as file:
            part.chmod(0o600)
            table = csv.writer(file)
            table.writerow(("id", "email", "phone", "webhook", "confirmed", "all", "components"))
            for s in subscribers:
                table.writerow((s.id, s.email, s.phone, s.webhook, s.confirmed, s.all, " ".join(s.components)))
        part.replace(path)


if __name__ == "__main__":
    write(asyncio.run(read(InstatusClient(), sys.argv[1])), Path(sys.argv[2]))
