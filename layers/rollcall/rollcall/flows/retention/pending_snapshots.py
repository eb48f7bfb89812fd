"""Unsettled snapshots: what the archive holds of an organisation beside the files that are listed.

Before its day is dropped, a snapshot is a copy of live rows: files of which nobody is told, and objects that were put
and not noted yet. Whoever deletes live rows withdraws those copies afterwards, and retention writes them anew. And a
rewrite that was killed may leave the revision before: settling its day deletes that.
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

# As long as the function that withdraws may live: it is gone before anybody else takes the day.
LEASE_SECONDS = 90
KEYS_MAX = 1_000  # listed at once


class UnsettledStore(Protocol):
    """Keeps what is known of snapshots; raises StoreUnavailable."""

    def list_unsettled(self, first: date | None, last: date | None) -> list[DayOfTable]:
        """Return snapshots that are not dropped yet, and those whose manifest is behind."""

    def lease(self, day: DayOfTable, lease_seconds: float) -> tuple[SnapshotDay | None, UUID | None]:
        """Take a snapshot; without a lease somebody else has it."""

    def release(self, day: DayOfTable, lease_id: UUID) -> bool:
        """Give it back."""

    def withdraw(self, org_id: UUID, day: DayOfTable, lease_id: UUID) -> bool:
        """Forget an organisation's files of a day that is not dropped yet."""


@dataclass(frozen=True)
class UnsettledSnapshots:
    """The flow, with the IO it was given."""

    store: UnsettledStore
    objects: Objects
    manifests: Manifests

    def withdraw(self, org_id: UUID, first: date | None = None, last: date | None = None) -> int:
        """Delete an organisation's copies of live rows, of days from `first` to `last`; return how many objects went.

        Twice is as good as once. Raises SnapshotBusy while retention, or another rewrite, works on such a day: try
        again a little later, until then nothing may be certified. Raises StoreUnavailable, ObjectsUnavailable,
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
            # Forgotten before they are deleted: killed in between, the day is still unsettled, and this is done again.
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
        """Yield every line of every object of an organisation that lies below an unsettled day, named or not.

        Raises SnapshotDamaged when one cannot be unpacked, StoreUnavailable, ObjectsUnavailable.
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
            return  # whoever works on the day has deleted it meanwhile
        except (gzip.BadGzipFile, EOFError, zlib.error):
            raise SnapshotDamaged("An object of a snapshot cannot be unpacked.") from None
