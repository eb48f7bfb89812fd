"""Jobs: the scheduled work there is, how often it should run, and how long it should take."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

MINUTE, HOUR, DAY = 60, 3600, 86_400
# How late a run may begin before it counts as missed: one more period, within these bounds. A schedule that drifts over
# a slot's edge skips one, and one minute is no reason for an alert.
GRACE_SECONDS_MIN, GRACE_SECONDS_MAX = 5 * MINUTE, 2 * HOUR
OVERDUE_TIMES = 3


@dataclass(frozen=True)
class Job:
    """One kind of scheduled work.

    `name` is also the folder of functions/ that runs it, `schedule` the template's own expression, and `period_seconds`
    the longest time between two of its runs; a run that takes OVERDUE_TIMES `expected_seconds` is given up.
    `slot_seconds` is the shortest time between two runs, where that is another one.
    """

    name: str
    schedule: str
    period_seconds: int
    expected_seconds: int
    slot_seconds: int | None = None

    @property
    def grace_seconds(self) -> int:
        """How long after its period a job may begin before it counts as missed."""
        return min(max(self.period_seconds, GRACE_SECONDS_MIN), GRACE_SECONDS_MAX)

    def key_at(self, moment: datetime) -> str:
        """Return the idempotency key of the slot of the schedule that a moment is in."""
        seconds = self.slot_seconds or self.period_seconds
        return f"slot:{int(moment.timestamp()) // seconds * seconds}"


PARTITION = Job("partition", "rate(1 hour)", HOUR, 30)
ROLLUP = Job("rollup", "rate(1 minute)", MINUTE, 15)
DIGEST = Job("digest", "rate(1 hour)", HOUR, 15)
WATCHDOG = Job("watchdog", "rate(1 minute)", MINUTE, 15)
REPORTS = Job("reports", "rate(1 minute)", MINUTE, 20)
# At night, again and again, since a large day takes more than one run: whatever is done already is not done again.
RETENTION = Job("retention", "cron(0/30 1-5 * * ? *)", DAY, 900, slot_seconds=30 * MINUTE)
RESTORE_DRILL = Job("restore_drill", "cron(30 6 * * ? *)", DAY, 300)

JOBS: Mapping[str, Job] = {
    job.name: job for job in (PARTITION, ROLLUP, DIGEST, WATCHDOG, REPORTS, RETENTION, RESTORE_DRILL)
}
