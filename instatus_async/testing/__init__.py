"""Run a whole Instatus on a loopback port.

    async with InstatusServer() as server, server.client() as client:
        page = client.page(server.page_id)
        api = server.component_id("API")
        incident = await page.incidents.create(
            name="API errors",
            status="INVESTIGATING",
            message="We are on it.",
            statuses={api: "MAJOROUTAGE"},
            notify=True,
        )
        assert server.announcements(incident.id) == 1

What is written through one operation is seen by all the others and by the public documents of the page's host. State
belongs to the server object. `server.seed(...)` adds rows without a request, `server.reset()` goes back to the start,
`server.told(id)` says who was told about something, and `server.requests` is the log.

`server.faults` makes requests go wrong, in the ways that `instatus_async.testing.faults` has. Webhooks are really sent,
to loopback addresses only, and `await server.deliveries()` returns them. Fixtures for pytest are in
`instatus_async.testing.plugin`, and `python -m instatus_async.testing` runs a server to look at.

A bot that receives webhooks is tested with real ones, signed as the service signs them:

    (who,) = server.seed(subscribers=[{"webhook": "http://127.0.0.1:8080/hook", "autoConfirm": True}])["subscribers"]
    bot = webhooks.aiohttp_handler(server.webhook_secret(who), on_event)  # served at that address
    await page.incidents.create(name="Down", status="INVESTIGATING", message="We look.", notify=True)
    (delivery,) = await server.deliveries()
    assert delivery.delivered

`incidents.ensure` and `resolve_open` wait for a second until lists have settled; `with settling(0.01):` shortens that,
and the fixtures of the plugin do so by themselves. Two bots in one event loop never hold an election, because calls
about one key take turns there; `with as_processes():` lets them meet as processes do, each with a client of its own.

A wrong key is `server.client(api_key="wrong")`. A server has one account. A page of another account is one that it does
not know: `InstatusServer(id_seed=1)` has a page of another id, and this server answers 404 for it. What the real
service says to that is not on record; `server.faults.next(faults.Status(403))` plays the other likely answer.

Numbers of quirks in these modules refer to what is known of the real service. What nobody recorded is guessed:

- The texts and codes of errors but for those of an unknown key, page and component; 400 for a field that is wrong or
  a name that is blank, 409 for a subdomain, slug, subscriber or teammate that is taken, 404 for any other record that
  is unknown and for a method that a path does not have.
- Fields that are unknown, dates without `Z`, and dates outside of the years 1970 to 2999 are refused; the real service
  misreads a date without a zone. A timestamp that looks like seconds is refused too (quirk 39).
- Paths of other ages are answered as well: GET /v1/pages, PUT /v1/{page_id} and POST
  /v2/{page_id}/incidents/{template} (quirk 2).
- What the documents do not let be null is left out where there is none: a monitor's `basicAuth`, an alert's `metadata`,
  a monitor group's `groupId` and `componentId`, a shift's `endDate`.
- `page`, `per_page` and `limit` below 1 are refused, and `per_page` and `limit` above 100 mean 100.
- Lists of incidents and maintenances start with the newest; all others with the oldest, components with the first of
  the page.
- `notify` left out means false. An incident with `shouldPublish` false is told to nobody and is not public.
- An incident's components show the status that they have now. Resolving it leaves their statuses as they are unless
  the write names them. `impact` is the worst status that its writes ever named. `duration` is in whole minutes.
- PUT on an incident with a `message` adds an update, unless the latest one says the same already.
- The update written last decides the incident's status; deleting it goes back to the one before. Deleting the only one
  leaves the status as it is.
- A maintenance puts its components into the planned statuses when it starts, UNDERMAINTENANCE by default, and those
  that still are under maintenance back into OPERATIONAL when it ends. PUT on it changes the message of its first
  update.
- A page's `mainStatus` names the worst trouble and whether ONE, SOME or ALL components have it; parents and archived
  components do not count. `status` of a PUT on a page is taken and has no effect.
- `private` is taken and shown, and the page and its public data stay open to everybody.
- The answer of a write to a page that has a translated name shows the name as an object.
- `grouped` false takes a component out of its group; children of a deleted parent have none.
- A template is found by its id or, failing that, its name, and must be one for incidents.
- A subscriber without `all` and `components` subscribes to everything. Subscribing to a parent does not include its
  children.
- Deleting a workspace leaves its pages without one.
- Monitors and groups: their texts, `groupId`, `status` and `componentId`; no monitor ever fails.
- On-call: whoever comes after the present member is next; outside the restricted hours nobody is on call and turns go
  on.
- A datapoint of 0 is accepted, though one client says that it is not (quirk 40).
- Uptime, on the page: a major outage counts in full and a partial one by 30 %, anything else not at all.
- The JSON of a page's host carries an ETag and the server's own Date, and answers 304 where nothing is newer.
- Feeds have no limit of length. In RSS an open incident has no Duration line, and a maintenance has the planned one.
- A custom service's "down" puts its component into MAJOROUTAGE, and "up" back into OPERATIONAL, and tells nobody;
  heartbeats are answered at the API's address, and no missing ping raises an alarm. Both answer `{"success": true}`.
- Webhooks: their bodies follow the documents and what receivers saw (quirks 93 to 95), the 64 characters of the secret
  are the key of the signature as text, those about a component follow a PUT on it that changes the status and nothing
  else, and none is tried again.
"""

from . import faults
from .ledger import Notification
from .log import LoggedRequest, RequestLog
from .schedule import Faults, Fired, Schedule
from .sdk import as_processes, settling
from .server import InstatusServer
from .times import ManualClock
from .webhooks import Delivery

__all__ = [
    "Delivery",
    "Faults",
    "Fired",
    "InstatusServer",
    "LoggedRequest",
    "ManualClock",
    "Notification",
    "RequestLog",
    "Schedule",
    "as_processes",
    "faults",
    "settling",
]
