"""A database, queues and sockets of the tests' own, and flows of health that look at them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from rollcall.cloud.health_table import HealthTable
from rollcall.contracts.health.advice import Advice
from rollcall.contracts.health.health import HealthState, OrganisationHealth, OrgEnforcement
from rollcall.contracts.jobs.job import JobReport, OpenDeadLetters, QueueDepth, QueueMeasure, QueueWaits
from rollcall.contracts.sockets.connection import Connection
from rollcall.domain.health.backpressure import AdviceLimits
from rollcall.domain.health.status import STALE_MIN
from rollcall.domain.jobs.schedule import JOBS
from rollcall.domain.jobs.thresholds import Objectives
from rollcall.errors import QueueUnavailable, RollcallError, StoreUnavailable, TableUnavailable
from rollcall.flows.health.compose import ComposeHealth, Deployment
from rollcall.flows.health.measure import MeasureHealth
from rollcall.flows.health.monitor import MARGIN_SECONDS, HealthMonitor
from rollcall.flows.health.read import ReadHealth

from tests.builders import NOW
from tests.unit.fakes.table import MemoryTable

if TYPE_CHECKING:
    from rollcall.cloud.table import Table

QUEUES = ("spool", "analytics", "rollup", "operations", "schedule_dead_letter")


@dataclass
class HealthRoom:
    """What there is to be seen, and what became of it. Time passes by sleeping alone."""

    is_reachable: bool = True
    can_measure: bool = True
    probe_ms: float = 2
    answers_after: float = 0
    depths: dict[str, int | None] = field(default_factory=dict)
    hidden: dict[str, int] = field(default_factory=dict)
    loaded: tuple[datetime, float] | None = None
    oldest_waits_seconds: float | None = None
    dead_letters: int = 0
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    gaps: list[str] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)
    can_push: bool = True
    table: MemoryTable = field(default_factory=MemoryTable)
    seconds: float = 0
    asked: list[str] = field(default_factory=list)
    pushed: list[tuple[str, float, HealthState]] = field(default_factory=list)
    advised: list[tuple[Advice, int | None]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    during_sleep: Callable[[float], object] = lambda _seconds: None

    @property
    def health_table(self) -> HealthTable:
        """The table of health."""
        return HealthTable(cast("Table", self.table))

    def now(self) -> datetime:
        """Tell the time."""
        return NOW + timedelta(seconds=self.seconds)

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds
        self.during_sleep(self.seconds)

    def probe(self) -> None:
        """Answer, after a while."""
        self.asked.append("probe")
        self.seconds += self.probe_ms / 1000
        if not self.is_reachable:
            raise StoreUnavailable

    def count_connections(self) -> tuple[int, int]:
        """Count."""
        self._ask("connections")
        return 7, 100

    def measure_waits(self, _window: timedelta, _ticket: timedelta) -> QueueWaits:
        """Tell what was loaded, and of one operation and one rollup."""
        self._ask("waits")
        received_at, latency = self.loaded or (None, None)
        return QueueWaits(
            spool_received_at=received_at, spool_latency_seconds=latency, operations_seconds=61.3, rollup_seconds=7
        )

    def check_enforcement(self) -> OrgEnforcement:
        """Tell the gaps."""
        self._ask("enforcement")
        return OrgEnforcement(is_enforced=not self.gaps, table_count=9, gaps=self.gaps)

    def measure_organisations(self, org_ids: Sequence[UUID], _window: timedelta) -> list[OrganisationHealth]:
        """Measure each alike."""
        self._ask(f"organisations:{len(org_ids)}")
        return [
            OrganisationHealth(
                org_id=org_id, lag_ms=1234.5, received_count=1, rejected_counts={}, rate_limited_count=0,
                dead_letter_count=0,
            )
            for org_id in org_ids
        ]  # fmt: skip

    def describe_jobs(self, jobs: Sequence[str], _window: timedelta) -> list[JobReport]:
        """Describe them: waiting, unless something is said of one."""
        waiting = {"watched_since": None, "last_run": None, "run_count": 0, "succeeded_count": 0, "failed_count": 0,
                   "items": 0, "retries": 0, "duration_p50_ms": None, "duration_p95_ms": None}  # fmt: skip
        self._ask("jobs")
        return [JobReport.model_validate({"job": job} | waiting | self.jobs.get(job, {})) for job in jobs]

    def measure_queues(self, _window: timedelta) -> QueueMeasure:
        """Measure them."""
        self._ask("queues")
        return QueueMeasure(latency_p95_seconds=99, stored_count=3, oldest_waits_seconds=self.oldest_waits_seconds)

    def rollup_lag_seconds(self) -> float | None:
        """None is behind."""
        self._ask("rollups")
        return None

    def count_open_dead_letters(self) -> list[OpenDeadLetters]:
        """Count."""
        self._ask("dead letters")
        return [OpenDeadLetters(queue="spool", open_count=self.dead_letters)] if self.dead_letters else []

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        self.seconds += self.answers_after
        if not (self.is_reachable and self.can_measure):
            raise StoreUnavailable

    def depth_of(self, queue: str) -> QueueDepth:
        """Tell a depth; none is known of a queue that is None."""
        waiting = self.depths.get(queue, 0)
        if waiting is None:
            raise QueueUnavailable
        return QueueDepth(waiting_count=waiting, in_flight_count=self.hidden.get(queue, 0), delayed_count=0)

    def open_connections(self) -> Iterable[Connection]:
        """Return the open sockets."""
        if self.table.is_away:
            raise TableUnavailable
        return self.connections

    def publish(self, before: HealthState | None, after: HealthState) -> None:
        """Remember what changed, and when; without anything known before it is a snapshot."""
        self._push("delta" if before else "snapshot", after)

    def heartbeat(self, published: HealthState) -> None:
        """Remember that nothing did."""
        self._push("heartbeat", published)

    def _push(self, kind: str, published: HealthState) -> None:
        if not self.can_push:
            raise QueueUnavailable
        self.pushed.append((kind, self.seconds, published))

    def write(self, advice: Advice, backlog: int | None) -> None:
        """Remember what clients are advised."""
        self.advised.append((advice, backlog))

    def report(self, fault: RollcallError) -> None:
        """Remember what failed."""
        self.faults.append(fault.code)

    def measure(self) -> MeasureHealth:
        """Return what measures."""
        return MeasureHealth(
            store=self, reports=self, jobs=JOBS, queues=QUEUES, depth_of=self.depth_of, pending_assignments=lambda: 4,
            flags=lambda: {"analytics_emit": "on"}, now=self.now, monotonic=lambda: self.seconds,
        )  # fmt: skip

    def composing(self) -> ComposeHealth:
        """Return what composes."""
        return ComposeHealth(Deployment("1.2.3", "test", "eu-west-1"), Objectives(), AdviceLimits())

    def watch(self, interval_seconds: float = 10) -> HealthMonitor:
        """Return what watches: a fresh execution environment each time."""
        return HealthMonitor(
            table=self.health_table, measure=self.measure(), composing=self.composing(),
            connections=self.open_connections, publisher=self, advice=self, on_written=lambda _published: None,
            report=self.report, interval_seconds=interval_seconds, stale_after=STALE_MIN, now=self.now,
            monotonic=lambda: self.seconds, sleep=self.sleep,
        )  # fmt: skip

    def read(self) -> ReadHealth:
        """Return what reads."""
        return ReadHealth(
            self.health_table, self.measure(), self.composing(), self.report, STALE_MIN, self.now, lambda: self.seconds
        )

    def run(self, seconds: float = 60, interval_seconds: float = 10) -> int:
        """Watch for so long, and leave what time an invocation has beyond it; return how often it looked."""
        end = self.seconds + seconds + MARGIN_SECONDS
        return self.watch(interval_seconds).run(lambda: end - self.seconds)

    def kept(self) -> HealthState:
        """Return what is kept."""
        published = self.health_table.read()
        assert published is not None
        return published
