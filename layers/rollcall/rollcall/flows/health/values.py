"""Values of health: what a look found, as the numbers that objectives are judged by and queues are shown with."""

from collections.abc import Mapping
from datetime import datetime

from rollcall.contracts.health.health import HealthMemory
from rollcall.contracts.jobs.job import JobOverview, QueueDepth
from rollcall.domain.health.rounding import percentile, significant, steady_ms
from rollcall.domain.jobs.thresholds import BATCHES_MIN, RUNS_MIN
from rollcall.flows.health.measure import Seen, in_all

OWN_SLOS = ("retention", "restore_drill")
BAD_ENDS = frozenset({"failed", "missed"})
# Where their dead letters are counted by SQS: nobody buries what a schedule could not start.
SCHEDULE_DEAD_LETTERS = "schedule_dead_letter"


def values_of(
    seen: Seen, spooled_since: datetime | None, spool_empty_at: datetime | None, latencies_ms: tuple[float, ...]
) -> dict[str, float | None]:
    """Return what each SLO is judged by, rounded as it is shown; None where nobody could tell."""
    spool = in_all(seen.depths.get("spool"))
    values: dict[str, float | None] = {
        "progress_lag": significant(_progress_lag(seen, spooled_since, spool_empty_at)),
        "spool_backlog": spool,
        "database_latency_p95": steady_ms(percentile(latencies_ms, 0.95)),
    }
    if (stored := seen.stored) is None:
        return {"analytics_lag": None, "queued_events": None, "rollup_lag": None, **values}
    upkeep = stored.upkeep
    analytics = seen.depths.get("analytics")
    # What is announced and not on the queue never got there.
    waits = 0.0 if analytics is not None and analytics.is_empty else stored.queues.oldest_waits_seconds or 0.0
    is_telling = stored.queues.stored_count >= BATCHES_MIN
    return values | {
        "analytics_lag": significant(waits),
        # Wherever it is: on the queue, on that of dead letters, or nowhere that anybody knows.
        "queued_events": significant(stored.queues.oldest_waits_seconds or 0.0),
        "rollup_lag": significant(upkeep.rollup_lag_seconds or 0.0),
        "queue_latency_p95": significant(stored.queues.latency_p95_seconds) if is_telling else None,
        "job_failure_rate": significant(_failure_rate(upkeep.jobs)),
        "dead_letters": sum(stored.dead_letters.values()) + (in_all(seen.depths.get(SCHEDULE_DEAD_LETTERS)) or 0),
        "jobs_missed": sum(job.status == "missed" for job in upkeep.jobs if job.job not in OWN_SLOS),
        "organisation_gaps": len(upkeep.enforcement.gaps),
        **{job.job: float(job.status in BAD_ENDS) for job in upkeep.jobs if job.job in OWN_SLOS},
    }


def spooled_since_of(memory: HealthMemory, seen: Seen) -> datetime | None:
    """Return a moment before which nothing came that is on the spool still, as far as anybody can tell."""
    depth = seen.depths.get("spool")
    if depth is None:
        return memory.spooled_since
    if depth.is_empty:
        return None
    since = memory.spooled_since or seen.seen_at
    # Batches are loaded in about the order in which they came: what is left is younger than the youngest of them.
    loaded = seen.stored.waits.spool_received_at if seen.stored else None
    return max(since, loaded) if loaded else since


def spool_empty_at_of(memory: HealthMemory, seen: Seen) -> datetime | None:
    """Return when the spool was last seen empty; None where nobody has seen it so."""
    depth = seen.depths.get("spool")
    return seen.seen_at if depth is not None and depth.is_empty else memory.spool_empty_at


def _spool_age(seen: Seen, spooled_since: datetime | None) -> float | None:
    """Return for how many seconds the spool has not been worked off, at most."""
    if seen.depths.get("spool") is None:
        return None
    return max(0.0, (seen.seen_at - spooled_since).total_seconds()) if spooled_since else 0.0


def _progress_lag(seen: Seen, spooled_since: datetime | None, spool_empty_at: datetime | None) -> float | None:
    """Return how long spooled batches wait: those on it, or while there are any, those loaded lately.

    A batch that was redriven or replayed has the age of its events, and did not wait on the spool for so long: nothing
    has that is there since the spool was last empty.
    """
    age = _spool_age(seen, spooled_since)
    loaded = seen.stored.waits.spool_latency_seconds if seen.stored else None
    if age is None or loaded is None or spooled_since is None:
        return age
    if spool_empty_at is not None:
        loaded = min(loaded, (seen.seen_at - spool_empty_at).total_seconds())
    return max(age, loaded)


def lags_of(seen: Seen, spooled_since: datetime | None, analytics_lag: float | None) -> dict[str, float | None]:
    """Return for how many seconds queues of batches have not been worked off, by name; None where nobody knows."""
    return {"spool": _spool_age(seen, spooled_since), "analytics": analytics_lag}


def waiting_lag(depth: QueueDepth | None, lag: float | None) -> float | None:
    """Return the lag of what could be taken from a queue now; what is hidden until it is tried again has none."""
    return 0.0 if depth is not None and depth.waiting_count == 0 else lag


def oldest_age(queue: str, depth: QueueDepth | None, seen: Seen, values: Mapping[str, float | None]) -> float | None:
    """Return how many seconds old a queue's oldest message is; None where nobody knows."""
    if depth is not None and depth.is_empty:
        return 0.0
    known = {"spool": values["progress_lag"], "analytics": values["analytics_lag"]}
    if (stored := seen.stored) is not None:
        known |= {"operations": stored.waits.operations_seconds, "rollup": stored.waits.rollup_seconds}
    return significant(known.get(queue))


def _failure_rate(jobs: tuple[JobOverview, ...]) -> float | None:
    failed = sum(job.failed_count for job in jobs)
    ended = failed + sum(job.succeeded_count for job in jobs)
    return failed / ended if ended >= RUNS_MIN else None
