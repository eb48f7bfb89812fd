"""What a dead message is: whose, which events, under which id, and why it failed. No IO, no clock."""

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from pydantic import BaseModel, ValidationError

from rollcall.contracts.dead_letters.letter import NIL_ORGANISATION, Cause
from rollcall.contracts.identifiers import read_uuid
from rollcall.contracts.ingest.analytics import QueuedBatch
from rollcall.contracts.ingest.spool import SpooledBatch
from rollcall.domain.ingest.subject import opaque_subject
from rollcall.errors import PoisonedMessage, StoreRefused

NAMESPACE = UUID("6f0c0f4e-3b0e-5d8e-9a53-9b1f6f0f2d11")  # ours, for ids made of names (RFC 9562, version 5)
CAUSE_OF_CODE: dict[str, Cause] = {PoisonedMessage.code: "poisoned", StoreRefused.code: "store_refused"}
# Characters that JSON allows and SQS does not, or neither: written as escapes.
OPAQUE = re.compile(r"subject:[0-9a-f]{32}")
DIGITS_MAX = 4_300
UNSENDABLE = re.compile("[\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Part:
    """One organisation's part of a message. `is_batch` separates a valid batch from an unreadable body."""

    org_id: UUID
    body: str
    event_ids: tuple[UUID, ...]
    is_batch: bool


def read_batch_message(body: str) -> QueuedBatch | SpooledBatch | None:
    """Return the batch in a message's body, or None. The batch names its sender only by an opaque subject."""
    with suppress(ValidationError):
        return QueuedBatch.model_validate_json(body)
    with suppress(ValidationError):
        spooled = SpooledBatch.model_validate_json(body)
        return spooled.model_copy(update={"subject": _opaque(spooled.subject)})
    return None


def _opaque(subject: str) -> str:
    return subject if OPAQUE.fullmatch(subject) else opaque_subject(subject)


def read_document(body: str) -> Any:
    """Return the JSON object or array in a body; raises ValueError when it is none."""
    try:
        document = json.loads(body, parse_constant=_refuse, parse_int=_integer)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except UnicodeError:
        raise ValueError("no Unicode") from None
    if not isinstance(document, dict | list):
        raise ValueError("a scalar")  # noqa: TRY004 - the value is at fault, not the caller
    return document


def _integer(digits: str) -> int | str:
    """Return a number; more digits than Python reads at once are a text: nothing of ours has so many."""
    return int(digits) if len(digits) <= DIGITS_MAX else digits


def _refuse(_name: str) -> Any:
    raise ValueError("no JSON number")


def write_document(document: Any) -> str:
    """Return JSON that a queue takes."""
    return _sendable(json.dumps(document, ensure_ascii=False, separators=(",", ":")))


def write_batch(batch: BaseModel) -> str:
    """Return a batch as a message's body."""
    return _sendable(batch.model_dump_json(exclude_none=True))


def _sendable(text: str) -> str:
    return UNSENDABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def rewritten(body: str) -> str:
    """Return a valid batch's body as it may be kept; another body as it is."""
    batch = read_batch_message(body)
    return body if batch is None else write_batch(batch)


def parts_of(body: str) -> list[Part]:
    """Return each organisation's part of a message; an unreadable message is one part, of the nil organisation."""
    match read_batch_message(body):
        case QueuedBatch() as queued:
            event_ids = tuple(event.event_id for event in queued.events)
            return [Part(queued.org_id, write_batch(queued), event_ids, is_batch=True)]
        case SpooledBatch(events=[_, *_]) as spooled:
            return _parts_of_spooled(spooled)
        case _:
            return [Part(NIL_ORGANISATION, body, legible_event_ids(body), is_batch=False)]


def _parts_of_spooled(batch: SpooledBatch) -> list[Part]:
    owners: dict[UUID, list[Any]] = {}
    for event in batch.events:
        owners.setdefault(owner_of(event.org_id, batch.org_ids), []).append(event)
    parts = []
    for org_id, events in owners.items():
        # What names no owner needs all organisations of its sender again.
        own = batch.model_copy(
            update={"events": events, "org_ids": batch.org_ids if org_id == NIL_ORGANISATION else [org_id]}
        )
        parts.append(Part(org_id, write_batch(own), tuple(event.event_id for event in events), is_batch=True))
    return parts


def owner_of(org_id: UUID | None, held: Sequence[UUID]) -> UUID:
    """Return the organisation of an event: one that its sender's token held, or the nil organisation."""
    if org_id is None:
        return held[0] if len(set(held)) == 1 else NIL_ORGANISATION
    return org_id if org_id in held else NIL_ORGANISATION


def owners_of(part: Part) -> list[tuple[str, datetime]]:
    """Return of each event of a valid batch whose it is, and when it happened or came, whichever was first."""
    match read_batch_message(part.body) if part.is_batch else None:
        case QueuedBatch() as queued:
            names = [
                event.user_pseudonym or event.anonymous_pseudonym or event.session_pseudonym or ""
                for event in queued.events
            ]
            return _with_times(names, queued)
        case SpooledBatch() as spooled:
            return _with_times([str(event.user_id) for event in spooled.events], spooled)
        case _:
            return []


def _with_times(names: list[str], batch: QueuedBatch | SpooledBatch) -> list[tuple[str, datetime]]:
    times = [min(in_utc(event.occurred_at), in_utc(batch.received_at)) for event in batch.events]
    return list(zip(names, times, strict=True))


def in_utc(moment: datetime) -> datetime:
    """Return any moment of a message in UTC: one without an offset counts as UTC; the ends of time stay."""
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return moment.replace(tzinfo=UTC)


def without(part: Part, barred: list[bool]) -> Part | None:
    """Return a part without these of its events; None when none is left."""
    batch = read_batch_message(part.body)
    if batch is None or all(barred):
        return None
    kept: list[Any] = [event for event, is_barred in zip(batch.events, barred, strict=True) if not is_barred]
    body = write_batch(batch.model_copy(update={"events": kept}))
    return Part(part.org_id, body, tuple(event.event_id for event in kept), part.is_batch)


def legible_event_ids(body: str) -> tuple[UUID, ...]:
    """Return the ids of events that can be read in a body that is no valid batch."""
    try:
        document = read_document(body)
    except ValueError:
        return ()
    events = document.get("events") if isinstance(document, dict) else document
    if not isinstance(events, list):
        return ()
    return tuple(event_id for event_id in map(event_id_of, events) if event_id is not None)


def event_id_of(event: Any) -> UUID | None:
    """Return the id of what may be an event, where it can be read."""
    value = event.get("event_id") if isinstance(event, dict) else None
    return read_uuid(value) if isinstance(value, str) else None


def dead_letter_id(queue: str, message_id: str, org_id: UUID) -> UUID:
    """Return the id of what an organisation has in a dead message: the same however often it is received."""
    return uuid5(NAMESPACE, f"dead_letter/{queue}/{message_id}/{org_id}")


def failure_id(queue: str, message_id: str) -> UUID:
    """Return the id of a message's failure."""
    return uuid5(NAMESPACE, f"failure/{queue}/{message_id}")


def resolution_id(queue: str, message_id: str) -> UUID:
    """Return the id of a redriven message's being stored."""
    return uuid5(NAMESPACE, f"resolution/{queue}/{message_id}")


def cause_of(error_code: str | None, *, was_moved: bool) -> tuple[Cause, str]:
    """Return why a message failed: its class and code. `was_moved`: SQS moved it, having counted its receives."""
    if error_code is not None:
        return CAUSE_OF_CODE.get(error_code, "unknown"), error_code
    return ("receives_exhausted", "receives_exhausted") if was_moved else ("unknown", "unknown")


def archive_key(org_id: UUID, first_failed_at: datetime, letter_id: UUID) -> str:
    """Return where a dead letter's body lies in the archive."""
    return f"dead-letters/{org_id}/{first_failed_at.astimezone(UTC).date().isoformat()}/{letter_id}.json"
