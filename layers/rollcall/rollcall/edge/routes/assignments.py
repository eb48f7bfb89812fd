"""/api/admin/courses/{course_id}/assign and /api/admin/assignments: give a course to learners, follow it, cancel it."""

import re
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from rollcall import errors
from rollcall.contracts.assignments import KEY_PATTERN, AssignmentOrder, AssignmentView
from rollcall.contracts.identifiers import Identifier
from rollcall.domain.scrub.identifiers import find_personal_identifier, find_plainly_personal
from rollcall.edge.http.parse import read_model, read_path_id
from rollcall.edge.http.router import Request, Response, Router
from rollcall.edge.routes import access
from rollcall.edge.runtime import observe
from rollcall.edge.wiring import assignments as wiring_assignments
from rollcall.edge.wiring import scrub as wiring_scrub
from rollcall.edge.wiring.operations import requests as wiring_operations
from rollcall.flows.assignments import Requested

READ, WRITE = "admin:read", "admin:write"
OK, ACCEPTED = 200, 202
ORDER_BYTES_MAX = 524_288  # 10,000 ids are 390,000 bytes
IDENTIFIER: TypeAdapter[str] = TypeAdapter(Identifier)

router = Router()


@router.route("POST /api/admin/courses/{course_id}/assign")
def post_assignments(request: Request) -> Response:
    """Assign learners: 200 when all of them are, 202 when the rest goes on; 409 for a key that asked for another."""
    access.administrator(request, WRITE)
    key = _key(request)
    order = read_model(request, AssignmentOrder, ORDER_BYTES_MAX)
    caller = access.administrator(request, WRITE, org_id=order.org_id)
    course_id = _course_id(request, order.org_id)
    requested = Requested(
        access.requester(caller, order.org_id), order.reason and access.kept_reason(order.reason), caller.user_id
    )
    operation = wiring_assignments.assign().request(order, course_id, key, requested)
    observe.logger().info(
        "assignments requested",
        extra={"operation_id": str(operation.operation_id), "state": operation.state, "counts": operation.counts},
    )
    location = {"Location": f"/api/admin/assignments/{operation.operation_id}"}
    return Response.of(OK if operation.is_finished else ACCEPTED, AssignmentView.of_order(operation), location)


@router.route("GET /api/admin/assignments/{operation_id}")
def get_assignments(request: Request) -> Response:
    """Answer how far an order is."""
    caller = access.administrator(request, READ)
    operation = wiring_operations.request_operation().read(
        "assign", read_path_id(request, "operation_id"), caller.org_ids
    )
    return Response.of(OK, AssignmentView.of_order(operation))


@router.route("POST /api/admin/assignments/{operation_id}/cancel")
def cancel_assignments(request: Request) -> Response:
    """Cancel an order: at once, or after the chunk under way. Who is assigned stays assigned."""
    caller = access.administrator(request, WRITE)
    operation = wiring_operations.request_operation().cancel(
        "assign", read_path_id(request, "operation_id"), caller.org_ids
    )
    observe.logger().info("assignments cancelled", extra={"operation_id": str(operation.operation_id)})
    return Response.of(OK, AssignmentView.of_order(operation))


def _key(request: Request) -> str:
    key = request.headers.get("idempotency-key", "")
    if not re.fullmatch(KEY_PATTERN, key):
        raise errors.InvalidRequest(
            "Name the order in a header Idempotency-Key, of 1 to 128 letters, digits, dots, colons, dashes and _."
        )
    return key


def _course_id(request: Request, org_id: UUID) -> str:
    course_id = request.path_parameters["course_id"]
    try:
        IDENTIFIER.validate_python(course_id)
    except ValidationError:
        raise errors.InvalidRequest("A course's id has 1 to 128 characters, no control characters.") from None
    is_doubtful = find_personal_identifier(course_id) is not None
    if is_doubtful and (
        find_plainly_personal(course_id) or course_id not in wiring_scrub.catalogues().known_of(org_id)
    ):
        raise errors.InvalidRequest("A course's id names no person. The organisation's catalogue can let it through.")
    return course_id
