"""The load function, with a store that fails and queues that record."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from rollcall.edge.wiring import environment
from rollcall.edge.wiring.ingest import progress as wiring_ingest
from rollcall.edge.wiring.operations import requests as wiring_operations
from rollcall.errors import ObjectsUnavailable, StoreUnavailable

from functions.load import app
from tests.checkout import ROOT
from tests.unit.fakes.api_gateway import Context
from tests.unit.ingest.test_ingest_flow import RecordingStore

SAMPLE = ROOT / "events" / "load_spooled.json"
IDS = ["m-1", "m-2", "m-3"]


@dataclass
class CountingStore(RecordingStore):
    """A store that counts how often it was asked."""

    asked: int = 0

    def ingest_progress(self, *arguments: Any) -> Any:
        """Count the call, then follow the script."""
        self.asked += 1
        return super().ingest_progress(*arguments)


@dataclass
class RecordingQueues:
    """Queues that note what was given back."""

    given_back: list[str] = field(default_factory=list)

    def give_back(self, _queue_url: str, receipt_handle: str, _seconds: int) -> None:
        """Note it."""
        self.given_back.append(receipt_handle)


@dataclass
class RecordingObjects:
    """A bucket that notes what was put, or is away."""

    away: bool = False
    asked: int = 0
    kept: dict[str, bytes] = field(default_factory=dict)

    def put(self, key: str, body: bytes) -> None:
        """Note it."""
        self.asked += 1
        if self.away:
            raise ObjectsUnavailable
        self.kept[key] = body


@pytest.fixture(autouse=True)
def objects(monkeypatch: pytest.MonkeyPatch) -> RecordingObjects:
    recording = RecordingObjects()
    monkeypatch.setattr(wiring_operations, "archive_objects", lambda: recording)
    return recording


@pytest.fixture
def queues(monkeypatch: pytest.MonkeyPatch) -> RecordingQueues:
    recording = RecordingQueues()
    monkeypatch.setenv("SPOOL_QUEUE_URL", "https://sqs.example/spool")
    monkeypatch.setenv("SPOOL_DEAD_LETTER_QUEUE_URL", "https://sqs.example/spool-dead-letters")
    monkeypatch.setenv("ANALYTICS_QUEUE_URL", "https://sqs.example/analytics")
    monkeypatch.setenv("ANALYTICS_DEAD_LETTER_QUEUE_URL", "https://sqs.example/analytics-dead-letters")
    monkeypatch.setattr(environment, "queues", lambda: recording)
    return recording


def load_three(monkeypatch: pytest.MonkeyPatch, store: RecordingStore) -> list[str]:
    """Receive three messages, and return the ids of those that are to be received again."""
    monkeypatch.setattr(wiring_ingest, "progress_store", lambda: store)
    (record,) = json.loads(SAMPLE.read_text())["Records"]
    records = [record | {"messageId": name, "receiptHandle": f"handle of {name}"} for name in IDS]
    answer = app.handler({"Records": records}, Context())
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_what_was_stored_leaves_the_queue(monkeypatch: pytest.MonkeyPatch, queues: RecordingQueues) -> None:
    """Nothing failed, nothing is received again."""
    assert load_three(monkeypatch, RecordingStore()) == []
    assert queues.given_back == []


def test_a_store_that_is_away_is_asked_once(monkeypatch: pytest.MonkeyPatch, queues: RecordingQueues) -> None:
    """Every message is given back at once: ten connections that time out would outlast the invocation."""
    store = CountingStore(fault=StoreUnavailable())
    assert load_three(monkeypatch, store) == IDS
    assert queues.given_back == [f"handle of {name}" for name in IDS]
    assert store.asked == 1

    store.fault = None
    assert load_three(monkeypatch, store) == []


def test_what_was_stored_is_archived_once(
    monkeypatch: pytest.MonkeyPatch, queues: RecordingQueues, objects: RecordingObjects
) -> None:
    """An object for each message, of the day when the batch came; received twice it is the same object."""
    for _ in range(2):
        load_three(monkeypatch, RecordingStore())
    prefix = "spool/5d1f6a1c-5f0e-4c55-8a53-0f1c2b3d4e5f/2026-03-10"
    assert sorted(objects.kept) == [f"{prefix}/{name}.json" for name in IDS]


def test_an_archive_that_is_away_brings_no_message_back(
    monkeypatch: pytest.MonkeyPatch, queues: RecordingQueues, objects: RecordingObjects, logged: Callable[[], str]
) -> None:
    """The batches are stored; the bucket is asked once, and each batch that it lacks is counted."""
    objects.away = True
    assert load_three(monkeypatch, RecordingStore()) == []
    assert objects.asked == 1
    assert '"archive_failed":[1.0,1.0,1.0]' in logged()


def test_what_could_not_be_stored_is_not_archived(
    monkeypatch: pytest.MonkeyPatch, queues: RecordingQueues, objects: RecordingObjects
) -> None:
    """It will be, when it is stored."""
    load_three(monkeypatch, RecordingStore(fault=StoreUnavailable()))
    assert objects.kept == {}


def test_a_fault_that_nobody_foresaw_is_told(
    monkeypatch: pytest.MonkeyPatch, queues: RecordingQueues, logged: Callable[[], str]
) -> None:
    """The messages stay in the queue, and log and metrics say so, without quoting any of them."""
    assert load_three(monkeypatch, RecordingStore(fault=ValueError("canary"))) == IDS
    lines = logged()
    assert '"fault":"ValueError"' in lines
    assert '"load_failed":[1.0,1.0,1.0]' in lines
    assert "canary" not in lines


def test_what_was_erased_meanwhile_is_not_archived(
    monkeypatch: pytest.MonkeyPatch, queues: RecordingQueues, objects: RecordingObjects
) -> None:
    """Events of a learner who was erased while they waited leave the queue, and are kept nowhere."""
    assert load_three(monkeypatch, RecordingStore(outcome="learner_erased")) == []
    assert objects.kept == {}
    assert queues.given_back == []
