"""Daily: restore a snapshot chosen at random into a scratch table, and compare it with its manifest."""

from rollcall.edge.runtime import observe
from rollcall.edge.triggers import job
from rollcall.edge.wiring import retention as wiring_retention
from rollcall.errors import SnapshotDamaged


@job.entry("restore_drill")
def handler(run: job.Run) -> job.JobResult:
    """Return how many rows were restored, and how fast. A snapshot that differs from its manifest fails the run."""
    drilled = wiring_retention.drill().run(run.run_id, run.remaining_seconds)
    if drilled is None:
        return job.JobResult(0, {"drilled": False})
    observe.count(restore_drill_failed=int(drilled.failure_code is not None), restored_rows=drilled.rows)
    observe.measure("restore_drill_ms", drilled.duration_ms)
    details = {"drilled": True, "table": drilled.table, "day": drilled.day.isoformat()}
    if drilled.failure_code is not None:
        observe.logger().error("restore drill failed", extra=details | {"code": drilled.failure_code})
        raise SnapshotDamaged(f"A snapshot of {drilled.table} of {drilled.day} differs from its manifest.")
    return job.JobResult(drilled.rows, details | {"milliseconds": drilled.duration_ms})
