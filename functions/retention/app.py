"""Nightly: snapshot expired days, verify the snapshots, drop the days; then delete other rows past their age."""

from rollcall.edge.runtime import observe
from rollcall.edge.triggers import job
from rollcall.edge.wiring import retention as wiring_retention
from rollcall.errors import RetentionStopped


@job.entry("retention")
def handler(run: job.Run) -> job.JobResult:
    """Return how many days were dropped. A day that had to be kept fails the run, after all other days are done.

    Old rows are deleted even when dropping days fails: one fault must not let the other kind of data pile up.
    """
    try:
        retained = wiring_retention.expire_days().run(run.remaining_seconds)
    finally:
        aged = wiring_retention.age_out().run(run.remaining_seconds)
    observe.count(
        retention_stopped=len(retained.stopped),
        days_dropped=retained.days,
        days_busy=retained.busy,
        rows_snapshotted=retained.rows,
    )
    details = {
        "rows": retained.rows,
        "bytes": retained.size_bytes,
        "waiting": retained.waiting,
        "busy": retained.busy,
        "finished": retained.is_finished,
        "rows_aged_out": aged.rows,
        "snapshots_aged_out": aged.snapshots,
    }
    if retained.stopped:
        observe.logger().error("retention stopped", extra=details | {"stopped": retained.stopped})
        raise RetentionStopped(f"Days were kept: {retained.stopped}.")
    return job.JobResult(retained.days, details)
