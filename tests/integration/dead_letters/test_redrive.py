"""Redriving on the real procedures: whatever is sent twice, or dies in between, each event is stored once."""

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any, NoReturn
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.dead_letters.letter import DeadLetter, MessageAttributes
from rollcall.contracts.ingest.spool import SpooledBatch
from rollcall.contracts.operations import Operation, OperationMessage, OperationRequest
from rollcall.domain.keyring import Keyring
from rollcall.domain.retention.lifetimes import Lifetimes
from rollcall.domain.scrub.policy import default_policy
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.domain.scrub.scrubber import Scrubber
from rollcall.edge.runtime import settings
from rollcall.edge.wiring import dead_letters as wiring_dead_letters
from rollcall.edge.wiring import environment
from rollcall.edge.wiring.ingest import progress as wiring_ingest
from rollcall.edge.wiring.operations import requests as wiring_operations
from rollcall.errors import ObjectMissing, PoisonedMessage, StoreUnavailable
from rollcall.flows.dead_letters.record import RecordDeadLetters
from rollcall.flows.dead_letters.redrive import Redrive
from rollcall.flows.ingest import load
from rollcall.flows.operations.work import OperationWorker
from rollcall.flows.scrub.events import Scrubbing
from rollcall.store.dead_letters.failures import FailureStore
from rollcall.store.dead_letters.letters import DeadLetterStore, LetterFilter
from rollcall.store.operations import OperationStore

from functions.dead_letters import app as dead_letters_app
from functions.load import app as load_app
from tests.builders import NOW, an_event, queued_batch, scrubbed_event
from tests.integration.dead_letters.test_dead_letters import run_at_once
from tests.postgres import ScratchDatabase
from tests.unit.fakes.api_gateway import Context

A, B = uuid4(), uuid4()
EVENTS = 5  # in a batch
LIFETIMES = Lifetimes(timedelta(days=30), timedelta(days=90))


@dataclass
class Message:
    """A message on a queue."""

    message_id: str
    body: str
    attributes: dict[str, str]
    receives: int = 0


@dataclass
class World:
    """Queues and an archive in memory, the functions that consume them, and a real database."""

    clone: ScratchDatabase
    queues: dict[str, deque[Message]] = field(default_factory=dict)
    archive: dict[str, bytes] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count)

    def send(self, queue_url: str, body: str, attributes: dict[str, str] | None = None) -> None:
        """Put a message on a queue."""
        message = Message(f"m-{next(self.numbers)}", body, attributes or {})
        self.queues.setdefault(queue_url.rpartition("/")[2], deque()).append(message)

    def give_back(self, *_arguments: Any) -> None:
        """Let a message be received again: it never left."""

    def put(self, key: str, body: bytes) -> None:
        """Keep an object."""
        self.archive[key] = body

    def get(self, key: str) -> bytes:
        """Return an object."""
        if key not in self.archive:
            raise ObjectMissing
        return self.archive[key]

    def drain(self) -> None:
        """Let loaders and burial have what there is, until nothing is left on any queue."""
        while any(self.queues.values()):
            for name, waiting in list(self.queues.items()):
                handler = dead_letters_app.handler if name.endswith("-dead-letters") else load_app.handler
                for _ in range(len(waiting)):
                    message = waiting.popleft()
                    if handler({"Records": [record_of(message, name)]}, Context())["batchItemFailures"]:
                        waiting.append(message)

    def letters(self, org_id: UUID = A) -> list[DeadLetter]:
        """Return an organisation's dead letters."""
        database = self.clone.database("rollcall_ops")
        found = DeadLetterStore(database).list_dead_letters(org_id, LetterFilter(), None, 200)[1]
        database.close()
        return found

    def states(self, org_id: UUID = A) -> list[str]:
        """Return their states."""
        return sorted(letter.state for letter in self.letters(org_id))

    def redrive(
        self,
        selection: dict[str, Any],
        source: str = "dead_letters",
        wrap: Callable[[Any], Any] = lambda ledger: ledger,
    ) -> Operation:
        """Ask for a redrive and work on it until it is finished, as a worker of its own."""
        database = self.clone.database("rollcall_ops")
        store = OperationStore(database)
        request = OperationRequest(
            org_id=A, kind="redrive", source=source, parameters={"selection": selection}, requested_by="somebody",
            reason="why",
        )  # fmt: skip
        operation, _ = store.request(request, uuid4())
        step = Redrive(wrap(DeadLetterStore(database)), self, self._send_back, scrubbing_of, LIFETIMES, lambda: NOW)
        engine = OperationWorker(store, {"redrive": step}, time.monotonic, lambda _seconds: None)
        message = OperationMessage(org_id=A, operation_id=operation.operation_id)
        while engine.work(message).again_in_seconds is not None:
            pass
        finished = store.read("redrive", operation.operation_id, [A])
        database.close()
        assert finished is not None
        return finished

    def _send_back(self, queue: str, body: str, attributes: dict[str, str]) -> None:
        self.send(f"https://sqs.example/{queue}", body, attributes)


def record_of(message: Message, queue: str) -> dict[str, Any]:
    """Receive a message, as SQS's event source hands it over."""
    message.receives += 1
    return {
        "messageId": message.message_id,
        "receiptHandle": message.message_id,
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": str(message.receives),
            "ApproximateFirstReceiveTimestamp": str(int(1000 * NOW.timestamp())),
        },
        "messageAttributes": {
            name: {"stringValue": value, "dataType": "String"} for name, value in message.attributes.items()
        },
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:eu-central-1:123456789012:{queue}",
        "awsRegion": "eu-central-1",
    }


def scrubbing_of(org_id: UUID) -> Scrubbing:
    pseudonymiser, policy = Pseudonymiser(Keyring("k1", {"k1": "s" * 40}), org_id), default_policy()
    return Scrubbing(Scrubber(policy, pseudonymiser), pseudonymiser, policy)


@pytest.fixture
def world(clone: ScratchDatabase, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    world = World(clone)
    for queue in ("spool", "analytics"):
        monkeypatch.setenv(f"{queue}_queue_url".upper(), f"https://sqs.example/{queue}")
        monkeypatch.setenv(f"{queue}_dead_letter_queue_url".upper(), f"https://sqs.example/{queue}-dead-letters")
    settings.current.cache_clear()
    failure_store = FailureStore(clone.store._database)
    for module, name, part in (
        (environment, "queues", world), (wiring_ingest, "progress_store", clone.store),
        (wiring_ingest, "analytics_store", clone.analytics), (wiring_dead_letters, "failure_store", failure_store),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, lambda part=part: part)
    monkeypatch.setattr(wiring_operations, "archive_objects", lambda: world)
    monkeypatch.setattr(
        wiring_dead_letters,
        "record_dead_letters",
        lambda: RecordDeadLetters(world, failure_store, scrubbing_of, lambda: NOW),
    )
    yield world
    settings.current.cache_clear()


@pytest.fixture
def broken(world: World) -> Iterator[pytest.MonkeyPatch]:
    """A version of the loader that reads nothing; undone, it is the one that does."""

    def refuse(*_arguments: Any) -> NoReturn:
        raise PoisonedMessage

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(load, "load_spooled", refuse)
        patched.setattr(load, "load_analytics", lambda messages, _store: dict.fromkeys(messages, PoisonedMessage()))
        yield patched


def send_batches(world: World, number: int, org_id: UUID = A) -> None:
    """Put so many batches of progress events, and of analytics events, on their queues."""
    for _ in range(number):
        spooled = SpooledBatch(
            subject="subject:" + "0" * 32, org_ids=[org_id], received_at=NOW,
            events=[an_event(org_id) for _ in range(EVENTS)],
        )  # fmt: skip
        world.send("https://sqs.example/spool", spooled.model_dump_json(exclude_none=True))
        queued = queued_batch(org_id, *(scrubbed_event() for _ in range(EVENTS)))
        world.send("https://sqs.example/analytics", queued.model_dump_json(exclude_none=True))


def stored(world: World) -> tuple[int, int, int, int]:
    """Return how many events there are of each kind, how many ids, and how many the projections count."""
    ((counted,),) = world.clone.rows("select coalesce(sum(event_count), 0) from rollcall.lesson_progress")
    tables = ("progress_events", "analytics_events", "progress_identities", "analytics_identities")
    progress, analytics, *identities = (world.clone.count(table, A) for table in tables)
    return progress, analytics, sum(identities), int(counted)


def events_alone(world: World) -> dict[str, list[str]]:
    """Return the rows of every table that is not about dead letters and operations."""
    return {
        name: rows
        for name, rows in world.clone.contents().items()
        if not name.startswith("dead_letter") and name != "operations"
    }


def test_what_failed_is_stored_once_it_can_be(world: World, broken: pytest.MonkeyPatch) -> None:
    """Everything that was accepted is a dead letter first, and stored at last; nothing is neither."""
    send_batches(world, 4)
    world.drain()
    assert stored(world) == (0, 0, 0, 0)
    assert (world.states(), sum(letter.event_count for letter in world.letters())) == (["open"] * 8, 8 * EVENTS)
    broken.undo()
    done = world.redrive({"all": True})
    assert (done.state, done.counts) == ("done", {"redriven": 8, "done": 8, "total": 8})
    world.drain()
    assert stored(world) == (4 * EVENTS, 4 * EVENTS, 8 * EVENTS, 4 * EVENTS)
    assert world.states() == ["resolved"] * 8


def test_two_redrives_at_once_store_nothing_twice(world: World, broken: pytest.MonkeyPatch) -> None:
    """Both send the very same messages at the same time: the second copy of each is a duplicate."""
    send_batches(world, 10)
    world.drain()
    broken.undo()
    ids = [str(letter.dead_letter_id) for letter in world.letters()]
    together = threading.Barrier(2)

    def redrive(source: str) -> None:
        together.wait()
        world.redrive({"dead_letter_ids": ids}, source)

    run_at_once([lambda: redrive("dead_letters"), lambda: redrive("spool")])
    assert sum(map(len, world.queues.values())) >= len(ids)
    world.drain()
    assert stored(world) == (10 * EVENTS, 10 * EVENTS, 20 * EVENTS, 10 * EVENTS)
    assert world.states() == ["resolved"] * 20


def test_a_redrive_after_a_partial_success_stores_the_rest_alone(world: World, broken: pytest.MonkeyPatch) -> None:
    """Some were stored by other means before, some were redriven before: rows that are there do not change."""
    send_batches(world, 3)
    copies = [Message(f"copy of {one.message_id}", one.body, {}) for one in world.queues["spool"]]
    world.drain()
    broken.undo()
    world.queues["spool"].append(copies[0])
    world.drain()
    first = world.letters()[0]
    world.redrive({"dead_letter_ids": [str(first.dead_letter_id)]})
    world.drain()
    world.redrive({"all": True})
    world.drain()
    assert stored(world) == (3 * EVENTS, 3 * EVENTS, 6 * EVENTS, 3 * EVENTS)
    assert world.states() == ["resolved"] * 6

    before = events_alone(world)
    world.queues["spool"].extend(copies)
    for letter in world.letters():
        attributes = MessageAttributes(org_id=A, dead_letter_id=letter.dead_letter_id, operation_id=uuid4())
        world.send(
            f"https://sqs.example/{letter.queue}",
            world.archive[str(letter.archive_key)].decode(),
            attributes.as_strings(),
        )
    world.drain()
    assert events_alone(world) == before
    assert world.redrive({"all": True}).counts == {"total": 0, "done": 0}


class KilledOnce:
    """A ledger whose caller is killed once, after it sent and before it noted."""

    def __init__(self, ledger: DeadLetterStore) -> None:
        self._ledger = ledger
        self._killed = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    def mark_redriven(self, *arguments: Any) -> None:
        """Note it, the second time."""
        if not self._killed:
            self._killed = True
            raise StoreUnavailable
        self._ledger.mark_redriven(*arguments)


def test_a_worker_that_dies_after_sending_sends_again_and_stores_once(world: World, broken: pytest.MonkeyPatch) -> None:
    """The second worker goes on from the same place: messages are there twice, events are not."""
    send_batches(world, 2)
    world.drain()
    broken.undo()
    done = world.redrive({"all": True}, wrap=KilledOnce)
    assert done.counts == {"redriven": 4, "done": 4, "total": 4}
    assert sum(map(len, world.queues.values())) == 8
    world.drain()
    assert stored(world) == (2 * EVENTS, 2 * EVENTS, 4 * EVENTS, 2 * EVENTS)
    assert {letter.redrive_count for letter in world.letters()} == {1}
    assert world.states() == ["resolved"] * 4


def test_what_fails_again_comes_back_with_its_history(world: World, broken: pytest.MonkeyPatch) -> None:
    """The same dead letters, as many as before, each with its first failure, the redrive, and the second."""
    send_batches(world, 2)
    world.drain()
    first = {letter.dead_letter_id: letter for letter in world.letters()}
    operation = world.redrive({"cause": "poisoned"})
    assert world.states() == ["redriven"] * 4
    world.drain()
    again = {letter.dead_letter_id: letter for letter in world.letters()}
    assert again.keys() == first.keys()
    assert {(letter.state, letter.failure_count, letter.redrive_count) for letter in again.values()} == {("open", 2, 1)}
    assert {letter.archive_key for letter in again.values()} == {letter.archive_key for letter in first.values()}
    database = world.clone.database("rollcall_ops")
    file = DeadLetterStore(database).read_dead_letter(A, next(iter(first)))
    database.close()
    assert file is not None
    assert sorted(entry.what for entry in file.history) == ["failed", "failed", "redriven"]
    assert {entry.operation_id for entry in file.history} == {None, operation.operation_id}
    broken.undo()
    world.redrive({"all": True})
    world.drain()
    assert world.states() == ["resolved"] * 4


def test_bodies_are_never_of_two_organisations(world: World, broken: pytest.MonkeyPatch) -> None:
    """A batch of a service for two organisations is two dead letters, each in its own folder, redriven apart."""
    events = [an_event(A), an_event(B)]
    batch = SpooledBatch(subject="subject:" + "0" * 32, org_ids=[A, B], received_at=NOW, events=events)
    world.send("https://sqs.example/spool", batch.model_dump_json())
    world.drain()
    for own, other in ((A, B), (B, A)):
        (body,) = [body.decode() for key, body in world.archive.items() if f"/{own}/" in key]
        assert str(own) in body
        assert str(other) not in body
    broken.undo()
    world.redrive({"all": True})
    world.drain()
    assert (world.states(A), world.states(B)) == (["resolved"], ["open"])
    assert (world.clone.count("progress_events", A), world.clone.count("progress_events", B)) == (1, 0)


def test_a_batch_that_the_database_refuses_is_buried_alone(world: World) -> None:
    """Of the organisation's batches, that one; with what refused it as its cause."""
    send_batches(world, 2)
    refused = queued_batch(A, scrubbed_event(name="lesson_viewed", properties={"score": "\x00"}))
    world.send("https://sqs.example/analytics", json.dumps(json.loads(refused.model_dump_json())))
    world.drain()
    (letter,) = world.letters()
    assert (letter.queue, letter.cause, letter.error_code) == ("analytics", "store_refused", "store_refused")
    assert stored(world)[:2] == (2 * EVENTS, 2 * EVENTS)
