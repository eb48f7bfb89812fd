"""POST /api/admin/import: past events as JSON lines, each judged and answered on its own."""

from rollcall.contracts.ingest.import_report import BYTES_MAX, LINES_MAX, ImportQuery, ImportReport
from rollcall.edge.http.messages import Request, Response
from rollcall.edge.http.route import OK, WRITE, Answer, Body, Route
from rollcall.edge.http.router import Router
from rollcall.edge.runtime import observe
from rollcall.edge.wiring.ingest import imports as wiring_imports

router = Router()


@router.route(
    Route(
        "POST /api/admin/import",
        operation_id="postImport",
        summary="Import past events",
        description=f"Up to {LINES_MAX} lines, each a progress or an analytics event with its `type`, from the last "
        "ten years. Each event is stored once, however often it is sent. Snapshots and rollups keep the events of "
        "past days.",
        scope=WRITE,
        role="service",
        waits_for_backlog=True,
        query=ImportQuery,
        # JSON Schema cannot describe lines. A body without a line is valid.
        own_body=Body({}, media_type="application/x-ndjson", required=False),
        answers={OK: Answer("The result of each line.", ImportReport)},
    )
)
def post_import(request: Request, query: ImportQuery) -> Response:
    """Store each line once, and answer the results."""
    report = wiring_imports.import_events().take(
        request.body(BYTES_MAX), request.caller, query.org_id, is_dry_run=query.dry_run
    )
    counts = report.model_dump(exclude={"org_id", "refused"})
    observe.count(**{f"import_{name}": number for name, number in counts.items()})
    observe.logger().info("imported", extra={"counts": counts, "dry_run": query.dry_run})
    return Response.of(OK, report)
