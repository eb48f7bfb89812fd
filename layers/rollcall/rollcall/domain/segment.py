"""Calls of Segment's tracking API become analytics events. Pure: the client's words in, ours out."""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from pydantic import ValidationError

from rollcall.contracts.analytics import AnalyticsEvent
from rollcall.contracts.segment import SegmentBatch, SegmentCall
from rollcall.contracts.times import read_foreign_time
from rollcall.domain.batch import read_json
from rollcall.domain.window import AcceptedWindow
from rollcall.errors import Fault, InvalidBody

NAMESPACE = UUID("3f0c1bd5-2f54-4a0e-9a53-7a0a3b6f6c11")  # drawn once; another would make every event a new one
CANONICAL_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


class CallRefused(Exception):
    """A readable call cannot become an event: `reason`, and the member of the call that it lies in."""

    def __init__(self, reason: str, member: str) -> None:
        self.reason = reason
        self.member = member
        super().__init__(reason)


@dataclass(frozen=True)
class ClockSkew:
    """How far a client's clock is behind ours, by when it says that it sent what we received."""

    behind: timedelta
    window: AcceptedWindow

    @classmethod
    def between(cls, sent_at: datetime | None, received_at: datetime, window: AcceptedWindow) -> "ClockSkew":
        """Return the skew; none when the client does not say when it sent."""
        return cls(received_at - sent_at if sent_at else timedelta(0), window)

    def correct(self, told_at: datetime) -> datetime:
        """Return our time of what a client says happened at `told_at`.

        Where that leads out of the accepted window, its sentAt made no sense, and its word stands.
        """
        try:
            corrected = told_at + self.behind
        except OverflowError:
            return told_at
        return corrected if self.window.holds(corrected) else told_at


def read_segment_batch(body: bytes) -> SegmentBatch:
    """Read a body; raises InvalidBody when there is no batch in it."""
    try:
        return SegmentBatch.model_validate(read_json(body))
    except ValidationError:
        fault = Fault("/batch", "no_calls", "An array of one call or more.")
        raise InvalidBody("The body is an object with calls in the array batch.", faults=[fault]) from None


def read_sent_at(batch: SegmentBatch) -> datetime | None:
    """Return when a batch was sent by its client's clock, None where it does not say so readably."""
    try:
        return read_foreign_time(batch.sent_at)
    except ValueError:
        return None


def read_call(document: Any) -> SegmentCall:
    """Read one call; raises ValidationError."""
    try:
        # Through JSON again: it refuses what could not be written as JSON later, such as half a surrogate pair.
        text = json.dumps(document)
    except RecursionError:
        text = "null"
    return SegmentCall.model_validate_json(text)


def event_of(call: SegmentCall, org_id: UUID, shared_context: Any, sent_at: datetime) -> AnalyticsEvent:
    """Return the event that a call is, with the time that its client tells; raises CallRefused.

    `shared_context` is the batch's own. `sent_at` stands in for the time of a call that tells none.
    """
    name, properties = _name_and_properties(call)
    context = (shared_context if isinstance(shared_context, dict) else {}) | call.context
    if context:
        properties["context"] = context
    return AnalyticsEvent(
        event_id=_event_id(call, org_id),
        org_id=org_id,
        name=name,
        occurred_at=call.timestamp or sent_at,
        user_id=call.user_id,
        anonymous_id=call.anonymous_id,
        properties=properties,
    )


def _event_id(call: SegmentCall, org_id: UUID) -> UUID:
    """Return what makes a call count once: its messageId, or else its content."""
    if call.message_id is None:
        # With no time either, what somebody does twice could not be told from what a client sends twice.
        if call.timestamp is None:
            raise CallRefused("identity_missing", "messageId")
        return uuid5(NAMESPACE, f"{org_id} content {json.dumps(call.model_dump(mode='json'), sort_keys=True)}")
    if CANONICAL_UUID.fullmatch(call.message_id):
        return UUID(call.message_id)
    return uuid5(NAMESPACE, f"{org_id} message {call.message_id}")


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
