"""A job runs once for each key, and is written down from its start to its end."""

import json
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from rollcall.domain.jobs.schedule import JOBS, Job
from rollcall.edge.runtime import clock
from rollcall.edge.triggers import job
from rollcall.errors import QueueUnavailable, RollcallError, StoreUnavailable
from rollcall.flows.jobs.run import JobResult, Run

QUOTING = "Quoted."
NIGHTLY = Job("partition", "rate(1 hour)", 3600, 30)


class RecordingStore:
    """Remembers what was begun and ended."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.ended: list[tuple[int, str | None]] = []
        self.retries = 0
        self.end_fault: Exception | None = None

    def start_job(self, run_id: UUID, _job: Job, idempotency_key: str) -> tuple[UUID | None, int]:
        """Begin a run, unless its key is known."""
        if idempotency_key in self.keys:
            return None, 0
        self.keys.append(idempotency_key)
        return run_id, self.retries

    def end_job(self, _run_id: UUID, _retries: int, items: int, error_code: str | None) -> float | None:
        """Note how a run ended."""
        if self.end_fault:
            raise self.end_fault
        self.ended.append((items, error_code))
        return 12.5


class Context:
    """What Lambda hands to a handler."""

    aws_request_id = "j-1"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        """Tell how long the function still has."""
        return 42_000


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> RecordingStore:
    recording = RecordingStore()
    monkeypatch.setattr(job, "store", lambda: recording)
    return recording


def metrics(printed: str) -> dict[str, Any]:
    sent: dict[str, Any] = {}
    for line in printed.splitlines():
        document = json.loads(line)
        if "_aws" in document:
            sent |= document
    return sent


def test_a_run_is_written_down_answered_and_measured(store: RecordingStore, capsys: pytest.CaptureFixture[str]) -> None:
    """Its items, its duration, success and retries, with the job as the only further dimension."""

    @job.entry("partition")
    def handler(run: Run) -> JobResult:
        assert run.parameters == {"day": "2026-03-01"}
        assert run.remaining_seconds() == 42
        return JobResult(3, {"made": 3})

    answer = handler({"idempotency_key": "k", "parameters": {"day": "2026-03-01"}}, Context())
    assert (answer["job"], answer["status"], answer["items"], answer["made"]) == ("partition", "succeeded", 3, 3)
    assert (store.keys, store.ended) == (["k"], [(3, None)])
    sent = metrics(capsys.readouterr().out)
    assert (sent["job"], sent["success"], sent["retries_total"], sent["duration_ms"]) == ("partition", [1], [0], [12.5])


def test_the_same_key_twice_runs_once(store: RecordingStore) -> None:
    """The second run is refused, and does nothing."""
    runs = []

    @job.entry("partition")
    def handler(run: Run) -> JobResult:
        runs.append(run.run_id)
        return JobResult(1)

    handler({"idempotency_key": "k"}, Context())
    assert handler({"idempotency_key": "k"}, Context())["status"] == "already_ran"
    assert len(runs) == 1
    assert store.ended == [(1, None)]


@pytest.mark.parametrize(
    ("fault", "code"), [(QueueUnavailable(), "queue_unavailable"), (ValueError(QUOTING), "internal_error")]
)
def test_a_fault_ends_the_run_and_is_raised_again(
    store: RecordingStore, logged: Callable[[], str], fault: Exception, code: str
) -> None:
    """So that Lambda tries it again; its text, which could quote anything, is not written down, only its place."""

    @job.entry("partition")
    def handler(_run: Run) -> JobResult:
        raise fault

    with pytest.raises(RollcallError) as raised:
        handler({}, Context())
    assert store.ended == [(0, code)]
    printed = logged()
    assert metrics(printed)["success"] == [0]
    # The runtime prints what is raised, with all that it came from.
    assert "Quoted." not in printed + "".join(traceback.format_exception(raised.value))
    assert "jobs/run.py:" in printed


def test_a_database_that_is_away_at_the_end_hides_no_fault(store: RecordingStore) -> None:
    """The work's own fault is what is raised; the run without an end is the watchdog's."""
    store.end_fault = StoreUnavailable()

    @job.entry("partition")
    def handler(_run: Run) -> JobResult:
        raise QueueUnavailable

    with pytest.raises(QueueUnavailable):
        handler({}, Context())


def test_runs_of_one_slot_share_a_key(store: RecordingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key the slot of the schedule is the key; an unreplaced placeholder is none."""

    @job.entry("partition")
    def handler(_run: Run) -> JobResult:
        return JobResult(0)

    moment = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: moment)
    assert handler({}, Context())["status"] == "succeeded"
    assert handler({"idempotency_key": "<aws.scheduler.scheduled-time>"}, Context())["status"] == "already_ran"
    assert NIGHTLY.key_at(moment) == NIGHTLY.key_at(moment + timedelta(minutes=29))
    assert NIGHTLY.key_at(moment) != NIGHTLY.key_at(moment + timedelta(minutes=30))
    assert store.keys == [NIGHTLY.key_at(moment)]


def test_a_job_that_runs_again_at_night_has_a_slot_for_each_run() -> None:
    """Retention runs every half an hour of a night, and is missed after a day without: its slots are the short ones."""
    moment = datetime(2026, 3, 1, 1, 0, tzinfo=UTC)
    retention = JOBS["retention"]
    assert retention.key_at(moment) != retention.key_at(moment + timedelta(minutes=30))


def test_jobs_are_known_by_their_names() -> None:
    """And each takes far less time than lies between two runs."""
    for name, known in JOBS.items():
        assert known.name == name
        assert known.expected_seconds < known.period_seconds


def test_a_run_that_could_not_begin_is_told(
    store: RecordingStore, logged: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the database away nothing is written down: its log line and its metric are all there is."""

    def fail(*_run: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(store, "start_job", fail)

    @job.entry("partition")
    def handler(_run: Run) -> JobResult:
        return pytest.fail("it ran")

    with pytest.raises(StoreUnavailable):
        handler({}, Context())
    printed = logged()
    assert (metrics(printed)["success"], metrics(printed)["job"]) == ([0], "partition")
    assert '"code":"store_unavailable"' in printed
