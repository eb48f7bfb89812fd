"""Jobs: the scheduled work there is, how often it should run, and how long it should take."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

MINUTE, HOUR, DAY = 60, 3600, 86_400


@dataclass(frozen=True)
class Job:
    """One kind of scheduled work.

    `function` is the folder of functions/ that runs it, `schedule` the template's own expression, and `period_seconds`
    the longest time between two of its runs; a run that takes three times `expected_seconds` is given up.
    """

    name: str
    function: str
    schedule: str
    period_seconds: int
    expected_seconds: int

    def key_at(self, moment: datetime) -> str:
        """Return the idempotency key of the slot of the schedule that a moment is in."""
        slot = int(moment.timestamp()) // self.period_seconds * self.period_seconds
        return f"slot:{slot}"


PARTITION = Job("partition", "partition", "rate(1 hour)", HOUR, 30)
ROLLUP = Job("rollup", "dispatch", "rate(1 minute)", MINUTE, 15)
DIGEST = Job("digest", "digest", "rate(1 hour)", HOUR, 15)
REPORTS = Job("reports", "refresh", "rate(1 minute)", MINUTE, 20)

JOBS: Mapping[str, Job] = {job.name: job for job in (PARTITION, ROLLUP, DIGEST, REPORTS)}
