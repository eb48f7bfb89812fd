"""Failure summaries: each failure is in one summary, and an unreported failure stays for the next."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from rollcall.contracts.dead_letters.letter import DigestCount
from rollcall.store.dead_letters.failures import FailureStore
from rollcall.store.dead_letters.summaries import FailureSummaryStore

from tests.integration.dead_letters.test_dead_letters import A, B, failure, record, run_at_once
from tests.postgres import ScratchDatabase

LEASE = timedelta(minutes=10)
AT_ONCE = timedelta(0)


@pytest.fixture
def failure_store(clone: ScratchDatabase) -> FailureStore:
    """The ledger, as queues' consumers write it."""
    return FailureStore(clone.store._database)


@pytest.fixture
def digests(clone: ScratchDatabase) -> Iterator[FailureSummaryStore]:
    """What the digest function uses."""
    database = clone.database("rollcall_ops")
    yield FailureSummaryStore(database)
    database.close()


def told(counts: list[DigestCount]) -> dict[tuple[str, str], int]:
    return {(count.queue, count.cause): count.failed_count for count in counts}


def test_what_is_new_is_told_once(failure_store: FailureStore, digests: FailureSummaryStore) -> None:
    """By queue and cause, over all organisations; after it is confirmed, only what came since."""
    record(failure_store, 2)
    record(failure_store, 1, org_id=B)
    record(failure_store, 1, queue="analytics", cause="store_refused", error_code="store_refused")
    claimed_at, counts = digests.claim_digest(LEASE)
    assert told(counts) == {("spool", "poisoned"): 3, ("analytics", "store_refused"): 1}
    assert isinstance(claimed_at, datetime)
    digests.confirm_digest(claimed_at)
    assert digests.claim_digest(LEASE)[1] == []
    record(failure_store, 2)
    assert told(digests.claim_digest(LEASE)[1]) == {("spool", "poisoned"): 2}


def test_a_failure_that_is_told_twice_is_counted_once(
    failure_store: FailureStore, digests: FailureSummaryStore
) -> None:
    """A message that its consumer receives again is no news; one that was redriven and fails again is."""
    same = failure()
    failure_store.record_dead_letter(A, same)
    failure_store.record_dead_letter(A, same)
    failure_store.record_dead_letter(A, failure(dead_letter_id=same.dead_letter_id))
    assert told(digests.claim_digest(LEASE)[1]) == {("spool", "poisoned"): 2}


def test_what_was_claimed_and_not_confirmed_is_there_after_the_lease(
    failure_store: FailureStore, digests: FailureSummaryStore
) -> None:
    """The next summary has the failures of one that could not be published, and those since."""
    record(failure_store, 2)
    first, _ = digests.claim_digest(LEASE)
    assert digests.claim_digest(LEASE)[1] == [], "while the other one may be publishing it"
    record(failure_store, 1)
    second, counts = digests.claim_digest(AT_ONCE)
    assert told(counts) == {("spool", "poisoned"): 3}
    digests.confirm_digest(first)
    assert told(digests.claim_digest(AT_ONCE)[1]) == {("spool", "poisoned"): 3}, "the first claim is void"
    digests.confirm_digest(second)
    assert told(digests.claim_digest(AT_ONCE)[1]) == {("spool", "poisoned"): 3}, "and so is the second"


def test_what_fails_while_a_digest_is_published_is_told_by_the_next(
    failure_store: FailureStore, digests: FailureSummaryStore
) -> None:
    """Confirming tells no more than was claimed."""
    record(failure_store, 2)
    claimed_at, _ = digests.claim_digest(LEASE)
    record(failure_store, 3)
    digests.confirm_digest(claimed_at)
    assert told(digests.claim_digest(LEASE)[1]) == {("spool", "poisoned"): 3}


def test_digests_and_burials_at_once_tell_each_failure_once(clone: ScratchDatabase) -> None:
    """Several digests run while messages fail: together they tell all of them, none twice."""
    tellers, recorders, each = 3, 4, 25
    telling: list[int] = []
    done = threading.Event()

    def record() -> None:
        database = clone.database()
        for _ in range(each):
            FailureStore(database).record_dead_letter(uuid4(), failure())
        database.close()

    def tell() -> None:
        database = clone.database("rollcall_ops")
        store = FailureSummaryStore(database)
        while True:
            last = done.is_set()
            claimed_at, counts = store.claim_digest(LEASE)
            telling.extend(count.failed_count for count in counts)
            store.confirm_digest(claimed_at)
            if last:
                break
        database.close()

    threads = [threading.Thread(target=tell) for _ in range(tellers)]
    for thread in threads:
        thread.start()
    run_at_once([record] * recorders)
    done.set()
    for thread in threads:
        thread.join()
    assert sum(telling) == recorders * each
