"""Load: apply what waits in a queue, through the same procedures as if it came now."""

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
from rollcall.flows.ingest.isolate import Unfit
from rollcall.flows.ingest.progress import LEARNER_ERASED, STATUS_OF_OUTCOME, ProgressStore

RETRY_FIRST_SECONDS = 2
RETRY_MAX_SECONDS = 60
# SQS counts a thousand receives at most before it calls a message a dead letter. A minute each would use them up in 17
# hours; from the second hour on a message waits longer, so that they last for as long as the queue keeps it.
PATIENT_RECEIVES = 64
RETRY_PATIENT_SECONDS = 1200
# A message that nobody can read is read again before it is buried: the version that can may be on its way.
POISON_RECEIVES = 3


class AnalyticsStore(Protocol):
    """Stores batches of one organisation; raises StoreRefused, StoreUnavailable."""

    def ingest_analytics(self, org_id: UUID, batches: Sequence[QueuedBatch]) -> list[list[str]]:
        """Store all or none of them, and return the outcomes of each batch's events."""

    def refuses(self, batch: QueuedBatch) -> bool:
        """Tell whether content of a batch can never be stored; nothing is."""


class SpoolStore(ProgressStore, Protocol):
    """Stores batches of the spool; raises StoreRefused, StoreUnavailable."""

    def refuses(
        self, subject: str, org_ids: Iterable[UUID], events: list[ProgressEvent], received_at: datetime
    ) -> bool:
        """Tell whether content of a batch can never be stored; nothing is."""


@dataclass(frozen=True)
class Loaded:
    """What came of a message: counts of what was stored by status, and the events that nobody can read or store.

    `kept` is the message as it may be archived; None: not at all.
    """

    counts: Counter[str]
    unfit: tuple[Unfit, ...] = ()
    kept: str | None = None


def load_spooled(message: str, store: SpoolStore) -> Loaded:
    """Store the events of a spooled batch once, all that can be.

    Events of a learner who was erased while it waited may be kept nowhere. Raises PoisonedMessage when it cannot be
    read, StoreUnavailable when it should be tried again later.
    """
    batch, unfit = isolate.read_spooled(message)
    if batch is None:
        return Loaded(Counter(), tuple(unfit))
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
            return Loaded(Counter(), tuple(unfit))
        batch, outcomes = rest, _store_spooled(rest, store)
    events = [event for event, outcome in zip(batch.events, outcomes, strict=True) if outcome != LEARNER_ERASED]
    kept = batch.model_copy(update={"events": events})
    return Loaded(_counts(outcomes), tuple(unfit), kept.model_dump_json(exclude_none=True) if events else None)


def _store_spooled(batch: SpooledBatch, store: SpoolStore) -> list[str]:
    answer = store.ingest_progress(batch.subject, batch.org_ids, batch.events, batch.received_at, None)
    if answer.outcomes is None:
        raise StoreUnavailable
    return answer.outcomes


def load_analytics(messages: Mapping[str, str], store: AnalyticsStore) -> "dict[str, Loaded | Exception]":
    """Store the events of these messages, by message id, all that can be, and return what came of each, or why not.

    One call an organisation. What cannot be read is a PoisonedMessage; where the store refuses an organisation's
    batches together, each is offered alone, and at last its events, so that one event alone is poison. After
    StoreUnavailable nothing more is asked. A fault that nobody foresaw is that of its organisation's messages alone.
    """
    results: dict[str, Loaded | Exception] = {}
    unread: dict[str, tuple[Unfit, ...]] = {}
    groups: dict[UUID, dict[str, QueuedBatch]] = {}
    for message_id, text in messages.items():
        try:
            batch, unfit = isolate.read_queued(text)
        except PoisonedMessage as poison:
            results[message_id] = poison
            continue
        unread[message_id] = tuple(unfit)
        if batch is None:
            results[message_id] = Loaded(Counter())
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


def _with_unread(result: Loaded | Exception, unread: tuple[Unfit, ...]) -> Loaded | Exception:
    return Loaded(result.counts, unread + result.unfit) if isinstance(result, Loaded) else result


def _store_group(
    org_id: UUID, group: Mapping[str, QueuedBatch], store: AnalyticsStore
) -> "dict[str, Loaded | RollcallError]":
    try:
        outcomes = store.ingest_analytics(org_id, list(group.values()))
    except StoreRefused as refused:
        alone: dict[str, Loaded | RollcallError] = {}
        for message_id, batch in group.items():
            alone[message_id] = _store_alone(batch, store, refused)
        return alone
    return {message_id: Loaded(_counts(answer)) for message_id, answer in zip(group, outcomes, strict=True)}


def _store_alone(batch: QueuedBatch, store: AnalyticsStore, fault: StoreRefused) -> "Loaded | RollcallError":
    """Store what the database takes of one batch."""
    rest, unfit = isolate.refused(batch, store.refuses, fault)
    if rest is None and unfit:
        return Loaded(Counter(), tuple(unfit))
    try:
        (outcomes,) = store.ingest_analytics(batch.org_id, [rest or batch])
    except StoreRefused as refused:
        return refused
    return Loaded(_counts(outcomes), tuple(unfit))


def _counts(outcomes: Iterable[str]) -> Counter[str]:
    return Counter(STATUS_OF_OUTCOME.get(outcome, "rejected") for outcome in outcomes)


def retry_delay_seconds(receive_count: int) -> int:
    """Return how long a message waits that could not be stored: doubling, up to a minute, after an hour longer."""
    if receive_count > PATIENT_RECEIVES:
        return RETRY_PATIENT_SECONDS
    doublings = max(0, min(receive_count - 1, 10))
    return min(RETRY_MAX_SECONDS, RETRY_FIRST_SECONDS << doublings)


@dataclass(frozen=True)
class Message:
    """What is known of a message, beside its body: how often it was received, and how it can be put elsewhere.

    `bury` takes the whole of it, `bury_unfit` those of its events that nobody can read or store.
    """

    receive_count: int
    give_back: Callable[[], None]
    bury: Callable[[PoisonedMessage | StoreRefused], None]
    bury_unfit: Callable[[Loaded], None]


def settle(message: Message, store_message: Callable[[], Loaded]) -> Loaded | None:
    """Store one message, or put it where it belongs. Returns what came of it; None: it is to be received again.

    A database that is away gives the message back, however often that was; only what nobody can read, or what the
    database refuses, in several tries, is buried, and alone.
    """
    try:
        loaded = store_message()
        if not loaded.unfit:
            return loaded
        if message.receive_count >= POISON_RECEIVES:
            message.bury_unfit(loaded)
            return loaded
    except StoreUnavailable:
        pass
    except (PoisonedMessage, StoreRefused) as poison:
        if message.receive_count >= POISON_RECEIVES:
            message.bury(poison)
            return Loaded(Counter())
    message.give_back()
    return None
