"""The routes to reports and to processes in the API's description."""

from typing import Any, get_args

from pydantic import BaseModel

from rollcall.contracts.ingest.process import ProcessBatch, ProcessHealth, ProcessList, ProcessRollup
from rollcall.contracts.reports import (
    ACTIVITY_PAGE_MAX,
    CURSOR,
    PAGE_DEFAULT,
    PAGE_MAX,
    ActivityReport,
    CompletionReport,
    DropoffReport,
    EngagementReport,
    EnrollmentReport,
    Grain,
    OverviewReport,
)
from rollcall.edge.openapi_admin import operation, parameter
from rollcall.edge.openapi_analytics import collect

MODELS: tuple[type[BaseModel], ...] = (
    *(ActivityReport, CompletionReport, DropoffReport, EngagementReport, EnrollmentReport, OverviewReport),
    *(ProcessBatch, ProcessHealth, ProcessList, ProcessRollup),
)
IDENTIFIER = {
    "type": "string",
    "minLength": 1,
    "maxLength": 128,
    "pattern": "^[^\\x00-\\x1f\\x7f-\\x9f\\ufffe\\uffff]+$",
}
CSV = {"text/csv": {"schema": {"type": "string"}}}
NEXT = {"Link": {"description": "Where the next page is, of CSV: rel=next.", "schema": {"type": "string"}}}


def _optional(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return parameter(name, "query", schema, description) | {"required": False}


ORGANISATION = parameter("org_id", "query", {"type": "string", "format": "uuid"}, "The organisation.")
FORMAT = _optional("format", {"type": "string", "enum": ["json", "csv"]}, "As `Accept: text/csv`.")
EXCEL = _optional("excel", {"type": "string", "enum": ["0", "1"]}, "1: CSV with a byte order mark, as Excel asks.")
COURSE = _optional("course_id", IDENTIFIER, "Of this course alone.")
CURSOR_PARAMETER = _optional("cursor", {"type": "string", "pattern": CURSOR}, "`next_cursor` of the page before.")


def _page(rows_max: int) -> list[dict[str, Any]]:
    schema = {"type": "integer", "minimum": 1, "maximum": rows_max, "default": PAGE_DEFAULT}
    return [parameter("limit", "query", schema, "Rows at most."), CURSOR_PARAMETER]


PAGE = _page(PAGE_MAX)
WINDOW = [
    _optional("from", {"type": "string", "format": "date"}, "The first day, in UTC."),
    _optional("to", {"type": "string", "format": "date"}, "The day that ends it, itself not included."),
]
GRAIN = parameter(
    "grain", "query", {"type": "string", "enum": list(get_args(Grain)), "default": "day"}, "Rows of what."
)


def paths() -> dict[str, dict[str, Any]]:
    """Return the paths of reports and of processes."""
    window = "The window is the last 28 days unless it is named, and 366 days at most."
    return {
        **_report("overview", OverviewReport, "An organisation at a glance", window, WINDOW),
        **_report("engagement", EngagementReport, "What happens in each course", window, [*WINDOW, COURSE, *PAGE]),
        **_report(
            "completion",
            CompletionReport,
            "Who completed each course",
            "Of those who began it in the window; of all who ever did unless one is named.",
            [*WINDOW, COURSE, *PAGE],
        ),
        **_report(
            "lesson-dropoff",
            DropoffReport,
            "Where learners leave",
            "Course by course, its lessons in the order of reach.",
            [COURSE, *PAGE],
        ),
        **_report("enrollment", EnrollmentReport, "Who is enrolled", "By course.", [COURSE, *PAGE]),
        **_report(
            "activity",
            ActivityReport,
            "What happened by day or by hour",
            f"Oldest first. {window} By the hour it is the last 2 days, 31 at most, and of all courses.",
            [GRAIN, *WINDOW, COURSE, *_page(ACTIVITY_PAGE_MAX)],
        ),
        **_process_paths(),
    }


def _report(
    name: str, model: type[BaseModel], summary: str, description: str, parameters: list[dict[str, Any]]
) -> dict[str, Any]:
    described = operation(
        f"get{model.__name__}",
        summary,
        f"{description} For admin:read.",
        ("200", "The report.", model),
        (400,),
        parameters=[ORGANISATION, *parameters, FORMAT, EXCEL],
    )
    described["responses"]["200"]["content"] |= CSV
    described["responses"]["200"]["headers"] = NEXT
    return {f"/api/reports/{name}": {"get": described}}


def _process_paths() -> dict[str, dict[str, Any]]:
    base = "/api/migration-analytics"
    week = "The window is the last 7 days unless it is named, and 366 days at most."
    return {
        f"{base}/events": {
            "post": collect(
                "postProcessBatch",
                "Take a batch of process events",
                "What long work of an application tells of itself. Each becomes an analytics event named process_ and "
                "its kind, scrubbed and queued as any.",
                ProcessBatch,
            ),
            "get": operation(
                "listProcessEvents",
                "Process events",
                f"Newest first. {week} For admin:read.",
                ("200", "The events.", ProcessList),
                (400,),
                parameters=[ORGANISATION, *WINDOW, *PAGE],
            ),
        },
        f"{base}/rollup": {
            "get": operation(
                "getProcessRollup",
                "What processes did",
                f"Counts, durations, success and retry rates, costs. {week} For admin:read.",
                ("200", "The rollup.", ProcessRollup),
                (400,),
                parameters=[ORGANISATION, *WINDOW],
            )
        },
        f"{base}/health": {
            "get": operation(
                "getProcessHealth",
                "How processes are",
                "Over the last seven days. For admin:read.",
                ("200", "Their health.", ProcessHealth),
                (400,),
                parameters=[ORGANISATION],
            )
        },
    }
