"""Requests as API Gateway hands them to a function, and the context that Lambda hands over with them."""

import json
from typing import Any

from tests.builders import ORG
from tests.checkout import ROOT

EVENTS = ROOT / "events"
EXPIRES_AT = 4_102_444_800  # the first second of 2100


class Context:
    """What Lambda hands to a handler."""

    aws_request_id = "f-1"
    function_name = "function"


def sample(name: str) -> dict[str, Any]:
    """Return one of the events that AWS documents."""
    event: dict[str, Any] = json.loads((EVENTS / name).read_text())
    return event


def authorized(**claims: str) -> dict[str, Any]:
    """Return what the authorizer passes on about a caller: a service of one organisation, unless claims differ."""
    known: dict[str, Any] = {"subject": "s", "role": "service", "org_ids": str(ORG), "scopes": ""}
    return known | {"expires_at": EXPIRES_AT} | claims


def request(
    route: str,
    known: dict[str, Any] | None = None,
    *,
    raw_path: str | None = None,
    path: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    body: str | None = None,
) -> dict[str, Any]:
    """Return a request of a route, from a caller of whom the authorizer knows so much."""
    method, _, template = route.partition(" ")
    return {
        "version": "2.0",
        "routeKey": route,
        "rawPath": template if raw_path is None else raw_path,
        "headers": headers or {},
        "pathParameters": path,
        "queryStringParameters": query,
        "requestContext": {
            "authorizer": {"lambda": known or {}},
            "http": {"method": method, "path": template},
            "requestId": "r",
        },
        "body": body,
        "isBase64Encoded": False,
    }
