"""GET /api/reports: an organisation's reports. The function's database role cannot write, and cannot read events."""

from typing import Any

from rollcall.edge.routes import reports
from rollcall.edge.runtime import observe


@observe.entry
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer API Gateway."""
    response = reports.router.answer(event)
    observe.logger().info("answered", extra={"route": event.get("routeKey", ""), "status": response["statusCode"]})
    return response
