"""Calls the procedures of imports. Each call raises StoreUnavailable."""

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
    """Stores past events, and remembers their ids for as long as an import could bring them again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open_days(self, table: EventTable, days: Sequence[date], kept_until: datetime, partitions_max: int) -> int:
        """Make partitions for past days, and return their number."""
        (made,) = self._database.call(
            "open_import_days_v1",
            p_table=table,
            p_days=list(days),
            p_kept_until=kept_until,
            p_partitions_max=partitions_max,
        )
        return int(made)

    def import_progress(
        self, subject: str, org_id: UUID, events: Sequence[ProgressEvent], received_at: datetime
    ) -> list[str]:
        """Store progress events once, all or none, and return the outcome of each; raises StoreRefused."""
        document = EVENTS.dump_json(list(events), exclude_none=True).decode()
        return self._outcomes(
            "import_progress_v1",
            p_subject=subject,
            p_org_id=org_id,
            p_events=document,
            p_received_at=received_at,
        )

    def import_analytics(self, batch: QueuedBatch) -> list[str]:
        """Store analytics events once, all or none, and return the outcome of each; raises StoreRefused."""
        document = f"[{batch.model_dump_json(exclude_none=True)}]"
        return self._outcomes("import_analytics_v1", p_org_id=batch.org_id, p_batches=document)

    def list_unrecalled(self, org_id: UUID, table: EventTable, days: Sequence[date], limit: int) -> list[SnapshotFile]:
        """Return the snapshot files of these days whose events the ledger does not remember yet."""
        (files,) = self._database.call(
            "list_unrecalled_v1", p_org_id=org_id, p_table=table, p_days=list(days), p_limit=limit
        )
        return [SnapshotFile.model_validate(file) for file in files]

    def recall(self, file: SnapshotFile, rows: Sequence[dict[str, Any]], *, is_last: bool) -> None:
        """Remember events of a file: `event_id`, `occurred_at`, `content_digest` of each."""
        self._database.call(
            "recall_events_v1",
            p_org_id=file.org_id,
            p_table=file.table_name,
            p_day=file.day,
            p_sequence=file.sequence,
            p_part=file.part,
            p_rows=json.dumps(rows),
            p_is_last=is_last,
        )

    def _outcomes(self, procedure: str, /, **parameters: Any) -> list[str]:
        try:
            (outcomes,) = self._database.call(procedure, **parameters)
        except REFUSALS as refused:
            # `from None`: the text of the database's error may quote a row.
            raise StoreRefused(name_of(refused)) from None
        return list(outcomes)
