"""How the system is: GET /api/health, its transitions, and the numbers behind it."""

from typing import Any

from rollcall.edge import health_http, observe


@observe.entry
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer API Gateway."""
    response = health_http.router.answer(event)
    observe.logger().info("answered", extra={"route": event.get("routeKey", ""), "status": response["statusCode"]})
    return response
