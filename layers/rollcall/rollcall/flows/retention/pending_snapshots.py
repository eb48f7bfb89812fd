"""Pending snapshots: copies of an organisation's rows in the archive that the list of files does not name.

Before its day is dropped, a snapshot is a copy of live rows: files that are not listed, and objects that are stored but
not noted yet. A flow that deletes live rows withdraws those copies afterwards, and retention writes them again. A
rewrite that was killed may leave an earlier revision: settling its day deletes that revision.
"""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from rollcall.contracts.retention.snapshot import DayOfTable, SnapshotDay
from rollcall.domain.retention.snapshot import organisation_prefix
from rollcall.errors import ObjectMissing, SnapshotBusy, SnapshotDamaged
from rollcall.flows.retention.snapshot_files import Objects
from rollcall.flows.retention.snapshot_manifest import Manifests

# As long as the function may run: it has ended before another worker can lease the day.
LEASE_SECONDS = 90
KEYS_MAX = 1_000  # listed in one call


class PendingStore(Protocol):
    """Stores the state of snapshots; raises StoreUnavailable."""

    def list_unsettled(self, first: date | None, last: date | None) -> list[DayOfTable]:
        """Return snapshots of days that are not dropped yet, and snapshots whose manifest is out of date."""

    def lease(self, day: DayOfTable, lease_seconds: float) -> tuple[SnapshotDay | None, UUID | None]:
        """Lease a snapshot. No lease: another worker has it."""

    def release(self, day: DayOfTable, lease_id: UUID) -> bool:
        """Release a snapshot."""

    def withdraw(self, org_id: UUID, day: DayOfTable, lease_id: UUID) -> bool:
        """Remove an organisation's files of a day that is not dropped yet from the list."""


@dataclass(frozen=True)
class PendingSnapshots:
    """The flow, with the IO it was given."""

    store: PendingStore
    objects: Objects
    manifests: Manifests

    def withdraw(self, org_id: UUID, first: date | None = None, last: date | None = None) -> int:
        """Delete an organisation's copies of live rows, of days from `first` to `last`; return how many objects went.

        Safe to repeat. Raises SnapshotBusy while retention or another rewrite works on such a day: try again a little
        later; an erasure must not be certified until then. Also raises StoreUnavailable, ObjectsUnavailable,
        KeysUnavailable.
        """
        return sum(self._withdraw(org_id, day) for day in self.store.list_unsettled(first, last))

    def _withdraw(self, org_id: UUID, day: DayOfTable) -> int:
        known, lease_id = self.store.lease(day, LEASE_SECONDS)
        if known is None:
            return 0
        if lease_id is None:
            raise SnapshotBusy
        try:
            if known.state == "dropped":
                self.manifests.settle(known, lease_id)
                return 0
            # First removed from the list, then deleted: after a kill in between, the day is still found here.
            if not self.store.withdraw(org_id, known, lease_id):
                raise SnapshotBusy
            return self._delete(org_id, known)
        finally:
            self.store.release(known, lease_id)

    def _delete(self, org_id: UUID, day: DayOfTable) -> int:
        deleted = 0
        while keys := self.objects.keys_after(organisation_prefix(day, org_id), "", KEYS_MAX):
            self.objects.delete(keys)
            deleted += len(keys)
        return deleted

    def lines(self, org_id: UUID) -> Iterator[str]:
        """Yield every line of every object of an organisation below a pending day, listed or not.

        Raises SnapshotDamaged when an object cannot be unpacked, StoreUnavailable, ObjectsUnavailable.
        """
        for day in self.store.list_unsettled(None, None):
            after = ""
            while keys := self.objects.keys_after(organisation_prefix(day, org_id), after, KEYS_MAX):
                for key in keys:
                    yield from self._read(key)
                after = keys[-1]

    def _read(self, key: str) -> Iterator[str]:
        try:
            body = b"".join(self.objects.stream(key))
            yield from gzip.decompress(body).decode(errors="replace").split("\n")
        except ObjectMissing:
            return  # another worker has deleted it meanwhile
        except (gzip.BadGzipFile, EOFError, zlib.error):
            raise SnapshotDamaged("An object of a snapshot cannot be unpacked.") from None
