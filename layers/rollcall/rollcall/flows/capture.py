"""Capture: take a batch of PostHog's shape, onto the way of analytics events."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from rollcall.contracts.analytics import AnalyticsEvent
from rollcall.contracts.times import read_foreign_time
from rollcall.domain import posthog
from rollcall.domain.batch import ReadBatch
from rollcall.domain.clock import ClockSkew
from rollcall.domain.posthog_body import PostHogBody, read_body
from rollcall.domain.reasons import Refusal
from rollcall.domain.segment import CallRefused
from rollcall.domain.window import AcceptedWindow
from rollcall.errors import InvalidWriteKey, TooManyEvents
from rollcall.flows.check_write_key import KeyHolder, WriteKeyCheck
from rollcall.flows.collect import Collect, Sender
from rollcall.flows.ingest import Ingestion
from rollcall.flows.receipts import charging

# These clients do not split what they have into batches of a bounded size, and most drop what is answered by 413: an
# application that captures much at once must not lose it. By so many times the limits of other routes are exceeded.
UNSPLIT_FACTOR = 8


@dataclass(frozen=True)
class Capture:
    """The flow, with the IO it was given."""

    collect: Collect
    write_keys: WriteKeyCheck

    def accept(self, raw: bytes, media_type: str, query: Mapping[str, str], bytes_max: int) -> Ingestion:
        """Take a body, whatever it is packed in.

        Raises InvalidWriteKey, StoreUnavailable, InvalidBody, TooLarge, TooManyEvents, QueueUnavailable.
        """
        received_at = self.collect.now()
        body = read_body(raw, media_type, query, bytes_max)
        if body.key is None:
            raise InvalidWriteKey
        holder = self.write_keys.check(body.key)
        sender, events_max = Sender.of_key(holder), UNSPLIT_FACTOR * self.collect.rules.events_max
        with charging(lambda: self.collect.charge(sender)):
            if len(body.documents) > events_max:
                raise TooManyEvents(f"A batch has at most {events_max} events.")
        sent_at = _sent_at(body)
        skew = ClockSkew.between(sent_at, received_at, AcceptedWindow.at(received_at, self.collect.rules.retention))
        read = _read(body, holder, sent_at or received_at, skew)
        return self.collect.take(read, sender, "posthog", received_at, skew.correct)


def _sent_at(body: PostHogBody) -> datetime | None:
    """Return when a batch was sent by its client's clock, None where it does not say so readably."""
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
            event_id = posthog.told_event_id(document, holder.org_id)
            if event_id is not None:
                read.rejected.append((holder.org_id, event_id, refused.reason))
            read.refuse(position, event_id, Refusal(refused.reason, refused.member, refused.rule))
        else:
            if skew.window.holds(skew.correct(event.occurred_at)):
                read.events.append(event)
                read.positions.append(position)
            else:
                read.reject(position, event, Refusal("out_of_window", "timestamp", skew.window.told))
    return read
