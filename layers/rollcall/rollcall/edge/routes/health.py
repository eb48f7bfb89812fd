"""/api/health: the status for everyone, the numbers for administrators, and what changed; /api/diagnostics/metrics."""

import hashlib
import json
from typing import Any

from pydantic import BaseModel

from rollcall import errors
from rollcall.contracts.caller import Caller
from rollcall.contracts.health.health import (
    AdministratorHealth,
    CallerHealth,
    HealthTransitions,
    PublicHealth,
    TransitionQuery,
)
from rollcall.domain import scopes
from rollcall.domain.health.diagnostics import diagnose, write_prometheus
from rollcall.domain.health.status import tag_document
from rollcall.domain.media_type import choose
from rollcall.edge.http import identity
from rollcall.edge.http.parse import read_query
from rollcall.edge.http.router import Request, Response, Router
from rollcall.edge.routes import access
from rollcall.edge.runtime import clock
from rollcall.edge.wiring import health as wiring_health
from rollcall.edge.wiring.sockets import tables as wiring_sockets

READ = "admin:read"
OK, NOT_MODIFIED = 200, 304
JSON_TYPE = "application/json"
TEXT_TYPE = "text/plain"
PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
KEPT_SECONDS = 1

router = Router()


@router.route("GET /api/health")
def get_health(request: Request) -> Response:
    """Answer how the system is, as far as whoever asks may know. 200 also when it is down: this was answered."""
    caller = _caller_of(request)
    health = wiring_health.read().current().health
    if caller is None:
        return _cached(request, PublicHealth(status=health.status), "public")
    if not scopes.holds(caller.scopes, READ):
        return _cached(request, CallerHealth(status=health.status, advice=health.advice), "private")
    organisations = wiring_health.read().organisations(sorted(caller.org_ids))
    shown = AdministratorHealth(**dict(health), organisations=organisations)
    return _cached(request, shown, "private", tag_document(shown))


@router.route("GET /api/health/transitions")
def get_transitions(request: Request) -> Response:
    """Answer the latest changes of status."""
    access.administrator(request, READ)
    query = read_query(request, TransitionQuery)
    found = wiring_sockets.health().transitions(query.limit, query.before)
    return Response.of(OK, HealthTransitions(transitions=found))


@router.route("GET /api/diagnostics/metrics")
def get_metrics(request: Request) -> Response:
    """Answer every number, as JSON or as Prometheus reads it."""
    access.administrator(request, READ)
    diagnostics = diagnose(wiring_health.read().current().health)
    # Nothing else there is: whoever accepts neither is answered JSON all the same.
    if choose(request.headers.get("accept", ""), (JSON_TYPE, TEXT_TYPE)) == TEXT_TYPE:
        return Response(OK, write_prometheus(diagnostics), {"Content-Type": PROMETHEUS_TYPE, "Vary": "Accept"})
    return Response.of(OK, diagnostics, {"Vary": "Accept"})


def _caller_of(request: Request) -> Caller | None:
    """Return who asks; None for who shows no token. Raises what identity.caller_of raises: a bad one is refused."""
    if not request.headers.get("authorization"):
        return None
    try:
        return identity.caller_of(request.authorizer_context, clock.now())
    except errors.KeysUnavailable:
        # Health is told whoever may know of it: then the least.
        return None


def _cached(request: Request, model: BaseModel, scope: str, tagged: dict[str, Any] | None = None) -> Response:
    """Answer what may be kept for a second, with its entity tag; 304 to whoever has it already."""
    document = model.model_dump(mode="json") if tagged is None else tagged
    tag = f'"{hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": f"{scope}, max-age={KEPT_SECONDS}", "Vary": "Authorization"}
    if _matches(request.headers.get("if-none-match", ""), tag):
        return Response(NOT_MODIFIED, "", headers)
    return Response.of(OK, model, headers)


def _matches(given: str, tag: str) -> bool:
    """Tell whether If-None-Match names a tag; compared weakly, as RFC 9110 (13.1.2) has it."""
    return given.strip() == "*" or tag in (part.strip().removeprefix("W/") for part in given.split(","))
