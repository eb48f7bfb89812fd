"""GET /openapi.json, and the answers 404 and 405 for paths and methods without a route."""

from functools import cache
from typing import Any

from rollcall.edge import openapi
from rollcall.edge.http.router import Request, Response, Router
from rollcall.edge.runtime import observe
from rollcall.errors import MethodNotAllowed, NotFound

router = Router()
NOWHERE = "No route has this path. GET /openapi.json lists all routes."


@cache
def document() -> str:
    """Return the API's description as JSON."""
    return openapi.document()


@router.route("GET /openapi.json")
def get_document(_request: Request) -> Response:
    """Answer with the OpenAPI document."""
    return Response(200, document(), {"Content-Type": "application/json", "Cache-Control": "public, max-age=60"})


@router.route("$default")
def get_nothing(request: Request) -> Response:
    """Answer 405 with the allowed methods of a known path, else 404."""
    if methods := openapi.methods_of(request.path):
        return Response.refusal(MethodNotAllowed(), request.request_id, {"Allow": ", ".join(methods)})
    return Response.refusal(NotFound(NOWHERE), request.request_id)


@observe.entry
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer API Gateway."""
    response = router.answer(event)
    observe.logger().info("described", extra={"status": response["statusCode"]})
    return response
