"""Hourly: one message to the people on call about what failed for good since the last; none when nothing did."""

from rollcall.edge.runtime import observe
from rollcall.edge.triggers import job
from rollcall.edge.wiring import dead_letters as wiring_dead_letters


@job.entry("digest")
def handler(_run: job.Run) -> job.Done:
    """Tell how many dead letters and failed runs were told of."""
    told = wiring_dead_letters.digest().tell()
    observe.count(digest_told=told.dead_letters + told.failed_runs)
    return job.Done(
        told.dead_letters + told.failed_runs, {"dead_letters": told.dead_letters, "failed_runs": told.failed_runs}
    )
