"""Snapshots: what retention wrote of a day before it dropped the day, as stored, signed and shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

EventTable = Literal["progress_events", "analytics_events"]
EVENT_TABLES: tuple[EventTable, ...] = ("progress_events", "analytics_events")
SnapshotState = Literal["writing", "sealed", "verified", "dropped"]
Key = Mapping[str, Any]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class DayOfTable(BaseModel):
    """Names a day's snapshot. `sequence` is 1, and higher for rows that came after the day was dropped."""

    model_config = ConfigDict(frozen=True)

    table_name: EventTable
    day: date
    sequence: int = Field(1, ge=1)


@dataclass(frozen=True)
class Page:
    """Rows of an organisation and day as lines of JSON, and the key of the last one; `row_hash` sums their hashes."""

    lines: bytes
    row_count: int
    row_hash: int
    last_key: Key | None
    is_last: bool


@dataclass(frozen=True)
class RemainingRows:
    """An organisation of which a snapshot does not have every row yet: the next part, and after which key it begins."""

    org_id: UUID
    part: int
    after: Key | None


class WrittenFile(BaseModel):
    """A file as it was just written: a part of an organisation's rows of a day, in the order of the table's key.

    `object_digest` is the SHA-256 of the object, `content_digest` that of its lines before they were compressed.
    `row_hash` is the sum of its rows' hashes in the database, as text: it may have more digits than JSON's numbers.
    `last_key` is where the next part begins, and `is_last` says that there is none.
    """

    model_config = ConfigDict(frozen=True)

    org_id: UUID
    part: int = Field(ge=1)
    object_key: str
    row_count: int = Field(ge=1)
    size_bytes: int = Field(ge=1)
    object_digest: Sha256
    content_digest: Sha256
    row_hash: str = "0"
    last_key: Key = {}
    is_last: bool = True
    expires_at: datetime | None = None


class SnapshotFile(DayOfTable):
    """A file of a snapshot. `revision` counts the rewrites; each revision has an object of its own."""

    org_id: UUID
    part: int = Field(ge=1)
    revision: int = Field(1, ge=1)
    object_key: str
    row_count: int
    size_bytes: int
    object_digest: Sha256
    content_digest: Sha256
    is_verified: bool = False
    created_at: datetime
    expires_at: datetime

    @property
    def position(self) -> dict[str, Any]:
        """Where it stands in a list of its organisation's files: what a cursor keeps."""
        return self.model_dump(mode="json", include={"table_name", "day", "sequence", "part"})


class SnapshotDay(DayOfTable):
    """A day's snapshot and its files, of all organisations. Without `manifest_digest` no manifest covers them yet."""

    state: SnapshotState
    started_at: datetime
    failure_code: str | None = None
    manifest_digest: Sha256 | None = None
    files: list[SnapshotFile]


class ManifestFile(BaseModel):
    """A file, as a manifest has it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    org_id: UUID
    object_key: str
    rows: int
    bytes: int
    sha256: Sha256
    content_sha256: Sha256


class Manifest(BaseModel):
    """What a day's snapshot consists of: every file of every organisation, and nothing else."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    table_name: EventTable
    day: date
    sequence: int
    created_at: datetime
    columns: list[str]
    files: list[ManifestFile]


class SignedManifest(BaseModel):
    """A manifest as it lies in the archive: HMAC-SHA-256 over its canonical form, under the key that it names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    manifest: Manifest
    key_id: str = Field(min_length=1, max_length=64)
    signature: Sha256
