"""The population: learners, organisations, courses and lessons. Every id is derived from a number."""

import hashlib
from uuid import UUID

ORGANISATIONS = 40
COURSES_PER_ORGANISATION = 50
COURSES_PER_LEARNER = 3
LESSONS_PER_COURSE = 12
LESSONS_PER_LEARNER = COURSES_PER_LEARNER * LESSONS_PER_COURSE

# The same ids in SQL, over a row with the columns learner and lesson (0 to LESSONS_PER_LEARNER - 1).
SQL_ORG_ID = f"md5('organisation ' || learner % {ORGANISATIONS})::uuid"
SQL_USER_ID = "md5('learner ' || learner)::uuid"
SQL_COURSE_ID = f"'course-' || (learner + lesson / {LESSONS_PER_COURSE}) % {COURSES_PER_ORGANISATION}"
SQL_LESSON_ID = f"'lesson-' || lesson % {LESSONS_PER_COURSE}"


def _uuid(text: str) -> str:
    return str(UUID(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()))


def org_id(learner: int) -> str:
    """Return the organisation of a learner."""
    return _uuid(f"organisation {learner % ORGANISATIONS}")


def user_id(learner: int) -> str:
    """Return a learner's id."""
    return _uuid(f"learner {learner}")


def course_id(learner: int, lesson: int) -> str:
    """Return the course of one of a learner's lessons."""
    return f"course-{(learner + lesson // LESSONS_PER_COURSE) % COURSES_PER_ORGANISATION}"


def lesson_id(lesson: int) -> str:
    """Return the id of one of a learner's lessons, within its course."""
    return f"lesson-{lesson % LESSONS_PER_COURSE}"
