"""Serves the operations console: GET /console, and the files that its page loads."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from rollcall.edge.http.messages import Request, Response
from rollcall.edge.http.route import JSON_TYPE, OBJECT, OK, TEXT, Answer, Parameter, Route
from rollcall.edge.http.router import Router
from rollcall.edge.routes import console
from rollcall.edge.runtime import observe

MEDIA_TYPES = ("text/css", "text/html", "text/javascript", "image/svg+xml")

router = Router()


@cache
def assets() -> Mapping[str, console.Asset]:
    """Return the console's files, read once."""
    return console.read_assets(Path(__file__).parent / "static")


@router.route(
    Route(
        "GET /console",
        operation_id="getConsole",
        summary="Open the operations console",
        description="A page for people on call. The page reads its figures with the token of the person who signs in.",
        access="open",
        answers={OK: Answer("The page.", media_types={"text/html": TEXT})},
        problems={500: "An error of Rollcall's."},
    )
)
def get_page(request: Request) -> Response:
    """Answer with the page."""
    return console.answer(assets(), console.PAGE, request)


@router.route(
    Route(
        "GET /console/{file}",
        operation_id="getConsoleFile",
        summary="Read a file of the console",
        description="Styles, scripts, and `config.json`.",
        access="open",
        parameters=(Parameter("file", "The file's name.", {"type": "string", "minLength": 1}),),
        answers={OK: Answer("The file.", media_types=dict.fromkeys(MEDIA_TYPES, TEXT) | {JSON_TYPE: OBJECT})},
        problems={404: "The console has no such file.", 500: "An error of Rollcall's."},
    )
)
def get_file(request: Request) -> Response:
    """Answer with a file that the page loads, or with the page's configuration."""
    return console.answer(assets(), request.path_parameters["file"], request)


@observe.entry
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer API Gateway."""
    response = router.answer(event)
    observe.logger().info("served", extra={"status": response["statusCode"]})
    return response
