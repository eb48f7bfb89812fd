"""Advice in the database: one row, read beside every ingest statement, and stale when it is not renewed."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from rollcall.contracts.health.advice import Advice
from rollcall.contracts.ingest.receipt import QueuedEvents, Rejection
from rollcall.domain.ingest.rate import RateLimit
from rollcall.store.health.advice import AdviceStore

from tests.builders import NOW, an_event
from tests.postgres import ScratchDatabase

SLOW = Advice(flush_interval_ms=30_000, batch_size=100, pause_until=NOW)
LIMIT = RateLimit(1, 1)


@pytest.fixture
def store(clone: ScratchDatabase) -> Iterator[AdviceStore]:
    database = clone.database("rollcall_ops")
    yield AdviceStore(database)
    database.close()


def test_there_is_one_row(clone: ScratchDatabase, store: AdviceStore) -> None:
    """Before anything is written there is no advice; what is written last is read."""
    assert store.read() is None
    store.write(SLOW, 7)
    assert store.read() == SLOW
    calm = Advice(flush_interval_ms=2_000, batch_size=25)
    store.write(calm, None)
    assert store.read() == calm
    assert clone.rows("select count(*) from rollcall.advice") == [(1,)]


def test_advice_that_nobody_renews_is_none(clone: ScratchDatabase, store: AdviceStore) -> None:
    """Two minutes after the last measurement the advice ends: otherwise clients would never speed up again."""
    store.write(SLOW, 7)
    for age, advice in ((timedelta(seconds=110), SLOW), (timedelta(seconds=121), None)):
        clone.execute("update rollcall.advice set written_at = clock_timestamp() - %s", (age,))
        assert store.read() == advice


def test_every_ingest_statement_brings_it_along(clone: ScratchDatabase, store: AdviceStore) -> None:
    """Progress, announcements and rejections answer it in their one row, also to whom the rate holds back."""
    org_id = uuid4()
    waiting = [QueuedEvents(org_id, uuid4(), (uuid4(),))]
    assert clone.take([org_id], an_event(org_id)).advice is None
    store.write(SLOW, None)
    stored = [clone.store.ingest_progress("s", [org_id], [an_event(org_id)], NOW, LIMIT) for _ in range(2)]
    assert [(batch.outcomes, batch.advice) for batch in stored] == [(["accepted"], SLOW), (None, SLOW)]
    assert clone.receipts.announce_batches("analytics:s", LIMIT, waiting, NOW).advice == SLOW
    assert (
        clone.receipts.note_rejections("s", None, [Rejection(org_id, uuid4(), "invalid")], NOW, "progress").advice
        == SLOW
    )
