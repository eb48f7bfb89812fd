"""POST /api/client/progress/batch and /lesson: store progress events once, answer with a receipt per event."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rollcall.contracts.caller import Caller
from rollcall.contracts.ingest.progress import ProgressBatch, SentProgressEvent
from rollcall.contracts.ingest.receipt import BatchReceipt
from rollcall.edge.http import ingest_answers
from rollcall.edge.http.messages import Request, Response
from rollcall.edge.http.route import ACCEPTED, OK, Answer, Body, Route
from rollcall.edge.http.router import Router
from rollcall.edge.runtime import observe, settings
from rollcall.edge.wiring.ingest import progress as wiring_ingest
from rollcall.flows.ingest.progress import Ingest, Ingestion

router = Router()

Accept = Callable[[Ingest, bytes, Caller], Ingestion]
Reply = Callable[[Request, Ingestion], Response]

ROUTE = Route(
    "",
    answers={
        OK: Answer("A receipt for each event.", BatchReceipt),
        ACCEPTED: Answer("The database is away: valid events are spooled, and stored when it is back.", BatchReceipt),
    },
    problems=ingest_answers.PROBLEMS | {503: "Neither the database nor the queue is available: no event was accepted."},
    headers=ingest_answers.HEADERS,
)


@router.route(
    replace(
        ROUTE,
        key="POST /api/client/progress/batch",
        operation_id="postProgressBatch",
        summary="Store a batch of progress events",
        description="Each event is judged on its own. An event that is invalid, outside the accepted window, a "
        "duplicate or a conflict does not affect the others.",
        own_body=Body(ProgressBatch),
    )
)
def post_batch(request: Request) -> Response:
    """Take a batch."""
    return _take(request, Ingest.accept_batch, ingest_answers.answer_batch)


@router.route(
    replace(
        ROUTE,
        key="POST /api/client/progress/lesson",
        operation_id="postProgressLesson",
        summary="Store one progress event",
        description="The body is the event. It is answered as a batch of one.",
        own_body=Body(SentProgressEvent),
        problems={**ROUTE.problems, 409: "The event_id is stored with other content: the first content stays."},
    )
)
def post_lesson(request: Request) -> Response:
    """Take one event."""
    return _take(request, Ingest.accept_event, ingest_answers.answer_event)


def _take(request: Request, accept: Accept, answer: Reply) -> Response:
    ingest_answers.advise(request, wiring_ingest.ingest("learner"))
    caller = request.caller
    flow, bytes_max = wiring_ingest.ingest(caller.role), settings.current().progress_batch_max_bytes
    ingestion = ingest_answers.take(
        request,
        flow,
        "ingest",
        lambda: accept(flow, ingest_answers.read_body(request, bytes_max, lambda: flow.charge(caller)), caller),
    )
    return answer(request, ingestion)


@observe.entry
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer API Gateway."""
    return router.answer(event)
