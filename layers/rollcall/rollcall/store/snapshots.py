"""The procedures of snapshots, called by their names. Each raises StoreUnavailable."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from rollcall.contracts.snapshot import (
    DayOfTable,
    EventTable,
    Key,
    Page,
    SnapshotDay,
    SnapshotFile,
    Unwritten,
    WrittenFile,
)
from rollcall.store.connection import Database


class SnapshotStore:
    """Keeps what is known of snapshots, and reads and drops what they are made of."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_expired_days(self, table: EventTable, before: date) -> list[date]:
        """Return the days before this one that have a partition, oldest first."""
        (days,) = self._database.call("select rollcall.list_expired_days_v1(%s, %s)", (table, before))
        return [date.fromisoformat(day) for day in days]

    def begin(self, table: EventTable, day: date, lease_seconds: float) -> tuple[SnapshotDay | None, UUID | None]:
        """Take a day's snapshot, or begin one; without a lease somebody else has it, and without both it is dropped."""
        snapshot, lease_id = self._database.call(
            "select snapshot, lease_id from rollcall.begin_snapshot_v1(%s, %s, %s)", (table, day, lease_seconds)
        )
        return None if snapshot is None else SnapshotDay.model_validate(snapshot), lease_id

    def lease(self, day: DayOfTable, lease_seconds: float) -> tuple[SnapshotDay | None, UUID | None]:
        """Take the snapshot of a dropped day; without a lease somebody else has it."""
        snapshot, lease_id = self._database.call(
            "select snapshot, lease_id from rollcall.lease_snapshot_v1(%s, %s, %s, %s)", (*_of(day), lease_seconds)
        )
        return None if snapshot is None else SnapshotDay.model_validate(snapshot), lease_id

    def release(self, day: DayOfTable, lease_id: UUID, failure_code: str | None = None) -> bool:
        """Give it back; with a code it is stopped, and written anew by the next run. False: the lease was lost."""
        return self._told("release_snapshot_v1(%s, %s, %s, %s, %s)", (*_of(day), lease_id, failure_code))

    def list_unwritten(self, day: DayOfTable) -> list[Unwritten]:
        """Return the organisations of which not every row is in the snapshot yet."""
        (found,) = self._database.call("select rollcall.list_unwritten_v1(%s, %s, %s)", _of(day))
        return [Unwritten(UUID(each["org_id"]), each["part"], each["after"]) for each in found]

    def read_page(self, org_id: UUID, day: DayOfTable, after: Key | None, rows_max: int, bytes_max: int) -> Page:
        """Return the next rows of an organisation and day."""
        lines, row_count, row_hash, last_key, is_last = self._database.call(
            "select lines, row_count, row_hash, last_key, is_last"
            " from rollcall.read_snapshot_page_v1(%s, %s, %s, %s::jsonb, %s, %s)",
            (org_id, day.table_name, day.day, _json(after), rows_max, bytes_max),
        )
        return Page((lines or "").encode(), row_count, int(row_hash or 0), last_key, is_last)

    def note_file(self, day: DayOfTable, lease_id: UUID, file: WrittenFile) -> bool:
        """Note a file that was written; False: the lease was lost."""
        return self._told(
            "note_snapshot_file_v1(%s, %s, %s, %s, %s::jsonb)", (*_of(day), lease_id, file.model_dump_json())
        )

    def read_day(self, day: DayOfTable) -> SnapshotDay | None:
        """Return a day's snapshot with all of its files."""
        (snapshot,) = self._database.call("select rollcall.read_snapshot_day_v1(%s, %s, %s)", _of(day))
        return None if snapshot is None else SnapshotDay.model_validate(snapshot)

    def seal(self, day: DayOfTable, lease_id: UUID, manifest_digest: str) -> bool:
        """Note the manifest that speaks for a day's files; False: the lease was lost."""
        return self._told("seal_snapshot_v1(%s, %s, %s, %s, %s)", (*_of(day), lease_id, manifest_digest))

    def note_verified(
        self, day: DayOfTable, lease_id: UUID, org_id: UUID | None = None, part: int | None = None
    ) -> bool:
        """Note that a file was read back as it was written, or without one, that the manifest was."""
        return self._told("note_verified_v1(%s, %s, %s, %s, %s, %s)", (*_of(day), lease_id, org_id, part))

    def drop_day(self, day: DayOfTable, lease_id: UUID) -> str:
        """Drop a day whose snapshot holds every row of it, and return `dropped`; or why not."""
        (outcome,) = self._database.call(
            "select rollcall.drop_snapshotted_day_v1(%s, %s, %s, %s)", (*_of(day), lease_id)
        )
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
            "select rollcall.list_snapshot_files_v1(%s, %s, %s, %s, %s::jsonb, %s)",
            (org_id, table, first, last, _json(after), limit),
        )
        return [SnapshotFile.model_validate(file) for file in files]

    def replace_file(self, file: SnapshotFile, lease_id: UUID, written: WrittenFile | None) -> bool:
        """Note that a file was rewritten, or that no row of it is left; False: the lease, or the file, is another's."""
        return self._told(
            "replace_snapshot_file_v1(%s, %s, %s, %s, %s, %s, %s, %s::jsonb)",
            (*_of(file), lease_id, file.org_id, file.part, file.revision, written and written.model_dump_json()),
        )

    def _told(self, call: str, parameters: tuple[Any, ...]) -> bool:
        (told,) = self._database.call(f"select rollcall.{call}", parameters)
        return bool(told)


def _of(day: DayOfTable) -> tuple[EventTable, date, int]:
    return day.table_name, day.day, day.sequence


def _json(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(value)
