"""Age out: delete rows and snapshots that are past their age, chunk by chunk."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from rollcall.contracts.retention.snapshot import DayOfTable
from rollcall.domain.retention.lifetimes import Lifetimes
from rollcall.domain.retention.snapshot import prefix_of
from rollcall.flows.retention.snapshot_files import Objects

ROWS_MAX = 20_000  # deleted in one transaction
DAYS_MAX = 20
KEYS_MAX = 1_000
STEP_SECONDS = 20


class AgeStore(Protocol):
    """Deletes rows past their age; raises StoreUnavailable."""

    def age_out(self, what: str, before: datetime, limit: int) -> int:
        """Delete rows of one kind that are older than a time, and return how many."""

    def list_past(self, before: datetime, limit: int) -> list[DayOfTable]:
        """Return snapshots past their age."""

    def drop_scratch(self, scratch_id: UUID | None) -> int:
        """Drop expired scratch tables."""

    def forget(self, day: DayOfTable) -> bool:
        """Delete the rows of a snapshot whose objects are deleted."""


@dataclass(frozen=True)
class AgeOutResult:
    """How much was deleted."""

    rows: int
    snapshots: int


@dataclass(frozen=True)
class AgeOut:
    """The flow, with the IO it was given."""

    store: AgeStore
    objects: Objects
    lifetimes: Lifetimes
    snapshot_lifetime: timedelta
    now: Callable[[], datetime]

    def run(self, remaining_seconds: Callable[[], float]) -> AgeOutResult:
        """Delete everything past its age, while there is time. Raises StoreUnavailable, ObjectsUnavailable."""
        self.store.drop_scratch(None)
        return AgeOutResult(self._rows(remaining_seconds), self._snapshots(remaining_seconds))

    def _rows(self, remaining_seconds: Callable[[], float]) -> int:
        total = 0
        for what, lifetime in self.lifetimes.by_name().items():
            deleted = ROWS_MAX
            while deleted == ROWS_MAX and remaining_seconds() > STEP_SECONDS:
                deleted = self.store.age_out(what, self.now() - lifetime, ROWS_MAX)
                total += deleted
        return total

    def _snapshots(self, remaining_seconds: Callable[[], float]) -> int:
        """Delete the objects before the row: as long as the row exists, a killed deletion is found and repeated."""
        forgotten = 0
        while remaining_seconds() > STEP_SECONDS:
            past = self.store.list_past(self.now() - self.snapshot_lifetime, DAYS_MAX)
            for day in past:
                while keys := self.objects.keys_after(prefix_of(day), "", KEYS_MAX):
                    self.objects.delete(keys)
                forgotten += self.store.forget(day)
            if len(past) < DAYS_MAX:
                break
        return forgotten
