"""POST /api/admin/import: events of long ago, as JSON lines, judged and answered line by line."""

from rollcall.contracts.import_report import BYTES_MAX, ImportQuery
from rollcall.edge import access, observe, wiring_import
from rollcall.edge.http import Request, Response, Router
from rollcall.edge.models import read_query

WRITE = "admin:write"
OK = 200

router = Router()


@router.route("POST /api/admin/import")
def post_import(request: Request) -> Response:
    """Store lines, each once, and answer what became of them."""
    access.administrator(request, WRITE, role="service")
    query = read_query(request, ImportQuery)
    caller = access.administrator(request, WRITE, role="service", org_id=query.org_id)
    report = wiring_import.import_events().take(request.body(BYTES_MAX), caller, query.org_id, is_dry_run=query.dry_run)
    counts = report.model_dump(exclude={"org_id", "refused"})
    observe.count(**{f"import_{name}": number for name, number in counts.items()})
    observe.logger().info("imported", extra={"counts": counts, "dry_run": query.dry_run})
    return Response.of(OK, report)
