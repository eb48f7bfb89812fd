"""Describe jobs: the state of every job, queue and alert of the deployment, in numbers only."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

from rollcall.contracts.jobs.alert import Alert
from rollcall.contracts.jobs.job import (
    Backlog,
    JobOverview,
    JobReport,
    JobsOverview,
    JobStatus,
    OpenDeadLetters,
    QueueDepth,
    QueueMeasure,
)
from rollcall.domain.jobs.findings import is_missed
from rollcall.domain.jobs.schedule import Job
from rollcall.errors import QueueUnavailable
from rollcall.flows.jobs.watchdog import LATENCY_WINDOW

WINDOW = timedelta(days=1)


class ReportStore(Protocol):
    """Reads the state of jobs; each method raises StoreUnavailable."""

    def describe_jobs(self, jobs: Sequence[str], window: timedelta) -> list[JobReport]:
        """Return the last runs of these jobs, in their order."""

    def measure_queues(self, window: timedelta) -> QueueMeasure:
        """Return how long batches take through queues."""

    def rollup_lag_seconds(self) -> float | None:
        """Return how long the oldest event has waited for its rollup."""

    def count_open_dead_letters(self) -> list[OpenDeadLetters]:
        """Return how many dead letters are open."""

    def read_alerts(self) -> list[Alert]:
        """Return the active alerts."""


@dataclass(frozen=True)
class DescribeJobs:
    """The flow, with the IO it was given. `depth_of` raises QueueUnavailable."""

    store: ReportStore
    queues: Sequence[str]
    depth_of: Callable[[str], QueueDepth]
    jobs: Mapping[str, Job]
    page_from: date | None
    now: Callable[[], datetime]

    def describe(self) -> JobsOverview:
        """Return the overview; raises StoreUnavailable."""
        now = self.now()
        reports = self.store.describe_jobs(list(self.jobs), WINDOW)
        ended, failed = sum(map(_ended, reports)), sum(report.failed_count for report in reports)
        pages_from = self.page_from and datetime.combine(self.page_from, time.min, UTC)
        return JobsOverview(
            window_seconds=int(WINDOW.total_seconds()),
            jobs=[overview_of(self.jobs[report.job], report, now) for report in reports],
            run_count=sum(report.run_count for report in reports),
            failed_count=failed,
            failure_rate=_rate(failed, ended),
            backlog=[Backlog(queue=queue, depth=self._depth_of(queue)) for queue in self.queues],
            queues=self.store.measure_queues(LATENCY_WINDOW),
            rollup_lag_seconds=self.store.rollup_lag_seconds(),
            dead_letters=self.store.count_open_dead_letters(),
            alerts=self.store.read_alerts(),
            pages_from=pages_from if pages_from and now < pages_from else None,
        )

    def _depth_of(self, queue: str) -> QueueDepth | None:
        try:
            return self.depth_of(queue)
        except QueueUnavailable:
            return None


def overview_of(job: Job, report: JobReport, now: datetime) -> JobOverview:
    """Return the overview of a job with its last run."""
    began = report.last_run.started_at if report.last_run else report.watched_since
    return JobOverview(
        **dict(report),
        schedule=job.schedule,
        period_seconds=job.period_seconds,
        expected_seconds=job.expected_seconds,
        status=_status(job, report, now),
        next_expected_at=began and began + timedelta(seconds=job.period_seconds),
        failure_rate=_rate(report.failed_count, _ended(report)),
    )


def _status(job: Job, report: JobReport, now: datetime) -> JobStatus:
    began = report.last_run.started_at if report.last_run else None
    known_since = began or report.watched_since
    if known_since is not None and is_missed(job, began, known_since, now):
        return "missed"
    if report.last_run is None:
        return "waiting"
    return "ok" if report.last_run.status == "succeeded" else report.last_run.status


def _ended(report: JobReport) -> int:
    return report.succeeded_count + report.failed_count


def _rate(failed: int, ended: int) -> float:
    return failed / ended if ended else 0.0
