"""The load function and dead letters: it adds the cause, keeps the attributes and resolves them in the ledger."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.dead_letters.letter import MessageAttributes
from rollcall.edge.wiring import dead_letters as wiring_dead_letters
from rollcall.edge.wiring import environment
from rollcall.edge.wiring.ingest import progress as wiring_ingest
from rollcall.errors import RollcallError, StoreRefused, StoreUnavailable

from functions.load import app
from tests.builders import NOW, ORG, queued_batch, scrubbed_event
from tests.checkout import ROOT
from tests.unit.fakes.api_gateway import Context
from tests.unit.ingest.test_ingest_flow import RecordingStore

SAMPLE = ROOT / "events" / "load_spooled.json"
QUEUES = ("spool", "analytics")


@dataclass
class Fakes:
    """Queues, an analytics store and a ledger that record their calls, and fail where a test says so."""

    sent: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    resolved: list[tuple[Any, ...]] = field(default_factory=list)
    store_fault: RollcallError | None = None
    ledger_fault: Exception | None = None

    def send(self, queue_url: str, body: str, attributes: dict[str, str]) -> None:
        """Take a message."""
        self.sent.append((queue_url, body, attributes))

    def give_back(self, *_arguments: Any) -> None:
        """Give a message back."""

    def ingest_analytics(self, _org_id: UUID, batches: list[Any]) -> list[list[str]]:
        """Store batches."""
        if self.store_fault:
            raise self.store_fault
        return [["accepted"] * len(batch.events) for batch in batches]

    def refuses(self, _batch: Any) -> bool:
        """Return whether a batch would be refused."""
        return isinstance(self.store_fault, StoreRefused)

    def resolve_dead_letter(self, *arguments: Any) -> None:
        """Record a resolution."""
        if self.ledger_fault:
            raise self.ledger_fault
        self.resolved.append(arguments)


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Fakes:
    fakes = Fakes()
    for queue in QUEUES:
        monkeypatch.setenv(f"{queue}_queue_url".upper(), f"https://sqs.example/{queue}")
        monkeypatch.setenv(f"{queue}_dead_letter_queue_url".upper(), f"https://sqs.example/{queue}-dead-letters")
    monkeypatch.setattr(environment, "queues", lambda: fakes)
    monkeypatch.setattr(wiring_ingest, "progress_store", RecordingStore)
    monkeypatch.setattr(wiring_ingest, "analytics_store", lambda: fakes)
    monkeypatch.setattr(wiring_dead_letters, "failure_store", lambda: fakes)
    return fakes


def receive(
    body: str | None = None, carried: MessageAttributes | None = None, queue: str = "spool", receives: int = 3
) -> list[str]:
    """Receive one message; return the ids of those that are to be received again."""
    (record,) = json.loads(SAMPLE.read_text())["Records"]
    attributes = (carried or MessageAttributes()).as_strings()
    record |= {
        "messageId": "m-1",
        "body": record["body"] if body is None else body,
        "eventSourceARN": f"arn:aws:sqs:eu-central-1:123456789012:{queue}",
        "attributes": record["attributes"] | {"ApproximateReceiveCount": str(receives)},
        "messageAttributes": {name: {"stringValue": value, "dataType": "String"} for name, value in attributes.items()},
    }
    answer = app.handler({"Records": [record]}, Context())
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def redriven() -> MessageAttributes:
    return MessageAttributes(org_id=ORG, dead_letter_id=uuid4(), operation_id=uuid4(), first_failed_at=NOW)


def test_a_buried_message_has_its_cause_and_id(fakes: Fakes) -> None:
    """Code, message, receives and the time of the first of them go along as attributes."""
    assert receive("poison") == []
    ((queue_url, body, attributes),) = fakes.sent
    assert (queue_url, body) == ("https://sqs.example/spool-dead-letters", "poison")
    assert attributes == {
        "error_code": "poisoned_message",
        "message_id": "m-1",
        "receive_count": "3",
        "first_failed_at": "2026-03-10T05:16:24Z",
    }
    assert fakes.resolved == []


def test_a_message_that_the_database_refuses_has_its_own_cause(fakes: Fakes) -> None:
    """The cause is store_refused, not the cause of an unreadable message."""
    fakes.store_fault = StoreRefused()
    body = queued_batch(ORG, scrubbed_event()).model_dump_json()
    assert receive(body, queue="analytics", receives=1) == ["m-1"]
    assert receive(body, queue="analytics") == []
    ((queue_url, _, attributes),) = fakes.sent
    assert (queue_url, attributes["error_code"]) == ("https://sqs.example/analytics-dead-letters", "store_refused")


def test_a_redriven_message_that_fails_again_names_its_dead_letter(fakes: Fakes) -> None:
    """Whose it is, which one, by which operation, and when it failed first."""
    carried = redriven()
    receive("poison", carried)
    ((_, _, attributes),) = fakes.sent
    assert MessageAttributes.read(attributes) == carried.model_copy(
        update={"error_code": "poisoned_message", "message_id": "m-1", "receive_count": 3}
    )
    assert fakes.resolved == []


def test_a_redriven_message_that_is_stored_is_resolved_in_the_ledger(fakes: Fakes) -> None:
    """Its dead letter, once for each message; a message that was never one is no business of the ledger's."""
    carried = redriven()
    assert receive(carried=carried) == []
    assert receive(carried=carried) == []
    first, second = fakes.resolved
    assert first == second
    assert (*first[:2], *first[3:]) == (ORG, carried.dead_letter_id, carried.operation_id, "stored")
    receive()
    assert len(fakes.resolved) == 2


def test_a_redriven_message_that_is_rejected_is_resolved_as_rejected(
    fakes: Fakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database has judged it: nothing is left to redrive, but not all of it is stored."""
    monkeypatch.setattr(wiring_ingest, "progress_store", lambda: RecordingStore(outcome="org_unresolved"))
    receive(carried=redriven())
    assert fakes.resolved[0][-1] == "stored_in_part"


@pytest.mark.parametrize("fault", [StoreUnavailable(), ValueError("canary")])
def test_a_ledger_that_is_away_never_keeps_what_was_stored(
    fakes: Fakes, fault: Exception, logged: Callable[[], str]
) -> None:
    """The message leaves its queue, and the log has the error's type alone."""
    fakes.ledger_fault = fault
    assert receive(carried=redriven()) == []
    lines = logged()
    assert type(fault).__name__ in lines
    assert "canary" not in lines
