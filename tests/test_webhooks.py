"""Webhooks as events: their signatures, their bodies, and what can be neither."""

from __future__ import annotations

import copy
import hashlib
import hmac
import json
import pickle
import subprocess
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from instatus_async import (
    BodyTooLargeError,
    ComponentStatus,
    ConfigError,
    DecodeError,
    IncidentImpact,
    IncidentStatus,
    InstatusError,
    InvalidRequestError,
    MaintenanceStatus,
    PageStatus,
    SignatureError,
    webhooks,
)
from instatus_async._signature import stringified
from instatus_async.webhooks import ComponentEvent, IncidentEvent, MaintenanceEvent

SECRET = "5f" * 32
HEADER = "x-instatus-webhook-signature"

META = {"unsubscribe": "https://dashboard.example/unsubscribe?id=s1&token=t0k3n", "documentation": ""}
PAGE = {"id": "p1", "status_indicator": "HASISSUES", "status_description": "Trouble", "url": "https://status.example"}


def update(**more: Any) -> dict[str, Any]:
    found = {"id": "u1", "incident_id": "i1", "body": "We look", "status": "INVESTIGATING"}
    return {**found, "created_at": "2026-05-01T10:00:00.000Z", "updated_at": "2026-05-01T10:00:00.000Z", **more}


def incident(**more: Any) -> dict[str, Any]:
    found = {"id": "i1", "name": "Dôwn", "status": "INVESTIGATING", "impact": "MAJOROUTAGE", "resolved_at": None}
    dates = {"created_at": "2026-05-01T10:00:00.000Z", "updated_at": "2026-05-01T10:00:00.000Z", "backfilled": False}
    url = "https://status.example/incident/i1"
    return {
        "meta": META,
        "page": PAGE,
        "incident": {**found, **dates, "url": url, "incident_updates": [update()], **more},
    }


def maintenance(**more: Any) -> dict[str, Any]:
    found = {"id": "m1", "name": "Upgrade", "status": "INPROGRESS", "resolved_at": "", "duration": ""}
    return {"meta": META, "page": PAGE, "maintenance": {**found, "maintenance_updates": [], **more}}


def component(**more: Any) -> dict[str, Any]:
    changed = {"created_at": "2026-05-01T10:00:00.000Z", "new_status": "MAJOROUTAGE", "component_id": "c1", **more}
    row = {"id": "c1", "name": "API", "status": "MAJOROUTAGE", "created_at": "2020-05-01T10:00:00.000Z"}
    return {"meta": META, "page": PAGE, "component_update": changed, "component": row}


def raw(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def sign(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def read_incident(**more: Any) -> IncidentEvent:
    event = webhooks.parse(raw(incident(**more)))
    assert isinstance(event, IncidentEvent)
    return event


def read_maintenance(**more: Any) -> MaintenanceEvent:
    event = webhooks.parse(raw(maintenance(**more)))
    assert isinstance(event, MaintenanceEvent)
    return event


def read_component(**more: Any) -> ComponentEvent:
    event = webhooks.parse(raw(component(**more)))
    assert isinstance(event, ComponentEvent)
    return event


# --- Signatures ------------------------------------------------------------------------------------------------------


def test_a_signature_over_the_bytes() -> None:
    for body in (raw(incident()), json.dumps(incident(), indent=2).encode(), b"as it is", b"", b"\xff\xfe"):
        webhooks.verify(body, sign(body), SECRET)
    webhooks.verify(raw(incident()).decode(), sign(raw(incident())), SECRET)


@pytest.mark.parametrize(
    "layout", [{"indent": 2}, {"indent": "\t"}, {"ensure_ascii": True}, {"separators": (" , ", " : ")}]
)
def test_a_signature_over_what_was_parsed_and_written_anew(layout: dict[str, Any]) -> None:
    body = json.dumps(incident(), **layout).encode()
    event = webhooks.receive(body, {HEADER: sign(raw(incident()))}, SECRET)
    assert isinstance(event, IncidentEvent)
    assert event.incident.name == "Dôwn"


# Body, and what JSON.stringify(JSON.parse(body)) gives for it in V8.
STRINGIFIED = [
    ("[1.0, 1e3, -0, -0.0, 1E400, -1e400]", "[1,1000,0,0,null,null]"),
    ("[1e21, 1e20, 123456789012345680000]", "[1e+21,100000000000000000000,123456789012345680000]"),
    ("[9007199254740993, 1e16, 1.797693134862315e308]", "[9007199254740992,10000000000000000,1.797693134862315e+308]"),
    ("[0.000001, 0.0000001, 1.5e-7, 5e-324]", "[0.000001,1e-7,1.5e-7,5e-324]"),
    ("[100.50, -12.25, 1234567.125, 0.1e-5]", "[100.5,-12.25,1234567.125,0.000001]"),
    ('{"b":1,"a":2,"b":3}', '{"b":3,"a":2}'),
    ('{"b":1,"10":1,"2":1,"01":1,"0":1}', '{"0":1,"2":1,"10":1,"b":1,"01":1}'),
    ('{"4294967295":1,"4294967294":1}', '{"4294967294":1,"4294967295":1}'),
    (r'["\u00e9\/\u001F\b\u2028\u007f\ud83d\ude00"]', '["é/\\u001f\\b\u2028\x7f😀"]'),
    (r'["\ud83d", "\udc00x"]', r'["\ud83d","\udc00x"]'),
    ('\ufeff[ true , false,null,{ },[ ] ,""]', '[true,false,null,{},[],""]'),
]  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), STRINGIFIED)
def test_json_is_written_as_javascript_does(body: str, expected: str) -> None:
    assert stringified(body.encode()) == expected.encode()
    webhooks.verify(body, sign(expected.encode()), SECRET)


@pytest.mark.parametrize("body", [b"", b"{", b"NaN", b"[Infinity]", b"\xff", b"{'a':1}", b"[" * 100_000])
def test_what_is_not_json_has_no_other_form(body: bytes) -> None:
    assert stringified(body) is None
    webhooks.verify(body, sign(body), SECRET)
    with pytest.raises(SignatureError):
        webhooks.verify(body, sign(b"{}"), SECRET)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON)
def test_what_is_written_anew_says_the_same(value: Any) -> None:
    compact = stringified(json.dumps(value, indent=1).encode())
    assert compact is not None
    assert stringified(compact) == compact
    assert json.loads(compact, parse_int=float) == json.loads(json.dumps(value), parse_int=float)


@given(st.binary(max_size=200), st.integers(min_value=0))
@example(raw(incident()), 3)
def test_a_flipped_bit_of_the_signature_is_refused(body: bytes, bit: int) -> None:
    signature = bytearray(sign(body).encode())
    signature[bit // 8 % len(signature)] ^= 1 << bit % 8
    with pytest.raises(SignatureError):
        webhooks.verify(body, signature.decode("latin-1"), SECRET)


@given(st.integers(min_value=0))
def test_a_flipped_bit_of_the_body_is_refused(bit: int) -> None:
    body = bytearray(raw(incident()))
    signature = sign(bytes(body))
    body[bit // 8 % len(body)] ^= 1 << bit % 8
    with pytest.raises(SignatureError):
        webhooks.receive(bytes(body), {HEADER: signature}, SECRET)


@given(st.text())
@example(sign(b"{}").upper())
@example("sha256=" + sign(b"{}"))
@example(sign(b"{}") + "\n")
@example(" " + sign(b"{}"))
@example("é" * 64)
@example("\ud800" * 64)
@example("0" * 64)
def test_a_foreign_signature_is_refused_and_not_shown(signature: str) -> None:
    with pytest.raises(SignatureError) as caught:
        webhooks.verify(b"{}", signature, SECRET)
    shown = str(caught.value) + repr(caught.value)
    assert len(signature) < 8 or signature not in shown
    assert SECRET not in shown


@pytest.mark.parametrize("signature", [None, "", 5, b"x", ["x"]])
def test_a_missing_signature_is_refused(signature: Any) -> None:
    with pytest.raises(SignatureError, match="Refuse it"):
        webhooks.verify(b"{}", signature, SECRET)


def test_a_secret_of_another_subscription_is_refused() -> None:
    with pytest.raises(SignatureError, match="does not belong"):
        webhooks.verify(b"{}", sign(b"{}", "00" * 32), SECRET)
    with pytest.raises(
        SignatureError, match="does not belong"
    ):  # it is text, and not the bytes that its hex stands for
        webhooks.verify(b"{}", hmac.new(bytes.fromhex(SECRET), b"{}", hashlib.sha256).hexdigest(), SECRET)


@pytest.mark.parametrize("secrets", [["00" * 32, SECRET], (SECRET, "00" * 32), [SECRET]])
def test_one_of_several_secrets(secrets: Any) -> None:
    webhooks.verify(b"{}", sign(b"{}"), secrets)
    webhooks.verify(b"{ }", sign(b"{}"), secrets)
    with pytest.raises(SignatureError):
        webhooks.verify(b"{}", sign(b"{}", "11" * 32), secrets)


BAD_SECRETS: list[Any] = [
    "",
    " ",
    "hush-hush\n",
    " hush-hush",
    "hush-hush\ud800",
    None,
    5,
    b"hush-hush",
    [],
    [""],
    ["ok", None],
    {"hush-hush"},
]


@pytest.mark.parametrize("secret", BAD_SECRETS)
def test_a_secret_that_cannot_be_one(secret: Any) -> None:
    for call in (
        lambda: webhooks.verify(b"{}", sign(b"{}"), secret),
        lambda: webhooks.receive(b"{}", {}, secret),
        lambda: webhooks.aiohttp_handler(secret, print),
    ):
        with pytest.raises(ConfigError, match="webhook secret") as caught:
            call()
        assert "hush-hush" not in "".join(traceback.format_exception(caught.value))


MAPPINGS: list[Any] = [dict, CIMultiDict, MappingProxyType]


@pytest.mark.parametrize("kind", MAPPINGS)
@pytest.mark.parametrize("name", [HEADER, HEADER.title(), HEADER.upper(), HEADER.encode()])
def test_the_header_is_found_whatever_its_case(kind: Any, name: Any) -> None:
    body = raw(component())
    if isinstance(name, bytes) and kind is not dict:
        return
    headers = cast("Mapping[str, str]", kind({"Accept": "*/*", name: sign(body)}))
    webhooks.receive(body, headers, SECRET)
    if not isinstance(name, bytes):
        webhooks.receive(body, CIMultiDictProxy(CIMultiDict({name: sign(body)})), SECRET)


def test_the_header_is_missing_or_twice() -> None:
    body = raw(component())
    others: list[Mapping[str, str]] = [{}, {"X-Signature": sign(body)}, {HEADER: ""}]
    for headers in others:
        with pytest.raises(SignatureError, match="no x-instatus-webhook-signature"):
            webhooks.receive(body, headers, SECRET)
    twice = CIMultiDict([(HEADER, sign(body)), (HEADER.upper(), "0" * 64)])
    with pytest.raises(SignatureError, match="several"):
        webhooks.receive(body, twice, SECRET)
    with pytest.raises(InvalidRequestError, match="headers"):
        webhooks.receive(body, cast("Any", [(HEADER, sign(body))]), SECRET)


def test_a_large_body_is_refused_before_it_is_looked_at() -> None:
    body = raw(component())
    webhooks.receive(body, {HEADER: sign(body)}, SECRET, max_bytes=len(body))
    with pytest.raises(BodyTooLargeError, match=f"larger than {len(body) - 1} bytes"):
        webhooks.receive(body, {}, SECRET, max_bytes=len(body) - 1)
    with pytest.raises(BodyTooLargeError, match="1048576"):
        webhooks.verify(b" " * (1024 * 1024 + 1), None, SECRET)
    with pytest.raises(BodyTooLargeError):
        webhooks.verify("é" * 6, None, SECRET, max_bytes=11)  # bytes, not characters
    for limit in (0, -1, True, None, 1.5):
        with pytest.raises(ConfigError, match="max_bytes"):
            webhooks.verify(b"{}", None, SECRET, max_bytes=cast("Any", limit))


def test_a_parsed_body_is_refused_with_the_reason() -> None:
    bodies: list[Any] = [{}, [], None, 5]
    for body in bodies:
        with pytest.raises(InvalidRequestError, match="before anything parses it"):
            webhooks.verify(body, sign(b"{}"), SECRET)
        with pytest.raises(InvalidRequestError, match="raw body"):
            webhooks.parse(body)


# --- Events ----------------------------------------------------------------------------------------------------------


def test_an_incident() -> None:
    event = read_incident(affected_components=[{"id": "c1", "name": "API", "status": "MAJOROUTAGE"}], strange=[1])
    found = event.incident
    assert (found.id, found.name, found.status, found.impact) == (
        "i1", "Dôwn", IncidentStatus.INVESTIGATING, IncidentImpact.MAJOR_OUTAGE,
    )  # fmt: skip
    assert found.created_at == datetime(2026, 5, 1, 10, tzinfo=UTC)
    assert (found.resolved_at, found.backfilled, found.url) == (None, False, "https://status.example/incident/i1")
    assert found.extra == {"strange": [1]}
    (affected,) = found.affected_components
    assert (affected.id, affected.status) == ("c1", ComponentStatus.MAJOR_OUTAGE)
    assert event.update is not None
    assert (event.update.id, event.update.body, event.update.markdown) == ("u1", "We look", None)
    assert event.page is not None
    assert (event.page.id, event.page.status_indicator) == ("p1", PageStatus.HAS_ISSUES)
    assert event.meta is not None
    assert event.meta.documentation == ""
    assert str(event.meta.unsubscribe) not in repr(event)
    assert pickle.loads(pickle.dumps(event)) == copy.deepcopy(event) == event


def test_a_maintenance() -> None:
    story = [update(status="In progress", maintenance_id="m1"), update(id="u2", created_at="2026-05-01T11:00:00Z")]
    event = read_maintenance(status="In progress", maintenance_updates=story, impact="Under maintenance")
    assert event.maintenance.status is MaintenanceStatus.IN_PROGRESS
    assert event.maintenance.impact is IncidentImpact.UNDER_MAINTENANCE
    assert (event.maintenance.resolved_at, event.maintenance.duration) == (None, None)
    assert event.maintenance.maintenance_updates[0].status is MaintenanceStatus.IN_PROGRESS
    assert event.update is not None
    assert event.update.id == "u2"


def test_a_component() -> None:
    event = read_component(old_status="OPERATIONAL")
    assert (event.component_id, event.name, event.status, event.old_status) == (
        "c1", "API", ComponentStatus.MAJOR_OUTAGE, ComponentStatus.OPERATIONAL,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Resolved", IncidentStatus.RESOLVED),
        ("RESOLVED", IncidentStatus.RESOLVED),
        ("resolved ", IncidentStatus.RESOLVED),
        ("Investigating", IncidentStatus.INVESTIGATING),
        ("Postponed", IncidentStatus("Postponed")),
    ],
)
def test_both_vocabularies_of_incidents(text: str, status: IncidentStatus) -> None:
    found = read_incident(status=text).incident.status
    assert found == status
    assert found.is_known is (text != "Postponed")


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("In progress", MaintenanceStatus.IN_PROGRESS),
        ("in_progress", MaintenanceStatus.IN_PROGRESS),
        ("Not started yet", MaintenanceStatus.NOT_STARTED_YET),
        ("Planned", MaintenanceStatus.NOT_STARTED_YET),
        ("Completed", MaintenanceStatus.COMPLETED),
        ("COMPLETED", MaintenanceStatus.COMPLETED),
    ],
)
def test_both_vocabularies_of_maintenances(text: str, status: MaintenanceStatus) -> None:
    assert read_maintenance(status=text).maintenance.status is status


@pytest.mark.parametrize("text", ["Degraded performance", "DEGRADEDPERFORMANCE", "degraded-performance"])
def test_both_vocabularies_of_components(text: str) -> None:
    assert read_component(new_status=text).status is ComponentStatus.DEGRADED_PERFORMANCE


@pytest.mark.parametrize(
    ("given_", "read"),
    [("", None), (None, None), (90, 90), (90.5, 90.5), ("90", 90), ("90.5", 90.5), ("1 hour", "1 hour"), (" ", None)],
)
def test_a_duration(given_: object, read: object) -> None:
    assert read_maintenance(duration=given_).maintenance.duration == read


@pytest.mark.parametrize(
    "text",
    [
        "2026-05-01T10:00:00.000Z",
        "2026-05-01T10:00:00Z",
        "2026-05-01T12:00:00+02:00",
        "2026-05-01 10:00:00",
        "Fri May 01 2026 10:00:00 GMT+0000 (Coordinated Universal Time)",
        1777629600000,
    ],
)
def test_the_forms_of_dates(text: object) -> None:
    moment = datetime(2026, 5, 1, 10, tzinfo=UTC)
    assert read_incident(resolved_at=text).incident.resolved_at == moment
    assert read_component(created_at=text).component_update.created_at == moment


ODD: list[Any] = [
    5,
    -1.5,
    "",
    "text",
    True,
    [],
    [1],
    [[]],
    {},
    {"a": 1},
    [{"id": {}}],
    "2026-13-01",
    1e300,
    10**30,
    "NaN",
    "Infinity",
]


@pytest.mark.parametrize("odd", [*ODD, None])
@pytest.mark.parametrize("body", [incident(), maintenance(), component()])
def test_what_cannot_be_read_does_not_lose_the_event(body: dict[str, Any], odd: object) -> None:
    """One field after the other is odd, on every level: only what an event cannot do without is missed."""
    needed = {("incident",), ("incident", "name"), ("incident", "status"), ("component_update", "new_status")}
    needed |= {("maintenance",), ("maintenance", "name"), ("maintenance", "status")}
    for path in list(paths(body)):
        changed = copy.deepcopy(body)
        holder: Any = changed
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = odd
        try:
            event = webhooks.parse(raw(changed))
        except DecodeError:
            assert path in needed
        else:
            assert event.key
            assert repr(event)
            hash(event.key)


def paths(value: Any, before: tuple[Any, ...] = ()) -> Any:
    items: Any = ()
    if isinstance(value, (dict, list)):
        items = cast("Any", value).items() if isinstance(value, dict) else enumerate(cast("Any", value))
    for step, inner in items:
        yield (*before, step)
        yield from paths(inner, (*before, step))


def test_what_cannot_be_read_is_kept() -> None:
    found = read_incident(created_at="yesterday", impact=5, incident_updates="none", url={"href": "x"}).incident
    assert (found.created_at, found.impact, found.incident_updates, found.url) == (None, None, (), None)
    assert found.extra == {"created_at": "yesterday", "impact": 5, "incident_updates": "none", "url": {"href": "x"}}


def test_a_name_in_languages() -> None:
    incident = {"name": {"en": "E", "default": "D"}, "status": "Monitoring", "url": {"default": None}}
    event = webhooks.parse(json.dumps({"incident": incident}))
    assert isinstance(event, IncidentEvent)
    assert (event.incident.name, event.incident.url) == ("D", None)


def test_the_little_that_an_event_needs() -> None:
    event = webhooks.parse('{"incident": {"name": "x", "status": "Monitoring"}}')
    assert isinstance(event, IncidentEvent)
    assert (event.incident.id, event.page, event.meta, event.update) == (None, None, None, None)
    event = webhooks.parse('{"incident": null, "maintenance": {"name": "x", "status": "Planned"}, "page": null}')
    assert isinstance(event, MaintenanceEvent)
    for text in ('{"component_update": {"new_status": "Operational", "component_id": "c"}, "component": null}',
                 '{"component": {"status": "OPERATIONAL", "id": "c"}}'):  # fmt: skip
        event = webhooks.parse(text)
        assert isinstance(event, ComponentEvent)
        assert (event.component_id, event.status) == ("c", "OPERATIONAL")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"text": "API is down"}, "$"),
        ([], "$"),
        (None, "$"),
        ("text", "$"),
        (5, "$"),
        ({"incident": "API is down"}, "$.incident"),
        ({"incident": {"status": "RESOLVED"}}, "$.incident.name"),
        ({"incident": {"name": "x"}}, "$.incident.status"),
        ({"incident": {"name": "x", "status": " "}}, "$.incident.status"),
        ({"maintenance": {"name": "x", "status": []}}, "$.maintenance.status"),
        ({"component_update": {"component_id": "c"}}, "$.component_update.new_status"),
    ],
)
def test_a_body_of_the_subscribers_own_is_refused_with_a_hint(body: object, path: str) -> None:
    with pytest.raises(DecodeError, match="body of its own") as caught:
        webhooks.parse(raw(body))
    assert caught.value.path == path
    assert f"at {path}: " in str(caught.value)
    assert caught.value.body is not None or body is None


BROKEN = [
    b"",
    b"{",
    b"\xff",
    b"NaN",
    b'{"a": Infinity}',
    b"1e999",
    b'"\\ud800"',
    b"[" * 200_000,
    b'{"a":' * 200_000,
    b"9" * 5000,
]


@pytest.mark.parametrize("body", BROKEN)
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(DecodeError, match="not JSON") as caught:
        webhooks.parse(body)
    assert len(str(caught.value)) < 500
    with pytest.raises(DecodeError):
        webhooks.parse("\ud800")


@pytest.mark.parametrize("depth", [90, 200, 900])
def test_deep_nesting(depth: int) -> None:
    deep = b'{"incident":{"name":"x","status":"RESOLVED","more":' + b"[" * depth + b"]" * depth + b"}}"
    if depth < 100:
        assert webhooks.parse(deep).key
    else:
        with pytest.raises(DecodeError, match="nested too deeply"):
            webhooks.parse(deep)


@given(st.binary())
def test_no_bytes_crash_it(body: bytes) -> None:
    with pytest.raises(InstatusError):
        webhooks.parse(body)


NAMES = st.sampled_from([
    *("incident", "maintenance", "component", "component_update", "page", "meta", "id", "name", "status", "impact"),
    *("incident_updates", "maintenance_updates", "affected_components", "new_status", "old_status", "duration"),
    *("created_at", "resolved_at", "body", "markdown", "url", "status_indicator", "unsubscribe", "backfilled", "extra"),
    "_extra",
])  # fmt: skip
LEAVES = st.sampled_from([*ODD, None, "RESOLVED", "In progress", "MAJOROUTAGE", "2026-05-01T10:00:00Z"]) | st.text()
SHAPES = st.recursive(
    LEAVES | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=8),
    max_leaves=40,
)


@given(SHAPES)
def test_no_json_crashes_it(value: Any) -> None:
    body = json.dumps(value).encode()
    try:
        event = webhooks.receive(body, {HEADER: sign(body)}, SECRET)
    except InstatusError:
        return
    assert event.key == webhooks.parse(body).key
    assert repr(event)
    assert pickle.loads(pickle.dumps(event)) == event


# --- Keys ------------------------------------------------------------------------------------------------------------


def test_a_key_is_the_same_for_the_same_news() -> None:
    for body in (incident(), maintenance(), component()):
        again = copy.deepcopy(body)
        again["meta"]["unsubscribe"] = "https://dashboard.example/unsubscribe?id=s2&token=other"
        again["page"]["status_indicator"] = "UP"
        first = webhooks.parse(raw(body)).key
        assert webhooks.parse(json.dumps(again, indent=2)).key == first
        assert len(first) < 64
        assert first.isascii()
    assert read_incident(updated_at="2026-06-01T00:00:00Z").key == read_incident().key
    assert read_incident(status="Investigating").key == read_incident().key
    assert read_component(created_at="2026-05-01T12:00:00+02:00").key == read_component().key
    assert read_maintenance(duration="60").key == read_maintenance(duration=60.0).key
    assert read_maintenance(resolved_at=None, duration=None).key == read_maintenance().key
    over = read_incident(resolved_at="2026-05-01T12:00:00+02:00")
    assert over.key == read_incident(resolved_at="2026-05-01T10:00:00.000Z").key


def test_a_key_is_another_for_other_news() -> None:
    events: list[webhooks.Event] = [
        read_incident(),
        read_incident(id="i2"),
        read_incident(status="RESOLVED"),
        read_incident(status="RESOLVED", resolved_at="2026-05-01T10:00:00.000Z"),
        read_incident(status="RESOLVED", resolved_at="2026-05-01T11:00:00.000Z"),  # it was open in between
        read_incident(backfilled=True),
        read_incident(name="Slow"),
        read_incident(incident_updates=[]),
        read_incident(incident_updates=[update(id="u2")]),
        read_incident(incident_updates=[update(status="RESOLVED")]),
        read_incident(incident_updates=[update(body="We still look")]),
        read_incident(incident_updates=[update(), update()]),
        read_incident(affected_components=[{"id": "c1", "status": "MAJOROUTAGE"}]),
        read_incident(affected_components=[{"id": "c1", "status": "OPERATIONAL"}]),
        read_incident(message="only a custom body has this"),
        read_maintenance(),
        read_maintenance(status="COMPLETED"),
        read_maintenance(duration=60),
        read_maintenance(duration=600),
        read_maintenance(duration="an hour"),
        read_maintenance(resolved_at="2026-05-01T10:00:00.000Z"),
        read_component(),
        read_component(new_status="OPERATIONAL"),
        read_component(created_at="2026-05-01T10:00:01.000Z"),
        read_component(created_at="yesterday"),
        read_component(created_at="today"),
        read_component(component_id="c2"),
    ]
    assert len({event.key for event in events}) == len(events)


def test_the_newest_update_in_any_order() -> None:
    old, new = update(), update(id="u2", created_at="2026-05-01T11:00:00Z")
    undated = update(id="u3", created_at=None)
    for story, expected in (([old, new], "u2"), ([new, old], "u2"), ([new, undated], "u3"), ([undated, new], "u2")):
        newest = read_incident(incident_updates=story).update
        assert newest is not None
        assert newest.id == expected


# --- The module ------------------------------------------------------------------------------------------------------


def test_nothing_of_a_server_is_imported_without_need() -> None:
    code = "import sys; from instatus_async import webhooks; webhooks.verify; assert 'aiohttp.web' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
