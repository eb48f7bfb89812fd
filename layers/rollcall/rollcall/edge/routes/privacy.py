"""/api/admin/privacy: erase or export one learner, follow it, read the certificate, fetch the export."""

from rollcall.contracts.operations import Operation, OperationKind, OperationRequest
from rollcall.contracts.privacy import (
    ErasureList,
    ErasureView,
    ExportList,
    ExportView,
    LearnerQuery,
    LearnerRequest,
)
from rollcall.domain.privacy import certificate
from rollcall.edge.http.parse import read_model, read_path_id, read_query
from rollcall.edge.http.router import Request, Response, Router
from rollcall.edge.routes import access
from rollcall.edge.runtime import observe
from rollcall.edge.wiring import privacy as wiring_privacy
from rollcall.edge.wiring import scrub as wiring_scrub
from rollcall.edge.wiring.operations import requests as wiring_operations
from rollcall.flows.privacy.objects import export_key

READ, WRITE = "admin:read", "admin:write"
OK, ACCEPTED = 200, 202

router = Router()


@router.route("POST /api/admin/privacy/erase")
def post_erase(request: Request) -> Response:
    """Ask for an erasure: 202 with its id, the same while it is at work; 409 while an export of the same learner is."""
    return Response.of(ACCEPTED, ErasureView.of(_ask(request, "erase")))


@router.route("POST /api/admin/privacy/export")
def post_export(request: Request) -> Response:
    """Ask for an export: 202 with its id, the same while it is at work; 409 while the same learner is erased."""
    return Response.of(ACCEPTED, ExportView.of(_ask(request, "export")))


@router.route("GET /api/admin/privacy/erase")
def list_erasures(request: Request) -> Response:
    """Answer the latest erasures of an organisation."""
    found = _latest(request, "erase", READ)
    return Response.of(OK, ErasureList(erasures=[ErasureView.of(operation) for operation in found]))


@router.route("GET /api/admin/privacy/export")
def list_exports(request: Request) -> Response:
    """Answer the latest exports of an organisation."""
    found = _latest(request, "export", READ)
    return Response.of(OK, ExportList(exports=[ExportView.of(operation) for operation in found]))


@router.route("GET /api/admin/privacy/erase/{operation_id}")
def get_erasure(request: Request) -> Response:
    """Answer how far an erasure is, and its certificate once it is done."""
    operation = _one(request, "erase", READ)
    found = wiring_privacy.privacy_store().certificate(operation.org_id, operation.operation_id)
    genuine = None if found is None else certificate.is_genuine(found, wiring_scrub.keyring())
    return Response.of(OK, ErasureView.of(operation, certificate=found, is_genuine=genuine))


@router.route("GET /api/admin/privacy/export/{operation_id}")
def get_export(request: Request) -> Response:
    """Answer how far an export is, and where it can be fetched once it is done, for a few minutes."""
    operation = _one(request, "export", WRITE)
    objects, key = wiring_operations.archive_objects(), export_key(operation.org_id, operation.operation_id)
    if operation.state != "done" or not objects.keys_after(key):
        return Response.of(OK, ExportView.of(operation))
    lasts = wiring_privacy.DOWNLOAD_SECONDS
    url = objects.address(key, lasts)
    return Response.of(OK, ExportView.of(operation, download_url=url, download_expires_in_seconds=lasts))


def _ask(request: Request, kind: OperationKind) -> Operation:
    access.administrator(request, WRITE)
    asked = read_model(request, LearnerRequest)
    caller = access.administrator(request, WRITE, org_id=asked.org_id)
    trace = wiring_privacy.trace_of(asked)
    operation = wiring_operations.request_operation().request_once(
        OperationRequest(
            org_id=asked.org_id,
            kind=kind,
            source=trace.source,
            parameters=trace.parameters(),
            is_dry_run=asked.dry_run,
            requested_by=access.requester(caller, asked.org_id),
            reason=access.kept_reason(asked.reason),
        )
    )
    observe.logger().info(f"{kind} requested", extra={"operation_id": str(operation.operation_id)})
    return operation


def _latest(request: Request, kind: OperationKind, scope: str) -> list[Operation]:
    query = read_query(request, LearnerQuery)
    access.administrator(request, scope, org_id=query.org_id)
    return wiring_operations.request_operation().list_recent(kind, query.org_id, query.limit)


def _one(request: Request, kind: OperationKind, scope: str) -> Operation:
    caller = access.administrator(request, scope)
    operation_id = read_path_id(request, "operation_id")
    return wiring_operations.request_operation().read(kind, operation_id, caller.org_ids)
