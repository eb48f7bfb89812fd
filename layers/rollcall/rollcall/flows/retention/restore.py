"""Restore: bring an organisation's rows of a day back from its snapshots; or only verify the snapshots.

Into the live table a row comes back once, and is not counted again: projections, rollups and the ledger have it
already. Analytics events are scrubbed by the current policy. Into a scratch table rows come unchanged, to be looked at.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any, Protocol
from uuid import UUID

from rollcall.contracts.operations import Operation
from rollcall.contracts.retention.restore import VerifiedFile, VerifyReport
from rollcall.contracts.retention.snapshot import DayOfTable, EventTable, SnapshotDay, SnapshotFile
from rollcall.domain.retention.lifetimes import RESTORED
from rollcall.domain.retention.snapshot import read_row, write_row
from rollcall.errors import InvalidRequest, SnapshotDamaged, SnapshotUnknown
from rollcall.flows.operations.work import Chunk, StepResult
from rollcall.flows.retention.snapshot_files import Objects, read_lines, verify_file
from rollcall.flows.retention.snapshot_manifest import Manifests

Row = Mapping[str, Any]
ROWS_MAX = 5_000  # rows restored in one call
FILES_MAX = 1_000  # of one organisation and day: a hundred million rows
VERIFIED_MAX = 25  # within the time of one request


class RestoreStore(Protocol):
    """Stores the state of snapshots, and restores rows; raises StoreUnavailable."""

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

    def read_day(self, day: DayOfTable) -> SnapshotDay | None:
        """Return a day's snapshot with all its files."""

    def open_restore(
        self, org_id: UUID, table: EventTable, day: date, scratch_id: UUID | None, kept_until: datetime
    ) -> object:
        """Make the partition or scratch table for the rows."""

    def restore_rows(self, org_id: UUID, table: EventTable, rows: str, scratch_id: UUID | None) -> Mapping[str, int]:
        """Restore rows, given as a JSON array of lines, and return counts."""


def restore_file(
    file: SnapshotFile,
    store: RestoreStore,
    objects: Objects,
    scratch_id: UUID | None,
    revise: Callable[[Row], Row] | None = None,
) -> Counter[str]:
    """Restore the rows of one file after all of it was verified: unchanged, or changed by `revise`.

    Raises SnapshotDamaged before any row is restored; StoreUnavailable, ObjectsUnavailable.
    """
    verify_file(file, objects)
    counts: Counter[str] = Counter()
    remaining = read_lines(file, objects)
    if revise is not None:
        remaining = (write_row(revise(read_row(line))).encode() for line in remaining)
    while lines := list(islice(remaining, ROWS_MAX)):
        rows = b"[" + b",".join(lines) + b"]"
        counts.update(store.restore_rows(file.org_id, file.table_name, rows.decode(), scratch_id))
    return counts


@dataclass(frozen=True)
class Restore:
    """The step of operations of the kind `restore`: a chunk is a file, a unit is a file, `total` and `done` are files.

    A damaged file counts as `failed`, and the other files are restored. `scrubber_of` returns a function that scrubs a
    row by the organisation's current policy: a snapshot was scrubbed by the policy of its time.
    """

    store: RestoreStore
    objects: Objects
    now: Callable[[], datetime]
    scrubber_of: Callable[[UUID], Callable[[Row], Row]]

    def __call__(self, operation: Operation, chunk: Chunk) -> StepResult:  # noqa: ARG002 - a file is the smallest unit
        """Restore the next file."""
        table: EventTable = operation.parameters["table_name"]
        day = date.fromisoformat(operation.parameters["day"])
        scratch_id = operation.operation_id if operation.parameters["target"] == "scratch" else None
        counts: Counter[str] = Counter()
        files = self.store.list_files(
            operation.org_id, FILES_MAX, table=table, first=day, last=day, after=operation.cursor
        )
        if operation.cursor is None:
            counts["total"] = len(files)
            if files and not operation.is_dry_run:
                kept_until: datetime = self.now() + RESTORED
                self.store.open_restore(operation.org_id, table, day, scratch_id, kept_until)
        if not files:
            return StepResult(counts, operation.cursor, is_done=True, units=0)
        counts += self._restore(files[0], scratch_id, is_dry_run=operation.is_dry_run)
        counts["done"] = 1
        return StepResult(counts, files[0].position, is_done=len(files) == 1, units=1)

    def _restore(self, file: SnapshotFile, scratch_id: UUID | None, *, is_dry_run: bool) -> Counter[str]:
        try:
            if is_dry_run:
                verify_file(file, self.objects)
                return Counter(rows=file.row_count)
            return Counter(rows=file.row_count) + restore_file(
                file, self.store, self.objects, scratch_id, self._revise(file, scratch_id)
            )
        except SnapshotDamaged:
            return Counter(failed=1)

    def _revise(self, file: SnapshotFile, scratch_id: UUID | None) -> Callable[[Row], Row] | None:
        """Return the scrubbing for live analytics events; rows for a scratch table stay unchanged."""
        is_scrubbed = file.table_name == "analytics_events" and scratch_id is None
        return self.scrubber_of(file.org_id) if is_scrubbed else None


@dataclass(frozen=True)
class VerifySnapshots:
    """Verifies an organisation's snapshots of a day."""

    store: RestoreStore
    objects: Objects
    manifests: Manifests

    def verify(self, org_id: UUID, table: EventTable, day: date) -> VerifyReport:
        """Compare every file with its digests, and the manifests with their signatures and the database.

        Raises SnapshotUnknown, InvalidRequest, StoreUnavailable, ObjectsUnavailable, KeysUnavailable.
        """
        files = self.store.list_files(org_id, FILES_MAX, table=table, first=day, last=day)
        if not files:
            raise SnapshotUnknown
        if len(files) > VERIFIED_MAX:
            raise InvalidRequest("The day is too large for one request. Verify it by a restore with dry_run.")
        verified = [self._verify(file) for file in files]
        fault = next(filter(None, map(self._verify_manifest, _days(files))), None)
        is_intact = fault is None and all(file.fault is None for file in verified)
        rows = sum(file.rows for file in verified if file.fault is None)
        return VerifyReport(intact=is_intact, rows=rows, manifest_fault=fault, files=verified)

    def _verify(self, file: SnapshotFile) -> VerifiedFile:
        view = VerifiedFile.of(file)
        try:
            verify_file(file, self.objects)
        except SnapshotDamaged as damaged:
            return view.model_copy(update={"fault": damaged.detail})
        return view

    def _verify_manifest(self, day: DayOfTable) -> str | None:
        snapshot = self.store.read_day(day)
        if snapshot is None or snapshot.manifest_digest is None:
            return "A file was rewritten, and its manifest is not written yet. Verify again in a minute."
        try:
            self.manifests.verify(snapshot)
        except SnapshotDamaged as damaged:
            return damaged.detail
        return None


def _days(files: Iterable[SnapshotFile]) -> Iterator[DayOfTable]:
    seen = {(file.table_name, file.day, file.sequence) for file in files}
    for table, day, sequence in sorted(seen):
        yield DayOfTable(table_name=table, day=day, sequence=sequence)
