"""The procedures that answer reports, and those that keep their statistics, called by their names."""

from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from rollcall.contracts.reports import (
    ActivityRow,
    CompletionRow,
    DropoffRow,
    EngagementRow,
    EnrollmentRow,
    Grain,
    OverviewRow,
    ReportRow,
)
from rollcall.domain.reports.window import DayWindow
from rollcall.store.connection import Database

ENGAGEMENT = (
    "select as_of, entries"
    " from rollcall.report_engagement_v1(rollcall.present_report_pass_v1(%s, %s), %s, %s, %s, %s, %s)"
)
COMPLETION = (
    "select as_of, entries"
    " from rollcall.report_completion_v1(rollcall.present_report_pass_v1(%s, %s), %s, %s, %s, %s, %s)"
)
DROPOFF = (
    "select as_of, entries"
    " from rollcall.report_lesson_dropoff_v1(rollcall.present_report_pass_v1(%s, %s), %s, %s, %s, %s)"
)
ENROLLMENT = (
    "select as_of, entries from rollcall.report_enrollment_v1(rollcall.present_report_pass_v1(%s, %s), %s, %s, %s)"
)
ACTIVITY = (
    "select as_of, entries"
    " from rollcall.report_activity_v1(rollcall.present_report_pass_v1(%s, %s), %s, %s, %s, %s, %s, %s, %s)"
)
OVERVIEW = "select as_of, entry from rollcall.report_overview_v1(rollcall.present_report_pass_v1(%s, %s), %s, %s)"

Row = TypeVar("Row", bound=ReportRow)
Counted = tuple[datetime | None, list[Row]]


class ReportStore:
    """Reads reports: when their statistics were counted (None: not yet), and a page of rows.

    Each call is one organisation's, and raises StoreUnavailable. The database shows the pass's organisations alone.
    """

    def __init__(self, database: Database, report_pass: str) -> None:
        self._database = database
        self._report_pass = report_pass

    def engagement(
        self, org_id: UUID, window: DayWindow, course_id: str | None, after: str | None, limit: int
    ) -> Counted[EngagementRow]:
        """Return what happens in each course, after that one, in the order of their ids."""
        return self._read(EngagementRow, ENGAGEMENT, org_id, window.first, window.end, course_id, after, limit)

    def completion(
        self, org_id: UUID, first: date | None, end: date | None, course_id: str | None, after: str | None, limit: int
    ) -> Counted[CompletionRow]:
        """Return who completed each course, of those who began it from one day until before another; None is any."""
        return self._read(CompletionRow, COMPLETION, org_id, first, end, course_id, after, limit)

    def lesson_dropoff(
        self, org_id: UUID, course_id: str | None, after: tuple[str, int] | None, limit: int
    ) -> Counted[DropoffRow]:
        """Return who left at each lesson, after that course and rank, course by course in the order of reach."""
        after_course_id, after_rank = after or (None, None)
        return self._read(DropoffRow, DROPOFF, org_id, course_id, after_course_id, after_rank, limit)

    def enrollment(self, org_id: UUID, course_id: str | None, after: str | None, limit: int) -> Counted[EnrollmentRow]:
        """Return who is enrolled in each course."""
        return self._read(EnrollmentRow, ENROLLMENT, org_id, course_id, after, limit)

    def activity(
        self,
        org_id: UUID,
        grain: Grain,
        window: DayWindow,
        course_id: str | None,
        after: tuple[datetime, str] | None,
        limit: int,
    ) -> Counted[ActivityRow]:
        """Return what happened by hour or by day, after that moment and source, oldest first."""
        after_at, after_source = after or (None, None)
        return self._read(
            ActivityRow, ACTIVITY, org_id, grain, window.first, window.end, course_id, after_at, after_source, limit
        )

    def overview(self, org_id: UUID, window: DayWindow) -> tuple[datetime | None, OverviewRow]:
        """Return an organisation at a glance."""
        as_of, entry = self._database.call(OVERVIEW, (self._report_pass, org_id, window.first, window.end))
        return as_of, OverviewRow.model_validate(entry)

    def _read(self, row: type[Row], statement: str, *parameters: Any) -> Counted[Row]:
        as_of, entries = self._database.call(statement, (self._report_pass, *parameters))
        return as_of, [row.model_validate(entry) for entry in entries]


class RefreshStore:
    """Brings report statistics up to date. Raises StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due_report_refreshes(self, now: datetime) -> list[UUID]:
        """Return the organisations with news, those that waited longest first."""
        (org_ids,) = self._database.call("select rollcall.due_report_refreshes_v1(%s)", (now,))
        return list(org_ids)

    def refresh_reports(self, org_id: UUID, now: datetime) -> float | None:
        """Count an organisation anew and return the seconds it took; None where another one is at it."""
        (seconds,) = self._database.call("select rollcall.refresh_reports_v1(%s, %s)", (org_id, now))
        return None if seconds is None else float(seconds)
