"""Snapshots, their verification and their restoration, as they go over HTTP."""

from datetime import date, datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from rollcall.contracts.fields import is_absent
from rollcall.contracts.identifiers import Identifier
from rollcall.contracts.operations import Operation, OperationView
from rollcall.contracts.retention.snapshot import EventTable, SnapshotFile
from rollcall.contracts.times import Day

LIST_DEFAULT, LIST_MAX = 100, 1000
RestoreTarget = Literal["live", "scratch"]


class SnapshotQuery(BaseModel):
    """Whose snapshots to list, and of which days."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    org_id: UUID = Field(description="The organisation.")
    table: EventTable | None = Field(None, description="Snapshots of this table only.")
    first: Day | None = Field(None, alias="from", description="The first day, in UTC.")
    last: Day | None = Field(None, alias="to", description="The last day, in UTC.")
    limit: int = Field(LIST_DEFAULT, ge=1, le=LIST_MAX, description="The most files to list.")


class SnapshotView(BaseModel):
    """A file of a snapshot, as administrators see it."""

    model_config = ConfigDict(frozen=True)

    table: EventTable = Field(description="What its rows are.")
    day: date = Field(description="Their day, in UTC.")
    sequence: int = Field(description="1, and higher for what came after the day was dropped.")
    part: int = Field(description="Which part of the organisation's rows of that day.")
    revision: int = Field(description="1, and higher once rows were erased or purged from it.")
    rows: int = Field(description="How many rows it has.")
    bytes: int = Field(description="How large the object is.")
    sha256: str = Field(description="SHA-256 of the object.")
    object_key: str = Field(description="Where it lies in the archive.")
    created_at: datetime = Field(description="When it was written.")
    expires_at: datetime = Field(description="When it is deleted.")

    @classmethod
    def of(cls, file: SnapshotFile) -> Self:
        """Return the view of a file."""
        return cls(
            table=file.table_name,
            day=file.day,
            sequence=file.sequence,
            part=file.part,
            revision=file.revision,
            rows=file.row_count,
            bytes=file.size_bytes,
            sha256=file.object_digest,
            object_key=file.object_key,
            created_at=file.created_at,
            expires_at=file.expires_at,
        )


class SnapshotList(BaseModel):
    """Files of an organisation's snapshots, in the order of table, day, sequence and part."""

    model_config = ConfigDict(frozen=True)

    snapshots: list[SnapshotView]


class RestoreRequest(BaseModel):
    """Which snapshot to work on: of one organisation, table and day."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    org_id: UUID = Field(description="The organisation.")
    table: EventTable = Field(description="What to restore.")
    day: Day = Field(description="Which day, in UTC.")
    target: RestoreTarget = Field("live", description="Into the live table, or into a scratch table beside it.")
    dry_run: bool = Field(False, description="Read and verify every file, and restore nothing.")
    reason: Identifier | None = Field(None, description="The reason, for later readers. No names of people.")


class VerifyRequest(BaseModel):
    """Which snapshot to verify: of one organisation, table and day."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    org_id: UUID = Field(description="The organisation.")
    table: EventTable = Field(description="Of which table.")
    day: Day = Field(description="Which day, in UTC.")


class VerifiedFile(SnapshotView):
    """A file, and its fault."""

    fault: str | None = Field(None, exclude_if=is_absent, description="The difference from the written file.")


class VerifyReport(BaseModel):
    """What came of reading a day's snapshot back: every file, and the manifests."""

    model_config = ConfigDict(frozen=True)

    intact: bool = Field(description="Whether every file is as it was written, and signed.")
    rows: int = Field(description="How many rows were read back.")
    manifest_fault: str | None = Field(None, exclude_if=is_absent, description="The fault of a manifest.")
    files: list[VerifiedFile]


class RestoreView(OperationView):
    """A restoration, as its requester sees it."""

    model_config = ConfigDict(frozen=True)

    table: EventTable = Field(description="The restored table.")
    day: date = Field(description="Which day.")
    target: RestoreTarget = Field(description="Into what.")
    scratch_table: str | None = Field(None, exclude_if=is_absent, description="The scratch table's name.")

    @classmethod
    def of(cls, operation: Operation, **more: Any) -> Self:
        """Return the view of a restoration."""
        parameters = operation.parameters
        is_scratch = parameters["target"] == "scratch"
        scratch = f"rollcall_scratch.{parameters['table_name']}_{operation.operation_id.hex}" if is_scratch else None
        return super().of(
            operation,
            table=parameters["table_name"],
            day=parameters["day"],
            target=parameters["target"],
            scratch_table=scratch,
            **more,
        )
