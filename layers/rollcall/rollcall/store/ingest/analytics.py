"""Calls the procedures of analytics events."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from rollcall.contracts.ingest.analytics import QueuedBatch, ScrubbedEvent
from rollcall.errors import StoreRefused
from rollcall.store.connection import REFUSALS, Database, name_of


class AnalyticsStore:
    """Stores analytics events through `ingest_analytics_v1`, and scrubs stored ones again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ingest_analytics(self, org_id: UUID, batches: Sequence[QueuedBatch]) -> list[list[str]]:
        """Store batches of one organisation once, all or none, and return the outcomes of each batch.

        Raises StoreRefused when some content of theirs can never be stored, StoreUnavailable.
        """
        try:
            (outcomes,) = self._database.call("ingest_analytics_v1", p_org_id=org_id, p_batches=_document(batches))
        except REFUSALS as refused:
            # `from None`: the text of the database's error may quote a row.
            raise StoreRefused(name_of(refused)) from None
        answers = iter(outcomes)
        return [[next(answers) for _ in batch.events] for batch in batches]

    def refuses(self, batch: QueuedBatch) -> bool:
        """Return whether content of a batch can never be stored. The call stores nothing. Raises StoreUnavailable."""
        return self._database.refuses("ingest_analytics_v1", p_org_id=batch.org_id, p_batches=_document([batch]))

    def count_outdated(self, org_id: UUID, day: date, policy_version: str) -> int:
        """Return the number of a day's events that another policy scrubbed. Raises StoreUnavailable."""
        (count,) = self._database.call(
            "count_outdated_analytics_v1", p_org_id=org_id, p_day=day, p_policy_version=policy_version
        )
        return int(count)

    def read_outdated(
        self, org_id: UUID, day: date, policy_version: str, after: tuple[datetime, UUID] | None, limit: int
    ) -> list[tuple[str, ScrubbedEvent]]:
        """Return the next events of a day that another policy scrubbed, in order, each with its key_id.

        Raises StoreUnavailable.
        """
        occurred_at, event_id = after or (None, None)
        (events,) = self._database.call(
            "read_outdated_analytics_v1",
            p_org_id=org_id,
            p_day=day,
            p_policy_version=policy_version,
            p_after_occurred_at=occurred_at,
            p_after_event_id=event_id,
            p_limit=limit,
        )
        return [(event.pop("key_id"), ScrubbedEvent.model_validate(event)) for event in events]

    def rewrite_analytics(self, org_id: UUID, policy_version: str, events: Sequence[ScrubbedEvent]) -> None:
        """Write what the policy leaves of stored events. Raises StoreUnavailable."""
        document = "[" + ",".join(event.model_dump_json() for event in events) + "]"
        self._database.call("rewrite_analytics_v1", p_org_id=org_id, p_policy_version=policy_version, p_events=document)


def _document(batches: Sequence[QueuedBatch]) -> str:
    return "[" + ",".join(batch.model_dump_json(exclude_none=True) for batch in batches) + "]"
