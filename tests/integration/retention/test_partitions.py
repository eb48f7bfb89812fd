"""Events lie in daily partitions, made ahead; the default partitions stay empty and are watched."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from rollcall.store.ingest.progress import ProgressStore
from rollcall.store.retention.partitions import PartitionStore

from tests.builders import NOW, an_event, changed
from tests.postgres import FIRST_DAY, LAST_DAY, ScratchDatabase

A, B = uuid4(), uuid4()
DAY = timedelta(days=1)
TABLES = ("progress_events", "analytics_events")


@pytest.fixture
def operator(clone: ScratchDatabase) -> Iterator[PartitionStore]:
    """The partition procedures, as the functions that may call them."""
    database = clone.database("rollcall_ops")
    yield PartitionStore(database)
    database.close()


def partitions(clone: ScratchDatabase, table: str) -> list[str]:
    return [
        name
        for (name,) in clone.rows(
            "select inhrelid::regclass::text from pg_inherits where inhparent = %s::regclass order by 1",
            (f"rollcall.{table}",),
        )
    ]


def days(first: date, last: date) -> list[date]:
    return [first + DAY * count for count in range((last - first).days + 1)]


def name_of(day: date, table: str = "progress_events") -> str:
    return f"rollcall.{table}_{day:%Y%m%d}"


@pytest.mark.parametrize("table", TABLES)
def test_every_day_of_the_window_has_its_partition(clone: ScratchDatabase, table: str) -> None:
    """The days asked for exist, both ends included, beside the default partition and nothing else."""
    expected = [name_of(day, table) for day in days(FIRST_DAY, LAST_DAY)]
    assert partitions(clone, table) == [*expected, f"rollcall.{table}_default"]


def test_an_event_lies_in_the_partition_of_its_day_in_utc(clone: ScratchDatabase) -> None:
    """A day begins at midnight UTC, whatever the time zone of the session or of the event."""
    first = datetime(2026, 3, 5, tzinfo=UTC)
    batch = [an_event(A, occurred_at=first), an_event(A, occurred_at=first - timedelta(microseconds=1))]
    clone.execute(f"alter role rollcall_app in database {clone.name} set timezone = 'Pacific/Chatham'")
    clone.ingest([A], *batch)

    stored = clone.rows("select tableoid::regclass::text from rollcall.progress_events order by occurred_at")
    assert stored == [(name_of(date(2026, 3, 4)),), (name_of(date(2026, 3, 5)),)]


def test_the_default_partition_stays_empty_and_is_watched(clone: ScratchDatabase, operator: PartitionStore) -> None:
    """Events of the window leave the default partition at 0 bytes; one that has no partition shows at once."""
    clone.ingest([A], *[an_event(A, occurred_at=NOW - DAY * age) for age in range(9)])
    assert operator.default_partition_bytes() == 0

    clone.ingest([A], an_event(A, occurred_at=NOW + 400 * DAY))
    assert operator.default_partition_bytes() > 0


def test_making_partitions_twice_makes_them_once(clone: ScratchDatabase, operator: PartitionStore) -> None:
    """The second call finds them there, also when the windows overlap."""
    first = LAST_DAY + DAY
    assert operator.make_partitions(first, first + DAY) == 2 * len(TABLES)
    assert operator.make_partitions(first, first + DAY) == 0
    assert operator.make_partitions(FIRST_DAY, first + 2 * DAY) == len(TABLES)


def test_partitions_know_no_time_zone(clone: ScratchDatabase, operator: PartitionStore) -> None:
    """Made by a session of another time zone, partitions still begin at midnight UTC and join without a gap."""
    clone.execute(f"alter role rollcall_ops in database {clone.name} set timezone = 'America/St_Johns'")
    clone.execute(f"alter role rollcall_ops in database {clone.name} set datestyle = 'SQL, DMY'")
    first = LAST_DAY + DAY
    assert operator.make_partitions(first, first) == len(TABLES)

    midnight = datetime(first.year, first.month, first.day, tzinfo=UTC)
    clone.ingest([A], an_event(A, occurred_at=midnight), an_event(A, occurred_at=midnight + DAY - timedelta.resolution))
    assert clone.count(f"progress_events_{first:%Y%m%d}", A) == 2


def test_missing_days_are_made_up_for(clone: ScratchDatabase, operator: PartitionStore) -> None:
    """Given events that fell into the default partition, making their day moves them there and empties it."""
    late = LAST_DAY + 2 * DAY
    moment = datetime(late.year, late.month, late.day, 9, tzinfo=UTC)
    of_a, of_b, later = an_event(A, occurred_at=moment), an_event(B, occurred_at=moment), moment + DAY
    clone.ingest([A, B], of_a, of_b, an_event(A, occurred_at=later))

    assert operator.make_partitions(LAST_DAY + DAY, late) == 2 * len(TABLES)
    assert clone.count(f"progress_events_{late:%Y%m%d}", A) == 1
    assert clone.count(f"progress_events_{late:%Y%m%d}", B) == 1
    assert clone.count("progress_events_default", A) == 1
    assert clone.ingest([A, B], of_a, changed(of_b, percent=1.0)) == ["duplicate", "conflict"]

    assert operator.make_partitions(late, late + DAY) == len(TABLES)
    assert operator.default_partition_bytes() == 0
    assert clone.count("progress_events", A) == 2
    ((forced,),) = clone.rows(
        "select relrowsecurity and relforcerowsecurity from pg_class"
        " where oid = 'rollcall.progress_events_default'::regclass"
    )
    assert forced is True


def test_partitions_are_made_while_events_come_in(clone: ScratchDatabase) -> None:
    """Given writers at work, also on the days that are being made, and two makers at once: everybody ends well."""
    first = LAST_DAY + DAY
    made: list[int] = []
    accepted: list[int] = []
    makers_done = threading.Event()
    start = threading.Barrier(4)

    def make() -> None:
        store = PartitionStore(database := clone.database("rollcall_ops"))
        start.wait()
        made.extend(store.make_partitions(first, first + DAY * count) for count in range(15))
        database.close()

    def write(offset: timedelta) -> None:
        store = ProgressStore(database := clone.database())
        start.wait()
        count = 0
        while not makers_done.is_set() or count < 10:
            event = an_event(A, occurred_at=NOW + offset + DAY * (count % 15))
            answer = store.ingest_progress("test", [A], [event], NOW, None)
            count += (answer.outcomes or []).count("accepted")
        accepted.append(count)
        database.close()

    makers = [threading.Thread(target=make) for _ in range(2)]
    writers = [threading.Thread(target=write, args=(offset,)) for offset in (-9 * DAY, 3 * DAY)]
    for thread in (*makers, *writers):
        thread.start()
    for maker in makers:
        maker.join()
    makers_done.set()
    for writer in writers:
        writer.join()

    assert sum(made) == 15 * len(TABLES)
    assert len(accepted) == 2
    assert clone.count("progress_events", A) == sum(accepted)
    assert clone.count("progress_events_default", A) == 0
