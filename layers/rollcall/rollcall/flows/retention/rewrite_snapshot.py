"""Rewrite: remove rows from an organisation's snapshots, for an erasure or a purge, and sign the manifests again.

A file is rewritten in these steps, so that a kill between any two leaves a whole snapshot: the next revision is stored
under another key; the database names that revision; the manifest is written again, and the old revision is deleted. If
a kill leaves a manifest out of date, the next flow that works on the day settles it.

    for file in rewriting.files(org_id, after=cursor):
        if any(is_theirs(row) for row in rewriting.read_rows(file)): ...
        result = rewriting.rewrite_file(file, keep=lambda row: not is_theirs(row))

A row has the members of domain.retention.snapshot.COLUMNS. `files` lists only files of dropped days. The snapshot of a
live day is a copy: first the rows of the live tables are deleted, then `pending.withdraw` deletes the copies, then
the files that `files` lists are rewritten. In this order a day that is dropped meanwhile is not missed.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol
from uuid import UUID

from rollcall.contracts.retention.snapshot import DayOfTable, EventTable, SnapshotDay, SnapshotFile, WrittenFile
from rollcall.errors import SnapshotBusy
from rollcall.flows.retention import snapshot_files
from rollcall.flows.retention.pending_snapshots import PendingSnapshots, PendingStore
from rollcall.flows.retention.snapshot_files import Objects
from rollcall.flows.retention.snapshot_manifest import Manifests

# As long as the function may run: it has ended before another worker can lease the day.
LEASE_SECONDS = 90
FILES_MAX = 100  # listed in one call

Keep = Callable[[Mapping[str, Any]], bool]
Revise = Callable[[Mapping[str, Any]], Mapping[str, Any] | None]
"""Returns a row's new form, or None to remove the row."""


class FileStore(PendingStore, Protocol):
    """Stores the state of snapshots; raises StoreUnavailable."""

    def replace_file(self, file: SnapshotFile, lease_id: UUID, written: WrittenFile | None) -> bool:
        """Note that a file was rewritten, or that it has no rows left."""

    def list_files(
        self,
        org_id: UUID,
        limit: int,
        *,
        table: EventTable | None = None,
        first: date | None = None,
        last: date | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> list[SnapshotFile]:
        """Return the next files of an organisation's dropped days."""


@dataclass(frozen=True)
class RewriteResult:
    """The result of a rewrite: counts of rows removed, changed and kept, and of files rewritten and removed."""

    rows_removed: int = 0
    rows_changed: int = 0
    rows_kept: int = 0
    files_rewritten: int = 0
    files_removed: int = 0

    def __add__(self, other: "RewriteResult") -> "RewriteResult":
        """Add the counts of two rewrites."""
        return RewriteResult(
            self.rows_removed + other.rows_removed,
            self.rows_changed + other.rows_changed,
            self.rows_kept + other.rows_kept,
            self.files_rewritten + other.files_rewritten,
            self.files_removed + other.files_removed,
        )


@dataclass(frozen=True)
class RewriteSnapshots:
    """The flow, with the IO it was given."""

    store: FileStore
    objects: Objects
    manifests: Manifests

    @property
    def pending(self) -> PendingSnapshots:
        """The copies in the archive that the list of files does not name."""
        return PendingSnapshots(self.store, self.objects, self.manifests)

    def files(
        self,
        org_id: UUID,
        *,
        table: EventTable | None = None,
        first: date | None = None,
        last: date | None = None,
        after: Mapping[str, Any] | None = None,
        limit: int = FILES_MAX,
    ) -> list[SnapshotFile]:
        """Return the next files of an organisation, after a file's `position` (None: from the start).

        Of one table or both, and of days from `first` to `last`, both included. Raises StoreUnavailable.
        """
        return self.store.list_files(org_id, limit, table=table, first=first, last=last, after=after)

    def read_rows(self, file: SnapshotFile) -> Iterator[dict[str, Any]]:
        """Yield a file's rows. Raises SnapshotDamaged, possibly after the last row; ObjectsUnavailable."""
        return snapshot_files.read_rows(file, self.objects)

    def rewrite_file(self, file: SnapshotFile, keep: Keep) -> RewriteResult:
        """Remove the rows from one file that `keep` does not keep; see revise_file."""
        return self.revise_file(file, lambda row: row if keep(row) else None)

    def revise_file(self, file: SnapshotFile, revise: Revise) -> RewriteResult:
        """Change or remove rows of one file. It takes a second or two, and is safe to repeat.

        Raises:
            SnapshotBusy: another worker has this day; try again a little later.
            SnapshotDamaged: the file does not match its digests; nothing was changed.
            StoreUnavailable, ObjectsUnavailable, KeysUnavailable: an outage; try again later.

        """
        known, lease_id = self.store.lease(file, LEASE_SECONDS)
        if known is None:
            return RewriteResult()
        if lease_id is None:
            raise SnapshotBusy
        try:
            return self._rewrite(known, lease_id, file, revise)
        finally:
            self.store.release(known, lease_id)

    def _rewrite(self, known: SnapshotDay, lease_id: UUID, file: SnapshotFile, revise: Revise) -> RewriteResult:
        result = RewriteResult()
        current = _same_part(known, file)
        if current is not None:
            written, removed, changed = snapshot_files.rewrite_part(current, revise, self.objects)
            if (removed or changed) and not self.store.replace_file(current, lease_id, written):
                raise SnapshotBusy
            result = RewriteResult(
                removed,
                changed,
                current.row_count - removed,
                int(written is not None),
                int(removed == current.row_count),
            )
        if result.rows_removed or result.rows_changed or known.manifest_digest is None:
            self.manifests.settle(known, lease_id)
        return result

    def rewrite(self, table: EventTable, day: date, sequence: int, org_id: UUID, keep: Keep) -> RewriteResult:
        """Remove the rows that `keep` does not keep from every file of an organisation and day; see rewrite_file."""
        total = RewriteResult()
        after = DayOfTable(table_name=table, day=day, sequence=sequence).model_dump(mode="json") | {"part": 0}
        while files := self.files(org_id, table=table, first=day, last=day, after=after):
            for file in files:
                if file.sequence != sequence:
                    return total
                total += self.rewrite_file(file, keep)
            after = files[-1].position
        return total


def _same_part(day: SnapshotDay, file: SnapshotFile) -> SnapshotFile | None:
    """Return the current file: it may have been rewritten or removed since it was listed."""
    return next((known for known in day.files if (known.org_id, known.part) == (file.org_id, file.part)), None)
