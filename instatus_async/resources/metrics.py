"""Metrics: the graphs of a page, and their points."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NoReturn, Required, TypedDict, Unpack, cast

import attrs

from .._body import milliseconds
from .._model import Model, Text
from .._wire import as_object
from ..errors import InvalidRequestError
from ..pagination import CONCURRENCY, Pager
from ..reconcile import Fingerprint, Search
from ._base import DATAPOINT, IDEMPOTENT, NOTIFY, Body, FoundBy, PageResource

__all__ = ["Datapoint", "Metric", "MetricChange", "MetricCreate", "Metrics"]


@attrs.frozen(kw_only=True)
class Datapoint(Model):
    """A value at a time."""

    id: str | None = None
    """Absent from metrics that are read (quirk 67)."""
    timestamp: datetime | None = None
    value: float | None = None


@attrs.frozen(kw_only=True)
class Metric(Model):
    """A graph of a page."""

    id: str
    name: Text
    active: bool | None = None
    """Whether the page shows it."""
    order: int | None = None
    suffix: str | None = None
    """The unit, shown behind the value: "ms"."""
    data: tuple[Datapoint, ...] = ()
    last_data_at: datetime | None = None
    """In answers of writes, maybe (quirk 67)."""


class MetricCreate(TypedDict, total=False):
    """Fields of a new metric."""

    name: Required[str]
    suffix: Required[str]
    """The unit, shown behind the value: "ms"."""


class MetricChange(TypedDict, total=False):
    """Fields of a change; what is left out is not sent."""

    name: str
    suffix: str
    """The unit, shown behind the value: "ms"."""


@attrs.frozen(kw_only=True)
class _Datapoints(Model):
    """Several points, in the shape of the request."""

    data: tuple[Datapoint, ...] = ()


class Metrics(PageResource):
    """The metrics of one page. Subscribers receive nothing of what happens here.

    `page.metrics` is a `MetricJobs`, which adds `buffer`.
    """

    __slots__ = ()

    def list(self, *, per_page: int = 100, concurrency: int = CONCURRENCY) -> Pager[Metric]:
        """List the metrics with their points.

        Source: https://instatus.com/help/api/metrics
        """
        return self._list(Metric, "/v1/{page_id}/metrics", per_page=per_page, concurrency=concurrency)

    async def get(self, metric_id: str, /) -> Metric:
        """Return one metric with its points."""
        return await self._get(Metric, "/v1/{page_id}/metrics/{metric_id}", metric_id)

    async def create(self, **fields: Unpack[MetricCreate]) -> Metric:
        """Add a metric; subscribers receive nothing.

        A lost answer is looked for by the name; OutcomeUnknownError says that it was not found.
        """
        return await self._post(
            Metric,
            "/v1/{page_id}/metrics",
            effect=NOTIFY,
            body=Body(MetricCreate, fields, found_by=FoundBy("/v1/{page_id}/metrics", ("name",))),
        )

    async def update(self, metric_id: str, /, **fields: Unpack[MetricChange]) -> Metric:
        """Change a metric; its points stay, and subscribers receive nothing."""
        return await self._put(
            Metric,
            "/v1/{page_id}/metrics/{metric_id}",
            metric_id,
            effect=IDEMPOTENT,
            body=Body(MetricChange, fields),
        )

    async def delete(self, metric_id: str, /) -> None:
        """Delete a metric and its points; subscribers receive nothing."""
        await self._delete("/v1/{page_id}/metrics/{metric_id}", metric_id)

    async def add_datapoint(self, metric_id: str, /, value: float, timestamp: datetime | None = None) -> Datapoint:
        """Add a point to a metric; subscribers receive nothing.

        `timestamp` is aware, and now by default; it is sent as epoch milliseconds. Points must be 30 s apart (quirk
        39). The service is said not to take a value of 0 (claim 40); it is sent all the same.

        When the answer is lost, the metric is read back, and the point sent again if it is not there.

        Raises InvalidRequestError for a naive datetime or a value that is no finite number, and OutcomeUnknownError
        when it could not be found out whether the point arrived.
        """
        template = "/v1/{page_id}/metrics/{metric_id}"
        sent = _point(value, datetime.now(UTC) if timestamp is None else timestamp, f"POST {template}: ")
        answer = await self._add(template, metric_id, [sent], lambda rows: rows[0])
        # No answer is on record, so it only adds to what was sent.
        return self._read(Datapoint, _completed(sent, answer), "POST", template, DATAPOINT)

    async def add_datapoints(self, metric_id: str, /, points: Iterable[tuple[datetime, float]]) -> Sequence[Datapoint]:
        """Add points to a metric, as pairs of an aware datetime and a value; subscribers receive nothing.

        They are sent in one request, as epoch milliseconds. Points must be 30 s apart (quirk 39). The service is said
        not to take a value of 0 (claim 40); it is sent all the same.

        When the answer is lost, the metric is read back, and only the points that are missing are sent again.

        Raises InvalidRequestError for no points, a naive datetime or a value that is no finite number, and
        OutcomeUnknownError when it could not be found out which points arrived.
        """
        template = "/v1/{page_id}/metrics/{metric_id}/data"
        sent = _points(points, f"POST {template}: ")
        answer = await self._add(template, metric_id, sent, lambda rows: {"data": rows})
        # No answer is on record: one row for each point only adds to it, and anything else says nothing.
        told = cast("Sequence[object]", answer) if isinstance(answer, list) else ()
        rows = [_completed(*pair) for pair in zip(sent, told, strict=True)] if len(told) == len(sent) else sent
        return self._read(_Datapoints, {"data": [*rows]}, "POST", template, DATAPOINT).data

    async def _add(
        self,
        template: str,
        metric_id: str,
        rows: Sequence[Mapping[str, Any]],
        body: Callable[[Sequence[Mapping[str, Any]]], Mapping[str, Any]],
    ) -> Any:
        """Send points; when the answer is lost, read the metric back and send those that are missing."""
        operation = f"POST {template}"
        fingerprint = Fingerprint(
            operation=operation,
            path=self._path(template, (metric_id,)),
            sent_at=datetime.now(UTC),
            search=Search(path=self._path("/v1/{page_id}/metrics/{metric_id}", (metric_id,)), match={}),
            points=[row["timestamp"] for row in rows],
        )
        return await self._session.request(
            "POST",
            fingerprint.path,
            operation=operation,
            effect=DATAPOINT,
            body=body(rows),
            fingerprint=fingerprint,
            without=lambda missing: body([row for row in rows if row["timestamp"] in missing]),
        )

    async def delete_datapoints(self, metric_id: str, /) -> None:
        """Delete all points of a metric; the metric stays, and subscribers receive nothing."""
        await self._delete("/v1/{page_id}/metrics/{metric_id}/data", metric_id)


def _refuse(at: str, what: str) -> NoReturn:
    raise InvalidRequestError(f"{at}: {what}. Nothing was sent.")


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an int beyond every float
        return False


def _completed(sent: Mapping[str, Any], told: object) -> Mapping[str, Any]:
    """Take over what the answer says of a point that was sent, and keep the rest."""
    return {**sent, **{key: value for key, value in as_object(told).items() if value is not None}}


def _point(value: object, timestamp: object, at: str) -> dict[str, Any]:
    """Check one point, and give it the wire's shape."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        _refuse(f"{at}value", f"expected a number, got {type(value).__name__}")
    if not _finite(value):
        _refuse(f"{at}value", "expected a finite number")
    return {"timestamp": milliseconds(timestamp, f"{at}timestamp"), "value": value}


def _points(points: object, at: str) -> Sequence[dict[str, Any]]:
    """Check several points, and give them the wire's shape."""
    if not isinstance(points, Iterable) or isinstance(points, (str, bytes)):
        _refuse(f"{at}points", f"expected pairs of a datetime and a value, got {type(points).__name__}")
    sent: list[dict[str, Any]] = []
    for number, point in enumerate(cast("Iterable[object]", points)):
        here = f"{at}points[{number}]"
        pair = cast("Sequence[object]", point) if isinstance(point, (tuple, list)) else ()
        if len(pair) != 2:
            _refuse(here, "expected a pair of a datetime and a value")
        sent.append(_point(pair[1], pair[0], f"{here}."))
    if not sent:
        _refuse(f"{at}points", "expected one point or more")
    return sent
