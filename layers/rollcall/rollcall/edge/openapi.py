"""The API's description, made from the very models that the handlers use."""

import json
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

import rollcall
from rollcall.contracts.event import ProgressBatch, ProgressEvent
from rollcall.contracts.problem import GatewayProblem, Problem
from rollcall.contracts.receipt import BatchReceipt
from rollcall.edge import openapi_admin
from rollcall.edge.http import PROBLEM_TYPE

MODELS: tuple[type[BaseModel], ...] = (ProgressBatch, ProgressEvent, BatchReceipt, Problem, GatewayProblem)
INGEST_HEADERS = {
    "RateLimit-Policy": ("The allowance: q batches in w seconds.", "string"),
    "RateLimit": ("What is left of it: r batches, full again in t seconds.", "string"),
    "X-Client-Queue-Lag": ("Milliseconds to wait before the next flush; 0 when all is well.", "integer"),
}
RETRY_AFTER = {"Retry-After": ("Seconds to wait before sending it again.", "integer")}
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
        [(model, "validation") for model in (*MODELS, *openapi_admin.MODELS)],
        ref_template="#/components/schemas/{model}",
    )
    return json.dumps(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Rollcall",
                "version": rollcall.VERSION,
                "description": "Learners' progress events: stored once, a receipt each; administrators replay them.",
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "paths": _paths() | openapi_admin.paths(),
            "components": {
                "schemas": definitions["$defs"],
                "securitySchemes": {
                    "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                },
            },
        }
    )


def methods_of(path: str) -> list[str]:
    """Return the methods that a path takes, in capitals; none for a path that is not ours."""
    return sorted(
        method.upper()
        for template, methods in (_paths() | openapi_admin.paths()).items()
        if _matches(template, path)
        for method in methods
    )


def _matches(template: str, path: str) -> bool:
    parts, given = template.split("/"), path.split("/")
    return len(parts) == len(given) and all(
        part == text or (part.startswith("{") and text != "") for part, text in zip(parts, given, strict=True)
    )


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
                ProgressEvent,
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
    receipt = {"application/json": {"schema": _ref(BatchReceipt)}}
    return {
        "operationId": operation,
        "summary": summary,
        "description": description,
        "security": [{"token": []}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": _ref(body)}}},
        "responses": {
            "200": {
                "description": "A receipt per event.",
                "headers": _headers(INGEST_HEADERS),
                "content": receipt,
            },
            "202": {
                "description": "The database is away: valid events are spooled, and stored when it is back.",
                "headers": _headers(INGEST_HEADERS),
                "content": receipt,
            },
            "401": {
                "description": "No token (answered by API Gateway), or one that is not valid here.",
                "content": {
                    PROBLEM_TYPE: {"schema": _ref(Problem)},
                    "application/json": {"schema": _ref(GatewayProblem)},
                },
            },
            **{str(status): _problem(status, text) for status, text in (PROBLEMS | problems).items()},
        },
    }


def _problem(status: int, description: str) -> dict[str, Any]:
    retry = RETRY_AFTER if status in {429, 503} else {}
    # API Gateway answers some of these by itself, in its own form and without our headers.
    content = {PROBLEM_TYPE: {"schema": _ref(Problem)}}
    if status in {413, 429, 500, 503}:
        content["application/json"] = {"schema": _ref(GatewayProblem)}
    return {"description": description, "headers": _headers(INGEST_HEADERS | retry), "content": content}


def _headers(headers: dict[str, tuple[str, str]]) -> dict[str, Any]:
    return {name: {"description": text, "schema": {"type": kind}} for name, (text, kind) in headers.items()}


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}
