"""Restore drill: restore a snapshot chosen at random into a scratch table, and compare the rows with its digest.

It proves that snapshots can be restored. The rows read from the scratch table must have the digest of the file: the
same rows, in the same order, byte for byte.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Protocol
from uuid import UUID

from rollcall.contracts.retention.snapshot import EventTable, Key, Page, SnapshotFile
from rollcall.errors import RollcallError, SnapshotDamaged
from rollcall.flows.retention.restore import FILES_MAX, RestoreStore, restore_file
from rollcall.flows.retention.snapshot_files import PAGE_BYTES, PAGE_ROWS, Objects

KEPT = timedelta(days=1)  # if the drill is killed, retention drops the table after this time
STEP_SECONDS = 60  # reserved for the last file


class DrillStore(RestoreStore, Protocol):
    """Keeps scratch tables and the results of drills; raises StoreUnavailable."""

    def choose_snapshot(self) -> SnapshotFile | None:
        """Return a random file of a snapshot."""

    def read_scratch_page(
        self, org_id: UUID, table: EventTable, scratch_id: UUID, after: Key | None, rows_max: int, bytes_max: int
    ) -> Page:
        """Return the next rows of a scratch table."""

    def drop_scratch(self, scratch_id: UUID | None) -> int:
        """Drop a scratch table, or all expired ones."""

    def note_drill(
        self, drill_id: UUID, file: SnapshotFile, row_count: int, duration_ms: int, failure_code: str | None
    ) -> object:
        """Record the result of a drill."""


@dataclass(frozen=True)
class DrillResult:
    """The result of a drill, with the snapshot's table and day. Without a `failure_code` the digests matched."""

    table: EventTable
    day: date
    rows: int
    duration_ms: int
    failure_code: str | None


@dataclass(frozen=True)
class RestoreDrill:
    """The flow, with the IO it was given. `monotonic` is in seconds."""

    store: DrillStore
    objects: Objects
    now: Callable[[], datetime]
    monotonic: Callable[[], float]

    def run(self, drill_id: UUID, remaining_seconds: Callable[[], float]) -> DrillResult | None:
        """Do one drill, as far as time allows; return None when there is no snapshot yet.

        Raises StoreUnavailable, ObjectsUnavailable: then the drill has no result.
        """
        chosen = self.store.choose_snapshot()
        if chosen is None:
            return None
        started, rows, failure_code = self.monotonic(), 0, None
        self.store.open_restore(chosen.org_id, chosen.table_name, chosen.day, drill_id, self.now() + KEPT)
        try:
            after: Key | None = None
            for file in self._files(chosen):
                if remaining_seconds() < STEP_SECONDS:
                    break
                after = self._drill(file, drill_id, after)
                rows += file.row_count
        except SnapshotDamaged as damaged:
            failure_code = damaged.code
        finally:
            with suppress(RollcallError):
                self.store.drop_scratch(drill_id)
        duration_ms = round(1000 * (self.monotonic() - started))
        self.store.note_drill(drill_id, chosen, rows, duration_ms, failure_code)
        return DrillResult(chosen.table_name, chosen.day, rows, duration_ms, failure_code)

    def _files(self, chosen: SnapshotFile) -> list[SnapshotFile]:
        files = self.store.list_files(
            chosen.org_id, FILES_MAX, table=chosen.table_name, first=chosen.day, last=chosen.day
        )
        return [file for file in files if file.sequence == chosen.sequence]

    def _drill(self, file: SnapshotFile, scratch_id: UUID, after: Key | None) -> Key | None:
        """Restore one file, read its rows back, and return the key of the last; raises SnapshotDamaged."""
        restore_file(file, self.store, self.objects, scratch_id)
        content, rows_left = sha256(), file.row_count
        while rows_left:
            page = self.store.read_scratch_page(
                file.org_id, file.table_name, scratch_id, after, min(PAGE_ROWS, rows_left), PAGE_BYTES
            )
            if not page.row_count:
                raise SnapshotDamaged("Some rows of a snapshot were not restored.")
            content.update(page.lines)
            rows_left -= page.row_count
            after = page.last_key
        if content.hexdigest() != file.content_digest:
            raise SnapshotDamaged("The restored rows of a snapshot differ from its file.")
        return after
