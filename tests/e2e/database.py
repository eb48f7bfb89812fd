"""The stack's database as its administrator sees it: row-level security does not hide rows from these tests."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg import sql

from tests.e2e import expected_progress
from tests.e2e.people import Event

# What a learner's row holds after the names of its key.
STANDING = "percent, first_activity_at, last_activity_at, first_completed_at, time_spent_seconds, event_count"


@dataclass(frozen=True)
class Database:
    """Opened anew for each question: the tests stop and start it."""

    dsn: str

    def rows(self, query: LiteralString, *parameters: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            return connection.execute(query, parameters).fetchall()

    def event_ids(self, *org_ids: UUID) -> list[str]:
        """Return the ids of all events stored for these organisations, in order, each as often as it is stored."""
        found = self.rows("select event_id::text from rollcall.progress_events where org_id = any(%s)", list(org_ids))
        return sorted(event_id for (event_id,) in found)

    def dump(self) -> Iterator[str]:
        """Yield every row of every table, as text."""
        tables = "select relname from pg_class where relnamespace = 'rollcall'::regnamespace and relkind = 'r'"
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            for (table,) in connection.execute(tables).fetchall():
                query = sql.SQL("select t::text from rollcall.{} as t").format(sql.Identifier(table))
                yield from (row for (row,) in connection.execute(query))

    def checkpoint(self) -> None:
        """Have everything written to files."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute("checkpoint")

    def analytics_ids(self, *org_ids: UUID) -> list[str]:
        """Return the ids of all analytics events stored for these organisations, each as often as it is stored."""
        found = self.rows("select event_id::text from rollcall.analytics_events where org_id = any(%s)", list(org_ids))
        return sorted(event_id for (event_id,) in found)

    def knows(self, event_ids: Iterable[str]) -> bool:
        """Tell whether anything is stored under any of these ids, for whatever organisation."""
        query = (
            "select event_id from rollcall.progress_identities union all"
            " select event_id from rollcall.analytics_identities"
        )
        return bool(self.rows(f"select from ({query}) as known where event_id = any(%s::uuid[])", list(event_ids)))

    def assign(self, org_id: UUID, user_id: UUID, course_id: str, assigned_by: UUID | None = None) -> None:
        """Assign a course to a learner."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute(
                "insert into rollcall.assignments (org_id, user_id, course_id, assigned_by) values (%s, %s, %s, %s)",
                (org_id, user_id, course_id, assigned_by),
            )

    def lessons(self, *org_ids: UUID) -> dict[expected_progress.Key, expected_progress.ExpectedRow]:
        """Return the lesson projection of these organisations."""
        query = f"select org_id::text, user_id::text, course_id, lesson_id, {STANDING} from rollcall.lesson_progress"
        return _rows_by_key(self.rows(query + " where org_id = any(%s)", list(org_ids)))

    def courses(self, *org_ids: UUID) -> dict[expected_progress.Key, expected_progress.ExpectedRow]:
        """Return the course projection of these organisations."""
        query = f"select org_id::text, user_id::text, course_id, {STANDING} from rollcall.course_progress"
        return _rows_by_key(self.rows(query + " where org_id = any(%s)", list(org_ids)))

    def assert_balanced(self, org_ids: Iterable[UUID], events: Iterable[Event]) -> None:
        """Assert that these organisations hold these events, each once and nothing else, projections included."""
        owners, expected = list(org_ids), list(events)
        ids = sorted(event["event_id"] for event in expected)
        assert self.event_ids(*owners) == ids
        ledger = "select event_id::text from rollcall.progress_identities where org_id = any(%s)"
        assert sorted(event_id for (event_id,) in self.rows(ledger, owners)) == ids
        assert self.lessons(*owners) == expected_progress.by_lesson(expected)
        assert self.courses(*owners) == expected_progress.by_course(expected)

    @contextmanager
    def learner_locked(self, user_id: UUID) -> Iterator[None]:
        """Hold what every batch of this learner must wait for."""
        with psycopg.connect(self.dsn) as connection:
            connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (str(user_id),))
            yield

    def waiting_calls(self) -> int:
        """Return how many calls wait for a learner's lock."""
        query = "select from pg_stat_activity where wait_event = 'advisory' and usename = 'rollcall_app'"
        return len(self.rows(query))


def _rows_by_key(rows: Iterable[tuple[Any, ...]]) -> dict[expected_progress.Key, expected_progress.ExpectedRow]:
    return {tuple(row[:-6]): expected_progress.ExpectedRow(*row[-6:]) for row in rows}
