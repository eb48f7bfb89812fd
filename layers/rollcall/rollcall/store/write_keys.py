"""The procedures of write keys, called by their names."""

from collections.abc import Sequence
from typing import Any, Protocol
from uuid import UUID

from rollcall.contracts.write_key import WRITE_KEYS, WriteKey


class Calls(Protocol):
    """Calls procedures: `store.connection.Database`, or a session of an administrator."""

    def call(self, statement: str, parameters: Sequence[Any]) -> tuple[Any, ...]:
        """Run one statement and return its only row."""


class WriteKeyStore:
    """Finds write keys (app role), and makes, lists and revokes them (ops role)."""

    def __init__(self, database: Calls) -> None:
        self._database = database

    def find_write_key(self, org_id: UUID, secret_digest: bytes) -> UUID | None:
        """Return the id of the organisation's key with this digest, unless it was revoked; raises StoreUnavailable."""
        (write_key_id,) = self._database.call("select rollcall.find_write_key_v1(%s, %s)", (org_id, secret_digest))
        found: UUID | None = write_key_id
        return found

    def create_write_key(
        self, org_id: UUID, write_key_id: UUID, secret_digest: bytes, label: str, created_by: str
    ) -> None:
        """Keep a new key."""
        self._database.call(
            "select rollcall.create_write_key_v1(%s, %s, %s, %s, %s)",
            (org_id, write_key_id, secret_digest, label, created_by),
        )

    def list_write_keys(self, org_id: UUID) -> list[WriteKey]:
        """Return the organisation's keys, oldest first, revoked ones too."""
        (keys,) = self._database.call("select rollcall.list_write_keys_v1(%s)", (org_id,))
        return WRITE_KEYS.validate_python(keys)

    def revoke_write_key(self, org_id: UUID, write_key_id: UUID) -> bool:
        """End a key for good, and tell whether the organisation has it."""
        (known,) = self._database.call("select rollcall.revoke_write_key_v1(%s, %s)", (org_id, write_key_id))
        return bool(known)
