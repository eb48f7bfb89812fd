"""Collect: take a batch of analytics events, scrub it, and queue what is left of it, one message a batch."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from rollcall.contracts.analytics import AnalyticsBatch, AnalyticsEvent, QueuedBatch, Route, ScrubbedEvent
from rollcall.contracts.caller import Caller
from rollcall.contracts.receipt import BatchReceipt, EventReceipt
from rollcall.domain.batch import BatchForm, Judge, ReadBatch, read_batch, read_event
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.domain.scrub.scrubber import Scrubber
from rollcall.domain.window import AcceptedWindow
from rollcall.errors import ScrubFailed
from rollcall.flows.ingest import Ingestion

EVENTS_BYTES_MAX = 1_000_000  # of the 1,048,576 that SQS takes: the rest of a message is small
ANALYTICS = BatchForm(AnalyticsEvent.model_validate_json, lambda body: AnalyticsBatch.model_validate_json(body).events)

Queue = Callable[[str], object]
"""Takes a message durably; raises QueueUnavailable when it cannot."""
FindDrop = Callable[[UUID, ScrubbedEvent], str | None]
"""Returns why an organisation's sound event is dropped nevertheless (domain.flags.DROP_REASONS), or None."""
Correct = Callable[[datetime], datetime]
"""Returns our time of what a client's clock says."""


def _drop_nothing(_org_id: UUID, _event: ScrubbedEvent) -> None:
    return None


def _as_told(told_at: datetime) -> datetime:
    return told_at


@dataclass(frozen=True)
class Scrubbing:
    """What an organisation's events are scrubbed with."""

    scrubber: Scrubber
    pseudonymiser: Pseudonymiser
    policy_version: str


@dataclass(frozen=True)
class CollectRules:
    """What a deployment allows."""

    events_max: int
    retention: timedelta


@dataclass(frozen=True)
class Collect:
    """The flow, with the IO it was given."""

    queue: Queue
    scrubbing_of: Callable[[UUID], Scrubbing]
    rules: CollectRules
    now: Callable[[], datetime]
    new_batch_id: Callable[[], UUID]
    find_drop: FindDrop = _drop_nothing

    def accept_batch(self, body: bytes, caller: Caller) -> Ingestion:
        """Take `{"events": [...]}`. Raises InvalidBody, TooManyEvents, QueueUnavailable."""
        received_at = self.now()
        read = read_batch(body, ANALYTICS, self.rules.events_max, self._judge(caller, received_at))
        return self.take(read, caller.subject, "analytics", received_at)

    def accept_event(self, body: bytes, caller: Caller) -> Ingestion:
        """Take one event. Raises InvalidBody, QueueUnavailable."""
        received_at = self.now()
        read = read_event(body, ANALYTICS, self._judge(caller, received_at))
        return self.take(read, caller.subject, "analytics", received_at)

    def _judge(self, caller: Caller, received_at: datetime) -> Judge[AnalyticsEvent]:
        window = AcceptedWindow.at(received_at, self.rules.retention)

        def judge(event: AnalyticsEvent) -> tuple[str, str] | None:
            if event.org_id not in caller.org_ids:
                return "org_forbidden", "org_id"
            if caller.role != "service" and event.user_id not in {None, caller.subject}:
                return "user_forbidden", "user_id"
            return None if window.holds(event.occurred_at) else ("out_of_window", "occurred_at")

        return judge

    def take(
        self,
        read: ReadBatch[AnalyticsEvent],
        subject: str,
        route: Route,
        received_at: datetime,
        correct: Correct = _as_told,
    ) -> Ingestion:
        """Scrub and queue what was read. All of it is queued when this returns, or QueueUnavailable is raised.

        A part that was queued before the queue went away is sent again by the client, and counts once. What an event
        says is digested with the time as it was told, so that a corrected one is the same when it is sent again.
        """
        scrubbed = self._scrub(read, correct)
        for org_id, events in scrubbed.items():
            for message in self._messages(org_id, events, subject, route, received_at):
                self.queue(message)
        receipts = {
            position: EventReceipt(event_id=event.event_id, status="accepted")
            for position, event in zip(read.positions, read.events, strict=True)
        } | read.rejections
        receipt = BatchReceipt.of(receipts[position] for position in range(len(receipts)))
        return Ingestion(receipt, read.faults, None)

    def _scrub(self, read: ReadBatch[AnalyticsEvent], correct: Correct) -> dict[UUID, list[ScrubbedEvent]]:
        """Return the scrubbed events by organisation; one that cannot be scrubbed is rejected, and nothing is kept.

        What is dropped on purpose is scrubbed first: a dark launch shows what a policy would do.
        """
        scrubbed: dict[UUID, list[ScrubbedEvent]] = {}
        for position, event in zip(read.positions, read.events, strict=True):
            try:
                kept = scrub_event(event, self.scrubbing_of(event.org_id), correct)
            except ScrubFailed as failed:
                read.reject(position, event, failed.code, "properties")
                continue
            if reason := self.find_drop(event.org_id, kept):
                read.reject(position, event, reason, "name")
            else:
                scrubbed.setdefault(event.org_id, []).append(kept)
        return scrubbed

    def _messages(
        self, org_id: UUID, events: list[ScrubbedEvent], subject: str, route: Route, received_at: datetime
    ) -> list[str]:
        scrubbing = self.scrubbing_of(org_id)
        whole = QueuedBatch(
            org_id=org_id,
            batch_id=self.new_batch_id(),
            route=route,
            # A write key's id names no person, and finds the key.
            sent_by=subject if route == "segment" else scrubbing.pseudonymiser.pseudonym(subject),
            received_at=received_at,
            key_id=scrubbing.pseudonymiser.key_id,
            policy_version=scrubbing.policy_version,
            content_hash=hashlib.sha256("".join(event.digest for event in events).encode()).hexdigest(),
            events=events,
        )
        return [
            _written(whole.model_copy(update={"part": part, "events": fitting}))
            for part, fitting in enumerate(_fitting(events))
        ]


def scrub_event(event: AnalyticsEvent, scrubbing: Scrubbing, correct: Correct = _as_told) -> ScrubbedEvent:
    """Return what may be kept of an event; raises ScrubFailed, and then nothing of it may be."""
    scrubber = scrubbing.scrubber
    name = scrubber.scrub_name(event.name)
    properties = scrubber.scrub_properties(event.name, event.properties)
    remarks = [(remark.path, remark.rule, remark.action) for remark in (*name.remarks, *properties.remarks)]
    return ScrubbedEvent(
        event_id=event.event_id,
        occurred_at=correct(event.occurred_at),
        name=name.value,
        user_pseudonym=_pseudonym(event.user_id, scrubber),
        anonymous_pseudonym=_pseudonym(event.anonymous_id, scrubber),
        session_pseudonym=_pseudonym(event.session_id, scrubber),
        properties=without_nul(properties.value),
        remarks=remarks,
        digest=scrubbing.pseudonymiser.digest(_content_of(event)),
    )


def _content_of(event: AnalyticsEvent) -> bytes:
    """Return what the event says, the same bytes however its client writes times and orders keys."""
    happened = event.occurred_at.astimezone(UTC).isoformat()
    who = (event.user_id, event.anonymous_id, event.session_id)
    return json.dumps([str(event.event_id), event.name, happened, who, event.properties], sort_keys=True).encode()


def _pseudonym(identifier: str | None, scrubber: Scrubber) -> str | None:
    return None if identifier is None else scrubber.scrub_identifier(identifier)


def without_nul(value: Any) -> Any:
    """Return JSON without the one character that PostgreSQL cannot hold."""
    match value:
        case str():
            return value.replace("\x00", "")
        case dict():
            return {without_nul(key): without_nul(item) for key, item in value.items()}
        case list():
            return [without_nul(item) for item in value]
        case _:
            return value


def _fitting(events: list[ScrubbedEvent]) -> Iterator[list[ScrubbedEvent]]:
    """Yield the events in lists that fit a message each: all together, or halved until they do."""
    size_bytes = sum(len(_written(event).encode()) + 1 for event in events)
    if size_bytes <= EVENTS_BYTES_MAX or len(events) == 1:
        yield events
    else:
        middle = len(events) // 2
        yield from _fitting(events[:middle])
        yield from _fitting(events[middle:])


def _written(model: BaseModel) -> str:
    """Write JSON with the two characters escaped that JSON allows and SQS does not."""
    text = model.model_dump_json(exclude_none=True)
    return text.replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")
