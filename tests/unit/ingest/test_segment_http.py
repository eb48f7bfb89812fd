"""POST /v1/batch through its handler: what clients of Segment's tracking API are answered."""

import base64
import gzip
import json
from collections.abc import Callable
from typing import Any, NoReturn
from uuid import uuid4

import pytest
from rollcall.contracts.ingest.flags import Flags
from rollcall.domain.ingest import write_key
from rollcall.domain.scrub.scrubber import Scrubber
from rollcall.edge.routes.ingest import segment
from rollcall.edge.wiring.ingest import analytics as wiring_analytics
from rollcall.errors import ScrubFailed

from functions.analytics import app
from tests.unit.fakes.api_gateway import Context, sample
from tests.unit.ingest.test_segment import call
from tests.unit.ingest.test_track_flow import EVENTS_MAX, KEY, Way

BYTES_MAX = 524_288


@pytest.fixture
def way(monkeypatch: pytest.MonkeyPatch) -> Way:
    made = Way()
    monkeypatch.setattr(wiring_analytics, "ingest_segment", lambda: made.track)
    return made


def basic(user: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:".encode()).decode()


def ask(
    body: str | bytes,
    authorization: str | None = basic(KEY),
    *,
    route: str = "POST /v1/batch",
    query: dict[str, str] | None = None,
    parameters: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Send a body as API Gateway would hand it over."""
    path = route.split()[1].format(**parameters or {})
    event = sample("progress_batch.json") | {"routeKey": route, "rawPath": path, "pathParameters": parameters or {}}
    event["queryStringParameters"] = query or {}
    del event["requestContext"]["authorizer"]
    event["headers"] = event["headers"] | (headers or {})
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
    answer = ask(gzip.compress(body.encode()), headers={"content-encoding": "gzip"}) if packed else ask(body)
    told = json.loads(answer["body"])
    assert (answer["statusCode"], told["success"], told["accepted"], told["rejected"]) == (200, True, 1, 1)
    assert [result["status"] for result in told["results"]] == ["accepted", "rejected"]
    assert (told["results"][1]["reason"], told["results"][1]["pointer"]) == ("invalid", "/batch/1")
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
    answer = ask(body, headers={"content-encoding": "gzip"} if isinstance(body, bytes) else {})
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
    monkeypatch.setattr(wiring_analytics, "ingest_segment", lambda: None)
    answer = ask(batch(call()))
    assert answer["statusCode"] == 500
    assert int(answer["headers"]["Retry-After"]) >= 1


def test_what_is_dropped_on_purpose_is_a_success(way: Way, logged: Callable[[], str]) -> None:
    """No client could do better by sending it again; the metric tells."""
    way.flags = Flags(emit="off")
    answer = ask(batch(call(), call()))
    told_of_it = json.loads(answer["body"])
    assert (told_of_it["success"], told_of_it["accepted"], told_of_it["rejected"]) == (True, 0, 2)
    assert {result["reason"] for result in told_of_it["results"]} == {"emit_off"}
    assert '"dropped":[2.0]' in logged()
    assert way.messages == []


def test_what_could_not_be_scrubbed_is_counted(
    way: Way, logged: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Apart from other rejections: it says that a policy or a rule needs a person."""

    def fail(*_arguments: object) -> NoReturn:
        raise ScrubFailed

    monkeypatch.setattr(Scrubber, "scrub_properties", fail)
    assert ask(batch(call()))["statusCode"] == 400
    assert '"scrub_failed":[1.0]' in logged()
    assert way.messages == []


def test_neither_log_nor_metric_names_a_person_or_a_key(way: Way, logged: Callable[[], str]) -> None:
    """No log has a call's content or a secret; a refusal is logged by its code."""
    ask(batch(call(userId="canary-user", event="canary-event", properties={"canary": "canary"}), call(event=...)))
    ask(batch("canary"))
    ask(batch(call()), basic("canary"))
    lines = logged()
    assert "event_missing" in lines
    assert [secret for secret in ("canary", KEY, "s" * 43) if secret in lines] == []


@pytest.mark.parametrize("route", ["/v1/batch", "/v1/import", "/v1/b", "/b", "/beacon/v1/batch"])
@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "text/plain;charset=UTF-8"])
def test_every_route_of_a_batch_takes_it(way: Way, route: str, content_type: str) -> None:
    """Whatever type a browser gives it, to be spared a preflight."""
    answer = ask(batch(call(), call()), route=f"POST {route}", headers={"content-type": content_type})
    assert (answer["statusCode"], json.loads(answer["body"])["accepted"]) == (200, 2)
    assert len(way.queued()) == 2


def test_the_key_may_stand_in_the_query(way: Way) -> None:
    """As a beacon has it, which can send no header; a header counts before it."""
    query = {"writeKey": KEY}
    assert ask(batch(call()), None, route="POST /beacon/v1/batch", query=query)["statusCode"] == 200
    assert ask(batch(call()), basic("nonsense"), query=query)["statusCode"] == 401
    assert len(way.queued()) == 1


@pytest.mark.parametrize(("path", "call_type"), sorted(segment.CALLS.items()))
def test_every_route_of_a_call_takes_its_type(way: Way, path: str, call_type: str) -> None:
    """By its name or its letter; the path says which type it is, whatever the body says."""
    answer = ask(json.dumps(call(type="nonsense")), route="POST /v1/{call}", parameters={"call": path})
    told = json.loads(answer["body"])
    assert (answer["statusCode"], told["success"], told["accepted"]) == (200, True, 1)
    (event,) = way.queued()
    assert event.name == ("lesson_viewed" if call_type == "track" else call_type)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [("nonsense", 400, "invalid_body"), ("[]", 400, "invalid_body"), ("{}", 400, "invalid_events")],
)
def test_a_call_that_is_none_is_a_problem(way: Way, body: str, status: int, code: str) -> None:
    """With its reason, and a message for clients that read one."""
    answer = ask(body, route="POST /v1/{call}", parameters={"call": "track"})
    told = json.loads(answer["body"])
    assert (answer["statusCode"], told["code"], told["message"]) == (status, code, told["detail"])
    assert way.messages == []


@pytest.mark.parametrize("path", ["nonsense", "merge", "T", "", "batches"])
def test_no_other_call_has_a_route(way: Way, path: str) -> None:
    """It is a problem, in JSON."""
    answer = ask(json.dumps(call()), route="POST /v1/{call}", parameters={"call": path})
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (404, "not_found")
    assert way.messages == []


def test_a_refused_batch_says_why_each_call_was(way: Way) -> None:
    """A receipt a call, beside the faults."""
    told = json.loads(ask(batch("no call", call(event=...)))["body"])
    assert [result["reason"] for result in told["results"]] == ["invalid", "event_missing"]
    assert told["results"][1]["event_id"] is not None


def test_segments_libraries_read_settings() -> None:
    """Where this API is, as they reached it, and nothing else that could be sent to; only for what is a write key."""
    route, parameters = "GET /v1/projects/{write_key}/settings", {"write_key": KEY}
    told = json.loads(ask("", None, route=route, parameters=parameters)["body"])
    assert list(told["integrations"]) == ["Segment.io"]
    assert told["integrations"]["Segment.io"]["apiKey"] == KEY
    assert told["integrations"]["Segment.io"]["apiHost"].endswith("/v1")
    assert told["metrics"] == {"sampleRate": 0}
    assert ask("", None, route=route, parameters={"write_key": "nonsense"})["statusCode"] == 401


@pytest.mark.parametrize("route", ["GET /sourceConfig", "GET /sourceConfig/"])
def test_rudderstacks_libraries_read_their_source(route: str) -> None:
    """Enabled, with no destination, and no reports of the library's own."""
    for authorization, query in ((basic(KEY), {}), (None, {"writeKey": KEY})):
        source = json.loads(ask("", authorization, route=route, query=query)["body"])["source"]
        assert (source["enabled"], source["destinations"], source["writeKey"]) == (True, [], KEY)
        assert source["config"]["statsCollection"]["errors"]["enabled"] is False
    assert ask("", None, route=route)["statusCode"] == 401
