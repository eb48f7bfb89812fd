"""Isolate: which events of a batch cannot be read or stored, so that the others are, and these alone are buried."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from pydantic import ValidationError

from rollcall.contracts.dead_letters.letter import NOBODY
from rollcall.contracts.ingest.analytics import QueuedBatch, QueuedEnvelope, ScrubbedEvent
from rollcall.contracts.ingest.progress import ProgressEvent
from rollcall.contracts.ingest.spool import SpooledBatch, SpooledEnvelope
from rollcall.domain.dead_letters.letters import event_id_of, owner_of, read_document, write_document
from rollcall.errors import PoisonedMessage, RollcallError

Batch = TypeVar("Batch", QueuedBatch, SpooledBatch)
Event = TypeVar("Event", ScrubbedEvent, ProgressEvent)


@dataclass(frozen=True)
class Unfit:
    """An event that cannot be read or stored: whose it is, its id where that can be read, and what the message says.

    `envelope` is the message without its events.
    """

    org_id: UUID
    event_id: UUID | None
    event: Any
    envelope: Mapping[str, Any]
    fault: RollcallError


def body_of(unfit: Sequence[Unfit]) -> str:
    """Return a message with these events alone; they are of one."""
    return write_document({**unfit[0].envelope, "events": [each.event for each in unfit]})


def by_organisation(unfit: Sequence[Unfit]) -> list[list[Unfit]]:
    """Return events of one message by whose they are."""
    found: dict[UUID, list[Unfit]] = {}
    for each in unfit:
        found.setdefault(each.org_id, []).append(each)
    return list(found.values())


def read_queued(text: str) -> tuple[QueuedBatch | None, list[Unfit]]:
    """Return the batch in a message with the events that can be read, and the others; raises PoisonedMessage."""
    try:
        return QueuedBatch.model_validate_json(text), []
    except ValidationError as invalid:
        # Not chained, here as below: its text quotes the message.
        poison = PoisonedMessage(f"{invalid.error_count()} faults in a queued batch.")
    document, envelope = _open(text, QueuedEnvelope, poison)
    events, left = _sort(document["events"], ScrubbedEvent)
    unfit = [_unfit(event, envelope.org_id, document, poison) for event in left]
    return QueuedBatch(**dict(envelope), events=events) if events else None, unfit


def read_spooled(text: str) -> tuple[SpooledBatch | None, list[Unfit]]:
    """Return the batch in a message with the events that can be read, and the others; raises PoisonedMessage."""
    try:
        return SpooledBatch.model_validate_json(text), []
    except ValidationError as invalid:
        poison = PoisonedMessage(f"{invalid.error_count()} faults in a spooled batch.")
    document, envelope = _open(text, SpooledEnvelope, poison)
    events, left = _sort(document["events"], ProgressEvent)
    unfit = [_unfit(event, _owner_in(event, envelope.org_ids), document, poison) for event in left]
    return SpooledBatch(**dict(envelope), events=events) if events else None, unfit


def refused(batch: Batch, refuses: Callable[[Batch], bool], fault: RollcallError) -> tuple[Batch | None, list[Unfit]]:
    """Return a batch that was refused with the events that the store takes, and the others.

    By halves: some ten calls for one event of five hundred.
    """
    left = _refused_of(batch, refuses)
    kept: list[Any] = [event for event in batch.events if not any(event is other for other in left)]
    envelope = batch.model_dump(mode="json", exclude={"events"}, exclude_none=True)
    unfit = [
        Unfit(
            batch.org_id if isinstance(batch, QueuedBatch) else owner_of(event.org_id, batch.org_ids),
            event.event_id,
            event.model_dump(mode="json", exclude_none=True),
            envelope,
            fault,
        )
        for event in left
    ]
    return batch.model_copy(update={"events": kept}) if kept and unfit else None, unfit


def _refused_of(batch: Batch, refuses: Callable[[Batch], bool]) -> list[Any]:
    if not refuses(batch):
        return []
    events: list[Any] = list(batch.events)
    if len(events) == 1:
        return events
    middle = len(events) // 2
    halves = (batch.model_copy(update={"events": half}) for half in (events[:middle], events[middle:]))
    return [event for half in halves for event in _refused_of(half, refuses)]


def _open(text: str, model: type[Any], poison: PoisonedMessage) -> tuple[dict[str, Any], Any]:
    """Return a message as a document, and its envelope; raises what it was given where that cannot be read either."""
    try:
        document = read_document(text)
        if not isinstance(document, dict) or not isinstance(document.get("events"), list) or not document["events"]:
            raise poison
        around = {name: value for name, value in document.items() if name != "events"}
        return document, model.model_validate_json(write_document(around))
    except ValueError:  # of which pydantic's is one
        raise poison from None


def _sort(events: list[Any], model: type[Event]) -> tuple[list[Event], list[Any]]:
    read: list[Event] = []
    left: list[Any] = []
    for event in events:
        found = _read(event, model)
        if found is None:
            left.append(event)
        else:
            read.append(found)
    return read, left


def _read(event: Any, model: type[Event]) -> Event | None:
    try:
        return model.model_validate_json(write_document(event))
    except ValueError:
        return None


def _unfit(event: Any, org_id: UUID, document: Mapping[str, Any], fault: RollcallError) -> Unfit:
    envelope = {name: value for name, value in document.items() if name != "events"}
    return Unfit(org_id, event_id_of(event), event, envelope, fault)


def _owner_in(event: Any, org_ids: Sequence[UUID]) -> UUID:
    named = event.get("org_id") if isinstance(event, dict) else None
    try:
        return owner_of(None if named is None else UUID(str(named)), org_ids)
    except ValueError:
        return NOBODY
