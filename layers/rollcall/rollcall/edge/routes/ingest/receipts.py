"""GET /api/events/{event_id}/receipt and GET /api/receipts: the current place of an event."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from rollcall import errors
from rollcall.contracts.ingest.receipt import EventLookup
from rollcall.domain.ingest.event_ids import event_ids_of
from rollcall.edge.http.messages import Request, Response
from rollcall.edge.http.route import NOT_FOUND, OK, READ, Answer, Parameter, Route
from rollcall.edge.http.router import Router
from rollcall.edge.wiring.ingest import progress as wiring_ingest

MESSAGE_ID_MAX = 1_024

SUMMARY = "Find an event"
DESCRIPTION = (
    "The event is stored, queued, a dead letter, or rejected with a reason. A progress event and an analytics event "
    "may have the same id: then the second is among `others`."
)

router = Router()


class ReceiptQuery(BaseModel):
    """The organisation of an event."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    org_id: UUID | None = Field(
        None, description="The organisation. Required when the token holds several organisations."
    )


class MessageQuery(ReceiptQuery):
    """An event's id, and its organisation."""

    message_id: str = Field(
        min_length=1,
        max_length=MESSAGE_ID_MAX,
        description="The id from a public client: messageId, uuid or $insert_id. An event_id is also valid.",
    )


@router.route(
    Route(
        "GET /api/events/{event_id}/receipt",
        operation_id="getReceipt",
        summary=SUMMARY,
        description=DESCRIPTION,
        scope=READ,
        parameters=(Parameter("event_id", "The event's event_id, or the messageId of a public client."),),
        query=ReceiptQuery,
        answers={OK: Answer("The event's place.", EventLookup)},
        problems=NOT_FOUND,
    )
)
def get_receipt(request: Request, query: ReceiptQuery) -> Response:
    """Answer the place of an event."""
    return _answer(request, query, request.path_parameters["event_id"])


@router.route(
    Route(
        "GET /api/receipts",
        operation_id="getReceiptOfMessage",
        summary=SUMMARY,
        description=f"{DESCRIPTION} For an id that a path cannot hold.",
        scope=READ,
        query=MessageQuery,
        answers={OK: Answer("The event's place.", EventLookup)},
        problems=NOT_FOUND,
    )
)
def get_receipt_of_message(request: Request, query: MessageQuery) -> Response:
    """Answer the place of an event by an id of any form."""
    return _answer(request, query, query.message_id)


def _answer(request: Request, query: ReceiptQuery, sent_id: str) -> Response:
    org_ids = request.caller.org_ids
    if query.org_id is None and len(org_ids) > 1:
        raise errors.InvalidRequest("The token holds several organisations: name one of them, as ?org_id=...")
    org_id = query.org_id or next(iter(org_ids))
    store = wiring_ingest.receipt_store()
    for event_id in event_ids_of(org_id, sent_id):
        if states := store.find_event(org_id, event_id):
            return Response.of(OK, EventLookup.of(states))
    raise errors.EventUnknown
