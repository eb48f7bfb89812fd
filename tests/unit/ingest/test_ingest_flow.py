"""The ingest flow with a store and a spool that record what they were given."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.ingest.progress import ProgressEvent
from rollcall.contracts.ingest.receipt import EventKind, QueuedEvents, Rejection
from rollcall.contracts.ingest.spool import SpooledBatch
from rollcall.domain.health.backpressure import LatencyGauge
from rollcall.domain.ingest.attributes import AttributeRule
from rollcall.domain.ingest.rate import RateAnswer, RateLimit, RateState
from rollcall.domain.keyring import Keyring
from rollcall.errors import QueueUnavailable, StoreRefused, StoreUnavailable
from rollcall.flows.ingest.learner_ids import NameLearners
from rollcall.flows.ingest.progress import Ingest, IngestRules
from rollcall.store.ingest.progress import StoredBatch

from tests.builders import NOW, ORG, USER, caller, event_document

LIMIT = RateLimit(5, 10)


@dataclass
class RecordingStore:
    """Answers `outcome` for every event, or raises `fault`."""

    outcome: str = "accepted"
    fault: Exception | None = None
    limited: bool = False
    stored: list[ProgressEvent] = field(default_factory=list)

    def ingest_progress(
        self,
        subject: str,
        org_ids: Iterable[UUID],
        events: list[ProgressEvent],
        received_at: datetime,
        limit: RateLimit | None,
    ) -> StoredBatch:
        """Record the call."""
        if self.fault:
            raise self.fault
        if self.limited:
            return StoredBatch(None, RateState(0, 2000), 400)
        self.stored += events
        return StoredBatch([self.outcome] * len(events), RateState(9, 200))

    def refuses(
        self, subject: str, org_ids: Iterable[UUID], events: list[ProgressEvent], received_at: datetime
    ) -> bool:
        """Tell whether the call would be refused."""
        return isinstance(self.fault, StoreRefused)


@dataclass
class RecordingReceipts:
    """Notes everything, or raises `fault`; over the rate when `retry_after_ms` says so."""

    fault: Exception | None = None
    retry_after_ms: int = 0
    announced: list[QueuedEvents] = field(default_factory=list)
    withdrawn: list[QueuedEvents] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)
    limits: list[RateLimit | None] = field(default_factory=list)
    kinds: list[EventKind] = field(default_factory=list)

    def announce_batches(
        self, subject: str, limit: RateLimit, batches: Sequence[QueuedEvents], received_at: datetime
    ) -> RateAnswer:
        """Record the call."""
        self._answer()
        self.announced += batches
        return RateAnswer(RateState(9, 200), self.retry_after_ms)

    def withdraw_batches(self, batches: Sequence[QueuedEvents]) -> None:
        """Record the call."""
        self._answer()
        self.withdrawn += batches

    def note_rejections(
        self,
        subject: str,
        limit: RateLimit | None,
        rejections: Sequence[Rejection],
        rejected_at: datetime,
        kind: EventKind,
    ) -> RateAnswer:
        """Record the call."""
        self._answer()
        self.rejected += rejections
        self.limits.append(limit)
        self.kinds.append(kind)
        return RateAnswer(RateState(9, 200) if limit else None, self.retry_after_ms if limit else 0)

    def _answer(self) -> None:
        if self.fault:
            raise self.fault


KEYRING = Keyring("k1", {"k1": "a" * 40, "k2": "b" * 40})


@dataclass
class RecordingKeys:
    """Remembers which key each organisation's learner ids are under."""

    known: dict[UUID, str] = field(default_factory=dict)
    fault: Exception | None = None
    asked: int = 0

    def learner_keys(self, org_ids: Iterable[UUID], current: str) -> dict[UUID, str]:
        """Answer as the procedure does."""
        self.asked += 1
        if self.fault:
            raise self.fault
        return {org_id: self.known.setdefault(org_id, current) for org_id in org_ids}


def flow(
    store: RecordingStore,
    spooled: list[str] | None = None,
    receipts: RecordingReceipts | None = None,
    learner_keys: RecordingKeys | None = None,
) -> Ingest:
    messages = spooled if spooled is not None else []
    ticks = iter(range(1000))
    return Ingest(
        store=store,
        receipts=receipts or RecordingReceipts(),
        spool=messages.append,
        learners=NameLearners(lambda: KEYRING, learner_keys or RecordingKeys()),
        rules=IngestRules(100, timedelta(days=30), AttributeRule(frozenset({"attempt"})), LIMIT),
        gauge=LatencyGauge(100),
        now=lambda: NOW,
        monotonic=lambda: next(ticks) / 1000,
    )


def body(*documents: object) -> bytes:
    return json.dumps({"events": documents}).encode()


def test_receipts_come_in_request_order() -> None:
    """Stored and rejected events stand where they stood in the request."""
    store = RecordingStore()
    documents = [event_document(kind="x"), event_document(), event_document(org_id=str(uuid4())), event_document()]
    receipt = flow(store).accept_batch(body(*documents), caller()).receipt
    assert receipt
    assert [(str(result.event_id), result.status, result.reason) for result in receipt.results] == [
        (documents[0]["event_id"], "rejected", "invalid"),
        (documents[1]["event_id"], "accepted", None),
        (documents[2]["event_id"], "rejected", "org_forbidden"),
        (documents[3]["event_id"], "accepted", None),
    ]
    assert receipt.counts.accepted == 2
    assert receipt.counts.rejected == 2


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"org_id": "00000000-0000-4000-8000-000000000000"}, "org_forbidden"),
        ({"user_id": "00000000-0000-4000-8000-000000000000"}, "user_forbidden"),
        ({"occurred_at": (NOW - timedelta(days=31)).isoformat()}, "out_of_window"),
        ({"occurred_at": (NOW + timedelta(days=2)).isoformat()}, "out_of_window"),
        ({"occurred_at": "0001-01-01T00:00:00Z"}, "out_of_window"),
        ({"attributes": {"name": "kim"}}, "attribute_key_not_allowed"),
    ],
)
def test_what_the_rules_refuse_never_reaches_the_store(changes: dict[str, object], reason: str) -> None:
    """Each rule rejects its event with its own reason."""
    store = RecordingStore()
    receipt = flow(store).accept_batch(body(event_document(**changes)), caller()).receipt
    assert receipt
    assert receipt.results[0].reason == reason
    assert not store.stored


def test_a_service_may_send_for_any_learner() -> None:
    """Another user's event is a service's business, and no learner's."""
    document = event_document(user_id=str(uuid4()))
    receipt = flow(RecordingStore()).accept_batch(body(document), caller(subject="school-sync", role="service")).receipt
    assert receipt
    assert receipt.counts.accepted == 1


def test_an_event_without_organisation_is_left_to_the_store() -> None:
    """Assignments are known there alone; what it says becomes the reason."""
    store = RecordingStore(outcome="org_unresolved")
    receipt = flow(store).accept_batch(body(event_document(org_id=...)), caller()).receipt
    assert receipt
    assert store.stored[0].org_id is None
    assert (receipt.results[0].status, receipt.results[0].reason) == ("rejected", "org_unresolved")
    assert receipt.results[0].pointer == "/events/0/org_id"


def test_a_database_that_is_away_spools_the_valid_events() -> None:
    """The message holds the valid events and what their acceptance rested on; clients are asked to slow down."""
    spooled: list[str] = []
    ingest = flow(RecordingStore(fault=StoreUnavailable()), spooled)
    valid = event_document()
    ingestion = ingest.accept_batch(body(valid, event_document(kind="x")), caller())
    assert ingestion.receipt
    assert [result.status for result in ingestion.receipt.results] == ["spooled", "rejected"]
    batch = SpooledBatch.model_validate_json(spooled[0])
    assert [str(event.event_id) for event in batch.events] == [valid["event_id"]]
    assert (batch.subject, batch.org_ids, batch.received_at) == (str(USER), [ORG], NOW)
    assert ingest.gauge.queue_lag_ms > 0


def test_nothing_is_claimed_when_the_queue_is_away_too() -> None:
    """The queue's error goes to the client."""

    def refuse(_message: str) -> None:
        raise QueueUnavailable

    ingest = flow(RecordingStore(fault=StoreUnavailable()))
    with pytest.raises(QueueUnavailable):
        replace(ingest, spool=refuse).accept_batch(body(event_document()), caller())


NOTHING_VALID = [(5,), (), ({},), ({"event_id": "x"},), ("a", None, [])]


@pytest.mark.parametrize("documents", NOTHING_VALID)
def test_a_batch_with_nothing_valid_is_charged_whatever_it_holds(documents: tuple[object, ...]) -> None:
    """It is answered from its own reasons, and counts against its caller's rate, ids or none."""
    receipts = RecordingReceipts()
    ingestion = flow(RecordingStore(fault=AssertionError()), receipts=receipts).accept_batch(body(*documents), caller())
    assert ingestion.receipt
    assert ingestion.receipt.counts.rejected == len(documents)
    assert ingestion.rate == RateState(9, 200)
    assert receipts.limits == [LIMIT]


@pytest.mark.parametrize("documents", NOTHING_VALID)
def test_a_batch_with_nothing_valid_is_refused_over_the_rate(documents: tuple[object, ...]) -> None:
    """As any other batch."""
    limited = flow(RecordingStore(), receipts=RecordingReceipts(retry_after_ms=400))
    ingestion = limited.accept_batch(body(*documents), caller())
    assert (ingestion.receipt, ingestion.retry_after_ms) == (None, 400)


def test_over_the_rate_nothing_is_answered_but_when_to_come_back() -> None:
    """No receipt: nothing was done."""
    ingestion = flow(RecordingStore(limited=True)).accept_batch(body(event_document()), caller())
    assert ingestion.receipt is None
    assert ingestion.retry_after_ms == 400


def test_rejections_are_noted_under_their_organisation() -> None:
    """What a receipt tells later: each rejected event whose organisation the caller holds, beside what was stored."""
    receipts, stranger = RecordingReceipts(), str(uuid4())
    late = event_document(occurred_at="2020-01-01T00:00:00Z")
    unreadable, foreign = event_document(kind="x"), event_document(org_id=stranger)
    flow(RecordingStore(), receipts=receipts).accept_batch(body(late, event_document(), unreadable, foreign), caller())
    assert [(str(noted.event_id), noted.org_id, noted.reason) for noted in receipts.rejected] == [
        (late["event_id"], ORG, "out_of_window"),
        (unreadable["event_id"], ORG, "invalid"),
    ]
    assert receipts.limits == [None], "the batch was counted when it was stored"


def test_a_batch_of_nothing_but_rejections_counts_against_the_rate() -> None:
    """Or a flood of nonsense would cost nothing."""
    receipts = RecordingReceipts(retry_after_ms=400)
    ingestion = flow(RecordingStore(), receipts=receipts).accept_batch(body(event_document(kind="x")), caller())
    assert (ingestion.receipt, ingestion.retry_after_ms) == (None, 400)
    assert receipts.limits == [LIMIT]


def test_rejections_are_told_also_while_nobody_can_note_them() -> None:
    """The client has its answer; a database that is away takes nothing from it."""
    receipts = RecordingReceipts(fault=StoreUnavailable())
    ingestion = flow(RecordingStore(), receipts=receipts).accept_batch(body(event_document(kind="x")), caller())
    assert ingestion.receipt
    assert ingestion.receipt.counts.rejected == 1


@pytest.mark.parametrize("name", ["course_id", "lesson_id"])
def test_a_name_that_is_plainly_personal_is_refused(name: str) -> None:
    """An e-mail address for a course would be stored as it is: the event is rejected, and says where."""
    receipt = (
        flow(RecordingStore()).accept_batch(body(event_document(**{name: "kim@school.example"})), caller()).receipt
    )
    assert receipt
    assert [(result.reason, result.pointer) for result in receipt.results] == [("personal_value", f"/events/0/{name}")]
