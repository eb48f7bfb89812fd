"""An event that names no organisation counts once, though its learner's assignment moves from one to another."""

import threading
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.ingest.progress import ProgressEvent
from rollcall.contracts.ingest.spool import SpooledBatch
from rollcall.flows.ingest.load import load_spooled
from rollcall.store.ingest.progress import ProgressStore

from tests.builders import COURSE, NOW, an_event, changed
from tests.postgres import ScratchDatabase

A, B, C = uuid4(), uuid4(), uuid4()


def move(clone: ScratchDatabase, learner: UUID, to: UUID | None) -> None:
    """Take the learner's assignment away, and give them one of another organisation."""
    clone.execute("delete from rollcall.assignments where user_id = %s", (learner,))
    if to is not None:
        clone.assign(to, learner, COURSE)


def stored(clone: ScratchDatabase) -> list[tuple[UUID, UUID]]:
    """Return the organisation and the id of every event."""
    return sorted(clone.rows("select org_id, event_id from rollcall.progress_events"))


@pytest.mark.parametrize("to", [B, None], ids=["moved", "withdrawn"])
@pytest.mark.parametrize(
    ("resent", "outcome"),
    [({}, "duplicate"), ({"percent": 41.0}, "conflict"), ({"org_id": A}, "duplicate")],
    ids=["same", "other content", "named"],
)
def test_what_was_stored_for_one_is_known_after_the_move(
    clone: ScratchDatabase, to: UUID | None, resent: dict[str, object], outcome: str
) -> None:
    """Sent again after the move, an event is judged where it was stored; what is new goes where the assignment is."""
    learner = uuid4()
    clone.assign(A, learner, COURSE)
    event = an_event(None, user_id=learner)
    assert clone.ingest([A, B], event) == ["accepted"]
    move(clone, learner, to)

    fresh = an_event(None, user_id=learner)
    expected = "accepted" if to else "org_unresolved"
    assert clone.ingest([A, B], changed(event, **resent), fresh) == [outcome, expected]
    assert stored(clone) == sorted([(A, event.event_id), *([(to, fresh.event_id)] if to else [])])


def test_one_that_was_sent_with_its_organisation_is_known_without(clone: ScratchDatabase) -> None:
    """A client that names no organisation any more after an update sends nothing twice."""
    learner = uuid4()
    event = an_event(A, user_id=learner)
    clone.ingest([A, B], event)
    clone.assign(B, learner, COURSE)
    assert clone.ingest([A, B], changed(event, org_id=None)) == ["duplicate"]
    assert clone.ingest([A, B], changed(event, org_id=B)) == ["accepted"], "a named organisation wins"


def test_what_another_caller_stored_decides_nothing(clone: ScratchDatabase) -> None:
    """An organisation that the token does not hold is not asked: what it knows is its own."""
    learner = uuid4()
    event = an_event(None, user_id=learner)
    clone.ingest([C], changed(event, org_id=C))
    clone.assign(B, learner, COURSE)
    assert clone.ingest([A, B], event) == ["accepted"]
    assert stored(clone) == sorted([(B, event.event_id), (C, event.event_id)])


def test_the_same_content_is_found_among_several(clone: ScratchDatabase) -> None:
    """Given one id in two organisations of the caller with two contents, each is a duplicate of its own."""
    learner = uuid4()
    ours = an_event(None, user_id=learner)
    theirs = changed(ours, percent=77.0)
    clone.ingest([A, B], changed(ours, org_id=A), changed(theirs, org_id=B))
    for holder in (A, B):
        move(clone, learner, holder)
        assert clone.ingest([A, B], ours, theirs, changed(ours, percent=1.0)) == ["duplicate", "duplicate", "conflict"]


def test_an_event_of_an_erased_learner_does_not_come_back_with_the_move(clone: ScratchDatabase) -> None:
    """Erased in the one organisation, an event of before stays erased, wherever its learner is now."""
    learner = uuid4()
    clone.assign(A, learner, COURSE)
    event = an_event(None, user_id=learner)
    clone.ingest([A, B], event)
    clone.rows("select rollcall.erase_learner_v1(%s, %s, %s, false)", (A, learner, [str(learner)]))
    move(clone, learner, B)
    assert clone.ingest([A, B], event) == ["learner_erased"]
    assert stored(clone) == []


def test_a_spooled_batch_is_judged_as_one_that_comes_now(clone: ScratchDatabase) -> None:
    """Received before the move and loaded after it, or twice: an event counts once, and its counts say so."""
    learner = uuid4()
    clone.assign(A, learner, COURSE)
    known, late = an_event(None, user_id=learner), an_event(None, user_id=learner)
    clone.ingest([A, B], known)
    message = SpooledBatch(subject="somebody", org_ids=[A, B], received_at=NOW, events=[known, late]).model_dump_json(
        exclude_none=True
    )
    move(clone, learner, B)
    assert load_spooled(message, clone.store).counts == {"duplicate": 1, "accepted": 1}
    move(clone, learner, A)
    assert load_spooled(message, clone.store).counts == {"duplicate": 2}
    assert stored(clone) == sorted([(A, known.event_id), (B, late.event_id)])


def race(clone: ScratchDatabase, *steps: Callable[[ProgressStore], object]) -> None:
    """Run these at once, each with a connection of its own."""
    start = threading.Barrier(len(steps))
    faults: list[BaseException] = []

    def run(step: Callable[[ProgressStore], object]) -> None:
        database = clone.database()
        try:
            start.wait()
            step(ProgressStore(database))
        except BaseException as fault:  # noqa: BLE001 - raised again where the test sees it
            faults.append(fault)
        finally:
            database.close()

    threads = [threading.Thread(target=run, args=(step,)) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]


def test_an_event_that_is_sent_while_the_assignment_moves_counts_once(clone: ScratchDatabase) -> None:
    """Given six senders of the same events and an assignment that goes to and fro, each event is accepted once."""
    outcomes: list[str] = []
    events: list[ProgressEvent] = []
    for _ in range(15):
        learner = uuid4()
        clone.assign(A, learner, COURSE)
        batch = [an_event(None, user_id=learner) for _ in range(4)]
        events += batch

        def send(store: ProgressStore, batch: list[ProgressEvent] = batch) -> None:
            for _ in range(3):
                outcomes.extend(store.ingest_progress("device", [A, B], batch, NOW, None).outcomes or [])

        def run(_store: ProgressStore, learner: UUID = learner) -> None:
            for to in (B, A, B, A, B):
                with clone.connect() as connection, connection.transaction():
                    connection.execute("delete from rollcall.assignments where user_id = %s", (learner,))
                    connection.execute(
                        "insert into rollcall.assignments (org_id, user_id, course_id) values (%s, %s, %s)",
                        (to, learner, COURSE),
                    )

        race(clone, *[send] * 6, run)
    assert (outcomes.count("accepted"), outcomes.count("duplicate")) == (len(events), 17 * len(events))
    assert sorted(event_id for _, event_id in stored(clone)) == sorted(event.event_id for event in events)


def test_a_sender_that_waits_for_another_sees_what_it_stored(clone: ScratchDatabase) -> None:
    """Given a sender that resolved the old organisation and has not committed, one that would resolve the new one waits
    for the learner's lock, and finds the event known: the order that a lucky race alone would hit.
    """
    learner = uuid4()
    clone.assign(A, learner, COURSE)
    event = an_event(None, user_id=learner)
    document = f"[{event.model_dump_json(exclude_none=True)}]"
    call = "select outcomes from rollcall.ingest_progress_v1('first', %s, %s::jsonb, %s, null, null)"
    second: list[str] = []
    with clone.connect("rollcall_app") as first:
        with first.transaction():
            assert first.execute(call, ([A, B], document, NOW)).fetchone() == (["accepted"],)
            move(clone, learner, B)
            waiting = threading.Thread(target=lambda: second.extend(clone.ingest([A, B], event)))
            waiting.start()
            while not clone.rows("select from pg_stat_activity where wait_event = 'advisory'"):
                assert waiting.is_alive()
        waiting.join()
    assert second == ["duplicate"]
    assert stored(clone) == [(A, event.event_id)]


@pytest.mark.parametrize("assigned_to", [B, None], ids=["assigned elsewhere", "not assigned"])
@pytest.mark.parametrize("is_erased", [False, True], ids=["known", "erased"])
def test_another_learners_event_under_the_same_id_decides_nothing(
    clone: ScratchDatabase, assigned_to: UUID | None, is_erased: bool
) -> None:
    """Given an id that one learner's event has in A, another learner's goes where its own assignment is."""
    first, second = uuid4(), uuid4()
    theirs = an_event(A, user_id=first)
    assert clone.ingest([A, B], theirs) == ["accepted"]
    if is_erased:
        clone.rows("select rollcall.erase_learner_v1(%s, %s, %s, false)", (A, first, [str(first)]))
    if assigned_to is not None:
        clone.assign(assigned_to, second, COURSE)
    ours = an_event(None, user_id=second, event_id=theirs.event_id)
    assert clone.ingest([A, B], ours) == ["accepted" if assigned_to else "org_unresolved"]
    assert clone.ingest([A, B], ours) == ["duplicate" if assigned_to else "org_unresolved"]
    kept_there = [] if is_erased else [(A, theirs.event_id)]
    assert stored(clone) == sorted([*kept_there, *([(B, ours.event_id)] if assigned_to else [])])


def test_another_learners_event_where_the_assignment_is_stays_a_conflict(clone: ScratchDatabase) -> None:
    """An id is one event of an organisation: a second learner's under it is refused there, as a named one is."""
    second = uuid4()
    theirs = an_event(A)
    clone.ingest([A, B], theirs)
    clone.assign(A, second, COURSE)
    assert clone.ingest([A, B], an_event(None, user_id=second, event_id=theirs.event_id)) == ["conflict"]


@pytest.mark.parametrize(
    ("sent", "outcomes", "kept"),
    [
        ([(A, 40, COURSE), (None, 40, COURSE)], ["accepted", "duplicate"], [A]),
        ([(None, 40, COURSE), (A, 40, COURSE)], ["accepted", "duplicate"], [A]),
        ([(B, 40, COURSE), (None, 40, COURSE)], ["accepted", "duplicate"], [B]),
        ([(A, 40, COURSE), (B, 41, COURSE), (None, 41, COURSE)], ["accepted", "accepted", "duplicate"], [A, B]),
        ([(A, 40, COURSE), (None, 41, COURSE)], ["accepted", "conflict"], [A]),
        ([(None, 40, COURSE), (A, 41, COURSE)], ["accepted", "accepted"], [A, B]),
        ([(None, 40, COURSE), (None, 40, "history")], ["accepted", "conflict"], [B]),
        ([(None, 40, "unassigned"), (None, 40, COURSE)], ["org_unresolved", "accepted"], [B]),
        ([(None, 40, COURSE), (None, 40, "unassigned")], ["accepted", "org_unresolved"], [B]),
        ([(C, 40, COURSE), (None, 40, COURSE)], ["org_forbidden", "accepted"], [B]),
    ],
)
def test_one_id_named_and_unnamed_in_one_batch_counts_once(
    clone: ScratchDatabase, sent: list[tuple[UUID | None, int, str]], outcomes: list[str], kept: list[UUID]
) -> None:
    """As if its events came one after another; and again, all of it is known. The course is B's, history is A's."""
    learner = uuid4()
    clone.assign(B, learner, COURSE)
    clone.assign(A, learner, "history")
    first = an_event(None, user_id=learner)
    events = [changed(first, org_id=org_id, percent=percent, course_id=course) for org_id, percent, course in sent]
    assert clone.ingest([A, B], *events) == outcomes
    assert stored(clone) == sorted((org_id, first.event_id) for org_id in kept)
    assert "accepted" not in clone.ingest([A, B], *events)
    assert stored(clone) == sorted((org_id, first.event_id) for org_id in kept)


def test_one_id_of_two_learners_in_one_batch_is_two_events(clone: ScratchDatabase) -> None:
    """Given another learner's event under the same id, named, an unnamed one goes where its assignment is."""
    learner = uuid4()
    clone.assign(B, learner, COURSE)
    theirs = an_event(A)
    ours = an_event(None, user_id=learner, event_id=theirs.event_id)
    assert clone.ingest([A, B], theirs, ours) == ["accepted", "accepted"]
    assert stored(clone) == sorted([(A, theirs.event_id), (B, theirs.event_id)])
