"""The usual handler: event by event, with three prepared statements each.

It reads a batch with the same models as Rollcall, and stores the same rows: each event once, and the learner's progress
in the lesson and the course. It does without the rate limit, row-level security, partitions, digests for conflicts,
logs and metrics.
"""

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import psycopg
from rollcall.contracts.ingest.progress import ProgressBatch, ProgressEvent

from workbench.bench.loops import Call

SCHEMA = """
create schema if not exists baseline;
create table baseline.events (
    org_id uuid not null,
    event_id uuid not null,
    user_id uuid not null,
    course_id text not null,
    lesson_id text not null,
    kind rollcall.progress_kind not null,
    percent numeric(5, 2),
    time_spent_seconds integer not null,
    occurred_at timestamptz not null,
    received_at timestamptz not null default now(),
    attributes jsonb,
    primary key (org_id, event_id)
);
create table baseline.lesson_progress (like rollcall.lesson_progress including all);
create table baseline.course_progress (like rollcall.course_progress including all);
"""

STORE = """
insert into baseline.events (
    org_id, event_id, user_id, course_id, lesson_id, kind, percent, time_spent_seconds, occurred_at, attributes
)
values (
    %(org_id)s, %(event_id)s, %(user_id)s, %(course_id)s, %(lesson_id)s, %(kind)s, %(percent)s,
    %(time_spent_seconds)s, %(occurred_at)s, %(attributes)s
)
on conflict do nothing
"""

MOVE_LESSON = """
insert into baseline.lesson_progress as lesson (
    org_id, user_id, course_id, lesson_id, percent, first_activity_at, last_activity_at, first_completed_at,
    time_spent_seconds, event_count
)
values (
    %(org_id)s, %(user_id)s, %(course_id)s, %(lesson_id)s, %(percent)s, %(occurred_at)s, %(occurred_at)s,
    %(completed_at)s, %(time_spent_seconds)s, 1
)
on conflict (org_id, user_id, course_id, lesson_id) do update set
    percent = greatest(lesson.percent, excluded.percent),
    first_activity_at = least(lesson.first_activity_at, excluded.first_activity_at),
    last_activity_at = greatest(lesson.last_activity_at, excluded.last_activity_at),
    first_completed_at = least(lesson.first_completed_at, excluded.first_completed_at),
    time_spent_seconds = lesson.time_spent_seconds + excluded.time_spent_seconds,
    event_count = lesson.event_count + 1
"""

MOVE_COURSE = """
insert into baseline.course_progress (
    org_id, user_id, course_id, percent, first_activity_at, last_activity_at, first_completed_at,
    time_spent_seconds, event_count, lessons_started, lessons_completed
)
select
    org_id, user_id, course_id, round(avg(percent), 2), min(first_activity_at), max(last_activity_at),
    min(first_completed_at), sum(time_spent_seconds), sum(event_count), count(*), count(first_completed_at)
from baseline.lesson_progress
where org_id = %(org_id)s and user_id = %(user_id)s and course_id = %(course_id)s
group by org_id, user_id, course_id
on conflict (org_id, user_id, course_id) do update set
    percent = excluded.percent,
    first_activity_at = excluded.first_activity_at,
    last_activity_at = excluded.last_activity_at,
    first_completed_at = excluded.first_completed_at,
    time_spent_seconds = excluded.time_spent_seconds,
    event_count = excluded.event_count,
    lessons_started = excluded.lessons_started,
    lessons_completed = excluded.lessons_completed
"""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class UpsertHandler:
    """Stores event by event: with a transaction for each statement, or for each batch."""

    conninfo: str
    one_transaction: bool

    def open(self, _seat: int) -> Call:
        """Connect. Statements are prepared on the server when they first run."""
        connection = psycopg.connect(self.conninfo, autocommit=True, prepare_threshold=0)

        def call(payload: bytes) -> None:
            batch = ProgressBatch.model_validate_json(json.loads(payload)["body"])
            with self._transaction(connection):
                results = [_store(connection, event) for event in batch.events]
            json.dumps({"statusCode": 200, "body": json.dumps({"results": results})})

        return call

    def _transaction(self, connection: psycopg.Connection[Any]) -> AbstractContextManager[Any]:
        return connection.transaction() if self.one_transaction else nullcontext()


def _store(connection: psycopg.Connection[Any], event: ProgressEvent) -> dict[str, str]:
    row = _row_of(event)
    stored = connection.execute(STORE, row).rowcount == 1
    if stored:
        connection.execute(MOVE_LESSON, row)
        connection.execute(MOVE_COURSE, row)
    return {"event_id": str(event.event_id), "status": "accepted" if stored else "duplicate"}


def _row_of(event: ProgressEvent) -> Row:
    row = dict(event)
    row["completed_at"] = event.occurred_at if event.kind == "completed" else None
    row["attributes"] = json.dumps(event.attributes) if event.attributes else None
    return row
