"""Metrics that take values at any pace: `page.metrics` with `buffer`."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import UnsentDatapointsError
from ..resources.metrics import Metrics
from ._aggregates import Aggregate
from .metric_buffer import BufferClock, MetricBuffer

__all__ = ["MetricJobs"]


class MetricJobs(Metrics):
    """The metrics of one page, and buffers in front of them. Subscribers receive nothing of what happens here."""

    __slots__ = ()

    def buffer(
        self,
        metric_id: str,
        /,
        *,
        aggregate: Aggregate = "mean",
        spacing: float = 30.0,
        every: float = 30.0,
        batch: int = 100,
        max_points: int = 2880,
        drain: float = 30.0,
        on_lost: Callable[[UnsentDatapointsError], object] | None = None,
        clock: BufferClock | None = None,
    ) -> MetricBuffer:
        """Return a buffer in front of a metric: values go in at any pace, and points come out that are apart.

            async with page.metrics.buffer(metric_id, aggregate="p95") as latency:
                latency.add(12.5)

        Time is cut into slots of `spacing` seconds since 1970, 30 to a day (quirk 39). The values of a slot become one
        point at its beginning: their mean, the last, the max, or the p95 (the nearest rank; of more than 2048 values,
        that of a sample of so many). A slot is sent when it is over, with others every `every` seconds, up to `batch`
        points a request, in order.

        Let one process send to a metric, through one buffer: a point cannot be added to. So what a second replica has
        of a slot is lost, and so are the first values after a restart, when the run before has sent the slot that was
        not over. The loss is noticed when the slot is to be sent, and reported; its `points` have the value.

        While the service is out, up to `max_points` points are held: 2880 are a day of 30 s. When the block ends, all
        is sent, the slot that is not over too, for up to `drain` seconds. When the block is cancelled, nothing more is
        sent.

        What was accepted is sent once, or is reported in an UnsentDatapointsError: by `on_lost` as soon as it is lost,
        else raised when the block ends. A buffer that another exception leaves adds a note to it, and logs.

        `clock` is for tests. Raises InvalidRequestError for arguments that make no sense.
        """
        return MetricBuffer(
            self,
            metric_id,
            aggregate=aggregate,
            spacing=spacing,
            every=every,
            batch=batch,
            max_points=max_points,
            drain=drain,
            on_lost=on_lost,
            clock=clock,
        )
