"""POST /api/admin/import: events of long ago, as JSON lines, judged and answered line by line."""

from rollcall.contracts.ingest.import_report import BYTES_MAX, ImportQuery
from rollcall.edge.http.parse import read_query
from rollcall.edge.http.router import Request, Response, Router
from rollcall.edge.routes import access
from rollcall.edge.runtime import observe
from rollcall.edge.wiring.ingest import imports as wiring_imports

WRITE = "admin:write"
OK = 200

router = Router()


@router.route("POST /api/admin/import")
def post_import(request: Request) -> Response:
    """Store lines, each once, and answer what became of them."""
    access.administrator(request, WRITE, role="service")
    query = read_query(request, ImportQuery)
    caller = access.administrator(request, WRITE, role="service", org_id=query.org_id)
    report = wiring_imports.import_events().take(
        request.body(BYTES_MAX), caller, query.org_id, is_dry_run=query.dry_run
    )
    counts = report.model_dump(exclude={"org_id", "refused"})
    observe.count(**{f"import_{name}": number for name, number in counts.items()})
    observe.logger().info("imported", extra={"counts": counts, "dry_run": query.dry_run})
    return Response.of(OK, report)
