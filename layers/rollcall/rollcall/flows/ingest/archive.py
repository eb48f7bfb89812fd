"""Archive: store queued batches as objects, so that a replay can apply them after SQS has deleted the messages."""

from collections.abc import Callable, Iterator
from datetime import UTC, date
from uuid import UUID

from rollcall.contracts.ingest.spool import SpooledBatch

SPOOL = "spool"
DEAD_LETTERS = "dead-letters"
SUBJECT = "archive"  # the sender of a batch matters only for its rate limit, and may be a person's name


def folder(source: str, org_id: UUID) -> str:
    """Return the prefix of an organisation's objects of one source."""
    return f"{source}/{org_id}/"


def key(source: str, org_id: UUID, day: date, name: str) -> str:
    """Return the key of an object. It begins with organisation and day (UTC), so that a window is a range of keys."""
    return f"{folder(source, org_id)}{day.isoformat()}/{name}.json"


def id_in(key: str) -> UUID:
    """Return the id at the end of an object's key."""
    return UUID(key.rpartition("/")[2].removesuffix(".json"))


def archive_spooled(message_id: str, message: str, put: Callable[[str, bytes], object]) -> None:
    """Store a spooled batch, an object for each organisation. The same message again makes the same objects.

    Raises ObjectsUnavailable.
    """
    batch = SpooledBatch.model_validate_json(message)
    for part in _by_organisation(batch):
        (org_id,) = part.org_ids
        day = part.received_at.astimezone(UTC).date()
        put(key(SPOOL, org_id, day, message_id), part.model_dump_json(exclude_none=True).encode())


def _by_organisation(batch: SpooledBatch) -> Iterator[SpooledBatch]:
    for org_id in batch.org_ids:
        events = [event for event in batch.events if event.org_id == org_id]
        if events:
            yield batch.model_copy(update={"subject": SUBJECT, "org_ids": [org_id], "events": events})
