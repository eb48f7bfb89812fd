"""Isolate: find the events of a batch that cannot be read or stored, so that only these become dead letters."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from pydantic import ValidationError

from rollcall.contracts.dead_letters.letter import NIL_ORGANISATION
from rollcall.contracts.ingest.analytics import QueuedBatch, QueuedEnvelope, ScrubbedEvent
from rollcall.contracts.ingest.progress import ProgressEvent
from rollcall.contracts.ingest.spool import SpooledBatch, SpooledEnvelope
from rollcall.domain.dead_letters.letters import event_id_of, owner_of, read_document, write_document
from rollcall.errors import PoisonedMessage, RollcallError

Batch = TypeVar("Batch", QueuedBatch, SpooledBatch)
Event = TypeVar("Event", ScrubbedEvent, ProgressEvent)


@dataclass(frozen=True)
class UnfitEvent:
    """An event that cannot be read or stored: its organisation, its id if readable, and its document.

    `envelope` is the message without its events.
    """

    org_id: UUID
    event_id: UUID | None
    event: Any
    envelope: Mapping[str, Any]
    fault: RollcallError


def body_of(unfit: Sequence[UnfitEvent]) -> str:
    """Return a message with only these events, which come from one message."""
    return write_document({**unfit[0].envelope, "events": [each.event for each in unfit]})


def by_organisation(unfit: Sequence[UnfitEvent]) -> list[list[UnfitEvent]]:
    """Group the events of one message by organisation."""
    found: dict[UUID, list[UnfitEvent]] = {}
    for each in unfit:
        found.setdefault(each.org_id, []).append(each)
    return list(found.values())


def read_queued(text: str) -> tuple[QueuedBatch | None, list[UnfitEvent]]:
    """Return the batch in a message with the events that can be read, and the others; raises PoisonedMessage."""
    try:
        return QueuedBatch.model_validate_json(text), []
    except ValidationError as invalid:
        # Not chained, as below: the text of the cause quotes the message.
        poison = PoisonedMessage(f"{invalid.error_count()} faults in a queued batch.")
    document, envelope = _open(text, QueuedEnvelope, poison)
    events, left = _sort(document["events"], ScrubbedEvent)
    unfit = [_unfit(event, envelope.org_id, document, poison) for event in left]
    return QueuedBatch(**dict(envelope), events=events) if events else None, unfit


def read_spooled(text: str) -> tuple[SpooledBatch | None, list[UnfitEvent]]:
    """Return the batch in a message with the events that can be read, and the others; raises PoisonedMessage."""
    try:
        return SpooledBatch.model_validate_json(text), []
    except ValidationError as invalid:
        poison = PoisonedMessage(f"{invalid.error_count()} faults in a spooled batch.")
    document, envelope = _open(text, SpooledEnvelope, poison)
    events, left = _sort(document["events"], ProgressEvent)
    unfit = [_unfit(event, _owner_in(event, envelope.org_ids), document, poison) for event in left]
    return SpooledBatch(**dict(envelope), events=events) if events else None, unfit


def refused(
    batch: Batch, refuses: Callable[[Batch], bool], fault: RollcallError
) -> tuple[Batch | None, list[UnfitEvent]]:
    """Split a refused batch into a batch of the events that the store takes, and the other events.

    It halves the batch: about ten calls find one event among five hundred.
    """
    left = _refused_of(batch, refuses)
    kept: list[Any] = [event for event in batch.events if not any(event is other for other in left)]
    envelope = batch.model_dump(mode="json", exclude={"events"}, exclude_none=True)
    unfit = [
        UnfitEvent(
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
    """Return a message as a document, and its envelope; raises `poison` if these cannot be read either."""
    try:
        document = read_document(text)
        if not isinstance(document, dict) or not isinstance(document.get("events"), list) or not document["events"]:
            raise poison
        around = {name: value for name, value in document.items() if name != "events"}
        return document, model.model_validate_json(write_document(around))
    except ValueError:  # ValidationError is a ValueError
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


def _unfit(event: Any, org_id: UUID, document: Mapping[str, Any], fault: RollcallError) -> UnfitEvent:
    envelope = {name: value for name, value in document.items() if name != "events"}
    return UnfitEvent(org_id, event_id_of(event), event, envelope, fault)


def _owner_in(event: Any, org_ids: Sequence[UUID]) -> UUID:
    named = event.get("org_id") if isinstance(event, dict) else None
    try:
        return owner_of(None if named is None else UUID(str(named)), org_ids)
    except ValueError:
        return NIL_ORGANISATION
