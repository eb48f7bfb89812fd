"""GET /api/reports: an organisation's figures. Its database role can write nothing, and reads no events."""

from typing import Any

from rollcall.edge.routes import reports
from rollcall.edge.runtime import observe


@observe.entry
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer API Gateway."""
    response = reports.router.answer(event)
    observe.logger().info("answered", extra={"route": event.get("routeKey", ""), "status": response["statusCode"]})
    return response
