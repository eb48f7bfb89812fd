"""Reads a batch of events out of a request body, judging each event on its own."""

import json
from codecs import BOM_UTF8
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError

from rollcall.contracts.identifiers import read_uuid
from rollcall.contracts.ingest.receipt import EventReceipt, Rejection
from rollcall.domain.faults import fault_of
from rollcall.domain.ingest.json_body import read_json
from rollcall.domain.ingest.nesting import DEPTH_MAX
from rollcall.domain.ingest.readable import readable
from rollcall.domain.ingest.reasons import Refusal, explain_form, explain_reason
from rollcall.errors import Fault, InvalidBody, NumberInvalid, TooManyEvents


class Identified(Protocol):
    """An event of any kind."""

    @property
    def event_id(self) -> UUID:
        """What makes it count once."""

    @property
    def org_id(self) -> UUID | None:
        """The organisation it names."""


Event = TypeVar("Event", bound=Identified)

Judge = Callable[[Event], Refusal | None]
"""Returns why an event is refused, or None for one that may be stored."""


@dataclass(frozen=True)
class BatchForm(Generic[Event]):
    """Reads events of a kind from JSON: one, and a whole `{"events": [...]}` at once. Both raise ValidationError.

    `model` is what one event is read as: faults use the names of its members.
    """

    model: type[BaseModel]
    read_event: Callable[[str], Event]
    read_events: Callable[[bytes], list[Event]]


@dataclass
class ReadBatch(Generic[Event]):
    """A batch as it was read: what may be stored, at which positions, and receipts for all the rest.

    `pointer_form` makes a position into the JSON pointer of its event. `rejected` has the organisation that was named,
    the id and the reason of each rejected event whose id could be read.
    """

    pointer_form: str
    events: list[Event] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    rejections: dict[int, EventReceipt] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    rejected: list[tuple[UUID | None, UUID, str]] = field(default_factory=list)

    def pointer(self, position: int) -> str:
        """Return where in the body the event of this position stands."""
        return self.pointer_form.format(position)

    def reject(self, position: int, event: Event, refusal: Refusal, *, is_noted: bool = True) -> None:
        """Note that a readable event is not stored, and why.

        A rejection that is not noted is in the receipt only, and in no later answer.
        """
        if is_noted:
            self.rejected.append((event.org_id, event.event_id, refusal.reason))
        self.refuse(position, event.event_id, refusal)

    def refuse(self, position: int, event_id: UUID | None, refusal: Refusal) -> None:
        """Note that what stands at this position is not stored, whether or not its event_id is known."""
        reason, member, limit = refusal
        fault = Fault(f"{self.pointer(position)}/{member}", reason, explain_reason(reason, limit))
        self._note(position, event_id, reason, [fault])

    def reject_unreadable(self, position: int, document: Any, invalid: ValidationError, model: type[BaseModel]) -> None:
        """Note that what stands at this position is no event of a model."""
        errors = invalid.errors(include_url=False, include_input=False)
        faults = [fault_of(self.pointer(position), error, model) for error in errors]
        event_id = _uuid_in(document, "event_id")
        if event_id is not None:
            self.rejected.append((_uuid_in(document, "org_id"), event_id, "invalid"))
        self._note(position, event_id, "invalid", faults)

    def rejections_within(self, org_ids: frozenset[UUID]) -> list[Rejection]:
        """Return the rejections to be noted, each under its organisation, where that is one of these.

        An event that names none is noted where there is but one that it could be of.
        """
        only = next(iter(org_ids)) if len(org_ids) == 1 else None
        noted = ((named or only, event_id, reason) for named, event_id, reason in self.rejected)
        return [
            Rejection(org_id, event_id, reason)
            for org_id, event_id, reason in noted
            if org_id is not None and org_id in org_ids
        ]

    def _note(self, position: int, event_id: UUID | None, reason: str, faults: list[Fault]) -> None:
        self.faults += faults
        self.rejections[position] = EventReceipt(
            event_id=event_id,
            status="rejected",
            reason=reason,
            pointer=faults[0].pointer,
            detail=explain_form(faults[0].detail) if reason == "invalid" else faults[0].detail,
        )


def read_batch(body: bytes, form: BatchForm[Event], events_max: int, judge: Judge[Event]) -> ReadBatch[Event]:
    """Read `{"events": [...]}`; raises InvalidBody or TooManyEvents when there is no batch to judge."""
    return _read_together(body, lambda: _events_in(body), form, events_max, judge)


def read_documents(
    documents: list[Any], form: BatchForm[Event], events_max: int, judge: Judge[Event]
) -> ReadBatch[Event]:
    """Read events that were taken out of a message, as if they were the body of a batch; raises TooManyEvents."""
    _check_count(documents, events_max)
    body = json.dumps({"events": documents}).encode()
    return _read_together(body, lambda: documents, form, events_max, judge)


def _read_together(
    body: bytes, split: Callable[[], list[Any]], form: BatchForm[Event], events_max: int, judge: Judge[Event]
) -> ReadBatch[Event]:
    """Read all events at once, and one by one only when that fails."""
    batch: ReadBatch[Event] = ReadBatch("/events/{}")
    try:
        events = form.read_events(_plain_json(body))
    except (ValidationError, NumberInvalid):
        documents = split()
        _check_count(documents, events_max)
        for position, document in enumerate(documents):
            _read(batch, form, position, document, judge)
        return batch
    _check_count(events, events_max)
    for position, event in enumerate(events):
        _judge(batch, position, event, judge)
    return batch


def read_event(body: bytes, form: BatchForm[Event], judge: Judge[Event]) -> ReadBatch[Event]:
    """Read a body that is one event; raises InvalidBody when it is no JSON object."""
    document = read_json(body)
    if not isinstance(document, dict):
        raise InvalidBody("The body is not a JSON object.")
    batch: ReadBatch[Event] = ReadBatch("")
    _read(batch, form, 0, document, judge)
    return batch


def _read(batch: ReadBatch[Event], form: BatchForm[Event], position: int, document: Any, judge: Judge[Event]) -> None:
    try:
        # Through JSON again: the rules for JSON input differ from those for Python objects.
        event = form.read_event(_written(document))
    except ValidationError as invalid:
        batch.reject_unreadable(position, document, invalid, form.model)
    else:
        _judge(batch, position, event, judge)


def _written(document: Any) -> str:
    try:
        return json.dumps(document)
    except RecursionError:
        return json.dumps(readable(document, DEPTH_MAX))


def _judge(batch: ReadBatch[Event], position: int, event: Event, judge: Judge[Event]) -> None:
    if (verdict := judge(event)) is None:
        batch.events.append(event)
        batch.positions.append(position)
    else:
        batch.reject(position, event, verdict)


def _events_in(body: bytes) -> list[Any]:
    document = read_json(body)
    if not isinstance(document, dict):
        raise InvalidBody("The body is not a JSON object.")
    if set(document) != {"events"}:
        raise InvalidBody(
            "The body has exactly one member: events.",
            faults=[Fault("", "unexpected_members", "Only events.")],
        )
    return array_of_events(document["events"])


def array_of_events(value: object) -> list[Any]:
    """Return what stands as `events`; raises InvalidBody when that is no array."""
    if not isinstance(value, list):
        raise InvalidBody("events is an array.", faults=[Fault("/events", "not_an_array", "An array of events.")])
    return value


def _check_count(events: Sequence[object], events_max: int) -> None:
    if len(events) > events_max:
        raise TooManyEvents(f"A batch has at most {events_max} events; this one has {len(events)}.")


def _plain_json(body: bytes) -> bytes:
    """Return a body without its byte order mark; raises NumberInvalid where a word that is no JSON may stand in it.

    pydantic reads NaN and Infinity, and a batch that holds one is to be refused as a single event with it is.
    """
    if b"NaN" in body or b"Infinity" in body:
        raise NumberInvalid
    return body.removeprefix(BOM_UTF8)


def _uuid_in(document: Any, name: str) -> UUID | None:
    value = document.get(name) if isinstance(document, dict) else None
    return read_uuid(value) if isinstance(value, str) else None
