"""How long clients should wait before their next flush, from how the database has been doing."""

from dataclasses import dataclass, field

SMOOTHING = 0.2  # weight of the newest measure: about the last ten calls count
LAG_PER_EXCESS = 10  # a millisecond over the objective asks for ten of pause
LAG_MAX_MS = 30_000
UNREACHABLE_LAG_MS = 5_000


@dataclass
class LatencyGauge:
    """An exponentially weighted mean of database latency, against its objective; both in milliseconds."""

    objective_ms: float
    mean_ms: float = field(default=0.0, init=False)
    reachable: bool = field(default=True, init=False)

    def record(self, latency_ms: float) -> None:
        """Take in the latency of a call that was answered."""
        self.reachable = True
        self.mean_ms += SMOOTHING * (latency_ms - self.mean_ms)

    def record_unreachable(self) -> None:
        """Take in that the database did not answer."""
        self.reachable = False

    @property
    def queue_lag_ms(self) -> int:
        """How long a client should wait before its next flush; 0 when all is well."""
        excess = max(0.0, self.mean_ms - self.objective_ms) * LAG_PER_EXCESS
        floor = 0 if self.reachable else UNREACHABLE_LAG_MS
        return min(LAG_MAX_MS, max(floor, round(excess)))
