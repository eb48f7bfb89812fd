"""Age out: delete what is kept for a while and is past, chunk by chunk: rows of the database, and snapshots."""

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
    """Deletes what is past; raises StoreUnavailable."""

    def age_out(self, what: str, before: datetime, limit: int) -> int:
        """Delete rows of one kind that are older, and return how many."""

    def list_past(self, before: datetime, limit: int) -> list[DayOfTable]:
        """Return snapshots that are past."""

    def drop_scratch(self, scratch_id: UUID | None) -> int:
        """Drop scratch tables whose time has come."""

    def forget(self, day: DayOfTable) -> bool:
        """Forget a snapshot whose objects are gone."""


@dataclass(frozen=True)
class Aged:
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

    def run(self, remaining_seconds: Callable[[], float]) -> Aged:
        """Delete all that is past, for as long as there is time. Raises StoreUnavailable, ObjectsUnavailable."""
        self.store.drop_scratch(None)
        return Aged(self._rows(remaining_seconds), self._snapshots(remaining_seconds))

    def _rows(self, remaining_seconds: Callable[[], float]) -> int:
        total = 0
        for what, lifetime in self.lifetimes.by_name().items():
            deleted = ROWS_MAX
            while deleted == ROWS_MAX and remaining_seconds() > STEP_SECONDS:
                deleted = self.store.age_out(what, self.now() - lifetime, ROWS_MAX)
                total += deleted
        return total

    def _snapshots(self, remaining_seconds: Callable[[], float]) -> int:
        """Delete the objects first: a snapshot that is listed twice is forgotten once, one that is not, never."""
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
