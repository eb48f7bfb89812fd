"""/api/admin/courses/{course_id}/assign, /api/admin/assignments: assign learners, follow an order, cancel an order."""

import re
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from rollcall import errors
from rollcall.contracts.assignments import KEY_PATTERN, AssignmentOrder, AssignmentView
from rollcall.contracts.identifiers import Identifier
from rollcall.domain.scrub.identifiers import find_personal_identifier, find_plainly_personal
from rollcall.edge.http.messages import Request, Response
from rollcall.edge.http.parse import read_path_id
from rollcall.edge.http.route import ACCEPTED, NOT_FOUND, OK, READ, WRITE, Answer, Parameter, Route, uuid_in_path
from rollcall.edge.http.router import Router
from rollcall.edge.routes import access
from rollcall.edge.runtime import observe
from rollcall.edge.wiring import assignments as wiring_assignments
from rollcall.edge.wiring import scrub as wiring_scrub
from rollcall.edge.wiring.operations import requests as wiring_operations
from rollcall.flows.assignments import AssignmentRequest

ORDER_BYTES_MAX = 524_288  # 10,000 ids are 390,000 bytes
IDENTIFIER: TypeAdapter[str] = TypeAdapter(Identifier)
ORDER_ID = uuid_in_path("operation_id", "The order.")

router = Router()


@router.route(
    Route(
        "POST /api/admin/courses/{course_id}/assign",
        operation_id="postAssignments",
        summary="Assign learners to a course",
        description="Up to 10,000 learners. The first thousand are assigned before the answer; the rest of a larger "
        "order follows in the background. The order creates the learners, the course and the organisation that are "
        "not known yet.",
        scope=WRITE,
        waits_for_backlog=True,
        parameters=(
            Parameter("course_id", "The course.", {"type": "string", "minLength": 1, "maxLength": 128}),
            Parameter(
                "Idempotency-Key",
                "Names the order. The same key with the same body answers the same order, and assigns nothing twice.",
                {"type": "string", "pattern": KEY_PATTERN},
                place="header",
            ),
        ),
        body=AssignmentOrder,
        body_bytes_max=ORDER_BYTES_MAX,
        answers={
            OK: Answer("All learners are assigned.", AssignmentView),
            ACCEPTED: Answer("The rest of the learners follows in the background.", AssignmentView),
        },
        problems={409: "The Idempotency-Key belongs to an order with another body."},
    )
)
def post_assignments(request: Request, order: AssignmentOrder) -> Response:
    """Assign learners: 200 when all of them are assigned, 202 when the rest follows."""
    key = _key(request)
    course_id = _course_id(request, order.org_id)
    requested = AssignmentRequest(
        access.requester(request.caller, order.org_id),
        order.reason and access.kept_reason(order.reason),
        request.caller.user_id,
    )
    operation = wiring_assignments.assign().request(order, course_id, key, requested)
    observe.logger().info(
        "assignments requested",
        extra={"operation_id": str(operation.operation_id), "state": operation.state, "counts": operation.counts},
    )
    location = {"Location": f"/api/admin/assignments/{operation.operation_id}"}
    return Response.of(OK if operation.is_finished else ACCEPTED, AssignmentView.of_order(operation), location)


@router.route(
    Route(
        "GET /api/admin/assignments/{operation_id}",
        operation_id="getAssignments",
        summary="Follow an order of assignments",
        description="State, progress and counts.",
        scope=READ,
        parameters=(ORDER_ID,),
        answers={OK: Answer("The order.", AssignmentView)},
        problems=NOT_FOUND,
    )
)
def get_assignments(request: Request) -> Response:
    """Answer an order's progress."""
    operation = wiring_operations.request_operation().read(
        "assign", read_path_id(request, "operation_id"), request.caller.org_ids
    )
    return Response.of(OK, AssignmentView.of_order(operation))


@router.route(
    Route(
        "POST /api/admin/assignments/{operation_id}/cancel",
        operation_id="cancelAssignments",
        summary="Cancel an order of assignments",
        description="The order ends at once, or after the current chunk. Assigned learners stay assigned.",
        scope=WRITE,
        parameters=(ORDER_ID,),
        answers={OK: Answer("The order as it is now.", AssignmentView)},
        problems=NOT_FOUND,
    )
)
def cancel_assignments(request: Request) -> Response:
    """Cancel an order."""
    operation = wiring_operations.request_operation().cancel(
        "assign", read_path_id(request, "operation_id"), request.caller.org_ids
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
        raise errors.InvalidRequest("A course's id must not name a person. The organisation's catalogue can allow it.")
    return course_id
