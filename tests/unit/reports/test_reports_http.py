"""/api/reports over HTTP: who may, what is refused, JSON and CSV, page after page."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.ingest.process import ProcessHealth, ProcessRollup, StoredProcessEvent
from rollcall.contracts.reports import DropoffRow, EnrollmentRow, OverviewRow
from rollcall.domain.reports.cursor import write_cursor
from rollcall.domain.reports.window import DayWindow
from rollcall.edge.runtime import clock
from rollcall.edge.wiring import reports as wiring_reports

from functions.admin import app as admin
from functions.openapi import app as openapi
from functions.report_reader import app as reports_app
from tests.builders import NOW, ORG
from tests.template.document import Template
from tests.unit.fakes.api_gateway import Context, authorized, request

PASS = "1.4102444800.signed"
REPORTS = ["overview", "engagement", "completion", "lesson-dropoff", "enrollment", "activity"]
ROUTES = [f"/api/reports/{name}" for name in REPORTS] + [
    f"/api/migration-analytics/{name}" for name in ("events", "rollup", "health")
]


def enrollment(course_id: str) -> EnrollmentRow:
    return EnrollmentRow(
        course_id=course_id, enrolled_count=3, assigned_count=2, not_started_count=1, in_progress_count=1,
        completed_count=1, overdue_count=0,
    )  # fmt: skip


class Reports:
    """Answers rows, and remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.rows: list[Any] = []
        self.passes: list[str] = []

    def under(self, report_pass: str) -> Self:
        """Remember the pass that the database would see."""
        self.passes.append(report_pass)
        return self

    def overview(self, *asked: Any) -> tuple[datetime, OverviewRow]:
        """Answer zeros."""
        self.asked.append(asked)
        return NOW, OverviewRow()

    def page(self, *asked: Any) -> tuple[datetime, Sequence[Any]]:
        """Answer the rows."""
        self.asked.append(asked)
        return NOW, self.rows

    engagement = completion = lesson_dropoff = enrollment = activity = page


class Processes:
    """Answers events, nothing, and good health."""

    def __init__(self) -> None:
        self.events: list[StoredProcessEvent] = []
        self.asked: list[tuple[Any, ...]] = []

    def list_process_events(self, *asked: Any) -> list[StoredProcessEvent]:
        """Answer the events."""
        self.asked.append(asked)
        return self.events

    def process_rollup(self, org_id: UUID, window: DayWindow) -> ProcessRollup:
        """Answer nothing."""
        return ProcessRollup(org_id=org_id, from_day=window.first, to_day=window.end, processes=[], days=[])

    def process_health(self, org_id: UUID) -> ProcessHealth:
        """Answer that nothing is known."""
        zeros = dict.fromkeys(("started", "completed", "failed", "retries", "unfinished"), 0)
        unknown = dict.fromkeys(("success_percent", "retry_rate", "duration_p95_ms"))
        days = {"from": date(2026, 3, 4), "to": date(2026, 3, 11)}
        return ProcessHealth.model_validate(
            {"org_id": org_id, "status": "no_data", "reasons": [], **days, **zeros, **unknown}
        )


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> Reports:
    store = Reports()
    monkeypatch.setattr(wiring_reports, "report_store", store.under)
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return store


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> Processes:
    store = Processes()
    monkeypatch.setattr(wiring_reports, "process_store", lambda: store)
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return store


def ask(
    path: str, query: dict[str, str] | None = None, *, scopes: str = "admin:read", accept: str = "application/json"
) -> dict[str, Any]:
    """Call a route of the function as API Gateway does, and return its answer."""
    known = authorized(role="learner", scopes=scopes, report_pass=PASS)
    asked = {"org_id": str(ORG)} if query is None else query
    event = request(f"GET {path}", known, query=asked, headers={"accept": accept})
    function = reports_app if path.startswith("/api/reports/") else admin
    return dict(function.handler(event, Context()))


def of(**more: str) -> dict[str, str]:
    return {"org_id": str(ORG), **more}


@pytest.mark.parametrize("path", ROUTES)
def test_reports_are_for_administrators_of_the_organisation(path: str, reports: Reports, processes: Processes) -> None:
    """Without admin:read, or for an organisation that the token does not hold, nothing is read at all."""
    assert ask(path)["statusCode"] == 200
    assert set(reports.passes) <= {PASS}
    before = len(reports.asked) + len(processes.asked)
    for answer, code in (
        (ask(path, scopes=""), "scope_missing"),
        (ask(path, {"org_id": str(uuid4())}), "org_forbidden"),
    ):
        assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (403, code)
    assert len(reports.asked) + len(processes.asked) == before


@pytest.mark.parametrize("path", ROUTES)
def test_every_route_is_deployed_and_described(path: str) -> None:
    """The template sends it here, and the API's description knows it."""
    routes = {route["RouteKey"] for route in Template.read().of("AWS::ApiGatewayV2::Route").values()}
    assert f"GET {path}" in routes
    assert "GET" in openapi.methods_of(path)


@pytest.mark.parametrize(
    ("name", "parameter", "value"),
    [
        *((name, "org_id", "x") for name in REPORTS),
        *((name, "format", "xml") for name in REPORTS),
        *((name, "somebody", "else") for name in REPORTS),
        *((name, "limit", "0") for name in REPORTS[1:]),
        *((name, "limit", "1001") for name in REPORTS[1:]),
        *((name, "cursor", "!") for name in REPORTS[1:]),
        *((name, "course_id", "") for name in REPORTS[1:]),
        *((name, "from", "2026-3-1") for name in ("overview", "engagement", "completion", "activity")),
        *((name, "to", "1767225600") for name in ("overview", "engagement", "completion", "activity")),
        *((name, "from", "2026-03-01") for name in ("lesson-dropoff", "enrollment")),
        ("activity", "grain", "week"),
        ("activity", "limit", "101"),
    ],
)
def test_a_query_that_is_none_is_refused(reports: Reports, name: str, parameter: str, value: str) -> None:
    """400 with the parameter's name, unless the route does not know it, and never its value."""
    answer = ask(f"/api/reports/{name}", of() | {parameter: value})
    assert answer["statusCode"] == 400
    assert reports.asked == []
    problem = json.loads(answer["body"])
    known = parameter != "somebody" and not (parameter == "from" and name in {"lesson-dropoff", "enrollment"})
    assert (parameter in problem["detail"]) is known


@pytest.mark.parametrize(
    "window",
    [
        {"from": "2026-03-02", "to": "2026-03-02"}, {"from": "2026-03-02", "to": "2026-03-01"},
        {"from": "2025-03-01", "to": "2026-03-03"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["overview", "engagement", "completion", "activity"])
def test_a_window_that_is_none_is_refused(reports: Reports, name: str, window: dict[str, str]) -> None:
    """It begins before it ends, and has 366 days at most."""
    answer = ask(f"/api/reports/{name}", of(**window))
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (400, "window_invalid")
    assert reports.asked == []


def test_reports_wait_for_the_key_of_their_pass(reports: Reports, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the authorizer could not sign, reports are tried again later; the database is not asked."""
    monkeypatch.setattr("tests.unit.reports.test_reports_http.PASS", "")
    for route in ROUTES[: len(REPORTS)]:
        answer = ask(route, {"org_id": str(ORG)})
        assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (503, "keys_unavailable")
        assert int(answer["headers"]["Retry-After"]) > 0
    assert reports.asked == []


def test_hours_are_of_a_month_and_of_all_courses(reports: Reports) -> None:
    """A month at most, two days unless it is named, and no course."""
    assert ask("/api/reports/activity", of(grain="hour"))["statusCode"] == 200
    assert reports.asked[0][2] == DayWindow(date(2026, 3, 9), date(2026, 3, 11))
    for more in ({"course_id": "algebra"}, {"from": "2026-01-01", "to": "2026-02-02"}):
        assert ask("/api/reports/activity", of(grain="hour", **more))["statusCode"] == 400


def test_a_page_names_the_next_one(reports: Reports) -> None:
    """A full page has a cursor, which the next request hands to the store as it was; the last has none."""
    reports.rows = [enrollment("a"), enrollment("b")]
    first = json.loads(ask("/api/reports/enrollment", of(limit="2"))["body"])
    last = json.loads(ask("/api/reports/enrollment", of(limit="3", cursor=first["next_cursor"]))["body"])
    assert reports.asked == [(ORG, None, None, 2), (ORG, None, "b", 3)]
    assert "next_cursor" not in last
    assert (first["org_id"], first["as_of"], len(first["rows"])) == (str(ORG), "2026-03-10T12:00:00Z", 2)


@pytest.mark.parametrize(
    ("name", "key", "handed"),
    [
        ("engagement", ("algebra",), "algebra"), ("completion", ("algebra",), "algebra"),
        ("lesson-dropoff", ("algebra", 3), ("algebra", 3)),
        ("activity", (NOW.isoformat(), "progress"), (NOW, "progress")),
    ],
)  # fmt: skip
def test_each_report_has_a_cursor_of_its_own_form(
    reports: Reports, name: str, key: tuple[str | int, ...], handed: object
) -> None:
    """Its own is handed on; that of another list, or of no list, is 400."""
    assert ask(f"/api/reports/{name}", of(cursor=write_cursor(key)))["statusCode"] == 200
    assert handed in reports.asked[0]
    for other in (write_cursor((1,)), write_cursor(("2026-03-10", "progress")), write_cursor(("x", "progress", 1))):
        answer = ask(f"/api/reports/{name}", of(cursor=other))
        assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (400, "cursor_invalid")


@pytest.mark.parametrize(("query", "accept"), [({"format": "csv"}, "*/*"), ({}, "text/csv"), ({}, "Text/CSV;q=1, */*")])
def test_csv_for_a_spreadsheet(reports: Reports, query: dict[str, str], accept: str) -> None:
    """By format or Accept: a file with a name, UTF-8, columns in the order of the report, no formula, a next page."""
    reports.rows = [enrollment("=cmd|' /C calc'!A0"), enrollment('né, "x"')]
    answer = ask("/api/reports/enrollment", of(limit="2", **query), accept=accept)
    assert answer["headers"]["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert answer["headers"]["Content-Disposition"] == f'attachment; filename="rollcall-enrollment-{ORG}.csv"'
    header, first, second = csv.reader(io.StringIO(answer["body"], newline=""))
    assert header == list(EnrollmentRow.model_fields)
    assert (first[0], second[0], first[1]) == ("'=cmd|' /C calc'!A0", 'né, "x"', "3")
    following = urlsplit(answer["headers"]["Link"].split(">")[0].lstrip("<"))
    assert following.path == "/api/reports/enrollment"
    assert parse_qs(following.query)["cursor"] == [write_cursor(('né, "x"',))]


@pytest.mark.parametrize("name", ["overview", "engagement", "completion", "lesson-dropoff", "enrollment", "activity"])
@pytest.mark.parametrize("query", [{"excel": "1"}, {"excel": "1", "format": "csv"}])
def test_every_report_is_csv_for_excel(reports: Reports, name: str, query: dict[str, str]) -> None:
    """A byte order mark, then the very CSV that others get; the next page is for Excel as well."""
    marked, plain = ask(f"/api/reports/{name}", of(**query)), ask(f"/api/reports/{name}", of(format="csv", excel="0"))
    assert marked["body"] == "\ufeff" + plain["body"]
    assert marked["headers"]["Content-Type"] == plain["headers"]["Content-Type"]
    if name == "enrollment":
        reports.rows = [enrollment("algebra")]
        assert "excel=1" in ask(f"/api/reports/{name}", of(limit="1", **query))["headers"]["Link"]


@pytest.mark.parametrize("excel", ["2", "yes", "", "true"])
def test_excel_is_asked_for_by_1(reports: Reports, excel: str) -> None:
    """Nothing is guessed."""
    assert ask("/api/reports/enrollment", of(excel=excel))["statusCode"] == 400
    assert reports.asked == []


@pytest.mark.parametrize(("query", "accept"), [({"format": "json"}, "text/csv"), ({}, "application/json, text/csv")])
def test_json_where_csv_is_not_what_was_asked_for(reports: Reports, query: dict[str, str], accept: str) -> None:
    """The query goes before the header, and of a header its first type counts."""
    answer = ask("/api/reports/enrollment", of(**query), accept=accept)
    assert json.loads(answer["body"])["rows"] == reports.rows


def test_a_report_without_rows_is_a_csv_of_its_columns(reports: Reports) -> None:
    """Nothing to tell is a header line, and no next page."""
    answer = ask("/api/reports/lesson-dropoff", of(format="csv"))
    assert answer["body"] == ",".join(DropoffRow.model_fields) + "\r\n"
    assert "Link" not in answer["headers"]
    assert reports.asked == [(ORG, None, None, 100)]


def test_process_events_are_read_page_by_page(processes: Processes) -> None:
    """A full page names the last event's time and id; another cursor is refused."""
    event = StoredProcessEvent(
        event_id=uuid4(), occurred_at=NOW, kind="retry", process="roster_import", request_id="r-1", trace_id=None,
        step=None, duration_ms=None, cost_amount=None, cost_currency=None,
    )  # fmt: skip
    processes.events = [event]
    path = "/api/migration-analytics/events"
    first = json.loads(ask(path, of(limit="1"))["body"])
    ask(path, of(limit="1", cursor=first["next_cursor"]))
    assert [asked[2] for asked in processes.asked] == [None, (NOW, event.event_id)]
    for key in (("x", str(uuid4())), (NOW.isoformat(), "x"), ("2026-03-10", str(uuid4())), (1, 2)):
        assert ask(path, of(cursor=write_cursor(key)))["statusCode"] == 400


def test_processes_are_rolled_up_over_a_week(processes: Processes) -> None:
    """Seven days, today included, unless they are named."""
    rollup = json.loads(ask("/api/migration-analytics/rollup")["body"])
    assert (rollup["from"], rollup["to"], rollup["processes"]) == ("2026-03-04", "2026-03-11", [])
    health = json.loads(ask("/api/migration-analytics/health")["body"])
    assert (health["status"], health["reasons"], health["to"]) == ("no_data", [], "2026-03-11")
    assert processes.asked == []
