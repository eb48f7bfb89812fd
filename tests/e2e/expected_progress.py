"""The progress of learners, computed from their events in plain Python: what the projections are compared with."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from tests.e2e.people import Event

HUNDREDTH = Decimal("0.01")
Key = tuple[str, ...]


@dataclass(frozen=True)
class ExpectedRow:
    """One row of a projection, without its key."""

    percent: Decimal | None
    first_activity_at: datetime
    last_activity_at: datetime
    first_completed_at: datetime | None
    time_spent_seconds: int
    event_count: int


def by_lesson(events: Iterable[Event]) -> dict[Key, ExpectedRow]:
    """Return the expected row of each lesson, by organisation, learner, course and lesson."""
    groups: dict[Key, list[Event]] = defaultdict(list)
    for event in events:
        groups[event["org_id"], event["user_id"], event["course_id"], event["lesson_id"]].append(event)
    return {key: _lesson(group) for key, group in groups.items()}


def by_course(events: Iterable[Event]) -> dict[Key, ExpectedRow]:
    """Return the expected row of each course, by organisation, learner and course."""
    groups: dict[Key, list[ExpectedRow]] = defaultdict(list)
    for (org_id, user_id, course_id, _), lesson in by_lesson(events).items():
        groups[org_id, user_id, course_id].append(lesson)
    return {key: _course(lessons) for key, lessons in groups.items()}


def _lesson(events: list[Event]) -> ExpectedRow:
    moments = [datetime.fromisoformat(event["occurred_at"]) for event in events]
    completed = [moment for moment, event in zip(moments, events, strict=True) if event["kind"] == "completed"]
    percents = [_rounded(Decimal(str(event["percent"]))) for event in events if event["percent"] is not None]
    return ExpectedRow(
        percent=max(percents, default=None),
        first_activity_at=min(moments),
        last_activity_at=max(moments),
        first_completed_at=min(completed, default=None),
        time_spent_seconds=sum(event["time_spent_seconds"] for event in events),
        event_count=len(events),
    )


def _course(lessons: list[ExpectedRow]) -> ExpectedRow:
    percents = [lesson.percent for lesson in lessons if lesson.percent is not None]
    completed = [lesson.first_completed_at for lesson in lessons if lesson.first_completed_at is not None]
    return ExpectedRow(
        percent=_rounded(sum(percents, Decimal(0)) / len(percents)) if percents else None,
        first_activity_at=min(lesson.first_activity_at for lesson in lessons),
        last_activity_at=max(lesson.last_activity_at for lesson in lessons),
        first_completed_at=min(completed, default=None),
        time_spent_seconds=sum(lesson.time_spent_seconds for lesson in lessons),
        event_count=sum(lesson.event_count for lesson in lessons),
    )


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(HUNDREDTH, ROUND_HALF_UP)
