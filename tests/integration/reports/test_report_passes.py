"""Report passes: the reader's session sees the organisations of a signed pass, whatever it claims."""

import time
from contextlib import closing
from datetime import timedelta
from uuid import UUID

import pytest
from psycopg import errors as pg
from rollcall.domain.reports.report_pass import sign_pass
from rollcall.domain.reports.window import DayWindow
from rollcall.store import migrations
from rollcall.store.reports import ReportStore

from tests.builders import NOW, an_event
from tests.postgres import PASS_EXPIRES_AT, ScratchDatabase

A, B = UUID(int=0xA), UUID(int=0xB)
WEEK = DayWindow(NOW.date() - timedelta(days=6), NOW.date() + timedelta(days=1))
SELECTED_BY_READER = """
select relation.oid::regclass::text
from pg_class as relation
where relation.relnamespace = 'rollcall'::regnamespace and relation.relkind in ('r', 'p', 'm', 'f')
    and has_any_column_privilege('rollcall_reader', relation.oid, 'select')
order by 1
"""
BOUND_TO_PASS = """
select polrelid::regclass::text from pg_policy
where polname = 'report_pass' and not polpermissive and polcmd = '*'
    and polroles = array['rollcall_reader'::regrole::oid]
order by 1
"""


@pytest.fixture
def filled(clone: ScratchDatabase) -> ScratchDatabase:
    """Two organisations with a learner's progress in each, and a key."""
    for org_id in (A, B):
        clone.ingest([org_id], an_event(org_id))
    clone.report_pass(A)
    return clone


def seen(clone: ScratchDatabase, report_pass: str | None, *claimed: UUID) -> set[UUID]:
    """Return whose progress a reader's session sees that claims organisations under a pass."""
    with clone.connect("rollcall_reader") as reader:
        reader.execute("select set_config('rollcall.org_ids', %s::uuid[]::text, false)", (list(claimed),))
        if report_pass is not None:
            reader.execute("select set_config('rollcall.report_pass', %s, false)", (report_pass,))
        return {org_id for (org_id,) in reader.execute("select org_id from rollcall.view_course_progress").fetchall()}


def test_a_session_sees_what_its_pass_and_its_claim_have_in_common(filled: ScratchDatabase) -> None:
    """A pass opens its own organisations and no other; no claim shows nothing."""
    assert seen(filled, filled.report_pass(A), A) == {A}
    assert seen(filled, filled.report_pass(A, B), A, B) == {A, B}
    assert seen(filled, filled.report_pass(A, B), B) == {B}
    assert seen(filled, filled.report_pass(A), A, B) == {A}
    assert seen(filled, filled.report_pass(A), B) == set()
    assert seen(filled, filled.report_pass(), A) == set()
    assert seen(filled, filled.report_pass(A)) == set()
    assert seen(filled, None) == set()


def test_a_claim_without_a_good_pass_is_an_error(filled: ScratchDatabase) -> None:
    """Absent, malformed, forged, edited and expired passes open nothing, and say so."""
    good = filled.report_pass(A)
    version, expires_at, org_ids, mac = good.split(".")
    secret = filled.cluster.password
    bad = [
        None,
        "",
        ".",
        "1",
        "...",
        good[:-1],
        good + "0",
        good.upper(),
        good + ".more",
        f"{version}.{expires_at}.{B}.{mac}",
        f"{version}.{expires_at}.{org_ids},{B}.{mac}",
        f"{version}.{int(expires_at) + 1}.{org_ids}.{mac}",
        f"2.{expires_at}.{org_ids}.{mac}",
        sign_pass([A], PASS_EXPIRES_AT, secret + "x"),
        sign_pass([A], PASS_EXPIRES_AT, ""),
        sign_pass([A], int(time.time()) - 1, secret),
        "1.not-a-time.not-an-id." + "0" * 64,
        "é.\u202e.'; drop.--",
    ]
    for report_pass in bad:
        with pytest.raises(pg.InsufficientPrivilege, match="report_pass"):
            seen(filled, report_pass, A)


def test_reports_are_those_of_the_pass(filled: ScratchDatabase) -> None:
    """The store asks for B under a pass for A: the database shows nothing of B."""
    filled.execute("select rollcall.refresh_reports_v1(%s, now())", (A,))
    filled.execute("select rollcall.refresh_reports_v1(%s, now())", (B,))
    with closing(filled.database("rollcall_reader")) as database:
        reports = ReportStore(database, filled.report_pass(A))
        assert reports.overview(A, WEEK)[1].learner_count == 1
        assert reports.enrollment(A, None, None, 10)[1]
        assert reports.overview(B, WEEK)[0] is None
        assert reports.enrollment(B, None, None, 10)[1] == []
        # Presented for one call alone: nothing stays on a pooled connection.
        with pytest.raises(pg.InsufficientPrivilege):
            ReportStore(database, "").overview(A, WEEK)


def test_an_administrator_issues_passes_for_a_while(filled: ScratchDatabase) -> None:
    """What SQL signs is what the authorizer signs, and it ends."""
    ((issued,),) = filled.rows("select rollcall.issue_report_pass_v1(array[%s, %s]::uuid[], '1 hour')", (A, B))
    _, expires_at, _, _ = issued.split(".")
    assert issued == sign_pass([A, B], int(expires_at), filled.cluster.password)
    assert seen(filled, issued, A, B) == {A, B}
    ((ended,),) = filled.rows("select rollcall.issue_report_pass_v1(array[%s]::uuid[], '-1 second')", (A,))
    with pytest.raises(pg.InsufficientPrivilege):
        seen(filled, ended, A)


def test_a_rotated_key_lets_the_last_passes_end_well(filled: ScratchDatabase) -> None:
    """The newest two keys count; setting the current key again pushes none out."""

    def rotate(secret: str) -> None:
        migrations.set_report_pass_key(filled.conninfo, secret)

    first = filled.report_pass(A)
    rotate("second")
    rotate("second")
    assert seen(filled, first, A) == {A}
    assert seen(filled, sign_pass([A], PASS_EXPIRES_AT, "second"), A) == {A}
    rotate("third" * 20)
    assert seen(filled, sign_pass([A], PASS_EXPIRES_AT, "third" * 20), A) == {A}
    with pytest.raises(pg.InsufficientPrivilege):
        seen(filled, first, A)


@pytest.mark.parametrize(
    "attempt",
    [
        "select * from rollcall.report_pass_keys",
        "select rollcall.issue_report_pass_v1(array[gen_random_uuid()])",
        "call rollcall.set_report_pass_key_v1('', '')",
        "call rollcall.bind_reader('rollcall.lessons')",
        "alter table rollcall.course_progress disable row level security",
        "set role rollcall_owner",
        "create function rollcall.now() returns timestamptz return '-infinity'::timestamptz",
    ],
)
def test_the_reader_cannot_give_itself_a_pass(filled: ScratchDatabase, attempt: str) -> None:
    """Neither the key nor what signs is the reader's."""
    with (
        filled.connect("rollcall_reader") as reader,
        pytest.raises((pg.InsufficientPrivilege, pg.ReadOnlySqlTransaction)),
    ):
        reader.execute(attempt.encode())


def test_no_function_of_the_readers_own_stands_in(filled: ScratchDatabase) -> None:
    """A temporary schema before ours changes nothing of how a pass is verified."""
    with filled.connect("rollcall_reader") as reader, reader.transaction():
        reader.execute("set transaction read write")
        reader.execute("create function pg_temp.sha256(bytea) returns bytea return '\\x00'::bytea")
        reader.execute("set local search_path = pg_temp, rollcall")
        reader.execute("select set_config('rollcall.org_ids', %s::uuid[]::text, true)", ([A],))
        reader.execute("select set_config('rollcall.report_pass', %s, true)", (f"1.{PASS_EXPIRES_AT}.{A}.00",))
        with pytest.raises(pg.InsufficientPrivilege):
            reader.execute("select org_id from rollcall.view_course_progress")


def test_every_table_of_the_reader_is_bound(clone: ScratchDatabase) -> None:
    """What the reader may select has the restrictive policy, and nothing else has it."""
    selected, bound = ([name for (name,) in clone.rows(query)] for query in (SELECTED_BY_READER, BOUND_TO_PASS))
    assert selected == bound
    assert selected, "the reader reads something"
