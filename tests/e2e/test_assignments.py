"""Orders of assignments on the deployed stack: once for each key, all of a large one, and held back by a backlog."""

from typing import Any
from uuid import UUID, uuid4

import httpx

from tests.e2e.cloud import Cloud
from tests.e2e.database import Database
from tests.e2e.people import Api, Sender, statuses
from tests.e2e.test_refusals import assert_problem
from tests.e2e.waiting import await_until

COURSE = "algebra"
BACKLOG_LIMIT = 50  # the template's default


def order(administrator: Sender, learners: list[UUID], key: str = "order", **changes: Any) -> httpx.Response:
    """Give learners a course."""
    body = {"org_id": str(administrator.org_ids[0]), "user_ids": [str(learner) for learner in learners]} | changes
    administrator.sent.note_all(body["user_ids"])
    return administrator.post(f"/api/admin/courses/{COURSE}/assign", headers={"Idempotency-Key": key}, json=body)


def assigned(database: Database, org_id: UUID) -> int:
    ((count,),) = database.rows("select count(*) from rollcall.assignments where org_id = %s", org_id)
    return int(count)


def test_an_order_is_made_once_for_its_key(api: Api, database: Database) -> None:
    """Again with its key it is the same; with another body 409, for another organisation 403; and events find it."""
    org_id, learner = uuid4(), api.learner(uuid4(), uuid4())
    administrator = api.administrator(learner.org_ids[0], scope="admin:write")
    unplaced = learner.event(course_id=COURSE)
    unplaced.pop("org_id")
    assert learner.send([unplaced]).json()["results"][0]["reason"] == "org_unresolved"

    first = order(administrator, [learner.user_id, uuid4()])
    assert (first.status_code, first.json()["state"]) == (200, "done"), first.text
    assert first.json()["counts"]["assigned"] == 2
    named = first.json()["operation_id"]
    assert administrator.get(first.headers["Location"]).json() == first.json()
    assert_problem(order(administrator, [learner.user_id]), 409, "idempotency_conflict")
    assert_problem(order(administrator, [learner.user_id], "other", org_id=str(org_id)), 403, "org_forbidden")
    assert_problem(order(api.administrator(*administrator.org_ids), [learner.user_id], "other"), 403, "scope_missing")
    both = database.rows("select user_id from rollcall.assignments where org_id = %s", administrator.org_ids[0])
    again = order(administrator, [user_id for (user_id,) in both])
    assert again.json()["operation_id"] == named
    assert assigned(database, administrator.org_ids[0]) == 2

    assert statuses(learner.send([unplaced])) == ["accepted"]
    assert database.event_ids(administrator.org_ids[0]) == [unplaced["event_id"]]


def test_a_large_order_goes_on_by_itself(api: Api, database: Database) -> None:
    """202 with a part of it made; the rest is, a little later."""
    administrator = api.administrator(uuid4(), scope="admin:write")
    asked = order(administrator, [uuid4() for _ in range(2_500)])
    assert (asked.status_code, asked.json()["pending_count"]) == (202, 1_500), asked.text
    path = asked.headers["Location"]
    await_until(lambda: administrator.get(path).json()["state"] == "done", "the order is done")
    assert administrator.get(path).json()["counts"]["assigned"] == 2_500
    assert assigned(database, administrator.org_ids[0]) == 2_500


def test_a_backlog_holds_orders_back(api: Api, cloud: Cloud, database: Database) -> None:
    """Given one spooled batch too many, 503 with Retry-After, and nothing is done; once it has drained, it is."""
    administrator = api.administrator(uuid4(), scope="admin:write")
    with (
        cloud.full_queue(BACKLOG_LIMIT + 1) as full,
        cloud.function_environment("Admin", {"SPOOL_QUEUE_URL": full}),
    ):
        held = order(administrator, [uuid4()])
        assert_problem(held, 503, "backlog_exceeded")
        assert int(held.headers["Retry-After"]) >= 1
        erase = {"org_id": str(administrator.org_ids[0]), "user_id": str(uuid4()), "reason": "r"}
        assert_problem(administrator.post("/api/admin/privacy/erase", json=erase), 503, "backlog_exceeded")
        assert administrator.get("/api/admin/privacy/erase", org_id=str(administrator.org_ids[0])).status_code == 200
    assert assigned(database, administrator.org_ids[0]) == 0
    assert order(administrator, [uuid4()]).status_code == 200
