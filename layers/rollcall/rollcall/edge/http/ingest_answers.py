"""How ingest routes answer: receipts or problems, with the limits that clients should keep to in headers."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

from rollcall import errors
from rollcall.contracts.health.advice import Advice
from rollcall.contracts.ingest.receipt import BatchReceipt
from rollcall.domain.health.backpressure import LatencyGauge
from rollcall.domain.ingest.flags import DROP_REASONS
from rollcall.domain.ingest.rate import RateAnswer, RateLimit, RateState
from rollcall.edge.http import problems
from rollcall.edge.http.router import Request, Response
from rollcall.edge.runtime import clock, observe
from rollcall.flows.ingest.progress import Ingestion
from rollcall.flows.ingest.receipts import charging

POLICY = "batches"
OK, ACCEPTED = 200, 202
TAKEN = frozenset({"accepted", "duplicate", "conflict", "spooled"})
FORBIDDEN: dict[str, type[errors.Forbidden]] = {
    kind.code: kind for kind in (errors.OrganisationForbidden, errors.UserForbidden)
}


def limits(limit: RateLimit, rate: RateState | None) -> dict[str, str]:
    """Return what an ingest answer says of the caller's rate (draft-ietf-httpapi-ratelimit-headers-10).

    An answer that never asked the limiter names the whole allowance: it took nothing from it.
    """
    state = rate or RateState(limit.burst, 0)
    window_seconds = max(1, math.ceil(limit.burst / limit.per_second))
    return {
        "RateLimit-Policy": f'"{POLICY}";q={limit.burst};w={window_seconds}',
        "RateLimit": f'"{POLICY}";r={state.remaining};t={math.ceil(state.reset_ms / 1000)}',
    }


def advice_of(gauge: LatencyGauge, events_max: int, now: datetime) -> Advice:
    """Return what the caller should keep to now, on a route that takes batches of so many events."""
    advice = gauge.advice_at(now)
    return advice.model_copy(update={"batch_size": min(advice.batch_size, events_max)})


def describe_advice(advice: Advice, queue_lag_ms: int) -> dict[str, str]:
    """Return advice as the headers of every ingest answer. There is no X-Client-Pause-Until without a pause."""
    pause = {"X-Client-Pause-Until": advice.pause_until.isoformat()} if advice.pause_until else {}
    return {
        "X-Client-Queue-Lag": str(queue_lag_ms),
        "X-Client-Flush-Interval": str(advice.flush_interval_ms),
        "X-Client-Batch-Size": str(advice.batch_size),
        **pause,
    }


class LimitedFlow(Protocol):
    """A flow that takes batches within a rate, and knows how the database has been doing."""

    @property
    def limit(self) -> RateLimit:
        """What its caller may send."""

    @property
    def events_max(self) -> int:
        """How many events a batch may have."""

    @property
    def gauge(self) -> LatencyGauge:
        """How long clients should wait."""


def take(request: Request, flow: LimitedFlow, span: str, accept: Callable[[], Ingestion]) -> Ingestion:
    """Take a batch: its answer has the limits in its headers, an error's too, and it is counted and logged.

    Raises what `accept` and `receipt_of` raise, to be tried again no sooner than a pause ends.
    """
    ingestion = None
    try:
        with patience(flow):
            ingestion = observe_ingestion(span, accept)
            receipt_of(ingestion)
    finally:
        advise(request, flow, ingestion)
    return ingestion


def observe_ingestion(span: str, accept: Callable[[], Ingestion]) -> Ingestion:
    """Take a batch, and count and log what became of it."""
    started = time.perf_counter()
    with observe.span(span):
        ingestion = accept()
    if ingestion.receipt:
        observe_batch(ingestion.receipt, 1000 * (time.perf_counter() - started))
    return ingestion


def read_body(request: Request, bytes_max: int, charge: Callable[[], RateAnswer]) -> bytes:
    """Return the body of a request; one that cannot be unpacked counts against its caller's rate as well.

    Raises what Request.body raises, and RateLimited.
    """
    with charging(charge):
        return request.body(bytes_max)


@contextmanager
def patience(flow: LimitedFlow) -> Iterator[None]:
    """Let whatever goes wrong with a batch say that it is to be tried again no sooner than a pause ends."""
    try:
        yield
    except errors.RollcallError as error:
        error.retry_after_seconds = _retry_after(error, flow.gauge.advice_at(clock.now()).pause_until)
        raise


def _retry_after(error: errors.RollcallError, pause_until: datetime | None) -> int | None:
    if pause_until is None:
        return error.retry_after_seconds
    pause_seconds = math.ceil((pause_until - clock.now()).total_seconds())
    return max(error.retry_after_seconds or problems.RETRY_AFTER_SECONDS, pause_seconds)


def advise(request: Request, flow: LimitedFlow, ingestion: Ingestion | None = None) -> None:
    """Put limits and advice into the headers of whatever the answer will be."""
    advice = advice_of(flow.gauge, flow.events_max, clock.now())
    request.answer_headers.update(limits(flow.limit, ingestion.rate if ingestion else None))
    request.answer_headers.update(describe_advice(advice, flow.gauge.queue_lag_ms))


def answer_batch(request: Request, ingestion: Ingestion) -> Response:
    """Answer a batch: its receipt, or a problem when nothing of it was taken."""
    receipt = receipt_of(ingestion)
    if is_settled(receipt):
        return Response.of(ACCEPTED if receipt.counts.spooled else OK, receipt)
    return Response.refusal(refusal_of(receipt, ingestion), request.request_id, results=receipt.results)


def answer_event(request: Request, ingestion: Ingestion) -> Response:
    """Answer a single event: its receipt, or a problem when it was not taken or conflicts."""
    receipt = receipt_of(ingestion)
    if receipt.results[0].status == "conflict":
        return Response.refusal(errors.Conflict(), request.request_id, results=receipt.results)
    return answer_batch(request, ingestion)


def is_settled(receipt: BatchReceipt) -> bool:
    """Tell whether anything of a batch was taken, or was sound and dropped on purpose: no client could mend that."""
    return any(result.status in TAKEN or result.reason in DROP_REASONS for result in receipt.results)


def receipt_of(ingestion: Ingestion) -> BatchReceipt:
    """Return what became of a batch; raises RateLimited when nothing was done with it."""
    if ingestion.receipt is None:
        raise errors.RateLimited(retry_after_seconds=math.ceil(ingestion.retry_after_ms / 1000))
    return ingestion.receipt


def refusal_of(receipt: BatchReceipt, ingestion: Ingestion) -> errors.RollcallError:
    """Return why nothing of a batch was taken."""
    reasons = {result.reason for result in receipt.results}
    if len(reasons) == 1 and (forbidden := FORBIDDEN.get(str(reasons.pop()))):
        return forbidden(faults=ingestion.faults)
    faults = ingestion.faults or [errors.Fault("/events", "no_events", "A batch has at least one event.")]
    return errors.InvalidEvents(faults=faults)


def observe_batch(receipt: BatchReceipt, duration_ms: float) -> None:
    """Count a batch in the metrics, and log its counts and the codes of its rejections."""
    counts = receipt.counts.model_dump()
    observe.count(batch_size=len(receipt.results), **counts)
    if dropped := sum(result.reason in DROP_REASONS for result in receipt.results):
        observe.count(dropped=dropped)
    if failed := sum(result.reason == errors.ScrubFailed.code for result in receipt.results):
        observe.count(scrub_failed=failed)
    observe.measure("duration", duration_ms)
    reasons = sorted({result.reason for result in receipt.results if result.reason})
    observe.logger().info("batch", extra={"counts": counts, "reasons": reasons, "duration_ms": round(duration_ms, 2)})
