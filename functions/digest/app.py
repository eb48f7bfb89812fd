"""Hourly: one message to the people on call about what became dead letters since the last; none when nothing did."""

from rollcall.edge import job, observe, wiring_dead_letters


@job.entry("digest")
def handler(_run: job.Run) -> job.Done:
    """Tell how many dead letters were told of."""
    told = wiring_dead_letters.digest().tell()
    observe.count(digest_told=told)
    return job.Done(told, {"told": told})
