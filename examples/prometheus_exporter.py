"""Export to Prometheus, at /metrics, what a status page tells everybody: prometheus_exporter.py URL [PORT]."""

import sys

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Gauge, Info, generate_latest

from instatus_async import InstatusError, PublicStatusPage


def application(page: PublicStatusPage, own: CollectorRegistry = REGISTRY) -> web.Application:
    up = Gauge("instatus_up", "Whether the page could be read; if not, the rest is as last read", registry=own)
    read = Gauge("instatus_last_read_timestamp_seconds", "When the page was last read", registry=own)
    about = Info("instatus_page", "Its name and status", registry=own)
    severity = Gauge("instatus_component_severity", "0 operational, 5 down", ["name", "group", "id"], registry=own)
    incidents = Gauge("instatus_open_incidents", "Open incidents", ["page"], registry=own)

    async def metrics(_: web.Request) -> web.Response:
        try:
            summary, components = await page.summary(), await page.components()
            up.set(1)  # no await from here on: another scrape sees all of it or nothing
            read.set_to_current_time()
            about.info({"name": summary.page.name or "", "status": summary.page.status})
            incidents.labels(page.url).set(len(summary.active_incidents))
            severity.clear()
            for row in components:
                severity.labels(row.name, (row.group and row.group.name) or "", row.id).set(row.status.severity)
        except InstatusError as error:
            up.set(0)
            print(error, file=sys.stderr)
        return web.Response(body=generate_latest(own), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/metrics", metrics)])
    app.on_cleanup.append(lambda _: page.aclose())
    return app


if __name__ == "__main__":
    web.run_app(application(PublicStatusPage(sys.argv[1], timeout=8)), port=int(sys.argv[2]) if sys.argv[2:] else 9105)
