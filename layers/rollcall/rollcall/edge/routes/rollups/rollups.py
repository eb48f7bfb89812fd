"""/api/admin/rollups/rebuilds: rebuild an organisation's rollups from its events, follow a rebuild, cancel it."""

from rollcall.contracts.operations import OperationRequest, OperationView
from rollcall.contracts.rollups import RebuildList, RebuildQuery, RebuildRequest
from rollcall.edge.http.messages import Request, Response
from rollcall.edge.http.parse import read_path_id
from rollcall.edge.http.route import ACCEPTED, ACTIVE, NOT_FOUND, OK, READ, WRITE, Answer, Route, uuid_in_path
from rollcall.edge.http.router import Router
from rollcall.edge.routes import access
from rollcall.edge.runtime import observe
from rollcall.edge.wiring.operations import requests as wiring_operations

REBUILD_ID = uuid_in_path("operation_id", "The rebuild.")

router = Router()


@router.route(
    Route(
        "POST /api/admin/rollups/rebuilds",
        operation_id="postRollupRebuild",
        summary="Rebuild rollups",
        description="Computes rollups again from the stored events, one day after another, while the system runs. Days "
        "whose events retention dropped do not change. Running it twice changes nothing.",
        scope=WRITE,
        waits_for_backlog=True,
        body=RebuildRequest,
        answers={ACCEPTED: Answer("The rebuild is queued.", OperationView)},
        problems=ACTIVE,
    )
)
def post_rebuild(request: Request, asked: RebuildRequest) -> Response:
    """Ask for a rebuild."""
    operation = wiring_operations.request_operation().request(
        OperationRequest(
            org_id=asked.org_id,
            kind="rollup",
            source="events",
            parameters=asked.parameters(),
            is_dry_run=asked.dry_run,
            rate_per_second=asked.rate,
            requested_by=access.requester(request.caller, asked.org_id),
            reason=asked.reason and access.kept_reason(asked.reason),
        )
    )
    observe.logger().info("rebuild requested", extra={"operation_id": str(operation.operation_id)})
    return Response.of(ACCEPTED, OperationView.of(operation))


@router.route(
    Route(
        "GET /api/admin/rollups/rebuilds",
        operation_id="listRollupRebuilds",
        summary="List the latest rebuilds of an organisation",
        description="Newest first.",
        scope=READ,
        query=RebuildQuery,
        answers={OK: Answer("The rebuilds.", RebuildList)},
    )
)
def list_rebuilds(_request: Request, query: RebuildQuery) -> Response:
    """Answer the latest rebuilds of an organisation."""
    operations = wiring_operations.request_operation().list_recent("rollup", query.org_id, query.limit)
    return Response.of(OK, RebuildList(rebuilds=[OperationView.of(operation) for operation in operations]))


@router.route(
    Route(
        "GET /api/admin/rollups/rebuilds/{operation_id}",
        operation_id="getRollupRebuild",
        summary="Follow a rebuild",
        description="State, progress in days, and counts.",
        scope=READ,
        parameters=(REBUILD_ID,),
        answers={OK: Answer("The rebuild.", OperationView)},
        problems=NOT_FOUND,
    )
)
def get_rebuild(request: Request) -> Response:
    """Answer a rebuild's progress."""
    operation = wiring_operations.request_operation().read(
        "rollup", read_path_id(request, "operation_id"), request.caller.org_ids
    )
    return Response.of(OK, OperationView.of(operation))


@router.route(
    Route(
        "POST /api/admin/rollups/rebuilds/{operation_id}/cancel",
        operation_id="cancelRollupRebuild",
        summary="Cancel a rebuild",
        description="The rebuild ends at once, or after the current day, and keeps its work. A finished rebuild does "
        "not change.",
        scope=WRITE,
        parameters=(REBUILD_ID,),
        answers={OK: Answer("The rebuild as it is now.", OperationView)},
        problems=NOT_FOUND,
    )
)
def cancel_rebuild(request: Request) -> Response:
    """Cancel a rebuild."""
    operation = wiring_operations.request_operation().cancel(
        "rollup", read_path_id(request, "operation_id"), request.caller.org_ids
    )
    observe.logger().info("rebuild cancelled", extra={"operation_id": str(operation.operation_id)})
    return Response.of(OK, OperationView.of(operation))
