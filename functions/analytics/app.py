"""Routes that take analytics events, from applications, processes and public clients: scrub, queue, answer."""

from collections.abc import Callable
from typing import Any

from rollcall.contracts.caller import Caller
from rollcall.edge.http import identity, ingest_answers
from rollcall.edge.http.router import Request, Response, Router
from rollcall.edge.routes.ingest import posthog, segment
from rollcall.edge.runtime import clock, observe, settings
from rollcall.edge.wiring.ingest import analytics as wiring_analytics
from rollcall.flows.ingest.analytics import Collect, Sender
from rollcall.flows.ingest.progress import Ingestion

router = Router()
router.routes |= segment.router.routes | posthog.router.routes

Accept = Callable[[Collect, bytes, Caller], Ingestion]
Answer = Callable[[Request, Ingestion], Response]


@router.route("POST /api/analytics/events/batch")
def post_batch(request: Request) -> Response:
    """Take a batch."""
    return _take(request, Collect.accept_batch, ingest_answers.answer_batch)


@router.route("POST /api/analytics/events")
def post_event(request: Request) -> Response:
    """Take one event."""
    return _take(request, Collect.accept_event, ingest_answers.answer_event)


@router.route("POST /api/migration-analytics/events")
def post_process_batch(request: Request) -> Response:
    """Take a batch of process events."""
    return _take(request, Collect.accept_process_batch, ingest_answers.answer_batch)


def _take(request: Request, accept: Accept, answer: Answer) -> Response:
    ingest_answers.advise(request, wiring_analytics.collect("learner"))
    caller = identity.caller_of(request.authorizer_context, clock.now())
    flow, bytes_max = wiring_analytics.collect(caller.role), settings.current().analytics_batch_max_bytes
    sender = Sender(caller.subject, caller.org_ids)
    ingestion = ingest_answers.take(
        request,
        flow,
        "collect",
        lambda: accept(flow, ingest_answers.read_body(request, bytes_max, lambda: flow.charge(sender)), caller),
    )
    return answer(request, ingestion)


@observe.entry
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer API Gateway."""
    return router.answer(event)
