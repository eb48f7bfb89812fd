"""Contract members: the members of an unreadable batch that fit our contracts, and so survive scrubbing.

A batch of a version that is yet to be deployed is such a one. Scrubbed as any text is, its ids would be pseudonyms, and
the version that can read it could not store it any more: accepted events would be lost.
"""

import json
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from rollcall.contracts.ingest.analytics import QueuedBatch, ScrubbedEvent
from rollcall.contracts.ingest.progress import ProgressEvent
from rollcall.contracts.ingest.spool import SpooledBatch
from rollcall.domain.scrub.identifiers import find_plainly_personal


@dataclass(frozen=True)
class Form:
    """A queue's batches, and the members of theirs that cannot hold anything but what they are for."""

    batch: type[BaseModel]
    batch_members: frozenset[str]
    event: type[BaseModel]
    event_members: frozenset[str]
    # Texts of an event that are stored as they are, unless something personal is found in them.
    event_identifiers: frozenset[str] = frozenset()


FORMS = {
    "spool": Form(
        SpooledBatch,
        frozenset({"org_ids", "received_at"}),
        ProgressEvent,
        frozenset({"event_id", "org_id", "user_id", "assigned_by", "occurred_at", "percent", "time_spent_seconds"}),
        frozenset({"course_id", "lesson_id"}),
    ),
    "analytics": Form(
        QueuedBatch,
        frozenset({"org_id", "batch_id", "received_at", "content_hash"}),
        ScrubbedEvent,
        frozenset({"event_id", "occurred_at", "user_pseudonym", "anonymous_pseudonym", "session_pseudonym", "digest"}),
    ),
}


def restore(queue: str, given: Any, scrubbed: Any) -> Any:
    """Return a scrubbed document with those members of a queue's batch, and of its events, as they were given.

    Raises ScrubFailed where an identifier's Unicode cannot be made plain.

    What was noted of earlier scrubbing is left out: it is a list of texts that anybody could have written.
    """
    form = FORMS.get(queue)
    if form is None or not isinstance(given, dict) or not isinstance(scrubbed, dict):
        return scrubbed
    kept = scrubbed | _members(form.batch, form.batch_members, given)
    events, left = given.get("events"), scrubbed.get("events")
    if isinstance(events, list) and isinstance(left, list) and len(events) == len(left):
        kept["events"] = [_event(form, *pair) for pair in zip(events, left, strict=True)]
    return kept


def _event(form: Form, given: Any, scrubbed: Any) -> Any:
    if not isinstance(given, dict) or not isinstance(scrubbed, dict):
        return scrubbed
    without: dict[str, Any] = {"remarks": []} if "remarks" in scrubbed else {}
    identifiers = _members(form.event, form.event_identifiers, given)
    fit = {name: value for name, value in identifiers.items() if find_plainly_personal(value) is None}
    return scrubbed | without | fit | _members(form.event, form.event_members, given)


def _members(model: type[BaseModel], names: frozenset[str], given: dict[str, Any]) -> dict[str, Any]:
    return {name: given[name] for name in sorted(names & given.keys()) if _is_valid(model, name, given[name])}


def _is_valid(model: type[BaseModel], name: str, value: Any) -> bool:
    try:
        _adapter(model, name).validate_json(json.dumps(value))
    except ValidationError:
        return False
    return True


@cache
def _adapter(model: type[BaseModel], name: str) -> TypeAdapter[Any]:
    field = model.model_fields[name]
    annotated: Any = Annotated[field.annotation, field]
    return TypeAdapter(annotated)
