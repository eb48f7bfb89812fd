"""Every refusal of the HTTP contract: its status, its code, its media type, and that nothing was stored."""

import gzip
import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.e2e.cloud import Cloud
from tests.e2e.database import Database
from tests.e2e.people import ANALYTICS, ANALYTICS_EVENT, BATCH, LESSON, Api, statuses

PROCESSES = "/api/migration-analytics/events"
BYTES_MAX = 262_144
MEBIBYTE = 1024 * 1024


def assert_problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Assert that an answer is this problem in the form of RFC 9457, and return it."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"] == "about:blank"
    assert problem["title"]
    assert problem["detail"]
    assert problem["request_id"]
    return problem


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"null",
        b"[]",
        b'"events"',
        b"{}",
        b'{"events": {}}',
        b'{"events": null}',
        b'{"events": [], "more": 1}',
    ],
)
def test_body_of_another_form_is_refused(api: Api, body: bytes) -> None:
    """A body that is not {"events": [...]} is 400 invalid_body."""
    assert_problem(api.learner().post(BATCH, content=body), 400, "invalid_body")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "body_empty"),
        (b"\xef\xbb\xbf", "body_empty"),
        (gzip.compress(b"{}"), "gzip_undeclared"),
        (b'{"events": [NaN]}', "number_invalid"),
    ],
)
@pytest.mark.parametrize("path", [BATCH, LESSON, ANALYTICS, ANALYTICS_EVENT, PROCESSES])
def test_each_bad_body_has_its_own_code(api: Api, path: str, body: bytes, code: str) -> None:
    """On every route that takes events."""
    headers = {"Content-Type": "application/octet-stream"}
    assert_problem(api.learner().post(path, content=body, headers=headers), 400, code)


@pytest.mark.parametrize("body", [b"{", b"[]", b"7"])
def test_single_event_that_is_no_object_is_refused(api: Api, body: bytes) -> None:
    """A lesson body that is no JSON object is 400 invalid_body."""
    assert_problem(api.learner().post(LESSON, content=body), 400, "invalid_body")


def test_empty_batch_is_refused(api: Api) -> None:
    """A batch without events is 400 invalid_events and says so."""
    problem = assert_problem(api.learner().send([]), 400, "invalid_events")
    assert [(fault["pointer"], fault["code"]) for fault in problem["errors"]] == [("/events", "no_events")]


def test_batch_without_a_valid_event_tells_all_reasons(api: Api, database: Database) -> None:
    """When nothing can be accepted, every fault is named by a pointer, and no value is quoted."""
    learner = api.learner()
    secret = "canary-in-a-refused-event@example.org"
    events: list[Any] = [
        learner.event(percent="forty", kind=secret),
        learner.event(attributes={"platform": secret}),
        learner.event(occurred_at="1999-01-01T00:00:00Z"),
        learner.event(org_id=None),
        {secret: secret},
        secret,
    ]

    response = learner.send(events)

    problem = assert_problem(response, 400, "invalid_events")
    pointers = {fault["pointer"] for fault in problem["errors"]}
    assert {
        "/events/0/percent", "/events/0/kind", "/events/1/attributes", "/events/2/occurred_at", "/events/3/org_id",
        "/events/4/event_id", "/events/5",
    } <= pointers  # fmt: skip
    assert statuses(response) == ["rejected"] * 6
    assert problem["results"][4]["event_id"] is None
    assert secret not in response.text
    assert database.event_ids(*learner.org_ids) == []


@pytest.mark.parametrize("route", [BATCH, LESSON])
def test_request_without_a_token_is_refused_by_the_gateway(api: Api, route: str) -> None:
    """No Authorization header: API Gateway answers 401 by itself, in its own form."""
    response = api.http.post(route, json={"events": []})
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/json"
    assert response.json() == {"message": "Unauthorized"}


@pytest.mark.parametrize(
    ("event", "code"),
    [({"org_id": str(uuid4())}, "org_forbidden"), ({"user_id": str(uuid4())}, "user_forbidden")],
)
def test_other_peoples_events_are_forbidden(api: Api, database: Database, event: dict[str, str], code: str) -> None:
    """A batch or an event of which all belongs to others is 403, with the reason per event."""
    learner = api.learner()
    sent = [learner.event(**event), learner.event(**event)]

    problem = assert_problem(learner.send(sent), 403, code)
    assert_problem(learner.send_one(sent[0]), 403, code)

    assert [result["reason"] for result in problem["results"]] == [code, code]
    assert not database.knows([one["event_id"] for one in sent])


def test_unknown_path_is_not_found(api: Api) -> None:
    """A path that no route has is 404, with or without a token."""
    assert_problem(api.http.get("/api/nothing"), 404, "not_found")
    assert_problem(api.learner().post(BATCH + "/more"), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [("GET", BATCH, "POST"), ("DELETE", LESSON, "POST"), ("PUT", BATCH, "POST"), ("POST", "/openapi.json", "GET")],
)
def test_other_methods_are_not_allowed(api: Api, method: str, path: str, allow: str) -> None:
    """A known path with another method is 405 and names the methods that it takes."""
    response = api.http.request(method, path)
    assert_problem(response, 405, "method_not_allowed")
    assert response.headers["allow"] == allow


def test_known_event_with_other_content_is_a_conflict(api: Api, database: Database) -> None:
    """The lesson route answers 409 to a known event_id with other content; the first one is kept."""
    learner = api.learner()
    event = learner.event()
    assert learner.send_one(event).status_code == 200

    response = learner.send_one({**event, "percent": 90})

    assert_problem(response, 409, "event_conflict")
    assert statuses(response) == ["conflict"]
    database.assert_balanced(learner.org_ids, [event])


def test_too_many_events_are_refused(api: Api, database: Database) -> None:
    """A hundred events are a batch; one more is 413 too_many_events, nonsense or not, and none is stored."""
    learner = api.learner()
    events = learner.events(101)
    assert_problem(learner.send(events), 413, "too_many_events")
    assert_problem(learner.post(BATCH, json={"events": [None] * 101}), 413, "too_many_events")
    assert database.event_ids(*learner.org_ids) == []
    assert learner.send(events[:100]).status_code == 200


@pytest.mark.parametrize("packed", [False, True])
def test_too_many_bytes_are_refused(api: Api, packed: bool) -> None:
    """A body of one byte more than the limit is 413 too_many_bytes, counted after decompression."""
    learner = api.learner()
    body = json.dumps({"events": [learner.event()]}).encode()
    headers = {"Content-Encoding": "gzip"} if packed else {}

    def send(size: int) -> httpx.Response:
        padded = body.ljust(size)
        return learner.post(BATCH, content=gzip.compress(padded) if packed else padded, headers=headers)

    assert send(BYTES_MAX).status_code == 200
    assert_problem(send(BYTES_MAX + 1), 413, "too_many_bytes")


def test_gzip_bomb_is_refused_in_little_memory(api: Api, cloud: Cloud) -> None:
    """A small body that would unfold to a quarter of a gibibyte is 413, and no worker grows by more than 32 MiB."""
    learner = api.learner()
    bomb = gzip.compress(bytes(256 * MEBIBYTE), 6)
    workers = {worker: worker.memory_info().rss for worker in cloud.workers("Progress")}

    response = learner.post(BATCH, content=bomb, headers={"Content-Encoding": "gzip"})

    assert_problem(response, 413, "too_many_bytes")
    assert workers
    assert all(worker.memory_info().rss - before < 32 * MEBIBYTE for worker, before in workers.items())


@pytest.mark.parametrize("body", [b"\x1f\x8b\x08", gzip.compress(b"{}")[:-4], gzip.compress(b"{}") * 2])
def test_broken_gzip_is_refused(api: Api, body: bytes) -> None:
    """A gzip body that is cut off, or has something after its end, is 400 body_not_gzip."""
    assert_problem(api.learner().post(BATCH, content=body, headers={"Content-Encoding": "gzip"}), 400, "body_not_gzip")


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd"])
def test_other_encodings_are_refused(api: Api, encoding: str) -> None:
    """A content encoding other than gzip is 415."""
    response = api.learner().post(BATCH, content=b"{}", headers={"Content-Encoding": encoding})
    assert_problem(response, 415, "unsupported_encoding")


def test_learner_over_the_rate_waits_and_nobody_else(api: Api, database: Database) -> None:
    """The batch beyond the burst is 429 with Retry-After and nothing stored; another learner is not touched."""
    hasty, other = api.learner(), api.learner()
    stored, refused = [], []
    for _ in range(200):
        event = hasty.event()
        response = hasty.send([event])
        if response.status_code == 429:
            refused.append((event, response))
            break
        assert response.status_code == 200
        stored.append(event)

    event, response = refused[0]
    assert_problem(response, 429, "rate_limited")
    assert len(stored) >= 10
    assert int(response.headers["Retry-After"]) >= 1
    assert response.headers["RateLimit"].startswith('"batches";r=0;t=')
    assert statuses(other.send([other.event()])) == ["accepted"]
    database.assert_balanced(hasty.org_ids, stored)
    assert not database.knows([event["event_id"]])
