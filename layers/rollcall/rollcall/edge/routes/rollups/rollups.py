"""/api/admin/rollups/rebuilds: compute an organisation's rollups again from its events, follow that, cancel it."""

from rollcall.contracts.operations import OperationRequest, OperationView
from rollcall.contracts.rollups import RebuildList, RebuildQuery, RebuildRequest
from rollcall.edge.http.parse import read_model, read_path_id, read_query
from rollcall.edge.http.router import Request, Response, Router
from rollcall.edge.routes import access
from rollcall.edge.runtime import observe
from rollcall.edge.wiring.operations import requests as wiring_operations

READ, WRITE = "admin:read", "admin:write"
OK, ACCEPTED = 200, 202

router = Router()


@router.route("POST /api/admin/rollups/rebuilds")
def post_rebuild(request: Request) -> Response:
    """Ask for a rebuild: 202 with its id; 409 while another one of the organisation is active."""
    access.administrator(request, WRITE)
    asked = read_model(request, RebuildRequest)
    caller = access.administrator(request, WRITE, org_id=asked.org_id)
    operation = wiring_operations.request_operation().request(
        OperationRequest(
            org_id=asked.org_id,
            kind="rollup",
            source="events",
            parameters=asked.parameters(),
            is_dry_run=asked.dry_run,
            rate_per_second=asked.rate,
            requested_by=access.requester(caller, asked.org_id),
            reason=asked.reason and access.kept_reason(asked.reason),
        )
    )
    observe.logger().info("rebuild requested", extra={"operation_id": str(operation.operation_id)})
    return Response.of(ACCEPTED, OperationView.of(operation))


@router.route("GET /api/admin/rollups/rebuilds")
def list_rebuilds(request: Request) -> Response:
    """Answer the latest rebuilds of an organisation."""
    query = read_query(request, RebuildQuery)
    access.administrator(request, READ, org_id=query.org_id)
    operations = wiring_operations.request_operation().list_recent("rollup", query.org_id, query.limit)
    return Response.of(OK, RebuildList(rebuilds=[OperationView.of(operation) for operation in operations]))


@router.route("GET /api/admin/rollups/rebuilds/{operation_id}")
def get_rebuild(request: Request) -> Response:
    """Answer how far a rebuild is."""
    caller = access.administrator(request, READ)
    operation = wiring_operations.request_operation().read(
        "rollup", read_path_id(request, "operation_id"), caller.org_ids
    )
    return Response.of(OK, OperationView.of(operation))


@router.route("POST /api/admin/rollups/rebuilds/{operation_id}/cancel")
def cancel_rebuild(request: Request) -> Response:
    """Cancel a rebuild: at once, or after the day under way. One that is finished stays as it is."""
    caller = access.administrator(request, WRITE)
    operation = wiring_operations.request_operation().cancel(
        "rollup", read_path_id(request, "operation_id"), caller.org_ids
    )
    observe.logger().info("rebuild cancelled", extra={"operation_id": str(operation.operation_id)})
    return Response.of(OK, OperationView.of(operation))
