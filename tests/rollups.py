"""Rollups computed another way: in Python, from events, to hold those that SQL folded against."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from rollcall.contracts.ingest.analytics import ScrubbedEvent
from rollcall.contracts.ingest.progress import ProgressEvent
from rollcall.store.rollups.rollups import RollupStore

from tests.postgres import ScratchDatabase

Rows = dict[str, list[tuple[Any, ...]]]
GAMMA = 1.01 / 0.99
TABLES = (
    "active_course_learners", "active_learners", "daily_course_rollups", "daily_durations", "daily_process_costs",
    "daily_process_durations", "daily_process_rollups", "daily_rollups", "hourly_rollups", "learner_sketches",
    "process_runs",
)  # fmt: skip
STORED = {
    "hourly_rollups": "source, hour_at, name, event_count, completed_count, time_spent_seconds",
    "daily_rollups": "source, day, event_count, completed_count, time_spent_seconds, active_learner_count",
    "daily_course_rollups": "day, course_id, event_count, completed_count, time_spent_seconds, active_learner_count",
    "daily_durations": "source, day, name, bucket, duration_count",
    "active_learners": "source, day, learner_key",
    "active_course_learners": "day, course_id, user_id",
}


class _Sums:
    """Events, completions and seconds under a key."""

    def __init__(self) -> None:
        self.by_key: defaultdict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0, 0])

    def add(self, key: tuple[Any, ...], completed: bool, seconds: int) -> None:
        sums = self.by_key[key]
        sums[0] += 1
        sums[1] += completed
        sums[2] += seconds

    def rows(self, learners: Iterable[tuple[Any, ...]] | None = None) -> list[tuple[Any, ...]]:
        """Return sorted rows; with `learners` (keys that end in a learner), how many of them each key has too."""
        if learners is None:
            return sorted((*key, *sums) for key, sums in self.by_key.items())
        active = Counter(key[:-1] for key in learners)
        return sorted((*key, *sums, active[key]) for key, sums in self.by_key.items())


def hour_of(moment: datetime) -> datetime:
    """Return the beginning of its hour, in UTC."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def day_of(moment: datetime) -> date:
    """Return its day, in UTC."""
    return moment.astimezone(UTC).date()


def bucket_of(milliseconds: float) -> int:
    """Return the bucket of a duration."""
    return math.ceil(math.log(milliseconds) / math.log(GAMMA))


def expected(progress: Iterable[ProgressEvent] = (), analytics: Iterable[ScrubbedEvent] = ()) -> Rows:
    """Return the rollups of one organisation's events, each of which was accepted once."""
    hourly, daily, courses = _Sums(), _Sums(), _Sums()
    durations: Counter[tuple[Any, ...]] = Counter()
    learners: set[tuple[Any, ...]] = set()
    course_learners: set[tuple[Any, ...]] = set()
    for event in progress:
        day, completed, seconds = day_of(event.occurred_at), event.kind == "completed", event.time_spent_seconds
        hourly.add(("progress", hour_of(event.occurred_at), event.kind), completed, seconds)
        daily.add(("progress", day), completed, seconds)
        courses.add((day, event.course_id), completed, seconds)
        learners.add(("progress", day, event.user_id))
        course_learners.add((day, event.course_id, event.user_id))
        if seconds:
            durations["progress", day, event.kind, bucket_of(1000 * seconds)] += 1
    for told in analytics:
        day, completed = day_of(told.occurred_at), told.name.endswith("_completed")
        seconds = int(told.properties.get("time_spent_seconds", 0))
        hourly.add(("analytics", hour_of(told.occurred_at), told.name), completed, seconds)
        daily.add(("analytics", day), completed, seconds)
        if told.user_pseudonym:
            learners.add(("analytics", day, UUID(told.user_pseudonym)))
        if "duration_ms" in told.properties:
            durations["analytics", day, told.name, bucket_of(told.properties["duration_ms"])] += 1
    return {
        "hourly_rollups": hourly.rows(),
        "daily_rollups": daily.rows(learners),
        "daily_course_rollups": courses.rows(course_learners),
        "daily_durations": sorted((*key, count) for key, count in durations.items()),
        "active_learners": sorted(learners),
        "active_course_learners": sorted(course_learners),
    }


def stored(scratch: ScratchDatabase, org_id: UUID) -> Rows:
    """Return the rollups that an organisation has, in the same form."""
    return {
        table: sorted(scratch.rows(f"select {columns} from rollcall.{table} where org_id = %s", (org_id,)))
        for table, columns in STORED.items()
    }


def digests(scratch: ScratchDatabase) -> dict[str, str]:
    """Return the MD5 of every table of rollups, over its rows as text: equal when each byte is."""
    return {
        table: scratch.rows(f"select md5(string_agg(t::text, E'\\n' order by t::text)) from rollcall.{table} as t")[0][
            0
        ]
        for table in TABLES
    }


def fold_everything(store: RollupStore, org_id: UUID, events_max: int = 5_000) -> int:
    """Fold until nothing is left, of both sources; return how many events were."""
    folded = 0
    for source in ("progress", "analytics"):
        while True:
            chunk = store.fold_events(org_id, source, None, 0, events_max)
            assert chunk.outcome == "folded"
            folded += chunk.event_count
            if chunk.event_count < events_max:
                break
    return folded
