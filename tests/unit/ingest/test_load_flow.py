"""Loading the spool: what is stored, given back, buried."""

from collections import Counter
from collections.abc import Sequence
from typing import NoReturn
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.ingest.analytics import QueuedBatch
from rollcall.contracts.ingest.spool import SpooledBatch
from rollcall.errors import PoisonedMessage, RollcallError, StoreUnavailable
from rollcall.flows.ingest import load

from tests.builders import NOW, ORG, progress_event, queued_batch, scrubbed_event
from tests.template.document import Template
from tests.unit.ingest.test_ingest_flow import RecordingStore


def message() -> str:
    return SpooledBatch(
        subject="kim", org_ids=[ORG], received_at=NOW, events=[progress_event(), progress_event()]
    ).model_dump_json()


def test_a_spooled_batch_is_stored_as_it_was_accepted() -> None:
    """The same events reach the store, and their outcomes are counted."""
    store = RecordingStore()
    assert load.load_spooled(message(), store).counts == Counter(accepted=2)
    assert len(store.stored) == 2


def test_an_outcome_that_is_no_status_counts_as_rejected() -> None:
    """An organisation that cannot be resolved any more is a rejection."""
    assert load.load_spooled(message(), RecordingStore(outcome="org_unresolved")).counts == Counter(rejected=2)


@pytest.mark.parametrize("poison", ["", "{}", "canary", '{"version": 1, "subject": "canary"}'])
def test_a_message_nobody_can_read_is_poison_and_is_not_quoted(poison: str) -> None:
    """Its error says how many faults, never what stood there."""
    with pytest.raises(PoisonedMessage) as raised:
        load.load_spooled(poison, RecordingStore())
    assert "canary" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_the_wait_doubles_up_to_a_minute() -> None:
    """A database that comes back soon is used soon; one that does not is left alone."""
    assert [load.retry_delay_seconds(receives) for receives in (1, 2, 3, 5, 6, 64)] == [2, 4, 8, 32, 60, 60]


def test_receives_last_for_as_long_as_the_queue_keeps_a_batch() -> None:
    """An outage of any length makes no dead letters: retention ends first, not SQS's thousand receives."""
    spool = Template.read().queues["SpoolQueue"]
    receives = spool["RedrivePolicy"]["maxReceiveCount"]
    waited = sum(load.retry_delay_seconds(receive) for receive in range(1, receives))
    assert waited >= spool["MessageRetentionPeriod"]


def settled(receive_count: int, fault: RollcallError) -> tuple[Counter[str] | None, list[str]]:
    """Settle a message that cannot be stored; return its counts, and where it was put."""
    calls: list[str] = []
    message = load.Message(
        receive_count, lambda: calls.append("back"), lambda _poison: calls.append("buried"), lambda _unfit: None
    )

    def store() -> NoReturn:
        raise fault

    loaded = load.settle(message, store)
    return None if loaded is None else loaded.counts, calls


@pytest.mark.parametrize("receives", [1, 3, 900])
def test_an_absent_database_gives_back_and_never_buries(receives: int) -> None:
    """However often a message was received."""
    assert settled(receives, StoreUnavailable()) == (None, ["back"])


def test_poison_is_tried_again_and_then_buried() -> None:
    """The version that can read it may be on its way; the third time it leaves the queue, alone."""
    assert settled(1, PoisonedMessage()) == (None, ["back"])
    assert settled(2, PoisonedMessage()) == (None, ["back"])
    assert settled(3, PoisonedMessage()) == (Counter(), ["buried"])


def test_a_fault_that_nobody_foresaw_is_its_organisations_alone() -> None:
    """Another organisation's messages of the same invocation are stored, and leave the queue."""
    batches = {"mine": queued_batch(ORG, scrubbed_event()), "theirs": queued_batch(uuid4(), scrubbed_event())}

    class Store:
        """Fails for one organisation."""

        def ingest_analytics(self, org_id: UUID, _batches: Sequence[QueuedBatch]) -> list[list[str]]:
            """Store, or fail."""
            if org_id == ORG:
                raise ZeroDivisionError
            return [["accepted"]]

        def refuses(self, _batch: QueuedBatch) -> bool:
            """Take all."""
            return False

    results = load.load_analytics({name: batch.model_dump_json() for name, batch in batches.items()}, Store())
    assert isinstance(results["mine"], ZeroDivisionError)
    assert results["theirs"] == load.LoadResult(Counter(accepted=1))
