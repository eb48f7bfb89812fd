"""/api/admin/scrub/catalogue: ids of courses and lessons that an organisation allows."""

from uuid import UUID

from rollcall import errors
from rollcall.contracts.reports import OrganisationQuery
from rollcall.contracts.scrub.catalogue import CHANGES_SHOWN, CatalogueRequest, CatalogueView
from rollcall.domain.scrub.catalogue_entry import find_personal_entry, may_be_text
from rollcall.edge.http import authorization
from rollcall.edge.http.messages import Request, Response
from rollcall.edge.http.route import OK, READ, SUPER, WRITE, Answer, Route
from rollcall.edge.http.router import Router
from rollcall.edge.routes import access
from rollcall.edge.runtime import observe
from rollcall.edge.wiring import scrub as wiring_scrub

BODY_BYTES_MAX = 1_048_576  # 2,000 ids of 128 characters, four bytes each

router = Router()


@router.route(
    Route(
        "GET /api/admin/scrub/catalogue",
        operation_id="getCatalogue",
        summary="Read an organisation's course catalogue",
        description="Ids of courses and lessons that scrubbing keeps, although a value rule finds personal data in "
        "them.",
        scope=READ,
        query=OrganisationQuery,
        answers={OK: Answer("The catalogue, and its latest changes.", CatalogueView)},
    )
)
def get_catalogue(_request: Request, query: OrganisationQuery) -> Response:
    """Answer an organisation's catalogue, and its latest changes."""
    return _answer(query.org_id)


@router.route(
    Route(
        "PUT /api/admin/scrub/catalogue",
        operation_id="putCatalogue",
        summary="Set an organisation's course catalogue",
        description="The ids replace the catalogue's ids within a minute. Addresses, telephone numbers with a plus and "
        "credentials are refused. An id with a blank needs the scope admin:super.",
        scope=WRITE,
        body=CatalogueRequest,
        body_bytes_max=BODY_BYTES_MAX,
        answers={OK: Answer("The catalogue as it is now.", CatalogueView)},
    )
)
def put_catalogue(request: Request, asked: CatalogueRequest) -> Response:
    """Set an organisation's catalogue. Plainly personal values are refused.

    A value with a blank may be a name or a sentence, so it needs admin:super.
    """
    found = [(place, rule) for place, each in enumerate(asked.ids) if (rule := find_personal_entry(each))]
    if found:
        faults = [
            errors.Fault(f"/ids/{place}", "personal_value", f"The rule {rule} finds a person.") for place, rule in found
        ]
        raise errors.InvalidRequest(
            "A catalogue may not have addresses, telephone numbers or credentials.", faults=faults
        )
    if any(map(may_be_text, asked.ids)):
        authorization.check(request.caller, SUPER)
    reason = asked.reason and access.kept_reason(asked.reason)
    wiring_scrub.catalogue_store().set_catalogue(
        asked.org_id, asked.ids, access.requester(request.caller, asked.org_id), reason
    )
    observe.logger().info("catalogue set", extra={"ids": len(asked.ids)})
    return _answer(asked.org_id)


def _answer(org_id: UUID) -> Response:
    store = wiring_scrub.catalogue_store()
    return Response.of(
        OK,
        CatalogueView(
            org_id=org_id,
            ids=store.read_catalogue(org_id),
            changes=store.list_catalogue_changes(org_id, CHANGES_SHOWN),
        ),
    )
