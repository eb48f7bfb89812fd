"""Load: store queued batches, through the same procedures as direct requests."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from rollcall.contracts.ingest.analytics import QueuedBatch
from rollcall.contracts.ingest.progress import ProgressEvent
from rollcall.contracts.ingest.spool import SpooledBatch
from rollcall.errors import PoisonedMessage, RollcallError, StoreRefused, StoreUnavailable
from rollcall.flows.ingest import isolate
from rollcall.flows.ingest.isolate import UnfitEvent
from rollcall.flows.ingest.progress import LEARNER_ERASED, STATUS_OF_OUTCOME, ProgressStore

RETRY_FIRST_SECONDS = 2
RETRY_MAX_SECONDS = 60
# SQS moves a message to the dead-letter queue after at most a thousand receives. One a minute would use them up in 17
# hours. From the second hour on a message waits longer, so that the receives last until the queue's retention ends.
LATE_RECEIVES = 64
RETRY_PATIENT_SECONDS = 1200
# An unreadable message is tried again before it becomes a dead letter: a deployment may bring a version that reads it.
POISON_RECEIVES = 3


class AnalyticsStore(Protocol):
    """Stores batches of one organisation; raises StoreRefused, StoreUnavailable."""

    def ingest_analytics(self, org_id: UUID, batches: Sequence[QueuedBatch]) -> list[list[str]]:
        """Store all or none of them, and return the outcomes of each batch's events."""

    def refuses(self, batch: QueuedBatch) -> bool:
        """Return whether the database refuses a batch's content; store nothing."""


class SpoolStore(ProgressStore, Protocol):
    """Stores batches of the spool; raises StoreRefused, StoreUnavailable."""

    def refuses(
        self, subject: str, org_ids: Iterable[UUID], events: list[ProgressEvent], received_at: datetime
    ) -> bool:
        """Return whether the database refuses a batch's content; store nothing."""


@dataclass(frozen=True)
class LoadResult:
    """The result for a message: counts of stored events by status, and the events that cannot be read or stored.

    `kept` is the message to archive, or None when there is nothing to archive.
    """

    counts: Counter[str]
    unfit: tuple[UnfitEvent, ...] = ()
    kept: str | None = None


def load_spooled(message: str, store: SpoolStore) -> LoadResult:
    """Store the events of a spooled batch once: all that can be stored.

    Events of a learner who was erased meanwhile are neither stored nor archived. Raises PoisonedMessage when the
    message cannot be read, StoreUnavailable when it should be tried again later.
    """
    batch, unfit = isolate.read_spooled(message)
    if batch is None:
        return LoadResult(Counter(), tuple(unfit))
    try:
        outcomes = _store_spooled(batch, store)
    except StoreRefused as fault:
        rest, refused = isolate.refused(
            batch, lambda part: store.refuses(part.subject, part.org_ids, part.events, part.received_at), fault
        )
        if not refused:
            raise
        unfit += refused
        if rest is None:
            return LoadResult(Counter(), tuple(unfit))
        batch, outcomes = rest, _store_spooled(rest, store)
    events = [event for event, outcome in zip(batch.events, outcomes, strict=True) if outcome != LEARNER_ERASED]
    kept = batch.model_copy(update={"events": events})
    return LoadResult(_counts(outcomes), tuple(unfit), kept.model_dump_json(exclude_none=True) if events else None)


def _store_spooled(batch: SpooledBatch, store: SpoolStore) -> list[str]:
    answer = store.ingest_progress(batch.subject, batch.org_ids, batch.events, batch.received_at, None)
    if answer.outcomes is None:
        raise StoreUnavailable
    return answer.outcomes


def load_analytics(messages: Mapping[str, str], store: AnalyticsStore) -> "dict[str, LoadResult | Exception]":
    """Store the events of these messages, given by message id; return for each message its result or its exception.

    The store is called once for each organisation. If it refuses an organisation's batches, each batch is tried alone,
    and then its events, so that only the refused events fail. An unreadable message gives a PoisonedMessage. After
    StoreUnavailable the store is not called again. An unforeseen fault fails its organisation's messages only.
    """
    results: dict[str, LoadResult | Exception] = {}
    unread: dict[str, tuple[UnfitEvent, ...]] = {}
    groups: dict[UUID, dict[str, QueuedBatch]] = {}
    for message_id, text in messages.items():
        try:
            batch, unfit = isolate.read_queued(text)
        except PoisonedMessage as poison:
            results[message_id] = poison
            continue
        unread[message_id] = tuple(unfit)
        if batch is None:
            results[message_id] = LoadResult(Counter())
        else:
            groups.setdefault(batch.org_id, {})[message_id] = batch
    away: StoreUnavailable | None = None
    for org_id, group in groups.items():
        try:
            results |= dict.fromkeys(group, away) if away else _store_group(org_id, group, store)
        except StoreUnavailable as fault:
            away = fault
            results |= dict.fromkeys(group, fault)
        except Exception as fault:  # noqa: BLE001 - raised again for each of its messages
            results |= dict.fromkeys(group, fault)
    return {message_id: _with_unread(result, unread.get(message_id, ())) for message_id, result in results.items()}


def _with_unread(result: LoadResult | Exception, unread: tuple[UnfitEvent, ...]) -> LoadResult | Exception:
    return LoadResult(result.counts, unread + result.unfit) if isinstance(result, LoadResult) else result


def _store_group(
    org_id: UUID, group: Mapping[str, QueuedBatch], store: AnalyticsStore
) -> "dict[str, LoadResult | RollcallError]":
    try:
        outcomes = store.ingest_analytics(org_id, list(group.values()))
    except StoreRefused as refused:
        alone: dict[str, LoadResult | RollcallError] = {}
        for message_id, batch in group.items():
            alone[message_id] = _store_alone(batch, store, refused)
        return alone
    return {message_id: LoadResult(_counts(answer)) for message_id, answer in zip(group, outcomes, strict=True)}


def _store_alone(batch: QueuedBatch, store: AnalyticsStore, fault: StoreRefused) -> "LoadResult | RollcallError":
    """Store the events of one batch that the database takes."""
    rest, unfit = isolate.refused(batch, store.refuses, fault)
    if rest is None and unfit:
        return LoadResult(Counter(), tuple(unfit))
    try:
        (outcomes,) = store.ingest_analytics(batch.org_id, [rest or batch])
    except StoreRefused as refused:
        return refused
    return LoadResult(_counts(outcomes), tuple(unfit))


def _counts(outcomes: Iterable[str]) -> Counter[str]:
    return Counter(STATUS_OF_OUTCOME.get(outcome, "rejected") for outcome in outcomes)


def retry_delay_seconds(receive_count: int) -> int:
    """Return how long a failed message waits: first doubling up to a minute, after an hour twenty minutes."""
    if receive_count > LATE_RECEIVES:
        return RETRY_PATIENT_SECONDS
    doublings = max(0, min(receive_count - 1, 10))
    return min(RETRY_MAX_SECONDS, RETRY_FIRST_SECONDS << doublings)


@dataclass(frozen=True)
class Message:
    """A message beside its body: how often it was received, and functions that give it back or send it on.

    `send_to_dead_letters` sends the whole message to the dead-letter queue, `send_unfit` only the unfit events.
    """

    receive_count: int
    give_back: Callable[[], None]
    send_to_dead_letters: Callable[[PoisonedMessage | StoreRefused], None]
    send_unfit: Callable[[LoadResult], None]


def settle(message: Message, store_message: Callable[[], LoadResult]) -> LoadResult | None:
    """Store one message and return the result, or None when SQS is to deliver the message again.

    While the database is away the message is given back, however often that happens. Only content that cannot be read,
    or that the database refuses, becomes a dead letter after POISON_RECEIVES tries.
    """
    try:
        loaded = store_message()
        if not loaded.unfit:
            return loaded
        if message.receive_count >= POISON_RECEIVES:
            message.send_unfit(loaded)
            return loaded
    except StoreUnavailable:
        pass
    except (PoisonedMessage, StoreRefused) as poison:
        if message.receive_count >= POISON_RECEIVES:
            message.send_to_dead_letters(poison)
            return LoadResult(Counter())
    message.give_back()
    return None
