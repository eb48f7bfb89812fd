"""Projections are order-independent: any order, any split into batches, any repetition end in the same rows."""

import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from rollcall.contracts.ingest.progress import ProgressEvent
from rollcall.store.ingest.progress import ProgressStore

from tests.builders import NOW, an_event, changed
from tests.postgres import ScratchDatabase

WRITERS = 3

Row = tuple[Any, ...]


@dataclass(frozen=True)
class World:
    """The organisations of an example, by number, under ids of their own: examples share a database, never rows."""

    org_ids: list[UUID] = field(default_factory=lambda: [uuid4() for _ in range(3)])

    def place(self, event: ProgressEvent) -> ProgressEvent:
        """Return the event in this world: its organisation is known by number until now."""
        return event if event.org_id is None else changed(event, org_id=self.org_ids[event.org_id.int])


@dataclass
class LessonTally:
    """Where a learner stands in a lesson: the independent computation."""

    percent: Decimal | None = None
    moments: list[datetime] = field(default_factory=list)
    completions: list[datetime] = field(default_factory=list)
    seconds: int = 0

    def add(self, event: ProgressEvent) -> None:
        """Count an event that was not seen before."""
        if event.percent is not None:
            percent = to_hundredths(Decimal(repr(event.percent)))
            self.percent = percent if self.percent is None else max(self.percent, percent)
        self.moments.append(event.occurred_at)
        self.completions += [event.occurred_at] if event.kind == "completed" else []
        self.seconds += event.time_spent_seconds


def to_hundredths(value: Decimal) -> Decimal:
    """Round as PostgreSQL's numeric does."""
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def compute(events: Sequence[ProgressEvent]) -> tuple[list[Row], list[Row]]:
    """Return the rows of both projections, from distinct events that each have an organisation."""
    lessons: defaultdict[Row, LessonTally] = defaultdict(LessonTally)
    for event in events:
        lessons[event.org_id, event.user_id, event.course_id, event.lesson_id].add(event)
    courses: defaultdict[Row, list[LessonTally]] = defaultdict(list)
    for key, tally in lessons.items():
        courses[key[:3]].append(tally)
    return (
        sorted((*key, *summarise([tally]), *totals([tally])) for key, tally in lessons.items()),
        sorted(
            (
                *key,
                *summarise(tallies),
                *totals(tallies),
                len(tallies),
                sum(bool(s.completions) for s in tallies),
            )
            for key, tallies in courses.items()
        ),
    )


def summarise(tallies: list[LessonTally]) -> Row:
    """Return mean percent, first and last activity, and first completion."""
    percents = [tally.percent for tally in tallies if tally.percent is not None]
    moments = [moment for tally in tallies for moment in tally.moments]
    completions = [moment for tally in tallies for moment in tally.completions]
    mean = to_hundredths(sum(percents, Decimal(0)) / len(percents)) if percents else None
    return mean, min(moments), max(moments), min(completions, default=None)


def totals(tallies: list[LessonTally]) -> Row:
    """Return the time spent and the number of events."""
    return sum(tally.seconds for tally in tallies), sum(len(tally.moments) for tally in tallies)


LESSON_ROWS = """
select org_id, user_id, course_id, lesson_id, percent, first_activity_at, last_activity_at, first_completed_at,
    time_spent_seconds, event_count
from rollcall.lesson_progress where org_id = any (%s) order by org_id, user_id, course_id, lesson_id
"""
COURSE_ROWS = """
select org_id, user_id, course_id, percent, first_activity_at, last_activity_at, first_completed_at,
    time_spent_seconds, event_count, lessons_started, lessons_completed
from rollcall.course_progress where org_id = any (%s) order by org_id, user_id, course_id
"""
EVENT_ROWS = """
select array_position(%s, org_id), to_jsonb(event) - 'org_id' - 'received_at' - 'stored_xid'
from rollcall.progress_events as event where org_id = any (%s) order by 1, event_id
"""
IDENTITY_ROWS = """
select array_position(%s, org_id), event_id, occurred_at, content_digest
from rollcall.progress_identities where org_id = any (%s) order by 1, event_id
"""


@dataclass(frozen=True)
class Writers:
    """Connections to one database, each with a thread of its own."""

    scratch: ScratchDatabase
    stores: list[ProgressStore]

    def write(self, org_ids: list[UUID], lanes: Sequence[Sequence[Sequence[ProgressEvent]]]) -> Counter[str]:
        """Send each lane of batches by a writer of its own, all at once; return the outcomes."""
        outcomes: list[str] = []
        faults: list[BaseException] = []
        start = threading.Barrier(len(lanes))

        def send(store: ProgressStore, batches: Sequence[Sequence[ProgressEvent]]) -> None:
            start.wait()
            try:
                for batch in batches:
                    outcomes.extend(store.ingest_progress("test", org_ids, list(batch), NOW, None).outcomes or [])
            except BaseException as fault:  # noqa: BLE001 - raised again where the test sees it
                faults.append(fault)

        threads = [threading.Thread(target=send, args=pair) for pair in zip(self.stores, lanes, strict=False)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if faults:
            raise faults[0]
        return Counter(outcomes)

    def count_deadlocks(self) -> int:
        """Return how often PostgreSQL broke a deadlock here: keys are sorted, so that there is none to try again."""
        for store in self.stores:
            store._database.close()
        # A process reports its statistics when it ends.
        while self.scratch.rows("select from pg_stat_activity where usename = 'rollcall_app'"):
            time.sleep(0.01)
        ((count,),) = self.scratch.rows("select deadlocks from pg_stat_database where datname = current_database()")
        return int(count)

    def read(self, world: World) -> tuple[list[Row], list[Row]]:
        """Return the rows of both projections."""
        return (
            self.scratch.rows(LESSON_ROWS, (world.org_ids,)),
            self.scratch.rows(COURSE_ROWS, (world.org_ids,)),
        )

    def read_stored(self, world: World) -> tuple[list[Row], list[Row]]:
        """Return events and identities, with organisations by number, so that two worlds compare."""
        parameters = (world.org_ids, world.org_ids)
        return self.scratch.rows(EVENT_ROWS, parameters), self.scratch.rows(IDENTITY_ROWS, parameters)


@pytest.fixture
def writers(clone: ScratchDatabase) -> Iterator[Writers]:
    """As many writers as the heaviest test uses; they connect when they first write."""
    with ExitStack() as stack:
        databases = [stack.enter_context(closing(clone.database())) for _ in range(8)]
        yield Writers(clone, [ProgressStore(database) for database in databases])


LEARNERS = [UUID(int=number) for number in (1, 2)]
COURSES, LESSONS = ["algebra", "geometry"], ["one", "two", "three"]
MOMENTS = [NOW - timedelta(days=3), NOW - timedelta(days=3, microseconds=-1), NOW - timedelta(hours=1), NOW]
# Course "geometry" is assigned by organisation 2 alone, so its events may leave the organisation out.
RESOLVED_COURSE, RESOLVED_ORGANISATION = "geometry", UUID(int=2)

percents = st.one_of(
    st.none(),
    st.sampled_from([0.0, -0.0, 0.005, 33.335, 66.665, 99.994, 99.995, 100.0, 5e-324]),
    st.floats(0, 100, allow_nan=False),
)


@st.composite
def events_of(draw: st.DrawFn) -> list[ProgressEvent]:
    """Draw distinct events of few learners and lessons, so that they meet; organisations by number."""
    return [
        an_event(
            UUID(int=draw(st.integers(0, 2))),
            # Two organisations may use one event_id; within one it is the event's own.
            event_id=UUID(int=number),
            user_id=draw(st.sampled_from(LEARNERS)),
            course_id=draw(st.sampled_from(COURSES)),
            lesson_id=draw(st.sampled_from(LESSONS)),
            kind=draw(st.sampled_from(["started", "progressed", "completed"])),
            percent=draw(percents),
            time_spent_seconds=draw(st.sampled_from([0, 1, 59, 86_400])),
            occurred_at=draw(st.sampled_from(MOMENTS)),
            attributes=draw(st.sampled_from([None, {"device": "tablet"}])),
        )
        for number in range(draw(st.integers(1, 12)))
    ]


@settings(
    max_examples=80,
    deadline=None,
    print_blob=True,
    # The database is the function's, not the example's: each example has organisations of its own.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(drawn=events_of(), twins=st.lists(st.integers(0, 11), max_size=3), seed=st.integers(0, 2**32))
def test_any_order_split_repetition_and_concurrency_end_in_the_same_rows(
    writers: Writers, drawn: list[ProgressEvent], twins: list[int], seed: int
) -> None:
    """Given any events, sent once in order or shuffled, repeated, split and by several writers at once, both ways
    store the same rows; and the projections equal an independent computation.
    """
    chance = random.Random(seed)
    # The same event under the same id in another organisation is another event.
    twin_events = {
        number: changed(drawn[number], org_id=UUID(int=(drawn[number].org_id.int + 1) % 3))  # type: ignore[union-attr]
        for number in twins
        if number < len(drawn)
    }
    events = [*drawn, *twin_events.values()]

    in_order = World()
    assert set(writers.write(in_order.org_ids, [[[in_order.place(event) for event in events]]])) == {"accepted"}

    shuffled = World()
    for learner in LEARNERS:
        writers.scratch.assign(shuffled.org_ids[RESOLVED_ORGANISATION.int], learner, RESOLVED_COURSE)
    placed = [shuffled.place(event) for event in events]
    lanes = [list(split(chance, repeated(chance, events, shuffled))) for _ in range(chance.randint(1, WRITERS))]
    lanes[0] = [*lanes[0], placed]  # at least once each
    note(f"batches by writer: {[[len(batch) for batch in lane] for lane in lanes]}")
    outcomes = writers.write(shuffled.org_ids, lanes)

    sent = sum(len(batch) for lane in lanes for batch in lane)
    assert outcomes == Counter(accepted=len(events), duplicate=sent - len(events)) - Counter()
    assert writers.read(shuffled) == compute(placed)
    assert writers.read(in_order) == compute([in_order.place(event) for event in events])
    assert writers.read_stored(shuffled) == writers.read_stored(in_order)


def repeated(chance: random.Random, events: list[ProgressEvent], world: World) -> list[ProgressEvent]:
    """Return some of the events, some more than once, in any order; some without the organisation they resolve to."""
    chosen = chance.choices(events, k=chance.randint(0, 2 * len(events)))
    return [
        changed(event, org_id=None)
        if event.course_id == RESOLVED_COURSE and event.org_id == RESOLVED_ORGANISATION and chance.random() < 0.5
        else world.place(event)
        for event in chosen
    ]


def split(chance: random.Random, events: list[ProgressEvent]) -> Iterator[list[ProgressEvent]]:
    """Cut into batches of any size."""
    while events:
        size = chance.randint(1, 6)
        yield events[:size]
        events = events[size:]


def test_eight_writers_with_overlapping_batches(writers: Writers) -> None:
    """Given 8 writers that each send all 300 events of 6 learners, shuffled anew and in batches of 25 that overlap:
    no deadlock escapes, each event is accepted exactly once, and every sum is exact.
    """
    world, chance = World(), random.Random(20260310)
    learners = [uuid4() for _ in range(6)]
    events = [
        an_event(
            chance.choice(world.org_ids),
            user_id=chance.choice(learners),
            course_id=chance.choice(COURSES),
            lesson_id=chance.choice(LESSONS),
            kind=chance.choice(["started", "progressed", "completed"]),
            percent=chance.choice([None, round(chance.uniform(0, 100), 3)]),
            time_spent_seconds=chance.randint(0, 600),
            occurred_at=NOW - timedelta(minutes=chance.randint(0, 10_000)),
        )
        for _ in range(300)
    ]
    lanes = []
    for _ in range(8):
        order = chance.sample(events, len(events))
        lanes.append([order[at : at + 25] + chance.sample(events, 5) for at in range(0, 300, 25)])

    outcomes = writers.write(world.org_ids, lanes)

    assert outcomes == {"accepted": 300, "duplicate": 8 * 12 * 30 - 300}
    assert writers.count_deadlocks() == 0
    assert writers.read(world) == compute(events)


def test_concurrent_contents_under_one_id_keep_exactly_one(writers: Writers) -> None:
    """Given 8 writers that send different contents under the same ids, of different learners and days, each id is
    accepted once, everybody else hears of a conflict, and what is kept counts once.
    """
    world, ids = World(), [uuid4() for _ in range(1000)]
    contents = [
        [
            # Each writer in an order of its own.
            an_event(
                world.org_ids[0],
                event_id=event_id,
                user_id=UUID(int=writer),
                percent=float(writer),
                time_spent_seconds=writer + 1,
                occurred_at=NOW - timedelta(days=writer % 3),
            )
            for event_id in random.Random(writer).sample(ids, len(ids))
        ]
        for writer in range(8)
    ]
    lanes = [[own[at : at + 500] for at in range(0, 1000, 500)] for own in contents]

    outcomes = writers.write(world.org_ids, lanes)

    assert outcomes == {"accepted": 1000, "conflict": 7 * 1000}
    assert writers.count_deadlocks() == 0
    kept = writers.scratch.rows("select event_id, percent from rollcall.progress_events order by event_id")
    assert [event_id for event_id, _ in kept] == sorted(ids)
    by_writer = {(own.event_id, int(own.percent or 0)): own for batch in contents for own in batch}
    assert writers.read(world) == compute([by_writer[event_id, int(percent)] for event_id, percent in kept])


def test_a_crash_of_the_server_forgets_nothing_that_was_accepted(clone: ScratchDatabase) -> None:
    """Given accepted events, a server killed at once and started again still has them and what follows from them."""
    org_id = uuid4()
    events = [an_event(org_id, user_id=LEARNERS[0], lesson_id=lesson) for lesson in LESSONS]
    assert clone.ingest([org_id], *events) == ["accepted"] * 3
    before = clone.contents()
    before.pop("rate_buckets")
    before.pop("rate_refusals")
    clone.cluster.server.stop("immediate")
    clone.cluster.server.start(clone.cluster.port)

    after = clone.contents()
    assert after.pop("rate_buckets") == []
    assert after.pop("rate_refusals") == []
    assert after == before
    assert clone.ingest([org_id], *events) == ["duplicate"] * 3
