"""GET /api/events/{event_id}/receipt: where an event is now."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from rollcall import errors
from rollcall.contracts.identifiers import read_uuid
from rollcall.contracts.receipt import EventLookup
from rollcall.edge import access, wiring
from rollcall.edge.http import Request, Response, Router
from rollcall.edge.models import read_query

OK = 200

router = Router()


class ReceiptQuery(BaseModel):
    """Whose event it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    org_id: UUID | None = Field(None, description="The organisation; may be left out when the token holds but one.")


@router.route("GET /api/events/{event_id}/receipt")
def get_receipt(request: Request) -> Response:
    """Answer where an event is: stored, queued, a dead letter, or rejected with a reason."""
    caller = access.administrator(request, "admin:read")
    query = read_query(request, ReceiptQuery)
    if query.org_id is None and len(caller.org_ids) > 1:
        raise errors.InvalidRequest("The token holds several organisations: name one, as ?org_id=...")
    org_id = query.org_id or next(iter(caller.org_ids))
    if org_id not in caller.org_ids:
        raise errors.OrganisationForbidden
    states = wiring.receipt_store().find_event(org_id, _event_id(request))
    if not states:
        raise errors.EventUnknown
    return Response.of(OK, EventLookup.of(states))


def _event_id(request: Request) -> UUID:
    if (event_id := read_uuid(request.path_parameters["event_id"])) is None:
        raise errors.InvalidRequest("An event_id is a UUID.")
    return event_id
