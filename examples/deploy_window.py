"""Deploy inside a maintenance; if the deployment fails, it ends with these words and the components stay as they are.

INSTATUS_API_KEY=... python examples/deploy_window.py PAGE_ID COMPONENT_ID 15 ./deploy.sh production
"""

import asyncio
import sys

from instatus_async import InstatusClient, MaintenanceConflictError, Page


class DeploymentError(Exception):
    """The command failed."""


async def deploy(page: Page, component: str, minutes: int, command: list[str]) -> None:
    async with page.maintenances.window(
        component,
        name="Deployment",
        minutes=minutes,
        message="We are installing a new version.",
        completed="The new version is installed.",
        failed="The new version could not be installed. We are looking into it.",
        notify=True,
    ):
        process = await asyncio.create_subprocess_exec(*command)
        if code := await process.wait():
            raise DeploymentError(f"{command[0]} failed with {code}")


async def main(page_id: str, component: str, minutes: str, *command: str) -> None:
    async with InstatusClient() as client:
        try:
            await deploy(client.page(page_id), component, int(minutes), list(command))
        except (DeploymentError, MaintenanceConflictError) as error:
            sys.exit("\n".join([str(error), *getattr(error, "__notes__", ())]))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
