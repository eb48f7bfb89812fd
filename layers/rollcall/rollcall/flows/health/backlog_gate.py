"""Hold back: refuse work that can wait while too many spooled batches wait for the database."""

from collections.abc import Callable
from dataclasses import dataclass, field

from rollcall.contracts.jobs.job import QueueDepth
from rollcall.errors import BacklogExceeded

KEPT_SECONDS = 1.0  # how long a count is good for: a queue is not asked more often than that
RETRY_SECONDS = 15  # the loader stores some hundreds of batches meanwhile


@dataclass
class HoldBack:
    """The gate. `depth` asks the spool, or raises QueueUnavailable; `monotonic` is in seconds."""

    depth: Callable[[], QueueDepth]
    limit: int
    monotonic: Callable[[], float]
    _counted: tuple[float, int] | None = field(default=None, init=False)

    def backlog(self) -> int:
        """Return how many spooled batches are not stored yet: waiting, in flight, or delayed. Kept for a second."""
        now = self.monotonic()
        if self._counted is None or now - self._counted[0] > KEPT_SECONDS:
            depth = self.depth()
            self._counted = now, depth.waiting_count + depth.in_flight_count + depth.delayed_count
        return self._counted[1]

    def check(self) -> None:
        """Raise BacklogExceeded while the backlog is over the limit, QueueUnavailable when nobody knows it."""
        backlog = self.backlog()
        if backlog > self.limit:
            raise BacklogExceeded(
                f"{backlog} spooled batches wait to be stored, and {self.limit} may: try again when they are.",
                retry_after_seconds=RETRY_SECONDS,
            )
