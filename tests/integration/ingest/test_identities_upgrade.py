"""A database of the release with one ledger for both kinds keeps its identities, and accepts refused events."""

import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.ingest.analytics import ScrubbedEvent
from rollcall.contracts.ingest.progress import ProgressEvent
from rollcall.store import migrations
from rollcall.store.ingest.analytics import AnalyticsStore
from rollcall.store.ingest.progress import ProgressStore
from rollcall.store.ingest.receipts import ReceiptStore
from rollcall.store.migrations import Schema, SqlFile

from tests.builders import an_event, changed, queued_batch, scrubbed_event
from tests.postgres import SCHEMA, ScratchDatabase

A = uuid4()
LAST_MIGRATION_BEFORE = 22
# The procedures of that release which this one changed, as they were; and those beside them which they call.
OF_BEFORE = Path(__file__).parent / "release_before"
BESIDE = {
    *("make_partitions_v1", "make_daily_partitions_v1", "partition_name_v1", "take_rate_v1", "note_rate_refusal_v1"),
    *("is_barred_v1", "move_course_progress_v1", "note_first_use_v1", "note_progress_batch_v1", "note_batches_v1"),
    *("tombstone_v1", "read_advice_v1", "first_undropped_day_v1"),
}
LEDGERS = ("progress_identities", "analytics_identities", "event_identities")


def schema_before() -> Schema:
    beside = [file for file in SCHEMA.replaceable if file.name.removesuffix(".sql") in BESIDE]
    old = [SqlFile(path.name, path.read_text()) for path in sorted(OF_BEFORE.glob("*.sql"))]
    return Schema(SCHEMA.roles, SCHEMA.migrations[:LAST_MIGRATION_BEFORE], [*beside, *old])


def today() -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=1, microsecond=0)


@dataclass(frozen=True)
class Before:
    """A database of the release before, with events of both kinds, some of which are gone."""

    database: ScratchDatabase
    progress: list[ProgressEvent] = field(default_factory=list)
    analytics: list[ScrubbedEvent] = field(default_factory=list)

    def add(self, day: datetime, count: int = 3) -> None:
        """Store events of a day, of either kind so many."""
        for number in range(count):
            self.progress.append(event := an_event(A, occurred_at=day + timedelta(minutes=number)))
            assert self.database.ingest([A], event) == ["accepted"]
            tracked = scrubbed_event(occurred_at=day + timedelta(minutes=number), digest=uuid4().hex)
            self.analytics.append(tracked)
            assert self.track(tracked) == ["accepted"]

    def track(self, *events: ScrubbedEvent) -> list[str]:
        """Offer analytics events, as the loader does."""
        ((*outcomes,),) = self.database.analytics.ingest_analytics(A, [queued_batch(A, *events)])
        return outcomes

    def upgrade(self) -> None:
        """Bring it to this release."""
        migrations.migrate(self.database.conninfo, SCHEMA)

    def stored(self) -> tuple[list[UUID], list[UUID]]:
        """Return the ids that are stored of each kind, each as often as it is."""
        tables = ("progress_events", "analytics_events")
        progress, analytics = (self.database.rows(f"select event_id from rollcall.{table}") for table in tables)
        return sorted(row[0] for row in progress), sorted(row[0] for row in analytics)


@pytest.fixture
def before(template: ScratchDatabase, empty: ScratchDatabase) -> Iterator[Before]:
    """A database of the release before, with the last four days."""
    assert template  # gives the roles their passwords
    migrations.migrate(empty.conninfo, schema_before())
    migrations.make_partitions(
        empty.conninfo, (today() - timedelta(days=4)).date(), (today() + timedelta(days=1)).date()
    )
    made = Before(empty)
    made.add(today())
    yield made
    if "store" in empty.__dict__:
        empty.store._database.close()


def twin_of(event: ProgressEvent) -> ScrubbedEvent:
    """Return the same statement as an analytics event: its id, its time."""
    return scrubbed_event(event_id=event.event_id, occurred_at=event.occurred_at, digest=uuid4().hex)


def twin_of_analytics(event: ScrubbedEvent) -> ProgressEvent:
    return an_event(A, event_id=event.event_id, occurred_at=event.occurred_at)


def test_what_one_ledger_did_is_what_is_mended(before: Before) -> None:
    """In the release before, the id of a progress event was taken for analytics, and the other way round."""
    assert before.track(*map(twin_of, before.progress)) == ["conflict"] * 3
    assert before.database.ingest([A], *map(twin_of_analytics, before.analytics)) == ["conflict"] * 3


def test_what_was_stored_stays_known_and_the_other_kind_is_taken(before: Before) -> None:
    """Resent it is a duplicate, with other content a conflict; its id under the other kind is accepted, once."""
    before.upgrade()
    twins, mirrored = [*map(twin_of, before.progress)], [*map(twin_of_analytics, before.analytics)]
    for expected in ("accepted", "duplicate"):
        assert before.track(*twins) == [expected] * 3
        assert before.database.ingest([A], *mirrored) == [expected] * 3
        assert before.database.ingest([A], *before.progress) == ["duplicate"] * 3
        assert (
            before.database.ingest([A], *(changed(event, percent=7.0) for event in before.progress)) == ["conflict"] * 3
        )
        assert before.track(*before.analytics) == ["duplicate"] * 3
        others = [event.model_copy(update={"digest": uuid4().hex}) for event in before.analytics]
        assert before.track(*others) == ["conflict"] * 3
    ids = sorted([event.event_id for event in before.progress] + [event.event_id for event in before.analytics])
    assert before.stored() == (ids, ids)
    assert [before.database.count(ledger, A) for ledger in LEDGERS] == [6, 6, 0]


def test_nothing_fails_between_the_migrations_and_the_procedures(before: Before) -> None:
    """Procedures are replaced after the migrations: until then those of the release before store, note and know."""
    migrations.migrate(before.database.conninfo, replace(SCHEMA, replaceable=[]))
    before.add(today() - timedelta(days=1))
    query = "select retry_after_ms from rollcall.note_rejections_v1('x', null, null, %s, %s, %s, now())"
    assert before.database.rows(query, ([A], [uuid4()], ["invalid"])) == [(0,)]
    before.upgrade()
    assert before.database.ingest([A], *before.progress) == ["duplicate"] * 6
    assert before.track(*before.analytics) == ["duplicate"] * 6
    assert before.track(*map(twin_of, before.progress)) == ["accepted"] * 6


@pytest.mark.parametrize("way", ["dropped", "restored", "purged"])
def test_of_a_day_that_is_not_whole_an_id_stays_taken_for_both_kinds(before: Before, way: str) -> None:
    """Where rows are gone, of which kind an id was cannot be known: a repetition is known, all else is refused."""
    day = today() - timedelta(days=3)
    before.add(day)
    lost_progress, lost_analytics = before.progress[3:], before.analytics[3:]
    before.upgrade()
    lose(before.database, day.date(), way)
    assert before.database.ingest([A], *lost_progress) == ["duplicate"] * 3
    assert before.track(*lost_analytics) == ["duplicate"] * 3
    assert before.track(*map(twin_of, lost_progress)) == ["conflict"] * 3
    assert before.database.ingest([A], *map(twin_of_analytics, lost_analytics)) == ["conflict"] * 3
    # Of the day beside it nothing is lost.
    assert before.track(*map(twin_of, before.progress[:3])) == ["accepted"] * 3


@pytest.mark.parametrize("kind", ["progress", "analytics"])
def test_an_erasure_leaves_no_digest_in_the_other_ledger(before: Before, kind: str) -> None:
    """Given ids that stand in both ledgers, as their kind is unknown, and in what imports remember: all are tombs."""
    day = today() - timedelta(days=3)
    before.add(day)
    ids = [event.event_id for event in (before.progress if kind == "progress" else before.analytics)[3:]]
    before.upgrade()
    lose(before.database, day.date(), "dropped")
    before.database.rows("select rollcall.settle_identities_v1(array[%s]::uuid[], %s)", (A, ids))
    for ledger in ("progress", "analytics"):
        before.database.execute(
            "insert into rollcall.imported_identities (org_id, kind, event_id, occurred_at, content_digest)"
            f" select org_id, '{ledger}', event_id, occurred_at, content_digest from rollcall.{ledger}_identities"
            " where event_id = any (%s)",
            (ids,),
        )
    before.database.rows("select rollcall.entomb_events_v2(%s, %s, %s)", (A, kind, ids[:2]))
    for table in ("progress_identities", "analytics_identities", "imported_identities"):
        known = f"select event_id from rollcall.{table} where event_id = any (%s) and content_digest"
        tombs = {event_id for (event_id,) in before.database.rows(f"{known} = rollcall.tombstone_v1()", (ids,))}
        assert tombs == set(ids[:2]), table
        left = {event_id for (event_id,) in before.database.rows(f"{known} <> rollcall.tombstone_v1()", (ids,))}
        assert left == set(ids[2:]), table


def lose(database: ScratchDatabase, day: date, way: str) -> None:
    """Let the analytics events of a day be gone, as retention, a restored day or a purge lets them."""
    if way == "dropped":
        database.execute(f"drop table rollcall.analytics_events_{day:%Y%m%d}")
        return
    database.execute(f"delete from rollcall.analytics_events_{day:%Y%m%d}")
    if way == "restored":
        database.execute("insert into rollcall.kept_days values ('analytics_events', %s, now())", (day,))
    else:
        database.execute(
            "insert into rollcall.operations (org_id, operation_id, kind, source, requested_by, parameters)"
            " values (%s, gen_random_uuid(), 'purge', 'live', 'somebody',"
            " jsonb_build_object('from', %s::text, 'to', %s::text))",
            (A, f"{day}T00:00:00Z", f"{day + timedelta(days=1)}T00:00:00Z"),
        )


def test_what_was_erased_stays_erased_for_both_kinds(before: Before) -> None:
    """Of a tombstone only the id is known: it is refused whichever kind comes, before the upgrade and after."""
    erased = [before.progress[0].event_id, before.analytics[0].event_id]
    before.database.rows("select rollcall.entomb_events_v1(%s, %s)", (A, erased))
    before.upgrade()
    assert (
        before.database.ingest([A], before.progress[0], twin_of_analytics(before.analytics[0]))
        == ["learner_erased"] * 2
    )
    assert before.track(before.analytics[0], twin_of(before.progress[0])) == ["learner_erased"] * 2


@pytest.mark.parametrize("kind", ["progress", "analytics"])
def test_an_erasure_after_the_upgrade_reaches_what_was_known_before(before: Before, kind: str) -> None:
    """The identity goes to its kind's ledger as a tombstone; the other kind may still use the id."""
    event_id = (before.progress[0] if kind == "progress" else before.analytics[0]).event_id
    before.upgrade()
    before.database.rows("select rollcall.entomb_events_v2(%s, %s, %s)", (A, kind, [event_id]))
    tombs = "select event_id from rollcall.{}_identities where content_digest = rollcall.tombstone_v1()"
    assert before.database.rows(tombs.format(kind)) == [(event_id,)]
    assert before.database.rows("select from rollcall.event_identities where event_id = %s", (event_id,)) == []
    other = "analytics" if kind == "progress" else "progress"
    assert before.database.rows(tombs.format(other)) == []


def test_receipts_and_snapshots_read_the_ledger_of_before(before: Before) -> None:
    """An event that was not sent again yet has its kind in its receipt, and its digest in a snapshot's line."""
    before.upgrade()
    receipts = ReceiptStore(operator := before.database.database("rollcall_ops"))
    progress, analytics = before.progress[0], before.analytics[0]
    for event, kind in ((progress, "progress"), (analytics, "analytics")):
        assert [(each.state, each.kind) for each in receipts.find_event(A, event.event_id)] == [("stored", kind)]
    before.track(twin_of(progress))
    states = receipts.find_event(A, progress.event_id)
    assert sorted((each.state, each.kind) for each in states) == [("stored", "analytics"), ("stored", "progress")]
    operator.close()
    page = "select lines from rollcall.read_snapshot_page_v1(%s, %s, %s, null, 10, 1000000)"
    for table in ("progress_events", "analytics_events"):
        ((lines,),) = before.database.rows(page, (A, table, today().date()))
        assert '"content_digest": null' not in lines
    ((outdated,),) = before.database.rows(
        "select rollcall.read_outdated_analytics_v1(%s, %s, 'another', null, null, 10)", (A, today().date())
    )
    assert {each["digest"] for each in outdated} >= {event.digest for event in before.analytics}


def test_what_is_past_leaves_the_ledger_of_before(before: Before) -> None:
    """It empties by itself: an identity goes when its time has come, and not while its day is live."""
    before.upgrade()
    forget = "select rollcall.age_out_v1('event_identities', now() + interval '1 day', 100)"
    assert before.database.rows(forget) == [(0,)]
    for table in ("progress_events", "analytics_events"):
        before.database.execute(f"drop table rollcall.{table}_{today():%Y%m%d}")
        for days in range(-1, 5):
            before.database.execute(f"drop table if exists rollcall.{table}_{today() - timedelta(days=days):%Y%m%d}")
    assert before.database.rows(forget) == [(6,)]


def test_both_kinds_at_once_tell_the_ledger_of_before_apart_once(before: Before) -> None:
    """Given eight writers of both kinds with the same old ids in other orders: no deadlock, each event stored once."""
    before.add(today() - timedelta(days=1), count=20)
    before.upgrade()
    progress = [*before.progress, *map(twin_of_analytics, before.analytics)]
    analytics = [*before.analytics, *map(twin_of, before.progress)]
    outcomes: list[str] = []
    start = threading.Barrier(8)

    def send(number: int) -> None:
        chance = random.Random(number)
        database = before.database.database()
        store, tracking = ProgressStore(database), AnalyticsStore(database)
        ours, tracked = chance.sample(progress, len(progress)), chance.sample(analytics, len(analytics))
        start.wait()
        for first in range(0, len(ours), 10):
            answer = store.ingest_progress(f"writer {number}", [A], ours[first : first + 10], datetime.now(UTC), None)
            outcomes.extend(answer.outcomes or [])
            (answers,) = tracking.ingest_analytics(A, [queued_batch(A, *tracked[first : first + 10])])
            outcomes.extend(answers)
        database.close()

    writers = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    new = len(before.progress) + len(before.analytics)
    assert (outcomes.count("accepted"), outcomes.count("duplicate")) == (new, 8 * 2 * new - new)
    ids = sorted(event.event_id for event in progress)
    assert before.stored() == (ids, ids)
