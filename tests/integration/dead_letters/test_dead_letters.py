"""The ledger of dead letters: one row for each, also after repetitions, and never another organisation's."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.dead_letters.letter import NIL_ORGANISATION, DeadLetter, Failure
from rollcall.contracts.dead_letters.redrive import RedriveCounts, Selection
from rollcall.store.dead_letters.failures import FailureStore
from rollcall.store.dead_letters.letters import DeadLetterStore, LetterFilter
from rollcall.store.ingest.receipts import ReceiptStore

from tests.builders import NOW, an_event
from tests.postgres import ScratchDatabase

A, B = uuid4(), uuid4()
ALL = Selection(all=True)
PERSON, WHY = "somebody", "the fix is deployed"


@pytest.fixture
def failure_store(clone: ScratchDatabase) -> FailureStore:
    """The ledger, as queues' consumers write it."""
    return FailureStore(clone.store._database)


@pytest.fixture
def ledger(clone: ScratchDatabase) -> Iterator[DeadLetterStore]:
    """The ledger, as people see it."""
    database = clone.database("rollcall_ops")
    yield DeadLetterStore(database)
    database.close()


def failure(**changes: Any) -> Failure:
    letter_id = changes.get("dead_letter_id") or uuid4()
    fields = {
        "dead_letter_id": letter_id,
        "failure_id": uuid4(),
        "queue": "spool",
        "cause": "poisoned",
        "error_code": "poisoned_message",
        "first_failed_at": NOW,
        "failed_at": NOW,
        "receive_count": 3,
        "size_bytes": 100,
        "body_digest": "a" * 32,
        "event_ids": [uuid4(), uuid4()],
        "archive_key": f"dead-letters/{letter_id}.json",
    }
    return Failure.model_validate(fields | changes)


def letters(ledger: DeadLetterStore, org_id: UUID = A, **which: str) -> list[DeadLetter]:
    return ledger.list_dead_letters(org_id, LetterFilter(**which), None, 100)[1]


def record(failure_store: FailureStore, number: int = 1, org_id: UUID = A, **changes: Any) -> list[UUID]:
    """Record that many failures, and return the ids of their dead letters in order."""
    failures = [failure(**changes) for _ in range(number)]
    assert all(failure_store.record_dead_letter(org_id, each) for each in failures)
    return sorted(each.dead_letter_id for each in failures)


def redrive(ledger: DeadLetterStore, operation_id: UUID, selection: Selection = ALL, org_id: UUID = A) -> None:
    """Mark what a selection has as redriven."""
    _, chosen = ledger.select_dead_letters(org_id, selection, None, None, 100)
    ledger.mark_redriven(org_id, operation_id, PERSON, WHY, [(letter, None) for letter in chosen])


def states(ledger: DeadLetterStore, org_id: UUID = A) -> list[str]:
    return sorted(letter.state for letter in letters(ledger, org_id))


def test_a_failure_is_recorded_once(
    clone: ScratchDatabase, failure_store: FailureStore, ledger: DeadLetterStore
) -> None:
    """A second record of the same message changes no row of any table, and counts nothing."""
    told = failure()
    assert failure_store.record_dead_letter(A, told)
    before = clone.contents()
    assert not failure_store.record_dead_letter(A, told)
    assert clone.contents() == before
    (letter,) = letters(ledger)
    assert letter.model_dump(exclude={"org_id", "state", "last_failed_at", "failure_count", "redrive_count"}) == {
        **told.model_dump(exclude={"failure_id", "failed_at", "event_ids"}),
        "event_count": 2,
    }
    assert (letter.org_id, letter.state, letter.failure_count, letter.redrive_count) == (A, "open", 1, 0)


def test_a_failure_told_at_once_by_many_is_recorded_once(clone: ScratchDatabase, ledger: DeadLetterStore) -> None:
    """Two consumers that have the same message: one of them records it."""
    told, answers = failure(), list[bool]()

    def record() -> None:
        database = clone.database()
        answers.append(FailureStore(database).record_dead_letter(A, told))
        database.close()

    run_at_once([record] * 6)
    assert sorted(answers) == [False] * 5 + [True]
    assert letters(ledger)[0].failure_count == 1


def run_at_once(works: list[Any]) -> None:
    """Run these together, and end when all have."""
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_what_fails_again_is_open_again_with_its_history(failure_store: FailureStore, ledger: DeadLetterStore) -> None:
    """The row counts the failures and the receives, and keeps the time of the first."""
    letter_id, operation_id = uuid4(), uuid4()
    failure_store.record_dead_letter(A, failure(dead_letter_id=letter_id))
    redrive(ledger, operation_id)
    later = NOW + timedelta(days=2)
    again = failure(
        dead_letter_id=letter_id, failed_at=later, cause="store_refused", error_code="store_refused", receive_count=4
    )
    failure_store.record_dead_letter(A, again)
    (letter,) = letters(ledger)
    assert (letter.state, letter.failure_count, letter.receive_count, letter.redrive_count) == ("open", 2, 7, 1)
    assert (letter.first_failed_at, letter.last_failed_at, letter.cause) == (NOW, later, "store_refused")
    file = ledger.read_dead_letter(A, letter_id)
    assert file is not None
    happened = {(entry.what, entry.code, entry.operation_id, entry.acted_by, entry.reason) for entry in file.history}
    assert happened == {
        ("failed", "poisoned_message", None, None, None),
        ("redriven", None, operation_id, PERSON, WHY),
        ("failed", "store_refused", None, None, None),
    }


def test_a_body_may_be_missing_only_where_it_could_not_be_scrubbed(
    failure_store: FailureStore, ledger: DeadLetterStore
) -> None:
    """The table itself refuses another row without a body."""
    record(failure_store, archive_key=None, error_code="scrub_failed")
    with pytest.raises(Exception, match="dead_letters_check"):
        record(failure_store, archive_key=None)
    assert len(letters(ledger)) == 1


def test_what_is_stored_is_resolved_once(
    clone: ScratchDatabase, failure_store: FailureStore, ledger: DeadLetterStore
) -> None:
    """Before or after the redrive was noted, since its message may be faster. A repetition changes nothing."""
    early, late = record(failure_store, 2)
    operation_id, resolution_id = uuid4(), uuid4()
    failure_store.resolve_dead_letter(A, early, uuid4(), operation_id, "stored")
    _, chosen = ledger.select_dead_letters(A, Selection(dead_letter_ids=[late]), None, None, 10)
    before = letters(ledger, state="resolved")
    ledger.mark_redriven(A, operation_id, PERSON, WHY, [(letter, None) for letter in [*before, *chosen]])
    assert states(ledger) == ["redriven", "resolved"]
    failure_store.resolve_dead_letter(A, late, resolution_id, operation_id, "stored")
    assert states(ledger) == ["resolved", "resolved"]
    rows = clone.contents()
    failure_store.resolve_dead_letter(A, late, resolution_id, operation_id, "stored")
    failure_store.resolve_dead_letter(A, uuid4(), uuid4(), operation_id, "stored")
    assert clone.contents() == rows


def test_a_message_that_failed_again_before_its_redrive_was_noted_stays_open(
    failure_store: FailureStore, ledger: DeadLetterStore
) -> None:
    """A late mark keeps the state that the message reached meanwhile: else the dead letter would be lost from sight."""
    (letter_id,) = record(failure_store)
    _, chosen = ledger.select_dead_letters(A, ALL, None, None, 10)
    failure_store.record_dead_letter(A, failure(dead_letter_id=letter_id))
    ledger.mark_redriven(A, uuid4(), PERSON, WHY, [(letter, None) for letter in chosen])
    (letter,) = letters(ledger)
    assert (letter.state, letter.redrive_count) == ("open", 1)


def test_a_redrive_that_is_noted_twice_counts_once(
    clone: ScratchDatabase, failure_store: FailureStore, ledger: DeadLetterStore
) -> None:
    """A step that was killed after noting is done again from the same cursor."""
    record(failure_store, 3)
    _, chosen = ledger.select_dead_letters(A, ALL, None, None, 10)
    operation_id = uuid4()
    results = [(chosen[0], "object_missing"), (chosen[1], None), (chosen[2], None)]
    ledger.mark_redriven(A, operation_id, PERSON, WHY, results)
    before = clone.contents()
    ledger.mark_redriven(A, operation_id, PERSON, WHY, results)
    assert clone.contents() == before
    assert states(ledger) == ["open", "redriven", "redriven"]


def test_results_of_a_redrive_are_told_message_by_message(failure_store: FailureStore, ledger: DeadLetterStore) -> None:
    """With what became of each since, page by page; counts are of all pages."""
    ids = record(failure_store, 5)
    _, chosen = ledger.select_dead_letters(A, ALL, None, None, 10)
    operation_id = uuid4()
    results = [(letter, "object_missing" if letter.dead_letter_id == ids[0] else None) for letter in chosen]
    ledger.mark_redriven(A, operation_id, PERSON, WHY, results)
    failure_store.resolve_dead_letter(A, ids[1], uuid4(), operation_id, "stored")
    failure_store.record_dead_letter(A, failure(dead_letter_id=ids[2]))
    counts, first = ledger.list_redrive_results(A, operation_id, None, 3)
    _, second = ledger.list_redrive_results(A, operation_id, first[-1].dead_letter_id, 3)
    assert counts == RedriveCounts(redriven=4, failed=1, resolved=1, open_again=1)
    told = [(result.dead_letter_id, result.result, result.code, result.state) for result in [*first, *second]]
    assert told == [
        (ids[0], "failed", "object_missing", "open"),
        (ids[1], "redriven", None, "resolved"),
        (ids[2], "redriven", None, "open"),
        (ids[3], "redriven", None, "redriven"),
        (ids[4], "redriven", None, "redriven"),
    ]
    assert ledger.list_redrive_results(A, uuid4(), None, 3) == (RedriveCounts(), [])


def test_a_selection_takes_what_is_open_in_the_order_of_ids(
    failure_store: FailureStore, ledger: DeadLetterStore
) -> None:
    """All, a cause, or ids, of a queue or any; page by page, and with how many there are."""
    poisoned = record(failure_store, 3)
    refused = record(failure_store, 2, queue="analytics", cause="store_refused", error_code="store_refused")

    def ids(selection: Selection, after: UUID | None = None, limit: int = 10) -> tuple[int | None, list[UUID]]:
        matching, chosen = ledger.select_dead_letters(A, selection, None, after, limit)
        return matching, [letter.dead_letter_id for letter in chosen]

    everything = sorted([*poisoned, *refused])
    assert ids(ALL) == (5, everything)
    assert ids(ALL, everything[1], 2) == (None, everything[2:4])
    assert ids(Selection(cause="store_refused")) == (2, refused)
    assert ids(Selection(all=True, queue="spool")) == (3, poisoned)
    assert ids(Selection(dead_letter_ids=[poisoned[1], uuid4()])) == (1, [poisoned[1]])
    assert ids(Selection(dead_letter_ids=poisoned, queue="analytics")) == (0, [])


def test_a_selection_ends_with_what_had_failed_by_then(failure_store: FailureStore, ledger: DeadLetterStore) -> None:
    """What fails while an operation runs is not its to redrive: it would never end."""
    record(failure_store, 2)
    record(failure_store, 1, failed_at=NOW + timedelta(seconds=1))
    assert ledger.select_dead_letters(A, ALL, NOW, None, 10)[0] == 2


def test_only_who_is_named_is_redriven_once_more(failure_store: FailureStore, ledger: DeadLetterStore) -> None:
    """What waits on its queue, or was discarded, is no part of a cause or of all; by its id it can be meant."""
    waiting, discarded, resolved = record(failure_store, 3)
    redrive(ledger, uuid4(), Selection(dead_letter_ids=[waiting]))
    discard(ledger, Selection(dead_letter_ids=[discarded]))
    failure_store.resolve_dead_letter(A, resolved, uuid4(), None, "stored")
    assert ledger.select_dead_letters(A, ALL, None, None, 10) == (0, [])
    named = Selection(dead_letter_ids=[waiting, discarded, resolved])
    assert ledger.select_dead_letters(A, named, None, None, 10)[0] == 2
    redrive(ledger, uuid4(), named)
    assert states(ledger) == ["redriven", "redriven", "resolved"]


def discard(ledger: DeadLetterStore, selection: Selection = ALL, limit: int = 100, *, dry_run: bool = False) -> Any:
    """Discard what a selection has; return how many, and how many are left."""
    done = ledger.discard_dead_letters(A, selection, PERSON, WHY, dry_run=dry_run, limit=limit)
    return done.discarded, done.remaining


def test_what_is_discarded_says_by_whom_and_why(failure_store: FailureStore, ledger: DeadLetterStore) -> None:
    """A dry run counts and changes nothing; a limit leaves the rest open; what was given up is not given up again."""
    record(failure_store, 3)
    assert discard(ledger, dry_run=True) == (3, 0)
    assert states(ledger) == ["open"] * 3
    assert discard(ledger, limit=2) == (2, 1)
    assert discard(ledger) == (1, 0)
    assert discard(ledger) == (0, 0)
    assert states(ledger) == ["discarded"] * 3
    file = ledger.read_dead_letter(A, letters(ledger)[0].dead_letter_id)
    assert file is not None
    assert [(entry.what, entry.acted_by, entry.reason) for entry in file.history if entry.what != "failed"] == [
        ("discarded", PERSON, WHY)
    ]


def test_what_failed_after_it_was_counted_is_not_discarded(
    failure_store: FailureStore, ledger: DeadLetterStore
) -> None:
    """A dry run says until when it counted; asked with that, a discard leaves alone what came later."""
    record(failure_store, 2)
    counted = ledger.discard_dead_letters(A, ALL, PERSON, WHY, dry_run=True, limit=100)
    assert counted.discarded == 2
    record(failure_store, 1, failed_at=counted.until + timedelta(milliseconds=1))
    done = ledger.discard_dead_letters(A, ALL, PERSON, WHY, dry_run=False, limit=100, until=counted.until)
    assert (done.discarded, done.remaining, done.until) == (2, 0, counted.until)
    assert states(ledger) == ["discarded", "discarded", "open"]


def test_what_was_discarded_and_is_stored_all_the_same_is_resolved(
    failure_store: FailureStore, ledger: DeadLetterStore
) -> None:
    """Its message was on its way already: the ledger says what is, and the history has both."""
    (letter_id,) = record(failure_store)
    redrive(ledger, uuid4())
    failure_store.record_dead_letter(A, failure(dead_letter_id=letter_id))
    discard(ledger)
    failure_store.resolve_dead_letter(A, letter_id, uuid4(), None, "stored")
    assert states(ledger) == ["resolved"]


def test_what_was_discarded_and_is_received_again_is_open(failure_store: FailureStore, ledger: DeadLetterStore) -> None:
    """A copy was still on a queue: that failure was unknown when the dead letter was discarded."""
    (letter_id,) = record(failure_store)
    discard(ledger)
    failure_store.record_dead_letter(A, failure(dead_letter_id=letter_id))
    assert states(ledger) == ["open"]


def test_a_list_is_grouped_by_cause_and_paged_newest_first(
    failure_store: FailureStore, ledger: DeadLetterStore
) -> None:
    """Groups count everything that the filter lets through; a page goes on after the last of the one before."""
    for minute in range(5):
        record(failure_store, failed_at=NOW + timedelta(minutes=minute), event_ids=[uuid4()])
    record(failure_store, 2, queue="analytics", cause="store_refused", error_code="store_refused", event_ids=[])
    groups, first = ledger.list_dead_letters(A, LetterFilter(queue="spool"), None, 3)
    (group,) = groups
    assert (group.letter_count, group.event_count, group.last_failed_at) == (5, 5, NOW + timedelta(minutes=4))
    after: tuple[datetime, UUID] = (first[-1].last_failed_at, first[-1].dead_letter_id)
    _, second = ledger.list_dead_letters(A, LetterFilter(queue="spool"), after, 3)
    failed_at = [letter.last_failed_at for letter in [*first, *second]]
    assert failed_at == sorted(failed_at, reverse=True)
    assert len({letter.dead_letter_id for letter in [*first, *second]}) == 5
    assert [group.cause for group in ledger.list_dead_letters(A, LetterFilter(), None, 1)[0]] == [
        "poisoned",
        "store_refused",
    ]
    assert letters(ledger, cause="store_refused", state="resolved") == []


def test_no_organisation_reaches_anothers_dead_letters(
    clone: ScratchDatabase, failure_store: FailureStore, ledger: DeadLetterStore
) -> None:
    """Other organisations cannot list, read, select, mark, resolve or discard them, nor the nil organisation's."""
    (theirs,) = record(failure_store, org_id=B)
    (nobodys,) = record(failure_store, org_id=NIL_ORGANISATION)
    _, known = ledger.select_dead_letters(B, ALL, None, None, 10)
    before = clone.contents()
    assert ledger.list_dead_letters(A, LetterFilter(), None, 10) == ([], [])
    for letter_id in (theirs, nobodys):
        named = Selection(dead_letter_ids=[letter_id])
        assert ledger.read_dead_letter(A, letter_id) is None
        assert ledger.select_dead_letters(A, named, None, None, 10) == (0, [])
        assert discard(ledger, named) == (0, 0)
        failure_store.resolve_dead_letter(A, letter_id, uuid4(), None, "stored")
    ledger.mark_redriven(A, uuid4(), PERSON, WHY, [(letter, None) for letter in known])
    assert discard(ledger) == (0, 0)
    assert clone.contents() == before


def test_the_same_id_in_two_organisations_is_two_dead_letters(
    failure_store: FailureStore, ledger: DeadLetterStore
) -> None:
    """An id that somebody guesses is no way into another's ledger."""
    (letter_id,) = record(failure_store, org_id=B)
    record(failure_store, dead_letter_id=letter_id)
    discard(ledger)
    assert (states(ledger, A), states(ledger, B)) == (["discarded"], ["open"])


def test_two_redrives_at_once_mark_without_a_deadlock(clone: ScratchDatabase, failure_store: FailureStore) -> None:
    """Each marks the same dead letters in another order: all are marked by both, and none waits for ever."""
    record(failure_store, 40)
    databases = [clone.database("rollcall_ops") for _ in range(4)]
    operations = [uuid4() for _ in databases]

    def mark(number: int) -> None:
        store = DeadLetterStore(databases[number])
        _, chosen = store.select_dead_letters(A, ALL, None, None, 100)
        ordered = chosen if number % 2 else chosen[::-1]
        barrier.wait()
        store.mark_redriven(A, operations[number], PERSON, WHY, [(letter, None) for letter in ordered])

    barrier = threading.Barrier(len(databases))
    run_at_once([lambda number=number: mark(number) for number in range(len(databases))])
    ledger = DeadLetterStore(databases[0])
    assert {letter.redrive_count for letter in letters(ledger)} == {len(databases)}
    assert [ledger.list_redrive_results(A, operation, None, 1)[0].redriven for operation in operations] == [40] * 4
    for database in databases:
        database.close()


def test_a_receipt_follows_an_event_through_its_dead_letter(
    clone: ScratchDatabase, failure_store: FailureStore, ledger: DeadLetterStore
) -> None:
    """A dead letter with its code, queued again, given up; and stored is stored, whatever else was tried."""
    receipts = ReceiptStore(ledger._database)
    event = an_event(A)
    (letter_id,) = record(failure_store, event_ids=[event.event_id])

    def told() -> tuple[str, str, str | None, UUID | None]:
        (found,) = receipts.find_event(A, event.event_id)
        return found.state, found.kind, found.reason, found.dead_letter_id

    assert told() == ("dead_letter", "progress", "poisoned_message", letter_id)
    assert receipts.find_event(B, event.event_id) == []
    redrive(ledger, uuid4())
    assert told() == ("queued", "progress", None, letter_id)
    failure_store.record_dead_letter(A, failure(dead_letter_id=letter_id, event_ids=[event.event_id]))
    assert told()[0] == "dead_letter"
    discard(ledger)
    assert told() == ("rejected", "progress", "discarded", letter_id)
    clone.ingest([A], event)
    assert told() == ("stored", "progress", None, None)


def test_an_event_is_found_in_its_dead_letter_by_its_id(clone: ScratchDatabase, failure_store: FailureStore) -> None:
    """The look-up of a receipt reads by key, also under row-level security."""
    record(failure_store, 50)
    with clone.connect() as connection:
        connection.execute("analyze rollcall.dead_letter_events")
        connection.execute("set enable_seqscan = off")
        connection.execute("set role rollcall_owner")
        connection.execute("select set_config('rollcall.org_ids', %s::uuid[]::text, false)", ([A],))
        plan = connection.execute(
            "explain select dead_letter_id from rollcall.dead_letter_events where org_id = %s and event_id = %s",
            (A, uuid4()),
        ).fetchall()
    assert any("event_id = " in line and "Index Cond" in line for (line,) in plan)
