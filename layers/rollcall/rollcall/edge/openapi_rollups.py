"""Routes about rollups in the API's description."""

from typing import Any

from pydantic import BaseModel

from rollcall.contracts.operations import OperationView
from rollcall.contracts.rollups import RebuildList, RebuildRequest
from rollcall.edge.openapi_admin import operation, parameter

MODELS: tuple[type[BaseModel], ...] = (OperationView, RebuildList, RebuildRequest)
UUID_SCHEMA = {"type": "string", "format": "uuid"}


def paths() -> dict[str, dict[str, Any]]:
    """Return the paths of rebuilds."""
    org_id = parameter("org_id", "query", UUID_SCHEMA, "The organisation.")
    operation_id = parameter("operation_id", "path", UUID_SCHEMA, "The rebuild.")
    limit = parameter(
        "limit", "query", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}, "How many at most."
    )
    return {
        "/api/admin/rollups/rebuilds": {
            "post": operation(
                "postRollupRebuild",
                "Compute rollups again",
                "From the events that are stored, a day after another, on line. Days whose events retention dropped "
                "stay as they are. Doing it twice changes nothing. For admin:write.",
                ("202", "It will be worked on.", OperationView),
                (400, 409, 413, 415),
                body=RebuildRequest,
            ),
            "get": operation(
                "listRollupRebuilds",
                "The latest rebuilds of an organisation",
                "Newest first. For admin:read.",
                ("200", "The rebuilds.", RebuildList),
                (400,),
                parameters=[org_id, limit],
            ),
        },
        "/api/admin/rollups/rebuilds/{operation_id}": {
            "get": operation(
                "getRollupRebuild",
                "How far a rebuild is",
                "State, progress in days, and counts. For admin:read.",
                ("200", "The rebuild.", OperationView),
                (404,),
                parameters=[operation_id],
            ),
        },
        "/api/admin/rollups/rebuilds/{operation_id}/cancel": {
            "post": operation(
                "cancelRollupRebuild",
                "Cancel a rebuild",
                "At once, or after the day that is under way; what was done stays. For admin:write.",
                ("200", "The rebuild as it is now.", OperationView),
                (404,),
                parameters=[operation_id],
            ),
        },
    }
