"""The analytics procedures, called by their names."""

from collections.abc import Sequence
from uuid import UUID

from psycopg import errors as pg

from rollcall.contracts.analytics import QueuedBatch
from rollcall.errors import StoreRefused
from rollcall.store.connection import Database

INGEST = "select outcomes from rollcall.ingest_analytics_v1(%s, %s::jsonb)"


class AnalyticsStore:
    """Stores analytics events through `ingest_analytics_v1`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ingest_analytics(self, org_id: UUID, batches: Sequence[QueuedBatch]) -> list[list[str]]:
        """Store batches of one organisation once, all or none, and say what became of each one's events.

        Raises StoreRefused when some content of theirs can never be stored, StoreUnavailable.
        """
        document = "[" + ",".join(batch.model_dump_json(exclude_none=True) for batch in batches) + "]"
        try:
            (outcomes,) = self._database.call(INGEST, (org_id, document))
        except (pg.DataError, pg.IntegrityError) as refused:
            # Not chained: its text may quote a row.
            raise StoreRefused(f"SQLSTATE {refused.sqlstate}.") from None
        answers = iter(outcomes)
        return [[next(answers) for _ in batch.events] for batch in batches]
