"""Track: take calls in Segment's format, one or a batch, as analytics events."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from rollcall.contracts.ingest.analytics import AnalyticsEvent
from rollcall.contracts.ingest.segment import SegmentCall
from rollcall.domain.ingest import segment
from rollcall.domain.ingest.accepted_window import AcceptedWindow
from rollcall.domain.ingest.batch import ReadBatch
from rollcall.domain.ingest.clock import ClockSkew
from rollcall.domain.ingest.rate import RateAnswer
from rollcall.domain.ingest.reasons import Refusal
from rollcall.domain.ingest.segment import CallRefused
from rollcall.errors import TooManyEvents
from rollcall.flows.ingest.analytics import IngestAnalytics, Sender
from rollcall.flows.ingest.progress import Ingestion
from rollcall.flows.ingest.receipts import charging
from rollcall.flows.ingest.write_key_check import KeyHolder, WriteKeyCheck


@dataclass(frozen=True)
class SentCalls:
    """Calls as their client sent them, with the time and context that apply to all of them."""

    calls: list[Any]
    pointer_form: str
    sent_at: datetime | None
    context: Any = None


@dataclass(frozen=True)
class IngestSegment:
    """The flow, with the IO it was given."""

    collect: IngestAnalytics
    write_keys: WriteKeyCheck

    def charge(self, key: str) -> RateAnswer:
        """Count a request that holds no batch against its write key's rate. Raises what `check` raises."""
        return self.collect.charge(Sender.of_key(self.write_keys.check(key)))

    def _charging(self, holder: KeyHolder | None) -> AbstractContextManager[None]:
        """Count a request without a batch against its write key's rate. Without a key it is not counted."""
        return charging(lambda: self.collect.charge(Sender.of_key(holder))) if holder else nullcontext()

    def accept_batch(self, body: bytes, key: str | None) -> Ingestion:
        """Take a batch under a write key. If `key` is None, the body has to name it.

        Raises InvalidWriteKey, StoreUnavailable, InvalidBody, TooManyEvents, QueueUnavailable.
        """
        holder = self.write_keys.check(key) if key is not None else None
        with self._charging(holder):
            batch = segment.read_segment_batch(body)
        if holder is None:
            holder = self.write_keys.check(_key_in(batch.batch, batch.write_key))
        with self._charging(holder):
            if len(batch.batch) > self.collect.rules.events_max:
                raise TooManyEvents(f"A batch has at most {self.collect.rules.events_max} calls.")
        sent_at = segment.read_sent_at([batch.sent_at, *_values_of(batch.batch, "sentAt")])
        return self._take(SentCalls(batch.batch, "/batch/{}", sent_at, batch.context), holder)

    def accept_call(self, body: bytes, key: str | None, call_type: str) -> Ingestion:
        """Take one call of this type. Raises what `accept_batch` raises, except TooManyEvents."""
        holder = self.write_keys.check(key) if key is not None else None
        with self._charging(holder):
            call = segment.read_single_call(body, call_type)
        if holder is None:
            holder = self.write_keys.check(_key_in([call]))
        return self._take(SentCalls([call], "", segment.read_sent_at(_values_of([call], "sentAt"))), holder)

    def _take(self, sent: SentCalls, holder: KeyHolder) -> Ingestion:
        received_at = self.collect.now()
        window = AcceptedWindow.at(received_at, self.collect.rules.retention)
        skew = ClockSkew.between(sent.sent_at, received_at, window)
        read: ReadBatch[AnalyticsEvent] = ReadBatch(sent.pointer_form)
        for position, document in enumerate(sent.calls):
            _judge(read, position, document, sent, holder.org_id, skew)
        return self.collect.take(read, Sender.of_key(holder), "segment", received_at, skew.correct)


def _judge(
    read: ReadBatch[AnalyticsEvent], position: int, document: Any, sent: SentCalls, org_id: UUID, skew: ClockSkew
) -> None:
    """Read one call: either an event to take, or a rejection, noted under its messageId."""
    event_id = segment.stated_event_id(document, org_id)
    try:
        segment.refuse_other_key(document, org_id)
        event = segment.event_of(segment.read_call(document), org_id, sent.context, skew.sent_at or skew.received_at)
    except ValidationError as invalid:
        read.reject_unreadable(position, _identity(org_id, event_id), invalid, SegmentCall)
    except CallRefused as refused:
        if event_id is not None:
            read.rejected.append((org_id, event_id, refused.reason))
        read.refuse(position, event_id, Refusal(refused.reason, refused.member, refused.rule))
    else:
        if skew.window.holds(skew.correct(event.occurred_at)):
            read.events.append(event)
            read.positions.append(position)
        else:
            read.reject(position, event, Refusal("out_of_window", "timestamp", skew.window.description))


def _identity(org_id: UUID, event_id: UUID | None) -> dict[str, str]:
    """Return the ids under which a rejection is noted, in the members of Rollcall's events; none without an id."""
    return {} if event_id is None else {"event_id": str(event_id), "org_id": str(org_id)}


def _values_of(calls: list[Any], member: str) -> list[Any]:
    """Return the values of this member in the calls that have one."""
    return [call[member] for call in calls if isinstance(call, dict) and call.get(member) is not None]


def _key_in(calls: list[Any], *first: Any) -> str:
    """Return the first write key that is named, or an empty text, which is never a valid key."""
    return next((key for key in (*first, *_values_of(calls, "writeKey")) if isinstance(key, str)), "")
