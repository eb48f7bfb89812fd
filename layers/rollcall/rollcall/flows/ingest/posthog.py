"""Capture: take a batch in PostHog's format, as analytics events."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime

from rollcall.contracts.ingest.analytics import AnalyticsEvent
from rollcall.contracts.times import read_foreign_time
from rollcall.domain.ingest import posthog, write_key
from rollcall.domain.ingest.accepted_window import AcceptedWindow
from rollcall.domain.ingest.batch import ReadBatch
from rollcall.domain.ingest.clock import ClockSkew
from rollcall.domain.ingest.posthog_body import (
    JSON_STARTS,
    PackedBody,
    PostHogBody,
    named_key,
    open_body,
    read_body,
    unfold,
)
from rollcall.domain.ingest.reasons import Refusal
from rollcall.domain.ingest.segment import CallRefused
from rollcall.errors import InvalidWriteKey, TooManyEvents
from rollcall.flows.ingest.analytics import IngestAnalytics, Sender
from rollcall.flows.ingest.progress import Ingestion
from rollcall.flows.ingest.receipts import charging
from rollcall.flows.ingest.write_key_check import KeyHolder, WriteKeyCheck

# PostHog's clients do not bound their batches, and most drop a batch that is answered with 413. So that an application
# that captures many events at once loses none, this route allows so many times the limits of other routes.
UNSPLIT_FACTOR = 8
UNKNOWN_BYTES_MAX = 65_536  # a body up to this size is read before a write key is known


@dataclass(frozen=True)
class IngestPostHog:
    """The flow, with the IO it was given."""

    collect: IngestAnalytics
    write_keys: WriteKeyCheck

    def accept(self, raw: bytes, media_type: str, query: Mapping[str, str], bytes_max: int) -> Ingestion:
        """Take a body in any of PostHog's encodings.

        Raises InvalidWriteKey, StoreUnavailable, InvalidBody, TooLarge, TooManyEvents, QueueUnavailable, RateLimited.
        """
        received_at = self.collect.now()
        with self.charging(named_key([query])):
            packed = open_body(raw, media_type, query)
        with self.charging(packed.key):
            # Unpacking takes long, so a body without a known sender gets a lower limit.
            text = unfold(packed, bytes_max // UNSPLIT_FACTOR if packed.is_lz and packed.key is None else bytes_max)
        body = self._read_body(packed, text)
        if body.key is None:
            raise InvalidWriteKey
        holder = self.write_keys.check(body.key)
        events_max = UNSPLIT_FACTOR * self.collect.rules.events_max
        with self._charging(holder):
            if len(body.documents) > events_max:
                raise TooManyEvents(f"A batch has at most {events_max} events.")
        sent_at = _sent_at(body)
        skew = ClockSkew.between(sent_at, received_at, AcceptedWindow.at(received_at, self.collect.rules.retention))
        read = _read(body, holder, sent_at or received_at, skew)
        return self.collect.take(read, Sender.of_key(holder), "posthog", received_at, skew.correct)

    def charging(self, key: str | None) -> AbstractContextManager[None]:
        """Count a request without a batch against the rate of its key, if it names one. Raises what `check` raises."""
        return self._charging(self.write_keys.check(key) if key is not None else None)

    def _charging(self, holder: KeyHolder | None) -> AbstractContextManager[None]:
        return charging(lambda: self.collect.charge(Sender.of_key(holder))) if holder else nullcontext()

    def _read_body(self, packed: PackedBody, text: bytes) -> PostHogBody:
        """Read a body's JSON. A long body is read only when its write key is known and can be charged."""
        holder = self.write_keys.check(packed.key) if packed.key is not None else self._holder_within(text)
        if holder is None and len(text) > UNKNOWN_BYTES_MAX and text.lstrip().startswith(JSON_STARTS):
            raise InvalidWriteKey
        with self._charging(holder):
            return read_body(text, packed.envelope)

    def _holder_within(self, text: bytes) -> KeyHolder | None:
        for key in write_key.find_within(text):
            with suppress(InvalidWriteKey):
                return self.write_keys.check(key)
        return None


def _sent_at(body: PostHogBody) -> datetime | None:
    """Return when a batch was sent by its client's clock, or None if the time is missing or unreadable."""
    try:
        return read_foreign_time(body.sent_at)
    except ValueError:
        return None


def _read(body: PostHogBody, holder: KeyHolder, sent_at: datetime, skew: ClockSkew) -> ReadBatch[AnalyticsEvent]:
    read: ReadBatch[AnalyticsEvent] = ReadBatch("/batch/{}")
    for position, document in enumerate(body.documents):
        try:
            event = posthog.event_of(document, holder.org_id, sent_at)
        except CallRefused as refused:
            event_id = posthog.stated_event_id(document, holder.org_id)
            if event_id is not None:
                read.rejected.append((holder.org_id, event_id, refused.reason))
            read.refuse(position, event_id, Refusal(refused.reason, refused.member, refused.rule))
        else:
            if skew.window.holds(skew.correct(event.occurred_at)):
                read.events.append(event)
                read.positions.append(position)
            else:
                read.reject(position, event, Refusal("out_of_window", "timestamp", skew.window.description))
    return read
