"""The procedures of imports, called by their names. Each raises StoreUnavailable."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from rollcall.contracts.ingest.analytics import QueuedBatch
from rollcall.contracts.ingest.progress import EVENTS, ProgressEvent
from rollcall.contracts.retention.snapshot import EventTable, SnapshotFile
from rollcall.errors import StoreRefused
from rollcall.store.connection import REFUSALS, Database, name_of


class ImportStore:
    """Stores events of long ago, and remembers them for as long as they could be imported again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open_days(self, table: EventTable, days: Sequence[date], kept_until: datetime, partitions_max: int) -> int:
        """Make room for events of past days; return how many partitions were made."""
        (made,) = self._database.call(
            "select rollcall.open_import_days_v1(%s, %s, %s, %s)", (table, list(days), kept_until, partitions_max)
        )
        return int(made)

    def import_progress(
        self, subject: str, org_id: UUID, events: Sequence[ProgressEvent], received_at: datetime
    ) -> list[str]:
        """Store progress events once, all or none, and say what became of each; raises StoreRefused."""
        document = EVENTS.dump_json(list(events), exclude_none=True).decode()
        return self._outcomes(
            "select outcomes from rollcall.import_progress_v1(%s, %s, %s::jsonb, %s)",
            (subject, org_id, document, received_at),
        )

    def import_analytics(self, batch: QueuedBatch) -> list[str]:
        """Store analytics events once, all or none, and say what became of each; raises StoreRefused."""
        document = f"[{batch.model_dump_json(exclude_none=True)}]"
        return self._outcomes(
            "select outcomes from rollcall.import_analytics_v1(%s, %s::jsonb)", (batch.org_id, document)
        )

    def list_unrecalled(self, org_id: UUID, table: EventTable, days: Sequence[date], limit: int) -> list[SnapshotFile]:
        """Return files of snapshots of these days whose events are not known again yet."""
        (files,) = self._database.call(
            "select rollcall.list_unrecalled_v1(%s, %s, %s, %s)", (org_id, table, list(days), limit)
        )
        return [SnapshotFile.model_validate(file) for file in files]

    def recall(self, file: SnapshotFile, rows: Sequence[dict[str, Any]], *, is_last: bool) -> None:
        """Remember events of a file: `event_id`, `occurred_at`, `content_digest` of each."""
        self._database.call(
            "select rollcall.recall_events_v1(%s, %s, %s, %s, %s, %s::jsonb, %s)",
            (file.org_id, file.table_name, file.day, file.sequence, file.part, json.dumps(rows), is_last),
        )

    def _outcomes(self, statement: str, parameters: tuple[Any, ...]) -> list[str]:
        try:
            (outcomes,) = self._database.call(statement, parameters)
        except REFUSALS as refused:
            # Not chained: its text may quote a row.
            raise StoreRefused(name_of(refused)) from None
        return list(outcomes)
