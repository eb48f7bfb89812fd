"""Measure health: look at the database, the queues, jobs and organisations, and tell what is there."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from rollcall.contracts.health import OrganisationHealth, OrgEnforcement
from rollcall.contracts.job import JobOverview, JobReport, OpenDeadLetters, QueueDepth, QueueMeasure
from rollcall.domain.jobs import Job
from rollcall.domain.rounding import in_steps, significant
from rollcall.errors import QueueUnavailable, StoreUnavailable
from rollcall.flows.describe_jobs import overview_of
from rollcall.flows.watch import FAILURE_WINDOW, LATENCY_WINDOW

ORGANISATION_WINDOW = timedelta(minutes=5)
ORGANISATIONS_MAX = 500  # what one item of the table holds with room to spare
# What asks every organisation or the catalog, or what changes by the minute, is asked less often than the rest.
UPKEEP_SECONDS = 30


class HealthStore(Protocol):
    """Knows how the database and its organisations do; each raises StoreUnavailable."""

    def probe(self) -> None:
        """Return once the database has answered."""

    def count_connections(self) -> tuple[int, int]:
        """Return how many connections are open, and how many the server takes."""

    def check_enforcement(self) -> OrgEnforcement:
        """Return whether organisations are kept apart."""

    def measure_organisations(self, org_ids: Sequence[UUID], window: timedelta) -> list[OrganisationHealth]:
        """Return how these organisations' events do."""


class ReportStore(Protocol):
    """Knows how jobs and queues went; each raises StoreUnavailable."""

    def describe_jobs(self, jobs: Sequence[str], window: timedelta) -> list[JobReport]:
        """Return how these jobs went, in their order."""

    def measure_queues(self, window: timedelta) -> QueueMeasure:
        """Return how long batches take through queues."""

    def rollup_lag_seconds(self) -> float | None:
        """Return how long the oldest event waits that no rollup has counted."""

    def count_open_dead_letters(self) -> list[OpenDeadLetters]:
        """Return how many dead letters are open."""


@dataclass(frozen=True)
class Upkeep:
    """What changes by the minute."""

    jobs: tuple[JobOverview, ...]
    rollup_lag_seconds: float | None
    enforcement: OrgEnforcement


@dataclass(frozen=True)
class Stored:
    """What the database told."""

    connections: tuple[int, int]
    queues: QueueMeasure
    dead_letters: Mapping[str, int]
    pending_assignments: int
    upkeep: Upkeep
    organisations: Mapping[UUID, OrganisationHealth]


@dataclass(frozen=True)
class Seen:
    """What one look found. `stored` is None where the database could not tell; a depth, where SQS could not."""

    seen_at: datetime
    is_reachable: bool
    latencies_ms: tuple[float, ...]
    depths: Mapping[str, QueueDepth | None]
    stored: Stored | None
    flags: Mapping[str, str]


@dataclass
class MeasureHealth:
    """The flow, with the IO it was given. `depth_of` raises QueueUnavailable, `pending_assignments` StoreUnavailable.

    `monotonic` is in seconds.
    """

    store: HealthStore
    reports: ReportStore
    jobs: Mapping[str, Job]
    queues: Sequence[str]
    depth_of: Callable[[str], QueueDepth]
    pending_assignments: Callable[[], int]
    flags: Callable[[], Mapping[str, str]]
    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    _latencies_ms: list[float] = field(default_factory=list)
    _upkeep: Upkeep | None = None
    _upkeep_at: float = 0
    _is_warm: bool = False

    def probe(self) -> bool:
        """Tell whether the database answers; how long that took is told by the next look."""
        began = self.monotonic()
        try:
            self.store.probe()
        except StoreUnavailable:
            self._is_warm = False
            return False
        if self._is_warm:
            self._latencies_ms.append(1000 * (self.monotonic() - began))
        # The first one opened a connection, which takes longer, and is no measure of the rest.
        self._is_warm = True
        return True

    def look(self, org_ids: Iterable[UUID], *, is_reachable: bool | None = None) -> Seen:
        """Return what there is, of these organisations too. Never raises because something is away.

        `is_reachable` is what a probe has told just now; None: none was made.
        """
        if is_reachable is None:
            is_reachable = self.probe()
        depths = {queue: self._depth_of(queue) for queue in self.queues}
        stored = self._ask_database(sorted(org_ids)[:ORGANISATIONS_MAX], depths) if is_reachable else None
        if is_reachable and stored is None:
            is_reachable = self.probe()
        latencies, self._latencies_ms = tuple(self._latencies_ms), []
        return Seen(self.now(), is_reachable, latencies, depths, stored, self.flags())

    def look_at(self, org_ids: Sequence[UUID]) -> dict[UUID, OrganisationHealth]:
        """Return how these organisations' events do; nothing where the database cannot tell."""
        try:
            return self._organisations(org_ids[:ORGANISATIONS_MAX], self._depth_of("analytics"))
        except StoreUnavailable:
            return {}

    def _ask_database(self, org_ids: Sequence[UUID], depths: Mapping[str, QueueDepth | None]) -> Stored | None:
        try:
            return Stored(
                connections=self.store.count_connections(),
                queues=self.reports.measure_queues(LATENCY_WINDOW),
                dead_letters={row.queue: row.open_count for row in self.reports.count_open_dead_letters()},
                pending_assignments=self.pending_assignments(),
                upkeep=self._look_after(),
                organisations=self._organisations(org_ids, depths.get("analytics")),
            )
        except StoreUnavailable:
            return None

    def _look_after(self) -> Upkeep:
        if self._upkeep is None or self.monotonic() - self._upkeep_at >= UPKEEP_SECONDS:
            now = self.now()
            reports = self.reports.describe_jobs(list(self.jobs), FAILURE_WINDOW)
            jobs = tuple(overview_of(self.jobs[report.job], report, now) for report in reports)
            lag = self.reports.rollup_lag_seconds()
            self._upkeep = Upkeep(jobs, lag, self.store.check_enforcement())
            self._upkeep_at = self.monotonic()
        return self._upkeep

    def _organisations(self, org_ids: Sequence[UUID], analytics: QueueDepth | None) -> dict[UUID, OrganisationHealth]:
        if not org_ids:
            return {}
        is_empty = analytics is not None and analytics.is_empty
        measured = self.store.measure_organisations(org_ids, ORGANISATION_WINDOW)
        # What waits on an empty queue never reached it: no batch is late.
        return {
            row.org_id: row.model_copy(update={"lag_ms": None if is_empty else significant(row.lag_ms)})
            for row in measured
        }

    def _depth_of(self, queue: str) -> QueueDepth | None:
        try:
            return self.depth_of(queue)
        except QueueUnavailable:
            return None


def in_all(depth: QueueDepth | None) -> int | None:
    """Return how many messages are on a queue, in whatever state."""
    return None if depth is None else depth.waiting_count + depth.in_flight_count + depth.delayed_count


def steady(connections: tuple[int, int]) -> tuple[int, int]:
    """Return counts of connections without those that come and go with each function."""
    return min(in_steps(connections[0]), connections[1]), connections[1]
