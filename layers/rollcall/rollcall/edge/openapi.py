"""The API's description, made from the very models that the handlers use."""

import json
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

import rollcall
from rollcall.contracts.ingest.progress import ProgressBatch, SentProgressEvent
from rollcall.contracts.ingest.receipt import BatchReceipt
from rollcall.contracts.problem import GatewayProblem, Problem
from rollcall.edge import (
    openapi_admin,
    openapi_analytics,
    openapi_assignments,
    openapi_console,
    openapi_dead_letters,
    openapi_health,
    openapi_import,
    openapi_jobs,
    openapi_learner_ids,
    openapi_posthog,
    openapi_privacy,
    openapi_reports,
    openapi_rollups,
    openapi_scrub,
    openapi_segment,
    openapi_snapshots,
    openapi_sockets,
    openapi_write_keys,
)
from rollcall.edge import openapi_parts as parts
from rollcall.edge.held_back import HELD_BACK
from rollcall.errors import BacklogExceeded

FAMILIES = (
    *(openapi_analytics, openapi_admin, openapi_assignments, openapi_console, openapi_dead_letters, openapi_health),
    *(openapi_jobs, openapi_learner_ids, openapi_privacy, openapi_reports, openapi_rollups, openapi_scrub),
    *(openapi_snapshots, openapi_sockets, openapi_write_keys, openapi_posthog, openapi_segment, openapi_import),
)
MODELS: tuple[type[BaseModel], ...] = (
    *(ProgressBatch, SentProgressEvent, BatchReceipt, Problem, GatewayProblem),
    *(model for family in FAMILIES for model in family.MODELS),
)
PROBLEMS = {
    400: "Nothing of it could be accepted: `errors` and `results` say why.",
    403: "Another organisation's or another user's events.",
    413: "Too many events, or too many bytes after decompression.",
    415: "A content encoding other than gzip.",
    429: "Too many batches of this caller.",
    500: "An error of ours: nothing was taken.",
    503: "Neither database nor queue could take it: nothing was taken.",
}


def document() -> str:
    """Return the OpenAPI 3.1 document as JSON."""
    _, definitions = models_json_schema(
        [(model, "validation") for model in MODELS],
        ref_template="#/components/schemas/{model}",
    )
    return json.dumps(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Rollcall",
                "version": rollcall.VERSION,
                "description": "Learners' progress and analytics events: each counted once, answered with a receipt.",
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "paths": _all_paths(),
            "components": {
                "schemas": definitions["$defs"],
                "securitySchemes": {
                    "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                    **openapi_analytics.SECURITY_SCHEMES,
                },
            },
        }
    )


def methods_of(path: str) -> list[str]:
    """Return the methods that a path takes, in capitals; none for a path that is not ours."""
    return sorted(
        method.upper() for template, methods in _all_paths().items() if _matches(template, path) for method in methods
    )


def _matches(template: str, path: str) -> bool:
    pieces, given = template.split("/"), path.split("/")
    return len(pieces) == len(given) and all(
        piece == text or (piece.startswith("{") and text != "") for piece, text in zip(pieces, given, strict=True)
    )


def _all_paths() -> dict[str, dict[str, Any]]:
    paths = _paths() | {path: methods for family in FAMILIES for path, methods in family.paths().items()}
    for key in HELD_BACK:
        method, path = key.split()
        unavailable = paths[path][method.lower()]["responses"]["503"]
        unavailable["description"] += f" Or too many spooled batches wait to be stored ({BacklogExceeded.code})."
        unavailable["headers"] = parts.describe_headers(parts.RETRY_AFTER)
    return paths


def _paths() -> dict[str, dict[str, Any]]:
    return {
        "/api/client/progress/batch": {
            "post": _ingest(
                "postProgressBatch",
                "Store a batch of progress events",
                "Each event is judged on its own: one that is invalid, out of the accepted window, a duplicate or a "
                "conflict never fails the rest.",
                ProgressBatch,
                {},
            )
        },
        "/api/client/progress/lesson": {
            "post": _ingest(
                "postProgressLesson",
                "Store one progress event",
                "As a batch of one, with the event as the body.",
                SentProgressEvent,
                {409: "The event_id is known with other content: the first one is kept."},
            )
        },
        "/openapi.json": {
            "get": {
                "operationId": "getOpenapi",
                "summary": "This document",
                "responses": {
                    "200": {
                        "description": "The description of this API.",
                        "content": {"application/json": {"schema": {"type": "object"}}},
                    }
                },
            }
        },
    }


def _ingest(
    operation: str, summary: str, description: str, body: type[BaseModel], problems: dict[int, str]
) -> dict[str, Any]:
    away = "The database is away: valid events are spooled, and stored when it is back."
    return {
        "operationId": operation,
        "summary": summary,
        "description": description,
        "security": [{"token": []}],
        "requestBody": parts.body(body),
        "responses": {
            "200": parts.answer("A receipt per event.", BatchReceipt, parts.INGEST_HEADERS),
            "202": parts.answer(away, BatchReceipt, parts.INGEST_HEADERS),
            "401": parts.TOKEN_NEEDED,
            **parts.problems(PROBLEMS | problems, parts.INGEST_HEADERS),
        },
    }
