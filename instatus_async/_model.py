"""What models are made of: immutable attrs classes that keep what they do not know, and enums that stay open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeAlias

import attrs

__all__ = ["Guess", "Id", "JSONObject", "Model", "OpenEnum", "SeverityEnum", "Text", "Translations"]

_NOTHING_EXTRA: Mapping[str, Any] = MappingProxyType({})

# A display name that some answers give as an object of languages (quirk 56). The text is chosen from it, and the object
# itself stays reachable in `extra`.
TRANSLATED = "text, or an object of languages"
Text: TypeAlias = Annotated[str, TRANSLATED]

# A text by the API's documents, of which no answer has shown more than null: a number is read as text, and whatever
# else it may turn out to be stays reachable in `extra`.
GUESSED = "text, or what no answer has shown yet"
Guess: TypeAlias = Annotated[str, GUESSED]

# Likewise the ids in a list that has only been seen empty: where records stand in their place, theirs are taken, and
# the records stay reachable in `extra`.
AN_ID = "an id, or the record that has it"
Id: TypeAlias = Annotated[str, AN_ID]

Translations: TypeAlias = Mapping[str, Mapping[str, str]]
"""What is sent: `{"name": {"fr": "..."}}`, the field, then the language."""

# JSON as it came: its keys are data, or its shape is not documented.
JSONObject: TypeAlias = Mapping[str, Any]


@attrs.frozen(kw_only=True)
class Model:
    """Hold one record of an answer: immutable, with what the SDK does not know in `extra`."""

    _extra: Mapping[str, Any] | None = attrs.field(default=None, repr=False, hash=False)

    if not TYPE_CHECKING:  # every attribute is declared; checkers must go on missing those that are not

        def __getattr__(self, name: str) -> Any:
            """Return the default of an attribute that the answer did not have: readers leave it unset."""
            try:
                return _defaults(type(self))[name]
            except KeyError:
                text = f"{type(self).__name__!r} object has no attribute {name!r}"
                raise AttributeError(text, name=name, obj=self) from None

    @property
    def extra(self) -> Mapping[str, Any]:
        """The keys of the answer that this version has no attribute for, as they came (quirk 47).

        They can hold secrets (quirk 49), so they are in no repr.
        """
        return _NOTHING_EXTRA if self._extra is None else MappingProxyType(self._extra)


@cache
def _defaults(cls: Any) -> Mapping[str, Any]:
    return {field.name: field.default for field in attrs.fields(cls) if field.default is not attrs.NOTHING}


class OpenEnum(StrEnum):
    """A vocabulary that may grow: an unknown text is kept as it came, equals and hashes as its text (quirk 43)."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        # Not entered into the class's table: texts from outside must not grow it.
        unknown = str.__new__(cls, value)
        unknown._name_ = value
        unknown._value_ = value
        return unknown

    @property
    def is_known(self) -> bool:
        """Whether this version of the SDK has a name for the value."""
        return self._value_ in type(self)._value2member_map_

    def __repr__(self) -> str:
        if self.is_known:
            return f"<{type(self).__name__}.{self._name_}: {self._value_!r}>"
        return f"<{type(self).__name__}: {self._value_!r} (unknown)>"


class SeverityEnum(OpenEnum):
    """An open vocabulary whose members are declared from harmless to worst, and compare in that order.

    An unknown value ranks above the harmless first member and below every other: something is up, nobody knows how bad.
    """

    @property
    def severity(self) -> float:
        """The rank, 0 for the first member; 0.5 for an unknown value."""
        return _rank(type(self), self)

    @classmethod
    def worst(cls, statuses: Iterable[Self], /) -> Self:
        """Return the worst of some statuses; the harmless first member when there are none."""
        return max(statuses, key=lambda status: status.severity, default=next(iter(cls)))

    # A plain text is ranked too: `component.status >= "PARTIALOUTAGE"` must not compare letters.
    def __lt__(self, other: str) -> bool:
        return self.severity < _rank(type(self), other)

    def __le__(self, other: str) -> bool:
        return self.severity <= _rank(type(self), other)

    def __gt__(self, other: str) -> bool:
        return self.severity > _rank(type(self), other)

    def __ge__(self, other: str) -> bool:
        return self.severity >= _rank(type(self), other)


_RANKS: dict[type[SeverityEnum], Mapping[str, float]] = {}


def _rank(cls: type[SeverityEnum], text: str) -> float:
    ranks = _RANKS.get(cls)
    if ranks is None:
        ranks = _RANKS[cls] = {member.value: float(rank) for rank, member in enumerate(cls)}
    return ranks.get(text, 0.5)
