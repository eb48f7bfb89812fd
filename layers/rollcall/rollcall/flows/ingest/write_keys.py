"""Write keys: make, list, rotate and revoke them. A secret is returned once; only its digest is stored."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from rollcall.contracts.ingest.write_key import (
    NewWriteKey,
    RotatedWriteKey,
    RotationRequest,
    WriteKey,
    WriteKeyList,
    WriteKeyRequest,
)
from rollcall.domain.ingest import write_key
from rollcall.domain.scrub.notes import scrub_note
from rollcall.errors import TooManyWriteKeys, WriteKeyEnded, WriteKeyUnknown


class WriteKeyStore(Protocol):
    """The store of write keys (see store.ingest.write_keys). Each method raises StoreUnavailable."""

    def create_write_key(
        self, org_id: UUID, write_key_id: UUID, secret_digest: bytes, label: str, created_by: str
    ) -> WriteKey | None:
        """Store a new key."""

    def rotate_write_key(
        self, org_id: UUID, write_key_id: UUID, new: tuple[UUID, bytes], created_by: str, overlap_seconds: int
    ) -> tuple[WriteKey | None, WriteKey | None]:
        """Store a new key that replaces another."""

    def list_write_keys(self, org_id: UUID) -> list[WriteKey]:
        """Return the latest keys."""

    def revoke_write_key(self, org_id: UUID, write_key_id: UUID, revoked_by: str) -> WriteKey | None:
        """Revoke a key."""


@dataclass(frozen=True)
class KeepWriteKeys:
    """The flow, with the IO it was given. `new_secret` returns URL-safe random text of 256 bits."""

    store: WriteKeyStore
    new_id: Callable[[], UUID]
    new_secret: Callable[[], str]

    def create(self, request: WriteKeyRequest, created_by: str) -> NewWriteKey:
        """Make a key; raises TooManyWriteKeys, ScrubFailed."""
        secret = self.new_secret()
        label = scrub_note(request.label)
        made = self.store.create_write_key(request.org_id, self.new_id(), write_key.digest(secret), label, created_by)
        if made is None:
            raise TooManyWriteKeys
        return NewWriteKey(**dict(made), write_key=write_key.write(request.org_id, secret))

    def rotate(self, write_key_id: UUID, request: RotationRequest, created_by: str) -> RotatedWriteKey:
        """Make a key that replaces another. The other stays valid for the overlap.

        Raises WriteKeyUnknown, and WriteKeyEnded when the other was revoked or replaced before.
        """
        secret = self.new_secret()
        new = (self.new_id(), write_key.digest(secret))
        made, replaced = self.store.rotate_write_key(
            request.org_id, write_key_id, new, created_by, request.overlap_seconds
        )
        if replaced is None:
            raise WriteKeyUnknown
        if made is None:
            raise WriteKeyEnded
        return RotatedWriteKey(**dict(made), write_key=write_key.write(request.org_id, secret), replaced=replaced)

    def list_keys(self, org_id: UUID) -> WriteKeyList:
        """Return the organisation's latest keys, oldest first."""
        return WriteKeyList(write_keys=self.store.list_write_keys(org_id))

    def revoke(self, write_key_id: UUID, org_id: UUID, revoked_by: str) -> WriteKey:
        """Revoke a key for good; raises WriteKeyUnknown. Revoking it twice is safe."""
        revoked = self.store.revoke_write_key(org_id, write_key_id, revoked_by)
        if revoked is None:
            raise WriteKeyUnknown
        return revoked
