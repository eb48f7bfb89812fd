"""How the system is: GET /api/health, its transitions, and the numbers behind it."""

from typing import Any

from rollcall.contracts.health import PublicHealth
from rollcall.edge import observe
from rollcall.edge.http import Request, Response, Router

router = Router()


@router.route("GET /api/health")
def get_health(_request: Request) -> Response:
    """Answer the status."""
    return Response.of(200, PublicHealth(status="ok"))


@observe.entry
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer API Gateway."""
    response = router.answer(event)
    observe.logger().info("answered", extra={"status": response["statusCode"]})
    return response
