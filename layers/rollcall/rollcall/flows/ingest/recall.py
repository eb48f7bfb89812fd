"""Recall: teach the ledger again, from snapshots, which old events were received and then forgotten."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol
from uuid import UUID

from rollcall.contracts.retention.snapshot import EventTable, SnapshotFile
from rollcall.errors import ImportRecalling
from rollcall.flows.retention.snapshot_files import Objects, read_rows

FILES_MAX = 31
ROWS_MAX = 5_000
MEMBERS = ("event_id", "occurred_at", "content_digest")


class RecallStore(Protocol):
    """The identity ledger; raises StoreUnavailable."""

    def list_unrecalled(self, org_id: UUID, table: EventTable, days: Sequence[date], limit: int) -> list[SnapshotFile]:
        """Return files of snapshots of these days whose events are not recalled yet."""

    def recall(self, file: SnapshotFile, rows: Sequence[dict[str, Any]], *, is_last: bool) -> None:
        """Add a file's events to the ledger."""


@dataclass(frozen=True)
class Recall:
    """The flow, with its IO. `monotonic` is in seconds; `seconds_max` is the time that a request may spend on it."""

    store: RecallStore
    objects: Objects
    monotonic: Callable[[], float]
    seconds_max: float

    def know(self, org_id: UUID, table: EventTable, days: Sequence[date]) -> None:
        """Recall all events that the snapshots of these days hold.

        Raises ImportRecalling when the time is up: the caller then asks again, and this goes on with the next file.
        Also raises SnapshotDamaged, ObjectsUnavailable, StoreUnavailable.
        """
        until = self.monotonic() + self.seconds_max
        while days and (files := self.store.list_unrecalled(org_id, table, days, FILES_MAX)):
            for file in files:
                if self.monotonic() > until:
                    raise ImportRecalling
                self._read(file)

    def _read(self, file: SnapshotFile) -> None:
        rows: list[dict[str, Any]] = []
        for row in read_rows(file, self.objects):
            rows.append({name: row.get(name) for name in MEMBERS})
            if len(rows) == ROWS_MAX:
                self.store.recall(file, rows, is_last=False)
                rows = []
        # All rows are read, so the file's digest is verified now.
        self.store.recall(file, rows, is_last=True)
