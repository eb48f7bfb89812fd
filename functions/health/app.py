"""Health routes: GET /api/health, its transitions, and the measurements behind it."""

from typing import Any

from rollcall.edge.routes import health
from rollcall.edge.runtime import observe


@observe.entry
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer API Gateway."""
    response = health.router.answer(event)
    observe.logger().info("answered", extra={"route": event.get("routeKey", ""), "status": response["statusCode"]})
    return response
