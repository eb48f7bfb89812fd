"""Routes that take analytics events, from applications, processes and public clients: scrub, queue, answer."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rollcall.contracts.caller import Caller
from rollcall.contracts.ingest.analytics import AnalyticsBatch, AnalyticsEvent
from rollcall.contracts.ingest.process import ProcessBatch
from rollcall.contracts.ingest.receipt import BatchReceipt
from rollcall.edge.http import ingest_answers
from rollcall.edge.http.messages import Request, Response
from rollcall.edge.http.route import OK, Answer, Body, Route
from rollcall.edge.http.router import Router
from rollcall.edge.routes.ingest import posthog, segment
from rollcall.edge.runtime import observe, settings
from rollcall.edge.wiring.ingest import analytics as wiring_analytics
from rollcall.flows.ingest.analytics import IngestAnalytics, Sender
from rollcall.flows.ingest.progress import Ingestion

router = Router()
router.include([segment.router, posthog.router])

Accept = Callable[[IngestAnalytics, bytes, Caller], Ingestion]
Reply = Callable[[Request, Ingestion], Response]

ROUTE = Route(
    "",
    answers={OK: Answer("A receipt for each event.", BatchReceipt)},
    problems=ingest_answers.PROBLEMS | {503: "The queue or a key is not available: send the request again."},
    headers=ingest_answers.HEADERS,
)


@router.route(
    replace(
        ROUTE,
        key="POST /api/analytics/events/batch",
        operation_id="postAnalyticsBatch",
        summary="Take a batch of analytics events",
        description="Events are scrubbed before Rollcall keeps them, then queued. `accepted` means that the queue "
        "stores the event durably. Each event is judged on its own.",
        own_body=Body(AnalyticsBatch),
    )
)
def post_batch(request: Request) -> Response:
    """Take a batch."""
    return _take(request, IngestAnalytics.accept_batch, ingest_answers.answer_batch)


@router.route(
    replace(
        ROUTE,
        key="POST /api/analytics/events",
        operation_id="postAnalyticsEvent",
        summary="Take one analytics event",
        description="The body is the event. It is answered as a batch of one.",
        own_body=Body(AnalyticsEvent),
    )
)
def post_event(request: Request) -> Response:
    """Take one event."""
    return _take(request, IngestAnalytics.accept_event, ingest_answers.answer_event)


@router.route(
    replace(
        ROUTE,
        key="POST /api/migration-analytics/events",
        operation_id="postProcessBatch",
        summary="Take a batch of process events",
        description="A long process of an application reports its progress. Each process event becomes an analytics "
        "event named process_ and its kind, scrubbed and queued as any other.",
        own_body=Body(ProcessBatch),
    )
)
def post_process_batch(request: Request) -> Response:
    """Take a batch of process events."""
    return _take(request, IngestAnalytics.accept_process_batch, ingest_answers.answer_batch)


def _take(request: Request, accept: Accept, answer: Reply) -> Response:
    ingest_answers.advise(request, wiring_analytics.ingest_analytics("learner"))
    caller = request.caller
    flow, bytes_max = wiring_analytics.ingest_analytics(caller.role), settings.current().analytics_batch_max_bytes
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
