"""Reports computed another way: in Python, from events and assignments, to hold those that SQL counted against."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from uuid import UUID

from rollcall.contracts.ingest.progress import ProgressEvent
from rollcall.contracts.reports import CompletionRow, DropoffRow, EngagementRow, EnrollmentRow

DROPPED_AFTER = timedelta(days=14)
Seat = tuple[UUID, str]
"""A learner in a course."""


def rounded(value: Decimal, places: int = 2) -> float:
    """Return a number as PostgreSQL rounds it."""
    return float(value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


def mean(values: Iterable[Decimal]) -> Decimal | None:
    """Return the mean to two places; None of nothing."""
    known = list(values)
    return (sum(known, Decimal(0)) / len(known)).quantize(Decimal("0.01"), ROUND_HALF_UP) if known else None


@dataclass
class Lesson:
    """What one learner did in one lesson."""

    events: list[ProgressEvent]

    @property
    def percent(self) -> Decimal | None:
        """How far they got."""
        told = [Decimal(str(event.percent)) for event in self.events if event.percent is not None]
        return max(told, default=None)

    @property
    def last(self) -> datetime:
        """When they did anything last."""
        return max(event.occurred_at for event in self.events)

    @property
    def completed_at(self) -> datetime | None:
        """When they completed it first."""
        return min((event.occurred_at for event in self.events if event.kind == "completed"), default=None)


@dataclass
class Figures:
    """One organisation's reports."""

    events: Sequence[ProgressEvent]
    assignments: Sequence[tuple[UUID, str, datetime | None]]
    now: datetime

    @cached_property
    def seats(self) -> dict[Seat, dict[str, Lesson]]:
        """The lessons of each learner in each course."""
        seats: defaultdict[Seat, dict[str, Lesson]] = defaultdict(dict)
        for event in self.events:
            lessons = seats[event.user_id, event.course_id]
            lessons.setdefault(event.lesson_id, Lesson([])).events.append(event)
        return dict(seats)

    @cached_property
    def lessons(self) -> dict[str, set[str]]:
        """The lessons of each course."""
        lessons: defaultdict[str, set[str]] = defaultdict(set)
        for event in self.events:
            lessons[event.course_id].add(event.lesson_id)
        return lessons

    def of(self, course: str) -> dict[UUID, dict[str, Lesson]]:
        """Return the learners of a course."""
        return {user_id: lessons for (user_id, known), lessons in self.seats.items() if known == course}

    def completed_at(self, course: str, lessons: dict[str, Lesson]) -> datetime | None:
        """Return when a learner had completed all lessons of a course."""
        moments = [lesson.completed_at for lesson in lessons.values()]
        done = [moment for moment in moments if moment is not None]
        return max(done) if len(done) == len(self.lessons[course]) else None

    def courses(self) -> list[str]:
        """Return the courses that anybody is enrolled in."""
        return sorted({course for _, course, _ in self.assignments} | set(self.lessons))

    def enrolled(self, course: str) -> set[UUID]:
        """Return who is enrolled in a course."""
        return {user_id for user_id, known, _ in self.assignments if known == course} | set(self.of(course))

    def engagement(self, first: date, end: date) -> list[EngagementRow]:
        """Return what happens in each course."""
        return [self._engagement(course, first, end) for course in self.courses()]

    def _engagement(self, course: str, first: date, end: date) -> EngagementRow:
        learners = self.of(course)
        lasts = [max(lesson.last for lesson in lessons.values()) for lessons in learners.values()]
        inside = [
            event
            for event in self.events
            if event.course_id == course and first <= event.occurred_at.astimezone(UTC).date() < end
        ]
        percents = [
            mean(lesson.percent for lesson in lessons.values() if lesson.percent is not None)
            for lessons in learners.values()
        ]
        average = mean(percent for percent in percents if percent is not None)
        return EngagementRow(
            course_id=course,
            enrolled_count=len(self.enrolled(course)),
            learner_count=len(learners),
            active_learner_count_7_days=sum(last >= self.now - timedelta(days=7) for last in lasts),
            active_learner_count_28_days=sum(last >= self.now - timedelta(days=28) for last in lasts),
            event_count=len(inside),
            completed_lesson_count=sum(event.kind == "completed" for event in inside),
            active_learner_days=len({(event.user_id, event.occurred_at.astimezone(UTC).date()) for event in inside}),
            time_spent_seconds=sum(event.time_spent_seconds for event in inside),
            average_percent=None if average is None else float(average),
            last_activity_at=max(lasts, default=None),
        )

    def completion(self, first: date, end: date) -> list[CompletionRow]:
        """Return who completed each course, of those who began it in the window."""
        return [self._completion(course, first, end) for course in sorted(self.lessons)]

    def _completion(self, course: str, first: date, end: date) -> CompletionRow:
        begun: list[tuple[datetime, datetime | None]] = []
        for lessons in self.of(course).values():
            started_at = min(event.occurred_at for lesson in lessons.values() for event in lesson.events)
            if first <= started_at.astimezone(UTC).date() < end:
                begun.append((started_at, self.completed_at(course, lessons)))
        days = sorted((ended_at - started_at).days for started_at, ended_at in begun if ended_at is not None)
        return CompletionRow(
            course_id=course,
            started_count=len(begun),
            completed_count=len(days),
            completion_rate=rounded(Decimal(len(days)) / len(begun), 4) if begun else None,
            median_days_to_complete=days[(len(days) - 1) // 2] if days else None,
        )

    def dropoff(self) -> list[DropoffRow]:
        """Return who left at each lesson."""
        return [row for course in sorted(self.lessons) for row in self._dropoff(course)]

    def _dropoff(self, course: str) -> list[DropoffRow]:
        reached: defaultdict[str, list[Lesson]] = defaultdict(list)
        current, dropped = Counter[str](), Counter[str]()
        for lessons in self.of(course).values():
            for lesson_id, lesson in lessons.items():
                reached[lesson_id].append(lesson)
            if self.completed_at(course, lessons) is None:
                last, lesson_id = max((lesson.last, lesson_id) for lesson_id, lesson in lessons.items())
                (dropped if last < self.now - DROPPED_AFTER else current)[lesson_id] += 1
        ordered = sorted(reached, key=lambda lesson_id: (-len(reached[lesson_id]), lesson_id))
        return [
            self._dropoff_row(course, rank, lesson_id, reached[lesson_id], current[lesson_id], dropped[lesson_id])
            for rank, lesson_id in enumerate(ordered, 1)
        ]

    @staticmethod
    def _dropoff_row(
        course: str, rank: int, lesson_id: str, reached: list[Lesson], current: int, dropped: int
    ) -> DropoffRow:
        average = mean(lesson.percent for lesson in reached if lesson.percent is not None)
        return DropoffRow(
            course_id=course,
            reach_rank=rank,
            lesson_id=lesson_id,
            started_count=len(reached),
            completed_count=sum(lesson.completed_at is not None for lesson in reached),
            current_count=current,
            dropped_count=dropped,
            dropped_rate=rounded(Decimal(dropped) / len(reached), 4),
            time_spent_seconds=sum(event.time_spent_seconds for lesson in reached for event in lesson.events),
            average_percent=None if average is None else float(average),
        )

    def enrollment(self) -> list[EnrollmentRow]:
        """Return who is enrolled in each course."""
        return [self._enrollment(course) for course in self.courses()]

    def _enrollment(self, course: str) -> EnrollmentRow:
        learners, enrolled = self.of(course), self.enrolled(course)
        done = {user_id for user_id, lessons in learners.items() if self.completed_at(course, lessons) is not None}
        due = {user_id: due_at for user_id, known, due_at in self.assignments if known == course}
        return EnrollmentRow(
            course_id=course,
            enrolled_count=len(enrolled),
            assigned_count=len(due),
            not_started_count=len(enrolled - set(learners)),
            in_progress_count=len(set(learners) - done),
            completed_count=len(done),
            overdue_count=sum(at is not None and at < self.now and user not in done for user, at in due.items()),
        )
