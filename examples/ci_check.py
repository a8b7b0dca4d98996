"""Run a check, and keep one incident open as long as runs of it fail; the exit code is the check's.

    INSTATUS_API_KEY=... python examples/ci_check.py PAGE_ID COMPONENT_ID smoke-tests pytest tests/smoke

Subscribers are told once when it begins to fail, and once when it passes again, however many jobs run it.
"""

import asyncio
import sys

from instatus_async import ComponentStatus, InstatusClient, InstatusError, Page


async def check(page: Page, component: str, key: str, command: list[str]) -> int:
    process = await asyncio.create_subprocess_exec(*command)
    code = await process.wait()
    try:
        if code == 0:
            for incident in await page.incidents.resolve_open(key=key, message="The checks pass again.", notify=True):
                print(f"resolved {incident.name}")
        else:
            ensured = await page.incidents.ensure(
                key=key,
                name="Our checks fail",
                statuses={component: ComponentStatus.PARTIAL_OUTAGE},
                notify=True,
            )
            print(f"{'opened' if ensured.created else 'open already:'} {ensured.incident.name}")
    except InstatusError as error:  # the page must not decide about the build
        print(f"the status page was not brought up to date: {error}", *getattr(error, "__notes__", ()), file=sys.stderr)
    return code


async def main(page_id: str, component: str, key: str, *command: str) -> int:
    async with InstatusClient() as client:
        return await check(client.page(page_id), component, key, list(command))


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
