"""What retention dropped comes back exactly once, is rewritten safely, and is purged for good."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.ingest.progress import ProgressEvent
from rollcall.contracts.operations import Operation, OperationRequest
from rollcall.contracts.scrub.policy import PolicyAdditions
from rollcall.domain.retention.lifetimes import Lifetimes
from rollcall.domain.scrub.policy import Policy, default_policy, policy_with
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.domain.scrub.scrubber import Scrubber
from rollcall.errors import SnapshotBusy
from rollcall.flows.operations.work import LEASE_SECONDS, Chunk, Step, StepResult
from rollcall.flows.replay.analytics import apply_queued
from rollcall.flows.replay.snapshots import ReplaySnapshots
from rollcall.flows.replay.steps import apply_spooled, first_that_reads
from rollcall.flows.retention.age_out import AgeOut
from rollcall.flows.retention.purge import Purge
from rollcall.flows.retention.restore import Restore, VerifySnapshots
from rollcall.flows.retention.restore_drill import RestoreDrill
from rollcall.flows.retention.rewrite_snapshot import RewriteSnapshots
from rollcall.flows.scrub.events import Scrubbing
from rollcall.flows.scrub.rescrub import Rescrub
from rollcall.flows.scrub.rows import scrubber_of
from rollcall.store.ingest.analytics import AnalyticsStore
from rollcall.store.ingest.progress import ProgressStore
from rollcall.store.operations import OperationStore
from rollcall.store.retention.partitions import PartitionStore
from rollcall.store.rollups.rollups import RollupStore

from tests.builders import NOW, an_event, queued_batch, scrubbed_event
from tests.integration.retention.expired_days import (
    ANALYTICS,
    DAY,
    KEYRING,
    PROGRESS,
    Killed,
    KilledAt,
    Retention,
    retention_of,
)
from tests.postgres import FIRST_DAY, ScratchDatabase

A, B = uuid4(), uuid4()
OLD = FIRST_DAY
TABLES = ("progress_events", "analytics_events")
LEDGERS = ("progress_identities", "analytics_identities")
LIVE = "select to_jsonb(t) - 'stored_xid' from rollcall.{table} as t where org_id = %s order by t"


@pytest.fixture
def retention(clone: ScratchDatabase) -> Iterator[Retention]:
    """Retention of one day and its margin."""
    with retention_of(clone) as retention:
        yield retention


def moment(day: date, hour: int = 9) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=NOW.tzinfo)


def fill(clone: ScratchDatabase, day: date = OLD, count: int = 3) -> list[ProgressEvent]:
    """Store progress and analytics events of two organisations, with everything that a row may have."""
    events = [
        an_event(org_id, occurred_at=moment(day, hour), attributes={"score": 7, "app_version": "ü\n1"}, percent=12.5)
        for org_id in (A, B)
        for hour in range(count)
    ]
    assert set(clone.ingest([A, B], *events)) == {"accepted"}
    for org_id in (A, B):
        tracked = [scrubbed_event(occurred_at=moment(day, hour), digest=uuid4().hex) for hour in range(count)]
        clone.analytics.ingest_analytics(org_id, [queued_batch(org_id, *tracked)])
    return events


def live(clone: ScratchDatabase, org_id: UUID = A) -> list[Any]:
    """Return an organisation's live rows, but for the transaction that stored them."""
    return [clone.rows(LIVE.format(table=table), (org_id,)) for table in TABLES]


def derived(clone: ScratchDatabase) -> dict[str, list[str]]:
    """Return projections and rollups."""
    wanted = ("lesson_progress", "course_progress", "hourly_rollups", "daily_rollups", "daily_course_rollups")
    return {table: rows for table, rows in clone.contents().items() if table in wanted}


def run(retention: Retention, kind: Any, step: Step, source: str = "test", **request: Any) -> Operation:
    """Ask for an operation and work on it until it is finished."""
    store = OperationStore(retention.database)
    asked = OperationRequest(org_id=A, kind=kind, source=source, requested_by="test", **request)
    operation, is_new = store.request(asked, uuid4())
    assert is_new
    while not operation.is_finished:
        leased, lease_id = store.lease(A, operation.operation_id, LEASE_SECONDS)
        assert leased is not None
        assert lease_id is not None
        done = step(leased, Chunk(None, lease_id, LEASE_SECONDS))
        if isinstance(done, StepResult):
            latest = store.advance(leased, lease_id, LEASE_SECONDS, done.cursor, done.counts, is_done=done.is_done)
        else:
            latest = done.operation
        assert latest is not None
        store.release(latest, lease_id)
        operation = latest
    return operation


def restore(retention: Retention, table: str = PROGRESS, target: str = "live", **more: Any) -> Operation:
    scrubbing = scrubbing_by(more.pop("policy", default_policy()))
    step = Restore(
        retention.store, retention.bucket, lambda: datetime.now(NOW.tzinfo), scrubber_of(lambda _org_id: scrubbing)
    )
    parameters = {"table_name": table, "day": OLD.isoformat(), "target": target}
    return run(retention, "restore", step, parameters=parameters, **more)


def scrubbing_by(policy: Policy) -> Scrubbing:
    pseudonymiser = Pseudonymiser(KEYRING, A)
    return Scrubbing(Scrubber(policy, pseudonymiser), pseudonymiser, policy)


STRICTER = policy_with(PolicyAdditions(drop=("score",)))


def test_a_restore_brings_back_what_the_policy_of_today_leaves(clone: ScratchDatabase, retention: Retention) -> None:
    """What a later policy removes does not come back from a snapshot that was written before it."""
    fill(clone)
    retention.run()
    assert restore(retention, ANALYTICS, policy=STRICTER).counts["restored"] == 3
    kept = clone.rows("select properties, policy_version from rollcall.analytics_events where org_id = %s", (A,))
    assert kept == [({}, STRICTER.version)] * 3


def test_a_day_is_scrubbed_again_in_its_snapshots(clone: ScratchDatabase, retention: Retention) -> None:
    """A policy that got stricter reaches rows of dropped days, which are proven as before; a dry run counts them."""
    fill(clone)
    retention.run()
    store = AnalyticsStore(retention.database)
    step = Rescrub(store, lambda _org_id: scrubbing_by(STRICTER), retention.rewriting())
    day = OLD.isoformat()
    assert run(retention, "scrub", step, day, is_dry_run=True).counts["snapshot_rows"] == 3
    assert {row["properties"].get("score") for row in retention.rows_in_snapshots(A, ANALYTICS)} == {7}
    clone.execute("delete from rollcall.operations")

    assert run(retention, "scrub", step, day).counts["snapshot_rows"] == 3
    for org_id, left in ((A, {}), (B, {"score": 7})):
        assert [row["properties"] for row in retention.rows_in_snapshots(org_id, ANALYTICS)] == [left] * 3
    assert {row["policy_version"] for row in retention.rows_in_snapshots(A, ANALYTICS)} == {STRICTER.version}
    verify = VerifySnapshots(retention.store, retention.bucket, retention.manifests())
    assert verify.verify(A, ANALYTICS, OLD).intact
    drill = RestoreDrill(retention.store, retention.bucket, lambda: NOW, iter(range(100)).__next__)
    clone.execute("delete from rollcall.snapshots where org_id <> %s or table_name <> 'analytics_events'", (A,))
    drilled = drill.run(uuid4(), lambda: 900)
    assert drilled is not None
    assert drilled.failure_code is None
    clone.execute("delete from rollcall.operations")
    assert run(retention, "scrub", step, day).counts["snapshot_rows"] == 0


def window(first: date, days: int = 1) -> dict[str, str]:
    return {"from": moment(first, 0).isoformat(), "to": (moment(first, 0) + days * DAY).isoformat()}


def test_rows_come_back_once_and_are_not_counted_again(clone: ScratchDatabase, retention: Retention) -> None:
    """Restored twice, live rows are those of before the drop; projections and rollups say what they said."""
    fill(clone)
    before = live(clone)
    retention.run()
    counted = derived(clone)
    assert live(clone) == [[], []]

    for table in (PROGRESS, ANALYTICS):
        assert restore(retention, table).counts == {"total": 1, "done": 1, "rows": 3, "restored": 3}
        assert restore(retention, table).counts == {"total": 1, "done": 1, "rows": 3, "present": 3}
    assert live(clone) == before
    assert live(clone, B) == [[], []], "one organisation alone"
    retention.fold()
    assert derived(clone) == counted


def test_a_restored_day_is_kept_for_a_while_and_dropped_without_a_second_copy(
    clone: ScratchDatabase, retention: Retention
) -> None:
    """Retention leaves it alone until its time has come; then it goes, and only what came late is written once more."""
    fill(clone)
    retention.run()
    restore(retention)
    assert retention.run().days == 0
    assert OLD in retention.days_left(PROGRESS)
    late = an_event(A, occurred_at=moment(OLD, 20))
    clone.ingest([A], late)

    clone.execute("update rollcall.kept_days set kept_until = now() - interval '1 second'")
    assert retention.run().rows == 1
    assert OLD not in retention.days_left(PROGRESS)
    rows = retention.rows_in_snapshots(A)
    assert len(rows) == len({row["event_id"] for row in rows}) == 4


def test_an_identity_that_the_ledger_forgot_comes_back_and_one_that_changed_hands_does_not(
    clone: ScratchDatabase, retention: Retention
) -> None:
    """What comes back is known again, so that sent again it is a duplicate; other content under its id stays."""
    events = [event for event in fill(clone) if event.org_id == A]
    retention.run()
    clone.execute("delete from rollcall.progress_identities where event_id = %s", (events[0].event_id,))
    clone.execute(
        "update rollcall.progress_identities set content_digest = decode(repeat('00', 16), 'hex') where event_id = %s",
        (events[1].event_id,),
    )
    assert restore(retention).counts == {"total": 1, "done": 1, "rows": 3, "restored": 2, "conflict": 1}
    assert clone.ingest([A], events[0], events[1]) == ["duplicate", "conflict"]


def test_a_dry_run_and_a_damaged_file_restore_nothing(clone: ScratchDatabase, retention: Retention) -> None:
    """A file proves whole before its first row comes back."""
    fill(clone)
    retention.run()
    assert restore(retention, is_dry_run=True).counts == {"total": 1, "done": 1, "rows": 3}
    (file,) = retention.store.list_files(A, 10, table=PROGRESS)
    body = retention.bucket.objects[file.object_key]
    retention.bucket.objects[file.object_key] = body[:-5] + b"\0" + body[-4:]
    assert restore(retention).counts == {"total": 1, "done": 1, "failed": 1}
    assert live(clone) == [[], []]


def test_verification_names_what_is_wrong(clone: ScratchDatabase, retention: Retention) -> None:
    """Whole, a snapshot is intact; with an altered object, a missing one, or another manifest, it says which."""
    fill(clone)
    retention.run()
    verify = VerifySnapshots(retention.store, retention.bucket, retention.manifests())
    whole = verify.verify(A, PROGRESS, OLD)
    assert (whole.intact, whole.rows, whole.manifest_fault) == (True, 3, None)

    kept = dict(retention.bucket.objects)
    (file,) = whole.files
    retention.bucket.objects[file.object_key] = kept[file.object_key][:-1]
    report = verify.verify(A, PROGRESS, OLD)
    assert (report.intact, report.files[0].fault is not None) == (False, True)
    del retention.bucket.objects[file.object_key]
    assert verify.verify(A, PROGRESS, OLD).files[0].fault == "An object of a snapshot is missing."
    retention.bucket.objects |= kept
    manifest = next(key for key in kept if key.endswith("manifest.json") and f"{PROGRESS}/{OLD}" in key)
    retention.bucket.objects[manifest] = kept[manifest].replace(b'"rows":3', b'"rows":4')
    assert verify.verify(A, PROGRESS, OLD).manifest_fault == "The manifest's signature does not hold."


def test_a_scratch_table_holds_the_rows_as_they_were_and_goes_when_its_time_has_come(
    clone: ScratchDatabase, retention: Retention
) -> None:
    """A restore to scratch leaves live rows as they are; only the owner reaches the table."""
    fill(clone)
    before = live(clone)[0]
    retention.run()
    operation = restore(retention, target="scratch")
    name = f"rollcall_scratch.{PROGRESS}_{operation.operation_id.hex}"
    assert clone.rows(f"select to_jsonb(t) - 'stored_xid' - 'content_digest' from {name} as t order by t") == before
    assert live(clone) == [[], []]
    with clone.connect("rollcall_ops") as operator, pytest.raises(Exception, match="permission denied"):
        operator.execute(f"select * from {name}".encode())
    clone.execute("update rollcall.scratch_tables set kept_until = now() - interval '1 second'")
    age_out(retention).run(lambda: 900)
    assert clone.rows("select to_regclass(%s)", (name,)) == [(None,)]


def age_out(retention: Retention) -> AgeOut:
    lifetimes = Lifetimes(30 * DAY, 90 * DAY)
    return AgeOut(retention.store, retention.bucket, lifetimes, 365 * DAY, lambda: retention.now)


@pytest.mark.parametrize("step", ["put", "replace_file", "seal", "delete"])
@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
def test_a_rewrite_that_is_killed_comes_to_the_same_end(
    clone: ScratchDatabase, retention: Retention, step: str, *, is_after: bool
) -> None:
    """Wherever it dies, the same again leaves one file without the rows, a manifest that says so, and nothing else."""
    events = [event for event in fill(clone) if event.org_id == A]
    gone = str(events[0].event_id)
    retention.run()
    (file,) = retention.store.list_files(A, 10, table=PROGRESS)
    rewriting = retention.rewriting()
    killing = KilledAt(retention.bucket if step in {"put", "delete"} else retention.store, step, is_after)
    on_bucket = step in {"put", "delete"}
    store, bucket = (retention.store, killing) if on_bucket else (killing, retention.bucket)
    broken = RewriteSnapshots(store, bucket, retention.manifests(store, bucket))
    with pytest.raises(Killed):
        broken.rewrite_file(file, lambda row: row["event_id"] != gone)
    retention.end_leases()

    rewriting.rewrite_file(file, lambda row: row["event_id"] != gone)
    rows = retention.rows_in_snapshots(A)
    assert {row["event_id"] for row in rows} == {str(event.event_id) for event in events[1:]}
    assert VerifySnapshots(retention.store, retention.bucket, retention.manifests()).verify(A, PROGRESS, OLD).intact
    held = retention.bucket.keys_after(f"snapshots/{PROGRESS}/{OLD}/1/{A}/")
    assert held == [retention.store.list_files(A, 10, table=PROGRESS)[0].object_key]


def test_two_who_rewrite_the_same_day_do_not_lose_each_other(clone: ScratchDatabase, retention: Retention) -> None:
    """While one worker has a day, the other gets the answer to come back later."""
    fill(clone)
    retention.run()
    (file,) = retention.store.list_files(A, 10, table=PROGRESS)
    _, lease_id = retention.store.lease(file, 60)
    with pytest.raises(SnapshotBusy):
        retention.rewriting().rewrite_file(file, lambda _row: False)
    assert lease_id is not None
    retention.store.release(file, lease_id)
    result = retention.rewriting().rewrite(PROGRESS, OLD, 1, A, lambda _row: False)
    assert (result.rows_removed, result.files_removed) == (3, 1)
    assert retention.rows_in_snapshots(A) == []
    assert len(retention.rows_in_snapshots(B)) == 3


def test_a_replay_of_snapshots_stores_what_the_ledger_lost_and_nothing_else(
    clone: ScratchDatabase, retention: Retention
) -> None:
    """What was counted is a duplicate; what nothing knows of is stored and counted; what is too old is left out."""
    events = [event for event in fill(clone) if event.org_id == A]
    retention.run()
    lost = events[0]
    clone.execute("delete from rollcall.progress_identities where event_id = %s", (lost.event_id,))
    clone.execute("delete from rollcall.lesson_progress where user_id = %s", (lost.user_id,))
    policy, pseudonymiser = default_policy(), Pseudonymiser(KEYRING, A)
    scrubbing = Scrubbing(Scrubber(policy, pseudonymiser), pseudonymiser, policy)

    def replay(memory: timedelta) -> dict[str, int]:
        progress = apply_spooled(ProgressStore(retention.database), lambda: NOW, memory)
        tracked = apply_queued(AnalyticsStore(retention.database), lambda _org_id: scrubbing, lambda: NOW, memory)
        step = ReplaySnapshots(retention.rewriting(), first_that_reads(tracked, progress))
        return run(retention, "replay", step, "snapshots", parameters=window(OLD)).counts

    assert replay(DAY)["expired"] == 6
    counts = replay(90 * DAY)
    assert (counts["accepted"], counts["duplicate"]) == (1, 5)
    assert clone.count("progress_events_default", A) == 1
    assert clone.rows("select count(*) from rollcall.lesson_progress where user_id = %s", (lost.user_id,)) == [(1,)]
    assert replay(90 * DAY)["duplicate"] == 6


def test_a_purge_deletes_the_window_everywhere_and_nothing_beside_it(
    clone: ScratchDatabase, retention: Retention
) -> None:
    """Live rows, projections, rollups and snapshots of the window are gone; the dry run said how many."""
    dropped, kept = OLD, NOW.date()
    fill(clone, dropped)
    fill(clone, kept)
    retention.run()
    step = Purge(retention.store, retention.rewriting(), RollupStore(retention.database).rebuild_day, DAY, lambda: NOW)
    asked = {"from": moment(dropped, 1).isoformat(), "to": moment(kept, 1).isoformat()}
    told = run(retention, "purge", step, is_dry_run=True, parameters=asked).counts
    assert (told["rows"], told["snapshot_rows"]) == (2, 4)
    assert len(retention.rows_in_snapshots(A)) == 3

    done = run(retention, "purge", step, parameters=asked).counts
    assert (done["rows"], done["snapshot_rows"]) == (2, 4)
    assert [len(rows) for rows in live(clone)] == [2, 2]
    assert [len(rows) for rows in live(clone, B)] == [3, 3]
    assert len(retention.rows_in_snapshots(A)) == len(retention.rows_in_snapshots(A, ANALYTICS)) == 1
    assert len(retention.rows_in_snapshots(B)) == 3
    ((learners,),) = clone.rows(
        "select count(*) from rollcall.lesson_progress where org_id = %s and first_activity_at >= %s",
        (A, moment(kept, 0)),
    )
    assert learners == 2
    counted = clone.rows(
        "select sum(event_count) from rollcall.hourly_rollups where org_id = %s and hour_at >= %s", (A, moment(kept, 0))
    )
    assert counted == [(4,)]


def test_a_purge_withdraws_copies_of_live_rows(clone: ScratchDatabase, retention: Retention) -> None:
    """Files of a day that retention could not drop yet go as well, and the day is dropped without the purged rows."""
    fill(clone)
    retention.fold()
    with pytest.raises(Killed):
        retention.run(store=KilledAt(retention.store, "seal", is_after=False), is_folded=False)
    mine = {key for key in retention.bucket.objects if f"/{A}/" in key}
    assert mine
    step = Purge(retention.store, retention.rewriting(), RollupStore(retention.database).rebuild_day, DAY, lambda: NOW)
    with pytest.raises(SnapshotBusy):
        run(retention, "purge", step, parameters=window(OLD))
    clone.execute("delete from rollcall.operations")
    retention.end_leases()
    run(retention, "purge", step, source="again", parameters=window(OLD))
    assert not mine & retention.bucket.objects.keys()
    assert retention.run().stopped == {}
    assert retention.rows_in_snapshots(A) == []
    assert len(retention.rows_in_snapshots(B)) == 3


def test_a_drill_tells_whether_a_snapshot_comes_back_as_it_was_written(
    clone: ScratchDatabase, retention: Retention, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every row, in parts, to the last byte; the drill reports a damaged row, and only its result stays."""
    monkeypatch.setattr("rollcall.flows.retention.snapshot_files.ROWS_MAX", 2)
    drill = RestoreDrill(retention.store, retention.bucket, lambda: NOW, iter(range(100)).__next__)
    assert drill.run(uuid4(), lambda: 900) is None
    fill(clone)
    retention.run()
    for _ in range(3):
        drilled = drill.run(uuid4(), lambda: 900)
        assert drilled is not None
        assert (drilled.rows, drilled.failure_code) == (3, None)
    retention.bucket.objects = {key: body[:-1] for key, body in retention.bucket.objects.items()}
    damaged = drill.run(uuid4(), lambda: 900)
    assert damaged is not None
    assert damaged.failure_code == "snapshot_damaged"
    assert clone.rows("select count(*), count(failure_code) from rollcall.restore_drills") == [(4, 1)]
    assert clone.rows("select relname from pg_class where relnamespace = 'rollcall_scratch'::regnamespace") == []


def test_what_is_past_is_deleted_and_what_is_not_stays(clone: ScratchDatabase, retention: Retention) -> None:
    """The ledger outlives its events; identities, lines of the audit and snapshots go when their own time has come."""
    fill(clone)
    retention.run()
    age_out(retention).run(lambda: 900)
    assert [clone.count(ledger, A) for ledger in LEDGERS] == [3, 3]
    assert retention.bucket.objects

    retention.now = NOW + 160 * DAY
    assert age_out(retention).run(lambda: 900).rows > 0
    assert [clone.count(ledger, A) for ledger in LEDGERS] == [0, 0]
    assert clone.count("batch_audit", A) == 0
    assert retention.rows_in_snapshots(A), "snapshots are kept for longer"

    clone.execute(
        "update rollcall.snapshots set created_at = created_at - interval '2 years',"
        " expires_at = now() - interval '1 day'"
    )
    retention.now = datetime.now(NOW.tzinfo) + 400 * DAY
    assert age_out(retention).run(lambda: 900).snapshots > 0
    assert retention.bucket.objects == {}
    assert clone.rows("select count(*) from rollcall.snapshots") == [(0,)]


def test_upkeep_does_not_make_dropped_days_again(clone: ScratchDatabase, retention: Retention) -> None:
    """A table whose events are kept for less time than another's is not given partitions that it would drop at once."""
    retention.run()
    assert PartitionStore(retention.database).make_partitions(FIRST_DAY, NOW.date()) == 0


FORGET = "select rollcall.age_out_v1(%s, %s, 20000)"


def forget(clone: ScratchDatabase, before: datetime) -> int:
    """Age identities out, and return how many went."""
    with clone.connect() as connection:
        rows = [connection.execute(FORGET, (ledger, before)).fetchone() for ledger in LEDGERS]
    return sum(int(row[0]) for row in rows if row)


def test_no_identity_ages_while_its_event_may_be_live(clone: ScratchDatabase, retention: Retention) -> None:
    """Whatever the cutoff says: partitions, restored days, unfinished snapshots and default partitions hold it back."""
    events = fill(clone)
    late = an_event(A, occurred_at=NOW - 91 * DAY)
    assert clone.ingest([A], late) == ["accepted"]
    assert forget(clone, NOW - 90 * DAY) == 0
    assert clone.ingest([A], late) == ["duplicate"]
    clone.execute("delete from rollcall.progress_events where event_id = %s", (late.event_id,))
    assert forget(clone, NOW) == 1, "that of nothing before the oldest partition"
    assert set(clone.ingest([A, B], *events)) == {"duplicate"}

    retention.run()
    for held, freed in (
        ("insert into rollcall.kept_days (table_name, day, kept_until) values ('progress_events', %s, now())",
         "delete from rollcall.kept_days where day = %s"),
        ("insert into rollcall.snapshot_days (table_name, day, sequence) values ('progress_events', %s, 2)",
         "delete from rollcall.snapshot_days where sequence = 2 and day = %s"),
    ):  # fmt: skip
        clone.execute(held, (OLD,))
        assert forget(clone, NOW) == 0
        clone.execute(freed, (OLD,))
    assert forget(clone, NOW) == 12


def test_a_row_whose_identity_was_forgotten_before_its_snapshot_comes_back(
    clone: ScratchDatabase, retention: Retention
) -> None:
    """With an identity that no content matches: sent again, the event is a conflict, and is not stored."""
    events = fill(clone)
    retention.fold()
    clone.execute("delete from rollcall.progress_identities")
    retention.run(is_folded=False)
    for outcome in ("restored", "present"):
        counts = restore(retention).counts
        assert (counts[outcome], counts.get("conflict", 0)) == (3, 0)
    own = [event for event in events if event.org_id == A]
    assert set(clone.ingest([A], *own)) == {"conflict"}
    assert clone.count("progress_events", A) == 3


def test_an_open_dead_letter_does_not_age(clone: ScratchDatabase, retention: Retention) -> None:
    """An open dead letter stays; a resolved or discarded one goes when its time has come."""
    fill(clone)
    for state in ("open", "resolved", "discarded"):
        clone.execute(
            "insert into rollcall.dead_letters (org_id, dead_letter_id, queue, cause, error_code, state,"
            " first_failed_at, last_failed_at, failure_count, receive_count, size_bytes, body_digest, event_count,"
            " archive_key)"
            " values (%s, gen_random_uuid(), 'spool', 'store_refused', 'x', %s, %s, %s, 1, 1, 10,"
            " md5('x'), 1, 'dead-letters/x')",
            (A, state, NOW - 100 * DAY, NOW - 100 * DAY),
        )
    age_out(retention).run(lambda: 900)
    assert clone.rows("select state::text from rollcall.dead_letters") == [("open",)]
