"""Reading and writing: what JSON becomes, what fields become, and what is refused."""

# No `from __future__ import annotations`: it would empty `__required_keys__` of the TypedDicts below on Python 3.11.

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta, timezone
from typing import Any, Required, TypedDict, Unpack, cast

import attrs
import pytest

from instatus_async import (
    Component,
    Incident,
    IncidentCreate,
    Maintenance,
    Monitor,
    MonitorAlert,
    StatusPage,
    Subscriber,
    Template,
)
from instatus_async._body import encode, identifier, milliseconds
from instatus_async._model import JSONObject, Model, Text
from instatus_async._wire import read, read_list
from instatus_async.errors import DecodeError, InstatusError, InvalidIdError, InvalidRequestError

# --- reading ---------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Sample(Model):
    id: str
    text: str | None = None
    name: Text | None = None
    flag: bool | None = None
    count: int | None = None
    number: float | None = None
    at: datetime | None = None
    of_day: time | None = None
    translations: JSONObject | None = attrs.field(default=None, hash=False)


INSTANT = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("text", "", ""),
        ("text", None, None),
        ("name", {"en": "E", "default": "D"}, "D"),
        ("name", {"en": "E", "de": "X"}, "E"),
        ("name", {"fr": "F", "en": None}, "F"),
        ("flag", False, False),
        ("count", 3, 3),
        ("count", "3", 3),
        ("count", 3.0, 3),
        ("number", 1.5, 1.5),
        ("number", 60, 60),
        ("number", "60", 60),
        ("number", "1.5", 1.5),
        ("at", "2024-01-02T03:04:05.000Z", INSTANT),
        ("at", "2024-01-02T03:04:05Z", INSTANT),
        ("at", "2024-01-02T05:04:05+02:00", INSTANT),
        ("at", "2024-01-02 03:04:05", INSTANT),  # no zone: UTC
        ("at", "Tue Jan 02 2024 03:04:05 GMT+0000 (Coordinated Universal Time)", INSTANT),
        ("at", "Tue Jan 02 2024 05:04:05 GMT+0200 (Central European Summer Time)", INSTANT),
        ("at", 1704164645000, INSTANT),
        ("at", "1704164645000", INSTANT),
        ("at", "1608111042000", datetime(2020, 12, 16, 9, 30, 42, tzinfo=UTC)),  # Python would read 1608-11-10 20:00
        ("of_day", "1970-01-01T21:30:00.000Z", time(21, 30)),
        ("of_day", "1970-01-01T21:30:00Z", time(21, 30)),
        ("of_day", "21:30", time(21, 30)),
        ("of_day", "21:30:00Z", time(21, 30)),
        ("of_day", "21:30:00+02:00", time(19, 30)),
        ("of_day", "1970-01-01 21:30:00.000", time(21, 30)),
        ("translations", {"name": {"fr": "x"}, "message": None}, {"name": {"fr": "x"}, "message": None}),
        # Nothing, in the words of other languages.
        ("name", {}, None),
        ("name", {"default": None, "en": None}, None),
        ("number", "", None),
        ("number", "null", None),
        ("number", "NaN", None),
        ("count", "undefined", None),
        ("count", [], None),
        ("flag", "", None),
        ("at", "", None),
        ("at", 0, None),
        ("of_day", "", None),
        ("translations", [], None),
        ("translations", "", None),
    ],
)
def test_values(key: str, value: object, expected: object) -> None:
    wire = {"of_day": "ofDay"}.get(key, key)
    sample = read(Sample, {"id": "i", wire: value})
    assert getattr(sample, key) == expected
    if isinstance(getattr(sample, key), datetime):
        assert sample.at is not None
        assert sample.at.tzinfo is not None


def test_an_object_of_languages_stays_reachable() -> None:
    assert read(Sample, {"id": "i", "name": {"en": "E", "fr": "F"}}).extra == {"name": {"en": "E", "fr": "F"}}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("id", None),
        ("id", 5),
        ("text", 5),
        ("text", ["x"]),
        ("name", {"en": 5}),
        ("id", {}),
        ("flag", 1),
        ("flag", "true"),
        ("count", True),
        ("count", 1.5),
        ("count", "many"),
        ("number", "nan"),
        ("number", "inf"),
        ("number", "soon"),
        ("number", {"value": 1}),
        ("at", "yesterday"),
        ("at", "Tue Foo 02 2024 03:04:05 GMT+0000"),
        ("at", 1e300),
        ("at", True),
        ("ofDay", "25:00"),
        ("ofDay", 5),
        ("translations", ["fr"]),
    ],
)
def test_a_wrong_value_is_named(key: str, value: object) -> None:
    with pytest.raises(DecodeError) as caught:
        read(Sample, {"id": "i"} | {key: value})
    assert caught.value.path == f"$.{key}"
    assert str(caught.value).startswith(f"$.{key}: ")


def test_the_path_leads_to_the_place() -> None:
    good = {"id": "i", "name": "n", "status": "RESOLVED"}
    update = {"id": "u", "status": "RESOLVED", "started": "never"}
    with pytest.raises(DecodeError) as caught:
        read_list(Incident, [good, good, good, {**good, "updates": [update]}])
    assert caught.value.path == "$[3].updates[0].started"
    assert caught.value.body == {**good, "updates": [update]}
    with pytest.raises(DecodeError) as caught:
        read(Incident, {**good, "components": [{"id": "c", "name": "n"}]})
    assert caught.value.path == "$.components[0].status"
    assert "missing" in str(caught.value)
    with pytest.raises(DecodeError) as caught:
        read(Incident, {**good, "components": {}})
    assert caught.value.path == "$.components"
    for value in cast("list[object]", [None, {}, "x", 5]):
        with pytest.raises(DecodeError, match=r"^\$: expected a list"):
            read_list(Incident, value)


def test_groups_of_every_age() -> None:
    def group(value: object) -> Any:
        return read(Component, {"id": "c", "name": "n", "status": "OPERATIONAL", "group": value}).group

    assert group(None) is None
    assert group("") is None
    assert group({}) is None
    assert group("Platform").name == "Platform"
    assert (group("cm4quay0t9e3r6m1i4n7a2l5s").id, group("cm4quay0t9e3r6m1i4n7a2l5s").name) == (
        "cm4quay0t9e3r6m1i4n7a2l5s",
        None,
    )
    assert (group({"id": "g"}).id, group({"id": "g"}).name) == ("g", None)
    assert group({"name": "P"}).name == "P"
    whole = group({"id": "g", "name": "P", "description": "", "status": "OPERATIONAL", "order": 1})
    assert (whole.id, whole.name, whole.description) == ("g", "P", "")
    assert whole.extra["status"] == "OPERATIONAL"


def test_records_in_place_of_ids() -> None:
    row = {"id": "s", "components": [{"id": "c-1"}, {"id": "c-2", "name": "API"}], "new": 1}
    found = read(Subscriber, row)
    assert found.components == ("c-1", "c-2")
    assert found.extra == {"components": row["components"], "new": 1}
    assert read(Subscriber, {"id": "s", "components": ["c-1"], "new": 1}).extra == {"new": 1}
    for text in ("null", "[]"):
        assert read(Subscriber, {"id": "s", "components": json.loads(text)}).components == ()
    for text in ("[5]", '[{"name": "API"}]', '"c-1"', "{}"):
        with pytest.raises(DecodeError) as caught:
            read(Subscriber, {"id": "s", "components": json.loads(text)})
        assert caught.value.path is not None
        assert caught.value.path.startswith("$.components")


def test_texts_that_nobody_has_seen_yet() -> None:
    def metadata(value: object) -> tuple[str | None, Mapping[str, Any]]:
        alert = read(MonitorAlert, {"id": "a", "metadata": value})
        return alert.metadata, alert.extra

    assert metadata("x") == ("x", {})
    assert metadata(None) == (None, {})
    assert metadata(200) == ("200", {"metadata": 200})
    for other in (cast("object", {"channel": "C1"}), ["C1"], True):
        assert metadata(other) == (None, {"metadata": other})


def test_html_in_languages_like_its_text() -> None:
    both = {"en": "<p>A</p>", "default": "<p>A</p>"}
    row = {"id": "c", "name": {"default": "A"}, "status": "OPERATIONAL", "nameHtml": both, "descriptionHtml": {}}
    component = read(Component, row)
    assert (component.name_html, component.description_html) == ("<p>A</p>", None)
    assert component.extra == {"name": {"default": "A"}, "nameHtml": both, "descriptionHtml": {}}
    template = read(Template, {"id": "t", "name": "n", "status": "RESOLVED", "messageHtml": both})
    assert template.message_html == "<p>A</p>"


def test_one_or_many_locations() -> None:
    assert read(Monitor, {"locations": "US_EAST_1"}).locations == ("US_EAST_1",)
    assert read(Monitor, {"locations": ["US_EAST_1", "NEW"]}).locations == ("US_EAST_1", "NEW")
    assert read(Monitor, {"locations": None}).locations == ()


def test_a_page_may_be_an_id_alone() -> None:
    page = read(StatusPage, {"id": "p", "workspaceId": "w", "workspaceSlug": "acme"})
    assert (page.id, page.name, page.status) == ("p", None, None)


# --- writing ---------------------------------------------------------------------------------------------------------


class Inner(TypedDict, total=False):
    delay_in_mins: int
    target_id: str | None


class Outer(TypedDict, total=False):
    name: Required[str]
    is_on: bool
    at: datetime
    of_day: time
    rules: Sequence[Inner]
    headers: Mapping[str, str]


def send(**fields: Unpack[Outer]) -> dict[str, Any]:
    return encode(Outer, fields, "POST /x")


def test_fields_become_a_body() -> None:
    assert send(
        name="ä",
        is_on=False,
        at=datetime(2024, 1, 2, 3, 4, 5, 678_901, tzinfo=timezone(timedelta(hours=2))),
        of_day=time(21, 30),
        rules=[{"delay_in_mins": 5, "target_id": None}, {}],
        headers={"X-Some_Header": "v"},
    ) == {
        "name": "ä",
        "isOn": False,
        "at": "2024-01-02T01:04:05.678Z",
        "ofDay": "1970-01-01T21:30:00.000Z",
        "rules": [{"delayInMins": 5, "targetId": None}, {}],
        "headers": {"X-Some_Header": "v"},
    }


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "missing 'name'"),
        ({"name": None}, "POST /x: name: expected text, got NoneType"),
        ({"name": " "}, "POST /x: name: expected a name that says something"),
        ({"name": "n", "is_onn": True}, "unexpected field 'is_onn'; did you mean 'is_on'?"),
        ({"name": "n", "is_on": "false"}, "is_on: expected True or False"),
        ({"name": "n", "is_on": 0}, "is_on: expected True or False"),
        ({"name": "n", "at": datetime(2024, 1, 1)}, "at: a datetime without a zone"),  # noqa: DTZ001 - on purpose
        ({"name": "n", "at": "2024-01-01T00:00:00Z"}, "at: expected a datetime, got str"),
        (
            {"name": "n", "at": datetime.max.replace(tzinfo=timezone(timedelta(hours=-5)))},
            "at: in UTC, this is outside",
        ),
        ({"name": "n", "at": datetime.min.replace(tzinfo=timezone(timedelta(hours=5)))}, "at: in UTC, this is outside"),
        ({"name": "n", "rules": [{"delay_in_mins": 10**400}]}, "rules[0].delay_in_mins: the number is too large"),
        ({"name": "n", "of_day": time(1, tzinfo=timezone(timedelta(hours=1)))}, "of_day: times of day are UTC"),
        ({"name": "n", "of_day": "21:00"}, "of_day: expected a datetime.time"),
        ({"name": "n", "rules": {"delay_in_mins": 1}}, "rules: expected a list, got dict"),
        ({"name": "n", "rules": [{}, {"delay": 1}]}, "rules[1]: unexpected field 'delay'"),
        ({"name": "n", "rules": [{"delay_in_mins": 1.5}]}, "rules[0].delay_in_mins: expected a whole number"),
        (
            {"name": "n", "rules": [{"delay_in_mins": True}]},
            "rules[0].delay_in_mins: expected a whole number, got bool",
        ),
        ({"name": "n", "rules": [5]}, "rules[0]: expected a dict"),
        ({"name": "n", "headers": [("a", "b")]}, "headers: expected a mapping of names to values, got list"),
        ({"name": "n", "headers": {1: "b"}}, "headers key: expected text"),
        ({"name": "\ud800"}, "name: the text holds half a surrogate pair"),
    ],
)
def test_what_is_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        encode(Outer, fields, "POST /x")
    assert said in str(caught.value)
    assert "Nothing was sent" in str(caught.value)
    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("RESOLVD", "did you mean 'RESOLVED'?"),
        ("resolved", "did you mean 'RESOLVED'?"),
        ("nonsense", "known are INVESTIGATING"),
        (5, "expected an IncidentStatus, got int. Nothing"),
        ("IN VESTIGATING", "did you mean 'INVESTIGATING'?"),
        ("down", "severity.incident_status('down') makes 'INVESTIGATING' of it. Nothing was sent."),
        ("nonsense", "newer than this version goes as IncidentStatus('nonsense'). Nothing was sent."),
    ],
)
def test_enums_are_checked(value: object, said: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        encode(IncidentCreate, {"name": "n", "status": value}, "POST /x")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "value", ["", ".", "..", "a/b", "a?b", "a#b", "%2e%2e", "a\r\nb", "a\x00", "ä", "x" * 10_000, None, 5, b"a"]
)
def test_ids_that_lead_elsewhere(value: object) -> None:
    with pytest.raises(InvalidIdError) as caught:
        identifier(value)
    assert isinstance(caught.value, InstatusError)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("value", ["c", "clbf5tl610000ixn2dimgd1yj-6fpt42w2j7f8", "a_b-C9", "x" * 128])
def test_ids_as_they_are(value: str) -> None:
    assert identifier(value) == value


def test_milliseconds() -> None:
    assert milliseconds(datetime(2020, 12, 20, 14, 36, 25, 1000, tzinfo=UTC), "t") == 1608474985001
    with pytest.raises(InvalidRequestError, match="without a zone"):
        milliseconds(datetime(2020, 1, 1), "t")  # noqa: DTZ001 - on purpose


def test_maintenance_numbers_as_text() -> None:
    assert read(Maintenance, {"id": "m", "name": "n", "status": "S", "duration": "60"}).duration == 60
