"""The routes about health in the API's description."""

from typing import Any

from pydantic import BaseModel

from rollcall.contracts.health.health import (
    AdministratorHealth,
    CallerHealth,
    Diagnostics,
    HealthTransitions,
    PublicHealth,
)
from rollcall.edge import openapi_parts as parts
from rollcall.edge.openapi_admin import operation, parameter

MODELS: tuple[type[BaseModel], ...] = (PublicHealth, CallerHealth, AdministratorHealth, HealthTransitions, Diagnostics)

OPTIONAL = {"required": False}
CACHE_HEADERS: parts.Headers = {
    "ETag": ("Of all but the moment of measuring: give it as If-None-Match.", "string"),
    "Cache-Control": ("It may be kept for a second.", "string"),
    "Vary": ("Who asks is shown what they may know.", "string"),
}


def paths() -> dict[str, dict[str, Any]]:
    """Return the paths about health."""
    limit = parameter(
        "limit", "query", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}, "How many at most."
    )
    before = (
        parameter("before", "query", {"type": "string", "format": "date-time"}, "Those before this moment.") | OPTIONAL
    )
    metrics = operation(
        "getMetrics",
        "Every number",
        "JSON, or Prometheus' text format for who accepts text/plain. For admin:read.",
        ("200", "The numbers.", Diagnostics),
        (),
    )
    metrics["responses"]["200"]["content"]["text/plain"] = {"schema": {"type": "string"}}
    return {
        "/api/health": {"get": _health()},
        "/api/health/transitions": {
            "get": operation(
                "listHealthTransitions",
                "The latest changes of status",
                "Newest first, of ninety days at most. For admin:read.",
                ("200", "The changes.", HealthTransitions),
                (400,),
                parameters=[limit, before],
            )
        },
        "/api/diagnostics/metrics": {"get": metrics},
    }


def _health() -> dict[str, Any]:
    known = parts.answer("How it is; 200 also when it is down.", PublicHealth, CACHE_HEADERS)
    models = (AdministratorHealth, CallerHealth, PublicHealth)
    known["content"]["application/json"]["schema"] = {"anyOf": [parts.ref(model) for model in models]}
    headers = parts.describe_headers(CACHE_HEADERS)
    return {
        "operationId": "getHealth",
        "summary": "How the system is",
        "description": "Without a token the status; with one, advice for clients too; for admin:read everything.",
        "security": [{}, {"token": []}],
        "parameters": [
            parameter("If-None-Match", "header", {"type": "string"}, "The tag of what is known already.") | OPTIONAL,
        ],
        "responses": {
            "200": known,
            "304": {"description": "Nothing changed.", "headers": headers},
            **parts.problems({401: "The token is not valid.", 429: "Too many requests.", 500: "Ours."}, {}),
        },
    }
