"""The description of the routes that take analytics events."""

from typing import Any

from pydantic import BaseModel

from rollcall.contracts.ingest.analytics import AnalyticsBatch, AnalyticsEvent
from rollcall.contracts.ingest.receipt import BatchReceipt
from rollcall.edge import openapi_parts as parts

MODELS: tuple[type[BaseModel], ...] = (AnalyticsBatch, AnalyticsEvent)
SECURITY_SCHEMES = {
    "writeKey": {"type": "http", "scheme": "basic", "description": "The user name is a write key; no password."}
}
PROBLEMS = {
    400: "Nothing of it could be accepted: `errors` and `results` say why.",
    403: "Another organisation's or another user's events.",
    413: "Too many events, or too many bytes after decompression.",
    415: "A content encoding other than gzip.",
    429: "Too many batches of this caller.",
    500: "An error of ours: nothing was taken.",
    503: "The queue could not take it, or no key could be read: send it again.",
}
SEGMENT_PROBLEMS = {
    400: "No call of it could be taken: `errors` and `results` say why.",
    401: "No write key, or one that is not known here or was revoked.",
    413: "Too many calls, or too many bytes after decompression.",
    415: PROBLEMS[415],
    429: PROBLEMS[429],
    500: PROBLEMS[500],
    503: "The queue could not take it, or the write key could not be checked: send it again.",
}


def paths() -> dict[str, dict[str, Any]]:
    """Return the routes by path and method."""
    return {
        "/api/analytics/events": {
            "post": collect(
                "postAnalyticsEvent",
                "Take one analytics event",
                "As a batch of one, with the event as the body.",
                AnalyticsEvent,
            )
        },
        "/api/analytics/events/batch": {
            "post": collect(
                "postAnalyticsBatch",
                "Take a batch of analytics events",
                "Scrubbed before anything keeps them, then queued: `accepted` says that the queue has it durably. Each "
                "event is judged on its own.",
                AnalyticsBatch,
            )
        },
    }


def collect(operation: str, summary: str, description: str, model: type[BaseModel]) -> dict[str, Any]:
    """Describe a route that takes such events."""
    return {
        "operationId": operation,
        "summary": summary,
        "description": description,
        "security": [{"token": []}],
        "requestBody": parts.body(model),
        "responses": {
            "200": parts.answer("A receipt per event.", BatchReceipt, parts.INGEST_HEADERS),
            "401": parts.TOKEN_NEEDED,
            **parts.problems(PROBLEMS, parts.INGEST_HEADERS),
        },
    }
