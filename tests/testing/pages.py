"""Make states to show, and read HTML the strict way."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from instatus_async.testing import ManualClock, seeds
from instatus_async.testing.state import Ids, State

_VOID = {"br", "link", "meta"}
_FLAGS = dict.fromkeys(("notify", "notifyStart", "notifyEnd", "notifyEarly", "autoStart", "autoEnd"), False)


def a_state() -> tuple[State, dict[str, Any]]:
    """Make a fresh state without a server, and return it with its page."""
    state = State(clock=ManualClock(), ids=Ids(0), page_url=lambda _: "http://127.0.0.1:9")
    seeds.begin(state)
    return state, next(iter(state.pages.values()))


def everywhere(state: State, page: dict[str, Any], text: str) -> None:
    """Put one text wherever somebody may write one: an open incident, a planned maintenance, all names."""
    translations = {key: {"fr": text} for key in ("name", "message", "description")}
    page.update(name=text, brandColor=text, language=text, translations=translations)
    for row in state.components.values():
        row.update(name=text, description=text, translations=translations)
    first = next(iter(state.components))
    seeds.seed(
        state,
        page,
        {
            "components": [{"name": text, "group": first, "translations": translations}],
            "incidents": [
                {
                    "name": text,
                    "message": text,
                    "status": "INVESTIGATING",
                    "components": [first],
                    "translations": translations,
                }
            ],
            "maintenances": [
                {
                    "name": text,
                    "message": text,
                    "components": [first],
                    "start": "2026-01-02T00:00:00Z",
                    "end": "2026-01-02T01:00:00Z",
                    "status": "NOTSTARTEDYET",
                    **_FLAGS,
                }
            ],
            "metrics": [
                {
                    "name": text,
                    "suffix": text,
                    "data": [{"timestamp": 1_767_268_800_000 + 60_000 * place, "value": place} for place in range(3)],
                },
                {"name": text, "suffix": ""},
            ],
        },
    )


class Outline(HTMLParser):
    """Read a document; whatever is unbalanced fails at once."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[int] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == [], self._open

    @property
    def text(self) -> str:
        """Return all texts between tags."""
        return "".join(self.texts)

    @property
    def words(self) -> str:
        """Return the texts outside of style and script, with single blanks."""
        return " ".join(" ".join(self.texts).split())

    def all(self, name: str) -> list[dict[str, str | None]]:
        """Return the attributes of every element of a name."""
        return [attributes for found, attributes in self.elements if found == name]

    def values(self, attribute: str) -> list[str]:
        """Return what an attribute is anywhere."""
        return [attributes[attribute] or "" for _, attributes in self.elements if attribute in attributes]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, names)
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self._open.append(tag)
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.headings.append(int(tag[1]))

    def handle_endtag(self, tag: str) -> None:
        assert self._open, tag
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self._open or self._open[-1] not in {"style", "script"}:
            self.texts.append(data)
