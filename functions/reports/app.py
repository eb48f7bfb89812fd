"""GET /api/reports and /api/migration-analytics: an organisation's figures. Its database role can write nothing."""

from typing import Any

from rollcall.edge import observe, processes_http, reports_http
from rollcall.edge.http import Router

router = Router()
router.routes |= reports_http.router.routes | processes_http.router.routes


@observe.entry
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer API Gateway."""
    response = router.answer(event)
    observe.logger().info("answered", extra={"route": event.get("routeKey", ""), "status": response["statusCode"]})
    return response
