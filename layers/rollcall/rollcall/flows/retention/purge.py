"""Purge: delete an organisation's rows of a window for good, live and in snapshots.

The phases run in this order, so that no row is copied to a place that was purged already:

    progress   live progress events, learner by learner; projections are computed again from the remaining events
    analytics  live analytics events
    copies     snapshots of days that are not dropped yet: withdrawn, and retention writes them again
    files      snapshots: files within the window are deleted, others are rewritten without its rows
    rollups    live days are computed again; those of dropped days are frozen, and stay

Archived batches and dead letters are not searched: they expire by themselves, and the ledger keeps their events from
being stored again.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from rollcall.contracts.operations import Operation
from rollcall.contracts.retention.snapshot import Key
from rollcall.contracts.times import read_kept_time
from rollcall.flows.operations.work import Chunk, RecordedStep, StepResult
from rollcall.flows.retention.rewrite_snapshot import RewriteSnapshots

LEARNERS_MAX = 25
ROWS_MAX = 5_000
DAY = timedelta(days=1)


class PurgeStore(Protocol):
    """Deletes live rows; raises StoreUnavailable."""

    def purge_progress(
        self,
        operation: Operation,
        lease_id: UUID,
        lease_seconds: float,
        learners_max: int,
        next_cursor: Key,
    ) -> Operation | None:
        """Delete the next learners' rows; return the operation afterwards, or None when the lease was lost."""

    def purge_analytics(self, org_id: UUID, first: datetime, end: datetime, limit: int, *, is_dry_run: bool) -> int:
        """Delete some rows, or count all in a dry run, and return how many."""


@dataclass(frozen=True)
class Purge:
    """The step of the kind `purge`. `rebuild_day` computes a day's rollups again unless they are frozen."""

    store: PurgeStore
    rewriting: RewriteSnapshots
    rebuild_day: Callable[[UUID, date], object]
    retention: timedelta
    now: Callable[[], datetime]

    def __call__(self, operation: Operation, chunk: Chunk) -> StepResult | RecordedStep:
        """Do the next chunk of the phase that the cursor names."""
        cursor = operation.cursor or {}
        match cursor.get("phase"):
            case "analytics":
                return self._analytics(operation)
            case "copies":
                return self._copies(operation)
            case "files":
                return self._files(operation)
            case "rollups":
                return self._rollups(operation)
            case _:
                return self._progress(operation, chunk)

    def _progress(self, operation: Operation, chunk: Chunk) -> RecordedStep:
        learners_max = min(chunk.units_max or LEARNERS_MAX, LEARNERS_MAX)
        latest = self.store.purge_progress(
            operation, chunk.lease_id, chunk.lease_seconds, learners_max, {"phase": "analytics"}
        )
        return RecordedStep(latest, learners_max)

    def _analytics(self, operation: Operation) -> StepResult:
        first, end = _window(operation)
        deleted = self.store.purge_analytics(operation.org_id, first, end, ROWS_MAX, is_dry_run=operation.is_dry_run)
        is_last = operation.is_dry_run or deleted < ROWS_MAX
        return StepResult({"rows": deleted}, {"phase": "copies" if is_last else "analytics"}, is_done=False, units=1)

    def _copies(self, operation: Operation) -> StepResult:
        """Withdraw the copies of rows that were live until now."""
        first, end = _window(operation)
        if not operation.is_dry_run:
            self.rewriting.pending.withdraw(operation.org_id, first.date(), (end - timedelta.resolution).date())
        return StepResult({}, {"phase": "files"}, is_done=False, units=1)

    def _files(self, operation: Operation) -> StepResult:
        first, end = _window(operation)
        after = (operation.cursor or {}).get("after")
        files = self.rewriting.files(
            operation.org_id, first=first.date(), last=(end - timedelta.resolution).date(), after=after, limit=1
        )
        if not files:
            return StepResult({}, {"phase": "rollups"}, is_done=operation.is_dry_run, units=0)
        (file,) = files
        counts: Counter[str] = Counter()
        if operation.is_dry_run:
            counts["snapshot_rows"] = sum(_is_within(row, first, end) for row in self.rewriting.read_rows(file))
        else:
            result = self.rewriting.rewrite_file(file, lambda row: not _is_within(row, first, end))
            counts["snapshot_rows"] = result.rows_removed
            counts["files"] = result.files_removed + result.files_rewritten
        return StepResult(counts, {"phase": "files", "after": file.position}, is_done=False, units=1)

    def _rollups(self, operation: Operation) -> StepResult:
        """Compute one live day again."""
        first, end = _window(operation)
        begun = (operation.cursor or {}).get("day")
        now = self.now()
        day = date.fromisoformat(begun) if begun else max(first, now - self.retention - 2 * DAY).date()
        last = min(end - timedelta.resolution, now + DAY).date()
        if day > last:
            return StepResult({}, operation.cursor, is_done=True, units=0)
        self.rebuild_day(operation.org_id, day)
        return StepResult(
            {"days_rebuilt": 1}, {"phase": "rollups", "day": (day + DAY).isoformat()}, is_done=False, units=1
        )


def _window(operation: Operation) -> tuple[datetime, datetime]:
    first, end = (read_kept_time(operation.parameters[name]) for name in ("from", "to"))
    return first, end


def _is_within(row: Mapping[str, Any], first: datetime, end: datetime) -> bool:
    return first <= datetime.fromisoformat(row["occurred_at"]) < end
