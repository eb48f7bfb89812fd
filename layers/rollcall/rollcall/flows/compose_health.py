"""Compose health: make of what a look found, and of what was known before, the snapshot that is kept and shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from rollcall.contracts.advice import Advice
from rollcall.contracts.health import (
    DatabaseHealth,
    DrillHealth,
    Health,
    HealthMemory,
    HealthTransition,
    JobHealth,
    OfflineQueue,
    Published,
    QueueHealth,
    RegionHealth,
    Slo,
)
from rollcall.contracts.job import JobOverview, QueueDepth
from rollcall.domain.backpressure import Load
from rollcall.domain.health import Standing, is_news, judge, judge_slos, standing_of
from rollcall.domain.rounding import percentile, significant, steady_ms
from rollcall.domain.thresholds import BATCHES_MIN, RUNS_MIN, Objectives
from rollcall.flows.measure_health import Seen, in_all, steady

PROBES_KEPT = 120  # of the last two minutes, at a probe each second
PROBES_ADVISED = 30  # what clients are advised by: they should hear soon that it is better
OWN_SLOS = ("retention", "restore_drill")
BAD_ENDS = frozenset({"failed", "missed"})
# Where their dead letters are counted by SQS: nobody buries what a schedule could not start.
SCHEDULE_DEAD_LETTERS = "schedule_dead_letter"

Advise = Callable[[Advice | None, Load, datetime], Advice]


@dataclass(frozen=True)
class Deployment:
    """What a deployment is called."""

    version: str
    environment: str
    region: str


@dataclass(frozen=True)
class ComposeHealth:
    """The flow: without IO, so that it can be done again when somebody else was first."""

    deployment: Deployment
    objectives: Objectives
    advise: Advise

    def compose(self, before: Published | None, seen: Seen) -> Published:
        """Return what follows on what was known before."""
        judged = self._judge(before, seen)
        sequence = before.health.sequence if before else 0
        after = Published(
            version=before.version + 1 if before else 1,
            health=self._health(before, seen, judged, sequence),
            organisations=dict(seen.stored.organisations) if seen.stored else {},
            state=_remember(before, judged, sequence + 1),
        )
        if not is_news(before, after):
            return after
        return after.model_copy(update={"health": after.health.model_copy(update={"sequence": sequence + 1})})

    def _judge(self, before: Published | None, seen: Seen) -> "_Judged":
        memory = before.state if before else HealthMemory()
        spooled_since = _spooled_since(memory, seen)
        latencies_ms = (*memory.latencies_ms, *seen.latencies_ms)[-PROBES_KEPT:]
        values = _values(seen, spooled_since, latencies_ms)
        slos = judge_slos(values, self.objectives)
        violated = [name for name, slo in slos.items() if slo.is_violated]
        standing = judge(standing_of(before), violated, seen.seen_at, is_reachable=seen.is_reachable)
        load = Load(
            latency_p95_ms=percentile(latencies_ms[-PROBES_ADVISED:], 0.95),
            is_reachable=seen.is_reachable,
            backlog=in_all(seen.depths.get("spool")),
            ingest_lag_ms=_most_ms(values["progress_lag"], values["analytics_lag"]),
        )
        advice = self.advise(before.health.advice if before else None, load, seen.seen_at)
        return _Judged(standing, values, slos, advice, latencies_ms, spooled_since)

    def _health(self, before: Published | None, seen: Seen, judged: "_Judged", sequence: int) -> Health:
        stored, values = seen.stored, judged.values
        count, limit = steady(stored.connections) if stored else (None, None)
        jobs = {job.job: job for job in stored.upkeep.jobs} if stored else {}
        known = before.health if before else None
        return Health(
            status=judged.standing.status,
            reasons=list(judged.standing.reasons),
            since=judged.standing.since,
            sequence=sequence,
            measured_at=seen.seen_at,
            version=self.deployment.version,
            environment=self.deployment.environment,
            region=self.deployment.region,
            regions={self.deployment.region: RegionHealth(status=judged.standing.status, measured_at=seen.seen_at)},
            slos=judged.slos,
            database=DatabaseHealth(
                is_reachable=seen.is_reachable,
                latency_p50_ms=steady_ms(percentile(judged.latencies_ms, 0.5)),
                latency_p95_ms=values["database_latency_p95"],
                connection_count=count,
                connection_limit=limit,
            ),
            progressBatchLagMs=_in_ms(values["progress_lag"]),
            analyticsIngestLagMs=_in_ms(values["analytics_lag"]),
            offlineQueue=OfflineQueue(
                backlog=in_all(seen.depths.get("spool")),
                pendingAssignments=stored.pending_assignments if stored else None,
            ),
            queues={queue: _queue(queue, depth, seen, values) for queue, depth in seen.depths.items()},
            rollup_lag_seconds=values["rollup_lag"],
            # What ended stays ended: the last that is known, while the database is away.
            jobs={name: _job(job) for name, job in jobs.items()} or (known.jobs if known else {}),
            retention=_drill(jobs.get("retention")) or (known.retention if known else None),
            restore_drill=_drill(jobs.get("restore_drill")) or (known.restore_drill if known else None),
            orgEnforcement=stored.upkeep.enforcement if stored else None,
            flags=dict(seen.flags),
            advice=judged.advice,
        )


@dataclass(frozen=True)
class _Judged:
    """What a look means."""

    standing: Standing
    values: Mapping[str, float | None]
    slos: dict[str, Slo]
    advice: Advice
    latencies_ms: tuple[float, ...]
    spooled_since: datetime | None


def _remember(before: Published | None, judged: _Judged, sequence: int) -> HealthMemory:
    known = before.state.transition if before else None
    return HealthMemory(
        violated_since=judged.standing.violated_since,
        calm_since=judged.standing.calm_since,
        spooled_since=judged.spooled_since,
        latencies_ms=judged.latencies_ms,
        transition=_transition(before, judged.standing, sequence) or known,
    )


def _values(seen: Seen, spooled_since: datetime | None, latencies_ms: tuple[float, ...]) -> dict[str, float | None]:
    """Return what each SLO is judged by, rounded as it is shown; None where nobody could tell."""
    spool = in_all(seen.depths.get("spool"))
    age = None if spool is None else (seen.seen_at - spooled_since).total_seconds() if spooled_since else 0.0
    values: dict[str, float | None] = {
        "progress_lag": significant(age),
        "spool_backlog": spool,
        "database_latency_p95": steady_ms(percentile(latencies_ms, 0.95)),
    }
    if (stored := seen.stored) is None:
        return {"analytics_lag": None, "rollup_lag": None, **values}
    upkeep = stored.upkeep
    analytics = seen.depths.get("analytics")
    # What is announced and not on the queue never got there.
    waits = 0.0 if analytics is not None and analytics.is_empty else stored.queues.oldest_waits_seconds or 0.0
    is_telling = stored.queues.stored_count >= BATCHES_MIN
    return values | {
        "analytics_lag": significant(waits),
        "rollup_lag": significant(upkeep.rollup_lag_seconds or 0.0),
        "queue_latency_p95": significant(stored.queues.latency_p95_seconds) if is_telling else None,
        "job_failure_rate": significant(_failure_rate(upkeep.jobs)),
        "dead_letters": sum(stored.dead_letters.values()) + (in_all(seen.depths.get(SCHEDULE_DEAD_LETTERS)) or 0),
        "jobs_missed": sum(job.status == "missed" for job in upkeep.jobs if job.job not in OWN_SLOS),
        "organisation_gaps": len(upkeep.enforcement.gaps),
        **{job.job: float(job.status in BAD_ENDS) for job in upkeep.jobs if job.job in OWN_SLOS},
    }


def _spooled_since(memory: HealthMemory, seen: Seen) -> datetime | None:
    depth = seen.depths.get("spool")
    if depth is None:
        return memory.spooled_since
    return None if depth.is_empty else memory.spooled_since or seen.seen_at


def _failure_rate(jobs: tuple[JobOverview, ...]) -> float | None:
    failed = sum(job.failed_count for job in jobs)
    ended = failed + sum(job.succeeded_count for job in jobs)
    return failed / ended if ended >= RUNS_MIN else None


def _queue(queue: str, depth: QueueDepth | None, seen: Seen, values: Mapping[str, float | None]) -> QueueHealth:
    ages = {"spool": values["progress_lag"], "analytics": values["analytics_lag"]}
    stored = seen.stored
    dead = None if stored is None else stored.dead_letters.get(queue, 0)
    return QueueHealth(
        depth=depth,
        oldest_age_seconds=ages.get(queue),
        dead_letter_count=in_all(depth) if queue == SCHEDULE_DEAD_LETTERS else dead,
    )


def _job(job: JobOverview) -> JobHealth:
    return JobHealth(
        status=job.status,
        last_started_at=job.last_run.started_at if job.last_run else None,
        next_expected_at=job.next_expected_at,
    )


def _drill(job: JobOverview | None) -> DrillHealth | None:
    if job is None:
        return None
    status = "succeeded" if job.status == "ok" else job.status
    return DrillHealth(status=status, ended_at=job.last_run.ended_at if job.last_run else None)


def _transition(before: Published | None, standing: Standing, sequence: int) -> HealthTransition | None:
    previous = before.health.status if before else "ok"
    if previous == standing.status:
        return None
    return HealthTransition(
        at=standing.since,
        status=standing.status,
        previous=previous,
        reasons=list(standing.reasons),
        sequence=sequence,
    )


def _in_ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(1000 * seconds)


def _most_ms(*seconds: float | None) -> float | None:
    known = [value for value in seconds if value is not None]
    return 1000 * max(known) if known else None
