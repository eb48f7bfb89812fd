"""Every minute: refresh the report statistics of organisations whose projections changed."""

from uuid import UUID

from rollcall.edge.runtime import observe
from rollcall.edge.triggers import job
from rollcall.edge.wiring import reports as wiring_reports


@job.entry("reports")
def handler(run: job.Run) -> job.JobResult:
    """Return how many organisations were refreshed, and how many are left for the next run."""
    org_id = run.parameters.get("org_id")
    done = wiring_reports.refresh_reports().refresh(UUID(org_id) if org_id else None, run.remaining_seconds)
    observe.count(organisations_left=done.left)
    return job.JobResult(done.organisations, {"left": done.left, "longest_seconds": round(done.longest_seconds, 3)})
