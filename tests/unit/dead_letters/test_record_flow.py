"""DeadLetterRecords: what is archived, what is recorded, and what stays on its queue."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.dead_letters.letter import NIL_ORGANISATION, Failure, MessageAttributes
from rollcall.contracts.ingest.analytics import QueuedBatch
from rollcall.contracts.ingest.spool import SpooledBatch
from rollcall.domain.dead_letters.shape import SHAPE_CHARACTERS_MAX
from rollcall.errors import ObjectsUnavailable, RollcallError, ScrubFailed, StoreUnavailable
from rollcall.flows.dead_letters.record import DeadMessage, RecordDeadLetters

from tests.builders import NOW, ORG, progress_event, queued_batch, scrubbed_event

OTHER = UUID("a0000000-0000-4000-8000-000000000001")
CANARY = "kim@example.org"
UNSCRUBBABLE = json.dumps({"who": CANARY})


@dataclass
class Value:
    """What a scrubber returns."""

    value: Any


@dataclass
class Scrubber:
    """Takes the canary out, or cannot."""

    fault: RollcallError | None = None

    def scrub_document(self, document: Any) -> Value:
        """Scrub JSON."""
        if self.fault:
            raise self.fault
        return Value(json.loads(json.dumps(document).replace(CANARY, "[email]")))

    def scrub_properties(self, _event_name: str, properties: Mapping[str, Any]) -> Value:
        """Scrub an event's properties."""
        return self.scrub_document(properties)


class Digester:
    """Digests, with a key that is no secret."""

    def digest(self, content: bytes) -> str:
        """Return 32 digits."""
        return hashlib.sha256(b"key" + content).hexdigest()[:32]


@dataclass
class Scrubbing:
    """What bodies are scrubbed with."""

    scrubber: Scrubber
    pseudonymiser: Digester = field(default_factory=Digester)


@dataclass
class Fakes:
    """An archive and a ledger that record their calls, and fail where a test says so."""

    archived: dict[str, str] = field(default_factory=dict)
    recorded: dict[tuple[UUID, UUID], list[Failure]] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    archive_fault: RollcallError | None = None
    ledger_fault: RollcallError | None = None
    erased: set[str] = field(default_factory=set)
    scrubber: Scrubber = field(default_factory=Scrubber)

    def put(self, key: str, body: bytes) -> None:
        """Keep an object."""
        self.order.append("archive")
        if self.archive_fault:
            raise self.archive_fault
        self.archived[key] = body.decode()

    def find_barred(self, _org_id: UUID, asked: Sequence[tuple[str, datetime]]) -> list[bool]:
        """Return the erased learners."""
        return [name in self.erased for name, _ in asked]

    def record_dead_letter(self, org_id: UUID, failure: Failure) -> bool:
        """Record a failure, once."""
        self.order.append("ledger")
        if self.ledger_fault:
            raise self.ledger_fault
        known = self.recorded.setdefault((org_id, failure.dead_letter_id), [])
        if any(failure.failure_id == other.failure_id for other in known):
            return False
        known.append(failure)
        return True

    def record(self, found: DeadMessage) -> list[Failure]:
        """Record a message."""
        return RecordDeadLetters(self, self, lambda _org_id: Scrubbing(self.scrubber), lambda: NOW).record(found)


def message(body: str, message_id: str = "m-1", **changes: Any) -> DeadMessage:
    fields: dict[str, Any] = {
        "queue": "spool",
        "message_id": message_id,
        "body": body,
        "attributes": MessageAttributes(),
        "receive_count": 4,
        "first_received_at": NOW - timedelta(minutes=1),
    }
    return DeadMessage(**fields | changes)


def spooled(*org_ids: UUID) -> str:
    events = [progress_event(org_id=org_id) for org_id in org_ids]
    return SpooledBatch(
        subject="subject:" + "0" * 32, org_ids=list(org_ids), received_at=NOW, events=events
    ).model_dump_json()


def test_the_body_is_archived_first_and_then_the_failure_recorded() -> None:
    """The archive gets one object, and the ledger one row with the object's key and the message's attributes."""
    fakes, batch = Fakes(), queued_batch(ORG, scrubbed_event(), scrubbed_event())
    attributes = MessageAttributes(
        error_code="store_refused", message_id="original", receive_count=3, first_failed_at=NOW
    )
    (failure,) = fakes.record(
        message(batch.model_dump_json(), queue="analytics", attributes=attributes, first_received_at=NOW)
    )
    assert fakes.order == ["archive", "ledger"]
    assert failure.archive_key == f"dead-letters/{ORG}/2026-03-10/{failure.dead_letter_id}.json"
    assert QueuedBatch.model_validate_json(fakes.archived[failure.archive_key]) == batch
    assert (failure.cause, failure.error_code, failure.receive_count) == ("store_refused", "store_refused", 3)
    assert failure.event_ids == [event.event_id for event in batch.events]
    assert list(fakes.recorded) == [(ORG, failure.dead_letter_id)]


def test_a_message_of_several_organisations_is_a_dead_letter_of_each() -> None:
    """Two objects and two rows; no object has another organisation's events."""
    fakes = Fakes()
    fakes.record(message(spooled(ORG, OTHER)))
    assert {org_id for org_id, _ in fakes.recorded} == {ORG, OTHER}
    for (org_id, _), (failure,) in fakes.recorded.items():
        body = fakes.archived[str(failure.archive_key)]
        assert str(org_id) in body
        assert str(ORG if org_id == OTHER else OTHER) not in body


@pytest.mark.parametrize("body", [json.dumps({"who": CANARY}), json.dumps([CANARY])])
def test_an_unreadable_body_is_scrubbed_before_it_is_archived(body: str) -> None:
    """JSON is archived under the nil organisation, without personal values."""
    fakes = Fakes()
    (failure,) = fakes.record(message(body))
    ((org_id, _),) = fakes.recorded
    assert org_id == NIL_ORGANISATION
    assert fakes.archived == {failure.archive_key: body.replace(CANARY, "[email]").replace(": ", ":")}
    assert failure.size_bytes == len(body)


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("Kim likes fractions: 12", "xxx xxxxx xxxxxxxxx: 99"),
        (f'"{CANARY}"', '"xxx@xxxxxxx.xxx"'),
        ('{"who": "Kim"', '{"xxx": "xxx"'),
        ("[" * 10_000, "[" * SHAPE_CHARACTERS_MAX),
    ],
    ids=["words", "a text in JSON", "cut off", "deep"],
)
def test_only_the_shape_of_a_text_is_archived(body: str, kept: str) -> None:
    """No rule finds a child's name in a sentence."""
    fakes = Fakes()
    (failure,) = fakes.record(message(body))
    assert fakes.archived == {failure.archive_key: kept}


def test_only_size_and_digest_of_an_unscrubbable_body_are_kept() -> None:
    """It leaves the queue all the same, and the row says why there is no body."""
    fakes = Fakes(scrubber=Scrubber(ScrubFailed()))
    (failure,) = fakes.record(message(UNSCRUBBABLE, attributes=MessageAttributes(error_code="poisoned_message")))
    assert fakes.archived == {}
    assert (failure.archive_key, failure.cause, failure.error_code) == (None, "poisoned", "scrub_failed")
    assert (failure.size_bytes, len(failure.body_digest)) == (len(UNSCRUBBABLE), 32)
    assert CANARY not in failure.model_dump_json()


def test_a_message_that_is_buried_twice_is_one_dead_letter() -> None:
    """SQS delivered the message again, or a killed loader sent it twice: the second copy adds no row."""
    fakes, body = Fakes(), spooled(ORG)
    attributes = MessageAttributes(error_code="poisoned_message", message_id="original")
    (first,) = fakes.record(message(body, "put once", attributes=attributes))
    assert fakes.record(message(body, "put once", attributes=attributes)) == []
    assert fakes.record(message(body, "put twice", attributes=attributes)) == []
    assert fakes.recorded == {(ORG, first.dead_letter_id): [first]}
    assert len(fakes.archived) == 1


@pytest.mark.parametrize("body", [spooled(ORG), spooled(ORG, OTHER), "still not JSON"])
def test_a_redriven_message_that_fails_again_keeps_its_dead_letter(body: str) -> None:
    """The same row of the same organisation, and the same object, whatever can be read in it by now."""
    fakes, letter_id = Fakes(), uuid4()
    attributes = MessageAttributes(
        org_id=ORG, dead_letter_id=letter_id, operation_id=uuid4(), first_failed_at=NOW - timedelta(days=9),
        error_code="store_refused", message_id="redriven",
    )  # fmt: skip
    (failure,) = fakes.record(message(body, attributes=attributes))
    assert failure.dead_letter_id == letter_id
    assert list(fakes.recorded) == [(ORG, letter_id)]
    assert list(fakes.archived) == [f"dead-letters/{ORG}/2026-03-01/{letter_id}.json"]
    (again,) = fakes.record(message(body, attributes=attributes.model_copy(update={"message_id": "redriven again"})))
    assert fakes.recorded[ORG, letter_id] == [failure, again]


@pytest.mark.parametrize(
    ("fault", "stops_before"),
    [({"archive_fault": ObjectsUnavailable()}, "archive"), ({"ledger_fault": StoreUnavailable()}, "ledger")],
)
def test_a_message_stays_on_its_queue_while_archive_or_ledger_fail(fault: dict[str, Any], stops_before: str) -> None:
    """A missing archive or ledger ends the attempt before a row without a body is written; a later attempt succeeds."""
    fakes = Fakes(**fault)
    with pytest.raises(type(next(iter(fault.values())))):
        fakes.record(message(spooled(ORG, OTHER)))
    assert fakes.order[-1] == stops_before
    assert fakes.recorded == {}
    fakes.archive_fault = fakes.ledger_fault = None
    assert len(fakes.record(message(spooled(ORG, OTHER)))) == 2


def test_a_fault_of_the_scrubber_keeps_the_message() -> None:
    """Only what is known not to be scrubbable is given up: a fault of ours must not lose a body."""
    fakes = Fakes(scrubber=Scrubber(RollcallError()))
    with pytest.raises(RollcallError):
        fakes.record(message(UNSCRUBBABLE))
    assert (fakes.archived, fakes.recorded) == ({}, {})


def test_events_of_an_erased_learner_are_not_buried() -> None:
    """Of a batch that waited while a learner was erased, the others' events are buried; of one of theirs, nothing."""
    own, other = scrubbed_event(user_pseudonym="1" * 32), scrubbed_event(user_pseudonym="2" * 32)
    fakes = Fakes(erased={"1" * 32})
    (failure,) = fakes.record(message(queued_batch(ORG, own, other).model_dump_json(), queue="analytics"))
    assert failure.event_ids == [other.event_id]
    (body,) = fakes.archived.values()
    assert str(own.event_id) not in body
    assert fakes.record(message(queued_batch(ORG, own).model_dump_json(), "m-2", queue="analytics")) == []
    learner = progress_event()
    batch = SpooledBatch(subject="test", org_ids=[ORG], received_at=NOW, events=[learner])
    fakes.erased = {str(learner.user_id)}
    assert fakes.record(message(batch.model_dump_json(), "m-3")) == []
    assert len(fakes.archived) == 1
