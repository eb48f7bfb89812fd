"""GET /api/events/{event_id}/receipt and GET /api/receipts: where an event is now."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from rollcall import errors
from rollcall.contracts.ingest.receipt import EventLookup
from rollcall.domain.ingest.event_ids import event_ids_of
from rollcall.edge.http.parse import read_query
from rollcall.edge.http.router import Request, Response, Router
from rollcall.edge.routes import access
from rollcall.edge.wiring.ingest import progress as wiring_ingest

OK = 200
MESSAGE_ID_MAX = 1_024

router = Router()


class ReceiptQuery(BaseModel):
    """Whose event it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    org_id: UUID | None = Field(None, description="The organisation; may be left out when the token holds but one.")


class MessageQuery(ReceiptQuery):
    """Which event, and whose it is."""

    message_id: str = Field(
        min_length=1,
        max_length=MESSAGE_ID_MAX,
        description="The id that a public client gave: messageId, uuid or $insert_id. An event_id will do as well.",
    )


@router.route("GET /api/events/{event_id}/receipt")
def get_receipt(request: Request) -> Response:
    """Answer where an event is: stored, queued, a dead letter, or rejected with a reason."""
    return _answer(request, read_query(request, ReceiptQuery), request.path_parameters["event_id"])


@router.route("GET /api/receipts")
def get_receipt_of_message(request: Request) -> Response:
    """Answer the same for an id of any form, such as a path cannot hold."""
    query = read_query(request, MessageQuery)
    return _answer(request, query, query.message_id)


def _answer(request: Request, query: ReceiptQuery, told_id: str) -> Response:
    caller = access.administrator(request, "admin:read")
    if query.org_id is None and len(caller.org_ids) > 1:
        raise errors.InvalidRequest("The token holds several organisations: name one, as ?org_id=...")
    org_id = query.org_id or next(iter(caller.org_ids))
    if org_id not in caller.org_ids:
        raise errors.OrganisationForbidden
    store = wiring_ingest.receipt_store()
    for event_id in event_ids_of(org_id, told_id):
        if states := store.find_event(org_id, event_id):
            return Response.of(OK, EventLookup.of(states))
    raise errors.EventUnknown
