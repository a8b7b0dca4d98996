"""Incidents with the jobs around them: kept open by a block, opened once by many, and resolved wherever they are."""

from collections.abc import Mapping
from typing import Any, Unpack

from ..errors import InvalidRequestError
from ..pagination import CONCURRENCY, Pager
from ..resources.components import Components, ComponentStatus
from ..resources.incidents import Incident, Incidents, IncidentStatus, IncidentUpdateCreate
from ..resources.maintenances import Maintenances
from ._lifecycle import FailureText, check_failure, check_fields, check_text
from .announcing import LASTS
from .ensure import EnsuredIncident, IncidentEnsure, Trouble, ensure, ensure_announced, lock
from .ensure_once import ensure_once
from .open_incident import RESOLVED_TEXT, IncidentOpening, Nouns, OpenIncident
from .registry import Registry
from .resolve import resolve_all

__all__ = ["IncidentJobs"]


class IncidentJobs(Incidents):
    """The incidents of one page; `updates` are their messages."""

    __slots__ = ()

    @property
    def _nouns(self) -> Nouns:
        session, page_id = self._session, self._page_id
        return Nouns(self, Components(session, page_id), Maintenances(session, page_id), session.unresolved)

    def open(
        self, *, resolved: str = RESOLVED_TEXT, failed: FailureText = None, **fields: Unpack[IncidentOpening]
    ) -> OpenIncident:
        """Keep an incident open as long as a block runs: `async with page.incidents.open(...) as incident`.

        When the block ends, the incident is resolved with the text `resolved`, unless it is resolved by then, and its
        components are set back to what they were, but not healthier than another open incident makes them. When it
        fails, the incident stays open, `failed` is posted, a text or what a function makes of the exception, and the
        exception goes on; its notes name the incident. When it is cancelled, nothing more is sent, and a warning in the
        log names the incident. With `notify=True` subscribers receive the opening and each update.

        Raises InvalidRequestError at once; entering the block raises what `create` does.
        """
        check_fields(IncidentOpening, fields, "incidents.open")
        check_text(resolved, "resolved")
        check_failure(failed)
        _not_resolved(fields.get("status"))
        return OpenIncident(self._nouns, fields, resolved=resolved, failed=failed)

    async def resume(
        self, incident_id: str, /, *, before: Mapping[str, ComponentStatus] | None = None, notify: bool = False
    ) -> OpenIncident:
        """Take up an incident that an earlier run opened, to post updates and to resolve it.

        `before` is what the handle of that run had in `before`; without it components are set back to
        OPERATIONAL, unless another open incident affects them.
        `notify` holds for what is posted through this handle.
        """
        asked: IncidentOpening = {"name": "of before", "statuses": before or {}, "notify": notify}
        check_fields(IncidentOpening, asked, "incidents.resume")
        return OpenIncident.resumed(self._nouns, await self.get(incident_id), before or {}, notify=notify)

    async def ensure(
        self,
        *,
        key: str | None = None,
        component: str | None = None,
        registry: Registry | None = None,
        **fields: Unpack[IncidentEnsure],
    ) -> EnsuredIncident:
        """Return the open incident of a key or of a component, or open it: many may call this, and one is opened.

        An incident has the key when that is its name, or stands at the end of it in brackets: "Tests fail [ci-main]".
        One that is open already is returned as it is, and nothing is posted to it. With `notify=True` subscribers
        receive a new one once: it is opened silently, and a second later whoever was first announces it with one more
        update, so that its text stands on the page twice. When that fails, or its process dies, nobody has been told:
        the error says so, `announced` of later calls is False, and the first that comes after two minutes of silence
        announces it. `instatus_async.jobs.ensure` says why nobody is told twice.

        `component` means any incident that affects it, also one that a person opened about something else; use `key`
        to find only your own.

        With a `registry` that all replicas share, such as RedisRegistry, one of them is chosen first: it opens and
        announces by one create, without that second, and the others return what it made. They wait for it about twice
        as long as the client's timeout, so that another one can take over from it, and then raise OutcomeUnknownError
        if nobody has said what became of it. They have sent nothing then, and `may_have_applied` is False.

        Raises InvalidRequestError unless exactly one of `key` and `component` is given. Any other error names, in its
        notes and in `record_ids`, the incident that was opened before it.
        """
        trouble = Trouble.of(key, component)
        check_fields(IncidentEnsure, fields, "incidents.ensure")
        _not_resolved(fields.get("status"))
        given: Any = registry
        if given is not None and not isinstance(given, Registry):
            raise InvalidRequestError("registry: expected a Registry, such as RedisRegistry. Nothing was sent.")
        patience = self._session.timeout
        brief = Incidents(self._session.with_options(timeout=min(patience, LASTS)), self._page_id)
        async with lock(self._page_id, trouble):
            if registry is None:
                found = await ensure(self, brief, trouble, fields)
            else:
                found = await ensure_once(
                    self, brief, trouble, fields, registry, page_id=self._page_id, patience=patience
                )
            return await ensure_announced(brief, trouble, fields, found)

    async def resolve_open(
        self,
        *,
        key: str | None = None,
        component: str | None = None,
        message: str = RESOLVED_TEXT,
        notify: bool = False,
    ) -> tuple[Incident, ...]:
        """Resolve every open incident of a key or of a component, and return those that this call resolved.

        Their components become OPERATIONAL, but those that another open incident affects stay as they are. What
        somebody else resolves meanwhile is left alone. With `notify=True` subscribers receive each resolution once,
        however many runs turn green together: it is posted silently, and a second later whoever was first announces it
        with one more update. When that fails nobody has been told, and a later call finds nothing to resolve: the error
        names them in `record_ids`, and `updates.create(id, status="RESOLVED", statuses={}, notify=True)` tells it.

        Raises InvalidRequestError unless exactly one of `key` and `component` is given. Another error ends it; its
        notes and `record_ids` name the incident, and those before it are resolved.
        """
        trouble = Trouble.of(key, component)
        check_text(message, "message")
        asked: IncidentUpdateCreate = {"status": "RESOLVED", "statuses": {}, "message": message, "notify": notify}
        check_fields(IncidentUpdateCreate, asked, "incidents.resolve_open")
        async with lock(self._page_id, trouble):
            return await resolve_all(self, trouble, message, notify=notify)

    def unresolved(self, *, per_page: int = 100, concurrency: int = CONCURRENCY) -> Pager[Incident]:
        """List the incidents that are not resolved."""
        return self.list(exclude_status=IncidentStatus.RESOLVED, per_page=per_page, concurrency=concurrency)


def _not_resolved(status: str | None) -> None:
    if status == IncidentStatus.RESOLVED:
        raise InvalidRequestError("status: an incident that is opened is not RESOLVED. Nothing was sent.")
