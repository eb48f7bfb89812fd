"""What a look at the system means: SLOs, the status and when it changes. Pure: the moment is an argument."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from rollcall.contracts.health.health import Health, HealthState, HealthStatus, Slo
from rollcall.domain.jobs.thresholds import Objectives

DEGRADED_SLOS_MIN = 2
DEGRADED_AFTER = timedelta(minutes=10)
CLEARED_AFTER = timedelta(minutes=1)
# A gap of this length between measurements breaks a run of violations.
UNSEEN_MAX = timedelta(minutes=5)
# From then on health_monitor counts as silent: it starts every minute, and a measurement may take a while.
STALE_MIN = timedelta(seconds=90)
STALE_MARGIN = timedelta(seconds=30)

DATABASE_UNREACHABLE = "database_unreachable"
MEASUREMENT_FAILED = "measurement_failed"
RECOVERING = "recovering"
STALE = "health_stale"

# What was accepted may be lost, and lasts for minutes already: it is enough by itself, and at once.
GRAVE = frozenset({"queued_events"})

Unit = Literal["ms", "seconds", "ratio", "count"]
UNITS: Mapping[str, Unit] = {
    "progress_lag": "seconds",
    "analytics_lag": "seconds",
    "queued_events": "seconds",
    "database_latency_p95": "ms",
    "spool_backlog": "count",
    "rollup_lag": "seconds",
    "queue_latency_p95": "seconds",
    "job_failure_rate": "ratio",
    "dead_letters": "count",
    "jobs_missed": "count",
    "retention": "count",
    "restore_drill": "count",
    "organisation_gaps": "count",
}
# Members with the time of the measurement, not its result.
MOMENTS: Any = {"measured_at": True, "sequence": True, "regions": {"__all__": {"measured_at"}}}


@dataclass(frozen=True)
class Judgement:
    """A status, and what the next judgement has to know of this one.

    `violated_since`: since when two SLOs or more are violated, which a break ends; `calm_since`: since when fewer are,
    while it is degraded; `seen_at`: when somebody looked.
    """

    status: HealthStatus
    reasons: tuple[str, ...]
    since: datetime
    seen_at: datetime
    violated_since: datetime | None = None
    calm_since: datetime | None = None


def judge(
    previous: Judgement | None, violated: Sequence[str], now: datetime, *, is_reachable: bool, is_known: bool = True
) -> Judgement:
    """Return how it stands after a look that found these SLOs violated.

    down: the database is away. degraded: DEGRADED_SLOS_MIN SLOs or more are violated for DEGRADED_AFTER without a
    break. Both clear by themselves: down at once, degraded when fewer are violated for CLEARED_AFTER.
    `is_known` is False where a database that answers could not be measured. Most SLOs are of its numbers, so that
    counts as enough of them: a missing measure neither ends the ten minutes nor counts as calm. So does one of GRAVE,
    at once.
    """
    is_unmeasured = is_reachable and not is_known
    violated = [*violated, *([MEASUREMENT_FAILED] if is_unmeasured else [])]
    is_grave = not GRAVE.isdisjoint(violated)
    is_violating = is_unmeasured or is_grave or len(violated) >= DEGRADED_SLOS_MIN
    was_degraded = previous is not None and previous.status == "degraded"
    violated_since = _kept(previous, now)
    if is_violating:
        violated_since = violated_since or now
    elif is_reachable and not was_degraded:
        # While the database is away, its unknown measures end no violation; while degraded, calm has to last.
        violated_since = None
    calm_since = (previous.calm_since or now) if previous and was_degraded and not is_violating else None
    is_calm = calm_since is not None and now - calm_since >= CLEARED_AFTER
    if is_reachable and (is_grave or (was_degraded and not is_calm)):
        status: HealthStatus = "degraded"
    else:
        status = _status(violated_since, calm_since, now, is_reachable=is_reachable)
    reasons = {"ok": (), "down": (DATABASE_UNREACHABLE, *violated), "degraded": tuple(violated)}[status]
    if status == "degraded" and calm_since is not None:
        reasons = (RECOVERING, *violated)
    return Judgement(
        status=status,
        reasons=reasons,
        since=previous.since if previous and previous.status == status else now,
        seen_at=now,
        violated_since=None if status == "ok" and not is_violating else violated_since,
        calm_since=calm_since if status == "degraded" else None,
    )


def _kept(previous: Judgement | None, now: datetime) -> datetime | None:
    if previous is None or (previous.status != "degraded" and now - previous.seen_at > UNSEEN_MAX):
        return None
    return previous.violated_since


def _status(
    violated_since: datetime | None, calm_since: datetime | None, now: datetime, *, is_reachable: bool
) -> HealthStatus:
    if not is_reachable:
        return "down"
    if calm_since is not None and now - calm_since >= CLEARED_AFTER:
        return "ok"
    return "degraded" if violated_since is not None and now - violated_since >= DEGRADED_AFTER else "ok"


def judgement_of(published: HealthState | None) -> Judgement | None:
    """Return how it stood when this was written."""
    if published is None:
        return None
    health, state = published.health, published.state
    return Judgement(
        status=health.status,
        reasons=tuple(health.reasons),
        since=health.since,
        seen_at=health.measured_at,
        violated_since=state.violated_since,
        calm_since=state.calm_since,
    )


def judge_slos(values: Mapping[str, float | None], objectives: Objectives) -> dict[str, Slo]:
    """Return every SLO, by name. What was not measured (None) violates nothing."""
    thresholds: dict[str, float] = asdict(objectives)
    return {
        name: Slo(
            value=values.get(name),
            threshold=thresholds[name],
            unit=unit,
            is_violated=_is_beyond(values.get(name), thresholds[name]),
        )
        for name, unit in UNITS.items()
    }


def _is_beyond(value: float | None, threshold: float) -> bool:
    return value is not None and value > threshold


def is_news(before: HealthState | None, after: HealthState) -> bool:
    """Return whether the shown state differs from the one before; the time of measurement does not count."""
    return before is None or _shown(before) != _shown(after)


def _shown(published: HealthState) -> tuple[dict[str, Any], dict[Any, Any]]:
    return published.health.model_dump(exclude=MOMENTS), published.organisations


def tag_document(health: Health) -> dict[str, Any]:
    """Return the input of an entity tag: all members but the times of measurements."""
    return health.model_dump(mode="json", exclude=MOMENTS)


def stale_after(interval: timedelta) -> timedelta:
    """Return when a watcher with this interval counts as silent: after two missed measurements."""
    return max(STALE_MIN, 2 * interval + STALE_MARGIN)


def is_stale(published: HealthState, now: datetime, after: timedelta) -> bool:
    """Return whether the last measurement is too old to be useful."""
    return now - published.health.measured_at > after
