"""Every minute: give up overdue runs, find missed jobs and measures beyond their thresholds, and raise alerts."""

from collections import Counter

from rollcall.edge.runtime import observe
from rollcall.edge.triggers import job
from rollcall.edge.wiring import jobs as wiring_jobs
from rollcall.flows.jobs.watchdog import Seen


@job.entry("watchdog")
def handler(_run: job.Run) -> job.Done:
    """Return how many alerts were sent. The heartbeat is sent last: an alarm fires when it stops."""
    watch = wiring_jobs.watch()
    seen = watch.look()
    # Before alerts are published: if publishing fails, CloudWatch's own alarms still see these metrics.
    _measure(seen)
    told = watch.tell(seen.findings)
    for alert in told:
        observe.logger().warning("alert", extra={"subject": alert.subject, "sent_as": alert.sent_as})
    observe.count(heartbeat=1)
    return job.Done(
        len(told),
        {
            "findings": len(seen.findings),
            "overdue": len(seen.overdue),
            "missed": len(seen.missed),
            "withdrawn": seen.withdrawn,
            "told": len(told),
        },
    )


def _measure(seen: Seen) -> None:
    observe.count(
        jobs_missed=len(seen.missed),
        runs_overdue=len(seen.overdue),
        alert_findings=len(seen.findings),
        batches_withdrawn=seen.withdrawn,
    )
    observe.measure_seconds(
        queue_latency_p95_seconds=seen.measures.queues.latency_p95_seconds,
        ingest_lag_seconds=seen.measures.ingest_lag_seconds,
        rollup_lag_seconds=seen.measures.rollup_lag_seconds,
    )
    for name in seen.missed:
        observe.count_apart({"job": name}, missed=1)
    for name, number in Counter(run.job for run in seen.overdue).items():
        observe.count_apart({"job": name}, overdue=number)
        observe.logger().error("run given up", extra={"job": name, "runs": number, "code": "run_overdue"})
