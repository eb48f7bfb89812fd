"""Days of rollups: computed again byte for byte, frozen when their events go, made right when stored events change."""

import random
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.operations import OperationMessage, OperationRequest
from rollcall.flows.operations.work import OperationWorker
from rollcall.flows.rollups import RebuildRollups, Rollup
from rollcall.store.ingest.analytics import AnalyticsStore
from rollcall.store.operations import OperationStore
from rollcall.store.rollups.rollups import RollupStore

from tests.builders import NOW, an_event, queued_batch, scrubbed_event
from tests.postgres import ScratchDatabase
from tests.rollups import digests, expected, fold_everything, stored

A, B = uuid4(), uuid4()
DAY = NOW.date()
TABLES = ("progress_events", "analytics_events")


@pytest.fixture
def rollups(clone: ScratchDatabase) -> Iterator[RollupStore]:
    """The store of rollups, as the worker has it."""
    with closing(clone.database("rollcall_ops")) as database:
        yield RollupStore(database)


def fill(clone: ScratchDatabase, org_id: UUID, number: int = 60) -> None:
    """Store events of both sources over three days, those of processes among them."""
    chance = random.Random(str(org_id))
    for _ in range(number // 20):
        clone.ingest([org_id], *(
            an_event(
                org_id,
                user_id=UUID(int=chance.randint(1, 9)),
                course_id=chance.choice(["algebra", "geometry"]),
                kind=chance.choice(["started", "progressed", "completed"]),
                time_spent_seconds=chance.randint(0, 600),
                occurred_at=NOW - timedelta(minutes=chance.randint(0, 3 * 1440)),
            )
            for _ in range(20)
        ))  # fmt: skip
        names = ["lesson_completed", "process_started", "process_retry", "process_completed", "process_failed"]
        clone.analytics.ingest_analytics(org_id, [queued_batch(org_id, *(
            scrubbed_event(
                name=chance.choice(names),
                user_pseudonym=f"{chance.randint(1, 9):032x}",
                occurred_at=NOW - timedelta(minutes=chance.randint(0, 3 * 1440)),
                properties={
                    "process": chance.choice(["import", "export"]), "request_id": f"r{chance.randint(1, 9)}",
                    "duration_ms": chance.randint(1, 10_000), "cost_amount": chance.randint(1, 99) / 10,
                    "cost_currency": chance.choice(["EUR", "USD"]),
                },
            )
            for _ in range(20)
        ))])  # fmt: skip


def freeze(clone: ScratchDatabase, table: str, day: date) -> bool:
    """Freeze a day as the procedure that drops its partition does: as the owner, for all organisations."""
    with clone.connect() as connection, connection.transaction():
        connection.execute("set local role rollcall_owner")
        connection.execute("select rollcall.enter_all_organisations_v1()")
        row = connection.execute("select rollcall.freeze_rollup_day_v1(%s, %s)", (table, day)).fetchone()
    assert row is not None
    return bool(row[0])


def test_a_day_is_rebuilt_byte_for_byte(clone: ScratchDatabase, rollups: RollupStore) -> None:
    """Given rollups that were folded in small chunks, each day computed again has the same rows, to the byte."""
    for org_id in (A, B):
        fill(clone, org_id)
        fold_everything(rollups, org_id, events_max=7)
    before = digests(clone)
    for day in (DAY - timedelta(days=ago) for ago in range(5)):
        rebuilt = rollups.rebuild_day(A, day)
        assert rebuilt.progress is not None
        assert digests(clone) == before


def test_a_rebuild_mends_what_is_wrong_and_counts_only_what_was_folded(
    clone: ScratchDatabase, rollups: RollupStore
) -> None:
    """Given rollups that somebody spoiled, and events that wait, a rebuild mends the first and leaves the others to
    folding, which adds them once.
    """
    fill(clone, A)
    fold_everything(rollups, A)
    before = digests(clone)
    clone.execute("delete from rollcall.hourly_rollups")
    clone.execute("update rollcall.daily_rollups set event_count = event_count + 5")
    clone.execute("delete from rollcall.active_learners")
    waiting = an_event(A, occurred_at=NOW)
    clone.ingest([A], waiting)
    for day in (DAY - timedelta(days=ago) for ago in range(5)):
        rollups.rebuild_day(A, day)
    assert digests(clone) == before
    fold_everything(rollups, A)
    assert digests(clone) != before
    after = digests(clone)
    rollups.rebuild_day(A, DAY)
    assert digests(clone) == after


def test_an_organisation_is_rebuilt_as_an_operation(clone: ScratchDatabase, rollups: RollupStore) -> None:
    """A chunk is a day. Counts tell days and events; a dry run changes nothing; a window bounds it."""
    fill(clone, A)
    fold_everything(rollups, A)
    before = digests(clone)
    clone.execute("delete from rollcall.hourly_rollups")
    spoiled = digests(clone)
    with closing(clone.database("rollcall_ops")) as database:
        operations = OperationStore(database)
        engine = OperationWorker(operations, {"rollup": RebuildRollups(rollups)}, lambda: 0.0, lambda _: None)
        for is_dry_run in (True, False):
            asked, is_new = operations.request(
                OperationRequest(
                    org_id=A, kind="rollup", source="events", requested_by="test", is_dry_run=is_dry_run,
                    parameters={"last_day": DAY.isoformat()},
                ),
                uuid4(),
            )  # fmt: skip
            assert is_new
            worked = engine.work(OperationMessage(org_id=A, operation_id=asked.operation_id))
            assert worked.operation is not None
            assert worked.operation.state == "done"
            assert worked.operation.counts["done"] == worked.operation.counts["total"] == 10
            assert worked.operation.counts.get("events", 0) == (0 if is_dry_run else 120)
            assert digests(clone) == (spoiled if is_dry_run else before)


def test_a_day_is_not_frozen_while_anything_of_it_waits(clone: ScratchDatabase, rollups: RollupStore) -> None:
    """Freezing refuses and changes nothing while any organisation has an unfolded event of the day."""
    day = NOW - timedelta(days=1)
    clone.ingest([A, B], an_event(A, occurred_at=day), an_event(B, occurred_at=day))
    fold_everything(rollups, A)
    before = digests(clone)
    assert not freeze(clone, "progress_events", day.date())
    assert digests(clone) == before
    fold_everything(rollups, B)
    assert freeze(clone, "progress_events", day.date())


def test_a_frozen_day_grows_and_never_shrinks(clone: ScratchDatabase, rollups: RollupStore) -> None:
    """Given a day whose events retention dropped: learners are forgotten, their number and every total stay, through
    a rebuild too; a straggler is added to the totals, and to no number of learners.
    """
    day = NOW - timedelta(days=1)
    events = [an_event(A, occurred_at=day, kind="completed", time_spent_seconds=10) for _ in range(3)]
    told = [scrubbed_event(occurred_at=day, name="process_started", properties={"request_id": "r1"})]
    clone.ingest([A], *events)
    clone.analytics.ingest_analytics(A, [queued_batch(A, *told)])
    fold_everything(rollups, A)
    whole = stored(clone, A)
    for table in TABLES:
        assert freeze(clone, table, day.date())
        clone.execute(f"drop table rollcall.{table}_{day:%Y%m%d}")
    frozen = stored(clone, A)
    for table in ("active_learners", "active_course_learners"):
        assert frozen.pop(table) == []
        whole.pop(table)
    assert frozen == whole
    assert clone.count("process_runs", A) == 0

    assert rollups.rebuild_day(A, day.date()).model_dump(exclude={"day"}) == {"progress": None, "analytics": None}
    clone.ingest([A], an_event(A, occurred_at=day, kind="completed", time_spent_seconds=10))
    fold_everything(rollups, A)
    grown = stored(clone, A)
    assert grown["daily_rollups"][1] == ("progress", day.date(), 4, 4, 40, 3)
    assert grown["daily_course_rollups"] == [(day.date(), "algebra", 4, 4, 40, 3)]
    assert grown["active_learners"] == grown["active_course_learners"] == []


def test_what_is_scrubbed_again_leaves_the_rollups_too(clone: ScratchDatabase, rollups: RollupStore) -> None:
    """Given a name that a later policy does not keep, the worker computes that day again: the name is gone there."""
    told = scrubbed_event(name="kim_opened_the_quiz", occurred_at=NOW)
    clone.analytics.ingest_analytics(A, [queued_batch(A, told)])
    fold_everything(rollups, A)
    with closing(clone.database("rollcall_ops")) as database:
        AnalyticsStore(database).rewrite_analytics(A, "minors-2", [told.model_copy(update={"name": "f" * 32})])
    assert not freeze(clone, "analytics_events", DAY)
    (message,) = rollups.backlog(300, 10)
    worked = Rollup(rollups, lambda: 0.0).work(message, age_seconds=0)
    assert worked.rebuilt_days == 1
    assert [row[2] for row in stored(clone, A)["hourly_rollups"]] == ["f" * 32]
    assert stored(clone, A) == expected(analytics=[told.model_copy(update={"name": "f" * 32})])


def test_events_are_of_their_day_in_utc(clone: ScratchDatabase, rollups: RollupStore) -> None:
    """Whatever the session's time zone is."""
    clone.execute("alter role rollcall_ops set timezone = 'Pacific/Auckland'")
    try:
        event = an_event(A, occurred_at=datetime(2026, 3, 9, 23, 30, tzinfo=UTC))
        clone.ingest([A], event)
        fold_everything(rollups, A)
        rollups.rebuild_day(A, date(2026, 3, 9))
        assert stored(clone, A) == expected([event])
    finally:
        clone.execute("alter role rollcall_ops reset timezone")


def test_what_a_snapshot_gave_back_is_not_new(clone: ScratchDatabase, rollups: RollupStore) -> None:
    """Given an event under an id that no transaction has, folding leaves it alone, and a rebuild counts it."""
    back, new = an_event(A, occurred_at=NOW), an_event(A, occurred_at=NOW)
    clone.ingest([A], back)
    clone.execute("update rollcall.progress_events set stored_xid = '1'")
    assert rollups.backlog(300, 10) == []
    clone.ingest([A], new)
    fold_everything(rollups, A)
    assert stored(clone, A) == expected([new])
    rollups.rebuild_day(A, DAY)
    assert stored(clone, A) == expected([back, new])
