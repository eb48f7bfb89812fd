"""Runs of jobs on a real PostgreSQL: once for each key, tried again only when they failed."""

import threading
from uuid import UUID, uuid4

import pytest
from rollcall.domain.jobs.schedule import JOBS
from rollcall.store.jobs.jobs import JobStore

from tests.builders import an_event, queued_batch, scrubbed_event
from tests.postgres import ScratchDatabase

JOB = JOBS["partition"]


@pytest.fixture
def jobs(clone: ScratchDatabase) -> JobStore:
    return JobStore(clone.database("rollcall_ops"))


def test_a_key_that_succeeded_never_runs_again(jobs: JobStore, clone: ScratchDatabase) -> None:
    """Its run keeps what it did."""
    run_id, retries = jobs.start_job(uuid4(), JOB, "k")
    assert run_id is not None
    assert jobs.start_job(uuid4(), JOB, "k") == (None, 0), "it runs"
    assert (jobs.end_job(run_id, retries, 7, None) or -1) >= 0
    assert jobs.start_job(uuid4(), JOB, "k") == (None, 0), "it ran"
    assert clone.rows("select status::text, items, retries, error_code from rollcall.job_runs") == [
        ("succeeded", 7, 0, None)
    ]


def test_a_key_that_failed_runs_again_as_the_same_run(jobs: JobStore, clone: ScratchDatabase) -> None:
    """Its retries are counted, and an end that comes late from the try before changes nothing."""
    run_id, retries = jobs.start_job(uuid4(), JOB, "k")
    assert run_id is not None
    jobs.end_job(run_id, retries, 0, "store_unavailable")
    again_id, again = jobs.start_job(uuid4(), JOB, "k")
    assert (again_id, again) == (run_id, 1)
    assert jobs.end_job(run_id, retries, 99, None) is None
    assert jobs.end_job(run_id, again, 3, None) is not None
    assert clone.rows("select status::text, items, retries from rollcall.job_runs") == [("succeeded", 3, 1)]


def test_many_at_once_run_one(clone: ScratchDatabase) -> None:
    """A schedule that fires twice, in two functions at the same moment."""
    started: list[UUID | None] = []
    gate = threading.Barrier(6)

    def start() -> None:
        store = JobStore(clone.database("rollcall_ops"))
        gate.wait()
        started.append(store.start_job(uuid4(), JOB, "k")[0])

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([run_id for run_id in started if run_id]) == 1


def test_the_latest_hundred_keys_are_remembered(jobs: JobStore, clone: ScratchDatabase) -> None:
    """Of each job; the runs themselves stay."""
    for number in range(103):
        run_id, retries = jobs.start_job(uuid4(), JOB, f"k{number}")
        assert run_id is not None
        jobs.end_job(run_id, retries, 0, None)
    assert clone.rows(
        "select count(*), count(idempotency_key), bool_or(idempotency_key = 'k2'), bool_or(idempotency_key = 'k3')"
        " from rollcall.job_runs"
    ) == [(103, 100, False, True)]


def test_every_organisation_is_known_to_jobs(clone: ScratchDatabase) -> None:
    """Organisations that only send analytics events too; outside such a procedure no role sees the list."""
    first, second = sorted([uuid4(), uuid4()])
    clone.ingest([first], an_event(first))
    clone.analytics.ingest_analytics(second, [queued_batch(second, scrubbed_event())])
    with clone.connect() as owner:
        owner.execute("set role rollcall_owner")
        assert owner.execute("select count(*) from rollcall.organisations").fetchone() == (0,)
        assert owner.execute("select rollcall.enter_all_organisations_v1()").fetchone() == ([first, second],)
        with owner.transaction():
            owner.execute("select rollcall.enter_all_organisations_v1()")
            assert owner.execute("select count(*) from rollcall.progress_events").fetchone() == (1,)
    with clone.connect("rollcall_ops") as operator, pytest.raises(Exception, match="permission denied"):
        operator.execute("select rollcall.enter_all_organisations_v1()")
