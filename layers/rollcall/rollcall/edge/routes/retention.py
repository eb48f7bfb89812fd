"""/api/admin/snapshots and /api/admin/purge: list, verify and restore snapshots, and delete events for good."""

from rollcall import errors
from rollcall.contracts.operations import OperationRequest
from rollcall.contracts.retention.purge import PurgeRequest, PurgeView
from rollcall.contracts.retention.restore import (
    RestoreRequest,
    RestoreView,
    SnapshotList,
    SnapshotQuery,
    SnapshotView,
    VerifyReport,
    VerifyRequest,
)
from rollcall.edge.http.messages import Request, Response
from rollcall.edge.http.parse import read_path_id
from rollcall.edge.http.route import (
    ACCEPTED,
    ACTIVE,
    BREAKGLASS,
    NOT_FOUND,
    OK,
    READ,
    WRITE,
    Answer,
    Route,
    uuid_in_path,
)
from rollcall.edge.http.router import Router
from rollcall.edge.routes import access
from rollcall.edge.runtime import observe
from rollcall.edge.wiring import retention as wiring_retention
from rollcall.edge.wiring.operations import requests as wiring_operations

PURGE_ID = uuid_in_path("purge_id", "The purge.")
SNAPSHOT_UNKNOWN = {404: "The organisation has no snapshot of this table and day."}

router = Router()


@router.route(
    Route(
        "GET /api/admin/snapshots",
        operation_id="listSnapshots",
        summary="List an organisation's snapshots",
        description="Files of the days that retention has dropped, by table, day, sequence and part.",
        scope=READ,
        query=SnapshotQuery,
        answers={OK: Answer("The files.", SnapshotList)},
    )
)
def list_snapshots(_request: Request, query: SnapshotQuery) -> Response:
    """Answer the files of an organisation's snapshots."""
    files = wiring_retention.snapshot_store().list_files(
        query.org_id, query.limit, table=query.table, first=query.first, last=query.last
    )
    return Response.of(OK, SnapshotList(snapshots=[SnapshotView.of(file) for file in files]))


@router.route(
    Route(
        "POST /api/admin/snapshots/verify",
        operation_id="verifySnapshot",
        summary="Verify a day's snapshot",
        description="Reads each object and compares it with its digests, and the manifest with its signature. A day of "
        "more than 25 files is verified by a restoration with dry_run, in the background.",
        scope=READ,
        body=VerifyRequest,
        answers={OK: Answer("The files, and the fault of each damaged file.", VerifyReport)},
        problems=SNAPSHOT_UNKNOWN,
    )
)
def verify_snapshot(_request: Request, asked: VerifyRequest) -> Response:
    """Read a day's snapshot back, and answer which files differ from their digests."""
    report = wiring_retention.verify().verify(asked.org_id, asked.table, asked.day)
    observe.logger().info("snapshot verified", extra={"intact": report.intact, "files": len(report.files)})
    return Response.of(OK, report)


@router.route(
    Route(
        "POST /api/admin/snapshots/restore",
        operation_id="postRestore",
        summary="Restore a day",
        description="Restores the rows of one organisation, table and day: into the live table, where retention "
        "leaves them alone for a week, or into a scratch table. Running it twice changes nothing.",
        scope=WRITE,
        waits_for_backlog=True,
        body=RestoreRequest,
        answers={ACCEPTED: Answer("The restoration is queued.", RestoreView)},
        problems=SNAPSHOT_UNKNOWN | ACTIVE,
    )
)
def post_restore(request: Request, asked: RestoreRequest) -> Response:
    """Ask for a restoration; 404 without a snapshot."""
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
            requested_by=access.requester(request.caller, asked.org_id),
            reason=asked.reason and access.kept_reason(asked.reason),
        )
    )
    observe.logger().info("restore requested", extra={"operation_id": str(operation.operation_id)})
    return Response.of(ACCEPTED, RestoreView.of(operation))


@router.route(
    Route(
        "GET /api/admin/snapshots/restore/{restore_id}",
        operation_id="getRestore",
        summary="Follow a restoration",
        description="State, progress and counts.",
        scope=READ,
        parameters=(uuid_in_path("restore_id", "The restoration."),),
        answers={OK: Answer("The restoration.", RestoreView)},
        problems=NOT_FOUND,
    )
)
def get_restore(request: Request) -> Response:
    """Answer a restoration's progress."""
    operation = wiring_operations.request_operation().read(
        "restore", read_path_id(request, "restore_id"), request.caller.org_ids
    )
    return Response.of(OK, RestoreView.of(operation))


@router.route(
    Route(
        "POST /api/admin/purge",
        operation_id="postPurge",
        summary="Delete a window for good",
        description="Deletes an organisation's data of a window: live events, their traces in projections and in "
        "rollups of days that are not frozen, and rows of snapshots. Purged data cannot be restored.",
        scope=BREAKGLASS,
        waits_for_backlog=True,
        body=PurgeRequest,
        answers={ACCEPTED: Answer("The purge is queued.", PurgeView)},
        problems=ACTIVE,
    )
)
def post_purge(request: Request, asked: PurgeRequest) -> Response:
    """Ask for a purge."""
    operation = wiring_operations.request_operation().request(
        OperationRequest(
            org_id=asked.org_id,
            kind="purge",
            source="events",
            parameters=asked.parameters(),
            is_dry_run=asked.dry_run,
            requested_by=access.requester(request.caller, asked.org_id),
            reason=access.kept_reason(asked.reason),
        )
    )
    observe.logger().info("purge requested", extra={"operation_id": str(operation.operation_id)})
    return Response.of(ACCEPTED, PurgeView.of(operation))


@router.route(
    Route(
        "GET /api/admin/purge/{purge_id}",
        operation_id="getPurge",
        summary="Follow a purge",
        description="State and counts.",
        scope=READ,
        parameters=(PURGE_ID,),
        answers={OK: Answer("The purge.", PurgeView)},
        problems=NOT_FOUND,
    )
)
def get_purge(request: Request) -> Response:
    """Answer a purge's progress."""
    operation = wiring_operations.request_operation().read(
        "purge", read_path_id(request, "purge_id"), request.caller.org_ids
    )
    return Response.of(OK, PurgeView.of(operation))


@router.route(
    Route(
        "POST /api/admin/purge/{purge_id}/cancel",
        operation_id="cancelPurge",
        summary="Cancel a purge",
        description="The purge ends at once, or after the current chunk. Deleted data stays deleted.",
        scope=BREAKGLASS,
        parameters=(PURGE_ID,),
        answers={OK: Answer("The purge as it is now.", PurgeView)},
        problems=NOT_FOUND,
    )
)
def cancel_purge(request: Request) -> Response:
    """Cancel a purge."""
    operation = wiring_operations.request_operation().cancel(
        "purge", read_path_id(request, "purge_id"), request.caller.org_ids
    )
    observe.logger().info("purge cancelled", extra={"operation_id": str(operation.operation_id)})
    return Response.of(OK, PurgeView.of(operation))
