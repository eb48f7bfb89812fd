"""What descriptions of routes are made of."""

from typing import Any

from pydantic import BaseModel

from rollcall.contracts.problem import GatewayProblem, Problem
from rollcall.edge.http.router import PROBLEM_TYPE

Headers = dict[str, tuple[str, str]]

INGEST_HEADERS: Headers = {
    "RateLimit-Policy": ("The allowance: q batches in w seconds.", "string"),
    "RateLimit": ("What is left of it: r batches, full again in t seconds.", "string"),
    "X-Client-Queue-Lag": ("Milliseconds to wait before the next flush; 0 when all is well.", "integer"),
    "X-Client-Flush-Interval": ("Milliseconds to wait between two flushes.", "integer"),
    "X-Client-Batch-Size": ("Events to send in a batch at most.", "integer"),
    "X-Client-Pause-Until": (
        "Send nothing before this moment (RFC 3339); absent when no pause is asked for.",
        "string",
    ),
}
RETRY_AFTER: Headers = {"Retry-After": ("Seconds to wait before sending it again.", "integer")}
RETRIED = {429, 500, 503}
# API Gateway answers some of these by itself, in its own form and without our headers.
ANSWERED_BY_GATEWAY = {413, 429, 500, 503}


def ref(model: type[BaseModel]) -> dict[str, str]:
    """Return a reference to a model's schema."""
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def describe_headers(headers: Headers) -> dict[str, Any]:
    """Describe headers, by name: what each means, and its type."""
    return {name: {"description": text, "schema": {"type": kind}} for name, (text, kind) in headers.items()}


def answer(description: str, model: type[BaseModel], headers: Headers) -> dict[str, Any]:
    """Describe a JSON answer."""
    content = {"application/json": {"schema": ref(model)}}
    return {"description": description, "headers": describe_headers(headers), "content": content}


def problem(status: int, description: str, headers: Headers) -> dict[str, Any]:
    """Describe an answer that is a problem."""
    content = {PROBLEM_TYPE: {"schema": ref(Problem)}}
    if status in ANSWERED_BY_GATEWAY:
        content["application/json"] = {"schema": ref(GatewayProblem)}
    sent = headers | (RETRY_AFTER if status in RETRIED else {})
    return {"description": description, "headers": describe_headers(sent), "content": content}


def problems(descriptions: dict[int, str], headers: Headers) -> dict[str, Any]:
    """Describe answers that are problems, by status."""
    return {str(status): problem(status, text, headers) for status, text in descriptions.items()}


def body(model: type[BaseModel]) -> dict[str, Any]:
    """Describe a JSON body."""
    return {"required": True, "content": {"application/json": {"schema": ref(model)}}}


TOKEN_NEEDED = {
    "description": "No token (answered by API Gateway), or one that is not valid here.",
    "content": {
        PROBLEM_TYPE: {"schema": ref(Problem)},
        "application/json": {"schema": ref(GatewayProblem)},
    },
}
