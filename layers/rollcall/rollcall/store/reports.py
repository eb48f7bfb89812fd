"""Calls the procedures that answer reports, and those that refresh the statistics."""

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
from rollcall.store.procedures import call_statement

# The argument of a report's procedure: it presents the pass first, and returns the organisation that is asked for.
PRESENTED = call_statement("present_report_pass_v1", "", ("p_pass", "p_org_id")).removeprefix("select ")

Row = TypeVar("Row", bound=ReportRow)
Counted = tuple[datetime | None, list[Row]]


class ReportStore:
    """Reads reports: when their statistics were counted (None: not yet), and a page of rows.

    Each call concerns one organisation, and raises StoreUnavailable. The database shows only organisations of the pass.
    """

    def __init__(self, database: Database, report_pass: str) -> None:
        self._database = database
        self._report_pass = report_pass

    def engagement(
        self, org_id: UUID, window: DayWindow, course_id: str | None, after: str | None, limit: int
    ) -> Counted[EngagementRow]:
        """Return the engagement of each course after this one, in order of ids."""
        return self._page(
            EngagementRow,
            "report_engagement_v1",
            org_id,
            p_from=window.first,
            p_to=window.end,
            p_course_id=course_id,
            p_after_course_id=after,
            p_limit=limit,
        )

    def completion(
        self, org_id: UUID, first: date | None, end: date | None, course_id: str | None, after: str | None, limit: int
    ) -> Counted[CompletionRow]:
        """Return who completed each course, of those who began it from one day until before another; None is any."""
        return self._page(
            CompletionRow,
            "report_completion_v1",
            org_id,
            p_from=first,
            p_to=end,
            p_course_id=course_id,
            p_after_course_id=after,
            p_limit=limit,
        )

    def lesson_dropoff(
        self, org_id: UUID, course_id: str | None, after: tuple[str, int] | None, limit: int
    ) -> Counted[DropoffRow]:
        """Return who left at each lesson, after that course and rank, course by course in the order of reach."""
        after_course_id, after_rank = after or (None, None)
        return self._page(
            DropoffRow,
            "report_lesson_dropoff_v1",
            org_id,
            p_course_id=course_id,
            p_after_course_id=after_course_id,
            p_after_reach_rank=after_rank,
            p_limit=limit,
        )

    def enrollment(self, org_id: UUID, course_id: str | None, after: str | None, limit: int) -> Counted[EnrollmentRow]:
        """Return the enrollment of each course."""
        return self._page(
            EnrollmentRow,
            "report_enrollment_v1",
            org_id,
            p_course_id=course_id,
            p_after_course_id=after,
            p_limit=limit,
        )

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
        return self._page(
            ActivityRow,
            "report_activity_v1",
            org_id,
            p_grain=grain,
            p_from=window.first,
            p_to=window.end,
            p_course_id=course_id,
            p_after_at=after_at,
            p_after_source=after_source,
            p_limit=limit,
        )

    def overview(self, org_id: UUID, window: DayWindow) -> tuple[datetime | None, OverviewRow]:
        """Return the overview of an organisation."""
        as_of, entry = self._call("report_overview_v1", "as_of, entry", org_id, p_from=window.first, p_to=window.end)
        return as_of, OverviewRow.model_validate(entry)

    def _page(self, row: type[Row], procedure: str, org_id: UUID, /, **parameters: Any) -> Counted[Row]:
        as_of, entries = self._call(procedure, "as_of, entries", org_id, **parameters)
        return as_of, [row.model_validate(entry) for entry in entries]

    def _call(self, procedure: str, columns: str, org_id: UUID, /, **parameters: Any) -> tuple[Any, ...]:
        statement = call_statement(procedure, columns, ("p_org_id", *parameters)).replace("%s", PRESENTED, 1)
        return self._database.run(statement, (self._report_pass, org_id, *parameters.values()))


class RefreshStore:
    """Brings report statistics up to date. Raises StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due_report_refreshes(self, now: datetime) -> list[UUID]:
        """Return the organisations with new events, the longest waiting first."""
        (org_ids,) = self._database.call("due_report_refreshes_v1", p_now=now)
        return list(org_ids)

    def refresh_reports(self, org_id: UUID, now: datetime) -> float | None:
        """Refresh an organisation's statistics and return the seconds it took; None while another run does so."""
        (seconds,) = self._database.call("refresh_reports_v1", p_org_id=org_id, p_now=now)
        return None if seconds is None else float(seconds)
