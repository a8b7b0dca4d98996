"""Models and open enums."""

from __future__ import annotations

import copy
import pickle
import re
import subprocess
import sys
from typing import Any, cast

import attrs
import pytest

import instatus_async
from instatus_async import ComponentStatus, Incident, IncidentImpact, IncidentStatus
from instatus_async._model import Model, OpenEnum
from instatus_async._wire import read

PUBLIC: list[Any] = [getattr(instatus_async, name) for name in instatus_async.__all__]
CLASSES: list[type] = [each for each in PUBLIC if isinstance(each, type)]
MODELS: list[type[Model]] = [cls for cls in CLASSES if issubclass(cls, Model)]
ENUMS: list[type[OpenEnum]] = [cls for cls in CLASSES if issubclass(cls, OpenEnum) and [*cls]]


def test_there_are_models_and_enums() -> None:
    assert len(MODELS) > 40
    assert len(ENUMS) > 20


@pytest.mark.parametrize("enum", ENUMS)
def test_an_unknown_value_is_kept(enum: type[OpenEnum]) -> None:
    unknown = enum("SOMETHING NEW")
    assert unknown == "SOMETHING NEW"
    assert hash(unknown) == hash("SOMETHING NEW")
    assert {unknown: 1}["SOMETHING NEW"] == 1  # type: ignore[index]  # a text finds it
    assert str(unknown) == f"{unknown}" == unknown.value == "SOMETHING NEW"
    assert not unknown.is_known
    assert "unknown" in repr(unknown)
    assert enum("SOMETHING NEW") == unknown
    assert pickle.loads(pickle.dumps(unknown)) == copy.deepcopy(unknown) == unknown
    assert unknown not in list(enum)
    assert len(enum._value2member_map_) == len(enum.__members__)
    with pytest.raises(ValueError, match="5"):
        cast("Any", enum)(5)


@pytest.mark.parametrize("enum", ENUMS)
def test_a_known_value_is_its_member(enum: type[OpenEnum]) -> None:
    for member in enum:
        assert enum(member.value) is member
        assert member == member.value
        assert hash(member) == hash(member.value)
        assert member.is_known
        assert pickle.loads(pickle.dumps(member)) is member
        assert repr(member) == f"<{enum.__name__}.{member.name}: {member.value!r}>"


def test_statuses_compare_by_severity() -> None:
    operational, degraded, major = (
        ComponentStatus.OPERATIONAL,
        ComponentStatus.DEGRADED_PERFORMANCE,
        ComponentStatus.MAJOR_OUTAGE,
    )
    assert operational < degraded < major
    assert major > degraded >= ComponentStatus("DEGRADEDPERFORMANCE")
    assert operational <= degraded <= ComponentStatus("DEGRADEDPERFORMANCE")
    assert max([degraded, major, operational]) is major
    assert ComponentStatus.worst([degraded, operational]) is degraded
    assert ComponentStatus.worst([]) is operational
    assert major > "DEGRADEDPERFORMANCE"
    assert sorted([major, degraded, operational]) == [operational, degraded, major]


def test_an_unknown_status_is_worse_than_fine_and_better_than_the_rest() -> None:
    unknown = ComponentStatus("ONFIRE")
    assert ComponentStatus.OPERATIONAL < unknown < ComponentStatus.UNDER_MAINTENANCE
    assert ComponentStatus.worst([ComponentStatus.OPERATIONAL, unknown]) == "ONFIRE"
    assert IncidentImpact("ONFIRE") > IncidentImpact.NONE


@pytest.mark.parametrize("model", MODELS)
def test_models_are_slotted_and_immutable(model: type[Model]) -> None:
    assert not hasattr(model, "__dict__") or "__dict__" not in dir(model)
    instance = object.__new__(model)
    for field in attrs.fields(model):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(instance, field.name, None)


BODY = {"id": "i", "name": "n", "status": "RESOLVED", "brandNew": {"deep": [1]}, "translations": {"name": {"fr": "x"}}}


def test_what_is_read_is_immutable_and_equal_to_what_is_built() -> None:
    incident = read(Incident, BODY)
    assert type(incident) is Incident
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        incident.name = "other"  # type: ignore[misc]  # wrong on purpose
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        del incident.name  # pyright: ignore[reportAttributeAccessIssue]  # wrong on purpose
    assert attrs.evolve(incident, name="other").name == "other"
    assert read(Incident, {"id": "i", "name": "n", "status": "RESOLVED"}) == Incident(
        id="i", name="n", status=IncidentStatus.RESOLVED
    )


def test_a_misspelled_attribute_is_named_and_the_right_one_is_suggested() -> None:
    incident: Any = read(Incident, BODY)
    with pytest.raises(AttributeError, match="'Incident' object has no attribute 'statsu'") as caught:
        _ = incident.statsu
    assert (caught.value.name, caught.value.obj) == ("statsu", incident)
    source = "from instatus_async import Incident\nIncident(id='i', name='n', status='RESOLVED').componets"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)
    assert re.search(r"'Incident' object has no attribute 'componets'\. Did you mean:? '\.?components'", done.stderr), (
        done.stderr
    )
    assert not hasattr(incident, "__len__")


def test_models_pickle_copy_and_hash() -> None:
    incident = read(Incident, BODY)
    for twin in (pickle.loads(pickle.dumps(incident)), copy.copy(incident), copy.deepcopy(incident)):
        assert twin == incident
        assert hash(twin) == hash(incident)
        assert type(twin) is Incident
        assert twin.extra == incident.extra


def test_unknown_fields_are_kept_and_reachable_but_not_shown() -> None:
    incident = read(Incident, BODY)
    assert incident.extra == {"brandNew": {"deep": [1]}}
    assert "deep" not in repr(incident)
    with pytest.raises(TypeError):
        incident.extra["more"] = 1  # type: ignore[index]  # wrong on purpose
    assert read(Incident, {"id": "i", "name": "n", "status": "S"}).extra == {}
