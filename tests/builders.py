"""Builds the things that tests speak of, with sensible values for what a test does not care about."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from rollcall.contracts.caller import Caller
from rollcall.contracts.ingest.analytics import QueuedBatch, ScrubbedEvent
from rollcall.contracts.ingest.progress import ProgressEvent
from rollcall.domain.scrub.policy import default_policy

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
ORG = UUID("5d1f6a1c-5f0e-4c55-8a53-0f1c2b3d4e5f")
USER = UUID("0b1f6c1e-6a3e-4a52-9d8e-2f6f3f1f5a10")
COURSE = "algebra"
LESSON = "fractions"


def event_document(**changes: Any) -> dict[str, Any]:
    """Return an event as a client would write it; a change to `...` leaves the member out."""
    document = {
        "event_id": str(uuid4()),
        "org_id": str(ORG),
        "user_id": str(USER),
        "course_id": COURSE,
        "lesson_id": LESSON,
        "kind": "progressed",
        "percent": 40,
        "time_spent_seconds": 60,
        "occurred_at": (NOW - timedelta(hours=1)).isoformat(),
    } | changes
    return {name: value for name, value in document.items() if value is not ...}


def progress_event(**changes: Any) -> ProgressEvent:
    """Return a valid event."""
    fields = {
        "event_id": uuid4(),
        "org_id": ORG,
        "user_id": USER,
        "course_id": COURSE,
        "lesson_id": LESSON,
        "kind": "progressed",
        "percent": 40.0,
        "time_spent_seconds": 60,
        "occurred_at": NOW - timedelta(hours=1),
    }
    return ProgressEvent.model_validate(fields | changes)


def an_event(org_id: UUID | None, **fields: Any) -> ProgressEvent:
    """Return a valid event of a learner of its own."""
    return progress_event(**{"org_id": org_id, "user_id": uuid4(), "occurred_at": NOW, **fields})


def scrubbed_event(**changes: Any) -> ScrubbedEvent:
    """Return an analytics event as it waits in the queue."""
    fields = {
        "event_id": uuid4(),
        "occurred_at": NOW,
        "name": "lesson_viewed",
        "user_pseudonym": "a" * 32,
        "properties": {"score": 7},
        "remarks": [("*", "@undeclared", "remove")],
        "digest": "0" * 32,
    }
    return ScrubbedEvent.model_validate(fields | changes)


def queued_batch(org_id: UUID, *events: ScrubbedEvent, **changes: Any) -> QueuedBatch:
    """Return a batch as it waits in the queue."""
    fields = {
        "org_id": org_id,
        "batch_id": uuid4(),
        "route": "analytics",
        "sent_by": "b" * 32,
        "received_at": NOW,
        "key_id": "k1",
        "policy_version": default_policy().version,
        "content_hash": "c" * 64,
        "events": list(events),
    }
    return QueuedBatch.model_validate(fields | changes)


def changed(event: ProgressEvent, **fields: Any) -> ProgressEvent:
    """Return the event with other values in these fields."""
    return event.model_copy(update=fields)


def spellings(user_id: UUID) -> list[str]:
    """Return how clients spell a UUID, beside its canonical form."""
    dashed = str(user_id)
    lower = [user_id.hex, f"{{{dashed}}}", f"urn:uuid:{dashed}"]
    return [*lower, user_id.hex.upper(), f"{{{dashed.upper()}}}", f"urn:uuid:{dashed.upper()}"]


def caller(**changes: Any) -> Caller:
    """Return a learner of one organisation."""
    fields = {
        "subject": str(USER),
        "role": "learner",
        "org_ids": frozenset({ORG}),
        "scopes": frozenset(),
        "expires_at": int(NOW.timestamp()) + 3600,
    }
    return Caller.model_validate(fields | changes)
