"""Ingest: take a batch of progress events, store each once, answer with a receipt per event."""

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from rollcall.contracts.caller import Caller
from rollcall.contracts.health.advice import Advice
from rollcall.contracts.ingest.progress import UNNAMED, ProgressBatch, ProgressEvent, SentProgressEvent
from rollcall.contracts.ingest.receipt import BatchReceipt, EventReceipt, Status
from rollcall.contracts.ingest.spool import SpooledBatch
from rollcall.domain.health.backpressure import LatencyGauge
from rollcall.domain.ingest.accepted_window import AcceptedWindow
from rollcall.domain.ingest.attributes import AttributeRule, find_fault, limit_of
from rollcall.domain.ingest.batch import BatchForm, Judge, ReadBatch, read_batch, read_documents, read_event
from rollcall.domain.ingest.learner_id import is_same
from rollcall.domain.ingest.rate import RateAnswer, RateLimit, RateState
from rollcall.domain.ingest.reasons import Refusal
from rollcall.domain.ingest.subject import opaque_subject
from rollcall.domain.scrub.identifiers import find_personal_identifier
from rollcall.errors import Fault, StoreUnavailable
from rollcall.flows.ingest.learner_ids import NameLearners
from rollcall.flows.ingest.receipts import ReceiptStore, charge, charging, note_rejections

# Outcomes that are a status. Any other outcome is the reason of a rejection.
STATUS_OF_OUTCOME: dict[str, Status] = {
    "accepted": "accepted",
    "duplicate": "duplicate",
    "conflict": "conflict",
    "spooled": "spooled",
    "retry": "retry",
}


LEARNER_ERASED = "learner_erased"
# The member of an event that a rejection by the store points to.
POINTERS = {LEARNER_ERASED: "user_id"}


class StoreAnswer(Protocol):
    """A store's answer for a batch: outcomes in order, or None when the rate was exceeded."""

    @property
    def outcomes(self) -> list[str] | None:
        """The outcome of each event."""

    @property
    def rate(self) -> RateState | None:
        """The caller's allowance, if a limit was given."""

    @property
    def retry_after_ms(self) -> int:
        """How long the caller should wait when the rate was exceeded."""

    @property
    def advice(self) -> Advice | None:
        """The advice for clients, or None."""


class ProgressStore(Protocol):
    """Stores a batch once; raises StoreUnavailable when it cannot."""

    def ingest_progress(
        self,
        subject: str,
        org_ids: Iterable[UUID],
        events: list[ProgressEvent],
        received_at: datetime,
        limit: RateLimit | None,
    ) -> StoreAnswer:
        """Store a batch; a `limit` of None does not count against the caller's rate."""


PROGRESS = BatchForm(
    SentProgressEvent,
    SentProgressEvent.model_validate_json,
    lambda body: ProgressBatch.model_validate_json(body).events,
)

DOUBTFUL = ("personal_value", "attribute_value_not_allowed")  # unless a catalogue has it
ORGANISATIONS_ASKED_MAX = 8  # of a caller with many organisations, for an event that names none
PLAIN_NAMES = ("course_id", "lesson_id")  # texts of the client, stored unchanged

CatalogueOf = Callable[[UUID], Container[str]]
"""Returns the ids that an organisation lets through; raises StoreUnavailable."""


def _no_catalogue(_org_id: UUID) -> Container[str]:
    return ()


Spool = Callable[[str], object]
"""Takes a message durably; raises QueueUnavailable when it cannot."""


@dataclass(frozen=True)
class IngestRules:
    """The limits of a deployment."""

    events_max: int
    retention: timedelta
    attributes: AttributeRule
    limit: RateLimit


@dataclass(frozen=True)
class Ingestion:
    """The result for a batch. `receipt` is None when the caller exceeded the rate: then no event was taken."""

    receipt: BatchReceipt | None
    faults: list[Fault]
    rate: RateState | None
    retry_after_ms: int = 0


@dataclass(frozen=True)
class Ingest:
    """The flow, with its IO. `monotonic` is in seconds; `now` returns an aware datetime."""

    store: ProgressStore
    receipts: ReceiptStore
    spool: Spool
    learners: NameLearners
    rules: IngestRules
    gauge: LatencyGauge
    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    catalogue_of: CatalogueOf = _no_catalogue

    @property
    def limit(self) -> RateLimit:
        """The limits for its caller."""
        return self.rules.limit

    @property
    def events_max(self) -> int:
        """The most events that a batch may have."""
        return self.rules.events_max

    def accept_batch(self, body: bytes, caller: Caller) -> Ingestion:
        """Take `{"events": [...]}`.

        Raises InvalidBody, TooManyEvents, StoreUnavailable, QueueUnavailable; KeysUnavailable for a learner_id.
        """
        received_at = self.now()
        with charging(lambda: self.charge(caller)):
            read = read_batch(body, PROGRESS, self.rules.events_max, self.judge(caller, received_at))
        return self._take(read, caller, received_at)

    def accept_documents(self, documents: list[Any], caller: Caller) -> Ingestion:
        """Take the events of a message. Raises TooManyEvents, StoreUnavailable, QueueUnavailable."""
        received_at = self.now()
        with charging(lambda: self.charge(caller)):
            read = read_documents(documents, PROGRESS, self.rules.events_max, self.judge(caller, received_at))
        return self._take(read, caller, received_at)

    def accept_event(self, body: bytes, caller: Caller) -> Ingestion:
        """Take one event. Raises InvalidBody, StoreUnavailable, QueueUnavailable."""
        received_at = self.now()
        with charging(lambda: self.charge(caller)):
            read = read_event(body, PROGRESS, self.judge(caller, received_at))
        return self._take(read, caller, received_at)

    def judge(self, caller: Caller, received_at: datetime) -> Judge[SentProgressEvent]:
        """Return the function that judges events which a caller sends now."""
        window = AcceptedWindow.at(received_at, self.rules.retention)
        any_learner, own_id = caller.role == "service", caller.user_id

        def judge(event: SentProgressEvent) -> Refusal | None:
            if event.org_id is not None and event.org_id not in caller.org_ids:
                return Refusal("org_forbidden", "org_id")
            if event.learner_id is not None or event.user_id == UNNAMED:
                if naming := _judge_learner(event, caller):
                    return naming
            elif not any_learner and event.user_id != own_id:
                return Refusal("user_forbidden", "user_id")
            if not window.holds(event.occurred_at):
                return Refusal("out_of_window", "occurred_at", window.description)
            verdict = judge_texts(event, self.rules.attributes)
            if verdict is None or verdict.reason not in DOUBTFUL:
                return verdict
            return judge_texts(event, self.rules.attributes, self._known_to(event, caller))

        return judge

    def _known_to(self, event: ProgressEvent, caller: Caller) -> Container[str]:
        """Return the ids allowed by the event's organisation, or if it names none, by any of the caller's."""
        if event.org_id is not None:
            return self.catalogue_of(event.org_id)
        catalogues = [self.catalogue_of(org_id) for org_id in sorted(caller.org_ids)[:ORGANISATIONS_ASKED_MAX]]
        texts = (event.course_id, event.lesson_id)
        return frozenset(text for text in texts if any(text in catalogue for catalogue in catalogues))

    def charge(self, caller: Caller) -> RateAnswer:
        """Count a request without readable events against its caller's rate."""
        return charge(self.receipts, opaque_subject(caller.subject), self.rules.limit, self.now(), "progress")

    def _take(self, read: ReadBatch[SentProgressEvent], caller: Caller, received_at: datetime) -> Ingestion:
        subject = opaque_subject(caller.subject)
        if not read.events:
            noted = self._note_rejections(read, subject, caller, received_at)
            return _refused(noted) if noted.retry_after_ms else Ingestion(_merge(read, []), read.faults, noted.rate)
        events = self.learners.name(read.events, next(iter(caller.org_ids), None))
        started = self.monotonic()
        try:
            answer = self.store.ingest_progress(subject, caller.org_ids, events, received_at, self.rules.limit)
        except StoreUnavailable:
            self.gauge.record_unreachable()
            return self._spool(read, events, caller, received_at)
        self.gauge.record(1000 * (self.monotonic() - started))
        self.gauge.take_advice(answer.advice, received_at)
        if answer.outcomes is None:
            return _refused(RateAnswer(answer.rate, answer.retry_after_ms))
        receipt = _merge(read, answer.outcomes)
        self._note_rejections(read, subject, caller, received_at)
        return Ingestion(receipt, read.faults, answer.rate)

    def _note_rejections(
        self, read: ReadBatch[SentProgressEvent], subject: str, caller: Caller, received_at: datetime
    ) -> RateAnswer:
        return note_rejections(self.receipts, read, subject, caller.org_ids, self.rules.limit, received_at, "progress")

    def _spool(
        self, read: ReadBatch[SentProgressEvent], named: list[ProgressEvent], caller: Caller, received_at: datetime
    ) -> Ingestion:
        # An event that names no organisation is not spooled: only the database can resolve its organisation, and it
        # may find none. Events that may be refused later are not accepted now.
        events = [event for event in named if event.org_id is not None]
        if not events:
            raise StoreUnavailable
        message = SpooledBatch(
            subject=opaque_subject(caller.subject),
            org_ids=sorted(caller.org_ids),
            received_at=received_at,
            events=events,
        )
        self.spool(message.model_dump_json(exclude_none=True))
        outcomes = ["retry" if event.org_id is None else "spooled" for event in read.events]
        return Ingestion(_merge(read, outcomes), read.faults, None)


def _judge_learner(event: SentProgressEvent, caller: Caller) -> Refusal | None:
    """Judge an event that names its learner by a learner id, or not at all."""
    has_user_id = "user_id" in event.model_fields_set
    if event.learner_id is None:
        if not has_user_id:
            return Refusal("learner_missing", "user_id")
        is_own = event.user_id == caller.user_id
    elif has_user_id:
        return Refusal("learner_ambiguous", "learner_id")
    elif event.org_id is None and len(caller.org_ids) != 1:
        # The UUID is made with the organisation's key, so the event needs an organisation.
        return Refusal("org_missing", "org_id")
    else:
        is_own = is_same(event.learner_id, caller.subject)
    name = "user_id" if event.learner_id is None else "learner_id"
    return None if is_own or caller.role == "service" else Refusal("user_forbidden", name)


def judge_texts(event: ProgressEvent, attributes: AttributeRule, known: Container[str] = ()) -> Refusal | None:
    """Return why and where an event's texts may not be stored, or None. `known` has the ids of a catalogue."""
    for name in PLAIN_NAMES:
        if rule := find_personal_identifier(getattr(event, name), known):
            return Refusal("personal_value", name, f"Rule {rule}.")
    fault = find_fault(event.attributes, attributes, known) if event.attributes else None
    if fault is None or event.attributes is None:
        return None
    return Refusal(fault, "attributes", limit_of(fault, event.attributes, attributes))


def _refused(answer: RateAnswer) -> Ingestion:
    return Ingestion(None, [], answer.rate, answer.retry_after_ms)


def _merge(read: ReadBatch[SentProgressEvent], outcomes: list[str]) -> BatchReceipt:
    """Put receipts of stored and rejected events back into request order."""
    results = {}
    for position, event, outcome in zip(read.positions, read.events, outcomes, strict=True):
        if status := STATUS_OF_OUTCOME.get(outcome):
            results[position] = EventReceipt(event_id=event.event_id, status=status)
        else:
            # Any other refusal by the store is about an organisation that it cannot resolve.
            read.reject(position, event, Refusal(outcome, POINTERS.get(outcome, "org_id")))
    results |= read.rejections
    return BatchReceipt.of(results[position] for position in range(len(results)))
