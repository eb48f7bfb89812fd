"""The procedures of write keys, called by their names. Each raises StoreUnavailable."""

from collections.abc import Sequence
from typing import Any, Protocol
from uuid import UUID

from rollcall.contracts.ingest.write_key import KEYS_MAX, LISTED_MAX, WRITE_KEYS, WriteKey

ROTATE = "select made, replaced from rollcall.rotate_write_key_v1(%s, %s, %s, %s, %s, %s)"


class Calls(Protocol):
    """Calls procedures: `store.connection.Database`, or a session of an administrator."""

    def call(self, statement: str, parameters: Sequence[Any]) -> tuple[Any, ...]:
        """Run one statement and return its only row."""


class WriteKeyStore:
    """Finds write keys (app role), and makes, lists, rotates and revokes them (ops role)."""

    def __init__(self, database: Calls) -> None:
        self._database = database

    def find_write_key(self, org_id: UUID, secret_digest: bytes) -> UUID | None:
        """Return the id of the organisation's key with this digest, unless it ended."""
        (write_key_id,) = self._database.call("select rollcall.find_write_key_v1(%s, %s)", (org_id, secret_digest))
        found: UUID | None = write_key_id
        return found

    def create_write_key(
        self, org_id: UUID, write_key_id: UUID, secret_digest: bytes, label: str, created_by: str
    ) -> WriteKey | None:
        """Keep a new key; None where the organisation has too many."""
        (made,) = self._database.call(
            "select rollcall.create_write_key_v2(%s, %s, %s, %s, %s, %s)",
            (org_id, write_key_id, secret_digest, label, created_by, KEYS_MAX),
        )
        return _key(made)

    def rotate_write_key(
        self, org_id: UUID, write_key_id: UUID, new: tuple[UUID, bytes], created_by: str, overlap_seconds: int
    ) -> tuple[WriteKey | None, WriteKey | None]:
        """Make a key of this id and digest in the place of another, and return both as they are now.

        The first is None where none was made: the other is not known (then it is None too), or was revoked or replaced.
        """
        made, replaced = self._database.call(ROTATE, (org_id, write_key_id, *new, created_by, overlap_seconds))
        return _key(made), _key(replaced)

    def list_write_keys(self, org_id: UUID) -> list[WriteKey]:
        """Return the organisation's latest keys, oldest first, those that ended too."""
        (keys,) = self._database.call("select rollcall.list_write_keys_v2(%s, %s)", (org_id, LISTED_MAX))
        return WRITE_KEYS.validate_python(keys)

    def revoke_write_key(self, org_id: UUID, write_key_id: UUID, revoked_by: str) -> WriteKey | None:
        """End a key for good, and return it; None where the organisation has no such key."""
        (revoked,) = self._database.call(
            "select rollcall.revoke_write_key_v2(%s, %s, %s)", (org_id, write_key_id, revoked_by)
        )
        return _key(revoked)


def _key(document: Any) -> WriteKey | None:
    return None if document is None else WriteKey.model_validate(document)
