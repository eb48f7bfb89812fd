"""Re-scrub: apply the current policy to stored analytics events, one day of an organisation at a time.

Live rows first, then rows of the day's snapshots.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from rollcall.contracts.ingest.analytics import ScrubbedEvent
from rollcall.contracts.operations import Operation
from rollcall.contracts.retention.snapshot import SnapshotFile
from rollcall.errors import SnapshotDamaged
from rollcall.flows.operations.work import Chunk, StepResult
from rollcall.flows.retention.rewrite_snapshot import RewriteSnapshots
from rollcall.flows.scrub.events import Scrubbing
from rollcall.flows.scrub.rows import row_scrubber, scrub_or_empty, with_key_of_row

CHUNK_EVENTS = 500


class StoredAnalytics(Protocol):
    """Reads and rewrites stored analytics events; raises StoreUnavailable."""

    def count_outdated(self, org_id: UUID, day: date, policy_version: str) -> int:
        """Return how many events of a day were scrubbed by another policy version."""

    def read_outdated(
        self, org_id: UUID, day: date, policy_version: str, after: tuple[datetime, UUID] | None, limit: int
    ) -> list[tuple[str, ScrubbedEvent]]:
        """Return events of a day after this one that another policy version scrubbed, in the order of time and id.

        Each comes with the id of the key of its pseudonyms.
        """

    def rewrite_analytics(self, org_id: UUID, policy_version: str, events: Sequence[ScrubbedEvent]) -> None:
        """Replace stored events, by id, with their scrubbed form."""


@dataclass(frozen=True)
class Rescrub:
    """The step of operations of the kind `scrub`; their source is the day, as 2026-03-10.

    Doing it twice is safe: rewritten rows have the current policy version. An event that cannot be scrubbed loses all
    its properties: it was accepted, so its row stays, but no personal value may stay in the row.
    """

    store: StoredAnalytics
    scrubbing_of: Callable[[UUID], Scrubbing]
    snapshots: RewriteSnapshots

    def __call__(self, operation: Operation, chunk: Chunk) -> StepResult:
        """Re-scrub the next events of the day, or the next file of its snapshots."""
        scrubbing, day = self.scrubbing_of(operation.org_id), date.fromisoformat(operation.source)
        if operation.cursor and operation.cursor.get("phase") == "snapshots":
            return self._snapshots(operation, scrubbing, operation.cursor)
        limit = min(CHUNK_EVENTS, chunk.units_max or CHUNK_EVENTS)
        counts: dict[str, int] = {"done": 0, "changed": 0, "unchanged": 0, "failed": 0}
        if operation.cursor is None:
            counts["total"] = self.store.count_outdated(operation.org_id, day, scrubbing.policy_version)
        events = self.store.read_outdated(
            operation.org_id, day, scrubbing.policy_version, _position(operation.cursor), limit
        )
        scrubbing_by_key = {key_id: with_key_of_row(scrubbing, key_id) for key_id in {key_id for key_id, _ in events}}
        rewritten = [self._scrub(event, scrubbing_by_key[key_id], counts) for key_id, event in events]
        if rewritten and not operation.is_dry_run:
            self.store.rewrite_analytics(operation.org_id, scrubbing.policy_version, rewritten)
        counts["done"] = len(events)
        return StepResult(
            counts=counts,
            cursor={"phase": "snapshots", "after": None} if len(events) < limit else _cursor(events[-1][1]),
            is_done=False,
            units=len(events),
        )

    def _scrub(self, event: ScrubbedEvent, scrubbing: Scrubbing, counts: dict[str, int]) -> ScrubbedEvent:
        again, is_scrubbed = scrub_or_empty(event, scrubbing)
        is_same = (again.name, again.properties) == (event.name, event.properties)
        counts["failed" if not is_scrubbed else "unchanged" if is_same else "changed"] += 1
        return again

    def _snapshots(self, operation: Operation, scrubbing: Scrubbing, cursor: Mapping[str, Any]) -> StepResult:
        """Re-scrub the next file of the day's snapshots. It follows the live rows, so that no dropped day is missed."""
        day, after = date.fromisoformat(operation.source), cursor["after"]
        if after is None and not operation.is_dry_run:
            self.snapshots.pending.withdraw(operation.org_id, day, day)
        files = self.snapshots.files(
            operation.org_id, table="analytics_events", first=day, last=day, after=after, limit=1
        )
        if not files:
            return StepResult({}, cursor, is_done=True, units=0)
        counts: dict[str, int] = {}
        try:
            counts["snapshot_rows"] = self._scrub_file(files[0], scrubbing, is_dry_run=operation.is_dry_run)
        except SnapshotDamaged:
            counts["damaged_snapshots"] = 1
        return StepResult(counts, {"phase": "snapshots", "after": files[0].position}, is_done=False, units=1)

    def _scrub_file(self, file: SnapshotFile, scrubbing: Scrubbing, *, is_dry_run: bool) -> int:
        """Return how many rows of a file another policy had scrubbed."""
        if is_dry_run:
            versions = (row["policy_version"] for row in self.snapshots.read_rows(file))
            return sum(version != scrubbing.policy_version for version in versions)
        return self.snapshots.revise_file(file, row_scrubber(scrubbing)).rows_changed


def _cursor(event: ScrubbedEvent) -> dict[str, Any]:
    return {"occurred_at": event.occurred_at.isoformat(), "event_id": str(event.event_id)}


def _position(cursor: Mapping[str, Any] | None) -> tuple[datetime, UUID] | None:
    return (datetime.fromisoformat(cursor["occurred_at"]), UUID(cursor["event_id"])) if cursor else None
