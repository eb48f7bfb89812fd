"""The watchdog: finds faults, gives up overdue runs, and alerts the people on call, once for each change."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from rollcall.contracts.jobs.alert import Alert, PublishedAlert
from rollcall.contracts.jobs.job import JobMeasure, OverdueRun, QueueDepth, QueueMeasure
from rollcall.domain.jobs import alerts, findings
from rollcall.domain.jobs.findings import Finding, Measures
from rollcall.domain.jobs.schedule import OVERDUE_TIMES, Job
from rollcall.domain.jobs.thresholds import Thresholds
from rollcall.errors import QueueUnavailable
from rollcall.flows.jobs.publish_alert import PublishAlert

FAILURE_WINDOW = timedelta(hours=1)
LATENCY_WINDOW = timedelta(minutes=5)
# SQS's counts are approximate for about a minute. After it, batches announced on an empty queue never reached it.
STALE_AGE = timedelta(minutes=10)
# Longer than the longest pause between two receives of a message (flows.ingest.load: twenty minutes).
OVERTAKEN = timedelta(minutes=30)
RUNS_KEPT = timedelta(days=30)


class WatchdogStore(Protocol):
    """Measures jobs and queues, and stores alerts; each method raises StoreUnavailable."""

    def release_overdue_runs(self, times: float) -> list[OverdueRun]:
        """Give up runs that take longer than `times` their expected duration."""

    def measure_jobs(self, jobs: Sequence[str], window: timedelta) -> list[JobMeasure]:
        """Return the measures of these jobs. A new job is watched from now on."""

    def measure_queues(self, window: timedelta) -> QueueMeasure:
        """Return how long batches take through queues."""

    def rollup_lag_seconds(self) -> float | None:
        """Return how long the oldest event has waited for its rollup."""

    def withdraw_stale_batches(self, age: timedelta, overtaken: timedelta, *, queue_is_empty: bool) -> int:
        """Remove announced batches that never reached their queue."""

    def read_alerts(self) -> list[Alert]:
        """Return the active alerts."""

    def note_alert(self, alert: Alert) -> None:
        """Store an alert's current state."""

    def forget_job_runs(self, age: timedelta) -> int:
        """Remove runs that ended long ago."""


@dataclass(frozen=True)
class WatchdogResult:
    """The result of one check."""

    overdue: tuple[OverdueRun, ...]
    missed: tuple[str, ...]
    withdrawn: int
    measures: Measures
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Watchdog:
    """The flow, with its IO. `analytics_depth` raises QueueUnavailable.

    It counts the queue and its dead-letter queue together, because announced batches may be on either.
    """

    store: WatchdogStore
    analytics_depth: Callable[[], QueueDepth]
    publishing: PublishAlert
    jobs: Mapping[str, Job]
    thresholds: Thresholds
    page_from: date | None
    now: Callable[[], datetime]

    def check(self) -> WatchdogResult:
        """Give up overdue runs, measure, and return the findings; raises StoreUnavailable."""
        overdue = self.store.release_overdue_runs(OVERDUE_TIMES)
        measured = self.store.measure_jobs(list(self.jobs), FAILURE_WINDOW)
        missed = findings.find_missed(self.jobs, measured, self.now())
        queue_is_empty = self._queue_is_empty()
        withdrawn = self.store.withdraw_stale_batches(STALE_AGE, OVERTAKEN, queue_is_empty=queue_is_empty)
        queues = self.store.measure_queues(LATENCY_WINDOW)
        measures = Measures(
            jobs=tuple(measured),
            queues=queues,
            # The queue is empty, so announced batches never reached it: no batch is late.
            ingest_lag_seconds=None if queue_is_empty else queues.oldest_waits_seconds,
            rollup_lag_seconds=self.store.rollup_lag_seconds(),
        )
        self.store.forget_job_runs(RUNS_KEPT)
        found = findings.find(measures, missed, self.thresholds)
        return WatchdogResult(tuple(overdue), tuple(missed), withdrawn, measures, tuple(found))

    def publish(self, found: Sequence[Finding]) -> list[PublishedAlert]:
        """Publish changed alerts, store them, and return the published ones.

        An alert is stored after it was published. If publishing fails, or the function ends between the two, the alert
        is sent a minute later, at worst twice. Raises StoreUnavailable, TopicUnavailable.
        """
        published = []
        for decision in alerts.decide_all(self.store.read_alerts(), found, self.now(), self.page_from):
            if decision.change is not None:
                published.append(self.publishing.send(decision, decision.change))
            self.store.note_alert(decision.alert)
        return published

    def _queue_is_empty(self) -> bool:
        try:
            return self.analytics_depth().is_empty
        except QueueUnavailable:
            # The depth is unknown, so announced batches count as waiting.
            return False
