"""Reports on a real PostgreSQL: what they count, whose it is, how fresh it is, and how they are read page by page."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import date, datetime, timedelta
from functools import partial
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import errors as pg
from rollcall.contracts.ingest.progress import ProgressEvent
from rollcall.contracts.reports import DropoffRow, Grain, OverviewRow, ReportRow
from rollcall.domain.reports.window import DayWindow
from rollcall.store.connection import Database
from rollcall.store.reports import RefreshStore, ReportStore
from rollcall.store.rollups.rollups import RollupStore

from tests.builders import NOW, ORG, an_event, changed, queued_batch, scrubbed_event
from tests.postgres import ScratchDatabase
from tests.report_figures import Figures
from tests.rollups import fold_everything
from workbench.demo import oulad

DAY = timedelta(days=1)
WEEK = DayWindow(NOW.date() - 6 * DAY, NOW.date() + DAY)
MONTHS = DayWindow(NOW.date() - 60 * DAY, NOW.date() + DAY)
SAMPLE = 4_000
BATCH = 500


class PassForEach(ReportStore):
    """The store of reports, each call under a pass for the organisation that it asks for."""

    def __init__(self, clone: ScratchDatabase, database: Database) -> None:
        super().__init__(database, "")
        self._clone = clone

    def _call(self, procedure: str, columns: str, org_id: UUID, /, **parameters: Any) -> Any:
        self._report_pass = self._clone.report_pass(org_id)
        return super()._call(procedure, columns, org_id, **parameters)


@pytest.fixture
def reports(clone: ScratchDatabase) -> Iterator[ReportStore]:
    """The store of reports, as the function has it."""
    with closing(clone.database("rollcall_reader")) as database:
        yield PassForEach(clone, database)


@pytest.fixture
def refreshes(clone: ScratchDatabase) -> Iterator[RefreshStore]:
    """The store that keeps statistics fresh, as the job has it."""
    with closing(clone.database("rollcall_ops")) as database:
        yield RefreshStore(database)


@pytest.fixture
def rollups(clone: ScratchDatabase) -> Iterator[RollupStore]:
    """The store of rollups, as the worker has it."""
    with closing(clone.database("rollcall_ops")) as database:
        yield RollupStore(database)


def present(reader: psycopg.Connection[Any], clone: ScratchDatabase, org_id: UUID) -> None:
    """Claim an organisation for the session, as a person does who was given a pass."""
    reader.execute("select set_config('rollcall.org_ids', %s, false)", (f"{{{org_id}}}",))
    reader.execute("select set_config('rollcall.report_pass', %s, false)", (clone.report_pass(org_id),))


def sample() -> list[ProgressEvent]:
    """Return real submissions, one in fifty of which is not a completion."""
    chosen = random.Random(4)
    kept = [
        changed(event, kind="progressed") if chosen.random() < 0.02 else event
        for event in oulad.events(oulad.read_submissions()[:SAMPLE], NOW)
    ]
    return [changed(event, time_spent_seconds=chosen.randrange(600)) for event in kept]


def assign(clone: ScratchDatabase, events: list[ProgressEvent]) -> list[tuple[UUID, str, datetime | None]]:
    """Assign courses to every third learner of one organisation, and one more to some, with and without a day."""
    chosen, made = random.Random(5), []
    for user_id, course_id in sorted({(event.user_id, event.course_id) for event in events})[::3]:
        for course in [course_id, "not-begun"][: chosen.randrange(1, 3)]:
            due_at = chosen.choice([None, NOW - DAY, NOW + DAY])
            made.append((user_id, course, due_at))
    unique = {(user_id, course): due_at for user_id, course, due_at in made}
    with clone.connect() as connection, connection.cursor() as cursor:
        cursor.executemany(
            "insert into rollcall.assignments (org_id, user_id, course_id, due_at) values (%s, %s, %s, %s)",
            [(events[0].org_id, *seat, due_at) for seat, due_at in unique.items()],
        )
    return [(*seat, due_at) for seat, due_at in unique.items()]


def ingest(clone: ScratchDatabase, events: list[ProgressEvent]) -> None:
    for start in range(0, len(events), BATCH):
        chunk = events[start : start + BATCH]
        clone.ingest(sorted({event.org_id for event in chunk if event.org_id}), *chunk)


def assert_right(reports: ReportStore, org_id: UUID, figures: Figures) -> None:
    """Compare every report of an organisation with an independent computation."""
    assert reports.enrollment(org_id, None, None, 1000) == (NOW, figures.enrollment())
    assert reports.lesson_dropoff(org_id, None, None, 1000) == (NOW, figures.dropoff())
    for window in (WEEK, MONTHS):
        first, end = window.first, window.end
        assert reports.completion(org_id, first, end, None, None, 1000) == (NOW, figures.completion(first, end))
        assert reports.engagement(org_id, window, None, None, 1000) == (NOW, figures.engagement(first, end))


def test_reports_equal_an_independent_computation(
    clone: ScratchDatabase, reports: ReportStore, refreshes: RefreshStore, rollups: RollupStore
) -> None:
    """Given real submissions and assignments, every report says what Python counts from the events; and again after
    late events, events that come twice, and another refresh.
    """
    events = sample()
    by_org = {org_id: [event for event in events if event.org_id == org_id] for org_id in {e.org_id for e in events}}
    assert len(by_org) > 1
    early = {org_id: own[::2] for org_id, own in by_org.items() if org_id}
    assignments = {org_id: assign(clone, own) for org_id, own in early.items()}
    for told in (early, by_org):
        for org_id, own in told.items():
            assert org_id is not None
            ingest(clone, own)
            fold_everything(rollups, org_id)
            assert refreshes.refresh_reports(org_id, NOW) is not None
            assert_right(reports, org_id, Figures(own, assignments[org_id], NOW))
    everything = [reports.completion(org_id, None, None, None, None, 1000)[1] for org_id in early]
    assert any(row.median_days_to_complete for rows in everything for row in rows), "the sample has completions"


def test_views_say_what_reports_say(clone: ScratchDatabase, reports: ReportStore, refreshes: RefreshStore) -> None:
    """A person who reads the views with an organisation claimed sees the figures of the API."""
    events = [event for event in sample() if event.org_id == oulad.organisation("AAA")]
    org_id = oulad.organisation("AAA")
    ingest(clone, events)
    refreshes.refresh_reports(org_id, NOW)
    figures = Figures(events, [], NOW)
    with clone.connect("rollcall_reader") as reader:
        present(reader, clone, org_id)
        completion = reader.execute(
            "select course_id, started_count, completed_count, completion_rate::float, median_days_to_complete"
            " from rollcall.view_course_completion order by 1"
        ).fetchall()
        engagement = reader.execute(
            "select course_id, enrolled_count, learner_count, active_learner_count_7_days, event_count,"
            " average_percent::float, as_of from rollcall.view_course_engagement order by 1"
        ).fetchall()
        overview = reader.execute(
            "select learner_count, course_count, lesson_count, event_count, completed_course_count"
            " from rollcall.view_admin_overview"
        ).fetchall()
    whole = (date(2000, 1, 1), date(2100, 1, 1))
    assert completion == [tuple(row.model_dump().values()) for row in figures.completion(*whole)]
    assert engagement == [
        (row.course_id, row.enrolled_count, row.learner_count, row.active_learner_count_7_days, row.event_count,
         row.average_percent, NOW)
        for row in figures.engagement(*whole)
    ]  # fmt: skip
    assert overview == [
        (
            len({event.user_id for event in events}), len(figures.lessons),
            sum(map(len, figures.lessons.values())), len(events),
            sum(row.completed_count for row in figures.enrollment()),
        )
    ]  # fmt: skip


def test_a_refresh_writes_only_what_differs(clone: ScratchDatabase, refreshes: RefreshStore) -> None:
    """Refreshed again without news, no row of a course, a lesson or an enrollment is written."""
    ingest(clone, sample()[:500])
    org_id = oulad.organisation("AAA")
    refreshes.refresh_reports(org_id, NOW)
    before = versions(clone)
    assert before
    refreshes.refresh_reports(org_id, NOW)
    assert versions(clone) == before


def versions(clone: ScratchDatabase) -> list[tuple[object, ...]]:
    """Return which transaction wrote each row of statistics."""
    tables = ("course_statistics", "course_cohorts", "lesson_statistics", "org_enrollment_stats")
    return [row for table in tables for row in clone.rows(f"select xmin::text, t::text from rollcall.{table} t")]


def test_what_is_gone_from_projections_goes_from_reports(
    clone: ScratchDatabase, reports: ReportStore, refreshes: RefreshStore
) -> None:
    """Given rows of projections that were removed, the next refresh removes their lessons and courses."""
    kept, gone = an_event(ORG, course_id="kept"), an_event(ORG, course_id="gone")
    clone.ingest([ORG], kept, gone)
    refreshes.refresh_reports(ORG, NOW)
    clone.execute("delete from rollcall.lesson_progress where user_id = %s", (gone.user_id,))
    clone.execute("delete from rollcall.course_progress where user_id = %s", (gone.user_id,))
    refreshes.refresh_reports(ORG, NOW)
    figures = Figures([kept], [], NOW)
    assert reports.enrollment(ORG, None, None, 100) == (NOW, figures.enrollment())
    assert reports.completion(ORG, None, None, None, None, 100)[1] == figures.completion(WEEK.first, WEEK.end)
    assert [row.course_id for row in reports.lesson_dropoff(ORG, None, None, 100)[1]] == ["kept"]


def test_only_organisations_with_news_are_due(clone: ScratchDatabase, refreshes: RefreshStore) -> None:
    """One that was refreshed is due again with its next event, with an operation that finished, or after an hour."""
    quiet, busy, replayed = uuid4(), uuid4(), uuid4()
    for org_id in (quiet, busy, replayed):
        clone.ingest([org_id], an_event(org_id))
    assert set(refreshes.due_report_refreshes(NOW)) == {quiet, busy, replayed}
    for org_id in (quiet, busy, replayed):
        refreshes.refresh_reports(org_id, NOW)
    later = NOW + timedelta(minutes=1)
    assert refreshes.due_report_refreshes(later) == []
    clone.ingest([busy], an_event(busy))
    clone.execute(
        "insert into rollcall.operations"
        " (org_id, operation_id, kind, source, requested_by, state, started_at, finished_at)"
        " values (%s, gen_random_uuid(), 'replay', 'events', 'somebody', 'done', %s, %s)",
        (replayed, NOW, later),
    )
    assert set(refreshes.due_report_refreshes(later)) == {busy, replayed}
    assert set(refreshes.due_report_refreshes(NOW + timedelta(hours=1))) == {quiet, busy, replayed}
    clone.execute("update rollcall.organisation_statistics set refresh_seconds = 30")
    assert refreshes.due_report_refreshes(later) == [], "one that takes 30 s is not begun again within ten minutes"


def test_an_event_that_commits_after_the_refresh_is_news(clone: ScratchDatabase, refreshes: RefreshStore) -> None:
    """Given a batch whose transaction began before a refresh and ended after it, its organisation is due."""
    clone.ingest([ORG], an_event(ORG))
    with clone.connect("rollcall_app") as slow, slow.transaction():
        slow.execute(
            "select rollcall.ingest_progress_v1('test', %s, %s::jsonb, now(), null, null)",
            ([ORG], f"[{an_event(ORG).model_dump_json(exclude_none=True)}]"),
        )
        refreshes.refresh_reports(ORG, NOW)
    assert refreshes.due_report_refreshes(NOW + timedelta(minutes=1)) == [ORG]


def test_two_refreshes_of_an_organisation_do_not_meet(clone: ScratchDatabase, refreshes: RefreshStore) -> None:
    """While one is under way another leaves it alone, at once."""
    clone.ingest([ORG], an_event(ORG))
    with clone.connect("rollcall_ops") as other, other.transaction():
        assert other.execute("select rollcall.refresh_reports_v1(%s, %s)", (ORG, NOW)).fetchone() != (None,)
        assert refreshes.refresh_reports(ORG, NOW) is None
    assert refreshes.refresh_reports(ORG, NOW) is not None


@pytest.mark.parametrize("is_refreshed", [False, True])
def test_an_organisation_without_anything_has_proper_reports(
    reports: ReportStore, refreshes: RefreshStore, is_refreshed: bool
) -> None:
    """Without events a report has no rows and the overview zeros; both have the time of the refresh."""
    if is_refreshed:
        refreshes.refresh_reports(ORG, NOW)
    as_of = NOW if is_refreshed else None
    assert reports.engagement(ORG, WEEK, None, None, 100) == (as_of, [])
    assert reports.completion(ORG, None, None, "unknown", None, 100) == (as_of, [])
    assert reports.lesson_dropoff(ORG, None, None, 100) == (as_of, [])
    assert reports.enrollment(ORG, None, "z", 100) == (as_of, [])
    assert reports.activity(ORG, "day", WEEK, None, None, 100) == (as_of, [])
    assert reports.activity(ORG, "hour", WEEK, None, None, 100) == (as_of, [])
    assert reports.overview(ORG, WEEK) == (as_of, OverviewRow())


def test_reports_of_an_organisation_hold_nothing_of_another(
    clone: ScratchDatabase, reports: ReportStore, refreshes: RefreshStore, rollups: RollupStore
) -> None:
    """For every pair of three: A's reports are of A's courses, whatever was claimed before and whatever is named."""
    org_ids = [uuid4() for _ in range(3)]
    for org_id in org_ids:
        clone.ingest([org_id], *(an_event(org_id, course_id=f"of-{org_id}") for _ in range(3)))
        clone.analytics.ingest_analytics(org_id, [queued_batch(org_id, scrubbed_event())])
        fold_everything(rollups, org_id)
        refreshes.refresh_reports(org_id, NOW)
    for a, b in permutations(org_ids, 2):
        reports._database.run("select set_config('rollcall.org_ids', %s, false)", (f"{{{b}}}",))
        of_a: list[Sequence[ReportRow]] = [
            reports.engagement(a, WEEK, None, None, 100)[1],
            reports.completion(a, None, None, None, None, 100)[1],
            reports.enrollment(a, None, None, 100)[1],
            reports.lesson_dropoff(a, None, None, 100)[1],
        ]
        assert [[row.key[0] for row in rows] for rows in of_a] == [[f"of-{a}"]] * 4
        assert reports.engagement(a, WEEK, f"of-{b}", None, 100)[1] == []
        assert reports.activity(a, "day", WEEK, f"of-{b}", None, 100)[1] == []
        overview = reports.overview(a, WEEK)[1]
        assert (overview.learner_count, overview.progress_event_count, overview.analytics_event_count) == (3, 3, 1)


def test_the_reader_writes_nothing(clone: ScratchDatabase, refreshes: RefreshStore) -> None:
    """Neither a statement nor a procedure of another role gets through, even where it unlocks its own transactions."""
    clone.ingest([ORG], an_event(ORG))
    refreshes.refresh_reports(ORG, NOW)
    with clone.connect("rollcall_reader") as reader:
        present(reader, clone, ORG)
        with pytest.raises(pg.ReadOnlySqlTransaction):
            reader.execute("delete from rollcall.course_statistics")
        reader.execute("set default_transaction_read_only = off")
        for attempt in (
            "delete from rollcall.course_statistics",
            "update rollcall.course_progress set percent = 0",
            "select rollcall.refresh_reports_v1(gen_random_uuid(), now())",
            "select * from rollcall.active_course_learners",
            "select * from rollcall.progress_events",
            "select * from rollcall.assignments",
        ):
            with pytest.raises(pg.InsufficientPrivilege):
                reader.execute(attempt.encode())


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_together_are_the_report(
    clone: ScratchDatabase, reports: ReportStore, refreshes: RefreshStore, rollups: RollupStore, limit: int
) -> None:
    """Read by keys, page by page, every row comes once and in order."""
    events = [
        an_event(
            ORG, course_id=f"course-{number % 4}", lesson_id=f"lesson-{number % 3}", occurred_at=NOW - number * DAY
        )
        for number in range(12)
    ]
    clone.ingest([ORG], *events)
    clone.analytics.ingest_analytics(ORG, [queued_batch(ORG, scrubbed_event(), scrubbed_event())])
    fold_everything(rollups, ORG)
    refreshes.refresh_reports(ORG, NOW)
    assert_pages(limit, reports.enrollment(ORG, None, None, 1000)[1], lambda after: reports.enrollment(
        ORG, None, after and after.key[0], limit)[1])  # fmt: skip
    assert_pages(limit, reports.lesson_dropoff(ORG, None, None, 1000)[1], lambda after: reports.lesson_dropoff(
        ORG, None, after and after.key, limit)[1])  # fmt: skip
    assert_pages(limit, reports.engagement(ORG, MONTHS, None, None, 1000)[1], lambda after: reports.engagement(
        ORG, MONTHS, None, after and after.key[0], limit)[1])  # fmt: skip
    assert_pages(limit, reports.completion(ORG, None, None, None, None, 1000)[1], lambda after: reports.completion(
        ORG, None, None, None, after and after.key[0], limit)[1])  # fmt: skip
    series: list[tuple[Grain, str | None]] = [("day", None), ("hour", None), ("day", "course-1")]
    for grain, course_id in series:
        read = partial(reports.activity, ORG, grain, MONTHS, course_id)
        assert_pages(limit, read(None, 1000)[1], partial(next_of_series, read, limit))


def next_of_series(read: Callable[..., tuple[Any, Sequence[ReportRow]]], limit: int, after: Any) -> Sequence[ReportRow]:
    """Return the page of a series after a row of it."""
    return read(after and (after.at, after.source), limit)[1]


def assert_pages(limit: int, whole: Sequence[ReportRow], read: Callable[[Any], Sequence[ReportRow]]) -> None:
    """Read page after page, each after the last row of the one before, and compare with all at once."""
    found: list[ReportRow] = []
    after: ReportRow | None = None
    while page := read(after):
        assert len(page) <= limit
        found += page
        after = page[-1]
    assert found == whole
    assert len(whole) > 1


def test_activity_counts_each_source_by_day_and_by_hour(
    clone: ScratchDatabase, reports: ReportStore, rollups: RollupStore
) -> None:
    """A day's row has who was active and how long things took, within 1 %; an hour's has its own events."""
    clone.ingest(
        [ORG],
        an_event(ORG, time_spent_seconds=10, kind="completed"),
        an_event(ORG, time_spent_seconds=30, occurred_at=NOW - timedelta(hours=3)),
    )
    clone.analytics.ingest_analytics(
        ORG, [queued_batch(ORG, *(scrubbed_event(properties={"duration_ms": ms}) for ms in (100, 200, 1000)))]
    )
    fold_everything(rollups, ORG)
    analytics, progress = reports.activity(ORG, "day", WEEK, None, None, 100)[1]
    assert (progress.event_count, progress.completed_count, progress.time_spent_seconds) == (2, 1, 40)
    assert (progress.active_learner_count, analytics.active_learner_count) == (2, 1)
    assert analytics.duration_p50_ms == pytest.approx(200, rel=0.01)
    ((told,),) = clone.rows(
        "select rollcall.duration_percentiles_v1(%s, 'analytics', %s, %s)", (ORG, NOW.date(), NOW.date())
    )
    assert (analytics.duration_p50_ms, analytics.duration_p95_ms) == (told[0]["p50_ms"], told[0]["p95_ms"])
    hours = reports.activity(ORG, "hour", WEEK, None, None, 100)[1]
    assert [(row.at, row.source, row.event_count) for row in hours] == [
        (NOW - timedelta(hours=3), "progress", 1),
        (NOW, "analytics", 3),
        (NOW, "progress", 1),
    ]


def test_who_dropped_and_who_is_overdue(clone: ScratchDatabase, reports: ReportStore, refreshes: RefreshStore) -> None:
    """A learner with all lessons completed dropped nowhere; others are at their latest lesson, drop after 14 days."""
    done, here, left = uuid4(), uuid4(), uuid4()
    long_ago = NOW - 15 * DAY
    clone.ingest(
        [ORG],
        an_event(ORG, user_id=done, lesson_id="1", kind="completed", occurred_at=long_ago),
        an_event(ORG, user_id=done, lesson_id="2", kind="completed", occurred_at=long_ago + DAY),
        an_event(ORG, user_id=here, lesson_id="1", occurred_at=NOW - 13 * DAY),
        an_event(ORG, user_id=left, lesson_id="1", occurred_at=long_ago),
    )
    for user_id in (done, left):
        clone.assign(ORG, user_id, "algebra")
    clone.execute("update rollcall.assignments set due_at = %s", (NOW - DAY,))
    refreshes.refresh_reports(ORG, NOW)
    first, second = reports.lesson_dropoff(ORG, None, None, 10)[1]
    assert isinstance(first, DropoffRow)
    assert (first.lesson_id, first.started_count, first.current_count, first.dropped_count) == ("1", 3, 1, 1)
    assert (second.lesson_id, second.completed_count, second.dropped_count) == ("2", 1, 0)
    (enrollment,) = reports.enrollment(ORG, None, None, 10)[1]
    assert (enrollment.assigned_count, enrollment.completed_count, enrollment.overdue_count) == (2, 1, 1)
    (completion,) = reports.completion(ORG, None, None, None, None, 10)[1]
    assert (completion.started_count, completion.completed_count, completion.median_days_to_complete) == (3, 1, 1)
