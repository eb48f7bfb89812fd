"""Calls the procedures of write keys. Each call raises StoreUnavailable."""

from typing import Any
from uuid import UUID

from rollcall.contracts.ingest.write_key import KEYS_MAX, LISTED_MAX, WRITE_KEYS, WriteKey
from rollcall.store.procedures import Procedures


class WriteKeyStore:
    """Finds write keys (app role), and makes, lists, rotates and revokes them (ops role)."""

    def __init__(self, database: Procedures) -> None:
        self._database = database

    def find_write_key(self, org_id: UUID, secret_digest: bytes) -> UUID | None:
        """Return the id of the organisation's key with this digest, unless it ended."""
        (write_key_id,) = self._database.call("find_write_key_v1", p_org_id=org_id, p_secret_digest=secret_digest)
        found: UUID | None = write_key_id
        return found

    def create_write_key(
        self, org_id: UUID, write_key_id: UUID, secret_digest: bytes, label: str, created_by: str
    ) -> WriteKey | None:
        """Keep a new key; None where the organisation has too many."""
        (made,) = self._database.call(
            "create_write_key_v2",
            p_org_id=org_id,
            p_write_key_id=write_key_id,
            p_secret_digest=secret_digest,
            p_label=label,
            p_created_by=created_by,
            p_keys_max=KEYS_MAX,
        )
        return _key(made)

    def rotate_write_key(
        self, org_id: UUID, write_key_id: UUID, new: tuple[UUID, bytes], created_by: str, overlap_seconds: int
    ) -> tuple[WriteKey | None, WriteKey | None]:
        """Replace a key by one with this id and digest, and return both as they are now.

        The first is None where none was made: the other is not known (then it is None too), or was revoked or replaced.
        """
        made, replaced = self._database.call(
            "rotate_write_key_v1",
            "made, replaced",
            p_org_id=org_id,
            p_write_key_id=write_key_id,
            p_new_write_key_id=new[0],
            p_secret_digest=new[1],
            p_created_by=created_by,
            p_overlap_seconds=overlap_seconds,
        )
        return _key(made), _key(replaced)

    def list_write_keys(self, org_id: UUID) -> list[WriteKey]:
        """Return the organisation's latest keys, oldest first, those that ended too."""
        (keys,) = self._database.call("list_write_keys_v2", p_org_id=org_id, p_limit=LISTED_MAX)
        return WRITE_KEYS.validate_python(keys)

    def revoke_write_key(self, org_id: UUID, write_key_id: UUID, revoked_by: str) -> WriteKey | None:
        """End a key for good, and return it; None where the organisation has no such key."""
        (revoked,) = self._database.call(
            "revoke_write_key_v2", p_org_id=org_id, p_write_key_id=write_key_id, p_revoked_by=revoked_by
        )
        return _key(revoked)


def _key(document: Any) -> WriteKey | None:
    return None if document is None else WriteKey.model_validate(document)
