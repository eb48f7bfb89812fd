"""What health is measured by, on a real PostgreSQL: organisations apart, refusals, the catalog, connections."""

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from rollcall.contracts.ingest.receipt import QueuedEvents, Rejection
from rollcall.domain.ingest.rate import RateLimit
from rollcall.errors import StoreUnavailable
from rollcall.store.dead_letters.failures import FailureStore
from rollcall.store.health.health import HealthStore

from tests.builders import an_event, changed
from tests.checkout import procedure
from tests.integration.dead_letters.test_dead_letters import record
from tests.integration.jobs.test_watchdog import audit
from tests.postgres import ScratchDatabase

A, B = uuid4(), uuid4()
TWO_MINUTES, FIVE_MINUTES = timedelta(minutes=2), timedelta(minutes=5)
ONE = RateLimit(per_second=0.001, burst=1)


@pytest.fixture
def health(clone: ScratchDatabase) -> Iterator[HealthStore]:
    with closing(clone.database("rollcall_ops")) as database:
        yield HealthStore(database, database)


def refused(clone: ScratchDatabase) -> dict[UUID, int]:
    """Return how many batches of each organisation were refused."""
    return dict(clone.rows("select org_id, sum(refused_count)::int from rollcall.rate_refusals group by org_id"))


def test_each_organisation_is_measured_by_its_own(clone: ScratchDatabase, health: HealthStore) -> None:
    """Received, rejected by reason, refused, dead, waiting; B, of whom nothing is there, is nowhere in A's."""
    now = datetime.now(UTC)
    assert clone.store.ingest_progress("x", [A], [an_event(A, occurred_at=now), an_event(A, occurred_at=now)], now, ONE)
    assert clone.store.ingest_progress("x", [A], [an_event(A, occurred_at=now)], now, ONE).outcomes is None
    rejections = [Rejection(A, uuid4(), "invalid"), Rejection(A, uuid4(), "invalid"), Rejection(A, uuid4(), "too_old")]
    clone.receipts.note_rejections("y", None, rejections, now, "progress")
    clone.receipts.note_rejections("z", None, [Rejection(A, uuid4(), "old")], now - timedelta(minutes=6), "progress")
    waiting = QueuedEvents(A, uuid4(), (uuid4(),))
    clone.receipts.announce_batches("w", RateLimit(100, 100), [waiting], now - timedelta(seconds=30))
    with closing(clone.database("rollcall_app")) as database:
        record(FailureStore(database), org_id=A)
    of_a, of_b = health.measure_organisations([A, B], FIVE_MINUTES)
    assert (of_a.received_count, of_a.rate_limited_count, of_a.dead_letter_count) == (2, 1, 1)
    assert of_a.rejected_counts == {"invalid": 2, "too_old": 1}
    assert of_a.lag_ms is not None
    assert 29_000 < of_a.lag_ms < 60_000
    assert (of_b.org_id, of_b.lag_ms, of_b.received_count, of_b.rejected_counts) == (B, None, 0, {})
    assert (of_b.rate_limited_count, of_b.dead_letter_count) == (0, 0)


def test_a_refusal_counts_for_the_organisations_of_its_batch(clone: ScratchDatabase) -> None:
    """By every way that knows a rate, and never for one that the token does not hold."""
    for _ in range(3):
        clone.take([A], changed(an_event(A), org_id=None), limit=ONE)
    assert refused(clone) == {A: 2}
    stranger = uuid4()
    for _ in range(2):
        clone.take([A, B], an_event(B), an_event(B), an_event(stranger), subject="two", limit=ONE)
    assert refused(clone) == {A: 2, B: 1}
    for _ in range(2):
        waiting = [QueuedEvents(B, uuid4(), (uuid4(),)), QueuedEvents(B, uuid4(), (uuid4(),))]
        clone.receipts.announce_batches("queued", ONE, waiting, datetime.now(UTC))
    for _ in range(2):
        clone.receipts.note_rejections(
            "rejected", ONE, [Rejection(B, uuid4(), "invalid")], datetime.now(UTC), "progress"
        )
    assert refused(clone) == {A: 2, B: 3}


def test_refusals_are_forgotten_as_minutes_pass(clone: ScratchDatabase, health: HealthStore) -> None:
    """Ten rows an organisation at most: a minute takes the place of the one ten minutes before."""
    for _ in range(2):
        clone.take([A], an_event(A), limit=ONE)
    clone.execute("update rollcall.rate_refusals set minute_at = minute_at - interval '10 minutes', refused_count = 99")
    assert health.measure_organisations([A], FIVE_MINUTES)[0].rate_limited_count == 0
    # The next one falls into the same row, or, over a minute's edge, into the one after it.
    clone.take([A], an_event(A), limit=ONE)
    assert health.measure_organisations([A], FIVE_MINUTES)[0].rate_limited_count == 1


GAPS = {
    "table:assignments": "drop policy organisation on rollcall.assignments",
    "table:daily_rollups": "alter table rollcall.daily_rollups disable row level security",
    "table:mistake": "create table rollcall.mistake (org_id uuid not null)",
    "table:progress_events_default": "alter table rollcall.progress_events_default no force row level security",
    "table:seen": "create materialized view rollcall.seen as select org_id from rollcall.learners",
}


def test_the_catalog_as_migrated_has_no_gap(clone: ScratchDatabase, health: HealthStore) -> None:
    """And tells how many tables it looked at, partitions among them."""
    enforcement = health.check_enforcement()
    assert (enforcement.is_enforced, enforcement.gaps) == (True, [])
    counted = clone.rows(
        "select count(*) from pg_class inner join pg_attribute on attrelid = pg_class.oid and attname = 'org_id'"
        " where relnamespace = 'rollcall'::regnamespace and relkind in ('r', 'p')"
    )
    assert counted == [(enforcement.table_count,)]


def test_each_gap_in_the_catalog_is_named(clone: ScratchDatabase, health: HealthStore) -> None:
    """Whichever way it came to be, and one beside the other."""
    for number, statement in enumerate(GAPS.values(), 1):
        clone.execute(statement)
        enforcement = health.check_enforcement()
        assert (enforcement.is_enforced, enforcement.gaps) == (False, list(GAPS)[:number])


def test_a_role_that_row_security_does_not_bind_is_named(clone: ScratchDatabase, health: HealthStore) -> None:
    """Itself, or by a role that it may become. Roles are the whole cluster's: nothing of this is kept."""
    with psycopg.connect(clone.conninfo) as administrator:
        administrator.execute("alter role rollcall_app bypassrls")
        administrator.execute("create role rollcall_mighty superuser")
        administrator.execute("grant rollcall_mighty to rollcall_ops")
        (found,) = administrator.execute("select rollcall.check_enforcement_v1()").fetchone() or ({},)
        administrator.rollback()
    assert found["gaps"] == ["role:rollcall_app", "role:rollcall_ops"]


def test_connections_are_counted(clone: ScratchDatabase, health: HealthStore) -> None:
    """Those of other roles as well."""
    with psycopg.connect(clone.conninfo) as one, psycopg.connect(clone.conninfo) as other:
        assert not one.closed
        assert not other.closed
        count, limit = health.count_connections()
    assert 3 <= count <= limit


def test_a_probe_asks_nothing_of_any_table(health: HealthStore) -> None:
    """It returns, however the tables are."""
    health.probe()


def test_a_database_that_can_only_be_read_is_away(clone: ScratchDatabase, health: HealthStore) -> None:
    """As for ingest: a failover left a reader behind. The next probe resolves the name again."""
    health.probe()
    role = f"alter role rollcall_ops in database {clone.name}"
    clone.execute(f"{role} set default_transaction_read_only = on")
    clone.execute("select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = 'rollcall_ops'")
    with pytest.raises(StoreUnavailable):
        health.probe()
    clone.execute(f"{role} reset default_transaction_read_only")
    health.probe()


def test_ages_of_messages_are_those_that_the_database_knows(clone: ScratchDatabase, health: HealthStore) -> None:
    """Of all organisations: what was loaded lately from the spool, operations that wait, and tickets that live."""
    nothing = health.measure_waits(TWO_MINUTES, FIVE_MINUTES)
    assert set(nothing.model_dump().values()) == {None}
    for org_id, route, seconds, stored_ago in (
        (A, "spool", 100, 5), (B, "spool", 20, 30), (B, "spool", 900, 130), (A, "analytics", 500, 5)
    ):  # fmt: skip
        audit(clone, org_id, route, seconds, stored_ago)
    for state, ago in (("queued", 60), ("queued", 40), ("cancelled", 4_000)):
        clone.execute(
            "insert into rollcall.operations (org_id, operation_id, kind, source, state, requested_by, requested_at,"
            " finished_at, cancel_requested_at) values (%s, gen_random_uuid(), 'replay', %s, %s, 'x',"
            " now() - make_interval(secs => %s), case when %s = 'cancelled' then now() end,"
            " case when %s = 'cancelled' then now() end)",
            (B, f"source {ago}", state, ago, state, state),
        )
    for org_id, ends_in in ((A, 250), (B, -10)):
        clone.execute(
            "insert into rollcall.rollup_tickets (org_id, ticket_id, ticket_until)"
            " values (%s, gen_random_uuid(), now() + make_interval(secs => %s))",
            (org_id, ends_in),
        )
    found = health.measure_waits(TWO_MINUTES, FIVE_MINUTES)
    assert found.spool_received_at is not None
    assert datetime.now(UTC) - found.spool_received_at == pytest.approx(
        timedelta(seconds=50), abs=timedelta(seconds=20)
    )
    assert found.spool_latency_seconds == pytest.approx(100, abs=0.01)
    assert found.operations_seconds == pytest.approx(60, abs=20)
    assert found.rollup_seconds == pytest.approx(50, abs=20)


def test_what_was_loaded_lately_is_looked_for_in_an_index(clone: ScratchDatabase) -> None:
    """However many batches there are: the very condition of the procedure, which no sequential scan answers."""
    source = procedure("measure_waits_v1")
    (condition,) = re.findall(r"from batch_audit\n\s+where (.+)", source)
    with clone.connect() as connection:
        connection.execute("set enable_seqscan = off")
        plan = connection.execute(
            "explain select max(received_at) from rollcall.batch_audit where "
            + condition.replace("p_window", "interval '2 minutes'")
        ).fetchall()
    assert "batch_audit_queued_by_time" in str(plan)
