"""Hostile input in every place of every route, by the handlers themselves on a real PostgreSQL: no error of ours.

What AWS would answer is left out: keys are at hand, queues take everything, and tables and buckets are away.
"""

import base64
import importlib
import json
import pkgutil
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import pytest
from rollcall import errors
from rollcall.cloud.objects import Objects
from rollcall.cloud.parameters import Parameters
from rollcall.cloud.queues import Queues
from rollcall.cloud.secrets import Secrets
from rollcall.cloud.table import Table
from rollcall.cloud.topics import Topics
from rollcall.contracts.jobs.job import QueueDepth
from rollcall.domain.ingest import write_key
from rollcall.edge import wiring
from rollcall.edge.http import identity
from rollcall.edge.routes import health as health_routes
from rollcall.edge.routes import reports as report_routes
from rollcall.edge.runtime import settings
from rollcall.edge.wiring import environment
from rollcall.store.ingest.write_keys import WriteKeyStore

from functions.admin import app as admin
from functions.analytics import app as analytics
from functions.health import app as health
from functions.openapi import app as openapi
from functions.progress import app as progress
from functions.report_reader import app as reports
from tests.builders import ORG, USER, caller
from tests.hostile import Attempt, attempts
from tests.postgres import ScratchDatabase
from tests.unit.fakes.api_gateway import Context, sample

SERVER_ERROR, REFUSED, UNAVAILABLE, ATTEMPTS_MIN = 500, 400, 503, 3000
PROBLEM = "application/problem+json"
KEYRING = json.dumps({"current": "k1", "k1": "secret-of-the-tests-" * 2})
SCOPES = frozenset({"admin:read", "admin:write", "admin:super", "admin:breakglass"})
WIRING = [each.name for each in pkgutil.walk_packages(wiring.__path__, "rollcall.edge.wiring.")]
# Which function has a route, and the role that its secret names.
FUNCTIONS: tuple[tuple[Any, str], ...] = (
    *((progress, "rollcall_app"), (analytics, "rollcall_app"), (admin, "rollcall_ops"), (health, "rollcall_ops")),
    (reports, "rollcall_reader"),
)
FAMILIES = {health: health_routes.router, reports: report_routes.router}
NONE_WAITS = QueueDepth(waiting_count=0, in_flight_count=0, delayed_count=0)


def raiser(error: errors.RollcallError) -> Any:
    """Return what raises an error, whatever it is asked."""

    def fail(*_arguments: Any, **_named: Any) -> Any:
        raise error

    return fail


def forget() -> None:
    """Let wiring build everything anew."""
    settings.current.cache_clear()
    for name in WIRING:
        for built in vars(importlib.import_module(name)).values():
            if hasattr(built, "cache_clear"):
                built.cache_clear()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """All of AWS that a route may ask for, as the module says."""
    for name, field in settings.Settings.model_fields.items():
        if field.default == "":
            monkeypatch.setenv(name.upper(), f"https://{name.replace('_', '-')}.example")
    for name in ("progress_rate", "progress_service_rate", "analytics_rate", "analytics_service_rate"):
        monkeypatch.setenv(f"{name}_per_second".upper(), "100000")
        monkeypatch.setenv(f"{name}_burst".upper(), "100000")
    monkeypatch.setattr(Secrets, "read", lambda *_arguments: KEYRING)
    monkeypatch.setattr(Parameters, "read", lambda *_arguments: None)
    monkeypatch.setattr(Parameters, "write", lambda *_arguments: None)
    monkeypatch.setattr(Queues, "send", lambda *_arguments: "message-1")
    monkeypatch.setattr(Queues, "depth", lambda *_arguments: NONE_WAITS)
    monkeypatch.setattr(Topics, "publish", lambda *_arguments: "message-1")
    for name in ("put", "get", "stream", "delete", "keys_after", "address"):
        monkeypatch.setattr(Objects, name, raiser(errors.ObjectsUnavailable()))
    for name in ("put", "put_next", "get", "take", "page", "all"):
        monkeypatch.setattr(Table, name, raiser(errors.TableUnavailable()))
    forget()
    yield
    forget()


def route_of(routes: Any, attempt: Attempt) -> str | None:
    """Return the key of the route that API Gateway would match: the very path, or one with parameters."""
    if (key := f"{attempt.method.upper()} {attempt.route}") in routes:
        return key
    pieces = attempt.route.split("/")
    for key in routes:
        method, _, template = key.partition(" ")
        parts = template.split("/")
        if method == attempt.method.upper() and len(parts) == len(pieces) and all(map(_fits, parts, pieces)):
            return str(key)
    return None


def _fits(part: str, piece: str) -> bool:
    return part == piece or part.startswith("{")


def event_of(attempt: Attempt, key: str, context: dict[str, Any], secret: str) -> dict[str, Any]:
    """Return the request as API Gateway hands it over."""
    template = key.partition(" ")[2].split("/")
    named = zip(template, attempt.path.split("/"), strict=True)
    basic = base64.b64encode(f"{secret}:".encode()).decode()
    event = sample("progress_batch.json")
    event["requestContext"]["authorizer"]["lambda"] = context
    return event | {
        "routeKey": key,
        "rawPath": attempt.path,
        "pathParameters": {each[1:-1]: unquote(given, errors="replace") for each, given in named if each[:1] == "{"},
        "queryStringParameters": dict(attempt.query) | ({} if "/api/" in key else {"api_key": secret}),
        "headers": {"content-type": "application/json", "authorization": f"Basic {basic}"} | dict(attempt.headers),
        "body": base64.b64encode(attempt.content or b"").decode(),
        "isBase64Encoded": True,
    }


def fault_of(answer: dict[str, Any]) -> str | None:
    """Return what is wrong with an answer, None for one of the contract."""
    status, body = answer["statusCode"], str(answer["body"])
    if status < REFUSED:
        return None
    if answer["headers"]["Content-Type"] != PROBLEM:
        return f"{status}, and no problem"
    problem = json.loads(body)
    if status >= SERVER_ERROR and status != UNAVAILABLE:
        return f"{status} {problem['code']}"
    if not problem["code"] or not problem["detail"]:
        return "a problem without a code or a detail"
    return "quotes what was sent" if "\N{SNOWMAN}" in json.dumps(problem, ensure_ascii=False) else None


@pytest.mark.usefixtures("aws")
def test_no_place_of_any_route_fails_on_content(clone: ScratchDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each parameter and each member of each body in /openapi.json, with texts, times, numbers, JSON of the corpus."""
    bearer = caller(role="service", scopes=SCOPES, expires_at=4_102_444_800)
    context = identity.context_of(bearer, clone.report_pass(ORG))
    secret = write_key.write(ORG, "s" * 43)
    presented = write_key.read(secret)
    assert presented
    keys = clone.database("rollcall_ops")
    WriteKeyStore(keys).create_write_key(ORG, uuid4(), presented.secret_digest, "hostile input", str(USER))
    keys.close()
    asked, faults = 0, []
    made = list(attempts(json.loads(openapi.document()), ORG, seed=1))
    for function, role in FUNCTIONS:
        database = clone.database(role)
        monkeypatch.setattr(environment, "database", lambda *_arguments, found=database: found)
        forget()
        routes = (function.router if hasattr(function, "router") else FAMILIES[function]).routes
        for attempt in made:
            if key := route_of(routes, attempt):
                answer = function.handler(event_of(attempt, key, context, secret), Context())
                asked += 1
                if fault := fault_of(answer):
                    faults.append(f"{attempt.label} {dict(attempt.query)}: {fault}")
        database.close()
    assert asked > ATTEMPTS_MIN
    assert not faults, f"{len(faults)} of {asked}:\n" + "\n".join(faults[:80])
