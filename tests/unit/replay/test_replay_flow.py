"""Replay of archived messages, with a bucket and a store that record; and what is archived in the first place."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.ingest.progress import ProgressEvent
from rollcall.contracts.ingest.spool import SpooledBatch
from rollcall.contracts.operations import Operation
from rollcall.domain.ingest.subject import name_requester
from rollcall.errors import ObjectMissing, ObjectsUnavailable, PoisonedMessage, StoreUnavailable
from rollcall.flows.ingest import archive
from rollcall.flows.operations.work import Chunk, StepResult
from rollcall.flows.replay import steps

from tests.builders import NOW, ORG, USER, progress_event
from tests.unit.ingest.test_ingest_flow import RecordingStore
from tests.unit.operations.test_operate_flow import an_operation

OTHER = uuid4()
RETENTION = timedelta(days=30)
WINDOW = {"from": "2026-03-09T15:00:00+00:00", "to": "2026-03-11T00:00:00+00:00"}
PREFIX = f"spool/{ORG}/"


@dataclass
class Bucket:
    """Objects in a dictionary."""

    kept: dict[str, bytes] = field(default_factory=dict)
    away: bool = False

    def put(self, key: str, body: bytes) -> None:
        """Keep it."""
        self.kept[key] = body

    def get(self, key: str) -> bytes:
        """Return it, unless it has expired meanwhile."""
        if self.away:
            raise ObjectsUnavailable
        if self.kept[key] == b"expired":
            raise ObjectMissing
        return self.kept[key]

    def keys_after(self, prefix: str, start_after: str, limit: int) -> list[str]:
        """Return the next keys, as S3 lists them."""
        return sorted(key for key in self.kept if key.startswith(prefix) and key > start_after)[:limit]


def batch(*events: ProgressEvent, org_ids: list[UUID] | None = None) -> str:
    return SpooledBatch(
        subject="kim@example.org", org_ids=org_ids or [ORG], received_at=NOW, events=list(events)
    ).model_dump_json(exclude_none=True)


def run(step: steps.ReplayArchive, operation: Operation, units_max: int | None = 2) -> tuple[Operation, int]:
    """Do chunks until it is done, as the engine would, and return the operation and how many chunks it took."""
    for chunks in range(1, 100):
        result = step(operation, Chunk(units_max, uuid4(), 30))
        assert isinstance(result, StepResult)
        counts = Counter(operation.counts)
        counts.update(result.counts)
        operation = operation.model_copy(update={"cursor": result.cursor, "counts": dict(counts)})
        if result.is_done:
            return operation, chunks
    raise AssertionError


def a_replay(**changes: Any) -> Operation:
    return an_operation(source="spool", **({"parameters": WINDOW} | changes))


def archived(bucket: Bucket, apply: steps.Apply | None = None) -> steps.ReplayArchive:
    return steps.ReplayArchive(bucket, archive.SPOOL, apply or (lambda body, _operation: Counter({body.decode(): 1})))


def test_the_objects_of_the_windows_days_are_applied_once_each() -> None:
    """In order, in chunks, from the first day to the last; another day's and another organisation's are not."""
    keys = {
        "2026-03-08/z": "early", "2026-03-09/a": "a", "2026-03-09/b": "b", "2026-03-10/a": "c", "2026-03-10/z": "d",
        "2026-03-11/a": "late",
    }  # fmt: skip
    bucket = Bucket({f"{PREFIX}{key}.json": body.encode() for key, body in keys.items()})
    bucket.put(f"spool/{OTHER}/2026-03-10/a.json", b"theirs")
    for units_max in (1, 2, 3, 4, 5, None):
        done, _ = run(archived(bucket), a_replay(), units_max)
        assert done.counts == {"a": 1, "b": 1, "c": 1, "d": 1, "objects": 4, "total": 2, "done": 2}


def test_what_somebody_gave_up_is_not_brought_back() -> None:
    """A dead letter that was discarded stays so, and is counted."""
    bucket = Bucket({f"{PREFIX}2026-03-10/{name}.json": name.encode() for name in ("a", "b")})
    step = replace(archived(bucket), is_given_up=lambda org_id, key: org_id == ORG and key.endswith("a.json"))
    assert run(step, a_replay())[0].counts == {"b": 1, "discarded": 1, "objects": 2, "total": 2, "done": 2}


def test_days_that_hold_nothing_are_done_at_once() -> None:
    """An archive without an object in the window."""
    done, chunks = run(archived(Bucket()), a_replay())
    assert (done.counts, chunks) == ({"objects": 0, "total": 2, "done": 2}, 1)


def test_progress_is_in_days() -> None:
    """While objects of the second day are applied, half of two days is done."""
    bucket = Bucket({f"{PREFIX}2026-03-10/{number}.json": b"x" for number in range(5)})
    first = archived(bucket)(a_replay(), Chunk(2, uuid4(), 30))
    assert (first.counts["done"], first.counts["total"], first.is_done) == (1, 2, False)


def test_an_object_that_cannot_be_read_does_not_stop_the_others() -> None:
    """Nor one that has expired since it was listed."""
    store = RecordingStore()
    bucket = Bucket({f"{PREFIX}2026-03-10/{name}": b"canary" for name in ("a", "c")})
    bucket.put(f"{PREFIX}2026-03-10/b", batch(progress_event()).encode())
    bucket.put(f"{PREFIX}2026-03-10/d", b"expired")
    done, _ = run(archived(bucket, steps.apply_spooled(store, lambda: NOW, RETENTION)), a_replay())
    assert done.counts["failed"] == 3
    assert done.counts["accepted"] == 1


@pytest.mark.parametrize("away", ["bucket", "store"])
def test_what_is_away_is_told_as_such(away: str) -> None:
    """The engine tries the chunk again."""
    bucket = Bucket({f"{PREFIX}2026-03-10/a": batch(progress_event()).encode()}, away == "bucket")
    store = RecordingStore(fault=StoreUnavailable() if away == "store" else None)
    step = archived(bucket, steps.apply_spooled(store, lambda: NOW, RETENTION))
    with pytest.raises(ObjectsUnavailable if away == "bucket" else StoreUnavailable):
        step(a_replay(), Chunk(None, uuid4(), 30))


def apply(body: str, store: RecordingStore, **changes: Any) -> Mapping[str, int]:
    return steps.apply_spooled(store, lambda: NOW, RETENTION)(body.encode(), a_replay(**changes))


def test_only_the_organisations_own_events_are_applied() -> None:
    """Whatever the object holds."""
    store, mine = RecordingStore(), progress_event()
    counts = apply(batch(mine, progress_event(org_id=OTHER), org_ids=[ORG, OTHER]), store)
    assert counts == {"events": 1, "accepted": 1}
    assert store.stored == [mine]


def test_one_learners_events_alone_where_that_is_asked_for() -> None:
    """A batch of a service holds many learners'."""
    store, mine = RecordingStore(), progress_event()
    body = batch(mine, progress_event(user_id=uuid4()))
    assert apply(body, store, parameters=WINDOW | {"user_id": str(USER)}) == {"events": 1, "accepted": 1}
    assert store.stored == [mine]
    assert apply(body, store, parameters=WINDOW | {"user_id": str(uuid4())}) == {}


def test_what_retention_has_dropped_does_not_come_back() -> None:
    """An archive may be kept for longer than events."""
    store = RecordingStore()
    counts = apply(batch(progress_event(), progress_event(occurred_at=NOW - timedelta(days=31))), store)
    assert counts == {"events": 1, "expired": 1, "accepted": 1}


def test_a_dry_run_stores_nothing() -> None:
    """It counts the events that it would apply."""
    store = RecordingStore()
    assert apply(batch(progress_event()), store, is_dry_run=True) == {"events": 1}
    assert store.stored == []


def test_an_object_is_applied_in_the_first_way_that_can_read_it() -> None:
    """A dead letter is a message of any queue."""

    def never(_body: bytes, _operation: Operation) -> Counter[str]:
        raise PoisonedMessage

    ways = steps.first_that_reads(never, lambda _body, _operation: Counter(read=1))
    assert ways(b"", a_replay()) == {"read": 1}
    with pytest.raises(PoisonedMessage):
        steps.first_that_reads(never)(b"", a_replay())


def test_a_spooled_batch_is_archived_by_organisation_and_without_its_sender() -> None:
    """An object for each organisation with its own events; who sent it may be a person's address, and is left out."""
    bucket = Bucket()
    mine, theirs = progress_event(), progress_event(org_id=OTHER)
    message = batch(mine, theirs, org_ids=[ORG, OTHER, uuid4()])
    archive.archive_spooled("m-1", message, bucket.put)
    assert bucket.kept.keys() == {f"spool/{org_id}/2026-03-10/m-1.json" for org_id in (ORG, OTHER)}
    kept = SpooledBatch.model_validate_json(bucket.kept[f"{PREFIX}2026-03-10/m-1.json"])
    assert (kept.events, kept.org_ids, kept.received_at) == ([mine], [ORG], NOW)
    assert all(b"kim" not in body for body in bucket.kept.values())


def test_who_asked_is_written_down_without_an_address() -> None:
    """A user's id stays; of any other subject only a pseudonym."""
    assert name_requester(str(USER), str.upper) == str(USER)
    assert name_requester("kim@example.org", lambda _subject: "0f" * 16) == f"service:{'0f' * 16}"
