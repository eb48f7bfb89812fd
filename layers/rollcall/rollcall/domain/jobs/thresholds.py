"""Thresholds: from where on a measure warns, and from where on it pages. The one place; settings may move them."""

from dataclasses import dataclass

from rollcall.contracts.jobs.alert import Severity

# Fewer runs make no rate, and fewer batches no percentile: one of one is 100 %, which means little.
RUNS_MIN = 10
BATCHES_MIN = 10
# What judges instead where runs are few: one failure may be chance, two in a row are none.
FAILED_IN_A_ROW_PAGE = 2


@dataclass(frozen=True)
class Threshold:
    """A measure beyond `warn` is to be looked at today, one beyond `page` now. Equal ones page at once."""

    warn: float
    page: float

    def judge(self, value: float) -> Severity | None:
        """Return how bad a value is; None when it is well."""
        if value > self.page:
            return "page"
        return "warn" if value > self.warn else None


@dataclass(frozen=True)
class Thresholds:
    """Every threshold of the watchdog.

    Failure rate: failed runs of those of a job that ended within an hour, from 0 to 1. Queue latency: the 95th
    percentile from receipt to storing, of batches stored within five minutes. Ingest lag: how long the oldest batch
    waits. Rollup lag: how long the oldest event waits that no rollup has counted; the dispatcher runs every minute.
    """

    failure_rate: Threshold = Threshold(0.05, 0.10)
    queue_latency_seconds: Threshold = Threshold(30, 60)
    ingest_lag_seconds: Threshold = Threshold(120, 120)
    rollup_lag_seconds: Threshold = Threshold(180, 600)


def judge_failures(threshold: Threshold, ended: int, failed: int, failed_in_a_row: int) -> Severity | None:
    """Return how bad the failures of one job are.

    From RUNS_MIN runs an hour on, by their rate. Below that a rate would be chance: the latest failure warns until a
    run succeeds, and from the second in a row on it pages.
    """
    if ended >= RUNS_MIN:
        return threshold.judge(failed / ended)
    if failed_in_a_row >= FAILED_IN_A_ROW_PAGE:
        return "page"
    return "warn" if failed_in_a_row else None


def judge_latency(threshold: Threshold, p95_seconds: float | None, stored: int) -> Severity | None:
    """Return how bad a latency is. That of a few batches warns at most: a single one is the ingest lag's to judge."""
    severity = None if p95_seconds is None else threshold.judge(p95_seconds)
    return "warn" if severity and stored < BATCHES_MIN else severity


@dataclass(frozen=True)
class Objectives:
    """The threshold of every service level objective, by its name: beyond it the objective is violated.

    Seconds: progress_lag, how long spooled batches wait; analytics_lag, how long the oldest queued batch waits;
    queued_events, for how long an accepted event is neither stored nor a dead letter, wherever it lies;
    rollup_lag, how long the oldest event waits that no rollup has counted; queue_latency_p95, from receipt to storing.
    Milliseconds: database_latency_p95, of the latest probes. Ratio: job_failure_rate, failed runs of those that began
    within an hour. Counts: spool_backlog, spooled batches; dead_letters, open ones; jobs_missed; retention and
    restore_drill, 1 when the last one failed or did not come; organisation_gaps, what the catalog lacks.
    """

    progress_lag: float = 120
    analytics_lag: float = 120
    queued_events: float = 900
    database_latency_p95: float = 100
    spool_backlog: float = 50
    rollup_lag: float = 180
    queue_latency_p95: float = 30
    job_failure_rate: float = 0.05
    # A few are looked at by hand; the alarms know of each one.
    dead_letters: float = 10
    jobs_missed: float = 0
    retention: float = 0
    restore_drill: float = 0
    organisation_gaps: float = 0
