"""Analytics events on the deployed stack: scrubbed, queued, stored once, whatever breaks on the way."""

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast
from uuid import uuid4

import pytest

from tests.e2e.cloud import Cloud
from tests.e2e.database import Database
from tests.e2e.people import ANALYTICS, ANALYTICS_EVENT, Api, Event, reasons, statuses
from tests.e2e.test_faults import NOWHERE, outage
from tests.e2e.test_refusals import assert_problem
from tests.e2e.waiting import await_until
from workbench.stack.local import LocalStack
from workbench.stack.state import StackState

PERSONAL = "kim.canary@school.example"


def ids(events: list[Event]) -> list[str]:
    return sorted(event["event_id"] for event in events)


def await_stored(database: Database, events: list[Event], *org_ids: Any) -> None:
    await_until(lambda: database.analytics_ids(*org_ids) == ids(events), "every event is stored once", 60)


def test_a_batch_is_scrubbed_and_stored(api: Api, database: Database) -> None:
    """What is declared safe stays, what is not goes with a remark, and who it was is a pseudonym that joins."""
    learner = api.learner()
    events = [
        learner.happening(properties={"lesson_id": "fractions-3", "email": PERSONAL, "kims_diary": "dear diary"}),
        learner.happening(anonymous_id=str(learner.user_id)),
    ]
    response = learner.tell(events)
    assert (response.status_code, statuses(response)) == (200, ["accepted", "accepted"])
    assert all(name in response.headers for name in ("RateLimit", "RateLimit-Policy", "X-Client-Queue-Lag"))

    await_stored(database, events, *learner.org_ids)
    rows = database.rows(
        "select name, user_pseudonym, anonymous_pseudonym, key_id, properties, policy_version, remarks"
        " from rollcall.analytics_events where org_id = %s order by anonymous_pseudonym nulls first",
        learner.org_ids[0],
    )
    first, second = rows
    assert first[0] == "lesson_viewed"
    assert first[1] == second[1] == second[2], "the same person, whatever the field"
    assert first[4] == {"lesson_id": "fractions-3"}
    assert len(first[6]) == 2, "a remark for each property that went"
    assert PERSONAL not in json.dumps(rows, default=str)
    assert str(learner.user_id) not in json.dumps(rows, default=str)


def test_one_event_and_gzip_are_taken_too(api: Api, database: Database) -> None:
    """The route for single events, and a compressed batch."""
    learner = api.learner()
    one, packed = learner.happening(), learner.happening()
    assert statuses(learner.tell_one(one)) == ["accepted"]
    body = gzip.compress(json.dumps({"events": [packed]}).encode())
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/octet-stream"}
    assert statuses(learner.post(ANALYTICS, headers=headers, content=body)) == ["accepted"]
    await_stored(database, [one, packed], *learner.org_ids)


@pytest.mark.parametrize("route", [ANALYTICS, ANALYTICS_EVENT])
def test_an_organisation_is_required(api: Api, route: str) -> None:
    """Analytics events have no assignment to find it by: 400 with a pointer."""
    learner = api.learner()
    event = learner.happening(org_id=...)
    problem = assert_problem(
        learner.post(route, json={"events": [event]} if route == ANALYTICS else event), 400, "invalid_events"
    )
    assert problem["errors"][0]["pointer"].endswith("org_id")


def test_another_organisations_events_are_refused(api: Api, database: Database) -> None:
    """403 alone, a rejection beside good ones; nothing of it is stored."""
    learner, stranger = api.learner(), uuid4()
    foreign, good = learner.happening(org_id=str(stranger)), learner.happening()
    assert_problem(learner.tell([foreign]), 403, "org_forbidden")
    assert reasons(learner.tell([foreign, good])) == ["org_forbidden", None]
    await_stored(database, [good], *learner.org_ids)
    assert database.analytics_ids(stranger) == []


def test_another_learners_events_are_refused(api: Api) -> None:
    """Only a service may speak for others."""
    learner, service = api.learner(), api.service()
    assert_problem(learner.tell([learner.happening(user_id=str(uuid4()))]), 403, "user_forbidden")
    assert statuses(service.tell([service.happening(user_id=str(uuid4()))])) == ["accepted"]


def test_limits_are_those_of_analytics(api: Api) -> None:
    """500 events, 512 KB."""
    learner = api.learner()
    assert_problem(learner.tell(learner.happenings(501)), 413, "too_many_events")
    wide = learner.happening(properties={"lesson_id": "x" * 600_000})
    assert_problem(learner.tell([wide]), 413, "too_many_bytes")


def test_an_event_sent_again_counts_once(api: Api, database: Database) -> None:
    """Within a batch, in another batch, at the same time: whatever arrives, one row."""
    service = api.service()
    events = service.happenings(40)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(service.tell, [events, events[::-1], events[:20] * 2, events]))
    assert {answer.status_code for answer in answers} == {200}
    await_stored(database, events, *service.org_ids)
    audit = "select count(*), sum(accepted_count) from rollcall.batch_audit where org_id = %s"
    await_until(lambda: database.rows(audit, service.org_ids[0]) == [(4, 40)], "every batch has its line")


def test_a_large_batch_of_wide_events_is_stored_whole(api: Api, database: Database) -> None:
    """500 events that fill the body's limit, in one request."""
    service = api.service()
    events = [service.happening(properties={"lesson_id": f"lesson-{number}" * 20}) for number in range(500)]
    assert statuses(service.tell(events)) == ["accepted"] * 500
    await_stored(database, events, *service.org_ids)


def test_nothing_is_claimed_when_the_queue_is_away(api: Api, cloud: Cloud, database: Database) -> None:
    """503 with Retry-After, and no event of the batch counts as on its way."""
    learner = api.learner()
    events = learner.happenings(5)
    with cloud.function_environment("Analytics", {"AWS_ENDPOINT_URL_SQS": NOWHERE}):
        response = learner.tell(events)
    assert_problem(response, 503, "queue_unavailable")
    assert int(response.headers["Retry-After"]) >= 1
    queued = "select from rollcall.queued_batches where org_id = %s"
    assert database.rows(queued, learner.org_ids[0]) == []
    assert statuses(learner.tell(events)) == ["accepted"] * 5
    await_stored(database, events, *learner.org_ids)


def test_events_are_taken_while_the_database_is_away(
    api: Api, stack: LocalStack, state: StackState, cloud: Cloud, database: Database
) -> None:
    """The queue is what events are taken by: they are stored when the database is back, and none is buried."""
    service = api.service()
    events = service.happenings(60)
    with outage(stack, state, "immediate"):
        for first in range(0, 60, 20):
            assert statuses(service.tell(events[first : first + 20])) == ["accepted"] * 20
    await_stored(database, events, *service.org_ids)
    await_until(lambda: cloud.waiting("analytics") == 0, "the queue is empty", 60)
    assert cloud.waiting("analytics_dead_letter") == 0


def test_loaders_that_are_killed_lose_and_double_nothing(api: Api, cloud: Cloud, database: Database) -> None:
    """Load workers are killed -9 while batches stream in: SQS hands the messages out again, and each counts once."""
    service = api.service()
    events = [service.happenings(25) for _ in range(24)]
    with cloud.function_environment("Load", {"LOG_LEVEL": "INFO"}), ThreadPoolExecutor(2) as pool:
        answers = pool.map(service.tell, events)
        for number, answer in enumerate(answers):
            assert answer.status_code == 200
            if number % 6 == 0:
                for worker in cloud.workers("Load"):
                    worker.kill()
    sent = [event for batch in events for event in batch]
    await_until(lambda: database.analytics_ids(*service.org_ids) == ids(sent), "every event is stored once", 240)


def test_a_receipt_says_where_an_event_is(api: Api, database: Database) -> None:
    """The organisation's administrator finds the event; other callers do not learn that it exists."""
    learner = api.learner()
    stored, late = learner.happening(), learner.happening(occurred_at="2001-01-01T00:00:00Z")
    progress = learner.event()
    learner.tell([stored, late])
    learner.send([progress])
    await_stored(database, [stored], *learner.org_ids)
    administrator, stranger = api.administrator(*learner.org_ids), api.administrator()

    def receipt(event: Event) -> dict[str, Any]:
        answer = administrator.get(f"/api/events/{event['event_id']}/receipt")
        assert answer.status_code == 200, answer.text
        return cast("dict[str, Any]", answer.json())

    assert (receipt(stored)["state"], receipt(stored)["kind"]) == ("stored", "analytics")
    assert (receipt(progress)["state"], receipt(progress)["kind"]) == ("stored", "progress")
    assert (receipt(late)["state"], receipt(late)["reason"]) == ("rejected", "out_of_window")
    path = f"/api/events/{stored['event_id']}/receipt"
    assert_problem(stranger.get(path), 404, "event_unknown")
    assert_problem(learner.get(path), 403, "scope_missing")
    assert_problem(stranger.get(path, org_id=str(learner.org_ids[0])), 403, "org_forbidden")
    assert_problem(administrator.get(f"/api/events/{uuid4()}/receipt"), 404, "event_unknown")
    assert_problem(administrator.get("/api/events/none/receipt"), 404, "event_unknown")
