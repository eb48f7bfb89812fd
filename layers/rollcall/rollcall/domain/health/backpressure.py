"""How fast clients should send, from how the database and the spool are doing: a control law without IO and clock.

Clients are many, get advice late (with their next answer, or over a socket), and may ignore it. So the law
raises the interval fast, lowers it slowly, changes it the less the nearer a measure is to its mark, and between two
water marks holds it: a wish that changes with each measure would make all of them swing together
(tests/unit/health/test_backpressure_simulation.py shows it). Multiplicative both ways, as TCP's congestion control
backs off (V. Jacobson: Congestion avoidance and control, 1988), since loads differ by orders of magnitude.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import sqrt

from rollcall.contracts.health.advice import Advice

SMOOTHING = 0.2  # weight of the newest measure: about the last ten calls count
LAG_PER_EXCESS = 10  # a millisecond over the objective asks for ten of pause
LAG_MAX_MS = 30_000
UNREACHABLE_LAG_MS = 5_000
HEARD_LASTS = timedelta(minutes=2)  # as long as read_advice_v1 takes a row for fresh

RAISE_MAX = 1.5  # of the interval with one look; up to that by the square root of how far a measure is over its mark
LOWER_MAX = 0.1  # of it off with one look, where nothing is to do at all; the less the nearer a measure is to its mark
PAUSE_MARGIN = timedelta(seconds=5)  # what a look may take, as a rule: so much longer than their interval is a pause
PAUSE_MAX = timedelta(minutes=5)  # for a backlog alone: a backlog that is not loaded must not silence clients for good
PAUSE_FROM = 10  # times the backlog's high-water mark: what waits already fills the database for minutes
PAUSE_UNTIL = 2  # times the same mark: a pause that began goes on down to here


@dataclass(frozen=True)
class WaterMarks:
    """Above `high` clients are slowed down; below `low` they may hurry again; between, what holds, holds."""

    low: float
    high: float


@dataclass(frozen=True)
class AdviceLimits:
    """From where on clients are slowed down, and how far; in milliseconds, spooled batches and events."""

    latency_ms: WaterMarks = WaterMarks(50, 100)
    backlog: WaterMarks = WaterMarks(5, 50)
    ingest_lag_ms: WaterMarks = WaterMarks(5_000, 30_000)
    flush_interval_min_ms: int = 2_000
    flush_interval_max_ms: int = 60_000
    batch_size_min: int = 25
    batch_size_max: int = 100
    look_interval: timedelta = timedelta(seconds=10)

    @property
    def pause(self) -> timedelta:
        """How long a pause lasts without renewal: until after the next measurement, which renews or ends it."""
        return self.look_interval + PAUSE_MARGIN

    @property
    def default(self) -> Advice:
        """What clients keep to when all is well."""
        return self.advice(self.flush_interval_min_ms)

    def advice(self, flush_interval_ms: float, pause_until: datetime | None = None) -> Advice:
        """Return advice with this interval, and the batch size that goes with it.

        The size grows with the interval, so that a client sends as many events a second in fewer batches: a batch of
        100 costs the database less than half of four of 25. Only from the largest size on it sends fewer events.
        """
        interval = min(self.flush_interval_max_ms, max(self.flush_interval_min_ms, int(flush_interval_ms)))
        grown = self.batch_size_min * interval // self.flush_interval_min_ms
        return Advice(
            flush_interval_ms=interval,
            batch_size=max(1, min(self.batch_size_max, grown)),
            pause_until=pause_until,
        )


@dataclass(frozen=True)
class Load:
    """The load that a measurement found; None where it is unknown.

    `latency_p95_ms` is the database's; `backlog` counts spooled batches that could be loaded now, and not those that
    are hidden until they are tried again; `ingest_lag_ms` is how long the oldest waits. `pressed_since` is what
    `pressed_since` returned after the look before.
    """

    latency_p95_ms: float | None
    is_reachable: bool
    backlog: int | None
    ingest_lag_ms: float | None
    pressed_since: datetime | None = None


def pressed_since(load: Load, advice: Advice, limits: AdviceLimits, now: datetime) -> datetime | None:
    """Return when the pause began that a database which answers needs, or needed, for what it has to load; None: none.

    `advice` is what was made of this load. A pause that had to end is remembered until there is little to load.
    """
    if not load.is_reachable:
        return None
    if load.backlog is None:
        return load.pressed_since
    if load.backlog <= limits.backlog.high * PAUSE_UNTIL:
        return None
    return load.pressed_since or (now if advice.pause_until else None)


def next_advice(previous: Advice | None, load: Load, limits: AdviceLimits, now: datetime) -> Advice:
    """Return what clients should keep to after this look. `previous` is the advice before; None: there was none.

    A pause leaves the interval unchanged: no client sends, so nothing can be measured, and events that clients gathered
    meanwhile should not have to wait for a pace that comes back slowly. One for a backlog ends after PAUSE_MAX, and
    none begins until there is little to load.
    """
    interval = (previous or limits.default).flush_interval_ms
    if _asks_for_pause(previous, load, limits, now):
        return limits.advice(interval, now + limits.pause)
    return limits.advice(interval * _change(load, limits))


def stricter(one: Advice, other: Advice) -> Advice:
    """Return advice that keeps to both: the longer interval in larger batches, and the later end of a pause."""
    pauses = [advice.pause_until for advice in (one, other) if advice.pause_until is not None]
    return Advice(
        flush_interval_ms=max(one.flush_interval_ms, other.flush_interval_ms),
        batch_size=max(one.batch_size, other.batch_size),
        pause_until=max(pauses, default=None),
    )


def _change(load: Load, limits: AdviceLimits) -> float:
    """Return what the interval is to be multiplied with."""
    measured = (
        (load.latency_p95_ms, limits.latency_ms),
        (load.backlog, limits.backlog),
        (load.ingest_lag_ms, limits.ingest_lag_ms),
    )
    found = [(value, marks) for value, marks in measured if value is not None]
    over = max((value / marks.high for value, marks in found), default=0)
    if over > 1:
        return min(RAISE_MAX, sqrt(over))
    # Without calls there is no latency, and that is calm. An unknown backlog or lag is no reason to hurry.
    if load.backlog is None or load.ingest_lag_ms is None:
        return 1
    near = max(value / marks.low for value, marks in found)
    return 1 - LOWER_MAX * max(0, 1 - near)


def _asks_for_pause(previous: Advice | None, load: Load, limits: AdviceLimits, now: datetime) -> bool:
    if not load.is_reachable:
        return True
    if load.pressed_since is not None and now - load.pressed_since >= PAUSE_MAX:
        return False
    pause_until = previous.pause_until if previous else None
    # One that lapsed a moment ago, since this look is late, goes on.
    is_paused = pause_until is not None and pause_until + limits.pause > now
    mark = limits.backlog.high * (PAUSE_UNTIL if is_paused else PAUSE_FROM)
    return load.backlog is not None and load.backlog > mark


@dataclass
class LatencyGauge:
    """What one environment knows of the database: its own latency against the objective, and advice that it heard.

    The latency is an exponentially weighted mean; it and the objective are in milliseconds.
    """

    objective_ms: float
    limits: AdviceLimits = field(default_factory=AdviceLimits)
    mean_ms: float = field(default=0.0, init=False)
    reachable: bool = field(default=True, init=False)
    heard: Advice | None = field(default=None, init=False)
    heard_at: datetime | None = field(default=None, init=False)

    def record(self, latency_ms: float) -> None:
        """Take in the latency of a call that was answered."""
        self.reachable = True
        self.mean_ms += SMOOTHING * (latency_ms - self.mean_ms)

    def record_unreachable(self) -> None:
        """Take in that the database did not answer."""
        self.reachable = False

    def take_advice(self, advice: Advice | None, heard_at: datetime) -> None:
        """Take in what the database answered beside a call: the advice for everybody, None when there is none."""
        self.heard, self.heard_at = advice, heard_at

    @property
    def queue_lag_ms(self) -> int:
        """How long a client should wait before its next flush; 0 when all is well."""
        excess = max(0.0, self.mean_ms - self.objective_ms) * LAG_PER_EXCESS
        floor = 0 if self.reachable else UNREACHABLE_LAG_MS
        return min(LAG_MAX_MS, max(floor, round(excess)))

    def advice_at(self, now: datetime) -> Advice:
        """Return what clients should keep to: the stricter of what was heard and what this environment sees itself."""
        pause_until = None if self.reachable else now + timedelta(milliseconds=UNREACHABLE_LAG_MS)
        own = self.limits.advice(self.queue_lag_ms, pause_until)
        if self.heard is None or self.heard_at is None or now - self.heard_at > HEARD_LASTS:
            return own
        if self.heard.pause_until is not None and self.heard.pause_until <= now:
            return stricter(own, self.heard.model_copy(update={"pause_until": None}))
        return stricter(own, self.heard)
