"""/api/admin/offline/replay: ask for a replay, follow a replay, cancel a replay."""

from rollcall.contracts.operations import OperationRequest
from rollcall.contracts.replay import ReplayList, ReplayQuery, ReplayRequest, ReplayView
from rollcall.edge.http.messages import Request, Response
from rollcall.edge.http.parse import read_path_id
from rollcall.edge.http.route import ACCEPTED, ACTIVE, NOT_FOUND, OK, READ, WRITE, Answer, Route, uuid_in_path
from rollcall.edge.http.router import Router
from rollcall.edge.routes import access
from rollcall.edge.runtime import observe
from rollcall.edge.wiring.operations import requests as wiring_operations

REPLAY_ID = uuid_in_path("replay_id", "The replay.")

router = Router()


@router.route(
    Route(
        "POST /api/admin/offline/replay",
        operation_id="postReplay",
        summary="Replay a window",
        description="Applies accepted events again: rebuilds projections from stored events, or applies archived "
        "messages. The work goes on in the background. Running it twice changes nothing.",
        scope=WRITE,
        role="service",
        body=ReplayRequest,
        answers={ACCEPTED: Answer("The replay is queued.", ReplayView)},
        problems=ACTIVE,
    )
)
def post_replay(request: Request, asked: ReplayRequest) -> Response:
    """Ask for a replay."""
    operation = wiring_operations.request_operation().request(
        OperationRequest(
            org_id=asked.org_id,
            kind="replay",
            source=asked.source,
            parameters=asked.parameters(),
            is_dry_run=asked.dry_run,
            rate_per_second=asked.rate,
            requested_by=access.requester(request.caller, asked.org_id),
            reason=asked.reason and access.kept_reason(asked.reason),
        )
    )
    observe.logger().info("replay requested", extra={"operation_id": str(operation.operation_id)})
    return Response.of(ACCEPTED, ReplayView.of(operation))


@router.route(
    Route(
        "GET /api/admin/offline/replay",
        operation_id="listReplays",
        summary="List the latest replays of an organisation",
        description="Newest first.",
        scope=READ,
        role="service",
        query=ReplayQuery,
        answers={OK: Answer("The replays.", ReplayList)},
    )
)
def list_replays(_request: Request, query: ReplayQuery) -> Response:
    """Answer the latest replays of an organisation."""
    operations = wiring_operations.request_operation().list_recent("replay", query.org_id, query.limit)
    return Response.of(OK, ReplayList(replays=[ReplayView.of(operation) for operation in operations]))


@router.route(
    Route(
        "GET /api/admin/offline/replay/{replay_id}",
        operation_id="getReplay",
        summary="Follow a replay",
        description="State, progress and counts.",
        scope=READ,
        role="service",
        parameters=(REPLAY_ID,),
        answers={OK: Answer("The replay.", ReplayView)},
        problems=NOT_FOUND,
    )
)
def get_replay(request: Request) -> Response:
    """Answer a replay's progress."""
    operation = wiring_operations.request_operation().read(
        "replay", read_path_id(request, "replay_id"), request.caller.org_ids
    )
    return Response.of(OK, ReplayView.of(operation))


@router.route(
    Route(
        "POST /api/admin/offline/replay/{replay_id}/cancel",
        operation_id="cancelReplay",
        summary="Cancel a replay",
        description="The replay ends at once, or after the current chunk, and keeps its work. A finished replay does "
        "not change.",
        scope=WRITE,
        role="service",
        parameters=(REPLAY_ID,),
        answers={OK: Answer("The replay as it is now.", ReplayView)},
        problems=NOT_FOUND,
    )
)
def cancel_replay(request: Request) -> Response:
    """Cancel a replay."""
    operation = wiring_operations.request_operation().cancel(
        "replay", read_path_id(request, "replay_id"), request.caller.org_ids
    )
    observe.logger().info("replay cancelled", extra={"operation_id": str(operation.operation_id)})
    return Response.of(OK, ReplayView.of(operation))
