"""/api/admin/offline/replay: ask for a replay, follow it, cancel it."""

from uuid import UUID

from rollcall.contracts.caller import Caller
from rollcall.contracts.operations import OperationRequest
from rollcall.contracts.replay import ReplayList, ReplayQuery, ReplayRequest, ReplayView
from rollcall.edge.http.parse import read_model, read_path_id, read_query
from rollcall.edge.http.router import Request, Response, Router
from rollcall.edge.routes import access
from rollcall.edge.runtime import observe
from rollcall.edge.wiring.operations import requests as wiring_operations

READ, WRITE = "admin:read", "admin:write"
OK, ACCEPTED = 200, 202

router = Router()


@router.route("POST /api/admin/offline/replay")
def post_replay(request: Request) -> Response:
    """Ask for a replay: 202 with its id; 409 while another one is active on the same source."""
    _administrator(request, WRITE)
    asked = read_model(request, ReplayRequest)
    caller = _administrator(request, WRITE, asked.org_id)
    operation = wiring_operations.request_operation().request(
        OperationRequest(
            org_id=asked.org_id,
            kind="replay",
            source=asked.source,
            parameters=asked.parameters(),
            is_dry_run=asked.dry_run,
            rate_per_second=asked.rate,
            requested_by=access.requester(caller, asked.org_id),
            reason=asked.reason and access.kept_reason(asked.reason),
        )
    )
    observe.logger().info("replay requested", extra={"operation_id": str(operation.operation_id)})
    return Response.of(ACCEPTED, ReplayView.of(operation))


@router.route("GET /api/admin/offline/replay")
def list_replays(request: Request) -> Response:
    """Answer the latest replays of an organisation."""
    query = read_query(request, ReplayQuery)
    _administrator(request, READ, query.org_id)
    operations = wiring_operations.request_operation().list_recent("replay", query.org_id, query.limit)
    return Response.of(OK, ReplayList(replays=[ReplayView.of(operation) for operation in operations]))


@router.route("GET /api/admin/offline/replay/{replay_id}")
def get_replay(request: Request) -> Response:
    """Answer how far a replay is."""
    caller = _administrator(request, READ)
    operation = wiring_operations.request_operation().read("replay", read_path_id(request, "replay_id"), caller.org_ids)
    return Response.of(OK, ReplayView.of(operation))


@router.route("POST /api/admin/offline/replay/{replay_id}/cancel")
def cancel_replay(request: Request) -> Response:
    """Cancel a replay: at once, or after the chunk under way. One that is finished stays as it is."""
    caller = _administrator(request, WRITE)
    operation = wiring_operations.request_operation().cancel(
        "replay", read_path_id(request, "replay_id"), caller.org_ids
    )
    observe.logger().info("replay cancelled", extra={"operation_id": str(operation.operation_id)})
    return Response.of(OK, ReplayView.of(operation))


def _administrator(request: Request, scope: str, org_id: UUID | None = None) -> Caller:
    return access.administrator(request, scope, role="service", org_id=org_id)
