"""Compose health: compute the next health state from a measurement and from the state before."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from rollcall.contracts.health.advice import Advice
from rollcall.contracts.health.health import (
    DatabaseHealth,
    DrillHealth,
    Health,
    HealthMemory,
    HealthState,
    HealthTransition,
    JobHealth,
    OfflineQueue,
    QueueHealth,
    RegionHealth,
    Slo,
)
from rollcall.contracts.jobs.job import JobOverview, QueueDepth
from rollcall.domain.health.backpressure import AdviceLimits, Load, next_advice, pressed_since
from rollcall.domain.health.rounding import percentile, steady_ms
from rollcall.domain.health.status import Judgement, is_news, judge, judge_slos, judgement_of
from rollcall.domain.jobs.thresholds import Objectives
from rollcall.flows.health.measure import Measurement, in_all, steady
from rollcall.flows.health.values import (
    SCHEDULE_DEAD_LETTERS,
    lags_of,
    oldest_age,
    spool_empty_at_of,
    spooled_since_of,
    values_of,
    waiting_lag,
)

PROBES_KEPT = 120  # the last two minutes, at one probe each second
PROBES_ADVISED = 30  # few, so that advice to clients follows a recovery quickly


@dataclass(frozen=True)
class Deployment:
    """The names of a deployment."""

    version: str
    environment: str
    region: str


@dataclass(frozen=True)
class ComposeHealth:
    """The flow. It does no IO, so that it can be repeated when another writer was first."""

    deployment: Deployment
    objectives: Objectives
    limits: AdviceLimits

    def compose(self, before: HealthState | None, seen: Measurement, version: int = 0) -> HealthState:
        """Return the health state that follows the one before.

        `version` is the version of a stored state that could not be read. Its sequence was not greater than `version`,
        so clients see a gap, and do not take the new state for an old one.
        """
        judged = self._judge(before, seen)
        sequence = before.health.sequence if before else version
        after = HealthState(
            version=(before.version if before else version) + 1,
            health=self._health(before, seen, judged, sequence),
            organisations=dict(seen.stored.organisations) if seen.stored else {},
            state=_remember(before, judged, sequence + 1),
        )
        if not is_news(before, after):
            return after
        return after.model_copy(update={"health": after.health.model_copy(update={"sequence": sequence + 1})})

    def _judge(self, before: HealthState | None, seen: Measurement) -> "_Judged":
        memory = before.state if before else HealthMemory()
        spooled_since = spooled_since_of(memory, seen)
        latencies_ms = (*memory.latencies_ms, *seen.latencies_ms)[-PROBES_KEPT:]
        spool_empty_at = spool_empty_at_of(memory, seen)
        values = values_of(seen, spooled_since, spool_empty_at, latencies_ms)
        slos = judge_slos(values, self.objectives)
        violated = [name for name, slo in slos.items() if slo.is_violated]
        judgement = judge(
            judgement_of(before), violated, seen.seen_at,
            is_reachable=seen.is_reachable, is_known=seen.stored is not None,
        )  # fmt: skip
        load = self._load(memory, seen, latencies_ms, lags_of(seen, spooled_since, values["analytics_lag"]))
        advice = next_advice(before.health.advice if before else None, load, self.limits, seen.seen_at)
        pressed = pressed_since(load, advice, self.limits, seen.seen_at)
        return _Judged(judgement, values, slos, advice, latencies_ms, spooled_since, spool_empty_at, pressed)

    def _load(
        self, memory: HealthMemory, seen: Measurement, latencies_ms: tuple[float, ...], lags: Mapping[str, float | None]
    ) -> Load:
        """Return the load that clients can reduce. Messages hidden until their retry are not part of it."""
        spool = seen.depths.get("spool")
        waiting = spool.waiting_count if spool else None
        return Load(
            latency_p95_ms=percentile(latencies_ms[-PROBES_ADVISED:], 0.95),
            is_reachable=seen.is_reachable,
            backlog=waiting,
            ingest_lag_ms=_most_ms(*(waiting_lag(seen.depths.get(queue), lag) for queue, lag in lags.items())),
            pressed_since=memory.pressed_since,
        )

    def _health(self, before: HealthState | None, seen: Measurement, judged: "_Judged", sequence: int) -> Health:
        stored, values = seen.stored, judged.values
        count, limit = steady(stored.connections) if stored else (None, None)
        jobs = {job.job: job for job in stored.upkeep.jobs} if stored else {}
        known = before.health if before else None
        return Health(
            status=judged.judgement.status,
            reasons=list(judged.judgement.reasons),
            since=judged.judgement.since,
            sequence=sequence,
            measured_at=seen.seen_at,
            version=self.deployment.version,
            environment=self.deployment.environment,
            region=self.deployment.region,
            regions={self.deployment.region: RegionHealth(status=judged.judgement.status, measured_at=seen.seen_at)},
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
            # While the database is away, show the last known runs.
            jobs={name: _job(job) for name, job in jobs.items()} or (known.jobs if known else {}),
            retention=_drill(jobs.get("retention")) or (known.retention if known else None),
            restore_drill=_drill(jobs.get("restore_drill")) or (known.restore_drill if known else None),
            orgEnforcement=stored.upkeep.enforcement if stored else None,
            flags=dict(seen.flags),
            advice=judged.advice,
        )


@dataclass(frozen=True)
class _Judged:
    """The judgement on one measurement."""

    judgement: Judgement
    values: Mapping[str, float | None]
    slos: dict[str, Slo]
    advice: Advice
    latencies_ms: tuple[float, ...]
    spooled_since: datetime | None
    spool_empty_at: datetime | None
    pressed_since: datetime | None


def _remember(before: HealthState | None, judged: _Judged, sequence: int) -> HealthMemory:
    known = before.state.transition if before else None
    return HealthMemory(
        violated_since=judged.judgement.violated_since,
        calm_since=judged.judgement.calm_since,
        spooled_since=judged.spooled_since,
        spool_empty_at=judged.spool_empty_at,
        pressed_since=judged.pressed_since,
        latencies_ms=judged.latencies_ms,
        transition=_transition(before, judged.judgement, sequence) or known,
    )


def _queue(queue: str, depth: QueueDepth | None, seen: Measurement, values: Mapping[str, float | None]) -> QueueHealth:
    dead = None if seen.stored is None else seen.stored.dead_letters.get(queue, 0)
    return QueueHealth(
        depth=depth,
        oldest_age_seconds=oldest_age(queue, depth, seen, values),
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


def _transition(before: HealthState | None, judgement: Judgement, sequence: int) -> HealthTransition | None:
    previous = before.health.status if before else "ok"
    if previous == judgement.status:
        return None
    return HealthTransition(
        at=judgement.since,
        status=judgement.status,
        previous=previous,
        reasons=list(judgement.reasons),
        sequence=sequence,
    )


def _in_ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(1000 * seconds)


def _most_ms(*seconds: float | None) -> float | None:
    known = [value for value in seconds if value is not None]
    return 1000 * max(known) if known else None
