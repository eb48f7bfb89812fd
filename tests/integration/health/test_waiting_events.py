"""An accepted event is known from the moment it is queued: what a batch was stored without waits until it is buried."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.dead_letters.letter import Failure
from rollcall.contracts.ingest.receipt import QueuedEvents
from rollcall.domain.ingest.rate import RateLimit
from rollcall.store.dead_letters.failures import FailureStore
from rollcall.store.ingest.receipts import ReceiptStore

from tests.builders import NOW, queued_batch, scrubbed_event
from tests.postgres import ScratchDatabase

A, B = uuid4(), uuid4()


@pytest.fixture
def operator(clone: ScratchDatabase) -> Iterator[ReceiptStore]:
    """The receipt store, as the function that may look events up."""
    database = clone.database("rollcall_ops")
    yield ReceiptStore(database)
    database.close()


def states(operator: ReceiptStore, event_id: UUID, org_id: UUID = A) -> list[str]:
    return [found.state for found in operator.find_event(org_id, event_id)]


def announce(clone: ScratchDatabase, *event_ids: UUID, org_id: UUID = A) -> QueuedEvents:
    batch = QueuedEvents(org_id, uuid4(), event_ids)
    clone.receipts.announce_batches("test", RateLimit(100, 100), [batch], NOW)
    return batch


def waiting(clone: ScratchDatabase, batch: QueuedEvents) -> list[list[UUID]]:
    found = clone.rows("select event_ids from rollcall.queued_batches where batch_id = %s", (batch.batch_id,))
    return [event_ids for (event_ids,) in found]


def record(clone: ScratchDatabase, *event_ids: UUID, queue: str = "analytics") -> None:
    letter_id, now = uuid4(), datetime.now(UTC)
    failure = Failure.model_validate(
        {
            "dead_letter_id": letter_id,
            "failure_id": uuid4(),
            "queue": queue,
            "cause": "poisoned",
            "error_code": "poisoned_message",
            "first_failed_at": now,
            "failed_at": now,
            "receive_count": 3,
            "size_bytes": 100,
            "body_digest": "a" * 32,
            "event_ids": list(event_ids),
            "archive_key": f"dead-letters/{letter_id}.json",
        }
    )
    assert FailureStore(clone.store._database).record_dead_letter(A, failure)


@pytest.mark.parametrize("receives", [1, 3])
def test_an_event_that_a_batch_was_stored_without_waits_until_it_is_buried(
    clone: ScratchDatabase, operator: ReceiptStore, receives: int
) -> None:
    """Given a batch with an event that cannot be stored, at each receive, its receipt and health know that one."""
    sound, unfit = scrubbed_event(), uuid4()
    batch = announce(clone, sound.event_id, unfit)
    others = [announce(clone, unfit), announce(clone, unfit, org_id=B)]
    for _ in range(receives):
        clone.analytics.ingest_analytics(A, [queued_batch(A, sound, batch_id=batch.batch_id)])
        assert states(operator, sound.event_id) == ["stored"]
        assert states(operator, unfit) == ["queued"]
        assert waiting(clone, batch) == [[unfit]]
    record(clone, unfit, queue="spool")
    assert waiting(clone, batch) == [[unfit]], "a progress event may have the same id"
    record(clone, unfit)
    assert states(operator, unfit) == ["dead_letter", "dead_letter"]
    assert waiting(clone, batch) == []
    assert [waiting(clone, other) for other in others] == [[[unfit]], [[unfit]]], "they may hold another event"


def test_events_are_buried_one_by_one(clone: ScratchDatabase) -> None:
    """What is not buried yet goes on waiting."""
    sound, first, second = scrubbed_event(), uuid4(), uuid4()
    batch = announce(clone, sound.event_id, first, second)
    clone.analytics.ingest_analytics(A, [queued_batch(A, sound, batch_id=batch.batch_id)])
    record(clone, first)
    assert waiting(clone, batch) == [[second]]
    record(clone, second)
    assert waiting(clone, batch) == []


def test_parts_of_a_batch_wait_for_themselves(clone: ScratchDatabase) -> None:
    """Given a batch in two messages, what the first one stores waits no more, and the second one's does."""
    first, second = scrubbed_event(), scrubbed_event()
    batch = announce(clone, first.event_id, second.event_id)
    parts = [queued_batch(A, each, batch_id=batch.batch_id, parts=2, part=n) for n, each in ((1, first), (2, second))]
    clone.analytics.ingest_analytics(A, parts[:1])
    assert waiting(clone, batch) == [[second.event_id]]
    clone.analytics.ingest_analytics(A, parts)
    assert waiting(clone, batch) == []
