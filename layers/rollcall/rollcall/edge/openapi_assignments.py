"""Orders of assignments, in the API's description."""

from typing import Any

from pydantic import BaseModel

from rollcall.contracts.assignments import KEY_PATTERN, AssignmentOrder, AssignmentView
from rollcall.edge.openapi_admin import operation, parameter

MODELS: tuple[type[BaseModel], ...] = (AssignmentOrder, AssignmentView)


def paths() -> dict[str, dict[str, Any]]:
    """Return the paths of assignments."""
    operation_id = parameter("operation_id", "path", {"type": "string", "format": "uuid"}, "The order.")
    course_id = parameter("course_id", "path", {"type": "string", "minLength": 1, "maxLength": 128}, "The course.")
    key = parameter(
        "Idempotency-Key",
        "header",
        {"type": "string", "pattern": KEY_PATTERN},
        "Names the order: asked again with the same body it answers the same, and nothing is done twice.",
    )
    ordered = operation(
        "postAssignments",
        "Assign learners to a course",
        "Up to 10,000. The first thousand are assigned before the answer; of a larger order the rest goes on in the "
        "background. Learners, course and organisation become known by it. With admin:write.",
        ("200", "All of them are assigned.", AssignmentView),
        (400, 409, 413, 415),
        parameters=[course_id, key],
        body=AssignmentOrder,
    )
    ordered["responses"]["202"] = ordered["responses"]["200"] | {"description": "The rest of them goes on."}
    return {
        "/api/admin/courses/{course_id}/assign": {"post": ordered},
        "/api/admin/assignments/{operation_id}": {
            "get": operation(
                "getAssignments",
                "How far an order of assignments is",
                "State, progress and counts. With admin:read.",
                ("200", "The order.", AssignmentView),
                (404,),
                parameters=[operation_id],
            ),
        },
        "/api/admin/assignments/{operation_id}/cancel": {
            "post": operation(
                "cancelAssignments",
                "Cancel an order of assignments",
                "At once, or after the chunk that is under way; who is assigned stays assigned. With admin:write.",
                ("200", "The order as it is now.", AssignmentView),
                (404,),
                parameters=[operation_id],
            ),
        },
    }
