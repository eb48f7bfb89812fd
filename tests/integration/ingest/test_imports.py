"""Events of long ago, imported on real procedures: counted once, kept as snapshots and rollups, not as rows."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.ingest.import_report import ImportReport
from rollcall.domain.ingest.learner_id import LearnerIds
from rollcall.errors import ImportRecalling
from rollcall.flows.ingest.imports import PARTITIONS_MAX
from rollcall.store.retention.partitions import PartitionStore

from tests.builders import NOW, an_event, queued_batch, scrubbed_event
from tests.importing import KEYRING, LONG_AGO, Importing, analytics_line, moment, progress_line
from tests.integration.retention.expired_days import ANALYTICS, PROGRESS, Retention, retention_of
from tests.postgres import ScratchDatabase

A, B = uuid4(), uuid4()
LEDGERS = ("progress_identities", "analytics_identities", "event_identities")


@pytest.fixture
def retention(clone: ScratchDatabase) -> Iterator[Retention]:
    with retention_of(clone) as retention:
        yield retention


@pytest.fixture
def importing(retention: Retention) -> Importing:
    return Importing(retention.database, retention.bucket)


def counts_of(report: ImportReport) -> tuple[int, int, int, int]:
    assert report.lines == report.accepted + report.duplicate + report.conflict + report.rejected
    return report.accepted, report.duplicate, report.conflict, report.rejected


def forget(clone: ScratchDatabase) -> None:
    """Let the ledgers forget everything, as they do of what is long past."""
    for ledger in LEDGERS:
        clone.execute(f"delete from rollcall.{ledger}")


def rollups(clone: ScratchDatabase, org_id: UUID) -> dict[str, tuple[Any, ...]]:
    found = clone.rows(
        "select source, sum(event_count)::integer, sum(completed_count)::integer, sum(time_spent_seconds)::integer,"
        " sum(active_learner_count)::integer, bool_and(is_frozen) from rollcall.daily_rollups where org_id = %s"
        " group by 1",
        (org_id,),
    )
    return {source: tuple(numbers) for source, *numbers in found}


def history(learners: int = 3, days: int = 5) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    for day in range(days):
        for learner in range(learners):
            at = (LONG_AGO + timedelta(days=day, minutes=learner)).isoformat()
            kind = "completed" if day == days - 1 else "progressed"
            lines += [
                progress_line(f"user{learner}", occurred_at=at, kind=kind, percent=20 * (day + 1)),
                analytics_line(f"user{learner}", occurred_at=at),
            ]
    return lines


def test_days_that_live_retention_drops_become_snapshots_and_rollups(
    clone: ScratchDatabase, retention: Retention, importing: Importing
) -> None:
    """Given a year-old file, it is counted; the next night its rows lie in verified snapshots, and in no table."""
    lines = history()
    assert counts_of(importing.take(A, *lines)) == (30, 0, 0, 0)
    assert clone.count("progress_events", A) == clone.count("analytics_events", A) == 15

    told = retention.run()

    assert told.stopped == {}
    assert clone.count("progress_events", A) == clone.count("analytics_events", A) == 0
    for table, kind in ((PROGRESS, "progress"), (ANALYTICS, "analytics")):
        kept = {row["event_id"] for row in retention.rows_in_snapshots(A, table)}
        assert kept == {line["event_id"] for line in lines if line["type"] == kind}
    counted = rollups(clone, A)
    assert counted["progress"] == (15, 3, 900, 15, True)
    assert counted["analytics"][::3] == (15, 15)
    text = "\n".join(map(str, retention.rows_in_snapshots(A, ANALYTICS)))
    assert "kim@school.example" not in text, "scrubbed as any"


def test_projections_know_what_happened_long_ago(clone: ScratchDatabase, importing: Importing) -> None:
    """First activity and first completion go back, the last activity stays, time adds up; live events count as ever."""
    user_id = LearnerIds(KEYRING.secrets["k1"], A).user_id("kim")
    live = an_event(A, user_id=user_id, course_id="algebra", lesson_id="fractions", kind="completed", percent=90)
    assert clone.ingest([A], live) == ["accepted"]
    early, late = LONG_AGO, LONG_AGO + timedelta(days=2)
    importing.take(
        A,
        progress_line(occurred_at=early.isoformat(), kind="started", percent=None),
        progress_line(occurred_at=late.isoformat(), kind="completed", percent=100),
    )
    found = clone.rows(
        "select percent::integer, first_activity_at, last_activity_at, first_completed_at, event_count"
        " from rollcall.lesson_progress where org_id = %s and user_id = %s",
        (A, user_id),
    )
    assert found == [(100, early, live.occurred_at, late, 3)]


def test_twice_is_once_whenever_it_comes(clone: ScratchDatabase, retention: Retention, importing: Importing) -> None:
    """Again at once, after its days were dropped, after every ledger forgot it; and other content is a conflict."""
    lines = history(days=2)
    importing.take(A, *lines)
    retention.fold()
    counted = rollups(clone, A)
    assert counts_of(importing.take(A, *lines)) == (0, 12, 0, 0)
    retention.run()
    assert counts_of(importing.take(A, *lines)) == (0, 12, 0, 0)
    forget(clone)
    assert counts_of(importing.take(A, *lines)) == (0, 12, 0, 0)
    forget(clone)
    changed = [line | ({"percent": 3} if line["type"] == "progress" else {"name": "lesson_opened"}) for line in lines]
    report = importing.take(A, *changed)
    assert counts_of(report) == (0, 0, 12, 0)
    assert [(line.line, line.reason) for line in report.refused] == [(n, "conflict") for n in range(1, 13)]
    retention.run()
    assert [numbers[:3] for numbers in rollups(clone, A).values()] == [numbers[:3] for numbers in counted.values()]


def test_what_was_received_live_and_forgotten_is_known_again(
    clone: ScratchDatabase, retention: Retention, importing: Importing
) -> None:
    """Given events of a day that retention dropped, and the ledger forgot, its snapshots are read first."""
    live = [an_event(A, occurred_at=LONG_AGO, user_id=uuid4()) for _ in range(4)]
    told = scrubbed_event(occurred_at=LONG_AGO)
    PartitionStore(retention.database).make_partitions(LONG_AGO.date(), LONG_AGO.date())
    assert set(clone.ingest([A], *live)) == {"accepted"}
    clone.analytics.ingest_analytics(A, [queued_batch(A, told)])
    retention.run()
    assert clone.count("progress_events", A) == 0
    forget(clone)

    again = [event.model_dump(mode="json", exclude_none=True) | {"type": "progress"} for event in live]
    new = progress_line()
    with pytest.raises(ImportRecalling):
        Importing(retention.database, retention.bucket, recall_seconds=-1).take(A, *again, new)
    report = importing.take(A, *again, new, analytics_line(event_id=str(told.event_id)))

    assert counts_of(report) == (1, 4, 1, 0), "what scrubbing made of it is not what comes: known, and not stored again"
    assert clone.count("progress_events", A) == 1
    assert clone.count("analytics_events", A) == 0


@pytest.mark.parametrize("hours", [14, -14, 26, -26])
def test_a_time_that_moved_over_midnight_counts_once(
    clone: ScratchDatabase, retention: Retention, importing: Importing, hours: int
) -> None:
    """Given forgotten events whose times come in another zone, each id is known again, and no count moves."""
    at = LONG_AGO.replace(hour=23 if hours > 0 else 0, minute=30)
    live = [an_event(A, occurred_at=at, user_id=uuid4()) for _ in range(4)]
    told = scrubbed_event(occurred_at=at)
    PartitionStore(retention.database).make_partitions(at.date(), at.date())
    assert set(clone.ingest([A], *live)) == {"accepted"}
    clone.analytics.ingest_analytics(A, [queued_batch(A, told)])
    retention.run()
    forget(clone)
    counted = rollups(clone, A)

    moved = (at + timedelta(hours=hours)).isoformat()
    again = [event.model_dump(mode="json", exclude_none=True) | {"type": "progress"} for event in live]
    lines = [line | {"occurred_at": moved} for line in again]
    report = importing.take(A, *lines, analytics_line(event_id=str(told.event_id), occurred_at=moved))

    assert counts_of(report) == (0, 0, 5, 0)
    retention.fold()
    assert rollups(clone, A) == counted


def test_each_line_is_judged_and_told_by_its_number(clone: ScratchDatabase, importing: Importing) -> None:
    """Blank lines count as lines of the file and are none; nothing of a line is quoted; sound ones are stored."""
    sound = [progress_line(), analytics_line()]
    bad: list[tuple[object, str]] = [
        (b"{not json", "invalid"),
        (b"[1, 2]", "invalid"),
        ({"event_id": str(uuid4())}, "type_unknown"),
        (progress_line(type="unheard-of"), "type_unknown"),
        (progress_line(type=["progress"]), "type_unknown"),
        (progress_line(occurred_at=moment(3_700)), "out_of_window"),
        (progress_line(occurred_at=moment(-3)), "out_of_window"),
        (analytics_line(occurred_at=moment(3_700)), "out_of_window"),
        (progress_line(org_id=str(B)), "org_forbidden"),
        (analytics_line(org_id=str(B)), "org_forbidden"),
        (progress_line(learner_id=...), "learner_missing"),
        (progress_line(kind="secret-kind"), "invalid"),
        (progress_line(course_id="kim@school.example"), "personal_value"),
        (analytics_line(name=""), "invalid"),
    ]
    lines = [sound[0], b"", *(line for line, _ in bad), b"  ", sound[1]]
    report = importing.take(A, *lines)

    assert counts_of(report) == (2, 0, 0, len(bad))
    assert [line.line for line in report.refused] == list(range(3, 3 + len(bad)))
    assert [line.reason for line in report.refused] == [reason for _, reason in bad]
    text = report.model_dump_json()
    assert not any(word in text for word in ("secret-kind", "unheard-of", "school.example", "not json"))
    assert clone.count("progress_events", A) == clone.count("analytics_events", A) == 1


def test_a_dry_run_stores_nothing(clone: ScratchDatabase, importing: Importing) -> None:
    """It judges, and no table has another row after it."""
    before = clone.contents()
    report = importing.take(A, progress_line(), analytics_line(), b"{", is_dry_run=True)
    assert counts_of(report) == (2, 0, 0, 1)
    assert clone.contents() == before


def test_no_organisation_sees_anothers_import(clone: ScratchDatabase, importing: Importing) -> None:
    """The same file into two organisations is two histories; B's rows and memory are as they were."""
    lines = history(days=1)
    importing.take(B, *lines)
    before = {table: rows for table, rows in clone.contents().items() if any(str(B) in row for row in rows)}
    assert counts_of(importing.take(A, *lines)) == (6, 0, 0, 0)
    after = clone.contents()
    for table, rows in before.items():
        kept = [row for row in rows if str(B) in row]
        assert [row for row in after[table] if str(B) in row] == kept, table


def test_an_erased_learner_stays_erased(clone: ScratchDatabase, importing: Importing) -> None:
    """What they did before the erasure is refused, and its id learns nothing; others of the file are stored."""
    user_id = LearnerIds(KEYRING.secrets["k1"], A).user_id("kim")
    clone.execute(
        "insert into rollcall.erasures (org_id, digest, erased_at) values (%s, rollcall.learner_digest_v1(%s, %s), %s)",
        (A, A, str(user_id), NOW),
    )
    report = importing.take(A, progress_line("kim"), progress_line("zoe"))
    assert counts_of(report) == (1, 0, 0, 1)
    assert [line.reason for line in report.refused] == ["learner_erased"]


def test_more_days_than_there_may_be_partitions_wait_for_theirs(
    clone: ScratchDatabase, retention: Retention, importing: Importing
) -> None:
    """They are stored and counted all the same, and dropped as others make room: no day is lost, none counts twice."""
    lines = [progress_line(occurred_at=moment(200 + number)) for number in range(PARTITIONS_MAX + 20)]
    assert counts_of(importing.take(A, *lines)) == (len(lines), 0, 0, 0)
    ((partitions,),) = clone.rows("select rollcall.count_partitions_v1('progress_events')")
    assert partitions == PARTITIONS_MAX
    ((waiting,),) = clone.rows("select count(*) from rollcall.progress_events_default")
    assert waiting > 0
    store = PartitionStore(retention.database)
    store.settle_default_partitions()
    ((partitions,),) = clone.rows("select rollcall.count_partitions_v1('progress_events')")
    assert partitions == PARTITIONS_MAX, "retention has to make room first"
    for _ in range(3):
        retention.run()
        store.settle_default_partitions()
    retention.run()
    assert clone.count("progress_events", A) == 0
    kept = Counter(row["event_id"] for row in retention.rows_in_snapshots(A))
    assert kept == Counter(line["event_id"] for line in lines)
    assert rollups(clone, A)["progress"][0] == len(lines)


def test_retention_waits_until_an_import_is_through_a_day(clone: ScratchDatabase, retention: Retention) -> None:
    """Given lines of the same day an hour apart, the day is dropped once, with its learners counted whole."""
    importing = Importing(retention.database, retention.bucket, now=datetime.now(UTC), retention_days=300)
    old = (importing.now - timedelta(days=400)).isoformat()
    retention.now = importing.now
    importing.take(A, progress_line("kim", occurred_at=old))
    retention.run()
    assert clone.count("progress_events", A) == 1, "left alone for a day"
    importing.take(A, progress_line("zoe", occurred_at=old))
    clone.execute("update rollcall.kept_days set kept_until = now()")
    retention.run()
    assert clone.count("progress_events", A) == 0
    assert rollups(clone, A)["progress"][3:] == (2, True)


def test_the_audit_knows_it_as_an_import(clone: ScratchDatabase, importing: Importing) -> None:
    """Neither as a batch of now nor of a queue: waits of queues are not measured by it."""
    importing.take(A, progress_line(), analytics_line())
    assert clone.rows("select distinct route from rollcall.batch_audit where org_id = %s", (A,)) == [("import",)]
    clone.ingest([A], an_event(A))
    counted = "select route, count(*) from rollcall.batch_audit where org_id = %s group by 1 order by 1"
    routes = clone.rows(counted, (A,))
    assert routes == [("import", 2), ("spool", 1)]


def test_what_an_import_remembers_of_an_erased_event_is_its_id(clone: ScratchDatabase, importing: Importing) -> None:
    """Given an erasure after the import, neither the ledger nor the memory can test its content; it stays known."""
    line, other = progress_line("kim"), progress_line("zoe")
    importing.take(A, line, other)
    clone.rows("select rollcall.entomb_events_v2(%s, 'progress', array[%s]::uuid[])", (A, line["event_id"]))
    tombs = (
        "select event_id::text from rollcall.imported_identities"
        " where org_id = %s and content_digest = rollcall.tombstone_v1()"
    )
    assert clone.rows(tombs, (A,)) == [(line["event_id"],)]
    forget(clone)
    report = importing.take(A, line, other)
    assert counts_of(report) == (0, 1, 0, 1)
    assert [found.reason for found in report.refused] == ["learner_erased"]
