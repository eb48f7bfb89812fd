"""How POST /v1/batch is asked and answers: as clients of Segment's tracking API expect, who go by the status alone."""

import base64

from rollcall import errors
from rollcall.contracts.segment import SegmentAnswer
from rollcall.edge import ingest_http
from rollcall.edge.http import Request, Response
from rollcall.flows.ingest import Ingestion
from rollcall.flows.track import Track

OK = 200


def presented_key(request: Request) -> str | None:
    """Return the write key that a request presents as its Basic user, None without an Authorization header.

    Raises InvalidWriteKey for a header of any other form.
    """
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, credentials = header.partition(" ")
    try:
        text = base64.b64decode(credentials.strip(), validate=True).decode()
    except ValueError:
        raise errors.InvalidWriteKey from None
    if scheme.lower() != "basic":
        raise errors.InvalidWriteKey
    return text.partition(":")[0]


def accept_batch(request: Request, flow: Track, bytes_max: int) -> Ingestion:
    """Take the batch of a request. Raises what `presented_key`, `read_body` and the flow raise."""
    key = presented_key(request)
    body = (
        request.body(bytes_max) if key is None else ingest_http.read_body(request, bytes_max, lambda: flow.charge(key))
    )
    return flow.accept_batch(body, key)


def answer_batch(request: Request, ingestion: Ingestion) -> Response:
    """Answer a batch: success when any call was taken, or dropped on purpose, else a problem with each fault."""
    receipt = ingest_http.receipt_of(ingestion)
    if ingest_http.is_settled(receipt):
        return Response.of(OK, SegmentAnswer())
    return Response.refusal(errors.InvalidEvents(faults=ingestion.faults), request.request_id)
