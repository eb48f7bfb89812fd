"""A deployment in small, to see what advice does: clients with queues of their own, a server of limited capacity.

Time goes in steps; nothing is random but phases and jitter, which are seeded. Work is counted in units: a batch costs
BATCH_COST and one for each event, the ratio that was measured of ingest_progress_v1. `python -m tests.backpressure`
prints the figures of docs/explanation/backpressure.md.
"""

import random
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from rollcall.contracts.health.advice import Advice
from rollcall.domain.health.backpressure import AdviceLimits, LatencyGauge, Load, WaterMarks, next_advice, pressed_since

STEP_SECONDS = 0.5
LOOK_SECONDS = 10  # HEALTH_STREAM_INTERVAL_MS
BATCH_COST = 20
CAPACITY = 1_600  # units a second
SERVICE_MS = 10  # of a batch while nothing else is done
GIVE_UP_SECONDS = 5  # how long a batch waits for the database before it is spooled
LOADER_SHARE = 0.25  # of the capacity at least, while anything is spooled
JITTER = 0.2  # of the interval, which clients add
LIMITS = AdviceLimits()
MARKS = (LIMITS.latency_ms, LIMITS.backlog, LIMITS.ingest_lag_ms)
BEGIN = datetime(2026, 3, 10, 12, tzinfo=UTC)

Law = Callable[[Advice | None, Load, AdviceLimits, datetime], Advice]


def no_advice(_previous: Advice | None, _load: Load, limits: AdviceLimits, _now: datetime) -> Advice:
    """Tell clients nothing, whatever is found."""
    return limits.default


def without_hysteresis(previous: Advice | None, load: Load, limits: AdviceLimits, now: datetime) -> Advice:
    """Do as next_advice does, without anything between the marks."""
    latency, backlog, lag = (WaterMarks(marks.high, marks.high) for marks in MARKS)
    return next_advice(previous, load, replace(limits, latency_ms=latency, backlog=backlog, ingest_lag_ms=lag), now)


def all_or_nothing(_previous: Advice | None, load: Load, limits: AdviceLimits, _now: datetime) -> Advice:
    """Tell clients the slowest pace above any mark, and the fastest else."""
    is_over = (
        not load.is_reachable
        or (load.backlog or 0) > limits.backlog.high
        or (load.latency_p95_ms or 0) > limits.latency_ms.high
        or (load.ingest_lag_ms or 0) > limits.ingest_lag_ms.high
    )
    return limits.advice(limits.flush_interval_max_ms if is_over else limits.flush_interval_min_ms)


@dataclass
class Client:
    """A device: it gathers events, flushes when its time has come, and hears of advice in the answer."""

    flush_at: float
    waiting: float = 0.0


@dataclass(frozen=True)
class Moment:
    """The load at one measurement, and the advice given then."""

    at: float
    backlog: int
    held_by_clients: float
    latency_ms: float
    utilisation: float
    advice: Advice


@dataclass
class Deployment:
    """The world: step after step, with looks between."""

    law: Law
    clients_count: int = 100
    outage: tuple[float, float] = (0, 0)
    obeys: bool = True
    seed: int = 5
    moments: list[Moment] = field(default_factory=list)
    at: float = 0.0
    stored: float = 0.0

    def __post_init__(self) -> None:
        """Give clients their phases."""
        self.random = random.Random(self.seed)
        self.clients = [Client(self.random.uniform(0, 2)) for _ in range(self.clients_count)]
        self.running: deque[int] = deque()
        self.spool: deque[tuple[float, int]] = deque()
        self.used: deque[float] = deque(maxlen=int(LOOK_SECONDS / STEP_SECONDS))
        self.gauge = LatencyGauge(LIMITS.latency_ms.high, LIMITS)
        self.row: Advice | None = None
        self.told: Advice | None = None
        self.pressed_since: datetime | None = None

    @property
    def now(self) -> datetime:
        """This moment."""
        return BEGIN + timedelta(seconds=self.at)

    @property
    def is_reachable(self) -> bool:
        """Whether the database is there."""
        return not self.outage[0] <= self.at < self.outage[1]

    @property
    def latency_ms(self) -> float:
        """How long a call takes: what waits before it, and longer the busier the server is (as of M/M/1)."""
        busy = min(0.99, sum(self.used) / max(1, len(self.used)))
        return SERVICE_MS / (1 - busy) + 1000 * sum(self.running) / CAPACITY

    def run(self, seconds: float) -> "Deployment":
        """Let so many seconds go by."""
        for step in range(round(seconds / STEP_SECONDS)):
            self.at = step * STEP_SECONDS
            if self.at % LOOK_SECONDS == 0:
                self._look()
            self._flush_due()
            self._serve()
        return self

    def _flush_due(self) -> None:
        if self.is_reachable:
            self.gauge.take_advice(self.row, self.now)
            self.gauge.record(self.latency_ms)
        else:
            self.gauge.record_unreachable()
        advice = self.gauge.advice_at(self.now) if self.obeys else LIMITS.default
        is_late = sum(self.running) > GIVE_UP_SECONDS * CAPACITY
        for client in self.clients:
            client.waiting += STEP_SECONDS
            if client.flush_at <= self.at and client.waiting >= 1:
                sent = min(int(client.waiting), advice.batch_size)
                client.waiting -= sent
                client.flush_at = self.at + self._interval_of(advice)
                if self.is_reachable and not is_late:
                    self.running.append(BATCH_COST + sent)
                else:
                    self.spool.append((self.at, BATCH_COST + sent))

    def _interval_of(self, advice: Advice) -> float:
        jittered = advice.flush_interval_ms / 1000 * (1 + self.random.uniform(0, JITTER))
        if advice.pause_until is None:
            return jittered
        pause = (advice.pause_until - self.now).total_seconds()
        return max(jittered, pause * (1 + self.random.uniform(0, JITTER)))

    def _serve(self) -> None:
        if not self.is_reachable:
            self.used.append(0)
            return
        budget = CAPACITY * STEP_SECONDS
        loading = LOADER_SHARE * budget if self.spool else 0
        left = budget - loading
        while self.running and left > 0:
            left -= self.running.popleft()
        left += loading
        while self.spool and left > 0:
            left -= self.spool.popleft()[1]
        self.used.append(min(1, (budget - left) / budget))

    def _look(self) -> None:
        load = Load(
            latency_p95_ms=self.latency_ms if self.is_reachable else None,
            is_reachable=self.is_reachable,
            backlog=len(self.spool),
            ingest_lag_ms=1000 * (self.at - self.spool[0][0]) if self.spool else 0,
            pressed_since=self.pressed_since,
        )
        self.told = self.law(self.told, load, LIMITS, self.now)
        self.pressed_since = pressed_since(load, self.told, LIMITS, self.now)
        if self.is_reachable:
            self.row = self.told
        held = sum(client.waiting for client in self.clients)
        busy = sum(self.used) / max(1, len(self.used))
        self.moments.append(Moment(self.at, len(self.spool), held, self.latency_ms, busy, self.told))


def intervals(moments: list[Moment]) -> list[int]:
    """Return the advised intervals, in order."""
    return [moment.advice.flush_interval_ms for moment in moments]


def turns(values: list[int]) -> int:
    """Return how often a series changed its direction."""
    steps = [after - before for before, after in pairwise(values) if after != before]
    return sum((one > 0) != (other > 0) for one, other in pairwise(steps))


OUTAGE = (60, 360)
AFTER_SECONDS = 1_500


def outage(law: Law, *, obeys: bool = True) -> Deployment:
    """Return a deployment after five minutes without database, and what came after them."""
    return Deployment(law, outage=OUTAGE, obeys=obeys).run(AFTER_SECONDS)


def socket_clients_of(law: Law) -> Deployment:
    """Return a deployment with half as many clients again as it could serve at the fastest pace."""
    return Deployment(law, clients_count=240).run(2_400)


def _tell(say: Callable[[str], object]) -> None:
    say("seconds  no advice: spooled, at clients  advice: spooled, at clients, latency, interval, size")
    without, with_advice = outage(no_advice, obeys=False), outage(next_advice)
    for one, other in zip(without.moments[::3], with_advice.moments[::3], strict=True):
        if one.at > 780:
            break
        pause = "pause" if other.advice.pause_until else ""
        say(
            f"{one.at:5.0f} {one.backlog:7,} {one.held_by_clients:6,.0f} | {other.backlog:7,}"
            f" {other.held_by_clients:6,.0f} {other.latency_ms:6,.0f} {other.utilisation:5.0%}"
            f" {other.advice.flush_interval_ms:6,} {other.advice.batch_size:4} {pause}"
        )
    for law in (next_advice, without_hysteresis, all_or_nothing):
        told = intervals(socket_clients_of(law).moments[-90:])
        say(f"{law.__name__}: {turns(told)} turns in 15 minutes, between {min(told):,} and {max(told):,} ms")


if __name__ == "__main__":
    _tell(lambda line: sys.stdout.write(line + "\n"))
