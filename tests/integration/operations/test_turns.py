"""Turns: however much one organisation asked for, another one's operation begins within seconds; none is lost."""

import heapq
import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.dead_letters.letter import NIL_ORGANISATION
from rollcall.contracts.operations import Operation, OperationMessage, OperationRequest
from rollcall.flows.operations.take_turns import LEASES_MAX, TakeTurns
from rollcall.flows.operations.work import Chunk, OperationWorker, StepResult
from rollcall.store.operations import OperationStore

from tests.postgres import ScratchDatabase
from tests.template.document import Template

A, B, C = sorted(uuid4() for _ in range(3))
WORKERS = 4


@pytest.fixture
def store(clone: ScratchDatabase) -> Iterator[OperationStore]:
    database = clone.database("rollcall_ops")
    yield OperationStore(database)
    database.close()


def ask(store: OperationStore, org_id: UUID, source: str | None = None, **changes: Any) -> Operation:
    fields: dict[str, Any] = {"org_id": org_id, "kind": "replay", "source": source or f"events {uuid4()}"}
    operation, is_new = store.request(
        OperationRequest.model_validate(fields | {"requested_by": "somebody"} | changes), uuid4()
    )
    assert is_new
    return operation


def message_of(operation: Operation) -> OperationMessage:
    return OperationMessage(org_id=operation.org_id, operation_id=operation.operation_id)


@dataclass
class Queue:
    """A queue that hands messages out in its order, hides those that are given back, and keeps what is not deleted."""

    waiting: list[tuple[float, int, OperationMessage]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=itertools.count)
    lock: threading.Lock = field(default_factory=threading.Lock)
    receives: int = 0

    def send(self, message: OperationMessage, seconds: float = 0) -> None:
        """Put a message on it, to be received after so many seconds."""
        with self.lock:
            heapq.heappush(self.waiting, (time.monotonic() + seconds, next(self.numbers), message))

    def receive(self) -> OperationMessage | None:
        """Take the first one that is not hidden."""
        with self.lock:
            if self.waiting and self.waiting[0][0] <= time.monotonic():
                self.receives += 1
                return heapq.heappop(self.waiting)[2]
            return None


@dataclass
class Workers:
    """Workers, each with a connection of its own, over one queue, as the function has them."""

    clone: ScratchDatabase
    queue: Queue
    chunk_seconds: float = 0.0
    chunks_each: int = 1
    began: dict[UUID, float] = field(default_factory=dict)
    chunks: Counter[UUID] = field(default_factory=Counter)
    at_work: Counter[UUID] = field(default_factory=Counter)
    most_at_work: Counter[UUID] = field(default_factory=Counter)
    dies: float = 0.0

    def run(self, until: float) -> None:
        """Work until nothing is on the queue, or for so many seconds."""
        ends_at = time.monotonic() + until
        threads = [threading.Thread(target=self._work, args=(ends_at,)) for _ in range(WORKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _work(self, ends_at: float) -> None:
        database = self.clone.database("rollcall_ops")
        store = OperationStore(database)
        engine = OperationWorker(store, {"replay": self._step}, time.monotonic, time.sleep)
        turns = TakeTurns(store, engine.work, time.monotonic)
        while time.monotonic() < ends_at and self.queue.waiting:
            message = self.queue.receive()
            if message is None:
                time.sleep(0.01)
                continue
            worked = list(turns.turns(message))[-1]
            if worked.again_in_seconds is not None:
                self.queue.send(message, min(worked.again_in_seconds, 5))
        database.close()

    def _step(self, operation: Operation, _chunk: Chunk) -> StepResult:
        self.began.setdefault(operation.operation_id, time.monotonic())
        self.at_work[operation.org_id] += 1
        self.most_at_work[operation.org_id] = max(self.most_at_work[operation.org_id], self.at_work[operation.org_id])
        time.sleep(self.chunk_seconds)
        self.at_work[operation.org_id] -= 1
        self.chunks[operation.org_id] += 1
        done = operation.step_number + 1 >= self.chunks_each
        return StepResult({"done": 1}, {"step": operation.step_number}, done, 1)


def test_the_template_leaves_a_worker_for_the_others() -> None:
    """One organisation has fewer operations at work than the function has executions."""
    source = Template.read().properties("OperationsSource")
    assert source["ScalingConfig"]["MaximumConcurrency"] == WORKERS > LEASES_MAX


def test_eleven_hundred_of_one_do_not_hold_up_another(clone: ScratchDatabase, store: OperationStore) -> None:
    """Another organisation's replay, asked for last, begins before the second chunk after it; all end, once each."""
    queue = Queue()
    operations = [ask(store, A) for _ in range(1_100)]
    for operation in operations:
        queue.send(message_of(operation))
    theirs = ask(store, B)
    queue.send(message_of(theirs))
    asked_at = time.monotonic()
    workers = Workers(clone, queue, chunk_seconds=0.005)
    workers.run(120)
    assert workers.began[theirs.operation_id] - asked_at < 5
    before = sum(began < workers.began[theirs.operation_id] for began in workers.began.values())
    assert before <= 2 * WORKERS
    assert workers.chunks == {A: 1_100, B: 1}
    assert workers.most_at_work[A] <= LEASES_MAX
    assert clone.rows("select state::text, count(*) from rollcall.operations group by 1") == [("done", 1_101)]
    assert queue.waiting == []
    assert queue.receives < 10_000  # each message once, and those again that one had enough at work


def test_one_that_comes_late_waits_for_no_slice(clone: ScratchDatabase, store: OperationStore) -> None:
    """Given four organisations whose long operations have every worker, a fifth begins within some chunks."""
    queue = Queue()
    for org_id in (A, B, C, uuid4()):
        for _ in range(3):
            queue.send(message_of(ask(store, org_id)))
    workers = Workers(clone, queue, chunk_seconds=0.2, chunks_each=1_000)
    late: list[tuple[float, Operation]] = []

    def come_late() -> None:
        time.sleep(1.5)
        database = clone.database("rollcall_ops")
        operation = ask(OperationStore(database), uuid4())
        database.close()
        late.append((time.monotonic(), operation))
        queue.send(message_of(operation))

    thread = threading.Thread(target=come_late)
    thread.start()
    workers.run(5)
    thread.join()
    ((asked_at, operation),) = late
    assert workers.began[operation.operation_id] - asked_at < 5


def test_organisations_share_workers_evenly(clone: ScratchDatabase, store: OperationStore) -> None:
    """One with a hundred operations and one with two get the same number of chunks while both have some."""
    queue = Queue()
    for org_id, number in ((A, 100), (B, 2)):
        for _ in range(number):
            queue.send(message_of(ask(store, org_id)))
    workers = Workers(clone, queue, chunk_seconds=0.05, chunks_each=1_000)
    workers.run(6)
    assert 0.5 < workers.chunks[B] / workers.chunks[A] < 2


def test_of_one_organisation_the_one_that_waits_longest_is_next(store: OperationStore) -> None:
    """A long operation does not keep its organisation's others, nor do many short ones keep the long one."""
    operations = [ask(store, A) for _ in range(3)]
    order = []
    for _ in range(6):
        chosen, _ = store.choose(A, LEASES_MAX, 5)
        assert chosen is not None
        operation, lease_id = store.lease(A, chosen.operation_id, 30)
        assert operation is not None
        assert lease_id is not None
        order.append(operation.operation_id)
        store.release(operation, lease_id)
    assert order == [operation.operation_id for operation in operations] * 2


def test_what_rests_is_not_chosen(store: OperationStore) -> None:
    """Until it is due; meanwhile who asks hears when. What is at work or finished is no reason to come again."""
    operation = ask(store, A)
    chosen, _ = store.choose(A, LEASES_MAX, 5)
    assert chosen == message_of(operation)
    assert store.choose(A, LEASES_MAX, 5) == (None, None), "set aside for who chose it"
    leased, lease_id = store.lease(A, operation.operation_id, 30)
    assert leased is not None
    assert lease_id is not None
    assert store.choose(A, LEASES_MAX, 5) == (None, None)
    store.release(leased, lease_id, rest_seconds=40)
    assert store.choose(B, LEASES_MAX, 5)[1] == pytest.approx(40, abs=1)
    assert store.choose(A, LEASES_MAX, 5)[0] is None
    store.cancel("replay", operation.operation_id, [A])
    assert store.choose(A, LEASES_MAX, 5) == (None, None)


def test_an_organisation_that_is_not_known_yet_has_its_turn(clone: ScratchDatabase, store: OperationStore) -> None:
    """A request of an earlier release is named by its message; the nil organisation takes turns as well."""
    operation = ask(store, B)
    clone.execute("delete from rollcall.organisations")
    assert store.choose(B, LEASES_MAX, 5)[0] == message_of(operation)
    nobodys = ask(store, NIL_ORGANISATION)
    assert store.choose(B, LEASES_MAX, 5)[0] == message_of(nobodys)


def test_killed_workers_lose_no_operation(clone: ScratchDatabase, store: OperationStore) -> None:
    """Given workers that die in the middle of a turn, every operation ends, with every chunk counted once."""
    queue, dice = Queue(), random.Random(11)
    operations = [ask(store, org_id) for org_id in (A, B) for _ in range(15)]
    for operation in operations:
        queue.send(message_of(operation))

    class Killed(BaseException):
        pass

    def step(operation: Operation, _chunk: Chunk) -> StepResult:
        if dice.random() < 0.2:
            raise Killed
        return StepResult({"done": 1}, {}, operation.step_number == 2, 1)

    turns = TakeTurns(store, OperationWorker(store, {"replay": step}, time.monotonic, time.sleep).work, time.monotonic)
    for _ in range(1_000):
        message = queue.receive()
        if message is None:
            break
        try:
            again = list(turns.turns(message))[-1].again_in_seconds
        except Killed:
            clone.execute("update rollcall.operations set leased_until = now() where leased_until is not null")
            clone.execute("update rollcall.operations set held_until = null")
            again = 0
        if again is not None:
            queue.send(message)
    assert clone.rows("select state::text, counts ->> 'done', count(*) from rollcall.operations group by 1, 2") == [
        ("done", "3", 30)
    ]
