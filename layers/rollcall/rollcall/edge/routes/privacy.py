"""/api/admin/privacy: erase or export one learner, follow the operation, read its certificate, fetch the export."""

from rollcall.contracts.operations import Operation, OperationKind, OperationRequest
from rollcall.contracts.privacy import (
    Certificate,
    ErasureList,
    ErasureView,
    ExportList,
    ExportView,
    LearnerQuery,
    LearnerRequest,
)
from rollcall.domain.privacy import certificate
from rollcall.edge.http.messages import Request, Response
from rollcall.edge.http.parse import read_path_id
from rollcall.edge.http.route import ACCEPTED, NOT_FOUND, OK, READ, WRITE, Answer, Route, uuid_in_path
from rollcall.edge.http.router import Router
from rollcall.edge.routes import access
from rollcall.edge.runtime import observe
from rollcall.edge.wiring import privacy as wiring_privacy
from rollcall.edge.wiring import scrub as wiring_scrub
from rollcall.edge.wiring.operations import requests as wiring_operations
from rollcall.flows.privacy.objects import export_key

OPERATION_ID = uuid_in_path("operation_id", "The operation.")
ACTIVE_ON_LEARNER = {409: "Another operation is at work on the same learner: `detail` names it."}

router = Router()


@router.route(
    Route(
        "POST /api/admin/privacy/erase",
        operation_id="postErasure",
        summary="Erase one learner",
        description="Erases every trace of one learner in one organisation: rows, rollups, archives, snapshots, "
        "exports. Events that still wait in queues or on devices are refused when they arrive. The same request while "
        "the erasure is at work answers the same operation.",
        scope=WRITE,
        waits_for_backlog=True,
        body=LearnerRequest,
        answers={ACCEPTED: Answer("The erasure is queued, or at work already.", ErasureView)},
        problems=ACTIVE_ON_LEARNER,
    )
)
def post_erase(request: Request, asked: LearnerRequest) -> Response:
    """Ask for an erasure."""
    return Response.of(ACCEPTED, ErasureView.of(_ask(request, asked, "erase")))


@router.route(
    Route(
        "POST /api/admin/privacy/export",
        operation_id="postExport",
        summary="Export one learner",
        description="Writes everything that one organisation keeps about one learner into one object of JSON lines, "
        "kept for seven days. The same request while the export is at work answers the same operation.",
        scope=WRITE,
        body=LearnerRequest,
        answers={ACCEPTED: Answer("The export is queued, or at work already.", ExportView)},
        problems=ACTIVE_ON_LEARNER,
    )
)
def post_export(request: Request, asked: LearnerRequest) -> Response:
    """Ask for an export."""
    return Response.of(ACCEPTED, ExportView.of(_ask(request, asked, "export")))


@router.route(
    Route(
        "GET /api/admin/privacy/erase",
        operation_id="listErasures",
        summary="List the latest erasures of an organisation",
        description="Newest first, without certificates.",
        scope=READ,
        query=LearnerQuery,
        answers={OK: Answer("The erasures.", ErasureList)},
    )
)
def list_erasures(_request: Request, query: LearnerQuery) -> Response:
    """Answer the latest erasures of an organisation."""
    found = _latest(query, "erase")
    return Response.of(OK, ErasureList(erasures=[ErasureView.of(operation) for operation in found]))


@router.route(
    Route(
        "GET /api/admin/privacy/export",
        operation_id="listExports",
        summary="List the latest exports of an organisation",
        description="Newest first.",
        scope=READ,
        query=LearnerQuery,
        answers={OK: Answer("The exports.", ExportList)},
    )
)
def list_exports(_request: Request, query: LearnerQuery) -> Response:
    """Answer the latest exports of an organisation."""
    found = _latest(query, "export")
    return Response.of(OK, ExportList(exports=[ExportView.of(operation) for operation in found]))


@router.route(
    Route(
        "GET /api/admin/privacy/erase/{operation_id}",
        operation_id="getErasure",
        summary="Follow an erasure, and read its certificate",
        description="A finished erasure has a certificate: what was erased in each place, and what a search of every "
        "place found afterwards.",
        scope=READ,
        parameters=(OPERATION_ID,),
        answers={OK: Answer("The erasure.", ErasureView, mentions=(Certificate,))},
        problems=NOT_FOUND,
    )
)
def get_erasure(request: Request) -> Response:
    """Answer an erasure's progress, and its certificate when it is done."""
    operation = _one(request, "erase")
    found = wiring_privacy.privacy_store().certificate(operation.org_id, operation.operation_id)
    genuine = None if found is None else certificate.is_genuine(found, wiring_scrub.keyring())
    return Response.of(OK, ErasureView.of(operation, certificate=found, is_genuine=genuine))


@router.route(
    Route(
        "GET /api/admin/privacy/export/{operation_id}",
        operation_id="getExport",
        summary="Follow an export, and get its download URL",
        description="A finished export has a URL that works for a few minutes.",
        scope=WRITE,
        parameters=(OPERATION_ID,),
        answers={OK: Answer("The export.", ExportView)},
        problems=NOT_FOUND,
    )
)
def get_export(request: Request) -> Response:
    """Answer an export's progress, and its download URL when it is done."""
    operation = _one(request, "export")
    objects, key = wiring_operations.archive_objects(), export_key(operation.org_id, operation.operation_id)
    if operation.state != "done" or not objects.keys_after(key):
        return Response.of(OK, ExportView.of(operation))
    lasts = wiring_privacy.DOWNLOAD_SECONDS
    url = objects.address(key, lasts)
    return Response.of(OK, ExportView.of(operation, download_url=url, download_expires_in_seconds=lasts))


def _ask(request: Request, asked: LearnerRequest, kind: OperationKind) -> Operation:
    learner = wiring_privacy.learner_identifiers_of(asked)
    operation = wiring_operations.request_operation().request_once(
        OperationRequest(
            org_id=asked.org_id,
            kind=kind,
            source=learner.source,
            parameters=learner.parameters(),
            is_dry_run=asked.dry_run,
            requested_by=access.requester(request.caller, asked.org_id),
            reason=access.kept_reason(asked.reason),
        )
    )
    observe.logger().info(f"{kind} requested", extra={"operation_id": str(operation.operation_id)})
    return operation


def _latest(query: LearnerQuery, kind: OperationKind) -> list[Operation]:
    return wiring_operations.request_operation().list_recent(kind, query.org_id, query.limit)


def _one(request: Request, kind: OperationKind) -> Operation:
    operation_id = read_path_id(request, "operation_id")
    return wiring_operations.request_operation().read(kind, operation_id, request.caller.org_ids)
