"""The watchdog on a real PostgreSQL: what it gives up and releases, what it measures, what it remembers."""

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.dead_letters.letter import NIL_ORGANISATION
from rollcall.domain.jobs.alerts import raise_alert
from rollcall.domain.jobs.findings import Finding
from rollcall.domain.jobs.schedule import JOBS
from rollcall.store.dead_letters.failures import FailureStore
from rollcall.store.dead_letters.summaries import FailureSummaryStore
from rollcall.store.jobs.jobs import JobStore
from rollcall.store.jobs.watchdog import WatchdogStore

from tests.builders import NOW
from tests.integration.dead_letters.test_dead_letters import A, B, record
from tests.postgres import ScratchDatabase

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FIVE_MINUTES = timedelta(minutes=5)
JOB = JOBS["partition"]


@pytest.fixture
def jobs(clone: ScratchDatabase) -> JobStore:
    return JobStore(clone.database("rollcall_ops"))


@pytest.fixture
def watch(clone: ScratchDatabase) -> WatchdogStore:
    return WatchdogStore(clone.database("rollcall_ops"))


def insert_run(clone: ScratchDatabase, job: str = "partition", **changes: Any) -> UUID:
    """Put down a run, by default one that succeeded a minute ago within a second."""
    run = {
        "run_id": uuid4(), "job": job, "idempotency_key": str(uuid4()), "status": "succeeded", "ago": 60.0,
        "seconds": 1.0, "expected_seconds": 30, "items": 1, "retries": 0, "error_code": None,
    } | changes  # fmt: skip
    clone.execute(
        "insert into rollcall.job_runs (run_id, job, idempotency_key, status, started_at, ended_at, expected_seconds,"
        " items, retries, error_code) values (%s, %s, %s, %s, now() - make_interval(secs => %s),"
        " now() - make_interval(secs => %s) + make_interval(secs => %s), %s, %s, %s, %s)",
        (
            run["run_id"], run["job"], run["idempotency_key"], run["status"], run["ago"], run["ago"], run["seconds"],
            run["expected_seconds"], run["items"], run["retries"], run["error_code"],
        ),
    )  # fmt: skip
    return UUID(str(run["run_id"]))


def insert_failure(clone: ScratchDatabase, **changes: Any) -> UUID:
    return insert_run(clone, **({"status": "failed", "error_code": "store_unavailable"} | changes))


def test_a_run_that_hangs_is_given_up_and_its_key_runs_again(
    jobs: JobStore, watch: WatchdogStore, clone: ScratchDatabase
) -> None:
    """Beyond three times what it should take; what it says afterwards changes nothing."""
    run_id, retries = jobs.start_job(uuid4(), JOB, "k")
    assert run_id is not None
    assert watch.release_overdue_runs(3) == []
    clone.execute("update rollcall.job_runs set started_at = now() - interval '89 seconds'")
    assert watch.release_overdue_runs(3) == []
    clone.execute("update rollcall.job_runs set started_at = now() - interval '91 seconds'")
    (overdue,) = watch.release_overdue_runs(3)
    assert (overdue.job, overdue.run_id) == ("partition", run_id)
    assert clone.rows("select status::text, error_code from rollcall.job_runs") == [("failed", "run_overdue")]
    assert watch.release_overdue_runs(3) == []
    assert jobs.end_job(run_id, retries, 9, None) is None
    assert jobs.start_job(uuid4(), JOB, "k") == (run_id, 1)


def test_two_watchdogs_give_up_a_run_once(clone: ScratchDatabase) -> None:
    """The schedule's and somebody's own at the same moment."""
    for _ in range(5):
        insert_run(clone, status="running", ago=1000, seconds=None)
    released: list[UUID] = []
    gate = threading.Barrier(4)

    def release() -> None:
        store = WatchdogStore(clone.database("rollcall_ops"))
        gate.wait()
        released.extend(run.run_id for run in store.release_overdue_runs(3))

    threads = [threading.Thread(target=release) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(released) == len(set(released)) == 5
    assert clone.rows("select job, error_code, failed_count from rollcall.job_failure_counts") == [
        ("partition", "run_overdue", 5)
    ]


def test_jobs_are_measured_by_the_last_hour_and_their_latest_runs(watch: WatchdogStore, clone: ScratchDatabase) -> None:
    """Counts within the window, failures in a row however old, and the last start."""
    insert_failure(clone, ago=9000)
    insert_run(clone, ago=7200)
    insert_failure(clone, ago=4000)
    insert_failure(clone, ago=3000)
    insert_failure(clone, ago=10)
    insert_run(clone, ago=5, status="running", seconds=None)
    insert_run(clone, job="digest", ago=100)
    partition, digest, retention = watch.measure_jobs(["partition", "digest", "retention"], HOUR)
    assert (partition.ended_count, partition.failed_count, partition.failed_in_a_row) == (2, 2, 3)
    assert partition.last_started_at is not None
    assert partition.last_started_at > partition.watched_since - timedelta(minutes=1)
    assert (digest.ended_count, digest.failed_count, digest.failed_in_a_row) == (1, 0, 0)
    assert (retention.last_started_at, retention.ended_count) == (None, 0)


def test_a_job_is_watched_since_it_was_seen_first(watch: WatchdogStore) -> None:
    """Later looks change nothing, and a job that is new begins then."""
    (first,) = watch.measure_jobs(["partition"], HOUR)
    again, new = watch.measure_jobs(["partition", "digest"], HOUR)
    assert again.watched_since == first.watched_since
    assert new.watched_since > first.watched_since


def audit(clone: ScratchDatabase, org_id: UUID, route: str, seconds: float, stored_ago: float = 10) -> None:
    clone.execute("insert into rollcall.organisations values (%s, now()) on conflict do nothing", (org_id,))
    clone.execute(
        "insert into rollcall.batch_audit (org_id, batch_id, part, route, sent_by, received_at, stored_at,"
        " content_hash, event_count, accepted_count, duplicate_count, conflict_count)"
        " values (%s, gen_random_uuid(), 0, %s, 'x', now() - make_interval(secs => %s + %s),"
        " now() - make_interval(secs => %s), sha256('x'), 1, 1, 0, 0)",
        (org_id, route, stored_ago, seconds, stored_ago),
    )


def test_latency_is_that_of_batches_through_queues_of_all_organisations(
    watch: WatchdogStore, clone: ScratchDatabase
) -> None:
    """The 95th percentile of those stored within the window; direct batches do not hide it."""
    assert watch.measure_queues(FIVE_MINUTES).latency_p95_seconds is None
    for number in range(1, 101):
        audit(clone, A if number % 2 else B, ("spool", "analytics", "segment", "posthog")[number % 4], number)
        audit(clone, A, "progress", 0)
    audit(clone, A, "analytics", 5000, stored_ago=400)
    measured = watch.measure_queues(FIVE_MINUTES)
    assert measured.stored_count == 100
    assert measured.latency_p95_seconds == pytest.approx(95.05, abs=0.01)


def announce(clone: ScratchDatabase, org_id: UUID, ago: float) -> None:
    """Announce a batch of an unknown organisation, as its handler does, this long ago."""
    clone.execute(
        "select rollcall.announce_batches_v1('test', 1000, 1000, jsonb_build_array(jsonb_build_object("
        "'org_id', %s::uuid, 'batch_id', gen_random_uuid(), 'event_ids', jsonb_build_array(gen_random_uuid()))),"
        " now() - make_interval(secs => %s))",
        (org_id, ago),
    )


def waiting(clone: ScratchDatabase) -> int:
    ((number,),) = clone.rows("select count(*) from rollcall.queued_batches")
    return int(number)


def test_the_oldest_announced_batch_is_found_whoevers_it_is(watch: WatchdogStore, clone: ScratchDatabase) -> None:
    """Also the first batch of an organisation that has stored nothing yet."""
    assert watch.measure_queues(FIVE_MINUTES).oldest_waits_seconds is None
    announce(clone, uuid4(), 30)
    announce(clone, uuid4(), 300)
    assert watch.measure_queues(FIVE_MINUTES).oldest_waits_seconds == pytest.approx(300, abs=60)


def test_what_never_reached_its_queue_is_withdrawn(watch: WatchdogStore, clone: ScratchDatabase) -> None:
    """While the queue is empty, and only what is old enough to have been counted if it were there."""
    age, overtaken = timedelta(minutes=10), timedelta(minutes=30)
    announce(clone, A, 900)
    announce(clone, B, 30)
    assert watch.withdraw_stale_batches(age, overtaken, queue_is_empty=False) == 0
    assert waiting(clone) == 2
    assert watch.withdraw_stale_batches(age, overtaken, queue_is_empty=True) == 1
    assert waiting(clone) == 1


def test_what_later_batches_overtook_is_withdrawn_from_a_busy_queue(
    watch: WatchdogStore, clone: ScratchDatabase
) -> None:
    """A queue that is never empty must not make it page for ever."""
    age, overtaken = timedelta(minutes=10), timedelta(minutes=30)
    announce(clone, A, 3600)
    audit(clone, B, "analytics", 2000)
    assert watch.withdraw_stale_batches(age, overtaken, queue_is_empty=False) == 0, (
        "the one stored is not so much later"
    )
    audit(clone, B, "analytics", 1)
    assert watch.withdraw_stale_batches(age, overtaken, queue_is_empty=False) == 1
    assert waiting(clone) == 0


def test_synthetic_alerts_have_an_allowance(watch: WatchdogStore) -> None:
    """Five at once, of everybody together; then there is a wait."""
    assert [watch.take_test_alert() for _ in range(5)] == [0] * 5
    assert 0 < watch.take_test_alert() <= 60


def test_alerts_are_remembered_until_they_are_cleared(watch: WatchdogStore) -> None:
    """What is written is what is read; raised again, it is one row with another time."""
    alert = raise_alert(Finding("job_failures:digest", "page", "It fails."), NOW, NOW.date() + DAY).alert
    watch.note_alert(alert)
    assert watch.read_alerts() == [alert]
    watch.note_alert(alert.model_copy(update={"cleared_at": NOW + HOUR, "notified_at": NOW + HOUR}))
    assert watch.read_alerts() == []
    later = raise_alert(Finding("job_failures:digest", "warn", "Again."), NOW + DAY, None).alert
    watch.note_alert(later)
    assert watch.read_alerts() == [later]


def test_old_runs_are_forgotten_and_the_latest_hundred_stay(watch: WatchdogStore, clone: ScratchDatabase) -> None:
    """Of each job; a run that goes on is the watchdog's to end first."""
    old = timedelta(days=40).total_seconds()
    for number in range(103):
        insert_run(clone, ago=old + number)
    insert_run(clone, job="digest", ago=old)
    insert_run(clone, job="digest", ago=10)
    assert watch.forget_job_runs(timedelta(days=30)) == 3
    assert clone.rows("select job, count(*) from rollcall.job_runs group by job order by job") == [
        ("digest", 2), ("partition", 100),
    ]  # fmt: skip
    assert watch.forget_job_runs(timedelta(days=30)) == 0


def test_jobs_are_described_by_their_day(watch: WatchdogStore, clone: ScratchDatabase) -> None:
    """Counts, items, retries, and P50 and P95 of what succeeded."""
    for number in range(1, 21):
        insert_run(clone, ago=100 + number, seconds=number, items=2, retries=number % 2)
    last_id = insert_failure(clone, ago=50, seconds=500)
    insert_run(clone, ago=200_000, seconds=9000)
    partition, digest = watch.describe_jobs(["partition", "digest"], DAY)
    assert (partition.run_count, partition.succeeded_count, partition.failed_count) == (21, 20, 1)
    assert (partition.items, partition.retries) == (41, 10)
    assert partition.duration_p50_ms == pytest.approx(10_500)
    assert partition.duration_p95_ms == pytest.approx(19_050)
    assert partition.last_run is not None
    assert (partition.last_run.run_id, partition.last_run.error_code) == (last_id, "store_unavailable")
    assert (digest.last_run, digest.run_count, digest.duration_p95_ms) == (None, 0, None)
    assert [run.run_id for run in watch.list_job_runs("partition", 1)] == [last_id]
    assert len(watch.list_job_runs("partition", 100)) == 22


def test_open_dead_letters_are_counted_whoevers_they_are(watch: WatchdogStore, clone: ScratchDatabase) -> None:
    """Those of the nil organisation too."""
    failure_store = FailureStore(clone.store._database)
    for org_id in (A, B, NIL_ORGANISATION):
        record(failure_store, 1, org_id=org_id)
    for org_id in (A, B):
        clone.execute("insert into rollcall.organisations values (%s, now())", (org_id,))
    counted = {row.queue: row.open_count for row in watch.count_open_dead_letters()}
    assert counted == {"spool": 3}


def test_failed_runs_are_told_once(jobs: JobStore, watch: WatchdogStore, clone: ScratchDatabase) -> None:
    """By job and code, each failure, also of a run that succeeded when it was tried again."""
    digests = FailureSummaryStore(clone.database("rollcall_ops"))
    for code in ("store_unavailable", "store_unavailable", None):
        run_id, retries = jobs.start_job(uuid4(), JOB, "k")
        assert run_id is not None
        jobs.end_job(run_id, retries, 0, code)
    insert_run(clone, job="digest", status="running", ago=1000, seconds=None)
    watch.release_overdue_runs(3)
    claimed_at, failed = digests.claim_job_failures(timedelta(minutes=10))
    assert [(runs.job, runs.error_code, runs.failed_count) for runs in failed] == [
        ("digest", "run_overdue", 1), ("partition", "store_unavailable", 2),
    ]  # fmt: skip
    assert digests.claim_job_failures(timedelta(minutes=10))[1] == [], "while the other may be publishing it"
    digests.confirm_job_failures(claimed_at)
    assert digests.claim_job_failures(timedelta(0))[1] == []
