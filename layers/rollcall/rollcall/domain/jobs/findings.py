"""Findings: measures out of bounds, each under the name of an alert."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from rollcall.contracts.jobs.alert import Severity
from rollcall.contracts.jobs.job import JobMeasure, QueueMeasure
from rollcall.domain.jobs.schedule import Job
from rollcall.domain.jobs.thresholds import Thresholds, judge_failures, judge_latency


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be. Its name is that of its alert."""

    name: str
    severity: Severity
    detail: str


@dataclass(frozen=True)
class Measures:
    """All that the watchdog measured. Seconds, or None where there is nothing to measure."""

    jobs: tuple[JobMeasure, ...]
    queues: QueueMeasure
    ingest_lag_seconds: float | None
    rollup_lag_seconds: float | None


def is_missed(job: Job, last_started_at: datetime | None, watched_since: datetime, now: datetime) -> bool:
    """Return whether a job should have begun by now and did not; one that never ran is expected since it is watched."""
    allowed = timedelta(seconds=job.period_seconds + job.grace_seconds)
    return now - (last_started_at or watched_since) > allowed


def find_missed(jobs: Mapping[str, Job], measures: Iterable[JobMeasure], now: datetime) -> list[str]:
    """Return the jobs that should have run and did not."""
    return [
        measure.job
        for measure in measures
        if is_missed(jobs[measure.job], measure.last_started_at, measure.watched_since, now)
    ]


def find(measures: Measures, missed: Iterable[str], thresholds: Thresholds) -> list[Finding]:
    """Return everything that is not as it should be."""
    return [
        *(Finding(f"job_missed:{name}", "warn", f"{name} should have run, and did not.") for name in missed),
        *(finding for measure in measures.jobs for finding in _failures(measure, thresholds)),
        *_latency(measures.queues, thresholds),
        *_lag("ingest_lag", "The oldest queued batch waits for", measures.ingest_lag_seconds, thresholds),
        *_lag("rollup_lag", "The oldest event that no rollup has counted waits for", measures.rollup_lag_seconds,
              thresholds),
    ]  # fmt: skip


def _failures(measure: JobMeasure, thresholds: Thresholds) -> Iterator[Finding]:
    severity = judge_failures(
        thresholds.failure_rate, measure.ended_count, measure.failed_count, measure.failed_in_a_row
    )
    if severity:
        detail = (
            f"{measure.failed_count} of {measure.ended_count} runs of {measure.job} failed within the last hour, "
            f"{measure.failed_in_a_row} in a row until now."
        )
        yield Finding(f"job_failures:{measure.job}", severity, detail)


def _latency(queues: QueueMeasure, thresholds: Thresholds) -> Iterator[Finding]:
    severity = judge_latency(thresholds.queue_latency_seconds, queues.latency_p95_seconds, queues.stored_count)
    if severity:
        detail = (
            f"Of {queues.stored_count} batches that came through a queue, 95 in 100 took up to "
            f"{queues.latency_p95_seconds:.0f} s from receipt to storing."
        )
        yield Finding("queue_latency", severity, detail)


def _lag(name: str, what: str, seconds: float | None, thresholds: Thresholds) -> Iterator[Finding]:
    threshold = thresholds.ingest_lag_seconds if name == "ingest_lag" else thresholds.rollup_lag_seconds
    if seconds is not None and (severity := threshold.judge(seconds)):
        yield Finding(name, severity, f"{what} {seconds:.0f} s.")
