"""The operation_worker function, with an engine and queues that record."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, get_args
from uuid import uuid4

import pytest
from rollcall.contracts.operations import OperationKind, OperationMessage
from rollcall.edge.wiring import environment
from rollcall.edge.wiring.operations import requests as wiring_operations
from rollcall.edge.wiring.operations import worker as wiring_operation_worker
from rollcall.errors import QueueUnavailable
from rollcall.flows.operations.work import HOLD_SECONDS, RECEIVES_MAX, SliceResult

from functions.openapi import app as openapi
from functions.operation_worker import app
from tests.builders import ORG, USER
from tests.template.document import Template
from tests.unit.fakes.api_gateway import Context
from tests.unit.operations.test_operate_flow import an_operation

QUEUE, DEAD = "https://sqs.example/operations", "https://sqs.example/dead"


@dataclass
class RecordingQueues:
    """Queues that note what was sent and given back, or are away."""

    away: bool = False
    sent: list[tuple[str, str]] = field(default_factory=list)
    given_back: list[int] = field(default_factory=list)

    def send(self, queue_url: str, body: str, _attributes: dict[str, str] | None = None) -> None:
        """Note it."""
        if self.away:
            raise QueueUnavailable
        self.sent.append((queue_url, body))

    def give_back(self, _queue_url: str, _receipt_handle: str, seconds: int) -> None:
        """Note it."""
        if self.away:
            raise QueueUnavailable
        self.given_back.append(seconds)


@pytest.fixture
def queues(monkeypatch: pytest.MonkeyPatch) -> RecordingQueues:
    recording = RecordingQueues()
    monkeypatch.setenv("OPERATIONS_QUEUE_URL", QUEUE)
    monkeypatch.setenv("OPERATIONS_DEAD_LETTER_QUEUE_URL", DEAD)
    monkeypatch.setattr(environment, "queues", lambda: recording)
    return recording


BODY = OperationMessage(org_id=ORG, operation_id=uuid4()).model_dump_json()


def receive(monkeypatch: pytest.MonkeyPatch, worked: SliceResult, body: str = BODY, receives: int = 1) -> list[str]:
    """Receive a message whose slice comes to this; return the ids of those that stay in the queue."""

    class Turns:
        def turns(self, message: OperationMessage) -> Iterator[SliceResult]:
            assert message.model_dump_json() == BODY
            yield worked

    monkeypatch.setattr(wiring_operation_worker, "take_turns", Turns)
    record = {
        "messageId": "m-1",
        "receiptHandle": "h-1",
        "body": body,
        "attributes": {"ApproximateReceiveCount": str(receives)},
    }
    answer = app.handler({"Records": [record]}, Context())
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_a_finished_operations_message_leaves_the_queue(
    monkeypatch: pytest.MonkeyPatch, queues: RecordingQueues, logged: Callable[[], str]
) -> None:
    """And is counted, by its kind."""
    assert receive(monkeypatch, SliceResult(an_operation(state="done"), None, 3)) == []
    lines = logged()
    assert '"operation_done":[1.0]' in lines
    assert '"job":"replay"' in lines
    assert queues.given_back == [HOLD_SECONDS]


def test_an_unfinished_operations_message_is_given_back(
    monkeypatch: pytest.MonkeyPatch, queues: RecordingQueues
) -> None:
    """At first for as long as the slice may take, should the worker die; then for as long as the engine says."""
    assert receive(monkeypatch, SliceResult(an_operation(), 7, 3)) == ["m-1"]
    assert queues.given_back == [HOLD_SECONDS, 7]
    assert queues.sent == []


def test_a_message_near_its_last_receive_is_replaced(monkeypatch: pytest.MonkeyPatch, queues: RecordingQueues) -> None:
    """The same message anew, and only then does the old one leave; where that fails it stays."""
    assert receive(monkeypatch, SliceResult(an_operation(), 0, 3), receives=RECEIVES_MAX) == []
    assert queues.sent == [(QUEUE, BODY)]
    queues.away = True
    assert receive(monkeypatch, SliceResult(an_operation(), 0, 3), receives=RECEIVES_MAX) == ["m-1"]


def test_a_message_is_replaced_before_sqs_gives_it_up() -> None:
    """The queue allows for more receives than the engine uses."""
    assert Template.read().queues["OperationsQueue"]["RedrivePolicy"]["maxReceiveCount"] > RECEIVES_MAX


def test_a_message_nobody_can_read_is_buried(
    monkeypatch: pytest.MonkeyPatch, queues: RecordingQueues, logged: Callable[[], str]
) -> None:
    """Alone, and without a word of it in the log."""
    assert receive(monkeypatch, SliceResult(None, None), body='{"canary": 1}') == []
    assert queues.sent == [(DEAD, '{"canary": 1}')]
    assert "canary" not in logged()


def test_the_log_tells_how_it_went_and_of_nobody(
    monkeypatch: pytest.MonkeyPatch, queues: RecordingQueues, logged: Callable[[], str]
) -> None:
    """Counts, state and code; neither cursor nor parameters, where a learner's id may stand."""
    operation = an_operation(cursor={"user_id": str(USER)}, parameters={"user_id": str(USER)}, reason="canary")
    receive(monkeypatch, SliceResult(operation, 15, 0, "ValueError"))
    lines = logged()
    assert '"fault":"ValueError"' in lines
    assert '"operation_faults":[1.0]' in lines
    assert str(USER) not in lines
    assert "canary" not in lines


def test_every_kind_and_source_that_can_be_asked_for_has_its_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the API takes, the worker can do; nothing connects meanwhile."""
    monkeypatch.setenv("DATABASE_HOST", "nowhere.invalid")
    monkeypatch.setenv("ARCHIVE_BUCKET", "archive")
    monkeypatch.setenv("SOCKET_TABLE", "sockets")
    monkeypatch.setenv("POLICY_PARAMETER_PREFIX", "/rollcall/policies")
    schema: Any = json.loads(openapi.document())["components"]["schemas"]["ReplayRequest"]
    steps = wiring_operation_worker.replay_steps()
    assert sorted(steps) == sorted(schema["properties"]["source"]["enum"])
    assert wiring_operation_worker.operation_worker().steps.keys() == set(get_args(OperationKind))
    for part in (environment.database, wiring_operations.operation_store, wiring_operations.archive_objects):
        part.cache_clear()
    wiring_operation_worker.operation_worker.cache_clear()
