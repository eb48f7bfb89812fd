"""The procedures of course catalogues, called by their names."""

from collections.abc import Sequence
from typing import Any, Protocol
from uuid import UUID

from rollcall.contracts.scrub.catalogue import CHANGES, IDS, CatalogueChange


class Calls(Protocol):
    """Calls procedures: `store.connection.Database`, or a session of an administrator."""

    def call(self, statement: str, parameters: Sequence[Any]) -> tuple[Any, ...]:
        """Run one statement and return its only row."""


class CatalogueStore:
    """Reads catalogues (app and ops role), sets them and tells who did (ops role). Raises StoreUnavailable."""

    def __init__(self, database: Calls) -> None:
        self._database = database

    def read_catalogue(self, org_id: UUID) -> list[str]:
        """Return the ids in an organisation's catalogue, in order."""
        (ids,) = self._database.call("select rollcall.read_catalogue_v1(%s)", (org_id,))
        return IDS.validate_python(ids)

    def set_catalogue(self, org_id: UUID, ids: Sequence[str], changed_by: str, reason: str | None) -> None:
        """Make these ids an organisation's catalogue, and note who did it."""
        self._database.call("select rollcall.set_catalogue_v1(%s, %s, %s, %s)", (org_id, list(ids), changed_by, reason))

    def list_catalogue_changes(self, org_id: UUID, limit: int) -> list[CatalogueChange]:
        """Return who changed an organisation's catalogue, newest first."""
        (changes,) = self._database.call("select rollcall.list_catalogue_changes_v1(%s, %s)", (org_id, limit))
        return CHANGES.validate_python(changes)
