"""GET /openapi.json, and the answers 404 and 405 for paths and methods without a route."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from rollcall.edge.http.messages import Request, Response
from rollcall.edge.http.route import JSON_TYPE, OBJECT, OK, Answer, Route
from rollcall.edge.http.router import Router
from rollcall.edge.runtime import observe
from rollcall.errors import MethodNotAllowed, NotFound

router = Router()
# `make openapi` writes the file.
FILE = Path(__file__).with_name("openapi.json")
NOWHERE = "No route has this path. GET /openapi.json lists all routes."


@cache
def document() -> str:
    """Return the description of the API as JSON."""
    return FILE.read_text()


@cache
def methods() -> dict[str, list[str]]:
    """Return the methods of each path, in capitals."""
    return {path: sorted(map(str.upper, found)) for path, found in json.loads(document())["paths"].items()}


def methods_of(path: str) -> list[str]:
    """Return the methods of a path, in capitals; none for a path without a route."""
    return sorted(method for template, found in methods().items() if _matches(template, path) for method in found)


def _matches(template: str, path: str) -> bool:
    pieces, given = template.split("/"), path.split("/")
    return len(pieces) == len(given) and all(
        piece == text or (piece.startswith("{") and text != "") for piece, text in zip(pieces, given, strict=True)
    )


@router.route(
    Route(
        "GET /openapi.json",
        operation_id="getOpenapi",
        summary="Read this document",
        access="open",
        answers={OK: Answer("The description of this API.", OBJECT)},
    )
)
def get_document(_request: Request) -> Response:
    """Answer with the OpenAPI document."""
    return Response(OK, document(), {"Content-Type": JSON_TYPE, "Cache-Control": "public, max-age=60"})


@router.route(Route("$default", access="open", is_described=False))
def get_nothing(request: Request) -> Response:
    """Answer 405 with the allowed methods of a known path, else 404."""
    if found := methods_of(request.path):
        return Response.refusal(MethodNotAllowed(), request.request_id, {"Allow": ", ".join(found)})
    return Response.refusal(NotFound(NOWHERE), request.request_id)


@observe.entry
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer API Gateway."""
    response = router.answer(event)
    observe.logger().info("described", extra={"status": response["statusCode"]})
    return response
