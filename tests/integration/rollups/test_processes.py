"""Processes: what they tell of themselves becomes counts, percentiles, costs and a verdict on their health."""

import random
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from rollcall.contracts.ingest.analytics import ScrubbedEvent
from rollcall.store.rollups.rollups import RollupStore

from tests.builders import queued_batch, scrubbed_event
from tests.postgres import ScratchDatabase
from tests.rollups import digests, fold_everything

A, B = uuid4(), uuid4()
NOW = datetime.now(UTC).replace(microsecond=0)  # health looks at the last seven days
ROLLUP = "select rollcall.process_rollup_v1(%s, %s, %s)"
HEALTH = "select rollcall.process_health_v1(%s)"
LIST = "select rollcall.list_process_events_v1(%s, %s, %s, %s, %s, %s)"


@pytest.fixture
def rollups(clone: ScratchDatabase) -> Iterator[RollupStore]:
    """The store of rollups, as the worker has it."""
    with closing(clone.database("rollcall_ops")) as database:
        yield RollupStore(database)


@pytest.fixture
def operator(clone: ScratchDatabase) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """A connection as the role that reads rollups for the API."""
    with clone.connect("rollcall_ops") as connection:
        yield connection


def told(name: str, request: str | None = "r1", ago: timedelta = timedelta(0), **properties: Any) -> ScrubbedEvent:
    """Return an event of a process."""
    known = {"process": "import"} | ({"request_id": request} if request else {})
    return scrubbed_event(name=f"process_{name}", occurred_at=NOW - ago, properties=known | properties)


def one(connection: psycopg.Connection[tuple[Any, ...]], statement: str, *parameters: Any) -> Any:
    """Return the only value of a query."""
    row = connection.execute(statement.encode(), parameters).fetchone()
    assert row is not None
    return row[0]


def test_a_week_of_a_process(
    clone: ScratchDatabase, rollups: RollupStore, operator: psycopg.Connection[tuple[Any, ...]]
) -> None:
    """Counts, success of those that ended, retries for each that started, percentiles, and costs by currency; in any
    order of events, and of this organisation alone.
    """
    events = []
    for number in range(20):
        run, day = f"r{number}", timedelta(days=number % 3)
        events += [told("started", run, day), told("step_completed", run, day, step="read", cost_amount=0.1)]
        events += [told("retry", run, day)] if number % 4 == 0 else []
        end = "failed" if number == 7 else "completed"
        events.append(
            told(end, run, day, duration_ms=100 * (number + 1), cost_amount=0.2, cost_currency="EUR"),
        )
    random.Random(1).shuffle(events)
    for at in range(0, len(events), 9):
        clone.analytics.ingest_analytics(A, [queued_batch(A, *events[at : at + 9])])
        rollups.fold_events(A, "analytics", None, 0, 5)
    clone.analytics.ingest_analytics(B, [queued_batch(B, told("failed"))])
    for org_id in (A, B):
        fold_everything(rollups, org_id)

    week = (NOW.date() - timedelta(days=6), NOW.date())
    rollup = one(operator, ROLLUP, A, *week)
    (process,) = rollup["processes"]
    assert process | {"duration_p50_ms": 0, "duration_p95_ms": 0} == {
        "process": "import", "started": 20, "steps_completed": 20, "retries": 5, "completed": 19, "failed": 1,
        "success_percent": 95, "retry_rate": 0.25, "duration_p50_ms": 0, "duration_p95_ms": 0,
        "costs": {"EUR": 4, "XXX": 2},
    }  # fmt: skip
    assert process["duration_p50_ms"] == pytest.approx(1000, rel=0.01)
    assert process["duration_p95_ms"] == pytest.approx(1900, rel=0.01)
    assert [(day["day"], day["started"]) for day in rollup["days"]] == [
        ((NOW.date() - timedelta(days=ago)).isoformat(), number) for ago, number in ((2, 6), (1, 7), (0, 7))
    ]
    assert one(operator, ROLLUP, uuid4(), *week) == {"processes": [], "days": []}
    before = digests(clone)
    for ago in range(3):
        rollups.rebuild_day(A, NOW.date() - timedelta(days=ago))
    assert digests(clone) == before


@pytest.mark.parametrize(
    ("completed", "failed", "retries", "status"),
    [(0, 0, 0, "no_data"), (100, 5, 0, "healthy"), (100, 6, 0, "degraded"), (100, 12, 0, "failing"),
     (100, 0, 21, "degraded"), (0, 1, 0, "failing")],
)  # fmt: skip
def test_the_verdict_on_health(
    clone: ScratchDatabase,
    rollups: RollupStore,
    operator: psycopg.Connection[tuple[Any, ...]],
    completed: int,
    failed: int,
    retries: int,
    status: str,
) -> None:
    """More than 5 % failed is degraded, as is a retry for every fifth; more than 10 % is failing."""
    names = ["started"] * completed + ["completed"] * completed + ["failed"] * failed + ["retry"] * retries
    if names:
        clone.analytics.ingest_analytics(A, [queued_batch(A, *(told(name, None) for name in names))])
    fold_everything(rollups, A)
    health = one(operator, HEALTH, A)
    assert health["status"] == status
    assert (health["completed"], health["failed"], health["retries"]) == (completed, failed, retries)


def test_runs_that_never_ended_are_told(
    clone: ScratchDatabase, rollups: RollupStore, operator: psycopg.Connection[tuple[Any, ...]]
) -> None:
    """One that began more than an hour ago without an end; an end on the next day is one; what is new is not stuck."""
    day, hours = timedelta(days=1), timedelta(hours=2)
    events = [
        *(told("started", "stuck", hours), told("step_completed", "stuck", hours)),
        *(told("started", "over midnight", 2 * day), told("completed", "over midnight", day)),
        told("started", "new"),
    ]
    clone.analytics.ingest_analytics(A, [queued_batch(A, *events)])
    fold_everything(rollups, A)
    assert one(operator, HEALTH, A)["unfinished"] == 1


def test_events_are_listed_page_by_page(clone: ScratchDatabase, operator: psycopg.Connection[tuple[Any, ...]]) -> None:
    """Newest first, each once, those of processes alone, within the window."""
    events = [told("started", f"r{n}", timedelta(minutes=n // 2), step=n, cost_amount=0.5) for n in range(7)]
    beside = [told("started", "old", timedelta(days=3)), scrubbed_event(occurred_at=NOW)]
    clone.analytics.ingest_analytics(A, [queued_batch(A, *events, *beside)])
    window = (NOW - timedelta(days=1), NOW + timedelta(days=1))
    listed: list[dict[str, Any]] = []
    after: tuple[Any, Any] = (None, None)
    while page := one(operator, LIST, A, *window, *after, 3):
        listed += page
        after = (page[-1]["occurred_at"], page[-1]["event_id"])
    expected = sorted(events, key=lambda event: (event.occurred_at, event.event_id), reverse=True)
    assert [event["event_id"] for event in listed] == [str(event.event_id) for event in expected]
    assert listed[0].keys() == {
        "event_id", "occurred_at", "name", "process", "request_id", "trace_id", "step", "duration_ms", "cost_amount",
        "cost_currency",
    }  # fmt: skip
    assert Decimal(str(listed[0]["cost_amount"])) == Decimal("0.5")
    assert one(operator, LIST, B, *window, None, None, 3) == []


def test_no_number_stops_an_organisations_rollups(clone: ScratchDatabase, rollups: RollupStore) -> None:
    """Given properties that are no durations or costs that anything could have had, the events still count."""
    odd: list[Any] = [0, -5, 1e300, 1e-300, 10**400, "12", None, True, [1], {"a": 1}]
    events = [
        told("completed", f"r{n}", duration_ms=value, duration_seconds=value, time_spent_seconds=value,
             time_spent_ms=value, cost_amount=value, cost_currency=value, trace_id=value, step=value)
        for n, value in enumerate(odd)
    ]  # fmt: skip
    clone.analytics.ingest_analytics(A, [queued_batch(A, *events)])
    assert fold_everything(rollups, A) == len(odd)
    assert clone.rows("select sum(event_count) from rollcall.hourly_rollups") == [(len(odd),)]
