"""The asyncio SDK for Instatus status pages.

Start with `InstatusClient`, or with `PublicStatusPage` where there is no key. `instatus_async.webhooks` reads what
Instatus sends, and `instatus_async.testing` is an Instatus to try them on.

"quirk 35" in a docstring is a number of the list of what the service really does, the guide `quirks` of the
documentation.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from ._version import __version__

if TYPE_CHECKING:
    from . import errors as errors
    from . import redis as redis
    from . import severity as severity
    from . import testing as testing
    from . import triggers as triggers
    from . import webhooks as webhooks
    from ._model import Model, OpenEnum, SeverityEnum, Translations
    from .client import InstatusClient
    from .errors import (
        AmbiguousNameError,
        APIError,
        AuthenticationError,
        BadRequestError,
        BodyTooLargeError,
        BufferFullError,
        ClientStateError,
        ConfigError,
        ConflictError,
        ConnectError,
        DeadlineExceededError,
        DecodeError,
        DuplicateDetectedError,
        InstatusError,
        InvalidIdError,
        InvalidRequestError,
        LateDatapointError,
        Named,
        NameNotFoundError,
        NotFoundError,
        OutcomeUnknownError,
        PaginationError,
        PermissionDeniedError,
        ProtocolError,
        RateLimitError,
        RedirectError,
        ResponseTooLargeError,
        ServerError,
        SignatureError,
        SlowConsumerError,
        TlsError,
        TransportError,
        UnprocessableError,
        UnsentDatapointsError,
    )
    from .jobs._lifecycle import FailureText
    from .jobs.changes import (
        ImpossibleMove,
        PartialApplyError,
        PlanError,
        PlanImpossibleError,
        PlannedArchive,
        PlannedChange,
        PlannedCreate,
        PlannedOrder,
        PlannedUpdate,
        PlanOutdatedError,
    )
    from .jobs.components import ComponentJobs
    from .jobs.ensure import EnsuredIncident, IncidentEnsure
    from .jobs.incidents import IncidentJobs
    from .jobs.maintenances import MaintenanceConflictError, MaintenanceExtras, MaintenanceJobs
    from .jobs.metric_buffer import BufferClock, BufferTimer, MetricBuffer
    from .jobs.metrics import MetricJobs
    from .jobs.open_incident import IncidentOpening, OpenIncident
    from .jobs.pages import PageJobs
    from .jobs.plan import ComponentPlan
    from .jobs.registry import Claim, Registry
    from .jobs.specs import ComponentSpec
    from .jobs.window import MaintenanceWindow
    from .page import Page
    from .pagination import Pager
    from .public import (
        PublicComponent,
        PublicIncident,
        PublicMaintenance,
        PublicPage,
        PublicPageStatus,
        PublicStatusPage,
        PublicSummary,
    )
    from .rate_limit import Gate, RateGate
    from .reconcile import Fingerprint
    from .resources._common import AnyHttpMethod, HttpMethod
    from .resources.audience_groups import (
        AudienceGroup,
        AudienceGroupChange,
        AudienceGroupComponent,
        AudienceGroupCreate,
        AudienceGroups,
        AudienceGroupTeammate,
    )
    from .resources.components import (
        AnyComponentStatus,
        Component,
        ComponentChange,
        ComponentCreate,
        ComponentFields,
        ComponentGroup,
        Components,
        ComponentStatus,
        Site,
        StatusMap,
    )
    from .resources.escalation_policies import (
        AnyEscalationRuleCondition,
        EscalationAction,
        EscalationActionFields,
        EscalationPolicies,
        EscalationPolicy,
        EscalationPolicyFields,
        EscalationRule,
        EscalationRuleCondition,
        EscalationRuleFields,
    )
    from .resources.incidents import (
        AnyIncidentStatus,
        Incident,
        IncidentChange,
        IncidentCreate,
        IncidentImpact,
        IncidentNotice,
        Incidents,
        IncidentStatus,
        IncidentUpdate,
        IncidentUpdateChange,
        IncidentUpdateCreate,
        IncidentUpdates,
    )
    from .resources.maintenances import (
        AnyMaintenanceStatus,
        Maintenance,
        MaintenanceChange,
        MaintenanceCreate,
        MaintenanceNotice,
        MaintenancePlan,
        Maintenances,
        MaintenanceStatus,
        MaintenanceUpdate,
        MaintenanceUpdateChange,
        MaintenanceUpdateCreate,
        MaintenanceUpdateFields,
        MaintenanceUpdates,
    )
    from .resources.metrics import Datapoint, Metric, MetricChange, MetricCreate, Metrics
    from .resources.monitor_alerts import (
        AnyMonitorAlertType,
        MonitorAlert,
        MonitorAlertChange,
        MonitorAlertCreate,
        MonitorAlerts,
        MonitorAlertType,
    )
    from .resources.monitor_groups import (
        MonitorGroup,
        MonitorGroupChange,
        MonitorGroupCreate,
        MonitorGroupMember,
        MonitorGroups,
        MonitorRun,
    )
    from .resources.monitors import (
        AnyComparisonType,
        AnyMonitorAssertionType,
        AnyMonitorLocation,
        AnyMonitorStatus,
        AnyMonitorType,
        ComparisonType,
        Monitor,
        MonitorAssertion,
        MonitorAssertionFields,
        MonitorAssertionType,
        MonitorBasicAuth,
        MonitorBasicAuthFields,
        MonitorChange,
        MonitorCreate,
        MonitorLocation,
        MonitorOnFail,
        MonitorOnFailFields,
        MonitorOnRecover,
        MonitorOnRecoverFields,
        Monitors,
        MonitorStatus,
        MonitorType,
    )
    from .resources.on_call_schedules import (
        AnyCustomRotationTypeUnit,
        AnyDayOfWeek,
        AnyRestrictionType,
        AnyRotationType,
        AnyScheduleStatus,
        CustomRotationTypeUnit,
        DayOfWeek,
        OnCallMember,
        OnCallMembers,
        OnCallSchedule,
        OnCallScheduleChange,
        OnCallScheduleCreate,
        OnCallSchedules,
        OnCallShift,
        OnCallShiftChange,
        OnCallShiftFields,
        OnCallShiftMember,
        OnCallShiftMemberChange,
        OnCallShiftMemberFields,
        OnCallShiftTimes,
        PersonFields,
        RestrictionType,
        RotationType,
        ScheduleStatus,
        TimeInterval,
        TimeIntervalFields,
        WorkspaceMemberFields,
    )
    from .resources.pages import (
        AnyPageStatus,
        AnySmsService,
        PageActions,
        PageChange,
        PageCreate,
        PageFields,
        Pages,
        PageStatus,
        SecureLink,
        SmsService,
        StatusPage,
    )
    from .resources.routing_rules import (
        ActionType,
        AnyActionType,
        AnyAssertionType,
        AssertionType,
        RoutingAction,
        RoutingActionFields,
        RoutingAssertion,
        RoutingAssertionFields,
        RoutingRule,
        RoutingRuleChange,
        RoutingRuleCreate,
        RoutingRules,
    )
    from .resources.subscribers import Subscriber, SubscriberCreate, Subscribers
    from .resources.teammates import AnyTeammatePermission, Teammate, TeammateCreate, TeammatePermission, Teammates
    from .resources.templates import (
        AnyTemplateStatus,
        AnyTemplateType,
        Template,
        TemplateChange,
        TemplateComponent,
        TemplateCreate,
        TemplateOrigin,
        Templates,
        TemplateStatus,
        TemplateType,
    )
    from .resources.user import Member, Person, User, UserProfile
    from .resources.workspaces import Workspace, WorkspaceCreate, Workspaces
    from .retry import Effect, RetryPolicy
    from .session import Event
    from .triggers import Heartbeat, TriggerState, heartbeat, trigger
    from .watching.changes import (
        Change,
        ComponentAdded,
        ComponentRemoved,
        ComponentStatusChanged,
        Gap,
        IncidentDeleted,
        IncidentOpened,
        IncidentResolved,
        IncidentUpdated,
        MaintenanceCompleted,
        MaintenanceDeleted,
        MaintenanceScheduled,
        MaintenanceStarted,
        MaintenanceUpdated,
        PageStatusChanged,
        WatchState,
    )
    from .watching.watch import Broadcast, Trouble, Watch, watch

__all__ = [
    "APIError",
    "ActionType",
    "AmbiguousNameError",
    "AnyActionType",
    "AnyAssertionType",
    "AnyComparisonType",
    "AnyComponentStatus",
    "AnyCustomRotationTypeUnit",
    "AnyDayOfWeek",
    "AnyEscalationRuleCondition",
    "AnyHttpMethod",
    "AnyIncidentStatus",
    "AnyMaintenanceStatus",
    "AnyMonitorAlertType",
    "AnyMonitorAssertionType",
    "AnyMonitorLocation",
    "AnyMonitorStatus",
    "AnyMonitorType",
    "AnyPageStatus",
    "AnyRestrictionType",
    "AnyRotationType",
    "AnyScheduleStatus",
    "AnySmsService",
    "AnyTeammatePermission",
    "AnyTemplateStatus",
    "AnyTemplateType",
    "AssertionType",
    "AudienceGroup",
    "AudienceGroupChange",
    "AudienceGroupComponent",
    "AudienceGroupCreate",
    "AudienceGroupTeammate",
    "AudienceGroups",
    "AuthenticationError",
    "BadRequestError",
    "BodyTooLargeError",
    "Broadcast",
    "BufferClock",
    "BufferFullError",
    "BufferTimer",
    "Change",
    "Claim",
    "ClientStateError",
    "ComparisonType",
    "Component",
    "ComponentAdded",
    "ComponentChange",
    "ComponentCreate",
    "ComponentFields",
    "ComponentGroup",
    "ComponentJobs",
    "ComponentPlan",
    "ComponentRemoved",
    "ComponentSpec",
    "ComponentStatus",
    "ComponentStatusChanged",
    "Components",
    "ConfigError",
    "ConflictError",
    "ConnectError",
    "CustomRotationTypeUnit",
    "Datapoint",
    "DayOfWeek",
    "DeadlineExceededError",
    "DecodeError",
    "DuplicateDetectedError",
    "Effect",
    "EnsuredIncident",
    "EscalationAction",
    "EscalationActionFields",
    "EscalationPolicies",
    "EscalationPolicy",
    "EscalationPolicyFields",
    "EscalationRule",
    "EscalationRuleCondition",
    "EscalationRuleFields",
    "Event",
    "FailureText",
    "Fingerprint",
    "Gap",
    "Gate",
    "Heartbeat",
    "HttpMethod",
    "ImpossibleMove",
    "Incident",
    "IncidentChange",
    "IncidentCreate",
    "IncidentDeleted",
    "IncidentEnsure",
    "IncidentImpact",
    "IncidentJobs",
    "IncidentNotice",
    "IncidentOpened",
    "IncidentOpening",
    "IncidentResolved",
    "IncidentStatus",
    "IncidentUpdate",
    "IncidentUpdateChange",
    "IncidentUpdateCreate",
    "IncidentUpdated",
    "IncidentUpdates",
    "Incidents",
    "InstatusClient",
    "InstatusError",
    "InvalidIdError",
    "InvalidRequestError",
    "LateDatapointError",
    "Maintenance",
    "MaintenanceChange",
    "MaintenanceCompleted",
    "MaintenanceConflictError",
    "MaintenanceCreate",
    "MaintenanceDeleted",
    "MaintenanceExtras",
    "MaintenanceJobs",
    "MaintenanceNotice",
    "MaintenancePlan",
    "MaintenanceScheduled",
    "MaintenanceStarted",
    "MaintenanceStatus",
    "MaintenanceUpdate",
    "MaintenanceUpdateChange",
    "MaintenanceUpdateCreate",
    "MaintenanceUpdateFields",
    "MaintenanceUpdated",
    "MaintenanceUpdates",
    "MaintenanceWindow",
    "Maintenances",
    "Member",
    "Metric",
    "MetricBuffer",
    "MetricChange",
    "MetricCreate",
    "MetricJobs",
    "Metrics",
    "Model",
    "Monitor",
    "MonitorAlert",
    "MonitorAlertChange",
    "MonitorAlertCreate",
    "MonitorAlertType",
    "MonitorAlerts",
    "MonitorAssertion",
    "MonitorAssertionFields",
    "MonitorAssertionType",
    "MonitorBasicAuth",
    "MonitorBasicAuthFields",
    "MonitorChange",
    "MonitorCreate",
    "MonitorGroup",
    "MonitorGroupChange",
    "MonitorGroupCreate",
    "MonitorGroupMember",
    "MonitorGroups",
    "MonitorLocation",
    "MonitorOnFail",
    "MonitorOnFailFields",
    "MonitorOnRecover",
    "MonitorOnRecoverFields",
    "MonitorRun",
    "MonitorStatus",
    "MonitorType",
    "Monitors",
    "NameNotFoundError",
    "Named",
    "NotFoundError",
    "OnCallMember",
    "OnCallMembers",
    "OnCallSchedule",
    "OnCallScheduleChange",
    "OnCallScheduleCreate",
    "OnCallSchedules",
    "OnCallShift",
    "OnCallShiftChange",
    "OnCallShiftFields",
    "OnCallShiftMember",
    "OnCallShiftMemberChange",
    "OnCallShiftMemberFields",
    "OnCallShiftTimes",
    "OpenEnum",
    "OpenIncident",
    "OutcomeUnknownError",
    "Page",
    "PageActions",
    "PageChange",
    "PageCreate",
    "PageFields",
    "PageJobs",
    "PageStatus",
    "PageStatusChanged",
    "Pager",
    "Pages",
    "PaginationError",
    "PartialApplyError",
    "PermissionDeniedError",
    "Person",
    "PersonFields",
    "PlanError",
    "PlanImpossibleError",
    "PlanOutdatedError",
    "PlannedArchive",
    "PlannedChange",
    "PlannedCreate",
    "PlannedOrder",
    "PlannedUpdate",
    "ProtocolError",
    "PublicComponent",
    "PublicIncident",
    "PublicMaintenance",
    "PublicPage",
    "PublicPageStatus",
    "PublicStatusPage",
    "PublicSummary",
    "RateGate",
    "RateLimitError",
    "RedirectError",
    "Registry",
    "ResponseTooLargeError",
    "RestrictionType",
    "RetryPolicy",
    "RotationType",
    "RoutingAction",
    "RoutingActionFields",
    "RoutingAssertion",
    "RoutingAssertionFields",
    "RoutingRule",
    "RoutingRuleChange",
    "RoutingRuleCreate",
    "RoutingRules",
    "ScheduleStatus",
    "SecureLink",
    "ServerError",
    "SeverityEnum",
    "SignatureError",
    "Site",
    "SlowConsumerError",
    "SmsService",
    "StatusMap",
    "StatusPage",
    "Subscriber",
    "SubscriberCreate",
    "Subscribers",
    "Teammate",
    "TeammateCreate",
    "TeammatePermission",
    "Teammates",
    "Template",
    "TemplateChange",
    "TemplateComponent",
    "TemplateCreate",
    "TemplateOrigin",
    "TemplateStatus",
    "TemplateType",
    "Templates",
    "TimeInterval",
    "TimeIntervalFields",
    "TlsError",
    "Translations",
    "TransportError",
    "TriggerState",
    "Trouble",
    "UnprocessableError",
    "UnsentDatapointsError",
    "User",
    "UserProfile",
    "Watch",
    "WatchState",
    "Workspace",
    "WorkspaceCreate",
    "WorkspaceMemberFields",
    "Workspaces",
    "__version__",
    "heartbeat",
    "trigger",
    "watch",
]

# Each name is imported when it is first asked for: creating the models of nouns that a program does not use would be
# most of what importing the SDK costs. Type checkers read the imports above; a test holds the two against each other.
_HOMES = """
    _model: Model OpenEnum SeverityEnum Translations
    client: InstatusClient
    errors: AmbiguousNameError APIError AuthenticationError BadRequestError BodyTooLargeError BufferFullError
        ClientStateError ConfigError ConflictError ConnectError DeadlineExceededError DecodeError DuplicateDetectedError
        InstatusError InvalidIdError InvalidRequestError LateDatapointError Named NameNotFoundError NotFoundError
        OutcomeUnknownError PaginationError PermissionDeniedError ProtocolError RateLimitError RedirectError
        ResponseTooLargeError ServerError SignatureError SlowConsumerError TlsError TransportError UnprocessableError
        UnsentDatapointsError
    jobs._lifecycle: FailureText
    jobs.changes: ImpossibleMove PartialApplyError PlanError PlanImpossibleError PlannedArchive PlannedChange
        PlannedCreate PlannedOrder PlannedUpdate PlanOutdatedError
    jobs.components: ComponentJobs
    jobs.ensure: EnsuredIncident IncidentEnsure
    jobs.incidents: IncidentJobs
    jobs.maintenances: MaintenanceConflictError MaintenanceExtras MaintenanceJobs
    jobs.metric_buffer: BufferClock BufferTimer MetricBuffer
    jobs.metrics: MetricJobs
    jobs.open_incident: IncidentOpening OpenIncident
    jobs.pages: PageJobs
    jobs.plan: ComponentPlan
    jobs.registry: Claim Registry
    jobs.specs: ComponentSpec
    jobs.window: MaintenanceWindow
    page: Page
    pagination: Pager
    public: PublicComponent PublicIncident PublicMaintenance PublicPage PublicPageStatus PublicStatusPage PublicSummary
    rate_limit: Gate RateGate
    reconcile: Fingerprint
    resources._common: AnyHttpMethod HttpMethod
    resources.audience_groups: AudienceGroup AudienceGroupChange AudienceGroupComponent AudienceGroupCreate
        AudienceGroups AudienceGroupTeammate
    resources.components: AnyComponentStatus Component ComponentChange ComponentCreate ComponentFields ComponentGroup
        Components ComponentStatus Site StatusMap
    resources.escalation_policies: AnyEscalationRuleCondition EscalationAction EscalationActionFields EscalationPolicies
        EscalationPolicy EscalationPolicyFields EscalationRule EscalationRuleCondition EscalationRuleFields
    resources.incidents: AnyIncidentStatus Incident IncidentChange IncidentCreate IncidentImpact IncidentNotice
        Incidents IncidentStatus IncidentUpdate IncidentUpdateChange IncidentUpdateCreate IncidentUpdates
    resources.maintenances: AnyMaintenanceStatus Maintenance MaintenanceChange MaintenanceCreate MaintenanceNotice
        MaintenancePlan Maintenances MaintenanceStatus MaintenanceUpdate MaintenanceUpdateChange MaintenanceUpdateCreate
        MaintenanceUpdateFields MaintenanceUpdates
    resources.metrics: Datapoint Metric MetricChange MetricCreate Metrics
    resources.monitor_alerts: AnyMonitorAlertType MonitorAlert MonitorAlertChange MonitorAlertCreate MonitorAlerts
        MonitorAlertType
    resources.monitor_groups: MonitorGroup MonitorGroupChange MonitorGroupCreate MonitorGroupMember MonitorGroups
        MonitorRun
    resources.monitors: AnyComparisonType AnyMonitorAssertionType AnyMonitorLocation AnyMonitorStatus AnyMonitorType
        ComparisonType Monitor MonitorAssertion MonitorAssertionFields MonitorAssertionType MonitorBasicAuth
        MonitorBasicAuthFields MonitorChange MonitorCreate MonitorLocation MonitorOnFail MonitorOnFailFields
        MonitorOnRecover MonitorOnRecoverFields Monitors MonitorStatus MonitorType
    resources.on_call_schedules: AnyCustomRotationTypeUnit AnyDayOfWeek AnyRestrictionType AnyRotationType
        AnyScheduleStatus CustomRotationTypeUnit DayOfWeek OnCallMember OnCallMembers OnCallSchedule
        OnCallScheduleChange OnCallScheduleCreate OnCallSchedules OnCallShift OnCallShiftChange OnCallShiftFields
        OnCallShiftMember OnCallShiftMemberChange OnCallShiftMemberFields OnCallShiftTimes PersonFields RestrictionType
        RotationType ScheduleStatus TimeInterval TimeIntervalFields WorkspaceMemberFields
    resources.pages: AnyPageStatus AnySmsService PageActions PageChange PageCreate PageFields Pages PageStatus
        SecureLink SmsService StatusPage
    resources.routing_rules: ActionType AnyActionType AnyAssertionType AssertionType RoutingAction RoutingActionFields
        RoutingAssertion RoutingAssertionFields RoutingRule RoutingRuleChange RoutingRuleCreate RoutingRules
    resources.subscribers: Subscriber SubscriberCreate Subscribers
    resources.teammates: AnyTeammatePermission Teammate TeammateCreate TeammatePermission Teammates
    resources.templates: AnyTemplateStatus AnyTemplateType Template TemplateChange TemplateComponent TemplateCreate
        TemplateOrigin Templates TemplateStatus TemplateType
    resources.user: Member Person User UserProfile
    resources.workspaces: Workspace WorkspaceCreate Workspaces
    retry: Effect RetryPolicy
    session: Event
    triggers: Heartbeat heartbeat trigger TriggerState
    watching.changes: Change ComponentAdded ComponentRemoved ComponentStatusChanged Gap IncidentDeleted IncidentOpened
        IncidentResolved IncidentUpdated MaintenanceCompleted MaintenanceDeleted MaintenanceScheduled MaintenanceStarted
        MaintenanceUpdated PageStatusChanged WatchState
    watching.watch: Broadcast Trouble Watch watch
"""

# The modules that have names of their own. They are not in `__all__`: a star must not need redis-py.
_MODULES = frozenset({"errors", "redis", "severity", "testing", "triggers", "webhooks"})

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        home = ""
        for word in _HOMES.split():
            if word[-1] == ":":
                home = word[:-1]
            elif word == name:
                value = globals()[name] = getattr(import_module(f".{home}", __name__), name)
                return value
        if name in _MODULES:
            try:
                return import_module(f".{name}", __name__)  # which makes it an attribute
            except ImportError as exc:  # hasattr() and the like know no other error
                raise AttributeError(str(exc), name=name, obj=import_module(__name__)) from exc
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name, obj=import_module(__name__))

    def __dir__() -> list[str]:
        return sorted({*__all__, *_MODULES, *(name for name in globals() if name.startswith("__"))})
