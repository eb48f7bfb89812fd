"""Logs, metrics and traces through Powertools. None of them may name a person or quote a body."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, wraps
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit, single_metric

from rollcall.edge.runtime import settings

if TYPE_CHECKING:
    from aws_lambda_powertools import Tracer

NAMESPACE = "Rollcall"
# Each further dimension multiplies what CloudWatch stores and bills, and could name a person.
DIMENSIONS = frozenset({"service", "environment", "region", "queue", "job", "status"})
NO_UNIT = MetricUnit.NoUnit
OWN_PACKAGES = frozenset({"rollcall", "functions"})

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


class DimensionForbidden(ValueError):
    """A metric dimension that DIMENSIONS does not list. The list bounds the number of metrics."""


@cache
def logger() -> Logger:
    """Return the function's logger. It writes one JSON line for each message."""
    return Logger(service=settings.current().service, use_rfc3339=True, utc=True)


@cache
def _metrics() -> Metrics:
    current = settings.current()
    metrics = Metrics(namespace=NAMESPACE, service=current.service)
    metrics.set_default_dimensions(environment=current.environment, region=current.aws_region)
    return metrics


def count(**values: int) -> None:
    """Add counts to this invocation's metrics, by name."""
    for name, value in values.items():
        _metrics().add_metric(name=name, unit=MetricUnit.Count, value=value)


def measure(name: str, value: float, unit: MetricUnit = MetricUnit.Milliseconds) -> None:
    """Add one measure to this invocation's metrics."""
    _metrics().add_metric(name=name, unit=unit, value=value)


def count_apart(dimensions: Mapping[str, str], **values: int) -> None:
    """Send counts at once, under these dimensions instead of the ones of this invocation; raises DimensionForbidden.

    Without dimensions the counts cover the whole function. Alarms need that: CloudWatch sums over no dimension.
    """
    _allow(dimensions)
    current = settings.current()
    shared = {"service": current.service, "environment": current.environment, "region": current.aws_region}
    for name, value in values.items():
        with single_metric(
            name=name,
            unit=MetricUnit.Count,
            value=value,
            namespace=NAMESPACE,
            default_dimensions={**shared, **dimensions},
        ):
            pass


def measure_seconds(**values: float | None) -> None:
    """Add measures in seconds, by name; a measure that is None is left out."""
    for name, value in values.items():
        if value is not None:
            measure(name, value, MetricUnit.Seconds)


def dimension(name: str, value: str) -> None:
    """Add a dimension to this invocation's metrics; raises DimensionForbidden for one that is not listed."""
    _allow([name])
    _metrics().add_dimension(name=name, value=value)


def _allow(names: Iterable[str]) -> None:
    for name in names:
        if name not in DIMENSIONS:
            raise DimensionForbidden(name)


@contextmanager
def span(name: str) -> Iterator[None]:
    """Trace a part of an invocation, if TRACE_DETAIL is set and X-Ray keeps this trace."""
    if not (settings.current().trace_detail and settings.trace_is_sampled()):
        yield
        return
    with _tracer().provider.in_subsegment(name=name):
        yield


@cache
def _tracer() -> "Tracer":
    # Imported late: the X-Ray SDK takes longer to import than everything else together.
    from aws_lambda_powertools import Tracer

    return Tracer(service=settings.current().service, auto_patch=False)


def entry(handler: Handler) -> Handler:
    """Make a function's entry point: its logs carry the request id, its metrics are sent when it ends."""

    @wraps(handler)
    def observed(event: dict[str, Any], context: Any) -> dict[str, Any]:
        logger().append_keys(function_request_id=context.aws_request_id)
        try:
            return handler(event, context)
        finally:
            if _metrics().metric_set:
                _metrics().flush_metrics()

    return observed


def place_of(fault: BaseException | None) -> str:
    """Return the innermost file and line of Rollcall's code in a fault's traceback, else the innermost of all.

    Logs may show this place even when the fault's text could quote an event.
    """
    place = fault.__traceback__ if fault else None
    found = ""
    while place is not None:
        # By package, not by folder: a checkout may lie in a folder of any name, `rollcall` among them.
        package = str(place.tb_frame.f_globals.get("__name__", "")).partition(".")[0]
        if (place.tb_next is None and not found) or package in OWN_PACKAGES:
            found = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}"
        place = place.tb_next
    return found
