"""Bury: record each dead letter in the ledger, keep its scrubbed body in the archive, and let it leave its queue."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from rollcall.contracts.dead_letters.letter import INTEGER_MAX, NOBODY, Failure, Marks
from rollcall.domain.dead_letters import letters
from rollcall.domain.dead_letters.contract_members import put_back
from rollcall.domain.dead_letters.letters import Part
from rollcall.domain.dead_letters.shape import shape_of, shape_texts
from rollcall.errors import ConfigurationInvalid, ScrubFailed, Unavailable

SHAPE_RECEIVES = 16  # a quarter of an hour of tries
EVENTS_MAX = 5_000  # in a body: ten times what a batch may have


class Scrubbed(Protocol):
    """What is left of a value."""

    @property
    def value(self) -> Any:
        """The value, with nothing personal in it."""


class Scrubber(Protocol):
    """Scrubs what nobody could read; raises ScrubFailed."""

    def scrub_document(self, document: Any) -> Scrubbed:
        """Return what is left of JSON."""

    def scrub_properties(self, event_name: str, properties: Mapping[str, Any]) -> Scrubbed:
        """Return what the policy declares for this event."""


class Pseudonymiser(Protocol):
    """Holds an organisation's key."""

    def digest(self, content: bytes) -> str:
        """Return a keyed digest, 32 hexadecimal digits."""


class Scrubbing(Protocol):
    """What an organisation's bodies are scrubbed with."""

    @property
    def scrubber(self) -> Scrubber:
        """By its policy."""

    @property
    def pseudonymiser(self) -> Pseudonymiser:
        """By its key."""


class Archive(Protocol):
    """Keeps objects; raises ObjectsUnavailable."""

    def put(self, key: str, body: bytes) -> None:
        """Keep one, in place of what its key had."""


class Ledger(Protocol):
    """Keeps what is known of dead letters, and of erased learners; raises StoreUnavailable."""

    def find_barred(self, org_id: UUID, asked: Sequence[tuple[str, datetime]]) -> list[bool]:
        """Tell of each identifier and time whether it is of a learner who was erased then, or later."""

    def record_dead_letter(self, org_id: UUID, failure: Failure) -> bool:
        """Record a failure once; tells whether it was new."""


@dataclass(frozen=True)
class DeadMessage:
    """A message as it was found in the dead-letter queue of `queue`. `was_moved`: by SQS, out of its receives."""

    queue: str
    message_id: str
    body: str
    marks: Marks
    receive_count: int
    first_received_at: datetime
    was_moved: bool = False

    @property
    def source_id(self) -> str:
        """The id under which it failed: load may have put the same message here twice, under ids of their own."""
        return self.marks.message_id or self.message_id


@dataclass(frozen=True)
class Bury:
    """The flow, with the IO it was given."""

    archive: Archive
    ledger: Ledger
    scrubbing_of: Callable[[UUID], Scrubbing]
    now: Callable[[], datetime]

    def bury(self, message: DeadMessage) -> list[Failure]:
        """Archive and record a message, one dead letter an organisation, and return what was new to the ledger.

        The body comes first and the ledger last, so that a row always has its body; either done twice changes
        nothing. Raises ObjectsUnavailable, StoreUnavailable, KeysUnavailable: then it stays on its queue.
        Content never keeps it there: where a fault that nobody foresaw lasts, the shape alone is kept.
        """
        try:
            return self._bury(message, _parts(message))
        except (Unavailable, ConfigurationInvalid):
            raise
        except Exception:
            if message.receive_count < SHAPE_RECEIVES:
                raise  # a fault of ours must not cost a body at once: what mends it may be on its way
            plain = replace(message, marks=message.marks.model_copy(update={"first_failed_at": None}))
            return self._bury(plain, [_shape_of(message)])

    def _bury(self, message: DeadMessage, given: list[Part]) -> list[Failure]:
        parts = [self._without_erased(part) for part in given]
        failures = [(part, *self._failure(message, part)) for part in parts if part is not None]
        for _, failure, kept in failures:
            if kept is not None and failure.archive_key is not None:
                self.archive.put(failure.archive_key, kept.encode(errors="backslashreplace"))
        return [failure for part, failure, _ in failures if self.ledger.record_dead_letter(part.org_id, failure)]

    def _without_erased(self, part: Part) -> Part | None:
        """Return a part without events of learners who were erased while it waited; None when no other is in it."""
        asked = letters.owners_of(part)
        if not asked:
            return part
        barred = self.ledger.find_barred(part.org_id, asked)
        return letters.without(part, barred) if any(barred) else part

    def _failure(self, message: DeadMessage, part: Part) -> tuple[Failure, str | None]:
        """Return what the ledger is told of a part, and what may be kept of its body."""
        scrubbing = self.scrubbing_of(part.org_id)
        marks = message.marks
        cause, error_code = letters.cause_of(marks.error_code, was_moved=message.was_moved)
        letter_id = marks.dead_letter_id or letters.dead_letter_id(message.queue, message.source_id, part.org_id)
        first_failed_at = min(
            letters.in_utc(marks.first_failed_at or message.first_received_at), message.first_received_at
        )
        kept: str | None = part.body
        if not part.is_batch:
            try:
                kept = scrub_body(message.queue, part.body, scrubbing.scrubber)
            except ScrubFailed as failed:
                kept, error_code = None, failed.code
        failure = Failure(
            dead_letter_id=letter_id,
            failure_id=letters.failure_id(message.queue, message.source_id),
            queue=message.queue,
            cause=cause,
            error_code=error_code,
            first_failed_at=first_failed_at,
            failed_at=self.now(),
            receive_count=min(marks.receive_count or message.receive_count, INTEGER_MAX),
            size_bytes=len(part.body.encode(errors="surrogatepass")),
            body_digest=scrubbing.pseudonymiser.digest(part.body.encode(errors="surrogatepass")),
            event_ids=list(part.event_ids),
            archive_key=None if kept is None else letters.archive_key(part.org_id, first_failed_at, letter_id),
        )
        return failure, kept


def _parts(message: DeadMessage) -> list[Part]:
    """Return the parts of a message. Where its marks say whose it is, it is one dead letter of theirs.

    So it is with one that was redriven, and with an event that was taken out of its batch.
    """
    parts = letters.parts_of(message.body)
    marks = message.marks
    if marks.org_id is None:
        return parts
    event_ids = tuple(event_id for part in parts for event_id in part.event_ids)
    is_batch = all(part.is_batch for part in parts)
    body = letters.rewritten(message.body) if is_batch else message.body
    return [Part(marks.org_id, body, event_ids, is_batch)]


def _shape_of(message: DeadMessage) -> Part:
    """Return the part that a message is when nothing but its shape can be kept."""
    body = letters.write_document({"shape": shape_of(message.body)})
    return Part(message.marks.org_id or NOBODY, body, _legible_ids(message.body), is_batch=True)


def _legible_ids(body: str) -> tuple[UUID, ...]:
    """Return the ids of events that can be read in a body, whatever it is like."""
    try:
        return letters.legible_event_ids(body)
    except Exception:  # noqa: BLE001 - as in bury
        return ()


def scrub_body(queue: str, body: str, scrubber: Scrubber) -> str:
    """Return what may be kept of a body of a queue that nobody can read; raises ScrubFailed.

    Of one that is no JSON, that is its shape alone.
    """
    try:
        document = letters.read_document(body)
    except ValueError:
        return shape_of(body)
    scrubbed = shape_texts(_scrub_document(document, scrubber))
    return letters.write_document(put_back(queue, document, scrubbed))


def _scrub_document(document: Any, scrubber: Scrubber) -> Any:
    """Scrub a document; events in it each by itself, since the limits are those of one event and not of a batch."""
    events = document.get("events") if isinstance(document, dict) else None
    if not isinstance(events, list) or len(events) > EVENTS_MAX:
        return scrubber.scrub_document(document).value
    around = scrubber.scrub_document({name: value for name, value in document.items() if name != "events"}).value
    return around | {"events": [_scrub_event(event, scrubber) for event in events]}


def _scrub_event(event: Any, scrubber: Scrubber) -> Any:
    """Scrub what may be an event: of its properties only what the policy declares is kept, as of any event's."""
    if not isinstance(event, dict) or not isinstance(properties := event.get("properties"), dict):
        return scrubber.scrub_document([event]).value[0]
    around = scrubber.scrub_document({name: value for name, value in event.items() if name != "properties"}).value
    name = event.get("name")
    kept = scrubber.scrub_properties(name if isinstance(name, str) else "", properties).value
    return around | {"properties": kept}
