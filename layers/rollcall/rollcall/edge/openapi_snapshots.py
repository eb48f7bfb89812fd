"""Routes of snapshots and purges in the API's description."""

from typing import Any

from pydantic import BaseModel

from rollcall.contracts.retention.purge import PurgeRequest, PurgeView
from rollcall.contracts.retention.restore import (
    LIST_DEFAULT,
    LIST_MAX,
    RestoreRequest,
    RestoreView,
    SnapshotList,
    VerifyReport,
    VerifyRequest,
)
from rollcall.contracts.retention.snapshot import EVENT_TABLES
from rollcall.edge.openapi_admin import operation, parameter

MODELS: tuple[type[BaseModel], ...] = (
    *(SnapshotList, VerifyRequest, VerifyReport, RestoreRequest, RestoreView, PurgeRequest, PurgeView),
)
UUID_TEXT = {"type": "string", "format": "uuid"}
DAY = {"type": "string", "format": "date"}


def paths() -> dict[str, dict[str, Any]]:
    """Return the paths of snapshots and purges."""
    return _snapshots() | _purges()


def _snapshots() -> dict[str, dict[str, Any]]:
    return {
        "/api/admin/snapshots": {
            "get": operation(
                "listSnapshots",
                "An organisation's snapshots",
                "Files of days that retention has dropped, by table, day, sequence and part. For admin:read.",
                ("200", "The files.", SnapshotList),
                (400,),
                parameters=[
                    parameter("org_id", "query", UUID_TEXT, "The organisation."),
                    _optional("table", {"type": "string", "enum": list(EVENT_TABLES)}, "One table alone."),
                    _optional("from", DAY, "The first day, in UTC."),
                    _optional("to", DAY, "The last day, itself included."),
                    parameter(
                        "limit",
                        "query",
                        {"type": "integer", "minimum": 1, "maximum": LIST_MAX, "default": LIST_DEFAULT},
                        "How many files at most.",
                    ),
                ],
            )
        },
        "/api/admin/snapshots/verify": {
            "post": operation(
                "verifySnapshot",
                "Read a day's snapshot back",
                "Every object is held against its digests, and the manifest against its signature. For admin:read. A "
                "day of more than 25 files is verified by a restoration with dry_run, in the background.",
                ("200", "What is intact, and what is not.", VerifyReport),
                (400, 404, 413, 415),
                body=VerifyRequest,
            )
        },
        "/api/admin/snapshots/restore": {
            "post": operation(
                "postRestore",
                "Restore a day",
                "Bring the rows of one organisation, table and day back: into the live table, where retention leaves "
                "them alone for a week, or into a scratch table. For admin:write. Twice changes nothing.",
                ("202", "It will be worked on.", RestoreView),
                (400, 404, 409, 413, 415),
                body=RestoreRequest,
            )
        },
        "/api/admin/snapshots/restore/{restore_id}": {
            "get": operation(
                "getRestore",
                "How far a restoration is",
                "State, progress and counts. For admin:read.",
                ("200", "The restoration.", RestoreView),
                (404,),
                parameters=[parameter("restore_id", "path", UUID_TEXT, "The restoration.")],
            )
        },
    }


def _purges() -> dict[str, dict[str, Any]]:
    purge_id = parameter("purge_id", "path", UUID_TEXT, "The purge.")
    return {
        "/api/admin/purge": {
            "post": operation(
                "postPurge",
                "Delete a window for good",
                "What an organisation has of a window: live events, what they left in projections and in rollups of "
                "days that are not frozen, and rows of snapshots. For admin:breakglass. Nothing of it can be restored.",
                ("202", "It will be worked on.", PurgeView),
                (400, 409, 413, 415),
                body=PurgeRequest,
            )
        },
        "/api/admin/purge/{purge_id}": {
            "get": operation(
                "getPurge",
                "How far a purge is",
                "State and counts. For admin:read.",
                ("200", "The purge.", PurgeView),
                (404,),
                parameters=[purge_id],
            )
        },
        "/api/admin/purge/{purge_id}/cancel": {
            "post": operation(
                "cancelPurge",
                "Cancel a purge",
                "At once, or after the part that is under way; what was deleted stays so. For admin:breakglass.",
                ("200", "The purge as it is now.", PurgeView),
                (404,),
                parameters=[purge_id],
            )
        },
    }


def _optional(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return parameter(name, "query", schema, description) | {"required": False}
