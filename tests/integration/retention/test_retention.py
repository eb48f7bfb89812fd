"""Retention drops a day only after its snapshot proved to hold all of it, whatever dies or comes in between."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.ingest.progress import ProgressEvent
from rollcall.contracts.retention.snapshot import EventTable, SnapshotDay
from rollcall.domain.retention import snapshot
from rollcall.store.retention.snapshots import SnapshotStore

from tests.bucket import whole
from tests.builders import NOW, an_event
from tests.integration.retention.expired_days import ANALYTICS, DAY, PROGRESS, Killed, KilledAt, Retention, retention_of
from tests.postgres import FIRST_DAY, ScratchDatabase

A, B = uuid4(), uuid4()
FIRST_KEPT = (NOW - 2 * DAY).date()
EXPIRED = [FIRST_DAY + DAY * number for number in range((FIRST_KEPT - FIRST_DAY).days)]


@pytest.fixture
def retention(clone: ScratchDatabase) -> Iterator[Retention]:
    """Retention of one day and its margin, over a few events of two organisations."""
    with retention_of(clone) as retention:
        yield retention


def moment(day: date, hour: int = 9) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=NOW.tzinfo)


def fill(clone: ScratchDatabase, day: date, count: int = 3) -> list[ProgressEvent]:
    events = [an_event(org_id, occurred_at=moment(day, hour)) for org_id in (A, B) for hour in range(count)]
    assert set(clone.ingest([A, B], *events)) == {"accepted"}
    return events


def ids(rows: list[dict[str, Any]]) -> set[UUID]:
    return {UUID(row["event_id"]) for row in rows}


def of(events: list[ProgressEvent], org_id: UUID) -> set[UUID]:
    return {event.event_id for event in events if event.org_id == org_id}


def test_expired_days_are_dropped_and_every_row_lies_in_a_verified_snapshot(
    clone: ScratchDatabase, retention: Retention
) -> None:
    """Days outside the window and its margin go, each with its rows in the archive; days within it stay as they are."""
    old, kept = fill(clone, EXPIRED[0]) + fill(clone, EXPIRED[-1]), fill(clone, FIRST_KEPT)
    told = retention.run()

    assert (told.days, told.rows, told.stopped) == (2 * len(EXPIRED), len(old), {})
    assert retention.days_left(PROGRESS)[0] == retention.days_left(ANALYTICS)[0] == FIRST_KEPT
    assert clone.count("progress_events", A) == len(of(kept, A))
    assert ids(retention.rows_in_snapshots(A)) == of(old, A)
    assert ids(retention.rows_in_snapshots(B)) == of(old, B)
    assert retention.run().days == 0, "the second run finds nothing to do"


@pytest.mark.parametrize("table", [PROGRESS, ANALYTICS])
def test_a_line_has_every_column(clone: ScratchDatabase, table: EventTable) -> None:
    """What a manifest says of columns is what the table has, without the transaction, and with the digest."""
    columns = clone.rows(
        "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped",
        (f"rollcall.{table}",),
    )
    named = {name for (name,) in columns} - {"stored_xid"} | {"content_digest"}
    assert set(snapshot.COLUMNS[table]) == named


STEPS = {
    "store": ["begin", "list_unwritten", "read_page", "note_file", "seal", "note_verified", "drop_day", "release"],
    "bucket": ["put", "stream", "keys_after", "delete"],
}


@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("part", "name"), [(part, name) for part, names in STEPS.items() for name in names])
def test_killed_anywhere_it_comes_to_the_same_end(
    clone: ScratchDatabase, retention: Retention, part: str, name: str, *, is_after: bool
) -> None:
    """Given a process that dies before or after any call, the next run ends with every row once, and the days gone."""
    day = EXPIRED[0]
    events = fill(clone, day)
    target = retention.store if part == "store" else retention.bucket
    killing = KilledAt(target, name, is_after)
    with pytest.raises(Killed):
        retention.run(store=killing if part == "store" else None, bucket=killing if part == "bucket" else None)
    retention.end_leases()

    assert retention.run().stopped == {}
    assert retention.days_left(PROGRESS)[0] == retention.days_left(ANALYTICS)[0] == FIRST_KEPT
    for org_id in (A, B):
        rows = retention.rows_in_snapshots(org_id)
        assert ids(rows) == of(events, org_id)
        assert len(rows) == len(of(events, org_id))
    assert {state for _, _, _, state, _ in retention.states()} == {"dropped"}


def test_what_a_dead_process_has_taken_is_left_alone_until_it_must_be_over(
    clone: ScratchDatabase, retention: Retention
) -> None:
    """One worker at a time has a day; a killed worker blocks the day until its function's time has run out."""
    fill(clone, EXPIRED[0])
    with pytest.raises(Killed):
        retention.run(store=KilledAt(retention.store, "note_file", is_after=True))
    retention.run()
    assert EXPIRED[0] in retention.days_left(PROGRESS)
    assert EXPIRED[1] in retention.days_left(PROGRESS), "nor are days dropped that come after it"
    retention.end_leases()
    retention.run()
    assert EXPIRED[0] not in retention.days_left(PROGRESS)


SPOILED: dict[str, Callable[[bytes], bytes | None]] = {
    "lost": lambda _body: None,
    "altered": lambda body: body[:-9] + bytes([body[-9] ^ 1]) + body[-8:],
    "truncated": lambda body: body[:-1],
    "longer": lambda body: body + b"\n",
    "empty": lambda _body: b"",
}


@pytest.mark.parametrize("how", SPOILED)
@pytest.mark.parametrize("what", [".jsonl.gz", "manifest.json"])
def test_an_object_that_does_not_come_back_as_it_was_sent_keeps_the_day(
    clone: ScratchDatabase, retention: Retention, how: str, what: str
) -> None:
    """Given an archive that loses or alters an object, the day stays, the other table goes on, the next run heals."""
    events = fill(clone, EXPIRED[0])
    retention.bucket.spoil = lambda key, body: SPOILED[how](body) if key.endswith(what) and PROGRESS in key else body
    told = retention.run()
    assert told.stopped == {PROGRESS: "snapshot_damaged"}
    assert retention.days_left(PROGRESS)[: len(EXPIRED)] == EXPIRED
    assert retention.days_left(ANALYTICS)[0] == FIRST_KEPT
    assert clone.count("progress_events", A) == len(of(events, A))

    retention.bucket.spoil = whole
    assert retention.run().stopped == {}
    assert retention.days_left(PROGRESS)[0] == FIRST_KEPT
    assert ids(retention.rows_in_snapshots(A)) == of(events, A)


def test_rows_that_came_or_went_after_they_were_read_keep_the_day(clone: ScratchDatabase, retention: Retention) -> None:
    """Given a row that is stored, changed or deleted between snapshot and drop, the day stays, and is written anew."""
    changes: dict[str, Callable[[], object]] = {
        "added": lambda: fill(clone, EXPIRED[0], 1),
        "changed": lambda: clone.execute(
            "update rollcall.progress_events set percent = 99 where org_id = %s and event_id ="
            " (select event_id from rollcall.progress_events where org_id = %s limit 1)", (A, A)),
        "deleted": lambda: clone.execute(
            "delete from rollcall.progress_events where org_id = %s and event_id ="
            " (select event_id from rollcall.progress_events where org_id = %s limit 1)", (B, B)),
    }  # fmt: skip
    fill(clone, EXPIRED[0])
    for change in changes.values():
        with pytest.raises(Killed):
            retention.run(store=KilledAt(retention.store, "drop_day", is_after=False))
        retention.end_leases()
        change()
        assert retention.run().stopped == {PROGRESS: "retention_stopped"}
        assert EXPIRED[0] in retention.days_left(PROGRESS)
    live = {row[0] for row in clone.rows("select event_id from rollcall.progress_events where org_id = %s", (A,))}
    assert retention.run().stopped == {}
    assert ids(retention.rows_in_snapshots(A)) == live


def test_rows_of_an_organisation_that_nobody_knows_are_not_dropped_unseen(
    clone: ScratchDatabase, retention: Retention
) -> None:
    """Row-level security hides them from every count: the day stays."""
    fill(clone, EXPIRED[0])
    clone.execute("delete from rollcall.organisations where org_id = %s", (B,))
    assert retention.run().stopped == {PROGRESS: "retention_stopped"}
    assert EXPIRED[0] in retention.days_left(PROGRESS)
    ((forced,),) = clone.rows(
        "select relforcerowsecurity from pg_class where oid = to_regclass(%s)",
        (f"rollcall.progress_events_{EXPIRED[0]:%Y%m%d}",),
    )
    assert forced


def test_a_day_that_the_rollups_have_not_seen_whole_waits(clone: ScratchDatabase, retention: Retention) -> None:
    """Retention never shrinks a total: it comes back once every event of the day is folded."""
    fill(clone, EXPIRED[0])
    told = retention.run(is_folded=False)
    assert (told.waiting, told.stopped) == (1, {})
    assert EXPIRED[0] in retention.days_left(PROGRESS)
    assert retention.run().waiting == 0
    assert EXPIRED[0] not in retention.days_left(PROGRESS)


def test_a_writer_that_comes_during_the_drop_loses_nothing(clone: ScratchDatabase, retention: Retention) -> None:
    """Given a transaction with a row for the day that is open during the drop, its row is live or in a file."""
    fill(clone, EXPIRED[0])
    with pytest.raises(Killed):
        retention.run(store=KilledAt(retention.store, "drop_day", is_after=False))
    retention.end_leases()
    late = uuid4()
    with clone.connect() as writer:
        writer.autocommit = False
        writer.execute(
            "insert into rollcall.progress_events (org_id, user_id, occurred_at, event_id, received_at, kind,"
            " time_spent_seconds, course_id, lesson_id)"
            " values (%s, %s, %s, %s, now(), 'started', 0, 'c', 'l')",
            (A, uuid4(), moment(EXPIRED[0], 20), late),
        )
        told: list[Any] = []
        dropping = threading.Thread(target=lambda: told.append(retention.run()))
        dropping.start()
        dropping.join(0.5)
        assert dropping.is_alive(), "the drop waits for writers of the day"
        writer.commit()
        dropping.join()
    assert told[0].stopped == {PROGRESS: "retention_stopped"}
    assert retention.run().stopped == {}
    assert late in ids(retention.rows_in_snapshots(A))


def test_two_runs_at_once_do_everything_once(clone: ScratchDatabase, retention: Retention) -> None:
    """The second worker leaves a day to the first."""
    events = [event for day in EXPIRED for event in fill(clone, day)]
    start = threading.Barrier(2)

    def run() -> None:
        with retention_of(clone) as another:
            another.bucket = retention.bucket
            start.wait()
            told.append(another.run())

    told: list[Any] = []
    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    retention.run()
    assert retention.days_left(PROGRESS)[0] == FIRST_KEPT
    rows = retention.rows_in_snapshots(A)
    assert len(rows) == len(of(events, A))
    assert ids(rows) == of(events, A)
    assert [sequence for _, _, sequence, _, _ in retention.states()] == [1] * 2 * len(EXPIRED)


def test_what_comes_after_its_day_was_dropped_becomes_the_next_sequence(
    clone: ScratchDatabase, retention: Retention
) -> None:
    """Given an event for a dropped day, upkeep gives it a partition and retention a snapshot: none is lost for ever."""
    early = fill(clone, EXPIRED[0])
    retention.run()
    late = fill(clone, EXPIRED[0], 1)
    assert clone.count("progress_events_default", A) == 1
    clone.execute("select rollcall.settle_default_partitions_v1()")
    assert clone.count("progress_events_default", A) == 0
    assert retention.run().days == 1
    assert ids(retention.rows_in_snapshots(A)) == of(early, A) | of(late, A)
    assert (PROGRESS, EXPIRED[0], 2, "dropped", None) in retention.states()


def test_a_large_day_is_written_in_parts_and_goes_on_where_it_was(
    clone: ScratchDatabase, retention: Retention, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given little time and small files, each run goes on from the last part; all rows are there once, in order."""
    monkeypatch.setattr("rollcall.flows.retention.snapshot_files.ROWS_MAX", 4)
    monkeypatch.setattr("rollcall.flows.retention.snapshot_files.PAGE_ROWS", 3)
    events = fill(clone, EXPIRED[0], 10)
    runs = 0
    while EXPIRED[0] in retention.days_left(PROGRESS):
        retention.run(seconds=partial(next, iter([900.0] * 4 + [0.0] * 100)))
        runs += 1
    assert runs > 2
    files = retention.store.list_files(A, 100)
    assert [file.row_count for file in files] == [4, 4, 2]
    rows = retention.rows_in_snapshots(A)
    assert ids(rows) == of(events, A)
    assert rows == sorted(rows, key=lambda row: (row["user_id"], row["occurred_at"]))


def test_a_manifest_tells_who_altered_what(clone: ScratchDatabase, retention: Retention) -> None:
    """Given a verified snapshot, any change to the manifest breaks its signature; one by another key is unknown."""
    fill(clone, EXPIRED[0])
    retention.run()
    day = retention.store.read_day(retention.day_of(EXPIRED[0]))
    assert isinstance(day, SnapshotDay)
    key = snapshot.manifest_key(day)
    body = retention.bucket.objects[key]
    retention.manifests().verify(day)
    for altered in (body.replace(b'"rows":3', b'"rows":2', 1), body.replace(b'"k1"', b'"k9"')):
        assert altered != body
        retention.bucket.objects[key] = altered
        with pytest.raises(Exception, match=r"signature|not known"):
            retention.manifests().verify(day)


def test_stored_events_are_whole_only_after_the_last_dropped_day(clone: ScratchDatabase, retention: Retention) -> None:
    """A partition of an older day, made for one event that came late, does not let a replay shrink what began there."""
    retention.run()
    clone.execute("select rollcall.make_partitions_v1(%s, %s)", (EXPIRED[0], EXPIRED[0]))
    ((since,),) = clone.rows("select rollcall.oldest_progress_event_v1()")
    assert since == moment(FIRST_KEPT, 0)


def test_retention_drops_the_oldest_day_first(clone: ScratchDatabase, retention: Retention) -> None:
    """A replay of stored events relies on it."""
    dropped: list[date] = []

    class Recording(SnapshotStore):
        def drop_day(self, day: Any, lease_id: UUID) -> str:
            dropped.append(day.day)
            return super().drop_day(day, lease_id)

    retention.run(store=Recording(retention.database))
    assert dropped == [*EXPIRED, *EXPIRED]


def test_a_day_that_somebody_reads_for_long_waits_and_the_other_table_goes_on(
    clone: ScratchDatabase, retention: Retention
) -> None:
    """Nothing is wrong with it: it is dropped by a later run."""
    fill(clone, EXPIRED[0])
    retention.fold()
    with clone.connect() as reader, reader.transaction():
        reader.execute("select count(*) from rollcall.progress_events")
        told = retention.run(is_folded=False)
    assert (told.busy, told.stopped, told.is_finished) == (1, {}, False)
    assert EXPIRED[0] in retention.days_left(PROGRESS)
    assert retention.days_left(ANALYTICS)[0] == FIRST_KEPT
    assert retention.run().busy == 0
    assert EXPIRED[0] not in retention.days_left(PROGRESS)


def test_a_drop_waits_for_the_rollups_before_it_locks_the_day(clone: ScratchDatabase, retention: Retention) -> None:
    """A session that holds the rollups' locks and then needs the partition does not deadlock with it."""
    fill(clone, EXPIRED[0])
    retention.fold()
    with pytest.raises(Killed):
        retention.run(store=KilledAt(retention.store, "drop_day", is_after=False), is_folded=False)
    retention.end_leases()
    dropping = threading.Thread(target=retention.run, kwargs={"is_folded": False}, daemon=True)
    with clone.connect() as rebase, rebase.transaction():
        rebase.execute("select from rollcall.rollup_tickets order by org_id for update")
        dropping.start()
        waiting = (
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        )
        for _ in range(200):
            if clone.rows(waiting) == [(1,)]:
                break
            time.sleep(0.05)
        rebase.execute("set local lock_timeout = '5s'")
        rebase.execute("lock table rollcall.progress_events, rollcall.analytics_events in share row exclusive mode")
    dropping.join(30)
    assert EXPIRED[0] not in retention.days_left(PROGRESS)
