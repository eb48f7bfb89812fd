"""Calls the procedures of snapshots. Each call raises StoreUnavailable."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from rollcall.contracts.operations import Operation
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
from rollcall.store.connection import Database

PAGE = "lines, row_count, row_hash, last_key, is_last"


class SnapshotStore:
    """Keeps the register of snapshots, and reads and drops the rows that snapshots are made of."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_expired_days(self, table: EventTable, before: date) -> list[date]:
        """Return the days before this one that have a partition, oldest first."""
        (days,) = self._database.call("list_expired_days_v1", p_table=table, p_before=before)
        return [date.fromisoformat(day) for day in days]

    def begin(self, table: EventTable, day: date, lease_seconds: float) -> tuple[SnapshotDay | None, UUID | None]:
        """Lease a day's snapshot, or begin one. Without a lease another worker has it; without both it is dropped."""
        snapshot, lease_id = self._database.call(
            "begin_snapshot_v1", "snapshot, lease_id", p_table=table, p_day=day, p_lease_seconds=lease_seconds
        )
        return None if snapshot is None else SnapshotDay.model_validate(snapshot), lease_id

    def lease(self, day: DayOfTable, lease_seconds: float) -> tuple[SnapshotDay | None, UUID | None]:
        """Lease a day's snapshot as it is; without a lease another worker has it."""
        snapshot, lease_id = self._database.call(
            "lease_snapshot_v1", "snapshot, lease_id", **_key_of(day), p_lease_seconds=lease_seconds
        )
        return None if snapshot is None else SnapshotDay.model_validate(snapshot), lease_id

    def release(self, day: DayOfTable, lease_id: UUID, failure_code: str | None = None) -> bool:
        """Release a snapshot; after an error code the next run writes it anew. False: the lease was lost."""
        return self._is_done("release_snapshot_v1", **_key_of(day), p_lease_id=lease_id, p_failure_code=failure_code)

    def list_unsettled(self, first: date | None, last: date | None) -> list[DayOfTable]:
        """Return the snapshots of days that are not dropped, and those whose manifest is older than their files."""
        (days,) = self._database.call("list_unsettled_snapshots_v1", p_from=first, p_to=last)
        return [DayOfTable.model_validate(day) for day in days]

    def withdraw(self, org_id: UUID, day: DayOfTable, lease_id: UUID) -> bool:
        """Forget an organisation's files of a day. False: the lease was lost, or the day is dropped."""
        return self._is_done("withdraw_snapshot_v1", p_org_id=org_id, **_key_of(day), p_lease_id=lease_id)

    def list_unwritten(self, day: DayOfTable) -> list[RemainingRows]:
        """Return the organisations with rows that the snapshot lacks."""
        (found,) = self._database.call("list_unwritten_v1", **_key_of(day))
        return [RemainingRows(UUID(each["org_id"]), each["part"], each["after"]) for each in found]

    def read_page(self, org_id: UUID, day: DayOfTable, after: Key | None, rows_max: int, bytes_max: int) -> Page:
        """Return the next rows of an organisation and day."""
        return _page(
            self._database.call(
                "read_snapshot_page_v1",
                PAGE,
                p_org_id=org_id,
                p_table=day.table_name,
                p_day=day.day,
                p_after=_json(after),
                p_rows_max=rows_max,
                p_bytes_max=bytes_max,
            )
        )

    def note_file(self, day: DayOfTable, lease_id: UUID, file: WrittenFile) -> bool:
        """Register a written file; False: the lease was lost."""
        return self._is_done(
            "note_snapshot_file_v1", **_key_of(day), p_lease_id=lease_id, p_file=file.model_dump_json()
        )

    def read_day(self, day: DayOfTable) -> SnapshotDay | None:
        """Return a day's snapshot with all of its files."""
        (snapshot,) = self._database.call("read_snapshot_day_v1", **_key_of(day))
        return None if snapshot is None else SnapshotDay.model_validate(snapshot)

    def seal(self, day: DayOfTable, lease_id: UUID, manifest_digest: str) -> bool:
        """Register the manifest of a day's files; False: the lease was lost."""
        return self._is_done("seal_snapshot_v1", **_key_of(day), p_lease_id=lease_id, p_manifest_digest=manifest_digest)

    def note_verified(
        self, day: DayOfTable, lease_id: UUID, org_id: UUID | None = None, part: int | None = None
    ) -> bool:
        """Note that a file (without one: the manifest) was read back unchanged."""
        return self._is_done("note_verified_v1", **_key_of(day), p_lease_id=lease_id, p_org_id=org_id, p_part=part)

    def drop_day(self, day: DayOfTable, lease_id: UUID) -> str:
        """Drop a day whose snapshot holds each of its rows, and return `dropped`; otherwise return the reason."""
        (outcome,) = self._database.call("drop_snapshotted_day_v1", **_key_of(day), p_lease_id=lease_id)
        return str(outcome)

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
        """Return the next files of an organisation's dropped days, from the first day to the last, both included."""
        (files,) = self._database.call(
            "list_snapshot_files_v1",
            p_org_id=org_id,
            p_table=table,
            p_from=first,
            p_to=last,
            p_after=_json(after),
            p_limit=limit,
        )
        return [SnapshotFile.model_validate(file) for file in files]

    def replace_file(self, file: SnapshotFile, lease_id: UUID, written: WrittenFile | None) -> bool:
        """Register a rewritten file, or a file without rows. False: another worker has the lease, or wrote the file."""
        return self._is_done(
            "replace_snapshot_file_v1",
            **_key_of(file),
            p_lease_id=lease_id,
            p_org_id=file.org_id,
            p_part=file.part,
            p_revision=file.revision,
            p_file=written and written.model_dump_json(),
        )

    def age_out(self, what: str, before: datetime, limit: int) -> int:
        """Delete rows of one kind that are older than this moment, at most so many, and return how many."""
        (deleted,) = self._database.call("age_out_v1", p_what=what, p_before=before, p_limit=limit)
        return int(deleted)

    def list_past(self, before: datetime, limit: int) -> list[DayOfTable]:
        """Return snapshots of days that were dropped before this moment, with no file to be kept for longer."""
        (days,) = self._database.call("list_past_snapshots_v1", p_before=before, p_limit=limit)
        return [DayOfTable.model_validate(day) for day in days]

    def forget(self, day: DayOfTable) -> bool:
        """Delete the register entry of a snapshot whose objects are deleted."""
        return self._is_done("forget_snapshot_v1", **_key_of(day))

    def open_restore(
        self, org_id: UUID, table: EventTable, day: date, scratch_id: UUID | None, kept_until: datetime
    ) -> bool:
        """Make the place of restored rows: a partition that is kept until this time, or a scratch table."""
        return self._is_done(
            "open_restore_v1",
            p_org_id=org_id,
            p_table=table,
            p_day=day,
            p_scratch_id=scratch_id,
            p_kept_until=kept_until,
        )

    def restore_rows(self, org_id: UUID, table: EventTable, rows: str, scratch_id: UUID | None) -> dict[str, int]:
        """Restore rows, a JSON array of a file's lines; return the numbers restored, present and in conflict."""
        (counts,) = self._database.call(
            "restore_events_v1", p_org_id=org_id, p_table=table, p_rows=rows, p_scratch_id=scratch_id
        )
        return dict(counts)

    def choose_snapshot(self) -> SnapshotFile | None:
        """Return a random file of a snapshot; None when there is no file."""
        (file,) = self._database.call("choose_snapshot_v1")
        return None if file is None else SnapshotFile.model_validate(file)

    def read_scratch_page(
        self, org_id: UUID, table: EventTable, scratch_id: UUID, after: Key | None, rows_max: int, bytes_max: int
    ) -> Page:
        """Return the next rows of a scratch table, in the form of read_page."""
        return _page(
            self._database.call(
                "read_scratch_page_v1",
                PAGE,
                p_org_id=org_id,
                p_table=table,
                p_scratch_id=scratch_id,
                p_after=_json(after),
                p_rows_max=rows_max,
                p_bytes_max=bytes_max,
            )
        )

    def drop_scratch(self, scratch_id: UUID | None) -> int:
        """Drop a scratch table, or without a name each one that has expired; return their number."""
        (dropped,) = self._database.call("drop_scratch_v1", p_scratch_id=scratch_id)
        return int(dropped)

    def note_drill(
        self, drill_id: UUID, file: SnapshotFile, row_count: int, duration_ms: int, failure_code: str | None
    ) -> bool:
        """Record the result of a restore drill."""
        return self._is_done(
            "note_restore_drill_v1",
            p_org_id=file.org_id,
            p_drill_id=drill_id,
            **_key_of(file),
            p_row_count=row_count,
            p_duration_ms=duration_ms,
            p_failure_code=failure_code,
        )

    def purge_progress(
        self, operation: Operation, lease_id: UUID, lease_seconds: float, learners_max: int, next_cursor: Key
    ) -> Operation | None:
        """Delete progress events of the next learners, and return the operation after it; None: lease lost."""
        (latest,) = self._database.call(
            "purge_progress_v1",
            p_org_id=operation.org_id,
            p_operation_id=operation.operation_id,
            p_lease_id=lease_id,
            p_lease_seconds=lease_seconds,
            p_step_number=operation.step_number,
            p_learners_max=learners_max,
            p_next_cursor=_json(next_cursor),
        )
        return Operation.model_validate(latest) if latest else None

    def purge_analytics(self, org_id: UUID, first: datetime, end: datetime, limit: int, *, is_dry_run: bool) -> int:
        """Delete analytics events of a window, at most so many; in a dry run count all of them."""
        (deleted,) = self._database.call(
            "purge_analytics_v1", p_org_id=org_id, p_from=first, p_to=end, p_limit=limit, p_is_dry_run=is_dry_run
        )
        return int(deleted)

    def _is_done(self, procedure: str, /, **parameters: Any) -> bool:
        (is_done,) = self._database.call(procedure, **parameters)
        return bool(is_done)


def _page(row: tuple[Any, ...]) -> Page:
    lines, row_count, row_hash, last_key, is_last = row
    return Page((lines or "").encode(), row_count, int(row_hash or 0), last_key, is_last)


def _key_of(day: DayOfTable) -> dict[str, Any]:
    return {"p_table": day.table_name, "p_day": day.day, "p_sequence": day.sequence}


def _json(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(value)
