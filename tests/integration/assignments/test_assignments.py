"""Orders of assignments on real procedures: once for each key, resumable, and apart from other organisations."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.assignments import AssignmentOrder
from rollcall.contracts.operations import Operation, OperationMessage
from rollcall.errors import IdempotencyConflict, QueueUnavailable
from rollcall.flows.assignments import Assign, AssignLearners, AssignmentRequest
from rollcall.flows.operations.work import OperationWorker
from rollcall.store.assignments import AssignmentStore
from rollcall.store.connection import Database
from rollcall.store.health.advice import AdviceStore
from rollcall.store.operations import OperationStore

from tests.builders import an_event
from tests.postgres import ScratchDatabase

COURSE = "algebra"
TEACHER = uuid4()
DUE = datetime(2026, 12, 24, tzinfo=UTC)


class Office:
    """Takes orders for one organisation, and works on what is left of them."""

    def __init__(self, clone: ScratchDatabase, database: Database) -> None:
        self.clone, self.org_id = clone, uuid4()
        self.store, self.operations = AssignmentStore(database), OperationStore(database)
        self.advice = AdviceStore(database)
        self.sent: list[OperationMessage] = []
        self.send: Callable[[str], None] = lambda body: self.sent.append(OperationMessage.model_validate_json(body))

    def order(self, user_ids: list[UUID], key: str = "key", at_once: int = 1_000, **changes: Any) -> Operation:
        """Give an order."""
        course, org_id = changes.pop("course", COURSE), changes.pop("org_id", self.org_id)
        flow = Assign(self.store, self.send, uuid4, at_once)
        asked = AssignmentOrder(org_id=org_id, user_ids=user_ids, **changes)
        return flow.request(asked, course, key, AssignmentRequest(str(TEACHER), asked.reason, TEACHER))

    def work(self) -> Operation | None:
        """Work on what was queued first, until it is finished."""
        steps = {"assign": AssignLearners(self.store)}
        return (
            OperationWorker(self.operations, steps, lambda: 0.0, lambda _seconds: None).work(self.sent.pop(0)).operation
        )

    def assigned(self, org_id: UUID | None = None) -> dict[UUID, tuple[Any, ...]]:
        """Return who has which course, by whom, until when."""
        rows = self.clone.rows(
            "select user_id, course_id, assigned_by, due_at from rollcall.assignments where org_id = %s",
            (org_id or self.org_id,),
        )
        return {row[0]: row[1:] for row in rows}

    def pending(self) -> int:
        """Return how many are left."""
        return self.advice.count_pending_assignments()


@pytest.fixture
def office(clone: ScratchDatabase) -> Iterator[Office]:
    database = clone.database("rollcall_ops")
    yield Office(clone, database)
    database.close()


def learners(number: int) -> list[UUID]:
    return [uuid4() for _ in range(number)]


def counts(operation: Operation | None) -> tuple[int, ...]:
    assert operation is not None
    return tuple(operation.counts[name] for name in ("total", "done", "assigned", "already_assigned", "updated"))


def test_an_order_is_made_in_the_call(office: Office) -> None:
    """Learners, course and organisation are known by it; who is named twice is assigned once."""
    named = learners(3)
    done = office.order([*named, named[0]], due_at=DUE, reason="new term")
    assert (done.state, done.kind, done.requested_by, done.reason) == ("done", "assign", str(TEACHER), "new term")
    assert counts(done) == (3, 3, 3, 0, 0)
    assert office.assigned() == dict.fromkeys(named, (COURSE, TEACHER, DUE))
    assert office.clone.count("learners", office.org_id) == 3
    assert office.clone.count("courses", office.org_id) == office.clone.count("organisations", office.org_id) == 1
    assert office.sent == []


def test_a_second_order_counts_what_is_new(office: Office) -> None:
    """A learner who has the course keeps it; a due date that is given replaces the one before, none leaves it."""
    first, second = learners(2)
    office.order([first], "one")
    assert counts(office.order([first, second], "two")) == (2, 2, 1, 1, 0)
    assert counts(office.order([first], "three", due_at=DUE)) == (1, 1, 0, 0, 1)
    assert counts(office.order([first], "four")) == (1, 1, 0, 1, 0)
    assert office.assigned()[first] == (COURSE, TEACHER, DUE)


def test_a_key_does_one_thing_once(office: Office) -> None:
    """The same body answers the same operation, in whatever order; another one is refused; others have keys too."""
    named = learners(3)
    first = office.order(named, due_at=DUE)
    office.clone.execute("delete from rollcall.assignments")
    assert office.order(named[::-1], due_at=DUE.astimezone(UTC)) == first
    assert office.assigned() == {}
    others: list[dict[str, Any]] = [{"due_at": None}, {"user_ids": named[:2]}, {"course": "b"}, {"reason": "r"}]
    for other in others:
        changed: dict[str, Any] = {"user_ids": named, "due_at": DUE} | other
        with pytest.raises(IdempotencyConflict):
            office.order(**changed)
    assert office.clone.count("operations", office.org_id) == 1
    assert office.order(named, org_id=uuid4()).operation_id != first.operation_id


def test_a_large_order_goes_on_chunk_by_chunk(office: Office) -> None:
    """What is not made at once waits, is counted, and is made by the engine; a repeated chunk changes nothing."""
    named = learners(2_500)
    queued = office.order(named, at_once=100)
    assert (queued.state, counts(queued)) == ("queued", (2_500, 100, 100, 0, 0))
    assert (len(office.assigned()), office.pending()) == (100, 2_400)
    assert counts(office.order(named, at_once=100)) == counts(queued)
    assert len(office.sent) == 2, "who asked first may not have got as far as the queue"
    leased, lease_id = office.operations.lease(office.org_id, queued.operation_id, 30)
    assert leased is not None
    assert lease_id is not None
    once = office.store.assign_chunk(leased, lease_id, 30, 900)
    assert office.store.assign_chunk(leased, lease_id, 30, 900) == once
    assert counts(once) == (2_500, 1_000, 1_000, 0, 0)
    assert office.store.assign_chunk(leased, uuid4(), 30, 900) is None
    office.operations.release(leased, lease_id)
    assert counts(office.work()) == (2_500, 2_500, 2_500, 0, 0)
    assert (len(office.assigned()), office.pending()) == (2_500, 0)
    assert office.work() == office.order(named, at_once=100)


def test_a_queue_that_is_away_loses_no_order(office: Office) -> None:
    """The first chunk is made and the rest is kept: the same key, asked again, goes on with it."""

    def refuse(_body: str) -> None:
        raise QueueUnavailable

    named, accept = learners(20), office.send
    office.send = refuse
    with pytest.raises(QueueUnavailable):
        office.order(named, at_once=5)
    office.send = accept
    assert office.order(named, at_once=5).state == "queued"
    assert counts(office.work()) == (20, 20, 20, 0, 0)


def test_a_cancelled_order_leaves_the_rest(office: Office) -> None:
    """What is made stays, the rest is not pending any more; its key answers that it was cancelled."""
    named = learners(20)
    queued = office.order(named, at_once=5)
    office.operations.cancel("assign", queued.operation_id, [office.org_id])
    assert office.order(named, at_once=5).state == "cancelled"
    office.work()
    assert (len(office.assigned()), office.pending()) == (5, 0)


def test_two_with_one_key_do_it_once(office: Office) -> None:
    """Given the same order from several callers at once, one operation is made, and every answer names it."""
    named, told, faults = learners(300), [], []

    def order() -> None:
        database = office.clone.database("rollcall_ops")
        try:
            desk = Office(office.clone, database)
            desk.org_id = office.org_id
            told.append(desk.order(named).operation_id)
        except Exception as fault:  # noqa: BLE001 - asserted below
            faults.append(fault)
        finally:
            database.close()

    threads = [threading.Thread(target=order) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(told) == 4
    assert len(set(told)) == 1
    assert len(office.assigned()) == 300


def test_an_erasure_takes_what_is_pending(office: Office) -> None:
    """A learner erased during an order is not assigned by it afterwards."""
    named = sorted(learners(10))
    office.order(named, at_once=5)
    for erased in (named[0], named[9]):
        office.clone.rows("select rollcall.erase_learner_v1(%s, %s, %s, false)", (office.org_id, erased, [str(erased)]))
    assert counts(office.work())[:3] == (10, 9, 9)
    assert office.assigned().keys() == set(named[1:9])
    assert office.clone.count("learners", office.org_id) == 8


def test_orders_age(office: Office) -> None:
    """Keys are forgotten after their time, and what a cancelled order left; what goes on stays."""
    cancelled = office.order(learners(4), "one", at_once=1)
    office.operations.cancel("assign", cancelled.operation_id, [office.org_id])
    office.order(learners(4), "two", at_once=1)
    age_out = "select rollcall.age_out_v1(%s, now() + %s, 100)"
    for what, deleted in (("pending_assignments", 3), ("assignment_requests", 2)):
        assert office.clone.rows(age_out, (what, timedelta(days=-1))) == [(0,)]
        assert office.clone.rows(age_out, (what, timedelta(days=1))) == [(deleted,)]
    assert office.pending() == 3


def test_an_event_without_organisation_finds_its_own(office: Office) -> None:
    """Given an assignment made by an order, an event of that learner and course that names none is stored there."""
    (learner,) = named = learners(1)
    event = an_event(None, user_id=learner, course_id=COURSE)
    assert office.clone.ingest([office.org_id, uuid4()], event) == ["org_unresolved"]
    office.order(named)
    assert office.clone.ingest([office.org_id, uuid4()], event) == ["accepted"]
    assert office.clone.count("progress_events", office.org_id) == 1
