"""The backlog gate: refuses work that can wait while too many spooled batches wait to be stored."""

from collections.abc import Callable
from dataclasses import dataclass, field

from rollcall.contracts.jobs.job import QueueDepth
from rollcall.errors import BacklogExceeded

KEPT_SECONDS = 1.0  # how long a count is cached
RETRY_SECONDS = 15  # meanwhile load stores some hundreds of batches


@dataclass
class BacklogGate:
    """The gate. `depth` reads the depth of the spool, or raises QueueUnavailable. `monotonic` is in seconds."""

    depth: Callable[[], QueueDepth]
    limit: int
    monotonic: Callable[[], float]
    _counted: tuple[float, int] | None = field(default=None, init=False)

    def backlog(self) -> int:
        """Return how many spooled batches are not stored yet: waiting, in flight, or delayed. Cached for a second."""
        now = self.monotonic()
        if self._counted is None or now - self._counted[0] > KEPT_SECONDS:
            depth = self.depth()
            self._counted = now, depth.waiting_count + depth.in_flight_count + depth.delayed_count
        return self._counted[1]

    def check(self) -> None:
        """Raise BacklogExceeded while the backlog is over the limit, QueueUnavailable when it is unknown."""
        backlog = self.backlog()
        if backlog > self.limit:
            raise BacklogExceeded(
                f"{backlog} spooled batches wait to be stored. The limit is {self.limit}. Try again later.",
                retry_after_seconds=RETRY_SECONDS,
            )
