"""Reads a batch of progress events out of a request body, judging each event on its own."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from rollcall.contracts.event import ProgressBatch, ProgressEvent
from rollcall.contracts.receipt import EventReceipt
from rollcall.errors import Fault, InvalidBody, TooManyEvents

DIGITS_MAX = 20  # longer integers fit nothing we hold, and Python refuses to read very long ones
UNKNOWN_FIELD = "extra_forbidden"

Judge = Callable[[ProgressEvent], tuple[str, str] | None]
"""Returns a reason and the field it lies in, or None for an event that may be stored."""


@dataclass
class ReadBatch:
    """A batch as it was read: what may be stored, where in the request it was, and receipts for all the rest."""

    events: list[ProgressEvent] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    pointers: list[str] = field(default_factory=list)
    rejections: dict[int, EventReceipt] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def reject(self, position: int, event_id: UUID | None, reason: str, faults: Iterable[Fault]) -> None:
        """Note why the event at this position is not stored."""
        found = list(faults)
        self.faults += found
        self.rejections[position] = EventReceipt(
            event_id=event_id, status="rejected", reason=reason, pointer=found[0].pointer
        )


def read_batch(body: bytes, events_max: int, judge: Judge) -> ReadBatch:
    """Read `{"events": [...]}`; raises InvalidBody or TooManyEvents when there is no batch to judge."""
    try:
        events = ProgressBatch.model_validate_json(body).events
    except ValidationError:
        return _read_one_by_one(_events_in(body), events_max, judge)
    _check_count(events, events_max)
    batch = ReadBatch()
    for position, event in enumerate(events):
        _judge(batch, position, f"/events/{position}", event, judge)
    return batch


def read_event(body: bytes, judge: Judge) -> ReadBatch:
    """Read a body that is one event; raises InvalidBody when it is no JSON object."""
    document = _json_in(body)
    if not isinstance(document, dict):
        raise InvalidBody("The body is not a JSON object.")
    batch = ReadBatch()
    _read_one(batch, 0, "", document, judge)
    return batch


def _read_one_by_one(documents: list[Any], events_max: int, judge: Judge) -> ReadBatch:
    _check_count(documents, events_max)
    batch = ReadBatch()
    for position, document in enumerate(documents):
        _read_one(batch, position, f"/events/{position}", document, judge)
    return batch


def _read_one(batch: ReadBatch, position: int, pointer: str, document: Any, judge: Judge) -> None:
    try:
        # Through JSON again: the rules for JSON input differ from those for Python objects.
        event = ProgressEvent.model_validate_json(json.dumps(document))
    except ValidationError as invalid:
        faults = (_fault(pointer, error) for error in invalid.errors(include_url=False, include_input=False))
        batch.reject(position, _event_id_of(document), "invalid", faults)
    else:
        _judge(batch, position, pointer, event, judge)


def _judge(batch: ReadBatch, position: int, pointer: str, event: ProgressEvent, judge: Judge) -> None:
    verdict = judge(event)
    if verdict is None:
        batch.events.append(event)
        batch.positions.append(position)
        batch.pointers.append(pointer)
    else:
        reason, name = verdict
        batch.reject(position, event.event_id, reason, [not_accepted(f"{pointer}/{name}", reason)])


def not_accepted(pointer: str, reason: str) -> Fault:
    """Return the fault of a well-formed member that may not be accepted."""
    return Fault(pointer, reason, f"Not accepted: {reason.replace('_', ' ')}.")


def _events_in(body: bytes) -> list[Any]:
    document = _json_in(body)
    if not isinstance(document, dict):
        raise InvalidBody("The body is not a JSON object.")
    if set(document) != {"events"}:
        raise InvalidBody(
            "The body has exactly one member: events.",
            faults=[Fault("", "unexpected_members", "Only events.")],
        )
    events = document["events"]
    if not isinstance(events, list):
        raise InvalidBody("events is an array.", faults=[Fault("/events", "not_an_array", "An array of events.")])
    return events


def _check_count(events: list[Any], events_max: int) -> None:
    if len(events) > events_max:
        raise TooManyEvents(f"A batch has at most {events_max} events; this one has {len(events)}.")


def _json_in(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant, parse_int=_bounded_int)
    except (ValueError, RecursionError) as fault:
        raise InvalidBody("The body is not JSON that we can read.") from fault


def _refuse_constant(_name: str) -> None:
    raise ValueError("JSON has no such number")


def _bounded_int(digits: str) -> int | float:
    return int(digits) if len(digits) <= DIGITS_MAX else float(digits)


def _event_id_of(document: Any) -> UUID | None:
    value = document.get("event_id") if isinstance(document, dict) else None
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _fault(pointer: str, error: ErrorDetails) -> Fault:
    # An unknown member's name is the client's own text: point at the event that has it.
    location = error["loc"][:-1] if error["type"] == UNKNOWN_FIELD else error["loc"]
    parts = [str(part).replace("~", "~0").replace("/", "~1") for part in location]
    # What follows ", invalid" or ":" quotes the input.
    detail = error["msg"].split(", invalid")[0].split(":")[0]
    return Fault("/".join([pointer, *parts]), error["type"], detail)
