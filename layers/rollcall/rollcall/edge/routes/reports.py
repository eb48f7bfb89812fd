"""/api/reports: an organisation's figures, as JSON or as CSV, page by page."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast
from urllib.parse import urlencode

from rollcall import errors
from rollcall.contracts.reports import (
    ActivityQuery,
    ActivityReport,
    ActivityRow,
    CompletionReport,
    CompletionRow,
    DropoffReport,
    DropoffRow,
    EngagementReport,
    EngagementRow,
    EnrollmentReport,
    EnrollmentRow,
    FormQuery,
    Grain,
    OverviewQuery,
    OverviewReport,
    OverviewRow,
    PageQuery,
    Report,
    ReportRow,
    WindowQuery,
)
from rollcall.contracts.times import read_time
from rollcall.domain.reports.csv_export import write_csv
from rollcall.domain.reports.cursor import Key, read_cursor, write_cursor
from rollcall.domain.reports.window import DAYS_DEFAULT, DAYS_MAX, DayWindow, check_days
from rollcall.edge.http import identity
from rollcall.edge.http.messages import Request, Response
from rollcall.edge.http.route import OK, READ, TEXT, Answer, Route
from rollcall.edge.http.router import Router
from rollcall.edge.runtime import clock
from rollcall.edge.wiring import reports as wiring_reports
from rollcall.store.reports import ReportStore

CSV_TYPE = "text/csv; charset=utf-8; header=present"
# A day has 24 rows of an hour, so the window of hours is shorter, and so is the default window.
DAYS: dict[Grain, tuple[int, int]] = {"day": (DAYS_DEFAULT, DAYS_MAX), "hour": (2, 31)}

WINDOW = "The window is the last 28 days unless the query names one, and at most 366 days."

router = Router()


def _report(name: str, report: type[Report], query: type[FormQuery], summary: str, description: str) -> Route:
    return Route(
        f"GET /api/reports/{name}",
        operation_id=f"get{report.__name__}",
        summary=summary,
        description=description,
        scope=READ,
        query=query,
        answers={
            OK: Answer(
                "The report.",
                report,
                media_types={"text/csv": TEXT},
                headers={"Link": ("The next page of CSV: rel=next.", "string")},
            )
        },
    )


@router.route(_report("overview", OverviewReport, OverviewQuery, "Read an organisation at a glance", WINDOW))
def get_overview(request: Request, query: OverviewQuery) -> Response:
    """Answer an organisation at a glance."""
    window = DayWindow.latest(query.from_day, query.to_day, clock.now().date())
    as_of, row = _store(request).overview(query.org_id, window)
    report = OverviewReport(org_id=query.org_id, as_of=as_of, from_day=window.first, to_day=window.end, rows=[row])
    return _answer(request, report, "overview", OverviewRow, report.rows)


@router.route(_report("engagement", EngagementReport, WindowQuery, "Read the activity in each course", WINDOW))
def get_engagement(request: Request, query: WindowQuery) -> Response:
    """Answer the activity in each course."""
    window = DayWindow.latest(query.from_day, query.to_day, clock.now().date())
    as_of, rows = _store(request).engagement(query.org_id, window, query.course_id, _course_after(query), query.limit)
    report = EngagementReport(
        org_id=query.org_id,
        as_of=as_of,
        from_day=window.first,
        to_day=window.end,
        rows=rows,
        next_cursor=_cursor_after(rows, query.limit),
    )
    return _answer(request, report, "engagement", EngagementRow, report.rows)


@router.route(
    _report(
        "completion",
        CompletionReport,
        WindowQuery,
        "Read how many learners completed each course",
        "Of the learners who began the course in the window; of all learners unless the query names a window.",
    )
)
def get_completion(request: Request, query: WindowQuery) -> Response:
    """Answer how many learners completed each course, of those who began it in the window."""
    check_days(query.from_day, query.to_day)
    as_of, rows = _store(request).completion(
        query.org_id, query.from_day, query.to_day, query.course_id, _course_after(query), query.limit
    )
    report = CompletionReport(
        org_id=query.org_id,
        as_of=as_of,
        from_day=query.from_day,
        to_day=query.to_day,
        rows=rows,
        next_cursor=_cursor_after(rows, query.limit),
    )
    return _answer(request, report, "completion", CompletionRow, report.rows)


@router.route(
    _report(
        "lesson-dropoff",
        DropoffReport,
        PageQuery,
        "Read where learners leave",
        "Course by course; its lessons by the number of learners who reached them.",
    )
)
def get_lesson_dropoff(request: Request, query: PageQuery) -> Response:
    """Answer how many learners left at each lesson."""
    after = cast("tuple[str, int] | None", read_cursor(query.cursor, (str, int)))
    as_of, rows = _store(request).lesson_dropoff(query.org_id, query.course_id, after, query.limit)
    report = DropoffReport(
        org_id=query.org_id,
        as_of=as_of,
        rows=rows,
        next_cursor=_cursor_after(rows, query.limit),
    )
    return _answer(request, report, "lesson-dropoff", DropoffRow, report.rows)


@router.route(_report("enrollment", EnrollmentReport, PageQuery, "Read enrollment", "By course."))
def get_enrollment(request: Request, query: PageQuery) -> Response:
    """Answer how many learners are enrolled in each course."""
    as_of, rows = _store(request).enrollment(query.org_id, query.course_id, _course_after(query), query.limit)
    report = EnrollmentReport(
        org_id=query.org_id,
        as_of=as_of,
        rows=rows,
        next_cursor=_cursor_after(rows, query.limit),
    )
    return _answer(request, report, "enrollment", EnrollmentRow, report.rows)


@router.route(
    _report(
        "activity",
        ActivityReport,
        ActivityQuery,
        "Read activity by day or by hour",
        f"Oldest first. {WINDOW} By the hour it is the last 2 days, at most 31 days, and always of all courses.",
    )
)
def get_activity(request: Request, query: ActivityQuery) -> Response:
    """Answer activity by day or by hour. Rollups of hours have no courses."""
    if query.grain == "hour" and query.course_id is not None:
        raise errors.InvalidRequest("Check the parameters of the query: course_id goes with grain=day only.")
    days, days_max = DAYS[query.grain]
    window = DayWindow.latest(query.from_day, query.to_day, clock.now().date(), days, days_max)
    after = _moment_after(read_cursor(query.cursor, (str, str)))
    as_of, rows = _store(request).activity(query.org_id, query.grain, window, query.course_id, after, query.limit)
    report = ActivityReport(
        org_id=query.org_id,
        as_of=as_of,
        from_day=window.first,
        to_day=window.end,
        grain=query.grain,
        rows=rows,
        next_cursor=_cursor_after(rows, query.limit),
    )
    return _answer(request, report, f"activity-{query.grain}", ActivityRow, report.rows)


def _store(request: Request) -> ReportStore:
    return wiring_reports.report_store(identity.report_pass_of(request.authorizer_context))


def _course_after(query: PageQuery) -> str | None:
    after = read_cursor(query.cursor, (str,))
    return None if after is None else str(after[0])


def _moment_after(key: Key | None) -> tuple[datetime, str] | None:
    if key is None:
        return None
    at, source = map(str, key)
    try:
        return read_time(at), source
    except ValueError:
        raise errors.CursorInvalid from None


def _cursor_after(rows: Sequence[ReportRow], limit: int) -> str | None:
    """Return the cursor of the next page; None after a page that is not full."""
    return write_cursor(rows[-1].key) if len(rows) == limit else None


def _answer(
    request: Request, report: Report, name: str, row_model: type[ReportRow], rows: Sequence[ReportRow]
) -> Response:
    """Answer JSON, or CSV when the query or the first accepted type asks for it. A Link header has CSV's next page."""
    for_excel = request.query.get("excel") == "1"
    accepted = request.headers.get("accept", "").split(",")[0].split(";")[0].strip().lower()
    if (request.query.get("format") or ("csv" if for_excel or accepted == "text/csv" else "json")) != "csv":
        return Response.of(OK, report)
    headers = {
        "Content-Type": CSV_TYPE,
        "Content-Disposition": f'attachment; filename="rollcall-{name}-{report.org_id}.csv"',
    }
    if report.next_cursor is not None:
        following = urlencode({**request.query, "cursor": report.next_cursor, "format": "csv"})
        headers["Link"] = f'<{request.path}?{following}>; rel="next"'
    lines = (list(row.model_dump(mode="json").values()) for row in rows)
    return Response(OK, write_csv(list(row_model.model_fields), lines, for_excel=for_excel), headers)
