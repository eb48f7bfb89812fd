"""Retention over a database of its own and a bucket in memory."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from rollcall.contracts.retention.snapshot import DayOfTable, EventTable
from rollcall.domain.keyring import Keyring
from rollcall.flows.retention.expire_days import ExpireDays, RetentionResult
from rollcall.flows.retention.rewrite_snapshot import RewriteSnapshots
from rollcall.flows.retention.snapshot_manifest import Manifests
from rollcall.store.connection import Database
from rollcall.store.retention.snapshots import SnapshotStore
from rollcall.store.rollups.rollups import RollupStore

from tests.bucket import Bucket
from tests.builders import NOW
from tests.postgres import ScratchDatabase

KEYRING = Keyring("k1", {"k1": "a signing key of more than 32 characters"})
DAY = timedelta(days=1)
PROGRESS: EventTable = "progress_events"
ANALYTICS: EventTable = "analytics_events"


class Killed(BaseException):
    """The process ends here: nothing below it is run."""


@dataclass
class KilledAt:
    """Passes calls on, and ends the process at one of them: before it, or after it was done."""

    target: Any
    name: str
    is_after: bool
    is_armed: bool = True

    def __getattr__(self, name: str) -> Any:
        """Return what the target has, or what kills."""
        method = getattr(self.target, name)
        if name == "release" and not self.is_armed:
            return lambda *_arguments, **_options: False  # a dead process gives nothing back
        if name != self.name or not self.is_armed:
            return method

        def kill(*arguments: Any, **options: Any) -> Any:
            self.is_armed = False
            if self.is_after:
                method(*arguments, **options)
            raise Killed

        return kill


@dataclass
class Retention:
    """One database and its bucket; `today` is when retention runs, with everything before `first_kept` expired."""

    clone: ScratchDatabase
    database: Database
    bucket: Bucket = field(default_factory=Bucket)
    now: datetime = NOW
    days: int = 1

    @property
    def store(self) -> SnapshotStore:
        """The store, as the functions use it."""
        return SnapshotStore(self.database)

    def manifests(self, store: Any = None, bucket: Any = None) -> Manifests:
        """Return what writes and verifies manifests."""
        return Manifests(store or self.store, bucket or self.bucket, lambda: KEYRING)

    def retain(self, store: Any = None, bucket: Any = None, **more: Any) -> ExpireDays:
        """Return the flow, over these parts."""
        store, bucket = store or self.store, bucket or self.bucket
        retention: Mapping[EventTable, timedelta] = more.get("retention") or {
            PROGRESS: self.days * DAY,
            ANALYTICS: self.days * DAY,
        }
        return ExpireDays(store, bucket, self.manifests(store, bucket), retention, 365 * DAY, lambda: self.now)

    def run(
        self,
        *,
        store: Any = None,
        bucket: Any = None,
        seconds: Callable[[], float] = lambda: 900.0,
        is_folded: bool = True,
    ) -> RetentionResult:
        """Run it once, after the rollups have seen every event."""
        if is_folded:
            self.fold()
        return self.retain(store, bucket).run(seconds)

    def fold(self) -> None:
        """Let the rollups see every event."""
        rollups = RollupStore(self.database)
        for (org_id,) in self.clone.rows("select org_id from rollcall.organisations"):
            rollups.fold_events(org_id, "progress", None, 60, 5000)
            rollups.fold_events(org_id, "analytics", None, 60, 5000)

    def rewriting(self) -> RewriteSnapshots:
        """Return what rewrites snapshots."""
        return RewriteSnapshots(self.store, self.bucket, self.manifests())

    def end_leases(self) -> None:
        """Let the time pass in which a dead process still has what it took."""
        self.clone.execute(
            "update rollcall.snapshot_days set leased_until = now() - interval '1 second'"
            " where leased_until is not null"
        )

    def days_left(self, table: str) -> list[date]:
        """Return the days that have a partition."""
        names = self.clone.rows(
            "select right(relname, 8) from pg_inherits inner join pg_class on inhrelid = pg_class.oid"
            " where inhparent = %s::regclass and relname ~ '[0-9]{8}$' order by 1",
            (f"rollcall.{table}",),
        )
        return [datetime.strptime(name, "%Y%m%d").replace(tzinfo=UTC).date() for (name,) in names]

    def states(self) -> list[tuple[Any, ...]]:
        """Return table, day, sequence and state of every snapshot."""
        return self.clone.rows(
            "select table_name, day, sequence, state::text, failure_code from rollcall.snapshot_days order by 1, 2, 3"
        )

    def rows_in_snapshots(self, org_id: UUID, table: EventTable = PROGRESS) -> list[dict[str, Any]]:
        """Return every row that lies in an organisation's snapshots, verified."""
        files = self.store.list_files(org_id, 1000, table=table)
        return [row for file in files for row in self.rewriting().read_rows(file)]

    def day_of(self, day: date, table: EventTable = PROGRESS, sequence: int = 1) -> DayOfTable:
        """Return the name of a day's snapshot."""
        return DayOfTable(table_name=table, day=day, sequence=sequence)


@contextmanager
def retention_of(clone: ScratchDatabase) -> Iterator[Retention]:
    """Return retention over a clone, with a connection of the role that maintains."""
    database = clone.database("rollcall_ops")
    yield Retention(clone, database)
    database.close()
