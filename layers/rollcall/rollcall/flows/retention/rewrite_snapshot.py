"""Rewrite: take rows out of an organisation's snapshots, for an erasure or a purge, and sign what is left anew.

A file is rewritten in this order, so that a kill between any two steps leaves a snapshot that is whole and can be gone
on with: its next revision is put under another key; the database names that one; the manifest is written anew, and the
revision before is deleted. A day whose manifest is behind is settled by whoever works on it next.

    for file in rewriting.files(org_id, after=cursor):
        if any(is_theirs(row) for row in rewriting.read_rows(file)): ...
        result = rewriting.rewrite_file(file, keep=lambda row: not is_theirs(row))

A row has the members of domain.retention.snapshot.COLUMNS. `files` lists those of dropped days alone. Of a day that
is still live a snapshot is a copy: rows of the live tables go first, then `unsettled.withdraw` deletes the copies, and
then what `files` lists is rewritten. In this order a day that is dropped meanwhile is met as one or as the other.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol
from uuid import UUID

from rollcall.contracts.retention.snapshot import DayOfTable, EventTable, SnapshotDay, SnapshotFile, WrittenFile
from rollcall.errors import SnapshotBusy
from rollcall.flows.retention import snapshot_files
from rollcall.flows.retention.pending_snapshots import UnsettledSnapshots, UnsettledStore
from rollcall.flows.retention.snapshot_files import Objects
from rollcall.flows.retention.snapshot_manifest import Manifests

# As long as the function that rewrites may live: it is gone before anybody else takes the day.
LEASE_SECONDS = 90
FILES_MAX = 100  # listed at once

Keep = Callable[[Mapping[str, Any]], bool]
Revise = Callable[[Mapping[str, Any]], Mapping[str, Any] | None]
"""Returns a row as it is to be from now on; None: without it."""


class FileStore(UnsettledStore, Protocol):
    """Keeps what is known of snapshots; raises StoreUnavailable."""

    def replace_file(self, file: SnapshotFile, lease_id: UUID, written: WrittenFile | None) -> bool:
        """Note that a file was rewritten, or that no row of it is left."""

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
    """What a rewrite did: rows that were removed, changed, and kept in all; files written anew, or removed whole."""

    rows_removed: int = 0
    rows_changed: int = 0
    rows_kept: int = 0
    files_rewritten: int = 0
    files_removed: int = 0

    def __add__(self, other: "RewriteResult") -> "RewriteResult":
        """Add up what two did."""
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
    def unsettled(self) -> UnsettledSnapshots:
        """What the archive holds beside the files that are listed."""
        return UnsettledSnapshots(self.store, self.objects, self.manifests)

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
        """Yield a file's rows. Raises SnapshotDamaged (at the end, if not before), ObjectsUnavailable."""
        return snapshot_files.read_rows(file, self.objects)

    def rewrite_file(self, file: SnapshotFile, keep: Keep) -> RewriteResult:
        """Take the rows that are not kept out of one file; see revise_file."""
        return self.revise_file(file, lambda row: row if keep(row) else None)

    def revise_file(self, file: SnapshotFile, revise: Revise) -> RewriteResult:
        """Change or remove rows of one file: a second or two of work. Twice is as good as once.

        Raises:
            SnapshotBusy: somebody else works on this day; try again a little later.
            SnapshotDamaged: the file is not what was written; nothing was changed.
            StoreUnavailable, ObjectsUnavailable, KeysUnavailable: something is away; do the same again later.

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
        """Take the rows that are not kept out of every file of an organisation and day; see rewrite_file."""
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
    """Return the file as it is now: it may have been rewritten, or removed, since it was listed."""
    return next((known for known in day.files if (known.org_id, known.part) == (file.org_id, file.part)), None)
