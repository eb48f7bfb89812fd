"""Reports: how long each report, and the refresh, takes for one organisation with all events."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from rollcall.domain.reports.report_pass import sign_pass
from rollcall.domain.reports.window import DayWindow
from rollcall.store import migrations
from rollcall.store.connection import Database, DatabaseAddress
from rollcall.store.reports import RefreshStore, ReportStore

from workbench.bench.bench import Bench
from workbench.bench.database import BenchDatabase
from workbench.bench.figures import Figure, Target, percentile
from workbench.bench.plan import Plan
from workbench.bench.report_rows import ORG_ID, fill_reports
from workbench.bench.sections.replay import connect_operator
from workbench.errors import WorkbenchError
from workbench.stack.ports import LOOPBACK
from workbench.stack.postgres import DATABASE

SECTION = "reports"
ROLE = "rollcall_reader"
CALLS = 60
PAGE = 100
PASS_SECONDS = 86_400
LATENCY = Target("lower", 200)
REFRESH = Target("lower", 5)
COURSE = "course-7"

Read = Callable[[], object]


def steps(plan: Plan) -> int:
    """Return the number of steps for the progress display."""
    return len(plan.stored) * (1 + plan.rounds)


def measure(bench: Bench) -> list[Figure]:
    """Fill the database to each level, refresh, and read every report over a month and over the longest window."""
    figures: list[Figure] = []
    for stored in sorted(bench.plan.stored):
        fill_reports(bench.database, stored, bench.step)
        figures += _measured_at(bench, stored)
    return figures


def _measured_at(bench: Bench, stored: int) -> list[Figure]:
    refreshes: list[float] = []
    latencies: dict[str, list[float]] = {}
    with connect_operator(bench.database) as operator, connect_reader(bench.database) as reader:
        for _ in range(bench.plan.rounds):
            refreshes.append(_refresh(RefreshStore(operator)))
            for name, read in _reports(ReportStore(reader, _report_pass(bench.database))).items():
                latencies.setdefault(name, []).append(percentile([_milliseconds(read) for _ in range(CALLS)], 95))
            bench.step(f"{SECTION}: {stored:,} events")
    at = f"at {stored:,} events"
    return [
        Figure(SECTION, f"{at}: statistics refreshed", "s", refreshes, REFRESH),
        *(Figure(SECTION, f"{at}: {name}, P95", "ms", values, LATENCY) for name, values in latencies.items()),
    ]


def _report_pass(database: BenchDatabase) -> str:
    secret = secrets.token_urlsafe()
    migrations.set_report_pass_key(database.conninfo, secret)
    return sign_pass([UUID(ORG_ID)], int(time.time()) + PASS_SECONDS, secret)


def _refresh(store: RefreshStore) -> float:
    seconds = store.refresh_reports(UUID(ORG_ID), datetime.now(UTC))
    if seconds is None:
        raise WorkbenchError("Another worker refreshes the statistics.")
    return seconds


def _reports(store: ReportStore) -> dict[str, Read]:
    today = datetime.now(UTC).date()
    month, year = (DayWindow(today - timedelta(days=days), today + timedelta(days=1)) for days in (28, 365))
    org_id = UUID(ORG_ID)
    return {
        "overview of a month": partial(store.overview, org_id, month),
        "overview of a year": partial(store.overview, org_id, year),
        "engagement of a month": partial(store.engagement, org_id, month, None, None, PAGE),
        "engagement of a year": partial(store.engagement, org_id, year, None, None, PAGE),
        "completion of all time": partial(store.completion, org_id, None, None, None, None, PAGE),
        "completion of a month": partial(store.completion, org_id, month.first, month.end, None, None, PAGE),
        "lesson drop-off": partial(store.lesson_dropoff, org_id, None, None, PAGE),
        "lesson drop-off of a course": partial(store.lesson_dropoff, org_id, COURSE, None, PAGE),
        "enrollment": partial(store.enrollment, org_id, None, None, PAGE),
        "activity of a month by day": partial(store.activity, org_id, "day", month, None, None, PAGE),
        "activity of a year by day, a page": partial(store.activity, org_id, "day", year, None, None, PAGE),
        "activity of two days by hour": partial(store.activity, org_id, "hour", month, None, None, PAGE),
    }


def _milliseconds(read: Read) -> float:
    started_at = time.perf_counter()
    read()
    return 1000 * (time.perf_counter() - started_at)


@contextmanager
def connect_reader(database: BenchDatabase) -> Iterator[Database]:
    """Connect as the reader role for the block."""
    password = secrets.token_urlsafe(24)
    migrations.allow_login(database.conninfo, ROLE, password)
    opened = Database(DatabaseAddress(LOOPBACK, database.port, DATABASE, "disable", lambda: (ROLE, password)), 60)
    try:
        yield opened
    finally:
        opened.close()
