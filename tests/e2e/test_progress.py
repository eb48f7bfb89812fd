"""Progress events through the deployed stack: stored once, answered with a receipt each, read back as sent."""

import gzip
import json
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import uuid4

import httpx

from tests.e2e.database import Database
from tests.e2e.people import BATCH, Api, Event, Sender, reasons, statuses

ADVICE = (
    *("RateLimit", "RateLimit-Policy", "X-Client-Queue-Lag"),
    *("X-Client-Flush-Interval", "X-Client-Batch-Size"),
)


def test_batch_is_stored_and_moves_the_projections(api: Api, database: Database) -> None:
    """Every event of a valid batch is stored once, and the learner's standing follows from them."""
    learner = api.learner()
    events = learner.events(20)

    response = learner.send(events)

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    assert response.json()["counts"]["accepted"] == 20
    assert [result["event_id"] for result in response.json()["results"]] == [event["event_id"] for event in events]
    database.assert_balanced(learner.org_ids, events)


def test_single_event_is_stored(api: Api, database: Database) -> None:
    """The lesson route takes one event as its body and answers like a batch of one."""
    learner = api.learner()
    event = learner.event()

    first, again = learner.send_one(event), learner.send_one(event)

    assert (first.status_code, statuses(first)) == (200, ["accepted"])
    assert (again.status_code, statuses(again)) == (200, ["duplicate"])
    database.assert_balanced(learner.org_ids, [event])


def test_receipts_come_in_request_order(api: Api, database: Database) -> None:
    """Accepted, duplicate, conflicting and rejected events of one batch each get their own receipt, in order."""
    learner = api.learner()
    known, fresh, twice = learner.event(), learner.event(), learner.event()
    assert statuses(learner.send([known])) == ["accepted"]
    old = learner.event(occurred_at="2001-01-01T00:00:00+00:00")

    response = learner.send(
        [
            learner.event(percent=101),
            known,
            fresh,
            {**known, "percent": 41},
            old,
            twice,
            {**twice, "kind": "completed"},
            twice,
            learner.event(user_id=str(uuid4())),
            learner.event(org_id=str(uuid4())),
            learner.event(org_id=None),
        ]
    )

    assert response.status_code == 200
    assert statuses(response) == [
        "rejected", "duplicate", "accepted", "conflict", "rejected", "accepted", "conflict", "duplicate",
        "rejected", "rejected", "rejected",
    ]  # fmt: skip
    assert reasons(response) == [
        "invalid", None, None, None, "out_of_window", None, None, None,
        "user_forbidden", "org_forbidden", "org_unresolved",
    ]  # fmt: skip
    pointers = [result["pointer"] for result in response.json()["results"] if result["status"] == "rejected"]
    assert pointers == [
        "/events/0/percent", "/events/4/occurred_at", "/events/8/user_id", "/events/9/org_id", "/events/10/org_id",
    ]  # fmt: skip
    database.assert_balanced(learner.org_ids, [known, fresh, twice])


def test_every_member_is_kept(api: Api, database: Database) -> None:
    """What an accepted event says is what the database holds, optional members included."""
    learner = api.learner()
    attributes = {"score": 0.1, "attempt": 3, "platform": ["ios", None, True], "device_class": {"language": "de"}}
    event = learner.event(percent=33.335, assigned_by=str(uuid4()), attributes=attributes)

    assert statuses(learner.send([event])) == ["accepted"]

    (row,) = database.rows(
        "select event_id::text, org_id::text, user_id::text, course_id, lesson_id, kind::text, percent::float,"
        " time_spent_seconds, occurred_at, assigned_by::text, attributes from rollcall.progress_events"
        " where event_id = %s",
        event["event_id"],
    )
    names = ("event_id", "org_id", "user_id", "course_id", "lesson_id", "kind")
    assert row[:6] == tuple(event[name] for name in names)
    assert row[6:8] == (33.34, 30)
    assert row[8] == datetime.fromisoformat(event["occurred_at"])
    assert row[9:] == (event["assigned_by"], attributes)


def test_gzip_bodies_are_accepted(api: Api, database: Database) -> None:
    """A compressed batch is stored like a plain one, whatever its content type says."""
    learner = api.learner()
    events = learner.events(30)

    for content_type, half in (("application/json", events[:15]), ("application/octet-stream", events[15:])):
        body = gzip.compress(json.dumps({"events": half}).encode())
        response = learner.post(BATCH, content=body, headers={"Content-Encoding": "gzip", "Content-Type": content_type})
        assert response.json()["counts"]["accepted"] == 15
    database.assert_balanced(learner.org_ids, events)


def test_every_answer_tells_limits_and_lag(api: Api) -> None:
    """Each answer of an ingest route, good or bad, carries the rate limit and how long to wait before the next."""
    learner = api.learner()
    answers = [
        learner.send([learner.event()]),
        learner.send_one(learner.event()),
        learner.send([]),
        learner.send([learner.event(org_id=str(uuid4()))]),
        learner.post(BATCH, content=b"{"),
        learner.post(BATCH, content=b"{}", headers={"Authorization": "Bearer nonsense"}),
    ]
    for answer in answers:
        assert all(name in answer.headers for name in ADVICE), answer.headers
        assert answer.headers["RateLimit-Policy"] == '"batches";q=10;w=2'
        assert int(answer.headers["X-Client-Queue-Lag"]) >= 0
    assert answers[0].headers["RateLimit"] == '"batches";r=9;t=1'


def test_batches_sent_twice_shuffled_and_at_once_count_once(api: Api, database: Database) -> None:
    """Each batch delivered twice, cut anew, in any order and concurrently: every event is accepted exactly once."""
    service = api.service()
    learners = [api.learner(*service.org_ids) for _ in range(4)]
    events = [event for learner in learners for event in learner.events(60)]
    deliveries = _cut(events, 12) + _cut(random.sample(events, len(events)), 17)
    random.shuffle(deliveries)

    answers = _send_at_once(service, deliveries)

    told = [status for answer in answers for status in statuses(answer)]
    assert told.count("accepted") == told.count("duplicate") == len(events)
    database.assert_balanced(service.org_ids, events)


def _cut(events: list[Event], size: int) -> list[list[Event]]:
    return [events[start : start + size] for start in range(0, len(events), size)]


def _send_at_once(sender: Sender, batches: list[list[Event]]) -> list[httpx.Response]:
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(sender.send, batches))


def test_clock_skew_of_an_offset_does_not_matter(api: Api, database: Database) -> None:
    """One moment written with two offsets is the same content: a duplicate, not a conflict."""
    learner = api.learner()
    day = datetime.now(UTC).date().isoformat()
    event = learner.event(occurred_at=f"{day}T10:00:00Z")

    assert statuses(learner.send([event])) == ["accepted"]
    assert statuses(learner.send([{**event, "occurred_at": f"{day}T12:00:00+02:00"}])) == ["duplicate"]
    assert database.event_ids(*learner.org_ids) == [event["event_id"]]
