"""Measure health: look at the database, the queues, jobs and organisations, and tell what is there."""

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
from rollcall.flows.rollups import TICKET_SECONDS

LATELY = timedelta(minutes=2)
ORGANISATION_WINDOW = timedelta(minutes=5)
ORGANISATIONS_MAX = 500  # what one item of the table holds with room to spare
# What asks every organisation or the catalog, or what changes by the minute, is asked less often than the rest.
UPKEEP_SECONDS = 30
# Of all questions to the database together, and of those to SQS: a look comes to its end, however slow they are.
ASKING_SECONDS = 6.0

Answer = TypeVar("Answer")


class HealthStore(Protocol):
    """Knows how the database and its organisations do; each raises StoreUnavailable."""

    def probe(self) -> None:
        """Return once the database has answered."""

    def count_connections(self) -> tuple[int, int]:
        """Return how many connections are open, and how many the server takes."""

    def measure_waits(self, window: timedelta, ticket: timedelta) -> QueueWaits:
        """Return what is known of messages' ages."""

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
    waits: QueueWaits
    dead_letters: Mapping[str, int]
    pending_assignments: int
    upkeep: Upkeep
    organisations: Mapping[UUID, OrganisationHealth]


@dataclass(frozen=True)
class Seen:
    """What one look found. `stored` is None where the database could not tell; a depth, where SQS could not.

    `seen_at` is when it was asked whether it answers: of two looks, the one that asked later knows better.
    """

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
    _probed_at: datetime | None = None
    _asking_until: float = math.inf

    def probe(self) -> bool:
        """Tell whether the database answers; how long that took is told by the next look."""
        self._probed_at = self.now()
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
        seen_at = self._probed_at or self.now()
        depths = self._depths()
        stored = self._ask_database(sorted(org_ids)[:ORGANISATIONS_MAX], depths) if is_reachable else None
        if is_reachable and stored is None:
            is_reachable = self.probe()
            seen_at = self._probed_at or seen_at
        latencies, self._latencies_ms = tuple(self._latencies_ms), []
        return Seen(seen_at, is_reachable, latencies, depths, stored, self.flags())

    def look_at(self, org_ids: Sequence[UUID]) -> dict[UUID, OrganisationHealth]:
        """Return how these organisations' events do; nothing where the database cannot tell."""
        try:
            return self._organisations(org_ids[:ORGANISATIONS_MAX], self._depth_of("analytics"))
        except StoreUnavailable:
            return {}

    def _ask_database(self, org_ids: Sequence[UUID], depths: Mapping[str, QueueDepth | None]) -> Stored | None:
        self._asking_until = self.monotonic() + ASKING_SECONDS
        ask = self._ask
        try:
            return Stored(
                connections=ask(self.store.count_connections),
                queues=ask(lambda: self.reports.measure_queues(LATENCY_WINDOW)),
                waits=ask(lambda: self.store.measure_waits(LATELY, timedelta(seconds=TICKET_SECONDS))),
                dead_letters={row.queue: row.open_count for row in ask(self.reports.count_open_dead_letters)},
                pending_assignments=ask(self.pending_assignments),
                upkeep=self._look_after(),
                organisations=ask(lambda: self._organisations(org_ids, depths.get("analytics"))),
            )
        except StoreUnavailable:
            return None

    def _ask(self, question: Callable[[], Answer]) -> Answer:
        """Ask the database, unless it took its time with the questions before; raises StoreUnavailable then."""
        if self.monotonic() >= self._asking_until:
            raise StoreUnavailable("It takes too long.")
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
        # What waits on an empty queue never reached it: no batch is late.
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
    """Return how many messages are on a queue, in whatever state."""
    return None if depth is None else depth.waiting_count + depth.in_flight_count + depth.delayed_count


def steady(connections: tuple[int, int]) -> tuple[int, int]:
    """Return counts of connections without those that come and go with each function."""
    return min(in_steps(connections[0]), connections[1]), connections[1]
