"""ingest_analytics_v1 stores each scrubbed event once, whichever batch and message it came in."""

import threading
from collections import Counter
from uuid import uuid4

import pytest
from rollcall.contracts.ingest.analytics import QueuedBatch, ScrubbedEvent
from rollcall.contracts.ingest.receipt import QueuedEvents
from rollcall.domain.ingest.rate import RateLimit
from rollcall.domain.scrub.policy import default_policy
from rollcall.errors import StoreRefused
from rollcall.store.ingest.analytics import AnalyticsStore

from tests.builders import NOW, queued_batch, scrubbed_event
from tests.postgres import ScratchDatabase

A, B = uuid4(), uuid4()


def store(clone: ScratchDatabase, *batches: QueuedBatch) -> list[list[str]]:
    return clone.analytics.ingest_analytics(batches[0].org_id, batches)


def test_what_was_scrubbed_is_what_is_stored(clone: ScratchDatabase) -> None:
    """Every member of an event has its column; who is known by pseudonyms alone."""
    event = scrubbed_event(anonymous_pseudonym="d" * 32, session_pseudonym="e" * 32)
    assert store(clone, queued_batch(A, event)) == [["accepted"]]
    rows = clone.rows(
        "select event_id, occurred_at, received_at, name, user_pseudonym, anonymous_pseudonym, session_pseudonym,"
        " key_id, properties, policy_version, remarks from rollcall.analytics_events"
    )
    assert rows == [
        (event.event_id, NOW, NOW, "lesson_viewed", "a" * 32, "d" * 32, "e" * 32, "k1", {"score": 7},
         default_policy().version, [["*", "@undeclared", "remove"]])
    ]  # fmt: skip


def test_batches_of_one_call_are_judged_together(clone: ScratchDatabase) -> None:
    """The first content under an id is kept, wherever in the call it stands; outcomes come batch by batch."""
    one, two = scrubbed_event(), scrubbed_event()
    other = one.model_copy(update={"digest": "1" * 32})
    batches = [queued_batch(A, one, one), queued_batch(A, other, two), queued_batch(A, two)]
    assert store(clone, *batches) == [["accepted", "duplicate"], ["conflict", "accepted"], ["duplicate"]]
    assert clone.count("analytics_events", A) == 2


def test_a_batch_that_comes_again_changes_nothing(clone: ScratchDatabase) -> None:
    """Delivered twice, redriven or replayed: no row differs, the audit's line included."""
    batch = queued_batch(A, scrubbed_event(), scrubbed_event())
    store(clone, batch)
    before = clone.contents()
    assert store(clone, batch) == [["duplicate", "duplicate"]]
    assert clone.contents() == before


def test_organisations_may_use_the_same_id(clone: ScratchDatabase) -> None:
    """Identity is an organisation's own."""
    event = scrubbed_event()
    assert store(clone, queued_batch(A, event)) == [["accepted"]]
    assert store(clone, queued_batch(B, event)) == [["accepted"]]


def test_every_batch_leaves_its_line(clone: ScratchDatabase) -> None:
    """Who, when, how many and what came of them: "did it arrive?" has an answer."""
    first, again = scrubbed_event(), scrubbed_event()
    store(clone, queued_batch(A, again))
    batch = queued_batch(A, first, again, again.model_copy(update={"digest": "1" * 32}))
    store(clone, batch)
    line = clone.rows(
        "select route, sent_by, received_at, encode(content_hash, 'hex'), event_count, accepted_count, duplicate_count,"
        " conflict_count from rollcall.batch_audit where batch_id = %s",
        (batch.batch_id,),
    )
    assert line == [("analytics", "b" * 32, NOW, "c" * 64, 3, 1, 1, 1)]


def test_a_batch_leaves_the_queue_when_its_last_part_is_stored(clone: ScratchDatabase) -> None:
    """Given a batch of two parts, it counts as queued until both are stored, in either order."""
    one, two = scrubbed_event(), scrubbed_event()
    parts = [queued_batch(A, one, parts=2), queued_batch(A, two, parts=2, part=1)]
    parts[1] = parts[1].model_copy(update={"batch_id": parts[0].batch_id})
    announced = QueuedEvents(A, parts[0].batch_id, (one.event_id, two.event_id))
    clone.receipts.announce_batches("test", RateLimit(1, 10), [announced], NOW)

    store(clone, parts[1])
    assert clone.count("queued_batches", A) == 1
    store(clone, parts[1])
    assert clone.count("queued_batches", A) == 1
    store(clone, parts[0])
    assert clone.count("queued_batches", A) == 0


@pytest.mark.parametrize(
    "poison",
    [{"name": "x" * 129}, {"user_pseudonym": "short"}, {"properties": {"a": "\x00"}}, {"digest": "not hex"}],
    ids=["name", "pseudonym", "nul", "digest"],
)
def test_what_can_never_be_stored_is_refused_and_leaves_nothing(
    clone: ScratchDatabase, poison: dict[str, object]
) -> None:
    """The whole call fails, so that the loader can offer its batches one by one."""
    bad = ScrubbedEvent.model_construct(**(scrubbed_event().model_dump() | poison))
    before = clone.contents()
    with pytest.raises(StoreRefused):
        store(
            clone,
            queued_batch(A, scrubbed_event()),
            queued_batch(A, scrubbed_event()).model_copy(update={"events": [bad]}),
        )
    assert clone.contents() == before


def test_loaders_that_overlap_store_each_event_once(clone: ScratchDatabase) -> None:
    """Given four loaders with the same events in other orders, nothing deadlocks and every event is accepted once."""
    events = [scrubbed_event() for _ in range(200)]
    outcomes: Counter[str] = Counter()
    start = threading.Barrier(4)

    def load(step: int) -> None:
        analytics = AnalyticsStore(database := clone.database())
        own = events[::step]
        start.wait()
        for first in range(0, len(own), 50):
            (answer,) = analytics.ingest_analytics(A, [queued_batch(A, *own[first : first + 50])])
            outcomes.update(answer)
        database.close()

    loaders = [threading.Thread(target=load, args=(step,)) for step in (1, -1, 1, -1)]
    for loader in loaders:
        loader.start()
    for loader in loaders:
        loader.join()
    assert outcomes == Counter(accepted=200, duplicate=600)
    assert clone.count("analytics_events", A) == 200
