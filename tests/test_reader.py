"""The fast reader: it goes by the keys of an object, and agrees with the detailed one on whatever comes."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from datetime import UTC, datetime, time
from typing import Any, cast

import attrs
import pytest
from cattrs.errors import BaseValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from instatus_async._detailed import _detailed
from instatus_async._fields import fields_of
from instatus_async._model import Model, OpenEnum
from instatus_async._reader import reader_of
from instatus_async._wire import read, read_list
from instatus_async.errors import DecodeError

from . import bodies
from .test_model import MODELS
from .test_wire import Sample


@attrs.frozen(kw_only=True)
class Nothing(Model):
    id: str | None = None


# --- sets of keys ----------------------------------------------------------------------------------------------------


def test_more_sets_of_keys_than_are_remembered() -> None:
    """The reader keeps one function for each of the first hundred; the rest is read all the same."""
    for number in range(300):
        sample = read(Sample, {"id": "i", "name": {"en": "E"}, f"new{number}": number, "count": number})
        assert (sample.id, sample.name, sample.count, sample.text) == ("i", "E", number, None)
        assert sample.extra == {f"new{number}": number, "name": {"en": "E"}}
        with pytest.raises(DecodeError) as caught:
            read(Sample, {f"other{number}": 1})
        assert caught.value.path == "$.id"


def test_more_keys_than_a_function_is_written_for() -> None:
    many = {f"new{number}": number for number in range(10_000)}
    sample = read(Sample, {"id": "i", "name": {"en": "E"}, **many})
    assert (sample.id, sample.name, sample.text) == ("i", "E", None)
    assert sample.extra == {"name": {"en": "E"}, **many}
    with pytest.raises(DecodeError, match="missing"):
        read(Sample, many)
    assert read(Nothing, many).extra == many
    assert max(map(len, reader_of(Nothing)._functions)) < 300


@pytest.mark.parametrize(
    "key", ["'", '"', "\\", "{0}", "{", "\n", "\u2028", "d", "o", "id ", "", "__class__", "🚢", "x" * 9999]
)
def test_keys_are_data(key: str) -> None:
    assert read(Sample, {key: 1, "id": "i"}).extra == {key: 1}


def test_rows_whose_keys_differ() -> None:
    rows = [
        {"id": "a", "text": "x", "count": 1},
        {"id": "b", "text": None, "count": 2},
        {"count": 3, "id": "c", "text": "y"},
        {"id": "d", "text": "z", "new": 4},
        {"id": "e"},
        {"id": "f", "text": "x", "count": 6},
    ]
    found = [(row.id, row.text, row.count, dict(row.extra)) for row in read_list(Sample, rows)]
    assert found == [
        ("a", "x", 1, {}),
        ("b", None, 2, {}),
        ("c", "y", 3, {}),
        ("d", "z", None, {"new": 4}),
        ("e", None, None, {}),
        ("f", "x", 6, {}),
    ]


@pytest.mark.parametrize("value", [[], "", ["id"], "id", [["id", "i"]], 0, False, None, {"id"}])
@pytest.mark.parametrize("before", [{"id": "i"}, {}])
def test_a_list_of_keys_is_no_object(before: dict[str, Any], value: object) -> None:
    """Not even for a reader that has just read an object with these keys."""
    for model in (Sample, Nothing):
        outcome(functools.partial(read, model, before))
        with pytest.raises(DecodeError):
            read(model, value)


# --- any JSON --------------------------------------------------------------------------------------------------------

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.just("OPERATIONAL"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


def body_of(model: type[Model], depth: int = 0) -> st.SearchStrategy[Any]:
    """JSON that looks like a body of the model, with some of it absent, null or plainly wrong."""
    keys: dict[str, st.SearchStrategy[Any]] = {}
    for field in fields_of(model):
        hint: Any = field.hint
        value: st.SearchStrategy[Any]
        if isinstance(hint, type) and issubclass(hint, Model):
            value = body_of(hint, depth + 1) if depth < 2 else st.none()
        elif isinstance(hint, type) and issubclass(hint, OpenEnum):
            value = st.sampled_from([*(member.value for member in hint), "NEW"])
        else:
            plain: dict[object, st.SearchStrategy[Any]] = {
                str: st.text(max_size=5),
                bool: st.booleans(),
                int: st.integers(),
                float: st.floats(allow_nan=False, allow_infinity=False),
                datetime: st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat),
                time: st.times().map(time.isoformat),
            }
            value = plain.get(cast("object", hint), ANYTHING)
        if field.many:
            value = st.lists(value, max_size=2)
        keys[field.key] = (
            st.one_of(value, value, value, st.none(), ANYTHING) if not field.required else value | ANYTHING
        )
    required = {field.key: keys[field.key] for field in fields_of(model) if field.required}
    optional = {key: value for key, value in keys.items() if key not in required}
    return st.fixed_dictionaries(required, optional=optional) | ANYTHING


@pytest.mark.parametrize("model", MODELS)
@given(data=st.data())
def test_any_json_is_a_model_or_a_decode_error_and_both_readers_agree(model: type[Model], data: st.DataObject) -> None:
    value = data.draw(body_of(model))
    fast, slow = outcome(lambda: read(model, value)), outcome(lambda: _detailed.structure(value, model))
    assert fast == slow
    if isinstance(fast, str):
        assert fast == "refused"
    else:
        assert type(fast) is model


def outcome(reader: Callable[[], Model]) -> Model | str:
    """Return what a reader makes of a value, or that it refuses it; anything else that it raises fails the test."""
    try:
        return reader()
    except (DecodeError, BaseValidationError, TypeError, ValueError):
        return "refused"


# --- both readers, over the bodies of `bodies.py` ---------------------------------------------------------------------

BODIES: dict[str, dict[str, Any]] = {
    name: cast("dict[str, Any]", body)
    for name, body in vars(bodies).items()
    if isinstance(body, dict) and name.isupper()
}


def both(model: type[Model], value: object) -> bool:
    """Read by both readers, which must agree to the last `extra`, and tell whether they read it."""
    fast, slow = outcome(lambda: read(model, value)), outcome(lambda: _detailed.structure(value, model))
    assert fast == slow
    assert repr(fast) == repr(slow)  # 1 equals True and 1.0
    return fast != "refused"


@pytest.mark.parametrize("model", MODELS)
def test_both_readers_agree_on_every_body(model: type[Model]) -> None:
    """Also on those of other nouns: much of them is unknown to it, or of another type."""
    for body in BODIES.values():
        both(model, body)
        for _ in range(2):  # the function for these keys is there
            both(model, copy.deepcopy(body))


OTHER: list[Any] = [
    *(None, True, False, 0, 3, -1.5, 2.0, 10**30, "", "Z", "NEW", "60", "nan", 1_700_000_000_000),
    *("2024-01-02T03:04:05Z", "2024-01-02T03:04:05", "2024-13-02T03:04:05Z", "21:30"),
    *([], [1], ["x"], ["x", None], [{}], {}, {"en": "E"}, {"en": None}, {"id": "i", "name": "N"}),
]


def objects_in(value: object) -> list[dict[str, Any]]:
    """Every object of a JSON value, the outermost first."""
    found: list[dict[str, Any]] = []
    if isinstance(value, dict):
        inner = cast("dict[str, Any]", value)
        found.append(inner)
        value = list(inner.values())
    if isinstance(value, list):
        for item in cast("list[object]", value):
            found += objects_in(item)
    return found


def damage(body: dict[str, Any], data: st.DataObject) -> dict[str, Any]:
    """Drop, add, reorder and replace keys, one to three times."""
    body = copy.deepcopy(body)
    for _ in range(data.draw(st.integers(1, 3))):
        target = data.draw(st.sampled_from(objects_in(body)))
        keys = list(target)
        change = data.draw(st.sampled_from(["drop", "add", "reorder", "replace"]))
        if change == "add" or not keys:
            target[data.draw(st.sampled_from(["new", "other", "id", "name", "site"]))] = data.draw(
                st.sampled_from(OTHER).map(copy.deepcopy)
            )
        elif change == "drop":
            del target[data.draw(st.sampled_from(keys))]
        elif change == "replace":
            target[data.draw(st.sampled_from(keys))] = data.draw(st.sampled_from(OTHER).map(copy.deepcopy))
        else:
            items = [(key, target[key]) for key in data.draw(st.permutations(keys))]
            target.clear()
            target.update(items)
    return body


@pytest.mark.parametrize("model", MODELS)
def test_both_readers_agree_on_damaged_bodies(model: type[Model]) -> None:
    readable = [body for body in BODIES.values() if both(model, body)]

    @settings(max_examples=60)
    @given(data=st.data())
    def check(data: st.DataObject) -> None:
        both(model, damage(data.draw(st.sampled_from(readable)), data))

    if readable:
        check()


def test_an_object_that_is_half_read_can_be_shown() -> None:
    """By whoever looks at the local variables of a traceback."""
    with pytest.raises(TypeError) as caught:
        reader_of(Sample).read({"id": 5})
    (half,) = [local for entry in caught.traceback for name, local in entry.frame.f_locals.items() if name == "o"]
    assert "Sample object" in repr(half)
    with pytest.raises(DecodeError) as refused:
        read_list(Sample, [{"id": 5}])
    assert refused.value.__context__ is None
