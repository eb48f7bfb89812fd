"""Replay of archived analytics batches: of the right organisation and person, under the policy and key that count."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.ingest.analytics import QueuedBatch
from rollcall.contracts.scrub.policy import PolicyAdditions
from rollcall.domain.keyring import Keyring
from rollcall.domain.scrub.policy import policy_with
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.domain.scrub.scrubber import Scrubber
from rollcall.errors import PoisonedMessage
from rollcall.flows.replay.analytics import apply_queued
from rollcall.flows.scrub.events import Scrubbing

from tests.builders import NOW, ORG, USER, queued_batch, scrubbed_event
from tests.unit.operations.test_operate_flow import an_operation

KEYRING = Keyring(
    "k2", {"k1": "a secret of the year before, of 32 letters", "k2": "a secret of this year, of 32 letters"}
)
OLD = Pseudonymiser(KEYRING, ORG).for_key("k1")
POLICY = policy_with(PolicyAdditions(pseudonymise=("lesson_id",)))


def scrubbing_of(org_id: UUID) -> Scrubbing:
    pseudonymiser = Pseudonymiser(KEYRING, org_id)
    return Scrubbing(Scrubber(POLICY, pseudonymiser), pseudonymiser, POLICY)


@dataclass
class RecordingStore:
    """Takes every event as new."""

    stored: list[QueuedBatch] = field(default_factory=list)

    def ingest_analytics(self, _org_id: UUID, batches: Sequence[QueuedBatch]) -> list[list[str]]:
        """Keep them."""
        self.stored += batches
        return [["accepted"] * len(batch.events) for batch in batches]

    def refuses(self, _batch: QueuedBatch) -> bool:
        """Take all."""
        return False


def apply(store: RecordingStore, batch: QueuedBatch, **changes: Any) -> Counter[str]:
    way = apply_queued(store, scrubbing_of, lambda: NOW, timedelta(days=30))
    return way(batch.model_dump_json().encode(), an_operation(source="dead_letters", **changes))


def test_a_batch_from_before_a_rotation_keeps_to_its_key() -> None:
    """What the policy of today makes a pseudonym joins with the rows that name the same key."""
    store, event = RecordingStore(), scrubbed_event(properties={"lesson_id": "l-1"})
    assert apply(store, queued_batch(ORG, event)) == {"events": 1, "accepted": 1}
    (batch,) = store.stored
    assert (batch.key_id, batch.policy_version) == ("k1", POLICY.version)
    assert batch.events[0].properties == {"lesson_id": OLD.pseudonym("l-1")}


def test_one_learners_events_are_found_by_the_key_of_the_batch() -> None:
    """Events of other organisations are not applied."""
    store, mine = RecordingStore(), scrubbed_event(user_pseudonym=OLD.pseudonym(str(USER)))
    batch = queued_batch(ORG, mine, scrubbed_event())
    assert apply(store, batch, parameters={"user_id": str(USER)}) == {"events": 1, "accepted": 1}
    assert [event.event_id for event in store.stored[0].events] == [mine.event_id]


def test_another_organisations_batch_is_not_applied() -> None:
    """Wherever in the archive it lies."""
    store = RecordingStore()
    with pytest.raises(PoisonedMessage):
        apply(store, queued_batch(uuid4(), scrubbed_event()))
    assert store.stored == []


def test_what_retention_has_dropped_does_not_come_back_and_a_dry_run_stores_nothing() -> None:
    """Both are counted."""
    store = RecordingStore()
    batch = queued_batch(ORG, scrubbed_event(), scrubbed_event(occurred_at=NOW - timedelta(days=31)))
    assert apply(store, batch, is_dry_run=True) == {"events": 1, "expired": 1}
    assert store.stored == []
