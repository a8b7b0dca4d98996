"""Statuses summed up, and the words of other tools."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instatus_async import (
    Component,
    ComponentGroup,
    ComponentStatus,
    Incident,
    IncidentImpact,
    IncidentStatus,
    InvalidRequestError,
    MaintenanceStatus,
    OpenEnum,
    PublicComponent,
    PublicIncident,
    PublicPageStatus,
)
from instatus_async._vocabularies import words_for
from instatus_async.severity import (
    component_status,
    impact,
    impact_of,
    incident_status,
    maintenance_status,
    page_status,
)
from instatus_async.testing import InstatusServer

OPERATIONAL, MAINTENANCE = ComponentStatus.OPERATIONAL, ComponentStatus.UNDER_MAINTENANCE
DEGRADED, PARTIAL, MAJOR = (
    ComponentStatus.DEGRADED_PERFORMANCE,
    ComponentStatus.PARTIAL_OUTAGE,
    ComponentStatus.MAJOR_OUTAGE,
)
UP, ISSUES, UNDER = PublicPageStatus.UP, PublicPageStatus.HAS_ISSUES, PublicPageStatus.UNDER_MAINTENANCE
NEW = ComponentStatus("GLOWING")


def part(status: ComponentStatus, id: str = "", **more: Any) -> Component:  # noqa: A002 - as the model calls it
    return Component(id=id or f"c{status}", name=more.pop("name", "n"), status=status, **more)


# --- a page ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([], UP),
        ([OPERATIONAL], UP),
        ([OPERATIONAL, MAINTENANCE], UNDER),
        ([MAINTENANCE, DEGRADED], ISSUES),
        ([OPERATIONAL, ComponentStatus.MINOR_OUTAGE], ISSUES),
        ([PARTIAL], ISSUES),
        ([MAJOR, MAINTENANCE], ISSUES),
        ([OPERATIONAL, NEW], ISSUES),
    ],
)
def test_the_status_of_a_page(statuses: list[ComponentStatus], expected: PublicPageStatus) -> None:
    assert page_status(part(status) for status in statuses) is expected


def test_parents_and_archived_components_do_not_count() -> None:
    gone = datetime(2026, 1, 1, tzinfo=UTC)
    assert page_status([part(MAJOR, archived_at=gone), part(OPERATIONAL)]) is UP
    parent = part(MAJOR, "p", name="Backend")
    assert page_status([parent, part(OPERATIONAL, group_id="p")]) is UP
    assert page_status([part(OPERATIONAL, group=ComponentGroup(id="p")), parent]) is UP
    assert page_status([part(OPERATIONAL, group=ComponentGroup(name="Backend")), parent]) is UP
    assert page_status([parent, part(OPERATIONAL, group_id="p", archived_at=gone)]) is ISSUES  # no parent of anything
    assert page_status([part(OPERATIONAL, "p"), part(MAJOR, group_id="p")]) is ISSUES


def test_a_tree_of_public_components() -> None:
    child = PublicComponent(id="c", name="c", status=PARTIAL, parent_id="p")
    parent = PublicComponent(id="p", name="p", status=OPERATIONAL, children=(child,))
    assert page_status([parent]) is page_status([parent, child]) is ISSUES
    well = PublicComponent(id="c", name="c", status=OPERATIONAL, parent_id="p")
    assert page_status([PublicComponent(id="p", name="p", status=MAJOR, children=(well,))]) is UP


def test_open_incidents_count_when_they_are_given() -> None:
    ongoing = Incident(id="i", name="n", status=IncidentStatus.MONITORING)
    over = Incident(id="j", name="n", status=IncidentStatus.RESOLVED)
    assert page_status([part(OPERATIONAL)], incidents=[ongoing]) is ISSUES
    assert page_status([part(MAINTENANCE)], incidents=[over, ongoing]) is ISSUES
    assert page_status([part(MAINTENANCE)], incidents=[over]) is UNDER
    assert page_status([], incidents=[PublicIncident(name="n", status=IncidentStatus.IDENTIFIED)]) is ISSUES


@given(
    st.lists(
        st.tuples(
            st.sampled_from([status.value for status in ComponentStatus if status != "MINOROUTAGE"]),
            st.integers(-3, 6),
            st.booleans(),
        ),
        max_size=8,
    )
)
async def test_it_is_the_status_that_the_page_shows(rows: list[tuple[str, int, bool]]) -> None:
    async with InstatusServer() as server, server.client() as client, server.public() as public:
        made: list[str] = []
        for number, (status, parent, archived) in enumerate(rows):
            row: dict[str, Any] = {"name": f"c{number}", "status": status, "archived": archived}
            if 0 <= parent < len(made):
                row |= {"group": made[parent], "grouped": True}
            made += server.seed(components=[row])["components"]
        components = await client.page(server.page_id).components.list().collect()
        shown = (await public.summary()).page.status
        assert page_status(components) == shown
        assert page_status(await public.components()) == shown


# --- an incident -----------------------------------------------------------------------------------------------------


def test_the_impact_of_an_incident() -> None:
    parts = (part(DEGRADED), part(PARTIAL), part(OPERATIONAL))
    told = Incident(
        id="i", name="n", status=IncidentStatus.RESOLVED, impact=IncidentImpact.MAJOR_OUTAGE, components=parts
    )
    assert impact_of(told) is IncidentImpact.MAJOR_OUTAGE
    silent = Incident(id="i", name="n", status=IncidentStatus.IDENTIFIED, components=parts)
    assert impact_of(silent) is IncidentImpact.PARTIAL_OUTAGE
    assert impact_of(Incident(id="i", name="n", status=IncidentStatus.IDENTIFIED)) is IncidentImpact.NONE
    public = PublicIncident(name="n", status=IncidentStatus.IDENTIFIED, impact=IncidentImpact.UNDER_MAINTENANCE)
    assert impact_of(public) is IncidentImpact.UNDER_MAINTENANCE
    assert impact_of(PublicIncident(name="n", status=IncidentStatus.IDENTIFIED)) is IncidentImpact.NONE


def test_the_impact_of_statuses() -> None:
    assert impact_of([OPERATIONAL, MAJOR, DEGRADED]) is IncidentImpact.MAJOR_OUTAGE
    assert impact_of({"a": DEGRADED, "b": "UNDERMAINTENANCE"}) is IncidentImpact.DEGRADED_PERFORMANCE
    assert impact_of([OPERATIONAL]) is IncidentImpact.OPERATIONAL
    assert impact_of([]) is impact_of({}) is IncidentImpact.NONE
    unknown = impact_of([OPERATIONAL, NEW])
    assert unknown == "GLOWING"
    assert type(unknown) is IncidentImpact


# --- words -----------------------------------------------------------------------------------------------------------

WORDS: list[tuple[Callable[[Any], Any], str, str]] = [
    (component_status, "up ok OK healthy resolved none info operational Operational", "OPERATIONAL"),
    (component_status, "under_maintenance maintenance Under-Maintenance", "UNDERMAINTENANCE"),
    (component_status, "degraded warning degraded_performance DEGRADEDPERFORMANCE", "DEGRADEDPERFORMANCE"),
    (component_status, "minor_outage", "MINOROUTAGE"),
    (component_status, "partial_outage Partial_outage PARTIALOUTAGE", "PARTIALOUTAGE"),
    (component_status, "down unhealthy firing critical page major_outage", "MAJOROUTAGE"),
    (incident_status, "investigating Investigating firing down", "INVESTIGATING"),
    (incident_status, "identified", "IDENTIFIED"),
    (incident_status, "monitoring Monitoring", "MONITORING"),
    (incident_status, "resolved Resolved up postmortem", "RESOLVED"),
    (maintenance_status, "scheduled Planned NOTSTARTEDYET not_started_yet", "NOTSTARTEDYET"),
    (maintenance_status, "in_progress INPROGRESS verifying", "INPROGRESS"),
    (maintenance_status, "completed Completed", "COMPLETED"),
    (impact, "none info NONE", "NONE"),
    (impact, "ok operational resolved", "OPERATIONAL"),
    (impact, "maintenance", "UNDERMAINTENANCE"),
    (impact, "minor warning degraded", "DEGRADEDPERFORMANCE"),
    (impact, "minor_outage", "MINOROUTAGE"),
    (impact, "major partial_outage", "PARTIALOUTAGE"),
    (impact, "critical page down major_outage", "MAJOROUTAGE"),
]


@pytest.mark.parametrize(
    ("translate", "word", "expected"),
    [(translate, word, expected) for translate, words, expected in WORDS for word in words.split()],
)
def test_a_word(translate: Callable[[Any], Any], word: str, expected: str) -> None:
    for written in (word, word.upper(), f" {word.replace('_', ' ')} ", word.title(), word.replace("_", "-")):
        assert translate(written) == expected
        assert translate(written).is_known


def test_texts_of_webhooks() -> None:
    assert component_status("Partial outage") is PARTIAL
    assert component_status("Under maintenance") is MAINTENANCE
    assert maintenance_status("In progress") is MaintenanceStatus.IN_PROGRESS


def test_up_and_down() -> None:
    assert (component_status(True), component_status(False)) == (OPERATIONAL, MAJOR)
    assert (incident_status(True), incident_status(False)) == (IncidentStatus.RESOLVED, IncidentStatus.INVESTIGATING)
    assert (impact(True), impact(False)) == (IncidentImpact.OPERATIONAL, IncidentImpact.MAJOR_OUTAGE)


def test_members_stay_and_other_vocabularies_are_read() -> None:
    assert component_status(NEW) is NEW
    for status in ComponentStatus:
        assert component_status(status) is status
        assert impact(status) == status.value
        assert type(impact(status)) is IncidentImpact


@pytest.mark.parametrize("enum", [ComponentStatus, IncidentStatus, MaintenanceStatus, IncidentImpact])
def test_every_word_means_a_known_member(enum: type[OpenEnum]) -> None:
    assert all(member.is_known for member in words_for(enum).values())


@pytest.mark.parametrize(
    ("translate", "word", "near"),
    [
        (component_status, "opertional", "'operational'"),
        (component_status, "hot", "known are"),
        (component_status, "minor", "did you mean"),
        (incident_status, "reslved", "'resolved'"),
        (incident_status, "", "known are"),
        (maintenance_status, "shceduled", "'scheduled'"),
        (impact, "criticl", "'critical'"),
        (impact, None, "expected a word, got NoneType"),
        (maintenance_status, True, "expected a word, got bool"),
        (component_status, 1, "expected a word, got int"),
    ],
)
def test_unknown_words(translate: Callable[[Any], Any], word: object, near: str) -> None:
    with pytest.raises(InvalidRequestError, match=near) as caught:
        translate(word)
    assert translate.__name__ in str(caught.value)
