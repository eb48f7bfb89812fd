"""Record dead letters: a row in the ledger and the scrubbed body in the archive, so that the message can be deleted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from rollcall.contracts.dead_letters.letter import INTEGER_MAX, NIL_ORGANISATION, Failure, MessageAttributes
from rollcall.domain.dead_letters import letters
from rollcall.domain.dead_letters.contract_members import restore
from rollcall.domain.dead_letters.letters import Part
from rollcall.domain.dead_letters.shape import shape_of, shape_texts
from rollcall.errors import ConfigurationInvalid, ScrubFailed, Unavailable

SHAPE_RECEIVES = 16  # a quarter of an hour of tries
EVENTS_MAX = 5_000  # in a body: ten times what a batch may have


class ScrubResult(Protocol):
    """The result of scrubbing a value."""

    @property
    def value(self) -> Any:
        """The value without personal values."""


class Scrubber(Protocol):
    """Scrubs bodies that do not follow their contract; raises ScrubFailed."""

    def scrub_document(self, document: Any) -> ScrubResult:
        """Return a JSON document without personal values."""

    def scrub_properties(self, event_name: str, properties: Mapping[str, Any]) -> ScrubResult:
        """Return the properties that the policy declares for this event."""


class Pseudonymiser(Protocol):
    """Makes keyed digests with an organisation's key."""

    def digest(self, content: bytes) -> str:
        """Return a keyed digest, 32 hexadecimal digits."""


class Scrubbing(Protocol):
    """The scrubber and pseudonymiser of one organisation."""

    @property
    def scrubber(self) -> Scrubber:
        """The scrubber, by the organisation's policy."""

    @property
    def pseudonymiser(self) -> Pseudonymiser:
        """The pseudonymiser, with the organisation's key."""


class Archive(Protocol):
    """Stores objects; raises ObjectsUnavailable."""

    def put(self, key: str, body: bytes) -> None:
        """Store an object, in place of an older one with the same key."""


class Ledger(Protocol):
    """The ledger of dead letters, which also knows erased learners; raises StoreUnavailable."""

    def find_barred(self, org_id: UUID, asked: Sequence[tuple[str, datetime]]) -> list[bool]:
        """Return for each (identifier, time) whether the learner was erased at or after that time."""

    def record_dead_letter(self, org_id: UUID, failure: Failure) -> bool:
        """Record a failure once; return whether it was new."""


@dataclass(frozen=True)
class DeadMessage:
    """A message in the dead-letter queue of `queue`. `was_moved`: SQS moved it there after too many receives."""

    queue: str
    message_id: str
    body: str
    attributes: MessageAttributes
    receive_count: int
    first_received_at: datetime
    was_moved: bool = False

    @property
    def source_id(self) -> str:
        """The id of the message that failed. load may have sent that message here twice, each time with a new id."""
        return self.attributes.message_id or self.message_id


@dataclass(frozen=True)
class RecordDeadLetters:
    """The flow, with the IO it was given."""

    archive: Archive
    ledger: Ledger
    scrubbing_of: Callable[[UUID], Scrubbing]
    now: Callable[[], datetime]

    def record(self, message: DeadMessage) -> list[Failure]:
        """Archive and record a message, one dead letter for each organisation; return the failures new to the ledger.

        The body is stored before the row, so that each row has its body. Doing either twice changes nothing.
        Raises ObjectsUnavailable, StoreUnavailable, KeysUnavailable: then the message stays on its queue.
        A message never stays because of its content: if an unforeseen fault lasts, only its shape is kept.
        """
        try:
            return self._record(message, _parts(message))
        except (Unavailable, ConfigurationInvalid):
            raise
        except Exception:
            if message.receive_count < SHAPE_RECEIVES:
                raise  # the fault may be a bug: keep the message, so that a fixed version can record its body
            plain = replace(message, attributes=message.attributes.model_copy(update={"first_failed_at": None}))
            return self._record(plain, [_shape_of(message)])

    def _record(self, message: DeadMessage, given: list[Part]) -> list[Failure]:
        parts = [self._without_erased(part) for part in given]
        failures = [(part, *self._failure(message, part)) for part in parts if part is not None]
        for _, failure, kept in failures:
            if kept is not None and failure.archive_key is not None:
                self.archive.put(failure.archive_key, kept.encode(errors="backslashreplace"))
        return [failure for part, failure, _ in failures if self.ledger.record_dead_letter(part.org_id, failure)]

    def _without_erased(self, part: Part) -> Part | None:
        """Return a part without events of learners who were erased since; None when no other events are in it."""
        asked = letters.owners_of(part)
        if not asked:
            return part
        barred = self.ledger.find_barred(part.org_id, asked)
        return letters.without(part, barred) if any(barred) else part

    def _failure(self, message: DeadMessage, part: Part) -> tuple[Failure, str | None]:
        """Return a part's failure for the ledger, and its scrubbed body, or None when scrubbing failed."""
        scrubbing = self.scrubbing_of(part.org_id)
        attributes = message.attributes
        cause, error_code = letters.cause_of(attributes.error_code, was_moved=message.was_moved)
        letter_id = attributes.dead_letter_id or letters.dead_letter_id(message.queue, message.source_id, part.org_id)
        first_failed_at = min(
            letters.in_utc(attributes.first_failed_at or message.first_received_at), message.first_received_at
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
            receive_count=min(attributes.receive_count or message.receive_count, INTEGER_MAX),
            size_bytes=len(part.body.encode(errors="surrogatepass")),
            body_digest=scrubbing.pseudonymiser.digest(part.body.encode(errors="surrogatepass")),
            event_ids=list(part.event_ids),
            archive_key=None if kept is None else letters.archive_key(part.org_id, first_failed_at, letter_id),
        )
        return failure, kept


def _parts(message: DeadMessage) -> list[Part]:
    """Return the parts of a message: one for each organisation.

    A message whose attributes name an organisation is one part: a redriven message, or a single event of a batch.
    """
    parts = letters.parts_of(message.body)
    attributes = message.attributes
    if attributes.org_id is None:
        return parts
    event_ids = tuple(event_id for part in parts for event_id in part.event_ids)
    is_batch = all(part.is_batch for part in parts)
    body = letters.rewritten(message.body) if is_batch else message.body
    return [Part(attributes.org_id, body, event_ids, is_batch)]


def _shape_of(message: DeadMessage) -> Part:
    """Return a message as one part that keeps only the shape of its body."""
    body = letters.write_document({"shape": shape_of(message.body)})
    return Part(message.attributes.org_id or NIL_ORGANISATION, body, _legible_ids(message.body), is_batch=True)


def _legible_ids(body: str) -> tuple[UUID, ...]:
    """Return the event ids that can be read in a body of any content."""
    try:
        return letters.legible_event_ids(body)
    except Exception:  # noqa: BLE001 - as in record
        return ()


def scrub_body(queue: str, body: str, scrubber: Scrubber) -> str:
    """Return the scrubbed form of a body that does not follow its contract; raises ScrubFailed.

    For a body that is not JSON, this is only its shape.
    """
    try:
        document = letters.read_document(body)
    except ValueError:
        return shape_of(body)
    scrubbed = shape_texts(_scrub_document(document, scrubber))
    return letters.write_document(restore(queue, document, scrubbed))


def _scrub_document(document: Any, scrubber: Scrubber) -> Any:
    """Scrub a document. Each of its events is scrubbed alone, because the limits apply to one event, not to a batch."""
    events = document.get("events") if isinstance(document, dict) else None
    if not isinstance(events, list) or len(events) > EVENTS_MAX:
        return scrubber.scrub_document(document).value
    around = scrubber.scrub_document({name: value for name, value in document.items() if name != "events"}).value
    return around | {"events": [_scrub_event(event, scrubber) for event in events]}


def _scrub_event(event: Any, scrubber: Scrubber) -> Any:
    """Scrub a possible event. As for any event, only the properties that the policy declares are kept."""
    if not isinstance(event, dict) or not isinstance(properties := event.get("properties"), dict):
        return scrubber.scrub_document([event]).value[0]
    around = scrubber.scrub_document({name: value for name, value in event.items() if name != "properties"}).value
    name = event.get("name")
    kept = scrubber.scrub_properties(name if isinstance(name, str) else "", properties).value
    return around | {"properties": kept}
