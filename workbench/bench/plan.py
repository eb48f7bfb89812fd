"""The size of a run: every number that determines how long it takes."""

import os
from dataclasses import dataclass

EVENTS_PER_SECOND_MAX = 90_000  # no contender comes near it, so none runs out of prepared batches


@dataclass(frozen=True)
class Plan:
    """The size of a run."""

    rounds: int = 3
    workers: int = 2 * (os.cpu_count() or 1)
    round_seconds: float = 5
    open_seconds: float = 20
    settle_seconds: float = 20
    copy_rows: int = 250_000
    overhead_batches: int = 2_000
    import_runs: int = 5
    stored: tuple[int, ...] = (1_000_000, 10_000_000)
    learners: int = 5_000
    batches_per_second: int = 500
    sockets: tuple[int, ...] = (100, 1000)
    acknowledgements: int = 300

    @property
    def is_quick(self) -> bool:
        """Return whether the run is too short for meaningful figures."""
        return self.round_seconds < Plan.round_seconds

    def batches_for(self, seconds: float, events: int) -> int:
        """Return how many batches to prepare for a closed loop of that time."""
        return int(seconds * EVENTS_PER_SECOND_MAX / events)


QUICK = Plan(
    round_seconds=1.5,
    open_seconds=4,
    settle_seconds=2,
    copy_rows=50_000,
    overhead_batches=300,
    import_runs=3,
    stored=(100_000, 300_000),
    sockets=(100,),
    acknowledgements=60,
)
