"""What is JSON and what is not, the same with msgspec and without."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from instatus_async import _json
from instatus_async._json import loads

needs_msgspec = pytest.mark.skipif(not _json._refusals, reason="needs msgspec: pip install 'instatus_async[speedups]'")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nul",
        b"NaN",
        b"[-Infinity]",
        b"1e999",
        b"-1e999",
        b"[" * 99_999,
        b"\xff",
        b'"\\ud800"',
        b'"\\uDfff x"',
    ],
)
def test_what_is_no_json(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - JSONDecodeError, UnicodeError or our own
        loads(body)


def test_what_is_json_all_the_same() -> None:
    assert loads(b'\xef\xbb\xbf{"a": 1, "a": 2}') == {"a": 2}
    assert loads(b'"\\ud83d\\ude00"') == "\U0001f600"
    assert loads(b"1e-999") == 0


# What may divide the two parsers: the standard library's is the measure.
NASTY: list[bytes] = [
    *(b"%d" % number for number in (2**53 + 1, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64 - 1, 2**64, 10**18)),
    *(
        b"[%s%d%s]" % (b" " * pad, sign * 10**size + 7, b" " * pad)
        for pad in range(5)
        for sign in (1, -1)
        for size in (17, 18, 19, 20)
    ),
    *(b'{"a": "%s", "b": -%s}' % (b"1" * size, b"9" * size) for size in range(15, 25)),
    *(b'{"id": "cm4%s", "n": [1, -%s]}' % (b"0" * size, b"9" * size) for size in range(15, 25)),
    *(b"1" * size for size in (400, 4300, 4301, 5000)),
    *(b"1" * size + b".5" for size in (19, 20, 308, 309)),
    *(b"0." + b"1" * size for size in (17, 20, 400)),
    *(b"1e308", b"1.7976931348623157e308", b"1.8e308", b"1e309", b"1e999", b"-1e999", b"1e-999", b"5e-324", b"2e-324"),
    *(
        b"-0",
        b"-0.0",
        b"0e5",
        b"01",
        b"1.",
        b".5",
        b"+1",
        b"-",
        b"1e",
        b"0x1",
        b"1_0",
        b"1 2",
        b"1]",
        b"[1,]",
        b'{"a":1,}',
    ),
    *(
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"[NaN]",
        b"nul",
        b"True",
        b"undefined",
        b"",
        b" ",
        b"\x00",
        b"\x0b1",
        b"\xc2\xa01",
    ),
    *(
        b'"\\ud800"',
        b'"\\uDfff x"',
        b'"\\ude00\\ud83d"',
        b'"\\ud83d\\ude00"',
        b'{"\\ud800": 1}',
        b'"\\\\ud800"',
        b'"\\u12"',
        b'"\\x41"',
    ),
    *(
        b'"\xed\xa0\x80"',
        b'"\xff"',
        b'"\xc0\x80"',
        b'"\xf4\x90\x80\x80"',
        b'"\xf0\x9f\x9a\xa2"',
        b'"a\x00"',
        b'"a\nb"',
        b'"a\tb"',
        b'"\x7f"',
        b'"\\/"',
    ),
    *(
        b"\xef\xbb\xbf1",
        b"\xef\xbb\xbf",
        b"\xef\xbb\xbf\xef\xbb\xbf1",
        b"1\x00",
        "{}".encode("utf-16"),
        b"'a'",
        b"// 1\n1",
        b'{"a"}',
        b"{1: 2}",
    ),
    *(
        b'{"a": 1, "a": 2}',
        b'{"a": 1, "b": 2, "a": null}',
        b'{"": {"": []}}',
        b"[]",
        b"{}",
        b"[[], {}]",
        b'"',
        b"[",
        b"]",
        b"{",
    ),
    *(b"[" * depth + b"]" * depth for depth in (100, 500, 100_000)),
    *(b"[" * 99_999, b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
]


def parsed(parse: Callable[[bytes], Any], body: bytes) -> str:
    """Return what a parser makes of a body, exactly, or in which words it refuses it."""
    try:
        return repr(parse(body))
    except ValueError as exc:
        return f"refused: {exc}"


@needs_msgspec
@pytest.mark.parametrize("body", NASTY, ids=range(len(NASTY)))
def test_both_parsers_agree(body: bytes) -> None:
    assert parsed(loads, body) == parsed(_json._loads_slowly, body)


PIECES = rb"""[ ] { } : , " \ \u d83d de00 1 - . e 0 9999999999 null true NaN "a" "a": [1,2] {"a":{}}""".split()
ODD = [b" ", b"\n", b"\x00", b"\xff", b"\xc3\xa9"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


def written(value: object, *, ascii_only: bool, indent: int | None) -> bytes:
    return json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "surrogatepass")


@needs_msgspec
@given(
    st.builds(written, VALUES, ascii_only=st.booleans(), indent=st.none() | st.integers(0, 3))
    | st.lists(st.sampled_from(PIECES + ODD), max_size=12).map(b"".join)
    | st.binary(max_size=20)
)
@example(b"1" * 20)
def test_both_parsers_agree_on_any_text(body: bytes) -> None:
    assert parsed(loads, body) == parsed(_json._loads_slowly, body)


def test_without_msgspec() -> None:
    """It is an extra: nobody misses it."""
    program = (
        "import sys; sys.modules['msgspec'] = None; from instatus_async._wire import loads; print(loads(b'[1e3]'))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[1000.0]\n"
