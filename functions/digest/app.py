"""Hourly: send the people on call one summary of new dead letters and failed runs, unless there are none."""

from rollcall.edge.runtime import observe
from rollcall.edge.triggers import job
from rollcall.edge.wiring import dead_letters as wiring_dead_letters


@job.entry("digest")
def handler(_run: job.Run) -> job.JobResult:
    """Return how many dead letters and failed runs the summary named."""
    told = wiring_dead_letters.digest().tell()
    observe.count(digest_told=told.dead_letters + told.failed_runs)
    return job.JobResult(
        told.dead_letters + told.failed_runs, {"dead_letters": told.dead_letters, "failed_runs": told.failed_runs}
    )
