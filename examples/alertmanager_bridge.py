"""Let Prometheus alerts set the statuses of components: the receiver of an Alertmanager `webhook_config`.

    INSTATUS_API_KEY=... INSTATUS_PAGE=<page id> python examples/alertmanager_bridge.py    # http://<host>:9099/alerts

The label `component` names the component, `component_group` its group if need be, `severity` says how bad it is.
"""

import os
from functools import partial

from aiohttp import web

from instatus_async import ComponentStatus, InstatusClient, InstatusError, Page, severity


async def take(page: Page, request: web.Request) -> web.Response:
    worst: dict[tuple[str, str | None], ComponentStatus] = {}
    try:
        for alert in (await request.json())["alerts"]:
            if "component" in (labels := alert["labels"]):
                key = labels["component"], labels.get("component_group")
                word = labels.get("severity", "firing") if alert["status"] == "firing" else "resolved"
                worst[key] = max(worst.get(key, ComponentStatus.OPERATIONAL), severity.component_status(word))
        for (name, group), status in worst.items():
            await page.components.update((await page.components.find(name=name, group=group)).id, status=status)
    except InstatusError as exc:
        return web.Response(status=503, text=str(exc))  # Alertmanager logs it, and sends it again
    return web.Response()


async def main(client: InstatusClient, page_id: str) -> web.Application:
    app = web.Application()
    app.router.add_post("/alerts", partial(take, client.page(page_id)))
    app.on_cleanup.append(lambda _: client.aclose())
    return app


if __name__ == "__main__":
    web.run_app(main(InstatusClient(), os.environ["INSTATUS_PAGE"]), port=9099)
