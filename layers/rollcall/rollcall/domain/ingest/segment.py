"""Calls of Segment's tracking API become analytics events. Pure: the client's words in, ours out."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from pydantic import ValidationError

from rollcall.contracts.identifiers import id_text, read_uuid
from rollcall.contracts.ingest.analytics import AnalyticsEvent, UntimedEvent
from rollcall.contracts.ingest.segment import SegmentBatch, SegmentCall
from rollcall.contracts.placeholders import names_no_event
from rollcall.contracts.times import read_foreign_time
from rollcall.domain.ingest import write_key
from rollcall.domain.ingest.foreign_json import read_foreign_json
from rollcall.domain.ingest.readable import readable
from rollcall.errors import Fault, InvalidBody

NAMESPACE = UUID("3f0c1bd5-2f54-4a0e-9a53-7a0a3b6f6c11")  # drawn once; another would make every event a new one
# Without these a call has nothing to keep, or nothing true. Any other unreadable member counts
# as absent. Of its times one is enough.
NEEDED = frozenset({"type", "event"})
TIMES = frozenset({"timestamp", "originalTimestamp"})
PERSONS = ("userId", "anonymousId")
# A member that came to the contract later: what a call without messageId is known by must not change.
LATER = {"original_timestamp"}


class CallRefused(Exception):
    """A readable call cannot become an event: `reason`, the member of the call that it lies in, and the rule."""

    def __init__(self, reason: str, member: str, rule: str = "") -> None:
        self.reason = reason
        self.member = member
        self.rule = rule
        super().__init__(reason)


def read_segment_batch(body: bytes) -> SegmentBatch:
    """Read a body; raises InvalidBody when there is no batch in it."""
    try:
        return SegmentBatch.model_validate(read_foreign_json(body))
    except ValidationError:
        fault = Fault("/batch", "no_calls", "An array of one call or more.")
        raise InvalidBody("The body is an object with calls in the array batch.", faults=[fault]) from None


def read_single_call(body: bytes, call_type: str) -> dict[str, Any]:
    """Read a body that is one call, of the type that its route is for; raises InvalidBody when it is no object."""
    document = read_foreign_json(body)
    if not isinstance(document, dict):
        raise InvalidBody("The body is a call: a JSON object.")
    return document | {"type": call_type}


def read_sent_at(stated: Iterable[object]) -> datetime | None:
    """Return when something was sent by its client's clock: the first of these that can be read."""
    for text in stated:
        try:
            if sent_at := read_foreign_time(text):
                return sent_at
        except ValueError:
            continue
    return None


def read_call(document: Any) -> SegmentCall:
    """Read one call, without the members that cannot be read and need not be; raises ValidationError."""
    stated = readable(document)
    try:
        return SegmentCall.model_validate(stated)
    except ValidationError as invalid:
        kept = _without_unreadable(stated, invalid)
        if kept is None:
            raise
    return SegmentCall.model_validate(kept)


def _without_unreadable(stated: Any, invalid: ValidationError) -> dict[str, Any] | None:
    """Return a call without its unreadable members; None where it cannot do without one of them."""
    unreadable = {str(error["loc"][0]) for error in invalid.errors(include_input=False) if error["loc"]}
    if not isinstance(stated, dict) or not unreadable:
        return None
    needed = set(NEEDED)
    if all(name in unreadable or is_unstated(stated.get(name)) for name in TIMES):
        needed |= TIMES
    if str(stated.get("type")).strip().lower() != "track":
        needed.discard("event")
    is_nobody = all(not stated.get(name) or name in unreadable for name in PERSONS)
    if unreadable & needed or (is_nobody and unreadable.intersection(PERSONS)):
        return None
    return {name: value for name, value in stated.items() if name not in unreadable}


def is_unstated(value: object) -> bool:
    """Return whether a client leaves a time out, as read_foreign_time has it."""
    return value is None or (isinstance(value, str) and not value.strip())


def refuse_other_key(document: Any, org_id: UUID) -> None:
    """Raise CallRefused for a call that names another organisation's write key than it was sent under."""
    if isinstance(document, dict) and write_key.is_of_another(document.get("writeKey"), org_id):
        raise CallRefused("write_key_differs", "writeKey")


def event_of(call: SegmentCall, org_id: UUID, shared_context: Any, sent_at: datetime) -> AnalyticsEvent:
    """Return the event that a call is, with the client's time; raises CallRefused.

    `shared_context` is the batch's own. `sent_at` stands in for the time of a call without one.
    """
    name, properties = _name_and_properties(call)
    context = (readable(shared_context) if isinstance(shared_context, dict) else {}) | call.context
    if context:
        properties["context"] = context
    stated_at = call.timestamp or call.original_timestamp
    kind = AnalyticsEvent if stated_at else UntimedEvent
    return kind(
        event_id=_event_id(call, org_id),
        org_id=org_id,
        name=name,
        occurred_at=stated_at or sent_at,
        user_id=call.user_id,
        anonymous_id=call.anonymous_id,
        properties=properties,
    )


def message_event_id(org_id: UUID, message_id: str) -> UUID:
    """Return the id of the event that an organisation's message becomes: the UUID that it is, or one made of it."""
    return read_uuid(message_id.strip()) or uuid5(NAMESPACE, f"{org_id} message {message_id}")


def stated_event_id(document: Any, org_id: UUID) -> UUID | None:
    """Return the event id of a call that could not be read, where its messageId can be."""
    message_id = id_text(readable(document.get("messageId"))) if isinstance(document, Mapping) else None
    return message_event_id(org_id, message_id) if message_id and not names_no_event(message_id) else None


def _event_id(call: SegmentCall, org_id: UUID) -> UUID:
    """Return what makes a call count once: its messageId, or else its content."""
    if call.message_id is not None:
        return message_event_id(org_id, call.message_id)
    # Without a time as well, two actions of a person would look like one event sent twice.
    if call.timestamp is None and call.original_timestamp is None:
        raise CallRefused("identity_missing", "messageId")
    content = call.model_dump(mode="json", exclude=LATER)
    if call.timestamp is None:
        content |= call.model_dump(mode="json", include=LATER)
    return uuid5(NAMESPACE, f"{org_id} content {json.dumps(content, sort_keys=True)}")


def _name_and_properties(call: SegmentCall) -> tuple[str, dict[str, Any]]:
    match call.type:
        case "track" if call.event is None:
            raise CallRefused("event_missing", "event")
        case "track":
            return str(call.event), dict(call.properties)
        case "page" | "screen":
            # Not `name`: that is a person's, wherever it stands.
            return call.type, call.properties | _given(**{f"{call.type}_name": call.name, "category": call.category})
        case "identify":
            return call.type, dict(call.traits)
        case "group":
            return call.type, call.traits | _given(group_id=call.group_id)
        case "alias":
            return call.type, _given(previous_id=call.previous_id)


def _given(**members: str | None) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
