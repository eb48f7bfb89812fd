"""A caller's rate is counted in the same round trip as the batch, and slows no other caller."""

import threading
from collections import Counter
from datetime import timedelta
from uuid import uuid4

from rollcall.domain.ingest.rate import RateLimit, RateState
from rollcall.store.ingest.progress import ProgressStore

from tests.builders import an_event
from tests.postgres import ScratchDatabase

A = uuid4()
SLOW = RateLimit(per_second=0.1, burst=3)  # a batch every 10 s: no test runs into the refill


def test_a_burst_then_no_more(clone: ScratchDatabase) -> None:
    """Given a burst of 3, three batches pass at once; the fourth gets the seconds to wait, and counts as refused."""
    passed = [clone.take([A], an_event(A), limit=SLOW) for _ in range(3)]
    before = clone.contents()
    limited = clone.take([A], an_event(A), an_event(A), limit=SLOW)

    assert [batch.outcomes for batch in passed] == [["accepted"]] * 3
    assert [batch.rate.remaining for batch in passed if batch.rate] == [2, 1, 0]
    assert limited.outcomes is None
    assert 9_000 < limited.retry_after_ms <= 10_000
    assert limited.rate is not None
    assert limited.rate.remaining == 0
    assert 29_000 < limited.rate.reset_ms <= 30_000
    after = clone.contents()
    assert (before.pop("rate_refusals"), len(after.pop("rate_refusals"))) == ([], 1)
    assert after == before
    assert clone.count("progress_events", A) == 3


def test_the_allowance_refills_with_time(clone: ScratchDatabase) -> None:
    """Given a caller that used its burst: one interval later one batch passes, after a long pause a whole burst."""
    for _ in range(3):
        clone.take([A], an_event(A), limit=SLOW)

    def wait(seconds: int) -> None:
        clone.execute(
            "update rollcall.rate_buckets set theoretical_arrival_at = theoretical_arrival_at - %s",
            (timedelta(seconds=seconds),),
        )

    def send() -> bool:
        return clone.take([A], an_event(A), limit=SLOW).outcomes is not None

    wait(10)
    assert [send(), send()] == [True, False]
    wait(1000)
    assert [send(), send(), send(), send()] == [True, True, True, False]


def test_one_caller_over_the_limit_changes_nothing_for_others(clone: ScratchDatabase) -> None:
    """While one caller is refused, another has the whole burst."""
    for _ in range(5):
        greedy = clone.take([A], an_event(A), subject="greedy", limit=SLOW)
    modest = clone.take([A], an_event(A), subject="modest", limit=SLOW)

    assert greedy.outcomes is None
    assert modest.outcomes == ["accepted"]
    assert modest.rate == RateState(remaining=2, reset_ms=10_000)


def test_a_null_limit_is_not_counted(clone: ScratchDatabase) -> None:
    """Spool and replay are neither refused for a caller's rate nor count against it."""
    for _ in range(4):
        clone.take([A], an_event(A), limit=SLOW)
    let_in_before = clone.take([A], an_event(A), limit=None)

    assert let_in_before.outcomes == ["accepted"]
    assert let_in_before.rate is None
    clone.take([A], an_event(A), subject="other", limit=None)
    assert clone.rows("select subject from rollcall.rate_buckets") == [("test",)]


def test_a_refused_batch_does_not_postpone_the_next(clone: ScratchDatabase) -> None:
    """Hammering while refused changes no bucket: the wait does not grow."""
    for _ in range(3):
        clone.take([A], an_event(A), limit=SLOW)
    bucket = clone.rows("select * from rollcall.rate_buckets")
    waits = [clone.take([A], an_event(A), limit=SLOW).retry_after_ms for _ in range(5)]

    assert clone.rows("select * from rollcall.rate_buckets") == bucket
    assert waits == sorted(waits, reverse=True)


def test_a_batch_that_fails_costs_nothing(clone: ScratchDatabase) -> None:
    """The count is part of the batch's transaction: rolled back with it."""
    with clone.connect("rollcall_app") as connection, connection.transaction(force_rollback=True):
        connection.execute("select rollcall.ingest_progress_v1('test', '{}', '[]', now(), 0.1, 3)")
    assert clone.rows("select * from rollcall.rate_buckets") == []


def test_concurrent_batches_share_one_allowance(clone: ScratchDatabase) -> None:
    """However many environments a caller's batches reach at once, no more than the burst pass."""
    outcomes: Counter[bool] = Counter()
    barrier = threading.Barrier(8)

    def send() -> None:
        store = ProgressStore(clone.database())
        event = an_event(A)
        barrier.wait()
        outcomes[store.ingest_progress("test", [A], [event], event.occurred_at, SLOW).outcomes is not None] += 1
        store._database.close()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes == {True: 3, False: 5}
    assert clone.count("progress_events", A) == 3
