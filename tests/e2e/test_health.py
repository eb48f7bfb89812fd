"""Health of the deployed stack: measured by the stack, shown by scope, and right about an outage."""

import time
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.e2e.database import Database
from tests.e2e.people import Api, Sender
from tests.e2e.test_faults import outage
from tests.e2e.test_refusals import assert_problem
from tests.e2e.waiting import await_until
from workbench.stack.local import LocalStack
from workbench.stack.state import StackState

TURN = 1  # by then the schedule had time to fire, so that somebody watches

HEALTH, TRANSITIONS, METRICS = "/api/health", "/api/health/transitions", "/api/diagnostics/metrics"
FIRST_FIRING_SECONDS = 130


@pytest.fixture
def administrator(api: Api) -> Sender:
    """An administrator, once somebody watches."""
    made = api.administrator()
    await_until(lambda: health_of(made)["sequence"] > 0, "the first look of who watches", FIRST_FIRING_SECONDS)
    return made


def health_of(sender: Sender) -> dict[str, Any]:
    """Return health as somebody is shown it."""
    answer = sender.get(HEALTH)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def test_each_is_told_what_they_may_know(api: Api, administrator: Sender) -> None:
    """Anonymous callers see the status, tokens also the advice, administrators everything; a bad token is refused."""
    public = api.http.get(HEALTH)
    assert public.json().keys() == {"status"}
    assert public.headers["Cache-Control"] == "public, max-age=1"
    assert health_of(api.learner()).keys() == {"status", "advice"}
    health = health_of(administrator)
    assert health["orgEnforcement"]["gaps"] == []
    assert health["orgEnforcement"]["table_count"] > 50
    assert health["database"]["is_reachable"]
    assert health["organisations"].keys() == {str(administrator.org_ids[0])}
    assert all(queue["depth"] is not None for queue in health["queues"].values())
    assert_problem(api.http.get(HEALTH, headers={"Authorization": "Bearer nonsense"}), 401, "token_invalid")
    for path in (TRANSITIONS, METRICS):
        assert_problem(api.learner().get(path), 403, "scope_missing")


def test_somebody_watches_all_the_time(administrator: Sender) -> None:
    """What is shown was measured moments ago; advice of it reaches ingestion."""
    first = health_of(administrator)["measured_at"]
    await_until(lambda: health_of(administrator)["measured_at"] > first, "another look", 75)


def test_nothing_is_sent_again_while_nothing_changes(api: Api) -> None:
    """By its tag, through the gateway."""
    tag = api.http.get(HEALTH).headers["ETag"]
    again = api.http.get(HEALTH, headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)


def test_an_organisation_sees_its_own_rejections_and_refusals(api: Api) -> None:
    """And not another's."""
    org_id, other = uuid4(), uuid4()
    sender = api.service(org_id)
    assert sender.send([sender.event(percent=101), sender.event()]).status_code == 200
    learner = api.learner(org_id)
    answers = [learner.send([learner.event()]) for _ in range(20)]
    refused = sum(answer.status_code == 429 for answer in answers)

    def own(seen_by: UUID) -> dict[str, Any]:
        return dict(health_of(api.administrator(seen_by))["organisations"][str(seen_by)])

    await_until(lambda: own(org_id)["received_count"] == 21 - refused, "its numbers", 10)
    assert sum(own(org_id)["rejected_counts"].values()) == 1
    assert own(org_id)["rate_limited_count"] == refused
    assert (own(other)["received_count"], own(other)["rejected_counts"]) == (0, {})


def test_prometheus_reads_the_numbers(api: Api, administrator: Sender) -> None:
    """As text when it asks so, else JSON."""
    assert {metric["name"] for metric in administrator.get(METRICS).json()["metrics"]} > {"rollcall_health_status"}
    headers = {"Authorization": f"Bearer {administrator.token}", "Accept": "text/plain;version=0.0.4"}
    text = api.http.get(METRICS, headers=headers)
    assert text.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "\nrollcall_database_reachable 1.0\n" in text.text


def test_an_outage_is_told_within_five_seconds_and_clears_by_itself(
    api: Api, administrator: Sender, stack: LocalStack, state: StackState, database: Database
) -> None:
    """To everybody; both changes are kept, and organisations have no numbers meanwhile."""
    fresh = health_of(administrator)["measured_at"]
    await_until(lambda: health_of(administrator)["measured_at"] > fresh, "somebody who watches just now", 75)
    with outage(stack, state, "fast"):
        began = time.monotonic()
        await_until(lambda: status_of(api.http) == "down", "word of the outage", 10)
        assert time.monotonic() - began < 5
        health = health_of(administrator)
        assert health["reasons"][0] == "database_unreachable"
        assert (health["organisations"], health.get("orgEnforcement")) == ({}, None)
    await_until(lambda: status_of(api.http) == "ok", "word of its end", 75)
    latest = administrator.get(TRANSITIONS, limit=2).json()["transitions"]
    assert [(row["previous"], row["status"]) for row in latest] == [("down", "ok"), ("ok", "down")]
    assert database.rows("select 1") == [(1,)]


def status_of(http: httpx.Client) -> str:
    """Return the status that an anonymous caller sees."""
    return str(http.get(HEALTH).json()["status"])
