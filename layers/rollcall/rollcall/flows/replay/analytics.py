"""Replay of archived analytics batches, through the procedure of load, by the current policy."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import ValidationError

from rollcall.contracts.ingest.analytics import QueuedBatch
from rollcall.contracts.operations import Operation
from rollcall.domain.ingest.accepted_window import AcceptedWindow
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.errors import PoisonedMessage, StoreRefused
from rollcall.flows.ingest.load import AnalyticsStore
from rollcall.flows.ingest.progress import STATUS_OF_OUTCOME
from rollcall.flows.replay.steps import Apply
from rollcall.flows.scrub.events import Scrubbing, scrub_batch_again


def apply_queued(
    store: AnalyticsStore,
    scrubbing_of: Callable[[UUID], Scrubbing],
    now: Callable[[], datetime],
    retention: timedelta,
) -> Apply:
    """Return the function that applies an archived analytics batch. Events past retention are left out (`expired`)."""

    def apply(body: bytes, operation: Operation) -> Counter[str]:
        batch = _read(body)
        if batch.org_id != operation.org_id:
            raise PoisonedMessage("The archived batch belongs to another organisation.")
        # Use the key of the batch's pseudonyms, because the stored rows name that key.
        scrubbing = scrubbing_of(batch.org_id).with_key(batch.key_id)
        window = AcceptedWindow.at(now(), retention)
        person = _pseudonym_of(operation.parameters.get("user_id"), scrubbing.pseudonymiser)
        meant = [event for event in batch.events if person in {None, event.user_pseudonym}]
        events = [event for event in meant if event.occurred_at >= window.opens_at]
        counts = Counter(events=len(events), expired=len(meant) - len(events))
        if events and not operation.is_dry_run:
            part = scrub_batch_again(batch.model_copy(update={"events": events}), scrubbing)
            counts += _store(part, store)
        return +counts

    return apply


def _pseudonym_of(user_id: str | None, pseudonymiser: Pseudonymiser) -> str | None:
    return None if user_id is None else pseudonymiser.pseudonym(user_id)


def _store(batch: QueuedBatch, store: AnalyticsStore) -> Counter[str]:
    try:
        (outcomes,) = store.ingest_analytics(batch.org_id, [batch])
    except StoreRefused as refused:
        raise PoisonedMessage(refused.detail) from None
    return Counter(STATUS_OF_OUTCOME.get(outcome, "rejected") for outcome in outcomes)


def _read(body: bytes) -> QueuedBatch:
    try:
        return QueuedBatch.model_validate_json(body)
    except ValidationError as invalid:
        raise PoisonedMessage(f"{invalid.error_count()} faults in an archived batch.") from None
