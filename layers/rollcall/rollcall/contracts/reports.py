"""Reports: requests and answers over HTTP."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from rollcall.contracts.fields import is_absent
from rollcall.contracts.identifiers import Identifier
from rollcall.contracts.times import Day

PAGE_DEFAULT, PAGE_MAX = 100, 1_000
ACTIVITY_PAGE_MAX = 100  # a day's row is made of a histogram of hundreds of buckets
CURSOR = r"^[A-Za-z0-9_-]{4,2048}$"

Grain = Literal["day", "hour"]
Source = Literal["progress", "analytics"]


FromDay = Annotated[Day | None, Field(alias="from", description="The first day of the window, in UTC.")]
ToDay = Annotated[Day | None, Field(alias="to", description="The first day after the window.")]


class OrganisationQuery(BaseModel):
    """Whose figures."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    org_id: UUID = Field(description="The organisation.")


class FormQuery(OrganisationQuery):
    """Whose figures, in which form."""

    format: Literal["json", "csv"] | None = Field(None, description="csv for a spreadsheet, as `Accept: text/csv`.")
    excel: Literal["0", "1"] | None = Field(None, description="1: CSV with a byte order mark, as Excel asks.")


class OverviewQuery(FormQuery):
    """Whose figures, over which window."""

    from_day: FromDay = None
    to_day: ToDay = None


class PageQuery(FormQuery):
    """Which page of a report."""

    course_id: Identifier | None = Field(None, description="Rows of this course only.")
    limit: int = Field(PAGE_DEFAULT, ge=1, le=PAGE_MAX, description="The most rows of a page.")
    cursor: str | None = Field(None, pattern=CURSOR, description="`next_cursor` of the page before.")


class WindowQuery(PageQuery):
    """Which page of a report over which window."""

    from_day: FromDay = None
    to_day: ToDay = None


class ActivityQuery(WindowQuery):
    """Which page of a series, of what grain."""

    grain: Grain = Field("day", description="A row a day, or a row an hour.")
    limit: int = Field(PAGE_DEFAULT, ge=1, le=ACTIVITY_PAGE_MAX, description="The most rows of a page.")


class ReportRow(BaseModel):
    """A row of a report. Its members are the columns of a CSV file, in this order."""

    model_config = ConfigDict(frozen=True)

    @property
    def key(self) -> tuple[str | int, ...]:
        """What rows are sorted by, and no two have in common."""
        raise NotImplementedError


class CourseRow(ReportRow):
    """A row a course."""

    course_id: str

    @property
    def key(self) -> tuple[str | int, ...]:
        """The course."""
        return (self.course_id,)


class EngagementRow(CourseRow):
    """What happens in a course."""

    enrolled_count: int = Field(description="Learners whom the course is assigned to, or who began it.")
    learner_count: int = Field(description="Learners who ever did anything in it.")
    active_learner_count_7_days: int = Field(description="Learners active in the seven days before `as_of`.")
    active_learner_count_28_days: int = Field(description="Learners active in the 28 days before `as_of`.")
    event_count: int = Field(description="Progress events that occurred in the window.")
    completed_lesson_count: int = Field(description="Of these, completions of lessons.")
    active_learner_days: int = Field(description="Learners active on a day, summed over the days of the window.")
    time_spent_seconds: int = Field(description="Time spent in the window.")
    average_percent: float | None = Field(
        description="Mean progress of the learners, 0 to 100; null if none reported it."
    )
    last_activity_at: datetime | None


class CompletionRow(CourseRow):
    """The learners who completed a course, of those who began it in the window."""

    started_count: int = Field(description="Learners who began the course in the window.")
    completed_count: int = Field(description="Of these, those who completed all of its lessons since.")
    completion_rate: float | None = Field(description="Completed by started, 0 to 1; null if no learner began.")
    median_days_to_complete: int | None = Field(
        description="Whole days from the first activity to the last completion, of those who completed."
    )


class DropoffRow(ReportRow):
    """The learners who reached a lesson, and those who left the course there."""

    course_id: str
    reach_rank: int = Field(description="1 is the lesson that most learners of the course reached.")
    lesson_id: str
    started_count: int = Field(description="Learners who did anything in it.")
    completed_count: int = Field(description="Learners who completed it.")
    current_count: int = Field(description="Learners whose latest activity in the course was here, within 14 days.")
    dropped_count: int = Field(description="Learners whose latest activity was here, and nothing for 14 days.")
    dropped_rate: float = Field(description="The learners who left, by the learners who reached the lesson: 0 to 1.")
    time_spent_seconds: int
    average_percent: float | None

    @property
    def key(self) -> tuple[str | int, ...]:
        """The course, and the lesson's place in it."""
        return self.course_id, self.reach_rank


class EnrollmentRow(CourseRow):
    """The learners of a course: assigned to it, or active in it without an assignment."""

    enrolled_count: int
    assigned_count: int = Field(description="Of these, the learners with an assignment.")
    not_started_count: int
    in_progress_count: int
    completed_count: int
    overdue_count: int = Field(description="Learners who should have completed it by `as_of` and have not.")


class ActivityRow(ReportRow):
    """Events of an hour or a day, by their source."""

    at: datetime = Field(description="When the hour or the day begins.")
    source: Source
    event_count: int
    completed_count: int = Field(description="Completions among the events.")
    time_spent_seconds: int
    active_learner_count: int | None = Field(description="The active learners of a day. Null for an hour.")
    duration_p50_ms: float | None = Field(description="The median duration of a day.")
    duration_p95_ms: float | None = Field(description="Of a day: 95 of 100 were no longer.")

    @property
    def key(self) -> tuple[str | int, ...]:
        """The moment, and the source."""
        return self.at.isoformat(), self.source


class OverviewRow(ReportRow):
    """An organisation at a glance."""

    learner_count: int = Field(0, description="Learners who ever did anything.")
    course_count: int = 0
    lesson_count: int = 0
    active_learner_count_7_days: int = Field(0, description="Learners active in the seven days before `as_of`.")
    active_learner_count_28_days: int = Field(0, description="Learners active in the 28 days before `as_of`.")
    completed_course_count: int = Field(0, description="Courses that a learner completed, each learner's counted.")
    open_dead_letter_count: int = 0
    rejected_event_count: int = Field(0, description="Events that were refused and are known by id.")
    progress_event_count: int = Field(0, description="Progress events that occurred in the window.")
    analytics_event_count: int = Field(0, description="Analytics events that occurred in the window.")
    completed_lesson_count: int = Field(0, description="Completions of lessons in the window.")
    active_learner_days: int = Field(0, description="Learners active on a day, summed over the days of the window.")
    time_spent_seconds: int = Field(0, description="Time spent in lessons in the window.")


class Report(BaseModel):
    """A page of a report, and what it covers."""

    model_config = ConfigDict(frozen=True, validate_by_name=True, serialize_by_alias=True)

    org_id: UUID
    as_of: datetime | None = Field(description="When its statistics were counted; null where nothing was yet.")
    next_cursor: str | None = Field(None, exclude_if=is_absent, description="Give it as `cursor` for the next page.")


class WindowedReport(Report):
    """A page of a report over a window."""

    from_day: Annotated[date | None, Field(alias="from", description="The first day of the window; null is any.")]
    to_day: Annotated[date | None, Field(alias="to", description="The day that ends it; null is any.")]


class EngagementReport(WindowedReport):
    """Engagement by course, in the order of their ids."""

    rows: list[EngagementRow]


class CompletionReport(WindowedReport):
    """Completion by course, in the order of their ids."""

    rows: list[CompletionRow]


class DropoffReport(Report):
    """Drop-off by lesson: course by course, in the order of reach."""

    rows: list[DropoffRow]


class EnrollmentReport(Report):
    """Enrollment by course, in the order of their ids."""

    rows: list[EnrollmentRow]


class ActivityReport(WindowedReport):
    """A series, oldest first."""

    grain: Grain
    rows: list[ActivityRow]


class OverviewReport(WindowedReport):
    """One row."""

    rows: list[OverviewRow] = Field(min_length=1, max_length=1)
