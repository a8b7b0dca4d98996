"""What is kept of a write whose answer was lost, so that its record can be recognised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from ._model import Model

__all__ = ["Fingerprint", "Search"]


@attrs.frozen(kw_only=True)
class Search:
    """Where a record must appear, and by what it is recognised.

    `match` are wire keys and the values that were sent; `agrees` are others in which a record that has them must not
    differ. `inside` is the key of the list in the answer: an envelope's, or `updates` of an incident. Without `paged`
    the answer is one document: the record itself when `inside` is None, whose components have the `statuses` then that
    were sent.
    """

    path: str
    match: Mapping[str, Any] = attrs.field(repr=False)
    agrees: Mapping[str, Any] = attrs.field(factory=dict[str, Any], repr=False)
    inside: str | None = None
    paged: bool = False
    size: str = "per_page"
    statuses: Sequence[Mapping[str, Any]] = ()
    message: str | None = attrs.field(default=None, repr=False)
    """The text of an update that the record must have, where it shows any."""
    certain: bool = False
    """Whether two records alike are one call's; where names may be taken twice they are not."""


@attrs.frozen(kw_only=True)
class Fingerprint:
    """What was sent, as far as it is needed to recognise it; it holds no secret and pickles.

    `points` are the milliseconds of datapoints, which are looked for one by one.
    """

    operation: str
    path: str
    sent_at: datetime
    answer: type[Model] | None = None
    search: Search | None = None
    points: Sequence[int] = ()
