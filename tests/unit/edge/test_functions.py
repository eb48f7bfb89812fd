"""The handlers, with sample events of AWS and a store that records."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import jwt
import pytest
from rollcall import errors
from rollcall.domain.reports.report_pass import sign_pass
from rollcall.edge.http import tokens
from rollcall.edge.runtime import settings
from rollcall.edge.wiring import environment, token_rules
from rollcall.edge.wiring.ingest import progress as wiring_ingest

from functions.authorizer import app as authorizer
from functions.openapi import app as openapi
from functions.progress import app as progress
from tests.unit.access.test_tokens import hs256, shared
from tests.unit.fakes.api_gateway import Context, sample
from tests.unit.ingest.test_ingest_flow import RecordingStore, flow

API_GATEWAY_WAITS_SECONDS = 10  # for an authorizer
INGEST_HEADERS = {
    *("RateLimit", "RateLimit-Policy", "X-Client-Queue-Lag"),
    *("X-Client-Flush-Interval", "X-Client-Batch-Size"),
}


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> RecordingStore:
    recording = RecordingStore()
    monkeypatch.setattr(wiring_ingest, "ingest", lambda _role: flow(recording))
    return recording


def ask(event: dict[str, Any]) -> tuple[int, dict[str, str], dict[str, Any]]:
    answer = progress.handler(event, Context())
    return answer["statusCode"], answer["headers"], json.loads(answer["body"])


def test_a_batch_is_answered_with_receipts(store: RecordingStore) -> None:
    """200, counts, a receipt per event, and the limits in headers."""
    status, headers, body = ask(sample("progress_batch.json"))
    assert status == 200
    assert body["counts"]["accepted"] == 1
    assert body["results"] == [{"event_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7", "status": "accepted"}]
    assert headers["RateLimit-Policy"] == '"batches";q=10;w=2'
    assert headers["RateLimit"] == '"batches";r=9;t=1'
    assert headers["X-Client-Queue-Lag"] == "0"
    assert (headers["X-Client-Flush-Interval"], headers["X-Client-Batch-Size"]) == ("2000", "25")
    assert "X-Client-Pause-Until" not in headers


def test_a_batch_over_the_rate_is_told_when_to_come_back(store: RecordingStore) -> None:
    """429 with Retry-After in whole seconds."""
    store.limited = True
    status, headers, body = ask(sample("progress_batch.json"))
    assert (status, body["code"]) == (429, "rate_limited")
    assert headers["Retry-After"] == "1"
    assert headers["RateLimit"] == '"batches";r=0;t=2'


def test_a_spooled_batch_is_answered_202(store: RecordingStore) -> None:
    """The answer's advice asks clients to slow down."""
    store.fault = errors.StoreUnavailable()
    status, headers, body = ask(sample("progress_batch.json"))
    assert status == 202
    assert body["counts"]["spooled"] == 1
    assert int(headers["X-Client-Queue-Lag"]) > 0


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("nonsense", 400, "invalid_body"),
        ('{"events": []}', 400, "invalid_events"),
        ('{"events": [5]}', 400, "invalid_events"),
        (json.dumps({"events": [5] * 101}), 413, "too_many_events"),
        ("x" * 300_000, 413, "too_many_bytes"),
    ],
)
def test_a_refused_batch_is_a_problem_with_the_limits_in_headers(
    store: RecordingStore, body: str, status: int, code: str
) -> None:
    """Every answer of an ingest route carries them."""
    answered, headers, problem = ask(sample("progress_batch.json") | {"body": body})
    assert (answered, problem["code"]) == (status, code)
    assert headers.keys() >= INGEST_HEADERS
    assert not store.stored


@pytest.mark.parametrize(
    ("member", "code"), [("org_id", "org_forbidden"), ("user_id", "user_forbidden")], ids=["organisation", "user"]
)
def test_a_batch_that_is_all_forbidden_is_403(store: RecordingStore, member: str, code: str) -> None:
    """One reason for all of it is the answer's own."""
    event = sample("progress_batch.json")
    batch = json.loads(event["body"])
    batch["events"][0][member] = "00000000-0000-4000-8000-000000000000"
    status, _, problem = ask(event | {"body": json.dumps(batch)})
    assert (status, problem["code"]) == (403, code)
    assert problem["results"][0]["reason"] == code


@pytest.mark.parametrize(
    ("outcome", "batch_status", "lesson_status"), [("conflict", 200, 409), ("duplicate", 200, 200)]
)
def test_a_conflict_is_409_where_it_is_all_there_is(
    store: RecordingStore, outcome: str, batch_status: int, lesson_status: int
) -> None:
    """A batch reports it in the receipt; the lesson route as its answer."""
    store.outcome = outcome
    event = sample("progress_batch.json")
    assert ask(event)[0] == batch_status
    (lesson,) = json.loads(event["body"])["events"]
    route = "POST /api/client/progress/lesson"
    status, _, body = ask(event | {"routeKey": route, "body": json.dumps(lesson)})
    assert status == lesson_status
    assert body["results"][0]["status"] == outcome


def test_a_request_without_the_authorizer_is_401(store: RecordingStore) -> None:
    """A route that lost its authorizer answers 401, and stores nothing."""
    event = sample("progress_batch.json")
    del event["requestContext"]["authorizer"]
    status, headers, problem = ask(event)
    assert (status, problem["code"]) == (401, "token_missing")
    assert headers["WWW-Authenticate"].startswith("Bearer")
    assert not store.stored


def test_neither_log_nor_metric_names_a_person(store: RecordingStore, logged: Callable[[], str]) -> None:
    """No id, no value of a batch, no address of its sender in any line."""
    event = sample("progress_batch.json")
    ask(event)
    ask(event | {"body": "canary"})
    lines = logged()
    assert '"message":"batch"' in lines
    assert '"accepted":[1.0]' in lines
    for secret in ("7c9e6679", "0b1f6c1e", "5d1f6a1c", "fractions", "87.5", "192.0.2.1", "canary", "example-client"):
        assert secret not in lines


def test_the_authorizer_returns_the_caller_or_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A good token becomes a context; a bad one becomes a refusal that the handler turns into a problem."""
    monkeypatch.setattr(token_rules, "current", shared)
    event = sample("authorizer.json")
    event["headers"]["authorization"] = f"Bearer {hs256(scope='')}"
    answer = authorizer.handler(event, Context())
    assert answer["isAuthorized"]
    assert answer["context"]["role"] == "learner"
    assert answer["context"]["report_pass"] == "", "a learner reads no reports"
    event["headers"]["authorization"] = "Bearer nonsense"
    assert authorizer.handler(event, Context())["context"] == {"refusal": "token_invalid"}


class OneSecret:
    """Secrets Manager with one secret, or out of reach."""

    def __init__(self, text: str | None) -> None:
        self.text = text

    def read(self, arn: str, _max_age_seconds: float = 0) -> str:
        """Return the text."""
        assert arn == "arn:report-pass"
        if self.text is None:
            raise errors.SecretUnavailable
        return self.text


def test_the_authorizer_signs_which_reports_may_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token with admin:read gets a pass for its organisations, as long as the token lasts; none without the key."""
    monkeypatch.setattr(token_rules, "current", shared)
    monkeypatch.setenv("REPORT_PASS_SECRET_ARN", "arn:report-pass")
    settings.current.cache_clear()
    monkeypatch.setattr(environment, "secrets", lambda: OneSecret("key"))
    event = sample("authorizer.json")
    event["headers"]["authorization"] = f"Bearer {hs256(scope='admin:super')}"
    context = authorizer.handler(event, Context())["context"]
    org_ids = [UUID(org_id) for org_id in context["org_ids"].split()]
    assert context["report_pass"] == sign_pass(org_ids, context["expires_at"], "key")
    monkeypatch.setattr(environment, "secrets", lambda: OneSecret(None))
    context = authorizer.handler(event, Context())["context"]
    assert (context["report_pass"], context["scopes"]) == ("", "admin:super"), "other routes stay open"


def test_the_authorizers_rules_come_from_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A JWKS address brings a key set that is not waited for in vain, a secret's ARN a secret."""
    monkeypatch.setenv("JWT_ISSUER", "https://id.example")
    monkeypatch.setenv("JWT_AUDIENCE", "rollcall")
    monkeypatch.setenv("JWT_ALGORITHMS", "RS256,ES256")
    monkeypatch.setenv("JWT_JWKS_URL", "https://id.example/jwks")
    token_rules.current.cache_clear()
    rules = token_rules.current()
    token_rules.current.cache_clear()
    assert rules.algorithms == tokens.ASYMMETRIC
    assert isinstance(rules.key_set, jwt.PyJWKClient)
    assert rules.key_set.timeout < API_GATEWAY_WAITS_SECONDS
    assert rules.secret is None


def test_unknown_paths_and_methods_are_problems() -> None:
    """404 where nothing is, 405 with Allow where another method would do."""
    event = sample("progress_batch.json") | {"routeKey": "$default", "rawPath": "/nowhere"}
    assert json.loads(openapi.handler(event, Context())["body"])["code"] == "not_found"
    answer = openapi.handler(event | {"rawPath": "/openapi.json"}, Context())
    assert answer["statusCode"] == 405
    assert answer["headers"]["Allow"] == "GET"
