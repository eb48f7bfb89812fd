"""/api/admin/snapshots and /api/admin/purge: list, verify and restore snapshots, and delete for good."""

from rollcall import errors
from rollcall.contracts.operations import OperationRequest
from rollcall.contracts.retention.purge import PurgeRequest, PurgeView
from rollcall.contracts.retention.restore import (
    RestoreRequest,
    RestoreView,
    SnapshotList,
    SnapshotQuery,
    SnapshotView,
    VerifyRequest,
)
from rollcall.edge.http.parse import read_model, read_path_id, read_query
from rollcall.edge.http.router import Request, Response, Router
from rollcall.edge.routes import access
from rollcall.edge.runtime import observe
from rollcall.edge.wiring import retention as wiring_retention
from rollcall.edge.wiring.operations import requests as wiring_operations

READ, WRITE, BREAKGLASS = "admin:read", "admin:write", "admin:breakglass"
OK, ACCEPTED = 200, 202

router = Router()


@router.route("GET /api/admin/snapshots")
def list_snapshots(request: Request) -> Response:
    """Answer the files of an organisation's snapshots."""
    query = read_query(request, SnapshotQuery)
    access.administrator(request, READ, org_id=query.org_id)
    files = wiring_retention.snapshot_store().list_files(
        query.org_id, query.limit, table=query.table, first=query.first, last=query.last
    )
    return Response.of(OK, SnapshotList(snapshots=[SnapshotView.of(file) for file in files]))


@router.route("POST /api/admin/snapshots/verify")
def verify_snapshot(request: Request) -> Response:
    """Read a day's snapshot back, and answer what is not as it was written."""
    access.administrator(request, READ)
    asked = read_model(request, VerifyRequest)
    access.administrator(request, READ, org_id=asked.org_id)
    report = wiring_retention.verify().verify(asked.org_id, asked.table, asked.day)
    observe.logger().info("snapshot verified", extra={"intact": report.intact, "files": len(report.files)})
    return Response.of(OK, report)


@router.route("POST /api/admin/snapshots/restore")
def post_restore(request: Request) -> Response:
    """Ask that a day be restored: 202 with its id; 404 without a snapshot, 409 while it is at work already."""
    access.administrator(request, WRITE)
    asked = read_model(request, RestoreRequest)
    caller = access.administrator(request, WRITE, org_id=asked.org_id)
    store = wiring_retention.snapshot_store()
    if not store.list_files(asked.org_id, 1, table=asked.table, first=asked.day, last=asked.day):
        raise errors.SnapshotUnknown
    operation = wiring_operations.request_operation().request(
        OperationRequest(
            org_id=asked.org_id,
            kind="restore",
            source=f"{asked.table}/{asked.day.isoformat()}",
            parameters={"table_name": asked.table, "day": asked.day.isoformat(), "target": asked.target},
            is_dry_run=asked.dry_run,
            requested_by=access.requester(caller, asked.org_id),
            reason=asked.reason and access.kept_reason(asked.reason),
        )
    )
    observe.logger().info("restore requested", extra={"operation_id": str(operation.operation_id)})
    return Response.of(ACCEPTED, RestoreView.of(operation))


@router.route("GET /api/admin/snapshots/restore/{restore_id}")
def get_restore(request: Request) -> Response:
    """Answer how far a restoration is."""
    caller = access.administrator(request, READ)
    operation = wiring_operations.request_operation().read(
        "restore", read_path_id(request, "restore_id"), caller.org_ids
    )
    return Response.of(OK, RestoreView.of(operation))


@router.route("POST /api/admin/purge")
def post_purge(request: Request) -> Response:
    """Ask that a window be deleted for good: 202 with its id; 409 while another one is at work."""
    access.administrator(request, BREAKGLASS)
    asked = read_model(request, PurgeRequest)
    caller = access.administrator(request, BREAKGLASS, org_id=asked.org_id)
    operation = wiring_operations.request_operation().request(
        OperationRequest(
            org_id=asked.org_id,
            kind="purge",
            source="events",
            parameters=asked.parameters(),
            is_dry_run=asked.dry_run,
            requested_by=access.requester(caller, asked.org_id),
            reason=access.kept_reason(asked.reason),
        )
    )
    observe.logger().info("purge requested", extra={"operation_id": str(operation.operation_id)})
    return Response.of(ACCEPTED, PurgeView.of(operation))


@router.route("GET /api/admin/purge/{purge_id}")
def get_purge(request: Request) -> Response:
    """Answer how far a purge is."""
    caller = access.administrator(request, READ)
    operation = wiring_operations.request_operation().read("purge", read_path_id(request, "purge_id"), caller.org_ids)
    return Response.of(OK, PurgeView.of(operation))


@router.route("POST /api/admin/purge/{purge_id}/cancel")
def cancel_purge(request: Request) -> Response:
    """Cancel a purge: at once, or after the chunk under way. What was deleted stays so."""
    caller = access.administrator(request, BREAKGLASS)
    operation = wiring_operations.request_operation().cancel("purge", read_path_id(request, "purge_id"), caller.org_ids)
    observe.logger().info("purge cancelled", extra={"operation_id": str(operation.operation_id)})
    return Response.of(OK, PurgeView.of(operation))
