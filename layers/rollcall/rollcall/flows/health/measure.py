"""Measure health: read the state of the database, queues, jobs and organisations."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeVar
from uuid import UUID

from rollcall.contracts.health.health import OrganisationHealth, OrgEnforcement
from rollcall.contracts.jobs.job import JobOverview, JobReport, OpenDeadLetters, QueueDepth, QueueMeasure, QueueWaits
from rollcall.domain.health.rounding import in_steps, significant
from rollcall.domain.jobs.schedule import Job
from rollcall.errors import QueueUnavailable, StoreUnavailable
from rollcall.flows.jobs.overview import overview_of
from rollcall.flows.jobs.watchdog import FAILURE_WINDOW, LATENCY_WINDOW
from rollcall.flows.rollups import TOKEN_SECONDS

LATELY = timedelta(minutes=2)
ORGANISATION_WINDOW = timedelta(minutes=5)
ORGANISATIONS_MAX = 500  # fits into one item of the table with room to spare
# Queries over every organisation or the catalog, and slow values, are repeated less often than the rest.
UPKEEP_SECONDS = 30
# For all queries to the database together, and for all calls to SQS: it bounds the time of a measurement.
ASKING_SECONDS = 6.0

Answer = TypeVar("Answer")


class HealthStore(Protocol):
    """Reads the state of the database and organisations; each method raises StoreUnavailable."""

    def probe(self) -> None:
        """Return when the database has answered."""

    def count_connections(self) -> tuple[int, int]:
        """Return the number of open connections, and the server's limit."""

    def measure_waits(self, window: timedelta, ticket: timedelta) -> QueueWaits:
        """Return the ages of messages."""

    def check_enforcement(self) -> OrgEnforcement:
        """Return whether row-level security is in force for every table."""

    def measure_organisations(self, org_ids: Sequence[UUID], window: timedelta) -> list[OrganisationHealth]:
        """Return the health of these organisations' events."""


class ReportStore(Protocol):
    """Reads the state of jobs and queues; each method raises StoreUnavailable."""

    def describe_jobs(self, jobs: Sequence[str], window: timedelta) -> list[JobReport]:
        """Return the last runs of these jobs, in their order."""

    def measure_queues(self, window: timedelta) -> QueueMeasure:
        """Return how long batches take through queues."""

    def rollup_lag_seconds(self) -> float | None:
        """Return how long the oldest event has waited for its rollup."""

    def count_open_dead_letters(self) -> list[OpenDeadLetters]:
        """Return how many dead letters are open."""


@dataclass(frozen=True)
class Upkeep:
    """Values that change slowly, measured about once a minute."""

    jobs: tuple[JobOverview, ...]
    rollup_lag_seconds: float | None
    enforcement: OrgEnforcement


@dataclass(frozen=True)
class StoredMeasures:
    """Values that the database stores."""

    connections: tuple[int, int]
    queues: QueueMeasure
    waits: QueueWaits
    dead_letters: Mapping[str, int]
    pending_assignments: int
    upkeep: Upkeep
    organisations: Mapping[UUID, OrganisationHealth]


@dataclass(frozen=True)
class Measurement:
    """The values of one measurement. `stored` is None if the database did not answer, a depth if SQS did not.

    `seen_at` is the time of the probe. Of two measurements, the one with the later probe is newer.
    """

    seen_at: datetime
    is_reachable: bool
    latencies_ms: tuple[float, ...]
    depths: Mapping[str, QueueDepth | None]
    stored: StoredMeasures | None
    flags: Mapping[str, str]


@dataclass
class MeasureHealth:
    """The flow, with its IO. `depth_of` raises QueueUnavailable, `pending_assignments` StoreUnavailable.

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
    _probed_at: datetime | None = None
    _asking_until: float = math.inf

    def probe(self) -> bool:
        """Return whether the database answers. The next measurement has the latency."""
        self._probed_at = self.now()
        began = self.monotonic()
        try:
            self.store.probe()
        except StoreUnavailable:
            self._is_warm = False
            return False
        if self._is_warm:
            self._latencies_ms.append(1000 * (self.monotonic() - began))
        # The first probe also opened a connection, so its latency is not comparable.
        self._is_warm = True
        return True

    def look(self, org_ids: Iterable[UUID], *, is_reachable: bool | None = None) -> Measurement:
        """Measure, also these organisations. An outage leaves values None; this never raises.

        `is_reachable` is the result of a probe made just before, or None without one.
        """
        if is_reachable is None:
            is_reachable = self.probe()
        seen_at = self._probed_at or self.now()
        depths = self._depths()
        stored = self._ask_database(sorted(org_ids)[:ORGANISATIONS_MAX], depths) if is_reachable else None
        if is_reachable and stored is None:
            is_reachable = self.probe()
            seen_at = self._probed_at or seen_at
        latencies, self._latencies_ms = tuple(self._latencies_ms), []
        return Measurement(seen_at, is_reachable, latencies, depths, stored, self.flags())

    def look_at(self, org_ids: Sequence[UUID]) -> dict[UUID, OrganisationHealth]:
        """Return the health of these organisations' events, or nothing if the database does not answer."""
        try:
            return self._organisations(org_ids[:ORGANISATIONS_MAX], self._depth_of("analytics"))
        except StoreUnavailable:
            return {}

    def _ask_database(self, org_ids: Sequence[UUID], depths: Mapping[str, QueueDepth | None]) -> StoredMeasures | None:
        self._asking_until = self.monotonic() + ASKING_SECONDS
        ask = self._ask
        try:
            return StoredMeasures(
                connections=ask(self.store.count_connections),
                queues=ask(lambda: self.reports.measure_queues(LATENCY_WINDOW)),
                waits=ask(lambda: self.store.measure_waits(LATELY, timedelta(seconds=TOKEN_SECONDS))),
                dead_letters={row.queue: row.open_count for row in ask(self.reports.count_open_dead_letters)},
                pending_assignments=ask(self.pending_assignments),
                upkeep=self._look_after(),
                organisations=ask(lambda: self._organisations(org_ids, depths.get("analytics"))),
            )
        except StoreUnavailable:
            return None

    def _ask(self, question: Callable[[], Answer]) -> Answer:
        """Query the database; raises StoreUnavailable, also when earlier queries have used up the time."""
        if self.monotonic() >= self._asking_until:
            raise StoreUnavailable("The queries before took too long.")
        return question()

    def _look_after(self) -> Upkeep:
        if self._upkeep is None or self.monotonic() - self._upkeep_at >= UPKEEP_SECONDS:
            now = self.now()
            reports = self._ask(lambda: self.reports.describe_jobs(list(self.jobs), FAILURE_WINDOW))
            jobs = tuple(overview_of(self.jobs[report.job], report, now) for report in reports)
            lag = self._ask(self.reports.rollup_lag_seconds)
            self._upkeep = Upkeep(jobs, lag, self._ask(self.store.check_enforcement))
            self._upkeep_at = self.monotonic()
        return self._upkeep

    def _organisations(self, org_ids: Sequence[UUID], analytics: QueueDepth | None) -> dict[UUID, OrganisationHealth]:
        if not org_ids:
            return {}
        is_empty = analytics is not None and analytics.is_empty
        measured = self.store.measure_organisations(org_ids, ORGANISATION_WINDOW)
        # The queue is empty, so announced batches never reached it: no batch is late.
        return {
            row.org_id: row.model_copy(update={"lag_ms": None if is_empty else significant(row.lag_ms)})
            for row in measured
        }

    def _depths(self) -> dict[str, QueueDepth | None]:
        until = self.monotonic() + ASKING_SECONDS
        return {queue: self._depth_of(queue) if self.monotonic() < until else None for queue in self.queues}

    def _depth_of(self, queue: str) -> QueueDepth | None:
        try:
            return self.depth_of(queue)
        except QueueUnavailable:
            return None


def in_all(depth: QueueDepth | None) -> int | None:
    """Return how many messages are on a queue, in any state."""
    return None if depth is None else depth.waiting_count + depth.in_flight_count + depth.delayed_count


def steady(connections: tuple[int, int]) -> tuple[int, int]:
    """Return counts of connections, rounded so that single functions do not change them."""
    return min(in_steps(connections[0]), connections[1]), connections[1]
