"""The engine of operations, with a store and a clock of the tests' own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.operations import Operation, OperationMessage, OperationRequest
from rollcall.errors import (
    ObjectsUnavailable,
    OperationActive,
    OperationUnknown,
    PoisonedMessage,
    QueueUnavailable,
    ScrubFailed,
    StoreUnavailable,
)
from rollcall.flows.operations import work as operate
from rollcall.flows.operations.request import RequestOperation
from rollcall.flows.operations.work import Chunk, OperationWorker, RecordedStep, Step, StepResult

from tests.builders import NOW, ORG

LEASE = uuid4()


def an_operation(**changes: Any) -> Operation:
    fields: dict[str, Any] = {
        "org_id": ORG,
        "operation_id": uuid4(),
        "kind": "replay",
        "source": "events",
        "requested_by": "somebody",
        "state": "running",
        "requested_at": NOW,
    }
    return Operation.model_validate(fields | changes)


@dataclass
class Clock:
    """Seconds that pass when somebody sleeps, or works."""

    seconds: float = 0

    def monotonic(self) -> float:
        """The seconds that have passed."""
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Let them pass."""
        self.seconds += seconds


@dataclass
class RecordingStore:
    """One operation, and a lease on it that is to be had or not."""

    operation: Operation | None = field(default_factory=an_operation)
    lease_id: UUID | None = LEASE
    away: bool = False
    leases_lost: bool = False
    released: list[tuple[str | None, int]] = field(default_factory=list)
    rested: list[float] = field(default_factory=list)
    others_wait: bool = False
    looks: int = 0

    def lease(self, org_id: UUID, operation_id: UUID, lease_seconds: float) -> tuple[Operation | None, UUID | None]:
        """Hand out what there is."""
        if self.away:
            raise StoreUnavailable
        return self.operation, self.lease_id

    def advance(
        self,
        operation: Operation,
        lease_id: UUID,
        lease_seconds: float,
        cursor: Mapping[str, Any] | None,
        counts: Mapping[str, int],
        *,
        is_done: bool,
    ) -> Operation | None:
        """Count it."""
        assert self.operation is not None
        if self.leases_lost or lease_id != self.lease_id:
            return None
        sums = {name: self.operation.counts.get(name, 0) + number for name, number in counts.items()}
        self.operation = self.operation.model_copy(
            update={
                "cursor": cursor,
                "counts": self.operation.counts | sums,
                "step_number": operation.step_number + 1,
                "state": "done" if is_done else "running",
            }
        )
        return self.operation

    def release(
        self,
        operation: Operation,
        lease_id: UUID,
        error_code: str | None = None,
        faults_max: int = 1,
        rest_seconds: float = 0,
    ) -> Operation | None:
        """Note it."""
        if self.away:
            raise StoreUnavailable
        self.released.append((error_code, faults_max))
        self.rested.append(rest_seconds)
        return self.operation

    def is_turn_over(self, org_id: UUID) -> bool:
        """Tell what was given."""
        self.looks += 1
        return self.others_wait


def counting(last: int, clock: Clock | None = None, seconds: float = 0) -> Step:
    """Return a step that counts up to a number, ten at most at a time."""

    def step(operation: Operation, chunk: Chunk) -> StepResult:
        reached = operation.cursor["reached"] if operation.cursor else 0
        until = min(last, reached + min(10, chunk.units_max or 10))
        if clock:
            clock.seconds += seconds
        counts = {"done": until - reached, **({} if operation.cursor else {"total": last})}
        return StepResult(counts, {"reached": until}, until == last, until - reached)

    return step


def raising(fault: Exception) -> Step:
    def step(_operation: Operation, _chunk: Chunk) -> StepResult:
        raise fault

    return step


def work(store: RecordingStore, step: Step, clock: Clock | None = None) -> operate.SliceResult:
    clock = clock or Clock()
    engine = OperationWorker(store, {"replay": step}, clock.monotonic, clock.sleep)
    return engine.work(OperationMessage(org_id=ORG, operation_id=uuid4()))


def test_an_operation_is_worked_on_until_it_is_done() -> None:
    """Each chunk goes on from the cursor of the one before, counts add up, and the message leaves the queue."""
    store = RecordingStore()
    worked = work(store, counting(25))
    assert (worked.again_in_seconds, worked.chunks) == (None, 3)
    assert store.operation is not None
    assert store.operation.counts == {"done": 25, "total": 25}
    assert store.released == []


def test_a_slice_ends_and_the_message_is_given_back() -> None:
    """After its time the lease is given back, and the next slice goes on from the cursor."""
    clock, store = Clock(), RecordingStore()
    worked = work(store, counting(100, clock, seconds=9), clock)
    assert (worked.again_in_seconds, worked.chunks) == (0, 3)
    assert store.released == [(None, operate.FAULTS_MAX)]
    assert store.operation is not None
    assert store.operation.cursor == {"reached": 30}
    work(store, counting(100, clock, seconds=9), clock)
    assert store.operation.cursor == {"reached": 60}


@pytest.mark.parametrize(("rate", "seconds"), [(5, 5), (2.5, 10), (100, 0.25)])
def test_a_rate_is_kept_on_average(rate: float, seconds: float) -> None:
    """Chunks are no larger than a second's worth, and each pause makes up for the one before."""
    clock, store = Clock(), RecordingStore(an_operation(rate_per_second=rate))
    worked = work(store, counting(25), clock)
    assert worked.again_in_seconds is None
    assert clock.seconds == pytest.approx(seconds, abs=max(1, 10 / rate))


def test_a_pause_longer_than_the_slice_is_the_queues_to_keep() -> None:
    """One unit in a hundred seconds: the message comes back then, and no worker waits."""
    clock, store = Clock(), RecordingStore(an_operation(rate_per_second=0.01))
    worked = work(store, counting(25), clock)
    assert (worked.again_in_seconds, worked.chunks, clock.seconds) == (100, 1, 0)


@pytest.mark.parametrize("state", ["done", "failed", "cancelled"])
def test_a_finished_operation_leaves_the_queue(state: str) -> None:
    """Also an unknown operation: a second message does nothing."""
    finished = an_operation(state=state)
    assert work(RecordingStore(finished, None), raising(AssertionError())).again_in_seconds is None
    assert work(RecordingStore(None, None), raising(AssertionError())).again_in_seconds is None


def test_who_does_not_get_the_lease_does_nothing() -> None:
    """Two deliveries of a message never work at once."""
    worked = work(RecordingStore(lease_id=None), raising(AssertionError()))
    assert (worked.again_in_seconds, worked.chunks, worked.fault) == (operate.BUSY_SECONDS, 0, None)


def test_who_loses_the_lease_stops() -> None:
    """A worker that was slow for too long counts nothing, and releases nothing of another's."""
    store = RecordingStore(leases_lost=True)
    worked = work(store, counting(25))
    assert (worked.again_in_seconds, worked.chunks) == (operate.BUSY_SECONDS, 0)
    assert store.released == []


@pytest.mark.parametrize("away", [StoreUnavailable(), QueueUnavailable(), ObjectsUnavailable()])
def test_what_is_away_never_fails_an_operation(away: Exception) -> None:
    """It is given back without an error, and tried again later."""
    store = RecordingStore()
    worked = work(store, raising(away))
    assert (worked.again_in_seconds, worked.fault) == (operate.RETRY_SECONDS, type(away).__name__)
    assert store.released == [(None, operate.FAULTS_MAX)]
    assert work(RecordingStore(away=True), raising(AssertionError())).again_in_seconds == operate.RETRY_SECONDS


@pytest.mark.parametrize(("fault", "code"), [(ValueError("canary"), "internal_error"), (ScrubFailed(), "scrub_failed")])
def test_an_unforeseen_fault_is_noted_by_its_code(fault: Exception, code: str) -> None:
    """Neither the store nor the log quotes its text."""
    store = RecordingStore()
    worked = work(store, raising(fault))
    assert store.released == [(code, operate.FAULTS_MAX)]
    assert worked.again_in_seconds == operate.RETRY_SECONDS
    assert "canary" not in repr(worked)


def test_an_operation_that_has_failed_leaves_the_queue() -> None:
    """The store says that this fault was one too many."""
    store = RecordingStore()

    def fail_for_good(_operation: Operation, _chunk: Chunk) -> StepResult:
        store.operation = an_operation(state="failed", error_code="internal_error")
        raise ValueError

    assert work(store, fail_for_good).again_in_seconds is None


def test_a_store_that_goes_away_under_a_fault_keeps_the_message() -> None:
    """What could not be released is received again."""
    store = RecordingStore()

    def go_away(_operation: Operation, _chunk: Chunk) -> StepResult:
        store.away = True
        raise ValueError

    assert work(store, go_away).again_in_seconds == operate.RETRY_SECONDS


def test_a_step_may_note_its_chunk_itself() -> None:
    """Then the engine notes nothing, and goes on with the step's operation; None is a lost lease."""
    store = RecordingStore()
    answers = iter([an_operation(step_number=1), an_operation(step_number=2, state="done")])
    seen: list[int] = []

    def step(operation: Operation, chunk: Chunk) -> RecordedStep:
        assert chunk.lease_id == LEASE
        seen.append(operation.step_number)
        return RecordedStep(next(answers), 10)

    assert work(store, step).again_in_seconds is None
    assert seen == [0, 1]
    assert work(store, lambda _operation, _chunk: RecordedStep(None, 0)).again_in_seconds == operate.BUSY_SECONDS


def test_a_kind_may_have_a_step_for_each_source() -> None:
    """The operation's source chooses."""
    step = operate.by_source({"events": counting(1), "spool": raising(AssertionError())})
    assert work(RecordingStore(), step).again_in_seconds is None


def test_a_message_that_is_none_is_poison() -> None:
    """And is not quoted."""
    message = OperationMessage(org_id=ORG, operation_id=uuid4())
    assert operate.read_message(message.model_dump_json()) == message
    with pytest.raises(PoisonedMessage) as raised:
        operate.read_message('{"org_id": "canary"}')
    assert "canary" not in str(raised.value)


def test_progress_is_a_fraction_whatever_was_counted() -> None:
    """0 before anything is known, 1 when done, never more."""
    assert an_operation().progress == 0
    assert an_operation(counts={"total": 4, "done": 1}).progress == 0.25
    assert an_operation(counts={"total": 4, "done": 5}).progress == 1
    assert an_operation(state="done").progress == 1


@dataclass
class Ledger:
    """Operations that were asked for."""

    active: Operation | None = None
    cancelled: list[UUID] = field(default_factory=list)

    def request(self, request: OperationRequest, operation_id: UUID) -> tuple[Operation, bool]:
        """Return the active one, or a new one."""
        if self.active:
            return self.active, False
        return an_operation(**request.model_dump(), operation_id=operation_id, state="queued"), True

    def read(self, *_arguments: Any) -> Operation | None:
        """Return the active one."""
        return self.active

    def cancel(self, _kind: object, operation_id: UUID, _org_ids: object) -> Operation | None:
        """Note it."""
        self.cancelled.append(operation_id)
        return self.active

    def list_recent(self, *_arguments: Any) -> list[Operation]:
        """Return the active one."""
        return [self.active] if self.active else []


REQUEST = OperationRequest(org_id=ORG, kind="replay", source="events", requested_by="somebody")


def asking(ledger: Ledger, send: Callable[[str], object]) -> RequestOperation:
    return RequestOperation(ledger, send, uuid4)


def test_an_operation_is_written_down_and_queued() -> None:
    """One message, that names it and its organisation and nothing else."""
    sent: list[str] = []
    operation = asking(Ledger(), sent.append).request(REQUEST)
    assert [operate.read_message(message) for message in sent] == [
        OperationMessage(org_id=ORG, operation_id=operation.operation_id)
    ]


def test_a_second_one_on_the_same_source_is_refused_and_names_the_first() -> None:
    """An operation without a message gets another: the requester may have been killed before sending it."""
    sent: list[str] = []
    for state, messages in (("running", 0), ("queued", 1)):
        active = an_operation(state=state)
        with pytest.raises(OperationActive, match=str(active.operation_id)):
            asking(Ledger(active), sent.append).request(REQUEST)
        assert len(sent) == messages


def test_an_operation_that_cannot_be_queued_does_not_stand_in_the_way() -> None:
    """It is cancelled, and the caller hears that nothing was taken."""
    ledger = Ledger()

    def away(_message: str) -> None:
        raise QueueUnavailable

    with pytest.raises(QueueUnavailable):
        asking(ledger, away).request(REQUEST)
    assert len(ledger.cancelled) == 1


def test_an_operation_that_is_not_there_is_told_as_such() -> None:
    """Reading and cancelling alike."""
    flow = asking(Ledger(), print)
    with pytest.raises(OperationUnknown):
        flow.read("replay", uuid4(), [ORG])
    with pytest.raises(OperationUnknown):
        flow.cancel("replay", uuid4(), [ORG])


def test_a_worker_leaves_when_another_organisation_waits() -> None:
    """After the chunk under way, and asked for once a second at most: others wait for a chunk, and not for a slice."""
    clock, store = Clock(), RecordingStore(others_wait=True)
    message = OperationMessage(org_id=ORG, operation_id=uuid4())
    worked = OperationWorker(store, {"replay": counting(1_000, clock, 0.4)}, clock.monotonic, clock.sleep).work(message)
    assert (worked.chunks, worked.again_in_seconds, store.looks) == (3, 0, 1)
    assert store.released == [(None, operate.FAULTS_MAX)]
    alone = RecordingStore()
    slow = Clock()
    OperationWorker(alone, {"replay": counting(1_000, slow, 0.4)}, slow.monotonic, slow.sleep).work(message)
    assert alone.looks <= operate.SLICE_SECONDS


def test_a_fault_rests_an_operation() -> None:
    """The operation is not due again before its time, even while others have turns."""
    store = RecordingStore()
    work(store, raising(StoreUnavailable()))
    assert store.rested == [operate.RETRY_SECONDS]
