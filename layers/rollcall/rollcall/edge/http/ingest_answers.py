"""Answers of ingest routes: receipts or problems, with limits and advice for clients in the headers."""

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
from rollcall.edge.http.messages import Request, Response
from rollcall.edge.http.route import Headers
from rollcall.edge.runtime import clock, observe
from rollcall.flows.ingest.progress import Ingestion
from rollcall.flows.ingest.receipts import charging

POLICY = "batches"
OK, ACCEPTED = 200, 202
HEADERS: Headers = {
    "RateLimit-Policy": ("The allowance: q batches in w seconds.", "string"),
    "RateLimit": ("The rest of the allowance: r batches, full again in t seconds.", "string"),
    "X-Client-Queue-Lag": ("Milliseconds to wait before the next flush; 0 without a lag.", "integer"),
    "X-Client-Flush-Interval": ("Milliseconds to wait between two flushes.", "integer"),
    "X-Client-Batch-Size": ("The most events to send in a batch.", "integer"),
    "X-Client-Pause-Until": (
        "Send nothing before this moment (RFC 3339). The header is absent without a pause.",
        "string",
    ),
}
# Problems of a route that takes events under a token.
PROBLEMS = {
    400: "No event could be accepted: `errors` and `results` have the reasons.",
    403: "All events are of another organisation or another user.",
    413: "Too many events, or too many bytes after decompression.",
    415: "A content encoding other than gzip.",
    429: "Too many batches from this caller.",
    500: "An error of Rollcall's: no event was accepted.",
}
# Problems of a route that takes events under a write key.
KEY_PROBLEMS = {
    **{status: text for status, text in PROBLEMS.items() if status not in {403, 429}},
    401: "No write key, or one that is unknown or revoked.",
    503: "The queue or the check of the write key is not available: send the request again.",
}
TAKEN = frozenset({"accepted", "duplicate", "conflict", "spooled"})
FORBIDDEN: dict[str, type[errors.Forbidden]] = {
    kind.code: kind for kind in (errors.OrganisationForbidden, errors.UserForbidden)
}


def limits(limit: RateLimit, rate: RateState | None) -> dict[str, str]:
    """Return the headers with the caller's rate (draft-ietf-httpapi-ratelimit-headers-10).

    An answer without a question to the limiter names the whole allowance, because it used none of it.
    """
    state = rate or RateState(limit.burst, 0)
    window_seconds = max(1, math.ceil(limit.burst / limit.per_second))
    return {
        "RateLimit-Policy": f'"{POLICY}";q={limit.burst};w={window_seconds}',
        "RateLimit": f'"{POLICY}";r={state.remaining};t={math.ceil(state.reset_ms / 1000)}',
    }


def advice_of(gauge: LatencyGauge, events_max: int, now: datetime) -> Advice:
    """Return the current advice to callers, on a route that takes batches of so many events."""
    advice = gauge.advice_at(now)
    return advice.model_copy(update={"batch_size": min(advice.batch_size, events_max)})


def describe_advice(advice: Advice, queue_lag_ms: int) -> dict[str, str]:
    """Return advice as headers. X-Client-Pause-Until stands there only during a pause."""
    pause = {"X-Client-Pause-Until": advice.pause_until.isoformat()} if advice.pause_until else {}
    return {
        "X-Client-Queue-Lag": str(queue_lag_ms),
        "X-Client-Flush-Interval": str(advice.flush_interval_ms),
        "X-Client-Batch-Size": str(advice.batch_size),
        **pause,
    }


class LimitedFlow(Protocol):
    """A flow that takes batches within a rate, and measures the latency of the database."""

    @property
    def limit(self) -> RateLimit:
        """The rate that its caller may send at."""

    @property
    def events_max(self) -> int:
        """The most events of a batch."""

    @property
    def gauge(self) -> LatencyGauge:
        """The gauge that the advice to clients comes from."""


def take(request: Request, flow: LimitedFlow, span: str, accept: Callable[[], Ingestion]) -> Ingestion:
    """Take a batch, count it and log it. The answer, also a problem, has limits and advice in its headers.

    Raises what `accept` and `receipt_of` raise, with a Retry-After that is no shorter than a pause.
    """
    ingestion = None
    try:
        with with_retry_after(flow):
            ingestion = observe_ingestion(span, accept)
            receipt_of(ingestion)
    finally:
        advise(request, flow, ingestion)
    return ingestion


def observe_ingestion(span: str, accept: Callable[[], Ingestion]) -> Ingestion:
    """Take a batch, and count and log its receipts."""
    started = time.perf_counter()
    with observe.span(span):
        ingestion = accept()
    if ingestion.receipt:
        observe_batch(ingestion.receipt, 1000 * (time.perf_counter() - started))
    return ingestion


def read_body(request: Request, bytes_max: int, charge: Callable[[], RateAnswer]) -> bytes:
    """Return the body of a request. A body that cannot be unpacked counts against the caller's rate.

    Raises what Request.body raises, and RateLimited.
    """
    with charging(charge):
        return request.body(bytes_max)


@contextmanager
def with_retry_after(flow: LimitedFlow) -> Iterator[None]:
    """Set the Retry-After of an error to the end of a pause, unless it is later already."""
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
    """Put limits and advice into the headers of the answer, also of a problem."""
    advice = advice_of(flow.gauge, flow.events_max, clock.now())
    request.answer_headers.update(limits(flow.limit, ingestion.rate if ingestion else None))
    request.answer_headers.update(describe_advice(advice, flow.gauge.queue_lag_ms))


def answer_batch(request: Request, ingestion: Ingestion) -> Response:
    """Answer a batch: its receipt, or a problem when no event was accepted."""
    receipt = receipt_of(ingestion)
    if is_settled(receipt):
        return Response.of(ACCEPTED if receipt.counts.spooled else OK, receipt)
    return Response.refusal(refusal_of(receipt, ingestion), request.request_id, results=receipt.results)


def answer_event(request: Request, ingestion: Ingestion) -> Response:
    """Answer a single event: its receipt, or a problem when it was not accepted or conflicts."""
    receipt = receipt_of(ingestion)
    if receipt.results[0].status == "conflict":
        return Response.refusal(errors.Conflict(), request.request_id, results=receipt.results)
    return answer_batch(request, ingestion)


def is_settled(receipt: BatchReceipt) -> bool:
    """Return whether any event was accepted, or was valid and dropped on purpose: no client could correct that."""
    return any(result.status in TAKEN or result.reason in DROP_REASONS for result in receipt.results)


def receipt_of(ingestion: Ingestion) -> BatchReceipt:
    """Return the receipt of a batch; raises RateLimited when the batch was over the rate."""
    if ingestion.receipt is None:
        raise errors.RateLimited(retry_after_seconds=math.ceil(ingestion.retry_after_ms / 1000))
    return ingestion.receipt


def refusal_of(receipt: BatchReceipt, ingestion: Ingestion) -> errors.RollcallError:
    """Return the error of a batch without any accepted event."""
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
