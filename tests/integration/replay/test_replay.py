"""Replay of stored events: exactly what ingestion would have made, nothing else touched, resumable, cancellable."""

import random
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from rollcall.contracts.ingest.progress import ProgressEvent
from rollcall.contracts.ingest.spool import SpooledBatch
from rollcall.contracts.operations import Operation, OperationMessage, OperationRequest
from rollcall.errors import StoreUnavailable
from rollcall.flows.ingest import archive
from rollcall.flows.ingest.load import load_spooled
from rollcall.flows.operations.work import Chunk, OperationWorker, Step, by_source
from rollcall.flows.replay.steps import ReplayArchive, apply_spooled, replay_events
from rollcall.store.ingest.progress import ProgressStore
from rollcall.store.operations import OperationStore

from tests.builders import NOW, an_event
from tests.integration.ingest.test_projections import compute
from tests.postgres import FIRST_DAY, ScratchDatabase
from tests.unit.replay.test_replay_flow import Bucket

LEARNERS = 20
LEARNERS_AT_ONCE = 3
PROJECTIONS = ("lesson_progress", "course_progress")
WINDOW = {"from": (NOW - timedelta(days=9)).isoformat(), "to": (NOW + timedelta(days=1)).isoformat()}


@pytest.fixture
def store(clone: ScratchDatabase) -> Iterator[OperationStore]:
    """The operations, as the functions of the ops role reach them."""
    database = clone.database("rollcall_ops")
    yield OperationStore(database)
    database.close()


def history(org_id: UUID, learners: int = LEARNERS, seed: int = 1) -> list[ProgressEvent]:
    """Return events of several learners, courses, lessons and days; the same for the same seed, but for their ids."""
    chance = random.Random(seed)
    return [
        an_event(
            org_id,
            user_id=UUID(int=1 + number % learners),
            course_id=chance.choice(["algebra", "botany"]),
            lesson_id=chance.choice(["one", "two", "three"]),
            kind=chance.choice(["started", "progressed", "completed"]),
            percent=chance.choice([None, round(chance.uniform(0, 100), 2)]),
            time_spent_seconds=chance.randint(0, 600),
            occurred_at=NOW - timedelta(minutes=chance.randint(0, 10_000)),
        )
        for number in range(10 * learners)
    ]


def ingest(clone: ScratchDatabase, org_id: UUID, events: list[ProgressEvent]) -> None:
    for first in range(0, len(events), 50):
        assert set(clone.ingest([org_id], *events[first : first + 50])) == {"accepted"}


def rows(clone: ScratchDatabase, table: str, org_id: UUID, columns: str = "") -> list[tuple[Any, ...]]:
    """Return an organisation's rows of a projection as text without the organisation, and more columns of each."""
    return sorted(
        clone.rows(
            f"select (to_jsonb(t) - 'org_id')::text {columns} from rollcall.{table} as t where org_id = %s", (org_id,)
        )
    )


def projections(clone: ScratchDatabase, org_id: UUID, columns: str = "") -> list[list[tuple[Any, ...]]]:
    return [rows(clone, table, org_id, columns) for table in PROJECTIONS]


def versions(clone: ScratchDatabase, org_id: UUID) -> list[list[tuple[Any, ...]]]:
    """Return rows with the transaction that wrote each: a row written again, even with the same, differs."""
    return projections(clone, org_id, ", xmin::text, ctid::text")


def corrupt(clone: ScratchDatabase, org_id: UUID) -> None:
    """Spoil both projections in every way: rows lost, rows made up, values changed."""
    for table in PROJECTIONS:
        clone.execute(f"delete from rollcall.{table} where org_id = %s and event_count %% 3 = 0", (org_id,))
        clone.execute(
            f"update rollcall.{table} set percent = 1, time_spent_seconds = 7 * time_spent_seconds,"
            " event_count = event_count + 1 where org_id = %s and event_count %% 3 = 1",
            (org_id,),
        )
        clone.execute(
            f"update rollcall.{table} set first_completed_at = null, last_activity_at = now(), percent = null"
            " where org_id = %s and user_id = %s",
            (org_id, UUID(int=2)),
        )
    clone.execute(
        "insert into rollcall.lesson_progress values (%s, %s, 'nowhere', 'none', 5, %s, %s, null, 1, 1)",
        (org_id, UUID(int=3), NOW, NOW),
    )
    clone.execute(
        "insert into rollcall.course_progress values (%s, %s, 'nowhere', 5, %s, %s, null, 1, 1, 1, 0)",
        (org_id, uuid4(), NOW, NOW),
    )
    clone.execute("delete from rollcall.course_progress where org_id = %s and user_id = %s", (org_id, UUID(int=4)))


def ask(
    store: OperationStore, org_id: UUID, *, source: str = "events", is_dry_run: bool = False, **parameters: str
) -> Operation:
    request = OperationRequest(
        org_id=org_id,
        kind="replay",
        source=source,
        parameters=WINDOW | parameters,
        is_dry_run=is_dry_run,
        requested_by="somebody",
    )
    operation, is_new = store.request(request, uuid4())
    assert is_new
    return operation


def small(step: Step) -> Step:
    """Return the step with few learners at once, so that there are many chunks."""
    return lambda operation, chunk: step(operation, Chunk(LEARNERS_AT_ONCE, chunk.lease_id, chunk.lease_seconds))


def work(store: OperationStore, operation: Operation, step: Step | None = None) -> Operation:
    """Work on a replay for as long as it goes without a fault, and return how far it came."""
    engine = OperationWorker(store, {"replay": step or small(replay_events(store))}, lambda: 0, lambda _seconds: None)
    engine.work(OperationMessage(org_id=operation.org_id, operation_id=operation.operation_id))
    latest = store.read("replay", operation.operation_id, [operation.org_id])
    assert latest is not None
    return latest


def replay(store: OperationStore, org_id: UUID, **options: Any) -> Operation:
    done = work(store, ask(store, org_id, **options))
    assert done.state == "done"
    assert done.progress == 1
    return done


@pytest.fixture
def org_id(clone: ScratchDatabase) -> UUID:
    """An organisation with a history."""
    own = uuid4()
    ingest(clone, own, history(own))
    return own


def test_a_replay_restores_what_an_untouched_twin_has(
    clone: ScratchDatabase, store: OperationStore, org_id: UUID
) -> None:
    """The rows equal those of an undamaged organisation with the same history, and the result has the counts."""
    twin = uuid4()
    ingest(clone, twin, history(twin))
    corrupt(clone, org_id)
    assert projections(clone, org_id) != projections(clone, twin)
    counts = replay(store, org_id).counts
    assert projections(clone, org_id) == projections(clone, twin)
    assert all(counts[fate] > 0 for fate in ("inserted", "changed", "removed", "unchanged"))
    # The made-up course was the only row of an otherwise unknown learner.
    assert (counts["learners"], counts["total"], counts["done"]) == (LEARNERS + 1, LEARNERS, LEARNERS)


def test_a_second_replay_writes_no_row(clone: ScratchDatabase, store: OperationStore, org_id: UUID) -> None:
    """Neither one after a repair nor one of rows that were right: every row is the very version it was."""
    untouched = versions(clone, org_id)
    replay(store, org_id)
    assert versions(clone, org_id) == untouched
    corrupt(clone, org_id)
    replay(store, org_id)
    repaired = versions(clone, org_id)
    counts = replay(store, org_id).counts
    assert versions(clone, org_id) == repaired
    assert counts.keys() == {"learners", "total", "done", "unchanged"}
    assert counts["unchanged"] == sum(map(len, repaired))


def test_other_organisations_are_not_touched(clone: ScratchDatabase, store: OperationStore, org_id: UUID) -> None:
    """Not their rows' versions, even where they are wrong, and even of the same learners."""
    other = uuid4()
    ingest(clone, other, history(other, seed=2))
    corrupt(clone, other)
    corrupt(clone, org_id)
    before = versions(clone, other)
    replay(store, org_id)
    assert versions(clone, other) == before


def test_a_dry_run_counts_the_same_and_writes_nothing(
    clone: ScratchDatabase, store: OperationStore, org_id: UUID
) -> None:
    """What it announces is what the real one then does."""
    corrupt(clone, org_id)
    before = versions(clone, org_id)
    announced = replay(store, org_id, is_dry_run=True).counts
    assert versions(clone, org_id) == before
    assert replay(store, org_id).counts == announced


def test_one_learner_alone(clone: ScratchDatabase, store: OperationStore, org_id: UUID) -> None:
    """Only that learner's rows move; an unknown learner is no fault."""
    corrupt(clone, org_id)
    before = projections(clone, org_id)
    learner = str(UUID(int=4))
    counts = replay(store, org_id, user_id=learner).counts
    assert (counts["learners"], counts["total"], counts["done"]) == (1, 1, 1)
    changed = [row for old, new in zip(before, projections(clone, org_id), strict=True) for row in set(old) ^ set(new)]
    assert changed
    assert all(learner in row[0] for row in changed)
    assert replay(store, org_id, user_id=str(uuid4())).counts["learners"] == 0


def test_the_window_chooses_learners_and_each_is_rebuilt_as_a_whole(
    clone: ScratchDatabase, store: OperationStore
) -> None:
    """A learner with one event in the window is rebuilt from all of them; one without any is left alone."""
    org_id, inside, outside = uuid4(), UUID(int=5), UUID(int=6)
    early, late = NOW - timedelta(days=5), NOW - timedelta(hours=1)
    for learner, moments in ((inside, [early, late]), (outside, [early])):
        events = [an_event(org_id, user_id=learner, occurred_at=at, time_spent_seconds=10) for at in moments]
        ingest(clone, org_id, events)
    clone.execute("delete from rollcall.lesson_progress where org_id = %s", (org_id,))
    clone.execute("delete from rollcall.course_progress where org_id = %s", (org_id,))
    replay(store, org_id, **{"from": (NOW - timedelta(days=1)).isoformat()})
    found = clone.rows(
        "select user_id, time_spent_seconds, event_count from rollcall.lesson_progress where org_id = %s", (org_id,)
    )
    assert found == [(inside, 20, 2)]


def test_a_projection_without_events_is_found_by_its_own_activity(
    clone: ScratchDatabase, store: OperationStore
) -> None:
    """Made-up rows of a learner who has no event at all are removed, where they claim activity in the window."""
    org_id = uuid4()
    for learner, at in ((UUID(int=1), NOW), (UUID(int=2), NOW - timedelta(days=8))):
        clone.execute(
            "insert into rollcall.lesson_progress values (%s, %s, 'algebra', 'one', 5, %s, %s, null, 1, 1)",
            (org_id, learner, at, at),
        )
    counts = replay(store, org_id, **{"from": (NOW - timedelta(days=1)).isoformat()}).counts
    assert counts["removed"] == 1
    assert clone.rows("select user_id from rollcall.lesson_progress where org_id = %s", (org_id,)) == [(UUID(int=2),)]


def test_rows_that_retention_has_cut_are_left_alone(clone: ScratchDatabase, store: OperationStore) -> None:
    """A replay of stored events would shorten a lesson that began before the oldest partition: it stays, and so
    does a course that began with a lesson that is not there any more; what lies wholly in reach is rebuilt.
    """
    org_id, learner, gone = uuid4(), UUID(int=7), FIRST_DAY - timedelta(days=3)
    for lesson in ("cut", "whole"):
        ingest(clone, org_id, [an_event(org_id, user_id=learner, course_id="old", lesson_id=lesson, percent=80.0)])
    ingest(clone, org_id, [an_event(org_id, user_id=learner, course_id="lost", lesson_id="whole", percent=80.0)])
    clone.execute(
        "update rollcall.lesson_progress set first_activity_at = %s, event_count = 9, time_spent_seconds = 900"
        " where org_id = %s and lesson_id = 'cut'",
        (gone, org_id),
    )
    clone.execute(
        "update rollcall.course_progress set first_activity_at = %s, event_count = 9 where org_id = %s",
        (gone, org_id),
    )
    clone.execute(
        "update rollcall.lesson_progress set percent = 1 where org_id = %s and lesson_id = 'whole'", (org_id,)
    )
    counts = replay(store, org_id).counts
    # The lesson `cut` and the course `lost`; both lessons `whole`, and the course `old` from its lessons.
    assert (counts["out_of_reach"], counts["changed"]) == (2, 3)
    lessons = clone.rows(
        "select course_id, lesson_id, percent, event_count from rollcall.lesson_progress where org_id = %s"
        " order by 1, 2",
        (org_id,),
    )
    assert lessons == [("lost", "whole", 80, 1), ("old", "cut", 80, 9), ("old", "whole", 80, 1)]
    courses = clone.rows(
        "select course_id, first_activity_at::date, event_count from rollcall.course_progress where org_id = %s"
        " order by 1",
        (org_id,),
    )
    assert courses == [("lost", gone, 9), ("old", gone, 10)]


def test_a_replay_during_live_ingestion_loses_and_doubles_nothing(
    clone: ScratchDatabase, store: OperationStore
) -> None:
    """Given replays, one after another, while four writers send to the same learners: in the end every row is what the
    events say, each event is there once, and no session met a deadlock.
    """
    org_id = uuid4()
    lanes = [history(org_id, seed=seed) for seed in range(4)]
    ingest(clone, org_id, history(org_id, seed=9))
    corrupt(clone, org_id)
    outcomes: list[str] = []
    ended, faults = threading.Event(), []

    def write(events: list[ProgressEvent]) -> None:
        database = clone.database()
        try:
            for first in range(0, len(events), 10):
                answer = ProgressStore(database).ingest_progress(
                    "test", [org_id], events[first : first + 10], NOW, None
                )
                outcomes.extend(answer.outcomes or [])
        except Exception as fault:  # noqa: BLE001 - asserted by the test itself
            faults.append(fault)
        finally:
            database.close()

    def replay_on() -> None:
        try:
            while not ended.is_set():
                replay(store, org_id)
        except Exception as fault:  # noqa: BLE001 - asserted by the test itself
            faults.append(fault)

    writers = [threading.Thread(target=write, args=(lane,)) for lane in lanes]
    replayer = threading.Thread(target=replay_on)
    for thread in (replayer, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    ended.set()
    replayer.join()

    assert faults == []
    assert outcomes == ["accepted"] * sum(map(len, lanes))
    replay(store, org_id)
    assert replay(store, org_id).counts.keys() == {"learners", "total", "done", "unchanged"}
    assert_told_by_events(clone, org_id, [*history(org_id, seed=9), *(event for lane in lanes for event in lane)])
    assert clone.rows("select deadlocks from pg_stat_database where datname = current_database()") == [(0,)]


def test_ingestion_waits_for_the_chunk_that_has_its_learner(
    clone: ScratchDatabase, store: OperationStore, org_id: UUID
) -> None:
    """A replay takes the very lock of ingestion: while another holds it, the replay stands still and writes nothing."""
    corrupt(clone, org_id)
    before = versions(clone, org_id)
    with clone.connect() as other, other.transaction():
        other.execute("select pg_advisory_xact_lock(hashtextextended(%s::uuid::text, 0))", (str(UUID(int=1)),))
        stopped = work(store, ask(store, org_id))
        assert versions(clone, org_id) == before
    assert (stopped.state, stopped.step_number) == ("running", 0)
    assert work(store, stopped).state == "done"


def assert_told_by_events(clone: ScratchDatabase, org_id: UUID, events: list[ProgressEvent]) -> None:
    lessons, courses = compute(events)
    for table, expected in (("lesson_progress", lessons), ("course_progress", courses)):
        found = clone.rows(f"select * from rollcall.{table} where org_id = %s", (org_id,))
        assert sorted(found, key=str) == sorted(expected, key=str)


def killing(step: Step, after: int, kill: Callable[[], None]) -> Step:
    """Return the step with a worker that is killed after so many chunks."""
    chunks = iter(range(10_000))

    def until_killed(operation: Operation, chunk: Chunk) -> Any:
        if next(chunks) == after:
            kill()
        return step(operation, chunk)

    return until_killed


@pytest.mark.parametrize("after", [0, 1, 4])
def test_a_replay_goes_on_where_a_killed_worker_left_it(clone: ScratchDatabase, org_id: UUID, after: int) -> None:
    """Given a worker whose connection dies in the middle of a chunk, and nothing of it ever comes back: when its lease
    has ended another goes on, and in the end rows and counts are those of an undisturbed replay.
    """
    twin = uuid4()
    ingest(clone, twin, history(twin))
    corrupt(clone, org_id)
    calm = OperationStore(clone.database("rollcall_ops"))
    announced = replay(calm, org_id, is_dry_run=True).counts

    doomed_database = clone.database("rollcall_ops")
    doomed = OperationStore(doomed_database)
    operation = ask(calm, org_id)

    def kill() -> None:
        # It works on a chunk that will never commit, and is gone before it can say a word.
        assert doomed_database._connection is not None
        doomed_database._connection.execute("begin")
        small(replay_events(doomed))(latest(), Chunk(None, lease_of(clone, operation), 30))
        doomed_database._connection.pgconn.finish()
        raise SystemExit

    def latest() -> Operation:
        found = calm.read("replay", operation.operation_id, [org_id])
        assert found is not None
        return found

    with pytest.raises(SystemExit):
        work(doomed, operation, killing(small(replay_events(doomed)), after, kill))
    left = latest()
    assert (left.state, left.step_number) == ("running", after)
    assert work(calm, operation) == left, "the lease has not ended: no worker takes it"

    clone.execute(
        "update rollcall.operations set leased_until = clock_timestamp() where operation_id = %s", (left.operation_id,)
    )
    done = work(calm, operation)
    assert (done.state, done.counts) == ("done", announced)
    assert projections(clone, org_id) == projections(clone, twin)
    calm._database.close()


def lease_of(clone: ScratchDatabase, operation: Operation) -> UUID:
    ((lease_id,),) = clone.rows(
        "select lease_id from rollcall.operations where operation_id = %s", (operation.operation_id,)
    )
    assert isinstance(lease_id, UUID)
    return lease_id


def test_a_database_that_goes_away_fails_nothing(clone: ScratchDatabase, store: OperationStore, org_id: UUID) -> None:
    """However often: the operation goes on when it is back, and its counts are those of one run."""
    corrupt(clone, org_id)
    announced = replay(store, org_id, is_dry_run=True).counts
    operation = ask(store, org_id)
    step = small(replay_events(store))

    def away(current: Operation, chunk: Chunk) -> Any:
        if current.step_number % 2 == 0 and current.step_number not in seen:
            seen.add(current.step_number)
            raise StoreUnavailable
        return step(current, chunk)

    seen: set[int] = set()
    slices = 0
    while (latest := work(store, operation, away)).state == "running":
        slices += 1
    assert slices > 2
    assert (latest.state, latest.counts) == ("done", announced)


def test_a_cancelled_replay_stops_between_chunks(clone: ScratchDatabase, store: OperationStore, org_id: UUID) -> None:
    """What was done stays and is counted; the rest is as it was; and another may be asked for."""
    corrupt(clone, org_id)
    operation = ask(store, org_id)

    def cancel() -> None:
        store.cancel("replay", operation.operation_id, [org_id])

    ended = work(store, operation, killing(small(replay_events(store)), 2, cancel))
    assert (ended.state, ended.step_number) == ("cancelled", 3)
    assert ended.counts["learners"] == 3 * LEARNERS_AT_ONCE
    assert 0 < ended.progress < 1
    assert replay(store, org_id).counts["changed"] > 0


def test_a_chunk_under_another_lease_does_nothing(clone: ScratchDatabase, store: OperationStore, org_id: UUID) -> None:
    """A worker that lost its lease writes no row, however late its call arrives."""
    corrupt(clone, org_id)
    before = versions(clone, org_id)
    operation, _ = store.lease(org_id, ask(store, org_id).operation_id, 30)
    assert operation is not None
    assert store.replay_progress(operation, uuid4(), 30, 10) is None
    assert versions(clone, org_id) == before


def test_a_chunk_that_was_done_is_not_done_again(clone: ScratchDatabase, store: OperationStore, org_id: UUID) -> None:
    """A call whose answer was lost, sent again, answers how far the replay is and counts nothing."""
    operation, lease_id = store.lease(org_id, ask(store, org_id).operation_id, 30)
    assert operation is not None
    assert lease_id is not None
    first = store.replay_progress(operation, lease_id, 30, 5)
    assert store.replay_progress(operation, lease_id, 30, 5) == first
    assert first is not None
    assert first.counts["learners"] == 5


def test_an_archive_restores_what_was_lost_and_twice_changes_no_row(
    clone: ScratchDatabase, store: OperationStore
) -> None:
    """Given batches of two organisations that came through the spool, and one of them lost all its rows: a replay of
    the archive stores each of its events again and moves its projections; a second one changes no row of any table.
    """
    org_id, other, bucket = uuid4(), uuid4(), Bucket()
    ours, theirs = history(org_id), history(other, seed=2)
    for number in range(0, len(ours), 20):
        events = [*ours[number : number + 20], *theirs[number : number + 20]]
        message = SpooledBatch(subject="somebody", org_ids=[org_id, other], received_at=NOW, events=events)
        load_spooled(message.model_dump_json(), clone.store)
        archive.archive_spooled(f"m-{number}", message.model_dump_json(), bucket.put)
    for table in ("progress_events", "progress_identities", *PROJECTIONS):
        clone.execute(f"delete from rollcall.{table} where org_id = %s", (org_id,))
    untouched = versions(clone, other)
    database = clone.database("rollcall_ops")
    apply = apply_spooled(ProgressStore(database), lambda: NOW, timedelta(days=30))
    step = ReplayArchive(bucket, archive.SPOOL, apply)

    first = work(store, ask(store, org_id, source="spool"), by_source({"spool": step}))
    assert (first.state, first.counts["accepted"], first.counts["objects"]) == ("done", len(ours), 10)
    assert_told_by_events(clone, org_id, ours)
    assert versions(clone, other) == untouched

    before = stored(clone)
    second = work(store, ask(store, org_id, source="spool"), by_source({"spool": step}))
    assert second.counts["duplicate"] == len(ours)
    assert stored(clone) == before
    database.close()


def stored(clone: ScratchDatabase) -> dict[str, list[str]]:
    """Return every row of every table, but for the operations themselves."""
    contents = clone.contents()
    del contents["operations"]
    return contents


def test_the_ops_role_itself_sees_no_row(clone: ScratchDatabase, org_id: UUID) -> None:
    """It calls the procedures, and touches no table."""
    with clone.connect("rollcall_ops") as operator:
        for table in (*PROJECTIONS, "operations", "progress_events"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                operator.execute(f"select from rollcall.{table}".encode())
