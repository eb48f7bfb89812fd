"""Builds what tests send: valid unless a test says otherwise."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from rollcall.contracts.event import ProgressEvent

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
COURSE = "algebra"
LESSON = "fractions"


def an_event(org_id: UUID | None, **fields: Any) -> ProgressEvent:
    """Return an event of its own id and learner."""
    defaults: dict[str, Any] = {
        "event_id": uuid4(),
        "org_id": org_id,
        "user_id": uuid4(),
        "course_id": COURSE,
        "lesson_id": LESSON,
        "kind": "progressed",
        "percent": 40.0,
        "time_spent_seconds": 60,
        "occurred_at": NOW,
    }
    return ProgressEvent(**{**defaults, **fields})


def changed(event: ProgressEvent, **fields: Any) -> ProgressEvent:
    """Return the event with other values in these fields."""
    return event.model_copy(update=fields)
