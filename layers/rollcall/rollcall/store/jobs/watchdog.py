"""Calls the procedures that measure jobs and queues and keep alerts."""

from collections.abc import Sequence
from datetime import timedelta

from rollcall.contracts.jobs.alert import Alert
from rollcall.contracts.jobs.job import (
    JobMeasure,
    JobReport,
    JobRun,
    OpenDeadLetters,
    OverdueRun,
    QueueMeasure,
)
from rollcall.store.connection import Database


class WatchdogStore:
    """Measures the whole deployment, in numbers only. Each call raises StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take_test_alert(self) -> float:
        """Take one test alert from the deployment's allowance; return the seconds until the next one is allowed."""
        (retry_after_ms,) = self._database.call("take_test_alert_v1")
        return int(retry_after_ms) / 1000

    def release_overdue_runs(self, times: float) -> list[OverdueRun]:
        """Give up the runs that last longer than `times` their expected seconds, so that their keys can run again."""
        (released,) = self._database.call("release_overdue_runs_v1", p_times=times)
        return [OverdueRun.model_validate(run) for run in released]

    def measure_jobs(self, jobs: Sequence[str], window: timedelta) -> list[JobMeasure]:
        """Return the measures of these jobs, in the order of the argument; the watch of a new job begins now."""
        (measured,) = self._database.call("measure_jobs_v1", p_jobs=list(jobs), p_window=window)
        return [JobMeasure.model_validate(measure) for measure in measured]

    def measure_queues(self, window: timedelta) -> QueueMeasure:
        """Return the time to store of batches stored within the window, and the age of the oldest waiting batch."""
        latency, stored, waits = self._database.call(
            "measure_queues_v1", "latency_p95_seconds, stored_count, oldest_waits_seconds", p_window=window
        )
        return QueueMeasure(latency_p95_seconds=latency, stored_count=stored, oldest_waits_seconds=waits)

    def rollup_lag_seconds(self) -> float | None:
        """Return the age of the oldest event that no rollup has counted; None when every event is counted."""
        (seconds,) = self._database.call("rollup_lag_v1")
        return None if seconds is None else float(seconds)

    def withdraw_stale_batches(self, age: timedelta, overtaken: timedelta, *, queue_is_empty: bool) -> int:
        """Withdraw announced batches that never reached their queue, and return their number."""
        (withdrawn,) = self._database.call(
            "withdraw_stale_batches_v1", p_age=age, p_overtaken=overtaken, p_queue_is_empty=queue_is_empty
        )
        return int(withdrawn)

    def read_alerts(self) -> list[Alert]:
        """Return the active alerts, the oldest first."""
        (alerts,) = self._database.call("read_alerts_v1")
        return [Alert.model_validate(alert) for alert in alerts]

    def note_alert(self, alert: Alert) -> None:
        """Store the present state of an alert."""
        self._database.call("note_alert_v1", p_alert=alert.model_dump_json())

    def forget_job_runs(self, age: timedelta) -> int:
        """Delete runs that ended longer ago, and return their number; the latest hundred of each job stay."""
        (forgotten,) = self._database.call("forget_job_runs_v1", p_age=age)
        return int(forgotten)

    def describe_jobs(self, jobs: Sequence[str], window: timedelta) -> list[JobReport]:
        """Return the latest results of these jobs, in the order of the argument."""
        (reports,) = self._database.call("describe_jobs_v1", p_jobs=list(jobs), p_window=window)
        return [JobReport.model_validate(report) for report in reports]

    def list_job_runs(self, job: str, limit: int) -> list[JobRun]:
        """Return the latest runs of a job, newest first."""
        (runs,) = self._database.call("list_job_runs_v1", p_job=job, p_limit=limit)
        return [JobRun.model_validate(run) for run in runs]

    def count_open_dead_letters(self) -> list[OpenDeadLetters]:
        """Return the number of open dead letters of all organisations, for each queue."""
        (counted,) = self._database.call("count_open_dead_letters_v1")
        return [OpenDeadLetters.model_validate(row) for row in counted]
