"""Expire days: write a snapshot of each expired day, verify that it holds every row, and only then drop the day.

A day goes through these states of its row in snapshot_days. A run continues from the state that it finds:

    writing   files are being written, part by part of an organisation's rows; each is noted after it is in the archive
    sealed    the manifest is written, and leftovers of an earlier attempt are deleted
    verified  every object and the manifest were read back and match their digests
    dropped   the partition is gone: one transaction locked its rows, compared them with the snapshot, and dropped them

A run may be killed between any two steps: the next run continues. A day whose verification fails is kept: an alarm is
raised, the other table goes on, and the next run writes the snapshot again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol
from uuid import UUID

from rollcall.contracts.retention.snapshot import (
    DayOfTable,
    EventTable,
    Key,
    Page,
    RemainingRows,
    SnapshotDay,
    SnapshotFile,
    WrittenFile,
)
from rollcall.domain.retention.lifetimes import first_kept_day
from rollcall.errors import RetentionStopped, SnapshotBusy, SnapshotDamaged
from rollcall.flows.retention.snapshot_files import Objects, verify_file, write_part
from rollcall.flows.retention.snapshot_manifest import Manifests

# Reserve at the end of an invocation: a file takes a few seconds; dropping a day takes the time to count its rows.
STEP_SECONDS = 30
LEASE_MARGIN_SECONDS = 15


class ExpireStore(Protocol):
    """Stores the state of snapshots, and reads and drops their rows; raises StoreUnavailable."""

    def list_expired_days(self, table: EventTable, before: date) -> list[date]:
        """Return the days before this one that have a partition, oldest first."""

    def begin(self, table: EventTable, day: date, lease_seconds: float) -> tuple[SnapshotDay | None, UUID | None]:
        """Lease a day's snapshot, or begin one. No lease: another worker has it. Neither: the day is dropped."""

    def release(self, day: DayOfTable, lease_id: UUID, failure_code: str | None = None) -> bool:
        """Release a snapshot. With a code it counts as stopped."""

    def list_unwritten(self, day: DayOfTable) -> list[RemainingRows]:
        """Return the organisations with rows that are not in the snapshot yet."""

    def read_page(self, org_id: UUID, day: DayOfTable, after: Key | None, rows_max: int, bytes_max: int) -> Page:
        """Return the next rows of an organisation and day."""

    def note_file(self, day: DayOfTable, lease_id: UUID, file: WrittenFile) -> bool:
        """Note a file that was written."""

    def read_day(self, day: DayOfTable) -> SnapshotDay | None:
        """Return a day's snapshot with all its files."""

    def note_verified(
        self, day: DayOfTable, lease_id: UUID, org_id: UUID | None = None, part: int | None = None
    ) -> bool:
        """Note that a file or the manifest was read back and matches its digest."""

    def drop_day(self, day: DayOfTable, lease_id: UUID) -> str:
        """Drop a day if its snapshot holds every row, and return `dropped`, or the reason why not."""


class NotNow(Exception):
    """The invocation is nearly over, or the oldest day has to wait. Days must be dropped oldest first."""


@dataclass
class RetentionResult:
    """The result of a run.

    `waiting` counts days whose events are not all in the rollups, `busy` days that another transaction locked for too
    long. `stopped` maps a table to the error code.
    """

    days: int = 0
    rows: int = 0
    size_bytes: int = 0
    waiting: int = 0
    busy: int = 0
    is_finished: bool = True
    stopped: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ExpireDays:
    """The flow, with its IO. `retention` is how long each table's events are kept."""

    store: ExpireStore
    objects: Objects
    manifests: Manifests
    retention: Mapping[EventTable, timedelta]
    snapshot_lifetime: timedelta
    now: Callable[[], datetime]

    def run(self, remaining_seconds: Callable[[], float]) -> RetentionResult:
        """Go through every expired day, oldest first, while there is time.

        Raises StoreUnavailable, ObjectsUnavailable, KeysUnavailable. The next run continues from there.
        """
        result = RetentionResult()
        for table, retention in self.retention.items():
            try:
                for day in self.store.list_expired_days(table, first_kept_day(self.now(), retention)):
                    self._expire(table, day, remaining_seconds, result)
            except (NotNow, SnapshotBusy):
                result.is_finished = False
            except (RetentionStopped, SnapshotDamaged) as stopped:
                # Days must be dropped oldest first, so stop this table here.
                result.stopped[table] = stopped.code
        return result

    def _expire(
        self, table: EventTable, day: date, remaining_seconds: Callable[[], float], result: RetentionResult
    ) -> None:
        _need_time(remaining_seconds)
        snapshot, lease_id = self.store.begin(table, day, remaining_seconds() + LEASE_MARGIN_SECONDS)
        if snapshot is None:
            return
        if lease_id is None:
            raise SnapshotBusy
        failure_code: str | None = None
        try:
            self._advance(snapshot, lease_id, remaining_seconds, result)
        except (RetentionStopped, SnapshotDamaged) as stopped:
            failure_code = stopped.code
            raise
        finally:
            self.store.release(snapshot, lease_id, failure_code)

    def _advance(
        self, snapshot: SnapshotDay, lease_id: UUID, remaining_seconds: Callable[[], float], result: RetentionResult
    ) -> None:
        if snapshot.state == "writing":
            self._write(snapshot, lease_id, remaining_seconds)
            self.manifests.settle(snapshot, lease_id)
        known = self.store.read_day(snapshot) or snapshot
        if known.state == "sealed":
            self._verify(known, lease_id, remaining_seconds)
        _need_time(remaining_seconds)
        outcome = self.store.drop_day(snapshot, lease_id)
        match outcome:
            case "dropped":
                result.days += 1
                result.rows += sum(file.row_count for file in known.files)
                result.size_bytes += sum(file.size_bytes for file in known.files)
            case "not_folded":
                result.waiting += 1
                raise NotNow
            case "busy":
                result.busy += 1
                raise NotNow
            case "lease_lost":
                raise SnapshotBusy
            case _:
                raise RetentionStopped(f"{snapshot.table_name} of {snapshot.day} was kept: {outcome}.")

    def _write(self, day: DayOfTable, lease_id: UUID, remaining_seconds: Callable[[], float]) -> None:
        expires_at = self.now() + self.snapshot_lifetime
        while unwritten := self.store.list_unwritten(day):
            for organisation in unwritten:
                _need_time(remaining_seconds)
                written = write_part(day, organisation, self.store.read_page, self.objects, expires_at)
                if written is not None and not self.store.note_file(day, lease_id, written):
                    raise SnapshotBusy
                if written is None:
                    # Some rows after the last part were deleted meanwhile.
                    raise RetentionStopped(f"Rows of {day.table_name} of {day.day} were deleted while they were read.")

    def _verify(self, snapshot: SnapshotDay, lease_id: UUID, remaining_seconds: Callable[[], float]) -> None:
        for file in snapshot.files:
            if not file.is_verified:
                _need_time(remaining_seconds)
                self._verify_file(file, lease_id)
        self.manifests.verify(snapshot)
        if not self.store.note_verified(snapshot, lease_id):
            raise SnapshotBusy

    def _verify_file(self, file: SnapshotFile, lease_id: UUID) -> None:
        verify_file(file, self.objects)
        if not self.store.note_verified(file, lease_id, file.org_id, file.part):
            raise SnapshotBusy


def _need_time(remaining_seconds: Callable[[], float]) -> None:
    if remaining_seconds() < STEP_SECONDS:
        raise NotNow
