"""POST /api/client/progress/batch and /lesson: store progress events once, answer with a receipt per event."""

from collections.abc import Callable
from typing import Any

from rollcall.contracts.caller import Caller
from rollcall.edge import identity, ingest_http, observe, settings, wiring
from rollcall.edge.http import Request, Response, Router
from rollcall.flows.ingest import Ingest, Ingestion

router = Router()

Accept = Callable[[Ingest, bytes, Caller], Ingestion]
Answer = Callable[[Request, Ingestion], Response]


@router.route("POST /api/client/progress/batch")
def post_batch(request: Request) -> Response:
    """Take a batch."""
    return _take(request, Ingest.accept_batch, ingest_http.answer_batch)


@router.route("POST /api/client/progress/lesson")
def post_lesson(request: Request) -> Response:
    """Take one event."""
    return _take(request, Ingest.accept_event, ingest_http.answer_event)


def _take(request: Request, accept: Accept, answer: Answer) -> Response:
    ingest_http.advise(request, wiring.ingest("learner"))
    caller = identity.caller_of(request.authorizer_context, wiring.now())
    flow, bytes_max = wiring.ingest(caller.role), settings.current().progress_batch_max_bytes
    ingestion = ingest_http.take(
        request,
        flow,
        "ingest",
        lambda: accept(flow, ingest_http.read_body(request, bytes_max, lambda: flow.charge(caller)), caller),
    )
    return answer(request, ingestion)


@observe.entry
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer API Gateway."""
    return router.answer(event)
