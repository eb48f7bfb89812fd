"""Manifests of snapshots: written after the files, and read and verified before them.

The database has the list of files. A manifest is a signed copy of that list beside the files, so that a person with the
key can verify them without the database.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol
from uuid import UUID

from rollcall.contracts.retention.snapshot import DayOfTable, SnapshotDay
from rollcall.domain.keyring import Keyring
from rollcall.domain.retention.snapshot import compose_manifest, manifest_key, prefix_of, read_signed, sign
from rollcall.errors import ObjectMissing, SnapshotBusy, SnapshotDamaged
from rollcall.flows.retention.snapshot_files import Objects

KEYS_MAX = 1_000  # listed in one call


class SealStore(Protocol):
    """Stores the state of snapshots; raises StoreUnavailable."""

    def read_day(self, day: DayOfTable) -> SnapshotDay | None:
        """Return a day's snapshot with all its files."""

    def seal(self, day: DayOfTable, lease_id: UUID, manifest_digest: str) -> bool:
        """Note the current manifest of a day's files."""


@dataclass(frozen=True)
class Manifests:
    """Writes and reads manifests. `keyring` is called at each use, so that a rotated key is noticed."""

    store: SealStore
    objects: Objects
    keyring: Callable[[], Keyring]

    def settle(self, day: DayOfTable, lease_id: UUID) -> SnapshotDay:
        """Write the manifest of a day's current files, and delete every other object of the day.

        Repeated, it makes the same objects. Raises SnapshotBusy when the lease was lost, StoreUnavailable,
        ObjectsUnavailable, KeysUnavailable.
        """
        snapshot = self.store.read_day(day)
        if snapshot is None:
            raise SnapshotBusy
        # Created at the time of its newest file, so that the same files always give the same manifest.
        created_at = max((file.created_at for file in snapshot.files), default=snapshot.started_at)
        body = sign(compose_manifest(snapshot, snapshot.files, created_at), self.keyring())
        self.objects.put(manifest_key(day), body)
        self._sweep(day, {manifest_key(day), *(file.object_key for file in snapshot.files)})
        digest = sha256(body).hexdigest()
        if not self.store.seal(day, lease_id, digest):
            raise SnapshotBusy
        return snapshot.model_copy(update={"manifest_digest": digest})

    def verify(self, snapshot: SnapshotDay) -> None:
        """Read a day's manifest, and compare it with the database.

        Raises SnapshotDamaged, StoreUnavailable, ObjectsUnavailable, KeysUnavailable.
        """
        try:
            body = b"".join(self.objects.stream(manifest_key(snapshot)))
        except ObjectMissing:
            raise SnapshotDamaged("The manifest is missing.") from None
        manifest = read_signed(body, self.keyring())
        if sha256(body).hexdigest() != snapshot.manifest_digest:
            raise SnapshotDamaged("The manifest's bytes do not match their digest.")
        if manifest != compose_manifest(snapshot, snapshot.files, manifest.created_at):
            raise SnapshotDamaged("The manifest does not match the database.")

    def _sweep(self, day: DayOfTable, named: set[str]) -> None:
        """Delete objects that no list names: files of an abandoned attempt, and earlier revisions."""
        after = ""
        while keys := self.objects.keys_after(prefix_of(day), after, KEYS_MAX):
            self.objects.delete([key for key in keys if key not in named])
            after = keys[-1]
