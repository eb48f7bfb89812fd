"""Values of health: a measurement as the numbers that objectives are judged by, and the lags of queues."""

from collections.abc import Mapping
from datetime import datetime

from rollcall.contracts.health.health import HealthMemory
from rollcall.contracts.jobs.job import JobOverview, QueueDepth
from rollcall.domain.health.rounding import percentile, significant, steady_ms
from rollcall.domain.jobs.thresholds import BATCHES_MIN, RUNS_MIN
from rollcall.flows.health.measure import Measurement, in_all

OWN_SLOS = ("retention", "restore_drill")
BAD_ENDS = frozenset({"failed", "missed"})
# SQS counts these dead letters: no function consumes this queue into the ledger.
SCHEDULE_DEAD_LETTERS = "schedule_dead_letter"


def values_of(
    seen: Measurement, spooled_since: datetime | None, spool_empty_at: datetime | None, latencies_ms: tuple[float, ...]
) -> dict[str, float | None]:
    """Return the value for each SLO, rounded for display, or None if it is unknown."""
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
    # Batches that are announced while the queue is empty never reached it.
    waits = 0.0 if analytics is not None and analytics.is_empty else stored.queues.oldest_waits_seconds or 0.0
    is_significant = stored.queues.stored_count >= BATCHES_MIN
    return values | {
        "analytics_lag": significant(waits),
        # Counted wherever the batch is: on its queue, on the dead-letter queue, or lost.
        "queued_events": significant(stored.queues.oldest_waits_seconds or 0.0),
        "rollup_lag": significant(upkeep.rollup_lag_seconds or 0.0),
        "queue_latency_p95": significant(stored.queues.latency_p95_seconds) if is_significant else None,
        "job_failure_rate": significant(_failure_rate(upkeep.jobs)),
        "dead_letters": sum(stored.dead_letters.values()) + (in_all(seen.depths.get(SCHEDULE_DEAD_LETTERS)) or 0),
        "jobs_missed": sum(job.status == "missed" for job in upkeep.jobs if job.job not in OWN_SLOS),
        "organisation_gaps": len(upkeep.enforcement.gaps),
        **{job.job: float(job.status in BAD_ENDS) for job in upkeep.jobs if job.job in OWN_SLOS},
    }


def spooled_since_of(memory: HealthMemory, seen: Measurement) -> datetime | None:
    """Return a time such that every batch still on the spool arrived later, as far as is known."""
    depth = seen.depths.get("spool")
    if depth is None:
        return memory.spooled_since
    if depth.is_empty:
        return None
    since = memory.spooled_since or seen.seen_at
    # Batches are loaded roughly in the order of arrival: those left are younger than the youngest loaded one.
    loaded = seen.stored.waits.spool_received_at if seen.stored else None
    return max(since, loaded) if loaded else since


def spool_empty_at_of(memory: HealthMemory, seen: Measurement) -> datetime | None:
    """Return when the spool was last seen empty, or None if never."""
    depth = seen.depths.get("spool")
    return seen.seen_at if depth is not None and depth.is_empty else memory.spool_empty_at


def _spool_age(seen: Measurement, spooled_since: datetime | None) -> float | None:
    """Return for how many seconds, at most, the oldest batch has been on the spool."""
    if seen.depths.get("spool") is None:
        return None
    return max(0.0, (seen.seen_at - spooled_since).total_seconds()) if spooled_since else 0.0


def _progress_lag(seen: Measurement, spooled_since: datetime | None, spool_empty_at: datetime | None) -> float | None:
    """Return how long spooled batches wait: the batches on the spool, and those loaded lately while any are left.

    The time since the spool was last empty is the upper limit: a redriven or replayed batch is older than its stay on
    the spool.
    """
    age = _spool_age(seen, spooled_since)
    loaded = seen.stored.waits.spool_latency_seconds if seen.stored else None
    if age is None or loaded is None or spooled_since is None:
        return age
    if spool_empty_at is not None:
        loaded = min(loaded, (seen.seen_at - spool_empty_at).total_seconds())
    return max(age, loaded)


def lags_of(seen: Measurement, spooled_since: datetime | None, analytics_lag: float | None) -> dict[str, float | None]:
    """Return the lag of the queues of batches in seconds, by name, or None if it is unknown."""
    return {"spool": _spool_age(seen, spooled_since), "analytics": analytics_lag}


def waiting_lag(depth: QueueDepth | None, lag: float | None) -> float | None:
    """Return the lag of messages that could be received now: 0 if all are hidden until their retry."""
    return 0.0 if depth is not None and depth.waiting_count == 0 else lag


def oldest_age(
    queue: str, depth: QueueDepth | None, seen: Measurement, values: Mapping[str, float | None]
) -> float | None:
    """Return the age of a queue's oldest message in seconds, or None if it is unknown."""
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
