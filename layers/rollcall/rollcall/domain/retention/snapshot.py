"""Snapshots: keys of their objects, content of a manifest, its signature, and its comparison with the objects."""

import hmac
import json
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

from rollcall.contracts.retention.snapshot import (
    DayOfTable,
    EventTable,
    Manifest,
    ManifestFile,
    SignedManifest,
    SnapshotFile,
)
from rollcall.domain.keyring import Keyring
from rollcall.errors import SnapshotDamaged

FOLDER = "snapshots"
LABEL = b"rollcall/snapshot-manifest/v1"
# What a line of a file has, beside the digest of the event's identity. Held equal to the tables by a test.
COLUMNS: dict[EventTable, list[str]] = {
    "progress_events": [
        "org_id",
        "user_id",
        "occurred_at",
        "event_id",
        "received_at",
        "assigned_by",
        "kind",
        "time_spent_seconds",
        "percent",
        "course_id",
        "lesson_id",
        "attributes",
        "content_digest",
    ],
    "analytics_events": [
        "org_id",
        "occurred_at",
        "event_id",
        "received_at",
        "name",
        "user_pseudonym",
        "anonymous_pseudonym",
        "session_pseudonym",
        "key_id",
        "properties",
        "policy_version",
        "remarks",
        "content_digest",
    ],
}


def prefix_of(day: DayOfTable) -> str:
    """Return what the keys of a day's objects begin with."""
    return f"{FOLDER}/{day.table_name}/{day.day.isoformat()}/{day.sequence}/"


def manifest_key(day: DayOfTable) -> str:
    """Return the key of a day's manifest."""
    return f"{prefix_of(day)}manifest.json"


def organisation_prefix(day: DayOfTable, org_id: UUID) -> str:
    """Return what the keys of an organisation's objects of a day begin with."""
    return f"{prefix_of(day)}{org_id}/"


def file_key(day: DayOfTable, org_id: UUID, part: int, revision: int) -> str:
    """Return the key of a file: a folder for each organisation, an object for each part and revision."""
    return f"{organisation_prefix(day, org_id)}{part:05d}-{revision}.jsonl.gz"


def read_row(line: bytes | str) -> dict[str, Any]:
    """Return the row of a line; numbers with a point keep their digits, so that write_row writes them as they were."""
    row: dict[str, Any] = json.loads(line, parse_float=Decimal)
    return row


def write_row(value: Any) -> str:
    """Return a row, or a value of one, as PostgreSQL writes it: members in its order, 80.00 as 80.00, no exponents."""
    match value:
        case Decimal():
            return f"{value:f}"
        case float():
            return f"{Decimal(repr(value)):f}"
        case dict():
            members = (
                f"{write_row(name)}: {write_row(item)}" for name, item in sorted(value.items(), key=_jsonb_order)
            )
            return f"{{{', '.join(members)}}}"
        case list():
            return f"[{', '.join(map(write_row, value))}]"
        case _:
            return json.dumps(value, ensure_ascii=False)


def _jsonb_order(member: tuple[str, Any]) -> tuple[int, bytes]:
    """Return where a member stands in what PostgreSQL writes: shorter names first."""
    name = member[0].encode()
    return len(name), name


def compose_manifest(day: DayOfTable, files: Iterable[SnapshotFile], created_at: datetime) -> Manifest:
    """Return the manifest of these files, in the order of organisation and part."""
    ordered = sorted(files, key=lambda file: (str(file.org_id), file.part))
    return Manifest(
        table_name=day.table_name,
        day=day.day,
        sequence=day.sequence,
        created_at=created_at,
        columns=COLUMNS[day.table_name],
        files=[
            ManifestFile(
                org_id=file.org_id,
                object_key=file.object_key,
                rows=file.row_count,
                bytes=file.size_bytes,
                sha256=file.object_digest,
                content_sha256=file.content_digest,
            )
            for file in ordered
        ],
    )


def sign(manifest: Manifest, keyring: Keyring) -> bytes:
    """Return a manifest as it goes into the archive, signed with the key that is in use."""
    signature = _signature(manifest, keyring, keyring.current)
    signed = SignedManifest(manifest=manifest, key_id=keyring.current, signature=signature)
    return signed.model_dump_json().encode()


def read_signed(body: bytes, keyring: Keyring) -> Manifest:
    """Return the manifest of an object whose signature holds.

    Raises:
        SnapshotDamaged: it cannot be read, names a key that the keyring does not have, or was not signed with it.

    """
    try:
        signed = SignedManifest.model_validate_json(body)
    except ValueError:
        raise SnapshotDamaged("The manifest cannot be read.") from None
    if signed.key_id not in keyring.secrets:
        raise SnapshotDamaged(f"The manifest was signed with the key {signed.key_id}, which is not known.")
    if not hmac.compare_digest(_signature(signed.manifest, keyring, signed.key_id), signed.signature):
        raise SnapshotDamaged("The manifest's signature does not hold.")
    return signed.manifest


def _signature(manifest: Manifest, keyring: Keyring, key_id: str) -> str:
    # pydantic writes members in the order of their definition, and so one form of the same content.
    key = hmac.digest(keyring.secrets[key_id].encode(), LABEL, "sha256")
    return hmac.new(key, key_id.encode() + b"\n" + manifest.model_dump_json().encode(), sha256).hexdigest()
