"""/api/admin/scrub/catalogue: ids of courses and lessons that an organisation lets through."""

from rollcall import errors
from rollcall.contracts.reports import OrganisationQuery
from rollcall.contracts.scrub.catalogue import CHANGES_SHOWN, CatalogueRequest, CatalogueView
from rollcall.domain.scrub.catalogue_entry import find_personal_entry, may_be_text
from rollcall.edge.http.parse import read_model
from rollcall.edge.http.router import Request, Response, Router
from rollcall.edge.routes import access
from rollcall.edge.runtime import observe
from rollcall.edge.wiring import scrub as wiring_scrub

READ, WRITE, SUPER = "admin:read", "admin:write", "admin:super"
BODY_BYTES_MAX = 1_048_576  # 2,000 ids of 128 characters, four bytes each
OK = 200

router = Router()


@router.route("GET /api/admin/scrub/catalogue")
def get_catalogue(request: Request) -> Response:
    """Answer an organisation's catalogue, and who changed it lately."""
    return _answer(access.read_query_of(request, READ, OrganisationQuery))


@router.route("PUT /api/admin/scrub/catalogue")
def put_catalogue(request: Request) -> Response:
    """Set an organisation's catalogue; what is plainly personal is no id of anything.

    One with a blank in it may be a name or a sentence: only admin:super lets it through.
    """
    access.administrator(request, WRITE)
    asked = read_model(request, CatalogueRequest, BODY_BYTES_MAX)
    caller = access.administrator(request, WRITE, org_id=asked.org_id)
    found = [(place, rule) for place, each in enumerate(asked.ids) if (rule := find_personal_entry(each))]
    if found:
        faults = [
            errors.Fault(f"/ids/{place}", "personal_value", f"The rule {rule} finds a person.") for place, rule in found
        ]
        raise errors.InvalidRequest("A catalogue has no addresses, telephone numbers or credentials.", faults=faults)
    if any(map(may_be_text, asked.ids)):
        access.administrator(request, SUPER, org_id=asked.org_id)
    reason = asked.reason and access.kept_reason(asked.reason)
    wiring_scrub.catalogue_store().set_catalogue(
        asked.org_id, asked.ids, access.requester(caller, asked.org_id), reason
    )
    observe.logger().info("catalogue set", extra={"ids": len(asked.ids)})
    return _answer(asked)


def _answer(asked: CatalogueRequest | OrganisationQuery) -> Response:
    store = wiring_scrub.catalogue_store()
    return Response.of(
        OK,
        CatalogueView(
            org_id=asked.org_id,
            ids=store.read_catalogue(asked.org_id),
            changes=store.list_catalogue_changes(asked.org_id, CHANGES_SHOWN),
        ),
    )
