"""POST /v1/batch through its handler: what clients of Segment's tracking API are answered."""

import base64
import gzip
import json
from collections.abc import Callable
from typing import Any, NoReturn
from uuid import uuid4

import pytest
from rollcall.contracts.flags import Flags
from rollcall.domain import write_key
from rollcall.domain.scrub.scrubber import Scrubber
from rollcall.edge import wiring_analytics
from rollcall.errors import ScrubFailed

from functions.analytics import app
from tests.unit.test_functions import Context, sample
from tests.unit.test_segment import call
from tests.unit.test_track_flow import EVENTS_MAX, KEY, Way

BYTES_MAX = 524_288


@pytest.fixture
def way(monkeypatch: pytest.MonkeyPatch) -> Way:
    made = Way()
    monkeypatch.setattr(wiring_analytics, "track", lambda: made.track)
    return made


def basic(user: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:".encode()).decode()


def ask(body: str | bytes, authorization: str | None = basic(KEY), **headers: str) -> dict[str, Any]:
    """Send a body as API Gateway would hand it over."""
    event = sample("progress_batch.json") | {"routeKey": "POST /v1/batch", "rawPath": "/v1/batch"}
    del event["requestContext"]["authorizer"]
    event["headers"] = event["headers"] | headers
    if authorization is not None:
        event["headers"]["authorization"] = authorization
    if isinstance(body, bytes):
        body = base64.b64encode(body).decode()
        event["isBase64Encoded"] = True
    return app.handler(event | {"body": body}, Context())


def batch(*calls: Any) -> str:
    return json.dumps({"batch": calls, "sentAt": call()["timestamp"]})


@pytest.mark.parametrize("packed", [False, True])
def test_a_batch_is_answered_with_success(way: Way, packed: bool) -> None:
    """Once the queue has it; gzip is understood."""
    body = batch(call(), "no call")
    answer = ask(gzip.compress(body.encode()), **{"content-encoding": "gzip"}) if packed else ask(body)
    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"success": True})
    assert len(way.queued()) == 1


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("nonsense", 400, "invalid_body"),
        ('{"batch": []}', 400, "invalid_body"),
        (batch("no call", call(event=...)), 400, "invalid_events"),
        (batch(*[1] * (EVENTS_MAX + 1)), 413, "too_many_events"),
        (batch(call()).ljust(BYTES_MAX + 1), 413, "too_many_bytes"),
        (gzip.compress(bytes(BYTES_MAX + 1)), 413, "too_many_bytes"),
    ],
    ids=["no JSON", "no calls", "nothing valid", "too many", "too large", "unfolds"],
)
def test_what_cannot_be_taken_is_a_problem_that_is_not_retried(
    way: Way, body: str | bytes, status: int, code: str
) -> None:
    """Clients drop such a batch, so nothing of it may have been good."""
    answer = ask(body, **({"content-encoding": "gzip"} if isinstance(body, bytes) else {}))
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (status, code)
    assert "Retry-After" not in answer["headers"]
    assert way.messages == []


@pytest.mark.parametrize(
    "authorization",
    [
        None, "", "Bearer abc", "Basic", "Basic !!!", "Basic /w==", basic("nonsense"),
        basic(write_key.write(uuid4(), "s" * 43)), f"Bearer {base64.b64encode(KEY.encode()).decode()}",
    ],
)  # fmt: skip
def test_without_a_good_key_it_is_401(way: Way, authorization: str | None) -> None:
    """With the scheme that is asked for; and nothing is taken."""
    answer = ask(batch(call()), authorization)
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (401, "write_key_invalid")
    assert answer["headers"]["WWW-Authenticate"].startswith("Basic realm=")
    assert way.messages == []


def test_over_the_rate_it_is_429_with_a_time_to_come_back(way: Way) -> None:
    """Of a write key, not of a person; nothing is taken meanwhile."""
    way.receipts.retry_after_ms = 1500
    answer = ask(batch(call()))
    assert (answer["statusCode"], answer["headers"]["Retry-After"]) == (429, "2")
    assert way.messages == []


@pytest.mark.parametrize("away", ["queue_away", "store_away"])
def test_our_trouble_is_503_with_a_time_to_come_back(way: Way, away: str) -> None:
    """Never 401: a client would drop what it has. It sends the batch again after that time."""
    setattr(way, away, True)
    answer = ask(batch(call()))
    assert answer["statusCode"] == 503
    assert int(answer["headers"]["Retry-After"]) >= 1


def test_an_error_of_ours_is_500_with_a_time_to_come_back(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it is: the batch was not taken."""
    monkeypatch.setattr(wiring_analytics, "track", lambda: None)
    answer = ask(batch(call()))
    assert answer["statusCode"] == 500
    assert int(answer["headers"]["Retry-After"]) >= 1


def test_what_is_dropped_on_purpose_is_a_success(way: Way, told: Callable[[], str]) -> None:
    """No client could do better by sending it again; the metric tells."""
    way.flags = Flags(emit="off")
    answer = ask(batch(call(), call()))
    assert json.loads(answer["body"]) == {"success": True}
    assert '"dropped":[2.0]' in told()
    assert way.messages == []


def test_what_could_not_be_scrubbed_is_counted(
    way: Way, told: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Apart from other rejections: it says that a policy or a rule needs a person."""

    def fail(*_arguments: object) -> NoReturn:
        raise ScrubFailed

    monkeypatch.setattr(Scrubber, "scrub_properties", fail)
    assert ask(batch(call()))["statusCode"] == 400
    assert '"scrub_failed":[1.0]' in told()
    assert way.messages == []


def test_neither_log_nor_metric_names_a_person_or_a_key(way: Way, told: Callable[[], str]) -> None:
    """Nor what a call says, nor any secret; why a call was refused is told by code."""
    ask(batch(call(userId="canary-user", event="canary-event", properties={"canary": "canary"}), call(event=...)))
    ask(batch("canary"))
    ask(batch(call()), basic("canary"))
    lines = told()
    assert "event_missing" in lines
    assert [secret for secret in ("canary", KEY, "s" * 43) if secret in lines] == []
