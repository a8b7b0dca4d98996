"""Hold every operation of the API, one module a noun."""

from dataclasses import replace
from typing import Final

from ..operation import Operation
from . import (
    audience_groups,
    components,
    escalation,
    incidents,
    integrations,
    maintenances,
    metrics,
    monitors,
    on_call,
    pages,
    routing,
    subscribers,
    templates,
    user,
)

OPERATIONS: Final[tuple[Operation, ...]] = (
    *pages.OPERATIONS,
    *user.OPERATIONS,
    *components.OPERATIONS,
    *incidents.OPERATIONS,
    *maintenances.OPERATIONS,
    *templates.OPERATIONS,
    *subscribers.OPERATIONS,
    *metrics.OPERATIONS,
    *audience_groups.OPERATIONS,
    *monitors.OPERATIONS,
    *routing.OPERATIONS,
    *escalation.OPERATIONS,
    *on_call.OPERATIONS,
)

# Versions of some operations that were seen to answer, or documented, at another time (quirk 2).
_OTHER_VERSIONS: Final = {
    ("GET", "/v2/pages"): "/v1/pages",
    ("PUT", "/v2/{page_id}"): "/v1/{page_id}",
    ("POST", "/v1/{page_id}/incidents/{template}"): "/v2/{page_id}/incidents/{template}",
}
ALIASES: Final[tuple[Operation, ...]] = tuple(
    replace(operation, path=_OTHER_VERSIONS[operation.method, operation.path])
    for operation in OPERATIONS
    if (operation.method, operation.path) in _OTHER_VERSIONS
)

# What is not in the API's documents, and is called without a key (quirks 100, 103).
KEYLESS: Final[tuple[Operation, ...]] = integrations.OPERATIONS
