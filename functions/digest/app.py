"""Hourly: send the people on call one summary of new dead letters and failed runs, unless there are none."""

from rollcall.edge.runtime import observe
from rollcall.edge.triggers import job
from rollcall.edge.wiring import dead_letters as wiring_dead_letters


@job.entry("digest")
def handler(_run: job.Run) -> job.JobResult:
    """Return how many dead letters and failed runs the summary named."""
    result = wiring_dead_letters.digest().send()
    observe.count(digest_told=result.dead_letters + result.failed_runs)
    return job.JobResult(
        result.dead_letters + result.failed_runs,
        {"dead_letters": result.dead_letters, "failed_runs": result.failed_runs},
    )
