"""No organisation reads or writes another's rows: every ordered pair of four, by every path that a role has."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from itertools import permutations
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import errors as pg
from rollcall.contracts.dead_letters.letter import Failure
from rollcall.contracts.ingest.progress import ProgressEvent
from rollcall.contracts.ingest.receipt import QueuedEvents, Rejection
from rollcall.domain.ingest.rate import RateLimit
from rollcall.store.assignments import AssignmentStore
from rollcall.store.dead_letters.failures import FailureStore
from rollcall.store.reports import RefreshStore
from rollcall.store.rollups.rollups import RollupStore

from tests.builders import NOW, an_event, changed, queued_batch, scrubbed_event
from tests.postgres import ScratchDatabase
from tests.rollups import fold_everything

ORGANISATIONS = [uuid4() for _ in range(4)]
PAIRS = list(permutations(ORGANISATIONS, 2))
LEARNERS = {org_id: uuid4() for org_id in ORGANISATIONS}
ASSIGNED_COURSE = "assigned"
# Two days of the window, and one that lies in the default partition.
MOMENTS = [NOW, NOW - timedelta(days=4), NOW + timedelta(days=4000)]
# The last: a view of sums takes no rows from any role.
REFUSED = (pg.InsufficientPrivilege, pg.WrongObjectType, pg.ObjectNotInPrerequisiteState)
TABLES_WITH_ROWS = """
select relname from pg_class
where relnamespace = 'rollcall'::regnamespace and relkind in ('r', 'p', 'v')
    and exists (select from pg_attribute where attrelid = pg_class.oid and attname = 'org_id')
order by relname
"""


@pytest.fixture
def events() -> dict[UUID, list[ProgressEvent]]:
    """Each organisation's events: on several days, one of them without partition."""
    return {
        org_id: [an_event(org_id, user_id=LEARNERS[org_id], occurred_at=moment) for moment in MOMENTS]
        for org_id in ORGANISATIONS
    }


STRANGER = uuid4()


@pytest.fixture
def peopled(clone: ScratchDatabase, events: dict[UUID, list[ProgressEvent]]) -> ScratchDatabase:
    """A database in which every organisation has rows in every table and in several partitions."""
    for org_id, own in events.items():
        clone.assign(org_id, LEARNERS[org_id], ASSIGNED_COURSE)
        assert clone.ingest([org_id], *own) == ["accepted"] * len(own)
        fill_analytics(clone, org_id)
        fill_dead_letters(clone, org_id)
        fill_erasures(clone, org_id)
        clone.execute(
            "insert into rollcall.operations (org_id, operation_id, kind, source, requested_by)"
            " values (%s, gen_random_uuid(), 'replay', 'events', 'somebody')",
            (org_id,),
        )
        clone.execute(
            "insert into rollcall.write_keys (org_id, write_key_id, secret_digest, label, created_by)"
            " values (%s, gen_random_uuid(), sha256(random()::text::bytea), 'website', 'somebody')",
            (org_id,),
        )
        clone.execute("insert into rollcall.operation_turns values (%s, now()) on conflict do nothing", (org_id,))
        clone.rows("select rollcall.set_catalogue_v1(%s, %s, 'somebody', null)", (org_id, ["daily-2026-03-10"]))
        clone.execute("insert into rollcall.learner_keys (org_id, key_id) values (%s, 'k1')", (org_id,))
        clone.execute(
            "insert into rollcall.imported_identities"
            " values (%s, 'progress', gen_random_uuid(), %s, substring(sha256('') for 16))",
            (org_id, NOW),
        )
        clone.execute(
            "insert into rollcall.recalled_files values (%s, 'progress_events', '2026-01-01', 1, 1)", (org_id,)
        )
        fill_assignments(clone, org_id)
        fill_reports(clone, org_id)
        fill_snapshots(clone, org_id)
    return clone


def fill_reports(clone: ScratchDatabase, org_id: UUID) -> None:
    """Fold what is stored, have a day frozen and another one stale, and count statistics."""
    with closing(clone.database("rollcall_ops")) as database:
        fold_everything(RollupStore(database), org_id)
        assert RefreshStore(database).refresh_reports(org_id, NOW) is not None
    for table, columns, values in (
        ("rollup_stale_days", "day", "current_date"),
        ("learner_sketches", "source, day, registers", "'progress', current_date, '{}'"),
    ):
        clone.execute(f"insert into rollcall.{table} (org_id, {columns}) values (%s, {values})", (org_id,))


def fill_snapshots(clone: ScratchDatabase, org_id: UUID) -> None:
    """Note a file of a snapshot, a scratch table and a drill."""
    clone.execute(
        "insert into rollcall.snapshot_days (table_name, day, sequence) values ('progress_events', '2026-01-01', 1)"
        " on conflict do nothing"
    )
    clone.execute(
        "insert into rollcall.snapshots (org_id, table_name, day, sequence, part, object_key, row_count, size_bytes,"
        " object_digest, content_digest, row_hash, last_key, is_last, expires_at) values"
        " (%s, 'progress_events', '2026-01-01', 1, 1, 'key', 1, 1, sha256(''), sha256(''), 0, '{}', true, 'infinity')",
        (org_id,),
    )
    clone.execute(
        "insert into rollcall.scratch_tables (org_id, scratch_id, table_name, kept_until)"
        " values (%s, gen_random_uuid(), 'progress_events', 'infinity')",
        (org_id,),
    )
    clone.execute(
        "insert into rollcall.restore_drills (org_id, drill_id, table_name, day, sequence, row_count, duration_ms)"
        " values (%s, gen_random_uuid(), 'progress_events', '2026-01-01', 1, 0, 0)",
        (org_id,),
    )


def fill_analytics(clone: ScratchDatabase, org_id: UUID) -> None:
    """Store analytics events on the same days, and have one batch queued and one event rejected."""
    run = {"process": "import", "request_id": "r", "duration_ms": 7, "cost_amount": 1, "cost_currency": "EUR"}
    told = [scrubbed_event(occurred_at=moment) for moment in MOMENTS]
    told.append(scrubbed_event(name="process_completed", properties=run))
    assert clone.analytics.ingest_analytics(org_id, [queued_batch(org_id, *told)]) == [["accepted"] * len(told)]
    waiting = QueuedEvents(org_id, uuid4(), (uuid4(),))
    clone.receipts.announce_batches("test", RateLimit(100, 100), [waiting], NOW)
    clone.execute("insert into rollcall.rate_refusals values (%s, 0, now(), 1)", (org_id,))
    clone.receipts.note_rejections("test", None, [Rejection(org_id, uuid4(), "invalid")], NOW, "progress")
    clone.execute(
        "insert into rollcall.event_identities values (%s, gen_random_uuid(), %s, substring(sha256('') for 16))",
        (org_id, NOW),
    )


def fill_erasures(clone: ScratchDatabase, org_id: UUID) -> None:
    """Erase somebody of whom nothing is there, and keep a certificate."""
    clone.rows("select rollcall.erase_learner_v1(%s, %s, %s, false)", (org_id, STRANGER, [str(STRANGER)]))
    clone.execute(
        "insert into rollcall.privacy_certificates values (%s, gen_random_uuid(), sha256('x'), now(), true, '{}')",
        (org_id,),
    )


def fill_assignments(clone: ScratchDatabase, org_id: UUID) -> None:
    """Order two assignments, of which one is made."""
    with closing(clone.database("rollcall_ops")) as database:
        AssignmentStore(database).request(
            org_id, uuid4(), (bytes(32), bytes(32)), {"course_id": ASSIGNED_COURSE}, [uuid4(), uuid4()], ("me", None), 1
        )


def fill_dead_letters(clone: ScratchDatabase, org_id: UUID) -> None:
    """Record a dead letter with an event in it."""
    failure = Failure(
        dead_letter_id=uuid4(), failure_id=uuid4(), queue="spool", cause="poisoned", error_code="poisoned_message",
        first_failed_at=NOW, failed_at=NOW, receive_count=3, size_bytes=1, body_digest="a" * 32, event_ids=[uuid4()],
        archive_key="key",
    )  # fmt: skip
    assert FailureStore(clone.store._database).record_dead_letter(org_id, failure)


@pytest.fixture
def tables(peopled: ScratchDatabase) -> list[str]:
    """Return every table, partition and view that may hold rows of an organisation."""
    found = [name for (name,) in peopled.rows(TABLES_WITH_ROWS)]
    filled = {name for name in found if all(peopled.count(name, org_id) for org_id in ORGANISATIONS)}
    empty = set(found) - filled
    for table in ("progress_events", "analytics_events"):
        assert {f"{table}_20260310", f"{table}_20260306", f"{table}_default"} <= filled
    assert [name for name in empty if "_events_2026" not in name] == [], "tables that this test does not fill"
    return found


def test_nobody_writes_into_another_organisation(
    peopled: ScratchDatabase, events: dict[UUID, list[ProgressEvent]]
) -> None:
    """For every pair: a caller of A who names B is refused, with new events and with B's own, and no row changes."""
    before = peopled.contents()
    for a, b in PAIRS:
        theirs = events[b][0]
        attempts = [an_event(b), an_event(b, user_id=LEARNERS[b]), theirs, changed(theirs, percent=99.0)]
        assert peopled.ingest([a], *attempts) == ["org_forbidden"] * len(attempts)
    assert peopled.contents() == before


def test_nobody_hears_of_another_organisations_events(
    peopled: ScratchDatabase, events: dict[UUID, list[ProgressEvent]]
) -> None:
    """For every pair: an event_id that B has used is new to A, with the same content or another, and B's stay."""
    theirs = {org_id: contents_of(peopled, org_id) for org_id in ORGANISATIONS}
    for a, b in PAIRS:
        same, other = (changed(event, org_id=a, user_id=LEARNERS[a]) for event in events[b][:2])
        assert peopled.ingest([a], same, changed(other, percent=99.0)) == ["accepted", "accepted"]
        theirs[a] = contents_of(peopled, a)
        assert contents_of(peopled, b) == theirs[b]


def contents_of(database: ScratchDatabase, org_id: UUID) -> dict[str, list[str]]:
    """Return an organisation's rows in every table, as text."""
    tables = database.contents()
    return {name: [row for row in rows if str(org_id) in row] for name, rows in tables.items()}


def test_nobody_hears_of_another_organisations_assignments(peopled: ScratchDatabase) -> None:
    """For every pair: what B assigned does not resolve for A, whatever the session claims beside the token."""
    before = peopled.contents()
    for a, b in PAIRS:
        event = an_event(None, user_id=LEARNERS[b], course_id=ASSIGNED_COURSE)
        assert peopled.ingest([a], event) == ["org_unresolved"]
        with peopled.connect("rollcall_app") as app:
            claim(app, b)
            outcomes = app.execute(
                "select outcomes from rollcall.ingest_progress_v1('test', %s, %s::jsonb, now(), null, null)",
                (
                    [a],
                    f"[{event.model_dump_json(exclude_none=True)}, {an_event(b).model_dump_json(exclude_none=True)}]",
                ),
            ).fetchone()
            assert outcomes == (["org_unresolved", "org_forbidden"],)
    assert peopled.contents() == before


def test_a_connection_forgets_whose_batch_it_was(peopled: ScratchDatabase) -> None:
    """Between calls a pooled connection sees no rows: the organisations go with the transaction."""
    with peopled.connect("rollcall_app") as app:
        app.execute("select rollcall.ingest_progress_v1('test', %s, '[]', now(), null, null)", (ORGANISATIONS,))
        assert app.execute("select rollcall.current_org_ids()").fetchone() == ([],)


def claim(connection: psycopg.Connection, *org_ids: UUID) -> None:
    """Claim organisations for the session, as anybody may who has one."""
    connection.execute("select set_config('rollcall.org_ids', %s::uuid[]::text, false)", (list(org_ids),))


def attempts_on(table: str, org_id: UUID) -> list[str]:
    """Return every kind of statement that would touch an organisation's rows."""
    return [
        f"select count(*) from rollcall.{table}",
        f"select from rollcall.{table} where org_id = '{org_id}'",
        f"select from rollcall.{table} for update",
        f"insert into rollcall.{table} (org_id) values ('{org_id}')",
        f"update rollcall.{table} set org_id = org_id where org_id = '{org_id}'",
        f"delete from rollcall.{table} where org_id = '{org_id}'",
        f"merge into rollcall.{table} as t using (select) as s on t.org_id = '{org_id}' when matched then delete",
        f"truncate rollcall.{table}",
        f"copy rollcall.{table} to stdout",
        f"copy rollcall.{table} from stdin",
        f"lock table rollcall.{table}",
        f"alter table rollcall.{table} disable row level security",
        f"drop table rollcall.{table}",
    ]


def test_the_app_role_touches_no_table_by_name(peopled: ScratchDatabase, tables: list[str]) -> None:
    """Whichever organisation the app role claims, no statement gets at any table, partition or view by its name."""
    before = peopled.contents()
    with peopled.connect("rollcall_app") as app:
        for table in tables:
            for org_id in ORGANISATIONS:
                claim(app, org_id)
                for attempt in attempts_on(table, org_id):
                    with pytest.raises(REFUSED), app.transaction():
                        app.execute(attempt.encode())
    assert peopled.contents() == before


@pytest.mark.parametrize(
    "attempt",
    [
        "set role rollcall_owner",
        "set role rollcall_ops",
        "set role rollcall_reader",
        "set session authorization rollcall_owner",
        "grant rollcall_owner to rollcall_app",
        "alter role rollcall_app bypassrls",
        "alter function rollcall.ingest_progress_v1 reset search_path",
        "create table rollcall.learners2 (org_id uuid)",
        "create or replace function rollcall.current_org_ids() returns uuid[] return null::uuid[]",
        "select rollcall.judge_seen_v2(null, null, null, null, null, null)",
        "select rollcall.take_rate_v1('another caller', 1, 1)",
        "select rollcall.make_partitions_v1(current_date, current_date)",
        "call rollcall.secure_organisation_rows('rollcall.learners')",
        "select rollcall.issue_report_pass_v1(array[gen_random_uuid()])",
        "call rollcall.set_report_pass_key_v1('', '')",
        "select * from rollcall.rate_buckets",
        "select * from rollcall.dead_letter_counts",
        "select rollcall.discard_dead_letters_v2(null, null, null, null, null, null, false, 1, null)",
        "select rollcall.read_dead_letter_v1(gen_random_uuid(), gen_random_uuid())",
        "select * from rollcall.schema_migrations",
        "copy (select 1) to program 'true'",
        "select pg_read_file('postgresql.conf')",
    ],
)
def test_the_app_role_becomes_nobody_else(clone: ScratchDatabase, attempt: str) -> None:
    """The app role calls its procedure and nothing more."""
    with clone.connect("rollcall_app") as app, pytest.raises(pg.InsufficientPrivilege):
        app.execute(attempt.encode())


def test_a_table_slipped_in_is_not_used(peopled: ScratchDatabase) -> None:
    """Temporary tables and functions that bear our names, and a search path before ours, change nothing."""
    a, b = ORGANISATIONS[:2]
    event = an_event(None, user_id=LEARNERS[b], course_id=ASSIGNED_COURSE)
    with peopled.connect("rollcall_app") as app:
        app.execute("create temporary table assignments (org_id uuid, user_id uuid, course_id text, assigned_by uuid)")
        app.execute("insert into assignments values (%s, %s, %s, null)", (b, LEARNERS[b], ASSIGNED_COURSE))
        app.execute("insert into assignments values (%s, %s, %s, null)", (a, LEARNERS[b], ASSIGNED_COURSE))
        app.execute("set search_path = pg_temp, rollcall")
        outcomes = app.execute(
            "select outcomes from rollcall.ingest_progress_v1('test', %s, %s::jsonb, now(), null, null)",
            ([a], f"[{event.model_dump_json(exclude_none=True)}]"),
        ).fetchone()
    assert outcomes == (["org_unresolved"],)


@pytest.fixture(params=["rollcall_reader", "rollcall_ops", "rollcall_owner"])
def session(request: pytest.FixtureRequest, peopled: ScratchDatabase) -> Iterator[psycopg.Connection]:
    """A session as a role that may select some tables, or owns them all."""
    with peopled.connect() as connection:
        connection.execute(f"set role {request.param}".encode())
        yield connection


def visible(session: psycopg.Connection, table: str) -> set[UUID] | None:
    """Return whose rows a session sees in a table, or None when it may not look at all."""
    try:
        return {org_id for (org_id,) in session.execute(f"select org_id from rollcall.{table}".encode()).fetchall()}
    except pg.InsufficientPrivilege:
        return None


def test_other_roles_see_the_claimed_organisation_alone(
    peopled: ScratchDatabase, session: psycopg.Connection, tables: list[str]
) -> None:
    """Reader, ops and even the owner see A's rows when they claim A, and no rows when they claim nothing; in tables,
    partitions and views alike.
    """
    (role,) = session.execute("select current_user").fetchone() or ("",)
    session.execute("select set_config('rollcall.report_pass', %s, false)", (peopled.report_pass(*ORGANISATIONS),))
    for claimed in ([], *([org_id] for org_id in ORGANISATIONS), ORGANISATIONS[:2]):
        claim(session, *claimed)
        seen = {table: rows for table in tables if (rows := visible(session, table)) is not None}
        for table, org_ids in seen.items():
            filled = peopled.count(table, ORGANISATIONS[0]) > 0
            assert org_ids == (set(claimed) if filled else set()), table
        assert set(seen) == VISIBLE.get(role, set(tables)), "the role sees what it should, so that this proves anything"


OF_REPORTS = {
    "course_cohorts", "course_statistics", "lesson_statistics", "org_enrollment_stats", "organisation_statistics",
    "view_admin_overview", "view_course_completion", "view_course_engagement", "view_lesson_dropoff",
    "daily_course_rollups", "daily_durations", "daily_rollups", "hourly_rollups",
}  # fmt: skip
VISIBLE = {
    "rollcall_reader": {"course_progress", "view_course_progress"} | OF_REPORTS,
    "rollcall_ops": set[str](),
}


@pytest.mark.parametrize("value", ["", "{}", None])
def test_no_claim_is_no_rows(peopled: ScratchDatabase, value: str | None) -> None:
    """An empty, missing or reset setting shows nothing: the default is no rows, never all rows."""
    with peopled.connect() as connection:
        connection.execute("set role rollcall_owner")
        if value is not None:
            connection.execute("select set_config('rollcall.org_ids', %s, false)", (value,))
        assert visible(connection, "learners") == set()
        connection.execute("reset rollcall.org_ids")
        assert visible(connection, "learners") == set()


def test_the_owner_writes_only_what_it_claims(peopled: ScratchDatabase, tables: list[str]) -> None:
    """For every pair: the owner role, claiming A, changes and deletes no row of B, and adds none, in any table."""
    before = peopled.contents()
    with peopled.connect() as owner:
        owner.execute("set role rollcall_owner")
        for table in [table for table in tables if not table.startswith("view_")]:
            for a, b in PAIRS:
                claim(owner, a)
                for attempt in (
                    f"update rollcall.{table} set org_id = '{a}' where org_id = '{b}'",
                    f"delete from rollcall.{table} where org_id = '{b}'",
                ):
                    assert owner.execute(attempt.encode()).rowcount == 0
            give_away(owner, table)
    assert peopled.contents() == before


def give_away(owner: psycopg.Connection, table: str) -> None:
    """Try to make a row of A one of B: what may be written is bound as what may be read."""
    a, b = ORGANISATIONS[:2]
    claim(owner, a)
    if visible(owner, table):
        with pytest.raises(pg.InsufficientPrivilege, match="row-level security"):
            owner.execute(f"update rollcall.{table} set org_id = '{b}'".encode())
