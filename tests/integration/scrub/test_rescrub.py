"""Stored analytics events are read and rewritten by their organisation, day and policy alone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from rollcall.store.ingest.analytics import AnalyticsStore

from tests.builders import NOW, queued_batch, scrubbed_event
from tests.postgres import ScratchDatabase

A, B = uuid4(), uuid4()
DAY = NOW.date()


@pytest.fixture
def operator(clone: ScratchDatabase) -> Iterator[AnalyticsStore]:
    """The analytics store, as the function that scrubs again."""
    database = clone.database("rollcall_ops")
    yield AnalyticsStore(database)
    database.close()


def test_only_what_another_policy_scrubbed_is_read_in_order(clone: ScratchDatabase, operator: AnalyticsStore) -> None:
    """Of that day, in UTC, and of that organisation; page by page, each once."""
    midnight = datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC)
    old = [scrubbed_event(occurred_at=midnight + timedelta(minutes=n // 2)) for n in range(9)]
    other_days = [scrubbed_event(occurred_at=midnight + timedelta(days=n)) for n in (-1, 1)]
    new = queued_batch(A, scrubbed_event(occurred_at=midnight), policy_version="minors-2")
    clone.analytics.ingest_analytics(A, [queued_batch(A, *old, *other_days), new])
    clone.analytics.ingest_analytics(B, [queued_batch(B, scrubbed_event(occurred_at=midnight))])

    assert operator.count_outdated(A, DAY, "minors-2") == 9
    read, after = [], None
    while page := operator.read_outdated(A, DAY, "minors-2", after, 4):
        read += [event for _, event in page]
        after = (page[-1][1].occurred_at, page[-1][1].event_id)
        assert {key_id for key_id, _ in page} == {"k1"}
    assert read == sorted(old, key=lambda event: (event.occurred_at, event.event_id))


def test_a_rewrite_changes_these_rows_and_no_other(clone: ScratchDatabase, operator: AnalyticsStore) -> None:
    """Name, properties, remarks and version; who, when and identity stay, and so does every other row."""
    event, beside = scrubbed_event(), scrubbed_event()
    clone.analytics.ingest_analytics(A, [queued_batch(A, event, beside)])
    clone.analytics.ingest_analytics(B, [queued_batch(B, event)])
    untouched = "select xmin, t::text from rollcall.analytics_events as t where not (org_id = %s and event_id = %s)"
    before = clone.rows(untouched + " order by 2", (A, event.event_id))

    again = event.model_copy(update={"properties": {}, "name": "page", "remarks": [("score", "@selector", "remove")]})
    operator.rewrite_analytics(A, "minors-2", [again])

    assert clone.rows(
        "select name, properties, remarks, policy_version, user_pseudonym from rollcall.analytics_events"
        " where org_id = %s and event_id = %s",
        (A, event.event_id),
    ) == [("page", {}, [["score", "@selector", "remove"]], "minors-2", "a" * 32)]
    assert clone.rows(untouched + " order by 2", (A, event.event_id)) == before
    assert operator.count_outdated(A, DAY, "minors-2") == 1
    # What is sent again is still the same event.
    assert clone.analytics.ingest_analytics(A, [queued_batch(A, event)]) == [["duplicate"]]
