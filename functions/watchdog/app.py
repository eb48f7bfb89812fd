"""Every minute: give up overdue runs, find missed jobs and measures beyond their thresholds, and raise alerts."""

from collections import Counter

from rollcall.edge.runtime import observe
from rollcall.edge.triggers import job
from rollcall.edge.wiring import jobs as wiring_jobs
from rollcall.flows.jobs.watchdog import WatchdogResult


@job.entry("watchdog")
def handler(_run: job.Run) -> job.JobResult:
    """Return how many alerts were sent. The heartbeat is sent last: an alarm fires when it stops."""
    watchdog = wiring_jobs.watchdog()
    result = watchdog.check()
    # Before alerts are published: if publishing fails, CloudWatch's own alarms still see these metrics.
    _measure(result)
    published = watchdog.publish(result.findings)
    for alert in published:
        observe.logger().warning("alert", extra={"subject": alert.subject, "sent_as": alert.sent_as})
    observe.count(heartbeat=1)
    return job.JobResult(
        len(published),
        {
            "findings": len(result.findings),
            "overdue": len(result.overdue),
            "missed": len(result.missed),
            "withdrawn": result.withdrawn,
            "told": len(published),
        },
    )


def _measure(result: WatchdogResult) -> None:
    observe.count(
        jobs_missed=len(result.missed),
        runs_overdue=len(result.overdue),
        alert_findings=len(result.findings),
        batches_withdrawn=result.withdrawn,
    )
    observe.measure_seconds(
        queue_latency_p95_seconds=result.measures.queues.latency_p95_seconds,
        ingest_lag_seconds=result.measures.ingest_lag_seconds,
        rollup_lag_seconds=result.measures.rollup_lag_seconds,
    )
    for name in result.missed:
        observe.count_apart({"job": name}, missed=1)
    for name, number in Counter(run.job for run in result.overdue).items():
        observe.count_apart({"job": name}, overdue=number)
        observe.logger().error("run given up", extra={"job": name, "runs": number, "code": "run_overdue"})
