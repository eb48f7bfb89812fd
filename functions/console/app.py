"""Serves the operations console: GET /console, and the files that its page loads."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from rollcall.edge.http.router import Request, Response, Router
from rollcall.edge.routes import console
from rollcall.edge.runtime import observe

router = Router()


@cache
def assets() -> Mapping[str, console.Asset]:
    """Return the console's files, read once."""
    return console.read_assets(Path(__file__).parent / "static")


@router.route("GET /console")
def get_page(request: Request) -> Response:
    """Answer with the page."""
    return console.answer(assets(), console.PAGE, request)


@router.route("GET /console/{file}")
def get_file(request: Request) -> Response:
    """Answer with a file that the page loads, or with the page's configuration."""
    return console.answer(assets(), request.path_parameters["file"], request)


@observe.entry
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer API Gateway."""
    response = router.answer(event)
    observe.logger().info("served", extra={"status": response["statusCode"]})
    return response
