"""Imports, in the API's description."""

from typing import Any

from pydantic import BaseModel

from rollcall.contracts.ingest.import_report import LINES_MAX, ImportReport, RefusedLine
from rollcall.edge.openapi_admin import operation, parameter

MODELS: tuple[type[BaseModel], ...] = (ImportReport, RefusedLine)


def paths() -> dict[str, dict[str, Any]]:
    """Return the path of imports."""
    org_id = parameter("org_id", "query", {"type": "string", "format": "uuid"}, "The organisation.")
    dry_run = parameter("dry_run", "query", {"type": "boolean", "default": False}, "Only judge the lines.")
    described = operation(
        "postImport",
        "Import events of long ago",
        f"Up to {LINES_MAX} lines, each a progress or an analytics event with its `type`, of up to ten years ago. Each "
        "is stored once, however often it comes; days that are past are kept as snapshots and rollups. For services "
        "with admin:write.",
        ("200", "What became of each line.", ImportReport),
        (400, 413, 415),
        parameters=[org_id, dry_run | {"required": False}],
    )
    described["requestBody"] = {
        "required": False,  # no line is no fault
        "content": {"application/x-ndjson": {"schema": {}}},  # no JSON Schema describes lines
    }
    return {"/api/admin/import": {"post": described}}
