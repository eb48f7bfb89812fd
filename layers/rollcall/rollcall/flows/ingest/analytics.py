"""Ingest analytics: take a batch of events, scrub it, and queue the scrubbed events, one message for each batch."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel, ValidationError

from rollcall.contracts.caller import Caller
from rollcall.contracts.identifiers import canonical_id
from rollcall.contracts.ingest.analytics import AnalyticsBatch, AnalyticsEvent, QueuedBatch, Route, ScrubbedEvent
from rollcall.contracts.ingest.process import ProcessBatch, ProcessEvent
from rollcall.contracts.ingest.receipt import BatchReceipt, EventReceipt, QueuedEvents
from rollcall.domain.health.backpressure import LatencyGauge
from rollcall.domain.ingest.accepted_window import AcceptedWindow
from rollcall.domain.ingest.batch import BatchForm, Judge, ReadBatch, read_batch, read_event
from rollcall.domain.ingest.nesting import DEPTH_MAX
from rollcall.domain.ingest.rate import RateAnswer, RateLimit
from rollcall.domain.ingest.readable import readable
from rollcall.domain.ingest.reasons import Refusal
from rollcall.domain.ingest.subject import opaque_subject
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.errors import EventRefused, QueueUnavailable, ScrubFailed, StoreUnavailable
from rollcall.flows.ingest.progress import Ingestion
from rollcall.flows.ingest.receipts import ReceiptStore, charge, charging, note_rejections
from rollcall.flows.ingest.write_key_check import KeyHolder
from rollcall.flows.scrub.events import Correct, Scrubbing, scrub_event

EVENTS_BYTES_MAX = 1_000_000  # of the 1,048,576 that SQS allows: the rest of a message is small


def _read_analytics(text: str) -> AnalyticsEvent:
    """Read one event. Properties that can never be stored are dropped alone. Raises ValidationError."""
    try:
        return AnalyticsEvent.model_validate_json(text)
    except ValidationError:
        document = json.loads(text)
        if not isinstance(document, dict) or not isinstance(document.get("properties"), dict):
            raise
        fit = document | {"properties": readable(document["properties"], DEPTH_MAX)}
        return AnalyticsEvent.model_validate_json(json.dumps(fit))


ANALYTICS = BatchForm(AnalyticsEvent, _read_analytics, lambda body: AnalyticsBatch.model_validate_json(body).events)
PROCESSES = BatchForm(
    ProcessEvent,
    lambda text: ProcessEvent.model_validate_json(text).as_analytics(),
    lambda body: [event.as_analytics() for event in ProcessBatch.model_validate_json(body).events],
)

Queue = Callable[[str], object]
"""Takes a message durably; raises QueueUnavailable when it cannot."""
FindDrop = Callable[[UUID, ScrubbedEvent], str | None]
"""Returns why flags drop an organisation's valid event (domain.ingest.flags.DROP_REASONS), or None."""


def _drop_nothing(_org_id: UUID, _event: ScrubbedEvent) -> None:
    return None


def _unchanged(stated_at: datetime) -> datetime:
    return stated_at


@dataclass(frozen=True)
class AnalyticsRules:
    """The limits of a deployment."""

    events_max: int
    retention: timedelta
    limit: RateLimit


@dataclass(frozen=True)
class Sender:
    """The sender of a batch, and its organisations. A write key names no person, so its id is stored in clear."""

    subject: str
    org_ids: frozenset[UUID]
    is_write_key: bool = False

    @classmethod
    def of_key(cls, holder: KeyHolder) -> "Sender":
        """Return the sender for a write key."""
        return cls(str(holder.write_key_id), frozenset({holder.org_id}), is_write_key=True)

    def shown_by(self, pseudonymiser: Pseudonymiser) -> str:
        """Return the sender as the audit shows it."""
        return f"write_key:{self.subject}" if self.is_write_key else pseudonymiser.pseudonym(self.subject)


@dataclass(frozen=True)
class IngestAnalytics:
    """The flow, with the IO it was given."""

    queue: Queue
    receipts: ReceiptStore
    scrubbing_of: Callable[[UUID], Scrubbing]
    rules: AnalyticsRules
    gauge: LatencyGauge
    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    new_batch_id: Callable[[], UUID]
    find_drop: FindDrop = _drop_nothing

    @property
    def limit(self) -> RateLimit:
        """The limits for its caller."""
        return self.rules.limit

    @property
    def events_max(self) -> int:
        """The most events that a batch may have."""
        return self.rules.events_max

    def accept_batch(self, body: bytes, caller: Caller) -> Ingestion:
        """Take `{"events": [...]}`. Raises InvalidBody, TooManyEvents, KeysUnavailable, QueueUnavailable."""
        return self._accept_batch(body, caller, ANALYTICS)

    def accept_process_batch(self, body: bytes, caller: Caller) -> Ingestion:
        """Take `{"events": [...]}` of process events, as analytics events. Raises what `accept_batch` raises."""
        return self._accept_batch(body, caller, PROCESSES)

    def _accept_batch(self, body: bytes, caller: Caller, form: BatchForm[AnalyticsEvent]) -> Ingestion:
        received_at = self.now()
        sender = Sender(caller.subject, caller.org_ids)
        with charging(lambda: self.charge(sender)):
            read = read_batch(body, form, self.rules.events_max, self.judge(caller, received_at))
        return self.take(read, sender, "analytics", received_at)

    def accept_event(self, body: bytes, caller: Caller) -> Ingestion:
        """Take one event. Raises InvalidBody, KeysUnavailable, QueueUnavailable."""
        received_at = self.now()
        sender = Sender(caller.subject, caller.org_ids)
        with charging(lambda: self.charge(sender)):
            read = read_event(body, ANALYTICS, self.judge(caller, received_at))
        return self.take(read, sender, "analytics", received_at)

    def judge(self, caller: Caller, received_at: datetime) -> Judge[AnalyticsEvent]:
        """Return the function that judges events which a caller sends now."""
        window = AcceptedWindow.at(received_at, self.rules.retention)
        any_person, own_id = caller.role == "service", canonical_id(caller.subject)

        def judge(event: AnalyticsEvent) -> Refusal | None:
            if event.org_id not in caller.org_ids:
                return Refusal("org_forbidden", "org_id")
            if not any_person and event.user_id is not None and canonical_id(event.user_id) != own_id:
                return Refusal("user_forbidden", "user_id")
            return (
                None if window.holds(event.occurred_at) else Refusal("out_of_window", "occurred_at", window.description)
            )

        return judge

    def charge(self, sender: Sender) -> RateAnswer:
        """Count a request without readable events against its sender's rate."""
        return charge(self.receipts, _subject(sender), self.rules.limit, self.now(), "analytics")

    def take(
        self,
        read: ReadBatch[AnalyticsEvent],
        sender: Sender,
        route: Route,
        received_at: datetime,
        correct: Correct = _unchanged,
    ) -> Ingestion:
        """Scrub and queue the events that were read: all of them, or this raises QueueUnavailable.

        If the queue fails halfway, the client sends all events again, and those already queued count once. The digest
        of an event takes the client's uncorrected time, so that it is the same when the event is sent again.
        """
        subject = _subject(sender)
        batches = self._batches(read)
        scrubbing = {batch.org_id: self.scrubbing_of(batch.org_id) for batch in batches}
        announced = self._announce(subject, batches, received_at)
        if announced.retry_after_ms:
            return Ingestion(None, [], announced.rate, announced.retry_after_ms)
        events = scrub_read(read, scrubbing, correct, self.find_drop)
        self._withdraw([batch for batch in batches if not events[batch.org_id]])
        try:
            for batch in batches:
                for message in _messages(
                    batch, events[batch.org_id], scrubbing[batch.org_id], sender, route, received_at
                ):
                    self.queue(message)
        except QueueUnavailable:
            self._withdraw(batches)
            raise
        noted = note_rejections(
            self.receipts, read, subject, sender.org_ids, self.rules.limit, received_at, "analytics"
        )
        if noted.retry_after_ms:
            return Ingestion(None, [], noted.rate, noted.retry_after_ms)
        return Ingestion(_receipt(read), read.faults, announced.rate or noted.rate)

    def _batches(self, read: ReadBatch[AnalyticsEvent]) -> list[QueuedEvents]:
        """Return the ids of the events to queue, a batch for each organisation."""
        event_ids: dict[UUID, list[UUID]] = {}
        for event in read.events:
            event_ids.setdefault(event.org_id, []).append(event.event_id)
        return [QueuedEvents(org_id, self.new_batch_id(), tuple(found)) for org_id, found in event_ids.items()]

    def _announce(self, subject: str, batches: list[QueuedEvents], received_at: datetime) -> RateAnswer:
        if not batches:
            return RateAnswer(None)
        started = self.monotonic()
        try:
            answer = self.receipts.announce_batches(subject, self.rules.limit, batches, received_at)
        except StoreUnavailable:
            # Events are safe in the queue. Only their receipts need the database, and have to wait for it.
            self.gauge.record_unreachable()
            return RateAnswer(None)
        self.gauge.record(1000 * (self.monotonic() - started))
        self.gauge.take_advice(answer.advice, received_at)
        return answer

    def _withdraw(self, batches: list[QueuedEvents]) -> None:
        if batches:
            with suppress(StoreUnavailable):
                self.receipts.withdraw_batches(batches)


def _subject(sender: Sender) -> str:
    return f"analytics:{opaque_subject(sender.subject)}"


def scrub_read(
    read: ReadBatch[AnalyticsEvent], scrubbing: Mapping[UUID, Scrubbing], correct: Correct, find_drop: FindDrop
) -> dict[UUID, list[ScrubbedEvent]]:
    """Return the scrubbed events by organisation. An event that cannot be scrubbed is rejected, and not kept.

    Events that flags drop are scrubbed first, so that a dark launch shows what a policy would do. Their rejections are
    not noted: a flag that is set to spare the database must not write a row for each event.
    """
    scrubbed: dict[UUID, list[ScrubbedEvent]] = {org_id: [] for org_id in scrubbing}
    for position, event in zip(read.positions, read.events, strict=True):
        if scrubbing[event.org_id].policy.refuses(event.name):
            read.reject(position, event, Refusal(EventRefused.code, "name"))
            continue
        try:
            kept = scrub_event(event, scrubbing[event.org_id], correct)
        except ScrubFailed as failed:
            read.reject(position, event, Refusal(failed.code, "properties"))
            continue
        if reason := find_drop(event.org_id, kept):
            read.reject(position, event, Refusal(reason, "name"), is_noted=False)
        else:
            scrubbed[event.org_id].append(kept)
    return scrubbed


def _messages(
    announced: QueuedEvents,
    events: list[ScrubbedEvent],
    scrubbing: Scrubbing,
    sender: Sender,
    route: Route,
    received_at: datetime,
) -> Iterator[str]:
    """Yield a batch as messages: one, or several when it is too large for one."""
    parts = list(_fitting(events))
    for part, fitting in enumerate(parts):
        batch = QueuedBatch(
            org_id=announced.org_id,
            batch_id=announced.batch_id,
            part=part,
            parts=len(parts),
            route=route,
            sent_by=sender.shown_by(scrubbing.pseudonymiser),
            received_at=received_at,
            key_id=scrubbing.pseudonymiser.key_id,
            policy_version=scrubbing.policy_version,
            content_hash=hashlib.sha256("".join(event.digest for event in fitting).encode()).hexdigest(),
            events=fitting,
        )
        yield _written(batch)


def _receipt(read: ReadBatch[AnalyticsEvent]) -> BatchReceipt:
    receipts = {
        position: EventReceipt(event_id=event.event_id, status="accepted")
        for position, event in zip(read.positions, read.events, strict=True)
    } | read.rejections
    return BatchReceipt.of(receipts[position] for position in range(len(receipts)))


def _fitting(events: list[ScrubbedEvent]) -> Iterator[list[ScrubbedEvent]]:
    """Yield lists of events that fit a message each: all events, or halves of them. Yield nothing for no events."""
    if not events:
        return
    size_bytes = sum(len(_written(event).encode()) + 1 for event in events)
    if size_bytes <= EVENTS_BYTES_MAX or len(events) == 1:
        yield events
    else:
        middle = len(events) // 2
        yield from _fitting(events[:middle])
        yield from _fitting(events[middle:])


def _written(model: BaseModel) -> str:
    """Write JSON, and escape the two characters that JSON allows and SQS does not."""
    text = model.model_dump_json(exclude_none=True)
    return text.replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")
