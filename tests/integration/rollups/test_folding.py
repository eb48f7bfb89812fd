"""Folding: every stored event is in the rollups once, in its own hour, whatever happens meanwhile."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rollcall.contracts.ingest.analytics import ScrubbedEvent
from rollcall.contracts.ingest.progress import EVENTS, ProgressEvent
from rollcall.contracts.rollups import RollupMessage
from rollcall.flows.rollups import Rollup
from rollcall.store.rollups.rollups import RollupStore

from tests.builders import NOW, an_event, changed, queued_batch, scrubbed_event
from tests.postgres import ScratchDatabase
from tests.rollups import expected, fold_everything, stored
from workbench.demo import oulad

A, B = uuid4(), uuid4()
DAY = timedelta(days=1)
INGEST = "select rollcall.ingest_progress_v1('test', %s, %s::jsonb, %s, null, null)"


@pytest.fixture
def rollups(clone: ScratchDatabase) -> Iterator[RollupStore]:
    """The store of rollups, as the worker has it."""
    with closing(clone.database("rollcall_ops")) as database:
        yield RollupStore(database)


LEARNERS = [UUID(int=number) for number in (1, 2, 3)]
MOMENTS = [NOW, NOW - timedelta(hours=2), NOW - 2 * DAY, NOW.replace(hour=0) - timedelta(microseconds=1)]
progress_events = st.builds(
    lambda **fields: an_event(A, **fields),
    user_id=st.sampled_from(LEARNERS),
    course_id=st.sampled_from(["algebra", "geometry"]),
    kind=st.sampled_from(["started", "progressed", "completed"]),
    time_spent_seconds=st.sampled_from([0, 1, 61, 86_400]),
    occurred_at=st.sampled_from(MOMENTS),
)
analytics_events = st.builds(
    scrubbed_event,
    event_id=st.uuids(version=4),
    name=st.sampled_from(["lesson_viewed", "lesson_completed", "page"]),
    user_pseudonym=st.sampled_from(["a" * 32, "b" * 32, None]),
    properties=st.sampled_from([{}, {"duration_ms": 12.5}, {"duration_ms": 90_000, "time_spent_seconds": 90}]),
    occurred_at=st.sampled_from(MOMENTS),
)


@settings(
    max_examples=60,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    progress=st.lists(st.lists(progress_events, min_size=1, max_size=4), max_size=5),
    analytics=st.lists(st.lists(analytics_events, min_size=1, max_size=4, unique_by=lambda e: e.event_id), max_size=4),
    events_max=st.integers(1, 6),
    seed=st.integers(0, 2**32),
)
def test_any_events_in_any_order_and_any_chunks_end_in_the_same_rollups(
    clone: ScratchDatabase,
    rollups: RollupStore,
    progress: list[list[ProgressEvent]],
    analytics: list[list[ScrubbedEvent]],
    events_max: int,
    seed: int,
) -> None:
    """Given any batches, some of them sent twice, with folding in chunks of any size between them and after them, the
    rollups equal an independent computation.
    """
    chance, org_id = random.Random(seed), uuid4()
    for batch in chance.choices(progress, k=2 * len(progress)) + progress:
        clone.ingest([org_id], *(changed(event, org_id=org_id) for event in batch))
        if chance.random() < 0.4:
            rollups.fold_events(org_id, "progress", None, 0, events_max)
    for events in analytics:
        clone.analytics.ingest_analytics(org_id, [queued_batch(org_id, *events)])
        if chance.random() < 0.4:
            rollups.fold_events(org_id, "analytics", None, 0, events_max)

    fold_everything(rollups, org_id, events_max)

    distinct = {event.event_id: event for events in analytics for event in reversed(events)}
    first = {event.event_id: event for events in reversed(analytics) for event in events}
    assert stored(clone, org_id) == expected(
        [changed(event, org_id=org_id) for batch in progress for event in batch],
        [first[event_id] for event_id in distinct],
    )


def test_the_slice_of_real_data_adds_up(clone: ScratchDatabase, rollups: RollupStore) -> None:
    """Given 20,000 submissions of seven organisations, every rollup equals a recomputation in Python."""
    events = oulad.events(oulad.read_submissions(), NOW)
    by_org: dict[UUID, list[ProgressEvent]] = {}
    for event in events:
        assert event.org_id is not None
        by_org.setdefault(event.org_id, []).append(event)
    with clone.connect("rollcall_app") as connection:
        for org_id, own in by_org.items():
            for at in range(0, len(own), 1000):
                document = EVENTS.dump_json(own[at : at + 1000], exclude_none=True).decode()
                connection.execute(INGEST, ([org_id], document, NOW))
    for org_id, own in by_org.items():
        assert fold_everything(rollups, org_id) == len(own)
        assert stored(clone, org_id) == expected(own)


def test_a_transaction_that_runs_holds_back_what_came_after_it(clone: ScratchDatabase, rollups: RollupStore) -> None:
    """Given an event that is stored and not committed, later ones wait: else an offset would pass over the first."""
    known, early, late = an_event(A), an_event(A), an_event(A)
    clone.ingest([A], known)
    fold_everything(rollups, A)
    with clone.connect() as slow:
        slow.execute("begin")
        slow.execute(INGEST, ([A], EVENTS.dump_json([early], exclude_none=True).decode(), NOW))
        clone.ingest([A], late)
        assert rollups.fold_events(A, "progress", None, 0, 5_000).event_count == 0
        assert rollups.lag_seconds() is not None, "what waits for an idle transaction is seen"
        slow.execute("commit")
    assert rollups.fold_events(A, "progress", None, 0, 5_000).event_count == 2
    assert stored(clone, A) == expected([known, early, late])


def test_a_transaction_is_folded_whole(clone: ScratchDatabase, rollups: RollupStore) -> None:
    """Given transactions of 3 events and chunks of 2, a chunk takes the whole transaction: the offset is its id."""
    batches = [[an_event(A) for _ in range(3)] for _ in range(2)]
    for batch in batches:
        clone.ingest([A], *batch)
    assert [rollups.fold_events(A, "progress", None, 0, 2).event_count for _ in range(3)] == [3, 3, 0]
    assert stored(clone, A) == expected([event for batch in batches for event in batch])


def test_a_late_event_lands_in_its_own_hour(clone: ScratchDatabase, rollups: RollupStore) -> None:
    """Given a day that was folded, an event of it that comes days later is added to that day's hour."""
    on_time, late = an_event(A, occurred_at=NOW), an_event(A, occurred_at=NOW - 5 * DAY)
    clone.ingest([A], on_time)
    fold_everything(rollups, A)
    clone.ingest([A], late)
    fold_everything(rollups, A)
    assert stored(clone, A) == expected([on_time, late])
    assert [row[1] for row in stored(clone, A)["hourly_rollups"]] == [late.occurred_at, on_time.occurred_at]


def test_organisations_with_something_new_get_one_ticket_each(clone: ScratchDatabase, rollups: RollupStore) -> None:
    """The dispatcher finds those with new events of either source, gives each a ticket, and no second one until that
    is given back or has expired.
    """
    clone.ingest([A], an_event(A))
    clone.analytics.ingest_analytics(B, [queued_batch(B, scrubbed_event())])
    given = rollups.backlog(300, 10)
    assert {message.org_id for message in given} == {A, B}
    assert rollups.backlog(300, 10) == []

    of_a = next(message for message in given if message.org_id == A)
    rollups.release(of_a)
    (again,) = rollups.backlog(300, 10)
    assert again.org_id == A
    assert again.ticket_id != of_a.ticket_id
    clone.execute("update rollcall.rollup_tickets set ticket_until = now() - interval '1 s' where org_id = %s", (B,))
    (healed,) = rollups.backlog(300, 10)
    assert healed.org_id == B

    assert Rollup(rollups, time.monotonic).work(of_a, 0).outcome == "superseded"
    fold_everything(rollups, A)
    rollups.release(again)
    assert rollups.backlog(300, 10) == []


def test_one_worker_an_organisation_at_a_time(clone: ScratchDatabase, rollups: RollupStore) -> None:
    """Given a worker in the middle of its chunk, another delivery of the same message is refused at once, and the
    chunk of another organisation is not.
    """
    for org_id in (A, B):
        clone.ingest([org_id], an_event(org_id))
    tickets = {message.org_id: message.ticket_id for message in rollups.backlog(300, 10)}
    with clone.connect("rollcall_ops") as busy:
        busy.execute("begin")
        busy.execute("select rollcall.fold_events_v1(%s, 'progress', %s, 300, 5000)", (A, tickets[A]))
        assert rollups.fold_events(A, "progress", tickets[A], 300, 5_000).outcome == "busy"
        assert rollups.fold_events(B, "progress", tickets[B], 300, 5_000).event_count == 1
        busy.execute("rollback")
    assert rollups.fold_events(A, "progress", tickets[A], 300, 5_000).event_count == 1
    assert rollups.fold_events(A, "progress", uuid4(), 300, 5_000).outcome == "superseded"


WRITERS, WORKERS, BATCHES = 8, 3, 25


def test_writers_rollbacks_an_idle_transaction_and_killed_workers(clone: ScratchDatabase, rollups: RollupStore) -> None:
    """Given 8 writers that roll back some of their batches, a transaction that holds its id for a while, and three
    workers that are given the same messages and killed in the middle of chunks: each event is folded once.
    """
    kept: dict[UUID, list[ProgressEvent]] = {A: [], B: []}
    writing = threading.Event()
    writing.set()
    with clone.connect() as idle:
        idle.execute("begin")
        idle.execute("select pg_current_xact_id()")
        writers = [threading.Thread(target=_write, args=(clone, kept, seed)) for seed in range(WRITERS)]
        workers = [threading.Thread(target=_work, args=(clone, writing)) for _ in range(WORKERS)]
        for thread in (*writers, *workers):
            thread.start()
        kills = 0
        for turn in range(40):
            kills += _kill_a_worker(clone)
            if turn == 10:
                idle.execute("commit")
            time.sleep(0.03)
        for thread in writers:
            thread.join()
        writing.clear()
        for thread in workers:
            thread.join()
    assert kills > 0
    for org_id, events in kept.items():
        fold_everything(rollups, org_id)
        assert stored(clone, org_id) == expected(events)


def _write(clone: ScratchDatabase, kept: dict[UUID, list[ProgressEvent]], seed: int) -> None:
    chance = random.Random(seed)
    with clone.connect("rollcall_app") as connection:
        for _ in range(BATCHES):
            org_id = chance.choice([A, B])
            events = [
                an_event(
                    org_id,
                    user_id=chance.choice(LEARNERS),
                    kind=chance.choice(["started", "completed"]),
                    occurred_at=NOW - timedelta(minutes=chance.randint(0, 5_000)),
                )
                for _ in range(chance.randint(1, 20))
            ]
            with connection.transaction(force_rollback=chance.random() < 0.3) as transaction:
                connection.execute(INGEST, ([org_id], EVENTS.dump_json(events, exclude_none=True).decode(), NOW))
                time.sleep(chance.random() / 100)
            if not transaction.force_rollback:
                kept[org_id] += events


def _work(clone: ScratchDatabase, writing: threading.Event) -> None:
    """Work as a deployed worker does, on whatever message there is; each is delivered to every worker."""
    with closing(clone.database("rollcall_ops")) as database:
        store = RollupStore(database)
        rollup = Rollup(store, time.monotonic, slice_seconds=0.2, chunk_events=7)
        while writing.is_set():
            try:
                store.backlog(300, 10)
                given = clone.rows("select org_id, ticket_id from rollcall.rollup_tickets where ticket_id is not null")
            except psycopg.Error:
                continue
            except Exception:  # noqa: BLE001, S112 - killed: the next turn connects anew
                continue
            for org_id, ticket_id in given:
                rollup.work(RollupMessage(org_id=org_id, ticket_id=ticket_id), age_seconds=0)


def _kill_a_worker(clone: ScratchDatabase) -> int:
    """Kill a worker's connection in the middle of a chunk, when one is caught at it."""
    killed = clone.rows(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and usename = 'rollcall_ops' and state = 'active'"
        " and query like '%%fold_events%%' order by random() limit 1"
    )
    return len(killed)
