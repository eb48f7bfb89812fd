"""The operations console in the API's description."""

from typing import Any

from pydantic import BaseModel

from rollcall.edge.openapi_admin import parameter
from rollcall.edge.openapi_parts import problems

MODELS: tuple[type[BaseModel], ...] = ()

TEXT = {"schema": {"type": "string"}}
FILES = ("text/css", "text/html", "text/javascript", "image/svg+xml")


def paths() -> dict[str, dict[str, Any]]:
    """Return the paths of the console."""
    file = parameter("file", "path", {"type": "string", "minLength": 1}, "The file's name.")
    failures = problems({500: "An error of ours."}, {})
    return {
        "/console": {
            "get": {
                "operationId": "getConsole",
                "summary": "The operations console",
                "description": "A page for people on call. What it shows, it asks for with the token of who looks.",
                "responses": {"200": {"description": "The page.", "content": {"text/html": TEXT}}, **failures},
            }
        },
        "/console/{file}": {
            "get": {
                "operationId": "getConsoleFile",
                "summary": "A file that the console loads",
                "description": "Styles, scripts, and `config.json`.",
                "parameters": [file],
                "responses": {
                    "200": {
                        "description": "The file.",
                        "content": dict.fromkeys(FILES, TEXT) | {"application/json": {"schema": {"type": "object"}}},
                    },
                    **problems({404: "No such file."}, {}),
                    **failures,
                },
            }
        },
    }
