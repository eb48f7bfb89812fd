"""Load: apply batches that waited in the spool, through the same procedure as if they came now."""

from collections import Counter
from collections.abc import Callable

from pydantic import ValidationError

from rollcall.contracts.spool import SpooledBatch
from rollcall.errors import PoisonedMessage, StoreUnavailable
from rollcall.flows.ingest import STATUS_OF_OUTCOME, ProgressStore

RETRY_FIRST_SECONDS = 2
RETRY_MAX_SECONDS = 60
# SQS counts a thousand receives at most before it calls a message a dead letter. A minute each would use them up in 17
# hours; from the second hour on a message waits longer, so that they last for as long as the queue keeps it.
PATIENT_RECEIVES = 64
RETRY_PATIENT_SECONDS = 1200


def load_spooled(message: str, store: ProgressStore) -> Counter[str]:
    """Store a spooled batch once and return its counts by status.

    Raises PoisonedMessage when it cannot be read, StoreUnavailable when it should be tried again later.
    """
    try:
        batch = SpooledBatch.model_validate_json(message)
    except ValidationError as invalid:
        # Not chained: its text quotes the message.
        raise PoisonedMessage(f"{invalid.error_count()} faults in a spooled batch.") from None
    answer = store.ingest_progress(batch.subject, batch.org_ids, batch.events, batch.received_at, None)
    if answer.outcomes is None:
        raise StoreUnavailable
    return Counter(STATUS_OF_OUTCOME.get(outcome, "rejected") for outcome in answer.outcomes)


def retry_delay_seconds(receive_count: int) -> int:
    """Return how long a message waits that could not be stored: doubling, up to a minute, after an hour longer."""
    if receive_count > PATIENT_RECEIVES:
        return RETRY_PATIENT_SECONDS
    doublings = max(0, min(receive_count - 1, 10))
    return min(RETRY_MAX_SECONDS, RETRY_FIRST_SECONDS << doublings)


def settle(
    store_message: Callable[[], Counter[str]],
    give_back: Callable[[], None],
    bury: Callable[[PoisonedMessage], None],
) -> Counter[str] | None:
    """Store one message, or put it where it belongs. Returns its counts, or None when it is to be received again.

    A database that is away gives the message back, however often that was; only a message that nobody can read is
    buried, at once and alone.
    """
    try:
        return store_message()
    except StoreUnavailable:
        give_back()
        return None
    except PoisonedMessage as poison:
        bury(poison)
        return Counter()
