"""Keep what would be written, instead of sending it.

Commands run as they always do, through the same methods of the SDK: reads are sent, and a write is answered here with
what it says itself, so that what follows it is prepared too. What would be made has the id `NEW-ID`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Self

import attrs

from .._wire import as_object
from ..client import InstatusClient
from ..retry import RetryPolicy
from ..session import SessionManager

__all__ = ["DryRunClient", "Kept", "told"]

_NEW = "NEW-ID"
_NOW, _START, _END, _EARLY = "now", "when it starts", "when it ends", "before it starts"
_FLAGS = {"notify": _NOW, "notifyEarly": _EARLY, "notifyStart": _START, "notifyEnd": _END}


@attrs.frozen
class Kept:
    """A write that was not sent; the path is that behind the base URL."""

    method: str
    path: str
    body: Any


class _Recorder(SessionManager):
    """Send what reads, and keep the rest."""

    __slots__ = ("_made", "_updates", "kept")

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.kept: list[Kept] = []
        self._made: dict[str, dict[str, Any]] = {}
        self._updates: dict[str, list[dict[str, Any]]] = {}

    def with_options(self, *, timeout: float | None = None, retry: RetryPolicy | None = None) -> Self:
        """Return a view that keeps where this one does."""
        view = super().with_options(timeout=timeout, retry=retry)
        for name in _Recorder.__slots__:
            setattr(view, name, getattr(self, name))
        return view

    async def request(self, method: str, path: str, *, body: Any = None, **options: Any) -> Any:
        """Answer like the service, but for what changes something."""
        if method == "GET":
            answer = self._made.get(path) or await super().request(method, path, body=body, **options)
            updates = self._updates.get(path)
            if updates is None:
                return answer
            return {**answer, "status": updates[-1]["status"], "updates": [*answer.get("updates", ()), *updates]}
        self.kept.append(Kept(method, path, body))
        flat = {key: value for key, value in as_object(body).items() if not isinstance(value, (list, dict))}
        now = datetime.now(UTC).isoformat()
        statuses: list[dict[str, Any]] = as_object(body).get("statuses") or []
        components = [{**one, "name": ""} for one in statuses]
        record: dict[str, Any] = {**flat, "id": _NEW, "createdAt": now, "components": components}
        parent, _, noun = path.rpartition("/")
        if noun.endswith("-updates"):
            self._updates.setdefault(parent, []).append(record)
        else:
            self._made[f"{path}/{_NEW}"] = record
        return record


class DryRunClient(InstatusClient):
    """A client that sends no write."""

    def __init__(self, *, base_url: str, timeout: float) -> None:
        super().__init__(base_url=base_url, timeout=timeout)  # refuses what cannot work
        self._recorder = _Recorder(api_key=os.environ["INSTATUS_API_KEY"], base_url=base_url, timeout=timeout)
        self._session = self._recorder

    @property
    def kept(self) -> Sequence[Kept]:
        """The writes that were not sent, in order."""
        return self._recorder.kept


def told(kept: Sequence[Kept]) -> list[str]:
    """Say when subscribers would be told; nothing means that nobody is."""
    bodies = [as_object(write.body) for write in kept]
    return [when for flag, when in _FLAGS.items() if any(body.get(flag) is True for body in bodies)]
