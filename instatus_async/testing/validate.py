"""Say what a request body may hold, and refuse what it may not.

A kind is a function that takes a value and the place it was found at, and returns the value to keep or raises
RefusedError naming the place. `Shape` puts kinds together to an object:

    Shape(name=need(text), status=need(one_of("UP", "DOWN")), started=when)

Fields that a Shape does not list are refused, so that a misspelled one is found here and not in production. Nobody
recorded what the real service says to a wrong field (quirk 21).
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final, TypeAlias, cast

from .times import iso, parse

Json: TypeAlias = Any
Row: TypeAlias = dict[str, Any]
Kind: TypeAlias = Callable[[Json, str], Json]

_EARLIEST_MILLIS: Final = 10**11  # March 1973; what lies below was meant as seconds
_LATEST_MILLIS: Final = 10**14  # the year 5138
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 2999


class RefusedError(Exception):
    """Answer with an error status and the one documented error body (quirk 15)."""

    def __init__(self, status: int, code: str, message: str) -> None:
        """Keep what the answer will say."""
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.body: Row = {"error": {"code": code, "message": message}}


def bad(where: str, what: str) -> RefusedError:
    """Refuse a field, by name."""
    return RefusedError(400, "bad_request", f"{where or 'body'}: {what}")


def not_found(message: str) -> RefusedError:
    """Say that there is no such record."""
    return RefusedError(404, "not_found", message)


def conflict(where: str, what: str) -> RefusedError:
    """Refuse a value that is taken."""
    return RefusedError(409, "conflict", f"{where}: {what}")


def wire_name(name: str) -> str:
    """Write a name as the wire does: `auto_confirm` is `autoConfirm`."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def meant(name: str, known: Iterable[str]) -> str:
    """Ask whether a name that looks like this one was meant; "" where none does."""
    near = get_close_matches(wire_name(name), [*known], n=1, cutoff=0.75)
    return f"; did you mean {near[0]!r}?" if near else ""


def text(value: Json, where: str) -> str:
    """Accept any text."""
    if not isinstance(value, str):
        raise bad(where, f"must be a text, not {_called(value)}")
    return value


def filled(value: Json, where: str) -> str:
    """Accept a text that is not blank."""
    if not text(value, where).strip():
        raise bad(where, "must not be blank")
    return cast("str", value)


def email(value: Json, where: str) -> str:
    """Accept a text that has the outline of an address."""
    name, _, host = text(value, where).rpartition("@")
    if not name or not host:
        raise bad(where, "must be an e-mail address")
    return cast("str", value)


def flag(value: Json, where: str) -> bool:
    """Accept true or false."""
    if not isinstance(value, bool):
        raise bad(where, f"must be true or false, not {_called(value)}")
    return value


def whole(value: Json, where: str) -> int:
    """Accept a whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise bad(where, f"must be a whole number, not {_called(value)}")
    return value


def whole_upto(most: int) -> Kind:
    """Accept a whole number from 0 to `most`."""

    def bounded(value: Json, where: str) -> int:
        if not 0 <= whole(value, where) <= most:
            raise bad(where, f"must be from 0 to {most}")
        return cast("int", value)

    return bounded


def number(value: Json, where: str) -> float:
    """Accept a finite number."""
    finite = isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
    if isinstance(value, bool) or not finite:
        raise bad(where, f"must be a finite number, not {_called(value)}")
    return cast("float", value)


def when(value: Json, where: str) -> str:
    """Accept a date that ends in `Z`, and keep it with milliseconds.

    The real service reads a date without a zone in a zone of its own (quirk 35). That goes wrong in silence, so it is
    refused here.
    """
    try:
        moment = parse(text(value, where))
    except ValueError:
        raise bad(where, "must be an ISO 8601 date in UTC that ends in Z") from None
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise bad(where, f"must be in the years {_FIRST_YEAR} to {_LAST_YEAR}")
    return iso(moment)


def millis(value: Json, where: str) -> int:
    """Accept milliseconds since 1970 (quirk 39); what looks like seconds is refused."""
    if not _EARLIEST_MILLIS <= whole(value, where) <= _LATEST_MILLIS:
        raise bad(where, "must be in milliseconds since 1970; this looks like another unit")
    return cast("int", value)


def one_of(*values: str) -> Kind:
    """Accept one of these texts."""

    def choice(value: Json, where: str) -> str:
        if value not in values:
            raise bad(where, "must be one of " + ", ".join(values))
        return cast("str", value)

    return choice


def maybe(kind: Kind) -> Kind:
    """Accept null too."""

    def nullable(value: Json, where: str) -> Json:
        return None if value is None else kind(value, where)

    return nullable


def list_of(kind: Kind) -> Kind:
    """Accept a list of one kind."""

    def items(value: Json, where: str) -> list[Json]:
        if not isinstance(value, list):
            raise bad(where, f"must be a list, not {_called(value)}")
        return [kind(item, f"{where}[{place}]") for place, item in enumerate(cast("Sequence[Json]", value))]

    return items


def map_of(kind: Kind) -> Kind:
    """Accept an object with any keys and one kind of value."""

    def mapping(value: Json, where: str) -> Row:
        return {key: kind(item, f"{where}.{key}") for key, item in _object(value, where).items()}

    return mapping


@dataclass(frozen=True, slots=True)
class Needed:
    """Mark a field that must be there."""

    kind: Kind


def need(kind: Kind) -> Needed:
    """Ask for a field of this kind."""
    return Needed(kind)


class Shape:
    """Accept an object with these fields and no others. It is a kind itself, so shapes nest."""

    def __init__(self, **fields: Kind | Needed) -> None:
        """Take the fields by their names on the wire."""
        self.fields = fields

    def __call__(self, value: Json, where: str = "") -> Row:
        """Return the object as it is to be kept."""
        prefix = f"{where}." if where else ""
        found = _object(value, where)
        for name in found:
            if name not in self.fields:
                raise bad(prefix + name, "there is no such field" + meant(name, self.fields))
        kept: Row = {}
        for name, field in self.fields.items():
            if name in found:
                kind = field.kind if isinstance(field, Needed) else field
                kept[name] = kind(found[name], prefix + name)
            elif isinstance(field, Needed):
                raise bad(prefix + name, "is missing")
        return kept

    @property
    def needs_something(self) -> bool:
        """Tell whether an empty object would be refused."""
        return any(isinstance(field, Needed) for field in self.fields.values())


def _object(value: Json, where: str) -> Row:
    if not isinstance(value, dict):
        raise bad(where, f"must be an object, not {_called(value)}")
    return cast("Row", value)


def _called(value: Json) -> str:
    if value is None:
        return "null"
    names = {bool: "a truth value", str: "a text", list: "a list", dict: "an object"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), "a number")


# What several nouns share.

COMPONENT_STATUSES: Final = ("OPERATIONAL", "UNDERMAINTENANCE", "DEGRADEDPERFORMANCE", "PARTIALOUTAGE", "MAJOROUTAGE")
INCIDENT_STATUSES: Final = ("INVESTIGATING", "IDENTIFIED", "MONITORING", "RESOLVED")
MAINTENANCE_STATUSES: Final = ("NOTSTARTEDYET", "INPROGRESS", "COMPLETED")

component_status: Final = one_of(*COMPONENT_STATUSES)
incident_status: Final = one_of(*INCIDENT_STATUSES)
maintenance_status: Final = one_of(*MAINTENANCE_STATUSES)
ids: Final = list_of(text)
translations: Final = map_of(map_of(text))


def statuses(value: Json, where: str) -> list[Json]:
    """Accept what some components are to be: a list of ids and statuses."""
    if isinstance(value, dict):
        raise bad(where, 'must be a list like [{"id": "...", "status": "MAJOROUTAGE"}], not an object')
    return cast("list[Json]", _statuses(value, where))


_statuses: Final = list_of(Shape(id=need(text), status=need(component_status)))
