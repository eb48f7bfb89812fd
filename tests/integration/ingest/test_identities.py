"""An event's identity is its organisation, its kind and its id: whatever comes in whichever order, once each."""

import random
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.ingest.analytics import ScrubbedEvent
from rollcall.contracts.ingest.progress import ProgressEvent
from rollcall.store import migrations
from rollcall.store.ingest.analytics import AnalyticsStore
from rollcall.store.ingest.progress import ProgressStore

from tests.builders import an_event, changed, queued_batch, scrubbed_event
from tests.postgres import ScratchDatabase

A, B = uuid4(), uuid4()
IDS, WRITERS, CALLS = 30, 4, 12
KINDS = ("progress", "analytics")
# What the ledger of the release before would hold, had these come then.
AGE = """
with known as (delete from rollcall.{kind}_identities where event_id = any (%s) returning *)
insert into rollcall.event_identities select * from known
"""


@pytest.mark.parametrize("first", KINDS)
def test_both_kinds_may_have_one_id(clone: ScratchDatabase, first: str) -> None:
    """A progress event's id is free for an analytics event, and the other way round; each is then known by itself."""
    progress = an_event(A)
    analytics = scrubbed_event(event_id=progress.event_id, occurred_at=progress.occurred_at)
    sends = {
        "progress": lambda event: clone.ingest([A], event)[0],
        "analytics": lambda event: clone.analytics.ingest_analytics(A, [queued_batch(A, event)])[0][0],
    }
    events = {"progress": progress, "analytics": analytics}
    others = {
        "progress": changed(progress, percent=7.0),
        "analytics": analytics.model_copy(update={"digest": "1" * 32}),
    }
    for kind in sorted(KINDS, key=lambda kind: kind != first):
        assert [sends[kind](event) for event in (events[kind], events[kind], others[kind])] == [
            "accepted",
            "duplicate",
            "conflict",
        ]
    for kind in KINDS:
        assert clone.count(f"{kind}_events", A) == clone.count(f"{kind}_identities", A) == 1


@dataclass
class Sent:
    """The events of one kind that writers sent, and their outcomes."""

    outcomes: list[tuple[UUID, str, str]] = field(default_factory=list)  # id, content, outcome

    def check(self, stored: list[tuple[UUID, str]]) -> None:
        """Hold that each id is accepted once, with the content that is stored, and all else is judged against that."""
        content = dict(stored)
        assert len(content) == len(stored), "stored twice"
        accepted = [(event_id, sent) for event_id, sent, outcome in self.outcomes if outcome == "accepted"]
        assert sorted(accepted) == sorted(stored)
        for event_id, sent, outcome in self.outcomes:
            if outcome != "accepted":
                assert outcome == ("duplicate" if sent == content[event_id] else "conflict"), (event_id, sent)


@dataclass(frozen=True)
class Pool:
    """Events of both kinds under the same ids, each id in two contents of a kind."""

    progress: list[ProgressEvent]
    analytics: list[ScrubbedEvent]

    @classmethod
    def of(cls, now: datetime) -> "Pool":
        """Make it, around this moment: of few learners, so that writers meet."""
        ids, learners = [uuid4() for _ in range(IDS)], [uuid4() for _ in range(4)]
        first = [
            an_event(A, event_id=each, user_id=random.choice(learners), occurred_at=now - timedelta(minutes=number))
            for number, each in enumerate(ids)
        ]
        tracked = [scrubbed_event(event_id=each.event_id, occurred_at=each.occurred_at) for each in first]
        return cls(
            first + [changed(event, percent=7.0) for event in first],
            tracked + [event.model_copy(update={"digest": "1" * 32, "properties": {}}) for event in tracked],
        )


@pytest.mark.parametrize("seed", range(6))
def test_any_interleaving_stores_each_event_once(clone: ScratchDatabase, seed: int) -> None:
    """Given writers of both kinds with the same ids, splits, orders, repetitions and other contents, all at once, and
    for half of the seeds an organisation that comes from the release before: each kind has each id once.
    """
    chance, now = random.Random(seed), datetime.now(UTC)
    migrations.make_partitions(clone.conninfo, (now - timedelta(days=2)).date(), (now + timedelta(days=1)).date())
    pool, sent = Pool.of(now), {kind: Sent() for kind in KINDS}
    if seed % 2:
        come_from_before(clone, pool, sent)
    start = threading.Barrier(WRITERS)

    def write(number: int) -> None:
        own = random.Random(seed * WRITERS + number)
        database = clone.database()
        progress, analytics = ProgressStore(database), AnalyticsStore(database)
        start.wait()
        for _ in range(CALLS):
            if own.random() < 0.5:
                ours = own.choices(pool.progress, k=own.randint(1, 25))
                stored = progress.ingest_progress("writer", [A], ours, now, None)
                sent["progress"].outcomes.extend(
                    zip([e.event_id for e in ours], [str(e.percent) for e in ours], stored.outcomes or [], strict=True)
                )
            else:
                theirs = own.choices(pool.analytics, k=own.randint(1, 25))
                middle = own.randint(0, len(theirs) - 1)
                batches = [queued_batch(A, *part) for part in (theirs[:middle], theirs[middle:]) if part]
                answers = [outcome for answer in analytics.ingest_analytics(A, batches) for outcome in answer]
                sent["analytics"].outcomes.extend(
                    zip([e.event_id for e in theirs], [e.digest for e in theirs], answers, strict=True)
                )
        database.close()

    writers = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    chance.shuffle(writers)
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert Counter(len(each.outcomes) > IDS for each in sent.values()) == {True: 2}
    sent["progress"].check(
        [
            (event_id, str(float(percent)))
            for event_id, percent in clone.rows("select event_id, percent from rollcall.progress_events")
        ]
    )
    sent["analytics"].check(
        clone.rows(
            "select event_id, encode(content_digest, 'hex') from rollcall.analytics_events"
            " inner join rollcall.analytics_identities using (org_id, event_id)"
        )
    )
    ((projected,),) = clone.rows("select sum(event_count) from rollcall.lesson_progress")
    assert projected == clone.count("progress_events", A)


def come_from_before(clone: ScratchDatabase, pool: Pool, sent: dict[str, Sent]) -> None:
    """Store some of either kind, and let one ledger know of both, an id of one kind at most."""
    progress, analytics = pool.progress[: IDS // 3], pool.analytics[IDS // 3 : 2 * IDS // 3]
    outcomes = clone.ingest([A], *progress)
    sent["progress"].outcomes += [(e.event_id, str(e.percent), o) for e, o in zip(progress, outcomes, strict=True)]
    (answers,) = clone.analytics.ingest_analytics(A, [queued_batch(A, *analytics)])
    sent["analytics"].outcomes += [(e.event_id, e.digest, o) for e, o in zip(analytics, answers, strict=True)]
    for kind, events in (("progress", progress), ("analytics", analytics)):
        clone.execute(AGE.format(kind=kind), ([event.event_id for event in events],))
