"""Load: apply what waits in a queue, through the same procedures as if it came now."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from pydantic import ValidationError

from rollcall.contracts.analytics import QueuedBatch
from rollcall.contracts.spool import SpooledBatch
from rollcall.errors import PoisonedMessage, RollcallError, StoreRefused, StoreUnavailable
from rollcall.flows.ingest import LEARNER_ERASED, STATUS_OF_OUTCOME, ProgressStore

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


def load_spooled(message: str, store: ProgressStore) -> Counter[str]:
    """Store a spooled batch once and return its counts by status.

    Raises PoisonedMessage when it cannot be read, StoreUnavailable when it should be tried again later.
    """
    counts, _ = store_spooled(message, store)
    return counts


def store_spooled(message: str, store: ProgressStore) -> tuple[Counter[str], str | None]:
    """Store a spooled batch once, and return its counts, and the message as it may be archived; None: not at all.

    Events of a learner who was erased while it waited may be kept nowhere. Raises what load_spooled raises.
    """
    try:
        batch = SpooledBatch.model_validate_json(message)
    except ValidationError as invalid:
        # Not chained: its text quotes the message.
        raise PoisonedMessage(f"{invalid.error_count()} faults in a spooled batch.") from None
    answer = store.ingest_progress(batch.subject, batch.org_ids, batch.events, batch.received_at, None)
    if answer.outcomes is None:
        raise StoreUnavailable
    counts = _counts(answer.outcomes)
    if LEARNER_ERASED not in answer.outcomes:
        return counts, message
    events = [event for event, outcome in zip(batch.events, answer.outcomes, strict=True) if outcome != LEARNER_ERASED]
    kept = batch.model_copy(update={"events": events})
    return counts, kept.model_dump_json(exclude_none=True) if events else None


def load_analytics(messages: Mapping[str, str], store: AnalyticsStore) -> "dict[str, Counter[str] | Exception]":
    """Store the batches in these messages, by message id, and return what came of each: counts, or why not.

    One call an organisation. What cannot be read is a PoisonedMessage; where the store refuses an organisation's
    batches together, each is offered alone, so that one alone is poison. After StoreUnavailable nothing more is asked.
    A fault that nobody foresaw is that of its organisation's messages alone.
    """
    results: dict[str, Counter[str] | Exception] = {}
    groups: dict[UUID, dict[str, QueuedBatch]] = {}
    for message_id, text in messages.items():
        try:
            batch = QueuedBatch.model_validate_json(text)
        except ValidationError as invalid:
            results[message_id] = PoisonedMessage(f"{invalid.error_count()} faults in a queued batch.")
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
    return results


def _store_group(
    org_id: UUID, group: Mapping[str, QueuedBatch], store: AnalyticsStore
) -> "dict[str, Counter[str] | RollcallError]":
    try:
        outcomes = store.ingest_analytics(org_id, list(group.values()))
    except StoreRefused as refused:
        if len(group) == 1:
            return dict.fromkeys(group, refused)
        alone: dict[str, Counter[str] | RollcallError] = {}
        for message_id, batch in group.items():
            alone |= _store_group(org_id, {message_id: batch}, store)
        return alone
    return {message_id: _counts(answer) for message_id, answer in zip(group, outcomes, strict=True)}


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
    """What is known of a message, beside its body: how often it was received, and how it can be put elsewhere."""

    receive_count: int
    give_back: Callable[[], None]
    bury: Callable[[PoisonedMessage | StoreRefused], None]


def settle(message: Message, store_message: Callable[[], Counter[str]]) -> Counter[str] | None:
    """Store one message, or put it where it belongs. Returns its counts, or None when it is to be received again.

    A database that is away gives the message back, however often that was; only a message that nobody can read, or
    that the database refuses, in several tries, is buried, and alone.
    """
    try:
        return store_message()
    except StoreUnavailable:
        message.give_back()
        return None
    except (PoisonedMessage, StoreRefused) as poison:
        if message.receive_count < POISON_RECEIVES:
            message.give_back()
            return None
        message.bury(poison)
        return Counter()
