"""POST /api/analytics/events and /batch, and /v1/batch: scrub analytics events, queue what is left, answer."""

import time
from collections.abc import Callable
from typing import Any

from rollcall.contracts.caller import Caller
from rollcall.edge import identity, ingest_http, observe, segment_http, settings, wiring, wiring_analytics
from rollcall.edge.http import Request, Response, Router
from rollcall.flows.collect import Collect
from rollcall.flows.ingest import Ingestion

router = Router()

Accept = Callable[[Collect, bytes, Caller], Ingestion]
Answer = Callable[[Request, Ingestion], Response]


@router.route("POST /api/analytics/events/batch")
def post_batch(request: Request) -> Response:
    """Take a batch."""
    return _take(request, Collect.accept_batch, ingest_http.answer_batch)


@router.route("POST /api/analytics/events")
def post_event(request: Request) -> Response:
    """Take one event."""
    return _take(request, Collect.accept_event, ingest_http.answer_event)


@router.route("POST /v1/batch")
def post_segment_batch(request: Request) -> Response:
    """Take a batch of the Segment shape, under a write key."""
    started = time.perf_counter()
    flow, ingestion = wiring_analytics.track(), None
    try:
        key = segment_http.presented_key(request)
        with observe.span("track"):
            ingestion = flow.accept_batch(request.body(settings.current().analytics_batch_max_bytes), key)
    finally:
        _advise(request, flow.collect, ingestion)
    if ingestion.receipt:
        ingest_http.observe_batch(ingestion.receipt, 1000 * (time.perf_counter() - started))
    return segment_http.answer_batch(request, ingestion)


def _take(request: Request, accept: Accept, answer: Answer) -> Response:
    started = time.perf_counter()
    _advise(request, wiring_analytics.collect("learner"), None)
    caller = identity.caller_of(request.authorizer_context, wiring.now())
    flow, ingestion = wiring_analytics.collect(caller.role), None
    try:
        with observe.span("collect"):
            ingestion = accept(flow, request.body(settings.current().analytics_batch_max_bytes), caller)
    finally:
        _advise(request, flow, ingestion)
    if ingestion.receipt:
        ingest_http.observe_batch(ingestion.receipt, 1000 * (time.perf_counter() - started))
    return answer(request, ingestion)


def _advise(request: Request, flow: Collect, ingestion: Ingestion | None) -> None:
    """Put the limits into the headers of whatever the answer will be, an error too."""
    rate = ingestion.rate if ingestion else None
    request.answer_headers.update(ingest_http.advice(flow.rules.limit, rate, flow.gauge.queue_lag_ms))


@observe.entry
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer API Gateway."""
    return router.answer(event)
