"""Where an event is: queued, stored, or rejected with a reason."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.ingest.receipt import QueuedEvents, Rejection
from rollcall.domain.ingest.rate import RateLimit
from rollcall.store.ingest.receipts import ReceiptStore

from tests.builders import NOW, an_event, changed, queued_batch, scrubbed_event
from tests.postgres import ScratchDatabase

A, B = uuid4(), uuid4()
LIMIT = RateLimit(0.1, 3)


@pytest.fixture
def operator(clone: ScratchDatabase) -> Iterator[ReceiptStore]:
    """The receipt store, as the function that may look events up."""
    database = clone.database("rollcall_ops")
    yield ReceiptStore(database)
    database.close()


def state(operator: ReceiptStore, event_id: UUID, org_id: UUID = A) -> tuple[str, str, str | None] | None:
    found = operator.find_event(org_id, event_id)
    assert len(found) < 2
    return (found[0].state, found[0].kind, found[0].reason) if found else None


def announce(clone: ScratchDatabase, *event_ids: UUID) -> QueuedEvents:
    batch = QueuedEvents(A, uuid4(), event_ids)
    clone.receipts.announce_batches("test", LIMIT, [batch], NOW)
    return batch


def test_an_event_is_queued_and_then_stored(clone: ScratchDatabase, operator: ReceiptStore) -> None:
    """From the moment it is taken until it is stored, and after."""
    event = scrubbed_event()
    batch = announce(clone, event.event_id)
    assert state(operator, event.event_id) == ("queued", "analytics", None)
    clone.analytics.ingest_analytics(A, [queued_batch(A, event, batch_id=batch.batch_id)])
    assert state(operator, event.event_id) == ("stored", "analytics", None)


def test_a_progress_event_is_stored_at_once(clone: ScratchDatabase, operator: ReceiptStore) -> None:
    """Its route has no queue between."""
    event = an_event(A)
    clone.ingest([A], event)
    assert state(operator, event.event_id) == ("stored", "progress", None)


def test_a_batch_that_could_not_be_queued_is_not_on_its_way(clone: ScratchDatabase, operator: ReceiptStore) -> None:
    """The answer asked the client to send it again."""
    event_id = uuid4()
    clone.receipts.withdraw_batches([announce(clone, event_id)])
    assert state(operator, event_id) is None


def test_a_rejected_event_says_why_until_it_is_taken(clone: ScratchDatabase, operator: ReceiptStore) -> None:
    """Given an event that is mended and sent again, what happened last counts; once stored, that alone."""
    event = scrubbed_event()
    clone.receipts.note_rejections(
        "test", None, [Rejection(A, event.event_id, "invalid")], NOW - timedelta(hours=1), "analytics"
    )
    assert state(operator, event.event_id) == ("rejected", "analytics", "invalid")
    batch = announce(clone, event.event_id)
    assert state(operator, event.event_id) == ("queued", "analytics", None)
    clone.receipts.note_rejections("test", None, [Rejection(A, event.event_id, "scrub_failed")], NOW, "analytics")
    assert state(operator, event.event_id) == ("rejected", "analytics", "scrub_failed")
    clone.analytics.ingest_analytics(A, [queued_batch(A, event, batch_id=batch.batch_id)])
    assert state(operator, event.event_id) == ("stored", "analytics", None)


def test_another_organisation_hears_nothing(clone: ScratchDatabase, operator: ReceiptStore) -> None:
    """Stored, queued or rejected: for everyone else the event does not exist."""
    stored, queued, rejected = scrubbed_event(), uuid4(), uuid4()
    clone.analytics.ingest_analytics(A, [queued_batch(A, stored)])
    announce(clone, queued)
    clone.receipts.note_rejections("test", None, [Rejection(A, rejected, "invalid")], NOW, "progress")
    for event_id in (stored.event_id, queued, rejected):
        assert state(operator, event_id, B) is None
        assert state(operator, event_id, A) is not None


def test_announcing_counts_against_the_rate(clone: ScratchDatabase) -> None:
    """Given a burst of 3, the fourth batch gets the seconds to wait, and is not noted."""
    answers = [
        clone.receipts.announce_batches("test", LIMIT, [QueuedEvents(A, uuid4(), (uuid4(),))], NOW) for _ in range(4)
    ]
    assert [answer.rate.remaining for answer in answers if answer.rate] == [2, 1, 0, 0]
    assert [answer.retry_after_ms > 0 for answer in answers] == [False, False, False, True]
    assert clone.count("queued_batches", A) == 3


def test_rejections_alone_count_against_the_rate(clone: ScratchDatabase) -> None:
    """And those of a batch that was counted already do not."""
    for _ in range(3):
        assert (
            clone.receipts.note_rejections(
                "x", LIMIT, [Rejection(A, uuid4(), "invalid")], NOW, "progress"
            ).retry_after_ms
            == 0
        )
    assert (
        clone.receipts.note_rejections("x", LIMIT, [Rejection(A, uuid4(), "invalid")], NOW, "progress").retry_after_ms
        > 0
    )
    assert (
        clone.receipts.note_rejections("x", None, [Rejection(A, uuid4(), "invalid")], NOW, "progress").retry_after_ms
        == 0
    )
    assert clone.count("rejected_events", A) == 4


def test_what_has_nothing_to_note_counts_against_the_rate_too(clone: ScratchDatabase) -> None:
    """An unreadable body and a batch without ids each count against the caller's allowance."""
    answers = [clone.receipts.note_rejections("garbage", LIMIT, [], NOW, "progress") for _ in range(5)]
    assert [answer.retry_after_ms > 0 for answer in answers] == [False] * 3 + [True] * 2


def test_a_progress_batch_leaves_its_line_once(clone: ScratchDatabase) -> None:
    """One line an organisation, with what came of its events; sent again, it is the same batch."""
    first, second, other = an_event(A), an_event(A), an_event(B)
    clone.ingest([A, B], first)
    clone.ingest([A, B], first, second, other)
    lines = clone.rows(
        "select org_id, route, sent_by, event_count, accepted_count, duplicate_count from rollcall.batch_audit"
        " order by event_count, accepted_count, org_id"
    )
    assert sorted(lines, key=str) == sorted(
        [(A, "spool", "test", 1, 1, 0), (A, "spool", "test", 2, 1, 1), (B, "spool", "test", 1, 1, 0)], key=str
    )
    clone.ingest([A, B], first, second, other)
    assert clone.rows("select count(*) from rollcall.batch_audit") == [(3,)]


def test_a_conflict_is_told_to_whoever_asks(clone: ScratchDatabase, operator: ReceiptStore) -> None:
    """Its client heard `accepted` before anybody could know: the first content is stored, and the other was refused."""
    event = scrubbed_event()
    other = event.model_copy(update={"digest": "1" * 32})
    clone.analytics.ingest_analytics(A, [queued_batch(A, event)])
    assert state(operator, event.event_id) == ("stored", "analytics", None)
    clone.analytics.ingest_analytics(A, [queued_batch(A, other)])
    assert state(operator, event.event_id) == ("stored", "analytics", "event_conflict")


def test_both_kinds_of_an_id_have_their_states(clone: ScratchDatabase, operator: ReceiptStore) -> None:
    """What is stored first, then what happened last; a rejection of one kind says nothing of the other."""
    progress = an_event(A)
    event_id = progress.event_id
    states: list[list[tuple[str, str, str | None]]] = []

    def look() -> None:
        states.append([(each.state, each.kind, each.reason) for each in operator.find_event(A, event_id)])

    clone.receipts.note_rejections(
        "test", None, [Rejection(A, event_id, "invalid")], NOW - timedelta(hours=1), "analytics"
    )
    look()
    clone.ingest([A], progress)
    look()
    batch = announce(clone, event_id)
    look()
    analytics = scrubbed_event(event_id=event_id)
    clone.analytics.ingest_analytics(A, [queued_batch(A, analytics, batch_id=batch.batch_id)])
    clone.analytics.ingest_analytics(A, [queued_batch(A, analytics.model_copy(update={"digest": "1" * 32}))])
    clone.receipts.note_rejections("test", None, [Rejection(A, event_id, "out_of_window")], NOW, "progress")
    look()
    clone.rows("select rollcall.entomb_events_v2(%s, 'progress', %s)", (A, [event_id]))
    look()
    assert states[:3] == [
        [("rejected", "analytics", "invalid")],
        [("stored", "progress", None), ("rejected", "analytics", "invalid")],
        [("stored", "progress", None), ("queued", "analytics", None)],
    ]
    assert sorted(states[3], key=str) == [("stored", "analytics", None), ("stored", "progress", None)]
    assert sorted(states[4], key=str) == [("rejected", "progress", "learner_erased"), ("stored", "analytics", None)]


def test_a_conflict_that_nobody_could_be_told_of_is_noted(clone: ScratchDatabase, operator: ReceiptStore) -> None:
    """A spooled batch was answered 202: what came of its events when they were loaded is in their receipts."""
    event = an_event(A)
    clone.take([A], event, limit=LIMIT)
    clone.take([A], changed(event, percent=7.0), limit=LIMIT)
    assert state(operator, event.event_id) == ("stored", "progress", None), "the answer named the conflict"
    clone.ingest([A], changed(event, percent=7.0))
    assert state(operator, event.event_id) == ("stored", "progress", "event_conflict")


def test_a_note_of_before_has_no_kind(clone: ScratchDatabase, operator: ReceiptStore) -> None:
    """It is the answer while it is the latest, and none beside what is known better."""
    event = an_event(A)
    clone.execute(
        "insert into rollcall.rejected_events (org_id, event_id, reason, rejected_at) values (%s, %s, 'invalid', %s)",
        (A, event.event_id, NOW),
    )
    assert state(operator, event.event_id) == ("rejected", "unknown", "invalid")
    clone.ingest([A], event)
    assert state(operator, event.event_id) == ("stored", "progress", None)
