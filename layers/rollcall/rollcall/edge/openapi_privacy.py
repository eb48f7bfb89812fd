"""Erasing and exporting one learner, in the API's description."""

from typing import Any

from pydantic import BaseModel

from rollcall.contracts.privacy import (
    LIST_DEFAULT,
    LIST_MAX,
    Certificate,
    ErasureList,
    ErasureView,
    ExportList,
    ExportView,
    LearnerRequest,
)
from rollcall.edge.openapi_admin import operation, parameter

MODELS: tuple[type[BaseModel], ...] = (
    Certificate,
    ErasureList,
    ErasureView,
    ExportList,
    ExportView,
    LearnerRequest,
)


def paths() -> dict[str, dict[str, Any]]:
    """Return the paths of erasures and exports."""
    operation_id = parameter("operation_id", "path", {"type": "string", "format": "uuid"}, "The operation.")
    org_id = parameter("org_id", "query", {"type": "string", "format": "uuid"}, "The organisation.")
    limit = parameter(
        "limit",
        "query",
        {"type": "integer", "minimum": 1, "maximum": LIST_MAX, "default": LIST_DEFAULT},
        "How many at most.",
    )
    return {
        "/api/admin/privacy/erase": {
            "post": operation(
                "postErasure",
                "Erase one learner",
                "Everything of one learner in one organisation: rows, rollups, archives, snapshots, exports. What "
                "waits in queues or on devices is refused when it comes. Asked for again while it is at work, it is "
                "the same. With admin:write.",
                ("202", "It will be worked on.", ErasureView),
                (400, 409, 413, 415),
                body=LearnerRequest,
            ),
            "get": operation(
                "listErasures",
                "The latest erasures of an organisation",
                "Newest first, without certificates. With admin:read.",
                ("200", "The erasures.", ErasureList),
                (400,),
                parameters=[org_id, limit],
            ),
        },
        "/api/admin/privacy/erase/{operation_id}": {
            "get": operation(
                "getErasure",
                "How far an erasure is, and its certificate",
                "Once it is done: what was erased where, and what a search of everything found afterwards. With "
                "admin:read.",
                ("200", "The erasure.", ErasureView),
                (404,),
                parameters=[operation_id],
            ),
        },
        "/api/admin/privacy/export": {
            "post": operation(
                "postExport",
                "Export one learner",
                "Everything that is kept of one learner in one organisation, as one object of JSON lines, which is "
                "kept for seven days. Asked for again while it is at work, it is the same. With admin:write.",
                ("202", "It will be worked on.", ExportView),
                (400, 409, 413, 415),
                body=LearnerRequest,
            ),
            "get": operation(
                "listExports",
                "The latest exports of an organisation",
                "Newest first. With admin:read.",
                ("200", "The exports.", ExportList),
                (400,),
                parameters=[org_id, limit],
            ),
        },
        "/api/admin/privacy/export/{operation_id}": {
            "get": operation(
                "getExport",
                "How far an export is, and where to fetch it",
                "Once it is done, with a URL that lasts for a few minutes. With admin:write.",
                ("200", "The export.", ExportView),
                (404,),
                parameters=[operation_id],
            ),
        },
    }
