"""The description of the routes that PostHog's clients use."""

from typing import Any

from pydantic import BaseModel

from rollcall.contracts.ingest.posthog import (
    PostHogAnswer,
    PostHogBatch,
    PostHogConfig,
    PostHogEvent,
    PostHogFlags,
    PostHogResult,
    PostHogResults,
)
from rollcall.edge import openapi_parts as parts
from rollcall.edge.openapi_analytics import SEGMENT_PROBLEMS
from rollcall.edge.routes.ingest.posthog import (
    BATCH_PATHS,
    CONFIG,
    CONFIG_SCRIPT,
    EVENT_PATHS,
    FLAG_PATHS,
    RESULT_PATHS,
)

MODELS: tuple[type[BaseModel], ...] = (
    PostHogAnswer,
    PostHogBatch,
    PostHogConfig,
    PostHogEvent,
    PostHogFlags,
    PostHogResult,
    PostHogResults,
)
PROBLEMS = {
    **{status: text for status, text in SEGMENT_PROBLEMS.items() if status != 429},  # noqa: PLR2004
    400: "No event of it could be taken: `errors` says why.",
    503: "Too many batches of this key, or a part of ours is away: send it again.",
}
BY_GATEWAY = {429: "Too many requests (answered by API Gateway).", 500: PROBLEMS[500], 503: "Try it again."}
TOKEN = {
    "name": "token",
    "in": "path",
    "required": True,
    "schema": {"type": "string"},
    "description": "The write key. It is not checked: the answer is the same for all.",
}


def paths() -> dict[str, dict[str, Any]]:
    """Return the routes by path and method."""
    return {
        **_each(BATCH_PATHS, _batch),
        **_each(EVENT_PATHS, _events),
        **_each(RESULT_PATHS, _results),
        **_each(FLAG_PATHS, _flags),
        CONFIG.partition(" ")[2]: {"get": _config("getPostHogConfig", "application/json", parts.ref(PostHogConfig))},
        CONFIG_SCRIPT.partition(" ")[2]: {
            "get": _config("getPostHogConfigScript", "text/javascript", {"type": "string"})
        },
    }


def _each(described: tuple[str, ...], describe: Any) -> dict[str, dict[str, Any]]:
    """Describe each path as current clients write it; without the slash at its end it is the same route."""
    return {f"{path}/": {"post": describe(_operation_id(path))} for path in described}


def _operation_id(path: str) -> str:
    return "postPostHog" + "".join(word.capitalize() for word in path.strip("/").split("/"))


def _batch(operation_id: str) -> dict[str, Any]:
    return _capture(operation_id, "Take a batch of PostHog's shape", PostHogBatch)


def _events(operation_id: str) -> dict[str, Any]:
    return _capture(operation_id, "Take events of PostHog's shape: one, an array, or a batch", PostHogEvent)


def _capture(operation_id: str, summary: str, model: type[BaseModel]) -> dict[str, Any]:
    return {
        "operationId": operation_id,
        "summary": summary,
        "description": "For PostHog's clients. JSON, whatever its media type says; in gzip, in base64, or in a form's "
        "`data`, as they send it. The write key is `api_key` or `token`: of the body, an event, or the query. The "
        "slash at the end of the path may be left out.",
        "requestBody": parts.body(model),
        "responses": {
            "200": parts.answer("All that could be taken is in the queue.", PostHogAnswer, parts.INGEST_HEADERS),
            **parts.problems(PROBLEMS | {429: BY_GATEWAY[429]}, parts.INGEST_HEADERS),
        },
    }


def _results(operation_id: str) -> dict[str, Any]:
    described = _capture(operation_id, "Take a batch of PostHog's newer protocol", PostHogBatch)
    described["description"] = "For PostHog's clients in the capture mode v1. The write key is the bearer's token."
    described["responses"]["200"] = parts.answer("A result for each event.", PostHogResults, parts.INGEST_HEADERS)
    return described


def _flags(operation_id: str) -> dict[str, Any]:
    return {
        "operationId": operation_id,
        "summary": "Feature flags: there are none",
        "description": "For PostHog's clients, which ask for them. Nothing of the request is read, kept or logged.",
        "requestBody": {"content": {"application/json": {"schema": {}}}},
        "responses": {
            "200": parts.answer("No flags.", PostHogFlags, {}),
            **parts.problems(BY_GATEWAY, {}),
        },
    }


def _config(operation_id: str, media_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": operation_id,
        "summary": "How posthog-js is to work here",
        "description": "Recording, surveys, heatmaps and the like are off.",
        "parameters": [TOKEN],
        "responses": {
            "200": {"description": "The configuration.", "content": {media_type: {"schema": schema}}},
            **parts.problems(BY_GATEWAY | {404: "What stands in the path is no write key."}, {}),
        },
    }
