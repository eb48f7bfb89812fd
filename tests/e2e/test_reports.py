"""Reports and processes on the deployed stack: from events over HTTP to figures over HTTP."""

import csv
import io
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest

from tests.e2e.cloud import Cloud
from tests.e2e.database import Database
from tests.e2e.people import Api, Event, Sender, statuses
from tests.e2e.test_refusals import assert_problem
from tests.e2e.waiting import await_until

REPORTS = ["overview", "engagement", "completion", "lesson-dropoff", "enrollment", "activity"]
PROCESSES = "/api/migration-analytics"


def roll_up(cloud: Cloud) -> None:
    """Have new events folded, as the schedule would within a minute."""
    cloud.invoke("RollupJob")


def count(cloud: Cloud, org_id: UUID) -> None:
    """Bring the statistics of an organisation up to date, as the schedule would within a minute."""
    done = cloud.invoke("ReportsJob", parameters={"org_id": str(org_id)})
    assert done["status"] == "succeeded"


def rows(sender: Sender, name: str, **query: Any) -> list[dict[str, Any]]:
    """Return the rows of a report."""
    response = sender.get(f"/api/reports/{name}", org_id=str(sender.org_ids[0]), **query)
    assert response.status_code == 200, response.text
    return list(response.json()["rows"])


def taught(api: Api) -> tuple[UUID, list[Event]]:
    """Let two learners of a new organisation do things in three courses; return what they sent."""
    org_id, sent = uuid4(), list[Event]()
    for _ in range(2):
        learner = api.learner(org_id)
        events = [
            learner.event(course_id=f"course-{course}-of-{org_id}", lesson_id=f"lesson-{lesson}", kind=kind)
            for course in range(3)
            for lesson, kind in enumerate(["completed", "completed", "progressed"][course:])
        ]
        assert set(statuses(learner.send(events))) == {"accepted"}
        sent += events
    return org_id, sent


def test_what_was_ingested_is_reported(api: Api, database: Database, cloud: Cloud) -> None:
    """Every report tells what was sent: who is enrolled, who completed, who is where, and when."""
    org_id, sent = taught(api)
    reader = api.administrator(org_id)
    assigned = uuid4()
    database.assign(org_id, assigned, f"course-0-of-{org_id}")

    def is_rolled_up() -> bool:
        return bool(rows(reader, "overview")[0]["progress_event_count"] == len(sent))

    roll_up(cloud)
    await_until(is_rolled_up, "the events are in the rollups", 60)
    count(cloud, org_id)
    overview = rows(reader, "overview")[0]
    assert (overview["learner_count"], overview["course_count"], overview["time_spent_seconds"]) == (2, 3, 30 * 12)
    enrollment = rows(reader, "enrollment")
    assert [row["enrolled_count"] for row in enrollment] == [3, 2, 2]
    assert [row["assigned_count"] for row in enrollment] == [1, 0, 0]
    assert [row["completed_count"] for row in enrollment] == [0, 0, 0]
    assert [row["event_count"] for row in rows(reader, "engagement")] == [6, 4, 2]
    assert [row["completion_rate"] for row in rows(reader, "completion")] == [0, 0, 0]
    first = rows(reader, "lesson-dropoff", course_id=f"course-0-of-{org_id}")
    assert [(row["lesson_id"], row["started_count"], row["completed_count"]) for row in first] == [
        ("lesson-0", 2, 2), ("lesson-1", 2, 2), ("lesson-2", 2, 0),
    ]  # fmt: skip
    for grain in ("day", "hour"):
        assert sum(row["event_count"] for row in rows(reader, "activity", grain=grain)) == len(sent)


def test_pages_of_json_and_of_csv_are_the_report(api: Api, cloud: Cloud) -> None:
    """Read one row at a time, by cursor or by Link, every row comes once."""
    org_id, _ = taught(api)
    reader = api.administrator(org_id)
    count(cloud, org_id)
    whole = rows(reader, "lesson-dropoff")
    assert len(whole) == 6

    found, query = list[dict[str, Any]](), {"org_id": str(org_id), "limit": 1}
    while True:
        page = reader.get("/api/reports/lesson-dropoff", **query).json()
        found += page["rows"]
        if "next_cursor" not in page:
            break
        query["cursor"] = page["next_cursor"]
    assert found == whole

    response = reader.get("/api/reports/lesson-dropoff", org_id=str(org_id), limit=4, format="csv")
    lines = list(csv.DictReader(io.StringIO(response.text, newline="")))
    following = urlsplit(response.links["next"]["url"])
    response = reader.get(following.path, **{name: values[0] for name, values in parse_qs(following.query).items()})
    assert response.headers["content-type"].startswith("text/csv")
    assert "next" not in response.links
    lines += csv.DictReader(io.StringIO(response.text, newline=""))
    assert [line["lesson_id"] for line in lines] == [row["lesson_id"] for row in whole]


def test_a_course_that_is_a_formula_is_none_in_a_spreadsheet(api: Api, cloud: Cloud) -> None:
    """A client's course id that begins like a formula is a text in the file."""
    learner = api.learner()
    course = "=HYPERLINK(A1)"
    assert statuses(learner.send([learner.event(course_id=course)])) == ["accepted"]
    count(cloud, learner.org_ids[0])
    response = api.administrator(*learner.org_ids).get(
        "/api/reports/enrollment", org_id=str(learner.org_ids[0]), format="csv"
    )
    assert response.text.splitlines()[1].startswith(f'"\'{course}",1,')


@pytest.mark.parametrize("name", REPORTS)
def test_no_report_of_another_organisation(api: Api, name: str) -> None:
    """403 for an organisation that the token does not hold, or without the scope; nothing known is an empty report."""
    reader, learner = api.administrator(), api.learner()
    path = f"/api/reports/{name}"
    assert_problem(reader.get(path, org_id=str(uuid4())), 403, "org_forbidden")
    assert_problem(learner.get(path, org_id=str(learner.org_ids[0])), 403, "scope_missing")
    blank = reader.get(path, org_id=str(reader.org_ids[0])).json()
    assert (blank["as_of"], len(blank["rows"])) == (None, int(name == "overview"))


def test_processes_tell_of_themselves(api: Api, cloud: Cloud) -> None:
    """Events of runs are listed, rolled up over the week, and judged."""
    service = api.service(scopes=["admin:read"])
    org_id = str(service.org_ids[0])

    def told(kind: str, run: str, **more: Any) -> Event:
        happened = {"event_id": str(uuid4()), "org_id": org_id, "kind": kind, "process": "roster_import"}
        return happened | {"request_id": run, "occurred_at": datetime.now(UTC).isoformat(), **more}

    paid = {"duration_ms": 100, "cost_amount": 0.5, "cost_currency": "EUR"}
    events = [told("started", "a"), told("retry", "a"), told("completed", "a", **paid)]
    events += [told("started", "b"), told("failed", "b", duration_ms=50)]
    response = service.post(f"{PROCESSES}/events", json={"events": events})
    assert (response.status_code, set(statuses(response))) == (200, {"accepted"})

    def is_stored() -> bool:
        listed = service.get(f"{PROCESSES}/events", org_id=org_id).json()["events"]
        return sorted(event["event_id"] for event in listed) == sorted(event["event_id"] for event in events)

    def is_rolled_up() -> bool:
        rollup = service.get(f"{PROCESSES}/rollup", org_id=org_id).json()
        return [process["failed"] for process in rollup["processes"]] == [1]

    await_until(is_stored, "the events are stored", 60)
    roll_up(cloud)
    await_until(is_rolled_up, "the runs are rolled up", 60)
    (process,) = service.get(f"{PROCESSES}/rollup", org_id=org_id).json()["processes"]
    assert (process["started"], process["success_percent"], process["costs"]) == (2, 50, {"EUR": 0.5})
    health = service.get(f"{PROCESSES}/health", org_id=org_id).json()
    assert (health["status"], health["reasons"]) == ("failing", ["failure_rate", "retry_rate"])
    assert_problem(api.administrator().get(f"{PROCESSES}/events", org_id=org_id), 403, "org_forbidden")
