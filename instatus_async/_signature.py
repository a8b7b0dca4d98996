"""The signature of a webhook: HMAC-SHA256 in hex, with the secret's text as key (quirk 96).

What it covers is not certain: the bytes that were sent, or the body as JavaScript's `JSON.stringify(JSON.parse(body))`
writes it. Both are accepted. They say the same, so what is read from the bytes is what was signed.
"""

from __future__ import annotations

import hmac
import json
import math
import re
from collections.abc import Callable, ItemsView, Mapping, Sequence
from decimal import Decimal
from json.encoder import encode_basestring
from typing import NoReturn, cast

from ._settings import Secret
from .errors import ConfigError, InvalidRequestError, SignatureError

__all__ = ["HEADER", "check_secrets", "check_signature", "signature_of"]

HEADER = "x-instatus-webhook-signature"

_SIGNATURE = re.compile(r"[0-9a-f]{64}")


def check_secrets(secret: object) -> tuple[Secret, ...]:
    """Take one secret or several, or refuse what cannot be one, without echoing it."""
    many = cast("Sequence[object]", secret if isinstance(secret, (list, tuple)) else (secret,))
    if not many:
        raise ConfigError("No webhook secret was given: the list is empty. Instatus shows it once, at subscription.")
    return tuple(_checked(one) for one in many)


def _checked(secret: object) -> Secret:
    if not isinstance(secret, str):
        raise ConfigError(
            f"The webhook secret must be text, or a list of texts, not {type(secret).__name__}. It is used as text; do "
            "not decode its hex characters."
        )
    try:
        blank = not secret or secret != secret.strip() or not secret.encode()
    except UnicodeEncodeError:
        blank = True
    if blank:
        raise ConfigError(
            "The webhook secret is empty, begins or ends with blanks, or is no text that can be encoded. Copy the 64 "
            "characters that Instatus shows once, at subscription."
        )
    return Secret(secret)


def signature_of(headers: object) -> str | None:
    """Find the signature among the headers, whatever the case of their names."""
    if not isinstance(headers, Mapping):
        raise InvalidRequestError(f"headers: expected the request's mapping of headers, got {type(headers).__name__}.")
    items = cast("Mapping[object, object]", headers).items()
    found = {_text(value) for name, value in items if _text(name).lower() == HEADER}
    if len(found) > 1:
        raise SignatureError(f"The webhook has several {HEADER} headers that differ. Refuse it.")
    return found.pop() if found else None


def _text(value: object) -> str:
    """Read a name or a value of a header; ASGI has them as bytes, and some mappings have lists."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, str) else ""


def check_signature(body: bytes, signature: object, secrets: Sequence[Secret]) -> None:
    """Raise SignatureError unless one of the secrets made the signature.

    All candidates are computed and compared in constant time, so that the time tells nothing about any of them.
    """
    if signature is None or signature == "":
        raise SignatureError(
            f"The webhook has no {HEADER} header: it does not come from Instatus, or a proxy took the header away. "
            "Refuse it."
        )
    if not isinstance(signature, str) or not _SIGNATURE.fullmatch(signature):
        raise SignatureError(f"The webhook's {HEADER} header is not 64 lower-case hex characters. Refuse it.")
    given = signature.encode()
    compact = stringified(body)
    matches = False
    for secret in secrets:
        for text in (body, body if compact is None else compact):
            made = hmac.digest(secret.encode(), text, "sha256").hex().encode()
            matches |= hmac.compare_digest(made, given)
    if not matches:
        raise SignatureError(
            "The webhook's signature does not belong to its body. Refuse it. If it does come from Instatus, check that "
            "the secret is this subscription's, and that the body is the bytes as they came, not JSON written anew."
        )


# --- JSON.stringify(JSON.parse(body)) --------------------------------------------------------------------------------


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


# All numbers of JavaScript are doubles.
_decoder = json.JSONDecoder(parse_int=float, parse_float=float, parse_constant=_refuse_constant)
_INDEX = re.compile(r"0|[1-9][0-9]{0,9}")
_HIGHEST_INDEX = 2**32 - 2
_SURROGATE = re.compile("[\ud800-\udfff]")


def stringified(body: bytes) -> bytes | None:
    """Write a JSON body as JavaScript would after parsing it; None when it is not JSON."""
    out: list[str] = []
    try:
        _write(_decoder.decode(body.decode("utf-8-sig")), out.append)
    except (ValueError, RecursionError):
        return None
    text = "".join(out)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", text).encode()


def _write(value: object, out: Callable[[str], None]) -> None:
    if type(value) is str:
        out(encode_basestring(value))
    elif type(value) is dict:
        separator = "{"
        for key, item in _ordered(cast("dict[str, object]", value)):
            out(f"{separator}{encode_basestring(key)}:")
            _write(item, out)
            separator = ","
        out("}" if value else "{}")
    elif type(value) is list:
        separator = "["
        for item in cast("list[object]", value):
            out(separator)
            _write(item, out)
            separator = ","
        out("]" if value else "[]")
    elif type(value) is float:
        out(_number(value))
    else:
        out("null" if value is None else "true" if value else "false")


def _ordered(value: dict[str, object]) -> ItemsView[str, object]:
    """Put the keys that look like indexes of an array first, by their number; of duplicates the first place counts."""
    indexes = [key for key in value if _INDEX.fullmatch(key) and int(key) <= _HIGHEST_INDEX]
    if not indexes:
        return value.items()
    first = {key: value[key] for key in sorted(indexes, key=int)}
    return (first | value).items()


def _number(value: float) -> str:
    """Write a number as ECMAScript's Number::toString does; what overflowed is null."""
    if -1e15 < value < 1e15 and value.is_integer():
        return str(int(value))
    if math.isinf(value):
        return "null"
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    point = len(digits) + cast("int", exponent)  # where it stands among the digits
    text = "".join(map(str, digits)).rstrip("0")
    if len(text) <= point <= 21:
        text += "0" * (point - len(text))
    elif 0 < point <= 21:
        text = f"{text[:point]}.{text[point:]}"
    elif -6 < point <= 0:
        text = f"0.{'0' * -point}{text}"
    else:
        text = f"{text[0]}{'.' if text[1:] else ''}{text[1:]}e{point - 1:+d}"
    return f"-{text}" if sign else text
