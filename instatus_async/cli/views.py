"""Records as the command line shows them: JSON with stable keys, and nothing that is secret (quirk 49)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..resources.components import Component
from ..resources.incidents import Incident
from ..resources.maintenances import Maintenance
from .output import JSON, clean, moment

__all__ = ["incident_json", "incident_line", "maintenance_json", "maintenance_line", "resolved_lines"]


def _components(components: Iterable[Component]) -> list[dict[str, Any]]:
    return [{"id": row.id, "name": row.name, "status": row.status} for row in components]


def incident_json(incident: Incident) -> JSON:
    """Show an incident."""
    return {
        "id": incident.id,
        "name": incident.name,
        "status": incident.status,
        "impact": incident.impact,
        "started": moment(incident.started),
        "resolved": moment(incident.resolved),
        "components": _components(incident.components),
    }


def incident_line(what: str, incident: Incident) -> str:
    """Say in one line what happened to an incident."""
    return f'{what} {incident.id} "{clean(incident.name)}": {clean(incident.status)}'


def resolved_lines(incident: Incident) -> list[str]:
    """Say that an incident was resolved, and what each of its components became with that."""
    components = [f"{clean(row.name.strip())}: {clean(row.status)}" for row in incident.components]
    return [incident_line("resolved", incident), *components]


def maintenance_json(maintenance: Maintenance) -> JSON:
    """Show a maintenance; its duration is in minutes (quirk 36)."""
    return {
        "id": maintenance.id,
        "name": maintenance.name,
        "status": maintenance.status,
        "start": moment(maintenance.start),
        "duration": maintenance.duration,
        "components": _components(maintenance.components),
    }


def maintenance_line(what: str, maintenance: Maintenance) -> str:
    """Say in one line what happened to a maintenance."""
    return f'{what} {maintenance.id} "{clean(maintenance.name)}": {clean(maintenance.status)}'
