"""POST /api/client/progress/batch and /lesson: store progress events once, answer with a receipt per event."""

from collections.abc import Callable
from typing import Any

from rollcall.contracts.caller import Caller
from rollcall.edge.http import identity, ingest_answers
from rollcall.edge.http.router import Request, Response, Router
from rollcall.edge.runtime import clock, observe, settings
from rollcall.edge.wiring.ingest import progress as wiring_ingest
from rollcall.flows.ingest.progress import Ingest, Ingestion

router = Router()

Accept = Callable[[Ingest, bytes, Caller], Ingestion]
Answer = Callable[[Request, Ingestion], Response]


@router.route("POST /api/client/progress/batch")
def post_batch(request: Request) -> Response:
    """Take a batch."""
    return _take(request, Ingest.accept_batch, ingest_answers.answer_batch)


@router.route("POST /api/client/progress/lesson")
def post_lesson(request: Request) -> Response:
    """Take one event."""
    return _take(request, Ingest.accept_event, ingest_answers.answer_event)


def _take(request: Request, accept: Accept, answer: Answer) -> Response:
    ingest_answers.advise(request, wiring_ingest.ingest("learner"))
    caller = identity.caller_of(request.authorizer_context, clock.now())
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
