"""Replay of snapshots: offer dropped events to the procedures of ingest again.

An event that the ledger knows was counted before: it is a duplicate, and changes nothing. An event that the ledger does
not know was lost: it is stored and counted. Events older than the ledger's memory are left out (`expired`), because
the ledger cannot show whether they were counted.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import groupby, islice
from typing import Any
from uuid import UUID

from rollcall.contracts.ingest.analytics import QueuedBatch
from rollcall.contracts.ingest.progress import ProgressEvent
from rollcall.contracts.ingest.spool import SpooledBatch
from rollcall.contracts.operations import Operation
from rollcall.contracts.retention.snapshot import SnapshotFile
from rollcall.contracts.times import read_kept_time
from rollcall.errors import SnapshotDamaged
from rollcall.flows.ingest.archive import SUBJECT
from rollcall.flows.operations.work import Chunk, StepResult
from rollcall.flows.replay.steps import Apply
from rollcall.flows.retention.rewrite_snapshot import RewriteSnapshots

ROWS_MAX = 500  # rows offered in one call
FILES_MAX = 1_000
EVENT_MEMBERS = set(ProgressEvent.model_fields)
ANALYTICS_MEMBERS = {
    "event_id", "occurred_at", "name", "user_pseudonym", "anonymous_pseudonym", "session_pseudonym", "properties",
    "remarks",
}  # fmt: skip
Row = Mapping[str, Any]


@dataclass(frozen=True)
class ReplaySnapshots:
    """The step of this source: a chunk is a file, a unit is a file, `total` and `done` are files.

    `apply` takes a batch in the form of a queue message. A file that differs from its manifest counts as `failed`.
    """

    rewriting: RewriteSnapshots
    apply: Apply

    def __call__(self, operation: Operation, chunk: Chunk) -> StepResult:  # noqa: ARG002 - a file is the smallest unit
        """Apply the rows of the next file that lie in the window."""
        first, end = _window(operation)
        files = self.rewriting.files(
            operation.org_id,
            first=first.date(),
            last=(end - timedelta.resolution).date(),
            after=operation.cursor,
            limit=FILES_MAX,
        )
        counts: Counter[str] = Counter()
        if operation.cursor is None:
            counts["total"] = len(files)
        if not files:
            return StepResult(counts, operation.cursor, is_done=True, units=0)
        counts["done"] = 1
        try:
            counts += self._apply(files[0], operation, first, end)
        except SnapshotDamaged:
            counts["failed"] += 1
        return StepResult(counts, files[0].position, is_done=len(files) == 1, units=1)

    def _apply(self, file: SnapshotFile, operation: Operation, first: datetime, end: datetime) -> Counter[str]:
        counts: Counter[str] = Counter(objects=1)
        meant = (row for row in self.rewriting.read_rows(file) if first <= _time(row["occurred_at"]) < end)
        write = write_progress if file.table_name == "progress_events" else write_analytics
        while rows := list(islice(meant, ROWS_MAX)):
            for body in write(operation.org_id, rows):
                counts += self.apply(body.encode(), operation)
        return counts


def write_progress(org_id: UUID, rows: Sequence[Row]) -> Iterator[str]:
    """Write rows of progress events as spool messages, one for each time of receipt."""
    for received_at, received in groupby(rows, key=lambda row: row["received_at"]):
        events = [
            ProgressEvent.model_validate_json(json.dumps({name: row[name] for name in EVENT_MEMBERS & row.keys()}))
            for row in received
        ]
        batch = SpooledBatch(subject=SUBJECT, org_ids=[org_id], received_at=_time(received_at), events=events)
        yield batch.model_dump_json(exclude_none=True)


def write_analytics(org_id: UUID, rows: Sequence[Row]) -> Iterator[str]:
    """Write rows of analytics events as queue messages, grouped by the members that a batch shares."""
    for (received_at, key_id, policy), alike in groupby(rows, key=_common):
        events = [{name: row[name] for name in ANALYTICS_MEMBERS} | {"digest": row["content_digest"]} for row in alike]
        digest = sha256("".join(sorted(event["digest"] for event in events)).encode()).hexdigest()
        yield QueuedBatch.model_validate(
            {
                "org_id": org_id,
                "batch_id": UUID(digest[:32]),
                "route": "analytics",
                "sent_by": SUBJECT,
                "received_at": received_at,
                "key_id": key_id,
                "policy_version": policy,
                "content_hash": digest,
                "events": events,
            }
        ).model_dump_json()


def _common(row: Row) -> tuple[str, str, str]:
    return row["received_at"], row["key_id"], row["policy_version"]


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _window(operation: Operation) -> tuple[datetime, datetime]:
    first, end = (read_kept_time(operation.parameters[name]) for name in ("from", "to"))
    return first, end
