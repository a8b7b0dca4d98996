"""Other tools' words for Instatus's vocabularies: those of Statuspage, webhooks, alerts and health checks.

They stand here as texts, below the nouns, since the encoder of bodies asks what a wrong word may mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TypeVar

from ._model import OpenEnum

__all__ = ["did_you_mean", "letters", "translator", "words_for"]

E = TypeVar("E", bound=OpenEnum)

_COMPONENT: Mapping[str, str] = {
    "up": "OPERATIONAL",
    "ok": "OPERATIONAL",
    "healthy": "OPERATIONAL",
    "resolved": "OPERATIONAL",
    "none": "OPERATIONAL",
    "info": "OPERATIONAL",
    "maintenance": "UNDERMAINTENANCE",
    "degraded": "DEGRADEDPERFORMANCE",
    "warning": "DEGRADEDPERFORMANCE",
    "down": "MAJOROUTAGE",
    "unhealthy": "MAJOROUTAGE",
    "firing": "MAJOROUTAGE",
    "critical": "MAJOROUTAGE",
    "page": "MAJOROUTAGE",
}

# By the name of the vocabulary: the function of `severity` that translates into it, and the words.
_VOCABULARIES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "ComponentStatus": ("component_status", _COMPONENT),
    "IncidentStatus": (
        "incident_status",
        {"down": "INVESTIGATING", "firing": "INVESTIGATING", "up": "RESOLVED", "postmortem": "RESOLVED"},
    ),
    "MaintenanceStatus": (
        "maintenance_status",
        {"planned": "NOTSTARTEDYET", "scheduled": "NOTSTARTEDYET", "verifying": "INPROGRESS"},
    ),
    "IncidentImpact": (
        "impact",
        {**_COMPONENT, "none": "NONE", "info": "NONE", "minor": "DEGRADEDPERFORMANCE", "major": "PARTIALOUTAGE"},
    ),
}


def letters(word: str) -> str:
    """Take from a word what counts in it: not upper case, blanks, "-" and "_" (quirk 46)."""
    return "".join(letter for letter in word.casefold() if letter not in "_-" and not letter.isspace())


def words_for(enum: type[E]) -> Mapping[str, E]:
    """Return all words of a vocabulary, by their letters: its own, and those of other tools."""
    own = {letters(member.value): member for member in enum}
    _, others = _VOCABULARIES.get(enum.__name__, ("", {}))
    return own | {word: enum(value) for word, value in others.items()}


def translator(enum: type[OpenEnum]) -> str:
    """Name the function of `severity` that translates into a vocabulary."""
    return _VOCABULARIES[enum.__name__][0]


def did_you_mean(enum: type[OpenEnum], word: str) -> str:
    """Ask whether a word that is none of a vocabulary is a misspelt one; empty where nothing is near."""
    near = get_close_matches(letters(word), words_for(enum), 3)
    return f"did you mean {' or '.join(map(repr, near))}?" if near else ""
