"""The description of the routes of Segment's and RudderStack's clients."""

from typing import Any

from pydantic import BaseModel

from rollcall.contracts.ingest.segment import (
    RudderSource,
    SegmentAnswer,
    SegmentBatch,
    SegmentSettings,
    SegmentSingleCall,
)
from rollcall.edge import openapi_parts as parts
from rollcall.edge.openapi_admin import parameter
from rollcall.edge.openapi_analytics import SEGMENT_PROBLEMS
from rollcall.edge.routes.ingest.segment import BATCH_PATHS, CALL_PATH, CALLS, SETTINGS_PATH, SOURCE_PATHS

MODELS: tuple[type[BaseModel], ...] = (SegmentBatch, SegmentSingleCall, SegmentAnswer, SegmentSettings, RudderSource)
SOURCE_PROBLEMS = {401: "No write key.", 500: SEGMENT_PROBLEMS[500]}


def paths() -> dict[str, dict[str, Any]]:
    """Return the routes by path and method."""
    key = parameter("write_key", "path", {"type": "string"}, "The write key.")
    return {
        **{path: {"post": _take_batch(path)} for path in BATCH_PATHS},
        CALL_PATH: {"post": _take_call()},
        SETTINGS_PATH: {
            "get": _source("getSegmentSettings", "Read Segment's settings", SegmentSettings) | {"parameters": [key]}
        },
        **{
            path: {"get": _source(f"getRudderSource{number}", "Read RudderStack's source configuration", RudderSource)}
            for number, path in enumerate(SOURCE_PATHS, 1)
        },
    }


def _take_batch(path: str) -> dict[str, Any]:
    operation = "".join(part.capitalize() for part in path.split("/"))
    return _take(
        f"postSegment{operation}",
        "Take a batch of the Segment shape",
        "For clients that speak Segment's or RudderStack's tracking API. Each call is judged on its own; members that "
        "are not known are ignored. A write key in the query or the body serves where no Authorization header does.",
        SegmentBatch,
    )


def _take_call() -> dict[str, Any]:
    call = parameter("call", "path", {"type": "string", "enum": sorted(CALLS)}, "The type of the call, or its letter.")
    described = _take(
        "postSegmentCall",
        "Take one call of the Segment shape",
        "As a batch of one, with the call as the body. The path says of which type it is.",
        SegmentSingleCall,
    )
    return described | {
        "parameters": [call],
        "responses": {**described["responses"], **parts.problems({404: "No such type of call."}, {})},
    }


def _take(operation: str, summary: str, description: str, model: type[BaseModel]) -> dict[str, Any]:
    return {
        "operationId": operation,
        "summary": summary,
        "description": description,
        "security": [{"writeKey": []}],
        "requestBody": parts.body(model),
        "responses": {
            "200": parts.answer("All that could be taken is in the queue.", SegmentAnswer, parts.INGEST_HEADERS),
            **parts.problems(SEGMENT_PROBLEMS, parts.INGEST_HEADERS),
        },
    }


def _source(operation: str, summary: str, model: type[BaseModel]) -> dict[str, Any]:
    return {
        "operationId": operation,
        "summary": summary,
        "description": "What the library asks for before it sends. The same for every write key; none is looked up.",
        "security": [{"writeKey": []}] if model is RudderSource else [],
        "responses": {"200": parts.answer("The configuration.", model, {}), **parts.problems(SOURCE_PROBLEMS, {})},
    }
