"""Track: take a batch of the Segment shape, onto the way of analytics events."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from rollcall.contracts.analytics import AnalyticsEvent
from rollcall.contracts.segment import SegmentBatch, SegmentCall
from rollcall.domain import segment
from rollcall.domain.batch import ReadBatch
from rollcall.domain.rate import RateAnswer
from rollcall.domain.reasons import Refusal
from rollcall.domain.segment import CallRefused, ClockSkew
from rollcall.domain.window import AcceptedWindow
from rollcall.errors import TooManyEvents
from rollcall.flows.check_write_key import KeyHolder, WriteKeyCheck
from rollcall.flows.collect import Collect, Sender
from rollcall.flows.ingest import Ingestion
from rollcall.flows.receipts import charging


@dataclass(frozen=True)
class Track:
    """The flow, with the IO it was given."""

    collect: Collect
    write_keys: WriteKeyCheck

    def charge(self, key: str) -> RateAnswer:
        """Count a request that holds no batch against its write key's rate. Raises what `check` raises."""
        return self.collect.charge(Sender.of_key(self.write_keys.check(key)))

    def _charging(self, holder: KeyHolder | None) -> AbstractContextManager[None]:
        """Count what holds no batch; that of a sender whom nothing names cannot be."""
        return charging(lambda: self.collect.charge(Sender.of_key(holder))) if holder else nullcontext()

    def accept_batch(self, body: bytes, key: str | None) -> Ingestion:
        """Take a batch under a write key; one that is None is looked for in the body.

        Raises InvalidWriteKey, StoreUnavailable, InvalidBody, TooManyEvents, QueueUnavailable.
        """
        holder = self.write_keys.check(key) if key is not None else None
        received_at = self.collect.now()
        with self._charging(holder):
            batch = segment.read_segment_batch(body)
        if holder is None:
            holder = self.write_keys.check(str(batch.write_key))
        with self._charging(holder):
            if len(batch.batch) > self.collect.rules.events_max:
                raise TooManyEvents(f"A batch has at most {self.collect.rules.events_max} calls.")
        sent_at = segment.read_sent_at(batch)
        window = AcceptedWindow.at(received_at, self.collect.rules.retention)
        skew = ClockSkew.between(sent_at, received_at, window)
        read = _read(batch, holder, sent_at or received_at, skew)
        return self.collect.take(read, Sender.of_key(holder), "segment", received_at, skew.correct)


def _read(batch: SegmentBatch, holder: KeyHolder, sent_at: datetime, skew: ClockSkew) -> ReadBatch[AnalyticsEvent]:
    read: ReadBatch[AnalyticsEvent] = ReadBatch("/batch/{}")
    for position, document in enumerate(batch.batch):
        try:
            event = segment.event_of(segment.read_call(document), holder.org_id, batch.context, sent_at)
        except ValidationError as invalid:
            read.reject_unreadable(position, document, invalid, SegmentCall)
        except CallRefused as refused:
            read.refuse(position, None, Refusal(refused.reason, refused.member))
        else:
            if skew.window.holds(skew.correct(event.occurred_at)):
                read.events.append(event)
                read.positions.append(position)
            else:
                read.reject(position, event, Refusal("out_of_window", "timestamp", skew.window.told))
    return read
