"""/api/health: the status for everyone, figures and transitions for administrators; /api/diagnostics/metrics."""

import hashlib
import json
from typing import Any

from pydantic import BaseModel

from rollcall import errors
from rollcall.contracts.caller import Caller
from rollcall.contracts.health.health import (
    AdministratorHealth,
    CallerHealth,
    Diagnostics,
    HealthTransitions,
    PublicHealth,
    TransitionQuery,
)
from rollcall.domain import scopes
from rollcall.domain.health.diagnostics import diagnose, write_prometheus
from rollcall.domain.health.status import tag_document
from rollcall.domain.media_type import choose
from rollcall.edge.http.messages import Request, Response
from rollcall.edge.http.route import JSON_TYPE, NOT_MODIFIED, OK, READ, TEXT, Answer, Headers, Parameter, Route
from rollcall.edge.http.router import Router
from rollcall.edge.wiring import health as wiring_health
from rollcall.edge.wiring.sockets import tables as wiring_sockets

TEXT_TYPE = "text/plain"
PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
KEPT_SECONDS = 1
CACHE_HEADERS: Headers = {
    "ETag": ("The tag of everything but the moment of measuring: send it as If-None-Match.", "string"),
    "Cache-Control": ("The answer may be kept for a second.", "string"),
    "Vary": ("The answer depends on the token.", "string"),
}

router = Router()


@router.route(
    Route(
        "GET /api/health",
        operation_id="getHealth",
        summary="Read the health of the system",
        description="Without a token the answer has the status alone. With a token it also has advice for clients; "
        "with the scope admin:read it has every figure.",
        access="optional_token",
        parameters=(
            Parameter("If-None-Match", "The tag of an answer that the client has.", place="header", required=False),
        ),
        answers={
            OK: Answer(
                "The health. The status is 200 also when the system is down.",
                (AdministratorHealth, CallerHealth, PublicHealth),
                headers=CACHE_HEADERS,
            ),
            NOT_MODIFIED: Answer("The client's answer is still right.", headers=CACHE_HEADERS),
        },
        problems={401: "The token is not valid.", 429: "Too many requests.", 500: "An error of Rollcall's."},
    )
)
def get_health(request: Request) -> Response:
    """Answer the health, as much of it as the caller may read. 200 also when the system is down."""
    caller = _caller_of(request)
    health = wiring_health.read().current().health
    if caller is None:
        return _cached(request, PublicHealth(status=health.status), "public")
    if not scopes.holds(caller.scopes, READ):
        return _cached(request, CallerHealth(status=health.status, advice=health.advice), "private")
    organisations = wiring_health.read().organisations(sorted(caller.org_ids))
    shown = AdministratorHealth(**dict(health), organisations=organisations)
    return _cached(request, shown, "private", tag_document(shown))


@router.route(
    Route(
        "GET /api/health/transitions",
        operation_id="listHealthTransitions",
        summary="List the latest changes of status",
        description="Newest first, from the last ninety days.",
        scope=READ,
        query=TransitionQuery,
        answers={OK: Answer("The changes.", HealthTransitions)},
    )
)
def get_transitions(_request: Request, query: TransitionQuery) -> Response:
    """Answer the latest changes of status."""
    found = wiring_sockets.health().transitions(query.limit, query.before)
    return Response.of(OK, HealthTransitions(transitions=found))


@router.route(
    Route(
        "GET /api/diagnostics/metrics",
        operation_id="getMetrics",
        summary="Read every figure",
        description="JSON, or Prometheus' text format for a client that accepts text/plain.",
        scope=READ,
        answers={OK: Answer("The figures.", Diagnostics, media_types={TEXT_TYPE: TEXT})},
    )
)
def get_metrics(request: Request) -> Response:
    """Answer every figure, as JSON or as Prometheus reads it."""
    diagnostics = diagnose(wiring_health.read().current().health)
    # A client that accepts neither media type gets JSON.
    if choose(request.headers.get("accept", ""), (JSON_TYPE, TEXT_TYPE)) == TEXT_TYPE:
        return Response(OK, write_prometheus(diagnostics), {"Content-Type": PROMETHEUS_TYPE, "Vary": "Accept"})
    return Response.of(OK, diagnostics, {"Vary": "Accept"})


def _caller_of(request: Request) -> Caller | None:
    """Return the caller; None without a token. Raises what Request.caller raises: a bad token is refused."""
    if not request.headers.get("authorization"):
        return None
    try:
        return request.caller
    except errors.KeysUnavailable:
        # Health answers also while no token can be checked: then with the status alone.
        return None


def _cached(request: Request, model: BaseModel, scope: str, tagged: dict[str, Any] | None = None) -> Response:
    """Answer a document that may be kept for a second, with its entity tag; 304 to a client that has the document."""
    document = model.model_dump(mode="json") if tagged is None else tagged
    tag = f'"{hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": f"{scope}, max-age={KEPT_SECONDS}", "Vary": "Authorization"}
    if _matches(request.headers.get("if-none-match", ""), tag):
        return Response(NOT_MODIFIED, "", headers)
    return Response.of(OK, model, headers)


def _matches(given: str, tag: str) -> bool:
    """Return whether If-None-Match names a tag. The comparison is weak, as in RFC 9110 (13.1.2)."""
    return given.strip() == "*" or tag in (part.strip().removeprefix("W/") for part in given.split(","))
