"""The slice of OULAD and its mapping to events."""

from datetime import UTC, datetime, timedelta

import pytest
from rollcall.contracts.ingest.progress import ProgressEvent

from workbench.demo import oulad

ANCHOR = datetime(2026, 3, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def events() -> list[ProgressEvent]:
    return oulad.events(oulad.read_submissions(), ANCHOR)


def test_the_slice_is_what_it_says() -> None:
    """Row count, organisations and the sum of scores: the answer key of the shipped slice."""
    rows = oulad.read_submissions()
    assert len(rows) == 19_797
    assert sorted(oulad.modules(rows).values()) == ["AAA", "BBB", "CCC", "DDD", "EEE", "FFF", "GGG"]
    assert sum(int(row["score"] or 0) for row in rows) == 1_498_819


def test_every_row_is_an_event_of_its_own_within_the_window(events: list[ProgressEvent]) -> None:
    """Ids are distinct, and time is squeezed into the last weeks before the anchor."""
    assert len({event.event_id for event in events}) == len(events)
    assert max(event.occurred_at for event in events) == ANCHOR
    assert min(event.occurred_at for event in events) == ANCHOR - oulad.SQUEEZED


def test_the_same_anchor_makes_the_same_events() -> None:
    """What is sent twice must be the same to be a duplicate."""
    rows = oulad.read_submissions()[:50]
    assert oulad.events(rows, ANCHOR) == oulad.events(rows, ANCHOR)


def test_batches_hold_one_learner_in_order(events: list[ProgressEvent]) -> None:
    """As a device would send them: nothing lost, at most the size, oldest first."""
    batches = list(oulad.batches(events, 10))
    assert sum(len(batch.events) for batch in batches) == len(events)
    for batch in batches:
        assert 1 <= len(batch.events) <= 10
        assert {event.user_id for event in batch.events} == {batch.user_id}
        moments = [event.occurred_at for event in batch.events]
        assert moments == sorted(moments)
        assert moments[-1] - moments[0] <= timedelta(days=20)
