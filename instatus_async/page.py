"""One status page: one attribute a noun. Building the handle does no I/O."""

# Nouns are imported when they are first asked for: their models would be most of what importing the SDK costs.

from functools import cached_property
from typing import TYPE_CHECKING

from ._body import identifier
from .resources.pages import PageActions
from .retry import RetryPolicy
from .session import SessionManager

if TYPE_CHECKING:
    from .jobs.components import ComponentJobs
    from .jobs.incidents import IncidentJobs
    from .jobs.maintenances import MaintenanceJobs
    from .jobs.metrics import MetricJobs
    from .resources.audience_groups import AudienceGroups
    from .resources.escalation_policies import EscalationPolicies
    from .resources.monitor_alerts import MonitorAlerts
    from .resources.monitor_groups import MonitorGroups
    from .resources.monitors import Monitors
    from .resources.on_call_schedules import OnCallSchedules
    from .resources.routing_rules import RoutingRules
    from .resources.subscribers import Subscribers
    from .resources.teammates import Teammates
    from .resources.templates import Templates

__all__ = ["Page"]


class Page(PageActions):
    """One status page: everything that belongs to it."""

    def __init__(self, session: SessionManager, page_id: str) -> None:
        super().__init__(session, identifier(page_id, "page_id"))

    @cached_property
    def components(self) -> "ComponentJobs":
        """The parts of your product whose status the page shows."""
        from .jobs.components import ComponentJobs

        return ComponentJobs(self._session, self._page_id)

    @cached_property
    def incidents(self) -> "IncidentJobs":
        """What you tell while something is broken; `incidents.updates` are the messages."""
        from .jobs.incidents import IncidentJobs

        return IncidentJobs(self._session, self._page_id)

    @cached_property
    def maintenances(self) -> "MaintenanceJobs":
        """What you tell about planned work; `maintenances.updates` are the messages."""
        from .jobs.maintenances import MaintenanceJobs

        return MaintenanceJobs(self._session, self._page_id)

    @cached_property
    def templates(self) -> "Templates":
        """Texts for incidents and maintenances, written in advance."""
        from .resources.templates import Templates

        return Templates(self._session, self._page_id)

    @cached_property
    def metrics(self) -> "MetricJobs":
        """The graphs of the page, and their points."""
        from .jobs.metrics import MetricJobs

        return MetricJobs(self._session, self._page_id)

    @cached_property
    def subscribers(self) -> "Subscribers":
        """Who is told."""
        from .resources.subscribers import Subscribers

        return Subscribers(self._session, self._page_id)

    @cached_property
    def audience_groups(self) -> "AudienceGroups":
        """Who may see which components of a private page."""
        from .resources.audience_groups import AudienceGroups

        return AudienceGroups(self._session, self._page_id)

    @cached_property
    def teammates(self) -> "Teammates":
        """Who may edit the page."""
        from .resources.teammates import Teammates

        return Teammates(self._session, self._page_id)

    @cached_property
    def monitors(self) -> "Monitors":
        """What the service checks by itself."""
        from .resources.monitors import Monitors

        return Monitors(self._session, self._page_id)

    @cached_property
    def monitor_groups(self) -> "MonitorGroups":
        """Monitors that belong together."""
        from .resources.monitor_groups import MonitorGroups

        return MonitorGroups(self._session, self._page_id)

    @cached_property
    def monitor_alerts(self) -> "MonitorAlerts":
        """Who of the team is told when a monitor fails."""
        from .resources.monitor_alerts import MonitorAlerts

        return MonitorAlerts(self._session, self._page_id)

    @cached_property
    def routing_rules(self) -> "RoutingRules":
        """Which alert goes where."""
        from .resources.routing_rules import RoutingRules

        return RoutingRules(self._session, self._page_id)

    @cached_property
    def escalation_policies(self) -> "EscalationPolicies":
        """Who is called next when nobody answers."""
        from .resources.escalation_policies import EscalationPolicies

        return EscalationPolicies(self._session, self._page_id)

    @cached_property
    def on_call_schedules(self) -> "OnCallSchedules":
        """Who is on call."""
        from .resources.on_call_schedules import OnCallSchedules

        return OnCallSchedules(self._session, self._page_id)

    @property
    def id(self) -> str:
        """The page's id."""
        return self._page_id

    def __repr__(self) -> str:
        return f"<Page {getattr(self, '_page_id', None)}>"

    def with_options(self, *, timeout: float | None = None, retry: RetryPolicy | None = None) -> "Page":
        """Return the same page with another total timeout, in seconds, or retry policy for its calls."""
        return Page(self._session.with_options(timeout=timeout, retry=retry), self._page_id)
